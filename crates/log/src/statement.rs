//! What entries say: one type for each step of the campaign, written by the centre and the devices, read by anyone.
//!
//! Statements stand in clear, so they hold nothing that must stay secret: values, deals and orders enter by the
//! SHA-256 of a body that carries its own randomness and is published when its release rule allows.

use std::fmt;

use jiff::Timestamp;
use sekong_model::{
    CampaignId, Counts, CustodianId, Day, DeclarerId, Finds, Hour, Moment, OfficerId, PostId, ProvinceId,
    TeamId, UnitId,
};
use serde::de::value::MapDeserializer;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{BoxKey, DeviceId, Hash, PersonCommitted, Remark};

mod amend;
mod anchor;
mod double;
mod plant;

pub use amend::{
    CorrectionReason, EquivocationShown, ErasureGround, InspectionCorrected, LookPurpose, Looker,
    PersonErased, PersonLookedUp,
};
pub use anchor::{ANCHOR_TAG, AnchorOpening, HeadAnchored};
pub use double::{InspectedTwice, TwiceError};
pub use plant::{PLANT_TAG, Plant, PlantCommitted, PlantRevealed, PlantVisit};

/// The content of an entry: `kind` names the step, `body` holds its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case", deny_unknown_fields)]
pub enum Statement {
    /// The campaign opens; always entry 0.
    Campaign(CampaignOpened),
    /// A custodian commits to all its values.
    Custodian(CustodianCommitted),
    /// Dice thrown in public after the custodians committed.
    PublicDice(PublicDice),
    /// A seat whose holder may throw dice gets a key.
    Officer(OfficerEnrolled),
    /// A custodian says ahead that it will not answer for a while.
    Outage(OutagePlanned),
    /// A public number of the day enters the seeds.
    DailyDie(DailyDie),
    /// Custodians did not answer in time.
    Silence(SilenceNoted),
    /// A device is given to a team.
    Enrol(Enrolled),
    /// Who is away is frozen, before the deal.
    Absences(AbsencesFrozen),
    /// The plan of a province-day.
    Plan(PlanLogged),
    /// The custodians released their values for a moment.
    Release(Released),
    /// Teams were dealt by lot.
    Deal(Dealt),
    /// Orders were sealed.
    Orders(OrdersSealed),
    /// A team's device opened its box.
    Opened(BoxOpened),
    /// An order was read out or sent as a code to a team without a data network.
    Relayed(OrderRelayed),
    /// A team's table of codes is replaced.
    Table(TableReplaced),
    /// A team reports an inspection.
    Inspection(InspectionReported),
    /// A team corrects a report.
    Correction(InspectionCorrected),
    /// The time for reports on an hour ran out.
    Close(HourClosed),
    /// A device signed two entries with one sequence number.
    Equivocation(EquivocationShown),
    /// A person's record is erased.
    Erasure(PersonErased),
    /// Somebody looked at a person's record.
    Look(PersonLookedUp),
    /// A head of another log is committed to.
    Anchor(HeadAnchored),
    /// Simulants are committed to.
    Plant(PlantCommitted),
    /// What was planted, and what was found of it.
    PlantRevealed(PlantRevealed),
    /// Vehicles of a visit were searched again.
    Double(InspectedTwice),
}

impl Statement {
    /// Kind and body as an entry holds them.
    pub fn to_parts(&self) -> (String, Value) {
        let mut whole = serde_json::to_value(self).expect("statements are plain maps with text keys");
        let mut part = |name: &str| whole.get_mut(name).map(Value::take).unwrap_or_default();
        let (kind, body) = (part("kind"), part("body"));
        (kind.as_str().unwrap_or_default().to_owned(), body)
    }

    /// The records of persons that it commits to.
    pub fn persons(&self) -> &[PersonCommitted] {
        match self {
            Statement::Inspection(said) => &said.persons,
            Statement::Correction(said) => &said.persons,
            _ => &[],
        }
    }

