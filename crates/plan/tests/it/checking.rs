//! The checker accepts what the solver writes and nothing that was changed afterwards.

use sekong_plan::{CheckError, Fault, Game, SolveOptions, check, solve};
use serde_json::{Value, json};

use crate::games::{Numbers, provincial};

fn solved(game: &Value) -> Value {
    let options = SolveOptions { rounds: 200, ..SolveOptions::default() };
    let plan = solve(&Game::from_json(&game.to_string()).unwrap(), &options).unwrap();
    serde_json::from_slice(&plan.to_json()).unwrap()
}

fn game() -> Value {
    provincial(1, 1, 0.05, 1)
}

fn faults(plan: &Value) -> Vec<Fault> {
    match check(&plan.to_string(), None) {
        Ok(checked) => panic!("accepted: {checked:?}"),
        Err(CheckError { faults }) => faults,
    }
}

#[test]
fn an_untouched_plan_is_accepted_with_its_game() {
    let checked = check(&solved(&game()).to_string(), Some(&game().to_string())).unwrap();
    assert_eq!((checked.units, checked.unreachable), (12, 0));
    assert!(checked.lower <= checked.upper);
}

#[test]
fn one_unit_of_flow_moved_is_rejected() {
    let plan = solved(&game());
    let mut numbers = Numbers(5);
    for _ in 0..60 {
        let mut moved = plan.clone();
        let unit = numbers.below(12) as usize;
        let arcs = moved["units"][unit]["arcs"].as_array_mut().unwrap();
        let (one, other) =
            (numbers.below(arcs.len() as u64) as usize, numbers.below(arcs.len() as u64) as usize);
        let take = |arc: &mut Value, by: i64| arc["flow"] = json!(arc["flow"].as_i64().unwrap() + by);
        take(&mut arcs[one], -1);
        let found = faults(&{
            let mut only = plan.clone();
            only["units"][unit]["arcs"][one]["flow"] = moved["units"][unit]["arcs"][one]["flow"].clone();
            only
        });
        assert!(!found.is_empty());
        if one != other {
            take(&mut moved["units"][unit]["arcs"][other], 1);
            assert!(!faults(&moved).is_empty());
        }
    }
}

#[test]
fn every_arc_of_a_small_plan_holds_the_plan_together() {
    let mut game = game();
    game["units"].as_array_mut().unwrap().truncate(3);
    game["floor"] = json!(0);
    let plan = solved(&game);
    for unit in 0..3 {
        for arc in 0..plan["units"][unit]["arcs"].as_array().unwrap().len() {
            let mut changed = plan.clone();
            let flow = &mut changed["units"][unit]["arcs"][arc]["flow"];
            *flow = json!(flow.as_i64().unwrap() + 1);
            assert!(faults(&changed).iter().any(|fault| {
                matches!(fault, Fault::Conservation { .. } | Fault::Source { .. } | Fault::ArcForm { .. })
            }));
        }
    }
}

#[test]
fn each_changed_claim_is_named() {
    let plan = solved(&game());
    let changed = |path: &str, value: Value| {
        let mut changed = plan.clone();
        *changed.pointer_mut(path).unwrap() = value;
        faults(&changed)
    };
    let slightly = |path: &str| json!(plan.pointer(path).unwrap().as_f64().unwrap() * (1.0 + 1e-7));
    for path in ["/value/upper", "/value/lower", "/value/provinces/province-0/upper"] {
        assert!(matches!(changed(path, slightly(path))[..], [Fault::Figure { .. }]), "{path}");
    }
    assert!(matches!(changed("/value/gap", json!(0.0))[..], [Fault::Figure { .. }]));
    assert!(!changed("/adversary/0/weight", json!(0.5)).is_empty());
    assert!(matches!(
        changed("/adversary/0/removed", json!(["nobody"]))[..],
        [Fault::Threat { entry: 0, .. }]
    ));
    let two = json!([plan["units"][0]["id"], plan["units"][1]["id"]]);
    assert!(matches!(changed("/adversary/0/removed", two)[..], [Fault::Threat { entry: 0, .. }]));
    assert!(
        changed("/unreachable", json!([["P00", 0]])).iter().any(|f| matches!(f, Fault::Unreachable { .. }))
    );
    assert!(changed("/game/floor", json!(0.9)).iter().any(|f| matches!(f, Fault::Floor { .. })));
    assert!(changed("/game/value/0/0", json!(1.0)).iter().any(|f| matches!(f, Fault::GameHash { .. })));
    assert!(matches!(changed("/scale", json!(1000))[..], [Fault::Kind { .. }]));
    assert!(changed("/game/floor", json!(2)).iter().any(|f| matches!(f, Fault::Game(_))));
    assert!(matches!(changed("/prices/floor", json!(-1))[..], [Fault::Price { .. }]));
    assert!(matches!(changed("/units/0/id", json!("someone"))[..], [Fault::Units]));
}

/// Two provinces of a post each; the second's mix is one entry with `weight`.
fn lopsided(value: f64, weight: f64) -> Value {
    let mut plan = solved(&json!({
        "slots": 1, "posts": ["a", "b"], "provinces": {"A": ["a"], "B": ["b"]}, "value": [[5], [value]], "capture": 0,
        "travel_hours": [], "floor": 0, "bribed": 0,
        "units": [{"id": "u", "province": "A", "pool": "x", "detect": 0.2, "start": 0, "length": 1,
            "enter": ["a", "b"], "leave": ["a", "b"], "reach": ["a", "b"]}],
    }));
    let entry = |post: &str, weight: f64| json!({"post": post, "hour": 0, "removed": [], "weight": weight});
    plan["adversary"] = json!([entry("a", 1.0), entry("b", weight)]);
    plan
}

/// Products with the smallest number there is round to whole multiples of it: 1.5 times it is twice it.
#[test]
fn a_weight_of_next_to_nothing_certifies_nothing() {
    for weight in [5e-324, 0.0, 2f64.powi(-61)] {
        let faults = faults(&lopsided(1.5, weight));
        assert!(matches!(faults[..], [Fault::Threat { entry: 1, .. }]), "{weight}: {faults:?}");
    }
    check(&lopsided(1.5, 2f64.powi(-60)).to_string(), None).unwrap();
}

#[test]
fn a_bound_above_what_the_plan_allows_is_named_whatever_was_claimed() {
    let faults = faults(&lopsided(3e-306, 2f64.powi(-60)));
    let crossed =
        |fault: &Fault| matches!(fault, Fault::Crossed { field, .. } if field == "value.provinces[B]");
    assert!(faults.iter().any(crossed), "{faults:?}");
}

#[test]
fn an_arc_against_the_rules_is_named() {
    let mut plan = solved(&game());
    let first = &mut plan["units"][0]["arcs"][0]["to"][1];
    *first = json!(2);
    assert!(faults(&plan).iter().any(|fault| matches!(fault, Fault::ArcIllegal { .. })));
}

#[test]
fn a_plan_for_another_game_is_rejected() {
    let other = provincial(2, 1, 0.05, 1).to_string();
    let error = check(&solved(&game()).to_string(), Some(&other)).unwrap_err();
    assert_eq!(error.faults, [Fault::OtherGame]);
}

#[test]
fn noise_is_rejected_with_its_place() {
    for noise in ["", "{}", "null", "[1,2", "\u{0}\u{0}"] {
        assert!(matches!(check(noise, None).unwrap_err().faults[..], [Fault::Json { what: "plan", .. }]));
    }
}
