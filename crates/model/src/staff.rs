//! Shifts, equipment classes, pools, teams and custodians.

use crate::{AnchorId, BodyId, ClassId, Hour, OfficerId, PoolId, ProvinceId, ShiftId, TeamId};

/// Hours of duty within one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Its name, e.g. `00-08`.
    pub id: ShiftId,
    /// Its first hour.
    pub start: Hour,
    /// Its length; it ends by midnight.
    pub length_hours: u8,
}

impl Shift {
    /// Its hours in order.
    pub fn hours(&self) -> impl Iterator<Item = Hour> {
        let (start, end) = (self.start.get(), self.start.get().saturating_add(self.length_hours));
        Hour::all().filter(move |hour| start <= hour.get() && hour.get() < end)
    }
}

/// A seat at the centre: two of different bodies throw dice together when a custodian is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Officer {
    /// Its name; who holds the seat is not the campaign's business.
    pub id: OfficerId,
    /// The body that fills it.
    pub body: BodyId,
}

/// A figure with the range it is believed to lie in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The figure the plan uses.
    pub best: f64,
    /// Lowest that is credible.
    pub low: f64,
    /// Highest that is credible.
    pub high: f64,
}

/// An equipment class.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Its name.
    pub id: ClassId,
    /// What it is.
    pub title: String,
    /// Chance of detecting a smuggler it inspects, in (0, 1].
    pub detect: Estimate,
    /// Where the figure comes from.
    pub source: String,
}

/// The teams of one base and class, and the units they are dealt to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Its name.
    pub id: PoolId,
    /// The province it serves.
    pub province: ProvinceId,
    /// Name of the town it starts from.
    pub base_name: String,
    /// Junction of the road network it starts from.
    pub base_node: String,
    /// Its equipment.
    pub class: ClassId,
    /// Whether it has a boat.
    pub boat: bool,
    /// Officers of its smallest team: what each of its units can count on.
    pub crew: u32,
    /// Agencies of its teams: the lot may deal a team of any of them to each of its units.
    pub agencies: Vec<Agency>,
}

/// Whose officers a team is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Agency {
    /// National police.
    Police,
    /// Customs and excise.
    Customs,
    /// Border guard.
    BorderGuard,
    /// Military police.
    MilitaryPolice,
}

impl Agency {
    /// All of them.
    pub const ALL: [Agency; 4] =
        [Agency::Police, Agency::Customs, Agency::BorderGuard, Agency::MilitaryPolice];
}

impl std::fmt::Display for Agency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Agency::Police => "police",
            Agency::Customs => "customs",
            Agency::BorderGuard => "border-guard",
            Agency::MilitaryPolice => "military-police",
        })
    }
}

/// A log that somebody else keeps, whose heads are anchored in the campaign's every hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Its name.
    pub id: AnchorId,
    /// Whose it is, and of what.
    pub title: String,
    /// Ed25519 public key of its keeper, who alone may anchor it.
    pub key: [u8; 32],
}

/// Officers of one agency who work together, under a pseudonym.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Team {
    /// Its pseudonym.
    pub id: TeamId,
    /// Its pool.
    pub pool: PoolId,
    /// Its agency.
    pub agency: Agency,
    /// How many officers.
    pub crew: u32,
    /// Most hours it may work in a week.
    pub weekly_hours: u32,
}

/// How the weekly deal serves one shift of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShiftShare {
    /// The shift.
    pub shift: ShiftId,
    /// Teams that are dealt to it for the week.
    pub teams: u32,
    /// Units they serve each day; the others rest.
    pub units: u32,
    /// Days a week on which the team that works most is on duty.
    pub days_at_most: u32,
}
