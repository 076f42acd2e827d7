//! A plan in a commander's terms: where it presses, what each rule and each team is worth, and what ruder plans would do.
//!
//! Everything here comes from solving changed games; none of it is part of the plan or its certificate.

mod baselines;
mod regret;
mod staffing;

use sekong_model::{PostId, UnitId};
use serde::Serialize;

use crate::game::Game;
use crate::game_error::GameError;
use crate::plan::Plan;
use crate::predict::Predictability;
use crate::solve::{SolveError, SolveOptions, Stop, solve_until};
pub use baselines::Baselines;
pub use regret::Regret;
pub use staffing::Staffing;

/// A slot counts as holding the plan up if its payoff is this near to the worst, as a share of the certificate's scale.
const NEAR: f64 = 1e-3;
/// Changed games get this part of the work that the plan got.
const WORK_SHARE: usize = 8;

/// Why a plan cannot be explained.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ExplainError {
    /// A changed game is none.
    #[error("the plan cannot be compared: {0}")]
    Game(#[from] GameError),
    /// A changed game has no plan.
    #[error("the plan cannot be compared: {0}")]
    Solve(#[from] SolveError),
}

/// All that is said about a plan; payoffs are in the units of the game's values. What is `None` was not computed in time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// Worst payoff under this plan.
    pub upper: f64,
    /// What no plan can be below.
    pub lower: f64,
    /// The certificate's gap.
    pub gap: f64,
    /// Per post a row of hours.
    pub heat: Vec<HeatRow>,
    /// The slots that hold the worst payoff up, most of the smuggler's mix first.
    pub binding: Vec<BindingSlot>,
    /// What the rules cost.
    pub prices: RulePrices,
    /// If the smuggler learns something on the day.
    pub knowing: Knowing,
    /// Per pool the worst payoff with 0, 1, … of its teams absent.
    pub absent: Vec<AbsentPool>,
    /// How well the draw can be foretold.
    pub predictability: Option<Predictability>,
    /// What other ways to plan would give.
    pub baselines: Option<Baselines>,
    /// If values are off.
    pub regret: Option<Regret>,
    /// Value against number of units, ascending; as much of the curve as was computed in time.
    pub staffing: Vec<Staffing>,
    /// Whether it was told to stop before all of it was computed.
    pub stopped: bool,
}

/// One post's hours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeatRow {
    /// The post.
    pub post: PostId,
    /// Per hour the chance that some unit is there.
    pub inclusion: Vec<f64>,
    /// Per hour the smuggler's payoff.
    pub payoff: Vec<f64>,
    /// Per hour what a passage is worth to him.
    pub value: Vec<f64>,
}

/// A slot among which the smuggler may choose as he likes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BindingSlot {
    /// The post.
    pub post: PostId,
    /// The hour.
    pub hour: u8,
    /// His payoff there.
    pub payoff: f64,
    /// His chance of detection there, bought units left out.
    pub detection: f64,
    /// How much of his published mix lies there.
    pub weight: f64,
    /// The units that can be there, the most frequent first.
    pub units: Vec<UnitId>,
}

/// What the rules cost: this plan's worst payoff less that of the best plan found without the rule, at least 0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RulePrices {
    /// Without the floor.
    pub floor: Option<f64>,
    /// With nobody bought; `None` if that was not computed in time.
    pub bribes: Option<f64>,
    /// With sentinels as free as other units; also `None` if no plan was found that then holds the floor.
    pub sentinels: Option<f64>,
}

/// As [`crate::Reveal`], with the payoff if nobody is bought.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Knowing {
    /// Nobody is bought.
    pub unbribed: f64,
    /// A bought team phones when it stands alone.
    pub informed: f64,
    /// One post is watched for one hour.
    pub sighting: f64,
    /// After the most telling sight.
    pub sighting_worst: f64,
}

/// A pool of which teams may be absent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AbsentPool {
    /// Its name.
    pub pool: String,
    /// Worst payoff by number of absent teams.
    pub upper: Vec<f64>,
}

/// How the changed games are solved, and until when.
#[derive(Clone, Copy)]
struct Effort<'a> {
    options: &'a SolveOptions,
    stop: Stop<'a>,
}

impl Effort<'_> {
    /// What was computed, unless time ran out before it was.
    fn in_time<T, E>(self, compute: impl FnOnce() -> Result<T, E>) -> Result<Option<T>, E> {
        let computed = if (self.stop)() { return Ok(None) } else { compute() };
        if (self.stop)() { Ok(None) } else { computed.map(Some) }
    }
}

/// Explains a plan; `options` are what it was solved with.
///
/// # Errors
/// If a game with a rule, a value or a unit changed cannot be solved.
pub fn explain(plan: &Plan, options: &SolveOptions) -> Result<Explanation, ExplainError> {
    explain_until(plan, options, &|| false)
}

