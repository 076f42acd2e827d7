//! Which team finds less than the lot explains: an e-process per team, by whole weeks.
//!
//! Each week a team is dealt to a kind of shift g, to each of the pool's N places with the same chance, and on every day of it to one of
//! the n_g units. With h_su the finds of unit u on day s and H the finds where team j was dealt, for θ < 1
//!
//! `E = θ^H / Σ_g (n_g / N) · Π_{s of g} (1/n_g) · Σ_u θ^{h_su}`
//!
//! has the expectation 1 over all deals, whatever was found and however unlike the posts are, if it does not matter to the finds which
//! team goes. It is taken over a team's whole path: hour by hour it would not be, for a team keeps its unit all shift. Products over weeks
//! are a martingale, and so is their mean over θ, so that the chance that it ever reaches c is at most 1/c (Ville 1939; Ramdas, Grünwald,
//! Vovk and Shafer 2023). Among K teams one is flagged at K/α; beside that by e-BH (Wang and Ramdas 2022). A flag is for an enquiry.
//!
//! A team that was away, as was frozen before the deal, keeps its place in the deal as a ghost. Its own wager leaves such a day out, and the
//! others' mean leaves its unit out: given where the ghosts are, the others are as likely on each of the units that remain. Who is declared
//! away, and by whom, has a test of its own (`declarers`).
//!
//! The formula takes week deals for lots of their own. Where a rest rule ties a week's shifts to those of the week before, they are not,
//! and an honest team is flagged too often if shifts are unlike: [`test_days`] is for such a campaign, and is what the centre shows.
//!
//! Counts are the teams' own words: one that reports finds it did not make lowers what the others seem to find. Who has more finds than
//! the lot explains is therefore looked at, too.
//!
//! Not seen: teams of a pool that all find too little alike, and finds that are held back wherever the unit is.

use std::collections::{BTreeMap, BTreeSet};

/// The θ against too few finds, each with the same part of the wager at the beginning.
pub const THETAS: [f64; 7] = [0.001, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8];

/// The θ against too many of what is counted, such as visits that were missed.
pub const THETAS_MORE: [f64; 7] = [1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0];

/// Chance that any honest team of a file is flagged, ever.
pub const ALPHA: f64 = 0.05;

/// A shift on one day, as it was dealt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftDay {
    /// The campaign week.
    pub week: u32,
    /// The day, by any name.
    pub day: String,
    /// The pool.
    pub pool: String,
    /// The kind of shift, such as "00-08": g.
    pub shift: String,
    /// Finds of each unit: h_su.
    pub units: Vec<(String, u32)>,
    /// The unit of each team, ghosts included.
    pub dealt: Vec<(String, String)>,
    /// Those of them that were away, as was frozen before the deal: for them the day is no wager.
    pub away: Vec<String>,
}

/// What was found about a team.
#[derive(Debug, Clone, PartialEq)]
pub struct TeamFinding {
    /// The team.
    pub team: String,
    /// Finds that the lot gave it on average.
    pub expected: f64,
    /// Finds where it was dealt.
    pub found: u64,
    /// The e-process after each week in which it was dealt.
    pub e_values: Vec<(u32, f64)>,
    /// The week after which it first stood at K/α.
    pub flag_week: Option<u32>,
    /// The week after which e-BH first named it.
    pub ebh_week: Option<u32>,
    /// The shifts that say most, the strongest first: where whoever enquires begins.
    pub strongest: Vec<Telling>,
}

/// A shift of a team, against what the lot gave it there.
#[derive(Debug, Clone, PartialEq)]
pub struct Telling {
    /// The campaign week.
    pub week: u32,
    /// The day.
    pub day: String,
    /// The kind of shift.
    pub shift: String,
    /// The unit that the team was.
    pub unit: String,
    /// What a team on this shift had on average.
    pub expected: f64,
    /// What was counted where it was.
    pub counted: u32,
}

/// Shifts that are told of a team.
const STRONGEST: usize = 5;

