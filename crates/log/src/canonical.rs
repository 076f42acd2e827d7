//! The canonical form of RFC 8785.
//!
//! Most of what is logged says its fields in canonical order already, holds no fraction, and needs no more than writing. Whatever
//! else there is goes to the library that sorts; a test holds that nobody can tell who wrote it.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter};

/// Integers beyond this have no exact double, as which RFC 8785 writes all numbers.
pub(crate) const INTEGER_MAX: u64 = (1 << 53) - 1;

/// The canonical bytes of a value without NaN and infinities: serde takes these for null before anyone here sees them, so no type that
/// is logged has a fraction.
///
/// # Errors
/// [`serde_json::Error`] for what has no such form, such as a map whose keys are lists.
pub fn canonical_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, serde_json::Error> {
    let mut bytes = Vec::with_capacity(1 << 10);
    let as_it_stands = value.serialize(&mut Serializer::with_formatter(&mut bytes, InOrder::default()));
    if as_it_stands.is_ok() { Ok(bytes) } else { serde_json_canonicalizer::to_vec(value) }
}

/// Whether these bytes are the canonical form of the value.
pub fn is_canonical<T: Serialize>(value: &T, bytes: &[u8]) -> bool {
    let mut rest = Awaited(bytes);
    let as_it_stands = value.serialize(&mut Serializer::with_formatter(&mut rest, InOrder::default()));
    (as_it_stands.is_ok() && rest.0.is_empty())
        || canonical_bytes(value).is_ok_and(|canonical| canonical == bytes)
}

/// Takes what is written as long as it is what was awaited.
struct Awaited<'a>(&'a [u8]);

