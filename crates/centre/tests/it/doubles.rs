//! Double inspections: who may say them, when and of what, what they tell, and that no test of teams changes by them.

use jiff::{SignedDuration, Timestamp};
use sekong_centre::api::views::LoggedView;
use sekong_centre::{
    DoubleFault, DoubleInLog, DoubleStanding, Doubles, Due, EstimatesAsked, EstimatesView, Fault, Folder,
    Met, State, TeamsView, jobs,
};
use sekong_estimate::detection::of_plants;
use sekong_estimate::teams::PlantedVisit;
use sekong_log::{DeviceKey, InspectedTwice, InspectionReported, Statement};
use sekong_model::{Counts, DAYS_PER_WEEK, Day, Hour, UnitId};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::amend::{audited, clean_audit};
use crate::api::minutes;
use crate::forgeries::Forger;
use crate::founded::{Founded, device};
use crate::plants::{
    self, OpenBodies, inspectorate, is_refused, planted_and_reported, planting_files, report_counts, reveal,
    visit,
};
use crate::site::{Answer, Site};

/// A campaign whose inspectorate may inspect twice, at midnight.
fn doubling() -> Site {
    let runtime = Runtime::new().unwrap();
    let founded = runtime.block_on(async {
        let mut founded = Founded::of(planting_files()).await;
        founded.run_to_midnight().await;
        founded
    });
    Site::serve(runtime, founded, true, None, std::sync::Arc::new(|_, _| Vec::new()))
}

/// What is said of a unit's visit at midnight, by nobody yet: vehicles, then found by the first, the second and both.
fn unsigned(site: &Site, unit: &UnitId, [vehicles, first, second, both]: [u32; 4]) -> InspectedTwice {
    InspectedTwice {
        province: site.dues[0].1.province.clone(),
        day: site.day(),
        hour: Hour::MIDNIGHT,
        unit: unit.clone(),
        vehicles,
        first,
        second,
        both,
        signature: String::new(),
    }
}

fn said(site: &Site, unit: &UnitId, counts: [u32; 4]) -> InspectedTwice {
    signed(site, unsigned(site, unit, counts))
}

fn signed(site: &Site, said: InspectedTwice) -> InspectedTwice {
    said.sign(site.campaign.id(), &inspectorate())
}

fn send(site: &Site, said: &InspectedTwice) -> Answer {
    site.post("/api/doubles", &serde_json::to_vec(said).unwrap())
}

#[test]
fn nobody_inspects_twice_where_the_campaign_does_not_say_who_may() {
    let site = Site::at_midnight();
    let unit = site.dues[0].0.clone();
    is_refused(&send(&site, &said(&site, &unit, [2, 1, 1, 1])), 403, "plants-off");
    site.end();
}

#[test]
fn the_inspectorate_says_it_once_when_the_hour_is_closed_and_as_the_report_allows() {
    let site = doubling();
    let unit = report_counts(&site, 5, 2);
    let good = said(&site, &unit, [4, 2, 2, 1]);
    is_refused(&send(&site, &good), 409, "not-closed");
    site.step_to(site.now() + minutes(31)).unwrap();

    let other = "other".parse().unwrap();
    let by_another = good.clone().sign(site.campaign.id(), &DeviceKey::from_seed(&[9; 32]));
    let of_another = good.clone().sign(&other, &inspectorate());
    let changed = InspectedTwice { both: 2, ..good.clone() };
    for forged in [by_another, of_another, changed] {
        is_refused(&send(&site, &forged), 403, "not-signed");
    }
    is_refused(&site.post("/api/doubles", b"{\"unit\":3}"), 400, "unreadable");
    for impossible in [[4, 1, 1, 2], [4, 2, 3, 0]] {
        is_refused(&send(&site, &said(&site, &unit, impossible)), 422, "double.parts");
    }
    // Five were inspected, and two of them had a find.
    for beyond in [[6, 2, 2, 1], [5, 3, 2, 1], [4, 0, 1, 0]] {
        is_refused(&send(&site, &said(&site, &unit, beyond)), 422, "double.counts");
    }
    refuse_other_visits(&site, &unit, &good);

    let taken = send(&site, &good);
    assert_eq!(taken.status, 201, "{taken:?}");
    let again: LoggedView = send(&site, &good).json();
    assert_eq!(again.index, taken.json::<LoggedView>().index, "sent again it is found");
    is_refused(&send(&site, &said(&site, &unit, [4, 2, 2, 2])), 409, "said-before");

    let verdict = clean_audit(&site);
    let state = verdict.state.as_ref().unwrap();
    let kept: Vec<&DoubleInLog> = state.doubles().collect();
    assert_eq!(kept, [&DoubleInLog { index: again.index, said: good, standing: DoubleStanding::InTime }]);
    assert_eq!(Doubles::of(state), Doubles { in_time: 1, late: 0, unread: 0 });
    site.end();
}

