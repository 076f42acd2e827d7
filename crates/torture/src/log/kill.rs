//! SIGKILL while entries come, while the server starts, while it ends: nothing acknowledged is lost, nothing is there
//! twice, no head that was given out is forked, the log still verifies.

use std::fmt;
use std::sync::mpsc::Receiver;
use std::thread;
use std::time::Duration;

use sekong_simulate::Seed;
use tempfile::TempDir;

use super::Backlog;
use super::clients::{Burst, broken};
use super::trial::{Trial, end};
use crate::server::Server;
use crate::{Binary, Trouble};

/// Teams that send at the same time in a round.
const TEAMS: usize = 6;

/// Entries that each of them sends, if it is let.
const EACH: usize = 4;

/// From the last awaited acknowledgement to the kill at most, in microseconds: some ten commits fit in.
const DELAY_MAX_US: u32 = 6_000;

/// From the start to the kill at most, in microseconds.
const START_MAX_US: u32 = 250_000;

/// From SIGTERM to the kill at most, in microseconds.
const END_MAX_US: u32 = 8_000;

/// Rounds between two full audits.
const ROUNDS_A_VERIFY: u64 = 50;

/// Longest wait for an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(60);

/// When a round's server is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// While entries come.
    Sending,
    /// While it starts on what the kill before left.
    Starting,
    /// While it ends, and moves the write-ahead log into the database.
    Ending,
}

/// What a round came to.
#[derive(Debug, Clone, Copy)]
pub struct Killed {
    /// When it was killed.
    pub moment: Moment,
    /// Entries that were to be sent.
    pub wanted: usize,
    /// Of these, acknowledged before the kill.
    pub acknowledged: usize,
    /// Whether the kill fell into what it should: some acknowledged and some not, no word yet of where it listens, the
    /// write-ahead log still there.
    pub in_the_middle: bool,
    /// Whether a full audit followed.
    pub verified: bool,
}

impl fmt::Display for Killed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (of, verified) = (self.wanted, if self.verified { ", log verifies" } else { "" });
        match self.moment {
            Moment::Sending => write!(f, "killed with {} of {of} acknowledged", self.acknowledged),
            Moment::Starting => write!(f, "killed while it started, after {} of {of}", self.acknowledged),
            Moment::Ending => write!(f, "killed while it ended, after {} of {of}", self.acknowledged),
        }?;
        write!(f, "; 0 lost, 0 doubled, 0 forked{verified}")
    }
}

/// One folder after another, each killed upon until its entries are used up.
pub struct Killing<'a> {
    binary: &'a Binary,
    backlog: &'a Backlog,
    life: Option<Life<'a>>,
}

struct Life<'a> {
    trial: Trial<'a>,
    /// What the round before left running.
    server: Option<Server>,
    _folder: TempDir,
}

impl<'a> Killing<'a> {
    /// Kills servers of copies of this backlog.
    pub fn new(binary: &'a Binary, backlog: &'a Backlog) -> Killing<'a> {
        Killing { binary, backlog, life: None }
    }

    /// One round: entries come, the server is killed, started again and held against what it promised.
    ///
    /// # Errors
    /// [`Trouble::Broken`] if something was lost, doubled or forked, or does not verify.
    pub fn round(&mut self, round: u64) -> Result<Killed, Trouble> {
        let mut life = match self.life.take() {
            Some(life) if life.trial.clients.ready(TEAMS, EACH).is_some() && life.trial.is_fresh() => life,
            Some(life) => {
                life.end()?;
                self.begin()?
            }
            None => self.begin()?,
        };
        let mut killed = life.kill(round)?;
        let server = life.trial.start()?;
        life.trial.check(&server)?;
        if round.is_multiple_of(ROUNDS_A_VERIFY) {
            life.trial.verify()?;
            killed.verified = true;
        }
        life.server = Some(server);
        self.life = Some(life);
        Ok(killed)
    }

    /// The last folder's audit.
    ///
    /// # Errors
    /// As [`Killing::round`].
    pub fn end(self) -> Result<(), Trouble> {
        self.life.map_or(Ok(()), Life::end)
    }

    fn begin(&self) -> Result<Life<'a>, Trouble> {
        let folder = tempfile::tempdir().map_err(Trouble::system("make a folder"))?;
        let mut trial = Trial::on(self.binary, self.backlog, folder.path().join("campaign"))?;
        let server = Some(trial.start()?);
        Ok(Life { trial, server, _folder: folder })
    }
}

impl Life<'_> {
    fn end(mut self) -> Result<(), Trouble> {
        let server = self.server.take();
        server.map_or(Ok(()), end)?;
        self.trial.verify()
    }

    fn kill(&mut self, round: u64) -> Result<Killed, Trouble> {
        let mut chance = Seed(round).stream("kill", "");
        let moment = match chance.between(0, 9) {
            0 => Moment::Starting,
            1 => Moment::Ending,
            _ => Moment::Sending,
        };
        let after = chance.between(1, (TEAMS * EACH * 3 / 4) as u32) as usize;
        let mut wait = |most| Duration::from_micros(chance.between(0, most).into());
        let server = self.server.take().ok_or_else(|| Trouble::program("no server is left"))?;
        let delay = wait(DELAY_MAX_US);
        let (burst, in_the_middle) = match moment {
            Moment::Sending => self.kill_sending(server, after, delay)?,
            Moment::Ending => self.kill_ending(server, after, wait(END_MAX_US))?,
            Moment::Starting => self.kill_starting(server, after, delay, wait(START_MAX_US))?,
        };
        let Burst { wanted, acknowledged, .. } = burst;
        Ok(Killed { moment, wanted, acknowledged, in_the_middle, verified: false })
    }

    fn kill_sending(&self, server: Server, after: usize, delay: Duration) -> Result<(Burst, bool), Trouble> {
        let burst = self.burst(server, after, |server| {
            thread::sleep(delay);
            server.kill()
        })?;
        Ok((burst, (1..burst.wanted).contains(&burst.acknowledged)))
    }

    fn kill_ending(&self, server: Server, after: usize, delay: Duration) -> Result<(Burst, bool), Trouble> {
        let burst = self.burst(server, after, |server| {
            server.signal("TERM")?;
            thread::sleep(delay);
            server.kill()
        })?;
        let wal = self.trial.data().join("sekong.db-wal");
        Ok((burst, wal.metadata().is_ok_and(|about| 0 < about.len())))
    }

    fn kill_starting(
        &mut self,
        server: Server,
        after: usize,
        delay: Duration,
        started: Duration,
    ) -> Result<(Burst, bool), Trouble> {
        let (burst, _) = self.kill_sending(server, after, delay)?;
        let mut starting = Server::spawn(self.trial.serve(), None)?;
        thread::sleep(started);
        let silent = starting.kill_unheard()?;
        Ok((burst, silent))
    }

    fn burst(
        &self,
        server: Server,
        after: usize,
        kill: impl FnOnce(Server) -> Result<(), Trouble>,
    ) -> Result<Burst, Trouble> {
        let clients = &self.trial.clients;
        let teams = clients.ready(TEAMS, EACH).unwrap_or_default();
        let site = server.site.clone();
        let (burst, ()) = clients.send(&site, &teams, EACH, |told| {
            wait_for(told, after)?;
            kill(server)
        })?;
        Ok(burst)
    }
}

/// Waits for so many acknowledgements.
pub(super) fn wait_for(told: &Receiver<()>, acknowledged: usize) -> Result<(), Trouble> {
    for _ in 0..acknowledged {
        told.recv_timeout(PATIENCE).map_err(|_| broken("nothing is acknowledged"))?;
    }
    Ok(())
}
