//! The log's durability: whatever is done to the machine, what was acknowledged is there afterwards, and no second history.

mod backlog;
mod clients;
mod full;
mod image;
mod inject;
mod kill;
mod power;
mod trial;

pub use backlog::Backlog;
pub use full::{Fill, Filled, fill};
pub use inject::{Case, Inflict, Inflicted, Inflicting};
pub use kill::{Killed, Killing, Moment};
pub use power::{Cut, Cutting, Promise, cut_under};
