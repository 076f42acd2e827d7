//! The campaign as it ships.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sekong_model::*;

use crate::SHIPPED;

const DRY: &str = "2017-01-01";
const WET: &str = "2017-06-01";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn hour(number: u8) -> Hour {
    number.try_into().unwrap()
}

fn minutes(a: &str, b: &str, on: &str) -> Option<f64> {
    let all = SHIPPED.provinces().iter().flat_map(|p| SHIPPED.travel_minutes(&p.id, day(on)));
    let is_pair =
        |x: &PostId, y: &PostId| (x.as_str(), y.as_str()) == (a, b) || (y.as_str(), x.as_str()) == (a, b);
    all.into_iter().find(|(x, y, _)| is_pair(x, y)).map(|(_, _, m)| m)
}

fn from_base(pool: &str, post: &str, on: &str) -> Option<f64> {
    let all = SHIPPED.minutes_from_base(&pool.parse().unwrap(), day(on));
    all.into_iter().find(|(p, _)| p.as_str() == post).map(|(_, m)| m)
}

fn units(on: &str) -> Vec<Unit> {
    SHIPPED.provinces().iter().flat_map(|p| SHIPPED.units_of(&p.id, day(on))).collect()
}

fn unit(id: &str, on: &str) -> Unit {
    units(on).into_iter().find(|u| u.id.as_str() == id).unwrap()
}

fn names(posts: &[PostId]) -> Vec<&str> {
    posts.iter().map(PostId::as_str).collect()
}

#[test]
fn has_the_days_posts_and_bodies_of_the_design() {
    assert_eq!((SHIPPED.days().count(), SHIPPED.last_day()), (181, day("2017-06-30")));
    let slugs: Vec<&str> = SHIPPED.provinces().iter().map(|p| p.id.as_str()).collect();
    assert_eq!(slugs, ["stung-treng", "preah-vihear", "ratanakiri"]);
    let counts: Vec<usize> = SHIPPED.provinces().iter().map(|p| SHIPPED.posts_of(&p.id).len()).collect();
    assert_eq!(counts, [7, 6, 7]);
    assert_eq!(SHIPPED.custodians().len(), 5);
    assert!(SHIPPED.custodians().iter().all(|id| SHIPPED.custodian_title(id).is_some()));
    assert_eq!(SHIPPED.phases().len(), 3);
}

#[test]
fn every_post_says_where_it_is_known_from() {
    let count = |kind| SHIPPED.posts().iter().filter(|p| p.provenance() == kind).count();
    assert_eq!(count(Provenance::Documented), 1);
    assert_eq!(count(Provenance::VillageProxy), 1);
    assert_eq!(count(Provenance::Placed), 3);
    assert_eq!(count(Provenance::Derived), 2);
    assert_eq!(count(Provenance::StandIn), 13);
    assert!(SHIPPED.posts().iter().all(|p| p.is_hollow() == p.placed_why.is_some()));
}

#[test]
fn travel_is_what_the_roads_say() {
    let near = |found: Option<f64>, expected: f64| (found.unwrap() - expected).abs() < 1.0;
    assert!(near(from_base("stung-treng-town", "KH-LA-01", DRY), 59.0));
    assert!(near(from_base("preah-vihear-town", "VIL-1828611", DRY), 107.0));
    assert!(near(from_base("ratanakiri-town", "VIL-1821394", DRY), 68.0));
    assert!(near(minutes("KH-LA-01", "KH-LA-03", DRY), 6.4));
    assert!(near(minutes("VIL-1826877", "VIL-1825034", DRY), 41.9));
    assert!(near(minutes("VIL-1823628", "VIL-1828611", DRY), 267.0));
    assert!(near(minutes("VIL-1824000", "VIL-1829623", DRY), 226.6));
}

