//! `sekong estimate`: `design` on the samples whose figures R's survey made (`reference/design.R`), and `teams`; on what is no sample and no record, too.

use serde_json::{Value, json};

use crate::data::{TWO_DAYS, arg};
use crate::run::{Run, sekong};

const GOLDEN: &str = include_str!("../../../estimate/tests/it/golden/design.json");

/// Estimates from a file with this text.
fn design(text: &str, more: &[&str]) -> Run {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    sekong(["estimate", "design", arg(file.path())].iter().chain(more))
}

/// Whether every number that is wanted is there, to a billionth; what is not wanted may be there.
fn holds(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(name, wanted)| found.get(name).is_some_and(|found| holds(found, wanted)))
        }
        (Value::Array(found), Value::Array(wanted)) => {
            found.len() == wanted.len()
                && found.iter().zip(wanted).all(|(found, wanted)| holds(found, wanted))
        }
        (_, Value::Null) => true,
        _ => {
            let (found, wanted) = (found.as_f64().unwrap(), wanted.as_f64().unwrap());
            (found - wanted).abs() <= 1e-9 * wanted.abs()
        }
    }
}

#[test]
fn the_command_says_what_r_survey_says() {
    let golden: Value = serde_json::from_str(GOLDEN).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 17);
    for case in cases {
        let wanted = &case["wanted"];
        let ratio = wanted.get("ratio").filter(|ratio| !ratio.is_null());
        let more: &[&str] = if ratio.is_some() { &["--json", "--ratio", "a/b"] } else { &["--json"] };
        let found = design(&case["file"].to_string(), more).exits(0).json();
        for part in ["totals", "means", "domains"] {
            let wanted = wanted.get(part).unwrap_or(&Value::Null);
            assert!(holds(&found[part], wanted), "{}, {part}: {} {wanted}", case["name"], found[part]);
        }
        assert!(ratio.is_none_or(|wanted| holds(&found["ratios"]["a/b"], wanted)), "{}", case["name"]);
    }
}

#[test]
fn names_of_strata_may_be_text_or_numbers_and_words_tell_the_same() {
    let sample = |strata: Value| {
        json!({ "y": { "found": [0, 2, 1, 4] }, "weights": [2, 2, 5, 5], "strata": strata, "domains": [1, 1.0, 2, "b"] })
            .to_string()
    };
    let numbers = design(&sample(json!([1, 1, 2, 2])), &["--json"]).exits(0).json();
    assert_eq!(numbers, design(&sample(json!(["1", "1", "x", "x"])), &["--json"]).exits(0).json());
    assert_eq!(numbers["totals"]["found"]["est"], 29.0);
    assert_eq!(numbers["domains"]["1"]["totals"]["found"]["est"], 4.0);
    assert_eq!(numbers["totals"]["found"]["df"], 2.0);
    let words = design(&sample(json!([1, 1, 2, 2])), &["--ratio", "found/found"]).exits(0).stdout;
    assert!(words.contains("total of found: 29 (standard error"), "{words}");
    assert!(words.contains("ratio of found/found: 1 (standard error 0,"), "{words}");
}

