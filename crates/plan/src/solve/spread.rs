//! Of plans that are equally good the least predictable: each unit in turn is moved towards walking every path alike, which
//! is what tells an observer least, as far as no slot pays the smuggler more than it may.
//!
//! The entropy of a unit's walk is concave in its flow, so every step of the way adds to it.

use crate::dag::Dag;
use crate::solve::Stop;
use crate::solve::finish::Point;
use crate::solve::part::Part;
use crate::solve::target::Detection;

/// Turns of going through the units.
const TURNS: usize = 2;
/// Kept from what the rules allow, so that rounding to whole numbers does not overstep it.
const KEPT: f64 = 0.999;

/// What the slots may not exceed.
pub(super) struct Allowed<'a> {
    /// Largest payoff of each place; ∞ where the plan has no say.
    pub(super) payoff: &'a [f64],
    /// Least inclusion of every reachable slot; 0 for none.
    pub(super) floor: f64,
}

/// The plan with every unit moved as far as is allowed, or as many as time allows.
pub(super) fn spread(part: &Part, point: Point, allowed: &Allowed<'_>, stop: Stop<'_>) -> Point {
    let places = places(part);
    let mut point = point;
    for _ in 0..TURNS {
        for (unit, places) in places.iter().enumerate() {
            if stop() {
                return point;
            }
            let goal = every_path_alike(part.dags[unit]);
            move_unit(part, &mut point, unit, &goal, places, allowed);
        }
    }
    point
}

/// Places that each unit can be in.
fn places(part: &Part) -> Vec<Vec<usize>> {
    let mut places = vec![Vec::new(); part.units.len()];
    for (place, (_, visitors)) in part.slots.iter().enumerate() {
        visitors.iter().for_each(|visitor| places[visitor.unit].push(place));
    }
    places
}

/// The flow in which all paths have the same chance.
fn every_path_alike(dag: &Dag) -> Vec<f64> {
    let mut ways = vec![0.0; dag.nodes().len()];
    let of = |ways: &[f64], arc: usize| dag.target(arc).map_or(1.0, |node| ways[node]);
    for node in (0..ways.len()).rev() {
        ways[node] = dag.out(node).map(|arc| of(&ways, arc)).sum();
    }
    let weights: Vec<f64> = (0..dag.arc_count()).map(|arc| of(&ways, arc)).collect();
    dag.walk(&weights)
}

fn move_unit(
    part: &Part,
    point: &mut Point,
    unit: usize,
    goal: &[f64],
    places: &[usize],
    allowed: &Allowed<'_>,
) {
    let nodes = part.nodes_of(unit);
    let before = point.visits[nodes.clone()].to_vec();
    let states =
        |visits: &[f64]| places.iter().map(|&place| State::of(part, place, visits)).collect::<Vec<_>>();
    let now = states(&point.visits);
    point.visits[nodes.clone()].copy_from_slice(&part.dags[unit].visits(goal));
    let there = states(&point.visits);
    let shares = places.iter().zip(now.iter().zip(&there));
    let share =
        shares.map(|(&place, (now, there))| now.share_towards(there, place, allowed)).fold(1.0, f64::min);
    let share = if share < 1.0 { KEPT * share } else { share };
    let blend = |one: &mut f64, other: f64| *one += share * (other - *one);
    point.flows[unit].iter_mut().zip(goal).for_each(|(flow, &goal)| blend(flow, goal));
    let goal = point.visits[nodes.clone()].to_vec();
    point.visits[nodes.clone()].copy_from_slice(&before);
    point.visits[nodes].iter_mut().zip(goal).for_each(|(visits, goal)| blend(visits, goal));
}

/// What a slot looks like under some visits.
struct State {
    payoff: f64,
    inclusion: f64,
}

impl State {
    fn of(part: &Part, place: usize, visits: &[f64]) -> State {
        let visitors = &part.slots[place].1;
        let missed = visitors.iter().fold(1.0, |missed, visitor| missed * (1.0 - visits[visitor.node]));
        State { payoff: part.payoff_at(place, visits, Detection::Product), inclusion: 1.0 - missed }
    }

    /// How far one unit may go towards `there`: in one unit's visits the payoff is convex (the smuggler buys the best
    /// set of teams, and for each set it is linear) and the inclusion linear, so what holds on the chord holds.
    fn share_towards(&self, there: &State, place: usize, allowed: &Allowed<'_>) -> f64 {
        let rise = |slack: f64, rise: f64| if rise > slack.max(0.0) { slack.max(0.0) / rise } else { 1.0 };
        let payoff = rise(allowed.payoff[place] - self.payoff, there.payoff - self.payoff);
        let inclusion = rise(self.inclusion - allowed.floor, self.inclusion - there.inclusion);
        payoff.min(if allowed.floor > 0.0 { inclusion } else { 1.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::Game;
    use crate::predict::Predictability;
    use crate::solve::part::{Flows, parts};
    use proptest::prelude::*;
    use serde_json::json;

    fn game(bribed: usize) -> Game {
        let unit = |name: &str, reach: &[&str]| {
            json!({"id": name, "province": "p", "pool": "x", "detect": 0.75, "start": 0, "length": 4,
                "enter": reach, "leave": reach, "reach": reach})
        };
        let game = json!({
            "slots": 4, "posts": ["A", "B", "C"], "provinces": {"p": ["A", "B", "C"]}, "capture": 2,
            "value": [[8, 6, 4, 2], [3, 3, 9, 3], [5, 1, 5, 1]], "travel_hours": [["A", "B", 0], ["B", "C", 1]],
            "units": [unit("u", &["A", "B", "C"]), unit("v", &["A", "B"]), unit("w", &["B", "C"])],
            "floor": 0, "bribed": bribed,
        });
        Game::from_json(&game.to_string()).unwrap()
    }

    proptest! {
        #[test]
        fn nothing_oversteps_what_is_allowed_and_no_walk_is_easier_to_foretell(
            weights in prop::collection::vec(0.01f64..1.0, 200),
            bribed in 0usize..3,
            slack in 0.0f64..4.0,
            held in 0.0f64..1.0,
        ) {
            let game = game(bribed);
            let dags: Vec<Dag> = game.units().iter().map(|unit| Dag::of(&game, unit).unwrap()).collect();
            let part = &parts(&game, &dags)[0];
            let flows: Flows = dags.iter().map(|dag| dag.walk(&weights)).collect();
            let point = Point { visits: part.visits(&flows), flows };
            let floor = held * part.least_inclusion(&point.visits).unwrap().1;
            let payoff: Vec<f64> = (0..part.slots.len())
                .map(|place| part.payoff_at(place, &point.visits, Detection::Product) + slack)
                .collect();
            let bits = |point: &Point| Predictability::of(&part.round(&point.flows)).entropy_bits;
            let before = bits(&point);
            let spread = spread(part, point, &Allowed { payoff: &payoff, floor }, &|| false);
            prop_assert!(bits(&spread) >= before - 1e-3);
            prop_assert!(part.least_inclusion(&spread.visits).unwrap().1 >= floor - 1e-12);
            for (place, allowed) in payoff.iter().enumerate() {
                prop_assert!(part.payoff_at(place, &spread.visits, Detection::Product) <= allowed + 1e-9);
            }
        }
    }
}
