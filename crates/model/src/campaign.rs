//! The campaign as all other crates see it.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::tz::Offset;

use crate::travel::Travel;
use crate::{
    Anchor, CampaignErrors, CampaignId, Class, ClassId, CustodianId, Day, DeclarerId, Estimate, Hour,
    MapLayer, Officer, Phase, Pool, PoolId, Post, PostId, Province, ProvinceId, Rules, Season, Shift,
    ShiftId, ShiftShare, SourceBundle, Team, Unit, Warning,
};

/// A campaign that has been read and found whole.
#[derive(Debug, Clone)]
pub struct Campaign {
    pub(crate) id: CampaignId,
    pub(crate) title: String,
    pub(crate) time_zone: String,
    pub(crate) offset: Offset,
    pub(crate) first_day: Day,
    pub(crate) day_count: u32,
    pub(crate) phases: Vec<Phase>,
    pub(crate) rules: Rules,
    pub(crate) provinces: Vec<Province>,
    pub(crate) posts: Vec<Post>,
    pub(crate) map_layers: Vec<MapLayer>,
    pub(crate) shifts: Vec<Shift>,
    pub(crate) classes: Vec<Class>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) teams: Vec<Team>,
    pub(crate) custodians: Vec<CustodianId>,
    pub(crate) custodian_titles: Vec<String>,
    pub(crate) officers: Vec<Officer>,
    pub(crate) declarers: Vec<DeclarerId>,
    pub(crate) anchors: Vec<Anchor>,
    pub(crate) bands: BTreeMap<PostId, Vec<ValueBand>>,
    pub(crate) shares: BTreeMap<PoolId, Vec<ShiftShare>>,
    pub(crate) travel: Travel,
    pub(crate) units: BTreeMap<(ProvinceId, Season), Vec<Unit>>,
    pub(crate) warnings: Vec<Warning>,
}

/// What is at stake in a slot, in the campaign's unit of value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stakes {
    /// What the passage is worth to the smuggler.
    pub value: f64,
    /// What capture costs him.
    pub capture: f64,
}

/// What is at stake at a post in some hours of the day.
#[derive(Debug, Clone, PartialEq)]
pub struct ValueBand {
    /// First hour.
    pub from: u8,
    /// First hour after it, up to 24; around midnight where `to ≤ from`.
    pub to: u8,
    /// What the passage is worth to the smuggler.
    pub value: Estimate,
    /// What capture costs him.
    pub capture: Estimate,
    /// Where the figures come from.
    pub source: String,
}

impl ValueBand {
    /// Whether the band holds an hour.
    pub fn holds(&self, hour: Hour) -> bool {
        crate::rules::hours_hold(self.from, self.to, hour)
    }
}

impl Campaign {
    /// Reads a campaign from its files.
    ///
    /// # Errors
    /// All that is wrong with it, each with place and remedy.
    pub fn parse(bundle: &SourceBundle) -> Result<Campaign, CampaignErrors> {
        crate::load::campaign(bundle)
    }

    /// Its name.
    pub fn id(&self) -> &CampaignId {
        &self.id
    }

    /// Its title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its time zone, an IANA name; its offset is the same on all its days.
    pub fn time_zone(&self) -> &str {
        &self.time_zone
    }

    /// Its rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Its phases, which follow each other from the first day to the last.
    pub fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// Its provinces, in the order of the file.
    pub fn provinces(&self) -> &[Province] {
        &self.provinces
    }

    /// The province of a slug.
    pub fn province(&self, id: &ProvinceId) -> Option<&Province> {
        self.provinces.iter().find(|p| p.id == *id)
    }

    /// Its posts, in the order of the file.
    pub fn posts(&self) -> &[Post] {
        &self.posts
    }

    /// The post of a name.
    pub fn post(&self, id: &PostId) -> Option<&Post> {
        self.posts.iter().find(|p| p.id == *id)
    }

    /// What is drawn beneath the posts, from the ground up.
    pub fn map_layers(&self) -> &[MapLayer] {
        &self.map_layers
    }

    /// The posts of a province in canonical order, that of the file.
    pub fn posts_of(&self, province: &ProvinceId) -> Vec<&Post> {
        self.posts.iter().filter(|p| p.province == *province).collect()
    }

    /// Its shifts; they tile the day in order.
    pub fn shifts(&self) -> &[Shift] {
        &self.shifts
    }

    /// The shift of a name.
    pub fn shift(&self, id: &ShiftId) -> Option<&Shift> {
        self.shifts.iter().find(|s| s.id == *id)
    }

    /// The equipment classes.
    pub fn classes(&self) -> &[Class] {
        &self.classes
    }

    /// The class of a name.
    pub fn class(&self, id: &ClassId) -> Option<&Class> {
        self.classes.iter().find(|c| c.id == *id)
    }

