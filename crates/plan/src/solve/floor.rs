//! The floor: a plan that visits every slot as often as can be, and the least share of it that a plan needs.

use std::num::NonZeroUsize;

use sekong_model::{PostId, ProvinceId};

use crate::chain::Chain;
use crate::dag::Dag;
use crate::game_json::{CaptureJson, GameJson};
use crate::solve::duel::Duel;
use crate::solve::finish::Point;
use crate::solve::part::{Flows, Part, blend, parts};
use crate::solve::{Search, SolveError, certify, improve};
use crate::visits::Visits;

/// Rounds between two looks at the average plan.
const LOOK_EVERY: usize = 20;
/// Halvings of the share that is mixed in.
const HALVINGS: usize = 30;
/// Asked for above the floor first, so that a checker that sums in another order agrees.
const MARGIN: f64 = 1e-9;

/// A plan whose least inclusion is above the floor: learned where that suffices, else solved for.
pub(super) fn inclusive(
    part: &Part,
    dags: &[Dag],
    floor: f64,
    search: Search<'_>,
) -> Result<Flows, SolveError> {
    learned(part, floor, search).or_else(|refusal| match &refusal {
        SolveError::FloorNotFound { reached, .. } => {
            let solved = solved(part, dags, search);
            let least = part.least_inclusion(&part.visits(&solved)).map_or(1.0, |(_, least)| least);
            if least > *reached && least >= floor { Ok(solved) } else { Err(refusal) }
        }
        _ => Err(refusal),
    })
}

/// Units that learn side by side may all come to visit everything a little; the product run knows starts that part them.
/// It solves the game in which to be missed is all that the smuggler gains, and the same everywhere.
fn solved(part: &Part, dags: &[Dag], search: Search<'_>) -> Flows {
    let game = part.game.changed(|document| be_seen(part, document));
    let game =
        game.expect("values of 0 and 1 without floor, bribes and absences are a game of the same units");
    let parts = parts(&game, dags);
    let same = parts.iter().find(|other| other.units == part.units);
    let same = same.expect("parts follow from units and provinces, and these are the same");
    improve::improve(same, &certify(same, dags, search), None, search).flows
}

/// A game about nothing but visits: of a slot of the part that somebody can reach the smuggler gains 1.
fn be_seen(part: &Part, document: &mut GameJson) {
    let slots = document.value.iter_mut().flatten();
    slots.for_each(|value| *value = 0.0);
    for (slot, _) in part.slots.iter().filter(|(_, visitors)| !visitors.is_empty()) {
        let (post, hour) = part.game.slot_place(*slot);
        document.value[usize::from(post)][usize::from(hour)] = 1.0;
    }
    document.capture = CaptureJson::Everywhere(0.0);
    document.units.iter_mut().for_each(|unit| unit.detect = 1.0);
    (document.floor, document.bribed) = (0.0, 0);
    (document.objective, document.absent) = (None, None);
}

/// Searches for the plan with the largest least inclusion; stops well above the floor.
fn learned(part: &Part, floor: f64, search: Search<'_>) -> Result<Flows, SolveError> {
    let mut duel = Duel::inclusion(part, search.threads);
    let mut best = (duel.flows.clone(), part.least_inclusion(&duel.visits));
    let enough = (2.0 * floor).min(0.5 * (1.0 + floor));
    for round in 1..=search.options.rounds {
        let Some((_, least)) = best.1 else { return Ok(best.0) };
        if least >= enough || (search.stop)() {
            break;
        }
        duel.play();
        if round % LOOK_EVERY == 0 {
            let seen = part.least_inclusion(&duel.visits);
            if seen.is_some_and(|(_, inclusion)| inclusion > least) {
                best = (duel.flows.clone(), seen);
            }
        }
    }
    match best.1 {
        Some((slot, reached)) if reached < floor => Err(refusal(part, &duel, slot, reached)),
        _ => Ok(best.0),
    }
}

