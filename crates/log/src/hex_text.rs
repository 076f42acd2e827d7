//! Bytes as lowercase hexadecimal digits, two a byte: logs are full of them, so they take no room on the heap.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};

/// 32 bytes as digits.
pub(crate) fn write_hex(bytes: &[u8; 32], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut digits = [0; 64];
    hex::encode_to_slice(bytes, &mut digits).expect("there are two digits a byte");
    f.write_str(str::from_utf8(&digits).expect("hexadecimal digits are ASCII"))
}

/// The bytes of these digits; capitals are refused, so that a value has one spelling.
pub(crate) fn lower_hex_bytes<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let mut bytes = [0; BYTES];
    if pairs.len() != BYTES {
        return None;
    }
    let mut unknown = 0;
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        let (high, low) = (VALUES[usize::from(*high)], VALUES[usize::from(*low)]);
        unknown |= high | low;
        *byte = high << 4 | low & 0xf;
    }
    (unknown < 16).then_some(bytes)
}

/// What each byte of text counts for; 255 if it is no lowercase digit.
const VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut digit = 0;
    while digit < 16 {
        values[b"0123456789abcdef"[digit as usize] as usize] = digit;
        digit += 1;
    }
    values
};

/// Writes and reads a type as its text, without a copy of that on the heap.
macro_rules! is_text_in_json {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::hex_text::from_text(deserializer)
            }
        }
    };
}

pub(crate) use is_text_in_json;

/// Reads what has a text form, without a copy of the text.
pub(crate) fn from_text<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: FromStr<Err: fmt::Display>,
    D: Deserializer<'de>,
{
    deserializer.deserialize_str(Text(PhantomData))
}

struct Text<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_are_read_from_lowercase_digits_alone(text in "[0-9a-gA-F/:@`\u{e9}]{0,10}", bytes in any::<[u8; 4]>()) {
            let known = hex::decode(&text).ok().filter(|_| !text.contains(|digit: char| digit.is_uppercase()));
            prop_assert_eq!(lower_hex_bytes::<4>(&text).map(Vec::from), known.filter(|bytes| bytes.len() == 4));
            prop_assert_eq!(lower_hex_bytes(&hex::encode(bytes)), Some(bytes));
        }
    }
}
