//! Which posts have the most, and how surely: rank intervals that hold together, and the chance of a named set to be the top.
//!
//! Estimates of posts hang together, for a unit that is at one is not at another. So the whole vector is thrown about by its own
//! successive differences, each with a normal weight (a wild bootstrap; Wu 1986): this keeps every covariance that the days have. Each
//! throw is divided by a scatter drawn for it, as in Student's t, for how far the days scatter is an estimate, too. Intervals are widened
//! until 95 % of the throws are within all of them at once, and a post's rank is between those that its interval leaves open (Klein,
//! Wright and Wieczorek 2020).

use std::collections::BTreeSet;

use sekong_model::PostId;

use super::{Domain, Flow, Method, Quantity, Record, Uncertainty};
use crate::chance::{Chance, Seed};
use crate::exact::Interval;

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
    /// Chance that it and those before it in the list are the top, in whatever order.
    pub top: f64,
}

/// The posts by their flow, and how far it may be off.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// The largest first.
    pub posts: Vec<Ranked>,
    /// For each throw, the posts' flows in the order of `posts`.
    thrown: Vec<Vec<f64>>,
}

impl Ranking {
    /// Chance that exactly these posts have the most, in whatever order; `None` if one of them is not ranked, or none is named.
    pub fn top(&self, named: &BTreeSet<PostId>) -> Option<f64> {
        let is_named: Vec<bool> = self.posts.iter().map(|of| named.contains(&of.post)).collect();
        let all = !named.is_empty() && is_named.iter().filter(|named| **named).count() == named.len();
        all.then(|| share_of_top(&self.thrown, &is_named))
    }
}

/// Part of the throws in which every post that is named has more than every other.
fn share_of_top(thrown: &[Vec<f64>], is_named: &[bool]) -> f64 {
    let is_top = |flows: &&Vec<f64>| {
        let of = |named: bool| {
            flows.iter().zip(is_named).filter(move |(_, is)| **is == named).map(|(flow, _)| *flow)
        };
        of(false).fold(f64::NEG_INFINITY, f64::max) < of(true).fold(f64::INFINITY, f64::min)
    };
    thrown.iter().filter(is_top).count() as f64 / thrown.len() as f64
}

impl Record {
    /// The posts by their flow in a domain, the largest first; `None` with too few days to compare.
    pub fn ranking(&self, whole: &Domain, quantity: Quantity, method: Method, seed: Seed) -> Option<Ranking> {
        let domain = |post: &PostId| Domain { post: Some(post.clone()), ..whole.clone() };
        let of = |post: &PostId| (post.clone(), self.flow(&domain(post), quantity, method));
        let mut flows: Vec<(PostId, Flow)> = self.posts(whole).into_iter().map(of).collect();
        flows.sort_by(|one, other| other.1.est.total_cmp(&one.1.est));
        let daily = |(post, _): &(PostId, Flow)| differences(&self.daily(&domain(post), quantity, method));
        let deltas: Vec<Vec<f64>> = flows.iter().map(daily).collect();
        let pairs = deltas.iter().map(Vec::len).max().filter(|pairs| *pairs > 0)?;
        let throws = throws(&deltas, pairs, &mut seed.stream("ranking", &pairs.to_string()));
        let reach = joint_reach(&deltas, &throws);
        let of =
            |((_, flow), deltas): (&(PostId, Flow), &Vec<f64>)| interval(flow, reach * deviation(deltas));
        let joint: Vec<Interval> = flows.iter().zip(&deltas).map(of).collect();
        let land = |off: Vec<f64>| flows.iter().zip(off).map(|((_, flow), off)| flow.est + off).collect();
        let thrown: Vec<Vec<f64>> = throws.into_iter().map(land).collect();
        let posts = flows.iter().enumerate().map(|(at, (post, flow))| Ranked {
            post: post.clone(),
            est: flow.est,
            joint95: joint[at],
            ranks: ranks(&joint, at),
            first: share_of_top(&thrown, &named(flows.len(), |other| other == at)),
            top: share_of_top(&thrown, &named(flows.len(), |other| other <= at)),
        });
        Some(Ranking { posts: posts.collect(), thrown })
    }
}

fn named(posts: usize, is: impl Fn(usize) -> bool) -> Vec<bool> {
    (0..posts).map(is).collect()
}

/// Successive differences, each to the scale at which their squares add up to the variance of the sum.
fn differences(daily: &[(sekong_model::Day, f64)]) -> Vec<f64> {
    let pairs = daily.windows(2).filter(|pair| pair[1].0.days_since(pair[0].0) == 1);
    let deltas: Vec<f64> = pairs.map(|pair| pair[1].1 - pair[0].1).collect();
    let scale = (daily.len() as f64 / (2.0 * deltas.len() as f64)).sqrt();
    deltas.into_iter().map(|delta| delta * scale).collect()
}

/// Degrees of freedom of so many successive differences, in whole numbers (von Neumann and others 1941).
fn df(pairs: usize) -> usize {
    (2 * pairs * pairs / (3 * pairs - 1)).max(1)
}

fn deviation(deltas: &[f64]) -> f64 {
    deltas.iter().map(|delta| delta * delta).sum::<f64>().sqrt()
}

/// For each throw, how far each post is off: normal, over the root of a mean of as many squares as the scatter has degrees of freedom.
fn throws(deltas: &[Vec<f64>], pairs: usize, chance: &mut Chance) -> Vec<Vec<f64>> {
    let throw = |_| {
        let squares: f64 = (0..df(pairs)).map(|_| chance.normal()).map(|normal| normal * normal).sum();
        let scatter = (squares / df(pairs) as f64).sqrt();
        let weights: Vec<f64> = (0..pairs).map(|_| chance.normal() / scatter).collect();
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
