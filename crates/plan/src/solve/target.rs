//! What the smuggler may pick, as seen from a reference plan: his payoff as a linear function of the visits.

use crate::solve::part::{Part, Visitor};

/// A pick and its payoff `reward − stake·c`, where `c = 1 − Π (1 − strength·visits)` over the links.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) pick: Pick,
    pub(super) reward: f64,
    pub(super) stake: f64,
    links: Vec<Link>,
    /// Constant part of `c` about the reference plan.
    offset: f64,
}

/// What a target stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Pick {
    /// Passing through a slot, some of its visitors (by place among them) bought.
    Passage { place: usize, removed: Vec<usize> },
    /// The rule that a slot be visited now and then.
    Floor { place: usize },
}

#[derive(Debug, Clone)]
struct Link {
    unit: usize,
    node: usize,
    strength: f64,
    slope: f64,
}

/// What one visit more by a unit at a node takes from the payoff.
#[derive(Debug, Clone, Copy)]
pub(super) struct Term {
    pub(super) unit: usize,
    pub(super) node: usize,
    pub(super) cost: f64,
}

/// How joint detection is reckoned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detection {
    /// `c ≤ Σ q x`: true for every draw, coordinated or not.
    Additive,
    /// `c = 1 − Π (1 − q x)`: units move independently.
    Product,
}

impl Target {
    /// Passing through the slot at `place` of the part's list.
    pub(super) fn passage(part: &Part, place: usize, removed: Vec<usize>) -> Target {
        let (slot, visitors) = &part.slots[place];
        let kept = visitors.iter().enumerate().filter(|(at, _)| removed.binary_search(at).is_err());
        let links = kept.map(|(_, visitor)| Link::new(visitor, visitor.detect)).collect();
        let (value, capture) = (part.game.value(*slot), part.game.capture(*slot));
        let pick = Pick::Passage { place, removed };
        Target { pick, reward: value, stake: value + capture, links, offset: 0.0 }
    }

    /// Not being visited: pays `stake·(floor − inclusion)` above the reward set by the search.
    pub(super) fn floor(part: &Part, place: usize, stake: f64) -> Target {
        let links = part.slots[place].1.iter().map(|visitor| Link::new(visitor, 1.0)).collect();
        Target { pick: Pick::Floor { place }, reward: 0.0, stake, links, offset: 0.0 }
    }

    /// Reckons detection about the plan whose visits are `reference`.
    pub(super) fn linearise(&mut self, detection: Detection, reference: &[f64]) {
        match detection {
            Detection::Additive => {
                self.offset = 0.0;
                self.links.iter_mut().for_each(|link| link.slope = link.strength);
            }
            Detection::Product => self.linearise_product(reference),
        }
    }

    /// Slopes are `q_u Π_{v≠u} (1 − q_v y_v)`, by products from both ends.
    fn linearise_product(&mut self, reference: &[f64]) {
        let mut before = 1.0;
        for link in &mut self.links {
            link.slope = link.strength * before;
            before *= 1.0 - link.strength * reference[link.node];
        }
        let mut behind = 1.0;
        let mut linear = 0.0;
        for link in self.links.iter_mut().rev() {
            link.slope *= behind;
            behind *= 1.0 - link.strength * reference[link.node];
            linear += link.slope * reference[link.node];
        }
        self.offset = 1.0 - before - linear;
    }

    /// Whether this is the floor's rule.
    pub(super) fn is_floor(&self) -> bool {
        matches!(self.pick, Pick::Floor { .. })
    }

    /// Payoff at `visits` by the current linear form.
    pub(super) fn payoff(&self, visits: &[f64]) -> f64 {
        let mut detection = self.offset;
        for link in &self.links {
            detection += link.slope * visits[link.node];
        }
        self.reward - self.stake * detection
    }

    /// The current linear form, unit by unit: each unit has one node at most that a pick looks at.
    pub(super) fn terms(&self) -> impl Iterator<Item = Term> {
        self.links.iter().map(|link| Term { unit: link.unit, node: link.node, cost: self.stake * link.slope })
    }

    /// Adds to each node what a visit there takes from a smuggler who plays this target with `weight`.
    pub(super) fn add_reward(&self, weight: f64, reward: &mut [f64]) {
        for link in &self.links {
            reward[link.node] += weight * self.stake * link.slope;
        }
    }
}

impl Link {
    fn new(visitor: &Visitor, strength: f64) -> Link {
        Link { unit: visitor.unit, node: visitor.node, strength, slope: strength }
    }
}
