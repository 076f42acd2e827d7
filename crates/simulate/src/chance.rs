//! Named randomness: one ChaCha20 stream a purpose and subject, so that a new use never shifts another.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sha2::{Digest, Sha256};

/// The seed of a simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// 32 bytes for `purpose` and `subject`: keys of simulated devices and bodies, public dice.
    pub fn bytes(self, purpose: &str, subject: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        for part in [b"sekong/simulate/v1", &self.0.to_be_bytes()[..], purpose.as_bytes(), subject.as_bytes()]
        {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().into()
    }

    /// A stream of its own for `purpose` and `subject`.
    pub fn stream(self, purpose: &str, subject: &str) -> Chance {
        Chance(ChaCha20Rng::from_seed(self.bytes(purpose, subject)))
    }
}

/// A stream of simulated chance.
pub struct Chance(ChaCha20Rng);

impl Chance {
    /// Uniform in [0, 1), 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with this probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Uniform over `low..=high`; `low` if the range is empty.
    pub fn between(&mut self, low: u32, high: u32) -> u32 {
        let width = u64::from(high.saturating_sub(low)) + 1;
        // The bias of the modulus is below 2^-31, far under what a simulation of people can claim.
        low.saturating_add((self.0.next_u64() % width) as u32)
    }

    /// Uniform below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// How many of `trials` happen, each with this probability.
    pub fn count(&mut self, trials: u32, probability: f64) -> u32 {
        (0..trials).map(|_| u32::from(self.happens(probability))).sum()
    }
}
