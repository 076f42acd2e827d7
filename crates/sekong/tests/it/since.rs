//! `sekong verify --since` and `--resume`: a log continues its older heads and what was verified of it, and nothing else.

use std::fs;
use std::path::Path;

use crate::data::{Data, TWO_DAYS, arg, checkpoint, head_size, quoted_heads};
use crate::run::{Run, sekong};
use crate::serve::continue_in_silence;
use crate::week::shared_day;

/// Signed heads of a log that parts from the two days in the first night: the same keys, but nobody reports any more.
fn fork() -> Vec<String> {
    let data = Data::day();
    continue_in_silence(&data.path);
    let mut heads = quoted_heads(&data.path);
    heads.push(data.checkpoint());
    heads
}

fn since(log: &Path, head: &str) -> Run {
    let data = Data::absent();
    let head = data.beside("older", head);
    sekong(["verify", arg(log), "--json", "--since", arg(&head)])
}

#[track_caller]
fn is_no_continuation(run: Run) {
    let verdict = run.exits(3).says(&["head.continues"]).json();
    let faults = verdict["faults"].as_array().unwrap();
    assert!(faults.iter().any(|fault| fault["rule"] == "head.continues"), "{verdict}");
}

#[test]
fn a_log_continues_its_own_older_heads_and_its_newest() {
    let heads = quoted_heads(shared_day());
    let newest = checkpoint(shared_day());
    assert!(head_size(&heads[0]) < head_size(&newest));
    for head in [&heads[heads.len() / 2], &newest] {
        since(shared_day(), head).exits(0);
    }
}

#[test]
fn a_log_does_not_continue_a_fork_of_it() {
    let (two_days, fork) = (&TWO_DAYS.0.path, fork());
    since(two_days, &fork[fork.len() / 4]).exits(0);
    let parted = fork.last().unwrap();
    assert!(head_size(parted) < head_size(&checkpoint(two_days)), "it could be an older head, by its size");
    is_no_continuation(since(two_days, parted));
}

#[test]
fn a_log_does_not_continue_a_longer_one() {
    is_no_continuation(since(shared_day(), &checkpoint(&TWO_DAYS.0.path)));
}

#[test]
fn a_log_does_not_continue_the_head_of_another_log() {
    is_no_continuation(since(shared_day(), &Data::founded().checkpoint()));
}

#[test]
fn what_is_no_head_is_the_mistake_of_whoever_gives_it() {
    for text in ["", &"noise ".repeat(1000)] {
        since(shared_day(), text).exits(2).prints_nothing().says(&["--since", "is no signed head", "help:"]);
    }
}

#[test]
fn an_older_head_that_cannot_be_read_is_a_failure_that_names_it() {
    let missing = ["verify", arg(shared_day()), "--since", "no/such/head"];
    sekong(missing).exits(1).prints_nothing().says(&["no/such/head", "help:"]);
    let data = Data::absent();
    let binary = data.beside("older", [0xff, 0xfe]);
    sekong(["verify", arg(shared_day()), "--since", arg(&binary)]).exits(1).says(&["is not UTF-8"]);
    assert_eq!(fs::read(&binary).unwrap(), [0xff, 0xfe]);
}

fn resume(log: &Path, file: &Path) -> Run {
    sekong(["verify", arg(log), "--json", "--resume", arg(file)])
}

#[test]
fn an_auditor_goes_on_where_he_was() {
    let data = Data::day();
    let file = data.beside("verified", "");
    fs::remove_file(&file).unwrap();
    let verdict = resume(&data.path, &file).exits(0).json();
    let kept = || serde_json::from_str::<serde_json::Value>(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(kept(), serde_json::json!({ "size": verdict["size"], "root": verdict["root"] }));
    continue_in_silence(&data.path);
    let grown = resume(&data.path, &file).exits(0).json();
    assert_eq!(kept(), serde_json::json!({ "size": grown["size"], "root": grown["root"] }));
    let again = resume(&data.path, &file).exits(0).json();
    assert_eq!((&again["root"], &again["size"]), (&grown["root"], &grown["size"]));
    assert_eq!(
        again["rests_on"]["signatures_known_before"], grown["size"],
        "a verdict says what it rests on"
    );
    let words = sekong(["verify", arg(&data.path), "--resume", arg(&file)]).exits(0).stdout;
    assert!(words.contains("entries were not checked again"), "{words}");
    is_no_continuation(resume(shared_day(), &file));
    assert_eq!(kept()["size"], grown["size"], "what was verified is not forgotten for an older log");
}

#[test]
fn a_second_history_is_seen_against_what_was_verified() {
    let data = Data::day();
    let file = data.beside("verified", "");
    fs::remove_file(&file).unwrap();
    continue_in_silence(&data.path);
    resume(&data.path, &file).exits(0);
    let before = fs::read_to_string(&file).unwrap();
    is_no_continuation(resume(&TWO_DAYS.0.path, &file));
    let other = resume(&TWO_DAYS.0.path, &file).exits(3).json();
    assert_eq!(other["rests_on"]["signatures_known_before"], 0, "nothing of this history was known");
    let words = sekong(["verify", arg(&TWO_DAYS.0.path), "--resume", arg(&file)]).exits(3).stdout;
    assert!(!words.contains("were not checked again"), "{words}");
    assert_eq!(fs::read_to_string(&file).unwrap(), before);
}

#[test]
fn a_file_to_resume_from_that_says_nothing_is_named() {
    let data = Data::absent();
    for text in ["", "{}", r#"{"size":-1,"root":"00"}"#, "sekong/northeast-2017\n5\n"] {
        let file = data.beside("verified", text);
        resume(shared_day(), &file).exits(1).says(&["verified", "does not say how far", "help:"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
    let nowhere = data.beside("no-folder", "").join("file");
    resume(shared_day(), &nowhere).exits(1).says(&["cannot write", "help:"]);
}
