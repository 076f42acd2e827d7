//! Totals, means, ratios and domains of a sample, by the design that drew it: what `svydesign` and its companions of the R package
//! survey compute (Lumley 2004, 2010), for analysts. The randomness is the design's; nothing is assumed of what was counted.
//!
//! - *Default*: strata, clusters at one or two stages, finite populations; the variance of a stage is that of its totals between clusters
//!   within strata (Särndal, Swensson and Wretman 1992, chapter 4). Without a finite population only the first stage counts, as if drawn
//!   with replacement.
//! - *Brewer*: the same with (1 − π) of each cluster as its own correction (Brewer 2002). survey 4.1.1 (its `onestrat`) pairs these with totals
//!   in the order of the clusters' names, and is wrong where rows come in another; here each cluster has its own. Population counts, which
//!   R refuses for it, give the share of the stratum that is sampled.
//! - *Overton*, *Hartley–Rao*: joint probabilities guessed from single ones, in the Horvitz–Thompson form.
//! - *HT*, *Yates–Grundy*: joint probabilities given.

mod error;
mod joint;
mod nested;
mod structure;

use std::str::FromStr;

pub use error::DesignError;
use structure::Structure;

use crate::exact::Interval;
use crate::special::{normal_quantile, t_quantile};

/// How the variance is estimated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Variance {
    /// Between clusters, with finite populations where they are given.
    #[default]
    Default,
    /// Brewer's approximation for unequal probabilities.
    Brewer,
    /// Hartley and Rao's joint probabilities, from the sample's own.
    HartleyRao,
    /// Overton's joint probabilities.
    Overton,
    /// Horvitz and Thompson's with the joint probabilities that are given.
    HorvitzThompson,
    /// Yates and Grundy's with the joint probabilities that are given.
    YatesGrundy,
    /// As if every cluster were drawn anew.
    WithReplacement,
}

/// A name that no variance has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no variance is named {name:?}: name default, brewer, hartley_rao, overton, ht, yates_grundy or with_replacement"
)]
pub struct VarianceNameError {
    /// The name as given.
    pub name: String,
}

impl FromStr for Variance {
    type Err = VarianceNameError;
    fn from_str(name: &str) -> Result<Variance, VarianceNameError> {
        let named = Variance::ALL.into_iter().find(|variance| variance.name() == name);
        named.ok_or_else(|| VarianceNameError { name: name.to_owned() })
    }
}

impl Variance {
    /// Every variance.
    pub const ALL: [Variance; 7] = [
        Variance::Default,
        Variance::Brewer,
        Variance::HartleyRao,
        Variance::Overton,
        Variance::HorvitzThompson,
        Variance::YatesGrundy,
        Variance::WithReplacement,
    ];

    /// As it is named in a file.
    pub fn name(self) -> &'static str {
        match self {
            Variance::Default => "default",
            Variance::Brewer => "brewer",
            Variance::HartleyRao => "hartley_rao",
            Variance::Overton => "overton",
            Variance::HorvitzThompson => "ht",
            Variance::YatesGrundy => "yates_grundy",
            Variance::WithReplacement => "with_replacement",
        }
    }
}

/// A sample and its design, column by column, a row an observation.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// What was counted, by name.
    pub y: Vec<(String, Vec<f64>)>,
    /// Inclusion probabilities.
    pub pi: Option<Vec<f64>>,
    /// Or their inverses.
    pub weights: Option<Vec<f64>>,
    /// Strata of the first stage.
    pub strata: Option<Vec<String>>,
    /// Clusters of the first stage.
    pub cluster: Option<Vec<String>>,
    /// Clusters of the second stage, within those of the first.
    pub cluster2: Option<Vec<String>>,
    /// Clusters in the row's stratum in the population; or the share that is sampled, if no value is above 1.
    pub fpc: Option<Vec<f64>>,
    /// Clusters of the second stage in the row's first-stage cluster, likewise.
    pub fpc2: Option<Vec<f64>>,
    /// Joint inclusion probabilities of the rows.
    pub joint: Option<Vec<Vec<f64>>>,
    /// The domain of each row.
    pub domains: Option<Vec<String>>,
    /// How the variance is estimated.
    pub variance: Variance,
}

