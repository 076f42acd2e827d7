//! The map: the campaign's own geography as one GeoJSON collection, each feature with the layer it belongs to.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sekong_log::body_hash;
use sekong_model::{Campaign, MapLayer, Post, SourceBundle};
use serde_json::{Value, json};

use super::problem::Problem;
use crate::bodies;
use crate::centre::bundle_of;
use crate::service::Service;

/// The map. Each feature's `layer` is `posts` or a layer of the campaign; `attribution` must be shown with it.
#[utoipa::path(get, path = "/api/map", operation_id = "show_map", tag = "centre", responses(
    (status = 200, body = Object, content_type = "application/geo+json"),
    (status = 304, description = "as the caller's `If-None-Match` knows it"),
))]
pub(crate) async fn show(State(service): State<Service>, headers: HeaderMap) -> Result<Response, Problem> {
    let map = service.map().get_or_try_init(|| make(&service)).await?;
    let answer = [
        (header::CONTENT_TYPE, "application/geo+json"),
        (header::CACHE_CONTROL, "max-age=3600"),
        (header::ETAG, map.tag.as_str()),
    ];
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|tag| tag.as_bytes() == map.tag.as_bytes());
    if known {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    Ok((answer, map.bytes.clone()).into_response())
}

/// The map as it is answered.
pub(crate) struct CampaignMap {
    bytes: Bytes,
    tag: String,
}

async fn make(service: &Service) -> Result<CampaignMap, Problem> {
    let files = campaign_files(service).await?;
    let campaign = service.desk().await.state().campaign().clone();
    let text = collection(&campaign, &files).to_string();
    let tag = format!("\"{}\"", body_hash(text.as_bytes()));
    Ok(CampaignMap { bytes: text.into(), tag })
}

async fn campaign_files(service: &Service) -> Result<SourceBundle, Problem> {
    let missing = || Problem::internal("the campaign's files are not in the store");
    let opening = service.shelf().leaves(0, 1).await?.pop().ok_or_else(missing)?;
    let body = service.shelf().body(bundle_of(&opening.leaf)?).await?.ok_or_else(missing)?;
    bodies::read(&body.bytes).ok_or_else(missing)
}

fn collection(campaign: &Campaign, files: &SourceBundle) -> Value {
    let layers = campaign.map_layers().iter();
    let mut features: Vec<Value> = layers
        .clone()
        .flat_map(|layer| features_of(layer, files.text(&layer.file).unwrap_or_default()))
        .collect();
    features.extend(campaign.posts().iter().map(post));
    let mut credits: Vec<&str> = Vec::new();
    for layer in layers {
        if !credits.contains(&layer.credit.as_str()) {
            credits.push(&layer.credit);
        }
    }
    json!({ "type": "FeatureCollection", "attribution": credits, "features": features })
}

/// The loader has read the file, so what cannot be read here is nothing.
fn features_of(layer: &MapLayer, text: &str) -> Vec<Value> {
    let mut read: Value = serde_json::from_str(text).unwrap_or_default();
    let features = read.get_mut("features").and_then(Value::as_array_mut).map(std::mem::take);
    let mut features = features.unwrap_or_default();
    for feature in &mut features {
        if let Some(properties) = feature.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("layer".to_owned(), layer.layer.to_string().into());
        }
    }
    features
}

fn post(post: &Post) -> Value {
    json!({
        "type": "Feature",
        "geometry": { "type": "Point", "coordinates": [post.at.lon, post.at.lat] },
        "properties": {
            "layer": "posts",
            "id": post.id,
            "province": post.province,
            "name_en": post.name_en,
            "name_km": post.name_km,
            "kind": post.kind,
            "provenance": post.provenance().to_string(),
            "hollow": post.is_hollow(),
        },
    })
}
