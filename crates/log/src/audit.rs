//! The audit of a whole log: its checkpoint, every tile and bundle, every entry's signature and every device's chain.
//!
//! The caller brings the files as bytes; nothing is read or fetched here. Not judged are what entries say, how many
//! cosignatures a head needs (one taken away as a whole line leaves a head that holds), and whether the head is the
//! newest: a log set back as a whole to an older head is only seen by who knows a newer one.

use std::collections::BTreeMap;
use std::fmt;

use rayon::prelude::*;

use crate::checkpoint::{Head, HeadError};
use crate::entry::{DeviceId, Entry, EntryError, NO_PREVIOUS};
use crate::merkle::{HASH_BYTES, Hash, Tree, leaf_hash};
use crate::note::VerifierKey;
use crate::tile::{TileError, TileKind, TilePath, decode_bundle, tile_bytes, tiles_of};

/// Name of the file that holds the head.
pub const CHECKPOINT_FILE: &str = "checkpoint";

/// Files of a log by name relative to it, with `/` between parts, such as `tile/0/000.p/5`.
pub type LogFiles = BTreeMap<String, Vec<u8>>;

/// Who may sign the head.
#[derive(Debug, Clone, Copy)]
pub struct HeadKeys<'a> {
    /// The log's key.
    pub log: &'a VerifierKey,
    /// Every cosigner's key; `None` to list cosignatures as unchecked.
    pub cosigners: Option<&'a [VerifierKey]>,
}

impl HeadKeys<'_> {
    /// Opens a head with these keys.
    ///
    /// # Errors
    /// As [`Head::open`].
    pub fn open(&self, note: &str) -> Result<Head, HeadError> {
        match self.cosigners {
            Some(cosigners) => Head::open(note, self.log, cosigners),
            None => Head::open_unchecked_cosignatures(note, self.log),
        }
    }
}

/// A log in which everything holds.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedLog {
    /// The head.
    pub head: Head,
    /// The tree, rebuilt from the entries.
    pub tree: Tree,
    /// All entries in order.
    pub entries: Vec<Entry>,
}

/// Something in a log that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogFault {
    /// The file.
    pub file: String,
    /// Position of the entry in the log, where one is at fault.
    pub entry: Option<u64>,
    /// What does not hold.
    pub rule: LogRule,
}

impl fmt::Display for LogFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        if let Some(entry) = self.entry {
            write!(f, "entry {entry}: ")?;
        }
        self.rule.fmt(f)
    }
}

/// The rules of a log, as they are broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogRule {
    /// A file of the log is not there.
    #[error("the file is missing")]
    Missing,
    /// A file that does not belong to a log.
    #[error("no file of this name belongs to a log")]
    Unknown,
    /// A tile or bundle of a log larger than the head says.
    #[error("the file belongs to a larger log, the head has {size} entries")]
    BeyondHead {
        /// Size of the head.
        size: u64,
    },
    /// The checkpoint is not UTF-8.
    #[error("the checkpoint is not UTF-8")]
    NotText,
    /// The head does not open.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The head's size is larger than the files that are there, so that it cannot be true of them.
    #[error("the head has {size} entries, the files have far fewer")]
    SizeBeyondFiles {
        /// Size of the head.
        size: u64,
    },
    /// The tree is another than the head's.
    #[error("the head has root {signed}, the entries have {rebuilt}")]
    Root {
        /// Root in the head.
        signed: Hash,
        /// Root rebuilt from the entries.
        rebuilt: Hash,
    },
    /// A bundle is not a sequence of as many entries as its name says.
    #[error(transparent)]
    Bundle(#[from] TileError),
    /// An entry is not the one in the tree.
    #[error("the entry is not the one in the tree")]
    OtherEntry,
    /// A tile has another length than its name says.
    #[error("the tile has {found} bytes, its name says {expected}")]
    TileLength {
        /// Bytes by its name.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// A hash in a tile is not the tree's.
    #[error("hash number {position} of the tile is not the tree's")]
    TileHash {
        /// Position in the tile.
        position: u64,
    },
    /// An entry does not hold by itself.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// A device's entries do not follow each other.
    #[error(
        "device {device} is at sequence {expected_seq} after {expected_prev}, the entry says {seq} after {prev}"
    )]
    Chain {
        /// The device.
        device: DeviceId,
        /// The sequence number that is next.
        expected_seq: u64,
        /// Hash of the device's last entry.
        expected_prev: Hash,
        /// The sequence number found.
        seq: u64,
        /// The hash found.
        prev: Hash,
    },
}

impl LogRule {
    /// The rule's short name, stable for programs that read a verdict.
    pub fn name(&self) -> &'static str {
        match self {
            LogRule::Missing => "missing",
            LogRule::Unknown => "unknown",
            LogRule::BeyondHead { .. } => "beyond-head",
            LogRule::NotText => "not-text",
            LogRule::Head(_) => "head",
            LogRule::SizeBeyondFiles { .. } => "size-beyond-files",
            LogRule::Root { .. } => "root",
            LogRule::Bundle(_) => "bundle",
            LogRule::OtherEntry => "other-entry",
            LogRule::TileLength { .. } => "tile-length",
            LogRule::TileHash { .. } => "tile-hash",
            LogRule::Entry(_) => "entry",
            LogRule::Chain { .. } => "chain",
        }
    }
}

