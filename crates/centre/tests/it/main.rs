//! The centre with a real store and a real folder: what it takes, what it refuses, what survives a restart.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod amend;
mod anchors;
mod api;
mod cosigners;
mod covered;
mod doubles;
mod forgeries;
mod founded;
mod noninterference;
mod office;
mod orders;
mod plants;
mod progress;
mod reports;
mod restart;
mod rules;
mod shown;
mod silence;
mod simulated;
mod site;
mod told;
mod uncovered;
mod withheld;
mod witnesses;
