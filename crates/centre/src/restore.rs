//! An older copy of a store brought up to what was published since: the same entries, the same head, no second history.

use std::collections::BTreeSet;

use sekong_log::{
    CHECKPOINT_FILE, Checkpoint, Entry, Hash, Head, HeadError, LogFault, LogSource, SignedNote, TileKind,
    Tree, audit_log, bundle_entries, tiles_of,
};
use sekong_model::{Campaign, SourceBundle};
use sekong_store::{Commit, Store, StoreError, StoredBody, StoredHead};

use crate::audit::{AuditFault, Evidence, audit};
use crate::bodies::{self, readable_after};
use crate::centre::{CentreError, at, bundle_of};
use crate::fault::Fault;
use crate::ledger::read_tree;
use crate::named::Named;
use crate::schedule::decided_until;
use crate::state::{Bodies, Body, statement};

/// What a store was given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// Entries that it held before.
    pub before: u64,
    /// Entries that it holds now.
    pub size: u64,
    /// Bodies that came with them, or that it lacked before.
    pub bodies: u64,
    /// Records of persons that entries commit to, that nobody erased, and that it has not: they are published nowhere.
    pub persons_lost: u64,
    /// What does not hold of the published head or the schedule, and is no fault of an entry.
    pub warnings: Vec<AuditFault>,
}

/// A body that entries name and nobody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostBody {
    /// The entry that names it.
    pub entry: u64,
    /// Its SHA-256.
    pub hash: Hash,
}

/// Why nothing was restored; the store is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The published log does not hold by itself.
    #[error("the published log does not hold: {0}")]
    Log(LogFault),
    /// What its entries say does not hold.
    #[error("the published log does not hold: {} ({})", .0.detail, .0.rule)]
    Record(AuditFault),
    /// The stored head is not one of these keys.
    #[error("the stored head does not open with this folder's keys: {0}")]
    Head(#[from] HeadError),
    /// The store's own leaves do not hash to its head.
    #[error("the {size} stored entries do not hash to the newest stored head: this copy is damaged")]
    Damaged {
        /// Entries under the newest stored head.
        size: u64,
    },
    /// The published log does not continue the stored one.
    #[error("the published log has other entries among the first {size} than the store: two histories")]
    Forked {
        /// Entries in the store.
        size: u64,
    },
    /// Some bodies are nowhere.
    #[error("{} bodies that entries name are neither in the store nor in a folder that was given", .0.len())]
    Bodies(Vec<LostBody>),
}

/// The campaign's files as a published log names them; nothing of it has been checked.
///
/// # Errors
/// [`CentreError::Empty`] if no first entry can be read, [`CentreError::Fault`] if the files are not there.
pub fn published_files(log: &dyn LogSource, bodies: &dyn Bodies) -> Result<SourceBundle, CentreError> {
    let opening = first_entry(log).ok_or(CentreError::Empty)?;
    let hash = bundle_of(&opening)?;
    let Body::Here(bytes) = bodies.get(&hash) else { return Err(at(0, Fault::BodyMissing { hash })) };
    bodies::read(&bytes).ok_or_else(|| at(0, Fault::BodyMissing { hash }))
}

fn first_entry(log: &dyn LogSource) -> Option<Vec<u8>> {
    let note: SignedNote = std::str::from_utf8(&log.read(CHECKPOINT_FILE)?).ok()?.parse().ok()?;
    let size = note.text().parse::<Checkpoint>().ok()?.size;
    let bundle = tiles_of(size).into_iter().find(|tile| tile.kind() == TileKind::Entries)?;
    let bundle = log.read(&bundle.to_string())?;
    bundle_entries(&bundle).next()?.ok().map(<[u8]>::to_vec)
}

