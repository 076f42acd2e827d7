//! Flows: unbiased over every path that a plan can take, as scattered as a peer's enumeration says, and honest about what is missing.

use std::collections::BTreeMap;

use proptest::prelude::*;
use sekong_estimate::Seed;
use sekong_estimate::flow::{
    Domain, FlowError, Kind, Method, Planted, ProvinceDay, Quantity, Record, Shrunk, Slot, Uncertainty, Visit,
};
use sekong_model::{Counts, Day, Drug, Find, Finds, Hour, Transport};
use serde::Deserialize;

/// Two units on one chain over three posts and four hours, enumerated by the peer (numpy).
#[derive(Deserialize)]
struct Markov {
    pi0: Vec<f64>,
    #[serde(rename = "P")]
    steps: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    p_single: Vec<f64>,
    pi: Vec<f64>,
    total: f64,
    #[serde(rename = "HT_variance_formula")]
    variance: f64,
    team_mean_variance_true: f64,
}

const POSTS: usize = 3;
const HOURS: usize = 4;

impl Markov {
    fn read() -> Markov {
        #[derive(Deserialize)]
        struct Vectors {
            markov_design_exact: Markov,
        }
        let all: Vectors = serde_json::from_str(include_str!("golden/vectors.json")).unwrap();
        all.markov_design_exact
    }

    /// Every path of one unit with its probability.
    fn paths(&self) -> Vec<(Vec<usize>, f64)> {
        let mut paths: Vec<(Vec<usize>, f64)> = (0..POSTS).map(|post| (vec![post], self.pi0[post])).collect();
        for _ in 1..HOURS {
            let step = |(path, chance): &(Vec<usize>, f64)| {
                let (path, from, chance) = (path.clone(), *path.last().unwrap(), *chance);
                let on = move |to: usize| ([path.clone(), vec![to]].concat(), chance * self.steps[from][to]);
                (0..POSTS).map(on).collect::<Vec<_>>()
            };
            paths = paths.iter().flat_map(step).collect();
        }
        paths
    }

    /// Expected arrivals of one unit.
    fn arrivals(&self, hour: usize, post: usize) -> f64 {
        let from = |from: usize| self.p_single[(hour - 1) * POSTS + from] * self.steps[from][post];
        if hour == 0 { self.pi0[post] } else { (0..POSTS).filter(|at| *at != post).map(from).sum() }
    }

    fn day(&self, number: i32, paths: &[&[usize]]) -> ProvinceDay {
        let slot = |at: usize| {
            let (hour, post) = (at / POSTS, at % POSTS);
            let y = self.y[hour][post] as u32;
            let here = paths.iter().enumerate().filter(|(_, path)| path[hour] == post);
            let visit = |(unit, path): (usize, &&[usize])| Visit {
                unit: format!("unit-{unit}").parse().unwrap(),
                counts: Some(Counts::new(y, y, y.min(1)).unwrap()),
                finds: Finds::default(),
                arrived: hour == 0 || path[hour - 1] != post,
                planted: Planted::default(),
            };
            Slot {
                post: format!("P{post}").parse().unwrap(),
                hour: Hour::try_from(hour as u8).unwrap(),
                inclusion: self.pi[at],
                visits_expected: 2.0 * self.p_single[at],
                arrivals_expected: 2.0 * self.arrivals(hour, post),
                visits: here.map(visit).collect(),
            }
        };
        ProvinceDay { slots: (0..POSTS * HOURS).map(slot).collect(), ..day(number, Vec::new()) }
    }
}

fn day(number: i32, slots: Vec<Slot>) -> ProvinceDay {
    let first: Day = "2017-01-01".parse().unwrap();
    let province = "stung-treng".parse().unwrap();
    ProvinceDay { province, day: first.plus_days(number).unwrap(), regime: 0, slots }
}

/// Mean and variance of an estimate over every pair of paths.
fn enumerated(markov: &Markov, estimate: impl Fn(&[&[usize]]) -> f64) -> (f64, f64) {
    let paths = markov.paths();
    let (mut mean, mut square) = (0.0, 0.0);
    for (one, chance) in &paths {
        for (other, beside) in &paths {
            let value = estimate(&[one, other]);
            mean += chance * beside * value;
            square += chance * beside * value * value;
        }
    }
    (mean, square - mean * mean)
}

