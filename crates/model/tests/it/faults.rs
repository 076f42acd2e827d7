//! One broken campaign for each error: where, what, how to mend.

use rstest::rstest;
use sekong_model::*;

use crate::{CROSSINGS, ROADS, TOML};

const ROADS_FILE: &str = "geo/roads.geojson";
const CROSSINGS_FILE: &str = "geo/crossings.geojson";

/// The shipped campaign with the first `old` of a file replaced.
fn broken(file: &str, old: &str, new: &str) -> (SourceBundle, CampaignErrors) {
    let mut bundle = crate::bundle();
    let text = bundle.files.get_mut(file).unwrap();
    assert!(text.contains(old), "{old:?} is not in {file}");
    *text = text.replacen(old, new, 1);
    let errors = Campaign::parse(&bundle).unwrap_err();
    (bundle, errors)
}

/// The error of one field; its span must hold `spanned`, its remedy `mend`.
fn check(file: &str, old: &str, new: &str, field: &str, spanned: &str, mend: &str) -> Problem {
    let (bundle, errors) = broken(file, old, new);
    let error = errors.errors.iter().find(|e| e.field == field);
    let error = error.unwrap_or_else(|| panic!("no error of {field:?} in:\n{errors}"));
    assert_eq!(error.file, file);
    let text = bundle.text(file).unwrap();
    let found = &text[error.span.clone().unwrap_or_else(|| panic!("no span: {errors}"))];
    assert!(found.contains(spanned), "{spanned:?} is not in {found:?}");
    assert!(error.line(text).is_some());
    assert!(error.mend().contains(mend), "{mend:?} is not in {:?}", error.mend());
    error.problem.clone()
}

macro_rules! assert_problem {
    ($problem:expr, $pattern:pat) => {{
        let problem = $problem;
        assert!(matches!(&problem, $pattern), "{problem:?}");
    }};
}

#[rstest]
#[case::province(
    "province = \"ratanakiri\"\nmin",
    "province = \"ratanakira\"\nmin",
    "post[13].province",
    "\"ratanakira\"",
    "\"ratanakiri\""
)]
#[case::crossing("id = \"VIL-1823628\"", "id = \"VIL-182\"", "post[9].id", "\"VIL-182\"", "crossing")]
#[case::value_post(
    "posts = [\"KH-LA-03\"]",
    "posts = [\"KH-LA-99\"]",
    "value[4].posts[0]",
    "KH-LA-99",
    "KH-LA-0"
)]
#[case::unit_post(
    "kind = \"plain\"\ncount = 2\nposts = [\"DER-02\"",
    "kind = \"plain\"\ncount = 2\nposts = [\"DER-20\"",
    "unit[2].posts[0]",
    "DER-20",
    "\"DER-0"
)]
#[case::pool("pool = \"siem-pang\"", "pool = \"siem-pong\"", "unit[2].pool", "siem-pong", "\"siem-pang\"")]
#[case::pool_province(
    "province = \"ratanakiri\"\nbase",
    "province = \"x\"\nbase",
    "pool[3].province",
    "\"x\"",
    "add a province"
)]
#[case::class("class = \"patrol\"", "class = \"petrol\"", "pool[1].class", "petrol", "\"patrol\"")]
#[case::base("node = \"gn1831732\"", "node = \"gn0000000\"", "pool[3].base.node", "gn0000000", "junction")]
#[case::leg("to = \"DER-02\"", "to = \"DERRY\"", "leg[2].to", "DERRY", "junction")]
fn a_name_that_nothing_has(
    #[case] old: &str,
    #[case] new: &str,
    #[case] field: &str,
    #[case] spanned: &str,
    #[case] mend: &str,
) {
    assert_problem!(check(CAMPAIGN_FILE, old, new, field, spanned, mend), Problem::Unknown { .. });
}