/// Explains a plan until it is done or `stop` says so; then figures are missing.
///
/// # Errors
/// As [`explain`].
pub fn explain_until(
    plan: &Plan,
    options: &SolveOptions,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Explanation, ExplainError> {
    let (game, bounds, prices) = (plan.game(), plan.value().overall, plan.prices());
    let quick =
        SolveOptions { work: options.work / WORK_SHARE, start: Some(plan.clone()), ..options.clone() };
    let effort = Effort { options: &quick, stop };
    let absent = prices.absences.pools.iter();
    // Only the worst slot is compared.
    let plain = game.changed(|document| (document.absent, document.objective) = (None, None))?;
    Ok(Explanation {
        upper: bounds.upper,
        lower: bounds.lower,
        gap: bounds.gap,
        heat: (0u16..).zip(game.posts()).map(|(at, post)| heat_row(plan, at, post)).collect(),
        binding: binding(plan),
        prices: rule_prices(plan, &plain, effort)?,
        knowing: Knowing {
            unbribed: prices.unbribed,
            informed: prices.reveal.informed,
            sighting: prices.reveal.sighting,
            sighting_worst: prices.reveal.sighting_worst,
        },
        absent: absent
            .map(|(pool, upper)| AbsentPool { pool: pool.to_string(), upper: upper.clone() })
            .collect(),
        predictability: effort
            .in_time(|| Ok::<_, ExplainError>(Predictability::until(plan.chains(), stop)))?,
        baselines: effort.in_time(|| Baselines::of(game, effort))?,
        regret: effort.in_time(|| Regret::of(plan, &plain, effort))?,
        staffing: staffing::curve(plan, &plain, effort)?,
        stopped: stop(),
    })
}

fn heat_row(plan: &Plan, at: u16, post: &PostId) -> HeatRow {
    let game = plan.game();
    let hours = || (0..=u8::MAX).take(game.hours());
    HeatRow {
        post: post.clone(),
        inclusion: hours().map(|hour| plan.inclusion(at, hour)).collect(),
        payoff: hours().map(|hour| game.payoff(game.slot(at, hour), plan.detection(at, hour))).collect(),
        value: hours().map(|hour| game.value(game.slot(at, hour))).collect(),
    }
}

fn binding(plan: &Plan) -> Vec<BindingSlot> {
    let (game, bounds) = (plan.game(), plan.value().overall);
    let dearest = (0..game.slot_count()).map(|slot| game.value(slot)).fold(0.0, f64::max);
    let least = bounds.upper - NEAR * bounds.lower.abs().max(0.01 * dearest);
    let payoff = |slot: usize| {
        let (post, hour) = game.slot_place(slot);
        game.payoff(slot, plan.detection(post, hour))
    };
    let slots = (0..game.slot_count()).filter(|&slot| payoff(slot) >= least);
    let mut binding: Vec<BindingSlot> = slots.map(|slot| binding_slot(plan, slot)).collect();
    binding.sort_by(|one, other| other.weight.total_cmp(&one.weight));
    binding
}

fn binding_slot(plan: &Plan, slot: usize) -> BindingSlot {
    let game = plan.game();
    let (post, hour) = game.slot_place(slot);
    let detection = plan.detection(post, hour);
    let mix = plan.adversary().iter().filter(|threat| (threat.post, threat.hour) == (post, hour));
    let mut units: Vec<(f64, usize)> = (0..game.units().len())
        .map(|unit| (plan.unit_inclusion(unit, post, hour), unit))
        .filter(|(share, _)| *share > 0.0)
        .collect();
    units.sort_by(|one, other| other.0.total_cmp(&one.0));
    BindingSlot {
        post: game.posts()[usize::from(post)].clone(),
        hour,
        payoff: game.payoff(slot, detection),
        detection,
        weight: mix.map(|threat| threat.weight).sum(),
        units: units.into_iter().map(|(_, unit)| game.units()[unit].id.clone()).collect(),
    }
}

fn rule_prices(plan: &Plan, game: &Game, effort: Effort<'_>) -> Result<RulePrices, ExplainError> {
    let upper = plan.value().overall.upper;
    let mut prices = RulePrices { floor: plan.prices().floor, bribes: Some(0.0), sentinels: Some(0.0) };
    if game.bribed() > 0 {
        let unbribed = game.changed(|document| document.bribed = 0)?;
        let unbribed = effort.in_time(|| upper_of(&unbribed, effort))?;
        prices.bribes = unbribed.map(|unbribed| (upper - unbribed.min(plan.prices().unbribed)).max(0.0));
    }
    if game.units().iter().any(|unit| unit.sentinel) {
        let free = game.changed(|document| {
            for unit in &mut document.units {
                (unit.sentinel, unit.every) = (None, None);
            }
        })?;
        prices.sentinels = match effort.in_time(|| upper_of(&free, effort)) {
            Ok(free) => free.map(|free| (upper - free).max(0.0)),
            Err(error) if error.is_floor() => None,
            Err(error) => return Err(error.into()),
        };
    }
    Ok(prices)
}

/// Worst payoff of the plan found for a game.
fn upper_of(game: &Game, effort: Effort<'_>) -> Result<f64, SolveError> {
    solve_until(game, effort.options, effort.stop).map(|outcome| outcome.plan.value().overall.upper)
}
