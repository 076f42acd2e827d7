//! The solver: regret matching finds a smuggler's mix for `lower`, then a plan for `upper`, then whole numbers.
//!
//! Each part of the game is solved in three runs: additive detection (which certifies `lower`), product detection
//! without the floor, and with it. All arithmetic is + − × ÷ and comparisons in a fixed order.

mod duel;
mod finish;
mod floor;
mod levels;
mod mix;
mod parallel;
mod part;
pub(crate) mod round;
mod spread;
mod tableau;
mod target;
mod walker;
mod warm;

use std::num::NonZeroUsize;

use sekong_model::{PostId, ProvinceId, UnitId};

use crate::certificate;
use crate::chain::Chain;
use crate::dag::Dag;
use crate::game::{Game, GameUnit};
use crate::plan::Plan;
use crate::visits::Visits;
use duel::Duel;
use finish::{Bounded, Limits, Point};
use mix::Best;
use part::{Flows, Part};
use spread::Allowed;
use target::Detection;

/// How long to search, and with what.
#[derive(Debug, Clone, PartialEq)]
pub struct SolveOptions {
    /// A part is done once its gap is at most this.
    pub gap: f64,
    /// Rounds of each of the runs of a part, at most.
    pub rounds: usize,
    /// Numbers that the search among starts may touch in each part before it tries no further start.
    pub work: usize,
    /// Threads at work, over parts and over the units of large parts; the plan does not depend on it.
    pub threads: NonZeroUsize,
    /// Chooses the starts among which the best plan is taken.
    pub seed: u64,
    /// An earlier plan, taken as one more start; it may be of another game.
    pub start: Option<Plan>,
}

impl Default for SolveOptions {
    fn default() -> SolveOptions {
        SolveOptions {
            gap: 0.001,
            rounds: 1000,
            work: 600_000_000,
            threads: NonZeroUsize::MIN,
            seed: 0,
            start: None,
        }
    }
}

/// What a search came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The best plan met, with its true gap.
    pub plan: Plan,
    /// Whether it was told to stop before it was done.
    pub stopped: bool,
}

/// What a search may take: its options, and whether it is told to stop.
#[derive(Clone, Copy)]
struct Search<'a> {
    options: &'a SolveOptions,
    /// Threads that a part may share among its units.
    threads: NonZeroUsize,
    stop: &'a (dyn Fn() -> bool + Sync),
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SolveError {
    /// A unit cannot get from where it enters to where it may leave.
    #[error("unit {unit} has no path from `enter` to `leave`; add travel, posts or hours")]
    NoPath {
        /// Which.
        unit: UnitId,
    },
    /// No plan holds the floor, coordinated or not: a proof is a mix of slots of which no units can visit enough.
    #[error(
        "floor {floor} cannot be held at {post} ({province}) in hour {hour}: no draw visits every slot more often than {most}; lower the floor or add units"
    )]
    FloorInfeasible {
        /// Where.
        province: ProvinceId,
        /// The slot's post.
        post: PostId,
        /// The slot's hour.
        hour: u8,
        /// As asked for.
        floor: f64,
        /// Least inclusion of a slot is at most this, whatever the draw.
        most: f64,
    },
    /// The search did not find a plan that holds the floor, and did not prove that there is none.
    #[error(
        "no plan was found that holds floor {floor}: {post} ({province}) in hour {hour} is visited with {reached}, at most {most} is possible; lower the floor, add units or search longer"
    )]
    FloorNotFound {
        /// Where.
        province: ProvinceId,
        /// The slot's post.
        post: PostId,
        /// The slot's hour.
        hour: u8,
        /// As asked for.
        floor: f64,
        /// The largest least inclusion found.
        reached: f64,
        /// Least inclusion of a slot is at most this, whatever the draw.
        most: f64,
    },
}

/// Solves a game. The same game and options give the same plan on every machine.
///
/// With the objective `max` each province's own smuggler is answered as well, for provinces that share no units do
/// not compete.
pub fn solve(game: &Game, options: &SolveOptions) -> Result<Plan, SolveError> {
    solve_until(game, options, &|| false).map(|outcome| outcome.plan)
}

