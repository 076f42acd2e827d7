//! `sekong game solve`: the plan of a game file.

use sekong_plan::{Game, SolveOptions, solve_until};

use super::plan::deliver;
use crate::cli::GameSolveArgs;
use crate::clocks::over_after;
use crate::failure::Failure;
use crate::files::{GAME_MAX_BYTES, read_at_most};

/// Ten times what a campaign's daily plans get: a game file is solved once.
const WORK: usize = 6_000_000_000;

pub(crate) fn run(args: &GameSolveArgs) -> Result<(), Failure> {
    let over = over_after(args.time_limit);
    let place = args.game.display();
    let text = String::from_utf8(read_at_most(&args.game, GAME_MAX_BYTES)?)
        .map_err(|_| Failure::failed(format!("{place} is not UTF-8 text")).hint("name a game file"))?;
    let game = Game::from_json(&text).map_err(|error| Failure::failed(format!("{place}: {error}")))?;
    let options = SolveOptions {
        gap: args.gap.0,
        work: WORK,
        threads: args.threads,
        seed: args.seed,
        ..SolveOptions::default()
    };
    let outcome = solve_until(&game, &options, &over).map_err(Failure::failed)?;
    deliver(&outcome, &args.out, "plan", args.json)
}
