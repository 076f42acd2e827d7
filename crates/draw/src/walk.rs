//! The walk of a unit through its shift: which die is due in which hour, and what it makes the unit do.
//!
//! - The entry die is thrown with the values of the shift's first hour, `entry_hour`; the unit's first turn
//!   is at `start_hour`, the same hour or, for the odd unit of a sentinel pair, one later.
//! - The die out of (post, position k) decides the step into hour `start_hour + k + 1` and is thrown with the
//!   values of that hour. A plain unit may inspect elsewhere in that very hour; a sentinel then has the hour
//!   to move.
//! - While a unit drives no die is thrown, nor after it left. A duty ends with its last hour: out of a
//!   position whose die would fall at or after the end no die is thrown either, the path is simply over.

use std::collections::BTreeMap;

use sekong_model::{CampaignId, Day, HOURS_PER_DAY, Hour, Moment, ProvinceId, UnitId};
use sekong_plan::{Chain, Node};

use crate::dice::{self, DiceError, node_text};
use crate::{DrawKey, Purpose, Subject};

/// Hours since the midnight that begins the day of a duty; 24 and more lie on the days after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DutyHour(pub u32);

impl DutyHour {
    /// The calendar hour, for a duty of `day`; `None` beyond the calendar's range.
    pub fn moment(self, day: Day) -> Option<Moment> {
        let hours_per_day = u32::from(HOURS_PER_DAY);
        let hour = Hour::try_from(u8::try_from(self.0 % hours_per_day).ok()?).ok()?;
        let days = i32::try_from(self.0 / hours_per_day).ok()?;
        let day = if days == 0 { day } else { day.plus_days(days)? };
        Some(Moment::Hour { day, hour })
    }

    fn plus_hours(self, hours: u32) -> DutyHour {
        DutyHour(self.0.saturating_add(hours))
    }
}

/// Why hours do not make a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DutyError {
    /// A duty of no length.
    #[error("a duty has at least one hour")]
    Empty,
    /// The first turn would come before the entry die.
    #[error("the first turn, hour {start_hour}, comes before the entry die of hour {entry_hour}")]
    StartsBeforeEntry {
        /// Hour of the entry die.
        entry_hour: u32,
        /// Hour of the first turn.
        start_hour: u32,
    },
}

/// When a unit is on duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duty {
    entry_hour: DutyHour,
    start_hour: DutyHour,
    length_hours: u8,
}

impl Duty {
    /// A duty whose entry die uses the values of `entry_hour` and whose first turn is at `start_hour`.
    pub fn new(entry_hour: DutyHour, start_hour: DutyHour, length_hours: u8) -> Result<Duty, DutyError> {
        if length_hours == 0 {
            return Err(DutyError::Empty);
        }
        if start_hour < entry_hour {
            return Err(DutyError::StartsBeforeEntry { entry_hour: entry_hour.0, start_hour: start_hour.0 });
        }
        Ok(Duty { entry_hour, start_hour, length_hours })
    }

    /// The duty of a unit with its first turn at `start` in a shift that begins at `shift_start`, past
    /// midnight if `start` is the earlier hour of the day.
    pub fn in_shift(shift_start: Hour, start: Hour, length_hours: u8) -> Result<Duty, DutyError> {
        let entry_hour = u32::from(shift_start.get());
        let next_day = if start < shift_start { u32::from(HOURS_PER_DAY) } else { 0 };
        Duty::new(DutyHour(entry_hour), DutyHour(u32::from(start.get()) + next_day), length_hours)
    }

    /// Hour whose values throw the entry die.
    pub fn entry_hour(&self) -> DutyHour {
        self.entry_hour
    }

    /// Hour of position 0.
    pub fn start_hour(&self) -> DutyHour {
        self.start_hour
    }

    /// First hour after the duty.
    pub fn end_hour(&self) -> DutyHour {
        self.start_hour.plus_hours(u32::from(self.length_hours))
    }

    /// Hour in which the unit is at `node`.
    pub fn hour_of(&self, node: Node) -> DutyHour {
        self.start_hour.plus_hours(u32::from(node.position))
    }
}

/// A die that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Die {
    /// Where the unit stands; `None` for the entry die.
    pub from: Option<Node>,
    /// Hour whose values throw it.
    pub hour: DutyHour,
}

impl Die {
    /// The purpose that enters the seed.
    pub fn purpose(&self) -> Purpose {
        if self.from.is_none() { Purpose::Enter } else { Purpose::Step }
    }
}

/// What a die makes a unit do; the centre turns it into an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Move {
    /// Drive out and begin at this post.
    Enter(Node),
    /// Stay at the post; the next turn is at this position.
    Stay(Node),
    /// Leave for another post.
    Drive {
        /// Where the unit stands.
        from: Node,
        /// Where, and at which position, it inspects next.
        to: Node,
    },
    /// End the path.
    Leave,
}

