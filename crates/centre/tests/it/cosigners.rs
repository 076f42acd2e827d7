//! Three cosigners, two of whom freeze a head: what goes on while some cannot be reached, what waits, and what shows.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use jiff::{SignedDuration, Timestamp};
use sekong_centre::api::views::ClockView;
use sekong_centre::{CentreError, Cosigning, Job, Submission, Witness, WitnessError};
use sekong_log::{Head, Period, VerifierKey};
use sekong_model::{Hour, Moment};
use sekong_store::{SqliteStore, Store};

use crate::founded::{Founded, device};
use crate::site::Site;

/// A line to a cosigner that can be cut.
struct Line {
    to: Box<dyn Witness>,
    place: u8,
    /// One bit a cosigner that cannot be reached.
    cut: Arc<AtomicU8>,
}

impl Witness for Line {
    fn key(&self) -> &VerifierKey {
        self.to.key()
    }

    fn cosign<'a>(&'a mut self, head: Submission<'a>, now: Timestamp) -> Cosigning<'a> {
        if self.cut.load(Ordering::Relaxed) & (1 << self.place) == 0 {
            return self.to.cosign(head, now);
        }
        Box::pin(std::future::ready(Err(WitnessError::NoAnswer("the line is dead".to_owned()))))
    }
}

/// Lines that bend what comes back into another cosigner's.
struct Swapped(Box<dyn Witness>);

impl Witness for Swapped {
    fn key(&self) -> &VerifierKey {
        self.0.key()
    }

    fn cosign<'a>(&'a mut self, head: Submission<'a>, now: Timestamp) -> Cosigning<'a> {
        Box::pin(async move {
            self.0.cosign(head, now).await?;
            // The log's own line is on every head.
            let note: sekong_log::SignedNote = head.note.parse().unwrap();
            Ok(note.signatures()[0].clone())
        })
    }
}

/// A cosigner that looks first whether the store holds what it is shown, and counts what it has looked at.
struct Looks {
    to: Box<dyn Witness>,
    store: PathBuf,
    seen: Arc<AtomicU8>,
}

impl Witness for Looks {
    fn key(&self) -> &VerifierKey {
        self.to.key()
    }

    fn cosign<'a>(&'a mut self, head: Submission<'a>, now: Timestamp) -> Cosigning<'a> {
        Box::pin(async move {
            let mut store = SqliteStore::open_read_only(&self.store).await.unwrap();
            let stored = store.newest_head().await.unwrap().unwrap();
            assert_eq!(stored.size, head.size, "a head that a crash could take back");
            assert!(head.note.starts_with(stored.note.split_once("\n\n").unwrap().0));
            self.seen.fetch_add(1, Ordering::Relaxed);
            self.to.cosign(head, now).await
        })
    }
}

impl Founded {
    fn with_lines(&mut self) -> Arc<AtomicU8> {
        let cut = Arc::new(AtomicU8::new(0));
        self.cut_by(&cut);
        cut
    }

    fn cut_by(&mut self, cut: &Arc<AtomicU8>) {
        let mut place = 0..;
        self.centre
            .reach_cosigners(|to| Box::new(Line { to, place: place.next().unwrap(), cut: cut.clone() }));
    }

    /// Names of those who cosigned the newest head, by their last letter.
    pub(crate) fn cosigned(&self) -> String {
        let keys = self.centre.keys();
        let head = self.centre.head().unwrap();
        let head = Head::open(head, &keys.log, keys.cosigners.as_deref().unwrap()).unwrap();
        head.cosignatures.iter().map(|cosignature| cosignature.name.chars().last().unwrap()).collect()
    }

    pub(crate) fn missing(&self) -> Vec<String> {
        let missing = self.centre.missing_cosigners().iter();
        missing.map(|missing| format!("{}: {}", missing.name, missing.why)).collect()
    }

    /// One true report, at half past midnight.
    pub(crate) async fn report_one(&mut self, which: usize) {
        let now = self.now;
        let (unit, due) = self.dues()[which].clone();
        let mut device = device(&self.campaign, &due.team);
        let entry = self.written(&mut device, &self.report(&unit, &due));
        self.centre.submit(entry.bytes(), now).unwrap();
        self.centre.commit(now).await.unwrap();
    }
}

