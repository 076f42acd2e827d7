//! The walk of one unit as a graph: every (post, position) that lies on a path from entry to end.

use std::ops::Range;

use crate::chain::Node;
use crate::game::{Game, GameUnit};

/// Arcs whose worth differs by less, as a share of the best path's, count as equally good.
const TIE: f64 = 1e-9;

/// What [`Dag::best_flow`] found: the arcs with flow, ascending, and the visits of each node.
#[derive(Debug, Clone)]
pub(crate) struct BestFlow {
    pub(crate) flow: Vec<(usize, f64)>,
    pub(crate) visits: Vec<f64>,
}

/// The graph of one unit. Nodes stand in order of position, so every arc leads to a later node.
#[derive(Debug, Clone)]
pub(crate) struct Dag {
    nodes: Vec<Node>,
    /// Target of each arc; `None` ends the path. Grouped by origin, the entry first.
    targets: Vec<Option<u32>>,
    /// Arcs out of the entry, then out of each node.
    groups: Vec<Range<usize>>,
}

impl Dag {
    /// The graph of `unit`; `None` if it has no path from `enter` to `leave`.
    pub(crate) fn of(game: &Game, unit: &GameUnit) -> Option<Dag> {
        let mut reach = unit.reach.clone();
        reach.sort_unstable();
        let walk = Walk { game, unit, reach: &reach };
        let ends = walk.can_end();
        let mut entered = vec![false; ends.len()];
        for &post in &unit.enter {
            walk.at(post, 0).into_iter().for_each(|at| entered[at] = ends[at]);
        }
        for at in 0..ends.len() {
            if entered[at] {
                walk.moves(at).into_iter().filter(|&to| ends[to]).for_each(|to| entered[to] = true);
            }
        }
        let dag = walk.collect(&entered);
        (!dag.nodes.is_empty()).then_some(dag)
    }

    /// The nodes, ordered by position, then post.
    pub(crate) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Number of arcs.
    pub(crate) fn arc_count(&self) -> usize {
        self.targets.len()
    }

    /// Where an arc leads.
    pub(crate) fn target(&self, arc: usize) -> Option<usize> {
        self.targets[arc].map(|node| node as usize)
    }

    /// The arcs out of the entry.
    pub(crate) fn entry(&self) -> Range<usize> {
        self.groups[0].clone()
    }

    /// The arcs out of a node.
    pub(crate) fn out(&self, node: usize) -> Range<usize> {
        self.groups[node + 1].clone()
    }

    /// Visit probability of each node under the arc flows `flow`.
    pub(crate) fn visits(&self, flow: &[f64]) -> Vec<f64> {
        let mut visits = vec![0.0; self.nodes.len()];
        for (arc, target) in self.targets.iter().enumerate() {
            if let Some(node) = target {
                visits[*node as usize] += flow[arc];
            }
        }
        visits
    }

    /// The flow of a unit that goes on in the proportions of `weights` (one per arc), or evenly where they are all 0.
    pub(crate) fn walk(&self, weights: &[f64]) -> Vec<f64> {
        let mut flow = vec![0.0; self.arc_count()];
        let mut visits = vec![0.0; self.nodes.len()];
        for (group, arcs) in self.groups.iter().enumerate() {
            let inflow = group.checked_sub(1).map_or(1.0, |node| visits[node]);
            let all: f64 = weights[arcs.clone()].iter().sum();
            for arc in arcs.clone() {
                flow[arc] = inflow * if all > 0.0 { weights[arc] / all } else { 1.0 / arcs.len() as f64 };
                self.target(arc).into_iter().for_each(|node| visits[node] += flow[arc]);
            }
        }
        flow
    }

    /// The flow of one path with the largest sum of `reward`, the first of several.
    pub(crate) fn best_path(&self, reward: &[f64]) -> Vec<f64> {
        let worth = self.worth(reward);
        let mut flow = vec![0.0; self.arc_count()];
        let mut next = Some(self.entry());
        while let Some(arcs) = next {
            let best = self.best_of(arcs.clone(), &worth);
            let is_best = |arc: &usize| self.target(*arc).map_or(0.0, |node| worth[node]) >= best;
            let arc = arcs.clone().find(is_best).unwrap_or(arcs.start);
            flow[arc] = 1.0;
            next = self.target(arc).map(|node| self.out(node));
        }
        flow
    }

    /// Per node, the largest sum of `reward` from there to the end.
    fn worth(&self, reward: &[f64]) -> Vec<f64> {
        let mut worth = vec![0.0; self.nodes.len()];
        for node in (0..self.nodes.len()).rev() {
            worth[node] = reward[node] + self.best_of(self.out(node), &worth);
        }
        worth
    }

    /// The largest sum of `reward` (one per node) along a path: one backward pass.
    pub(crate) fn best_response(&self, reward: &[f64]) -> f64 {
        self.best_of(self.entry(), &self.worth(reward))
    }

