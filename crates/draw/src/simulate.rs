//! Simulated draws: a plan tried out by itself, with the dice of a real draw and neither custodians nor calendar.
//!
//! 1. *Key of a simulation.* `SHA-256( lp("sekong/simulation/v1") ‖ lp(seed) )`, with a seed of 32 bytes.
//! 2. *Stream of a die.* As in the seeds (module `seed`), with block `b` `HMAC-SHA-256(key,
//!    lp("sekong/simulated-die/v1") ‖ lp(draw) ‖ lp(unit) ‖ lp(position) ‖ b)`. Draw is the index of the draw, from
//!    0, as a big-endian u64; position is that of the node the die is thrown out of, in decimal, or the empty
//!    text for the entry die. A path has one node at a position, so that no two dice share a stream.
//! 3. *Path.* The entry die, then one die out of each node that it and those after it fall on, until one falls
//!    on leaving. Each falls as in module `dice`.
//!
//! Every subject begins with its length-prefixed tag: no stream here is one of a real draw, even under one key.
//! A draw depends on the seed and its index alone: not on how many are made, nor on the other units.

use hmac::Hmac;
use sekong_plan::{Chain, Node};
use sha2::{Digest, Sha256};

use crate::dice::throw;
use crate::seed::{keyed, length_prefixed};
use crate::{Roster, Stream, UnitPath, WalkError};

/// The key of all draws of a simulation.
#[derive(Clone)]
pub struct SimulationKey {
    mac: Hmac<Sha256>,
}

impl SimulationKey {
    /// The key that a seed gives.
    pub fn new(seed: &[u8; 32]) -> SimulationKey {
        let bytes = Sha256::digest(length_prefixed(&[b"sekong/simulation/v1", seed])).into();
        SimulationKey { mac: keyed(&bytes) }
    }

    fn stream(&self, draw: u64, chain: &Chain, from: Option<Node>) -> Stream {
        let position = from.map_or_else(String::new, |node| node.position.to_string());
        let unit = chain.unit().as_str().as_bytes();
        let subject: [&[u8]; 4] =
            [b"sekong/simulated-die/v1", &draw.to_be_bytes(), unit, position.as_bytes()];
        Stream::new(&self.mac, &subject)
    }
}

impl std::fmt::Debug for SimulationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SimulationKey(..)")
    }
}

/// Draw number `draw` (from 0) of a plan's chains, in their order.
pub fn simulate(chains: &[Chain], key: &SimulationKey, draw: u64) -> Result<Roster, WalkError> {
    let units = chains.iter().map(|chain| simulate_unit(chain, key, draw)).collect::<Result<_, _>>()?;
    Ok(Roster { units })
}

fn simulate_unit(chain: &Chain, key: &SimulationKey, draw: u64) -> Result<UnitPath, WalkError> {
    let mut path: Vec<Node> = Vec::new();
    loop {
        let from = path.last().copied();
        let Some(to) = throw(chain, from, &mut key.stream(draw, chain, from))? else {
            return Ok(UnitPath { unit: chain.unit().clone(), path });
        };
        // A chain that no checker has seen may lead in a circle.
        if let Some(from) = from.filter(|from| to.position <= from.position) {
            return Err(WalkError::Backward { unit: chain.unit().clone(), from, to });
        }
        path.push(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekong_plan::{Arc, SCALE};

    fn node(post: u16, position: u8) -> Option<Node> {
        Some(Node { post, position })
    }

    fn chain(unit: &str, arcs: &[(Option<Node>, Option<Node>)]) -> Chain {
        let arcs = arcs.iter().map(|&(from, to)| Arc { from, to, flow: SCALE }).collect();
        Chain::new(unit.parse().unwrap(), arcs)
    }

    /// A first word for each draw, unit and position: that of the die thrown there.
    fn word(seed: u8, draw: u64, unit: &str, from: Option<Node>) -> u64 {
        SimulationKey::new(&[seed; 32]).stream(draw, &chain(unit, &[]), from).word()
    }

    #[test]
    fn every_seed_draw_unit_and_position_has_its_own_stream() {
        let words = [
            word(0, 0, "u", None),
            word(1, 0, "u", None),
            word(0, 1, "u", None),
            word(0, 0, "v", None),
            word(0, 0, "u", node(0, 0)),
            word(0, 0, "u", node(0, 1)),
            word(0, 0, "u1", None),
        ];
        assert_eq!(std::collections::BTreeSet::from(words).len(), words.len());
    }

    #[test]
    fn a_path_goes_on_until_its_die_falls_on_leaving() {
        let walker = chain("u", &[(None, node(0, 0)), (node(0, 0), node(1, 2)), (node(1, 2), None)]);
        let stayer = chain("v", &[(None, None)]);
        let drawn = simulate(&[walker, stayer], &SimulationKey::new(&[0; 32]), 0).unwrap();
        let paths: Vec<Vec<Option<Node>>> =
            drawn.units.iter().map(|unit| unit.path.iter().copied().map(Some).collect()).collect();
        assert_eq!(paths, [vec![node(0, 0), node(1, 2)], vec![]]);
    }

    #[test]
    fn a_chain_that_leads_in_a_circle_or_nowhere_is_refused() {
        let key = SimulationKey::new(&[0; 32]);
        let circle = chain("u", &[(None, node(0, 0)), (node(0, 0), node(1, 0)), (node(1, 0), node(0, 0))]);
        let error = simulate(&[circle], &key, 0).unwrap_err();
        assert!(matches!(error, WalkError::Backward { .. }), "{error}");
        let nowhere = chain("u", &[(None, node(0, 0))]);
        let error = simulate(&[nowhere], &key, 0).unwrap_err();
        assert_eq!(error.to_string(), "the chain of unit u has no step out of post 0 at position 0");
    }
}
