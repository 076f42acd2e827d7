//! A campaign whose teams owe many reports: a demo's day in a place with far more teams than units, in which no device had
//! a network.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use sekong_centre::api::views::{CampaignView, DutyView, InspectionState, OrdersView};
use sekong_log::{
    BoxOpened, DeviceId, DeviceKey, Entry, EntryDraft, Head, InspectionReported, Statement, VerifierKey,
};
use sekong_model::{Campaign, CampaignId, Counts, Day, Finds, Hour, ProvinceId, TeamId};
use sekong_simulate::Seed;
use tempfile::TempDir;

use super::trial::leaves;
use crate::server::Server;
use crate::{Binary, Border, Trouble};

/// The demo's default seed, from which its teams' devices have their keys.
const SEED: Seed = Seed(1);

/// Teams of the place: each opens one box an hour.
const TEAMS: usize = 48;

/// Hours ago of the boxes that a team may still open.
const HOURS_AGO: RangeInclusive<i64> = 1..=22;

/// Past the full hour, so that the schedule has nothing to do while the rounds run.
const PAST_THE_HOUR: SignedDuration = SignedDuration::from_mins(2);

const HOUR_S: i64 = 3_600;

/// A campaign with entries that are signed and not sent.
pub struct Backlog {
    folder: TempDir,
    /// When the rounds begin: the schedule is done, and has nothing to do for three quarters of an hour.
    pub(super) until: Timestamp,
    /// Each team's entries, in sequence.
    pub(super) entries: BTreeMap<TeamId, Vec<Entry>>,
    /// The log's key.
    pub(super) log: VerifierKey,
}

impl Backlog {
    /// Makes one with the program under test.
    ///
    /// # Errors
    /// [`Trouble`] if the program does not do its part.
    pub fn make(binary: &Binary) -> Result<Backlog, Trouble> {
        let folder = tempfile::tempdir().map_err(Trouble::system("make a folder"))?;
        let (data, place) = (folder.path().join("campaign"), folder.path().join("place"));
        let campaign = write_place(&place)?;
        run_demo(binary, &place, &data)?;
        let (log, newest) = newest(&data)?;
        let until = past_the_hour(newest)?;
        let server = Server::start(binary, &data, until, 1)?;
        server.caught_up(until)?;
        let entries = all_entries(&server, &campaign, &opened(&data)?, until)?;
        if !server.terminate()?.success() {
            return Err(Trouble::program("the server did not end well"));
        }
        Ok(Backlog { folder, until, entries, log })
    }

    /// The campaign's folder; trials work on copies.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("campaign")
    }

    /// How many entries wait.
    pub fn entries(&self) -> usize {
        self.entries.values().map(Vec::len).sum()
    }
}

fn write_place(place: &Path) -> Result<Campaign, Trouble> {
    let files = Border::crowded(TEAMS).files();
    let write = |name: &str, text: &str| {
        std::fs::write(place.join(name), text).map_err(Trouble::system("write a campaign"))
    };
    std::fs::create_dir(place).map_err(Trouble::system("write a campaign"))?;
    files.files.iter().try_for_each(|(name, text)| write(name, text))?;
    Campaign::parse(&files).map_err(Trouble::program)
}

