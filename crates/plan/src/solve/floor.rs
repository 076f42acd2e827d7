//! The floor: a plan that visits every slot as often as can be, and the least share of it that a plan needs.

use sekong_model::{PostId, ProvinceId};

use crate::chain::{Chain, SCALE};
use crate::dag::Dag;
use crate::game_json::{CaptureJson, GameJson};
use crate::solve::duel::Duel;
use crate::solve::finish::Point;
use crate::solve::part::{Flows, Part, blend, parts};
use crate::solve::{Search, SolveError, SolveOptions, Stop, certify, improve};
use crate::visits::Visits;

/// Rounds between two looks at the average plan.
const LOOK_EVERY: usize = 20;
/// Halvings of the share that is mixed in.
const HALVINGS: usize = 30;
/// Asked for above the floor first, so that a checker that sums in another order agrees.
const MARGIN: f64 = 1e-9;
/// Plans that are rounded in haste, at most.
const ROUNDINGS: usize = 5;

/// A plan whose least inclusion is above the floor: learned where that suffices, else solved for.
pub(super) fn inclusive(
    part: &Part,
    dags: &[Dag],
    floor: f64,
    search: Search<'_>,
) -> Result<Flows, SolveError> {
    let mut best = learned(part, floor, search);
    let options = search.options;
    let is_open = |best: &Inclusive| best.least < floor && floor - MARGIN <= best.most && !(search.stop)();
    if is_open(&best) {
        best = best.or(part, solved(part, dags, search));
    }
    // Where a gap made the search content, it goes on without one.
    if is_open(&best) && floor - best.least <= options.gap {
        let options = &SolveOptions { gap: 0.0, start: None, ..*options };
        best = best.or(part, solved(part, dags, Search { options, ..search }));
    }
    // Whole flows may hold what sums of real ones miss by their last bits.
    if best.least >= floor || holds(part, &part.round(&best.flows), floor) {
        return Ok(best.flows);
    }
    Err(refusal(part, &best, (search.stop)()))
}

/// The plan that visits its rarest slot most often.
struct Inclusive {
    flows: Flows,
    /// How often that is.
    least: f64,
    /// It is not more often whatever the draw.
    most: f64,
}

