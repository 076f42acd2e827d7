//! How surely a sum of days is known, from how the days scatter.
//!
//! A day has one draw a plan, so nothing within it tells its variance. Days are independent draws of much the same traffic: half the mean
//! square of successive differences is the variance of one, and more than that where the traffic has a trend (von Neumann and others 1941;
//! Wolter 2007, chapter 8). Where a week shows, each day is compared with that of the week before.

use crate::exact::Interval;
use crate::special::{beta_regularized, t_quantile};

/// A run of days under the same rules: each day's estimate, in order.
pub(super) type Regime = Vec<f64>;

/// Days of a week.
const WEEK_DAYS: usize = 7;

/// A week shows when its seven days differ more than chance would have them at this level.
const WEEK_SHOWS_AT: f64 = 0.01;

/// What is known of a sum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scatter {
    pub(super) variance: f64,
    pub(super) df: f64,
}

impl Scatter {
    /// The variance of a sum of independent parts, its degrees of freedom by Satterthwaite (1946); `None` without a part.
    pub(super) fn together(parts: &[Scatter]) -> Option<Scatter> {
        let variance: f64 = parts.iter().map(|part| part.variance).sum();
        let spread: f64 = parts.iter().map(|part| part.variance * part.variance / part.df).sum();
        let df = if spread > 0.0 { variance * variance / spread } else { parts.first()?.df };
        Some(Scatter { variance, df })
    }
}

/// Variance of the sum of all days, by the differences of days that lie `lag` apart; `None` if no regime has two such.
pub(super) fn of_sum(regimes: &[Regime], lag: usize) -> Option<Scatter> {
    let parts: Vec<Scatter> = regimes.iter().filter_map(|days| of_regime(days, lag)).collect();
    let known = Scatter::together(&parts)?;
    // A regime too short to be compared takes its days' variance from the others.
    let compared: usize = regimes.iter().filter(|days| lag < days.len()).map(Vec::len).sum();
    let all: usize = regimes.iter().map(Vec::len).sum();
    Some(Scatter { variance: known.variance * all as f64 / compared as f64, df: known.df })
}

/// K/(2·D)·Σ δ² with D differences. Its degrees of freedom are those of normal days (von Neumann and others 1941), a chain each
/// remainder of the lag, less what the days' heavy tails take: each day's square stands in two differences, but for the ends.
fn of_regime(days: &[f64], lag: usize) -> Option<Scatter> {
    let differences = days.len().checked_sub(lag).filter(|differences| *differences > 0)? as f64;
    let deltas: Vec<f64> = days.iter().zip(&days[lag..]).map(|(one, other)| other - one).collect();
    let squares: f64 = deltas.iter().map(|delta| delta * delta).sum();
    let chains =
        (0..lag).map(|first| (days.len() - first.min(days.len())).div_ceil(lag)).filter(|days| *days > 1);
    let noise: f64 = chains.map(|days| 3.0 * days as f64 - 4.0).sum();
    let inner = (days.len() as f64 - 1.5 * lag as f64).max(0.0);
    let tails = excess_kurtosis(&deltas) * inner;
    let variance = days.len() as f64 * squares / (2.0 * differences);
    Some(Scatter { variance, df: (2.0 * differences * differences / (noise + tails)).max(1.0) })
}

/// The excess kurtosis of days whose differences these are: twice that of the differences. Days that tail off quicker than normal ones
/// are taken for normal.
fn excess_kurtosis(deltas: &[f64]) -> f64 {
    let squares = deltas.iter().map(|delta| delta * delta);
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / deltas.len() as f64;
    let (second, fourth) = (mean(&mut squares.clone()), mean(&mut squares.map(|square| square * square)));
    if second > 0.0 { (2.0 * (fourth / (second * second) - 3.0)).max(0.0) } else { 0.0 }
}

/// The lag at which days are compared: 7 if the days of the week differ (one-way analysis of variance), else 1.
pub(super) fn lag_of(regimes: &[(usize, Regime)]) -> usize {
    let days = regimes
        .iter()
        .flat_map(|(first, days)| (*first..).zip(days).map(|(day, value)| (day % WEEK_DAYS, *value)));
    let mut by_day = [(0.0_f64, 0.0_f64); WEEK_DAYS];
    let mut squares = 0.0;
    for (day, value) in days {
        by_day[day].0 += 1.0;
        by_day[day].1 += value;
        squares += value * value;
    }
    let count: f64 = by_day.iter().map(|(count, _)| count).sum();
    // Two weeks and one day: fewer leave nothing to compare.
    if by_day.iter().any(|(count, _)| *count < 2.0) || count <= 2.0 * WEEK_DAYS as f64 {
        return 1;
    }
    let sum: f64 = by_day.iter().map(|(_, sum)| sum).sum();
    let of_days: f64 = by_day.iter().map(|(count, sum)| sum * sum / count).sum();
    let (between, within) = (of_days - sum * sum / count, squares - of_days);
    let (one, other) = ((WEEK_DAYS - 1) as f64, count - WEEK_DAYS as f64);
    let ratio = (between / one) / (within / other);
    let chance = beta_regularized(other / 2.0, one / 2.0, other / (other + one * ratio));
    if chance < WEEK_SHOWS_AT { WEEK_DAYS } else { 1 }
}

/// 95 % by Student's t; on the logarithm if `skewed`, which keeps it above 0.
pub(super) fn interval(est: f64, scatter: &Scatter, skewed: bool) -> Interval {
    let reach = t_quantile(0.975, scatter.df) * scatter.variance.sqrt();
    if skewed && est > 0.0 {
        let times = libm::exp(reach / est);
        return Interval { low: est / times, high: est * times };
    }
    Interval { low: est - reach, high: est + reach }
}
