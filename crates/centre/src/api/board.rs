//! Posts × 24 hours: what was planned, what the draw placed, what became of it. Each role sees it no earlier than it may.

use axum::Json;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};
use sekong_model::{Day, Hour, Moment, Post, PostId, ProvinceId, UnitId};
use serde::Deserialize;

use super::extract::{InPath, InQuery};
use super::problem::Problem;
use super::session::{Role, Session};
use super::views::{
    BoardLine, BoardView, CorrectionView, EvidenceView, FindView, InspectionDetail, InspectionState,
    InspectionView, ProblemView, ReportView, SlotView,
};
use crate::schedule::decided_until;
use crate::service::{Desk, Service};
use crate::state::{Correction, Due, Outcome, Report, State as Log};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    day: Option<String>,
}

/// The board of one day.
#[utoipa::path(get, path = "/api/board", operation_id = "show_board", tag = "board", params(
    ("day" = Option<String>, Query, description = "a day of the campaign, e.g. 2017-01-07; today by default"),
), responses(
    (status = 200, body = BoardView),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn show(
    State(service): State<Service>,
    session: Session,
    InQuery(asked): InQuery<Asked>,
) -> Result<Json<BoardView>, Problem> {
    session.check_sees_board()?;
    let now = service.now();
    let desk = service.desk().await;
    let log = desk.state();
    let day = match &asked.day {
        Some(day) => read_day(day)?,
        None => nearest_day(log, now),
    };
    check_day(log, day)?;
    let viewer = Viewer { log, now, role: session.role };
    let posts = log.campaign().posts().iter();
    Ok(Json(BoardView {
        now,
        day,
        log_size: desk.committed(),
        head_at: desk.head_at(),
        posts: posts.map(|post| viewer.line(post, day)).collect(),
    }))
}

/// Today, or the campaign's first or last day outside of it.
fn nearest_day(log: &Log, now: Timestamp) -> Day {
    let campaign = log.campaign();
    let (day, _) = campaign.day_hour_of(now);
    day.clamp(campaign.first_day(), campaign.last_day())
}

pub(super) fn read_day(text: &str) -> Result<Day, Problem> {
    text.parse().map_err(|_| {
        Problem::unreadable("day", format!("{text:?} is no day")).hint("a day is written like 2017-01-07")
    })
}

pub(super) fn check_day(log: &Log, day: Day) -> Result<(), Problem> {
    let campaign = log.campaign();
    if campaign.holds(day) {
        return Ok(());
    }
    Err(Problem::not_found(format!("{day} is no day of the campaign")).field("day").hint(format!(
        "its days are {} to {}",
        campaign.first_day(),
        campaign.last_day()
    )))
}

/// Somebody who looks at the board, and when.
struct Viewer<'a> {
    log: &'a Log,
    now: Timestamp,
    role: Role,
}

impl Viewer<'_> {
    fn line(&self, post: &Post, day: Day) -> BoardLine {
        let hours = Hour::all().map(|hour| self.slot(post, day, hour)).collect();
        BoardLine { post: post.id.clone(), hours }
    }

    fn slot(&self, post: &Post, day: Day, hour: Hour) -> SlotView {
        let revealed = self.reveals(day, hour);
        let here = self.log.dues_of(day, hour).filter(|(_, due)| due.post == post.id);
        let shown = here.filter(|(_, due)| revealed || due.report.is_some());
        SlotView {
            probability: probability(self.log, &post.province, &post.id, day, hour),
            revealed,
            inspections: shown
                .map(|(unit, due)| inspection(self.log, self.now, (day, hour), unit, due))
                .collect(),
        }
    }

    /// A drawn slot shows itself when its hour begins, so that a leak of the board tells nobody where to be; auditors
    /// wait as long as for its order. What a team reported is in the public log at once.
    fn reveals(&self, day: Day, hour: Hour) -> bool {
        let campaign = self.log.campaign();
        let from = match self.role {
            Role::Team | Role::DutyOfficer | Role::Commander => campaign.instant(day, hour),
            Role::Analyst | Role::Inspectorate | Role::Auditor => {
                let wait_hours = i64::from(campaign.rules().auditors_after_hours);
                decided_until(campaign, Moment::Hour { day, hour }) + SignedDuration::from_hours(wait_hours)
            }
        };
        from <= self.now
    }
}

/// Inclusion probability of a slot; `None` where no unit comes or no plan is logged.
fn probability(log: &Log, province: &ProvinceId, post: &PostId, day: Day, hour: Hour) -> Option<f64> {
    let plan = &log.plan(province, day)?.plan;
    let index = plan.game().post_index(post)?;
    let hour = hour.get();
    (!plan.unreachable().contains(&(index, hour))).then(|| plan.inclusion(index, hour))
}

