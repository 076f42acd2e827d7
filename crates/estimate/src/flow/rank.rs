//! Which post has the most, and how surely: rank intervals that hold together, and the chance of each to be the first.
//!
//! Estimates of posts hang together, for a unit that is at one is not at another. So the whole vector is thrown about by its own
//! successive differences, each with a normal weight (a wild bootstrap; Wu 1986): this keeps every covariance that the days have. Intervals
//! are widened until 95 % of the throws are within all of them at once, and a post's rank is between those that its interval leaves open
//! (Klein, Wright and Wieczorek 2020).

use std::collections::BTreeMap;

use sekong_model::PostId;

use super::{Domain, Flow, Method, Quantity, Record, Uncertainty};
use crate::chance::{Chance, Seed};
use crate::exact::Interval;
use crate::special::{normal_quantile, t_quantile};

/// Throws of the whole vector.
const THROWS: usize = 4_000;

/// A post's place among all.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The post.
    pub post: PostId,
    /// Its estimate.
    pub est: f64,
    /// 95 % for all posts together.
    pub joint95: Interval,
    /// Its best and its worst rank, from 1.
    pub ranks: (usize, usize),
    /// Chance that it is the first of all.
    pub first: f64,
}

impl Record {
    /// The posts by their flow in a domain, the largest first; `None` with too few days to compare.
    pub fn ranking(
        &self,
        whole: &Domain,
        quantity: Quantity,
        method: Method,
        seed: Seed,
    ) -> Option<Vec<Ranked>> {
        let posts: Vec<PostId> = self.posts().into_iter().cloned().collect();
        let domain = |post: &PostId| Domain { post: Some(post.clone()), ..whole.clone() };
        let flows: Vec<Flow> = posts.iter().map(|post| self.flow(&domain(post), quantity, method)).collect();
        let deltas: Vec<Vec<f64>> =
            posts.iter().map(|post| differences(&self.daily(&domain(post), quantity, method))).collect();
        let pairs = deltas.iter().map(Vec::len).max().filter(|pairs| *pairs > 0)?;
        let throws = throws(&deltas, pairs, &mut seed.stream("ranking", &pairs.to_string()));
        let reach = joint_reach(&deltas, &throws) * t_quantile(0.975, df(pairs)) / normal_quantile(0.975);
        let joint: Vec<Interval> = flows
            .iter()
            .zip(&deltas)
            .map(|(flow, deltas)| interval(flow, reach * deviation(deltas)))
            .collect();
        let first = firsts(&flows, &throws);
        let ranked = posts.into_iter().enumerate().map(|(at, post)| Ranked {
            post,
            est: flows[at].est,
            joint95: joint[at],
            ranks: ranks(&joint, at),
            first: first[at],
        });
        let mut ranked: Vec<Ranked> = ranked.collect();
        ranked.sort_by(|one, other| other.est.total_cmp(&one.est));
        Some(ranked)
    }
}

/// Successive differences, each to the scale at which their squares add up to the variance of the sum.
fn differences(daily: &[(sekong_model::Day, f64)]) -> Vec<f64> {
    let pairs = daily.windows(2).filter(|pair| pair[1].0.days_since(pair[0].0) == 1);
    let deltas: Vec<f64> = pairs.map(|pair| pair[1].1 - pair[0].1).collect();
    let scale = (daily.len() as f64 / (2.0 * deltas.len() as f64)).sqrt();
    deltas.into_iter().map(|delta| delta * scale).collect()
}

fn df(pairs: usize) -> f64 {
    let pairs = pairs as f64;
    (2.0 * pairs * pairs / (3.0 * pairs - 1.0)).max(1.0)
}

fn deviation(deltas: &[f64]) -> f64 {
    deltas.iter().map(|delta| delta * delta).sum::<f64>().sqrt()
}

/// For each throw, how far each post is off.
fn throws(deltas: &[Vec<f64>], pairs: usize, chance: &mut Chance) -> Vec<Vec<f64>> {
    let throw = |_| {
        let weights: Vec<f64> = (0..pairs).map(|_| chance.normal()).collect();
        let off = |deltas: &Vec<f64>| deltas.iter().zip(&weights).map(|(delta, weight)| delta * weight).sum();
        deltas.iter().map(off).collect()
    };
    (0..THROWS).map(throw).collect()
}

/// Within so many deviations all posts are at once, in 95 % of the throws.
fn joint_reach(deltas: &[Vec<f64>], throws: &[Vec<f64>]) -> f64 {
    let deviations: Vec<f64> = deltas.iter().map(|deltas| deviation(deltas)).collect();
    let farthest = |off: &Vec<f64>| {
        let of = off.iter().zip(&deviations).filter(|(_, deviation)| **deviation > 0.0);
        of.map(|(off, deviation)| (off / deviation).abs()).fold(0.0, f64::max)
    };
    let mut reach: Vec<f64> = throws.iter().map(farthest).collect();
    reach.sort_by(f64::total_cmp);
    reach[(0.95 * THROWS as f64) as usize]
}

/// Where nothing was found the days do not scatter, and the model's bound is the end.
fn interval(flow: &Flow, reach: f64) -> Interval {
    match flow.uncertainty {
        Uncertainty::Model { high } => Interval { low: 0.0, high },
        Uncertainty::Scatter { .. } => Interval { low: (flow.est - reach).max(0.0), high: flow.est + reach },
        // Nobody looked there: it may be anything.
        Uncertainty::NotEstimable => Interval { low: 0.0, high: f64::INFINITY },
    }
}

fn ranks(joint: &[Interval], at: usize) -> (usize, usize) {
    let above = joint.iter().filter(|other| joint[at].high < other.low).count();
    let below = joint.iter().filter(|other| other.high < joint[at].low).count();
    (1 + above, joint.len() - below)
}

fn firsts(flows: &[Flow], throws: &[Vec<f64>]) -> Vec<f64> {
    let mut wins: BTreeMap<usize, f64> = BTreeMap::new();
    for off in throws {
        let thrown = flows.iter().zip(off).map(|(flow, off)| flow.est + off).enumerate();
        let winner = thrown.max_by(|one, other| one.1.total_cmp(&other.1));
        winner.into_iter().for_each(|(at, _)| *wins.entry(at).or_default() += 1.0 / THROWS as f64);
    }
    (0..flows.len()).map(|at| wins.get(&at).copied().unwrap_or(0.0)).collect()
}
