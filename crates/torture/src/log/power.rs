//! Power cuts: the data folder lies on a filesystem of its own, whose device is copied at some moment as it is. Every
//! promise that was given by then must hold on the copy.

use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use sekong_simulate::Seed;
use tempfile::TempDir;

use super::Backlog;
use super::clients::{Clients, Journal, broken};
use super::image::Image;
use super::inject::strace;
use super::kill::wait_for;
use super::trial::{Trial, end, hold, later, verify};
use crate::server::Server;
use crate::{Binary, Trouble};

/// Size of the filesystem; most of it stays a hole.
const IMAGE_MIB: u64 = 96;

/// Teams that send at the same time around a cut.
const TEAMS: usize = 6;

/// Entries that each of them sends.
const EACH: usize = 3;

/// From the last awaited acknowledgement to the cut at most, in microseconds.
const DELAY_MAX_US: u32 = 4_000;

/// The same where flushes begin late.
const SLOW_DELAY_MAX_US: u32 = 120_000;

/// What delays a flush, for strace: longer than a copy takes.
const LATE_FLUSH: [&str; 5] =
    ["--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=150000"];

/// Cuts between two full audits.
const CUTS_A_VERIFY: u64 = 20;

/// Looks at a process that was told to stand still.
const LOOKS_MAX: u32 = 2_000;

const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// What a cut came to.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Entries that were to be sent.
    pub wanted: usize,
    /// Of these, acknowledged before the cut.
    pub acknowledged: usize,
    /// Whether it fell into the middle of them.
    pub in_the_middle: bool,
    /// Whether the write-ahead log on the copy is not the one that the running program saw: the cut took something.
    pub took: bool,
    /// Whether a full audit followed.
    pub verified: bool,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cut with {} of {} acknowledged", self.acknowledged, self.wanted)?;
        let took = if self.took { ", bytes that were not promised are gone" } else { "" };
        write!(f, "{took}; 0 lost, the log goes on{}", if self.verified { ", log verifies" } else { "" })
    }
}

/// One filesystem after another, each cut until its entries are used up.
pub struct Cutting<'a> {
    binary: &'a Binary,
    backlog: &'a Backlog,
    /// Whether flushes take their time, so that most cuts fall between a write and its flush.
    slowly: bool,
    life: Option<Life<'a>>,
}

// The order of the fields is the order in which they end: the server, then the filesystem, then its folder.
struct Life<'a> {
    server: Server,
    trial: Trial<'a>,
    image: Image,
    folder: TempDir,
}

impl<'a> Cutting<'a> {
    /// Cuts under servers of copies of this backlog.
    pub fn new(binary: &'a Binary, backlog: &'a Backlog) -> Cutting<'a> {
        Cutting { binary, backlog, slowly: false, life: None }
    }

    /// The same on a disk whose flushes begin late.
    #[must_use]
    pub fn slowly(self) -> Cutting<'a> {
        Cutting { slowly: true, ..self }
    }

    /// One cut: entries come, the device is copied, and the copy is opened by the program.
    ///
    /// # Errors
    /// [`Trouble::Broken`] if what was acknowledged is not on the copy, or the log does not go on there.
    pub fn round(&mut self, round: u64) -> Result<Cut, Trouble> {
        let life = match self.life.take() {
            Some(life) if life.trial.clients.ready(TEAMS, EACH).is_some() => life,
            _ => self.begin()?,
        };
        let delay_max_us = if self.slowly { SLOW_DELAY_MAX_US } else { DELAY_MAX_US };
        let (mut cut, moment, copy) = life.cut(round, delay_max_us)?;
        let copied = Image::mount(copy, life.folder.path().join("copy"))?;
        let data = copied.root().join("campaign");
        cut.took = wal(&data)? != moment.wal;
        self.hold(moment.promised, &data)?;
        if round.is_multiple_of(CUTS_A_VERIFY) {
            verify(self.binary, &data, &copied.root().join("verified"))?;
            cut.verified = true;
        }
        self.life = Some(life);
        Ok(cut)
    }

    fn begin(&self) -> Result<Life<'a>, Trouble> {
        let folder = tempfile::tempdir().map_err(Trouble::system("make a folder"))?;
        let image = Image::create(folder.path(), IMAGE_MIB)?;
        let mut trial = Trial::on(self.binary, self.backlog, image.root().join("campaign"))?;
        image.sync()?;
        let mut serve = trial.serve();
        if self.slowly {
            serve = strace(&serve, Path::new("/dev/null"), &LATE_FLUSH);
        }
        let server = Server::run(serve)?;
        Ok(Life { server, trial, image, folder })
    }

    /// What was promised is on the copy, and a server takes more there.
    fn hold(&self, promised: Journal, data: &Path) -> Result<(), Trouble> {
        let clients = Clients::with(self.backlog, promised);
        let server = Server::start(self.binary, data, later(self.backlog), 1)?;
        hold(&clients.journal(), data)?;
        let note = server.site.checkpoint()?;
        clients.journal().note_head(&note, &self.backlog.log)?;
        let teams = clients.ready(2, 1).unwrap_or_default();
        let (burst, ()) = clients.send(&server.site, &teams, 1, |_| Ok(()))?;
        end(server)?;
        if burst.acknowledged < burst.wanted {
            return Err(broken("the log does not go on after the cut"));
        }
        hold(&clients.into_journal(), data)
    }
}

