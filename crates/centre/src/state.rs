//! The campaign as its log tells it: a state machine with one law for what entry may come next.
//!
//! The centre admits an entry before it writes it, an auditor admits each entry of a log he was given: both use this
//! code, so the centre cannot log what an auditor would refuse. What the dice decide is computed here, never read.

mod amend;
mod anchor;
mod double;
mod draw;
mod freeze;
mod lawful;
mod onward;
mod outage;
mod plant;
mod removals;
mod report;
mod setup;
mod silence;
mod told;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sekong_draw::{DrawKey, Freeze, ThrownDice, UnitWalk, ValueList, WeekDeal, period_of};
use sekong_log::{
    BoxKey, CampaignOpened, Channel, CustodianCommitted, DeviceId, Entry, Hash, Head, HeadError, HeadKeys,
    NO_PREVIOUS, Period, Remark, Statement, Tree, VerifierKey,
};
use sekong_model::{
    AnchorId, Campaign, CustodianId, Day, DeclarerId, Hour, Moment, OfficerId, Order, PoolId, PostId,
    ProvinceId, SourceBundle, TeamId, Unit, UnitId,
};
use sekong_plan::Plan;

pub use amend::{Correction, PersonPlace, TwoFaces};
pub use anchor::{Anchored, AnchoredHours};
pub use double::{DoubleInLog, DoubleStanding};
pub(crate) use freeze::FrozenUnder;
pub use plant::{OpenedPlant, PlantInLog, Simulants};
pub use removals::DealtShift;
pub use report::{Due, Outcome, Report};
pub use silence::{NotedSilence, SeatKey};
pub use told::Overdue;

use crate::ahead::Ahead;
use crate::bodies;
use crate::custody::value_list;
use crate::diary::{Diary, Trace};
use crate::fault::Fault;
use crate::schedule::Job;

/// How far ahead of the centre's clock a device's may be.
pub(crate) const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(2);

/// The keys that heads must carry.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// The log's key.
    pub log: VerifierKey,
    /// The cosigners' keys; `None` leaves cosignatures unchecked, and says so.
    pub cosigners: Option<Vec<VerifierKey>>,
}

impl KeyRing {
    /// The keys as the log's own checks take them.
    pub fn head_keys(&self) -> HeadKeys<'_> {
        HeadKeys { log: &self.log, cosigners: self.cosigners.as_deref() }
    }

    /// Opens a head with these keys.
    pub fn open(&self, note: &str) -> Result<Head, HeadError> {
        self.head_keys().open(note)
    }
}

/// What a look for a body found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// The bytes, whose SHA-256 was checked.
    Here(Vec<u8>),
    /// There, but its bytes have another SHA-256.
    Altered,
    /// Not to be read yet by whoever asks.
    Sealed,
    /// It should be there and is not.
    Missing,
}

/// Where bodies are looked for.
pub trait Bodies: Sync {
    /// The body with this SHA-256.
    fn get(&self, hash: &Hash) -> Body;
}

/// How far an admitted entry could be checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// Every rule held.
    Whole,
    /// A body it depends on is still sealed; what needs none held.
    Sealed,
    /// What it depends on is not known after a fault that was named; what needs none of it held.
    Unjudged,
}

/// A device's place in its chain of entries.
#[derive(Debug, Clone)]
struct Chained {
    team: Option<TeamId>,
    enrolled: Timestamp,
    retired: Option<Timestamp>,
    box_key: Option<BoxKey>,
    /// Index of the entry that enrolled it.
    enrolled_at: u64,
    next_sequence: u64,
    previous: Hash,
    /// Index of each of its entries, by sequence.
    logged: BTreeMap<u64, u64>,
}

/// A device that speaks, or spoke, for a team: by the centre's word alone, for the centre enrols it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamDevice<'a> {
    /// The team.
    pub team: &'a TeamId,
    /// Its public key.
    pub device: DeviceId,
    /// Index of the entry that enrolled it.
    pub index: u64,
    /// When.
    pub enrolled: Timestamp,
    /// When another one took its place.
    pub retired: Option<Timestamp>,
}