#[test]
fn what_is_no_sample_is_told_by_field_and_fix() {
    let told = |text: &str, says: &[&str]| {
        design(text, &[]).exits(1).says(says);
    };
    told("{\"y\": {\"a\": [1, \"NaN\"]}, \"weights\": [1, 1]}", &["y.a[1]", "invalid type: string"]);
    told(
        "{\"y\": {\"a\": [1, null]}, \"weights\": [1, 1]}",
        &["y.a[1]", "leave out a row with a missing value yourself"],
    );
    told("{\"y\": {\"a\": [1, 2], \"a\": [1, 2]}, \"weights\": [1, 1]}", &["two columns \"a\""]);
    told("{\"y\": {\"a\": [1, 2]}, \"weights\": [1]}", &["weights has 1 rows"]);
    told("{\"y\": {\"a\": [1, 2]}, \"pi\": [1, 1.5]}", &["pi, row 1: 1.5"]);
    told("{\"y\": {\"a\": [1, 2]}, \"weights\": [1, 1], \"cluster\": [3, 3]}", &["one cluster"]);
    told("{\"y\": {\"a\": [1, 2]}, \"weights\": [1, 1], \"weight\": [1, 1]}", &["unknown field `weight`"]);
    told(
        "{\"y\": {\"a\": [1, 2]}, \"weights\": [1, 1], \"variance\": \"jackknife\"}",
        &["variance", "yates_grundy"],
    );
    told("{\"y\": {\"a\": [1, 2]}, \"weights\": [1, 1]} {}", &["trailing characters"]);
    told("{\"y\": {}, \"weights\": []}", &["y has no column"]);
    told(
        "{\"y\": {\"a\": [1e308, 1e308]}, \"pi\": [0.01, 0.5]}",
        &["a: its values and weights come to more"],
    );
    design("{\"y\": {\"a\": [1, 2]}, \"weights\": [1, 1]}", &["--ratio", "a"])
        .exits(2)
        .says(&["found/inspected"]);
    design("{\"y\": {\"a\": [1, 2]}, \"weights\": [1, 1]}", &["--ratio", "a/b"])
        .exits(1)
        .says(&["no column \"b\"", "help: name a column of y"]);
    design("{\"y\": {\"a\": [1, 2], \"b\": [1, -1]}, \"weights\": [1, 1]}", &["--ratio", "a/b"])
        .exits(1)
        .says(&["b: the denominator is 0"]);
    told(
        "{\"y\": {\"a\": [1, 2], \"b\": [0, 0]}, \"weights\": [1, 1]}",
        &["y.b: every value is 0", "help: leave the column out, and bound it by a model"],
    );
}

#[test]
fn names_that_are_large_numbers_stay_apart_or_are_refused() {
    let sample = |strata: &str| {
        format!("{{\"y\": {{\"a\": [1, 2, 3, 5]}}, \"weights\": [2, 2, 2, 2], \"strata\": {strata}}}")
    };
    let two = "[9007199254740992, 9007199254740992, 9007199254740993, 9007199254740993]";
    let found = design(&sample(two), &["--json"]).exits(0).json();
    assert_eq!(found["totals"]["a"]["df"], 2.0, "two strata");
    let zeros = design(&sample("[0, -0.0, 0, 0.0]"), &["--json"]).exits(0).json();
    assert_eq!(zeros["totals"]["a"]["df"], 3.0, "one stratum");
    design(&sample("[1e17, 1, 1, 1]"), &[]).exits(1).says(&[
        "strata[0]",
        "100000000000000000 is too large a number",
        "put it in quotes",
    ]);
    design(&sample("[null, 1, 1, 1]"), &[])
        .exits(1)
        .says(&["strata[0]", "a name: text, a number, true or false"]);
}

#[test]
fn true_and_false_are_names_and_a_mark_of_byte_order_is_none() {
    // R: svyby(~y, ~d, svydesign(~1, weights = ~w, data = x), svytotal).
    let text =
        r#"{"y": {"y": [1, 2, 3, 5]}, "weights": [2, 2, 2, 2], "domains": [true, true, false, false]}"#;
    let found = design(text, &["--json"]).exits(0).json();
    let total = |domain: &str| found["domains"][domain]["totals"]["y"]["est"].clone();
    assert_eq!((total("false"), total("true")), (json!(16.0), json!(6.0)));
    assert_eq!(design(&format!("\u{feff}{text}"), &["--json"]).exits(0).json(), found);
    let halves = text.replace("true", "\"a\"").replace("false", "\"b\"");
    for column in ["strata", "cluster"] {
        let one = design(&text.replace("domains", column), &["--json"]).exits(0).json();
        assert_eq!(one, design(&halves.replace("domains", column), &["--json"]).exits(0).json());
    }
}

