//! The sum of what a declarer removed, against what the lot would have given to whoever was absent.

use std::num::NonZeroU32;

use crate::chance::Chance;

use super::shift::Removal;
use super::subset::{Distribution, score_max};

/// The exact distribution is computed if it takes at most so many multiplications, about a tenth of a second: half a
/// year of three shifts a day with one of a dozen teams absent on every one.
pub const EXACT_STEPS_MAX: u64 = 1 << 27;

/// How p-values were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// From the exact permutation distribution.
    Exact,
    /// From random permutations: `(1 + as extreme) / (1 + samples)` (Phipson & Smyth 2010).
    MonteCarlo {
        /// Permutations drawn.
        samples: NonZeroU32,
    },
}

/// How rarely the lot gives so extreme a sum of scores to those declared absent. Each is valid at one look that was fixed
/// beforehand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PValues {
    /// Chance of a sum so low or lower: small if poor units were emptied.
    pub low: f64,
    /// Chance of a sum so high or higher: small if valuable units were emptied.
    pub high: f64,
    /// Twice the smaller of both, at most 1.
    pub two: f64,
    /// How they were found.
    pub method: Method,
}

impl PValues {
    fn of_tails(low: f64, high: f64, method: Method) -> PValues {
        PValues { low, high, two: (2.0 * low.min(high)).min(1.0), method }
    }
}

/// The p-values of what a declarer removed; `chance` is used only if exact ones cost too much.
pub(crate) fn p_values(removals: &[Removal<'_>], samples: NonZeroU32, chance: &mut Chance) -> PValues {
    if exact_steps(removals) <= EXACT_STEPS_MAX {
        exact(removals)
    } else {
        sampled(removals, samples, chance)
    }
}

/// Multiplications that [`exact`] needs, or a few more.
fn exact_steps(removals: &[Removal<'_>]) -> u64 {
    let (mut steps, mut total_width) = (0u64, 1u64);
    for removal in removals {
        let (teams, size) = (removal.scores().len() as u64, removal.size() as u64);
        let width = 2 * size * score_max(removal.scores()) as u64 + 1;
        steps = steps.saturating_add(teams * size * width).saturating_add(total_width * width);
        total_width += width - 1;
    }
    steps
}

fn exact(removals: &[Removal<'_>]) -> PValues {
    let of_shift = |removal: &Removal<'_>| Distribution::of_subset(removal.scores(), removal.size());
    let lot = removals.iter().map(of_shift).fold(Distribution::zero(), |sum, shift| sum.plus(&shift));
    let score = removals.iter().map(Removal::score).sum();
    PValues::of_tails(lot.at_most(score), lot.at_least(score), Method::Exact)
}

fn sampled(removals: &[Removal<'_>], samples: NonZeroU32, chance: &mut Chance) -> PValues {
    let score: i64 = removals.iter().map(Removal::score).sum();
    let mut shifts: Vec<(Vec<i64>, usize)> =
        removals.iter().map(|removal| (removal.scores().to_vec(), removal.size())).collect();
    let (mut low, mut high) = (1u32, 1u32);
    for _ in 0..samples.get() {
        let drawn: i64 = shifts.iter_mut().map(|(scores, size)| draw(scores, *size, chance)).sum();
        low = low.saturating_add(u32::from(drawn <= score));
        high = high.saturating_add(u32::from(drawn >= score));
    }
    let share = |count: u32| f64::from(count) / (1.0 + f64::from(samples.get()));
    PValues::of_tails(share(low), share(high), Method::MonteCarlo { samples })
}

/// The sum of a uniform subset. The order that it leaves behind is as good a start as any for the next.
fn draw(scores: &mut [i64], size: usize, chance: &mut Chance) -> i64 {
    chance.choose(scores, size);
    scores.iter().take(size).sum()
}
