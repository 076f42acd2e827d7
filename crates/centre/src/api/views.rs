//! What the API answers, as JSON: one type an answer. Nothing here computes.

use jiff::Timestamp;
use sekong_log::{BoxKey, CorrectionReason, DeviceId, Hash, PersonRecord, SilenceReason, Statement};
use sekong_model::{
    AnchorId, CustodianId, Day, Drug, Find, Hour, Moment, Order, PostId, ProvinceId, TeamId, Transport,
    UnitId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

/// The centre's time and how far its schedule is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClockView {
    /// The centre's time.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// Campaign seconds that pass in a second: 1 but for a demo.
    pub speed: f64,
    /// Whether this is a demo: simulated people, sign-in without a key.
    pub demo: bool,
    /// The campaign's time zone.
    pub time_zone: String,
    /// Its offset, seconds east of UTC; it does not change during the campaign.
    pub utc_offset_seconds: i32,
    /// The local day of `now`.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// The local hour of `now`.
    #[schema(value_type = u8)]
    pub hour: Hour,
    /// The scheduler.
    pub schedule: ScheduleView,
    /// The cosigners whose lines the newest head of the log lacks; an alarm.
    pub missing_cosigners: Vec<MissingView>,
    /// The logs of others whose heads are anchored in this one every hour.
    pub anchors: Vec<AnchorView>,
}

/// How it stands with what lies on the centre's disk; all but the first is an alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiskView {
    /// When the last nightly scrub ended; none before the first night since the centre started.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub scrubbed: Option<Timestamp>,
    /// What it found, if anything is wrong.
    pub found: Option<String>,
    /// Why nothing is written now, if so: reports are refused and jobs wait.
    pub closed: Option<String>,
    /// Why the published folder lags behind the log, if it does.
    pub unpublished: Option<String>,
}

/// How a log of others is anchored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AnchorView {
    /// Its name.
    #[schema(value_type = String)]
    pub id: AnchorId,
    /// Whose it is, and of what.
    pub title: String,
    /// Begin of the last hour that it was anchored for; none if it never was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last: Option<Timestamp>,
    /// Whether it should have been anchored again by now; an alarm.
    pub overdue: bool,
}

/// A cosigner that did not cosign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MissingView {
    /// Name of its key.
    pub name: String,
    /// Why.
    pub why: String,
    /// Since when it gives none, by the centre's clock; none if that was so when the centre began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}

/// How far the schedule is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleView {
    /// Everything due up to here is done.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub done_until: Option<Timestamp>,
    /// The first job that is not done.
    pub next: Option<JobView>,
    /// What the next job waits for, past its time; an alarm.
    pub waiting: Option<String>,
    /// Why the scheduler stopped for good; an alarm.
    pub stopped: Option<String>,
}

/// A job of the schedule, in every province.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct JobView {
    /// `plan`, `freeze`, `draw` or `close`.
    pub kind: String,
    /// The week that it is for, counted from 0.
    pub week: Option<u32>,
    /// The day that it is for.
    #[schema(value_type = Option<String>, format = Date)]
    pub day: Option<Day>,
    /// The hour that it is for.
    #[schema(value_type = Option<u8>)]
    pub hour: Option<Hour>,
    /// When it is due.
    #[schema(value_type = String, format = DateTime)]
    pub due: Timestamp,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionView {
    /// The role, e.g. `duty-officer`.
    pub role: String,
    /// The team, for the role `team`.
    #[schema(value_type = Option<String>)]
    pub team: Option<TeamId>,
}

/// The campaign as screens need it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CampaignView {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its time zone.
    pub time_zone: String,
    /// Seconds east of UTC.
    pub utc_offset_seconds: i32,
    /// Its first day.
    #[schema(value_type = String, format = Date)]
    pub first_day: Day,
    /// Its last day.
    #[schema(value_type = String, format = Date)]
    pub last_day: Day,
    /// Its provinces, in campaign order.
    pub provinces: Vec<ProvinceView>,
    /// Its posts, in campaign order.
    pub posts: Vec<PostView>,
    /// Its shifts, in order of the day.
    pub shifts: Vec<ShiftView>,
    /// Its teams, in campaign order.
    pub teams: Vec<TeamView>,
    /// The rules a screen must know.
    pub rules: RulesView,
}

