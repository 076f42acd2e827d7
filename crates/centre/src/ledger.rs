//! The one writer of the log: entries wait in order, a group commit makes them durable under a signed head, then cosigners
//! apart see that head, then it is published. What they add is stored with the next commit: nobody outside of this process sees
//! what a crash could take back, and a commit costs one flush. Cosigners in the process sign with the commit itself.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;

use futures_util::future::join_all;
use jiff::Timestamp;
use sekong_draw::FrozenEntry;
use sekong_log::{
    Checkpoint, Cosignature, Cosigner, Entry, Hash, Head, HeadError, KeyError, NoteError, ProofError,
    SaltedPerson, SignatureLine, SignedNote, SigningKey, TILE_WIDTH, TileError, TileKind, TilePath, Tree,
    VerifierKey, empty_root, encode_bundle, frozen_at, leaf_hash, tile_bytes, tiles_for, tiles_of,
    verify_cosignature,
};
use sekong_store::{Commit, Store, StoreError, StoredBody, StoredHead, StoredPerson};

use crate::beyond::{self, Beyond, Lacking};
use crate::folder::{Folder, FolderError};
use crate::publication::{Publication, Published, Tiles, Unpublished, write_body};
use crate::receipt::Receipt;
use crate::state::CLOCK_TOLERANCE;
use crate::witness::{Missing, MissingKind, RemoteWitness, Submission, Witness, WitnessAt, WitnessError};

/// Why a commit failed. The centre stops: what is not durable was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The published folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A proof for an entry that is not under the head.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// A stored head that these keys did not sign.
    #[error("the stored head does not open with this folder's keys: {0}")]
    Head(#[from] HeadError),
    /// A stored leaf that no bundle can hold.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// A key of the wrong kind.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A head that cannot be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A cosigner knows more of the log than the store, or another one: whoever writes on forks it.
    #[error("{name}: {error}")]
    Fork {
        /// Name of the cosigner's key.
        name: String,
        /// What it knows.
        error: WitnessError,
    },
    /// The stored heads are of another log than these keys.
    #[error("the stored log is {stored}, the log key is of {given}")]
    OtherOrigin {
        /// Origin of the stored head.
        stored: String,
        /// Name of the log key.
        given: String,
    },
    /// Another key signed the stored heads.
    #[error("the log key of {origin} is not the one that signed the stored heads")]
    OtherKey {
        /// Origin of both.
        origin: String,
    },
    /// More was published than the store holds: to go on from here would make a second history.
    #[error(
        "the store holds {stored} entries, the published head is over {published}: this store is an older copy"
    )]
    Older {
        /// Entries under the newest stored head.
        stored: u64,
        /// Entries under the published head.
        published: u64,
    },
    /// A published file holds entries of this log that the store lacks, whatever the published head says: the store is written
    /// before any file.
    #[error(
        "the store holds {stored} entries, and {file} holds {lacking} of this log that are not among them: this store is an older \
         copy, or somebody put the file there"
    )]
    OlderThanFile {
        /// Entries in the store.
        stored: u64,
        /// The file, relative to the data folder.
        file: String,
        /// Its entries that the store lacks.
        lacking: u64,
    },
    /// The published head is not one of this store's log.
    #[error(
        "the first {size} stored entries hash to {stored}, a head that was published says {published}: two histories"
    )]
    Forked {
        /// Entries under the published head.
        size: u64,
        /// Root of as many stored entries.
        stored: Hash,
        /// Root in the published head.
        published: Hash,
    },
    /// The store's leaves do not hash to its newest head.
    #[error("the stored entries hash to {computed} but the newest head, of {size} entries, says {signed}")]
    OtherTree {
        /// Size of the newest head.
        size: u64,
        /// Root of the stored entries.
        computed: Hash,
        /// Root in the head.
        signed: Hash,
    },
}

/// The keys that sign heads.
pub struct HeadSigners {
    /// Signs checkpoints.
    pub log: SigningKey,
    /// The keys of the cosigners in this process.
    pub cosigners: Vec<SigningKey>,
    /// The cosigners on machines of their own.
    pub apart: Vec<WitnessAt>,
    /// Cosignatures that freeze what is under a head.
    pub needed: usize,
}

impl HeadSigners {
    /// The cosigners' public keys.
    fn cosigner_keys(&self) -> impl Iterator<Item = &VerifierKey> {
        let here = self.cosigners.iter().map(SigningKey::verifier);
        here.chain(self.apart.iter().map(|witness| &witness.key))
    }
}

/// The log's writer.
pub struct Ledger<S> {
    store: S,
    folder: Folder,
    log: SigningKey,
    cosigners: Vec<Box<dyn Witness>>,
    needed: usize,
    missing: Vec<Missing>,
    /// Whether the cosigners were asked what they know of the log since it was opened.
    met: bool,
    /// Cosigners whose last word was that the store's log is an older one, or another, than they have cosigned.
    forked: BTreeSet<String>,
    /// Sizes of heads that have gained cosignatures since they were stored.
    gained: BTreeSet<u64>,
    tree: Tree,
    leaves: Leaves,
    bodies: Vec<StoredBody>,
    persons: Vec<StoredPerson>,
    erased: Vec<[u8; 32]>,
    /// Whether the database may still hold bytes of an erased record.
    traces: bool,
    committed: u64,
    heads: VecDeque<KeptHead>,
    commits: u64,
    unpublished: Unpublished,
    foreign: Vec<PathBuf>,
}

/// A head that enough have cosigned.
#[derive(Debug, Clone)]
pub struct FrozenHead {
    /// When the last of its cosignatures was given.
    pub cosigned: Timestamp,
    /// When enough of them had been given.
    pub frozen: Timestamp,
    /// Entries under it.
    pub size: u64,
    /// The signed note.
    pub note: String,
}

