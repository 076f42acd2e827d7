//! `sekong dice throw` before a centre that lies: what two officers sign, and that they sign it once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use sekong_draw::{Throw, ThrownDice};
use sekong_log::{
    Checkpoint, Cosigner, DeviceKey, Entry, EntryDraft, Hash, KeyKind, NO_PREVIOUS, SigningKey, SilenceNoted,
    SilenceReason, SilentCustodian, Statement, Tree, empty_root,
};
use sekong_model::{Hour, Moment};
use serde_json::{Value, json};

use crate::data::arg;
use crate::run::{Run, sekong};

const CUSTODIANS: [&str; 5] = ["court", "ombudsman", "customs", "inspectorate", "university"];

/// A log that its centre fills as it likes, with a cosigner that signs what it is shown.
struct Log {
    key: SigningKey,
    cosigner: SigningKey,
    tree: Tree,
    entries: Vec<Entry>,
}

impl Log {
    fn new() -> Log {
        let key = |name: &str, kind| SigningKey::from_seed(name, kind, &[7; 32]).unwrap();
        Log {
            key: key("sekong/c", KeyKind::Ed25519),
            cosigner: key("sekong/c/cosigner-1", KeyKind::CosignatureV1),
            tree: Tree::new(),
            entries: Vec::new(),
        }
    }

    fn keys(&self) -> String {
        format!("{}\n{}\n", self.key.verifier(), self.cosigner.verifier())
    }

    /// Notes that these custodians were silent in a province at five o'clock.
    fn note(&mut self, province: &str, mask: u32) {
        let entry = silence(province, mask);
        self.tree.push(entry.leaf_hash());
        self.entries.push(entry);
    }

    fn head(&self, cosigned: bool) -> String {
        let (size, root) = (self.tree.size(), self.tree.root());
        let origin = self.key.verifier().name().to_owned();
        let mut note = Checkpoint { origin, size, root }.sign(&self.key).unwrap();
        if cosigned {
            let log = self.key.verifier().clone();
            let mut cosigner = Cosigner::new(self.cosigner.clone(), log, (0, empty_root())).unwrap();
            let time = "2017-01-01T00:00:00Z".parse().unwrap();
            note.push(cosigner.cosign(0, &note.to_string(), &[], time).unwrap());
        }
        note.to_string()
    }

    fn receipt(&self, index: u64, entry: &Entry, cosigned: bool) -> Value {
        json!({
            "index": index,
            "entry": String::from_utf8_lossy(entry.bytes()),
            "leaf_hash": entry.leaf_hash(),
            "proof": self.tree.inclusion_proof(index, self.tree.size()).unwrap(),
            "head": self.head(cosigned),
        })
    }
}

fn five() -> Moment {
    Moment::Hour { day: "2017-01-01".parse().unwrap(), hour: Hour::try_from(5).unwrap() }
}

fn silence(province: &str, mask: u32) -> Entry {
    let silent = CUSTODIANS.iter().enumerate().filter(|(place, _)| mask >> place & 1 == 1);
    let silent = silent
        .map(|(_, id)| SilentCustodian { custodian: id.parse().unwrap(), reason: SilenceReason::NoAnswer });
    let (province, silent) = (province.parse().unwrap(), silent.collect());
    let said = Statement::Silence(SilenceNoted {
        province,
        moment: five(),
        silent,
        head: String::new(),
        received: Hash([3; 32]),
    });
    let (kind, body) = said.to_parts();
    let time = "2016-12-31T22:00:00Z".parse().unwrap();
    let draft = EntryDraft { campaign: "c".parse().unwrap(), seq: 0, prev: NO_PREVIOUS, time, kind, body };
    Entry::sign(&draft, &DeviceKey::from_seed(&[9; 32])).unwrap()
}

/// What the centre answers to a path, and the throws that it was sent.
#[derive(Default)]
struct Says {
    answers: Vec<(String, Value)>,
    thrown: Vec<Throw>,
}

/// A centre that says what a test has it say, on loopback until the test ends.
struct Centre {
    base: String,
    says: Arc<Mutex<Says>>,
    folder: tempfile::TempDir,
}

