//! The published chains: form, legality, source and conservation, in whole numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::Fault;
use super::rules::broken_rule;
use crate::chain::{Node, SCALE};
use crate::game::{Game, GameUnit};
use crate::plan_json::{ArcJson, ChainJson};

/// Flow into each place of a unit.
pub(super) type Inflow = BTreeMap<Node, u64>;

/// One arc as the game knows it; entry and end are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    pub(super) from: Option<Node>,
    pub(super) to: Option<Node>,
    pub(super) flow: u64,
}

/// What was read of one unit: its flow into each place, and its steps, sorted.
pub(super) struct Walked {
    pub(super) inflow: Inflow,
    pub(super) steps: Vec<Step>,
}

/// Looks at every chain; a plan for other units cannot be looked at further.
pub(super) fn flows(
    game: &Game,
    chains: &[ChainJson],
    faults: &mut Vec<Fault>,
) -> Result<Vec<Walked>, Fault> {
    if chains.len() != game.units().len() {
        return Err(Fault::Units);
    }
    let mut flows = Vec::with_capacity(chains.len());
    for (chain, unit) in chains.iter().zip(game.units()) {
        if chain.id != unit.id.as_str() {
            return Err(Fault::Units);
        }
        flows.push(flow(game, unit, chain, faults));
    }
    Ok(flows)
}

fn flow(game: &Game, unit: &GameUnit, chain: &ChainJson, faults: &mut Vec<Fault>) -> Walked {
    let (mut inflow, mut outflow, mut source) = (Inflow::new(), Inflow::new(), 0u64);
    let mut seen = BTreeSet::new();
    let mut steps = Vec::with_capacity(chain.arcs.len());
    for arc in &chain.arcs {
        let (id, name) = (|| unit.id.to_string(), || name(arc));
        let Some(step) = read(game, unit, arc) else {
            faults.push(Fault::ArcForm { unit: id(), arc: name() });
            continue;
        };
        steps.push(step);
        let Step { from, to, flow } = step;
        if !seen.insert((from, to)) {
            faults.push(Fault::ArcTwice { unit: id(), arc: name() });
        }
        if let Some(rule) = broken_rule(game, unit, from, to) {
            faults.push(Fault::ArcIllegal { unit: id(), arc: name(), rule });
        }
        match from {
            None => source += flow,
            Some(node) => *outflow.entry(node).or_insert(0) += flow,
        }
        to.into_iter().for_each(|node| *inflow.entry(node).or_insert(0) += flow);
    }
    if source != u64::from(SCALE) {
        faults.push(Fault::Source { unit: unit.id.to_string(), flow: source });
    }
    conserve(game, unit, &inflow, &outflow, faults);
    steps.sort_unstable();
    Walked { inflow, steps }
}

fn conserve(game: &Game, unit: &GameUnit, inflow: &Inflow, outflow: &Inflow, faults: &mut Vec<Fault>) {
    let places: BTreeSet<&Node> = inflow.keys().chain(outflow.keys()).collect();
    for node in places {
        let of = |flows: &Inflow| flows.get(node).copied().unwrap_or(0);
        if of(inflow) != of(outflow) {
            faults.push(Fault::Conservation {
                unit: unit.id.to_string(),
                place: format!("{}/{}", game.posts()[usize::from(node.post)], node.position),
                inflow: of(inflow),
                outflow: of(outflow),
            });
        }
    }
}

fn read(game: &Game, unit: &GameUnit, arc: &ArcJson) -> Option<Step> {
    let node = |(post, position): &(String, i64)| {
        let post = game.post_index(&post.parse().ok()?)?;
        let position = u8::try_from(*position).ok().filter(|&position| position < unit.length)?;
        Some(Node { post, position })
    };
    let end = |place: &Option<(String, i64)>| match place {
        None => Some(None),
        Some(place) => node(place).map(Some),
    };
    let flow = u64::try_from(arc.flow).ok().filter(|flow| (1..=u64::from(SCALE)).contains(flow))?;
    Some(Step { from: end(&arc.from)?, to: end(&arc.to)?, flow })
}

fn name(arc: &ArcJson) -> String {
    let place = |place: &Option<(String, i64)>, nowhere: &str| match place {
        None => nowhere.to_owned(),
        Some((post, position)) => format!("{post}/{position}"),
    };
    format!("{} → {}", place(&arc.from, "entry"), place(&arc.to, "end"))
}
