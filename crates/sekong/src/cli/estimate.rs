//! `sekong estimate`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};

/// What is estimated.
#[derive(Debug, Subcommand)]
pub enum EstimateCommand {
    /// Totals, means, ratios and domains of a sample, by the design that drew it
    #[command(after_help = "FILE is one JSON object; every column has a value a row:\n  \
        y          {name: [number, …]}, what was counted\n  \
        pi         inclusion probabilities; or weights, their inverses\n  \
        strata     text or numbers; cluster and cluster2 likewise, the clusters of two stages\n  \
        fpc, fpc2  clusters in the population, or the share that is sampled if no value is above 1\n  \
        joint      joint inclusion probabilities of the rows, as a matrix\n  \
        domains    the domain of each row\n  \
        variance   default, brewer, hartley_rao, overton, ht, yates_grundy or with_replacement\n\
        With fpc and neither pi nor weights, the probabilities come from it. The figures are those of\n\
        svydesign, svytotal, svymean, svyratio and svyby of the R package survey.\n\n\
        Example:\n  sekong estimate design sample.json --ratio found/inspected --json")]
    Design(EstimateDesignArgs),
    /// Test every team: does it find less than the lot explains?
    #[command(after_help = "FILE has a JSON object a line, for each shift of each day:\n  \
        week, day, pool, shift  when and for whom; shift is its kind, such as \"00-08\"\n  \
        units                   {unit: finds}, every unit of the shift\n  \
        dealt                   {team: unit}, every team that was dealt to it, ghosts included\n  \
        class                   what was found; one file is about one class\n\
        Of K teams, the e-value of an honest one ever reaches K/0.05 with chance at most 0.05/K.\n\n\
        Example:\n  sekong estimate teams shifts.jsonl --json")]
    Teams(EstimateTeamsArgs),
}

/// `sekong estimate teams`.
#[derive(Debug, Args)]
pub struct EstimateTeamsArgs {
    /// The dealt shifts and their finds
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// `sekong estimate design`.
#[derive(Debug, Args)]
pub struct EstimateDesignArgs {
    /// The sample
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Two columns of y, whose totals' ratio is estimated, too; any number of times
    #[arg(long, value_name = "OVER/UNDER")]
    pub ratio: Vec<Ratio>,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Names of two columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratio {
    /// The numerator.
    pub over: String,
    /// The denominator.
    pub under: String,
}

impl FromStr for Ratio {
    type Err = String;
    fn from_str(text: &str) -> Result<Ratio, String> {
        match text.split_once('/') {
            Some((over, under)) if !over.is_empty() && !under.is_empty() && !under.contains('/') => {
                Ok(Ratio { over: over.to_owned(), under: under.to_owned() })
            }
            _ => Err("name two columns of y, like found/inspected".to_owned()),
        }
    }
}
