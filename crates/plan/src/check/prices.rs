//! The figures beside the certificate, by the checker's own reckoning: absent teams, a bought team that phones, one look.

use std::collections::BTreeMap;

use super::Fault;
use super::claims::{Worth, compare_figure, slot_of, strongest_left};
use super::flow::Step;
use crate::chain::{Node, SCALE};
use crate::game::Game;
use crate::plan_json::PricesJson;

/// What a claim is compared with: the plan's chances and its worst case.
pub(super) struct Facts<'a> {
    pub(super) game: &'a Game,
    /// Per slot, the presence of each unit that can be there.
    pub(super) chances: &'a [Vec<(usize, f64)>],
    /// The steps of each unit.
    pub(super) steps: &'a [Vec<Step>],
    pub(super) worth: Worth,
}

/// Compares every figure that the plan states; those about absent teams must be stated if the game admits any.
pub(super) fn check(facts: &Facts<'_>, claimed: &PricesJson, faults: &mut Vec<Fault>) {
    if let Some(price) = claimed.floor.filter(|price| !(*price >= 0.0 && price.is_finite())) {
        faults.push(Fault::Price { price });
    }
    let mut figure = |name: &str, claimed: Option<f64>, found: &dyn Fn() -> f64| {
        let Some(claimed) = claimed else { return };
        compare_figure(&format!("prices.{name}"), claimed, found(), &facts.worth, faults);
    };
    let (sighting, sighting_worst) = match claimed.sighting.or(claimed.sighting_worst) {
        Some(_) => facts.sightings(),
        None => (0.0, 0.0),
    };
    figure("unbribed", claimed.unbribed, &|| facts.unbribed());
    figure("informed", claimed.informed, &|| facts.informed());
    figure("sighting", claimed.sighting, &|| sighting);
    figure("sighting_worst", claimed.sighting_worst, &|| sighting_worst);
    facts.check_absent(claimed, faults);
}

