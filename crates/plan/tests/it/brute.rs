//! Tiny games by enumeration of every joint roster.

use std::collections::BTreeSet;

use microlp::{ComparisonOp, OptimizationDirection, Problem, SolveOutcome};
use sekong_plan::{Game, Node, Plan, SolveError, SolveOptions, check, solve};

use crate::games::tiny;

type Path = Vec<Node>;

/// Every path of a unit, by trying all steps that the contract allows.
fn paths(game: &Game, unit: usize) -> Vec<Path> {
    let of = &game.units()[unit];
    let mut open: Vec<Path> = of.enter.iter().map(|&post| vec![Node { post, position: 0 }]).collect();
    let mut done = Vec::new();
    while let Some(path) = open.pop() {
        let at = path[path.len() - 1];
        let last = of.length - 1 - (of.length - 1) % of.every;
        if of.leave.contains(&at.post) && (!of.sentinel || at.position == last) {
            done.push(path.clone());
        }
        for &post in &of.reach {
            let hours = if post == at.post { Some(0) } else { game.travel_hours(at.post, post) };
            let Some(hours) = hours else { continue };
            let position = match of.sentinel {
                true if hours < u16::from(of.every) => u16::from(at.position + of.every),
                true => continue,
                false => u16::from(at.position) + 1 + hours,
            };
            if position < u16::from(of.length) {
                let mut longer = path.clone();
                longer.push(Node { post, position: position as u8 });
                open.push(longer);
            }
        }
    }
    done
}

fn slots_of(game: &Game, unit: usize, path: &Path) -> BTreeSet<usize> {
    let hour =
        |node: &Node| (usize::from(game.units()[unit].start) + usize::from(node.position)) % game.hours();
    path.iter().map(|node| usize::from(node.post) * game.hours() + hour(node)).collect()
}

/// All joint rosters as one path index per unit; `None` if there are too many.
fn rosters(counts: &[usize]) -> Option<Vec<Vec<usize>>> {
    if counts.iter().product::<usize>() > 1500 {
        return None;
    }
    let mut all = vec![Vec::new()];
    for &count in counts {
        all = all
            .into_iter()
            .flat_map(|roster: Vec<usize>| (0..count).map(move |path| [roster.clone(), vec![path]].concat()))
            .collect();
    }
    Some(all)
}

/// All sets of at most `most` of `count` units.
fn removals(count: usize, most: usize) -> Vec<Vec<usize>> {
    (0..1usize << count)
        .map(|set| (0..count).filter(|unit| set >> unit & 1 == 1).collect::<Vec<_>>())
        .filter(|set| set.len() <= most)
        .collect()
}

struct Enumerated {
    covered: Vec<Vec<BTreeSet<usize>>>,
    rosters: Vec<Vec<usize>>,
}

impl Enumerated {
    fn of(game: &Game) -> Option<Enumerated> {
        let units = 0..game.units().len();
        let covered: Vec<Vec<_>> = units
            .map(|unit| paths(game, unit).iter().map(|path| slots_of(game, unit, path)).collect())
            .collect();
        let rosters = rosters(&covered.iter().map(Vec::len).collect::<Vec<_>>())?;
        Some(Enumerated { covered, rosters })
    }

    fn present(&self, roster: &[usize], slot: usize) -> Vec<usize> {
        (0..roster.len()).filter(|&unit| self.covered[unit][roster[unit]].contains(&slot)).collect()
    }

    fn detected(&self, game: &Game, roster: &[usize], slot: usize, removed: &[usize]) -> f64 {
        let present = self.present(roster, slot);
        let missed = present.iter().filter(|unit| !removed.contains(unit));
        1.0 - missed.map(|&unit| 1.0 - game.units()[unit].detect).product::<f64>()
    }

    fn reachable(&self, slot: usize) -> bool {
        self.covered.iter().flatten().any(|slots| slots.contains(&slot))
    }