/// Solves a game until it is done or `stop` says so; then the best plan met is the answer.
///
/// # Errors
/// As [`solve`]; also [`SolveError::FloorNotFound`] if it was stopped before it met a plan that holds the floor.
pub fn solve_until(
    game: &Game,
    options: &SolveOptions,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Outcome, SolveError> {
    let dags = dags(game, options.threads)?;
    let parts = part::parts(game, &dags);
    let search = Search { options, threads: options.threads, stop };
    let mut chains: Vec<Option<Chain>> = vec![None; dags.len()];
    let mut bests = Vec::with_capacity(parts.len());
    let (mut upper, mut upper_free) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (part, solved) in parts.iter().zip(solve_parts(&parts, &dags, search)) {
        let solved = solved?;
        upper = upper.max(part.worst_of(&solved.chains));
        upper_free = upper_free.max(solved.upper_free);
        for (&unit, chain) in part.units.iter().zip(solved.chains) {
            chains[unit] = Some(chain);
        }
        bests.push(solved.best);
    }
    let chains: Vec<Chain> = chains.into_iter().flatten().collect();
    let visits = Visits::of(game, &chains);
    let adversary = mix::joined(game, &parts, &bests);
    let value = certificate::value(game, &dags, &visits, &adversary);
    let floor_price = Some((upper - upper_free).max(0.0));
    let plan = Plan::new(game.clone(), chains, value, adversary, unreachable(game, &parts), floor_price);
    Ok(Outcome { plan, stopped: stop() })
}

/// What no plan of the game can be below: the additive bound, to a quarter of the gap asked for.
pub(crate) fn bound(game: &Game, options: &SolveOptions) -> Result<f64, SolveError> {
    let never = || false;
    let search = Search { options, threads: options.threads, stop: &never };
    let dags = dags(game, options.threads)?;
    let bounds = part::parts(game, &dags)
        .iter()
        .map(|part| certify(part, &dags, search).best.lower)
        .collect::<Vec<_>>();
    Ok(bounds.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// The plan that would be best if units could be coordinated at no loss, walked by units that are not.
pub(crate) fn additive(game: &Game, options: &SolveOptions) -> Result<Vec<Chain>, SolveError> {
    let never = || false;
    let search = Search { options, threads: options.threads, stop: &never };
    let dags = dags(game, options.threads)?;
    let mut chains = Vec::new();
    for part in part::parts(game, &dags) {
        let rounded = part.round(&certify(&part, &dags, search).point.flows);
        chains.extend(part.units.iter().copied().zip(rounded));
    }
    chains.sort_by_key(|(unit, _)| *unit);
    Ok(chains.into_iter().map(|(_, chain)| chain).collect())
}

/// Solves each part by itself, as many at a time as there are threads, which those that are left share among their
/// units: parts share nothing, so no answer depends on which thread was the faster one.
fn solve_parts(parts: &[Part], dags: &[Dag], search: Search<'_>) -> Vec<Result<Solved, SolveError>> {
    let threads = search.options.threads;
    let within = NonZeroUsize::new(threads.get() / parts.len().max(1)).unwrap_or(NonZeroUsize::MIN);
    parallel::map(threads, parts, 1, |part| solve_part(part, dags, Search { threads: within, ..search }))
}

pub(crate) fn dags(game: &Game, threads: NonZeroUsize) -> Result<Vec<Dag>, SolveError> {
    let dag =
        |unit: &GameUnit| Dag::of(game, unit).ok_or_else(|| SolveError::NoPath { unit: unit.id.clone() });
    parallel::map(threads, game.units(), parallel::UNITS_MIN, dag).into_iter().collect()
}

fn unreachable(game: &Game, parts: &[Part]) -> Vec<(u16, u8)> {
    let empty = parts.iter().flat_map(|part| &part.slots).filter(|(_, visitors)| visitors.is_empty());
    let mut slots: Vec<usize> = empty.map(|(slot, _)| *slot).collect();
    slots.sort_unstable();
    slots.into_iter().map(|slot| game.slot_place(slot)).collect()
}

/// A part's chains, its mix, and the worst payoff of the best plan found without a floor.
struct Solved {
    chains: Vec<Chain>,
    best: Best,
    upper_free: f64,
}

fn solve_part(part: &Part, dags: &[Dag], search: Search<'_>) -> Result<Solved, SolveError> {
    let floor = part.game.floor();
    let inclusive = if floor > 0.0 { Some(floor::inclusive(part, floor, search)?) } else { None };
    let bounded = certify(part, dags, search);
    let plan = improve(part, &bounded, None, search);
    let chains = part.round(&plan.flows);
    let upper_free = part.worst_of(&chains);
    let Some(inclusive) = inclusive else { return Ok(Solved { chains, best: bounded.best, upper_free }) };
    let held = improve(part, &bounded, Some(&inclusive), search);
    let chains =
        [held, plan].iter().filter_map(|plan| floor::hold(part, &plan.flows, &inclusive)).collect::<Vec<_>>();
    let chains = chains
        .into_iter()
        .min_by(|one, other| part.worst_of(one).total_cmp(&part.worst_of(other)))
        .ok_or_else(|| floor::lost_in_rounding(part, &inclusive))?;
    Ok(Solved { chains, best: bounded.best, upper_free })
}

/// Asked for above the floor in the search, so that little is left to mend.
const FLOOR_MARGIN: f64 = 1e-5;
/// Rounds between two looks at the averages.
const LOOK_EVERY: usize = 25;
/// Rounds before the first finish, and how much longer each next stretch is.
const ROUNDS_FIRST: usize = 12;
const STRETCH: usize = 4;
/// Of the gap asked for, so much may be left between the additive bounds.
const ADDITIVE_SHARE: f64 = 0.25;
/// Numbers that one linear programme may touch.
const WORK_MAX: usize = 200_000_000;

/// What the additive run came to.
struct Certified<'a> {
    best: Best,
    duel: Duel<'a>,
    point: Point,
    /// The worst payoff need not be lower than this: what is certified, or lost in any case.
    lower: f64,
}

/// Additive run: the mix that certifies most. Learning does the rough work, a linear programme the rest.
fn certify<'a>(part: &'a Part<'a>, dags: &[Dag], search: Search<'_>) -> Certified<'a> {
    let mut duel = Duel::new(part, Detection::Additive, search.threads);
    let (mut best, rounds) = (Best::new(), search.options.rounds.max(1));
    // With an earlier plan the programme is tried before anything is learned.
    let warm = search.options.start.as_ref().map(|plan| warm::point(part, plan));
    let (mut played, mut next) = (0, if warm.is_some() { 0 } else { ROUNDS_FIRST.min(rounds) });
    let mut found: Option<Bounded> = None;
    let uncontested = part.dearest_uncontested();
    let dearest = uncontested.map_or(f64::NEG_INFINITY, |place| part.game.value(part.slots[place].0));
    loop {
        while played < next && !(search.stop)() {
            duel.play();
            played += 1;
        }
        let lower = found.as_ref().map_or(0.0, |found| found.lower);
        let slack = ADDITIVE_SHARE * search.options.gap * part.scale(lower);
        let point = warm.as_ref().filter(|_| played == 0).cloned().unwrap_or_else(|| duel.point());
        let bounded = finish::bound(part, &point, slack, WORK_MAX, search.threads);
        best.offer(part, dags, &bounded.mix);
        let done = bounded.upper - bounded.lower <= slack || bounded.upper <= dearest;
        if found.as_ref().is_none_or(|found| bounded.upper < found.upper) {
            found = Some(bounded);
        }
        if !done {
            best.offer(part, dags, &duel.mix());
        }
        if done || played >= rounds || (search.stop)() {
            break;
        }
        next = rounds.min((STRETCH * next).max(ROUNDS_FIRST));
    }
    let lower = best.lower.max(dearest);
    if let Some(place) = uncontested {
        best.offer(part, dags, &[(place, (0..part.slots[place].1.len()).collect(), 1.0)]);
    }
    let point = found.expect("the loop ran once").point;
    Certified { best, duel, point, lower }
}