/// Checks a log of which every file is known: that nothing is missing, foreign, stale or changed. Partial tiles of
/// smaller sizes may remain, if they are beginnings of the tree's.
///
/// # Errors
/// Every [`LogFault`] found, by file.
pub fn audit_folder(files: &LogFiles, keys: HeadKeys<'_>) -> Result<AuditedLog, Vec<LogFault>> {
    audit(files, keys, true)
}

/// Checks a log whose files cannot be listed, such as one behind HTTP: the checkpoint and exactly [`tiles_of`] its
/// size must be among `files`; others are not looked at.
///
/// # Errors
/// Every [`LogFault`] found, by file.
pub fn audit_fetched(files: &LogFiles, keys: HeadKeys<'_>) -> Result<AuditedLog, Vec<LogFault>> {
    audit(files, keys, false)
}

fn audit(files: &LogFiles, keys: HeadKeys<'_>, listed: bool) -> Result<AuditedLog, Vec<LogFault>> {
    let head = open_head(files, keys).map_err(|rule| vec![fault(CHECKPOINT_FILE, rule)])?;
    let size = head.checkpoint.size;
    // Each entry takes two bytes at least: a lying size must not make the auditor list tiles without end.
    if size > files.values().map(|bytes| bytes.len() as u64).sum() {
        return Err(vec![fault(CHECKPOINT_FILE, LogRule::SizeBeyondFiles { size })]);
    }
    let mut auditor = Auditor { files, size, required: tiles_of(size), faults: Vec::new() };
    auditor.check_names(listed);
    let bundles = auditor.entries();
    let tree = auditor.reference_tree(&bundles, &head.checkpoint.root);
    auditor.check_tiles(&tree, listed);
    auditor.finish()?;
    let entries = parse_entries(&bundles)?;
    Ok(AuditedLog { head, tree, entries })
}

fn open_head(files: &LogFiles, keys: HeadKeys<'_>) -> Result<Head, LogRule> {
    let bytes = files.get(CHECKPOINT_FILE).ok_or(LogRule::Missing)?;
    let note = str::from_utf8(bytes).map_err(|_| LogRule::NotText)?;
    Ok(keys.open(note)?)
}

fn fault(file: impl ToString, rule: LogRule) -> LogFault {
    LogFault { file: file.to_string(), entry: None, rule }
}

/// Entries of the log with the bundle each lies in.
type BundledEntries<'a> = Vec<(TilePath, &'a [u8])>;

struct Auditor<'a> {
    files: &'a LogFiles,
    size: u64,
    required: Vec<TilePath>,
    faults: Vec<LogFault>,
}

impl<'a> Auditor<'a> {
    fn finish(mut self) -> Result<(), Vec<LogFault>> {
        self.faults.sort_by(|a, b| (&a.file, a.entry).cmp(&(&b.file, b.entry)));
        if self.faults.is_empty() { Ok(()) } else { Err(self.faults) }
    }

    fn check_names(&mut self, listed: bool) {
        let absent = self.required.iter().filter(|path| !self.files.contains_key(&path.to_string()));
        self.faults.extend(absent.map(|path| fault(path, LogRule::Missing)));
        if !listed {
            return;
        }
        for name in self.files.keys().filter(|name| *name != CHECKPOINT_FILE) {
            match name.parse::<TilePath>() {
                Err(_) => self.faults.push(fault(name, LogRule::Unknown)),
                Ok(path) if !path.is_within(self.size) => {
                    self.faults.push(fault(name, LogRule::BeyondHead { size: self.size }));
                }
                Ok(_) => {}
            }
        }
    }

