//! `sekong game solve`: a plan for any game file, in the time that it is given.

use std::fs;

use serde_json::{Value, json};

use crate::data::{Data, arg, shipped};
use crate::run::{Run, sekong};

/// The game of a shipped plan.
fn game() -> Value {
    let data = Data::absent();
    let day = ["--province", "preah-vihear", "--day", "2017-01-01", "--out", arg(&data.path)];
    sekong(["plan", arg(&shipped())].into_iter().chain(day)).exits(0);
    let plan: Value = serde_json::from_str(&fs::read_to_string(&data.path).unwrap()).unwrap();
    plan["game"].clone()
}

/// Two provinces that share nothing, so that two threads have something to do.
fn two_parts() -> Value {
    let units = ["a", "b"].map(|post| {
        json!({
            "id": format!("unit-{post}"), "province": post, "pool": post, "detect": 0.6, "start": 0, "length": 4,
            "enter": [post, format!("{post}2")], "leave": [post, format!("{post}2")], "reach": [post, format!("{post}2")],
        })
    });
    json!({
        "slots": 4, "posts": ["a", "a2", "b", "b2"], "provinces": { "a": ["a", "a2"], "b": ["b", "b2"] },
        "value": [[1, 2, 3, 4], [4, 3, 2, 1], [5, 1, 5, 1], [1, 6, 1, 2]], "capture": 1,
        "travel_hours": [["a", "a2", 0], ["b", "b2", 1]], "units": units, "floor": 0.01, "bribed": 0,
    })
}

struct Solved {
    data: Data,
    run: Run,
}

fn solve(game: &Value, more: &[&str]) -> Solved {
    let data = Data::absent();
    let file = data.beside("game.json", game.to_string());
    let run = sekong(["game", "solve", arg(&file), "--json", "--out", arg(&data.path)].iter().chain(more));
    Solved { data, run }
}

impl Solved {
    fn plan(self) -> String {
        self.run.exits(0);
        fs::read_to_string(&self.data.path).unwrap()
    }
}