    /// The body that it names by SHA-256, and the moment until whose end that is sealed; `None` for one that is open at once.
    pub fn named_body(&self) -> Option<(Hash, Option<Moment>)> {
        Some(match self {
            Statement::Campaign(said) => (said.bundle, None),
            Statement::Plan(said) => (said.plan, None),
            Statement::Equivocation(said) => (said.other, None),
            Statement::Release(said) => (said.values, Some(said.moment)),
            Statement::Silence(said) => (said.received, Some(said.moment)),
            Statement::Deal(said) => (said.deal, Some(said.moment)),
            Statement::Orders(said) => (said.body, Some(Moment::Hour { day: said.day, hour: said.hour })),
            Statement::Custodian(_)
            | Statement::PublicDice(_)
            | Statement::Officer(_)
            | Statement::Outage(_)
            | Statement::DailyDie(_)
            | Statement::Enrol(_)
            | Statement::Absences(_)
            | Statement::Opened(_)
            | Statement::Relayed(_)
            | Statement::Table(_)
            | Statement::Inspection(_)
            | Statement::Correction(_)
            | Statement::Close(_)
            | Statement::Erasure(_)
            | Statement::Look(_)
            | Statement::Anchor(_)
            | Statement::Plant(_)
            | Statement::PlantRevealed(_)
            | Statement::Double(_) => return None,
        })
    }

    /// The statement of an entry's kind and body.
    ///
    /// # Errors
    /// [`StatementError`], if the kind is unknown, the body does not fit it, or says it in another spelling than ours: a
    /// log that nobody can erase has no room for free text, not even between the lines of a date.
    pub fn from_parts(kind: &str, body: &Value) -> Result<Statement, StatementError> {
        let kind = Value::from(kind);
        let parts = [("kind", &kind), ("body", body)];
        let statement = Statement::deserialize(MapDeserializer::new(parts.into_iter()))?;
        let (_, spelled) = statement.to_parts();
        if spelled == *body {
            return Ok(statement);
        }
        match other_spelling(&spelled, body, "body") {
            Some(field) => Err(StatementError::Spelling { field }),
            None => Ok(statement),
        }
    }
}

/// Why an entry's kind and body are no statement.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// The kind is unknown, or the body does not fit it.
    #[error(transparent)]
    Fit(#[from] serde_json::Error),
    /// A value can be read but is written otherwise than this log writes it.
    #[error(
        "{field} has another spelling than the one of this log (times in UTC like 2017-01-08T07:05:00Z, days like 2017-01-08)"
    )]
    Spelling {
        /// Where, e.g. `body.started`.
        field: String,
    },
}

/// The first place at which two bodies differ.
fn other_spelling(ours: &Value, theirs: &Value, place: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let other = ours.keys().chain(theirs.keys()).find_map(|name| {
                let [ours, theirs] = [ours, theirs].map(|fields| fields.get(name).unwrap_or(&Value::Null));
                other_spelling(ours, theirs, &format!("{place}.{name}"))
            });
            other.or_else(|| (ours.len() != theirs.len()).then(|| place.to_owned()))
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            let mut pairs = ours.iter().zip(theirs).enumerate();
            pairs.find_map(|(at, (ours, theirs))| other_spelling(ours, theirs, &format!("{place}[{at}]")))
        }
        (ours, theirs) => (ours != theirs).then(|| place.to_owned()),
    }
}

/// The campaign opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CampaignOpened {
    /// The campaign.
    pub campaign: CampaignId,
    /// SHA-256 of the body that holds the campaign's files.
    pub bundle: Hash,
}

/// A custodian commits to one value for every province-week and province-hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustodianCommitted {
    /// Who.
    pub custodian: CustodianId,
    /// Its Ed25519 public key, which signs its releases.
    pub key: DeviceId,
    /// RFC 6962 root over its values in canonical order.
    pub root: Hash,
    /// Number of values under the root.
    pub values: u64,
    /// Its Ed25519 signature over the commitment, 64 bytes in lowercase hex.
    pub signature: String,
}