    /// The entries of the required bundles up to the first bundle that cannot be read.
    fn entries(&self) -> BundledEntries<'a> {
        let mut entries = Vec::new();
        for path in self.required.iter().filter(|path| path.kind() == TileKind::Entries) {
            let Some(Ok(bundle)) = self.file(path).map(|bytes| read_bundle(path, bytes)) else { break };
            entries.extend(bundle.into_iter().map(|entry| (*path, entry)));
        }
        entries
    }

    fn file(&self, path: &TilePath) -> Option<&'a [u8]> {
        self.files.get(&path.to_string()).map(Vec::as_slice)
    }

    /// The tree that the files are measured against: the one with the head's root, of the entries or else of the
    /// tiles, so that the fault is put where it lies. If neither has that root the head itself is at fault.
    fn reference_tree(&mut self, entries: &BundledEntries<'_>, signed: &Hash) -> Tree {
        let mut of_entries = Tree::new();
        entries.iter().for_each(|(_, entry)| of_entries.push(leaf_hash(entry)));
        if of_entries.size() == self.size && of_entries.root() == *signed {
            return of_entries;
        }
        let of_tiles = self.tree_of_tiles();
        if of_tiles.size() == self.size && of_tiles.root() == *signed {
            return of_tiles;
        }
        let rule = LogRule::Root { signed: *signed, rebuilt: of_entries.root() };
        self.faults.push(fault(CHECKPOINT_FILE, rule));
        of_entries
    }

    fn tree_of_tiles(&self) -> Tree {
        let mut tree = Tree::new();
        let leaves = TileKind::Hashes { level: 0 };
        for path in self.required.iter().filter(|path| path.kind() == leaves) {
            let hashes = self.file(path).unwrap_or_default().as_chunks::<HASH_BYTES>().0;
            hashes.iter().take(path.width() as usize).for_each(|hash| tree.push(Hash(*hash)));
        }
        tree
    }

    /// Compares every tile and bundle with the tree: the required ones, and the smaller ones that remain.
    fn check_tiles(&mut self, tree: &Tree, listed: bool) {
        let there: Vec<TilePath> = if listed {
            self.files.keys().filter_map(|name| name.parse().ok()).collect()
        } else {
            self.required.clone()
        };
        let size = self.size;
        for path in there.iter().filter(|path| path.is_within(size)) {
            let Some(bytes) = self.file(path) else { continue };
            match path.kind() {
                TileKind::Entries => self.check_bundle(path, bytes, tree),
                TileKind::Hashes { .. } => self.check_tile(path, bytes, tree),
            }
        }
    }

    fn check_bundle(&mut self, path: &TilePath, bytes: &[u8], tree: &Tree) {
        let entries = match read_bundle(path, bytes) {
            Ok(entries) => entries,
            Err(error) => {
                let entry = broken_entry(path, &error);
                return self.faults.push(LogFault { file: path.to_string(), entry, rule: error.into() });
            }
        };
        for (index, entry) in (path.start()..).zip(entries) {
            if tree.leaf(index) != Some(leaf_hash(entry)) {
                let (file, entry) = (path.to_string(), Some(index));
                return self.faults.push(LogFault { file, entry, rule: LogRule::OtherEntry });
            }
        }
    }

    fn check_tile(&mut self, path: &TilePath, bytes: &[u8], tree: &Tree) {
        let expected = path.width() as usize * HASH_BYTES;
        if bytes.len() != expected {
            let rule = LogRule::TileLength { expected, found: bytes.len() };
            return self.faults.push(fault(path, rule));
        }
        // No tile to compare with means that the tree is not the head's, which is a fault already.
        let Some(right) = tile_bytes(tree, path) else { return };
        if let Some(at) = right.iter().zip(bytes).position(|(a, b)| a != b) {
            let position = (at / HASH_BYTES) as u64;
            let entry = (path.kind() == TileKind::Hashes { level: 0 }).then_some(path.start() + position);
            self.faults.push(LogFault {
                file: path.to_string(),
                entry,
                rule: LogRule::TileHash { position },
            });
        }
    }
}

fn read_bundle<'a>(path: &TilePath, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, TileError> {
    let entries = decode_bundle(bytes)?;
    let (expected, found) = (path.width(), entries.len() as u64);
    if expected == found { Ok(entries) } else { Err(TileError::Count { expected, found }) }
}

fn broken_entry(path: &TilePath, error: &TileError) -> Option<u64> {
    match error {
        TileError::Truncated { position } | TileError::EntryTooLong { position, .. } => {
            Some(path.start() + *position as u64)
        }
        TileError::Count { .. } => None,
    }
}

fn parse_entries(bundles: &BundledEntries<'_>) -> Result<Vec<Entry>, Vec<LogFault>> {
    let (mut entries, mut faults, mut chains) = (Vec::new(), Vec::new(), BTreeMap::new());
    // Most of an audit is signatures, and each stands by itself: all cores look at them.
    let read: Vec<_> = bundles.par_iter().map(|(_, bytes)| Entry::parse(bytes)).collect();
    for (index, ((path, _), read)) in bundles.iter().zip(read).enumerate() {
        let parsed = read.map_err(LogRule::from).and_then(|entry| follow(&mut chains, entry));
        match parsed {
            Ok(entry) => entries.push(entry),
            Err(rule) => faults.push(LogFault { file: path.to_string(), entry: Some(index as u64), rule }),
        }
    }
    if faults.is_empty() { Ok(entries) } else { Err(faults) }
}

/// Checks that an entry is the next of its device.
fn follow(chains: &mut BTreeMap<DeviceId, (u64, Hash)>, entry: Entry) -> Result<Entry, LogRule> {
    let device = entry.device();
    let next = chains.entry(device).or_insert((0, NO_PREVIOUS));
    let (expected_seq, expected_prev) = *next;
    // After a break the chain goes on from what was found, so that one break is one fault.
    *next = (entry.seq() + 1, entry.hash());
    if (entry.seq(), entry.prev()) == (expected_seq, expected_prev) {
        return Ok(entry);
    }
    let (seq, prev) = (entry.seq(), entry.prev());
    Err(LogRule::Chain { device, expected_seq, expected_prev, seq, prev })
}
