//! What a campaign's record says, and how surely: totals and means by the design, and tests of those who could steer it or find too
//! little.
//!
//! This crate knows nothing of files, clocks, logs or plans: counts and worths come in, figures with their uncertainty
//! go out. Its only randomness is the seed it is given, and its powers and logarithms are made in software (crate
//! `libm`), so that a flag is the same on every machine.

mod chance;
pub mod declarers;
pub mod design;
pub mod detection;
pub mod exact;
pub mod flow;
mod special;
pub mod teams;

pub use chance::Seed;
