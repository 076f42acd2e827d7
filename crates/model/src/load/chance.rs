//! How many of all deals of a week's teams keep the rest after the week before.

use std::collections::BTreeMap;

/// States looked at before it is given up: pools with so many shifts and units have many teams, and others judge them.
const STATES_MAX: u64 = 100_000;

/// Share of all permutations of `teams` teams in which nobody who worked on the last day of the week before, `units` teams on each
/// shift, is put on the first day on a shift that is `too_close` to his (index before, index after); exactly, up to rounding.
/// `None` where there are too many cases to count.
///
/// Teams of one shift are spread over the places that are left by the multivariate hypergeometric law, shift by shift.
pub(super) fn legal_share(
    teams: u32,
    units: &[u32],
    too_close: &dyn Fn(usize, usize) -> bool,
) -> Option<f64> {
    let states = units.iter().try_fold(1_u64, |states, units| states.checked_mul(u64::from(*units) + 1));
    states.filter(|states| *states <= STATES_MAX)?;
    let free = teams.checked_sub(units.iter().sum())?;
    let mut counting =
        Counting { units, too_close, ln_factorial: ln_factorials(teams), known: BTreeMap::new() };
    Some(counting.from(0, units.to_vec(), free))
}

/// Natural logarithms of 0! up to n!.
fn ln_factorials(n: u32) -> Vec<f64> {
    let sums = (1..=n).scan(0.0, |sum, i| {
        *sum += f64::from(i).ln();
        Some(*sum)
    });
    std::iter::once(0.0).chain(sums).collect()
}

struct Counting<'a> {
    units: &'a [u32],
    too_close: &'a dyn Fn(usize, usize) -> bool,
    ln_factorial: Vec<f64>,
    /// By the shift before that is next, and the places that are left on each shift.
    known: BTreeMap<(usize, Vec<u32>), f64>,
}

impl Counting<'_> {
    /// The share of deals of the teams of shift `before` and later ones that keep the rest, where so many places are left on each
    /// shift, and `free` without duty on the first day.
    fn from(&mut self, before: usize, left: Vec<u32>, free: u32) -> f64 {
        let Some(&placed) = self.units.get(before) else { return 1.0 };
        if let Some(known) = self.known.get(&(before, left.clone())) {
            return *known;
        }
        let total = left.iter().sum::<u32>() + free;
        let every = self.ln_choose(total, placed);
        let share = self.spread(before, 0, placed, &mut left.clone(), free, -every);
        self.known.insert((before, left), share);
        share
    }

    /// Sums over all ways to place `placed` more teams on the shifts from `shift` on, the rest where they are free.
    fn spread(
        &mut self,
        before: usize,
        shift: usize,
        placed: u32,
        left: &mut Vec<u32>,
        free: u32,
        ln_weight: f64,
    ) -> f64 {
        if shift == self.units.len() {
            if free < placed {
                return 0.0;
            }
            let ways = ln_weight + self.ln_choose(free, placed);
            return ways.exp() * self.from(before + 1, left.clone(), free - placed);
        }
        let room = left[shift];
        let most = if (self.too_close)(before, shift) { 0 } else { room.min(placed) };
        let mut sum = 0.0;
        for here in 0..=most {
            left[shift] = room - here;
            let weight = ln_weight + self.ln_choose(room, here);
            sum += self.spread(before, shift + 1, placed - here, left, free, weight);
        }
        left[shift] = room;
        sum
    }

    fn ln_choose(&self, n: u32, k: u32) -> f64 {
        let ln = |i: u32| self.ln_factorial[i as usize];
        ln(n) - ln(k) - ln(n - k)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of all orders of the teams, those that keep the rest, counted one by one.
    fn counted(teams: u32, units: &[u32], too_close: &dyn Fn(usize, usize) -> bool) -> f64 {
        let shifts =
            || units.iter().enumerate().flat_map(|(shift, units)| (0..*units).map(move |_| Some(shift)));
        let free = teams - units.iter().sum::<u32>();
        let places: Vec<Option<usize>> = shifts().chain((0..free).map(|_| None)).collect();
        let (mut legal, mut all) = (0_u32, 0_u32);
        permutations(&mut places.clone(), 0, &mut |worked| {
            all += 1;
            let close = worked.iter().zip(&places).any(|(before, after)| match (before, after) {
                (Some(before), Some(after)) => too_close(*before, *after),
                _ => false,
            });
            legal += u32::from(!close);
        });
        f64::from(legal) / f64::from(all)
    }

    fn permutations(items: &mut [Option<usize>], from: usize, visit: &mut dyn FnMut(&[Option<usize>])) {
        if from == items.len() {
            return visit(items);
        }
        for other in from..items.len() {
            items.swap(from, other);
            permutations(items, from + 1, visit);
            items.swap(from, other);
        }
    }

    #[test]
    fn the_share_is_what_counting_every_permutation_gives() {
        let late_to_early = |before: usize, after: usize| before > after;
        for (teams, units) in [(6, &[1, 2, 2][..]), (7, &[2, 2, 2]), (8, &[2, 1, 3]), (5, &[2, 3]), (4, &[4])]
        {
            let (found, wanted) =
                (legal_share(teams, units, &late_to_early).unwrap(), counted(teams, units, &late_to_early));
            assert!((found - wanted).abs() < 1e-12, "{teams} {units:?}: {found} {wanted}");
        }
        assert_eq!(legal_share(3, &[1, 1], &|_, _| true), Some(0.0), "two tired teams, one free place");
    }

    #[test]
    fn what_is_too_much_to_count_is_not_judged() {
        assert_eq!(legal_share(100, &[9; 9], &|_, _| false), None);
        assert_eq!(legal_share(1, &[1, 1], &|_, _| false), None, "fewer teams than units");
    }
}
