//! The variance from joint inclusion probabilities π_ij, by Δ_ij = 1 − π_i π_j / π_ij.

use super::structure::Stage;
use super::{DesignError, Sample, Variance};

/// |Δ| below which two rows count as drawn independently, as `ppsmat` of R's survey has it.
const INDEPENDENT: f64 = 1e-4;

/// Part of all terms' sizes, for each row, below which their sum is nothing but rounding.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// How far a matrix may be from symmetric.
const SYMMETRIC: f64 = 1e-9;

/// Δ of every pair: of rows where joint probabilities are given, else of first-stage clusters.
#[derive(Debug)]
pub(super) struct Joint {
    delta: Vec<Vec<f64>>,
    /// Whether the indices are rows.
    of_rows: bool,
    yates_grundy: bool,
}

impl Joint {
    /// Δ from single probabilities of the first-stage clusters: Hartley and Rao (1962) with the sample's mean probability, or Overton (1985),
    /// within strata.
    pub(super) fn guessed(variance: Variance, first: &Stage, pi: &[f64]) -> Joint {
        let mut means = vec![0.0; first.sizes.len()];
        pi.iter().zip(&first.stratum_of).for_each(|(pi, stratum)| means[*stratum] += pi);
        means.iter_mut().zip(&first.sizes).for_each(|(mean, size)| *mean /= *size as f64);
        let delta = |i: usize, j: usize| {
            if i == j {
                return 1.0 - pi[i];
            }
            let stratum = first.stratum_of[i];
            if stratum != first.stratum_of[j] {
                return 0.0;
            }
            let n = first.sizes[stratum] as f64;
            let (sum, above) = match variance {
                Variance::Overton => ((pi[i] + pi[j]) / 2.0, 0.0),
                _ => (pi[i] + pi[j], means[stratum]),
            };
            // R's survey takes a sum of exactly 1 for a pair that is certain.
            if sum == 1.0 { 0.0 } else { 1.0 - (n - sum + above) / (n - 1.0) }
        };
        let count = pi.len();
        let delta = (0..count).map(|i| (0..count).map(|j| delta(i, j)).collect()).collect();
        Joint { delta, of_rows: false, yates_grundy: false }
    }

    /// Δ from the joint probabilities of the rows.
    pub(super) fn given(sample: &Sample, weights: &[f64]) -> Result<Joint, DesignError> {
        let joint = sample.joint.as_deref().unwrap_or_default();
        for (row, line) in joint.iter().enumerate() {
            for (column, value) in line.iter().enumerate() {
                let wrong = |what| Err(DesignError::Joint { row, column, value: *value, what });
                if *value <= 0.0 || 1.0 < *value {
                    return wrong("a joint probability is above 0 and at most 1");
                }
                if SYMMETRIC * value < (value - joint[column][row]).abs() {
                    return wrong("the matrix is not symmetric");
                }
                if row == column && SYMMETRIC < (value * weights[row] - 1.0).abs() {
                    return wrong("the diagonal is not the single probability");
                }
                if joint[row][row].min(joint[column][column]) * (1.0 + SYMMETRIC) < *value {
                    return wrong("a joint probability is at most each of the single ones");
                }
            }
        }
        let delta = |i: usize, j: usize| {
            let delta = (joint[i][j] - joint[i][i] * joint[j][j]) / joint[i][j];
            if delta.abs() < INDEPENDENT { 0.0 } else { delta }
        };
        let count = joint.len();
        let delta = (0..count).map(|i| (0..count).map(|j| delta(i, j)).collect()).collect();
        Ok(Joint { delta, of_rows: true, yates_grundy: sample.variance == Variance::YatesGrundy })
    }

    /// ΣΣ Δ_ij z_i z_j, and for Yates and Grundy less ΣΣ Δ_ij z_j². Where the terms leave nothing of each other but rounding it is 0.
    pub(super) fn variance(&self, first: &Stage, z: &[f64]) -> f64 {
        let totals = if self.of_rows {
            z.to_vec()
        } else {
            let mut totals = vec![0.0; first.first_row.len()];
            z.iter().zip(&first.cluster_of).for_each(|(z, cluster)| totals[*cluster] += z);
            totals
        };
        let line = |(i, line): (usize, &Vec<f64>)| {
            let products = line.iter().zip(&totals);
            let terms =
                products.map(|(delta, z)| delta * z * (totals[i] - if self.yates_grundy { *z } else { 0.0 }));
            terms.fold((0.0, 0.0), |(sum, size), term| (sum + term, size + term.abs()))
        };
        let lines = self.delta.iter().enumerate().map(line);
        let (sum, size) = lines.fold((0.0, 0.0), |(sum, size), (own, terms)| (sum + own, size + terms));
        let rounding = ROUNDING * self.delta.len() as f64 * size;
        if sum.abs() < rounding { 0.0 } else { sum }
    }
}
