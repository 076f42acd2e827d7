//! Documents: what is read is written again, to the byte, and the same game gives the same plan.

use std::num::NonZeroUsize;

use proptest::prelude::*;
use sekong_plan::{Game, Plan, SolveOptions, solve};
use serde_json::json;

use crate::games::{provincial, tiny};

#[test]
fn the_same_game_gives_the_same_bytes() {
    let options = SolveOptions { rounds: 100, ..SolveOptions::default() };
    let solved =
        || solve(&Game::from_json(&provincial(3, 1, 0.05, 1).to_string()).unwrap(), &options).unwrap();
    assert_eq!(solved().to_json(), solved().to_json());
}

#[test]
fn no_plan_depends_on_the_number_of_threads() {
    let mut crowded = provincial(4, 1, 0.0, 1);
    let units = crowded["units"].as_array().unwrap().clone();
    let copied = |copy: usize| {
        units.iter().map(move |unit| {
            let mut unit = unit.clone();
            unit["id"] = json!(format!("{}+{copy}", unit["id"].as_str().unwrap()));
            unit
        })
    };
    crowded["units"] = (0..6).flat_map(copied).collect();
    for game in [crowded, provincial(5, 3, 0.05, 0), provincial(6, 2, 0.02, 1)] {
        let game = Game::from_json(&game.to_string()).unwrap();
        let at = |threads: usize| {
            let threads = NonZeroUsize::new(threads).unwrap();
            let options = SolveOptions { rounds: 50, work: 20_000_000, threads, ..SolveOptions::default() };
            solve(&game, &options).unwrap().to_json()
        };
        let alone = at(1);
        assert!(at(2) == alone && at(8) == alone);
    }
}

#[test]
fn a_plan_reads_back_as_it_was() {
    let options = SolveOptions { rounds: 100, ..SolveOptions::default() };
    let plan = solve(&Game::from_json(&provincial(3, 2, 0.05, 1).to_string()).unwrap(), &options).unwrap();
    let text = String::from_utf8(plan.to_json()).unwrap();
    let again = Plan::from_json(&text).unwrap();
    assert_eq!(again, plan);
    assert_eq!(again.to_json(), plan.to_json());
}

#[test]
fn a_plan_is_written_in_canonical_form_whatever_its_names() {
    let mut game = tiny(3);
    let odd = "Stœung \"Treng\" \\ ស្ទឹង";
    let text = game.to_string().replace("\"P0\"", &serde_json::to_string(odd).unwrap());
    game = serde_json::from_str(&text).unwrap();
    let plan = solve(&Game::from_json(&game.to_string()).unwrap(), &SolveOptions::default()).unwrap();
    let text = plan.to_json();
    let document: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(serde_json_canonicalizer::to_vec(&document).unwrap(), text);
    assert!(String::from_utf8(text).unwrap().contains("Treng"));
}

#[test]
fn inclusion_is_what_the_units_make_of_it() {
    let options = SolveOptions { rounds: 100, ..SolveOptions::default() };
    let plan = solve(&Game::from_json(&provincial(3, 1, 0.0, 0).to_string()).unwrap(), &options).unwrap();
    for hour in 0..24 {
        let mut present = 0.0;
        for post in 0..7 {
            let missed: f64 = (0..12).map(|unit| 1.0 - plan.unit_inclusion(unit, post, hour)).product();
            assert!((plan.inclusion(post, hour) - (1.0 - missed)).abs() < 1e-12);
            let sentinels = plan.game().units().iter().enumerate().filter(|(_, unit)| unit.sentinel);
            present += sentinels.map(|(unit, _)| plan.unit_inclusion(unit, post, hour)).sum::<f64>();
        }
        assert_eq!(present, 1.0, "one sentinel is somewhere in hour {hour}");
    }
    assert_eq!((plan.inclusion(7, 0), plan.inclusion(0, 24), plan.unit_inclusion(99, 0, 0)), (0.0, 0.0, 0.0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_game_keeps_its_bytes_and_its_hash(seed in any::<u64>()) {
        let game = Game::from_json(&tiny(seed).to_string()).unwrap();
        let bytes = game.to_json();
        let again = Game::from_json(std::str::from_utf8(&bytes).unwrap()).unwrap();
        prop_assert_eq!(again.to_json(), bytes);
        prop_assert_eq!(again.sha256(), game.sha256());
    }

    #[test]
    fn noise_is_an_error_and_never_a_panic(text in ".{0,200}") {
        prop_assert!(Game::from_json(&text).is_err());
        prop_assert!(Plan::from_json(&text).is_err());
    }
}