/// Why a record cannot be tested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TeamsError {
    /// Two records of one shift and day.
    #[error("week {week}, {pool}, {shift}: {day} is there twice")]
    Twice {
        /// The week.
        week: u32,
        /// The pool.
        pool: String,
        /// The kind of shift.
        shift: String,
        /// The day.
        day: String,
    },
    /// A unit twice on one day.
    #[error("{place}: unit {unit} is there twice under {field}")]
    UnitTwice {
        /// Week, pool, shift and day.
        place: String,
        /// The unit.
        unit: String,
        /// Where.
        field: &'static str,
    },
    /// A team twice on one day.
    #[error("{place}: team {team} is dealt to two units")]
    TeamTwice {
        /// Week, pool, shift and day.
        place: String,
        /// The team.
        team: String,
    },
    /// A team dealt to a unit whose finds are not there.
    #[error("{place}: team {team} is dealt to {unit}, which is not among the units")]
    UnknownUnit {
        /// Week, pool, shift and day.
        place: String,
        /// The team.
        team: String,
        /// The unit.
        unit: String,
    },
    /// A team that is away, and not among those dealt.
    #[error("{place}: team {team} is away and has no unit; a ghost is dealt one, too")]
    AwayUndealt {
        /// Week, pool, shift and day.
        place: String,
        /// The team.
        team: String,
    },
    /// A team with two kinds of shift in a week.
    #[error(
        "week {week}: team {team} is dealt to {one} and to {other}; a team keeps its kind of shift for a week"
    )]
    TwoShifts {
        /// The week.
        week: u32,
        /// The team.
        team: String,
        /// Pool and shift.
        one: String,
        /// Pool and shift.
        other: String,
    },
    /// More units than teams that could be dealt to them.
    #[error(
        "{place}: {units} units, and {teams} teams dealt to that shift in the week; ghosts belong under dealt, too"
    )]
    MoreUnits {
        /// Week, pool, shift and day.
        place: String,
        /// Units.
        units: usize,
        /// Teams: n_g.
        teams: usize,
    },
}

impl ShiftDay {
    fn place(&self) -> String {
        format!("week {}, {}, {}, {}", self.week, self.pool, self.shift, self.day)
    }

    fn check(&self) -> Result<(), TeamsError> {
        let twice =
            |field, unit: &str| TeamsError::UnitTwice { place: self.place(), unit: unit.to_owned(), field };
        let (mut units, mut taken, mut teams) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (unit, _) in &self.units {
            if !units.insert(unit) {
                return Err(twice("units", unit));
            }
        }
        for (team, unit) in &self.dealt {
            if !teams.insert(team) {
                return Err(TeamsError::TeamTwice { place: self.place(), team: team.clone() });
            }
            if !units.contains(unit) {
                let (place, team, unit) = (self.place(), team.clone(), unit.clone());
                return Err(TeamsError::UnknownUnit { place, team, unit });
            }
            if !taken.insert(unit) {
                return Err(twice("dealt", unit));
            }
        }
        match self.away.iter().find(|team| !teams.contains(team)) {
            Some(team) => Err(TeamsError::AwayUndealt { place: self.place(), team: team.clone() }),
            None => Ok(()),
        }
    }

    /// Finds where a team was dealt; none on a day off.
    fn finds_of(&self, team: &str) -> u32 {
        let unit = self.dealt.iter().find(|(dealt, _)| dealt == team).map(|(_, unit)| unit);
        let finds =
            |unit: &String| self.units.iter().find(|(known, _)| known == unit).map(|(_, finds)| *finds);
        unit.and_then(finds).unwrap_or(0)
    }

    /// Finds of the units that are not left to ghosts.
    fn served(&self) -> impl Iterator<Item = u32> {
        let is_ghost = |unit: &String| {
            self.dealt.iter().any(|(team, dealt)| dealt == unit && self.away.iter().any(|away| away == team))
        };
        self.units.iter().filter(move |(unit, _)| !is_ghost(unit)).map(|(_, finds)| *finds)
    }

    /// Chance that a team of the shift is on duty.
    fn works(&self, places: usize) -> f64 {
        if self.served().next().is_none() { 0.0 } else { self.units.len() as f64 / places as f64 }
    }

