//! Faults at the system's calls: strace has each call of the write path fail or kill the server, on each kind of file.
//! The server ends with a message or goes on; either way what it acknowledged is there afterwards.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::Duration;

use super::Backlog;
use super::clients::{Burst, broken};
use super::trial::{Trial, end};
use crate::server::Server;
use crate::{Binary, Trouble};

/// The calls that change or flush files, or open them.
const CALLS: [&str; 16] = [
    "openat",
    "write",
    "pwrite64",
    "pwritev",
    "fdatasync",
    "fsync",
    "ftruncate",
    "fallocate",
    "rename",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "copy_file_range",
];

/// Entries that one device sends, one after the other, so that every run makes the same commits.
const EACH: usize = 6;

/// Longest wait for the end of a server that was asked to end, in looks.
const LOOKS_MAX: u32 = 600;

const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// What strace does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inflict {
    /// It fails once.
    Eio,
    /// It fails from then on.
    Enospc,
    /// The server is killed there.
    Kill,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Case {
    call: String,
    /// On which file, relative to the data folder.
    path: PathBuf,
    /// At which call of a thread on it, from 1.
    when: u32,
    inflict: Inflict,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Case { call, path, when, inflict } = self;
        let inflict = match inflict {
            Inflict::Eio => "EIO",
            Inflict::Enospc => "ENOSPC for good",
            Inflict::Kill => "SIGKILL",
        };
        write!(f, "{inflict} at {call} {when} on {}", path.display())
    }
}

/// What a fault came to.
#[derive(Debug, Clone)]
pub struct Inflicted {
    case: Case,
    acknowledged: usize,
    ended: Ended,
    /// Whether the server came to the call.
    pub hit: bool,
}

/// How the server took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// It went on, and ended when it was asked to.
    WentOn,
    /// It ended with a message.
    Told(String),
    Killed,
}

impl fmt::Display for Inflicted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} of {EACH} acknowledged, ", self.case, self.acknowledged)?;
        match &self.ended {
            _ if !self.hit => f.write_str("it did not come to it"),
            Ended::WentOn => f.write_str("it went on"),
            Ended::Told(message) => write!(f, "it ended: {message}"),
            Ended::Killed => f.write_str("it was killed"),
        }?;
        f.write_str("; 0 lost, goes on, log verifies")
    }
}

/// Every fault that a server can be made to meet between its start and its end.
pub struct Inflicting<'a> {
    binary: &'a Binary,
    backlog: &'a Backlog,
    cases: Vec<Case>,
}

