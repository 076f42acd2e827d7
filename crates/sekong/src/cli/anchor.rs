//! `sekong anchor`: what its commands take.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use sekong_model::{AnchorId, CampaignId};

use super::centre::CentreArgs;

/// What the keeper of another log does, and who checks it.
#[derive(Debug, Subcommand)]
pub enum AnchorCommand {
    /// Make the key and a folder for it; what is printed goes into campaign.toml
    #[command(
        after_help = "Example:\n  sekong anchor init --campaign northeast-2017 --id conduct --title conduct-cases-of-the-inspectorate --log /srv/conduct/keys/log.vkey --data anchor"
    )]
    Init(AnchorInitArgs),
    /// Commit to the log's head for this hour, in the campaign's log; once an hour, by cron or a timer
    ///
    /// What opens the commitment is kept in the folder before anything is sent. Sent again within the hour it is the same one.
    #[command(
        after_help = "Example:\n  sekong anchor post --data anchor --log /srv/conduct/log --centre http://192.0.2.1:8080"
    )]
    Post(AnchorPostArgs),
    /// Write what opens every anchor, for somebody who may know how long the log was when
    #[command(after_help = "Example:\n  sekong anchor export --data anchor --out conduct-anchors.json")]
    Export(AnchorExportArgs),
    /// Hold the log, and what its keeper exported, against the anchors in a campaign's log
    #[command(
        after_help = "Example:\n  sekong anchor check /srv/sekong --key campaign.vkey --shown conduct-anchors.json --log /srv/conduct/log"
    )]
    Check(AnchorCheckArgs),
}

/// Arguments of `sekong anchor init`.
#[derive(Debug, Args)]
pub struct AnchorInitArgs {
    /// The campaign in whose log the anchors are
    #[arg(long, value_name = "ID")]
    pub campaign: CampaignId,
    /// The log's name there
    #[arg(long, value_name = "ID")]
    pub id: AnchorId,
    /// Whose log it is, and of what
    #[arg(long, value_name = "TEXT")]
    pub title: String,
    /// Verifier key of the log that is anchored, or a file with it: any log of C2SP tlog-tiles
    #[arg(long, value_name = "VKEY|FILE")]
    pub log: String,
    /// The folder to create; it must be empty or not exist
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// Arguments of `sekong anchor post`.
#[derive(Debug, Args)]
pub struct AnchorPostArgs {
    /// The folder that `sekong anchor init` made
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The folder of the log that is anchored: its checkpoint is read
    #[arg(long, value_name = "DIR")]
    pub log: PathBuf,
    /// Where it is logged.
    #[command(flatten)]
    pub at: CentreArgs,
    /// Take the hour that the centre tells, however far its clock is from this machine's: for a centre on a demo's clock
    #[arg(long)]
    pub demo_clock: bool,
}

/// Arguments of `sekong anchor export`.
#[derive(Debug, Args)]
pub struct AnchorExportArgs {
    /// The folder that `sekong anchor init` made
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Arguments of `sekong anchor check`.
#[derive(Debug, Args)]
pub struct AnchorCheckArgs {
    /// The campaign's data folder, or the address of its centre
    #[arg(value_name = "DIR|URL")]
    pub source: String,
    /// The campaign's verifier key, or a file with it on the first line and cosigners' keys below; a line `cosignatures N` in it says
    /// how many of them must have signed
    #[arg(long, value_name = "VKEY|FILE")]
    pub key: Option<String>,
    /// What `sekong anchor export` wrote
    #[arg(long, value_name = "FILE")]
    pub shown: PathBuf,
    /// The folder of the log that is anchored: checkpoint and tiles
    #[arg(long, value_name = "DIR")]
    pub log: PathBuf,
    /// The time to judge the campaign's log by; without it the machine's
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}
