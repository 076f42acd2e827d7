//! Everything that can go wrong with a request, as one RFC 9457 problem that says what to mend.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sekong_log::EntryError;

use super::views::ProblemView;
use crate::centre::{CentreError, Refusal};
use crate::fault::{AmendFault, AnchorFault, DoubleFault, Fault, PlantFault};
use crate::gate::Closed;
use crate::service::Stopped;

/// What every name of a problem begins with.
const NAMESPACE: &str = "urn:sekong:problem:";

/// A problem, ready to be answered.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<ProblemView>);

impl Problem {
    /// A problem with a name that programs may rely on.
    pub(crate) fn new(status: StatusCode, name: &str, title: &str, detail: impl ToString) -> Problem {
        Problem(Box::new(ProblemView {
            kind: format!("{NAMESPACE}{name}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.to_string(),
            field: None,
            hint: None,
        }))
    }

    /// Names the field that is wrong.
    pub(crate) fn field(mut self, field: &str) -> Problem {
        self.0.field = Some(field.to_owned());
        self
    }

    /// Says how to mend it.
    pub(crate) fn hint(mut self, hint: impl ToString) -> Problem {
        self.0.hint = Some(hint.to_string());
        self
    }

    /// Something in the request cannot be read.
    pub(crate) fn unreadable(field: &str, detail: impl ToString) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "unreadable", "The request cannot be read", detail).field(field)
    }

    /// There is nothing of that name.
    pub(crate) fn not_found(detail: impl ToString) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here", detail)
    }

    /// The centre itself failed; the caller can do nothing about it but try again.
    pub(crate) fn internal(detail: impl ToString) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The centre failed", detail)
            .hint("nothing was lost that had a receipt; try again")
    }
}

impl Problem {
    /// What another role may do.
    pub(crate) fn other_role(detail: &str) -> Problem {
        Problem::new(StatusCode::FORBIDDEN, "other-role", "Not for this role", detail)
            .hint("sign in under another role")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self.0).expect("a problem is a plain map of texts and a number");
        let headers =
            [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, body).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            // Whoever cannot be served now should not keep a place, either.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl From<Stopped> for Problem {
    fn from(stopped: Stopped) -> Problem {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", "The centre takes nothing now", stopped)
            .hint("keep the entry and send it again, unchanged, later")
    }
}

impl From<CentreError> for Problem {
    fn from(error: CentreError) -> Problem {
        match error {
            CentreError::Fault { fault, .. } => (*fault).into(),
            CentreError::Closed(closed) => closed.into(),
            CentreError::NotOnDuty { .. } => {
                Problem::new(StatusCode::CONFLICT, "not-on-duty", "There is no order to relay", &error)
                    .field("team")
                    .hint("relay to teams that are on duty in this hour or the next")
            }
            CentreError::TooFewCosigned { .. } => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                Problem::new(status, "too-few-cosigned", "The log's head has too few cosignatures", &error)
                    .hint("nothing was logged; try again once the cosigners can be reached")
            }
            error => Problem::internal(error),
        }
    }
}

impl From<sekong_store::StoreError> for Problem {
    fn from(error: sekong_store::StoreError) -> Problem {
        Problem::internal(error)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Problem {
        match refusal {
            Refusal::Entry(error) => error.into(),
            Refusal::Fault(fault) => fault.into(),
            Refusal::Closed(closed) => closed.into(),
            Refusal::Future { .. } => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, "clock-ahead", "time", &refusal)
                    .hint("set the device's clock by GET /api/clock and sign again")
            }
            Refusal::OtherPersons { .. } => {
                refused(StatusCode::UNPROCESSABLE_ENTITY, "other-persons", "persons", &refusal)
                    .hint("send each record with its entry, in the order of the commitments, to /api/entries/with-persons")
            }
            Refusal::Person { place, .. } => {
                let field = format!("persons[{place}]");
                refused(StatusCode::UNPROCESSABLE_ENTITY, "other-persons", &field, &refusal)
                    .hint("commit to the padded record with the salt that is sent")
            }
        }
    }
}

