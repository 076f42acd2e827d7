//! A centre that something is sent to: what its commands take.

use std::num::NonZeroUsize;

use clap::Args;

/// Which centre, and whose word it is that something is in its log.
#[derive(Debug, Args)]
pub struct CentreArgs {
    /// The address of the campaign's centre
    #[arg(long, value_name = "URL")]
    pub centre: String,
    /// A file with the campaign log's key and the cosigners' below it, which did not come from this centre: that it is in the log is
    /// proven at once; without it the centre's word is taken
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,
    /// So many of the cosigners must have signed the head that proves it, as the campaign says in rules.cosignatures; without it all
    /// whose keys were given
    #[arg(long, value_name = "N", requires = "key")]
    pub cosignatures: Option<NonZeroUsize>,
}