    /// The largest sum of `reward` along a path, and a flow that has it if `is_wanted` says so of the sum; where several
    /// arcs serve as well, in the proportions of `habit`.
    pub(crate) fn best_flow(
        &self,
        reward: &[f64],
        habit: &[f64],
        is_wanted: impl FnOnce(f64) -> bool,
    ) -> (f64, Option<BestFlow>) {
        let worth = self.worth(reward);
        let value = self.best_of(self.entry(), &worth);
        (value, is_wanted(value).then(|| self.flow_along(&worth, TIE * value.abs(), habit)))
    }

    /// The flow that goes on where `worth` is largest.
    fn flow_along(&self, worth: &[f64], tie: f64, habit: &[f64]) -> BestFlow {
        let mut best = BestFlow { flow: Vec::new(), visits: vec![0.0; self.nodes.len()] };
        self.follow(self.entry(), 1.0, worth, tie, habit, &mut best);
        for node in 0..self.nodes.len() {
            let inflow = best.visits[node];
            if inflow > 0.0 {
                self.follow(self.out(node), inflow, worth, tie, habit, &mut best);
            }
        }
        best
    }

    /// Divides `inflow` among the best of `arcs`.
    fn follow(
        &self,
        arcs: Range<usize>,
        inflow: f64,
        worth: &[f64],
        tie: f64,
        habit: &[f64],
        best: &mut BestFlow,
    ) {
        let least = self.best_of(arcs.clone(), worth) - tie;
        let is_best = |arc: &usize| self.target(*arc).map_or(0.0, |node| worth[node]) >= least;
        let (count, usual) = arcs
            .clone()
            .filter(is_best)
            .fold((0.0, 0.0), |(count, usual), arc| (count + 1.0, usual + habit[arc]));
        for arc in arcs.filter(is_best) {
            let share = if usual > 0.0 { habit[arc] / usual } else { 1.0 / count };
            if share > 0.0 {
                best.flow.push((arc, inflow * share));
            }
            if let Some(node) = self.target(arc) {
                best.visits[node] += inflow * share;
            }
        }
    }

    fn best_of(&self, arcs: Range<usize>, worth: &[f64]) -> f64 {
        let of_arc = |arc| self.target(arc).map_or(0.0, |node| worth[node]);
        arcs.map(of_arc).fold(f64::NEG_INFINITY, f64::max)
    }
}

/// The rules of moving for one unit, over a table turn × post of its reach.
struct Walk<'a> {
    game: &'a Game,
    unit: &'a GameUnit,
    reach: &'a [u16],
}

impl Walk<'_> {
    fn turns(&self) -> usize {
        usize::from(self.unit.length).div_ceil(usize::from(self.unit.every))
    }

    fn at(&self, post: u16, turn: usize) -> Option<usize> {
        let column = self.reach.binary_search(&post).ok()?;
        (turn < self.turns()).then_some(turn * self.reach.len() + column)
    }

    fn place(&self, at: usize) -> (u16, usize) {
        (self.reach[at % self.reach.len()], at / self.reach.len())
    }

    /// Where the unit can be next, in canonical order.
    fn moves(&self, at: usize) -> Vec<usize> {
        let (post, turn) = self.place(at);
        let drives = self.game.roads(post).iter().filter_map(|&(to, hours)| {
            let hours = usize::from(hours);
            match self.unit.sentinel {
                true if hours < usize::from(self.unit.every) => self.at(to, turn + 1),
                true => None,
                false => self.at(to, turn + 1 + hours),
            }
        });
        let mut moves: Vec<usize> = self.at(post, turn + 1).into_iter().chain(drives).collect();
        moves.sort_unstable_by_key(|&to| self.place(to));
        moves
    }

    fn may_end(&self, at: usize) -> bool {
        let (post, turn) = self.place(at);
        self.unit.leave.contains(&post) && (!self.unit.sentinel || turn + 1 == self.turns())
    }

    fn can_end(&self) -> Vec<bool> {
        let mut ends = vec![false; self.turns() * self.reach.len()];
        for at in (0..ends.len()).rev() {
            ends[at] = self.may_end(at) || self.moves(at).into_iter().any(|to| ends[to]);
        }
        ends
    }

    fn collect(&self, kept: &[bool]) -> Dag {
        let places: Vec<usize> = (0..kept.len()).filter(|&at| kept[at]).collect();
        let index = |at: usize| places.binary_search(&at).ok().and_then(|node| u32::try_from(node).ok());
        let mut entry: Vec<usize> = self.unit.enter.iter().filter_map(|&post| self.at(post, 0)).collect();
        entry.sort_unstable();
        let mut targets: Vec<Option<u32>> = entry.into_iter().filter_map(index).map(Some).collect();
        let mut groups = Vec::with_capacity(places.len() + 1);
        groups.push(0..targets.len());
        for &at in &places {
            let first = targets.len();
            targets.extend(self.moves(at).into_iter().filter_map(index).map(Some));
            targets.extend(self.may_end(at).then_some(None));
            groups.push(first..targets.len());
        }
        let nodes = places.iter().map(|&at| self.node(at)).collect();
        Dag { nodes, targets, groups }
    }

    fn node(&self, at: usize) -> Node {
        let (post, turn) = self.place(at);
        let position = turn * usize::from(self.unit.every);
        Node { post, position: u8::try_from(position).expect("a position is below the shift's length, a u8") }
    }
}
