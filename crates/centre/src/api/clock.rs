//! The centre's time, and how far its schedule is done.

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use sekong_log::Period;
use sekong_model::{Anchor, Moment};

use super::views::{AnchorView, ClockView, JobView, MissingView, ScheduleView};
use crate::schedule::Job;
use crate::service::{Progress, Service};
use crate::state::State as Told;
use crate::witness::Missing;

/// The centre's time.
#[utoipa::path(get, path = "/api/clock", operation_id = "show_clock", tag = "centre", responses((status = 200, body = ClockView)))]
pub(crate) async fn show(State(service): State<Service>) -> Json<ClockView> {
    let desk = service.desk().await;
    let campaign = desk.state().campaign();
    let now = service.now();
    let (day, hour) = campaign.day_hour_of(now);
    Json(ClockView {
        now,
        speed: service.options().clock.speed(),
        demo: service.options().demo,
        time_zone: campaign.time_zone().to_owned(),
        utc_offset_seconds: campaign.utc_offset_seconds(),
        day,
        hour,
        schedule: schedule(service.progress()),
        missing_cosigners: desk.missing_cosigners().iter().map(missing).collect(),
        anchors: campaign.anchors().iter().map(|one| anchor(one, desk.state(), now)).collect(),
    })
}

fn anchor(anchor: &Anchor, state: &Told, now: Timestamp) -> AnchorView {
    let last = state.anchored(&anchor.id).and_then(|hours| hours.last_key_value());
    AnchorView {
        id: anchor.id.clone(),
        title: anchor.title.clone(),
        last: last.map(|(&(day, hour), _)| state.campaign().instant(day, hour)),
        overdue: state.is_overdue(anchor, now),
    }
}

fn schedule(progress: Progress) -> ScheduleView {
    ScheduleView {
        done_until: progress.done_until,
        next: progress.next.map(|(due, job)| job_view(job, due)),
        waiting: progress.waiting,
        stopped: progress.stopped,
    }
}

fn missing(missing: &Missing) -> MissingView {
    MissingView { name: missing.name.clone(), why: missing.why.clone(), since: missing.since }
}

fn job_view(job: Job, due: Timestamp) -> JobView {
    let (kind, week, day, hour) = match job {
        Job::Plan(day) => ("plan", None, Some(day), None),
        Job::Freeze(Period::Day { day }) => ("freeze", None, Some(day), None),
        Job::Freeze(Period::Week { week }) => ("freeze", Some(week), None, None),
        Job::Draw(Moment::Week { week }) => ("draw", Some(week), None, None),
        Job::Draw(Moment::Hour { day, hour }) => ("draw", None, Some(day), Some(hour)),
        Job::Close(day, hour) => ("close", None, Some(day), Some(hour)),
    };
    JobView { kind: kind.to_owned(), week, day, hour, due }
}
