//! How documents are read: an object is an object, a key is there once, what is given is not null; and what is said of one
//! that breaks this.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Where and why a text is not the JSON that was expected.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("line {line}, column {column}: {}{reason}; mend the JSON there", named(.field))]
pub struct JsonError {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// The field, such as `units[3].reach`; empty for the document itself.
    pub field: String,
    /// What is wrong there.
    pub reason: String,
}

fn named(field: &str) -> String {
    if field.is_empty() { String::new() } else { format!("{field}: ") }
}

/// Reads a document that is one object.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    serde_json::from_str(text).map(|Object(document)| document).map_err(|error| told::<T>(text, &error))
}

/// Reads once more, slowly, to learn in which field the error lies.
fn told<T: DeserializeOwned>(text: &str, error: &serde_json::Error) -> JsonError {
    let mut reader = serde_json::Deserializer::from_str(text);
    let again = serde_path_to_error::deserialize::<_, Object<T>>(&mut reader);
    let field = again.err().map(|error| error.path().to_string()).filter(|field| field != ".");
    JsonError {
        line: error.line().max(1),
        column: error.column().max(1),
        field: field.unwrap_or_default(),
        reason: reason(error),
    }
}

/// What the parser calls things, and what a document's author calls them.
const WORDS: [(&str, &str); 7] = [
    ("i64", "a whole number"),
    ("f64", "a number"),
    ("a map", "an object"),
    ("a sequence", "a list"),
    ("a tuple of size 2", "a list of 2"),
    ("a tuple of size 3", "a list of 3"),
    ("a boolean", "true or false"),
];
const FOUND: [(&str, &str); 3] =
    [("type: map", "type: object"), ("type: sequence", "type: list"), ("floating point", "number")];

/// The parser's words without its place, which is said already, and without names of types of ours.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let text = text.strip_suffix(&place).unwrap_or(&text);
    let Some((found, expected)) = text.rsplit_once(", expected ") else { return text.to_owned() };
    let expected = WORDS.iter().find(|(word, _)| *word == expected).map_or(expected, |(_, said)| said);
    let found = FOUND.iter().fold(found.to_owned(), |found, (word, said)| found.replacen(word, said, 1));
    format!("{found}, expected {expected}")
}

/// A value that stands as an object: derived readers would take a list of the fields as well.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Object<T>, D::Error> {
        reader.deserialize_map(ObjectVisitor(PhantomData)).map(Object)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields))
    }
}

/// A map in which no key is there twice.
struct Map<V>(BTreeMap<String, V>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Map<V> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Map<V>, D::Error> {
        reader.deserialize_map(MapVisitor(PhantomData)).map(Map)
    }
}

struct MapVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
    type Value = BTreeMap<String, V>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<BTreeMap<String, V>, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry::<String, V>()? {
            match map.entry(key) {
                Entry::Vacant(place) => drop(place.insert(value)),
                Entry::Occupied(known) => {
                    return Err(A::Error::custom(format_args!("{:?} is there twice", known.key())));
                }
            }
        }
        Ok(map)
    }
}

/// One object.
pub(crate) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<T, D::Error> {
    Object::deserialize(reader).map(|Object(value)| value)
}

/// A list of objects.
pub(crate) fn objects<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<Vec<T>, D::Error> {
    Vec::deserialize(reader).map(|list| list.into_iter().map(|Object(value)| value).collect())
}

/// An object whose keys are names.
pub(crate) fn map<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
    reader: D,
) -> Result<BTreeMap<String, V>, D::Error> {
    Map::deserialize(reader).map(|Map(map)| map)
}

/// An object whose keys are names and whose values are objects.
pub(crate) fn map_of_objects<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
    reader: D,
) -> Result<BTreeMap<String, V>, D::Error> {
    let named = |(name, Object(value))| (name, value);
    Map::deserialize(reader).map(|Map(map)| map.into_iter().map(named).collect())
}

/// An optional field that is there: null would be another document of the same meaning.
pub(crate) fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    reader: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(reader).map(Some)
}

/// As [`given`], of an object whose keys are names.
pub(crate) fn given_map<'de, V: Deserialize<'de>, D: Deserializer<'de>>(
    reader: D,
) -> Result<Option<BTreeMap<String, V>>, D::Error> {
    map(reader).map(Some)
}
