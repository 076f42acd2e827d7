//! The audit of a log of 600 entries: whatever is changed, taken away or added is found.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use sekong_log::{
    AuditedLog, CHECKPOINT_FILE, Checkpoint, Cosigner, DeviceKey, DevicePoints, Entry, EntryDraft, Fetched,
    HeadError, HeadKeys, KeyKind, Known, LogFault, LogFiles, LogRule, LogSource, NO_PREVIOUS, SigningKey,
    TileKind, TilePath, Tree, VerifierKey, audit_log, empty_root, encode_bundle, leaf_hash, tile_bytes,
    tiles_of,
};
use serde_json::json;

const SIZE: u64 = 600;

struct Keys {
    log: SigningKey,
    cosigner: SigningKey,
    cosigners: Vec<VerifierKey>,
}

fn keys() -> Keys {
    let log = SigningKey::from_seed("example.com/log", KeyKind::Ed25519, &[1; 32]).unwrap();
    let cosigner = SigningKey::from_seed("witness.example", KeyKind::CosignatureV1, &[2; 32]).unwrap();
    let cosigners = vec![cosigner.verifier().clone()];
    Keys { log, cosigner, cosigners }
}

impl Keys {
    fn head(&self) -> HeadKeys<'_> {
        HeadKeys { log: self.log.verifier(), cosigners: Some(&self.cosigners) }
    }

    fn cosigned(&self, tree: &Tree, size: u64) -> String {
        let root = tree.root_at(size).unwrap();
        let mut note = Checkpoint { origin: "example.com/log".into(), size, root }.sign(&self.log).unwrap();
        let log = self.log.verifier().clone();
        let mut cosigner = Cosigner::new(self.cosigner.clone(), log, (0, empty_root())).unwrap();
        let time = "2017-01-01T00:00:00Z".parse().unwrap();
        let line = cosigner.cosign(0, &note.to_string(), &[], time).unwrap();
        note.push(line);
        note.to_string()
    }
}

/// Entries of three devices in turn.
fn entries(size: u64) -> Vec<Entry> {
    let mut chains: Vec<_> =
        (10..13).map(|seed| (DeviceKey::from_seed(&[seed; 32]), 0, NO_PREVIOUS)).collect();
    let mut entries = Vec::new();
    for index in 0..size {
        let (key, seq, prev) = &mut chains[(index % 3) as usize];
        let draft = EntryDraft {
            campaign: "northeast-2017".parse().unwrap(),
            seq: *seq,
            prev: *prev,
            time: "2017-01-01T06:00:00Z".parse().unwrap(),
            kind: "inspection".into(),
            body: json!({"passed": index, "inspected": index / 2}),
        };
        let entry = Entry::sign(&draft, key).unwrap();
        (*seq, *prev) = (*seq + 1, entry.hash());
        entries.push(entry);
    }
    entries
}

#[test]
fn heads_open_together_as_each_does_and_none_where_a_signature_is_wrong() {
    let (keys, mut tree) = (keys(), Tree::new());
    (0..20_u8).for_each(|byte| tree.push(leaf_hash(&[byte])));
    let notes: BTreeSet<String> = (1..=20).map(|size| keys.cosigned(&tree, size)).collect();
    let together = |notes: &BTreeSet<String>| keys.head().open_together(notes, &DevicePoints::default());
    let each: Vec<_> = notes.iter().map(|note| keys.head().open(note).unwrap()).collect();
    assert_eq!(together(&notes), each);
    let one = keys.cosigned(&tree, 7);
    let with = |note: String| notes.iter().cloned().chain([note]).collect::<BTreeSet<_>>();
    // No note at all, a line by nobody known: nothing is claimed, so the others open.
    for odd in ["nothing".to_owned(), format!("{one}\u{2014} nobody AAAAAAAA\n")] {
        assert!(keys.head().open(&odd).is_err());
        assert_eq!(together(&with(odd)), each);
    }
    // Another root under the log's signature, and under the cosigner's alone.
    let root = base64_of(&tree, 7);
    let unsigned = one.replace(&root, &base64_of(&tree, 8));
    let line = |note: &str, at: usize| note.lines().nth(at).unwrap().to_owned();
    let uncosigned = one.replace(&line(&one, 5), &line(&keys.cosigned(&tree, 8), 5));
    for wrong in [unsigned, uncosigned] {
        assert!(keys.head().open(&wrong).is_err() && wrong != one, "{wrong}");
        assert_eq!(together(&with(wrong)), []);
    }
}