impl From<Closed> for Problem {
    fn from(closed: Closed) -> Problem {
        let (status, name, title) = match &closed {
            Closed::NoSpace { .. } | Closed::NoFigure { .. } => {
                (StatusCode::INSUFFICIENT_STORAGE, "no-space", "The centre has no room to write")
            }
            Closed::Damaged { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "store-damaged", "The centre's store is damaged")
            }
        };
        Problem::new(status, name, title, closed)
            .hint("nothing was logged: keep the entry and send it again, unchanged, once the duty office has mended this")
    }
}

impl From<EntryError> for Problem {
    fn from(error: EntryError) -> Problem {
        match &error {
            EntryError::TooLong { .. } => too_large(&error),
            EntryError::BadSignature { .. } => {
                refused(StatusCode::BAD_REQUEST, "bad-signature", "sig", &error).hint(
                    "sign \"sekong/entry/v1\\n\" and the canonical JSON without sig with the device's key",
                )
            }
            EntryError::SignatureText => refused(StatusCode::BAD_REQUEST, "not-an-entry", "sig", &error),
            EntryError::Previous { .. } => refused(StatusCode::BAD_REQUEST, "not-an-entry", "prev", &error),
            EntryError::Time { .. } => refused(StatusCode::BAD_REQUEST, "not-an-entry", "time", &error),
            EntryError::Kind { .. } => refused(StatusCode::BAD_REQUEST, "not-an-entry", "kind", &error),
            EntryError::Version { .. } => refused(StatusCode::BAD_REQUEST, "not-an-entry", "v", &error),
            EntryError::Json { .. } | EntryError::NotCanonical | EntryError::Integer { .. } => {
                refused(StatusCode::BAD_REQUEST, "not-an-entry", "body", &error)
                    .hint("send the exact canonical JSON (RFC 8785) that was signed, and nothing around it")
            }
        }
    }
}

/// A body that is larger than any entry.
pub(crate) fn too_large(detail: impl ToString) -> Problem {
    refused(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "body", detail).hint("send one entry a request")
}

/// How a refused entry is answered: status, name, field, and what to do.
type Mend<'a> = (StatusCode, &'a str, &'a str, &'a str);

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Problem {
        let other =
            (StatusCode::UNPROCESSABLE_ENTITY, fault.rule(), "body", "the log would not verify with it");
        let (status, name, field, hint) = of_device(&fault).or_else(|| of_content(&fault)).unwrap_or(other);
        refused(status, name, field, &fault).hint(hint)
    }
}

/// Who may say it, and when.
fn of_device(fault: &Fault) -> Option<Mend<'static>> {
    use StatusCode as S;
    Some(match fault {
        Fault::UnknownDevice { .. } => {
            (S::FORBIDDEN, "unknown-device", "device", "enrol the device for its team first")
        }
        Fault::Retired { .. } => {
            (S::FORBIDDEN, "retired-device", "device", "report it with the device that took its place")
        }
        Fault::OtherTeam { .. } => {
            (S::FORBIDDEN, "other-team", "body.unit", "report your own inspections only")
        }
        Fault::WeakKey { .. } => {
            (S::UNPROCESSABLE_ENTITY, "weak-key", "device", "make a new Ed25519 key pair on the device")
        }
        Fault::NotItsToSay { .. } => {
            (S::FORBIDDEN, "not-its-to-say", "kind", "devices of teams report inspections")
        }
        Fault::Sequence { .. } => (
            S::CONFLICT,
            "sequence",
            "seq",
            "send the device's entries in order, each once it is acknowledged",
        ),
        Fault::Previous { .. } => {
            (S::CONFLICT, "previous", "prev", "name the SHA-256 of the device's last acknowledged entry")
        }
        Fault::BegunBefore { .. } => (
            S::UNPROCESSABLE_ENTITY,
            "begun-before",
            "body.started",
            "what began earlier is reported by the device that the team had then",
        ),
        Fault::WrittenBefore { .. } => {
            (S::UNPROCESSABLE_ENTITY, "written-before", "time", "sign after the inspection began")
        }
        Fault::MoreFinds { .. } => (
            S::UNPROCESSABLE_ENTITY,
            "more-finds",
            "body.finds",
            "tell each vehicle with a find once, by what most of it was; simulants are not told apart",
        ),
        Fault::OpenedBefore { .. } => (
            S::UNPROCESSABLE_ENTITY,
            "opened-before",
            "time",
            "set the device's clock by GET /api/clock and sign again",
        ),
        Fault::ToldLate { .. } => {
            (S::UNPROCESSABLE_ENTITY, "told-late", "time", "others may read the order by now")
        }
        _ => return None,
    })
}

