//! What can be wrong with a plant: its commitment, or what opens it.

use sekong_model::{Day, Hour, UnitId};

use super::Taken;

/// A rule that a commitment to simulants, or what opens it, breaks.
#[derive(Debug, thiserror::Error)]
pub enum PlantFault {
    /// The campaign lets nobody plant.
    #[error("nobody plants simulants in this campaign: it has no [rules.plants]")]
    Off,
    /// Not by the body that may plant.
    #[error("this is not signed with the key that the campaign names under [rules.plants]")]
    NotSigned,
    /// What is opened is no commitment to a plant.
    #[error("entry {of} is no commitment to a plant")]
    NotCommitted {
        /// Index named.
        of: u64,
    },
    /// It opens another commitment, or one of another campaign.
    #[error("this does not open the commitment in entry {of}: salt, campaign or some part is another")]
    NotOpened {
        /// Index of the commitment.
        of: u64,
    },
    /// It is open.
    #[error("the commitment in entry {of} was opened by entry {by}")]
    RevealedBefore {
        /// Index of the commitment.
        of: u64,
        /// Index of the entry that opened it.
        by: u64,
    },
    /// Committed when it could be known, or guessed better than by the plan, who comes.
    #[error(
        "the commitment is entry {of}, and must stand before the absences of its day, which are entry {list}: later somebody could know who \
         comes"
    )]
    AfterFreeze {
        /// Index of the commitment.
        of: u64,
        /// Index of the absence list of province and day, after which the first values are released.
        list: u64,
    },
    /// Committed so long before that nobody could tell when it should have been opened.
    #[error("{day} {hour}:00 is more than {AHEAD_DAYS} days after the commitment in entry {of}")]
    TooFarAhead {
        /// Index of the commitment.
        of: u64,
        /// The day planted on.
        day: Day,
        /// The hour.
        hour: Hour,
    },
    /// Opened while teams may still report.
    #[error("the time for reports on {day} {hour}:00 is not over in this log")]
    NotClosed {
        /// The day planted on.
        day: Day,
        /// The hour.
        hour: Hour,
    },
    /// Found by nobody.
    #[error("{unit} reported no inspection of that post in that hour")]
    NoReport {
        /// The unit.
        unit: UnitId,
    },
    /// One visit twice.
    #[error("the visit of {unit} is there twice")]
    VisitTwice {
        /// The unit.
        unit: UnitId,
    },
    /// More inspected than planted, or more found than inspected.
    #[error("{what} is more than there were: {part} of {whole}")]
    MoreThanPlanted {
        /// What is counted.
        what: &'static str,
        /// The part.
        part: u64,
        /// Its whole.
        whole: u64,
    },
    /// The report has no room for it.
    #[error(
        "{unit} reported {reported_found} finds in {reported} inspected{}; with {found} finds in {inspected} inspected of what was planted \
         there in all, that cannot be",
        again.told("vehicles that were searched again")
    )]
    MoreThanReported {
        /// The unit.
        unit: UnitId,
        /// Reported as inspected.
        reported: u32,
        /// Reported as found.
        reported_found: u32,
        /// Planted and inspected, by all that was opened.
        inspected: u32,
        /// Planted and found.
        found: u32,
        /// What a double inspection has of the report.
        again: Taken,
    },
}

/// A plant is for an hour that begins at most so many days after its commitment.
pub const AHEAD_DAYS: i64 = 7;

impl PlantFault {
    /// The rule's short name, as [`super::Fault::rule`] gives it.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            PlantFault::Off => "plant.off",
            PlantFault::NotSigned => "plant.signed",
            PlantFault::NotCommitted { .. } => "plant.committed",
            PlantFault::NotOpened { .. } => "plant.opened",
            PlantFault::RevealedBefore { .. } => "plant.once",
            PlantFault::AfterFreeze { .. } => "plant.before-draw",
            PlantFault::TooFarAhead { .. } => "plant.ahead",
            PlantFault::NotClosed { .. } => "plant.closed",
            PlantFault::NoReport { .. } => "plant.reported",
            PlantFault::VisitTwice { .. } => "plant.visit",
            PlantFault::MoreThanPlanted { .. } => "plant.parts",
            PlantFault::MoreThanReported { .. } => "plant.counts",
        }
    }
}