/// The plan of a province-day and how far its units were drawn.
#[derive(Debug, Clone)]
pub struct DayPlan {
    /// Index of the plan's entry.
    pub index: u64,
    /// Its leaf hash, which releases name.
    pub leaf: Hash,
    /// The plan.
    pub plan: Arc<Plan>,
    /// The units, in the order of the plan's chains.
    pub units: Vec<Unit>,
    /// One walk a unit, in the same order.
    pub walks: Vec<UnitWalk>,
}

/// A head by its size, and when it was cosigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cosigned {
    pub(crate) size: u64,
    pub(crate) at: Timestamp,
}

/// A period's daily die.
#[derive(Debug, Clone)]
struct DieThrown {
    index: u64,
    leaf: Hash,
    number: String,
}

/// A frozen absence list.
#[derive(Debug, Clone)]
struct FrozenList {
    index: u64,
    leaf: Hash,
    /// When, by its entry's own word.
    written: Timestamp,
    /// Size of the head it quotes: what else the draws stand on is under it.
    quoted_size: u64,
    absent: Vec<DeclaredAway>,
}

/// A team on an absence list.
#[derive(Debug, Clone)]
struct DeclaredAway {
    team: TeamId,
    by: DeclarerId,
    /// Its last day away.
    until: Day,
}

impl FrozenList {
    /// Who is away on a day of the list's period.
    fn away_on(&self, day: Day) -> impl Iterator<Item = &DeclaredAway> {
        self.absent.iter().filter(move |absence| day <= absence.until)
    }
}

/// A custodian's commitment.
#[derive(Debug, Clone)]
struct Committed {
    index: u64,
    said: CustodianCommitted,
}

/// What the values of one moment decided in one province.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// The entries that the values were released for.
    pub freeze: Freeze,
    /// SHA-256 of the body with the values.
    pub values: Hash,
    /// The key made of the values.
    pub key: DrawKey,
    /// For a week: the deal of each pool.
    pub shifts: BTreeMap<PoolId, WeekDeal>,
    /// At a shift's first hour: the team on each of its units.
    pub units: BTreeMap<UnitId, TeamId>,
    /// One order a unit on duty, in canonical unit order.
    pub orders: Vec<DrawnOrder>,
}

/// An order as the dice gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawnOrder {
    /// The unit.
    pub unit: UnitId,
    /// The team dealt to it.
    pub team: TeamId,
    /// What the team is told.
    pub order: Order,
    /// The next inspection.
    pub next: Option<(PostId, Hour)>,
    /// Whether a die was thrown for it.
    pub thrown: bool,
}

