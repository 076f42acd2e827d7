//! Deals: which team serves on which shift this week, and as which unit on this shift.
//!
//! *Permutation.* Fisher–Yates (Durstenfeld 1964): for `i` from `n − 1` down to 1, swap items `i` and
//! `below(i + 1)`.
//!
//! *Week.* The `N` teams of a pool, in canonical order, are permuted and cut in order into one group a shift:
//! `N / shifts` teams each, and one more for each of the first `N mod shifts` shifts. A team's index in its
//! group is its place. With `n` teams in a group and `U` units of the pool on its shift, `r = n − U` teams
//! rest each day: on day `d` of the week (0 to 6) those with `(place + d·r) mod n < r`. A deal that sends a
//! team to its first day's shift too soon after the last day of the week before is not legal; the whole
//! permutation is drawn again with the next words of the stream until the deal is legal, so that it is
//! uniform over the legal ones.
//!
//! *Shift.* The teams of the group that do not rest, in order of place, are permuted; the `i`-th serves as
//! the `i`-th unit in canonical order. Who is absent is dealt a unit like everyone else and leaves it empty:
//! a ghost.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use sekong_model::{Campaign, HOURS_PER_DAY, Pool, Shift, TeamId, UnitId};

use crate::Stream;

/// The seventh day of a campaign week, counted from 0.
pub const LAST_DAY_OF_WEEK: u8 = 6;

/// Permutations tried before a weekly deal gives up; the loader of campaigns refuses a pool for which that could happen.
pub const MAX_TRIES: u32 = 1_000_000;

/// Why teams cannot be dealt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DealError {
    /// A shift would have fewer teams than units.
    #[error("shift {shift} would have {teams} teams for {units} units")]
    TooFewTeams {
        /// Index of the shift.
        shift: usize,
        /// Teams in its group.
        teams: usize,
        /// Units of the pool on it.
        units: usize,
    },
    /// There is no shift to deal the teams to.
    #[error("there is no shift to deal {teams} teams to")]
    NoShifts {
        /// Teams of the pool.
        teams: usize,
    },
    /// A team is listed twice.
    #[error("team {team} is listed twice")]
    DuplicateTeam {
        /// The team.
        team: TeamId,
    },
    /// No legal deal was found.
    #[error(
        "none of {tries} permutations keeps the rest between two weeks: too few teams for the rest rules"
    )]
    NoLegalDeal {
        /// Permutations tried.
        tries: u32,
    },
    /// The teams of a shift are not as many as its units.
    #[error("{teams} teams are on duty for {units} units")]
    CountsDiffer {
        /// Teams on duty.
        teams: usize,
        /// Units.
        units: usize,
    },
}

/// Puts the items into a uniformly random order.
pub fn permute<T>(items: &mut [T], stream: &mut Stream) {
    for last in (1..items.len()).rev() {
        let choices = NonZeroU64::MIN.saturating_add(last as u64);
        // The number is at most `last`, which is a usize.
        items.swap(last, stream.below(choices) as usize);
    }
}

/// What the rest between two weeks forbids.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RestRule {
    /// Who worked on the last day of the week before, and on which shift (index in shift order).
    pub worked: BTreeMap<TeamId, usize>,
    /// Pairs (shift on the last day, shift on the first day) that lie too close together.
    pub too_close: BTreeSet<(usize, usize)>,
}

impl RestRule {
    /// Whether the team may work on `shift` on the first day of the week.
    pub fn allows(&self, team: &TeamId, shift: usize) -> bool {
        self.worked.get(team).is_none_or(|before| !self.too_close.contains(&(*before, shift)))
    }
}

/// Pairs of a pool's shifts between which a team that works the last day of a week and the first of the next cannot rest.
pub fn shifts_too_close(campaign: &Campaign, pool: &Pool) -> BTreeSet<(usize, usize)> {
    let served = || campaign.shares_of(&pool.id).iter().filter_map(|share| campaign.shift(&share.shift));
    let shifts = || served().enumerate();
    let rest_hours = |before: &Shift, after: &Shift| {
        let end = u32::from(before.start.get()) + u32::from(before.length_hours);
        (u32::from(HOURS_PER_DAY) + u32::from(after.start.get())).saturating_sub(end)
    };
    let too_close = |before: &Shift, after: &Shift| rest_hours(before, after) < campaign.rules().rest_hours;
    let pairs =
        shifts().flat_map(|(last, before)| shifts().map(move |(first, after)| (last, before, first, after)));
    pairs
        .filter(|(_, before, _, after)| too_close(before, after))
        .map(|(last, _, first, _)| (last, first))
        .collect()
}

/// One shift's teams for a week, and how many of them work each day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftGroup {
    /// The teams, by place.
    pub teams: Vec<TeamId>,
    /// Units of the pool on this shift: teams at work each day, at most the number of teams.
    pub units: usize,
}

impl ShiftGroup {
    /// Whether the team at `place` rests on day `day` of the week, 0 to 6.
    pub fn rests(&self, place: usize, day: u8) -> bool {
        self.rests_among(place, self.teams.len(), day)
    }

    /// The same in a group of `teams` teams.
    fn rests_among(&self, place: usize, teams: usize, day: u8) -> bool {
        let resting = teams.saturating_sub(self.units);
        teams != 0 && (place + usize::from(day) * resting) % teams < resting
    }

    /// The teams at work on day `day` of the week, by place.
    pub fn on_duty(&self, day: u8) -> impl Iterator<Item = &TeamId> {
        self.teams.iter().enumerate().filter(move |(place, _)| !self.rests(*place, day)).map(|(_, team)| team)
    }
}

