//! Taking reports, beside raw fdatasync on the same disk in the same run: `cargo bench -p sekong-centre --bench ingest`.
//!
//! Group commits of 1, 10 and 100 signed entries, each read and its signature checked on any core, as handlers of requests do while
//! the commit before is written; then held against every rule, cosigned by three and stored with one call of the fsync class, and
//! published beside the next ones, as the writer does. Beside it the CPU that one signature takes alone: no rate is above cores / that. Then one report after the other over
//! HTTP; then receipts. Because a slot is reported once, what is taken are corrections, one after the other, of the reports of the
//! campaign's first hour.

#![allow(clippy::unwrap_used, reason = "a benchmark fails as tests do")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sekong_centre::api::views::ReceiptView;
use sekong_centre::{Centre, Published};
use sekong_log::{CorrectionReason, DeviceKey, Entry, InspectionCorrected, Statement};
use sekong_model::{Counts, Finds};
use sekong_simulate::Device;
use sekong_store::SqliteStore;
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, spawn_blocking};

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/founded.rs"]
mod founded;
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/site.rs"]
mod site;

use founded::Founded;
use site::Site;

/// That of the command that serves.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCHES: [usize; 3] = [1, 10, 100];

/// Group commits that are timed for each size.
const COMMITS: [usize; 3] = [100, 100, 30];

/// Corrections that a report may have.
const CORRECTIONS: usize = 32;

/// Reports that are sent one by one.
const SINGLES: usize = 200;

/// Signatures that are checked alone.
const SIGNATURES: usize = 10_000;

/// What the issue of the log asks for: this share of batch × fdatasync/s at the largest batch.
const WANTED_SHARE: f64 = 0.8;

fn main() {
    signatures();
    println!("batch  reports/s  batch*fdatasync/s  share  CPU ms/report  fdatasync p50 ms");
    for (batch, commits) in BATCHES.into_iter().zip(COMMITS) {
        let runtime = Runtime::new().unwrap();
        runtime.block_on(group_commits(batch, commits));
    }
    let runtime = Runtime::new().unwrap();
    let (founded, mut desk) = runtime.block_on(reported());
    receipts(&founded.centre);
    singles(runtime, founded, &mut desk);
}

/// The devices that have reported, and the newest word of each.
struct Desk {
    devices: Vec<(Device, u64)>,
    next: usize,
}

impl Desk {
    /// The next `count` corrections, by devices in turn; the first is to stand at `index`.
    fn corrections(&mut self, founded_at: jiff::Timestamp, index: u64, count: usize) -> Vec<Vec<u8>> {
        let written = (index..).take(count).map(|index| {
            let place = self.next % self.devices.len();
            self.next += 1;
            let (device, of) = &mut self.devices[place];
            let said = InspectionCorrected {
                of: std::mem::replace(of, index),
                counts: Counts::new(9, 5, u32::try_from(index % 3).unwrap()).unwrap(),
                finds: Finds::default(),
                reason: CorrectionReason::Miscounted,
                persons: Vec::new(),
            };
            device.write(&Statement::Correction(said), founded_at).unwrap().bytes().to_vec()
        });
        written.collect()
    }
}

async fn reported() -> (Founded, Desk) {
    let mut founded = Founded::at_midnight().await;
    founded.now += Duration::from_secs(30 * 60);
    let mut devices = Vec::new();
    for (unit, due) in founded.dues() {
        let mut device = founded::device(&founded.campaign, &due.team);
        let entry = founded.written(&mut device, &founded.report(&unit, &due));
        let index = founded.centre.submit(entry.bytes(), founded.now).unwrap();
        devices.push((device, index));
    }
    founded.centre.commit(founded.now).await.unwrap();
    (founded, Desk { devices, next: 0 })
}

