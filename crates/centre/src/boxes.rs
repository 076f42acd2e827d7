//! The boxes of an hour: one for every team of a province, whether it is on duty or not, all alike from outside.

use std::collections::BTreeMap;

use sekong_draw::{BoxContent, BoxFor, SealedBox};
use sekong_log::{BoxKey, Hash, Tree, leaf_hash};
use sekong_model::{Moment, ProvinceId, TeamId};

use crate::bodies::{BoxMessage, SaltKey, canonical};
use crate::state::{DrawnOrder, State};

/// The boxes of one province and moment, in campaign order of the teams, and the tree over them.
#[derive(Debug, Clone)]
pub struct Boxes {
    boxes: Vec<(TeamId, SealedBox)>,
    tree: Tree,
}

/// A team's box with the proof that it is under the root that was logged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenBox {
    /// The box.
    pub sealed: SealedBox,
    /// Its place among the boxes.
    pub place: u64,
    /// RFC 6962 inclusion proof under the logged root.
    pub proof: Vec<Hash>,
}

impl Boxes {
    /// Seals what a moment decided, to the devices enrolled in the first `size` entries; the same arguments give the same
    /// boxes.
    pub(crate) fn of(
        state: &State,
        salts: &SaltKey,
        province: &ProvinceId,
        moment: Moment,
        size: u64,
    ) -> Boxes {
        let (mut boxes, mut tree) = (Vec::new(), Tree::new());
        for team in state.teams_of(province) {
            let sealed = seal(state, salts, province, moment, (team, state.box_key_of(team, size)));
            tree.push(leaf_hash(sealed.as_bytes()));
            boxes.push((team.clone(), sealed));
        }
        Boxes { boxes, tree }
    }

    /// The root that the log holds.
    pub(crate) fn root(&self) -> Hash {
        self.tree.root()
    }

    /// A team's box.
    pub fn of_team(&self, team: &TeamId) -> Option<ProvenBox> {
        let place = self.boxes.iter().position(|(known, _)| known == team)?;
        let proof = self.tree.inclusion_proof(place as u64, self.tree.size()).ok()?;
        Some(ProvenBox { sealed: self.boxes[place].1.clone(), place: place as u64, proof })
    }
}

/// What a moment told a team, sealed once more to a device that it was given after that: no root holds this box, but the
/// order in it opens its commitment in the log like any other.
pub(crate) fn renewed(
    state: &State,
    salts: &SaltKey,
    province: &ProvinceId,
    moment: Moment,
    (team, key): (&TeamId, BoxKey),
) -> Option<SealedBox> {
    let subject = format!("{team} {key}");
    let randomness = salts.salt("renewed box", province, moment, &subject).0;
    sealed(state, salts, province, moment, (team, key), &randomness)
}

fn seal(
    state: &State,
    salts: &SaltKey,
    province: &ProvinceId,
    moment: Moment,
    (team, key): (&TeamId, Option<BoxKey>),
) -> SealedBox {
    let randomness = salts.salt("box", province, moment, team.as_str()).0;
    let sealed = key.and_then(|key| sealed(state, salts, province, moment, (team, key), &randomness));
    sealed.unwrap_or_else(|| own_of(state, province, moment, team).blank(&randomness))
}

fn sealed(
    state: &State,
    salts: &SaltKey,
    province: &ProvinceId,
    moment: Moment,
    (team, key): (&TeamId, BoxKey),
    randomness: &[u8; 32],
) -> Option<SealedBox> {
    let message = message(state, salts, province, moment, state.order_for(province, moment, team))?;
    own_of(state, province, moment, team).seal(&key, &canonical(&message), randomness).ok()
}

fn own_of<'a>(state: &'a State, province: &'a ProvinceId, moment: Moment, team: &'a TeamId) -> BoxFor<'a> {
    BoxFor { campaign: state.campaign().id(), province, content: BoxContent::Orders(moment), team }
}

fn message(
    state: &State,
    salts: &SaltKey,
    province: &ProvinceId,
    moment: Moment,
    order: Option<&DrawnOrder>,
) -> Option<BoxMessage> {
    let Moment::Hour { day, hour } = moment else { return None };
    let opening = order
        .map(|order| order.opening(day, hour, salts.salt("order", province, moment, order.unit.as_str())));
    Some(BoxMessage { opening, check_in_by: state.check_in_by(day, hour) })
}

/// The boxes of the newest moments, so that nothing is sealed twice.
#[derive(Debug, Default)]
pub(crate) struct BoxBook(BTreeMap<(Moment, ProvinceId), Boxes>);

/// Moments kept, of all provinces: a day and more.
const KEPT_MAX: usize = 128;

impl BoxBook {
    pub(crate) fn keep(&mut self, province: &ProvinceId, moment: Moment, boxes: Boxes) {
        self.0.insert((moment, province.clone()), boxes);
        while KEPT_MAX < self.0.len() {
            self.0.pop_first();
        }
    }

    pub(crate) fn get(&self, province: &ProvinceId, moment: Moment) -> Option<&Boxes> {
        self.0.get(&(moment, province.clone()))
    }
}