#[test]
fn one_variance_below_zero_takes_nothing_from_the_other_estimates() {
    let pi = [0.9, 0.8, 0.3, 0.2, 0.5];
    let pair = |i: usize, j: usize| if i == j { pi[i] } else { 0.8 * pi[i] * pi[j] };
    let joint: Vec<Vec<f64>> = (0..5).map(|i| (0..5).map(|j| pair(i, j)).collect()).collect();
    let of = |y: [f64; 5]| {
        json!({ "y": { "y": y }, "pi": pi, "joint": joint, "variance": "ht", "domains": ["a", "a", "b", "b", "b"] })
            .to_string()
    };
    let found = design(&of([1.0, 2.0, 9.0, 8.0, 3.0]), &["--json"]).exits(0).json();
    // R: svytotal and svyby; NaN in a.
    let near = |found: &Value, wanted: f64| (found.as_f64().unwrap() - wanted).abs() < 1e-5;
    assert!(near(&found["totals"]["y"]["se"], 31.317_13), "{found}");
    let (a, b) = (&found["domains"]["a"]["totals"]["y"], &found["domains"]["b"]["totals"]["y"]);
    assert!(near(&b["est"], 76.0) && near(&b["se"], 33.436_51), "{found}");
    assert!(near(&a["est"], 1.0 / 0.9 + 2.0 / 0.8) && near(&a["negative_variance"], -5.0 / 324.0), "{found}");
    assert_eq!(["se", "t95", "z95"].map(|name| &a[name]), [&Value::Null; 3]);
    assert!(b.get("negative_variance").is_none(), "{found}");
    let words = design(&of([1.0, 2.0, 9.0, 8.0, 3.0]), &[]).exits(0).stdout;
    assert!(
        words.contains("total in a of y: 3.611") && words.contains("no standard error: its variance"),
        "{words}"
    );
    let pair = |i: usize, j: usize| if i == j { 0.5 } else { [0.1, 0.45][(i + j) % 2] };
    let joint: Vec<Vec<f64>> = (0..4).map(|i| (0..4).map(|j| pair(i, j)).collect()).collect();
    let none =
        json!({ "y": { "y": [1, -1, 1, -1] }, "pi": [0.5, 0.5, 0.5, 0.5], "joint": joint, "variance": "ht" });
    let says = ["the total of y is -30.2", "below zero, and so is every other", "help: joint probabilities"];
    design(&none.to_string(), &[]).exits(1).says(&says);
}

#[test]
fn zeros_in_a_domain_are_not_shown_as_known_exactly() {
    let text =
        json!({ "y": { "found": [0, 0, 1, 4] }, "weights": [2, 2, 5, 5], "domains": ["p", "p", "q", "q"] })
            .to_string();
    let found = design(&text, &["--json"]).exits(0).json();
    let of = |domain: &str| found["domains"][domain]["totals"]["found"].clone();
    assert_eq!((&of("p")["se"], &of("p")["all_zero"]), (&json!(0.0), &json!(true)));
    assert!(of("q").get("all_zero").is_none(), "{found}");
    let words = design(&text, &[]).exits(0).stdout;
    assert!(
        words.contains("total in p of found: 0 (every value is 0, which tells no standard error"),
        "{words}"
    );
}

/// Tests the teams of a file with these lines.
fn teams(lines: &[String], more: &[&str]) -> Run {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines.join("\n")).unwrap();
    sekong(["estimate", "teams", arg(file.path())].iter().chain(more))
}

/// A shift of twenty teams in which only team t03 finds nothing.
fn shift(week: usize) -> String {
    let finds = |at: usize| if (at + 20 - week) % 20 == 3 { 0 } else { 2 };
    let units: serde_json::Map<_, _> = (0..20).map(|at| (format!("u{at}"), finds(at).into())).collect();
    let dealt: serde_json::Map<_, _> =
        (0..20).map(|at| (format!("t{at:02}"), format!("u{}", (at + week) % 20).into())).collect();
    json!({ "week": week, "day": "2017-01-01", "pool": "p", "shift": "00-08", "units": units, "dealt": dealt }).to_string()
}

