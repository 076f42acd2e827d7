//! The test of teams: its expectation over all deals, a peer's figures, and records that are none.

use proptest::prelude::*;
use sekong_estimate::Seed;
use sekong_estimate::teams::{
    ShiftDay, TeamFinding, TeamsError, Too, flag_at, power, test_days, test_days_among, test_teams,
};
use serde_json::Value;

fn unit(number: usize) -> String {
    format!("u{number}")
}

/// A shift of a day: the finds of its units, and the unit of each team.
fn day(week: u32, day: usize, shift: &str, finds: &[u32], dealt: &[(String, usize)]) -> ShiftDay {
    ShiftDay {
        week,
        day: day.to_string(),
        pool: "pool".to_owned(),
        shift: shift.to_owned(),
        units: finds.iter().enumerate().map(|(at, finds)| (unit(at), *finds)).collect(),
        dealt: dealt.iter().map(|(team, at)| (team.clone(), unit(*at))).collect(),
        away: Vec::new(),
    }
}

fn team(number: usize) -> String {
    format!("t{number:02}")
}

fn of<'a>(found: &'a [TeamFinding], name: &str) -> &'a TeamFinding {
    found.iter().find(|finding| finding.team == name).unwrap()
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let with = |order: &Vec<usize>, at: usize| {
        let mut longer = order.clone();
        longer.insert(at, count - 1);
        longer
    };
    shorter.iter().flat_map(|order| (0..count).map(move |at| with(order, at))).collect()
}

#[test]
fn a_peer_has_the_same_e_process() {
    let vectors: Value = serde_json::from_str(include_str!("golden/vectors.json")).unwrap();
    let vector = &vectors["eprocess_vector"];
    let list = |name: &str| vector[name].as_array().unwrap().iter().map(|of| of.as_f64().unwrap());
    let teams = vector["K"].as_u64().unwrap() as usize;
    let weeks = (1..).zip(list("total_hits").zip(list("team_hits")));
    let record = weeks.map(|(week, (total, own))| {
        // The first units have a find each; team 0 is on one of them, or on the last.
        let finds: Vec<u32> = (0..teams).map(|at| u32::from((at as f64) < total)).collect();
        let shift = if own == 1.0 { 0 } else { teams - 1 };
        let dealt: Vec<_> = (0..teams).map(|at| (team(at), (at + shift) % teams)).collect();
        day(week, 0, "00-08", &finds, &dealt)
    });
    let found = test_teams(&record.collect::<Vec<_>>()).unwrap();
    let e: Vec<f64> = of(&found, "t00").e_values.iter().map(|(_, e)| *e).collect();
    for (found, wanted) in e.iter().zip(list("e")) {
        assert!((found - wanted).abs() <= 1e-9 * wanted, "{found} {wanted}");
    }
    assert_eq!(e.len(), list("e").count());
    assert_eq!(flag_at(teams), 400.0);
}

proptest! {
    /// Two kinds of shift with two places and one, two days of each; the second day of the larger one has a place off.
    #[test]
    fn over_all_deals_the_expectation_is_one(finds in prop::collection::vec(0u32..6, 5)) {
        let (mut sum, mut deals) = (0.0, 0);
        for week in orders(3) {
            for first in orders(2) {
                for second in orders(2) {
                    let large: Vec<_> = (0..2).map(|at| (team(week[at]), first[at])).collect();
                    let off: Vec<_> =
                        (0..2).map(|at| (team(week[at]), second[at])).filter(|(_, unit)| *unit == 0).collect();
                    let small = [(team(week[2]), 0)];
                    let record = [
                        day(1, 0, "00-08", &finds[0..2], &large),
                        day(1, 1, "00-08", &finds[2..3], &off),
                        day(1, 0, "08-16", &finds[3..4], &small),
                        day(1, 1, "08-16", &finds[4..5], &small),
                    ];
                    let found = test_teams(&record).unwrap();
                    sum += of(&found, "t00").e_values[0].1;
                    let all: u32 = finds.iter().sum();
                    prop_assert!((of(&found, "t00").expected - f64::from(all) / 3.0).abs() < 1e-12);
                    prop_assert_eq!(found.iter().map(|of| of.found).sum::<u64>(), u64::from(all));
                    deals += 1;
                }
            }
        }
        prop_assert!((sum / f64::from(deals) - 1.0).abs() < 1e-9, "{} over {} deals", sum, deals);
    }
}

