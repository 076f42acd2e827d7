//! Who was drawn with whom: strata, clusters, probabilities.

use std::collections::BTreeMap;

use super::joint::Joint;
use super::nested::Nested;
use super::{DesignError, Rows, Sample, Variance};

/// Every column is as long as the first, and holds finite numbers.
pub(super) fn check_columns(sample: &Sample) -> Result<(), DesignError> {
    let Some((first, y)) = sample.y.first() else { return Err(DesignError::NoColumn) };
    let wanted = y.len();
    if wanted == 0 {
        return Err(DesignError::NoRows);
    }
    let same = |field: &str, found: usize| {
        let (field, first) = (field.to_owned(), format!("y.{first}"));
        if found == wanted { Ok(()) } else { Err(DesignError::Length { field, found, first, wanted }) }
    };
    for (place, (name, y)) in sample.y.iter().enumerate() {
        if sample.y[..place].iter().any(|(other, _)| other == name) {
            return Err(DesignError::TwoColumns { name: name.clone() });
        }
        same(&format!("y.{name}"), y.len())?;
        check_finite(&format!("y.{name}"), y)?;
        if y.iter().all(|value| *value == 0.0) {
            return Err(DesignError::AllZero { name: name.clone() });
        }
    }
    let names = [
        ("strata", &sample.strata),
        ("cluster", &sample.cluster),
        ("cluster2", &sample.cluster2),
        ("domains", &sample.domains),
    ];
    for (field, column) in names {
        column.as_ref().map_or(Ok(()), |column| same(field, column.len()))?;
    }
    let numbers =
        [("pi", &sample.pi), ("weights", &sample.weights), ("fpc", &sample.fpc), ("fpc2", &sample.fpc2)];
    for (field, column) in numbers {
        let Some(column) = column else { continue };
        same(field, column.len())?;
        check_finite(field, column)?;
    }
    for (row, column) in sample.joint.iter().flatten().enumerate() {
        same(&format!("joint, row {row},"), column.len())?;
        check_finite(&format!("joint, row {row}"), column)?;
    }
    sample.joint.as_ref().map_or(Ok(()), |joint| same("joint", joint.len()))
}

fn check_finite(field: &str, column: &[f64]) -> Result<(), DesignError> {
    match column.iter().position(|value| !value.is_finite()) {
        Some(row) => Err(DesignError::NotFinite { field: field.to_owned(), row, value: column[row] }),
        None => Ok(()),
    }
}

/// A sample's design, row by row.
#[derive(Debug)]
pub(super) struct Structure {
    /// Inverse inclusion probability of each row.
    pub(super) weights: Vec<f64>,
    /// First-stage cluster of each row, and stratum of each of these.
    first: Stage,
    spread: Spread,
}

/// How the variance is computed.
#[derive(Debug)]
enum Spread {
    Nested(Nested),
    Joint(Joint),
}

/// The clusters of a stage.
#[derive(Debug, Clone)]
pub(super) struct Stage {
    /// Index of each row's cluster.
    pub(super) cluster_of: Vec<usize>,
    /// First row of each cluster.
    pub(super) first_row: Vec<usize>,
    /// Index of each cluster's stratum.
    pub(super) stratum_of: Vec<usize>,
    /// Clusters in each stratum.
    pub(super) sizes: Vec<usize>,
}

impl Stage {
    /// Numbers clusters and strata by their first appearance; `cluster` and `stratum` give a row's keys.
    pub(super) fn of<C: Ord, S: Ord>(
        rows: usize,
        cluster: impl Fn(usize) -> C,
        stratum: impl Fn(usize) -> S,
    ) -> Stage {
        let (mut clusters, mut strata) = (BTreeMap::new(), BTreeMap::new());
        let mut stage = Stage {
            cluster_of: Vec::with_capacity(rows),
            first_row: Vec::new(),
            stratum_of: Vec::new(),
            sizes: Vec::new(),
        };
        for row in 0..rows {
            let next = clusters.len();
            let index = *clusters.entry(cluster(row)).or_insert(next);
            if index == next {
                let next = strata.len();
                let of = *strata.entry(stratum(row)).or_insert(next);
                if of == next {
                    stage.sizes.push(0);
                }
                stage.sizes[of] += 1;
                stage.first_row.push(row);
                stage.stratum_of.push(of);
            }
            stage.cluster_of.push(index);
        }
        stage
    }