/// A head of the last hours.
struct KeptHead {
    size: u64,
    /// The signed note with the cosignatures that it had once it had enough: what entries quote and the store keeps. Later
    /// ones would change from when it counts.
    note: String,
    /// The same with every cosignature: what is published.
    whole: String,
    /// Who cosigned it, and when.
    cosignatures: Vec<Cosignature>,
    /// When the last of the cosignatures that it needs was given; `None` while it has fewer.
    frozen: Option<Timestamp>,
    /// When the last cosignature in `note` was given.
    latest: Option<Timestamp>,
}

impl KeptHead {
    fn new(size: u64, note: String, cosignatures: Vec<Cosignature>, needed: usize) -> KeptHead {
        let mut head = KeptHead { size, whole: note.clone(), note, cosignatures, frozen: None, latest: None };
        head.count(needed);
        head
    }

    fn count(&mut self, needed: usize) {
        self.frozen = frozen_at(&self.cosignatures, needed);
        self.latest = self.cosigned();
    }

    /// Takes lines that hold; says whether the store should know.
    fn gain(&mut self, lines: Vec<(SignatureLine, Timestamp)>, needed: usize) -> bool {
        let late = self.frozen.is_some();
        let some = !lines.is_empty();
        for (line, time) in lines {
            self.whole.push_str(&format!("{line}\n"));
            self.cosignatures.push(Cosignature { name: line.name().to_owned(), time });
        }
        if late {
            return false;
        }
        self.note.clone_from(&self.whole);
        self.count(needed);
        some
    }

    fn is_cosigned_by(&self, key: &VerifierKey) -> bool {
        self.has_line_of(key.name())
    }

    fn has_line_of(&self, name: &str) -> bool {
        self.time_of(name).is_some()
    }

    /// When a cosigner gave its line.
    fn time_of(&self, name: &str) -> Option<Timestamp> {
        self.cosignatures
            .iter()
            .find(|cosignature| cosignature.name == name)
            .map(|cosignature| cosignature.time)
    }

    /// When the last of all cosignatures was given.
    fn cosigned(&self) -> Option<Timestamp> {
        self.cosignatures.iter().map(|cosignature| cosignature.time).max()
    }

    /// The head, if enough have cosigned it.
    fn enough(&self) -> Option<FrozenHead> {
        let (frozen, cosigned) = (self.frozen?, self.latest?);
        Some(FrozenHead { cosigned, frozen, size: self.size, note: self.note.clone() })
    }

    fn stored(&self) -> StoredHead {
        StoredHead { size: self.size, note: self.note.clone() }
    }
}

/// The newest leaves: those of the unfinished bundle, which the next publication needs again, and those that wait.
#[derive(Default)]
struct Leaves {
    first_index: u64,
    bytes: Vec<Vec<u8>>,
}

impl Leaves {
    fn range(&self, from: u64, to: u64) -> Option<&[Vec<u8>]> {
        let start = usize::try_from(from.checked_sub(self.first_index)?).ok()?;
        let end = usize::try_from(to.checked_sub(self.first_index)?).ok()?;
        self.bytes.get(start..end)
    }

    fn forget_full_bundles(&mut self, size: u64) {
        let keep_from = size - size % TILE_WIDTH;
        let gone = keep_from.saturating_sub(self.first_index) as usize;
        self.bytes.drain(..gone.min(self.bytes.len()));
        self.first_index = self.first_index.max(keep_from);
    }
}

/// Few in the tests of this file, so that older ones are looked for.
#[cfg(test)]
const HEADS_KEPT: usize = 5;

/// Heads kept in memory: more than are cosigned between an hour and the end of its reports, as a rule. Older ones are looked
/// up in the store.
#[cfg(not(test))]
const HEADS_KEPT: usize = 4_096;

/// Heads read from the store at a time.
const HEADS_PAGE: u64 = 8;

/// Leaves read from the store at a time while the log is opened.
const READ_BATCH: u64 = 4_096;

impl<S: Store> Ledger<S> {
    /// Opens the log of `store`, checks it against its newest head and the published one, and publishes it anew. `visit`
    /// sees every stored leaf in order, before the next one is read. What is refused leaves the published folder as it is, and a start
    /// that breaks off leaves the old head there.
    pub async fn open<E: From<LedgerError> + From<StoreError>>(
        mut store: S,
        folder: Folder,
        signers: HeadSigners,
        visit: impl FnMut(u64, &[u8], &Tree) -> Result<(), E>,
    ) -> Result<Ledger<S>, E> {
        let stored = store.newest_heads(HEADS_KEPT as u64).await.map_err(LedgerError::from)?;
        let heads = kept_heads(&signers, stored)?;
        let published = published_head(&folder, signers.log.verifier())?;
        check_not_older(heads.back(), published.as_ref().map_or(0, |head| head.size))?;
        let tree = read_tree(&mut store, u64::MAX, visit).await?;
        check_newest(heads.back(), &signers, &tree)?;
        check_continues(&tree, published.as_ref())?;
        let foreign = foreign_files(&mut store, &folder, &tree).await?;
        // A link gives way first: the files that were seen through it are somebody else's.
        folder.make().map_err(LedgerError::from)?;
        let mut foreign = folder.set_aside(foreign).map_err(LedgerError::from)?;
        foreign.extend(folder.set_folders_aside().map_err(LedgerError::from)?);
        let leaves = publish_stored(&mut store, &folder, &tree).await?;
        let cosigners = opened_cosigners(&signers, &heads)?;
        let missing = missing_before(&signers, heads.back());
        let time = heads.iter().rev().find_map(|head| head.frozen).unwrap_or(Timestamp::MIN);
        let (open, sealed) = publish_bodies(&mut store, &folder, time).await?;
        if let Some(head) = heads.back() {
            folder.write_checkpoint(&head.note).map_err(LedgerError::from)?;
        }
        let waiting = sealed.iter().map(|(_, hash)| *hash).collect();
        let aside = folder.keep_only(&tiles_of(tree.size()), &open, &waiting).map_err(LedgerError::from)?;
        foreign.extend(aside);
        let (committed, log, needed) = (tree.size(), signers.log, signers.needed);
        Ok(Ledger {
            store,
            folder,
            log,
            cosigners,
            needed,
            missing,
            met: false,
            forked: BTreeSet::new(),
            gained: BTreeSet::new(),
            tree,
            leaves,
            bodies: Vec::new(),
            persons: Vec::new(),
            erased: Vec::new(),
            traces: false,
            committed,
            heads,
            commits: 0,
            unpublished: Unpublished { from: committed, sealed, ..Unpublished::default() },
            foreign,
        })
    }

