//! Whose keys and numbers a log holds: custodians, seats, devices of teams, dice. Whom they belong to no log can tell.

use std::collections::BTreeMap;

use sekong_centre::State;
use sekong_log::{DeviceId, Period};
use sekong_model::{OfficerId, TeamId};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::print_line;
use crate::pins::Pins;

/// Digits of a key that are printed in words; JSON holds all.
const FINGERPRINT_DIGITS: usize = 16;

/// Daily numbers printed in words; JSON holds all.
const NUMBERS_PRINTED: usize = 7;

/// All of it in words.
pub(super) fn print(state: &State, pins: &Pins) -> Result<(), Failure> {
    print_holders(state, pins)?;
    print_key_changes(state)?;
    print_devices(state)?;
    print_daily_dice(state)
}

/// Every custodian with its key, and whether that was given.
pub(super) fn custodians(state: &State, pins: &Pins) -> Value {
    let custodian = |(index, said): (u64, &sekong_log::CustodianCommitted)| {
        let (id, pinned) = (&said.custodian, pins.holds(&said.custodian));
        json!({ "custodian": id, "key": said.key, "root": said.root, "entry": index, "pinned": pinned })
    };
    state.commitments().map(custodian).collect()
}

/// The beginning of a key, for people to compare.
pub(super) fn short(key: DeviceId) -> String {
    key.to_string().chars().take(FINGERPRINT_DIGITS).collect()
}

/// Whose keys the log holds.
fn print_holders(state: &State, pins: &Pins) -> Result<(), Failure> {
    for (_, said) in state.commitments() {
        let from = if pins.holds(&said.custodian) { "as was given" } else { "taken from the log" };
        print_line(format_args!("custodian {}: key {}…, {from}", said.custodian, short(said.key)))?;
    }
    if let Some((dice, method)) = state.public_dice() {
        print_line(format_args!(
            "public dice {dice}, thrown {method} (--public-dice holds them against what was seen)"
        ))?;
    }
    let mut newest = state.seat_keys().filter_map(|(seat, keys)| Some((seat, keys.last()?.key)));
    newest.try_for_each(|(seat, key)| print_line(format_args!("seat {seat}: key {}…", short(key))))
}

/// Every key of the seats that throw dice, and who vouched for it.
pub(super) fn seat_keys(state: &State) -> Vec<Value> {
    let keys = state.seat_keys().flat_map(|(seat, keys)| keys.iter().map(move |key| (seat, key)));
    keys.map(|(seat, key)| {
        json!({ "seat": seat, "key": key.key, "entry": key.index, "vouched_by": key.vouched_by })
    })
    .collect()
}

/// Keys that a seat got after its first one, or that came after the public dice: somebody had to vouch for each.
fn print_key_changes(state: &State) -> Result<(), Failure> {
    for (seat, keys) in state.seat_keys() {
        for key in keys.iter().filter(|key| !key.vouched_by.is_empty()) {
            let by: Vec<&str> = key.vouched_by.iter().map(OfficerId::as_str).collect();
            let (entry, new) = (key.index, key.key);
            print_line(format_args!(
                "entry {entry}: seat {seat} got the key {new}, vouched for by {}",
                by.join(" and ")
            ))?;
        }
    }
    Ok(())
}

/// Every device that spoke for a team.
pub(super) fn devices(state: &State) -> Vec<Value> {
    let devices = state.team_devices().into_iter().map(|of| {
        json!({ "team": of.team, "device": of.device, "entry": of.index, "enrolled": of.enrolled, "retired": of.retired })
    });
    devices.collect()
}

/// A device is a team's by the centre's word: who has more than one, teams are to be asked.
fn print_devices(state: &State) -> Result<(), Failure> {
    let mut by_team: BTreeMap<&TeamId, usize> = BTreeMap::new();
    let devices = state.team_devices();
    devices.iter().for_each(|of| *by_team.entry(of.team).or_default() += 1);
    if devices.is_empty() {
        return Ok(());
    }
    let changed = by_team.iter().filter(|(_, count)| 1 < **count);
    let changed: Vec<String> = changed.map(|(team, count)| format!("{team} ({count})")).collect();
    let changed = if changed.is_empty() { "none".to_owned() } else { changed.join(", ") };
    print_line(format_args!(
        "{} teams have devices, which the centre enrolled; teams with more than one, one after the other: {changed}",
        by_team.len()
    ))
}

/// The daily dice as they are logged, for whoever saw them thrown; nothing in a campaign without them.
pub(super) fn daily_dice(state: &State) -> Option<Value> {
    let rule = state.campaign().rules().daily_die.as_ref()?;
    let dice = state.daily_dice().map(|(entry, period, number)| match period {
        Period::Day { day } => json!({ "day": day, "number": number, "entry": entry }),
        Period::Week { week } => json!({ "week": week, "number": number, "entry": entry }),
    });
    Some(json!({ "source": rule.source, "dice": dice.collect::<Vec<_>>() }))
}

fn print_daily_dice(state: &State) -> Result<(), Failure> {
    let Some(rule) = &state.campaign().rules().daily_die else { return Ok(()) };
    let mut dice: Vec<(u64, String)> = state
        .daily_dice()
        .map(|(entry, period, number)| {
            (
                entry,
                match period {
                    Period::Day { day } => format!("{day} {number}"),
                    Period::Week { week } => format!("week {week} {number}"),
                },
            )
        })
        .collect();
    dice.sort();
    let newest: Vec<&str> = dice.iter().rev().take(NUMBERS_PRINTED).map(|(_, text)| text.as_str()).collect();
    print_line(format_args!(
        "{} daily numbers by {}, to be held against what was published; the newest: {}",
        dice.len(),
        rule.source,
        newest.join(", ")
    ))
}
