//! The running centre: one writer, a scheduler on the given clock, and the HTTP API in front of them.

pub(crate) mod body;
mod desk;
pub(crate) mod listen;
mod lobby;
mod night;
mod publisher;
mod scheduler;
mod writer;

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use sekong_draw::Throw;
use sekong_log::{
    Absence, Channel, Enrolled, Entry, Hash, HeadAnchored, InspectedTwice, OfficerEnrolled, OutagePlanned,
    Period, PersonErased, PersonLookedUp, PlantCommitted, PlantRevealed, SaltedPerson, TableReason,
};
use sekong_model::{ProvinceId, TeamId};
use sekong_store::Store;
use tokio::net::TcpListener;
use tokio::sync::{
    Mutex, Notify, OnceCell, OwnedSemaphorePermit, RwLock, RwLockReadGuard, Semaphore, mpsc, oneshot, watch,
};
use tokio::task::JoinHandle;

pub use night::LastScrub;

pub(crate) use desk::{Desk, Shelf};
pub(crate) use scheduler::Progress;
pub(crate) use writer::Taken;

use crate::api::{self, CampaignMap};
use crate::centre::{Centre, CentreError, Refusal, Relayed};
use crate::clock::Clock;
use crate::custody::CustodianLink;
use crate::gate::{Closed, Gate, Reserve};
use crate::sms::SmsGateway;
use crate::tally::{Degraded, Late, Tally};
use crate::witness::Missing;
use night::Night;
use publisher::Publisher;
use scheduler::Scheduler;
use writer::{WAITING_MAX, Wish, Writer};

/// Who is away when a list is frozen.
pub type Away = dyn Fn(&ProvinceId, Period) -> Vec<Absence> + Send + Sync;

/// A file of the web pages.
pub struct Page {
    /// Its bytes.
    pub bytes: Cow<'static, [u8]>,
    /// Its media type.
    pub media_type: &'static str,
}

/// The built web pages, by path relative to the root, e.g. `board/index.html` or `assets/x.js`.
pub trait Pages: Send + Sync + 'static {
    /// A file; `None` if there is none. With no `board/index.html` the pages were not built.
    fn page(&self, path: &str) -> Option<Page>;
}

/// What a service is given besides the centre.
pub struct ServiceOptions {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Whether anybody may sign in under any role, and a team may enrol its own device.
    pub demo: bool,
    /// Who is away when a list is frozen.
    pub away: Arc<Away>,
    /// The ways to the custodians.
    pub custodians: Vec<Arc<dyn CustodianLink>>,
    /// Where SMS are handed in, if anywhere.
    pub sms: Option<SmsGateway>,
    /// The web pages.
    pub pages: Arc<dyn Pages>,
    /// The room that must be left where the log lies.
    pub reserve: Reserve,
    /// Connections at one time; whoever comes later waits to be accepted. Event streams take half of them at most.
    pub connections_max: usize,
}

/// The scheduler or the writer stopped for good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the centre stopped: {reason}")]
pub struct Stopped {
    /// Why.
    pub reason: String,
}

impl Stopped {
    fn because(reason: &impl ToString) -> Stopped {
        Stopped { reason: reason.to_string() }
    }
}

/// A running centre; clones are handles to the same one.
#[derive(Clone)]
pub struct Service {
    inner: Arc<Inner>,
}

struct Inner {
    desk: Arc<RwLock<dyn Desk>>,
    shelf: Arc<dyn Shelf>,
    wishes: Mutex<Option<mpsc::Sender<Wish>>>,
    progress: watch::Receiver<Progress>,
    committed: watch::Receiver<u64>,
    unpublished: watch::Receiver<Option<String>>,
    missing: watch::Receiver<Vec<Missing>>,
    closed: watch::Receiver<Option<Closed>>,
    scrubbed: watch::Receiver<LastScrub>,
    streams: Arc<Semaphore>,
    map: OnceCell<CampaignMap>,
    stopping: watch::Sender<bool>,
    writer: Mutex<Option<JoinHandle<Result<(), Stopped>>>>,
    options: ServiceOptions,
    session_key: Hash,
    dice: Arc<Notify>,
}