#[rstest]
#[case::negative("minutes = 120", "minutes = -120", "leg[2].minutes", "-120", "from 0 to")]
#[case::not_a_number("minutes = 120", "minutes = nan", "leg[2].minutes", "nan", "from 0 to")]
#[case::infinite("minutes = 120", "minutes = inf", "leg[2].minutes", "inf", "from 0 to")]
#[case::value("value = { best = 60,", "value = { best = nan,", "value[0].value.best", "nan", "from 0 to")]
#[case::capture(
    "capture = { best = 60, low = 30",
    "capture = { best = 60, low = -inf",
    "value[0].capture.low",
    "-inf",
    "from 0"
)]
#[case::floor("floor = 0.05", "floor = 1.0", "rules.floor", "1.0", "0.99")]
#[case::floor_nan("floor = 0.05", "floor = nan", "rules.floor", "nan", "0.99")]
#[case::slow_factor(
    "slow_factor = 1.5",
    "slow_factor = 0.5",
    "rules.wet_season.slow_factor",
    "0.5",
    "from 1 to 10"
)]
#[case::crew("\"police\", crew = 4", "\"police\", crew = 0", "pool[0].teams[0].crew", "0", "from 1 to 100")]
#[case::lead("lead_minutes = 10 ", "lead_minutes = 0 ", "rules.lead_minutes", "0", "from 1 to 59")]
#[case::placed("lon = 105.965", "lon = 1059.65", "post[1].placed", "1059.65", "180")]
fn a_number_outside_its_limits(
    #[case] old: &str,
    #[case] new: &str,
    #[case] field: &str,
    #[case] spanned: &str,
    #[case] mend: &str,
) {
    assert_problem!(check(CAMPAIGN_FILE, old, new, field, spanned, mend), Problem::OutOfRange { .. });
}

#[rstest]
#[case::zero("detect = { best = 0.6, low = 0.4", "detect = { best = 0.6, low = 0.0", "class[0].detect.low")]
#[case::above_one("low = 0.4, high = 0.8", "low = 0.4, high = 1.5", "class[0].detect.high")]
#[case::not_a_number("detect = { best = 0.6", "detect = { best = nan", "class[0].detect.best")]
fn a_chance_outside_its_limits(#[case] old: &str, #[case] new: &str, #[case] field: &str) {
    assert_problem!(check(CAMPAIGN_FILE, old, new, field, "", "0.6"), Problem::NotAChance { .. });
}

#[rstest]
#[case::nothing_said("daily_die = false", "daily_die = true", "rules.daily_die_digits")]
#[case::no_source("daily_die = false", "daily_die = true\ndaily_die_digits = 6", "rules.daily_die_source")]
#[case::no_die("daily_die = false", "daily_die = false\ndaily_die_digits = 6", "rules.daily_die_digits")]
fn a_daily_die_says_its_digits_and_its_source(#[case] old: &str, #[case] new: &str, #[case] field: &str) {
    let (_, errors) = broken(CAMPAIGN_FILE, old, new);
    let of_field = errors.errors.iter().find(|error| error.field == field).unwrap();
    assert_problem!(&of_field.problem, Problem::DailyDie { .. });
    assert!(of_field.mend().contains("daily_die"));
}

#[test]
fn a_daily_die_has_one_to_forty_digits() {
    let new = "daily_die = true\ndaily_die_digits = 0\ndaily_die_source = \"lottery\"";
    let problem = check(CAMPAIGN_FILE, "daily_die = false", new, "rules.daily_die_digits", "0", "");
    assert_problem!(problem, Problem::OutOfRange { .. });
}

#[rstest]
#[case::at_its_end("body = \"customs\"", "body = \"police \"", "police ")]
#[case::in_its_middle("body = \"customs\"", "body = \"the police\"", "the police")]
fn a_body_of_officers_is_a_name(#[case] old: &str, #[case] new: &str, #[case] body: &str) {
    let problem = check(CAMPAIGN_FILE, old, new, "officer[1].body", body, "short name");
    assert_problem!(problem, Problem::Id(_) | Problem::IdNotPlain { .. });
}

#[test]
fn a_body_of_officers_is_not_two_bodies_by_its_capitals() {
    let (old, new) = ("body = \"customs\"", "body = \"Police\"");
    assert_problem!(
        check(CAMPAIGN_FILE, old, new, "officer[1].body", "Police", "\"police\""),
        Problem::SpelledTwoWays { .. }
    );
}

#[test]
fn a_campaign_in_which_nobody_can_throw_dice_is_warned_of() {
    let officers = TOML.find("[[officer]]").unwrap()..TOML.find("# Shifts tile").unwrap();
    let mut bundle = crate::bundle();
    bundle.files.insert(CAMPAIGN_FILE.into(), TOML.replace(&TOML[officers], ""));
    let warned =
        |bundle: &SourceBundle| Campaign::parse(bundle).unwrap().warnings().contains(&Warning::NoOfficers);
    assert!(warned(&bundle) && !warned(&crate::bundle()));
}

