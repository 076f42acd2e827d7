//! The game of a province-day, as the campaign's files lay it down.

use std::collections::BTreeMap;

use sekong_model::{
    Campaign, Day, HOURS_PER_DAY, Hour, PlanObjective, Post, PostId, ProvinceId, Unit, UnitKind,
};

use crate::game_json::{CaptureJson, GameJson, UnitJson};
use crate::{Game, GameError};

impl Game {
    /// The game of `province` on `day`: its posts, units, travel hours and stakes in campaign order.
    ///
    /// # Errors
    /// As [`Game::from_json`], if the campaign lays down a game that cannot be.
    pub fn of(campaign: &Campaign, province: &ProvinceId, day: Day) -> Result<Game, GameError> {
        let posts = campaign.posts_of(province);
        let ids: Vec<String> = posts.iter().map(|post| post.id.to_string()).collect();
        let rows = |figure: fn(&Campaign, &Post, Hour) -> f64| {
            posts.iter().map(|post| Hour::all().map(|hour| figure(campaign, post, hour)).collect()).collect()
        };
        let travel = campaign.travel_hours(province, day).into_iter();
        Game::try_from(GameJson {
            slots: i64::from(HOURS_PER_DAY),
            provinces: BTreeMap::from([(province.to_string(), ids.clone())]),
            posts: ids,
            value: rows(|campaign, post, hour| campaign.stakes(&post.id, hour).value),
            capture: CaptureJson::PerSlot(rows(|campaign, post, hour| {
                campaign.stakes(&post.id, hour).capture
            })),
            travel_hours: travel.map(|(a, b, hours)| (a.into(), b.into(), i64::from(hours))).collect(),
            units: campaign.units_of(province, day).iter().map(unit_json).collect(),
            floor: campaign.rules().floor,
            bribed: i64::from(campaign.rules().bribed_teams),
            objective: objective(campaign.rules().objective).map(str::to_owned),
            absent: None,
        })
    }
}

/// As a game names it; the usual one goes without a name.
fn objective(objective: PlanObjective) -> Option<&'static str> {
    match objective {
        PlanObjective::Max => None,
        PlanObjective::Leximin => Some("leximin"),
    }
}

fn unit_json(unit: &Unit) -> UnitJson {
    let names = |posts: &[PostId]| posts.iter().map(PostId::to_string).collect();
    UnitJson {
        id: unit.id.to_string(),
        province: unit.province.to_string(),
        pool: unit.pool.to_string(),
        detect: unit.detect,
        start: i64::from(unit.start.get()),
        length: i64::from(unit.length_hours),
        every: Some(i64::from(unit.every_hours)),
        sentinel: Some(unit.kind == UnitKind::Sentinel),
        enter: names(&unit.enter),
        leave: names(&unit.leave),
        reach: names(&unit.reach),
    }
}