#[tokio::test]
async fn all_three_cosign_and_with_one_out_of_reach_everything_goes_on_and_it_is_named() {
    let mut founded = Founded::new().await;
    assert_eq!((founded.cosigned().as_str(), founded.missing()), ("123", vec![]));
    let cut = founded.with_lines();
    cut.store(0b010, Ordering::Relaxed);
    let midnight = founded.instant(Hour::MIDNIGHT);
    founded.run_until(midnight).await;
    assert_eq!(founded.cosigned(), "13");
    assert_eq!(founded.missing(), ["sekong/northeast-2017/cosigner-2: no answer: the line is dead"]);
    // It comes back, and goes on from what it saw last.
    cut.store(0, Ordering::Relaxed);
    founded.now += SignedDuration::from_mins(30);
    founded.report_one(0).await;
    assert_eq!((founded.cosigned().as_str(), founded.missing()), ("123", vec![]));
    // After a restart each goes on from the newest head that carries its line.
    cut.store(0b100, Ordering::Relaxed);
    founded.report_one(1).await;
    let mut founded = founded.reopen().await;
    assert_eq!(founded.missing(), ["sekong/northeast-2017/cosigner-3: it had not when the centre ended"]);
    founded.report_one(2).await;
    assert_eq!((founded.cosigned().as_str(), founded.missing()), ("123", vec![]));
}

#[tokio::test]
async fn with_too_few_cosigners_reports_and_frozen_hours_go_on_and_freezes_wait_for_those_who_are_named() {
    let mut founded = Founded::at_midnight().await;
    let cut = founded.with_lines();
    cut.store(0b110, Ordering::Relaxed);
    founded.now += SignedDuration::from_mins(30);
    founded.report_one(0).await;
    assert_eq!(founded.cosigned(), "1");
    // What is frozen stays so: one o'clock is drawn under the head that was cosigned before.
    let one = Moment::Hour { day: founded.day(), hour: Hour::try_from(1).unwrap() };
    founded.now += SignedDuration::from_mins(20);
    founded.run(Job::Draw(one), founded.now).await;
    assert!(founded.centre.state().drawn(&founded.campaign.provinces()[0].id, one).is_some());

    let next = founded.day().plus_days(1).unwrap();
    let freeze = founded.campaign.absences_frozen_at(next);
    loop {
        let (due, job) = founded.centre.state().open_jobs().next().unwrap();
        if due == freeze {
            break;
        }
        let at = due.max(founded.now);
        founded.run(job, at).await;
        founded.now = at;
    }
    assert_eq!(founded.cosigned(), "1");
    let job = Job::Freeze(Period::Day { day: next });
    let waits = founded.try_to_run(job, freeze).await.unwrap_err();
    assert!(matches!(waits, CentreError::TooFewCosigned { .. }), "{waits}");
    for named in ["cosigner-2 (no answer: the line is dead)", "cosigner-3", "2 must"] {
        assert!(waits.to_string().contains(named), "{waits}");
    }
    // Nothing new is logged; those who come back cosign what waits for them, and the freeze is done.
    let size = founded.centre.log_size();
    cut.store(0b100, Ordering::Relaxed);
    founded.centre.commit(freeze).await.unwrap();
    assert_eq!((founded.centre.log_size(), founded.cosigned().as_str()), (size, "12"));
    let published = std::fs::read_to_string(founded.folder.path().join("log/checkpoint")).unwrap();
    assert_eq!(Some(published.as_str()), founded.centre.head());
    founded.run(job, freeze + SignedDuration::from_mins(1)).await;
}

/// A cosigner whose clock is ahead, as far as is tolerated.
struct Ahead(Box<dyn Witness>);

impl Witness for Ahead {
    fn key(&self) -> &VerifierKey {
        self.0.key()
    }

    fn cosign<'a>(&'a mut self, head: Submission<'a>, now: Timestamp) -> Cosigning<'a> {
        self.0.cosign(head, now + SignedDuration::from_secs(90))
    }

    fn is_here(&self) -> bool {
        self.0.is_here()
    }
}

