//! What a plan leaves open to one who watches: how many bits a draw has, and how much of a shift one look gives away.

use serde::Serialize;

use crate::chain::{Arc, Chain, Node, total};
use crate::solve::Stop;

/// A later inspection counts as foretold if its chance after the look is above this.
const FORETOLD: f64 = 0.9;

/// How well the draw of a plan can be foretold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Predictability {
    /// Entropy of a day's draw in bits: the sum over units, which move independently (Shannon 1948).
    pub entropy_bits: f64,
    /// The same per inspection: about 2 to this power posts are open for the next one.
    pub entropy_bits_per_inspection: f64,
    /// After a look that meets a unit at one of its inspections, the share of its later ones with a chance above 0.9.
    pub foretold_share: f64,
}

impl Predictability {
    /// The figures of a plan's chains.
    pub fn of(chains: &[Chain]) -> Predictability {
        Predictability::until(chains, &|| false)
    }

    /// As [`Predictability::of`]; once `stop` says so it only comes to an end, and the figures are of no use.
    pub(crate) fn until(chains: &[Chain], stop: Stop<'_>) -> Predictability {
        let units: Vec<Unit> = chains.iter().map(Unit::of).collect();
        let sum = |figure: &dyn Fn(&Unit) -> f64| units.iter().map(figure).sum::<f64>();
        let (bits, inspections) = (sum(&Unit::entropy_bits), sum(&|unit| unit.visits.iter().sum()));
        let later = units.iter().map(|unit| unit.later(stop));
        let (foretold, all) = later.fold((0.0, 0.0), |sums, unit| (sums.0 + unit.0, sums.1 + unit.1));
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        Predictability {
            entropy_bits: bits,
            entropy_bits_per_inspection: share(bits, inspections),
            foretold_share: share(foretold, all),
        }
    }
}

/// A chain in order of time: its nodes, how often each is visited, and the chances of each next step.
struct Unit {
    visits: Vec<f64>,
    /// Per node the next nodes and their chances; ends are left out.
    steps: Vec<Vec<(usize, f64)>>,
    entropy_bits: Vec<f64>,
    entry_bits: f64,
}

impl Unit {
    fn of(chain: &Chain) -> Unit {
        let nodes = chain.nodes();
        let place = |node: Node| {
            nodes
                .binary_search_by_key(&(node.position, node.post), |(node, _)| (node.position, node.post))
                .ok()
        };
        let entry = chain.steps(None);
        let all = total(entry);
        let steps = |arcs: &[Arc]| {
            let next =
                arcs.iter().filter_map(|arc| Some((place(arc.to?)?, f64::from(arc.flow) / total(arcs))));
            next.collect()
        };
        Unit {
            visits: nodes.iter().map(|(_, arcs)| total(arcs) / all).collect(),
            steps: nodes.iter().map(|(_, arcs)| steps(arcs)).collect(),
            entropy_bits: nodes.iter().map(|(_, arcs)| entropy_bits(arcs)).collect(),
            entry_bits: entropy_bits(entry),
        }
    }

    fn entropy_bits(&self) -> f64 {
        let steps = self.visits.iter().zip(&self.entropy_bits).map(|(visits, bits)| visits * bits);
        self.entry_bits + steps.sum::<f64>()
    }

    /// Expected later inspections after a look at each of the unit's, the foretold ones and all.
    fn later(&self, stop: Stop<'_>) -> (f64, f64) {
        let (mut foretold, mut all) = (0.0, 0.0);
        for (seen, visits) in self.visits.iter().enumerate().take_while(|_| !stop()) {
            let mut chances = vec![0.0; self.visits.len()];
            chances[seen] = 1.0;
            for node in seen..chances.len() {
                let chance = chances[node];
                if chance > 0.0 {
                    self.steps[node].iter().for_each(|&(next, step)| chances[next] += chance * step);
                }
            }
            for &chance in &chances[seen + 1..] {
                all += visits * chance;
                foretold += if chance > FORETOLD { visits * chance } else { 0.0 };
            }
        }
        (foretold, all)
    }
}

/// Entropy of the next step. The logarithm is computed in software, alike on every machine.
fn entropy_bits(arcs: &[Arc]) -> f64 {
    let all = total(arcs);
    let bits = |arc: &Arc| {
        let chance = f64::from(arc.flow) / all;
        -chance * libm::log2(chance)
    };
    arcs.iter().map(bits).sum()
}