    /// The pools, in the order of the file.
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The pool of a name.
    pub fn pool(&self, id: &PoolId) -> Option<&Pool> {
        self.pools.iter().find(|p| p.id == *id)
    }

    /// The pools of a province, in the order of the file.
    pub fn pools_of(&self, province: &ProvinceId) -> Vec<&Pool> {
        self.pools.iter().filter(|p| p.province == *province).collect()
    }

    /// All teams, pool by pool in the order of the file.
    pub fn teams(&self) -> &[Team] {
        &self.teams
    }

    /// The teams of a pool, in the order of the file.
    pub fn teams_of(&self, pool: &PoolId) -> Vec<&Team> {
        self.teams.iter().filter(|t| t.pool == *pool).collect()
    }

    /// How the weekly deal spreads the teams of a pool over the shifts it serves, in the order of the day.
    pub fn shares_of(&self, pool: &PoolId) -> &[ShiftShare] {
        self.shares.get(pool).map_or(&[], Vec::as_slice)
    }

    /// The bodies that hold the randomness, in the order of the file.
    pub fn custodians(&self) -> &[CustodianId] {
        &self.custodians
    }

    /// Title of a custodian's body.
    pub fn custodian_title(&self, id: &CustodianId) -> Option<&str> {
        let index = self.custodians.iter().position(|c| c == id)?;
        self.custodian_titles.get(index).map(String::as_str)
    }

    /// The seats whose holders throw dice for a silent custodian; none if such hours wait for the custodian.
    pub fn officers(&self) -> &[Officer] {
        &self.officers
    }

    /// The logs of others whose heads are anchored in this one's.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// The offices that may declare teams away.
    pub fn declarers(&self) -> &[DeclarerId] {
        &self.declarers
    }

    /// The units of a province on a day, in canonical order: by shift, then as in the file.
    pub fn units_of(&self, province: &ProvinceId, day: Day) -> Vec<Unit> {
        self.units_in(province, self.rules.season(day)).to_vec()
    }

    pub(crate) fn units_in(&self, province: &ProvinceId, season: Season) -> &[Unit] {
        self.units.get(&(province.clone(), season)).map_or(&[], Vec::as_slice)
    }

    /// The hour whose released value decides where a unit enters: the first of its shift.
    pub fn entry_hour(&self, unit: &Unit) -> Hour {
        self.shift(&unit.shift).map_or(unit.start, |shift| shift.start)
    }

    /// Hours between posts of a province on a day, each pair once, in file order; a pair that is absent cannot be
    /// driven. 0 is within the same hour.
    pub fn travel_hours(&self, province: &ProvinceId, day: Day) -> Vec<(PostId, PostId, u8)> {
        let limit_minutes = self.rules.same_hour_minutes;
        let hours = |minutes| crate::travel::hours(minutes, limit_minutes);
        let pairs = self.travel_minutes(province, day).into_iter();
        pairs.filter_map(|(a, b, minutes)| Some((a, b, hours(minutes)?))).collect()
    }

    /// Minutes between posts of a province on a day, each pair once, in file order.
    pub fn travel_minutes(&self, province: &ProvinceId, day: Day) -> Vec<(PostId, PostId, f64)> {
        let season = self.rules.season(day);
        let posts = self.posts_of(province);
        let mut pairs = Vec::new();
        for (i, a) in posts.iter().enumerate() {
            for b in posts.iter().skip(i + 1) {
                let minutes = self.travel.between(a, b, season);
                pairs.extend(minutes.map(|m| (a.id.clone(), b.id.clone(), m)));
            }
        }
        pairs
    }

    /// Minutes from a pool's base to the posts of its province that can be driven to on a day, in file order.
    pub fn minutes_from_base(&self, pool: &PoolId, day: Day) -> Vec<(PostId, f64)> {
        let season = self.rules.season(day);
        let Some(pool) = self.pool(pool) else { return Vec::new() };
        let posts = self.posts_of(&pool.province).into_iter();
        posts.filter_map(|p| Some((p.id.clone(), self.travel.base_to(pool, p, season)?))).collect()
    }

    /// What is at stake at a post in an hour; nothing at a post that is not of this campaign.
    pub fn stakes(&self, post: &PostId, hour: Hour) -> Stakes {
        self.value_band(post, hour).map_or(Stakes { value: 0.0, capture: 0.0 }, |b| Stakes {
            value: b.value.best,
            capture: b.capture.best,
        })
    }

    /// The stakes of an hour with their ranges and source.
    pub fn value_band(&self, post: &PostId, hour: Hour) -> Option<&ValueBand> {
        self.bands.get(post)?.iter().find(|band| band.holds(hour))
    }

    /// What a careful reader should know before the campaign is used.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Numbers of its weeks, from 0; the last may be short.
    pub fn weeks(&self) -> Range<u32> {
        0..self.day_count.div_ceil(crate::DAYS_PER_WEEK)
    }
}
