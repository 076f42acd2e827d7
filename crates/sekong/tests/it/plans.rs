//! `sekong plan` and `sekong check`: a plan that holds, and every way to spoil it.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::data::{Data, arg, copy, shipped};
use crate::run::{Run, sekong};

fn plan(province: &str, day: &str, out: &Path) -> Run {
    sekong(["plan", arg(&shipped()), "--province", province, "--day", day, "--out", arg(out)])
}

fn solved(province: &str) -> String {
    let data = Data::absent();
    plan(province, "2017-01-01", &data.path).exits(0);
    fs::read_to_string(&data.path).unwrap()
}

#[test]
fn a_campaign_says_what_its_plans_make_best() {
    let data = Data::absent();
    copy(&shipped(), &data.path);
    let file = data.path.join("campaign.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("objective = \"max\"", "objective = \"leximin\"", 1)).unwrap();
    let out = data.path.join("plan.json");
    let day = ["--province", "ratanakiri", "--day", "2017-01-01", "--out", arg(&out)];
    sekong(["plan", arg(&data.path)].into_iter().chain(day)).exits(0);
    let plan: Value = serde_json::from_str(&fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!(plan["game"]["objective"], "leximin");
    check(plan.to_string(), None).exits(0);
    let usual: Value = serde_json::from_str(&solved("ratanakiri")).unwrap();
    let upper = |plan: &Value| plan["value"]["upper"].as_f64().unwrap();
    assert!(upper(&plan) <= upper(&usual) + 0.01 * upper(&usual).abs(), "{} {}", upper(&plan), upper(&usual));
}

static STUNG_TRENG: LazyLock<String> = LazyLock::new(|| solved("stung-treng"));

fn check(plan: impl AsRef<[u8]>, game: Option<&str>) -> Run {
    let data = Data::absent();
    let plan = data.beside("plan.json", plan);
    let game = game.map(|game| data.beside("game.json", game));
    let game = game.iter().flat_map(|file| ["--game", arg(file)]);
    sekong(["check", arg(&plan), "--json"].into_iter().chain(game))
}

/// Checks the plan of Stung Treng after a change.
fn check_changed(change: impl FnOnce(&mut Value)) -> Run {
    let mut plan: Value = serde_json::from_str(&STUNG_TRENG).unwrap();
    change(&mut plan);
    check(plan.to_string(), None)
}

#[track_caller]
fn is_refused(run: Run, parts: &[&str]) {
    let run = run.exits(3).says(parts);
    let verdict = run.json();
    assert_eq!(verdict["valid"], false);
    let faults = verdict["faults"].as_array().unwrap();
    assert!(
        faults.iter().all(|fault| !fault.as_str().unwrap().contains('\n')),
        "one fault a string: {faults:?}"
    );
    let faults = verdict["faults"].to_string();
    assert!(
        parts.iter().all(|part| faults.contains(&json!(part).to_string().trim_matches('"').to_owned())),
        "{faults}"
    );
}

const UNIT: usize = 2;
const UNIT_ID: &str = "stung-treng/00-08/plain-1";

fn arcs(plan: &mut Value) -> &mut Vec<Value> {
    assert_eq!(plan["units"][UNIT]["id"], UNIT_ID);
    plan["units"][UNIT]["arcs"].as_array_mut().unwrap()
}

fn add(arc: &mut Value, flow: i64) {
    arc["flow"] = json!(arc["flow"].as_i64().unwrap() + flow);
}

/// The arcs of one path from the source to the end, each the `pick`ed one of those that leave its node.
fn path(arcs: &[Value], pick: fn(Vec<usize>) -> usize) -> Vec<usize> {
    let (mut at, mut path) = (Value::Null, Vec::new());
    loop {
        let leaving = (0..arcs.len()).filter(|arc| arcs[*arc]["from"] == at).collect();
        let arc = pick(leaving);
        path.push(arc);
        at = arcs[arc]["to"].clone();
        if at.is_null() {
            return path;
        }
    }
}

