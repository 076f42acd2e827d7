//! The estimates of a record, as they are shown: every number with its interval, its method and the plans it is by.

use std::collections::{BTreeMap, BTreeSet};

use sekong_estimate::Seed;
use sekong_estimate::detection::{Detection, corrected};
use sekong_estimate::exact::Interval;
use sekong_estimate::flow::{
    Avoidance, Domain, Flow, FlowError, Kind, Method, Quantity, Ranked, Ranking, Record, Shrunk, Uncertainty,
};
use sekong_estimate::teams::{
    HELD_BACK, PoolPower, ShiftDay, TeamFinding, TeamsError, Telling, Too, flag_at, power, test_days_among,
};
use sekong_model::{Day, Drug, Hour, PostId, ProvinceId, Transport};
use serde::Serialize;
use utoipa::ToSchema;

use crate::met::Met;

mod doubles;
mod plants;

pub use doubles::DoubleView;
pub use plants::{PlantedView, PlantsView, TeamTestsError};

/// The method that stands first: the others check it.
const MAIN: Method = Method::Difference;

/// What is thrown about for rank intervals is thrown alike by everybody.
const SEED: Seed = Seed(2017);

/// The ends of an interval; an end that nothing is known of is null.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct EndsView {
    /// The lower end.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
}

impl From<Interval> for EndsView {
    fn from(of: Interval) -> EndsView {
        let known = |end: f64| end.is_finite().then_some(end);
        EndsView { low: known(of.low), high: known(of.high) }
    }
}

/// What passed some slots, by an estimate.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FlowView {
    /// Of one province.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub province: Option<ProvinceId>,
    /// Of one post.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub post: Option<PostId>,
    /// Of one hour of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u8>)]
    pub hour: Option<Hour>,
    /// Of what crossed with one kind of transport; `untold` of what no report told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transport: Option<String>,
    /// Of one class of drugs; `untold` of what no report told apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drug: Option<String>,
    /// `passed`, or `loads` that an inspection finds.
    pub quantity: String,
    /// `difference`, `horvitz_thompson` or `per_unit`.
    pub method: String,
    /// The estimate; none where nothing was found, whatever was predicted, so that parts may add up to a little less than all.
    pub est: f64,
    /// 95 %, if it can be told.
    pub interval95: Option<EndsView>,
    /// `days` that scatter, a `model` where nothing was found, or `none`: too few days.
    pub interval_by: String,
    /// Standard error.
    pub se: Option<f64>,
    /// Its degrees of freedom.
    pub df: Option<f64>,
    /// Days between those that are compared.
    pub lag_days: Option<usize>,
    /// The estimate with nothing, and with the most ever counted at the post, for each visit that was lost; of a kind of loads, the upper
    /// end with all that nobody told apart.
    pub lost: EndsView,
    /// Visits that the draw placed.
    pub visits: usize,
    /// Of these, missed, late or without an inspection.
    pub visits_lost: usize,
    /// Vehicles inspected.
    pub inspected: u64,
    /// Of these, with a find.
    pub found: u64,
    /// The largest part of the estimate that stands on one slot, of all that is added to it or taken from it.
    pub weight_share_max: f64,
    /// Slots that no unit can reach: nothing is said of them.
    pub slots_unreachable: usize,
}

/// Loads that there were, by what is known of detection.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CorrectedView {
    /// `given` by an analyst, else `plants`, else `double`: double inspections say at most how much is found, and so at least what there was.
    pub by: String,
    /// Whether the loads are a lower bound, and detection an upper one.
    pub at_least: bool,
    /// Part of what is there that is found.
    pub detection: f64,
    /// 95 % for it.
    pub detection95: EndsView,
    /// The loads.
    pub loads: f64,
    /// 95 % for them, with both uncertainties.
    pub interval95: EndsView,
}

/// Whether loads stay away from hours in which a team has been there for a while.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AvoidanceView {
    /// `passed` or `loads`.
    pub quantity: String,
    /// The flow of the slots in which a team can arrive or stay, by the hours of arrival alone.
    pub arriving: f64,
    /// The same by the hours of staying alone.
    pub staying: f64,
    /// The flow of all slots in which a team can arrive, by the hours of arrival alone.
    pub arrivals_only: f64,
    /// 95 % for it.
    pub arrivals_only95: EndsView,
    /// Staying for arriving: 1 if nobody avoids anything.
    pub ratio: f64,
    /// 95 % for the ratio.
    pub ratio95: EndsView,
}