#[test]
fn a_team_that_finds_nothing_is_flagged_in_json_and_words() {
    let lines: Vec<String> = (1..10).map(shift).collect();
    let found = teams(&lines, &["--json"]).exits(0).json();
    let bad = &found["teams"]["t03"];
    let (flag, e) = (bad["flag_week"].as_u64().unwrap(), bad["e_values"].as_array().unwrap());
    assert!(flag < 8 && e.len() == 9, "{bad}");
    assert!(e[flag as usize - 1]["e"].as_f64().unwrap() >= found["flag_at"].as_f64().unwrap());
    assert_eq!(found["teams"]["t04"]["flag_week"], Value::Null);
    assert_eq!((&bad["found"], &found["teams"]["t04"]["found"]), (&json!(0), &json!(18)));
    let words = teams(&lines, &[]).exits(0).stdout;
    assert!(words.contains(&format!("FLAGGED in week {flag}")) && words.lines().count() == 22, "{words}");
    let power = &found["power"][0];
    assert_eq!(
        (&power["pool"], &power["teams"], &power["held_back"]),
        (&json!("p"), &json!(20), &json!(0.8))
    );
    assert!((0.0..=1.0).contains(&power["chance"].as_f64().unwrap()), "{power}");
    assert!(words.contains("would be flagged by now with chance"), "{words}");
}

#[test]
fn counts_may_be_written_as_whole_floats_and_a_mark_of_byte_order_is_none() {
    let wanted = teams(&[shift(1)], &["--json"]).exits(0).json();
    let floats =
        shift(1).replace(":2,", ":2.0,").replace(":2}", ":2.0}").replace("\"week\":1", "\"week\":1.0");
    assert_eq!(teams(&[format!("\u{feff}{floats}")], &["--json"]).exits(0).json(), wanted);
}

#[test]
fn what_is_no_record_of_shifts_is_told_by_line_field_and_fix() {
    let told = |line: &str, says: &[&str]| {
        teams(&[shift(1), String::new(), line.to_owned()], &[]).exits(1).says(says);
    };
    told(&shift(1), &["week 1, p, 00-08: 2017-01-01 is there twice", "help: sekong estimate teams --help"]);
    told(&shift(2).replace("\"u0\":2", "\"u0\":-2"), &["line 3", "units.u0", "invalid value"]);
    told(&shift(2).replace("\"u0\":2", "\"u0\":2.5"), &["line 3", "units.u0", "a whole number from 0"]);
    told(&shift(2).replace("\"u0\":2", "\"u0\":239977"), &["unit u0 has 239977 finds", "239976 at most"]);
    told(&shift(2).replace("\"u1\":2", "\"u0\":2"), &["unit u0 is there twice under units"]);
    told(&shift(2).replace(",\"week\":2", ""), &["line 3", "missing field `week`"]);
    told("[]", &["line 3"]);
    let of_class = |class: &str| format!("{{\"class\":\"{class}\",{}", &shift(2)[1..]);
    let other = of_class("boat").replace("\"pool\":\"p\"", "\"pool\":\"q\"");
    teams(&[shift(1), other], &[]).exits(0);
    told(&of_class("boat"), &["line 3", "class is boat, that of the lines of", "before none"]);
    let idle = r#"{"week":2,"day":"d","pool":"p","shift":"00-08","units":{},"dealt":{}}"#;
    told(idle, &["line 3", "units is empty"]);
    teams(&[], &[]).exits(1).says(&["no shift is in it", "help:"]);
    let barren = shift(1).replace(":2,", ":0,").replace(":2}", ":0}");
    teams(&[barren], &[]).exits(1).says(&["units has no find in any shift", "help:"]);
}