/// Where a unit is in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Before its first turn.
    Waiting,
    /// Inspects at this node.
    At(Node),
    /// Between two turns, on the road or (a sentinel) at the same post; inspects nothing.
    Between {
        /// Last turn.
        from: Node,
        /// Next turn.
        to: Node,
    },
    /// Its path is over.
    Left,
    /// The die that decides this has not been thrown.
    Undrawn,
}

/// Where a step leads, in words.
fn goal_text(to: Option<Node>) -> String {
    if to.is_none() { "leaving".to_owned() } else { node_text(to) }
}

/// Why a walk cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalkError {
    /// The die has no faces.
    #[error(transparent)]
    Dice(#[from] DiceError),
    /// The die is not the one that is due.
    #[error("unit {unit}: the die out of {} at hour {} is not due", node_text(die.from), die.hour.0)]
    NotDue {
        /// Whose die.
        unit: UnitId,
        /// The die.
        die: Die,
    },
    /// The chain has no such step.
    #[error("unit {unit}: the chain has no step from {} to {}", node_text(*from), goal_text(*to))]
    NoSuchStep {
        /// Whose chain.
        unit: UnitId,
        /// Where the unit stands.
        from: Option<Node>,
        /// Where it was sent.
        to: Option<Node>,
    },
    /// A step that does not lead to a later position.
    #[error("unit {unit}: the step from {} to {} leads back in time", node_text(Some(*from)), node_text(Some(*to)))]
    Backward {
        /// Whose chain.
        unit: UnitId,
        /// Where the unit stands.
        from: Node,
        /// Where the chain leads.
        to: Node,
    },
    /// There are no values for the moment.
    #[error("no values for {moment}, which unit {unit} needs")]
    NoKey {
        /// Whose die.
        unit: UnitId,
        /// The moment.
        moment: Moment,
    },
    /// The hour lies beyond the calendar.
    #[error("hour {} after the beginning of {day} lies beyond the calendar", hour.0)]
    BeyondCalendar {
        /// Day of the duty.
        day: Day,
        /// The hour.
        hour: DutyHour,
    },
}

/// The day of a province for which a plan's units are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvinceDay<'a> {
    /// The campaign.
    pub campaign: &'a CampaignId,
    /// The province.
    pub province: &'a ProvinceId,
    /// The day on which the units' shifts begin.
    pub day: Day,
}

impl ProvinceDay<'_> {
    /// The moment whose values throw a die of this day.
    pub fn moment(&self, hour: DutyHour) -> Result<Moment, WalkError> {
        hour.moment(self.day).ok_or(WalkError::BeyondCalendar { day: self.day, hour })
    }
}

/// How far a unit's path has been drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitWalk {
    duty: Duty,
    path: Vec<Node>,
    left: bool,
}

impl UnitWalk {
    /// A walk before its entry die.
    pub fn new(duty: Duty) -> UnitWalk {
        UnitWalk { duty, path: Vec::new(), left: false }
    }

    /// When the unit is on duty.
    pub fn duty(&self) -> &Duty {
        &self.duty
    }

    /// The turns drawn so far, in order of position.
    pub fn path(&self) -> &[Node] {
        &self.path
    }

    /// The next die; `None` once the path is over.
    pub fn next_die(&self) -> Option<Die> {
        if self.left {
            return None;
        }
        let Some(&node) = self.path.last() else {
            return Some(Die { from: None, hour: self.duty.entry_hour });
        };
        let hour = self.duty.hour_of(node).plus_hours(1);
        (hour < self.duty.end_hour()).then_some(Die { from: Some(node), hour })
    }

    /// The die to throw with the values of `hour`, if any.
    pub fn due(&self, hour: DutyHour) -> Option<Die> {
        self.next_die().filter(|die| die.hour == hour)
    }

    /// Whether no die will be thrown any more.
    pub fn is_over(&self) -> bool {
        self.next_die().is_none()
    }

    /// Takes the step that a die decided; it must be a step of the chain.
    pub fn apply(&mut self, chain: &Chain, die: Die, to: Option<Node>) -> Result<Move, WalkError> {
        let unit = || chain.unit().clone();
        if self.next_die() != Some(die) {
            return Err(WalkError::NotDue { unit: unit(), die });
        }
        if !chain.steps(die.from).iter().any(|step| step.to == to) {
            return Err(WalkError::NoSuchStep { unit: unit(), from: die.from, to });
        }
        let Some(to) = to else {
            self.left = true;
            return Ok(Move::Leave);
        };
        let step = match die.from {
            None => Move::Enter(to),
            Some(from) if to.position <= from.position => {
                return Err(WalkError::Backward { unit: unit(), from, to });
            }
            Some(from) if to.post == from.post => Move::Stay(to),
            Some(from) => Move::Drive { from, to },
        };
        self.path.push(to);
        Ok(step)
    }

