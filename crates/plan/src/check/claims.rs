//! What the plan claims of its chains: floor, unreachable slots, the smuggler's mix, bounds per province and in all.

use std::collections::BTreeSet;

use super::Fault;
use super::flow::Walked;
use super::prices::{self, Facts};
use super::rules::{best_path, places};
use crate::chain::{Node, SCALE};
use crate::game::Game;
use crate::plan_json::{PlanJson, ThreatJson};

/// Figures may differ by this share of their size: the order of sums is not part of the contract.
const TOLERANCE: f64 = 1e-9;

/// Smallest weight of an entry. Solvers give whole multiples of 2^-50; what is smaller by far rounds to nothing in
/// products, and a bound divided by such weights would be none.
const WEIGHT_MIN: f64 = 1.0 / (1u64 << 60) as f64;

/// The three figures of a set of slots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worth {
    pub(super) upper: f64,
    pub(super) lower: f64,
    pub(super) gap: f64,
    largest_value: f64,
}

impl Worth {
    /// How large the figures are, to compare them by.
    fn size(&self) -> f64 {
        self.upper.abs().max(self.lower.abs()).max(0.01 * self.largest_value)
    }
}

/// An entry of the mix as the game knows it.
struct Entry {
    slot: usize,
    removed: Vec<usize>,
    weight: f64,
}

/// Checks all claims; `None` if the mix cannot be read.
pub(super) fn check(
    game: &Game,
    plan: &PlanJson,
    walks: Vec<Walked>,
    faults: &mut Vec<Fault>,
) -> Option<Worth> {
    let places: Vec<Vec<Node>> = game.units().iter().map(|unit| places(game, unit)).collect();
    let chances = chances(game, &walks);
    check_floor(game, plan, &places, &chances, faults);
    let entries = entries(game, &plan.adversary, faults)?;
    let all: Vec<usize> = (0..game.slot_count()).collect();
    let overall = worth(game, &places, &chances, &all, &entries, 1.0);
    let claimed = [plan.value.upper, plan.value.lower, plan.value.gap];
    compare("value", claimed, overall, faults);
    check_provinces(game, plan, &places, &chances, entries, faults);
    // Steps that lead astray would make no sense as a walk, and are faults already.
    if faults.is_empty() {
        let steps: Vec<_> = walks.into_iter().map(|walk| walk.steps).collect();
        let facts = Facts { game, chances: &chances, steps: &steps, worth: overall };
        prices::check(&facts, &plan.prices, faults);
    }
    Some(overall)
}

/// Per slot, the presence of each unit that can be there: (unit, probability).
fn chances(game: &Game, walks: &[Walked]) -> Vec<Vec<(usize, f64)>> {
    let mut chances: Vec<Vec<(usize, f64)>> = vec![Vec::new(); game.slot_count()];
    for (unit, walk) in walks.iter().enumerate() {
        for (node, &flow) in &walk.inflow {
            chances[slot_of(game, unit, *node)].push((unit, flow as f64 / f64::from(SCALE)));
        }
    }
    chances
}

pub(super) fn slot_of(game: &Game, unit: usize, node: Node) -> usize {
    let hour = (usize::from(game.units()[unit].start) + usize::from(node.position)) % game.hours();
    usize::from(node.post) * game.hours() + hour
}

fn slot_name(game: &Game, slot: usize) -> String {
    format!("{}/{}", game.posts()[slot / game.hours()], slot % game.hours())
}

