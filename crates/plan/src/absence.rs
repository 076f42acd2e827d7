//! What the plan is worth when teams are absent: ghosts are dealt to units like teams (DESIGN 6).
//!
//! With `k` of a pool's teams absent, every set of `k` of its units that no bought team serves is equally likely to stand
//! empty. The smuggler buys the units that serve him best: within a pool the strongest.

use std::collections::BTreeMap;

use sekong_model::PoolId;

use crate::game::Game;
use crate::visits::Visits;

/// The worst case for each admitted number of absent teams.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Absences {
    /// Per pool `upper` with 0, 1, … of its teams absent, all others present.
    pub pools: BTreeMap<PoolId, Vec<f64>>,
    /// `upper` with every pool at the most that the game admits; `None` if it admits none.
    pub all: Option<f64>,
}

impl Absences {
    /// The figures of a plan's visits.
    pub(crate) fn of(game: &Game, visits: &Visits) -> Absences {
        let sizes = sizes(game);
        let upper = |absent: &BTreeMap<PoolId, usize>| {
            let detection = |slot| detection(game, visits, &sizes, absent, slot);
            let payoffs = (0..game.slot_count()).map(|slot| game.payoff(slot, detection(slot)));
            payoffs.fold(f64::NEG_INFINITY, f64::max)
        };
        let pool = |(pool, &most): (&PoolId, &usize)| {
            let uppers = (0..=most).map(|count| upper(&BTreeMap::from([(pool.clone(), count)])));
            (pool.clone(), uppers.collect())
        };
        let all = (!game.absent().is_empty()).then(|| upper(game.absent()));
        Absences { pools: game.absent().iter().map(pool).collect(), all }
    }
}

fn sizes(game: &Game) -> BTreeMap<&PoolId, usize> {
    let mut sizes = BTreeMap::new();
    game.units().iter().for_each(|unit| *sizes.entry(&unit.pool).or_insert(0) += 1);
    sizes
}

/// Chance of detection in `slot`; removals are divided among the pools as suits the smuggler best.
fn detection(
    game: &Game,
    visits: &Visits,
    sizes: &BTreeMap<&PoolId, usize>,
    absent: &BTreeMap<PoolId, usize>,
    slot: usize,
) -> f64 {
    // Units of all pools without absences are one pool: none of them stands empty.
    let mut pools: BTreeMap<Option<&PoolId>, Vec<f64>> = BTreeMap::new();
    pools.extend(absent.keys().map(|pool| (Some(pool), Vec::new())));
    for (unit, share) in visits.shares(slot) {
        let unit = &game.units()[unit];
        let pool = absent.get_key_value(&unit.pool).map(|(pool, _)| pool);
        pools.entry(pool).or_default().push(unit.detect * share);
    }
    // Largest chance to get through by number of units bought so far.
    let mut missed = vec![1.0];
    for (pool, mut chances) in pools {
        chances.sort_by(|one, other| other.total_cmp(one));
        let size = pool.map_or(chances.len(), |pool| sizes[pool]);
        let ghosts = pool.map_or(0, |pool| absent[pool]);
        let of_pool: Vec<f64> =
            (0..=game.bribed().min(size)).map(|bought| pool_missed(&chances, size, bought, ghosts)).collect();
        missed = best_division(&missed, &of_pool, game.bribed());
    }
    1.0 - missed.into_iter().fold(0.0, f64::max)
}

/// Chance that no unit of a pool detects: of its `size` units the `bought` strongest are bought, and `ghosts` of the
/// others stand empty. Those who can be there are asked one by one whether a ghost is left for them.
fn pool_missed(chances: &[f64], size: usize, bought: usize, ghosts: usize) -> f64 {
    let mut others = size - bought;
    let mut by_ghosts = vec![0.0; ghosts.min(others) + 1];
    by_ghosts[ghosts.min(others)] = 1.0;
    for chance in chances.iter().skip(bought) {
        for left in 0..by_ghosts.len() {
            let empty = left as f64 / others as f64;
            let next = by_ghosts.get(left + 1).map_or(0.0, |more| more * (left + 1) as f64 / others as f64);
            by_ghosts[left] = by_ghosts[left] * (1.0 - empty) * (1.0 - chance) + next;
        }
        others -= 1;
    }
    by_ghosts.iter().sum()
}

/// The best ways to buy 0, 1, … `most` units of two groups.
fn best_division(one: &[f64], other: &[f64], most: usize) -> Vec<f64> {
    let mut best = vec![0.0; (one.len() + other.len() - 1).min(most + 1)];
    for (here, one) in one.iter().enumerate() {
        for (there, other) in other.iter().enumerate().take(most + 1 - here) {
            best[here + there] = f64::max(best[here + there], one * other);
        }
    }
    best
}