impl Write for Awaited<'_> {
    fn write(&mut self, written: &[u8]) -> io::Result<usize> {
        self.0 = self.0.strip_prefix(written).ok_or(io::ErrorKind::InvalidData)?;
        Ok(written.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes what stands in canonical order, and gives up where it does not.
#[derive(Default)]
struct InOrder {
    /// The latest key of each object around; those beyond `depth` keep their room.
    keys: Vec<Vec<u8>>,
    depth: usize,
    /// The key that is being written.
    key: Vec<u8>,
    in_key: bool,
}

impl InOrder {
    /// What has another canonical form, or may have one.
    fn other_form<T>() -> io::Result<T> {
        Err(io::Error::other("not in canonical order"))
    }
}

impl Formatter for InOrder {
    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        if self.keys.len() == self.depth {
            self.keys.push(Vec::new());
        }
        self.keys[self.depth].clear();
        self.depth += 1;
        writer.write_all(b"{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        writer.write_all(b"}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.key.clear();
        self.in_key = true;
        if first { Ok(()) } else { writer.write_all(b",") }
    }

    /// Keys must grow. RFC 8785 compares them by UTF-16, which for ASCII is byte by byte; an empty key is left to the library.
    fn end_object_key<W: ?Sized + Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.in_key = false;
        let latest = &mut self.keys[self.depth - 1];
        if self.key <= *latest || !self.key.is_ascii() {
            return InOrder::other_form();
        }
        std::mem::swap(latest, &mut self.key);
        Ok(())
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        if self.in_key {
            self.key.extend_from_slice(text.as_bytes());
        }
        writer.write_all(text.as_bytes())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escape: CharEscape) -> io::Result<()> {
        if self.in_key { InOrder::other_form() } else { CompactFormatter.write_char_escape(writer, escape) }
    }

    fn write_u64<W: ?Sized + Write>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value > INTEGER_MAX { InOrder::other_form() } else { CompactFormatter.write_u64(writer, value) }
    }

    fn write_i64<W: ?Sized + Write>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        let beyond = value.unsigned_abs() > INTEGER_MAX;
        if beyond { InOrder::other_form() } else { CompactFormatter.write_i64(writer, value) }
    }

    fn write_i128<W: ?Sized + Write>(&mut self, _: &mut W, _: i128) -> io::Result<()> {
        InOrder::other_form()
    }

    fn write_u128<W: ?Sized + Write>(&mut self, _: &mut W, _: u128) -> io::Result<()> {
        InOrder::other_form()
    }

    fn write_f32<W: ?Sized + Write>(&mut self, _: &mut W, _: f32) -> io::Result<()> {
        InOrder::other_form()
    }

    fn write_f64<W: ?Sized + Write>(&mut self, _: &mut W, _: f64) -> io::Result<()> {
        InOrder::other_form()
    }

    fn write_number_str<W: ?Sized + Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        InOrder::other_form()
    }

    fn write_raw_fragment<W: ?Sized + Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        InOrder::other_form()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use proptest::prelude::*;
    use serde::ser::SerializeMap;
    use serde_json::Value;

    use super::*;

    /// A value whose fields come in the order that is said, be it canonical or not.
    #[derive(Debug, Clone)]
    enum Said {
        Null,
        Bool(bool),
        Int(i64),
        Unsigned(u64),
        Real(f64),
        Text(String),
        List(Vec<Said>),
        Fields(Vec<(String, Said)>),
    }

    impl Serialize for Said {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            match self {
                Said::Null => serializer.serialize_unit(),
                Said::Bool(value) => serializer.serialize_bool(*value),
                Said::Int(value) => serializer.serialize_i64(*value),
                Said::Unsigned(value) => serializer.serialize_u64(*value),
                Said::Real(value) => serializer.serialize_f64(*value),
                Said::Text(value) => serializer.serialize_str(value),
                Said::List(values) => serializer.collect_seq(values),
                Said::Fields(fields) => {
                    let mut map = serializer.serialize_map(Some(fields.len()))?;
                    fields.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                    map.end()
                }
            }
        }
    }

    fn key() -> impl Strategy<Value = String> {
        prop_oneof![4 => "[a-c]{0,3}", 1 => any::<String>(), 1 => "[\u{e000}-\u{ffff}\u{10000}-\u{10010}]{1,2}"]
    }

    fn said() -> impl Strategy<Value = Said> {
        let leaf = prop_oneof![
            Just(Said::Null),
            any::<bool>().prop_map(Said::Bool),
            any::<i64>().prop_map(Said::Int),
            (-9i64..9).prop_map(Said::Int),
            any::<u64>().prop_map(Said::Unsigned),
            (0..99u64).prop_map(Said::Unsigned),
            any::<f64>().prop_map(Said::Real),
            any::<String>().prop_map(Said::Text),
            "[\u{0}-\u{7f}]{0,6}".prop_map(Said::Text),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            let fields = prop::collection::btree_map(key(), inner.clone(), 0..5).prop_flat_map(|fields| {
                let sorted: Vec<(String, Said)> = fields.into_iter().collect();
                prop_oneof![Just(sorted.clone()), Just(sorted).prop_shuffle()]
            });
            prop_oneof![
                prop::collection::vec(inner, 0..5).prop_map(Said::List),
                fields.prop_map(Said::Fields)
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn the_bytes_are_those_of_the_library_that_sorts(said in said()) {
            match serde_json_canonicalizer::to_vec(&said) {
                Ok(sorted) => {
                    prop_assert!(is_canonical(&said, &sorted));
                    prop_assert!(!is_canonical(&said, &sorted[1..]) && !is_canonical(&said, &[&sorted[..], b" "].concat()));
                    prop_assert_eq!(canonical_bytes(&said).unwrap(), sorted);
                }
                Err(_) => prop_assert!(canonical_bytes(&said).is_err() && !is_canonical(&said, b"null")),
            }
        }
    }

    /// Counts how often it is written: once if the first way led to the end.
    struct Counted(Cell<u32>, Value);

    impl Serialize for Counted {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.set(self.0.get() + 1);
            self.1.serialize(serializer)
        }
    }

    #[test]
    fn what_stands_in_order_is_written_once_and_the_rest_sorted() {
        let nested = serde_json::json!({ "a": { "b": [1, { "c": "x\n" }], "c": "" }, "b": -3 });
        for (value, times) in [(nested, 1), (serde_json::json!([1.5]), 2), (serde_json::json!({ "é": 1 }), 2)]
        {
            let counted = Counted(Cell::new(0), value);
            canonical_bytes(&counted).unwrap();
            assert_eq!(counted.0.get(), times, "{}", counted.1);
        }
    }
}
