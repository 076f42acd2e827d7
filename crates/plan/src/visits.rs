//! One forward pass: how often each unit is in each slot, in whole numbers of 2^-20.

use crate::chain::{Chain, SCALE};
use crate::game::Game;
use crate::reveal::Others;

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

    /// The units that can be in `slot`, each with its probability.
    pub(crate) fn shares(&self, slot: usize) -> impl Iterator<Item = (usize, f64)> {
        self.by_slot[slot].iter().map(|&(unit, flow)| (unit, share(flow)))
    }

    /// Chance that `unit`, bought, meets nobody in `slot` who is not bought as well.
    pub(crate) fn alone(&self, game: &Game, slot: usize, unit: usize) -> f64 {
        let others = self.shares(slot).filter(|&(other, _)| other != unit);
        missed(others.map(|(_, share)| share).collect(), game.bribed().max(1) - 1)
    }

    /// What all units but `unit` do in `slot`.
    pub(crate) fn others(&self, game: &Game, slot: usize, unit: usize) -> Others {
        let others = self.shares(slot).filter(|&(other, _)| other != unit);
        let chances = others.map(|(other, share)| game.units()[other].detect * share);
        if game.bribed() == 0 {
            let missed = chances.fold(1.0, |missed, chance| missed * (1.0 - chance));
            return Others { missed, least_bought: f64::INFINITY };
        }
        let mut chances: Vec<f64> = chances.collect();
        chances.sort_by(|one, other| other.total_cmp(one));
        let least_bought = chances.get(game.bribed() - 1).copied().unwrap_or(0.0);
        Others { missed: missed(chances, game.bribed()), least_bought }
    }

    /// Chance of detection in `slot` when the `bribed` strongest units are removed: `1 − Π_u (1 − q_u x_uj)`.
    pub(crate) fn detection(&self, game: &Game, slot: usize) -> f64 {
        self.detection_without(game, slot, game.bribed())
    }

    /// Chance of detection in `slot` when the `bought` strongest units are removed.
    pub(crate) fn detection_without(&self, game: &Game, slot: usize, bought: usize) -> f64 {
        let chances = self.shares(slot).map(|(unit, share)| game.units()[unit].detect * share);
        1.0 - missed(chances.collect(), bought)
    }
}

/// Chance that nothing happens, the `bought` largest chances left out.
fn missed(mut chances: Vec<f64>, bought: usize) -> f64 {
    if bought > 0 {
        chances.sort_by(|one, other| other.total_cmp(one));
    }
    chances.iter().skip(bought).fold(1.0, |missed, chance| missed * (1.0 - chance))
}

fn share(flow: u32) -> f64 {
    f64::from(flow) / f64::from(SCALE)
}
