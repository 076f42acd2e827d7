//! The one writer of the log: entries wait in order, a group commit makes them durable and publishes the head.

use std::collections::VecDeque;

use jiff::Timestamp;
use sekong_draw::FrozenEntry;
use sekong_log::{
    Checkpoint, CosignRefusal, Cosigner, Entry, Hash, Head, HeadError, KeyError, NoteError, ProofError,
    SigningKey, TILE_WIDTH, TileError, TileKind, TilePath, Tree, empty_root, encode_bundle, leaf_hash,
    tile_bytes, tiles_for,
};
use sekong_store::{Commit, Store, StoreError, StoredBody, StoredHead};

use crate::folder::{Folder, FolderError};
use crate::receipt::Receipt;

/// Why a commit failed. The centre stops: what is not durable was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The published folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The cosigner refused the head.
    #[error("the cosigner refused the head of {size} entries: {source}")]
    Cosign {
        /// Size of the refused head.
        size: u64,
        /// Its reason.
        source: CosignRefusal,
    },
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
    /// The in-process cosigner's key.
    pub cosigner: SigningKey,
}

/// The log's writer.
pub struct Ledger<S> {
    store: S,
    folder: Folder,
    log: SigningKey,
    cosigner: Cosigner,
    tree: Tree,
    leaves: Leaves,
    bodies: Vec<StoredBody>,
    committed: u64,
    heads: VecDeque<KeptHead>,
    commits: u64,
    unpublished: Unpublished,
}

/// What is durable and not yet in the published folder.
#[derive(Default)]
struct Unpublished {
    from: u64,
    bodies: Vec<StoredBody>,
    why: Option<String>,
}

/// A head of the last hours.
struct KeptHead {
    cosigned: Timestamp,
    size: u64,
    note: String,
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

/// Heads kept in memory: more than are cosigned between an hour and the end of its reports.
const HEADS_KEPT: usize = 4_096;

/// Leaves read from the store at a time while the log is opened.
const READ_BATCH: u64 = 4_096;

impl<S: Store> Ledger<S> {
    /// Opens the log of `store`, checks it against its newest head and publishes it anew. `visit` sees every stored
    /// leaf in order, before the next one is read.
    pub async fn open<E: From<LedgerError>>(
        mut store: S,
        folder: Folder,
        signers: HeadSigners,
        mut visit: impl FnMut(u64, &[u8], &Tree) -> Result<(), E>,
    ) -> Result<Ledger<S>, E> {
        let stored = store.newest_heads(HEADS_KEPT as u64).await.map_err(LedgerError::from)?;
        folder.clear().map_err(LedgerError::from)?;
        let (mut tree, mut leaves) = (Tree::new(), Leaves::default());
        loop {
            let batch = store.leaves(tree.size(), READ_BATCH).await.map_err(LedgerError::from)?;
            if batch.is_empty() {
                break;
            }
            let before = tree.size();
            for stored in batch {
                tree.push(leaf_hash(&stored.leaf));
                visit(stored.index, &stored.leaf, &tree)?;
                leaves.bytes.push(stored.leaf);
            }
            publish(&folder, &tree, &leaves, before)?;
            leaves.forget_full_bundles(tree.size());
        }
        let cosigner = opened_cosigner(&signers, stored.first(), &tree)?;
        let heads = kept_heads(&signers, stored)?;
        if let Some(head) = heads.back() {
            folder.write_checkpoint(&head.note).map_err(LedgerError::from)?;
        }
        publish_bodies(&mut store, &folder).await?;
        let (committed, log) = (tree.size(), signers.log);
        Ok(Ledger {
            store,
            folder,
            log,
            cosigner,
            tree,
            leaves,
            bodies: Vec::new(),
            committed,
            heads,
            commits: 0,
            unpublished: Unpublished { from: committed, ..Unpublished::default() },
        })
    }

    /// The tree, with the entries that wait for the next commit.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Group commits since the log was opened.
    pub fn commits(&self) -> u64 {
        self.commits
    }

    /// Entries that are durable and under a cosigned head.
    pub fn committed(&self) -> u64 {
        self.committed
    }

    /// The newest cosigned head; `None` before the first commit.
    pub fn note(&self) -> Option<&str> {
        self.heads.back().map(|head| head.note.as_str())
    }

    /// When the newest head was cosigned.
    pub fn cosigned(&self) -> Option<Timestamp> {
        self.heads.back().map(|head| head.cosigned)
    }

    /// The newest head that was cosigned by `time`, among those of the last hours.
    pub fn note_by(&self, time: Timestamp) -> Option<&str> {
        let in_time = self.heads.iter().rev().find(|head| head.cosigned <= time);
        in_time.map(|head| head.note.as_str())
    }

