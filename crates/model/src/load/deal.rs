//! Whether the weekly deal of teams to shifts can be kept, with hours and rest.

use std::collections::BTreeMap;

use super::chance::legal_share;
use crate::faults::{Faults, Problem, Relation};
use crate::{Campaign, DAYS_PER_WEEK, HOURS_PER_DAY, Pool, PoolId, Season, Shift, ShiftShare};

pub(super) fn shares(campaign: &Campaign, faults: &mut Faults) -> BTreeMap<PoolId, Vec<ShiftShare>> {
    check_daily_rest(campaign, faults);
    let mut shares = BTreeMap::new();
    for (i, pool) in campaign.pools.iter().enumerate() {
        let own = shares_of(campaign, pool);
        let field = format!("pool[{i}].teams");
        if let Some(problem) = first_problem(campaign, pool, &own) {
            faults.report(field, problem);
        }
        shares.insert(pool.id.clone(), own);
    }
    shares
}

/// A team keeps its shift all week: from one day's duty to the next it rests what the shift leaves of a day.
fn check_daily_rest(campaign: &Campaign, faults: &mut Faults) {
    let longest = campaign.shifts.iter().map(|s| s.length_hours).max().unwrap_or(0);
    let limit = u32::from(HOURS_PER_DAY.saturating_sub(longest));
    let value = campaign.rules.rest_hours;
    if value > limit {
        let (relation, other) = (Relation::AtMost, "the hours between two days of the longest shift");
        let problem = Problem::RulesDisagree { field: "rest_hours", value, relation, other, limit };
        faults.report("rules.rest_hours", problem);
    }
}

/// Teams are spread over the shifts the pool serves as equally as can be, earlier shifts first.
fn shares_of(campaign: &Campaign, pool: &Pool) -> Vec<ShiftShare> {
    let served: Vec<(&Shift, u32)> = campaign
        .shifts
        .iter()
        .map(|s| (s, units_in_shift(campaign, pool, s)))
        .filter(|(_, n)| *n > 0)
        .collect();
    let teams = team_count(campaign, pool);
    let kinds = served.len().max(1) as u32;
    let share = |(index, (shift, units)): (usize, &(&Shift, u32))| {
        let teams = teams / kinds + u32::from((index as u32) < teams % kinds);
        let days_at_most = DAYS_PER_WEEK.saturating_mul(*units).div_ceil(teams.max(1)).min(DAYS_PER_WEEK);
        ShiftShare { shift: shift.id.clone(), teams, units: *units, days_at_most }
    };
    served.iter().enumerate().map(share).collect()
}

fn team_count(campaign: &Campaign, pool: &Pool) -> u32 {
    u32::try_from(campaign.teams_of(&pool.id).len()).unwrap_or(u32::MAX)
}

fn units_in_shift(campaign: &Campaign, pool: &Pool, shift: &Shift) -> u32 {
    let units = campaign.units_in(&pool.province, Season::Dry).iter();
    u32::try_from(units.filter(|u| u.pool == pool.id && u.shift == shift.id).count()).unwrap_or(u32::MAX)
}

fn first_problem(campaign: &Campaign, pool: &Pool, shares: &[ShiftShare]) -> Option<Problem> {
    let teams = campaign.teams_of(&pool.id).len();
    if shares.is_empty() {
        return Some(Problem::PoolUnused { pool: pool.id.to_string(), teams, units: 0 });
    }
    let mut each = shares.iter();
    each.find_map(|share| too_few(share).or_else(|| too_long(campaign, pool, share)))
        .or_else(|| shares.iter().find_map(|share| tired(campaign, pool, share, shares)))
        .or_else(|| seldom_legal(campaign, pool, shares))
}

/// Share of all deals of a week that must keep the rest after the week before: the deal tries a million, so that it finds none
/// less often than once in 10^21 weeks.
const LEGAL_SHARE_MIN: f64 = 5e-5;

/// Whether so few deals keep the rest that one may not be found.
fn seldom_legal(campaign: &Campaign, pool: &Pool, shares: &[ShiftShare]) -> Option<Problem> {
    let too_close = |before: usize, shift: usize| {
        let start = campaign.shift(&shares[shift].shift).map_or(0, |shift| u32::from(shift.start.get()));
        ends(campaign, &shares[before]) + campaign.rules.rest_hours > start + u32::from(HOURS_PER_DAY)
    };
    let units: Vec<u32> = shares.iter().map(|share| share.units).collect();
    let share = legal_share(team_count(campaign, pool), &units, &too_close)?;
    (share < LEGAL_SHARE_MIN).then_some(Problem::SeldomLegal { share })
}

fn too_few(share: &ShiftShare) -> Option<Problem> {
    let (units, teams) = (share.units, share.teams);
    (teams < units).then(|| Problem::TooFewTeams { shift: share.shift.to_string(), units, teams })
}

fn too_long(campaign: &Campaign, pool: &Pool, share: &ShiftShare) -> Option<Problem> {
    let length_hours = u32::from(campaign.shift(&share.shift)?.length_hours);
    let weekly_hours = campaign.teams_of(&pool.id).iter().map(|t| t.weekly_hours).min()?;
    let hours = share.days_at_most.saturating_mul(length_hours);
    let shift = share.shift.to_string();
    (hours > weekly_hours).then_some(Problem::TooManyHours { shift, hours, weekly_hours })
}

/// Teams whose duty on a week's last day ended less than the rest before a shift cannot begin the next week in it.
fn tired(campaign: &Campaign, pool: &Pool, share: &ShiftShare, shares: &[ShiftShare]) -> Option<Problem> {
    let start = u32::from(campaign.shift(&share.shift)?.start.get()) + u32::from(HOURS_PER_DAY);
    let tired: u32 = shares
        .iter()
        .filter(|s| ends(campaign, s) + campaign.rules.rest_hours > start)
        .map(|s| s.units)
        .sum();
    let rested = team_count(campaign, pool).saturating_sub(tired);
    let (shift, units) = (share.shift.to_string(), share.units);
    (rested < units).then_some(Problem::TooFewRested { shift, rested, units })
}

fn ends(campaign: &Campaign, share: &ShiftShare) -> u32 {
    campaign.shift(&share.shift).map_or(0, |s| u32::from(s.start.get()) + u32::from(s.length_hours))
}
