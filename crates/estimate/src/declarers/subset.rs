//! Uniform subsets of a shift, exactly.
//!
//! Under a uniform permutation, what the lot gave to `m` given teams of `n` is a uniform subset of `m` units. Of the first
//! `i` units a uniform subset of `j` holds the last one with chance `j / i`, and the rest of it is then a uniform subset
//! of `j − 1` of those before it. So means and distributions over subsets follow unit by unit, as sums of positive terms,
//! without a binomial coefficient that could overflow.

/// Mean over all subsets of `j` items of the product of their weights, for `j` from 0 to `size`: the elementary symmetric
/// polynomial over the number of subsets. Entries beyond the number of items mean nothing.
pub(crate) fn mean_products(weights: &[f64], size: usize) -> Vec<f64> {
    let mut means = vec![0.0; size + 1];
    means[0] = 1.0;
    for (before, weight) in weights.iter().enumerate() {
        let items = (before + 1) as f64;
        for of in (1..=size.min(before + 1)).rev() {
            let held = of as f64 / items;
            means[of] = held * weight * means[of - 1] + (1.0 - held) * means[of];
        }
    }
    means
}

/// The distribution of a whole number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Distribution {
    lowest: i64,
    masses: Vec<f64>,
}

/// Masses below this are left out. There are at most `2^27` of them in a test, so that together they are below
/// [`Distribution::TAIL_MIN`].
const MASS_MIN: f64 = 1e-280;

impl Distribution {
    /// A tail below this is given as this much, so that what was left out never makes it too small.
    pub(crate) const TAIL_MIN: f64 = 1e-270;

    /// Surely 0.
    pub(crate) fn zero() -> Distribution {
        Distribution { lowest: 0, masses: vec![1.0] }
    }

    /// The sum of the scores of a uniform subset of `size` items, at most as many as there are.
    pub(crate) fn of_subset(scores: &[i64], size: usize) -> Distribution {
        let reach = score_max(scores) * size;
        let mut by_size = vec![vec![0.0; 2 * reach + 1]; size + 1];
        by_size[0][reach] = 1.0;
        for (before, &score) in scores.iter().enumerate() {
            for of in (1..=size.min(before + 1)).rev() {
                let (smaller, own) = by_size.split_at_mut(of);
                hold(&mut own[0], &smaller[of - 1], score, of as f64 / (before + 1) as f64);
            }
        }
        Distribution { lowest: -(reach as i64), masses: by_size.swap_remove(size) }.trimmed()
    }

    /// The sum of two independent numbers.
    pub(crate) fn plus(&self, other: &Distribution) -> Distribution {
        let mut masses = vec![0.0; self.masses.len() + other.masses.len() - 1];
        for (at, &weight) in other.masses.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            for (sum, mass) in masses[at..].iter_mut().zip(&self.masses) {
                *sum += weight * mass;
            }
        }
        Distribution { lowest: self.lowest + other.lowest, masses }.trimmed()
    }

    /// Chance of `number` or less, at least [`Self::TAIL_MIN`].
    pub(crate) fn at_most(&self, number: i64) -> f64 {
        self.tail(|of| of <= number)
    }

    /// Chance of `number` or more, at least [`Self::TAIL_MIN`].
    pub(crate) fn at_least(&self, number: i64) -> f64 {
        self.tail(|of| of >= number)
    }

    fn tail(&self, is_in: impl Fn(i64) -> bool) -> f64 {
        let numbers = (self.lowest..).zip(&self.masses);
        let tail: f64 = numbers.filter(|(number, _)| is_in(*number)).map(|(_, mass)| mass).sum();
        tail.clamp(Distribution::TAIL_MIN, 1.0)
    }

    /// Without negligible masses, whose arithmetic would be slow, and without empty ends.
    fn trimmed(mut self) -> Distribution {
        self.masses.iter_mut().filter(|mass| **mass < MASS_MIN).for_each(|mass| *mass = 0.0);
        let end = self.masses.iter().rposition(|mass| *mass > 0.0).map_or(0, |last| last + 1);
        self.masses.truncate(end);
        let start = self.masses.iter().take_while(|mass| **mass == 0.0).count();
        self.masses.drain(..start);
        self.lowest += start as i64;
        self
    }
}

/// One more item: with chance `held` it is in the subset, and adds its score to that of one item less.
fn hold(own: &mut [f64], smaller: &[f64], score: i64, held: f64) {
    own.iter_mut().for_each(|mass| *mass *= 1.0 - held);
    let shift = score.unsigned_abs() as usize;
    let (to, from) = if score >= 0 { (&mut own[shift..], smaller) } else { (own, &smaller[shift..]) };
    to.iter_mut().zip(from).for_each(|(mass, less)| *mass += held * less);
}

/// The largest score in size.
pub(crate) fn score_max(scores: &[i64]) -> usize {
    scores.iter().map(|score| score.unsigned_abs() as usize).max().unwrap_or(0)
}
