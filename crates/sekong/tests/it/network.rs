//! A network of processes on loopback: the centre, five custodians with secrets of their own, three of which turn rogue
//! for an hour, three witnesses of whom one comes late and one falls for hours, officers who throw dice.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use sekong_centre::Job;
use sekong_centre::api::views::{ClockView, SilenceView, SilencesView};
use sekong_log::SilenceReason;
use sekong_model::{Campaign, SourceBundle, referenced_files};
use sekong_torture::{Role, Vice};
use serde::de::DeserializeOwned;

use crate::data::{arg, copy, shipped};
use crate::go_program::go_verify;
use crate::rogue;
use crate::run::{command, sekong};
use crate::stepped::Stepped;

/// The year of the campaign that is tried here, beyond every machine's clock: it is founded now.
const YEAR: &str = "2097";
const CUSTODIANS: [&str; 5] = ["court", "ombudsman", "customs", "inspectorate", "university"];
/// The second falls for some hours, the third comes late.
const WITNESSES: [&str; 3] = ["w-court", "w-customs", "w-university"];
const DIGITS: &str = "31415926535897932384626433832795028841971693993751";

/// Longest wait for the schedule, in looks at the clock.
const LOOKS_MAX: u32 = 600;

struct Network {
    _kept: tempfile::TempDir,
    root: PathBuf,
    campaign: Campaign,
    start: jiff::Timestamp,
    now: jiff::Timestamp,
    custodians: Vec<(String, String, Option<Stepped>)>,
    /// Name, address, process.
    witnesses: Vec<(String, String, Option<Stepped>)>,
    /// The line key of an auditor.
    auditor: String,
    centre: Option<Stepped>,
}

