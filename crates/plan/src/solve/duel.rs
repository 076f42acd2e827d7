//! Smuggler against units, both learning by predictive regret matching+, with averages that favour the recent.

use std::num::NonZeroUsize;

use crate::solve::finish::Point;
use crate::solve::parallel::{self, UNITS_MIN};
use crate::solve::part::{Flows, Part};
use crate::solve::target::{Detection, Pick, Target};
use crate::solve::walker::{Walker, normalise};

/// Weight of round t in the averages is t·(t+1)·…·(t+AGE−1), about t^AGE.
const AGE: f64 = 10.0;
/// The smuggler looks for new bribes this often, in rounds.
const BRIBE_EVERY: usize = 5;

/// Largest share by which a reward is nudged at first, by start; the first start is not nudged.
const NUDGES: [f64; 3] = [0.5, 0.2, 0.05];
/// Rounds until nudges have faded away.
const NUDGED_ROUNDS: f64 = 300.0;

/// `count` numbers between −1 and 1, the same on every machine (Steele, Lea, Flood 2014: SplitMix64).
pub(super) fn nudges(start: u64, count: usize) -> Vec<f64> {
    let mut state = start;
    let next = |_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..count).map(next).collect()
}

/// The state of the game between the two.
#[derive(Clone)]
pub(super) struct Duel<'a> {
    part: &'a Part<'a>,
    threads: NonZeroUsize,
    detection: Detection,
    floor: Option<f64>,
    targets: Vec<Target>,
    /// Which targets are passages through the slot at each place.
    passages: Vec<Vec<usize>>,
    smuggler: Vec<Mind>,
    walkers: Vec<Walker>,
    /// Average arc flows, and the visits they make.
    pub(super) flows: Flows,
    pub(super) visits: Vec<f64>,
    round: usize,
    nudges: Vec<f64>,
    nudge: f64,
    fade: f64,
}

/// The smuggler's mind about one target.
#[derive(Debug, Clone, Copy, Default)]
struct Mind {
    regret: f64,
    weight: f64,
    average: f64,
    payoff: f64,
}