#[test]
fn a_vehicle_with_a_simulant_and_one_searched_again_are_not_the_same() {
    let (site, [first, second], unit) = planted_and_reported(5, 2);
    let opened =
        |plant, inspected, found| reveal(&site, &plants::said(&site, plant, visit(&unit, inspected, found)));
    assert_eq!(opened(&first, 1, 1).status, 201);
    // Of five vehicles four are left, and of two finds one.
    for beyond in [[4, 2, 1, 1], [3, 2, 2, 1]] {
        let refused = send(&site, &said(&site, &unit, beyond));
        is_refused(&refused, 422, "double.counts");
        tells_who_has_it(&refused, "of which opened simulants are 1 finds in 1;");
    }
    // Six vehicles fit nowhere, whatever has simulants.
    let refused = String::from_utf8(send(&site, &said(&site, &unit, [6, 1, 1, 1])).body).unwrap();
    assert!(refused.contains("conduct") && !refused.contains("simulants"), "{refused}");
    assert_eq!(send(&site, &said(&site, &unit, [3, 1, 1, 1])).status, 201);
    // One vehicle and no find are left of the visit.
    for (inspected, found) in [(2, 0), (1, 1)] {
        let refused = opened(&second, inspected, found);
        is_refused(&refused, 422, "plant.counts");
        tells_who_has_it(&refused, "of which vehicles that were searched again are 1 finds in 3;");
    }
    assert_eq!(opened(&second, 1, 0).status, 201);
    clean_audit(&site);
    site.end();
}

/// And no word of a conduct case: it is the inspectorate's own word that has the room.
fn tells_who_has_it(refused: &Answer, who: &str) {
    let text = String::from_utf8_lossy(&refused.body);
    assert!(text.contains(who) && !text.contains("conduct"), "{text}");
}

/// Of a visit that nobody made, or nobody reported, or elsewhere, or at another time.
fn refuse_other_visits(site: &Site, unit: &UnitId, good: &InspectedTwice) {
    let refused = |change: &dyn Fn(&mut InspectedTwice), status: u16, problem: &str| {
        let mut said = good.clone();
        change(&mut said);
        is_refused(&send(site, &signed(site, said)), status, problem);
    };
    let silent = site.dues.iter().map(|(unit, _)| unit).find(|other| *other != unit).unwrap();
    let elsewhere = site.campaign.provinces().iter().find(|province| province.id != good.province).unwrap();
    refused(&|said| said.unit = silent.clone(), 422, "double.reported");
    refused(&|said| said.unit = "nowhere/00-08/plain-9".parse().unwrap(), 422, "double.reported");
    refused(&|said| said.province = elsewhere.id.clone(), 422, "double.reported");
    refused(&|said| said.province = "nowhere".parse().unwrap(), 422, "unknown-name");
    refused(&|said| said.day = "2020-01-01".parse().unwrap(), 422, "unknown-name");
    refused(&|said| said.hour = Hour::try_from(1).unwrap(), 409, "not-closed");
}

#[test]
fn whoever_cannot_read_the_draw_yet_judges_all_but_the_visit() {
    let site = doubling();
    let unit = report_counts(&site, 5, 2);
    site.step_to(site.now() + minutes(31)).unwrap();
    assert_eq!(send(&site, &said(&site, &unit, [4, 2, 2, 1])).status, 201);
    let verdict = audited(&site, &OpenBodies(Folder::new(site.folder.path())));
    assert!(verdict.holds(), "{:?}", verdict.faults);
    assert!(verdict.sealed > 0);
    let state = verdict.state.as_ref().unwrap();
    assert_eq!(Doubles::of(state), Doubles { in_time: 0, late: 0, unread: 1 });
    site.end();
}

