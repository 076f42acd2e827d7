//! The command line: what can be asked for, in which words.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use sekong_centre::{SmsGateway, WitnessUrl};
use sekong_draw::ThrownDice;
use sekong_log::{DeviceId, ErasureGround, Hash, Remark};
use sekong_model::{CampaignId, CustodianId, Day, OfficerId, ProvinceId, TeamId};

use crate::clocks::{DemoStart, Speed};
use crate::failure::Failure;

mod anchor;
mod auditor;
mod centre;
mod double;
mod estimate;
mod plant;

pub use anchor::{AnchorCheckArgs, AnchorCommand, AnchorExportArgs, AnchorInitArgs, AnchorPostArgs};

pub use auditor::{AuditorCommand, AuditorFetchArgs, AuditorInitArgs};
pub use centre::CentreArgs;
pub use double::DoubleArgs;
pub use estimate::{
    EstimateArgs, EstimateCampaignArgs, EstimateCommand, EstimateDesignArgs, EstimatePowerArgs,
    EstimateReplayArgs, EstimateTeamsArgs, EstimateTwiceArgs, Plants, Ratio,
};
pub use plant::{MetVisit, PlantCommand, PlantCommitArgs, PlantInitArgs, PlantPlaceArgs, PlantRevealArgs};

/// Where a centre listens unless it is told otherwise.
const LISTEN: &str = "127.0.0.1:8080";

