//! A wager against honest play that no honest declarer can be made to lose often, however often one looks.
//!
//! Before each shift some money is laid on "the removed units have a high score", and some on "a low one". With `h` the
//! scores of the shift over `n − 1`, in [−1, 1], and `H` their sum over the removed teams, a stake grows by
//! `θ^H / mean of θ^H`, the mean taken over all subsets that the lot could have given. If the lot is independent of who is
//! absent, the expected factor is exactly 1 whatever happened before. So the wealth is a martingale that begins at 1, and
//! the chance that it ever reaches `c` is at most `1 / c` (Ville 1939; as an e-process, Ramdas et al. 2023).
//!
//! The money is split once, at the beginning, over the θ of [`TILTS_LOG2`], and each part stays with its θ. Were each
//! shift's factor mixed instead, the stakes on both sides would eat each other up on every shift.

use super::subset::mean_products;

const TILTS: usize = 8;

/// The θ as powers of two; each has 1/8 of the money at the beginning. ½ suits one steered absence among ten, 4 an
/// office that always removes the best unit's team.
pub const TILTS_LOG2: [f64; TILTS] = [-4.0, -2.0, -1.0, -0.5, 0.5, 1.0, 2.0, 4.0];

/// Scores over `n − 1`; a lone team's is 0.
pub(crate) fn scaled(score: i64, teams: usize) -> f64 {
    score as f64 / teams.saturating_sub(1).max(1) as f64
}

/// Per number of absent teams, the logarithms (base 2) of the means of `θ^H`.
pub(crate) struct Odds(Vec<[f64; TILTS]>);

impl Odds {
    /// The odds of up to `size` absent teams of a shift, by the scores of its units.
    pub(crate) fn of(scores: &[i64], size: usize) -> Odds {
        let means = TILTS_LOG2.map(|tilt| {
            let weight = |score: &i64| libm::exp2(tilt * scaled(*score, scores.len()));
            mean_products(&scores.iter().map(weight).collect::<Vec<_>>(), size)
        });
        Odds((0..=size).map(|size| std::array::from_fn(|tilt| libm::log2(means[tilt][size]))).collect())
    }
}

/// What each θ's money has become, as logarithms (base 2) of factors.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wager {
    growth_log2: [f64; TILTS],
}

impl Wager {
    /// One shift: `size` teams were removed, whose scaled scores have the sum `removed`.
    pub(crate) fn play(&mut self, odds: &Odds, size: usize, removed: f64) {
        for (tilt, growth) in self.growth_log2.iter_mut().enumerate() {
            *growth += TILTS_LOG2[tilt] * removed - odds.0[size][tilt];
        }
    }

    /// The whole wealth, the e-value, as a logarithm (base 2).
    pub(crate) fn wealth_log2(&self) -> f64 {
        let most = self.growth_log2.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let parts = self.growth_log2.iter().map(|growth| libm::exp2(growth - most));
        most + libm::log2(parts.sum::<f64>() / TILTS as f64)
    }
}

/// The e-value of a logarithm; beyond the range of an `f64` the largest one, which is still a valid e-value.
pub(crate) fn e_value(wealth_log2: f64) -> f64 {
    libm::exp2(wealth_log2).min(f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::shift::scores;
    use super::*;
    use crate::{Seed, chance::Chance};

    /// An honest office that answers to the past: it declares more after a shift on which it removed valuable units, and
    /// as little as it can while its e-value is low. Its p-values mean nothing, its e-value keeps its promise.
    fn highest(chance: &mut Chance, shifts: usize) -> f64 {
        let mut units = scores(&[1.0, 2.0, 3.0, 4.0, 4.0, 9.0]);
        let odds = Odds::of(&units, units.len());
        let (mut wager, mut highest, mut size) = (Wager::default(), 0.0f64, 1);
        for _ in 0..shifts {
            chance.choose(&mut units, size);
            let removed: f64 = units[..size].iter().map(|score| scaled(*score, 6)).sum();
            wager.play(&odds, size, removed);
            highest = highest.max(wager.wealth_log2());
            size =
                if wager.wealth_log2() < -2.0 { 1 } else { 1 + usize::from(removed > 0.0) * chance.below(3) };
        }
        highest
    }

    #[test]
    fn an_honest_office_that_answers_to_the_past_is_flagged_no_more_often_than_promised() {
        let campaigns = 10_000;
        let is_flagged = |campaign: u32| {
            let mut chance = Seed(5).stream("ville", &campaign.to_string());
            highest(&mut chance, 200) >= libm::log2(20.0)
        };
        let flagged = (0..campaigns).filter(|campaign| is_flagged(*campaign)).count();
        assert!(flagged > 0 && flagged as f64 <= 0.05 * f64::from(campaigns), "{flagged} of {campaigns}");
    }

    #[test]
    fn wealth_beyond_every_number_is_still_a_number() {
        let units = scores(&[1.0, 2.0, 3.0]);
        let odds = Odds::of(&units, 1);
        let mut wager = Wager::default();
        (0..2_000).for_each(|_| wager.play(&odds, 1, 1.0));
        assert!(wager.wealth_log2() > 1_024.0);
        assert_eq!(e_value(wager.wealth_log2()), f64::MAX);
    }
}