impl<'a> Inflicting<'a> {
    /// Watches a server that nothing befalls, and makes the cases of what it calls.
    ///
    /// # Errors
    /// [`Trouble`] if strace is not there, or the server does not do its part.
    pub fn watch(binary: &'a Binary, backlog: &'a Backlog) -> Result<Inflicting<'a>, Trouble> {
        let folder = tempfile::tempdir().map_err(Trouble::system("make a folder"))?;
        let (mut trial, trace) =
            (Trial::on(binary, backlog, folder.path().join("campaign"))?, folder.path().join("trace"));
        let calls = CALLS.join(",");
        let traced =
            strace(&trial.serve(), &trace, &["--seccomp-bpf", "-y", "-e", &format!("trace={calls}")]);
        let (burst, ended) = live(&trial, traced, &folder.path().join("said"))?;
        if burst.acknowledged < EACH || ended != Ended::WentOn {
            return Err(broken(format!(
                "a server that nothing befell: {ended:?}, {} acknowledged",
                burst.acknowledged
            )));
        }
        settled(&trace);
        let text = fs::read_to_string(&trace).map_err(Trouble::system("read a trace"))?;
        Ok(Inflicting { binary, backlog, cases: cases(&text, trial.data()) })
    }

    /// How many faults there are.
    pub fn cases(&self) -> usize {
        self.cases.len()
    }

    /// One fault, on a copy of the backlog.
    ///
    /// # Errors
    /// [`Trouble::Broken`] if the server ended without a message or hangs, or something acknowledged is lost.
    pub fn round(&self, number: usize) -> Result<Inflicted, Trouble> {
        let case = self.cases[number].clone();
        self.inflict(&case).map_err(|trouble| match trouble {
            Trouble::Broken { what } => broken(format!("{case}: {what}")),
            other => Trouble::program(format!("{case}: {other}")),
        })
    }

    fn inflict(&self, case: &Case) -> Result<Inflicted, Trouble> {
        let folder = tempfile::tempdir().map_err(Trouble::system("make a folder"))?;
        let (data, trace) = (folder.path().join("campaign"), folder.path().join("trace"));
        let mut trial = Trial::on(self.binary, self.backlog, data)?;
        let path = trial.data().join(&case.path);
        let (traced, injected) = (format!("trace={}", case.call), case.injected());
        let path = path.to_string_lossy();
        // With the filter strace is faster, but may send no signal.
        let filter: &[&str] = if case.inflict == Inflict::Kill { &[] } else { &["--seccomp-bpf"] };
        let options = [filter, &["-e", &traced, "-e", &injected, "-P", &path]].concat();
        let command = strace(&trial.serve(), &trace, &options);
        let (burst, ended) = live(&trial, command, &folder.path().join("said"))?;
        settled(&trace);
        let text = fs::read_to_string(&trace).map_err(Trouble::system("read a trace"))?;
        let hit = ended == Ended::Killed || text.contains("(INJECTED)");
        if ended == Ended::Killed && case.inflict != Inflict::Kill {
            return Err(broken("it was killed by nobody"));
        }
        let server = trial.start()?;
        trial.check(&server)?;
        let teams = trial.clients.ready(1, 1).unwrap_or_default();
        let (more, ()) = trial.clients.send(&server.site, &teams, 1, |_| Ok(()))?;
        if more.acknowledged == 0 {
            return Err(broken("it takes nothing after a restart"));
        }
        trial.check(&server)?;
        end(server)?;
        trial.verify()?;
        Ok(Inflicted { case: case.clone(), acknowledged: burst.acknowledged, ended, hit })
    }
}

impl Case {
    fn injected(&self) -> String {
        let (call, when) = (&self.call, self.when);
        match self.inflict {
            Inflict::Eio => format!("inject={call}:error=EIO:when={when}"),
            Inflict::Enospc => format!("inject={call}:error=ENOSPC:when={when}+"),
            Inflict::Kill => format!("inject={call}:signal=SIGKILL:when={when}"),
        }
    }
}

/// The same command under strace, which is no parent of it.
pub(super) fn strace(command: &Command, trace: &Path, options: &[&str]) -> Command {
    let mut strace = Command::new("strace");
    strace.args(["-D", "-f", "-o"]).arg(trace).args(options);
    strace.arg(command.get_program()).args(command.get_args());
    strace
}

/// Waits until a trace grows no more: strace ends after what it traced.
fn settled(trace: &Path) {
    let size = || trace.metadata().map_or(0, |about| about.len());
    let mut before = None;
    while before != Some(size()) {
        before = Some(size());
        thread::sleep(BETWEEN_LOOKS * 2);
    }
}

/// Starts a server, has one device send to it, and asks it to end.
fn live(trial: &Trial<'_>, command: Command, said: &Path) -> Result<(Burst, Ended), Trouble> {
    let complaints = File::create(said).map_err(Trouble::system("make a file"))?;
    let mut server = Server::spawn(command, Some(complaints))?;
    let mut burst = Burst::default();
    if server.hear().is_ok() {
        let teams = trial.clients.ready(1, EACH).unwrap_or_default();
        burst = trial.clients.send(&server.site, &teams, EACH, |_| Ok(()))?.0;
        // One that found its log unwritable is on its way out, and may be gone before it is asked to go.
        if server.ended_within(4, BETWEEN_LOOKS)?.is_none() {
            let answers = server.site.clock().is_ok();
            if !answers && server.ended_within(LOOKS_MAX, BETWEEN_LOOKS)?.is_none() {
                return Err(broken("it runs and answers nobody"));
            }
            server.signal("TERM")?;
        }
    }
    let status = server.ended_within(LOOKS_MAX, BETWEEN_LOOKS)?.ok_or_else(|| broken("it does not end"))?;
    let said = fs::read_to_string(said).map_err(Trouble::system("read what was said"))?;
    Ok((burst, ended(status, &said)?))
}

