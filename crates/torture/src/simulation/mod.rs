//! A centre, five custodians, officers and the lines between them on a clock of their own: no real time, no sockets, no
//! threads. All that happens follows from one seed, and the laws are checked at every step.

mod attempt;
mod end;
mod forge;
mod memory;
mod model;
mod net;
pub(crate) mod party;
mod people;
mod plot;
mod world;

use std::collections::BTreeMap;
use std::fmt;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use sekong_centre::{Answers, Centre, CustodianLink, Founding, Job, jobs, terms};
use sekong_draw::Custodian;
use sekong_log::{Period, SilenceReason};
use sekong_model::Moment;
use sekong_simulate::{Chance, Seed};

use forge::Forger;
pub(crate) use memory::Memory;
use model::Model;
use net::{Line, Shared};
use party::Party;
use plot::Plot;
pub use world::{World, world_of};

/// Steps after which a stretch would never end.
const STEPS_MAX: u64 = 100_000;

/// How long after the stretch everything that may still be drawn must be drawn.
const CATCH_UP: SignedDuration = SignedDuration::from_hours(40);

/// Where a folder costs no disk, if the system has that: thousands of small files are written and removed.
const IN_MEMORY: &str = "/dev/shm";

/// A law that does not hold: which, in which seed, at which step.
#[derive(Debug)]
pub struct Broken {
    seed: u64,
    step: u64,
    at: Timestamp,
    law: u8,
    what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { seed, step, at, law, what } = self;
        write!(f, "seed {seed}, step {step}, {at}: law {law}: {what}")
    }
}

/// What a stretch came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// The log's head, a signed note.
    pub head: String,
    /// Moments drawn, each in one province.
    pub drawn: u64,
    /// Custodians that were silent for a moment, by what their answers lacked.
    pub silent: BTreeMap<SilenceReason, u64>,
    /// Silences noted.
    pub silences: u64,
    /// Times that the centre was opened again.
    pub restarts: u64,
    /// Draws that came later than half an hour after they were due.
    pub late: u64,
    /// Whether a moment waits at the end for people who went away.
    pub waits: bool,
    /// Values refused to those who asked before their time or over a second list.
    pub refused: u64,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Happening {
    /// The centre tries its next job; of its so-manieth life.
    Try(u64),
    Down(SignedDuration),
    Up,
    Officers(Moment),
    Announce(Period),
    Outage(usize),
    Attack,
}

struct Simulation<'a> {
    world: &'a World,
    seed: Seed,
    step: u64,
    now: Timestamp,
    folder: tempfile::TempDir,
    store: Memory,
    /// None while it is down.
    centre: Option<Centre<Memory>>,
    /// Times that it was opened.
    life: u64,
    net: Shared,
    links: Vec<std::sync::Arc<dyn CustodianLink>>,
    /// What the custodians answered for the job at hand, and since when they are asked.
    answers: Answers,
    asked_from: Option<Timestamp>,
    job: Option<Job>,
    waits: Option<String>,
    queue: BTreeMap<(Timestamp, u64), Happening>,
    filed: u64,
    /// Moments that officers will come for.
    called: std::collections::BTreeSet<Moment>,
    chance: Chance,
    plot: Plot,
    model: Model,
    two_faced: Forger,
    ended: Ended,
}

type Step = Result<(), Broken>;

/// Lives one seed through and checks every law.
///
/// # Errors
/// The first law that does not hold.
pub fn live(world: &World, seed: u64) -> Result<Ended, Broken> {
    let mut simulation = Simulation::found(world, Seed(seed));
    simulation.fill_queue();
    while let Some(((at, _), happening)) = simulation.queue.pop_first() {
        simulation.now = simulation.now.max(at);
        simulation.step += 1;
        if simulation.is_over() {
            break;
        }
        simulation.happen(happening)?;
        simulation.holds(2, simulation.step < STEPS_MAX, || "it goes on for ever".to_owned())?;
    }
    simulation.check_end()
}

/// What a future comes to that has nothing to wait for: the store is memory and the custodians answer at once.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing here waits")
}

/// A folder for what is published.
pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(IN_MEMORY).or_else(|_| tempfile::tempdir()).expect("a folder can be made")
}

