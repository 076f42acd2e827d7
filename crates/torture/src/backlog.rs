//! A campaign whose teams owe many reports: a demo's day, then half a day in which nobody reports anything.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use sekong_centre::api::views::{CampaignView, DutyView, InspectionState, OrdersView};
use sekong_log::{DeviceKey, Entry, EntryDraft, InspectionReported, Statement};
use sekong_model::{CampaignId, Counts, TeamId};
use sekong_simulate::Seed;
use tempfile::TempDir;

use crate::server::Server;
use crate::{Binary, Trouble};

/// The demo's default seed, from which its teams' devices have their keys.
const SEED: Seed = Seed(1);

/// How fast the silent half day passes: an hour in a second.
const SPEED: u32 = 3_600;

/// The silent half day: it ends in the middle of an hour, so that no job falls into the rounds.
const SILENCE: SignedDuration = SignedDuration::from_mins(12 * 60 + 20);

/// A campaign with reports that are due, signed and not sent.
pub struct Backlog {
    folder: TempDir,
    /// When the silence ended.
    pub(crate) until: Timestamp,
    /// Each team's entries, in sequence.
    pub(crate) entries: BTreeMap<TeamId, Vec<Entry>>,
}

impl Backlog {
    /// Makes one with the program under test; takes about half a minute.
    ///
    /// # Errors
    /// [`Trouble`] if the program does not do its part.
    pub fn make(binary: &Binary) -> Result<Backlog, Trouble> {
        let folder = tempfile::tempdir().map_err(Trouble::system("make a folder"))?;
        let data = folder.path().join("campaign");
        run_demo(binary, &data)?;
        let start: Timestamp = newest(&data)?;
        let server = Server::start(binary, &data, start, SPEED)?;
        let until = server.caught_up(start + SILENCE)?;
        let entries = all_entries(&server, until)?;
        server.kill()?;
        Ok(Backlog { folder, until, entries })
    }

    /// The campaign's folder; rounds work on copies.
    pub(crate) fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("campaign")
    }

    /// How many reports wait.
    pub fn reports(&self) -> usize {
        self.entries.values().map(Vec::len).sum()
    }
}

fn run_demo(binary: &Binary, data: &Path) -> Result<(), Trouble> {
    let mut command = Command::new(&binary.0);
    command.args(["demo", "--days", "1", "--no-serve", "--data"]).arg(data);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let status = command.status().map_err(Trouble::system("run the demo"))?;
    if status.success() { Ok(()) } else { Err(Trouble::program(format!("the demo ended with {status}"))) }
}

/// When the newest head of a folder was cosigned; nothing in it is newer.
fn newest(data: &Path) -> Result<Timestamp, Trouble> {
    let read =
        |name: &str| std::fs::read_to_string(data.join(name)).map_err(Trouble::system("read the folder"));
    let (note, log, cosigners) =
        (read("log/checkpoint")?, read("keys/log.vkey")?, read("keys/cosigners.vkey")?);
    let key = |text: &str| text.trim().parse().map_err(|error| Trouble::program(format!("a key: {error}")));
    let cosigners = cosigners.lines().map(key).collect::<Result<Vec<_>, _>>()?;
    let head = sekong_log::Head::open(&note, &key(&log)?, &cosigners).map_err(Trouble::program)?;
    let cosigned = head.cosignatures.iter().map(|cosignature| cosignature.time).max();
    cosigned.ok_or_else(|| Trouble::program("the head is not cosigned"))
}

fn all_entries(server: &Server, now: Timestamp) -> Result<BTreeMap<TeamId, Vec<Entry>>, Trouble> {
    let campaign: CampaignView = server.site.campaign()?;
    let id: CampaignId = campaign.id.parse().map_err(Trouble::program)?;
    let mut all = BTreeMap::new();
    for team in campaign.teams {
        let orders = server.site.orders(&team.id)?;
        all.insert(team.id.clone(), entries(&id, &team.id, orders, now)?);
    }
    Ok(all)
}

/// Signs what a team owes, on from where its device stands.
fn entries(
    campaign: &CampaignId,
    team: &TeamId,
    orders: OrdersView,
    now: Timestamp,
) -> Result<Vec<Entry>, Trouble> {
    let key = DeviceKey::from_seed(&SEED.bytes("device", team.as_str()));
    let device = orders.device.filter(|device| device.id == key.id());
    let device =
        device.ok_or_else(|| Trouble::program(format!("{team} has another device than the demo's")))?;
    let (mut seq, mut prev, mut signed) = (device.next_sequence, device.previous, Vec::new());
    let owed = |duty: &DutyView| duty.state == InspectionState::Missed;
    for duty in orders.duties.into_iter().filter(owed) {
        let (kind, body) = Statement::Inspection(report(duty)?).to_parts();
        let draft = EntryDraft { campaign: campaign.clone(), seq, prev, time: now, kind, body };
        let entry = Entry::sign(&draft, &key)?;
        (seq, prev) = (seq + 1, entry.hash());
        signed.push(entry);
    }
    Ok(signed)
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
        seen: None,
        persons: Vec::new(),
    })
}
