//! The shipped campaign, the errors of broken ones, and laws of the calendar.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop here")]

mod faults;
mod laws;
mod shipped;

use std::sync::LazyLock;

use sekong_model::{Campaign, SourceBundle, referenced_files};

const TOML: &str = include_str!("../../../../campaigns/northeast-2017/campaign.toml");
const ROADS: &str = include_str!("../../../../campaigns/northeast-2017/geo/roads.geojson");
const CROSSINGS: &str = include_str!("../../../../campaigns/northeast-2017/geo/crossings.geojson");

fn bundle() -> SourceBundle {
    let mut bundle = SourceBundle::new(TOML);
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../campaigns/northeast-2017");
    for name in referenced_files(TOML).unwrap() {
        let text = std::fs::read_to_string(folder.join(&name)).unwrap();
        bundle.files.insert(name, text);
    }
    bundle
}

static SHIPPED: LazyLock<Campaign> =
    LazyLock::new(|| Campaign::parse(&bundle()).unwrap_or_else(|e| panic!("{e}")));
