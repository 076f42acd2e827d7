//! Why a sample says nothing, and what to do about it.

/// Why a sample says nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DesignError {
    /// A column of another length than the first.
    #[error("{field} has {found} rows, {first} has {wanted}")]
    Length {
        /// The column.
        field: String,
        /// Its rows.
        found: usize,
        /// The column that it is held against.
        first: String,
        /// Its rows.
        wanted: usize,
    },
    /// Values so large, or probabilities so small, that no number holds what they come to.
    #[error("{name}: its values and weights come to more than a number of 64 bits holds")]
    Overflow {
        /// The column.
        name: String,
    },
    /// Nothing was counted.
    #[error("y has no column: name at least one, like {{\"found\": [0, 2, 1]}}")]
    NoColumn,
    /// A name is there twice.
    #[error("y has two columns {name:?}")]
    TwoColumns {
        /// The name.
        name: String,
    },
    /// A sample without rows.
    #[error("the sample has no rows")]
    NoRows,
    /// A value that is no number.
    #[error("{field}, row {row}: {value} is no finite number")]
    NotFinite {
        /// The column.
        field: String,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A column in which nothing was counted: it scatters by nothing, and yet nobody knows that there is none.
    #[error("y.{name}: every value is 0, which tells no variance")]
    AllZero {
        /// The column.
        name: String,
    },
    /// An inclusion probability that cannot be.
    #[error("{field}, row {row}: {value} is no inclusion probability: above 0, at most 1")]
    Probability {
        /// The column.
        field: &'static str,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A weight that cannot be.
    #[error("weights, row {row}: {value} is not above 0")]
    Weight {
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A weight below 1 where its inverse is taken for a probability.
    #[error(
        "weights, row {row}: {value} is below 1, a probability above 1, which variance {variance} cannot use"
    )]
    WeightBelowOne {
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f64,
        /// The variance.
        variance: &'static str,
    },
    /// Two things where one is to be given.
    #[error("{one} and {other} are both given: leave one out")]
    Both {
        /// The one.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// Something that the variance needs.
    #[error("{field} is missing, which variance {variance} needs")]
    Needs {
        /// What.
        field: &'static str,
        /// The variance.
        variance: &'static str,
    },
    /// Something that the variance cannot use.
    #[error("{field} is given, which variance {variance} has no use for")]
    NoUse {
        /// What.
        field: &'static str,
        /// The variance.
        variance: &'static str,
    },
    /// A column of the second stage without the one of the first.
    #[error("{field} is given without {needs}")]
    Without {
        /// The one.
        field: &'static str,
        /// The other.
        needs: &'static str,
    },
    /// A finite population that is smaller than its sample.
    #[error("{field}, row {row}: a population of {population} and {sampled} sampled")]
    Oversampled {
        /// The column.
        field: &'static str,
        /// The row, from 0.
        row: usize,
        /// Clusters in the population.
        population: f64,
        /// Clusters in the sample.
        sampled: usize,
    },
    /// Populations that are partly counts and partly shares.
    #[error(
        "{field}, row {row}: {value} among counts; give counts of 1 and more, or shares of at most 1, in the whole column"
    )]
    CountsAndShares {
        /// The column.
        field: &'static str,
        /// The row, from 0.
        row: usize,
        /// The value.
        value: f64,
    },
    /// A cluster in two strata.
    #[error(
        "cluster {cluster:?} is in the strata {one:?} and {other:?}: give clusters of different strata different names"
    )]
    TwoStrata {
        /// The cluster.
        cluster: String,
        /// A stratum.
        one: String,
        /// Another one.
        other: String,
    },
    /// A sample of one cluster.
    #[error("the sample is one cluster: nothing says how much another one would differ")]
    OneCluster,
    /// A stratum of one cluster that is not the whole of it.
    #[error("stratum {stratum:?} has one cluster: merge it with a stratum that is like it")]
    OneInStratum {
        /// The stratum.
        stratum: String,
    },
    /// A first-stage cluster of which one cluster of the second stage was taken, and not the whole.
    #[error("cluster {cluster:?} has one cluster of the second stage: its own variance cannot be estimated")]
    OneInCluster {
        /// The first-stage cluster.
        cluster: String,
    },
    /// A matrix that is no matrix of joint probabilities.
    #[error("joint, row {row}, column {column}: {value}: {what}")]
    Joint {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
        /// The value.
        value: f64,
        /// What is wrong.
        what: &'static str,
    },
    /// A ratio to nothing, or a mean of nothing.
    #[error("{name}: the denominator is 0")]
    NoDenominator {
        /// The column.
        name: String,
    },
    /// A name that no column has.
    #[error("y has no column {name:?}")]
    Unknown {
        /// The name.
        name: String,
    },
}

impl DesignError {
    /// What to do about it, where the error itself does not say.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            DesignError::Length { .. } | DesignError::NotFinite { .. } => {
                Some("give every column a value for each row; leave a row with a missing value out of all")
            }
            DesignError::AllZero { .. } => Some(
                "leave the column out, and bound it by a model: none in n rows drawn alike leaves at most a share of 3.7/n (Poisson, exact at 97.5 %)",
            ),
            DesignError::Probability { .. } => {
                Some("give each row its chance to be in the sample; one that is in it for sure has 1")
            }
            DesignError::Weight { .. } => {
                Some("a weight says for how many its row stands; leave out a row that stands for none")
            }
            DesignError::WeightBelowOne { .. } => Some(
                "give the inverses of inclusion probabilities, or take variance default or with_replacement",
            ),
            DesignError::Needs { field: "joint", .. } => {
                Some("give joint, or take a variance that guesses it: brewer, overton or hartley_rao")
            }
            DesignError::Needs { .. } => Some("give pi or weights"),
            DesignError::NoUse { .. } => Some("leave it out, or take a variance that uses it"),
            DesignError::Oversampled { .. } => Some(
                "fpc counts the clusters of the row's stratum in the population, fpc2 those of its cluster",
            ),
            DesignError::Joint { .. } => Some(
                "joint[i][j] is the chance that rows i and j are both in the sample, joint[i][i] that row i is",
            ),
            DesignError::Overflow { .. } => Some("count in larger units"),
            DesignError::Unknown { .. } => Some("name a column of y"),
            DesignError::OneCluster => Some("give each row its own cluster if it was drawn by itself"),
            DesignError::OneInCluster { .. } => {
                Some("leave fpc, cluster2 and fpc2 out and give weights: then the first stage tells all")
            }
            DesignError::NoDenominator { .. } => Some("take a ratio to a column with a total above 0"),
            DesignError::NoColumn
            | DesignError::TwoColumns { .. }
            | DesignError::NoRows
            | DesignError::Both { .. }
            | DesignError::Without { .. }
            | DesignError::CountsAndShares { .. }
            | DesignError::TwoStrata { .. }
            | DesignError::OneInStratum { .. } => None,
        }
    }
}