#[tokio::test]
async fn a_cosigner_whose_clock_is_ahead_makes_nothing_late_that_enough_had_cosigned() {
    let mut founded = Founded::at_midnight().await;
    let mut first = true;
    founded.centre.reach_cosigners(|to| if std::mem::take(&mut first) { Box::new(Ahead(to)) } else { to });
    let deadline = founded.centre.state().report_deadline(founded.day(), Hour::MIDNIGHT);
    founded.run_until(deadline - SignedDuration::from_secs(20)).await;
    founded.report_one(0).await;
    assert_eq!(founded.cosigned().len(), 3);
    let (unit, due) = founded.dues()[0].clone();
    founded.run(Job::Close(founded.day(), Hour::MIDNIGHT), deadline).await;
    let outcome = founded.centre.state().outcome(founded.day(), Hour::MIDNIGHT, &due);
    assert_eq!(outcome, sekong_centre::Outcome::Done, "{unit}");
}

/// What a cosigner has signed binds its own clock, and nobody else's.
#[tokio::test]
async fn after_a_restart_one_whose_clock_was_ahead_keeps_neither_the_others_nor_the_centre_from_going_on() {
    let mut founded = Founded::at_midnight().await;
    let mut first = true;
    founded.centre.reach_cosigners(|to| if std::mem::take(&mut first) { Box::new(Ahead(to)) } else { to });
    founded.now += SignedDuration::from_mins(30);
    founded.report_one(0).await;
    assert_eq!(founded.cosigned(), "123");
    let mut founded = founded.reopen().await;
    assert!(founded.centre.latest_time() <= founded.now, "{}", founded.centre.latest_time());
    founded.now += SignedDuration::from_secs(10);
    founded.report_one(1).await;
    assert_eq!(founded.cosigned(), "23");
    assert!(founded.missing()[0].contains("signs nothing before that"), "{:?}", founded.missing());
    founded.now += SignedDuration::from_secs(90);
    founded.report_one(2).await;
    assert_eq!((founded.cosigned().as_str(), founded.missing()), ("123", vec![]));
}

#[tokio::test]
async fn from_a_freeze_to_its_draw_too_few_cosigners_make_it_wait_and_no_more() {
    let mut founded = Founded::new().await;
    let cut = founded.with_lines();
    let week = Moment::Week { week: 0 };
    let draw = loop {
        let (due, job) = founded.centre.state().open_jobs().next().unwrap();
        if job == Job::Draw(week) {
            break due;
        }
        if matches!(job, Job::Freeze(_)) {
            // The freeze quotes a head that stands, and is itself seen by one cosigner alone.
            cut.store(0b110, Ordering::Relaxed);
        }
        founded.run(job, due.max(founded.now)).await;
        founded.now = due.max(founded.now);
    };
    let waits = founded.try_to_run(Job::Draw(week), draw).await.unwrap_err();
    assert!(matches!(waits, CentreError::TooFewCosigned { .. }), "{waits}");
    cut.store(0, Ordering::Relaxed);
    // A list stands an hour from when enough have seen it; what was late is drawn late.
    founded.centre.commit(draw).await.unwrap();
    founded.run(Job::Draw(week), draw + SignedDuration::from_hours(2)).await;
    assert!(founded.centre.state().is_released(&founded.campaign.provinces()[0].id, week));
}

#[test]
fn a_running_centre_tries_a_freeze_again_until_enough_cosign_and_its_clock_names_who_does_not() {
    let cut = Arc::new(AtomicU8::new(0b110));
    let site = Site::prepared(true, None, |founded| founded.cut_by(&cut));
    let freeze = site.campaign.absences_frozen_at(site.day().plus_days(1).unwrap());
    site.set(freeze);
    let waiting = site.until(|clock| clock.schedule.waiting.clone());
    assert!(waiting.contains("cosigner-2 (no answer: the line is dead)"), "{waiting}");
    let clock: ClockView = site.get("/api/clock").json();
    let named: Vec<_> = clock.missing_cosigners.iter().map(|missing| missing.name.as_str()).collect();
    assert_eq!(named, ["sekong/northeast-2017/cosigner-2", "sekong/northeast-2017/cosigner-3"]);
    cut.store(0, Ordering::Relaxed);
    site.step_to(freeze + SignedDuration::from_mins(1)).unwrap();
    let clock: ClockView = site.get("/api/clock").json();
    assert_eq!((clock.schedule.waiting, clock.missing_cosigners), (None, vec![]));
    site.end();
}

