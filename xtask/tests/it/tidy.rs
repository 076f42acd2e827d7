//! The tidy rules on every file of this workspace.

use xtask::tidy;
use xtask::workspace::{crates, files, read, sources};

use crate::assert_none;

#[test]
fn functions_fit_on_a_screen() {
    assert_none(sources().expect("readable").iter().flat_map(tidy::long_functions));
}

#[test]
fn nothing_is_left_unfinished() {
    assert_none(sources().expect("readable").iter().flat_map(tidy::unfinished));
}

#[test]
fn pure_crates_name_no_world_clock_or_changing_order() {
    assert_none(sources().expect("readable").iter().flat_map(tidy::impure));
}

#[test]
fn every_crate_says_what_it_is() {
    assert_none(sources().expect("readable").iter().filter_map(tidy::undocumented_root));
}

#[test]
fn every_crate_has_a_row_in_the_architecture() {
    let document = read("ARCHITECTURE.md").expect("readable");
    let crates = crates().expect("readable");
    assert!(crates.contains(&"model".to_owned()), "the crates are found: {crates:?}");
    assert_none(tidy::architecture_rows(&document, &crates));
}

#[test]
fn snapshots_and_test_data_have_a_test() {
    let files = files().expect("readable");
    let sources = sources().expect("readable");
    let is_snapshot = |path: &&String| path.ends_with(".snap") || path.ends_with(".snap.new");
    let snapshots: Vec<(String, String)> =
        files.iter().filter(is_snapshot).map(|path| (path.clone(), read(path).expect("readable"))).collect();
    assert_none(tidy::stray_snapshots(&snapshots, &sources));
    assert_none(tidy::stray_test_data(&files, &sources));
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    let files = files().expect("readable");
    assert_none(files.iter().flat_map(|path| tidy::machine_paths(path, &read(path).expect("readable"))));
}

#[test]
fn the_web_lock_file_names_no_registry() {
    let lock = read("web/package-lock.json").expect("readable");
    assert!(lock.contains("\"integrity\""), "the packages are held by their hashes");
    assert!(!lock.contains("\"resolved\""), "npm was told in web/.npmrc to leave addresses out");
}
