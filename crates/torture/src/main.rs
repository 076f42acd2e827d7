//! `sekong-torture PART BINARY`: a line a round, and `N passed, N failed` at the end.

use std::process::ExitCode;

use sekong_torture::{Backlog, Binary, Trouble, World, kill_round, live, world_of};

/// Rounds of the part `log`.
const KILL_ROUNDS: u64 = 20;

/// Seeds of the part `centre`.
const SEEDS: u64 = 2_000;

/// Seeds after which it says how far it is.
const SEEDS_A_LINE: u64 = 200;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(part), Some(binary), None) = (args.next(), args.next(), args.next()) else {
        eprintln!("usage: sekong-torture log|centre|field BINARY");
        return ExitCode::from(2);
    };
    let (passed, failed) = match part.as_str() {
        "log" => kill(&Binary(binary.into())),
        "centre" => simulate(),
        // The other part is not built yet, and says so by passing nothing.
        _ => (0, 0),
    };
    println!("{passed} passed, {failed} failed");
    if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn kill(binary: &Binary) -> (u64, u64) {
    let backlog = match Backlog::make(binary) {
        Ok(backlog) => backlog,
        Err(trouble) => {
            println!("no backlog: {trouble}");
            return (0, 1);
        }
    };
    let outcomes = (1..=KILL_ROUNDS).map(|round| (round, kill_round(binary, &backlog, round)));
    let failed = outcomes.filter(|(round, outcome)| !told(*round, outcome)).count() as u64;
    (KILL_ROUNDS - failed, failed)
}

/// Says what a round came to; whether it passed. A kill that hit nothing proves nothing.
fn told(round: u64, outcome: &Result<sekong_torture::Round, Trouble>) -> bool {
    match outcome {
        Ok(done) if !done.in_the_middle() => {
            println!("round {round}: the kill came too late, {} reports were all acknowledged", done.reports);
            return false;
        }
        Ok(done) => println!(
            "round {round}: killed with {} of {} reports acknowledged; 0 lost, 0 doubled, log verifies",
            done.acknowledged_before, done.reports
        ),
        Err(trouble) => println!("round {round}: {trouble}"),
    }
    outcome.is_ok()
}

/// Lives campaigns through, each with the chances of its seed.
fn simulate() -> (u64, u64) {
    let worlds = World::all();
    let mut failed = 0;
    for seed in 0..SEEDS {
        if let Err(broken) = live(world_of(&worlds, seed), seed) {
            println!("{broken}");
            failed += 1;
        }
        if (seed + 1) % SEEDS_A_LINE == 0 {
            println!("{} seeds, {failed} of them break a law", seed + 1);
        }
    }
    (SEEDS - failed, failed)
}
