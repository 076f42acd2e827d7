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
//! A team that was away, as was frozen before the deal, keeps its place in the deal as a ghost; no wager is laid on its week, or on its
//! day. Who is declared away, and by whom, has a test of its own (`declarers`).
//!
//! The formula takes week deals for lots of their own. Where a rest rule ties a week's shifts to those of the week before, they are not,
//! and an honest team is flagged too often if shifts are unlike: [`test_days`] is for such a campaign, and is what the centre shows.
//!
//! Counts are the teams' own words: one that reports finds it did not make lowers what the others seem to find. Who has more finds than
//! the lot explains is therefore looked at, too.
//!
//! Not seen: teams of a pool that all find too little alike, and finds that are held back wherever the unit is. Where simulants are planted,
//! [`test_planted`] sees these.

use std::collections::{BTreeMap, BTreeSet};

use sekong_model::{Counts, HOURS_PER_DAY};

mod planted;
mod power;

pub use planted::{PlantedError, PlantedFinding, PlantedVisit, misses_to_flag, test_planted};
pub use power::{PoolPower, power};

/// A value for each θ.
type Thetas = [f64; 7];

/// The θ against too few finds.
pub const THETAS: Thetas = [0.001, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8];

/// The θ against too many of what is counted, such as visits that were missed.
const THETAS_MORE: Thetas = [1.25, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0];

/// How a wager begins: so large a part of it on each θ.
struct Bets {
    thetas: Thetas,
    parts: Thetas,
}

/// The same on each θ.
const EVENLY: Thetas = [1.0 / 7.0; 7];

/// By weeks, as published.
const BY_WEEKS: Bets = Bets { thetas: THETAS, parts: EVENLY };

/// By days half is laid on one who holds back four fifths: that is to be seen in a quarter of a year where little is found, and one who
/// holds back nearly all is seen by the same θ. One who holds back half is seen later for it.
const TOO_LITTLE: Bets = Bets { thetas: THETAS, parts: [0.04, 0.2, 0.5, 0.14, 0.04, 0.04, 0.04] };

const TOO_MUCH: Bets = Bets { thetas: THETAS_MORE, parts: EVENLY };

impl Bets {
    /// For each θ, the logarithm of the mean of θ^h.
    fn means(&self, finds: impl Iterator<Item = u32> + Clone) -> Thetas {
        self.thetas.map(|theta| log_mean_power(theta, finds.clone()))
    }
}

/// Chance that any honest team of a file is flagged, ever.
pub const ALPHA: f64 = 0.05;

/// Part of its finds that the team of a statement of power holds back.
pub const HELD_BACK: f64 = 0.8;

