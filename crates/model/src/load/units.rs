//! The units of each province, shift and season, laid out from the campaign's `[[unit]]` tables.

use std::collections::{BTreeMap, BTreeSet};

use super::check;
use crate::coverage::{Drives, positions};
use crate::faults::{Faults, Kind, Problem};
use crate::raw::{RawCampaign, RawKind, RawUnit};
use crate::{Campaign, Hour, Pool, Post, PostId, Province, ProvinceId, Season, Shift, Unit, UnitKind};

/// Most units of one `[[unit]]` table in a shift.
const COUNT_MAX: f64 = 99.0;

/// Checks the names that units are described with.
pub(super) fn check_names(raw: &RawCampaign, faults: &mut Faults) {
    let pools: BTreeSet<&str> = raw.pool.iter().map(|p| p.id.as_str()).collect();
    let shifts: BTreeSet<&str> = raw.shift.iter().map(|s| s.id.as_str()).collect();
    let posts: BTreeMap<&str, &str> = raw.post.iter().map(|p| (p.id.as_str(), p.province.as_str())).collect();
    for (i, unit) in raw.unit.iter().enumerate() {
        let field = format!("unit[{i}]");
        check::known(Kind::Pool, &unit.pool, &pools, format!("{field}.pool"), faults);
        check::number(f64::from(unit.count), 1.0, COUNT_MAX, "units", format!("{field}.count"), faults);
        if let Some(named) = &unit.shifts {
            check::at_least(Kind::Shift, named.len(), 1, &format!("{field}.shifts"), faults);
            let ids = named.iter().enumerate().map(|(j, s)| (s.as_str(), format!("{field}.shifts[{j}]")));
            check::unique(Kind::Shift, ids, faults);
            for (j, shift) in named.iter().enumerate() {
                check::known(Kind::Shift, shift, &shifts, format!("{field}.shifts[{j}]"), faults);
            }
        }
        let province = raw.pool.iter().find(|p| p.id == unit.pool).map(|p| p.province.as_str());
        check_posts(unit, &field, &posts, province, faults);
    }
}

fn check_posts(
    unit: &RawUnit,
    field: &str,
    posts: &BTreeMap<&str, &str>,
    province: Option<&str>,
    faults: &mut Faults,
) {
    let Some(named) = &unit.posts else { return };
    check::at_least(Kind::Post, named.len(), 1, &format!("{field}.posts"), faults);
    let names: BTreeSet<&str> = posts.keys().copied().collect();
    for (j, id) in named.iter().enumerate() {
        let path = format!("{field}.posts[{j}]");
        let known = check::known(Kind::Post, id, &names, path.clone(), faults);
        let elsewhere = province.filter(|p| known && posts.get(id.as_str()) != Some(p));
        if let Some(province) = elsewhere {
            faults.report(path, Problem::PostElsewhere { post: id.clone(), province: province.to_owned() });
        }
    }
}

pub(super) fn layout(
    campaign: &Campaign,
    raw: &RawCampaign,
    faults: &mut Faults,
) -> BTreeMap<(ProvinceId, Season), Vec<Unit>> {
    let seasons: &[Season] = match campaign.rules.wet_season {
        Some(_) => &[Season::Dry, Season::Wet],
        None => &[Season::Dry],
    };
    let mut units = BTreeMap::new();
    for province in &campaign.provinces {
        for season in seasons {
            let layout = Layout {
                campaign,
                province,
                season: *season,
                drives: campaign.drives(&province.id, *season),
            };
            units.insert((province.id.clone(), *season), layout.units(raw, faults));
        }
    }
    units
}

struct Layout<'a> {
    campaign: &'a Campaign,
    province: &'a Province,
    season: Season,
    drives: Drives,
}