    /// When the first head over an entry was cosigned, as far as the heads of the last hours tell.
    pub fn first_cosigned_over(&self, index: u64) -> Option<Timestamp> {
        let first = self.heads.partition_point(|head| head.size <= index);
        self.heads.get(first).map(|head| head.cosigned)
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

    /// Why the published folder lags behind the log, if it does. It is derived: what is missing there is written with
    /// the next commit, or when the log is opened again.
    pub fn unpublished(&self) -> Option<&str> {
        self.unpublished.why.as_deref()
    }

    /// Makes what waits durable with one transaction, then publishes it. `false` if nothing waited.
    ///
    /// # Errors
    /// After an error the process must end: what it holds in memory may be ahead of the store.
    pub async fn commit(&mut self, now: Timestamp) -> Result<bool, LedgerError> {
        let (before, size) = (self.committed, self.tree.size());
        if before == size {
            return Ok(false);
        }
        let note = self.sign_head(now)?;
        let waiting = self.leaves.range(before, size).unwrap_or_default().to_vec();
        let head = StoredHead { size, note: note.clone() };
        let bodies = std::mem::take(&mut self.bodies);
        let commit = Commit { first_index: before, leaves: waiting, bodies, head };
        self.store.commit(&commit).await?;
        self.committed = size;
        self.commits += 1;
        self.heads.push_back(KeptHead { cosigned: now, size, note });
        if self.heads.len() > HEADS_KEPT {
            self.heads.pop_front();
        }
        self.unpublished.bodies.extend(commit.bodies);
        self.unpublished.why = self.publish_all().err().map(|error| error.to_string());
        Ok(true)
    }

    /// Brings the published folder up to the newest head; what was durable before may be missing there, too.
    fn publish_all(&mut self) -> Result<(), LedgerError> {
        publish(&self.folder, &self.tree, &self.leaves, self.unpublished.from)?;
        for body in &self.unpublished.bodies {
            self.folder.write_body(&Hash(body.hash), &body.bytes)?;
        }
        self.folder.write_checkpoint(self.note().unwrap_or_default())?;
        self.unpublished = Unpublished { from: self.committed, ..Unpublished::default() };
        self.leaves.forget_full_bundles(self.committed);
        Ok(())
    }

    fn sign_head(&mut self, now: Timestamp) -> Result<String, LedgerError> {
        let size = self.tree.size();
        let origin = self.log.verifier().name().to_owned();
        let checkpoint = Checkpoint { origin, size, root: self.tree.root() };
        let mut note = checkpoint.sign(&self.log)?;
        let (seen, _) = self.cosigner.state();
        let proof = self.tree.consistency_proof(seen, size)?;
        let line = self.cosigner.cosign(seen, &note.to_string(), &proof, now);
        note.push(line.map_err(|source| LedgerError::Cosign { size, source })?);
        Ok(note.to_string())
    }

    /// The entry at `index` with its proof under the newest head; `None` before that head covers it.
    pub async fn frozen(&mut self, index: u64) -> Result<Option<FrozenEntry>, LedgerError> {
        if index >= self.committed {
            return Ok(None);
        }
        let proof = self.tree.inclusion_proof(index, self.committed)?;
        let leaf = self.store.leaves(index, 1).await?.pop();
        Ok(leaf.map(|stored| FrozenEntry { index, leaf: stored.leaf, proof }))
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
    pub async fn close(self) -> Result<(), LedgerError> {
        Ok(self.store.close().await?)
    }
}

/// The cosigner as it was after the newest head, which its own cosignature proves.
fn opened_cosigner(
    signers: &HeadSigners,
    newest: Option<&StoredHead>,
    tree: &Tree,
) -> Result<Cosigner, LedgerError> {
    let log = signers.log.verifier().clone();
    let cosigner = |state| Cosigner::new(signers.cosigner.clone(), log.clone(), state);
    let Some(newest) = newest else {
        return Ok(cosigner((0, empty_root()))?);
    };
    let head = Head::open(&newest.note, &log, std::slice::from_ref(signers.cosigner.verifier()))?;
    let (size, signed) = (head.checkpoint.size, head.checkpoint.root);
    let computed = tree.root();
    if (tree.size(), computed) != (size, signed) {
        return Err(LedgerError::OtherTree { size, computed, signed });
    }
    let last = head.cosignatures.first().map(|cosignature| cosignature.time);
    Ok(last.into_iter().fold(cosigner((size, signed))?, Cosigner::last_signed))
}

/// The heads, oldest first, each opened for the time of its cosignature.
fn kept_heads(
    signers: &HeadSigners,
    newest_first: Vec<StoredHead>,
) -> Result<VecDeque<KeptHead>, LedgerError> {
    let cosigners = std::slice::from_ref(signers.cosigner.verifier());
    let kept = |stored: StoredHead| {
        let head = Head::open(&stored.note, signers.log.verifier(), cosigners)?;
        let cosigned = head.cosignatures.first().map_or(Timestamp::MIN, |cosignature| cosignature.time);
        Ok(KeptHead { cosigned, size: stored.size, note: stored.note })
    };
    newest_first.into_iter().rev().map(kept).collect()
}

fn publish(folder: &Folder, tree: &Tree, leaves: &Leaves, before: u64) -> Result<(), LedgerError> {
    for path in tiles_for(before, tree.size()) {
        let bytes = match path.kind() {
            TileKind::Entries => {
                let entries = leaves.range(path.start(), path.end()).unwrap_or_default();
                encode_bundle(entries)?
            }
            TileKind::Hashes { .. } => tile_bytes(tree, &path).unwrap_or_default(),
        };
        folder.write_tile(&path, &bytes)?;
    }
    Ok(())
}

async fn publish_bodies<S: Store>(store: &mut S, folder: &Folder) -> Result<(), LedgerError> {
    for hash in store.body_hashes().await? {
        if let Some(body) = store.body(hash).await? {
            folder.write_body(&Hash(hash), &body.bytes)?;
        }
    }
    Ok(())
}
