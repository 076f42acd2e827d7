//! The product run: among plans that many starts lead to the best one, and of its equals the least predictable.

use crate::dag::Dag;
use crate::solve::duel::nudges;
use crate::solve::finish::{Descent, Limits, Point, descend};
use crate::solve::part::{Flows, Part};
use crate::solve::spread::{Allowed, spread};
use crate::solve::{Certified, Search, floor, levels, warm};

/// Asked for above the floor in the search, so that little is left to mend.
const FLOOR_MARGIN: f64 = 1e-5;
/// Rounds of learning from each start; the tangents do the rest.
const ROUNDS: usize = 300;
/// Rounds between two looks at the averages.
const LOOK_EVERY: usize = 25;
/// Starts: at least so many, and more where they cost little. On the tiniest games one start in thirty was seen to find
/// the best plan.
const STARTS_MIN: usize = 4;
const STARTS_MAX: usize = 64;
/// Most starts learn from where the additive run ended, one in so many comes from afar.
const FROM_AFAR: usize = 4;
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

/// The best plan met that holds the floor, if there is an inclusive plan to hold it with.
pub(super) fn improve(
    part: &Part,
    certified: &Certified<'_>,
    inclusive: Option<&Flows>,
    search: Search<'_>,
) -> Point {
    let run = Run::new(part, certified, inclusive, search);
    let best = run.best_of_starts();
    let best = descend(part, best.point, run.enough, run.limits(run.work_max)).point;
    run.least_predictable(best)
}

/// One part's product run.
struct Run<'a> {
    part: &'a Part<'a>,
    certified: &'a Certified<'a>,
    inclusive: Option<&'a Flows>,
    search: Search<'a>,
    /// Least inclusion; 0 without a floor.
    floor: f64,
    /// No plan need be better.
    enough: f64,
    no_ceilings: Vec<f64>,
    work_max: usize,
}

impl<'a> Run<'a> {
    fn new(
        part: &'a Part<'a>,
        certified: &'a Certified<'a>,
        inclusive: Option<&'a Flows>,
        search: Search<'a>,
    ) -> Run<'a> {
        let options = search.options;
        let floor = part.game.floor();
        Run {
            part,
            certified,
            inclusive,
            search,
            floor: inclusive.map_or(0.0, |_| floor + FLOOR_MARGIN * (1.0 - floor)),
            enough: certified.lower + options.gap * part.scale(certified.lower),
            no_ceilings: part.no_ceilings(),
            // An earlier plan brings with it what its own search found.
            work_max: if options.start.is_some() { options.work / WARM } else { options.work },
        }
    }

    fn limits(&self, work_max: usize) -> Limits<'_> {
        let Search { threads, stop, .. } = self.search;
        Limits { floor: self.floor, ceilings: &self.no_ceilings, work_max, threads, stop }
    }

    fn best_of_starts(&self) -> Descent {
        let mut best = self.descended(self.certified.point.clone());
        if let Some(plan) = &self.search.options.start {
            let tried = self.descended(warm::point(self.part, plan));
            best = if tried.payoff < best.payoff { tried } else { best };
        }
        let (mut agreeing, mut work) = (0, best.work);
        for start in 0..STARTS_MAX {
            let tired = (start >= STARTS_MIN && work > self.work_max) || agreeing == AGREEING_STARTS;
            if best.payoff <= self.enough || tired || (self.search.stop)() {
                break;
            }
            let (tried, cost) = self.tried(start);
            work += cost;
            let same = (tried.payoff - best.payoff).abs() <= AGREED * self.part.scale(best.payoff);
            agreeing = if same { agreeing + 1 } else { 0 };
            best = if tried.payoff < best.payoff { tried } else { best };
        }
        if !(self.search.stop)() {
            return best;
        }
        // Programmes that were interrupted may have done worse than what they began from.
        let learned = self.descended(self.certified.duel.point());
        if learned.payoff < best.payoff { learned } else { best }
    }

    /// Where a start leads, and the work it took.
    fn tried(&self, start: usize) -> (Descent, usize) {
        if start % FROM_AFAR == FROM_AFAR - 1 {
            let tried = self.descended(self.far_off(start));
            let work = tried.work;
            return (tried, work);
        }
        let tried = self.descended(self.learned(start - start / FROM_AFAR));
        let arcs: usize = self.part.dags.iter().map(|dag| dag.arc_count()).sum();
        let work = tried.work + self.rounds() * ROUND_WORK * arcs;
        (tried, work)
    }

    fn descended(&self, point: Point) -> Descent {
        let point = match self.inclusive {
            Some(inclusive) => floor::mended(self.part, &point, inclusive, self.floor, self.search.stop),
            None => point,
        };
        descend(self.part, point, self.enough, self.limits(self.work_max / SCREENS))
    }

    fn rounds(&self) -> usize {
        ROUNDS.min(self.search.options.rounds)
    }

    /// The best average plan of some rounds of learning, and the plan from which they began if none is better.
    fn learned(&self, start: usize) -> Point {
        let mut duel = self.certified.duel.clone();
        duel.refine(self.inclusive.map(|_| self.floor), start, self.search.options.seed);
        let mut best = (self.loss(&duel.visits), duel.point());
        for round in 1..=self.rounds() {
            if best.0 <= self.enough || (self.search.stop)() {
                break;
            }
            duel.play();
            if round % LOOK_EVERY == 0 {
                let seen = self.loss(&duel.visits);
                best = if seen < best.0 { (seen, duel.point()) } else { best };
            }
        }
        best.1
    }

    /// The smuggler's best payoff; a missed floor counts as if his largest stake hung on it.
    fn loss(&self, visits: &[f64]) -> f64 {
        let least = self.part.least_inclusion(visits).map_or(1.0, |(_, inclusion)| inclusion);
        let missed = (self.floor - least).max(0.0);
        self.part.worst(visits) + self.part.largest_stake() * missed
    }

    /// Each unit takes one path, by values that are thrown anew.
    fn far_off(&self, start: usize) -> Point {
        let part = self.part;
        let mut reward = nudges(!self.search.options.seed.rotate_left(32) ^ start as u64, part.node_count());
        for (slot, visitors) in &part.slots {
            for visitor in visitors {
                reward[visitor.node] = (1.0 + reward[visitor.node]) * part.game.value(*slot);
            }
        }
        let path = |(unit, dag): (usize, &&Dag)| dag.best_path(&reward[part.nodes_of(unit)]);
        let flows: Flows = part.dags.iter().enumerate().map(path).collect();
        Point { visits: part.visits(&flows), flows }
    }

    /// What the worst slot leaves open is settled by the game's objective, and what that leaves is spread.
    fn least_predictable(&self, point: Point) -> Point {
        let (part, gap) = (self.part, self.search.options.gap);
        let (point, ceilings) = levels::settle(part, point, self.floor, self.search);
        let worst = part.worst_below(&point.visits, &ceilings);
        let given = GIVEN_AWAY * gap * part.scale(self.certified.lower);
        let level = worst.max((worst + given).min(self.enough - ROUNDING * part.largest_stake()));
        let slip = SLIP * part.scale(level);
        let payoff: Vec<f64> = ceilings.into_iter().map(|ceiling| ceiling.min(level) + slip).collect();
        spread(part, point, &Allowed { payoff: &payoff, floor: self.floor }, self.search.stop)
    }
}
