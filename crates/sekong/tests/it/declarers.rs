//! `sekong declarers`: the standing test of those who declare absences, on a verified record.

use std::fs;

use crate::data::{Data, TWO_DAYS, arg};
use crate::run::sekong;

const AFTER: &str = "2017-01-03T00:00:00Z";

#[test]
fn every_office_of_the_campaign_is_tested_on_what_the_log_shows_and_the_power_is_said() {
    let (data, _) = &*TWO_DAYS;
    let line = sekong(["declarers", arg(&data.path), "--now", AFTER, "--json"]).exits(0).json();
    let offices = line["declarers"].as_array().unwrap();
    let names: Vec<&str> = offices.iter().map(|office| office["declarer"].as_str().unwrap()).collect();
    let agencies = ["border-guard", "customs", "military-police", "police"];
    assert_eq!(names, agencies.map(|agency| format!("duty-office-{agency}")));
    assert_eq!(line["flag_at"], 80.0, "four offices share a twentieth");
    let absences: u64 = offices.iter().map(|office| office["absences"].as_u64().unwrap()).sum();
    assert!(absences > 0, "{line}");
    assert!(offices.iter().all(|office| office["flagged"].is_null()), "simulated offices are honest: {line}");
    let powers = line["power"].as_array().unwrap();
    let flagged: Vec<f64> = powers.iter().map(|power| power["flagged"].as_f64().unwrap()).collect();
    assert!(flagged.is_sorted() && flagged[2] > 0.99, "{line}");
    let words = sekong(["declarers", arg(&data.path), "--now", AFTER]).exits(0).stdout;
    assert!(words.contains("for an enquiry") && words.contains("power: "), "{words}");
}

#[test]
fn a_record_that_does_not_hold_is_no_ground_for_a_test() {
    let data = Data::day();
    let body = fs::read_dir(data.path.join("bodies")).unwrap().next().unwrap().unwrap().path();
    fs::write(&body, b"{}").unwrap();
    sekong(["declarers", arg(&data.path), "--now", AFTER]).exits(3).prints_nothing();
}
