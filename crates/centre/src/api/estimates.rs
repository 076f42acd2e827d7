//! What passed, and which team finds or does too little: estimates of days that auditors may read.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::{SignedDuration, Timestamp};
use sekong_model::{Day, Hour, IdError, Moment, PostId};
use serde::Deserialize;

use super::board::{check_day, read_day};
use super::extract::{InPath, InQuery};
use super::problem::Problem;
use super::session::{Role, Session};
use super::views::ProblemView;
use crate::estimates::{EstimatesAsked, EstimatesError, EstimatesView, TeamsView};
use crate::met::Met;
use crate::pictures;
use crate::schedule::decided_until;
use crate::service::Service;
use crate::state::State as Log;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    from: Option<String>,
    to: Option<String>,
    top: Option<String>,
}

/// What passed the posts, with intervals, by the plans that drew the inspections.
#[utoipa::path(get, path = "/api/estimates", operation_id = "show_estimates", tag = "board", params(
    ("from" = Option<String>, Query, description = "first day, e.g. 2017-01-07; the campaign's by default"),
    ("to" = Option<String>, Query, description = "last day; the last that auditors may read by default"),
    ("top" = Option<String>, Query, description = "posts, with commas between; how surely are exactly these the biggest?"),
), responses(
    (status = 200, body = EstimatesView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn show(
    State(service): State<Service>,
    session: Session,
    InQuery(asked): InQuery<Asked>,
) -> Result<Json<EstimatesView>, Problem> {
    session.check_sees_board()?;
    let Stretch { from, to, met } = met(&service, &asked).await?;
    let top = top(asked.top.as_deref())?;
    let estimate = move || {
        let asked = EstimatesAsked { province: None, from, to, detection: None, top: &top };
        EstimatesView::of(&met, &asked)
    };
    match tokio::task::spawn_blocking(estimate).await.map_err(Problem::internal)? {
        Ok(found) => Ok(Json(found)),
        Err(error @ EstimatesError::NotRanked { .. }) => Err(Problem::unreadable("top", error.to_string())),
        Err(error @ EstimatesError::Flow(_)) => Err(Problem::internal(error)),
    }
}

fn top(posts: Option<&str>) -> Result<BTreeSet<PostId>, Problem> {
    let read =
        |post: &str| post.parse().map_err(|error: IdError| Problem::unreadable("top", error.to_string()));
    posts.into_iter().flat_map(|posts| posts.split(',')).map(read).collect()
}

/// A picture of the estimates for a report.
#[utoipa::path(get, path = "/api/estimates/pictures/{name}", operation_id = "draw_estimates", tag = "board", params(
    ("name" = String, Path, description = "flow.svg, ranking.svg, or teams.svg, which is for the inspectorate"),
    ("from" = Option<String>, Query, description = "first day, e.g. 2017-01-07; the campaign's by default"),
    ("to" = Option<String>, Query, description = "last day; the last that auditors may read by default"),
), responses(
    (status = 200, body = String, content_type = "image/svg+xml"),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn picture(
    service: State<Service>,
    session: Session,
    InPath(name): InPath<String>,
    asked: InQuery<Asked>,
) -> Result<impl IntoResponse, Problem> {
    let drawn = match name.as_str() {
        "flow.svg" => pictures::flow(&show(service, session, asked).await?.0),
        "ranking.svg" => pictures::ranking(&show(service, session, asked).await?.0),
        "teams.svg" => pictures::teams(&teams(service, session, asked).await?.0),
        _ => {
            return Err(Problem::not_found(format!("there is no picture {name:?}"))
                .hint("one of flow.svg, ranking.svg, teams.svg"));
        }
    };
    Ok(([(header::CONTENT_TYPE, "image/svg+xml")], drawn))
}

/// The tests of teams, from the campaign's first day on; for the inspectorate alone.
#[utoipa::path(get, path = "/api/estimates/teams", operation_id = "test_teams", tag = "board", params(
    ("to" = Option<String>, Query, description = "last day; the last that auditors may read by default"),
), responses(
    (status = 200, body = TeamsView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn teams(
    State(service): State<Service>,
    session: Session,
    InQuery(asked): InQuery<Asked>,
) -> Result<Json<TeamsView>, Problem> {
    if session.role != Role::Inspectorate {
        return Err(Problem::other_role("the tests of teams are for the inspectorate"));
    }
    let stretch = met(&service, &asked).await?;
    let test = move || TeamsView::of(&stretch.met);
    let found = tokio::task::spawn_blocking(test).await.map_err(Problem::internal)?;
    Ok(Json(found.map_err(Problem::internal)?))
}

/// Days, and what was met on them.
struct Stretch {
    from: Day,
    to: Day,
    met: Met,
}

async fn met(service: &Service, asked: &Asked) -> Result<Stretch, Problem> {
    let now = service.now();
    let desk = service.desk().await;
    let log = desk.state();
    let campaign = log.campaign();
    let read = |day: &Option<String>, other: Day| match day {
        Some(day) => read_day(day).and_then(|day| check_day(log, day).map(|()| day)),
        None => Ok(other),
    };
    let (from, to) = (read(&asked.from, campaign.first_day())?, read(&asked.to, campaign.last_day())?);
    if to < from {
        return Err(Problem::unreadable("to", format!("{to} is before {from}"))
            .hint("the day in to is not before the one in from"));
    }
    // What was met yesterday tells where teams were: nobody sees it here before auditors do.
    let met = match last_readable(log, now) {
        Some(last) => Met::of(log, None, to.min(last)),
        None => Met::nothing(campaign),
    };
    Ok(Stretch { from, to, met })
}

/// The last day of which auditors may read everything.
fn last_readable(log: &Log, now: Timestamp) -> Option<Day> {
    let campaign = log.campaign();
    let hours = i64::from(campaign.rules().auditors_after_hours);
    let last_hour = Hour::all().last()?;
    let readable = |day: &Day| {
        let moment = Moment::Hour { day: *day, hour: last_hour };
        decided_until(campaign, moment) + SignedDuration::from_hours(hours) <= now
    };
    campaign.days().take_while(readable).last()
}
