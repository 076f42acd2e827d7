//! One forward pass: how often each unit is in each slot, in whole numbers of 2^-20.

use crate::chain::{Chain, SCALE};
use crate::game::Game;

/// Per slot, the units that can be there and their flow, in unit order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Visits {
    by_slot: Vec<Vec<(usize, u32)>>,
}

impl Visits {
    /// The visits of `chains`, which stand in the order of the game's units.
    pub(crate) fn of(game: &Game, chains: &[Chain]) -> Visits {
        Visits::of_units(game, chains.iter().enumerate())
    }

    /// The visits of some units' chains, in unit order.
    pub(crate) fn of_units<'a>(game: &Game, chains: impl Iterator<Item = (usize, &'a Chain)>) -> Visits {
        let mut by_slot: Vec<Vec<(usize, u32)>> = vec![Vec::new(); game.slot_count()];
        for (unit, chain) in chains {
            for arc in chain.arcs() {
                let Some(node) = arc.to else { continue };
                let visitors = &mut by_slot[game.slot(node.post, game.hour_of(unit, node.position))];
                match visitors.last_mut() {
                    Some(last) if last.0 == unit => last.1 = last.1.saturating_add(arc.flow),
                    _ => visitors.push((unit, arc.flow)),
                }
            }
        }
        Visits { by_slot }
    }

    /// Probability that `unit` is in `slot`.
    pub(crate) fn of_unit(&self, unit: usize, slot: usize) -> f64 {
        let visitors = &self.by_slot[slot];
        visitors.binary_search_by_key(&unit, |visitor| visitor.0).map_or(0.0, |at| share(visitors[at].1))
    }

    /// Probability that some unit is in `slot`: `1 − Π_u (1 − x_uj)`.
    pub(crate) fn inclusion(&self, slot: usize) -> f64 {
        1.0 - self.by_slot[slot].iter().fold(1.0, |missed, &(_, flow)| missed * (1.0 - share(flow)))
    }

    /// Chance of detection in `slot` when the `bribed` strongest units are removed: `1 − Π_u (1 − q_u x_uj)`.
    pub(crate) fn detection(&self, game: &Game, slot: usize) -> f64 {
        let mut chances: Vec<f64> =
            self.by_slot[slot].iter().map(|&(unit, flow)| game.units()[unit].detect * share(flow)).collect();
        chances.sort_by(|one, other| other.total_cmp(one));
        1.0 - chances.iter().skip(game.bribed()).fold(1.0, |missed, chance| missed * (1.0 - chance))
    }
}

fn share(flow: u32) -> f64 {
    f64::from(flow) / f64::from(SCALE)
}
