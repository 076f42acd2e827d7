//! The throw: dice that two officers of different bodies throw together when a custodian is silent.
//!
//! It is thrown after the silence was noted in the log together with what the other custodians had released, so that
//! nobody can choose between a value and a throw. It stands for every silent custodian of the noted silences, and names no
//! other: dice that were signed for a silence which might be logged would let the centre choose which one.
//!
//! - *Value* that replaces a custodian's: `SHA-256( lp("sekong/throw-value/v1") ‖ lp(digits) )`.
//! - *Signature* of an officer: Ed25519 (RFC 8032, verified strictly) over `lp("sekong/throw/v1") ‖ lp(campaign) ‖
//!   lp(moment) ‖ lp(digits) ‖ lp(silence₁) ‖ lp(silence₂) ‖ …`, each silence the leaf hash of its entry.

use std::collections::BTreeSet;

use sekong_log::{DeviceKey, Hash, SeatSignature};
use sekong_model::{BodyId, CampaignId, Moment, OfficerId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::seat::{Seats, sign_for_seat};
use crate::seed::length_prefixed;

/// Fewest dice: 6^50 is above 2^128.
pub const DICE_MIN: usize = 50;
/// Most dice.
pub const DICE_MAX: usize = 200;
/// Officers who sign, each of another body.
pub const THROWERS: usize = 2;

/// What the dice of a throw showed, in the order in which they were read: `1` to `6` each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ThrownDice(String);

/// A text that is no throw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a throw is {DICE_MIN} to {DICE_MAX} digits from 1 to 6, not {found} characters: {problem}")]
pub struct ThrownDiceError {
    /// Characters given.
    pub found: usize,
    /// What is wrong with them.
    pub problem: &'static str,
}

impl TryFrom<String> for ThrownDice {
    type Error = ThrownDiceError;
    fn try_from(text: String) -> Result<ThrownDice, ThrownDiceError> {
        let found = text.chars().count();
        if !text.bytes().all(|digit| (b'1'..=b'6').contains(&digit)) {
            return Err(ThrownDiceError { found, problem: "there is another character among them" });
        }
        if !(DICE_MIN..=DICE_MAX).contains(&found) {
            return Err(ThrownDiceError { found, problem: "throw as many dice as that" });
        }
        Ok(ThrownDice(text))
    }
}

impl From<ThrownDice> for String {
    fn from(dice: ThrownDice) -> String {
        dice.0
    }
}

impl ThrownDice {
    /// The 32 bytes that stand in the place of a silent custodian's value.
    pub fn value(&self) -> Hash {
        Hash(Sha256::digest(length_prefixed(&[b"sekong/throw-value/v1", self.0.as_bytes()])).into())
    }
}

/// A throw for the silences of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throw {
    /// The moment.
    pub moment: Moment,
    /// Leaf hashes of the entries that noted the silences.
    pub silences: Vec<Hash>,
    /// What the dice showed.
    pub dice: ThrownDice,
    /// Who threw them.
    pub throwers: Vec<SeatSignature>,
}

/// Why a throw does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThrowError {
    /// For another moment.
    #[error("a throw for {found}, not for {expected}")]
    OtherMoment {
        /// The moment that needs one.
        expected: Moment,
        /// The throw's.
        found: Moment,
    },
    /// Not for this silence: it was thrown before that was noted, or for another province.
    #[error("the throw does not name the silence it is to replace")]
    OtherSilence,
    /// For a silence that was not noted when it was thrown: somebody could choose whether to note it.
    #[error("the throw names the silence {silence}, which was not noted before it for its moment")]
    NotNoted {
        /// Leaf hash in the throw.
        silence: Hash,
    },
    /// For one silence twice.
    #[error("the throw names the silence {silence} twice")]
    NamedTwice {
        /// Leaf hash in the throw.
        silence: Hash,
    },
    /// Not two officers, or of the same body, or one without a key.
    #[error(
        "a throw is signed by {THROWERS} officers of different bodies; it is signed by {}",
        listed(found)
    )]
    Throwers {
        /// Who signed.
        found: Vec<OfficerId>,
    },
    /// A signature does not hold.
    #[error("the throw is not signed by the key of {officer}")]
    Signature {
        /// Whose.
        officer: OfficerId,
    },
}