#[test]
fn who_finds_nothing_where_all_others_do_is_flagged_and_stays_so() {
    let record: Vec<ShiftDay> = (1..=26)
        .map(|week| {
            let dealt: Vec<_> = (0..20).map(|at| (team(at), (at + week as usize) % 20)).collect();
            let finds: Vec<u32> =
                (0..20).map(|at| u32::from((40 + at - week as usize) % 20 != 3) * 2).collect();
            day(week, 0, "00-08", &finds, &dealt)
        })
        .collect();
    let found = test_teams(&record).unwrap();
    let bad = of(&found, "t03");
    assert_eq!(bad.found, 0);
    let flagged = bad.flag_week.unwrap();
    assert!(bad.ebh_week.unwrap() <= flagged && flagged < 8, "{flagged}");
    let first = bad.e_values.iter().find(|(_, e)| *e >= flag_at(20)).unwrap();
    assert_eq!(first.0, flagged);
    assert!(found.iter().all(|of| of.team == "t03" || (of.flag_week.is_none() && of.ebh_week.is_none())));
}

/// Ville's bound is for every look: what a team stood at on a day of the week is not taken back by the rest of it.
#[test]
fn a_flag_that_is_reached_within_a_week_stands_though_the_week_ends_below_it() {
    let dealt: Vec<_> = (0..20).map(|at| (team(at), at)).collect();
    let finds =
        |own: u32, others: u32| (0..20).map(|at| if at == 3 { own } else { others }).collect::<Vec<_>>();
    let record: Vec<ShiftDay> = (0..7)
        .map(|at| {
            let (own, others) = if at < 5 { (0, 3) } else { (9, 0) };
            day(1, at, "00-08", &finds(own, others), &dealt)
        })
        .collect();
    let found = test_days(&record, Too::Little).unwrap();
    let own = of(&found, "t03");
    assert!(own.e_values[0].1 < flag_at(20), "{:?}", own.e_values);
    assert_eq!((own.flag_week, own.ebh_week), (Some(1), None), "e-BH is for values at one time");
    assert!(found.iter().all(|of| of.team == "t03" || of.flag_week.is_none()));
}

#[test]
fn a_lone_team_is_never_flagged() {
    let record: Vec<ShiftDay> = (1..50).map(|week| day(week, 0, "00-08", &[9], &[(team(0), 0)])).collect();
    let found = test_teams(&record).unwrap();
    assert!(found[0].e_values.iter().all(|(_, e)| (e - 1.0).abs() < 1e-9), "there is no lot");
}

#[test]
fn what_is_no_record_is_told_by_place() {
    let good = day(1, 0, "00-08", &[1, 0], &[(team(0), 0), (team(1), 1)]);
    let told = |days: &[ShiftDay]| test_teams(days).unwrap_err();
    assert!(matches!(told(&[good.clone(), good.clone()]), TeamsError::Twice { week: 1, .. }));
    let with = |units: &[(&str, u32)], dealt: &[(&str, &str)]| ShiftDay {
        units: units.iter().map(|(unit, finds)| ((*unit).to_owned(), *finds)).collect(),
        dealt: dealt.iter().map(|(team, unit)| ((*team).to_owned(), (*unit).to_owned())).collect(),
        ..good.clone()
    };
    assert!(matches!(
        told(&[with(&[("a", 1), ("a", 2)], &[])]),
        TeamsError::UnitTwice { field: "units", .. }
    ));
    let two = with(&[("a", 1), ("b", 2)], &[("t", "a"), ("t", "b")]);
    assert!(matches!(told(&[two]), TeamsError::TeamTwice { .. }));
    let shared = with(&[("a", 1), ("b", 2)], &[("t", "a"), ("s", "a")]);
    assert!(matches!(told(&[shared]), TeamsError::UnitTwice { field: "dealt", .. }));
    assert!(matches!(told(&[with(&[("a", 1)], &[("t", "z")])]), TeamsError::UnknownUnit { .. }));
    assert!(matches!(
        told(&[with(&[("a", 1), ("b", 1)], &[("t", "a")])]),
        TeamsError::MoreUnits { units: 2, teams: 1, .. }
    ));
    let other = ShiftDay { shift: "08-16".to_owned(), ..good.clone() };
    assert!(matches!(told(&[good.clone(), other]), TeamsError::TwoShifts { .. }));
    assert_eq!(test_teams(&[]), Ok(Vec::new()));
}

#[test]
fn who_misses_what_all_others_do_is_flagged_by_the_excess_alone() {
    let shift = |week: u32| {
        // Team 0 goes round the units, and misses six visits wherever it is.
        let own = week as usize % 5;
        let missed: Vec<u32> = (0..5).map(|at| if at == own { 6 } else { 0 }).collect();
        let dealt: Vec<_> = (0..5).map(|number| (team(number), (own + number) % 5)).collect();
        day(week, 0, "00-08", &missed, &dealt)
    };
    let record: Vec<ShiftDay> = (0..8).map(shift).collect();
    let excess = test_days(&record, Too::Much).unwrap();
    let flagged: Vec<&str> =
        excess.iter().filter(|of| of.flag_week.is_some()).map(|of| of.team.as_str()).collect();
    assert_eq!(flagged, ["t00"]);
    assert_eq!((of(&excess, "t00").found, of(&excess, "t01").found), (48, 0));
    assert_eq!(of(&test_teams(&record).unwrap(), "t00").flag_week, None);
}

