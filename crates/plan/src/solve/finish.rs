//! The finish: a plan that is nearly good is mended where it is worst, by linear programmes over the few slots and units
//! that matter there (Dantzig, Wolfe 1960: columns come from best responses, rows from the slots that are worst).
//!
//! With additive detection one programme ends at the optimum, and its prices are the smuggler's mix. With product
//! detection the formula's tangent at the present plan is solved within a trust region, again and again.

use std::num::NonZeroUsize;

use crate::dag::BestFlow;
use crate::solve::Stop;
use crate::solve::parallel::{self, UNITS_MIN};
use crate::solve::part::{Flows, Part};
use crate::solve::tableau::{Row, Tableau};
use crate::solve::target::{Detection, Pick, Target, Term};

/// Rows that are taken up at once.
const ROWS_AT_ONCE: usize = 32;
/// Turns of pricing in one programme, at most.
const TURNS_MAX: usize = 400;
/// Tangents taken in one descent, at most.
const TANGENTS_MAX: usize = 60;
/// A descent is over after so many tangents in a row that gained less than this share of the payoff.
const IDLE_TANGENTS: usize = 3;
const IDLE: f64 = 1e-6;
/// The trust region below which nothing is left to gain.
const TRUST_LAST: f64 = 1e-4;
/// Shares of a unit may sum to so much above the trust region.
const ERROR_MAX: f64 = 1e-7;
/// No programme is solved more exactly than this share of its head.
const EXACT: f64 = 1e-7;
/// Of a tangent's promise so much may stay open.
const OPEN: f64 = 0.1;
/// A step may lift a slot above its ceiling by this share of the scale, for a tangent does not see how the formula bends.
const SLIP: f64 = 1e-5;
/// A slot holds a level if the programme's price for it is above this.
const HOLDS_MIN: f64 = 1e-6;

/// A plan in real numbers.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) flows: Flows,
    pub(super) visits: Vec<f64>,
}

/// What a finish may not worsen, and how long it may take.
#[derive(Clone, Copy)]
pub(super) struct Limits<'a> {
    /// Least inclusion of every reachable slot; 0 for none.
    pub(super) floor: f64,
    /// Per place, what its payoff may be at most; slots without such a ceiling (∞) are what is minimised.
    pub(super) ceilings: &'a [f64],
    /// Numbers touched by the simplex method, at most.
    pub(super) work_max: usize,
    /// Threads that look for best responses.
    pub(super) threads: NonZeroUsize,
    /// Asked at every pivot and every turn.
    pub(super) stop: Stop<'a>,
}

/// The additive optimum, or how far a finish came to it.
pub(super) struct Bounded {
    pub(super) point: Point,
    /// Worst payoff of `point`, additive.
    pub(super) upper: f64,
    /// The smuggler's mix: place, removed visitors, weight.
    pub(super) mix: Vec<(usize, Vec<usize>, f64)>,
    /// What the mix certifies.
    pub(super) lower: f64,
}

/// Where a descent ended.
pub(super) struct Descent {
    /// Worst payoff of `point` by the product formula, over the slots without a ceiling.
    pub(super) payoff: f64,
    pub(super) point: Point,
    /// Places that hold the payoff up: no small step lowers all of them.
    pub(super) holding: Vec<usize>,
    /// Numbers touched on the way.
    pub(super) work: usize,
}

/// Looks for the additive optimum from `point`, to `slack` between the bounds.
pub(super) fn bound(part: &Part, point: &Point, slack: f64, limits: Limits<'_>) -> Bounded {
    let mut master = Master::new(part, point, Detection::Additive, 1.0, limits);
    master.solve(Pool::default(), |_| slack);
    let point = master.point();
    // A programme that was interrupted may promise more than its plan holds.
    let upper = if (limits.stop)() { part.worst_additive(&point.visits) } else { master.upper() };
    Bounded { point, upper, mix: master.best.0, lower: master.best.1 }
}

/// Lowers the product formula's worst payoff from `point` by tangents, until it is `enough`.
pub(super) fn descend(part: &Part, point: Point, enough: f64, limits: Limits<'_>) -> Descent {
    let payoff = part.worst_below(&point.visits, limits.ceilings);
    let mut at = Descent { payoff, point, holding: Vec::new(), work: 0 };
    let (mut trust, mut idle) = (1.0, 0);
    let mut pool = Pool::default();
    for _ in 0..TANGENTS_MAX {
        if at.payoff <= enough || trust < TRUST_LAST || idle == IDLE_TANGENTS || limits.are_met(at.work) {
            break;
        }
        let mut master = Master::new(part, &at.point, Detection::Product, trust, limits);
        master.solve(std::mem::take(&mut pool), |upper| OPEN * (at.payoff - upper));
        let tried = master.point();
        at.work += master.tableau.work;
        at.holding = master.holding();
        pool = master.into_pool();
        let payoff = part.worst_below(&tried.visits, limits.ceilings);
        if payoff < at.payoff - 1e-9 * at.payoff.abs() && limits.hold(part, &tried.visits) {
            idle = if at.payoff - payoff < IDLE * at.payoff.abs() { idle + 1 } else { 0 };
            (at.payoff, at.point, trust) = (payoff, tried, f64::min(1.0, 1.5 * trust));
        } else {
            trust *= 0.4;
        }
    }
    at
}

