//! What a careful reader should know.

use std::collections::BTreeMap;

use crate::{Campaign, Hour, PostId, Provenance, Season, UncoveredReason, Warning};

pub(super) fn warnings(campaign: &Campaign, legs: usize) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if campaign.officers.is_empty() {
        warnings.push(Warning::NoOfficers);
    }
    warnings.extend(hollow(campaign));
    let stand_ins: Vec<PostId> =
        campaign.posts.iter().filter(|p| p.provenance == Provenance::StandIn).map(|p| p.id.clone()).collect();
    if !stand_ins.is_empty() {
        warnings.push(Warning::StandIns { posts: stand_ins });
    }
    if legs > 0 {
        warnings.push(Warning::StatedLegs { legs });
    }
    let wet = campaign.rules.wet_season.map(|_| Season::Wet);
    for season in [Some(Season::Dry), wet].into_iter().flatten() {
        warnings.extend(uncovered(campaign, season));
        warnings.extend(crowded(campaign, season));
        warnings.extend(without_lottery(campaign, season));
    }
    warnings
}

fn hollow(campaign: &Campaign) -> Vec<Warning> {
    let placed = campaign.posts.iter().filter(|p| p.is_hollow());
    let why = |p: &crate::Post| p.placed_why.clone().unwrap_or_default();
    placed.map(|p| Warning::Hollow { post: p.id.clone(), why: why(p) }).collect()
}

fn uncovered(campaign: &Campaign, season: Season) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for province in &campaign.provinces {
        let mut open: BTreeMap<(PostId, UncoveredReason), Vec<Hour>> = BTreeMap::new();
        for (id, hour) in campaign.uncovered_in(&province.id, season) {
            let reason = campaign.post(&id).map(|post| campaign.reason(post, season, hour));
            open.entry((id, reason.unwrap_or(UncoveredReason::NoneArrives))).or_default().push(hour);
        }
        let warning = |((post, reason), hours)| Warning::Uncovered { season, post, hours, reason };
        warnings.extend(open.into_iter().map(warning));
    }
    warnings
}

fn crowded(campaign: &Campaign, season: Season) -> Vec<Warning> {
    let hours = |province: &crate::Province| campaign.crowded_hours(&province.id, season);
    let full =
        campaign.provinces.iter().map(|p| (p.id.clone(), hours(p))).filter(|(_, hours)| !hours.is_empty());
    full.map(|(province, hours)| Warning::Crowded { season, province, hours }).collect()
}

fn without_lottery(campaign: &Campaign, season: Season) -> Vec<Warning> {
    let units = campaign.provinces.iter().flat_map(|p| campaign.units_in(&p.id, season));
    let lone = units.filter_map(|unit| match unit.reach.as_slice() {
        [post] => Some(Warning::NoLottery { season, unit: unit.id.clone(), post: post.clone() }),
        _ => None,
    });
    lone.collect()
}
