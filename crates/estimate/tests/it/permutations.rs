//! The test against every permutation there is.

use proptest::prelude::*;
use sekong_estimate::Seed;
use sekong_estimate::declarers::{DealtShift, Method, standing_test};

use crate::{finding, is_near, shift, terms};

/// All orders of some items.
fn permutations(items: &[f64]) -> Vec<Vec<f64>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let first = |at: usize| {
        let rest = [&items[..at], &items[at + 1..]].concat();
        permutations(&rest).into_iter().map(move |order| [&[items[at]], &order[..]].concat())
    };
    (0..items.len()).flat_map(first).collect()
}

/// Every way in which the lot could have dealt the shifts.
fn deals(shifts: &[(Vec<f64>, usize)]) -> Vec<Vec<DealtShift>> {
    let mut deals: Vec<Vec<DealtShift>> = vec![Vec::new()];
    for (number, (worths, size)) in shifts.iter().enumerate() {
        let away: Vec<usize> = (0..*size).collect();
        let orders: Vec<DealtShift> =
            permutations(worths).iter().map(|order| shift(number, order, &away)).collect();
        let with =
            |deal: &Vec<DealtShift>, order: &DealtShift| [&deal[..], std::slice::from_ref(order)].concat();
        deals = deals.iter().flat_map(|deal| orders.iter().map(|order| with(deal, order))).collect();
    }
    deals
}

/// Twice the mid-ranks of the first `size` teams less their mean, by sorting.
fn score(worths: &[f64], size: usize) -> f64 {
    let mut order = worths.to_vec();
    order.sort_by(f64::total_cmp);
    let mid_rank = |worth: &f64| {
        let places =
            (1..).zip(&order).filter(|(_, other)| *other == worth).map(|(place, _)| f64::from(place));
        let places: Vec<f64> = places.collect();
        places.iter().sum::<f64>() / places.len() as f64
    };
    worths[..size].iter().map(|worth| 2.0 * mid_rank(worth) - (worths.len() + 1) as f64).sum()
}

/// A shift of up to `teams` teams with ties among the worths, and how many of them are absent.
fn dealt(teams: usize) -> impl Strategy<Value = (Vec<f64>, usize)> {
    let worths = proptest::collection::vec((0i8..5).prop_map(f64::from), 1..=teams);
    worths.prop_flat_map(|worths| {
        let teams = worths.len();
        (Just(worths), 1..=teams)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_e_value_has_mean_one_over_all_deals(one in dealt(6), other in dealt(3)) {
        for shifts in [vec![one.clone()], vec![one.clone(), other]] {
            let values: Vec<f64> = deals(&shifts).iter().map(|deal| finding(deal).e_value).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!((mean - 1.0).abs() <= 1e-12, "{mean}");
        }
    }

    #[test]
    fn exact_p_values_count_the_deals_that_are_as_extreme(one in dealt(6), other in dealt(3)) {
        for shifts in [vec![one.clone()], vec![one.clone(), other]] {
            let deals = deals(&shifts);
            let orders: Vec<Vec<Vec<f64>>> = shifts.iter().map(|(worths, _)| permutations(worths)).collect();
            let mut sums = vec![0.0];
            for (orders, (_, size)) in orders.iter().zip(&shifts) {
                sums = sums.iter().flat_map(|sum| orders.iter().map(move |order| sum + score(order, *size))).collect();
            }
            let share = |is: &dyn Fn(f64) -> bool| {
                sums.iter().filter(|sum| is(**sum)).count() as f64 / sums.len() as f64
            };
            for (deal, own) in deals.iter().zip(&sums).step_by(97) {
                let p = finding(deal).p;
                let (low, high) = (share(&|sum| sum <= own + 1e-9), share(&|sum| sum >= own - 1e-9));
                prop_assert_eq!(p.method, Method::Exact);
                prop_assert!(is_near(p.low, low) && is_near(p.high, high), "{p:?} {low} {high}");
                prop_assert!(is_near(p.two, (2.0 * low.min(high)).min(1.0)), "{p:?}");
            }
        }
    }
}

#[test]
fn where_exact_p_values_cost_too_much_samples_come_near_the_normal_ones() {
    // Of 200 teams, 5 a shift over 60 shifts; none of the four that are always away is a multiple of 3.
    let worths: Vec<f64> = (0..200).map(f64::from).collect();
    let away = |number: usize| [number * 3 + 9, 40, 80, 121, 175];
    let record: Vec<DealtShift> = (0..60).map(|number| shift(number, &worths, &away(number))).collect();
    let found = finding(&record).p;
    let Method::MonteCarlo { samples } = found.method else { panic!("{found:?}") };
    assert_eq!(samples.get(), 9_999);
    // A subset's sum has variance m (n − m) (n + 1) / 12 in ranks, four times that in scores.
    let deviation = (60.0 * 5.0 * 195.0 * 201.0 / 3.0f64).sqrt();
    let sum: f64 = (0..60).flat_map(away).map(|place| 2.0 * place as f64 - 199.0).sum();
    let high = 0.5 * erfc(sum / deviation / 2f64.sqrt());
    assert!((found.high - high).abs() < 0.02, "{found:?}, normal {high}");
    let mut other = terms();
    other.seed = Seed(8);
    let again = standing_test(&record, &terms()).unwrap().swap_remove(0).p;
    assert_eq!(again, found, "the same seed draws the same permutations");
    let elsewhere = standing_test(&record, &other).unwrap().swap_remove(0).p;
    assert!(elsewhere != found && (elsewhere.high - found.high).abs() < 0.03, "{elsewhere:?}");
}

/// Complementary error function (Abramowitz & Stegun 7.1.26, error below 2e-7, for arguments of either sign).
fn erfc(of: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * of.abs());
    let series = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    let tail = series.iter().rev().fold(0.0, |sum, term| (sum + term) * t) * (-of * of).exp();
    if of >= 0.0 { tail } else { 2.0 - tail }
}