#[rstest]
#[case::class("id = \"patrol\"", "id = \"scanner\"", "class[1].id")]
#[case::post("id = \"KH-LA-02\"", "id = \"KH-LA-01\"", "post[1].id")]
#[case::team("id = \"ST-A-02\"", "id = \"ST-A-01\"", "pool[0].teams[1].id")]
#[case::custodian("id = \"ombudsman\"", "id = \"court\"", "custodian[1].id")]
#[case::shift("id = \"08-16\"", "id = \"00-08\"", "shift[1].id")]
#[case::phase("id = \"new-year-and-heat\"", "id = \"dry-season\"", "phase[1].id")]
fn a_name_that_is_there_twice(#[case] old: &str, #[case] new: &str, #[case] field: &str) {
    let id = new.strip_prefix("id = ").unwrap();
    assert_problem!(check(CAMPAIGN_FILE, old, new, field, id, "rename"), Problem::Duplicate { .. });
}

#[test]
fn shifts_that_overlap() {
    let problem = check(CAMPAIGN_FILE, "start = 8\n", "start = 7\n", "shift[1].start", "7", "start at 8");
    assert_eq!(problem, Problem::ShiftsOverlap { start: 7, previous_end: 8 });
}

#[rstest]
#[case::between(
    "start = 0\nlength_hours = 8",
    "start = 0\nlength_hours = 7",
    "shift[1].start",
    "starts at 7 and lasts 1"
)]
#[case::at_midnight("start = 0\n", "start = 1\n", "shift[1].start", "")]
#[case::at_the_end(
    "start = 16\nlength_hours = 8",
    "start = 16\nlength_hours = 6",
    "shift[2].length_hours",
    "starts at 22"
)]
fn shifts_that_do_not_tile(#[case] old: &str, #[case] new: &str, #[case] field: &str, #[case] mend: &str) {
    let (_, errors) = broken(CAMPAIGN_FILE, old, new);
    if mend.is_empty() {
        assert_problem!(errors.errors[0].problem.clone(), Problem::ShiftGap { from: 0, to: 1 });
    } else {
        assert_problem!(check(CAMPAIGN_FILE, old, new, field, "", mend), Problem::ShiftGap { .. });
    }
}

#[rstest]
#[case::over_midnight(
    "start = 16\nlength_hours = 8",
    "start = 16\nlength_hours = 12",
    "shift[2].length_hours"
)]
#[case::empty("start = 16\nlength_hours = 8", "start = 16\nlength_hours = 0", "shift[2].length_hours")]
#[case::no_hour("start = 16\n", "start = 160\n", "shift[2].start")]
fn shifts_that_do_not_lie_within_a_day(#[case] old: &str, #[case] new: &str, #[case] field: &str) {
    assert_problem!(check(CAMPAIGN_FILE, old, new, field, "", "two shifts"), Problem::ShiftLength { .. });
}

#[test]
fn time_zones() {
    let (old, field) = ("time_zone = \"Asia/Phnom_Penh\"", "campaign.time_zone");
    let wrong =
        check(CAMPAIGN_FILE, old, "time_zone = \"Asia/Atlantis\"", field, "Atlantis", "Asia/Phnom_Penh");
    assert_problem!(wrong, Problem::UnknownTimeZone { .. });
    let changing = check(CAMPAIGN_FILE, old, "time_zone = \"Europe/Paris\"", field, "Paris", "one offset");
    let at = "2017-03-26T01:00:00Z".parse().unwrap();
    assert_eq!(changing, Problem::TimeZoneChanges { name: "Europe/Paris".into(), at });
}

#[test]
fn dates() {
    let end = "last_day = 2017-06-30\n\n[files]";
    let reversed = end.replace("2017", "2016");
    let problem = check(CAMPAIGN_FILE, end, &reversed, "campaign.last_day", "2016-06-30", "swap");
    assert_problem!(problem, Problem::DatesReversed { .. });
    let timed = end.replace("06-30", "06-30T10:00:00");
    assert_problem!(
        check(CAMPAIGN_FILE, end, &timed, "campaign.last_day", "T10", "2017-01-01"),
        Problem::NotADate { .. }
    );
    let long = end.replace("2017", "2117");
    assert_problem!(
        check(CAMPAIGN_FILE, end, &long, "campaign.last_day", "2117", "3660"),
        Problem::TooLong { .. }
    );
    let wet = "first_day = 2017-05-15\nlast_day = 2017-10-31";
    let other_year = wet.replace("2017", "2015");
    let field = "rules.wet_season.first_day";
    assert_problem!(
        check(CAMPAIGN_FILE, wet, &other_year, field, "2015", "between"),
        Problem::DayOutside { .. }
    );
}