pub(crate) fn listed(seats: &[OfficerId]) -> String {
    let names: Vec<&str> = seats.iter().map(OfficerId::as_str).collect();
    if names.is_empty() { "nobody".to_owned() } else { names.join(", ") }
}

impl Throw {
    /// What an officer signs.
    pub fn message(&self, campaign: &CampaignId) -> Vec<u8> {
        let moment = self.moment.to_string();
        let campaign = campaign.as_str().as_bytes();
        let mut parts: Vec<&[u8]> =
            vec![b"sekong/throw/v1", campaign, moment.as_bytes(), self.dice.0.as_bytes()];
        parts.extend(self.silences.iter().map(|silence| silence.as_bytes().as_slice()));
        length_prefixed(&parts)
    }

    /// The throw with one more officer's signature.
    pub fn signed_by(mut self, officer: OfficerId, key: &DeviceKey, campaign: &CampaignId) -> Throw {
        let message = self.message(campaign);
        self.throwers.push(sign_for_seat(officer, key, &message));
        self
    }
}

/// What a throw is held against: who may throw, and for what.
#[derive(Debug, Clone, Copy)]
pub struct Throwers<'a> {
    /// Who may throw.
    pub seats: Seats<'a>,
    /// Leaf hashes of the silences that were noted for the moment before it was thrown, one a province at most.
    pub noted: &'a BTreeSet<Hash>,
}

/// Checks that a throw replaces the silence of a moment, names noted silences alone, and was signed by two officers of
/// different bodies.
pub fn verify_throw(
    throw: &Throw,
    moment: Moment,
    silence: &Hash,
    known: &Throwers<'_>,
) -> Result<(), ThrowError> {
    if throw.moment != moment {
        return Err(ThrowError::OtherMoment { expected: moment, found: throw.moment });
    }
    if !throw.silences.contains(silence) {
        return Err(ThrowError::OtherSilence);
    }
    check_named(throw, known.noted)?;
    let body = |thrower: &SeatSignature| known.seats.body(&thrower.officer);
    let bodies: BTreeSet<&BodyId> = throw.throwers.iter().filter_map(body).collect();
    if bodies.len() != THROWERS || throw.throwers.len() != THROWERS {
        let found = throw.throwers.iter().map(|thrower| thrower.officer.clone()).collect();
        return Err(ThrowError::Throwers { found });
    }
    let message = throw.message(known.seats.campaign);
    let unsigned = throw.throwers.iter().find(|thrower| {
        let key = known.seats.keys.get(&thrower.officer);
        !key.is_some_and(|key| key.verifies_hex(&message, &thrower.signature))
    });
    unsigned.map_or(Ok(()), |thrower| Err(ThrowError::Signature { officer: thrower.officer.clone() }))
}

