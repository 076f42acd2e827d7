//! Of equally good plans the one that tells an observer least.

use sekong_plan::{Game, Plan, Predictability, SolveOptions, solve};
use serde_json::{Value, json};

use crate::games::provincial;

fn solved(game: &Value) -> Plan {
    solve(&Game::from_json(&game.to_string()).unwrap(), &SolveOptions::default()).unwrap()
}

#[test]
fn a_unit_that_the_worst_slot_does_not_need_walks_every_path_alike() {
    let unit = |id: &str, reach: &[&str]| {
        json!({"id": id, "province": "p", "pool": "x", "detect": 0.5, "start": 0, "length": 2,
            "enter": reach, "leave": reach, "reach": reach})
    };
    let plan = solved(&json!({
        "slots": 2, "posts": ["hot", "a", "b"], "provinces": {"p": ["hot", "a", "b"]},
        "value": [[50, 50], [8, 1], [3, 7]], "capture": 0, "travel_hours": [["a", "b", 0]], "floor": 0, "bribed": 0,
        "units": [unit("z", &["hot"]), unit("w", &["a", "b"])],
    }));
    // It may end after one hour: four of its six paths go on into the second.
    assert!((Predictability::of(&plan.chains()[1..]).entropy_bits - 6f64.log2()).abs() < 1e-9);
    assert!((plan.value().overall.upper - 25.0).abs() < 25.0 * 0.001);
}

#[test]
fn what_is_moved_still_holds_the_floor() {
    for (seed, floor) in [(1, 0.05), (3, 0.1)] {
        let plan = solved(&provincial(seed, 1, floor, 0));
        for post in 0..7 {
            assert!((0..24).all(|hour| plan.inclusion(post, hour) >= floor), "seed {seed}");
        }
    }
}