/// Times group commits of a size, in as many campaigns as have reports to correct.
async fn group_commits(batch: usize, commits: usize) {
    let mut spent = Spent::default();
    while spent.commits < commits {
        let (mut founded, mut desk) = reported().await;
        let here = (desk.devices.len() * CORRECTIONS / batch).min(commits - spent.commits);
        assert!(0 < here, "a campaign has fewer corrections than a batch");
        time_commits(&mut founded, &mut desk, (batch, here), &mut spent).await;
    }
    let reports = (spent.commits * batch) as f64;
    let rate = reports / spent.took.as_secs_f64();
    let floor = batch as f64 * spent.raw.len() as f64 / spent.raw.iter().sum::<Duration>().as_secs_f64();
    println!(
        "{batch:<6} {rate:>9.0} {floor:>18.0} {:>6.3} {:>14.3} {:>17.3}",
        rate / floor,
        1e3 * spent.cpu_s / reports,
        ms(quantile(&mut spent.raw, 0.5))
    );
    if batch == BATCHES[BATCHES.len() - 1] {
        let met = if WANTED_SHARE <= rate / floor { "met" } else { "NOT met" };
        println!("wanted at batch {batch}: a share of {WANTED_SHARE}: {met}");
    }
}

/// What was measured so far.
#[derive(Default)]
struct Spent {
    commits: usize,
    took: Duration,
    cpu_s: f64,
    /// The same bytes appended to a file, each time made durable.
    raw: Vec<Duration>,
}

async fn time_commits(
    founded: &mut Founded,
    desk: &mut Desk,
    (batch, commits): (usize, usize),
    spent: &mut Spent,
) {
    let (folder, now) = (founded.folder.path().to_owned(), founded.now);
    let batches: Vec<Vec<Vec<u8>>> = (0..commits)
        .map(|commit| desk.corrections(now, founded.centre.log_size() + (commit * batch) as u64, batch))
        .collect();
    let bytes = batches[0].concat();
    spent.raw.extend(fdatasyncs(&folder, &bytes, commits.div_ceil(2)));
    let (began, cpu) = (Instant::now(), cpu_s());
    let mut batches = batches.into_iter();
    let (mut next, mut copy) = (batches.next().map(checked), Copying::default());
    while let Some(entries) = next {
        let entries = entries.await.unwrap();
        // Who comes while a commit is written is read meanwhile.
        next = batches.next().map(checked);
        for entry in &entries {
            founded.centre.take(entry, &[], now).unwrap();
        }
        founded.centre.make_durable(now).await.unwrap();
        copy.go_on(&mut founded.centre, now).await;
    }
    copy.end(&mut founded.centre).await;
    spent.took += began.elapsed();
    spent.cpu_s += cpu_s() - cpu;
    spent.commits += commits;
    spent.raw.extend(fdatasyncs(&folder, &bytes, commits.div_ceil(2)));
}

/// The published folder, written on a thread of its own.
#[derive(Default)]
struct Copying(Option<JoinHandle<Published>>);

impl Copying {
    /// Begins what is due, unless the one before is being written.
    async fn go_on(&mut self, centre: &mut Centre<SqliteStore>, now: jiff::Timestamp) {
        if self.0.as_ref().is_none_or(JoinHandle::is_finished) {
            self.end(centre).await;
            self.0 = centre.publication(now).map(|publication| spawn_blocking(|| publication.write()));
        }
    }

    async fn end(&mut self, centre: &mut Centre<SqliteStore>) {
        if let Some(written) = self.0.take() {
            centre.note_published(written.await.unwrap());
        }
    }
}

/// Reads entries and checks their signatures, each in a task of its own.
fn checked(entries: Vec<Vec<u8>>) -> JoinHandle<Vec<Entry>> {
    let read = |bytes: Vec<u8>| tokio::spawn(async move { Entry::parse(&bytes).unwrap() });
    let tasks: Vec<_> = entries.into_iter().map(read).collect();
    tokio::spawn(async move { join_all(tasks).await.into_iter().map(Result::unwrap).collect() })
}

