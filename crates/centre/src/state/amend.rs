//! What is said about earlier entries: corrections, records of persons, their erasure, looks at them, and devices with
//! two faces.

use std::collections::BTreeSet;

use sekong_draw::{erasure_message, verify_two_bodies};
use sekong_log::{
    DeviceId, Entry, EquivocationShown, Hash, InspectionCorrected, PERSONS_MAX, PersonCommitted,
    PersonErased, PersonLookedUp, SeenHead, Tree,
};
use sekong_model::{Day, Hour, UnitId};

use super::report::check_finds;
use super::{Admitted, Bodies, CLOCK_TOLERANCE, State, body, statement};
use crate::fault::{AmendFault, CORRECTIONS_MAX, Fault};

/// Where a person's record was committed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PersonPlace {
    /// Index of the entry that committed to it.
    pub entry: u64,
    /// Index of the entry that erased it.
    pub erased: Option<u64>,
}

/// A slot as reports name it.
pub(super) type Slot = (Day, Hour, UnitId);

/// A correction of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// Index of its entry.
    pub index: u64,
    /// What it says.
    pub said: InspectionCorrected,
}

/// A device that signed two entries with one sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TwoFaces {
    /// Index of the entry that shows it.
    pub index: u64,
    /// Index of the one that was logged.
    pub logged: u64,
    /// SHA-256 of the other one.
    pub other: Hash,
}

impl State {
    /// A team corrects its own report, the newest word on it; the slot stays what it was.
    pub(super) fn admit_correction(
        &mut self,
        index: u64,
        entry: &Entry,
        said: InspectionCorrected,
    ) -> Result<Admitted, Fault> {
        check_finds(&said.finds, said.counts)?;
        self.check_persons(&said.persons)?;
        let all_read = self.sealed.is_empty() && self.unjudged.is_empty();
        if !all_read && !self.words.contains_key(&said.of) {
            // The report stands in a province whose draws this reader cannot judge.
            self.keep_persons(index, &said.persons);
            return Ok(self.unread_in_all());
        }
        let slot = self.words.get(&said.of).cloned().ok_or(AmendFault::NoReport { of: said.of })?;
        self.check_corrects(entry, &slot)?;
        let of = said.of;
        let due = self.dues.get_mut(&(slot.0, slot.1)).and_then(|units| units.get_mut(&slot.2));
        let report = due.and_then(|due| due.report.as_mut()).ok_or(AmendFault::NoReport { of })?;
        let newest = report.corrections.last().map_or(report.index, |last| last.index);
        if newest != of {
            return Err(AmendFault::NotTheNewest { of, newest }.into());
        }
        if CORRECTIONS_MAX <= report.corrections.len() {
            return Err(AmendFault::TooManyCorrections.into());
        }
        let persons = said.persons.clone();
        report.corrections.push(Correction { index, said });
        self.words.insert(index, slot);
        self.keep_persons(index, &persons);
        Ok(Admitted::Whole)
    }

    fn check_corrects(&self, entry: &Entry, slot: &Slot) -> Result<(), Fault> {
        let device = entry.device();
        let chained = self.devices.get(&device).ok_or(Fault::UnknownDevice { device })?;
        let due = self.due(slot.0, slot.1, &slot.2);
        match (&chained.team, due) {
            (Some(team), Some(due)) if *team != due.team => {
                Err(Fault::OtherTeam { team: team.clone(), unit: slot.2.clone(), day: slot.0 })
            }
            _ => match chained.retired {
                Some(retired) if retired + CLOCK_TOLERANCE <= entry.time() => {
                    Err(Fault::Retired { device, retired })
                }
                _ => Ok(()),
            },
        }
    }

    /// The head that a report quotes is one of this log, and the report was not written before it.
    pub(super) fn check_seen(&self, entry: &Entry, seen: Option<SeenHead>, tree: &Tree) -> Result<(), Fault> {
        let Some(seen) = seen else { return Ok(()) };
        if tree.root_at(seen.size) != Some(seen.root) {
            return Err(Fault::HeadOfAnotherTree { size: seen.size });
        }
        let (head, written) = (self.centre_time_under(seen.size), entry.time());
        if written + CLOCK_TOLERANCE < head {
            Err(AmendFault::BeforeSeen { head, written }.into())
        } else {
            Ok(())
        }
    }

    /// No commitment stands twice in the log: its salt would not be fresh.
    pub(super) fn check_persons(&self, persons: &[PersonCommitted]) -> Result<(), Fault> {
        if PERSONS_MAX < persons.len() {
            return Err(AmendFault::TooManyPersons { found: persons.len() }.into());
        }
        let twice = |at: usize, one: &PersonCommitted| {
            let before = persons[..at].iter().any(|other| other.commitment == one.commitment);
            before || self.persons.contains_key(&one.commitment)
        };
        match persons.iter().enumerate().find(|(at, one)| twice(*at, one)) {
            Some((_, one)) => Err(Fault::LoggedBefore {
                what: format!("the commitment {} to a person's record", one.commitment),
            }),
            None => Ok(()),
        }
    }

