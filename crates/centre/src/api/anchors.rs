//! Heads of logs that others keep, committed to in this one.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use sekong_log::HeadAnchored;

use super::entries::read;
use super::problem::Problem;
use super::views::{LoggedView, ProblemView};
use crate::service::Service;

/// Logs a commitment to the head of a log that somebody else keeps; open to all, for the signature says whose it is.
#[utoipa::path(post, path = "/api/anchors", operation_id = "anchor_log", tag = "log",
    request_body(content = String, content_type = "application/json", description = "{anchor, day, hour, commitment, signature}, as `sekong anchor post` makes it"),
    responses(
    (status = 201, body = LoggedView, description = "logged, durably; the same one again is the one that is there"),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn anchor(
    State(service): State<Service>,
    body: Body,
) -> Result<(StatusCode, Json<LoggedView>), Problem> {
    let said: HeadAnchored = read(body).await?;
    let index = service.anchor(said).await??;
    Ok((StatusCode::CREATED, Json(LoggedView { index })))
}
