//! The dependency policy on this workspace, and the proof that it can fail.

use xtask::packages::{PackageFinding, TWICE, duplicate_findings, locked, over_budget};
use xtask::workspace;

use crate::{assert_none, metadata};

#[test]
fn locked_packages_stay_within_the_budget() {
    let lock = workspace::read("Cargo.lock").expect("cargo writes the lock file before it runs a test");
    assert!(locked(&lock) > 1, "the lock file is counted");
    assert_none(over_budget(locked(&lock)));
}

#[test]
fn packages_in_two_versions_are_listed_with_a_reason() {
    assert_none(duplicate_findings(&metadata(), TWICE));
    assert_none(TWICE.iter().filter(|(_, why)| why.is_empty()).map(|(name, _)| format!("{name}: say why")));
}

#[test]
fn a_second_version_and_a_stale_line_are_named() {
    let mut doctored = metadata();
    let mut second =
        doctored.packages.iter().find(|package| package.name == "serde").expect("serde is used").clone();
    second.version.major += 1;
    second.id.repr = "made-up#serde".to_owned();
    doctored.packages.push(second);
    let allowed = [TWICE, &[("gone", "it is not there")]].concat();
    let found = duplicate_findings(&doctored, &allowed);
    let has = |check: fn(&PackageFinding) -> bool| found.iter().any(check);
    assert!(has(
        |found| matches!(found, PackageFinding::Duplicate { name, versions } if name == "serde" && versions.len() == 2)
    ));
    assert!(has(|found| matches!(found, PackageFinding::Stale { name } if name == "gone")));
}