#[test]
fn phases_follow_each_other() {
    let (old, new) = ("first_day = 2017-04-13", "first_day = 2017-04-14");
    let gap = check(CAMPAIGN_FILE, old, new, "phase[1].first_day", "2017-04-14", "first_day = 2017-04-13");
    assert_problem!(gap, Problem::PhaseGap { .. });
    let (old, new) = ("last_day = 2017-06-30\n\n# Bodies", "last_day = 2017-06-29\n\n# Bodies");
    let end = check(CAMPAIGN_FILE, old, new, "phase[2].last_day", "2017-06-29", "2017-06-30");
    assert_problem!(end, Problem::PhaseEnd { .. });
}

#[test]
fn value_bands_cover_each_hour_once() {
    let (old, field) = ("hours = [6, 18]", "value[1].hours");
    let twice = check(CAMPAIGN_FILE, old, "hours = [6, 19]", field, "[18, 6]", "only one [[value]]");
    assert_problem!(twice, Problem::HourCoverage { hour: 18, times: 2, .. });
    let missing = check(CAMPAIGN_FILE, old, "hours = [7, 18]", "post[0].id", "KH-LA-01", "add a [[value]]");
    assert_problem!(missing, Problem::HourCoverage { hour: 6, times: 0, .. });
    let none = check(CAMPAIGN_FILE, old, "hours = [6, 25]", "value[0].hours", "[6, 25]", "1 to 24");
    assert_problem!(none, Problem::NotHours { .. });
}

#[test]
fn ranges_hold_their_best_value() {
    let (old, new) = ("best = 60, low = 30, high = 120", "best = 60, low = 70, high = 120");
    let problem = check(CAMPAIGN_FILE, old, new, "value[0].value", "70", "low ≤ best ≤ high");
    assert_problem!(problem, Problem::RangeWithoutBest { .. });
}

#[rstest]
#[case("plan_at_hours = 24", "plan_at_hours = 12", "rules.plan_at_hours", "above 12")]
#[case("absences_at_hours = 12", "absences_at_hours = 3", "rules.absences_at_hours", "above 3")]
#[case("deal_lead_hours = 48", "deal_lead_hours = 2", "rules.deal_lead_hours", "above 3")]
#[case("missed_minutes = 60", "missed_minutes = 10", "rules.missed_minutes", "at least 15")]
#[case("auditors_after_hours = 24", "auditors_after_hours = 480", "rules.public_after_days", "at least 20")]
#[case("rest_hours = 11", "rest_hours = 17", "rules.rest_hours", "at most 16")]
fn rules_agree(#[case] old: &str, #[case] new: &str, #[case] field: &str, #[case] mend: &str) {
    assert_problem!(check(CAMPAIGN_FILE, old, new, field, "", mend), Problem::RulesDisagree { .. });
}

#[test]
fn the_entry_lead_is_the_lead_and_whole_hours() {
    let (old, field) = ("enter_lead_minutes = 190", "rules.enter_lead_minutes");
    let problem = check(CAMPAIGN_FILE, old, "enter_lead_minutes = 180", field, "180", "= 190");
    assert_problem!(problem, Problem::EnterLead { .. });
    let short = check(
        CAMPAIGN_FILE,
        old,
        "enter_lead_minutes = 10",
        "unit[0].pool",
        "stung-treng-town",
        "= 70 or more",
    );
    assert_problem!(short, Problem::UnitCannotEnter { nearest_minutes: Some(53), .. });
}

#[test]
fn a_province_needs_units_and_a_sentinel() {
    let tables = "[[unit]]\npool = \"ratanakiri-town\"\nkind = \"sentinel\"";
    let problem = check(
        CAMPAIGN_FILE,
        tables,
        &tables.replace("sentinel", "plain"),
        "province[2].id",
        "ratanakiri",
        "sentinel",
    );
    assert_problem!(problem, Problem::ProvinceWithoutSentinel { .. });
    let cut = TOML.find(tables).unwrap();
    let mut bundle = crate::bundle();
    bundle.files.insert(CAMPAIGN_FILE.into(), TOML[..cut].into());
    let errors = Campaign::parse(&bundle).unwrap_err();
    assert_problem!(&errors.errors[0].problem, Problem::ProvinceWithoutUnit { .. });
    assert_eq!(errors.errors[0].field, "province[2].id");
    assert_problem!(&errors.errors[1].problem, Problem::PoolUnused { .. });
}

