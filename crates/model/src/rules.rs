//! Dates, durations and thresholds that hold for the whole campaign.

use serde::Deserialize;

use crate::{Day, Hour};

/// The rules of a campaign; every duration has been checked against the others.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// Minutes before an hour at which its values are released, unless a shift begins with it.
    pub lead_minutes: u32,
    /// Minutes after an hour's beginning from which an inspection is late.
    pub late_minutes: u32,
    /// Minutes after an hour's beginning from which a report counts as arrived late.
    pub missed_minutes: u32,
    /// Minutes after an hour begins by which every team on duty is to have been heard of.
    pub check_in_minutes: u32,
    /// Drives up to so many minutes arrive within the same hour.
    pub same_hour_minutes: u32,
    /// Minutes after a moment's release from which a custodian that has not answered counts as silent.
    pub silence_minutes: u32,
    /// Minutes before a shift's first hour at which its values are released: `lead_minutes` and whole hours.
    pub enter_lead_minutes: u32,
    /// Hours before a week's first hour at which its deal is released.
    pub deal_lead_hours: u32,
    /// Hours before a day begins at which its plan is frozen.
    pub plan_at_hours: u32,
    /// Hours before a day begins at which its absences are frozen.
    pub absences_at_hours: u32,
    /// Least inclusion probability of a slot that some unit can reach, in [0, 1).
    pub floor: f64,
    /// Teams that the plan takes to be bought.
    pub bribed_teams: u32,
    /// What a plan does once the worst slot is as good as it can be.
    pub objective: PlanObjective,
    /// Hours of rest between two duties of a team.
    pub rest_hours: u32,
    /// Cosigners of the log's heads.
    pub cosigners: u32,
    /// Cosignatures, each by another of them, that freeze an entry of the log.
    pub cosignatures: u32,
    /// Hours after which auditors see values, deals and orders, from the end of all that they decide.
    pub auditors_after_hours: u32,
    /// Days after which the public sees them, likewise.
    pub public_after_days: u32,
    /// First hour of the night.
    pub night_from: Hour,
    /// First hour after the night.
    pub night_to: Hour,
    /// The wet season, if the campaign has one.
    pub wet_season: Option<WetSeason>,
    /// Whether each province must have a sentinel pair in each shift.
    pub sentinel_required: bool,
    /// The public daily number that enters the dice, if the campaign has one.
    pub daily_die: Option<DailyDieRule>,
    /// Who may plant simulants, if anybody may.
    pub plants: Option<PlantRule>,
}

/// Who plants inert, marked simulants to see how much is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlantRule {
    /// The body that holds them, and takes them back.
    pub holder: String,
    /// Its Ed25519 public key: nobody else may commit to a plant or open one, or say that a visit was inspected twice.
    pub key: [u8; 32],
}

/// What a campaign says ahead about its daily die, so that nobody can choose among numbers or spellings of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyDieRule {
    /// Decimal digits of the number, leading zeros included.
    pub digits: u32,
    /// Who announces it, and which of its numbers counts.
    pub source: String,
}

/// What a plan of a province makes best.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanObjective {
    /// The worst slot; what that leaves open goes to being hard to foretell.
    #[default]
    Max,
    /// The worst slot, then the next worst, and so on.
    Leximin,
}

/// The days on which roads are wet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WetSeason {
    /// First wet day.
    pub first_day: Day,
    /// Last wet day.
    pub last_day: Day,
    /// Minutes to and from a slow post are multiplied by this, at least 1.
    pub slow_factor: f64,
}

/// State of the roads on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Season {
    /// Roads as in the data.
    Dry,
    /// Slow posts are slower, closed ones out of reach.
    Wet,
}

impl std::fmt::Display for Season {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Season::Dry => "dry",
            Season::Wet => "wet",
        })
    }
}

impl Rules {
    /// The season of a day.
    pub fn season(&self, day: Day) -> Season {
        match self.wet_season {
            Some(wet) if wet.first_day <= day && day <= wet.last_day => Season::Wet,
            _ => Season::Dry,
        }
    }

    /// Whether an hour belongs to the night.
    pub fn is_night(&self, hour: Hour) -> bool {
        hours_hold(self.night_from.get(), self.night_to.get(), hour)
    }
}

/// Whether `hour` lies in `[from, to)`, around midnight where `to ≤ from`.
pub(crate) fn hours_hold(from: u8, to: u8, hour: Hour) -> bool {
    let hour = hour.get();
    if from < to { from <= hour && hour < to } else { hour >= from || hour < to }
}
