//! `sekong verify --since`: a log continues its older heads, and no others.

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
fn what_is_no_head_is_continued_by_nothing() {
    for text in ["", &"noise ".repeat(1000)] {
        is_no_continuation(since(shared_day(), text));
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
