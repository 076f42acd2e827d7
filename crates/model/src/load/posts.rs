//! Provinces, posts and the legs that join them.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{self, NUMBER_MAX};
use super::crossings::{CoordStatus, Crossing, Crossings};
use super::people::agency;
use crate::faults::{Faults, Kind, Problem};
use crate::raw::{RawCampaign, RawLeg, RawMode, RawPost, RawProvince, RawWetTravel};
use crate::travel::{Network, Way, junction};
use crate::{Agency, LonLat, Post, Provenance, Province, WetTravel};

pub(super) fn provinces(raw: &[RawProvince], faults: &mut Faults) -> Vec<Province> {
    check::at_least(Kind::Province, raw.len(), 1, "province", faults);
    check::unique(Kind::Province, named(raw.iter().map(|p| &p.id), "province"), faults);
    raw.iter().enumerate().filter_map(|(i, p)| province(p, i, faults)).collect()
}

/// Names with the paths of their fields.
pub(super) fn named<'a>(
    ids: impl Iterator<Item = &'a String>,
    table: &str,
) -> impl Iterator<Item = (&'a str, String)> {
    ids.enumerate().map(move |(i, id)| (id.as_str(), format!("{table}[{i}].id")))
}

fn province(raw: &RawProvince, index: usize, faults: &mut Faults) -> Option<Province> {
    let field = format!("province[{index}]");
    let names = [
        ("name_en", Some(&raw.name_en)),
        ("name_km", raw.name_km.as_ref()),
        ("name_lo", raw.name_lo.as_ref()),
    ];
    for (part, name) in names {
        if let Some(name) = name {
            check::text(name, format!("{field}.{part}"), faults);
        }
    }
    Some(Province {
        id: check::id(&raw.id, format!("{field}.id"), faults)?,
        name_en: raw.name_en.clone(),
        name_km: raw.name_km.clone(),
        name_lo: raw.name_lo.clone(),
    })
}

pub(super) fn posts(
    raw: &RawCampaign,
    crossings: Option<&Crossings>,
    network: Option<&Network>,
    faults: &mut Faults,
) -> Vec<Post> {
    check::at_least(Kind::Post, raw.post.len(), 1, "post", faults);
    check::unique(Kind::Post, named(raw.post.iter().map(|p| &p.id), "post"), faults);
    let provinces: BTreeSet<&str> = raw.province.iter().map(|p| p.id.as_str()).collect();
    let Some(crossings) = crossings else { return Vec::new() };
    let points: BTreeSet<&str> = crossings.by_id.keys().map(String::as_str).collect();
    let mut posts = Vec::new();
    for (i, raw) in raw.post.iter().enumerate() {
        check::known(Kind::Province, &raw.province, &provinces, format!("post[{i}].province"), faults);
        if check::known(Kind::Crossing, &raw.id, &points, format!("post[{i}].id"), faults) {
            posts.extend(crossings.by_id.get(&raw.id).and_then(|crossing| {
                check_node(crossing, &crossings.file, network, faults);
                post(raw, crossing, i, faults)
            }));
        }
    }
    posts
}

fn check_node(crossing: &Crossing, file: &str, network: Option<&Network>, faults: &mut Faults) {
    let (Some(node), Some(network)) = (&crossing.about.graph_node, network) else { return };
    if !network.names().any(|name| name == node) {
        let problem = Problem::Unknown { kind: Kind::Node, id: node.clone(), near: None };
        let field = format!("features[{}].properties.graph_node", crossing.index);
        faults.report_at(file, Some(crossing.span.clone()), field, problem);
    }
}

fn post(raw: &RawPost, crossing: &Crossing, index: usize, faults: &mut Faults) -> Option<Post> {
    let field = format!("post[{index}]");
    let id = check::id(&raw.id, format!("{field}.id"), faults);
    let province = check::id(&raw.province, format!("{field}.province"), faults);
    let crew = f64::from(raw.min_crew);
    check::number(crew, 1.0, 100.0, "officers", format!("{field}.min_crew"), faults);
    let (at, provenance) = place(raw, crossing, &field, faults)?;
    let about = &crossing.about;
    Some(Post {
        id: id?,
        province: province?,
        name_en: about.name_en.clone(),
        name_km: about.name_km.clone(),
        kind: about.kind.clone(),
        status: about.status.clone(),
        at,
        placed_why: raw.placed.as_ref().map(|placed| placed.why.clone()),
        documented_by: about.documented_by.clone(),
        coord_source: about.coord_source.clone(),
        licence: about.licence.clone(),
        graph_node: about.graph_node.clone(),
        min_crew: raw.min_crew,
        night_ok: raw.night_ok,
        wet_season_travel: wet_travel(raw.wet_season_travel),
        cleared_access: raw.cleared_access,
        boat: raw.boat,
        agencies: agencies(raw, &field, faults),
        provenance,
    })
}

