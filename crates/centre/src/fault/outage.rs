//! What can be wrong with an outage that a custodian plans.

use sekong_model::{CustodianId, Moment};

/// A rule that a planned outage breaks.
#[derive(Debug, thiserror::Error)]
pub enum OutageFault {
    /// An outage that takes nothing away: an empty one, or one outside the campaign.
    #[error("no value of the campaign is due from {from} until before {until}: plan an outage over one")]
    OfNothing {
        /// Its beginning.
        from: jiff::Timestamp,
        /// Its end.
        until: jiff::Timestamp,
    },
    /// An outage that is told when it has begun.
    #[error("the outage begins at {from}, it is {now}: plan one that lies ahead")]
    Begun {
        /// Its beginning.
        from: jiff::Timestamp,
        /// Time of the entry.
        now: jiff::Timestamp,
    },
    /// An outage that is planned already, or a part of it.
    #[error("another outage of {custodian} covers a part of this one: plan only the rest")]
    Overlap {
        /// Whose it is.
        custodian: CustodianId,
    },
    /// More outages than a custodian may plan.
    #[error("{custodian} has planned {most} outages, which is the most")]
    TooMany {
        /// Whose it is.
        custodian: CustodianId,
        /// How many there may be.
        most: usize,
    },
    /// An outage over a day or week whose absences are frozen.
    #[error("{moment} is drawn over a frozen list: plan an outage that begins after that day or week")]
    Frozen {
        /// A moment that it covers.
        moment: Moment,
    },
    /// An outage that another than the custodian planned.
    #[error("this is no outage that custodian {custodian} planned and signed")]
    NotSigned {
        /// Whose it would be.
        custodian: CustodianId,
    },
    /// An outage that leaves too few custodians.
    #[error("the outage leaves fewer than {least} custodians for {moment}")]
    TooFewRemain {
        /// A moment it covers.
        moment: Moment,
        /// Custodians that must remain.
        least: usize,
    },
}

impl OutageFault {
    /// The rule's short name, as [`super::Fault::rule`] gives it.
    pub(super) fn rule(&self) -> &'static str {
        match self {
            OutageFault::OfNothing { .. } => "outage.moments",
            OutageFault::Begun { .. } => "outage.ahead",
            OutageFault::Overlap { .. } => "outage.once",
            OutageFault::TooMany { .. } => "outage.count",
            OutageFault::Frozen { .. } => "outage.frozen",
            OutageFault::NotSigned { .. } => "outage.signed",
            OutageFault::TooFewRemain { .. } => "outage.remain",
        }
    }
}