impl Limits<'_> {
    /// Whether to stop after so much work.
    fn are_met(&self, work: usize) -> bool {
        work > self.work_max || (self.stop)()
    }

    fn hold(&self, part: &Part, visits: &[f64]) -> bool {
        let is_floor_held =
            || part.least_inclusion(visits).is_none_or(|(_, inclusion)| inclusion >= self.floor);
        let is_below = |place: usize, ceiling: f64| {
            part.payoff_at(place, visits, Detection::Product) <= ceiling + SLIP * part.scale(ceiling)
        };
        let settled = self.ceilings.iter().enumerate().filter(|(_, ceiling)| ceiling.is_finite());
        (self.floor <= 0.0 || is_floor_held())
            && settled.into_iter().all(|(place, &most)| is_below(place, most))
    }
}

/// One way a unit could go instead.
#[derive(Debug, Clone)]
struct Column {
    unit: usize,
    /// The arcs with flow, ascending.
    flow: Vec<(usize, f64)>,
    visits: Vec<f64>,
}

/// What a unit would gain by its best response to the programme's prices, and the way itself if the programme lacks it.
struct Response {
    unit: usize,
    gain: f64,
    way: Option<BestFlow>,
}

/// What a programme hands on to the next.
#[derive(Default)]
struct Pool {
    columns: Vec<Column>,
    picks: Vec<Pick>,
}

/// What a row of the programme stands for.
enum Rule {
    /// A unit leaves its present ways at most by the trust region.
    Trust,
    /// A target's payoff is at most the head, or its ceiling, or 0 for the floor's; `excess` is by how much it is above
    /// the latter two at the present plan.
    Target { target: Target, excess: f64 },
}

struct Master<'a> {
    part: &'a Part<'a>,
    base: &'a Point,
    detection: Detection,
    trust: f64,
    limits: Limits<'a>,
    tableau: Tableau,
    rules: Vec<Rule>,
    /// Rows of each unit, with its term there.
    rows_of: Vec<Vec<(usize, Term)>>,
    trust_row: Vec<Option<usize>>,
    columns: Vec<Column>,
    /// Share of each column in the programme's last feasible plan.
    shares: Vec<f64>,
    /// Visits of the programme's present plan.
    now: Vec<f64>,
    /// The mix that certifies most so far, and what it certifies (of the tangent).
    best: (Vec<(usize, Vec<usize>, f64)>, f64),
}