impl Facts<'_> {
    fn payoff(&self, slot: usize, detection: f64) -> f64 {
        let (value, capture) = (self.game.value(slot), self.game.capture(slot));
        value - (value + capture) * detection
    }

    fn worst(&self, detection: impl Fn(usize) -> f64) -> f64 {
        let payoffs = (0..self.game.slot_count()).map(|slot| self.payoff(slot, detection(slot)));
        payoffs.fold(f64::NEG_INFINITY, f64::max)
    }

    fn detect(&self, unit: usize) -> f64 {
        self.game.units()[unit].detect
    }

    fn unbribed(&self) -> f64 {
        let missed = |&(unit, chance): &(usize, f64)| 1.0 - self.detect(unit) * chance;
        self.worst(|slot| 1.0 - self.chances[slot].iter().map(missed).product::<f64>())
    }

    fn check_absent(&self, claimed: &PricesJson, faults: &mut Vec<Fault>) {
        let most: BTreeMap<&str, usize> =
            self.game.absent().iter().map(|(pool, &most)| (pool.as_str(), most)).collect();
        if most.is_empty() && claimed.absent.is_none() && claimed.absent_all.is_none() {
            return;
        }
        let none = BTreeMap::new();
        let pools = claimed.absent.as_ref().unwrap_or(&none);
        let is_whole =
            |(pool, most): (&&str, &usize)| pools.get(*pool).is_some_and(|of| of.len() == most + 1);
        if pools.len() != most.len() || !most.iter().all(is_whole) {
            return faults.push(Fault::Absent);
        }
        for (pool, uppers) in pools {
            for (count, &upper) in uppers.iter().enumerate() {
                let absent = BTreeMap::from([(pool.as_str(), count)]);
                let found = self.worst(|slot| self.detection_without(slot, &absent));
                let field = format!("prices.absent[{pool}][{count}]");
                compare_figure(&field, upper, found, &self.worth, faults);
            }
        }
        if let Some(upper) = claimed.absent_all {
            let found = self.worst(|slot| self.detection_without(slot, &most));
            compare_figure("prices.absent_all", upper, found, &self.worth, faults);
        }
    }

    /// Chance of detection in `slot` with so many teams of each pool absent, the smuggler's purchases tried one by one.
    fn detection_without(&self, slot: usize, absent: &BTreeMap<&str, usize>) -> f64 {
        let mut pools: BTreeMap<&str, Vec<f64>> = absent.keys().map(|&pool| (pool, Vec::new())).collect();
        let mut present = Vec::new();
        for &(unit, chance) in &self.chances[slot] {
            let of_pool = pools.get_mut(self.game.units()[unit].pool.as_str());
            of_pool.unwrap_or(&mut present).push(self.detect(unit) * chance);
        }
        let pools: Vec<Pool> =
            pools.into_iter().map(|(name, chances)| self.pool(name, chances, absent[name])).collect();
        1.0 - most_missed(&pools, &present, self.game.bribed())
    }

    fn pool(&self, name: &str, mut chances: Vec<f64>, absent: usize) -> Pool {
        chances.sort_by(f64::total_cmp);
        let units = self.game.units().iter().filter(|unit| unit.pool.as_str() == name).count();
        Pool { chances, units, absent }
    }

    /// The bought team waits for the best moment at which nobody stands beside it who was not bought.
    fn informed(&self) -> f64 {
        let waits = |unit: usize| {
            let mut worth: BTreeMap<Node, f64> = BTreeMap::new();
            let mut nodes: Vec<Node> = self.steps[unit].iter().filter_map(|step| step.from).collect();
            nodes.sort_by_key(|node| std::cmp::Reverse((node.position, node.post)));
            nodes.dedup();
            for node in nodes {
                let slot = slot_of(self.game, unit, node);
                let others = self.chances[slot].iter().filter(|other| other.0 != unit).map(|other| other.1);
                let bought = self.game.bribed().saturating_sub(1);
                let alone = 1.0 - strongest_left(others.collect(), bought);
                let later = self.expected(unit, Some(node), &worth);
                worth.insert(node, later + alone * (self.game.value(slot) - later).max(0.0));
            }
            self.expected(unit, None, &worth)
        };
        (0..self.steps.len()).map(waits).fold(self.worth.upper, f64::max)
    }

    fn expected(&self, unit: usize, from: Option<Node>, worth: &BTreeMap<Node, f64>) -> f64 {
        let (mut sum, mut flow) = (0.0, 0.0);
        for step in steps_from(&self.steps[unit], from) {
            let of = step.to.and_then(|to| worth.get(&to)).copied().unwrap_or(self.worth.upper);
            sum += step.flow as f64 * of;
            flow += step.flow as f64;
        }
        sum / flow
    }

    /// What a look is worth on average at the best place to look from, and after the most telling sight.
    fn sightings(&self) -> (f64, f64) {
        let by_hour = self.slots_by_hour();
        let (mut mean, mut worst) = (self.worth.upper, self.worth.upper);
        for unit in 0..self.steps.len() {
            let visits = visits(&self.steps[unit]);
            for (&node, &chance) in &visits {
                if node.position.checked_add(self.game.units()[unit].every).is_none() {
                    continue;
                }
                let (seen, unseen) = self.after_look(unit, node, &visits, &by_hour);
                let (seen, unseen) = (seen.max(self.worth.upper), unseen.max(self.worth.upper));
                mean = mean.max(chance * seen + (1.0 - chance) * unseen);
                worst = worst.max(seen);
            }
        }
        (mean, worst)
    }

    /// Payoffs of all slots of each hour, the largest first.
    fn slots_by_hour(&self) -> Vec<Vec<(f64, usize)>> {
        let mut by_hour = vec![Vec::new(); self.game.hours()];
        for slot in 0..self.game.slot_count() {
            let chances = self.chances[slot].iter().map(|&(unit, chance)| self.detect(unit) * chance);
            let detection = strongest_left(chances.collect(), self.game.bribed());
            by_hour[slot % self.game.hours()].push((self.payoff(slot, detection), slot));
        }
        by_hour.iter_mut().for_each(|slots| slots.sort_by(|one, other| other.0.total_cmp(&one.0)));
        by_hour
    }

    /// The best payoff at the unit's next turn if it was seen at `node`, and if it was not.
    fn after_look(
        &self,
        unit: usize,
        node: Node,
        visits: &BTreeMap<Node, f64>,
        by_hour: &[Vec<(f64, usize)>],
    ) -> (f64, f64) {
        let next = node.position + self.game.units()[unit].every;
        let (chance, mut seen, mut unseen) = (visits[&node], f64::NEG_INFINITY, f64::NEG_INFINITY);
        let mut touched = Vec::new();
        for (&to, &usual) in visits.iter().filter(|(to, _)| to.position == next) {
            let slot = slot_of(self.game, unit, to);
            touched.push(slot);
            let steps = steps_from(&self.steps[unit], Some(node)).iter();
            let both = steps.filter(|step| step.to == Some(to)).map(|step| step.flow as f64).sum::<f64>()
                / f64::from(SCALE);
            seen = seen.max(self.payoff_if(slot, unit, both / chance));
            if chance < 1.0 {
                unseen = unseen.max(self.payoff_if(slot, unit, f64::max(usual - both, 0.0) / (1.0 - chance)));
            }
        }
        let hour = slot_of(self.game, unit, Node { position: next, ..node }) % self.game.hours();
        let elsewhere = by_hour[hour].iter().find(|(_, slot)| !touched.contains(slot));
        let elsewhere = elsewhere.map_or(f64::NEG_INFINITY, |(payoff, _)| *payoff);
        (seen.max(elsewhere), unseen.max(elsewhere))
    }

    /// The payoff in `slot` if `unit` were there with `chance`.
    fn payoff_if(&self, slot: usize, unit: usize, chance: f64) -> f64 {
        let chances = self.chances[slot]
            .iter()
            .map(|&(other, usual)| self.detect(other) * if other == unit { chance } else { usual });
        self.payoff(slot, strongest_left(chances.collect(), self.game.bribed()))
    }
}

