//! The `sekong` command as a library: commands, wiring, clock and OS randomness. Commands parse, call, print.

mod anchor_folder;
pub mod cli;
mod clocks;
mod commands;
mod custodian_folder;
mod data_folder;
mod evidence;
mod explained;
mod failure;
mod files;
mod given_keys;
mod keeper;
mod lines;
mod links;
mod output;
mod pages;
mod people;
mod pins;
mod plant_folder;
mod progress;
mod randomness;
mod resume;
mod serving;
mod signer_folder;
mod witness_folder;

pub use failure::{Failure, FailureKind};
pub use output::report;

use cli::{
    AnchorCommand, AuditorCommand, CampaignCommand, Cli, Command, CustodianCommand, DiceCommand, DrawCommand,
    EstimateCommand, GameCommand, PlantCommand, WitnessCommand,
};

/// The arguments as they may stand in a message.
pub fn arguments_shown() -> impl Iterator<Item = String> {
    std::env::args_os().map(|argument| output::shown(argument.to_string_lossy()))
}

/// With `--json` a failure, too, is one JSON object on standard output.
pub fn tell(failure: &Failure) {
    let asked = std::env::args_os().any(|argument| argument == "--json");
    if let Some(json) = failure.to_json().filter(|_| asked) {
        // The exit code and standard error tell the same; a reader who went away needs no second complaint.
        let _ = output::print_line(json);
    }
}

/// Runs one command.
///
/// # Errors
/// The failure to be shown, with its exit code.
pub fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Demo(args) => commands::demo::run(&args),
        Command::Serve(args) => commands::serve::run(&args),
        Command::Init(args) => commands::init::run(&args),
        Command::Codebook(args) => commands::codebook::run(&args),
        Command::Estimate(args) => match args.what {
            None => commands::estimate::campaign(&args.campaign),
            Some(EstimateCommand::Design(args)) => commands::estimate::design(&args),
            Some(EstimateCommand::Teams(args)) => commands::estimate::teams(&args),
            Some(EstimateCommand::Twice(args)) => commands::estimate::twice(&args),
            Some(EstimateCommand::Replay(args)) => commands::estimate::replay(&args),
            Some(EstimateCommand::Power(args)) => commands::estimate::power(&args),
        },
        Command::Declarers(args) => commands::declarers::run(&args),
        Command::Witness(WitnessCommand::Init(args)) => commands::witness::init(&args),
        Command::Witness(WitnessCommand::Serve(args)) => commands::witness::serve(&args),
        Command::Witness(WitnessCommand::Status(args)) => commands::witness::status(&args),
        Command::Anchor(AnchorCommand::Init(args)) => commands::anchor::init(&args),
        Command::Anchor(AnchorCommand::Post(args)) => commands::anchor::post(&args),
        Command::Anchor(AnchorCommand::Export(args)) => commands::anchor::export(&args),
        Command::Anchor(AnchorCommand::Check(args)) => commands::anchor::check(&args),
        Command::Plant(PlantCommand::Init(args)) => commands::plant::init(&args),
        Command::Plant(PlantCommand::Commit(args)) => commands::plant::commit(&args),
        Command::Plant(PlantCommand::Reveal(args)) => commands::plant::reveal(&args),
        Command::Double(args) => commands::double::run(&args),
        Command::Auditor(AuditorCommand::Init(args)) => commands::auditor::init(&args),
        Command::Auditor(AuditorCommand::Fetch(args)) => commands::auditor::fetch(&args),
        Command::Custodian(CustodianCommand::Init(args)) => commands::custodian::init(&args),
        Command::Custodian(CustodianCommand::Commit(args)) => commands::custodian::commit(&args),
        Command::Custodian(CustodianCommand::Serve(args)) => commands::custodian::serve(&args),
        Command::Custodian(CustodianCommand::Status(args)) => commands::custodian::status(&args),
        Command::Custodian(CustodianCommand::Outage(args)) => commands::custodian::outage(&args),
        Command::Custodian(CustodianCommand::Export(args)) => commands::custodian::export(&args),
        Command::Dice(DiceCommand::Key(args)) => commands::dice::key(&args),
        Command::Dice(DiceCommand::Public(args)) => commands::dice::public(&args),
        Command::Dice(DiceCommand::Throw(args)) => commands::dice::throw(&args),
        Command::Dice(DiceCommand::Vouch(args)) => commands::dice::vouch(&args),
        Command::Erase(args) => commands::erase::run(&args),
        Command::Plan(args) => commands::plan::run(&args),
        Command::Game(GameCommand::Solve(args)) => commands::game_solve::run(&args),
        Command::Draw(DrawCommand::Simulate(args)) => commands::draw_simulate::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Scrub(args) => commands::scrub::run(&args),
        Command::Restore(args) => commands::restore::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Campaign(CampaignCommand::Check(args)) => commands::campaign_check::run(&args),
    }
}