/// An estimate with its uncertainty.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub est: f64,
    /// Degrees of freedom: clusters less strata; in a domain of those that it touches, as `degf(subset(…))` of R's survey has it.
    pub df: f64,
    /// How surely it is known.
    pub certainty: Certainty,
    /// Whether every value that it is made of is 0, as in a domain where nothing was counted. R's survey gives such an estimate the
    /// standard error 0, and so does this; it means that none can be told, and is not to be shown as one.
    pub all_zero: bool,
}

/// How surely an estimate is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Certainty {
    /// By a standard error.
    Known(Known),
    /// Its variance is estimated below zero, as with joint probabilities it may be: none can be told. R's survey says NaN.
    Negative {
        /// The estimated variance.
        variance: f64,
    },
}

/// A standard error and what follows from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// The standard error.
    pub se: f64,
    /// 95 % by Student's t.
    pub t95: Interval,
    /// 95 % by the normal law.
    pub z95: Interval,
}

impl Estimate {
    /// Its standard error and intervals; `None` where none can be told.
    pub fn known(&self) -> Option<Known> {
        match self.certainty {
            Certainty::Known(known) => Some(known),
            Certainty::Negative { .. } => None,
        }
    }
}

impl Known {
    fn of(est: f64, se: f64, df: f64) -> Known {
        let within = |quantile: f64| Interval { low: est - quantile * se, high: est + quantile * se };
        let t95 = if df < 1.0 {
            Interval { low: f64::NEG_INFINITY, high: f64::INFINITY }
        } else {
            within(t_quantile(0.975, df))
        };
        Known { se, t95, z95: within(normal_quantile(0.975)) }
    }
}

/// What a quotient and its product leave of a value, in place of nothing, as a part of it.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// A sample whose design holds together.
#[derive(Debug)]
pub struct Design {
    y: Vec<(String, Vec<f64>)>,
    structure: Structure,
    domains: Option<Vec<String>>,
}

/// The rows that are looked at.
#[derive(Debug, Clone, Copy)]
enum Rows<'a> {
    All,
    Of(&'a [bool]),
}

impl Rows<'_> {
    fn holds(self, row: usize) -> bool {
        match self {
            Rows::All => true,
            Rows::Of(chosen) => chosen[row],
        }
    }
}

impl Design {
    /// Checks a sample.
    ///
    /// # Errors
    /// [`DesignError`] with the column and row.
    pub fn new(sample: Sample) -> Result<Design, DesignError> {
        structure::check_columns(&sample)?;
        let structure = Structure::of(&sample)?;
        Ok(Design { y: sample.y, structure, domains: sample.domains })
    }

