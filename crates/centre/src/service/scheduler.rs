//! The scheduler: it asks the writer for each job of the schedule when it is due, in order, on the given clock. For a draw
//! it asks the custodians before, again and again until they have answered or are silent.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sekong_store::Store;
use tokio::sync::{Notify, RwLock, mpsc, oneshot, watch};

use super::writer::Wish;
use crate::centre::{Centre, CentreError};
use crate::clock::Clock;
use crate::custody::{Answers, CustodianLink};
use crate::plan_book::SolvedPlan;
use crate::schedule::Job;

/// How long after a draw that had to wait it is tried again.
const TRY_AGAIN: SignedDuration = SignedDuration::from_secs(20);

/// How far the schedule is done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// When the last job that is done was due.
    pub(crate) done_until: Option<Timestamp>,
    /// The first job that is not done.
    pub(crate) next: Option<(Timestamp, Job)>,
    /// What the next job waits for, past its time.
    pub(crate) waiting: Option<String>,
    /// Why no further job can be done.
    pub(crate) stopped: Option<String>,
}

impl Progress {
    pub(super) fn first<S: Store>(centre: &Centre<S>) -> Progress {
        Progress { done_until: None, next: centre.state().open_jobs().next(), waiting: None, stopped: None }
    }
}

/// The scheduler's side of a running centre.
pub(super) struct Scheduler<S> {
    pub(super) centre: Arc<RwLock<Centre<S>>>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) wishes: mpsc::Sender<Wish>,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) custodians: Vec<Arc<dyn CustodianLink>>,
    /// Told when dice were thrown or announced.
    pub(super) dice: Arc<Notify>,
}

impl<S: Store + 'static> Scheduler<S> {
    /// Runs every job when it is due, until none is left or one cannot be done: its successors stand on it.
    pub(super) async fn run(self) {
        loop {
            let next = self.progress.borrow().next;
            let Some((due, job)) = next else { return };
            self.clock.wait_until(due).await;
            match self.run_job(job).await {
                Ok(()) => self.report_done(due).await,
                Err(error) => {
                    let stopped = Some(format!("{job}, due at {due}: {error}"));
                    self.progress.send_modify(|progress| progress.stopped = stopped);
                    return;
                }
            }
        }
    }

    /// Tries a job until it is done or cannot be.
    async fn run_job(&self, job: Job) -> Result<(), CentreError> {
        self.solve_ahead(job).await;
        let mut released = Answers::default();
        loop {
            match self.try_job(job, &mut released).await {
                Err(waiting) if waiting.may_pass() => self.wait(waiting).await,
                done => return done,
            }
        }
    }

    async fn try_job(&self, job: Job, released: &mut Answers) -> Result<(), CentreError> {
        if let Job::Draw(moment) = job {
            let asks = self.ask(|answer| Wish::Asks(moment, released.clone(), answer)).await??;
            released.gather(&self.custodians, &asks, self.clock.now()).await;
        }
        let answers = released.clone();
        self.ask(|answer| Wish::Run(job, answers, answer)).await?
    }

    async fn wait(&self, waiting: CentreError) {
        self.progress.send_modify(|progress| progress.waiting = Some(waiting.to_string()));
        tokio::select! {
            () = self.clock.wait_until(self.clock.now() + TRY_AGAIN) => {}
            () = self.dice.notified() => {}
        }
    }

    async fn ask<T>(&self, wish: impl FnOnce(oneshot::Sender<T>) -> Wish) -> Result<T, CentreError> {
        let (answer, answered) = oneshot::channel();
        let stopped = || CentreError::NotYet { what: "a writer that runs" };
        self.wishes.send(wish(answer)).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())
    }

    /// Solves a job's games while reports are taken and screens are read.
    async fn solve_ahead(&self, job: Job) {
        let games = self.centre.read().await.unsolved(job);
        for game in games {
            // A game that cannot be solved is named when the job runs.
            let _ = tokio::task::spawn_blocking(move || SolvedPlan::of(&game)).await;
        }
    }

    async fn report_done(&self, due: Timestamp) {
        let next = self.centre.read().await.state().open_jobs().next();
        self.progress.send_modify(|progress| {
            progress.done_until = Some(due);
            (progress.next, progress.waiting) = (next, None);
        });
    }
}
