//! What a custodian can show for itself: its releases once they may be public, and heads that it was shown of one day or
//! week over two freezes. It is held against a log that was audited.
//!
//! A release proves that the custodian's key signed it, for these entries; its time is the custodian's own word, and that
//! it reached the centre is not in it. Two heads of the log of which no log continues both prove that the log has two faces.

use jiff::{SignedDuration, Timestamp};
use sekong_draw::{Release, ReleaseError, ReleaseFor, verify_release};
use sekong_log::{AuditedLog, Hash, HeadError, Known, Period, SilenceReason};
use sekong_model::{Campaign, CampaignId, CustodianId, Moment, ProvinceId};
use serde::{Deserialize, Serialize};

use crate::audit::{AuditFault, check_continuation, of_head};
use crate::bodies::{self, ValuesBody};
use crate::schedule::decided_until;
use crate::state::{Bodies, Body, CLOCK_TOLERANCE, KeyRing, State};

/// What a custodian shows, in one file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// The campaign.
    pub campaign: CampaignId,
    /// Who shows it.
    pub custodian: CustodianId,
    /// Its releases.
    pub releases: Vec<Release>,
    /// Days and weeks for which it was asked over other entries than those it had released for.
    pub second_freezes: Vec<SecondFreeze>,
}

/// A day or week of a province over two freezes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFreeze {
    /// The province.
    pub province: ProvinceId,
    /// The day or week.
    pub period: Period,
    /// What it released for.
    pub first: ShownFreeze,
    /// What it refused.
    pub second: ShownFreeze,
}

/// A freeze, with the whole signed head that it was proved under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownFreeze {
    /// Leaf hash of the plan, or of the campaign.
    pub basis: Hash,
    /// Leaf hash of the absence list.
    pub absences: Hash,
    /// The signed note.
    pub head: String,
}

/// Why what is shown proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ShownError {
    /// Of another campaign.
    #[error("it is of campaign {found}, the log of {wanted}")]
    OtherCampaign {
        /// Campaign of what is shown.
        found: CampaignId,
        /// Campaign of the log.
        wanted: CampaignId,
    },
    /// By somebody who committed to nothing in this log.
    #[error("the log has no commitment of {custodian}")]
    NotCommitted {
        /// Who.
        custodian: CustodianId,
    },
    /// A release that its custodian did not sign, or that is not the value it committed to.
    #[error("its release for {province}, {moment} does not hold: {source}")]
    Release {
        /// The province.
        province: ProvinceId,
        /// The moment.
        moment: Moment,
        /// Why.
        source: ReleaseError,
    },
    /// A head that the log did not sign.
    #[error("a head that it was shown for {province} does not open with the log's key: {source}")]
    Head {
        /// The province.
        province: ProvinceId,
        /// Why.
        source: HeadError,
    },
}

/// Where the custodian's word and the log's part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dispute {
    /// The log notes it as silent; it shows a release that it signed in time.
    Silent {
        /// Of which release.
        of: Claimed,
        /// The reason in the log.
        reason: SilenceReason,
        /// When the silence was noted.
        noted: Timestamp,
    },
    /// The log was drawn with another release of its key.
    Differs {
        /// Of which release.
        of: Claimed,
        /// When the one in the log was signed.
        logged: Timestamp,
    },
    /// The log has no draw of a moment for which it gave its value.
    NotDrawn {
        /// Of which release.
        of: Claimed,
    },
}

/// A release as its custodian claims it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Whose.
    pub custodian: CustodianId,
    /// The province.
    pub province: ProvinceId,
    /// The moment.
    pub moment: Moment,
    /// When it was signed, by the custodian's own clock.
    pub signed: Timestamp,
}

/// What was found in what a custodian shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// Word against word: the verdict on the log is another matter.
    pub disputes: Vec<Dispute>,
    /// What the centre signed and the log contradicts.
    pub faults: Vec<AuditFault>,
}

impl Dispute {
    /// A short name that programs may rely on.
    pub fn name(&self) -> &'static str {
        match self {
            Dispute::Silent { .. } => "silent-in-spite-of-a-release",
            Dispute::Differs { .. } => "another-release-than-logged",
            Dispute::NotDrawn { .. } => "released-and-never-drawn",
        }
    }

    /// The release in question.
    pub fn of(&self) -> &Claimed {
        match self {
            Dispute::Silent { of, .. } | Dispute::Differs { of, .. } | Dispute::NotDrawn { of } => of,
        }
    }
}