/// Dice thrown in public; they enter every seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublicDice {
    /// The throw, 32 bytes.
    pub dice: Hash,
    /// How it was thrown, in words.
    pub method: Remark,
    /// The cosigned head under which every custodian had committed before.
    pub head: String,
}

/// A seat whose holder may throw dice gets a key; a new one retires the one before, and needs somebody to vouch for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerEnrolled {
    /// The seat.
    pub officer: OfficerId,
    /// Its holder's Ed25519 public key.
    pub key: DeviceId,
    /// Who vouches for it: nobody for a seat's first key before the public dice; else the seat's key before, or, if that
    /// was lost, two officers of two other bodies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vouchers: Vec<SeatSignature>,
}

/// An officer's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeatSignature {
    /// The seat.
    pub officer: OfficerId,
    /// Ed25519 signature, 64 bytes in lowercase hex.
    pub signature: String,
}

/// A custodian says ahead that it will not answer for a while: the draws of that time do without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutagePlanned {
    /// Who.
    pub custodian: CustodianId,
    /// First instant at which it will not answer.
    pub from: Timestamp,
    /// First instant after that at which it will.
    pub until: Timestamp,
    /// Its Ed25519 signature, 64 bytes in lowercase hex.
    pub signature: String,
}

/// A public number, announced after the freeze by someone whom neither centre nor custodians command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DailyDie {
    /// The day or week whose seeds it enters.
    pub period: Period,
    /// The number as announced: as many decimal digits as the campaign says, by the source that it names.
    pub number: String,
    /// The cosigned head under which the absences of every province were frozen before.
    pub head: String,
}

/// What a custodian's answer lacked: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilenceReason {
    /// There was none.
    NoAnswer,
    /// It refused.
    Refused,
    /// It is signed before it was due, or after it came.
    OtherTime,
    /// It is for another province or moment.
    OtherMoment,
    /// It is signed over another plan or absence list.
    OtherEntries,
    /// It is not the value that was committed to.
    OtherValue,
    /// It is not signed by the custodian.
    NotSigned,
}

impl fmt::Display for SilenceReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SilenceReason::NoAnswer => "no answer",
            SilenceReason::Refused => "it refused",
            SilenceReason::OtherTime => "signed at another time",
            SilenceReason::OtherMoment => "for another moment",
            SilenceReason::OtherEntries => "over other entries",
            SilenceReason::OtherValue => "another value than committed",
            SilenceReason::NotSigned => "not signed by it",
        })
    }
}

/// A custodian whose value is replaced by a throw of dice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilentCustodian {
    /// Who.
    pub custodian: CustodianId,
    /// Why its value does not count.
    pub reason: SilenceReason,
}

/// Custodians did not answer in time. What the others answered is fixed here, before anyone throws dice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilenceNoted {
    /// Where.
    pub province: ProvinceId,
    /// For which moment.
    pub moment: Moment,
    /// Whose values are replaced, in campaign order.
    pub silent: Vec<SilentCustodian>,
    /// The cosigned head under which the custodians were shown what the moment is drawn over.
    pub head: String,
    /// SHA-256 of the body that holds the releases of the others.
    pub received: Hash,
}

/// A device is given to a team. If it takes another's place, the team's table of codes is replaced with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// The team.
    pub team: TeamId,
    /// The device's public key.
    pub device: DeviceId,
    /// The key to which its orders are sealed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub box_key: Option<BoxKey>,
}

/// The days an absence list is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged, try_from = "PeriodParts")]
pub enum Period {
    /// A week of the campaign, before its teams are dealt to shifts.
    Week {
        /// Weeks since the campaign began.
        week: u32,
    },
    /// A day, before its teams are dealt to units.
    Day {
        /// The day.
        day: Day,
    },
}

