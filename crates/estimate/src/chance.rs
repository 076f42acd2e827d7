//! Named randomness: one ChaCha20 stream a purpose and subject, so that a new use never shifts another.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

use crate::special::ln_gamma;

/// The seed of all that is estimated by chance. It decides nothing of a draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// A stream of its own for `purpose` and `subject`.
    pub(crate) fn stream(self, purpose: &str, subject: &str) -> Chance {
        let mut hash = Sha256::new();
        for part in [b"sekong/estimate/v1", &self.0.to_be_bytes()[..], purpose.as_bytes(), subject.as_bytes()]
        {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Chance(ChaCha20Rng::from_seed(hash.finalize().into()))
    }
}

/// Trials that are drawn one by one.
const DRAWN_SINGLY: u32 = 64;

/// The binomial number that belongs to `at`, uniform in (0, 1): its chances are taken off from the mode outwards until nothing is left, which
/// is exact but for rounding, and takes as many steps as the law is wide (Kemp 1986).
fn from_mode(trials: u32, probability: f64, at: f64) -> u32 {
    let (all, odds) = (f64::from(trials), probability / (1.0 - probability));
    let mode = libm::floor((all + 1.0) * probability);
    let ways = ln_gamma(all + 1.0) - ln_gamma(mode + 1.0) - ln_gamma(all - mode + 1.0);
    let most = libm::exp(ways + mode * libm::log(probability) + (all - mode) * libm::log1p(-probability));
    let (mut more, mut less) = ((mode, most), (mode, most));
    let mut left = at - most;
    // Past the ends the chances are 0; where both are, what is left is rounding.
    while 0.0 <= left && 0.0 < more.1 + less.1 {
        more = (more.0 + 1.0, more.1 * odds * (all - more.0) / (more.0 + 1.0));
        left -= more.1;
        if left < 0.0 {
            return more.0 as u32;
        }
        less = (less.0 - 1.0, less.1 / odds * less.0 / (all - less.0 + 1.0));
        left -= less.1;
        if left < 0.0 {
            return less.0 as u32;
        }
    }
    mode as u32
}

/// A stream of chance.
pub(crate) struct Chance(ChaCha20Rng);

impl Chance {
    /// True with this probability, in steps of 2^-53.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        ((self.0.next_u64() >> 11) as f64) < probability * (1u64 << 53) as f64
    }

    /// How many of `trials` happen, each with this probability: drawn one by one where they are few, else at once.
    pub(crate) fn count(&mut self, trials: u32, probability: f64) -> u32 {
        if trials <= DRAWN_SINGLY || probability <= 0.0 || 1.0 <= probability {
            return (0..trials).map(|_| u32::from(self.happens(probability))).sum();
        }
        from_mode(trials, probability, self.above_zero())
    }

    /// Uniform below `bound`; 0 if that is 0. The bias is below `bound` · 2^-64, far under what samples can tell.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// A standard normal number (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * libm::log(self.above_zero())).sqrt();
        radius * libm::cos(2.0 * std::f64::consts::PI * self.above_zero())
    }

    /// Uniform in (0, 1).
    fn above_zero(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Brings a uniform subset of `size` items to the front (the first steps of Fisher–Yates, Durstenfeld 1964).
    pub(crate) fn choose<T>(&mut self, items: &mut [T], size: usize) {
        for front in 0..size.min(items.len()) {
            let from = front + self.below(items.len() - front);
            items.swap(front, from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over a grid of the unit interval each number comes as often as its chance has it, to one point of the grid at either end.
    #[test]
    fn numbers_from_the_mode_have_the_binomial_law() {
        const POINTS: usize = 200_000;
        for (trials, probability) in [(65_u32, 0.8), (100, 0.03), (70, 0.5), (90, 0.999)] {
            let mut seen = vec![0_usize; trials as usize + 1];
            for point in 0..POINTS {
                let at = (point as f64 + 0.5) / POINTS as f64;
                seen[from_mode(trials, probability, at) as usize] += 1;
            }
            let mut chance = (1.0 - probability).powi(trials as i32);
            for (found, seen) in seen.iter().enumerate() {
                assert!((*seen as f64 - chance * POINTS as f64).abs() <= 1.0, "{found} of {trials}: {seen}");
                let left = f64::from(trials) - found as f64;
                chance *= left / (found as f64 + 1.0) * probability / (1.0 - probability);
            }
        }
    }

    #[test]
    fn many_trials_have_mean_and_variance_of_the_law() {
        const DRAWS: u32 = 4_000;
        let mut chance = Seed(7).stream("binomial", "");
        let (trials, probability) = (239_976_u32, 0.8);
        let mean = f64::from(trials) * probability;
        let apart: Vec<f64> =
            (0..DRAWS).map(|_| f64::from(chance.count(trials, probability)) - mean).collect();
        let variance = mean * (1.0 - probability);
        let off = apart.iter().sum::<f64>() / f64::from(DRAWS);
        assert!(off.abs() < 4.0 * (variance / f64::from(DRAWS)).sqrt(), "{off}");
        let spread = apart.iter().map(|apart| apart * apart).sum::<f64>() / f64::from(DRAWS) / variance;
        assert!((spread - 1.0).abs() < 0.1, "{spread}");
        assert_eq!((chance.count(1_000, 0.0), chance.count(1_000, 1.0)), (0, 1_000));
    }
}