    /// Clusters sampled with a row's, in its stratum.
    pub(super) fn sampled(&self, row: usize) -> usize {
        self.sizes[self.stratum_of[self.cluster_of[row]]]
    }
}

impl Structure {
    pub(super) fn of(sample: &Sample) -> Result<Structure, DesignError> {
        let rows = sample.y.first().map_or(0, |(_, y)| y.len());
        check_fields(sample)?;
        let first = first_stage(sample, rows)?;
        if first.first_row.len() == 1 {
            return Err(DesignError::OneCluster);
        }
        let second = sample.cluster2.as_ref().map(|names| {
            Stage::of(rows, |row| (first.cluster_of[row], &names[row]), |row| first.cluster_of[row])
        });
        let shares = [
            shares(sample, "fpc", sample.fpc.as_deref(), &first)?,
            match &second {
                Some(second) => shares(sample, "fpc2", sample.fpc2.as_deref(), second)?,
                None => None,
            },
        ];
        let weights = weights(sample, &shares, rows)?;
        check_probabilities(sample)?;
        let spread = match sample.variance {
            Variance::Default | Variance::Brewer | Variance::WithReplacement => {
                Spread::Nested(Nested::of(sample, &first, second, shares, &weights)?)
            }
            Variance::HartleyRao | Variance::Overton => {
                let single = single(sample, shares[0].as_deref(), &first, &weights);
                Spread::Joint(Joint::guessed(sample.variance, &first, &single))
            }
            Variance::HorvitzThompson | Variance::YatesGrundy => {
                Spread::Joint(Joint::given(sample, &weights)?)
            }
        };
        Ok(Structure { weights, first, spread })
    }

    /// The variance of a sum of weighted values.
    pub(super) fn variance(&self, z: &[f64]) -> Result<f64, DesignError> {
        match &self.spread {
            Spread::Nested(nested) => nested.variance(&self.first, z),
            Spread::Joint(joint) => Ok(joint.variance(&self.first, z)),
        }
    }

    /// Clusters less strata, of those that `rows` touch.
    pub(super) fn df(&self, rows: Rows<'_>) -> f64 {
        let first = &self.first;
        let (mut clusters, mut strata) = (vec![false; first.first_row.len()], vec![false; first.sizes.len()]);
        for row in (0..first.cluster_of.len()).filter(|row| rows.holds(*row)) {
            let cluster = first.cluster_of[row];
            clusters[cluster] = true;
            strata[first.stratum_of[cluster]] = true;
        }
        let count = |marks: &[bool]| marks.iter().filter(|mark| **mark).count() as f64;
        count(&clusters) - count(&strata)
    }
}

/// Fields that the variance needs or has no use for.
fn check_fields(sample: &Sample) -> Result<(), DesignError> {
    if sample.pi.is_some() && sample.weights.is_some() {
        return Err(DesignError::Both { one: "pi", other: "weights" });
    }
    let without = |given: bool, field, needed: bool, needs| {
        if given && !needed { Err(DesignError::Without { field, needs }) } else { Ok(()) }
    };
    without(sample.cluster2.is_some(), "cluster2", sample.cluster.is_some(), "cluster")?;
    without(
        sample.fpc2.is_some(),
        "fpc2",
        sample.cluster2.is_some() && sample.fpc.is_some(),
        "cluster2 and fpc",
    )?;
    without(
        sample.fpc.is_some() && sample.cluster2.is_some(),
        "fpc with cluster2",
        sample.fpc2.is_some(),
        "fpc2",
    )?;
    let variance = sample.variance.name();
    let joint = matches!(sample.variance, Variance::HorvitzThompson | Variance::YatesGrundy);
    match (&sample.joint, joint) {
        (None, true) => return Err(DesignError::Needs { field: "joint", variance }),
        (Some(_), false) => return Err(DesignError::NoUse { field: "joint", variance }),
        _ => {}
    }
    let single = matches!(sample.variance, Variance::HartleyRao | Variance::Overton) || joint;
    if single && sample.cluster2.is_some() {
        return Err(DesignError::NoUse { field: "cluster2", variance });
    }
    let needs_pi = matches!(sample.variance, Variance::Brewer | Variance::HartleyRao | Variance::Overton);
    if needs_pi && sample.pi.is_none() && sample.weights.is_none() && sample.fpc.is_none() {
        return Err(DesignError::Needs { field: "pi", variance });
    }
    Ok(())
}

