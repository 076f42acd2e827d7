//! A team's own orders, from the minute they are drawn.

use axum::Json;
use axum::extract::State;
use jiff::SignedDuration;
use sekong_model::{Day, Hour, Moment, ProvinceId, TeamId};
use serde::Deserialize;

use super::board::{inspection_state, report};
use super::extract::InQuery;
use super::problem::Problem;
use super::session::Session;
use super::views::{BoxView, DeviceView, DutyView, OrderView, OrdersView, ProblemView};
use crate::bodies::canonical;
use crate::boxes::ProvenBox;
use crate::service::{Desk, Service};
use crate::state::{DrawnOrder, State as Log};

/// How far back a team's duties are listed.
const LISTED_DAYS: i32 = 2;

/// Hours back for which boxes are listed unless more are asked for, and at most.
const BOXES_BACK_HOURS: u8 = 1;
const BOXES_BACK_HOURS_MAX: u8 = 24;

/// What a team asks for besides.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    back: Option<u8>,
}

/// The signed-in team's orders.
#[utoipa::path(get, path = "/api/orders", operation_id = "show_orders", tag = "field", params(
    ("back" = Option<u8>, Query, description = "hours back for which boxes are listed, up to 24: for a team that had no network"),
), responses(
    (status = 200, body = OrdersView),
    (status = 401, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn show(
    State(service): State<Service>,
    session: Session,
    InQuery(Wanted { back }): InQuery<Wanted>,
) -> Result<Json<OrdersView>, Problem> {
    let team = session.team()?;
    let back = back.unwrap_or(BOXES_BACK_HOURS).min(BOXES_BACK_HOURS_MAX);
    let now = service.now();
    let desk = service.desk().await;
    let log = desk.state();
    let (day, hour) = log.campaign().day_hour_of(now);
    let sealed = log.box_key_of(team, u64::MAX).is_some();
    let since = log.campaign().day_hour_of(now - SignedDuration::from_hours(back.into()));
    let boxes = if sealed { boxes(&*desk, team, since.0, since.1) } else { Vec::new() };
    let standing = if sealed { None } else { standing(&*desk, team, day, hour) };
    let mut duties = duties(log, team, now, day, hour);
    // What lies ahead and what runs is in the boxes; a report is in the public log.
    duties.retain(|duty| !sealed || duty.report.is_some() || duty.deadline <= now);
    let (table, device) = (log.table_of(team).0, device(log, team));
    Ok(Json(OrdersView { now, team: team.clone(), device, table, boxes, standing, duties }))
}

fn device(log: &Log, team: &TeamId) -> Option<DeviceView> {
    let id = log.device_of(team)?;
    let (next_sequence, previous) = log.device_place(&id)?;
    Some(DeviceView { id, next_sequence, previous })
}

/// The team's boxes from an hour on, as far as their orders are logged; those that were sealed to a device before are sealed
/// anew.
fn boxes(desk: &dyn Desk, team: &TeamId, day: Day, hour: Hour) -> Vec<BoxView> {
    let Some(province) = province_of(desk.state(), team) else { return Vec::new() };
    let moments = desk.state().draws_from(&province, Moment::Hour { day, hour }).map(|(moment, _)| moment);
    let view = |moment: Moment| {
        let Moment::Hour { day, hour } = moment else { return None };
        let index = desk.state().orders_index(&province, moment)?;
        let renewed = desk.state().enrolled_at(team).is_some_and(|enrolled_at| index < enrolled_at);
        let ProvenBox { sealed, place, proof } = if renewed {
            ProvenBox { sealed: desk.renewed_box(&province, moment, team)?, place: 0, proof: Vec::new() }
        } else {
            desk.box_of(&province, moment, team)?
        };
        let opened = desk.state().has_opened(moment, team);
        let (province, sealed) = (province.clone(), sealed.to_string());
        Some(BoxView { province, day, hour, sealed, renewed, opened, index, place, proof })
    };
    moments.filter_map(view).collect()
}

/// The team's newest order, of this hour or a later one.
fn standing(desk: &dyn Desk, team: &TeamId, day: Day, hour: Hour) -> Option<OrderView> {
    let province = province_of(desk.state(), team)?;
    let draws = desk.state().draws_from(&province, Moment::Hour { day, hour });
    let own = draws.filter_map(|(moment, _)| {
        order_view(desk, &province, moment, desk.state().order_for(&province, moment, team)?)
    });
    own.last()
}

fn province_of(log: &Log, team: &TeamId) -> Option<ProvinceId> {
    let campaign = log.campaign();
    let team = campaign.teams().iter().find(|known| known.id == *team)?;
    campaign.pool(&team.pool).map(|pool| pool.province.clone())
}

/// `None` until the orders are sealed in the log: a team sees its order at release, not before.
fn order_view(
    desk: &dyn Desk,
    province: &ProvinceId,
    moment: Moment,
    order: &DrawnOrder,
) -> Option<OrderView> {
    let Moment::Hour { day, hour } = moment else { return None };
    let index = desk.state().orders_index(province, moment)?;
    let opening = desk.opening(province, day, hour, order);
    let (next_post, next_hour) = order.next.clone().unzip();
    Some(OrderView {
        province: province.clone(),
        unit: order.unit.clone(),
        day,
        hour,
        order: order.order.clone(),
        next_post,
        next_hour,
        thrown: order.thrown,
        commitment: opening.commitment(),
        opening: String::from_utf8_lossy(&canonical(&opening)).into_owned(),
        index,
    })
}

/// A team that is away is shown nothing: where its ghost was dealt to, nobody comes.
fn duties(log: &Log, team: &TeamId, now: jiff::Timestamp, day: Day, hour: Hour) -> Vec<DutyView> {
    let from = day.plus_days(-LISTED_DAYS).unwrap_or(day);
    let own = log.dues_from(from, hour).filter(|(_, _, _, due)| due.team == *team && !due.away);
    let duty = own.filter_map(|(day, hour, unit, due)| {
        Some(DutyView {
            province: due.province.clone(),
            unit: unit.clone(),
            post: due.post.clone(),
            day,
            hour,
            begins: log.campaign().instant(day, hour),
            deadline: log.report_deadline(day, hour),
            order: due.order?,
            state: inspection_state(log, now, (day, hour), due),
            report: due.report.as_ref().map(report),
        })
    });
    duty.collect()
}
