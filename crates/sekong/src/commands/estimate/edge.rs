//! What analysts' files hold, and how it is read: what is wrong is named by its field.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::failure::Failure;

/// An object's fields in the order of the file. A name that is there twice stays there twice, for whoever checks the rest.
pub(super) struct Pairs<T>(pub(super) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Pairs<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Pairs<T>, D::Error> {
        from.deserialize_map(PairsReader(PhantomData))
    }
}

struct PairsReader<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for PairsReader<T> {
    type Value = Pairs<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of names")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<T>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

/// The name of a stratum, a cluster, a domain or a day: text, a number, or true or false.
pub(super) struct Label(String);

impl From<Label> for String {
    fn from(label: Label) -> String {
        label.0
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Label, D::Error> {
        from.deserialize_any(LabelReader)
    }
}

/// From here on whole numbers share one of 64 bits with their neighbours.
const LABEL_MAX: f64 = 9_007_199_254_740_992.0;

struct LabelReader;

impl Visitor<'_> for LabelReader {
    type Value = Label;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name: text, a number, true or false")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Label, E> {
        Ok(Label(text.to_owned()))
    }

    /// As R's TRUE and FALSE, in the spelling of JSON.
    fn visit_bool<E: Error>(self, is: bool) -> Result<Label, E> {
        Ok(Label(is.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Label, E> {
        Ok(Label(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Label, E> {
        Ok(Label(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Label, E> {
        if LABEL_MAX <= number.abs() {
            return Err(E::custom(format!(
                "{number} is too large a number to be told from others: put it in quotes"
            )));
        }
        // No name is -0.
        Ok(Label((number + 0.0).to_string()))
    }
}

/// A count; 2.0 is one, as many programs write it.
pub(super) struct Whole(pub(super) u32);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Whole, D::Error> {
        from.deserialize_any(WholeReader)
    }
}

struct WholeReader;

impl Visitor<'_> for WholeReader {
    type Value = Whole;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {}", u32::MAX)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
        let whole = u32::try_from(number).map(Whole);
        whole.map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
        Err(E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Whole, E> {
        if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
            return Ok(Whole(number as u32));
        }
        Err(E::invalid_value(Unexpected::Float(number), &self))
    }
}

/// A file's text without the byte order mark that some programs begin it with.
pub(super) fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Reads one JSON value.
pub(super) fn parse<T: DeserializeOwned>(place: &str, bytes: &[u8], hint: &str) -> Result<T, Failure> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { path } else { format!("{path}: ") };
        format!("{}{}", field.trim_start_matches('.'), error.inner())
    });
    let whole = read.and_then(|value| json.end().map(|()| value).map_err(|error| error.to_string()));
    whole.map_err(|error| Failure::failed(format!("{place}: {error}")).hint(hint))
}
