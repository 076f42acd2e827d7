//! The smuggler's published mix: which of the mixes met on the way certifies most, in weights that sum to 1 exactly.

use crate::certificate::{Threat, lower};
use crate::dag::Dag;
use crate::game::Game;
use crate::solve::part::Part;
use crate::solve::round::apportion;

/// Weights are whole multiples of 2^-50, so that every sum of them is exact.
const GRAINS: u64 = 1 << 50;
/// Grains of a province that the smuggler has no reason to visit: enough to state its own bound.
const PROVINCE_GRAINS: u64 = 1 << 20;
/// Weights below this share of the largest are tried without.
const PRUNINGS: [f64; 5] = [0.0, 1e-6, 1e-4, 1e-3, 1e-2];

/// The best mix found for one part and the bound it certifies.
#[derive(Debug, Clone)]
pub(super) struct Best {
    pub(super) mix: Vec<Threat>,
    pub(super) lower: f64,
}

impl Best {
    /// No mix yet: any certifies more.
    pub(super) fn new() -> Best {
        Best { mix: Vec::new(), lower: f64::NEG_INFINITY }
    }

    /// Keeps the mix, pruned as serves best, if it certifies more.
    pub(super) fn offer(&mut self, part: &Part, dags: &[Dag], mix: &[(usize, Vec<usize>, f64)]) {
        let largest = mix.iter().map(|entry| entry.2).fold(0.0, f64::max);
        for pruning in PRUNINGS {
            let kept: Vec<_> = mix.iter().filter(|entry| entry.2 >= pruning * largest).collect();
            if kept.is_empty() {
                continue;
            }
            let weights: Vec<f64> = kept.iter().map(|entry| entry.2).collect();
            let grains = apportion(GRAINS, &weights);
            let threats: Vec<Threat> = kept
                .iter()
                .zip(grains)
                .filter(|(_, grains)| *grains > 0)
                .map(|((place, removed, _), grains)| threat(part, *place, removed, grains))
                .collect();
            let lower = lower(part.game, dags, &threats);
            if lower >= self.lower {
                *self = Best { mix: threats, lower };
            }
        }
    }
}

fn threat(part: &Part, place: usize, removed: &[usize], grains: u64) -> Threat {
    let (slot, visitors) = &part.slots[place];
    let (post, hour) = part.game.slot_place(*slot);
    let removed = removed.iter().map(|&at| part.units[visitors[at].unit]).collect();
    Threat { post, hour, removed, weight: weight(grains) }
}

fn weight(grains: u64) -> f64 {
    grains as f64 / GRAINS as f64
}

/// One mix for the whole game: the hardest part's, with a grain of every other province. In slot order.
pub(super) fn joined(game: &Game, parts: &[Part], bests: &[Best]) -> Vec<Threat> {
    let hardest = (0..bests.len())
        .rev()
        .max_by(|&one, &other| bests[one].lower.total_cmp(&bests[other].lower))
        .unwrap_or(0);
    let mut mixes: Vec<(u64, Vec<Threat>)> = Vec::new();
    let mut spent = 0;
    for (at, part) in parts.iter().enumerate() {
        for &province in &part.provinces {
            let of_province = |threat: &&Threat| game.province_of(threat.post) == province;
            let own: Vec<Threat> = bests[at].mix.iter().filter(of_province).cloned().collect();
            if at != hardest || own.is_empty() {
                spent += PROVINCE_GRAINS;
                let own = if own.is_empty() { vec![dearest(game, province)] } else { own };
                mixes.push((PROVINCE_GRAINS, own));
            }
        }
    }
    if let Some(best) = bests.get(hardest) {
        mixes.push((GRAINS - spent, best.mix.clone()));
    }
    let mut all: Vec<Threat> = mixes.iter().flat_map(|(grains, mix)| scaled(*grains, mix)).collect();
    all.sort_by(|one, other| {
        (one.post, one.hour, &one.removed).cmp(&(other.post, other.hour, &other.removed))
    });
    all
}

/// The mix with weights that sum to `grains`; entries that come to nothing are dropped.
fn scaled(grains: u64, mix: &[Threat]) -> Vec<Threat> {
    let weights: Vec<f64> = mix.iter().map(|threat| threat.weight).collect();
    let parts = apportion(grains, &weights);
    let entries = mix.iter().zip(parts).filter(|(_, part)| *part > 0);
    entries.map(|(threat, part)| Threat { weight: weight(part), ..threat.clone() }).collect()
}

/// A province's slot of largest value, for a province that no mix visits.
fn dearest(game: &Game, province: usize) -> Threat {
    let posts = &game.provinces()[province].1;
    let slots = posts.iter().flat_map(|&post| game.slot(post, 0)..game.slot(post, 0) + game.hours());
    let dearest = slots.max_by(|&one, &other| game.value(one).total_cmp(&game.value(other))).unwrap_or(0);
    let (post, hour) = game.slot_place(dearest);
    Threat { post, hour, removed: Vec::new(), weight: 1.0 }
}
