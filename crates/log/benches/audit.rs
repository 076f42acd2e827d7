//! The audit of a log, beside the least that anyone must do who trusts nobody: SHA-256 of every entry, and every
//! signature by the peer's own batch (and one by one). `cargo bench -p sekong-log --bench audit [ENTRIES …]`.
//!
//! Figures are CPU seconds over all cores; the audit runs as a process of its own, for its memory.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ed25519_dalek::{Signature, VerifyingKey, verify_batch};
use rayon::prelude::*;
use sekong_log::{
    CHECKPOINT_FILE, Checkpoint, DeviceKey, Entry, EntryDraft, HeadKeys, KeyKind, LogSource, NO_PREVIOUS,
    SigningKey, TileKind, TilePath, Tree, audit_log, decode_bundle, encode_bundle, leaf_hash, tile_bytes,
    tiles_of,
};
use serde_json::json;

/// That of the command that audits; its peer has it, too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const DEVICES: u64 = 200;

/// Signatures the peer checks together.
const BATCH: usize = 256;

/// Bundles whose signatures are held at once while the floor is measured.
const BUNDLES_AT_ONCE: usize = 256;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [audit, folder] = &args[..]
        && audit == "audit"
    {
        return audit_alone(Path::new(folder));
    }
    let sizes = args.iter().map(|size| size.parse().expect("ENTRIES is a number"));
    let mut sizes: Vec<u64> = sizes.collect();
    if sizes.is_empty() {
        sizes = vec![10_000, 100_000, 1_000_000];
    }
    println!("entries    audit s  SHA-256 s  batch s  strict s  audit/(SHA+batch)  audit/(SHA+strict)  MiB");
    sizes.into_iter().for_each(measure);
}

fn measure(size: u64) {
    let folder = tempfile::tempdir().expect("a folder is made");
    write_log(folder.path(), size);
    let [sha_s, batch_s, strict_s] = floor(folder.path(), size);
    let (audit_s, peak_mib) = audit_apart(folder.path());
    println!(
        "{size:<10} {audit_s:>7.2} {sha_s:>10.2} {batch_s:>8.2} {strict_s:>9.2} {:>18.2} {:>19.2} {peak_mib:>4}",
        audit_s / (sha_s + batch_s),
        audit_s / (sha_s + strict_s),
    );
}

fn log_key() -> SigningKey {
    SigningKey::from_seed("example.com/log", KeyKind::Ed25519, &[1; 32]).expect("the name is a name")
}

/// Entries of the size of a report, by devices in turn, as files.
fn write_log(folder: &Path, size: u64) {
    let chains: Vec<Vec<Entry>> = (0..DEVICES).into_par_iter().map(|device| chain(device, size)).collect();
    let mut tree = Tree::new();
    let entry = |index: u64| &chains[(index % DEVICES) as usize][(index / DEVICES) as usize];
    (0..size).for_each(|index| tree.push(entry(index).leaf_hash()));
    for tile in tiles_of(size) {
        let bytes = match tile.kind() {
            TileKind::Entries => {
                let entries: Vec<_> = (tile.start()..tile.end()).map(|index| entry(index).bytes()).collect();
                encode_bundle(&entries).expect("entries fit")
            }
            TileKind::Hashes { .. } => tile_bytes(&tree, &tile).expect("the tile is within the tree"),
        };
        write(folder, &tile.to_string(), &bytes);
    }
    let head = Checkpoint { origin: "example.com/log".into(), size, root: tree.root() };
    let note = head.sign(&log_key()).expect("the head is signed").to_string();
    write(folder, CHECKPOINT_FILE, note.as_bytes());
}

fn chain(device: u64, size: u64) -> Vec<Entry> {
    let mut seed = [7; 32];
    seed[..8].copy_from_slice(&device.to_be_bytes());
    let key = DeviceKey::from_seed(&seed);
    let (mut prev, mut entries) = (NO_PREVIOUS, Vec::new());
    for seq in 0..(size + DEVICES - 1 - device) / DEVICES {
        let draft = EntryDraft {
            campaign: "northeast-2017".parse().expect("an id"),
            seq,
            prev,
            time: "2017-01-02T00:08:00Z".parse().expect("a time"),
            kind: "inspection".into(),
            body: json!({
                "province": "stung-treng", "unit": "stung-treng/00-08/plain-1", "post": "KH-LA-01",
                "day": "2017-01-02", "hour": 7, "order": "5a".repeat(32), "started": "2017-01-02T00:05:00Z",
                "counts": { "passed": seq % 40, "inspected": seq % 9, "found": seq % 2 },
            }),
        };
        let entry = Entry::sign(&draft, &key).expect("the draft is an entry");
        prev = entry.hash();
        entries.push(entry);
    }
    entries
}

fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("it lies in the folder")).expect("a folder is made");
    fs::write(path, bytes).expect("a file is written");
}

/// What one signature takes to check.
struct Signed {
    key: VerifyingKey,
    message: Vec<u8>,
    signature: Signature,
}

/// CPU seconds of hashing every entry, of checking all signatures in batches, and one by one.
fn floor(folder: &Path, size: u64) -> [f64; 3] {
    let bundles: Vec<TilePath> =
        tiles_of(size).into_iter().filter(|path| path.kind() == TileKind::Entries).collect();
    let mut spent = [0.0; 3];
    for paths in bundles.chunks(BUNDLES_AT_ONCE) {
        let read = |path: &TilePath| fs::read(folder.join(path.to_string())).expect("it was written");
        let files: Vec<Vec<u8>> = paths.iter().map(read).collect();
        let entries: Vec<&[u8]> =
            files.iter().flat_map(|file| decode_bundle(file).expect("a bundle")).collect();
        spent[0] += timed(|| {
            entries.par_iter().for_each(|entry| {
                std::hint::black_box(leaf_hash(entry));
            })
        });
        let signed: Vec<Signed> = entries.par_iter().map(|entry| taken_apart(entry)).collect();
        spent[1] += timed(|| signed.par_chunks(BATCH).for_each(check_batch));
        spent[2] += timed(|| {
            signed.par_iter().for_each(|one| {
                one.key.verify_strict(&one.message, &one.signature).expect("it is signed");
            });
        });
    }
    spent
}

fn check_batch(signed: &[Signed]) {
    let messages: Vec<&[u8]> = signed.iter().map(|one| &one.message[..]).collect();
    let signatures: Vec<Signature> = signed.iter().map(|one| one.signature).collect();
    let keys: Vec<VerifyingKey> = signed.iter().map(|one| one.key).collect();
    verify_batch(&messages, &signatures, &keys).expect("all are signed");
}

fn taken_apart(bytes: &[u8]) -> Signed {
    let mut fields: serde_json::Value = serde_json::from_slice(bytes).expect("an entry is JSON");
    let signature = fields.as_object_mut().and_then(|fields| fields.remove("sig")).expect("it is signed");
    let unsigned = serde_json_canonicalizer::to_vec(&fields).expect("it has a canonical form");
    let signature = base64::Engine::decode(
        &base64::engine::general_purpose::STANDARD,
        signature.as_str().expect("a text"),
    );
    let key: sekong_log::DeviceId = fields["device"].as_str().expect("a text").parse().expect("a device");
    Signed {
        key: VerifyingKey::from_bytes(key.public_bytes()).expect("a key"),
        message: [b"sekong/entry/v1\n", &unsigned[..]].concat(),
        signature: Signature::from_slice(&signature.expect("base64")).expect("64 bytes"),
    }
}

/// CPU seconds and peak MiB of an audit in a process of its own.
fn audit_apart(folder: &Path) -> (f64, u64) {
    let this = std::env::current_exe().expect("this program has a path");
    let output = Command::new(this).arg("audit").arg(folder).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("it prints text");
    let mut words = text.split_whitespace();
    let mut next = || words.next().expect("it prints two numbers");
    (next().parse().expect("seconds"), next().parse().expect("MiB"))
}

fn audit_alone(folder: &Path) {
    let source = Files(folder.to_owned());
    let key = log_key();
    let keys = HeadKeys { log: key.verifier(), cosigners: None };
    let mut told = 0;
    let audited = audit_log(&source, keys, None, &mut |_, _, _| told += 1).expect("the log holds");
    assert_eq!(told, audited.head.checkpoint.size);
    println!("{} {}", cpu_s(), peak_mib());
}

struct Files(PathBuf);

impl LogSource for Files {
    fn names(&self) -> Option<Vec<String>> {
        None
    }

    fn read(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        fs::read(self.0.join(name)).ok().map(Cow::Owned)
    }

    fn size_bytes(&self) -> u64 {
        u64::MAX
    }
}

fn timed(work: impl FnOnce()) -> f64 {
    let before = cpu_s();
    work();
    cpu_s() - before
}

/// CPU time of the threads of this process.
fn cpu_s() -> f64 {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux tells");
    let of_task = |task: PathBuf| -> u64 {
        let text = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
        text.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
    };
    let ns: u64 = tasks.map(|task| of_task(task.expect("it is listed").path())).sum();
    ns as f64 / 1e9
}

fn peak_mib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find(|line| line.starts_with("VmHWM")).expect("Linux tells the peak");
    let kib: u64 = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number");
    kib / 1024
}
