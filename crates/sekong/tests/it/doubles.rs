//! One visit by the commands of the inspectorate: a plant that it met is opened, and some of its vehicles are inspected twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sekong_centre::api::views::ClockView;
use sekong_centre::{Bodies, Body, Due, Evidence, State, audit};
use sekong_log::{Hash, InspectionReported, LogFiles, Statement};
use sekong_model::{Campaign, Counts, Day, Finds, Hour, UnitId};
use sekong_simulate::{Device, Seed};
use serde_json::{Value, json};

use crate::data::{arg, entries, statement};
use crate::flips::{keys, read_all};
use crate::plants::planting_campaign;
use crate::run::{Run, command, sekong};
use crate::stepped::Stepped;

const PROVINCE: &str = "stung-treng";

/// Seed of the demo whose teams these are.
const SEED: u64 = 1;

/// The third day, which nobody has frozen when the demo's first one is over.
const DAY: &str = "2017-01-03";

const HOUR: u8 = 8;

/// Longest wait for the schedule or the published folder, in looks.
const LOOKS_MAX: u32 = 3_000;

/// A campaign whose inspectorate may plant, served on after the first day of a demo.
struct Lived {
    kept: tempfile::TempDir,
    campaign: Arc<Campaign>,
    centre: Stepped,
    now: Timestamp,
}

/// All bodies, those that are sealed, too.
struct AllBodies<'a>(&'a Path);

impl Bodies for AllBodies<'_> {
    fn get(&self, hash: &Hash) -> Body {
        let read = |folder: &str| fs::read(self.0.join(folder).join(hash.to_string()));
        read("bodies").or_else(|_| read("sealed")).map_or(Body::Missing, Body::Here)
    }
}

impl Lived {
    fn first_day() -> Lived {
        let kept = tempfile::tempdir().unwrap();
        let (folder, data) = (planting_campaign(kept.path()), kept.path().join("data"));
        let seed = SEED.to_string();
        let demo =
            ["demo", "--days", "1", "--no-serve", "--json", "--seed", &seed, "--campaign", arg(&folder)];
        sekong(demo.iter().chain(&["--data", arg(&data)])).exits(0);
        let campaign = state(&data, Timestamp::UNIX_EPOCH).campaign().clone();
        let now = campaign.instant(day(), hour()) - SignedDuration::from_hours(26);
        let clock = format!("{now},0");
        let serve =
            ["serve", "--json", "--listen", "127.0.0.1:0", "--demo-clock", &clock, "--steps", "--data"];
        let centre = Stepped::run(command(serve.into_iter().chain([arg(&data)])));
        Lived { kept, campaign, centre, now }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.kept.path().join(name)
    }

    fn get(&self, path: &str) -> String {
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        let mut answer = agent.get(format!("{}{path}", self.centre.address)).call().unwrap();
        answer.body_mut().read_to_string().unwrap()
    }

    /// So many minutes after the visit's hour began.
    fn minutes_on(&self, minutes: i64) -> Timestamp {
        self.campaign.instant(day(), hour()) + SignedDuration::from_mins(minutes)
    }

    /// Lets the clock run on, by half an hour at most at a time: custodians release nothing for lists that come with the draw.
    fn step_to(&mut self, time: Timestamp) {
        while self.now < time {
            self.now = time.min(self.now + SignedDuration::from_mins(30));
            self.centre.step(self.now);
            self.until("done", || {
                let clock: ClockView = serde_json::from_str(&self.get("/api/clock")).unwrap();
                clock.schedule.next.is_none_or(|next| self.now < next.due)
            });
        }
        let published = self.at("data").join("log/checkpoint");
        self.until("published", || fs::read_to_string(&published).unwrap() == self.get("/log/checkpoint"));
    }

    fn until(&self, what: &str, seen: impl Fn() -> bool) {
        let look = |_| {
            thread::sleep(Duration::from_millis(20));
            seen()
        };
        assert!((0..LOOKS_MAX).any(look), "not {what} at {}: {}", self.now, self.get("/api/clock"));
    }

    /// Commits to simulants at every post of the province: nobody knows yet who comes.
    fn plant_everywhere(&self) {
        for post in self.campaign.posts_of(&PROVINCE.parse().unwrap()) {
            let more = ["--post", post.id.as_str(), "--province", PROVINCE, "--planted", "2"];
            self.asked(&["plant", "commit"], &more, &self.centre.address).exits(0);
        }
    }

    /// The first visit of the hour there, which its team reports with five vehicles inspected and two finds.
    fn report(&mut self) -> (UnitId, Due) {
        self.step_to(self.minutes_on(30));
        let state = state(&self.at("data"), self.now);
        let mut dues = state.dues_of(day(), hour()).filter(|(_, due)| due.province.as_str() == PROVINCE);
        let (unit, due) =
            dues.find(|(_, due)| !due.away).map(|(unit, due)| (unit.clone(), due.clone())).unwrap();
        let said = InspectionReported {
            province: due.province.clone(),
            unit: unit.clone(),
            post: due.post.clone(),
            day: day(),
            hour: hour(),
            order: due.order.unwrap(),
            started: self.minutes_on(4),
            counts: Counts::new(9, 5, 2).unwrap(),
            finds: Finds::default(),
            seen: None,
            persons: Vec::new(),
        };
        let mut device = self.device(&due);
        let entry = device.write(&Statement::Inspection(said), self.now).unwrap();
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
        agent.post(format!("{}/api/entries", self.centre.address)).send(entry.bytes()).unwrap();
        (unit, due)
    }