/// A pool with absent teams, as one slot sees it; chances ascend.
struct Pool {
    chances: Vec<f64>,
    units: usize,
    absent: usize,
}

impl Pool {
    /// Chance that none of its units detects if the `bought` strongest are bought. Of the rest, `absent` drawn without
    /// replacement stand empty: the sum runs over how many of those are units that could be in the slot.
    fn missed(&self, bought: usize) -> f64 {
        let rest = self.units - bought;
        let (absent, kept) =
            (self.absent.min(rest), &self.chances[..self.chances.len().saturating_sub(bought)]);
        // Elementary sums: over all choices of so many empty units, the product of what the others miss.
        let mut sums = vec![1.0];
        for chance in kept {
            sums.push(0.0);
            for empty in (0..sums.len()).rev() {
                let one_less = if empty == 0 { 0.0 } else { sums[empty - 1] };
                sums[empty] = sums[empty] * (1.0 - chance) + one_less;
            }
        }
        let share = |empty: usize| {
            let empties = (0..empty).map(|at| (absent as f64 - at as f64).max(0.0) / (rest - at) as f64);
            let others = (0..kept.len() - empty)
                .map(|at| ((rest - absent) as f64 - at as f64).max(0.0) / (rest - empty - at) as f64);
            empties.chain(others).product::<f64>()
        };
        sums.iter().enumerate().map(|(empty, sum)| sum * share(empty)).sum()
    }
}

/// The smuggler's best chance to get through: for every number of units bought so far the best way to divide them among
/// the pools; `present` are units of pools without absences, and are bought last.
fn most_missed(pools: &[Pool], present: &[f64], bought: usize) -> f64 {
    let units: usize = pools.iter().map(|pool| pool.units).sum();
    let most = bought.min(units);
    let mut best = vec![1.0; most + 1];
    for pool in pools {
        let of_pool: Vec<f64> = (0..=most.min(pool.units)).map(|here| pool.missed(here)).collect();
        let with = |all: usize| {
            let ways = of_pool.iter().enumerate().take(all + 1);
            ways.map(|(here, missed)| missed * best[all - here]).fold(0.0, f64::max)
        };
        best = (0..=most).map(with).collect();
    }
    let last = |(all, missed): (usize, &f64)| missed * (1.0 - strongest_left(present.to_vec(), bought - all));
    best.iter().enumerate().map(last).fold(0.0, f64::max)
}

fn visits(steps: &[Step]) -> BTreeMap<Node, f64> {
    let mut visits = BTreeMap::new();
    for step in steps {
        if let Some(to) = step.to {
            *visits.entry(to).or_insert(0.0) += step.flow as f64 / f64::from(SCALE);
        }
    }
    visits
}

/// The steps out of one place; `steps` are sorted by it.
fn steps_from(steps: &[Step], from: Option<Node>) -> &[Step] {
    let first = steps.partition_point(|step| step.from < from);
    let end = steps.partition_point(|step| step.from <= from);
    &steps[first..end]
}
