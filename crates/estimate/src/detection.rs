//! How much of what is there an inspection finds: by simulants that were planted, and by inspecting twice.

use crate::exact::{Interval, binomial};
use crate::special::ln_gamma;

/// Part of what is there that is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// The estimate.
    pub est: f64,
    /// 95 %.
    pub interval95: Interval,
}

/// What inspecting twice tells of all that was there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Twice {
    /// Loads that were there. A lower bound: what is well hidden from one team is well hidden from the other, too.
    pub loads: f64,
    /// Its standard error; `None` where one team found nothing that the other missed, of which none can be told.
    pub se: Option<f64>,
    /// 95 % for it, by the logarithm of what neither found (Chao 1987): never below what was found. Where one team found nothing that the
    /// other missed, up to the most loads of which both would still find so many with chance 2.5 % (hypergeometric, exact; Chapman 1951).
    pub interval95: Interval,
}

/// Why counts tell nothing of detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DetectionError {
    /// More found than planted, or more by both than by one.
    #[error("{part} {what} is more than {whole}")]
    MoreThanAll {
        /// What is counted.
        what: &'static str,
        /// The part.
        part: u32,
        /// Its whole.
        whole: u32,
    },
    /// No load was found by both teams.
    #[error("no load was found by both: nothing can be told of what neither found")]
    NoneTwice,
    /// Nothing was planted.
    #[error("nothing was planted: nothing can be told of what is not found")]
    NonePlanted,
    /// None of what was planted was found.
    #[error("none of {planted} planted simulants was found: what passes cannot be told from what is found")]
    NoneFound {
        /// How many were planted.
        planted: u32,
    },
}

/// Of simulants planted where nobody who inspects knew (Clopper and Pearson 1934).
///
/// # Errors
/// [`DetectionError`] where none or more than all were found.
pub fn of_plants(found: u32, planted: u32) -> Result<Detection, DetectionError> {
    if planted < found {
        return Err(DetectionError::MoreThanAll { what: "found", part: found, whole: planted });
    }
    if planted == 0 {
        return Err(DetectionError::NonePlanted);
    }
    if found == 0 {
        return Err(DetectionError::NoneFound { planted });
    }
    let est = f64::from(found) / f64::from(planted);
    Ok(Detection { est, interval95: binomial(found, planted, 0.05) })
}

/// Of vehicles that two teams inspected apart, by what the first, the second, and both found (Chapman 1951; variance of Seber 1970).
///
/// # Errors
/// [`DetectionError`] if both found none together, or more than one of them.
pub fn of_double_inspections(first: u32, second: u32, both: u32) -> Result<Twice, DetectionError> {
    if first.min(second) < both {
        let whole = first.min(second);
        return Err(DetectionError::MoreThanAll { what: "found by both", part: both, whole });
    }
    if both == 0 {
        return Err(DetectionError::NoneTwice);
    }
    let (one, other, both) = (f64::from(first), f64::from(second), f64::from(both));
    let loads = (one + 1.0) * (other + 1.0) / (both + 1.0) - 1.0;
    if both == one.min(other) {
        let interval95 = Interval { low: loads, high: most_loads(one.max(other), both) };
        return Ok(Twice { loads, se: None, interval95 });
    }
    let variance = (one + 1.0) * (other + 1.0) * (one - both) * (other - both)
        / ((both + 1.0) * (both + 1.0) * (both + 2.0));
    let (seen, unseen) = (one + other - both, loads - (one + other - both));
    let times = libm::exp(1.96 * libm::sqrt(libm::log(1.0 + variance / (unseen * unseen))));
    let interval95 = Interval { low: seen + unseen / times, high: seen + unseen * times };
    Ok(Twice { loads, se: Some(variance.sqrt()), interval95 })
}

/// Of loads that a second team found without being told, those that the first had found: as of simulants, but for what both do not see.
///
/// # Errors
/// [`DetectionError`] if both found none together, or more than the second.
pub fn of_second_team(second: u32, both: u32) -> Result<Detection, DetectionError> {
    of_plants(both, second).map_err(|error| match error {
        DetectionError::MoreThanAll { part, whole, .. } => {
            DetectionError::MoreThanAll { what: "found by both", part, whole }
        }
        DetectionError::NonePlanted | DetectionError::NoneFound { .. } | DetectionError::NoneTwice => {
            DetectionError::NoneTwice
        }
    })
}

/// The most loads of which a team that finds `more` and one that finds `both`, at random, have all of the latter in common with chance 2.5 %.
fn most_loads(more: f64, both: f64) -> f64 {
    // C(more, both) / C(loads, both); a hair below, for it may be 2.5 % exactly.
    let least = libm::log(0.025) - 1e-9;
    let ways = |of: f64| ln_gamma(of + 1.0) - ln_gamma(of - both + 1.0);
    let is_likely = |loads: f64| ways(more) - ways(loads) >= least;
    // The chance is at most (more / loads)^both: never as much as 2.5 % beyond forty times.
    let (mut low, mut high) = (more, 40.0 * more + 1.0);
    while 1.0 < high - low {
        let middle = libm::floor(f64::midpoint(low, high));
        if is_likely(middle) { low = middle } else { high = middle }
    }
    low
}

/// A flow of loads that would be found, with its own interval at 95 %, as one of loads that there were. Both uncertainties go into the
/// interval, by the distances of its ends on the logarithm, each side its own: where all is surely found it is the flow's own.
pub fn corrected(est: f64, own: Interval, detection: &Detection) -> (f64, Interval) {
    let loads = est / detection.est;
    // The end of detection that lies far off makes the other end of the loads.
    let Interval { low: least, high: most } = detection.interval95;
    if own.low <= 0.0 {
        // No logarithm reaches so low: each end by the end of detection that takes it farther, which is too wide rather than too narrow.
        let low = own.low / least;
        let high = if own.high > 0.0 { own.high / least } else { own.high / most };
        return (loads, Interval { low, high });
    }
    let away = |end: f64, from: f64| libm::log(end / from);
    let less = libm::hypot(away(est, own.low), away(most, detection.est));
    let more = libm::hypot(away(own.high, est), away(detection.est, least));
    (loads, Interval { low: loads / libm::exp(less), high: loads * libm::exp(more) })
}
