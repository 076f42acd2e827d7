//! Values, commitments and releases: what a custodian promises before the campaign and shows hour by hour.
//!
//! - *Value* of a province and moment: `HMAC-SHA-256(secret, lp("sekong/value/v1") ‖ lp(campaign) ‖
//!   lp(province) ‖ lp(date) ‖ lp(hour))`, date and hour as in the seeds (module `seed`).
//! - *Leaf*: RFC 6962 leaf hash of `lp(campaign) ‖ lp(province) ‖ lp(moment) ‖ value`, with the moment
//!   written `2017-01-31 05:00` or `week 3`. Leaves stand in the order of [`ValueList`].
//! - *Commitment*: Ed25519 signature over `lp("sekong/commitment/v1") ‖ lp(campaign) ‖ lp(custodian) ‖
//!   lp(root) ‖ lp(number of values as a big-endian u64)`.
//! - *Release*: Ed25519 signature over `lp("sekong/release/v1") ‖ lp(campaign) ‖ lp(custodian) ‖ lp(province)
//!   ‖ lp(moment) ‖ lp(basis leaf hash) ‖ lp(absences leaf hash) ‖ lp(value) ‖ lp(time)`, the time by the custodian's own
//!   clock in whole seconds, written `2017-01-31T04:50:00Z`; in a campaign with a daily die ` ‖ lp(die leaf hash)` follows.
//!   Parts carry their lengths, so nine of them are never ten.
//! - *Outage*: Ed25519 signature over `lp("sekong/outage/v1") ‖ lp(campaign) ‖ lp(custodian) ‖ lp(from) ‖ lp(until)`, times
//!   written as above.
//!
//! Ed25519 is RFC 8032, verified strictly.

use std::collections::BTreeSet;

use hmac::Mac;
use jiff::Timestamp;
use sekong_log::{CustodianCommitted, Hash, OutagePlanned, ProofError, leaf_hash, verify_inclusion};
use sekong_model::{CampaignId, CustodianId, Moment, ProvinceId};
use serde::{Deserialize, Serialize};

use crate::Freeze;
use crate::seed::{keyed, length_prefixed, moment_texts};

/// The provinces and moments for which every custodian commits a value, in canonical order: by province in
/// campaign order, and for each all weeks, then all hours of all days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueList {
    campaign: CampaignId,
    provinces: Vec<ProvinceId>,
    moments: Vec<Moment>,
}

impl ValueList {
    /// The list of a campaign.
    pub fn new(campaign: CampaignId, provinces: Vec<ProvinceId>, moments: BTreeSet<Moment>) -> ValueList {
        ValueList { campaign, provinces, moments: moments.into_iter().collect() }
    }

    /// The campaign.
    pub fn campaign(&self) -> &CampaignId {
        &self.campaign
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.provinces.len() as u64 * self.moments.len() as u64
    }

    /// Index of a value among the leaves; `None` if the list has none for this province and moment.
    pub fn index(&self, province: &ProvinceId, moment: Moment) -> Option<u64> {
        let province = self.provinces.iter().position(|listed| listed == province)?;
        let moment = self.moments.binary_search(&moment).ok()?;
        Some((province * self.moments.len() + moment) as u64)
    }

    /// All provinces and moments in canonical order.
    pub fn iter(&self) -> impl Iterator<Item = (&ProvinceId, Moment)> {
        self.provinces.iter().flat_map(|province| self.moments.iter().map(move |moment| (province, *moment)))
    }

    /// The leaf of a value.
    pub fn leaf(&self, province: &ProvinceId, moment: Moment, value: &Hash) -> Hash {
        let (campaign, province) = (self.campaign.as_str().as_bytes(), province.as_str().as_bytes());
        let mut bytes = length_prefixed(&[campaign, province, moment.to_string().as_bytes()]);
        bytes.extend_from_slice(value.as_bytes());
        leaf_hash(&bytes)
    }

    /// The value that a secret gives for a province and moment.
    pub(crate) fn value(&self, secret: &[u8; 32], province: &ProvinceId, moment: Moment) -> Hash {
        let (date, hour) = moment_texts(moment);
        let (campaign, province) = (self.campaign.as_str().as_bytes(), province.as_str().as_bytes());
        let message =
            length_prefixed(&[b"sekong/value/v1", campaign, province, date.as_bytes(), hour.as_bytes()]);
        Hash(keyed(secret).chain_update(message).finalize().into_bytes().into())
    }
}

