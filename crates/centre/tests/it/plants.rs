//! Simulants: who may plant them, when, what opens them, and what an auditor sees of it.

use sekong_centre::api::views::{LoggedView, ProblemView};
use sekong_centre::{Bodies, Body, Fault, Folder, PlantFault, Simulants};
use sekong_log::{
    DeviceKey, Hash, InspectionReported, Plant, PlantCommitted, PlantRevealed, PlantVisit, Statement,
};
use sekong_model::{CAMPAIGN_FILE, Campaign, CampaignId, Counts, Hour, SourceBundle, UnitId};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::amend::{audited, clean_audit};
use crate::api::{minutes, report, send, signed};
use crate::forgeries::Forger;
use crate::founded::{Founded, device, files};
use crate::site::{Answer, Site};

pub(crate) fn inspectorate() -> DeviceKey {
    DeviceKey::from_seed(&[5; 32])
}

/// The shipped campaign, whose inspectorate may plant.
pub(crate) fn planting_files() -> SourceBundle {
    let mut files = files();
    let key = inspectorate().id();
    let rule = format!("\n[rules.plants]\nholder = \"Inspectorate\"\nkey = \"{key}\"\n");
    files.files.get_mut(CAMPAIGN_FILE).unwrap().push_str(&rule);
    files
}

/// Two simulants at each post at midnight of the first day, twice; nobody knows yet who comes.
fn plants(campaign: &Campaign) -> Vec<Plant> {
    let of = |(place, salt): (usize, u8)| {
        let post = &campaign.posts()[place];
        let (province, post) = (post.province.clone(), post.id.clone());
        let (day, hour, planted) = (campaign.first_day(), Hour::MIDNIGHT, 2);
        let salt = Hash([salt + u8::try_from(place).unwrap(); 32]);
        Plant { province, post, day, hour, planted, salt }
    };
    [0, 128]
        .into_iter()
        .flat_map(|salt| (0..campaign.posts().len()).map(move |place| (place, salt)))
        .map(of)
        .collect()
}

/// A founded campaign with all of these committed to, run to midnight.
async fn founded() -> (Founded, Vec<(u64, Plant)>) {
    let mut founded = Founded::of(planting_files()).await;
    let (id, now) = (founded.campaign.id().clone(), founded.now);
    let mut committed = Vec::new();
    for plant in plants(&founded.campaign) {
        let said = PlantCommitted::sign(&id, &plant, &inspectorate());
        committed.push((founded.centre.plant(said, now).unwrap(), plant));
    }
    founded.centre.commit(now).await.unwrap();
    founded.run_to_midnight().await;
    (founded, committed)
}

/// Its site, and the two plants at the post of the first due inspection.
fn planted() -> (Site, [(u64, Plant); 2]) {
    let runtime = Runtime::new().unwrap();
    let (founded, committed) = runtime.block_on(founded());
    let site = Site::serve(runtime, founded, true, None, std::sync::Arc::new(|_, _| Vec::new()));
    let post = &site.dues[0].1.post;
    let own = committed.into_iter().filter(|(_, plant)| plant.post == *post);
    let own: [_; 2] = own.collect::<Vec<_>>().try_into().unwrap();
    (site, own)
}

/// Has the first team report so many inspected of nine that passed, and so many found.
pub(crate) fn report_counts(site: &Site, inspected: u32, found: u32) -> UnitId {
    site.step_to(site.now() + minutes(30)).unwrap();
    let (team, said) = report(site, 0);
    let said = InspectionReported { counts: Counts::new(9, inspected, found).unwrap(), ..said };
    let unit = said.unit.clone();
    assert_eq!(send(site, &signed(site, &mut device(&site.campaign, &team), &said)).status, 201);
    unit
}

/// The same, with the first team's report of so many inspected and found, after the time for reports.
pub(crate) fn planted_and_reported(inspected: u32, found: u32) -> (Site, [(u64, Plant); 2], UnitId) {
    let (site, plants) = planted();
    let unit = report_counts(&site, inspected, found);
    site.step_to(site.now() + minutes(31)).unwrap();
    (site, plants, unit)
}