/// The campaign so far.
pub struct State {
    keys: KeyRing,
    campaign: Arc<Campaign>,
    opened_leaf: Hash,
    centre: DeviceId,
    devices: BTreeMap<DeviceId, Chained>,
    values: ValueList,
    commitments: BTreeMap<CustodianId, Committed>,
    dice: Option<Hash>,
    /// How they were thrown.
    dice_method: Option<Remark>,
    daily_dice: BTreeMap<Period, DieThrown>,
    officers: BTreeMap<OfficerId, Vec<SeatKey>>,
    outages: outage::Outages,
    silences: BTreeMap<(ProvinceId, Moment), NotedSilence>,
    /// The dice that were logged first for each noted silence, by its leaf hash.
    thrown: BTreeMap<Hash, ThrownDice>,
    plans: BTreeMap<(ProvinceId, Day), DayPlan>,
    absences: BTreeMap<(ProvinceId, Period), FrozenList>,
    draws: BTreeMap<(ProvinceId, Moment), Option<Drawn>>,
    /// By how much releases were late.
    late: BTreeMap<(ProvinceId, Moment), SignedDuration>,
    decided_logged: BTreeSet<(ProvinceId, Moment, Trace)>,
    orders_at: BTreeMap<(ProvinceId, Moment), u64>,
    heard: BTreeSet<(Moment, TeamId)>,
    /// Index of the entry that says it.
    relayed: BTreeMap<(Moment, TeamId, Channel, u32), u64>,
    /// Times that a team's table was replaced: the serial number of the one that counts.
    tables: BTreeMap<TeamId, u32>,
    dealt: BTreeMap<Day, BTreeMap<UnitId, TeamId>>,
    dues: BTreeMap<(Day, Hour), BTreeMap<UnitId, Due>>,
    sealed: BTreeSet<ProvinceId>,
    /// Days of which a fault leaves open what was decided; of an auditor alone.
    unjudged: BTreeSet<(ProvinceId, Day)>,
    /// Entries of plans and lists that were refused and stand in until others are logged; of an auditor alone.
    stand_ins: BTreeSet<u64>,
    closes: BTreeMap<(Day, Hour), u64>,
    /// The slot that a report or a correction is about, by the index of its entry.
    words: BTreeMap<u64, amend::Slot>,
    persons: BTreeMap<Hash, PersonPlace>,
    looks: u64,
    anchors: BTreeMap<AnchorId, AnchoredHours>,
    plants: plant::Plants,
    doubles: double::Doubles,
    two_faces: BTreeMap<(DeviceId, u64), TwoFaces>,
    newest_head: Option<(String, Head)>,
    /// When each head was cosigned that an admitted entry quotes, by size.
    heads: BTreeMap<u64, Timestamp>,
    /// The head that the entry at hand quotes.
    quoted: Option<Cosigned>,
    diary: Diary,
    centre_times: Vec<(u64, Timestamp)>,
    latest_claim: Timestamp,
    /// Custodians' signatures under entries before this one were checked before.
    signatures_known: u64,
    /// What an auditor has found out about the entries at hand.
    ahead: Arc<Ahead>,
}

impl State {
    /// Reads entry 0, which opens the campaign; its device is the centre's.
    pub fn open(entry: &Entry, keys: KeyRing, bodies: &dyn Bodies) -> Result<State, Fault> {
        let Statement::Campaign(CampaignOpened { campaign: id, bundle }) = statement(entry)? else {
            return Err(Fault::NotOpened);
        };
        let bytes = body(bodies, &bundle)?.ok_or(Fault::BodyMissing { hash: bundle })?;
        let files: SourceBundle = bodies::read(&bytes)
            .ok_or(Fault::BodyWrong { hash: bundle, what: "not the canonical form of a campaign's files" })?;
        let campaign = Campaign::parse(&files)
            .map_err(|errors| Fault::CampaignDoesNotLoad { detail: errors.to_string() })?;
        if *campaign.id() != id || entry.campaign() != &id {
            let found = entry.campaign().to_string();
            return Err(Fault::OtherCampaign { found, wanted: campaign.id().to_string() });
        }
        let mut state = State::before_first(entry, keys, campaign);
        state.check_device(entry)?;
        state.step_over(0, entry);
        Ok(state)
    }

