//! A standing test per declarer: does who is declared absent depend on what his unit was worth?
//!
//! Absences are frozen before the deal, and the absent are dealt units like everyone else. So under honest play the teams
//! that an office declares absent are independent of what the lot gives them: given who is absent, every permutation of a
//! shift's units over its teams is equally likely. Who can foresee or steer the deal would rather remove the teams of
//! valuable units, and the test asks whether an office's absent teams were dealt better units than the lot explains.
//!
//! *Score.* A removed team counts for as many as the units of its shift that were worth less than its own, minus those that
//! were worth more: twice the mid-rank within the shift, centred. The scale of worths does not matter.
//!
//! *E-value.* What flags is [`Finding::e_value`], a wager that may be looked at after every shift (see [`TILTS_LOG2`]). It
//! needs only that each shift's deal is independent of who is absent on it, whatever was known of earlier ones. An office
//! is flagged when its e-value first reaches [`Terms::flag_at`], the number of declarers over α: so the chance that any
//! honest office is ever flagged is at most α. The declarers are those of the campaign, known beforehand; counting only
//! those who have declared something so far would break the promise.
//!
//! *P-values* sum the scores over all shifts and compare with the permutation distribution. They answer for one look that
//! was fixed beforehand, and only if later absences do not respond to earlier deals: a crew that falls ill after a hard
//! unit is honest, harmless to the e-value, and makes the p-values wrong. So they describe, and flag nobody.
//!
//! *Several declarers on a shift.* Each is tested alone: the teams that an honest office declares hold a uniform subset of
//! all the shift's units, whatever the others do. That needs all of its declarations, those too that came after another
//! office's for the same team. If they were left out, an office that removes the best would leave the others with the rest,
//! and they would seem to spare the valuable units.
//!
//! *A flag is an enquiry, never an accusation*, and no flag is no acquittal: [`power()`] says how much steering would be
//! seen. Only frozen absences belong here: a team that breaks down after the deal is missing, not absent.

mod lot;
mod power;
mod shift;
mod subset;
mod wager;

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use crate::Seed;

use shift::Removal;
use wager::{Odds, Wager, e_value, scaled};

pub use lot::{EXACT_STEPS_MAX, Method, PValues};
pub use power::{Power, PowerError, Steering, power};
pub use shift::{DealtShift, Declarer, NamelessDeclarer, ShiftError, ShiftKey, TEAMS_MAX};
pub use wager::TILTS_LOG2;

/// Chance with which any honest declarer may ever be flagged: above 0, below 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Alpha(f64);

/// A number that is no [`Alpha`].
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("α is a chance above 0 and below 1, not {found}")]
pub struct AlphaError {
    /// The number.
    pub found: f64,
}

impl TryFrom<f64> for Alpha {
    type Error = AlphaError;
    fn try_from(found: f64) -> Result<Alpha, AlphaError> {
        if found > 0.0 && found < 1.0 { Ok(Alpha(found)) } else { Err(AlphaError { found }) }
    }
}

impl Default for Alpha {
    fn default() -> Alpha {
        Alpha(0.05)
    }
}

impl Alpha {
    /// The chance.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// What is tested, and how surely. It is fixed before the campaign begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// All offices of the campaign that may declare absences.
    pub declarers: BTreeSet<Declarer>,
    /// Chance with which any honest one may ever be flagged.
    pub alpha: Alpha,
    /// Permutations drawn where exact p-values cost too much.
    pub samples: NonZeroU32,
    /// Seed of these permutations.
    pub seed: Seed,
}

impl Terms {
    /// Permutations drawn unless told otherwise: the smallest p-value is then 0.0001.
    pub const SAMPLES: NonZeroU32 = NonZeroU32::new(9_999).expect("above 0");

    /// The usual terms: α = 0.05 and [`Self::SAMPLES`].
    pub fn new(declarers: BTreeSet<Declarer>, seed: Seed) -> Terms {
        Terms { declarers, alpha: Alpha::default(), samples: Terms::SAMPLES, seed }
    }

    /// The e-value at which a declarer is flagged: declarers over α (Bonferroni).
    pub fn flag_at(&self) -> f64 {
        flag_at(self.declarers.len() as f64, self.alpha)
    }
}

fn flag_at(declarers: f64, alpha: Alpha) -> f64 {
    declarers / alpha.get()
}

/// Why a record cannot be tested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// A shift is there twice.
    #[error("{key} is in the record twice")]
    ShiftTwice {
        /// The shift.
        key: ShiftKey,
    },
    /// An absence was declared by an office that the terms do not name.
    #[error("{key}: {declarer} declared an absence and is none of the campaign's declarers")]
    UnknownDeclarer {
        /// The shift.
        key: ShiftKey,
        /// The office.
        declarer: Declarer,
    },
}

