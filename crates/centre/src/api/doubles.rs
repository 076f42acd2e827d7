//! Double inspections: what a second team of the inspectorate found where a visit's team had searched.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use sekong_log::InspectedTwice;

use super::entries::read;
use super::problem::Problem;
use super::views::{LoggedView, ProblemView};
use crate::service::Service;

/// Logs a double inspection; open to all, for the signature says whose word it is.
#[utoipa::path(post, path = "/api/doubles", operation_id = "log_double", tag = "log",
    request_body(content = String, content_type = "application/json", description = "{province, day, hour, unit, vehicles, first, second, both, signature}, as `sekong double` makes it"),
    responses(
    (status = 201, body = LoggedView, description = "logged, durably; the same one again is the one that is there"),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn log(
    State(service): State<Service>,
    body: Body,
) -> Result<(StatusCode, Json<LoggedView>), Problem> {
    let said: InspectedTwice = read(body).await?;
    let index = service.inspected_twice(said).await??;
    Ok((StatusCode::CREATED, Json(LoggedView { index })))
}
