//! The solver: regret matching finds a smuggler's mix for `lower`, then a plan for `upper`, then whole numbers.
//!
//! Each part of the game is solved in three runs: additive detection (which certifies `lower`), product detection
//! without the floor, and with it. All arithmetic is + − × ÷ and comparisons in a fixed order.

mod duel;
mod finish;
mod floor;
mod improve;
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

/// Says whether to stop, and says so from then on.
pub(crate) type Stop<'a> = &'a (dyn Fn() -> bool + Sync);

/// What a search may take: its options, and whether it is told to stop.
#[derive(Clone, Copy)]
struct Search<'a> {
    options: &'a SolveOptions,
    /// Threads that a part may share among its units.
    threads: NonZeroUsize,
    stop: Stop<'a>,
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
        "floor {floor} cannot be held at {post} ({province}) in hour {hour}: no draw visits every slot more often than {most:.9}; lower the floor or add units"
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
        "no plan was found that holds floor {floor}: {post} ({province}) in hour {hour} is visited with chance {reached:.9}, more than {most:.9} is impossible; lower the floor to {}, or add units",
        floor::held_by(*.reached)
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
    /// A plan in real numbers holds the floor, as far as they tell, but none was found in flows of whole numbers.
    #[error(
        "floor {floor} is lost to rounding: flows are whole numbers of 2^-20, and {post} ({province}) in hour {hour} is visited with chance {reached:.9}; lower the floor to {}",
        floor::held_by(*.reached)
    )]
    FloorRounded {
        /// Where.
        province: ProvinceId,
        /// The slot's post.
        post: PostId,
        /// The slot's hour.
        hour: u8,
        /// As asked for.
        floor: f64,
        /// Least inclusion of the rounded plan.
        reached: f64,
    },
    /// It was stopped before it met a plan that holds the floor.
    #[error(
        "stopped before a plan was found that holds floor {floor}: {post} ({province}) in hour {hour} is visited with chance {reached:.9} so far; give it more time"
    )]
    FloorStopped {
        /// Where.
        province: ProvinceId,
        /// The slot's post.
        post: PostId,
        /// The slot's hour.
        hour: u8,
        /// As asked for.
        floor: f64,
        /// The largest least inclusion found by then.
        reached: f64,
    },
}

impl SolveError {
    /// Whether it is about a floor that was not held.
    pub(crate) fn is_floor(&self) -> bool {
        !matches!(self, SolveError::NoPath { .. })
    }
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
/// As [`solve`]; also [`SolveError::FloorStopped`] if it was stopped before it met a plan that holds the floor.
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
    let stopped = stop();
    let chains: Vec<Chain> = chains.into_iter().flatten().collect();
    let visits = Visits::of(game, &chains);
    let adversary = mix::joined(game, &parts, &bests);
    let value = certificate::value(game, &dags, &visits, &adversary);
    let floor_price = Some((upper - upper_free).max(0.0));
    let plan = Plan::new(game.clone(), chains, value, adversary, unreachable(game, &parts), floor_price);
    Ok(Outcome { plan, stopped })
}

/// What no plan of the game can be below: the additive bound, to a quarter of the gap asked for unless it is stopped.
pub(crate) fn bound(game: &Game, options: &SolveOptions, stop: Stop<'_>) -> Result<f64, SolveError> {
    let search = Search { options, threads: options.threads, stop };
    let dags = dags(game, options.threads)?;
    let bounds = part::parts(game, &dags)
        .iter()
        .map(|part| certify(part, &dags, search).best.lower)
        .collect::<Vec<_>>();
    Ok(bounds.into_iter().fold(f64::NEG_INFINITY, f64::max))
}

/// The plan that would be best if units could be coordinated at no loss, walked by units that are not.
pub(crate) fn additive(
    game: &Game,
    options: &SolveOptions,
    stop: Stop<'_>,
) -> Result<Vec<Chain>, SolveError> {
    let search = Search { options, threads: options.threads, stop };
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
    let inclusive = if floor > 0.0 { Some(floor::inclusive(part, dags, floor, search)?) } else { None };
    let bounded = certify(part, dags, search);
    let plan = improve::improve(part, &bounded, None, search);
    let chains = part.round(&plan.flows);
    let upper_free = part.worst_of(&chains);
    let Some(inclusive) = inclusive else { return Ok(Solved { chains, best: bounded.best, upper_free }) };
    let hold = |flows: &Flows| floor::hold(part, flows, &inclusive, search.stop);
    let lifted = hold(&plan.flows);
    let in_view = || hold(&improve::improve(part, &bounded, Some(&inclusive), search).flows);
    let held = if (search.stop)() { None } else { in_view() };
    let chains = better(part, held, lifted)
        .ok_or_else(|| floor::lost_in_rounding(part, &inclusive, (search.stop)()))?;
    Ok(Solved { chains, best: bounded.best, upper_free })
}

/// The first of two plans, unless the second is better by more than rounding can explain: what was made with the floor
/// in view is settled and spread as it should be.
fn better(part: &Part, one: Option<Vec<Chain>>, other: Option<Vec<Chain>>) -> Option<Vec<Chain>> {
    let (Some(one), Some(other)) = (&one, &other) else { return one.or(other) };
    let (first, second) = (part.worst_of(one), part.worst_of(other));
    Some(if second < first - BETTER * part.scale(first) { other } else { one }.clone())
}

/// Two plans are as good as each other if they differ by less than this share.
const BETTER: f64 = 1e-5;
/// Rounds before the first finish, and how much longer each next stretch is.
const ROUNDS_FIRST: usize = 8;
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
    let ceilings = part.no_ceilings();
    let Search { threads, stop, .. } = search;
    let limits = Limits { floor: 0.0, ceilings: &ceilings, work_max: WORK_MAX, threads, stop };
    let dearest = uncontested.map_or(f64::NEG_INFINITY, |place| part.game.value(part.slots[place].0));
    loop {
        while played < next && !(search.stop)() {
            duel.play();
            played += 1;
        }
        let lower = found.as_ref().map_or(0.0, |found| found.lower);
        let slack = ADDITIVE_SHARE * search.options.gap * part.scale(lower);
        let point = warm.as_ref().filter(|_| played == 0).cloned().unwrap_or_else(|| duel.point());
        let bounded = finish::bound(part, &point, slack, limits);
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
    if best.mix.is_empty() && (search.stop)() {
        best.offer(part, dags, &duel.first_mix());
    }
    let lower = best.lower.max(dearest);
    if let Some(place) = uncontested {
        best.offer(part, dags, &[(place, (0..part.slots[place].1.len()).collect(), 1.0)]);
    }
    let point = found.expect("the loop ran once").point;
    Certified { best, duel, point, lower }
}
