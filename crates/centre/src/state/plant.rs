//! Simulants that the inspectorate plants: committed to before the draw, opened when the hour is over.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sekong_log::{DeviceId, Entry, Hash, Period, Plant, PlantCommitted, PlantRevealed, PlantVisit};
use sekong_model::{Day, Hour, UnitId};

use super::amend::Slot;
use super::{Admitted, State};
use crate::fault::{Fault, PLANT_AHEAD_DAYS, PlantFault, Taken};

/// Between the last hour that a plant can be for and its deadline, besides the hours after which auditors read who was sent where: the
/// shift of that hour ends, and then the inspectorate has a week to take back what it planted and to open what it committed to.
const TO_OPEN: SignedDuration = SignedDuration::from_hours(24 + 7 * 24);

/// A commitment in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlantInLog {
    commitment: Hash,
    /// By when it is to be open.
    pub deadline: Timestamp,
    /// What opened it.
    pub opened: Option<OpenedPlant>,
}

/// A plant that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedPlant {
    /// Index of the entry that opened it.
    pub index: u64,
    /// When that was written.
    pub at: Timestamp,
    /// Where and when how much was planted.
    pub plant: Plant,
    /// The visits that it met.
    pub visits: Vec<PlantVisit>,
}

impl PlantInLog {
    /// What was opened in time. Who waits longer sees more before he says something.
    pub fn in_time(&self) -> Option<&OpenedPlant> {
        self.opened.as_ref().filter(|opened| opened.at <= self.deadline)
    }
}

/// Simulants that one visit met, by all that was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Simulants {
    /// Planted at the post in that hour.
    pub planted: u32,
    /// Inspected.
    pub inspected: u32,
    /// Found.
    pub found: u32,
}

impl Simulants {
    /// What they have of a visit's report.
    pub(super) fn taken(self) -> Taken {
        Taken { inspected: self.inspected, found: self.found }
    }
}

/// All plants of a log.
#[derive(Debug, Default)]
pub(super) struct Plants {
    /// By index of the commitment.
    committed: BTreeMap<u64, PlantInLog>,
    /// Index of each commitment.
    index_of: BTreeMap<Hash, u64>,
    /// What each visit met.
    met: BTreeMap<Slot, Simulants>,
}

impl State {
    /// The inspectorate alone commits, at any time; what it may plant with it is judged when it is opened.
    pub(super) fn admit_plant(
        &mut self,
        index: u64,
        entry: &Entry,
        said: &PlantCommitted,
    ) -> Result<Admitted, Fault> {
        self.check_is_inspectorate(|key| said.is_signed_by(key, self.campaign.id()))?;
        let PlantCommitted { commitment, .. } = *said;
        if self.plants.index_of.contains_key(&commitment) {
            return Err(Fault::LoggedBefore { what: format!("the commitment {commitment} to a plant") });
        }
        let deadline = self.plant_deadline(entry.time());
        self.plants.index_of.insert(commitment, index);
        self.plants.committed.insert(index, PlantInLog { commitment, deadline, opened: None });
        Ok(Admitted::Whole)
    }

    pub(super) fn admit_plant_revealed(
        &mut self,
        index: u64,
        entry: &Entry,
        said: PlantRevealed,
    ) -> Result<Admitted, Fault> {
        self.check_is_inspectorate(|key| said.is_signed_by(key, self.campaign.id()))?;
        self.check_opens(&said)?;
        self.check_planted_blindly(said.of, &said.plant)?;
        check_parts(&said)?;
        let Plant { province, day, hour, .. } = &said.plant;
        let admitted = if self.is_unread(province, *day) {
            // The visits were reported in a province whose draws this reader cannot judge.
            self.unread(province)
        } else {
            let met = said.visits.iter().map(|visit| self.meets(&said.plant, visit));
            let met = met.collect::<Result<Vec<_>, _>>()?;
            self.plants.met.extend(met.into_iter().map(|(unit, met)| ((*day, *hour, unit), met)));
            Admitted::Whole
        };
        let PlantRevealed { of, plant, visits, .. } = said;
        if let Some(committed) = self.plants.committed.get_mut(&of) {
            committed.opened = Some(OpenedPlant { index, at: entry.time(), plant, visits });
        }
        Ok(admitted)
    }

    fn check_is_inspectorate(&self, is_signed_by: impl Fn(&DeviceId) -> bool) -> Result<(), Fault> {
        let key = self.inspectorate().ok_or(PlantFault::Off)?;
        if is_signed_by(&key) { Ok(()) } else { Err(PlantFault::NotSigned.into()) }
    }

    /// From the commitment alone, for nobody else knows the hour while it is closed.
    fn plant_deadline(&self, committed: Timestamp) -> Timestamp {
        let readable = i64::from(self.campaign.rules().auditors_after_hours);
        let hours = SignedDuration::from_hours(24 * PLANT_AHEAD_DAYS + readable);
        committed
            .saturating_add(hours)
            .and_then(|last| last.saturating_add(TO_OPEN))
            .unwrap_or(Timestamp::MAX)
    }

