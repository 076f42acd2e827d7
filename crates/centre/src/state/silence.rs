//! Custodians that do not answer: silences noted, and the dice thrown in their stead.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sekong_draw::{
    Release, ReleaseError, ReleaseFor, Seats, Throw, Throwers, period_of, stands_from, verify_release,
    verify_throw, verify_vouched,
};
use sekong_log::{DeviceId, Entry, Hash, OfficerEnrolled, SilenceNoted, SilentCustodian, Tree};
use sekong_model::{CustodianId, Moment, OfficerId, ProvinceId};

use super::{Admitted, Bodies, CLOCK_TOLERANCE, Cosigned, State, body};
use crate::fault::Fault;
use crate::schedule::Job;

/// A silence as it was noted.
#[derive(Debug, Clone)]
pub struct NotedSilence {
    /// Index of its entry.
    pub index: u64,
    /// Its leaf hash, which a throw names.
    pub leaf: Hash,
    /// Whose values the throw replaces.
    pub silent: Vec<SilentCustodian>,
    /// SHA-256 of the body with the others' releases.
    pub received: Hash,
}

/// A key of a seat that throws dice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeatKey {
    /// Index of the entry that told it.
    pub index: u64,
    /// The key.
    pub key: DeviceId,
    /// Who vouched for it; nobody if it is the first one, told before the public dice.
    pub vouched_by: Vec<OfficerId>,
}

impl State {
    /// Gives a seat a key, which counts for what is frozen from now on. Keys are told before the public dice; a later one
    /// needs somebody to vouch for it, or else a centre alone could throw dice of its choice.
    pub(super) fn admit_officer(&mut self, index: u64, said: OfficerEnrolled) -> Result<Admitted, Fault> {
        if !self.campaign.officers().iter().any(|officer| officer.id == said.officer) {
            return Err(Fault::Unknown { what: format!("officer {}", said.officer) });
        }
        if !said.key.can_sign() {
            return Err(Fault::WeakKey { device: said.key });
        }
        let held = self.officers.values().flatten().any(|known| known.key == said.key);
        if held || self.devices.contains_key(&said.key) {
            return Err(Fault::LoggedBefore { what: format!("the key {}", said.key) });
        }
        let keys = self.officer_keys(u64::MAX);
        let is_first = self.dice.is_none() && !keys.contains_key(&said.officer);
        if !is_first || !said.vouchers.is_empty() {
            verify_vouched(&said, &self.seats(&keys))?;
        }
        let vouched_by = said.vouchers.into_iter().map(|voucher| voucher.officer).collect();
        self.officers.entry(said.officer).or_default().push(SeatKey { index, key: said.key, vouched_by });
        Ok(Admitted::Whole)
    }

    pub(super) fn seats<'a>(&'a self, keys: &'a BTreeMap<OfficerId, DeviceId>) -> Seats<'a> {
        Seats { campaign: self.campaign.id(), officers: self.campaign.officers(), keys }
    }

    /// Every key that a seat ever had, by seat, the newest last.
    pub fn seat_keys(&self) -> impl Iterator<Item = (&OfficerId, &[SeatKey])> {
        self.officers.iter().map(|(seat, keys)| (seat, keys.as_slice()))
    }

    /// The keys of the seats under a head of `size` entries.
    pub(super) fn officer_keys(&self, size: u64) -> BTreeMap<OfficerId, DeviceId> {
        let newest =
            |keys: &[SeatKey]| keys.iter().rev().find(|known| known.index < size).map(|known| known.key);
        self.officers.iter().filter_map(|(id, keys)| Some((id.clone(), newest(keys)?))).collect()
    }

    /// Size of the head under which all that a moment is drawn over had to stand.
    pub(super) fn frozen_size(&self, province: &ProvinceId, moment: Moment) -> u64 {
        let list = self.absences.get(&(province.clone(), period_of(moment)));
        list.map_or(0, |list| list.quoted_size)
    }

    /// Index of the newest entry that the draws of a moment stand on, so far as they are logged.
    pub(crate) fn newest_under(&self, moment: Moment) -> u64 {
        let period = period_of(moment);
        let lists = self.absences.iter().filter(|((_, of), _)| *of == period).map(|(_, list)| list.index);
        let silences = self.silences().filter(|(_, of, _)| *of == moment).map(|(_, _, noted)| noted.index);
        lists.chain(silences).chain(self.daily_dice.get(&period).map(|die| die.index)).max().unwrap_or(0)
    }

    /// When the values of a moment may be released: by the schedule, and once the absence list has stood a while under
    /// cosigned heads, that which is `shown` among them.
    pub(crate) fn release_due(
        &self,
        province: &ProvinceId,
        moment: Moment,
        shown: Option<Cosigned>,
    ) -> Timestamp {
        let list = self.absences.get(&(province.clone(), period_of(moment)));
        let stands = list.map_or(Timestamp::MIN, |list| stands_from(self.covered_at(list, shown)));
        self.campaign.release_at(moment).max(stands)
    }

