//! Entries of devices: taken once, however often they are sent, and acknowledged when they are durable.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::StatusCode;
use sekong_log::{Enrolled, Entry, SaltedPerson, leaf_hash};
use serde::de::DeserializeOwned;

use super::extract::InPath;
use super::problem::{Problem, too_large};
use super::relays::table_of;
use super::session::Session;
use super::views::{EnrolledView, NewDevice, ProblemView, ReceiptView};
use crate::service::body::read_whole;
use crate::service::{Service, Taken};

/// Largest body of a request that may change something: no entry is longer.
pub(crate) const BODY_MAX_BYTES: usize = u16::MAX as usize;

/// Longest time for such a body.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// Logs a signed entry. Sent again unchanged, it is found and answered with 200: nothing is there twice.
#[utoipa::path(post, path = "/api/entries", operation_id = "take_entry", tag = "field",
    request_body(content = String, content_type = "application/json", description = "the exact canonical bytes of one signed entry"),
    responses(
    (status = 201, body = ReceiptView, description = "logged now"),
    (status = 200, body = ReceiptView, description = "was in the log already"),
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
    let entry = Entry::parse(&whole(body).await?)?;
    take_with(&service, entry, Vec::new()).await
}

/// Logs an entry with the records of persons that it commits to.
pub(super) async fn take_with(
    service: &Service,
    entry: Entry,
    persons: Vec<SaltedPerson>,
) -> Result<(StatusCode, Json<ReceiptView>), Problem> {
    match service.take(entry, persons).await?? {
        Taken::New(index) => Ok((StatusCode::CREATED, Json(receipt(service, index).await?))),
        Taken::Before(index) => Ok((StatusCode::OK, Json(receipt(service, index).await?))),
        Taken::TwoFaces { logged, shown } => Err(Problem::new(
            StatusCode::CONFLICT,
            "equivocation",
            "The entry is refused",
            format!(
                "this device signed another entry with this sequence number, entry {logged} of the log; entry {shown} \
                 shows both to everybody"
            ),
        )
        .field("seq")
        .hint("use the next sequence number and name the device's last entry as the one before")),
    }
}

/// Reads a body that may be neither large nor slow.
pub(crate) async fn whole(body: Body) -> Result<Bytes, Problem> {
    whole_up_to(body, BODY_MAX_BYTES).await
}

/// The same with another bound.
pub(super) async fn whole_up_to(body: Body, max_bytes: usize) -> Result<Bytes, Problem> {
    let read = tokio::time::timeout(BODY_LIMIT, read_whole(body, max_bytes)).await;
    let slow = |_| {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "slow",
            "The request came too slowly",
            format!("the whole body must come within {} seconds", BODY_LIMIT.as_secs()),
        )
        .field("body")
        .hint("send it again; nothing of it was kept")
    };
    let bytes = read.map_err(slow)?;
    let bytes = bytes.map_err(|error| Problem::unreadable("body", format!("the body broke off: {error}")))?;
    bytes.ok_or_else(|| too_large(format!("a body has at most {max_bytes} bytes")))
}

/// Reads a body of JSON that has a shape.
pub(crate) async fn read<T: DeserializeOwned>(body: Body) -> Result<T, Problem> {
    serde_json::from_slice(&whole(body).await?).map_err(|error| Problem::unreadable("body", error))
}

/// An entry with the proof that it is in the log.
#[utoipa::path(get, path = "/api/receipts/{index}", operation_id = "show_receipt", tag = "log", params(
    ("index" = u64, Path, description = "index of the entry"),
), responses(
    (status = 200, body = ReceiptView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn show(
    State(service): State<Service>,
    InPath(index): InPath<String>,
) -> Result<Json<ReceiptView>, Problem> {
    let index = index.parse().map_err(|_| {
        Problem::unreadable("index", format!("{index:?} is no index")).hint("an index is a number from 0")
    })?;
    receipt(&service, index).await.map(Json)
}

async fn receipt(service: &Service, index: u64) -> Result<ReceiptView, Problem> {
    let receipt = {
        let desk = service.desk().await;
        if desk.committed() <= index {
            return Err(
                Problem::not_found(format!("the log has {} entries", desk.committed())).field("index")
            );
        }
        desk.receipt(index)?
    };
    let leaf = service.shelf().leaves(index, 1).await?.pop();
    let leaf = leaf.ok_or_else(|| Problem::internal("the store lacks an entry that it committed"))?.leaf;
    Ok(ReceiptView {
        index,
        leaf_hash: leaf_hash(&leaf),
        entry: String::from_utf8_lossy(&leaf).into_owned(),
        proof: receipt.proof,
        head: receipt.head,
    })
}

/// Enrols a device for the signed-in team and retires the one before; in a demo only.
#[utoipa::path(post, path = "/api/devices", operation_id = "enrol_device", tag = "field", request_body = NewDevice, responses(
    (status = 201, body = EnrolledView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn enrol(
    State(service): State<Service>,
    session: Session,
    body: Body,
) -> Result<(StatusCode, Json<EnrolledView>), Problem> {
    let team = session.team()?.clone();
    if !service.options().demo {
        let detail = "outside of a demo the duty office enrols devices";
        return Err(Problem::new(StatusCode::FORBIDDEN, "not-a-demo", "Not here", detail));
    }
    let NewDevice { device, box_key } = read_device(&whole(body).await?)?;
    let index = service.enrol(Enrolled { team: team.clone(), device, box_key }).await??;
    let table = table_of(&*service.desk().await, &team);
    Ok((StatusCode::CREATED, Json(EnrolledView { index, table })))
}

fn read_device(bytes: &[u8]) -> Result<NewDevice, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        Problem::unreadable("device", error).hint("send {\"device\": \"64 lowercase hexadecimal digits\"}")
    })
}
