//! What can be wrong with what is said of earlier entries.

use sekong_draw::TwoBodiesError;
use sekong_log::{Hash, PERSONS_MAX};

/// A rule that a correction, an erasure, a look or a proof of two faces breaks.
#[derive(Debug, thiserror::Error)]
pub enum AmendFault {
    /// A report that claims to be older than the head it quotes.
    #[error("the report was written at {written} by its device's clock, and quotes a head of {head}")]
    BeforeSeen {
        /// Time of the newest entry of the centre under the head.
        head: jiff::Timestamp,
        /// Time claimed in the entry.
        written: jiff::Timestamp,
    },
    /// A correction of what is no report.
    #[error("entry {of} is no report that can be corrected")]
    NoReport {
        /// The entry named.
        of: u64,
    },
    /// A correction of what was corrected before.
    #[error("entry {of} was corrected before: the newest word on this slot is entry {newest}")]
    NotTheNewest {
        /// The entry named.
        of: u64,
        /// The newest one.
        newest: u64,
    },
    /// More corrections than a report may have.
    #[error("the report on this slot was corrected {CORRECTIONS_MAX} times, which is the most")]
    TooManyCorrections,
    /// More persons than an entry may hold.
    #[error("an entry commits to at most {} records of persons, this one to {found}", PERSONS_MAX)]
    TooManyPersons {
        /// Commitments in the entry.
        found: usize,
    },
    /// A commitment that no entry holds.
    #[error("no entry commits to the person's record {commitment}")]
    NoPerson {
        /// The commitment.
        commitment: Hash,
    },
    /// A record that another entry committed to.
    #[error("the record was committed to by entry {wanted}, not by entry {found}")]
    OtherEntry {
        /// The entry that did.
        wanted: u64,
        /// The entry named.
        found: u64,
    },
    /// A record that is erased.
    #[error("the person's record {commitment} was erased by entry {by}")]
    Erased {
        /// The commitment.
        commitment: Hash,
        /// Index of the entry that erased it.
        by: u64,
    },
    /// An erasure that two officers of different bodies did not sign.
    #[error("an erasure needs two signers: {0}")]
    Erasure(#[from] TwoBodiesError),
    /// What is shown as a device's two faces is none.
    #[error("this shows no two entries of one sequence number: {what}")]
    NoTwoFaces {
        /// What is wrong.
        what: &'static str,
    },
}

/// Most corrections of a report: nobody can make a log grow without end by correcting himself.
pub(crate) const CORRECTIONS_MAX: usize = 32;

impl AmendFault {
    /// The rule's short name, as [`super::Fault::rule`] gives it.
    pub(crate) fn rule(&self) -> &'static str {
        match self {
            AmendFault::BeforeSeen { .. } => "inspection.seen",
            AmendFault::NoReport { .. } => "correction.report",
            AmendFault::NotTheNewest { .. } => "correction.newest",
            AmendFault::TooManyCorrections => "correction.count",
            AmendFault::TooManyPersons { .. } => "persons.count",
            AmendFault::NoPerson { .. } | AmendFault::OtherEntry { .. } => "persons.known",
            AmendFault::Erased { .. } => "persons.erased",
            AmendFault::Erasure(_) => "erasure.signed",
            AmendFault::NoTwoFaces { .. } => "equivocation.holds",
        }
    }
}
