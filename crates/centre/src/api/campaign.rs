//! The campaign as screens need it: open to all, for its files are in the log.

use axum::Json;
use axum::extract::State;
use sekong_model::{Campaign, Post, Team};

use super::views::{CampaignView, PostView, ProvinceView, RulesView, ShiftView, TeamView};
use crate::service::Service;

/// The campaign.
#[utoipa::path(get, path = "/api/campaign", operation_id = "show_campaign", tag = "centre", responses((status = 200, body = CampaignView)))]
pub(crate) async fn show(State(service): State<Service>) -> Json<CampaignView> {
    Json(view(service.desk().await.state().campaign()))
}

fn view(campaign: &Campaign) -> CampaignView {
    CampaignView {
        id: campaign.id().to_string(),
        title: campaign.title().to_owned(),
        time_zone: campaign.time_zone().to_owned(),
        utc_offset_seconds: campaign.utc_offset_seconds(),
        first_day: campaign.first_day(),
        last_day: campaign.last_day(),
        provinces: campaign.provinces().iter().map(province).collect(),
        posts: campaign.posts().iter().map(post).collect(),
        shifts: campaign.shifts().iter().map(shift).collect(),
        teams: campaign.teams().iter().filter_map(|of| team(campaign, of)).collect(),
        rules: rules(campaign),
    }
}

fn province(province: &sekong_model::Province) -> ProvinceView {
    ProvinceView {
        id: province.id.clone(),
        name_en: province.name_en.clone(),
        name_km: province.name_km.clone(),
        name_lo: province.name_lo.clone(),
    }
}

fn post(post: &Post) -> PostView {
    PostView {
        id: post.id.clone(),
        province: post.province.clone(),
        name_en: post.name_en.clone(),
        name_km: post.name_km.clone(),
        kind: post.kind.clone(),
        status: post.status.clone(),
        lon: post.at.lon,
        lat: post.at.lat,
        provenance: post.provenance().to_string(),
        hollow: post.is_hollow(),
        boat: post.boat,
    }
}

fn shift(shift: &sekong_model::Shift) -> ShiftView {
    ShiftView { id: shift.id.to_string(), start: shift.start, length_hours: shift.length_hours }
}

/// A team's pool is in the campaign, so every team has a province.
fn team(campaign: &Campaign, team: &Team) -> Option<TeamView> {
    let pool = campaign.pool(&team.pool)?;
    Some(TeamView {
        id: team.id.clone(),
        province: pool.province.clone(),
        pool: team.pool.to_string(),
        agency: team.agency.to_string(),
    })
}

fn rules(campaign: &Campaign) -> RulesView {
    let rules = campaign.rules();
    RulesView {
        lead_minutes: rules.lead_minutes,
        enter_lead_minutes: rules.enter_lead_minutes,
        late_minutes: rules.late_minutes,
        missed_minutes: rules.missed_minutes,
        auditors_after_hours: rules.auditors_after_hours,
        public_after_days: rules.public_after_days,
    }
}
