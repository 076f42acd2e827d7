//! A few rounds of what `make torture PART=log` does by the thousand, of the kinds that need no privilege: SIGKILL, and
//! faults at the system's calls.

use std::path::PathBuf;
use std::sync::LazyLock;

use sekong_torture::{Backlog, Binary, Inflicting, Killing};

static BINARY: LazyLock<Binary> = LazyLock::new(|| Binary(PathBuf::from(env!("CARGO_BIN_EXE_sekong"))));

static BACKLOG: LazyLock<Backlog> = LazyLock::new(|| Backlog::make(&BINARY).unwrap());

#[test]
fn nothing_acknowledged_is_lost_doubled_or_forked_when_the_server_is_killed() {
    assert!(BACKLOG.entries() > 500, "{} entries wait", BACKLOG.entries());
    let mut killing = Killing::new(&BINARY, &BACKLOG);
    let rounds = (1..=12)
        .map(|round| killing.round(round).unwrap_or_else(|trouble| panic!("round {round}: {trouble}")));
    let rounds: Vec<_> = rounds.collect();
    killing.end().unwrap();
    assert!(rounds.iter().any(|killed| killed.in_the_middle), "no kill hit anything: {rounds:?}");
}

#[test]
fn a_call_that_fails_ends_the_server_with_a_message_or_not_at_all_and_loses_nothing() {
    let inflicting = Inflicting::watch(&BINARY, &BACKLOG).unwrap();
    let all = inflicting.cases();
    assert!(all > 60, "{all} faults");
    let some = (0..8).map(|number| number * all / 8);
    let met = some.map(|number| inflicting.round(number).unwrap_or_else(|trouble| panic!("{trouble}")));
    let met: Vec<_> = met.collect();
    assert!(met.iter().filter(|fault| fault.hit).count() > 4, "{met:?}");
}
