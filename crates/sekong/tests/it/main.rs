//! The `sekong` command, run as its users run it.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may panic as the tests do")]

mod abuse;
mod anchors;
mod campaigns;
mod custodians;
mod data;
mod declarers;
mod demo;
mod doubles;
mod draws;
mod durable;
mod estimate;
mod flips;
mod forger;
mod fsync;
mod games;
#[path = "../../../log/tests/it/go_program.rs"]
mod go_program;
mod help;
mod network;
mod outsider;
mod plans;
mod plants;
mod rogue;
mod rosters;
mod rude;
mod run;
mod scrubs;
mod serve;
mod since;
mod site;
mod start;
mod stepped;
mod tampering;
mod throws;
mod verify;
mod week;
mod witnesses;
