//! The only crate with SQL: the durable truth behind one trait.
//!
//! It keeps leaves, heads and bodies as bytes and knows nothing of what they say. A commit is all or nothing, is
//! durable when it returns, and costs one call of the fsync class.

mod sqlite;
mod vault;

use std::future::Future;

pub use sqlite::SqliteStore;
pub use vault::{Kept, Vault};

/// A leaf of the log at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLeaf {
    /// Index in the log, from 0.
    pub index: u64,
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
}

/// A signed head, with the cosignatures that were known when it was written last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHead {
    /// Leaves under the head.
    pub size: u64,
    /// The whole signed note.
    pub note: String,
}

/// A body that an entry names by SHA-256.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBody {
    /// SHA-256 of `bytes`.
    pub hash: [u8; 32],
    /// The content.
    pub bytes: Vec<u8>,
    /// When auditors may read it, Unix seconds; `None` at once.
    pub auditors_from_s: Option<i64>,
    /// When the public may read it, Unix seconds; `None` at once.
    pub public_from_s: Option<i64>,
}

/// A person's record, which lies beside the log and can be erased.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPerson {
    /// What an entry commits to.
    pub commitment: [u8; 32],
    /// The salt of the commitment.
    pub salt: [u8; 32],
    /// The padded record.
    pub record: Vec<u8>,
}

impl std::fmt::Debug for StoredPerson {
    /// No record of a person enters an error or a trace.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredPerson").finish_non_exhaustive()
    }
}

/// One group commit: leaves in order, their bodies, the head above them, and what earlier heads have gained since. Without
/// leaves it writes the newest head anew, with what that has gained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Index of the first leaf: the size of the log before this commit.
    pub first_index: u64,
    /// New leaves, in log order.
    pub leaves: Vec<Vec<u8>>,
    /// New bodies; one that is stored already is left as it is.
    pub bodies: Vec<StoredBody>,
    /// New records of persons.
    pub persons: Vec<StoredPerson>,
    /// Commitments of the records that are erased.
    pub erased: Vec<[u8; 32]>,
    /// The head above the last leaf.
    pub head: StoredHead,
    /// Earlier heads, each of a stored size, whose notes take the place of those that are stored.
    pub cosigned: Vec<StoredHead>,
}

impl Commit {
    /// A commit of a head, and as yet of nothing else.
    pub fn under(first_index: u64, head: StoredHead) -> Commit {
        Commit {
            first_index,
            leaves: Vec::new(),
            bodies: Vec::new(),
            persons: Vec::new(),
            erased: Vec::new(),
            head,
            cosigned: Vec::new(),
        }
    }
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database said no.
    #[error("the database failed while {doing}: {source}")]
    Database {
        /// What the store was doing.
        doing: &'static str,
        /// The database's own error.
        source: sqlx::Error,
    },
    /// The file has no byte, or a single one, and a write-ahead log lies beside it: SQLite would remove that.
    #[error("the database is an empty file, and a write-ahead log lies beside it")]
    Emptied,
    /// Another process reads the database, so that what was written last could not be moved into it.
    #[error("another process reads the database and holds its write-ahead log back")]
    Held,
    /// The new database file could not be flushed to disk.
    #[error("the new database file cannot be flushed to disk: {source}")]
    Flush {
        /// The system's error.
        source: std::io::Error,
    },
    /// Another writer was first, or the caller's picture of the log is old.
    #[error("the log holds {stored} entries, the commit begins at {given}")]
    NotNext {
        /// Entries in the store.
        stored: u64,
        /// First index of the refused commit.
        given: u64,
    },
    /// The head does not stand above the commit's last leaf.
    #[error("the head covers {head} entries, the commit ends at {end}")]
    HeadElsewhere {
        /// Size in the head.
        head: u64,
        /// Size of the log after the commit.
        end: u64,
    },
    /// No head of this size is stored that could be cosigned.
    #[error("no head of {size} entries is stored")]
    NoHead {
        /// Size in the head given.
        size: u64,
    },
    /// The file is a database of something else, or of another version.
    #[error("the database has layout {found}, this program reads layout {wanted}")]
    OtherLayout {
        /// Layout number found.
        found: i64,
        /// Layout number this program writes.
        wanted: i64,
    },
    /// Other bytes are kept under this name, and what is kept stays.
    #[error("other bytes are kept as {name}")]
    OtherKept {
        /// The name.
        name: String,
    },
    /// A stored number does not fit its type.
    #[error("the database holds {value} where a size belongs")]
    BadNumber {
        /// The number.
        value: i64,
    },
    /// A stored body's key is not 32 bytes.
    #[error("the database holds a body under a key of {len_bytes} bytes, not 32")]
    BadHash {
        /// Length of the key found.
        len_bytes: usize,
    },
}

