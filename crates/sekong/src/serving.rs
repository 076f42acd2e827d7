//! A centre that listens: what `serve` and `demo` have in common.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustix::fs::statvfs;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sekong_centre::{
    Away, Centre, CentreError, Clock, CustodianLink, InProcess, LedgerError, Missing, MissingKind, Reserve,
    Service, ServiceOptions, SmsGateway, Space,
};
use sekong_store::{SqliteStore, Store, StoreError};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::data_folder::{DataFolder, store_failed};
use crate::failure::Failure;
use crate::output::{complain, print_line};
use crate::pages::BuiltPages;

/// Connections at one time at most.
const CONNECTIONS_MAX: usize = 1_024;

/// Connections at one time where the system grants next to nothing.
const CONNECTIONS_MIN: usize = 16;

/// File descriptors for everything else: store, folder, listener, runtime.
const DESCRIPTORS_KEPT: usize = 128;

/// Those whom a centre deals with.
pub(crate) struct People {
    /// Whether anybody may sign in under any role.
    pub(crate) demo: bool,
    pub(crate) away: Arc<Away>,
    pub(crate) custodians: Vec<Arc<dyn CustodianLink>>,
    pub(crate) sms: Option<SmsGateway>,
}

/// Starts a centre on this folder.
pub(crate) async fn start(
    centre: Centre<SqliteStore>,
    folder: &DataFolder,
    clock: Arc<dyn Clock>,
    people: People,
    reserve_mib: u32,
) -> Result<Service, Failure> {
    let reader = folder.read_store().await?;
    let scrubber = folder.read_store().await?;
    let (pages, connections_max) = (Arc::new(BuiltPages), connections_max());
    let reserve =
        Reserve { bytes: u64::from(reserve_mib) << 20, space: Arc::new(FreeSpace(folder.root().to_owned())) };
    let People { demo, away, custodians, sms } = people;
    let options = ServiceOptions { clock, demo, away, custodians, sms, pages, reserve, connections_max };
    Service::start(centre, reader, scrubber, options).await.map_err(not_started)
}

/// Why a centre does not begin to write.
pub(crate) fn not_started(error: CentreError) -> Failure {
    match error {
        CentreError::Ledger(LedgerError::Fork { .. }) => Failure::failed(error).hint(
            "nothing was written: put back the newest copy of the data folder, or restore from a mirror; what a witness has seen says \
             `sekong witness status` on its machine. If nobody has the entries that it cosigned, they are lost, and this log ends here: \
             keep all of it as evidence, and found the campaign anew with a witness key that is new, too",
        ),
        error => Failure::failed(error),
    }
}

/// The filesystem of a folder.
struct FreeSpace(PathBuf);

impl Space for FreeSpace {
    fn free_bytes(&self) -> io::Result<u64> {
        let about = statvfs(&self.0)?;
        Ok(about.f_bavail.saturating_mul(about.f_frsize))
    }
}

/// Ways to custodians that live in this process.
pub(crate) fn links(custodians: Vec<InProcess>) -> Vec<Arc<dyn CustodianLink>> {
    custodians.into_iter().map(|custodian| Arc::new(custodian) as Arc<dyn CustodianLink>).collect()
}

/// Connections that this process can hold open, with file descriptors left over for the store and the folder.
fn connections_max() -> usize {
    let limits = getrlimit(Resource::Nofile);
    let wanted = (CONNECTIONS_MAX + DESCRIPTORS_KEPT) as u64;
    let raised = limits.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let current = limits.current.unwrap_or(wanted);
    let granted = if raised <= current {
        current
    } else {
        let new = Rlimit { current: Some(raised), maximum: limits.maximum };
        setrlimit(Resource::Nofile, new).map_or(current, |()| raised)
    };
    let granted = usize::try_from(granted).unwrap_or(usize::MAX);
    granted.saturating_sub(DESCRIPTORS_KEPT).clamp(CONNECTIONS_MIN, CONNECTIONS_MAX)
}

/// Tells whoever watches the process what the board shows as an alarm, and what only the folder shows.
pub(crate) async fn tell_of_trouble(service: Service) {
    let stopped = async {
        if let Some(stopped) = service.stopped().await {
            complain(format_args!("the schedule stopped, reports are still taken: {}", stopped.reason));
        }
    };
    let mut unpublished = service.unpublished();
    let lagging = async {
        while unpublished.changed().await.is_ok() {
            match &*unpublished.borrow_and_update() {
                Some(why) => complain(format_args!("the folder lags behind the log, which is safe: {why}")),
                None => complain(format_args!("the folder has caught up with the log")),
            }
        }
    };
    let mut closed = service.closed();
    let unwritten = async {
        while closed.changed().await.is_ok() {
            match &*closed.borrow_and_update() {
                Some(why) => complain(format_args!("reports are refused and jobs wait: {why}")),
                None => complain(format_args!("the log is written again")),
            }
        }
    };
    let mut scrubbed = service.scrubbed();
    let damaged = async {
        while scrubbed.changed().await.is_ok() {
            match &scrubbed.borrow_and_update().alarm {
                Some(why) => complain(why),
                None => complain("the nightly scrub finds nothing wrong any more"),
            }
        }
    };
    tokio::join!(stopped, lagging, unwritten, damaged, tell_of_cosigners(&service));
}