/// Sekong plans, draws, records and checks the inspections of a border campaign.
#[derive(Debug, Parser)]
#[command(name = "sekong", version, max_term_width = 100)]
#[command(after_help = "Example:\n  sekong demo --days 7 --no-serve --json")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a simulated week of the shipped campaign through the real server, verify it, and serve it on
    #[command(
        after_help = "Examples:\n  sekong demo --listen 127.0.0.1:8080 --speed 60\n  sekong demo --days 7 --seed 1 --data /tmp/week --no-serve --json"
    )]
    Demo(DemoArgs),
    /// Serve a campaign: its API, its pages, its log
    #[command(
        after_help = "Examples:\n  sekong serve --data /srv/sekong\n  sekong serve --data /tmp/week --demo-clock 2017-01-08T07:00,60"
    )]
    Serve(ServeArgs),
    /// Found a campaign: a data folder with keys, commitments and the first entries of its log
    #[command(after_help = "Example:\n  sekong init campaigns/northeast-2017 --data /srv/sekong")]
    Init(InitArgs),
    /// Keep a share of the randomness on a machine of its own
    #[command(
        subcommand,
        after_help = "Examples, in order:\n  sekong custodian init campaigns/northeast-2017 --id court --data court\n  sekong custodian commit --data court --out court.json\n  sekong custodian serve --data court --centre centre.json --listen 192.0.2.7:7443"
    )]
    Custodian(CustodianCommand),
    /// Ask the custodians themselves what they released, over lines of their own
    #[command(
        subcommand,
        after_help = "Examples, in order:\n  sekong auditor init --data auditor\n  sekong auditor fetch --data auditor --custodian court.json --at 192.0.2.7:7443 --out court-released.json"
    )]
    Auditor(AuditorCommand),
    /// Cosign the heads of logs on a machine of its own, and never two histories of one
    #[command(
        subcommand,
        after_help = "Examples, in order:\n  sekong witness init --name court.example/witness --url http://192.0.2.9:7444 --data witness\n  sekong witness serve --data witness --log log.vkey --listen 192.0.2.9:7444"
    )]
    Witness(WitnessCommand),
    /// Anchor a log that somebody else keeps in a campaign's log: every hour, without showing how long it is
    #[command(
        subcommand,
        after_help = "Examples, in order:\n  sekong anchor init --campaign northeast-2017 --id conduct --title conduct-cases-of-the-inspectorate --log conduct.vkey --data anchor\n  sekong anchor post --data anchor --log /srv/conduct/log --centre http://192.0.2.1:8080\n  sekong anchor export --data anchor --out conduct-anchors.json\n  sekong anchor check /srv/sekong --shown conduct-anchors.json --log /srv/conduct/log"
    )]
    Anchor(AnchorCommand),
    /// Plant inert, marked simulants to see how much is found: committed to before the draw, opened afterwards
    #[command(
        subcommand,
        after_help = "Examples, in order:\n  sekong plant init --campaign northeast-2017 --holder inspectorate-of-the-interior --data plants\n  sekong plant commit --data plants --province stung-treng --post KH-LA-01 --day 2017-01-09 --hour 7 --planted 2 --centre http://192.0.2.1:8080\n  sekong plant reveal --data plants --post KH-LA-01 --day 2017-01-09 --hour 7 --visit stung-treng/00-08/plain-1:2:1 --centre http://192.0.2.1:8080"
    )]
    Plant(PlantCommand),
    /// Log what a second team of the inspectorate found where a visit's team had searched
    ///
    /// The second team searches some of the vehicles that a visit inspected, without being told what the first one found. Say it once for
    /// each visit, whatever came of it, when the hour is closed and within a week: what is said later is left out of the estimates. Sent
    /// again it is the same one.
    #[command(
        after_help = "Example:\n  sekong double --data plants --province stung-treng --day 2017-01-09 --hour 7 --unit stung-treng/00-08/plain-1 --vehicles 10 --first 3 --second 4 --both 2 --centre http://192.0.2.1:8080"
    )]
    Double(DoubleArgs),
    /// Print the page of a team's codebook for a day, for a team without a device
    #[command(after_help = "Example:\n  sekong codebook --data /srv/sekong --team ST-A-01 --day 2017-01-03")]
    Codebook(CodebookArgs),
    /// Test every office that declares absences: were those it removed dealt better units than the lot explains?
    #[command(after_help = "Example:\n  sekong declarers /srv/sekong --json")]
    Declarers(DeclarersArgs),
    /// Cast dice: the public ones before the first day, and those that replace a silent custodian's value
    #[command(
        subcommand,
        after_help = "Examples:\n  sekong dice public --data /srv/sekong --digits 35142612455136421563241526354123665142351624351624 --method on-film-in-court\n  sekong dice throw http://127.0.0.1:8080 --key campaign.vkey --digits 22651434615213645162345162435162435142351624135162 --officer centre-police=police.key --officer centre-court=court.key"
    )]
    Dice(DiceCommand),
    /// Estimate what passed and how surely, and test which team finds too little: of a campaign, or of an analyst's own sample
    #[command(
        after_help = "Examples:\n  sekong estimate --data /srv/sekong --from 2017-01-01 --to 2017-01-31 --json\n  sekong estimate design sample.json --json\n  sekong estimate teams shifts.jsonl --json"
    )]
    Estimate(EstimateArgs),
    /// Have a person's record erased: two officers of different bodies sign it
    #[command(
        after_help = "Example:\n  sekong erase --campaign northeast-2017 --entry 1234 --commitment 4a0f27c1ab9c9d51ca6f3b1be5d4e57c2bb46d12a3f2c6d3f3f9dbf8c1e5a917 --ground case-ended --officer centre-court=court.key --officer centre-police=police.key --centre http://127.0.0.1:8080"
    )]
    Erase(EraseArgs),
    /// Compute the plan of one province and day, with its certificate
    #[command(
        after_help = "Example:\n  sekong plan campaigns/northeast-2017 --province stung-treng --day 2017-01-01 --out plan.json"
    )]
    Plan(PlanArgs),
    /// Solve a game file
    #[command(
        subcommand,
        after_help = "Example:\n  sekong game solve game.json --out plan.json --time-limit 60"
    )]
    Game(GameCommand),
    /// Draw from a plan by itself
    #[command(
        subcommand,
        after_help = "Example:\n  sekong draw simulate plan.json --seed-hex 50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c --count 1000 --out rosters.jsonl"
    )]
    Draw(DrawCommand),
    /// Check a plan file against its own game, with code that shares nothing with the solver
    #[command(after_help = "Example:\n  sekong check plan.json")]
    Check(CheckArgs),
    /// Verify a log and recompute every draw in it
    #[command(
        after_help = "Examples:\n  sekong verify /srv/sekong\n  sekong verify https://example.org --key log.vkey --custodian court.json --json"
    )]
    Verify(VerifyArgs),
    /// Read everything in a data folder again and hold it against what it should be, also beside a running centre
    #[command(after_help = "Example:\n  sekong scrub --data /srv/sekong --json")]
    Scrub(ScrubArgs),
    /// Bring an older store up to the head that was published, or make a lost one from it, without a second history
    #[command(after_help = "Example:\n  sekong restore --data /srv/sekong --from /srv/mirror/log")]
    Restore(RestoreArgs),
    /// Look at a campaign file
    #[command(subcommand, after_help = "Example:\n  sekong campaign check campaigns/northeast-2017")]
    Campaign(CampaignCommand),
}

