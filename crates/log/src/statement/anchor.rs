//! Heads of another log, committed to in this one: nobody learns how many entries that log has, or whether it grew, until
//! its keeper opens the commitments; and then nobody can have rewritten it.

use std::fmt;

use sekong_model::{AnchorId, CampaignId, Day, Hour};
use serde::{Deserialize, Serialize};

use crate::commitment::commitment;
use crate::entry::{DeviceId, DeviceKey};
use crate::merkle::Hash;

/// The tag under which heads are committed to.
pub const ANCHOR_TAG: &str = "anchor";

/// A head of another log, by a commitment, for an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadAnchored {
    /// The other log, by its name in the campaign.
    pub anchor: AnchorId,
    /// The day of the hour.
    pub day: Day,
    /// The hour.
    pub hour: Hour,
    /// SHA-256 over the salted head, see [`AnchorOpening`].
    pub commitment: Hash,
    /// Ed25519 signature of the log's keeper, 64 bytes in lowercase hex.
    pub signature: String,
}

impl HeadAnchored {
    /// What the keeper of a log says of an hour: `sekong/anchor/v1`, the campaign, the anchor, day, hour and commitment, each on
    /// a line of its own, signed.
    pub fn sign(
        campaign: &CampaignId,
        anchor: AnchorId,
        opening: &AnchorOpening,
        key: &DeviceKey,
    ) -> HeadAnchored {
        let (day, hour, commitment) = (opening.day, opening.hour, opening.commitment());
        let mut said = HeadAnchored { anchor, day, hour, commitment, signature: String::new() };
        said.signature = hex::encode(key.sign(said.message(campaign).as_bytes()));
        said
    }

    /// Whether it was signed with this key, in the one spelling of a signature.
    pub fn is_signed_by(&self, key: &DeviceId, campaign: &CampaignId) -> bool {
        key.verifies_hex(self.message(campaign).as_bytes(), &self.signature)
    }

    /// Names hold no newline, so nothing can move from one line to the next.
    fn message(&self, campaign: &CampaignId) -> String {
        let HeadAnchored { anchor, day, hour, commitment, .. } = self;
        format!("sekong/anchor/v1\n{campaign}\n{anchor}\n{day}\n{hour}\n{commitment}\n")
    }
}

/// What opens an anchor: it is the keeper's, until it is shown to an auditor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorOpening {
    /// The day of the hour.
    pub day: Day,
    /// The hour.
    pub hour: Hour,
    /// 32 random bytes, fresh for every hour.
    pub salt: Hash,
    /// The head: the other log's signed checkpoint, whole.
    pub note: String,
}

impl AnchorOpening {
    /// The commitment to the head, with [`ANCHOR_TAG`].
    pub fn commitment(&self) -> Hash {
        commitment(ANCHOR_TAG, &self.salt.0, self.note.as_bytes())
    }
}

impl fmt::Debug for AnchorOpening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnchorOpening({} {:02}h)", self.day, self.hour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opening(salt: u8) -> AnchorOpening {
        AnchorOpening {
            day: "2017-01-02".parse().unwrap(),
            hour: Hour::try_from(7).unwrap(),
            salt: Hash([salt; 32]),
            note: "example.com/conduct\n3\nAAAA\n".to_owned(),
        }
    }

    fn said(opening: &AnchorOpening) -> HeadAnchored {
        let (campaign, anchor) = ("test".parse().unwrap(), "conduct".parse().unwrap());
        HeadAnchored::sign(&campaign, anchor, opening, &DeviceKey::from_seed(&[1; 32]))
    }

    #[test]
    fn the_same_head_with_another_salt_looks_like_another() {
        assert_ne!(opening(1).commitment(), opening(2).commitment());
        assert_eq!(opening(1).commitment(), opening(1).commitment());
    }

    #[test]
    fn a_signature_is_over_every_part_and_has_one_spelling() {
        let (key, campaign) = (DeviceKey::from_seed(&[1; 32]).id(), "test".parse().unwrap());
        let good = said(&opening(1));
        assert!(good.is_signed_by(&key, &campaign));
        assert!(!good.is_signed_by(&DeviceKey::from_seed(&[2; 32]).id(), &campaign));
        assert!(!good.is_signed_by(&key, &"other".parse().unwrap()));
        let changes: [fn(&mut HeadAnchored); 5] = [
            |said| said.anchor = "other".parse().unwrap(),
            |said| said.day = "2017-01-03".parse().unwrap(),
            |said| said.hour = Hour::try_from(8).unwrap(),
            |said| said.commitment = Hash([9; 32]),
            |said| said.signature = said.signature.to_uppercase(),
        ];
        for change in changes {
            let mut bad = good.clone();
            change(&mut bad);
            assert!(!bad.is_signed_by(&key, &campaign), "{bad:?}");
        }
    }

    #[test]
    fn an_opening_shows_neither_salt_nor_head_where_it_is_printed() {
        let printed = format!("{:?}", opening(1));
        assert!(!printed.contains("0101") && !printed.contains("conduct"), "{printed}");
    }
}
