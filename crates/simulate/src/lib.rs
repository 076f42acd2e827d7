//! Simulated teams, absences and traffic, for the demo, tests and benchmarks.
//!
//! Its people see what those that they stand for would see: a team its own orders, an office its own absences. Only replays, which
//! try the estimators out, know plan and dice. It has no clock, and its only randomness is the seed it is given.

mod absences;
mod chance;
mod device;
pub mod replay;
mod team;
mod traffic;

pub use absences::*;
pub use chance::*;
pub use device::*;
pub use team::*;
pub use traffic::*;