fn near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() <= 1e-10 * wanted.abs(), "{found} for {wanted}");
}

#[test]
fn over_every_path_the_estimates_are_right_and_scatter_as_the_peer_says() {
    let markov = Markov::read();
    let of = |method| {
        enumerated(&markov, |paths| {
            let record = Record::new(vec![markov.day(0, paths)]).unwrap();
            record.flow(&Domain::default(), Quantity::Passed, method).est
        })
    };
    let (mean, variance) = of(Method::HorvitzThompson);
    near(mean, markov.total);
    near(variance, markov.variance);
    let (mean, variance) = of(Method::PerUnit);
    near(mean, markov.total);
    near(variance, markov.team_mean_variance_true);
}

#[test]
fn a_prediction_from_earlier_days_makes_no_bias_and_less_scatter() {
    let markov = Markov::read();
    let early: Vec<ProvinceDay> =
        (0..6).map(|number| markov.day(number, &[&[0, 1, 2, 0], &[1, 0, 0, 2]])).collect();
    let last = |method, paths: &[&[usize]]| {
        let mut days = early.clone();
        days.push(markov.day(6, paths));
        let daily = Record::new(days).unwrap().daily(&Domain::default(), Quantity::Passed, method);
        daily.last().unwrap().1
    };
    let (mean, variance) = enumerated(&markov, |paths| last(Method::Difference, paths));
    near(mean, markov.total);
    assert!(variance < 0.8 * markov.variance, "{variance} for {}", markov.variance);
}

#[test]
fn arriving_and_staying_estimate_the_same_where_nobody_avoids() {
    let markov = Markov::read();
    let of = |staying: bool| {
        enumerated(&markov, |paths| {
            // A fixed day beside it, so that there are days to compare and something in both kinds of hours.
            let fixed: [&[usize]; 2] = [&[2, 0, 0, 2], &[1, 0, 0, 2]];
            let days = (1..4).map(|number| markov.day(number, &fixed));
            let record = Record::new([markov.day(0, paths)].into_iter().chain(days).collect()).unwrap();
            let found = record.avoidance(&Domain::default(), Quantity::Passed).unwrap();
            if staying { found.staying } else { found.arriving }
        })
        .0
    };
    let fixed = |staying: bool| {
        let days = (1..4).map(|number| markov.day(number, &[&[2, 0, 0, 2], &[1, 0, 0, 2]]));
        let found =
            Record::new(days.collect()).unwrap().avoidance(&Domain::default(), Quantity::Passed).unwrap();
        if staying { found.staying } else { found.arriving }
    };
    // The first hour knows no staying, so it is not compared.
    let comparable = markov.total - markov.y[0].iter().sum::<f64>();
    near(of(true) - fixed(true), comparable);
    near(of(false) - fixed(false), comparable);
}

const MET: Method = Method::HorvitzThompson;

fn slot(post: &str, inclusion: f64, visits: Vec<Visit>) -> Slot {
    Slot {
        post: post.parse().unwrap(),
        hour: Hour::MIDNIGHT,
        inclusion,
        visits_expected: inclusion,
        arrivals_expected: inclusion,
        visits,
    }
}

fn visit(unit: &str, counts: Option<(u32, u32, u32)>) -> Visit {
    let counts = counts.map(|(passed, inspected, found)| Counts::new(passed, inspected, found).unwrap());
    Visit {
        unit: unit.parse().unwrap(),
        counts,
        finds: Finds::default(),
        arrived: true,
        planted: Planted::default(),
    }
}

fn record(days: &[Option<(u32, u32, u32)>]) -> Record {
    let one = |(number, counts): (i32, &Option<(u32, u32, u32)>)| {
        day(number, vec![slot("P0", 0.5, vec![visit("u", *counts)]), slot("P1", 0.0, Vec::new())])
    };
    Record::new((0..).zip(days).map(one).collect()).unwrap()
}

