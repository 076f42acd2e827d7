//! What is lawful on a border, told from what was made.

use super::made::{Border, MadePool, MadePost, MadeTeam, Wet};

/// Longest drive within an hour, in minutes, and what the wet season multiplies slow ways by: as the files say.
const SAME_HOUR_MINUTES: f64 = 15.0;
const SLOW_FACTOR: f64 = 1.5;

/// A team that is sent to inspect a post: on which day of the campaign, from 0, and in which hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The team.
    pub team: String,
    /// The post.
    pub post: String,
    /// Days since the campaign began.
    pub day: u32,
    /// The hour.
    pub hour: u32,
}

impl Border {
    /// The rule that this breaks, by name.
    pub fn broken_by(&self, sent: &Sent) -> Option<&'static str> {
        let of_pool = |pool: &&MadePool| pool.teams.iter().any(|team| team.id == sent.team);
        let pool = self.pools.iter().find(of_pool)?;
        let team: &MadeTeam = pool.teams.iter().find(|team| team.id == sent.team)?;
        let post: &MadePost = self.posts.iter().find(|post| post.id == sent.post)?;
        let wet = self.is_wet(sent.day);
        let rules = [
            ("jurisdiction", post.province != pool.province || !post.agencies[team.agency]),
            ("access", !post.cleared),
            ("wet-season", wet && post.wet == Wet::Closed),
            ("night", !post.night_ok && self.shift_hours(sent.hour).any(|hour| self.is_night(hour))),
            ("crew", team.crew < post.min_crew),
            ("boat", post.boat && !pool.boat),
        ];
        rules.into_iter().find(|(_, broken)| *broken).map(|(rule, _)| rule)
    }

    /// Whether a team that inspected one post can stand at another so many hours later, by ways that are open on a day.
    pub fn can_go(&self, from: &str, to: &str, day: u32, hours: u32) -> bool {
        if from == to {
            return hours >= 1;
        }
        let place = |id: &str| self.posts.iter().position(|post| post.id == id);
        let (Some(from), Some(to)) = (place(from), place(to)) else { return false };
        let minutes = self.minutes(from, to, day);
        let drive_hours = if minutes <= SAME_HOUR_MINUTES { 0.0 } else { (minutes / 60.0).ceil() };
        1.0 + drive_hours <= f64::from(hours)
    }

    /// Hours of rest that a team must have between two duties.
    pub fn rest_hours(&self) -> u32 {
        self.rest_hours
    }

    fn is_wet(&self, day: u32) -> bool {
        self.dry_days <= day
    }

    fn is_night(&self, hour: u32) -> bool {
        let (from, to) = self.night;
        from <= hour || hour < to
    }

    /// Hours of the shift that an hour belongs to.
    fn shift_hours(&self, hour: u32) -> std::ops::Range<u32> {
        let shifts = self.starts().into_iter().zip(&self.shifts).map(|(start, hours)| start..start + hours);
        shifts.into_iter().find(|shift| shift.contains(&hour)).unwrap_or(0..0)
    }

    /// Minutes of the shortest way, by as many rounds as there are posts. Nobody drives on from a post, other than the
    /// first, whose own way is closed.
    fn minutes(&self, from: usize, to: usize, day: u32) -> f64 {
        let wet = self.is_wet(day);
        let passable = |place: usize| {
            let post = &self.posts[place];
            place == from || (post.cleared && !(wet && post.wet == Wet::Closed))
        };
        let mut minutes = vec![f64::INFINITY; self.posts.len()];
        minutes[from] = 0.0;
        for _ in 0..self.posts.len() {
            for road in self.roads.iter().filter(|road| !(wet && road.wet_closed)) {
                for (a, b) in [(road.from, road.to), (road.to, road.from)] {
                    if passable(a) {
                        minutes[b] = minutes[b].min(minutes[a] + f64::from(road.minutes));
                    }
                }
            }
        }
        let is_slow = |place: usize| wet && self.posts[place].wet == Wet::Slow;
        minutes[to] * if is_slow(from) || is_slow(to) { SLOW_FACTOR } else { 1.0 }
    }
}