#[test]
fn a_shift_that_nothing_has() {
    let old = "kind = \"plain\"\ncount = 2\nposts = [\"DER-02\"";
    let new = old.replace("posts", "shifts = [\"08-16\", \"00-09\"]\nposts");
    let problem = check(CAMPAIGN_FILE, old, &new, "unit[2].shifts[1]", "00-09", "\"00-08\"");
    assert_problem!(problem, Problem::Unknown { kind: Kind::Shift, .. });
}

#[test]
fn boats_crews_and_clearance_bound_the_reach() {
    let uncovered = |old: &str, new: &str, post: &str| {
        let mut bundle = crate::bundle();
        bundle.files.insert(CAMPAIGN_FILE.into(), TOML.replace(old, new));
        let campaign = Campaign::parse(&bundle).unwrap();
        campaign.why_uncovered(&post.parse().unwrap(), campaign.first_day(), Hour::MIDNIGHT)
    };
    assert_eq!(
        uncovered("boat = true\nteams", "boat = false\nteams", "DER-01"),
        Some(UncoveredReason::NoBoat)
    );
    let small = Some(UncoveredReason::CrewTooSmall { min_crew: 4, crew: 3 });
    assert_eq!(uncovered("crew = 4, weekly", "crew = 3, weekly", "KH-LA-01"), small);
    let start = TOML.find("id = \"VIL-1825034\"").unwrap();
    let old = &TOML[start..start + TOML[start..].find("= true\n\n").unwrap() + 6];
    let closed = old.replace("access = true", "access = false");
    assert_eq!(uncovered(old, &closed, "VIL-1825034"), Some(UncoveredReason::NotCleared));
    let other = old.replace("cleared_access", "agencies = [\"customs\"]\ncleared_access");
    assert_eq!(uncovered(old, &other, "VIL-1825034"), Some(UncoveredReason::NoJurisdiction));
}

#[test]
fn agencies_of_a_post_are_some_and_each_once() {
    let old = "cleared_access = true\n\n";
    let with = |agencies: &str| format!("cleared_access = true\nagencies = [{agencies}]\n\n");
    let problem = check(CAMPAIGN_FILE, old, &with(""), "post[0].agencies", "", "agency");
    assert_problem!(problem, Problem::TooFew { kind: Kind::Agency, least: 1, count: 0 });
    let twice = with("\"police\", \"police\"");
    let problem = check(CAMPAIGN_FILE, old, &twice, "post[0].agencies[1]", "police", "rename");
    assert_problem!(problem, Problem::Duplicate { kind: Kind::Agency, .. });
    let unknown = with("\"navy\"");
    let (_, errors) = broken(CAMPAIGN_FILE, old, &unknown);
    assert!(errors.to_string().contains("navy") && errors.to_string().contains("border-guard"), "{errors}");
}

#[test]
fn nobody_drives_through_where_the_way_is_not_cleared_or_closed_by_the_season() {
    let minutes = |change: fn(String) -> String, on: &str| {
        let mut bundle = crate::bundle();
        bundle.files.insert(CAMPAIGN_FILE.into(), change(TOML.to_owned()));
        let campaign = Campaign::parse(&bundle).unwrap();
        let all = campaign.travel_minutes(&"stung-treng".parse().unwrap(), on.parse().unwrap());
        let pair = |a: &PostId, b: &PostId| (a.as_str(), b.as_str()) == ("KH-LA-03", "DER-01");
        all.into_iter().find(|(a, b, _)| pair(a, b)).map(|(_, _, minutes)| minutes)
    };
    let (dry, wet) = ("2017-01-01", "2017-06-01");
    let as_shipped: fn(String) -> String = |toml| toml;
    assert_eq!(minutes(as_shipped, dry), Some(33.0), "by way of KH-LA-02, on the water");
    let uncleared: fn(String) -> String = |toml| {
        let (before, post) = toml.split_once("id = \"KH-LA-02\"").unwrap();
        format!(
            "{before}id = \"KH-LA-02\"{}",
            post.replacen("cleared_access = true", "cleared_access = false", 1)
        )
    };
    assert_eq!(minutes(uncleared, dry), None);
    let closed: fn(String) -> String = |toml| {
        let (before, leg) = toml.split_once("to = \"DER-01\"\n").unwrap();
        format!("{before}to = \"DER-01\"\nwet_season_closed = true\n{leg}")
    };
    assert_eq!((minutes(closed, dry), minutes(closed, wet)), (Some(33.0), None));
    assert_eq!(minutes(as_shipped, wet), Some(33.0));
}