impl<'a> Simulation<'a> {
    fn found(world: &'a World, seed: Seed) -> Simulation<'a> {
        let (campaign, secrets) = (&world.campaign, &world.secrets);
        let terms = terms(campaign, &world.keys);
        let parties = secrets.custodians.iter().map(|secret| Party::new(campaign, &terms, secret));
        let mut lines: Vec<Line> = parties.map(|party| Line::new(party, seed)).collect();
        let plot = Plot::draw(seed, campaign, lines.len());
        Plot::set(seed, campaign, &mut lines, plot.ends);
        let commitments: Vec<_> = lines.iter().map(|line| line.party.custodian().commitment()).collect();
        let officers = world.officers();
        let founding = Founding {
            files: &world.files,
            campaign,
            secrets,
            commitments: &commitments,
            dice: Some((World::public_dice(seed), "simulated".parse().expect("a word is a remark"))),
            officers: &officers,
            devices: &[],
        };
        let folder = folder();
        let (store, now) = (Memory::default(), jobs(campaign, 1)[0].0 - SignedDuration::from_hours(1));
        let centre = at_once(Centre::found(store.clone(), folder.path(), &founding, now));
        let centre = centre.expect("a campaign is founded");
        let net = Shared::default();
        net.net().lines = lines;
        Simulation {
            world,
            seed,
            step: 0,
            now,
            folder,
            store,
            centre: Some(centre),
            life: 1,
            links: net.links(),
            net,
            answers: Answers::default(),
            asked_from: None,
            job: None,
            waits: None,
            queue: BTreeMap::new(),
            filed: 0,
            called: std::collections::BTreeSet::new(),
            chance: seed.stream("centre", ""),
            plot,
            model: Model::default(),
            two_faced: Forger::new(campaign.id().as_str(), &secrets.log, &secrets.cosigners),
            ended: Ended::default(),
        }
    }

    fn fill_queue(&mut self) {
        self.file(self.now, Happening::Try(1));
        for (at, length) in self.plot.downs.clone() {
            self.file(at, Happening::Down(length));
        }
        for (index, outage) in self.plot.outages.clone().iter().enumerate() {
            self.file(outage.told, Happening::Outage(index));
        }
        for at in self.plot.attacks.clone() {
            self.file(at, Happening::Attack);
        }
    }

    /// Files what happens at a time, after all that is filed for it already.
    fn file(&mut self, at: Timestamp, happening: Happening) {
        self.filed += 1;
        self.queue.insert((at, self.filed), happening);
    }

    fn happen(&mut self, happening: Happening) -> Step {
        match happening {
            Happening::Try(life) if life == self.life && self.centre.is_some() => self.try_next(),
            Happening::Try(_) => Ok(()),
            Happening::Down(length) => {
                self.go_down(length);
                Ok(())
            }
            Happening::Up => self.come_up(),
            Happening::Officers(moment) => self.officers_come(moment),
            Happening::Announce(period) => self.announce(period),
            Happening::Outage(index) => self.tell_outage(index),
            Happening::Attack => self.attack(),
        }
    }

    /// The centre's process ends; what it had not committed is lost.
    fn go_down(&mut self, length: SignedDuration) {
        let Some(centre) = self.centre.take() else { return };
        if self.chance.happens(0.5) {
            at_once(centre.close()).expect("a store in memory is closed");
        }
        let mut net = self.net.net();
        net.told.clear();
        net.lines.iter_mut().for_each(Line::hang_up);
        drop(net);
        self.file(self.now + length, Happening::Up);
    }

    /// It opens again from its store and knows what it knew.
    fn come_up(&mut self) -> Step {
        let World { campaign, secrets, .. } = self.world;
        let opened = Centre::open(self.store.clone(), self.folder.path(), campaign, secrets);
        let centre = at_once(opened).map_err(|error| self.broken(1, error.to_string()))?;
        for ((province, moment), key) in &self.model.keys {
            let same =
                centre.state().drawn(province, *moment).is_some_and(|drawn| drawn.key.to_bytes() == *key);
            self.holds(1, same, || format!("a reopened centre has another key for {province}, {moment}"))?;
        }
        self.life += 1;
        self.ended.restarts += 1;
        (self.centre, self.job) = (Some(centre), None);
        self.file(self.now, Happening::Try(self.life));
        Ok(())
    }

    /// The centre, which is up whenever this is asked.
    fn centre(&mut self) -> &mut Centre<Memory> {
        self.centre.as_mut().expect("it is up")
    }

    /// Whether nothing more is to be seen: all is done after the stretch, or nobody is left who could help.
    fn is_over(&self) -> bool {
        let next = self.centre.as_ref().and_then(|centre| centre.state().open_jobs().next());
        let caught_up = self.centre.is_some() && next.is_none_or(|(due, _)| self.now < due);
        let left_long_ago = self.plot.deserted < Timestamp::MAX
            && self.plot.deserted + SignedDuration::from_hours(16) < self.now
            && self.waits.is_some();
        (self.plot.ends < self.now && caught_up) || left_long_ago || self.plot.ends + CATCH_UP < self.now
    }

    fn broken(&self, law: u8, what: String) -> Broken {
        Broken { seed: self.seed.0, step: self.step, at: self.now, law, what }
    }

    fn holds(&self, law: u8, holds: bool, what: impl FnOnce() -> String) -> Step {
        if holds { Ok(()) } else { Err(self.broken(law, what())) }
    }
}
