//! A sample as a JSON file.

use std::path::Path;

use sekong_estimate::design::{Sample, Variance, VarianceNameError};
use serde::Deserialize;

use super::edge::{Label, Pairs, parse, without_mark};
use crate::failure::Failure;
use crate::files::read_at_most;

/// A sample's file is no longer.
const SAMPLE_MAX_BYTES: usize = 1 << 30;

const HINT: &str = "sekong estimate design --help shows what a sample's file holds; leave out a row with a missing value yourself; rows count from 0";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SampleFile {
    y: Pairs<Vec<f64>>,
    pi: Option<Vec<f64>>,
    weights: Option<Vec<f64>>,
    strata: Option<Vec<Label>>,
    cluster: Option<Vec<Label>>,
    cluster2: Option<Vec<Label>>,
    fpc: Option<Vec<f64>>,
    fpc2: Option<Vec<f64>>,
    joint: Option<Vec<Vec<f64>>>,
    domains: Option<Vec<Label>>,
    #[serde(default)]
    variance: Named,
}

/// A variance by its name.
#[derive(Deserialize, Default)]
#[serde(try_from = "String")]
struct Named(Variance);

impl TryFrom<String> for Named {
    type Error = VarianceNameError;
    fn try_from(name: String) -> Result<Named, VarianceNameError> {
        name.parse().map(Named)
    }
}

/// Reads a sample; whether its design holds together is not looked at.
pub(super) fn read(path: &Path) -> Result<Sample, Failure> {
    let bytes = read_at_most(path, SAMPLE_MAX_BYTES)?;
    let file: SampleFile = parse(&path.display().to_string(), without_mark(&bytes), HINT)?;
    Ok(file.into())
}

impl From<SampleFile> for Sample {
    fn from(file: SampleFile) -> Sample {
        let labels = |labels: Option<Vec<Label>>| labels.map(|of| of.into_iter().map(String::from).collect());
        Sample {
            y: file.y.0,
            pi: file.pi,
            weights: file.weights,
            strata: labels(file.strata),
            cluster: labels(file.cluster),
            cluster2: labels(file.cluster2),
            fpc: file.fpc,
            fpc2: file.fpc2,
            joint: file.joint,
            domains: labels(file.domains),
            variance: file.variance.0,
        }
    }
}
