//! What is read strictly: objects are objects, keys are there once, nothing is null, and the error says where.

use rstest::rstest;
use sekong_plan::{Game, GameError, JsonError, Plan, SolveOptions, check, solve};
use serde_json::{Value, json};

use crate::games::tiny;

/// A game with every optional field.
fn game() -> Value {
    let mut game = tiny(3);
    (game["floor"], game["objective"], game["absent"]) = (json!(0), json!("max"), json!({"pool": 1}));
    game
}

fn plan() -> Value {
    let options = SolveOptions { rounds: 50, ..SolveOptions::default() };
    let plan = solve(&Game::from_json(&game().to_string()).unwrap(), &options).unwrap();
    serde_json::from_slice(&plan.to_json()).unwrap()
}

/// What is said of the text as a game, or as a plan; the checker says the same of a plan.
fn said(document: &Value, text: &str) -> String {
    if document.get("kind").is_none() {
        return Game::from_json(text).unwrap_err().to_string();
    }
    let said = Plan::from_json(text).unwrap_err().to_string();
    assert_eq!(check(text, None).unwrap_err().to_string(), format!("plan, {said}"));
    said
}

#[rstest]
#[case::province(game(), "\"provinces\":{", "provinces: \"all\" is there twice", "\"all\":[],")]
#[case::absent(game(), "\"absent\":{", "absent: \"pool\" is there twice", "\"pool\":0,")]
#[case::embedded(plan(), "\"provinces\":{", "game.provinces: \"all\" is there twice", "\"all\":[],")]
#[case::price(plan(), "\"prices\":{\"absent\":{", "prices.absent: \"pool\" is there twice", "\"pool\":[9],")]
#[case::bounds(
    plan(),
    "\"value\":{\"gap\"",
    "value.provinces: \"all\" is there twice",
    "\"upper\":1,\"lower\":1,\"gap\":0"
)]
fn a_key_is_there_once(#[case] document: Value, #[case] at: &str, #[case] told: &str, #[case] first: &str) {
    let text = document.to_string();
    let text = if at.ends_with('{') {
        text.replacen(at, &format!("{at}{first}"), 1)
    } else {
        // The provinces' bounds stand last.
        let end = text.rfind("\"all\":{").unwrap();
        format!("{}\"all\":{{{first}}},{}", &text[..end], &text[end..])
    };
    let said = said(&document, &text);
    assert!(said.contains(told), "{said}");
}

#[rstest]
#[case::game(game(), "", "line 1")]
#[case::unit(game(), "/units/0", "units[0]")]
#[case::provinces(game(), "/provinces", "provinces")]
#[case::embedded(plan(), "/game", "game")]
#[case::embedded_unit(plan(), "/game/units/0", "game.units[0]")]
#[case::plan(plan(), "", "line 1")]
#[case::chain(plan(), "/units/0", "units[0]")]
#[case::arc(plan(), "/units/0/arcs/0", "units[0].arcs[0]")]
#[case::value(plan(), "/value", "value")]
#[case::province(plan(), "/value/provinces/all", "value.provinces.all")]
#[case::threat(plan(), "/adversary/0", "adversary[0]")]
#[case::prices(plan(), "/prices", "prices")]
fn a_list_is_no_object(#[case] whole: Value, #[case] path: &str, #[case] field: &str) {
    let mut document = whole.clone();
    let place = document.pointer_mut(path).unwrap();
    *place = place.as_object().unwrap().values().cloned().collect();
    let said = said(&whole, &document.to_string());
    assert!(said.contains(field) && said.contains("list, expected an object"), "{said}");
}

#[rstest]
#[case::objective(game(), "", "objective")]
#[case::absent(game(), "", "absent")]
#[case::every(game(), "/units/0", "every")]
#[case::sentinel(game(), "/units/0", "sentinel")]
#[case::price(plan(), "/prices", "informed")]
#[case::absent_price(plan(), "/prices", "absent")]
fn what_is_left_out_is_not_null(#[case] whole: Value, #[case] path: &str, #[case] field: &str) {
    let mut document = whole.clone();
    document.pointer_mut(path).unwrap()[field] = Value::Null;
    let said = said(&whole, &document.to_string());
    assert!(said.contains(&format!("{field}: invalid type: null")), "{said}");
}

#[test]
fn the_ends_of_an_arc_are_given_even_if_there_are_none() {
    let mut document = plan();
    let arc = &mut document["units"][0]["arcs"][0];
    assert!(arc.as_object_mut().unwrap().remove("from").unwrap().is_null());
    assert!(said(&plan(), &document.to_string()).contains("missing field `from`"));
}

#[rstest]
#[case::whole("/slots", json!(2.5), "slots: invalid type: number `2.5`, expected a whole number")]
#[case::number("/floor", json!("x"), "floor: invalid type: string \"x\", expected a number")]
#[case::list("/units/0/reach", json!(1), "units[0].reach: invalid type: integer `1`, expected a list")]
#[case::capture("/capture", json!("x"), "capture: invalid type: string \"x\", expected a number, or one row")]
#[case::capture_row("/capture", json!([[1, null]]), "capture[0][1]: invalid type: null, expected a number")]
#[case::value("/value/0/1", json!({}), "value[0][1]: invalid type: object, expected a number")]
#[case::pair("/travel_hours", json!([["P0", "P1"]]), "travel_hours[0]: invalid length 2, expected a list of 3")]
#[case::unknown("/units/0", json!({"idd": 1}), "units[0].idd: unknown field `idd`")]
fn what_is_of_the_wrong_kind_is_named_once(#[case] path: &str, #[case] value: Value, #[case] told: &str) {
    let mut document = game();
    *document.pointer_mut(path).unwrap() = value;
    let said = Game::from_json(&document.to_string()).unwrap_err().to_string();
    assert!(said.contains(told), "{said}");
    assert_eq!((said.matches("line 1").count(), said.matches("column").count()), (1, 1), "{said}");
    for name in ["f64", "i64", "Json", "struct", "tuple"] {
        assert!(!said.contains(name), "{said}");
    }
}

#[test]
fn an_error_has_its_place_and_its_field_as_data() {
    let text = game().to_string().replace("\"slots\":", "\n\"slots\":true,\"was\":");
    match Game::from_json(&text) {
        Err(GameError::Json(JsonError { line: 2, field, .. })) => assert_eq!(field, "slots"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_more_teams_are_absent_than_there_are_units() {
    let mut document = game();
    let units = document["units"].as_array().unwrap().len();
    document["absent"]["pool"] = json!(units);
    assert!(Game::from_json(&document.to_string()).is_ok());
    document["absent"]["pool"] = json!(units + 1);
    let said = Game::from_json(&document.to_string()).unwrap_err().to_string();
    assert_eq!(
        said,
        format!("absent[pool]: {} teams, but the pool has {units} units; give 0 to {units}", units + 1)
    );
}
