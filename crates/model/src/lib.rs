//! Campaign, post, team, unit, order, inspection: parsed, never half valid.
//!
//! This crate knows nothing of files, clocks, networks or databases: text comes in, valid values or located
//! errors go out.

mod breach;
mod calendar;
mod campaign;
mod case_number;
mod coverage;
mod faults;
mod finds;
mod ids;
mod inspection;
mod load;
mod locate;
mod order;
mod place;
mod raw;
mod rules;
mod source;
mod staff;
mod time;
mod travel;
mod unit;

pub use breach::Breach;
pub use calendar::{DAYS_PER_WEEK, Phase};
pub use campaign::*;
pub use case_number::{CaseNumber, CaseNumberError};
pub use coverage::{UncoveredReason, Warning};
pub use faults::{CampaignError, CampaignErrors, ERRORS_MAX, Kind, Problem, Relation};
pub use finds::{Drug, Find, Finds, FindsError, Transport};
pub use ids::*;
pub use inspection::*;
pub use order::*;
pub use place::*;
pub use rules::{DailyDieRule, PlanObjective, PlantRule, Rules, Season, WetSeason};
pub use source::{CAMPAIGN_FILE, FILE_MAX_BYTES, SourceBundle, referenced_files};
pub use staff::*;
pub use time::*;
pub use unit::*;
