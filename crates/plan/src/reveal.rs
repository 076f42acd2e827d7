//! What is worth to the smuggler who learns something on the day: a bought team that phones, one look at a post.

use crate::chain::{Arc, Chain, Node, total};
use crate::game::Game;
use crate::visits::Visits;

/// The smuggler's payoff if he learns more than the plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reveal {
    /// One of the bought teams (one is, even if the game has none bought) phones whenever it stands alone at a post; he
    /// passes there at the best such moment, or else picks his slot by the plan. Overlap of units lowers it.
    pub informed: f64,
    /// He watches one post for one hour, then picks a slot of the seen unit's next turn, or keeps to the plan.
    pub sighting: f64,
    /// As `sighting`, after the most telling thing that can be seen.
    pub sighting_worst: f64,
}

impl Reveal {
    /// The figures of a plan whose worst payoff is `upper`.
    pub(crate) fn of(game: &Game, chains: &[Chain], visits: &Visits, upper: f64) -> Reveal {
        let hours = HourWorst::of(game, visits);
        let mut reveal = Reveal { informed: upper, sighting: upper, sighting_worst: upper };
        for (unit, chain) in chains.iter().enumerate() {
            reveal.informed = reveal.informed.max(informed(game, unit, chain, visits, upper));
            for sight in sights(game, unit, chain, visits, &hours) {
                let (seen, unseen) = (sight.seen.max(upper), sight.unseen.max(upper));
                let mean = sight.chance * seen + (1.0 - sight.chance) * unseen;
                reveal.sighting = reveal.sighting.max(mean);
                reveal.sighting_worst = reveal.sighting_worst.max(seen);
            }
        }
        reveal
    }
}

/// Optimal stopping on the unit's chain (Bellman 1957): at each node the team is alone with some chance, and then the
/// smuggler passes there or waits.
fn informed(game: &Game, unit: usize, chain: &Chain, visits: &Visits, upper: f64) -> f64 {
    let nodes = chain.nodes();
    let place = |node: Node| {
        nodes.binary_search_by_key(&(node.position, node.post), |(node, _)| (node.position, node.post))
    };
    let mut worth = vec![upper; nodes.len()];
    let after = |arcs: &[Arc], worth: &[f64]| {
        let of = |arc: &Arc| arc.to.and_then(|node| place(node).ok()).map_or(upper, |at| worth[at]);
        arcs.iter().map(|arc| f64::from(arc.flow) * of(arc)).sum::<f64>() / total(arcs)
    };
    for (at, (node, arcs)) in nodes.iter().enumerate().rev() {
        let slot = game.slot(node.post, game.hour_of(unit, node.position));
        let (alone, later) = (visits.alone(game, slot, unit), after(arcs, &worth));
        worth[at] = alone * later.max(game.value(slot)) + (1.0 - alone) * later;
    }
    after(chain.steps(None), &worth)
}

/// One look that meets a unit with chance `chance`, and the best payoff at its next turn if it does or does not.
struct Sight {
    chance: f64,
    seen: f64,
    unseen: f64,
}

fn sights<'a>(
    game: &'a Game,
    unit: usize,
    chain: &'a Chain,
    visits: &'a Visits,
    hours: &'a HourWorst,
) -> impl Iterator<Item = Sight> + 'a {
    let nodes = chain.nodes();
    let all = total(chain.steps(None));
    let own: Vec<(Node, usize, f64, Others)> = nodes
        .iter()
        .map(|(node, arcs)| {
            let slot = game.slot(node.post, game.hour_of(unit, node.position));
            (*node, slot, total(arcs) / all, visits.others(game, slot, unit))
        })
        .collect();
    nodes.into_iter().filter_map(move |(node, arcs)| {
        let position = node.position.checked_add(game.units()[unit].every)?;
        let next = &own[own.partition_point(|(node, ..)| node.position < position)..];
        let next = &next[..next.partition_point(|(node, ..)| node.position == position)];
        let chance = total(arcs) / all;
        let mut sight = Sight { chance, seen: f64::NEG_INFINITY, unseen: f64::NEG_INFINITY };
        // Both stand in the order of posts.
        let mut steps = arcs.iter().filter(|arc| arc.to.is_some_and(|to| to.position == position)).peekable();
        for (to, slot, usual, others) in next {
            let step = steps.next_if(|arc| arc.to == Some(*to)).map_or(0.0, |arc| f64::from(arc.flow));
            let (both, detect) = (step / all, game.units()[unit].detect);
            let payoff = |share: f64| game.payoff(*slot, others.with(detect * share));
            sight.seen = sight.seen.max(payoff(both / chance));
            if chance < 1.0 {
                sight.unseen = sight.unseen.max(payoff(((usual - both) / (1.0 - chance)).max(0.0)));
            }
        }
        let elsewhere =
            hours.except(game.hour_of(unit, position), |slot| next.iter().any(|own| own.1 == slot));
        Some(Sight { seen: sight.seen.max(elsewhere), unseen: sight.unseen.max(elsewhere), ..sight })
    })
}

/// What all units but one do to a smuggler in a slot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Others {
    /// Chance that none of those who are not bought detects him.
    pub(crate) missed: f64,
    /// The weakest chance that is bought; ∞ if none is, 0 if more could be.
    pub(crate) least_bought: f64,
}

impl Others {
    /// Chance of detection if the one unit detects with `chance`: he rather buys it if it is the stronger one.
    fn with(&self, chance: f64) -> f64 {
        1.0 - self.missed * (1.0 - chance.min(self.least_bought))
    }
}

/// The slots of each hour by what they pay, the best first.
struct HourWorst {
    by_hour: Vec<Vec<(f64, usize)>>,
}

impl HourWorst {
    fn of(game: &Game, visits: &Visits) -> HourWorst {
        let mut by_hour: Vec<Vec<(f64, usize)>> = vec![Vec::new(); game.hours()];
        for slot in 0..game.slot_count() {
            let payoff = game.payoff(slot, visits.detection(game, slot));
            by_hour[usize::from(game.slot_place(slot).1)].push((payoff, slot));
        }
        by_hour.iter_mut().for_each(|slots| slots.sort_by(|one, other| other.0.total_cmp(&one.0)));
        HourWorst { by_hour }
    }

    /// The best payoff of an hour outside some slots; −∞ if there is no other.
    fn except(&self, hour: u8, is_left_out: impl Fn(usize) -> bool) -> f64 {
        let mut slots = self.by_hour[usize::from(hour)].iter();
        slots.find(|(_, slot)| !is_left_out(*slot)).map_or(f64::NEG_INFINITY, |(payoff, _)| *payoff)
    }
}
