//! `sekong verify DIR`: what it says of a record that holds, and with which keys.

use std::fs;
use std::process::Stdio;

use sekong_log::Statement;
use serde_json::json;

use crate::data::{Data, arg, head_size};
use crate::run::{command, sekong};
use crate::week::shared_day;

/// A published copy is `log/`, `bodies/` and the public keys: it lacks what is still sealed, and for so long that is no fault.
#[test]
fn a_published_copy_holds_while_the_rest_may_be_sealed() {
    let data = Data::day();
    for own in ["sealed", "keys/secrets.json", "sekong.db"] {
        let path = data.path.join(own);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
    }
    let judged = |now: &str| sekong(["verify", arg(&data.path), "--json", "--now", now]);
    let verdict = judged("2017-01-03T00:00:00Z").exits(0).json();
    assert!(verdict["sealed"].as_u64().unwrap() > 100, "{verdict}");
    let verdict = judged("2017-03-01T00:00:00Z").exits(3).json();
    assert_eq!(verdict["faults"][0]["rule"], "body.overdue");
}

#[test]
fn a_day_that_holds_is_told_in_words_and_in_json() {
    let words = sekong(["verify", arg(shared_day())]).exits(0);
    assert!(
        words.stdout.contains("cosigned by sekong/northeast-2017/cosigner-1 at 2017-"),
        "{}",
        words.stdout
    );
    assert!(words.stdout.contains("\neverything holds"), "{}", words.stdout);
    let verdict = sekong(["verify", arg(shared_day()), "--json"]).exits(0).json();
    assert_eq!(verdict["verified"], true);
    assert_eq!(verdict["size"], head_size(&crate::data::checkpoint(shared_day())));
    assert_eq!(
        (&verdict["faults"], &verdict["unchecked"], &verdict["sealed"]),
        (&json!([]), &json!([]), &json!(0))
    );
    assert_eq!(verdict["cosignatures"].as_array().unwrap().len(), 3);
    let devices = verdict["devices"].as_array().unwrap();
    assert!(devices.iter().all(|of| of["retired"].is_null() && of["entry"].is_u64()), "{devices:?}");
    let told = format!("\n{} teams have devices, which the centre enrolled; ", devices.len());
    assert!(words.stdout.contains(&told) && words.stdout.contains("one after the other: none\n"), "{told}");
}

#[test]
fn with_the_logs_key_alone_cosignatures_are_listed_as_unchecked() {
    let data = Data::founded();
    let key = fs::read_to_string(data.path.join("keys/log.vkey")).unwrap();
    let verdict = sekong(["verify", arg(&data.path), "--json", "--key", key.trim()]).exits(0).json();
    assert_eq!(verdict["cosignatures"], json!([]));
    let unchecked = verdict["unchecked"].as_array().unwrap();
    assert_eq!(unchecked.len(), 3);
    assert!(verdict["unchecked"].to_string().contains("cosigner-1"), "{verdict}");
    let words = sekong(["verify", arg(&data.path), "--key", key.trim()]).exits(0);
    assert!(
        words.stdout.contains("unchecked: ") && !words.stdout.contains("cosigned by"),
        "{}",
        words.stdout
    );
}

#[test]
fn with_the_logs_key_alone_a_log_that_ends_with_a_late_report_holds() {
    let key = fs::read_to_string(shared_day().join("keys/log.vkey")).unwrap();
    let entries = crate::data::statements(shared_day());
    assert!(
        matches!(entries.last(), Some(Statement::Inspection(_) | Statement::Opened(_))),
        "what devices say comes after midnight"
    );
    sekong(["verify", arg(shared_day()), "--key", key.trim()]).exits(0);
}

#[test]
fn with_a_file_of_keys_the_cosignatures_are_checked() {
    let data = Data::founded();
    let keys = data.key_file();
    let verdict = sekong(["verify", arg(&data.path), "--json", "--key", arg(&keys)]).exits(0).json();
    assert_eq!(verdict["unchecked"], json!([]));
    assert_eq!(verdict["cosignatures"][0]["name"], "sekong/northeast-2017/cosigner-1");
}

#[test]
fn a_log_does_not_open_with_another_logs_key() {
    let (data, other) = (Data::founded(), Data::founded());
    let key = fs::read_to_string(other.path.join("keys/log.vkey")).unwrap();
    for key in [key.trim(), arg(&other.key_file())] {
        let run = sekong(["verify", arg(&data.path), "--json", "--key", key]).exits(3);
        assert_eq!(run.json()["faults"][0]["file"], "checkpoint");
        assert_eq!(run.json()["faults"][0]["rule"], "log.head");
    }
}

#[test]
fn a_cosigners_key_from_elsewhere_vouches_for_nothing() {
    let (data, other) = (Data::founded(), Data::founded());
    let read = |data: &Data, name: &str| fs::read_to_string(data.path.join("keys").join(name)).unwrap();
    let mixed = data.beside("mixed.vkey", read(&data, "log.vkey") + &read(&other, "cosigners.vkey"));
    let verdict = sekong(["verify", arg(&data.path), "--json", "--key", arg(&mixed)]).exits(3).json();
    assert_eq!(verdict["verified"], false);
}

#[test]
fn keys_that_are_none_are_named_with_their_line() {
    let data = Data::founded();
    let keys = fs::read_to_string(data.key_file()).unwrap();
    let file = data.beside("bad.vkey", keys + "not a key\n");
    let run = sekong(["verify", arg(&data.path), "--key", arg(&file)]).exits(1).prints_nothing();
    run.says(&["bad.vkey", "line 6", "help:"]);
    let empty = data.beside("empty.vkey", "");
    sekong(["verify", arg(&data.path), "--key", arg(&empty)]).exits(1).says(&["empty.vkey", "holds no key"]);
}

#[test]
fn a_folder_that_is_not_there_is_a_usage_error() {
    sekong(["verify", "no/such/folder", "--json"])
        .exits(2)
        .prints_nothing()
        .says(&["no/such/folder", "help:"]);
}

#[test]
fn verifying_changes_nothing() {
    let data = Data::founded();
    let before = crate::data::files(&data.path);
    let head = data.checkpoint();
    sekong(["verify", arg(&data.path)]).exits(0);
    let databases_own = |name: &String| name.starts_with("sekong.db-");
    let after = crate::data::files(&data.path).into_iter().filter(|name| !databases_own(name));
    assert_eq!(
        after.collect::<Vec<_>>(),
        before.into_iter().filter(|name| !databases_own(name)).collect::<Vec<_>>()
    );
    assert_eq!(data.checkpoint(), head);
}

#[test]
fn a_reader_who_goes_away_changes_no_verdict() {
    let data = Data::founded();
    let campaign = crate::data::shipped();
    for (args, code) in [(["verify", arg(&data.path)], 0), (["campaign check", arg(&campaign)], 0)] {
        let args = args[0].split(' ').chain([args[1]]);
        let mut child = command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