    /// Files that lay in the published folder when it was opened and that nothing in the store makes, by their names in the data folder:
    /// they were put aside.
    pub fn foreign(&self) -> &[PathBuf] {
        &self.foreign
    }

    /// The tree, with the entries that wait for the next commit.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Group commits since the log was opened.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// Entries that are durable and under a head.
    pub fn committed(&self) -> u64 {
        self.committed
    }

    /// The newest head, with the cosignatures that it has; `None` before the first commit.
    pub fn note(&self) -> Option<&str> {
        self.heads.back().map(|head| head.whole.as_str())
    }

    /// When the newest head was last cosigned.
    pub fn cosigned(&self) -> Option<Timestamp> {
        self.heads.back().and_then(KeptHead::cosigned)
    }

    /// When enough had cosigned the newest head that has enough: a lone cosigner's clock may be ahead.
    pub fn newest_frozen(&self) -> Option<Timestamp> {
        self.heads.iter().rev().find_map(|head| head.frozen)
    }

    /// The newest head that enough have cosigned, with its size, if it is over the entry at `index`.
    pub fn frozen_over(&self, index: u64) -> Option<(u64, &str)> {
        let newest = self.heads.iter().rev().find(|head| head.frozen.is_some());
        newest.filter(|head| index < head.size).map(|head| (head.size, head.note.as_str()))
    }

    /// The newest head that enough had cosigned by `time`.
    pub async fn newest_by(&mut self, time: Timestamp) -> Result<Option<FrozenHead>, LedgerError> {
        let in_time = |head: &FrozenHead| head.frozen <= time;
        let kept = self.heads.iter().rev().filter_map(KeptHead::enough).find(in_time);
        if kept.is_some() {
            return Ok(kept);
        }
        // However many heads came since, an older one is found: cosigners' clocks run forward, so it is looked for by halves.
        let (mut newest, mut from, mut to) = (None, 0, self.kept_from());
        while from < to {
            let middle = from + (to - from) / 2;
            match self.stored_over(middle).await?.filter(in_time) {
                Some(head) => {
                    from = head.size;
                    newest = Some(head);
                }
                None => to = middle,
            }
        }
        Ok(newest)
    }

    /// The first head over an entry that enough have cosigned.
    pub async fn first_over(&mut self, index: u64) -> Result<Option<FrozenHead>, LedgerError> {
        if let Some(stored) = self.stored_over(index).await? {
            return Ok(Some(stored));
        }
        let first = self.heads.partition_point(|head| head.size <= index);
        Ok(self.heads.range(first..).find_map(KeptHead::enough))
    }

    /// Size of the oldest head in memory.
    fn kept_from(&self) -> u64 {
        self.heads.front().map_or(0, |head| head.size)
    }

    /// The first head over an entry that enough have cosigned, of those that are not in memory any more.
    async fn stored_over(&mut self, index: u64) -> Result<Option<FrozenHead>, LedgerError> {
        let (mut beyond, kept_from) = (index, self.kept_from());
        let cosigners: Vec<VerifierKey> =
            self.cosigners.iter().map(|cosigner| cosigner.key().clone()).collect();
        while beyond.saturating_add(1) < kept_from {
            let page = self.store.heads(beyond, HEADS_PAGE).await?;
            let older = page.into_iter().take_while(|stored| stored.size < kept_from);
            let before = beyond;
            for stored in older {
                beyond = stored.size;
                let head = kept_head(stored, self.log.verifier(), &cosigners, self.needed)?;
                if let Some(found) = head.enough() {
                    return Ok(Some(found));
                }
            }
            if beyond == before {
                break;
            }
        }
        Ok(None)
    }

    /// When enough had cosigned the first head over an entry, as far as the heads of the last hours tell.
    pub fn first_cosigned_over(&self, index: u64) -> Option<Timestamp> {
        let first = self.heads.partition_point(|head| head.size <= index);
        self.heads.range(first..).find_map(|head| head.frozen)
    }

    /// The cosigners whose lines the newest head lacks.
    pub fn missing_cosigners(&self) -> &[Missing] {
        &self.missing
    }

    /// Has the cosigners reached another way; whoever takes one must lead to the same.
    pub fn reach_cosigners(&mut self, by: impl FnMut(Box<dyn Witness>) -> Box<dyn Witness>) {
        self.cosigners = std::mem::take(&mut self.cosigners).into_iter().map(by).collect();
    }

    /// A tile of hashes, of committed entries alone; `None` beyond them.
    pub fn hash_tile(&self, path: &TilePath) -> Option<Vec<u8>> {
        if path.is_within(self.committed) { tile_bytes(&self.tree, path) } else { None }
    }

    /// Takes an entry into the next commit; gives its index.
    pub fn append(&mut self, entry: &Entry) -> u64 {
        self.tree.push(entry.leaf_hash());
        self.leaves.bytes.push(entry.bytes().to_vec());
        self.tree.size() - 1
    }

    /// Takes a body into the next commit.
    pub fn keep(&mut self, body: StoredBody) {
        self.bodies.push(body);
    }

    /// Takes a person's record into the next commit.
    pub fn keep_person(&mut self, person: &SaltedPerson) {
        self.persons.push(stored_person(person));
    }

    /// Keeps records of a committed entry anew, where they were lost.
    pub async fn keep_again(&mut self, persons: &[&SaltedPerson]) -> Result<(), StoreError> {
        let persons: Vec<_> = persons.iter().map(|person| stored_person(person)).collect();
        self.store.keep_persons(&persons).await
    }

