//! The one writer: what waits when it is free goes into one group commit; nothing is answered before it is durable.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use sekong_draw::Throw;
use sekong_log::{
    Channel, Enrolled, Entry, HeadAnchored, InspectedTwice, OfficerEnrolled, OutagePlanned, Period,
    PersonErased, PersonLookedUp, PlantCommitted, PlantRevealed, SaltedPerson, TableReason,
};
use sekong_model::{Moment, TeamId};
use sekong_store::Store;
use tokio::sync::{RwLock, mpsc, oneshot, watch};

use super::publisher::Publisher;
use super::{Away, Stopped};
use crate::centre::{Centre, CentreError, Refusal, Relayed};
use crate::clock::Clock;
use crate::custody::{Answers, Ask};
use crate::fault::Fault;
use crate::gate::{Closed, Gate};
use crate::publication::Published;
use crate::schedule::Job;
use crate::witness::Missing;

/// Wishes that may wait for the writer; whoever comes later waits for a place.
pub(super) const WAITING_MAX: usize = 1_024;

/// Wishes in one group commit at most.
const BATCH_MAX: usize = 256;

/// Between two looks at whether the log may be written, and two tries to publish what could not be: neither waits for an entry, and no
/// request puts it off.
const TICK: Duration = Duration::from_secs(5);

/// What the writer is asked for.
pub(super) enum Wish {
    /// Log an entry of a device, with the records of persons that it commits to.
    Take(Box<Entry>, Vec<SaltedPerson>, oneshot::Sender<Result<Taken, Refusal>>),
    /// Erase a person's record.
    Erase(PersonErased, oneshot::Sender<Result<u64, CentreError>>),
    /// Log a look at a person's record.
    Look(PersonLookedUp, oneshot::Sender<Result<u64, CentreError>>),
    /// Enrol a device.
    Enrol(Enrolled, oneshot::Sender<Result<u64, CentreError>>),
    /// Log that a team's newest order is relayed, and give its code.
    Relay(TeamId, Channel, oneshot::Sender<Result<Relayed, CentreError>>),
    /// Give a team a new table.
    Table(TeamId, TableReason, oneshot::Sender<Result<u64, CentreError>>),
    /// Run a job of the schedule, with what the custodians answered if it is a draw.
    Run(Job, Answers, oneshot::Sender<Result<(), CentreError>>),
    /// Say which custodians are to be asked what, after these answers.
    Asks(Moment, Answers, oneshot::Sender<Result<Vec<Ask>, CentreError>>),
    /// Draw with dice that two officers threw.
    Throw(Throw, oneshot::Sender<Result<(), CentreError>>),
    /// Log an outage that a custodian planned.
    Outage(OutagePlanned, oneshot::Sender<Result<u64, CentreError>>),
    /// Log a commitment to another log's head.
    Anchor(HeadAnchored, oneshot::Sender<Result<u64, CentreError>>),
    /// Log a commitment to simulants.
    Plant(PlantCommitted, oneshot::Sender<Result<u64, CentreError>>),
    /// Log what was planted.
    Reveal(PlantRevealed, oneshot::Sender<Result<u64, CentreError>>),
    /// Log a double inspection.
    Double(InspectedTwice, oneshot::Sender<Result<u64, CentreError>>),
    /// Give a seat that throws dice a key.
    Officer(OfficerEnrolled, oneshot::Sender<Result<u64, CentreError>>),
    /// Log a daily die by its digits.
    Die(Period, String, oneshot::Sender<Result<u64, CentreError>>),
    /// Bring the published folder up to the newest head, and write that once more; why not, if it cannot be.
    Publish(oneshot::Sender<Option<String>>),
}

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It was logged now.
    New(u64),
    /// It stands there already.
    Before(u64),
    /// Another entry of this device and sequence stands there, and both are shown.
    TwoFaces {
        /// Index of the other one.
        logged: u64,
        /// Index of the entry that shows both.
        shown: u64,
    },
}

/// An answer that waits for the commit.
enum Answer {
    Taken(oneshot::Sender<Result<Taken, Refusal>>, Result<Taken, Refusal>),
    Written(oneshot::Sender<Result<u64, CentreError>>, Result<u64, CentreError>),
    Relayed(oneshot::Sender<Result<Relayed, CentreError>>, Result<Relayed, CentreError>),
    Thrown(oneshot::Sender<Result<(), CentreError>>, Result<(), CentreError>),
}

impl Answer {
    /// A caller who went away needs no answer: what was logged stays, and he will ask again.
    fn give(self) {
        match self {
            Answer::Taken(to, answer) => drop(to.send(answer)),
            Answer::Written(to, answer) => drop(to.send(answer)),
            Answer::Relayed(to, answer) => drop(to.send(answer)),
            Answer::Thrown(to, answer) => drop(to.send(answer)),
        }
    }
}

