//! The rules, each within its limits and all in agreement.

use super::{check, dates};
use crate::faults::{Faults, Problem, Relation};
use crate::raw::{RawPlants, RawRules, RawWetSeason};
use crate::{DailyDieRule, HOURS_PER_DAY, Hour, PlantRule, Rules, WetSeason};

/// Most minutes and hours of any rule: a week.
const MINUTES_MAX: u32 = 7 * 24 * 60;
const HOURS_MAX: u32 = 31 * 24;
/// A note of the log has room for that many and some more.
const COSIGNERS_MAX: u32 = 50;

/// Most digits of a daily die.
const DIE_DIGITS_MAX: f64 = 40.0;

pub(super) fn rules(raw: &RawRules, faults: &mut Faults) -> Option<Rules> {
    let sane = limits(raw, faults);
    if sane {
        agreement(raw, faults);
    }
    let night = hours(raw.night, "rules.night", faults);
    let wet_season = raw.wet_season.as_ref().map(|wet| season(wet, faults));
    let daily_die = daily_die(raw, faults);
    let plants = raw.plants.as_ref().map(|plants| self::plants(plants, faults));
    let (night_from, night_to) = night?;
    let wet_season = wet_season.map_or(Some(None), |wet| wet.map(Some))?;
    let plants = plants.map_or(Some(None), |plants| plants.map(Some))?;
    Some(Rules {
        lead_minutes: raw.lead_minutes,
        late_minutes: raw.late_minutes,
        missed_minutes: raw.missed_minutes,
        check_in_minutes: raw.check_in_minutes,
        same_hour_minutes: raw.same_hour_minutes,
        silence_minutes: raw.silence_minutes,
        enter_lead_minutes: raw.enter_lead_minutes,
        deal_lead_hours: raw.deal_lead_hours,
        plan_at_hours: raw.plan_at_hours,
        absences_at_hours: raw.absences_at_hours,
        floor: raw.floor,
        bribed_teams: raw.bribed_teams,
        objective: raw.objective,
        rest_hours: raw.rest_hours,
        cosigners: raw.cosigners,
        cosignatures: raw.cosignatures,
        auditors_after_hours: raw.auditors_after_hours,
        public_after_days: raw.public_after_days,
        night_from: Hour::try_from(night_from).ok()?,
        night_to: Hour::try_from(night_to % HOURS_PER_DAY).ok()?,
        wet_season,
        sentinel_required: raw.sentinel_required,
        daily_die: daily_die?,
        plants,
    })
}

/// Simulants are planted where this stands, and nowhere else.
fn plants(raw: &RawPlants, faults: &mut Faults) -> Option<PlantRule> {
    check::text(&raw.holder, "rules.plants.holder".to_owned(), faults);
    let key = check::key(&raw.key, "rules.plants.key".to_owned(), faults)?;
    Some(PlantRule { holder: raw.holder.clone(), key })
}

/// A daily die has its number of digits and its source; without one there is nothing to say of it.
fn daily_die(raw: &RawRules, faults: &mut Faults) -> Option<Option<DailyDieRule>> {
    let given = [
        ("rules.daily_die_digits", raw.daily_die_digits.is_some()),
        ("rules.daily_die_source", raw.daily_die_source.is_some()),
    ];
    let mut sane = true;
    for (field, _) in given.into_iter().filter(|(_, is_given)| *is_given != raw.daily_die) {
        faults.report(field, Problem::DailyDie { wanted: raw.daily_die });
        sane = false;
    }
    let (Some(digits), Some(source)) = (raw.daily_die_digits, &raw.daily_die_source) else {
        return sane.then_some(None);
    };
    let field = "rules.daily_die_digits".to_owned();
    sane &= check::number(f64::from(digits), 1.0, DIE_DIGITS_MAX, "digits", field, faults);
    check::text(source, "rules.daily_die_source".to_owned(), faults);
    sane.then(|| Some(DailyDieRule { digits, source: source.clone() }))
}

/// Hours `[from, to]` of a day, around midnight where `to ≤ from`; the whole day is `[0, 24]`.
pub(super) fn hours(raw: [u8; 2], field: &str, faults: &mut Faults) -> Option<(u8, u8)> {
    let [from, to] = raw;
    if from < HOURS_PER_DAY && (1..=HOURS_PER_DAY).contains(&to) && from != to {
        return Some((from, to));
    }
    faults.report(field, Problem::NotHours { from, to });
    None
}

