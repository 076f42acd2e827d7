//! The standing test per declarer against its reference, its laws and its adversaries.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod adversaries;
mod design;
mod detection;
mod flow;
mod golden;
mod laws;
mod permutations;
mod planted;
mod teams;

use std::collections::BTreeSet;

use sekong_estimate::Seed;
use sekong_estimate::declarers::{DealtShift, Declarer, Finding, ShiftKey, Terms, standing_test};
use sekong_model::{Day, TeamId};

const OFFICES: [&str; 2] = ["office A", "office B"];

fn office(name: &str) -> Declarer {
    name.parse().unwrap()
}

fn terms() -> Terms {
    Terms::new(OFFICES.map(office).into(), Seed(7))
}

fn team(number: usize) -> TeamId {
    format!("team-{number:03}").parse().unwrap()
}

fn key(number: usize) -> ShiftKey {
    let first: Day = "2017-01-01".parse().unwrap();
    let shift = format!("{:02}", 8 * (number % 3)).parse().unwrap();
    ShiftKey { day: first.plus_days((number / 3) as i32).unwrap(), shift, pool: "pool".parse().unwrap() }
}

/// The `number`-th shift: team `i` was dealt a unit worth `worths[i]`; `away` are those that office A declared absent.
fn shift(number: usize, worths: &[f64], away: &[usize]) -> DealtShift {
    let dealt = worths.iter().enumerate().map(|(at, worth)| (team(at), *worth)).collect();
    let absent = away.iter().map(|at| (team(*at), office(OFFICES[0]))).collect();
    DealtShift::new(key(number), dealt, absent).unwrap()
}

/// What the test says of office A.
fn finding(record: &[DealtShift]) -> Finding {
    standing_test(record, &terms()).unwrap().swap_remove(0)
}

/// Both numbers are equal but for rounding.
fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-12 * expected.abs().max(1e-300)
}

fn set(names: &[&str]) -> BTreeSet<Declarer> {
    names.iter().map(|name| office(name)).collect()
}
