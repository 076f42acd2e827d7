//! A part of the game that can be solved alone: provinces that share units.

use crate::chain::Chain;
use crate::dag::Dag;
use crate::game::Game;
use crate::solve::round::round;
use crate::solve::target::Detection;
use crate::visits::Visits;

/// A unit that can be in a slot: its place in the part, the node there, its chance of detection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Visitor {
    pub(super) unit: usize,
    pub(super) node: usize,
    pub(super) detect: f64,
}

/// Units and slots of a part. Nodes of all units are numbered through, unit by unit.
#[derive(Debug)]
pub(super) struct Part<'a> {
    pub(super) game: &'a Game,
    /// Places of the part's provinces in the game's list.
    pub(super) provinces: Vec<usize>,
    /// Places of the part's units in the game's list.
    pub(super) units: Vec<usize>,
    pub(super) dags: Vec<&'a Dag>,
    first_node: Vec<usize>,
    /// The part's slots by number, ascending, each with those who can be there.
    pub(super) slots: Vec<(usize, Vec<Visitor>)>,
}

/// Arc flows of each unit of a part.
pub(super) type Flows = Vec<Vec<f64>>;

/// The game in parts, in the order of each part's first province.
pub(super) fn parts<'a>(game: &'a Game, dags: &'a [Dag]) -> Vec<Part<'a>> {
    let joined = joined_provinces(game);
    (0..joined.len())
        .filter(|&province| joined[province] == province)
        .map(|first| {
            let provinces: Vec<usize> = (0..joined.len()).filter(|&other| joined[other] == first).collect();
            Part::new(game, dags, provinces)
        })
        .collect()
}

/// For each province the first one that it shares units with, directly or by way of others.
fn joined_provinces(game: &Game) -> Vec<usize> {
    let mut joined: Vec<usize> = (0..game.provinces().len()).collect();
    for unit in game.units() {
        for &post in &unit.reach {
            let (one, other) = (joined[game.province_of(unit.reach[0])], joined[game.province_of(post)]);
            let (first, last) = (one.min(other), one.max(other));
            joined.iter_mut().filter(|group| **group == last).for_each(|group| *group = first);
        }
    }
    joined
}

