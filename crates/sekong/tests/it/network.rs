//! A network of processes on loopback: the centre, five custodians with secrets of their own, officers who throw dice.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::thread;
use std::time::Duration;

use sekong_centre::Job;
use sekong_centre::api::views::{ClockView, SilencesView};
use sekong_model::{Campaign, SourceBundle, referenced_files};
use serde::de::DeserializeOwned;

use crate::data::{arg, copy, shipped};
use crate::run::{command, sekong};

/// The year of the campaign that is tried here, beyond every machine's clock: it is founded now.
const YEAR: &str = "2097";
const CUSTODIANS: [&str; 5] = ["court", "ombudsman", "customs", "inspectorate", "university"];
const DIGITS: &str = "31415926535897932384626433832795028841971693993751";

/// Longest wait for the schedule, in looks at the clock.
const LOOKS_MAX: u32 = 600;

/// A process on a clock that the test steps.
struct Stepped {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    address: String,
}

impl Stepped {
    /// Runs a command whose first line says where it listens.
    fn run(args: &[&str]) -> Stepped {
        let mut command = command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let told: serde_json::Value =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("{args:?}: {line:?}"));
        let address = told["listening"].as_str().unwrap().to_owned();
        Stepped { stdin: child.stdin.take().unwrap(), stdout, child, address }
    }

    fn step(&mut self, time: jiff::Timestamp) {
        writeln!(self.stdin, "{time}").unwrap();
        let mut told = String::new();
        self.stdout.read_line(&mut told).unwrap();
        assert_eq!(told.trim().parse::<jiff::Timestamp>().unwrap(), time);
    }
}

impl Drop for Stepped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Network {
    _kept: tempfile::TempDir,
    root: PathBuf,
    campaign: Campaign,
    start: jiff::Timestamp,
    now: jiff::Timestamp,
    custodians: Vec<(String, String, Option<Stepped>)>,
    centre: Option<Stepped>,
}

fn dice(year: &str) -> String {
    DIGITS.bytes().map(|digit| char::from(b'1' + (digit - b'0') % 6)).collect::<String>()
        + &year.replace('0', "1").replace(['7', '9'], "6")
}

impl Network {
    /// The ceremony, from secrets to the first served minute.
    fn new() -> Network {
        let kept = tempfile::tempdir().unwrap();
        let root = kept.path().to_owned();
        let campaign = later_campaign(&root.join("campaign"));
        let at = |name: &str| root.join(name);
        let data = at("data");
        let mut init: Vec<String> =
            vec!["init".into(), arg(&at("campaign")).into(), "--data".into(), arg(&data).into()];
        for id in CUSTODIANS {
            let (folder, file) = (at(id), at(&format!("{id}.json")));
            sekong(["custodian", "init", arg(&at("campaign")), "--id", id, "--data", arg(&folder)]).exits(0);
            sekong(["custodian", "commit", "--data", arg(&folder), "--out", arg(&file)]).exits(0);
            init.extend(["--custodian".into(), arg(&file).into()]);
        }
        for seat in ["centre-police", "centre-customs"] {
            let key = sekong(["dice", "key", "--out", arg(&at(seat))]).exits(0).stdout;
            init.extend(["--officer".into(), format!("{seat}={}", key.trim())]);
        }
        sekong(&init).exits(0);
        let serve =
            ["serve", "--data", arg(&data), "--listen", "127.0.0.1:0", "--custodian", "court=127.0.0.1:9"];
        sekong(serve).exits(1).says(&["the public dice are not cast", "sekong dice public"]);
        sekong(["dice", "public", "--data", arg(&data), "--digits", &dice(YEAR), "--method", "a test's"])
            .exits(0);
        let first = sekong_centre::jobs(&campaign, 1)[0].0;
        let start = first - jiff::SignedDuration::from_hours(1);
        let mut network =
            Network { _kept: kept, root, campaign, start, now: start, custodians: Vec::new(), centre: None };
        for id in CUSTODIANS {
            let running = network.custodian(id, "127.0.0.1:0");
            network.custodians.push((id.to_owned(), running.address.replace("http://", ""), Some(running)));
        }
        network.serve();
        network
    }

