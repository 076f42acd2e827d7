//! One call of the fsync class a group commit, counted from outside by strace.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const FSYNC_CLASS: &str = "fsync,fdatasync,sync_file_range,msync,syncfs,sync";

/// Checkpoints that a reader held up: each has flushed the write-ahead log before it finds that out, and is tried again.
const IN_VAIN: u64 = 2;

/// What cosigners added to the last head is written when the centre ends; to every other head with the next commit.
const AT_THE_END: u64 = 1;

/// Runs a one-day demo under strace; gives its JSON line and the trace.
fn traced_day(folder: &Path) -> (Value, String) {
    let trace = folder.join("trace");
    let output = Command::new("strace")
        .args(["-f", "-y", "-e", &format!("trace={FSYNC_CLASS}"), "-o"])
        .arg(&trace)
        .arg(env!("CARGO_BIN_EXE_sekong"))
        .args(["demo", "--days", "1", "--no-serve", "--json", "--data"])
        .arg(folder.join("data"))
        .output()
        .expect("strace is installed by `make test`; by hand: apt-get install strace");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8(output.stdout).unwrap();
    (serde_json::from_str(line.trim()).unwrap(), std::fs::read_to_string(trace).unwrap())
}

fn calls_on(trace: &str, file: &str) -> u64 {
    // A call that another thread's event interrupts has a second line, `<... fsync resumed>`, without a bracket.
    trace.lines().filter(|line| line.contains("sync(") && line.contains(file)).count() as u64
}

#[test]
fn a_group_commit_costs_one_fsync() {
    let folder = tempfile::tempdir().unwrap();
    let (demo, trace) = traced_day(folder.path());
    let commits = demo["commits"].as_u64().unwrap();
    // Keys are flushed once, when the campaign is founded.
    let calls = calls_on(&trace, "") - calls_on(&trace, "/keys/");
    // Each flush of the database file itself is a checkpoint: the one at the end, and the layout at the beginning.
    let checkpoints = calls_on(&trace, "sekong.db>");
    assert!((1..=2).contains(&checkpoints), "{trace}");
    assert!(calls >= commits, "{calls} calls for {commits} commits: some commit was not flushed");
    // A flush of the file's times as well would be a write of its own.
    let data_alone =
        trace.lines().filter(|line| line.contains("fdatasync(") && line.contains("sekong.db-wal>"));
    assert!(commits <= data_alone.count() as u64, "{trace}");
    assert!(calls <= commits + AT_THE_END + 3 * checkpoints + IN_VAIN, "{calls} calls for {commits} commits");
    assert_eq!(calls_on(&trace, "/log/"), 0, "tiles are derived and must not be flushed");
}