#[test]
fn what_is_missing_is_bounded_on_both_sides() {
    let found = record(&[Some((10, 5, 1)), None, Some((20, 5, 2)), None]);
    let flow = found.flow(&Domain::default(), Quantity::Loads, Method::HorvitzThompson);
    assert_eq!((flow.visits, flow.visits_lost, flow.slots_unreachable, flow.days), (4, 2, 4, 4));
    // 10·1/5 and 20·2/5 stand for 4 and 16 at a chance of one half; the most is 8 in a slot.
    assert_eq!((flow.lost.low, flow.lost.high), (20.0, 52.0));
    assert!(flow.lost.low < flow.est && flow.est < flow.lost.high, "{flow:?}");
    assert_eq!(flow.weight_share_max, 16.0 / flow.est);
}

#[test]
fn a_slot_has_no_more_than_all_of_an_estimate_by_difference() {
    // 10/0.5 on the first day; on the second 10 that are predicted, and (0 − 10)/0.5: 10 in all, and 20 the largest of 20 + 10 + 20.
    let fallen = record(&[Some((10, 5, 1)), Some((0, 0, 0))]);
    let flow = fallen.flow(&Domain::default(), Quantity::Passed, Method::Difference);
    assert_eq!((flow.est, flow.weight_share_max), (10.0, 0.4));
}

#[test]
fn an_interval_is_never_below_what_was_counted() {
    let low = |days: &[Option<(u32, u32, u32)>], quantity, method| {
        let flow = record(days).flow(&Domain::default(), quantity, method);
        let Uncertainty::Scatter { t95, .. } = flow.uncertainty else { panic!("{flow:?}") };
        assert!(t95.low <= flow.est && flow.est <= t95.high, "{flow:?}");
        t95.low
    };
    let uneven = [Some((10, 10, 1)), Some((30, 30, 0)), Some((10, 10, 1)), None, Some((90, 90, 3))];
    assert_eq!(low(&uneven, Quantity::Loads, Method::HorvitzThompson), 5.0);
    assert_eq!(low(&uneven, Quantity::Passed, Method::HorvitzThompson), 140.0);
    // An estimate by difference that is below what was counted keeps an interval that holds it.
    let falling = [Some((90, 9, 1)), Some((1, 1, 0)), Some((0, 0, 0)), Some((0, 0, 0))];
    assert!(low(&falling, Quantity::Passed, Method::Difference) < 91.0);
    let counted = record(&uneven).running(&Domain::default(), Quantity::Loads, Method::HorvitzThompson);
    assert_eq!(counted.last().unwrap().2.unwrap().low, 5.0);
}

#[test]
fn a_look_at_none_of_those_that_passed_says_nothing_of_loads() {
    let found = record(&[Some((10, 0, 0)), Some((0, 0, 0))]);
    let loads = found.flow(&Domain::default(), Quantity::Loads, Method::HorvitzThompson);
    let passed = found.flow(&Domain::default(), Quantity::Passed, Method::HorvitzThompson);
    assert_eq!((loads.visits_lost, passed.visits_lost, passed.est), (1, 0, 20.0));
    assert_eq!(loads.uncertainty, Uncertainty::NotEstimable, "nothing was inspected: there is no bound");
}

/// Of four that pass, one carries a load and one a simulant; the lot takes any two of them.
#[test]
fn what_was_planted_is_left_out_and_loads_stay_unbiased_over_the_lot_within_a_post() {
    let pairs = (0..4_u32).flat_map(|one| (one + 1..4).map(move |other| [one, other]));
    let estimates = pairs.map(|pair| {
        let [load, simulant] = [0, 1].map(|of| u32::from(pair.contains(&of)));
        let planted = Planted { passed: 1, inspected: simulant, found: simulant };
        let seen = Visit { planted, ..visit("u", Some((4, 2, load + simulant))) };
        let found = Record::new(vec![day(0, vec![slot("P0", 1.0, vec![seen])])]).unwrap();
        let of = |quantity| found.flow(&Domain::default(), quantity, Method::HorvitzThompson);
        let (loads, passed) = (of(Quantity::Loads), of(Quantity::Passed));
        assert_eq!((passed.est, loads.found, loads.inspected), (3.0, load.into(), 2 - u64::from(simulant)));
        loads.est
    });
    near(estimates.sum::<f64>() / 6.0, 1.0);
}