pub(crate) fn visit(unit: &UnitId, inspected: u32, found: u32) -> Vec<PlantVisit> {
    vec![PlantVisit { unit: unit.clone(), inspected, found }]
}

pub(crate) fn reveal(site: &Site, said: &PlantRevealed) -> Answer {
    site.post("/api/plants/reveals", &serde_json::to_vec(said).unwrap())
}

pub(crate) fn said(site: &Site, (of, plant): &(u64, Plant), visits: Vec<PlantVisit>) -> PlantRevealed {
    PlantRevealed::sign(site.campaign.id(), *of, plant.clone(), visits, &inspectorate())
}

pub(crate) fn is_refused(answer: &Answer, status: u16, problem: &str) {
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (status, problem),
        "{:?}",
        answer.json::<ProblemView>()
    );
}

#[test]
fn nobody_plants_where_the_campaign_does_not_say_who_may() {
    let site = Site::at_midnight();
    let plant = plants(&site.campaign).remove(0);
    let commitment = PlantCommitted::sign(site.campaign.id(), &plant, &inspectorate());
    is_refused(&site.post("/api/plants", &serde_json::to_vec(&commitment).unwrap()), 403, "plants-off");
    is_refused(&reveal(&site, &said(&site, &(0, plant), Vec::new())), 403, "plants-off");
    site.end();
}

#[test]
fn the_inspectorate_alone_commits_and_each_commitment_is_fresh() {
    let (site, [(of, plant), _]) = planted();
    let post = |said: &PlantCommitted| site.post("/api/plants", &serde_json::to_vec(said).unwrap());
    let own = site.campaign.id();
    let other: CampaignId = "other".parse().unwrap();
    for forged in [
        PlantCommitted::sign(own, &plant, &DeviceKey::from_seed(&[9; 32])),
        PlantCommitted::sign(&other, &plant, &inspectorate()),
    ] {
        is_refused(&post(&forged), 403, "not-signed");
    }
    let again = post(&PlantCommitted::sign(own, &plant, &inspectorate()));
    assert_eq!((again.status, again.json::<LoggedView>().index), (201, of), "sent again it is found");
    is_refused(&site.post("/api/plants", b"{\"commitment\":3}"), 400, "unreadable");
    site.end();
}

#[test]
fn a_plant_is_opened_once_as_committed_after_the_hour_and_never_if_it_came_after_the_freeze() {
    let (site, [first, second]) = planted();
    let unit = report_counts(&site, 5, 2);
    let blind = Plant { salt: Hash([77; 32]), ..first.1.clone() };
    let late = PlantCommitted::sign(site.campaign.id(), &blind, &inspectorate());
    let late: LoggedView = site.post("/api/plants", &serde_json::to_vec(&late).unwrap()).json();
    let good = said(&site, &first, visit(&unit, 2, 1));
    is_refused(&reveal(&site, &good), 409, "not-closed");
    site.step_to(site.now() + minutes(31)).unwrap();

    let forged = PlantRevealed { visits: visit(&unit, 2, 0), ..good.clone() };
    is_refused(&reveal(&site, &forged), 403, "not-signed");
    is_refused(&reveal(&site, &said(&site, &(0, first.1.clone()), Vec::new())), 404, "not-found");
    let more = Plant { planted: 3, ..first.1.clone() };
    is_refused(&reveal(&site, &said(&site, &(first.0, more), visit(&unit, 2, 1))), 422, "plant.opened");
    is_refused(
        &reveal(&site, &said(&site, &(late.index, blind), visit(&unit, 2, 1))),
        422,
        "plant.before-draw",
    );

    let taken = reveal(&site, &good);
    assert_eq!(taken.status, 201, "{taken:?}");
    let again: LoggedView = reveal(&site, &good).json();
    assert_eq!(again.index, taken.json::<LoggedView>().index, "sent again it is found");
    is_refused(&reveal(&site, &said(&site, &first, visit(&unit, 2, 2))), 409, "opened-before");
    assert_eq!(reveal(&site, &said(&site, &second, Vec::new())).status, 201, "it met nobody");

    let verdict = clean_audit(&site);
    let state = verdict.state.as_ref().unwrap();
    let opened: Vec<u64> =
        state.plants().filter(|(_, plant)| plant.in_time().is_some()).map(|(of, _)| of).collect();
    assert_eq!(opened, [first.0, second.0]);
    let met = state.simulants_met(site.day(), Hour::MIDNIGHT, &unit);
    assert_eq!(met, Simulants { planted: 2, inspected: 2, found: 1 });
    site.end();
}

