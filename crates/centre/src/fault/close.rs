//! What can be wrong with the closing of an hour.

/// A rule that a closing breaks.
#[derive(Debug, thiserror::Error)]
pub enum CloseFault {
    /// A closing that leaves out what was cosigned in time.
    #[error(
        "a head of {newest} entries was cosigned before the deadline, the closing quotes one of {quoted}"
    )]
    OldHead {
        /// Size of the newest head in time.
        newest: u64,
        /// Size of the head quoted.
        quoted: u64,
    },
    /// A closing whose figure is not the log's.
    #[error("the hour had {reported} inspections reported under the quoted head")]
    Figures {
        /// Reported under the head.
        reported: u32,
    },
    /// An hour that was closed before its time.
    #[error("the hour can be closed from {due} on, the entry claims {claimed}")]
    Early {
        /// When the time for reports ends.
        due: jiff::Timestamp,
        /// Time claimed in the entry.
        claimed: jiff::Timestamp,
    },
}

impl CloseFault {
    /// The rule's short name, as [`super::Fault::rule`] gives it.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            CloseFault::OldHead { .. } => "close.head",
            CloseFault::Figures { .. } => "close.figures",
            CloseFault::Early { .. } => "close.time",
        }
    }
}
