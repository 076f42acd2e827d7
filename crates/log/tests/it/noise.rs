//! Ten megabytes of noise for every reader: it refuses or reads, never panics, and never needs memory out of proportion.
//!
//! Each reader runs in a process of its own, so that the system's account of the most memory it ever held is its own.

use std::process::Command;

use rstest::rstest;
use sekong_log::{
    AddCheckpoint, BoxKey, CHECKPOINT_FILE, Checkpoint, CosignRefusal, Cosigner, DeviceId, DeviceKey,
    ENTRY_MAX_BYTES, Entry, EntryDraft, Fetched, Hash, Head, HeadKeys, KeyKind, LogFiles, NO_PREVIOUS,
    NOTE_MAX_BYTES, SignatureLine, SignedNote, SigningKey, Statement, TilePath, Tree, VerifierKey, audit_log,
    decode_bundle, empty_root, encode_bundle, tile_bytes, tiles_of, verify_cosignature,
};
use serde_json::{Value, json};

use crate::lot::Lot;

const NOISE_BYTES: usize = 10 << 20;
/// The longest single input is two megabytes; readers make small parts of it, a few words each.
const LONGEST_BYTES: usize = 2 << 20;
const MEMORY_BYTES: u64 = 24 << 20;
/// Tells the process started for a reader which one it is.
const READER: &str = "SEKONG_LOG_NOISE";

fn key(kind: KeyKind) -> SigningKey {
    SigningKey::from_seed("example.com/log", kind, &[kind.byte(); 32]).unwrap()
}

fn cosigned(size: u64, root: Hash) -> SignedNote {
    let log = key(KeyKind::Ed25519);
    let mut note = Checkpoint { origin: "example.com/log".into(), size, root }.sign(&log).unwrap();
    let mut cosigner =
        Cosigner::new(key(KeyKind::CosignatureV1), log.verifier().clone(), (0, empty_root())).unwrap();
    let line = cosigner.cosign(0, &note.to_string(), &[], "2017-01-01T00:00:00Z".parse().unwrap());
    note.push(line.unwrap());
    note
}

fn entry(seq: u64, prev: Hash) -> Entry {
    let body = json!({"n": [1, 2.5, null, true, {"é\u{1}": "x", "": []}]});
    let time = "2017-01-01T00:00:00Z".parse().unwrap();
    let campaign = "northeast-2017".parse().unwrap();
    let draft = EntryDraft { campaign, seq, prev, time, kind: "inspection".into(), body };
    Entry::sign(&draft, &DeviceKey::from_seed(&[3; 32])).unwrap()
}

/// The files of a log of three entries, as one text: name, length, bytes.
fn log_files() -> Vec<u8> {
    let (mut entries, mut tree, mut prev) = (Vec::new(), Tree::new(), NO_PREVIOUS);
    for seq in 0..3 {
        let entry = entry(seq, prev);
        tree.push(entry.leaf_hash());
        prev = entry.hash();
        entries.push(entry.bytes().to_vec());
    }
    let note = cosigned(3, tree.root()).to_string().into_bytes();
    let tiles = tiles_of(3).into_iter().map(|tile| {
        let bytes = tile_bytes(&tree, &tile).unwrap_or_else(|| encode_bundle(&entries).unwrap());
        (tile.to_string(), bytes)
    });
    let files = std::iter::once((CHECKPOINT_FILE.to_owned(), note)).chain(tiles);
    files
        .flat_map(|(name, bytes)| [format!("{name} {}\n", bytes.len()).into_bytes(), bytes].concat())
        .collect()
}

/// As many files as can be made out.
fn files_of(mut bytes: &[u8]) -> LogFiles {
    let mut files = LogFiles::new();
    while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let (name, length) = head.split_once(' ').unwrap_or((&head, ""));
        let rest = &bytes[end + 1..];
        let length = length.parse().unwrap_or(rest.len()).min(rest.len());
        files.insert(name.to_owned(), rest[..length].to_vec());
        bytes = &rest[length..];
    }
    files
}

