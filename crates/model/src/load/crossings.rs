//! The crossings file: points with their documents, as GeoJSON.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::LonLat;
use crate::faults::{Faults, Kind, Problem};

#[derive(Deserialize)]
struct Collection<'a> {
    #[serde(borrow)]
    features: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Option<Point>,
    properties: Properties,
}

#[derive(Deserialize)]
struct Point {
    coordinates: [f64; 2],
}

/// What the campaign takes from a crossing; further properties are for the map.
#[derive(Debug, Deserialize)]
pub(super) struct Properties {
    pub(super) id: String,
    pub(super) name_en: String,
    pub(super) name_km: Option<String>,
    pub(super) kind: String,
    pub(super) status: String,
    pub(super) documented_by: Vec<String>,
    pub(super) coord_source: String,
    pub(super) coord_status: String,
    pub(super) licence: Option<String>,
    pub(super) graph_node: Option<String>,
}

#[derive(Debug)]
pub(super) struct Crossing {
    pub(super) at: Option<LonLat>,
    pub(super) about: Properties,
    pub(super) status: CoordStatus,
    pub(super) span: Range<usize>,
    pub(super) index: usize,
}

/// Where a crossing's coordinates come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CoordStatus {
    Osm,
    Survey,
    VillageProxy,
    Village,
    Derived,
    None,
}

pub(super) struct Crossings {
    pub(super) file: String,
    pub(super) by_id: BTreeMap<String, Crossing>,
}

pub(super) fn read(file: &str, text: &str, faults: &mut Faults) -> Option<Crossings> {
    let mut by_id = BTreeMap::new();
    for (index, feature) in features(file, text, faults)?.into_iter().enumerate() {
        let span = span_within(text, feature.get());
        let Some(crossing) = parse(file, feature.get(), index, span, faults) else { continue };
        let (id, span) = (crossing.about.id.clone(), crossing.span.clone());
        if by_id.insert(id.clone(), crossing).is_some() {
            let problem = Problem::Duplicate { kind: Kind::Crossing, id };
            faults.report_at(file, Some(span), format!("features[{index}].properties.id"), problem);
        }
    }
    Some(Crossings { file: file.to_owned(), by_id })
}

/// The features of a collection, as text, so that each keeps its place in the file.
pub(super) fn features<'a>(file: &str, text: &'a str, faults: &mut Faults) -> Option<Vec<&'a RawValue>> {
    match serde_json::from_str::<Collection<'a>>(text) {
        Ok(collection) => Some(collection.features),
        Err(error) => {
            let start = offset_of(text, error.line(), error.column());
            let problem = Problem::Json { message: error.to_string() };
            faults.report_at(file, Some(start..start), "features".into(), problem);
            None
        }
    }
}

/// Bytes of a part of a text.
pub(super) fn span_within(text: &str, part: &str) -> Range<usize> {
    let start = (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
    start..start.saturating_add(part.len()).min(text.len())
}

fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    before.saturating_add(column.saturating_sub(1)).min(text.len())
}

fn parse(file: &str, text: &str, index: usize, span: Range<usize>, faults: &mut Faults) -> Option<Crossing> {
    let field = format!("features[{index}]");
    let feature: Feature = match serde_json::from_str(text) {
        Ok(feature) => feature,
        Err(error) => {
            faults.report_at(file, Some(span), field, Problem::Json { message: error.to_string() });
            return None;
        }
    };
    let at = feature.geometry.map(|point| LonLat { lon: point.coordinates[0], lat: point.coordinates[1] });
    let Some(status) = coord_status(&feature.properties.coord_status) else {
        let problem = Problem::UnknownCoordStatus { status: feature.properties.coord_status };
        faults.report_at(file, Some(span), format!("{field}.properties.coord_status"), problem);
        return None;
    };
    if let Some(problem) = at.and_then(|at| super::posts::not_on_earth(at.lon, at.lat)) {
        faults.report_at(file, Some(span), format!("{field}.geometry.coordinates"), problem);
        return None;
    }
    Some(Crossing { at, about: feature.properties, status, span, index })
}

fn coord_status(text: &str) -> Option<CoordStatus> {
    Some(match text {
        "osm" => CoordStatus::Osm,
        "survey" => CoordStatus::Survey,
        "village proxy" => CoordStatus::VillageProxy,
        "village" => CoordStatus::Village,
        "derived" => CoordStatus::Derived,
        "none" => CoordStatus::None,
        _ => return None,
    })
}
