//! Detection against figures worked out by hand, and its errors.

use sekong_estimate::detection::{
    Detection, DetectionError, Twice, corrected, of_double_inspections, of_plants, of_second_team,
};
use sekong_estimate::exact::Interval;

fn near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() <= 1e-9 * wanted.abs(), "{found} for {wanted}");
}

#[test]
fn simulants_give_the_exact_interval_of_a_share() {
    let found = of_plants(8, 10).unwrap();
    near(found.est, 0.8);
    // R: binom.test(8, 10)$conf.int
    near(found.interval95.low, 0.443904537692436);
    near(found.interval95.high, 0.974789273749474);
    assert_eq!(of_plants(0, 10), Err(DetectionError::NoneFound { planted: 10 }));
    assert!(matches!(of_plants(3, 2), Err(DetectionError::MoreThanAll { part: 3, whole: 2, .. })));
}

#[test]
fn two_teams_apart_tell_of_all_there_was() {
    // Chapman: 31·26/11 − 1, and Seber's 31·26·20·15/(11²·12).
    let twice = of_double_inspections(30, 25, 10).unwrap();
    near(twice.loads, 806.0 / 11.0 - 1.0);
    near(twice.se.unwrap().powi(2), 241_800.0 / 1_452.0);
    // Neither found 806/11 − 46 of them; e^(1.96·√ln(1 + v/f²)) of Chao by hand.
    let (unseen, variance) = (806.0_f64 / 11.0 - 46.0, 241_800.0_f64 / 1_452.0);
    let times = (1.96 * (1.0 + variance / unseen / unseen).ln().sqrt()).exp();
    near(twice.interval95.low, 45.0 + unseen / times);
    near(twice.interval95.high, 45.0 + unseen * times);
    assert!(45.0 < twice.interval95.low && twice.interval95.low < twice.loads);
    assert_eq!(of_double_inspections(5, 0, 0), Err(DetectionError::NoneTwice));
    assert!(of_double_inspections(2, 5, 3).is_err());
}

/// Of what a second team finds the first has found so many by chance: the interval is for the chance, not for these loads.
#[test]
fn what_a_second_team_tells_of_the_first_holds_its_chance() {
    assert!(matches!(of_second_team(2, 3), Err(DetectionError::MoreThanAll { what: "found by both", .. })));
    assert_eq!(of_second_team(5, 0), Err(DetectionError::NoneTwice));
    near(of_second_team(25, 10).unwrap().est, 0.4);
    for (second, chance) in [(45, 0.2_f64), (45, 0.5), (20, 0.3), (190, 0.2)] {
        let mut of_count = (1.0 - chance).powi(second);
        let mut outside = 0.0;
        for both in 1..=second {
            of_count *= f64::from(second - both + 1) / f64::from(both) * chance / (1.0 - chance);
            let known = of_second_team(second as u32, both as u32).unwrap().interval95;
            outside += if (known.low..=known.high).contains(&chance) { 0.0 } else { of_count };
        }
        assert!(outside < 0.05, "{second} {chance}: {outside}");
    }
}

#[test]
fn a_handful_that_both_found_is_no_certainty() {
    // R: the largest N with phyper(both - 1, first, N - first, second, lower.tail = FALSE) >= 0.025.
    for (first, second, both, most) in [
        (1, 1, 1, 40.0),
        (4, 4, 4, 7.0),
        (5, 5, 5, 7.0),
        (30, 10, 10, 41.0),
        (10, 30, 10, 41.0),
        (100, 3, 3, 339.0),
        (200, 150, 150, 202.0),
    ] {
        let twice = of_double_inspections(first, second, both).unwrap();
        let seen = f64::from(first.max(second));
        near(twice.loads, seen);
        assert_eq!((twice.se, twice.interval95.low), (None, twice.loads));
        assert_eq!(twice.interval95.high, most, "{first}, {second}, {both}");
    }
    let many = of_double_inspections(u32::MAX, 1, 1).unwrap();
    assert!(many.interval95.high.is_finite() && twice_as_high(&many));
}

fn twice_as_high(of: &Twice) -> bool {
    of.interval95.high > 2.0 * of.loads
}

#[test]
fn where_all_is_surely_found_loads_have_their_own_interval() {
    let sure = Detection { est: 1.0, interval95: Interval { low: 1.0, high: 1.0 } };
    // On the logarithm, with other distances on its sides, as an end that was counted makes them.
    for (est, low, high) in
        [(410.6, 74.2, 2_270.0), (100.0, 99.0, 140.0), (3.0, -1.0, 7.0), (-2.0, -5.0, -1.0)]
    {
        let (loads, interval) = corrected(est, Interval { low, high }, &sure);
        near(loads, est);
        near(interval.low, low);
        near(interval.high, high);
    }
}

#[test]
fn without_a_simulant_nothing_is_told_of_detection() {
    assert_eq!(
        of_plants(0, 0).unwrap_err().to_string(),
        "nothing was planted: nothing can be told of what is not found"
    );
    assert_eq!(of_plants(0, 2), Err(DetectionError::NoneFound { planted: 2 }));
}

#[test]
fn what_is_not_found_widens_what_was_there() {
    let own = Interval { low: 90.0, high: 120.0 };
    let unsure = of_plants(5, 10).unwrap();
    let (more, wider) = corrected(100.0, own, &unsure);
    near(more, 200.0);
    // By hand: half found, with 95 % from 0.187086 to 0.812914 (Clopper and Pearson).
    let far = |own: f64, detection: f64| own.ln().hypot(detection.ln()).exp();
    let Interval { low, high } = unsure.interval95;
    near(wider.low, 200.0 / far(100.0 / 90.0, high / 0.5));
    near(wider.high, 200.0 * far(120.0 / 100.0, 0.5 / low));
    // Each uncertainty alone is less.
    let (_, by_detection) = corrected(100.0, Interval { low: 100.0, high: 100.0 }, &unsure);
    near(by_detection.low, 100.0 / high);
    near(by_detection.high, 100.0 / low);
    assert!(wider.low < by_detection.low && by_detection.high < wider.high, "{wider:?} {by_detection:?}");
}

#[test]
fn an_interval_below_zero_stays_around_what_there_was() {
    let unsure = of_plants(5, 10).unwrap();
    for (low, high) in [(-1.0, 7.0), (-9.0, -1.0), (0.0, 7.0)] {
        let est = f64::midpoint(low, high);
        let (loads, interval) = corrected(est, Interval { low, high }, &unsure);
        assert!(interval.low <= loads && loads <= interval.high, "{loads} {interval:?}");
        assert!(interval.low <= low / 0.5 && high / 0.5 <= interval.high, "{interval:?}");
    }
}
