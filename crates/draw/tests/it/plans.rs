//! 100,000 simulated draws of a solved plan: legal, held by its sentinels, as frequent as published, alone and in pairs.
//!
//! Some thousands of frequencies are compared. Each is a mean of independent draws; the allowance of 6 standard errors and 8
//! draws leaves less than one chance in 10,000 that any fails by bad luck (Bernstein 1924, summed over all).

use std::collections::BTreeMap;

use sekong_draw::{SimulationKey, simulate};
use sekong_plan::{Chain, Game, Node, Plan, SCALE, SolveOptions, solve};
use serde_json::{Value, json};

const DRAWS: u64 = 100_000;
const ERRORS: f64 = 6.0;

/// Four posts, eight hours, a sentinel pair and two plain units.
fn game() -> Game {
    let posts = ["A", "B", "C", "D"];
    let unit = |id: &str, sentinel: bool, start: u64, length: u64| {
        json!({"id": id, "province": "p", "pool": "x", "detect": 0.8, "start": start, "length": length,
            "every": if sentinel { 2 } else { 1 }, "sentinel": sentinel, "enter": ["A", "B"], "leave": posts, "reach": posts})
    };
    let value: Vec<Vec<u64>> =
        (1..5u64).map(|post| (0..8u64).map(|hour| 5 + (7 * post + 3 * hour) % 11).collect()).collect();
    let game: Value = json!({
        "slots": 8, "posts": posts, "provinces": {"p": posts}, "value": value, "capture": 4, "floor": 0.05, "bribed": 0,
        "travel_hours": [["A", "B", 0], ["B", "C", 1], ["C", "D", 0], ["A", "D", 2]],
        "units": [unit("even", true, 0, 8), unit("odd", true, 1, 7), unit("one", false, 0, 8), unit("two", false, 2, 5)],
    });
    Game::from_json(&game.to_string()).unwrap()
}

/// Whether a unit may go from `from` to `to`, by the rules of the game.
fn is_legal(game: &Game, unit: usize, from: Option<Node>, to: Option<Node>) -> bool {
    let of = &game.units()[unit];
    let last = (of.length - 1) / of.every * of.every;
    match (from, to) {
        (None, Some(to)) => to.position == 0 && of.enter.contains(&to.post),
        (Some(from), None) => of.leave.contains(&from.post) && (!of.sentinel || from.position == last),
        (Some(from), Some(to)) => {
            let hours = if from.post == to.post { Some(0) } else { game.travel_hours(from.post, to.post) };
            let Some(hours) = hours else { return false };
            let steps = u16::from(to.position - from.position);
            let is_in_shift = to.position < of.length && of.reach.contains(&to.post);
            is_in_shift && if of.sentinel { steps == 2 && hours < 2 } else { steps == hours + 1 }
        }
        (None, None) => false,
    }
}

/// Chance of each node of a chain, given that the unit is at `from` (`None`: before its entry): one forward pass.
fn chances(chain: &Chain, from: Option<Node>) -> BTreeMap<Node, f64> {
    let mut open: BTreeMap<(u8, u16), f64> = BTreeMap::new();
    let mut chances = BTreeMap::new();
    let spread = |at: Option<Node>, chance: f64, open: &mut BTreeMap<(u8, u16), f64>| {
        let steps = chain.steps(at);
        let all: u32 = steps.iter().map(|step| step.flow).sum();
        for step in steps {
            if let Some(to) = step.to {
                *open.entry((to.position, to.post)).or_default() +=
                    chance * f64::from(step.flow) / f64::from(all);
            }
        }
    };
    spread(from, 1.0, &mut open);
    while let Some(((position, post), chance)) = open.pop_first() {
        let node = Node { post, position };
        chances.insert(node, chance);
        spread(Some(node), chance, &mut open);
    }
    chances
}

fn near(seen: u64, chance: f64, what: &str) {
    let error = (chance * (1.0 - chance) / DRAWS as f64).sqrt();
    let found = seen as f64 / DRAWS as f64;
    let allowed = ERRORS * error + 8.0 / DRAWS as f64;
    assert!((found - chance).abs() <= allowed, "{what}: {found}, published {chance}");
}

