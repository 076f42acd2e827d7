//! The part `estimate`: the shipped campaign drawn ten thousand times over known traffic, and the test of teams on real deals.

use std::process::Command;

use sekong_torture::Binary;
use serde_json::Value;

use crate::Tally;

const CAMPAIGN: &str = "campaigns/northeast-2017";
const DAYS: &str = "28";
const REPLAYS: u32 = 10_000;
const TRIALS: &str = "1000";

/// Standard errors of the mean over the replays that loads by difference may be off: what stands first everywhere.
const BIAS_MAX: f64 = 3.0;
/// The same of every other estimator: they are so many that some are farther off by chance.
const BIAS_MAX_OF_MANY: f64 = 4.0;
/// Part of the intervals at 95 % that may hold the truth: where what is counted is even from day to day they are too wide, and say so.
const COVERAGE: std::ops::RangeInclusive<f64> = 0.93..=0.98;
/// Standard errors of a part of so many replays that it may lie outside by.
const COVERAGE_OFF_MAX: f64 = 2.0;
/// Fewer finds are no ground for an interval.
const FINDS_MIN: f64 = 5.0;
/// Part of the trials in which any honest team may be flagged.
const FLAGGED_MAX: f64 = 0.05;
/// Weeks by which half of the trials must have flagged who holds back most, in a pool of twenty.
const WEEKS_MAX: u64 = 13;

pub(crate) fn torture(binary: &Binary) -> Tally {
    let mut tally = Tally::default();
    println!(
        "{REPLAYS} replays: loads by difference within {BIAS_MAX} standard errors of the mean, the other estimators within {BIAS_MAX_OF_MANY}"
    );
    let replays = REPLAYS.to_string();
    match said(binary, &["estimate", "replay", CAMPAIGN, "--days", DAYS, "--replays", &replays, "--json"]) {
        Ok(patterns) => patterns.as_object().into_iter().flatten().for_each(|(pattern, of)| {
            of.as_array().into_iter().flatten().for_each(|of| replayed(pattern, of, &mut tally));
        }),
        Err(error) => report(&error, &mut tally),
    }
    match said(binary, &["estimate", "power", CAMPAIGN, "--trials", TRIALS, "--json"]) {
        Ok(pools) => pools.as_array().into_iter().flatten().for_each(|pool| tested(pool, &mut tally)),
        Err(error) => report(&error, &mut tally),
    }
    tally
}

fn report(error: &str, tally: &mut Tally) {
    println!("{error}");
    tally.count(false);
}

fn said(binary: &Binary, args: &[&str]) -> Result<Value, String> {
    let output = Command::new(&binary.0).args(args).output().map_err(|error| error.to_string())?;
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("{args:?}: {error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or(f64::NAN)
}

/// An estimator in a province (or all), over one pattern of traffic.
fn replayed(pattern: &str, of: &Value, tally: &mut Tally) {
    let main = of["method"] == "difference" && of["quantity"] == "loads";
    let off = number(of, "bias") / number(of, "bias_se");
    let unbiased = off.abs() <= if main { BIAS_MAX } else { BIAS_MAX_OF_MANY };
    let (coverage, naive) = (number(of, "coverage"), number(of, "coverage_naive"));
    let asked = main && number(of, "found_mean") >= FINDS_MIN;
    let held = unbiased && (!asked || covers(coverage));
    println!(
        "{pattern}, {}, {} by {}: {off:.2} standard errors off, 95 % hold it {:.1} %, as independent visits {:.1} %{}",
        of["province"].as_str().unwrap_or("all"),
        of["quantity"].as_str().unwrap_or_default(),
        of["method"].as_str().unwrap_or_default(),
        100.0 * coverage,
        100.0 * naive,
        if held { "" } else { ": DOES NOT HOLD" },
    );
    tally.count(held);
}

/// Whether intervals may hold the truth as often as they should: a part of the replays is not the chance itself.
fn covers(coverage: f64) -> bool {
    let off = COVERAGE_OFF_MAX * (coverage * (1.0 - coverage) / f64::from(REPLAYS)).sqrt();
    *COVERAGE.start() <= coverage + off && coverage - off <= *COVERAGE.end()
}

fn tested(pool: &Value, tally: &mut Tally) {
    let (any, by_hour) = (number(pool, "any_flagged"), number(pool, "any_flagged_by_hour"));
    let median = pool["week_median"].as_u64();
    let seen = pool["teams"] != 20 || median.is_some_and(|week| week <= WEEKS_MAX);
    let held = any <= FLAGGED_MAX && seen;
    println!(
        "{}, finds {} %: honest and flagged {:.1} % (hour by hour {:.1} %), who holds back {:.0} %, half by week {median:?}{}",
        pool["pool"].as_str().unwrap_or_default(),
        100.0 * number(pool, "find_share"),
        100.0 * any,
        100.0 * by_hour,
        100.0 * number(pool, "flagged"),
        if held { "" } else { ": DOES NOT HOLD" },
    );
    tally.count(held);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_the_replays_may_lie_outside_by_its_own_error_alone() {
        assert!([0.93, 0.926, 0.95, 0.98, 0.982].into_iter().all(covers));
        assert!(![0.92, 0.984, 1.0, f64::NAN].into_iter().any(covers));
    }
}