#[test]
fn of_a_visit_that_was_reported_late_it_stands_in_the_log_and_tells_nothing() {
    let site = doubling();
    site.step_to(site.now() + minutes(62)).unwrap();
    let unit = report_counts(&site, 5, 2);
    assert_eq!(send(&site, &said(&site, &unit, [4, 2, 2, 1])).status, 201);
    let verdict = clean_audit(&site);
    assert_eq!(Doubles::of(verdict.state.as_ref().unwrap()), Doubles { in_time: 0, late: 1, unread: 0 });
    site.end();
}

#[test]
fn what_two_teams_found_is_told_with_the_estimates() {
    let site = doubling();
    let unit = report_counts(&site, 5, 2);
    site.step_to(site.now() + minutes(30)).unwrap();
    assert_eq!(send(&site, &said(&site, &unit, [4, 2, 2, 1])).status, 201);
    let officer = site.sign_in("duty-officer");
    let estimates = || site.get_as(&officer, "/api/estimates").json::<Value>();
    assert!(estimates()["double"].is_null(), "no day can be read yet");
    // The day is over at midnight, a day after that auditors may read it.
    for _ in 0..49 {
        site.step_to(site.now() + minutes(60)).unwrap();
    }
    let double = &estimates()["double"];
    for (field, wanted) in
        [("inspections", 1), ("late", 0), ("vehicles", 4), ("first", 2), ("second", 2), ("both", 1)]
    {
        assert_eq!(double[field], json!(wanted), "{field}");
    }
    // Chapman: 3·3/2 − 1; of the second team's two the first had found one.
    assert_eq!((&double["loads"], &double["detection"]), (&json!(3.5), &json!(0.5)));
    assert!(double["loads95"]["low"].as_f64().unwrap() >= 3.0, "three were found");
    site.end();
}

/// A founded campaign run through its first days, with the first visit of each midnight reported.
struct Lived {
    founded: Founded,
    /// The last of these visits.
    last: InspectionReported,
}

impl Lived {
    async fn days(count: u32) -> Lived {
        let mut founded = Founded::of(planting_files()).await;
        let days: Vec<Day> = founded.campaign.days().take(count as usize).collect();
        let mut last = None;
        let all = jobs(&founded.campaign, count);
        let mut left = all.iter().peekable();
        for day in days {
            let half_past = founded.campaign.instant(day, Hour::MIDNIGHT) + minutes(30);
            while let Some((at, job)) = left.next_if(|(at, _)| *at <= half_past) {
                founded.run(*job, *at).await;
            }
            founded.now = half_past;
            last = Some(report_at_midnight(&mut founded, day).await);
        }
        for (at, job) in left {
            founded.run(*job, *at).await;
            founded.now = *at;
        }
        Lived { founded, last: last.unwrap() }
    }

    /// What is said of the last visit, by this key.
    fn said(&self, key: &DeviceKey) -> InspectedTwice {
        let InspectionReported { province, day, hour, unit, .. } = self.last.clone();
        let (vehicles, first, second, both) = (4, 1, 2, 1);
        let said = InspectedTwice {
            province,
            day,
            hour,
            unit,
            vehicles,
            first,
            second,
            both,
            signature: String::new(),
        };
        said.sign(self.founded.campaign.id(), key)
    }
}

async fn report_at_midnight(founded: &mut Founded, day: Day) -> InspectionReported {
    let state = founded.centre.state();
    let device_of = |due: &Due| device(&founded.campaign, &due.team);
    // A team that said nothing before: its device is as it was made.
    let is_new = |due: &Due| state.device_place(&device_of(due).id()).is_some_and(|(said, _)| said == 0);
    let (unit, due) = state.dues_of(day, Hour::MIDNIGHT).find(|(_, due)| is_new(due)).unwrap();
    let (unit, due) = (unit.clone(), due.clone());
    let started = founded.campaign.instant(day, Hour::MIDNIGHT) + minutes(4);
    let counts = Counts::new(9, 5, 1).unwrap();
    let said = InspectionReported { day, started, counts, ..founded.report(&unit, &due) };
    let now = founded.now;
    let entry = device_of(&due).write(&Statement::Inspection(said.clone()), now).unwrap();
    founded.centre.take(&entry, &[], now).unwrap();
    founded.centre.commit(now).await.unwrap();
    said
}

