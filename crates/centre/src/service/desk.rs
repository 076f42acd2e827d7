//! What readers may ask while the writer writes: the centre as it was after its last commit, and the store's own copy.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use sekong_draw::SealedBox;
use sekong_log::{Hash, TilePath};
use sekong_model::{Day, Hour, Moment, ProvinceId, TeamId};
use sekong_store::{Store, StoreError, StoredBody, StoredLeaf, StoredPerson};
use tokio::sync::Mutex;

use crate::bodies::OrderOpening;
use crate::boxes::ProvenBox;
use crate::centre::{Centre, CentreError};
use crate::receipt::Receipt;
use crate::state::{DrawnOrder, KeyRing, State};
use crate::witness::Missing;

/// A centre, whatever its store.
pub(crate) trait Desk: Send + Sync {
    /// The campaign as its log tells it.
    fn state(&self) -> &State;
    /// The keys that heads carry.
    fn keys(&self) -> &KeyRing;
    /// Entries that are durable.
    fn committed(&self) -> u64;
    /// Group commits since it was opened.
    fn commits(&self) -> u64;
    /// The newest cosigned head.
    fn head(&self) -> Option<&str>;
    /// The cosigners whose lines it lacks.
    fn missing_cosigners(&self) -> &[Missing];
    /// When that was cosigned.
    fn head_at(&self) -> Option<Timestamp>;
    /// When the first known head over an entry was cosigned.
    fn first_cosigned_over(&self, index: u64) -> Option<Timestamp>;
    /// A tile of hashes; `None` beyond the committed entries.
    fn hash_tile(&self, path: &TilePath) -> Option<Vec<u8>>;
    /// The proof of an entry under the newest head.
    fn receipt(&self, index: u64) -> Result<Receipt, CentreError>;
    /// A team's box of a moment.
    fn box_of(&self, province: &ProvinceId, moment: Moment, team: &TeamId) -> Option<ProvenBox>;
    /// What a moment told a team, sealed to a device that it was given later.
    fn renewed_box(&self, province: &ProvinceId, moment: Moment, team: &TeamId) -> Option<SealedBox>;
    /// The key of a team's table, sealed to its device.
    fn sealed_table(&self, team: &TeamId) -> Option<SealedBox>;
    /// An order, opened.
    fn opening(&self, province: &ProvinceId, day: Day, hour: Hour, order: &DrawnOrder) -> OrderOpening;
}

impl<S: Store> Desk for Centre<S> {
    fn state(&self) -> &State {
        Centre::state(self)
    }

    fn keys(&self) -> &KeyRing {
        Centre::keys(self)
    }

    fn committed(&self) -> u64 {
        self.ledger().committed()
    }

    fn commits(&self) -> u64 {
        Centre::commits(self)
    }

    fn head(&self) -> Option<&str> {
        Centre::head(self)
    }

    fn missing_cosigners(&self) -> &[Missing] {
        Centre::missing_cosigners(self)
    }

    fn box_of(&self, province: &ProvinceId, moment: Moment, team: &TeamId) -> Option<ProvenBox> {
        Centre::box_of(self, province, moment, team)
    }

    fn renewed_box(&self, province: &ProvinceId, moment: Moment, team: &TeamId) -> Option<SealedBox> {
        Centre::renewed_box(self, province, moment, team)
    }

    fn sealed_table(&self, team: &TeamId) -> Option<SealedBox> {
        Centre::sealed_table(self, team)
    }

    fn head_at(&self) -> Option<Timestamp> {
        self.ledger().cosigned()
    }

    fn first_cosigned_over(&self, index: u64) -> Option<Timestamp> {
        self.ledger().first_cosigned_over(index)
    }

    fn hash_tile(&self, path: &TilePath) -> Option<Vec<u8>> {
        self.ledger().hash_tile(path)
    }

    fn receipt(&self, index: u64) -> Result<Receipt, CentreError> {
        Centre::receipt(self, index)
    }

    fn opening(&self, province: &ProvinceId, day: Day, hour: Hour, order: &DrawnOrder) -> OrderOpening {
        Centre::opening(self, province, day, hour, order)
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A store, whichever it is, for reading beside its writer.
pub(crate) trait Shelf: Send + Sync {
    /// Leaves from an index on.
    fn leaves(&self, from: u64, limit: u64) -> Answer<'_, Vec<StoredLeaf>>;
    /// One body.
    fn body(&self, hash: Hash) -> Answer<'_, Option<StoredBody>>;
    /// One person's record.
    fn person(&self, commitment: Hash) -> Answer<'_, Option<StoredPerson>>;
}

impl<R: Store> Shelf for Mutex<R> {
    fn leaves(&self, from: u64, limit: u64) -> Answer<'_, Vec<StoredLeaf>> {
        Box::pin(async move { self.lock().await.leaves(from, limit).await })
    }

    fn body(&self, hash: Hash) -> Answer<'_, Option<StoredBody>> {
        Box::pin(async move { self.lock().await.body(hash.0).await })
    }

    fn person(&self, commitment: Hash) -> Answer<'_, Option<StoredPerson>> {
        Box::pin(async move { self.lock().await.person(commitment.0).await })
    }
}