fn season(raw: &RawWetSeason, faults: &mut Faults) -> Option<WetSeason> {
    let field = "rules.wet_season.slow_factor".to_owned();
    let sane = check::number(raw.slow_factor, 1.0, 10.0, "times the dry minutes", field, faults);
    let (first_day, last_day) = dates::span(&raw.first_day, &raw.last_day, "rules.wet_season", faults)?;
    sane.then_some(WetSeason { first_day, last_day, slow_factor: raw.slow_factor })
}

fn limits(raw: &RawRules, faults: &mut Faults) -> bool {
    let minutes = MINUTES_MAX;
    let limits = [
        ("lead_minutes", raw.lead_minutes, 1, 59, "minutes"),
        ("late_minutes", raw.late_minutes, 0, 59, "minutes"),
        ("missed_minutes", raw.missed_minutes, 1, minutes, "minutes"),
        ("check_in_minutes", raw.check_in_minutes, 0, 59, "minutes"),
        ("same_hour_minutes", raw.same_hour_minutes, 0, 59, "minutes"),
        ("silence_minutes", raw.silence_minutes, 1, 58, "minutes"),
        ("enter_lead_minutes", raw.enter_lead_minutes, 1, minutes, "minutes"),
        ("deal_lead_hours", raw.deal_lead_hours, 1, HOURS_MAX, "hours"),
        ("plan_at_hours", raw.plan_at_hours, 1, HOURS_MAX, "hours"),
        ("absences_at_hours", raw.absences_at_hours, 1, HOURS_MAX, "hours"),
        ("bribed_teams", raw.bribed_teams, 0, 100, "teams"),
        ("rest_hours", raw.rest_hours, 0, 24, "hours"),
        ("cosigners", raw.cosigners, 1, COSIGNERS_MAX, "cosigners"),
        ("cosignatures", raw.cosignatures, 1, COSIGNERS_MAX, "cosignatures"),
        ("auditors_after_hours", raw.auditors_after_hours, 1, 24 * 366, "hours"),
        ("public_after_days", raw.public_after_days, 1, 3_660, "days"),
    ];
    let mut sane =
        check::number(raw.floor, 0.0, 0.99, "least inclusion probability", "rules.floor".into(), faults);
    for (name, value, low, high, unit) in limits {
        let (value, low, high) = (f64::from(value), f64::from(low), f64::from(high));
        sane &= check::number(value, low, high, unit, format!("rules.{name}"), faults);
    }
    sane
}

/// What must hold between rules: the plan is frozen before the absences, and these before the day's first release.
fn agreement(raw: &RawRules, faults: &mut Faults) {
    use Relation::{Above, AtLeast};
    let (enter, lead) = (raw.enter_lead_minutes, raw.lead_minutes);
    if enter < lead || !(enter - lead).is_multiple_of(60) {
        let problem = Problem::EnterLead { enter_lead_minutes: enter, lead_minutes: lead };
        faults.report("rules.enter_lead_minutes", problem);
    }
    let enter_hours = enter.div_euclid(60);
    let auditors_days = raw.auditors_after_hours.div_ceil(24);
    let pairs = [
        ("missed_minutes", raw.missed_minutes, AtLeast, "late_minutes", raw.late_minutes),
        (
            "absences_at_hours",
            raw.absences_at_hours,
            Above,
            "enter_lead_minutes, in whole hours",
            enter_hours,
        ),
        ("lead_minutes", raw.lead_minutes, Above, "silence_minutes", raw.silence_minutes),
        ("plan_at_hours", raw.plan_at_hours, Above, "absences_at_hours", raw.absences_at_hours),
        ("deal_lead_hours", raw.deal_lead_hours, Above, "enter_lead_minutes, in whole hours", enter_hours),
        ("cosigners", raw.cosigners, AtLeast, "cosignatures", raw.cosignatures),
        ("public_after_days", raw.public_after_days, AtLeast, "auditors_after_hours, in days", auditors_days),
    ];
    for (field, value, relation, other, limit) in pairs {
        let holds = if relation == Above { value > limit } else { value >= limit };
        if !holds {
            let problem = Problem::RulesDisagree { field, value, relation, other, limit };
            faults.report(format!("rules.{field}"), problem);
        }
    }
}