    /// Erases a person's record with the next commit.
    pub fn erase(&mut self, commitment: &Hash) {
        self.erased.push(commitment.0);
    }

    /// Erases what is kept of records that the log says are erased, as after the restoring of an older copy.
    pub async fn erase_again(&mut self, erased: &BTreeSet<Hash>) -> Result<(), LedgerError> {
        let kept = self.store.person_commitments().await?;
        let still: Vec<_> =
            kept.into_iter().filter(|commitment| erased.contains(&Hash(*commitment))).collect();
        // Whether the process ended between an erasure and the cutting of its traces is known to nobody.
        if !erased.is_empty() {
            self.store.erase(&still).await?;
            self.traces = !self.store.cut_traces().await?;
        }
        Ok(())
    }

    /// Where the log is published.
    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Writes the newest head into the published folder once more.
    pub(crate) fn publish_head(&mut self) {
        if self.unpublished.why.is_none() {
            let written = self.folder.write_checkpoint(self.note().unwrap_or_default());
            self.unpublished.why = written.err().map(|error| error.to_string());
        }
    }

    /// Why the published folder lags behind the log, if it does. It is derived: what is missing there is written with
    /// the next commit, or when the log is opened again.
    pub fn unpublished(&self) -> Option<&str> {
        self.unpublished.why.as_deref()
    }

    /// Whether the cosigners were asked what they know of the log since it was opened, as the first commit does.
    pub fn has_met(&self) -> bool {
        self.met
    }

    /// When the next cosigner that was left alone is asked again for the newest head; `None` if none is.
    pub fn asks_again_at(&self) -> Option<Timestamp> {
        let head = self.heads.back()?;
        let lacking = self.cosigners.iter().filter(|cosigner| !head.is_cosigned_by(cosigner.key()));
        lacking.filter_map(|cosigner| cosigner.rests_until()).min()
    }

    /// Makes what waits durable and has the head cosigned, as [`Ledger::make_durable`], then publishes it.
    pub async fn commit(&mut self, now: Timestamp) -> Result<bool, LedgerError> {
        let new = self.make_durable(now).await?;
        if let Some(publication) = self.publication(now) {
            self.note_published(publication.write());
        }
        Ok(new)
    }

    /// Makes what waits durable with one transaction and has the head cosigned; what is to be published is due. `false` if nothing
    /// waited. Those who have not cosigned the newest head are asked for it each time, unless they are left alone.
    ///
    /// # Errors
    /// After an error the process must end: what it holds in memory may be ahead of the store.
    pub async fn make_durable(&mut self, now: Timestamp) -> Result<bool, LedgerError> {
        let met = self.meet(now).await?;
        let new = self.committed < self.tree.size();
        if new {
            self.store_waiting(now).await?;
        }
        let asked = self.ask(now, false).await?;
        self.check_forked(&asked)?;
        self.unpublished.due |= new || met || asked.gained;
        Ok(new)
    }

    /// What brings the published folder up to the newest head, if anything is due; it is to be written, and what came of it
    /// given to [`Ledger::note_published`], before the next one is asked for.
    pub fn publication(&mut self, now: Timestamp) -> Option<Publication> {
        if !self.unpublished.due {
            return None;
        }
        let tiles = tiles(&self.tree, &self.leaves, self.unpublished.from, self.committed);
        let note = self.heads.back().map(|head| head.whole.as_str()).unwrap_or_default();
        self.unpublished.begin(&self.folder, (tiles, self.committed), note, now)
    }

    /// What failed to be published is due again.
    pub(crate) fn publish_again(&mut self) {
        self.unpublished.try_again();
    }

    /// Takes what came of writing a publication.
    pub fn note_published(&mut self, published: Published) {
        self.unpublished.note(published);
        self.leaves.forget_full_bundles(self.unpublished.from);
    }

    /// Writes into the store what heads have gained since they are there, so that a log that ends well has nothing to ask for.
    pub async fn settle(&mut self) -> Result<(), LedgerError> {
        let Some(newest) = self.heads.back().filter(|_| !self.gained.is_empty()) else { return Ok(()) };
        let cosigned = self.gained_heads();
        let commit = Commit { cosigned, ..Commit::under(self.committed, newest.stored()) };
        self.store.commit(&commit).await?;
        self.gained.clear();
        Ok(())
    }

    async fn store_waiting(&mut self, now: Timestamp) -> Result<(), LedgerError> {
        let (first_index, size) = (self.committed, self.tree.size());
        let leaves = self.leaves.range(first_index, size).unwrap_or_default().to_vec();
        let (mut head, bodies) = (self.signed_head()?, std::mem::take(&mut self.bodies));
        self.cosign_here(&mut head, now).await?;
        let cosigned = self.gained_heads();
        let (persons, erased) = (std::mem::take(&mut self.persons), std::mem::take(&mut self.erased));
        let commit = Commit { first_index, leaves, bodies, persons, erased, head: head.stored(), cosigned };
        self.store.commit(&commit).await?;
        if self.traces || !commit.erased.is_empty() {
            self.traces = !self.store.cut_traces().await?;
        }
        self.gained.clear();
        self.committed = size;
        self.commits += 1;
        self.heads.push_back(head);
        if self.heads.len() > HEADS_KEPT {
            self.heads.pop_front();
        }
        self.unpublished.bodies.extend(commit.bodies);
        Ok(())
    }

    /// Cosigners in this process sign what is about to be stored with it: no reader sees that before it is durable, and their
    /// word on when it was there survives a crash. Who gives no line is asked again with the others, and named then.
    async fn cosign_here(&mut self, head: &mut KeptHead, now: Timestamp) -> Result<(), LedgerError> {
        let here = self.cosigners.iter_mut().filter(|cosigner| cosigner.is_here());
        let given = lines_from(here, head, &self.tree, now).await?;
        self.missing.retain(|missing| !given.lines.iter().any(|(line, _)| line.name() == missing.name));
        head.gain(given.lines, self.needed);
        Ok(())
    }

