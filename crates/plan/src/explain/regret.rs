//! What the plan can lose because values are off by up to a factor of two, each slot's by itself.
//!
//! The plan's loss against the best plan for the true values is largest where one slot is worth twice what was assumed and
//! every other half: that raises the plan's payoff there and lowers what the best plan would give. What the best plan would
//! give is taken from below (the additive bound), so the regret is at most what is stated.

use sekong_model::PostId;
use serde::Serialize;

use super::{Effort, ExplainError};
use crate::game::{Game, STAKE_MAX};
use crate::plan::Plan;
use crate::solve::bound;

/// Slots for which the best plan's bound is computed, the most promising first.
const SLOTS_MAX: usize = 8;
/// Values are off by up to this factor.
const FACTOR: f64 = 2.0;

/// The regret, and where it is met.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Regret {
    /// The worst payoff is at most so much above that of the best plan for the true values.
    pub at_most: f64,
    /// Where the smuggler goes if values are off in the way that hurts most.
    pub post: PostId,
    /// In which hour.
    pub hour: u8,
    /// His payoff there.
    pub payoff: f64,
    /// What no plan made for those values could be below.
    pub best: f64,
}

impl Regret {
    pub(super) fn of(plan: &Plan, game: &Game, effort: Effort<'_>) -> Result<Regret, ExplainError> {
        let bound = |game: &Game| bound(game, effort.options, effort.stop);
        let halved = bound(&off(game, None)?)?;
        let mut slots: Vec<(f64, usize)> =
            (0..game.slot_count()).map(|slot| (doubled_payoff(plan, slot), slot)).collect();
        slots.sort_by(|one, other| other.0.total_cmp(&one.0));
        let mut worst: Option<Regret> = None;
        for (tried, &(payoff, slot)) in slots.iter().enumerate() {
            if worst.as_ref().is_some_and(|worst| payoff - halved <= worst.at_most) {
                break;
            }
            // From here on every slot's regret is at most what the loosest bound says of this one.
            let best = if tried < SLOTS_MAX { bound(&off(game, Some(slot))?)? } else { halved };
            let regret = regret(game, slot, payoff, best);
            if worst.as_ref().is_none_or(|worst| regret.at_most > worst.at_most) {
                worst = Some(regret);
            }
            if tried == SLOTS_MAX || (effort.stop)() {
                break;
            }
        }
        Ok(worst.expect("a game has a slot"))
    }
}

fn regret(game: &Game, slot: usize, payoff: f64, best: f64) -> Regret {
    let (post, hour) = game.slot_place(slot);
    let post = game.posts()[usize::from(post)].clone();
    Regret { at_most: (payoff - best).max(0.0), post, hour, payoff, best }
}

/// The plan's payoff in a slot that is worth twice what was assumed.
fn doubled_payoff(plan: &Plan, slot: usize) -> f64 {
    let (post, hour) = plan.game().slot_place(slot);
    let value = off_by(plan.game().value(slot), FACTOR);
    value - (value + plan.game().capture(slot)) * plan.detection(post, hour)
}

/// A value that is off; none is larger than a game may have.
fn off_by(value: f64, factor: f64) -> f64 {
    (factor * value).min(STAKE_MAX)
}

/// The game with every value halved but one, which is doubled; only its bound is asked for.
fn off(game: &Game, doubled: Option<usize>) -> Result<Game, ExplainError> {
    let hours = game.hours();
    let changed = game.changed(|document| {
        for (post, row) in document.value.iter_mut().enumerate() {
            for (hour, value) in row.iter_mut().enumerate() {
                let factor = if doubled == Some(post * hours + hour) { FACTOR } else { 1.0 / FACTOR };
                *value = off_by(*value, factor);
            }
        }
        document.floor = 0.0;
    })?;
    Ok(changed)
}
