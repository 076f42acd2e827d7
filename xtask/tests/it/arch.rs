//! The arrows of this workspace, and the proof that the rule can fail.

use cargo_metadata::Metadata;
use serde_json::{Value, json};
use xtask::arch::{ARROWS, ONLY_IN, PURE, Violation, arrows, violations};

use crate::{assert_none, metadata};

#[test]
fn the_workspace_keeps_its_arrows() {
    assert_none(violations(&metadata()));
}

#[test]
fn every_line_of_the_list_is_a_crate() {
    let drawn = arrows(&metadata());
    let listed = ARROWS.iter().map(|(name, _)| *name).chain(PURE).chain(ONLY_IN.map(|(_, owner)| owner));
    assert_none(listed.filter(|name| !drawn.contains_key(*name)).map(|name| format!("no crate {name}")));
}

#[test]
fn the_list_itself_points_down_only() {
    let row = |name: &str| ARROWS.iter().position(|(listed, _)| *listed == name);
    let upward = ARROWS.iter().flat_map(|(from, allowed)| allowed.iter().map(move |to| (from, to)));
    assert_none(upward.filter(|(from, to)| row(to) <= row(from)).map(|(from, to)| format!("{from} → {to}")));
}

#[test]
fn tokio_in_plan_is_named() {
    let found = added("sekong-plan", "tokio", None);
    let named = Violation::Impure { path: vec!["plan".into(), "tokio".into()], why: "an I/O runtime" };
    assert!(found.contains(&named), "{found:?}");
    let said = "plan is pure and must not reach tokio (an I/O runtime): plan → tokio";
    assert_eq!(named.to_string(), said);
}

#[test]
fn getrandom_behind_a_dependency_of_plan_is_named_with_the_way() {
    let found = added("serde_path_to_error", "getrandom", None);
    let way = ["plan", "serde_path_to_error", "getrandom"].map(str::to_owned).to_vec();
    let named = Violation::Impure { path: way, why: "the operating system's randomness" };
    assert!(found.contains(&named), "{found:?}");
}

#[test]
fn store_using_centre_is_named() {
    let found = added("sekong-store", "sekong-centre", None);
    assert!(found.contains(&Violation::Arrow { from: "store".into(), to: "centre".into() }), "{found:?}");
}

#[test]
fn plan_using_log_is_named() {
    let found = added("sekong-plan", "sekong-log", None);
    assert_eq!(found, [Violation::Arrow { from: "plan".into(), to: "log".into() }]);
}

#[test]
fn sqlx_outside_store_is_named() {
    let found = added("sekong-centre", "sqlx", None);
    assert_eq!(
        found,
        [Violation::Misplaced { krate: "centre".into(), package: "sqlx".into(), owner: "store" }]
    );
}

#[test]
fn a_crate_without_a_line_is_named() {
    let mut value = as_json(&metadata());
    let id = package_id(&mut value, "sekong-newcomer");
    members(&mut value).push(json!(id));
    let found = violations(&from_json(value));
    assert!(found.contains(&Violation::Unlisted { krate: "newcomer".into() }), "{found:?}");
}

#[test]
fn dependencies_of_tests_and_builds_do_not_count() {
    assert_eq!(added("sekong-plan", "tokio", Some("dev")), []);
    assert_eq!(added("sekong-plan", "sekong-log", Some("build")), []);
}

/// What the rule finds once `from` depends on `to`, beyond what it finds now.
fn added(from: &str, to: &str, kind: Option<&str>) -> Vec<Violation> {
    let now = metadata();
    let known = violations(&now);
    let mut value = as_json(&now);
    let (from, to_id) = (package_id(&mut value, from), package_id(&mut value, to));
    let dependency = json!({"name": to, "pkg": to_id, "dep_kinds": [{"kind": kind, "target": null}]});
    let node = nodes(&mut value)
        .iter_mut()
        .find(|node| node["id"] == from.as_str())
        .expect("every package has a node");
    node["deps"].as_array_mut().expect("deps is a list").push(dependency);
    let mut found = violations(&from_json(value));
    found.retain(|violation| !known.contains(violation));
    found
}

/// The id of a package of that name, which is made up with a node of its own if there is none.
fn package_id(value: &mut Value, name: &str) -> String {
    let packages = value["packages"].as_array_mut().expect("packages is a list");
    if let Some(package) = packages.iter().find(|package| package["name"] == name) {
        return package["id"].as_str().expect("an id is a string").to_owned();
    }
    let mut package = packages[0].clone();
    package["name"] = json!(name);
    package["id"] = json!(format!("made-up#{name}"));
    packages.push(package);
    nodes(value)
        .push(json!({"id": format!("made-up#{name}"), "deps": [], "dependencies": [], "features": []}));
    format!("made-up#{name}")
}

fn nodes(value: &mut Value) -> &mut Vec<Value> {
    value["resolve"]["nodes"].as_array_mut().expect("the graph is resolved")
}

fn members(value: &mut Value) -> &mut Vec<Value> {
    value["workspace_members"].as_array_mut().expect("members is a list")
}

fn as_json(metadata: &Metadata) -> Value {
    serde_json::to_value(metadata).expect("metadata came from JSON")
}

fn from_json(value: Value) -> Metadata {
    serde_json::from_value(value).expect("the doctored value keeps the shape of metadata")
}