#[test]
fn what_was_found_goes_with_the_reports_and_with_all_that_was_opened_before() {
    let (site, [first, second], unit) = planted_and_reported(4, 2);
    let other = site.dues.iter().map(|(unit, _)| unit).find(|other| **other != unit).unwrap();
    let none: UnitId = "nowhere/00-08/plain-9".parse().unwrap();
    for nobody in [other, &none] {
        is_refused(&reveal(&site, &said(&site, &first, visit(nobody, 1, 0))), 422, "plant.reported");
    }
    for (inspected, found) in [(2, 3), (3, 1)] {
        is_refused(&reveal(&site, &said(&site, &first, visit(&unit, inspected, found))), 422, "plant.parts");
    }
    let twice = [visit(&unit, 1, 1), visit(&unit, 1, 1)].concat();
    is_refused(&reveal(&site, &said(&site, &first, twice)), 422, "plant.visit");
    assert_eq!(reveal(&site, &said(&site, &first, visit(&unit, 2, 1))).status, 201);
    // Two finds are reported in four: a second plant was found once at most, and with one missed before, missed once at most.
    is_refused(&reveal(&site, &said(&site, &second, visit(&unit, 2, 2))), 422, "plant.counts");
    is_refused(&reveal(&site, &said(&site, &second, visit(&unit, 2, 0))), 422, "plant.counts");
    assert_eq!(reveal(&site, &said(&site, &second, visit(&unit, 2, 1))).status, 201);
    clean_audit(&site);
    site.end();
}

/// Bodies as an auditor gets them whose time has not come.
pub(crate) struct OpenBodies(pub(crate) Folder);

impl Bodies for OpenBodies {
    fn get(&self, hash: &Hash) -> Body {
        let read = |folder: std::path::PathBuf| std::fs::read(folder.join(hash.to_string()));
        match (read(self.0.bodies()), read(self.0.sealed())) {
            (Ok(bytes), _) => Body::Here(bytes),
            (_, Ok(_)) => Body::Sealed,
            _ => Body::Missing,
        }
    }
}

#[test]
fn whoever_cannot_read_the_draw_yet_judges_all_but_the_visits() {
    let (site, [first, _], unit) = planted_and_reported(5, 2);
    assert_eq!(reveal(&site, &said(&site, &first, visit(&unit, 2, 1))).status, 201);
    let verdict = audited(&site, &OpenBodies(Folder::new(site.folder.path())));
    assert!(verdict.holds(), "{:?}", verdict.faults);
    let state = verdict.state.as_ref().unwrap();
    assert!(state.plants().any(|(of, plant)| of == first.0 && plant.opened.is_some()));
    assert_eq!(state.simulants_met(site.day(), Hour::MIDNIGHT, &unit), Simulants::default());
    site.end();
}

