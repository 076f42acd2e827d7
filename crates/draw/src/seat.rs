//! The keys of the seats that throw dice and have records erased: a seat's first key is told before the public dice, and whoever has the centre
//! alone can change none of them afterwards.
//!
//! - *Signature* of who vouches for a key: Ed25519 (RFC 8032, verified strictly) over `lp("sekong/seat-key/v1") ‖
//!   lp(campaign) ‖ lp(seat) ‖ lp(key) ‖ lp(key before)`, keys as 32 bytes; the last one is empty for a seat that had none.
//! - *Signature* of who has a person's record erased: likewise over `lp("sekong/erasure/v1") ‖ lp(campaign) ‖ lp(entry) ‖
//!   lp(commitment) ‖ lp(ground)`, the entry's index as eight bytes, big-endian.

use std::collections::{BTreeMap, BTreeSet};

use sekong_log::{DeviceId, DeviceKey, OfficerEnrolled, PersonErased, SeatSignature};
use sekong_model::{BodyId, CampaignId, Officer, OfficerId};

use crate::seed::length_prefixed;
use crate::throw::{THROWERS, listed};

/// Why nobody vouches for a key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VouchError {
    /// Neither the seat itself nor two officers of two other bodies.
    #[error(
        "a new key of {seat} is vouched for by its key before, or by {THROWERS} officers of {THROWERS} other bodies; it is \
         vouched for by {}",
        listed(found)
    )]
    Vouchers {
        /// The seat.
        seat: OfficerId,
        /// Who vouches.
        found: Vec<OfficerId>,
    },
    /// A signature does not hold.
    #[error("{officer} does not vouch for the new key of {seat}: its signature does not hold")]
    Signature {
        /// The seat.
        seat: OfficerId,
        /// Whose signature.
        officer: OfficerId,
    },
}

/// The seats of a campaign and the keys they hold now.
#[derive(Debug, Clone, Copy)]
pub struct Seats<'a> {
    /// The campaign.
    pub campaign: &'a CampaignId,
    /// Its seats.
    pub officers: &'a [Officer],
    /// Their keys.
    pub keys: &'a BTreeMap<OfficerId, DeviceId>,
}

impl Seats<'_> {
    pub(crate) fn body(&self, seat: &OfficerId) -> Option<&BodyId> {
        self.officers.iter().find(|officer| officer.id == *seat).map(|officer| &officer.body)
    }

    fn bodies(&self, signers: &[SeatSignature]) -> BTreeSet<&BodyId> {
        signers.iter().filter_map(|signer| self.body(&signer.officer)).collect()
    }

    fn signed(&self, signer: &SeatSignature, message: &[u8]) -> bool {
        self.keys.get(&signer.officer).is_some_and(|key| key.verifies_hex(message, &signer.signature))
    }
}

/// What somebody signs who vouches for a seat's new key.
pub fn seat_key_message(
    campaign: &CampaignId,
    seat: &OfficerId,
    key: &DeviceId,
    before: Option<&DeviceId>,
) -> Vec<u8> {
    length_prefixed(&[
        b"sekong/seat-key/v1",
        campaign.as_str().as_bytes(),
        seat.as_str().as_bytes(),
        key.public_bytes(),
        before.map_or(&[][..], |before| &before.public_bytes()[..]),
    ])
}

/// What two officers sign who have a person's record erased.
pub fn erasure_message(campaign: &CampaignId, said: &PersonErased) -> Vec<u8> {
    length_prefixed(&[
        b"sekong/erasure/v1",
        campaign.as_str().as_bytes(),
        &said.entry.to_be_bytes(),
        said.commitment.as_bytes(),
        said.ground.as_str().as_bytes(),
    ])
}

/// Why two bodies have not signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TwoBodiesError {
    /// Not two officers of two bodies.
    #[error("{THROWERS} officers of {THROWERS} bodies sign; signed by {}", listed(found))]
    Signers {
        /// Who signed.
        found: Vec<OfficerId>,
    },
    /// A signature does not hold.
    #[error("the signature of {officer} does not hold")]
    Signature {
        /// Whose.
        officer: OfficerId,
    },
}