impl Service {
    /// Starts the writer, the scheduler and the nightly scrub, once the cosigners were asked what they know of the log; with two
    /// further connections to the same store: `reader` for those who ask, `scrubber` for the scrub.
    pub async fn start<S: Store + 'static, R: Store + 'static>(
        mut centre: Centre<S>,
        reader: R,
        scrubber: R,
        options: ServiceOptions,
    ) -> Result<Service, CentreError> {
        centre.commit(options.clock.now()).await?;
        let session_key = centre.session_key();
        let (progress_in, progress) = watch::channel(Progress::first(&centre));
        let (committed_in, committed) = watch::channel(centre.ledger().committed());
        let (unpublished_in, unpublished) = watch::channel(None);
        let (missing_in, missing) = watch::channel(centre.missing_cosigners().to_vec());
        let (closed_in, closed) = watch::channel(None);
        let (damaged, damaged_out) = watch::channel(None);
        let (wish, wishes) = mpsc::channel(WAITING_MAX);
        let (last, scrubbed) = watch::channel(LastScrub::default());
        let night = Night::new(scrubber, &centre, options.clock.clone(), wish.clone(), last, damaged);
        let centre = Arc::new(RwLock::new(centre));
        let clock = options.clock.clone();
        let writer = Writer {
            centre: centre.clone(),
            clock: clock.clone(),
            away: options.away.clone(),
            committed: committed_in,
            unpublished: unpublished_in,
            missing: missing_in,
            gate: Gate::new(options.reserve.clone(), damaged_out),
            closed: closed_in,
            publisher: Publisher::default(),
        };
        let dice = Arc::new(Notify::new());
        let scheduler = Scheduler {
            centre: centre.clone(),
            clock,
            wishes: wish.clone(),
            progress: progress_in,
            custodians: options.custodians.clone(),
            dice: dice.clone(),
        };
        // The other half stays for those who report or look.
        let streams = options.connections_max / 2;
        let (stopping, stop) = watch::channel(false);
        spawn_until(stop.clone(), scheduler.run());
        spawn_until(stop, night.run());
        let inner = Inner {
            desk: centre,
            shelf: Arc::new(Mutex::new(reader)),
            wishes: Mutex::new(Some(wish)),
            progress,
            committed,
            unpublished,
            missing,
            closed,
            scrubbed,
            streams: Arc::new(Semaphore::new(streams)),
            map: OnceCell::new(),
            stopping,
            writer: Mutex::new(Some(tokio::spawn(writer.run(wishes)))),
            options,
            session_key,
            dice,
        };
        Ok(Service { inner: Arc::new(inner) })
    }

    /// Ends once every job due by `time` is done.
    ///
    /// # Errors
    /// [`Stopped`] if one of them cannot be done.
    pub async fn caught_up(&self, time: Timestamp) -> Result<(), Stopped> {
        let mut progress = self.inner.progress.clone();
        let there = |progress: &Progress| {
            progress.stopped.is_some() || progress.next.is_none_or(|(due, _)| time < due)
        };
        let progress = progress.wait_for(there).await.map_err(|_| Stopped::because(&"it was ended"))?;
        progress.stopped.as_ref().map_or(Ok(()), |reason| Err(Stopped::because(reason)))
    }

    /// Waits until the schedule stops for good; `None` if the service ends before.
    pub async fn stopped(&self) -> Option<Stopped> {
        let mut progress = self.inner.progress.clone();
        let progress = progress.wait_for(|progress| progress.stopped.is_some()).await.ok()?;
        progress.stopped.as_ref().map(Stopped::because)
    }