    /// What a team of the shift has on average; a day off has nothing. Given where the ghosts are, it is as likely on each other unit.
    fn mean(&self, places: usize) -> f64 {
        let served = self.served().count().max(1) as f64;
        self.works(places) * self.served().map(f64::from).sum::<f64>() / served
    }

    /// Logarithm of the mean of θ^h likewise.
    fn mean_log(&self, theta: f64, places: usize) -> f64 {
        let works = self.works(places);
        let served: Vec<f64> = self.served().map(|finds| f64::from(finds) * libm::log(theta)).collect();
        let on_duty = libm::log(works) + log_mean(&served);
        if works < 1.0 { log_sum([on_duty, libm::log(1.0 - works)].into_iter()) } else { on_duty }
    }
}

/// A pool's week: its shifts by kind, each with the teams dealt to it.
struct PoolWeek<'a> {
    shifts: BTreeMap<&'a str, (BTreeSet<&'a str>, Vec<&'a ShiftDay>)>,
}

impl<'a> PoolWeek<'a> {
    fn of(days: &[&'a ShiftDay]) -> Result<PoolWeek<'a>, TeamsError> {
        let mut shifts: BTreeMap<&str, (BTreeSet<&str>, Vec<&ShiftDay>)> = BTreeMap::new();
        for day in days {
            let (teams, days) = shifts.entry(&day.shift).or_default();
            teams.extend(day.dealt.iter().map(|(team, _)| team.as_str()));
            days.push(day);
        }
        for (teams, days) in shifts.values() {
            if let Some(day) = days.iter().find(|day| teams.len() < day.units.len()) {
                let (units, teams) = (day.units.len(), teams.len());
                return Err(TeamsError::MoreUnits { place: day.place(), units, teams });
            }
        }
        Ok(PoolWeek { shifts })
    }

    /// N.
    fn places(&self) -> usize {
        self.shifts.values().map(|(teams, _)| teams.len()).sum()
    }

    /// The days on which a team was away.
    fn away(&self, team: &str) -> BTreeSet<&'a str> {
        let days = self.shifts.values().flat_map(|(_, days)| days);
        days.filter(|day| day.away.iter().any(|away| away == team)).map(|day| day.day.as_str()).collect()
    }

    /// Finds of a team on average over all deals, on the other days than those away.
    fn expected(&self, away: &BTreeSet<&str>) -> f64 {
        let of_shift = |(teams, days): &(BTreeSet<&str>, Vec<&ShiftDay>)| {
            let days = days.iter().filter(|day| !away.contains(&*day.day));
            let finds: f64 = days.map(|day| day.mean(teams.len())).sum();
            finds * teams.len() as f64 / self.places() as f64
        };
        self.shifts.values().map(of_shift).sum()
    }

    /// Logarithm of the mean over all deals, for a θ, on the other days than those away.
    fn mean_log(&self, theta: f64, away: &BTreeSet<&str>) -> f64 {
        let of_shift = |(teams, days): &(BTreeSet<&str>, Vec<&ShiftDay>)| {
            let (own, all) = (teams.len(), self.places());
            let days = days.iter().filter(|day| !away.contains(&*day.day));
            libm::log(own as f64 / all as f64) + days.map(|day| day.mean_log(theta, own)).sum::<f64>()
        };
        log_sum(self.shifts.values().map(of_shift))
    }

    /// Each team with its finds, and when it was away.
    fn found(&self) -> impl Iterator<Item = (&'a str, u64, BTreeSet<&'a str>)> {
        self.shifts.values().flat_map(move |(teams, days)| {
            teams.iter().map(move |team| {
                let away = self.away(team);
                let days = days.iter().filter(|day| !away.contains(&*day.day));
                (*team, days.map(|day| u64::from(day.finds_of(team))).sum(), away)
            })
        })
    }
}

/// Logarithm of a sum of exponentials.
fn log_sum(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + libm::log(logs.map(|log| libm::exp(log - most)).sum::<f64>())
}

/// Logarithm of a mean of exponentials; of none, that of 0.
fn log_mean(logs: &[f64]) -> f64 {
    log_sum(logs.iter().copied()) - libm::log(logs.len().max(1) as f64)
}

/// A team's wager so far.
#[derive(Default)]
struct Wager {
    growth_log: [f64; 7],
    expected: f64,
    found: u64,
    e_values: Vec<(u32, f64)>,
    flag_week: Option<u32>,
    ebh_week: Option<u32>,
    /// Whether it was laid on this week.
    played: bool,
}

impl Wager {
    fn note(&mut self, week: u32) {
        if std::mem::take(&mut self.played) {
            self.e_values.push((week, self.e_value()));
        }
    }

