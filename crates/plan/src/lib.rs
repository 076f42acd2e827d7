//! The game: unit DAGs, Markov chains, solver, certificate, checker.
//!
//! This crate knows nothing of files, clocks, networks or randomness: a game comes in, a plan goes out, and the
//! same game gives the same bytes on every machine. Of transcendental functions only a logarithm made in software is used
//! (crate `libm`), for the last bits of others differ between machines.

mod absence;
mod campaign_game;
mod certificate;
mod chain;
mod check;
mod dag;
mod document;
mod explain;
mod game;
mod game_error;
mod game_json;
mod plan;
mod plan_json;
mod predict;
mod prices;
mod reveal;
mod solve;
mod visits;

pub use absence::Absences;
pub use certificate::{Bounds, Threat, Value};
pub use chain::*;
pub use check::{CheckError, Checked, Fault, check};
pub use document::JsonError;
pub use explain::*;
pub use game::{Game, GameUnit, Objective, POSTS_MAX, SLOTS_MAX, STAKE_MAX, UNITS_MAX};
pub use game_error::GameError;
pub use plan::{Plan, PlanError, PlannedSlot, is_arrival};
pub use predict::Predictability;
pub use prices::Prices;
pub use reveal::Reveal;
pub use solve::{Outcome, SolveError, SolveOptions, solve, solve_until};
