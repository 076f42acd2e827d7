//! Free travel: every hour is a game of its own, and the best coverage fills slots like water (ORIGAMI; Kiekintveld et al.
//! 2009).

use sekong_plan::{Game, SolveOptions, check, solve};
use serde_json::{Value, json};

use crate::games::Numbers;

/// Slots of an hour as (value, capture).
pub(crate) type Stakes = Vec<(f64, f64)>;

/// Posts with no hour between any two, and units that can be at all of them.
pub(crate) fn free_travel(seed: u64, units: usize) -> Value {
    let mut numbers = Numbers(seed);
    let posts: Vec<String> = (0..2 + numbers.below(11)).map(|post| format!("P{post}")).collect();
    let hours = 1 + numbers.below(4);
    let row =
        |numbers: &mut Numbers| (0..hours).map(|_| 1.0 + numbers.below(40) as f64).collect::<Vec<f64>>();
    let value: Vec<Vec<f64>> = posts.iter().map(|_| row(&mut numbers)).collect();
    let capture: Vec<Vec<f64>> = posts.iter().map(|_| row(&mut numbers)).collect();
    let mut travel = Vec::new();
    for one in 0..posts.len() {
        (0..one).for_each(|other| travel.push(json!([posts[one], posts[other], 0])));
    }
    let mut unit = |at: usize| {
        json!({"id": format!("u{at}"), "province": "all", "pool": "car", "detect": 0.5 + 0.5 * numbers.unit(),
            "start": 0, "length": hours, "enter": posts, "leave": posts, "reach": posts})
    };
    json!({
        "slots": hours, "posts": posts, "provinces": {"all": posts}, "value": value, "capture": capture,
        "travel_hours": travel, "floor": 0, "bribed": 0, "units": (0..units).map(&mut unit).collect::<Vec<_>>(),
    })
}

/// The stakes of each hour.
pub(crate) fn hours(game: &Game) -> Vec<Stakes> {
    let of_hour = |hour: usize| {
        let slots = (0..game.slot_count()).filter(|slot| slot % game.hours() == hour);
        slots.map(|slot| (game.value(slot), game.capture(slot))).collect()
    };
    (0..game.hours()).map(of_hour).collect()
}

/// The level to which chances of detection that sum to `detect` bring an hour's slots down.
pub(crate) fn level(stakes: &Stakes, detect: f64) -> f64 {
    let needed = |level: f64| {
        stakes.iter().map(|(value, capture)| ((value - level) / (value + capture)).max(0.0)).sum::<f64>()
    };
    let (mut low, mut high) = (-1e6, 1e3);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if needed(middle) > detect { low = middle } else { high = middle }
    }
    high
}

#[test]
fn one_unit_fills_the_worst_hour_and_many_are_bounded_by_it() {
    for seed in 0..60 {
        let units = 1 + seed as usize % 3;
        let game = Game::from_json(&free_travel(seed, units).to_string()).unwrap();
        let plan = solve(&game, &SolveOptions { gap: 1e-5, ..SolveOptions::default() }).unwrap();
        check(&String::from_utf8(plan.to_json()).unwrap(), None).unwrap();
        let detect: f64 = game.units().iter().map(|unit| unit.detect).sum();
        let right = hours(&game).iter().map(|stakes| level(stakes, detect)).fold(f64::NEG_INFINITY, f64::max);
        let (bounds, near) = (plan.value().overall, 1e-4 * right.abs().max(0.4));
        assert!((bounds.lower - right).abs() < near, "seed {seed}: {bounds:?} for {right}");
        if units == 1 {
            assert!((bounds.upper - right).abs() < near, "seed {seed}: {bounds:?} for {right}");
        }
    }
}
