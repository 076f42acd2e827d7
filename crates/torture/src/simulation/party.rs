//! A custodian with a clock and, at times, ways of its own.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sekong_centre::AskError;
use sekong_draw::{Custodian, CustodianTerms, LocalCustodian, Refusal, Release, ReleaseRequest};
use sekong_log::{Hash, SilenceReason};
use sekong_model::{Campaign, CustodianId, Moment, ProvinceId};
use sekong_simulate::Chance;
use serde::{Deserialize, Serialize};

use super::forge::Forger;

/// How much earlier the terms are that an impatient custodian believes in.
const IMPATIENCE: SignedDuration = SignedDuration::from_hours(6);

/// What a custodian does that it should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Vice {
    /// A second instance of it releases over another absence list.
    TwoFaced,
    /// It signs before the time has come.
    Impatient,
    /// It sends what it released before.
    Repeats,
    /// It sends another value than it committed to.
    Alters,
    /// It sends what it has not signed.
    Unsigned,
}

/// What a custodian's answer was in truth, known to the simulation alone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Truth {
    /// The one honest answer, signed at this time by its clock.
    Honest(Timestamp),
    /// None.
    Nothing,
    /// It refused.
    Refused,
    /// Something that does not count, and what it lacks.
    Odd(SilenceReason),
}

/// An answer and what it was in truth.
pub(crate) type Heard = (Result<Release, AskError>, Truth);

/// A value that the honest instance gave away.
#[derive(Debug, Clone)]
pub(crate) struct Given {
    pub(crate) at: Timestamp,
    pub(crate) clock: Timestamp,
    pub(crate) release: Release,
}

pub(crate) struct Party {
    pub(crate) id: CustodianId,
    honest: LocalCustodian,
    impatient: LocalCustodian,
    twin: LocalCustodian,
    rogue: Forger,
    schedule: BTreeMap<Moment, Timestamp>,
    long_ago: Timestamp,
    /// How far its clock is ahead, from which time on.
    pub(crate) clock: Vec<(Timestamp, SignedDuration)>,
    pub(crate) vice: Option<(Vice, f64)>,
    kept: BTreeMap<(ProvinceId, Moment), Release>,
    pub(crate) given: Vec<Given>,
}

impl Party {
    pub(crate) fn new(
        campaign: &Campaign,
        terms: &CustodianTerms,
        (id, secret): &(CustodianId, [u8; 32]),
    ) -> Party {
        let rogue = Forger::new(campaign.id().as_str(), &[201; 32], &[[202; 32], [203; 32]]);
        let mut early = terms.clone();
        early.schedule.values_mut().for_each(|due| *due -= IMPATIENCE);
        let twin = CustodianTerms { keys: rogue.freeze_keys(), ..terms.clone() };
        let instance = |terms| LocalCustodian::new(id.clone(), *secret, terms);
        Party {
            id: id.clone(),
            honest: instance(terms.clone()),
            impatient: instance(early),
            twin: instance(twin),
            rogue,
            schedule: terms.schedule.clone(),
            long_ago: campaign.release_at(Moment::Week { week: 0 }) - SignedDuration::from_hours(48),
            clock: vec![(Timestamp::MIN, SignedDuration::ZERO)],
            vice: None,
            kept: BTreeMap::new(),
            given: Vec::new(),
        }
    }

    pub(crate) fn custodian(&self) -> &LocalCustodian {
        &self.honest
    }

    /// How far its clock is ahead.
    pub(crate) fn ahead(&self, now: Timestamp) -> SignedDuration {
        let set = self.clock.iter().rev().find(|(from, _)| *from <= now);
        set.map_or(SignedDuration::ZERO, |(_, ahead)| *ahead)
    }

    /// Its answer, honest or not.
    pub(crate) fn answer(&mut self, request: &ReleaseRequest, now: Timestamp, chance: &mut Chance) -> Heard {
        let vice = self.vice.filter(|(_, share)| chance.happens(*share)).map(|(vice, _)| vice);
        vice.and_then(|vice| self.odd(vice, request, now)).unwrap_or_else(|| self.honest_answer(request, now))
    }

    /// The one honest answer; asked again for the same entries it is the very same, as an office's vault makes it.
    pub(crate) fn honest_answer(&mut self, request: &ReleaseRequest, now: Timestamp) -> Heard {
        match self.honest_release(request, now) {
            Ok(release) => {
                let time = release.time;
                (Ok(release), Truth::Honest(time))
            }
            Err(refusal) => (Err(AskError::Refused(refusal.to_string())), Truth::Refused),
        }
    }

    /// What the honest instance says to a request.
    pub(crate) fn honest_release(
        &mut self,
        request: &ReleaseRequest,
        now: Timestamp,
    ) -> Result<Release, Refusal> {
        let key = (request.province.clone(), request.moment);
        if let Some(before) = self.kept.get(&key).filter(|kept| kept.freeze() == request.freeze()) {
            return Ok(before.clone());
        }
        let clock = now + self.ahead(now);
        let release = self.honest.release(request, clock)?;
        self.kept.insert(key, release.clone());
        self.given.push(Given { at: now, clock, release: release.clone() });
        Ok(release)
    }

    /// Whether it gave a value for some moment of the request's day or week.
    pub(crate) fn has_answered(&self, request: &ReleaseRequest) -> bool {
        let period = sekong_draw::period_of(request.moment);
        self.honest.freezes().contains_key(&(request.province.clone(), period))
    }

    fn odd(&mut self, vice: Vice, request: &ReleaseRequest, now: Timestamp) -> Option<Heard> {
        let (release, reason) = match vice {
            Vice::TwoFaced => {
                let other = self.rogue.other_list(request, self.long_ago);
                (self.twin.release(&other, now).ok()?, SilenceReason::OtherEntries)
            }
            Vice::Impatient => {
                let early = *self.schedule.get(&request.moment)? - IMPATIENCE / 2;
                (self.impatient.release(request, early).ok()?, SilenceReason::OtherTime)
            }
            Vice::Repeats => (self.older(request)?, SilenceReason::OtherMoment),
            Vice::Alters => {
                let release = self.release_in_time(request, now)?;
                (Release { value: Hash([13; 32]), ..release }, SilenceReason::OtherValue)
            }
            Vice::Unsigned => {
                let release = self.release_in_time(request, now)?;
                (Release { signature: "13".repeat(64), ..release }, SilenceReason::NotSigned)
            }
        };
        Some((Ok(release), Truth::Odd(reason)))
    }

    /// Its honest release by a clock that is not ahead: of several things that an answer lacks the log tells the first.
    fn release_in_time(&mut self, request: &ReleaseRequest, now: Timestamp) -> Option<Release> {
        self.honest_release(request, now).ok().filter(|release| release.time <= now)
    }

    /// What it released for a moment.
    pub(crate) fn kept(&self, request: &ReleaseRequest) -> Option<&Release> {
        self.kept.get(&(request.province.clone(), request.moment))
    }

    /// What it released for some other moment, if it ever did.
    pub(crate) fn older(&self, request: &ReleaseRequest) -> Option<Release> {
        let mut of_province = self
            .kept
            .iter()
            .filter(|((province, moment), _)| *province == request.province && *moment != request.moment);
        of_province.next_back().map(|(_, release)| release.clone())
    }
}
