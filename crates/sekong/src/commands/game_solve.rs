//! `sekong game solve`: the plan of a game file.

use std::path::Path;

use sekong_plan::{Game, Plan, SolveOptions, explain_until, solve_until};

use super::ensure_writable;
use super::plan::{Told, write};
use crate::cli::GameSolveArgs;
use crate::clocks::over_after;
use crate::failure::Failure;
use crate::files::{GAME_MAX_BYTES, read_at_most};

/// Ten times what a campaign's daily plans get: a game file is solved once.
const WORK: usize = 6_000_000_000;

pub(crate) fn run(args: &GameSolveArgs) -> Result<(), Failure> {
    let over = over_after(args.time_limit);
    ensure_writable(&args.out)?;
    let place = args.game.display();
    let text = String::from_utf8(read_at_most(&args.game, GAME_MAX_BYTES)?)
        .map_err(|_| Failure::failed(format!("{place} is not UTF-8 text")).hint("name a game file"))?;
    let game = Game::from_json(&text).map_err(|error| Failure::failed(format!("{place}: {error}")))?;
    let start = args.start.as_deref().map(read_plan).transpose()?;
    let options = SolveOptions {
        gap: args.gap.0,
        work: WORK,
        threads: args.threads,
        seed: args.seed,
        start,
        ..SolveOptions::default()
    };
    let outcome = solve_until(&game, &options, &over).map_err(Failure::failed)?;
    write(&outcome.plan, &args.out)?;
    let explain = || explain_until(&outcome.plan, &options, &over);
    let explained = args.explain.then(explain).transpose().map_err(Failure::failed)?;
    let told = Told { outcome: &outcome, gap_asked: options.gap, explained: explained.as_ref() };
    told.tell(&args.out, "plan", args.json)
}

fn read_plan(path: &Path) -> Result<Plan, Failure> {
    let (place, hint) = (path.display(), "--start takes a plan written by sekong");
    let text = String::from_utf8(read_at_most(path, GAME_MAX_BYTES)?)
        .map_err(|_| Failure::failed(format!("{place} is not UTF-8 text")).hint(hint))?;
    Plan::from_json(&text).map_err(|error| Failure::failed(format!("{place}: {error}")).hint(hint))
}