fn base64_of(tree: &Tree, size: u64) -> String {
    let root = tree.root_at(size).unwrap();
    Checkpoint { origin: "x".into(), size, root }.to_string().lines().nth(2).unwrap().to_owned()
}

struct Log {
    keys: Keys,
    entries: Vec<Entry>,
    tree: Tree,
    files: LogFiles,
}

impl Log {
    fn new(entries: Vec<Entry>) -> Log {
        let (keys, mut tree) = (keys(), Tree::new());
        entries.iter().for_each(|entry| tree.push(entry.leaf_hash()));
        let mut log = Log { keys, entries, tree, files: LogFiles::new() };
        for tile in tiles_of(log.tree.size()) {
            log.write(&tile);
        }
        let note = log.keys.cosigned(&log.tree, log.tree.size());
        log.files.insert(CHECKPOINT_FILE.into(), note.into_bytes());
        log
    }

    fn write(&mut self, tile: &TilePath) {
        let entries: Vec<_> = self.entries.iter().map(Entry::bytes).collect();
        self.files.insert(tile.to_string(), bytes_of(tile, &entries, &self.tree));
    }

    /// The same log with other bytes in its last place.
    fn with_last(mut self, last: &[u8]) -> Log {
        self.tree.truncate(SIZE - 1);
        self.tree.push(leaf_hash(last));
        let entries = self.entries.iter().map(Entry::bytes).take(SIZE as usize - 1).chain([last]);
        let entries: Vec<_> = entries.collect();
        for tile in tiles_of(SIZE) {
            self.files.insert(tile.to_string(), bytes_of(&tile, &entries, &self.tree));
        }
        let note = self.keys.cosigned(&self.tree, SIZE);
        self.files.insert(CHECKPOINT_FILE.into(), note.into_bytes());
        self
    }

    fn faults(&self, files: &LogFiles) -> Vec<LogFault> {
        audit(files, self.keys.head()).err().unwrap_or_default()
    }

    /// The faults after one file was changed; the others are as they were.
    fn faults_with(&self, file: &str, change: impl Fn(&mut Vec<u8>)) -> Vec<LogFault> {
        let mut files = self.files.clone();
        change(files.entry(file.to_owned()).or_default());
        self.faults(&files)
    }

    fn with_stale_partials(mut self) -> Log {
        for text in ["tile/entries/001.p/7", "tile/0/001.p/7", "tile/0/002.p/80", "tile/1/000.p/1"] {
            self.write(&text.parse().unwrap());
        }
        self
    }
}

fn bytes_of(tile: &TilePath, entries: &[&[u8]], tree: &Tree) -> Vec<u8> {
    match tile.kind() {
        TileKind::Entries => encode_bundle(&entries[tile.start() as usize..tile.end() as usize]).unwrap(),
        TileKind::Hashes { .. } => tile_bytes(tree, tile).unwrap(),
    }
}

fn audit(source: &dyn LogSource, keys: HeadKeys<'_>) -> Result<AuditedLog, Vec<LogFault>> {
    audit_log(source, keys, None, &mut |_, _, _| ())
}

fn log() -> Log {
    Log::new(entries(SIZE))
}

fn file_and_entry(faults: &[LogFault]) -> Vec<(&str, Option<u64>)> {
    faults.iter().map(|fault| (fault.file.as_str(), fault.entry)).collect()
}

#[test]
fn a_whole_log_holds_and_gives_its_entries() {
    let log = log().with_stale_partials();
    let mut told = Vec::new();
    let audited =
        audit_log(&log.files, log.keys.head(), None, &mut |index, entry, _| told.push((index, entry)))
            .unwrap();
    assert!(told.into_iter().eq((0..).zip(log.entries.iter().cloned())));
    assert_eq!(audited.tree, log.tree);
    assert_eq!((audited.head.checkpoint.size, audited.head.cosignatures.len()), (SIZE, 1));
    let unchecked = HeadKeys { log: log.keys.log.verifier(), cosigners: None };
    assert_eq!(audit(&log.files, unchecked).unwrap().head.unchecked.len(), 1);
}

#[test]
fn logs_of_every_awkward_size_hold() {
    let all = entries(513);
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 513] {
        let log = Log::new(all[..size].to_vec());
        assert_eq!(log.faults(&log.files), [], "{size}");
    }
}

