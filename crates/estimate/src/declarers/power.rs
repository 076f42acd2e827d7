//! How much steering the standing test would see: no claim is made without it.

use std::num::NonZeroU32;

use crate::Seed;
use crate::chance::Chance;

use super::shift::{TEAMS_MAX, scores};
use super::wager::{Odds, Wager, scaled};
use super::{Alpha, flag_at};

/// 97.5 % point of the normal distribution.
const NORMAL_975: f64 = 1.959_963_984_540_054;

/// An office that steers, and the campaign in which it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steering {
    /// Days of the campaign.
    pub days: u32,
    /// Shifts a day on which the office may declare absences: of all its pools together.
    pub shifts_per_day: u32,
    /// Teams dealt on each, all to units of different worth; 2 to [`TEAMS_MAX`].
    pub teams: usize,
    /// Chance with which each team is absent honestly, whatever its unit, and declared by this office.
    pub honest_chance: f64,
    /// Chance on each shift that the office removes the team dealt to the best unit, unless it is absent already.
    pub steered_chance: f64,
    /// Declarers among whom α is shared.
    pub declarers: NonZeroU32,
    /// Chance with which any honest one may ever be flagged.
    pub alpha: Alpha,
}

impl Default for Steering {
    /// Half a year of three shifts with ten teams, each away on one shift in fifty; five declarers; nothing is steered.
    fn default() -> Steering {
        Steering {
            days: 181,
            shifts_per_day: 3,
            teams: 10,
            honest_chance: 0.02,
            steered_chance: 0.0,
            declarers: const { NonZeroU32::new(5).expect("above 0") },
            alpha: Alpha::default(),
        }
    }
}

/// A question about power that has no answer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum PowerError {
    /// One team alone has no best unit, and too many cannot be tested.
    #[error("a shift has 2 to {TEAMS_MAX} teams, not {found}")]
    Teams {
        /// The number of teams.
        found: usize,
    },
    /// Not between 0 and 1.
    #[error("{what} is between 0 and 1, not {found}")]
    Chance {
        /// Which field of [`Steering`].
        what: &'static str,
        /// The number.
        found: f64,
    },
}

/// With what chance the office is flagged before the campaign ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Power {
    /// Share of the simulated campaigns with a flag.
    pub share: f64,
    /// Lower end of its 95 % interval (Wilson 1927).
    pub share_low: f64,
    /// Upper end.
    pub share_high: f64,
    /// Shifts after which half of the campaigns had a flag; none if fewer ever had one.
    pub half_after_shifts: Option<u32>,
}

/// The power of the standing test, by so many simulated campaigns. With nothing steered it is the chance of a false flag.
pub fn power(steering: &Steering, campaigns: NonZeroU32, seed: Seed) -> Result<Power, PowerError> {
    check(steering)?;
    let shift = Shift::of(steering);
    let first_flag = |campaign: u32| {
        let mut chance = seed.stream("declarers/power", &campaign.to_string());
        shift.first_flag(steering, &mut chance)
    };
    let mut flags: Vec<u32> = (0..campaigns.get()).filter_map(first_flag).collect();
    flags.sort_unstable();
    let (share_low, share_high) = wilson(flags.len() as f64, f64::from(campaigns.get()));
    Ok(Power {
        share: flags.len() as f64 / f64::from(campaigns.get()),
        share_low,
        share_high,
        half_after_shifts: flags.get(campaigns.get().div_ceil(2) as usize - 1).copied(),
    })
}

fn check(steering: &Steering) -> Result<(), PowerError> {
    if !(2..=TEAMS_MAX).contains(&steering.teams) {
        return Err(PowerError::Teams { found: steering.teams });
    }
    let chances = [("honest_chance", steering.honest_chance), ("steered_chance", steering.steered_chance)];
    let outside = chances.into_iter().find(|(_, chance)| !(0.0..=1.0).contains(chance));
    outside.map_or(Ok(()), |(what, found)| Err(PowerError::Chance { what, found }))
}

/// Every shift of the simulated campaign: units from the worst to the best.
struct Shift {
    scores: Vec<i64>,
    odds: Odds,
    flag_at_log2: f64,
}

impl Shift {
    fn of(steering: &Steering) -> Shift {
        let worths: Vec<f64> = (0..steering.teams).map(|unit| unit as f64).collect();
        let scores = scores(&worths);
        let flag_at = flag_at(f64::from(steering.declarers.get()), steering.alpha);
        Shift { odds: Odds::of(&scores, steering.teams), scores, flag_at_log2: libm::log2(flag_at) }
    }

    /// Shifts after which a campaign's first flag was raised.
    fn first_flag(&self, steering: &Steering, chance: &mut Chance) -> Option<u32> {
        let mut wager = Wager::default();
        (1..=steering.days.saturating_mul(steering.shifts_per_day)).find(|_| {
            let (size, score) = self.removed(steering, chance);
            if size > 0 {
                wager.play(&self.odds, size, scaled(score, steering.teams));
            }
            size > 0 && wager.wealth_log2() >= self.flag_at_log2
        })
    }

    /// How many teams are removed from a shift, and the sum of their scores. Who is absent honestly stands for any team,
    /// so that it is as well to choose the units.
    fn removed(&self, steering: &Steering, chance: &mut Chance) -> (usize, i64) {
        let is_steered = chance.happens(steering.steered_chance);
        let best = steering.teams - 1;
        let is_removed = |unit: usize, chance: &mut Chance| {
            chance.happens(steering.honest_chance) || (is_steered && unit == best)
        };
        let units = self.scores.iter().enumerate();
        let removed = units.filter(|(unit, _)| is_removed(*unit, chance));
        removed.fold((0, 0), |(size, sum), (_, score)| (size + 1, sum + score))
    }
}

fn wilson(flagged: f64, campaigns: f64) -> (f64, f64) {
    let (share, squared) = (flagged / campaigns, NORMAL_975 * NORMAL_975);
    let centre = share + squared / (2.0 * campaigns);
    let half =
        NORMAL_975 * (share * (1.0 - share) / campaigns + squared / (4.0 * campaigns * campaigns)).sqrt();
    let scale = 1.0 + squared / campaigns;
    (((centre - half) / scale).max(0.0), ((centre + half) / scale).min(1.0))
}
