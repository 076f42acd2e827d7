//! `sekong campaign check`: what it prints of a campaign that holds, and where, what and how to mend of one that does not.

use std::fs;
use std::path::PathBuf;

use crate::data::{Data, arg, copy, shipped};
use crate::run::{Run, sekong};

/// Checks the shipped campaign with the first `old` of a file replaced; gives the line it was on, too.
fn check_with(file: &str, old: &str, new: &str) -> (Run, usize) {
    let text = fs::read_to_string(shipped().join(file)).unwrap();
    let at = text.find(old).unwrap_or_else(|| panic!("{old:?} is not in {file}"));
    let first_change = old.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
    let line = text[..at + first_change].lines().count();
    (check_file(file, text.replacen(old, new, 1)), line)
}

/// Checks the shipped campaign with a file of other contents.
fn check_file(file: &str, contents: impl AsRef<[u8]>) -> Run {
    let data = Data::absent();
    copy(&shipped(), &data.path);
    fs::write(data.path.join(file), contents).unwrap();
    sekong(["campaign", "check", arg(&data.path)])
}

/// The replacement is refused with file, line, field and help.
#[track_caller]
fn is_refused(file: &str, old: &str, new: &str, field: &str, what: &str) {
    let (run, line) = check_with(file, old, new);
    let place = format!("{file}:{line}:");
    run.exits(1).prints_nothing().says(&[&place, field, what, "help:"]);
}

#[test]
fn the_shipped_campaign_is_told_in_words_and_in_json() {
    let words = sekong(["campaign", "check", arg(&shipped())]).exits(0).stdout;
    for part in [
        "Stung Treng (stung-treng)",
        "KH-LA-02",
        "drawn hollow",
        "pool siem-pang",
        "travel in minutes",
        "warnings",
    ] {
        assert!(words.contains(part), "no {part:?} in:\n{words}");
    }
    let file: PathBuf = shipped().join("campaign.toml");
    let json = sekong(["campaign", "check", "--json", arg(&file)]).exits(0).json();
    assert_eq!(json["campaign"], "northeast-2017");
    let posts = json["provinces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|province| province["posts"].as_array().unwrap().len());
    assert_eq!(posts.sum::<usize>(), 20);
}

#[test]
fn an_unknown_post_is_named_with_its_place() {
    is_refused(
        "campaign.toml",
        "posts = [\"KH-LA-03\"]",
        "posts = [\"KH-LA-99\"]",
        "value[4].posts[0]",
        "KH-LA-99",
    );
}

#[test]
fn a_negative_travel_time_is_named_with_its_place() {
    is_refused("campaign.toml", "minutes = 120", "minutes = -120", "leg[2].minutes", "-120");
    let roads = fs::read_to_string(shipped().join("geo/roads.geojson")).unwrap();
    let at = roads.find("\"minutes\":").unwrap() + "\"minutes\":".len();
    let negative = format!("{}-{}", roads[..at].trim_end(), roads[at..].trim_start());
    check_file("geo/roads.geojson", negative).exits(1).prints_nothing().says(&[
        "geo/roads.geojson:",
        "minutes",
        "help:",
    ]);
}

#[test]
fn overlapping_shifts_are_named_with_their_place() {
    is_refused("campaign.toml", "start = 8\n", "start = 7\n", "shift[1].start", "7");
}

#[test]
fn a_province_without_a_unit_is_named() {
    let text = fs::read_to_string(shipped().join("campaign.toml")).unwrap();
    let (before, _) = text.split_once("[[unit]]\npool = \"ratanakiri-town\"").unwrap();
    let run = check_file("campaign.toml", before).exits(1).prints_nothing();
    run.says(&["campaign.toml:", "ratanakiri", "unit", "help:"]);
}

#[test]
fn a_wrong_time_zone_is_named_with_its_place() {
    is_refused("campaign.toml", "Asia/Phnom_Penh", "Asia/Nowhere", "campaign.time_zone", "Asia/Nowhere");
}

#[test]
fn a_number_that_is_none_is_named_with_its_place() {
    is_refused("campaign.toml", "minutes = 120", "minutes = nan", "leg[2].minutes", "NaN");
    is_refused("campaign.toml", "floor = 0.05", "floor = nan", "rules.floor", "NaN");
}

#[test]
fn a_slip_in_the_syntax_is_named_with_its_place() {
    is_refused("campaign.toml", "first_day = 2017-01-01", "first_day = 2017-01-", "", "help:");
    is_refused("campaign.toml", "lead_minutes = 10 ", "lead_minute = 10 ", "lead_minute", "help:");
}

#[test]
fn several_mistakes_are_told_in_one_go() {
    let text = fs::read_to_string(shipped().join("campaign.toml")).unwrap();
    let text = text.replacen("minutes = 120", "minutes = -120", 1).replacen("floor = 0.05", "floor = 2.0", 1);
    check_file("campaign.toml", text).exits(1).prints_nothing().says(&[
        "2 mistakes",
        "leg[2].minutes",
        "rules.floor",
    ]);
}

#[test]
fn ten_megabytes_of_noise_are_refused() {
    let noise = |n: u32| b' ' + (n.wrapping_mul(2_654_435_761) >> 25) as u8 % 94;
    let noise: Vec<u8> = (0..10_000_000).map(noise).collect();
    for file in ["campaign.toml", "geo/roads.geojson"] {
        check_file(file, &noise).exits(1).prints_nothing().says(&[file, "larger than", "help:"]);
        check_file(file, &noise[..1_000_000]).exits(1).prints_nothing().says(&[file, "help:"]);
    }
}

#[test]
fn a_file_that_is_not_utf8_is_refused_with_the_byte() {
    for file in ["campaign.toml", "geo/crossings.geojson"] {
        let run = check_file(file, b"id = \"\xff\"").exits(1).prints_nothing();
        run.says(&[file, "is not UTF-8", "byte 6", "help:"]);
    }
}

#[test]
fn a_missing_file_is_named() {
    sekong(["campaign", "check", "no/such/campaign"])
        .exits(1)
        .prints_nothing()
        .says(&["no/such/campaign", "help:"]);
    let data = Data::absent();
    copy(&shipped(), &data.path);
    fs::remove_file(data.path.join("geo/roads.geojson")).unwrap();
    let run = sekong(["campaign", "check", "--json", arg(&data.path)]).exits(1).prints_nothing();
    run.says(&["geo/roads.geojson", "help:"]);
}

#[test]
fn a_bad_campaign_founds_nothing() {
    let data = Data::absent();
    let bad = data.beside("campaign.toml", "[campaign]\n");
    let folder = data.path.join("new");
    sekong(["init", arg(&bad), "--data", arg(&folder)]).exits(1).prints_nothing().says(&["campaign.toml"]);
    assert!(!folder.exists());
    sekong(["demo", "--campaign", arg(&bad), "--no-serve", "--data", arg(&folder)]).exits(1).prints_nothing();
    assert!(!folder.exists());
}