/// A province.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProvinceView {
    /// Its slug.
    #[schema(value_type = String)]
    pub id: ProvinceId,
    /// English name.
    pub name_en: String,
    /// Khmer name.
    pub name_km: Option<String>,
    /// Lao name.
    pub name_lo: Option<String>,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PostView {
    /// Its id.
    #[schema(value_type = String)]
    pub id: PostId,
    /// Its province.
    #[schema(value_type = String)]
    pub province: ProvinceId,
    /// English name.
    pub name_en: String,
    /// Khmer name.
    pub name_km: Option<String>,
    /// What it is.
    pub kind: String,
    /// What is known of its state.
    pub status: String,
    /// Degrees east, WGS 84.
    pub lon: f64,
    /// Degrees north, WGS 84.
    pub lat: f64,
    /// Where the knowledge of it comes from: `documented`, `village proxy`, `stand-in`, `derived` or `placed`.
    pub provenance: String,
    /// Whether it is drawn hollow, for its place is not known.
    pub hollow: bool,
    /// Whether it is reached by boat only.
    pub boat: bool,
}

/// A shift.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShiftView {
    /// Its name.
    pub id: String,
    /// Its first hour.
    #[schema(value_type = u8)]
    pub start: Hour,
    /// Its length.
    pub length_hours: u8,
}

/// A team, under its pseudonym.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TeamView {
    /// Its pseudonym.
    #[schema(value_type = String)]
    pub id: TeamId,
    /// Its province.
    #[schema(value_type = String)]
    pub province: ProvinceId,
    /// Its pool.
    pub pool: String,
    /// Its agency.
    pub agency: String,
}

/// Rules of the campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RulesView {
    /// Minutes before an hour at which its orders are drawn, unless a shift begins with it.
    pub lead_minutes: u32,
    /// Minutes before a shift's first hour at which its orders are drawn.
    pub enter_lead_minutes: u32,
    /// Minutes after an hour's beginning from which an inspection is late.
    pub late_minutes: u32,
    /// Minutes after an hour's beginning from which a report counts as arrived late.
    pub missed_minutes: u32,
    /// Hours after which auditors see values, deals and orders, from the end of all that they decide.
    pub auditors_after_hours: u32,
    /// Days after which the public sees them, likewise.
    pub public_after_days: u32,
}

/// Posts × 24 hours of one day: plan and fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoardView {
    /// The centre's time.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// The day shown.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// Entries that this picture is made of.
    pub log_size: u64,
    /// When the head over them was cosigned.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub head_at: Option<Timestamp>,
    /// One line a post, in campaign order.
    pub posts: Vec<BoardLine>,
}

/// A post's day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoardLine {
    /// The post.
    #[schema(value_type = String)]
    pub post: PostId,
    /// 24 slots, by hour.
    pub hours: Vec<SlotView>,
}

/// A post in an hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SlotView {
    /// Inclusion probability of the plan; `null` where no unit reaches the slot or no plan is logged yet.
    pub probability: Option<f64>,
    /// Whether this viewer may see by now what the draw placed here.
    pub revealed: bool,
    /// What the draw placed here, as far as revealed; usually none or one.
    pub inspections: Vec<InspectionView>,
}

/// What became of an inspection that the draw placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InspectionState {
    /// Its hour has not begun.
    Ahead,
    /// Its hour has begun, its report may still come in time.
    Due,
    /// Begun and reported in time.
    Done,
    /// Begun late by the team's own word.
    Late,
    /// First cosigned after the time for reports.
    LateArrived,
    /// Not reported by now, and the time for reports is over.
    Missed,
}

/// An inspection that the draw placed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionView {
    /// The unit.
    #[schema(value_type = String)]
    pub unit: UnitId,
    /// The team dealt to it.
    #[schema(value_type = String)]
    pub team: TeamId,
    /// Whether the team was away and took part in the deal as a ghost: nobody comes.
    pub away: bool,
    /// What became of it.
    pub state: InspectionState,
    /// The team's report.
    pub report: Option<ReportView>,
}

/// A team's report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportView {
    /// Index of its entry in the log.
    pub index: u64,
    /// When the team says it began.
    #[schema(value_type = String, format = DateTime)]
    pub started: Timestamp,
    /// Vehicles, boats and people on foot that passed.
    pub passed: u32,
    /// Of these, inspected.
    pub inspected: u32,
    /// Of these, with a find.
    pub found: u32,
    /// The finds by transport and drug, as far as the team told them apart.
    pub finds: Vec<FindView>,
    /// What the team corrected afterwards, in order; the last one is its newest word.
    pub corrections: Vec<CorrectionView>,
}