/// Codes of SQLite for a file that is malformed, and for one that is no database.
const DAMAGE_CODES: [&str; 2] = ["11", "26"];

/// Whether some database file that cannot be read as one is at the bottom of an error, or an empty one, as after a copy that failed.
pub fn is_damage(error: &(dyn std::error::Error + 'static)) -> bool {
    let is_damage = |error: &(dyn std::error::Error + 'static)| match error.downcast_ref::<sqlx::Error>() {
        Some(sqlx::Error::Database(said)) => said.code().is_some_and(|code| DAMAGE_CODES.contains(&&*code)),
        _ => false,
    };
    if let Some(StoreError::OtherLayout { found: 0, .. } | StoreError::Emptied) = error.downcast_ref() {
        return true;
    }
    std::iter::successors(Some(error), |error| error.source()).any(is_damage)
}

/// The durable truth of one campaign; a shared reference to it lets nobody do anything.
pub trait Store: Send + Sync {
    /// Makes `commit` durable, or changes nothing.
    fn commit(&mut self, commit: &Commit) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Leaves from index `from` on, in order, at most `limit`.
    fn leaves(
        &mut self,
        from: u64,
        limit: u64,
    ) -> impl Future<Output = Result<Vec<StoredLeaf>, StoreError>> + Send;
    /// The newest head; `None` in an empty store.
    fn newest_head(&mut self) -> impl Future<Output = Result<Option<StoredHead>, StoreError>> + Send;
    /// The newest heads, at most `limit`, newest first.
    fn newest_heads(
        &mut self,
        limit: u64,
    ) -> impl Future<Output = Result<Vec<StoredHead>, StoreError>> + Send;
    /// The heads over more than `beyond` entries, at most `limit`, oldest first.
    fn heads(
        &mut self,
        beyond: u64,
        limit: u64,
    ) -> impl Future<Output = Result<Vec<StoredHead>, StoreError>> + Send;
    /// One body by its SHA-256.
    fn body(&mut self, hash: [u8; 32])
    -> impl Future<Output = Result<Option<StoredBody>, StoreError>> + Send;
    /// A person's record by its commitment; `None` once it is erased.
    fn person(
        &mut self,
        commitment: [u8; 32],
    ) -> impl Future<Output = Result<Option<StoredPerson>, StoreError>> + Send;
    /// The commitments of all records that are kept, ascending.
    fn person_commitments(&mut self) -> impl Future<Output = Result<Vec<[u8; 32]>, StoreError>> + Send;
    /// Keeps records that were lost; those that are there are left as they are.
    fn keep_persons(
        &mut self,
        persons: &[StoredPerson],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Erases records, with no leaf that says so: as after the restoring of an older copy.
    fn erase(&mut self, commitments: &[[u8; 32]]) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// Overwrites what the database's files may still hold of erased records; `false` if readers kept it from that: then it
    /// is to be asked again.
    fn cut_traces(&mut self) -> impl Future<Output = Result<bool, StoreError>> + Send;
    /// The hashes of all bodies, ascending.
    fn body_hashes(&mut self) -> impl Future<Output = Result<Vec<[u8; 32]>, StoreError>> + Send;
    /// Ends the connection; what was committed stays.
    fn close(self) -> impl Future<Output = Result<(), StoreError>> + Send;
}
