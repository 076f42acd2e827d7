//! A simulated team: its device, what it knows of its duties, and the reports that wait for a network.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use sekong_centre::api::views::{BoxView, OrdersView, RelayView, TableView};
use sekong_centre::{BoxMessage, OrderOpening};
use sekong_draw::{
    BoxContent, BoxFor, BoxSecret, Instruction, Listener, PostNumber, Table, TableKey, TableSerial,
};
use sekong_log::{BoxOpened, DeviceKey, Entry, EntryError, Hash, InspectionReported, Statement};
use sekong_model::{
    Campaign, CampaignId, Counts, Day, Hour, Moment, OfficerId, Order, PostId, ProvinceId, TeamId, UnitId,
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
    listener: Listener,
    /// Serial number of the table that it listens by.
    pub(crate) serial: u32,
    told: BTreeMap<(Day, Hour), Instruction>,
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

/// A team's table, from the box in which the centre gives its key.
pub(crate) fn table_of(
    seed: Seed,
    campaign: &Campaign,
    team: &TeamId,
    given: &TableView,
) -> Result<Table, Failure> {
    let known = campaign.teams().iter().find(|known| known.id == *team);
    let pool = known.and_then(|known| campaign.pool(&known.pool));
    let province = &pool.ok_or_else(|| Failure::failed(format!("{team} has no province")))?.province;
    let content = BoxContent::Table(TableSerial(given.serial));
    let own = BoxFor { campaign: campaign.id(), province, content, team };
    let sealed = given.sealed.as_deref().unwrap_or_default().parse().map_err(Failure::failed)?;
    let opened = own.open(&box_secret(seed, team), &sealed);
    let key = opened.map_err(Failure::not_verified)?.try_into();
    let key = key.map(TableKey::from_bytes);
    key.map(|key| Table::new(&key)).map_err(|_| Failure::not_verified("a table's key has 32 bytes"))
}

/// The key that the holder of a simulated seat has.
pub(crate) fn officer_key(seed: Seed, officer: &OfficerId) -> DeviceKey {
    DeviceKey::from_seed(&seed.bytes("officer", officer.as_str()))
}

impl Crew {
    pub(crate) fn new(
        seed: Seed,
        campaign: &CampaignId,
        team: &TeamId,
        cookie: String,
        (serial, table): (u32, Table),
    ) -> Crew {
        let device = device(seed, campaign, team);
        let secret = box_secret(seed, team);
        let listener = Listener::new(table);
        let (opened, told, outbox) = (BTreeSet::new(), BTreeMap::new(), VecDeque::new());
        Crew { cookie, device, secret, opened, listener, serial, told, outbox }
    }

    /// Whether the centre still takes this team's device for its own.
    pub(crate) fn is_current(&self, orders: &OrdersView) -> bool {
        orders.device.as_ref().is_some_and(|device| device.id == self.device.id())
    }

    /// Hears a relayed code, by the table on its device.
    pub(crate) fn hear(&mut self, relayed: &RelayView, now: Timestamp) -> Result<(), Failure> {
        let (day, hour) = (relayed.day, relayed.hour);
        let code = relayed.code.parse().map_err(Failure::failed)?;
        let instruction = self.listener.hear(day, hour, code, now).map_err(Failure::not_verified)?;
        self.told.insert((day, hour), instruction);
        Ok(())
    }

    /// Listens by another table from now on.
    pub(crate) fn replace_table(&mut self, serial: u32, table: Table) {
        self.serial = serial;
        self.listener.replace(table);
    }

    /// Opens the boxes that it has not opened before; what they order, and the word that each was opened. An order that
    /// came too late to be followed, and was not relayed either, leads to nothing.
    pub(crate) fn open(&mut self, campaign: &Campaign, orders: &OrdersView) -> Result<Vec<Ordered>, Failure> {
        let mut duties = Vec::new();
        for view in &orders.boxes {
            if !self.opened.insert((view.day, view.hour)) {
                continue;
            }
            let Some(opening) = self.message(campaign, &orders.team, view)?.opening else { continue };
            let said = BoxOpened { province: view.province.clone(), day: view.day, hour: view.hour };
            self.say(&Statement::Opened(said), orders.now, orders.now).map_err(Failure::failed)?;
            let told = self.told.remove(&(view.day, view.hour));
            check_told(campaign, told, &opening)?;
            let in_time = orders.now < campaign.instant(view.day, view.hour);
            duties.extend(ordered(campaign, view, &opening).filter(|_| in_time || told.is_some()));
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

/// What was read out is what the box holds.
fn check_told(campaign: &Campaign, told: Option<Instruction>, opening: &OrderOpening) -> Result<(), Failure> {
    let post = |number: PostNumber| campaign.posts().get(number.index()).map(|post| &post.id);
    let agrees = match (told, &opening.order) {
        (None, _)
        | (Some(Instruction::Stay), Order::Stay)
        | (Some(Instruction::StandDown), Order::StandDown) => true,
        (Some(Instruction::Go(number)), Order::Drive { post: ordered }) => post(number) == Some(ordered),
        (Some(_), _) => false,
    };
    if agrees {
        return Ok(());
    }
    let team = &opening.team;
    Err(Failure::not_verified(format!("{team} was told {told:?}, its box holds {:?}", opening.order)))
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
        finds: deed.passage.finds.clone(),
        seen: None,
        persons: Vec::new(),
    })
}