type Read = fn(&[u8]);

/// A reader of text, with what it makes of the text it reads: the same text.
fn spelled<T: std::str::FromStr + ToString>(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Ok(read) = text.parse::<T>()
    {
        assert_eq!(read.to_string(), text);
    }
}

fn note_seed() -> Vec<u8> {
    cosigned(12, empty_root()).to_string().into_bytes()
}

fn add_checkpoint_seed() -> Vec<u8> {
    let note = String::from_utf8(note_seed()).unwrap();
    AddCheckpoint::new(7, vec![empty_root(); 4], &note).unwrap().to_string().into_bytes()
}

fn read_head(bytes: &[u8]) {
    let (log, cosigner) = (key(KeyKind::Ed25519), key(KeyKind::CosignatureV1));
    if let Ok(text) = std::str::from_utf8(bytes) {
        let head = Head::open(text, log.verifier(), &[cosigner.verifier().clone()]);
        assert!(head.is_err() || note_seed().starts_with(bytes), "{text:?}");
    }
}

fn read_cosignature(bytes: &[u8]) {
    let cosigner = key(KeyKind::CosignatureV1);
    let good = cosigned(12, empty_root());
    if let Some(line) = std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<SignatureLine>().ok()) {
        let held = verify_cosignature(cosigner.verifier(), good.text(), &line).is_ok();
        // Whose name the line bears is for the caller to see.
        assert!(!held || line.signature() == good.signatures()[1].signature(), "{line}");
    }
}

fn read_request(bytes: &[u8]) {
    let log = key(KeyKind::Ed25519).verifier().clone();
    let mut cosigner = Cosigner::new(key(KeyKind::CosignatureV1), log, (0, empty_root())).unwrap();
    let text = String::from_utf8_lossy(bytes);
    match cosigner.cosign(0, &text, &[], "2017-01-01T00:00:00Z".parse().unwrap()) {
        Ok(_) | Err(CosignRefusal::Head(_)) => (),
        Err(other) => panic!("{other}: {text:?}"),
    }
}

fn read_entry(bytes: &[u8]) {
    assert!(Entry::parse(bytes).is_err() || bytes == entry(0, NO_PREVIOUS).bytes());
}

fn read_statement(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let kind = value["kind"].as_str().unwrap_or("inspection");
    if let Ok(statement) = Statement::from_parts(kind, &value["body"]) {
        assert_eq!(statement.to_parts(), (kind.to_owned(), value["body"].clone()));
    }
}

fn statement_seed() -> Vec<u8> {
    json!({"kind": "inspection", "body": {
        "province": "stung-treng", "unit": "stung-treng/00-08/plain-1", "post": "KH-LA-01", "day": "2017-01-01", "hour": 7,
        "order": "ab".repeat(32), "started": "2017-01-01T00:04:00Z",
        "counts": {"passed": 12, "inspected": 5, "found": 1}}})
    .to_string()
    .into_bytes()
}

fn read_bundle(bytes: &[u8]) {
    if let Ok(entries) = decode_bundle(bytes) {
        assert_eq!(encode_bundle(&entries).unwrap(), bytes);
    }
}

fn read_files(bytes: &[u8]) {
    let (log, cosigners) = (key(KeyKind::Ed25519), [key(KeyKind::CosignatureV1).verifier().clone()]);
    let keys = HeadKeys { log: log.verifier(), cosigners: Some(&cosigners) };
    let files = files_of(bytes);
    for fetched in [false, true] {
        let source: &dyn sekong_log::LogSource = if fetched { &Fetched(&files) } else { &files };
        let audited = audit_log(source, keys, None, &mut |_, _, _| ());
        assert!(audited.is_err() || audited.is_ok_and(|log| log.head.checkpoint.size == 3));
    }
}