/// Mean worths of units, in the caller's measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanWorths {
    /// Of the units that the removed teams would have been.
    pub removed: f64,
    /// Of all units of the same shifts, each shift with the weight of its removed teams: what the lot gives on average.
    pub all: f64,
}

/// What the record says of one declarer. A flag is an enquiry, never an accusation.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The office.
    pub declarer: Declarer,
    /// Absences declared: teams, counted on each shift that they missed.
    pub absences: usize,
    /// Shifts with at least one of them.
    pub shifts: usize,
    /// Removed against all; nothing without an absence.
    pub worths: Option<MeanWorths>,
    /// How extreme the removed are at this one look, if it is one; all 1 without an absence.
    pub p: PValues,
    /// The e-value after the last shift.
    pub e_value: f64,
    /// The highest that it ever was, 1 at the beginning.
    pub e_value_highest: f64,
    /// The first shift after which the e-value was at least [`Terms::flag_at`]; a flag stays.
    pub flagged: Option<ShiftKey>,
}

/// Tests every declarer of the terms on a campaign's shifts so far, in the order of their names.
///
/// Shifts are taken in the order of their keys, so that a shift added later changes no earlier flag. Each shift must be
/// here, or left out, for a reason that does not depend on its deal.
pub fn standing_test(record: &[DealtShift], terms: &Terms) -> Result<Vec<Finding>, RecordError> {
    let mut shifts: Vec<&DealtShift> = record.iter().collect();
    shifts.sort_by_key(|shift| shift.key());
    if let Some(pair) = shifts.windows(2).find(|pair| pair[0].key() == pair[1].key()) {
        return Err(RecordError::ShiftTwice { key: pair[0].key().clone() });
    }
    for shift in &shifts {
        if let Some(unknown) = shift.declarers().find(|declarer| !terms.declarers.contains(declarer)) {
            return Err(RecordError::UnknownDeclarer { key: shift.key().clone(), declarer: unknown.clone() });
        }
    }
    Ok(terms.declarers.iter().map(|declarer| finding(declarer, &shifts, terms)).collect())
}

fn finding(declarer: &Declarer, shifts: &[&DealtShift], terms: &Terms) -> Finding {
    let removals: Vec<Removal<'_>> = shifts.iter().filter_map(|shift| shift.removal(declarer)).collect();
    let mut chance = terms.seed.stream("declarers/permutations", declarer.as_str());
    let course = Course::of(&removals, terms.flag_at());
    Finding {
        declarer: declarer.clone(),
        absences: removals.iter().map(Removal::size).sum(),
        shifts: removals.len(),
        worths: mean_worths(&removals),
        p: lot::p_values(&removals, terms.samples, &mut chance),
        e_value: e_value(course.last_log2),
        e_value_highest: e_value(course.highest_log2),
        flagged: course.flagged,
    }
}

fn mean_worths(removals: &[Removal<'_>]) -> Option<MeanWorths> {
    let absences = removals.iter().map(Removal::size).sum::<usize>() as f64;
    // Each worth is divided before it is added: finite worths have a finite mean.
    let removed = removals.iter().flat_map(Removal::worths_removed).map(|worth| worth / absences).sum();
    let of_shift = |removal: &Removal<'_>| {
        let weight = removal.size() as f64 / absences / removal.worths().len() as f64;
        removal.worths().iter().map(|worth| worth * weight).sum::<f64>()
    };
    let all = removals.iter().map(of_shift).sum();
    (absences > 0.0).then_some(MeanWorths { removed, all })
}

/// The e-value over the shifts, as logarithms (base 2).
struct Course {
    last_log2: f64,
    highest_log2: f64,
    flagged: Option<ShiftKey>,
}

impl Course {
    fn of(removals: &[Removal<'_>], flag_at: f64) -> Course {
        let flag_at_log2 = libm::log2(flag_at);
        let mut wager = Wager::default();
        let mut course = Course { last_log2: 0.0, highest_log2: 0.0, flagged: None };
        for removal in removals {
            let (scores, size) = (removal.scores(), removal.size());
            wager.play(&Odds::of(scores, size), size, scaled(removal.score(), scores.len()));
            course.last_log2 = wager.wealth_log2();
            course.highest_log2 = course.highest_log2.max(course.last_log2);
            if course.flagged.is_none() && course.last_log2 >= flag_at_log2 {
                course.flagged = Some(removal.shift.key().clone());
            }
        }
        course
    }
}
