//! A custodian's office: the program that holds the secret on the custodian's own machine and answers the centre by its
//! own clock. What it froze and released is in its vault before anybody hears of it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use sekong_draw::{Custodian, Freeze, LocalCustodian, Refusal, Release, ReleaseRequest, period_of};
use sekong_log::{DeviceId, Hash, Period};
use sekong_model::{Campaign, CampaignId, CustodianId, Moment, ProvinceId};
use sekong_store::{Kept, StoreError, Vault};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::tls::LineKey;
use super::window::Window;
use super::wire::RELEASED;
use super::{AskError, Asked, CustodianLink};
use crate::api::problem::Problem;
use crate::bodies::canonical;
use crate::clock::Clock;
use crate::schedule::decided_until;
use crate::shown::{SecondFreeze, Shown, ShownFreeze, is_public};

/// Releases in one answer to an auditor.
const PAGE_MAX: u32 = 500;

const FREEZES: &str = "freeze/";
const RELEASES: &str = "release/";
const HEADS: &str = "head/";
const REFUSED: &str = "refused/";

/// Why an office cannot open.
#[derive(Debug, thiserror::Error)]
pub enum OfficeError {
    /// The vault.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something in the vault that this program did not write.
    #[error("the vault holds {name}, which cannot be read: {reason}")]
    Unreadable {
        /// Its name.
        name: String,
        /// The parser's reason.
        reason: String,
    },
}

/// What an office is given besides its custodian.
pub struct OfficeOptions {
    /// The custodian's own clock.
    pub clock: Arc<dyn Clock>,
    /// The key by which others know this office.
    pub key: LineKey,
    /// Who may ask for values.
    pub centre: DeviceId,
    /// Who else may see what was released, once auditors may.
    pub auditors: Vec<DeviceId>,
}

/// A freeze as the vault keeps it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FreezeJson {
    province: ProvinceId,
    period: Period,
    basis: Hash,
    absences: Hash,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    die: Option<Hash>,
}

/// What a vault remembers, in figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    /// Days and weeks of a province that are frozen.
    pub freezes: usize,
    /// Values released.
    pub count: u64,
    /// The newest moment of them.
    pub newest: Option<Moment>,
}

impl Released {
    /// The figures of a vault.
    pub async fn of(vault: &mut Vault) -> Result<Released, OfficeError> {
        let freezes = freezes(vault).await?.len();
        let (count, newest) = released(vault).await?;
        Ok(Released { freezes, count, newest })
    }
}

/// What an office says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficeStatus {
    /// The custodian.
    pub custodian: CustodianId,
    /// Its campaign.
    pub campaign: CampaignId,
    /// The root it committed to.
    pub root: Hash,
    /// Values under it.
    pub values: u64,
    /// Periods of a province that it holds frozen.
    pub frozen: usize,
    /// Values that it has released.
    pub released: u64,
    /// The release it signed last, by the moment's order in the campaign.
    pub newest: Option<Moment>,
    /// Its clock.
    pub now: Timestamp,
}

struct Desk {
    custodian: LocalCustodian,
    vault: Vault,
    frozen: usize,
    released: u64,
    newest: Option<Moment>,
}

/// A custodian at work.
#[derive(Clone)]
pub struct Office {
    id: CustodianId,
    desk: Arc<Mutex<Desk>>,
    campaign: Arc<Campaign>,
    options: Arc<OfficeOptions>,
}

impl Office {
    /// Opens the office of a custodian that has forgotten everything but its secret; the vault reminds it.
    pub async fn open(
        custodian: LocalCustodian,
        mut vault: Vault,
        campaign: Campaign,
        options: OfficeOptions,
    ) -> Result<Office, OfficeError> {
        let freezes = freezes(&mut vault).await?;
        let (released, newest) = released(&mut vault).await?;
        let frozen = freezes.len();
        let (id, custodian) = (custodian.id().clone(), custodian.with_freezes(freezes));
        let desk = Desk { custodian, vault, frozen, released, newest };
        let (desk, campaign) = (Arc::new(Mutex::new(desk)), Arc::new(campaign));
        Ok(Office { id, desk, campaign, options: Arc::new(options) })
    }