#[test]
fn a_team_that_was_away_is_not_held_to_what_it_could_not_do() {
    let shift = |week: u32| {
        let own = week as usize % 5;
        let missed: Vec<u32> = (0..5).map(|at| if at == own { 6 } else { 0 }).collect();
        let dealt: Vec<_> = (0..5).map(|number| (team(number), (own + number) % 5)).collect();
        // Away from the second day of each week on.
        let days = (0..4)
            .map(|number| day(week, number, "00-08", &missed, &dealt))
            .map(|day| ShiftDay { away: if day.day == "0" { Vec::new() } else { vec![team(0)] }, ..day });
        days.collect::<Vec<_>>()
    };
    let record: Vec<ShiftDay> = (0..2).flat_map(shift).collect();
    let found = test_days(&record, Too::Much).unwrap();
    let present: Vec<ShiftDay> = record.iter().filter(|day| day.day == "0").cloned().collect();
    assert_eq!(
        of(&found, "t00"),
        of(&test_days(&present, Too::Much).unwrap(), "t00"),
        "only the first days count for it"
    );
    assert_eq!(of(&found, "t01").found, 0);
    let by_weeks = test_teams(&record).unwrap();
    assert!(of(&by_weeks, "t00").e_values.is_empty(), "by weeks no wager is laid on a week with a day away");
    assert_eq!(of(&by_weeks, "t01").e_values.len(), 2);
    // One of five, on the first day of both weeks; on the others the six lie where the ghost would have been.
    assert!((of(&found, "t01").expected - 2.4).abs() < 1e-12, "{found:?}");
    let mut wrong = record[1].clone();
    wrong.away = vec!["nobody".to_owned()];
    assert!(matches!(test_days(&[wrong], Too::Much), Err(TeamsError::AwayUndealt { .. })));
}

#[test]
fn units_left_to_ghosts_are_no_measure_for_the_others() {
    // Team 0 is a ghost: nobody finds anything where it would have been, and all is missed there.
    let shift = |week: u32| {
        let ghost = week as usize % 5;
        let missed: Vec<u32> =
            (0..5).map(|at| if at == ghost { 8 } else { u32::from(at == (ghost + 1) % 5) * 4 }).collect();
        let dealt: Vec<_> = (0..5).map(|number| (team(number), (ghost + number) % 5)).collect();
        ShiftDay { away: vec![team(0)], ..day(week, 0, "00-08", &missed, &dealt) }
    };
    let record: Vec<ShiftDay> = (0..12).map(shift).collect();
    let found = test_days(&record, Too::Much).unwrap();
    let first = of(&found, "t01");
    assert_eq!((first.found, first.expected), (48, 12.0), "four others share four visits a week");
    let strongest = &first.strongest[0];
    assert_eq!((first.strongest.len(), strongest.expected, strongest.counted), (5, 1.0, 4));
    assert!(of(&found, "t02").strongest.is_empty(), "it missed nothing");
    assert!(first.flag_week.is_some(), "{first:?}");
    assert!(found.iter().filter(|of| of.team != "t01").all(|of| of.flag_week.is_none()));
    let e_value = first.e_values.last().unwrap().1;
    for (teams, flagged) in
        [(2, true), ((e_value / 20.0) as usize, true), ((e_value / 20.0) as usize + 1, false)]
    {
        let found = test_days_among(&record, Too::Much, teams).unwrap();
        assert_eq!(of(&found, "t01").flag_week.is_some(), flagged, "among {teams} teams at {e_value}");
        assert_eq!(of(&found, "t01").e_values, first.e_values);
    }
}

/// With a ghost, too, the expectation over all deals is one, for every team that is there.
#[test]
fn over_all_deals_the_expectation_is_one_beside_a_ghost() {
    for finds in [[0, 3, 1, 0], [2, 2, 0, 9]] {
        let mut sums = [0.0; 3];
        let all = orders(4);
        for order in &all {
            let dealt: Vec<_> = (0..4).map(|number| (team(number), order[number])).collect();
            // The ghost's unit is never looked at.
            let seen: Vec<u32> = (0..4).map(|at| if at == order[0] { 0 } else { finds[at] }).collect();
            let record = [ShiftDay { away: vec![team(0)], ..day(0, 0, "00-08", &seen, &dealt) }];
            let found = test_days(&record, Too::Little).unwrap();
            (0..3).for_each(|at| sums[at] += of(&found, &team(at + 1)).e_values[0].1 / all.len() as f64);
        }
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-12), "{sums:?}");
    }
}