/// What a period is read from, so that what is no period is told from what it lacks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeriodParts {
    week: Option<u32>,
    day: Option<Day>,
}

impl TryFrom<PeriodParts> for Period {
    type Error = &'static str;
    fn try_from(parts: PeriodParts) -> Result<Period, &'static str> {
        match (parts.week, parts.day) {
            (Some(week), None) => Ok(Period::Week { week }),
            (None, Some(day)) => Ok(Period::Day { day }),
            _ => Err("a period is {\"week\": 3} or {\"day\": \"2017-01-31\"}"),
        }
    }
}

/// Why a team is away: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbsenceReason {
    /// Too few of the team are fit for duty.
    Illness,
    /// Training ordered before the week began.
    Training,
    /// Called to give evidence.
    Court,
    /// The team's vehicle or boat is broken.
    Vehicle,
}

/// One team's absence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Absence {
    /// Who is away.
    pub team: TeamId,
    /// Why.
    pub reason: AbsenceReason,
    /// The office that declared it.
    pub declared_by: DeclarerId,
    /// Last day away.
    pub until: Day,
    /// The second source that confirms it.
    pub second_source: Remark,
}

/// Who is away in a province and period, frozen before the deal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AbsencesFrozen {
    /// Where.
    pub province: ProvinceId,
    /// When.
    pub period: Period,
    /// The teams away; they still take part in the deal, as ghosts.
    pub absent: Vec<Absence>,
    /// The cosigned head under which the day's plan was frozen before.
    pub head: String,
}

/// The plan of a province-day; the first one logged is the one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanLogged {
    /// Where.
    pub province: ProvinceId,
    /// For which day.
    pub day: Day,
    /// SHA-256 of the game's RFC 8785 form.
    pub game: Hash,
    /// SHA-256 of the plan's RFC 8785 form, a body.
    pub plan: Hash,
}

/// The custodians' values for a moment, by the hash of their body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Released {
    /// Where.
    pub province: ProvinceId,
    /// For which moment.
    pub moment: Moment,
    /// Index of the entry drawn over: the day's plan, or the campaign for a week's deal.
    pub basis: u64,
    /// Index of the absence list that was frozen before.
    pub absences: u64,
    /// The cosigned head under which both were frozen.
    pub head: String,
    /// SHA-256 of the body that holds the custodians' signed releases, and the throw where one was silent.
    pub values: Hash,
    /// Index of the entry that noted a silence before; such a moment is degraded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub silence: Option<u64>,
}

/// A deal of teams, by the hash of its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dealt {
    /// Where.
    pub province: ProvinceId,
    /// The moment whose values dealt it: a week (teams to shifts) or a shift's first hour (teams to units).
    pub moment: Moment,
    /// SHA-256 of the body.
    pub deal: Hash,
}

/// The orders of one province-hour: a commitment for every unit on duty, driving or not, so that their number tells
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrdersSealed {
    /// Where.
    pub province: ProvinceId,
    /// The day of the hour the orders are for.
    pub day: Day,
    /// The hour the orders are for; at a shift's first hour these are its entry orders.
    pub hour: Hour,
    /// One commitment a unit on duty, in canonical unit order.
    pub orders: Vec<Hash>,
    /// SHA-256 of the body that opens them.
    pub body: Hash,
    /// RFC 6962 root over the boxes of all teams of the province, in campaign order, on duty or not.
    pub boxes: Hash,
    /// By when every team on duty is to have been heard of.
    pub check_in_by: Timestamp,
}

/// A team's device opened the box of an hour; it tells nothing of what was in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxOpened {
    /// Where.
    pub province: ProvinceId,
    /// The day of the hour.
    pub day: Day,
    /// The hour whose orders it held.
    pub hour: Hour,
}

/// How an order went where no data goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Read out.
    Voice,
    /// By SMS.
    Sms,
}

