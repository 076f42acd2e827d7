//! How it stands with what lies on the centre's disk, for those who have to see to it.

use axum::Json;
use axum::extract::State;

use super::problem::Problem;
use super::session::Session;
use super::views::{DiskView, ProblemView};
use crate::service::Service;

/// What is wrong on the centre's disk: what the last nightly scrub found, and why the log or its folder is not written.
#[utoipa::path(get, path = "/api/disk", operation_id = "show_disk", tag = "board", responses(
    (status = 200, body = DiskView),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn show(
    State(service): State<Service>,
    session: Session,
) -> Result<Json<DiskView>, Problem> {
    session.check_runs_the_hour()?;
    let last = service.scrubbed().borrow().clone();
    let closed = service.closed().borrow().as_ref().map(ToString::to_string);
    let unpublished = service.unpublished().borrow().clone();
    Ok(Json(DiskView { scrubbed: last.ended, found: last.alarm, closed, unpublished }))
}