impl Centre {
    fn new() -> Centre {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let says = Arc::new(Mutex::new(Says::default()));
        let shared = says.clone();
        std::thread::spawn(move || listener.incoming().for_each(|stream| answer(stream.unwrap(), &shared)));
        let folder = tempfile::tempdir().unwrap();
        for seat in ["police", "court"] {
            sekong(["dice", "key", "--out", arg(&folder.path().join(seat))]).exits(0);
        }
        Centre { base, says, folder }
    }

    /// Shows silences with their receipts.
    fn shows(&self, silences: &[(&Entry, bool)], receipts: &[Value]) {
        let view = |(index, (entry, waits)): (usize, &(&Entry, bool))| {
            let body = entry.body();
            json!({ "province": body["province"], "moment": body["moment"], "index": index,
                "leaf": entry.leaf_hash(), "silent": body["silent"], "waits": waits })
        };
        let views: Vec<Value> = silences.iter().enumerate().map(view).collect();
        let mut answers = vec![("/api/silences".to_owned(), json!({ "silences": views }))];
        let receipts = receipts.iter().enumerate();
        answers.extend(receipts.map(|(at, receipt)| (format!("/api/receipts/{at}"), receipt.clone())));
        self.says.lock().unwrap().answers = answers;
    }

    /// Shows the log as it is.
    fn shows_log(&self, log: &Log) {
        let entries: Vec<_> = log.entries.iter().map(|entry| (entry, true)).collect();
        let receipts = (0..).zip(&log.entries).map(|(index, entry)| log.receipt(index, entry, true));
        self.shows(&entries, &receipts.collect::<Vec<_>>());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn throw(&self, log: &Log, digits: &str) -> Run {
        self.throw_by(&log.keys(), digits, &[])
    }

    fn throw_by(&self, keys: &str, digits: &str, more: &[&str]) -> Run {
        std::fs::write(self.path("keys"), keys).unwrap();
        let seat = |id: &str| format!("{id}={}", arg(&self.path(id)));
        let (keys, seats) = (self.path("keys"), ["police", "court"].map(seat));
        let of = ["--officer", &seats[0], "--officer", &seats[1], "--key", arg(&keys), "--digits", digits];
        sekong(["dice", "throw", &self.base].iter().chain(&of).chain(more))
    }

    fn thrown(&self) -> Vec<Throw> {
        std::mem::take(&mut self.says.lock().unwrap().thrown)
    }
}

/// Every throw is taken and answered as if the centre were down: nothing is acknowledged.
fn answer(mut stream: TcpStream, says: &Mutex<Says>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let mut says = says.lock().unwrap();
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match says.answers.iter().find(|(known, _)| known == path) {
        Some((_, body)) => ("200 OK", body.to_string()),
        None if path == "/api/throws" => {
            let length = head.iter().find_map(|line| {
                line.to_ascii_lowercase()
                    .strip_prefix("content-length: ")
                    .map(|n| n.parse::<usize>().unwrap())
            });
            let mut body = vec![0; length.unwrap()];
            reader.read_exact(&mut body).unwrap();
            says.thrown.push(serde_json::from_slice(&body).unwrap());
            ("503 Service Unavailable", String::new())
        }
        None => ("404 Not Found", String::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}

fn digits(first: char) -> String {
    format!("{first}{}", "1234563216543".repeat(4))
}

#[test]
fn a_silence_that_is_not_in_the_cosigned_log_gets_no_signature() {
    let (centre, mut log) = (Centre::new(), Log::new());
    log.note("a", 4);
    let unlogged: Vec<Entry> = (1..32).map(|mask| silence("a", mask)).collect();
    let shown: Vec<_> = unlogged.iter().map(|entry| (entry, true)).collect();
    // Thirty-one that might be logged, without receipts; with the receipt of one; under a head of the log's key alone.
    centre.shows(&shown, &[]);
    centre.throw(&log, &digits('1')).exits(1);
    let receipts: Vec<Value> = unlogged.iter().map(|entry| log.receipt(0, entry, true)).collect();
    centre.shows(&shown, &receipts);
    centre
        .throw(&log, &digits('1'))
        .exits(3)
        .says(&["the silence of a at 2017-01-01 05:00", "nothing was signed"]);
    centre.shows(&[(&log.entries[0], true)], &[log.receipt(0, &log.entries[0], false)]);
    centre.throw(&log, &digits('1')).exits(3).says(&["0 of the 1 cosigners"]);
    // All in the log, which its cosigner signs blindly: one a province is noted, the others are not.
    for mask in [1, 2] {
        log.note("a", mask);
    }
    centre.shows_log(&log);
    centre.throw(&log, &digits('1')).exits(3).says(&["two silences are shown for a"]);
    assert_eq!(centre.thrown(), []);
    assert_eq!(std::fs::read(centre.path("police.thrown")).unwrap(), b"", "nothing was promised");
}

#[test]
fn a_head_is_signed_by_all_whose_keys_were_given_or_by_as_many_as_are_said() {
    let (centre, mut log) = (Centre::new(), Log::new());
    log.note("a", 4);
    centre.shows_log(&log);
    let other = SigningKey::from_seed("sekong/c/cosigner-2", KeyKind::CosignatureV1, &[8; 32]).unwrap();
    let keys = format!("{}{}\n", log.keys(), other.verifier());
    let throw = |more: &[&str]| centre.throw_by(&keys, &digits('1'), more);
    throw(&[]).exits(3).says(&["1 of the 2 cosigners", "nothing was signed", "--cosignatures"]);
    throw(&["--cosignatures", "2"]).exits(3).says(&["1 of the 2 cosigners"]);
    throw(&["--cosignatures", "3"]).exits(2).says(&["3 must sign, the keys of 2 were given"]);
    throw(&["--cosignatures", "0"]).exits(2);
    assert_eq!(centre.thrown(), []);
    throw(&["--cosignatures", "1"]).exits(1);
    assert_eq!(centre.thrown().len(), 1);
}

#[test]
fn a_silence_gets_one_throw_which_can_be_sent_again_and_no_other() {
    let (centre, mut log) = (Centre::new(), Log::new());
    log.note("a", 4);
    log.note("b", 4);
    centre.shows_log(&log);
    let first = centre.throw(&log, &digits('1')).exits(1);
    assert!(
        first.stdout.contains("a, 2017-01-01 05:00: these dice stand for customs (no answer)"),
        "{}",
        first.stdout
    );
    let sent = centre.thrown();
    let leaves: Vec<Hash> = log.entries.iter().map(Entry::leaf_hash).collect();
    assert_eq!((sent.len(), &sent[0].silences), (1, &leaves));
    assert_eq!(sent[0].dice, ThrownDice::try_from(digits('1')).unwrap());
    // The centre says that it heard nothing, and would like others.
    centre.throw(&log, &digits('2')).exits(1).says(&["another throw was signed", &digits('1')]);
    centre.throw(&log, &digits('1')).exits(1);
    assert_eq!(centre.thrown(), sent, "the same again");
    // Nor does it get others for another silence of the same hour, in another history; nor those dice for a third province.
    let mut other = Log::new();
    other.note("a", 2);
    centre.shows_log(&other);
    centre.throw(&other, &digits('2')).exits(1).says(&["another throw was signed"]);
    centre.throw(&other, &digits('1')).exits(3).says(&["another silence of a"]);
    log.note("c", 4);
    let receipts: Vec<Value> = (0..).zip(&log.entries).map(|(at, one)| log.receipt(at, one, true)).collect();
    let shown: Vec<_> = log.entries.iter().zip([false, false, true]).collect();
    centre.shows(&shown, &receipts);
    centre.throw(&log, &digits('1')).exits(1).says(&["throw the dice anew"]);
    assert_eq!(centre.thrown(), []);
    centre.throw(&log, &digits('2')).exits(1);
    assert_eq!(centre.thrown()[0].silences, [log.entries[2].leaf_hash()]);
}

#[test]
fn a_key_without_cosigners_and_a_seat_given_twice_are_errors_of_usage() {
    let (centre, log) = (Centre::new(), Log::new());
    let key = log.key.verifier().to_string();
    let seat = |id: &str| format!("{id}={}", arg(&centre.path("police")));
    let run = |key: &str, seats: [&str; 2]| {
        let seats = seats.map(seat);
        let digits = digits('1');
        let throw = ["dice", "throw", &centre.base, "--key", key, "--digits", &digits];
        sekong(throw.into_iter().chain(["--officer", &seats[0], "--officer", &seats[1]]))
    };
    run(&key, ["police", "court"]).exits(2).says(&["the cosigners' below it"]);
    run(&key, ["police", "police"]).exits(2).says(&["seat police is given twice"]);
}
