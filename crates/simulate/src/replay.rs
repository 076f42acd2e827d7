//! Replays of a campaign's draws over traffic that is known: how far estimates are from the truth, and how often they say so.
//!
//! The plans are the campaign's, the dice those of `sekong_draw`, the vehicles that a team looks at a lot of their own. What passes stands
//! still while the draw is made again and again, so that all that varies is what the estimators claim to know.

mod teams;
mod traffic;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use sekong_draw::{SimulationKey, WalkError, simulate};
use sekong_estimate::flow::{
    Domain, Flow, FlowError, Method, Planted, ProvinceDay, Quantity, Record, Slot, Uncertainty, Visit,
};
use sekong_model::{Campaign, Counts, Day, Finds, Hour, ProvinceId};
use sekong_plan::{Plan, PlannedSlot, is_arrival};

pub use teams::{Ground, TeamPower, TeamTrial, Withholding, team_trial};
pub use traffic::{Pattern, Traffic};

use crate::{Chance, Seed};

/// The plan of each province and day.
pub type Plans = BTreeMap<(ProvinceId, Day), Arc<Plan>>;

/// Vehicles that a team looks at in an hour, if so many pass.
const INSPECTED_MAX: u32 = 8;

/// How estimates of one kind did.
#[derive(Debug, Clone, PartialEq)]
pub struct Performance {
    /// The province; `None` for all.
    pub province: Option<ProvinceId>,
    /// What was estimated.
    pub quantity: Quantity,
    /// How.
    pub method: Method,
    /// What there was, in slots that a unit can reach.
    pub truth: f64,
    /// Mean of the estimates less the truth.
    pub bias: f64,
    /// Standard error of that mean.
    pub bias_se: f64,
    /// Standard deviation of the estimates.
    pub deviation: f64,
    /// Mean of the standard errors that the estimates give themselves.
    pub se_mean: f64,
    /// Finds in a replay, on average.
    pub found_mean: f64,
    /// Part of the 95 % intervals that hold the truth.
    pub coverage: f64,
    /// The same of the wrong analysis: every visited slot as a draw by itself.
    pub coverage_naive: f64,
}

