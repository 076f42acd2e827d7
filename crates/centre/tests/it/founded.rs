//! The shipped campaign, founded in a temporary folder and run to the first hour of its first day.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sekong_centre::{
    Answers, Centre, CentreError, CustodianLink, Due, Founding, InProcess, Job, Secrets, jobs,
};
use sekong_draw::{BoxSecret, Freeze};
use sekong_log::{
    Absence, AbsenceReason, DeviceKey, Enrolled, Entry, Hash, InspectionReported, Period, Statement,
};
use sekong_model::{
    Campaign, Counts, Day, Finds, Hour, Moment, ProvinceId, SourceBundle, Team, TeamId, UnitId,
    referenced_files,
};
use sekong_simulate::{Device, Seed};
use sekong_store::SqliteStore;
use tempfile::TempDir;

const SEED: Seed = Seed(3);

pub(crate) struct Founded {
    pub(crate) folder: TempDir,
    pub(crate) campaign: Campaign,
    pub(crate) centre: Centre<SqliteStore>,
    pub(crate) now: Timestamp,
    pub(crate) links: Vec<Arc<dyn CustodianLink>>,
    pub(crate) secrets: Secrets,
    /// The draw that is tried, and what was answered for it so far.
    answers: Option<(Job, Answers)>,
    away: fn(&TeamId) -> bool,
}

/// Custodians in this process, of the campaign's test secrets.
pub(crate) fn custodians(
    campaign: &Campaign,
    freezes: &BTreeMap<(ProvinceId, Period), Freeze>,
) -> Vec<InProcess> {
    custodians_with(campaign, &secrets(campaign), freezes)
}

fn custodians_with(
    campaign: &Campaign,
    secrets: &Secrets,
    freezes: &BTreeMap<(ProvinceId, Period), Freeze>,
) -> Vec<InProcess> {
    let keys = secrets.key_ring(campaign.id()).unwrap();
    InProcess::all(campaign, secrets, &keys, freezes).unwrap()
}

pub(crate) fn links(custodians: Vec<InProcess>) -> Vec<Arc<dyn CustodianLink>> {
    custodians.into_iter().map(|custodian| Arc::new(custodian) as Arc<dyn CustodianLink>).collect()
}

/// The key of a seat that throws dice.
pub(crate) fn officer_key(officer: &str) -> DeviceKey {
    DeviceKey::from_seed(&SEED.bytes("test officer", officer))
}

pub(crate) fn files() -> SourceBundle {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../campaigns/northeast-2017");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let mut files = SourceBundle::new(read("campaign.toml"));
    for name in referenced_files(&read("campaign.toml")).unwrap() {
        let text = read(&name);
        files.files.insert(name, text);
    }
    files
}

pub(crate) fn secrets(campaign: &Campaign) -> Secrets {
    secrets_with(campaign, SEED)
}

/// The test secrets, but for the custodians', which are of `seed`.
fn secrets_with(campaign: &Campaign, seed: Seed) -> Secrets {
    let secret = |name: &str| SEED.bytes("test secret", name);
    let custodians = campaign.custodians().iter();
    Secrets {
        log: secret("log"),
        cosigners: [1, 2, 3].map(|number| secret(&format!("cosigner {number}"))).to_vec(),
        witnesses: Vec::new(),
        device: secret("centre"),
        salt: secret("salt"),
        custodians: custodians.map(|id| (id.clone(), seed.bytes("test secret", id.as_str()))).collect(),
    }
}

/// The device of a team before its first entry.
pub(crate) fn device(campaign: &Campaign, team: &TeamId) -> Device {
    Device::new(campaign.id().clone(), device_seed(team))
}

fn enrolled(campaign: &Campaign, team: &TeamId) -> Enrolled {
    let box_key = Some(box_secret(team).id());
    Enrolled { team: team.clone(), device: device(campaign, team).id(), box_key }
}