/// Rounds of learning from each start; the tangents do the rest.
const ROUNDS_PRODUCT: usize = 300;
/// Starts of a product run: at least so many, and more where they cost little. On the tiniest games one start in thirty was
/// seen to find the best plan. Most learn from where the additive run ended, every fourth comes from afar.
const STARTS_MIN: usize = 4;
const STARTS_MAX: usize = 64;
/// Numbers that a round of learning touches for each arc.
const ROUND_WORK: usize = 30;
/// Each start's descent may take this part of the work; the best start is gone on with.
const SCREENS: usize = 20;
/// With an earlier plan to begin from a search takes this part of the work.
const WARM: usize = 4;
/// The search is over after so many starts in a row that end at the same payoff, to this share of it.
const AGREEING_STARTS: usize = 12;
const AGREED: f64 = 2e-5;
/// Of the gap asked for, so much may be given for a plan that tells an observer less.
const GIVEN_AWAY: f64 = 0.5;
/// What whole numbers may add to a payoff, as a share of the stake.
const ROUNDING: f64 = 1.0 / (1 << 17) as f64;
/// Payoffs may rise by this share, for sums that are not exact.
const SLIP: f64 = 1e-6;

/// Product run: the best plan met that holds the floor, if there is one to hold.
fn improve(part: &Part, bounded: &Certified<'_>, inclusive: Option<&Flows>, search: Search<'_>) -> Point {
    let options = search.options;
    // An earlier plan brings with it what its own search found.
    let work_max = if options.start.is_some() { options.work / WARM } else { options.work };
    let enough = bounded.lower + options.gap * part.scale(bounded.lower);
    let floor = inclusive.map(|_| part.game.floor()).map(|floor| floor + FLOOR_MARGIN * (1.0 - floor));
    let ceilings = &part.no_ceilings();
    let limits =
        |work_max| Limits { floor: floor.unwrap_or(0.0), ceilings, work_max, threads: search.threads };
    let goal = Goal { part, floor, enough, search };
    let descended = |point: Point| {
        let limits = limits(work_max / SCREENS);
        let point = match inclusive {
            Some(inclusive) => floor::mended(part, &point, inclusive, limits.floor),
            None => point,
        };
        finish::descend(part, point, enough, limits)
    };
    let rounds = ROUNDS_PRODUCT.min(options.rounds);
    let learned = |start: usize| {
        let mut duel = bounded.duel.clone();
        duel.refine(floor, start, options.seed);
        let (_, flows) = goal.pursue(&mut duel, rounds);
        Point { visits: part.visits(&flows), flows }
    };
    let round_work = ROUND_WORK * part.dags.iter().map(|dag| dag.arc_count()).sum::<usize>();
    let mut best = descended(bounded.point.clone());
    if let Some(plan) = &options.start {
        let tried = descended(warm::point(part, plan));
        best = if tried.payoff < best.payoff { tried } else { best };
    }
    let (mut agreeing, mut work) = (0, best.work);
    for start in 0..STARTS_MAX {
        let tired = (start >= STARTS_MIN && work > work_max) || agreeing == AGREEING_STARTS;
        if best.payoff <= enough || tired || (search.stop)() {
            break;
        }
        let (begun, learning) = match start % 4 {
            0..3 => (learned(start - start / 4), rounds * round_work),
            _ => (thrown(part, start, options.seed), 0),
        };
        let tried = descended(begun);
        work += tried.work + learning;
        let same = (tried.payoff - best.payoff).abs() <= AGREED * part.scale(best.payoff);
        agreeing = if same { agreeing + 1 } else { 0 };
        if tried.payoff < best.payoff {
            best = tried;
        }
    }
    let best = finish::descend(part, best.point, enough, limits(work_max)).point;
    let floor = floor.unwrap_or(0.0);
    let (point, ceilings) = levels::settle(part, best, floor, search);
    let worst = part.worst_below(&point.visits, &ceilings);
    let given = GIVEN_AWAY * options.gap * part.scale(bounded.lower);
    let level = worst.max((worst + given).min(enough - ROUNDING * part.largest_stake()));
    let slip = SLIP * part.scale(level);
    let payoff: Vec<f64> = ceilings.into_iter().map(|ceiling| ceiling.min(level) + slip).collect();
    spread::spread(part, point, &Allowed { payoff: &payoff, floor })
}

