//! The record that is left, as an auditor finds it: from the published files alone, and against what was lived.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use sekong_centre::{Bodies, Body, Degraded, Evidence, Fault, Folder, Job, State, Verdict, audit};
use sekong_draw::{DrawKey, Release, Throw, period_of, with_daily_die};
use sekong_log::{Entry, Hash, LogFiles, Released, Statement, Tree, audit_log, body_hash};
use sekong_model::{Moment, ProvinceId};
use serde::Deserialize;

use super::{Broken, Ended, Simulation, Step, World};

/// How much later than due an auditor calls a job overdue.
const GRACE: SignedDuration = SignedDuration::from_mins(30);

/// What a moment is drawn with, read without the centre's own code.
#[derive(Deserialize)]
struct Values {
    releases: Vec<Release>,
    throw: Option<Throw>,
}

/// A body of the folder, open or sealed.
fn read_body(folder: &Folder, hash: &Hash) -> std::io::Result<Vec<u8>> {
    let read = |under: PathBuf| fs::read(under.join(hash.to_string()));
    read(folder.bodies()).or_else(|_| read(folder.sealed()))
}

struct FolderBodies(Folder);

impl Bodies for FolderBodies {
    fn get(&self, hash: &Hash) -> Body {
        match read_body(&self.0, hash) {
            Ok(bytes) if body_hash(&bytes) == *hash => Body::Here(bytes),
            Ok(_) => Body::Altered,
            Err(_) => Body::Missing,
        }
    }
}

fn read_all(root: &Path, folder: &Path, files: &mut LogFiles) {
    for entry in fs::read_dir(folder).expect("the folder is published") {
        let path = entry.expect("it is listed").path();
        if path.is_dir() {
            read_all(root, &path, files);
        } else {
            let name = path.strip_prefix(root).expect("it lies there").to_string_lossy().into_owned();
            files.insert(name, fs::read(&path).expect("it is read"));
        }
    }
}

