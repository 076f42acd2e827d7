//! The finish: a plan that is nearly good is mended where it is worst, by linear programmes over the few slots and units
//! that matter there (Dantzig, Wolfe 1960: columns come from best responses, rows from the slots that are worst).
//!
//! With additive detection one programme ends at the optimum, and its prices are the smuggler's mix. With product
//! detection the formula's tangent at the present plan is solved within a trust region, again and again.

use crate::dag::BestFlow;
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

/// A plan in real numbers.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) flows: Flows,
    pub(super) visits: Vec<f64>,
}

/// What a finish may not worsen, and how long it may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Least inclusion of every reachable slot; 0 for none.
    pub(super) floor: f64,
    /// Numbers touched by the simplex method, at most.
    pub(super) work_max: usize,
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
    /// Worst payoff of `point` by the product formula.
    pub(super) payoff: f64,
    pub(super) point: Point,
    /// Numbers touched on the way.
    pub(super) work: usize,
}

/// Looks for the additive optimum from `point`, to `slack` between the bounds.
pub(super) fn bound(part: &Part, point: &Point, slack: f64, work_max: usize) -> Bounded {
    let mut master = Master::new(part, point, Detection::Additive, 1.0, Limits { floor: 0.0, work_max });
    master.solve(Pool::default(), |_| slack);
    let upper = master.upper();
    Bounded { point: master.point(), upper, mix: master.best.0, lower: master.best.1 }
}

/// Lowers the product formula's worst payoff from `point` by tangents, until it is `enough`.
pub(super) fn descend(part: &Part, point: Point, enough: f64, limits: Limits) -> Descent {
    let (mut best, mut point, mut trust) = (part.worst(&point.visits), point, 1.0);
    let mut work = 0;
    let mut pool = Pool::default();
    let mut idle = 0;
    for _ in 0..TANGENTS_MAX {
        if best <= enough || trust < TRUST_LAST || idle == IDLE_TANGENTS || work > limits.work_max {
            break;
        }
        let mut master = Master::new(part, &point, Detection::Product, trust, limits);
        master.solve(std::mem::take(&mut pool), |upper| OPEN * (best - upper));
        let tried = master.point();
        work += master.tableau.work;
        pool = master.into_pool();
        let payoff = part.worst(&tried.visits);
        let holds = limits.floor <= 0.0
            || part.least_inclusion(&tried.visits).is_none_or(|(_, least)| least >= limits.floor);
        if holds && payoff < best - 1e-9 * best.abs() {
            idle = if best - payoff < IDLE * best.abs() { idle + 1 } else { 0 };
            (best, point, trust) = (payoff, tried, f64::min(1.0, 1.5 * trust));
        } else {
            trust *= 0.4;
        }
    }
    Descent { payoff: best, point, work }
}

/// One way a unit could go instead.
#[derive(Debug, Clone)]
struct Column {
    unit: usize,
    flow: Vec<f64>,
    visits: Vec<f64>,
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
    /// A target's payoff is at most the head, or at most 0 for the floor's.
    Target { target: Target, payoff: f64 },
}

struct Master<'a> {
    part: &'a Part<'a>,
    base: &'a Point,
    detection: Detection,
    trust: f64,
    limits: Limits,
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
        limits: Limits,
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
                    self.add_target(Target::passage(self.part, place, removed), Some(0))
                }
                Pick::Floor { place } => self.add_target(self.floor_target(place), None),
            };
        }
        pool.columns.into_iter().for_each(|column| self.add_column(column));
        for _ in 0..TURNS_MAX {
            let work_max = self.limits.work_max;
            if !self.tableau.minimise(work_max) {
                break;
            }
            if !self.settle() {
                break;
            }
            while self.add_worst_rows() > 0 {
                if !self.tableau.restore(work_max) || !self.settle() {
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
        let begun = !self.rules.is_empty();
        let level = if begun { self.upper() + 1e-9 * self.upper().abs() } else { f64::NEG_INFINITY };
        let mut worse: Vec<(f64, usize)> = Vec::new();
        for (place, (slot, visitors)) in self.part.slots.iter().enumerate() {
            if self.part.game.value(*slot) > level && self.part.is_contested(visitors) {
                let payoff = self.part.payoff_at(place, &self.now, self.detection);
                if payoff > level {
                    worse.push((payoff, place));
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
                added += usize::from(self.add_target(self.floor_target(place), None));
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
        let target = Target::passage(self.part, place, removed);
        self.add_target(target, Some(0))
    }

    fn add_target(&mut self, mut target: Target, head: Option<usize>) -> bool {
        let known =
            |rule: &Rule| matches!(rule, Rule::Target { target: other, .. } if other.pick == target.pick);
        if self.rules.iter().any(known) {
            return false;
        }
        target.linearise(self.detection, &self.base.visits);
        let payoff = target.payoff(&self.base.visits);
        let row = self.rules.len();
        let mut coefficients = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            let own = target.terms().find(|term| term.unit == column.unit);
            if let Some(term) = own {
                coefficients.push((at, self.coefficient(column, term)));
            }
        }
        target.terms().for_each(|term| self.rows_of[term.unit].push((row, term)));
        self.tableau.add_row(&Row { head, constant: -payoff, coefficients });
        self.rules.push(Rule::Target { target, payoff });
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
            let (Rule::Target { target, payoff }, weight) = (rule, self.tableau.dual(row)) else { continue };
            if weight <= 0.0 {
                continue;
            }
            certified += weight * payoff;
            for term in target.terms() {
                touched[term.unit] = true;
                reward[term.node] += weight * term.cost;
            }
            if let Pick::Passage { place, removed } = &target.pick {
                mix.push((*place, removed.clone(), weight));
            }
        }
        let mut added = false;
        for unit in (0..touched.len()).filter(|&unit| touched[unit]) {
            let nodes = self.part.nodes_of(unit);
            let response = self.part.dags[unit].best_flow(&reward[nodes.clone()], &self.base.flows[unit]);
            let usual: f64 = reward[nodes.clone()]
                .iter()
                .zip(&self.base.visits[nodes])
                .map(|(reward, visits)| reward * visits)
                .sum();
            let gain = response.value - usual;
            certified -= self.trust * gain.max(0.0);
            let price = self.trust_row[unit].map_or(0.0, |row| self.tableau.dual(row));
            if gain - price > 1e-9 * response.value.abs() {
                let BestFlow { flow, visits, .. } = response;
                self.add_column(Column { unit, flow, visits });
                added = true;
            }
        }
        if certified > self.best.1 {
            self.best = (mix, certified);
        }
        added
    }

    /// The programme's present plan.
    fn point(&self) -> Point {
        let mut flows = self.base.flows.clone();
        for (column, &share) in self.columns.iter().zip(&self.shares) {
            if share > 0.0 {
                let base = &self.base.flows[column.unit];
                for ((now, base), flow) in flows[column.unit].iter_mut().zip(base).zip(&column.flow) {
                    *now += share * (flow - base);
                }
            }
        }
        flows.iter_mut().flatten().for_each(|flow| *flow = flow.max(0.0));
        let visits = self.part.visits(&flows);
        Point { flows, visits }
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
