//! One shift of one pool as the test sees it: what was dealt to whom, and who had declared whom absent before.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use sekong_model::{Day, PoolId, ShiftId, TeamId};

/// Most teams of a pool on one shift. It bounds the work, and keeps every mean of products inside an `f64`.
pub const TEAMS_MAX: usize = 256;

/// An office that declares absences, by the name under which it does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declarer(String);

/// A declarer without a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("who declares an absence has a name")]
pub struct NamelessDeclarer;

impl Declarer {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Declarer {
    type Error = NamelessDeclarer;
    fn try_from(name: String) -> Result<Declarer, NamelessDeclarer> {
        if name.trim().is_empty() { Err(NamelessDeclarer) } else { Ok(Declarer(name)) }
    }
}

impl FromStr for Declarer {
    type Err = NamelessDeclarer;
    fn from_str(name: &str) -> Result<Declarer, NamelessDeclarer> {
        Declarer::try_from(name.to_owned())
    }
}

impl fmt::Display for Declarer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which shift: ordered by day first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShiftKey {
    /// The day on which it begins.
    pub day: Day,
    /// The shift.
    pub shift: ShiftId,
    /// The pool whose teams were dealt to its units.
    pub pool: PoolId,
}

impl fmt::Display for ShiftKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.day, self.shift, self.pool)
    }
}

/// Why a shift cannot be tested.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ShiftError {
    /// No team was dealt.
    #[error("{key}: no team was dealt")]
    NobodyDealt {
        /// The shift.
        key: ShiftKey,
    },
    /// More teams than [`TEAMS_MAX`].
    #[error("{key}: {teams} teams were dealt, at most {TEAMS_MAX} can be tested")]
    TooManyTeams {
        /// The shift.
        key: ShiftKey,
        /// Teams dealt.
        teams: usize,
    },
    /// A team was dealt two units.
    #[error("{key}: {team} was dealt two units")]
    DealtTwice {
        /// The shift.
        key: ShiftKey,
        /// The team.
        team: TeamId,
    },
    /// A worth is no number.
    #[error("{key}: the unit dealt to {team} is worth {worth}, which is no finite number")]
    WorthNotFinite {
        /// The shift.
        key: ShiftKey,
        /// The team.
        team: TeamId,
        /// The worth.
        worth: f64,
    },
    /// A team is absent that was dealt no unit: the absent are dealt to like everyone else.
    #[error("{key}: {team} was declared absent by {declarer} but dealt no unit")]
    NotDealt {
        /// The shift.
        key: ShiftKey,
        /// The team.
        team: TeamId,
        /// Who declared it.
        declarer: Declarer,
    },
    /// One office declared a team absent twice.
    #[error("{key}: {declarer} declared {team} absent twice")]
    AbsentTwice {
        /// The shift.
        key: ShiftKey,
        /// The team.
        team: TeamId,
        /// Who declared it.
        declarer: Declarer,
    },
}

/// A shift's deal and the absences that were frozen before it.
#[derive(Debug, Clone, PartialEq)]
pub struct DealtShift {
    key: ShiftKey,
    worths: Vec<f64>,
    scores: Vec<i64>,
    absent: BTreeMap<Declarer, Vec<usize>>,
}

impl DealtShift {
    /// `dealt`: every team of the deal, the absent too, with what its unit was worth; `absent`: who was declared absent,
    /// by whom. Neither order matters. A team that two offices declared stands there for both.
    ///
    /// A worth comes from the plan alone, never from what happened on the shift, and only its order among the shift's
    /// counts: for instance the unit's expected detections, the sum over its slots of `q_u · x_uj · (a_j + g_j)`.
    /// Units that are worth the same must be given the same number, or rounding decides between them.
    pub fn new(
        key: ShiftKey,
        dealt: Vec<(TeamId, f64)>,
        absent: Vec<(TeamId, Declarer)>,
    ) -> Result<DealtShift, ShiftError> {
        if dealt.is_empty() {
            return Err(ShiftError::NobodyDealt { key });
        }
        if dealt.len() > TEAMS_MAX {
            return Err(ShiftError::TooManyTeams { key, teams: dealt.len() });
        }
        if let Some((team, worth)) = dealt.iter().find(|(_, worth)| !worth.is_finite()) {
            return Err(ShiftError::WorthNotFinite { key, team: team.clone(), worth: *worth });
        }
        let places = places(&key, &dealt)?;
        let absent = by_declarer(&key, &places, absent)?;
        let worths: Vec<f64> = dealt.iter().map(|(_, worth)| *worth).collect();
        Ok(DealtShift { scores: scores(&worths), key, worths, absent })
    }