fn check_floor(
    game: &Game,
    plan: &PlanJson,
    places: &[Vec<Node>],
    chances: &[Vec<(usize, f64)>],
    faults: &mut Vec<Fault>,
) {
    let mut reachable = vec![false; game.slot_count()];
    for (unit, own) in places.iter().enumerate() {
        own.iter().for_each(|&node| reachable[slot_of(game, unit, node)] = true);
    }
    let listed: BTreeSet<(&str, i64)> =
        plan.unreachable.iter().map(|(post, hour)| (post.as_str(), *hour)).collect();
    let mut known = 0;
    for (slot, &reachable) in reachable.iter().enumerate() {
        let name = || slot_name(game, slot);
        let hour = i64::try_from(slot % game.hours()).unwrap_or(i64::MAX);
        let is_listed = listed.contains(&(game.posts()[slot / game.hours()].as_str(), hour));
        known += usize::from(is_listed);
        if is_listed == reachable {
            let claim = if is_listed { "listed" } else { "not listed" };
            faults.push(Fault::Unreachable { slot: name(), claim });
        }
        let inclusion = 1.0 - chances[slot].iter().map(|(_, chance)| 1.0 - chance).product::<f64>();
        // The last bits of a product depend on its order; one unit of flow is a million times larger.
        if reachable && inclusion < game.floor() - 1e-12 {
            faults.push(Fault::Floor { slot: name(), inclusion, floor: game.floor() });
        }
    }
    if known != plan.unreachable.len() {
        faults.push(Fault::Unreachable { slot: "a slot unknown or there twice".into(), claim: "listed" });
    }
}

fn entries(game: &Game, mix: &[ThreatJson], faults: &mut Vec<Fault>) -> Option<Vec<Entry>> {
    let mut entries = Vec::with_capacity(mix.len());
    for (place, threat) in mix.iter().enumerate() {
        match entry(game, threat) {
            Ok(entry) => entries.push(entry),
            Err(rule) => faults.push(Fault::Threat { entry: place, rule }),
        }
    }
    if entries.len() < mix.len() {
        return None;
    }
    let sum: f64 = entries.iter().map(|entry| entry.weight).sum();
    if (sum - 1.0).abs() > TOLERANCE {
        faults.push(Fault::Weights { sum });
    }
    Some(entries)
}

fn entry(game: &Game, threat: &ThreatJson) -> Result<Entry, &'static str> {
    let post = threat.post.parse().ok().and_then(|post| game.post_index(&post)).ok_or("unknown post")?;
    let hour = usize::try_from(threat.hour).ok().filter(|&hour| hour < game.hours()).ok_or("unknown hour")?;
    let unit = |name: &String| game.units().iter().position(|unit| unit.id.as_str() == name);
    let removed: Vec<usize> = threat.removed.iter().map(unit).collect::<Option<_>>().ok_or("unknown unit")?;
    if removed.len() > game.bribed() || removed.iter().collect::<BTreeSet<_>>().len() < removed.len() {
        return Err("more units removed than can be bribed, or one twice");
    }
    if !(WEIGHT_MIN..=1.0 + TOLERANCE).contains(&threat.weight) {
        return Err("a weight is between 2^-60 and 1");
    }
    Ok(Entry { slot: usize::from(post) * game.hours() + hour, removed, weight: threat.weight })
}

/// Bounds over `slots`; `weight` is the sum of the entries' weights.
fn worth(
    game: &Game,
    places: &[Vec<Node>],
    chances: &[Vec<(usize, f64)>],
    slots: &[usize],
    entries: &[Entry],
    weight: f64,
) -> Worth {
    let payoff = |&slot: &usize| {
        let (value, capture) = (game.value(slot), game.capture(slot));
        value - (value + capture) * detection(game, &chances[slot])
    };
    let upper = slots.iter().map(payoff).fold(f64::NEG_INFINITY, f64::max);
    let largest_value = slots.iter().map(|&slot| game.value(slot)).fold(f64::NEG_INFINITY, f64::max);
    let lower = secured(game, places, entries) / weight;
    let size = f64::max(lower.abs(), 0.01 * largest_value);
    let gap = if size == 0.0 { 0.0 } else { (upper - lower) / size };
    Worth { upper, lower, gap, largest_value }
}

fn detection(game: &Game, chances: &[(usize, f64)]) -> f64 {
    let left = chances.iter().map(|&(unit, chance)| game.units()[unit].detect * chance);
    strongest_left(left.collect(), game.bribed())
}

