//! SIGKILL in the middle of reports: nothing acknowledged is lost, nothing is there twice, the log still verifies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use jiff::SignedDuration;
use sekong_centre::api::views::ReceiptView;
use sekong_log::{DeviceId, Entry};
use sekong_model::TeamId;
use sekong_simulate::Seed;
use sekong_store::{SqliteStore, Store};

use crate::backlog::Backlog;
use crate::server::Server;
use crate::site::{Sent, Site};
use crate::{Binary, Trouble};

/// From the last awaited acknowledgement to the kill at most, in microseconds: some ten commits fit in.
const DELAY_MAX_US: u32 = 5_000;

/// Longest wait for an acknowledgement.
const PATIENCE: Duration = Duration::from_secs(60);

/// Between two starts the clock goes forward.
const BETWEEN_STARTS: SignedDuration = SignedDuration::from_mins(2);

/// What a round came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Round {
    /// Reports that waited at its beginning.
    pub reports: usize,
    /// Of these, acknowledged before the kill.
    pub acknowledged_before: usize,
}

impl Round {
    /// Whether the kill fell into the middle: some reports acknowledged, some not.
    #[must_use]
    pub fn in_the_middle(&self) -> bool {
        (1..self.reports).contains(&self.acknowledged_before)
    }
}

/// When a round's server is killed.
#[derive(Clone, Copy)]
struct Moment {
    acknowledged: usize,
    delay: Duration,
}

impl Moment {
    fn of(round: u64, reports: usize) -> Moment {
        let mut stream = Seed(round).stream("kill", "");
        let latest = u32::try_from(reports * 3 / 4).unwrap_or(u32::MAX).max(1);
        let acknowledged = stream.between(1, latest) as usize;
        Moment { acknowledged, delay: Duration::from_micros(stream.between(0, DELAY_MAX_US).into()) }
    }
}

/// Receipts by team, in the order of its entries.
type Receipts = BTreeMap<TeamId, Vec<ReceiptView>>;

/// One round on a copy of the backlog: report, kill, restart, report again, compare.
///
/// # Errors
/// [`Trouble::Broken`] if something was lost or doubled or does not verify.
pub fn kill_round(binary: &Binary, backlog: &Backlog, round: u64) -> Result<Round, Trouble> {
    let folder = tempfile::tempdir().map_err(Trouble::system("make a folder"))?;
    let data = folder.path().join("campaign");
    copy(&backlog.data(), &data)?;
    let before = report_and_kill(binary, backlog, &data, Moment::of(round, backlog.reports()))?;
    let server = Server::start(binary, &data, backlog.until + BETWEEN_STARTS + BETWEEN_STARTS, 1)?;
    let after = report_all(&server.site, &backlog.entries, &before)?;
    check_receipts(&server.site, backlog, &before, &after)?;
    check_continuation(binary, &data, &before)?;
    server.kill()?;
    check_store(&data, backlog)?;
    let acknowledged_before = before.values().map(Vec::len).sum();
    Ok(Round { reports: backlog.reports(), acknowledged_before })
}

fn report_and_kill(
    binary: &Binary,
    backlog: &Backlog,
    data: &Path,
    moment: Moment,
) -> Result<Receipts, Trouble> {
    let server = Server::start(binary, data, backlog.until + BETWEEN_STARTS, 1)?;
    let site = server.site.clone();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let teams = backlog.entries.iter().map(|(team, entries)| {
            let (site, tell) = (site.clone(), tell.clone());
            let acknowledged = move || {
                // Nobody listens any more once enough is acknowledged.
                let _ = tell.send(());
            };
            (team.clone(), scope.spawn(move || send_in_order(&site, entries, &acknowledged)))
        });
        let teams: Vec<_> = teams.collect();
        for _ in 0..moment.acknowledged {
            told.recv_timeout(PATIENCE).map_err(|_| broken("nothing is acknowledged".to_owned()))?;
        }
        thread::sleep(moment.delay);
        server.kill()?;
        let receipts = teams.into_iter().map(|(team, sending)| Ok((team, joined(sending)??)));
        receipts.collect()
    })
}

fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> Result<T, Trouble> {
    thread.join().map_err(|_| Trouble::program("a client panicked"))
}

