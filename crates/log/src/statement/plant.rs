//! Simulants that the inspectorate plants to see how much is found: committed to before anybody can know who comes, opened
//! when the hour is over. A simulant is inert and marked, and with a driver who knows of it; nobody is arrested for one.
//!
//! A commitment is a hash and tells nothing, not even whether anything is planted: one over no simulants is a blank, so that
//! their number says nothing either.

use std::fmt;

use sekong_model::{CampaignId, Day, Hour, PostId, ProvinceId, UnitId};
use serde::{Deserialize, Serialize};

use crate::commitment::commitment;
use crate::entry::{DeviceId, DeviceKey};
use crate::merkle::Hash;

/// The tag under which plants are committed to.
pub const PLANT_TAG: &str = "plant";

/// Where and when how many simulants pass. It is the inspectorate's, until the hour is over.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plant {
    /// Where, at large.
    pub province: ProvinceId,
    /// The post.
    pub post: PostId,
    /// The day of the hour.
    pub day: Day,
    /// The hour.
    pub hour: Hour,
    /// Vehicles with a simulant; 0 is a blank.
    pub planted: u32,
    /// 32 random bytes, fresh for every one.
    pub salt: Hash,
}

impl Plant {
    /// The commitment, with [`PLANT_TAG`], to the campaign, province, post, day, hour and number, each on a line of its own.
    pub fn commitment(&self, campaign: &CampaignId) -> Hash {
        commitment(PLANT_TAG, &self.salt.0, self.lines(campaign).as_bytes())
    }

    /// Names hold no newline, so nothing can move from one line to the next.
    fn lines(&self, campaign: &CampaignId) -> String {
        let Plant { province, post, day, hour, planted, salt: _ } = self;
        format!("{campaign}\n{province}\n{post}\n{day}\n{hour}\n{planted}\n")
    }
}

impl fmt::Debug for Plant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plant(..)")
    }
}

/// A plant is committed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantCommitted {
    /// SHA-256 over the salted plant, see [`Plant::commitment`].
    pub commitment: Hash,
    /// Ed25519 signature of the inspectorate, 64 bytes in lowercase hex.
    pub signature: String,
}

impl PlantCommitted {
    /// What the inspectorate says ahead: `sekong/plant/v1`, the campaign and the commitment, each on a line of its own, signed.
    pub fn sign(campaign: &CampaignId, plant: &Plant, key: &DeviceKey) -> PlantCommitted {
        let mut said = PlantCommitted { commitment: plant.commitment(campaign), signature: String::new() };
        said.signature = hex::encode(key.sign(said.message(campaign).as_bytes()));
        said
    }

    /// Whether it was signed with this key, in the one spelling of a signature.
    pub fn is_signed_by(&self, key: &DeviceId, campaign: &CampaignId) -> bool {
        key.verifies_hex(self.message(campaign).as_bytes(), &self.signature)
    }

    fn message(&self, campaign: &CampaignId) -> String {
        format!("sekong/plant/v1\n{campaign}\n{}\n", self.commitment)
    }
}

/// What became of the simulants in one unit's visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantVisit {
    /// The unit.
    pub unit: UnitId,
    /// Vehicles with a simulant that it inspected, as their drivers saw.
    pub inspected: u32,
    /// Of these, those whose simulant it found, as the inspectorate took them back.
    pub found: u32,
}

/// A plant is opened: what was planted, and what visits found of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlantRevealed {
    /// Index of the entry that committed to it.
    pub of: u64,
    /// What opens the commitment.
    pub plant: Plant,
    /// The visits that it met; none if nobody came.
    pub visits: Vec<PlantVisit>,
    /// Ed25519 signature of the inspectorate, 64 bytes in lowercase hex.
    pub signature: String,
}

impl PlantRevealed {
    /// What the inspectorate says afterwards, signed: `sekong/plant-revealed/v1`, the entry, the lines of the plant, its salt, and
    /// unit, inspected and found of each visit, each on a line of its own.
    pub fn sign(
        campaign: &CampaignId,
        of: u64,
        plant: Plant,
        visits: Vec<PlantVisit>,
        key: &DeviceKey,
    ) -> PlantRevealed {
        let mut said = PlantRevealed { of, plant, visits, signature: String::new() };
        said.signature = hex::encode(key.sign(said.message(campaign).as_bytes()));
        said
    }

    /// Whether it was signed with this key, in the one spelling of a signature.
    pub fn is_signed_by(&self, key: &DeviceId, campaign: &CampaignId) -> bool {
        key.verifies_hex(self.message(campaign).as_bytes(), &self.signature)
    }

