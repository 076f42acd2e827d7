//! What inspections met: the days of a record as its plans had them and as teams reported them, for estimates and the test of teams.

use std::collections::BTreeMap;

use sekong_estimate::flow::{Planted, ProvinceDay, Slot, Visit};
use sekong_estimate::teams::ShiftDay;
use sekong_log::{Hash, body_hash};
use sekong_model::{Campaign, Counts, Day, Hour, Moment, PostId, ProvinceId, UnitId};
use sekong_plan::{Plan, PlannedSlot};

use crate::state::{Due, Outcome, Simulants, State};

mod doubles;
mod plants;

pub use doubles::DoublesMet;
pub use plants::PlantsMet;

/// The days that can be estimated from.
#[derive(Debug, Clone)]
pub struct Met {
    /// The one province whose teams are looked at, if it is one.
    pub province: Option<ProvinceId>,
    /// Each province on each day that is over, as planned and met.
    pub days: Vec<ProvinceDay>,
    /// Each shift of a pool on these days, as it was dealt and what was found; of one province, if one is looked at.
    pub shifts: Vec<ShiftDay>,
    /// Teams of the campaign, whichever of its provinces is looked at: whoever chooses one must not choose the flag with it.
    pub teams: usize,
    /// The same shifts with the visits that were missed or late.
    pub missed: Vec<ShiftDay>,
    /// Simulants on these days, where the campaign has anybody plant them; of one province, if one is looked at.
    pub plants: Option<PlantsMet>,
    /// Double inspections, likewise.
    pub doubles: Option<DoublesMet>,
    /// The plans of these days, by their entries: what an estimate is by. Those of earlier days and of other provinces than are asked
    /// about are among them, for predictions learn from all, and nobody could make the estimate again without them.
    pub design: Hash,
    /// Province-days that have begun and are not over, or are still sealed to whoever asks: nothing is said of them.
    pub left_out: Vec<(ProvinceId, Day)>,
}

impl Met {
    /// Nothing, of a campaign.
    pub fn nothing(campaign: &Campaign) -> Met {
        let design = body_hash(&[]);
        Met {
            province: None,
            days: Vec::new(),
            shifts: Vec::new(),
            missed: Vec::new(),
            teams: campaign.teams().len(),
            plants: None,
            doubles: None,
            design,
            left_out: Vec::new(),
        }
    }

    /// What was met from the first day up to `to`: an estimate of later days still learns from the first, and one of a province from all.
    /// Teams are those of `province`, if one is named; whoever estimates of it alone asks for its domain. A visit counts if it began in
    /// time and was reported in time, by the team's first word; what came late or was corrected later cannot make an estimate. What the
    /// inspectorate planted is no find.
    pub fn of(state: &State, province: Option<&ProvinceId>, to: Day) -> Met {
        let mut plans: Vec<u8> = Vec::new();
        let campaign = state.campaign();
        let mut met = Met { province: province.cloned(), ..Met::nothing(campaign) };
        let is_asked = |own: &ProvinceId| province.is_none_or(|asked| asked == own);
        for day in campaign.days().filter(|day| *day <= to) {
            let units = met_on(state, day);
            for province in campaign.provinces().iter().map(|province| &province.id) {
                let Some(planned) = state.plan(province, day) else { continue };
                if !is_over(state, province, day) {
                    met.left_out.push((province.clone(), day));
                    continue;
                }
                met.days.push(province_day(state, province, day, &planned.plan, &units));
                plans.extend(planned.leaf.as_bytes());
                if !is_asked(province) {
                    continue;
                }
                let found = |done: Option<Counts>, planted: Simulants| {
                    done.map_or(0, |counts| counts.found().saturating_sub(planted.found))
                };
                met.shifts.extend(shifts(state, province, day, &units, &found));
                // Who lets all pass without a look was there and did not do it.
                let idle = |of: Counts| of.inspected() == 0 && of.passed() > 0;
                let missed = |done: Option<Counts>, _| u32::from(done.is_none_or(idle));
                met.missed.extend(shifts(state, province, day, &units, &missed));
            }
        }
        met.design = body_hash(&plans);
        let asked = met.days.iter().filter(|day| is_asked(&day.province));
        let days = asked.map(|day| (&day.province, day.day)).collect();
        met.plants = PlantsMet::on(state, &days);
        met.doubles = DoublesMet::on(state, &days);
        met
    }
}

