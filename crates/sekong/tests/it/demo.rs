//! `sekong demo` and `sekong init`: what they print, what they leave, what they refuse.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sekong_log::{HeadKeys, Period, Statement, TilePath, VerifierKey, body_hash};
use serde_json::Value;

use crate::data::{Data, TWO_DAYS, arg, checkpoint, copy, files, shipped, statements};
use crate::run::{Run, sekong};
use crate::week::shared_day;

const KEYS: [&str; 22] = [
    "days",
    "province_hours",
    "post_hours",
    "province_hours_covered",
    "orders",
    "orders_driving",
    "inspections",
    "late",
    "missed",
    "missed_away",
    "boxes_opened",
    "orders_relayed",
    "late_arrived",
    "degraded_hours",
    "late_releases",
    "degraded",
    "degraded_weeks",
    "degraded_deals",
    "log_size",
    "head",
    "commits",
    "verified",
];

fn demo(data: &Path, days: &str, seed: &str) -> Run {
    let options = ["--no-serve", "--json", "--days", days, "--seed", seed, "--data"];
    sekong(["demo"].into_iter().chain(options).chain([arg(data)]))
}

fn keys_in(data: &Path, file: &str) -> Vec<VerifierKey> {
    let text = fs::read_to_string(data.join("keys").join(file)).unwrap();
    text.lines().map(|line| line.parse().unwrap()).collect()
}

/// The number of each day and week comes from the seed, in the stead of whoever would draw it in public.
#[test]
fn a_campaign_with_a_daily_die_is_lived_like_any_other() {
    let campaign = Data::absent();
    copy(&shipped(), &campaign.path);
    let file = campaign.path.join("campaign.toml");
    let rule = "daily_die = true\ndaily_die_digits = 5\ndaily_die_source = \"national lottery, first prize\"";
    let text = fs::read_to_string(&file).unwrap().replacen("daily_die = false", rule, 1);
    fs::write(&file, text).unwrap();
    let data = Data::absent();
    let options =
        ["--no-serve", "--json", "--days", "1", "--campaign", arg(&file), "--data", arg(&data.path)];
    let line = sekong(["demo"].into_iter().chain(options)).exits(0).json();
    assert_eq!(line["verified"], true, "{line}");
    let dice = statements(&data.path).into_iter().filter_map(|said| match said {
        Statement::DailyDie(die) => Some(die),
        _ => None,
    });
    let dice: Vec<_> = dice.collect();
    assert!(dice.iter().any(|die| matches!(die.period, Period::Week { week: 0 })), "{dice:?}");
    assert!(dice.iter().any(|die| matches!(die.period, Period::Day { .. })), "{dice:?}");
    assert!(dice.iter().all(|die| die.number.len() == 5), "{dice:?}");
    // Whoever saw them thrown finds them in the verdict.
    let verify = ["verify", arg(&data.path), "--now", "2017-01-02T00:00:00Z"];
    let listed = sekong(verify.iter().chain(&["--json"])).exits(0).json()["daily_dice"].take();
    assert_eq!(listed["source"], "national lottery, first prize");
    let numbers: BTreeSet<&str> =
        listed["dice"].as_array().unwrap().iter().map(|die| die["number"].as_str().unwrap()).collect();
    assert_eq!(numbers, dice.iter().map(|die| die.number.as_str()).collect());
    let words = sekong(verify).exits(0).stdout;
    assert!(words.contains("daily numbers by national lottery, first prize"), "{words}");
}

#[test]
fn two_days_come_to_figures_that_agree_and_to_a_head_that_opens() {
    let (data, run) = &*TWO_DAYS;
    let line = run.json();
    let keys: BTreeSet<&str> = line.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, BTreeSet::from(KEYS));
    assert_eq!(line["verified"], true);
    figures_agree(&line);
    let note = line["head"].as_str().unwrap();
    let (log, cosigners) = (keys_in(&data.path, "log.vkey"), keys_in(&data.path, "cosigners.vkey"));
    let head = HeadKeys { log: &log[0], cosigners: Some(&cosigners) }.open(note).unwrap();
    assert_eq!(line["log_size"], head.checkpoint.size);
    assert_eq!(head.cosignatures.len(), 3);
    assert_eq!(note, data.checkpoint());
}

