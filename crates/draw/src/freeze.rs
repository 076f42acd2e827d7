//! The freeze: what must stand in the log, under enough cosignatures, before a custodian releases a value.
//!
//! First the basis (a day's plan; for a week's deal the campaign itself, entry 0), then the list of absences,
//! which quotes a cosigned head with the basis under it; then, in a campaign with one, the daily die, which quotes a
//! cosigned head with the list under it; then a cosigned head with all of them. A head is cosigned
//! if the log's signature and at least `cosignatures_needed` of the known cosigners' hold. Heads need no
//! consistency proof here: that is what the cosigners checked.

use jiff::{SignedDuration, Timestamp};
use sekong_log::{
    AbsencesFrozen, Entry, EntryError, Hash, Head, HeadError, Period, ProofError, Statement, VerifierKey,
    leaf_hash, verify_inclusion,
};
use sekong_model::{CampaignId, Moment, ProvinceId};

use crate::custodian::ReleaseRequest;

/// The keys that make a head count.
#[derive(Debug, Clone)]
pub struct FreezeKeys {
    /// The log's key.
    pub log: VerifierKey,
    /// The known cosigners' keys.
    pub cosigners: Vec<VerifierKey>,
    /// Cosignatures by different known cosigners that a head needs.
    pub cosignatures_needed: usize,
}

/// A leaf of the log with its inclusion proof under the head it comes with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrozenEntry {
    /// Index of the leaf.
    pub index: u64,
    /// The leaf's bytes.
    pub leaf: Vec<u8>,
    /// RFC 6962 inclusion proof.
    pub proof: Vec<Hash>,
}

/// The entries a draw stands on, by their leaf hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Freeze {
    /// The day's plan, or the campaign.
    pub basis: Hash,
    /// The absences.
    pub absences: Hash,
    /// The daily die, in a campaign with one.
    pub die: Option<Hash>,
}

/// Which of these entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FrozenPart {
    /// The day's plan, or the campaign.
    Basis,
    /// The absences.
    Absences,
    /// The daily die.
    Die,
}

/// Why entries are not frozen for a draw.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FreezeError {
    /// The note is not a head of the log.
    #[error("not a head of the log")]
    Head(#[from] HeadError),
    /// Too few known cosigners signed the head.
    #[error("the head has {found} cosignatures, it needs {needed}")]
    TooFewCosignatures {
        /// Cosignatures needed.
        needed: usize,
        /// Cosignatures by known keys.
        found: usize,
    },
    /// The entry is not under the head.
    #[error("{part:?}: entry {index} is not under the head")]
    NotUnderHead {
        /// Which entry.
        part: FrozenPart,
        /// Its claimed index.
        index: u64,
        /// What the proof lacks.
        source: ProofError,
    },
    /// The leaf is not an entry.
    #[error("{part:?}: the leaf is not an entry")]
    Entry {
        /// Which entry.
        part: FrozenPart,
        /// What is wrong with it.
        source: EntryError,
    },
    /// The entry's body does not fit its kind.
    #[error("{part:?}: no statement of kind {kind:?}: {reason}")]
    Statement {
        /// Which entry.
        part: FrozenPart,
        /// Kind of the entry.
        kind: String,
        /// The parser's reason.
        reason: String,
    },
    /// The entry is of another campaign.
    #[error("{part:?}: an entry of campaign {campaign}")]
    OtherCampaign {
        /// Which entry.
        part: FrozenPart,
        /// Its campaign.
        campaign: CampaignId,
    },
    /// The entry says something else than the draw needs: another kind, province, day or week.
    #[error("{part:?}: the {kind} entry is not the one that {province}, {moment} is drawn over")]
    OtherMatter {
        /// Which entry.
        part: FrozenPart,
        /// Kind of the entry.
        kind: String,
        /// Province of the draw.
        province: ProvinceId,
        /// Moment of the draw.
        moment: Moment,
    },
    /// The absences do not come after the frozen basis.
    #[error(
        "the absences, entry {absences}, quote a head of {size} entries: entry {basis} was not frozen before them"
    )]
    AbsencesTooSoon {
        /// Index of the basis.
        basis: u64,
        /// Index of the absences.
        absences: u64,
        /// Size of the head they quote.
        size: u64,
    },
    /// A daily die in a campaign without one, or none in a campaign with one.
    #[error("{}", if *wanted { "the daily die of the period is not there" } else { "a daily die, which the campaign has not" })]
    Die {
        /// Whether the campaign has a daily die.
        wanted: bool,
    },
    /// The daily die does not come after the frozen absences.
    #[error(
        "the daily die, entry {die}, quotes a head of {size} entries: the absences, entry {absences}, were not frozen before it"
    )]
    DieTooSoon {
        /// Index of the absences.
        absences: u64,
        /// Index of the die.
        die: u64,
        /// Size of the head it quotes.
        size: u64,
    },
}

/// How long an absence list stands before values are released over it: time to be cosigned and read. A list that was
/// frozen late delays its draws and is counted, but steers nothing: no value of its period is known yet.
const LIST_STANDS: SignedDuration = SignedDuration::from_hours(1);

/// The time from which values may be released over an absence list that a head of `cosigned` covers. The time in the list's
/// own entry is its writer's word.
pub fn stands_from(cosigned: Timestamp) -> Timestamp {
    cosigned.saturating_add(LIST_STANDS).unwrap_or(Timestamp::MAX)
}

