//! `sekong estimate`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use jiff::Timestamp;
use sekong_model::{Day, PostId};

/// `sekong estimate`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct EstimateArgs {
    /// A sample, a record of teams, or replays; without it the campaign of `--data`.
    #[command(subcommand)]
    pub what: Option<EstimateCommand>,
    /// The campaign.
    #[command(flatten)]
    pub campaign: EstimateCampaignArgs,
}

/// `sekong estimate --data`.
#[derive(Debug, Args)]
pub struct EstimateCampaignArgs {
    /// A data folder: its log is verified first
    #[arg(long, value_name = "DIR", required = true)]
    pub data: Option<PathBuf>,
    /// Only this province
    #[arg(long, value_name = "PROVINCE")]
    pub province: Option<String>,
    /// From this day on, e.g. 2017-01-08
    #[arg(long, value_name = "DAY")]
    pub from: Option<Day>,
    /// Up to this day
    #[arg(long, value_name = "DAY")]
    pub to: Option<Day>,
    /// Of so many simulants inspected, so many were found: loads are corrected for what is not found, by these instead of those in
    /// the log
    #[arg(long, value_name = "FOUND/INSPECTED")]
    pub plants: Option<Plants>,
    /// How surely are exactly these posts the biggest?
    #[arg(long, value_name = "POST,POST", value_delimiter = ',')]
    pub top: Vec<PostId>,
    /// Also write flow.svg, ranking.svg and teams.svg for a report into this folder
    #[arg(long, value_name = "FOLDER")]
    pub pictures: Option<PathBuf>,
    /// The time to judge by, for a centre on a demo's clock; without it the machine's
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Simulants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plants {
    /// Found by those who inspected.
    pub found: u32,
    /// Planted where they inspected.
    pub planted: u32,
}

impl FromStr for Plants {
    type Err = String;
    fn from_str(text: &str) -> Result<Plants, String> {
        let parts = text.split_once('/').and_then(|(found, planted)| {
            Some(Plants { found: found.parse().ok()?, planted: planted.parse().ok()? })
        });
        parts.ok_or_else(|| "name two numbers, like 17/20".to_owned())
    }
}

/// `sekong estimate twice`.
#[derive(Debug, Args)]
pub struct EstimateTwiceArgs {
    /// Found by the first team
    #[arg(long, value_name = "COUNT")]
    pub first: u32,
    /// Found by the second
    #[arg(long, value_name = "COUNT")]
    pub second: u32,
    /// Found by both
    #[arg(long, value_name = "COUNT")]
    pub both: u32,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// What is estimated.
#[derive(Debug, Subcommand)]
pub enum EstimateCommand {
    /// Totals, means, ratios and domains of a sample, by the design that drew it
    #[command(after_help = "FILE is one JSON object; every column has a value a row:\n  \
        y          {name: [number, …]}, what was counted\n  \
        pi         inclusion probabilities; or weights, their inverses\n  \
        strata     text, numbers, true or false; cluster and cluster2 likewise, the clusters of two stages\n  \
        fpc, fpc2  clusters in the population, or the share that is sampled if no value is above 1\n  \
        joint      joint inclusion probabilities of the rows, as a matrix\n  \
        domains    the domain of each row\n  \
        variance   default, brewer, hartley_rao, overton, ht, yates_grundy or with_replacement\n\
        With fpc and neither pi nor weights, the probabilities come from it; brewer takes counts, too, as the share of the\n\
        stratum that is sampled, where R wants shares. The figures are those of\n\
        svydesign, svytotal, svymean, svyratio and svyby of the R package survey. A column of zeros is refused; a\n\
        domain of zeros is marked all_zero: its standard error of 0 means that there is none. Where joint probabilities make\n\
        a variance negative_variance, that estimate alone has no standard error. df are clusters less strata, in a domain of\n\
        those that it touches, as degf(subset(…)) has them.\n\n\
        Example:\n  sekong estimate design sample.json --ratio found/inspected --json")]
    Design(EstimateDesignArgs),
    /// Test every team: does it find less than the lot explains?
    #[command(after_help = "FILE has a JSON object a line, for each shift of each day:\n  \
        week, day, pool, shift  when and for whom; shift is its kind, such as \"00-08\"\n  \
        units                   {unit: finds}, every unit of the shift, whole numbers, at most 239976\n  \
        dealt                   {team: unit}, every team that was dealt to it, ghosts included; a team keeps its kind of\n                          \
                                  shift for a week\n  \
        away                    [team], the ghosts: no wager is laid on their week, or on their day\n  \
        class                   the equipment class; a pool is of one\n\
        Of K teams, the e-value of an honest one ever reaches K/0.05 with chance at most 0.05/K. By whole weeks that\n\
        asks for week deals that are lots of their own; where a rest rule ties them together, take --by-days.\n\n\
        Example:\n  sekong estimate teams shifts.jsonl --by-days --json")]
    Teams(EstimateTeamsArgs),
    /// What was there at least, by vehicles that two teams inspected apart
    #[command(
        after_help = "Each number is of vehicles with a find. What is well hidden from one team is well hidden from the other, too:\n\
        loads are a lower bound, and the part of them that the first team found an upper one (Chapman 1951; 95 % by Chao 1987,\n\
        or exact where one team found nothing that the other missed).\n\n\
        Example:\n  sekong estimate twice --first 30 --second 25 --both 10 --json"
    )]
    Twice(EstimateTwiceArgs),
    /// Draw a campaign again and again over traffic that is known: are the estimates right, and as sure as they say?
    #[command(
        after_help = "What passes is made up once; plans, dice and lots within a post are the campaign's.\n\
        Printed beside: the intervals of the wrong analysis, which takes visits for independent draws.\n\n\
        Example:\n  sekong estimate replay campaigns/northeast-2017 --days 56 --replays 1000"
    )]
    Replay(EstimateReplayArgs),
    /// What the test of teams sees in a campaign's pools, and how often it flags the honest
    #[command(after_help = "Example:\n  sekong estimate power campaigns/northeast-2017 --trials 400")]
    Power(EstimatePowerArgs),
}

