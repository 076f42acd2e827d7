//! What can be wrong with an entry: one variant a rule. The centre refuses to write such an entry, an auditor who
//! meets one names it.

use sekong_draw::{CommitmentError, DealError, ReleaseError, ThrowError, VouchError, WalkError};
use sekong_log::{DeviceId, Hash, HeadError, Period};
use sekong_model::{
    Breach, CustodianId, Day, DeclarerId, Hour, Moment, PoolId, PostId, ProvinceId, ShiftId, TeamId, UnitId,
};
use sekong_plan::{GameError, SolveError};

use crate::schedule::Job;

mod amend;
mod anchor;
mod close;
mod double;
mod outage;
mod plant;
mod taken;

pub use amend::AmendFault;
pub(crate) use amend::CORRECTIONS_MAX;
pub use anchor::AnchorFault;
pub(crate) use anchor::HOURS_MAX as ANCHOR_HOURS_MAX;
pub use close::CloseFault;
pub use double::DoubleFault;
pub use outage::OutageFault;
pub use plant::AHEAD_DAYS as PLANT_AHEAD_DAYS;
pub use plant::PlantFault;
pub use taken::Taken;

/// A rule that an entry breaks.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The entry's kind or body is not a statement this version knows.
    #[error("the entry says nothing this version can read: {detail}")]
    Unreadable {
        /// The parser's message.
        detail: String,
    },
    /// The entry names another campaign.
    #[error("the entry belongs to campaign {found}, not {wanted}")]
    OtherCampaign {
        /// Named in the entry.
        found: String,
        /// The campaign of this log.
        wanted: String,
    },
    /// The first entry does not open a campaign.
    #[error("entry 0 must open the campaign")]
    NotOpened,
    /// A second opening.
    #[error("the campaign is open already")]
    OpenedTwice,
    /// The logged campaign files do not make a campaign.
    #[error("the campaign's files do not load: {detail}")]
    CampaignDoesNotLoad {
        /// The loader's first message.
        detail: String,
    },
    /// A device this log never enrolled.
    #[error("device {device} is not enrolled")]
    UnknownDevice {
        /// Its key.
        device: DeviceId,
    },
    /// A device that another one of its team took the place of before what it reports began.
    #[error("device {device} was retired at {retired}: for what began after that another device speaks")]
    Retired {
        /// Its key.
        device: DeviceId,
        /// When the other device was enrolled.
        retired: jiff::Timestamp,
    },
    /// A report on something that began before its device was enrolled.
    #[error("the device was enrolled at {enrolled}, the report claims a beginning at {started}")]
    BegunBefore {
        /// Beginning claimed.
        started: jiff::Timestamp,
        /// When the device was enrolled.
        enrolled: jiff::Timestamp,
    },
    /// A key under which nothing could ever verify.
    #[error("nobody can hold the key {device}: it is no point of Ed25519, or one of small order")]
    WeakKey {
        /// The key.
        device: DeviceId,
    },
    /// A device said something that is not its to say.
    #[error("device {device} may not write entries of this kind")]
    NotItsToSay {
        /// Its key.
        device: DeviceId,
    },
    /// A device's sequence has a gap or a repeat.
    #[error("the device's next entry has sequence {wanted}, this one {found}")]
    Sequence {
        /// Sequence expected.
        wanted: u64,
        /// Sequence in the entry.
        found: u64,
    },
    /// A device's entry does not name the one before it.
    #[error("the device's entry before was {wanted}, this one names {found}")]
    Previous {
        /// Hash of the entry before.
        wanted: Hash,
        /// Hash in the entry.
        found: Hash,
    },
    /// The same thing was logged before; the first one counts.
    #[error("{what} was logged before; the first one counts")]
    LoggedBefore {
        /// Which thing.
        what: String,
    },
    /// Something that must come first is not in the log.
    #[error("{what} must be logged before")]
    Missing {
        /// Which thing.
        what: String,
    },
    /// A body that the log names is not there.
    #[error("the body {hash} is missing")]
    BodyMissing {
        /// SHA-256 in the entry.
        hash: Hash,
    },
    /// A body whose bytes are not what the entry or the rule says.
    #[error("the body {hash} does not hold what it must: {what}")]
    BodyWrong {
        /// SHA-256 in the entry.
        hash: Hash,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A job of the schedule that left no trace in every province.
    #[error("{job}, due at {due}, left no whole trace in the log")]
    Skipped {
        /// The job.
        job: Job,
        /// When it was due.
        due: jiff::Timestamp,
    },
    /// The centre's own times run backwards, or a device's claim lies ahead of them.
    #[error("the entry claims {claimed}, an entry before it {before}")]
    TimeBackwards {
        /// Time claimed by an entry before.
        before: jiff::Timestamp,
        /// Time claimed in the entry.
        claimed: jiff::Timestamp,
    },
    /// A head that was cosigned before the entries under it were written.
    #[error("the head was cosigned at {cosigned}, an entry under it was written at {earliest}")]
    HeadTooEarly {
        /// Time of the cosignature.
        cosigned: jiff::Timestamp,
        /// Time of the newest entry of the centre under it.
        earliest: jiff::Timestamp,
    },
    /// A device's claimed time lies ahead of the newest cosignature.
    #[error("a report claims {claimed}, the head was cosigned at {cosigned}")]
    ClaimAhead {
        /// Time claimed.
        claimed: jiff::Timestamp,
        /// Time of the cosignature.
        cosigned: jiff::Timestamp,
    },
    /// A quoted head that was cosigned after it could have been quoted.
    #[error("the quoted head was cosigned at {cosigned}, after {latest}")]
    HeadTooLate {
        /// Time of the cosignature.
        cosigned: jiff::Timestamp,
        /// Latest time it may have.
        latest: jiff::Timestamp,
    },
    /// Two custodians of one secret.
    #[error("custodians {one} and {other} committed with one secret: each needs its own")]
    OneSecret {
        /// Who committed first.
        one: CustodianId,
        /// Who committed after it.
        other: CustodianId,
    },
    /// A daily die that is no number.
    #[error(
        "a daily die of this campaign is {digits} decimal digits, leading zeros included, not {number:?}"
    )]
    NotANumber {
        /// As logged.
        number: String,
        /// Digits that it has.
        digits: u32,
    },
    /// A release that names another silence than the one noted.
    #[error("the silence noted for this moment is {}, the release names {}", entry(*wanted), entry(*found))]
    OtherSilence {
        /// The one noted.
        wanted: Option<u64>,
        /// The one in the entry.
        found: Option<u64>,
    },
    /// A throw that does not hold.
    #[error("the throw for {moment} does not hold: {source}")]
    Throw {
        /// For which moment.
        moment: Moment,
        /// Why.
        source: ThrowError,
    },
    /// A seat's key that nobody vouches for who may.
    #[error(transparent)]
    Vouched(#[from] VouchError),
    /// Other dice than those that were logged first for a silence.
    #[error("other dice were logged before for a silence of {moment}; the first ones count")]
    ThrownBefore {
        /// The moment.
        moment: Moment,
    },
    /// A report of an inspection that began before its order was given.
    #[error("the order was given at {ordered}, the report claims a beginning at {started}")]
    BegunBeforeOrder {
        /// When the order was sealed.
        ordered: jiff::Timestamp,
        /// Beginning claimed.
        started: jiff::Timestamp,
    },
    /// A box that was opened before it could be.
    #[error(
        "the box was there for this device from {there} on, the entry claims that it was opened at {opened}"
    )]
    OpenedBefore {
        /// When the orders were given and the device enrolled.
        there: jiff::Timestamp,
        /// Time claimed.
        opened: jiff::Timestamp,
    },
    /// A box opened, or an order relayed, so late that it tells nothing of the order.
    #[error("that an order was told counts until {until}, the entry claims {claimed}")]
    ToldLate {
        /// Latest time.
        until: jiff::Timestamp,
        /// Time claimed.
        claimed: jiff::Timestamp,
    },
    /// A throw that names no silence which waits for dice.
    #[error("no silence of {moment} that the throw names waits for dice")]
    NoSilence {
        /// The moment.
        moment: Moment,
    },
    /// A release over another plan or absence list than the one that counts.
    #[error(
        "the release stands on entries {} and {}, those of its moment are {} and {}",
        found.0, found.1, wanted.0, wanted.1
    )]
    OtherBasis {
        /// Plan (or campaign) and absence list that count.
        wanted: (u64, u64),
        /// Those in the entry.
        found: (u64, u64),
    },
    /// A body that everyone may read by now, and cannot.
    #[error("the body {hash} had to be public by {due}")]
    BodyOverdue {
        /// SHA-256 in the entry.
        hash: String,
        /// When it had to be public.
        due: jiff::Timestamp,
    },
    /// An absence that ends before the list's period begins.
    #[error("the absence of team {team} ends on {until}, before the period of the list")]
    AbsenceOver {
        /// Which team.
        team: TeamId,
        /// Its last day.
        until: Day,
    },
    /// A report by a team that was declared away.
    #[error("team {team} was declared away on {day}")]
    Away {
        /// Which team.
        team: TeamId,
        /// The day in the report.
        day: Day,
    },
    /// A report signed before what it tells.
    #[error("the report claims a beginning at {started} and was written at {written}")]
    WrittenBefore {
        /// Beginning claimed.
        started: jiff::Timestamp,
        /// Time claimed in the entry.
        written: jiff::Timestamp,
    },
    /// An order is relayed to a team that has none.
    #[error("team {team} has no order of {moment}: it is not on duty, or away")]
    NoOrder {
        /// The team.
        team: TeamId,
        /// The hour.
        moment: Moment,
    },
    /// A team's absence is confirmed by the office that declares it.
    #[error("the absence of {team} is declared by {by}, which is no second source for it")]
    SameSource {
        /// Who is said to be away.
        team: TeamId,
        /// By whose word.
        by: DeclarerId,
    },
    /// More finds are told apart than there were.
    #[error("{told} finds are told apart by transport and drug, and {found} were counted")]
    MoreFinds {
        /// Vehicles in all lines.
        told: u64,
        /// As counted.
        found: u32,
    },
    /// A name outside this campaign.
    #[error("the campaign has no {what}")]
    Unknown {
        /// Kind and name.
        what: String,
    },
    /// A commitment for the wrong number of values or with a bad signature.
    #[error(transparent)]
    Commitment(#[from] CommitmentError),
    /// A quoted head is not a cosigned head of this log.
    #[error("the quoted head does not open: {0}")]
    Head(#[from] HeadError),
    /// A quoted head with too few cosignatures.
    #[error("the quoted head has {found} cosignatures, the campaign wants {wanted}")]
    TooFewCosignatures {
        /// Cosignatures on the head.
        found: usize,
        /// Cosignatures the campaign wants.
        wanted: usize,
    },
    /// A quoted head that is no prefix of this log.
    #[error("the quoted head of {size} entries has another root than this log at that size")]
    HeadOfAnotherTree {
        /// Size in the head.
        size: u64,
    },
    /// Something was not under a cosigned head when it was used.
    #[error("{what} (entry {index}) was not frozen: the quoted head covers {size} entries")]
    NotFrozen {
        /// Which thing.
        what: &'static str,
        /// Its entry.
        index: u64,
        /// Size of the quoted head.
        size: u64,
    },
    /// A game that cannot be built from the campaign.
    #[error("no game for {province} on {day}: {source}")]
    Game {
        /// Where.
        province: ProvinceId,
        /// When.
        day: Day,
        /// Why.
        source: GameError,
    },
    /// A game without a plan.
    #[error("no plan for {province} on {day}: {source}")]
    NoPlan {
        /// Where.
        province: ProvinceId,
        /// When.
        day: Day,
        /// Why.
        source: SolveError,
    },
    /// The logged plan is not the one that follows from the logged inputs.
    #[error("the {what} of {province} on {day} is {logged}, from the logged inputs it is {recomputed}")]
    OtherPlan {
        /// Game or plan.
        what: &'static str,
        /// Where.
        province: ProvinceId,
        /// When.
        day: Day,
        /// Hash in the log.
        logged: Hash,
        /// Hash recomputed.
        recomputed: Hash,
    },
    /// A release that does not hold.
    #[error("custodian {custodian}'s release does not hold: {source}")]
    Release {
        /// Whose.
        custodian: CustodianId,
        /// Why.
        source: ReleaseError,
    },
    /// Not every custodian released, in campaign order.
    #[error("the releases are not those of all custodians in campaign order")]
    CustodiansDiffer,
    /// A release that the schedule does not know, or before its time.
    #[error("the values of {moment} are due at {due}, the entry claims {claimed}")]
    Early {
        /// Of which moment.
        moment: Moment,
        /// When the campaign's rules release them.
        due: jiff::Timestamp,
        /// Time claimed in the entry.
        claimed: jiff::Timestamp,
    },
    /// A walk that cannot go on.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// A deal that cannot be made.
    #[error("pool {pool} cannot be dealt: {source}")]
    Deal {
        /// Which pool.
        pool: PoolId,
        /// Why.
        source: DealError,
    },
    /// A logged deal or order is not the one that follows from the dice.
    #[error("the {what} of {province} at {moment} is not the one that the dice give")]
    NotDrawn {
        /// Deal or orders.
        what: &'static str,
        /// Where.
        province: ProvinceId,
        /// When.
        moment: Moment,
    },
    /// A team that an order or a deal sends where a rule of the campaign forbids it.
    #[error("team {team} may not hold {post} on {day} at {hour}:00: {breach}")]
    Breach {
        /// Which team.
        team: TeamId,
        /// The post.
        post: PostId,
        /// The day.
        day: Day,
        /// The hour.
        hour: Hour,
        /// The rule.
        breach: Breach,
    },
    /// A team that an order or a deal puts on duty before it had its rest.
    #[error("team {team} is put on shift {shift} of {day} without {rest_hours} hours of rest around it")]
    NoRest {
        /// Which team.
        team: TeamId,
        /// The day.
        day: Day,
        /// The shift.
        shift: ShiftId,
        /// Hours between two duties of a team.
        rest_hours: u32,
    },
    /// A code of another table than the team's, or a table that does not follow on it.
    #[error("team {team}: table {wanted} is the one that counts here, the entry names {found}")]
    OtherTable {
        /// Which team.
        team: TeamId,
        /// Serial number that it must have.
        wanted: u32,
        /// Serial number in the entry.
        found: u32,
    },
    /// A report for a slot that the draw gave nobody, or another unit.
    #[error("the draw placed no inspection of unit {unit} at {post} on {day} at {hour}:00")]
    NotDue {
        /// The unit in the report.
        unit: UnitId,
        /// The post in the report.
        post: PostId,
        /// The day in the report.
        day: Day,
        /// The hour in the report.
        hour: Hour,
    },
    /// A report for another team's slot.
    #[error("team {team} was not dealt to unit {unit} on {day}")]
    OtherTeam {
        /// Whose device reports.
        team: TeamId,
        /// The unit in the report.
        unit: UnitId,
        /// The day in the report.
        day: Day,
    },
    /// A report that quotes another order.
    #[error("the order behind this slot is {wanted}, the report quotes {found}")]
    OtherOrder {
        /// Commitment of the order that sent the team.
        wanted: Hash,
        /// Commitment quoted.
        found: Hash,
    },
    /// A claimed beginning outside the hour.
    #[error("the report claims a beginning at {claimed}, outside the hour that begins at {begins}")]
    OutsideHour {
        /// When the hour begins.
        begins: jiff::Timestamp,
        /// Beginning claimed.
        claimed: jiff::Timestamp,
    },
    /// An absence list that repeats a team.
    #[error("team {team} is on the list twice")]
    AbsentTwice {
        /// Which team.
        team: TeamId,
    },
    /// What is said of earlier entries.
    #[error(transparent)]
    Amend(#[from] AmendFault),
    /// The closing of an hour.
    #[error(transparent)]
    Close(#[from] CloseFault),
    /// An outage of a custodian.
    #[error(transparent)]
    Outage(#[from] OutageFault),
    /// The anchor of another log.
    #[error(transparent)]
    Anchor(#[from] AnchorFault),
    /// Simulants.
    #[error(transparent)]
    Plant(#[from] PlantFault),
    /// A double inspection.
    #[error(transparent)]
    Double(#[from] DoubleFault),
}

fn entry(index: Option<u64>) -> String {
    index.map_or_else(|| "none".to_owned(), |index| format!("entry {index}"))
}

impl Fault {
    pub(crate) fn absences(province: &ProvinceId, period: Period) -> Fault {
        let period = match period {
            Period::Week { week } => format!("week {week}"),
            Period::Day { day } => day.to_string(),
        };
        Fault::Missing { what: format!("the absence list of {province} for {period}") }
    }

    /// The rule's short name, stable for programs that read the verdict.
    pub fn rule(&self) -> &'static str {
        match self {
            Fault::Unreadable { .. } => "statement.readable",
            Fault::OtherCampaign { .. } => "entry.campaign",
            Fault::NotOpened | Fault::OpenedTwice => "campaign.first",
            Fault::CampaignDoesNotLoad { .. } => "campaign.loads",
            Fault::UnknownDevice { .. } => "device.enrolled",
            Fault::Retired { .. } => "device.retired",
            Fault::BegunBefore { .. } => "inspection.enrolled",
            Fault::WeakKey { .. } => "device.key",
            Fault::NotItsToSay { .. } => "device.may-say",
            Fault::Sequence { .. } => "device.sequence",
            Fault::Previous { .. } => "device.previous",
            Fault::LoggedBefore { .. } => "order.first-counts",
            Fault::Missing { .. } => "order.before",
            Fault::BodyMissing { .. } => "body.present",
            Fault::BodyWrong { .. } => "body.content",
            Fault::Skipped { .. } => "schedule.skipped",
            Fault::TimeBackwards { .. } | Fault::ClaimAhead { .. } => "time.order",
            Fault::HeadTooEarly { .. } | Fault::HeadTooLate { .. } => "head.time",
            Fault::OneSecret { .. } => "custodian.own-secret",
            Fault::NotANumber { .. } => "daily-die.number",
            Fault::OtherSilence { .. } => "release.silence",
            Fault::OpenedBefore { .. } => "opened.time",
            Fault::ToldLate { .. } => "told.time",
            Fault::NoSilence { .. } => "throw.silence",
            Fault::Throw { .. } => "throw.holds",
            Fault::Vouched(_) => "officer.vouched",
            Fault::ThrownBefore { .. } => "throw.first",
            Fault::BegunBeforeOrder { .. } => "inspection.ordered",
            Fault::OtherBasis { .. } => "release.basis",
            Fault::BodyOverdue { .. } => "body.overdue",
            Fault::AbsenceOver { .. } => "absences.until",
            Fault::Away { .. } => "inspection.away",
            Fault::WrittenBefore { .. } => "inspection.written",
            Fault::MoreFinds { .. } => "inspection.finds",
            Fault::NoOrder { .. } => "relayed.order",
            Fault::SameSource { .. } => "absences.source",
            Fault::Unknown { .. } => "campaign.names",
            Fault::Commitment(_) => "custodian.commitment",
            Fault::Head(_) => "head.opens",
            Fault::TooFewCosignatures { .. } => "head.cosigned",
            Fault::HeadOfAnotherTree { .. } => "head.prefix",
            Fault::NotFrozen { .. } => "freeze",
            Fault::Game { .. } => "plan.game",
            Fault::NoPlan { .. } => "plan.solves",
            Fault::OtherPlan { .. } => "plan.recomputed",
            Fault::Release { .. } => "release.holds",
            Fault::CustodiansDiffer => "release.all-custodians",
            Fault::Early { .. } => "release.time",
            Fault::Walk(_) => "draw.walk",
            Fault::Deal { .. } => "draw.deal",
            Fault::NotDrawn { .. } => "draw.recomputed",
            Fault::OtherTable { .. } => "table.serial",
            Fault::Breach { breach, .. } => rule_of(*breach),
            Fault::NoRest { .. } => "rules.rest",
            Fault::NotDue { .. } => "inspection.due",
            Fault::OtherTeam { .. } => "inspection.team",
            Fault::OtherOrder { .. } => "inspection.order",
            Fault::OutsideHour { .. } => "inspection.hour",
            Fault::AbsentTwice { .. } => "absences.once",
            Fault::Amend(fault) => fault.rule(),
            Fault::Close(fault) => fault.rule(),
            Fault::Outage(fault) => fault.rule(),
            Fault::Anchor(fault) => fault.rule(),
            Fault::Plant(fault) => fault.rule(),
            Fault::Double(fault) => fault.rule(),
        }
    }
}

fn rule_of(breach: Breach) -> &'static str {
    match breach {
        Breach::Jurisdiction => "rules.jurisdiction",
        Breach::Access => "rules.access",
        Breach::WetSeason => "rules.wet-season",
        Breach::Night => "rules.night",
        Breach::Crew { .. } => "rules.crew",
        Breach::Boat => "rules.boat",
    }
}
