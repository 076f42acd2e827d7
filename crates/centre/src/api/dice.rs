//! What is thrown, announced or planned so that a draw goes on: silences that wait for dice, the dice, a day's public number,
//! a custodian's outage.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use sekong_draw::Throw;
use sekong_log::{OfficerEnrolled, OutagePlanned, Period};
use serde::Deserialize;

use super::entries::read;
use super::problem::Problem;
use super::session::Session;
use super::views::{LoggedView, ProblemView, SilenceView, SilencesView, SilentView};
use crate::service::Service;
use crate::state::State as Log;

/// Every silence noted, and whether it waits for dice.
#[utoipa::path(get, path = "/api/silences", operation_id = "list_silences", tag = "log", responses((status = 200, body = SilencesView)))]
pub(crate) async fn list(State(service): State<Service>) -> Json<SilencesView> {
    let desk = service.desk().await;
    Json(SilencesView { silences: silences(desk.state()) })
}

fn silences(log: &Log) -> Vec<SilenceView> {
    let view = |(province, moment, noted): (
        &sekong_model::ProvinceId,
        sekong_model::Moment,
        &crate::NotedSilence,
    )| {
        let silent = noted
            .silent
            .iter()
            .map(|silent| SilentView { custodian: silent.custodian.clone(), reason: silent.reason });
        SilenceView {
            province: province.clone(),
            moment,
            index: noted.index,
            leaf: noted.leaf,
            silent: silent.collect(),
            waits: !log.is_released(province, moment),
        }
    };
    log.silences().map(view).collect()
}

/// Draws with dice that two officers of different bodies threw for silences; open to all, for the signatures say who threw.
///
/// Once it is answered the dice are in the log; whoever hears no answer looks at `/api/silences` and throws again if they wait.
#[utoipa::path(post, path = "/api/throws", operation_id = "take_throw", tag = "log",
    request_body(content = String, content_type = "application/json", description = "{moment, silences, dice, throwers: [{officer, signature}]}, as `sekong dice throw` makes it"),
    responses(
    (status = 204, description = "what waited for them is drawn with them, durably"),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn throw(State(service): State<Service>, body: Body) -> Result<StatusCode, Problem> {
    let throw: Throw = read(body).await?;
    service.throw(throw).await??;
    Ok(StatusCode::NO_CONTENT)
}

/// Logs an outage that a custodian planned; open to all, for the signature says whose it is.
#[utoipa::path(post, path = "/api/outages", operation_id = "plan_outage", tag = "log",
    request_body(content = String, content_type = "application/json", description = "{custodian, from, until, signature}, as `sekong custodian outage` makes it"),
    responses(
    (status = 201, body = LoggedView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn outage(
    State(service): State<Service>,
    body: Body,
) -> Result<(StatusCode, Json<LoggedView>), Problem> {
    let outage: OutagePlanned = read(body).await?;
    let index = service.plan_outage(outage).await??;
    Ok((StatusCode::CREATED, Json(LoggedView { index })))
}

/// Gives a seat that throws dice a new key; open to all, for the signatures say who vouches for it.
#[utoipa::path(post, path = "/api/seat-keys", operation_id = "change_seat_key", tag = "log",
    request_body(content = String, content_type = "application/json", description = "{officer, key, vouchers: [{officer, signature}]}, as `sekong dice vouch` makes it"),
    responses(
    (status = 201, body = LoggedView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn seat_key(
    State(service): State<Service>,
    body: Body,
) -> Result<(StatusCode, Json<LoggedView>), Problem> {
    let enrolled: OfficerEnrolled = read(body).await?;
    let index = service.enrol_officer(enrolled).await??;
    Ok((StatusCode::CREATED, Json(LoggedView { index })))
}

/// A public number, as it was announced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Announced {
    period: Period,
    number: String,
}

/// Logs the daily die of a day or week; for the duty officer and the commander.
#[utoipa::path(post, path = "/api/daily-dice", operation_id = "announce_daily_die", tag = "board",
    request_body(content = String, content_type = "application/json", description = "{period: {day} or {week}, number: the campaign's number of digits}"),
    responses(
    (status = 201, body = LoggedView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 503, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn announce(
    State(service): State<Service>,
    session: Session,
    body: Body,
) -> Result<(StatusCode, Json<LoggedView>), Problem> {
    session.check_runs_the_hour()?;
    let Announced { period, number } = read(body).await?;
    let index = service.announce_die(period, number).await??;
    Ok((StatusCode::CREATED, Json(LoggedView { index })))
}
