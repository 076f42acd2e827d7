//! Simulated absences: a few teams a week and a day are away, each for a reason of the closed list.

use sekong_log::{Absence, AbsenceReason, Period};
use sekong_model::{Campaign, Day, DeclarerId, ProvinceId, Team};

use crate::Seed;

/// Share of teams away for a whole week.
const AWAY_WEEK_SHARE: f64 = 0.02;

/// Share of the other teams away for a day.
const AWAY_DAY_SHARE: f64 = 0.01;

const REASONS: [AbsenceReason; 4] =
    [AbsenceReason::Illness, AbsenceReason::Training, AbsenceReason::Court, AbsenceReason::Vehicle];

/// The teams of a province that are away in a period, in campaign order.
pub fn absences(seed: Seed, campaign: &Campaign, province: &ProvinceId, period: Period) -> Vec<Absence> {
    let (share, until) = match period {
        Period::Week { week } => (AWAY_WEEK_SHARE, last_day(campaign, week)),
        Period::Day { day } => (AWAY_DAY_SHARE, day),
    };
    let pools = campaign.pools_of(province);
    let teams = pools.iter().flat_map(|pool| campaign.teams_of(&pool.id));
    teams.filter_map(|team| absence(campaign, seed, team, period, share, until)).collect()
}

fn last_day(campaign: &Campaign, week: u32) -> Day {
    campaign.week_days(week).last().copied().unwrap_or(campaign.last_day())
}

/// The duty office of the team's agency, or the campaign's first.
fn declarer(campaign: &Campaign, team: &Team) -> Option<DeclarerId> {
    let own = format!("duty-office-{}", team.agency);
    let offices = campaign.declarers();
    offices.iter().find(|office| office.as_str() == own).or_else(|| offices.first()).cloned()
}

fn absence(
    campaign: &Campaign,
    seed: Seed,
    team: &Team,
    period: Period,
    share: f64,
    until: Day,
) -> Option<Absence> {
    let subject = format!("{} {period:?}", team.id);
    let mut chance = seed.stream("absence", &subject);
    if !chance.happens(share) {
        return None;
    }
    let reason = REASONS[chance.between(0, 3) as usize];
    Some(Absence {
        team: team.id.clone(),
        reason,
        declared_by: declarer(campaign, team)?,
        until,
        second_source: "garrison roll".parse().expect("two words are a remark"),
    })
}
