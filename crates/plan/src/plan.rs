//! A solved game: one chain per unit, and the certificate.

mod read;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::certificate::{Bounds, Threat, Value};
use crate::chain::{Chain, Node, SCALE};
use crate::game::Game;
use crate::plan_json::{BoundsJson, KIND, PricesJson, ThreatJson, ValueJson};
use crate::prices::Prices;
use crate::visits::Visits;

pub use read::PlanError;

/// Room for an arc with names of some ten letters.
const ARC_BYTES: usize = 64;

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

/// A slot as the chains have it: what a sample of it has to know.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlannedSlot {
    /// Index of the post in the game's list.
    pub post: u16,
    /// The hour.
    pub hour: u8,
    /// Probability that some unit is there.
    pub inclusion: f64,
    /// Expected number of units there.
    pub visits: f64,
    /// Of these, of units that were elsewhere before, or had not begun.
    pub arrivals: f64,
}

/// Whether a unit comes to a post where it was not before.
pub fn is_arrival(from: Option<Node>, to: Node) -> bool {
    from.is_none_or(|from| from.post != to.post)
}

impl Plan {
    pub(crate) fn new(
        game: Game,
        chains: Vec<Chain>,
        value: Value,
        adversary: Vec<Threat>,
        unreachable: Vec<(u16, u8)>,
        floor_price: Option<f64>,
    ) -> Plan {
        let visits = Visits::of(&game, &chains);
        let prices = Prices::of(&game, &chains, &visits, value.overall.upper, floor_price);
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

    /// What the rules cost, and what the smuggler gains by knowing more or meeting fewer teams.
    pub fn prices(&self) -> &Prices {
        &self.prices
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

    /// Every slot with what the chains make of it, in slot order.
    pub fn slots(&self) -> Vec<PlannedSlot> {
        let mut arrivals = vec![0.0; self.game.slot_count()];
        for (unit, chain) in self.chains.iter().enumerate() {
            for (from, to, flow) in chain.arcs().iter().filter_map(|arc| Some((arc.from, arc.to?, arc.flow)))
            {
                if is_arrival(from, to) {
                    let hour = self.game.hour_of(unit, to.position);
                    arrivals[self.game.slot(to.post, hour)] += f64::from(flow) / f64::from(SCALE);
                }
            }
        }
        let slot = |(slot, arrivals): (usize, f64)| {
            let (post, hour) = self.game.slot_place(slot);
            let visits = self.visits.shares(slot).map(|(_, share)| share).sum();
            PlannedSlot { post, hour, inclusion: self.visits.inclusion(slot), visits, arrivals }
        };
        arrivals.into_iter().enumerate().map(slot).collect()
    }

    fn known_slot(&self, post: u16, hour: u8) -> Option<usize> {
        let known = usize::from(post) < self.game.posts().len() && usize::from(hour) < self.game.hours();
        known.then(|| self.game.slot(post, hour))
    }

    /// PLAN.json in RFC 8785 form: its fields in the order of their names, in one piece, for a large plan has a hundred
    /// megabytes.
    pub fn to_json(&self) -> Vec<u8> {
        let game = self.game.to_json();
        let arcs: usize = self.chains.iter().map(|chain| chain.arcs().len()).sum();
        let mut text = Vec::with_capacity(2 * game.len() + ARC_BYTES * arcs);
        write_field("{", "adversary", &canonical(&self.threats_json()), &mut text);
        write_field(",", "game", &game, &mut text);
        write_field(",", "game_sha256", &canonical(&hex::encode(Sha256::digest(&game))), &mut text);
        drop(game);
        write_field(",", "kind", &canonical(&KIND), &mut text);
        write_field(",", "prices", &canonical(&PricesJson::from(&self.prices)), &mut text);
        write_field(",", "scale", &canonical(&SCALE), &mut text);
        write_field(",", "units", b"", &mut text);
        self.write_units(&mut text);
        write_field(",", "unreachable", &canonical(&self.unreachable_json()), &mut text);
        write_field(",", "value", &canonical(&self.value_json()), &mut text);
        text.push(b'}');
        text
    }

    fn name(&self, post: u16) -> String {
        self.game.posts()[usize::from(post)].to_string()
    }

    /// The chains, written arc by arc: a plan of 2,000 posts has a million, and a general writer takes longer for them
    /// than the solver takes.
    fn write_units(&self, text: &mut Vec<u8>) {
        let posts: Vec<Vec<u8>> = self.game.posts().iter().map(canonical).collect();
        text.push(b'[');
        for (at, chain) in self.chains.iter().enumerate() {
            text.extend_from_slice(if at == 0 { b"{\"arcs\":[" } else { b",{\"arcs\":[" });
            for (at, arc) in chain.arcs().iter().enumerate() {
                text.extend_from_slice(if at == 0 { b"{\"flow\":" } else { b",{\"flow\":" });
                write_number(arc.flow, text);
                text.extend_from_slice(b",\"from\":");
                write_place(arc.from, &posts, text);
                text.extend_from_slice(b",\"to\":");
                write_place(arc.to, &posts, text);
                text.push(b'}');
            }
            text.extend_from_slice(b"],\"id\":");
            text.extend(canonical(chain.unit()));
            text.push(b'}');
        }
        text.push(b']');
    }

    fn threats_json(&self) -> Vec<ThreatJson> {
        self.adversary.iter().map(|threat| self.threat_json(threat)).collect()
    }

    fn unreachable_json(&self) -> Vec<(String, i64)> {
        self.unreachable.iter().map(|&(post, hour)| (self.name(post), hour.into())).collect()
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

fn canonical(value: &impl Serialize) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value)
        .expect("bounds and weights are finite, and text and lists always serialize")
}

fn write_field(mark: &str, name: &str, value: &[u8], text: &mut Vec<u8>) {
    [mark.as_bytes(), b"\"", name.as_bytes(), b"\":", value]
        .iter()
        .for_each(|part| text.extend_from_slice(part));
}

fn write_place(place: Option<Node>, posts: &[Vec<u8>], text: &mut Vec<u8>) {
    let Some(Node { post, position }) = place else { return text.extend_from_slice(b"null") };
    text.push(b'[');
    text.extend_from_slice(&posts[usize::from(post)]);
    text.push(b',');
    write_number(position.into(), text);
    text.push(b']');
}

fn write_number(number: u32, text: &mut Vec<u8>) {
    text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
