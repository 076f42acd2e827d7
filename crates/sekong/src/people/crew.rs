//! A simulated team: its device, what it knows of its duties, and the reports that wait for a network.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use sekong_centre::api::views::{DutyView, OrdersView};
use sekong_log::{DeviceKey, Entry, EntryError, InspectionReported, Statement};
use sekong_model::{CampaignId, Counts, Day, Hour, OfficerId, TeamId, UnitId};
use sekong_simulate::{Deed, Device, Seed};

/// A duty by which a team knows it.
type DutyKey = (Day, Hour, UnitId);

/// A team.
pub(crate) struct Crew {
    pub(crate) cookie: String,
    device: Device,
    known: BTreeSet<DutyKey>,
    outbox: VecDeque<(Timestamp, Entry)>,
}

/// The device that a simulated team has.
pub(crate) fn device(seed: Seed, campaign: &CampaignId, team: &TeamId) -> Device {
    Device::new(campaign.clone(), seed.bytes("device", team.as_str()))
}

/// The key that the holder of a simulated seat has.
pub(crate) fn officer_key(seed: Seed, officer: &OfficerId) -> DeviceKey {
    DeviceKey::from_seed(&seed.bytes("officer", officer.as_str()))
}

impl Crew {
    pub(crate) fn new(seed: Seed, campaign: &CampaignId, team: &TeamId, cookie: String) -> Crew {
        let device = device(seed, campaign, team);
        Crew { cookie, device, known: BTreeSet::new(), outbox: VecDeque::new() }
    }

    /// Whether the centre still takes this team's device for its own.
    pub(crate) fn is_current(&self, orders: &OrdersView) -> bool {
        orders.device.as_ref().is_some_and(|device| device.id == self.device.id())
    }

    /// The duties that it hears of for the first time.
    pub(crate) fn new_duties(&mut self, orders: OrdersView) -> Vec<DutyView> {
        let mut duties = orders.duties;
        duties.retain(|duty| self.known.insert((duty.day, duty.hour, duty.unit.clone())));
        duties
    }

    /// Signs a report, which waits until `sent`.
    pub(crate) fn write(
        &mut self,
        report: InspectionReported,
        now: Timestamp,
        sent: Timestamp,
    ) -> Result<(), EntryError> {
        let entry = self.device.write(&Statement::Inspection(report), now)?;
        self.outbox.push_back((sent, entry));
        Ok(())
    }

    /// The next entry that may go: a device sends in sequence, so one that cannot go yet holds back those behind it.
    pub(crate) fn next_to_send(&mut self, now: Timestamp) -> Option<Entry> {
        self.outbox.pop_front_if(|(sent, _)| *sent <= now).map(|(_, entry)| entry)
    }
}

/// The report on a duty.
pub(crate) fn report(duty: &DutyView, deed: &Deed) -> Option<InspectionReported> {
    Some(InspectionReported {
        province: duty.province.clone(),
        unit: duty.unit.clone(),
        post: duty.post.clone(),
        day: duty.day,
        hour: duty.hour,
        order: duty.order,
        started: deed.started,
        counts: Counts::new(deed.passage.passed, deed.passage.inspected, deed.passage.found).ok()?,
    })
}
