//! The test of teams over deals as they are really made: how often it accuses an honest team, and how soon it sees one that looks away.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use sekong_draw::{
    DrawKey, LAST_DAY_OF_WEEK, Purpose, RestRule, SimulationKey, Subject, UnitPath, WeekDeal, deal_shift,
    deal_week, shifts_too_close, simulate,
};
use sekong_estimate::teams::{ShiftDay, THETAS, TeamFinding, Too, flag_at, test_days, test_teams};
use sekong_model::{
    Campaign, DAYS_PER_WEEK, Day, Hour, Moment, Pool, PostId, ProvinceId, Shift, ShiftShare, TeamId, UnitId,
};

use super::{Plans, ReplayError, Traffic, inspect};
use crate::{Chance, Seed};

/// Posts of a pool that is no campaign's.
const POSTS: usize = 20;

/// A pool, its teams of which one may look away, and where its units' finds come from.
pub enum Ground<'a> {
    /// A campaign's pool, its plans and its posts.
    Campaign {
        /// The campaign.
        campaign: &'a Campaign,
        /// Its plans.
        plans: &'a Plans,
        /// What passes.
        traffic: &'a Traffic,
        /// The pool.
        pool: &'a Pool,
    },
    /// As many teams as are asked for, on three shifts; each unit's path at one of twenty posts that are very unlike.
    Alike {
        /// The campaign whose lot is used.
        campaign: &'a Campaign,
        /// Teams in the pool.
        teams: usize,
        /// Visits of the whole pool in a week.
        visits_per_week: usize,
        /// Part of the visits with a find, on average over the posts.
        find_share: f64,
    },
}

/// What one team does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Withholding {
    /// Part of its finds that it does not report.
    pub share: f64,
}

/// What the test did in one trial.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamTrial {
    /// The first week in which any team stood at K/α.
    pub any_week: Option<u32>,
    /// The same of the team that looks away.
    pub own_week: Option<u32>,
    /// Whether any honest team is flagged by the formula over weeks, which takes week deals for lots of their own.
    pub any_by_weeks: bool,
    /// Whether any team is flagged by products hour by hour, which take a team's hours for lots of their own.
    pub any_by_hour: bool,
}

/// What the test does over many trials.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamPower {
    /// Teams in the pool.
    pub teams: usize,
    /// Weeks of a trial.
    pub weeks: u32,
    /// Part of the trials in which any team was flagged, the one that looks away apart.
    pub any: f64,
    /// The same by the formula over weeks.
    pub any_by_weeks: f64,
    /// The same by products hour by hour.
    pub any_by_hour: f64,
    /// Part of the trials in which the team that looks away was flagged.
    pub own: f64,
    /// The week by which half of the trials had flagged it.
    pub own_week_median: Option<u32>,
}

impl TeamPower {
    /// What many trials say.
    pub fn of(teams: usize, weeks: u32, trials: &[TeamTrial]) -> TeamPower {
        let share = |is: &dyn Fn(&TeamTrial) -> bool| {
            trials.iter().filter(|trial| is(trial)).count() as f64 / trials.len().max(1) as f64
        };
        let mut own: Vec<u32> = trials.iter().map(|trial| trial.own_week.unwrap_or(u32::MAX)).collect();
        own.sort_unstable();
        let median = own.get(own.len().saturating_sub(1) / 2).copied().filter(|week| *week != u32::MAX);
        TeamPower {
            teams,
            weeks,
            any: share(&|trial| trial.any_week.is_some()),
            any_by_weeks: share(&|trial| trial.any_by_weeks),
            any_by_hour: share(&|trial| trial.any_by_hour),
            own: share(&|trial| trial.own_week.is_some()),
            // Weeks count from 0; so many are over when the flag stands.
            own_week_median: median.map(|week| week + 1),
        }
    }
}

/// Draws, deals and tests `trials` times.
///
/// # Errors
/// [`ReplayError`] where the ground cannot be dealt or drawn.
pub fn team_trial(
    ground: &Ground<'_>,
    weeks: u32,
    withholding: Option<Withholding>,
    trials: u32,
    seed: Seed,
) -> Result<TeamPower, ReplayError> {
    let lot = Lot::of(ground);
    let once = |trial: u32| lot.trial(ground, weeks, withholding, seed, trial);
    let done: Vec<TeamTrial> = (0..trials).into_par_iter().map(once).collect::<Result<_, _>>()?;
    Ok(TeamPower::of(lot.teams.len(), weeks, &done))
}