/// Chance that something happens, once the `bought` largest chances were taken out one by one.
pub(super) fn strongest_left(mut left: Vec<f64>, bought: usize) -> f64 {
    for _ in 0..bought.min(left.len()) {
        let strongest =
            (0..left.len()).fold(0, |best, other| if left[other] > left[best] { other } else { best });
        left.swap_remove(strongest);
    }
    1.0 - left.iter().map(|chance| 1.0 - chance).product::<f64>()
}

fn secured(game: &Game, places: &[Vec<Node>], entries: &[Entry]) -> f64 {
    let mut secured: f64 = entries.iter().map(|entry| entry.weight * game.value(entry.slot)).sum();
    for (index, unit) in game.units().iter().enumerate() {
        let mut at_slot = vec![0.0; game.slot_count()];
        for entry in entries.iter().filter(|entry| !entry.removed.contains(&index)) {
            at_slot[entry.slot] +=
                entry.weight * (game.value(entry.slot) + game.capture(entry.slot)) * unit.detect;
        }
        let reward: Vec<f64> =
            places[index].iter().map(|&node| at_slot[slot_of(game, index, node)]).collect();
        secured -= best_path(game, unit, &places[index], &reward);
    }
    secured
}

fn check_provinces(
    game: &Game,
    plan: &PlanJson,
    places: &[Vec<Node>],
    chances: &[Vec<(usize, f64)>],
    entries: Vec<Entry>,
    faults: &mut Vec<Fault>,
) {
    if !plan
        .value
        .provinces
        .keys()
        .map(String::as_str)
        .eq(game.provinces().iter().map(|(name, _)| name.as_str()))
    {
        faults.push(Fault::Provinces);
        return;
    }
    let mut by_province: Vec<Vec<Entry>> = game.provinces().iter().map(|_| Vec::new()).collect();
    for entry in entries {
        by_province[game.province_of(game.slot_place(entry.slot).0)].push(entry);
    }
    for ((name, posts), (claimed, entries)) in
        game.provinces().iter().zip(plan.value.provinces.values().zip(by_province))
    {
        let weight: f64 = entries.iter().map(|entry| entry.weight).sum();
        if weight <= 0.0 {
            faults.push(Fault::NoMix { province: name.to_string() });
            continue;
        }
        let slots: Vec<usize> = posts
            .iter()
            .flat_map(|&post| (0..game.hours()).map(move |hour| (post, hour)))
            .map(|(post, hour)| usize::from(post) * game.hours() + hour)
            .collect();
        let found = worth(game, places, chances, &slots, &entries, weight);
        let claimed = [claimed.upper, claimed.lower, claimed.gap];
        compare(&format!("value.provinces[{name}]"), claimed, found, faults);
    }
}

fn compare(field: &str, [upper, lower, gap]: [f64; 3], found: Worth, faults: &mut Vec<Fault>) {
    if found.lower - found.upper > TOLERANCE * found.size() {
        faults.push(Fault::Crossed { field: field.to_owned(), lower: found.lower, upper: found.upper });
    }
    compare_figure(&format!("{field}.upper"), upper, found.upper, &found, faults);
    compare_figure(&format!("{field}.lower"), lower, found.lower, &found, faults);
    if (gap - found.gap).abs() > TOLERANCE * found.gap.abs().max(1.0) {
        faults.push(Fault::Figure { field: format!("{field}.gap"), claimed: gap, found: found.gap });
    }
}

/// Compares a figure in units of the value, to a share of the size of the bounds.
pub(super) fn compare_figure(field: &str, claimed: f64, found: f64, worth: &Worth, faults: &mut Vec<Fault>) {
    if (claimed - found).abs() > TOLERANCE * worth.size().max(found.abs()) {
        faults.push(Fault::Figure { field: field.to_owned(), claimed, found });
    }
}