/// A post's place among all.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RankView {
    /// The post.
    #[schema(value_type = String)]
    pub post: PostId,
    /// Its loads.
    pub est: f64,
    /// 95 % for all posts together.
    pub joint95: EndsView,
    /// Its best rank.
    pub rank_best: usize,
    /// Its worst rank.
    pub rank_worst: usize,
    /// Chance that it is the biggest passage.
    pub first: f64,
    /// Chance that it and those before it in the list are the biggest, in whatever order.
    pub top: f64,
}

/// How surely the posts that somebody named are the biggest.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TopView {
    /// The posts.
    #[schema(value_type = Vec<String>)]
    pub posts: BTreeSet<PostId>,
    /// Chance that exactly these have the most loads, in whatever order.
    pub chance: f64,
}

/// What is asked of the days that were met.
#[derive(Debug, Clone)]
pub struct EstimatesAsked<'a> {
    /// One province, or all.
    pub province: Option<&'a ProvinceId>,
    /// First day.
    pub from: Day,
    /// Last day.
    pub to: Day,
    /// What is found of what there is, by simulants that the log does not have.
    pub detection: Option<&'a Detection>,
    /// Posts of which the chance is wanted that they are the biggest; none if nobody asks.
    pub top: &'a BTreeSet<PostId>,
}

impl EstimatesAsked<'_> {
    /// Everything that is asked about.
    pub fn whole(&self) -> Domain {
        Domain { province: self.province.cloned(), from: Some(self.from), ..Domain::default() }
    }
}

/// Why nothing is estimated.
#[derive(Debug, thiserror::Error)]
pub enum EstimatesError {
    /// The record is no sample of its plans.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// A post that is not ranked.
    #[error("top: {post} is not among the posts that are ranked: {}", ranked.join(", "))]
    NotRanked {
        /// The post.
        post: PostId,
        /// Those that are; none before days can be compared.
        ranked: Vec<String>,
    },
}

/// A post's loads if posts are alike by chance: beside the estimates, never instead.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ShrunkView {
    /// The post.
    #[schema(value_type = String)]
    pub post: PostId,
    /// Vehicles inspected.
    pub inspected: u64,
    /// Of these, with a find.
    pub found: u64,
    /// Loads, under the model.
    pub loads: f64,
    /// 95 % under the model.
    pub model95: EndsView,
}

/// A day's flow, for a picture.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct FlowDayView {
    /// The day.
    #[schema(value_type = String)]
    pub day: Day,
    /// What passed.
    pub passed: f64,
    /// Loads.
    pub loads: f64,
    /// Loads of all days up to this one.
    pub loads_so_far: f64,
    /// 95 % for them, once there are days to compare.
    pub loads_so_far95: Option<EndsView>,
}

/// The estimates of a stretch of days.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EstimatesView {
    /// First day asked about.
    #[schema(value_type = String)]
    pub from: Day,
    /// Last day asked about.
    #[schema(value_type = String)]
    pub to: Day,
    /// The one province asked about, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub province: Option<ProvinceId>,
    /// Province-days that the estimates are of.
    pub province_days: usize,
    /// Province-days that are not over or still sealed: nothing is said of them.
    pub province_days_left_out: usize,
    /// SHA-256 over the entries of the plans of every province from the campaign's first day to `to`: the design. Those before `from` are
    /// in it, for predictions learn from all.
    pub design: String,
    /// The method that stands first.
    pub method: String,
    /// Everything together, each province, post, hour, transport and class of drugs; none of no day.
    pub flows: Vec<FlowView>,
    /// Each day of everything together.
    pub days: Vec<FlowDayView>,
    /// Avoidance, where it can be told.
    pub avoidance: Vec<AvoidanceView>,
    /// The posts by their loads, the largest first.
    pub ranking: Vec<RankView>,
    /// The posts that were asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top: Option<TopView>,
    /// The posts under a model: those that were inspected, and of which it gives an interval.
    pub shrunk: Vec<ShrunkView>,
    /// Simulants, where the campaign has anybody plant them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plants: Option<PlantsView>,
    /// Double inspections, where the campaign has anybody inspect twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub double: Option<DoubleView>,
    /// Loads that there were, if simulants were found or double inspections tell something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrected: Option<CorrectedView>,
}