#[tokio::test]
async fn a_line_by_another_key_is_no_cosignature() {
    let mut founded = Founded::at_midnight().await;
    let mut first = true;
    founded.centre.reach_cosigners(|to| if std::mem::take(&mut first) { Box::new(Swapped(to)) } else { to });
    founded.now += SignedDuration::from_mins(30);
    founded.report_one(0).await;
    assert_eq!(founded.cosigned(), "23");
    assert_eq!(
        founded.missing(),
        ["sekong/northeast-2017/cosigner-1: its answer is no cosignature: it is a line of another key"]
    );
}

#[tokio::test]
async fn a_campaign_is_founded_with_as_many_cosigners_as_it_says() {
    let mut founded = Founded::new().await;
    let mut secrets = crate::founded::secrets(&founded.campaign);
    secrets.cosigners.pop();
    let store = SqliteStore::open(&founded.folder.path().join("sekong.db")).await.unwrap();
    founded.centre.commit(founded.now).await.unwrap();
    let opened = sekong_centre::Centre::open(store, founded.folder.path(), &founded.campaign, &secrets).await;
    let error = opened.map(drop).unwrap_err().to_string();
    assert!(
        error.contains("rules.cosigners = 3") && error.contains("there are 2 in this process"),
        "{error}"
    );
}

#[tokio::test]
async fn a_cosigner_sees_no_head_that_is_not_durable() {
    let mut founded = Founded::at_midnight().await;
    let (store, seen) = (founded.folder.path().join("sekong.db"), Arc::new(AtomicU8::new(0)));
    founded.centre.reach_cosigners(|to| Box::new(Looks { to, store: store.clone(), seen: seen.clone() }));
    founded.now += SignedDuration::from_mins(30);
    founded.report_one(0).await;
    founded.report_one(1).await;
    assert_eq!((founded.cosigned().as_str(), seen.load(Ordering::Relaxed)), ("123", 6));
}

/// A cosigner that tells of another history once a bit is set.
struct Elsewhere {
    to: Box<dyn Witness>,
    place: u8,
    told: Arc<AtomicU8>,
}

impl Witness for Elsewhere {
    fn key(&self) -> &VerifierKey {
        self.to.key()
    }

    fn cosign<'a>(&'a mut self, head: Submission<'a>, now: Timestamp) -> Cosigning<'a> {
        if self.told.load(Ordering::Relaxed) & (1 << self.place) == 0 {
            return self.to.cosign(head, now);
        }
        Box::pin(std::future::ready(Err(WitnessError::OtherHistory { seen: 9_999 })))
    }
}

#[tokio::test]
async fn one_cosigner_that_tells_of_another_history_is_an_alarm_and_two_of_three_end_the_centre() {
    let mut founded = Founded::at_midnight().await;
    let (told, mut place) = (Arc::new(AtomicU8::new(0)), 0..);
    let elsewhere =
        |to| Box::new(Elsewhere { to, place: place.next().unwrap(), told: told.clone() }) as Box<dyn Witness>;
    founded.centre.reach_cosigners(elsewhere);
    founded.now += SignedDuration::from_mins(30);
    told.store(0b001, Ordering::Relaxed);
    founded.report_one(0).await;
    assert!(founded.missing()[0].contains("another history"), "{:?}", founded.missing());
    told.store(0b011, Ordering::Relaxed);
    let (unit, due) = founded.dues()[1].clone();
    let entry = founded.written(&mut device(&founded.campaign, &due.team), &founded.report(&unit, &due));
    founded.centre.submit(entry.bytes(), founded.now).unwrap();
    let ended = founded.centre.commit(founded.now).await.unwrap_err();
    assert!(ended.to_string().contains("another history"), "nothing is acknowledged any more: {ended}");
}
