//! A simulated team: its device, what it knows of its duties, and the reports that wait for a network.

use std::collections::{BTreeSet, VecDeque};

use jiff::Timestamp;
use sekong_centre::api::views::{BoxView, OrdersView};
use sekong_centre::{BoxMessage, OrderOpening};
use sekong_draw::{BoxContent, BoxFor, BoxSecret};
use sekong_log::{BoxOpened, DeviceKey, Entry, EntryError, Hash, InspectionReported, Statement};
use sekong_model::{
    Campaign, CampaignId, Counts, Day, Hour, Moment, OfficerId, PostId, ProvinceId, TeamId, UnitId,
};
use sekong_simulate::{Deed, Device, Seed};

use crate::failure::Failure;

/// An inspection that a team was ordered to make.
pub(crate) struct Ordered {
    pub(crate) province: ProvinceId,
    pub(crate) unit: UnitId,
    pub(crate) post: PostId,
    pub(crate) day: Day,
    pub(crate) hour: Hour,
    pub(crate) begins: Timestamp,
    pub(crate) order: Hash,
}

/// A team.
pub(crate) struct Crew {
    pub(crate) cookie: String,
    device: Device,
    secret: BoxSecret,
    opened: BTreeSet<(Day, Hour)>,
    outbox: VecDeque<(Timestamp, Entry)>,
}

/// The device that a simulated team has.
pub(crate) fn device(seed: Seed, campaign: &CampaignId, team: &TeamId) -> Device {
    Device::new(campaign.clone(), seed.bytes("device", team.as_str()))
}

/// What opens the boxes of a simulated team.
pub(crate) fn box_secret(seed: Seed, team: &TeamId) -> BoxSecret {
    BoxSecret::from_seed(&seed.bytes("box", team.as_str()))
}

/// The key that the holder of a simulated seat has.
pub(crate) fn officer_key(seed: Seed, officer: &OfficerId) -> DeviceKey {
    DeviceKey::from_seed(&seed.bytes("officer", officer.as_str()))
}

impl Crew {
    pub(crate) fn new(seed: Seed, campaign: &CampaignId, team: &TeamId, cookie: String) -> Crew {
        let device = device(seed, campaign, team);
        let secret = box_secret(seed, team);
        Crew { cookie, device, secret, opened: BTreeSet::new(), outbox: VecDeque::new() }
    }

    /// Whether the centre still takes this team's device for its own.
    pub(crate) fn is_current(&self, orders: &OrdersView) -> bool {
        orders.device.as_ref().is_some_and(|device| device.id == self.device.id())
    }

    /// Opens the boxes that it has not opened before; what they order, and the word that each was opened.
    pub(crate) fn open(&mut self, campaign: &Campaign, orders: &OrdersView) -> Result<Vec<Ordered>, Failure> {
        let mut duties = Vec::new();
        for view in &orders.boxes {
            if !self.opened.insert((view.day, view.hour)) {
                continue;
            }
            let Some(opening) = self.message(campaign, &orders.team, view)?.opening else { continue };
            let said = BoxOpened { province: view.province.clone(), day: view.day, hour: view.hour };
            self.say(&Statement::Opened(said), orders.now, orders.now).map_err(Failure::failed)?;
            duties.extend(ordered(campaign, view, &opening));
        }
        Ok(duties)
    }

    fn message(&self, campaign: &Campaign, team: &TeamId, view: &BoxView) -> Result<BoxMessage, Failure> {
        let content = BoxContent::Orders(Moment::Hour { day: view.day, hour: view.hour });
        let own = BoxFor { campaign: campaign.id(), province: &view.province, content, team };
        let sealed = view.sealed.parse().map_err(Failure::failed)?;
        let opened = own.open(&self.secret, &sealed).map_err(Failure::not_verified)?;
        serde_json::from_slice(&opened).map_err(Failure::not_verified)
    }

    /// Signs a report, which waits until `sent`.
    pub(crate) fn write(
        &mut self,
        report: InspectionReported,
        now: Timestamp,
        sent: Timestamp,
    ) -> Result<(), EntryError> {
        self.say(&Statement::Inspection(report), now, sent)
    }

    fn say(&mut self, statement: &Statement, now: Timestamp, sent: Timestamp) -> Result<(), EntryError> {
        let entry = self.device.write(statement, now)?;
        self.outbox.push_back((sent, entry));
        Ok(())
    }

    /// The next entry that may go: a device sends in sequence, so one that cannot go yet holds back those behind it.
    pub(crate) fn next_to_send(&mut self, now: Timestamp) -> Option<Entry> {
        self.outbox.pop_front_if(|(sent, _)| *sent <= now).map(|(_, entry)| entry)
    }
}

/// The inspection that an order leads to, if a die was thrown for it.
fn ordered(campaign: &Campaign, view: &BoxView, opening: &OrderOpening) -> Option<Ordered> {
    let (post, hour) = opening.next.clone().filter(|_| opening.thrown)?;
    Some(Ordered {
        province: view.province.clone(),
        unit: opening.unit.clone(),
        post,
        day: opening.day,
        hour,
        begins: campaign.instant(opening.day, hour),
        order: opening.commitment(),
    })
}

/// The report on a duty.
pub(crate) fn report(duty: &Ordered, deed: &Deed) -> Option<InspectionReported> {
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