/// Bent copies of a good input, grown ones, and plain noise, ten megabytes in all.
fn feed(read: Read, good: &[u8], lot: &mut Lot) {
    let mut fed = 0;
    for round in 0.. {
        let input = match round % 16 {
            0 => lot.bytes(round % 300),
            1 => b"[{\":\n".iter().cycle().take(lot.below(2_000) as usize).copied().collect(),
            // A few are as long as inputs may be, of one piece many times over.
            2 if round % 4_096 == 2 => {
                let at = lot.below(good.len() as u64) as usize;
                let piece = &good[at..(at + 1 + lot.below(40) as usize).min(good.len())];
                [good, &piece.repeat(LONGEST_BYTES / piece.len())].concat()
            }
            _ => (0..1 + lot.below(3)).fold(good.to_vec(), |bent, _| lot.bent(&bent)),
        };
        read(&input);
        fed += input.len();
        if fed >= NOISE_BYTES {
            return;
        }
    }
}

/// The most memory this process ever held, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() * 1024
}

#[rstest]
#[case::note("note", spelled::<SignedNote>, note_seed())]
#[case::line("line", spelled::<SignatureLine>, b"\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/".to_vec())]
#[case::key("key", spelled::<VerifierKey>, key(KeyKind::Ed25519).verifier().to_string().into_bytes())]
#[case::checkpoint("checkpoint", spelled::<Checkpoint>, cosigned(12, empty_root()).text().as_bytes().to_vec())]
#[case::path("path", spelled::<TilePath>, b"tile/3/x001/x234/067.p/8".to_vec())]
#[case::hash("hash", spelled::<Hash>, empty_root().to_string().into_bytes())]
#[case::device("device", spelled::<DeviceId>, DeviceKey::from_seed(&[3; 32]).id().to_string().into_bytes())]
#[case::box_key("box_key", spelled::<BoxKey>, empty_root().to_string().into_bytes())]
#[case::head("head", read_head as Read, note_seed())]
#[case::cosignature("cosignature", read_cosignature, cosigned(12, empty_root()).signatures()[1].to_string().into_bytes())]
#[case::request("request", read_request, note_seed())]
#[case::add_checkpoint("add_checkpoint", spelled::<AddCheckpoint>, add_checkpoint_seed())]
#[case::entry("entry", read_entry, entry(0, NO_PREVIOUS).bytes().to_vec())]
#[case::statement("statement", read_statement, statement_seed())]
#[case::bundle("bundle", read_bundle, encode_bundle(&[&b"ab"[..], b"", &[7; 300]]).unwrap())]
#[case::files("files", read_files, log_files())]
fn ten_megabytes_of_noise_are_refused_in_bounded_memory(
    #[case] name: &str,
    #[case] read: Read,
    #[case] good: Vec<u8>,
) {
    match std::env::var(READER) {
        Ok(reader) if reader == name => {
            read(&good);
            let before = peak_memory();
            feed(read, &good, &mut Lot::new(name.len() as u64));
            let grown = peak_memory() - before;
            println!("{name} held {grown} bytes more");
            assert!(grown <= MEMORY_BYTES, "{grown} bytes");
        }
        Ok(_) => (),
        Err(_) => {
            let this = std::thread::current().name().unwrap().to_owned();
            let child = Command::new(std::env::current_exe().unwrap())
                .args([this.as_str(), "--exact", "--nocapture"])
                .env(READER, name)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&child.stdout);
            assert!(
                said.contains("held"),
                "it did not run: {said}{}",
                String::from_utf8_lossy(&child.stderr)
            );
            assert!(child.status.success(), "{said}");
        }
    }
}

#[test]
fn what_is_too_long_is_refused_before_it_is_read() {
    let long = "x".repeat(NOTE_MAX_BYTES + 1);
    assert!(long.parse::<SignedNote>().is_err());
    assert!(Entry::parse(&vec![b'['; ENTRY_MAX_BYTES + 1]).unwrap_err().to_string().contains("at most"));
}