/// Says which slot an inclusive plan could not hold once it was rounded to whole flows.
pub(super) fn lost_in_rounding(part: &Part, inclusive: &Flows) -> SolveError {
    let (slot, reached) = part.least_inclusion(&part.visits(inclusive)).unwrap_or((0, 1.0));
    refusal(part, &Duel::inclusion(part, NonZeroUsize::MIN), slot, reached)
}

/// Says which slot cannot be held: proved if even coordinated units cannot, else not found.
fn refusal(part: &Part, duel: &Duel, slot: usize, reached: f64) -> SolveError {
    let (floor, most) = (part.game.floor(), most_inclusion(part, &duel.floor_mix()));
    let (post, hour) = part.game.slot_place(slot);
    let province: ProvinceId = part.game.provinces()[part.game.province_of(post)].0.clone();
    let post: PostId = part.game.posts()[usize::from(post)].clone();
    if most < floor {
        SolveError::FloorInfeasible { province, post, hour, floor, most }
    } else {
        SolveError::FloorNotFound { province, post, hour, floor, reached, most }
    }
}

/// No draw, coordinated or not, has a larger least inclusion: `Σ_u max over paths of Σ w`, for the weights `w` of
/// slots scaled to 1.
fn most_inclusion(part: &Part, mix: &[(usize, f64)]) -> f64 {
    let total: f64 = mix.iter().map(|(_, weight)| weight).sum();
    let mut reward = vec![0.0; part.node_count()];
    for &(place, weight) in mix {
        part.slots[place].1.iter().for_each(|visitor| reward[visitor.node] += weight / total);
    }
    let best = |(unit, dag): (usize, &&crate::dag::Dag)| dag.best_response(&reward[part.nodes_of(unit)]);
    part.dags.iter().enumerate().map(best).sum::<f64>().min(1.0)
}

/// The plan with the least share of `inclusive` mixed in that visits every slot it can as often as `floor`, or the
/// inclusive plan itself if none does.
pub(super) fn mended(part: &Part, plan: &Point, inclusive: &Flows, floor: f64) -> Point {
    let at = |share: f64| {
        let flows = blend(&plan.flows, inclusive, share);
        let visits = part.visits(&flows);
        Point { flows, visits }
    };
    let holds = |point: &Point| part.least_inclusion(&point.visits).is_none_or(|(_, least)| least >= floor);
    if holds(plan) {
        return plan.clone();
    }
    let (mut low, mut high, mut held) = (0.0, 1.0, at(1.0));
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        let tried = at(middle);
        if holds(&tried) {
            (high, held) = (middle, tried);
        } else {
            low = middle;
        }
    }
    held
}

/// Rounds the plan with the least share of `inclusive` mixed in that holds the floor; `None` if none does.
pub(super) fn hold(part: &Part, plan: &Flows, inclusive: &Flows) -> Option<Vec<Chain>> {
    hold_at(part, plan, inclusive, part.game.floor() + MARGIN)
        .or_else(|| hold_at(part, plan, inclusive, part.game.floor()))
}

fn hold_at(part: &Part, plan: &Flows, inclusive: &Flows, floor: f64) -> Option<Vec<Chain>> {
    let at = |share: f64| {
        let chains = part.round(&blend(plan, inclusive, share));
        holds(part, &chains, floor).then_some(chains)
    };
    if let Some(chains) = at(0.0) {
        return Some(chains);
    }
    let (mut low, mut high, mut held) = (0.0, 1.0, at(1.0)?);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        match at(middle) {
            Some(chains) => (high, held) = (middle, chains),
            None => low = middle,
        }
    }
    Some(held)
}

fn holds(part: &Part, chains: &[Chain], floor: f64) -> bool {
    let visits = Visits::of_units(part.game, part.units.iter().copied().zip(chains));
    let reachable = part.slots.iter().filter(|(_, visitors)| !visitors.is_empty());
    reachable.map(|(slot, _)| visits.inclusion(*slot)).all(|inclusion| inclusion >= floor)
}