/// What opens the boxes of a team's device.
pub(crate) fn box_secret(team: &TeamId) -> BoxSecret {
    BoxSecret::from_seed(&SEED.bytes("test box", team.as_str()))
}

/// Its key.
pub(crate) fn device_key(team: &TeamId) -> DeviceKey {
    DeviceKey::from_seed(&device_seed(team))
}

fn device_seed(team: &TeamId) -> [u8; 32] {
    SEED.bytes("test device", team.as_str())
}

/// A team's absence for one day.
pub(crate) fn absence(team: &TeamId, day: Day) -> Absence {
    Absence {
        team: team.clone(),
        reason: AbsenceReason::Vehicle,
        declared_by: "duty-office-police".parse().unwrap(),
        until: day,
        second_source: "garrison roll".parse().unwrap(),
    }
}

impl Founded {
    pub(crate) async fn new() -> Founded {
        Founded::of(files()).await
    }

    /// A campaign of these files.
    pub(crate) async fn of(files: SourceBundle) -> Founded {
        Founded::seeded(files, SEED).await
    }

    /// A campaign of these files whose custodians' secrets, and so every value, are of `seed`.
    pub(crate) async fn seeded(files: SourceBundle, seed: Seed) -> Founded {
        let campaign = Campaign::parse(&files).unwrap();
        let secrets = secrets_with(&campaign, seed);
        Founded::by(files, secrets).await
    }

    /// A campaign of these files, run by these secrets.
    pub(crate) async fn by(files: SourceBundle, secrets: Secrets) -> Founded {
        let folder = tempfile::tempdir().unwrap();
        let campaign = Campaign::parse(&files).unwrap();
        let teams = campaign.teams().iter();
        let devices: Vec<_> = teams.map(|team| enrolled(&campaign, &team.id)).collect();
        let mut custodians = custodians_with(&campaign, &secrets, &BTreeMap::new());
        let commitments: Vec<_> = custodians.iter_mut().map(InProcess::commitment).collect();
        let officers = campaign.officers().iter();
        let officers: Vec<_> =
            officers.map(|officer| (officer.id.clone(), officer_key(officer.id.as_str()).id())).collect();
        let founding = Founding {
            files: &files,
            campaign: &campaign,
            secrets: &secrets,
            commitments: &commitments,
            officers: &officers,
            dice: Some((Hash(SEED.bytes("dice", "")), "test".parse().unwrap())),
            devices: &devices,
        };
        let now = jobs(&campaign, 1)[0].0 - SignedDuration::from_hours(1);
        let store = SqliteStore::create(&folder.path().join("sekong.db")).await.unwrap();
        let centre = Centre::found(store, folder.path(), &founding, now).await.unwrap();
        let links = links(custodians);
        Founded { folder, campaign, centre, now, links, secrets, answers: None, away: |_| false }
    }

    /// The campaign with its first hour drawn and begun, and nobody away.
    pub(crate) async fn at_midnight() -> Founded {
        Founded::at_midnight_without(|_| false).await
    }

    /// The same with those teams declared away for the day.
    pub(crate) async fn at_midnight_without(away: fn(&TeamId) -> bool) -> Founded {
        let mut founded = Founded::new().await;
        founded.away = away;
        founded.run_to_midnight().await;
        founded
    }

    /// Has the first hour drawn and begun.
    pub(crate) async fn run_to_midnight(&mut self) {
        self.run_until(self.instant(Hour::MIDNIGHT)).await;
    }

    /// Declares other teams away in the lists that are frozen from now on.
    pub(crate) fn away_from_now(&mut self, away: fn(&TeamId) -> bool) {
        self.away = away;
    }

    /// Opens the centre again from its store, as after a fall: what was not committed is lost.
    pub(crate) async fn reopen(self) -> Founded {
        let Founded { folder, campaign, centre, now, links, secrets, away, .. } = self;
        centre.close().await.unwrap();
        let store = SqliteStore::open(&folder.path().join("sekong.db")).await.unwrap();
        let centre = Centre::open(store, folder.path(), &campaign, &secrets).await.unwrap();
        Founded { folder, campaign, centre, now, links, secrets, answers: None, away }
    }

