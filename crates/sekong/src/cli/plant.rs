//! `sekong plant`: what its commands take.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use sekong_model::{CampaignId, Day, Hour, PostId, ProvinceId, UnitId};

use super::centre::CentreArgs;

/// What the inspectorate does to see how much is found.
#[derive(Debug, Subcommand)]
pub enum PlantCommand {
    /// Make the key and a folder for it; what is printed goes into campaign.toml
    #[command(
        after_help = "Example:\n  sekong plant init --campaign northeast-2017 --holder inspectorate-of-the-interior --data plants"
    )]
    Init(PlantInitArgs),
    /// Commit to simulants at a post in an hour, before the absences of its day are frozen, and at most a week ahead
    ///
    /// The commitment tells nothing, not even whether there are any: --planted 0 makes a blank. What opens it is kept in the folder
    /// before anything is sent. Sent again it is the same one.
    #[command(
        after_help = "Example:\n  sekong plant commit --data plants --province stung-treng --post KH-LA-01 --day 2017-01-09 --hour 7 --planted 2 --centre http://192.0.2.1:8080"
    )]
    Commit(PlantCommitArgs),
    /// Open a commitment once its hour is closed, with what each visit inspected and found of it
    ///
    /// Open each, found or not, within eight days after auditors may read what was drawn for the last hour that it could be for, seven
    /// days after it was logged: those that stay closed are counted and published.
    #[command(
        after_help = "Example:\n  sekong plant reveal --data plants --post KH-LA-01 --day 2017-01-09 --hour 7 --visit stung-treng/00-08/plain-1:2:1 --centre http://192.0.2.1:8080"
    )]
    Reveal(PlantRevealArgs),
}

/// Arguments of `sekong plant init`.
#[derive(Debug, Args)]
pub struct PlantInitArgs {
    /// The campaign in which simulants are planted
    #[arg(long, value_name = "ID")]
    pub campaign: CampaignId,
    /// The body that holds them
    #[arg(long, value_name = "TEXT")]
    pub holder: String,
    /// The folder to create; it must be empty or not exist
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// Which plant.
#[derive(Debug, Args)]
pub struct PlantPlaceArgs {
    /// The folder that `sekong plant init` made
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The post
    #[arg(long, value_name = "POST")]
    pub post: PostId,
    /// The day of the hour, e.g. 2017-01-09
    #[arg(long, value_name = "DAY")]
    pub day: Day,
    /// The hour, 0 to 23
    #[arg(long, value_name = "HOUR", value_parser = hour)]
    pub hour: Hour,
    /// Where it is logged.
    #[command(flatten)]
    pub at: CentreArgs,
}

pub(super) fn hour(text: &str) -> Result<Hour, String> {
    let number = text.parse::<u8>().ok().and_then(|number| Hour::try_from(number).ok());
    number.ok_or_else(|| "name an hour from 0 to 23".to_owned())
}

/// Arguments of `sekong plant commit`.
#[derive(Debug, Args)]
pub struct PlantCommitArgs {
    /// The plant.
    #[command(flatten)]
    pub place: PlantPlaceArgs,
    /// The post's province
    #[arg(long, value_name = "PROVINCE")]
    pub province: ProvinceId,
    /// Vehicles with a simulant; 0 for a blank
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(0..=50))]
    pub planted: u32,
}

/// Arguments of `sekong plant reveal`.
#[derive(Debug, Args)]
pub struct PlantRevealArgs {
    /// The plant.
    #[command(flatten)]
    pub place: PlantPlaceArgs,
    /// A visit that it met: the unit, simulants that it inspected, and those of them that it found; any number of times, and none
    /// where nobody came
    #[arg(long, value_name = "UNIT:INSPECTED:FOUND")]
    pub visit: Vec<MetVisit>,
}

/// A visit that met simulants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetVisit {
    /// The unit.
    pub unit: UnitId,
    /// Simulants that it inspected.
    pub inspected: u32,
    /// Of these, found.
    pub found: u32,
}

impl FromStr for MetVisit {
    type Err = String;
    fn from_str(text: &str) -> Result<MetVisit, String> {
        let parts = text.rsplit_once(':').and_then(|(rest, found)| {
            let (unit, inspected) = rest.rsplit_once(':')?;
            Some(MetVisit {
                unit: unit.parse().ok()?,
                inspected: inspected.parse().ok()?,
                found: found.parse().ok()?,
            })
        });
        parts.ok_or_else(|| "name a unit and two numbers, like stung-treng/00-08/plain-1:2:1".to_owned())
    }
}