    fn message(&self, campaign: &CampaignId) -> String {
        let PlantRevealed { of, plant, visits, signature: _ } = self;
        let visit =
            |PlantVisit { unit, inspected, found }: &PlantVisit| format!("{unit}\n{inspected}\n{found}\n");
        let visits: String = visits.iter().map(visit).collect();
        format!("sekong/plant-revealed/v1\n{of}\n{}{}\n{visits}", plant.lines(campaign), plant.salt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plant() -> Plant {
        Plant {
            province: "stung-treng".parse().unwrap(),
            post: "KH-LA-01".parse().unwrap(),
            day: "2017-01-02".parse().unwrap(),
            hour: Hour::try_from(7).unwrap(),
            planted: 2,
            salt: Hash([1; 32]),
        }
    }

    fn campaign() -> CampaignId {
        "northeast-2017".parse().unwrap()
    }

    fn key(seed: u8) -> DeviceKey {
        DeviceKey::from_seed(&[seed; 32])
    }

    fn revealed() -> PlantRevealed {
        let visit = PlantVisit { unit: "stung-treng/00-08/plain-1".parse().unwrap(), inspected: 2, found: 1 };
        PlantRevealed::sign(&campaign(), 12, plant(), vec![visit], &key(1))
    }

    /// By Python: `sha256((5).to_bytes(8, "big") + b"plant" + bytes([1]) * 32 + lines.encode())`.
    #[test]
    fn a_commitment_is_the_hash_that_another_language_makes() {
        let wanted = "4aed4b254aa4667aa7fb8d8d04e516715aa8814feda8f0d26e41cdef08e56958";
        assert_eq!(plant().commitment(&campaign()).to_string(), wanted);
    }

    #[test]
    fn a_commitment_is_over_every_part_and_the_campaign() {
        let changes: [fn(&mut Plant); 6] = [
            |plant| plant.province = "ratanakiri".parse().unwrap(),
            |plant| plant.post = "KH-LA-02".parse().unwrap(),
            |plant| plant.day = "2017-01-03".parse().unwrap(),
            |plant| plant.hour = Hour::try_from(8).unwrap(),
            |plant| plant.planted = 0,
            |plant| plant.salt = Hash([2; 32]),
        ];
        for change in changes {
            let mut other = plant();
            change(&mut other);
            assert_ne!(other.commitment(&campaign()), plant().commitment(&campaign()));
        }
        assert_ne!(plant().commitment(&"other".parse().unwrap()), plant().commitment(&campaign()));
    }

    #[test]
    fn an_entry_that_commits_has_one_size_whatever_is_planted() {
        let length = |plant: &Plant| {
            let said = PlantCommitted::sign(&campaign(), plant, &key(1));
            serde_json::to_string(&said).unwrap().len()
        };
        let blank = Plant { province: "ratanakiri".parse().unwrap(), planted: 0, ..plant() };
        assert_eq!(length(&plant()), length(&blank));
        assert_eq!(length(&plant()), length(&Plant { planted: 4_000, ..plant() }));
    }

    #[test]
    fn a_commitment_is_signed_by_one_key_for_one_campaign() {
        let good = PlantCommitted::sign(&campaign(), &plant(), &key(1));
        assert!(good.is_signed_by(&key(1).id(), &campaign()));
        assert!(!good.is_signed_by(&key(2).id(), &campaign()));
        assert!(!good.is_signed_by(&key(1).id(), &"other".parse().unwrap()));
        let other = PlantCommitted { commitment: Hash([9; 32]), ..good };
        assert!(!other.is_signed_by(&key(1).id(), &campaign()));
    }

    #[test]
    fn a_reveal_is_signed_over_every_part() {
        let good = revealed();
        assert!(good.is_signed_by(&key(1).id(), &campaign()));
        assert!(!good.is_signed_by(&key(2).id(), &campaign()));
        assert!(!good.is_signed_by(&key(1).id(), &"other".parse().unwrap()));
        let changes: [fn(&mut PlantRevealed); 8] = [
            |said| said.of = 13,
            |said| said.plant.planted = 3,
            |said| said.plant.salt = Hash([9; 32]),
            |said| said.plant.hour = Hour::try_from(8).unwrap(),
            |said| said.visits.clear(),
            |said| said.visits[0].found = 2,
            |said| said.visits[0].inspected = 1,
            |said| said.signature = said.signature.to_uppercase(),
        ];
        for change in changes {
            let mut bad = good.clone();
            change(&mut bad);
            assert!(!bad.is_signed_by(&key(1).id(), &campaign()), "{bad:?}");
        }
    }

    #[test]
    fn a_plant_shows_nothing_where_it_is_printed() {
        assert_eq!(format!("{:?}", plant()), "Plant(..)");
    }
}
