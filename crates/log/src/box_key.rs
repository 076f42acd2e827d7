//! The key to which a device's orders are sealed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::hex_text::{from_text, lower_hex_bytes, write_hex};
use crate::merkle::HashTextError;

/// An X25519 public key (RFC 7748), as text 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BoxKey([u8; 32]);

impl BoxKey {
    /// The key of these bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> BoxKey {
        BoxKey(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for BoxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for BoxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BoxKey({self})")
    }
}

impl FromStr for BoxKey {
    type Err = HashTextError;
    fn from_str(text: &str) -> Result<BoxKey, HashTextError> {
        lower_hex_bytes(text).map(BoxKey).ok_or_else(|| HashTextError { text: text.to_owned() })
    }
}

impl Serialize for BoxKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for BoxKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<BoxKey, D::Error> {
        from_text(deserializer)
    }
}