/// What it says.
fn of_content(fault: &Fault) -> Option<Mend<'static>> {
    use StatusCode as S;
    Some(match fault {
        Fault::LoggedBefore { .. } => {
            (S::CONFLICT, "already-reported", "body", "the first one counts, and stands in the log")
        }
        Fault::NotDue { .. } => {
            (S::UNPROCESSABLE_ENTITY, "not-due", "body", "report what GET /api/orders lists")
        }
        Fault::OutsideHour { .. } => {
            (S::UNPROCESSABLE_ENTITY, "outside-hour", "body.started", "an inspection begins within its hour")
        }
        Fault::Missing { .. } => (
            S::UNPROCESSABLE_ENTITY,
            "not-yet",
            "body",
            "send it again once that is in the log, or name what is there",
        ),
        Fault::NoSilence { .. } => {
            (S::CONFLICT, "no-silence", "silences", "throw for what GET /api/silences lists as waiting")
        }
        Fault::OtherOrder { .. } => (
            S::UNPROCESSABLE_ENTITY,
            "other-order",
            "body.order",
            "quote the commitment that GET /api/orders lists",
        ),
        Fault::Away { .. } => {
            (S::UNPROCESSABLE_ENTITY, "away", "body.unit", "a team on the absence list reports nothing")
        }
        Fault::OtherCampaign { .. } => {
            (S::UNPROCESSABLE_ENTITY, "other-campaign", "campaign", "see GET /api/campaign")
        }
        Fault::Unknown { .. } => (S::UNPROCESSABLE_ENTITY, "unknown-name", "body", "see GET /api/campaign"),
        Fault::HeadOfAnotherTree { .. } => (
            S::UNPROCESSABLE_ENTITY,
            "other-head",
            "body.seen",
            "quote size and root of a head that was published",
        ),
        Fault::Amend(fault) => of_amendment(fault),
        Fault::Anchor(fault) => of_anchor(fault),
        Fault::Plant(fault) => of_plant(fault),
        Fault::Double(fault) => of_double(fault),
        Fault::Unreadable { .. } => {
            (S::UNPROCESSABLE_ENTITY, "unreadable-statement", "body", "see the statements in the log")
        }
        _ => return None,
    })
}

/// What is said of logs that others keep.
fn of_anchor(fault: &AnchorFault) -> Mend<'static> {
    use StatusCode as S;
    match fault {
        AnchorFault::Unknown { .. } => {
            (S::NOT_FOUND, "not-found", "anchor", "name an [[anchor]] of GET /api/campaign's files")
        }
        AnchorFault::NotSigned { .. } => (
            S::FORBIDDEN,
            "not-signed",
            "signature",
            "the keeper of that log signs it by `sekong anchor post`",
        ),
        AnchorFault::OtherHour { .. } => {
            (S::UNPROCESSABLE_ENTITY, "other-hour", "hour", "anchor the hour that GET /api/clock tells")
        }
        AnchorFault::NotForward { .. } => (
            S::CONFLICT,
            "anchored-before",
            "hour",
            "the first anchor of an hour counts; wait for the next hour",
        ),
    }
}

/// What helps where nobody plants or inspects twice.
const TURNED_ON: &str = "a campaign turns it on under [rules.plants]";

/// What is said of simulants.
fn of_plant(fault: &PlantFault) -> Mend<'static> {
    use StatusCode as S;
    let unlawful = |field, mend| (S::UNPROCESSABLE_ENTITY, fault.rule(), field, mend);
    match fault {
        PlantFault::Off => (S::FORBIDDEN, "plants-off", "body", TURNED_ON),
        PlantFault::NotSigned => {
            (S::FORBIDDEN, "not-signed", "signature", "the inspectorate signs it by `sekong plant`")
        }
        PlantFault::NotCommitted { .. } => {
            (S::NOT_FOUND, "not-found", "of", "name the entry that commits to it")
        }
        PlantFault::RevealedBefore { .. } => (S::CONFLICT, "opened-before", "of", "the first word counts"),
        PlantFault::NotClosed { .. } => {
            (S::CONFLICT, "not-closed", "plant.hour", "open it when the log has closed the hour")
        }
        PlantFault::NotOpened { .. } => unlawful("plant", "open it with what `sekong plant commit` kept"),
        PlantFault::AfterFreeze { .. } | PlantFault::TooFarAhead { .. } => unlawful(
            "plant",
            "it stays closed, and is counted as such; commit a week ahead at most, and before the absences are frozen",
        ),
        PlantFault::NoReport { .. } => {
            unlawful("visits", "name a unit that reported; what nobody inspected has no visit")
        }
        PlantFault::VisitTwice { .. } | PlantFault::MoreThanPlanted { .. } => {
            unlawful("visits", "name each visit once, found ≤ inspected ≤ planted")
        }
        PlantFault::MoreThanReported { again, .. } if 0 < again.inspected => {
            unlawful("visits", "name what the report counts beside the vehicles that were searched again")
        }
        PlantFault::MoreThanReported { .. } => {
            unlawful("visits", "what a team took and did not report was not found: that is a conduct case")
        }
    }
}