#[test]
fn every_flipped_byte_is_found_in_its_file() {
    let log = log().with_stale_partials();
    let names: Vec<&String> = log.files.keys().collect();
    let mut runner = TestRunner::new(Config { cases: 700, failure_persistence: None, ..Config::default() });
    let places = (0..names.len(), any::<usize>(), 1u8..=255);
    let flips = runner.run(&places, |(file, at, flip)| {
        let name = names[file];
        let at = at % log.files[name].len();
        let faults = log.faults_with(name, |bytes| bytes[at] ^= flip);
        prop_assert!(faults.iter().any(|fault| fault.file == *name), "byte {} of {}", at, name);
        prop_assert!(faults.iter().all(|fault| fault.file == *name), "byte {} of {}: {:?}", at, name, faults);
        Ok(())
    });
    flips.unwrap();
}

#[test]
fn every_byte_of_a_small_log_counts() {
    let log = Log::new(entries(3));
    for (name, bytes) in &log.files {
        for at in 0..bytes.len() {
            assert!(!log.faults_with(name, |bytes| bytes[at] ^= 1).is_empty(), "byte {at} of {name}");
            // A head without its last line, a cosignature, is a head: how many are needed is another rule.
            let cut =
                name != CHECKPOINT_FILE || bytes[at..].iter().filter(|&&byte| byte == b'\n').count() != 1;
            if cut || bytes[at - 1] != b'\n' {
                assert!(!log.faults_with(name, |bytes| bytes.truncate(at)).is_empty(), "byte {at} of {name}");
            }
        }
        assert!(!log.faults_with(name, |bytes| bytes.push(b'\n')).is_empty(), "{name}");
    }
}

#[test]
fn the_entry_at_fault_is_named() {
    let log = log();
    let length = log.entries[512].bytes().len() + 2;
    let faults = log.faults_with("tile/entries/002.p/88", |bytes| bytes[length + 10] ^= 1);
    assert_eq!(file_and_entry(&faults), [("tile/entries/002.p/88", Some(513))]);
    assert_eq!(
        faults[0].to_string(),
        "tile/entries/002.p/88: entry 513: the entry is not the one in the tree"
    );
    let faults = log.faults_with("tile/0/001", |bytes| bytes[32 * 5] ^= 1);
    assert_eq!(file_and_entry(&faults), [("tile/0/001", Some(261))]);
    let faults = log.faults_with("tile/1/000.p/2", |bytes| bytes[40] ^= 1);
    assert_eq!(faults[0].rule, LogRule::TileHash { position: 1 });
}

#[test]
fn truncated_and_missing_files_are_found() {
    let log = log();
    for name in log.files.keys() {
        assert!(!log.faults_with(name, |bytes| bytes.truncate(bytes.len() - 1)).is_empty(), "{name}");
        assert!(!log.faults_with(name, Vec::clear).is_empty(), "{name}");
        let mut files = log.files.clone();
        files.remove(name);
        let faults = log.faults(&files);
        assert!(faults.iter().any(|fault| fault.file == *name && fault.rule == LogRule::Missing), "{name}");
    }
}

#[test]
fn an_older_head_over_the_same_files_is_found() {
    let log = log();
    let older = log.keys.cosigned(&log.tree, SIZE - 1);
    let faults = log.faults_with(CHECKPOINT_FILE, |bytes| *bytes = older.clone().into_bytes());
    let beyond = LogFault {
        file: "tile/entries/002.p/88".into(),
        entry: None,
        rule: LogRule::BeyondHead { size: SIZE - 1 },
    };
    assert!(faults.contains(&beyond), "{faults:?}");
}

#[test]
fn a_head_with_another_root_or_an_absurd_size_is_found() {
    let log = log();
    let other = Log::new(entries(SIZE + 1));
    let sign = |size, root| {
        let checkpoint = Checkpoint { origin: "example.com/log".into(), size, root };
        checkpoint.sign(&log.keys.log).unwrap().to_string().into_bytes()
    };
    let faults = log.faults_with(CHECKPOINT_FILE, |bytes| *bytes = sign(SIZE, other.tree.root()));
    assert!(matches!(faults[..], [LogFault { rule: LogRule::Root { .. }, .. }]), "{faults:?}");
    let faults = log.faults_with(CHECKPOINT_FILE, |bytes| *bytes = sign(u64::MAX, other.tree.root()));
    assert_eq!(faults[0].rule, LogRule::SizeBeyondFiles { size: u64::MAX });
}

