//! Bodies: what entries name by SHA-256, as canonical JSON.
//!
//! Bodies that must stay sealed for a while carry a salt or the custodians' values, so that their hash tells nothing.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sekong_draw::{Release, Throw};
use sekong_log::{Hash, body_hash, canonical_bytes, commitment, is_canonical};
use sekong_model::{
    Day, Hour, Moment, Order, PoolId, PostId, ProvinceId, Rules, SourceBundle, TeamId, UnitId,
};
use sekong_store::StoredBody;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Tag of an order's commitment.
pub const ORDER_TAG: &str = "sekong/order/v1";

/// The signed releases for one moment in campaign order, and the throw if a custodian was silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValuesBody {
    /// One release for each custodian that answered.
    pub releases: Vec<Release>,
    /// What replaces the values of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throw: Option<Throw>,
}

/// A deal: teams to shifts for a week, or teams to units for a shift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DealBody {
    /// Keeps the hash from telling the deal.
    pub salt: Hash,
    /// For a week: by pool, the teams of each shift in order of place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shifts: BTreeMap<PoolId, Vec<Vec<TeamId>>>,
    /// For a shift: the team on each unit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<UnitId, TeamId>,
}

/// One order, opened; the fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderOpening {
    /// The day of the hour.
    pub day: Day,
    /// The hour the order is for.
    pub hour: Hour,
    /// The next inspection: post and hour.
    pub next: Option<(PostId, Hour)>,
    /// What the team is told.
    pub order: Order,
    /// Keeps the commitment from telling the order.
    pub salt: Hash,
    /// The team dealt to it.
    pub team: TeamId,
    /// Whether a die was thrown for it; the others repeat what stands.
    pub thrown: bool,
    /// The unit ordered.
    pub unit: UnitId,
}

impl OrderOpening {
    /// The commitment that the log holds.
    pub fn commitment(&self) -> Hash {
        commitment(ORDER_TAG, self.salt.as_bytes(), &canonical(self))
    }
}

/// All orders of a province-hour, in canonical unit order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdersBody {
    /// One opening a unit on duty.
    pub orders: Vec<OrderOpening>,
}

/// The orders of a province-hour with the commitment of each.
#[derive(Debug, Clone)]
pub(crate) struct OpenedOrders {
    pub(crate) orders: Vec<OrderOpening>,
    pub(crate) commitments: Vec<Hash>,
}

impl OpenedOrders {
    pub(crate) fn new(body: OrdersBody) -> OpenedOrders {
        let commitments = body.orders.iter().map(OrderOpening::commitment).collect();
        OpenedOrders { orders: body.orders, commitments }
    }
}

/// What a box tells its team: its order if it is on duty, and by when it is to be heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxMessage {
    /// The order, as the log's commitment opens; `None` for a team that is not on duty.
    pub opening: Option<OrderOpening>,
    /// By when every team on duty checks in.
    pub check_in_by: Timestamp,
}

/// The RFC 8785 bytes of a body.
pub fn canonical<T: Serialize>(body: &T) -> Vec<u8> {
    canonical_bytes(body)
        .expect("bodies are maps with text keys and hold no NaN, so each has a canonical form")
}

/// A campaign's files as entry 0 names them by SHA-256.
pub fn canonical_files(files: &SourceBundle) -> Vec<u8> {
    canonical(files)
}

/// A body as it is kept: everybody's at once, or the auditors' and the public's so long after the moment that it tells of.
pub(crate) fn readable_after(rules: &Rules, bytes: Vec<u8>, moment: Option<Timestamp>) -> StoredBody {
    let after = |seconds: i64| moment.map(|moment| moment.as_second() + seconds);
    StoredBody {
        hash: body_hash(&bytes).0,
        bytes,
        auditors_from_s: after(i64::from(rules.auditors_after_hours) * 3_600),
        public_from_s: after(i64::from(rules.public_after_days) * 86_400),
    }
}

/// Reads a body; `None` unless the bytes are its canonical form.
pub fn read<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let body: T = serde_json::from_slice(bytes).ok()?;
    is_canonical(&body, bytes).then_some(body)
}

/// The centre's secret from which it derives salts, so that no salt has to be stored before it is used.
pub struct SaltKey([u8; 32]);

impl SaltKey {
    /// A salt key of 32 secret bytes.
    pub fn new(secret: [u8; 32]) -> SaltKey {
        SaltKey(secret)
    }

    /// A key for one purpose of the whole campaign.
    pub fn key(&self, purpose: &str) -> Hash {
        self.derive(&["sekong/key/v1", purpose])
    }

    /// The salt for one purpose in a province and moment.
    pub fn salt(&self, purpose: &str, province: &ProvinceId, moment: Moment, subject: &str) -> Hash {
        self.derive(&["sekong/salt/v1", purpose, province.as_str(), &moment.to_string(), subject])
    }

    fn derive(&self, parts: &[&str]) -> Hash {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        Hash(mac.finalize().into_bytes().into())
    }
}
