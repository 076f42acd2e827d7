//! What must not matter to the test, and what it refuses.

use proptest::prelude::*;
use sekong_estimate::Seed;
use sekong_estimate::declarers::{
    Alpha, AlphaError, DealtShift, Declarer, Finding, MeanWorths, NamelessDeclarer, PValues, RecordError,
    ShiftError, TEAMS_MAX, Terms, standing_test,
};

use crate::{OFFICES, finding, key, office, set, shift, team, terms};

/// Worths, and for each team whether office A and office B declared it absent.
type Dealt = Vec<(f64, bool, bool)>;

fn record() -> impl Strategy<Value = Vec<Dealt>> {
    let team = ((-20i32..20).prop_map(|worth| f64::from(worth) / 4.0), any::<bool>(), any::<bool>());
    proptest::collection::vec(proptest::collection::vec(team, 1..8), 1..8)
}

fn shift_of(number: usize, dealt: &Dealt, order: &[usize]) -> DealtShift {
    let dealt_to = order.iter().map(|at| (team(*at), dealt[*at].0)).collect();
    let by_a = order.iter().filter(|at| dealt[**at].1).map(|at| (team(*at), office(OFFICES[0])));
    let by_b = order.iter().filter(|at| dealt[**at].2).map(|at| (team(*at), office(OFFICES[1])));
    DealtShift::new(key(number), dealt_to, by_b.chain(by_a).collect()).unwrap()
}

fn findings(record: &[Dealt]) -> Vec<Finding> {
    let shifts = record.iter().enumerate();
    let shifts: Vec<DealtShift> =
        shifts.map(|(at, dealt)| shift_of(at, dealt, &(0..dealt.len()).collect::<Vec<_>>())).collect();
    standing_test(&shifts, &terms()).unwrap()
}

/// All but the worths, which have the caller's measure.
fn without_worths(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().map(|finding| Finding { worths: None, ..finding }).collect()
}

fn is_same(one: &Finding, other: &Finding) -> bool {
    let near = |one: f64, other: f64| (one - other).abs() <= 1e-9 * one.abs().max(1.0);
    let worths = |finding: &Finding| finding.worths.map_or((0.0, 0.0), |of| (of.removed, of.all));
    one.declarer == other.declarer
        && (one.absences, one.shifts, &one.flagged) == (other.absences, other.shifts, &other.flagged)
        && near(worths(one).0, worths(other).0)
        && near(worths(one).1, worths(other).1)
        && near(one.p.low, other.p.low)
        && near(one.p.high, other.p.high)
        && near(one.e_value, other.e_value)
}

