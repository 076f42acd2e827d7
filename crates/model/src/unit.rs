//! Units: anonymous places in the plan, as the campaign lays them out for one province and day.

use crate::{Hour, PoolId, PostId, ProvinceId, ShiftId, UnitId};

/// How a unit may move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// Stays or drives on at every hour, and may end its path early at a post of `leave`.
    Plain,
    /// One half of a sentinel pair: inspects every second hour and moves in between.
    Sentinel,
}

/// A unit on duty in one shift of a day: the rows of a game.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Canonical name, e.g. `stung-treng/00-08/plain-1`.
    pub id: UnitId,
    /// Where it has jurisdiction.
    pub province: ProvinceId,
    /// The pool whose teams are dealt to it.
    pub pool: PoolId,
    /// The shift it serves.
    pub shift: ShiftId,
    /// How it may move.
    pub kind: UnitKind,
    /// Chance of detecting a smuggler it inspects, in (0, 1].
    pub detect: f64,
    /// Hour of its first turn.
    pub start: Hour,
    /// Hours from its first turn to the end of its duty.
    pub length_hours: u8,
    /// Hours between turns: 1 for a plain unit, 2 for a sentinel.
    pub every_hours: u8,
    /// Posts it can begin at, in campaign order.
    pub enter: Vec<PostId>,
    /// Posts it can end at, in campaign order.
    pub leave: Vec<PostId>,
    /// Posts it may inspect, in campaign order.
    pub reach: Vec<PostId>,
}