#[track_caller]
fn figures_agree(line: &Value) {
    let figure = |key: &str| line[key].as_u64().unwrap_or_else(|| panic!("{key} of {line}"));
    assert_eq!(figure("days"), 2);
    assert_eq!(figure("province_hours"), 2 * 24 * 3);
    assert_eq!(figure("province_hours_covered"), figure("province_hours"));
    assert_eq!(figure("post_hours"), 2 * 24 * 20);
    for key in ["late", "missed", "late_arrived", "orders_driving"] {
        assert!(figure(key) > 0, "{key} of {line}");
    }
    assert!(figure("orders_driving") < figure("orders"));
    assert!(figure("late") + figure("late_arrived") < figure("inspections"));
    assert!(figure("inspections") + figure("missed") >= figure("province_hours"));
    assert!(figure("commits") <= figure("log_size"));
    for (sum, each) in [("degraded_hours", "degraded"), ("degraded_weeks", "degraded_deals")] {
        let each = line[each].as_object().unwrap();
        assert_eq!(each.len(), 5, "every custodian has its figure: {line}");
        assert!(figure(sum) == 0 && each.values().all(|count| *count == 0), "{line}");
    }
    for key in ["province_hours", "province_weeks", "unexplained", "longest_s"] {
        assert_eq!(line["late_releases"][key], 0, "every draw is made in its time: {line}");
    }
}

#[test]
fn the_same_seed_gives_the_same_head_and_another_seed_another() {
    let same = demo(&Data::absent().path, "1", "1").exits(0).json();
    assert_eq!(same["head"], checkpoint(shared_day()));
    let other = sekong(["demo", "--no-serve", "--days", "1", "--seed", "6"]).exits(0).stdout;
    assert!(!other.contains(same["head"].as_str().unwrap()));
    assert!(other.starts_with("1 days: 72 of 72 province-hours held\n"), "{other}");
    assert!(other.ends_with("verified: every draw, order and report recomputed\n"), "{other}");
}

#[test]
fn a_folder_that_holds_anything_is_refused_and_left_alone() {
    let data = Data::absent();
    fs::create_dir(&data.path).unwrap();
    fs::write(data.path.join("mine.txt"), "mine").unwrap();
    demo(&data.path, "1", "5").exits(2).prints_nothing().says(&["is not empty", "help:"]);
    sekong(["init", arg(&shipped()), "--data", arg(&data.path)])
        .exits(2)
        .prints_nothing()
        .says(&["is not empty", "help:"]);
    assert_eq!(files(&data.path), ["mine.txt"]);
    assert_eq!(fs::read_to_string(data.path.join("mine.txt")).unwrap(), "mine");
    demo(&data.path.join("mine.txt"), "1", "5").exits(2).prints_nothing().says(&["mine.txt"]);
}

#[test]
fn days_outside_the_campaign_are_refused_before_anything_is_made() {
    for days in ["0", "182", "500", "-1", "many"] {
        let data = Data::absent();
        demo(&data.path, days, "5").exits(2).prints_nothing().says(&[days]);
        assert!(!data.path.exists());
    }
}

#[test]
fn a_founded_folder_has_the_layout_of_the_contract_and_holds() {
    let data = Data::founded();
    let all = files(&data.path);
    let foreign = |name: &&String| !["log/", "bodies/", "sealed/"].iter().any(|part| name.starts_with(part));
    let rest: Vec<_> = all.iter().filter(foreign).filter(|name| !name.starts_with("sekong.db-")).collect();
    assert_eq!(
        rest,
        [
            "keys/centre.json",
            "keys/cosignatures",
            "keys/cosigners.vkey",
            "keys/log.vkey",
            "keys/secrets.json",
            "sekong.db"
        ]
    );
    sekong(["verify", arg(&data.path)]).exits(0);
}

#[test]
fn init_with_json_prints_key_and_head_on_one_line() {
    let data = Data::absent();
    let line = sekong(["init", arg(&shipped()), "--json", "--data", arg(&data.path)]).exits(0).json();
    assert_eq!(line["campaign"], "northeast-2017");
    assert_eq!(line["head"], data.checkpoint());
    let key = fs::read_to_string(data.path.join("keys/log.vkey")).unwrap();
    assert_eq!(key, format!("{}\n", line["key"].as_str().unwrap()));
}

#[test]
fn the_log_folder_holds_a_checkpoint_and_tiles_and_nothing_else() {
    let day = shared_day();
    for name in files(&day.join("log")) {
        assert!(name == "checkpoint" || name.parse::<TilePath>().is_ok(), "log/{name}");
    }
    assert!(checkpoint(day).starts_with("sekong/northeast-2017\n"));
}

#[test]
fn the_keys_are_verifier_keys_and_the_secrets_are_the_owners_alone() {
    let day = shared_day();
    assert_eq!(keys_in(day, "log.vkey").len(), 1);
    assert_eq!(keys_in(day, "cosigners.vkey").len(), 3);
    let secrets = fs::metadata(day.join("keys/secrets.json")).unwrap();
    assert_eq!(secrets.permissions().mode() & 0o777, 0o600);
}