/// A team's shift (index in shift order) and place in the shift's rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WeekPlace {
    /// Index of the shift.
    pub shift: usize,
    /// Index in the shift's group.
    pub place: usize,
}

/// The teams of a pool, dealt to shifts for a week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeekDeal {
    /// One group a shift, in shift order.
    pub groups: Vec<ShiftGroup>,
}

impl WeekDeal {
    /// Every team's shift and place.
    pub fn places(&self) -> BTreeMap<&TeamId, WeekPlace> {
        let of_group = |(shift, group): (usize, &'_ ShiftGroup)| {
            let places = (0..group.teams.len()).map(move |place| WeekPlace { shift, place });
            places.collect::<Vec<_>>()
        };
        let places = self.groups.iter().enumerate().flat_map(of_group);
        self.groups.iter().flat_map(|group| &group.teams).zip(places).collect()
    }

    /// Who works on day `day` of the week (0 to 6), and on which shift.
    pub fn working(&self, day: u8) -> BTreeMap<TeamId, usize> {
        let groups = self.groups.iter().enumerate();
        groups.flat_map(|(shift, group)| group.on_duty(day).map(move |team| (team.clone(), shift))).collect()
    }
}

/// Deals the teams of a pool (canonical order) to shifts; `units` is the number of the pool's units on each
/// shift.
pub fn deal_week(
    teams: &[TeamId],
    units: &[usize],
    rest: &RestRule,
    stream: &mut Stream,
) -> Result<WeekDeal, DealError> {
    check_distinct(teams)?;
    let sizes = group_sizes(teams.len(), units)?;
    // Most permutations of a tight pool are not legal: names are not moved before one is.
    let worked: Vec<Option<usize>> = teams.iter().map(|team| rest.worked.get(team).copied()).collect();
    let first_day = first_day(&sizes, units);
    for _ in 0..MAX_TRIES {
        let mut order: Vec<usize> = (0..teams.len()).collect();
        permute(&mut order, stream);
        let mut places = order.iter().zip(&first_day);
        let too_close = |before: Option<usize>, shift: Option<usize>| {
            before.zip(shift).is_some_and(|pair| rest.too_close.contains(&pair))
        };
        if !places.any(|(team, shift)| too_close(worked[*team], *shift)) {
            let order = order.into_iter().map(|team| teams[team].clone()).collect();
            return Ok(cut(order, &sizes, units));
        }
    }
    Err(DealError::NoLegalDeal { tries: MAX_TRIES })
}

/// The shift that each place of a permutation serves on the week's first day; `None` where it rests.
fn first_day(sizes: &[usize], units: &[usize]) -> Vec<Option<usize>> {
    let shifts = sizes.iter().zip(units).enumerate();
    let places = shifts.flat_map(|(shift, (size, units))| {
        let group = ShiftGroup { teams: Vec::new(), units: *units };
        (0..*size)
            .map(move |place| (!group.rests_among(place, *size, 0)).then_some(shift))
            .collect::<Vec<_>>()
    });
    places.collect()
}

fn check_distinct(teams: &[TeamId]) -> Result<(), DealError> {
    let mut seen = BTreeSet::new();
    match teams.iter().find(|team| !seen.insert(*team)) {
        Some(team) => Err(DealError::DuplicateTeam { team: team.clone() }),
        None => Ok(()),
    }
}

/// As equal as possible; earlier shifts get the remainder.
fn group_sizes(teams: usize, units: &[usize]) -> Result<Vec<usize>, DealError> {
    if units.is_empty() {
        return Err(DealError::NoShifts { teams });
    }
    let (each, remainder) = (teams / units.len(), teams % units.len());
    let sizes: Vec<usize> = (0..units.len()).map(|shift| each + usize::from(shift < remainder)).collect();
    for (shift, (&teams, &units)) in sizes.iter().zip(units).enumerate() {
        if teams < units {
            return Err(DealError::TooFewTeams { shift, teams, units });
        }
    }
    Ok(sizes)
}

fn cut(order: Vec<TeamId>, sizes: &[usize], units: &[usize]) -> WeekDeal {
    let mut order = order.into_iter();
    let groups = sizes.iter().zip(units);
    let groups =
        groups.map(|(size, units)| ShiftGroup { teams: order.by_ref().take(*size).collect(), units: *units });
    WeekDeal { groups: groups.collect() }
}

/// Which team serves as which unit on one shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftDeal {
    /// Unit and team, in canonical order of the units.
    pub units: Vec<(UnitId, TeamId)>,
}

impl ShiftDeal {
    /// The team that serves as `unit`.
    pub fn team_of(&self, unit: &UnitId) -> Option<&TeamId> {
        self.units.iter().find(|(dealt, _)| dealt == unit).map(|(_, team)| team)
    }
}

/// Deals the teams on duty (by place, the absent among them) to the units of their shift (canonical order).
pub fn deal_shift(on_duty: &[TeamId], units: &[UnitId], stream: &mut Stream) -> Result<ShiftDeal, DealError> {
    check_distinct(on_duty)?;
    if on_duty.len() != units.len() {
        return Err(DealError::CountsDiffer { teams: on_duty.len(), units: units.len() });
    }
    let mut order = on_duty.to_vec();
    permute(&mut order, stream);
    Ok(ShiftDeal { units: units.iter().cloned().zip(order).collect() })
}
