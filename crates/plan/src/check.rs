//! The checker: recomputes everything a plan claims from its game, sharing no code with the solver.

mod claims;
mod fault;
mod flow;
mod prices;
mod rules;

use sha2::{Digest, Sha256};

use crate::chain::SCALE;
use crate::document::read;
use crate::game::Game;
use crate::game_json::GameJson;
use crate::plan_json::{KIND, PlanJson};
pub use fault::{CheckError, Fault};

/// What a plan that holds was found to be worth, by the checker's own reckoning.
#[derive(Debug, Clone, PartialEq)]
pub struct Checked {
    /// Worst slot of the published chains.
    pub upper: f64,
    /// What the published mix certifies.
    pub lower: f64,
    /// `(upper − lower) / max(|lower|, 0.01·max a)`.
    pub gap: f64,
    /// SHA-256 of the game in RFC 8785 form.
    pub game_sha256: [u8; 32],
    /// Number of units whose chains were checked.
    pub units: usize,
    /// Number of slots that no unit can reach.
    pub unreachable: usize,
}

/// Checks PLAN.json against the game it embeds and, if given, against GAME.json. Lists every rule that fails.
pub fn check(plan_json: &str, game_json: Option<&str>) -> Result<Checked, CheckError> {
    let document = parse::<PlanJson>("plan", plan_json)?;
    let mut faults = Vec::new();
    if document.kind != KIND || document.scale != i64::from(SCALE) {
        faults.push(Fault::Kind { kind: document.kind.clone(), scale: document.scale });
    }
    let game_sha256 = sha256(&document.game)?;
    if document.game_sha256 != hex::encode(game_sha256) {
        faults
            .push(Fault::GameHash { claimed: document.game_sha256.clone(), found: hex::encode(game_sha256) });
    }
    if let Some(text) = game_json
        && sha256(&parse::<GameJson>("game", text)?)? != game_sha256
    {
        faults.push(Fault::OtherGame);
    }
    let game = Game::try_from(document.game.clone()).map_err(|error| CheckError::of(Fault::Game(error)))?;
    let walks = flow::flows(&game, &document.units, &mut faults).map_err(CheckError::of)?;
    let checked = claims::check(&game, &document, walks, &mut faults);
    match checked {
        Some(worth) if faults.is_empty() => Ok(Checked {
            upper: worth.upper,
            lower: worth.lower,
            gap: worth.gap,
            game_sha256,
            units: game.units().len(),
            unreachable: document.unreachable.len(),
        }),
        _ => Err(CheckError { faults }),
    }
}

fn parse<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, CheckError> {
    read(text).map_err(|error| CheckError::of(Fault::Json { what, error }))
}

fn sha256(game: &GameJson) -> Result<[u8; 32], CheckError> {
    let bytes = serde_json_canonicalizer::to_vec(game).map_err(|_| CheckError::of(Fault::NotCanonical))?;
    Ok(Sha256::digest(bytes).into())
}
