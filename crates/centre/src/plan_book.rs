//! Plans by game: days with the same game have the same plan, so each game is solved once.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use sekong_log::{Hash, body_hash};
use sekong_model::{Campaign, Day, ProvinceId};
use sekong_plan::{Game, Plan, SolveError, SolveOptions, solve};

use crate::fault::Fault;

/// A solved game, with the bytes that are logged. It is made by solving alone, so whoever is handed one takes nobody's
/// word for the plan.
#[derive(Debug, Clone)]
pub struct SolvedPlan {
    /// SHA-256 of the game's canonical form.
    pub(crate) game: Hash,
    /// SHA-256 of `bytes`.
    pub(crate) hash: Hash,
    /// The plan's canonical form.
    pub(crate) bytes: Arc<Vec<u8>>,
    /// The plan.
    pub(crate) plan: Arc<Plan>,
}

/// The plans solved so far.
#[derive(Debug, Default)]
pub struct PlanBook {
    by_game: BTreeMap<Hash, SolvedPlan>,
}

impl SolvedPlan {
    /// Solves a game; takes seconds of processor time and needs nothing else.
    pub fn of(game: &Game) -> Result<SolvedPlan, SolveError> {
        let plan = solve(game, &SolveOptions::default())?;
        let bytes = plan.to_json();
        Ok(SolvedPlan {
            game: Hash(game.sha256()),
            hash: body_hash(&bytes),
            bytes: Arc::new(bytes),
            plan: Arc::new(plan),
        })
    }
}

impl PlanBook {
    /// The plan of a province-day: a deterministic function of the campaign.
    pub fn plan(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        day: Day,
    ) -> Result<SolvedPlan, Fault> {
        let game = game(campaign, province, day)?;
        if let Some(solved) = self.by_game.get(&Hash(game.sha256())) {
            return Ok(solved.clone());
        }
        // The day's other plans are wanted next: all cores solve.
        let (others, solved) =
            rayon::join(|| self.solve_others(campaign, day, &game), || SolvedPlan::of(&game));
        let solved = solved.map_err(|source| Fault::NoPlan { province: province.clone(), day, source })?;
        others.into_iter().for_each(|other| self.keep(other));
        self.keep(solved.clone());
        Ok(solved)
    }

    /// The plans of a day's other games that are not solved yet. One that has none is told of when it is asked for.
    fn solve_others(&self, campaign: &Campaign, day: Day, but: &Game) -> Vec<SolvedPlan> {
        let mut games = self.unsolved(campaign, day).unwrap_or_default();
        games.retain(|game| game.sha256() != but.sha256());
        games.par_iter().filter_map(|game| SolvedPlan::of(game).ok()).collect()
    }

    /// The games of a day that are not solved yet.
    pub fn unsolved(&self, campaign: &Campaign, day: Day) -> Result<Vec<Game>, Fault> {
        let games = campaign.provinces().iter().map(|province| game(campaign, &province.id, day));
        let mut games = games.collect::<Result<Vec<_>, _>>()?;
        games.retain(|game| !self.by_game.contains_key(&Hash(game.sha256())));
        Ok(games)
    }

    /// Keeps a solved game.
    pub fn keep(&mut self, solved: SolvedPlan) {
        self.by_game.insert(solved.game, solved);
    }
}

fn game(campaign: &Campaign, province: &ProvinceId, day: Day) -> Result<Game, Fault> {
    Game::of(campaign, province, day).map_err(|source| Fault::Game {
        province: province.clone(),
        day,
        source,
    })
}