    fn before_first(entry: &Entry, keys: KeyRing, campaign: Campaign) -> State {
        let centre = entry.device();
        let values = value_list(&campaign);
        let diary = Diary::new(&campaign);
        State {
            keys,
            campaign: Arc::new(campaign),
            opened_leaf: entry.leaf_hash(),
            centre,
            devices: BTreeMap::from([(centre, Chained::first(None, entry.time(), 0))]),
            values,
            commitments: BTreeMap::new(),
            dice: None,
            dice_method: None,
            daily_dice: BTreeMap::new(),
            officers: BTreeMap::new(),
            outages: outage::Outages::default(),
            silences: BTreeMap::new(),
            thrown: BTreeMap::new(),
            plans: BTreeMap::new(),
            absences: BTreeMap::new(),
            draws: BTreeMap::new(),
            late: BTreeMap::new(),
            decided_logged: BTreeSet::new(),
            orders_at: BTreeMap::new(),
            heard: BTreeSet::new(),
            relayed: BTreeMap::new(),
            tables: BTreeMap::new(),
            dealt: BTreeMap::new(),
            dues: BTreeMap::new(),
            sealed: BTreeSet::new(),
            unjudged: BTreeSet::new(),
            stand_ins: BTreeSet::new(),
            closes: BTreeMap::new(),
            words: BTreeMap::new(),
            persons: BTreeMap::new(),
            looks: 0,
            anchors: BTreeMap::new(),
            plants: plant::Plants::default(),
            doubles: double::Doubles::default(),
            two_faces: BTreeMap::new(),
            newest_head: None,
            heads: BTreeMap::new(),
            quoted: None,
            diary,
            centre_times: vec![(0, entry.time())],
            latest_claim: entry.time(),
            signatures_known: 0,
            ahead: Arc::default(),
        }
    }

    /// Admits the entry at `index` or names the rule it breaks; after a fault the state is as it was.
    pub fn admit(
        &mut self,
        index: u64,
        entry: &Entry,
        tree: &Tree,
        bodies: &dyn Bodies,
    ) -> Result<Admitted, Fault> {
        let statement = self.ahead.statement(index, entry)?;
        self.quoted = None;
        self.check_campaign(entry)?;
        self.check_device(entry)?;
        self.check_may_say(entry, &statement)?;
        self.check_time(entry)?;
        let admitted = match statement {
            Statement::Campaign(_) => Err(Fault::OpenedTwice),
            Statement::Custodian(said) => self.admit_custodian(index, said),
            Statement::PublicDice(said) => self.admit_dice(entry, &said, tree),
            Statement::Officer(said) => self.admit_officer(index, said),
            Statement::Outage(said) => self.admit_outage(index, entry, said),
            Statement::DailyDie(said) => self.admit_daily_die(index, entry, said, tree),
            Statement::Silence(said) => self.admit_silence(index, entry, said, tree, bodies),
            Statement::Enrol(said) => self.admit_enrol(index, entry, said),
            Statement::Plan(said) => self.admit_plan(index, entry, said, bodies),
            Statement::Absences(said) => self.admit_absences(index, entry, &said, tree),
            Statement::Release(said) => self.admit_release(index, entry, said, tree, bodies),
            Statement::Deal(said) => self.admit_deal(entry, said, bodies),
            Statement::Orders(said) => self.admit_orders(index, entry, said, bodies),
            Statement::Opened(said) => self.admit_opened(entry, said),
            Statement::Relayed(said) => self.admit_relayed(index, entry, said),
            Statement::Table(said) => self.admit_table(said),
            Statement::Inspection(said) => self.admit_inspection(index, entry, said, tree),
            Statement::Correction(said) => self.admit_correction(index, entry, said),
            Statement::Close(said) => self.admit_close(entry, said, tree),
            Statement::Equivocation(said) => self.admit_equivocation(index, &said, tree, bodies),
            Statement::Erasure(said) => self.admit_erasure(index, &said),
            Statement::Look(said) => self.admit_look(&said),
            Statement::Anchor(said) => self.admit_anchor(index, entry, said),
            Statement::Plant(said) => self.admit_plant(index, entry, &said),
            Statement::PlantRevealed(said) => self.admit_plant_revealed(index, entry, said),
            Statement::Double(said) => self.admit_double(index, entry, said),
        }?;
        // A head that a refused entry quotes is nothing that the log tells.
        self.heads.extend(self.quoted.take().map(|quoted| (quoted.size, quoted.at)));
        self.take(index, entry);
        Ok(admitted)
    }

