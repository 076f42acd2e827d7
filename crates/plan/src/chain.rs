//! A unit's published Markov chain: integer flow over a DAG of (post, position in shift).

use sekong_model::UnitId;
use serde::{Deserialize, Serialize};

/// Flow of one unit at its source: 2^20, so that every probability is a whole number of 2^-20.
pub const SCALE: u32 = 1 << 20;

/// A unit at a post of the game, `position` hours into its shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Node {
    /// Index of the post in the game's list.
    pub post: u16,
    /// Hours since the unit's shift began.
    pub position: u8,
}

/// One possible step. `from: None` is the entry, `to: None` the end of the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arc {
    /// Where the unit stands.
    pub from: Option<Node>,
    /// Where it goes next.
    pub to: Option<Node>,
    /// Expected traversals, in units of 1 / [`SCALE`].
    pub flow: u32,
}

/// The arcs of one unit in canonical order.
///
/// Canonical order is what the dice use: by `from` (entry first, then post order of the game, then position), within
/// one node by `to` (post order, then position, leaving last).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    unit: UnitId,
    arcs: Vec<Arc>,
}

impl Chain {
    /// Puts the arcs into canonical order; arcs without flow are dropped.
    pub fn new(unit: UnitId, mut arcs: Vec<Arc>) -> Chain {
        arcs.retain(|arc| arc.flow > 0);
        arcs.sort_by_key(|arc| (arc.from, arc.to.is_none(), arc.to));
        Chain { unit, arcs }
    }

    /// The unit that walks this chain.
    pub fn unit(&self) -> &UnitId {
        &self.unit
    }

    /// All arcs with flow, in canonical order.
    pub fn arcs(&self) -> &[Arc] {
        &self.arcs
    }

    /// The arcs out of `from` in canonical order; empty if the unit is never there.
    pub fn steps(&self, from: Option<Node>) -> &[Arc] {
        let start = self.arcs.partition_point(|arc| arc.from < from);
        let end = self.arcs.partition_point(|arc| arc.from <= from);
        &self.arcs[start..end]
    }

    /// The nodes in order of time, then post, each with its arcs.
    pub(crate) fn nodes(&self) -> Vec<(Node, &[Arc])> {
        let groups = self.arcs.chunk_by(|one, other| one.from == other.from);
        let from = |arcs: &'_ [Arc]| arcs.first().and_then(|arc| arc.from);
        let mut nodes: Vec<(Node, &[Arc])> =
            groups.filter_map(|arcs| from(arcs).map(|node| (node, arcs))).collect();
        nodes.sort_by_key(|(node, _)| (node.position, node.post));
        nodes
    }
}

/// All flow of some arcs.
pub(crate) fn total(arcs: &[Arc]) -> f64 {
    arcs.iter().map(|arc| f64::from(arc.flow)).sum()
}
