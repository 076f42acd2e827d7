//! GAME.json as it is written: the edge counterpart of [`crate::Game`], kept so that its hash never changes.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::document::{given, given_map, map, objects};

/// The document. Whole numbers are signed here so that a negative one gets an error that names its field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GameJson {
    pub(crate) slots: i64,
    pub(crate) posts: Vec<String>,
    #[serde(deserialize_with = "map")]
    pub(crate) provinces: BTreeMap<String, Vec<String>>,
    pub(crate) value: Vec<Vec<f64>>,
    pub(crate) capture: CaptureJson,
    pub(crate) travel_hours: Vec<(String, String, i64)>,
    #[serde(deserialize_with = "objects")]
    pub(crate) units: Vec<UnitJson>,
    pub(crate) floor: f64,
    pub(crate) bribed: i64,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) objective: Option<String>,
    #[serde(default, deserialize_with = "given_map", skip_serializing_if = "Option::is_none")]
    pub(crate) absent: Option<BTreeMap<String, i64>>,
}

/// What capture costs: one number for all slots, or one per post and hour.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum CaptureJson {
    Everywhere(f64),
    PerSlot(Vec<Vec<f64>>),
}

impl<'de> Deserialize<'de> for CaptureJson {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<CaptureJson, D::Error> {
        reader.deserialize_any(CaptureVisitor)
    }
}

struct CaptureVisitor;

impl<'de> Visitor<'de> for CaptureVisitor {
    type Value = CaptureJson;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a number, or one row of numbers per post")
    }

    fn visit_f64<E>(self, number: f64) -> Result<CaptureJson, E> {
        Ok(CaptureJson::Everywhere(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<CaptureJson, E> {
        Ok(CaptureJson::Everywhere(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<CaptureJson, E> {
        Ok(CaptureJson::Everywhere(number as f64))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, rows: A) -> Result<CaptureJson, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(rows)).map(CaptureJson::PerSlot)
    }
}

/// One unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitJson {
    pub(crate) id: String,
    pub(crate) province: String,
    pub(crate) pool: String,
    pub(crate) detect: f64,
    pub(crate) start: i64,
    pub(crate) length: i64,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) every: Option<i64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) sentinel: Option<bool>,
    pub(crate) enter: Vec<String>,
    pub(crate) leave: Vec<String>,
    pub(crate) reach: Vec<String>,
}