/// What there was at the moment of a cut.
struct Moment {
    promised: Journal,
    /// The write-ahead log, as the running program saw it.
    wal: Vec<u8>,
}

impl Life<'_> {
    fn cut(&self, round: u64, delay_max_us: u32) -> Result<(Cut, Moment, PathBuf), Trouble> {
        let mut chance = Seed(round).stream("cut", "");
        let after = chance.between(1, (TEAMS * EACH / 2) as u32) as usize;
        let delay = Duration::from_micros(chance.between(0, delay_max_us).into());
        let (clients, copy) = (&self.trial.clients, self.folder.path().join("cut"));
        let before = clients.journal().len();
        let teams = clients.ready(TEAMS, EACH).unwrap_or_default();
        let (burst, moment) = clients.send(&self.server.site, &teams, EACH, |told| {
            wait_for(told, after)?;
            thread::sleep(delay);
            stand_still(&self.server)?;
            let promised = clients.journal().clone();
            let wal = wal(self.trial.data())?;
            self.image.cut(&copy)?;
            self.server.signal("CONT")?;
            Ok(Moment { promised, wal })
        })?;
        if burst.acknowledged < burst.wanted {
            return Err(broken("the running server answers no more after the cut"));
        }
        let (wanted, acknowledged) = (burst.wanted, moment.promised.len() - before);
        let in_the_middle = acknowledged < wanted;
        Ok((Cut { wanted, acknowledged, in_the_middle, took: false, verified: false }, moment, copy))
    }
}

/// Stops a server, wherever it is, and waits until every thread of it stands still.
fn stand_still(server: &Server) -> Result<(), Trouble> {
    server.signal("STOP")?;
    let tasks = PathBuf::from(format!("/proc/{}/task", server.id()));
    for _ in 0..LOOKS_MAX {
        let threads = fs::read_dir(&tasks).map_err(Trouble::system("look at the server"))?;
        let stands = |task: std::io::Result<fs::DirEntry>| {
            let text = task.and_then(|task| fs::read_to_string(task.path().join("stat"))).unwrap_or_default();
            // Stopped, or held by strace before a flush; if it is let go too early the copy does not count.
            text.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['T', 't']))
        };
        if threads.into_iter().all(stands) {
            return Ok(());
        }
        thread::sleep(BETWEEN_LOOKS);
    }
    Err(Trouble::program("the server does not stand still"))
}

fn wal(data: &Path) -> Result<Vec<u8>, Trouble> {
    fs::read(data.join("sekong.db-wal")).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(Vec::new()),
        _ => Err(Trouble::System { doing: "read the write-ahead log", source: error }),
    })
}

/// When a plain writer says that a line is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Promise {
    /// Once it is flushed to the device.
    Flushed,
    /// As soon as it is written: a lie, which a power cut shows.
    Written,
}

/// How many lines a plain writer promised before a cut, and how many of them were on the copy: the proof that these cuts
/// take what was not flushed, and nothing else.
///
/// # Errors
/// [`Trouble`] if the cut cannot be made.
pub fn cut_under(promise: Promise) -> Result<(usize, usize), Trouble> {
    let folder = tempfile::tempdir().map_err(Trouble::system("make a folder"))?;
    let (copy, promised) = {
        let image = Image::create(folder.path(), IMAGE_MIB)?;
        image.sync()?;
        let (path, copy) = (image.root().join("lines"), folder.path().join("cut"));
        let mut file = File::create(&path).map_err(Trouble::system("make a file"))?;
        let (told, over) = (Mutex::new(0), AtomicBool::new(false));
        let promised = thread::scope(|scope| {
            let writer = scope.spawn(|| {
                while !over.load(Ordering::SeqCst) {
                    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                    write_line(&mut file, promise)?;
                    *told += 1;
                    drop(told);
                    thread::sleep(BETWEEN_LOOKS);
                }
                Ok::<_, Trouble>(())
            });
            thread::sleep(Duration::from_millis(300));
            let standing = told.lock().unwrap_or_else(PoisonError::into_inner);
            let cut = image.cut(&copy);
            over.store(true, Ordering::SeqCst);
            let promised = *standing;
            drop(standing);
            writer.join().map_err(|_| Trouble::program("the writer panicked"))??;
            cut?;
            Ok::<usize, Trouble>(promised)
        })?;
        (copy, promised)
    };
    let copied = Image::mount(copy, folder.path().join("copy"))?;
    let text = fs::read_to_string(copied.root().join("lines")).unwrap_or_default();
    Ok((promised, text.lines().filter(|line| *line == LINE).count().min(promised)))
}

const LINE: &str = "a line that somebody relies on";

fn write_line(file: &mut File, promise: Promise) -> Result<(), Trouble> {
    file.write_all(format!("{LINE}\n").as_bytes()).map_err(Trouble::system("write a line"))?;
    match promise {
        Promise::Flushed => file.sync_data().map_err(Trouble::system("flush a line")),
        Promise::Written => Ok(()),
    }
}