/// A server ends well, or badly with a message.
pub(super) fn ended(status: ExitStatus, said: &str) -> Result<Ended, Trouble> {
    if said.contains("panicked") {
        return Err(broken(format!("it panicked: {said}")));
    }
    let words: Vec<&str> = said.split_whitespace().collect();
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(Ended::WentOn),
        (Some(1), _) if !words.is_empty() => Ok(Ended::Told(words.join(" "))),
        (_, Some(9)) => Ok(Ended::Killed),
        _ => Err(broken(format!("it ended with {status} and the words {said:?}"))),
    }
}

/// The cases of a trace: each call on each kind of file, at its first, a middle and its last time.
fn cases(trace: &str, data: &Path) -> Vec<Case> {
    let mut counts: BTreeMap<(String, PathBuf, &str), u32> = BTreeMap::new();
    for (thread, call, path) in trace.lines().filter_map(|line| parsed(line, data)) {
        *counts.entry((call.to_owned(), path, thread)).or_default() += 1;
    }
    let mut most: BTreeMap<(String, String), (u32, PathBuf)> = BTreeMap::new();
    for ((call, path, _), count) in counts {
        let one = most.entry((call, kind(&path))).or_default();
        // Of several alike the last by name: tiles that the last commits write, not those that the start does.
        if one.0 <= count {
            *one = (count, path);
        }
    }
    let mut cases = Vec::new();
    for ((call, _), (count, path)) in most {
        let mut whens = vec![1, count.div_ceil(2), count];
        whens.dedup();
        for when in whens {
            for inflict in [Inflict::Eio, Inflict::Enospc, Inflict::Kill] {
                cases.push(Case { call: call.clone(), path: path.clone(), when, inflict });
            }
        }
    }
    cases
}

/// Thread, call, and the file below the data folder, of a line of a trace.
fn parsed<'t>(line: &'t str, data: &Path) -> Option<(&'t str, &'t str, PathBuf)> {
    let (thread, rest) = line.split_once(' ')?;
    let (call, arguments) = rest.trim_start().split_once('(')?;
    let known = CALLS.contains(&call);
    let after = arguments.split_once(&format!("{}/", data.display()))?.1;
    // Keys are only read.
    let of_write_path = |path: &&str| known && !path.is_empty() && !path.starts_with("keys/");
    let path = after.split(['>', '"']).next().filter(of_write_path)?;
    Some((thread, call, PathBuf::from(path)))
}

/// Files that are alike: names without their numbers.
fn kind(path: &Path) -> String {
    let name = path.to_string_lossy();
    let below = ["log/tile/entries", "log/tile", "bodies", "sealed"]
        .into_iter()
        .find(|folder| name.starts_with(folder));
    below.map_or_else(|| name.to_string(), |folder| format!("{folder}/{}", name.matches(".p").count()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_becomes_cases_of_each_call_on_each_kind_of_file() {
        let trace = r#"7 openat(AT_FDCWD</w>, "/d/c/sekong.db", O_RDWR) = 3</d/c/sekong.db>
7 pwrite64(4</d/c/sekong.db-wal>, "\x37"..., 32, 0) = 32
8 pwrite64(4</d/c/sekong.db-wal>, "\x37"..., 32, 0) = 32
7 pwrite64(4</d/c/sekong.db-wal>, "\x37"..., 32, 0 <unfinished ...>
7 <... pwrite64 resumed>) = 32
7 read(4</d/c/sekong.db-wal>, "", 32) = 0
7 write(5</d/c/log/tile/000.p/3>, "", 3) = 3
7 write(5</d/c/log/tile/000.p/4>, "", 3) = 3
7 write(1</dev/pts/1>, "", 3) = 3
"#;
        let cases: Vec<String> = cases(trace, Path::new("/d/c")).iter().map(Case::to_string).collect();
        assert_eq!(cases.len(), 3 * (1 + 2 + 1), "{cases:?}");
        assert!(cases.contains(&"EIO at pwrite64 2 on sekong.db-wal".to_owned()), "{cases:?}");
        assert!(cases.contains(&"SIGKILL at write 1 on log/tile/000.p/4".to_owned()), "{cases:?}");
    }
}
