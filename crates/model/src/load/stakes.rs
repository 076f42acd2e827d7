//! Values per post and hour band.

use std::collections::{BTreeMap, BTreeSet};

use super::{check, rule_check};
use crate::faults::{Faults, Kind, Problem};
use crate::raw::{RawCampaign, RawValue};
use crate::{Hour, PostId, ValueBand};

pub(super) fn bands(raw: &RawCampaign, faults: &mut Faults) -> BTreeMap<PostId, Vec<ValueBand>> {
    let posts: BTreeSet<&str> = raw.post.iter().map(|p| p.id.as_str()).collect();
    let mut bands: BTreeMap<PostId, Vec<ValueBand>> = BTreeMap::new();
    let mut whole = true;
    for (i, value) in raw.value.iter().enumerate() {
        let field = format!("value[{i}]");
        check::at_least(Kind::Post, value.posts.len(), 1, &format!("{field}.posts"), faults);
        let band = band(value, &field, faults);
        whole &= band.is_some();
        for (j, id) in value.posts.iter().enumerate() {
            let known = check::known(Kind::Post, id, &posts, format!("{field}.posts[{j}]"), faults);
            let post = known.then(|| id.parse().ok()).flatten();
            if let (Some(post), Some(band)) = (post, &band) {
                bands.entry(post).or_default().push(band.clone());
            }
        }
    }
    // A band that is wrong in itself leaves a gap that is not one of its own.
    if whole {
        check_coverage(raw, &bands, faults);
    }
    bands
}

fn band(raw: &RawValue, field: &str, faults: &mut Faults) -> Option<ValueBand> {
    let hours = rule_check::hours(raw.hours, &format!("{field}.hours"), faults);
    let value = check::amount(raw.value, &format!("{field}.value"), faults);
    let capture = check::amount(raw.capture, &format!("{field}.capture"), faults);
    check::text(&raw.source, format!("{field}.source"), faults);
    let (from, to) = hours?;
    Some(ValueBand { from, to, value: value?, capture: capture?, source: raw.source.clone() })
}

fn check_coverage(raw: &RawCampaign, bands: &BTreeMap<PostId, Vec<ValueBand>>, faults: &mut Faults) {
    for (i, post) in raw.post.iter().enumerate() {
        let own = post.id.parse().ok().and_then(|id: PostId| bands.get(&id)).map_or(&[][..], Vec::as_slice);
        let times = |hour: Hour| own.iter().filter(|band| band.holds(hour)).count();
        if let Some(hour) = Hour::all().find(|hour| times(*hour) != 1) {
            let problem =
                Problem::HourCoverage { post: post.id.clone(), hour: hour.get(), times: times(hour) };
            faults.report(coverage_field(raw, i, hour), problem);
        }
    }
}

/// The last `[[value]]` that counts an hour of a post a second time, or the post whose hour is missing.
fn coverage_field(raw: &RawCampaign, post: usize, hour: Hour) -> String {
    let id = raw.post.get(post).map(|p| p.id.as_str()).unwrap_or_default();
    let holds = |v: &RawValue| {
        v.posts.iter().any(|p| p == id) && crate::rules::hours_hold(v.hours[0], v.hours[1], hour)
    };
    match raw.value.iter().rposition(holds) {
        Some(index) => format!("value[{index}].hours"),
        None => format!("post[{post}].id"),
    }
}