/// What was counted: per unit its nodes and its pairs of nodes, per slot any unit, and both plain units' nodes together.
#[derive(Default)]
struct Counts {
    nodes: BTreeMap<(usize, Node), u64>,
    pairs: BTreeMap<(usize, Node, Node), u64>,
    slots: BTreeMap<(u16, u8), u64>,
    together: BTreeMap<(Node, Node), u64>,
}

impl Counts {
    fn add(&mut self, game: &Game, paths: &[Vec<Node>]) {
        let mut slots = std::collections::BTreeSet::new();
        for (unit, path) in paths.iter().enumerate() {
            for (at, node) in path.iter().enumerate() {
                *self.nodes.entry((unit, *node)).or_default() += 1;
                slots.insert((node.post, game.hour_of(unit, node.position)));
                for later in &path[at + 1..] {
                    *self.pairs.entry((unit, *node, *later)).or_default() += 1;
                }
            }
        }
        slots.into_iter().for_each(|slot| *self.slots.entry(slot).or_default() += 1);
        for one in &paths[2] {
            paths[3].iter().for_each(|other| *self.together.entry((*one, *other)).or_default() += 1);
        }
    }

    fn compare(&self, plan: &Plan) {
        let alone: Vec<BTreeMap<Node, f64>> =
            plan.chains().iter().map(|chain| chances(chain, None)).collect();
        for (unit, chain) in plan.chains().iter().enumerate() {
            for (node, chance) in &alone[unit] {
                let published =
                    plan.unit_inclusion(unit, node.post, plan.game().hour_of(unit, node.position));
                assert!((published - chance).abs() < 1e-9);
                near(self.nodes.get(&(unit, *node)).copied().unwrap_or(0), *chance, "a unit at a node");
                for (later, then) in chances(chain, Some(*node)) {
                    let seen = self.pairs.get(&(unit, *node, later)).copied().unwrap_or(0);
                    near(seen, chance * then, "a unit at two nodes");
                }
            }
        }
        for post in 0..4 {
            for hour in 0..8 {
                near(
                    self.slots.get(&(post, hour)).copied().unwrap_or(0),
                    plan.inclusion(post, hour),
                    "a slot",
                );
            }
        }
        for (one, chance) in &alone[2] {
            for (other, then) in &alone[3] {
                let seen = self.together.get(&(*one, *other)).copied().unwrap_or(0);
                near(seen, chance * then, "two units");
            }
        }
    }
}

#[test]
fn a_plan_is_drawn_as_it_is_published() {
    let plan = solve(&game(), &SolveOptions::default()).unwrap();
    assert!(plan.chains().iter().flat_map(Chain::arcs).all(|arc| arc.flow <= SCALE));
    let key = SimulationKey::new(&[5; 32]);
    let mut counts = Counts::default();
    for draw in 0..DRAWS {
        let roster = simulate(plan.chains(), &key, draw).unwrap();
        let paths: Vec<Vec<Node>> = roster.units.into_iter().map(|unit| unit.path).collect();
        for (unit, path) in paths.iter().enumerate() {
            let places = || path.iter().copied().map(Some);
            let steps = std::iter::once(None).chain(places()).zip(places().chain([None]));
            steps.for_each(|(from, to)| assert!(is_legal(plan.game(), unit, from, to), "{from:?} to {to:?}"));
        }
        let held = |(unit, path): (usize, &Vec<Node>)| {
            path.iter().map(|node| plan.game().hour_of(unit, node.position)).collect::<Vec<_>>()
        };
        let mut hours: Vec<u8> = paths[..2].iter().enumerate().flat_map(held).collect();
        hours.sort_unstable();
        assert_eq!(hours, [0, 1, 2, 3, 4, 5, 6, 7], "one sentinel in each hour of draw {draw}");
        counts.add(plan.game(), &paths);
    }
    counts.compare(&plan);
}