/// Why a campaign cannot be replayed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// There is no plan for a province and day.
    #[error("there is no plan of {province} for {day}")]
    NoPlan {
        /// The province.
        province: ProvinceId,
        /// The day.
        day: Day,
    },
    /// The dice led nowhere.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// The teams cannot be dealt.
    #[error(transparent)]
    Deal(#[from] sekong_draw::DealError),
    /// What was drawn cannot be estimated from.
    #[error(transparent)]
    Flow(#[from] FlowError),
    /// What was dealt cannot be tested.
    #[error(transparent)]
    Teams(#[from] sekong_estimate::teams::TeamsError),
}

/// A campaign's first days, ready to be drawn again.
pub struct Stage {
    days: Vec<StagedDay>,
    seed: Seed,
}

struct StagedDay {
    blank: ProvinceDay,
    plan: Arc<Plan>,
}

impl Stage {
    /// The first `days` days of a campaign.
    ///
    /// # Errors
    /// [`ReplayError::NoPlan`].
    pub fn new(campaign: &Campaign, plans: &Plans, days: usize, seed: Seed) -> Result<Stage, ReplayError> {
        let mut staged = Vec::new();
        for day in campaign.days().take(days) {
            for province in campaign.provinces() {
                let missing = || ReplayError::NoPlan { province: province.id.clone(), day };
                let plan = plans.get(&(province.id.clone(), day)).ok_or_else(missing)?.clone();
                staged.push(StagedDay { blank: blank_day(campaign, &province.id, day, &plan), plan });
            }
        }
        Ok(Stage { days: staged, seed })
    }

    /// Draws everything `replays` times and says how each estimator did.
    ///
    /// # Errors
    /// [`ReplayError`] of a plan that no checker has seen.
    pub fn flows(&self, traffic: &Traffic, replays: u32) -> Result<Vec<Performance>, ReplayError> {
        let questions = self.questions();
        let once = |replay: u32| {
            let record = Record::new(self.drawn(traffic, replay)?)?;
            Ok(questions.iter().map(|question| Answer::of(&record, question)).collect::<Vec<_>>())
        };
        let answers: Vec<Vec<Answer>> =
            (0..replays).into_par_iter().map(once).collect::<Result<_, ReplayError>>()?;
        let performance = |(at, question): (usize, &Question)| {
            let truth = self.truth(traffic, question);
            question.performance(truth, &answers.iter().map(|of| &of[at]).collect::<Vec<_>>())
        };
        Ok(questions.iter().enumerate().map(performance).collect())
    }

    /// What one draw shows.
    ///
    /// # Errors
    /// [`ReplayError`] of a plan that no checker has seen.
    pub fn drawn(&self, traffic: &Traffic, replay: u32) -> Result<Vec<ProvinceDay>, ReplayError> {
        let subject = replay.to_string();
        let key = SimulationKey::new(&self.seed.bytes("replay", &subject));
        let mut chance = self.seed.stream("replay inspections", &subject);
        let day = |(number, staged): (u64, &StagedDay)| {
            let mut day = staged.blank.clone();
            let game = staged.plan.game();
            let roster = simulate(staged.plan.chains(), &key, number)?;
            for (at, unit) in roster.units.iter().enumerate() {
                let mut before = None;
                for node in &unit.path {
                    let slot = game.slot(node.post, game.hour_of(at, node.position));
                    let counts = traffic.counts(&staged.blank, slot, &mut chance);
                    let arrived = is_arrival(before, *node);
                    before = Some(*node);
                    day.slots[slot].visits.push(Visit {
                        finds: Finds::default(),
                        unit: unit.unit.clone(),
                        counts: Some(counts),
                        arrived,
                        planted: Planted::default(),
                    });
                }
            }
            Ok(day)
        };
        (0..).zip(&self.days).map(day).collect()
    }

    fn questions(&self) -> Vec<Question> {
        let mut provinces: Vec<Option<ProvinceId>> =
            self.days.iter().map(|day| Some(day.blank.province.clone())).collect();
        provinces.sort();
        provinces.dedup();
        provinces.insert(0, None);
        let of = |province: &Option<ProvinceId>| {
            let kinds = [Quantity::Passed, Quantity::Loads]
                .into_iter()
                .flat_map(|quantity| Method::ALL.map(|method| (quantity, method)));
            let question = |(quantity, method)| Question { province: province.clone(), quantity, method };
            kinds.map(question).collect::<Vec<_>>()
        };
        provinces.iter().flat_map(of).collect()
    }

    fn truth(&self, traffic: &Traffic, question: &Question) -> f64 {
        let asked = |day: &&StagedDay| {
            question.province.as_ref().is_none_or(|province| *province == day.blank.province)
        };
        let days = self.days.iter().filter(asked);
        days.map(|day| traffic.truth(&day.blank, question.quantity)).sum()
    }
}

/// A day's slots as its plan has them, before anybody went.
fn blank_day(campaign: &Campaign, province: &ProvinceId, day: Day, plan: &Plan) -> ProvinceDay {
    let slot = |slot: PlannedSlot| {
        let (post, hour) =
            (plan.game().posts()[usize::from(slot.post)].clone(), Hour::try_from(slot.hour).ok()?);
        Some(Slot::planned(post, hour, slot.inclusion, slot.visits, slot.arrivals))
    };
    let slots = plan.slots().into_iter().filter_map(slot).collect();
    ProvinceDay { province: province.clone(), day, regime: campaign.rules().season(day) as u32, slots }
}

struct Question {
    province: Option<ProvinceId>,
    quantity: Quantity,
    method: Method,
}

struct Answer {
    flow: Flow,
    naive: bool,
    naive_low: f64,
    naive_high: f64,
}

impl Answer {
    fn of(record: &Record, question: &Question) -> Answer {
        let domain = Domain { province: question.province.clone(), ..Domain::default() };
        let flow = record.flow(&domain, question.quantity, question.method);
        let naive = record.naive_interval(&domain, question.quantity);
        let (naive_low, naive_high) = naive.map_or((0.0, 0.0), |interval| (interval.low, interval.high));
        Answer { flow, naive: naive.is_some(), naive_low, naive_high }
    }
}

impl Question {
    fn performance(&self, truth: f64, answers: &[&Answer]) -> Performance {
        let count = answers.len() as f64;
        let mean =
            |value: &dyn Fn(&Answer) -> f64| answers.iter().map(|answer| value(answer)).sum::<f64>() / count;
        let est = mean(&|answer| answer.flow.est);
        let variance = mean(&|answer| (answer.flow.est - est) * (answer.flow.est - est));
        let holds = |low: f64, high: f64| f64::from(u8::from(low <= truth && truth <= high));
        Performance {
            province: self.province.clone(),
            quantity: self.quantity,
            method: self.method,
            truth,
            bias: est - truth,
            bias_se: (variance / count).sqrt(),
            deviation: variance.sqrt(),
            se_mean: mean(&|answer| match answer.flow.uncertainty {
                Uncertainty::Scatter { se, .. } => se,
                Uncertainty::Model { .. } | Uncertainty::NotEstimable => 0.0,
            }),
            found_mean: mean(&|answer| answer.flow.found as f64),
            coverage: mean(&|answer| match answer.flow.uncertainty {
                Uncertainty::Scatter { t95, .. } => holds(t95.low, t95.high),
                Uncertainty::Model { high } => holds(0.0, high),
                Uncertainty::NotEstimable => 0.0,
            }),
            coverage_naive: mean(&|answer| {
                if answer.naive { holds(answer.naive_low, answer.naive_high) } else { 0.0 }
            }),
        }
    }
}

/// A lot within the post: which of those that pass are looked at.
fn inspect(passed: u32, loads: u32, chance: &mut Chance) -> Counts {
    let inspected = passed.min(INSPECTED_MAX);
    let (mut left, mut loaded, mut found) = (passed, loads.min(passed), 0);
    for _ in 0..inspected {
        if loaded > 0 && chance.between(1, left) <= loaded {
            found += 1;
            loaded -= 1;
        }
        left -= 1;
    }
    Counts::new(passed, inspected, found).expect("parts of what passed, which is below the largest count")
}
