//! What is said about earlier entries. None of it changes them: a correction, an erasure, a look and a proof of two
//! faces are entries of their own.

use std::fmt;

use sekong_model::{CaseNumber, Counts, Finds};
use serde::{Deserialize, Serialize};

use super::SeatSignature;
use crate::{DeviceId, Hash, PersonCommitted};

/// Why a report is corrected: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionReason {
    /// It was counted wrongly.
    Miscounted,
    /// It was typed wrongly.
    Mistyped,
    /// A later look, or a laboratory, found otherwise.
    Rechecked,
}

/// A team corrects what it counted. The first report stays, in the log and in every total that counts reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectionCorrected {
    /// Index of the newest word on this slot: the report, or its last correction.
    pub of: u64,
    /// Why.
    pub reason: CorrectionReason,
    /// What it should have said.
    pub counts: Counts,
    /// The finds that go with these counts.
    #[serde(default, skip_serializing_if = "Finds::is_empty")]
    pub finds: Finds,
    /// Records of persons of this version, each with a salt of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<PersonCommitted>,
}

/// A device signed two entries with one sequence number. One of them is logged; here the other one is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EquivocationShown {
    /// Which device.
    pub device: DeviceId,
    /// The sequence number.
    pub seq: u64,
    /// Index of the logged one.
    pub logged: u64,
    /// SHA-256 of the other one, a body that everyone may read.
    pub other: Hash,
}

/// The legal ground of an erasure: a closed list, for free text could name whom it is to forget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErasureGround {
    /// A court ordered it.
    CourtOrder,
    /// The time for which it may be kept is over.
    RetentionEnded,
    /// The case was dropped, or ended without a conviction.
    CaseEnded,
    /// The person asked for it, and the law gives the right.
    PersonsRight,
    /// It should never have been recorded.
    RecordedInError,
}

impl ErasureGround {
    /// As it is written in an entry.
    pub fn as_str(self) -> &'static str {
        match self {
            ErasureGround::CourtOrder => "court_order",
            ErasureGround::RetentionEnded => "retention_ended",
            ErasureGround::CaseEnded => "case_ended",
            ErasureGround::PersonsRight => "persons_right",
            ErasureGround::RecordedInError => "recorded_in_error",
        }
    }
}

impl fmt::Display for ErasureGround {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A person's record is erased, salt and all. Its commitment stays, and says nothing any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonErased {
    /// Index of the entry that committed to it.
    pub entry: u64,
    /// The commitment.
    pub commitment: Hash,
    /// On which ground.
    pub ground: ErasureGround,
    /// Two officers of different bodies.
    pub signers: Vec<SeatSignature>,
}

/// Why somebody looks at a person's record: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookPurpose {
    /// To follow what was found to those who supplied it.
    Trace,
    /// For a court.
    Court,
    /// To judge a complaint, or how the record came about.
    Oversight,
    /// Because the person asked what is kept.
    PersonsRequest,
}

/// Somebody looked at a person's record: no look without a case, a purpose and an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonLookedUp {
    /// The commitment of the record.
    pub commitment: Hash,
    /// For which case.
    pub case: CaseNumber,
    /// Why.
    pub purpose: LookPurpose,
    /// In which role.
    pub role: Looker,
}

/// Who may look: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Looker {
    /// Follows findings to their suppliers.
    Analyst,
    /// Watches over the teams.
    Inspectorate,
}