    /// Answers on `listener`, to the peers it knows, until `stop` ends.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        let options = self.options.clone();
        let shown = Router::new()
            .route(RELEASED, get(show_released))
            .route("/status", get(show_status))
            .with_state(self.clone());
        let window = Window {
            key: options.key.clone(),
            centre: options.centre,
            clock: options.clock.clone(),
            custodian: Arc::new(self),
        };
        window.serve_with(listener, &options.auditors, shown, stop).await;
    }

    /// The custodian's value for a moment; asked again for the same entries it says the very same.
    async fn release(&self, request: &ReleaseRequest, now: Timestamp) -> Result<Release, AskError> {
        let mut desk = self.desk.lock().await;
        if let Some(before) = desk.before(request).await.map_err(no_answer)? {
            return Ok(before);
        }
        let release = match desk.custodian.release(request, now) {
            Ok(release) => release,
            Err(refusal) => {
                if let Refusal::SecondFreeze { requested, .. } = &refusal {
                    desk.keep_refused(request, requested).await.map_err(no_answer)?;
                }
                return Err(AskError::Refused(refusal.to_string()));
            }
        };
        desk.keep(&release, &request.head).await.map_err(no_answer)?;
        Ok(release)
    }

    async fn status(&self) -> OfficeStatus {
        let desk = self.desk.lock().await;
        let commitment = desk.custodian.commitment();
        OfficeStatus {
            custodian: commitment.custodian,
            campaign: self.campaign.id().clone(),
            root: commitment.root,
            values: commitment.values,
            frozen: desk.frozen,
            released: desk.released,
            newest: desk.newest,
            now: self.options.clock.now(),
        }
    }

    /// Whether auditors may see a release: so long after the end of all that its moment decides.
    fn is_open(&self, moment: Moment) -> bool {
        let hours = i64::from(self.campaign.rules().auditors_after_hours);
        decided_until(&self.campaign, moment) + SignedDuration::from_hours(hours) <= self.options.clock.now()
    }
}

impl CustodianLink for Office {
    fn id(&self) -> &CustodianId {
        &self.id
    }

    fn ask<'a>(&'a self, request: &'a ReleaseRequest, now: Timestamp) -> Asked<'a> {
        Box::pin(self.release(request, now))
    }
}

fn no_answer(error: OfficeError) -> AskError {
    AskError::NoAnswer(error.to_string())
}

impl Desk {
    /// What was released for this moment before, if it was for the same entries.
    async fn before(&mut self, request: &ReleaseRequest) -> Result<Option<Release>, OfficeError> {
        let name = name_of(&request.province, request.moment);
        let Some(bytes) = self.vault.get(&name).await? else { return Ok(None) };
        let before: Release = read(name, &bytes)?;
        Ok((before.freeze() == request.freeze()).then_some(before))
    }

    /// The signed head of a second freeze is kept, for it proves that the log has two faces; the first such of a period is
    /// enough, and a centre that makes more fills no disk.
    async fn keep_refused(&mut self, request: &ReleaseRequest, freeze: &Freeze) -> Result<(), OfficeError> {
        let (province, period) = (request.province.clone(), period_of(request.moment));
        let (basis, absences) = (freeze.basis, freeze.absences);
        let name = FreezeJson { province, period, basis, absences, die: freeze.die }.name(REFUSED);
        if self.vault.get(&name).await?.is_none() {
            let shown = ShownFreeze { basis, absences, head: request.head.clone() };
            self.vault.keep(&[Kept { name, bytes: canonical(&shown) }]).await?;
        }
        Ok(())
    }

    async fn keep(&mut self, release: &Release, head: &str) -> Result<(), OfficeError> {
        let period = period_of(release.moment);
        let freeze = FreezeJson {
            province: release.province.clone(),
            period,
            basis: release.basis,
            absences: release.absences,
            die: release.die,
        };
        let (first, head_name) = (freeze.name(FREEZES), freeze.name(HEADS));
        let mut items = vec![
            Kept { name: first, bytes: canonical(&freeze) },
            Kept { name: name_of(&release.province, release.moment), bytes: canonical(release) },
        ];
        // Of a day's heads the first is enough: that it was shown is what counts.
        if self.vault.get(&head_name).await?.is_none() {
            items.push(Kept { name: head_name, bytes: head.as_bytes().to_vec() });
        }
        self.vault.keep(&items).await?;
        self.frozen = self.custodian.freezes().len();
        self.released += 1;
        self.newest = self.newest.max(Some(release.moment));
        Ok(())
    }
}

