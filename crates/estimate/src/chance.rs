//! Named randomness: one ChaCha20 stream a purpose and subject, so that a new use never shifts another.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

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

/// A stream of chance.
pub(crate) struct Chance(ChaCha20Rng);

impl Chance {
    /// True with this probability, in steps of 2^-53.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        ((self.0.next_u64() >> 11) as f64) < probability * (1u64 << 53) as f64
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