/// Checks that two officers of two bodies signed a message.
pub fn verify_two_bodies(
    signers: &[SeatSignature],
    message: &[u8],
    seats: &Seats<'_>,
) -> Result<(), TwoBodiesError> {
    if signers.len() != THROWERS || seats.bodies(signers).len() != THROWERS {
        let found = signers.iter().map(|signer| signer.officer.clone()).collect();
        return Err(TwoBodiesError::Signers { found });
    }
    match signers.iter().find(|signer| !seats.signed(signer, message)) {
        Some(signer) => Err(TwoBodiesError::Signature { officer: signer.officer.clone() }),
        None => Ok(()),
    }
}

/// A seat's signature under some message.
pub fn sign_for_seat(officer: OfficerId, key: &DeviceKey, message: &[u8]) -> SeatSignature {
    SeatSignature { officer, signature: hex::encode(key.sign(message)) }
}

/// Checks that a seat's new key is vouched for by the one before, or by two officers of two other bodies.
pub fn verify_vouched(said: &OfficerEnrolled, seats: &Seats<'_>) -> Result<(), VouchError> {
    let own = said.vouchers.len() == 1 && said.vouchers[0].officer == said.officer;
    if !own && !are_others(said, seats) {
        let found = said.vouchers.iter().map(|voucher| voucher.officer.clone()).collect();
        return Err(VouchError::Vouchers { seat: said.officer.clone(), found });
    }
    let message = seat_key_message(seats.campaign, &said.officer, &said.key, seats.keys.get(&said.officer));
    let unsigned = said.vouchers.iter().find(|voucher| !seats.signed(voucher, &message));
    unsigned.map_or(Ok(()), |voucher| {
        Err(VouchError::Signature { seat: said.officer.clone(), officer: voucher.officer.clone() })
    })
}

/// Whether the vouchers are two, of two bodies, neither of which is the seat's.
fn are_others(said: &OfficerEnrolled, seats: &Seats<'_>) -> bool {
    let bodies = seats.bodies(&said.vouchers);
    let own = seats.body(&said.officer).is_some_and(|body| bodies.contains(body));
    said.vouchers.len() == THROWERS && bodies.len() == THROWERS && !own
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(seed: u8) -> DeviceKey {
        DeviceKey::from_seed(&[seed; 32])
    }

    /// Seats a and b of the police, c of the customs, d of the court; a's key is lost.
    fn verdict(vouchers: &[(&str, u8)], before: Option<u8>) -> Result<(), VouchError> {
        let seats = [("a", "police"), ("b", "police"), ("c", "customs"), ("d", "court")];
        let officer =
            |(id, body): &(&str, &str)| Officer { id: id.parse().unwrap(), body: body.parse().unwrap() };
        let officers: Vec<Officer> = seats.iter().map(officer).collect();
        let keys =
            seats.iter().zip(1..).map(|((id, _), seed)| (id.parse().unwrap(), key(seed).id())).collect();
        let campaign = "c".parse().unwrap();
        let before = before.map(|seed| key(seed).id());
        let seat = "a".parse().unwrap();
        let message = seat_key_message(&campaign, &seat, &key(9).id(), before.as_ref());
        let voucher = |(id, seed): &(&str, u8)| sign_for_seat(id.parse().unwrap(), &key(*seed), &message);
        let said = OfficerEnrolled {
            officer: seat,
            key: key(9).id(),
            vouchers: vouchers.iter().map(voucher).collect(),
        };
        verify_vouched(&said, &Seats { campaign: &campaign, officers: &officers, keys: &keys })
    }

    #[test]
    fn a_new_key_is_vouched_for_by_the_old_one_or_by_two_other_bodies() {
        assert_eq!(verdict(&[("a", 1)], Some(1)), Ok(()));
        assert_eq!(verdict(&[("c", 3), ("d", 4)], Some(1)), Ok(()));
        for few in [&[][..], &[("c", 3)], &[("b", 2), ("c", 3)], &[("c", 3), ("c", 3)], &[("a", 1), ("c", 3)]]
        {
            assert!(matches!(verdict(few, Some(1)), Err(VouchError::Vouchers { .. })), "{few:?}");
        }
    }

    #[test]
    fn a_word_for_another_key_before_or_by_another_key_does_not_count() {
        for (vouchers, before) in [
            (&[("a", 9)][..], Some(1)),
            (&[("a", 1)], Some(2)),
            (&[("a", 1)], None),
            (&[("c", 3), ("d", 1)], Some(1)),
        ] {
            let verdict = verdict(vouchers, before);
            assert!(matches!(verdict, Err(VouchError::Signature { .. })), "{vouchers:?}: {verdict:?}");
        }
    }
}