    fn gained_heads(&self) -> Vec<StoredHead> {
        let head = |size: &u64| self.heads.get(self.heads.partition_point(|head| head.size < *size));
        self.gained.iter().filter_map(head).map(KeptHead::stored).collect()
    }

    fn signed_head(&self) -> Result<KeptHead, LedgerError> {
        let size = self.tree.size();
        let origin = self.log.verifier().name().to_owned();
        let checkpoint = Checkpoint { origin, size, root: self.tree.root() };
        let note = checkpoint.sign(&self.log)?.to_string();
        Ok(KeptHead::new(size, note, Vec::new(), self.needed))
    }

    /// Before anything is written, asks every cosigner once for the newest stored head, those who have signed it too: one who
    /// has seen another log, or more of this one, shows that writing on would fork it.
    async fn meet(&mut self, now: Timestamp) -> Result<bool, LedgerError> {
        if self.met {
            return Ok(false);
        }
        let asked = self.ask(now, true).await?;
        if let Some((name, error)) = asked.refused.into_iter().find(|(_, error)| error.tells_a_fork()) {
            return Err(LedgerError::Fork { name, error });
        }
        self.met = true;
        Ok(asked.gained)
    }

    /// One cosigner that tells of another history may lie, and is an alarm. When those who are left cannot freeze anything any more,
    /// whoever writes on gives receipts that are certain to be lost.
    fn check_forked(&self, asked: &Asked) -> Result<(), LedgerError> {
        if self.needed <= self.cosigners.len().saturating_sub(self.forked.len()) {
            return Ok(());
        }
        let told = asked.refused.iter().find(|(_, error)| error.tells_a_fork());
        told.map_or(Ok(()), |(name, error)| {
            Err(LedgerError::Fork { name: name.clone(), error: error.clone() })
        })
    }

    /// Asks, at the same time, those who have not cosigned the newest head, or `everybody`; who gives no line is missing, and
    /// that shows.
    async fn ask(&mut self, now: Timestamp, everybody: bool) -> Result<Asked, LedgerError> {
        let Some(head) = self.heads.back_mut() else { return Ok(Asked::default()) };
        let is_asked = |cosigner: &&mut Box<dyn Witness>| {
            let rests = cosigner.rests_until().is_some_and(|until| now < until);
            everybody || !rests && !head.is_cosigned_by(cosigner.key())
        };
        let asked = self.cosigners.iter_mut().filter(is_asked);
        let Given { mut lines, refused } = lines_from(asked, head, &self.tree, now).await?;
        let signed = |name: &str| lines.iter().any(|(line, _)| line.name() == name);
        self.missing.retain(|missing| !signed(&missing.name));
        self.forked.retain(|name| !signed(name));
        let forks = refused.iter().filter(|(_, error)| error.tells_a_fork());
        self.forked.extend(forks.map(|(name, _)| name.clone()));
        lines.retain(|(line, _)| !head.has_line_of(line.name()));
        let gained = !lines.is_empty();
        if head.gain(lines, self.needed) {
            self.gained.insert(head.size);
        }
        refused.iter().for_each(|(name, error)| note_missing(&mut self.missing, name, error, now));
        Ok(Asked { gained, refused })
    }

    /// The entry at `index` with its proof under the head of `size` entries; `None` before that covers it.
    pub async fn frozen(&mut self, index: u64, size: u64) -> Result<Option<FrozenEntry>, LedgerError> {
        if index >= size {
            return Ok(None);
        }
        let proof = self.tree.inclusion_proof(index, size)?;
        let leaf = self.store.leaves(index, 1).await?.pop();
        Ok(leaf.map(|stored| FrozenEntry { index, leaf: stored.leaf, proof }))
    }

    /// A committed leaf.
    pub async fn leaf(&mut self, index: u64) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(self.store.leaves(index, 1).await?.pop().map(|stored| stored.leaf))
    }

    /// A committed body.
    pub async fn body(&mut self, hash: &Hash) -> Result<Option<Vec<u8>>, LedgerError> {
        Ok(self.store.body(hash.0).await?.map(|stored| stored.bytes))
    }

    /// The receipt of a committed entry under the newest head.
    pub fn receipt(&self, index: u64) -> Result<Receipt, LedgerError> {
        let proof = self.tree.inclusion_proof(index, self.committed)?;
        Ok(Receipt { index, proof, head: self.note().unwrap_or_default().to_owned() })
    }

    /// Ends the log; what was committed stays.
    pub async fn close(mut self) -> Result<(), LedgerError> {
        self.settle().await?;
        Ok(self.store.close().await?)
    }
}

/// What came of asking cosigners.
#[derive(Default)]
struct Asked {
    /// Whether the newest head has more lines than before.
    gained: bool,
    /// Who gave none, and why.
    refused: Vec<(String, WitnessError)>,
}

/// What cosigners answered.
struct Given {
    /// Lines that hold, each with when it was given.
    lines: Vec<(SignatureLine, Timestamp)>,
    /// Who gave none, and why.
    refused: Vec<(String, WitnessError)>,
}

fn stored_person(person: &SaltedPerson) -> StoredPerson {
    StoredPerson {
        commitment: person.committed().commitment.0,
        salt: *person.salt(),
        record: person.padded().to_vec(),
    }
}

/// Asks cosigners for a head, all at the same time.
async fn lines_from(
    cosigners: impl Iterator<Item = &mut Box<dyn Witness>>,
    head: &KeptHead,
    tree: &Tree,
    now: Timestamp,
) -> Result<Given, LedgerError> {
    let note: SignedNote = head.whole.parse()?;
    let submission = Submission { note: &head.whole, size: head.size, tree };
    let asked = cosigners.map(|cosigner| async move {
        let line = cosigner.cosign(submission, now).await;
        (cosigner.key().clone(), line)
    });
    let mut given = Given { lines: Vec::new(), refused: Vec::new() };
    for (key, line) in join_all(asked.collect::<Vec<_>>()).await {
        match line.and_then(|line| checked(&key, &note, line, now)) {
            Ok(line) => given.lines.push(line),
            Err(error) => given.refused.push((key.name().to_owned(), error)),
        }
    }
    Ok(given)
}