/// The most finds of a unit on a shift: in each hour of a day the most that one slot can have. More is no count of a shift.
pub const FINDS_MAX: u32 = HOURS_PER_DAY as u32 * Counts::MAX;

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
    /// Those of them that were away, as was frozen before the deal.
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
    /// The week in which it first stood at K/α, be it after one day of it.
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
    /// More finds than a shift can have.
    #[error(
        "{place}: unit {unit} has {finds} finds; in the 24 hours of a day a unit has {FINDS_MAX} at most"
    )]
    TooMany {
        /// Week, pool, shift and day.
        place: String,
        /// The unit.
        unit: String,
        /// Its finds.
        finds: u32,
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
        for (unit, finds) in &self.units {
            if !units.insert(unit) {
                return Err(twice("units", unit));
            }
            if FINDS_MAX < *finds {
                let (place, unit, finds) = (self.place(), unit.clone(), *finds);
                return Err(TeamsError::TooMany { place, unit, finds });
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

    fn is_away(&self, team: &str) -> bool {
        self.away.iter().any(|away| away == team)
    }

    /// Finds of the units that are not left to ghosts.
    fn served(&self) -> impl Iterator<Item = u32> + Clone {
        let is_ghost =
            |unit: &String| self.dealt.iter().any(|(team, dealt)| dealt == unit && self.is_away(team));
        self.units.iter().filter(move |(unit, _)| !is_ghost(unit)).map(|(_, finds)| *finds)
    }

    /// What a team that is there has on average.
    fn expected(&self) -> f64 {
        self.served().map(f64::from).sum::<f64>() / self.served().count().max(1) as f64
    }

    /// Logarithm of the mean of θ^h over the places of a team; a day off is a place without finds.
    fn mean_log(&self, theta: f64, places: usize) -> f64 {
        let off = vec![0; places - self.units.len()];
        log_mean_power(theta, self.units.iter().map(|(_, finds)| *finds).chain(off))
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

    fn finds(&self) -> u64 {
        let days = self.shifts.values().flat_map(|(_, days)| days);
        days.flat_map(|day| &day.units).map(|(_, finds)| u64::from(*finds)).sum()
    }

    /// Logarithm of the mean over all deals, for a θ.
    fn mean_log(&self, theta: f64) -> f64 {
        let of_shift = |(teams, days): &(BTreeSet<&str>, Vec<&ShiftDay>)| {
            let (own, all) = (teams.len(), self.places());
            libm::log(own as f64 / all as f64) + days.iter().map(|day| day.mean_log(theta, own)).sum::<f64>()
        };
        log_sum(self.shifts.values().map(of_shift))
    }

    /// Each team that was away on no day, with its finds.
    fn found(&self) -> impl Iterator<Item = (&'a str, u64)> {
        self.shifts.values().flat_map(|(teams, days)| {
            let is_there = |team: &&&str| !days.iter().any(|day| day.is_away(team));
            let finds = |team: &&'a str| (*team, days.iter().map(|day| u64::from(day.finds_of(team))).sum());
            teams.iter().filter(is_there).map(finds).collect::<Vec<_>>()
        })
    }
}

/// Logarithm of a sum of exponentials.
fn log_sum(logs: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = logs.clone().fold(f64::NEG_INFINITY, f64::max);
    most + libm::log(logs.map(|log| libm::exp(log - most)).sum::<f64>())
}

/// Logarithm of the mean of θ^h, however large the h.
fn log_mean_power(theta: f64, finds: impl Iterator<Item = u32> + Clone) -> f64 {
    let theta_log = libm::log(theta);
    let logs = finds.clone().map(|found| f64::from(found) * theta_log);
    log_sum(logs) - libm::log(finds.count() as f64)
}

/// A team's wager so far.
struct Wager {
    bets: &'static Bets,
    growth_log: Thetas,
    expected: f64,
    found: u64,
    /// The most that it ever stood at, after any deal: the bound of Ville is for this.
    highest: f64,
    e_values: Vec<(u32, f64)>,
    flag_week: Option<u32>,
    ebh_week: Option<u32>,
    /// Whether it was laid on this week.
    played: bool,
}

impl Wager {
    fn on(bets: &'static Bets) -> Wager {
        let (e_values, flag_week, ebh_week) = (Vec::new(), None, None);
        Wager {
            bets,
            growth_log: [0.0; 7],
            expected: 0.0,
            found: 0,
            highest: 1.0,
            e_values,
            flag_week,
            ebh_week,
            played: false,
        }
    }

    /// Lays it on a deal: what was found, against the logarithms of the means of θ^h.
    fn lay(&mut self, means: &Thetas, found: u64, expected: f64) {
        for (growth, (theta, mean)) in self.growth_log.iter_mut().zip(self.bets.thetas.iter().zip(means)) {
            *growth += found as f64 * libm::log(*theta) - mean;
        }
        self.found += found;
        self.expected += expected;
        self.highest = self.highest.max(self.e_value());
        self.played = true;
    }

    fn note(&mut self, week: u32) {
        if std::mem::take(&mut self.played) {
            self.e_values.push((week, self.e_value()));
        }
    }

    fn e_value(&self) -> f64 {
        let grown =
            self.growth_log.iter().zip(&self.bets.parts).map(|(growth, part)| growth + libm::log(*part));
        libm::exp(log_sum(grown)).min(f64::MAX)
    }
}

/// The value at which one of so many teams is flagged.
pub fn flag_at(teams: usize) -> f64 {
    teams as f64 / ALPHA
}

/// Tests every team of a record by whole weeks: does it find less than the lot gives it?
///
/// # Errors
/// [`TeamsError`] with the place.
pub fn test_teams(record: &[ShiftDay]) -> Result<Vec<TeamFinding>, TeamsError> {
    test_with(record, Too::Little, &BY_WEEKS, 0, |wagers, days| {
        play(wagers, &PoolWeek::of(days)?);
        Ok(())
    })
}

/// What a team is tested for, day by day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Too {
    /// It has less than the lot gives it.
    Little,
    /// It has more, such as of missed visits.
    Much,
}

impl Too {
    fn bets(self) -> &'static Bets {
        match self {
            Too::Little => &TOO_LITTLE,
            Too::Much => &TOO_MUCH,
        }
    }
}

/// Tests every team by the deals of its days alone: `θ^h / mean over the served units of θ^h` for each day on which it was dealt and not
/// away. Given the shift that it has for the week and the days on which it rests, these deals are lots of their own; the week's deal is
/// not, for the rest rule lets a team rather keep its shift, and no wager is laid on it.
///
/// # Errors
/// [`TeamsError`] with the place.
pub fn test_days(record: &[ShiftDay], too: Too) -> Result<Vec<TeamFinding>, TeamsError> {
    test_days_among(record, too, 0)
}

/// The same where the record is a part of one of so many teams: whoever chooses the part must not choose the flag with it.
///
/// # Errors
/// [`TeamsError`] with the place.
pub fn test_days_among(record: &[ShiftDay], too: Too, teams: usize) -> Result<Vec<TeamFinding>, TeamsError> {
    let bets = too.bets();
    test_with(record, too, bets, teams, |wagers, days| {
        days.iter().for_each(|day| play_day(wagers, day, bets));
        Ok(())
    })
}

/// Lays everybody's wagers week by week, a pool at a time; the flag is that of the record's teams, or of `teams` if they are more.
fn test_with<'a>(
    record: &'a [ShiftDay],
    too: Too,
    bets: &'static Bets,
    teams: usize,
    play: impl Fn(&mut BTreeMap<&'a str, Wager>, &[&'a ShiftDay]) -> Result<(), TeamsError>,
) -> Result<Vec<TeamFinding>, TeamsError> {
    let weeks = by_week(record)?;
    let mut strongest = strongest(record, too);
    let dealt = record.iter().flat_map(|day| &day.dealt).map(|(team, _)| team.as_str());
    let mut wagers: BTreeMap<&str, Wager> = dealt.map(|team| (team, Wager::on(bets))).collect();
    let flag_at = flag_at(wagers.len().max(teams));
    for (week, pools) in weeks {
        for days in pools.values() {
            play(&mut wagers, days)?;
        }
        wagers.values_mut().for_each(|wager| wager.note(week));
        flag(&mut wagers, week, flag_at);
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

/// By team, the shifts on which it was farthest from the others: below or above them.
fn strongest(record: &[ShiftDay], too: Too) -> BTreeMap<&str, Vec<Telling>> {
    let mut telling: BTreeMap<&str, Vec<Telling>> = BTreeMap::new();
    for day in record {
        let expected = day.expected();
        let present = day.dealt.iter().filter(|(team, _)| !day.is_away(team));
        for (team, unit) in present {
            let (week, counted) = (day.week, day.finds_of(team));
            let (day, shift, unit) = (day.day.clone(), day.shift.clone(), unit.clone());
            telling.entry(team).or_default().push(Telling { week, day, shift, unit, expected, counted });
        }
    }
    let off = |of: &Telling| match too {
        Too::Little => of.expected - f64::from(of.counted),
        Too::Much => f64::from(of.counted) - of.expected,
    };
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

fn play<'a>(wagers: &mut BTreeMap<&'a str, Wager>, of: &PoolWeek<'a>) {
    let means = THETAS.map(|theta| of.mean_log(theta));
    let expected = of.finds() as f64 / of.places() as f64;
    for (team, found) in of.found() {
        wagers.entry(team).or_insert_with(|| Wager::on(&BY_WEEKS)).lay(&means, found, expected);
    }
}

/// Plays one day's deal: each team that is there is as likely on each of the units that are not left to ghosts.
fn play_day<'a>(wagers: &mut BTreeMap<&'a str, Wager>, day: &'a ShiftDay, bets: &'static Bets) {
    let means = bets.means(day.served());
    let expected = day.expected();
    for (team, _) in day.dealt.iter().filter(|(team, _)| !day.is_away(team)) {
        let found = u64::from(day.finds_of(team));
        wagers.entry(team).or_insert_with(|| Wager::on(bets)).lay(&means, found, expected);
    }
}

/// Flags whoever has reached K/α after any deal, and by e-BH the largest k teams that stand at K/(k·α) each.
fn flag(wagers: &mut BTreeMap<&str, Wager>, week: u32, at: f64) {
    let mut values: Vec<f64> = wagers.values().map(Wager::e_value).collect();
    values.sort_by(|one, other| other.total_cmp(one));
    let reached = (1..).zip(&values).filter(|(rank, value)| at <= **value * f64::from(*rank));
    let least = reached.last().map(|(_, value)| *value);
    for wager in wagers.values_mut() {
        let value = wager.e_value();
        if at <= wager.highest {
            wager.flag_week.get_or_insert(week);
        }
        if least.is_some_and(|least| least <= value) {
            wager.ebh_week.get_or_insert(week);
        }
    }
}
