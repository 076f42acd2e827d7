//! Totals, means, ratios and domains against R's survey (`reference/design.R`) and the peers' figures in `vectors.json`.
//!
//! `vectors.json` holds figures of R survey 4.1.1 and samplics 0.6.1; its samples of Californian schools are the data set `api` of R
//! survey (T. Lumley; GPL-2 or GPL-3), copied with attribution.

use std::collections::BTreeMap;

use sekong_estimate::design::{Certainty, Design, DesignError, Estimate, Known, Sample, Variance};
use sekong_estimate::exact::{Interval, binomial, poisson};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    file: File,
    wanted: Wanted,
}

#[derive(Deserialize)]
struct File {
    y: BTreeMap<String, Vec<f64>>,
    pi: Option<Vec<f64>>,
    weights: Option<Vec<f64>>,
    strata: Option<Vec<String>>,
    cluster: Option<Vec<String>>,
    cluster2: Option<Vec<String>>,
    fpc: Option<Vec<f64>>,
    fpc2: Option<Vec<f64>>,
    joint: Option<Vec<Vec<f64>>>,
    domains: Option<Vec<String>>,
    variance: Option<String>,
}

#[derive(Deserialize)]
struct Figures {
    est: f64,
    se: f64,
    df: f64,
    t95: Option<[f64; 2]>,
    z95: [f64; 2],
}

#[derive(Deserialize)]
struct Stats {
    totals: BTreeMap<String, Figures>,
    means: BTreeMap<String, Figures>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(flatten)]
    all: Stats,
    domains: Option<BTreeMap<String, Stats>>,
    ratio: Option<Ratio>,
}

#[derive(Deserialize)]
struct Ratio {
    est: f64,
    se: f64,
}

fn sample(file: File) -> Sample {
    Sample {
        variance: file.variance.as_deref().unwrap_or("default").parse().unwrap(),
        y: file.y.into_iter().collect(),
        pi: file.pi,
        weights: file.weights,
        strata: file.strata,
        cluster: file.cluster,
        cluster2: file.cluster2,
        fpc: file.fpc,
        fpc2: file.fpc2,
        joint: file.joint,
        domains: file.domains,
    }
}

fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= 1e-9 * wanted.abs()
}

#[track_caller]
fn same(what: &str, found: &Estimate, wanted: &Figures) {
    let Known { se, t95, z95 } = found.known().unwrap();
    assert!(near(found.est, wanted.est), "{what}: {found:?} {}", wanted.est);
    assert!(near(se, wanted.se), "{what}: {found:?} {}", wanted.se);
    assert_eq!(found.df, wanted.df, "{what}");
    assert!(near(z95.low, wanted.z95[0]) && near(z95.high, wanted.z95[1]), "{what}: {found:?}");
    if let Some([low, high]) = wanted.t95 {
        assert!(near(t95.low, low) && near(t95.high, high), "{what}: {found:?} {low} {high}");
    }
}

/// The standard error.
#[track_caller]
fn se(of: &Estimate) -> f64 {
    of.known().unwrap().se
}

#[test]
fn every_design_is_what_r_survey_says() {
    let golden: Golden = serde_json::from_str(include_str!("golden/design.json")).unwrap();
    assert!(golden.cases.len() >= 17);
    for Case { name, file, wanted } in golden.cases {
        let design = Design::new(sample(file)).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (y, figures) in &wanted.all.totals {
            same(&format!("{name}, total of {y}"), &design.total(y).unwrap(), figures);
        }
        for (y, figures) in &wanted.all.means {
            same(&format!("{name}, mean of {y}"), &design.mean(y).unwrap(), figures);
        }
        for (domain, stats) in wanted.domains.iter().flatten() {
            for y in stats.totals.keys() {
                let (total, mean) = design.in_domain(y, domain).unwrap();
                same(&format!("{name}, total of {y} in {domain}"), &total, &stats.totals[y]);
                same(&format!("{name}, mean of {y} in {domain}"), &mean, &stats.means[y]);
            }
        }
        if let Some(wanted) = wanted.ratio {
            let found = design.ratio("a", "b").unwrap();
            let is_near = near(found.est, wanted.est) && near(se(&found), wanted.se);
            assert!(is_near, "{name}: {found:?} {} {}", wanted.est, wanted.se);
        }
    }
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("golden/vectors.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|one| one.as_f64().unwrap()).collect()
}

fn names(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned))
        .collect()
}

