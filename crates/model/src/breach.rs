//! The rules that no order may break: who may hold which post, and when.

use crate::{Agency, Campaign, Day, Hour, Pool, Post, PostId, ProvinceId, Season, Shift, TeamId, WetTravel};

/// The rule of the campaign that an order would break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Breach {
    /// The post lies in another province, or the team's agency has no jurisdiction there.
    #[error("the team has no jurisdiction there")]
    Jurisdiction,
    /// Teams may not use the way to the post.
    #[error("the way there is not cleared")]
    Access,
    /// The way to the post is closed in the wet season.
    #[error("the way there is closed in the wet season")]
    WetSeason,
    /// The shift touches the night and the post may not be held then.
    #[error("it may not be held in a shift that touches the night")]
    Night,
    /// The team has too few officers.
    #[error("it needs a crew of {min_crew}, the team has {crew}")]
    Crew {
        /// Officers it needs.
        min_crew: u32,
        /// Officers of the team.
        crew: u32,
    },
    /// The post is reached by boat and the team has none.
    #[error("it is reached by boat, and the team has none")]
    Boat,
}

/// Whoever may be sent: a team, or any team that the lot may deal to a unit of a pool.
pub(crate) struct Holder<'a> {
    pub(crate) province: &'a ProvinceId,
    pub(crate) agencies: &'a [Agency],
    pub(crate) crew: u32,
    pub(crate) boat: bool,
}

impl Pool {
    /// What every team of the pool can answer for.
    pub(crate) fn holder(&self) -> Holder<'_> {
        Holder { province: &self.province, agencies: &self.agencies, crew: self.crew, boat: self.boat }
    }
}

impl Post {
    /// Whether the way to it may be used in a season.
    pub(crate) fn way_is_open(&self, season: Season) -> bool {
        self.cleared_access && (season == Season::Dry || self.wet_season_travel != WetTravel::Closed)
    }
}

impl Campaign {
    /// The rule that a team would break at a post in an hour of a day; `None` if it may be sent there. Whoever is no team
    /// of the campaign has no jurisdiction anywhere.
    pub fn breach(&self, team: &TeamId, post: &PostId, day: Day, hour: Hour) -> Option<Breach> {
        let known = self.teams.iter().find(|known| known.id == *team);
        let pool = known.and_then(|known| self.pool(&known.pool));
        let (Some(team), Some(pool), Some(post)) = (known, pool, self.post(post)) else {
            return Some(Breach::Jurisdiction);
        };
        let own = Holder { agencies: &[team.agency], crew: team.crew, ..pool.holder() };
        let shift = self.shifts.iter().find(|shift| shift.hours().any(|of| of == hour))?;
        self.breach_of(&own, post, shift, self.rules.season(day))
    }

    pub(crate) fn breach_of(
        &self,
        holder: &Holder<'_>,
        post: &Post,
        shift: &Shift,
        season: Season,
    ) -> Option<Breach> {
        let (min_crew, crew) = (post.min_crew, holder.crew);
        let has_jurisdiction = *holder.province == post.province
            && holder.agencies.iter().all(|agency| post.agencies.contains(agency));
        let rules = [
            (has_jurisdiction, Breach::Jurisdiction),
            (post.cleared_access, Breach::Access),
            (season == Season::Dry || post.wet_season_travel != WetTravel::Closed, Breach::WetSeason),
            (post.night_ok || !self.touches_night(shift), Breach::Night),
            (min_crew <= crew, Breach::Crew { min_crew, crew }),
            (holder.boat || !post.boat, Breach::Boat),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map(|(_, breach)| breach)
    }
}
