//! The explanation of a plan: comparisons that must come out one way, and the regret against values tried one by one.

use sekong_plan::{Explanation, Game, Plan, SolveOptions, explain, solve};
use serde_json::{Value, json};

use crate::games::{Numbers, provincial};

fn options() -> SolveOptions {
    SolveOptions { rounds: 300, work: 200_000_000, ..SolveOptions::default() }
}

fn solved(game: &Value) -> Plan {
    solve(&Game::from_json(&game.to_string()).unwrap(), &options()).unwrap()
}

fn explained(plan: &Plan) -> Explanation {
    explain(plan, &options()).unwrap()
}

#[test]
fn the_plan_beats_other_ways_and_more_crews_help() {
    for (seed, bribed) in [(1, 0), (2, 1)] {
        let of = explained(&solved(&provincial(seed, 1, 0.02, bribed)));
        let ways = of.baselines.unwrap();
        for other in
            [ways.additive_apart, ways.risk_proportional, ways.uniform, ways.fixed_rota, ways.nothing]
        {
            assert!(of.upper <= other, "seed {seed}: {ways:?}");
        }
        assert!(ways.fixed_rota <= ways.nothing);
        assert!(of.staffing.windows(2).all(|pair| pair[0].units < pair[1].units));
        assert!(
            of.staffing.windows(2).all(|pair| pair[0].upper >= pair[1].upper * (1.0 - 1e-3)),
            "seed {seed}"
        );
        assert!(of.staffing.iter().all(|step| step.lower <= step.upper) && of.staffing.len() >= 4);
        assert_eq!(of.prices.bribes > Some(0.0), bribed > 0);
    }
}

#[test]
fn binding_slots_pay_the_worst_and_the_heat_map_is_the_plan() {
    let plan = solved(&provincial(3, 1, 0.05, 0));
    let of = explained(&plan);
    assert!(of.binding.len() > 3 && of.binding.iter().all(|slot| slot.payoff > of.upper * 0.99));
    for (post, row) in (0u16..).zip(&of.heat) {
        for hour in 0..24u8 {
            assert_eq!(row.inclusion[usize::from(hour)], plan.inclusion(post, hour));
        }
    }
}

/// Three posts, two units: small enough to solve for many values.
fn small(values: &[f64]) -> Value {
    let rows: Vec<&[f64]> = values.chunks(3).collect();
    let unit = |id: &str, reach: &[&str]| {
        json!({"id": id, "province": "p", "pool": "x", "detect": 0.8, "start": 0, "length": 3,
            "enter": reach, "leave": reach, "reach": reach})
    };
    json!({
        "slots": 3, "posts": ["A", "B", "C"], "provinces": {"p": ["A", "B", "C"]}, "value": rows, "capture": 3,
        "travel_hours": [["A", "B", 0], ["B", "C", 0]], "floor": 0, "bribed": 0,
        "units": [unit("u", &["A", "B"]), unit("v", &["B", "C"])],
    })
}

#[test]
fn values_at_the_limit_are_no_more_than_that_when_they_are_off() {
    let of = explained(&solved(&small(&[1e15, 6e14, 5e14, 1e15, 3.0, 0.0, 1e15, 1e15, 1e15])));
    let regret = of.regret.unwrap();
    assert!(regret.payoff <= 1e15 && regret.at_most > 0.0, "{regret:?}");
}

#[test]
fn no_values_within_a_factor_of_two_are_regretted_more() {
    let mut numbers = Numbers(11);
    for _ in 0..5 {
        let values: Vec<f64> = (0..9).map(|_| 1.0 + numbers.below(9) as f64).collect();
        let plan = solved(&small(&values));
        let regret = explained(&plan).regret.unwrap();
        let mut largest = 0.0f64;
        for _ in 0..40 {
            let lone = numbers.below(9) as usize;
            let off = |(at, value): (usize, &f64)| {
                value * if at == lone { 2.0 } else { [0.5, 2.0][numbers.below(8) as usize / 7] }
            };
            let truth: Vec<f64> = values.iter().enumerate().map(off).collect();
            let best = solved(&small(&truth));
            let game = best.game();
            let payoff = |slot: usize| {
                let (post, hour) = game.slot_place(slot);
                game.payoff(slot, plan.detection(post, hour))
            };
            let worst = (0..9).map(payoff).fold(f64::NEG_INFINITY, f64::max);
            largest = largest.max(worst - best.value().overall.upper);
        }
        assert!(largest <= regret.at_most + 1e-9, "{largest} of at most {regret:?}");
        assert!(largest >= 0.5 * regret.at_most, "{largest} of at most {regret:?}");
    }
}

#[test]
fn an_earlier_plan_is_no_worse_a_start_and_may_be_of_another_game() {
    let game = provincial(5, 1, 0.05, 0);
    let first = solved(&game);
    let upper = first.value().overall.upper;
    let warm = |game: &Value, start: &Plan| {
        let options = SolveOptions { start: Some(start.clone()), ..options() };
        solve(&Game::from_json(&game.to_string()).unwrap(), &options).unwrap()
    };
    let again = warm(&game, &first);
    assert!(
        again.value().overall.upper <= upper * (1.0 + 1e-3),
        "{} for {upper}",
        again.value().overall.upper
    );
    let mut other = game.clone();
    other["units"].as_array_mut().unwrap().remove(3);
    other["posts"].as_array_mut().unwrap().swap(0, 6);
    other["value"].as_array_mut().unwrap().swap(0, 6);
    let (cold, warmed) = (solved(&other).value().overall.upper, warm(&other, &first).value().overall.upper);
    assert!((cold - warmed).abs() < 0.02 * cold, "{warmed} for {cold}");
}