impl EstimatesView {
    /// The estimates of what was met.
    ///
    /// # Errors
    /// [`EstimatesError`] if the record is no sample of its plans, or a post is asked about that is not ranked.
    pub fn of(met: &Met, asked: &EstimatesAsked<'_>) -> Result<EstimatesView, EstimatesError> {
        let EstimatesAsked { from, to, detection, top, .. } = *asked;
        let known = Known::of(met, detection);
        let record = Record::new(met.days.clone())?;
        let whole = asked.whole();
        let province_days = met.days.iter().filter(|of| whole.reaches(&of.province, of.day)).count();
        let left_out = met.left_out.iter().filter(|(province, day)| whole.reaches(province, *day)).count();
        let ranking = record.ranking(&whole, Quantity::Loads, MAIN, SEED);
        let top = TopView::of(top, ranking.as_ref())?;
        let avoidance = Quantity::ALL
            .into_iter()
            .filter_map(|quantity| Some(AvoidanceView::of(quantity, &record.avoidance(&whole, quantity)?)));
        Ok(EstimatesView {
            from,
            to,
            province: asked.province.cloned(),
            province_days,
            province_days_left_out: left_out,
            design: met.design.to_string(),
            method: MAIN.name().to_owned(),
            flows: if province_days == 0 { Vec::new() } else { all_flows(&record, &whole) },
            days: days(&record, &whole),
            avoidance: avoidance.collect(),
            ranking: ranking.iter().flat_map(|ranking| &ranking.posts).map(RankView::of).collect(),
            top,
            shrunk: record.shrunk(&whole).iter().map(ShrunkView::of).collect(),
            plants: met.plants.as_ref().map(PlantsView::of),
            double: met.doubles.as_ref().map(DoubleView::of),
            corrected: known.and_then(|known| CorrectedView::of(&record, &whole, &known)),
        })
    }
}

/// What is known of detection, and by what.
enum Known {
    Given(Detection),
    Plants(Detection),
    Double(Detection),
}

impl Known {
    /// What an analyst knows of other simulants goes before what this log has, and simulants before what two teams only bound: where none
    /// of them was found, either.
    fn of(met: &Met, given: Option<&Detection>) -> Option<Known> {
        if let Some(given) = given {
            return Some(Known::Given(*given));
        }
        match met.plants.as_ref().filter(|plants| plants::is_tried(plants)) {
            Some(plants) => plants::detection(plants).map(Known::Plants),
            None => doubles::detection(met.doubles.as_ref()?).map(Known::Double),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Known::Given(_) => "given",
            Known::Plants(_) => "plants",
            Known::Double(_) => "double",
        }
    }

    fn detection(&self) -> &Detection {
        let (Known::Given(detection) | Known::Plants(detection) | Known::Double(detection)) = self;
        detection
    }
}

/// Of no day there are none: they would be 0, from 0 to 0.
fn all_flows(record: &Record, whole: &Domain) -> Vec<FlowView> {
    flows(record, whole).into_iter().chain(kinds(record, whole)).collect()
}

/// All and provinces by every method, posts and hours by the first.
fn flows(record: &Record, whole: &Domain) -> Vec<FlowView> {
    let mut asked: Vec<(Domain, Method)> = Vec::new();
    asked.extend(Method::ALL.map(|method| (Domain::default(), method)));
    for province in record.provinces(whole) {
        let of = |method| (Domain { province: Some(province.clone()), ..Domain::default() }, method);
        asked.extend(Method::ALL.map(of));
    }
    let posts = record.posts(whole).into_iter();
    asked.extend(posts.map(|post| (Domain { post: Some(post.clone()), ..Domain::default() }, MAIN)));
    asked.extend(Hour::all().map(|hour| (Domain { hour: Some(hour), ..Domain::default() }, MAIN)));
    let view = |(named, method): &(Domain, Method)| {
        // Whatever is named is of the province and the days that are asked about.
        let province = named.province.as_ref().or(whole.province.as_ref()).cloned();
        let domain = Domain { province, from: whole.from, ..named.clone() };
        Quantity::ALL
            .map(|quantity| FlowView::of(named, quantity, *method, &record.flow(&domain, quantity, *method)))
    };
    asked.iter().flat_map(view).collect()
}

/// The loads by transport and by drug. What was never found is bounded, and shown all the same.
fn kinds(record: &Record, whole: &Domain) -> Vec<FlowView> {
    let found = record.kinds();
    let flow = |kind| record.flow_of_kind(whole, kind, MAIN);
    let view = |kind| FlowView::of(&Domain::default(), Quantity::Loads, MAIN, &flow(kind));
    let mut none: Option<FlowView> = None;
    let mut of = |kind| match found.contains(&kind) {
        true => view(kind),
        false => none.get_or_insert_with(|| view(kind)).clone(),
    };
    let transports = Transport::ALL.map(|transport| FlowView {
        transport: Some(transport.name().to_owned()),
        ..of(Kind::Transport(transport))
    });
    let drugs = Drug::ALL.map(|drug| FlowView { drug: Some(drug.name().to_owned()), ..of(Kind::Drug(drug)) });
    let untold = found.contains(&Kind::Untold).then(|| of(Kind::Untold));
    let name = || Some("untold".to_owned());
    let untold = untold
        .into_iter()
        .flat_map(|flow| [FlowView { transport: name(), ..flow.clone() }, FlowView { drug: name(), ..flow }]);
    transports.into_iter().chain(drugs).chain(untold).collect()
}

