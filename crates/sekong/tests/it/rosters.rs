//! `sekong draw simulate` and `--explain`: what a plan alone can show.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use serde_json::{Value, json};

use crate::data::{Data, arg};
use crate::run::{Run, sekong};

const SEED: &str = "50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c";

/// Five hours, two posts no hour apart, a unit on each of two shifts.
fn game() -> Value {
    let unit = |id: &str, start: u64, length: u64| {
        json!({"id": id, "province": "p", "pool": "x", "detect": 0.7, "start": start, "length": length,
            "enter": ["a", "b"], "leave": ["a", "b"], "reach": ["a", "b"]})
    };
    json!({
        "slots": 5, "posts": ["a", "b"], "provinces": {"p": ["a", "b"]}, "value": [[5, 4, 3, 2, 1], [1, 2, 3, 4, 5]],
        "capture": 2, "travel_hours": [["a", "b", 0]], "units": [unit("late", 3, 4), unit("early", 0, 3)], "floor": 0.1,
        "bribed": 0, "absent": {"x": 1},
    })
}

struct Solved {
    data: Data,
}

impl Solved {
    fn new() -> Solved {
        let data = Data::absent();
        let file = data.beside("game.json", game().to_string());
        sekong(["game", "solve", arg(&file), "--out", arg(&data.path)]).exits(0);
        Solved { data }
    }

    fn draw(&self, seed: &str, count: &str) -> Run {
        self.draw_to(&self.data.path.with_file_name("rosters.jsonl"), seed, count)
    }

    fn draw_to(&self, out: &Path, seed: &str, count: &str) -> Run {
        let what = ["draw", "simulate", arg(&self.data.path), "--seed-hex", seed];
        sekong(what.into_iter().chain(["--count", count, "--out", arg(out)]))
    }

    fn rosters(&self, seed: &str, count: &str) -> String {
        self.draw(seed, count).exits(0);
        fs::read_to_string(self.data.path.with_file_name("rosters.jsonl")).unwrap()
    }
}

#[test]
fn the_same_seed_gives_the_same_draws_however_many() {
    let solved = Solved::new();
    let (many, few) = (solved.rosters(SEED, "200"), solved.rosters(SEED, "20"));
    assert_eq!((many.lines().count(), few.lines().count()), (200, 20));
    assert!(many.starts_with(&few) && many == solved.rosters(SEED, "200"));
    let other = SEED.replace('5', "6");
    assert_ne!(many, solved.rosters(&other, "200"));
}

#[test]
fn a_line_holds_every_unit_in_the_order_of_the_plan_and_hours_go_round() {
    let mut wrapped = false;
    for line in Solved::new().rosters(SEED, "100").lines() {
        let roster: Value = serde_json::from_str(line).unwrap();
        let units = roster["units"].as_array().unwrap();
        assert_eq!((&units[0]["unit"], &units[1]["unit"]), (&json!("late"), &json!("early")));
        for (unit, start) in units.iter().zip([3, 0]) {
            let hours = unit["path"].as_array().unwrap().iter().map(|turn| turn[1].as_u64().unwrap());
            hours.zip(start..).for_each(|(hour, right)| assert_eq!(hour, right % 5));
        }
        wrapped |= units[0]["path"].as_array().unwrap().iter().any(|turn| turn[1] == 0);
    }
    assert!(wrapped);
}

#[test]
fn what_cannot_be_drawn_is_refused_and_leaves_no_file() {
    let solved = Solved::new();
    for (seed, count, part) in [
        ("00", "1", "64 hexadecimal digits"),
        (SEED, "0", "--count"),
        (&SEED.replace('5', "g"), "1", "--seed-hex"),
    ] {
        solved.draw(seed, count).exits(2).says(&[part]);
    }
    let text = fs::read_to_string(&solved.data.path).unwrap();
    let mut plan: Value = serde_json::from_str(&text).unwrap();
    plan["units"][0]["arcs"][0]["flow"] = json!(7);
    fs::write(&solved.data.path, plan.to_string()).unwrap();
    solved.draw(SEED, "1").exits(3).says(&["units[late]", "solve the game again"]);
    fs::write(&solved.data.path, "{}").unwrap();
    solved.draw(SEED, "1").exits(3).says(&["kind"]);
    let nowhere = solved.data.path.with_file_name("none").join("rosters.jsonl");
    fs::write(&solved.data.path, text).unwrap();
    solved.draw_to(&nowhere, SEED, "1").exits(1).says(&["cannot write", "folder exists"]);
    let left = fs::read_dir(solved.data.path.parent().unwrap()).unwrap();
    assert!(left.into_iter().all(|file| !file.unwrap().file_name().to_string_lossy().contains("rosters")));
}

