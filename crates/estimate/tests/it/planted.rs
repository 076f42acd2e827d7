//! The test of teams by planted simulants against every outcome there is.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sekong_estimate::teams::{
    ALPHA, PlantedError, PlantedFinding, PlantedVisit, flag_at, misses_to_flag, test_planted,
};

const TEAM: &str = "A-01";

fn visit(week: u32, inspected: u32, found: u32, least: f64) -> PlantedVisit {
    PlantedVisit { week, team: TEAM.to_owned(), inspected, found, least }
}

fn teams(count: usize) -> BTreeSet<String> {
    (1..=count).map(|number| format!("A-{number:02}")).collect()
}

fn found(visits: &[PlantedVisit], count: usize) -> PlantedFinding {
    test_planted(&teams(count), visits).unwrap().into_iter().find(|of| of.team == TEAM).unwrap()
}

/// The e-value after each simulant of a sequence, opened a week each.
fn path(least: f64, outcomes: &[bool]) -> Vec<f64> {
    let one = |(week, is_found): (u32, &bool)| visit(week, 1, u32::from(*is_found), least);
    let visits: Vec<_> = (0..).zip(outcomes).map(one).collect();
    found(&visits, 1).e_values.into_iter().map(|(_, e)| e).collect()
}

/// Every sequence of so many outcomes.
fn sequences(count: usize) -> Vec<Vec<bool>> {
    (0..1_usize << count).map(|bits| (0..count).map(|at| bits >> at & 1 == 1).collect()).collect()
}

/// Chance of a sequence, if the true chance of each find depends on what was found before, and is q₀ at least: by `above` for each past, a
/// part of what is left to certainty.
fn chance(least: f64, above: &[f64], outcomes: &[bool]) -> f64 {
    let step = |at: usize| {
        let past = outcomes[..at].iter().fold(1, |past, is_found| 2 * past + usize::from(*is_found));
        let true_chance = least + (1.0 - least) * above[past % above.len()];
        if outcomes[at] { true_chance } else { 1.0 - true_chance }
    };
    (0..outcomes.len()).map(step).product()
}

#[test]
fn at_the_least_chance_the_expectation_is_one() {
    for least in [0.05, 0.4, 0.9] {
        let of = |outcomes: &Vec<bool>| {
            chance(least, &[0.0], outcomes) * path(least, outcomes).last().copied().unwrap()
        };
        let mean: f64 = sequences(8).iter().map(of).sum();
        assert!((mean - 1.0).abs() < 1e-9, "{least}: {mean}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Over every outcome of eight simulants, with true chances that change with the past in any way.
    #[test]
    fn above_the_least_chance_the_expectation_is_at_most_one(
        least in 0.01_f64..=1.0,
        above in prop::collection::vec(prop_oneof![Just(0.0), 0.0..=1.0], 1..64),
    ) {
        let of = |outcomes: &Vec<bool>| {
            let chance = chance(least, &above, outcomes);
            // What cannot happen has no part in the mean, whatever its value.
            if chance == 0.0 { 0.0 } else { chance * path(least, outcomes).last().copied().unwrap() }
        };
        let mean: f64 = sequences(8).iter().map(of).sum();
        prop_assert!(mean <= 1.0 + 1e-9, "{mean}");
    }

    /// Whoever looks after each simulant and stops when he likes sees c with chance at most 1/c.
    #[test]
    fn optional_looks_do_not_help(
        least in 0.05_f64..0.98,
        above in prop::collection::vec(prop_oneof![Just(0.0), 0.0..=1.0], 1..64),
        level in 1.5_f64..40.0,
    ) {
        let ever = |outcomes: &&Vec<bool>| path(least, outcomes).iter().any(|e| level <= *e);
        let all = sequences(9);
        let reached: f64 = all.iter().filter(ever).map(|outcomes| chance(least, &above, outcomes)).sum();
        prop_assert!(reached <= 1.0 / level + 1e-9, "{reached} at {level}");
    }

    /// How simulants are spread over visits of a week does not matter.
    #[test]
    fn a_visit_is_as_good_as_its_simulants(least in 0.01_f64..1.0, inspected in 1_u32..9, missed in 0_u32..9) {
        let found_of = inspected.saturating_sub(missed);
        let one = found(&[visit(0, inspected, found_of, least)], 3);
        let apart: Vec<_> = (0..inspected).map(|at| visit(0, 1, u32::from(at < found_of), least)).collect();
        let apart = found(&apart, 3);
        let (one, apart) = (one.e_values[0].1, apart.e_values[0].1);
        prop_assert!((one - apart).abs() <= 1e-9 * one);
    }
}

#[test]
fn a_blind_team_is_flagged_at_the_figure_that_is_told_and_not_before() {
    for (count, least) in [(4, 0.4), (20, 0.4), (20, 0.25), (60, 0.8)] {
        let misses = misses_to_flag(count, least);
        let of = |inspected| found(&[visit(3, inspected, 0, least)], count);
        assert_eq!((of(misses - 1).flag_week, of(misses).flag_week), (None, Some(3)), "{count} {least}");
        assert!(of(misses).e_values[0].1 >= count as f64 / ALPHA);
    }
    // Figures that a page may show: twenty teams, the two classes of the shipped campaign.
    assert_eq!((misses_to_flag(20, 0.4), misses_to_flag(20, 0.25)), (15, 26));
}

#[test]
fn teams_are_told_apart_and_the_level_is_that_of_all_teams() {
    let other = PlantedVisit { team: "A-02".to_owned(), ..visit(1, 40, 38, 0.4) };
    let all = test_planted(&teams(5), &[visit(1, 40, 2, 0.4), other]).unwrap();
    assert_eq!(all.len(), 5, "those that met none are there, too");
    assert_eq!((all[0].flag_week, all[0].ebh_week, all[1].flag_week), (Some(1), Some(1), None));
    assert_eq!((all[0].inspected, all[0].found, all[0].expected), (40, 2, 16.0));
    assert!(all[2].e_values.is_empty() && all[1].e_values[0].1 < 1.0);
    assert_eq!(flag_at(5), 100.0);
}

#[test]
fn what_is_no_record_of_plants_is_named() {
    let of = |visit: PlantedVisit| test_planted(&teams(2), &[visit]).unwrap_err();
    assert!(matches!(of(visit(0, 1, 2, 0.5)), PlantedError::MoreThanAll { found: 2, inspected: 1, .. }));
    for least in [0.0, -1.0, 1.5, f64::NAN] {
        assert!(matches!(of(visit(0, 1, 1, least)), PlantedError::Chance { .. }), "{least}");
    }
    let stranger = PlantedVisit { team: "B-01".to_owned(), ..visit(0, 1, 1, 0.5) };
    assert_eq!(of(stranger), PlantedError::UnknownTeam { team: "B-01".to_owned() });
}