    fn e_value(&self) -> f64 {
        libm::exp(log_mean(&self.growth_log)).min(f64::MAX)
    }
}

/// The value at which one of so many teams is flagged.
pub fn flag_at(teams: usize) -> f64 {
    teams as f64 / ALPHA
}

/// Tests every team of a record, week by week: does it find less than the lot gives it?
///
/// # Errors
/// [`TeamsError`] with the place.
pub fn test_teams(record: &[ShiftDay]) -> Result<Vec<TeamFinding>, TeamsError> {
    test_with(record, &THETAS, By::Weeks)
}

/// What a team is tested for, day by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Too {
    /// It has less than the lot gives it.
    Little,
    /// It has more, such as of missed visits.
    Much,
}

/// Tests every team by the deals of its days alone: `θ^h / mean over the served units of θ^h` for each day on which it was dealt and not
/// away. Given the shift that it has for the week and the days on which it rests, these deals are lots of their own; the week's deal is
/// not, for the rest rule lets a team rather keep its shift, and no wager is laid on it.
///
/// # Errors
/// [`TeamsError`] with the place.
pub fn test_days(record: &[ShiftDay], too: Too) -> Result<Vec<TeamFinding>, TeamsError> {
    test_with(record, if too == Too::Little { &THETAS } else { &THETAS_MORE }, By::Days)
}

/// Which deals a team is tested by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Weeks,
    Days,
}

fn test_with(record: &[ShiftDay], thetas: &[f64; 7], by: By) -> Result<Vec<TeamFinding>, TeamsError> {
    let weeks = by_week(record)?;
    let mut strongest = strongest(record, thetas[0] < 1.0);
    let dealt = record.iter().flat_map(|day| &day.dealt).map(|(team, _)| team.as_str());
    let mut wagers: BTreeMap<&str, Wager> = dealt.map(|team| (team, Wager::default())).collect();
    for (week, pools) in weeks {
        for days in pools.values() {
            match by {
                By::Weeks => play(&mut wagers, &PoolWeek::of(days)?, thetas),
                By::Days => days.iter().for_each(|day| play_day(&mut wagers, day, thetas)),
            }
        }
        wagers.values_mut().for_each(|wager| wager.note(week));
        flag(&mut wagers, week);
    }
    let finding = |(team, wager): (&str, Wager)| TeamFinding {
        team: team.to_owned(),
        expected: wager.expected,
        found: wager.found,
        e_values: wager.e_values,
        flag_week: wager.flag_week,
        ebh_week: wager.ebh_week,
        strongest: strongest.remove(team).unwrap_or_default(),
    };
    Ok(wagers.into_iter().map(finding).collect())
}

/// By team, the shifts on which it was farthest from the others: below them if `fewer`, else above.
fn strongest(record: &[ShiftDay], fewer: bool) -> BTreeMap<&str, Vec<Telling>> {
    let mut telling: BTreeMap<&str, Vec<Telling>> = BTreeMap::new();
    for day in record {
        let served: Vec<f64> = day.served().map(f64::from).collect();
        let expected = served.iter().sum::<f64>() / served.len().max(1) as f64;
        let present = day.dealt.iter().filter(|(team, _)| !day.away.contains(team));
        for (team, unit) in present {
            let (week, counted) = (day.week, day.finds_of(team));
            let (day, shift, unit) = (day.day.clone(), day.shift.clone(), unit.clone());
            telling.entry(team).or_default().push(Telling { week, day, shift, unit, expected, counted });
        }
    }
    let off = |of: &Telling| (of.expected - f64::from(of.counted)) * if fewer { 1.0 } else { -1.0 };
    for of in telling.values_mut() {
        of.retain(|of| off(of) > 0.0);
        of.sort_by(|one, other| off(other).total_cmp(&off(one)));
        of.truncate(STRONGEST);
    }
    telling
}