impl<'a> Duel<'a> {
    /// Passage through any slot against units that know nothing.
    pub(super) fn new(part: &'a Part<'a>, detection: Detection, threads: NonZeroUsize) -> Duel<'a> {
        let flows = part.uniform();
        let visits = part.visits(&flows);
        let targets = Vec::new();
        let walkers = part.dags.iter().map(|dag| Walker::new(dag)).collect();
        let (smuggler, nudges) = (Vec::new(), Vec::new());
        let mut duel = Duel {
            part,
            threads,
            detection,
            floor: None,
            targets,
            passages: vec![Vec::new(); part.slots.len()],
            smuggler,
            walkers,
            flows,
            visits,
            round: 0,
            nudges,
            nudge: 0.0,
            fade: 0.0,
        };
        duel.add_bribes();
        duel
    }

    /// The search for the largest least inclusion: the smuggler picks the slot least often visited.
    pub(super) fn inclusion(part: &'a Part<'a>, threads: NonZeroUsize) -> Duel<'a> {
        let mut duel = Duel::new(part, Detection::Product, threads);
        duel.targets.clear();
        duel.smuggler.clear();
        duel.number_passages();
        duel.add_floor_targets(1.0);
        duel
    }

    /// Goes on with product detection and, if given, with the floor as a further concern.
    ///
    /// Units with the same shift and posts have learned the same so far, and would stay together though they do
    /// better apart: their rewards are nudged, for a while, each in its own way that `start` and `seed` choose.
    pub(super) fn refine(&mut self, floor: Option<f64>, start: usize, seed: u64) {
        self.nudges = nudges(seed.rotate_left(32) ^ start as u64, self.visits.len());
        self.nudge = start.checked_sub(1).map_or(0.0, |later| NUDGES[later % NUDGES.len()]);
        self.fade = self.nudge / NUDGED_ROUNDS;
        self.detection = Detection::Product;
        self.drop_uncontested();
        self.floor = floor;
        if floor.is_some() {
            self.add_floor_targets(self.part.largest_stake());
        }
        self.restart();
    }

    /// Forgets the averages' age, so that what comes next outweighs what was.
    pub(super) fn restart(&mut self) {
        self.round = 20;
    }

    /// A slot that no plan can protect would draw all attention and leave the rest arbitrary.
    fn drop_uncontested(&mut self) {
        let part = self.part;
        let contested = |target: &Target| match target.pick {
            Pick::Passage { place, .. } => part.is_contested(&part.slots[place].1),
            Pick::Floor { .. } => true,
        };
        let minds = std::mem::take(&mut self.smuggler).into_iter();
        let pairs = std::mem::take(&mut self.targets).into_iter().zip(minds);
        (self.targets, self.smuggler) = pairs.filter(|(target, _)| contested(target)).unzip();
        self.number_passages();
    }

    fn number_passages(&mut self) {
        self.passages = vec![Vec::new(); self.part.slots.len()];
        for (at, target) in self.targets.iter().enumerate() {
            if let Pick::Passage { place, .. } = target.pick {
                self.passages[place].push(at);
            }
        }
    }

    fn add_floor_targets(&mut self, stake: f64) {
        for (place, (_, visitors)) in self.part.slots.iter().enumerate() {
            if !visitors.is_empty() {
                self.targets.push(Target::floor(self.part, place, stake));
                self.smuggler.push(Mind::default());
            }
        }
    }

    /// Adds the removals that hurt most at the average plan, where they are new.
    fn add_bribes(&mut self) {
        for (place, (_, visitors)) in self.part.slots.iter().enumerate() {
            if self.detection == Detection::Product && !self.part.is_contested(visitors) {
                continue;
            }
            let removed = self.part.strongest(visitors, &self.visits);
            let pick = Pick::Passage { place, removed: removed.clone() };
            if !self.passages[place].iter().any(|&known| self.targets[known].pick == pick) {
                self.passages[place].push(self.targets.len());
                self.targets.push(Target::passage(self.part, place, removed));
                self.smuggler.push(Mind::default());
            }
        }
    }

    /// One round: the smuggler learns from the units' current strategies, then the units from his.
    pub(super) fn play(&mut self) {
        if self.part.game.bribed() > 0 && !self.floor_only() && self.round.is_multiple_of(BRIBE_EVERY) {
            self.add_bribes();
        }
        self.look_again();
        self.smuggler_learns();
        self.units_learn();
        self.round += 1;
        self.average();
    }

    fn floor_only(&self) -> bool {
        self.targets.iter().all(Target::is_floor)
    }

    /// Reckons the targets about the average plan; a missed floor counts from the worst passage upwards.
    fn look_again(&mut self) {
        let mut worst = f64::NEG_INFINITY;
        for target in &mut self.targets {
            target.linearise(self.detection, &self.visits);
            if !target.is_floor() {
                worst = worst.max(target.payoff(&self.visits));
            }
        }
        // Without a passage that a plan can change, the floor is the only concern.
        let worst = if worst.is_finite() { worst } else { 0.0 };
        if let Some(floor) = self.floor {
            for target in self.targets.iter_mut().filter(|target| target.is_floor()) {
                target.reward = worst + target.stake * floor;
            }
        }
    }

    fn smuggler_learns(&mut self) {
        let visits: Vec<f64> = self.walkers.iter().flat_map(|walker| walker.visits()).copied().collect();
        let mut mean = 0.0;
        for (mind, target) in self.smuggler.iter_mut().zip(&self.targets) {
            mind.payoff = target.payoff(&visits);
            mean += mind.weight * mind.payoff;
        }
        if self.smuggler.iter().all(|mind| mind.weight == 0.0) {
            mean = self.smuggler.iter().map(|mind| mind.payoff).sum::<f64>() / self.smuggler.len() as f64;
        }
        let mut weights = Vec::with_capacity(self.smuggler.len());
        for mind in &mut self.smuggler {
            let instant = mind.payoff - mean;
            mind.regret = (mind.regret + instant).max(0.0);
            weights.push((mind.regret + instant).max(0.0));
        }
        let total = weights.iter().sum();
        normalise(&mut weights, total);
        for (mind, weight) in self.smuggler.iter_mut().zip(weights) {
            mind.weight = weight;
        }
    }

    fn units_learn(&mut self) {
        let mut reward = vec![0.0; self.visits.len()];
        for (mind, target) in self.smuggler.iter().zip(&self.targets).filter(|(mind, _)| mind.weight > 0.0) {
            target.add_reward(mind.weight, &mut reward);
        }
        if self.nudge > 0.0 {
            reward
                .iter_mut()
                .zip(&self.nudges)
                .for_each(|(reward, nudge)| *reward *= 1.0 + self.nudge * nudge);
            self.nudge -= self.fade;
        }
        let part = self.part;
        parallel::for_each(self.threads, &mut self.walkers, UNITS_MIN, |unit, walker| {
            walker.learn(part.dags[unit], &reward[part.nodes_of(unit)]);
        });
    }

    fn average(&mut self) {
        let step = (AGE + 1.0) / (AGE + self.round as f64);
        for mind in &mut self.smuggler {
            mind.average += step * (mind.weight - mind.average);
        }
        let mut at = 0;
        for (walker, flows) in self.walkers.iter().zip(&mut self.flows) {
            for (average, flow) in flows.iter_mut().zip(walker.flow()) {
                *average += step * (flow - *average);
            }
            for visit in walker.visits() {
                self.visits[at] += step * (visit - self.visits[at]);
                at += 1;
            }
        }
    }

    /// The average plan.
    pub(super) fn point(&self) -> Point {
        Point { flows: self.flows.clone(), visits: self.visits.clone() }
    }

    /// The smuggler's average mix over passages: place in the part's slots, removed visitors, weight.
    pub(super) fn mix(&self) -> Vec<(usize, Vec<usize>, f64)> {
        let mixed = self.smuggler.iter().zip(&self.targets).filter(|(mind, _)| mind.average > 0.0);
        mixed
            .filter_map(|(mind, target)| match &target.pick {
                Pick::Passage { place, removed } => Some((*place, removed.clone(), mind.average)),
                Pick::Floor { .. } => None,
            })
            .collect()
    }

    /// A mix from before anything was learned: every passage by what it is worth.
    pub(super) fn first_mix(&self) -> Vec<(usize, Vec<usize>, f64)> {
        let passage = |target: &Target| match &target.pick {
            Pick::Passage { place, removed } => Some((*place, removed.clone(), target.reward)),
            Pick::Floor { .. } => None,
        };
        self.targets.iter().filter_map(passage).collect()
    }

    /// The smuggler's average mix over rarely visited slots: place in the part's slots, weight.
    pub(super) fn floor_mix(&self) -> Vec<(usize, f64)> {
        let minds = self.smuggler.iter().zip(&self.targets);
        minds
            .filter_map(|(mind, target)| match &target.pick {
                Pick::Floor { place } => Some((*place, mind.average)),
                Pick::Passage { .. } => None,
            })
            .collect()
    }
}
