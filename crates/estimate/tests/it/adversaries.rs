//! Offices that steer, and honest ones beside them: who is flagged, how often, how soon.

use std::num::NonZeroU32;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sekong_estimate::Seed;
use sekong_estimate::declarers::{
    DealtShift, Method, PValues, Power, PowerError, Steering, power, standing_test,
};

use crate::{OFFICES, finding, key, office, shift, team, terms};

fn campaigns(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn power_of(steering: Steering, number: u32) -> Power {
    power(&steering, campaigns(number), Seed(2017)).unwrap()
}

#[test]
fn honest_offices_are_flagged_no_more_often_than_promised_however_often_one_looks() {
    for (teams, honest_chance) in [(6, 0.05), (12, 0.02)] {
        // One declarer, so that α is all its own.
        let honest = Steering { teams, honest_chance, declarers: campaigns(1), ..Steering::default() };
        let found = power_of(honest, 10_000);
        assert!(found.share > 0.0 && found.share_high <= 0.05, "{found:?}");
    }
}

#[test]
fn one_who_always_removes_the_best_is_flagged_within_days() {
    let steering = Steering { steered_chance: 1.0, ..Steering::default() };
    let found = power_of(steering, 1_000);
    assert_eq!(found.share, 1.0, "{found:?}");
    assert!(found.half_after_shifts.unwrap() <= 9, "{found:?}");
}

#[test]
fn the_more_is_steered_the_more_is_seen_and_sooner() {
    let found = [0.0, 0.05, 0.1, 0.2, 0.5]
        .map(|steered_chance| power_of(Steering { steered_chance, ..Steering::default() }, 1_000));
    assert!(found.windows(2).all(|pair| pair[0].share <= pair[1].share), "{found:?}");
    assert!(found[0].share <= 0.02 && found[3].share > 0.95, "{found:?}");
    assert!(found[4].half_after_shifts < found[3].half_after_shifts, "{found:?}");
}

#[test]
fn a_question_without_an_answer_is_refused() {
    let ask = |steering: Steering| power(&steering, campaigns(1), Seed(0)).unwrap_err();
    assert_eq!(ask(Steering { teams: 1, ..Steering::default() }), PowerError::Teams { found: 1 });
    let wrong = Steering { steered_chance: 1.5, ..Steering::default() };
    assert_eq!(ask(wrong), PowerError::Chance { what: "steered_chance", found: 1.5 });
}

/// A record in which office A removes the best unit's team with this chance a shift; both offices are otherwise honest.
fn record(seed: u64, shifts: usize, steered_chance: f64) -> Vec<DealtShift> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let mut chance = move || (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let of_shift = |number: usize| {
        // Random worths are as good a deal as a random permutation.
        let worths: Vec<f64> = (0..8).map(|_| chance()).collect();
        let is_steered = chance() < steered_chance;
        let best = (0..8).max_by(|one, other| worths[*one].total_cmp(&worths[*other])).unwrap();
        let mut absent = Vec::new();
        for at in 0..8 {
            if (is_steered && at == best) || chance() < 0.05 {
                absent.push((team(at), office(OFFICES[0])));
            }
            if chance() < 0.1 {
                absent.push((team(at), office(OFFICES[1])));
            }
        }
        let dealt = worths.iter().enumerate().map(|(at, worth)| (team(at), *worth)).collect();
        DealtShift::new(key(number), dealt, absent).unwrap()
    };
    (0..shifts).map(of_shift).collect()
}

#[test]
fn an_honest_office_beside_one_that_steers_keeps_its_promise() {
    let runs = 1_000;
    let (mut steering, mut honest) = (0, 0);
    for seed in 0..runs {
        let findings = standing_test(&record(seed, 90, 0.5), &terms()).unwrap();
        steering += u64::from(findings[0].flagged.is_some());
        honest += u64::from(findings[1].flagged.is_some());
    }
    // Two declarers share α = 0.05.
    assert!(steering > runs * 95 / 100 && honest <= runs * 25 / 1000, "{steering} and {honest} of {runs}");
}

#[test]
fn honest_p_values_are_not_below_a_level_more_often_than_it_says() {
    let runs = 1_000;
    let p = |seed: u64| standing_test(&record(seed, 30, 0.0), &terms()).unwrap().swap_remove(1).p;
    let p: Vec<PValues> = (0..runs).map(p).collect();
    for level in [0.05, 0.2, 0.5] {
        for side in 0..3 {
            let of = |p: &PValues| [p.low, p.high, p.two][side];
            let share = p.iter().filter(|p| of(p) <= level).count() as f64 / runs as f64;
            // Four standard errors.
            let most = level + 4.0 * (level * (1.0 - level) / runs as f64).sqrt();
            assert!(share <= most && share > level / 2.0, "{share} below {level}");
        }
    }
}

#[test]
fn half_a_year_of_the_best_is_an_exact_p_value_at_its_floor_and_a_flag_on_the_second_day() {
    let worths: Vec<f64> = (0..12).map(f64::from).collect();
    let found = finding(&(0..543).map(|number| shift(number, &worths, &[11])).collect::<Vec<_>>());
    assert_eq!((found.absences, found.shifts), (543, 543));
    assert_eq!(found.p.method, Method::Exact);
    assert_eq!(found.p.high, 1e-270);
    assert!((found.p.low - 1.0).abs() < 1e-12, "{found:?}");
    assert_eq!(found.e_value, f64::MAX);
    assert_eq!(found.flagged, Some(key(3)), "{found:?}");
}