/// `sekong estimate replay`.
#[derive(Debug, Args)]
pub struct EstimateReplayArgs {
    /// The campaign's folder
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// How many of its days, from the first; at least two, which are compared
    #[arg(long, value_name = "DAYS", default_value_t = 56)]
    pub days: usize,
    /// How often they are drawn
    #[arg(long, value_name = "COUNT", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(2..))]
    pub replays: u32,
    /// Part of what passes that is loaded
    #[arg(long, value_name = "SHARE", default_value_t = 0.02, value_parser = share)]
    pub load_share: f64,
    /// Seed of traffic and draws
    #[arg(long, value_name = "NUMBER", default_value_t = 2017)]
    pub seed: u64,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// A part of a whole, and some of it.
fn share(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    let share = number.filter(|share| 0.0 < *share && *share <= 1.0);
    share.ok_or_else(|| "name a number above 0, at most 1, like 0.02".to_owned())
}

/// `sekong estimate power`.
#[derive(Debug, Args)]
pub struct EstimatePowerArgs {
    /// The campaign's folder
    #[arg(value_name = "CAMPAIGN")]
    pub campaign: PathBuf,
    /// Trials for each pool
    #[arg(long, value_name = "COUNT", default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    pub trials: u32,
    /// Seed of traffic, deals and draws
    #[arg(long, value_name = "NUMBER", default_value_t = 2017)]
    pub seed: u64,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// `sekong estimate teams`.
#[derive(Debug, Args)]
pub struct EstimateTeamsArgs {
    /// The dealt shifts and their finds
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Test by the deals of days alone, given each team's shift and days of rest
    #[arg(long)]
    pub by_days: bool,
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
