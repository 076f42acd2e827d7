//! The centre at work: it founds a campaign, runs the jobs of the schedule and takes reports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sekong_draw::{
    BoxContent, BoxFor, Codebook, Instruction, PostNumber, SealedBox, Table, TableId, TableSerial,
};
use sekong_log::{
    Absence, CampaignOpened, Channel, CustodianCommitted, DailyDie, DeviceId, DeviceKey, Enrolled, Entry,
    EntryDraft, EntryError, EquivocationShown, Hash, HeadAnchored, InspectedTwice, KeyError, NO_PREVIOUS,
    OfficerEnrolled, OrderRelayed, OutagePlanned, Period, PersonErased, PersonError, PersonLookedUp,
    PlantCommitted, PlantRevealed, PublicDice, Remark, SaltedPerson, Statement, TableReason, TableReplaced,
    body_hash,
};
use sekong_model::{
    Campaign, CustodianId, Day, Hour, Moment, OfficerId, Order, ProvinceId, SourceBundle, TeamId,
};
use sekong_plan::Game;
use sekong_store::{Store, StoreError, is_damage};

use crate::bodies::{self, OrderOpening, OrdersBody, SaltKey, canonical};
use crate::boxes::{self, BoxBook, Boxes, ProvenBox};
use crate::custody::Answers;
use crate::fault::Fault;
use crate::folder::Folder;
use crate::gate::Closed;
use crate::keys::Secrets;
use crate::ledger::{FrozenHead, HeadSigners, Ledger, LedgerError};
use crate::plan_book;
use crate::publication::{Publication, Published};
use crate::receipt::Receipt;
use crate::schedule::Job;
use crate::state::{Bodies, Body, CLOCK_TOLERANCE, DrawnOrder, KeyRing, State, statement};
use crate::witness::{Missing, Witness};

mod jobs;

/// Why the centre could not go on.
#[derive(Debug, thiserror::Error)]
pub enum CentreError {
    /// The log.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key with a name or kind that cannot be.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// An entry too large or malformed to write.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The centre's own entry breaks a rule: it is not written.
    #[error("entry {index} would break a rule: {fault}")]
    Fault {
        /// Where it would have stood.
        index: u64,
        /// The rule.
        fault: Box<Fault>,
    },
    /// A draw that cannot be made yet; the next try may.
    #[error("the draw of {province} for {moment} waits for {what}")]
    Waiting {
        /// Where.
        province: ProvinceId,
        /// When.
        moment: Moment,
        /// For what.
        what: String,
    },
    /// The campaign's last day is over: nothing more of it is planned.
    #[error("the campaign ended at {ends}: nothing more of it is planned")]
    Over {
        /// First instant after it.
        ends: Timestamp,
    },
    /// A team that no order of this hour or a later one concerns.
    #[error("team {team} has no order now: it is not on duty, or away")]
    NotOnDuty {
        /// The team.
        team: TeamId,
    },
    /// Another device than this centre's opened the log and signed what it wrote.
    #[error("the log is of the centre's device {logged}, this folder holds the key of {given}")]
    OtherDevice {
        /// Device that signed entry 0.
        logged: DeviceId,
        /// Device of the secrets.
        given: DeviceId,
    },
    /// Another salt than the one that orders were sealed with: boxes, tables and commitments would be others.
    #[error("the orders of entry {index} were sealed with another salt than this folder keeps")]
    OtherSalt {
        /// The newest entry that tells.
        index: u64,
    },
    /// Nothing is written now; the next try may find it otherwise.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// Something must be logged and cosigned before.
    #[error("{what} must be logged and cosigned before")]
    NotYet {
        /// Which thing.
        what: &'static str,
    },
    /// A store that holds a campaign already.
    #[error("the store holds a campaign already")]
    NotEmpty,
    /// Other cosigners than the campaign says.
    #[error(
        "the campaign has rules.cosigners = {wanted}, there are {here} in this process and {apart} apart"
    )]
    OtherCosigners {
        /// Cosigners of the campaign.
        wanted: u32,
        /// Cosigners whose secrets are here.
        here: usize,
        /// Cosigners on machines of their own.
        apart: usize,
    },
    /// The head that something must quote has too few cosignatures; the next try may find more.
    #[error("too few have cosigned the log's head, {needed} must: {missing}")]
    TooFewCosigned {
        /// Cosignatures that the campaign wants.
        needed: u32,
        /// Who has not, and why.
        missing: String,
    },
    /// A store without a campaign.
    #[error("there is no first entry, which opens a campaign")]
    Empty,
    /// Secrets that do not fit the campaign's list of custodians.
    #[error("there is no secret for custodian {custodian}")]
    NoSecret {
        /// Who.
        custodian: CustodianId,
    },
}

