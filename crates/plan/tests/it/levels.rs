//! Beyond the worst slot: leximin and one smuggler per province.

use sekong_plan::{Game, Plan, SolveOptions, check, solve};
use serde_json::{Value, json};

use crate::games::provincial;
use crate::waterfilling::{free_travel, hours, level};

fn solved(game: &Value, objective: &str) -> Plan {
    let mut game = game.clone();
    game["objective"] = json!(objective);
    let options = SolveOptions { gap: 1e-6, ..SolveOptions::default() };
    let plan = solve(&Game::from_json(&game.to_string()).unwrap(), &options).unwrap();
    check(&String::from_utf8(plan.to_json()).unwrap(), None).unwrap();
    plan
}

/// What each slot pays the smuggler, the largest first.
fn payoffs(plan: &Plan) -> Vec<f64> {
    let game = plan.game();
    let payoff = |slot| {
        let (post, hour) = game.slot_place(slot);
        game.payoff(slot, plan.detection(post, hour))
    };
    let mut payoffs: Vec<f64> = (0..game.slot_count()).map(payoff).collect();
    payoffs.sort_by(|one, other| other.total_cmp(one));
    payoffs
}

#[test]
fn leximin_fills_every_hour_to_its_own_level() {
    for seed in 0..30 {
        let plan = solved(&free_travel(seed, 1), "leximin");
        let mut right = Vec::new();
        for stakes in hours(plan.game()) {
            let level = level(&stakes, plan.game().units()[0].detect);
            right.extend(stakes.iter().map(|(value, _)| value.min(level)));
        }
        right.sort_by(|one, other| other.total_cmp(one));
        for (place, (found, right)) in payoffs(&plan).iter().zip(&right).enumerate() {
            assert!(
                (found - right).abs() < 2e-3 * right.abs().max(0.4),
                "seed {seed}, {place}: {found} for {right}"
            );
        }
    }
}

#[test]
fn leximin_lowers_what_max_leaves_and_keeps_the_worst() {
    for (seed, bribed) in [(1, 0), (4, 1)] {
        let game = provincial(seed, 1, 0.05, bribed);
        let (max, leximin) = (solved(&game, "max"), solved(&game, "leximin"));
        let (one, other) = (payoffs(&max), payoffs(&leximin));
        assert!(other[0] <= one[0] * (1.0 + 1e-4), "seed {seed}: {} for {}", other[0], one[0]);
        let differs = |(one, other): &(&f64, &f64)| (*one - *other).abs() > 1e-3 * one.abs();
        let (max, leximin) = one.iter().zip(&other).find(differs).unwrap();
        assert!(leximin < max, "seed {seed}: {leximin} for {max}");
    }
}

/// A hot post that its unit can hardly lower, a post beside it and two of another province, and a unit for all three.
fn hot() -> Value {
    let unit = |id: &str, detect: f64, reach: &[&str]| {
        json!({"id": id, "province": "A", "pool": "car", "detect": detect, "start": 0, "length": 1,
            "enter": reach, "leave": reach, "reach": reach})
    };
    json!({
        "slots": 1, "posts": ["hot", "a", "b1", "b2"], "provinces": {"A": ["hot", "a"], "B": ["b1", "b2"]},
        "value": [[50], [8], [2], [2]], "capture": 0, "travel_hours": [], "floor": 0, "bribed": 0,
        "units": [unit("z", 0.1, &["hot"]), unit("u", 0.5, &["a"]), unit("w", 1.0, &["a", "b1", "b2"])],
    })
}

#[test]
fn each_objective_looks_where_it_should() {
    let at = |objective: &str, post: u16| {
        let plan = solved(&hot(), objective);
        plan.game().payoff(usize::from(post), plan.detection(post, 0))
    };
    let near = |found: f64, right: f64| assert!((found - right).abs() < 1e-2, "{found} is not {right}");
    ["max", "provinces", "leximin"].iter().for_each(|objective| near(at(objective, 0), 45.0));
    (2..4).for_each(|post| near(at("provinces", post), 1.0));
    (1..4).for_each(|post| near(at("leximin", post), 1.6));
}
