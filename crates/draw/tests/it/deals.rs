//! Laws of the deals.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use sekong_draw::{
    DealError, DrawKey, Purpose, RestRule, ShiftGroup, Stream, Subject, WeekDeal, deal_shift, deal_week,
    permute,
};
use sekong_model::{Moment, TeamId, UnitId};

fn stream(seed: u64) -> Stream {
    let (campaign, province) = ("c".parse().unwrap(), "p".parse().unwrap());
    let moment = Moment::Week { week: 0 };
    let subject = Subject {
        campaign: &campaign,
        province: &province,
        moment,
        unit: "pool",
        purpose: Purpose::DealWeek,
    };
    let mut dice = [0; 32];
    dice[..8].copy_from_slice(&seed.to_be_bytes());
    DrawKey::new(&dice, &[]).stream(&subject)
}

fn teams(count: usize) -> Vec<TeamId> {
    (0..count).map(|team| format!("team-{team:02}").parse().unwrap()).collect()
}

/// Upper bound of a chi-square variable, exceeded with probability at most e^-x: `d + 2√(d·x) + 2x`
/// (Laurent and Massart 2000, lemma 1).
fn chi_square_bound(degrees: f64, x: f64) -> f64 {
    degrees + 2.0 * (degrees * x).sqrt() + 2.0 * x
}

/// Pearson's statistic of counts that should all be equal.
fn chi_square(counts: impl Iterator<Item = u32>, expected: f64) -> f64 {
    counts.map(|count| (f64::from(count) - expected).powi(2) / expected).sum()
}

#[test]
fn every_permutation_is_equally_likely() {
    for (n, orders) in [(2_u8, 2_u32), (3, 6), (4, 24), (5, 120)] {
        let draws = 200 * orders;
        let mut counts: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
        for seed in 0..draws {
            let mut items: Vec<u8> = (0..n).collect();
            permute(&mut items, &mut stream(u64::from(seed)));
            *counts.entry(items).or_default() += 1;
        }
        assert_eq!(counts.len() as u32, orders);
        // ln(10^6) ≈ 13.8: a uniform permutation fails once in a million seeds, and the seeds are fixed.
        assert!(chi_square(counts.into_values(), 200.0) < chi_square_bound(f64::from(orders - 1), 13.8));
    }
}

#[test]
fn every_legal_week_is_equally_likely() {
    // Six teams, three shifts of two, one at work each: team 0 worked the last shift and may not begin with
    // the first.
    let rest = RestRule { worked: [(teams(6)[0].clone(), 2)].into(), too_close: [(2, 0)].into() };
    let legal = 720 - 120;
    let mut counts: BTreeMap<Vec<TeamId>, u32> = BTreeMap::new();
    for seed in 0..60_000 {
        let deal = deal_week(&teams(6), &[1, 1, 1], &rest, &mut stream(seed)).unwrap();
        let order = deal.groups.into_iter().flat_map(|group| group.teams).collect();
        *counts.entry(order).or_default() += 1;
    }
    assert_eq!(counts.len(), legal);
    assert!(chi_square(counts.into_values(), 100.0) < chi_square_bound(legal as f64 - 1.0, 13.8));
}

#[test]
fn a_rest_rule_that_nobody_can_keep_is_an_error() {
    let worked = teams(3).into_iter().map(|team| (team, 0)).collect();
    let rest = RestRule { worked, too_close: [(0, 0)].into() };
    assert_eq!(
        deal_week(&teams(3), &[1], &rest, &mut stream(0)),
        Err(DealError::NoLegalDeal { tries: sekong_draw::MAX_TRIES })
    );
}

#[test]
fn teams_are_dealt_once_to_shifts_that_have_enough() {
    let none = RestRule::default();
    let twice = [teams(1), teams(1)].concat();
    let short = deal_week(&teams(5), &[1, 1, 2], &none, &mut stream(0));
    assert_eq!(short, Err(DealError::TooFewTeams { shift: 2, teams: 1, units: 2 }));
    assert_eq!(deal_week(&teams(5), &[], &none, &mut stream(0)), Err(DealError::NoShifts { teams: 5 }));
    let team = twice[0].clone();
    assert_eq!(deal_week(&twice, &[1], &none, &mut stream(0)), Err(DealError::DuplicateTeam { team }));
    let counts = Err(DealError::CountsDiffer { teams: 2, units: 0 });
    assert_eq!(deal_shift(&teams(2), &[], &mut stream(0)), counts);
}

fn pool() -> impl Strategy<Value = (usize, Vec<usize>, u64)> {
    (1_usize..5).prop_flat_map(|shifts| {
        let units = proptest::collection::vec(0_usize..5, shifts);
        (units, 0_usize..6, any::<u64>()).prop_map(move |(units, more, seed)| {
            let most = units.iter().copied().max().unwrap_or(0);
            (most * shifts + more, units, seed)
        })
    })
}

fn free_week(teams_count: usize, units: &[usize], seed: u64) -> WeekDeal {
    deal_week(&teams(teams_count), units, &RestRule::default(), &mut stream(seed)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_team_has_one_place_and_groups_differ_by_at_most_one((count, units, seed) in pool()) {
        let deal = free_week(count, &units, seed);
        prop_assert_eq!(deal.places().len(), count);
        for (team, at) in deal.places() {
            prop_assert_eq!(&deal.groups[at.shift].teams[at.place], team);
        }
        let sizes: Vec<usize> = deal.groups.iter().map(|group| group.teams.len()).collect();
        prop_assert!(sizes.is_sorted_by(|a, b| a >= b));
        prop_assert!(sizes[0] - sizes[sizes.len() - 1] <= 1);
        prop_assert_eq!(sizes.iter().sum::<usize>(), count);
    }

    #[test]
    fn each_day_as_many_teams_work_as_there_are_units((count, units, seed) in pool(), day in 0_u8..7) {
        let deal = free_week(count, &units, seed);
        for (group, units) in deal.groups.iter().zip(&units) {
            prop_assert_eq!(group.on_duty(day).count(), *units);
        }
        prop_assert_eq!(deal.working(day).len(), units.iter().sum::<usize>());
    }

    #[test]
    fn over_as_many_days_as_teams_all_rest_alike(size in 1_usize..12, resting in 0_usize..12) {
        let resting = resting.min(size);
        let group = ShiftGroup { teams: teams(size), units: size - resting };
        for place in 0..size {
            let rests = (0..size as u8).filter(|day| group.rests(place, *day)).count();
            prop_assert_eq!(rests, resting);
        }
    }

    #[test]
    fn nobody_begins_the_week_too_soon_after_the_last(seed: u64) {
        let too_close: BTreeSet<(usize, usize)> = [(2, 0), (1, 0)].into();
        let before = free_week(15, &[3, 3, 3], seed);
        let rest = RestRule { worked: before.working(6), too_close };
        let week = deal_week(&teams(15), &[3, 3, 3], &rest, &mut stream(!seed)).unwrap();
        for (team, shift) in week.working(0) {
            prop_assert!(rest.allows(&team, shift), "{} works shift {} too soon", team, shift);
        }
    }

    #[test]
    fn a_shift_gives_every_unit_one_team(count in 0_usize..12, seed: u64) {
        let units: Vec<UnitId> = (0..count).map(|unit| format!("u{unit}").parse().unwrap()).collect();
        let deal = deal_shift(&teams(count), &units, &mut stream(seed)).unwrap();
        let dealt: BTreeSet<&TeamId> = units.iter().map(|unit| deal.team_of(unit).unwrap()).collect();
        prop_assert_eq!(dealt.len(), count);
    }
}