/// An address that nobody listens at yet.
fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
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
        let mut witnesses = Vec::new();
        for id in WITNESSES {
            let (folder, address) = (at(id), free_address());
            let url = format!("http://{address}");
            sekong(["witness", "init", "--name", id, "--url", &url, "--data", arg(&folder)]).exits(0);
            init.extend(["--witness".into(), arg(&folder.join("witness.json")).into()]);
            witnesses.push((id.to_owned(), address, None));
        }
        for seat in ["centre-police", "centre-customs"] {
            let key = sekong(["dice", "key", "--out", arg(&at(seat))]).exits(0).stdout;
            init.extend(["--officer".into(), format!("{seat}={}", key.trim())]);
        }
        sekong(&init).exits(0).says(&["seats without a key: centre-court"]);
        let serve =
            ["serve", "--data", arg(&data), "--listen", "127.0.0.1:0", "--custodian", "court=127.0.0.1:9"];
        sekong(serve).exits(1).says(&["the public dice are not cast", "sekong dice public"]);
        let dice = ["dice", "public", "--data", arg(&data), "--digits", &dice(YEAR), "--method", "a test's"];
        sekong(dice).exits(1).says(&["too few have cosigned", "w-court (no answer: nobody listens"]);
        let running: Vec<_> =
            witnesses[..2].iter().map(|(id, address, _)| witness(&root, id, address, &[])).collect();
        let silent = format!("{} gives no cosignature since", WITNESSES[2]);
        sekong(dice).exits(0).says(&[&silent, "nobody listens"]);
        drop(running);
        let made = sekong(["auditor", "init", "--data", arg(&at("auditor"))]).exits(0).stdout;
        let auditor = made.lines().next().unwrap().strip_prefix("line key ").unwrap().to_owned();
        let first = sekong_centre::jobs(&campaign, 1)[0].0;
        let start = first - jiff::SignedDuration::from_hours(1);
        let mut network = Network {
            _kept: kept,
            root,
            campaign,
            start,
            now: start,
            custodians: Vec::new(),
            witnesses,
            auditor,
            centre: None,
        };
        WITNESSES[..2].iter().for_each(|id| network.start_witness(id));
        for id in CUSTODIANS {
            let running = network.custodian(id, "127.0.0.1:0");
            network.custodians.push((id.to_owned(), running.address.replace("http://", ""), Some(running)));
        }
        network.serve();
        network
    }

    fn start_witness(&mut self, id: &str) {
        let place = self.witnesses.iter().position(|(known, ..)| known == id).unwrap();
        let clock = format!("{},0", self.now);
        let running = witness(&self.root, id, &self.witnesses[place].1, &["--demo-clock", &clock, "--steps"]);
        self.witnesses[place].2 = Some(running);
    }

    fn stop_witness(&mut self, id: &str) {
        let (.., running) = self.witnesses.iter_mut().find(|(known, ..)| known == id).unwrap();
        *running = None;
    }

    /// Two of three are under every head, and whoever is not is named, with the reason and the time.
    fn check_cosigned(&self, clock: &ClockView, from: jiff::Timestamp) {
        let down: Vec<_> = self
            .witnesses
            .iter()
            .filter(|(.., running)| running.is_none())
            .map(|(id, ..)| id.as_str())
            .collect();
        let named: Vec<_> = clock.missing_cosigners.iter().map(|missing| missing.name.as_str()).collect();
        assert_eq!(named, down, "at {}", clock.now);
        for missing in &clock.missing_cosigners {
            let why = "no answer: nobody listens";
            assert!(
                missing.why.starts_with(why) && missing.since.is_some_and(|since| from <= since),
                "{missing:?}"
            );
        }
        let base = &self.centre.as_ref().unwrap().address;
        let head =
            ureq::get(format!("{base}/log/checkpoint")).call().unwrap().body_mut().read_to_string().unwrap();
        assert_eq!(head.matches("— w-").count(), 3 - down.len(), "{head}");
    }

    /// The data folder as it is now, put aside.
    fn put_aside(&mut self, name: &str) -> PathBuf {
        self.centre = None;
        let aside = self.root.join(name);
        copy(&self.root.join("data"), &aside);
        self.serve();
        aside
    }

    fn custodian(&self, id: &str, listen: &str) -> Stepped {
        let (folder, centre) = (self.root.join(id), self.root.join("data/keys/centre.json"));
        let clock = format!("{},0", self.now);
        Stepped::run(command([
            "custodian",
            "serve",
            "--data",
            arg(&folder),
            "--centre",
            arg(&centre),
            "--listen",
            listen,
            "--auditor",
            &self.auditor,
            "--demo-clock",
            &clock,
            "--steps",
            "--json",
        ]))
    }

    /// The same custodian, which breaks its word from `from` on.
    fn rogue(&self, id: &str, listen: &str, vice: Vice, from: jiff::Timestamp) -> Stepped {
        let (folder, centre) = (self.root.join(id), self.root.join("data/keys/centre.json"));
        let listen = listen.parse().unwrap();
        Stepped::run(rogue::command(&Role { folder, centre, listen, vice, from, now: self.now }))
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
        self.centre = Some(Stepped::run(command(args)));
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
        let witnesses = self.witnesses.iter_mut().filter_map(|(.., running)| running.as_mut());
        witnesses.for_each(|running| running.step(time));
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
        let place = self.place(id);
        let listen = self.custodians[place].1.clone();
        self.custodians[place].2 = Some(self.custodian(id, &listen));
    }

    /// Whoever holds the custodian's machine runs another program there.
    fn turn(&mut self, id: &str, vice: Vice, from: jiff::Timestamp) {
        self.stop(id);
        let place = self.place(id);
        let listen = self.custodians[place].1.clone();
        self.custodians[place].2 = Some(self.rogue(id, &listen, vice, from));
    }

    fn place(&self, id: &str) -> usize {
        self.custodians.iter().position(|(known, ..)| known == id).unwrap()
    }

    /// Kills the centre and starts it again.
    fn fall(&mut self) {
        self.centre = None;
        self.serve();
    }

    /// What the centre says that it waits for.
    fn waiting(&self) -> String {
        let told = || self.get::<ClockView>("/api/clock").schedule.waiting;
        for _ in 0..LOOKS_MAX {
            if let Some(waiting) = told() {
                return waiting;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("it waits for nothing");
    }

    /// Lets the minutes of a silence pass after `due`, has it noted, and gives how many are noted then.
    fn fall_silent(&mut self, due: jiff::Timestamp, noted: usize) -> usize {
        self.step(due + jiff::SignedDuration::from_mins(4));
        for _ in 0..LOOKS_MAX {
            let seen = self.silences().len();
            if noted < seen {
                return seen;
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("nobody is noted as silent");
    }

    fn silences(&self) -> Vec<SilenceView> {
        self.get::<SilencesView>("/api/silences").silences
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

    /// The seat that was founded without a key gets one, for which two officers of other bodies vouch.
    fn give_the_court_a_key(&self) {
        let at = |name: &str| self.root.join(name);
        let key = sekong(["dice", "key", "--out", arg(&at("centre-court"))]).exits(0).stdout;
        let seat = |id: &str| format!("{id}={}", arg(&at(id)));
        let (police, customs) = (seat("centre-police"), seat("centre-customs"));
        let campaign = self.campaign.id().as_str();
        let vouch = |officers: &[&str]| {
            let mut args =
                vec!["dice", "vouch", "--campaign", campaign, "--seat", "centre-court", "--key", key.trim()];
            officers.iter().for_each(|officer| args.extend(["--officer", officer]));
            let said = sekong(args).exits(0).stdout;
            let base = &self.centre.as_ref().unwrap().address;
            let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
            agent.post(format!("{base}/api/seat-keys")).send(said.as_bytes()).unwrap().status().as_u16()
        };
        assert_eq!(vouch(&[&seat("centre-court")]), 422, "its new key alone");
        assert_eq!(vouch(&[&police]), 422, "one body");
        assert_eq!(vouch(&[&police, &customs]), 201);
    }

    /// Throws dice for what waits; each throw of the week needs its own.
    fn throw(&self, first: &str) {
        let (base, seat) =
            (&self.centre.as_ref().unwrap().address, |id: &str| format!("{id}={}", arg(&self.root.join(id))));
        let (keys, known) = (self.root.join("data/keys"), self.root.join("campaign.vkey"));
        let read = |name: &str| fs::read_to_string(keys.join(name)).unwrap();
        fs::write(&known, read("log.vkey") + &read("cosigners.vkey") + &read("cosignatures")).unwrap();
        sekong([
            "dice",
            "throw",
            base,
            "--key",
            arg(&known),
            "--digits",
            &dice(first),
            "--officer",
            &seat("centre-police"),
            "--officer",
            &seat("centre-customs"),
        ])
        .exits(0);
    }
}

fn witness(root: &Path, id: &str, listen: &str, more: &[&str]) -> Stepped {
    let (folder, log) = (root.join(id), root.join("data/keys/log.vkey"));
    let args = ["witness", "serve", "--json", "--listen", listen, "--data", arg(&folder), "--log", arg(&log)];
    Stepped::run(command(args.iter().chain(more)))
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

/// What befalls a custodian in an hour.
#[derive(Debug, Clone, Copy)]
struct Hour {
    begins: jiff::Timestamp,
    id: &'static str,
    /// What it does that it should not; without, it is not there.
    vice: Option<Vice>,
    reason: SilenceReason,
}

impl Hour {
    /// Whether something is due in it, `hours` later.
    fn holds(&self, due: jiff::Timestamp, hours: i64) -> bool {
        let begins = self.begins + jiff::SignedDuration::from_hours(hours);
        (begins..begins + jiff::SignedDuration::from_hours(1)).contains(&due)
    }
}

impl Network {
    /// One witness is there from a time on, another is not there for some hours.
    fn set_witnesses(
        &mut self,
        due: jiff::Timestamp,
        late: jiff::Timestamp,
        down: std::ops::Range<jiff::Timestamp>,
    ) {
        let is_down = |network: &Network, place: usize| network.witnesses[place].2.is_none();
        match down.contains(&due) {
            true => self.stop_witness(WITNESSES[1]),
            false if is_down(self, 1) => self.start_witness(WITNESSES[1]),
            false => {}
        }
        if late <= due && is_down(self, 2) {
            self.start_witness(WITNESSES[2]);
        }
    }

    /// Whoever serves a store of days ago would fork the log: the witnesses know better.
    fn an_old_copy_is_refused(&self, old: &Path) {
        let clock = format!("{},0", self.now);
        let mut args = vec!["serve", "--data", arg(old), "--listen", "127.0.0.1:0", "--demo-clock", &clock];
        let lines: Vec<String> =
            self.custodians.iter().map(|(id, address, _)| format!("{id}={address}")).collect();
        lines.iter().for_each(|line| args.extend(["--custodian", line]));
        let said = [
            "w-court: it has cosigned",
            "the store holds",
            "an older copy of the store",
            "sekong witness status",
        ];
        sekong(&args).exits(1).says(&said);
        sekong(args).exits(1).says(&said);
    }

    /// Sets those who plan outages, fall silent or turn rogue as they are to be when a draw is due.
    fn set_stage(
        &mut self,
        due: jiff::Timestamp,
        hours: &[Hour],
        outages: &[(jiff::Timestamp, jiff::Timestamp, &str)],
    ) {
        let is_down = |network: &Network, id: &str| network.custodians[network.place(id)].2.is_none();
        for (from, until, id) in outages {
            match (*from..*until).contains(&due) {
                true => self.stop(id),
                false if is_down(self, id) => self.start(id),
                false => {}
            }
        }
        for hour in hours {
            match hour.vice {
                // An hour before its time a rogue is honest yet: by the wire nobody can tell it from the others.
                Some(vice) if hour.holds(due, -1) => self.turn(hour.id, vice, hour.begins),
                None if hour.holds(due, 0) => self.stop(hour.id),
                _ if hour.holds(due, 1) => {
                    self.stop(hour.id);
                    self.start(hour.id);
                }
                _ => {}
            }
        }
    }

    /// The draws of an hour wait for whoever does not answer as it should; they are named, and dice end it.
    fn live_through(&mut self, due: jiff::Timestamp, hour: &Hour, noted: usize) {
        let named = format!("{} ({})", hour.id, hour.reason);
        assert!(self.waiting().contains(&named), "{named}: {}", self.waiting());
        self.fall_silent(due, noted);
        if hour.vice.is_none() {
            self.fall();
            let waiting = self.waiting();
            assert!(waiting.contains(&named) && waiting.contains("dice"), "after a fall: {waiting}");
        }
        self.throw(&format!("226{}", noted / self.campaign.provinces().len() + 1));
        // What was acknowledged stands, whatever happens the moment after.
        self.fall();
    }
}

/// A week with two planned outages, three unplanned silences, and one custodian that equivocates, one that releases early
/// and one that replays; every hour of every province is drawn, and everybody is named for what it did.
#[test]
fn a_week_of_a_network_of_processes_is_drawn_around_outages_silences_and_rogues() {
    let mut network = Network::new();
    network.give_the_court_a_key();
    let campaign = network.campaign.clone();
    let day = |n: i32, h: u8| {
        campaign.instant(campaign.first_day().plus_days(n).unwrap(), sekong_model::Hour::try_from(h).unwrap())
    };
    let outages = [(day(1, 3), day(1, 9), "customs"), (day(3, 0), day(3, 6), "university")];
    for (from, until, id) in outages {
        network.plan_outage(id, from, until);
    }
    use SilenceReason::{NoAnswer, OtherEntries, OtherMoment, OtherTime};
    let hours = [
        (day(1, 18), "court", None, NoAnswer),
        (day(2, 10), "ombudsman", None, NoAnswer),
        (day(3, 14), "customs", Some(Vice::TwoFaced), OtherEntries),
        (day(4, 10), "ombudsman", Some(Vice::Impatient), OtherTime),
        (day(5, 14), "inspectorate", None, NoAnswer),
        (day(6, 10), "university", Some(Vice::Repeats), OtherMoment),
    ];
    let hours = hours.map(|(begins, id, vice, reason)| Hour { begins, id, vice, reason });
    let mut jobs = sekong_centre::jobs(&campaign, 7);
    jobs.dedup_by_key(|(due, _)| *due);
    let (mut noted, mut aside) = (0, None);
    for (due, job) in jobs {
        network.set_stage(due, &hours, &outages);
        network.set_witnesses(due, day(1, 12), day(4, 2)..day(4, 9));
        if aside.is_none() && day(3, 0) < due {
            aside = Some(network.put_aside("old"));
        }
        network.step(due);
        let mut clock = network.settled();
        let hour = hours.iter().find(|hour| matches!(job, Job::Draw(_)) && hour.holds(due, 0));
        if let Some(hour) = hour {
            network.live_through(due, hour, noted);
            clock = network.settled();
        }
        assert_eq!(clock.schedule.waiting, None, "{job}");
        network.check_cosigned(&clock, if due < day(2, 0) { network.start } else { day(4, 2) });
        let seen = network.silences();
        assert!(seen.iter().all(|silence| !silence.waits), "{job}");
        noted = seen.len();
    }
    let named = |silence: &SilenceView| {
        let [silent] = &silence.silent[..] else { panic!("{:?} is one too many", silence.silent) };
        (silent.custodian.to_string(), silent.reason)
    };
    let named: Vec<_> = network.silences().iter().map(named).collect();
    assert_eq!(named.len(), 3 * hours.len(), "each in three provinces: {named:?}");
    for Hour { id, reason, .. } in hours {
        let count = named.iter().filter(|name| **name == (id.to_owned(), reason)).count();
        assert_eq!(count, 3, "{id}, {reason}: {named:?}");
    }
    network.an_auditor_asks("court", &hours);
    network.centre = None;
    network.an_old_copy_is_refused(&aside.unwrap());
    network.check_record(&hours);
}

impl Network {
    /// What a custodian itself shows to an auditor is what the log was drawn with; nobody else is shown anything.
    fn an_auditor_asks(&self, id: &str, hours: &[Hour]) {
        let at = |name: &str| self.root.join(name);
        let (file, out) = (at(&format!("{id}.json")), at("released.json"));
        let (_, address, _) = self.custodians.iter().find(|(known, ..)| known == id).unwrap();
        let fetch = |data: &str, out: &Path| {
            let of = ["--custodian", arg(&file), "--at", address, "--out", arg(out)];
            sekong(["auditor", "fetch", "--data", arg(&at(data))].iter().chain(&of))
        };
        sekong(["auditor", "init", "--data", arg(&at("stranger"))]).exits(0);
        fetch("stranger", &at("none.json")).exits(1).says(&["no answer", "sekong custodian serve --auditor"]);
        assert!(!at("none.json").exists());
        fetch("auditor", &out).exits(0);
        fetch("auditor", &out).exits(1).says(&["released.json", "name a file that is not there yet"]);
        let (data, now) = (at("data"), self.now.to_string());
        let verify = ["verify", arg(&data), "--now", &now, "--released", arg(&out), "--json"];
        let verdict = sekong(verify).exits(0).json();
        assert_eq!(verdict["disputes"], serde_json::json!([]), "{verdict}");
        // Four whole days and more can be seen: three provinces' hours, but for those in which it was silent.
        let silent = 3 * hours.iter().filter(|hour| hour.id == id).count() as u64;
        let shown = verdict["rests_on"]["released"][0]["releases"].as_u64().unwrap();
        assert!(4 * 24 * 3 - silent <= shown && shown < 7 * 24 * 3, "{shown}");
    }

    /// The whole record holds, for the auditor and for the outside verifier, and says who was silent and who vouched.
    fn check_record(&self, hours: &[Hour]) {
        let (data, now) = (self.root.join("data"), self.now.to_string());
        let verdict = sekong(["verify", arg(&data), "--now", &now, "--json"]).exits(0).json();
        assert_eq!(verdict["verified"], true, "{verdict}");
        assert_eq!(verdict["degraded_hours"], 18, "{verdict}");
        for id in CUSTODIANS {
            let of_it = hours.iter().filter(|hour| hour.id == id).count();
            assert_eq!(verdict["degraded"][id], 3 * of_it, "{verdict}");
        }
        assert_eq!(verdict["cosignatures"].as_array().unwrap().len(), 3, "{verdict}");
        let outside = go_verify().args(["-cosigned", "2", arg(&data)]).output().unwrap();
        assert_eq!(outside.status.code(), Some(0), "{}", String::from_utf8_lossy(&outside.stderr));
        let keys = verdict["seat_keys"].as_array().unwrap();
        let vouched: Vec<_> =
            keys.iter().map(|key| (&key["seat"], key["vouched_by"].as_array().unwrap().len())).collect();
        assert_eq!(
            vouched,
            [(&"centre-court".into(), 2), (&"centre-customs".into(), 0), (&"centre-police".into(), 0)]
        );
        let words = sekong(["verify", arg(&data), "--now", &now]).exits(0).stdout;
        assert!(words.contains("vouched for by centre-police and centre-customs"), "{words}");
    }
}
