//! Simulated traffic at a post: how much passes in an hour, how much a team stops, how much of it carries a load.

use sekong_model::{Hour, PostId};

use crate::{Chance, Seed};

/// Vehicles (or boats) a team can inspect in an hour.
const INSPECTED_PER_HOUR_MAX: u32 = 12;

/// Share of passing vehicles with a load that an inspection finds.
const FIND_SHARE: f64 = 0.02;

/// What passed a post while a team stood there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage {
    /// Vehicles that passed.
    pub passed: u32,
    /// Of these, inspected.
    pub inspected: u32,
    /// Of these, with a find.
    pub found: u32,
}

/// Simulated passage in one hour at a post: busier by day, each post with a level of its own.
pub fn passage(seed: Seed, post: &PostId, hour: Hour, chance: &mut Chance) -> Passage {
    let level = seed.stream("traffic level", post.as_str()).between(6, 40);
    let by_hour = if (6..18).contains(&hour.get()) { level } else { level / 3 };
    let passed = chance.count(by_hour * 2, 0.5);
    let inspected = passed.min(chance.between(4, INSPECTED_PER_HOUR_MAX));
    let found = chance.count(inspected, FIND_SHARE);
    Passage { passed, inspected, found }
}
