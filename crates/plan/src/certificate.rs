//! What a plan is worth, and the proof that no plan is worth much more (DESIGN section 5).

use std::collections::BTreeMap;

use sekong_model::ProvinceId;

use crate::dag::Dag;
use crate::game::Game;
use crate::visits::Visits;

/// One entry of the smuggler's published mix.
#[derive(Debug, Clone, PartialEq)]
pub struct Threat {
    /// Index of the post he picks.
    pub post: u16,
    /// The hour he picks.
    pub hour: u8,
    /// Indices of the units he has bought there, ascending, at most the game's `bribed`.
    pub removed: Vec<usize>,
    /// How often he does this; the weights of a mix sum to 1.
    pub weight: f64,
}

/// The smuggler's payoff is at most `upper` under this plan and at least `lower` under any plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Worst slot of the published chains.
    pub upper: f64,
    /// What the published mix secures against every plan, coordinated or not.
    pub lower: f64,
    /// `(upper − lower) / max(|lower|, 0.01·max a)`; 0 if both are 0.
    pub gap: f64,
}

impl Bounds {
    fn new(upper: f64, lower: f64, largest_value: f64) -> Bounds {
        let scale = lower.abs().max(0.01 * largest_value);
        // The last bits of two sums may cross where the bounds meet.
        let lower = lower.min(upper);
        let gap = if scale > 0.0 { (upper - lower) / scale } else { 0.0 };
        Bounds { upper, lower, gap }
    }
}

/// The certificate's figures, for all slots and for each province alone.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// Over all slots.
    pub overall: Bounds,
    /// Over the slots of one province; `lower` is that of the mix restricted to it and scaled to 1.
    pub provinces: BTreeMap<ProvinceId, Bounds>,
}

/// The figures of a plan. `dags` stand in unit order.
pub(crate) fn value(game: &Game, dags: &[Dag], visits: &Visits, adversary: &[Threat]) -> Value {
    let payoffs: Vec<f64> =
        (0..game.slot_count()).map(|slot| game.payoff(slot, visits.detection(game, slot))).collect();
    let all: Vec<usize> = (0..game.slot_count()).collect();
    let bounds = |slots: &[usize], lower: f64| {
        let largest =
            |numbers: &dyn Fn(usize) -> f64| slots.iter().map(|&slot| numbers(slot)).fold(f64::MIN, f64::max);
        Bounds::new(largest(&|slot| payoffs[slot]), lower, largest(&|slot| game.value(slot)))
    };
    let of_province = |(place, (name, posts)): (usize, &(ProvinceId, Vec<u16>))| {
        let slots: Vec<usize> =
            posts.iter().flat_map(|&post| game.slot(post, 0)..game.slot(post, 0) + game.hours()).collect();
        let threats: Vec<Threat> =
            adversary.iter().filter(|threat| game.province_of(threat.post) == place).cloned().collect();
        let weight: f64 = threats.iter().map(|threat| threat.weight).sum();
        (name.clone(), bounds(&slots, lower(game, dags, &threats) / weight))
    };
    let overall = bounds(&all, lower(game, dags, adversary));
    Value { overall, provinces: game.provinces().iter().enumerate().map(of_province).collect() }
}

/// What `adversary` secures: `Σ w a − Σ_u max over paths of Σ w (a + g) q_u`, entries that remove `u` left out.
pub(crate) fn lower(game: &Game, dags: &[Dag], adversary: &[Threat]) -> f64 {
    let slot = |threat: &Threat| game.slot(threat.post, threat.hour);
    let gained: f64 = adversary.iter().map(|threat| threat.weight * game.value(slot(threat))).sum();
    let mut stakes = vec![0.0; game.slot_count()];
    let mut spared: BTreeMap<usize, Vec<(usize, f64)>> = BTreeMap::new();
    for threat in adversary {
        let stake = threat.weight * (game.value(slot(threat)) + game.capture(slot(threat)));
        stakes[slot(threat)] += stake;
        for &unit in &threat.removed {
            spared.entry(unit).or_default().push((slot(threat), stake));
        }
    }
    let mut lost = 0.0;
    for (unit, dag) in dags.iter().enumerate() {
        let mut own: BTreeMap<usize, f64> = BTreeMap::new();
        for &(slot, stake) in spared.get(&unit).into_iter().flatten() {
            *own.entry(slot).or_insert(0.0) += stake;
        }
        let reward: Vec<f64> = dag
            .nodes()
            .iter()
            .map(|node| {
                let slot = game.slot(node.post, game.hour_of(unit, node.position));
                stakes[slot] - own.get(&slot).copied().unwrap_or(0.0)
            })
            .collect();
        if reward.iter().any(|&reward| reward > 0.0) {
            lost += game.units()[unit].detect * dag.best_response(&reward);
        }
    }
    gained - lost
}