fn check_named(throw: &Throw, noted: &BTreeSet<Hash>) -> Result<(), ThrowError> {
    let mut named = BTreeSet::new();
    for silence in &throw.silences {
        if !noted.contains(silence) {
            return Err(ThrowError::NotNoted { silence: *silence });
        }
        if !named.insert(silence) {
            return Err(ThrowError::NamedTwice { silence: *silence });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use sekong_log::DeviceId;
    use sekong_model::Officer;

    const MOMENT: Moment = Moment::Week { week: 3 };

    fn key(seed: u8) -> DeviceKey {
        DeviceKey::from_seed(&[seed; 32])
    }

    fn seats() -> (Vec<Officer>, BTreeMap<OfficerId, DeviceId>) {
        let seats = [("a", "police"), ("b", "customs"), ("c", "police")];
        let officer =
            |(id, body): &(&str, &str)| Officer { id: id.parse().unwrap(), body: body.parse().unwrap() };
        let keys = seats.iter().zip(1..).map(|((id, _), seed)| (id.parse().unwrap(), key(seed).id()));
        (seats.iter().map(officer).collect(), keys.collect())
    }

    fn thrown(signers: &[(&str, u8)]) -> Throw {
        thrown_for(&[7], signers)
    }

    fn thrown_for(silences: &[u8], signers: &[(&str, u8)]) -> Throw {
        let dice = ThrownDice::try_from("3141562653".repeat(5)).unwrap();
        let silences = silences.iter().map(|silence| Hash([*silence; 32])).collect();
        let unsigned = Throw { moment: MOMENT, silences, dice, throwers: Vec::new() };
        let campaign = "c".parse().unwrap();
        let sign = |throw: Throw, (id, seed): &(&str, u8)| {
            throw.signed_by(id.parse().unwrap(), &key(*seed), &campaign)
        };
        signers.iter().fold(unsigned, sign)
    }

    fn verdict(throw: &Throw, moment: Moment, silence: u8) -> Result<(), ThrowError> {
        let (officers, keys) = seats();
        let campaign = "c".parse().unwrap();
        let noted = BTreeSet::from([Hash([7; 32]), Hash([6; 32])]);
        let seats = Seats { campaign: &campaign, officers: &officers, keys: &keys };
        let known = Throwers { seats, noted: &noted };
        verify_throw(throw, moment, &Hash([silence; 32]), &known)
    }

    #[test]
    fn two_officers_of_different_bodies_throw_for_a_noted_silence() {
        let throw = thrown(&[("a", 1), ("b", 2)]);
        assert_eq!(verdict(&throw, MOMENT, 7), Ok(()));
        assert_eq!(verdict(&throw, MOMENT, 8), Err(ThrowError::OtherSilence));
        let other = Moment::Week { week: 4 };
        assert!(matches!(verdict(&throw, other, 7), Err(ThrowError::OtherMoment { .. })));
    }

    #[test]
    fn a_throw_names_noted_silences_alone_and_each_once() {
        let both = [("a", 1), ("b", 2)];
        assert_eq!(verdict(&thrown_for(&[7, 6], &both), MOMENT, 7), Ok(()));
        let (seven, eight) = (Hash([7; 32]), Hash([8; 32]));
        let not_noted = Err(ThrowError::NotNoted { silence: eight });
        assert_eq!(verdict(&thrown_for(&[7, 8], &both), MOMENT, 7), not_noted);
        let twice = Err(ThrowError::NamedTwice { silence: seven });
        assert_eq!(verdict(&thrown_for(&[7, 7], &both), MOMENT, 7), twice);
    }

    #[test]
    fn one_body_alone_a_stranger_or_another_key_does_not_throw() {
        for signers in
            [&[("a", 1), ("c", 3)][..], &[("a", 1)], &[("a", 1), ("z", 2)], &[("a", 1), ("b", 2), ("c", 3)]]
        {
            let verdict = verdict(&thrown(signers), MOMENT, 7);
            assert!(matches!(verdict, Err(ThrowError::Throwers { .. })), "{signers:?}");
        }
        let verdict = verdict(&thrown(&[("a", 1), ("b", 3)]), MOMENT, 7);
        assert_eq!(verdict, Err(ThrowError::Signature { officer: "b".parse().unwrap() }));
    }

    #[test]
    fn what_is_no_throw_is_refused() {
        for text in ["", "123", &"7".repeat(60), &"1".repeat(201), &format!("{} ", "1".repeat(60))] {
            assert!(ThrownDice::try_from(text.to_owned()).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_throw_with_a_die_turned_is_not_signed(place in 0usize..50, turn in 1u8..6) {
            let mut throw = thrown(&[("a", 1), ("b", 2)]);
            let mut digits = throw.dice.0.clone().into_bytes();
            digits[place] = b'1' + (digits[place] - b'1' + turn) % 6;
            throw.dice = ThrownDice::try_from(String::from_utf8(digits).unwrap()).unwrap();
            let is_unsigned = matches!(verdict(&throw, MOMENT, 7), Err(ThrowError::Signature { .. }));
            prop_assert!(is_unsigned);
        }
    }
}