/// Who is dealt to what.
struct Lot<'a> {
    campaign: &'a Campaign,
    name: String,
    province: ProvinceId,
    teams: Vec<TeamId>,
    shifts: Vec<ServedShift>,
    too_close: BTreeSet<(usize, usize)>,
}

/// A shift that the pool serves.
struct ServedShift {
    kind: String,
    start: Hour,
    units: Vec<UnitId>,
}

/// A shift as it was dealt, with what each unit's team reports of each of its hours.
struct Dealt {
    day: ShiftDay,
    by_hour: BTreeMap<String, Vec<(u8, u32)>>,
}

impl<'a> Lot<'a> {
    fn of(ground: &Ground<'a>) -> Lot<'a> {
        match ground {
            Ground::Campaign { campaign, pool, .. } => Lot::of_pool(campaign, pool),
            Ground::Alike { campaign, teams, .. } => Lot::alike(campaign, *teams),
        }
    }

    fn of_pool(campaign: &'a Campaign, pool: &Pool) -> Lot<'a> {
        let units = campaign.units_of(&pool.province, campaign.first_day());
        let shift = |share: &ShiftShare| {
            let shift = campaign.shift(&share.shift)?;
            let own = units.iter().filter(|unit| unit.pool == pool.id && unit.shift == share.shift);
            let units = own.map(|unit| unit.id.clone()).collect();
            Some(ServedShift { kind: share.shift.to_string(), start: shift.start, units })
        };
        Lot {
            campaign,
            name: pool.id.to_string(),
            province: pool.province.clone(),
            teams: campaign.teams_of(&pool.id).iter().map(|team| team.id.clone()).collect(),
            shifts: campaign.shares_of(&pool.id).iter().filter_map(shift).collect(),
            too_close: shifts_too_close(campaign, pool),
        }
    }

    /// Teams on the campaign's shifts, each with a unit every day.
    fn alike(campaign: &'a Campaign, teams: usize) -> Lot<'a> {
        let kinds = campaign.shifts().len().min(teams);
        let shift = |(kind, shift): (usize, &Shift)| {
            let unit = |number| format!("unit-{kind}-{number}").parse().expect("a name of plain letters");
            // As the lot cuts a pool: the first shifts have one more.
            let units = (0..teams / kinds + usize::from(kind < teams % kinds)).map(unit).collect();
            ServedShift { kind: shift.id.to_string(), start: shift.start, units }
        };
        let team = |number| format!("team-{number}").parse().expect("a name of plain letters");
        Lot {
            campaign,
            name: format!("{teams}-teams"),
            province: campaign.provinces()[0].id.clone(),
            teams: (0..teams).map(team).collect(),
            shifts: campaign.shifts().iter().take(kinds).enumerate().map(shift).collect(),
            too_close: BTreeSet::new(),
        }
    }

    fn trial(
        &self,
        ground: &Ground<'_>,
        weeks: u32,
        withholding: Option<Withholding>,
        seed: Seed,
        trial: u32,
    ) -> Result<TeamTrial, ReplayError> {
        let name = format!("{} {trial}", self.name);
        let mut chance = seed.stream("team trial", &name);
        let own = &self.teams[chance.below(self.teams.len())];
        let held = withholding.map(|held| (own, held));
        let mut record: Vec<Dealt> = Vec::new();
        let mut before: Option<WeekDeal> = None;
        for week in 0..weeks {
            let key = DrawKey::new(&seed.bytes("team trial week", &format!("{name} {week}")), &[]);
            let deal = self.deal_week(week, &key, before.as_ref())?;
            for day in 0..=LAST_DAY_OF_WEEK {
                let day = self.played(week, day);
                let finds = Finds::of(ground, &day, &seed.bytes("team trial dice", &name))?;
                for (group, shift) in deal.groups.iter().zip(&self.shifts) {
                    let on_duty: Vec<TeamId> = group.on_duty(day.of_week).cloned().collect();
                    let moment = Moment::Hour { day: day.day, hour: shift.start };
                    let mut stream = key.stream(&self.subject(moment, Purpose::DealShift));
                    let dealt = deal_shift(&on_duty, &shift.units, &mut stream)?.units;
                    record.push(self.look(shift, &day, &dealt, &finds, held, &mut chance));
                }
            }
            before = Some(deal);
        }
        self.tested(&record, withholding.map(|_| own))
    }

    /// What the tests say of a record in which one team may hold finds back.
    fn tested(&self, record: &[Dealt], own: Option<&TeamId>) -> Result<TeamTrial, ReplayError> {
        let shifts: Vec<ShiftDay> = record.iter().map(|dealt| dealt.day.clone()).collect();
        let is_own = |found: &&TeamFinding| own.is_some_and(|own| found.team == own.as_str());
        let by_days = test_days(&shifts, Too::Little)?;
        let honest = by_days.iter().filter(|found| !is_own(found));
        let by_weeks = test_teams(&shifts)?;
        Ok(TeamTrial {
            any_week: honest.filter_map(|found| found.flag_week).min(),
            own_week: by_days.iter().find(is_own).and_then(|found| found.flag_week),
            any_by_weeks: by_weeks.iter().any(|found| !is_own(&found) && found.flag_week.is_some()),
            any_by_hour: any_by_hour(record, self.teams.len()),
        })
    }

    fn deal_week(
        &self,
        week: u32,
        key: &DrawKey,
        before: Option<&WeekDeal>,
    ) -> Result<WeekDeal, ReplayError> {
        let worked = before.map(|deal| deal.working(LAST_DAY_OF_WEEK)).unwrap_or_default();
        let rest = RestRule { worked, too_close: self.too_close.clone() };
        let units: Vec<usize> = self.shifts.iter().map(|shift| shift.units.len()).collect();
        let mut stream = key.stream(&self.subject(Moment::Week { week }, Purpose::DealWeek));
        Ok(deal_week(&self.teams, &units, &rest, &mut stream)?)
    }

    fn subject(&self, moment: Moment, purpose: Purpose) -> Subject<'_> {
        let campaign = self.campaign.id();
        Subject { campaign, province: &self.province, moment, unit: &self.name, purpose }
    }

    fn played(&self, week: u32, of_week: u8) -> Played {
        let number = week * DAYS_PER_WEEK + u32::from(of_week);
        let first = self.campaign.first_day();
        let day = i32::try_from(number).ok().and_then(|days| first.plus_days(days)).unwrap_or(first);
        Played { week, of_week, number, day }
    }

    /// What a shift's teams find and report.
    fn look(
        &self,
        shift: &ServedShift,
        day: &Played,
        dealt: &[(UnitId, TeamId)],
        finds: &Finds<'_>,
        withholding: Option<(&TeamId, Withholding)>,
        chance: &mut Chance,
    ) -> Dealt {
        let mut by_hour = BTreeMap::new();
        for (unit, team) in dealt {
            let mut hours = finds.of_unit(unit, chance);
            if let Some((_, held)) = withholding.filter(|(own, _)| *own == team) {
                hours.iter_mut().for_each(|(_, found)| *found = chance.count(*found, 1.0 - held.share));
            }
            by_hour.insert(unit.to_string(), hours);
        }
        let sum = |hours: &Vec<(u8, u32)>| hours.iter().map(|(_, found)| found).sum();
        let day = ShiftDay {
            week: day.week,
            day: day.of_week.to_string(),
            pool: self.name.clone(),
            shift: shift.kind.clone(),
            units: by_hour.iter().map(|(unit, hours)| (unit.clone(), sum(hours))).collect(),
            dealt: dealt.iter().map(|(unit, team)| (team.to_string(), unit.to_string())).collect(),
            away: Vec::new(),
        };
        Dealt { day, by_hour }
    }
}

/// A day of a trial.
struct Played {
    week: u32,
    of_week: u8,
    /// In the trial.
    number: u32,
    /// In the campaign.
    day: Day,
}

/// What is to be found on a day.
enum Finds<'a> {
    Campaign { paths: BTreeMap<UnitId, Vec<(PostId, u8)>>, day: Day, traffic: &'a Traffic },
    Alike { visits_per_shift: f64, find_share: f64 },
}

impl<'a> Finds<'a> {
    fn of(ground: &Ground<'a>, played: &Played, dice: &[u8; 32]) -> Result<Finds<'a>, ReplayError> {
        match ground {
            Ground::Campaign { plans, traffic, pool, .. } => {
                let day = played.day;
                let missing = || ReplayError::NoPlan { province: pool.province.clone(), day };
                let plan = plans.get(&(pool.province.clone(), day)).ok_or_else(missing)?;
                let roster = simulate(plan.chains(), &SimulationKey::new(dice), u64::from(played.number))?;
                let game = plan.game();
                let path = |(at, unit): (usize, &UnitPath)| {
                    let nodes = unit.path.iter();
                    let nodes = nodes.map(|node| {
                        (game.posts()[usize::from(node.post)].clone(), game.hour_of(at, node.position))
                    });
                    (unit.unit.clone(), nodes.collect())
                };
                let paths = roster.units.iter().enumerate().map(path).collect();
                Ok(Finds::Campaign { paths, day, traffic })
            }
            Ground::Alike { teams, visits_per_week, find_share, .. } => {
                let shifts_per_week = *teams as f64 * f64::from(DAYS_PER_WEEK);
                let visits_per_shift = *visits_per_week as f64 / shifts_per_week;
                Ok(Finds::Alike { visits_per_shift, find_share: *find_share })
            }
        }
    }

    /// By hour, what a unit comes upon.
    fn of_unit(&self, unit: &UnitId, chance: &mut Chance) -> Vec<(u8, u32)> {
        match self {
            Finds::Campaign { paths, day, traffic } => {
                let path = paths.get(unit).map_or(&[][..], Vec::as_slice);
                let find = |(post, hour): &(PostId, u8)| {
                    let (passed, loads) = traffic.of(*day, post, *hour);
                    (*hour, inspect(passed, loads, chance).found())
                };
                path.iter().map(find).collect()
            }
            Finds::Alike { visits_per_shift, find_share } => {
                let whole = visits_per_shift.trunc();
                let visits = whole as u8 + u8::from(chance.happens(visits_per_shift - whole));
                // A unit keeps to a post for its shift. Squares: a few of the posts have most of the finds, the mean is `find_share`.
                let post = (chance.below(POSTS) as f64 + 0.5) / POSTS as f64;
                let share = (3.0 * find_share * post * post).min(1.0);
                let find = |hour| (hour, u32::from(chance.happens(share)));
                (0..visits).map(find).collect()
            }
        }
    }
}

/// Whether a team is flagged by products hour by hour. A team keeps its unit, so these are no lots of their own: for comparison alone.
fn any_by_hour(record: &[Dealt], teams: usize) -> bool {
    let mut growth: BTreeMap<&str, [f64; THETAS.len()]> = BTreeMap::new();
    for dealt in record {
        let hours: BTreeSet<u8> = dealt.by_hour.values().flatten().map(|(hour, _)| *hour).collect();
        for hour in hours {
            let found = |unit: &String| -> u32 {
                let of_unit = dealt.by_hour.get(unit).into_iter().flatten();
                of_unit.filter(|(at, _)| *at == hour).map(|(_, found)| found).sum()
            };
            let finds: Vec<u32> = dealt.by_hour.keys().map(found).collect();
            for (team, unit) in &dealt.day.dealt {
                let wager = growth.entry(team).or_default();
                for (growth, theta) in wager.iter_mut().zip(THETAS) {
                    let power = |found: u32| theta.powi(i32::try_from(found).unwrap_or(i32::MAX));
                    let mean = finds.iter().map(|found| power(*found)).sum::<f64>() / finds.len() as f64;
                    *growth += (power(found(unit)) / mean).ln();
                }
                let e = wager.iter().map(|growth| growth.exp()).sum::<f64>() / THETAS.len() as f64;
                if flag_at(teams) <= e {
                    return true;
                }
            }
        }
    }
    false
}