#[test]
fn minutes_become_begun_hours() {
    let hours = SHIPPED.travel_hours(&"stung-treng".parse().unwrap(), day(DRY));
    let between = |a: &str, b: &str| {
        hours.iter().find(|(x, y, _)| (x.as_str(), y.as_str()) == (a, b)).map(|(_, _, h)| *h)
    };
    assert_eq!(between("KH-LA-01", "KH-LA-03"), Some(0));
    assert_eq!(between("KH-LA-01", "KH-LA-04"), Some(1));
    assert_eq!(between("KH-LA-01", "VIL-1822216"), Some(4));
    assert_eq!(hours.len(), 7 * 6 / 2, "each pair once");
}

#[test]
fn the_wet_season_slows_and_closes() {
    assert_eq!(minutes("VIL-1823628", "VIL-1828611", WET), None);
    let (dry, wet) =
        (from_base("ratanakiri-town", "VIL-1821394", DRY), from_base("ratanakiri-town", "VIL-1821394", WET));
    assert!((wet.unwrap() - 1.5 * dry.unwrap()).abs() < 1e-9);
    assert_eq!(minutes("KH-LA-01", "KH-LA-03", WET), minutes("KH-LA-01", "KH-LA-03", DRY));
    assert_eq!(SHIPPED.rules().season(day("2017-05-14")), Season::Dry);
    assert_eq!(SHIPPED.rules().season(day("2017-05-15")), Season::Wet);
}

#[test]
fn units_come_by_shift_and_then_as_in_the_file() {
    let stung_treng = SHIPPED.units_of(&"stung-treng".parse().unwrap(), day(DRY));
    let ids: Vec<&str> = stung_treng.iter().map(|u| u.id.as_str()).take(7).collect();
    let plain = (1..=4).map(|number| format!("00-08/plain-{number}"));
    let pair = ["00-08/sentinel-even", "00-08/sentinel-odd"].map(str::to_owned);
    let expected = pair.into_iter().chain(plain);
    let mut expected: Vec<String> = expected.map(|s| format!("stung-treng/{s}")).collect();
    expected.push("stung-treng/08-16/sentinel-even".into());
    assert_eq!(ids, expected);
    assert_eq!(units(DRY).len(), 42);
    assert_eq!(units(DRY).iter().map(|u| &u.id).collect::<BTreeSet<_>>().len(), 42);
}

#[test]
fn a_sentinel_pair_takes_turns_within_its_shift() {
    let even = unit("ratanakiri/08-16/sentinel-even", DRY);
    let odd = unit("ratanakiri/08-16/sentinel-odd", DRY);
    assert_eq!((even.start.get(), even.length_hours, even.every_hours), (8, 8, 2));
    assert_eq!((odd.start.get(), odd.length_hours, odd.every_hours), (9, 7, 2));
    assert_eq!(SHIPPED.entry_hour(&odd).get(), 8);
}

#[test]
fn reach_obeys_night_boats_and_the_entry_lead() {
    let night = unit("stung-treng/00-08/plain-1", DRY);
    assert!(!names(&night.reach).contains(&"KH-LA-04"), "by day only");
    assert!(names(&unit("stung-treng/08-16/plain-1", DRY).reach).contains(&"KH-LA-04"));
    assert!(!names(&night.enter).contains(&"DER-02"), "276 minutes from the town");
    assert!(names(&night.reach).contains(&"DER-02"), "but it can be driven to from Siem Pang");
    assert_eq!(names(&unit("stung-treng/00-08/plain-3", DRY).reach), ["DER-02", "VIL-1822216"]);
    for unit in units(DRY).iter().chain(&units(WET)) {
        assert_eq!(unit.leave, unit.reach);
        assert!(!unit.enter.is_empty() && unit.enter.iter().all(|post| unit.reach.contains(post)));
    }
}

#[test]
fn there_is_a_lottery_in_every_slot_that_can_be_reached() {
    let none_left = |w: &&Warning| matches!(w, Warning::NoLottery { .. } | Warning::Crowded { .. });
    assert_eq!(SHIPPED.warnings().iter().find(none_left), None);
}