    fn custodian(&self, id: &str, listen: &str) -> Stepped {
        let (folder, centre) = (self.root.join(id), self.root.join("data/keys/centre.json"));
        let clock = format!("{},0", self.now);
        Stepped::run(&[
            "custodian",
            "serve",
            "--data",
            arg(&folder),
            "--centre",
            arg(&centre),
            "--listen",
            listen,
            "--demo-clock",
            &clock,
            "--steps",
            "--json",
        ])
    }

    fn serve(&mut self) {
        let clock = format!("{},0", self.now.max(self.start));
        let mut args =
            vec!["serve", "--json", "--listen", "127.0.0.1:0", "--demo-clock", &clock, "--steps", "--data"];
        let data = self.root.join("data");
        args.push(arg(&data));
        let lines: Vec<String> =
            self.custodians.iter().map(|(id, address, _)| format!("{id}={address}")).collect();
        lines.iter().for_each(|line| args.extend(["--custodian", line]));
        self.centre = Some(Stepped::run(&args));
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let base = &self.centre.as_ref().unwrap().address;
        let text = ureq::get(format!("{base}{path}")).call().unwrap().body_mut().read_to_string().unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Sets every clock forward.
    fn step(&mut self, time: jiff::Timestamp) {
        self.now = time;
        self.custodians
            .iter_mut()
            .filter_map(|(.., running)| running.as_mut())
            .for_each(|running| running.step(time));
        self.centre.as_mut().unwrap().step(time);
    }

    /// Waits until everything due is done, or the next job waits for something.
    fn settled(&self) -> ClockView {
        for _ in 0..LOOKS_MAX {
            let clock: ClockView = self.get("/api/clock");
            assert_eq!(clock.schedule.stopped, None);
            let done = clock.schedule.next.as_ref().is_none_or(|next| clock.now < next.due);
            if clock.now == self.now && (done || clock.schedule.waiting.is_some()) {
                return clock;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("the schedule does not come on: {:?}", self.get::<ClockView>("/api/clock"));
    }

    fn stop(&mut self, id: &str) {
        let (.., running) = self.custodians.iter_mut().find(|(known, ..)| known == id).unwrap();
        *running = None;
    }

    fn start(&mut self, id: &str) {
        let place = self.custodians.iter().position(|(known, ..)| known == id).unwrap();
        let listen = self.custodians[place].1.clone();
        self.custodians[place].2 = Some(self.custodian(id, &listen));
    }

    fn plan_outage(&self, id: &str, from: jiff::Timestamp, until: jiff::Timestamp) {
        let said = sekong([
            "custodian",
            "outage",
            "--data",
            arg(&self.root.join(id)),
            "--from",
            &from.to_string(),
            "--until",
            &until.to_string(),
        ]);
        let base = &self.centre.as_ref().unwrap().address;
        let answer = ureq::post(format!("{base}/api/outages")).send(said.exits(0).stdout.as_bytes()).unwrap();
        assert_eq!(answer.status(), 201);
    }

    fn throw(&self) {
        let (base, seat) =
            (&self.centre.as_ref().unwrap().address, |id: &str| format!("{id}={}", arg(&self.root.join(id))));
        sekong([
            "dice",
            "throw",
            base,
            "--digits",
            &dice("2265"),
            "--officer",
            &seat("centre-police"),
            "--officer",
            &seat("centre-customs"),
        ])
        .exits(0);
    }
}

/// The shipped campaign, in a year that no machine's clock has come to.
fn later_campaign(folder: &Path) -> Campaign {
    copy(&shipped(), folder);
    let toml =
        fs::read_to_string(folder.join("campaign.toml")).unwrap().replace("2017-", &format!("{YEAR}-"));
    fs::write(folder.join("campaign.toml"), &toml).unwrap();
    let mut files = SourceBundle::new(toml.clone());
    for name in referenced_files(&toml).unwrap() {
        files.files.insert(name.clone(), fs::read_to_string(folder.join(&name)).unwrap());
    }
    Campaign::parse(&files).unwrap()
}

/// A week with two planned outages and three unplanned silences; every hour of every province is drawn.
#[test]
fn a_week_of_a_network_of_processes_is_drawn_around_outages_and_silences() {
    let mut network = Network::new();
    let hour = jiff::SignedDuration::from_hours(1);
    let campaign = network.campaign.clone();
    let day = |n: i32, h: u8| {
        campaign.instant(campaign.first_day().plus_days(n).unwrap(), sekong_model::Hour::try_from(h).unwrap())
    };
    network.plan_outage("customs", day(1, 3), day(1, 9));
    network.plan_outage("university", day(3, 0), day(3, 6));
    let mut jobs = sekong_centre::jobs(&campaign, 7);
    jobs.dedup_by_key(|(due, _)| *due);
    let silences = [(day(1, 18), "court"), (day(2, 10), "ombudsman"), (day(5, 14), "inspectorate")];
    let (mut noted, mut thrown) = (0, 0);
    for (due, job) in jobs {
        // Whoever planned an outage does not answer; whoever planned none and does not is silent.
        for (from, until, id) in [(day(1, 3), day(1, 9), "customs"), (day(3, 0), day(3, 6), "university")] {
            if (from..until).contains(&due) {
                network.stop(id);
            } else if network.custodians.iter().any(|(known, _, running)| known == id && running.is_none()) {
                network.start(id);
            }
        }
        let of_draw = |(from, _): &&(jiff::Timestamp, &str)| {
            matches!(job, Job::Draw(_)) && (*from..*from + hour).contains(&due)
        };
        let silent = silences.iter().find(of_draw).map(|(_, id)| *id);
        if let Some(id) = silent {
            network.stop(id);
        }
        network.step(due);
        let mut clock = network.settled();
        if silent.is_some() {
            assert!(clock.schedule.waiting.is_some(), "{job}: {clock:?}");
            network.step(due + jiff::SignedDuration::from_mins(4));
            while network.get::<SilencesView>("/api/silences").silences.len() == noted {
                thread::sleep(Duration::from_millis(20));
            }
            network.throw();
            thrown += 1;
            while network.get::<ClockView>("/api/clock").schedule.waiting.is_some() {
                thread::sleep(Duration::from_millis(20));
            }
            clock = network.settled();
        }
        assert_eq!(clock.schedule.waiting, None, "{job}");
        let seen: SilencesView = network.get("/api/silences");
        assert!(seen.silences.iter().all(|silence| !silence.waits), "{job}");
        noted = seen.silences.len();
        if let Some(id) = silent {
            network.start(id);
        }
    }
    assert_eq!(thrown, 3);
    let seen: SilencesView = network.get("/api/silences");
    let named: Vec<String> =
        seen.silences.iter().map(|silence| silence.silent[0].custodian.to_string()).collect();
    assert_eq!(named.len(), 9, "three silences in three provinces: {named:?}");
    for id in ["court", "ombudsman", "inspectorate"] {
        assert_eq!(named.iter().filter(|name| *name == id).count(), 3, "{named:?}");
    }
    let status =
        sekong(["custodian", "status", "--json", "--data", arg(&network.root.join("court"))]).exits(0).json();
    // Three provinces: two weeks' deals are due by then, 168 hours, one of which fell silent.
    assert_eq!(status["released"].as_u64().unwrap() % 3, 0, "{status}");
    let now = network.now.to_string();
    network.centre = None;
    let verdict =
        sekong(["verify", arg(&network.root.join("data")), "--now", &now, "--json"]).exits(0).json();
    assert_eq!(verdict["verified"], true, "{verdict}");
}