impl CentreError {
    /// Whether the same may be done later, with nothing changed but what others have said meanwhile.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self,
            CentreError::Waiting { .. } | CentreError::TooFewCosigned { .. } | CentreError::Closed(_)
        )
    }
}

/// Why a report is not accepted. Nothing of it is kept, and the device may mend and send it again.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The bytes are not an entry.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The entry breaks a rule.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Nothing is written now.
    #[error(transparent)]
    Closed(#[from] Closed),
    /// The entry claims a time that has not come.
    #[error("the entry claims {claimed}, it is {now}: set the device's clock")]
    Future {
        /// Time claimed.
        claimed: Timestamp,
        /// The centre's time.
        now: Timestamp,
    },
    /// Other records of persons came with the entry than it commits to.
    #[error("the entry commits to {wanted} records of persons, {given} came with it")]
    OtherPersons {
        /// Commitments in the entry.
        wanted: usize,
        /// Records given.
        given: usize,
    },
    /// A record that is not the one committed to.
    #[error("record {place} of the persons: {source}")]
    Person {
        /// Its place, from 0.
        place: usize,
        /// What is wrong.
        source: PersonError,
    },
}

/// Why the centre cannot write an entry of its own.
#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error(transparent)]
    Entry(#[from] EntryError),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<WriteError> for Refusal {
    fn from(error: WriteError) -> Refusal {
        match error {
            WriteError::Entry(error) => Refusal::Entry(error),
            WriteError::Fault(fault) => Refusal::Fault(fault),
        }
    }
}

/// The records are those that the entry commits to, in its order.
fn check_persons(statement: &Statement, persons: &[SaltedPerson]) -> Result<(), Refusal> {
    let committed = statement.persons();
    if committed.len() != persons.len() {
        return Err(Refusal::OtherPersons { wanted: committed.len(), given: persons.len() });
    }
    let mut pairs = committed.iter().zip(persons).enumerate();
    pairs.try_for_each(|(place, (said, person))| {
        person.check(said).map_err(|source| Refusal::Person { place, source })
    })
}

/// Bodies in memory, by SHA-256.
#[derive(Default)]
struct KeptBodies(BTreeMap<Hash, Vec<u8>>);

impl Bodies for KeptBodies {
    fn get(&self, hash: &Hash) -> Body {
        self.0.get(hash).map_or(Body::Missing, |bytes| Body::Here(bytes.clone()))
    }
}

/// Who may read a body, and from when.
#[derive(Clone, Copy)]
enum Readers {
    EveryoneNow,
    /// Auditors, then the public, so long after the moment.
    After(Timestamp),
}

/// A running campaign.
pub struct Centre<S> {
    state: State,
    ledger: Ledger<S>,
    device: DeviceKey,
    salts: SaltKey,
    keys: KeyRing,
    boxes: BoxBook,
}

/// An order that leaves the centre as a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relayed {
    /// Index of the entry that says so.
    pub index: u64,
    /// Nine digits, as they are read out.
    pub code: String,
    /// Serial number of the table that they are of.
    pub table: u32,
    /// The day of the hour.
    pub day: Day,
    /// The hour that the order is for.
    pub hour: Hour,
}

/// What a campaign is founded with.
pub struct Founding<'a> {
    /// The campaign's files.
    pub files: &'a SourceBundle,
    /// The campaign that they make.
    pub campaign: &'a Campaign,
    /// The secrets.
    pub secrets: &'a Secrets,
    /// The custodians' commitments.
    pub commitments: &'a [CustodianCommitted],
    /// The throw of the public dice and how it was made; it enters the log after the commitments are cosigned. Without it
    /// the campaign waits for [`Centre::cast_dice`].
    pub dice: Option<(Hash, Remark)>,
    /// Keys of the seats that throw dice.
    pub officers: &'a [(OfficerId, DeviceId)],
    /// Devices to enrol.
    pub devices: &'a [Enrolled],
}

