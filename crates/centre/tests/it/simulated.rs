//! The laws of the draw, held against chance: silent, late, odd and two-faced custodians, wrong clocks, a centre that goes
//! down and comes back, officers who throw rightly and wrongly. The simulation lives a seed through and checks each step;
//! `make torture PART=centre` does so for many more seeds.

use std::collections::BTreeMap;

use sekong_log::SilenceReason;
use sekong_torture::{Ended, World, live, world_of};

/// Seeds lived through.
const SEEDS: u64 = 300;

/// Every so-manieth seed is lived twice.
const TWICE: u64 = 25;

/// Names one seed to live alone, and tells what it came to.
const ONE_SEED: &str = "SEKONG_SIMULATED_SEED";

#[test]
fn whatever_befalls_custodians_and_centre_the_laws_of_the_draw_hold() {
    let worlds = World::all();
    if let Some(seed) = std::env::var(ONE_SEED).ok().and_then(|seed| seed.parse().ok()) {
        println!("{:#?}", live(world_of(&worlds, seed), seed).unwrap_or_else(|broken| panic!("{broken}")));
        return;
    }
    let (mut broken, mut all) = (Vec::new(), Vec::new());
    for seed in 0..SEEDS {
        match live(world_of(&worlds, seed), seed) {
            Ok(ended) => all.push((seed, ended)),
            Err(law) => broken.push(law.to_string()),
        }
    }
    assert!(broken.is_empty(), "{} seeds break a law:\n{}", broken.len(), broken.join("\n"));
    for (seed, ended) in all.iter().filter(|(seed, _)| seed % TWICE == 0) {
        let again = live(world_of(&worlds, *seed), *seed).unwrap();
        assert_eq!(again, *ended, "seed {seed}: law 7: lived again it ends otherwise");
    }
    check_eventful(&all.into_iter().map(|(_, ended)| ended).collect::<Vec<_>>());
}

/// Laws hold easily where nothing happens.
fn check_eventful(all: &[Ended]) {
    let sum = |figure: fn(&Ended) -> u64| all.iter().map(figure).sum::<u64>();
    let figures = [
        ("drawn", sum(|ended| ended.drawn)),
        ("silences", sum(|ended| ended.silences)),
        ("restarts", sum(|ended| ended.restarts)),
        ("late", sum(|ended| ended.late)),
        ("waits", sum(|ended| u64::from(ended.waits))),
        ("refused", sum(|ended| ended.refused)),
    ];
    let mut silent: BTreeMap<SilenceReason, u64> = BTreeMap::new();
    for (reason, count) in all.iter().flat_map(|ended| &ended.silent) {
        *silent.entry(*reason).or_default() += count;
    }
    println!("{} seeds: {figures:?}, {silent:?}", all.len());
    assert!(figures.iter().all(|(_, count)| all.len() as u64 / 50 < *count), "{figures:?}");
    assert_eq!(silent.len(), 7, "not every reason for a silence occurred: {silent:?}");
}