/// Says why a cosigner is missing now; since when stays what it was.
fn note_missing(missing: &mut Vec<Missing>, name: &str, error: &WitnessError, now: Timestamp) {
    let (why, kind) = (error.to_string(), error.kind());
    match missing.iter_mut().find(|missing| missing.name == name) {
        Some(known) => {
            let since = known.since.or(Some(now));
            *known = Missing { why, kind, since, ..known.clone() };
        }
        None => missing.push(Missing { name: name.to_owned(), why, kind, since: Some(now) }),
    }
}

/// A line by the cosigner that it should be by, given at a time that is now for the centre, too.
fn checked(
    key: &VerifierKey,
    note: &SignedNote,
    line: SignatureLine,
    now: Timestamp,
) -> Result<(SignatureLine, Timestamp), WitnessError> {
    let no = |why: String| WitnessError::NoCosignature(why);
    if !key.claims(&line) {
        return Err(no("it is a line of another key".to_owned()));
    }
    let time = verify_cosignature(key, note.text(), &line).map_err(|error| no(error.to_string()))?;
    if CLOCK_TOLERANCE < now.duration_since(time).abs() {
        // A witness keeps when it signed last, and never signs as of an earlier time.
        let spent = if now < time {
            ": it signs nothing more before that time, even once its clock is right"
        } else {
            ""
        };
        return Err(no(format!("its clock says {time}, the centre's {now}{spent}")));
    }
    Ok((line, time))
}

/// The tree of the first `size` stored leaves, or of all that there are; each is seen before the next one is read.
pub(crate) async fn read_tree<S: Store, E: From<StoreError>>(
    store: &mut S,
    size: u64,
    mut visit: impl FnMut(u64, &[u8], &Tree) -> Result<(), E>,
) -> Result<Tree, E> {
    let mut tree = Tree::new();
    while tree.size() < size {
        let batch = store.leaves(tree.size(), READ_BATCH.min(size - tree.size())).await?;
        if batch.is_empty() {
            break;
        }
        for stored in batch {
            tree.push(leaf_hash(&stored.leaf));
            visit(stored.index, &stored.leaf, &tree)?;
        }
    }
    Ok(tree)
}

/// Publishes every stored leaf; gives those of the unfinished bundle.
async fn publish_stored<S: Store>(
    store: &mut S,
    folder: &Folder,
    tree: &Tree,
) -> Result<Leaves, LedgerError> {
    let (mut leaves, mut size) = (Leaves::default(), 0);
    while size < tree.size() {
        let before = size;
        leaves.bytes.extend(store.leaves(before, READ_BATCH).await?.into_iter().map(|stored| stored.leaf));
        size = (before + READ_BATCH).min(tree.size());
        for (path, bytes) in tiles(tree, &leaves, before, size)? {
            folder.write_tile(&path, &bytes)?;
        }
        leaves.forget_full_bundles(size);
    }
    Ok(leaves)
}

/// The head in the published folder, if this log's key signed one: the folder is not trusted, but the key is.
fn published_head(folder: &Folder, log: &VerifierKey) -> Result<Option<Checkpoint>, LedgerError> {
    let note = folder.checkpoint()?;
    let head = note.and_then(|note| Head::open_unchecked_cosignatures(&note, log).ok());
    Ok(head.map(|head| head.checkpoint))
}

/// What was published is never longer than what is stored: the store is written first.
fn check_not_older(newest: Option<&KeptHead>, published: u64) -> Result<(), LedgerError> {
    let stored = newest.map_or(0, |head| head.size);
    if stored < published { Err(LedgerError::Older { stored, published }) } else { Ok(()) }
}

/// The published files that nothing in the store makes; refuses where one of them shows that the store is an older copy.
async fn foreign_files<S: Store>(
    store: &mut S,
    folder: &Folder,
    tree: &Tree,
) -> Result<Vec<PathBuf>, LedgerError> {
    let first = store.leaves(0, 1).await?.pop().and_then(|stored| Entry::parse(&stored.leaf).ok());
    let Beyond { lacking, foreign } = beyond::look(folder, tree, first.as_ref().map(Entry::campaign))?;
    match lacking {
        None => Ok(foreign),
        Some(Lacking { file, entries }) => {
            Err(LedgerError::OlderThanFile { stored: tree.size(), file, lacking: entries })
        }
    }
}

/// The log goes on from the published head.
fn check_continues(tree: &Tree, published: Option<&Checkpoint>) -> Result<(), LedgerError> {
    let Some(Checkpoint { size, root: published, .. }) = published else { return Ok(()) };
    match tree.root_at(*size) {
        Some(stored) if stored != *published => {
            Err(LedgerError::Forked { size: *size, stored, published: *published })
        }
        _ => Ok(()),
    }
}

/// The store's leaves must hash to its newest head.
fn check_newest(newest: Option<&KeptHead>, signers: &HeadSigners, tree: &Tree) -> Result<(), LedgerError> {
    let Some(newest) = newest else { return Ok(()) };
    let head = Head::open_unchecked_cosignatures(&newest.note, signers.log.verifier())?;
    let (size, signed) = (head.checkpoint.size, head.checkpoint.root);
    let computed = tree.root();
    if (tree.size(), computed) == (size, signed) {
        return Ok(());
    }
    Err(LedgerError::OtherTree { size, computed, signed })
}