/// An order left the centre as a code of the team's table; the code itself is in nobody's log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderRelayed {
    /// Where.
    pub province: ProvinceId,
    /// The day of the hour.
    pub day: Day,
    /// The hour the order is for.
    pub hour: Hour,
    /// To whom.
    pub team: TeamId,
    /// By which way.
    pub channel: Channel,
    /// Serial number of the team's table that the code is of.
    pub table: u32,
}

/// Why a team's table is replaced: a closed list. A device that takes another's place brings a new table by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableReason {
    /// The codebook or the device is lost.
    Lost,
    /// It is stolen, or was taken away.
    Stolen,
    /// Somebody else may have read it.
    Seen,
    /// It cannot be read any more.
    Damaged,
}

/// A team's table is replaced: from here on the codes of the one before count for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableReplaced {
    /// Whose.
    pub team: TeamId,
    /// Serial number of the new one: one more than that of the one before.
    pub serial: u32,
    /// Why.
    pub reason: TableReason,
}

/// What a team says it did in a slot. Counts stand in clear: they are the statistics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectionReported {
    /// Where, at large.
    pub province: ProvinceId,
    /// The unit the team served.
    pub unit: UnitId,
    /// The post inspected.
    pub post: PostId,
    /// The day of the slot.
    pub day: Day,
    /// The hour of the slot.
    pub hour: Hour,
    /// The order that sent the team, by its commitment.
    pub order: Hash,
    /// When the team says it began.
    pub started: Timestamp,
    /// Vehicles passed, inspected, and inspected with a find.
    pub counts: Counts,
    /// The finds by transport and drug, as far as they were told apart; simulants are no finds of this kind.
    #[serde(default, skip_serializing_if = "Finds::is_empty")]
    pub finds: Finds,
    /// The newest head that the device knew: the report was not written before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenHead>,
    /// Records of persons, which lie beside the log.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub persons: Vec<PersonCommitted>,
}

/// A head of this log, by what it says of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenHead {
    /// Entries under it.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Hash,
}

/// The time for reports on an hour ran out: what is first cosigned above this entry's head arrived late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourClosed {
    /// The day of the hour.
    pub day: Day,
    /// The hour.
    pub hour: Hour,
    /// The cosigned head at the deadline.
    pub head: String,
    /// Inspections of this hour that were reported under that head, in all provinces. How many the draw placed is not said:
    /// that would tell of the draw before it is released.
    pub reported: u32,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body() -> Value {
        json!({
            "province": "stung-treng", "unit": "stung-treng/00-08/plain-1", "post": "KH-LA-01",
            "day": "2017-01-02", "hour": 7, "order": "00".repeat(32), "started": "2017-01-02T00:05:00Z",
            "counts": { "passed": 3, "inspected": 2, "found": 0 },
        })
    }

    fn refused(change: impl FnOnce(&mut Value)) -> String {
        let mut body = body();
        change(&mut body);
        Statement::from_parts("inspection", &body).unwrap_err().to_string()
    }

    #[test]
    fn a_statement_has_one_spelling_and_the_field_of_another_is_named() {
        let statement = Statement::from_parts("inspection", &body()).unwrap();
        assert_eq!(statement.to_parts(), ("inspection".to_owned(), body()));
        for started in [
            "2017-01-02T00:05:00Z[_a=Sok-Sok-012345678]",
            "2017-01-02T07:05:00+07:00",
            "2017-01-02T00:05:00.000Z",
            "2017-01-02t00:05:00z",
            "20170102T000500Z",
        ] {
            let error = refused(|body| body["started"] = started.into());
            assert!(error.contains("body.started"), "{started}: {error}");
        }
        for day in ["20170102", "+002017-01-02", "2017-01-02T00:00"] {
            let error = refused(|body| body["day"] = day.into());
            assert!(error.contains("day"), "{day}: {error}");
        }
        refused(|body| body["note"] = "he was there".into());
        refused(|body| body["counts"]["name"] = "x".into());
    }
}
