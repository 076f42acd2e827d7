//! The audit of a whole log: its checkpoint, every tile and bundle, every entry's signature and every device's chain.
//!
//! The caller brings the files as bytes; nothing is read or fetched here. Not judged are what entries say, how many
//! cosignatures a head needs (one taken away as a whole line leaves a head that holds), and whether the head is the
//! newest: a log set back as a whole to an older head is only seen by who knows a newer one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rayon::prelude::*;

use crate::batch::{Claim, all_hold};
use crate::checkpoint::{Head, HeadError};
use crate::entry::{DeviceId, DevicePoints, Entry, EntryError, NO_PREVIOUS};
use crate::merkle::{HASH_BYTES, Hash, Tree, leaf_hash};
use crate::note::VerifierKey;
use crate::tile::{TileError, TileKind, TilePath, decode_bundle, tile_bytes, tiles_of};

/// Name of the file that holds the head.
pub const CHECKPOINT_FILE: &str = "checkpoint";

/// Files that are read at once: what an audit holds in memory beside the tree.
const FILES_AT_ONCE: usize = 32;

/// Bytes of bundles at which no further one is read with them: entries in memory take many times their bytes.
const BYTES_AT_ONCE: usize = 8 << 20;

/// Signatures that are checked together at least: fewer save little.
const CLAIMS_MIN: usize = 64;

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

    /// Those of many notes that [`HeadKeys::open`] opens, at a fraction of its price; none if a signature in one of them is wrong.
    pub fn open_together(&self, notes: &BTreeSet<String>, points: &DevicePoints) -> Vec<Head> {
        let opened: Vec<(Head, Vec<Claim>)> =
            notes.par_iter().filter_map(|note| self.claimed(note, points)).collect();
        let claims: Vec<&Claim> = opened.iter().flat_map(|(_, claims)| claims).collect();
        if all_hold(&claims) { opened.into_iter().map(|(head, _)| head).collect() } else { Vec::new() }
    }

    /// A head if its claims hold.
    fn claimed(&self, note: &str, points: &DevicePoints) -> Option<(Head, Vec<Claim>)> {
        let Some(cosigners) = self.cosigners else { return Some((self.open(note).ok()?, Vec::new())) };
        let mut claims = Vec::new();
        let mut check = |key: &VerifierKey, message: &[u8], signature: &[u8]| {
            let Ok(signature) = signature.try_into() else { return false };
            let claim = points.verify((*key.public_bytes()).into(), message, signature);
            claim.is_ok_and(|claim| {
                claims.extend(claim);
                true
            })
        };
        let head = Head::open_by(note, self.log, cosigners, &mut check).ok()?;
        Some((head, claims))
    }
}

/// A log in which everything holds.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditedLog {
    /// The head.
    pub head: Head,
    /// The tree, rebuilt from the entries.
    pub tree: Tree,
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

/// The files of a log, wherever they lie: each is read when it is needed and forgotten, for a log may be large.
pub trait LogSource: Sync {
    /// The name of every file relative to the log, with `/` between parts, if they can be listed: then a foreign one is
    /// a fault.
    fn names(&self) -> Option<Vec<String>>;

    /// The bytes of a file; `None` if it is not there.
    fn read(&self, name: &str) -> Option<Cow<'_, [u8]>>;

    /// Bytes of all files, or more.
    fn size_bytes(&self) -> u64;
}

impl LogSource for LogFiles {
    fn names(&self) -> Option<Vec<String>> {
        Some(self.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.get(name).map(|bytes| bytes.as_slice().into())
    }

    fn size_bytes(&self) -> u64 {
        self.values().map(|bytes| bytes.len() as u64).sum()
    }
}

/// The files of a log that cannot be listed, such as one behind HTTP: the checkpoint and exactly [`tiles_of`] its size
/// must be among them; others are not looked at.
#[derive(Debug, Clone, Copy)]
pub struct Fetched<'a>(pub &'a LogFiles);

impl LogSource for Fetched<'_> {
    fn names(&self) -> Option<Vec<String>> {
        None
    }

    fn read(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.0.read(name)
    }

    fn size_bytes(&self) -> u64 {
        self.0.size_bytes()
    }
}

/// Entries that the auditor has checked before: as many as `size`, under `root`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// How many.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Is told every entry in order, with its index and the whole tree.
pub type Visit<'a> = dyn FnMut(u64, Entry, &Tree) + Send + 'a;