    /// Throws the die that is due with the values of `hour` and takes its step; `Ok(None)` if none is due.
    pub fn throw(
        &mut self,
        chain: &Chain,
        hour: DutyHour,
        of: &ProvinceDay<'_>,
        key: &DrawKey,
    ) -> Result<Option<Move>, WalkError> {
        let Some(die) = self.due(hour) else { return Ok(None) };
        let subject = Subject {
            campaign: of.campaign,
            province: of.province,
            moment: of.moment(hour)?,
            unit: chain.unit().as_str(),
            purpose: die.purpose(),
        };
        let to = dice::throw(chain, die.from, &mut key.stream(&subject))?;
        self.apply(chain, die, to).map(Some)
    }

    /// Where the unit is in `hour`.
    pub fn place(&self, hour: DutyHour) -> Place {
        let reached = self.path.partition_point(|node| self.duty.hour_of(*node) <= hour);
        let last = reached.checked_sub(1).and_then(|index| self.path.get(index));
        match (last, self.path.get(reached)) {
            (Some(node), _) if self.duty.hour_of(*node) == hour => Place::At(*node),
            (Some(from), Some(to)) => Place::Between { from: *from, to: *to },
            (_, None) if self.is_over() => Place::Left,
            (None, _) if hour < self.duty.start_hour => Place::Waiting,
            (_, None) => Place::Undrawn,
            (None, Some(_)) => Place::Waiting,
        }
    }
}

/// One unit's path through a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitPath {
    /// The unit.
    pub unit: UnitId,
    /// Its turns in order of position.
    pub path: Vec<Node>,
}

/// The paths of all units of a province-day, in the order of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// One path a unit.
    pub units: Vec<UnitPath>,
}

/// Draws a whole province-day at once; `keys` holds the key of every moment in which a die falls.
pub fn draw_day(
    of: &ProvinceDay<'_>,
    units: &[(&Chain, Duty)],
    keys: &BTreeMap<Moment, DrawKey>,
) -> Result<Roster, WalkError> {
    let units =
        units.iter().map(|(chain, duty)| draw_unit(of, chain, *duty, keys)).collect::<Result<_, _>>()?;
    Ok(Roster { units })
}

