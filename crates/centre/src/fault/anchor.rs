//! What can be wrong with an anchor.

use sekong_model::{AnchorId, Day, Hour};

/// A rule that the anchor of another log breaks.
#[derive(Debug, thiserror::Error)]
pub enum AnchorFault {
    /// The campaign anchors no log of that name.
    #[error("the campaign names no [[anchor]] {anchor}")]
    Unknown {
        /// The name.
        anchor: AnchorId,
    },
    /// The keeper of that log did not sign it.
    #[error("this is not signed with the key that the campaign names for {anchor}")]
    NotSigned {
        /// The other log.
        anchor: AnchorId,
    },
    /// An hour that has not begun, or is long over.
    #[error(
        "{anchor} is anchored for an hour that has begun, at most {HOURS_MAX} hours ago, not for {day} {hour}:00"
    )]
    OtherHour {
        /// The other log.
        anchor: AnchorId,
        /// The day named.
        day: Day,
        /// The hour named.
        hour: Hour,
    },
    /// An hour before one that is anchored.
    #[error("{anchor} is anchored up to {day} {hour}:00 already; anchors only go on")]
    NotForward {
        /// The other log.
        anchor: AnchorId,
        /// The last day anchored.
        day: Day,
        /// Its last hour anchored.
        hour: Hour,
    },
}

/// Oldest hour that is still taken: what was signed may have been on its way for a while.
pub(crate) const HOURS_MAX: i64 = 24;

impl AnchorFault {
    /// The rule's short name, as [`super::Fault::rule`] gives it.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            AnchorFault::Unknown { .. } => "anchor.known",
            AnchorFault::NotSigned { .. } => "anchor.signed",
            AnchorFault::OtherHour { .. } => "anchor.hour",
            AnchorFault::NotForward { .. } => "anchor.forward",
        }
    }
}