/// Where a variance takes inverse weights for probabilities they are at most 1. Brewer's does so where no share of a population is given.
fn check_probabilities(sample: &Sample) -> Result<(), DesignError> {
    let takes = match sample.variance {
        Variance::HartleyRao | Variance::Overton => true,
        Variance::Brewer => sample.fpc.is_none(),
        _ => false,
    };
    let below = sample.weights.iter().flatten().enumerate().find(|(_, weight)| takes && **weight < 1.0);
    let variance = sample.variance.name();
    below.map_or(Ok(()), |(row, value)| Err(DesignError::WeightBelowOne { row, value: *value, variance }))
}

fn first_stage(sample: &Sample, rows: usize) -> Result<Stage, DesignError> {
    let stratum = |row: usize| sample.strata.as_ref().map(|names| &names[row]);
    let Some(names) = &sample.cluster else { return Ok(Stage::of(rows, |row| row, stratum)) };
    let stage = Stage::of(rows, |row| &names[row], stratum);
    for (row, cluster) in names.iter().enumerate() {
        let first = stage.first_row[stage.cluster_of[row]];
        if let (Some(one), Some(other)) = (stratum(first), stratum(row))
            && one != other
        {
            let (one, other) = (one.clone(), other.clone());
            return Err(DesignError::TwoStrata { cluster: cluster.clone(), one, other });
        }
    }
    Ok(stage)
}

/// The share of a stage's clusters that is sampled, row by row: counts if any value of the column is above 1. With replacement more may be
/// sampled than there are.
fn shares(
    sample: &Sample,
    field: &'static str,
    column: Option<&[f64]>,
    stage: &Stage,
) -> Result<Option<Vec<f64>>, DesignError> {
    let Some(column) = column else { return Ok(None) };
    let once = sample.variance != Variance::WithReplacement;
    let counts = column.iter().any(|value| 1.0 < *value);
    let share = |(row, value): (usize, &f64)| {
        let (value, sampled) = (*value, stage.sampled(row));
        match counts {
            true if value < 1.0 => Err(DesignError::CountsAndShares { field, row, value }),
            true if once && value < sampled as f64 => {
                Err(DesignError::Oversampled { field, row, population: value, sampled })
            }
            true => Ok(sampled as f64 / value),
            false if value <= 0.0 => Err(DesignError::Probability { field, row, value }),
            false => Ok(value),
        }
    };
    column.iter().enumerate().map(share).collect::<Result<_, _>>().map(Some)
}

/// Inverse probabilities: as given, or the product of the stages' shares, or 1.
fn weights(sample: &Sample, shares: &[Option<Vec<f64>>; 2], rows: usize) -> Result<Vec<f64>, DesignError> {
    if let Some(weights) = &sample.weights {
        return match weights.iter().position(|weight| *weight <= 0.0) {
            Some(row) => Err(DesignError::Weight { row, value: weights[row] }),
            None => Ok(weights.clone()),
        };
    }
    let diagonal: Option<Vec<f64>> =
        sample.joint.as_ref().map(|joint| (0..rows).map(|row| joint[row][row]).collect());
    if let Some(pi) = sample.pi.as_ref().or(diagonal.as_ref()) {
        let improper = pi.iter().position(|pi| !(0.0 < *pi && *pi <= 1.0));
        return match improper {
            Some(row) => Err(DesignError::Probability { field: "pi", row, value: pi[row] }),
            None => Ok(pi.iter().map(|pi| 1.0 / pi).collect()),
        };
    }
    let share = |row: usize| shares.iter().flatten().map(|shares| shares[row]).product::<f64>();
    Ok((0..rows).map(|row| 1.0 / share(row)).collect())
}

/// Inclusion probability of each first-stage cluster, to the last digit as R's survey has it: from the population that the probability of
/// one of n makes of its stratum. Where two of them sum to 1 is told by that digit.
fn single(sample: &Sample, share: Option<&[f64]>, first: &Stage, weights: &[f64]) -> Vec<f64> {
    let given = sample.pi.as_deref().or(share).filter(|_| sample.weights.is_none());
    let one = |row: &usize| {
        let sampled = first.sampled(*row) as f64;
        given.map_or(1.0 / weights[*row], |given| 1.0 / (sampled / given[*row] / sampled))
    };
    first.first_row.iter().map(one).collect()
}
