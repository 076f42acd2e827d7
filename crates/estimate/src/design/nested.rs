//! The variance between clusters within strata, stage by stage.

use super::structure::Stage;
use super::{DesignError, Sample, Variance};

/// A share so near to the whole that nothing of a stage is left to chance.
const WHOLE: f64 = 1e-7;

/// Clusters within strata at one or two stages.
#[derive(Debug)]
pub(super) struct Nested {
    /// What is left to chance of each first-stage cluster: 1 less the share that is sampled.
    left: Vec<f64>,
    /// Names of the strata, for whoever is told that one has too few clusters.
    strata: Vec<String>,
    second: Option<Second>,
}

/// The second stage, of which each first-stage cluster is a stratum.
#[derive(Debug)]
struct Second {
    stage: Stage,
    left: Vec<f64>,
    /// Share of first-stage clusters that is sampled, by first-stage cluster.
    share: Vec<f64>,
    names: Vec<String>,
}

impl Nested {
    pub(super) fn of(
        sample: &Sample,
        first: &Stage,
        second: Option<Stage>,
        shares: [Option<Vec<f64>>; 2],
        weights: &[f64],
    ) -> Result<Nested, DesignError> {
        let [share, share2] = shares;
        let share = match (share, sample.variance) {
            // Brewer's correction is the probability of each cluster itself, where no other is given.
            (None, Variance::Brewer) => Some(weights.iter().map(|weight| 1.0 / weight).collect()),
            // The shares gave the weights; a cluster that may be drawn again leaves all to chance.
            (_, Variance::WithReplacement) => None,
            (share, _) => share,
        };
        let left_of = |stage: &Stage, share: &Option<Vec<f64>>| -> Vec<f64> {
            stage.first_row.iter().map(|row| share.as_ref().map_or(1.0, |share| 1.0 - share[*row])).collect()
        };
        let named = |names: &Option<Vec<String>>, row: usize| {
            names.as_ref().map_or_else(|| "all".to_owned(), |names| names[row].clone())
        };
        let mut strata = vec![String::new(); first.sizes.len()];
        for (cluster, row) in first.first_row.iter().enumerate() {
            strata[first.stratum_of[cluster]] = named(&sample.strata, *row);
        }
        let second = match (second, share.as_ref(), share2) {
            (Some(stage), Some(share), Some(share2)) => {
                let left = left_of(&stage, &Some(share2));
                let share = first.first_row.iter().map(|row| share[*row]).collect();
                let names = first.first_row.iter().map(|row| named(&sample.cluster, *row)).collect();
                Some(Second { stage, left, share, names })
            }
            // Without finite populations the first stage tells all: the second is part of what its clusters differ by.
            _ => None,
        };
        let nested = Nested { left: left_of(first, &share), strata, second };
        nested.check(first)?;
        Ok(nested)
    }

    /// A stratum of one cluster tells nothing of its variance, unless it is the whole of it.
    fn check(&self, first: &Stage) -> Result<(), DesignError> {
        if let Some(stratum) = lonely(first, &self.left) {
            return Err(DesignError::OneInStratum { stratum: self.strata[stratum].clone() });
        }
        let Some(second) = &self.second else { return Ok(()) };
        match lonely(&second.stage, &second.left) {
            Some(cluster) => Err(DesignError::OneInCluster { cluster: second.names[cluster].clone() }),
            None => Ok(()),
        }
    }

    pub(super) fn variance(&self, first: &Stage, z: &[f64]) -> Result<f64, DesignError> {
        let between: f64 = between(first, &self.left, z).iter().sum();
        let within = self.second.as_ref().map_or(0.0, |second| {
            let of_clusters = self::between(&second.stage, &second.left, z);
            of_clusters.iter().zip(&second.share).map(|(variance, share)| variance * share).sum()
        });
        Ok(between + within)
    }
}

/// A stratum with one cluster, of which something is left to chance.
fn lonely(stage: &Stage, left: &[f64]) -> Option<usize> {
    let mut clusters = stage.stratum_of.iter().zip(left);
    clusters
        .find(|(stratum, left)| stage.sizes[**stratum] == 1 && WHOLE <= **left)
        .map(|(stratum, _)| *stratum)
}

/// For each stratum n/(n − 1) · Σ (1 − f) (t − mean of t)², over the totals t of its n clusters.
fn between(stage: &Stage, left: &[f64], z: &[f64]) -> Vec<f64> {
    let mut totals = vec![0.0; stage.first_row.len()];
    z.iter().zip(&stage.cluster_of).for_each(|(z, cluster)| totals[*cluster] += z);
    let mut means = vec![0.0; stage.sizes.len()];
    totals.iter().zip(&stage.stratum_of).for_each(|(total, stratum)| means[*stratum] += total);
    means.iter_mut().zip(&stage.sizes).for_each(|(mean, size)| *mean /= *size as f64);
    let mut sums = vec![0.0; stage.sizes.len()];
    for ((total, stratum), left) in totals.iter().zip(&stage.stratum_of).zip(left) {
        let size = stage.sizes[*stratum] as f64;
        if 1.0 < size {
            let apart = total - means[*stratum];
            sums[*stratum] += left * size / (size - 1.0) * apart * apart;
        }
    }
    sums
}