#[test]
fn inspecting_twice_bounds_what_was_there_and_says_why_it_cannot() {
    let twice = |first: &str, second: &str, both: &str, more: &[&str]| {
        let of = ["estimate", "twice", "--first", first, "--second", second, "--both", both];
        sekong(of.iter().chain(more))
    };
    let found = twice("30", "25", "10", &["--json"]).exits(0).json();
    assert!((found["loads_at_least"].as_f64().unwrap() - 806.0 / 11.0 + 1.0).abs() < 1e-9, "{found}");
    let ends = [0, 1].map(|end| found["interval95"][end].as_f64().unwrap());
    assert!(45.0 < ends[0] && ends[0] < 72.3 && 72.3 < ends[1], "{found}");
    // R: binom.test(10, 25)$conf.int
    let (share, ends) =
        (&found["detection_at_most"], [0, 1].map(|end| found["detection95"][end].as_f64().unwrap()));
    assert!(
        *share == json!(0.4) && (ends[0] - 0.211_254_8).abs() < 1e-6 && (ends[1] - 0.613_346_5).abs() < 1e-6
    );
    let words = twice("30", "25", "10", &[]).exits(0).stdout;
    assert!(words.starts_with("72.3 loads were there at least (95 % "), "{words}");
    assert!(words.contains("had found 40 % (95 % 21 to 61, "), "{words}");
    let all = twice("5", "5", "5", &["--json"]).exits(0).json();
    assert_eq!((&all["se"], &all["interval95"]), (&Value::Null, &json!([5.0, 7.0])));
    let words = twice("5", "5", "5", &[]).exits(0).stdout;
    assert!(words.contains("(95 % 5.0 to 7.0, Chapman, and exact"), "{words}");
    twice("30", "25", "0", &[]).exits(2).says(&["no load was found by both", "help:"]);
    twice("3", "25", "4", &[]).exits(2).says(&["4 found by both is more than 3"]);
}

/// Estimates of the record of two days.
fn estimate(more: &[&str]) -> Run {
    let (data, _) = &*TWO_DAYS;
    let base = ["estimate", "--data", arg(&data.path), "--now", "2017-01-04T00:00:00Z"];
    sekong(base.iter().chain(more))
}

#[test]
fn a_record_tells_what_passed_by_the_plans_that_drew_the_inspections() {
    let line = estimate(&["--json"]).exits(0).json();
    let found = &line["estimates"];
    assert_eq!((&line["campaign"], &found["province_days"]), (&json!("northeast-2017"), &json!(6)));
    let flows = found["flows"].as_array().unwrap();
    let of = |quantity: &str, method: &str| -> Vec<&Value> {
        flows.iter().filter(|flow| flow["quantity"] == quantity && flow["method"] == method).collect()
    };
    let est = |flow: &Value| flow["est"].as_f64().unwrap();
    for quantity in ["passed", "loads"] {
        let by_main = of(quantity, "difference");
        let of_part = |part: &str| {
            by_main.iter().filter(|flow| flow.get(part).is_some()).map(|flow| est(flow)).sum::<f64>()
        };
        let all = est(by_main[0]);
        for part in ["province", "post", "hour"] {
            // Where nothing was found the estimate is none, whatever was predicted there.
            let near = if quantity == "loads" { 0.05 } else { 1e-6 };
            assert!(
                (of_part(part) - all).abs() < near * all,
                "{quantity} by {part}: {} of {all}",
                of_part(part)
            );
        }
        // Two days of one traffic: three unbiased estimators agree within a quarter.
        for method in ["horvitz_thompson", "per_unit"] {
            assert!(
                (est(of(quantity, method)[0]) / all - 1.0).abs() < 0.5,
                "{method}: {} {all}",
                of(quantity, method)[0]
            );
        }
    }
    let by_kind = |part: &str| -> Vec<&Value> {
        of("loads", "difference").into_iter().filter(|flow| flow.get(part).is_some()).collect()
    };
    for (part, count) in [("transport", 7), ("drug", 6)] {
        let kinds = by_kind(part);
        assert!(
            [count, count + 1].contains(&kinds.len()),
            "each of the list, and what was not told: {kinds:?}"
        );
        let sum: f64 = kinds.iter().map(|flow| est(flow)).sum();
        assert!((sum / est(of("loads", "difference")[0]) - 1.0).abs() < 1e-9, "{part}: {sum}");
        assert!(kinds.iter().all(|flow| flow["interval95"].is_object()), "{kinds:?}");
    }
    let all = of("passed", "difference")[0];
    assert_eq!(all["interval_by"], "days");
    let (low, high) = (all["lost"]["low"].as_f64().unwrap(), all["lost"]["high"].as_f64().unwrap());
    assert!(low <= est(all) && est(all) <= high && low < high, "{all}");
    assert_eq!(found["design"].as_str().unwrap().len(), 64);
    assert!(!line["teams"]["power"].as_array().unwrap().is_empty(), "a day is enough for a look");
}