proptest! {
    #[test]
    fn the_order_of_teams_absences_and_shifts_does_not_matter(record in record(), turn in 0usize..8) {
        let turned = |at: usize, dealt: &Dealt| {
            let mut order: Vec<usize> = (0..dealt.len()).rev().collect();
            order.rotate_left(turn % dealt.len());
            shift_of(at, dealt, &order)
        };
        let mut shifts: Vec<DealtShift> = record.iter().enumerate().map(|(at, dealt)| turned(at, dealt)).collect();
        shifts.reverse();
        let other = standing_test(&shifts, &terms()).unwrap();
        for (one, other) in findings(&record).iter().zip(&other) {
            prop_assert!(is_same(one, other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn which_team_is_which_does_not_matter(record in record(), turn in 0usize..8) {
        let renamed = record.iter().map(|dealt| {
            let mut dealt = dealt.clone();
            let teams = dealt.len();
            dealt.rotate_left(turn % teams);
            dealt
        });
        let renamed: Vec<Dealt> = renamed.collect();
        for (one, other) in findings(&record).iter().zip(&findings(&renamed)) {
            prop_assert!(is_same(one, other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn only_the_order_of_the_worths_matters(record in record()) {
        let bent = record.iter().map(|dealt| {
            dealt.iter().map(|(worth, a, b)| (worth.powi(3) * 7.0 - 1e6, *a, *b)).collect()
        });
        let bent: Vec<Dealt> = bent.collect();
        prop_assert_eq!(without_worths(findings(&record)), without_worths(findings(&bent)));
    }

    #[test]
    fn worths_upside_down_exchange_the_sides(record in record()) {
        let turned = record.iter().map(|dealt| dealt.iter().map(|(worth, a, b)| (-worth, *a, *b)).collect());
        let turned: Vec<Dealt> = turned.collect();
        for (one, other) in findings(&record).iter().zip(&findings(&turned)) {
            let mirrored = Finding {
                worths: other.worths.map(|of| MeanWorths { removed: -of.removed, all: -of.all }),
                p: PValues { low: other.p.high, high: other.p.low, ..other.p },
                ..other.clone()
            };
            prop_assert!(is_same(one, &mirrored), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_shift_without_absences_and_a_shift_all_absent_say_nothing(record in record(), all in any::<bool>()) {
        let mut longer = record.clone();
        longer.push(vec![(1.0, all, all), (2.0, all, all), (5.0, all, all)]);
        for (one, other) in findings(&record).iter().zip(&findings(&longer)) {
            prop_assert!((one.e_value - other.e_value).abs() <= 1e-12 * one.e_value, "{one:?} {other:?}");
            prop_assert!((one.p.high - other.p.high).abs() <= 1e-12, "{one:?} {other:?}");
        }
    }

    #[test]
    fn what_others_declare_does_not_matter(record in record()) {
        let alone = record.iter().map(|dealt| dealt.iter().map(|(worth, a, _)| (*worth, *a, false)).collect());
        let alone: Vec<Dealt> = alone.collect();
        prop_assert_eq!(&findings(&record)[0], &findings(&alone)[0]);
    }

    #[test]
    fn days_to_come_change_no_flag(lucky in 1usize..30, later in 0usize..30) {
        let worths = [1.0, 2.0, 3.0, 4.0, 5.0];
        let steered = |number: usize| shift(number, &worths, &[if number < lucky { 4 } else { 0 }]);
        let record: Vec<DealtShift> = (0..lucky + later).map(steered).collect();
        let (before, after) = (finding(&record[..lucky]), finding(&record));
        prop_assert!(before.flagged.is_none() || before.flagged == after.flagged);
        prop_assert!(before.e_value_highest <= after.e_value_highest);
    }
}

#[test]
fn a_shift_that_is_half_valid_is_refused() {
    let two = vec![(team(0), 1.0), (team(1), 2.0)];
    let new = |dealt: &[(sekong_model::TeamId, f64)], absent: &[usize]| {
        let absent = absent.iter().map(|at| (team(*at), office(OFFICES[0]))).collect();
        DealtShift::new(key(0), dealt.to_vec(), absent).unwrap_err()
    };
    let (key, declarer) = (key(0), office(OFFICES[0]));
    assert_eq!(new(&[], &[]), ShiftError::NobodyDealt { key: key.clone() });
    let many: Vec<_> = (0..=TEAMS_MAX).map(|at| (team(at), 0.0)).collect();
    assert_eq!(new(&many, &[]), ShiftError::TooManyTeams { key: key.clone(), teams: TEAMS_MAX + 1 });
    let again = [two.clone(), vec![(team(1), 3.0)]].concat();
    assert_eq!(new(&again, &[]), ShiftError::DealtTwice { key: key.clone(), team: team(1) });
    let endless = [two.clone(), vec![(team(2), f64::INFINITY)]].concat();
    let worth = f64::INFINITY;
    assert_eq!(new(&endless, &[]), ShiftError::WorthNotFinite { key: key.clone(), team: team(2), worth });
    let stranger = ShiftError::NotDealt { key: key.clone(), team: team(5), declarer: declarer.clone() };
    assert_eq!(new(&two, &[0, 5]), stranger);
    assert_eq!(new(&two, &[0, 0]), ShiftError::AbsentTwice { key, team: team(0), declarer });
}

#[test]
fn a_record_with_a_shift_twice_or_an_office_unknown_is_refused() {
    let twice = [shift(0, &[1.0], &[0]), shift(1, &[1.0], &[]), shift(0, &[1.0, 2.0], &[])];
    assert_eq!(standing_test(&twice, &terms()), Err(RecordError::ShiftTwice { key: key(0) }));
    let only_b = Terms::new(set(&["office B"]), Seed(0));
    let unknown = RecordError::UnknownDeclarer { key: key(0), declarer: office(OFFICES[0]) };
    assert_eq!(standing_test(&twice[..2], &only_b), Err(unknown));
}

#[test]
fn names_and_chances_are_parsed() {
    assert_eq!(Declarer::try_from(" ".to_owned()), Err(NamelessDeclarer));
    assert_eq!(office("duty office").to_string(), "duty office");
    for found in [0.0, 1.0, -0.1, f64::INFINITY] {
        assert_eq!(Alpha::try_from(found), Err(AlphaError { found }));
    }
    assert!(Alpha::try_from(f64::NAN).is_err());
    assert_eq!(terms().flag_at(), 40.0);
}

#[test]
fn the_largest_worths_have_a_mean() {
    let worths = finding(&[shift(0, &[f64::MAX, f64::MAX, f64::MAX / 2.0], &[0, 1])]).worths.unwrap();
    assert!(worths.removed.is_finite() && worths.all.is_finite() && worths.all < worths.removed);
}
