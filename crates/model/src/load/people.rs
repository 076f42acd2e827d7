//! Custodians, shifts, classes, pools and teams.

use std::collections::BTreeSet;

use super::check;
use super::posts::named;
use crate::faults::{Faults, Kind, Problem};
use crate::raw::{
    RawAgency, RawAnchor, RawCampaign, RawClass, RawCustodian, RawDeclarer, RawOfficer, RawPool, RawShift,
    RawTeam,
};
use crate::travel::Network;
use crate::{
    Agency, Anchor, Class, CustodianId, DeclarerId, HOURS_PER_DAY, Hour, Officer, Pool, PoolId, Shift, Team,
};

/// Fewest custodians: DESIGN 6 wants three to remain in an outage.
const CUSTODIANS_MIN: usize = 3;

/// Bodies whose officers throw dice together.
const OFFICERS_BODIES_MIN: usize = 2;

pub(super) fn custodians(raw: &[RawCustodian], faults: &mut Faults) -> (Vec<CustodianId>, Vec<String>) {
    check::at_least(Kind::Custodian, raw.len(), CUSTODIANS_MIN, "custodian", faults);
    check::unique(Kind::Custodian, named(raw.iter().map(|c| &c.id), "custodian"), faults);
    let mut known = (Vec::new(), Vec::new());
    for (i, custodian) in raw.iter().enumerate() {
        check::text(&custodian.title, format!("custodian[{i}].title"), faults);
        if let Some(id) = check::id(&custodian.id, format!("custodian[{i}].id"), faults) {
            known.0.push(id);
            known.1.push(custodian.title.clone());
        }
    }
    known
}

/// Offices that may declare absences: the standing test of them needs to know them all beforehand.
pub(super) fn declarers(raw: &[RawDeclarer], faults: &mut Faults) -> Vec<DeclarerId> {
    check::at_least(Kind::Declarer, raw.len(), 1, "declarer", faults);
    check::unique(Kind::Declarer, named(raw.iter().map(|declarer| &declarer.id), "declarer"), faults);
    let declarer = |(i, declarer): (usize, &RawDeclarer)| {
        check::text(&declarer.title, format!("declarer[{i}].title"), faults);
        check::id(&declarer.id, format!("declarer[{i}].id"), faults)
    };
    raw.iter().enumerate().filter_map(declarer).collect()
}

/// Logs whose heads are anchored, or none.
pub(super) fn anchors(raw: &[RawAnchor], faults: &mut Faults) -> Vec<Anchor> {
    check::unique(Kind::Anchor, named(raw.iter().map(|anchor| &anchor.id), "anchor"), faults);
    let anchor = |(i, anchor): (usize, &RawAnchor)| {
        check::text(&anchor.title, format!("anchor[{i}].title"), faults);
        let key = check::key(&anchor.key, format!("anchor[{i}].key"), faults);
        let id = check::id(&anchor.id, format!("anchor[{i}].id"), faults);
        Some(Anchor { id: id?, title: anchor.title.clone(), key: key? })
    };
    raw.iter().enumerate().filter_map(anchor).collect()
}

/// Seats of two bodies at least, or none.
pub(super) fn officers(raw: &[RawOfficer], faults: &mut Faults) -> Vec<Officer> {
    check::unique(Kind::Officer, named(raw.iter().map(|officer| &officer.id), "officer"), faults);
    // `Police` and `police` are one body, written in two ways.
    let bodies: BTreeSet<String> = raw.iter().map(|officer| officer.body.to_ascii_lowercase()).collect();
    if !raw.is_empty() {
        check::at_least(Kind::OfficersBody, bodies.len(), OFFICERS_BODIES_MIN, "officer", faults);
    }
    let officer = |(i, officer): (usize, &RawOfficer)| {
        let body = check::id(&officer.body, format!("officer[{i}].body"), faults);
        let id = check::id(&officer.id, format!("officer[{i}].id"), faults);
        Some(Officer { id: id?, body: body? })
    };
    let officers: Vec<Officer> = raw.iter().enumerate().filter_map(officer).collect();
    check_spelling(&officers, faults);
    officers
}

fn check_spelling(officers: &[Officer], faults: &mut Faults) {
    for (i, officer) in officers.iter().enumerate() {
        let other = officers[..i].iter().find(|other| {
            other.body != officer.body && other.body.as_str().eq_ignore_ascii_case(officer.body.as_str())
        });
        if let Some(other) = other {
            let (found, before) = (officer.body.to_string(), other.body.to_string());
            faults.report(format!("officer[{i}].body"), Problem::SpelledTwoWays { found, before });
        }
    }
}

pub(super) fn shifts(raw: &[RawShift], faults: &mut Faults) -> Vec<Shift> {
    check::at_least(Kind::Shift, raw.len(), 1, "shift", faults);
    check::unique(Kind::Shift, named(raw.iter().map(|s| &s.id), "shift"), faults);
    let shifts: Vec<Shift> = raw.iter().enumerate().filter_map(|(i, s)| shift(s, i, faults)).collect();
    if shifts.len() == raw.len() && !raw.is_empty() {
        check_tiling(&shifts, faults);
    }
    shifts
}

fn shift(raw: &RawShift, index: usize, faults: &mut Faults) -> Option<Shift> {
    let id = check::id(&raw.id, format!("shift[{index}].id"), faults);
    let (start, length_hours) = (raw.start, raw.length_hours);
    let within = start.checked_add(length_hours).is_some_and(|end| end <= HOURS_PER_DAY) && length_hours > 0;
    if !within {
        let part = if start < HOURS_PER_DAY { "length_hours" } else { "start" };
        faults.report(format!("shift[{index}].{part}"), Problem::ShiftLength { start, length_hours });
        return None;
    }
    Some(Shift { id: id?, start: Hour::try_from(start).ok()?, length_hours })
}

