//! Plans by game: days with the same game have the same plan, so each game is solved once.

use std::collections::BTreeMap;
use std::sync::Arc;

use sekong_log::{Hash, body_hash};
use sekong_model::{Campaign, Day, ProvinceId};
use sekong_plan::{Game, Plan, SolveOptions, solve};

use crate::fault::Fault;

/// A solved game, with the bytes that are logged.
#[derive(Debug, Clone)]
pub struct SolvedPlan {
    /// SHA-256 of the game's canonical form.
    pub game: Hash,
    /// SHA-256 of `bytes`.
    pub hash: Hash,
    /// The plan's canonical form.
    pub bytes: Arc<Vec<u8>>,
    /// The plan.
    pub plan: Arc<Plan>,
}

/// The plans solved so far.
#[derive(Debug, Default)]
pub struct PlanBook {
    by_game: BTreeMap<Hash, SolvedPlan>,
}

impl PlanBook {
    /// The plan of a province-day: a deterministic function of the campaign.
    pub fn plan(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        day: Day,
    ) -> Result<SolvedPlan, Fault> {
        let game = Game::of(campaign, province, day).map_err(|source| Fault::Game {
            province: province.clone(),
            day,
            source,
        })?;
        let game_hash = Hash(game.sha256());
        if let Some(solved) = self.by_game.get(&game_hash) {
            return Ok(solved.clone());
        }
        let plan = solve(&game, &SolveOptions::default()).map_err(|source| Fault::NoPlan {
            province: province.clone(),
            day,
            source,
        })?;
        let bytes = plan.to_json();
        let solved = SolvedPlan {
            game: game_hash,
            hash: body_hash(&bytes),
            bytes: Arc::new(bytes),
            plan: Arc::new(plan),
        };
        self.by_game.insert(game_hash, solved.clone());
        Ok(solved)
    }
}