fn api(vectors: &Value, data: &str, columns: &[&str]) -> Sample {
    let input = &vectors["survey_inputs"][data];
    let y = columns.iter().map(|name| ((*name).to_owned(), numbers(&input[*name]))).collect();
    Sample { y, weights: Some(numbers(&input["pw"])), fpc: Some(numbers(&input["fpc"])), ..Sample::default() }
}

#[test]
fn the_peers_figures_of_the_school_samples_are_met() {
    let vectors = vectors();
    let stype = names(&vectors["survey_inputs"]["apistrat"]["stype"]);
    let dnum = names(&vectors["survey_inputs"]["apiclus1"]["dnum"]);
    let columns = ["enroll", "api00"];
    let strat =
        Sample { strata: Some(stype.clone()), ..api(&vectors, "apistrat", &["enroll", "api00", "api.stu"]) };
    let designs = [
        ("srs", api(&vectors, "apisrs", &columns)),
        ("strat", strat.clone()),
        ("strat_nofpc", Sample { fpc: None, ..strat.clone() }),
        ("clus1", Sample { cluster: Some(dnum), ..api(&vectors, "apiclus1", &columns) }),
    ];
    let ends = |of: Interval| (of.low, of.high);
    let check =
        |what: &str, found: Estimate, row: &Value, interval: &dyn Fn(&Estimate) -> (f64, f64), ends: &str| {
            let (low, high) = interval(&found);
            let wanted =
                [row["est"].as_f64(), row["se"].as_f64(), row[ends][0].as_f64(), row[ends][1].as_f64()];
            for (found, wanted) in [found.est, se(&found), low, high].into_iter().zip(wanted) {
                assert!(near(found, wanted.unwrap()), "{what}: {found} {wanted:?}");
            }
        };
    for (name, sample) in designs {
        let design = Design::new(sample).unwrap();
        let (total, mean) = (design.total("enroll").unwrap(), design.mean("api00").unwrap());
        let z = |found: &Estimate| ends(found.known().unwrap().z95);
        let t = |found: &Estimate| ends(found.known().unwrap().t95);
        check(name, total, &vectors["survey_R"][name]["total_enroll"], &z, "ci95");
        check(name, mean, &vectors["survey_R"][name]["mean_api00"], &z, "ci95");
        if name != "srs" {
            check(name, total, &vectors["survey_samplics"][format!("{name}_total_enroll")], &t, "ci");
            check(name, mean, &vectors["survey_samplics"][format!("{name}_mean_api00")], &t, "ci");
        }
    }
    let design = Design::new(Sample { domains: Some(stype), ..strat }).unwrap();
    let by = &vectors["survey_R"]["strat_by_stype"];
    for (place, domain) in names(&by["stype"]).iter().enumerate() {
        let (total, _) = design.in_domain("enroll", domain).unwrap();
        assert!(near(total.est, by["total"][place].as_f64().unwrap()));
        assert!(near(se(&total), by["se"][place].as_f64().unwrap()));
    }
    let ratio = design.ratio("api.stu", "enroll").unwrap();
    let wanted = &vectors["survey_R"]["strat_ratio_apistu_enroll"];
    assert!(
        near(ratio.est, wanted["est"].as_f64().unwrap()) && near(se(&ratio), wanted["se"].as_f64().unwrap())
    );
}

#[test]
fn exact_intervals_are_the_peers() {
    let vectors = vectors();
    let count = |row: &Value, name: &str| u32::try_from(row[name].as_u64().unwrap()).unwrap();
    for row in vectors["survey_R"]["poisson_exact"].as_array().unwrap() {
        let found = poisson(count(row, "k"), 0.05);
        assert!(
            near(found.low, row["lo"].as_f64().unwrap()) && near(found.high, row["hi"].as_f64().unwrap()),
            "{row}"
        );
    }
    for row in vectors["survey_R"]["binom_exact"].as_array().unwrap() {
        let found = binomial(count(row, "k"), count(row, "n"), 0.05);
        assert!(
            near(found.low, row["lo"].as_f64().unwrap()) && near(found.high, row["hi"].as_f64().unwrap()),
            "{row}"
        );
    }
}

