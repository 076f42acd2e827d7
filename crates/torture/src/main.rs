//! `sekong-torture PART BINARY [KIND=ROUNDS]`: a line a round, and `N passed, N failed` at the end.

mod durability;
mod estimates;

use std::process::ExitCode;

use sekong_torture::{Binary, World, live, world_of};

/// Seeds of the part `centre`.
const SEEDS: u64 = 2_000;

/// Seeds after which it says how far it is.
const SEEDS_A_LINE: u64 = 200;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let (Some(part), Some(binary), only, None) = (args.next(), args.next(), args.next(), args.next()) else {
        eprintln!("usage: sekong-torture log|centre|estimate|field BINARY [KIND=ROUNDS]");
        return ExitCode::from(2);
    };
    let tally = match part.as_str() {
        "log" => durability::torture(&Binary(binary.into()), only.as_deref()),
        "centre" => simulate(),
        "estimate" => estimates::torture(&Binary(binary.into())),
        // The other part is not built yet, and says so by passing nothing.
        _ => Tally::default(),
    };
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed == 0 && tally.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Rounds that held, and rounds that did not.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
    }

    fn count(&mut self, held: bool) {
        *if held { &mut self.passed } else { &mut self.failed } += 1;
    }
}

/// Lives campaigns through, each with the chances of its seed.
fn simulate() -> Tally {
    let (worlds, mut tally) = (World::all(), Tally::default());
    for seed in 0..SEEDS {
        let lived = live(world_of(&worlds, seed), seed);
        tally.count(lived.is_ok());
        if let Err(broken) = lived {
            println!("{broken}");
        }
        if (seed + 1) % SEEDS_A_LINE == 0 {
            println!("{} seeds, {} of them break a law", seed + 1, tally.failed);
        }
    }
    tally
}
