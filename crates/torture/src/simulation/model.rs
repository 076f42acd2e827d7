//! What ought to come of it, kept by the simulation from what it did itself; the centre's own state is never asked.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sekong_draw::{ThrownDice, period_of, stands_from};
use sekong_log::{OutagePlanned, Period, SilenceReason, SilentCustodian};
use sekong_model::{Campaign, CustodianId, Moment, ProvinceId};

use super::net::Told;
use super::party::Truth;

/// How far ahead of the centre's clock a custodian's may be.
const TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// Fewest custodians that planned outages leave.
const REMAIN: usize = 3;

/// A period whose lists are frozen.
#[derive(Debug, Clone)]
pub(crate) struct Frozen {
    pub(crate) at: Timestamp,
    outages: Vec<OutagePlanned>,
}

/// What one try of a draw must come to in a province.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Expected {
    Drawn,
    /// For the daily die.
    Die,
    /// For these custodians, who are not silent yet.
    Values(Vec<SilentCustodian>),
    /// These are silent now.
    Silence(Vec<SilentCustodian>),
    /// For dice in the stead of these.
    Dice(Vec<SilentCustodian>),
}

/// A try of a draw.
pub(crate) struct Tried<'a> {
    pub(crate) moment: Moment,
    pub(crate) told: &'a Told,
    /// Since when the present centre asks.
    pub(crate) asked: Timestamp,
    pub(crate) now: Timestamp,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) frozen: BTreeMap<Period, Frozen>,
    pub(crate) outages: Vec<OutagePlanned>,
    pub(crate) dice: BTreeMap<Period, String>,
    pub(crate) silences: BTreeMap<(ProvinceId, Moment), Vec<SilentCustodian>>,
    /// The key of each moment drawn, as the centre had it then.
    pub(crate) keys: BTreeMap<(ProvinceId, Moment), [u8; 32]>,
    /// Dice that a moment was drawn with.
    pub(crate) used: BTreeMap<(ProvinceId, Moment), ThrownDice>,
}

impl Model {
    pub(crate) fn freeze(&mut self, period: Period, at: Timestamp) {
        self.frozen.insert(period, Frozen { at, outages: self.outages.clone() });
    }

    /// When the values of a moment may be released.
    pub(crate) fn due(&self, campaign: &Campaign, moment: Moment) -> Option<Timestamp> {
        let frozen = self.frozen.get(&period_of(moment))?;
        Some(campaign.release_at(moment).max(stands_from(frozen.at)))
    }

    /// The custodians whose values a moment needs.
    pub(crate) fn needed(&self, campaign: &Campaign, moment: Moment) -> Vec<CustodianId> {
        let counted = self.frozen.get(&period_of(moment)).map_or(&[][..], |frozen| &frozen.outages[..]);
        present(campaign, counted, moment)
    }

    /// Whether one more outage counts: it lies ahead, overlaps none of its custodian's, takes a value away and none of a
    /// frozen period, and leaves enough for every moment.
    pub(crate) fn bears(&self, campaign: &Campaign, outage: &OutagePlanned, now: Timestamp) -> bool {
        let overlaps = |one: &OutagePlanned| {
            one.custodian == outage.custodian && one.from < outage.until && outage.from < one.until
        };
        let mut all = self.outages.clone();
        all.push(outage.clone());
        let due = |moment: &Moment| campaign.release_at(*moment);
        let (from, until) = (outage.from, outage.until);
        let mut taken = campaign.moments_of_campaign().filter(|moment| (from..until).contains(&due(moment)));
        let free = |moment: Moment| {
            !self.frozen.contains_key(&period_of(moment)) && present(campaign, &all, moment).len() >= REMAIN
        };
        let ahead = now <= from && !self.outages.iter().any(overlaps);
        ahead && taken.next().is_some_and(free) && taken.all(free)
    }

    /// The custodians whose values are missing, and what their answers lack.
    pub(crate) fn missing(
        &self,
        campaign: &Campaign,
        province: &ProvinceId,
        moment: Moment,
        told: &Told,
        now: Timestamp,
    ) -> Vec<SilentCustodian> {
        let due = self.due(campaign, moment).unwrap_or(Timestamp::MAX);
        let missing = |custodian: CustodianId| {
            let truth = told.get(&(province.clone(), moment, custodian.clone()));
            let reason = lacks(truth.unwrap_or(&Truth::Nothing), due, now + TOLERANCE)?;
            Some(SilentCustodian { custodian, reason })
        };
        self.needed(campaign, moment).into_iter().filter_map(missing).collect()
    }

    /// What a try must come to, after what the centre was told.
    pub(crate) fn expected(&self, campaign: &Campaign, province: &ProvinceId, tried: &Tried<'_>) -> Expected {
        let Tried { moment, told, asked, now } = *tried;
        if campaign.rules().daily_die.is_some() && !self.dice.contains_key(&period_of(moment)) {
            return Expected::Die;
        }
        if let Some(silent) = self.silences.get(&(province.clone(), moment)) {
            return Expected::Dice(silent.clone());
        }
        let missing = self.missing(campaign, province, moment, told, now);
        let due = self.due(campaign, moment).unwrap_or(Timestamp::MAX);
        let minutes = i64::from(campaign.rules().silence_minutes);
        match missing.is_empty() {
            true => Expected::Drawn,
            false if now < due.max(asked) + SignedDuration::from_mins(minutes) => Expected::Values(missing),
            false => Expected::Silence(missing),
        }
    }

    /// Province-hours in which each custodian was silent, by reason; or province-weeks.
    pub(crate) fn degraded(
        &self,
        campaign: &Campaign,
        of: fn(&Moment) -> bool,
    ) -> BTreeMap<CustodianId, BTreeMap<SilenceReason, u64>> {
        let custodians = campaign.custodians().iter();
        let mut hours: BTreeMap<_, BTreeMap<_, _>> =
            custodians.map(|custodian| (custodian.clone(), BTreeMap::new())).collect();
        let own = self.silences.iter().filter(|((_, moment), _)| of(moment));
        for silent in own.flat_map(|(_, silent)| silent) {
            let reasons = hours.entry(silent.custodian.clone()).or_default();
            *reasons.entry(silent.reason).or_default() += 1;
        }
        hours
    }
}

fn present(campaign: &Campaign, outages: &[OutagePlanned], moment: Moment) -> Vec<CustodianId> {
    let due = campaign.release_at(moment);
    let out = |custodian: &&CustodianId| {
        outages.iter().any(|said| said.custodian == **custodian && said.from <= due && due < said.until)
    };
    campaign.custodians().iter().filter(|custodian| !out(custodian)).cloned().collect()
}

fn lacks(truth: &Truth, due: Timestamp, latest: Timestamp) -> Option<SilenceReason> {
    match truth {
        Truth::Honest(time) if due <= *time && *time <= latest => None,
        Truth::Honest(_) => Some(SilenceReason::OtherTime),
        Truth::Nothing => Some(SilenceReason::NoAnswer),
        Truth::Refused => Some(SilenceReason::Refused),
        Truth::Odd(reason) => Some(*reason),
    }
}