fn small() -> Sample {
    Sample {
        y: vec![("a".to_owned(), vec![1.0, 2.0, 3.0, 4.0])],
        pi: Some(vec![0.5; 4]),
        ..Sample::default()
    }
}

/// Five squares with these probabilities.
fn squares(pi: [f64; 5], variance: Variance) -> Design {
    let y = vec![("a".to_owned(), vec![1.0, 4.0, 9.0, 16.0, 25.0])];
    Design::new(Sample { y, pi: Some(pi.to_vec()), variance, ..Sample::default() }).unwrap()
}

#[test]
fn a_population_gives_the_weights_of_a_sample_with_replacement() {
    // R: svydesign(~1, weights = ~w) with w = 25 and 40, for with replacement no population counts.
    let sampled = |fpc: f64| Sample {
        pi: None,
        fpc: Some(vec![fpc; 4]),
        variance: Variance::WithReplacement,
        ..small()
    };
    for fpc in [100.0, 0.04] {
        let total = Design::new(sampled(fpc)).unwrap().total("a").unwrap();
        assert!(near(total.est, 250.0) && near(se(&total), 64.549_722_436_790_29), "{fpc}: {total:?}");
    }
    // R, with w = 1/2: four draws from a population of two.
    let total = Design::new(sampled(2.0)).unwrap().total("a").unwrap();
    assert!(near(total.est, 5.0) && near(se(&total), 1.290_994_448_735_805_6), "{total:?}");
    let y = vec![("a".to_owned(), vec![1.0, 4.0, 2.0, 7.0, 3.0, 5.0])];
    let two_stages = Sample {
        y,
        fpc: Some(vec![30.0; 6]),
        fpc2: Some(vec![8.0; 6]),
        cluster: texts(&["c", "c", "d", "d", "e", "e"]),
        cluster2: texts(&["1", "2", "1", "2", "1", "2"]),
        ..sampled(0.0)
    };
    let total = Design::new(two_stages).unwrap().total("a").unwrap();
    assert!(near(total.est, 880.0) && near(se(&total), 144.222_051_018_559_57), "{total:?}");
}

#[test]
fn probabilities_that_sum_to_one_are_told_as_r_survey_tells_them() {
    // R: SE(svytotal(~y, svydesign(~1, fpc = ~p, pps = HR()))).
    let found = squares([0.05, 0.95, 0.5, 0.45, 0.6], Variance::HartleyRao).total("a").unwrap();
    assert!(near(se(&found), 18.445_373_761_664_012), "{found:?}");
}

