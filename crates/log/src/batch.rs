//! Many signatures at once, accepted exactly when `verify_strict` accepts each of them.
//!
//! With A a device's point, R and s the halves of its signature and h the hash of RFC 8032, section 5.1.7, strict means: s is reduced, R
//! is in its one encoding and not of small order, and s·B = R + h·A without a factor of 8. Here all claims of a batch are taken together:
//!
//! 1. Only devices whose point is in the subgroup of prime order come into a batch; others sign one by one.
//! 2. Σ zᵢ·(sᵢ·B − Rᵢ − hᵢ·Aᵢ) = 0 for zᵢ of 128 bits, drawn after everything else is fixed. A claim that is wrong in the subgroup of
//!    prime order survives with chance 2⁻¹²⁸ (Bernstein, Duif, Lange, Schwabe and Yang 2012, section 5).
//! 3. What is left is an R beside that subgroup, which the zᵢ may hide. Each of 128 sums over subsets drawn by lot is checked to lie in
//!    the subgroup: a sum that holds such an R misses it with chance at most 1/2, so all do with 2⁻¹²⁸.
//!
//! The bits of the zᵢ say who is in which subset, so that the sums serve twice: Σ zᵢ·Rᵢ is Σ 2ᵇ times the sum of subset b. Steps 2 and 3
//! each hold for zᵢ drawn evenly, whatever the other does, so nothing is lost by one lot for both.
//!
//! The lot is SHA-256 of all that is checked: this crate has no randomness, and who forges must beat every lot at once.

use std::collections::BTreeMap;

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::traits::{Identity, IsIdentity, VartimeMultiscalarMul};
use curve25519_dalek::{EdwardsPoint, Scalar};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256, Sha512};

use crate::note::SIGNATURE_BYTES;

/// Subsets whose sums must lie in the subgroup of prime order.
const SUBSETS: usize = 128;

/// From so many claims on, more and smaller buckets cost less.
const MANY: usize = 450;

/// What one signature claims, ready to be taken together with others.
pub(crate) struct Claim {
    device: [u8; 32],
    point: EdwardsPoint,
    signature: [u8; SIGNATURE_BYTES],
    r: EdwardsPoint,
    s: Scalar,
    h: Scalar,
}