    /// The names of the columns, in their order.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.y.iter().map(|(name, _)| name.as_str())
    }

    /// The domains of the sample, in order of their names.
    pub fn domains(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.domains.iter().flatten().map(String::as_str).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The population's total of a column.
    ///
    /// # Errors
    /// [`DesignError`], if the variance cannot be estimated.
    pub fn total(&self, name: &str) -> Result<Estimate, DesignError> {
        self.total_of(name, Rows::All)
    }

    /// The population's mean of a column.
    ///
    /// # Errors
    /// As [`Design::total`].
    pub fn mean(&self, name: &str) -> Result<Estimate, DesignError> {
        self.mean_of(name, Rows::All)
    }

    /// Total and mean of a column in a domain. The domain's size is not known beforehand, and counts as estimated.
    ///
    /// # Errors
    /// As [`Design::total`].
    pub fn in_domain(&self, name: &str, domain: &str) -> Result<(Estimate, Estimate), DesignError> {
        let names = self.domains.iter().flatten();
        let rows: Vec<bool> = names.map(|of| of == domain).collect();
        let rows = Rows::Of(&rows);
        let all_zero = (0..).zip(self.column(name)?).all(|(row, value)| !rows.holds(row) || *value == 0.0);
        let marked = |of: Estimate| Estimate { all_zero, ..of };
        Ok((marked(self.total_of(name, rows)?), marked(self.mean_of(name, rows)?)))
    }

    /// The ratio of two columns' totals.
    ///
    /// # Errors
    /// As [`Design::total`].
    pub fn ratio(&self, numerator: &str, denominator: &str) -> Result<Estimate, DesignError> {
        let (over, under) = (self.column(numerator)?, self.column(denominator)?);
        let weighted = |y: &[f64]| self.weighted(y, Rows::All);
        let (total, below) = (weighted(over).iter().sum::<f64>(), weighted(under).iter().sum::<f64>());
        if below == 0.0 {
            return Err(DesignError::NoDenominator { name: denominator.to_owned() });
        }
        let ratio = total / below;
        let residual = self.residual(over, under, below, Rows::All, ROUNDING);
        self.estimate(numerator, ratio, &weighted(&residual), Rows::All)
    }

    fn column(&self, name: &str) -> Result<&[f64], DesignError> {
        let found = self.y.iter().find(|(known, _)| known == name);
        found.map(|(_, y)| y.as_slice()).ok_or_else(|| DesignError::Unknown { name: name.to_owned() })
    }

    fn total_of(&self, name: &str, rows: Rows<'_>) -> Result<Estimate, DesignError> {
        let z = self.weighted(self.column(name)?, rows);
        self.estimate(name, z.iter().sum(), &z, rows)
    }

    fn mean_of(&self, name: &str, rows: Rows<'_>) -> Result<Estimate, DesignError> {
        let y = self.column(name)?;
        let size: f64 =
            (0..y.len()).filter(|row| rows.holds(*row)).map(|row| self.structure.weights[row]).sum();
        if size == 0.0 {
            return Err(DesignError::NoDenominator { name: name.to_owned() });
        }
        let mean = self.weighted(y, rows).iter().map(|z| z / size).sum::<f64>();
        let residual = self.residual(y, &vec![1.0; y.len()], size, rows, 0.0);
        self.estimate(name, mean, &self.weighted(&residual, rows), rows)
    }

    /// How far each row of `over` lies from its part of the ratio to `under`, as parts of the total `below` of the latter. All are held
    /// against the first row that counts, so that what they have in common falls out before anything is rounded.
    fn residual(&self, over: &[f64], under: &[f64], below: f64, rows: Rows<'_>, rounding: f64) -> Vec<f64> {
        let first = (0..over.len()).find(|row| rows.holds(*row) && under[*row] != 0.0);
        let guess = first.map_or(0.0, |row| over[row] / under[row]);
        let apart: Vec<f64> = over.iter().zip(under).map(|(y, x)| y - guess * x).collect();
        let is_rounding = |row: usize| apart[row].abs() <= rounding * over[row].abs();
        if (0..over.len()).all(|row| !rows.holds(row) || is_rounding(row)) {
            return vec![0.0; over.len()];
        }
        let rest: f64 = self.weighted(&apart, rows).iter().map(|z| z / below).sum();
        apart.iter().zip(under).map(|(apart, x)| (apart - rest * x) / below).collect()
    }

    /// Each row's share in the estimate of a total; 0 outside of `rows`.
    fn weighted(&self, y: &[f64], rows: Rows<'_>) -> Vec<f64> {
        let weighted = y.iter().zip(&self.structure.weights).enumerate();
        weighted.map(|(row, (y, weight))| if rows.holds(row) { y * weight } else { 0.0 }).collect()
    }

    fn estimate(&self, name: &str, est: f64, z: &[f64], rows: Rows<'_>) -> Result<Estimate, DesignError> {
        let variance = self.structure.variance(z)?;
        if !est.is_finite() || !variance.is_finite() {
            return Err(DesignError::Overflow { name: name.to_owned() });
        }
        let df = self.structure.df(rows);
        let certainty = match variance {
            variance if variance < 0.0 => Certainty::Negative { variance },
            variance => Certainty::Known(Known::of(est, libm::sqrt(variance), df)),
        };
        Ok(Estimate { est, df, certainty, all_zero: false })
    }
}