impl<S: Store> Centre<S> {
    /// Founds a campaign in an empty store: opening, commitments and the officers' keys, and when these are cosigned the
    /// public dice and the devices.
    pub async fn found(
        store: S,
        data: &Path,
        founding: &Founding<'_>,
        now: Timestamp,
    ) -> Result<Self, CentreError> {
        let campaign = founding.campaign;
        let signers = signers(founding.secrets, campaign)?;
        let visit = |_, _: &[u8], _: &_| Err(CentreError::NotEmpty);
        let mut ledger = Ledger::open(store, Folder::new(data), signers, visit).await?;
        let files = canonical(founding.files);
        let opening = CampaignOpened { campaign: campaign.id().clone(), bundle: body_hash(&files) };
        let device = founding.secrets.device_key();
        let place = (0, NO_PREVIOUS);
        let entry = sign(campaign, &device, place, &Statement::Campaign(opening), now)?;
        let kept = KeptBodies(BTreeMap::from([(body_hash(&files), files.clone())]));
        let keys = founding.secrets.key_ring(campaign.id())?;
        let state = State::open(&entry, keys.clone(), &kept).map_err(|fault| at(0, fault))?;
        ledger.append(&entry);
        let salts = founding.secrets.salt_key();
        let mut centre = Centre { state, ledger, device, salts, keys, boxes: BoxBook::default() };
        centre.keep(campaign, files, Readers::EveryoneNow);
        centre.set_up(founding, now).await?;
        centre.commit(now).await?;
        Ok(centre)
    }

    async fn set_up(&mut self, founding: &Founding<'_>, now: Timestamp) -> Result<(), CentreError> {
        for commitment in founding.commitments {
            self.write(Statement::Custodian(commitment.clone()), now)?;
        }
        for (officer, key) in founding.officers {
            let enrolled = OfficerEnrolled { officer: officer.clone(), key: *key, vouchers: Vec::new() };
            self.enrol_officer(enrolled, now)?;
        }
        self.commit(now).await?;
        if let Some((dice, method)) = founding.dice.clone() {
            self.cast_dice(dice, method, now)?;
        }
        for enrolled in founding.devices {
            self.write(Statement::Enrol(enrolled.clone()), now)?;
        }
        Ok(())
    }

    /// Opens a founded campaign: replays the log, checks it against its newest head, publishes it anew.
    pub async fn open(
        mut store: S,
        data: &Path,
        campaign: &Campaign,
        secrets: &Secrets,
    ) -> Result<Self, CentreError> {
        let keys = secrets.key_ring(campaign.id())?;
        let kept = kept_bodies(&mut store).await?;
        let (device, salts) = (secrets.device_key(), secrets.salt_key());
        let mut state: Option<State> = None;
        let visit = |index: u64, leaf: &[u8], tree: &sekong_log::Tree| -> Result<(), CentreError> {
            let entry = Entry::parse(leaf)?;
            match &mut state {
                None => {
                    check_device(entry.device(), device.id())?;
                    let opened = State::open(&entry, keys.clone(), &kept).map_err(|fault| at(0, fault))?;
                    state = Some(opened);
                }
                Some(state) => {
                    state.admit(index, &entry, tree, &kept).map_err(|fault| at(index, fault))?;
                }
            }
            Ok(())
        };
        let mut ledger = Ledger::open(store, Folder::new(data), signers(secrets, campaign)?, visit).await?;
        let state = state.ok_or(CentreError::Empty)?;
        check_salt(&mut ledger, &state, &salts).await?;
        ledger.erase_again(&state.erased_persons()).await?;
        Ok(Centre { state, ledger, device, salts, keys, boxes: BoxBook::default() })
    }

    /// The campaign as the log tells it.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The keys that its heads carry.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The newest time that an entry, or enough cosigners of a head, tell; its clock may not start before. Devices' clocks, and
    /// one cosigner's, may be a little ahead of it.
    pub fn latest_time(&self) -> Timestamp {
        self.state.clock_from().max(self.ledger.newest_frozen().unwrap_or(Timestamp::MIN))
    }

    /// Entries in the log, waiting ones included.
    pub fn log_size(&self) -> u64 {
        self.ledger.tree().size()
    }

    /// Group commits since it was opened.
    pub fn commits(&self) -> u64 {
        self.ledger.commits()
    }

    /// The newest cosigned head.
    pub fn head(&self) -> Option<&str> {
        self.ledger.note()
    }

    /// Ends the centre; what was committed stays.
    pub async fn close(self) -> Result<(), CentreError> {
        Ok(self.ledger.close().await?)
    }

    /// Runs one job and commits it. `away` says who is away when a list is frozen, `answers` what the custodians released
    /// for a draw.
    ///
    /// # Errors
    /// [`CentreError::Waiting`] for a draw that may be tried again; what could be logged of it was.
    pub async fn run(
        &mut self,
        job: Job,
        now: Timestamp,
        away: &(dyn Fn(&ProvinceId, Period) -> Vec<Absence> + Sync),
        answers: &Answers,
    ) -> Result<(), CentreError> {
        self.resume(now).await?;
        let ends = self.state.campaign().ends_at();
        let done = match job {
            Job::Plan(_) | Job::Freeze(_) if ends <= now => Err(CentreError::Over { ends }),
            Job::Plan(day) => self.plan(day, now),
            Job::Freeze(period) => self.freeze(period, now, away),
            Job::Draw(moment) => self.draw(moment, answers, now).await,
            Job::Close(day, hour) => self.close_hour(day, hour, now).await,
        };
        self.commit(now).await?;
        done
    }