/// Each unit's inspections of a day, by hour.
type Units<'a> = BTreeMap<&'a UnitId, BTreeMap<Hour, &'a Due>>;

fn met_on(state: &State, day: Day) -> Units<'_> {
    let mut units = Units::new();
    for (_, hour, unit, due) in state.dues_on(day) {
        units.entry(unit).or_default().insert(hour, due);
    }
    units
}

/// Whether all of a day was drawn and can be read, and the time for its reports has run out.
fn is_over(state: &State, province: &ProvinceId, day: Day) -> bool {
    let is_read = |hour| state.drawn(province, Moment::Hour { day, hour }).is_some();
    Hour::all().all(is_read) && Hour::all().last().is_some_and(|last| state.closed_under(day, last).is_some())
}

fn province_day(
    state: &State,
    province: &ProvinceId,
    day: Day,
    plan: &Plan,
    units: &Units<'_>,
) -> ProvinceDay {
    let posts = plan.game().posts();
    let planned = |slot: PlannedSlot| {
        let (post, hour) = (posts[usize::from(slot.post)].clone(), Hour::try_from(slot.hour).ok()?);
        Some(Slot::planned(post, hour, slot.inclusion, slot.visits, slot.arrivals))
    };
    let mut slots: Vec<Slot> = plan.slots().into_iter().filter_map(planned).collect();
    let index: BTreeMap<(PostId, Hour), usize> =
        slots.iter().enumerate().map(|(at, slot)| ((slot.post.clone(), slot.hour), at)).collect();
    for (unit, path) in units {
        let mut before: Option<&PostId> = None;
        for (hour, due) in path.iter().filter(|(_, due)| due.province == *province) {
            let arrived = before != Some(&due.post);
            before = Some(&due.post);
            let Some(at) = index.get(&(due.post.clone(), *hour)) else { continue };
            let counts = in_time(state, day, *hour, due);
            let finds = due.report.as_ref().filter(|_| counts.is_some()).map(|report| report.finds.clone());
            let finds = finds.unwrap_or_default();
            let Simulants { planted: passed, inspected, found } = state.simulants_met(day, *hour, unit);
            let planted = Planted { passed, inspected, found };
            slots[*at].visits.push(Visit { unit: (*unit).clone(), counts, finds, arrived, planted });
        }
    }
    let regime = state.campaign().rules().season(day) as u32;
    ProvinceDay { province: province.clone(), day, regime, slots }
}

/// The first word on a visit that began in time and was reported in time.
fn in_time(state: &State, day: Day, hour: Hour, due: &Due) -> Option<Counts> {
    let done = state.outcome(day, hour, due) == Outcome::Done;
    due.report.as_ref().filter(|_| done).map(|report| report.counts)
}

/// A province's shifts on a day; what was not done in time was not found, whoever is to blame. What a second team finds is in no report, and
/// so in no test; the first team's own finds stay: leaving them out would take finds from exactly the teams that somebody chose to check.
fn shifts(
    state: &State,
    province: &ProvinceId,
    day: Day,
    units: &Units<'_>,
    count: &dyn Fn(Option<Counts>, Simulants) -> u32,
) -> Vec<ShiftDay> {
    let campaign = state.campaign();
    let mut shifts: BTreeMap<(String, String), ShiftDay> = BTreeMap::new();
    let of_province = campaign.units_of(province, day);
    let dealt = |unit: &UnitId| state.dealt_on(day, unit);
    for (unit, team) in of_province.iter().filter_map(|unit| Some((unit, dealt(&unit.id)?))) {
        let (pool, kind) = (unit.pool.to_string(), unit.shift.to_string());
        let shift = shifts.entry((pool.clone(), kind.clone())).or_insert_with(|| ShiftDay {
            week: campaign.week_of(day),
            day: day.to_string(),
            pool,
            shift: kind,
            units: Vec::new(),
            dealt: Vec::new(),
            away: Vec::new(),
        });
        let path = units.get(&unit.id).into_iter().flatten();
        let counts = path.map(|(hour, due)| {
            count(in_time(state, day, *hour, due), state.simulants_met(day, *hour, &unit.id))
        });
        shift.units.push((unit.id.to_string(), counts.sum()));
        shift.dealt.push((team.to_string(), unit.id.to_string()));
        if state.is_away(province, day, team) {
            shift.away.push(team.to_string());
        }
    }
    shifts.into_values().collect()
}
