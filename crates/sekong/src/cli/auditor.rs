//! `sekong auditor`: what its commands take.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What an auditor asks the custodians themselves.
#[derive(Debug, Subcommand)]
pub enum AuditorCommand {
    /// Make the key by which custodians know an auditor, and a folder for it; what is printed goes to each of them
    #[command(after_help = "Example:\n  sekong auditor init --data auditor")]
    Init(AuditorInitArgs),
    /// Fetch what a custodian released, once auditors may see it; `sekong verify --released` holds it against a log
    #[command(
        after_help = "Example:\n  sekong auditor fetch --data auditor --custodian court.json --at 192.0.2.7:7443 --out court-released.json"
    )]
    Fetch(AuditorFetchArgs),
}

/// Arguments of `sekong auditor init`.
#[derive(Debug, Args)]
pub struct AuditorInitArgs {
    /// The folder to create; it must be empty or not exist
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// Arguments of `sekong auditor fetch`.
#[derive(Debug, Args)]
pub struct AuditorFetchArgs {
    /// The folder that `sekong auditor init` made
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// What `sekong custodian commit` wrote: the custodian is known by the line key in it
    #[arg(long, value_name = "FILE")]
    pub custodian: PathBuf,
    /// Where the custodian listens
    #[arg(long, value_name = "ADDR")]
    pub at: SocketAddr,
    /// Where to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}
