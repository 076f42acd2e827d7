//! Plans by game: days with the same game have the same plan, so each game is solved once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

impl SolvedPlan {
    /// Solves a game, which takes seconds of processor time, unless this process has done so before.
    pub fn of(game: &Game) -> Result<SolvedPlan, SolveError> {
        let hash = Hash(game.sha256());
        if let Some(known) = solved().get(&hash) {
            return Ok(known.clone());
        }
        let plan = solve(game, &SolveOptions::default())?;
        let bytes = plan.to_json();
        let new =
            SolvedPlan { game: hash, hash: body_hash(&bytes), bytes: Arc::new(bytes), plan: Arc::new(plan) };
        solved().insert(hash, new.clone());
        Ok(new)
    }

    /// The plan.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.clone()
    }
}

/// What this process has solved. A plan is a function of its game, whoever asks and for whichever campaign.
static SOLVED: Mutex<BTreeMap<Hash, SolvedPlan>> = Mutex::new(BTreeMap::new());

fn solved() -> MutexGuard<'static, BTreeMap<Hash, SolvedPlan>> {
    SOLVED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The plan of a province-day: a deterministic function of the campaign.
pub(crate) fn plan(campaign: &Campaign, province: &ProvinceId, day: Day) -> Result<SolvedPlan, Fault> {
    let wanted = game(campaign, province, day)?;
    if let Some(known) = solved().get(&Hash(wanted.sha256())) {
        return Ok(known.clone());
    }
    // The day's other plans are wanted next: all cores solve. One that has none is told of when it is asked for.
    let games = unsolved(campaign, day).unwrap_or_default();
    games.par_iter().for_each(|game| drop(SolvedPlan::of(game)));
    SolvedPlan::of(&wanted).map_err(|source| Fault::NoPlan { province: province.clone(), day, source })
}

/// The games of a day that are not solved yet.
pub(crate) fn unsolved(campaign: &Campaign, day: Day) -> Result<Vec<Game>, Fault> {
    let games = campaign.provinces().iter().map(|province| game(campaign, &province.id, day));
    let mut games = games.collect::<Result<Vec<_>, _>>()?;
    games.retain(|game| !solved().contains_key(&Hash(game.sha256())));
    Ok(games)
}

fn game(campaign: &Campaign, province: &ProvinceId, day: Day) -> Result<Game, Fault> {
    Game::of(campaign, province, day).map_err(|source| Fault::Game {
        province: province.clone(),
        day,
        source,
    })
}