/// Appends what the published log has beyond the store, with the bodies that it names and its head; all of it or nothing.
///
/// # Errors
/// [`RestoreError`]: nothing was written.
pub async fn restore<S: Store>(
    store: &mut S,
    campaign: &Campaign,
    evidence: &Evidence<'_>,
) -> Result<Restored, RestoreError> {
    let before = stored_size(store, evidence).await?;
    let mut entries: Vec<Entry> = Vec::new();
    let log =
        audit_log(evidence.files, evidence.keys.head_keys(), None, &mut |_, entry, _| entries.push(entry))
            .map_err(|mut faults| RestoreError::Log(faults.swap_remove(0)))?;
    check_beginning(store, &log.tree, before).await?;
    let size = log.tree.size().max(before);
    let bodies = bodies(store, campaign, evidence, &entries).await?;
    if size == before && bodies.is_empty() {
        let persons_lost = persons_lost(store, &entries).await?;
        return Ok(Restored { before, size, bodies: 0, persons_lost, warnings: Vec::new() });
    }
    // What is wrong with an entry refuses it. That its head has few cosignatures yet, or the schedule was late, is what the centre
    // goes on from: everything that was acknowledged is there.
    let (wrong, warnings): (Vec<_>, Vec<_>) =
        audit(evidence, &mut |_| {}).faults.into_iter().partition(|fault| fault.entry.is_some());
    if let Some(fault) = wrong.into_iter().next() {
        return Err(RestoreError::Record(fault));
    }
    let leaves = entries.iter().skip(before as usize).map(|entry| entry.bytes().to_vec()).collect();
    // Records of persons are published nowhere; those that the missing entries erase go when the centre opens the store.
    let head = match store.newest_head().await? {
        Some(newest) if size == before => newest,
        _ => StoredHead { size, note: log.head.note },
    };
    let commit = Commit { leaves, bodies, ..Commit::under(before, head) };
    store.commit(&commit).await?;
    let persons_lost = persons_lost(store, &entries).await?;
    Ok(Restored { before, size, bodies: commit.bodies.len() as u64, persons_lost, warnings })
}

/// Records of persons that entries commit to, that nobody erased, and that this store lacks: they are published nowhere.
async fn persons_lost<S: Store>(store: &mut S, entries: &[Entry]) -> Result<u64, RestoreError> {
    let mut named = Named::default();
    (0..).zip(entries).for_each(|(index, entry)| named.note(index, entry));
    let kept: BTreeSet<[u8; 32]> = store.person_commitments().await?.into_iter().collect();
    Ok(named.persons.keys().filter(|commitment| !kept.contains(&commitment.0)).count() as u64)
}

/// Entries under the newest stored head, to which they must hash.
async fn stored_size<S: Store>(store: &mut S, evidence: &Evidence<'_>) -> Result<u64, RestoreError> {
    let Some(newest) = store.newest_head().await? else { return Ok(0) };
    let head = Head::open_unchecked_cosignatures(&newest.note, &evidence.keys.log)?.checkpoint;
    let tree = read_tree(store, u64::MAX, |_, _, _| Ok::<_, StoreError>(())).await?;
    if (tree.size(), tree.root()) == (head.size, head.root) {
        return Ok(head.size);
    }
    Err(RestoreError::Damaged { size: head.size })
}

async fn check_beginning<S: Store>(store: &mut S, published: &Tree, stored: u64) -> Result<(), RestoreError> {
    let both = stored.min(published.size());
    let own = read_tree(store, both, |_, _, _| Ok::<_, StoreError>(())).await?;
    match published.root_at(both) {
        Some(root) if root == own.root() => Ok(()),
        _ => Err(RestoreError::Forked { size: both }),
    }
}

/// The bodies that entries name and the store lacks.
async fn bodies<S: Store>(
    store: &mut S,
    campaign: &Campaign,
    evidence: &Evidence<'_>,
    entries: &[Entry],
) -> Result<Vec<StoredBody>, RestoreError> {
    let (mut found, mut lost, mut looked_for) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (index, entry) in (0..).zip(entries) {
        let named = statement(entry).ok().and_then(|statement| statement.named_body());
        let Some((hash, moment)) = named else { continue };
        if !looked_for.insert(hash) || store.body(hash.0).await?.is_some() {
            continue;
        }
        match evidence.bodies.get(&hash) {
            Body::Here(bytes) => {
                let moment = moment.map(|moment| decided_until(campaign, moment));
                found.push(readable_after(campaign.rules(), bytes, moment));
            }
            _ => lost.push(LostBody { entry: index, hash }),
        }
    }
    if lost.is_empty() { Ok(found) } else { Err(RestoreError::Bodies(lost)) }
}