impl Claim {
    /// Of a device whose point is in the subgroup of prime order; `None` for what is not strictly a signature by its form alone.
    pub(crate) fn new(
        key: &VerifyingKey,
        message: &[u8],
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Option<Claim> {
        let (r_bytes, s_bytes) = signature.split_first_chunk::<32>()?;
        let s = Scalar::from_canonical_bytes(s_bytes.try_into().ok()?).into_option()?;
        let r =
            CompressedEdwardsY(*r_bytes).decompress().filter(|r| is_reduced(r_bytes) && !r.is_identity())?;
        let hash = Sha512::new().chain_update(r_bytes).chain_update(key.as_bytes()).chain_update(message);
        let h = Scalar::from_bytes_mod_order_wide(&hash.finalize().into());
        Some(Claim { device: key.to_bytes(), point: key.to_edwards(), signature: *signature, r, s, h })
    }
}

/// Whether a y-coordinate is below 2²⁵⁵ − 19.
fn is_reduced(encoded: &[u8; 32]) -> bool {
    let all_ones = encoded[31] & 0x7f == 0x7f && encoded[1..31].iter().all(|byte| *byte == 0xff);
    !(all_ones && encoded[0] >= 0xed)
}

/// Whether all hold strictly. Where some do not, who is at fault is found one by one.
pub(crate) fn all_hold(claims: &[&Claim]) -> bool {
    let factors = draw(claims);
    weighed(claims, &factors).is_some_and(|of_r| equation_holds(claims, &factors, of_r))
}

/// The zᵢ.
fn draw(claims: &[&Claim]) -> Vec<u128> {
    let mut all = Sha256::new_with_prefix(b"sekong/batch/v2\n");
    for claim in claims {
        all.update(claim.device);
        all.update(claim.signature);
        all.update(claim.h.as_bytes());
    }
    let all = all.finalize();
    let of = |index: u64| {
        let lot: [u8; 32] = Sha256::new_with_prefix(all).chain_update(index.to_be_bytes()).finalize().into();
        u128::from_le_bytes(std::array::from_fn(|byte| lot[byte]))
    };
    (0..claims.len() as u64).map(of).collect()
}

fn equation_holds(claims: &[&Claim], factors: &[u128], of_r: EdwardsPoint) -> bool {
    let mut by_device: BTreeMap<[u8; 32], (EdwardsPoint, Scalar)> = BTreeMap::new();
    let mut of_base = Scalar::ZERO;
    for (claim, factor) in claims.iter().zip(factors) {
        let factor = Scalar::from(*factor);
        of_base -= factor * claim.s;
        by_device.entry(claim.device).or_insert((claim.point, Scalar::ZERO)).1 += factor * claim.h;
    }
    let devices = by_device.values();
    let scalars = devices.clone().map(|(_, sum)| *sum).chain([of_base]);
    let points = devices.map(|(point, _)| *point).chain([ED25519_BASEPOINT_POINT]);
    let of_others =
        EdwardsPoint::vartime_multiscalar_mul(scalars.collect::<Vec<_>>(), points.collect::<Vec<_>>());
    (of_r + of_others).is_identity()
}

/// Σ zᵢ·Rᵢ; nothing if a subset's sum is not in the subgroup of prime order.
///
/// The subsets are taken a few at a time: each point goes into the bucket of those that it is in, and a subset's sum is that of its
/// buckets (Pippenger 1976). One subset after the other is told apart, the highest first, and its buckets then laid on those beside.
fn weighed(claims: &[&Claim], factors: &[u128]) -> Option<EdwardsPoint> {
    let bits = if claims.len() < MANY { 4 } else { 8 };
    let mut whole = EdwardsPoint::identity();
    for first in (0..SUBSETS).step_by(bits).rev() {
        let mut buckets = vec![EdwardsPoint::identity(); 1 << bits];
        for (claim, factor) in claims.iter().zip(factors) {
            buckets[(factor >> first) as usize & ((1 << bits) - 1)] += claim.r;
        }
        while buckets.len() > 1 {
            let in_subset = buckets.split_off(buckets.len() / 2);
            buckets.iter_mut().zip(&in_subset).for_each(|(sum, other)| *sum += other);
            let sum: EdwardsPoint = in_subset.iter().sum();
            if !sum.is_torsion_free() {
                return None;
            }
            whole = whole + whole + sum;
        }
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use curve25519_dalek::constants::EIGHT_TORSION;
    use ed25519_dalek::{Signature, Signer, SigningKey};
    use proptest::prelude::*;

    use super::*;

    /// A signature by whoever knows the secret scalar, with any nonce and anything of small order added to R.
    fn sign(seed: u8, message: &[u8], torsion: usize) -> (VerifyingKey, [u8; 64]) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let nonce = Scalar::from_bytes_mod_order_wide(
            &Sha512::new().chain_update([seed]).chain_update(message).finalize().into(),
        );
        let r = (EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[torsion]).compress();
        let hash = Sha512::new()
            .chain_update(r.0)
            .chain_update(key.verifying_key())
            .chain_update(message)
            .finalize();
        let s = nonce + Scalar::from_bytes_mod_order_wide(&hash.into()) * key.to_scalar();
        (key.verifying_key(), [r.0, s.to_bytes()].concat().try_into().unwrap())
    }

    fn strictly(key: &VerifyingKey, message: &[u8], signature: &[u8; 64]) -> bool {
        key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }

    /// The batch's verdict on signatures together; what has no claim does not hold.
    fn together(signed: &[(VerifyingKey, Vec<u8>, [u8; 64])]) -> bool {
        let claims: Option<Vec<Claim>> =
            signed.iter().map(|(key, message, signature)| Claim::new(key, message, signature)).collect();
        claims.is_some_and(|claims| all_hold(&claims.iter().collect::<Vec<_>>()))
    }

    fn honest(count: usize) -> Vec<(VerifyingKey, Vec<u8>, [u8; 64])> {
        let one = |number: usize| {
            let (key, message) = (SigningKey::from_bytes(&[(number % 5) as u8; 32]), vec![7; number]);
            (key.verifying_key(), message.clone(), key.sign(&message).to_bytes())
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn honest_signatures_hold_together() {
        for count in [0, 1, 2, 5, 64, 200, MANY - 1, MANY, 2 * MANY] {
            assert!(together(&honest(count)), "{count}");
        }
    }

    #[test]
    fn an_r_of_mixed_order_is_refused_as_strictly_even_where_it_cancels_another() {
        for torsion in 1..8 {
            let (key, signature) = sign(9, b"m", torsion);
            assert!(!strictly(&key, b"m", &signature));
            assert!(key.to_edwards().is_torsion_free(), "what is wrong is R alone");
            let (other, opposite) = sign(8, b"n", 8 - torsion);
            for many in [0, 3, 60, MANY - 2, MANY] {
                let mut batch = honest(many);
                batch.push((key, b"m".to_vec(), signature));
                assert!(!together(&batch), "{torsion} of {many}");
                batch.push((other, b"n".to_vec(), opposite));
                assert!(!together(&batch), "{torsion} and its opposite of {many}");
            }
        }
        let (key, signature) = sign(9, b"m", 0);
        assert!(strictly(&key, b"m", &signature) && together(&[(key, b"m".to_vec(), signature)]));
    }

    #[test]
    fn second_spellings_and_points_of_small_order_are_refused_as_strictly() {
        let key = SigningKey::from_bytes(&[1; 32]).verifying_key();
        let mut forms: Vec<[u8; 32]> = EIGHT_TORSION.iter().map(|point| point.compress().0).collect();
        for low in 0xed..=0xffu8 {
            for high in [0x7f, 0xff] {
                let mut form = [0xff; 32];
                (form[0], form[31]) = (low, high);
                forms.push(form);
            }
        }
        forms.extend(forms.clone().into_iter().map(|mut form| {
            form[31] ^= 0x80;
            form
        }));
        for form in forms {
            let signature: [u8; 64] = [form, [0; 32]].concat().try_into().unwrap();
            assert!(!strictly(&key, b"m", &signature) && !together(&[(key, b"m".to_vec(), signature)]));
        }
    }

    proptest! {
        #[test]
        fn the_verdict_is_that_of_all_one_by_one(
            count in 1usize..40, at in any::<prop::sample::Index>(), byte in 0usize..64, bit in 0u32..8, bend in any::<bool>(),
        ) {
            let mut batch = honest(count);
            if bend {
                let at = at.index(batch.len());
                batch[at].2[byte] ^= 1 << bit;
            }
            let strict = batch.iter().all(|(key, message, signature)| strictly(key, message, signature));
            prop_assert_eq!(together(&batch), strict);
            prop_assert_eq!(strict, !bend);
        }
    }
}