/// What a custodian does.
#[derive(Debug, Subcommand)]
pub enum CustodianCommand {
    /// Make the secret and a folder for it; both stay on this machine
    #[command(
        after_help = "Example:\n  sekong custodian init campaigns/northeast-2017 --id court --data court"
    )]
    Init(CustodianInitArgs),
    /// Write what the centre is told: the commitment to every value, and the key of the line
    #[command(after_help = "Example:\n  sekong custodian commit --data court --out court.json")]
    Commit(CustodianCommitArgs),
    /// Answer the centre, and auditors, by this machine's clock
    ///
    /// The folder is one: secret.json and vault.db belong together, for the vault knows what the secret must not say again. Copy
    /// it whole while nobody serves it. After a loss put the newest copy back. If the vault is older than the last release, or
    /// lost (--vault-lost), tell the auditors from which day on: a centre with two faces could have had values for two lists.
    #[command(
        after_help = "Example:\n  sekong custodian serve --data court --centre centre.json --listen 192.0.2.7:7443"
    )]
    Serve(CustodianServeArgs),
    /// Say what this custodian committed to, froze and released
    #[command(after_help = "Example:\n  sekong custodian status --data court")]
    Status(CustodianStatusArgs),
    /// Sign an outage that is planned; what is printed goes to POST /api/outages before the days it falls on are frozen
    #[command(
        after_help = "Example:\n  sekong custodian outage --data court --from 2017-02-01T02:00:00Z --until 2017-02-01T08:00:00Z"
    )]
    Outage(CustodianOutageArgs),
    /// Write what this custodian can show for itself: its releases that everybody may see by now, and the signed heads of days
    /// that it was asked for twice; `sekong verify --released` holds it against a log
    #[command(after_help = "Example:\n  sekong custodian export --data court --out court-released.json")]
    Export(CustodianExportArgs),
}

/// Arguments of `sekong custodian init`.
#[derive(Debug, Args)]
pub struct CustodianInitArgs {
    /// A campaign.toml, or its folder: the very files that the centre founds the campaign with
    pub campaign: PathBuf,
    /// The custodian's name in the campaign
    #[arg(long, value_name = "ID")]
    pub id: CustodianId,
    /// The folder to create; it must be empty or not exist
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
}

/// Arguments of `sekong custodian export`.
#[derive(Debug, Args)]
pub struct CustodianExportArgs {
    /// The custodian's folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The time to judge by what may be seen, for a campaign on a demo's clock; without it the machine's
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
}

/// Arguments of `sekong custodian commit`.
#[derive(Debug, Args)]
pub struct CustodianCommitArgs {
    /// The custodian's folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where to write; without it to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Arguments of `sekong custodian serve`.
#[derive(Debug, Args)]
pub struct CustodianServeArgs {
    /// The custodian's folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// What `sekong init` wrote as keys/centre.json; the first one counts for good
    #[arg(long, value_name = "FILE")]
    pub centre: PathBuf,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7443")]
    pub listen: SocketAddr,
    /// The line key of an auditor who may see what was released, 64 hexadecimal digits; may be given again
    #[arg(long, value_name = "64HEX")]
    pub auditor: Vec<DeviceId>,
    /// Begin with an empty vault where vault.db and every copy of it are lost: what was frozen and released is forgotten
    #[arg(long)]
    pub vault_lost: bool,
    /// A clock for trying things out: when it starts and how many campaign seconds pass in a second
    #[arg(long, value_name = "START,SPEED")]
    pub demo_clock: Option<DemoStart>,
    /// Let that clock step to each time that is read from standard input, a line each; each step is said back
    #[arg(long, requires = "demo_clock")]
    pub steps: bool,
    /// Print one JSON object on one line once it listens
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong custodian status`.
#[derive(Debug, Args)]
pub struct CustodianStatusArgs {
    /// The custodian's folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong custodian outage`.
#[derive(Debug, Args)]
pub struct CustodianOutageArgs {
    /// The custodian's folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// First instant at which it will not answer
    #[arg(long, value_name = "TIME")]
    pub from: Timestamp,
    /// First instant after that at which it will
    #[arg(long, value_name = "TIME")]
    pub until: Timestamp,
}

/// What a witness does.
#[derive(Debug, Subcommand)]
pub enum WitnessCommand {
    /// Make the key and a folder for it; witness.json in it is public and goes to the centre
    #[command(
        after_help = "Example:\n  sekong witness init --name court.example/witness --url http://192.0.2.9:7444 --data witness"
    )]
    Init(WitnessInitArgs),
    /// Answer add-checkpoint of C2SP tlog-witness, by this machine's clock, for the logs that are named
    ///
    /// The folder is one: secret.json and seen.json belong together, for what was seen is what the key must not sign against.
    /// Never run two copies, and put no old one back: such a witness may sign a second history. Then make a new one.
    #[command(
        after_help = "Example:\n  sekong witness serve --data witness --log log.vkey --listen 192.0.2.9:7444"
    )]
    Serve(WitnessServeArgs),
    /// Say what this witness has cosigned last, log by log
    #[command(after_help = "Example:\n  sekong witness status --data witness")]
    Status(WitnessStatusArgs),
}