/// Three days at two posts, with finds of two transports and two drugs, and one that no report told apart.
fn told_apart() -> Record {
    let find = |transport, drug, vehicles| Find { transport, drug, vehicles };
    let (car, boat) = (Transport::Car, Transport::Boat);
    let finds = [
        vec![find(car, Drug::Cannabis, 1), find(boat, Drug::Opioids, 1)],
        vec![find(boat, Drug::Cannabis, 2)],
        Vec::new(),
    ];
    let one = |(number, finds): (i32, Vec<Find>)| {
        let seen = Visit { finds: Finds::new(finds).unwrap(), ..visit("u", Some((12, 6, 3))) };
        let lost = slot("P1", 0.25, vec![visit("v", None)]);
        day(number, vec![slot("P0", 0.5, vec![seen]), lost])
    };
    Record::new((0..).zip(finds).map(one).collect()).unwrap()
}

#[test]
fn loads_by_transport_and_by_drug_add_up_to_all_with_those_that_nobody_told_apart() {
    let record = told_apart();
    let of = |record: &Record, method| record.flow(&Domain::default(), Quantity::Loads, method).est;
    let kind = |kind, method| of(&record.of_kind(kind), method);
    for method in Method::ALL {
        let (all, untold) = (of(&record, method), kind(Kind::Untold, method));
        let transports = Transport::ALL.map(|one| kind(Kind::Transport(one), method));
        let drugs = Drug::ALL.map(|one| kind(Kind::Drug(one), method));
        near(transports.iter().sum::<f64>() + untold, all);
        near(drugs.iter().sum::<f64>() + untold, all);
    }
    // Each find stands for two that passed, at a chance of one half; what was lost is filled with what was met.
    let car = record.of_kind(Kind::Transport(Transport::Car));
    let boat = record.of_kind(Kind::Transport(Transport::Boat));
    let found = |record: &Record| record.flow(&Domain::default(), Quantity::Loads, MET).found;
    assert_eq!((found(&car), found(&boat), found(&record.of_kind(Kind::Untold))), (1, 3, 5));
    assert_eq!(
        record.kinds().into_iter().collect::<Vec<_>>(),
        [
            Kind::Transport(Transport::Car),
            Kind::Transport(Transport::Boat),
            Kind::Drug(Drug::Opioids),
            Kind::Drug(Drug::Cannabis),
            Kind::Untold
        ]
    );
}

#[test]
fn a_kind_that_was_never_found_has_a_bound_and_changes_nothing_that_passed() {
    let record = told_apart();
    let trucks = record.of_kind(Kind::Transport(Transport::Truck));
    let loads = trucks.flow(&Domain::default(), Quantity::Loads, MET);
    assert!(matches!(loads.uncertainty, Uncertainty::Model { high } if high > 0.0), "{loads:?}");
    // What nobody told apart may have been in trucks.
    let kind = |kind| record.flow_of_kind(&Domain::default(), kind, MET);
    let (truck, untold) = (kind(Kind::Transport(Transport::Truck)), kind(Kind::Untold));
    let Uncertainty::Scatter { t95, .. } = untold.uncertainty else { panic!("{untold:?}") };
    assert_eq!((truck.est, truck.uncertainty), (0.0, Uncertainty::Model { high: t95.high }));
    assert_eq!((truck.lost.low, truck.lost.high), (0.0, untold.lost.high));
    let car = kind(Kind::Transport(Transport::Car));
    assert!(car.est + untold.est <= car.lost.high && car.lost.low <= car.est, "{car:?}");
    let passed = |record: &Record| {
        let flow = record.flow(&Domain::default(), Quantity::Passed, MET);
        (flow.est, flow.uncertainty, flow.lost)
    };
    assert_eq!(passed(&trucks), passed(&record));
}

#[test]
fn no_find_is_a_bound_and_one_day_is_no_scatter() {
    let none = record(&[Some((10, 5, 0)), Some((10, 5, 0))]);
    let flow = none.flow(&Domain::default(), Quantity::Loads, Method::HorvitzThompson);
    let Uncertainty::Model { high } = flow.uncertainty else { panic!("{flow:?}") };
    near(high, 3.688879454113936 * 40.0 / 10.0);
    let one = record(&[Some((10, 5, 1))]);
    let flow = one.flow(&Domain::default(), Quantity::Loads, Method::HorvitzThompson);
    assert_eq!(flow.uncertainty, Uncertainty::NotEstimable);
    assert_eq!(flow.est, 4.0);
}