/// The writer's side of a running centre.
pub(super) struct Writer<S> {
    pub(super) centre: Arc<RwLock<Centre<S>>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) away: Arc<Away>,
    pub(super) committed: watch::Sender<u64>,
    pub(super) unpublished: watch::Sender<Option<String>>,
    pub(super) missing: watch::Sender<Vec<Missing>>,
    pub(super) gate: Gate,
    pub(super) closed: watch::Sender<Option<Closed>>,
    pub(super) publisher: Publisher,
}

impl<S: Store> Writer<S> {
    /// Writes until nobody can ask any more.
    ///
    /// # Errors
    /// A commit that failed: what is in memory may be ahead of the store, so nothing may be written after it.
    pub(super) async fn run(mut self, mut wishes: mpsc::Receiver<Wish>) -> Result<(), Stopped> {
        let (mut batch, mut closed, clock) = (Vec::new(), None, self.clock.clone());
        let mut ticks = tokio::time::interval(TICK);
        loop {
            let mut again_due = false;
            let again = self.centre.read().await.ledger().asks_again_at();
            let wished = tokio::select! {
                published = self.publisher.written() => {
                    self.published(published).await;
                    None
                }
                wished = wishes.recv_many(&mut batch, BATCH_MAX) => Some(0 < wished),
                // A cosigner that was left alone is asked for the newest head, whether or not anything is written meanwhile.
                () = comes(&*clock, again), if closed.is_none() => Some(true),
                _ = ticks.tick() => {
                    again_due = true;
                    None
                }
            };
            closed = self.look();
            if again_due {
                self.publish_again().await;
            }
            match (wished, &closed) {
                (Some(false), _) => break,
                (Some(true), None) => {
                    self.grant(std::mem::take(&mut batch)).await.map_err(|error| Stopped::because(&error))?;
                }
                (Some(true), Some(closed)) => self.refuse(std::mem::take(&mut batch), closed).await,
                (None, _) => (),
            }
        }
        let mut centre = self.centre.write().await;
        self.publisher.finish(&mut centre, self.clock.now()).await;
        tell_unpublished(&self.unpublished, &centre);
        if closed.is_some() {
            return Ok(());
        }
        centre.settle().await.map_err(|error| Stopped::because(&error))
    }

    /// Tries again what could not be published, for nothing may be logged for hours.
    async fn publish_again(&mut self) {
        let mut centre = self.centre.write().await;
        centre.publish_again();
        self.publisher.begin(&mut centre, self.clock.now());
    }

    /// Takes what came of a publication, and begins the next one if something came meanwhile.
    async fn published(&mut self, published: Published) {
        let mut centre = self.centre.write().await;
        centre.note_published(published);
        tell_unpublished(&self.unpublished, &centre);
        self.publisher.begin(&mut centre, self.clock.now());
    }

    /// Whether the log may be written now; a change shows.
    fn look(&mut self) -> Option<Closed> {
        let closed = self.gate.closed();
        self.closed.send_if_modified(|told| {
            let changed = *told != closed;
            told.clone_from(&closed);
            changed
        });
        closed
    }

    /// Writes nothing. A device that sends what is logged still gets its receipt, unless it brings records, which may be lost.
    async fn refuse(&self, batch: Vec<Wish>, closed: &Closed) {
        let centre = self.centre.read().await;
        let refused = || CentreError::from(closed.clone());
        for wish in batch {
            match wish {
                Wish::Take(entry, persons, to) => {
                    let before = centre.state().logged(&entry.device(), entry.seq());
                    let before = before.filter(|_| persons.is_empty());
                    let before = before.filter(|index| centre.is_at(*index, &entry));
                    drop(to.send(before.map(Taken::Before).ok_or_else(|| closed.clone().into())));
                }
                Wish::Enrol(_, to)
                | Wish::Table(_, _, to)
                | Wish::Erase(_, to)
                | Wish::Look(_, to)
                | Wish::Outage(_, to)
                | Wish::Anchor(_, to)
                | Wish::Plant(_, to)
                | Wish::Reveal(_, to)
                | Wish::Double(_, to)
                | Wish::Officer(_, to)
                | Wish::Die(_, _, to) => drop(to.send(Err(refused()))),
                Wish::Relay(_, _, to) => drop(to.send(Err(refused()))),
                Wish::Run(_, _, to) | Wish::Throw(_, to) => drop(to.send(Err(refused()))),
                Wish::Asks(_, _, to) => drop(to.send(Err(refused()))),
                Wish::Publish(to) => {
                    let _ = to.send(Some(closed.to_string()));
                }
            }
        }
    }

