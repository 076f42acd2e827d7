//! One simulated day by the real binary, shared by the tests that only read it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

static DAY: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = ["demo", "--days", "1", "--no-serve", "--json", "--data"];
    let output = Command::new(env!("CARGO_BIN_EXE_sekong")).args(demo).arg(&data).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (folder, data)
});

/// The data folder of a finished day; whoever wants to change it takes a copy.
pub(crate) fn shared_day() -> &'static Path {
    &DAY.1
}