    /// Teams dealt.
    pub fn teams(&self) -> usize {
        self.worths.len()
    }

    /// Absences declared on it, each office's counted.
    pub fn absences(&self) -> usize {
        self.absent.values().map(Vec::len).sum()
    }

    /// Which shift.
    pub fn key(&self) -> &ShiftKey {
        &self.key
    }

    /// Who declared somebody absent.
    pub fn declarers(&self) -> impl Iterator<Item = &Declarer> {
        self.absent.keys()
    }

    /// What `declarer` removed from the shift, if anything.
    pub(crate) fn removal(&self, declarer: &Declarer) -> Option<Removal<'_>> {
        self.absent.get(declarer).map(|teams| Removal { shift: self, teams })
    }
}

fn places<'a>(key: &ShiftKey, dealt: &'a [(TeamId, f64)]) -> Result<BTreeMap<&'a TeamId, usize>, ShiftError> {
    let mut places = BTreeMap::new();
    for (place, (team, _)) in dealt.iter().enumerate() {
        if places.insert(team, place).is_some() {
            return Err(ShiftError::DealtTwice { key: key.clone(), team: team.clone() });
        }
    }
    Ok(places)
}

fn by_declarer(
    key: &ShiftKey,
    places: &BTreeMap<&TeamId, usize>,
    absent: Vec<(TeamId, Declarer)>,
) -> Result<BTreeMap<Declarer, Vec<usize>>, ShiftError> {
    let mut removed: BTreeMap<Declarer, Vec<usize>> = BTreeMap::new();
    for (team, declarer) in absent {
        let Some(&place) = places.get(&team) else {
            return Err(ShiftError::NotDealt { key: key.clone(), team, declarer });
        };
        let own = removed.entry(declarer.clone()).or_default();
        if own.contains(&place) {
            return Err(ShiftError::AbsentTwice { key: key.clone(), team, declarer });
        }
        own.push(place);
    }
    Ok(removed)
}

/// Per unit, how many of the shift are worth less minus how many are worth more: twice its mid-rank less `n + 1`.
pub(crate) fn scores(worths: &[f64]) -> Vec<i64> {
    let count = |is: &dyn Fn(&f64) -> bool| worths.iter().filter(|other| is(other)).count() as i64;
    worths.iter().map(|own| count(&|other| other < own) - count(&|other| other > own)).collect()
}

/// What one declarer removed from one shift.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Removal<'a> {
    pub(crate) shift: &'a DealtShift,
    teams: &'a [usize],
}

impl<'a> Removal<'a> {
    /// Teams removed, at least one.
    pub(crate) fn size(&self) -> usize {
        self.teams.len()
    }

    /// Scores of all dealt units.
    pub(crate) fn scores(&self) -> &'a [i64] {
        &self.shift.scores
    }

    /// Sum of the removed teams' scores.
    pub(crate) fn score(&self) -> i64 {
        self.teams.iter().map(|&team| self.shift.scores[team]).sum()
    }

    /// Worths of the removed teams' units.
    pub(crate) fn worths_removed(&self) -> impl Iterator<Item = f64> + use<'a> {
        let worths = &self.shift.worths;
        self.teams.iter().map(|&team| worths[team])
    }

    /// Worths of all dealt units.
    pub(crate) fn worths(&self) -> &'a [f64] {
        &self.shift.worths
    }
}
