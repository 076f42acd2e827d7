//! What the keeper of an anchored log shows for it: the heads behind the commitments. They are held against the log that
//! was audited, in which the commitments stand, and against the keeper's own, which must not have changed since.

use jiff::Timestamp;
use sekong_log::{AnchorOpening, AuditedLog, Head, VerifierKey};
use sekong_model::{AnchorId, CampaignId, Day, Hour};
use serde::{Deserialize, Serialize};

use crate::audit::AuditFault;
use crate::state::{Anchored, AnchoredHours, State};

/// What a keeper shows, in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnchorShown {
    /// The campaign in whose log the anchors are.
    pub campaign: CampaignId,
    /// The name of the keeper's log there.
    pub anchor: AnchorId,
    /// Verifier key of the keeper's log.
    pub log: VerifierKey,
    /// What opens the anchors.
    pub openings: Vec<AnchorOpening>,
}

/// Why what is shown proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum AnchorShownError {
    /// Of another campaign.
    #[error("it is of campaign {found}, the log of {wanted}")]
    OtherCampaign {
        /// Campaign of what is shown.
        found: CampaignId,
        /// Campaign of the log.
        wanted: CampaignId,
    },
    /// Nothing of that name is anchored.
    #[error("the log anchors nothing as {anchor}")]
    NotAnchored {
        /// The name.
        anchor: AnchorId,
    },
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnchorCompared {
    /// Anchors in the log.
    pub anchored: u64,
    /// Of these, those whose head is one of the keeper's log as it is now.
    pub held: u64,
    /// Entries of the keeper's log under the newest of these.
    pub size: u64,
    /// Most hours from one anchor to the next.
    pub longest_gap_hours: u64,
    /// Most hours in which the anchors showed one head: what came meanwhile was under none.
    pub standing_hours: u64,
    /// Hours that the keeper signed and that are in no entry.
    pub dropped: Vec<(Day, Hour)>,
    /// What does not hold.
    pub faults: Vec<AuditFault>,
}

impl AnchorShown {
    /// Holds every anchor in the log of `state` against `log`, the keeper's own.
    ///
    /// # Errors
    /// [`AnchorShownError`], if the anchors are of something else.
    pub fn compare(&self, state: &State, log: &AuditedLog) -> Result<AnchorCompared, AnchorShownError> {
        let wanted = state.campaign().id();
        if self.campaign != *wanted {
            let (found, wanted) = (self.campaign.clone(), wanted.clone());
            return Err(AnchorShownError::OtherCampaign { found, wanted });
        }
        let hours = state.anchored(&self.anchor);
        let hours = hours.ok_or_else(|| AnchorShownError::NotAnchored { anchor: self.anchor.clone() })?;
        let mut compared = self.compare_hours(hours, log);
        compared.longest_gap_hours = state.longest_gap_hours(hours);
        compared.standing_hours = self.standing_hours(state, hours);
        Ok(compared)
    }

    fn compare_hours(&self, hours: &AnchoredHours, log: &AuditedLog) -> AnchorCompared {
        let signed = self.openings.iter().map(|opening| (opening.day, opening.hour));
        let dropped = signed.filter(|hour| !hours.contains_key(hour)).collect();
        let mut compared =
            AnchorCompared { anchored: hours.len() as u64, dropped, ..AnchorCompared::default() };
        for (&(day, hour), anchored) in hours {
            match self.size_under(self.opening((day, hour)), anchored, compared.size, log) {
                Ok(size) => {
                    compared.held += 1;
                    compared.size = size;
                }
                Err((rule, detail)) => compared.faults.push(AuditFault {
                    entry: Some(anchored.index),
                    file: None,
                    rule: rule.to_owned(),
                    detail: format!("{} at {day} {hour}:00: {detail}", self.anchor),
                }),
            }
        }
        compared
    }

    fn opening(&self, (day, hour): (Day, Hour)) -> Option<&AnchorOpening> {
        self.openings.iter().find(|opening| (opening.day, opening.hour) == (day, hour))
    }

    /// Most hours from the first to the last of anchors with one head.
    fn standing_hours(&self, state: &State, hours: &AnchoredHours) -> u64 {
        let (mut longest, mut since): (u64, Option<(&str, Timestamp)>) = (0, None);
        let opened = hours.keys().filter_map(|hour| Some((*hour, self.opening(*hour)?.note.as_str())));
        for ((day, hour), note) in opened {
            let at = state.campaign().instant(day, hour);
            match since.filter(|(before, _)| *before == note) {
                Some((_, from)) => longest = longest.max(at.duration_since(from).as_hours().unsigned_abs()),
                None => since = Some((note, at)),
            }
        }
        longest
    }

    /// Entries under the head that an opening shows.
    fn size_under(
        &self,
        opening: Option<&AnchorOpening>,
        anchored: &Anchored,
        before: u64,
        log: &AuditedLog,
    ) -> Result<u64, (&'static str, String)> {
        let opening = opening.ok_or_else(|| ("anchor.opened", "the head is not shown".to_owned()))?;
        if opening.commitment() != anchored.commitment {
            return Err(("anchor.opened", "the head shown is not the one committed to".to_owned()));
        }
        let head = Head::open_unchecked_cosignatures(&opening.note, &self.log);
        let head = head.map_err(|error| ("anchor.head", error.to_string()))?.checkpoint;
        if head.size < before {
            let detail = format!("a head of {} entries after one of {before}", head.size);
            return Err(("anchor.shrinks", detail));
        }
        if log.tree.root_at(head.size) != Some(head.root) {
            let detail = format!("the log's first {} entries are others than were anchored", head.size);
            return Err(("anchor.continues", detail));
        }
        Ok(head.size)
    }
}
