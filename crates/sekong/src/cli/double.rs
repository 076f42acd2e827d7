//! `sekong double`: what it takes.

use std::path::PathBuf;

use clap::Args;
use sekong_model::{Day, Hour, ProvinceId, UnitId};

use super::centre::CentreArgs;
use super::plant::hour;

/// Arguments of `sekong double`.
#[derive(Debug, Args)]
pub struct DoubleArgs {
    /// The folder that `sekong plant init` made
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The province
    #[arg(long, value_name = "PROVINCE")]
    pub province: ProvinceId,
    /// The day of the visit, e.g. 2017-01-09
    #[arg(long, value_name = "DAY")]
    pub day: Day,
    /// Its hour, 0 to 23
    #[arg(long, value_name = "HOUR", value_parser = hour)]
    pub hour: Hour,
    /// The unit that visited
    #[arg(long, value_name = "UNIT")]
    pub unit: UnitId,
    /// Of the vehicles that it inspected, those that were searched again; none with a simulant
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub vehicles: u32,
    /// Of these, with a find by the visit's team
    #[arg(long, value_name = "N")]
    pub first: u32,
    /// Of these, with a find by the second team
    #[arg(long, value_name = "N")]
    pub second: u32,
    /// Of these, with a find by both
    #[arg(long, value_name = "N")]
    pub both: u32,
    /// Where it is logged.
    #[command(flatten)]
    pub at: CentreArgs,
}
