//! Dates, time zone and phases.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use toml::value::Datetime;

use super::check;
use crate::calendar::Phase;
use crate::faults::{Faults, Kind, Problem};
use crate::raw::{RawHead, RawPhase};
use crate::{CampaignId, Day, WetSeason};

/// Most days of a campaign: ten years.
const DAYS_MAX: i32 = 3_660;

pub(super) struct Head {
    pub(super) id: CampaignId,
    pub(super) title: String,
    pub(super) time_zone: String,
    pub(super) offset: Offset,
    pub(super) first_day: Day,
    pub(super) last_day: Day,
    pub(super) day_count: u32,
}

pub(super) fn head(raw: &RawHead, faults: &mut Faults) -> Option<Head> {
    let id = check::id(&raw.id, "campaign.id".into(), faults);
    check::text(&raw.title, "campaign.title".into(), faults);
    let days = span(&raw.first_day, &raw.last_day, "campaign", faults);
    let zone = zone(&raw.time_zone, faults);
    let (first_day, last_day) = days?;
    let offset = offset(zone?, &raw.time_zone, first_day, last_day, faults)?;
    let day_count = u32::try_from(last_day.days_since(first_day) + 1).ok()?;
    let (title, time_zone) = (raw.title.clone(), raw.time_zone.clone());
    Some(Head { id: id?, title, time_zone, offset, first_day, last_day, day_count })
}

/// A day of the calendar as TOML writes it.
pub(super) fn day(raw: &Datetime, field: String, faults: &mut Faults) -> Option<Day> {
    let parsed = match (raw.date, raw.time, raw.offset) {
        (Some(_), None, None) => raw.to_string().parse().ok(),
        _ => None,
    };
    if parsed.is_none() {
        faults.report(field, Problem::NotADate { text: raw.to_string() });
    }
    parsed
}

/// First and last day of a stretch, in order.
pub(super) fn span(
    first: &Datetime,
    last: &Datetime,
    field: &str,
    faults: &mut Faults,
) -> Option<(Day, Day)> {
    let first = day(first, format!("{field}.first_day"), faults);
    let last = day(last, format!("{field}.last_day"), faults);
    let (first, last) = (first?, last?);
    let days = last.days_since(first).saturating_add(1);
    let problem = match days {
        ..=0 => Problem::DatesReversed { first, last },
        1..=DAYS_MAX => return Some((first, last)),
        _ => Problem::TooLong { days, most: DAYS_MAX },
    };
    faults.report(format!("{field}.last_day"), problem);
    None
}

fn zone(name: &str, faults: &mut Faults) -> Option<TimeZone> {
    let zone = TimeZoneDatabase::bundled().get(name).ok();
    if zone.is_none() {
        faults.report("campaign.time_zone", Problem::UnknownTimeZone { name: name.to_owned() });
    }
    zone
}

/// The one offset a zone has on all days.
fn offset(zone: TimeZone, name: &str, first: Day, last: Day, faults: &mut Faults) -> Option<Offset> {
    let start = Date::from(first).to_zoned(zone.clone()).ok()?.timestamp();
    let end = Date::from(last.plus_days(1)?).to_zoned(zone.clone()).ok()?.timestamp();
    let offset = zone.to_offset(start);
    let changes = zone.following(start).take_while(|change| change.timestamp() < end);
    let change = changes.into_iter().find(|change| change.offset() != offset);
    let Some(change) = change else { return Some(offset) };
    let problem = Problem::TimeZoneChanges { name: name.to_owned(), at: change.timestamp() };
    faults.report("campaign.time_zone", problem);
    None
}

pub(super) fn phases(raw: &[RawPhase], head: &Head, faults: &mut Faults) -> Vec<Phase> {
    check::at_least(Kind::Phase, raw.len(), 1, "phase", faults);
    let ids = raw.iter().enumerate().map(|(i, p)| (p.id.as_str(), format!("phase[{i}].id")));
    check::unique(Kind::Phase, ids, faults);
    let phases: Vec<Phase> = raw.iter().enumerate().filter_map(|(i, p)| phase(p, i, faults)).collect();
    if phases.len() == raw.len() {
        check_order(&phases, head, faults);
    }
    phases
}

fn phase(raw: &RawPhase, index: usize, faults: &mut Faults) -> Option<Phase> {
    let field = format!("phase[{index}]");
    let id: CampaignId = check::id(&raw.id, format!("{field}.id"), faults)?;
    check::text(&raw.title, format!("{field}.title"), faults);
    let (first_day, last_day) = span(&raw.first_day, &raw.last_day, &field, faults)?;
    Some(Phase { id: id.into(), title: raw.title.clone(), first_day, last_day })
}

fn check_order(phases: &[Phase], head: &Head, faults: &mut Faults) {
    let mut expected = head.first_day;
    for (i, phase) in phases.iter().enumerate() {
        if phase.first_day != expected {
            let problem = Problem::PhaseGap { expected, found: phase.first_day };
            return faults.report(format!("phase[{i}].first_day"), problem);
        }
        expected = phase.last_day.plus_days(1).unwrap_or(phase.last_day);
    }
    if let Some(last) = phases.last().filter(|last| last.last_day != head.last_day) {
        let problem = Problem::PhaseEnd { expected: head.last_day, found: last.last_day };
        faults.report(format!("phase[{}].last_day", phases.len() - 1), problem);
    }
}

/// The wet season must touch the campaign, else its dates are a slip of the pen.
pub(super) fn check_season(wet: Option<&WetSeason>, head: &Head, faults: &mut Faults) {
    let Some(wet) = wet else { return };
    if wet.last_day < head.first_day || head.last_day < wet.first_day {
        faults.report("rules.wet_season.first_day", Problem::DayOutside { day: wet.first_day });
    }
}
