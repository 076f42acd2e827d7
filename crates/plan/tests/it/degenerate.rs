//! Games at the edge of sense: the right answer or an error that names the field.

use rstest::rstest;
use sekong_plan::{Game, GameError, Plan, SolveError, SolveOptions, check, solve};
use serde_json::{Value, json};

/// Two posts an hour apart, four hours, one unit that may be anywhere all day.
fn small() -> Value {
    json!({
        "slots": 4, "posts": ["A", "B"], "provinces": {"p": ["A", "B"]}, "value": [[8, 8, 8, 8], [8, 8, 8, 8]],
        "capture": 0, "travel_hours": [["A", "B", 0]],
        "units": [{"id": "u", "province": "p", "pool": "x", "detect": 1, "start": 0, "length": 4,
            "enter": ["A", "B"], "leave": ["A", "B"], "reach": ["A", "B"]}],
        "floor": 0, "bribed": 0,
    })
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut game = small();
    for (path, value) in changes {
        *game.pointer_mut(path).unwrap() = value.clone();
    }
    game
}

fn plan(game: &Value) -> Result<Plan, SolveError> {
    let solved = solve(&Game::from_json(&game.to_string()).unwrap(), &SolveOptions::default())?;
    check(&String::from_utf8(solved.to_json()).unwrap(), Some(&game.to_string())).unwrap();
    Ok(solved)
}

fn near(found: f64, right: f64) {
    assert!((found - right).abs() < 1e-2, "{found} is not {right}");
}

#[test]
fn two_equal_posts_are_held_half_the_time() {
    let bounds = plan(&small()).unwrap().value().overall;
    near(bounds.upper, 4.0);
    near(bounds.lower, 4.0);
}

#[test]
fn one_post_is_always_held() {
    let mut game =
        with(&[("/value", json!([[8, 8, 8, 8]])), ("/posts", json!(["A"])), ("/provinces/p", json!(["A"]))]);
    game["travel_hours"] = json!([]);
    for list in ["enter", "leave", "reach"] {
        game["units"][0][list] = json!(["A"]);
    }
    near(plan(&game).unwrap().value().overall.upper, 0.0);
}

#[test]
fn without_travel_the_unit_stays_where_it_began() {
    let solved = plan(&with(&[("/travel_hours", json!([]))])).unwrap();
    near(solved.value().overall.upper, 4.0);
    assert!(solved.chains()[0].arcs().iter().all(|arc| match (arc.from, arc.to) {
        (Some(from), Some(to)) => from.post == to.post,
        _ => true,
    }));
}

#[test]
fn without_value_nothing_is_lost() {
    let bounds = plan(&with(&[("/value", json!([[0, 0, 0, 0], [0, 0, 0, 0]]))])).unwrap().value().overall;
    assert_eq!((bounds.upper, bounds.lower, bounds.gap), (0.0, 0.0, 0.0));
}

#[test]
fn more_units_than_posts_hold_everything() {
    let mut game = small();
    let unit = game["units"][0].clone();
    game["units"] = (0..4)
        .map(|name| {
            let mut unit = unit.clone();
            unit["id"] = json!(format!("u{name}"));
            unit
        })
        .collect();
    near(plan(&game).unwrap().value().overall.upper, 0.0);
}

#[test]
fn bribing_every_unit_leaves_the_largest_value() {
    let bounds = plan(&with(&[("/bribed", json!(3)), ("/value/1/2", json!(9))])).unwrap().value().overall;
    assert_eq!((bounds.upper, bounds.lower, bounds.gap), (9.0, 9.0, 0.0));
}

#[test]
fn one_hour_is_a_game() {
    let game = with(&[("/slots", json!(1)), ("/value", json!([[8], [8]])), ("/units/0/length", json!(1))]);
    near(plan(&game).unwrap().value().overall.upper, 4.0);
}

#[test]
fn no_units_protect_nothing_and_every_slot_is_listed() {
    let solved = plan(&with(&[("/units", json!([])), ("/floor", json!(0.5))])).unwrap();
    assert_eq!(solved.unreachable().len(), 8);
    near(solved.value().overall.lower, 8.0);
}

