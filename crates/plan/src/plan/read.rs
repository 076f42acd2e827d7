//! Reading PLAN.json. Its form is looked at here; whether it is true is the checker's business.

use std::collections::BTreeMap;

use sekong_model::{PostId, ProvinceId};

use super::Plan;
use crate::certificate::{Bounds, Threat, Value};
use crate::chain::{Arc, Chain, Node, SCALE};
use crate::document::{JsonError, read};
use crate::game::Game;
use crate::game_error::GameError;
use crate::plan_json::{ChainJson, KIND, PlanJson, ThreatJson, ValueJson};

/// Why a document does not have the form of a plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Not JSON, or a field is missing, unknown or of the wrong kind.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// Another kind of document.
    #[error(
        "kind, scale: {kind:?} with scale {scale} is not a plan of scale {SCALE}; give a file written by the solver"
    )]
    Kind {
        /// As given.
        kind: String,
        /// As given.
        scale: i64,
    },
    /// The embedded game is none.
    #[error("game: {0}")]
    Game(#[from] GameError),
    /// The units are not the game's, in its order.
    #[error("units: the plan's units are not those of its game in the same order; give one chain per unit")]
    Units,
    /// An arc that begins or ends at a place that does not exist, or with a flow out of range.
    #[error(
        "units[{unit}].arcs[{arc}]: unknown post, position outside the shift or flow outside 1 to {SCALE}; solve the game again"
    )]
    Arc {
        /// Whose.
        unit: String,
        /// Which, from 0.
        arc: usize,
    },
    /// An entry of the mix that names an unknown slot or unit.
    #[error("adversary[{entry}]: unknown post, hour or unit; solve the game again")]
    Threat {
        /// Which, from 0.
        entry: usize,
    },
    /// An unreachable slot that does not exist.
    #[error("unreachable[{entry}]: unknown post or hour; solve the game again")]
    Unreachable {
        /// Which, from 0.
        entry: usize,
    },
    /// The bounds per province are not those of the game's provinces.
    #[error("value.provinces: the provinces are not those of the game; solve the game again")]
    Provinces,
}

impl Plan {
    /// Reads PLAN.json: its form only. Use [`crate::check`] first on a plan from elsewhere. Of the prices only the
    /// floor's is taken over; the others follow from the chains.
    pub fn from_json(text: &str) -> Result<Plan, PlanError> {
        let document: PlanJson = read(text)?;
        if document.kind != KIND || document.scale != i64::from(SCALE) {
            return Err(PlanError::Kind { kind: document.kind, scale: document.scale });
        }
        let game = Game::try_from(document.game)?;
        let chains = chains(&game, &document.units)?;
        let value = value(&game, &document.value)?;
        let adversary = document
            .adversary
            .iter()
            .enumerate()
            .map(|(entry, threat)| read_threat(&game, threat).ok_or(PlanError::Threat { entry }))
            .collect::<Result<_, _>>()?;
        let unreachable = document
            .unreachable
            .iter()
            .enumerate()
            .map(|(entry, place)| slot(&game, &place.0, place.1).ok_or(PlanError::Unreachable { entry }))
            .collect::<Result<_, _>>()?;
        Ok(Plan::new(game, chains, value, adversary, unreachable, document.prices.floor))
    }
}

fn post(game: &Game, name: &str) -> Option<u16> {
    game.post_index(&PostId::try_from(name.to_owned()).ok()?)
}

fn slot(game: &Game, name: &str, hour: i64) -> Option<(u16, u8)> {
    let hour = u8::try_from(hour).ok().filter(|&hour| usize::from(hour) < game.hours())?;
    Some((post(game, name)?, hour))
}

fn chains(game: &Game, documents: &[ChainJson]) -> Result<Vec<Chain>, PlanError> {
    let names = game.units().iter().map(|unit| unit.id.as_str());
    if !documents.iter().map(|chain| chain.id.as_str()).eq(names) {
        return Err(PlanError::Units);
    }
    documents.iter().zip(game.units()).map(|(document, unit)| chain(game, document, unit)).collect()
}

fn chain(game: &Game, document: &ChainJson, unit: &crate::game::GameUnit) -> Result<Chain, PlanError> {
    let node = |(name, position): &(String, i64)| {
        let position = u8::try_from(*position).ok().filter(|&position| position < unit.length)?;
        Some(Node { post: post(game, name)?, position })
    };
    let end = |place: &Option<(String, i64)>| match place {
        None => Some(None),
        Some(place) => node(place).map(Some),
    };
    let flow = |flow: i64| u32::try_from(flow).ok().filter(|flow| (1..=SCALE).contains(flow));
    let read = |arc: &crate::plan_json::ArcJson| {
        Some(Arc { from: end(&arc.from)?, to: end(&arc.to)?, flow: flow(arc.flow)? })
    };
    let arcs = document
        .arcs
        .iter()
        .enumerate()
        .map(|(at, arc)| read(arc).ok_or_else(|| PlanError::Arc { unit: document.id.clone(), arc: at }))
        .collect::<Result<_, _>>()?;
    Ok(Chain::new(unit.id.clone(), arcs))
}

fn read_threat(game: &Game, document: &ThreatJson) -> Option<Threat> {
    let (post, hour) = slot(game, &document.post, document.hour)?;
    let index = |name: &String| game.units().iter().position(|unit| unit.id.as_str() == name);
    let removed = document.removed.iter().map(index).collect::<Option<_>>()?;
    Some(Threat { post, hour, removed, weight: document.weight })
}

fn value(game: &Game, document: &ValueJson) -> Result<Value, PlanError> {
    let names = game.provinces().iter().map(|(name, _)| name.as_str());
    if !document.provinces.keys().map(String::as_str).eq(names) {
        return Err(PlanError::Provinces);
    }
    let bounds =
        document.provinces.values().map(|of| Bounds { upper: of.upper, lower: of.lower, gap: of.gap });
    let provinces: BTreeMap<ProvinceId, Bounds> =
        game.provinces().iter().map(|(name, _)| name.clone()).zip(bounds).collect();
    let overall = Bounds { upper: document.upper, lower: document.lower, gap: document.gap };
    Ok(Value { overall, provinces })
}
