//! Other ways to plan, judged by the same formulas: the smuggler knows each of them too.

use serde::Serialize;

use super::Effort;
use crate::chain::Chain;
use crate::dag::Dag;
use crate::game::Game;
use crate::solve::round::round;
use crate::solve::{SolveError, additive, dags};
use crate::visits::Visits;

/// Worst payoff of each; the rules on floors are not asked of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Baselines {
    /// Nobody anywhere: the largest value.
    pub nothing: f64,
    /// The same walk every day: each unit in turn takes the path with most value that the units before it leave.
    pub fixed_rota: f64,
    /// At each step every way to go on is alike.
    pub uniform: f64,
    /// At each step in proportion to what a passage at the next post is worth (as PAWS plans patrols by risk; Fang et al.
    /// 2016).
    pub risk_proportional: f64,
    /// The best plan for coordinated units, its units then moved apart.
    pub additive_apart: f64,
}

impl Baselines {
    pub(super) fn of(game: &Game, effort: Effort<'_>) -> Result<Baselines, SolveError> {
        let dags = dags(game, effort.options.threads)?;
        let walked = |weights: &dyn Fn(usize, &Dag) -> Vec<f64>| {
            let flows = dags.iter().enumerate().map(|(unit, dag)| dag.walk(&weights(unit, dag)));
            upper(game, &chains(game, &dags, flows.collect()))
        };
        Ok(Baselines {
            nothing: (0..game.slot_count()).map(|slot| game.value(slot)).fold(f64::NEG_INFINITY, f64::max),
            fixed_rota: upper(game, &chains(game, &dags, rota(game, &dags))),
            uniform: walked(&|_, dag| weights(dag, |_| 1.0)),
            risk_proportional: walked(&|unit, dag| {
                weights(dag, |node| game.value(slot(game, unit, dag, node)))
            }),
            additive_apart: upper(game, &additive(game, effort.options, effort.stop)?),
        })
    }
}

/// Weights of arcs by where they lead; a unit ends its shift only where it must.
fn weights(dag: &Dag, of: impl Fn(usize) -> f64) -> Vec<f64> {
    (0..dag.arc_count()).map(|arc| dag.target(arc).map_or(0.0, &of)).collect()
}

fn slot(game: &Game, unit: usize, dag: &Dag, node: usize) -> usize {
    let node = dag.nodes()[node];
    game.slot(node.post, game.hour_of(unit, node.position))
}

fn rota(game: &Game, dags: &[Dag]) -> Vec<Vec<f64>> {
    let mut left: Vec<f64> = (0..game.slot_count()).map(|slot| game.value(slot)).collect();
    let mut flows = Vec::with_capacity(dags.len());
    for (unit, dag) in dags.iter().enumerate() {
        let reward: Vec<f64> = (0..dag.nodes().len()).map(|node| left[slot(game, unit, dag, node)]).collect();
        let flow = dag.best_path(&reward);
        for (node, visits) in dag.visits(&flow).iter().enumerate() {
            left[slot(game, unit, dag, node)] *= 1.0 - game.units()[unit].detect * visits;
        }
        flows.push(flow);
    }
    flows
}

fn chains(game: &Game, dags: &[Dag], flows: Vec<Vec<f64>>) -> Vec<Chain> {
    let units = game.units().iter().zip(dags).zip(flows);
    units.map(|((unit, dag), flow)| round(&unit.id, dag, &flow)).collect()
}

fn upper(game: &Game, chains: &[Chain]) -> f64 {
    let visits = Visits::of(game, chains);
    let payoffs = (0..game.slot_count()).map(|slot| game.payoff(slot, visits.detection(game, slot)));
    payoffs.fold(f64::NEG_INFINITY, f64::max)
}