#[test]
fn the_posts_are_ranked_and_posts_that_somebody_names_have_their_chance() {
    let line = estimate(&["--json"]).exits(0).json();
    let found = &line["estimates"];
    let posts = found["ranking"].as_array().unwrap();
    let first: f64 = posts.iter().map(|post| post["first"].as_f64().unwrap()).sum();
    assert!((first - 1.0).abs() < 1e-9 && posts.len() > 10, "{first}");
    assert_eq!((&posts[0]["top"], posts.last().unwrap()["top"].as_f64()), (&posts[0]["first"], Some(1.0)));
    let two = [&posts[0], &posts[1]].map(|post| post["post"].as_str().unwrap());
    let named = estimate(&["--top", &two.join(","), "--json"]).exits(0).json();
    assert_eq!(named["estimates"]["top"]["chance"], posts[1]["top"], "{named}");
    assert!(found.get("top").is_none(), "nobody asked");
}

#[test]
fn a_province_has_one_number_whoever_asks() {
    let line = estimate(&["--json"]).exits(0).json();
    let (flows, teams) = (line["estimates"]["flows"].as_array().unwrap(), &line["teams"]);
    let one = estimate(&["--province", "ratanakiri", "--json"]).exits(0).json();
    let own = |of: &Value| -> Vec<Value> {
        let flows = of["estimates"]["flows"].as_array().unwrap().iter();
        flows.filter(|flow| flow["province"] == "ratanakiri").cloned().collect()
    };
    assert_eq!((own(&one), own(&one).len()), (own(&line), 6), "a province has one number, whoever asks");
    let posts =
        one["estimates"]["flows"].as_array().unwrap().iter().filter(|flow| flow.get("post").is_some());
    assert!(posts.clone().count() > 4 && posts.clone().all(|post| flows.contains(post)), "{one}");
    let shrunk = |of: &Value| of["estimates"]["shrunk"].as_array().unwrap().clone();
    assert!(shrunk(&one).iter().all(|post| shrunk(&line).contains(post)), "{one}");
    let tested = |of: &Value| of["finds"].as_array().unwrap().len();
    assert!(0 < tested(&one["teams"]) && tested(&one["teams"]) < tested(teams));
    assert_eq!(
        one["teams"]["flag_at"], teams["flag_at"],
        "whoever looks at one province looks among all teams"
    );
}

