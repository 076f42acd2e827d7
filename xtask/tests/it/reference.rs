//! Golden vectors are what the reference scripts write: those that need nothing but Python are run again.

use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::workspace;

/// A folder under target/ for what a script writes, new and empty.
fn anew(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).expect("what an earlier run left can be removed");
    }
    std::fs::create_dir_all(&folder).expect("target/ can be written");
    folder
}

#[track_caller]
fn runs(script: &str, goal: &Path) {
    let mut python = Command::new("python3");
    let status = python.arg(script).arg(goal).current_dir(workspace::root()).status();
    assert!(status.expect("python3 is there: `make test` looks for it").success(), "{script} failed");
}

/// Every file that was written, held against the golden one of its name; how many there were.
#[track_caller]
fn agree(written: &Path, golden: &str) -> usize {
    let files = std::fs::read_dir(written).expect("the script has written there");
    let names: Vec<_> = files.map(|file| file.expect("it can be listed").file_name()).collect();
    for name in &names {
        let bytes = |folder: &Path| std::fs::read(folder.join(name)).unwrap_or_default();
        let same = bytes(written) == bytes(&workspace::root().join(golden));
        assert!(same, "{golden}/{} is not what the script writes", name.to_string_lossy());
    }
    names.len()
}

#[test]
fn the_vectors_of_the_draw_are_what_the_other_implementation_writes() {
    let folder = anew("draw.py");
    runs("reference/draw.py", &folder);
    let golden = "crates/draw/tests/it/golden";
    assert_eq!(agree(&folder, golden), 7, "dice, deals, days, seeds, custodians, relays, the simulation");
}

#[test]
fn the_figures_of_declarers_are_what_the_other_implementation_counts() {
    let folder = anew("declarers.py");
    runs("reference/declarers.py", &folder.join("declarers.json"));
    assert_eq!(agree(&folder, "crates/estimate/tests/it/golden"), 1);
}
