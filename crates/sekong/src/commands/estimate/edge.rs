//! What analysts' files hold, and how it is read: what is wrong is named by its field.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
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

/// The name of a stratum, a cluster, a domain or a day: text, or a number.
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
        f.write_str("a name: text or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Label, E> {
        Ok(Label(text.to_owned()))
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