#[test]
fn many_finds_of_all_leave_the_values_numbers() {
    let deals: Vec<_> = (0..2).map(|number| (team(number), number)).collect();
    let record: Vec<ShiftDay> = (0..40).map(|week| day(week, 0, "00-08", &[9_000, 9_999], &deals)).collect();
    for found in [
        test_teams(&record).unwrap(),
        test_days(&record, Too::Little).unwrap(),
        test_days(&record, Too::Much).unwrap(),
    ] {
        let values = found.iter().flat_map(|of| &of.e_values);
        assert!(values.map(|(_, e)| e).all(|e| e.is_finite()), "{found:?}");
    }
}

/// A team that rests and one that is away are held to nothing, whatever the others find.
#[test]
fn by_days_a_ghost_that_also_rests_gains_nothing() {
    let shift = |number: u32| {
        // Four of five are dealt; team 4 is a ghost when it is dealt, and rests every fifth day.
        let dealt: Vec<_> = (0..5)
            .filter(|at| *at != number as usize % 5)
            .zip(0..)
            .map(|(at, unit)| (team(at), unit))
            .collect();
        let ghost = dealt.iter().find(|(name, _)| *name == team(4)).map(|(_, unit)| *unit);
        let finds: Vec<u32> =
            (0..4).map(|at| if Some(at) == ghost { 0 } else { 1 + at as u32 % 2 }).collect();
        let away = ghost.map(|_| team(4)).into_iter().collect();
        ShiftDay { away, ..day(number / 7, number as usize % 7, "00-08", &finds, &dealt) }
    };
    let found = test_days(&(0..140).map(shift).collect::<Vec<_>>(), Too::Little).unwrap();
    assert_eq!((of(&found, "t04").expected, of(&found, "t04").e_values.len()), (0.0, 0));
    assert_eq!(of(&found, "t04").flag_week, None);
}

/// Six teams on units that each have so many finds on one day of seven, for some weeks.
fn alike(finds: u32, weeks: u32) -> Vec<ShiftDay> {
    let deal = |at: usize| (0..6).map(|number| (team(number), (number + at) % 6)).collect::<Vec<_>>();
    let shift = |at: usize| {
        let finds = if at.is_multiple_of(7) { finds } else { 0 };
        day((at / 7) as u32, at, "00-08", &[finds; 6], &deal(at))
    };
    (0..7 * weeks as usize).map(shift).collect()
}

/// The power is how often the test flags records in which a team does hold back: made here, team by team, and put to the test itself.
#[test]
fn the_power_is_what_the_test_does_when_a_team_holds_back() {
    let record = alike(1, 4);
    let [of_pool] = &power(&record, 0.8, 0, Seed(5)).unwrap()[..] else { panic!("one pool") };
    assert_eq!((of_pool.pool.as_str(), of_pool.teams, of_pool.expected), ("pool", 6, 4.0));
    let mut state = 1_u64;
    let mut kept = |found: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if (state >> 33) % 10 < 2 { found } else { 0 }
    };
    let mut flagged = 0;
    for trial in 0..240 {
        let own = team(trial % 6);
        let mut held = record.clone();
        for shift in &mut held {
            let unit = shift.dealt.iter().find(|(team, _)| *team == own).unwrap().1.clone();
            let finds = shift.units.iter_mut().find(|(name, _)| *name == unit).unwrap();
            finds.1 = kept(finds.1);
        }
        flagged += u32::from(of(&test_days(&held, Too::Little).unwrap(), &own).flag_week.is_some());
    }
    let wanted = f64::from(flagged) / 240.0;
    assert!((0.05..0.95).contains(&wanted), "{wanted} tells nothing");
    assert!((of_pool.chance - wanted).abs() < 0.15, "{} {wanted}", of_pool.chance);
}

#[test]
fn power_grows_with_finds_and_weeks_and_is_none_without() {
    let chance =
        |finds, weeks, held_back| power(&alike(finds, weeks), held_back, 0, Seed(5)).unwrap()[0].chance;
    assert_eq!([chance(0, 20, 0.8), chance(3, 20, 0.0), chance(3, 20, 0.8)], [0.0, 0.0, 1.0]);
    assert!(chance(1, 2, 0.8) < chance(1, 8, 0.8) && chance(1, 4, 0.3) < chance(1, 4, 0.9));
    assert_eq!(power(&[], 0.8, 0, Seed(5)), Ok(Vec::new()));
}
