//! Simulated traffic at a post: how much passes in an hour, how much a team stops, how much of it carries a load.

use std::collections::BTreeMap;

use sekong_model::{Drug, Find, Finds, Hour, PostId, Transport};

use crate::{Chance, Seed};

/// Vehicles (or boats) a team can inspect in an hour.
const INSPECTED_PER_HOUR_MAX: u32 = 12;

/// Share of passing vehicles with a load that an inspection finds.
const FIND_SHARE: f64 = 0.02;

/// Share of finds that a team does not tell apart.
const UNTOLD_SHARE: f64 = 0.05;

/// What loads cross with, and what they are: made up for the demo, like the traffic.
const TRANSPORTS: [(Transport, f64); 5] = [
    (Transport::TwoWheeler, 0.4),
    (Transport::Car, 0.25),
    (Transport::Boat, 0.15),
    (Transport::Truck, 0.12),
    (Transport::OnFoot, 0.08),
];
const DRUGS: [(Drug, f64); 4] =
    [(Drug::Amphetamines, 0.7), (Drug::Cannabis, 0.15), (Drug::Opioids, 0.1), (Drug::Precursors, 0.05)];

/// What passed a post while a team stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passage {
    /// Vehicles that passed.
    pub passed: u32,
    /// Of these, inspected.
    pub inspected: u32,
    /// Of these, with a find.
    pub found: u32,
    /// The finds, as far as the team told them apart.
    pub finds: Finds,
}

/// Simulated passage in one hour at a post: busier by day, each post with a level of its own.
pub fn passage(seed: Seed, post: &PostId, hour: Hour, chance: &mut Chance) -> Passage {
    let level = seed.stream("traffic level", post.as_str()).between(6, 40);
    let by_hour = if (6..18).contains(&hour.get()) { level } else { level / 3 };
    let passed = chance.count(by_hour * 2, 0.5);
    let inspected = passed.min(chance.between(4, INSPECTED_PER_HOUR_MAX));
    let found = chance.count(inspected, FIND_SHARE);
    Passage { passed, inspected, found, finds: finds(found, chance) }
}

/// What was found with what; a team now and then leaves it untold.
fn finds(found: u32, chance: &mut Chance) -> Finds {
    let mut vehicles: BTreeMap<(Transport, Drug), u32> = BTreeMap::new();
    for _ in 0..found {
        if !chance.happens(UNTOLD_SHARE) {
            *vehicles.entry((pick(&TRANSPORTS, chance), pick(&DRUGS, chance))).or_default() += 1;
        }
    }
    let line = |((transport, drug), vehicles)| Find { transport, drug, vehicles };
    Finds::new(vehicles.into_iter().map(line).collect()).expect("a map is in order, and no line is below one")
}

/// The first whose share is not passed; the last takes what is left.
fn pick<T: Copy>(shares: &[(T, f64)], chance: &mut Chance) -> T {
    let mut thrown = chance.unit();
    for (one, share) in shares {
        if thrown < *share {
            return *one;
        }
        thrown -= share;
    }
    shares[shares.len() - 1].0
}
