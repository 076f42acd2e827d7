//! A copy of the backlog on which the program is started and broken again and again.

use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::{SignedDuration, Timestamp};
use sekong_store::{SqliteStore, Store, StoredLeaf};

use super::Backlog;
use super::clients::{Clients, Journal, broken};
use crate::server::Server;
use crate::{Binary, Trouble};

/// Between two starts the clock goes forward.
const BETWEEN_STARTS: SignedDuration = SignedDuration::from_secs(4);

/// Starts on one copy at most: after them the schedule has something to do.
const STARTS_MAX: u32 = 600;

/// One copy.
pub(super) struct Trial<'a> {
    binary: &'a Binary,
    backlog: &'a Backlog,
    data: PathBuf,
    starts: u32,
    pub(super) clients: Clients<'a>,
}

impl<'a> Trial<'a> {
    /// Copies the backlog to `data`.
    pub(super) fn on(binary: &'a Binary, backlog: &'a Backlog, data: PathBuf) -> Result<Trial<'a>, Trouble> {
        copy(&backlog.data(), &data)?;
        Ok(Trial { binary, backlog, data, starts: 0, clients: Clients::new(backlog) })
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    /// Whether it may be started again.
    pub(super) fn is_fresh(&self) -> bool {
        self.starts < STARTS_MAX
    }

    /// The command that serves it, on a clock that is later than all before.
    pub(super) fn serve(&mut self) -> Command {
        let clock = self.next_clock();
        Server::command(self.binary, &self.data, clock, 1)
    }

    /// The same with so much room in reserve.
    pub(super) fn serve_with(&mut self, reserve_mib: u64) -> Command {
        let clock = self.next_clock();
        Server::command_with(self.binary, &self.data, clock, 1, reserve_mib)
    }

    fn next_clock(&mut self) -> Timestamp {
        self.starts += 1;
        self.backlog.until + BETWEEN_STARTS * i32::try_from(self.starts).unwrap_or(i32::MAX)
    }

    /// Starts the server.
    pub(super) fn start(&mut self) -> Result<Server, Trouble> {
        Server::run(self.serve())
    }

    /// What was promised holds in the store and in what the server publishes.
    pub(super) fn check(&self, server: &Server) -> Result<(), Trouble> {
        let mut journal = self.clients.journal();
        hold(&journal, &self.data)?;
        let size = journal.note_head(&server.site.checkpoint()?, &self.backlog.log)?;
        if size < journal.newest_size() {
            return Err(broken(format!(
                "a head of {} entries was given out, now it has {size}",
                journal.newest_size()
            )));
        }
        hold(&journal, &self.data)
    }

    /// A full audit of the folder, which must continue what an earlier one saw.
    pub(super) fn verify(&self) -> Result<(), Trouble> {
        verify(self.binary, &self.data, &self.data.with_extension("verified"))
    }
}

/// Ends a server as an operator does. The folder is written a moment after the answers: one that is killed may leave it behind its store,
/// and an audit says so.
pub(super) fn end(server: Server) -> Result<(), Trouble> {
    if server.terminate()?.success() { Ok(()) } else { Err(broken("the server does not end well")) }
}

/// Holds the store of a folder against what was promised.
pub(super) fn hold(journal: &Journal, data: &Path) -> Result<(), Trouble> {
    journal.check(&leaves(data)?).map(drop)
}

/// Runs `sekong verify` on a folder, on from where `resume` says.
pub(super) fn verify(binary: &Binary, data: &Path, resume: &Path) -> Result<(), Trouble> {
    let mut command = Command::new(&binary.0);
    command.arg("verify").arg(data).arg("--resume").arg(resume);
    let output = command.output().map_err(Trouble::system("run verify"))?;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(broken(format!("the log does not verify: {out}{err}")))
}

/// Every leaf in a folder's store.
pub(super) fn leaves(data: &Path) -> Result<Vec<StoredLeaf>, Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Trouble::system("start a runtime"))?.block_on(async {
        let mut store = SqliteStore::open_read_only(&data.join("sekong.db")).await?;
        let leaves = store.leaves(0, u64::from(u32::MAX)).await?;
        store.close().await?;
        Ok(leaves)
    })
}

/// The time of a server on a copy that nobody continues.
pub(super) fn later(backlog: &Backlog) -> Timestamp {
    backlog.until + BETWEEN_STARTS * i32::try_from(STARTS_MAX).unwrap_or(i32::MAX)
}

fn copy(from: &Path, to: &Path) -> Result<(), Trouble> {
    std::fs::create_dir_all(to).map_err(Trouble::system("copy the backlog"))?;
    for entry in std::fs::read_dir(from).map_err(Trouble::system("copy the backlog"))? {
        let path = entry.map_err(Trouble::system("copy the backlog"))?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target).map_err(Trouble::system("copy the backlog"))?;
        }
    }
    Ok(())
}