#[test]
fn every_uncovered_slot_is_explained() {
    for (on, expected) in [(DRY, 16 + 16), (WET, 16 + 3 * 24)] {
        let mut count = 0;
        for province in SHIPPED.provinces() {
            for (post, hour) in SHIPPED.uncovered(&province.id, day(on)) {
                let reason = SHIPPED.why_uncovered(&post, day(on), hour);
                assert!(
                    matches!(reason, Some(UncoveredReason::Night | UncoveredReason::WetClosed)),
                    "{post} {hour}"
                );
                count += 1;
            }
        }
        assert_eq!(count, expected, "on {on}");
    }
    assert_eq!(SHIPPED.why_uncovered(&"KH-LA-01".parse().unwrap(), day(DRY), hour(3)), None);
}

#[test]
fn every_slot_has_stakes_with_range_and_source() {
    for post in SHIPPED.posts() {
        for hour in Hour::all() {
            let band = SHIPPED.value_band(&post.id, hour).unwrap();
            assert!(!band.source.is_empty() && SHIPPED.stakes(&post.id, hour).value > 0.0);
        }
    }
    let main = "KH-LA-01".parse().unwrap();
    assert_eq!(SHIPPED.stakes(&main, hour(12)), Stakes { value: 60.0, capture: 60.0 });
    assert_eq!(SHIPPED.stakes(&main, hour(18)), Stakes { value: 100.0, capture: 80.0 });
    assert_eq!(SHIPPED.stakes(&"nowhere".parse().unwrap(), hour(0)), Stakes { value: 0.0, capture: 0.0 });
}

#[test]
fn values_are_released_by_the_leads() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let moment = |h| Moment::Hour { day: day("2017-01-02"), hour: hour(h) };
    assert_eq!(SHIPPED.release_at(moment(9)), at("2017-01-02T08:50:00+07:00"));
    assert_eq!(SHIPPED.release_at(moment(8)), at("2017-01-02T04:50:00+07:00"));
    assert_eq!(SHIPPED.release_at(moment(0)), at("2017-01-01T20:50:00+07:00"));
    assert_eq!(SHIPPED.release_at(Moment::Week { week: 1 }), at("2017-01-06T00:00:00+07:00"));
    let today = day("2017-01-02");
    assert!(SHIPPED.plan_frozen_at(today) < SHIPPED.absences_frozen_at(today));
    assert!(SHIPPED.absences_frozen_at(today) < SHIPPED.release_at(moment(0)));
}

#[test]
fn weeks_cover_the_campaign_once() {
    let days: Vec<Day> = SHIPPED.weeks().flat_map(|w| SHIPPED.week_days(w)).collect();
    assert_eq!(days, SHIPPED.days().collect::<Vec<_>>());
    assert_eq!(SHIPPED.weeks(), 0..26);
    assert_eq!(SHIPPED.week_days(25).len(), 6);
    assert!(SHIPPED.week_days(u32::MAX).is_empty());
    assert_eq!(SHIPPED.moments_of_campaign().count() as u64, SHIPPED.moment_count());
}

#[test]
fn teams_are_enough_for_units_hours_and_rest() {
    assert_eq!(SHIPPED.teams().len(), 54);
    for pool in SHIPPED.pools() {
        for share in SHIPPED.shares_of(&pool.id) {
            assert!(share.teams > share.units && share.days_at_most * 8 <= 48);
        }
    }
}

#[test]
fn the_bundle_is_one_json_object_of_texts() {
    let bundle = crate::bundle();
    let text = serde_json::to_string(&bundle).unwrap();
    assert_eq!(serde_json::from_str::<SourceBundle>(&text).unwrap(), bundle);
    assert!(text.starts_with("{\"campaign.toml\":"));
}