impl<'a> Master<'a> {
    fn new(
        part: &'a Part<'a>,
        base: &'a Point,
        detection: Detection,
        trust: f64,
        limits: Limits<'a>,
    ) -> Master<'a> {
        let units = part.units.len();
        Master {
            part,
            base,
            detection,
            trust,
            limits,
            tableau: Tableau::new(1),
            rules: Vec::new(),
            rows_of: vec![Vec::new(); units],
            trust_row: vec![None; units],
            columns: Vec::new(),
            shares: Vec::new(),
            now: base.visits.clone(),
            best: (Vec::new(), f64::NEG_INFINITY),
        }
    }

    fn upper(&self) -> f64 {
        self.tableau.head(0)
    }

    /// Prices and mends until the bounds are within `slack` of the upper one, or nothing is left to do.
    fn solve(&mut self, pool: Pool, slack: impl Fn(f64) -> f64) {
        self.add_worst_rows();
        for pick in pool.picks {
            match pick {
                Pick::Passage { place, removed } => {
                    self.add_target(Target::passage(self.part, place, removed))
                }
                Pick::Floor { place } => self.add_target(self.floor_target(place)),
            };
        }
        pool.columns.into_iter().for_each(|column| self.add_column(column));
        for _ in 0..TURNS_MAX {
            let limits = self.limits;
            let is_over = |work| limits.are_met(work);
            if !self.tableau.minimise(is_over) {
                break;
            }
            if !self.settle() {
                break;
            }
            while self.add_worst_rows() > 0 {
                if !self.tableau.restore(is_over) || !self.settle() {
                    return;
                }
            }
            if !self.price()
                || self.upper() - self.best.1 <= slack(self.upper()).max(EXACT * self.upper().abs())
            {
                break;
            }
        }
    }

    /// Takes over the programme's shares; `false`, and nothing taken, if errors of many pivots have spoilt them.
    fn settle(&mut self) -> bool {
        let shares: Vec<f64> = (0..self.columns.len()).map(|column| self.tableau.share(column)).collect();
        let mut used = vec![0.0; self.trust_row.len()];
        for (column, share) in self.columns.iter().zip(&shares) {
            used[column.unit] += share;
        }
        if used.iter().any(|used| *used > self.trust + ERROR_MAX) {
            return false;
        }
        self.shares = shares;
        for (unit, row) in self.trust_row.iter().enumerate() {
            if row.is_some() {
                let nodes = self.part.nodes_of(unit);
                self.now[nodes.clone()].copy_from_slice(&self.base.visits[nodes]);
            }
        }
        for (column, &share) in self.columns.iter().zip(&self.shares) {
            if share > 0.0 {
                let nodes = self.part.nodes_of(column.unit);
                let base = &self.base.visits[nodes.clone()];
                for ((now, base), visits) in self.now[nodes].iter_mut().zip(base).zip(&column.visits) {
                    *now += share * (visits - base);
                }
            }
        }
        true
    }

    /// Takes up the slots that are worse than the head, the worst first; how many.
    fn add_worst_rows(&mut self) -> usize {
        let begun = self.tableau.has_head(0);
        let head = if begun { self.upper() + 1e-9 * self.upper().abs() } else { f64::NEG_INFINITY };
        let mut worse: Vec<(f64, usize)> = Vec::new();
        for (place, (slot, visitors)) in self.part.slots.iter().enumerate() {
            let ceiling = self.limits.ceilings[place];
            let level = if ceiling.is_finite() { ceiling + EXACT * ceiling.abs() } else { head };
            if self.part.game.value(*slot) > level && self.part.is_contested(visitors) {
                let payoff = self.part.payoff_at(place, &self.now, self.detection);
                if payoff > level {
                    worse.push((if level.is_finite() { payoff - level } else { payoff }, place));
                }
            }
        }
        worse.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1)));
        worse.truncate(ROWS_AT_ONCE);
        worse.iter().filter(|(_, place)| self.add_passage(*place)).count() + self.add_floor_rows()
    }

    fn add_floor_rows(&mut self) -> usize {
        if self.limits.floor <= 0.0 {
            return 0;
        }
        let mut added = 0;
        for (place, (_, visitors)) in self.part.slots.iter().enumerate() {
            let missed = visitors.iter().fold(1.0, |missed, visitor| missed * (1.0 - self.now[visitor.node]));
            if !visitors.is_empty() && 1.0 - missed < self.limits.floor && added < ROWS_AT_ONCE {
                added += usize::from(self.add_target(self.floor_target(place)));
            }
        }
        added
    }

    fn floor_target(&self, place: usize) -> Target {
        let mut target = Target::floor(self.part, place, self.part.largest_stake());
        target.reward = target.stake * self.limits.floor;
        target
    }

    fn add_passage(&mut self, place: usize) -> bool {
        let removed = self.part.strongest(&self.part.slots[place].1, &self.now);
        self.add_target(Target::passage(self.part, place, removed))
    }

    /// What the target's payoff may be at most; `None` if that is the head.
    fn ceiling(&self, pick: &Pick) -> Option<f64> {
        match pick {
            Pick::Passage { place, .. } => Some(self.limits.ceilings[*place]).filter(|most| most.is_finite()),
            Pick::Floor { .. } => Some(0.0),
        }
    }

    fn add_target(&mut self, mut target: Target) -> bool {
        let known =
            |rule: &Rule| matches!(rule, Rule::Target { target: other, .. } if other.pick == target.pick);
        if self.rules.iter().any(known) {
            return false;
        }
        target.linearise(self.detection, &self.base.visits);
        let ceiling = self.ceiling(&target.pick);
        let payoff = target.payoff(&self.base.visits);
        // A base that slipped above a ceiling is taken as it is.
        let excess = ceiling.map_or(payoff, |ceiling| f64::min(payoff - ceiling, 0.0));
        let head = if ceiling.is_none() { Some(0) } else { None };
        let row = self.rules.len();
        let mut coefficients = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let own = target.terms().find(|term| term.unit == column.unit);
            if let Some(term) = own {
                coefficients.push((at, self.coefficient(column, term)));
            }
        }
        target.terms().for_each(|term| self.rows_of[term.unit].push((row, term)));
        self.tableau.add_row(&Row { head, constant: -excess, coefficients });
        self.rules.push(Rule::Target { target, excess });
        true
    }

    fn coefficient(&self, column: &Column, term: Term) -> f64 {
        let first = self.part.nodes_of(column.unit).start;
        term.cost * (column.visits[term.node - first] - self.base.visits[term.node])
    }

    fn add_column(&mut self, column: Column) {
        let trust = self.trust_row[column.unit].unwrap_or_else(|| {
            let row = Row { head: None, constant: self.trust, coefficients: Vec::new() };
            self.rules.push(Rule::Trust);
            self.tableau.add_row(&row)
        });
        self.trust_row[column.unit] = Some(trust);
        let own = self.rows_of[column.unit].iter().map(|&(row, term)| (row, self.coefficient(&column, term)));
        let coefficients: Vec<(usize, f64)> = own.chain([(trust, -1.0)]).collect();
        self.tableau.add_column(&coefficients);
        self.columns.push(column);
    }

    /// Adds the best responses to the programme's prices; whether there were any that it lacks.
    fn price(&mut self) -> bool {
        let mut reward = vec![0.0; self.now.len()];
        let (mut mix, mut certified) = (Vec::new(), 0.0);
        let mut touched = vec![false; self.part.units.len()];
        for (row, rule) in self.rules.iter().enumerate() {
            let (Rule::Target { target, excess }, weight) = (rule, self.tableau.dual(row)) else { continue };
            if weight <= 0.0 {
                continue;
            }
            certified += weight * excess;
            for term in target.terms() {
                touched[term.unit] = true;
                reward[term.node] += weight * term.cost;
            }
            if let Pick::Passage { place, removed } = &target.pick {
                mix.push((*place, removed.clone(), weight));
            }
        }
        let mut added = false;
        for Response { unit, gain, way } in self.responses(&touched, &reward) {
            certified -= self.trust * gain.max(0.0);
            if let Some(BestFlow { flow, visits }) = way {
                self.add_column(Column { unit, flow, visits });
                added = true;
            }
        }
        if certified > self.best.1 {
            self.best = (mix, certified);
        }
        added
    }

    /// The best response of each unit that is touched.
    fn responses(&self, touched: &[bool], reward: &[f64]) -> Vec<Response> {
        let price = |unit: usize| self.trust_row[unit].map_or(0.0, |row| self.tableau.dual(row));
        let priced = (0..touched.len()).filter(|&unit| touched[unit]).map(|unit| (unit, price(unit)));
        let priced: Vec<(usize, f64)> = priced.collect();
        let (part, base) = (self.part, self.base);
        parallel::map(self.limits.threads, &priced, UNITS_MIN, |&(unit, price)| {
            let nodes = part.nodes_of(unit);
            let reward = &reward[nodes.clone()];
            let usual: f64 =
                reward.iter().zip(&base.visits[nodes]).map(|(reward, visits)| reward * visits).sum();
            let pays = |value: f64| value - usual - price > 1e-9 * value.abs();
            let (value, way) = part.dags[unit].best_flow(reward, &base.flows[unit], pays);
            Response { unit, gain: value - usual, way }
        })
    }

    /// The programme's present plan.
    fn point(&self) -> Point {
        let mut flows = self.base.flows.clone();
        for (column, &share) in self.columns.iter().zip(&self.shares) {
            if share > 0.0 {
                let base = &self.base.flows[column.unit];
                let mut way = column.flow.iter().peekable();
                for (arc, (now, base)) in (0..).zip(flows[column.unit].iter_mut().zip(base)) {
                    let flow = way.next_if(|(at, _)| *at == arc).map_or(0.0, |(_, flow)| *flow);
                    *now += share * (flow - base);
                }
            }
        }
        flows.iter_mut().flatten().for_each(|flow| *flow = flow.max(0.0));
        let visits = self.part.visits(&flows);
        Point { flows, visits }
    }

    /// Places that the programme's head rests on.
    fn holding(&self) -> Vec<usize> {
        let holds = |(row, rule): (usize, &Rule)| match rule {
            Rule::Target { target: Target { pick: Pick::Passage { place, .. }, .. }, .. }
                if self.tableau.dual(row) > HOLDS_MIN && self.limits.ceilings[*place].is_infinite() =>
            {
                Some(*place)
            }
            Rule::Target { .. } | Rule::Trust => None,
        };
        self.rules.iter().enumerate().filter_map(holds).collect()
    }

    /// The ways that are in use, and the picks that hold.
    fn into_pool(self) -> Pool {
        let used = self.columns.into_iter().zip(self.shares).filter(|(_, share)| *share > 0.0);
        let columns = used.map(|(column, _)| column).collect();
        let rules = self.rules.into_iter().enumerate();
        let holding = rules.filter(|(row, _)| self.tableau.dual(*row) > 0.0);
        let picks = holding
            .filter_map(|(_, rule)| match rule {
                Rule::Target { target, .. } => Some(target.pick),
                Rule::Trust => None,
            })
            .collect();
        Pool { columns, picks }
    }
}