/// The cosigners, each as it was after the newest head that is known to carry its line.
fn opened_cosigners(
    signers: &HeadSigners,
    heads: &VecDeque<KeptHead>,
) -> Result<Vec<Box<dyn Witness>>, LedgerError> {
    let log = signers.log.verifier();
    let opened = |key: &SigningKey| {
        let last = heads.iter().rev().find(|head| head.is_cosigned_by(key.verifier()));
        let cosigner = |state| Cosigner::new(key.clone(), log.clone(), state);
        let Some(last) = last else { return Ok(Box::new(cosigner((0, empty_root()))?) as Box<dyn Witness>) };
        let checkpoint = Head::open_unchecked_cosignatures(&last.note, log)?.checkpoint;
        let cosigner = cosigner((checkpoint.size, checkpoint.root))?;
        // Its own time: another one's clock may be ahead, and must not keep it from signing.
        let own = last.time_of(key.verifier().name());
        Ok(Box::new(own.into_iter().fold(cosigner, Cosigner::last_signed)) as Box<dyn Witness>)
    };
    let apart = |witness: &WitnessAt| {
        let last = heads.iter().rev().find(|head| head.is_cosigned_by(&witness.key));
        Ok(Box::new(RemoteWitness::new(witness.clone(), last.map_or(0, |head| head.size)))
            as Box<dyn Witness>)
    };
    signers.cosigners.iter().map(opened).chain(signers.apart.iter().map(apart)).collect()
}

/// The cosigners whose lines the newest head lacks when the log is opened.
fn missing_before(signers: &HeadSigners, newest: Option<&KeptHead>) -> Vec<Missing> {
    let lacks = |key: &&VerifierKey| newest.is_some_and(|head| !head.is_cosigned_by(key));
    let missing = |key: &VerifierKey| Missing {
        name: key.name().to_owned(),
        why: "it had not when the centre ended".to_owned(),
        kind: MissingKind::Before,
        since: None,
    };
    signers.cosigner_keys().filter(lacks).map(missing).collect()
}

/// The heads, oldest first, each opened for the times of its cosignatures.
fn kept_heads(
    signers: &HeadSigners,
    newest_first: Vec<StoredHead>,
) -> Result<VecDeque<KeptHead>, LedgerError> {
    let cosigners: Vec<VerifierKey> = signers.cosigner_keys().cloned().collect();
    let kept = |stored| kept_head(stored, signers.log.verifier(), &cosigners, signers.needed);
    newest_first.into_iter().rev().map(kept).collect()
}

/// A stored head, opened.
fn kept_head(
    stored: StoredHead,
    log: &VerifierKey,
    cosigners: &[VerifierKey],
    needed: usize,
) -> Result<KeptHead, LedgerError> {
    let head =
        Head::open(&stored.note, log, cosigners).map_err(|error| unopened(error, &stored.note, log))?;
    Ok(KeptHead::new(stored.size, stored.note, head.cosignatures, needed))
}

/// Why a stored head does not open; most of all whether it is another log's.
fn unopened(error: HeadError, note: &str, log: &VerifierKey) -> LedgerError {
    let unsigned = matches!(&error, HeadError::Note(NoteError::Unsigned { .. }));
    let origin = note.lines().next().unwrap_or_default();
    match unsigned {
        true if origin == log.name() => LedgerError::OtherKey { origin: origin.to_owned() },
        true => LedgerError::OtherOrigin { stored: origin.to_owned(), given: log.name().to_owned() },
        false => error.into(),
    }
}

/// The tiles and bundles that entries `before..size` change.
fn tiles(tree: &Tree, leaves: &Leaves, before: u64, size: u64) -> Result<Tiles, TileError> {
    let bytes = |path: &TilePath| match path.kind() {
        TileKind::Entries => encode_bundle(leaves.range(path.start(), path.end()).unwrap_or_default()),
        TileKind::Hashes { .. } => Ok(tile_bytes(tree, path).unwrap_or_default()),
    };
    tiles_for(before, size).into_iter().map(|path| Ok((path, bytes(&path)?))).collect()
}

/// Writes every body where it belongs at a time; gives those that everyone may read, and those that wait.
async fn publish_bodies<S: Store>(
    store: &mut S,
    folder: &Folder,
    now: Timestamp,
) -> Result<(BTreeSet<Hash>, BTreeSet<(i64, Hash)>), LedgerError> {
    let (mut open, mut sealed) = (BTreeSet::new(), BTreeSet::new());
    for hash in store.body_hashes().await? {
        let Some(body) = store.body(hash).await? else { continue };
        match write_body(folder, &body, now)? {
            Some(waiting) => drop(sealed.insert(waiting)),
            None => drop(open.insert(Hash(hash))),
        }
    }
    Ok((open, sealed))
}

#[cfg(test)]
mod tests {
    use sekong_log::{DeviceKey, EntryDraft, KeyKind, NO_PREVIOUS};
    use sekong_store::SqliteStore;
    use tempfile::TempDir;

    use super::*;

