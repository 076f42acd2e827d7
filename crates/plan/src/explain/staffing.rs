//! What a crew buys: the value with a few crews fewer and a few more, each of the pool where it costs least or helps most.
//!
//! A crew is a unit in every shift of its pool. A unit in one shift alone would show nothing: the smuggler takes another.

use std::collections::BTreeMap;

use sekong_model::PoolId;
use serde::Serialize;

use super::{Effort, ExplainError, upper_of};
use crate::game::Game;
use crate::game_json::{GameJson, UnitJson};
use crate::plan::Plan;
use crate::solve::bound;

/// Crews taken away and added, at most.
const STEPS: usize = 3;
/// Pools among which each next crew is chosen.
const POOLS_MAX: usize = 6;

/// The value with some number of units.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Staffing {
    /// How many.
    pub units: usize,
    /// Worst payoff of the plan found.
    pub upper: f64,
    /// What no plan with these units can be below.
    pub lower: f64,
    /// The pool whose crew was taken away, or added, on the way here from the plan's own number.
    pub pool: Option<PoolId>,
}

/// The curve around the plan's own number of units. Sentinels come in pairs and stay; a floor that no plan could hold with
/// fewer units ends the curve, and so does the end of the time.
pub(super) fn curve(plan: &Plan, game: &Game, effort: Effort<'_>) -> Result<Vec<Staffing>, ExplainError> {
    let bounds = plan.value().overall;
    let own = Staffing { units: game.units().len(), upper: bounds.upper, lower: bounds.lower, pool: None };
    let mut curve = steps(game, effort, remove)?;
    curve.reverse();
    curve.push(own);
    curve.extend(steps(game, effort, copy)?);
    Ok(curve)
}

fn remove(document: &mut GameJson, crew: &[usize]) {
    let mut at = 0..document.units.len();
    document.units.retain(|_| at.next().is_none_or(|unit| !crew.contains(&unit)));
}

fn copy(document: &mut GameJson, crew: &[usize]) {
    for &unit in crew {
        let names = (2..).map(|number| format!("{}+{number}", document.units[unit].id));
        let is_free = |name: &String| document.units.iter().all(|unit| &unit.id != name);
        let id = names.into_iter().find(is_free).expect("there are more numbers than units");
        document.units.push(UnitJson { id, ..document.units[unit].clone() });
    }
}

/// The best change, then the best after it, and so on.
fn steps(
    game: &Game,
    effort: Effort<'_>,
    change: impl Fn(&mut GameJson, &[usize]),
) -> Result<Vec<Staffing>, ExplainError> {
    let (mut game, mut steps) = (game.clone(), Vec::new());
    for _ in 0..STEPS {
        let mut best: Option<(f64, PoolId, Game)> = None;
        for (pool, crew) in crews(&game) {
            let changed = game.changed(|document| change(document, &crew))?;
            let Some(lower) = effort.in_time(|| bound(&changed, effort.options, effort.stop))? else { break };
            if best.as_ref().is_none_or(|(least, ..)| lower < *least) {
                best = Some((lower, pool, changed));
            }
        }
        let Some((lower, pool, changed)) = best else { break };
        let upper = match effort.in_time(|| upper_of(&changed, effort)) {
            Ok(Some(upper)) => upper,
            Ok(None) => break,
            Err(error) if error.is_floor() => break,
            Err(error) => return Err(error.into()),
        };
        steps.push(Staffing {
            units: changed.units().len(),
            upper,
            lower: lower.min(upper),
            pool: Some(pool),
        });
        game = changed;
    }
    Ok(steps)
}

/// Of each pool the first unit of every shift, sentinels left out; of many pools some, evenly taken.
fn crews(game: &Game) -> Vec<(PoolId, Vec<usize>)> {
    let mut pools: BTreeMap<&PoolId, BTreeMap<u8, usize>> = BTreeMap::new();
    for (at, unit) in game.units().iter().enumerate().filter(|(_, unit)| !unit.sentinel) {
        pools.entry(&unit.pool).or_default().entry(unit.start).or_insert(at);
    }
    let every = pools.len().div_ceil(POOLS_MAX).max(1);
    let crews = pools.into_iter().step_by(every);
    crews.map(|(pool, units)| (pool.clone(), units.into_values().collect())).collect()
}
