//! Heads of other logs, committed to every hour.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sekong_log::{DeviceId, Entry, Hash, HeadAnchored};
use sekong_model::{Anchor, AnchorId, Day, Hour};

use super::{Admitted, CLOCK_TOLERANCE, State};
use crate::fault::{ANCHOR_HOURS_MAX, AnchorFault, Fault};

/// So long after an hour began without an anchor of it or a later one the log is overdue.
const OVERDUE_AFTER: SignedDuration = SignedDuration::from_hours(2);

/// An anchor in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchored {
    /// Index of its entry.
    pub index: u64,
    /// The commitment to the other log's head.
    pub commitment: Hash,
}

/// The anchors of one log, by day and hour.
pub type AnchoredHours = BTreeMap<(Day, Hour), Anchored>;

impl State {
    /// The log's keeper alone anchors it, once an hour and forward.
    pub(super) fn admit_anchor(
        &mut self,
        index: u64,
        entry: &Entry,
        said: HeadAnchored,
    ) -> Result<Admitted, Fault> {
        let known = self.campaign.anchors().iter().find(|anchor| anchor.id == said.anchor);
        let known = known.ok_or_else(|| AnchorFault::Unknown { anchor: said.anchor.clone() })?;
        if !said.is_signed_by(&DeviceId::from(known.key), self.campaign.id()) {
            return Err(AnchorFault::NotSigned { anchor: said.anchor }.into());
        }
        let HeadAnchored { anchor, day, hour, commitment, .. } = said;
        let (begins, now) = (self.campaign.instant(day, hour), entry.time());
        let oldest = SignedDuration::from_hours(ANCHOR_HOURS_MAX);
        if now + CLOCK_TOLERANCE < begins || begins + oldest < now {
            return Err(AnchorFault::OtherHour { anchor, day, hour }.into());
        }
        let hours = self.anchors.entry(anchor.clone()).or_default();
        match hours.last_key_value() {
            Some((&(day, hour), _)) if (said.day, said.hour) <= (day, hour) => {
                Err(AnchorFault::NotForward { anchor, day, hour }.into())
            }
            _ => {
                hours.insert((day, hour), Anchored { index, commitment });
                Ok(Admitted::Whole)
            }
        }
    }

    /// The anchors of a log.
    pub fn anchored(&self, anchor: &AnchorId) -> Option<&AnchoredHours> {
        self.anchors.get(anchor)
    }

    /// Most hours from one anchor of a log to the next.
    pub(crate) fn longest_gap_hours(&self, hours: &AnchoredHours) -> u64 {
        let begins: Vec<_> = hours.keys().map(|(day, hour)| self.campaign.instant(*day, *hour)).collect();
        let gaps = begins.windows(2).map(|pair| pair[1].duration_since(pair[0]).as_hours().unsigned_abs());
        gaps.max().unwrap_or(0)
    }

    /// Index of this very anchor, if it is in the log.
    pub(crate) fn anchored_at(&self, said: &HeadAnchored) -> Option<u64> {
        let anchored = self.anchored(&said.anchor)?.get(&(said.day, said.hour))?;
        (anchored.commitment == said.commitment).then_some(anchored.index)
    }

    /// Whether a log should have been anchored again by now: an anchor that stays away is an alarm.
    pub(crate) fn is_overdue(&self, anchor: &Anchor, now: jiff::Timestamp) -> bool {
        let last = self.anchored(&anchor.id).and_then(|hours| hours.last_key_value());
        let since = last.map_or(self.opened_at(), |(&(day, hour), _)| self.campaign.instant(day, hour));
        since + OVERDUE_AFTER <= now
    }
}