#[test]
fn a_plan_is_accepted_by_its_own_check() {
    let run = check(&*STUNG_TRENG, None).exits(0);
    let verdict = run.json();
    assert_eq!((&verdict["valid"], &verdict["faults"]), (&json!(true), &json!([])));
    assert!(verdict["lower"].as_f64() <= verdict["upper"].as_f64() && verdict["gap"].is_f64());
    let data = Data::absent();
    let words = sekong(["check", arg(&data.beside("plan.json", &*STUNG_TRENG))]).exits(0);
    assert!(words.stdout.starts_with("the plan holds: upper "), "{}", words.stdout);
}

#[test]
fn a_plan_is_the_same_each_time() {
    assert_eq!(solved("stung-treng"), *STUNG_TRENG);
}

#[test]
fn a_plan_printed_as_json_names_its_file_and_certificate() {
    let data = Data::absent();
    let (campaign, out) = (shipped(), data.path.clone());
    let run = sekong([
        "plan",
        arg(&campaign),
        "--province",
        "ratanakiri",
        "--day",
        "2017-06-30",
        "--out",
        arg(&out),
        "--json",
    ]);
    let line = run.exits(0).json();
    assert_eq!(line["out"], arg(&out));
    // Where both meet, they may part again in the last digit.
    assert!(line["lower"].as_f64().unwrap() <= line["upper"].as_f64().unwrap() + 1e-9);
    sekong(["check", arg(&out)]).exits(0);
}

#[test]
fn a_plan_for_another_game_is_refused() {
    let plan: Value = serde_json::from_str(&STUNG_TRENG).unwrap();
    check(&*STUNG_TRENG, Some(&plan["game"].to_string())).exits(0);
    let other: Value = serde_json::from_str(&solved("ratanakiri")).unwrap();
    is_refused(check(&*STUNG_TRENG, Some(&other["game"].to_string())), &["another game"]);
}

#[test]
fn a_unit_of_flow_added_to_an_arc_is_named_with_its_unit() {
    let inner = |plan: &mut Value| {
        let arc = arcs(plan).iter_mut().find(|arc| !arc["from"].is_null() && !arc["to"].is_null());
        add(arc.unwrap(), 1);
    };
    is_refused(check_changed(inner), &[UNIT_ID, "comes to", "leaves it"]);
    is_refused(check_changed(|plan| add(&mut arcs(plan)[0], 1)), &[UNIT_ID, "1048577 enters, not 1048576"]);
}

#[test]
fn a_unit_of_flow_moved_between_two_arcs_is_named_with_its_unit() {
    let moved = |plan: &mut Value| {
        let arcs = arcs(plan);
        add(&mut arcs[0], -1);
        add(&mut arcs[1], 1);
    };
    is_refused(check_changed(moved), &[UNIT_ID, "comes to", "leaves it"]);
}

#[test]
fn flow_moved_between_whole_paths_breaks_the_claimed_value() {
    let moved = |plan: &mut Value| {
        let arcs = arcs(plan);
        let by_flow = |arcs: &[Value], arc: &usize| arcs[*arc]["flow"].as_i64().unwrap();
        let (from, to) = (path(arcs, |leaving| leaving[0]), path(arcs, |leaving| leaving[leaving.len() - 1]));
        let half = from.iter().map(|arc| by_flow(arcs, arc)).min().unwrap() / 2;
        from.iter().for_each(|arc| add(&mut arcs[*arc], -half));
        to.iter().for_each(|arc| add(&mut arcs[*arc], half));
    };
    is_refused(check_changed(moved), &["value.upper: claims", "recomputed"]);
}

#[test]
fn a_flow_that_no_unit_has_is_named_with_its_unit() {
    for flow in [0, -1, (1 << 20) + 1, i64::MAX] {
        let run = check_changed(|plan| arcs(plan)[0]["flow"] = json!(flow));
        is_refused(run, &[UNIT_ID, "flow outside 1 to 1048576"]);
    }
}

