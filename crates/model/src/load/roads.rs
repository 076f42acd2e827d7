//! The roads file: junctions and minutes, as GeoJSON.

use serde::Deserialize;

use super::check::NUMBER_MAX;
use super::crossings::{features, span_within};
use crate::faults::{Faults, Problem};
use crate::travel::{Network, Way};

#[derive(Deserialize)]
struct Feature {
    properties: Road,
}

/// What the campaign takes from a road; further properties are for the map.
#[derive(Deserialize)]
struct Road {
    frm: String,
    to: String,
    minutes: f64,
    #[serde(default)]
    wet_season_closed: bool,
}

pub(super) fn read(file: &str, text: &str, faults: &mut Faults) -> Option<Network> {
    let mut network = Network::default();
    for (index, feature) in features(file, text, faults)?.into_iter().enumerate() {
        match road(feature.get()) {
            Ok(road) => {
                let way = Way { minutes: road.minutes, water: false, wet_closed: road.wet_season_closed };
                network.join(&road.frm, &road.to, way);
            }
            Err((part, problem)) => {
                let span = span_within(text, feature.get());
                faults.report_at(file, Some(span), format!("features[{index}]{part}"), problem);
            }
        }
    }
    Some(network)
}

fn road(text: &str) -> Result<Road, (&'static str, Problem)> {
    let feature: Feature =
        serde_json::from_str(text).map_err(|e| ("", Problem::Json { message: e.to_string() }))?;
    let road = feature.properties;
    if !(0.0..=NUMBER_MAX).contains(&road.minutes) {
        let problem =
            Problem::OutOfRange { value: road.minutes, low: 0.0, high: NUMBER_MAX, unit: "minutes" };
        return Err((".properties.minutes", problem));
    }
    Ok(road)
}