#[tokio::test]
async fn a_plant_is_for_the_week_ahead_and_counts_if_it_is_opened_by_its_deadline() {
    let (mut founded, committed) = founded().await;
    founded.run_until(founded.instant(Hour::try_from(1).unwrap())).await;
    let (id, now) = (founded.campaign.id().clone(), founded.now);
    let far =
        Plant { day: founded.day().plus_days(9).unwrap(), salt: Hash([200; 32]), ..committed[0].1.clone() };
    let commit = PlantCommitted::sign(&id, &far, &inspectorate());
    let far_index = founded.centre.plant(commit, now).unwrap();
    founded.centre.commit(now).await.unwrap();
    let forger = Forger::of(founded);
    let open = |of: u64, plant: &Plant| {
        Statement::PlantRevealed(PlantRevealed::sign(&id, of, plant.clone(), Vec::new(), &inspectorate()))
    };
    let mut state = forger.state(|_| true);
    let fault = forger.admit(&mut state, 0, open(far_index, &far), now).unwrap_err();
    assert!(matches!(fault, Fault::Plant(PlantFault::TooFarAhead { .. })), "{fault}");
    let deadline = state.plants().map(|(_, plant)| plant.deadline).next().unwrap();
    // A week ahead, a day for the shift, a day until auditors read it, and a week to open it.
    let hours = deadline.duration_since(state.written_under(committed[0].0 + 1)).as_hours();
    assert_eq!(hours, 24 * 16);
    for ((of, plant), (time, in_time)) in
        committed.iter().zip([(deadline, true), (deadline + minutes(1), false)])
    {
        forger.admit(&mut state, 0, open(*of, plant), time).unwrap();
        let (_, opened) = state.plants().find(|(index, _)| index == of).unwrap();
        assert_eq!((opened.opened.is_some(), opened.in_time().is_some()), (true, in_time));
    }
}

#[test]
fn what_was_planted_is_no_find_and_tells_of_detection_and_to_the_inspectorate_of_teams() {
    let (site, [first, _]) = planted();
    let unit = report_counts(&site, 5, 2);
    site.step_to(site.now() + minutes(30)).unwrap();
    assert_eq!(reveal(&site, &said(&site, &first, visit(&unit, 2, 1))).status, 201);
    let (officer, inspectorate) = (site.sign_in("duty-officer"), site.sign_in("inspectorate"));
    let estimates = || site.get_as(&officer, "/api/estimates").json::<Value>();
    assert!(estimates()["plants"].is_null(), "no day can be read yet");
    // The day is over at midnight, a day after that auditors may read it.
    for _ in 0..49 {
        site.step_to(site.now() + minutes(60)).unwrap();
    }
    let found = estimates();
    let loads = found["flows"].as_array().unwrap().iter().find(|flow| flow["quantity"] == "loads").unwrap();
    assert_eq!(
        (&loads["found"], &loads["inspected"]),
        (&json!(1), &json!(3)),
        "two of five carried a simulant"
    );
    let all = 2 * site.campaign.posts().len();
    let plants = json!({ "opened": 1, "opened_late": 0, "waiting": all - 1, "overdue": 0, "inspected": 2, "found": 1 });
    assert_eq!(found["plants"], plants);
    assert!(found["teams"].is_null() && found["planted"].is_null(), "teams are the inspectorate's");

    let tests: Value = site.get_as(&inspectorate, "/api/estimates/teams").json();
    let planted = &tests["planted"];
    let teams = planted["teams"].as_array().unwrap();
    assert_eq!(teams.len(), site.campaign.teams().len(), "the level is that of all teams");
    let team = teams.iter().find(|of| of["team"] == site.dues[0].1.team.as_str()).unwrap();
    assert_eq!(
        (&team["inspected"], &team["found"], &team["flag_week"]),
        (&json!(2), &json!(1), &Value::Null)
    );
    // One found and one missed, against what is published: the mean over θ of θ·(1 − θ·q)/(1 − q).
    let thetas = sekong_estimate::teams::THETAS;
    let team_of = site.campaign.teams().iter().find(|of| of.id == site.dues[0].1.team).unwrap();
    let class = &site.campaign.pool(&team_of.pool).unwrap().class;
    let least = site.campaign.class(class).unwrap().detect.low;
    let mean = thetas.iter().map(|theta| theta * (1.0 - theta * least) / (1.0 - least)).sum::<f64>() / 7.0;
    let e = team["e_values"][0]["e"].as_f64().unwrap();
    assert!((e - mean).abs() < 1e-9, "{e} for {mean}, with {least}");
    assert_eq!(planted["needed"].as_array().unwrap().len(), site.campaign.classes().len());
    assert_eq!(site.get_as(&officer, "/api/estimates/teams").problem(), "other-role");
    site.end();
}