    /// When a custodian that was asked from `asked` on and has not answered is silent; `None` if the campaign has nobody
    /// to throw dice.
    pub(crate) fn silent_from(
        &self,
        province: &ProvinceId,
        moment: Moment,
        shown: Option<Cosigned>,
        asked: Timestamp,
    ) -> Option<Timestamp> {
        let minutes = i64::from(self.campaign.rules().silence_minutes);
        let from = self.release_due(province, moment, shown).max(asked);
        let silent = from.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MAX);
        (!self.campaign.officers().is_empty()).then_some(silent)
    }

    /// The silence of a moment, once noted.
    pub fn silence(&self, province: &ProvinceId, moment: Moment) -> Option<&NotedSilence> {
        self.silences.get(&(province.clone(), moment))
    }

    /// Every silence noted, by province and moment.
    pub fn silences(&self) -> impl Iterator<Item = (&ProvinceId, Moment, &NotedSilence)> {
        self.silences.iter().map(|((province, moment), noted)| (province, *moment, noted))
    }

    pub(super) fn admit_silence(
        &mut self,
        index: u64,
        entry: &Entry,
        said: SilenceNoted,
        tree: &Tree,
        bodies: &dyn Bodies,
    ) -> Result<Admitted, Fault> {
        let (province, moment) = (said.province.clone(), said.moment);
        self.check_province(&province)?;
        self.check_period(period_of(moment))?;
        let key = (province.clone(), moment);
        if self.draws.contains_key(&key) || self.silences.contains_key(&key) {
            return Err(Fault::LoggedBefore { what: format!("the release or a silence for {moment}") });
        }
        let under = self.frozen_under(&province, period_of(moment))?;
        self.check_nothing_skipped(Job::Draw(moment))?;
        self.check_frozen(&said.head, tree, entry.time() + CLOCK_TOLERANCE, &under.named())?;
        // When the centre first asked is its own word: an auditor holds it to the schedule alone.
        let due = self.silent_from(&province, moment, self.quoted, Timestamp::MIN);
        let due = due.ok_or_else(|| Fault::Unknown { what: "officer to throw dice".to_owned() })?;
        if entry.time() < due {
            return Err(Fault::Early { moment, due, claimed: entry.time() });
        }
        self.check_silent(&said)?;
        let here = body(bodies, &said.received)?.is_some();
        let noted =
            NotedSilence { index, leaf: entry.leaf_hash(), silent: said.silent, received: said.received };
        self.silences.insert(key, noted);
        Ok(if here { Admitted::Whole } else { Admitted::Sealed })
    }

    /// Some of the custodians whose values the moment needs, in their order, each once.
    fn check_silent(&self, said: &SilenceNoted) -> Result<(), Fault> {
        let needed = self.custodians_of(&said.province, said.moment);
        let places: Option<Vec<usize>> = said
            .silent
            .iter()
            .map(|silent| needed.iter().position(|custodian| *custodian == silent.custodian))
            .collect();
        let in_order = places.is_some_and(|places| places.is_sorted_by(|one, other| one < other));
        if in_order && !said.silent.is_empty() { Ok(()) } else { Err(Fault::CustodiansDiffer) }
    }

    /// Whether a release holds for a moment at the centre's time `now`.
    pub(crate) fn check_release(
        &self,
        province: &ProvinceId,
        moment: Moment,
        custodian: &CustodianId,
        release: &Release,
        shown: Option<Cosigned>,
        now: Timestamp,
    ) -> Result<(), ReleaseError> {
        let not_listed = || ReleaseError::NotListed { province: province.clone(), moment };
        let commitment = self.commitments.get(custodian).ok_or_else(not_listed)?;
        let under = self.frozen_under(province, period_of(moment)).map_err(|_| not_listed())?;
        let (freeze, due) = (under.freeze, self.release_due(province, moment, shown));
        let due = ReleaseFor { province, moment, freeze, due, latest: now + CLOCK_TOLERANCE };
        verify_release(release, &commitment.said, &self.values, &due)
    }

    /// The noted silences that a throw names and that still wait, at least one; it must hold for each of them, and name no
    /// other than noted ones.
    pub(crate) fn open_silences_of(&self, throw: &Throw) -> Result<Vec<(ProvinceId, NotedSilence)>, Fault> {
        let moment = throw.moment;
        let named =
            self.silences().filter(|(_, of, noted)| *of == moment && throw.silences.contains(&noted.leaf));
        let open: Vec<_> = named.filter(|(province, ..)| !self.is_released(province, moment)).collect();
        if open.is_empty() {
            return Err(Fault::NoSilence { moment });
        }
        let held = |(province, _, noted): (&ProvinceId, Moment, &NotedSilence)| {
            let held = self.check_throw(province, noted, moment, throw, u64::MAX);
            held.map(|_| (province.clone(), noted.clone()))
        };
        open.into_iter().map(held).collect()
    }

    /// The bytes that stand in the place of the silent custodians' values. Every silence that the throw names had to be
    /// under a head of `size` entries before it counts, and the first throw logged for a silence is the throw.
    pub(super) fn check_throw(
        &self,
        province: &ProvinceId,
        noted: &NotedSilence,
        moment: Moment,
        throw: &Throw,
        size: u64,
    ) -> Result<[u8; 32], Fault> {
        let of_moment = self.silences().filter(|(_, of, noted)| *of == moment && noted.index < size);
        let noted_then: BTreeSet<Hash> = of_moment.map(|(_, _, noted)| noted.leaf).collect();
        let keys = self.officer_keys(self.frozen_size(province, moment));
        let known = Throwers { seats: self.seats(&keys), noted: &noted_then };
        verify_throw(throw, moment, &noted.leaf, &known).map_err(|source| Fault::Throw { moment, source })?;
        match self.thrown.get(&noted.leaf) {
            Some(first) if *first != throw.dice => Err(Fault::ThrownBefore { moment }),
            _ => Ok(throw.dice.value().0),
        }
    }

    /// Notes for which silences dice are in the log.
    pub(super) fn note_throw(&mut self, throw: &Throw) {
        for silence in &throw.silences {
            self.thrown.entry(*silence).or_insert_with(|| throw.dice.clone());
        }
    }
}