    /// Opens the centre on another copy of its store.
    pub(crate) async fn restored_from(self, copy: &Path) -> Founded {
        let Founded { folder, campaign, centre, now, links, secrets, away, .. } = self;
        centre.close().await.unwrap();
        let store = folder.path().join("sekong.db");
        std::fs::copy(copy, &store).unwrap();
        let store = SqliteStore::open(&store).await.unwrap();
        let centre = Centre::open(store, folder.path(), &campaign, &secrets).await.unwrap();
        Founded { folder, campaign, centre, now, links, secrets, answers: None, away }
    }

    pub(crate) fn day(&self) -> Day {
        self.campaign.first_day()
    }

    pub(crate) fn instant(&self, hour: Hour) -> Timestamp {
        self.campaign.instant(self.day(), hour)
    }

    /// Runs the jobs that are due after what was run before, up to and including `time`.
    pub(crate) async fn run_until(&mut self, time: Timestamp) {
        for (at, job) in jobs(&self.campaign, 1) {
            if self.now < at && at <= time {
                self.run(job, at).await;
            }
        }
        self.now = time;
    }

    pub(crate) async fn run(&mut self, job: Job, at: Timestamp) {
        self.try_to_run(job, at).await.unwrap();
    }

    /// Asks the custodians if it is a draw, and runs the job.
    pub(crate) async fn try_to_run(&mut self, job: Job, at: Timestamp) -> Result<(), CentreError> {
        let before = self.answers.take().filter(|(of, _)| *of == job);
        let (_, mut answers) = before.unwrap_or((job, Answers::default()));
        if let Job::Draw(moment) = job {
            let asks = self.centre.asks(moment, &answers, at).await?;
            answers.gather(&self.links, &asks, at).await;
            self.answers = Some((job, answers.clone()));
        }
        let (away, day) = (self.away, self.day());
        let teams = self.campaign.teams().to_vec();
        let pools = self.campaign.pools().to_vec();
        let absent = |province: &ProvinceId, _| {
            let of_province =
                |team: &&Team| pools.iter().any(|pool| pool.id == team.pool && pool.province == *province);
            teams
                .iter()
                .filter(of_province)
                .filter(|team| away(&team.id))
                .map(|team| absence(&team.id, day))
                .collect()
        };
        self.centre.run(job, at, &absent, &answers).await
    }

    /// The inspections due at midnight, by unit.
    pub(crate) fn dues(&self) -> Vec<(UnitId, Due)> {
        let dues = self.centre.state().dues_of(self.day(), Hour::MIDNIGHT);
        dues.map(|(unit, due)| (unit.clone(), due.clone())).collect()
    }

    /// The true report on one of them.
    pub(crate) fn report(&self, unit: &UnitId, due: &Due) -> InspectionReported {
        InspectionReported {
            province: due.province.clone(),
            unit: unit.clone(),
            post: due.post.clone(),
            day: self.day(),
            hour: Hour::MIDNIGHT,
            order: due.order.unwrap(),
            started: self.instant(Hour::MIDNIGHT) + SignedDuration::from_mins(4),
            counts: Counts::new(9, 5, 1).unwrap(),
            finds: Finds::default(),
            seen: None,
            persons: Vec::new(),
        }
    }

    pub(crate) fn written(&self, device: &mut Device, report: &InspectionReported) -> Entry {
        let time = self.instant(Hour::MIDNIGHT) + SignedDuration::from_mins(30);
        device.write(&Statement::Inspection(report.clone()), time).unwrap()
    }

    pub(crate) fn moment(&self) -> Moment {
        Moment::Hour { day: self.day(), hour: Hour::MIDNIGHT }
    }
}
