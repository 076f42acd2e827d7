//! A small linear programme that is kept solved while rows and columns come: minimise the sum of the heads `v`.
//!
//! Every row says `slack = constant + v of its head + Σ coefficient·column ≥ 0`, every column is at least 0, a head has
//! no sign. The dictionary (Chvátal 1983, chapter 2) states what is basic by what is not; it is dense, for the
//! programmes are of a few hundred rows. New columns keep it feasible, new rows keep it optimal, so the primal method goes
//! on after the former and the dual method after the latter.

/// Differences below this count as none.
const TINY: f64 = 1e-11;
/// A coefficient below this is no pivot: dividing by it would blow errors up.
const PIVOT_MIN: f64 = 1e-7;
/// A reduced cost or a slack may be below zero by so much.
const SLACKNESS: f64 = 1e-10;

/// What a row of the dictionary states, or what a column of it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Variable {
    Head(usize),
    Slack(usize),
    Column(usize),
}

/// One row of the dictionary: `variable = constant + Σ coefficients·free variables`.
#[derive(Debug, Clone)]
struct Line {
    variable: Variable,
    constant: f64,
    coefficients: Vec<f64>,
}

/// A row to add; columns and heads by number.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) head: Option<usize>,
    pub(super) constant: f64,
    pub(super) coefficients: Vec<(usize, f64)>,
}

/// The programme, and the dictionary of its present basis.
#[derive(Debug, Clone)]
pub(super) struct Tableau {
    lines: Vec<Line>,
    /// What the columns of the dictionary stand for: these variables are 0.
    free: Vec<Variable>,
    /// Where each row's slack and each column stand.
    slacks: Vec<Place>,
    columns: Vec<Place>,
    /// The line of each head, once a row has given it one.
    heads: Vec<Option<usize>>,
    /// Numbers touched by pivots so far: the work done, the same on every machine.
    pub(super) work: usize,
}

/// Where a variable stands in the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Line(usize),
    Free(usize),
}

impl Tableau {
    /// No rows and no columns.
    pub(super) fn new(heads: usize) -> Tableau {
        let (lines, free, slacks, columns) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Tableau { lines, free, slacks, columns, heads: vec![None; heads], work: 0 }
    }

    /// The head's value; 0 before its first row.
    pub(super) fn head(&self, head: usize) -> f64 {
        self.heads[head].map_or(0.0, |line| self.lines[line].constant)
    }

    /// Whether a row has given the head a value.
    pub(super) fn has_head(&self, head: usize) -> bool {
        self.heads[head].is_some()
    }

    /// The column's value.
    pub(super) fn share(&self, column: usize) -> f64 {
        match self.columns[column] {
            Place::Line(line) => self.lines[line].constant.max(0.0),
            Place::Free(_) => 0.0,
        }
    }

    /// What one unit less of a row's constant would cost.
    pub(super) fn dual(&self, row: usize) -> f64 {
        match self.slacks[row] {
            Place::Line(_) => 0.0,
            Place::Free(at) => self.reduced_cost(at).max(0.0),
        }
    }

    fn reduced_cost(&self, at: usize) -> f64 {
        self.heads.iter().flatten().map(|&line| self.lines[line].coefficients[at]).sum()
    }

    /// Adds a column by its coefficients in the rows; returns its number. Call [`Tableau::minimise`] before asking.
    pub(super) fn add_column(&mut self, coefficients: &[(usize, f64)]) -> usize {
        let column = self.columns.len();
        self.columns.push(Place::Free(self.free.len()));
        self.free.push(Variable::Column(column));
        self.lines.iter_mut().for_each(|line| line.coefficients.push(0.0));
        let at = self.free.len() - 1;
        for &(row, coefficient) in coefficients {
            match self.slacks[row] {
                Place::Line(line) => self.lines[line].coefficients[at] += coefficient,
                Place::Free(slack) => {
                    for line in &mut self.lines {
                        line.coefficients[at] -= coefficient * line.coefficients[slack];
                    }
                }
            }
        }
        column
    }

    /// Adds a row; returns its number. Call [`Tableau::restore`] before asking.
    pub(super) fn add_row(&mut self, row: &Row) -> usize {
        let number = self.slacks.len();
        let mut line = Line {
            variable: Variable::Slack(number),
            constant: row.constant,
            coefficients: vec![0.0; self.free.len()],
        };
        for &(column, coefficient) in &row.coefficients {
            match self.columns[column] {
                Place::Free(at) => line.coefficients[at] += coefficient,
                Place::Line(of) => line.add(coefficient, &self.lines[of]),
            }
        }
        match row.head.map(|head| (head, self.heads[head])) {
            Some((head, None)) => self.add_head(head, number, line),
            Some((_, Some(of))) => {
                line.add(1.0, &self.lines[of]);
                self.add_line(number, line);
            }
            None => self.add_line(number, line),
        }
        number
    }