/// A team's correction of its report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CorrectionView {
    /// Index of its entry in the log.
    pub index: u64,
    /// `miscounted`, `mistyped` or `rechecked`.
    #[schema(value_type = String)]
    pub reason: CorrectionReason,
    /// Vehicles, boats and people on foot that passed.
    pub passed: u32,
    /// Of these, inspected.
    pub inspected: u32,
    /// Of these, with a find.
    pub found: u32,
    /// The finds by transport and drug, as far as they were told apart.
    pub finds: Vec<FindView>,
}

/// Finds of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FindView {
    /// By the closed list of transports.
    #[schema(schema_with = transports)]
    pub transport: Transport,
    /// By the closed list of drugs.
    #[schema(schema_with = drugs)]
    pub drug: Drug,
    /// Vehicles, boats and people on foot with it.
    pub vehicles: u32,
}

fn transports() -> Object {
    listed("What it crossed with.", &Transport::ALL.map(Transport::name))
}

fn drugs() -> Object {
    listed("The most of what was found.", &Drug::ALL.map(Drug::name))
}

/// One of a closed list.
fn listed(what: &str, names: &[&str]) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(what));
    text.enum_values(Some(names.iter().copied())).build()
}

impl FindView {
    /// A line of a report.
    pub(crate) fn of(of: &Find) -> FindView {
        FindView { transport: of.transport, drug: of.drug, vehicles: of.vehicles }
    }
}

/// A person's record, as it is shown to who has a case and a purpose.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PersonView {
    /// Index of the entry that says who looked, and why.
    pub index: u64,
    /// Index of the entry that commits to the record.
    pub entry: u64,
    /// The salt of the commitment.
    #[schema(value_type = String)]
    pub salt: Hash,
    /// The record.
    #[schema(value_type = Object)]
    pub record: PersonRecord,
}

/// One inspection with what proves it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct InspectionDetail {
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// The hour.
    #[schema(value_type = u8)]
    pub hour: Hour,
    /// The post.
    #[schema(value_type = String)]
    pub post: PostId,
    /// The province.
    #[schema(value_type = String)]
    pub province: ProvinceId,
    /// Inclusion probability of the slot.
    pub probability: Option<f64>,
    /// The inspection.
    pub inspection: InspectionView,
    /// Commitment of the order that sends the team.
    #[schema(value_type = Option<String>)]
    pub order: Option<Hash>,
    /// Index of the entry that sealed the order.
    pub order_index: Option<u64>,
    /// Index of the day's plan.
    pub plan_index: Option<u64>,
    /// What the record may claim.
    pub evidence: EvidenceView,
}

/// What a record may claim: the ladder of DESIGN section 7, and no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EvidenceView {
    /// `none`, `R1` (signed) or `R2` (timed).
    pub rung: String,
    /// The report was not written before: time of the order's entry, or of the head that the report quotes if that is newer.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_before: Option<Timestamp>,
    /// The report was not logged after: time of the first known cosignature above it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub not_after: Option<Timestamp>,
}

/// An entry with the proof that it is in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReceiptView {
    /// Index of the entry.
    pub index: u64,
    /// The entry's exact bytes, canonical JSON.
    pub entry: String,
    /// RFC 6962 leaf hash of the entry.
    #[schema(value_type = String)]
    pub leaf_hash: Hash,
    /// RFC 6962 inclusion proof, from the leaf up.
    #[schema(value_type = Vec<String>)]
    pub proof: Vec<Hash>,
    /// The cosigned head that the proof leads to: a C2SP signed note.
    pub head: String,
}

/// A team's own duty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrdersView {
    /// The centre's time.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// The team.
    #[schema(value_type = String)]
    pub team: TeamId,
    /// The team's device, once enrolled.
    pub device: Option<DeviceView>,
    /// Serial number of the team's table for relayed orders; codes of an earlier one count for nothing.
    pub table: u32,
    /// The boxes of the hours asked for and later ones, for a device with a box key: what they hold is known to it alone.
    pub boxes: Vec<BoxView>,
    /// The newest order; `null` while the team is not on duty, and for a device with a box key.
    pub standing: Option<OrderView>,
    /// Inspections that orders already given to this team lead to, of the last 48 hours, oldest first; for a device with a
    /// box key only those that are reported or whose time for reports is over: what lies ahead and what runs is in its boxes.
    pub duties: Vec<DutyView>,
}

/// A device's place in its own chain of entries.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeviceView {
    /// Its public key.
    #[schema(value_type = String)]
    pub id: DeviceId,
    /// Sequence number of its next entry.
    pub next_sequence: u64,
    /// Hash of its last entry, which the next one names.
    #[schema(value_type = String)]
    pub previous: Hash,
}