#[test]
fn a_week_that_shows_is_compared_with_the_week_before() {
    let market =
        |day: u32| Some(if day.is_multiple_of(7) { (300 + day, 5, 1) } else { (10 + day % 3, 5, 1) });
    let busy = record(&(0..42).map(market).collect::<Vec<_>>());
    let flow = busy.flow(&Domain::default(), Quantity::Passed, Method::HorvitzThompson);
    let Uncertainty::Scatter { se, lag_days, .. } = flow.uncertainty else { panic!("{flow:?}") };
    assert_eq!(lag_days, 7);
    assert!(se < 150.0, "{se}: the market days are no scatter");
}

#[test]
fn regimes_are_not_compared() {
    let mut days: Vec<ProvinceDay> = (0..10)
        .map(|number| {
            let count = if number < 5 { 100 } else { 200 };
            day(number, vec![slot("P0", 1.0, vec![visit("u", Some((count, 1, 1)))])])
        })
        .collect();
    let se = |days: &[ProvinceDay]| {
        let record = Record::new(days.to_vec()).unwrap();
        match record.flow(&Domain::default(), Quantity::Passed, Method::HorvitzThompson).uncertainty {
            Uncertainty::Scatter { se, .. } => se,
            other => panic!("{other:?}"),
        }
    };
    assert!(se(&days) > 0.0);
    days[5..].iter_mut().for_each(|day| day.regime = 1);
    assert_eq!(se(&days), 0.0);
}

proptest! {
    /// K/(2(K−1)) Σ δ², with the t of 2(K−1)²/(3K−4) degrees of freedom, fewer where days have heavier tails than normal ones.
    #[test]
    fn the_scatter_is_that_of_successive_differences(counts in prop::collection::vec(0_u32..500, 2..60)) {
        let days: Vec<_> = counts.iter().map(|count| Some((*count, *count, 0))).collect();
        let flow = record(&days).flow(&Domain::default(), Quantity::Passed, Method::HorvitzThompson);
        let Uncertainty::Scatter { se, df, lag_days, .. } = flow.uncertainty else {
            return Err(TestCaseError::fail(format!("{flow:?}")));
        };
        prop_assume!(lag_days == 1);
        let days = counts.len() as f64;
        let squares: f64 = counts.windows(2).map(|pair| 4.0 * (f64::from(pair[1]) - f64::from(pair[0])).powi(2)).sum();
        let wanted = (days / (2.0 * (days - 1.0)) * squares).sqrt();
        prop_assert!((se - wanted).abs() <= 1e-9 * wanted.max(1.0));
        let normal = 2.0 * (days - 1.0) * (days - 1.0) / (3.0 * days - 4.0);
        let deltas: Vec<f64> = counts.windows(2).map(|pair| f64::from(pair[1]) - f64::from(pair[0])).collect();
        let moment = |power| deltas.iter().map(|delta| delta.powi(power)).sum::<f64>() / (days - 1.0);
        let heavy = moment(4) > 3.0 * moment(2) * moment(2) * (1.0 + 1e-9);
        let as_wanted = if heavy { (1.0..normal).contains(&df) } else { (df - normal).abs() < 1e-6 * normal };
        prop_assert!(as_wanted, "{df} of {normal}");
    }

    /// Provinces, posts and hours are parts of the whole, whatever the method.
    #[test]
    fn domains_add_up(counts in prop::collection::vec((0_u32..50, 0_u32..50, 0.05_f64..1.0), 4..40)) {
        let days = (0..).zip(&counts).map(|(number, (one, other, chance))| day(number, vec![
            slot("P0", *chance, vec![visit("u", Some((*one, *one, one / 7)))]),
            slot("P1", 1.0 - chance / 2.0, vec![visit("v", Some((*other, *other, other / 9)))]),
        ]));
        let record = Record::new(days.collect()).unwrap();
        for method in Method::ALL {
            let of = |domain: &Domain| record.flow(domain, Quantity::Loads, method).est;
            let parts: f64 = record.posts(&Domain::default()).into_iter().map(|post| of(&Domain { post: Some(post.clone()), ..Domain::default() })).sum();
            let whole = of(&Domain::default());
            prop_assert!((parts - whole).abs() <= 1e-9 * whole.abs().max(1.0));
        }
    }
}