impl<'a> Part<'a> {
    fn new(game: &'a Game, dags: &'a [Dag], provinces: Vec<usize>) -> Part<'a> {
        let within = |unit: &usize| provinces.contains(&game.province_of(game.units()[*unit].reach[0]));
        let units: Vec<usize> = (0..game.units().len()).filter(within).collect();
        let mut visitors: Vec<Vec<Visitor>> = vec![Vec::new(); game.slot_count()];
        let mut first_node = Vec::with_capacity(units.len());
        let mut count = 0;
        for (place, &unit) in units.iter().enumerate() {
            first_node.push(count);
            for (node, at) in (count..).zip(dags[unit].nodes()) {
                let slot = game.slot(at.post, game.hour_of(unit, at.position));
                visitors[slot].push(Visitor { unit: place, node, detect: game.units()[unit].detect });
            }
            count += dags[unit].nodes().len();
        }
        let slots = visitors
            .into_iter()
            .enumerate()
            .filter(|(slot, _)| provinces.contains(&game.province_of(game.slot_place(*slot).0)))
            .collect();
        let dags = units.iter().map(|&unit| &dags[unit]).collect();
        Part { game, provinces, units, dags, first_node, slots }
    }

    /// Places of a unit's nodes in the numbering of the part.
    pub(super) fn nodes_of(&self, unit: usize) -> std::ops::Range<usize> {
        self.first_node[unit]..self.first_node[unit] + self.dags[unit].nodes().len()
    }

    /// Nodes of all units.
    pub(super) fn node_count(&self) -> usize {
        self.dags.iter().map(|dag| dag.nodes().len()).sum()
    }

    /// Visit probability of every node of the part.
    pub(super) fn visits(&self, flows: &Flows) -> Vec<f64> {
        self.dags.iter().zip(flows).flat_map(|(dag, flow)| dag.visits(flow)).collect()
    }

    /// Flows of units that know nothing.
    pub(super) fn uniform(&self) -> Flows {
        self.dags.iter().map(|dag| dag.walk(&vec![1.0; dag.arc_count()])).collect()
    }

    /// Places among a slot's visitors of the `bribed` strongest, ascending; ties go to the first.
    pub(super) fn strongest(&self, visitors: &[Visitor], visits: &[f64]) -> Vec<usize> {
        let chance = |place: &usize| visitors[*place].detect * visits[visitors[*place].node];
        let mut order: Vec<usize> = (0..visitors.len()).collect();
        order.sort_by(|one, other| chance(other).total_cmp(&chance(one)));
        order.truncate(self.game.bribed());
        order.sort_unstable();
        order
    }

    /// Whether a plan can change what a slot is worth: more units can be there than are bribed.
    pub(super) fn is_contested(&self, visitors: &[Visitor]) -> bool {
        visitors.len() > self.game.bribed()
    }

    /// The smuggler's best payoff against these visits in a contested slot; −∞ if there is none.
    pub(super) fn worst(&self, visits: &[f64]) -> f64 {
        self.worst_of_places(visits, Detection::Product, |_| true)
    }

    /// As [`Part::worst`], if units were coordinated at no loss.
    pub(super) fn worst_additive(&self, visits: &[f64]) -> f64 {
        self.worst_of_places(visits, Detection::Additive, |_| true)
    }

    /// As [`Part::worst`], over the places whose payoff has no ceiling.
    pub(super) fn worst_below(&self, visits: &[f64], ceilings: &[f64]) -> f64 {
        self.worst_of_places(visits, Detection::Product, |place| ceilings[place].is_infinite())
    }

    fn worst_of_places(&self, visits: &[f64], detection: Detection, counts: impl Fn(usize) -> bool) -> f64 {
        let mut worst = f64::NEG_INFINITY;
        for (place, (slot, visitors)) in self.slots.iter().enumerate() {
            // No payoff is above the value.
            if self.game.value(*slot) > worst && counts(place) && self.is_contested(visitors) {
                worst = worst.max(self.payoff_at(place, visits, detection));
            }
        }
        worst
    }

    /// Ceilings for a finish that looks at the worst slot alone.
    pub(super) fn no_ceilings(&self) -> Vec<f64> {
        vec![f64::INFINITY; self.slots.len()]
    }

    /// The smuggler's payoff in the slot at `place`, the strongest of its visitors bought.
    pub(super) fn payoff_at(&self, place: usize, visits: &[f64], detection: Detection) -> f64 {
        let (slot, visitors) = &self.slots[place];
        let (mut missed, mut sum) = (1.0, 0.0);
        let mut bought: Vec<f64> = Vec::with_capacity(self.game.bribed().min(visitors.len()));
        for visitor in visitors {
            let mut chance = visitor.detect * visits[visitor.node];
            if bought.len() < self.game.bribed() {
                bought.push(chance);
                continue;
            }
            if let Some(least) = bought.iter_mut().min_by(|one, other| one.total_cmp(other))
                && *least < chance
            {
                std::mem::swap(least, &mut chance);
            }
            missed *= 1.0 - chance;
            sum += chance;
        }
        match detection {
            Detection::Additive => self.game.payoff(*slot, sum),
            Detection::Product => self.game.payoff(*slot, 1.0 - missed),
        }
    }

    /// The largest value among slots that no plan can protect; −∞ if there is none.
    pub(super) fn dearest_uncontested(&self) -> Option<usize> {
        let value = |place: &usize| self.game.value(self.slots[*place].0);
        let open = (0..self.slots.len()).filter(|&place| !self.is_contested(&self.slots[place].1));
        open.max_by(|one, other| value(one).total_cmp(&value(other)))
    }

    /// The reachable slot least often visited, with its inclusion probability; `None` if nothing is reachable.
    pub(super) fn least_inclusion(&self, visits: &[f64]) -> Option<(usize, f64)> {
        let inclusion = |(slot, visitors): &(usize, Vec<Visitor>)| {
            (*slot, 1.0 - visitors.iter().fold(1.0, |missed, visitor| missed * (1.0 - visits[visitor.node])))
        };
        let reachable = self.slots.iter().filter(|(_, visitors)| !visitors.is_empty());
        reachable.map(inclusion).min_by(|one, other| one.1.total_cmp(&other.1))
    }

    /// The whole chains nearest to `flows`.
    pub(super) fn round(&self, flows: &Flows) -> Vec<Chain> {
        let units = self.units.iter().zip(&self.dags).zip(flows);
        units.map(|((&unit, dag), flow)| round(&self.game.units()[unit].id, dag, flow)).collect()
    }

    /// The smuggler's best payoff against whole chains.
    pub(super) fn worst_of(&self, chains: &[Chain]) -> f64 {
        let visits = Visits::of_units(self.game, self.units.iter().copied().zip(chains));
        let payoff = |slot: usize| self.game.payoff(slot, visits.detection(self.game, slot));
        self.slots.iter().map(|(slot, _)| payoff(*slot)).fold(f64::NEG_INFINITY, f64::max)
    }

    /// What gaps are shares of (DESIGN 5).
    pub(super) fn scale(&self, lower: f64) -> f64 {
        lower.abs().max(0.01 * self.largest_value())
    }

    /// Largest value of a slot of the part.
    fn largest_value(&self) -> f64 {
        self.slots.iter().map(|(slot, _)| self.game.value(*slot)).fold(0.0, f64::max)
    }

    /// Largest stake (value and capture) of a slot of the part.
    pub(super) fn largest_stake(&self) -> f64 {
        let stake = |slot: usize| self.game.value(slot) + self.game.capture(slot);
        self.slots.iter().map(|(slot, _)| stake(*slot)).fold(0.0, f64::max)
    }
}

/// `(1 − share)·one + share·other`, arc by arc.
pub(super) fn blend(one: &Flows, other: &Flows, share: f64) -> Flows {
    let arcs = |(one, other): (&Vec<f64>, &Vec<f64>)| {
        one.iter().zip(other).map(|(one, other)| (1.0 - share) * one + share * other).collect()
    };
    one.iter().zip(other).map(arcs).collect()
}
