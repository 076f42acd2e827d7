//! The `sekong` command, run as its users run it.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

mod campaigns;
mod data;
mod demo;
mod draws;
mod flips;
mod fsync;
mod help;
mod plans;
mod run;
mod since;
mod site;
mod tampering;
mod verify;
mod week;