#[test]
fn a_unit_stays_in_its_province() {
    let old = "kind = \"plain\"\ncount = 2\nposts = [\"DER-02\"";
    let problem = check(
        CAMPAIGN_FILE,
        old,
        "kind = \"plain\"\ncount = 2\nposts = [\"KH-LA-05\"",
        "unit[2].posts[0]",
        "KH-LA-05",
        "stung-treng",
    );
    assert_problem!(problem, Problem::PostElsewhere { .. });
}

#[rstest]
#[case::too_few(14, "TooManyHours")]
#[case::much_too_few(9, "TooFewTeams")]
fn the_deal_can_be_kept(#[case] keep: usize, #[case] expected: &str) {
    let last = format!("\"RK-A-{:02}\"", keep + 1);
    let start = TOML.find(&format!("  {{ id = {last}")).unwrap();
    let end = start + TOML[start..].find("\n]").unwrap();
    let mut bundle = crate::bundle();
    bundle.files.insert(CAMPAIGN_FILE.into(), format!("{}{}", &TOML[..start], &TOML[end..]));
    let errors = Campaign::parse(&bundle).unwrap_err();
    assert_eq!(errors.errors[0].field, "pool[3].teams");
    assert!(format!("{:?}", errors.errors[0].problem).starts_with(expected), "{errors}");
    assert!(errors.errors[0].mend().contains("add teams"));
}

#[test]
fn teams_are_rested_when_a_week_begins() {
    let (old, new) = ("rest_hours = 11", "rest_hours = 17");
    let problem = check(CAMPAIGN_FILE, old, new, "pool[0].teams", "", "lower rest_hours");
    assert_eq!(problem, Problem::TooFewRested { shift: "00-08".into(), rested: 3, units: 4 });
}

#[test]
fn crossings_without_a_place() {
    let start = TOML.find("placed = {").unwrap();
    let line = &TOML[start..start + TOML[start..].find('\n').unwrap()];
    let problem = check(CAMPAIGN_FILE, line, "", "post[1].placed", "[[post]]", "placed = {");
    assert_problem!(problem, Problem::NotPlaced { .. });
    let (old, new) = ("id = \"KH-LA-03\"", "placed = { lon = 1, lat = 1, why = \"x\" }\nid = \"KH-LA-03\"");
    assert_problem!(
        check(CAMPAIGN_FILE, old, new, "post[2].placed", "why", "remove"),
        Problem::PlacedTwice { .. }
    );
}

#[rstest]
#[case::negative(
    ROADS_FILE,
    "\"minutes\": 0.2",
    "\"minutes\": -0.2",
    "features[0].properties.minutes",
    "-0.2"
)]
#[case::no_number(ROADS_FILE, "\"minutes\": 0.2", "\"minutes\": \"long\"", "features[0]", "\"long\"")]
#[case::not_json(ROADS_FILE, "\"minutes\": 0.2", "\"minutes\": NaN", "features", "")]
#[case::crossing(
    CROSSINGS_FILE,
    "\"coordinates\": [106.029",
    "\"coordinates\": [\"a\"",
    "features[0]",
    "\"a\""
)]
#[case::status(
    CROSSINGS_FILE,
    "\"coord_status\": \"osm\"",
    "\"coord_status\": \"guess\"",
    "features[0].properties.coord_status",
    "guess"
)]
#[case::node(CROSSINGS_FILE, "osm89878", "osm00000", "features[0].properties.graph_node", "osm00000")]
fn geography(
    #[case] file: &str,
    #[case] old: &str,
    #[case] new: &str,
    #[case] field: &str,
    #[case] spanned: &str,
) {
    let compact = |text: &str| text.replace("\": ", "\":");
    let spaced = crate::bundle().text(file).unwrap().contains(old);
    let (old, new) = if spaced { (old.to_owned(), new.to_owned()) } else { (compact(old), compact(new)) };
    check(file, &old, &new, field, spanned, "");
}