/// What is said of double inspections.
fn of_double(fault: &DoubleFault) -> Mend<'static> {
    use StatusCode as S;
    let unlawful = |field, mend| (S::UNPROCESSABLE_ENTITY, fault.rule(), field, mend);
    match fault {
        DoubleFault::Off => (S::FORBIDDEN, "plants-off", "body", TURNED_ON),
        DoubleFault::NotSigned => {
            (S::FORBIDDEN, "not-signed", "signature", "the inspectorate signs it by `sekong double`")
        }
        DoubleFault::NotClosed { .. } => {
            (S::CONFLICT, "not-closed", "hour", "say it when the log has closed the hour")
        }
        DoubleFault::SaidBefore { .. } => (S::CONFLICT, "said-before", "unit", "the first word counts"),
        DoubleFault::Counts(error) => {
            unlawful(error.field(), "0 < vehicles, both ≤ first and second, first + second − both ≤ vehicles")
        }
        DoubleFault::NoReport { .. } => {
            unlawful("unit", "name a unit that reported; what nobody inspected is not inspected twice")
        }
        DoubleFault::MoreThanReported { simulants, .. } if 0 < simulants.inspected => {
            unlawful("vehicles", "name what the report counts beside the vehicles with simulants")
        }
        DoubleFault::MoreThanReported { .. } => unlawful(
            "vehicles",
            "search again what the team's first report counts; what it left out is a conduct case",
        ),
    }
}

/// What is said of earlier entries.
fn of_amendment(fault: &AmendFault) -> Mend<'static> {
    use StatusCode as S;
    match fault {
        AmendFault::Erased { .. } => {
            (S::GONE, "erased", "commitment", "only its commitment is left, in the log")
        }
        AmendFault::NoPerson { .. } => {
            (S::NOT_FOUND, "not-found", "commitment", "name a commitment that an entry holds under persons")
        }
        AmendFault::OtherEntry { .. } => {
            (S::UNPROCESSABLE_ENTITY, "other-entry", "entry", "name the entry that holds the commitment")
        }
        AmendFault::Erasure(_) => (
            S::UNPROCESSABLE_ENTITY,
            "not-signed",
            "signers",
            "two officers of different bodies sign it by `sekong erase`",
        ),
        AmendFault::NoReport { .. } => {
            (S::UNPROCESSABLE_ENTITY, "no-report", "body.of", "name the entry with the report")
        }
        AmendFault::NotTheNewest { .. } => {
            (S::CONFLICT, "corrected-before", "body.of", "look at the newest word and correct that")
        }
        AmendFault::TooManyCorrections => {
            (S::CONFLICT, "corrected-too-often", "body.of", "tell the duty officer what is still wrong")
        }
        AmendFault::BeforeSeen { .. } => (
            S::UNPROCESSABLE_ENTITY,
            "before-seen",
            "time",
            "set the device's clock by GET /api/clock and sign again",
        ),
        AmendFault::TooManyPersons { .. } => {
            (S::UNPROCESSABLE_ENTITY, "too-many-persons", "body.persons", "put the others into a correction")
        }
        AmendFault::NoTwoFaces { .. } => {
            (S::UNPROCESSABLE_ENTITY, fault.rule(), "body", "the log would not verify with it")
        }
    }
}

fn refused(status: StatusCode, name: &str, field: &str, detail: impl ToString) -> Problem {
    Problem::new(status, name, "The entry is refused", detail).field(field)
}
