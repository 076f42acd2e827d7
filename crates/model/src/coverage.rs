//! Which slots some unit can reach, and why the others are not covered.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Campaign, Day, Hour, Pool, Post, PostId, ProvinceId, Season, Shift, Unit, UnitId, UnitKind, WetTravel,
};

/// Why no unit ever is at a post in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum UncoveredReason {
    /// Teams may not use the way to it.
    #[error("the way to it is not cleared")]
    NotCleared,
    /// The way to it is closed in the wet season.
    #[error("the way to it is closed in the wet season")]
    WetClosed,
    /// The shift touches the night and the post may not be held then.
    #[error("it may not be held at night, and the shift of this hour touches the night")]
    Night,
    /// Every pool on duty has a team of an agency without jurisdiction there.
    #[error("no pool on duty is of agencies alone that have jurisdiction there")]
    NoJurisdiction,
    /// No unit on duty has a boat.
    #[error("no unit on duty has a boat")]
    NoBoat,
    /// No team on duty is large enough.
    #[error("it needs a crew of {min_crew}, and the largest on duty has {crew}")]
    CrewTooSmall {
        /// Officers it needs.
        min_crew: u32,
        /// Officers of the largest crew on duty.
        crew: u32,
    },
    /// Units might hold it, but none is sent there, or none arrives by this hour.
    #[error("no unit on duty is meant for it or arrives by this hour")]
    NoneArrives,
}

/// What a careful reader should know before the campaign is used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Warning {
    /// A post is drawn where its source only hints at.
    #[error("{post} has no measured place and is drawn hollow: {why}")]
    Hollow {
        /// The post.
        post: PostId,
        /// Why it is drawn there.
        why: String,
    },
    /// Posts that only stand in for real ones.
    #[error("{} posts are stand-ins, to be replaced by posts the user knows: {}", posts.len(), list(posts))]
    StandIns {
        /// The posts.
        posts: Vec<PostId>,
    },
    /// Ways whose minutes are stated by hand.
    #[error("{legs} ways are stated by hand, not measured on the roads")]
    StatedLegs {
        /// How many.
        legs: usize,
    },
    /// Hours of a day in which no unit can be at a post.
    #[error("in the {season} season no unit reaches {post} in {} of 24 hours ({}): {reason}", hours.len(), spans(hours))]
    Uncovered {
        /// The season.
        season: Season,
        /// The post.
        post: PostId,
        /// The hours.
        hours: Vec<Hour>,
        /// Why.
        reason: UncoveredReason,
    },
    /// Hours in which as many units take a turn as there are posts in reach: the dice have little left to decide.
    #[error(
        "in the {season} season {province} has as many units on turn as posts in reach at {}",
        spans(hours)
    )]
    Crowded {
        /// The season.
        season: Season,
        /// The province.
        province: ProvinceId,
        /// The hours.
        hours: Vec<Hour>,
    },
    /// A unit that has but one post: whoever sees the plan knows where it is.
    #[error("in the {season} season {unit} can only be at {post}: no lottery")]
    NoLottery {
        /// The season.
        season: Season,
        /// The unit.
        unit: UnitId,
        /// Its only post.
        post: PostId,
    },
    /// No seats whose holders throw dice.
    #[error(
        "there is no [[officer]]: the first custodian that is silent stops every draw after it, for nobody can throw dice in \
         its stead"
    )]
    NoOfficers,
}

fn list(posts: &[PostId]) -> String {
    posts.iter().map(PostId::as_str).collect::<Vec<_>>().join(", ")
}

fn spans(hours: &[Hour]) -> String {
    hours.iter().map(Hour::to_string).collect::<Vec<_>>().join(" ")
}

/// Hours between two posts of a province, in either direction.
pub(crate) struct Drives(BTreeMap<(PostId, PostId), u8>);

impl Drives {
    pub(crate) fn new(pairs: Vec<(PostId, PostId, u8)>) -> Self {
        Self(pairs.into_iter().map(|(a, b, h)| ((a, b), h)).collect())
    }

    fn hours(&self, a: &PostId, b: &PostId) -> Option<u8> {
        if a == b {
            return Some(0);
        }
        let pair = (a.clone(), b.clone());
        self.0.get(&pair).or_else(|| self.0.get(&(b.clone(), a.clone()))).copied()
    }
}

/// The positions (post, hours since its first turn) a unit can inspect at, by the moves of DESIGN section 5.
pub(crate) fn positions(unit: &Unit, drives: &Drives) -> BTreeSet<(PostId, u8)> {
    let mut reached: BTreeSet<(PostId, u8)> = unit.enter.iter().map(|post| (post.clone(), 0)).collect();
    for position in 0..unit.length_hours {
        let here: Vec<PostId> =
            reached.iter().filter(|(_, k)| *k == position).map(|(p, _)| p.clone()).collect();
        for from in &here {
            for to in &unit.reach {
                let next = drives.hours(from, to).and_then(|h| arrival(unit, position, from == to, h));
                reached.extend(next.map(|k| (to.clone(), k)));
            }
        }
    }
    reached
}

