//! Simulated teams, absences and traffic, for the demo, tests and benchmarks.
//!
//! It sees what the people it stands for would see: a team its own orders, an office its own absences. It knows
//! nothing of the plan, the dice or the centre's state, has no clock, and its only randomness is the seed it is given.

mod absences;
mod chance;
mod device;
mod team;
mod traffic;

pub use absences::*;
pub use chance::*;
pub use device::*;
pub use team::*;
pub use traffic::*;
