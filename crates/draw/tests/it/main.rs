//! The draw against its reference, its laws and its adversaries.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod boxes;
mod custodians;
mod days;
mod deals;
mod golden;
mod many;
mod plans;
mod relays;
