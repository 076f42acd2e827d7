//! Provinces, posts and where the knowledge of them comes from.

use crate::{Agency, PostId, ProvinceId};

/// A province with the names it is shown under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Province {
    /// Slug, e.g. `stung-treng`.
    pub id: ProvinceId,
    /// English name.
    pub name_en: String,
    /// Khmer name.
    pub name_km: Option<String>,
    /// Lao name.
    pub name_lo: Option<String>,
}

/// Degrees, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LonLat {
    /// East.
    pub lon: f64,
    /// North.
    pub lat: f64,
}

/// Where a post's existence and place are known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provenance {
    /// A documented crossing with a measured place.
    Documented,
    /// A documented crossing, drawn at the village it is named after.
    VillageProxy,
    /// A village near the line that stands in for a post the user knows.
    StandIn,
    /// Computed, e.g. where a river meets the line.
    Derived,
    /// A documented crossing without coordinates, placed by hand from what its source says: drawn hollow.
    Placed,
}

impl std::fmt::Display for Provenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Provenance::Documented => "documented",
            Provenance::VillageProxy => "village proxy",
            Provenance::StandIn => "stand-in",
            Provenance::Derived => "derived",
            Provenance::Placed => "placed",
        })
    }
}

/// How the way to a post is in the wet season.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WetTravel {
    /// As in the dry season.
    Open,
    /// Slower by the campaign's factor.
    Slow,
    /// Out of reach.
    Closed,
}

/// A place that can be inspected.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Its name in campaign and crossings.
    pub id: PostId,
    /// Where it lies.
    pub province: ProvinceId,
    /// English name.
    pub name_en: String,
    /// Khmer name.
    pub name_km: Option<String>,
    /// What it is, e.g. `international road checkpoint`.
    pub kind: String,
    /// What is known of its state.
    pub status: String,
    /// Where it is drawn.
    pub at: LonLat,
    /// Why it is drawn there, for a post placed by hand.
    pub placed_why: Option<String>,
    /// What documents it.
    pub documented_by: Vec<String>,
    /// Where its coordinates come from.
    pub coord_source: String,
    /// Licence of its coordinates.
    pub licence: Option<String>,
    /// Junction of the road network it lies at; without one it is joined by stated legs alone.
    pub graph_node: Option<String>,
    /// Fewest officers that may hold it.
    pub min_crew: u32,
    /// Whether a shift that touches the night may hold it.
    pub night_ok: bool,
    /// The way to it in the wet season.
    pub wet_season_travel: WetTravel,
    /// Whether the way to it is cleared (of mines, by the landowner, by the neighbour) for teams to use.
    pub cleared_access: bool,
    /// Whether it is reached by boat only.
    pub boat: bool,
    /// Agencies that have jurisdiction there.
    pub agencies: Vec<Agency>,
    pub(crate) provenance: Provenance,
}

/// A kind of geography that a map can draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Areas.
    Provinces,
    /// The line that is guarded.
    Border,
    /// Rivers.
    Rivers,
    /// Roads.
    Roads,
    /// Settlements.
    Places,
}

const LAYERS: [(Layer, &str); 5] = [
    (Layer::Provinces, "provinces"),
    (Layer::Border, "border"),
    (Layer::Rivers, "rivers"),
    (Layer::Roads, "roads"),
    (Layer::Places, "places"),
];

impl Layer {
    pub(crate) fn named(name: &str) -> Option<Layer> {
        LAYERS.iter().find(|(_, known)| *known == name).map(|(layer, _)| *layer)
    }
}

impl std::fmt::Display for Layer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(LAYERS.iter().find(|(layer, _)| layer == self).map_or("", |(_, name)| name))
    }
}

/// A file of the campaign that its map draws.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapLayer {
    /// What it holds.
    pub layer: Layer,
    /// Its name among the campaign's files.
    pub file: String,
    /// The line that must be shown with it.
    pub credit: String,
}

impl Post {
    /// Where the knowledge of it comes from; shown wherever it appears.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// Whether it is drawn hollow, for its place is not known.
    pub fn is_hollow(&self) -> bool {
        self.provenance == Provenance::Placed
    }
}