#[test]
fn an_arc_that_is_not_in_the_game_is_named_with_its_unit() {
    let twice = |plan: &mut Value| {
        let first = arcs(plan)[0].clone();
        arcs(plan).push(first);
    };
    is_refused(check_changed(twice), &[UNIT_ID, "there twice"]);
    let far = |plan: &mut Value| {
        arcs(plan).push(json!({ "from": ["KH-LA-01", 0], "to": ["DER-02", 1], "flow": 1 }))
    };
    is_refused(check_changed(far), &[UNIT_ID, "is not allowed"]);
    let nowhere = |plan: &mut Value| arcs(plan)[0]["to"] = json!(["KH-LA-99", 0]);
    is_refused(check_changed(nowhere), &[UNIT_ID, "unknown place"]);
}

#[test]
fn a_changed_claim_is_named() {
    let better = |plan: &mut Value| plan["value"]["upper"] = json!(1.0);
    is_refused(check_changed(better), &["value.upper: claims 1"]);
    let other_game = |plan: &mut Value| plan["game"]["floor"] = json!(0.04);
    is_refused(check_changed(other_game), &["game_sha256"]);
    let fewer = |plan: &mut Value| drop(plan["units"].as_array_mut().unwrap().pop());
    is_refused(check_changed(fewer), &["units: not the units of the game"]);
}

#[test]
fn what_is_no_plan_is_refused_with_line_and_column() {
    let nan = STUNG_TRENG.replacen("\"flow\":", "\"flow\":NaN,\"was\":", 1);
    assert_ne!(nan, *STUNG_TRENG);
    let noise: Vec<u8> =
        (0..1_000_000u32).map(|n| b' ' + (n.wrapping_mul(2_654_435_761) >> 25) as u8 % 94).collect();
    let deep = "[".repeat(200_000);
    let cut = &STUNG_TRENG[..STUNG_TRENG.len() / 2];
    for text in ["", "{}", "null", cut, &deep, &nan, str::from_utf8(&noise).unwrap()] {
        is_refused(check(text, None), &["plan, line ", "column ", "mend the JSON there"]);
    }
    is_refused(check(&*STUNG_TRENG, Some("{")), &["game, line 1, column 1"]);
}

#[test]
fn a_plan_that_cannot_be_read_is_named_with_a_remedy() {
    sekong(["check", "no/such/plan.json", "--json"])
        .exits(1)
        .prints_nothing()
        .says(&["no/such/plan.json", "help:"]);
    sekong(["check", env!("CARGO_MANIFEST_DIR")]).exits(1).prints_nothing().says(&["cannot read", "help:"]);
    check([0xff, 0xfe, 0x00], None).exits(1).says(&["plan.json", "is not UTF-8", "name a plan file"]);
    let data = Data::absent();
    let plan = data.beside("plan.json", &*STUNG_TRENG);
    let against = |game: &Path| sekong(["check", arg(&plan), "--game", arg(game)]).exits(1).prints_nothing();
    against(Path::new("no/such/game.json")).says(&["no/such/game.json", "--game takes a game file"]);
    against(&data.beside("game.json", [0xff])).says(&[
        "game.json",
        "is not UTF-8",
        "--game takes a game file",
    ]);
}

#[test]
fn a_province_or_day_outside_the_campaign_is_a_usage_error_with_a_hint() {
    let data = Data::absent();
    plan("kratie", "2017-01-01", &data.path).exits(2).prints_nothing().says(&[
        "kratie",
        "stung-treng",
        "help:",
    ]);
    plan("stung-treng", "2016-12-31", &data.path).exits(2).prints_nothing().says(&[
        "2016-12-31",
        "2017-01-01",
        "help:",
    ]);
    plan("stung-treng", "2017-02-30", &data.path).exits(2).prints_nothing().says(&["2017-02-30"]);
    plan("Stung Treng", "2017-01-01", &data.path).exits(2).prints_nothing().says(&["Stung Treng"]);
    assert!(!data.path.exists());
}

#[test]
fn a_plan_that_cannot_be_written_is_a_failure_that_names_the_file() {
    plan("ratanakiri", "2017-01-01", Path::new("no/such/folder/plan.json"))
        .exits(1)
        .prints_nothing()
        .says(&["cannot write no/such/folder/plan.json", "help:"]);
}