    const NEEDED: usize = 2;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_483_228_800 + second).unwrap()
    }

    fn signers() -> HeadSigners {
        let key = |name: &str, kind, seed| SigningKey::from_seed(name, kind, &[seed; 32]).unwrap();
        let cosigner = |seed: u8| key(&format!("cosigner-{seed}"), KeyKind::CosignatureV1, seed);
        let log = key("log", KeyKind::Ed25519, 9);
        HeadSigners {
            log,
            cosigners: vec![cosigner(1), cosigner(2), cosigner(3)],
            apart: vec![],
            needed: NEEDED,
        }
    }

    fn entry(seq: u64) -> Entry {
        let body = serde_json::json!({ "officer": "a", "key": seq });
        let (campaign, kind) = ("c".parse().unwrap(), "officer".to_owned());
        let prev = if seq == 0 { NO_PREVIOUS } else { Hash([1; 32]) };
        let draft = EntryDraft { campaign, seq, prev, time: at(0), kind, body };
        Entry::sign(&draft, &DeviceKey::from_seed(&[8; 32])).unwrap()
    }

    async fn opened(folder: &TempDir) -> Ledger<SqliteStore> {
        let path = folder.path().join("sekong.db");
        let store = match path.exists() {
            true => SqliteStore::open(&path).await.unwrap(),
            false => SqliteStore::create(&path).await.unwrap(),
        };
        let visit = |_, _: &[u8], _: &Tree| Ok::<_, LedgerError>(());
        Ledger::open(store, Folder::new(folder.path()), signers(), visit).await.unwrap()
    }

    async fn commit_at(ledger: &mut Ledger<SqliteStore>, second: i64) {
        ledger.append(&entry(ledger.tree().size()));
        assert!(ledger.commit(at(second)).await.unwrap());
    }

    async fn cosigned_in_store(ledger: &mut Ledger<SqliteStore>) -> Vec<usize> {
        let heads = ledger.store.newest_heads(9).await.unwrap();
        heads.iter().rev().map(|head| head.note.matches("cosigner").count()).collect()
    }

    /// The same with cosigners that are asked once a head is stored.
    async fn opened_apart(folder: &TempDir) -> Ledger<SqliteStore> {
        let mut ledger = opened(folder).await;
        ledger.reach_cosigners(|to| Box::new(AnswersFrom(to, at(0))));
        ledger
    }

    #[tokio::test]
    async fn a_crash_takes_no_cosignature_of_this_process_away() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = opened(&folder).await;
        commit_at(&mut ledger, 10).await;
        drop(ledger);
        let mut ledger = opened(&folder).await;
        assert_eq!(cosigned_in_store(&mut ledger).await, [3]);
        assert_eq!((ledger.first_cosigned_over(0), ledger.missing_cosigners()), (Some(at(10)), &[][..]));
    }

    #[tokio::test]
    async fn after_a_crash_all_brackets_stand_but_the_last_heads_which_is_cosigned_before_anything_is_written()
     {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = opened_apart(&folder).await;
        for second in [10, 20, 30] {
            commit_at(&mut ledger, second).await;
        }
        assert_eq!(
            cosigned_in_store(&mut ledger).await,
            [3, 3, 0],
            "with the next commit, not one of its own"
        );
        drop(ledger);
        let mut ledger = opened_apart(&folder).await;
        let brackets: Vec<_> = (0..3).map(|index| ledger.first_cosigned_over(index)).collect();
        assert_eq!(brackets, [Some(at(10)), Some(at(20)), None]);
        assert_eq!(ledger.missing_cosigners().len(), 3);
        commit_at(&mut ledger, 40).await;
        assert_eq!(ledger.first_cosigned_over(2), Some(at(40)), "asked again at the first chance");
        assert_eq!(cosigned_in_store(&mut ledger).await, [3, 3, 3, 0]);
        ledger.close().await.unwrap();
        let mut ledger = opened_apart(&folder).await;
        assert_eq!(cosigned_in_store(&mut ledger).await, [3; 4], "who ends well writes what is left");
        assert_eq!((ledger.first_cosigned_over(3), ledger.missing_cosigners()), (Some(at(40)), &[][..]));
    }

    /// However many heads came since, the first one over an entry and the newest one by a time are found, also after a restart.
    #[tokio::test]
    async fn heads_that_are_out_of_memory_are_looked_up() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = opened(&folder).await;
        for second in 1..=40 {
            commit_at(&mut ledger, 10 * second).await;
        }
        for restart in [false, true] {
            if restart {
                ledger.close().await.unwrap();
                ledger = opened(&folder).await;
            }
            assert_eq!(ledger.heads.len(), HEADS_KEPT);
            for index in 0..40 {
                let first = ledger.first_over(index).await.unwrap().unwrap();
                assert_eq!((first.size, first.frozen), (index + 1, at(10 * (index as i64 + 1))));
            }
            assert!(ledger.first_over(40).await.unwrap().is_none());
            for second in 0..420 {
                let newest = ledger.newest_by(at(second)).await.unwrap().map(|head| head.size);
                assert_eq!(newest, (10 <= second).then(|| second.min(400) as u64 / 10), "by second {second}");
            }
        }
    }

    /// A cosigner that answers from a time on.
    struct AnswersFrom(Box<dyn Witness>, Timestamp);

    impl Witness for AnswersFrom {
        fn key(&self) -> &VerifierKey {
            self.0.key()
        }

        fn cosign<'a>(&'a mut self, head: Submission<'a>, now: Timestamp) -> crate::witness::Cosigning<'a> {
            if self.1 <= now {
                return self.0.cosign(head, now);
            }
            Box::pin(std::future::ready(Err(WitnessError::NoAnswer("it is down".to_owned()))))
        }
    }

    #[tokio::test]
    async fn a_cosignature_that_comes_late_is_published_and_changes_nothing_that_stands() {
        let folder = tempfile::tempdir().unwrap();
        let mut ledger = opened(&folder).await;
        let mut late = true;
        ledger.reach_cosigners(|to| {
            if std::mem::take(&mut late) { Box::new(AnswersFrom(to, at(50))) } else { to }
        });
        commit_at(&mut ledger, 10).await;
        let quoted = ledger.first_over(0).await.unwrap().unwrap();
        let missing = &ledger.missing_cosigners()[0];
        assert_eq!((missing.name.as_str(), missing.since), ("cosigner-1", Some(at(10))));
        assert!(!ledger.commit(at(40)).await.unwrap());
        assert_eq!(ledger.missing_cosigners()[0].since, Some(at(10)), "since the first time");
        assert!(!ledger.commit(at(50)).await.unwrap());
        assert_eq!((ledger.missing_cosigners(), ledger.cosigned()), (&[][..], Some(at(50))));
        let published = std::fs::read_to_string(folder.path().join("log/checkpoint")).unwrap();
        assert_eq!(published.matches("cosigner").count(), 3);
        let now = ledger.first_over(0).await.unwrap().unwrap();
        assert_eq!((now.cosigned, &now.note), (at(10), &quoted.note));
        assert_eq!(ledger.first_cosigned_over(0), Some(at(10)));
    }
}
