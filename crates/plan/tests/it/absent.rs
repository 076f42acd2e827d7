//! Absent teams: the figures beside every set of units that could stand empty.

use std::collections::BTreeMap;

use sekong_plan::{Game, Plan, SolveError, SolveOptions, check, solve};
use serde_json::{Value, json};

use crate::games::{Numbers, provincial, tiny};

/// A tiny game whose units are of two pools, some of whose teams may be absent.
fn pooled(seed: u64) -> Value {
    let mut numbers = Numbers(seed);
    let mut game = tiny(seed);
    game["floor"] = json!(0);
    let units = game["units"].as_array_mut().unwrap();
    let more: Vec<Value> = units.iter().map(|unit| renamed(unit, "more")).collect();
    units.extend(more);
    let mut pools: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for unit in units {
        let pool = if numbers.below(3) == 0 { "cars" } else { "boats" };
        unit["pool"] = json!(pool);
        let (size, absent) = pools.entry(pool).or_default();
        (*size, *absent) = (*size + 1, numbers.below(4));
    }
    game["absent"] = pools.into_iter().map(|(pool, (size, absent))| (pool, absent.min(size))).collect();
    game
}

fn renamed(unit: &Value, name: &str) -> Value {
    let mut unit = unit.clone();
    unit["id"] = json!(format!("{}-{name}", unit["id"].as_str().unwrap()));
    unit
}

/// All sets of `size` of the `units`.
fn sets(units: &[usize], size: usize) -> Vec<Vec<usize>> {
    let all = (0..1usize << units.len()).filter(|set| set.count_ones() as usize == size);
    all.map(|set| (0..units.len()).filter(|at| set >> at & 1 == 1).map(|at| units[at]).collect()).collect()
}

/// Chance to get through `slot` if `bought` were bought and `counts` of each pool's other units stood empty.
fn missed(plan: &Plan, slot: usize, bought: &[usize], counts: &[(&str, usize)]) -> f64 {
    let game = plan.game();
    let (post, hour) = game.slot_place(slot);
    let of = |unit: usize| 1.0 - game.units()[unit].detect * plan.unit_inclusion(unit, post, hour);
    let kept: Vec<usize> = (0..game.units().len()).filter(|unit| !bought.contains(unit)).collect();
    let mut missed = 1.0;
    for pool in ["boats", "cars"] {
        let of_pool = |unit: &&usize| game.units()[**unit].pool.as_str() == pool;
        let units: Vec<usize> = kept.iter().filter(of_pool).copied().collect();
        let count = counts.iter().find(|(name, _)| *name == pool).map_or(0, |(_, count)| *count);
        let empty = sets(&units, count.min(units.len()));
        let present = |empty: &Vec<usize>| {
            units.iter().filter(|unit| !empty.contains(unit)).map(|&unit| of(unit)).product::<f64>()
        };
        missed *= empty.iter().map(present).sum::<f64>() / empty.len() as f64;
    }
    missed
}

/// The worst case by trying every slot and every set of units that can be bought.
fn upper(plan: &Plan, counts: &[(&str, usize)]) -> f64 {
    let game = plan.game();
    let all: Vec<usize> = (0..game.units().len()).collect();
    let mut worst = f64::NEG_INFINITY;
    for size in 0..=game.bribed().min(all.len()) {
        for bought in sets(&all, size) {
            for slot in 0..game.slot_count() {
                worst = worst.max(game.payoff(slot, 1.0 - missed(plan, slot, &bought, counts)));
            }
        }
    }
    worst
}

#[test]
fn each_count_is_the_mean_over_all_sets_of_empty_units() {
    let (mut compared, mut bribed) = (0, 0);
    for seed in 0..60 {
        let game = Game::from_json(&pooled(seed).to_string()).unwrap();
        let plan = match solve(&game, &SolveOptions { rounds: 100, ..SolveOptions::default() }) {
            Ok(plan) => plan,
            Err(SolveError::NoPath { .. }) => continue,
            Err(error) => panic!("seed {seed}: {error}"),
        };
        check(&String::from_utf8(plan.to_json()).unwrap(), None).unwrap();
        let absences = &plan.prices().absences;
        for (pool, uppers) in &absences.pools {
            assert_eq!(uppers.len(), game.absent()[pool] + 1);
            for (count, &found) in uppers.iter().enumerate() {
                let right = upper(&plan, &[(pool.as_str(), count)]);
                assert!((found - right).abs() < 1e-9, "seed {seed}, {count} of {pool}: {found} for {right}");
                compared += 1;
            }
        }
        let most: Vec<(&str, usize)> =
            game.absent().iter().map(|(pool, &most)| (pool.as_str(), most)).collect();
        assert!((absences.all.unwrap() - upper(&plan, &most)).abs() < 1e-9, "seed {seed}");
        bribed += usize::from(game.bribed() > 0);
    }
    assert!(compared >= 100 && bribed >= 10, "{compared} {bribed}");
}

#[test]
fn nobody_absent_is_the_plan_itself_and_everybody_absent_is_no_plan() {
    let mut game = provincial(6, 1, 0.0, 0);
    game["absent"] = json!({"province-0/car": 12});
    let game = Game::from_json(&game.to_string()).unwrap();
    let plan = solve(&game, &SolveOptions { rounds: 100, ..SolveOptions::default() }).unwrap();
    let uppers = plan.prices().absences.pools.values().next().unwrap();
    assert!((uppers[0] - plan.value().overall.upper).abs() < 1e-12);
    assert!(uppers.windows(2).all(|pair| pair[0] < pair[1]));
    let dearest = (0..game.slot_count()).map(|slot| game.value(slot)).fold(0.0, f64::max);
    assert_eq!(uppers[12], dearest);
}

#[test]
fn more_teams_may_be_bought_than_are_left() {
    let mut game = tiny(3);
    game["floor"] = json!(0);
    game["bribed"] = json!(60_000);
    game["absent"] = json!({"pool": 3});
    let plan = solve(&Game::from_json(&game.to_string()).unwrap(), &SolveOptions::default()).unwrap();
    let uppers = plan.prices().absences.pools.values().next().unwrap();
    assert_eq!(uppers[..], [plan.value().overall.upper; 4]);
    check(&String::from_utf8(plan.to_json()).unwrap(), None).unwrap();
}
