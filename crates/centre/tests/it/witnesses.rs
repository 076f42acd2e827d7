//! Witnesses on machines of their own as the centre reaches them: over real HTTP, honest and odd, and what an old store meets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sekong_centre::api::views::ClockView;
use sekong_centre::{Centre, Secrets, WitnessAt, WitnessMemory, WitnessOffice};
use sekong_log::{
    Checkpoint, Cosigner, Head, KeyKind, Seen, SigningKey, VerifierKey, WitnessedLogs, empty_root,
};
use sekong_model::Campaign;
use sekong_store::SqliteStore;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use crate::founded::{Founded, files, secrets};
use crate::site::{SetClock, Site};

/// As all names of cosigners here it ends in its number.
const NAME: &str = "court.example/witness-3";

fn key() -> SigningKey {
    SigningKey::from_seed(NAME, KeyKind::CosignatureV1, &[77; 32]).unwrap()
}

fn log_key(secrets: &Secrets) -> SigningKey {
    SigningKey::from_seed("sekong/northeast-2017", KeyKind::Ed25519, &secrets.log).unwrap()
}

/// Secrets of the shipped campaign, whose third cosigner listens at `address`.
fn secrets_with(address: SocketAddr) -> Secrets {
    let mut secrets = secrets(&Campaign::parse(&files()).unwrap());
    secrets.cosigners.pop();
    let url = format!("http://{address}").parse().unwrap();
    secrets.witnesses.push(WitnessAt { key: key().verifier().clone(), url });
    secrets
}

/// What an office has kept, oldest first; a full disk keeps nothing.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<(Vec<Seen>, bool)>>);

impl WitnessMemory for Kept {
    fn keep(&mut self, seen: &Seen) -> std::io::Result<()> {
        let mut kept = self.0.lock().unwrap();
        if kept.1 {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        kept.0.push(seen.clone());
        Ok(())
    }
}

/// An honest witness on a port of its own.
struct Apart {
    clock: Arc<SetClock>,
    kept: Kept,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: tokio::task::JoinHandle<Result<(), sekong_centre::MemoryLost>>,
}

impl Apart {
    /// It goes on from what was kept.
    async fn listening(address: &str, kept: Kept) -> Apart {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut logs = WitnessedLogs::new(key()).unwrap();
        logs.follow(log_key(&secrets_with(address)).verifier().clone()).unwrap();
        if let Some(seen) = kept.0.lock().unwrap().0.last() {
            logs.follow_from(seen.clone()).unwrap();
        }
        let clock = Arc::new(SetClock(watch::channel(Timestamp::UNIX_EPOCH).0));
        let office = WitnessOffice::new(logs, kept.clone(), clock.clone());
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(office.serve(listener, async { drop(stopped.await) }));
        Apart { clock, kept, address, stop: Some(stop), ended }
    }

    fn set(&self, now: Timestamp) {
        self.clock.0.send_replace(now);
    }

    /// Entries under what it has seen last.
    fn size(&self) -> u64 {
        self.kept.0.lock().unwrap().0.last().map_or(0, |seen| seen.size)
    }

