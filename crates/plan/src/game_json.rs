//! GAME.json as it is written: the edge counterpart of [`crate::Game`], kept so that its hash never changes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The document. Whole numbers are signed here so that a negative one gets an error that names its field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GameJson {
    pub(crate) slots: i64,
    pub(crate) posts: Vec<String>,
    pub(crate) provinces: BTreeMap<String, Vec<String>>,
    pub(crate) value: Vec<Vec<f64>>,
    pub(crate) capture: CaptureJson,
    pub(crate) travel_hours: Vec<(String, String, i64)>,
    pub(crate) units: Vec<UnitJson>,
    pub(crate) floor: f64,
    pub(crate) bribed: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) objective: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) absent: Option<BTreeMap<String, i64>>,
}

/// What capture costs: one number for all slots, or one per post and hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "capture is a number, or one row of numbers per post")]
pub(crate) enum CaptureJson {
    Everywhere(f64),
    PerSlot(Vec<Vec<f64>>),
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) every: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sentinel: Option<bool>,
    pub(crate) enter: Vec<String>,
    pub(crate) leave: Vec<String>,
    pub(crate) reach: Vec<String>,
}
