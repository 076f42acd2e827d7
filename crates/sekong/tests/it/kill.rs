//! SIGKILL in the middle of reports, three times; `make torture PART=log` does it twenty times.

use std::path::PathBuf;

use sekong_torture::{Backlog, Binary, Round, kill_round};

#[test]
fn nothing_acknowledged_is_lost_and_nothing_doubled_when_the_server_is_killed() {
    let binary = Binary(PathBuf::from(env!("CARGO_BIN_EXE_sekong")));
    let backlog = Backlog::make(&binary).unwrap();
    assert!(backlog.reports() > 50, "{} reports wait", backlog.reports());
    let rounds = (1..=3).map(|round| {
        let outcome = kill_round(&binary, &backlog, round);
        outcome.unwrap_or_else(|trouble| panic!("round {round}: {trouble}"))
    });
    let rounds: Vec<_> = rounds.collect();
    assert!(rounds.iter().any(Round::in_the_middle), "no kill hit anything: {rounds:?}");
}