fn texts(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn what_is_no_sample_is_refused_by_field_and_row() {
    let refused = |sample: Sample| Design::new(sample).unwrap_err();
    let bad: Vec<(Sample, &str)> = vec![
        (Sample { y: Vec::new(), ..small() }, "no column"),
        (Sample { y: vec![("a".to_owned(), Vec::new())], pi: None, ..small() }, "no rows"),
        (Sample { pi: Some(vec![0.5; 3]), ..small() }, "pi has 3 rows, y.a has 4"),
        (Sample { y: vec![("a".to_owned(), vec![1.0, f64::NAN, 3.0, 4.0])], ..small() }, "y.a, row 1: NaN"),
        (
            Sample { y: vec![("a".to_owned(), vec![1.0; 4]), ("b".to_owned(), vec![0.0; 4])], ..small() },
            "y.b: every value is 0",
        ),
        (Sample { pi: Some(vec![0.5, 0.0, 0.5, 0.5]), ..small() }, "pi, row 1: 0"),
        (Sample { pi: Some(vec![0.5, 0.5, 1.5, 0.5]), ..small() }, "pi, row 2: 1.5"),
        (Sample { weights: Some(vec![2.0; 4]), ..small() }, "pi and weights"),
        (Sample { pi: None, weights: Some(vec![2.0, -1.0, 2.0, 2.0]), ..small() }, "weights, row 1: -1"),
        (
            Sample {
                pi: None,
                weights: Some(vec![2.0, 0.5, 2.0, 2.0]),
                variance: Variance::Brewer,
                ..small()
            },
            "weights, row 1: 0.5 is below 1",
        ),
        (Sample { cluster: texts(&["c", "c", "c", "c"]), ..small() }, "one cluster"),
        (Sample { strata: texts(&["x", "x", "x", "y"]), ..small() }, "stratum \"y\" has one cluster"),
        (
            Sample { cluster: texts(&["c", "c", "d", "e"]), strata: texts(&["x", "y", "x", "y"]), ..small() },
            "in the strata \"x\" and \"y\"",
        ),
        (Sample { fpc: Some(vec![3.0; 4]), ..small() }, "a population of 3 and 4 sampled"),
        (Sample { fpc: Some(vec![9.0, 9.0, 0.5, 9.0]), ..small() }, "fpc, row 2: 0.5 among counts"),
        (Sample { cluster2: texts(&["a", "b", "c", "d"]), ..small() }, "cluster2 is given without cluster"),
        (Sample { variance: Variance::HorvitzThompson, ..small() }, "joint is missing"),
        (Sample { joint: Some(vec![vec![0.5; 4]; 4]), ..small() }, "no use for"),
        (
            Sample { joint: Some(vec![vec![0.9; 4]; 4]), variance: Variance::YatesGrundy, ..small() },
            "the diagonal",
        ),
        (Sample { domains: texts(&["a"]), ..small() }, "domains has 1 rows"),
    ];
    for (sample, wanted) in bad {
        let error = refused(sample).to_string();
        assert!(error.contains(wanted), "{wanted:?} is not in {error:?}");
    }
    let design = Design::new(small()).unwrap();
    assert!(matches!(design.total("b"), Err(DesignError::Unknown { .. })));
    let even = Design::new(Sample { y: vec![("a".to_owned(), vec![1.0, -1.0, 0.0, 0.0])], ..small() });
    assert!(matches!(even.unwrap().ratio("a", "a"), Err(DesignError::NoDenominator { .. })), "sums to 0");
}

#[test]
fn weights_below_one_are_refused_only_as_probabilities() {
    let weighed = |variance, fpc| {
        Design::new(Sample { pi: None, weights: Some(vec![0.5, 0.5, 2.0, 2.0]), fpc, variance, ..small() })
    };
    for variance in [Variance::Default, Variance::WithReplacement] {
        assert_eq!(weighed(variance, None).unwrap().total("a").unwrap().est, 15.5);
    }
    assert!(weighed(Variance::Brewer, Some(vec![0.5; 4])).is_ok(), "the shares are the probabilities");
    for variance in [Variance::Brewer, Variance::Overton, Variance::HartleyRao] {
        assert!(matches!(weighed(variance, None), Err(DesignError::WeightBelowOne { row: 0, .. })));
    }
}

#[test]
fn a_domain_of_zeros_is_marked_for_its_error_of_zero_is_none() {
    let y = vec![("a".to_owned(), vec![0.0, 0.0, 3.0, 4.0])];
    let design = Design::new(Sample { y, domains: texts(&["p", "p", "q", "q"]), ..small() }).unwrap();
    let (total, mean) = design.in_domain("a", "p").unwrap();
    // R gives both the standard error 0.
    assert_eq!((total.est, se(&total), mean.est, se(&mean)), (0.0, 0.0, 0.0, 0.0));
    assert!(total.all_zero && mean.all_zero);
    assert!(!design.in_domain("a", "q").unwrap().0.all_zero && !design.total("a").unwrap().all_zero);
}

/// Joint probabilities of four drawn from ten, each four as likely as any other.
fn four_of_ten() -> Vec<Vec<f64>> {
    (0..4).map(|i| (0..4).map(|j| if i == j { 0.4 } else { 4.0 * 3.0 / (10.0 * 9.0) }).collect()).collect()
}

#[test]
fn a_variance_of_rounding_is_none() {
    let y = vec![("y".to_owned(), vec![1.0, 2.0, 3.0, 4.0]), ("one".to_owned(), vec![1.0; 4])];
    for variance in [Variance::HorvitzThompson, Variance::YatesGrundy] {
        let (pi, joint) = (Some(vec![0.4; 4]), Some(four_of_ten()));
        let design = Design::new(Sample { y: y.clone(), pi, joint, variance, ..Sample::default() }).unwrap();
        // R: 5, and NaN where it should be 0: there are ten, whatever is drawn.
        assert!(near(se(&design.total("y").unwrap()), 5.0));
        assert_eq!((design.total("one").unwrap().est, se(&design.total("one").unwrap())), (10.0, 0.0));
        assert_eq!(se(&design.mean("one").unwrap()), 0.0);
    }
}

#[test]
fn a_variance_below_zero_is_said_of_its_domain_alone() {
    let pi = vec![0.9, 0.8, 0.3, 0.2, 0.5];
    let pair = |i: usize, j: usize| if i == j { pi[i] } else { 0.8 * pi[i] * pi[j] };
    let sample = Sample {
        y: vec![("y".to_owned(), vec![1.0, 2.0, 9.0, 8.0, 3.0])],
        joint: Some((0..5).map(|i| (0..5).map(|j| pair(i, j)).collect()).collect()),
        pi: Some(pi.clone()),
        domains: texts(&["a", "a", "b", "b", "b"]),
        variance: Variance::HorvitzThompson,
        ..Sample::default()
    };
    // R: SE(svytotal(~y, svydesign(~1, fpc = ~p, pps = ppsmat(J)))) and svyby; NaN in a.
    let design = Design::new(sample).unwrap();
    assert!((se(&design.total("y").unwrap()) - 31.317_13).abs() < 1e-5);
    let (b, _) = design.in_domain("y", "b").unwrap();
    assert!(near(b.est, 76.0) && (se(&b) - 33.436_51).abs() < 1e-5, "{b:?}");
    let (a, _) = design.in_domain("y", "a").unwrap();
    assert!(near(a.est, 1.0 / 0.9 + 2.0 / 0.8) && a.df == 1.0 && a.known().is_none(), "{a:?}");
    assert!(matches!(a.certainty, Certainty::Negative { variance } if near(variance, -5.0 / 324.0)), "{a:?}");
}

/// R 4.2.2, survey 4.1.1: svymean of 1e14 + c(1, 2, 3, 7) with weights 2; up to what eight bytes hold it is as of the little alone.
#[test]
fn large_values_keep_the_little_that_sets_them_apart() {
    let se = |base: f64, more: &[f64]| {
        let y = more.iter().map(|more| base + more).collect();
        let weights = Some(vec![2.0; more.len()]);
        let sample = Sample { y: vec![("y".to_owned(), y)], weights, ..Sample::default() };
        Design::new(sample).unwrap().mean("y").unwrap().known().unwrap().se
    };
    let few = se(1e14, &[1.0, 2.0, 3.0, 7.0]);
    assert!((few - 1.315).abs() < 5e-4, "{few}");
    for more in
        [&[4.625, 3.375, 6.625, 4.0, 8.25, 4.75, 4.125][..], &[0.0, 1.0, 2.0, 3.0], &[0.0, 0.5, 0.5, 0.0]]
    {
        assert!(near(se(1e15, more), se(0.0, more)), "{more:?}: {} {}", se(1e15, more), se(0.0, more));
    }
}

/// Whatever the weights: no sum of many is rounded into a difference.
#[test]
fn what_is_constant_or_proportional_has_no_error() {
    let weights: Vec<f64> = (0..20_000).map(|row| 1.0 + f64::from(row * 7919 % 1000) / 7.0).collect();
    let under: Vec<f64> = weights.iter().map(|weight| weight.sqrt()).collect();
    let over = under.iter().map(|x| 0.1 * x).collect();
    let y = vec![("c".to_owned(), vec![242.02; 20_000]), ("x".to_owned(), under), ("y".to_owned(), over)];
    let domains = Some((0..20_000).map(|row| ["a", "b"][row % 2].to_owned()).collect());
    let design = Design::new(Sample { y, weights: Some(weights), domains, ..Sample::default() }).unwrap();
    let means =
        [design.mean("c").unwrap(), design.in_domain("c", "a").unwrap().1, design.ratio("y", "x").unwrap()];
    assert!(means.iter().all(|mean| mean.known().unwrap().se == 0.0), "{means:?}");
}