fn check_tiling(shifts: &[Shift], faults: &mut Faults) {
    let mut end = 0;
    for (i, shift) in shifts.iter().enumerate() {
        let start = shift.start.get();
        if start < end {
            let problem = Problem::ShiftsOverlap { start, previous_end: end };
            return faults.report(format!("shift[{i}].start"), problem);
        }
        if start > end {
            return faults.report(format!("shift[{i}].start"), Problem::ShiftGap { from: end, to: start });
        }
        end = start.saturating_add(shift.length_hours);
    }
    if end < HOURS_PER_DAY {
        let field = format!("shift[{}].length_hours", shifts.len().saturating_sub(1));
        faults.report(field, Problem::ShiftGap { from: end, to: HOURS_PER_DAY });
    }
}

pub(super) fn classes(raw: &[RawClass], faults: &mut Faults) -> Vec<Class> {
    check::at_least(Kind::Class, raw.len(), 1, "class", faults);
    check::unique(Kind::Class, named(raw.iter().map(|c| &c.id), "class"), faults);
    raw.iter().enumerate().filter_map(|(i, c)| class(c, i, faults)).collect()
}

fn class(raw: &RawClass, index: usize, faults: &mut Faults) -> Option<Class> {
    let field = format!("class[{index}]");
    let id = check::id(&raw.id, format!("{field}.id"), faults);
    check::text(&raw.title, format!("{field}.title"), faults);
    check::text(&raw.source, format!("{field}.source"), faults);
    let detect = check::chance(raw.detect, &format!("{field}.detect"), faults);
    Some(Class { id: id?, title: raw.title.clone(), detect: detect?, source: raw.source.clone() })
}

pub(super) fn pools(
    raw: &RawCampaign,
    network: Option<&Network>,
    faults: &mut Faults,
) -> (Vec<Pool>, Vec<Team>) {
    check::at_least(Kind::Pool, raw.pool.len(), 1, "pool", faults);
    check::unique(Kind::Pool, named(raw.pool.iter().map(|p| &p.id), "pool"), faults);
    let teams = raw.pool.iter().enumerate().flat_map(|(i, pool)| {
        pool.teams.iter().enumerate().map(move |(j, t)| (t.id.as_str(), format!("pool[{i}].teams[{j}].id")))
    });
    check::unique(Kind::Team, teams, faults);
    let mut known = (Vec::new(), Vec::new());
    for (i, pool) in raw.pool.iter().enumerate() {
        check_pool_names(raw, pool, i, network, faults);
        if let Some((pool, teams)) = self::pool(pool, i, faults) {
            known.0.push(pool);
            known.1.extend(teams);
        }
    }
    known
}

fn check_pool_names(
    raw: &RawCampaign,
    pool: &RawPool,
    i: usize,
    network: Option<&Network>,
    faults: &mut Faults,
) {
    let provinces: BTreeSet<&str> = raw.province.iter().map(|p| p.id.as_str()).collect();
    let classes: BTreeSet<&str> = raw.class.iter().map(|c| c.id.as_str()).collect();
    check::known(Kind::Province, &pool.province, &provinces, format!("pool[{i}].province"), faults);
    check::known(Kind::Class, &pool.class, &classes, format!("pool[{i}].class"), faults);
    if let Some(network) = network {
        let nodes: BTreeSet<&str> = network.names().collect();
        check::known(Kind::Node, &pool.base.node, &nodes, format!("pool[{i}].base.node"), faults);
    }
}

fn pool(raw: &RawPool, index: usize, faults: &mut Faults) -> Option<(Pool, Vec<Team>)> {
    let field = format!("pool[{index}]");
    check::text(&raw.base.name, format!("{field}.base.name"), faults);
    check::at_least(Kind::Team, raw.teams.len(), 1, &format!("{field}.teams"), faults);
    let id: PoolId = check::id(&raw.id, format!("{field}.id"), faults)?;
    let numbered = raw.teams.iter().enumerate();
    let teams: Vec<Team> =
        numbered.filter_map(|(j, t)| team(t, &id, &format!("{field}.teams[{j}]"), faults)).collect();
    let crew = teams.iter().map(|team| team.crew).min()?;
    let serves = |agency: &Agency| teams.iter().any(|team| team.agency == *agency);
    let agencies = Agency::ALL.into_iter().filter(serves).collect();
    let pool = Pool {
        id,
        province: raw.province.parse().ok()?,
        base_name: raw.base.name.clone(),
        base_node: raw.base.node.clone(),
        class: raw.class.parse().ok()?,
        boat: raw.boat,
        crew,
        agencies,
    };
    Some((pool, teams))
}

fn team(raw: &RawTeam, pool: &PoolId, field: &str, faults: &mut Faults) -> Option<Team> {
    let id = check::id(&raw.id, format!("{field}.id"), faults);
    check::number(f64::from(raw.crew), 1.0, 100.0, "officers", format!("{field}.crew"), faults);
    let weekly = f64::from(raw.weekly_hours);
    check::number(weekly, 1.0, 168.0, "hours a week", format!("{field}.weekly_hours"), faults);
    let (crew, weekly_hours) = (raw.crew, raw.weekly_hours);
    Some(Team { id: id?, pool: pool.clone(), agency: agency(raw.agency), crew, weekly_hours })
}

pub(super) fn agency(raw: RawAgency) -> Agency {
    match raw {
        RawAgency::Police => Agency::Police,
        RawAgency::Customs => Agency::Customs,
        RawAgency::BorderGuard => Agency::BorderGuard,
        RawAgency::MilitaryPolice => Agency::MilitaryPolice,
    }
}