#[rstest]
#[case::unknown_key("floor = 0.05", "flour = 0.05", "rules.flour", "flour")]
#[case::wrong_kind("lead_minutes = 10 ", "lead_minutes = \"ten\" ", "rules.lead_minutes", "ten")]
#[case::negative("lead_minutes = 10 ", "lead_minutes = -10 ", "rules.lead_minutes", "-10")]
#[case::no_objective("objective = \"max\"", "objective = \"mean\"", "rules.objective", "mean")]
fn shapes(#[case] old: &str, #[case] new: &str, #[case] field: &str, #[case] spanned: &str) {
    assert_problem!(check(CAMPAIGN_FILE, old, new, field, spanned, "northeast-2017"), Problem::Toml { .. });
}

#[test]
fn names_are_plain() {
    let (old, new) = ("id = \"scanner\"", "id = \"ស្កែន/../x\"");
    let problem = check(CAMPAIGN_FILE, old, new, "class[0].id", "../x", "short name");
    assert_problem!(problem, Problem::IdNotPlain { .. });
    let empty = check(CAMPAIGN_FILE, old, "id = \"\"", "class[0].id", "", "short name");
    assert_problem!(empty, Problem::Id(IdError::Empty));
    let (old, new) = ("source = \"7 km", "source = \"\"\n# \"7 km");
    assert_problem!(check(CAMPAIGN_FILE, old, new, "leg[3].source", "", "sentence"), Problem::Text);
}

#[test]
fn an_anchor_has_a_name_of_its_own_and_a_key_in_its_one_spelling() {
    let anchor =
        |id: &str, key: &str| format!("[[anchor]]\nid = \"{id}\"\ntitle = \"Conduct\"\nkey = \"{key}\"\n\n");
    let key = "0a".repeat(32);
    let with = |anchors: &str| format!("{anchors}[[declarer]]\n");
    for bad in
        ["", "abc", &"0A".repeat(32), &"0a".repeat(31), &"0a".repeat(33), &"0x".repeat(32), &"é".repeat(16)]
    {
        let new = with(&anchor("conduct", bad));
        let problem =
            check(CAMPAIGN_FILE, "[[declarer]]\n", &new, "anchor[0].key", bad, "sekong anchor init");
        assert_problem!(problem, Problem::Key { .. });
    }
    let twice = with(&(anchor("conduct", &key) + &anchor("conduct", &"0b".repeat(32))));
    let problem = check(CAMPAIGN_FILE, "[[declarer]]\n", &twice, "anchor[1].id", "conduct", "rename");
    assert_problem!(problem, Problem::Duplicate { .. });
    let good = TOML.replacen("[[declarer]]\n", &with(&anchor("conduct", &key)), 1);
    let mut bundle = crate::bundle();
    bundle.files.insert(CAMPAIGN_FILE.to_owned(), good);
    let campaign = Campaign::parse(&bundle).unwrap();
    assert_eq!((campaign.anchors().len(), campaign.anchors()[0].key), (1, [0x0a; 32]));
}

#[test]
fn simulants_are_planted_where_the_campaign_names_who_may_and_nowhere_else() {
    assert_eq!(Campaign::parse(&crate::bundle()).unwrap().rules().plants, None, "off by default");
    let key = "0a".repeat(32);
    let with = |holder: &str, key: &str| {
        format!("[rules.plants]\nholder = \"{holder}\"\nkey = \"{key}\"\n\n[[declarer]]\n")
    };
    let of =
        |new: &str, field: &str, mend: &str| check(CAMPAIGN_FILE, "[[declarer]]\n", new, field, "", mend);
    let problem = of(&with("Inspectorate", &key[2..]), "rules.plants.key", "sekong plant init");
    assert_problem!(problem, Problem::Key { .. });
    assert_problem!(of(&with("", &key), "rules.plants.holder", ""), Problem::Text);
    let (_, errors) = broken(
        CAMPAIGN_FILE,
        "[[declarer]]\n",
        "[rules.plants]\nholder = \"Inspectorate\"\n\n[[declarer]]\n",
    );
    assert!(errors.to_string().contains("key"), "{errors}");
    let mut bundle = crate::bundle();
    let good = TOML.replacen("[[declarer]]\n", &with("Inspectorate", &key), 1);
    bundle.files.insert(CAMPAIGN_FILE.to_owned(), good);
    let plants = Campaign::parse(&bundle).unwrap().rules().plants.clone().unwrap();
    assert_eq!((plants.holder.as_str(), plants.key), ("Inspectorate", [0x0a; 32]));
}