/// An inspection as it is shown now.
pub(crate) fn inspection(
    log: &Log,
    now: Timestamp,
    (day, hour): (Day, Hour),
    unit: &UnitId,
    due: &Due,
) -> InspectionView {
    InspectionView {
        unit: unit.clone(),
        team: due.team.clone(),
        away: due.away,
        state: inspection_state(log, now, (day, hour), due),
        report: due.report.as_ref().map(report),
    }
}

/// What became of an inspection by now.
pub(crate) fn inspection_state(
    log: &Log,
    now: Timestamp,
    (day, hour): (Day, Hour),
    due: &Due,
) -> InspectionState {
    match log.outcome(day, hour, due) {
        Outcome::Done => InspectionState::Done,
        Outcome::Late => InspectionState::Late,
        Outcome::LateArrived => InspectionState::LateArrived,
        Outcome::Missed if now < log.campaign().instant(day, hour) => InspectionState::Ahead,
        Outcome::Missed if now < log.report_deadline(day, hour) => InspectionState::Due,
        Outcome::Missed => InspectionState::Missed,
    }
}

/// A report as it is shown.
pub(crate) fn report(report: &Report) -> ReportView {
    ReportView {
        index: report.index,
        started: report.started,
        passed: report.counts.passed(),
        inspected: report.counts.inspected(),
        found: report.counts.found(),
        finds: report.finds.iter().map(FindView::of).collect(),
        corrections: report.corrections.iter().map(correction).collect(),
    }
}

fn correction(correction: &Correction) -> CorrectionView {
    let Correction { index, said } = correction;
    CorrectionView {
        index: *index,
        reason: said.reason,
        passed: said.counts.passed(),
        inspected: said.counts.inspected(),
        found: said.counts.found(),
        finds: said.finds.iter().map(FindView::of).collect(),
    }
}

/// One inspection with what proves it.
#[utoipa::path(get, path = "/api/inspections/{day}/{hour}/{unit}", operation_id = "show_inspection", tag = "board", params(
    ("day" = String, Path, description = "the day, e.g. 2017-01-07"),
    ("hour" = u8, Path, description = "the hour, 0 to 23"),
    ("unit" = String, Path, description = "the unit, its slashes percent-encoded"),
), responses(
    (status = 200, body = InspectionDetail),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn inspection_detail(
    State(service): State<Service>,
    session: Session,
    InPath((day, hour, unit)): InPath<(String, String, String)>,
) -> Result<Json<InspectionDetail>, Problem> {
    session.check_sees_board()?;
    let (day, hour) = (read_day(&day)?, read_hour(&hour)?);
    let desk = service.desk().await;
    let log = desk.state();
    check_day(log, day)?;
    let viewer = Viewer { log, now: service.now(), role: session.role };
    let due = log.dues_of(day, hour).find(|(known, _)| known.as_str() == unit);
    let seen = due.filter(|(_, due)| viewer.reveals(day, hour) || due.report.is_some());
    let (unit, due) = seen.ok_or_else(|| {
        Problem::not_found(format!(
            "no inspection of unit {unit} at {hour}:00 on {day} is shown to this role"
        ))
        .hint("the board tells which inspections are revealed")
    })?;
    Ok(Json(detail(&*desk, viewer.now, (day, hour), unit, due)))
}

fn read_hour(text: &str) -> Result<Hour, Problem> {
    let hour = text.parse::<u8>().ok().and_then(|hour| Hour::try_from(hour).ok());
    hour.ok_or_else(|| Problem::unreadable("hour", format!("{text:?} is no hour")).hint("an hour is 0 to 23"))
}

fn detail(
    desk: &dyn Desk,
    now: Timestamp,
    (day, hour): (Day, Hour),
    unit: &UnitId,
    due: &Due,
) -> InspectionDetail {
    let log = desk.state();
    let order_index = due.order_index;
    InspectionDetail {
        day,
        hour,
        post: due.post.clone(),
        province: due.province.clone(),
        probability: probability(log, &due.province, &due.post, day, hour),
        inspection: inspection(log, now, (day, hour), unit, due),
        order: due.order,
        order_index,
        plan_index: log.plan(&due.province, day).map(|plan| plan.index),
        evidence: evidence(desk, due, order_index),
    }
}

/// A report is signed; it is timed where it quotes an order and a later head is known.
fn evidence(desk: &dyn Desk, due: &Due, order_index: Option<u64>) -> EvidenceView {
    let Some(report) = &due.report else {
        return EvidenceView { rung: "none".to_owned(), not_before: None, not_after: None };
    };
    let quoted = order_index.map(|index| index + 1).into_iter().chain(report.seen);
    let not_before = quoted.map(|size| desk.state().written_under(size)).max();
    let not_after = desk.first_cosigned_over(report.index);
    let rung = if not_before.is_some() && not_after.is_some() { "R2" } else { "R1" };
    EvidenceView { rung: rung.to_owned(), not_before, not_after }
}