    /// Logs the public dice, thrown when every custodian's commitment was cosigned; in the next commit.
    pub fn cast_dice(&mut self, dice: Hash, method: Remark, now: Timestamp) -> Result<u64, CentreError> {
        let head = self.cosigned_head()?;
        self.write(Statement::PublicDice(PublicDice { dice, method, head }), now)
    }

    /// Logs an outage that a custodian planned and signed; in the next commit.
    pub fn plan_outage(&mut self, outage: OutagePlanned, now: Timestamp) -> Result<u64, CentreError> {
        self.write(Statement::Outage(outage), now)
    }

    /// Logs a commitment to another log's head; in the next commit. The same one again is the one that is there.
    pub fn anchor(&mut self, said: HeadAnchored, now: Timestamp) -> Result<u64, CentreError> {
        match self.state.anchored_at(&said) {
            Some(index) => Ok(index),
            None => self.write(Statement::Anchor(said), now),
        }
    }

    /// Logs a commitment to simulants; in the next commit. The same one again is the one that is there.
    pub fn plant(&mut self, said: PlantCommitted, now: Timestamp) -> Result<u64, CentreError> {
        match self.state.planted_at(&said) {
            Some(index) => Ok(index),
            None => self.write(Statement::Plant(said), now),
        }
    }

    /// Logs what was planted, and what was found of it; in the next commit. The same word again is the one that is there.
    pub fn reveal(&mut self, said: PlantRevealed, now: Timestamp) -> Result<u64, CentreError> {
        match self.state.revealed_at(&said) {
            Some(index) => Ok(index),
            None => self.write(Statement::PlantRevealed(said), now),
        }
    }

    /// Logs a double inspection; in the next commit. The same word again is the one that is there.
    pub fn inspected_twice(&mut self, said: InspectedTwice, now: Timestamp) -> Result<u64, CentreError> {
        match self.state.inspected_twice_at(&said) {
            Some(index) => Ok(index),
            None => self.write(Statement::Double(said), now),
        }
    }

    /// Gives a seat that throws dice a key; in the next commit.
    pub fn enrol_officer(&mut self, enrolled: OfficerEnrolled, now: Timestamp) -> Result<u64, CentreError> {
        self.write(Statement::Officer(enrolled), now)
    }

    /// Logs a period's daily die; in the next commit.
    pub async fn announce_die(
        &mut self,
        period: Period,
        number: String,
        now: Timestamp,
    ) -> Result<u64, CentreError> {
        let last = self.state.last_list(period).map_err(|fault| at(self.log_size(), fault))?;
        let head = self.first_head_over(last).await?.note;
        self.write(Statement::DailyDie(DailyDie { period, number, head }), now)
    }

    /// Makes durable and has cosigned what waits. The first one after opening asks every cosigner what it knows of the log.
    ///
    /// # Errors
    /// [`LedgerError::Fork`] before anything is written, if one knows more than the store, or another log.
    pub async fn commit(&mut self, now: Timestamp) -> Result<(), CentreError> {
        self.ledger.commit(now).await?;
        Ok(())
    }

    /// The same without publishing it: whoever calls this has [`Publication`]s written.
    ///
    /// # Errors
    /// As [`Centre::commit`].
    pub async fn make_durable(&mut self, now: Timestamp) -> Result<(), CentreError> {
        self.ledger.make_durable(now).await?;
        Ok(())
    }

    /// What is to be written into the published folder, if anything is due; see [`Ledger::publication`].
    pub fn publication(&mut self, now: Timestamp) -> Option<Publication> {
        self.ledger.publication(now)
    }

    /// What failed to be published is due again.
    pub(crate) fn publish_again(&mut self) {
        self.ledger.publish_again();
    }

    /// Takes what came of writing it.
    pub fn note_published(&mut self, published: Published) {
        self.ledger.note_published(published);
    }

    /// After opening has the last head cosigned, which a crash may have left bare: what comes next is built on cosigned heads.
    async fn resume(&mut self, now: Timestamp) -> Result<(), CentreError> {
        if self.ledger.has_met() { Ok(()) } else { self.commit(now).await }
    }

    /// Stores what cosigners added since the last commit.
    pub(crate) async fn settle(&mut self) -> Result<(), CentreError> {
        Ok(self.ledger.settle().await?)
    }