#[test]
fn noise_is_refused_at_once() {
    let errors = Campaign::parse(&SourceBundle::new("ÿ\u{7}ကခ".repeat(1 << 20))).unwrap_err();
    assert_problem!(&errors.errors[0].problem, Problem::TooLarge { .. });
    assert!(errors.errors[0].mend().contains("cut"));
    let errors = Campaign::parse(&SourceBundle::new("ÿ\u{7}ကខ = = [")).unwrap_err();
    assert_problem!(&errors.errors[0].problem, Problem::Toml { .. });
    assert!(errors.errors[0].span.is_some());
    let mut bundle = crate::bundle();
    bundle.files.insert(ROADS_FILE.into(), ROADS.repeat(40));
    let errors = Campaign::parse(&bundle).unwrap_err();
    assert_eq!((errors.errors.len(), errors.errors[0].file.as_str()), (1, ROADS_FILE));
}

#[test]
fn empty_sets_are_all_named() {
    let part = |from: &str, to: &str| &TOML[TOML.find(from).unwrap()..TOML.find(to).unwrap()];
    let head = part("\n[campaign]", "# What the map").to_owned() + part("[rules]", "# Phases");
    let bundle = SourceBundle {
        files: [(CAMPAIGN_FILE, head.as_str()), (ROADS_FILE, ROADS), (CROSSINGS_FILE, CROSSINGS)]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into(),
    };
    let errors = Campaign::parse(&bundle).unwrap_err();
    let fields: Vec<&str> = errors.errors.iter().map(|e| e.field.as_str()).collect();
    assert_eq!(fields, ["shift", "class", "custodian", "declarer", "province", "post", "pool", "phase"]);
    assert!(errors.errors.iter().all(|e| matches!(e.problem, Problem::TooFew { .. })));
}

#[test]
fn files_stay_in_their_folder() {
    let outside = TOML.replacen("geo/roads.geojson", "../../etc/passwd", 1);
    let errors = referenced_files(&outside).unwrap_err();
    assert_eq!((errors.errors[0].field.as_str(), errors.errors.len()), ("files.roads", 1));
    assert_problem!(&errors.errors[0].problem, Problem::FileOutside { .. });
    let errors = Campaign::parse(&SourceBundle::new(TOML)).unwrap_err();
    assert!(
        errors
            .errors
            .iter()
            .any(|e| matches!(&e.problem, Problem::FileMissing { name } if name == ROADS_FILE))
    );
}

#[test]
fn layers_of_the_map_that_cannot_be_drawn() {
    let problem =
        check(CAMPAIGN_FILE, "layer = \"rivers\"", "layer = \"fish\"", "map[1].layer", "\"fish\"", "rivers");
    assert_problem!(problem, Problem::UnknownLayer { .. });
    let rivers = "geo/rivers.geojson";
    let shape = "\"type\":\"MultiLineString\"";
    let problem = check(rivers, shape, "\"type\":\"Circle\"", "features[0].geometry", "Circle", "GeoJSON");
    assert_problem!(problem, Problem::Json { .. });
    let (_, errors) = broken(CAMPAIGN_FILE, "file = \"geo/rivers.geojson\"", "file = \"geo/none.geojson\"");
    assert_eq!(errors.errors[0].field, "map[1].file");
    assert_problem!(&errors.errors[0].problem, Problem::FileMissing { .. });
    let outside = TOML.replacen("geo/rivers.geojson", "/etc/passwd", 1);
    assert_eq!(referenced_files(&outside).unwrap_err().errors[0].field, "map[1].file");
}

#[test]
fn at_most_twenty_errors_are_listed() {
    let mut bundle = crate::bundle();
    bundle.files.insert(CAMPAIGN_FILE.into(), TOML.replace("crew = 4,", "crew = 0,"));
    let errors = Campaign::parse(&bundle).unwrap_err();
    assert_eq!((errors.errors.len(), errors.more), (ERRORS_MAX, 54 - ERRORS_MAX));
}