#[test]
fn every_body_is_named_by_its_sha256() {
    let day = shared_day();
    for (folder, fewest) in [("bodies", 4), ("sealed", 100)] {
        let bodies = files(&day.join(folder));
        assert!(bodies.len() >= fewest, "{folder}: {}", bodies.len());
        for name in bodies {
            let bytes = fs::read(day.join(folder).join(&name)).unwrap();
            assert_eq!(body_hash(&bytes).to_string(), name);
        }
    }
}

/// A day on which such a share of team-hours have no data network: what the demo prints.
fn dark_day(data: &Path, (seed, share): (&str, &str), more: &[&str]) -> Value {
    let run = ["demo", "--no-serve", "--json", "--days", "1", "--seed", seed, "--no-data", share, "--data"];
    sekong(run.iter().copied().chain([arg(data)]).chain(more.iter().copied())).exits(0).json()
}

/// A unit's visit: province's unit, hour of the first day, post.
type Visit = (String, u64, String);

/// The visits that the orders of a log place, by the bodies that open them; the log's own figures are not asked.
fn ordered(data: &Path) -> BTreeSet<Visit> {
    let mut visits = BTreeSet::new();
    for statement in statements(data) {
        let Statement::Orders(said) = statement else { continue };
        let file = |folder: &str| fs::read(data.join(folder).join(said.body.to_string()));
        let body: Value =
            serde_json::from_slice(&file("bodies").or_else(|_| file("sealed")).unwrap()).unwrap();
        for order in body["orders"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            if order["order"]["do"] != "stand-down" && order["day"] == "2017-01-01" {
                let next = &order["next"];
                visits.insert((text(&order["unit"]), next[1].as_u64().unwrap(), text(&next[0])));
            }
        }
    }
    visits
}

/// The visits that teams reported.
fn reported(data: &Path) -> BTreeSet<Visit> {
    let visit = |statement| match statement {
        Statement::Inspection(said) if said.day.to_string() == "2017-01-01" => {
            Some((said.unit.to_string(), u64::from(u8::from(said.hour)), said.post.to_string()))
        }
        _ => None,
    };
    statements(data).into_iter().filter_map(visit).collect()
}

/// What the demo says of the visits is what the log's orders and reports say: done or missed, and no third thing.
fn assert_all_accounted_for(data: &Path, told: &Value) {
    let (ordered, reported) = (ordered(data), reported(data));
    assert!(reported.is_subset(&ordered), "{:?}", reported.difference(&ordered).next());
    assert_eq!(told["inspections"], reported.len(), "{told}");
    assert_eq!(told["missed"], ordered.len() - reported.len(), "{told}");
    assert_eq!(told["verified"], true);
}

#[test]
fn orders_reach_teams_without_a_network_by_voice_and_without_either_every_slot_is_accounted_for() {
    let figure = |line: &Value, key: &str| line[key].as_u64().unwrap();
    let placed = |line: &Value| figure(line, "inspections") + figure(line, "missed");
    let present = |line: &Value| placed(line) - figure(line, "missed_away");
    for seed in ["1", "2", "3"] {
        let (heard, deaf) = (Data::absent(), Data::absent());
        let (told, silent) =
            (dark_day(&heard.path, (seed, "0.3"), &[]), dark_day(&deaf.path, (seed, "0.3"), &["--no-voice"]));
        assert!(figure(&told, "orders_relayed") > 50, "{told}");
        assert!(figure(&told, "inspections") * 100 >= present(&told) * 95, "{told}");
        assert_eq!(figure(&silent, "orders_relayed"), 0);
        assert!(figure(&silent, "inspections") * 100 < present(&silent) * 85, "{silent}");
        assert_eq!(placed(&told), placed(&silent), "who hears of it does not change what was drawn");
        assert_all_accounted_for(&heard.path, &told);
        assert_all_accounted_for(&deaf.path, &silent);
    }
}

#[test]
fn with_every_network_dead_all_day_every_slot_is_a_miss_and_none_is_lost() {
    let data = Data::absent();
    let told = dark_day(&data.path, ("1", "1"), &["--no-voice"]);
    // Boxes are opened when the network is back, and that is too late.
    let figures = ["orders_relayed", "inspections"].map(|key| told[key].as_u64());
    assert_eq!(figures, [Some(0), Some(0)], "{told}");
    assert_eq!(told["province_hours"], 72, "the draw goes on without the teams");
    assert_all_accounted_for(&data.path, &told);
}