    /// The best coordinated draw's worst payoff; `None` if no draw holds the floor.
    fn optimum(&self, game: &Game, floor: f64) -> Option<f64> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let worst = problem.add_var(1.0, (f64::NEG_INFINITY, f64::INFINITY));
        let shares: Vec<_> =
            self.rosters.iter().map(|_| problem.add_var(0.0, (0.0, f64::INFINITY))).collect();
        problem.add_constraint(shares.iter().map(|&share| (share, 1.0)), ComparisonOp::Eq, 1.0);
        for slot in 0..game.slot_count() {
            let (value, stake) = (game.value(slot), game.value(slot) + game.capture(slot));
            for removed in removals(game.units().len(), game.bribed()) {
                let mut row = vec![(worst, 1.0)];
                for (roster, &share) in self.rosters.iter().zip(&shares) {
                    row.push((share, stake * self.detected(game, roster, slot, &removed)));
                }
                problem.add_constraint(row, ComparisonOp::Ge, value);
            }
            if floor > 0.0 && self.reachable(slot) {
                let visited =
                    |roster: &[usize]| if self.present(roster, slot).is_empty() { 0.0 } else { 1.0 };
                let row = self.rosters.iter().zip(&shares).map(|(roster, &share)| (share, visited(roster)));
                problem.add_constraint(row.collect::<Vec<_>>(), ComparisonOp::Ge, floor);
            }
        }
        match problem.solve() {
            Ok(SolveOutcome::Solution(solution)) => Some(solution.objective()),
            Ok(SolveOutcome::Interrupted(_)) => panic!("no limit was set"),
            Err(_) => None,
        }
    }

    /// The plan's worst payoff by summing over all combinations of paths.
    fn worst_of(&self, game: &Game, plan: &Plan) -> f64 {
        let shares: Vec<Vec<f64>> = (0..game.units().len())
            .map(|unit| paths(game, unit).iter().map(|path| path_share(plan, unit, path)).collect())
            .collect();
        let mut worst = f64::NEG_INFINITY;
        for slot in 0..game.slot_count() {
            for removed in removals(game.units().len(), game.bribed()) {
                let chance = |roster: &Vec<usize>| {
                    let share: f64 =
                        roster.iter().enumerate().map(|(unit, &path)| shares[unit][path]).product();
                    share * self.detected(game, roster, slot, &removed)
                };
                let detection: f64 = self.rosters.iter().map(chance).sum();
                worst = worst.max(game.payoff(slot, detection));
            }
        }
        worst
    }
}

/// Probability that the dice walk `path`.
fn path_share(plan: &Plan, unit: usize, path: &Path) -> f64 {
    let chain = &plan.chains()[unit];
    let places = || std::iter::once(None).chain(path.iter().copied().map(Some));
    let mut share = 1.0;
    for (from, to) in places().zip(places().skip(1).chain([None])) {
        let steps = chain.steps(from);
        let total: u32 = steps.iter().map(|step| step.flow).sum();
        let flow = steps.iter().find(|step| step.to == to).map_or(0, |step| step.flow);
        share *= if total == 0 { 0.0 } else { f64::from(flow) / f64::from(total) };
    }
    share
}

#[test]
fn bounds_bracket_the_coordinated_optimum_and_upper_is_exact() {
    let (mut solved, mut refused, mut ruled) = (0, 0, [0; 3]);
    let options = SolveOptions { rounds: 400, ..SolveOptions::default() };
    for seed in 0..480 {
        let game = Game::from_json(&tiny(seed).to_string()).unwrap();
        let Some(all) = Enumerated::of(&game) else { continue };
        match solve(&game, &options) {
            Ok(plan) => {
                let bounds = plan.value().overall;
                let free = all.optimum(&game, 0.0).unwrap();
                let held = all.optimum(&game, game.floor()).unwrap();
                assert!(bounds.lower <= free + 1e-7, "seed {seed}: {bounds:?} against {free}");
                assert!(held <= bounds.upper + 1e-7, "seed {seed}: {bounds:?} against {held}");
                assert!((bounds.upper - all.worst_of(&game, &plan)).abs() < 1e-9, "seed {seed}");
                check(&String::from_utf8(plan.to_json()).unwrap(), None).unwrap();
                solved += 1;
                ruled[0] += usize::from(game.floor() > 0.0);
                ruled[1] += usize::from(game.bribed() > 0);
                ruled[2] += usize::from(game.units().iter().any(|unit| unit.sentinel));
            }
            Err(SolveError::FloorInfeasible { .. }) => {
                assert!(all.optimum(&game, game.floor()).is_none(), "seed {seed}");
                refused += 1;
            }
            Err(
                SolveError::FloorNotFound { reached, floor, .. }
                | SolveError::FloorRounded { reached, floor, .. },
            ) => assert!(reached < floor),
            Err(error @ SolveError::FloorStopped { .. }) => panic!("seed {seed}: {error}"),
            Err(SolveError::NoPath { unit }) => {
                assert!(paths(&game, game.unit_index(&unit).unwrap()).is_empty())
            }
        }
    }
    assert!(
        solved >= 200 && refused > 0 && ruled.iter().all(|&count| count >= 40),
        "{solved} {refused} {ruled:?}"
    );
}