type Weeks<'a> = BTreeMap<u32, BTreeMap<&'a str, Vec<&'a ShiftDay>>>;

fn by_week(record: &[ShiftDay]) -> Result<Weeks<'_>, TeamsError> {
    let (mut weeks, mut seen, mut shift_of) = (Weeks::new(), BTreeSet::new(), BTreeMap::new());
    for day in record {
        day.check()?;
        let ShiftDay { week, pool, shift, .. } = day;
        if !seen.insert((week, pool, shift, &day.day)) {
            let (pool, shift, day) = (pool.clone(), shift.clone(), day.day.clone());
            return Err(TeamsError::Twice { week: *week, pool, shift, day });
        }
        for (team, _) in &day.dealt {
            let one = *shift_of.entry((week, team)).or_insert((pool, shift));
            if one != (pool, shift) {
                let name = |(pool, shift): (&String, &String)| format!("{pool} {shift}");
                let (team, one, other) = (team.clone(), name(one), name((pool, shift)));
                return Err(TeamsError::TwoShifts { week: *week, team, one, other });
            }
        }
        weeks.entry(*week).or_default().entry(pool).or_default().push(day);
    }
    Ok(weeks)
}

fn play<'a>(wagers: &mut BTreeMap<&'a str, Wager>, of: &PoolWeek<'a>, thetas: &[f64; 7]) {
    let against = |away: &BTreeSet<&str>| (thetas.map(|theta| of.mean_log(theta, away)), of.expected(away));
    // Most teams are away on no day: they have one mean.
    let usual = against(&BTreeSet::new());
    for (team, found, away) in of.found() {
        let (means, share) = if away.is_empty() { usual } else { against(&away) };
        let wager = wagers.entry(team).or_default();
        for (growth, (theta, mean)) in wager.growth_log.iter_mut().zip(thetas.iter().zip(means)) {
            *growth += found as f64 * libm::log(*theta) - mean;
        }
        wager.found += found;
        wager.expected += share;
        wager.played = true;
    }
}

/// Plays one day's deal: each team that is there is as likely on each of the units that are not left to ghosts.
fn play_day<'a>(wagers: &mut BTreeMap<&'a str, Wager>, day: &'a ShiftDay, thetas: &[f64; 7]) {
    let served: Vec<f64> = day.served().map(f64::from).collect();
    let means =
        thetas.map(|theta| log_mean(&served.iter().map(|h| h * libm::log(theta)).collect::<Vec<_>>()));
    for (team, _) in day.dealt.iter().filter(|(team, _)| !day.away.contains(team)) {
        let found = day.finds_of(team);
        let wager = wagers.entry(team).or_default();
        for (growth, (theta, mean)) in wager.growth_log.iter_mut().zip(thetas.iter().zip(means)) {
            *growth += f64::from(found) * libm::log(*theta) - mean;
        }
        wager.found += u64::from(found);
        wager.expected += served.iter().sum::<f64>() / served.len().max(1) as f64;
        wager.played = true;
    }
}

/// Flags whoever has reached K/α, and by e-BH the largest k teams that have each reached K/(k·α).
fn flag(wagers: &mut BTreeMap<&str, Wager>, week: u32) {
    let at = flag_at(wagers.len());
    let mut values: Vec<f64> = wagers.values().map(Wager::e_value).collect();
    values.sort_by(|one, other| other.total_cmp(one));
    let reached = (1..).zip(&values).filter(|(rank, value)| at <= **value * f64::from(*rank));
    let least = reached.last().map(|(_, value)| *value);
    for wager in wagers.values_mut() {
        let value = wager.e_value();
        if at <= value {
            wager.flag_week.get_or_insert(week);
        }
        if least.is_some_and(|least| least <= value) {
            wager.ebh_week.get_or_insert(week);
        }
    }
}