    async fn end(mut self) -> Kept {
        drop(self.stop.take());
        self.ended.await.unwrap().unwrap();
        self.kept
    }
}

/// A founded campaign at half past midnight whose third cosigner is an honest witness.
async fn with_witness() -> (Founded, Apart) {
    let apart = Apart::listening("127.0.0.1:0", Kept::default()).await;
    let mut founded = Founded::by(files(), secrets_with(apart.address)).await;
    // Until its clock is set, its cosignatures are of 1970 and count for nothing.
    assert_eq!(founded.cosigned(), "12");
    assert!(founded.missing()[0].contains("its clock says 1970-01-01T00:00:00Z"), "{:?}", founded.missing());
    founded.run_to_midnight().await;
    founded.now += SignedDuration::from_mins(30);
    apart.set(founded.now);
    (founded, apart)
}

#[tokio::test]
async fn a_witness_apart_cosigns_as_those_in_the_process_do_and_over_a_restart() {
    let (mut founded, apart) = with_witness().await;
    founded.report_one(0).await;
    assert_eq!((founded.cosigned().as_str(), founded.missing()), ("123", vec![]));
    assert_eq!(apart.size(), founded.centre.log_size());
    let mut founded = founded.reopen().await;
    founded.report_one(1).await;
    assert_eq!((founded.cosigned().as_str(), founded.missing()), ("123", vec![]));
    // It forgot that it had seen the last head, or another centre's store had: it says so, and is told from there.
    let (kept, address) = (apart.kept.clone(), apart.address);
    apart.end().await;
    kept.0.lock().unwrap().0.pop();
    let apart = Apart::listening(&address.to_string(), kept).await;
    apart.set(founded.now);
    founded.report_one(2).await;
    assert_eq!((founded.cosigned().as_str(), founded.missing()), ("123", vec![]));
    assert_eq!(apart.size(), founded.centre.log_size());
}

#[tokio::test]
async fn an_older_copy_of_the_store_is_refused_before_anything_is_written() {
    let (mut founded, apart) = with_witness().await;
    founded.report_one(0).await;
    let held = founded.centre.log_size();
    let founded = founded.reopen().await;
    let (store, copy) = (founded.folder.path().join("sekong.db"), founded.folder.path().join("copy.db"));
    std::fs::copy(&store, &copy).unwrap();
    let mut founded = founded;
    founded.report_one(1).await;
    founded.report_one(2).await;
    let (seen, now) = (founded.centre.log_size(), founded.now);
    let Founded { folder, campaign, centre, secrets, .. } = founded;
    centre.close().await.unwrap();
    std::fs::copy(&copy, &store).unwrap();
    // An old copy of everything: what was published since does not tell.
    std::fs::remove_dir_all(folder.path().join("log")).unwrap();
    let open = async || {
        let store = SqliteStore::open(&store).await.unwrap();
        Centre::open(store, folder.path(), &campaign, &secrets).await.unwrap()
    };
    let mut centre = open().await;
    assert_eq!(centre.log_size(), held);
    let refused = centre.commit(now).await.unwrap_err().to_string();
    let said =
        format!("{NAME}: it has cosigned {seen} entries of this log, the store holds {held}: an older copy");
    assert!(refused.starts_with(&said), "{refused}");
    drop(centre);
    // Had the witness been out of reach, the log would have been written on; once it is longer than what the witness saw, it is
    // known as another one.
    let (kept, address) = (apart.end().await, secrets.witnesses[0].url.to_string());
    let mut centre = open().await;
    for _ in held..=seen {
        let reason = sekong_log::TableReason::Lost;
        centre.commit(now).await.unwrap();
        centre.replace_table(&campaign.teams()[0].id, reason, now).unwrap();
    }
    centre.commit(now).await.unwrap();
    assert!(seen < centre.log_size());
    assert!(centre.missing_cosigners()[0].why.contains("nobody listens"), "{:?}", centre.missing_cosigners());
    centre.close().await.unwrap();
    let apart = Apart::listening(address.strip_prefix("http://").unwrap(), kept).await;
    apart.set(now);
    let refused = open().await.commit(now).await.unwrap_err().to_string();
    let said =
        format!("{NAME}: it has cosigned another history of this log: its first {seen} entries were others");
    assert_eq!(refused, said);
    assert_eq!(apart.size(), seen, "what it has seen stays");
}

/// When enough had cosigned the newest head: the end of its newest entry's bracket.
fn frozen(founded: &Founded) -> Option<Timestamp> {
    let (keys, needed) = (founded.centre.keys(), founded.campaign.rules().cosignatures as usize);
    let head = Head::open(founded.centre.head().unwrap(), &keys.log, keys.cosigners.as_deref().unwrap());
    head.unwrap().frozen(needed)
}

/// A witness whose clock was once far ahead has said that it had seen so much by then, and takes nothing back: it is missing
/// until that time, by name and with the reason, and neither holds up the schedule nor dates an entry.
#[tokio::test]
async fn a_witness_whose_clock_was_far_ahead_is_named_and_neither_stops_the_schedule_nor_stretches_a_bracket()
{
    let (mut founded, apart) = with_witness().await;
    let far: Timestamp = "2099-01-01T00:00:00Z".parse().unwrap();
    apart.set(far);
    founded.report_one(0).await;
    let missing = founded.missing();
    assert_eq!((founded.cosigned().as_str(), missing.len()), ("12", 1));
    assert!(missing[0].contains("its clock says 2099-01-01T00:00:00Z, the centre's 2016"), "{missing:?}");
    assert!(
        missing[0].starts_with(NAME) && missing[0].ends_with("even once its clock is right"),
        "{missing:?}"
    );
    assert_eq!(frozen(&founded), Some(founded.now));

    // Its clock is set right, and it is started anew: what it has signed it knows.
    let (kept, address) = (apart.kept.clone(), apart.address);
    apart.end().await;
    let apart = Apart::listening(&address.to_string(), kept).await;
    founded.now += SignedDuration::from_mins(5);
    apart.set(founded.now);
    founded.report_one(1).await;
    let missing = founded.missing();
    let told = "503 Service Unavailable: the clock says 2016-12-31T17:35:00Z, the last cosignature was given at \
                2099-01-01T00:00:00Z: this key signs nothing before that";
    assert!(missing[0].starts_with(NAME) && missing[0].ends_with(told), "{missing:?}");
    assert_eq!(frozen(&founded), Some(founded.now));

    // Two of three freeze, also after a restart of the centre, whose own clock starts where it was.
    let now = founded.now;
    let mut founded = founded.reopen().await;
    assert!(founded.centre.latest_time() <= now);
    founded.run_until(founded.campaign.absences_frozen_at(founded.day().plus_days(1).unwrap())).await;
    assert_eq!(founded.cosigned(), "12");
    assert!(founded.missing()[0].ends_with("signs nothing before that"), "{:?}", founded.missing());
}

#[tokio::test]
async fn a_witness_that_cannot_keep_what_it_sees_signs_nothing_and_ends() {
    let (mut founded, apart) = with_witness().await;
    founded.report_one(0).await;
    let size = apart.size();
    apart.kept.0.lock().unwrap().1 = true;
    founded.report_one(1).await;
    assert_eq!(founded.cosigned(), "12");
    assert!(founded.missing()[0].contains("500 Internal Server Error: what was seen cannot be kept"));
    assert_eq!(apart.size(), size);
    let lost = apart.ended.await.unwrap().unwrap_err();
    assert!(lost.to_string().contains("no storage space"), "{lost}");
}

/// What an odd witness says to a request's body; `None` is nothing at all, for as long as it is waited for.
type Reply = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// A listener that says what the test has it say.
struct Odd {
    address: SocketAddr,
    reply: Arc<Mutex<Reply>>,
    asked: Arc<AtomicUsize>,
}

impl Odd {
    fn listening() -> Odd {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let reply: Arc<Mutex<Reply>> =
            Arc::new(Mutex::new(Arc::new(|_: &str| Some(said("404 Not Found", "no log")))));
        let asked = Arc::new(AtomicUsize::new(0));
        let (replies, count) = (reply.clone(), asked.clone());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                count.fetch_add(1, Ordering::Relaxed);
                let reply = replies.lock().unwrap().clone();
                thread::spawn(move || answer(stream, &reply));
            }
        });
        Odd { address, reply, asked }
    }

    fn says(&self, reply: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) {
        *self.reply.lock().unwrap() = Arc::new(reply);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Answers one request and closes, or holds the line.
fn answer(mut stream: TcpStream, reply: &Reply) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|read| 0 < read) && line != "\r\n" {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    match reply(&String::from_utf8(body).unwrap()) {
        Some(bytes) => stream.write_all(&bytes).unwrap(),
        None => drop(reader.read(&mut [0])),
    }
}