#[test]
fn foreign_files_are_found() {
    let log = log();
    for name in ["README", "tile/0/x000/000", "tile/0/000.p/256", "checkpoint~", "tile/entries/000.gz"] {
        assert_eq!(log.faults_with(name, |_| ())[0].rule, LogRule::Unknown, "{name}");
    }
    let beyond = log.faults_with("tile/0/003.p/1", |_| ());
    assert_eq!(beyond[0].rule, LogRule::BeyondHead { size: SIZE });
}

#[test]
fn a_stale_partial_tile_that_differs_is_found() {
    let log = log().with_stale_partials();
    let faults = log.faults_with("tile/0/002.p/80", |bytes| bytes[79 * 32] ^= 1);
    assert_eq!(file_and_entry(&faults), [("tile/0/002.p/80", Some(591))]);
    let faults = log.faults_with("tile/entries/001.p/7", |bytes| bytes[20] ^= 1);
    assert_eq!(file_and_entry(&faults), [("tile/entries/001.p/7", Some(256))]);
}

#[test]
fn signature_lines_by_unknown_keys_and_other_base64_are_found() {
    let log = log();
    let unknown = SigningKey::from_seed("stranger.example", KeyKind::Ed25519, &[9; 32]).unwrap();
    let line = format!("{}\n", unknown.sign("text\n").unwrap());
    let faults = log.faults_with(CHECKPOINT_FILE, |bytes| bytes.extend(line.as_bytes()));
    assert!(matches!(faults[0].rule, LogRule::Head(HeadError::UnknownKey { .. })), "{faults:?}");
    // The last digit before the padding carries unused bits: setting one spells the same bytes otherwise.
    let note = String::from_utf8(log.files[CHECKPOINT_FILE].clone()).unwrap();
    let at = note.find('=').unwrap() - 1;
    let faults = log.faults_with(CHECKPOINT_FILE, |bytes| bytes[at] += 1);
    assert!(matches!(faults[0].rule, LogRule::Head(_)), "{faults:?}");
}

#[test]
fn entries_that_do_not_hold_are_found_although_the_tree_does() {
    let mut swapped = entries(9);
    swapped.swap(3, 6);
    let log = Log::new(swapped);
    let faults = log.faults(&log.files);
    assert!(faults.iter().all(|fault| matches!(fault.rule, LogRule::Chain { .. })), "{faults:?}");
    assert_eq!(faults[0].entry, Some(3));
    let mut twice = entries(9);
    twice.push(twice[8].clone());
    let log = Log::new(twice);
    assert_eq!(file_and_entry(&log.faults(&log.files)), [("tile/entries/000.p/10", Some(9))]);
}

#[test]
fn a_fetched_log_is_judged_by_the_files_of_its_size_alone() {
    let mut log = log();
    assert!(audit(&Fetched(&log.files), log.keys.head()).is_ok());
    log.files.insert("README".into(), Vec::new());
    log.files.insert("tile/0/003.p/1".into(), vec![1; 32]);
    assert!(audit(&Fetched(&log.files), log.keys.head()).is_ok());
    log.files.get_mut("tile/1/000.p/2").unwrap()[0] ^= 1;
    assert!(audit(&Fetched(&log.files), log.keys.head()).is_err());
    log.files.remove("tile/1/000.p/2");
    assert!(audit(&Fetched(&log.files), log.keys.head()).is_err());
}

#[test]
fn entries_known_from_before_need_no_second_look_at_their_signatures() {
    let log = log();
    let text = String::from_utf8(log.entries[SIZE as usize - 1].bytes().to_vec()).unwrap();
    let at = text.find("\"sig\":\"").unwrap() + 8;
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    let log = log.with_last(format!("{}{other}{}", &text[..at], &text[at + 1..]).as_bytes());
    let faults = |known| {
        let audited = audit_log(&log.files, log.keys.head(), known, &mut |_, _, _| ());
        audited.err().unwrap_or_default()
    };
    let known = |size| Some(Known { size, root: log.tree.root_at(size).unwrap() });
    assert!(matches!(faults(None)[..], [LogFault { entry: Some(599), rule: LogRule::Entry(_), .. }]));
    assert_eq!(faults(known(SIZE - 1)), faults(None));
    assert_eq!(faults(known(SIZE)), []);
    let of_another_log = Some(Known { size: SIZE, root: log.tree.root_at(1).unwrap() });
    assert_eq!(faults(of_another_log), faults(None));
}
