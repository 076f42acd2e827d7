//! The custodians as the centre reaches them: in its own process, or on machines of their own.

mod office;
mod remote;
pub(crate) mod tls;
mod window;
mod wire;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::Timestamp;
use sekong_draw::{
    Custodian, CustodianTerms, Freeze, FreezeKeys, LocalCustodian, Release, ReleaseError, ReleaseRequest,
    ValueList,
};
use sekong_log::{CustodianCommitted, Period, SilenceReason};
use sekong_model::{Campaign, CustodianId, ProvinceId};
use tokio::sync::Mutex;

use crate::centre::CentreError;
use crate::keys::Secrets;
use crate::state::KeyRing;

pub use office::{Office, OfficeError, OfficeOptions, OfficeStatus, Released};
pub use remote::Remote;
pub use tls::LineKey;
pub use window::Window;

/// Why a custodian gave no release.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// It could not be reached, or said nothing that can be read.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// It answered that it will not.
    #[error("refused: {0}")]
    Refused(String),
}

/// What an ask comes to, in time.
pub type Asked<'a> = Pin<Box<dyn Future<Output = Result<Release, AskError>> + Send + 'a>>;

/// The way to a custodian.
pub trait CustodianLink: Send + Sync + 'static {
    /// Whom it leads to.
    fn id(&self) -> &CustodianId;

    /// Asks for a value; `now` is the centre's time. It bounds its own wait.
    fn ask<'a>(&'a self, request: &'a ReleaseRequest, now: Timestamp) -> Asked<'a>;
}

/// A custodian in the centre's own process, on the centre's clock.
pub struct InProcess {
    id: CustodianId,
    custodian: Mutex<LocalCustodian>,
}

impl InProcess {
    /// All of a campaign's custodians, of secrets that lie beside the centre's own. `freezes` are those that they have
    /// released for before.
    pub fn all(
        campaign: &Campaign,
        secrets: &Secrets,
        keys: &KeyRing,
        freezes: &BTreeMap<(ProvinceId, Period), Freeze>,
    ) -> Result<Vec<InProcess>, CentreError> {
        let terms = terms(campaign, keys);
        let custodian = |id: &CustodianId| {
            let secret = secrets.custodians.iter().find(|(known, _)| known == id);
            let (_, secret) = secret.ok_or_else(|| CentreError::NoSecret { custodian: id.clone() })?;
            let custodian = LocalCustodian::new(id.clone(), *secret, terms.clone());
            let custodian = Mutex::new(custodian.with_freezes(freezes.clone()));
            Ok(InProcess { id: id.clone(), custodian })
        };
        campaign.custodians().iter().map(custodian).collect()
    }

    /// Its commitment.
    pub fn commitment(&mut self) -> CustodianCommitted {
        self.custodian.get_mut().commitment()
    }
}

impl CustodianLink for InProcess {
    fn id(&self) -> &CustodianId {
        &self.id
    }

    fn ask<'a>(&'a self, request: &'a ReleaseRequest, now: Timestamp) -> Asked<'a> {
        Box::pin(async move {
            let released = self.custodian.lock().await.release(request, now);
            released.map_err(|refusal| AskError::Refused(refusal.to_string()))
        })
    }
}

/// The values that every custodian of a campaign commits to.
pub fn value_list(campaign: &Campaign) -> ValueList {
    let provinces = campaign.provinces().iter().map(|province| province.id.clone()).collect();
    ValueList::new(campaign.id().clone(), provinces, campaign.moments_of_campaign().collect())
}

/// What every custodian of a campaign is told before it begins, and holds everyone to.
pub fn terms(campaign: &Campaign, keys: &KeyRing) -> CustodianTerms {
    let moments = campaign.moments_of_campaign();
    CustodianTerms {
        campaign: campaign.id().clone(),
        provinces: campaign.provinces().iter().map(|province| province.id.clone()).collect(),
        schedule: moments.map(|moment| (moment, campaign.release_at(moment))).collect(),
        daily_die: campaign.rules().daily_die.is_some(),
        keys: FreezeKeys {
            log: keys.log.clone(),
            cosigners: keys.cosigners.clone().unwrap_or_default(),
            cosignatures_needed: campaign.rules().cosignatures as usize,
        },
    }
}

/// A request, and the custodians whose answers to it are still missing.
#[derive(Debug, Clone)]
pub struct Ask {
    /// What they are asked.
    pub request: ReleaseRequest,
    /// Who.
    pub of: Vec<CustodianId>,
}

/// What the custodians answered for one moment, by province.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    asked_from: Option<Timestamp>,
    said: BTreeMap<(ProvinceId, CustodianId), Result<Release, AskError>>,
}

impl Answers {
    /// What a custodian said last, or that it never said anything.
    pub(crate) fn of(
        &self,
        province: &ProvinceId,
        custodian: &CustodianId,
    ) -> Result<&Release, SilenceReason> {
        match self.said.get(&(province.clone(), custodian.clone())) {
            Some(Ok(release)) => Ok(release),
            Some(Err(AskError::Refused(_))) => Err(SilenceReason::Refused),
            Some(Err(AskError::NoAnswer(_))) | None => Err(SilenceReason::NoAnswer),
        }
    }

    /// When they were asked first; `None` before.
    pub(crate) fn asked_from(&self) -> Option<Timestamp> {
        self.asked_from
    }

    /// Asks everybody at the same time.
    pub async fn gather(&mut self, links: &[Arc<dyn CustodianLink>], asks: &[Ask], now: Timestamp) {
        if asks.is_empty() {
            return;
        }
        self.asked_from.get_or_insert(now);
        let links_of = |ask: &Ask| {
            let of = ask.of.clone();
            links.iter().filter(move |link| of.contains(link.id()))
        };
        let asked = asks.iter().flat_map(|ask| links_of(ask).map(move |link| (&ask.request, link)));
        let asked = asked.map(|(request, link)| async move {
            ((request.province.clone(), link.id().clone()), link.ask(request, now).await)
        });
        for (key, answer) in join_all(asked.collect::<Vec<_>>()).await {
            self.hear(key, answer);
        }
    }

    /// What a custodian says last is what counts; a dead line says nothing.
    fn hear(&mut self, key: (ProvinceId, CustodianId), answer: Result<Release, AskError>) {
        if !matches!(answer, Err(AskError::NoAnswer(_))) || !self.said.contains_key(&key) {
            self.said.insert(key, answer);
        }
    }
}

/// What a release lacked, as the log says it.
pub(crate) fn lacked(error: &ReleaseError) -> SilenceReason {
    match error {
        ReleaseError::OtherMoment { .. } | ReleaseError::NotListed { .. } => SilenceReason::OtherMoment,
        ReleaseError::OtherFreeze { .. } => SilenceReason::OtherEntries,
        ReleaseError::Time { .. } => SilenceReason::OtherTime,
        ReleaseError::Index { .. } | ReleaseError::NotCommitted { .. } => SilenceReason::OtherValue,
        ReleaseError::OtherCustodian { .. } | ReleaseError::Signature { .. } => SilenceReason::NotSigned,
    }
}
