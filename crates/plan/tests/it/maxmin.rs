//! The team-maxmin optimum of the tiniest games, by trying a grid of all ways in which two units can move apart.

use sekong_plan::{Game, SolveOptions, check, solve};
use serde_json::{Value, json};

use crate::games::Numbers;

/// Steps of the grid in each free chance.
const STEPS: usize = 40;

/// Two units, each with a free choice of post in each hour that it works: four chances at most.
fn tiny(seed: u64, bribed: u64) -> Value {
    let mut numbers = Numbers(seed);
    let (posts, hours) = if numbers.below(2) == 0 { (3u64, 1u64) } else { (2, 2) };
    let names: Vec<String> = (0..posts).map(|post| format!("P{post}")).collect();
    let row =
        |numbers: &mut Numbers| (0..hours).map(|_| 1.0 + numbers.below(20) as f64).collect::<Vec<f64>>();
    let value: Vec<Vec<f64>> = names.iter().map(|_| row(&mut numbers)).collect();
    let mut travel = Vec::new();
    for one in 0..names.len() {
        (0..one).for_each(|other| travel.push(json!([names[one], names[other], 0])));
    }
    // Leaving is free at no post before the last hour: a unit is somewhere in every hour.
    let unit = |id: &str, detect: f64| {
        json!({"id": id, "province": "p", "pool": "x", "detect": detect, "start": 0, "length": hours, "every": 1,
            "sentinel": true, "enter": names, "leave": names, "reach": names})
    };
    json!({
        "slots": hours, "posts": names, "provinces": {"p": names}, "value": value, "capture": numbers.below(6),
        "travel_hours": travel, "floor": 0, "bribed": bribed,
        "units": [unit("u", [0.6, 0.8, 1.0][numbers.below(3) as usize]), unit("v", [0.5, 0.9][numbers.below(2) as usize])],
    })
}

/// All divisions of 1 among `posts` in steps of the grid.
fn divisions(posts: usize) -> Vec<Vec<f64>> {
    let step = |count: usize| count as f64 / STEPS as f64;
    match posts {
        2 => (0..=STEPS).map(|one| vec![step(one), step(STEPS - one)]).collect(),
        _ => (0..=STEPS)
            .flat_map(|one| (0..=STEPS - one).map(move |two| (one, two)))
            .map(|(one, two)| vec![step(one), step(two), step(STEPS - one - two)])
            .collect(),
    }
}

/// The worst payoff of one hour if the units are at its posts with these chances.
fn worst(game: &Game, hour: usize, visits: [&[f64]; 2]) -> f64 {
    let payoff = |post: usize| {
        let slot = post * game.hours() + hour;
        let mut chances = [0, 1].map(|unit| game.units()[unit].detect * visits[unit][post]);
        chances.sort_by(|one, other| other.total_cmp(one));
        game.payoff(
            slot,
            1.0 - chances.iter().skip(game.bribed()).map(|chance| 1.0 - chance).product::<f64>(),
        )
    };
    (0..game.posts().len()).map(payoff).fold(f64::NEG_INFINITY, f64::max)
}

/// The best of the grid. With sentinels of two posts no hour apart an hour's chances do not bind the next one's, so the
/// day's optimum is the worst of the hours' optima.
fn grid(game: &Game) -> f64 {
    let divisions = divisions(game.posts().len());
    let of_hour = |hour: usize| {
        let pairs =
            divisions.iter().flat_map(|one| divisions.iter().map(move |other| [one.as_slice(), other]));
        pairs.map(|visits| worst(game, hour, visits)).fold(f64::INFINITY, f64::min)
    };
    (0..game.hours()).map(of_hour).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn the_plan_is_the_best_of_all_plans_whose_units_move_apart() {
    for seed in 0..150 {
        for bribed in [0, 1] {
            let game = Game::from_json(&tiny(seed, bribed).to_string()).unwrap();
            let plan = solve(&game, &SolveOptions { gap: 0.0, ..SolveOptions::default() }).unwrap();
            let upper = check(&String::from_utf8(plan.to_json()).unwrap(), None).unwrap().upper;
            let best = grid(&game);
            let stake =
                (0..game.slot_count()).map(|slot| game.value(slot) + game.capture(slot)).fold(0.0, f64::max);
            // A payoff moves by at most the stake times both units' moves; the nearest point of the grid is half a step away.
            let coarse = stake * 2.0 / STEPS as f64;
            assert!(
                upper <= best + stake * 4e-6,
                "seed {seed}, {bribed} bribed: {upper}, the grid has {best}"
            );
            assert!(upper >= best - coarse, "seed {seed}, {bribed} bribed: {upper}, the grid has {best}");
        }
    }
}