    fn check_opens(&self, said: &PlantRevealed) -> Result<(), Fault> {
        let of = said.of;
        let committed = self.plants.committed.get(&of).ok_or(PlantFault::NotCommitted { of })?;
        if said.plant.commitment(self.campaign.id()) != committed.commitment {
            return Err(PlantFault::NotOpened { of }.into());
        }
        match &committed.opened {
            Some(opened) => Err(PlantFault::RevealedBefore { of, by: opened.index }.into()),
            None => Ok(()),
        }
    }

    /// Nobody plants after seeing who comes, and nobody opens while a team may still write what it likes.
    fn check_planted_blindly(&self, of: u64, plant: &Plant) -> Result<(), Fault> {
        let Plant { province, post, day, hour, .. } = plant;
        let (day, hour) = (*day, *hour);
        self.check_province(province)?;
        self.check_day(day)?;
        if !self.campaign.posts_of(province).iter().any(|own| own.id == *post) {
            return Err(Fault::Unknown { what: format!("post {post} in {province}") });
        }
        let committed = self.time_of(of).unwrap_or(Timestamp::MIN);
        if SignedDuration::from_hours(24 * PLANT_AHEAD_DAYS)
            < self.campaign.instant(day, hour).duration_since(committed)
        {
            return Err(PlantFault::TooFarAhead { of, day, hour }.into());
        }
        if self.closed_under(day, hour).is_none() {
            return Err(PlantFault::NotClosed { day, hour }.into());
        }
        // The first values of a day are released under a cosigned head that covers this list, and so all entries before it.
        let period = Period::Day { day };
        let list = self.absences(province, period).ok_or_else(|| Fault::absences(province, period))?;
        if of < list { Ok(()) } else { Err(PlantFault::AfterFreeze { of, list }.into()) }
    }

    /// What a visit met with this plant, and the others of its hour; by the team's first word, which is what is estimated from. A simulant
    /// that was taken and never reported was not found, and is a matter for the log of conduct cases.
    fn meets(&self, plant: &Plant, visit: &PlantVisit) -> Result<(UnitId, Simulants), Fault> {
        let unit = visit.unit.clone();
        let due = self.due(plant.day, plant.hour, &unit);
        let due = due.filter(|due| due.post == plant.post && due.province == plant.province);
        let Some(report) = due.and_then(|due| due.report.as_ref()) else {
            return Err(PlantFault::NoReport { unit }.into());
        };
        let before = self.simulants_met(plant.day, plant.hour, &unit);
        let planted = before.planted.saturating_add(plant.planted);
        let inspected = before.inspected.saturating_add(visit.inspected);
        let found = before.found.saturating_add(visit.found);
        let met = Simulants { planted, inspected, found };
        let again = self.searched_again(&(plant.day, plant.hour, unit.clone()));
        if let Err(again) = report.check_room(met.taken(), again) {
            let (reported, reported_found) = (report.counts.inspected(), report.counts.found());
            let more =
                PlantFault::MoreThanReported { unit, reported, reported_found, inspected, found, again };
            return Err(more.into());
        }
        Ok((unit, met))
    }

    /// Simulants that a visit met, as far as they are opened.
    pub fn simulants_met(&self, day: Day, hour: Hour, unit: &UnitId) -> Simulants {
        // Most campaigns have none, and this is asked of every visit there was.
        if self.plants.met.is_empty() {
            return Simulants::default();
        }
        self.plants.met.get(&(day, hour, unit.clone())).copied().unwrap_or_default()
    }

    /// Every commitment to a plant, by the index of its entry.
    pub fn plants(&self) -> impl Iterator<Item = (u64, &PlantInLog)> {
        self.plants.committed.iter().map(|(index, plant)| (*index, plant))
    }

    /// Index of this very commitment, if it is in the log.
    pub(crate) fn planted_at(&self, said: &PlantCommitted) -> Option<u64> {
        let is_signed = said.is_signed_by(&self.inspectorate()?, self.campaign.id());
        self.plants.index_of.get(&said.commitment).copied().filter(|_| is_signed)
    }

    /// Index of the entry that opens a commitment just so, if it is in the log.
    pub(crate) fn revealed_at(&self, said: &PlantRevealed) -> Option<u64> {
        let opened = self.plants.committed.get(&said.of)?.opened.as_ref()?;
        let is_signed = said.is_signed_by(&self.inspectorate()?, self.campaign.id());
        (is_signed && opened.plant == said.plant && opened.visits == said.visits).then_some(opened.index)
    }
}

fn check_parts(said: &PlantRevealed) -> Result<(), Fault> {
    let more = |what, part, whole| Err(PlantFault::MoreThanPlanted { what, part, whole }.into());
    let mut units = BTreeSet::new();
    for visit in &said.visits {
        if !units.insert(&visit.unit) {
            return Err(PlantFault::VisitTwice { unit: visit.unit.clone() }.into());
        }
        if visit.inspected < visit.found {
            return more("what was found", visit.found.into(), visit.inspected.into());
        }
    }
    let inspected: u64 = said.visits.iter().map(|visit| u64::from(visit.inspected)).sum();
    let planted = u64::from(said.plant.planted);
    if planted < inspected { more("what was inspected", inspected, planted) } else { Ok(()) }
}
