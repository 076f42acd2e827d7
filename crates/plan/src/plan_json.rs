//! PLAN.json as it is written: the edge counterpart of [`crate::Plan`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::{given, given_map, map_of_objects, object, objects};
use crate::game_json::GameJson;

/// What `kind` says.
pub(crate) const KIND: &str = "sekong-plan";

/// The document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanJson {
    pub(crate) kind: String,
    pub(crate) scale: i64,
    pub(crate) game_sha256: String,
    #[serde(deserialize_with = "object")]
    pub(crate) game: GameJson,
    #[serde(deserialize_with = "objects")]
    pub(crate) units: Vec<ChainJson>,
    #[serde(deserialize_with = "object")]
    pub(crate) value: ValueJson,
    #[serde(deserialize_with = "objects")]
    pub(crate) adversary: Vec<ThreatJson>,
    pub(crate) unreachable: Vec<(String, i64)>,
    #[serde(deserialize_with = "object")]
    pub(crate) prices: PricesJson,
}

/// One unit's chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChainJson {
    pub(crate) id: String,
    #[serde(deserialize_with = "objects")]
    pub(crate) arcs: Vec<ArcJson>,
}

/// One arc; a place is [post, position], and null is entry or end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ArcJson {
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) from: Option<(String, i64)>,
    #[serde(deserialize_with = "Option::deserialize")]
    pub(crate) to: Option<(String, i64)>,
    pub(crate) flow: i64,
}

/// The bounds over all slots, and per province.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValueJson {
    pub(crate) upper: f64,
    pub(crate) lower: f64,
    pub(crate) gap: f64,
    #[serde(deserialize_with = "map_of_objects")]
    pub(crate) provinces: BTreeMap<String, BoundsJson>,
}

/// The bounds of one province.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BoundsJson {
    pub(crate) upper: f64,
    pub(crate) lower: f64,
    pub(crate) gap: f64,
}

/// One entry of the smuggler's mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThreatJson {
    pub(crate) post: String,
    pub(crate) hour: i64,
    pub(crate) removed: Vec<String>,
    pub(crate) weight: f64,
}

/// What the rules cost and what knowing more is worth, in units of `value`; fields may be missing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PricesJson {
    #[serde(default, deserialize_with = "given_map", skip_serializing_if = "Option::is_none")]
    pub(crate) absent: Option<BTreeMap<String, Vec<f64>>>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) absent_all: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) informed: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) sighting: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) sighting_worst: Option<f64>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub(crate) unbribed: Option<f64>,
}