fn arrival(unit: &Unit, position: u8, stays: bool, drive_hours: u8) -> Option<u8> {
    let every = unit.every_hours;
    let next = match unit.kind {
        UnitKind::Plain if stays => position.checked_add(1)?,
        UnitKind::Plain => position.checked_add(1)?.checked_add(drive_hours)?,
        UnitKind::Sentinel if stays || drive_hours < every => position.checked_add(every)?,
        UnitKind::Sentinel => return None,
    };
    (next < unit.length_hours).then_some(next)
}

fn takes_turn(unit: &Unit, hour: Hour) -> bool {
    let position = hour.get().checked_sub(unit.start.get());
    position.is_some_and(|k| k < unit.length_hours && k % unit.every_hours.max(1) == 0)
}

impl Campaign {
    pub(crate) fn drives(&self, province: &ProvinceId, season: Season) -> Drives {
        let minutes = self.rules.same_hour_minutes;
        let posts = self.posts_of(province);
        let mut pairs = Vec::new();
        for (i, a) in posts.iter().enumerate() {
            for b in posts.iter().skip(i + 1) {
                let hours = self.travel.between(a, b, season).and_then(|m| crate::travel::hours(m, minutes));
                pairs.extend(hours.map(|h| (a.id.clone(), b.id.clone(), h)));
            }
        }
        Drives::new(pairs)
    }

    /// The posts and hours of a province that no unit can reach on a day, in file order.
    pub fn uncovered(&self, province: &ProvinceId, day: Day) -> Vec<(PostId, Hour)> {
        self.uncovered_in(province, self.rules.season(day))
    }

    pub(crate) fn uncovered_in(&self, province: &ProvinceId, season: Season) -> Vec<(PostId, Hour)> {
        let covered = self.covered(province, season);
        let slots = self.posts_of(province).into_iter().flat_map(|p| Hour::all().map(|h| (p.id.clone(), h)));
        slots.filter(|slot| !covered.contains(slot)).collect()
    }

    /// Hours of a day in which as many units are on turn as there are posts that one of them can be at.
    pub(crate) fn crowded_hours(&self, province: &ProvinceId, season: Season) -> Vec<Hour> {
        let covered = self.covered(province, season);
        let on_turn = |hour: Hour| {
            let units = self.units_in(province, season).iter();
            units.filter(|unit| takes_turn(unit, hour)).count()
        };
        let posts = |hour: Hour| covered.iter().filter(|(_, h)| *h == hour).count();
        Hour::all().filter(|hour| on_turn(*hour) >= posts(*hour)).collect()
    }

    fn covered(&self, province: &ProvinceId, season: Season) -> BTreeSet<(PostId, Hour)> {
        let drives = self.drives(province, season);
        let mut covered = BTreeSet::new();
        for unit in self.units_in(province, season) {
            for (post, position) in positions(unit, &drives) {
                let hour = Hour::try_from(unit.start.get().saturating_add(position)).ok();
                covered.extend(hour.map(|hour| (post, hour)));
            }
        }
        covered
    }

    /// Why no unit can be at a post in an hour of a day; `None` when one can, or when there is no such post.
    pub fn why_uncovered(&self, post: &PostId, day: Day, hour: Hour) -> Option<UncoveredReason> {
        let post = self.post(post)?;
        let open = self.uncovered(&post.province, day);
        open.contains(&(post.id.clone(), hour)).then(|| self.reason(post, self.rules.season(day), hour))
    }

    pub(crate) fn reason(&self, post: &Post, season: Season, hour: Hour) -> UncoveredReason {
        if !post.cleared_access {
            return UncoveredReason::NotCleared;
        }
        if season == Season::Wet && post.wet_season_travel == WetTravel::Closed {
            return UncoveredReason::WetClosed;
        }
        match self.shifts.iter().find(|shift| shift.hours().any(|h| h == hour)) {
            Some(shift) => self.reason_in_shift(post, shift, season),
            None => UncoveredReason::NoneArrives,
        }
    }

    fn reason_in_shift(&self, post: &Post, shift: &Shift, season: Season) -> UncoveredReason {
        if !post.night_ok && self.touches_night(shift) {
            return UncoveredReason::Night;
        }
        let units = self.units_in(&post.province, season).iter().filter(|u| u.shift == shift.id);
        let pools: Vec<&Pool> = units.filter_map(|u| self.pool(&u.pool)).collect();
        let has_jurisdiction = |pool: &&Pool| pool.agencies.iter().all(|of| post.agencies.contains(of));
        if !pools.iter().any(has_jurisdiction) {
            return UncoveredReason::NoJurisdiction;
        }
        let afloat: Vec<&Pool> = pools.iter().copied().filter(|pool| pool.boat || !post.boat).collect();
        let crew = afloat.iter().map(|pool| pool.crew).max();
        match crew {
            None if post.boat => UncoveredReason::NoBoat,
            Some(crew) if crew < post.min_crew => {
                UncoveredReason::CrewTooSmall { min_crew: post.min_crew, crew }
            }
            _ => UncoveredReason::NoneArrives,
        }
    }

    pub(crate) fn touches_night(&self, shift: &Shift) -> bool {
        shift.hours().any(|hour| self.rules.is_night(hour))
    }
}
