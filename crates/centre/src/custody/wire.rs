//! What goes over the line between the centre and a custodian, as JSON.

use sekong_draw::{FrozenEntry, ReleaseRequest};
use sekong_log::Hash;
use sekong_model::{CampaignId, Moment, ProvinceId};
use serde::{Deserialize, Serialize};

/// Where a value is asked for.
pub(super) const RELEASE: &str = "/release";

/// Where auditors look at what was released, `?after=` a name for the next page.
pub(super) const RELEASED: &str = "/released";

/// Most bytes of a request or an answer: three entries of 64 KiB in hexadecimal digits, proofs, a head.
pub(super) const MESSAGE_MAX_BYTES: usize = 512 * 1024;

/// A request for a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestJson {
    campaign: CampaignId,
    province: ProvinceId,
    moment: Moment,
    basis: FrozenJson,
    absences: FrozenJson,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    die: Option<FrozenJson>,
    head: String,
}

/// An entry under the head; its bytes in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrozenJson {
    index: u64,
    leaf: String,
    proof: Vec<Hash>,
}

impl From<&FrozenEntry> for FrozenJson {
    fn from(entry: &FrozenEntry) -> FrozenJson {
        FrozenJson { index: entry.index, leaf: hex::encode(&entry.leaf), proof: entry.proof.clone() }
    }
}

impl TryFrom<FrozenJson> for FrozenEntry {
    type Error = hex::FromHexError;
    fn try_from(json: FrozenJson) -> Result<FrozenEntry, hex::FromHexError> {
        Ok(FrozenEntry { index: json.index, leaf: hex::decode(&json.leaf)?, proof: json.proof })
    }
}

impl From<&ReleaseRequest> for RequestJson {
    fn from(request: &ReleaseRequest) -> RequestJson {
        RequestJson {
            campaign: request.campaign.clone(),
            province: request.province.clone(),
            moment: request.moment,
            basis: (&request.basis).into(),
            absences: (&request.absences).into(),
            die: request.die.as_ref().map(FrozenJson::from),
            head: request.head.clone(),
        }
    }
}

impl TryFrom<RequestJson> for ReleaseRequest {
    type Error = hex::FromHexError;
    fn try_from(json: RequestJson) -> Result<ReleaseRequest, hex::FromHexError> {
        Ok(ReleaseRequest {
            campaign: json.campaign,
            province: json.province,
            moment: json.moment,
            basis: json.basis.try_into()?,
            absences: json.absences.try_into()?,
            die: json.die.map(FrozenEntry::try_from).transpose()?,
            head: json.head,
        })
    }
}