    /// Writes the newest head into the published folder once more.
    pub(crate) fn publish_head(&mut self) {
        self.ledger.publish_head();
    }

    /// Takes a signed report into the next commit; its receipt can be had after that.
    pub fn submit(&mut self, bytes: &[u8], now: Timestamp) -> Result<u64, Refusal> {
        self.take(&Entry::parse(bytes)?, &[], now)
    }

    /// Takes a report whose signature holds into the next commit, with the records of persons that it commits to.
    pub fn take(&mut self, entry: &Entry, persons: &[SaltedPerson], now: Timestamp) -> Result<u64, Refusal> {
        if entry.time() > now + CLOCK_TOLERANCE {
            return Err(Refusal::Future { claimed: entry.time(), now });
        }
        check_persons(&statement(entry)?, persons)?;
        let index = self.ledger.tree().size();
        self.state.admit(index, entry, self.ledger.tree(), &KeptBodies::default())?;
        persons.iter().for_each(|person| self.ledger.keep_person(person));
        Ok(self.ledger.append(entry))
    }

    /// Takes the records of an entry that is logged already: those that were lost, as with a disk, are kept anew; those that were
    /// erased are not. A store that is damaged just there refuses them, and everything else goes on.
    pub(crate) async fn take_again(
        &mut self,
        index: u64,
        entry: &Entry,
        persons: &[SaltedPerson],
    ) -> Result<Result<(), Refusal>, CentreError> {
        if let Err(refusal) =
            statement(entry).map_err(Refusal::from).and_then(|said| check_persons(&said, persons))
        {
            return Ok(Err(refusal));
        }
        let place = |person: &SaltedPerson| self.state.person(&person.committed().commitment);
        let kept = persons.iter().filter(|person| place(person).is_some_and(|place| place.erased.is_none()));
        let kept: Vec<_> = kept.collect();
        // What waits for the next commit is kept with it.
        if kept.is_empty() || self.ledger.committed() <= index {
            return Ok(Ok(()));
        }
        match self.ledger.keep_again(&kept).await {
            Err(error) if is_damage(&error) => Ok(Err(Closed::Damaged { what: error.to_string() }.into())),
            kept => Ok(Ok(kept.map_err(LedgerError::from)?)),
        }
    }

    /// Whether this very entry is logged at an index.
    pub(crate) fn is_at(&self, index: u64, entry: &Entry) -> bool {
        self.ledger.tree().leaf(index) == Some(entry.leaf_hash())
    }

    /// Publishes an entry whose device has signed another one with its sequence number, in the next commit; gives the index
    /// of the entry that shows both. One such pair is shown for a sequence number.
    pub fn show_two_faces(&mut self, other: &Entry, logged: u64, now: Timestamp) -> Result<u64, Refusal> {
        let (device, seq) = (other.device(), other.seq());
        if let Some(shown) = self.state.two_faces_of(&device, seq) {
            return Ok(shown.index);
        }
        // Published is only what a log without free text could hold.
        statement(other)?;
        let bytes = other.bytes().to_vec();
        let said = EquivocationShown { device, seq, logged, other: body_hash(&bytes) };
        let kept = KeptBodies(BTreeMap::from([(said.other, bytes.clone())]));
        let index = self.try_write(Statement::Equivocation(said), now, &kept)?;
        self.keep(&self.state.campaign().clone(), bytes, Readers::EveryoneNow);
        Ok(index)
    }

    /// Erases a person's record, in the next commit.
    pub fn erase(&mut self, said: PersonErased, now: Timestamp) -> Result<u64, CentreError> {
        let commitment = said.commitment;
        let index = self.write(Statement::Erasure(said), now)?;
        self.ledger.erase(&commitment);
        Ok(index)
    }

    /// Logs a look at a person's record, in the next commit; only then may it be shown.
    pub fn look(&mut self, said: PersonLookedUp, now: Timestamp) -> Result<u64, CentreError> {
        self.write(Statement::Look(said), now)
    }

    /// Gives a team a device, which retires the one before; in the next commit.
    pub fn enrol(&mut self, enrolled: Enrolled, now: Timestamp) -> Result<u64, CentreError> {
        self.write(Statement::Enrol(enrolled), now)
    }

