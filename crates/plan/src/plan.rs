//! A solved game: one chain per unit, and the certificate.

mod read;

use crate::certificate::{Bounds, Threat, Value};
use crate::chain::{Chain, Node, SCALE};
use crate::game::Game;
use crate::plan_json::{ArcJson, BoundsJson, ChainJson, KIND, PlanJson, PricesJson, ThreatJson, ValueJson};
use crate::visits::Visits;

pub use read::PlanError;

/// What the rules cost the plan, in units of its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prices {
    /// `upper` of this plan less `upper` of the best plan found without a floor; 0 if there is none.
    pub floor: f64,
}

/// A plan for one day.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    game: Game,
    chains: Vec<Chain>,
    visits: Visits,
    value: Value,
    adversary: Vec<Threat>,
    unreachable: Vec<(u16, u8)>,
    prices: Prices,
}

impl Plan {
    pub(crate) fn new(
        game: Game,
        chains: Vec<Chain>,
        value: Value,
        adversary: Vec<Threat>,
        unreachable: Vec<(u16, u8)>,
        prices: Prices,
    ) -> Plan {
        let visits = Visits::of(&game, &chains);
        Plan { game, chains, visits, value, adversary, unreachable, prices }
    }

    /// The game it answers.
    pub fn game(&self) -> &Game {
        &self.game
    }

    /// One chain per unit, in the order of the game's units.
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// The certificate's figures.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The smuggler's mix that certifies `lower`.
    pub fn adversary(&self) -> &[Threat] {
        &self.adversary
    }

    /// The (post index, hour) that no unit can reach, in slot order.
    pub fn unreachable(&self) -> &[(u16, u8)] {
        &self.unreachable
    }

    /// What the rules cost.
    pub fn prices(&self) -> Prices {
        self.prices
    }

    /// Probability that some unit is at `post` (index) in `hour`; 0 outside the game.
    pub fn inclusion(&self, post: u16, hour: u8) -> f64 {
        self.known_slot(post, hour).map_or(0.0, |slot| self.visits.inclusion(slot))
    }

    /// Probability that unit `unit` (index) is at `post` (index) in `hour`; 0 outside the game.
    pub fn unit_inclusion(&self, unit: usize, post: u16, hour: u8) -> f64 {
        self.known_slot(post, hour).map_or(0.0, |slot| self.visits.of_unit(unit, slot))
    }

    /// Chance of detection at `post` (index) in `hour`, the `bribed` strongest units removed; 0 outside the game.
    pub fn detection(&self, post: u16, hour: u8) -> f64 {
        self.known_slot(post, hour).map_or(0.0, |slot| self.visits.detection(&self.game, slot))
    }

    fn known_slot(&self, post: u16, hour: u8) -> Option<usize> {
        let known = usize::from(post) < self.game.posts().len() && usize::from(hour) < self.game.hours();
        known.then(|| self.game.slot(post, hour))
    }

    /// PLAN.json in RFC 8785 form.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(&self.document())
            .expect("bounds and weights are finite, and text and lists always serialize")
    }

    fn document(&self) -> PlanJson {
        PlanJson {
            kind: KIND.to_owned(),
            scale: i64::from(SCALE),
            game_sha256: hex::encode(self.game.sha256()),
            game: self.game.document().clone(),
            units: self.chains.iter().map(|chain| self.chain_json(chain)).collect(),
            value: self.value_json(),
            adversary: self.adversary.iter().map(|threat| self.threat_json(threat)).collect(),
            unreachable: self
                .unreachable
                .iter()
                .map(|&(post, hour)| (self.name(post), hour.into()))
                .collect(),
            prices: PricesJson { floor: self.prices.floor },
        }
    }

    fn name(&self, post: u16) -> String {
        self.game.posts()[usize::from(post)].to_string()
    }

    fn chain_json(&self, chain: &Chain) -> ChainJson {
        let place = |node: Node| (self.name(node.post), i64::from(node.position));
        let arc = |arc: &crate::chain::Arc| ArcJson {
            from: arc.from.map(place),
            to: arc.to.map(place),
            flow: arc.flow.into(),
        };
        ChainJson { id: chain.unit().to_string(), arcs: chain.arcs().iter().map(arc).collect() }
    }

    fn value_json(&self) -> ValueJson {
        let bounds = |of: &Bounds| BoundsJson { upper: of.upper, lower: of.lower, gap: of.gap };
        let Bounds { upper, lower, gap } = self.value.overall;
        let provinces =
            self.value.provinces.iter().map(|(name, of)| (name.to_string(), bounds(of))).collect();
        ValueJson { upper, lower, gap, provinces }
    }

    fn threat_json(&self, threat: &Threat) -> ThreatJson {
        ThreatJson {
            post: self.name(threat.post),
            hour: threat.hour.into(),
            removed: threat.removed.iter().map(|&unit| self.game.units()[unit].id.to_string()).collect(),
            weight: threat.weight,
        }
    }
}
