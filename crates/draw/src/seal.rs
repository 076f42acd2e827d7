//! Boxes: what one team is told in an hour, sealed to its device, in a box that looks like every other.
//!
//! Every team of a province gets a box at the same minute, whether it is on duty, drawn or neither, and all boxes have
//! the same size, so that who listens learns from them neither who serves nor who moves.
//!
//! - *Suite*: HPKE (RFC 9180) in base mode, single shot: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM.
//! - *Info*: `lp("sekong/box/v1") ‖ lp(campaign) ‖ lp(province) ‖ lp(date) ‖ lp(hour) ‖ lp(team)`, date and hour as in the
//!   seeds (module `seed`); for the key of a table `table` and its serial stand in their place; no associated data.
//! - *Plaintext*: the length of the message as a big-endian u16, the message, zeros up to [`PLAIN_BYTES`].
//! - *Box*: the encapsulated key (32 bytes), then the ciphertext with its tag.
//! - *Randomness*: the encapsulation's ikm is the first 32 bytes of ChaCha20 (RFC 8439) under a key given as argument, so
//!   that a centre that was restarted seals the very same boxes. Boxes of whoever has no device are HMAC-SHA-256 in counter
//!   mode under that key, which nobody can tell from a box.

use std::fmt;
use std::str::FromStr;

use hmac::Mac;
use hpke::aead::AesGcm128;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable, Kem, OpModeR, OpModeS, Serializable};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use sekong_log::BoxKey;
use sekong_model::{CampaignId, Moment, ProvinceId, TeamId};

use crate::TableSerial;
use crate::seed::{keyed, length_prefixed, moment_texts};

/// Bytes of a padded message.
pub const PLAIN_BYTES: usize = 1_024;

/// Bytes of a box: encapsulated key, padded message, tag.
pub const BOX_BYTES: usize = 32 + PLAIN_BYTES + 16;

/// Longest message.
pub const MESSAGE_MAX_BYTES: usize = PLAIN_BYTES - 2;

/// What a box holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BoxContent {
    /// What its team is told for a moment.
    Orders(Moment),
    /// The key of its team's table for relayed orders.
    Table(TableSerial),
}

impl BoxContent {
    fn texts(self) -> (String, String) {
        match self {
            BoxContent::Orders(moment) => moment_texts(moment),
            BoxContent::Table(serial) => ("table".to_owned(), serial.0.to_string()),
        }
    }
}

/// Whom a box is for, and what it holds; it opens for nobody and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxFor<'a> {
    /// The campaign.
    pub campaign: &'a CampaignId,
    /// The province.
    pub province: &'a ProvinceId,
    /// What it holds.
    pub content: BoxContent,
    /// The team.
    pub team: &'a TeamId,
}

/// A sealed box.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedBox([u8; BOX_BYTES]);

/// Why a message is not sealed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Longer than a box holds.
    #[error("a box holds {MESSAGE_MAX_BYTES} bytes, the message has {len_bytes}")]
    TooLong {
        /// Length of the message.
        len_bytes: usize,
    },
    /// No message can be sealed to this key.
    #[error("nothing can be sealed to the key {key}")]
    Key {
        /// The key.
        key: BoxKey,
    },
}

/// Why a box does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the box is not for this key, team and hour, or was changed on the way")]
pub struct OpenError;

/// The text is not a box.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a box is {} hexadecimal digits, not {found} characters", 2 * BOX_BYTES)]
pub struct BoxTextError {
    /// Characters given.
    pub found: usize,
}

/// The secret half of a device's box key.
#[derive(Clone)]
pub struct BoxSecret([u8; 32]);

impl BoxSecret {
    /// The secret of 32 bytes that nobody can guess, by RFC 9180's DeriveKeyPair.
    pub fn from_seed(seed: &[u8; 32]) -> BoxSecret {
        let (secret, _) = X25519HkdfSha256::derive_keypair(seed);
        BoxSecret(secret.to_bytes().into())
    }

    /// The public half.
    pub fn id(&self) -> BoxKey {
        let public = X25519HkdfSha256::sk_to_pk(&self.parsed());
        BoxKey::from_bytes(public.to_bytes().into())
    }

    fn parsed(&self) -> <X25519HkdfSha256 as Kem>::PrivateKey {
        Deserializable::from_bytes(&self.0).expect("32 bytes are an X25519 secret")
    }
}

impl fmt::Debug for BoxSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxSecret(..)")
    }
}

