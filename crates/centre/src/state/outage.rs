//! Outages that custodians plan ahead: who is out when, and what makes one count.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

use jiff::Timestamp;
use sekong_draw::{is_own_outage, period_of};
use sekong_log::{Entry, OutagePlanned};
use sekong_model::{CustodianId, Moment, ProvinceId};

use super::{Admitted, State};
use crate::fault::{Fault, OutageFault};

/// Fewest custodians that a planned outage may leave for any moment.
const REMAIN_MIN: usize = 3;

/// Most outages of one custodian: two a week in a campaign of a year.
const OUTAGES_MAX: usize = 104;

/// The outages in the log; no two of one custodian overlap.
#[derive(Debug, Clone, Default)]
pub(super) struct Outages(BTreeMap<CustodianId, BTreeMap<Timestamp, Until>>);

/// Where an outage ends, and the index of its entry.
#[derive(Debug, Clone, Copy)]
struct Until {
    until: Timestamp,
    index: u64,
}

impl Outages {
    fn count(&self, custodian: &CustodianId) -> usize {
        self.0.get(custodian).map_or(0, BTreeMap::len)
    }

    /// The last of a custodian's outages that begin within `begin`: no earlier one reaches so far.
    fn last(&self, custodian: &CustodianId, begin: impl RangeBounds<Timestamp>) -> Option<Until> {
        self.0.get(custodian)?.range(begin).next_back().map(|(_, until)| *until)
    }

    fn overlaps(&self, said: &OutagePlanned) -> bool {
        self.last(&said.custodian, ..said.until).is_some_and(|one| said.from < one.until)
    }

    /// Whether an outage under a head of `size` entries takes a custodian away at an instant.
    fn takes(&self, custodian: &CustodianId, at: Timestamp, size: u64) -> bool {
        self.last(custodian, ..=at).is_some_and(|one| at < one.until && one.index < size)
    }

    fn put(&mut self, index: u64, said: OutagePlanned) {
        let own = self.0.entry(said.custodian).or_default();
        own.insert(said.from, Until { until: said.until, index });
    }
}

impl State {
    /// An outage counts if its custodian signed it, it lies ahead, takes away what is not frozen, and leaves enough others.
    /// What costs little to see is looked at first: anybody may send one.
    pub(super) fn admit_outage(
        &mut self,
        index: u64,
        entry: &Entry,
        said: OutagePlanned,
    ) -> Result<Admitted, Fault> {
        let custodian = || said.custodian.clone();
        let commitment = self.commitments.get(&said.custodian);
        let commitment = commitment
            .ok_or_else(|| Fault::Missing { what: format!("the commitment of {}", custodian()) })?;
        if said.from < entry.time() {
            return Err(OutageFault::Begun { from: said.from, now: entry.time() }.into());
        }
        if self.outages.overlaps(&said) {
            return Err(OutageFault::Overlap { custodian: custodian() }.into());
        }
        if self.outages.count(&said.custodian) >= OUTAGES_MAX {
            return Err(OutageFault::TooMany { custodian: custodian(), most: OUTAGES_MAX }.into());
        }
        if !is_own_outage(&said, &commitment.said, self.campaign.id()) {
            return Err(OutageFault::NotSigned { custodian: custodian() }.into());
        }
        self.check_taken_away(&said)?;
        self.outages.put(index, said);
        Ok(Admitted::Whole)
    }

    /// At least one value, none of a frozen day or week, and never one too many of a moment.
    fn check_taken_away(&self, said: &OutagePlanned) -> Result<(), Fault> {
        let mut none = true;
        let moments = self.campaign.moments_of_campaign();
        let due = moments.map(|moment| (moment, self.campaign.release_at(moment)));
        for (moment, due) in due.filter(|(_, due)| (said.from..said.until).contains(due)) {
            none = false;
            let provinces = self.campaign.provinces().iter();
            let mut keys = provinces.map(|province| (province.id.clone(), period_of(moment)));
            if keys.any(|key| self.absences.contains_key(&key)) {
                return Err(OutageFault::Frozen { moment }.into());
            }
            // The one in question is among those present: no outage of its own covers this moment.
            if self.present(due, u64::MAX).len() <= REMAIN_MIN {
                return Err(OutageFault::TooFewRemain { moment, least: REMAIN_MIN }.into());
            }
        }
        let (from, until) = (said.from, said.until);
        if none { Err(OutageFault::OfNothing { from, until }.into()) } else { Ok(()) }
    }

    /// The custodians that no outage under a head of `size` entries takes away at an instant, in campaign order.
    fn present(&self, due: Timestamp, size: u64) -> Vec<CustodianId> {
        let custodians = self.campaign.custodians().iter();
        custodians.filter(|custodian| !self.outages.takes(custodian, due, size)).cloned().collect()
    }

    /// The custodians whose values a moment is drawn with: those that were not in a planned outage when its absences
    /// were frozen.
    pub(crate) fn custodians_of(&self, province: &ProvinceId, moment: Moment) -> Vec<CustodianId> {
        self.present(self.campaign.release_at(moment), self.frozen_size(province, moment))
    }
}