impl Inclusive {
    /// The better of this and another.
    fn or(self, part: &Part, flows: Flows) -> Inclusive {
        let least = part.least_inclusion(&part.visits(&flows)).map_or(1.0, |(_, least)| least);
        if least > self.least { Inclusive { flows, least, ..self } } else { self }
    }
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
fn learned(part: &Part, floor: f64, search: Search<'_>) -> Inclusive {
    let mut duel = Duel::inclusion(part, search.threads);
    let least = |duel: &Duel<'_>| part.least_inclusion(&duel.visits).map_or(1.0, |(_, least)| least);
    let mut best = (duel.flows.clone(), least(&duel));
    let enough = (2.0 * floor).min(0.5 * (1.0 + floor));
    for round in 1..=search.options.rounds {
        if best.1 >= enough || (search.stop)() {
            break;
        }
        duel.play();
        if round % LOOK_EVERY == 0 {
            let seen = least(&duel);
            if seen > best.1 {
                best = (duel.flows.clone(), seen);
            }
        }
    }
    let (flows, least) = best;
    let most = if least < floor { most_inclusion(part, &duel.floor_mix()) } else { 1.0 };
    Inclusive { flows, least, most }
}

/// Says which slot an inclusive plan could not hold once it was rounded to whole flows.
pub(super) fn lost_in_rounding(part: &Part, inclusive: &Flows, stopped: bool) -> SolveError {
    let best = Inclusive { flows: inclusive.clone(), least: 1.0, most: 1.0 };
    refusal(part, &best, stopped)
}

/// Says which slot cannot be held: proved if even coordinated units cannot, else not found. What was reached is told of
/// the rounded plan, so that a floor which that one holds can be named as the mend.
fn refusal(part: &Part, best: &Inclusive, stopped: bool) -> SolveError {
    let (floor, most) = (part.game.floor(), best.most);
    let (slot, reached) = least_of_chains(part, &part.round(&best.flows)).unwrap_or((0, 1.0));
    let (post, hour) = part.game.slot_place(slot);
    let province: ProvinceId = part.game.provinces()[part.game.province_of(post)].0.clone();
    let post: PostId = part.game.posts()[usize::from(post)].clone();
    if most < floor - MARGIN {
        SolveError::FloorInfeasible { province, post, hour, floor, most }
    } else if stopped {
        SolveError::FloorStopped { province, post, hour, floor, reached }
    } else if best.least > floor - 1.0 / f64::from(SCALE) {
        SolveError::FloorRounded { province, post, hour, floor, reached }
    } else {
        SolveError::FloorNotFound { province, post, hour, floor, reached, most }
    }
}

/// A floor of six digits that a plan holds which was seen to visit its rarest slot with chance `reached`.
pub(super) fn held_by(reached: f64) -> f64 {
    ((1e6 * reached).floor() - 1.0).max(0.0) / 1e6
}

/// No draw, coordinated or not, has a larger least inclusion: `Σ_u max over paths of Σ w`, for the weights `w` of
/// slots scaled to 1.
fn most_inclusion(part: &Part, mix: &[(usize, f64)]) -> f64 {
    let total: f64 = mix.iter().map(|(_, weight)| weight).sum();
    // Nothing was learned yet, so nothing is proved.
    if total <= 0.0 {
        return 1.0;
    }
    let mut reward = vec![0.0; part.node_count()];
    for &(place, weight) in mix {
        part.slots[place].1.iter().for_each(|visitor| reward[visitor.node] += weight / total);
    }
    let best = |(unit, dag): (usize, &&crate::dag::Dag)| dag.best_response(&reward[part.nodes_of(unit)]);
    part.dags.iter().enumerate().map(best).sum::<f64>().min(1.0)
}

/// The plan with the least share of `inclusive` mixed in that visits every slot it can as often as `floor`, or the
/// inclusive plan itself if none does.
pub(super) fn mended(part: &Part, plan: &Point, inclusive: &Flows, floor: f64, stop: Stop<'_>) -> Point {
    let at = |share: f64| {
        let flows = blend(&plan.flows, inclusive, share);
        let visits = part.visits(&flows);
        Point { flows, visits }
    };
    let holds = |point: &Point| part.least_inclusion(&point.visits).is_none_or(|(_, least)| least >= floor);
    if holds(plan) {
        return plan.clone();
    }
    let tried = |share: f64| Some(at(share)).filter(holds);
    least_share(at(1.0), tried, stop)
}

/// What is `tried` successfully at the least share that bisection finds; `whole` is known to be right at share 1.
fn least_share<T>(whole: T, tried: impl Fn(f64) -> Option<T>, stop: Stop<'_>) -> T {
    let (mut low, mut high, mut held) = (0.0, 1.0, whole);
    for _ in 0..HALVINGS {
        if stop() {
            break;
        }
        let middle = 0.5 * (low + high);
        match tried(middle) {
            Some(found) => (high, held) = (middle, found),
            None => low = middle,
        }
    }
    held
}

/// Rounds the plan with the least share of `inclusive` mixed in that holds the floor; `None` if none does.
pub(super) fn hold(part: &Part, plan: &Flows, inclusive: &Flows, stop: Stop<'_>) -> Option<Vec<Chain>> {
    if stop() {
        return hold_at_once(part, plan, inclusive);
    }
    hold_at(part, plan, inclusive, part.game.floor() + MARGIN, stop)
        .or_else(|| hold_at(part, plan, inclusive, part.game.floor(), stop))
}

fn hold_at(part: &Part, plan: &Flows, inclusive: &Flows, floor: f64, stop: Stop<'_>) -> Option<Vec<Chain>> {
    let at = |share: f64| {
        let chains = part.round(&blend(plan, inclusive, share));
        holds(part, &chains, floor).then_some(chains)
    };
    if let Some(chains) = at(0.0) {
        return Some(chains);
    }
    Some(least_share(at(1.0)?, at, stop))
}

/// As [`hold`] where no time is left: shares are found in real numbers, and few are rounded.
fn hold_at_once(part: &Part, plan: &Flows, inclusive: &Flows) -> Option<Vec<Chain>> {
    let floor = part.game.floor();
    let (from, to) = (part.visits(plan), part.visits(inclusive));
    let blended =
        |share: f64| from.iter().zip(&to).map(|(from, to)| (1.0 - share) * from + share * to).collect();
    let holds = |visits: Vec<f64>, aim| part.least_inclusion(&visits).is_none_or(|(_, least)| least >= aim);
    let (mut aim, mut step) = (floor + MARGIN, 1.0);
    for _ in 0..ROUNDINGS {
        let tried = |share: f64| holds(blended(share), aim).then_some(share);
        let share = tried(0.0).unwrap_or_else(|| least_share(1.0, tried, &|| false));
        let chains = part.round(&blend(plan, inclusive, share));
        let missed = floor - least_of_chains(part, &chains).map_or(1.0, |(_, least)| least);
        if missed <= 0.0 {
            return Some(chains);
        }
        // What rounding took is asked for beforehand, and more each time.
        step *= 2.0;
        aim += step * missed;
    }
    Some(part.round(inclusive)).filter(|chains| self::holds(part, chains, floor))
}

fn holds(part: &Part, chains: &[Chain], floor: f64) -> bool {
    least_of_chains(part, chains).is_none_or(|(_, least)| least >= floor)
}

/// The reachable slot least often visited by whole chains; `None` if nothing is reachable.
fn least_of_chains(part: &Part, chains: &[Chain]) -> Option<(usize, f64)> {
    let visits = Visits::of_units(part.game, part.units.iter().copied().zip(chains));
    let reachable = part.slots.iter().filter(|(_, visitors)| !visitors.is_empty());
    let inclusions = reachable.map(|(slot, _)| (*slot, visits.inclusion(*slot)));
    inclusions.min_by(|one, other| one.1.total_cmp(&other.1))
}
