//! The rules of moving, read from the game: which arcs a unit may have, and where it can be at all.

use crate::chain::Node;
use crate::game::{Game, GameUnit};

/// Last position at which a unit has a turn.
pub(super) fn last_position(unit: &GameUnit) -> u8 {
    (unit.length - 1) / unit.every * unit.every
}

/// The rule that the arc breaks, if any. `None` stands for entry and end.
pub(super) fn broken_rule(
    game: &Game,
    unit: &GameUnit,
    from: Option<Node>,
    to: Option<Node>,
) -> Option<&'static str> {
    let outside = |node: Node| !unit.reach.contains(&node.post) || node.position >= unit.length;
    if from.into_iter().chain(to).any(outside) {
        return Some("the unit does not reach that post or its shift has ended");
    }
    match (from, to) {
        (None, None) => Some("a unit cannot end before it has begun"),
        (None, Some(to)) => broken_entry(unit, to),
        (Some(from), None) => broken_end(unit, from),
        (Some(from), Some(to)) if unit.sentinel => broken_sentinel_step(game, unit, from, to),
        (Some(from), Some(to)) => broken_plain_step(game, from, to),
    }
}

fn broken_entry(unit: &GameUnit, to: Node) -> Option<&'static str> {
    let allowed = to.position == 0 && unit.enter.contains(&to.post);
    (!allowed).then_some("a unit begins at position 0 at a post of `enter`")
}

fn broken_end(unit: &GameUnit, from: Node) -> Option<&'static str> {
    if !unit.leave.contains(&from.post) {
        return Some("a unit ends at a post of `leave`");
    }
    let early = unit.sentinel && from.position != last_position(unit);
    early.then_some("a sentinel ends at its last position only")
}

fn broken_sentinel_step(game: &Game, unit: &GameUnit, from: Node, to: Node) -> Option<&'static str> {
    if !from.position.is_multiple_of(unit.every)
        || u16::from(to.position) != u16::from(from.position) + u16::from(unit.every)
    {
        return Some("a sentinel has a turn every `every` hours and at no other");
    }
    let near = |hours: u16| hours < u16::from(unit.every);
    let allowed = from.post == to.post || game.travel_hours(from.post, to.post).is_some_and(near);
    (!allowed).then_some("a sentinel must arrive before its next turn")
}

fn broken_plain_step(game: &Game, from: Node, to: Node) -> Option<&'static str> {
    let hours = if from.post == to.post { Some(0) } else { game.travel_hours(from.post, to.post) };
    let arrival = hours.map(|hours| u32::from(from.position) + 1 + u32::from(hours));
    (arrival != Some(u32::from(to.position)))
        .then_some("a step takes one hour and the travel between the posts")
}

/// Every place of a unit that lies on a path from entry to end, ordered by position.
pub(super) fn places(game: &Game, unit: &GameUnit) -> Vec<Node> {
    let positions = (0..unit.length).step_by(usize::from(unit.every));
    let all: Vec<Node> =
        positions.flat_map(|position| unit.reach.iter().map(move |&post| Node { post, position })).collect();
    let steps = |from: usize, to: usize| broken_rule(game, unit, Some(all[from]), Some(all[to])).is_none();
    let mut begun: Vec<bool> =
        all.iter().map(|&node| broken_rule(game, unit, None, Some(node)).is_none()).collect();
    for to in 0..all.len() {
        begun[to] = begun[to] || (0..to).any(|from| begun[from] && steps(from, to));
    }
    let mut ends: Vec<bool> =
        all.iter().map(|&node| broken_rule(game, unit, Some(node), None).is_none()).collect();
    for from in (0..all.len()).rev() {
        ends[from] = ends[from] || (from + 1..all.len()).any(|to| ends[to] && steps(from, to));
    }
    (0..all.len()).filter(|&at| begun[at] && ends[at]).map(|at| all[at]).collect()
}

/// The largest sum of `reward` along a path over `places`, by recursion over the last step.
pub(super) fn best_path(game: &Game, unit: &GameUnit, places: &[Node], reward: &[f64]) -> f64 {
    let mut best = f64::NEG_INFINITY;
    let mut so_far = vec![f64::NEG_INFINITY; places.len()];
    for (to, &node) in places.iter().enumerate() {
        let mut earlier =
            if broken_rule(game, unit, None, Some(node)).is_none() { 0.0 } else { f64::NEG_INFINITY };
        for (from, &before) in places[..to].iter().enumerate() {
            if so_far[from] > earlier && broken_rule(game, unit, Some(before), Some(node)).is_none() {
                earlier = so_far[from];
            }
        }
        so_far[to] = earlier + reward[to];
        if broken_rule(game, unit, Some(node), None).is_none() {
            best = best.max(so_far[to]);
        }
    }
    best
}
