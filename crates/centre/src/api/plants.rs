//! Simulants that the inspectorate plants: committed to before the draw, opened when the hour is over.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use sekong_log::{PlantCommitted, PlantRevealed};

use super::entries::read;
use super::problem::Problem;
use super::views::{LoggedView, ProblemView};
use crate::service::Service;

/// Logs a commitment to simulants; open to all, for the signature says whose it is.
#[utoipa::path(post, path = "/api/plants", operation_id = "commit_plant", tag = "log",
    request_body(content = String, content_type = "application/json", description = "{commitment, signature}, as `sekong plant commit` makes it"),
    responses(
    (status = 201, body = LoggedView, description = "logged, durably; the same one again is the one that is there"),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn commit(
    State(service): State<Service>,
    body: Body,
) -> Result<(StatusCode, Json<LoggedView>), Problem> {
    let said: PlantCommitted = read(body).await?;
    let index = service.plant(said).await??;
    Ok((StatusCode::CREATED, Json(LoggedView { index })))
}

/// Logs what was planted, and what was found of it; open to all, for the signature says whose word it is.
#[utoipa::path(post, path = "/api/plants/reveals", operation_id = "reveal_plant", tag = "log",
    request_body(content = String, content_type = "application/json", description = "{of, plant: {province, post, day, hour, planted, salt}, visits: [{unit, inspected, found}], signature}, as `sekong plant reveal` makes it"),
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
pub(crate) async fn reveal(
    State(service): State<Service>,
    body: Body,
) -> Result<(StatusCode, Json<LoggedView>), Problem> {
    let said: PlantRevealed = read(body).await?;
    let index = service.reveal(said).await??;
    Ok((StatusCode::CREATED, Json(LoggedView { index })))
}
