//! What `max` leaves open: once the worst slots cannot be bettered they get a ceiling, and the next worst are the aim.
//!
//! Leximin settles slot by slot, `provinces` province by province (each has a smuggler of its own). Which slots are
//! settled at a level is read off the prices of the last programme (Ogryczak, Śliwiński 2003).

use crate::game::Objective;
use crate::solve::Search;
use crate::solve::finish::{Limits, Point, descend};
use crate::solve::part::Part;
use crate::solve::target::Detection;

/// Slots this near to a level, as a share of the scale, count as at it where no price tells.
const NEAR: f64 = 1e-6;
/// Each level's descent may take this part of the work.
const LEVELS: usize = 20;

/// Goes on from a plan that is best for its worst slot, at the same floor, until all is settled or the work is spent;
/// and the ceilings that were settled.
pub(super) fn settle(part: &Part, point: Point, floor: f64, search: Search<'_>) -> (Point, Vec<f64>) {
    let mut ceilings = part.no_ceilings();
    let groups = match part.game.objective() {
        Objective::Max => return (point, ceilings),
        Objective::Leximin => (0..part.slots.len()).collect(),
        Objective::Provinces => provinces(part),
    };
    let (mut point, mut work) = (point, search.options.work);
    while !is_settled(part, &ceilings) && work > 0 && !(search.stop)() {
        let work_max = work.min(search.options.work / LEVELS);
        let limits =
            Limits { floor, ceilings: &ceilings, work_max, threads: search.threads, stop: search.stop };
        let level = descend(part, point, f64::NEG_INFINITY, limits);
        work = work.saturating_sub(level.work.max(1));
        point = level.point;
        if (search.stop)() {
            break;
        }
        let holding = if level.holding.is_empty() {
            nearest(part, &point, &ceilings, level.payoff)
        } else {
            level.holding
        };
        for place in holding {
            put_ceilings(part, &point, &groups, groups[place], level.payoff, &mut ceilings);
        }
    }
    (point, ceilings)
}

/// The group of each place: its province.
fn provinces(part: &Part) -> Vec<usize> {
    part.slots.iter().map(|(slot, _)| part.game.province_of(part.game.slot_place(*slot).0)).collect()
}

fn is_settled(part: &Part, ceilings: &[f64]) -> bool {
    let open = |(place, (_, visitors)): (usize, &(usize, Vec<_>))| {
        ceilings[place].is_infinite() && part.is_contested(visitors)
    };
    !part.slots.iter().enumerate().any(open)
}

/// The places that are worst, as far as numbers can tell.
fn nearest(part: &Part, point: &Point, ceilings: &[f64], payoff: f64) -> Vec<usize> {
    let least = payoff - NEAR * part.scale(payoff);
    (0..part.slots.len())
        .filter(|&place| ceilings[place].is_infinite())
        .filter(|&place| part.payoff_at(place, &point.visits, Detection::Product) >= least)
        .collect()
}

/// Gives every place of a group the level as its ceiling.
fn put_ceilings(
    part: &Part,
    point: &Point,
    groups: &[usize],
    group: usize,
    level: f64,
    ceilings: &mut [f64],
) {
    for place in (0..groups.len()).filter(|&place| groups[place] == group) {
        if ceilings[place].is_infinite() {
            ceilings[place] = level.max(part.payoff_at(place, &point.visits, Detection::Product));
        }
    }
}