#[tokio::test]
async fn it_counts_within_a_week_of_its_hour_and_nobody_forges_it() {
    let lived = Lived::days(1).await;
    let (good, forged) = (lived.said(&inspectorate()), lived.said(&DeviceKey::from_seed(&[9; 32])));
    let end = lived.founded.campaign.instant(good.day, good.hour) + minutes(60);
    let week = end + SignedDuration::from_hours(24 * 7);
    let forger = Forger::of(lived.founded);
    let mut state = forger.state(|_| true);
    let fault = forger.admit(&mut state, 0, Statement::Double(forged), week).unwrap_err();
    assert!(matches!(fault, Fault::Double(DoubleFault::NotSigned)), "{fault}");
    assert_eq!(state.doubles().count(), 0);
    let kept = |time: Timestamp| {
        let mut state = forger.state(|_| true);
        forger.admit(&mut state, 0, Statement::Double(good.clone()), time).unwrap();
        Doubles::of(&state)
    };
    assert_eq!(kept(week), Doubles { in_time: 1, late: 0, unread: 0 });
    assert_eq!(kept(week + minutes(1)), Doubles { in_time: 0, late: 1, unread: 0 });
}

/// All that is told of a week.
fn told(state: &State, to: Day) -> (Met, EstimatesView, TeamsView) {
    let met = Met::of(state, None, to);
    let (estimates, teams) = (estimated(&met, to, None), TeamsView::of(&met).unwrap());
    (met, estimates, teams)
}

fn estimated(met: &Met, to: Day, found_of_planted: Option<(u32, u32)>) -> EstimatesView {
    let detection = found_of_planted.map(|(found, planted)| of_plants(found, planted).unwrap());
    let (from, top) = (met.days[0].day, [].into());
    EstimatesView::of(
        met,
        &EstimatesAsked { from, to, province: None, detection: detection.as_ref(), top: &top },
    )
    .unwrap()
}

#[tokio::test]
async fn no_test_of_teams_and_no_flow_changes_by_it_and_loads_are_corrected_by_the_surest_word() {
    let lived = Lived::days(DAYS_PER_WEEK).await;
    let (good, to) = (lived.said(&inspectorate()), lived.last.day);
    let forger = Forger::of(lived.founded);
    let now = forger.founded.now;
    let (_, before, teams_before) = told(&forger.state(|_| true), to);
    let mut state = forger.state(|_| true);
    forger.admit(&mut state, 0, Statement::Double(good), now).unwrap();
    let (mut met, after, teams_after) = told(&state, to);

    assert!(teams_before.finds.iter().any(|team| team.counted > 0), "there are finds to test by");
    assert!(teams_before.finds.iter().any(|team| team.e_values.iter().any(|week| week.e != 1.0)));
    assert_eq!(teams_after, teams_before);
    let unchanged = EstimatesView { double: before.double.clone(), corrected: None, ..after.clone() };
    assert_eq!(unchanged, before);

    // One of the two that were there at least: at most so much is found.
    let (double, corrected) = (after.double.unwrap(), after.corrected.unwrap());
    assert_eq!((double.loads, double.detection), (Some(2.0), Some(0.5)));
    assert_eq!((corrected.by.as_str(), corrected.at_least, corrected.detection), ("double", true, 0.5));
    // One of two, exactly (Clopper and Pearson): the first team's own chance is in it.
    let (low, high) = (corrected.detection95.low.unwrap(), corrected.detection95.high.unwrap());
    assert!((low - 0.012_579).abs() < 1e-6 && (high - 0.987_421).abs() < 1e-6, "{low} {high}");

    let by = |view: EstimatesView| view.corrected.map(|of| (of.by, of.at_least)).unwrap();
    let visit = PlantedVisit { week: 0, team: "any".to_owned(), inspected: 2, found: 1, least: 0.5 };
    met.plants.as_mut().unwrap().visits.push(visit);
    assert_eq!(by(estimated(&met, to, None)), ("plants".to_owned(), false));
    assert_eq!(by(estimated(&met, to, Some((3, 4)))), ("given".to_owned(), false));
}