/// The period whose basis and absences a moment is drawn over.
pub fn period_of(moment: Moment) -> Period {
    match moment {
        Moment::Week { week } => Period::Week { week },
        Moment::Hour { day, hour: _ } => Period::Day { day },
    }
}

impl FreezeKeys {
    /// Opens a head and counts its cosignatures.
    pub fn open(&self, note: &str) -> Result<Head, FreezeError> {
        let head = Head::open(note, &self.log, &self.cosigners)?;
        let (needed, found) = (self.cosignatures_needed, head.cosignatures.len());
        if found < needed {
            return Err(FreezeError::TooFewCosignatures { needed, found });
        }
        Ok(head)
    }
}

/// Checks that an entry is under the head.
pub(crate) fn check_included(part: FrozenPart, entry: &FrozenEntry, head: &Head) -> Result<(), FreezeError> {
    let (leaf, checkpoint) = (leaf_hash(&entry.leaf), &head.checkpoint);
    verify_inclusion(&leaf, entry.index, checkpoint.size, &entry.proof, &checkpoint.root)
        .map_err(|source| FreezeError::NotUnderHead { part, index: entry.index, source })
}

/// What a province and moment of a campaign are drawn over.
pub(crate) struct Matter<'a> {
    pub(crate) campaign: &'a CampaignId,
    pub(crate) province: &'a ProvinceId,
    pub(crate) moment: Moment,
}

impl Matter<'_> {
    /// Reads the entries under `head` and checks that they are the ones this matter needs, in their order; gives the time
    /// from which values may be released over them.
    pub(crate) fn check(
        &self,
        request: &ReleaseRequest,
        head: &Head,
        keys: &FreezeKeys,
    ) -> Result<Timestamp, FreezeError> {
        let (basis, absences) = (&request.basis, &request.absences);
        let (_, statement) = self.statement(FrozenPart::Basis, basis)?;
        if !self.is_basis(&statement, basis.index) {
            return Err(self.other_matter(FrozenPart::Basis, &statement));
        }
        let (written, statement) = self.statement(FrozenPart::Absences, absences)?;
        match &statement {
            Statement::Absences(list) if self.is_absences(list) => {
                check_order(basis.index, absences.index, &keys.open(&list.head)?)?;
            }
            _ => return Err(self.other_matter(FrozenPart::Absences, &statement)),
        }
        let before_die = request.die.as_ref().map(|die| self.check_die(die, absences.index, keys));
        let covering = [Some(head.clone()), before_die.transpose()?];
        let first = covering.iter().flatten().filter_map(Head::cosigned).min();
        // With no cosigner to tell the time there is the list's own.
        Ok(stands_from(first.unwrap_or(written)))
    }

    /// Checks that the die is the period's and came after the absences; gives the head under which these were frozen then.
    fn check_die(&self, die: &FrozenEntry, absences: u64, keys: &FreezeKeys) -> Result<Head, FreezeError> {
        let (_, statement) = self.statement(FrozenPart::Die, die)?;
        let quoted = match &statement {
            Statement::DailyDie(said) if said.period == period_of(self.moment) => keys.open(&said.head)?,
            _ => return Err(self.other_matter(FrozenPart::Die, &statement)),
        };
        let size = quoted.checkpoint.size;
        if absences < size && size <= die.index {
            return Ok(quoted);
        }
        Err(FreezeError::DieTooSoon { absences, die: die.index, size })
    }

    fn statement(
        &self,
        part: FrozenPart,
        frozen: &FrozenEntry,
    ) -> Result<(Timestamp, Statement), FreezeError> {
        let entry = Entry::parse(&frozen.leaf).map_err(|source| FreezeError::Entry { part, source })?;
        if entry.campaign() != self.campaign {
            return Err(FreezeError::OtherCampaign { part, campaign: entry.campaign().clone() });
        }
        let statement = Statement::from_parts(entry.kind(), entry.body()).map_err(|error| {
            FreezeError::Statement { part, kind: entry.kind().to_owned(), reason: error.to_string() }
        })?;
        Ok((entry.time(), statement))
    }

    fn is_basis(&self, statement: &Statement, index: u64) -> bool {
        match (self.moment, statement) {
            (Moment::Week { .. }, Statement::Campaign(opened)) => {
                index == 0 && opened.campaign == *self.campaign
            }
            (Moment::Hour { day, .. }, Statement::Plan(plan)) => {
                plan.day == day && plan.province == *self.province
            }
            _ => false,
        }
    }

    fn is_absences(&self, list: &AbsencesFrozen) -> bool {
        list.province == *self.province && list.period == period_of(self.moment)
    }

    fn other_matter(&self, part: FrozenPart, statement: &Statement) -> FreezeError {
        let (kind, _) = statement.to_parts();
        FreezeError::OtherMatter { part, kind, province: self.province.clone(), moment: self.moment }
    }
}

fn check_order(basis: u64, absences: u64, quoted: &Head) -> Result<(), FreezeError> {
    let size = quoted.checkpoint.size;
    if basis < size && size <= absences {
        return Ok(());
    }
    Err(FreezeError::AbsencesTooSoon { basis, absences, size })
}
