//! What simulants tell: of detection, to everybody; of teams, to the inspectorate.

use sekong_estimate::detection::{Detection, of_plants};
use sekong_estimate::teams::{
    PlantedError, PlantedFinding, TeamsError, flag_at, misses_to_flag, test_planted,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::WeekEvalueView;
use crate::met::PlantsMet;

/// Commitments to simulants, and what became of them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlantsView {
    /// Opened by their deadline.
    pub opened: u64,
    /// Opened later: left out of detection and of the test of teams.
    pub opened_late: u64,
    /// Closed, and not due yet: what they planted is still among the finds.
    pub waiting: u64,
    /// Closed, though their deadline is over.
    pub overdue: u64,
    /// Simulants that visits inspected, of every day that is over up to the last one asked about: those before the first are in it, for
    /// detection learns from all.
    pub inspected: u32,
    /// Of these, found.
    pub found: u32,
}

impl PlantsView {
    pub(super) fn of(met: &PlantsMet) -> PlantsView {
        let (found, inspected) = counted(met);
        let tally = met.tally;
        PlantsView {
            opened: tally.opened,
            opened_late: tally.opened_late,
            waiting: tally.waiting,
            overdue: tally.overdue,
            inspected,
            found,
        }
    }
}

fn counted(met: &PlantsMet) -> (u32, u32) {
    let sum = |(found, inspected): (u32, u32), (own, of): (u32, u32)| {
        (found.saturating_add(own), inspected.saturating_add(of))
    };
    met.visits.iter().map(|visit| (visit.found, visit.inspected)).fold((0, 0), sum)
}

/// Whether there is anything to tell detection by.
pub(super) fn is_tried(met: &PlantsMet) -> bool {
    0 < counted(met).1
}

/// Detection by what was opened; nothing where no simulant was found.
pub(super) fn detection(met: &PlantsMet) -> Option<Detection> {
    let (found, inspected) = counted(met);
    of_plants(found, inspected).ok()
}

/// The test of teams by simulants.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlantedView {
    /// A team that finds as much as its class is said to ever reaches this with chance 0.05 divided by the number of teams.
    pub flag_at: f64,
    /// Every team.
    pub teams: Vec<PlantedTeamView>,
    /// What the test can see at all, by class.
    pub needed: Vec<NeededView>,
}

/// A team, by simulants.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PlantedTeamView {
    /// The team.
    pub team: String,
    /// Simulants that it inspected.
    pub inspected: u64,
    /// Of these, found.
    pub found: u64,
    /// What it would have found with the least chance that the campaign published for its class.
    pub expected: f64,
    /// The e-value after each week in which plants of it were opened.
    pub e_values: Vec<WeekEvalueView>,
    /// The week in which it first stood at the flag: for an enquiry, never an accusation.
    pub flag_week: Option<u32>,
    /// The week after which e-BH first named it.
    pub ebh_week: Option<u32>,
}

/// How many simulants it takes.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct NeededView {
    /// The class.
    pub class: String,
    /// The low end of its published detection.
    pub least: f64,
    /// Simulants that a team which finds none inspects until it is flagged: with fewer, no flag says nothing.
    pub misses: u32,
}

impl PlantedView {
    pub(super) fn of(met: &PlantsMet) -> Result<PlantedView, TeamTestsError> {
        let teams = test_planted(&met.teams, &met.visits)?;
        let needed = met.classes.iter().map(|(class, least)| NeededView {
            class: class.clone(),
            least: *least,
            misses: misses_to_flag(teams.len(), *least),
        });
        let needed = needed.collect();
        Ok(PlantedView {
            flag_at: flag_at(teams.len()),
            teams: teams.into_iter().map(PlantedTeamView::of).collect(),
            needed,
        })
    }
}

impl PlantedTeamView {
    fn of(of: PlantedFinding) -> PlantedTeamView {
        let PlantedFinding { team, inspected, found, expected, e_values, flag_week, ebh_week } = of;
        let e_values = e_values.into_iter().map(|(week, e)| WeekEvalueView { week, e }).collect();
        PlantedTeamView { team, inspected, found, expected, e_values, flag_week, ebh_week }
    }
}

/// Why teams cannot be tested.
#[derive(Debug, thiserror::Error)]
pub enum TeamTestsError {
    /// By the lot.
    #[error(transparent)]
    Lot(#[from] TeamsError),
    /// By simulants.
    #[error(transparent)]
    Planted(#[from] PlantedError),
}
