//! What passes in a replay: fixed once, post by post and hour by hour.

use std::collections::BTreeMap;

use sekong_estimate::flow::{ProvinceDay, Quantity};
use sekong_model::{Campaign, Counts, Day, PostId};

use super::inspect;
use crate::{Chance, Seed};

/// How traffic goes over the days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// The same every day, but for chance.
    Stationary,
    /// Twice as much at the end as in the beginning.
    Trending,
    /// The same every day, and ten times as much at noon as at midnight.
    DayCycle,
    /// Three times as much on market days, one of seven.
    Weekly,
}

impl Pattern {
    /// Every pattern.
    pub const ALL: [Pattern; 4] =
        [Pattern::Stationary, Pattern::Trending, Pattern::DayCycle, Pattern::Weekly];

    /// As it is printed.
    pub fn name(self) -> &'static str {
        match self {
            Pattern::Stationary => "stationary",
            Pattern::Trending => "trending",
            Pattern::DayCycle => "day cycle",
            Pattern::Weekly => "weekly",
        }
    }

    fn level(self, day: usize, days: usize, hour: u8) -> f64 {
        match self {
            Pattern::Stationary => 1.0,
            Pattern::Trending => 1.0 + day as f64 / days.max(1) as f64,
            Pattern::DayCycle => 1.0 + 9.0 * (1.0 - (f64::from(hour) - 12.0).abs() / 12.0),
            Pattern::Weekly => {
                if day.is_multiple_of(7) {
                    3.0
                } else {
                    1.0
                }
            }
        }
    }
}

/// What passes each post in each hour of each day, and how much of it is loaded.
pub struct Traffic {
    slots: BTreeMap<(Day, PostId), Vec<(u32, u32)>>,
}

impl Traffic {
    /// Traffic over a campaign's first days, the posts as unlike as `unevenness` has them (0: alike), a share of it loaded.
    pub fn new(campaign: &Campaign, days: usize, pattern: Pattern, load_share: f64, seed: Seed) -> Traffic {
        let mut slots = BTreeMap::new();
        for (number, day) in campaign.days().take(days).enumerate() {
            for post in campaign.posts() {
                let level = post_level(seed, &post.id);
                let mut chance = seed.stream("replay traffic", &format!("{day} {}", post.id));
                let hours = (0..24).map(|hour| {
                    let mean = level * pattern.level(number, days, hour);
                    let passed = chance.count((2.0 * mean).round() as u32, 0.5);
                    (passed, chance.count(passed, load_share))
                });
                slots.insert((day, post.id.clone()), hours.collect());
            }
        }
        Traffic { slots }
    }

    /// What passed, and what of it was loaded.
    pub(super) fn of(&self, day: Day, post: &PostId, hour: u8) -> (u32, u32) {
        let of_post = self.slots.get(&(day, post.clone()));
        of_post.and_then(|hours| hours.get(usize::from(hour))).copied().unwrap_or_default()
    }

    /// What a team counts there.
    pub(super) fn counts(&self, day: &ProvinceDay, slot: usize, chance: &mut Chance) -> Counts {
        let slot = &day.slots[slot];
        let (passed, loads) = self.of(day.day, &slot.post, slot.hour.get());
        inspect(passed, loads, chance)
    }

    /// What there was in the slots of a day that a unit can reach.
    pub(super) fn truth(&self, day: &ProvinceDay, quantity: Quantity) -> f64 {
        let reachable = day.slots.iter().filter(|slot| slot.inclusion > 0.0);
        let count = |(passed, loads): (u32, u32)| match quantity {
            Quantity::Passed => f64::from(passed),
            Quantity::Loads => f64::from(loads),
        };
        reachable.map(|slot| count(self.of(day.day, &slot.post, slot.hour.get()))).sum()
    }
}

/// Posts are very unlike: the busiest has some thirty times the traffic of the quietest.
fn post_level(seed: Seed, post: &PostId) -> f64 {
    let unit = seed.stream("replay post", post.as_str()).unit();
    (3.4 * unit).exp()
}