    /// Moves the entry's device one place on, and takes its time.
    fn take(&mut self, index: u64, entry: &Entry) {
        self.step_over(index, entry);
        if entry.device() == self.centre {
            self.centre_times.push((index, entry.time()));
        } else {
            self.latest_claim = self.latest_claim.max(entry.time());
        }
    }

    /// Moves the entry's device one place on, whatever the entry says: an auditor goes on after a fault. Nothing else of a refused
    /// entry counts, and not its time.
    pub fn step_over(&mut self, index: u64, entry: &Entry) {
        if let Some(chained) = self.devices.get_mut(&entry.device()) {
            chained.next_sequence = entry.seq() + 1;
            chained.previous = entry.hash();
            chained.logged.insert(entry.seq(), index);
        }
    }

    fn check_campaign(&self, entry: &Entry) -> Result<(), Fault> {
        if entry.campaign() == self.campaign.id() {
            return Ok(());
        }
        let (found, wanted) = (entry.campaign().to_string(), self.campaign.id().to_string());
        Err(Fault::OtherCampaign { found, wanted })
    }

    fn check_device(&self, entry: &Entry) -> Result<(), Fault> {
        let device = entry.device();
        let chained = self.devices.get(&device).ok_or(Fault::UnknownDevice { device })?;
        if entry.seq() != chained.next_sequence {
            return Err(Fault::Sequence { wanted: chained.next_sequence, found: entry.seq() });
        }
        if entry.prev() != chained.previous {
            return Err(Fault::Previous { wanted: chained.previous, found: entry.prev() });
        }
        Ok(())
    }

    /// The centre's clock runs forward, and no device's clock runs ahead of it.
    fn check_time(&self, entry: &Entry) -> Result<(), Fault> {
        if entry.device() != self.centre {
            return Ok(());
        }
        let before = self.clock_from();
        let claimed = entry.time();
        if claimed < before { Err(Fault::TimeBackwards { before, claimed }) } else { Ok(()) }
    }

    /// The centre's time in its newest entry.
    pub(crate) fn centre_time(&self) -> Timestamp {
        self.centre_time_under(u64::MAX)
    }

    /// The centre's time in its newest entry under a head of `size` entries; these times never run backwards.
    fn centre_time_under(&self, size: u64) -> Timestamp {
        let covered = self.centre_times.partition_point(|(index, _)| *index < size);
        self.centre_times[..covered].last().map_or(Timestamp::MIN, |(_, time)| *time)
    }

    /// A head was cosigned after the entries under it were written, and by `latest`.
    pub(crate) fn check_cosigned_at(
        &self,
        size: u64,
        cosigned: Timestamp,
        latest: Timestamp,
    ) -> Result<(), Fault> {
        let earliest = self.centre_time_under(size);
        if cosigned + CLOCK_TOLERANCE < earliest {
            return Err(Fault::HeadTooEarly { cosigned, earliest });
        }
        if latest < cosigned { Err(Fault::HeadTooLate { cosigned, latest }) } else { Ok(()) }
    }

    /// No device's clock ran ahead of the newest cosignature.
    pub(crate) fn check_claims(&self, cosigned: Timestamp) -> Result<(), Fault> {
        let claimed = self.latest_claim;
        if cosigned + CLOCK_TOLERANCE < claimed {
            Err(Fault::ClaimAhead { claimed, cosigned })
        } else {
            Ok(())
        }
    }

    /// A custodian's commitment.
    pub fn commitment(&self, custodian: &CustodianId) -> Option<&CustodianCommitted> {
        self.commitments.get(custodian).map(|committed| &committed.said)
    }

    /// Every custodian's commitment, with the index of its entry.
    pub fn commitments(&self) -> impl Iterator<Item = (u64, &CustodianCommitted)> {
        self.commitments.values().map(|committed| (committed.index, &committed.said))
    }