#[test]
fn a_solved_game_is_checked_by_the_checker_against_its_file() {
    let game = game();
    let solved = solve(&game, &[]);
    let line = solved.run.json();
    assert_eq!(line["stopped"], false);
    assert!(line["gap"].as_f64().unwrap() < 0.1, "{line}");
    assert_eq!(line["reached"], line["gap"].as_f64() <= line["gap_asked"].as_f64());
    let file = solved.data.beside("same.json", game.to_string());
    let checked = sekong(["check", arg(&solved.data.path), "--game", arg(&file), "--json"]).exits(0).json();
    for bound in ["upper", "lower"] {
        let [told, checked] = [&line, &checked].map(|from| from[bound].as_f64().unwrap());
        assert!((told - checked).abs() < 1e-9 * checked.abs(), "{bound}: {told} is not {checked}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let game = two_parts();
    let one = solve(&game, &["--threads", "1"]).plan();
    for threads in ["2", "8"] {
        assert_eq!(solve(&game, &["--threads", threads]).plan(), one, "{threads} threads");
    }
}

#[test]
fn a_search_that_is_stopped_writes_the_best_plan_with_its_true_gap() {
    let mut game = game();
    game["floor"] = json!(0);
    let stopped = solve(&game, &["--time-limit", "0", "--gap", "0"]);
    let line = stopped.run.json();
    assert_eq!(line["stopped"], true);
    let checked = sekong(["check", arg(&stopped.data.path), "--json"]).exits(0).json();
    let [told, true_gap] = [&line, &checked].map(|from| from["gap"].as_f64().unwrap());
    assert!((told - true_gap).abs() < 1e-9 * true_gap, "{told} is not {true_gap}");
    assert_eq!((&line["gap_asked"], &line["reached"]), (&json!(0.0), &json!(false)));
    assert!(line["gap"].as_f64().unwrap() > solve(&game, &[]).run.json()["gap"].as_f64().unwrap());
}

#[test]
fn a_gap_that_is_not_reached_is_told_with_what_is_left() {
    // Two units at two equal posts part or meet by chance: apart they lose what coordinated ones would not.
    let unit = |id: &str, reach: [&str; 2]| {
        json!({"id": id, "province": "p", "pool": "x", "detect": 0.6, "start": 0, "length": 1, "enter": reach,
            "leave": reach, "reach": reach})
    };
    let game = json!({
        "slots": 1, "posts": ["a", "b", "c"], "provinces": {"p": ["a", "b", "c"]}, "value": [[5], [5], [5]],
        "capture": 1, "travel_hours": [], "floor": 0, "bribed": 0,
        "units": [unit("u", ["a", "b"]), unit("v", ["b", "c"])],
    });
    let data = Data::absent();
    let file = data.beside("game.json", game.to_string());
    let words = |gap: &str| {
        let run = sekong(["game", "solve", arg(&file), "--out", arg(&data.path), "--gap", gap]);
        run.exits(0).stdout
    };
    let told = words("0.0001");
    assert!(
        told.contains("a gap of 0.01 % was asked for") && told.contains("units that move apart"),
        "{told}"
    );
    assert!(told.contains("smaller is better"), "{told}");
    assert!(!words("1").contains("asked for"));
    let line = solve(&game, &["--gap", "0.0001"]).run.exits(0).json();
    assert_eq!((&line["gap_asked"], &line["reached"]), (&json!(0.0001), &json!(false)));
}

#[test]
fn where_nothing_is_worth_anything_no_gap_is_left() {
    let mut game = two_parts();
    (game["value"], game["floor"]) =
        (json!([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]), json!(0));
    game["units"].as_array_mut().unwrap().pop();
    let data = Data::absent();
    let file = data.beside("game.json", game.to_string());
    let words = sekong(["game", "solve", arg(&file), "--out", arg(&data.path)]).exits(0).stdout;
    assert!(words.contains("gap 0.00 %") && !words.contains("-0.0"), "{words}");
    assert_eq!(solve(&game, &[]).run.json()["reached"], true);
    sekong(["check", arg(&data.path)]).exits(0);
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_solved() {
    let data = Data::absent();
    let no_game = data.beside("game.json", "{");
    let folder = data.path.parent().unwrap();
    for out in [folder, &folder.join("none").join("plan.json")] {
        let run = sekong(["game", "solve", arg(&no_game), "--out", arg(out)]);
        run.exits(1).prints_nothing().says(&["cannot write", "help:"]);
    }
    // What is there stays there until there is something better.
    let kept = data.beside("kept.json", "kept");
    sekong(["game", "solve", arg(&no_game), "--out", arg(&kept)]).exits(1).says(&["game.json: line 1"]);
    assert_eq!(fs::read_to_string(&kept).unwrap(), "kept");
}

#[test]
fn an_explanation_keeps_to_the_time_limit_too() {
    let data = Data::absent();
    let mut game = game();
    game["floor"] = json!(0);
    let file = data.beside("game.json", game.to_string());
    let solve = ["game", "solve", arg(&file), "--out", arg(&data.path), "--time-limit", "0", "--explain"];
    let words = sekong(solve).exits(0).stdout;
    assert!(
        words.contains("What the rules cost") && words.contains("what is not said is not known"),
        "{words}"
    );
    assert!(!words.contains("other ways to plan"), "{words}");
    let line = sekong(solve.into_iter().chain(["--json"])).exits(0).json();
    assert_eq!((&line["explain"]["stopped"], &line["explain"]["regret"]), (&json!(true), &Value::Null));
}

#[test]
fn a_floor_that_nothing_holds_is_infeasible_with_a_witness_and_writes_no_plan() {
    let mut game = two_parts();
    game["floor"] = json!(0.9);
    let solved = solve(&game, &[]);
    assert!(!solved.data.path.exists());
    solved.run.exits(1).prints_nothing().says(&[
        "floor 0.9 cannot be held at",
        "in hour",
        "lower the floor or add units",
    ]);
}

#[test]
fn what_is_no_game_is_refused_by_field_and_what_is_no_option_by_name() {
    for (change, parts) in [
        (json!({ "floor": 2 }), ["floor", "game.json"]),
        (json!({ "slots": 0 }), ["slots", "game.json"]),
        (json!({ "posts": [] }), ["posts", "game.json"]),
    ] {
        let mut game = two_parts();
        game.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        solve(&game, &[]).run.exits(1).prints_nothing().says(&parts);
    }
    for option in
        [["--gap", "x"], ["--gap", "-1"], ["--time-limit", "-1"], ["--time-limit", "NaN"], ["--threads", "0"]]
    {
        solve(&two_parts(), &option).run.exits(2).prints_nothing().says(&[option[0]]);
    }
    let data = Data::absent();
    let missing = data.path.join("none.json");
    sekong(["game", "solve", arg(&missing), "--out", arg(&data.path)]).exits(1).says(&["none.json"]);
}
