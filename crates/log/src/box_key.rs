//! The key to which a device's orders are sealed.

use std::fmt;
use std::str::FromStr;

use crate::hex_text::{is_text_in_json, lower_hex_bytes, write_hex};
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

is_text_in_json!(BoxKey);