fn said(status: &str, body: &str) -> Vec<u8> {
    typed(status, "text/plain", body)
}

fn typed(status: &str, media_type: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn size(size: u64) -> Option<Vec<u8>> {
    Some(typed("409 Conflict", "text/x.tlog.size", &format!("{size}\n")))
}

/// A line on the head in a request, or on `other`, by a key that never saw the log.
fn line_on(
    body: &str,
    other: Option<&str>,
    key: SigningKey,
    log: &VerifierKey,
    time: Timestamp,
) -> Option<Vec<u8>> {
    let note = other.unwrap_or_else(|| body.split_once("\n\n").unwrap().1);
    let mut cosigner = Cosigner::new(key, log.clone(), (0, empty_root())).unwrap();
    let line = cosigner.cosign(0, note, &[], time).unwrap();
    Some(said("200 OK", &format!("{line}\n")))
}

/// Each is named with what it did, the others go on without it, and it is asked again.
#[tokio::test]
async fn a_witness_that_answers_oddly_is_named_for_what_it_did() {
    let odd = Odd::listening();
    let secrets = secrets_with(odd.address);
    let log = log_key(&secrets);
    let mut founded = Founded::by(files(), secrets).await;
    assert!(founded.missing()[0].ends_with("its answer is no cosignature: 404 Not Found: no log"));
    founded.run_to_midnight().await;
    let (key_of_log, start) = (log.verifier().clone(), founded.now);
    let other_head = Checkpoint { origin: "sekong/northeast-2017".into(), size: 1, root: empty_root() };
    let other_head = other_head.sign(&log).unwrap().to_string();
    let other_key = SigningKey::from_seed(NAME, KeyKind::CosignatureV1, &[78; 32]).unwrap();
    let now = move |number: usize| start + SignedDuration::from_mins(10 * (number as i64 + 1));
    let held = founded.centre.log_size();
    let (by, on) = (key_of_log.clone(), other_head.clone());
    let (log, late) = (key_of_log.clone(), key_of_log);
    let cases: Vec<(&str, Reply)> = vec![
        (
            "no line by its key is in \"?\u{fffd}\"",
            Arc::new(|_| {
                Some([said("200 OK", "??"), vec![]].concat()).map(|mut all| {
                    let end = all.len() - 1;
                    all[end] = 0xff;
                    all
                })
            }),
        ),
        ("no line by its key is in", Arc::new(|_| Some(said("200 OK", "")))),
        ("no answer: ", Arc::new(|_| Some(b"SMTP, not HTTP\r\n".to_vec()))),
        ("its answer cannot be read", Arc::new(|_| Some(said("200 OK", &"x".repeat(20_000))))),
        ("does not answer in 2s", Arc::new(|_| None)),
        ("no line by its key", Arc::new(move |body| line_on(body, None, other_key.clone(), &by, now(5)))),
        (
            "the cosignature by court.example/witness-3 does not hold",
            Arc::new(move |body| line_on(body, Some(&on), key(), &log, now(6))),
        ),
        ("its clock says", Arc::new(move |body| line_on(body, None, key(), &late, now(500)))),
        ("403 Forbidden: other key", Arc::new(|_| Some(said("403 Forbidden", "other key")))),
        ("503 Service Unavailable: busy", Arc::new(|_| Some(said("503 Service Unavailable", "busy")))),
        ("the store holds", Arc::new(|_| size(1_000_000))),
        ("it has cosigned another history of this log: its first 7", Arc::new(|_| size(7))),
        ("409 Conflict: five", Arc::new(|_| Some(typed("409 Conflict", "text/x.tlog.size", "five\n")))),
        ("409 Conflict: 5", Arc::new(|_| Some(said("409 Conflict", "5\n")))),
    ];
    for (number, (wanted, reply)) in cases.into_iter().enumerate() {
        let before = odd.asked();
        odd.says(move |body| reply(body));
        founded.now = now(number);
        founded
            .centre
            .replace_table(
                &founded.campaign.teams()[number % 5].id,
                sekong_log::TableReason::Lost,
                founded.now,
            )
            .unwrap();
        founded.centre.commit(founded.now).await.unwrap();
        let missing = founded.missing();
        assert_eq!((missing.len(), founded.cosigned().as_str()), (1, "12"), "{wanted}: {missing:?}");
        assert!(missing[0].starts_with(NAME) && missing[0].contains(wanted), "{wanted}: {missing:?}");
        assert!(before < odd.asked(), "{wanted}");
    }
    let missing = &founded.centre.missing_cosigners()[0];
    assert!(missing.since.unwrap() < start, "since it first failed: {missing:?}");
    assert!(held < founded.centre.log_size());
}

#[tokio::test]
async fn a_witness_that_hangs_slows_no_commit_but_the_one_that_finds_out() {
    let odd = Odd::listening();
    odd.says(|_| None);
    let started = Instant::now();
    let mut founded = Founded::by(files(), secrets_with(odd.address)).await;
    assert_eq!(odd.asked(), 1, "the campaign was founded with several commits");
    assert!(started.elapsed() < Duration::from_secs(60));
    founded.run_to_midnight().await;
    let mut timed = async |at: Timestamp, team: usize| {
        let (before, started) = (odd.asked(), Instant::now());
        founded
            .centre
            .replace_table(&founded.campaign.teams()[team].id, sekong_log::TableReason::Lost, at)
            .unwrap();
        founded.centre.commit(at).await.unwrap();
        (odd.asked() - before, Duration::from_secs(2) <= started.elapsed())
    };
    let start = Timestamp::from_second(4_000_000_000).unwrap();
    let after = |seconds| start + SignedDuration::from_secs(seconds);
    // It was asked at every job of the first day, hours apart, so it is left alone for the longest time by now.
    assert_eq!(timed(start, 0).await, (1, true));
    for seconds in [0, 1, 60, 299] {
        assert_eq!(timed(after(seconds), 1).await, (0, false), "{seconds} s later");
    }
    assert_eq!(timed(after(300), 2).await, (1, true));
    assert_eq!(timed(after(301), 3).await, (0, false));
}

/// Nothing is written, and still it comes back: the running centre asks when its time has come.
#[test]
fn a_witness_that_comes_back_is_asked_for_the_newest_head_by_itself() {
    let runtime = Runtime::new().unwrap();
    let (founded, apart) = runtime.block_on(with_witness());
    let (address, now) = (apart.address, founded.now);
    let kept = runtime.block_on(apart.end());
    let site = Site::serve(runtime, founded, true, None, Arc::new(|_, _| Vec::new()));
    let alone =
        |clock: &ClockView| Some(clock.missing_cosigners.clone()).filter(|missing| !missing.is_empty());
    let missing = site.until(alone);
    assert!(missing[0].why.contains("nobody listens") && missing[0].since.is_some(), "{missing:?}");
    site.step_to(now).unwrap();
    let lone = site.get("/log/checkpoint").body;
    let beside = Runtime::new().unwrap();
    let apart = beside.block_on(Apart::listening(&address.to_string(), kept));
    apart.set(now + SignedDuration::from_mins(6));
    site.set(now + SignedDuration::from_mins(6));
    // The clock tells of the line before the head is published with it.
    let cosigned = site.until(|clock| {
        let head = || site.get("/log/checkpoint").body;
        clock.missing_cosigners.is_empty().then(head).filter(|head| *head != lone)
    });
    assert!(cosigned.starts_with(&lone), "the same head with one more line");
    site.end();
}
