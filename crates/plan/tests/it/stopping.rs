//! Told to stop, the solver comes to an end with the best plan met, wherever it was.

use std::sync::atomic::{AtomicUsize, Ordering};

use sekong_plan::{
    Explanation, Game, Outcome, SolveError, SolveOptions, check, explain_until, solve, solve_until,
};
use serde_json::{Value, json};

use crate::games::provincial;

fn options() -> SolveOptions {
    SolveOptions { rounds: 100, work: 20_000_000, ..SolveOptions::default() }
}

/// Solves until it has asked so many times whether to stop; and how often it asked.
fn asked(game: &Value, times: usize) -> (Result<Outcome, SolveError>, usize) {
    let count = AtomicUsize::new(0);
    let stop = || count.fetch_add(1, Ordering::Relaxed) >= times;
    let outcome = solve_until(&Game::from_json(&game.to_string()).unwrap(), &options(), &stop);
    (outcome, count.load(Ordering::Relaxed))
}

fn leximin(seed: u64) -> Value {
    let mut game = provincial(seed, 1, 0.05, 0);
    game["objective"] = json!("leximin");
    game
}

#[test]
fn a_plan_that_was_stopped_anywhere_is_a_plan() {
    for game in [provincial(1, 1, 0.0, 1), provincial(2, 2, 0.05, 0), leximin(3)] {
        let (done, all) = asked(&game, usize::MAX);
        assert!(!done.unwrap().stopped && all > 1000, "{all}: it asks within its programmes");
        let some = [0, 1, 2, 3, 5, 9, 30, 99, 150, 250].into_iter();
        let (mut uppers, mut worst) = (Vec::new(), 0);
        for times in some.chain((1..8).map(|share| share * all / 8)) {
            let (outcome, count) = asked(&game, times);
            let outcome = outcome.unwrap();
            assert!(outcome.stopped);
            check(&String::from_utf8(outcome.plan.to_json()).unwrap(), None).unwrap();
            uppers.push(outcome.plan.value().overall.upper);
            worst = worst.max(count - times);
        }
        // Loops that ask end there; the programmes alone would have asked a thousand times.
        assert!(worst < 150, "asked {worst} times more");
        assert!(uppers.last() < uppers.first(), "{uppers:?}");
    }
}

#[test]
fn a_floor_that_was_not_met_by_then_is_not_called_impossible() {
    let tight = provincial(1, 1, 0.3, 0);
    let (done, _) = asked(&tight, usize::MAX);
    for times in [0, 1, 5] {
        match asked(&tight, times).0 {
            Err(error @ SolveError::FloorStopped { .. }) => {
                let said = error.to_string();
                assert!(said.contains("more time") && !said.contains("lower the floor"), "{said}");
                assert!(!said.contains("inf") && !said.contains("NaN"), "{said}");
            }
            other => panic!("{other:?}, {done:?}"),
        }
    }
}

#[test]
fn what_no_time_is_left_for_is_left_out_of_an_explanation() {
    let mut game = provincial(4, 1, 0.05, 1);
    game["absent"] = json!({"province-0/car": 1});
    let plan = solve(&Game::from_json(&game.to_string()).unwrap(), &options()).unwrap();
    let explained = |times: usize| -> (Explanation, usize) {
        let count = AtomicUsize::new(0);
        let stop = || count.fetch_add(1, Ordering::Relaxed) >= times;
        (explain_until(&plan, &options(), &stop).unwrap(), count.load(Ordering::Relaxed))
    };
    let (none, _) = explained(0);
    assert!(none.stopped && none.baselines.is_none() && none.regret.is_none());
    assert!(none.predictability.is_none() && none.prices.bribes.is_none() && none.prices.sentinels.is_none());
    assert_eq!((none.staffing.len(), none.heat.len()), (1, 7));
    let (whole, all) = explained(usize::MAX);
    assert!(!whole.stopped && whole.regret.is_some() && whole.staffing.len() > 4);
    for share in 1..6 {
        let (some, count) = explained(share * all / 6);
        assert!(some.stopped && count < share * all / 6 + 150, "{count} of {all}");
        // What is said is what would have been said.
        assert!(some.prices.bribes.is_none() || some.prices.bribes == whole.prices.bribes);
        assert!(some.regret.is_none() || some.regret == whole.regret);
        assert!(some.staffing.iter().all(|step| whole.staffing.contains(step)));
    }
}
