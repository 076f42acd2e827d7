//! What can be wrong with a double inspection.

use sekong_log::TwiceError;
use sekong_model::{Day, Hour, UnitId};

use super::Taken;

/// A rule that a double inspection breaks.
#[derive(Debug, thiserror::Error)]
pub enum DoubleFault {
    /// The campaign names nobody who may say so.
    #[error("nobody inspects twice in this campaign: it has no [rules.plants]")]
    Off,
    /// Not by the body that may plant.
    #[error("this is not signed with the key that the campaign names under [rules.plants]")]
    NotSigned,
    /// A part is more than its whole.
    #[error(transparent)]
    Counts(#[from] TwiceError),
    /// Said while the team may still report.
    #[error("the time for reports on {day} {hour}:00 is not over in this log")]
    NotClosed {
        /// The day of the visit.
        day: Day,
        /// Its hour.
        hour: Hour,
    },
    /// Nobody was there, or nobody said so.
    #[error("{unit} reported no inspection in {day} {hour}:00")]
    NoReport {
        /// The unit.
        unit: UnitId,
        /// The day.
        day: Day,
        /// The hour.
        hour: Hour,
    },
    /// The report has no room for it.
    #[error(
        "{unit} reported {reported_found} finds in {reported} inspected{}; with {first} finds in {vehicles} of them that cannot be",
        simulants.told("opened simulants")
    )]
    MoreThanReported {
        /// The unit.
        unit: UnitId,
        /// Reported as inspected.
        reported: u32,
        /// Reported as found.
        reported_found: u32,
        /// Searched again.
        vehicles: u32,
        /// Of these, with a find by the visit's team.
        first: u32,
        /// What simulants have of the report.
        simulants: Taken,
    },
    /// It was said before.
    #[error("the double inspection of the visit of {unit} is entry {by}")]
    SaidBefore {
        /// The unit.
        unit: UnitId,
        /// Index of the entry.
        by: u64,
    },
}

impl DoubleFault {
    /// The rule's short name, as [`super::Fault::rule`] gives it.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            DoubleFault::Off => "double.off",
            DoubleFault::NotSigned => "double.signed",
            DoubleFault::Counts(_) => "double.parts",
            DoubleFault::NotClosed { .. } => "double.closed",
            DoubleFault::NoReport { .. } => "double.reported",
            DoubleFault::MoreThanReported { .. } => "double.counts",
            DoubleFault::SaidBefore { .. } => "double.once",
        }
    }
}