impl std::fmt::Display for Dispute {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Claimed { custodian, province, moment, signed } = self.of();
        write!(f, "{custodian}, {province}, {moment}: it shows a release signed at {signed}; the log ")?;
        match self {
            Dispute::Silent { reason, noted, .. } => write!(f, "notes it as silent ({reason}) at {noted}"),
            Dispute::Differs { logged, .. } => write!(f, "was drawn with another one, signed at {logged}"),
            Dispute::NotDrawn { .. } => write!(f, "has no draw of it"),
        }
    }
}

/// Whether everybody may see a release at `now`.
pub(crate) fn is_public(campaign: &Campaign, moment: Moment, now: Timestamp) -> bool {
    let hours = 24 * i64::from(campaign.rules().public_after_days);
    decided_until(campaign, moment) + SignedDuration::from_hours(hours) <= now
}

impl Shown {
    /// Holds it against an audited log, whose bodies are looked for in `bodies`.
    ///
    /// # Errors
    /// [`ShownError`] if some of it is not what it says; then none of it counts.
    pub fn compare(
        &self,
        state: &State,
        log: &AuditedLog,
        keys: &KeyRing,
        bodies: &dyn Bodies,
    ) -> Result<Compared, ShownError> {
        if self.campaign != *state.campaign().id() {
            let wanted = state.campaign().id().clone();
            return Err(ShownError::OtherCampaign { found: self.campaign.clone(), wanted });
        }
        let mut compared = Compared::default();
        for release in &self.releases {
            self.check_own(state, release)?;
            compared.disputes.extend(dispute(state, bodies, release));
        }
        for twice in &self.second_freezes {
            for freeze in [&twice.first, &twice.second] {
                compared.faults.extend(self.parts(twice, freeze, log, keys)?);
            }
        }
        Ok(compared)
    }

    fn check_own(&self, state: &State, release: &Release) -> Result<(), ShownError> {
        let custodian = || self.custodian.clone();
        let said = state.commitment(&self.custodian);
        let said = said.ok_or_else(|| ShownError::NotCommitted { custodian: custodian() })?;
        // Only whose it is: when and over what it was signed is compared with the log.
        let own = ReleaseFor {
            province: &release.province,
            moment: release.moment,
            freeze: release.freeze(),
            due: release.time,
            latest: release.time,
        };
        verify_release(release, said, state.values(), &own).map_err(|source| ShownError::Release {
            province: release.province.clone(),
            moment: release.moment,
            source,
        })
    }

    /// A head of the log that this log does not continue.
    fn parts(
        &self,
        twice: &SecondFreeze,
        freeze: &ShownFreeze,
        log: &AuditedLog,
        keys: &KeyRing,
    ) -> Result<Option<AuditFault>, ShownError> {
        let head = keys.open(&freeze.head);
        let head = head.map_err(|source| ShownError::Head { province: twice.province.clone(), source })?;
        let known = Known { size: head.checkpoint.size, root: head.checkpoint.root };
        let broken = check_continuation(log, known).err();
        Ok(broken.map(|detail| {
            let (custodian, province) = (&self.custodian, &twice.province);
            of_head(
                "head.two-faced",
                format!("{custodian} was shown a head for {province} that the log signed: {detail}"),
            )
        }))
    }
}

/// What the log says otherwise about a release.
fn dispute(state: &State, bodies: &dyn Bodies, release: &Release) -> Option<Dispute> {
    let (province, moment) = (&release.province, release.moment);
    let of = || Claimed {
        custodian: release.custodian.clone(),
        province: province.clone(),
        moment,
        signed: release.time,
    };
    if let Some(noted) = state.silence(province, moment) {
        let silent = noted.silent.iter().find(|silent| silent.custodian == release.custodian)?;
        let at = state.time_of(noted.index)?;
        let in_time = at - CLOCK_TOLERANCE;
        state.check_release(province, moment, &release.custodian, release, None, in_time).ok()?;
        return Some(Dispute::Silent { of: of(), reason: silent.reason, noted: at });
    }
    if !state.is_released(province, moment) {
        return Some(Dispute::NotDrawn { of: of() });
    }
    // While it is sealed there is nothing to compare with.
    let Body::Here(bytes) = bodies.get(&state.drawn(province, moment)?.values) else { return None };
    let values: ValuesBody = bodies::read(&bytes)?;
    let logged = values.releases.iter().find(|logged| logged.custodian == release.custodian)?;
    (logged != release).then(|| Dispute::Differs { of: of(), logged: logged.time })
}