/// The CPU that one strict check of a signature takes.
fn signatures() {
    let (key, message) = (DeviceKey::from_seed(&[7; 32]), [9; 600]);
    let (device, signature) = (key.id(), key.sign(&message));
    let cpu = cpu_s();
    let held =
        (0..SIGNATURES).filter(|_| std::hint::black_box(&device).verifies(&message, &signature)).count();
    assert_eq!(held, SIGNATURES);
    let signature_s = (cpu_s() - cpu) / SIGNATURES as f64;
    let cores = std::thread::available_parallelism().unwrap().get();
    println!(
        "one signature checked strictly: {:.3} ms of CPU; {cores} cores take at most {:.0} reports a second",
        1e3 * signature_s,
        cores as f64 / signature_s
    );
}

/// The time of each append that was made durable.
fn fdatasyncs(folder: &Path, bytes: &[u8], count: usize) -> Vec<Duration> {
    let mut file = File::create(folder.join("raw")).unwrap();
    let mut one = || {
        let began = Instant::now();
        file.write_all(bytes).unwrap();
        file.sync_data().unwrap();
        began.elapsed()
    };
    (0..count).map(|_| one()).collect()
}

fn receipts(centre: &Centre<SqliteStore>) {
    let size = centre.log_size();
    let mut times: Vec<Duration> = (0..1_000)
        .map(|number| {
            let began = Instant::now();
            std::hint::black_box(centre.receipt(number * 7_919 % size).unwrap());
            began.elapsed()
        })
        .collect();
    println!(
        "receipt of {size} entries: p50 {:.3} ms, p99 {:.3} ms; wanted at most 1 ms",
        ms(quantile(&mut times, 0.5)),
        ms(quantile(&mut times, 0.99))
    );
}

/// Reports one by one over HTTP on loopback, each sent when the one before has its receipt.
fn singles(runtime: Runtime, founded: Founded, desk: &mut Desk) {
    let (now, folder) = (founded.now, founded.folder.path().to_owned());
    let site = Site::serve(runtime, founded, false, None, std::sync::Arc::new(|_, _| Vec::new()));
    let (mut times, mut sent) = (Vec::new(), Vec::new());
    for _ in 0..SINGLES.min(desk.devices.len() * CORRECTIONS) {
        let place = desk.next % desk.devices.len();
        sent = desk.corrections(now, 0, 1).remove(0);
        let began = Instant::now();
        let answer = site.post("/api/entries", &sent);
        times.push(began.elapsed());
        assert_eq!(answer.status, 201, "{answer:?}");
        // The centre writes entries of its own between them: where this one stands, its receipt says.
        desk.devices[place].1 = answer.json::<ReceiptView>().index;
    }
    let mut raw = fdatasyncs(&folder, &sent, times.len());
    site.end();
    let (p50, p99) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
    let (raw50, raw99) = (quantile(&mut raw, 0.5), quantile(&mut raw, 0.99));
    println!(
        "one report over HTTP: p50 {:.2} ms, p99 {:.2} ms; fdatasync p50 {:.2} ms, p99 {:.2} ms; p50 is {:.1} and p99 {:.1} times \
         fdatasync's p99, wanted at most 3",
        ms(p50),
        ms(p99),
        ms(raw50),
        ms(raw99),
        p50.as_secs_f64() / raw99.as_secs_f64(),
        p99.as_secs_f64() / raw99.as_secs_f64()
    );
}

fn quantile(times: &mut [Duration], share: f64) -> Duration {
    times.sort_unstable();
    times[((times.len() - 1) as f64 * share).round() as usize]
}

fn ms(time: Duration) -> f64 {
    1e3 * time.as_secs_f64()
}

/// CPU seconds of this process: user and system, in ticks of 10 ms.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let mut fields = stat.rsplit(") ").next().unwrap().split(' ').skip(11);
    let mut ticks = || fields.next().unwrap().parse::<f64>().unwrap();
    (ticks() + ticks()) / 100.0
}