/// Tells which cosigners give no line, from the start on: one that is silent is never silence here.
async fn tell_of_cosigners(service: &Service) {
    let (mut missing, mut told) = (service.missing_cosigners(), Vec::new());
    loop {
        let now = missing.borrow_and_update().clone();
        news_of_cosigners(&told, &now).iter().for_each(complain);
        told = now;
        if missing.changed().await.is_err() {
            return;
        }
    }
}

/// Tells it where a command commits by itself.
pub(crate) fn complain_of_cosigners(missing: &[Missing]) {
    news_of_cosigners(&[], missing).iter().for_each(complain);
}

/// What is to be told where `told` was said before.
fn news_of_cosigners(told: &[Missing], now: &[Missing]) -> Vec<String> {
    let is_told =
        |of: &&Missing| told.iter().any(|before| (&before.name, before.kind) == (&of.name, of.kind));
    let silent = now.iter().filter(|of| !is_told(of)).map(|of| {
        let since = of.since.map_or_else(String::new, |since| format!(" since {since}"));
        let fork = if of.kind == MissingKind::Fork {
            "; keep this folder and that of the witness as evidence"
        } else {
            ""
        };
        format!("{} gives no cosignature{since}: {}{fork}", of.name, of.why)
    });
    let is_back = |of: &&Missing| now.iter().all(|missing| missing.name != of.name);
    let back = told.iter().filter(is_back).map(|of| format!("{} cosigns again", of.name));
    silent.chain(back).collect()
}

/// Moves what the write-ahead log still holds into the database: between two runs the one file is the whole store, and a
/// copy that is put in its place meets nothing of another one.
pub(crate) async fn close_store(folder: &DataFolder) -> Result<(), Failure> {
    match SqliteStore::open(&folder.store()).await {
        Ok(store) => store.close().await.map_err(store_failed),
        Err(StoreError::Held) => {
            complain(
                "warning: another process reads sekong.db, so what was written last is in sekong.db-wal: copy both or neither",
            );
            Ok(())
        }
        Err(error) => Err(store_failed(error)),
    }
}

/// Takes an address to listen on.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| {
        let failure = Failure::usage(format!("cannot listen on {address}: {error}"));
        match error.kind() {
            ErrorKind::AddrInUse => failure
                .hint("stop what listens there, or take another with --listen; port 0 takes a free one"),
            ErrorKind::PermissionDenied => {
                failure.hint("ports below 1024 need a privilege; take a higher one with --listen")
            }
            _ => failure.hint("an address of this machine is wanted, e.g. --listen 127.0.0.1:8080"),
        }
    })
}

/// Says where the centre listens.
pub(crate) fn announce(address: SocketAddr, as_json: bool) -> Result<(), Failure> {
    let address = format!("http://{address}");
    if as_json {
        print_line(json!({ "listening": address }))
    } else {
        print_line(format_args!("listening on {address}"))
    }
}

/// Says where a custodian listens: there is nothing for a browser.
pub(crate) fn announce_line(address: SocketAddr, as_json: bool) -> Result<(), Failure> {
    if as_json {
        print_line(json!({ "listening": address.to_string() }))
    } else {
        print_line(format_args!("listening on {address}, over TLS, for the centre and auditors alone"))
    }
}

/// Ends when somebody asks this program to end.
pub(crate) async fn asked_to_end() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return drop(tokio::signal::ctrl_c().await);
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cosigner_that_is_silent_says_why_or_signs_again_is_told_once() {
        let missing = |name: &str, why: &str, kind| {
            let since = Some("2017-01-01T00:00:00Z".parse().unwrap());
            Missing { name: name.to_owned(), why: why.to_owned(), kind, since }
        };
        let (down, forked) = (
            missing("w1", "no answer", MissingKind::NoAnswer),
            missing("w2", "another history", MissingKind::Fork),
        );
        assert_eq!(
            news_of_cosigners(&[], &[down.clone(), forked.clone()]),
            [
                "w1 gives no cosignature since 2017-01-01T00:00:00Z: no answer",
                "w2 gives no cosignature since 2017-01-01T00:00:00Z: another history; keep this folder and that of the witness as evidence",
            ]
        );
        let later = missing("w1", "no answer in 2 s", MissingKind::NoAnswer);
        assert!(
            news_of_cosigners(std::slice::from_ref(&down), &[later]).is_empty(),
            "the words alone are others"
        );
        assert_eq!(
            news_of_cosigners(&[down, forked], &[missing("w1", "refused", MissingKind::Refused)]),
            ["w1 gives no cosignature since 2017-01-01T00:00:00Z: refused", "w2 cosigns again"]
        );
    }
}
