//! Commitments to what concerns persons, and hashes of bodies too large for an entry.
//!
//! A commitment hides its body only while the salt is unknown and random: both lie beside the log and are erased
//! together, after which the entry says nothing of the person. Nothing here makes salts.

use sha2::{Digest, Sha256};

use crate::merkle::Hash;

/// Bytes in a salt.
pub const SALT_BYTES: usize = 32;

/// SHA-256(length ‖ tag ‖ salt ‖ body): the length of the tag in bytes as eight bytes, big-endian; the tag in UTF-8,
/// which says what kind of thing is committed; 32 bytes of salt; the body up to the end.
pub fn commitment(tag: &str, salt: &[u8; SALT_BYTES], body: &[u8]) -> Hash {
    let length = tag.len() as u64;
    let hash = Sha256::new_with_prefix(length.to_be_bytes()).chain_update(tag);
    Hash(hash.chain_update(salt).chain_update(body).finalize().into())
}

/// SHA-256(body): the name under which a body that does not fit an entry is kept.
pub fn body_hash(body: &[u8]) -> Hash {
    Hash(Sha256::digest(body).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commitment_is_the_hash_of_its_parts_in_order() {
        let mut bytes = vec![0, 0, 0, 0, 0, 0, 0, 6];
        bytes.extend(b"person");
        bytes.extend([7; 32]);
        bytes.extend(b"body");
        assert_eq!(commitment("person", &[7; 32], b"body"), body_hash(&bytes));
    }

    #[test]
    fn tag_and_body_cannot_trade_bytes() {
        let salt = [b'n'; 32];
        assert_ne!(commitment("perso", &salt, b"nbody"), commitment("person", &salt, b"body"));
        assert_ne!(commitment("person", &salt, b"body"), commitment("person", &[8; 32], b"body"));
    }

    #[test]
    fn the_hash_of_a_body_is_plain_sha_256() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(body_hash(b"abc").to_string(), abc);
    }
}