    /// How late each release, or what it decided, is in the log that was not there soon after it was due by the schedule.
    pub(crate) fn late_releases(&self) -> impl Iterator<Item = (&ProvinceId, Moment, SignedDuration)> {
        self.late.iter().map(|((province, moment), by)| (province, *moment, *by))
    }

    /// The values that custodians commit to.
    pub(crate) fn values(&self) -> &ValueList {
        &self.values
    }

    /// The key of the body that may plant and inspect twice, if the campaign names one.
    fn inspectorate(&self) -> Option<DeviceId> {
        self.campaign.rules().plants.as_ref().map(|rule| DeviceId::from(rule.key))
    }

    /// When the centre wrote an entry, by the entry.
    pub(crate) fn time_of(&self, index: u64) -> Option<Timestamp> {
        let place = self.centre_times.binary_search_by_key(&index, |(index, _)| *index).ok()?;
        self.centre_times.get(place).map(|(_, time)| *time)
    }

    /// Whether the public dice were cast, without which nothing is planned.
    pub fn has_dice(&self) -> bool {
        self.dice.is_some()
    }

    /// The public dice, and how they were thrown.
    pub fn public_dice(&self) -> Option<(&Hash, &Remark)> {
        self.dice.as_ref().zip(self.dice_method.as_ref())
    }

    /// The last day that was planned in some province.
    pub fn planned_until(&self) -> Option<Day> {
        self.plans.keys().map(|(_, day)| *day).max()
    }

    /// Jobs are done in the order of the schedule, each in every province.
    fn check_nothing_skipped(&self, job: Job) -> Result<(), Fault> {
        match self.diary.skipped(job) {
            Some((due, job)) => Err(Fault::Skipped { job, due }),
            None => Ok(()),
        }
    }

    /// Lets an auditor who has named a skipped job go on.
    pub(crate) fn forgive(&mut self, job: Job) {
        self.diary.finish(job);
    }

    /// Jobs that should be done by `time` and left no whole trace.
    pub(crate) fn overdue(&self, time: Timestamp) -> Vec<Fault> {
        self.diary.overdue(time).into_iter().map(|(due, job)| Fault::Skipped { job, due }).collect()
    }

    fn check_may_say(&self, entry: &Entry, statement: &Statement) -> Result<(), Fault> {
        let of_team =
            matches!(statement, Statement::Inspection(_) | Statement::Correction(_) | Statement::Opened(_));
        let device = entry.device();
        if of_team == (device == self.centre) { Err(Fault::NotItsToSay { device }) } else { Ok(()) }
    }

    /// When the campaign was opened.
    pub(crate) fn opened_at(&self) -> Timestamp {
        self.centre_times.first().map_or(Timestamp::MIN, |(_, time)| *time)
    }

    /// The campaign.
    pub fn campaign(&self) -> &Arc<Campaign> {
        &self.campaign
    }

    /// The next sequence number and previous hash of a device; `None` if it is not enrolled.
    pub fn device_place(&self, device: &DeviceId) -> Option<(u64, Hash)> {
        self.devices.get(device).map(|chained| (chained.next_sequence, chained.previous))
    }

    /// The device that speaks for a team now.
    pub fn device_of(&self, team: &TeamId) -> Option<DeviceId> {
        let of_team = |chained: &Chained| chained.retired.is_none() && chained.team.as_ref() == Some(team);
        self.devices.iter().find(|(_, chained)| of_team(chained)).map(|(device, _)| *device)
    }