#[test]
fn what_is_no_sample_is_refused_with_its_place() {
    let one = || vec![slot("P0", 0.5, vec![visit("u", Some((1, 1, 0)))])];
    let error = |days: Vec<ProvinceDay>| Record::new(days).unwrap_err();
    assert!(matches!(error(vec![day(0, one()), day(0, one())]), FlowError::DayTwice { .. }));
    assert!(matches!(error(vec![day(0, [one(), one()].concat())]), FlowError::SlotTwice { .. }));
    let both = vec![slot("P0", 0.5, vec![visit("u", None), visit("u", None)])];
    assert!(matches!(error(vec![day(0, both)]), FlowError::UnitTwice { .. }));
    for inclusion in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
        let wrong = vec![slot("P0", inclusion, Vec::new())];
        assert!(
            matches!(error(vec![day(0, wrong)]), FlowError::Chance { field: "inclusion", .. }),
            "{inclusion}"
        );
    }
    let fewer = Slot { visits_expected: 0.4, ..slot("P0", 0.5, Vec::new()) };
    assert!(matches!(error(vec![day(0, vec![fewer])]), FlowError::Chance { field: "visits_expected", .. }));
    let more = Slot { arrivals_expected: 0.6, ..slot("P0", 0.5, Vec::new()) };
    assert!(matches!(error(vec![day(0, vec![more])]), FlowError::Chance { field: "arrivals_expected", .. }));
    let impossible = vec![slot("P0", 0.0, vec![visit("u", None)])];
    let said = error(vec![day(0, impossible)]).to_string();
    assert!(said.starts_with("2017-01-01, P0, 00 was visited"), "{said}");
}

#[test]
fn nothing_at_all_is_no_estimate() {
    let empty = Record::new(Vec::new()).unwrap();
    for method in Method::ALL {
        let flow = empty.flow(&Domain::default(), Quantity::Passed, method);
        assert_eq!((flow.est, flow.uncertainty), (0.0, Uncertainty::NotEstimable));
    }
    assert_eq!(
        BTreeMap::from_iter(empty.daily(&Domain::default(), Quantity::Passed, Method::PerUnit)),
        BTreeMap::new()
    );
}

/// Posts with these mean loads a day, thirty days, every slot visited half of the time.
fn posts(means: &[u32]) -> Record {
    let one = |number: i32| {
        let slots = means.iter().enumerate().map(|(post, mean)| {
            let here = (number + post as i32 * 7) % 4 < 2;
            let count = mean + (number as u32 * 7 + post as u32 * 3) % 5;
            let visits = here.then(|| visit("u", Some((100, 50, count / 2)))).into_iter().collect();
            slot(&format!("P{post}"), 0.5, visits)
        });
        day(number, slots.collect())
    };
    Record::new((0..32).map(one).collect()).unwrap()
}

#[test]
fn ranks_are_sure_where_posts_are_far_apart_and_open_where_they_are_alike() {
    let apart = posts(&[4, 80, 20])
        .ranking(&Domain::default(), Quantity::Loads, Method::HorvitzThompson, Seed(1))
        .unwrap();
    let ranks: Vec<(&str, (usize, usize))> =
        apart.posts.iter().map(|of| (of.post.as_str(), of.ranks)).collect();
    assert_eq!(ranks, [("P1", (1, 1)), ("P2", (2, 2)), ("P0", (3, 3))]);
    let names = |posts: &[&str]| posts.iter().map(|post| post.parse().unwrap()).collect();
    let surely = |posts: &[&str]| apart.top(&names(posts)).unwrap();
    assert!(apart.posts[0].first > 0.99 && apart.posts.iter().all(|of| of.top > 0.99));
    assert!(surely(&["P2", "P1"]) > 0.99 && surely(&["P0"]) < 0.01 && surely(&["P0", "P1"]) < 0.01);
    assert_eq!((apart.top(&names(&[])), apart.top(&names(&["P9"]))), (None, None));
    let alike = posts(&[20, 20, 20])
        .ranking(&Domain::default(), Quantity::Loads, Method::HorvitzThompson, Seed(1))
        .unwrap();
    assert!(alike.posts.iter().all(|of| of.ranks == (1, 3) && of.first > 0.05));
    let again = posts(&[20, 20, 20])
        .ranking(&Domain::default(), Quantity::Loads, Method::HorvitzThompson, Seed(1))
        .unwrap();
    assert_eq!(again, alike, "the throws are everybody's");
    let pairs = [["P0", "P1"], ["P0", "P2"], ["P1", "P2"]].map(|pair| alike.top(&names(&pair)).unwrap());
    assert!((pairs.iter().sum::<f64>() - 1.0).abs() < 1e-9, "one pair is the top: {pairs:?}");
}