/// An order, opened for the team it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OrderView {
    /// The province.
    #[schema(value_type = String)]
    pub province: ProvinceId,
    /// The unit the team serves.
    #[schema(value_type = String)]
    pub unit: UnitId,
    /// The day of the hour the order is for.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// The hour the order is for.
    #[schema(value_type = u8)]
    pub hour: Hour,
    /// `{"do":"stay"}`, `{"do":"drive","post":…}` or `{"do":"stand-down"}`.
    #[schema(value_type = Object)]
    pub order: Order,
    /// Where the next inspection is.
    #[schema(value_type = Option<String>)]
    pub next_post: Option<PostId>,
    /// Its hour.
    #[schema(value_type = Option<u8>)]
    pub next_hour: Option<Hour>,
    /// Whether a die was thrown for it; else it repeats what stands.
    pub thrown: bool,
    /// The commitment that the log holds.
    #[schema(value_type = String)]
    pub commitment: Hash,
    /// Canonical JSON that opens the commitment.
    pub opening: String,
    /// Index of the entry that sealed it.
    pub index: u64,
}

/// An inspection a team was ordered to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DutyView {
    /// The province.
    #[schema(value_type = String)]
    pub province: ProvinceId,
    /// The unit.
    #[schema(value_type = String)]
    pub unit: UnitId,
    /// The post.
    #[schema(value_type = String)]
    pub post: PostId,
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// The hour.
    #[schema(value_type = u8)]
    pub hour: Hour,
    /// When the hour begins.
    #[schema(value_type = String, format = DateTime)]
    pub begins: Timestamp,
    /// When the time for its report ends.
    #[schema(value_type = String, format = DateTime)]
    pub deadline: Timestamp,
    /// Commitment of the order that sends the team: the report quotes it.
    #[schema(value_type = String)]
    pub order: Hash,
    /// What became of it.
    pub state: InspectionState,
    /// The team's report.
    pub report: Option<ReportView>,
}

/// A device to enrol for the team that is signed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDevice {
    /// Its Ed25519 public key, 64 lowercase hexadecimal digits.
    #[schema(value_type = String)]
    pub device: DeviceId,
    /// Its X25519 public key, to which its orders are sealed; without one they are shown as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub box_key: Option<BoxKey>,
}

/// A device that was enrolled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EnrolledView {
    /// Index of the entry.
    pub index: u64,
    /// The team's table for relayed orders: a new one, if the device took another's place.
    pub table: TableView,
}

/// A box of the team's own, sealed to its device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BoxView {
    /// The province.
    #[schema(value_type = String)]
    pub province: ProvinceId,
    /// The day of the hour.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// The hour whose orders it holds.
    #[schema(value_type = u8)]
    pub hour: Hour,
    /// The box, in hexadecimal digits; all have the same size.
    pub sealed: String,
    /// Whether it was sealed anew, to a device that the team was given after the orders were sealed: then no root holds the
    /// box, and the order in it must still open a commitment of the entry.
    pub renewed: bool,
    /// Whether the team said already that it opened the orders of this hour.
    pub opened: bool,
    /// Index of the entry that holds the root over all boxes of the province-hour.
    pub index: u64,
    /// Its place among them; 0 if it was sealed anew.
    pub place: u64,
    /// RFC 6962 inclusion proof under that root; the leaf is the box. Empty if it was sealed anew.
    #[schema(value_type = Vec<String>)]
    pub proof: Vec<Hash>,
}

/// The key of a team's table for relayed orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TableView {
    /// Its serial number: 0, and one more each time that it was replaced.
    pub serial: u32,
    /// Sealed to the team's device, in hexadecimal digits; `null` for a device without a box key.
    pub sealed: Option<String>,
}

/// An order that was relayed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RelayView {
    /// Index of the entry that says so.
    pub index: u64,
    /// Nine digits to be read out; the team looks them up in its table.
    pub code: String,
    /// Serial number of that table.
    pub table: u32,
    /// The day of the hour.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// The hour that the order is for.
    #[schema(value_type = u8)]
    pub hour: Hour,
    /// Why the SMS gateway did not take it; then read it out.
    pub not_sent: Option<String>,
}

/// Teams on duty that were not heard of in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverdueListView {
    /// The centre's time.
    #[schema(value_type = String, format = DateTime)]
    pub now: Timestamp,
    /// Of the last hours, by province and hour.
    pub overdue: Vec<OverdueView>,
}

