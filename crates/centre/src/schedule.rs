//! What the centre does when: a list that follows from the campaign's rules alone.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use sekong_log::Period;
use sekong_model::{Campaign, Day, Hour, Moment};

/// How long before a week's deal its absence list is frozen, so that the freeze is cosigned well before.
const WEEK_LIST_LEAD: SignedDuration = SignedDuration::from_hours(6);

impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Job::Plan(day) => write!(f, "the plans of {day}"),
            Job::Freeze(Period::Day { day }) => write!(f, "the absence lists of {day}"),
            Job::Freeze(Period::Week { week }) => write!(f, "the absence lists of week {week}"),
            Job::Draw(moment) => write!(f, "the draws of {moment}"),
            Job::Close(day, hour) => write!(f, "the closing of {day} {hour}:00"),
        }
    }
}

/// One thing to do, in every province.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Compute and log the day's plans.
    Plan(Day),
    /// Freeze who is away.
    Freeze(Period),
    /// Ask the custodians for their values, deal, throw and seal orders.
    Draw(Moment),
    /// End the time for reports on an hour.
    Close(Day, Hour),
}

/// The jobs of the campaign's first `days` days in order of time.
///
/// At one instant plans come before absences, these before draws, these before closings: the order of the variants.
pub fn jobs(campaign: &Campaign, days: u32) -> Vec<(Timestamp, Job)> {
    let chosen: Vec<Day> = campaign.days().take(days as usize).collect();
    let mut jobs: Vec<_> = chosen.iter().flat_map(|day| day_jobs(campaign, *day)).collect();
    let weeks = chosen.last().map_or(0, |day| campaign.week_of(*day) + 1);
    jobs.extend((0..weeks).flat_map(|week| week_jobs(campaign, week)));
    jobs.sort();
    jobs
}

fn day_jobs(campaign: &Campaign, day: Day) -> Vec<(Timestamp, Job)> {
    let mut jobs = vec![
        (campaign.plan_frozen_at(day), Job::Plan(day)),
        (campaign.absences_frozen_at(day), Job::Freeze(Period::Day { day })),
    ];
    for hour in Hour::all() {
        let moment = Moment::Hour { day, hour };
        jobs.push((campaign.release_at(moment), Job::Draw(moment)));
        let deadline = SignedDuration::from_mins(i64::from(campaign.rules().missed_minutes));
        jobs.push((campaign.instant(day, hour) + deadline, Job::Close(day, hour)));
    }
    jobs
}

/// When all is over that a moment's values decide: a week's shifts; the units of a shift that begins; an hour's orders.
/// Until then, and for as long as the campaign's rules say after it, values, deals and orders stay sealed.
pub(crate) fn decided_until(campaign: &Campaign, moment: Moment) -> Timestamp {
    match moment {
        Moment::Week { week } => {
            let last = campaign.week_days(week).last().copied().unwrap_or(campaign.last_day());
            campaign.instant(last, Hour::MIDNIGHT) + SignedDuration::from_hours(24)
        }
        Moment::Hour { day, hour } => {
            let begun = campaign.shifts().iter().filter(|shift| shift.start == hour);
            let hours = begun.map(|shift| i64::from(shift.length_hours)).max().unwrap_or(1);
            campaign.instant(day, hour) + SignedDuration::from_hours(hours)
        }
    }
}

fn week_jobs(campaign: &Campaign, week: u32) -> [(Timestamp, Job); 2] {
    let moment = Moment::Week { week };
    let released = campaign.release_at(moment);
    [(released - WEEK_LIST_LEAD, Job::Freeze(Period::Week { week })), (released, Job::Draw(moment))]
}