    /// Logs that the newest order of a team is relayed, and gives its code; in the next commit.
    ///
    /// # Errors
    /// [`CentreError::NotOnDuty`] for a team without an order of this hour or a later one.
    pub fn relay(&mut self, team: &TeamId, channel: Channel, now: Timestamp) -> Result<Relayed, CentreError> {
        let not_on_duty = || CentreError::NotOnDuty { team: team.clone() };
        let (province, day, hour, order) = self.newest_order(team, now).ok_or_else(not_on_duty)?;
        let posts = self.state.campaign().posts();
        let instruction = match &order {
            Order::Stay => Instruction::Stay,
            Order::StandDown => Instruction::StandDown,
            Order::Drive { post } => {
                let place = posts.iter().position(|known| known.id == *post);
                Instruction::Go(
                    place.and_then(|place| PostNumber::of_index(place).ok()).ok_or_else(not_on_duty)?,
                )
            }
        };
        let serial = self.state.table_of(team);
        let said = OrderRelayed { province, day, hour, team: team.clone(), channel, table: serial.0 };
        // Asked again, it is the same code: what was not heard, or not sent, is read out once more.
        let before = self.state.relayed_at(&said);
        let index = match before {
            Some(index) => index,
            None => self.write(Statement::Relayed(said), now)?,
        };
        let key = self.table_id(team, serial).key(&self.table_secret());
        let code = Table::new(&key).code(day, hour, instruction).to_string();
        Ok(Relayed { index, code, table: serial.0, day, hour })
    }

    /// Gives a team a new table in place of one that others may have; in the next commit.
    pub fn replace_table(
        &mut self,
        team: &TeamId,
        reason: TableReason,
        now: Timestamp,
    ) -> Result<u64, CentreError> {
        let serial = self.state.table_of(team).0.saturating_add(1);
        self.write(Statement::Table(TableReplaced { team: team.clone(), serial, reason }), now)
    }

    fn newest_order(&self, team: &TeamId, now: Timestamp) -> Option<(ProvinceId, Day, Hour, Order)> {
        let campaign = self.state.campaign();
        let (day, hour) = campaign.day_hour_of(now);
        let known = campaign.teams().iter().find(|known| known.id == *team)?;
        let province = campaign.pool(&known.pool)?.province.clone();
        let moments = self.state.draws_from(&province, Moment::Hour { day, hour }).map(|(moment, _)| moment);
        let sealed: Vec<Moment> =
            moments.filter(|moment| self.state.orders_index(&province, *moment).is_some()).collect();
        sealed.into_iter().rev().find_map(|moment| {
            let Moment::Hour { day, hour } = moment else { return None };
            let order = self.state.order_for(&province, moment, team)?;
            Some((province.clone(), day, hour, order.order.clone()))
        })
    }

    /// The page of a team's printed codebook for a day: every hour, and every order that it can get.
    pub fn codebook(&self, team: &TeamId, day: Day) -> Option<Codebook> {
        let campaign = self.state.campaign();
        let known = campaign.teams().iter().find(|known| known.id == *team)?;
        let province = campaign.pool(&known.pool)?.province.clone();
        let of_province = campaign.posts().iter().enumerate().filter(|(_, post)| post.province == province);
        let posts: BTreeSet<PostNumber> =
            of_province.filter_map(|(place, _)| PostNumber::of_index(place).ok()).collect();
        let hours: BTreeSet<Hour> = Hour::all().collect();
        Some(Codebook::new(
            self.table_id(team, self.state.table_of(team)),
            &self.table_secret(),
            day,
            &hours,
            &posts,
        ))
    }

    /// The key of a team's table, sealed to its device; `None` for a device without a box key.
    pub(crate) fn sealed_table(&self, team: &TeamId) -> Option<SealedBox> {
        let campaign = self.state.campaign();
        let known = campaign.teams().iter().find(|known| known.id == *team)?;
        let province = &campaign.pool(&known.pool)?.province;
        let serial = self.state.table_of(team);
        let key = self.table_id(team, serial).key(&self.table_secret());
        let own = BoxFor { campaign: campaign.id(), province, content: BoxContent::Table(serial), team };
        let box_key = self.state.box_key_of(team, self.log_size())?;
        let randomness = self.salts.key(&format!("table {serial} box of {team} for {box_key}")).0;
        own.seal(&box_key, &key.to_bytes(), &randomness).ok()
    }

    /// The games that a job would have to solve first, for a caller who solves them beside the centre's work.
    pub(crate) fn unsolved(&self, job: Job) -> Vec<Game> {
        let Job::Plan(day) = job else { return Vec::new() };
        // A game that cannot be made is named when the job runs.
        plan_book::unsolved(self.state.campaign(), day).unwrap_or_default()
    }

    /// Files that lay in the published log when it was opened and that nothing in the store makes: they were put aside.
    pub fn foreign_files(&self) -> &[PathBuf] {
        self.ledger.foreign()
    }

    /// The log, for readers.
    pub(crate) fn ledger(&self) -> &Ledger<S> {
        &self.ledger
    }