/// A team sends in sequence until nobody answers, and tells of each acknowledgement.
fn send_in_order(
    site: &Site,
    entries: &[Entry],
    acknowledged: &dyn Fn(),
) -> Result<Vec<ReceiptView>, Trouble> {
    let mut receipts = Vec::new();
    for entry in entries {
        match site.send(entry.bytes()) {
            Sent::Acknowledged(receipt) => {
                receipts.push(*receipt);
                acknowledged();
            }
            Sent::Unanswered => break,
            Sent::Refused(why) => return Err(broken(format!("a true report was refused: {why}"))),
        }
    }
    Ok(receipts)
}

/// Every team sends what was not acknowledged, and once more the last thing that was.
fn report_all(
    site: &Site,
    entries: &BTreeMap<TeamId, Vec<Entry>>,
    before: &Receipts,
) -> Result<Receipts, Trouble> {
    thread::scope(|scope| {
        let teams: Vec<_> = entries
            .iter()
            .map(|(team, entries)| {
                let known = before.get(team).map_or(0, Vec::len).saturating_sub(1);
                (team.clone(), known, scope.spawn(move || send_in_order(site, &entries[known..], &|| ())))
            })
            .collect();
        let receipts = teams.into_iter().map(|(team, known, sending)| {
            let receipts = joined(sending)??;
            let wanted = entries.get(&team).map_or(0, |entries| entries.len() - known);
            if receipts.len() == wanted {
                return Ok((team, receipts));
            }
            Err(broken(format!("{team} got {} receipts for {wanted} entries", receipts.len())))
        });
        receipts.collect()
    })
}

/// What was acknowledged before stands where its receipt says, and was not logged again.
fn check_receipts(
    site: &Site,
    backlog: &Backlog,
    before: &Receipts,
    after: &Receipts,
) -> Result<(), Trouble> {
    for (team, receipts) in before {
        let entries = backlog.entries.get(team).map_or(&[][..], Vec::as_slice);
        for (receipt, entry) in receipts.iter().zip(entries) {
            let now = site.receipt(receipt.index)?;
            if now.entry.as_bytes() != entry.bytes() {
                return Err(broken(format!("entry {} is not what {team} has a receipt for", receipt.index)));
            }
        }
        let again = after.get(team).and_then(|after| after.first());
        if let (Some(last), Some(again)) = (receipts.last(), again)
            && last.index != again.index
        {
            return Err(broken(format!("an entry of {team} is at {} and at {}", last.index, again.index)));
        }
    }
    Ok(())
}

/// The log continues every head that was given out before the kill, and verifies.
fn check_continuation(binary: &Binary, data: &Path, before: &Receipts) -> Result<(), Trouble> {
    let newest = before.values().flatten().max_by_key(|receipt| receipt.index);
    let mut command = Command::new(&binary.0);
    command.arg("verify").arg(data);
    if let Some(receipt) = newest {
        let path: PathBuf = data.with_extension("head");
        std::fs::write(&path, &receipt.head).map_err(Trouble::system("write a head"))?;
        command.arg("--since").arg(path);
    }
    let output = command.output().map_err(Trouble::system("run verify"))?;
    if output.status.success() {
        return Ok(());
    }
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(broken(format!("the log does not verify: {out}{err}")))
}

/// Every report is in the store once, and no device has two entries of one sequence number.
fn check_store(data: &Path, backlog: &Backlog) -> Result<(), Trouble> {
    let places = logged(data)?;
    for (place, count) in &places {
        if *count != 1 {
            return Err(broken(format!("device {} has {count} entries of sequence {}", place.0, place.1)));
        }
    }
    let missing = backlog.entries.values().flatten().find(|entry| !places.contains_key(&place(entry)));
    match missing {
        Some(entry) => Err(broken(format!("entry {} of device {} is lost", entry.seq(), entry.device()))),
        None => Ok(()),
    }
}

fn place(entry: &Entry) -> (DeviceId, u64) {
    (entry.device(), entry.seq())
}

fn logged(data: &Path) -> Result<BTreeMap<(DeviceId, u64), u32>, Trouble> {
    let runtime = tokio::runtime::Runtime::new().map_err(Trouble::system("start a runtime"))?;
    let leaves = runtime.block_on(async {
        let mut store = SqliteStore::open_read_only(&data.join("sekong.db")).await?;
        store.leaves(0, u64::from(u32::MAX)).await
    })?;
    let mut places = BTreeMap::new();
    for stored in leaves {
        *places.entry(place(&Entry::parse(&stored.leaf)?)).or_insert(0) += 1;
    }
    Ok(places)
}

fn broken(what: String) -> Trouble {
    Trouble::Broken { what }
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
