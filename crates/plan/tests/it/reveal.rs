//! What knowing more is worth: games in which the answer is plain, and every figure against the checker's.

use sekong_plan::{Fault, Game, Plan, Predictability, SolveOptions, check, solve};
use serde_json::{Value, json};

use crate::games::provincial;

fn solved(game: &Value) -> Plan {
    let options = SolveOptions { rounds: 200, ..SolveOptions::default() };
    solve(&Game::from_json(&game.to_string()).unwrap(), &options).unwrap()
}

/// `units` units at two posts worth 8 in each of four hours; `travel` hours apart, if there is a way.
fn two_posts(units: usize, travel: Option<u64>) -> Value {
    let unit = |at: usize| {
        json!({"id": format!("u{at}"), "province": "p", "pool": "x", "detect": 1, "start": 0, "length": 4,
            "enter": ["A", "B"], "leave": ["A", "B"], "reach": ["A", "B"]})
    };
    json!({
        "slots": 4, "posts": ["A", "B"], "provinces": {"p": ["A", "B"]}, "value": [[8, 8, 8, 8], [8, 8, 8, 8]],
        "capture": 0, "travel_hours": travel.map_or(json!([]), |hours| json!([["A", "B", hours]])),
        "units": (0..units).map(unit).collect::<Vec<_>>(), "floor": 0, "bribed": 0,
    })
}

fn near(found: f64, right: f64) {
    assert!((found - right).abs() < 2e-2, "{found} is not {right}");
}

#[test]
fn a_unit_that_cannot_move_is_foretold_by_one_look() {
    let plan = solved(&two_posts(1, None));
    near(plan.value().overall.upper, 4.0);
    near(plan.prices().reveal.sighting, 8.0);
    near(plan.prices().reveal.sighting_worst, 8.0);
    assert_eq!(Predictability::of(plan.chains()).foretold_share, 1.0);
}

#[test]
fn a_unit_that_is_thrown_anew_each_hour_is_not() {
    let plan = solved(&two_posts(1, Some(0)));
    near(plan.prices().reveal.sighting, 4.0);
    let left = Predictability::of(plan.chains());
    near(left.entropy_bits, 4.0);
    near(left.entropy_bits_per_inspection, 1.0);
    assert_eq!(left.foretold_share, 0.0);
}

#[test]
fn a_bought_team_that_is_alone_opens_its_post_and_company_closes_it() {
    let alone = solved(&two_posts(1, Some(0)));
    assert_eq!(alone.prices().reveal.informed, 8.0);
    let mut game = two_posts(3, Some(0));
    game["posts"] = json!(["A"]);
    game["provinces"]["p"] = json!(["A"]);
    game["value"] = json!([[8]]);
    game["slots"] = json!(1);
    game["travel_hours"] = json!([]);
    for unit in game["units"].as_array_mut().unwrap() {
        unit["length"] = json!(1);
        ["enter", "leave", "reach"].iter().for_each(|list| unit[list] = json!(["A"]));
    }
    let together = solved(&game);
    near(together.prices().reveal.informed, together.value().overall.upper);
}

#[test]
fn nobody_bought_is_no_worse_and_knowing_more_no_better_for_us() {
    for (seed, bribed) in [(1, 0), (2, 1), (3, 2)] {
        let plan = solved(&provincial(seed, 1, 0.05, bribed));
        let (prices, upper) = (plan.prices(), plan.value().overall.upper);
        assert!(prices.unbribed <= upper && (bribed > 0 || prices.unbribed == upper));
        assert!(prices.reveal.informed >= upper && prices.reveal.sighting >= upper);
        assert!(prices.reveal.sighting_worst >= prices.reveal.sighting);
    }
}

#[test]
fn a_changed_figure_is_named() {
    let mut game = provincial(1, 1, 0.05, 1);
    game["absent"] = json!({"province-0/car": 2});
    let plan: Value = serde_json::from_slice(&solved(&game).to_json()).unwrap();
    for path in
        ["unbribed", "informed", "sighting", "sighting_worst", "absent_all", "absent/province-0~1car/1"]
    {
        let mut changed = plan.clone();
        let figure = changed.pointer_mut(&format!("/prices/{path}")).unwrap();
        *figure = json!(figure.as_f64().unwrap() * (1.0 + 1e-6));
        let faults = check(&changed.to_string(), None).unwrap_err().faults;
        assert!(matches!(&faults[..], [Fault::Figure { .. }]), "{path}: {faults:?}");
    }
    for missing in [json!({}), json!({"province-0/car": [1.0, 2.0]}), json!({"nobody": [1.0, 2.0, 3.0]})] {
        let mut changed = plan.clone();
        changed["prices"]["absent"] = missing;
        assert_eq!(check(&changed.to_string(), None).unwrap_err().faults, [Fault::Absent]);
    }
}
