//! Simulants that visits met, for detection and for the test of teams by them.

use std::collections::BTreeSet;

use sekong_estimate::teams::PlantedVisit;
use sekong_log::PlantVisit;
use sekong_model::{DAYS_PER_WEEK, Day, Hour, ProvinceId};

use crate::state::{OpenedPlant, State};
use crate::tally::Plants;

/// What is known of plants on the days that can be estimated from.
#[derive(Debug, Clone)]
pub struct PlantsMet {
    /// The commitments of the whole log: while one is closed, what it planted is still among the finds.
    pub tally: Plants,
    /// Visits that met simulants which were opened in time, in the order in which they were opened.
    pub visits: Vec<PlantedVisit>,
    /// Every team that could be tested.
    pub teams: BTreeSet<String>,
    /// Each class, with the low end of its published detection.
    pub classes: Vec<(String, f64)>,
}

impl PlantsMet {
    /// On these province-days; `None` in a campaign where nobody plants.
    pub(super) fn on(state: &State, days: &BTreeSet<(&ProvinceId, Day)>) -> Option<PlantsMet> {
        let campaign = state.campaign();
        campaign.rules().plants.as_ref()?;
        let opened = state.plants().filter_map(|(_, plant)| plant.in_time());
        let mut opened: Vec<&OpenedPlant> =
            opened.filter(|opened| days.contains(&(&opened.plant.province, opened.plant.day))).collect();
        opened.sort_by_key(|opened| opened.index);
        let visits = |opened: &&OpenedPlant| -> Vec<PlantedVisit> {
            opened.visits.iter().filter_map(|visit| planted(state, opened, visit)).collect()
        };
        Some(PlantsMet {
            tally: Plants::of(state),
            visits: opened.iter().flat_map(visits).collect(),
            teams: campaign.teams().iter().map(|team| team.id.to_string()).collect(),
            classes: campaign
                .classes()
                .iter()
                .map(|class| (class.id.to_string(), class.detect.low))
                .collect(),
        })
    }
}

fn planted(state: &State, opened: &OpenedPlant, visit: &PlantVisit) -> Option<PlantedVisit> {
    let (campaign, plant) = (state.campaign(), &opened.plant);
    let due = state.due(plant.day, plant.hour, &visit.unit)?;
    let units = campaign.units_of(&plant.province, plant.day);
    let pool = &units.iter().find(|unit| unit.id == visit.unit)?.pool;
    let class = campaign.class(&campaign.pool(pool)?.class)?;
    let since = opened.at.duration_since(campaign.instant(campaign.first_day(), Hour::MIDNIGHT));
    let week = since.as_hours().div_euclid(24 * i64::from(DAYS_PER_WEEK));
    Some(PlantedVisit {
        week: u32::try_from(week).unwrap_or_default(),
        team: due.team.to_string(),
        inspected: visit.inspected,
        found: visit.found,
        least: class.detect.low,
    })
}