fn draw_unit(
    of: &ProvinceDay<'_>,
    chain: &Chain,
    duty: Duty,
    keys: &BTreeMap<Moment, DrawKey>,
) -> Result<UnitPath, WalkError> {
    let mut walk = UnitWalk::new(duty);
    while let Some(die) = walk.next_die() {
        let moment = of.moment(die.hour)?;
        let key = keys.get(&moment).ok_or_else(|| WalkError::NoKey { unit: chain.unit().clone(), moment })?;
        walk.throw(chain, die.hour, of, key)?;
    }
    Ok(UnitPath { unit: chain.unit().clone(), path: walk.path })
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekong_plan::Arc;

    fn node(post: u16, position: u8) -> Node {
        Node { post, position }
    }

    fn chain(arcs: &[(Option<Node>, Option<Node>)]) -> Chain {
        let arcs = arcs.iter().map(|&(from, to)| Arc { from, to, flow: 1 }).collect();
        Chain::new("u".parse().unwrap(), arcs)
    }

    fn hours(entry: u32, start: u32, length_hours: u8) -> Duty {
        Duty::new(DutyHour(entry), DutyHour(start), length_hours).unwrap()
    }

    /// Throws every die of a chain without forks; (hour, move) for each.
    fn moves(chain: &Chain, walk: &mut UnitWalk) -> Vec<(u32, Move)> {
        let mut moves = Vec::new();
        while let Some(die) = walk.next_die() {
            let to = chain.steps(die.from)[0].to;
            moves.push((die.hour.0, walk.apply(chain, die, to).unwrap()));
        }
        moves
    }

    #[test]
    fn a_plain_unit_stays_drives_and_leaves() {
        let (a0, a1, b3) = (node(0, 0), node(0, 1), node(1, 3));
        let chain = chain(&[(None, Some(a0)), (Some(a0), Some(a1)), (Some(a1), Some(b3)), (Some(b3), None)]);
        let mut walk = UnitWalk::new(hours(8, 8, 8));
        assert_eq!(walk.place(DutyHour(7)), Place::Waiting);
        assert_eq!(walk.place(DutyHour(8)), Place::Undrawn);
        let expected = [
            (8, Move::Enter(a0)),
            (9, Move::Stay(a1)),
            (10, Move::Drive { from: a1, to: b3 }),
            (12, Move::Leave),
        ];
        assert_eq!(moves(&chain, &mut walk), expected);
        let places = [8, 9, 10, 11, 12].map(|hour| walk.place(DutyHour(hour)));
        let between = Place::Between { from: a1, to: b3 };
        assert_eq!(places, [Place::At(a0), Place::At(a1), between, Place::At(b3), Place::Left]);
    }

    #[test]
    fn the_odd_sentinel_enters_with_the_shift_and_begins_an_hour_later() {
        let (a0, b2, b4, b6) = (node(0, 0), node(1, 2), node(1, 4), node(1, 6));
        let chain = chain(&[
            (None, Some(a0)),
            (Some(a0), Some(b2)),
            (Some(b2), Some(b4)),
            (Some(b4), Some(b6)),
            (Some(b6), None),
        ]);
        let duty = Duty::in_shift(Hour::try_from(16).unwrap(), Hour::try_from(17).unwrap(), 7).unwrap();
        let mut walk = UnitWalk::new(duty);
        let expected = [
            (16, Move::Enter(a0)),
            (18, Move::Drive { from: a0, to: b2 }),
            (20, Move::Stay(b4)),
            (22, Move::Stay(b6)),
        ];
        // Its last turn is the hour before midnight: no die of the next day is needed to send it home.
        assert_eq!(moves(&chain, &mut walk), expected);
        assert_eq!(walk.place(DutyHour(16)), Place::Waiting);
        assert_eq!(walk.place(DutyHour(18)), Place::Between { from: a0, to: b2 });
        assert_eq!(walk.place(DutyHour(24)), Place::Left);
    }

    #[test]
    fn no_die_is_due_while_driving() {
        let (a0, b3) = (node(0, 0), node(1, 3));
        let chain = chain(&[(None, Some(a0)), (Some(a0), Some(b3)), (Some(b3), None)]);
        let mut walk = UnitWalk::new(hours(0, 0, 8));
        for to in [a0, b3] {
            walk.apply(&chain, walk.next_die().unwrap(), Some(to)).unwrap();
        }
        let due: Vec<u32> = (0..8).filter(|hour| walk.due(DutyHour(*hour)).is_some()).collect();
        assert_eq!(due, [4]);
    }

    #[test]
    fn a_shift_past_midnight_uses_the_values_of_the_next_day() {
        let duty = Duty::in_shift(Hour::try_from(22).unwrap(), Hour::try_from(0).unwrap(), 4).unwrap();
        assert_eq!((duty.entry_hour(), duty.start_hour()), (DutyHour(22), DutyHour(24)));
        let moment = duty.start_hour().moment("2017-01-31".parse().unwrap());
        assert_eq!(moment.unwrap().to_string(), "2017-02-01 00:00");
    }

    #[test]
    fn a_duty_has_hours_and_does_not_start_before_its_entry() {
        assert_eq!(Duty::new(DutyHour(0), DutyHour(0), 0), Err(DutyError::Empty));
        let early = DutyError::StartsBeforeEntry { entry_hour: 2, start_hour: 1 };
        assert_eq!(Duty::new(DutyHour(2), DutyHour(1), 8), Err(early));
    }

    #[test]
    fn a_step_that_is_not_in_the_chain_is_refused() {
        let chain = chain(&[(None, Some(node(0, 0)))]);
        let mut walk = UnitWalk::new(hours(0, 0, 8));
        let die = walk.next_die().unwrap();
        let error = walk.apply(&chain, die, Some(node(1, 0))).unwrap_err();
        assert_eq!(error.to_string(), "unit u: the chain has no step from its entry to post 1 at position 0");
        assert!(walk.path().is_empty());
    }

    #[test]
    fn a_die_that_is_not_due_is_refused() {
        let chain = chain(&[(None, Some(node(0, 0)))]);
        let die = Die { from: None, hour: DutyHour(1) };
        let error = UnitWalk::new(hours(0, 0, 8)).apply(&chain, die, Some(node(0, 0))).unwrap_err();
        assert_eq!(error, WalkError::NotDue { unit: "u".parse().unwrap(), die });
    }

    #[test]
    fn a_chain_that_leads_back_in_time_is_refused() {
        let chain = chain(&[(None, Some(node(0, 0))), (Some(node(0, 0)), Some(node(1, 0)))]);
        let mut walk = UnitWalk::new(hours(0, 0, 8));
        walk.apply(&chain, walk.next_die().unwrap(), Some(node(0, 0))).unwrap();
        let error = walk.apply(&chain, walk.next_die().unwrap(), Some(node(1, 0))).unwrap_err();
        assert!(matches!(error, WalkError::Backward { .. }));
    }

    #[test]
    fn a_unit_may_be_drawn_not_to_enter() {
        let chain = chain(&[(None, None)]);
        let mut walk = UnitWalk::new(hours(0, 0, 8));
        assert_eq!(walk.apply(&chain, walk.next_die().unwrap(), None), Ok(Move::Leave));
        assert_eq!(walk.place(DutyHour(3)), Place::Left);
    }
}