impl BoxFor<'_> {
    fn parts(&self, tag: &str) -> Vec<u8> {
        let (date, hour) = self.content.texts();
        length_prefixed(&[
            tag.as_bytes(),
            self.campaign.as_str().as_bytes(),
            self.province.as_str().as_bytes(),
            date.as_bytes(),
            hour.as_bytes(),
            self.team.as_str().as_bytes(),
        ])
    }

    /// Seals a message; the same arguments give the same box, so `randomness` must be nobody else's and for this box alone.
    ///
    /// # Errors
    /// [`SealError`]: too long, or a key of small order.
    pub fn seal(&self, key: &BoxKey, message: &[u8], randomness: &[u8; 32]) -> Result<SealedBox, SealError> {
        let plain = padded(message)?;
        let no_key = |_| SealError::Key { key: *key };
        let recipient = <X25519HkdfSha256 as Kem>::PublicKey::from_bytes(key.as_bytes()).map_err(no_key)?;
        let mut random = ChaCha20Rng::from_seed(*randomness);
        let (encapsulated, sealed) =
            hpke::single_shot_seal_with_rng::<AesGcm128, HkdfSha256, X25519HkdfSha256>(
                &OpModeS::Base,
                &recipient,
                &self.parts("sekong/box/v1"),
                &plain,
                &[],
                &mut random,
            )
            .map_err(no_key)?;
        let mut bytes = [0; BOX_BYTES];
        bytes[..32].copy_from_slice(&encapsulated.to_bytes());
        bytes[32..].copy_from_slice(&sealed);
        Ok(SealedBox(bytes))
    }

    /// A box that opens for nobody, for a team without a device.
    pub fn blank(&self, randomness: &[u8; 32]) -> SealedBox {
        let mac = keyed(randomness).chain_update(self.parts("sekong/blank-box/v1"));
        let blocks = (0u64..).flat_map(|block| {
            let bytes: [u8; 32] =
                mac.clone().chain_update(block.to_be_bytes()).finalize().into_bytes().into();
            bytes
        });
        let mut bytes = [0; BOX_BYTES];
        bytes.iter_mut().zip(blocks).for_each(|(byte, random)| *byte = random);
        // A true box begins with a public key, and half of all 32 bytes are none: whoever counts must find no difference.
        let seed = bytes[..32].try_into().expect("32 bytes are 32 bytes");
        bytes[..32].copy_from_slice(BoxSecret::from_seed(&seed).id().as_bytes());
        SealedBox(bytes)
    }

    /// The message of a box.
    ///
    /// # Errors
    /// [`OpenError`], if it was sealed for another team, hour or key, or changed.
    pub fn open(&self, secret: &BoxSecret, sealed: &SealedBox) -> Result<Vec<u8>, OpenError> {
        let (encapsulated, ciphertext) = sealed.0.split_at(32);
        let encapsulated =
            <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).map_err(|_| OpenError)?;
        let plain = hpke::single_shot_open::<AesGcm128, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &secret.parsed(),
            &encapsulated,
            &self.parts("sekong/box/v1"),
            ciphertext,
            &[],
        )
        .map_err(|_| OpenError)?;
        let (length, rest) = plain.split_first_chunk::<2>().ok_or(OpenError)?;
        rest.get(..usize::from(u16::from_be_bytes(*length))).map(<[u8]>::to_vec).ok_or(OpenError)
    }
}

fn padded(message: &[u8]) -> Result<[u8; PLAIN_BYTES], SealError> {
    let len_bytes = message.len();
    let length = u16::try_from(len_bytes).ok().filter(|_| len_bytes <= MESSAGE_MAX_BYTES);
    let length = length.ok_or(SealError::TooLong { len_bytes })?;
    let mut plain = [0; PLAIN_BYTES];
    plain[..2].copy_from_slice(&length.to_be_bytes());
    plain[2..2 + len_bytes].copy_from_slice(message);
    Ok(plain)
}

impl SealedBox {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; BOX_BYTES] {
        &self.0
    }
}

impl fmt::Display for SealedBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for SealedBox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedBox({}..)", hex::encode(&self.0[..8]))
    }
}

impl FromStr for SealedBox {
    type Err = BoxTextError;
    fn from_str(text: &str) -> Result<SealedBox, BoxTextError> {
        let mut bytes = [0; BOX_BYTES];
        let read = hex::decode_to_slice(text, &mut bytes);
        read.map(|()| SealedBox(bytes)).map_err(|_| BoxTextError { found: text.chars().count() })
    }
}