fn days(record: &Record, whole: &Domain) -> Vec<FlowDayView> {
    let daily = |quantity| record.daily(whole, quantity, MAIN);
    let passed: BTreeMap<Day, f64> = daily(Quantity::Passed).into_iter().collect();
    let loads: BTreeMap<Day, f64> = daily(Quantity::Loads).into_iter().collect();
    let of = |days: &BTreeMap<Day, f64>, day: Day| days.get(&day).copied().unwrap_or(0.0);
    let running = record.running(whole, Quantity::Loads, MAIN).into_iter();
    let view = |(day, loads_so_far, known): (Day, f64, Option<Interval>)| FlowDayView {
        day,
        passed: of(&passed, day),
        loads: of(&loads, day),
        loads_so_far,
        loads_so_far95: known.map(EndsView::from),
    };
    running.map(view).collect()
}

impl FlowView {
    fn of(domain: &Domain, quantity: Quantity, method: Method, flow: &Flow) -> FlowView {
        let (interval95, interval_by, scatter) = match flow.uncertainty {
            Uncertainty::Scatter { se, df, t95, lag_days } => (Some(t95), "days", Some((se, df, lag_days))),
            Uncertainty::Model { high } => (Some(Interval { low: 0.0, high }), "model", None),
            Uncertainty::NotEstimable => (None, "none", None),
        };
        FlowView {
            province: domain.province.clone(),
            post: domain.post.clone(),
            hour: domain.hour,
            transport: None,
            drug: None,
            quantity: quantity.name().to_owned(),
            method: method.name().to_owned(),
            est: flow.est,
            interval95: interval95.map(EndsView::from),
            interval_by: interval_by.to_owned(),
            se: scatter.map(|(se, ..)| se),
            df: scatter.map(|(_, df, _)| df),
            lag_days: scatter.map(|(.., lag_days)| lag_days),
            lost: flow.lost.into(),
            visits: flow.visits,
            visits_lost: flow.visits_lost,
            inspected: flow.inspected,
            found: flow.found,
            weight_share_max: flow.weight_share_max,
            slots_unreachable: flow.slots_unreachable,
        }
    }
}

impl AvoidanceView {
    fn of(quantity: Quantity, of: &Avoidance) -> AvoidanceView {
        AvoidanceView {
            quantity: quantity.name().to_owned(),
            arriving: of.arriving,
            staying: of.staying,
            arrivals_only: of.arrivals_only,
            arrivals_only95: of.arrivals_only95.into(),
            ratio: of.ratio,
            ratio95: of.ratio95.into(),
        }
    }
}

impl RankView {
    fn of(of: &Ranked) -> RankView {
        RankView {
            post: of.post.clone(),
            est: of.est,
            joint95: of.joint95.into(),
            rank_best: of.ranks.0,
            rank_worst: of.ranks.1,
            first: of.first,
            top: of.top,
        }
    }
}

impl TopView {
    fn of(named: &BTreeSet<PostId>, ranking: Option<&Ranking>) -> Result<Option<TopView>, EstimatesError> {
        let ranked = || ranking.into_iter().flat_map(|ranking| &ranking.posts).map(|of| &of.post);
        if let Some(post) = named.iter().find(|post| !ranked().any(|ranked| ranked == *post)) {
            let ranked = ranked().map(PostId::to_string).collect();
            return Err(EstimatesError::NotRanked { post: post.clone(), ranked });
        }
        let chance = ranking.and_then(|ranking| ranking.top(named));
        Ok(chance.map(|chance| TopView { posts: named.clone(), chance }))
    }
}

impl ShrunkView {
    fn of(of: &Shrunk) -> ShrunkView {
        ShrunkView {
            post: of.post.clone(),
            inspected: of.inspected,
            found: of.found,
            loads: of.loads,
            model95: of.model95.into(),
        }
    }
}

impl CorrectedView {
    fn of(record: &Record, whole: &Domain, known: &Known) -> Option<CorrectedView> {
        let detection = known.detection();
        let flow = record.flow(whole, Quantity::Loads, MAIN);
        let Uncertainty::Scatter { t95, .. } = flow.uncertainty else { return None };
        let (loads, interval) = corrected(flow.est, t95, detection);
        Some(CorrectedView {
            by: known.name().to_owned(),
            at_least: matches!(known, Known::Double(_)),
            detection: detection.est,
            detection95: detection.interval95.into(),
            loads,
            interval95: interval.into(),
        })
    }
}

