//! The certified bound beside HiGHS: `reference/additive_bound.py`, games of 20 to 100 posts.

use sekong_plan::{Game, SolveOptions, solve};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Golden {
    game: Value,
    bound: f64,
}

#[test]
fn the_bound_is_the_optimum_of_the_linear_programme() {
    let golden: Vec<Golden> = serde_json::from_str(include_str!("golden/additive.json")).unwrap();
    assert_eq!(golden.len(), 5);
    for (at, Golden { game, bound }) in golden.iter().enumerate() {
        let options = SolveOptions { work: 0, ..SolveOptions::default() };
        let plan = solve(&Game::from_json(&game.to_string()).unwrap(), &options).unwrap();
        let lower = plan.value().overall.lower;
        assert!(lower <= bound + 1e-7 * bound.abs(), "game {at}: {lower}, HiGHS has {bound}");
        assert!(lower >= bound - 1e-3 * bound.abs(), "game {at}: {lower}, HiGHS has {bound}");
    }
}