    /// The device of the simulated team, where the log left it.
    fn device(&self, due: &Due) -> Device {
        let seed = Seed(SEED).bytes("device", due.team.as_str());
        let mut device = Device::new(self.campaign.id().clone(), seed);
        let id = device.id();
        for entry in entries(&self.at("data")).iter().filter(|entry| entry.device() == id) {
            assert_eq!(device.write(&statement(entry), entry.time()).unwrap().bytes(), entry.bytes());
        }
        device
    }

    fn asked(&self, words: &[&str], more: &[&str], centre: &str) -> Run {
        let (plants, hour) = (self.at("plants"), HOUR.to_string());
        let of = ["--data", arg(&plants), "--day", DAY, "--hour", &hour, "--centre", centre];
        sekong(words.iter().chain(more).chain(&of))
    }

    fn double(&self, unit: &UnitId, counts: [&str; 4], centre: &str) -> Run {
        let [vehicles, first, second, both] = counts;
        let of = ["--province", PROVINCE, "--unit", unit.as_str(), "--vehicles", vehicles];
        let more: Vec<&str> =
            of.into_iter().chain(["--first", first, "--second", second, "--both", both]).collect();
        self.asked(&["double"], &more, centre)
    }

    fn estimated(&self, now: &str, more: &[&str]) -> Run {
        let data = self.at("data");
        sekong(["estimate", "--data", arg(&data), "--now", now].iter().chain(more)).exits(0)
    }
}

fn day() -> Day {
    DAY.parse().unwrap()
}

fn hour() -> Hour {
    Hour::try_from(HOUR).unwrap()
}

/// What whoever has all bodies knows of a log.
fn state(data: &Path, now: Timestamp) -> State {
    let (keys, mut files) = (&keys(data), LogFiles::new());
    read_all(&data.join("log"), &data.join("log"), &mut files);
    let (files, bodies, store_head, since) = (&files, &AllBodies(data), None, None);
    audit(&Evidence { files, keys, bodies, store_head, now, since, known: None }, &mut |_| ()).state.unwrap()
}

#[test]
fn a_plant_is_opened_with_the_visit_that_it_met_and_the_visit_is_inspected_twice() {
    let mut lived = Lived::first_day();
    lived.plant_everywhere();
    let (unit, due) = lived.report();

    lived.step_to(lived.minutes_on(62));
    let centre = lived.centre.address.clone();
    let visit = format!("{unit}:2:1");
    let opened = ["--post", due.post.as_str(), "--visit", &visit];
    let told = lived.asked(&["plant", "reveal"], &opened, &centre).exits(0).stdout;
    assert!(told.contains("is opened: by the centre's word entry"), "{told}");

    let nowhere = "http://127.0.0.1:1";
    lived.double(&unit, ["3", "1", "2", "2"], nowhere).exits(2).says(&["--both: 2", "nothing was sent"]);
    lived.double(&unit, ["2", "1", "2", "0"], nowhere).exits(2).says(&["--vehicles: 3", "nothing was sent"]);
    lived.double(&unit, ["0", "0", "0", "0"], nowhere).exits(2).says(&["--vehicles"]);
    lived.double(&unit, ["3", "3", "3", "3"], &centre).exits(1).says(&["reported 2 finds in 5 inspected"]);
    let first = lived.double(&unit, ["3", "1", "2", "1"], &centre).exits(0).stdout;
    assert!(
        first.contains(&format!("{unit} was inspected twice in {DAY} 08:00: by the centre's word entry"))
    );
    assert_eq!(lived.double(&unit, ["3", "1", "2", "1"], &centre).exits(0).stdout, first, "sent again");
    lived.double(&unit, ["3", "1", "1", "1"], &centre).exits(1).says(&["is entry", "the first word counts"]);
    check_told(&mut lived);
}

/// Once auditors may read the day, estimates and verdict tell both.
fn check_told(lived: &mut Lived) {
    lived.step_to(lived.minutes_on(42 * 60));
    let (now, data) = (lived.now.to_string(), lived.at("data"));
    let found = lived.estimated(&now, &["--json"]).json();
    let double = &found["estimates"]["double"];
    let counts =
        ["inspections", "late", "vehicles", "first", "second", "both"].map(|field| double[field].clone());
    assert_eq!(counts, [1, 0, 3, 1, 2, 1].map(Value::from), "{double}");
    // Chapman: 2·3/2 − 1.
    assert_eq!((&double["loads"], &double["detection"]), (&json!(2.0), &json!(0.5)));
    assert!(double["detection95"]["low"].as_f64().unwrap() < 0.02, "one of two tells little: {double}");
    let plants = &found["estimates"]["plants"];
    assert_eq!(
        (&plants["opened"], &plants["inspected"], &plants["found"]),
        (&json!(1), &json!(2), &json!(1))
    );
    let words = lived.estimated(&now, &[]).stdout;
    for told in [
        "simulants: 1 found of 2 inspected",
        "double inspections: 1 of visits, 3 vehicles: 1 with a find by the visit's team, 2 by the second, 1 by both",
        "2.0 loads were in these vehicles at least (95 % 2.0 to ",
    ] {
        assert!(words.contains(told), "{words}");
    }
    let verified = sekong(["verify", arg(&data), "--now", &now, "--json"]).exits(0).json();
    assert_eq!(verified["doubles"], json!({ "in_time": 1, "late": 0, "not_readable_yet": 0 }));
    let words = sekong(["verify", arg(&data), "--now", &now]).exits(0).stdout;
    assert!(words.contains("double inspections by Inspectorate: 1 logged in time, 0 late"), "{words}");
}
