//! The map's layers: geography that is drawn and decides nothing.

use serde::Deserialize;

use super::check::text;
use super::crossings::{features, span_within};
use super::file;
use super::posts::not_on_earth;
use crate::faults::{Faults, Problem};
use crate::raw::{RawCampaign, RawMap};
use crate::{Layer, MapLayer, SourceBundle};

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Point(Position),
    LineString(Vec<Position>),
    MultiLineString(Vec<Vec<Position>>),
    Polygon(Vec<Vec<Position>>),
    MultiPolygon(Vec<Vec<Vec<Position>>>),
}

/// East and north; a height may follow.
type Position = Vec<f64>;

impl Geometry {
    fn positions(&self) -> Vec<&Position> {
        match self {
            Geometry::Point(at) => vec![at],
            Geometry::LineString(line) => line.iter().collect(),
            Geometry::MultiLineString(lines) | Geometry::Polygon(lines) => lines.iter().flatten().collect(),
            Geometry::MultiPolygon(polygons) => polygons.iter().flatten().flatten().collect(),
        }
    }
}

pub(super) fn layers(raw: &RawCampaign, bundle: &SourceBundle, faults: &mut Faults) -> Vec<MapLayer> {
    let layers = raw.map.iter().enumerate();
    let others = [&raw.files.roads, &raw.files.crossings];
    let layers = layers.filter_map(|(index, raw)| {
        // What the plan is made of was read already, and its faults were reported.
        if !others.contains(&&raw.file) {
            check(&raw.file, &format!("map[{index}].file"), bundle, faults);
        }
        layer(raw, &format!("map[{index}]"), faults)
    });
    layers.collect()
}

fn layer(raw: &RawMap, field: &str, faults: &mut Faults) -> Option<MapLayer> {
    text(&raw.credit, format!("{field}.credit"), faults);
    let layer = Layer::named(&raw.layer);
    if layer.is_none() {
        faults.report(format!("{field}.layer"), Problem::UnknownLayer { layer: raw.layer.clone() });
    }
    Some(MapLayer { layer: layer?, file: raw.file.clone(), credit: raw.credit.clone() })
}

fn check(name: &str, field: &str, bundle: &SourceBundle, faults: &mut Faults) {
    let Some(geography) = file(bundle, name, field, faults) else { return };
    for (index, feature) in features(name, geography, faults).into_iter().flatten().enumerate() {
        if let Some((part, problem)) = misdrawn(feature.get()) {
            let span = span_within(geography, feature.get());
            faults.report_at(name, Some(span), format!("features[{index}]{part}"), problem);
        }
    }
}

fn misdrawn(feature: &str) -> Option<(&'static str, Problem)> {
    let read: Feature = match serde_json::from_str(feature) {
        Ok(read) => read,
        Err(error) => return Some((".geometry", Problem::Json { message: error.to_string() })),
    };
    let wrong = read.geometry.positions().into_iter().find_map(|position| match position[..] {
        [lon, lat] | [lon, lat, _] => not_on_earth(lon, lat),
        _ => Some(Problem::Json { message: "a position has two or three numbers".to_owned() }),
    });
    wrong.map(|problem| (".geometry.coordinates", problem))
}
