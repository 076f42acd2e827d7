//! How surely a sum of days is known, from how the days scatter.
//!
//! A day has one draw a plan, so nothing within it tells its variance. Days are independent draws of much the same traffic: half the mean
//! square of successive differences is the variance of one, and more than that where the traffic has a trend (von Neumann and others 1941;
//! Wolter 2007, chapter 8). Where a week shows, each day is compared with that of the week before.

use crate::exact::Interval;
use crate::special::{beta_regularized, t_quantile};

/// A run of days under the same rules: each day's estimate, in order.
pub(super) type Regime = Vec<f64>;

/// How the days of a run compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outset {
    /// Each scatters as the others do.
    Alike,
    /// The first scatter most, for little was known when they were drawn.
    Learning,
}

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
pub(super) fn of_sum(regimes: &[Regime], lag: usize, outset: Outset) -> Option<Scatter> {
    let parts: Vec<Scatter> = regimes.iter().filter_map(|days| of_regime(days, lag, outset)).collect();
    let known = Scatter::together(&parts)?;
    // A regime too short to be compared takes its days' variance from the others.
    let compared: usize = regimes.iter().filter(|days| lag < days.len()).map(Vec::len).sum();
    let all: usize = regimes.iter().map(Vec::len).sum();
    Some(Scatter { variance: known.variance * all as f64 / compared as f64, df: known.df })
}

/// K/(2·D)·Σ δ² with D differences. Its degrees of freedom are those of normal days (von Neumann and others 1941), a chain each
/// remainder of the lag, less what the days' heavy tails take: each day's square stands in two differences, but for the ends.
/// Where the first days scatter most, their differences count twice, and D for so many more: each of these days stands in one alone,
/// and would count for half of what it adds.
fn of_regime(days: &[f64], lag: usize, outset: Outset) -> Option<Scatter> {
    let differences = days.len().checked_sub(lag).filter(|differences| *differences > 0)?;
    let deltas: Vec<f64> = days.iter().zip(&days[lag..]).map(|(one, other)| other - one).collect();
    let twice = if outset == Outset::Learning { lag.min(differences) } else { 0 };
    let squares: f64 = deltas.iter().chain(&deltas[..twice]).map(|delta| delta * delta).sum();
    let counted = (differences + twice) as f64;
    let variance = days.len() as f64 * squares / (2.0 * counted);
    let noise = noise(days.len(), lag, outset) + excess_kurtosis(&deltas) * inner(days.len(), lag, outset);
    Some(Scatter { variance, df: (2.0 * counted * counted / noise).max(1.0) })
}

/// Variance of the sum of squares of normal days' differences, in units of 4σ⁴.
fn noise(days: usize, lag: usize, outset: Outset) -> f64 {
    let chains = (0..lag).map(|first| (days - first.min(days)).div_ceil(lag)).filter(|days| *days > 1);
    let of_chain = |days: usize| match outset {
        Outset::Alike => 3.0 * days as f64 - 4.0,
        Outset::Learning if days == 2 => 8.0,
        Outset::Learning => 3.0 * days as f64 + 3.0,
    };
    chains.map(of_chain).sum()
}

/// What each unit of excess kurtosis adds to it.
fn inner(days: usize, lag: usize, outset: Outset) -> f64 {
    match outset {
        Outset::Alike => (days as f64 - 1.5 * lag as f64).max(0.0),
        Outset::Learning => days as f64 + 0.5 * lag as f64,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_the_first_day_scatters_most_it_counts_in_full() {
        let days = [vec![9.0, 0.0, 0.0, 0.0, 0.0]];
        let of = |outset| of_sum(&days, 1, outset).map(|known| known.variance);
        assert_eq!(of(Outset::Learning), Some(81.0));
        assert_eq!(of(Outset::Alike), Some(81.0 * 5.0 / 8.0));
    }
}
