//! Flow met by inspections: how many vehicles, and how many loads, went through the posts while the plan could have met them.
//!
//! Two stages. A day's plan gives every slot its inclusion probability π and its expected visits V = Σ_u x_u, known before anybody
//! goes; within a slot the vehicles that are inspected are drawn by the post's own lot, so that `found · passed / inspected` stands for the
//! loads that passed (Särndal, Swensson and Wretman 1992, chapter 4). Three estimators of a day:
//!
//! - *Horvitz–Thompson*: Σ over visited slots of y/π (1952).
//! - *per unit*: Σ over visits of y/V, so that a slot met twice counts twice, and 1/V makes up for it (multiplicity; Sirken 1970).
//! - *difference*: Σ over all slots of m, and of (y − m)/π over the visited ones, with m from earlier days alone (section 6.3 of the same).
//!
//! How days scatter knows nothing of slots that are busy, rarely visited and were missed by the draw. Over the shipped campaign's first 28 days
//! (`sekong estimate replay`) intervals at 95 % hold the truth of loads in 93 to 98 of a hundred draws; those of vehicles, which are several
//! times narrower for their size, in 87 to 99.
//!
//! Days are summed, never weighted by what they were found to scatter. What is met is a lower bound for what passes: smugglers who
//! hear of a team go elsewhere, which `avoidance` measures.

mod avoidance;
mod day;
mod naive;
mod rank;
mod record;
mod scatter;
mod shrunk;

use sekong_model::{Day, Drug, Hour, PostId, ProvinceId, Transport};

pub use avoidance::Avoidance;
pub use rank::{Ranked, Ranking};
pub use record::{FlowError, Planted, ProvinceDay, Record, Slot, Visit};
pub use shrunk::Shrunk;

use crate::exact::Interval;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    /// Vehicles, boats and people on foot that passed.
    Passed,
    /// Of these, with a load that an inspection finds.
    Loads,
}

impl Quantity {
    /// Both.
    pub const ALL: [Quantity; 2] = [Quantity::Passed, Quantity::Loads];

    /// As it is named in files.
    pub fn name(self) -> &'static str {
        match self {
            Quantity::Passed => "passed",
            Quantity::Loads => "loads",
        }
    }
}

/// Loads of one kind. A find is one vehicle, and is told once: kinds of one sort and what was not told apart add up to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// By what they crossed with.
    Transport(Transport),
    /// By what they were.
    Drug(Drug),
    /// Those that no report told apart.
    Untold,
}

/// How a day is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// By the chance that any unit is there.
    HorvitzThompson,
    /// By the visits that are expected there.
    PerUnit,
    /// By what earlier days predict, and the difference from it.
    Difference,
}

impl Method {
    /// Every method, the one that scatters least first.
    pub const ALL: [Method; 3] = [Method::Difference, Method::HorvitzThompson, Method::PerUnit];

    /// As it is named in files.
    pub fn name(self) -> &'static str {
        match self {
            Method::HorvitzThompson => "horvitz_thompson",
            Method::PerUnit => "per_unit",
            Method::Difference => "difference",
        }
    }
}

/// What stands for a visit that was missed, late, or without an inspection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Nothing passed: the least there can have been.
    Nothing,
    /// What earlier days predict; on the first, what the others met on it.
    Predicted,
    /// The most that was ever counted at the post; at any of its province's, if nobody ever counted there.
    Most,
}

/// The slots that are asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domain {
    /// Those of one province.
    pub province: Option<ProvinceId>,
    /// Those of one post.
    pub post: Option<PostId>,
    /// Those of one hour of the day.
    pub hour: Option<Hour>,
    /// From this day on; what was learnt before it stays known.
    pub from: Option<Day>,
}

impl Domain {
    /// Whether any slot of a province on a day may be in it.
    pub fn reaches(&self, province: &ProvinceId, day: Day) -> bool {
        self.province.as_ref().is_none_or(|own| own == province) && self.from.is_none_or(|from| from <= day)
    }
}

/// Where an interval comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Uncertainty {
    /// From how the days' estimates scatter.
    Scatter {
        /// Standard error of the sum.
        se: f64,
        /// Its degrees of freedom.
        df: f64,
        /// Student's t at 95 %; on the logarithm for loads. Never below what was counted.
        t95: Interval,
        /// Days between those that are compared: 1, or 7 where a week shows.
        lag_days: usize,
    },
    /// Nothing was found: a bound under a model, of finds at random among all that passes (Poisson, exact at 97.5 %).
    Model {
        /// The bound.
        high: f64,
    },
    /// There are too few days to compare, or nobody counted anything.
    NotEstimable,
}

/// An estimate of the flow in a domain.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// The estimate, lost visits by prediction.
    pub est: f64,
    /// How sure it is.
    pub uncertainty: Uncertainty,
    /// The same with nothing, and with the most, for every visit that was lost.
    pub lost: Interval,
    /// Days with a plan.
    pub days: usize,
    /// Visits that the draw placed.
    pub visits: usize,
    /// Of these, missed, late or without an inspection.
    pub visits_lost: usize,
    /// Vehicles inspected.
    pub inspected: u64,
    /// Of these, with a find.
    pub found: u64,
    /// The largest part of the estimate that stands on one slot, of all that is added to it or taken from it: at most 1.
    pub weight_share_max: f64,
    /// Slots that no unit can reach: nothing is said of them.
    pub slots_unreachable: usize,
}
