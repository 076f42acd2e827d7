//! The solver beside another way to the same plans: `reference/relinearise.py`, eight random starts a game.

use sekong_plan::{Game, SolveOptions, check, solve};
use serde::Deserialize;
use serde_json::Value;

/// How much worse than the best of the eight starts a plan may be; the search stops at its rounds, not at the optimum.
const WORSE_MAX: f64 = 1e-4;

/// What `sekong game solve` spends.
const WORK: usize = 6_000_000_000;

#[derive(Deserialize)]
struct Golden {
    game: Value,
    uppers: Vec<f64>,
}

#[test]
fn plans_are_no_worse_than_the_best_of_eight_starts() {
    let golden: Vec<Golden> = serde_json::from_str(include_str!("golden/relinearised.json")).unwrap();
    assert_eq!(golden.len(), 5);
    for (at, Golden { game, uppers }) in golden.iter().enumerate() {
        let options = SolveOptions { gap: 0.0, work: WORK, ..SolveOptions::default() };
        let plan = solve(&Game::from_json(&game.to_string()).unwrap(), &options).unwrap();
        let text = String::from_utf8(plan.to_json()).unwrap();
        let upper = check(&text, None).unwrap().upper;
        let best = uppers.iter().copied().fold(f64::INFINITY, f64::min);
        assert!(upper <= best * (1.0 + WORSE_MAX), "game {at}: {upper}, the best start {best}");
    }
}