    fn add_line(&mut self, number: usize, line: Line) {
        self.slacks.push(Place::Line(self.lines.len()));
        debug_assert_eq!(number + 1, self.slacks.len());
        self.lines.push(line);
    }

    /// The head's first row holds with no slack: `v = slack − constant − …`.
    fn add_head(&mut self, head: usize, number: usize, mut line: Line) {
        line.variable = Variable::Head(head);
        line.constant = -line.constant;
        line.coefficients.iter_mut().for_each(|coefficient| *coefficient = -*coefficient);
        self.lines.iter_mut().for_each(|other| other.coefficients.push(0.0));
        line.coefficients.push(1.0);
        self.slacks.push(Place::Free(self.free.len()));
        self.free.push(Variable::Slack(number));
        self.heads[head] = Some(self.lines.len());
        self.lines.push(line);
    }

    /// Primal simplex from a feasible dictionary; whether it came to the optimum before `is_over` said so of the work.
    pub(super) fn minimise(&mut self, is_over: impl Fn(usize) -> bool) -> bool {
        let mut stalled = 0;
        while let Some(entering) = self.entering(stalled > self.lines.len()) {
            if is_over(self.work) {
                return false;
            }
            let Some(leaving) = self.leaving(entering) else { return false };
            stalled = if self.lines[leaving].constant <= TINY { stalled + 1 } else { 0 };
            self.pivot(leaving, entering);
        }
        true
    }

    /// The steepest descent, or (Bland 1977) the first that descends.
    fn entering(&self, first: bool) -> Option<usize> {
        let costs = (0..self.free.len()).map(|at| (at, self.reduced_cost(at)));
        let mut descents = costs.filter(|(_, cost)| *cost < -SLACKNESS);
        if first {
            return descents.next().map(|(at, _)| at);
        }
        descents.min_by(|one, other| one.1.total_cmp(&other.1)).map(|(at, _)| at)
    }

    /// The line that is the first to reach 0 when `entering` grows; of several the one with the largest coefficient.
    fn leaving(&self, entering: usize) -> Option<usize> {
        let mut best: Option<(usize, f64, f64)> = None;
        for (at, line) in self.lines.iter().enumerate() {
            let coefficient = line.coefficients[entering];
            if coefficient >= -PIVOT_MIN || matches!(line.variable, Variable::Head(_)) {
                continue;
            }
            let ratio = line.constant.max(0.0) / -coefficient;
            let better = best.is_none_or(|(_, least, steepest)| {
                ratio < least - TINY || (ratio <= least + TINY && coefficient < steepest)
            });
            if better {
                best = Some((at, ratio, coefficient));
            }
        }
        best.map(|(at, ..)| at)
    }

    /// Dual simplex from an optimal dictionary to which rows were added; whether all of them hold now.
    pub(super) fn restore(&mut self, is_over: impl Fn(usize) -> bool) -> bool {
        while let Some(leaving) = self.most_broken() {
            if is_over(self.work) {
                return false;
            }
            let Some(entering) = self.cheapest(leaving) else { return false };
            self.pivot(leaving, entering);
        }
        true
    }

    fn most_broken(&self) -> Option<usize> {
        let broken =
            self.lines.iter().enumerate().filter(|(_, line)| {
                line.constant < -SLACKNESS && !matches!(line.variable, Variable::Head(_))
            });
        broken.min_by(|one, other| one.1.constant.total_cmp(&other.1.constant)).map(|(at, _)| at)
    }

    fn cheapest(&self, leaving: usize) -> Option<usize> {
        let coefficients = self.lines[leaving].coefficients.iter().enumerate();
        let raising = coefficients.filter(|(_, coefficient)| **coefficient > PIVOT_MIN);
        raising
            .map(|(at, coefficient)| (at, self.reduced_cost(at).max(0.0) / coefficient, *coefficient))
            .min_by(|one, other| one.1.total_cmp(&other.1).then(other.2.total_cmp(&one.2)))
            .map(|(at, ..)| at)
    }