/// Every agency has jurisdiction at a post that names none.
fn agencies(raw: &RawPost, field: &str, faults: &mut Faults) -> Vec<Agency> {
    let Some(named) = &raw.agencies else { return Agency::ALL.to_vec() };
    check::at_least(Kind::Agency, named.len(), 1, &format!("{field}.agencies"), faults);
    for (i, agency) in named.iter().enumerate().filter(|(i, agency)| named[..*i].contains(agency)) {
        let problem = Problem::Duplicate { kind: Kind::Agency, id: self::agency(*agency).to_string() };
        faults.report(format!("{field}.agencies[{i}]"), problem);
    }
    named.iter().map(|named| agency(*named)).collect()
}

fn wet_travel(raw: RawWetTravel) -> WetTravel {
    match raw {
        RawWetTravel::Open => WetTravel::Open,
        RawWetTravel::Slow => WetTravel::Slow,
        RawWetTravel::Closed => WetTravel::Closed,
    }
}

/// Where a post is drawn: its crossing's place, or the place the campaign states for a crossing without one.
fn place(
    raw: &RawPost,
    crossing: &Crossing,
    field: &str,
    faults: &mut Faults,
) -> Option<(LonLat, Provenance)> {
    let id = raw.id.clone();
    match (crossing.at, &raw.placed) {
        (Some(at), None) => Some((at, provenance(crossing.status))),
        (Some(_), Some(_)) => {
            faults.report(format!("{field}.placed"), Problem::PlacedTwice { id });
            None
        }
        (None, None) => {
            faults.report(format!("{field}.placed"), Problem::NotPlaced { id });
            None
        }
        (None, Some(placed)) => {
            check::text(&placed.why, format!("{field}.placed.why"), faults);
            let problem = not_on_earth(placed.lon, placed.lat);
            if let Some(problem) = problem {
                faults.report(format!("{field}.placed"), problem);
                return None;
            }
            Some((LonLat { lon: placed.lon, lat: placed.lat }, Provenance::Placed))
        }
    }
}

fn provenance(status: CoordStatus) -> Provenance {
    match status {
        CoordStatus::Osm | CoordStatus::Survey => Provenance::Documented,
        CoordStatus::VillageProxy => Provenance::VillageProxy,
        CoordStatus::Village => Provenance::StandIn,
        CoordStatus::Derived => Provenance::Derived,
        CoordStatus::None => Provenance::Placed,
    }
}

/// What is wrong with degrees that lie on no map.
pub(super) fn not_on_earth(lon: f64, lat: f64) -> Option<Problem> {
    let wrong = |value: f64, limit: f64, unit| {
        let on_map = (-limit..=limit).contains(&value);
        (!on_map).then_some(Problem::OutOfRange { value, low: -limit, high: limit, unit })
    };
    wrong(lon, 180.0, "degrees east").or_else(|| wrong(lat, 90.0, "degrees north"))
}

/// The roads with the campaign's legs; a leg's ends are posts or junctions.
pub(super) fn join_legs(
    network: Option<Network>,
    raw: &RawCampaign,
    posts: &[Post],
    faults: &mut Faults,
) -> Option<Network> {
    let mut network = network?;
    let mut ends: BTreeMap<String, String> = network.names().map(|n| (n.to_owned(), n.to_owned())).collect();
    // A post that is wrong in itself has been reported; it still is a place that a leg may name.
    ends.extend(raw.post.iter().map(|p| (p.id.clone(), p.id.clone())));
    ends.extend(posts.iter().map(|p| (p.id.to_string(), junction(p).to_owned())));
    let names: BTreeSet<&str> = ends.keys().map(String::as_str).collect();
    for (i, leg) in raw.leg.iter().enumerate() {
        if let Some((from, to)) = leg_ends(leg, i, &ends, &names, faults) {
            let way = Way {
                minutes: leg.minutes,
                water: leg.mode == RawMode::Water,
                wet_closed: leg.wet_season_closed,
            };
            network.join(from, to, way);
        }
    }
    Some(network)
}

fn leg_ends<'a>(
    leg: &RawLeg,
    index: usize,
    ends: &'a BTreeMap<String, String>,
    names: &BTreeSet<&str>,
    faults: &mut Faults,
) -> Option<(&'a str, &'a str)> {
    let field = format!("leg[{index}]");
    check::text(&leg.source, format!("{field}.source"), faults);
    let sane = check::number(leg.minutes, 0.0, NUMBER_MAX, "minutes", format!("{field}.minutes"), faults);
    for (end, part) in [(&leg.from, "from"), (&leg.to, "to")] {
        check::known(Kind::Node, end, names, format!("{field}.{part}"), faults);
    }
    let (from, to) = (ends.get(&leg.from)?, ends.get(&leg.to)?);
    if from == to {
        faults.report(format!("{field}.to"), Problem::LegToItself { id: leg.to.clone() });
        return None;
    }
    sane.then_some((from.as_str(), to.as_str()))
}