#[test]
fn a_post_with_few_finds_borrows_from_the_others() {
    let record = posts(&[0, 80, 80, 80]);
    let shrunk = record.shrunk(&Domain::default());
    let of = |name: &str| shrunk.iter().find(|of| of.post.as_str() == name).unwrap();
    let own = of("P0").found as f64 / of("P0").inspected as f64 * 32.0 * 100.0;
    assert!(own < of("P0").loads && of("P0").loads < of("P1").loads, "{shrunk:?}");
    assert!(shrunk.iter().all(|of| of.model95.low < of.loads && of.loads < of.model95.high));
    // However alike the posts are, nobody knows one of them better than all of them together.
    let alike = posts(&[10; 12]).shrunk(&Domain::default());
    let reach = |found: u64| 1.96 / (found as f64).sqrt();
    let pooled = reach(alike.iter().map(|of| of.found).sum());
    let wide = |of: &Shrunk| (of.model95.high / of.model95.low).ln() / 2.0;
    assert!(alike.iter().all(|of| pooled < wide(of) && wide(of) < reach(of.found)), "{alike:?}");
    let none = record_without_finds();
    assert_eq!(none.shrunk(&Domain::default()), []);
}

#[test]
fn a_post_that_nobody_looked_at_has_no_figure_of_the_model() {
    let post = |number: i32, post: i32, counts| {
        let here = (number + post * 7) % 4 < 2;
        slot(&format!("P{post}"), 0.5, here.then(|| visit("u", Some(counts))).into_iter().collect())
    };
    // One find tells next to nothing of how alike posts are; five a visit tell much, and still not of this one.
    for found in [|number: i32| u32::from(number == 1), |_| 5] {
        let one = |number: i32| {
            let seen = |at, counts| post(number, at, counts);
            let busy = (100, 50, found(number));
            let busy = (3..15).map(|at| seen(at, busy)).chain([seen(1, busy)]);
            day(number, busy.chain([seen(0, (100, 0, 0)), seen(2, (9, 1, 0))]).collect())
        };
        let shrunk = Record::new((0..32).map(one).collect()).unwrap().shrunk(&Domain::default());
        assert!(shrunk.iter().any(|of| of.post.as_str() == "P1"), "{shrunk:?}");
        assert!(shrunk.iter().all(|of| of.post.as_str() != "P0"), "{shrunk:?}");
        for of in &shrunk {
            assert!(of.model95.low <= of.loads && of.loads <= of.model95.high, "{of:?}");
            assert!(of.model95.high > 0.0, "{of:?}");
        }
    }
}

fn record_without_finds() -> Record {
    record(&[Some((10, 5, 0)), Some((10, 5, 0))])
}

