//! From real numbers to whole ones: largest remainders, so that nothing is lost or made on the way.

use sekong_model::UnitId;

use crate::chain::{Arc, Chain, SCALE};
use crate::dag::Dag;

/// Divides `total` in proportion to `shares`; the parts sum to `total` exactly, and a zero share gets nothing
/// unless all are zero. Ties go to the first.
pub(super) fn apportion(total: u64, shares: &[f64]) -> Vec<u64> {
    let sum: f64 = shares.iter().sum();
    if sum <= 0.0 {
        return (0..shares.len()).map(|place| if place == 0 { total } else { 0 }).collect();
    }
    if let [_] = shares {
        return vec![total];
    }
    let mut parts = Vec::with_capacity(shares.len());
    let mut remainders: Vec<(f64, usize)> = Vec::with_capacity(shares.len());
    for (place, share) in shares.iter().enumerate() {
        let exact = total as f64 * (share / sum);
        let part = exact as u64;
        parts.push(part);
        if *share > 0.0 {
            remainders.push((exact - part as f64, place));
        }
    }
    remainders.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut given: u64 = parts.iter().sum();
    for &(_, place) in remainders.iter().cycle() {
        if given >= total {
            break;
        }
        parts[place] += 1;
        given += 1;
    }
    for &(_, place) in remainders.iter().rev().cycle() {
        if given <= total {
            break;
        }
        let taken = parts[place].min(given - total).min(1);
        parts[place] -= taken;
        given -= taken;
    }
    parts
}

/// The chain nearest to the arc flows `flow`: 2^20 at the source, conserved at every node.
pub(crate) fn round(unit: &UnitId, dag: &Dag, flow: &[f64]) -> Chain {
    let mut arcs = Vec::new();
    let mut inflow = vec![0u64; dag.nodes().len()];
    for origin in std::iter::once(None).chain((0..dag.nodes().len()).map(Some)) {
        let (total, out) = match origin {
            None => (u64::from(SCALE), dag.entry()),
            Some(node) => (inflow[node], dag.out(node)),
        };
        if total == 0 {
            continue;
        }
        for (arc, part) in out.clone().zip(apportion(total, &flow[out])) {
            let target = dag.target(arc);
            target.into_iter().for_each(|node| inflow[node] += part);
            let node = |index: usize| dag.nodes()[index];
            // A part of 2^20 fits; were it not to, the certificate would show it.
            let flow = u32::try_from(part).unwrap_or(SCALE);
            arcs.push(Arc { from: origin.map(node), to: target.map(node), flow });
        }
    }
    Chain::new(unit.clone(), arcs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn apportioned_parts_sum_to_the_total_and_stay_within_one(
            total in 0u64..(1 << 50),
            shares in prop::collection::vec(0.0f64..1.0, 1..20),
        ) {
            let parts = apportion(total, &shares);
            prop_assert_eq!(parts.iter().sum::<u64>(), total);
            let sum: f64 = shares.iter().sum();
            if sum > 0.0 {
                for (part, share) in parts.iter().zip(&shares) {
                    prop_assert!((*part as f64 - total as f64 * share / sum).abs() <= 1.5);
                }
            }
        }
    }
}
