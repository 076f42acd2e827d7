//! Exact bounds for few finds: no normal law holds where next to nothing was found, and "0 ± 0" is never true.

use crate::special::{beta_quantile, gamma_quantile};

/// A two-sided interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The exact interval for the mean of a Poisson law of which `count` was seen (Garwood 1936), at confidence 1 − `alpha`. For zero it is
/// 0 and a bound.
pub fn poisson(count: u32, alpha: f64) -> Interval {
    let count = f64::from(count);
    let low = if count == 0.0 { 0.0 } else { gamma_quantile(alpha / 2.0, count) };
    Interval { low, high: gamma_quantile(1.0 - alpha / 2.0, count + 1.0) }
}

/// The exact interval for a share of which `hits` of `tries` were seen (Clopper and Pearson 1934), at confidence 1 − `alpha`; the whole
/// of 0 to 1 without a try.
pub fn binomial(hits: u32, tries: u32, alpha: f64) -> Interval {
    let (hit, missed) = (f64::from(hits), f64::from(tries.saturating_sub(hits)));
    let low = if hits == 0 { 0.0 } else { beta_quantile(alpha / 2.0, hit, missed + 1.0) };
    let high = if missed == 0.0 { 1.0 } else { beta_quantile(1.0 - alpha / 2.0, hit + 1.0, missed) };
    Interval { low, high }
}
