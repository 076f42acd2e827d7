//! What can be wrong with a plan: rule, place and mend.

use std::fmt;

use crate::chain::SCALE;
use crate::document::JsonError;
use crate::game_error::GameError;

/// Every rule that a plan breaks; never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckError {
    /// In the order in which they were met.
    pub faults: Vec<Fault>,
}

impl CheckError {
    pub(super) fn of(fault: Fault) -> CheckError {
        CheckError { faults: vec![fault] }
    }
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.faults.iter().enumerate() {
            if place > 0 {
                writeln!(f)?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CheckError {}

/// One broken rule. A place is written post/position or post/hour.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Fault {
    /// Not JSON, or a field is missing, unknown or of the wrong kind.
    #[error("{what}, {error}")]
    Json {
        /// `plan` or `game`.
        what: &'static str,
        /// Where and why.
        error: JsonError,
    },
    /// The game has no RFC 8785 form.
    #[error("game: it has no canonical form; write every number as a finite one")]
    NotCanonical,
    /// Another kind of document.
    #[error(
        "kind, scale: {kind:?} with scale {scale} is not a plan of scale {SCALE}; give a file written by the solver"
    )]
    Kind {
        /// As given.
        kind: String,
        /// As given.
        scale: i64,
    },
    /// The embedded game is not the one that was hashed.
    #[error(
        "game_sha256: claims {claimed}, the embedded game has {found}; the game was changed, solve it again"
    )]
    GameHash {
        /// As given.
        claimed: String,
        /// As recomputed.
        found: String,
    },
    /// The embedded game is not the game given beside the plan.
    #[error("game: the plan answers another game than the one given; solve that game")]
    OtherGame,
    /// The embedded game is not valid.
    #[error("game: {0}")]
    Game(GameError),
    /// The plan's units are not those of its game.
    #[error("units: not the units of the game, each once and in its order; solve the game again")]
    Units,
    /// An arc names a place that does not exist, or a flow that is none.
    #[error("units[{unit}]: {arc} has an unknown place or a flow outside 1 to {SCALE}; solve the game again")]
    ArcForm {
        /// Whose.
        unit: String,
        /// Written from → to.
        arc: String,
    },
    /// An arc is there twice.
    #[error("units[{unit}]: {arc} is there twice; merge the two")]
    ArcTwice {
        /// Whose.
        unit: String,
        /// Written from → to.
        arc: String,
    },
    /// An arc breaks the rules of moving.
    #[error("units[{unit}]: {arc} is not allowed: {rule}; remove it")]
    ArcIllegal {
        /// Whose.
        unit: String,
        /// Written from → to.
        arc: String,
        /// Which rule.
        rule: &'static str,
    },
    /// The flow into the shift is not 2^20.
    #[error("units[{unit}]: {flow} enters, not {SCALE}; solve the game again")]
    Source {
        /// Whose.
        unit: String,
        /// As found.
        flow: u64,
    },
    /// More or less flow leaves a place than comes to it.
    #[error("units[{unit}]: {inflow} comes to {place} and {outflow} leaves it; solve the game again")]
    Conservation {
        /// Whose.
        unit: String,
        /// Post/position.
        place: String,
        /// Flow in.
        inflow: u64,
        /// Flow out.
        outflow: u64,
    },
    /// A reachable slot is visited too rarely.
    #[error("floor: {slot} has inclusion {inclusion}, below {floor}; lower the floor or solve again")]
    Floor {
        /// Post/hour.
        slot: String,
        /// As recomputed.
        inclusion: f64,
        /// As asked for.
        floor: f64,
    },
    /// The list of unreachable slots is wrong about one.
    #[error("unreachable: {slot} is {claim} but the opposite is true; solve the game again")]
    Unreachable {
        /// Post/hour.
        slot: String,
        /// What the plan says.
        claim: &'static str,
    },
    /// An entry of the mix names an unknown slot or unit, removes too many, or has a weight that is none.
    #[error("adversary[{entry}]: {rule}; solve the game again")]
    Threat {
        /// Which, from 0.
        entry: usize,
        /// Which rule.
        rule: &'static str,
    },
    /// The weights do not sum to 1.
    #[error("adversary: the weights sum to {sum}, not 1; solve the game again")]
    Weights {
        /// As found.
        sum: f64,
    },
    /// A figure is not what the checker finds.
    #[error("{field}: claims {claimed}, recomputed {found}; solve the game again")]
    Figure {
        /// Which.
        field: String,
        /// As given.
        claimed: f64,
        /// As recomputed.
        found: f64,
    },
    /// What the mix certifies is more than what the plan allows: one of the two is not what it seems.
    #[error(
        "{field}: the mix certifies {lower}, but the plan allows no more than {upper}; solve the game again"
    )]
    Crossed {
        /// `value`, or `value.provinces[…]`.
        field: String,
        /// As recomputed.
        lower: f64,
        /// As recomputed.
        upper: f64,
    },
    /// The provinces of the figures are not those of the game.
    #[error("value.provinces: not the provinces of the game; solve the game again")]
    Provinces,
    /// The smuggler's mix has no weight in a province, so nothing certifies its lower bound.
    #[error("value.provinces[{province}]: the adversary's mix has no weight there; solve the game again")]
    NoMix {
        /// Which.
        province: String,
    },
    /// A price is negative or no number.
    #[error("prices.floor: {price} is not a price; solve the game again")]
    Price {
        /// As given.
        price: f64,
    },
    /// The figures for absent teams are not one per admitted count of each of the game's pools.
    #[error(
        "prices.absent: not one figure for each count of absent teams that the game admits; solve the game again"
    )]
    Absent,
}
