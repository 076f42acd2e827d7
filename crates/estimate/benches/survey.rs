//! Domains of a stratified and clustered sample beside R's survey in the same run, and a week of the test of teams.
//! `cargo bench -p sekong-estimate --bench survey [ROWS …]`; needs Rscript with the package survey.
//!
//! Figures are wall milliseconds of the work alone: neither side counts reading its file.

#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use sekong_estimate::design::{Design, Estimate, Sample};
use sekong_estimate::teams::{ShiftDay, test_teams};

const DOMAINS: usize = 18;
const STRATA: usize = 10;
const ROWS_PER_CLUSTER: usize = 10;
const REPEATS: u32 = 5;

fn main() {
    let args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let mut sizes: Vec<usize> = args.map(|rows| rows.parse().expect("ROWS is a number")).collect();
    if sizes.is_empty() {
        sizes = vec![2_000, 20_000, 200_000];
    }
    println!("{DOMAINS} domains    ms     R survey ms   R/ours   largest difference");
    sizes.into_iter().for_each(measure);
    println!("a week of 20 teams: {:.3} ms", week_ms());
}

/// A number that looks like chance, the same every time.
fn noise(row: usize, salt: usize) -> usize {
    let mixed = (row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ (salt as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 40) as usize
}

fn sample(rows: usize) -> Sample {
    let column = |of: &dyn Fn(usize) -> String| Some((0..rows).map(of).collect::<Vec<_>>());
    Sample {
        y: vec![("y".to_owned(), (0..rows).map(|row| (noise(row, 1) % 50) as f64).collect())],
        weights: Some((0..rows).map(|row| 1.0 + (noise(row / ROWS_PER_CLUSTER, 2) % 9) as f64).collect()),
        strata: column(&|row| format!("s{}", row / ROWS_PER_CLUSTER % STRATA)),
        cluster: column(&|row| format!("c{}", row / ROWS_PER_CLUSTER)),
        domains: column(&|row| format!("d{:02}", noise(row, 3) % DOMAINS)),
        ..Sample::default()
    }
}

fn measure(rows: usize) {
    let sample = sample(rows);
    let file = tempfile::NamedTempFile::new().expect("a file is made");
    fs::write(file.path(), csv(&sample)).expect("the sample is written");
    let mut found = Vec::new();
    let started = Instant::now();
    for _ in 0..REPEATS {
        let design = Design::new(sample.clone()).expect("the sample is one");
        let domain = |name: &&str| design.in_domain("y", name).expect("the domain is there").0;
        let se = |total: &Estimate| total.known().expect("its variance is a sum of squares").se;
        found = design.domains().iter().map(domain).map(|total| (total.est, se(&total))).collect();
    }
    let ours_ms = started.elapsed().as_secs_f64() * 1_000.0 / f64::from(REPEATS);
    let (peers_ms, peers) = survey(file.path());
    assert_eq!(found.len(), peers.len(), "both have the same domains");
    let off = |one: f64, other: f64| (one - other).abs() / other.abs();
    let offs = found.iter().zip(&peers).map(|(one, other)| off(one.0, other.0).max(off(one.1, other.1)));
    let largest = offs.fold(0.0, f64::max);
    println!("{rows:<10} {ours_ms:>8.2} {peers_ms:>14.1} {:>8.1} {largest:>15.1e}", peers_ms / ours_ms);
}

fn csv(sample: &Sample) -> String {
    let mut text = "y,w,s,c,d\n".to_owned();
    let column = |of: &'_ Option<Vec<String>>| of.clone().expect("it was made above");
    let (strata, cluster, domains) =
        (column(&sample.strata), column(&sample.cluster), column(&sample.domains));
    let weights = sample.weights.clone().expect("they were made above");
    for row in 0..weights.len() {
        let (y, w) = (sample.y[0].1[row], weights[row]);
        writeln!(text, "{y},{w},{},{},{}", strata[row], cluster[row], domains[row]).expect("a text takes it");
    }
    text
}

/// Milliseconds of R's `svydesign` and `svyby`, and total with standard error by domain.
fn survey(file: &Path) -> (f64, Vec<(f64, f64)>) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reference/bench_survey.R");
    let output = Command::new("Rscript").arg(script).arg(file).output();
    let output = output.expect("Rscript is there: apt-get install r-base-core r-cran-survey");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("R prints text");
    let mut lines = text.lines();
    let number = |text: &str| text.parse::<f64>().expect("R prints numbers");
    let ms = number(lines.next().expect("the first line is the time"));
    let pair = |line: &str| line.split_once(' ').map(|(est, se)| (number(est), number(se)));
    (ms, lines.filter_map(pair).collect())
}

/// A week of a pool of 20 teams on three shifts.
fn week_ms() -> f64 {
    let shift = |day: usize, kind: usize| {
        let units =
            (0..6).map(|unit| (format!("u{kind}-{unit}"), (noise(day * 18 + kind * 6 + unit, 4) % 4) as u32));
        let teams = (0..6).map(|at| (format!("t{:02}", kind * 7 + (at + day) % 7), format!("u{kind}-{at}")));
        ShiftDay {
            week: 0,
            day: day.to_string(),
            pool: "pool".to_owned(),
            shift: kind.to_string(),
            units: units.collect(),
            dealt: teams.collect(),
            away: Vec::new(),
        }
    };
    let record: Vec<ShiftDay> = (0..7)
        .flat_map(|day| (0..3).map(move |kind| (day, kind)))
        .map(|(day, kind)| shift(day, kind))
        .collect();
    let started = Instant::now();
    for _ in 0..100 {
        assert!(test_teams(&record).expect("the deals hold together").len() >= 20);
    }
    started.elapsed().as_secs_f64() * 1_000.0 / 100.0
}