    async fn grant(&mut self, batch: Vec<Wish>) -> Result<(), CentreError> {
        let own = self.centre.clone();
        let mut centre = own.write().await;
        let mut answers = Vec::new();
        for wish in batch {
            let now = self.clock.now();
            match wish {
                Wish::Take(entry, persons, to) => {
                    let mut taken = take(&mut centre, &entry, &persons, now);
                    if let (Ok(Taken::Before(index)), false) = (&taken, persons.is_empty()) {
                        let kept = centre.take_again(*index, &entry, &persons).await?;
                        taken = kept.and(taken);
                    }
                    answers.push(Answer::Taken(to, taken));
                }
                Wish::Erase(said, to) => answers.push(Answer::Written(to, centre.erase(said, now))),
                Wish::Look(said, to) => answers.push(Answer::Written(to, centre.look(said, now))),
                Wish::Enrol(enrolled, to) => {
                    answers.push(Answer::Written(to, centre.enrol(enrolled, now)));
                }
                Wish::Relay(team, channel, to) => {
                    answers.push(Answer::Relayed(to, centre.relay(&team, channel, now)));
                }
                Wish::Table(team, reason, to) => {
                    answers.push(Answer::Written(to, centre.replace_table(&team, reason, now)));
                }
                Wish::Asks(moment, answers, to) => drop(to.send(centre.asks(moment, &answers, now).await)),
                Wish::Throw(throw, to) => {
                    answers.push(Answer::Thrown(to, centre.throw(&throw, now).await));
                }
                Wish::Outage(outage, to) => {
                    answers.push(Answer::Written(to, centre.plan_outage(outage, now)));
                }
                Wish::Anchor(said, to) => answers.push(Answer::Written(to, centre.anchor(said, now))),
                Wish::Plant(said, to) => answers.push(Answer::Written(to, centre.plant(said, now))),
                Wish::Reveal(said, to) => answers.push(Answer::Written(to, centre.reveal(said, now))),
                Wish::Double(said, to) => {
                    answers.push(Answer::Written(to, centre.inspected_twice(said, now)));
                }
                Wish::Officer(enrolled, to) => {
                    answers.push(Answer::Written(to, centre.enrol_officer(enrolled, now)));
                }
                Wish::Die(period, number, to) => {
                    answers.push(Answer::Written(to, centre.announce_die(period, number, now).await));
                }
                Wish::Publish(to) => {
                    self.publisher.finish(&mut centre, now).await;
                    centre.publish_head();
                    tell_unpublished(&self.unpublished, &centre);
                    let _ = to.send(centre.ledger().unpublished().map(str::to_owned));
                }
                Wish::Run(job, released, to) => {
                    self.commit(&mut centre, &mut answers).await?;
                    // A job publishes by itself, and its list or order is there when it is done.
                    self.publisher.finish(&mut centre, now).await;
                    let done = centre.run(job, now, &*self.away, &released).await;
                    self.tell(&centre);
                    // The job's caller names the rule; a log that cannot be written ends everything.
                    let fatal = matches!(done, Err(CentreError::Ledger(_) | CentreError::Store(_)));
                    if fatal {
                        return done;
                    }
                    drop(to.send(done));
                }
            }
        }
        self.commit(&mut centre, &mut answers).await
    }

    fn tell(&self, centre: &Centre<S>) {
        self.committed.send_replace(centre.ledger().committed());
        tell_unpublished(&self.unpublished, centre);
        tell_if_new(&self.missing, centre.missing_cosigners().to_vec());
    }

    async fn commit(&mut self, centre: &mut Centre<S>, answers: &mut Vec<Answer>) -> Result<(), CentreError> {
        let now = self.clock.now();
        centre.make_durable(now).await?;
        self.tell(centre);
        answers.drain(..).for_each(Answer::give);
        self.publisher.begin(centre, now);
        Ok(())
    }
}

async fn comes(clock: &dyn Clock, time: Option<Timestamp>) {
    match time {
        Some(time) => clock.wait_until(time).await,
        None => std::future::pending().await,
    }
}

fn tell_unpublished<S: Store>(told: &watch::Sender<Option<String>>, centre: &Centre<S>) {
    tell_if_new(told, centre.ledger().unpublished().map(str::to_owned));
}

/// Whoever waits for news is woken by news alone.
fn tell_if_new<T: PartialEq>(told: &watch::Sender<T>, now: T) {
    told.send_if_modified(|told| {
        let is_new = *told != now;
        *told = now;
        is_new
    });
}

/// An entry whose sequence was used is looked up, so that a device that heard no answer may send it again. Another one in
/// its place is shown to everybody.
fn take<S: Store>(
    centre: &mut Centre<S>,
    entry: &Entry,
    persons: &[SaltedPerson],
    now: Timestamp,
) -> Result<Taken, Refusal> {
    let refusal = match centre.take(entry, persons, now) {
        Ok(index) => return Ok(Taken::New(index)),
        Err(refusal) => refusal,
    };
    let again = matches!(&refusal, Refusal::Fault(Fault::Sequence { .. }));
    let before = again.then(|| centre.state().logged(&entry.device(), entry.seq())).flatten();
    match before {
        None => Err(refusal),
        Some(index) if centre.is_at(index, entry) => Ok(Taken::Before(index)),
        Some(logged) => {
            let shown = centre.show_two_faces(entry, logged, now)?;
            Ok(Taken::TwoFaces { logged, shown })
        }
    }
}