/// Checks a log: that nothing is missing, foreign, stale or changed, that devices signed what they say and each
/// device's entries follow each other. Partial tiles of smaller sizes may remain, if they are beginnings of the tree's.
///
/// `visit` hears of the entries while later ones are still being checked. If this ends with faults, what it heard stands
/// on nothing. Signatures under `known` are not checked again, if the log continues it.
///
/// # Errors
/// Every [`LogFault`] found, by file.
pub fn audit_log(
    source: &dyn LogSource,
    keys: HeadKeys<'_>,
    known: Option<Known>,
    visit: &mut Visit<'_>,
) -> Result<AuditedLog, Vec<LogFault>> {
    let visit = &mut |index, entry, tree: &Tree, (): &()| visit(index, entry, tree);
    audit_log_ahead(source, keys, known, &mut |_| (), visit)
}

/// Looks at the entries that are visited next, with their indexes, while those before are still visited.
pub type Look<'a, A> = dyn FnMut(&[(u64, &Entry)]) -> A + Send + 'a;

/// As [`Visit`], with what the look at the entry and those around it found.
pub type VisitAfter<'a, A> = dyn FnMut(u64, Entry, &Tree, &A) + Send + 'a;

/// As [`audit_log`], for one who has more to do with every entry than fits beside the reading on one core.
///
/// # Errors
/// As [`audit_log`].
pub fn audit_log_ahead<A: Send + Sync>(
    source: &dyn LogSource,
    keys: HeadKeys<'_>,
    known: Option<Known>,
    look: &mut Look<'_, A>,
    visit: &mut VisitAfter<'_, A>,
) -> Result<AuditedLog, Vec<LogFault>> {
    let (head, mut auditor) = begin(source, keys).map_err(|fault| vec![fault])?;
    let names = source.names();
    auditor.check_names(names.as_deref());
    let tree = auditor.reference_tree(&head.checkpoint.root);
    auditor.check_tiles(&tree, names.as_deref());
    auditor.finish()?;
    let known = known.filter(|known| tree.root_at(known.size) == Some(known.root));
    let known = known.map_or(0, |known| known.size);
    let reading = Reading { source, tree: &tree, known, points: DevicePoints::default() };
    check_entries(&reading, look, visit)?;
    Ok(AuditedLog { head, tree })
}

/// The head and the tree of any log of C2SP `tlog-tiles`, by the hashes in its lowest tiles alone: what its entries are, and
/// what else lies there, is not looked at.
///
/// # Errors
/// The [`LogFault`] of a head that does not open, or that is of another tree than the hashes.
pub fn audit_hashes(source: &dyn LogSource, keys: HeadKeys<'_>) -> Result<AuditedLog, LogFault> {
    let (head, auditor) = begin(source, keys)?;
    let (tree, signed) = (auditor.tree_of_tiles(), head.checkpoint.root);
    if tree.size() == head.checkpoint.size && tree.root() == signed {
        return Ok(AuditedLog { head, tree });
    }
    Err(fault(CHECKPOINT_FILE, LogRule::Root { signed, rebuilt: tree.root() }))
}

fn begin<'a>(source: &'a dyn LogSource, keys: HeadKeys<'_>) -> Result<(Head, Auditor<'a>), LogFault> {
    let head = open_head(source, keys).map_err(|rule| fault(CHECKPOINT_FILE, rule))?;
    let size = head.checkpoint.size;
    // Each entry takes two bytes at least: a lying size must not make the auditor list tiles without end.
    if size > source.size_bytes() {
        return Err(fault(CHECKPOINT_FILE, LogRule::SizeBeyondFiles { size }));
    }
    Ok((head, Auditor { source, size, required: tiles_of(size), faults: Vec::new() }))
}

fn open_head(source: &dyn LogSource, keys: HeadKeys<'_>) -> Result<Head, LogRule> {
    let bytes = source.read(CHECKPOINT_FILE).ok_or(LogRule::Missing)?;
    let note = str::from_utf8(&bytes).map_err(|_| LogRule::NotText)?;
    Ok(keys.open(note)?)
}

fn fault(file: impl ToString, rule: LogRule) -> LogFault {
    LogFault { file: file.to_string(), entry: None, rule }
}

struct Auditor<'a> {
    source: &'a dyn LogSource,
    size: u64,
    required: Vec<TilePath>,
    faults: Vec<LogFault>,
}