#[test]
fn later_days_still_learn_from_the_first_and_a_first_day_from_itself() {
    let days = [Some((30, 10, 1)), Some((10, 10, 1)), None, Some((10, 5, 2)), Some((12, 6, 1))];
    let whole = record(&days);
    let from = |number: i32| Domain {
        from: "2017-01-01".parse::<Day>().unwrap().plus_days(number),
        ..Domain::default()
    };
    let est = |domain: &Domain| whole.flow(domain, Quantity::Passed, Method::Difference).est;
    let daily = whole.daily(&Domain::default(), Quantity::Passed, Method::Difference);
    for number in 0..5 {
        let rest: f64 = daily[number as usize..].iter().map(|(_, value)| value).sum();
        near(est(&from(number)), rest);
    }
    // Two posts on the first day, one of them lost: it is filled with what the other met.
    let slots =
        vec![slot("P0", 0.5, vec![visit("u", Some((20, 5, 1)))]), slot("P1", 0.5, vec![visit("v", None)])];
    let first = Record::new(vec![day(0, slots)]).unwrap();
    assert_eq!(first.flow(&Domain::default(), Quantity::Passed, Method::HorvitzThompson).est, 80.0);
}

#[test]
fn the_more_is_lost_the_less_is_known() {
    let counts = |number: usize| Some((20 + (number as u32 * 13) % 17, 10, 2));
    let se = |lost_every: usize| {
        let days = (0..60).map(|number| if number % lost_every == 1 { None } else { counts(number) });
        let found =
            record(&days.collect::<Vec<_>>()).flow(&Domain::default(), Quantity::Passed, Method::Difference);
        match found.uncertainty {
            Uncertainty::Scatter { se, .. } => se,
            other => panic!("{other:?}"),
        }
    };
    assert!(se(2) > 1.2 * se(61), "{} {}", se(2), se(61));
    // A post where nobody ever counted: no interval, and the most of its province as the upper bound.
    let days = (0..20).map(|number| {
        let (here, there) = (visit("u", counts(number as usize)), visit("v", None));
        day(number, vec![slot("P0", 0.5, vec![here]), slot("P1", 0.5, vec![there])])
    });
    let hidden = Record::new(days.collect()).unwrap();
    let post = Domain { post: Some("P1".parse().unwrap()), ..Domain::default() };
    let flow = hidden.flow(&post, Quantity::Passed, Method::Difference);
    assert_eq!((flow.uncertainty, flow.visits_lost), (Uncertainty::NotEstimable, 20));
    assert!(flow.lost.high > 1.5 * flow.est && flow.lost.low == 0.0, "{flow:?}");
}

#[test]
fn nothing_found_is_never_nothing_give_or_take_nothing() {
    let days = [Some((10, 5, 0)), None, Some((10, 5, 0)), Some((10, 5, 1)), Some((10, 5, 0))];
    let found = record(&days);
    let running = found.running(&Domain::default(), Quantity::Loads, Method::Difference);
    assert!(running[..3].iter().all(|(_, _, known)| known.is_none()), "{running:?}");
    assert!(running[3].2.is_some_and(|known| known.low > 0.0), "few finds are on the logarithm: {running:?}");
    let none = record(&days[..3]);
    let flow = none.flow(&Domain::default(), Quantity::Loads, Method::Difference);
    let Uncertainty::Model { high } = flow.uncertainty else { panic!("{flow:?}") };
    // The lost day counts with what was met before it.
    assert_eq!(flow.est, 0.0);
    near(high, 3.688879454113936 * 60.0 / 10.0);
    let empty = record(&[Some((0, 0, 0)), Some((0, 0, 0))]);
    let passed = empty.flow(&Domain::default(), Quantity::Passed, Method::HorvitzThompson);
    assert_eq!(passed.uncertainty, Uncertainty::NotEstimable);
}

#[test]
fn being_late_on_arrival_is_no_avoidance_of_staying() {
    // Ten vehicles in every hour; every second visit on arrival is lost.
    let one = |number: i32| {
        let arrived = number % 2 == 0;
        let counts = (number % 4 != 0).then_some((10, 5, 1));
        let counts = if arrived { counts } else { Some((10, 5, 1)) };
        let visits = vec![Visit { arrived, ..visit("u", counts) }];
        day(number, vec![Slot { arrivals_expected: 0.25, ..slot("P0", 0.5, visits) }])
    };
    let found = Record::new((0..40).map(one).collect()).unwrap();
    let avoidance = found.avoidance(&Domain::default(), Quantity::Passed).unwrap();
    near(avoidance.ratio, 1.0);
    near(avoidance.arrivals_only, avoidance.arriving);
    assert!(avoidance.arrivals_only95.low < avoidance.arrivals_only, "{avoidance:?}");
}
