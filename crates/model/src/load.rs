//! From text to campaign: first each field by itself, then, if all are sound, what follows from them together.

mod chance;
mod check;
mod crossings;
mod dates;
mod deal;
mod layers;
mod people;
mod posts;
mod roads;
mod rule_check;
mod stakes;
mod units;
mod warn;

use std::collections::BTreeMap;

use crate::faults::{Faults, Problem};
use crate::raw::RawCampaign;
use crate::source::{CAMPAIGN_FILE, SourceBundle, parse_toml, size_is_sane};
use crate::travel::Travel;
use crate::{Campaign, CampaignErrors};

/// Reads a campaign; see [`Campaign::parse`].
pub(crate) fn campaign(bundle: &SourceBundle) -> Result<Campaign, CampaignErrors> {
    let mut faults = Faults::default();
    let toml = bundle.text(CAMPAIGN_FILE).unwrap_or_default();
    if bundle.text(CAMPAIGN_FILE).is_none() {
        faults.report("", Problem::FileMissing { name: CAMPAIGN_FILE.to_owned() });
    }
    let read = parse_toml(toml, &mut faults).and_then(|raw| {
        let campaign = fields(&raw, bundle, &mut faults)?;
        if !faults.is_empty() {
            return None;
        }
        Some(together(campaign, &raw, &mut faults))
    });
    faults.into_result(toml, read)
}

/// Text of a file that `campaign.toml` names, if it is there and of sane size.
fn file<'a>(bundle: &'a SourceBundle, name: &str, field: &str, faults: &mut Faults) -> Option<&'a str> {
    let Some(text) = bundle.text(name) else {
        faults.report(field, Problem::FileMissing { name: name.to_owned() });
        return None;
    };
    size_is_sane(name, text, faults).then_some(text)
}

fn fields(raw: &RawCampaign, bundle: &SourceBundle, faults: &mut Faults) -> Option<Campaign> {
    let head = dates::head(&raw.campaign, faults);
    let rules = rule_check::rules(&raw.rules, faults);
    let shifts = people::shifts(&raw.shift, faults);
    let classes = people::classes(&raw.class, faults);
    let (custodians, custodian_titles) = people::custodians(&raw.custodian, faults);
    let officers = people::officers(&raw.officer, faults);
    let declarers = people::declarers(&raw.declarer, faults);
    let anchors = people::anchors(&raw.anchor, faults);
    let provinces = posts::provinces(&raw.province, faults);
    let points = file(bundle, &raw.files.crossings, "files.crossings", faults)
        .and_then(|text| crossings::read(&raw.files.crossings, text, faults));
    let network = file(bundle, &raw.files.roads, "files.roads", faults)
        .and_then(|text| roads::read(&raw.files.roads, text, faults));
    let posts = posts::posts(raw, points.as_ref(), network.as_ref(), faults);
    let network = posts::join_legs(network, raw, &posts, faults);
    let map_layers = layers::layers(raw, bundle, faults);
    let bands = stakes::bands(raw, faults);
    let (pools, teams) = people::pools(raw, network.as_ref(), faults);
    units::check_names(raw, faults);
    let (head, rules) = (head?, rules?);
    let phases = dates::phases(&raw.phase, &head, faults);
    dates::check_season(rules.wet_season.as_ref(), &head, faults);
    let slow_factor = rules.wet_season.map_or(1.0, |wet| wet.slow_factor);
    let network = network?;
    let travel = Travel::measure(&network, &posts, &pools, slow_factor);
    let campaign = Campaign {
        id: head.id,
        title: head.title,
        time_zone: head.time_zone,
        offset: head.offset,
        first_day: head.first_day,
        day_count: head.day_count,
        phases,
        rules,
        provinces,
        posts,
        map_layers,
        shifts,
        classes,
        pools,
        teams,
        custodians,
        custodian_titles,
        officers,
        declarers,
        anchors,
        bands,
        shares: BTreeMap::new(),
        travel,
        units: BTreeMap::new(),
        warnings: Vec::new(),
    };
    Some(campaign)
}

fn together(mut campaign: Campaign, raw: &RawCampaign, faults: &mut Faults) -> Campaign {
    campaign.units = units::layout(&campaign, raw, faults);
    units::check_provinces(&campaign, faults);
    campaign.shares = deal::shares(&campaign, faults);
    if faults.is_empty() {
        campaign.warnings = warn::warnings(&campaign, raw.leg.len());
    }
    campaign
}