/// A start far from all others: each unit takes one path, by values that are thrown anew.
fn thrown(part: &Part, start: usize, seed: u64) -> Point {
    let thrown = duel::nudges(!seed.rotate_left(32) ^ start as u64, part.node_count());
    let mut reward = thrown;
    for (slot, visitors) in &part.slots {
        visitors
            .iter()
            .for_each(|visitor| reward[visitor.node] = (1.0 + reward[visitor.node]) * part.game.value(*slot));
    }
    let path = |(unit, dag): (usize, &&Dag)| dag.best_path(&reward[part.nodes_of(unit)]);
    let flows: Flows = part.dags.iter().enumerate().map(path).collect();
    Point { visits: part.visits(&flows), flows }
}

/// What a product run is for.
struct Goal<'a> {
    part: &'a Part<'a>,
    floor: Option<f64>,
    enough: f64,
    search: Search<'a>,
}

impl Goal<'_> {
    /// Plays up to `rounds`; the best average plan met and its loss.
    fn pursue(&self, duel: &mut Duel, rounds: usize) -> (f64, Flows) {
        let mut best = (self.loss(&duel.visits), duel.flows.clone());
        for round in 1..=rounds {
            if best.0 <= self.enough || (self.search.stop)() {
                break;
            }
            duel.play();
            if round % LOOK_EVERY == 0 {
                let seen = self.loss(&duel.visits);
                if seen < best.0 {
                    best = (seen, duel.flows.clone());
                }
            }
        }
        best
    }

    /// The smuggler's best payoff; a missed floor counts as if his largest stake hung on it.
    fn loss(&self, visits: &[f64]) -> f64 {
        let missed = self.floor.map_or(0.0, |floor| {
            let least = self.part.least_inclusion(visits).map_or(1.0, |(_, inclusion)| inclusion);
            (floor - least).max(0.0)
        });
        self.part.worst(visits) + self.part.largest_stake() * missed
    }
}
