//! Why a document is not a game: each case names the field and says how to mend it.

use sekong_model::{IdError, PoolId, PostId, UnitId};

use crate::document::JsonError;
use crate::game::{POSTS_MAX, SLOTS_MAX, STAKE_MAX, UNITS_MAX};

/// Why a document is not a game.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GameError {
    /// Not JSON, or a field is missing, unknown or of the wrong kind.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// A name that is not an identifier.
    #[error("{field}: {reason}; choose another name")]
    Id {
        /// Where.
        field: String,
        /// What is wrong with it.
        reason: IdError,
    },
    /// The number of hours is out of range.
    #[error("slots: a game has 1 to {SLOTS_MAX} hours, not {slots}; give the number of hours in `slots`")]
    Slots {
        /// As given.
        slots: i64,
    },
    /// No posts, or too many.
    #[error("posts: a game has 1 to {POSTS_MAX} posts, not {count}; list its posts in `posts`")]
    PostCount {
        /// As given.
        count: usize,
    },
    /// Too many units.
    #[error("units: a game has at most {UNITS_MAX} units, not {count}; split the game by province")]
    UnitCount {
        /// As given.
        count: usize,
    },
    /// An id is there twice.
    #[error("{field}: {id:?} is there twice; remove or rename one")]
    Duplicate {
        /// Where.
        field: String,
        /// The id.
        id: String,
    },
    /// A post that `posts` does not list.
    #[error("{field}: unknown post {post:?}; add it to `posts` or correct the name")]
    UnknownPost {
        /// Where.
        field: String,
        /// As given.
        post: String,
    },
    /// A province that `provinces` does not list.
    #[error(
        "units[{unit}].province: unknown province {province:?}; add it to `provinces` or correct the name"
    )]
    UnknownProvince {
        /// Whose.
        unit: UnitId,
        /// As given.
        province: String,
    },
    /// A pool that no unit belongs to.
    #[error("absent: no unit belongs to pool {pool:?}; correct the name or remove it")]
    UnknownPool {
        /// As given.
        pool: String,
    },
    /// More absent teams than the pool has units.
    #[error("absent[{pool}]: {count} teams, but the pool has {units} units; give 0 to {units}")]
    AbsentTeams {
        /// Which.
        pool: PoolId,
        /// As given.
        count: usize,
        /// Units of the pool.
        units: usize,
    },
    /// A province without a post.
    #[error("provinces[{province}]: no posts; list its posts or remove the province")]
    EmptyProvince {
        /// Which.
        province: String,
    },
    /// A post that lies nowhere.
    #[error("provinces: post {post} is in no province; add it to one")]
    NoProvince {
        /// Which.
        post: PostId,
    },
    /// A post that lies in two provinces.
    #[error("provinces: post {post} is in {first:?} and in {second:?}; remove it from one")]
    TwoProvinces {
        /// Which.
        post: PostId,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// The wrong number of rows.
    #[error("{field}: {rows} rows for {posts} posts; give one row per post, in the order of `posts`")]
    RowCount {
        /// `value` or `capture`.
        field: &'static str,
        /// As given.
        rows: usize,
        /// As needed.
        posts: usize,
    },
    /// A row of the wrong length.
    #[error("{field}[{post}]: {len} numbers for {slots} hours; give one number per hour")]
    RowLength {
        /// `value` or `capture`.
        field: &'static str,
        /// Whose row.
        post: PostId,
        /// As given.
        len: usize,
        /// As needed.
        slots: usize,
    },
    /// A value or cost that is not a number in range.
    #[error(
        "{field}[{post}][{hour}]: {number:?} is not between 0 and {STAKE_MAX:e}; give a finite number in that range"
    )]
    Stake {
        /// `value` or `capture`.
        field: &'static str,
        /// Whose row.
        post: PostId,
        /// Which hour.
        hour: usize,
        /// As given.
        number: f64,
    },
    /// Travel from a post to itself.
    #[error("travel_hours: {post} to itself; remove the pair, staying needs no travel")]
    TravelToSelf {
        /// Which.
        post: PostId,
    },
    /// Negative travel.
    #[error("travel_hours: {hours} hours from {from} to {to}; give 0 or more, 0 means within the hour")]
    TravelNegative {
        /// From where.
        from: PostId,
        /// To where.
        to: PostId,
        /// As given.
        hours: i64,
    },
    /// A pair with two lengths.
    #[error("travel_hours: {from} to {to} is given as {first} and as {second} hours; keep one")]
    TravelConflict {
        /// From where.
        from: PostId,
        /// To where.
        to: PostId,
        /// The one given first.
        first: u16,
        /// The other.
        second: u16,
    },
    /// A chance of detection that is none.
    #[error("units[{unit}].detect: {detect} is not in (0, 1]; give the chance that an inspection detects")]
    Detect {
        /// Whose.
        unit: UnitId,
        /// As given.
        detect: f64,
    },
    /// A start that is no hour of the game.
    #[error("units[{unit}].start: {start} is not an hour of the game; give 0 to {last}")]
    Start {
        /// Whose.
        unit: UnitId,
        /// As given.
        start: i64,
        /// The game's last hour.
        last: usize,
    },
    /// A shift shorter than an hour or longer than the game.
    #[error("units[{unit}].length: {length} hours do not fit into a game of {slots}; give 1 to {slots}")]
    Length {
        /// Whose.
        unit: UnitId,
        /// As given.
        length: i64,
        /// Hours of the game.
        slots: usize,
    },
    /// A sentinel whose turns are less than an hour apart or further than the game is long.
    #[error("units[{unit}].every: {every} hours between turns; give 1 to {slots}")]
    Every {
        /// Whose.
        unit: UnitId,
        /// As given.
        every: i64,
        /// Hours of the game.
        slots: usize,
    },
    /// A plain unit that rests between turns.
    #[error(
        "units[{unit}].every: {every}, but a plain unit has a turn every hour; give 1 or make it a sentinel"
    )]
    PlainEvery {
        /// Whose.
        unit: UnitId,
        /// As given.
        every: i64,
    },
    /// A unit with no post in a list it needs.
    #[error("units[{unit}].{field}: no posts; list at least one")]
    EmptyList {
        /// Whose.
        unit: UnitId,
        /// `enter`, `leave` or `reach`.
        field: &'static str,
    },
    /// A unit that begins or ends where it may not inspect.
    #[error("units[{unit}].{field}: {post} is not in `reach`; add it there or remove it here")]
    OutsideReach {
        /// Whose.
        unit: UnitId,
        /// `enter` or `leave`.
        field: &'static str,
        /// Which.
        post: PostId,
    },
    /// A floor that is no probability below 1.
    #[error("floor: {floor} is not in [0, 1); give the least inclusion probability of a slot")]
    Floor {
        /// As given.
        floor: f64,
    },
    /// A negative number of bribed or absent teams.
    #[error("{field}: {count} teams; give 0 or more, at most {UNITS_MAX}")]
    TeamCount {
        /// `bribed` or `absent[pool]`.
        field: String,
        /// As given.
        count: i64,
    },
    /// An objective that does not exist.
    #[error("objective: {objective:?}; give \"max\", \"provinces\" or \"leximin\"")]
    Objective {
        /// As given.
        objective: String,
    },
}