    pub(super) fn keep_persons(&mut self, entry: u64, persons: &[PersonCommitted]) {
        let place = PersonPlace { entry, erased: None };
        self.persons.extend(persons.iter().map(|person| (person.commitment, place)));
    }

    /// A record of the entry that is there, which nobody erased before.
    fn person_to(&self, commitment: &Hash) -> Result<PersonPlace, Fault> {
        let place = self.persons.get(commitment).copied();
        let place = place.ok_or(AmendFault::NoPerson { commitment: *commitment })?;
        match place.erased {
            Some(by) => Err(AmendFault::Erased { commitment: *commitment, by }.into()),
            None => Ok(place),
        }
    }

    pub(super) fn admit_erasure(&mut self, index: u64, said: &PersonErased) -> Result<Admitted, Fault> {
        let place = self.person_to(&said.commitment)?;
        if place.entry != said.entry {
            return Err(AmendFault::OtherEntry { wanted: place.entry, found: said.entry }.into());
        }
        let keys = self.officer_keys(u64::MAX);
        let message = erasure_message(self.campaign.id(), said);
        verify_two_bodies(&said.signers, &message, &self.seats(&keys)).map_err(AmendFault::from)?;
        self.persons.insert(said.commitment, PersonPlace { erased: Some(index), ..place });
        Ok(Admitted::Whole)
    }

    pub(super) fn admit_look(&mut self, said: &PersonLookedUp) -> Result<Admitted, Fault> {
        self.person_to(&said.commitment)?;
        self.looks += 1;
        Ok(Admitted::Whole)
    }

    /// One entry of the two is logged, the other one is published: anyone checks both signatures.
    pub(super) fn admit_equivocation(
        &mut self,
        index: u64,
        said: &EquivocationShown,
        tree: &Tree,
        bodies: &dyn Bodies,
    ) -> Result<Admitted, Fault> {
        let place = (said.device, said.seq);
        if self.two_faces.contains_key(&place) {
            return Err(Fault::LoggedBefore { what: format!("that device {} has two faces", said.device) });
        }
        if self.logged(&said.device, said.seq) != Some(said.logged) {
            return Err(AmendFault::NoTwoFaces { what: "the device's logged entry is another one" }.into());
        }
        let bytes = body(bodies, &said.other)?.ok_or(Fault::BodyMissing { hash: said.other })?;
        let logged = tree.leaf(said.logged);
        self.check_other_face(said, &bytes, logged)?;
        let shown = TwoFaces { index, logged: said.logged, other: said.other };
        self.two_faces.insert(place, shown);
        Ok(Admitted::Whole)
    }

    fn check_other_face(
        &self,
        said: &EquivocationShown,
        bytes: &[u8],
        logged: Option<Hash>,
    ) -> Result<(), Fault> {
        let other = Entry::parse(bytes);
        let other = other.map_err(|_| AmendFault::NoTwoFaces { what: "the other one is no signed entry" })?;
        // What says nothing could say anything: it is no part of a log without free text.
        statement(&other)?;
        self.check_campaign(&other)?;
        if (other.device(), other.seq()) != (said.device, said.seq) {
            return Err(AmendFault::NoTwoFaces {
                what: "the other one has another device or sequence number",
            }
            .into());
        }
        if logged == Some(other.leaf_hash()) {
            return Err(AmendFault::NoTwoFaces { what: "both are the same entry" }.into());
        }
        Ok(())
    }

    /// Where a person's record was committed to, and what became of it.
    pub fn person(&self, commitment: &Hash) -> Option<PersonPlace> {
        self.persons.get(commitment).copied()
    }

    /// Every commitment to a person's record.
    pub fn persons(&self) -> impl Iterator<Item = (&Hash, PersonPlace)> {
        self.persons.iter().map(|(commitment, place)| (commitment, *place))
    }

    /// Commitments of the records that are erased.
    pub(crate) fn erased_persons(&self) -> BTreeSet<Hash> {
        let erased = self.persons.iter().filter(|(_, place)| place.erased.is_some());
        erased.map(|(commitment, _)| *commitment).collect()
    }

    /// Whether a device has signed two entries with a sequence number, as the log shows it.
    pub(crate) fn two_faces_of(&self, device: &DeviceId, seq: u64) -> Option<TwoFaces> {
        self.two_faces.get(&(*device, seq)).copied()
    }

    /// Looks at records of persons.
    pub fn looks(&self) -> u64 {
        self.looks
    }

    /// Devices that signed two entries with one sequence number.
    pub fn two_faces(&self) -> impl Iterator<Item = (&DeviceId, u64, TwoFaces)> {
        self.two_faces.iter().map(|((device, seq), shown)| (device, *seq, *shown))
    }
}