    /// An order of a moment, opened as its body holds it.
    pub(crate) fn opening(
        &self,
        province: &ProvinceId,
        day: Day,
        hour: Hour,
        order: &DrawnOrder,
    ) -> OrderOpening {
        let moment = Moment::Hour { day, hour };
        order.opening(day, hour, self.salts.salt("order", province, moment, order.unit.as_str()))
    }

    /// A team's box of a moment whose orders are logged.
    pub(crate) fn box_of(&self, province: &ProvinceId, moment: Moment, team: &TeamId) -> Option<ProvenBox> {
        let index = self.state.orders_index(province, moment)?;
        match self.boxes.get(province, moment) {
            Some(boxes) => boxes.of_team(team),
            // After a restart they are sealed anew, byte for byte the same.
            None => Boxes::of(&self.state, &self.salts, province, moment, index).of_team(team),
        }
    }

    /// What a moment told a team, sealed to a device that it was given later.
    pub(crate) fn renewed_box(
        &self,
        province: &ProvinceId,
        moment: Moment,
        team: &TeamId,
    ) -> Option<SealedBox> {
        let key = self.state.box_key_of(team, self.log_size())?;
        boxes::renewed(&self.state, &self.salts, province, moment, (team, key))
    }

    /// The table from which a team's orders are relayed.
    pub(crate) fn table_id(&self, team: &TeamId, serial: TableSerial) -> TableId {
        TableId { campaign: self.state.campaign().id().clone(), team: team.clone(), serial }
    }

    /// The secret behind every table of this campaign.
    pub(crate) fn table_secret(&self) -> [u8; 32] {
        self.salts.key("relay tables").0
    }

    /// A key for the sessions of this campaign's users, made of its secrets.
    pub(crate) fn session_key(&self) -> Hash {
        self.salts.key("session")
    }

    /// The receipt of a committed entry.
    pub fn receipt(&self, index: u64) -> Result<Receipt, CentreError> {
        Ok(self.ledger.receipt(index)?)
    }

    /// The newest head, which enough must have cosigned.
    fn cosigned_head(&self) -> Result<String, CentreError> {
        self.head_over(self.ledger.committed().saturating_sub(1)).map(|(_, head)| head)
    }

    /// The newest head that enough have cosigned, with its size; it must be over the entry at `index`.
    fn head_over(&self, index: u64) -> Result<(u64, String), CentreError> {
        let head = self.ledger.frozen_over(index).map(|(size, head)| (size, head.to_owned()));
        head.ok_or_else(|| self.too_few_cosigned())
    }

    /// Why there is no head that freezes what is to be quoted: it passes when enough cosigners can be reached.
    fn too_few_cosigned(&self) -> CentreError {
        let missing = self.ledger.missing_cosigners().iter();
        let missing: Vec<_> = missing.map(|missing| format!("{} ({})", missing.name, missing.why)).collect();
        let needed = self.state.campaign().rules().cosignatures;
        CentreError::TooFewCosigned { needed, missing: missing.join(", ") }
    }

    /// The cosigners whose lines the newest head lacks, and why.
    pub fn missing_cosigners(&self) -> &[Missing] {
        self.ledger.missing_cosigners()
    }

    /// Has the cosigners reached another way than in this process; whoever takes one must lead to the same.
    pub fn reach_cosigners(&mut self, by: impl FnMut(Box<dyn Witness>) -> Box<dyn Witness>) {
        self.ledger.reach_cosigners(by);
    }

    /// The first cosigned head over an entry: the one under which it has stood longest.
    async fn first_head_over(&mut self, index: u64) -> Result<FrozenHead, CentreError> {
        let head = self.ledger.first_over(index).await?;
        head.ok_or_else(|| self.too_few_cosigned())
    }

    /// Takes an entry of the centre's own into the next commit; gives its index.
    fn write(&mut self, statement: Statement, now: Timestamp) -> Result<u64, CentreError> {
        self.write_with(statement, now, &KeptBodies::default())
    }

    fn write_with(
        &mut self,
        statement: Statement,
        now: Timestamp,
        kept: &KeptBodies,
    ) -> Result<u64, CentreError> {
        let index = self.ledger.tree().size();
        self.try_write(statement, now, kept).map_err(|error| match error {
            WriteError::Entry(error) => error.into(),
            WriteError::Fault(fault) => at(index, fault),
        })
    }

    fn try_write(
        &mut self,
        statement: Statement,
        now: Timestamp,
        kept: &KeptBodies,
    ) -> Result<u64, WriteError> {
        let place = self.state.device_place(&self.device.id()).unwrap_or((0, NO_PREVIOUS));
        let entry = sign(self.state.campaign(), &self.device, place, &statement, now)?;
        let index = self.ledger.tree().size();
        self.state.admit(index, &entry, self.ledger.tree(), kept)?;
        Ok(self.ledger.append(&entry))
    }

