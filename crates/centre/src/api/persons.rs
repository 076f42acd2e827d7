//! Records of persons: taken with the entry that commits to them, looked at with a reason, erased by two officers.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use sekong_log::{
    Entry, Hash, LookPurpose, Looker, PersonErased, PersonLookedUp, PersonRecord, SaltedPerson,
};
use sekong_model::CaseNumber;
use serde::Deserialize;

use super::entries::{read, take_with, whole_up_to};
use super::extract::InPath;
use super::problem::Problem;
use super::session::{Role, Session};
use super::views::{LoggedView, PersonView, ProblemView, ReceiptView};
use crate::service::Service;

/// Largest request: an entry and its records, each written as JSON text.
const WITH_PERSONS_MAX_BYTES: usize = 2 * super::entries::BODY_MAX_BYTES;

/// An entry and what it commits to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WithPersons {
    entry: String,
    persons: Vec<NewPerson>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    salt: Hash,
    record: PersonRecord,
}

/// Logs a signed entry together with the records of persons that it commits to, which lie beside the log. Users of drugs
/// are counted and never recorded: there is no part for them.
#[utoipa::path(post, path = "/api/entries/with-persons", operation_id = "take_entry_with_persons", tag = "field",
    request_body(content = String, content_type = "application/json", description = "{entry: the exact bytes of the entry as text, persons: [{salt, record: {part, name, note}}] in the order of its commitments}"),
    responses(
    (status = 201, body = ReceiptView, description = "logged now"),
    (status = 200, body = ReceiptView, description = "was in the log already; records that were lost are kept anew, those that were erased stay erased"),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 408, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 413, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn take(
    State(service): State<Service>,
    body: Body,
) -> Result<(StatusCode, Json<ReceiptView>), Problem> {
    let bytes = whole_up_to(body, WITH_PERSONS_MAX_BYTES).await?;
    let given: WithPersons = serde_json::from_slice(&bytes).map_err(|error| {
        Problem::unreadable("body", error)
            .hint("send {\"entry\": \"…\", \"persons\": [{\"salt\": \"64 hexadecimal digits\", \"record\": {\"part\": \"driver\", \"name\": \"…\"}}]}")
    })?;
    let entry = Entry::parse(given.entry.as_bytes())?;
    let persons = given.persons.iter().map(|person| SaltedPerson::new(&person.record, person.salt.0));
    take_with(&service, entry, persons.collect()).await
}

/// Why somebody wants to look.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reason {
    case: CaseNumber,
    purpose: LookPurpose,
}

/// Shows a person's record to the analyst or the inspectorate, once the look is in the log.
#[utoipa::path(post, path = "/api/persons/{commitment}/looks", operation_id = "look_at_person", tag = "board", params(
    ("commitment" = String, Path, description = "the commitment, 64 hexadecimal digits"),
), request_body(content = String, content_type = "application/json", description = "{case: like 2017/0042, purpose: trace, court, oversight or persons_request}"),
    responses(
    (status = 201, body = PersonView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 410, body = ProblemView, content_type = "application/problem+json", description = "the record was erased"),
    (status = 500, body = ProblemView, content_type = "application/problem+json", description = "the record is lost, and no entry erased it"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn look(
    State(service): State<Service>,
    session: Session,
    InPath(commitment): InPath<String>,
    body: Body,
) -> Result<(StatusCode, Json<PersonView>), Problem> {
    let role = looker(&session)?;
    let commitment: Hash = commitment.parse().map_err(|error| {
        Problem::unreadable("commitment", error).hint("name a commitment that an entry holds under persons")
    })?;
    let Reason { case, purpose } = read(body).await?;
    let known = service.desk().await.state().person(&commitment);
    let is_kept = known.is_some_and(|place| place.erased.is_none());
    if is_kept && service.shelf().person(commitment).await?.is_none() {
        return Err(lost());
    }
    let index = service.look(PersonLookedUp { commitment, case, purpose, role }).await??;
    let place = service.desk().await.state().person(&commitment);
    let stored = service.shelf().person(commitment).await?;
    let (place, stored) = match (place, stored) {
        (Some(place), Some(stored)) => (place, stored),
        // Whoever erased it meanwhile was first.
        (Some(place), None) if place.erased.is_some() => {
            return Err(Problem::new(
                StatusCode::GONE,
                "erased",
                "The record is gone",
                "it was erased just now",
            ));
        }
        _ => return Err(lost()),
    };
    let person = SaltedPerson::parse(stored.salt, stored.record);
    let record = person.and_then(|person| person.record()).map_err(Problem::internal)?;
    Ok((StatusCode::CREATED, Json(PersonView { index, entry: place.entry, salt: Hash(stored.salt), record })))
}

/// A record that is gone without an entry that says so: that is no erasure.
fn lost() -> Problem {
    let detail = "an entry commits to it, no entry erased it, and it is not there";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "record-lost", "The record is lost", detail)
        .hint("tell the inspectorate: somebody took it out of the store, or an older copy was put back; sekong scrub names each")
}

fn looker(session: &Session) -> Result<Looker, Problem> {
    match session.role {
        Role::Analyst => Ok(Looker::Analyst),
        Role::Inspectorate => Ok(Looker::Inspectorate),
        Role::Team | Role::DutyOfficer | Role::Commander | Role::Auditor => {
            Err(Problem::other_role("records of persons are for the analyst and the inspectorate"))
        }
    }
}

/// Erases a person's record; open to all, for the signatures say who has it erased.
#[utoipa::path(post, path = "/api/erasures", operation_id = "erase_person", tag = "log",
    request_body(content = String, content_type = "application/json", description = "{entry, commitment, ground, signers: [{officer, signature}]}, as `sekong erase` makes it"),
    responses(
    (status = 201, body = LoggedView, description = "erased, durably; every total stays as it was"),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 410, body = ProblemView, content_type = "application/problem+json", description = "it was erased before"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn erase(
    State(service): State<Service>,
    body: Body,
) -> Result<(StatusCode, Json<LoggedView>), Problem> {
    let said: PersonErased = read(body).await?;
    let index = service.erase(said).await??;
    Ok((StatusCode::CREATED, Json(LoggedView { index })))
}