#[test]
fn a_floor_beyond_reach_names_its_slot_and_proof() {
    match plan(&with(&[("/floor", json!(0.6))])) {
        Err(SolveError::FloorInfeasible { most, floor, .. }) => assert!(most < floor && most >= 0.5 - 1e-9),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_tight_floor_is_held_exactly() {
    let solved = plan(&with(&[("/floor", json!(0.5)), ("/value/0/0", json!(80))])).unwrap();
    assert!((0..2).all(|post| (0..4).all(|hour| solved.inclusion(post, hour) >= 0.5)));
}

/// Only units that part hold it: side by side they visit each of `n` posts with `1 − (1 − 1/n)^n` at most.
#[rstest]
#[case(2)]
#[case(3)]
#[case(5)]
fn a_floor_that_only_units_apart_can_hold_is_held(#[case] count: usize) {
    let posts: Vec<String> = (0..count).map(|post| format!("P{post}")).collect();
    let unit = |at: usize| {
        json!({"id": format!("u{at}"), "province": "p", "pool": "x", "detect": 0.5, "start": 0, "length": 3,
            "enter": posts, "leave": posts, "reach": posts})
    };
    let game = json!({
        "slots": 3, "posts": posts, "provinces": {"p": posts}, "value": vec![vec![4; 3]; count], "capture": 1,
        "travel_hours": [], "units": (0..count).map(unit).collect::<Vec<_>>(), "floor": 0.97, "bribed": 1,
    });
    let solved = plan(&game).unwrap();
    let posts = u16::try_from(count).unwrap();
    assert!((0..posts).all(|post| (0..3).all(|hour| solved.inclusion(post, hour) >= 0.97)));
}

/// One hour, some posts no way apart, and units that may be at any of them.
fn crowd(posts: usize, units: usize, floor: f64) -> Value {
    let posts: Vec<String> = (0..posts).map(|post| format!("P{post}")).collect();
    let unit = |at: usize| {
        json!({"id": format!("u{at}"), "province": "p", "pool": "x", "detect": 0.8, "start": 0, "length": 1,
            "enter": posts, "leave": posts, "reach": posts})
    };
    json!({
        "slots": 1, "posts": posts, "provinces": {"p": posts}, "value": vec![[5]; posts.len()], "capture": 5,
        "travel_hours": [], "units": (0..units).map(unit).collect::<Vec<_>>(), "floor": floor, "bribed": 0,
    })
}

#[rstest]
#[case(2, 2, 0.999)]
#[case(2, 2, 0.99999)]
#[case(2, 2, 0.999999)]
#[case(3, 3, 0.99999)]
#[case(2, 3, 0.999999)]
fn a_floor_next_to_certainty_is_held(#[case] posts: usize, #[case] units: usize, #[case] floor: f64) {
    let solved = plan(&crowd(posts, units, floor)).unwrap();
    assert!((0..posts as u16).all(|post| solved.inclusion(post, 0) >= floor));
}

#[rstest]
#[case(3, 1.0 / 3.0)]
#[case(7, 1.0 / 7.0)]
#[case(6, 0.1666666)]
fn a_floor_that_whole_flows_cannot_hold_says_so_and_its_mend_helps(#[case] posts: usize, #[case] floor: f64) {
    match plan(&crowd(posts, 1, floor)) {
        Err(error @ SolveError::FloorRounded { .. }) => {
            let said = error.to_string();
            assert!(!said.contains("longer") && said.contains("whole numbers of 2^-20"), "{said}");
            let mend: f64 = said.rsplit_once("lower the floor to ").unwrap().1.parse().unwrap();
            assert!(mend < floor && floor - mend < 4e-6, "{said}");
            plan(&crowd(posts, 1, mend)).unwrap();
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_floor_that_only_whole_flows_hold_exactly_is_held() {
    let unit = |id: &str, start: u64, length: u64, reach: &[&str]| {
        json!({"id": id, "province": "p", "pool": "x", "detect": 0.8, "start": start, "length": length,
            "enter": reach, "leave": reach, "reach": reach})
    };
    let units = [
        unit("u", 0, 2, &["A", "C"]),
        unit("v", 1, 1, &["B", "C"]),
        unit("w", 1, 1, &["B", "C"]),
        unit("x", 0, 1, &["B"]),
    ];
    let game = json!({
        "slots": 2, "posts": ["A", "B", "C"], "provinces": {"p": ["A", "B", "C"]}, "value": [[5, 5], [5, 5], [5, 5]],
        "capture": 5, "travel_hours": [["A", "B", 2], ["A", "C", 1], ["B", "C", 1]], "units": units, "floor": 0.5,
        "bribed": 1,
    });
    let solved = plan(&game).unwrap();
    assert!((0..3).all(|post| (0..2).all(|hour| solved.inclusion(post, hour) >= 0.5)));
}

#[test]
fn a_floor_that_was_not_found_names_one_that_was() {
    // Three units at four posts: apart they leave one post to chance, and nothing proves that this is the best.
    let game = |floor: f64| crowd(4, 3, floor);
    match plan(&game(0.74)) {
        Err(error @ SolveError::FloorNotFound { reached, .. }) => {
            let said = error.to_string();
            let mend = said.rsplit_once("lower the floor to ").unwrap().1.split_once(',').unwrap().0;
            let mend: f64 = mend.parse().unwrap();
            assert!(mend < reached && reached - mend < 3e-6, "{said}");
            plan(&game(mend)).unwrap();
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sentinel_that_cannot_end_has_no_path() {
    let mut game = with(&[("/travel_hours", json!([]))]);
    game["units"][0] = json!({"id": "s", "province": "p", "pool": "x", "detect": 1, "start": 0, "length": 4, "every": 2,
        "sentinel": true, "enter": ["A"], "leave": ["B"], "reach": ["A", "B"]});
    assert!(matches!(plan(&game), Err(SolveError::NoPath { .. })));
}

#[rstest]
#[case::slots("/slots", json!(0), "slots")]
#[case::negative_slots("/slots", json!(-4), "slots")]
#[case::no_posts("/posts", json!([]), "posts")]
#[case::duplicate_post("/posts", json!(["A", "A"]), "posts")]
#[case::bad_id("/posts", json!(["A", " B"]), "posts[1]")]
#[case::unknown_post("/provinces/p", json!(["A", "C"]), "provinces[p]")]
#[case::no_province("/provinces/p", json!(["A"]), "provinces")]
#[case::two_provinces("/provinces", json!({"p": ["A", "B"], "q": ["B"]}), "provinces")]
#[case::empty_province("/provinces", json!({"p": ["A", "B"], "q": []}), "provinces[q]")]
#[case::rows("/value", json!([[1, 1, 1, 1]]), "value")]
#[case::row_length("/value/1", json!([1, 1, 1]), "value[B]")]
#[case::negative_value("/value/1/2", json!(-1), "value[B][2]")]
#[case::negative_capture("/capture", json!(-1), "capture[A][0]")]
#[case::capture_rows("/capture", json!([[1, 1, 1, 1]]), "capture")]
#[case::self_pair("/travel_hours", json!([["A", "A", 1]]), "travel_hours")]
#[case::negative_travel("/travel_hours", json!([["A", "B", -1]]), "travel_hours")]
#[case::conflict("/travel_hours", json!([["A", "B", 1], ["B", "A", 2]]), "travel_hours")]
#[case::detect_zero("/units/0/detect", json!(0), "units[u].detect")]
#[case::detect_large("/units/0/detect", json!(1.1), "units[u].detect")]
#[case::start("/units/0/start", json!(4), "units[u].start")]
#[case::length("/units/0/length", json!(5), "units[u].length")]
#[case::no_enter("/units/0/enter", json!([]), "units[u].enter")]
#[case::unknown_reach("/units/0/reach", json!(["A", "Z"]), "units[u].reach")]
#[case::outside_reach("/units/0/reach", json!(["A"]), "units[u].enter")]
#[case::unknown_province("/units/0/province", json!("q"), "units[u].province")]
#[case::floor("/floor", json!(1), "floor")]
#[case::bribed("/bribed", json!(-1), "bribed")]
fn a_bad_field_is_named(#[case] path: &str, #[case] value: Value, #[case] named: &str) {
    let error = Game::from_json(&with(&[(path, value)]).to_string()).unwrap_err();
    assert!(error.to_string().starts_with(&format!("{named}:")), "{error}");
}

#[rstest]
#[case::every("every", json!(2), "units[u].every")]
#[case::objective("objective", json!("best"), "objective")]
#[case::pool("absent", json!({"y": 1}), "absent")]
fn a_bad_optional_field_is_named(#[case] field: &str, #[case] value: Value, #[case] named: &str) {
    let mut game = small();
    if field == "every" {
        game["units"][0][field] = value
    } else {
        game[field] = value
    }
    let error = Game::from_json(&game.to_string()).unwrap_err();
    assert!(error.to_string().starts_with(named), "{error}");
}

#[test]
fn a_number_that_is_none_is_no_json() {
    for number in ["NaN", "Infinity", "1e999", "-"] {
        let text = small().to_string().replace("\"capture\":0", &format!("\"capture\":{number}"));
        assert!(matches!(Game::from_json(&text), Err(GameError::Json { .. })), "{number}");
    }
}

#[test]
fn a_travel_pair_may_be_given_both_ways() {
    let game = with(&[("/travel_hours", json!([["A", "B", 1], ["B", "A", 1], ["A", "B", 1]]))]);
    assert!(Game::from_json(&game.to_string()).is_ok());
}