/// Arguments of `sekong witness init`.
#[derive(Debug, Args)]
pub struct WitnessInitArgs {
    /// The name of its key, under which everybody knows it
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// Where the centre will ask it
    #[arg(long, value_name = "URL")]
    pub url: WitnessUrl,
    /// The folder to create; it must be empty or not exist
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong witness serve`.
#[derive(Debug, Args)]
pub struct WitnessServeArgs {
    /// The witness's folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// A log's key, or a file with it, as keys/log.vkey of a data folder; once for each log
    #[arg(long, value_name = "VKEY", required = true)]
    pub log: Vec<String>,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7444")]
    pub listen: SocketAddr,
    /// A clock for trying things out: an instant at which it starts and how many seconds pass in a second
    #[arg(long, value_name = "START,SPEED")]
    pub demo_clock: Option<DemoStart>,
    /// Let that clock step to each time that is read from standard input, a line each; each step is said back
    #[arg(long, requires = "demo_clock")]
    pub steps: bool,
    /// Print one JSON object on one line once it listens
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong witness status`.
#[derive(Debug, Args)]
pub struct WitnessStatusArgs {
    /// The witness's folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong declarers`.
#[derive(Debug, Args)]
pub struct DeclarersArgs {
    /// A data folder; it is verified first
    #[arg(value_name = "DIR")]
    pub data: PathBuf,
    /// The time to judge by, for a centre on a demo's clock; without it the machine's
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong codebook`.
#[derive(Debug, Args)]
pub struct CodebookArgs {
    /// The data folder of a founded campaign; no centre may be serving it
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The team
    #[arg(long, value_name = "ID")]
    pub team: TeamId,
    /// The day
    #[arg(long, value_name = "DATE")]
    pub day: Day,
}

/// What can be done with dice.
#[derive(Debug, Subcommand)]
pub enum DiceCommand {
    /// Make the key of an officer's seat; it is given to the centre with `sekong init --officer`
    #[command(after_help = "Example:\n  sekong dice key --out police.key")]
    Key(DiceKeyArgs),
    /// Cast the public dice of a campaign whose custodians have committed
    #[command(
        after_help = "Example:\n  sekong dice public --data /srv/sekong --digits 35142612455136421563241526354123665142351624351624 --method on-film-in-court"
    )]
    Public(DicePublicArgs),
    /// Sign and send dice for every silence in the log that waits, by two officers of different bodies
    #[command(
        after_help = "Example:\n  sekong dice throw http://127.0.0.1:8080 --key campaign.vkey --digits 22651434615213645162345162435162435142351624135162 --officer centre-police=police.key --officer centre-court=court.key"
    )]
    Throw(DiceThrowArgs),
    /// Vouch for a seat's new key: by the key before, or by two officers of two other bodies if that was lost; what is
    /// printed goes to POST /api/seat-keys
    #[command(
        after_help = "Examples:\n  sekong dice vouch --campaign northeast-2017 --seat centre-police --key 197f6b23e16c8532c6abc838facd5ea789be0c76b2920334039bfa8b3d368d61 --officer centre-police=police.key\n  sekong dice vouch --campaign northeast-2017 --seat centre-police --key 197f6b23e16c8532c6abc838facd5ea789be0c76b2920334039bfa8b3d368d61 --lost 2152f8d19b791d24453242e15f2eab6cb7cffa7b6a5ed30097960e069881db12 --officer centre-court=court.key --officer centre-customs=customs.key"
    )]
    Vouch(DiceVouchArgs),
}

/// Arguments of `sekong dice key`.
#[derive(Debug, Args)]
pub struct DiceKeyArgs {
    /// Where to write the key, readable by its owner alone
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Arguments of `sekong dice public`.
#[derive(Debug, Args)]
pub struct DicePublicArgs {
    /// The data folder of a founded campaign; no centre may be serving it
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// What 50 to 200 dice showed, in the order in which they were read
    #[arg(long, value_name = "DIGITS", value_parser = thrown)]
    pub digits: ThrownDice,
    /// How and where they were thrown; public, and nobody's name
    #[arg(long, value_name = "TEXT")]
    pub method: Remark,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong dice throw`.
#[derive(Debug, Args)]
pub struct DiceThrowArgs {
    /// The centre's address
    #[arg(value_name = "URL")]
    pub centre: String,
    /// A file with the log's key and the cosigners' below it, which did not come from this centre: what is signed for must
    /// be in that log
    #[arg(long, value_name = "FILE")]
    pub key: String,
    /// What 50 to 200 dice showed, in the order in which they were read
    #[arg(long, value_name = "DIGITS", value_parser = thrown)]
    pub digits: ThrownDice,
    /// A seat and the file with its key; two, of different bodies. What was signed is kept beside it, in FILE.thrown
    #[arg(long, value_name = "ID=FILE", required = true)]
    pub officer: Vec<OfficerKey>,
    /// So many of the cosigners must have signed what is shown, as the campaign says in rules.cosignatures; without it all whose
    /// keys were given
    #[arg(long, value_name = "N")]
    pub cosignatures: Option<NonZeroUsize>,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

fn thrown(text: &str) -> Result<ThrownDice, String> {
    ThrownDice::try_from(text.to_owned()).map_err(|error| error.to_string())
}

/// The legal ground of an erasure.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[allow(missing_docs, reason = "each is the ground of the same name")]
pub enum Ground {
    CourtOrder,
    RetentionEnded,
    CaseEnded,
    PersonsRight,
    RecordedInError,
}

impl From<Ground> for ErasureGround {
    fn from(ground: Ground) -> ErasureGround {
        match ground {
            Ground::CourtOrder => ErasureGround::CourtOrder,
            Ground::RetentionEnded => ErasureGround::RetentionEnded,
            Ground::CaseEnded => ErasureGround::CaseEnded,
            Ground::PersonsRight => ErasureGround::PersonsRight,
            Ground::RecordedInError => ErasureGround::RecordedInError,
        }
    }
}

/// Arguments of `sekong erase`.
#[derive(Debug, Args)]
pub struct EraseArgs {
    /// The campaign's id
    #[arg(long, value_name = "ID")]
    pub campaign: CampaignId,
    /// Index of the entry that commits to the record
    #[arg(long, value_name = "INDEX")]
    pub entry: u64,
    /// The commitment
    #[arg(long, value_name = "64HEX")]
    pub commitment: Hash,
    /// On which legal ground
    #[arg(long, value_enum, value_name = "GROUND")]
    pub ground: Ground,
    /// A seat and the file with its key; two, of different bodies
    #[arg(long, value_name = "ID=FILE", required = true)]
    pub officer: Vec<OfficerKey>,
    /// The centre's address; without it what two officers signed is printed, for POST /api/erasures
    #[arg(long, value_name = "URL")]
    pub centre: Option<String>,
}

/// Arguments of `sekong dice vouch`.
#[derive(Debug, Args)]
pub struct DiceVouchArgs {
    /// The campaign's id
    #[arg(long, value_name = "ID")]
    pub campaign: CampaignId,
    /// The seat
    #[arg(long, value_name = "ID")]
    pub seat: OfficerId,
    /// Its new public key, as `sekong dice key` says it
    #[arg(long, value_name = "64HEX")]
    pub key: DeviceId,
    /// The public key that its holder lost, as `sekong verify` lists it; without it the seat vouches for itself
    #[arg(long, value_name = "64HEX")]
    pub lost: Option<DeviceId>,
    /// Who vouches, and the file with the key
    #[arg(long, value_name = "ID=FILE", required = true)]
    pub officer: Vec<OfficerKey>,
}

/// Each seat once.
pub(crate) fn check_seats<'a>(seats: impl Iterator<Item = &'a OfficerId>) -> Result<(), Failure> {
    let mut seen = BTreeSet::new();
    for seat in seats {
        if !seen.insert(seat) {
            return Err(Failure::usage(format!("--officer: seat {seat} is given twice"))
                .hint("one key a seat: leave the other one out"));
        }
    }
    Ok(())
}

/// A seat and something of it: `ID=…`.
fn of_seat<T>(text: &str, wanted: &str, parse: impl Fn(&str) -> Option<T>) -> Result<(OfficerId, T), String> {
    let read = text.split_once('=').and_then(|(id, rest)| Some((id.parse().ok()?, parse(rest)?)));
    read.ok_or_else(|| format!("ID={wanted} is wanted, not {text:?}"))
}

/// A seat and the file with its secret key.
#[derive(Debug, Clone)]
pub struct OfficerKey {
    /// The seat.
    pub officer: OfficerId,
    /// The file.
    pub file: PathBuf,
}

impl FromStr for OfficerKey {
    type Err = String;
    fn from_str(text: &str) -> Result<OfficerKey, String> {
        let (officer, file) = of_seat(text, "FILE", |file| Some(PathBuf::from(file)))?;
        Ok(OfficerKey { officer, file })
    }
}

/// A seat and its public key.
#[derive(Debug, Clone)]
pub struct OfficerSeat {
    /// The seat.
    pub officer: OfficerId,
    /// Its holder's key.
    pub key: DeviceId,
}

impl FromStr for OfficerSeat {
    type Err = String;
    fn from_str(text: &str) -> Result<OfficerSeat, String> {
        let (officer, key) = of_seat(text, "64HEX", |key| key.parse().ok())?;
        Ok(OfficerSeat { officer, key })
    }
}

/// A custodian and where it listens.
#[derive(Debug, Clone)]
pub struct CustodianAddress {
    /// The custodian.
    pub custodian: CustodianId,
    /// Its address.
    pub address: SocketAddr,
}

impl FromStr for CustodianAddress {
    type Err = String;
    fn from_str(text: &str) -> Result<CustodianAddress, String> {
        let read =
            text.split_once('=').and_then(|(id, address)| Some((id.parse().ok()?, address.parse().ok()?)));
        let (custodian, address) =
            read.ok_or_else(|| format!("ID=ADDR is wanted, e.g. court=192.0.2.7:7443, not {text:?}"))?;
        Ok(CustodianAddress { custodian, address })
    }
}

/// A witness and where it listens.
#[derive(Debug, Clone)]
pub struct WitnessAddress {
    /// Name of its key.
    pub name: String,
    /// Its address.
    pub url: WitnessUrl,
}

impl FromStr for WitnessAddress {
    type Err = String;
    fn from_str(text: &str) -> Result<WitnessAddress, String> {
        let (name, url) = text.rsplit_once('=').ok_or_else(|| {
            format!("NAME=URL is wanted, e.g. court.example/witness=http://192.0.2.9:7444, not {text:?}")
        })?;
        let url = url.parse().map_err(|error: sekong_centre::WitnessUrlError| error.to_string())?;
        Ok(WitnessAddress { name: name.to_owned(), url })
    }
}

/// What can be asked about a campaign file.
#[derive(Debug, Subcommand)]
pub enum CampaignCommand {
    /// Load a campaign and print its posts, teams, travel times and what no unit reaches
    #[command(after_help = "Example:\n  sekong campaign check campaigns/northeast-2017/campaign.toml")]
    Check(CampaignCheckArgs),
}

/// What can be done with a game file.
#[derive(Debug, Subcommand)]
pub enum GameCommand {
    /// Compute the plan of a game, with its certificate
    #[command(after_help = "Example:\n  sekong game solve game.json --out plan.json --gap 0.005 --threads 2")]
    Solve(GameSolveArgs),
}

/// What can be drawn without a campaign.
#[derive(Debug, Subcommand)]
pub enum DrawCommand {
    /// Write draws of a plan, a line of JSON a draw: where each unit goes, by the dice of a real draw
    #[command(
        after_help = "Example:\n  sekong draw simulate plan.json --seed-hex 50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c --count 1000 --out rosters.jsonl"
    )]
    Simulate(DrawSimulateArgs),
}

/// Arguments of `sekong draw simulate`.
#[derive(Debug, Args)]
pub struct DrawSimulateArgs {
    /// The plan file; it is checked first
    pub plan: PathBuf,
    /// 64 hexadecimal digits: the same seed gives the same draws
    #[arg(long, value_name = "64HEX", value_parser = seed)]
    pub seed_hex: [u8; 32],
    /// How many draws; draw i is that of day i, however many there are
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
    pub count: u64,
    /// Where to write the draws
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Thirty-two bytes in hexadecimal digits.
fn seed(text: &str) -> Result<[u8; 32], String> {
    let mut seed = [0; 32];
    let read = hex::decode_to_slice(text, &mut seed);
    read.map(|()| seed).map_err(|_| {
        format!("a seed is 64 hexadecimal digits, not {text:?}; make one with openssl rand -hex 32")
    })
}

/// Arguments of `sekong demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Days to simulate, from the campaign's first day
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub days: u32,
    /// Seed of the simulated people, keys and dice: the same seed gives the same log, to the bit
    #[arg(long, value_name = "U64", default_value_t = 1)]
    pub seed: u64,
    /// An empty folder to keep the week in; without it a temporary one is used
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// The campaign; without it the shipped one
    #[arg(long, value_name = "CAMPAIGN")]
    pub campaign: Option<PathBuf>,
    /// Share of a team's hours in which it has no data network when orders are given, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = Share(0.0))]
    pub no_data: Share,
    /// Nobody reads an order out to a team without a network either: it stays where it is
    #[arg(long)]
    pub no_voice: bool,
    /// End after the verification
    #[arg(long)]
    pub no_serve: bool,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = LISTEN)]
    pub listen: SocketAddr,
    /// Campaign seconds that pass in a second once the days are over, 0 to 3600
    #[arg(long, value_name = "X", default_value_t = Speed::DEMO)]
    pub speed: Speed,
    /// MiB that must stay free where the data lies: with less, reports are refused and jobs wait, and reads go on
    #[arg(long, value_name = "MIB", default_value_t = 16)]
    pub reserve_mib: u32,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The data folder of a founded campaign
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = LISTEN)]
    pub listen: SocketAddr,
    /// A clock for trying things out: when it starts (2017-01-08T00:00:00Z, or local time without Z) and how many
    /// campaign seconds pass in a second; anybody may then sign in under any role
    #[arg(long, value_name = "START,SPEED")]
    pub demo_clock: Option<DemoStart>,
    /// Let that clock step to each time that is read from standard input, a line each; each step is said back
    #[arg(long, requires = "demo_clock")]
    pub steps: bool,
    /// Where a custodian listens; once for each that has a machine of its own
    #[arg(long, value_name = "ID=ADDR")]
    pub custodian: Vec<CustodianAddress>,
    /// Where a witness listens that has moved since the campaign was founded
    #[arg(long, value_name = "NAME=URL")]
    pub witness: Vec<WitnessAddress>,
    /// Where SMS with relayed orders are handed in, e.g. http://127.0.0.1:9000/send
    #[arg(long, value_name = "URL")]
    pub sms_gateway: Option<SmsGateway>,
    /// MiB that must stay free where the data lies: with less, reports are refused and jobs wait, and reads go on
    #[arg(long, value_name = "MIB", default_value_t = 256)]
    pub reserve_mib: u32,
    /// Print one JSON object on one line once it listens
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// A campaign.toml, or its folder
    pub campaign: PathBuf,
    /// The folder to create; it must be empty or not exist
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// What a custodian's `commit` wrote; once for each custodian of the campaign, or not at all to keep their secrets here
    #[arg(long, value_name = "FILE")]
    pub custodian: Vec<PathBuf>,
    /// What `sekong witness init` wrote as witness.json; once for each witness apart. The other cosigners of the campaign
    /// live in the centre's process
    #[arg(long, value_name = "FILE")]
    pub witness: Vec<PathBuf>,
    /// The public key of a seat that throws dice for a silent custodian, as `sekong dice key` says it
    #[arg(long, value_name = "ID=64HEX")]
    pub officer: Vec<OfficerSeat>,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// A campaign.toml, or its folder
    pub campaign: PathBuf,
    /// The province
    #[arg(long, value_name = "SLUG")]
    pub province: ProvinceId,
    /// The day
    #[arg(long, value_name = "DATE")]
    pub day: Day,
    /// Where to write the plan
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Also say what the plan does, where it presses, and what its rules and teams are worth
    #[arg(long)]
    pub explain: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong game solve`.
#[derive(Debug, Args)]
pub struct GameSolveArgs {
    /// The game file
    #[arg(value_name = "GAME")]
    pub game: PathBuf,
    /// Where to write the plan
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Stop when the certified gap of each part is at most this
    #[arg(long, value_name = "GAP", default_value_t = Gap::DEFAULT, allow_negative_numbers = true)]
    pub gap: Gap,
    /// Threads at work; the plan does not depend on it
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN)]
    pub threads: NonZeroUsize,
    /// Stop after so many seconds with the best plan met and its true gap
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true)]
    pub time_limit: Option<Duration>,
    /// Chooses the starts of the search: the same seed gives the same plan
    #[arg(long, value_name = "U64", default_value_t = 0)]
    pub seed: u64,
    /// A plan to begin from, such as yesterday's: one more start, for a game whose units and posts are mostly the same
    #[arg(long, value_name = "PLAN")]
    pub start: Option<PathBuf>,
    /// Also say what the plan does, where it presses, and what its rules and teams are worth
    #[arg(long)]
    pub explain: bool,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// A share, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(pub(crate) f64);

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Share {
    type Err = String;
    fn from_str(text: &str) -> Result<Share, String> {
        let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
        share.map(Share).ok_or_else(|| format!("a share is a number from 0 to 1, not {text:?}"))
    }
}

/// A certified gap, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap(pub(crate) f64);

impl Gap {
    const DEFAULT: Gap = Gap(0.005);
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Gap {
    type Err = String;
    fn from_str(text: &str) -> Result<Gap, String> {
        let gap = text.parse().ok().filter(|gap| (0.0..=1.0).contains(gap));
        gap.map(Gap).ok_or_else(|| format!("a gap is a number from 0 to 1, not {text:?}"))
    }
}

/// Seconds, with a fraction if need be.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.ok_or_else(|| format!("a time is a number of seconds, 0 or more, not {text:?}"))
}

/// Arguments of `sekong check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The plan file
    pub plan: PathBuf,
    /// The game that the plan must be for
    #[arg(long, value_name = "FILE")]
    pub game: Option<PathBuf>,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A data folder, or the address of a centre
    #[arg(value_name = "DIR|URL")]
    pub source: String,
    /// The log's verifier key, or a file with it on the first line and cosigners' keys below; a line `cosignatures N` in it says how
    /// many of them must have signed
    #[arg(long, value_name = "VKEY|FILE")]
    pub key: Option<String>,
    /// What a custodian's `commit` wrote, which did not come from the centre: the log must hold that key and commitment; once for
    /// each custodian
    #[arg(long, value_name = "FILE")]
    pub custodian: Vec<PathBuf>,
    /// What a custodian's `export` wrote: says where its word and the log's part, and names a head that the log does not
    /// continue; may be given again
    #[arg(long, value_name = "FILE")]
    pub released: Vec<PathBuf>,
    /// What the public dice showed, as witnesses of the throw wrote it down: the log must hold that throw
    #[arg(long, value_name = "DIGITS", value_parser = thrown)]
    pub public_dice: Option<ThrownDice>,
    /// A file with an older head, of which the log must be a continuation
    #[arg(long, value_name = "HEAD")]
    pub since: Option<PathBuf>,
    /// A file that keeps how far you have verified this log, made if it is not there: a run that was broken off, or the next
    /// one, goes on from it, and a log that does not continue it is a second history
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,
    /// The time to judge by, e.g. 2017-01-08T00:00:00Z, for a centre on a demo's clock; without it the machine's
    #[arg(long, value_name = "TIME")]
    pub now: Option<Timestamp>,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong scrub`.
#[derive(Debug, Args)]
pub struct ScrubArgs {
    /// The data folder
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong restore`.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The data folder, with an older store or without one
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The published log, e.g. log/ of that folder or of a mirror; bodies are looked for beside it and in the data folder
    #[arg(long, value_name = "LOGFOLDER")]
    pub from: PathBuf,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `sekong campaign check`.
#[derive(Debug, Args)]
pub struct CampaignCheckArgs {
    /// A campaign.toml, or its folder
    #[arg(value_name = "FILE")]
    pub campaign: PathBuf,
    /// Print one JSON object on one line
    #[arg(long)]
    pub json: bool,
}