#[test]
fn a_part_of_a_record_is_estimated_and_drawn_and_what_is_no_part_is_named() {
    let one = estimate(&["--province", "ratanakiri", "--from", "2017-01-02", "--plants", "8/10", "--json"]);
    let one = one.exits(0).json();
    assert_eq!(one["estimates"]["province_days"], 1);
    let all = estimate(&["--json"]).exits(0).json();
    assert_eq!(one["estimates"]["design"], all["estimates"]["design"], "predictions learn from all plans");
    let sure = estimate(&["--plants", "100000/100000", "--json"]).exits(0).json();
    let loads = |of: &Value| {
        let flows = of["estimates"]["flows"].as_array().unwrap();
        flows
            .iter()
            .find(|flow| flow["quantity"] == "loads" && flow["method"] == "difference")
            .unwrap()
            .clone()
    };
    let end = |of: &Value, end: &str| of["interval95"][end].as_f64().unwrap();
    let (own, corrected) = (loads(&sure), &sure["estimates"]["corrected"]);
    for name in ["low", "high"] {
        assert!((end(corrected, name) / end(&own, name) - 1.0).abs() < 1e-3, "{corrected} {own}");
    }
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().join("pictures");
    let words = estimate(&["--plants", "8/10", "--pictures", arg(&pictures)]).exits(0).stdout;
    for name in ["flow.svg", "ranking.svg", "teams.svg"] {
        let drawn = std::fs::read_to_string(pictures.join(name)).unwrap();
        assert!(
            drawn.starts_with("<svg ") && drawn.contains("design: ") && !drawn.contains("NaN"),
            "{drawn}"
        );
    }
    let drawn = |name| std::fs::read_to_string(pictures.join(name)).unwrap();
    assert!(drawn("flow.svg").contains("visits lost") && drawn("flow.svg").contains("<circle"));
    assert!(drawn("teams.svg").contains("flag at") && drawn("teams.svg").contains("power by now"));
    assert!(!drawn("teams.svg").contains("alone"));
    estimate(&["--province", "ratanakiri", "--pictures", arg(&pictures)]).exits(0);
    assert!(["flow.svg", "teams.svg"].iter().all(|name| drawn(name).contains("ratanakiri alone; ")));
    assert!(words.contains("would be flagged by now with chance"), "{words}");
    assert!(
        words.contains("visits lost") && words.contains("80 % (95 % 44 to 97) of them being found"),
        "{words}"
    );
    for (wrong, field) in [
        (["--province", "nowhere"], "--province"),
        (["--from", "2017-02-30"], "--from"),
        (["--plants", "3/2"], "--plants"),
        (["--plants", "0/2"], "--plants"),
        (["--plants", "0/0"], "--plants: nothing was planted"),
        (["--plants", "2"], "--plants"),
        (["--top", "KH-LA-01,nowhere"], "--top: nowhere is not among the posts that are ranked: "),
        (["--top", ""], "--top"),
    ] {
        let said = estimate(&wrong).exits(2).stderr;
        assert!(said.contains(field), "{said}");
    }
    estimate(&["--from", "2017-01-03", "--to", "2017-01-02"]).exits(2);
    estimate(&["--from", "2017-02-01"]).exits(1).says(&[
        "no day with a plan is over between 2017-02-01 and",
        "help: the last that is over is 2017-01-02",
    ]);
    sekong(["estimate"]).exits(2);
}

#[test]
fn replays_of_too_little_or_too_much_are_refused_by_field() {
    let campaign = concat!(env!("CARGO_MANIFEST_DIR"), "/../../campaigns/northeast-2017");
    for (command, field, wrong, says) in [
        ("replay", "--days", "1", "--days 1: the campaign has"),
        ("replay", "--days", "4000", "--days 4000: the campaign has"),
        ("replay", "--replays", "1", "--replays"),
        ("replay", "--load-share", "0", "above 0, at most 1"),
        ("replay", "--load-share", "1.5", "above 0, at most 1"),
        ("replay", "--load-share", "NaN", "above 0, at most 1"),
        ("power", "--trials", "0", "--trials"),
    ] {
        sekong(["estimate", command, campaign, field, wrong]).exits(2).says(&[says]);
    }
}

#[test]
fn replays_show_no_bias_and_intervals_that_hold_where_the_wrong_analysis_fails() {
    let campaign = concat!(env!("CARGO_MANIFEST_DIR"), "/../../campaigns/northeast-2017");
    let run = ["estimate", "replay", campaign, "--days", "14", "--replays", "60", "--json"];
    let line = sekong(run).exits(0).json();
    for pattern in ["stationary", "trending", "day cycle"] {
        for of in line[pattern].as_array().unwrap() {
            let number = |name: &str| of[name].as_f64().unwrap();
            assert!(number("bias").abs() < 4.5 * number("bias_se"), "{pattern}: {of}");
            if of["quantity"] == "loads" && of["method"] == "difference" {
                assert!(number("coverage") > 0.82 && number("found_mean") > 5.0, "{pattern}: {of}");
            }
        }
        let naive = |of: &&Value| of["quantity"] == "passed" && of["province"] == "ratanakiri";
        let naive = line[pattern].as_array().unwrap().iter().find(naive).unwrap();
        assert!(naive["coverage_naive"].as_f64().unwrap() < 0.8, "{pattern}: {naive}");
    }
}