impl Simulation<'_> {
    /// Judges what is left; a centre that is down is opened once more.
    pub(super) fn check_end(mut self) -> Result<Ended, Broken> {
        if self.centre.is_none() {
            self.come_up()?;
        }
        let open: Vec<_> = self.centre().state().open_jobs().collect();
        let due = open.first().filter(|(due, _)| *due <= self.now).map(|(_, job)| *job);
        self.ended.waits = due.is_some();
        let forsaken = self.plot.deserted < self.now && self.waits_for_people(due);
        self.holds(2, due.is_none() || forsaken, || format!("{due:?} still waits, for {:?}", self.waits))?;
        self.ended.head = self.centre().head().unwrap_or_default().to_owned();
        let verdict = self.audit();
        self.check_faults(&verdict, &open)?;
        self.check_record(&verdict)?;
        self.check_given()?;
        Ok(self.ended)
    }

    /// Whether what is open waits for dice that people would have thrown or announced.
    fn waits_for_people(&self, due: Option<Job>) -> bool {
        let Some(Job::Draw(moment)) = due else { return false };
        let silent = self.model.silences.keys().any(|(_, of)| *of == moment);
        silent || !self.has_die(moment)
    }

    fn log_files(&self) -> LogFiles {
        let (mut files, log) = (LogFiles::new(), self.folder.path().join("log"));
        read_all(&log, &log, &mut files);
        files
    }

    /// The releases in the published log, in order.
    fn releases(&self) -> Vec<Released> {
        let mut releases = Vec::new();
        let mut visit = |_: u64, entry: Entry, _: &Tree| {
            if let Ok(Statement::Release(said)) = Statement::from_parts(entry.kind(), entry.body()) {
                releases.push(said);
            }
        };
        // A log that does not hold is a fault of the verdict, and gives none here.
        let _ = audit_log(&self.log_files(), self.world.keys.head_keys(), None, &mut visit);
        releases
    }

    fn audit(&self) -> Verdict {
        let evidence = Evidence {
            files: &self.log_files(),
            keys: &self.world.keys,
            bodies: &FolderBodies(Folder::new(self.folder.path())),
            store_head: Some(&self.ended.head),
            now: self.now,
            since: None,
            known: None,
        };
        audit(&evidence, &mut |_| ())
    }

    /// What is drawn late is no fault: its entry's time says so. What is still open at the head's time is one.
    fn check_faults(&self, verdict: &Verdict, open: &[(jiff::Timestamp, Job)]) -> Step {
        let head = verdict.log.as_ref().and_then(|log| log.head.cosignatures.first());
        let head = head.ok_or_else(|| self.broken(6, format!("no log: {:?}", verdict.faults)))?.time;
        let planned = verdict.state.as_ref().and_then(State::planned_until);
        let of_planned = |job: Job| match job {
            Job::Plan(day) | Job::Close(day, _) => Some(day) <= planned,
            Job::Freeze(sekong_log::Period::Day { day }) => Some(day) <= planned,
            Job::Draw(Moment::Hour { day, .. }) => Some(day) <= planned,
            Job::Freeze(_) | Job::Draw(Moment::Week { .. }) => planned.is_some(),
        };
        let overdue = open.iter().filter(|(due, job)| *due <= head - GRACE && of_planned(*job));
        let wanted: Vec<String> =
            overdue.map(|(due, job)| Fault::Skipped { job: *job, due: *due }.to_string()).collect();
        let found: Vec<String> = verdict.faults.iter().map(|fault| fault.detail.clone()).collect();
        self.holds(6, found == wanted, || format!("the auditor finds {found:?}, overdue are {wanted:?}"))?;
        self.holds(6, verdict.sealed == 0, || format!("{} entries are sealed", verdict.sealed))
    }

    fn check_record(&self, verdict: &Verdict) -> Step {
        let Some(state) = &verdict.state else { return Ok(()) };
        let mut released = BTreeMap::new();
        for said in self.releases() {
            let key = (said.province.clone(), said.moment);
            let first = released.insert(key, said).is_none();
            self.holds(1, first, || "a moment is released twice in one province".to_owned())?;
        }
        self.holds(1, released.keys().eq(self.model.keys.keys()), || {
            format!("drawn were {:?}, the log holds {:?}", self.model.keys.keys(), released.keys())
        })?;
        for ((province, moment), said) in &released {
            self.check_key(state, province, *moment, said)?;
        }
        let degraded = Degraded::of(state);
        let counted = [
            (degraded.province_hours, &degraded.by_custodian),
            (degraded.province_weeks, &degraded.weeks_by_custodian),
        ];
        let kinds: [fn(&Moment) -> bool; 2] =
            [|moment| matches!(moment, Moment::Hour { .. }), |moment| matches!(moment, Moment::Week { .. })];
        for ((count, each), of) in counted.into_iter().zip(kinds) {
            let wanted = self.model.degraded(&self.world.campaign, of);
            let moments = self.model.silences.keys().filter(|(_, moment)| of(moment)).count() as u64;
            self.holds(8, *each == wanted && count == moments, || {
                format!("inflicted were {wanted:?}, the log counts {degraded:?}")
            })?;
        }
        Ok(())
    }

    /// The key again, from the releases that the log names, the noted silence and the dice that were thrown first.
    fn check_key(&self, state: &State, province: &ProvinceId, moment: Moment, said: &Released) -> Step {
        let key = (province.clone(), moment);
        let values = self.values(&said.values)?;
        let silent = self.model.silences.get(&key);
        if let Some(noted) = state.silence(province, moment) {
            let received = self.values(&noted.received)?;
            self.holds(5, received.releases == values.releases, || {
                format!("{province}, {moment} is drawn with other releases than were noted")
            })?;
        }
        let thrown = self.model.used.get(&key);
        let dice = values.throw.as_ref().map(|throw| &throw.dice);
        self.holds(5, dice == thrown && thrown.is_some() == silent.is_some(), || {
            format!("{province}, {moment} is drawn with the dice {dice:?}, thrown were {thrown:?}")
        })?;
        let mut releases = values.releases.iter();
        let mut shares = Vec::new();
        for custodian in self.model.needed(&self.world.campaign, moment) {
            let is_silent = silent.is_some_and(|all| all.iter().any(|one| one.custodian == custodian));
            let share = match thrown.filter(|_| is_silent) {
                Some(dice) => Some(dice.value()),
                None => releases.next().filter(|one| one.custodian == custodian).map(|one| one.value),
            };
            let share =
                share.ok_or_else(|| self.broken(5, format!("no value of {custodian} for {moment}")))?;
            shares.push((custodian, share.0));
        }
        let dice = World::public_dice(self.seed);
        let daily = self.model.dice.get(&period_of(moment));
        let dice = daily.map_or(dice.0, |digits| with_daily_die(dice.as_bytes(), digits));
        let recomputed = Some(DrawKey::new(&dice, &shares).to_bytes());
        let same = recomputed.as_ref() == self.model.keys.get(&key)
            && recomputed == state.drawn(province, moment).map(|drawn| drawn.key.to_bytes());
        self.holds(5, same && releases.next().is_none(), || {
            format!("{province}, {moment} has another key than its releases and dice make")
        })
    }

    fn values(&self, hash: &Hash) -> Result<Values, Broken> {
        let bytes = read_body(&Folder::new(self.folder.path()), hash)
            .map_err(|error| self.broken(6, format!("{hash}: {error}")))?;
        serde_json::from_slice(&bytes).map_err(|error| self.broken(5, format!("{hash}: {error}")))
    }

    /// No honest instance gave a value before its time by its clock, over a second list, or in two versions.
    fn check_given(&self) -> Step {
        for line in &self.net.net().lines {
            let id = &line.party.id;
            self.holds(4, line.differed == 0, || format!("{id} answered one request in two ways"))?;
            let mut freezes = BTreeMap::new();
            for given in &line.party.given {
                let release = &given.release;
                let due = self.model.due(&self.world.campaign, release.moment);
                let in_time = due.is_some_and(|due| due <= given.clock);
                let right_clock = given.clock <= given.at;
                let in_time = in_time && (!right_clock || due.is_some_and(|due| due <= given.at));
                self.holds(4, in_time, || {
                    format!("{id} gave {} at {} by its clock, due {due:?}", release.moment, given.clock)
                })?;
                let period = (release.province.clone(), period_of(release.moment));
                let freeze = release.freeze();
                let one = *freezes.entry(period).or_insert(freeze) == freeze;
                self.holds(4, one, || format!("{id} gave {} over two lists", release.moment))?;
            }
        }
        Ok(())
    }
}