/// A team's e-process.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TeamTestView {
    /// The team.
    pub team: String,
    /// What the lot gave it on average.
    pub expected: f64,
    /// What was counted where it was dealt.
    pub counted: u64,
    /// The e-value after each week in which it was dealt.
    pub e_values: Vec<WeekEvalueView>,
    /// The week in which it first stood at the flag: for an enquiry, never an accusation.
    pub flag_week: Option<u32>,
    /// The week after which e-BH first named it.
    pub ebh_week: Option<u32>,
    /// The shifts that say most, the strongest first.
    pub strongest: Vec<TellingView>,
}

/// A shift of a team, against what the lot gave it there.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TellingView {
    /// The day.
    pub day: String,
    /// The kind of shift.
    pub shift: String,
    /// The unit that the team was.
    pub unit: String,
    /// What a team on this shift had on average.
    pub expected: f64,
    /// What was counted where it was.
    pub counted: u32,
}

impl TellingView {
    fn of(of: Telling) -> TellingView {
        let Telling { day, shift, unit, expected, counted, .. } = of;
        TellingView { day, shift, unit, expected, counted }
    }
}

/// A week's e-value.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WeekEvalueView {
    /// The week, from 0.
    pub week: u32,
    /// The e-value.
    pub e: f64,
}

/// The tests of teams by the deals of days, from the first day on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TeamsView {
    /// The one province whose teams these are, if it is one; they are flagged as among all teams.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub province: Option<ProvinceId>,
    /// SHA-256 over the entries of the plans.
    pub design: String,
    /// An honest team ever reaches this with chance 0.05 divided by the number of teams.
    pub flag_at: f64,
    /// Who finds less than the lot explains.
    pub finds: Vec<TeamTestView>,
    /// Who misses more visits, comes late to more, or lets more pass without a look, than the lot explains.
    pub missed: Vec<TeamTestView>,
    /// Who reports more finds than the lot explains. While one does, the others seem to find less: look at it first.
    pub more: Vec<TeamTestView>,
    /// What the test of finds would have seen by now, by pool: without it no flag, and no lack of one, says anything.
    pub power: Vec<PowerView>,
    /// Who finds less of what the inspectorate planted than the campaign published, where it plants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub planted: Option<PlantedView>,
}

/// What the test of finds would have seen in a pool.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PowerView {
    /// The pool.
    pub pool: String,
    /// Its teams.
    pub teams: usize,
    /// Finds that the lot gave one of them on average.
    pub expected: f64,
    /// Part of its finds that a team is made to hold back.
    pub held_back: f64,
    /// Chance that it would be flagged by now.
    pub chance: f64,
}

impl From<PoolPower> for PowerView {
    fn from(of: PoolPower) -> PowerView {
        let PoolPower { pool, teams, expected, chance } = of;
        PowerView { pool, teams, expected, held_back: HELD_BACK, chance }
    }
}

impl TeamsView {
    /// The tests of what was met, from the campaign's first day on: whoever chooses a start later on chooses what he finds.
    ///
    /// # Errors
    /// [`TeamTestsError`] if the deals do not hold together.
    pub fn of(met: &Met) -> Result<TeamsView, TeamTestsError> {
        let tested = |record: &[ShiftDay], too| {
            let found = test_days_among(record, too, met.teams)?;
            Ok::<_, TeamsError>(found.into_iter().map(TeamTestView::of).collect::<Vec<_>>())
        };
        let finds = tested(&met.shifts, Too::Little)?;
        let (missed, more) = (tested(&met.missed, Too::Much)?, tested(&met.shifts, Too::Much)?);
        let power =
            power(&met.shifts, HELD_BACK, met.teams, SEED)?.into_iter().map(PowerView::from).collect();
        let (design, flag_at) = (met.design.to_string(), flag_at(met.teams));
        let planted = met.plants.as_ref().map(PlantedView::of).transpose()?;
        Ok(TeamsView { province: met.province.clone(), design, flag_at, finds, missed, more, power, planted })
    }
}

impl TeamTestView {
    fn of(of: TeamFinding) -> TeamTestView {
        TeamTestView {
            team: of.team,
            expected: of.expected,
            counted: of.found,
            e_values: of.e_values.into_iter().map(|(week, e)| WeekEvalueView { week, e }).collect(),
            flag_week: of.flag_week,
            ebh_week: of.ebh_week,
            strongest: of.strongest.into_iter().map(TellingView::of).collect(),
        }
    }
}