#[test]
fn a_link_stays_a_link_and_what_is_no_file_stays_what_it_is() {
    let solved = Solved::new();
    let folder = solved.data.path.parent().unwrap();
    let to = |out: &Path| solved.draw_to(out, SEED, "1");
    let (kept, link) = (folder.join("kept.jsonl"), folder.join("link.jsonl"));
    fs::write(&kept, "old").unwrap();
    symlink(&kept, &link).unwrap();
    to(&link).exits(0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(fs::read_to_string(&kept).unwrap().starts_with("{\"units\""));
    to(folder).exits(2).says(&["is no file to write to"]);
    to(Path::new("/dev/null")).exits(2).says(&["is no file to write to"]);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

fn explained(more: &[&str]) -> Run {
    let data = Data::absent();
    let file = data.beside("game.json", game().to_string());
    sekong(["game", "solve", arg(&file), "--out", arg(&data.path), "--explain"].iter().chain(more)).exits(0)
}

#[test]
fn a_plan_is_explained_in_words() {
    let words = explained(&[]).stdout;
    for part in [
        "Where it presses",
        "How often each post is inspected",
        "What the rules cost",
        "What knowing more is worth",
        "teams of a pool absent",
        "other ways to plan",
        "off by up to a factor of two",
        "What a crew buys",
    ] {
        assert!(words.contains(part), "no {part:?} in {words}");
    }
}

/// A third post that nobody reaches, a bribed team, and one post that is worth nothing.
#[test]
fn an_explanation_says_who_goes_where_and_which_way_is_better() {
    let mut game = game();
    game["posts"] = json!(["a", "b", "c"]);
    game["provinces"]["p"] = json!(["a", "b", "c"]);
    game["value"] = json!([[5, 4, 3, 2, 1], [1, 2, 3, 4, 5], [5, 5, 5, 5, 5]]);
    (game["bribed"], game["floor"]) = (json!(1), json!(0));
    let data = Data::absent();
    let file = data.beside("game.json", game.to_string());
    let words = sekong(["game", "solve", arg(&file), "--out", arg(&data.path), "--explain"]).exits(0).stdout;
    for part in [
        "smaller is better",
        "with the strongest team there taken as bought",
        "an inspection may miss him",
        "c at 00:00: detected with chance 0 %; no unit can be there",
        "additionally a crew of x in every shift",
        "= this plan",
        "and every other post-hour half",
    ] {
        assert!(words.contains(part), "no {part:?} in {words}");
    }
    assert!(!words.contains("-0.00") && !words.contains("worst case for us"), "{words}");
}

#[test]
fn no_bound_in_words_is_below_what_capture_costs() {
    let mut game = game();
    let unit = game["units"][1].clone();
    let copy = |at: usize| {
        let mut unit = unit.clone();
        unit["id"] = json!(format!("copy-{at}"));
        (unit["length"], unit["start"], unit["detect"]) = (json!(5), json!(0), json!(1));
        unit
    };
    game["units"] = (0..8).map(copy).collect();
    let data = Data::absent();
    let file = data.beside("game.json", game.to_string());
    let solve = ["game", "solve", arg(&file), "--out", arg(&data.path)];
    let line = sekong(solve.into_iter().chain(["--json"])).exits(0).json();
    assert!(line["lower"].as_f64().unwrap() < -2.0 && line["reached"] == true, "{line}");
    let words = sekong(solve.into_iter().chain(["--explain"])).exits(0).stdout;
    for bound in words.split("below ").skip(1) {
        let bound: String = bound.chars().take_while(|c| "-.0123456789".contains(*c)).collect();
        assert!(bound.trim_end_matches('.').parse::<f64>().unwrap() >= -2.0, "{words}");
    }
}

#[test]
fn a_plan_is_explained_to_the_board() {
    let line = explained(&["--json"]).json();
    let of = &line["explain"];
    assert_eq!(of["upper"], line["upper"]);
    assert_eq!(of["heat"].as_array().unwrap().len(), 2);
    assert_eq!(of["heat"][0]["inclusion"].as_array().unwrap().len(), 5);
    assert_eq!(of["absent"][0]["upper"].as_array().unwrap().len(), 2);
    assert!(of["binding"][0]["payoff"].is_number() && of["regret"]["at_most"].is_number());
    assert!(of["staffing"].as_array().unwrap().iter().any(|step| step["pool"].is_null()));
}

#[test]
fn an_earlier_plan_is_a_start_and_something_else_is_refused() {
    let solved = Solved::new();
    let game = solved.data.beside("game.json", game().to_string());
    let out = solved.data.path.with_file_name("again.json");
    let solve = |start: &str| sekong(["game", "solve", arg(&game), "--out", arg(&out), "--start", start]);
    solve(arg(&solved.data.path)).exits(0);
    solve(arg(&game)).exits(1).says(&["game.json", "--start takes a plan"]);
}