    /// Answers HTTP on `listener` until `stop` ends or the writer fails; then ends the writer.
    ///
    /// # Errors
    /// [`Stopped`] if the log could not be written.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Stopped> {
        let router = api::router(self.clone());
        let mut writer = self.inner.writer.lock().await.take();
        let failed = async {
            match writer.as_mut() {
                Some(writer) => ended(writer.await),
                None => std::future::pending().await,
            }
        };
        tokio::pin!(failed);
        let (ending, mut ended_early) = watch::channel(false);
        let stopped = async {
            tokio::select! {
                () = stop => Ok(()),
                outcome = &mut failed => outcome,
            }
        };
        let stopping = self.inner.stopping.clone();
        let stopped = async {
            let outcome = stopped.await;
            // Streams and the scheduler end first, so that nothing holds the last connections.
            stopping.send_replace(true);
            ending.send_replace(true);
            outcome
        };
        let ended_early = async move { drop(ended_early.wait_for(|ended| *ended).await) };
        let (outcome, ()) = tokio::join!(
            stopped,
            listen::listen(listener, router, self.inner.options.connections_max, ended_early)
        );
        outcome?;
        self.inner.wishes.lock().await.take();
        failed.await
    }

    /// The figures of the campaign's first `days` days.
    pub async fn tally(&self, days: u32) -> Tally {
        Tally::of(self.desk().await.state(), days)
    }

    /// What was drawn with dice in the stead of silent custodians, as far as the log tells.
    pub async fn degraded(&self) -> Degraded {
        Degraded::of(self.desk().await.state())
    }

    /// What was released late, as far as the log tells.
    pub async fn late(&self) -> Late {
        Late::of(self.desk().await.state())
    }

    /// Committed entries.
    pub async fn log_size(&self) -> u64 {
        self.desk().await.committed()
    }

    /// The newest cosigned head.
    pub async fn head(&self) -> String {
        self.desk().await.head().unwrap_or_default().to_owned()
    }

    /// Group commits since the centre was opened.
    pub async fn commits(&self) -> u64 {
        self.desk().await.commits()
    }

    /// Why the published folder lags behind the log, whenever that changes; `None` while it does not.
    pub fn unpublished(&self) -> watch::Receiver<Option<String>> {
        self.inner.unpublished.clone()
    }

    /// The cosigners that give no line, whenever that changes.
    pub fn missing_cosigners(&self) -> watch::Receiver<Vec<Missing>> {
        self.inner.missing.clone()
    }

    /// Waits until the published folder holds all that was logged so far; gives why it does not, if it cannot.
    ///
    /// # Errors
    /// [`Stopped`] if the log is not written any more.
    pub async fn published(&self) -> Result<Option<String>, Stopped> {
        self.ask(Wish::Publish).await
    }

    /// Why nothing is written, whenever that changes; `None` while the log is.
    pub fn closed(&self) -> watch::Receiver<Option<Closed>> {
        self.inner.closed.clone()
    }

    /// What the last nightly scrub found; a change of its alarm is told.
    pub fn scrubbed(&self) -> watch::Receiver<LastScrub> {
        self.inner.scrubbed.clone()
    }

    /// A place for one more reader of the event stream; `None` if all are taken.
    pub(crate) fn stream_place(&self) -> Option<OwnedSemaphorePermit> {
        self.inner.streams.clone().try_acquire_owned().ok()
    }

    /// The campaign's map, which never changes, made when it is first asked for.
    pub(crate) fn map(&self) -> &OnceCell<CampaignMap> {
        &self.inner.map
    }

    /// The centre, for reading: what is seen is durable.
    pub(crate) async fn desk(&self) -> RwLockReadGuard<'_, dyn Desk> {
        self.inner.desk.read().await
    }

    /// The store, for reading.
    pub(crate) fn shelf(&self) -> &dyn Shelf {
        &*self.inner.shelf
    }

    pub(crate) fn options(&self) -> &ServiceOptions {
        &self.inner.options
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.options.clock.now()
    }

    pub(crate) fn session_key(&self) -> &Hash {
        &self.inner.session_key
    }

    pub(crate) fn progress(&self) -> Progress {
        self.inner.progress.borrow().clone()
    }

    /// Waits until more than `index` entries are committed; `false` once the centre ends.
    pub(crate) async fn committed_beyond(&self, index: u64) -> bool {
        let (mut committed, mut stop) = (self.inner.committed.clone(), self.inner.stopping.subscribe());
        tokio::select! {
            more = committed.wait_for(|size| *size > index) => more.is_ok(),
            _ = stop.wait_for(|stop| *stop) => false,
        }
    }

    /// Logs an entry, with the records of persons that it commits to; ends when both are durable.
    pub(crate) async fn take(
        &self,
        entry: Entry,
        persons: Vec<SaltedPerson>,
    ) -> Result<Result<Taken, Refusal>, Stopped> {
        self.ask(|answer| Wish::Take(Box::new(entry), persons, answer)).await
    }

    /// Erases a person's record; ends when that is durable.
    pub(crate) async fn erase(&self, said: PersonErased) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Erase(said, answer)).await
    }

    /// Logs a look at a person's record; ends when that is durable.
    pub(crate) async fn look(&self, said: PersonLookedUp) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Look(said, answer)).await
    }

    /// Enrols a device; ends when that is durable.
    pub(crate) async fn enrol(&self, enrolled: Enrolled) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Enrol(enrolled, answer)).await
    }

    /// Logs that a team's newest order is relayed; ends when that is durable.
    pub(crate) async fn relay(
        &self,
        team: TeamId,
        channel: Channel,
    ) -> Result<Result<Relayed, CentreError>, Stopped> {
        self.ask(|answer| Wish::Relay(team, channel, answer)).await
    }

    /// Gives a team a new table; ends when that is durable.
    pub(crate) async fn replace_table(
        &self,
        team: TeamId,
        reason: TableReason,
    ) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Table(team, reason, answer)).await
    }

    /// Draws with dice that two officers threw for silences; ends when that is durable.
    pub async fn throw(&self, throw: Throw) -> Result<Result<(), CentreError>, Stopped> {
        let taken = self.ask(|answer| Wish::Throw(throw, answer)).await;
        self.inner.dice.notify_one();
        taken
    }

    /// Logs a commitment to another log's head; ends when it is durable.
    pub async fn anchor(&self, said: HeadAnchored) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Anchor(said, answer)).await
    }

    /// Logs a commitment to simulants; ends when it is durable.
    pub async fn plant(&self, said: PlantCommitted) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Plant(said, answer)).await
    }

    /// Logs what was planted, and what was found of it; ends when it is durable.
    pub async fn reveal(&self, said: PlantRevealed) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Reveal(said, answer)).await
    }

    /// Logs a double inspection; ends when it is durable.
    pub async fn inspected_twice(&self, said: InspectedTwice) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Double(said, answer)).await
    }

    /// Logs an outage that a custodian planned; ends when it is durable.
    pub async fn plan_outage(&self, outage: OutagePlanned) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Outage(outage, answer)).await
    }

    /// Gives a seat that throws dice a key; ends when that is durable.
    pub async fn enrol_officer(
        &self,
        enrolled: OfficerEnrolled,
    ) -> Result<Result<u64, CentreError>, Stopped> {
        self.ask(|answer| Wish::Officer(enrolled, answer)).await
    }

    /// Logs a period's daily die and has the draw tried again; ends when it is durable.
    pub async fn announce_die(
        &self,
        period: Period,
        number: String,
    ) -> Result<Result<u64, CentreError>, Stopped> {
        let told = self.ask(|answer| Wish::Die(period, number, answer)).await;
        self.inner.dice.notify_one();
        told
    }

    async fn ask<T>(&self, wish: impl FnOnce(oneshot::Sender<T>) -> Wish) -> Result<T, Stopped> {
        let stopped = || Stopped::because(&"the log is not written any more");
        let wishes = self.inner.wishes.lock().await.clone().ok_or_else(stopped)?;
        let (answer, answered) = oneshot::channel();
        wishes.send(wish(answer)).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())
    }
}

/// Runs something beside the others, until all are to stop.
fn spawn_until(mut stop: watch::Receiver<bool>, work: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(async move {
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    });
}

fn ended(writer: Result<Result<(), Stopped>, tokio::task::JoinError>) -> Result<(), Stopped> {
    writer.map_err(|error| Stopped::because(&error))?
}
