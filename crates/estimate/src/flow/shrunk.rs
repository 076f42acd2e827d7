//! Posts that borrow from each other where each has few finds: shown beside the estimates, never instead of them.

use sekong_model::PostId;

use super::{Domain, Method, Quantity, Record};
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

/// The Gamma law from which the posts' rates come.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Prior {
    shape: f64,
    rate: f64,
}

impl Record {
    /// Finds of each post as Poisson, their rates as Gamma, fitted to all posts (empirical Bayes; Robbins 1956, Clayton and Kaldor
    /// 1987). Empty without a find.
    pub fn shrunk(&self, whole: &Domain) -> Vec<Shrunk> {
        let posts: Vec<PostId> = self.posts().into_iter().cloned().collect();
        let flow = |post: &PostId| {
            let domain = Domain { post: Some(post.clone()), ..whole.clone() };
            self.flow(&domain, Quantity::Passed, Method::Difference)
        };
        let flows: Vec<_> = posts.iter().map(flow).collect();
        let counts: Vec<(f64, f64)> =
            flows.iter().map(|flow| (flow.found as f64, flow.inspected as f64)).collect();
        let Some(prior) = Prior::of(&counts) else { return Vec::new() };
        let one = |(post, flow): (PostId, &super::Flow)| {
            let (shape, rate) = (prior.shape + flow.found as f64, prior.rate + flow.inspected as f64);
            let at = |p| flow.est * gamma_quantile(p, shape) / rate;
            Shrunk {
                post,
                inspected: flow.inspected,
                found: flow.found,
                loads: flow.est * shape / rate,
                model95: Interval { low: at(0.025), high: at(0.975) },
            }
        };
        posts.into_iter().zip(&flows).map(one).collect()
    }
}

impl Prior {
    /// The most likely of the laws with the mean of all; `None` without a find.
    fn of(counts: &[(f64, f64)]) -> Option<Prior> {
        let (found, inspected) =
            counts.iter().fold((0.0, 0.0), |(found, seen), (own, of)| (found + own, seen + of));
        if found == 0.0 {
            return None;
        }
        let prior = |log_shape: f64| {
            let shape = libm::exp(log_shape);
            Prior { shape, rate: shape * inspected / found }
        };
        // From posts as unlike as can be to posts as good as alike; the likelihood has one top in between.
        let (mut low, mut high) = (libm::log(0.02), libm::log(2_000.0));
        let third = (5.0_f64.sqrt() - 1.0) / 2.0;
        while high - low > 1e-6 {
            let (one, other) = (high - third * (high - low), low + third * (high - low));
            if prior(one).log_likelihood(counts) < prior(other).log_likelihood(counts) {
                low = one;
            } else {
                high = other;
            }
        }
        Some(prior((low + high) / 2.0))
    }

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
