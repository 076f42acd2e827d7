//! Double inspections: after a visit, a second team of the inspectorate searches some of the vehicles again, without being told what the
//! first one found. Afterwards the inspectorate says once what both found; what both found together tells what neither did.

use sekong_model::{CampaignId, Day, Hour, ProvinceId, UnitId};
use serde::{Deserialize, Serialize};

use crate::entry::{DeviceId, DeviceKey};

/// Vehicles of a visit were searched again. A vehicle with a simulant is not among them: where it is, is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectedTwice {
    /// Where, at large.
    pub province: ProvinceId,
    /// The day of the visit.
    pub day: Day,
    /// Its hour.
    pub hour: Hour,
    /// The unit that visited.
    pub unit: UnitId,
    /// Of the vehicles that it inspected, those that were searched again.
    pub vehicles: u32,
    /// Of these, with a find by the visit's team.
    pub first: u32,
    /// Of these, with a find by the second team.
    pub second: u32,
    /// Of these, with a find by both.
    pub both: u32,
    /// Ed25519 signature of the inspectorate, 64 bytes in lowercase hex.
    pub signature: String,
}

/// Why counts of a double inspection cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TwiceError {
    /// Nothing was searched again.
    #[error("no vehicle was searched again")]
    NothingSearched,
    /// More found by both than by one.
    #[error("{both} found by both are more than the {least} that one of the teams found")]
    MoreByBoth {
        /// Found by both.
        both: u32,
        /// The fewer of what each found.
        least: u32,
    },
    /// More with a find than were searched.
    #[error("{found} with a find by either team are more than the {vehicles} searched again")]
    MoreThanSearched {
        /// With a find by either.
        found: u64,
        /// Searched by both.
        vehicles: u32,
    },
}

impl TwiceError {
    /// The field that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            TwiceError::MoreByBoth { .. } => "both",
            TwiceError::NothingSearched | TwiceError::MoreThanSearched { .. } => "vehicles",
        }
    }
}

impl InspectedTwice {
    /// The same, said by the inspectorate: `sekong/double/v1`, the campaign and every other field, each on a line of its own, signed.
    #[must_use]
    pub fn sign(mut self, campaign: &CampaignId, key: &DeviceKey) -> InspectedTwice {
        self.signature = hex::encode(key.sign(self.message(campaign).as_bytes()));
        self
    }

    /// Whether it was signed with this key, in the one spelling of a signature.
    pub fn is_signed_by(&self, key: &DeviceId, campaign: &CampaignId) -> bool {
        key.verifies_hex(self.message(campaign).as_bytes(), &self.signature)
    }

    /// Names hold no newline, so nothing can move from one line to the next.
    fn message(&self, campaign: &CampaignId) -> String {
        let InspectedTwice { province, day, hour, unit, vehicles, first, second, both, signature: _ } = self;
        format!(
            "sekong/double/v1\n{campaign}\n{province}\n{day}\n{hour}\n{unit}\n{vehicles}\n{first}\n{second}\n{both}\n"
        )
    }

    /// Whether the counts can be.
    ///
    /// # Errors
    /// [`TwiceError`] if a part is more than its whole.
    pub fn check_counts(&self) -> Result<(), TwiceError> {
        let InspectedTwice { vehicles, first, second, both, .. } = *self;
        if vehicles == 0 {
            return Err(TwiceError::NothingSearched);
        }
        let least = first.min(second);
        if least < both {
            return Err(TwiceError::MoreByBoth { both, least });
        }
        let found = u64::from(first) + u64::from(second) - u64::from(both);
        if u64::from(vehicles) < found {
            return Err(TwiceError::MoreThanSearched { found, vehicles });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said() -> InspectedTwice {
        InspectedTwice {
            province: "stung-treng".parse().unwrap(),
            day: "2017-01-02".parse().unwrap(),
            hour: Hour::try_from(7).unwrap(),
            unit: "stung-treng/00-08/plain-1".parse().unwrap(),
            vehicles: 10,
            first: 3,
            second: 4,
            both: 2,
            signature: String::new(),
        }
    }

    fn campaign() -> CampaignId {
        "northeast-2017".parse().unwrap()
    }

    fn key(seed: u8) -> DeviceKey {
        DeviceKey::from_seed(&[seed; 32])
    }

    #[test]
    fn a_word_is_over_every_part_and_the_campaign_on_lines_of_their_own() {
        let wanted = "sekong/double/v1\nnortheast-2017\nstung-treng\n2017-01-02\n07\nstung-treng/00-08/plain-1\n10\n3\n4\n2\n";
        assert_eq!(said().message(&campaign()), wanted);
        let good = said().sign(&campaign(), &key(1));
        assert!(good.is_signed_by(&key(1).id(), &campaign()));
        assert!(!good.is_signed_by(&key(2).id(), &campaign()));
        assert!(!good.is_signed_by(&key(1).id(), &"other".parse().unwrap()));
        let changes: [fn(&mut InspectedTwice); 8] = [
            |said| said.province = "ratanakiri".parse().unwrap(),
            |said| said.day = "2017-01-03".parse().unwrap(),
            |said| said.hour = Hour::try_from(8).unwrap(),
            |said| said.unit = "stung-treng/00-08/plain-2".parse().unwrap(),
            |said| said.vehicles += 1,
            |said| said.first += 1,
            |said| said.second += 1,
            |said| said.both += 1,
        ];
        for change in changes {
            let mut other = good.clone();
            change(&mut other);
            assert!(!other.is_signed_by(&key(1).id(), &campaign()), "{other:?}");
        }
    }

    #[test]
    fn no_part_is_more_than_its_whole() {
        let checked = |vehicles, first, second, both| {
            InspectedTwice { vehicles, first, second, both, ..said() }
                .check_counts()
                .map_err(|error| error.field())
        };
        assert_eq!(checked(5, 3, 4, 2), Ok(()));
        assert_eq!(checked(1, 0, 0, 0), Ok(()));
        assert_eq!(checked(0, 0, 0, 0), Err("vehicles"));
        assert_eq!(checked(10, 3, 4, 4), Err("both"));
        assert_eq!(checked(10, 4, 3, 4), Err("both"));
        assert_eq!(checked(4, 3, 4, 2), Err("vehicles"));
        assert_eq!(checked(u32::MAX, u32::MAX, u32::MAX, 0), Err("vehicles"));
    }
}