impl Auditor<'_> {
    fn finish(self) -> Result<(), Vec<LogFault>> {
        by_file(self.faults)
    }

    fn check_names(&mut self, names: Option<&[String]>) {
        let Some(names) = names else { return };
        for name in names.iter().filter(|name| *name != CHECKPOINT_FILE) {
            match name.parse::<TilePath>() {
                Err(_) => self.faults.push(fault(name, LogRule::Unknown)),
                Ok(path) if !path.is_within(self.size) => {
                    self.faults.push(fault(name, LogRule::BeyondHead { size: self.size }));
                }
                Ok(_) => {}
            }
        }
    }

    /// The required tiles and bundles of a kind, in order.
    fn required(&self, kind: TileKind) -> Vec<TilePath> {
        self.required.iter().filter(|path| path.kind() == kind).copied().collect()
    }

    /// The tree that the files are measured against: the one with the head's root, of the entries or else of the
    /// tiles, so that the fault is put where it lies. If neither has that root the head itself is at fault.
    fn reference_tree(&mut self, signed: &Hash) -> Tree {
        let of_entries = self.tree_of(TileKind::Entries, |path, bytes| {
            Some(read_bundle(path, bytes).ok()?.into_iter().map(leaf_hash).collect())
        });
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
        self.tree_of(TileKind::Hashes { level: 0 }, |path, bytes| {
            let hashes = bytes.as_chunks::<HASH_BYTES>().0;
            Some(hashes.iter().take(path.width() as usize).map(|hash| Hash(*hash)).collect())
        })
    }

    /// The tree of the leaves of the required files of a kind, up to the first that cannot be read.
    fn tree_of(&self, kind: TileKind, leaves: impl Fn(&TilePath, &[u8]) -> Option<Vec<Hash>> + Sync) -> Tree {
        let mut tree = Tree::new();
        for paths in self.required(kind).chunks(FILES_AT_ONCE) {
            let of_file =
                |path: &TilePath| leaves(path, &self.source.read(&path.to_string()).unwrap_or_default());
            let read: Vec<_> = paths.par_iter().map(of_file).collect();
            for leaves in read {
                let Some(leaves) = leaves else { return tree };
                leaves.into_iter().for_each(|leaf| tree.push(leaf));
            }
        }
        tree
    }

    /// Compares every tile and bundle with the tree: the required ones, and the smaller ones that remain.
    fn check_tiles(&mut self, tree: &Tree, names: Option<&[String]>) {
        let mut there: BTreeSet<TilePath> = self.required.iter().copied().collect();
        there.extend(names.into_iter().flatten().filter_map(|name| name.parse::<TilePath>().ok()));
        let there: Vec<_> = there.into_iter().filter(|path| path.is_within(self.size)).collect();
        let check = |path: &TilePath| match (self.source.read(&path.to_string()), path.kind()) {
            (None, _) => Some(fault(path, LogRule::Missing)),
            (Some(bytes), TileKind::Entries) => check_bundle(path, &bytes, tree).err(),
            (Some(bytes), TileKind::Hashes { .. }) => check_tile(path, &bytes, tree).err(),
        };
        let faults: Vec<_> = there.par_iter().filter_map(check).collect();
        self.faults.extend(faults);
    }
}

fn by_file(mut faults: Vec<LogFault>) -> Result<(), Vec<LogFault>> {
    faults.sort_by(|a, b| (&a.file, a.entry).cmp(&(&b.file, b.entry)));
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn check_bundle(path: &TilePath, bytes: &[u8], tree: &Tree) -> Result<(), LogFault> {
    let entries = bundle(path, bytes)?;
    (path.start()..).zip(entries).try_for_each(|(index, entry)| check_leaf(path, index, entry, tree))
}

fn check_leaf(path: &TilePath, index: u64, entry: &[u8], tree: &Tree) -> Result<(), LogFault> {
    if tree.leaf(index) == Some(leaf_hash(entry)) {
        return Ok(());
    }
    Err(LogFault { file: path.to_string(), entry: Some(index), rule: LogRule::OtherEntry })
}

fn check_tile(path: &TilePath, bytes: &[u8], tree: &Tree) -> Result<(), LogFault> {
    let expected = path.width() as usize * HASH_BYTES;
    if bytes.len() != expected {
        return Err(fault(path, LogRule::TileLength { expected, found: bytes.len() }));
    }
    // No tile to compare with means that the tree is not the head's, which is a fault already.
    let Some(right) = tile_bytes(tree, path) else { return Ok(()) };
    let Some(at) = right.iter().zip(bytes).position(|(a, b)| a != b) else { return Ok(()) };
    let position = (at / HASH_BYTES) as u64;
    let entry = (path.kind() == TileKind::Hashes { level: 0 }).then_some(path.start() + position);
    Err(LogFault { file: path.to_string(), entry, rule: LogRule::TileHash { position } })
}

/// The entries of a bundle, or the fault of its file.
fn bundle<'a>(path: &TilePath, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, LogFault> {
    read_bundle(path, bytes).map_err(|error| LogFault {
        file: path.to_string(),
        entry: broken_entry(path, &error),
        rule: error.into(),
    })
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

/// An entry as it was read, where it lies and in which file.
type ReadEntry = (u64, TilePath, Result<Entry, LogFault>);

/// What entries are read against.
struct Reading<'a> {
    source: &'a dyn LogSource,
    tree: &'a Tree,
    /// Signatures of the entries before this one are known.
    known: u64,
    points: DevicePoints,
}

