//! The plan crate from outside: brute force, the checker against tampering, bad games, provinces.

// Helpers of tests stand outside test functions, where the lint cannot tell them from the crate.
#![allow(clippy::unwrap_used)]

mod absent;
mod additive;
mod brute;
mod checking;
mod degenerate;
mod documents;
mod explain;
mod form;
mod games;
mod levels;
mod maxmin;
mod mutations;
mod provinces;
mod relinearised;
mod reveal;
mod separate;
mod spread;
mod stopping;
mod waterfilling;