    /// Every device that spoke for a team, in the order of their entries.
    pub fn team_devices(&self) -> Vec<TeamDevice<'_>> {
        let own = self.devices.iter().filter_map(|(device, chained)| {
            let team = chained.team.as_ref()?;
            let (index, enrolled, retired) = (chained.enrolled_at, chained.enrolled, chained.retired);
            Some(TeamDevice { team, device: *device, index, enrolled, retired })
        });
        let mut devices: Vec<TeamDevice<'_>> = own.collect();
        devices.sort_by_key(|of| of.index);
        devices
    }

    /// The key to which a team's orders are sealed after `size` entries.
    pub fn box_key_of(&self, team: &TeamId, size: u64) -> Option<BoxKey> {
        self.device_after(team, size)?.box_key
    }

    /// Index of the entry that gave a team its newest device.
    pub(crate) fn enrolled_at(&self, team: &TeamId) -> Option<u64> {
        Some(self.device_after(team, u64::MAX)?.enrolled_at)
    }

    fn device_after(&self, team: &TeamId, size: u64) -> Option<&Chained> {
        let own = self.devices.values().filter(|chained| chained.team.as_ref() == Some(team));
        own.filter(|chained| chained.enrolled_at < size).max_by_key(|chained| chained.enrolled_at)
    }

    /// Index of a device's entry, by its sequence number.
    pub fn logged(&self, device: &DeviceId, sequence: u64) -> Option<u64> {
        self.devices.get(device)?.logged.get(&sequence).copied()
    }

    /// Index of the entry that sealed the orders of a province-hour.
    pub fn orders_index(&self, province: &ProvinceId, moment: Moment) -> Option<u64> {
        self.orders_at.get(&(province.clone(), moment)).copied()
    }

    /// Province and index of the entry that sealed orders last.
    pub(crate) fn newest_orders(&self) -> Option<(ProvinceId, u64)> {
        let newest = self.orders_at.iter().max_by_key(|(_, index)| **index);
        newest.map(|((province, _), index)| (province.clone(), *index))
    }

    /// The draws of a province from `first` on, as far as they could be read.
    pub fn draws_from(&self, province: &ProvinceId, first: Moment) -> impl Iterator<Item = (Moment, &Drawn)> {
        let from = self.draws.range((province.clone(), first)..);
        let of_province = from.take_while(move |((of, _), _)| of == province);
        of_province.filter_map(|((_, moment), drawn)| Some((*moment, drawn.as_ref()?)))
    }

    /// Inspections that the draw placed on a day.
    pub(crate) fn dues_on(&self, day: Day) -> impl Iterator<Item = (Day, Hour, &UnitId, &Due)> {
        self.dues_from(day, Hour::MIDNIGHT).take_while(move |(of, ..)| *of == day)
    }

    /// The team that was dealt to a unit on a day.
    pub(crate) fn dealt_on(&self, day: Day, unit: &UnitId) -> Option<&TeamId> {
        self.dealt.get(&day)?.get(unit)
    }

    /// Inspections that the draw placed from an hour on, by day and hour.
    pub fn dues_from(&self, day: Day, hour: Hour) -> impl Iterator<Item = (Day, Hour, &UnitId, &Due)> {
        let hours = self.dues.range((day, hour)..);
        hours.flat_map(|((day, hour), units)| units.iter().map(|(unit, due)| (*day, *hour, unit, due)))
    }

    /// When the centre says it wrote its newest entry under a head of `size` entries.
    pub fn written_under(&self, size: u64) -> Timestamp {
        self.centre_time_under(size)
    }

    /// The earliest time that the centre's clock may tell now: no entry of it goes back, and no device is far ahead of it.
    pub(crate) fn clock_from(&self) -> Timestamp {
        let claimed = self.latest_claim.checked_sub(CLOCK_TOLERANCE).unwrap_or(Timestamp::MIN);
        self.centre_time().max(claimed)
    }

    /// The jobs of the schedule that are not done, in order.
    pub fn open_jobs(&self) -> impl Iterator<Item = (Timestamp, Job)> + '_ {
        self.diary.open()
    }

    /// The plan of a province-day, once logged.
    pub fn plan(&self, province: &ProvinceId, day: Day) -> Option<&DayPlan> {
        self.plans.get(&(province.clone(), day))
    }

    /// Index of the absence list of a province and period, once frozen.
    pub fn absences(&self, province: &ProvinceId, period: Period) -> Option<u64> {
        self.absences.get(&(province.clone(), period)).map(|list| list.index)
    }

    /// What a moment's values decided in a province, once released and readable.
    pub fn drawn(&self, province: &ProvinceId, moment: Moment) -> Option<&Drawn> {
        self.draws.get(&(province.clone(), moment)).and_then(Option::as_ref)
    }

    /// Every inspection the draw placed so far, by day and hour.
    pub fn dues(&self) -> impl Iterator<Item = (Day, Hour, &UnitId, &Due)> {
        let hours = self.dues.iter();
        hours.flat_map(|((day, hour), units)| units.iter().map(|(unit, due)| (*day, *hour, unit, due)))
    }

    /// Size of the head under which reports on this hour were in time; `None` before the hour was closed.
    pub fn closed_under(&self, day: Day, hour: Hour) -> Option<u64> {
        self.closes.get(&(day, hour)).copied()
    }

    /// The hours that were closed, and when the head was cosigned over which each was.
    pub(crate) fn closed_over(&self) -> impl Iterator<Item = (Day, Hour, Timestamp)> {
        let closes = self.closes.iter();
        closes.filter_map(|((day, hour), size)| Some((*day, *hour, *self.heads.get(size)?)))
    }

    /// Whether the values of a moment were released in a province.
    pub fn is_released(&self, province: &ProvinceId, moment: Moment) -> bool {
        self.draws.contains_key(&(province.clone(), moment))
    }

    /// What the values of each province and period were released for.
    pub fn freezes(&self) -> BTreeMap<(ProvinceId, Period), Freeze> {
        let freeze = |(province, moment, drawn): (&ProvinceId, Moment, &Drawn)| {
            ((province.clone(), period_of(moment)), drawn.freeze)
        };
        self.draws().map(freeze).collect()
    }

    /// The inspection that the draw placed at a unit and hour.
    pub fn due(&self, day: Day, hour: Hour, unit: &UnitId) -> Option<&Due> {
        self.dues.get(&(day, hour)).and_then(|units| units.get(unit))
    }

    /// Every draw that could be read, by province and moment.
    pub fn draws(&self) -> impl Iterator<Item = (&ProvinceId, Moment, &Drawn)> {
        let draws = self.draws.iter();
        draws.filter_map(|((province, moment), drawn)| Some((province, *moment, drawn.as_ref()?)))
    }

    /// Spares an auditor the signatures in the first entries, which he has checked before.
    pub(crate) fn know_signatures(&mut self, size: u64) {
        self.signatures_known = size;
    }

    /// Spares an auditor what was found out about the next entries beside his judging.
    pub(crate) fn see(&mut self, ahead: &Arc<Ahead>) {
        self.ahead = ahead.clone();
    }
}

impl Chained {
    fn first(team: Option<TeamId>, enrolled: Timestamp, enrolled_at: u64) -> Chained {
        Chained {
            team,
            enrolled,
            enrolled_at,
            retired: None,
            box_key: None,
            next_sequence: 0,
            previous: NO_PREVIOUS,
            logged: BTreeMap::new(),
        }
    }
}

/// What an entry says.
pub(crate) fn statement(entry: &Entry) -> Result<Statement, Fault> {
    Statement::from_parts(entry.kind(), entry.body())
        .map_err(|error| Fault::Unreadable { detail: error.to_string() })
}

/// The body's bytes; `None` while it is sealed.
pub(crate) fn body(bodies: &dyn Bodies, hash: &Hash) -> Result<Option<Vec<u8>>, Fault> {
    match bodies.get(hash) {
        Body::Here(bytes) => Ok(Some(bytes)),
        Body::Sealed => Ok(None),
        Body::Altered => Err(Fault::BodyWrong { hash: *hash, what: "its bytes have another SHA-256" }),
        Body::Missing => Err(Fault::BodyMissing { hash: *hash }),
    }
}