/// What a custodian signs to commit to its values.
pub fn commitment_message(
    campaign: &CampaignId,
    custodian: &CustodianId,
    root: &Hash,
    values: u64,
) -> Vec<u8> {
    length_prefixed(&[
        b"sekong/commitment/v1",
        campaign.as_str().as_bytes(),
        custodian.as_str().as_bytes(),
        root.as_bytes(),
        &values.to_be_bytes(),
    ])
}

/// Why a commitment cannot stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitmentError {
    /// Another number of values than the campaign needs.
    #[error("custodian {custodian} commits to {found} values, the campaign needs {needed}")]
    Count {
        /// Who.
        custodian: CustodianId,
        /// Values the campaign needs.
        needed: u64,
        /// Values committed to.
        found: u64,
    },
    /// The signature does not hold.
    #[error("the commitment of custodian {custodian} is not signed by its key")]
    Signature {
        /// Who.
        custodian: CustodianId,
    },
}

/// Checks the number of values and the signature of a commitment.
pub fn verify_commitment(commitment: &CustodianCommitted, list: &ValueList) -> Result<(), CommitmentError> {
    let custodian = &commitment.custodian;
    let (needed, found) = (list.count(), commitment.values);
    if needed != found {
        return Err(CommitmentError::Count { custodian: custodian.clone(), needed, found });
    }
    let message = commitment_message(list.campaign(), custodian, &commitment.root, found);
    if !commitment.key.verifies_hex(&message, &commitment.signature) {
        return Err(CommitmentError::Signature { custodian: custodian.clone() });
    }
    Ok(())
}

/// What a custodian signs to plan an outage.
pub fn outage_message(campaign: &CampaignId, said: &OutagePlanned) -> Vec<u8> {
    length_prefixed(&[
        b"sekong/outage/v1",
        campaign.as_str().as_bytes(),
        said.custodian.as_str().as_bytes(),
        said.from.to_string().as_bytes(),
        said.until.to_string().as_bytes(),
    ])
}

/// Whether an outage was planned by the custodian that made the (verified) commitment.
pub fn is_own_outage(said: &OutagePlanned, commitment: &CustodianCommitted, campaign: &CampaignId) -> bool {
    let message = outage_message(campaign, said);
    said.custodian == commitment.custodian && commitment.key.verifies_hex(&message, &said.signature)
}

/// A custodian's value for a province and moment, signed over the entries it was released for; the fields stand in canonical order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Leaf hash of the absences.
    pub absences: Hash,
    /// Leaf hash of the basis: the day's plan, or the campaign for a week's deal.
    pub basis: Hash,
    /// Who.
    pub custodian: CustodianId,
    /// Leaf hash of the daily die, in a campaign with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub die: Option<Hash>,
    /// Index of the value's leaf.
    pub index: u64,
    /// For which moment.
    pub moment: Moment,
    /// RFC 6962 inclusion proof of the leaf under the committed root.
    pub proof: Vec<Hash>,
    /// Where.
    pub province: ProvinceId,
    /// Ed25519 signature, 64 bytes in lowercase hex.
    pub signature: String,
    /// When the custodian signed it, by its own clock, in whole seconds.
    pub time: Timestamp,
    /// The value, 32 bytes.
    pub value: Hash,
}

impl Release {
    /// What the custodian signs.
    pub fn message(&self, campaign: &CampaignId) -> Vec<u8> {
        let (moment, time) = (self.moment.to_string(), self.time.to_string());
        let mut parts: Vec<&[u8]> = vec![
            b"sekong/release/v1",
            campaign.as_str().as_bytes(),
            self.custodian.as_str().as_bytes(),
            self.province.as_str().as_bytes(),
            moment.as_bytes(),
            self.basis.as_bytes(),
            self.absences.as_bytes(),
            self.value.as_bytes(),
            time.as_bytes(),
        ];
        parts.extend(self.die.iter().map(|die| die.as_bytes().as_slice()));
        length_prefixed(&parts)
    }

    /// The entries that it was released for.
    pub fn freeze(&self) -> Freeze {
        Freeze { basis: self.basis, absences: self.absences, die: self.die }
    }
}

