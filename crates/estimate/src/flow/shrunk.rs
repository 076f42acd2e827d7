//! Posts that borrow from each other where each has few finds: shown beside the estimates, never instead of them.

use sekong_model::PostId;

use super::{Domain, Flow, Method, Quantity, Record, Uncertainty};
use crate::exact::Interval;
use crate::special::{gamma_quantile, ln_gamma};

/// A post's loads among those that passed, if posts are alike by chance.
#[derive(Debug, Clone, PartialEq)]
pub struct Shrunk {
    /// The post.
    pub post: PostId,
    /// Vehicles inspected.
    pub inspected: u64,
    /// Of these, with a find.
    pub found: u64,
    /// Loads that passed, under the model.
    pub loads: f64,
    /// 95 % of the model's own law.
    pub model95: Interval,
}

/// A Gamma law from which the posts' rates may come, and how much speaks for it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Law {
    shape: f64,
    rate: f64,
    weight: f64,
}

/// Shapes that are weighed: from posts as unlike as can be to posts as good as alike.
const SHAPES: (f64, f64, usize) = (0.02, 2_000.0, 41);

/// Means that are weighed for each shape, to as many standard errors on either side.
const MEANS: (f64, usize) = (4.0, 21);

impl Record {
    /// Finds of each post as Poisson, their rates as Gamma, whose law is known no better than the posts tell it (hierarchical Bayes with the
    /// uniform prior for shrinkage; Christiansen and Morris 1997). How surely the vehicles are known goes in. Empty without a find; left out
    /// is a post where nothing was inspected or no interval holds its loads: there the model says what it was told of the others.
    pub fn shrunk(&self, whole: &Domain) -> Vec<Shrunk> {
        // A post's law is that of all posts, whichever are looked at.
        let every = Domain { from: whole.from, ..Domain::default() };
        let posts: Vec<PostId> = self.posts(&every).into_iter().cloned().collect();
        let flow = |post: &PostId| {
            let domain = Domain { post: Some(post.clone()), ..every.clone() };
            self.flow(&domain, Quantity::Passed, Method::Difference)
        };
        let flows: Vec<Flow> = posts.iter().map(flow).collect();
        let counts: Vec<(f64, f64)> =
            flows.iter().map(|flow| (flow.found as f64, flow.inspected as f64)).collect();
        let laws = laws(&counts);
        if laws.is_empty() {
            return Vec::new();
        }
        let asked = self.posts(whole);
        let shown = posts.into_iter().zip(&flows).filter(|(post, _)| asked.contains(post));
        shown.filter_map(|(post, flow)| shrunk(post, flow, &laws)).collect()
    }
}

/// Mean and variance over all laws; the interval is that of the Gamma law which has both. `None` if that holds not even the mean, as of a law
/// that is nearly all at 0.
fn shrunk(post: PostId, flow: &Flow, laws: &[Law]) -> Option<Shrunk> {
    let (mut mean, mut square) = (0.0, 0.0);
    for law in laws {
        let (shape, rate) = (law.shape + flow.found as f64, law.rate + flow.inspected as f64);
        mean += law.weight * shape / rate;
        square += law.weight * shape * (shape + 1.0) / (rate * rate);
    }
    let passed_variance = match flow.uncertainty {
        Uncertainty::Scatter { se, .. } => se * se,
        Uncertainty::Model { .. } | Uncertainty::NotEstimable => 0.0,
    };
    let loads = flow.est.max(0.0) * mean;
    let variance = flow.est * flow.est * (square - mean * mean) + passed_variance * square;
    if flow.inspected == 0 || loads <= 0.0 || variance <= 0.0 {
        return None;
    }
    let of_law = |p| gamma_quantile(p, loads * loads / variance) * variance / loads;
    let model95 = Interval { low: of_law(0.025), high: of_law(0.975) };
    let holds = model95.low <= loads && loads <= model95.high;
    holds.then_some(Shrunk { post, inspected: flow.inspected, found: flow.found, loads, model95 })
}

/// The laws on a grid of shapes and means, by what the posts say for each; none without a find.
fn laws(counts: &[(f64, f64)]) -> Vec<Law> {
    let (found, inspected) =
        counts.iter().fold((0.0, 0.0), |(found, seen), (own, of)| (found + own, seen + of));
    if found == 0.0 {
        return Vec::new();
    }
    let mut laws = Vec::new();
    for shape in grid(libm::log(SHAPES.0), libm::log(SHAPES.1), SHAPES.2).map(libm::exp) {
        let reach = MEANS.0 * (1.0 / found + 1.0 / (shape * counts.len() as f64)).sqrt();
        for mean in grid(-reach, reach, MEANS.1).map(|log| libm::exp(log) * found / inspected) {
            // Uniform in shape / (1 + shape), on this grid of logarithms; the means of a shape lie as far apart as their reach has them.
            let prior = libm::log(shape) - 2.0 * libm::log(1.0 + shape) + libm::log(reach);
            let law = Law { shape, rate: shape / mean, weight: 0.0 };
            laws.push(Law { weight: prior + law.log_likelihood(counts), ..law });
        }
    }
    let most = laws.iter().map(|law| law.weight).fold(f64::NEG_INFINITY, f64::max);
    laws.iter_mut().for_each(|law| law.weight = libm::exp(law.weight - most));
    let all: f64 = laws.iter().map(|law| law.weight).sum();
    laws.iter_mut().for_each(|law| law.weight /= all);
    laws
}

fn grid(low: f64, high: f64, points: usize) -> impl Iterator<Item = f64> {
    (0..points).map(move |at| low + (high - low) * at as f64 / (points - 1) as f64)
}

impl Law {
    /// Of counts with their exposures: the negative binomial law.
    fn log_likelihood(&self, counts: &[(f64, f64)]) -> f64 {
        let one = |(found, inspected): &(f64, f64)| {
            ln_gamma(self.shape + found) - ln_gamma(self.shape)
                + self.shape * libm::log(self.rate / (self.rate + inspected))
                - found * libm::log(self.rate + inspected)
        };
        counts.iter().map(one).sum()
    }
}