/// Reads and checks the entries in order, window by window: while one is told, the next is read on the other cores.
fn check_entries<A: Send + Sync>(
    reading: &Reading<'_>,
    look: &mut Look<'_, A>,
    visit: &mut VisitAfter<'_, A>,
) -> Result<(), Vec<LogFault>> {
    let mut paths = tiles_of(reading.tree.size());
    paths.retain(|path| path.kind() == TileKind::Entries);
    let mut paths = paths.into_iter();
    let (mut faults, mut chains) = (Vec::new(), BTreeMap::new());
    let mut read_next = || {
        let files = reading.files(&mut paths);
        (!files.is_empty()).then(|| reading.window(&files, look))
    };
    let mut window = read_next();
    while let Some((entries, seen)) = window {
        let tell = || {
            for (index, path, read) in entries {
                let followed = read.and_then(|entry| {
                    follow(&mut chains, entry).map_err(|rule| LogFault {
                        file: path.to_string(),
                        entry: Some(index),
                        rule,
                    })
                });
                match followed {
                    Ok(entry) if faults.is_empty() => visit(index, entry, reading.tree, &seen),
                    Ok(_) => {}
                    Err(fault) => faults.push(fault),
                }
            }
        };
        (_, window) = rayon::join(tell, &mut read_next);
    }
    by_file(faults)
}

/// An entry as it was read, and what its signature claims if that is still to be checked.
type Claimed = (u64, TilePath, Result<(Entry, Option<Claim>), LogFault>);

impl Reading<'_> {
    /// The next bundles: as many as may be held at once.
    fn files(&self, paths: &mut impl Iterator<Item = TilePath>) -> Vec<(TilePath, Cow<'_, [u8]>)> {
        let (mut files, mut bytes) = (Vec::new(), 0);
        while files.len() < FILES_AT_ONCE && bytes < BYTES_AT_ONCE {
            let Some(path) = paths.next() else { break };
            let file = self.source.read(&path.to_string()).unwrap_or_default();
            bytes += file.len();
            files.push((path, file));
        }
        files
    }

    /// The entries of these bundles, and what the look at those that hold by themselves finds.
    fn window<A>(&self, files: &[(TilePath, Cow<'_, [u8]>)], look: &mut Look<'_, A>) -> (Vec<ReadEntry>, A) {
        let entries = self.entries(files);
        let sound = entries.iter().filter_map(|(index, _, read)| Some((*index, read.as_ref().ok()?)));
        let seen = look(&sound.collect::<Vec<_>>());
        (entries, seen)
    }

    /// The entries of these bundles. Most of an audit is signatures, and each stands by itself: all cores look at them.
    fn entries(&self, files: &[(TilePath, Cow<'_, [u8]>)]) -> Vec<ReadEntry> {
        let of_file = |(path, bytes): &(TilePath, Cow<'_, [u8]>)| self.of_file(path, bytes);
        let mut read: Vec<Claimed> = files.par_iter().flat_map_iter(of_file).collect();
        let at_once = read.len().div_ceil(rayon::current_num_threads()).max(CLAIMS_MIN);
        read.par_chunks_mut(at_once).for_each(check_claims);
        read.into_iter().map(|(index, path, read)| (index, path, read.map(|(entry, _)| entry))).collect()
    }

    fn of_file(&self, path: &TilePath, bytes: &[u8]) -> Vec<Claimed> {
        match bundle(path, bytes) {
            Ok(entries) => (path.start()..)
                .zip(entries)
                .map(|(index, bytes)| (index, *path, self.entry(path, index, bytes)))
                .collect(),
            Err(fault) => vec![(path.start(), *path, Err(fault))],
        }
    }

    /// Reads an entry. Its file was read once for the tree: should it have changed since, that is seen here.
    fn entry(&self, path: &TilePath, index: u64, bytes: &[u8]) -> Result<(Entry, Option<Claim>), LogFault> {
        check_leaf(path, index, bytes, self.tree)?;
        let read = if index < self.known {
            Entry::parse_known(bytes).map(|entry| (entry, None))
        } else {
            Entry::parse_with(bytes, &self.points)
        };
        read.map_err(|error| LogFault { file: path.to_string(), entry: Some(index), rule: error.into() })
    }
}

/// Checks claims together; where they do not all hold, one by one.
fn check_claims(read: &mut [Claimed]) {
    let claims = read.iter().filter_map(|(.., read)| read.as_ref().ok()?.1.as_ref());
    if all_hold(&claims.collect::<Vec<_>>()) {
        return;
    }
    for (index, path, read) in read {
        if let Ok((entry, Some(_))) = read
            && let Err(error) = Entry::parse(entry.bytes())
        {
            *read = Err(LogFault { file: path.to_string(), entry: Some(*index), rule: error.into() });
        }
    }
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
