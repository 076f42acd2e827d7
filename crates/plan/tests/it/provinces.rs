//! Provinces of the campaign's size: the gap that the plan is published with.

use rstest::rstest;
use sekong_plan::{Game, SolveOptions, check, solve};

use crate::games::provincial;

#[rstest]
#[case::plain(1, 0, 0.05)]
#[case::bribed(4, 1, 0.07)]
fn a_province_is_solved_to_a_few_percent(#[case] seed: u64, #[case] bribed: u64, #[case] most: f64) {
    let game = Game::from_json(&provincial(seed, 1, 0.05, bribed).to_string()).unwrap();
    let plan = solve(&game, &SolveOptions::default()).unwrap();
    let bounds = plan.value().overall;
    assert!(bounds.gap <= most && bounds.lower <= bounds.upper, "{bounds:?}");
    for post in 0..7 {
        assert!((0..24).all(|hour| plan.inclusion(post, hour) >= 0.05));
    }
    check(&String::from_utf8(plan.to_json()).unwrap(), None).unwrap();
}

#[test]
fn provinces_that_share_no_units_are_each_answered() {
    let options = SolveOptions { rounds: 1000, ..SolveOptions::default() };
    let plan = solve(&Game::from_json(&provincial(2, 3, 0.05, 0).to_string()).unwrap(), &options).unwrap();
    let value = plan.value();
    assert_eq!(value.provinces.len(), 3);
    for bounds in value.provinces.values() {
        assert!(bounds.gap <= 0.15 && bounds.upper <= value.overall.upper, "{bounds:?}");
    }
    check(&String::from_utf8(plan.to_json()).unwrap(), None).unwrap();
}