    /// Keeps a body for the next commit, and for the admission of the entry that names it.
    fn keep(&mut self, campaign: &Campaign, bytes: Vec<u8>, readers: Readers) -> KeptBodies {
        let moment = match readers {
            Readers::EveryoneNow => None,
            Readers::After(moment) => Some(moment),
        };
        let stored = bodies::readable_after(campaign.rules(), bytes.clone(), moment);
        let kept = KeptBodies(BTreeMap::from([(Hash(stored.hash), bytes)]));
        self.ledger.keep(stored);
        kept
    }
}

/// The campaign's files as they were logged: the body that entry 0 names.
///
/// # Errors
/// [`CentreError::Empty`] for a store without a campaign, [`CentreError::Fault`] if its files are not there.
pub async fn logged_files<S: Store>(store: &mut S) -> Result<SourceBundle, CentreError> {
    let opening = store.leaves(0, 1).await?.pop().ok_or(CentreError::Empty)?;
    let hash = bundle_of(&opening.leaf)?;
    let body = store.body(hash.0).await?;
    let files = body.and_then(|body| bodies::read(&body.bytes));
    files.ok_or_else(|| at(0, Fault::BodyMissing { hash }))
}

/// SHA-256 of the campaign's files, as entry 0 names it.
pub(crate) fn bundle_of(opening: &[u8]) -> Result<Hash, CentreError> {
    let entry = Entry::parse(opening)?;
    match Statement::from_parts(entry.kind(), entry.body()) {
        Ok(Statement::Campaign(opened)) => Ok(opened.bundle),
        _ => Err(at(0, Fault::NotOpened)),
    }
}

/// The orders that were sealed last open with this salt.
async fn check_salt<S: Store>(
    ledger: &mut Ledger<S>,
    state: &State,
    salts: &SaltKey,
) -> Result<(), CentreError> {
    let Some((province, index)) = state.newest_orders() else { return Ok(()) };
    let leaf = ledger.leaf(index).await?;
    let said = leaf.and_then(|leaf| Entry::parse(&leaf).ok()).and_then(|entry| statement(&entry).ok());
    let Some(Statement::Orders(said)) = said else { return Ok(()) };
    let body: Option<OrdersBody> = ledger.body(&said.body).await?.and_then(|bytes| bodies::read(&bytes));
    let Some(first) = body.as_ref().and_then(|body| body.orders.first()) else { return Ok(()) };
    let moment = Moment::Hour { day: said.day, hour: said.hour };
    if salts.salt("order", &province, moment, first.unit.as_str()) == first.salt {
        Ok(())
    } else {
        Err(CentreError::OtherSalt { index })
    }
}

/// The centre goes on as the device that opened the log.
fn check_device(logged: DeviceId, given: DeviceId) -> Result<(), CentreError> {
    if logged == given { Ok(()) } else { Err(CentreError::OtherDevice { logged, given }) }
}

pub(crate) fn at(index: u64, fault: Fault) -> CentreError {
    CentreError::Fault { index, fault: Box::new(fault) }
}

fn signers(secrets: &Secrets, campaign: &Campaign) -> Result<HeadSigners, CentreError> {
    let log = secrets.log_key(campaign.id())?;
    let wanted = campaign.rules().cosigners;
    let (here, apart) = (secrets.cosigners.len(), secrets.witnesses.len());
    if wanted as usize != here + apart {
        return Err(CentreError::OtherCosigners { wanted, here, apart });
    }
    let (cosigners, needed) = (secrets.cosigner_keys(campaign.id())?, campaign.rules().cosignatures as usize);
    Ok(HeadSigners { log, cosigners, apart: secrets.witnesses.clone(), needed })
}

fn sign(
    campaign: &Campaign,
    device: &DeviceKey,
    (seq, prev): (u64, Hash),
    statement: &Statement,
    time: Timestamp,
) -> Result<Entry, EntryError> {
    let (kind, body) = statement.to_parts();
    Entry::sign(&EntryDraft { campaign: campaign.id().clone(), seq, prev, time, kind, body }, device)
}

async fn kept_bodies<S: Store>(store: &mut S) -> Result<KeptBodies, CentreError> {
    let mut kept = KeptBodies::default();
    for hash in store.body_hashes().await? {
        if let Some(body) = store.body(hash).await? {
            kept.0.insert(Hash(hash), body.bytes);
        }
    }
    Ok(kept)
}
