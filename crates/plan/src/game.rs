//! The game of one plan: posts, stakes, travel and units, valid by construction.

mod parse;

use std::collections::BTreeMap;

use sekong_model::{PoolId, PostId, ProvinceId, UnitId};
use sha2::{Digest, Sha256};

use crate::document::read;
use crate::game_error::GameError;
use crate::game_json::GameJson;

/// Most hours of a game: a position in a shift is one byte.
pub const SLOTS_MAX: usize = 255;
/// Most posts of a game: a post's index is two bytes.
pub const POSTS_MAX: usize = 65_535;
/// Most units of a game.
pub const UNITS_MAX: usize = 65_535;
/// Largest value or cost of capture, in the campaign's currency.
pub const STAKE_MAX: f64 = 1e15;

/// Whom the plan is made against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objective {
    /// One smuggler who may choose any slot.
    Max,
    /// One smuggler per province.
    Provinces,
    /// The worst slot first, then the next worst, and so on.
    Leximin,
}

/// A unit of the game; posts are indices into [`Game::posts`].
#[derive(Debug, Clone, PartialEq)]
pub struct GameUnit {
    /// Its name.
    pub id: UnitId,
    /// Where it has jurisdiction.
    pub province: ProvinceId,
    /// The pool whose teams are dealt to it.
    pub pool: PoolId,
    /// Chance of detecting a smuggler whom it inspects, in (0, 1].
    pub detect: f64,
    /// Hour of position 0.
    pub start: u8,
    /// Hours of its shift: positions are below this.
    pub length: u8,
    /// Hours between turns; 1 for a plain unit.
    pub every: u8,
    /// Whether it inspects at each of its turns to the end of its shift.
    pub sentinel: bool,
    /// Posts it can begin at.
    pub enter: Vec<u16>,
    /// Posts it can end at.
    pub leave: Vec<u16>,
    /// Posts it may inspect.
    pub reach: Vec<u16>,
}

/// A valid game. Slots are numbered post × hours + hour.
#[derive(Debug, Clone, PartialEq)]
pub struct Game {
    document: GameJson,
    hours: usize,
    posts: Vec<PostId>,
    post_index: BTreeMap<PostId, u16>,
    provinces: Vec<(ProvinceId, Vec<u16>)>,
    province_of: Vec<usize>,
    value: Vec<f64>,
    capture: Vec<f64>,
    roads: Vec<Vec<(u16, u16)>>,
    units: Vec<GameUnit>,
    floor: f64,
    bribed: usize,
    objective: Objective,
    absent: BTreeMap<PoolId, usize>,
}

impl Game {
    /// Reads GAME.json. Errors name field and mend.
    pub fn from_json(text: &str) -> Result<Game, GameError> {
        Game::try_from(read::<GameJson>(text)?)
    }

    /// The document in RFC 8785 form: what it held when it was read, nothing added.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json_canonicalizer::to_vec(&self.document)
            .expect("every number was checked to be finite, and text and lists always serialize")
    }

    /// SHA-256 of [`Game::to_json`].
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.to_json()).into()
    }

    /// The game with its document changed.
    ///
    /// # Errors
    /// As [`Game::from_json`], if the change breaks a rule.
    pub(crate) fn changed(&self, change: impl FnOnce(&mut GameJson)) -> Result<Game, GameError> {
        let mut document = self.document.clone();
        change(&mut document);
        Game::try_from(document)
    }

    /// Hours of the game.
    pub fn hours(&self) -> usize {
        self.hours
    }

    /// The posts in game order, which is also the order of the dice.
    pub fn posts(&self) -> &[PostId] {
        &self.posts
    }

    /// A post's place in [`Game::posts`].
    pub fn post_index(&self, post: &PostId) -> Option<u16> {
        self.post_index.get(post).copied()
    }

    /// The provinces by name, each with its posts in the document's order.
    pub fn provinces(&self) -> &[(ProvinceId, Vec<u16>)] {
        &self.provinces
    }

    /// Place in [`Game::provinces`] of the province that `post` lies in.
    pub fn province_of(&self, post: u16) -> usize {
        self.province_of[usize::from(post)]
    }

    /// Number of slots: posts × hours.
    pub fn slot_count(&self) -> usize {
        self.value.len()
    }

    /// The number of the slot (`post`, `hour`).
    pub fn slot(&self, post: u16, hour: u8) -> usize {
        usize::from(post) * self.hours + usize::from(hour)
    }

    /// Post and hour of slot `slot`.
    pub fn slot_place(&self, slot: usize) -> (u16, u8) {
        let (post, hour) = (slot / self.hours, slot % self.hours);
        (u16::try_from(post).unwrap_or(u16::MAX), u8::try_from(hour).unwrap_or(u8::MAX))
    }

    /// What a passage through `slot` is worth to the smuggler: `a` of the formulas.
    pub fn value(&self, slot: usize) -> f64 {
        self.value[slot]
    }

    /// What capture in `slot` costs him: `g` of the formulas.
    pub fn capture(&self, slot: usize) -> f64 {
        self.capture[slot]
    }

    /// The smuggler's payoff in `slot` if he is detected there with chance `detection`.
    pub fn payoff(&self, slot: usize, detection: f64) -> f64 {
        self.value[slot] - (self.value[slot] + self.capture[slot]) * detection
    }

    /// The posts that can be driven to from `post`, with travel hours, in post order.
    pub fn roads(&self, post: u16) -> &[(u16, u16)] {
        &self.roads[usize::from(post)]
    }

    /// Travel hours between two different posts; `None` if there is no way.
    pub fn travel_hours(&self, from: u16, to: u16) -> Option<u16> {
        let roads = self.roads(from);
        roads.binary_search_by_key(&to, |road| road.0).ok().map(|at| roads[at].1)
    }

    /// The units in game order.
    pub fn units(&self) -> &[GameUnit] {
        &self.units
    }

    /// A unit's place in [`Game::units`].
    pub fn unit_index(&self, unit: &UnitId) -> Option<usize> {
        self.units.iter().position(|other| &other.id == unit)
    }

    /// The hour in which `unit` stands at position `position`.
    pub fn hour_of(&self, unit: usize, position: u8) -> u8 {
        let hour = (usize::from(self.units[unit].start) + usize::from(position)) % self.hours;
        u8::try_from(hour).unwrap_or(u8::MAX)
    }

    /// Least inclusion probability of every reachable slot, in [0, 1).
    pub fn floor(&self) -> f64 {
        self.floor
    }

    /// How many units the smuggler may have bought at the slot he picks.
    pub fn bribed(&self) -> usize {
        self.bribed
    }

    /// Whom the plan is made against.
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// The pools of which teams may be absent, with the most that may be.
    pub fn absent(&self) -> &BTreeMap<PoolId, usize> {
        &self.absent
    }
}