/// Why a release does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// By another custodian than the commitment.
    #[error("a release by {found}, not by {expected}")]
    OtherCustodian {
        /// Who committed.
        expected: CustodianId,
        /// Who released.
        found: CustodianId,
    },
    /// For another province or moment.
    #[error("{custodian} released {province}, {moment}")]
    OtherMoment {
        /// Who released.
        custodian: CustodianId,
        /// Its province.
        province: ProvinceId,
        /// Its moment.
        moment: Moment,
    },
    /// Over another basis or other absences.
    #[error("{custodian} released {province}, {moment} over other entries than the draw")]
    OtherFreeze {
        /// Who released.
        custodian: CustodianId,
        /// The province.
        province: ProvinceId,
        /// The moment.
        moment: Moment,
    },
    /// No value is committed for the province and moment.
    #[error("no value is committed for {province}, {moment}")]
    NotListed {
        /// The province.
        province: ProvinceId,
        /// The moment.
        moment: Moment,
    },
    /// The leaf stands at another place than canonical order gives the moment.
    #[error("{custodian}: the value stands at {found}, canonical order puts it at {expected}")]
    Index {
        /// Who released.
        custodian: CustodianId,
        /// Index in canonical order.
        expected: u64,
        /// Index in the release.
        found: u64,
    },
    /// Signed before it was due, or later than now.
    #[error("{custodian}: signed at {time}, it was due from {due} on and is {latest} at most")]
    Time {
        /// Who released.
        custodian: CustodianId,
        /// When, by its clock.
        time: Timestamp,
        /// Earliest release.
        due: Timestamp,
        /// Latest time that has come.
        latest: Timestamp,
    },
    /// The value is not the one committed to.
    #[error("{custodian}: not the value committed to")]
    NotCommitted {
        /// Who released.
        custodian: CustodianId,
        /// What the proof lacks.
        source: ProofError,
    },
    /// The signature does not hold.
    #[error("the release of {custodian} is not signed by its key")]
    Signature {
        /// Who released.
        custodian: CustodianId,
    },
}

/// What a draw needs a release to be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleaseFor<'a> {
    /// The province.
    pub province: &'a ProvinceId,
    /// The moment.
    pub moment: Moment,
    /// The entries the draw stands on.
    pub freeze: Freeze,
    /// When the moment's values may be released.
    pub due: Timestamp,
    /// The latest time that a custodian's clock can have reached.
    pub latest: Timestamp,
}

/// Checks a release against its custodian's (verified) commitment: right matter, committed value, signature.
pub fn verify_release(
    release: &Release,
    commitment: &CustodianCommitted,
    list: &ValueList,
    expected: &ReleaseFor<'_>,
) -> Result<(), ReleaseError> {
    verify_signed_release(release, commitment, list, expected)?;
    if !commitment.key.verifies_hex(&release.message(list.campaign()), &release.signature) {
        return Err(ReleaseError::Signature { custodian: release.custodian.clone() });
    }
    Ok(())
}

/// The same of a release whose signature was checked before.
pub fn verify_signed_release(
    release: &Release,
    commitment: &CustodianCommitted,
    list: &ValueList,
    expected: &ReleaseFor<'_>,
) -> Result<(), ReleaseError> {
    check_matter(release, commitment, expected)?;
    check_value(release, commitment, list)
}

fn check_matter(
    release: &Release,
    commitment: &CustodianCommitted,
    expected: &ReleaseFor<'_>,
) -> Result<(), ReleaseError> {
    let (custodian, province, moment) = (release.custodian.clone(), release.province.clone(), release.moment);
    if custodian != commitment.custodian {
        return Err(ReleaseError::OtherCustodian {
            expected: commitment.custodian.clone(),
            found: custodian,
        });
    }
    if province != *expected.province || moment != expected.moment {
        return Err(ReleaseError::OtherMoment { custodian, province, moment });
    }
    if release.freeze() != expected.freeze {
        return Err(ReleaseError::OtherFreeze { custodian, province, moment });
    }
    if release.time < expected.due || expected.latest < release.time {
        let (due, latest) = (expected.due, expected.latest);
        return Err(ReleaseError::Time { custodian, time: release.time, due, latest });
    }
    Ok(())
}

fn check_value(
    release: &Release,
    commitment: &CustodianCommitted,
    list: &ValueList,
) -> Result<(), ReleaseError> {
    let (custodian, province, moment) = (release.custodian.clone(), release.province.clone(), release.moment);
    let expected = list.index(&province, moment);
    let expected = expected.ok_or(ReleaseError::NotListed { province, moment })?;
    if release.index != expected {
        return Err(ReleaseError::Index { custodian, expected, found: release.index });
    }
    let leaf = list.leaf(&release.province, moment, &release.value);
    verify_inclusion(&leaf, expected, list.count(), &release.proof, &commitment.root)
        .map_err(|source| ReleaseError::NotCommitted { custodian, source })
}