impl FreezeJson {
    fn name(&self, of: &str) -> String {
        format!("{of}{}/{}", self.province, period_text(self.period))
    }
}

fn name_of(province: &ProvinceId, moment: Moment) -> String {
    format!("{RELEASES}{province}/{moment}")
}

fn period_text(period: Period) -> String {
    match period {
        Period::Week { week } => format!("week {week}"),
        Period::Day { day } => day.to_string(),
    }
}

async fn freezes(vault: &mut Vault) -> Result<BTreeMap<(ProvinceId, Period), Freeze>, OfficeError> {
    let mut freezes = BTreeMap::new();
    each(vault, FREEZES, |kept: FreezeJson| {
        let freeze = Freeze { basis: kept.basis, absences: kept.absences, die: kept.die };
        freezes.insert((kept.province, kept.period), freeze);
    })
    .await?;
    Ok(freezes)
}

/// How many values were released, and the newest moment of them.
async fn released(vault: &mut Vault) -> Result<(u64, Option<Moment>), OfficeError> {
    let (mut count, mut newest) = (0, None);
    each(vault, RELEASES, |kept: Release| {
        count += 1;
        newest = newest.max(Some(kept.moment));
    })
    .await?;
    Ok((count, newest))
}

impl Shown {
    /// What a custodian's vault holds that everybody may see at `now`.
    pub async fn of(
        vault: &mut Vault,
        campaign: &Campaign,
        custodian: CustodianId,
        now: Timestamp,
    ) -> Result<Shown, OfficeError> {
        let (mut releases, mut freezes) = (Vec::new(), Vec::new());
        each(vault, RELEASES, |kept: Release| {
            if is_public(campaign, kept.moment, now) {
                releases.push(kept);
            }
        })
        .await?;
        each(vault, FREEZES, |kept: FreezeJson| freezes.push(kept)).await?;
        let mut second_freezes = Vec::new();
        for first in freezes {
            let name = first.name(REFUSED);
            let Some(refused) = vault.get(&name).await? else { continue };
            let second = read(name, &refused)?;
            let head = vault.get(&first.name(HEADS)).await?.unwrap_or_default();
            let head = String::from_utf8_lossy(&head).into_owned();
            let FreezeJson { province, period, basis, absences, .. } = first;
            let first = ShownFreeze { basis, absences, head };
            second_freezes.push(SecondFreeze { province, period, first, second });
        }
        Ok(Shown { campaign: campaign.id().clone(), custodian, releases, second_freezes })
    }
}

async fn each<T: for<'de> Deserialize<'de>>(
    vault: &mut Vault,
    prefix: &str,
    mut take: impl FnMut(T),
) -> Result<(), OfficeError> {
    let mut after = String::new();
    loop {
        let page = vault.page(prefix, &after, PAGE_MAX).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.name);
        for Kept { name, bytes } in page {
            take(read(name, &bytes)?);
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(name: String, bytes: &[u8]) -> Result<T, OfficeError> {
    serde_json::from_slice(bytes).map_err(|error| OfficeError::Unreadable { name, reason: error.to_string() })
}

#[derive(Debug, Deserialize)]
struct After {
    after: Option<String>,
}

/// What auditors are shown: a page of releases, and the name to go on after.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReleasedPage {
    pub(super) releases: Vec<Release>,
    pub(super) next: Option<String>,
}

async fn show_released(
    State(office): State<Office>,
    Query(After { after }): Query<After>,
) -> Result<Json<ReleasedPage>, Problem> {
    let page = office.desk.lock().await.vault.page(RELEASES, &after.unwrap_or_default(), PAGE_MAX).await?;
    let next = page.last().map(|last| last.name.clone());
    let mut releases = Vec::new();
    for Kept { name, bytes } in page {
        let release: Release = read(name, &bytes).map_err(Problem::internal)?;
        releases.extend(office.is_open(release.moment).then_some(release));
    }
    Ok(Json(ReleasedPage { releases, next }))
}

async fn show_status(State(office): State<Office>) -> Response {
    Json(office.status().await).into_response()
}
