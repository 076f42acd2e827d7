//! A simulated team: it follows its orders; now and then it is late, out of reach of a network, or does nothing.

use jiff::{SignedDuration, Timestamp};
use sekong_model::{Hour, PostId, TeamId};

use crate::{Chance, Passage, Seed, passage};

/// How often people are late, silent or missing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habits {
    /// Share of inspections begun after the allowed lateness.
    pub late_share: f64,
    /// Share of inspections never done.
    pub missing_share: f64,
    /// Share of inspections after which the team has no network for hours.
    pub offline_share: f64,
    /// Share of a team's hours in which it has no data network when orders are given.
    pub dark_share: f64,
    /// Whether it can then be told by voice or SMS.
    pub voice: bool,
}

impl Default for Habits {
    fn default() -> Habits {
        Habits { late_share: 0.04, missing_share: 0.02, offline_share: 0.03, dark_share: 0.0, voice: true }
    }
}

/// One inspection that a team was ordered to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// Who.
    pub team: TeamId,
    /// Where.
    pub post: PostId,
    /// In which hour of the day.
    pub hour: Hour,
    /// When that hour begins.
    pub begins: Timestamp,
}

/// What a team does about a duty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When it begins.
    pub started: Timestamp,
    /// When it writes and signs its report.
    pub written: Timestamp,
    /// When it next has a network.
    pub sent: Timestamp,
    /// What it saw.
    pub passage: Passage,
}

/// Whether a team has a data network when the orders of the hour that begins then are given.
pub fn has_data(seed: Seed, habits: Habits, team: &TeamId, begins: Timestamp) -> bool {
    !seed.stream("dark", &format!("{team} {begins}")).happens(habits.dark_share)
}

/// What the team does about `duty`; `None` if nothing. `late_minutes` is the allowed lateness, `missed_minutes` the
/// time for the report.
pub fn act(seed: Seed, habits: Habits, duty: &Duty, late_minutes: u32, missed_minutes: u32) -> Option<Deed> {
    let subject = format!("{} {} {}", duty.team, duty.post, duty.begins);
    let mut chance = seed.stream("deed", &subject);
    if chance.happens(habits.missing_share) {
        return None;
    }
    let started = after(duty.begins, start_delay_minutes(&mut chance, habits, late_minutes));
    let written =
        after(started, chance.between(20, 30)).min(after(duty.begins, missed_minutes.saturating_sub(2)));
    let offline_minutes =
        if chance.happens(habits.offline_share) { chance.between(90, 400) } else { chance.between(0, 1) };
    let passage = passage(seed, &duty.post, duty.hour, &mut chance);
    Some(Deed {
        started,
        written: written.max(started),
        sent: after(written.max(started), offline_minutes),
        passage,
    })
}

fn start_delay_minutes(chance: &mut Chance, habits: Habits, late_minutes: u32) -> u32 {
    if chance.happens(habits.late_share) {
        chance.between(late_minutes + 1, late_minutes + 20)
    } else {
        chance.between(0, late_minutes / 2)
    }
}

fn after(time: Timestamp, minutes: u32) -> Timestamp {
    time.saturating_add(SignedDuration::from_mins(i64::from(minutes)))
        .expect("a signed duration can always be added, saturating at the calendar's end")
}
