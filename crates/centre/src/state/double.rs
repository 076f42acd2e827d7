//! Double inspections: what a second team of the inspectorate found where a visit's team had searched.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sekong_log::{Entry, InspectedTwice};

use super::amend::Slot;
use super::{Admitted, Outcome, State};
use crate::fault::{DoubleFault, Fault, Taken};

/// After the hour's end. Who waits longer sees more before he says something.
const TO_SAY: SignedDuration = SignedDuration::from_hours(7 * 24);

/// A double inspection in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoubleInLog {
    /// Index of its entry.
    pub index: u64,
    /// What it says.
    pub said: InspectedTwice,
    /// Whether it tells anything of detection.
    pub standing: DoubleStanding,
}

/// Whether a double inspection tells anything of detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubleStanding {
    /// Said within a week, of a visit that was made and reported in time.
    InTime,
    /// Said later, or of a visit that was: a team that reports once its hour is closed may know by then what the second one found.
    Late,
    /// Said within a week, of a visit in a province whose draws this reader cannot read yet.
    Unread,
}

impl State {
    /// The inspectorate alone says it, once, of a visit whose team can say no other first word any more.
    pub(super) fn admit_double(
        &mut self,
        index: u64,
        entry: &Entry,
        said: InspectedTwice,
    ) -> Result<Admitted, Fault> {
        let key = self.inspectorate().ok_or(DoubleFault::Off)?;
        if !said.is_signed_by(&key, self.campaign.id()) {
            return Err(DoubleFault::NotSigned.into());
        }
        said.check_counts().map_err(DoubleFault::from)?;
        let InspectedTwice { province, day, hour, .. } = &said;
        self.check_province(province)?;
        self.check_day(*day)?;
        if self.closed_under(*day, *hour).is_none() {
            return Err(DoubleFault::NotClosed { day: *day, hour: *hour }.into());
        }
        let slot = slot_of(&said);
        if let Some(before) = self.doubles.get(&slot) {
            return Err(DoubleFault::SaidBefore { unit: said.unit, by: before.index }.into());
        }
        let is_unread = self.is_unread(province, *day);
        // A visit that was reported in a province whose draws this reader cannot judge is taken as it is said.
        let visit = if is_unread { DoubleStanding::Unread } else { self.standing_of_visit(&said)? };
        let admitted = if is_unread { self.unread(province) } else { Admitted::Whole };
        let is_late = self.double_deadline(&said) < entry.time();
        let standing = if is_late { DoubleStanding::Late } else { visit };
        self.doubles.insert(slot, DoubleInLog { index, said, standing });
        Ok(admitted)
    }

    fn double_deadline(&self, said: &InspectedTwice) -> Timestamp {
        let end = self.campaign.instant(said.day, said.hour) + SignedDuration::from_hours(1);
        end.saturating_add(TO_SAY).unwrap_or(Timestamp::MAX)
    }

    /// Whether the visit was made and reported in time, if its report, the team's first word, has room for what is said.
    fn standing_of_visit(&self, said: &InspectedTwice) -> Result<DoubleStanding, Fault> {
        let InspectedTwice { day, hour, vehicles, first, .. } = *said;
        let unit = said.unit.clone();
        let due = self.due(day, hour, &unit).filter(|due| due.province == said.province);
        let Some((due, report)) = due.and_then(|due| Some((due, due.report.as_ref()?))) else {
            return Err(DoubleFault::NoReport { unit, day, hour }.into());
        };
        // A vehicle with a simulant is not among them, and takes room of its own.
        let own = Taken { inspected: vehicles, found: first };
        if let Err(simulants) = report.check_room(own, self.simulants_met(day, hour, &unit).taken()) {
            let (reported, reported_found) = (report.counts.inspected(), report.counts.found());
            let more =
                DoubleFault::MoreThanReported { unit, reported, reported_found, vehicles, first, simulants };
            return Err(more.into());
        }
        let is_done = self.outcome(day, hour, due) == Outcome::Done;
        Ok(if is_done { DoubleStanding::InTime } else { DoubleStanding::Late })
    }

    /// Vehicles of a visit that were searched again, and those of them with a find by its team.
    pub(super) fn searched_again(&self, slot: &Slot) -> Taken {
        let taken = |of: &DoubleInLog| Taken { inspected: of.said.vehicles, found: of.said.first };
        self.doubles.get(slot).map_or_else(Taken::default, taken)
    }

    /// Every double inspection, by the day, hour and unit of its visit.
    pub fn doubles(&self) -> impl Iterator<Item = &DoubleInLog> {
        self.doubles.values()
    }

    /// Index of this very word, if it is in the log.
    pub(crate) fn inspected_twice_at(&self, said: &InspectedTwice) -> Option<u64> {
        self.doubles.get(&slot_of(said)).filter(|before| before.said == *said).map(|before| before.index)
    }
}

/// All double inspections of a log, by visit.
pub(super) type Doubles = BTreeMap<Slot, DoubleInLog>;

fn slot_of(said: &InspectedTwice) -> Slot {
    (said.day, said.hour, said.unit.clone())
}
