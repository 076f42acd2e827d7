//! How one unit learns: predictive regret matching+ at every node of its graph.
//!
//! Tammelin 2014 (CFR+) for the regrets, Farina, Kroer, Sandholm 2021 for the prediction: the last regret is
//! counted once more when the next strategy is chosen.

use std::ops::Range;

use crate::dag::Dag;

/// A unit's current strategy and the regrets it comes from; one number per arc.
#[derive(Debug, Clone)]
pub(super) struct Walker {
    regret: Vec<f64>,
    choice: Vec<f64>,
    flow: Vec<f64>,
    worth: Vec<f64>,
    visits: Vec<f64>,
}

impl Walker {
    /// A unit that knows nothing: every arc out of a node is equally likely.
    pub(super) fn new(dag: &Dag) -> Walker {
        let arcs = dag.arc_count();
        let mut walker = Walker {
            regret: vec![0.0; arcs],
            choice: vec![0.0; arcs],
            flow: vec![0.0; arcs],
            worth: vec![0.0; dag.nodes().len()],
            visits: vec![0.0; dag.nodes().len()],
        };
        walker.choose(dag.entry());
        (0..dag.nodes().len()).for_each(|node| walker.choose(dag.out(node)));
        walker.spread(dag);
        walker
    }

    /// Expected traversals of each arc under the current strategy.
    pub(super) fn flow(&self) -> &[f64] {
        &self.flow
    }

    /// Expected visits of each node under the current strategy.
    pub(super) fn visits(&self) -> &[f64] {
        &self.visits
    }

    /// Learns that each visit of node `n` was worth `reward[n]`, and chooses the next strategy.
    pub(super) fn learn(&mut self, dag: &Dag, reward: &[f64]) {
        for node in (0..reward.len()).rev() {
            self.worth[node] = reward[node] + self.regret_of(dag, dag.out(node));
        }
        self.regret_of(dag, dag.entry());
        self.spread(dag);
    }

    /// Updates the regrets of one node's arcs and its strategy; returns what the old strategy was worth.
    fn regret_of(&mut self, dag: &Dag, arcs: Range<usize>) -> f64 {
        let mut mean = 0.0;
        for arc in arcs.clone() {
            mean += self.choice[arc] * self.worth_of(dag, arc);
        }
        let mut total = 0.0;
        for arc in arcs.clone() {
            let instant = self.worth_of(dag, arc) - mean;
            self.regret[arc] = (self.regret[arc] + instant).max(0.0);
            self.choice[arc] = (self.regret[arc] + instant).max(0.0);
            total += self.choice[arc];
        }
        normalise(&mut self.choice[arcs], total);
        mean
    }

    fn worth_of(&self, dag: &Dag, arc: usize) -> f64 {
        dag.target(arc).map_or(0.0, |node| self.worth[node])
    }

    fn choose(&mut self, arcs: Range<usize>) {
        normalise(&mut self.choice[arcs], 0.0);
    }

    fn spread(&mut self, dag: &Dag) {
        self.visits.fill(0.0);
        self.pass_on(dag, dag.entry(), 1.0);
        for node in 0..self.visits.len() {
            self.pass_on(dag, dag.out(node), self.visits[node]);
        }
    }

    fn pass_on(&mut self, dag: &Dag, arcs: Range<usize>, inflow: f64) {
        for arc in arcs {
            self.flow[arc] = inflow * self.choice[arc];
            if let Some(node) = dag.target(arc) {
                self.visits[node] += self.flow[arc];
            }
        }
    }
}

/// Scales weights with sum `total` to 1; equal weights if there are none.
pub(super) fn normalise(weights: &mut [f64], total: f64) {
    if total > 0.0 {
        weights.iter_mut().for_each(|weight| *weight /= total);
    } else {
        weights.fill(1.0 / weights.len() as f64);
    }
}
