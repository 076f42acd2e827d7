//! Which team finds fewer of the planted simulants than the campaign published that it would: an e-process per team.
//!
//! The hypothesis is that each simulant a team inspects is found with chance q₀ at least, whatever came before, q₀ being the low end of the
//! published detection of its class. Against it stand teams that find each with chance p = θ·q₀, θ < 1:
//!
//! `E = Π (p / q₀)^found · ((1 − p) / (1 − q₀))^missed`, mixed over θ.
//!
//! Given the past, the expectation of each factor is a straight line in the true chance that falls, and is 1 at q₀: at most 1 from q₀ on, so
//! that the mixture may be looked at after every simulant, and reaches c with chance at most 1/c (Ville 1939). That asks for plants that are
//! opened whether or not they were found: those that stay closed are counted beside the test.
//!
//! A simulant that passed and was not inspected says nothing here: the lot within a post takes some, and who lets too many pass is seen by
//! another test. Nobody is compared with the others, so that teams that all find too little are seen, which the lot cannot show.

use std::collections::{BTreeMap, BTreeSet};

use super::{Bets, EVENLY, THETAS, Wager, flag};

const TOO_BLIND: Bets = Bets { thetas: THETAS, parts: EVENLY };

/// A chance of detection nearer to one would let a single miss decide; a lower one makes the hypothesis wider.
const LEAST_MAX: f64 = 0.99;

/// What one visit made of the simulants that it inspected.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantedVisit {
    /// The campaign week in which that was opened.
    pub week: u32,
    /// The team.
    pub team: String,
    /// Simulants that it inspected.
    pub inspected: u32,
    /// Of these, found.
    pub found: u32,
    /// Least chance of detection that is published for its class, in (0, 1]: q₀.
    pub least: f64,
}

/// What was found about a team.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantedFinding {
    /// The team.
    pub team: String,
    /// Simulants that it inspected.
    pub inspected: u64,
    /// Of these, found.
    pub found: u64,
    /// What it would have found with the least chance that is published.
    pub expected: f64,
    /// The e-process after each week in which plants of it were opened.
    pub e_values: Vec<(u32, f64)>,
    /// The week in which it first stood at K/α, be it after one visit.
    pub flag_week: Option<u32>,
    /// The week after which e-BH first named it.
    pub ebh_week: Option<u32>,
}

/// Why plants tell nothing of teams.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlantedError {
    /// A team that is not among those tested.
    #[error("{team} is not among the teams that are tested")]
    UnknownTeam {
        /// The team.
        team: String,
    },
    /// More found than inspected.
    #[error("{team}: {found} found of {inspected} inspected")]
    MoreThanAll {
        /// The team.
        team: String,
        /// Found.
        found: u32,
        /// Inspected.
        inspected: u32,
    },
    /// No chance.
    #[error("{team}: the least chance of detection is {least}; it is to be in (0, 1]")]
    Chance {
        /// The team.
        team: String,
        /// As given.
        least: f64,
    },
}

impl PlantedVisit {
    fn check(&self, teams: &BTreeSet<String>) -> Result<(), PlantedError> {
        let PlantedVisit { team, inspected, found, least, .. } = self;
        if !teams.contains(team) {
            return Err(PlantedError::UnknownTeam { team: team.clone() });
        }
        if inspected < found {
            return Err(PlantedError::MoreThanAll {
                team: team.clone(),
                found: *found,
                inspected: *inspected,
            });
        }
        if 0.0 < *least && *least <= 1.0 {
            return Ok(());
        }
        Err(PlantedError::Chance { team: team.clone(), least: *least })
    }

    fn lay(&self, wager: &mut Wager) {
        let least = self.least.min(LEAST_MAX);
        let missed = f64::from(self.inspected - self.found);
        let against = THETAS.map(|theta| -missed * (libm::log1p(-theta * least) - libm::log1p(-least)));
        wager.lay(&against, u64::from(self.found), f64::from(self.inspected) * self.least);
    }
}

/// Tests every team of a campaign by what it found of the simulants that it inspected; visits in the order in which they were opened.
///
/// `teams` are all that could have been tested, K of them: it must not depend on what was found.
///
/// # Errors
/// [`PlantedError`] with the team.
pub fn test_planted(
    teams: &BTreeSet<String>,
    visits: &[PlantedVisit],
) -> Result<Vec<PlantedFinding>, PlantedError> {
    visits.iter().try_for_each(|visit| visit.check(teams))?;
    let mut wagers: BTreeMap<&str, Wager> =
        teams.iter().map(|team| (team.as_str(), Wager::on(&TOO_BLIND))).collect();
    let flag_at = super::flag_at(teams.len());
    let mut inspected: BTreeMap<&str, u64> = BTreeMap::new();
    for week in visits.iter().map(|visit| visit.week).collect::<BTreeSet<u32>>() {
        for visit in visits.iter().filter(|visit| visit.week == week) {
            *inspected.entry(&visit.team).or_default() += u64::from(visit.inspected);
            if let Some(wager) = wagers.get_mut(visit.team.as_str()) {
                visit.lay(wager);
            }
        }
        wagers.values_mut().for_each(|wager| wager.note(week));
        flag(&mut wagers, week, flag_at);
    }
    let finding = |(team, wager): (&str, Wager)| PlantedFinding {
        team: team.to_owned(),
        inspected: inspected.get(team).copied().unwrap_or_default(),
        found: wager.found,
        expected: wager.expected,
        e_values: wager.e_values,
        flag_week: wager.flag_week,
        ebh_week: wager.ebh_week,
    };
    Ok(wagers.into_iter().map(finding).collect())
}

/// How many simulants in a row a team of K has to miss until it is flagged, if it finds none: what the test can see at all.
pub fn misses_to_flag(teams: usize, least: f64) -> u32 {
    let at = super::flag_at(teams);
    let reaches = |inspected: &u32| {
        let (week, team) = (0, String::new());
        let mut wager = Wager::on(&TOO_BLIND);
        PlantedVisit { week, team, inspected: *inspected, found: 0, least }.lay(&mut wager);
        at <= wager.e_value()
    };
    (1..MISSES_MAX).find(reaches).unwrap_or(MISSES_MAX)
}

/// Nobody plants so many for one team.
const MISSES_MAX: u32 = 10_000;