    /// Exchanges the variable of a line with a free one.
    fn pivot(&mut self, leaving: usize, entering: usize) {
        let mut line = std::mem::replace(
            &mut self.lines[leaving],
            Line { variable: self.free[entering], constant: 0.0, coefficients: Vec::new() },
        );
        let (variable, scale) = (line.variable, 1.0 / line.coefficients[entering]);
        line.variable = self.free[entering];
        line.coefficients[entering] = -1.0;
        line.constant *= -scale;
        line.coefficients.iter_mut().for_each(|coefficient| *coefficient *= -scale);
        for (at, other) in self.lines.iter_mut().enumerate() {
            if at == leaving {
                continue;
            }
            let times = std::mem::take(&mut other.coefficients[entering]);
            if times != 0.0 {
                other.add(times, &line);
                self.work += line.coefficients.len();
            }
        }
        *self.place_of(line.variable) = Place::Line(leaving);
        *self.place_of(variable) = Place::Free(entering);
        self.free[entering] = variable;
        self.lines[leaving] = line;
    }

    fn place_of(&mut self, variable: Variable) -> &mut Place {
        match variable {
            Variable::Slack(row) => &mut self.slacks[row],
            Variable::Column(column) => &mut self.columns[column],
            Variable::Head(_) => unreachable!("a head never leaves and never enters"),
        }
    }
}

impl Line {
    fn add(&mut self, times: f64, other: &Line) {
        self.constant += times * other.constant;
        for (mine, theirs) in self.coefficients.iter_mut().zip(&other.coefficients) {
            *mine += times * theirs;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome};
    use proptest::prelude::*;

    fn never(work: usize) -> bool {
        work > 10_000_000
    }

    /// Rows `v ≥ −constant − Σ`, and `Σ columns ≤ 1`, by another's solver.
    fn peer(rows: &[(f64, Vec<f64>)], columns: usize) -> f64 {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let head = problem.add_var(1.0, (f64::NEG_INFINITY, f64::INFINITY));
        let shares: Vec<_> = (0..columns).map(|_| problem.add_var(0.0, (0.0, f64::INFINITY))).collect();
        for (constant, coefficients) in rows {
            let terms = shares.iter().zip(coefficients).map(|(share, by)| (*share, *by));
            problem.add_constraint(
                terms.chain([(head, 1.0)]).collect::<Vec<_>>(),
                ComparisonOp::Ge,
                -constant,
            );
        }
        problem.add_constraint(shares.iter().map(|share| (*share, 1.0)), ComparisonOp::Le, 1.0);
        match problem.solve() {
            Ok(SolveOutcome::Solution(solution)) => solution.objective(),
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn rows_and_columns_in_any_order_end_at_the_optimum(
            rows in prop::collection::vec((-9.0f64..9.0, prop::collection::vec(-5.0f64..5.0, 6)), 1..9),
            order in prop::collection::vec(any::<bool>(), 16),
        ) {
            let mut tableau = Tableau::new(1);
            let cap = tableau.add_row(&Row { head: None, constant: 1.0, coefficients: Vec::new() });
            let (mut known, mut columns): (Vec<(usize, usize)>, Vec<usize>) = (Vec::new(), Vec::new());
            let mut steps = order.into_iter().chain([true; 9]).chain([false; 6]);
            while known.len() < rows.len() || columns.len() < 6 {
                let row_next = steps.next().unwrap_or(known.len() < rows.len());
                if (row_next && known.len() < rows.len()) || columns.len() == 6 {
                    let (constant, coefficients) = &rows[known.len()];
                    let own = columns.iter().map(|&column| (column, coefficients[column])).collect();
                    let row = Row { head: Some(0), constant: *constant, coefficients: own };
                    known.push((known.len(), tableau.add_row(&row)));
                    prop_assert!(tableau.restore(never) || known.len() == 1);
                } else {
                    let at = columns.len();
                    let own = known.iter().map(|&(row, line)| (line, rows[row].1[at]));
                    let column = tableau.add_column(&own.chain([(cap, -1.0)]).collect::<Vec<_>>());
                    columns.push(column);
                }
                if !known.is_empty() {
                    prop_assert!(tableau.minimise(never));
                }
            }
            let optimum = peer(&rows, 6);
            prop_assert!((tableau.head(0) - optimum).abs() < 1e-7, "{} against {optimum}", tableau.head(0));
            let duals: f64 = known.iter().map(|&(_, line)| tableau.dual(line)).sum();
            prop_assert!((duals - 1.0).abs() < 1e-7);
        }
    }
}
