//! This workspace against its own rules.

mod arch;
mod packages;
mod reference;
mod tidy;

use cargo_metadata::Metadata;

/// The workspace as cargo resolves it now.
fn metadata() -> Metadata {
    xtask::workspace::metadata().expect("cargo metadata answers in a workspace that builds")
}

/// Fails with one line a finding.
#[track_caller]
fn assert_none<T: std::fmt::Display>(findings: impl IntoIterator<Item = T>) {
    let lines: Vec<String> = findings.into_iter().map(|finding| finding.to_string()).collect();
    assert!(lines.is_empty(), "{} finding(s):\n{}", lines.len(), lines.join("\n"));
}
