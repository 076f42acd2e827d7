//! The game: unit DAGs, Markov chains, solver, certificate, checker.
//!
//! This crate knows nothing of files, clocks, networks or randomness: a game comes in, a plan goes out, and the
//! same game gives the same bytes on every machine. No transcendental function is used, for their last bits differ
//! between machines.

mod campaign_game;
mod certificate;
mod chain;
mod check;
mod dag;
mod game;
mod game_error;
mod game_json;
mod plan;
mod plan_json;
mod solve;
mod visits;

pub use certificate::{Bounds, Threat, Value};
pub use chain::*;
pub use check::{CheckError, Checked, Fault, check};
pub use game::{Game, GameUnit, Objective, POSTS_MAX, SLOTS_MAX, STAKE_MAX, UNITS_MAX};
pub use game_error::GameError;
pub use plan::{Plan, PlanError, Prices};
pub use solve::{Outcome, SolveError, SolveOptions, solve, solve_until};
