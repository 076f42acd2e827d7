//! What befalls a campaign, drawn from its seed before it begins.

use jiff::{SignedDuration, Timestamp};
use sekong_log::Period;
use sekong_model::{Campaign, Moment};
use sekong_simulate::{Chance, Seed};

use super::net::Line;
use super::party::Vice;

const VICES: [Vice; 5] = [Vice::TwoFaced, Vice::Impatient, Vice::Repeats, Vice::Alters, Vice::Unsigned];

/// An outage that a custodian plans.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) custodian: usize,
    pub(crate) told: Timestamp,
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
}

/// What is drawn once for a seed.
#[derive(Debug)]
pub(crate) struct Plot {
    /// The stretch ends here; what is due later is not run.
    pub(crate) ends: Timestamp,
    pub(crate) outages: Vec<Planned>,
    /// When the centre goes down, and for how long.
    pub(crate) downs: Vec<(Timestamp, SignedDuration)>,
    /// From when on nobody throws or announces anything; never in most seeds.
    pub(crate) deserted: Timestamp,
    /// When somebody asks custodians for values before their time, or over a second list.
    pub(crate) attacks: Vec<Timestamp>,
    /// Chance that the centre goes down right after a silence was noted, or dice were thrown.
    pub(crate) falls: f64,
    /// Officers throw for each province by itself.
    pub(crate) throws_by_province: bool,
    /// How long after a draw that had to wait it is tried again.
    pub(crate) try_again: SignedDuration,
}

/// A drawn part of a campaign's time.
struct Stretch {
    begins: Timestamp,
    ends: Timestamp,
}

impl Stretch {
    fn instant(&self, chance: &mut Chance) -> Timestamp {
        let seconds = (self.ends - self.begins).get_seconds();
        self.begins + SignedDuration::from_secs((chance.unit() * seconds as f64) as i64)
    }
}

fn minutes(chance: &mut Chance, low: u32, high: u32) -> SignedDuration {
    SignedDuration::from_mins(i64::from(chance.between(low, high)))
}

impl Plot {
    pub(crate) fn draw(seed: Seed, campaign: &Campaign, custodians: usize) -> Plot {
        let mut chance = seed.stream("plot", "");
        let first = campaign.instant(campaign.first_day(), sekong_model::Hour::MIDNIGHT);
        let hours = if chance.happens(0.8) { chance.between(1, 7) } else { chance.between(7, 27) };
        let ends = first + SignedDuration::from_hours(i64::from(hours));
        // Nearly all that is asked of custodians falls into this time.
        let busy = Stretch { begins: first - SignedDuration::from_hours(4), ends };
        let outages = outages(&mut chance, &busy, custodians);
        let downs = downs(&mut chance, &busy, campaign);
        let deserted = if chance.happens(0.1) { busy.instant(&mut chance) } else { Timestamp::MAX };
        let attacks = (0..chance.between(0, 2)).map(|_| busy.instant(&mut chance)).collect();
        let falls = if chance.happens(0.25) { 0.2 } else { 0.0 };
        let throws_by_province = chance.happens(0.5);
        let try_again = SignedDuration::from_secs(if chance.happens(0.2) { 20 } else { 60 });
        Plot { ends, outages, downs, deserted, attacks, falls, throws_by_province, try_again }
    }

    /// Sets each custodian's clock, its line and its ways.
    pub(crate) fn set(seed: Seed, campaign: &Campaign, lines: &mut [Line], ends: Timestamp) {
        let first = campaign.instant(campaign.first_day(), sekong_model::Hour::MIDNIGHT);
        let busy = Stretch { begins: first - SignedDuration::from_hours(4), ends };
        for line in &mut *lines {
            let mut chance = seed.stream("custodian", line.party.id.as_str());
            let ahead = ahead(&mut chance);
            line.party.clock = vec![(Timestamp::MIN, ahead)];
            if chance.happens(0.1) {
                let jumps = busy.instant(&mut chance);
                line.party.clock.push((jumps, self::ahead(&mut chance)));
            }
            if chance.happens(0.1) {
                let from = busy.instant(&mut chance);
                line.away.push((from, from + minutes(&mut chance, 30, 300)));
            }
            line.loss = [0.01, 0.02, 0.05, 0.3][chance.between(0, 3) as usize];
        }
        let mut chance = seed.stream("vices", "");
        for vice in VICES {
            let sinner = chance.between(0, lines.len() as u32 - 1) as usize;
            if chance.happens(0.08) {
                // Whoever sins now and then is asked again in time; only the steadfast are silent for it.
                let share = if chance.happens(0.5) { 1.0 } else { 0.1 + 0.4 * chance.unit() };
                lines[sinner].party.vice = Some((vice, share));
            }
        }
    }
}

/// Most clocks are off by seconds, some by hours, a few by a day.
fn ahead(chance: &mut Chance) -> SignedDuration {
    let most_s = match chance.unit() {
        one if one < 0.4 => 0,
        one if one < 0.95 => 100,
        one if one < 0.97 => 900,
        one if one < 0.99 => 5 * 3_600,
        _ => 24 * 3_600,
    };
    let off = (chance.unit() * f64::from(most_s)) as i64;
    SignedDuration::from_secs(if chance.happens(0.5) { off } else { -off })
}

/// None to two, of which some are told too late to count; now and then a third, which may be one too many.
fn outages(chance: &mut Chance, busy: &Stretch, custodians: usize) -> Vec<Planned> {
    let count = [0, 0, 1, 2, 2, 3][chance.between(0, 5) as usize];
    let outage = |_| {
        let custodian = chance.between(0, custodians as u32 - 1) as usize;
        let from = busy.instant(chance);
        let until = from + minutes(chance, 30, 360);
        let before =
            if chance.happens(0.7) { minutes(chance, 13 * 60, 40 * 60) } else { minutes(chance, 0, 600) };
        Planned { custodian, told: from - before, from, until }
    };
    (0..count).map(outage).collect()
}

/// Restarts, hours without a centre, and now and then a freeze that is missed.
fn downs(chance: &mut Chance, busy: &Stretch, campaign: &Campaign) -> Vec<(Timestamp, SignedDuration)> {
    let mut downs = Vec::new();
    for _ in 0..[0, 0, 1, 2][chance.between(0, 3) as usize] {
        let long = chance.happens(0.3);
        let length = if long { minutes(chance, 1, 300) } else { SignedDuration::ZERO };
        downs.push((busy.instant(chance), length));
    }
    if chance.happens(0.25) {
        let days: Vec<_> = campaign.days().collect();
        let week = campaign.release_at(Moment::Week { week: 0 }) - SignedDuration::from_hours(6);
        let freezes = [
            week,
            campaign.plan_frozen_at(days[0]),
            campaign.absences_frozen_at(days[0]),
            campaign.absences_frozen_at(days[0]),
            campaign.absences_frozen_at(days[1]),
        ];
        let freeze = freezes[chance.between(0, 4) as usize];
        downs.push((freeze - minutes(chance, 1, 20), minutes(chance, 30, 14 * 60)));
    }
    downs
}

/// When the daily die of a period is announced after its lists are frozen: mostly in time, now and then hours late.
pub(crate) fn die_delay(seed: Seed, period: Period) -> SignedDuration {
    let mut chance = seed.stream("die delay", &format!("{period:?}"));
    if chance.happens(0.8) { minutes(&mut chance, 1, 240) } else { minutes(&mut chance, 300, 14 * 60) }
}

/// Its digits.
pub(crate) fn die_digits(seed: Seed, period: Period) -> String {
    format!("{:06}", seed.stream("die", &format!("{period:?}")).between(0, 999_999))
}
