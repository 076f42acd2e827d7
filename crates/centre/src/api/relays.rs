//! Orders where no data goes: codes to be read out or sent by SMS, and the teams that nobody has heard of.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use sekong_log::{Channel, TableReason};
use sekong_model::TeamId;
use serde::Deserialize;

use super::entries::read;
use super::problem::Problem;
use super::session::Session;
use super::views::{LoggedView, OverdueListView, OverdueView, ProblemView, RelayView, TableView};
use crate::centre::Relayed;
use crate::service::{Desk, Service};

/// How far back overdue teams are listed, in hours.
const LISTED_HOURS: i64 = 12;

/// Whose order goes which way.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    team: TeamId,
    channel: Channel,
}

/// Logs that a team's newest order is relayed, and gives its code; by SMS it is sent as well. For the duty officer.
#[utoipa::path(post, path = "/api/relays", operation_id = "relay_order", tag = "board",
    request_body(content = String, content_type = "application/json", description = "{team, channel: \"voice\" or \"sms\"}"),
    responses(
    (status = 201, body = RelayView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 409, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn relay(
    State(service): State<Service>,
    session: Session,
    body: Body,
) -> Result<(StatusCode, Json<RelayView>), Problem> {
    session.check_runs_the_hour()?;
    let Wanted { team, channel } = read(body).await?;
    let gateway = service.options().sms.clone();
    if channel == Channel::Sms && gateway.is_none() {
        let detail = "this centre has no SMS gateway";
        return Err(Problem::new(StatusCode::CONFLICT, "no-sms", "Not by SMS", detail)
            .field("channel")
            .hint("start it with --sms-gateway, or read the code out: \"voice\""));
    }
    let Relayed { index, code, table, day, hour } = service.relay(team.clone(), channel).await??;
    let failed = match gateway.filter(|_| channel == Channel::Sms) {
        Some(gateway) => gateway.send(&team, &code).await.err(),
        None => None,
    };
    let not_sent = failed.map(|error| error.to_string());
    Ok((StatusCode::CREATED, Json(RelayView { index, code, table, day, hour, not_sent })))
}

/// The key of the team's table for relayed orders, sealed to its device.
#[utoipa::path(get, path = "/api/table", operation_id = "show_table", tag = "field", responses(
    (status = 200, body = TableView),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn table(
    State(service): State<Service>,
    session: Session,
) -> Result<Json<TableView>, Problem> {
    Ok(Json(table_of(&*service.desk().await, session.team()?)))
}

pub(crate) fn table_of(desk: &dyn Desk, team: &TeamId) -> TableView {
    let sealed = desk.sealed_table(team).map(|sealed| sealed.to_string());
    TableView { serial: desk.state().table_of(team).0, sealed }
}

/// Whose table is replaced, and why.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lost {
    team: TeamId,
    reason: TableReason,
}

/// Gives a team a new table of codes, and says so in the log: from then on the codes of the one before count for nothing.
/// For the duty officer.
#[utoipa::path(post, path = "/api/tables", operation_id = "replace_table", tag = "board",
    request_body(content = String, content_type = "application/json", description = "{team, reason: \"lost\", \"stolen\", \"seen\" or \"damaged\"}"),
    responses(
    (status = 201, body = LoggedView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 422, body = ProblemView, content_type = "application/problem+json"),
    (status = 507, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn replace(
    State(service): State<Service>,
    session: Session,
    body: Body,
) -> Result<(StatusCode, Json<LoggedView>), Problem> {
    session.check_runs_the_hour()?;
    let Lost { team, reason } = read(body).await?;
    let index = service.replace_table(team, reason).await??;
    Ok((StatusCode::CREATED, Json(LoggedView { index })))
}

/// Teams on duty that were not heard of in time. For the duty officer.
#[utoipa::path(get, path = "/api/overdue", operation_id = "list_overdue", tag = "board", responses(
    (status = 200, body = OverdueListView),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn overdue(
    State(service): State<Service>,
    session: Session,
) -> Result<Json<OverdueListView>, Problem> {
    session.check_runs_the_hour()?;
    let now = service.now();
    let desk = service.desk().await;
    let since = now - jiff::SignedDuration::from_hours(LISTED_HOURS);
    let (day, hour) = desk.state().campaign().day_hour_of(since);
    let view = |overdue: crate::state::Overdue| OverdueView {
        province: overdue.province,
        unit: overdue.unit,
        team: overdue.team,
        day: overdue.day,
        hour: overdue.hour,
        by: overdue.by,
    };
    let overdue = desk.state().overdue_teams(day, hour, now).into_iter().map(view).collect();
    Ok(Json(OverdueListView { now, overdue }))
}