/// No device has a network and nobody reads out: teams stay where they are, and open no box.
fn run_demo(binary: &Binary, place: &Path, data: &Path) -> Result<(), Trouble> {
    let mut command = Command::new(&binary.0);
    command
        .args(["demo", "--days", "1", "--no-data", "1", "--no-voice", "--no-serve", "--campaign"])
        .arg(place);
    command.arg("--data").arg(data);
    let output = command.stdin(Stdio::null()).output().map_err(Trouble::system("run the demo"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Trouble::program(format!("the demo ended with {}: {said}", output.status)))
}

/// The log's key, and when the newest head of a folder was cosigned; nothing in it is newer.
fn newest(data: &Path) -> Result<(VerifierKey, Timestamp), Trouble> {
    let read =
        |name: &str| std::fs::read_to_string(data.join(name)).map_err(Trouble::system("read the folder"));
    let (note, log, cosigners) =
        (read("log/checkpoint")?, read("keys/log.vkey")?, read("keys/cosigners.vkey")?);
    let key = |text: &str| {
        text.trim().parse::<VerifierKey>().map_err(|error| Trouble::program(format!("a key: {error}")))
    };
    let (log, cosigners) = (key(&log)?, cosigners.lines().map(key).collect::<Result<Vec<_>, _>>()?);
    let cosigned = Head::open(&note, &log, &cosigners).map_err(Trouble::program)?.cosigned();
    Ok((log, cosigned.ok_or_else(|| Trouble::program("the head is not cosigned"))?))
}

fn past_the_hour(time: Timestamp) -> Result<Timestamp, Trouble> {
    let next_hour_s = (time.as_second() / HOUR_S + 1) * HOUR_S;
    Ok(Timestamp::from_second(next_hour_s).map_err(Trouble::program)? + PAST_THE_HOUR)
}

/// The boxes that were opened, by device: teams on duty do so when they come home.
fn opened(data: &Path) -> Result<BTreeSet<(DeviceId, Day, Hour)>, Trouble> {
    let mut opened = BTreeSet::new();
    for stored in leaves(data)? {
        let entry = Entry::parse(&stored.leaf)?;
        if let Ok(Statement::Opened(said)) = Statement::from_parts(entry.kind(), entry.body()) {
            opened.insert((entry.device(), said.day, said.hour));
        }
    }
    Ok(opened)
}

fn all_entries(
    server: &Server,
    campaign: &Campaign,
    opened: &BTreeSet<(DeviceId, Day, Hour)>,
    now: Timestamp,
) -> Result<BTreeMap<TeamId, Vec<Entry>>, Trouble> {
    let view: CampaignView = server.site.campaign()?;
    let province: ProvinceId = campaign
        .provinces()
        .iter()
        .map(|province| province.id.clone())
        .next()
        .ok_or_else(|| Trouble::program("no province"))?;
    let boxes: Vec<(Day, Hour)> =
        HOURS_AGO.rev().map(|ago| campaign.day_hour_of(now - SignedDuration::from_hours(ago))).collect();
    let mut all = BTreeMap::new();
    for team in view.teams {
        let orders = server.site.orders(&team.id)?;
        let device = orders.device.as_ref().map(|device| device.id);
        let closed = boxes
            .iter()
            .filter(|(day, hour)| device.is_none_or(|device| !opened.contains(&(device, *day, *hour))));
        let said = owed(orders.duties.clone())?.chain(
            closed.map(|&(day, hour)| Statement::Opened(BoxOpened { province: province.clone(), day, hour })),
        );
        all.insert(team.id.clone(), signed(campaign.id(), &team.id, &orders, said, now)?);
    }
    Ok(all)
}

/// Signs what a team says, on from where its device stands.
fn signed(
    campaign: &CampaignId,
    team: &TeamId,
    orders: &OrdersView,
    said: impl Iterator<Item = Statement>,
    now: Timestamp,
) -> Result<Vec<Entry>, Trouble> {
    let key = DeviceKey::from_seed(&SEED.bytes("device", team.as_str()));
    let device = orders.device.as_ref().filter(|device| device.id == key.id());
    let device =
        device.ok_or_else(|| Trouble::program(format!("{team} has another device than the demo's")))?;
    let (mut seq, mut prev, mut signed) = (device.next_sequence, device.previous, Vec::new());
    for statement in said {
        let (kind, body) = statement.to_parts();
        let draft = EntryDraft { campaign: campaign.clone(), seq, prev, time: now, kind, body };
        let entry = Entry::sign(&draft, &key)?;
        (seq, prev) = (seq + 1, entry.hash());
        signed.push(entry);
    }
    Ok(signed)
}

/// The inspections that a team has not reported.
fn owed(duties: Vec<DutyView>) -> Result<impl Iterator<Item = Statement>, Trouble> {
    let owed = duties.into_iter().filter(|duty| duty.state == InspectionState::Missed);
    let reports = owed.map(|duty| report(duty).map(Statement::Inspection));
    Ok(reports.collect::<Result<Vec<_>, Trouble>>()?.into_iter())
}

fn report(duty: DutyView) -> Result<InspectionReported, Trouble> {
    Ok(InspectionReported {
        province: duty.province,
        unit: duty.unit,
        post: duty.post,
        day: duty.day,
        hour: duty.hour,
        order: duty.order,
        started: duty.begins + SignedDuration::from_mins(3),
        counts: Counts::new(7, 4, 0).map_err(Trouble::program)?,
        finds: Finds::default(),
        seen: None,
        persons: Vec::new(),
    })
}