/// A team on duty that was not heard of in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct OverdueView {
    /// The province.
    #[schema(value_type = String)]
    pub province: ProvinceId,
    /// The unit it serves.
    #[schema(value_type = String)]
    pub unit: UnitId,
    /// The team.
    #[schema(value_type = String)]
    pub team: TeamId,
    /// The day of the hour.
    #[schema(value_type = String, format = Date)]
    pub day: Day,
    /// The hour.
    #[schema(value_type = u8)]
    pub hour: Hour,
    /// When it was due.
    #[schema(value_type = String, format = DateTime)]
    pub by: Timestamp,
}

/// Where an entry stands in the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LoggedView {
    /// Its index.
    pub index: u64,
}

/// What an entry says, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is the statement of the same name")]
pub enum KindView {
    Campaign,
    Custodian,
    PublicDice,
    Officer,
    Outage,
    DailyDie,
    Silence,
    Enrol,
    Absences,
    Plan,
    Release,
    Deal,
    Orders,
    Opened,
    Relayed,
    Table,
    Inspection,
    Correction,
    Close,
    Equivocation,
    Erasure,
    Look,
    Anchor,
    Plant,
    PlantRevealed,
    Double,
}

impl From<&Statement> for KindView {
    fn from(said: &Statement) -> KindView {
        match said {
            Statement::Campaign(_) => KindView::Campaign,
            Statement::Custodian(_) => KindView::Custodian,
            Statement::PublicDice(_) => KindView::PublicDice,
            Statement::Officer(_) => KindView::Officer,
            Statement::Outage(_) => KindView::Outage,
            Statement::DailyDie(_) => KindView::DailyDie,
            Statement::Silence(_) => KindView::Silence,
            Statement::Enrol(_) => KindView::Enrol,
            Statement::Absences(_) => KindView::Absences,
            Statement::Plan(_) => KindView::Plan,
            Statement::Release(_) => KindView::Release,
            Statement::Deal(_) => KindView::Deal,
            Statement::Orders(_) => KindView::Orders,
            Statement::Opened(_) => KindView::Opened,
            Statement::Relayed(_) => KindView::Relayed,
            Statement::Table(_) => KindView::Table,
            Statement::Inspection(_) => KindView::Inspection,
            Statement::Correction(_) => KindView::Correction,
            Statement::Close(_) => KindView::Close,
            Statement::Equivocation(_) => KindView::Equivocation,
            Statement::Erasure(_) => KindView::Erasure,
            Statement::Look(_) => KindView::Look,
            Statement::Anchor(_) => KindView::Anchor,
            Statement::Plant(_) => KindView::Plant,
            Statement::PlantRevealed(_) => KindView::PlantRevealed,
            Statement::Double(_) => KindView::Double,
        }
    }
}

/// An entry of the log as the event stream tells it; the event's id is the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EventView {
    /// Index of the entry.
    pub index: u64,
    /// When its device says it was written.
    #[schema(value_type = String, format = DateTime)]
    pub time: Timestamp,
    /// Its device.
    #[schema(value_type = String)]
    pub device: DeviceId,
    /// What kind of thing it says.
    pub kind: KindView,
    /// What it says, exactly as logged.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
}

/// A problem, RFC 9457.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProblemView {
    /// `urn:sekong:problem:` and a name that programs may rely on.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of problem it is, in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// The field that is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// How to mend it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Every silence noted so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SilencesView {
    /// By province and moment.
    pub silences: Vec<SilenceView>,
}

/// Custodians that did not answer in time for a moment of a province.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SilenceView {
    /// The province.
    #[schema(value_type = String)]
    pub province: ProvinceId,
    /// The moment: `{day, hour}` or `{week}`.
    #[schema(value_type = Object)]
    pub moment: Moment,
    /// Index of the entry that noted it.
    pub index: u64,
    /// Leaf hash of that entry, which a throw names.
    #[schema(value_type = String)]
    pub leaf: Hash,
    /// Whose values dice replace.
    pub silent: Vec<SilentView>,
    /// Whether the draw still waits for dice.
    pub waits: bool,
}

/// A custodian that did not answer, and what its answer lacked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SilentView {
    /// The custodian.
    #[schema(value_type = String)]
    pub custodian: CustodianId,
    /// `no_answer`, `refused`, `other_time`, `other_moment`, `other_entries`, `other_value` or `not_signed`.
    #[schema(value_type = String)]
    pub reason: SilenceReason,
}