impl Layout<'_> {
    fn units(&self, raw: &RawCampaign, faults: &mut Faults) -> Vec<Unit> {
        let mut units = Vec::new();
        for shift in &self.campaign.shifts {
            let mut counts = (0, 0);
            for (i, group) in raw.unit.iter().enumerate() {
                let pool = self.campaign.pools.iter().find(|p| p.id.as_str() == group.pool);
                let serves =
                    group.shifts.as_ref().is_none_or(|ids| ids.iter().any(|id| shift.id.as_str() == id));
                if let Some(pool) = pool.filter(|p| p.province == self.province.id && serves) {
                    units.extend(self.group(group, i, pool, shift, &mut counts, faults));
                }
            }
        }
        units
    }

    fn group(
        &self,
        group: &RawUnit,
        index: usize,
        pool: &Pool,
        shift: &Shift,
        counts: &mut (u32, u32),
        faults: &mut Faults,
    ) -> Vec<Unit> {
        let turns = match group.kind {
            RawKind::Plain => turns_of_plain(group.count, &mut counts.0, shift),
            RawKind::Sentinel if shift.length_hours < 2 => {
                let (shift, length_hours) = (shift.id.to_string(), shift.length_hours);
                let problem = Problem::ShiftTooShortForSentinel { shift, length_hours };
                faults.report(format!("unit[{index}].kind"), problem);
                return Vec::new();
            }
            RawKind::Sentinel => turns_of_sentinel(group.count, &mut counts.1, shift),
        };
        let open = self.open_posts(group, pool, shift);
        let units: Vec<Unit> = turns.iter().filter_map(|turn| self.unit(turn, pool, shift, &open)).collect();
        if units.iter().any(|unit| unit.enter.is_empty()) {
            self.report_stranded(index, pool, shift, &open, faults);
        }
        units
    }

    /// Posts whose rules let a unit of the pool hold them in the shift, in file order.
    fn open_posts(&self, group: &RawUnit, pool: &Pool, shift: &Shift) -> Vec<&Post> {
        let listed =
            |post: &Post| group.posts.as_ref().is_none_or(|ids| ids.iter().any(|id| post.id.as_str() == id));
        let open = |post: &&Post| {
            listed(post) && self.campaign.breach_of(&pool.holder(), post, shift, self.season).is_none()
        };
        self.campaign.posts_of(&self.province.id).into_iter().filter(open).collect()
    }

    fn unit(&self, turn: &Turn, pool: &Pool, shift: &Shift, open: &[&Post]) -> Option<Unit> {
        let near = |post: &&&Post| {
            let minutes = self.campaign.travel.base_to(pool, post, self.season);
            minutes.is_some_and(|m| m <= f64::from(self.campaign.rules.enter_lead_minutes))
        };
        let mut unit = Unit {
            id: format!("{}/{}/{}", self.province.id, shift.id, turn.name).parse().ok()?,
            province: self.province.id.clone(),
            pool: pool.id.clone(),
            shift: shift.id.clone(),
            kind: turn.kind,
            detect: self.campaign.class(&pool.class)?.detect.best,
            start: turn.start,
            length_hours: turn.length_hours,
            every_hours: turn.every_hours,
            enter: open.iter().filter(near).map(|p| p.id.clone()).collect(),
            leave: Vec::new(),
            reach: open.iter().map(|p| p.id.clone()).collect(),
        };
        let visited: BTreeSet<PostId> =
            positions(&unit, &self.drives).into_iter().map(|(post, _)| post).collect();
        unit.reach.retain(|post| visited.contains(post));
        unit.leave.clone_from(&unit.reach);
        Some(unit)
    }

    fn report_stranded(&self, index: usize, pool: &Pool, shift: &Shift, open: &[&Post], faults: &mut Faults) {
        let minutes = open.iter().filter_map(|post| self.campaign.travel.base_to(pool, post, self.season));
        let nearest =
            minutes.min_by(f64::total_cmp).filter(|m| *m < f64::from(u32::MAX)).map(|m| m.ceil() as u32);
        let rules = &self.campaign.rules;
        let problem = Problem::UnitCannotEnter {
            season: self.season,
            shift: shift.id.to_string(),
            nearest_minutes: nearest,
            enter_lead_minutes: rules.enter_lead_minutes,
            lead_minutes: rules.lead_minutes,
        };
        faults.report(format!("unit[{index}].pool"), problem);
    }
}

struct Turn {
    name: String,
    kind: UnitKind,
    start: Hour,
    length_hours: u8,
    every_hours: u8,
}

fn turns_of_plain(count: u32, so_far: &mut u32, shift: &Shift) -> Vec<Turn> {
    let numbers = *so_far + 1..=*so_far + count;
    *so_far += count;
    let turn = |n| Turn {
        name: format!("plain-{n}"),
        kind: UnitKind::Plain,
        start: shift.start,
        length_hours: shift.length_hours,
        every_hours: 1,
    };
    numbers.map(turn).collect()
}

/// Two units a pair: one begins with the shift, one an hour later, and each has an hour to move between its turns.
fn turns_of_sentinel(count: u32, so_far: &mut u32, shift: &Shift) -> Vec<Turn> {
    let mut turns = Vec::new();
    for pair in *so_far + 1..=*so_far + count {
        let prefix = if pair == 1 { "sentinel".to_owned() } else { format!("sentinel-{pair}") };
        for (half, delay) in [("even", 0), ("odd", 1)] {
            turns.extend(Hour::try_from(shift.start.get().saturating_add(delay)).ok().map(|start| Turn {
                name: format!("{prefix}-{half}"),
                kind: UnitKind::Sentinel,
                start,
                length_hours: shift.length_hours.saturating_sub(delay),
                every_hours: 2,
            }));
        }
    }
    *so_far += count;
    turns
}

/// Each province is served in each shift, by a sentinel pair where the rules ask for one.
pub(super) fn check_provinces(campaign: &Campaign, faults: &mut Faults) {
    for (i, province) in campaign.provinces.iter().enumerate() {
        let units = campaign.units_in(&province.id, Season::Dry);
        let unserved = campaign.shifts.iter().find(|s| !units.iter().any(|u| u.shift == s.id));
        let sentinel = |s: &&Shift| !units.iter().any(|u| u.shift == s.id && u.kind == UnitKind::Sentinel);
        let unwatched = campaign.shifts.iter().find(sentinel).filter(|_| campaign.rules.sentinel_required);
        let slug = province.id.to_string();
        let problem = match (unserved, unwatched) {
            (Some(shift), _) => Problem::ProvinceWithoutUnit { province: slug, shift: shift.id.to_string() },
            (None, Some(shift)) => {
                Problem::ProvinceWithoutSentinel { province: slug, shift: shift.id.to_string() }
            }
            (None, None) => continue,
        };
        faults.report(format!("province[{i}].id"), problem);
    }
}
