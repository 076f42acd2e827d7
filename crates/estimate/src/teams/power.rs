//! What the test of teams by days would have seen by now, over the finds of a record: without that figure, that nobody is flagged says
//! nothing.
//!
//! Every team in turn is made one that holds finds back: each of its finds is dropped with the same chance, all else stays. Where a team
//! of the record holds back already, the figure for it is too small.

use std::collections::BTreeMap;

use super::{ShiftDay, TeamsError, Thetas, Too, Wager, by_week, flag_at};
use crate::chance::{Chance, Seed};

/// Trials a team.
const TRIALS: u32 = 40;

/// What the test would have seen in a pool.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolPower {
    /// The pool.
    pub pool: String,
    /// Its teams.
    pub teams: usize,
    /// Finds that the lot gave one of them on average.
    pub expected: f64,
    /// Chance that one of them that had held back so much of its finds would be flagged by now.
    pub chance: f64,
}

/// A day of a team.
struct TeamDay {
    found: u32,
    expected: f64,
    /// Finds of all units that are not left to ghosts, its own among them.
    served: Vec<u32>,
    means: Thetas,
}

/// The chance, by pool, that a team that holds back this part of its finds would have been flagged in the record, among its teams, or
/// `teams` if they are more.
///
/// # Errors
/// [`TeamsError`] with the place, as [`super::test_days`].
pub fn power(
    record: &[ShiftDay],
    held_back: f64,
    teams: usize,
    seed: Seed,
) -> Result<Vec<PoolPower>, TeamsError> {
    let mut pools: BTreeMap<&str, BTreeMap<&str, Vec<TeamDay>>> = BTreeMap::new();
    for days in by_week(record)?.values().flat_map(BTreeMap::values).flatten() {
        let means = Too::Little.bets().means(days.served());
        for (team, _) in days.dealt.iter().filter(|(team, _)| !days.is_away(team)) {
            let (found, served) = (days.finds_of(team), days.served().collect());
            let day = TeamDay { found, expected: days.expected(), served, means };
            pools.entry(&days.pool).or_default().entry(team).or_default().push(day);
        }
    }
    let flag = flag_at(pools.values().map(BTreeMap::len).sum::<usize>().max(teams));
    let of_pool = |(pool, teams): (&str, BTreeMap<&str, Vec<TeamDay>>)| {
        let expected = teams.values().flatten().map(|day| day.expected).sum::<f64>() / teams.len() as f64;
        let seen = |(team, days): (&&str, &Vec<TeamDay>)| {
            let mut chance = seed.stream("team power", team);
            (0..TRIALS).filter(|_| is_flagged(days, held_back, flag, &mut chance)).count()
        };
        let seen: usize = teams.iter().map(seen).sum();
        let chance = seen as f64 / (teams.len() as f64 * f64::from(TRIALS));
        PoolPower { pool: pool.to_owned(), teams: teams.len(), expected, chance }
    };
    Ok(pools.into_iter().map(of_pool).collect())
}

/// Whether the flag stands after any day; they come in order.
fn is_flagged(days: &[TeamDay], held_back: f64, flag: f64, chance: &mut Chance) -> bool {
    let mut wager = Wager::on(Too::Little.bets());
    days.iter().any(|day| {
        day.lay(&mut wager, held_back, chance);
        flag <= wager.highest
    })
}

impl TeamDay {
    /// Lays a wager on what is left of the team's finds.
    fn lay(&self, wager: &mut Wager, held_back: f64, chance: &mut Chance) {
        let kept = self.found - chance.count(self.found, held_back);
        let means = if kept == self.found { self.means } else { self.means_with(kept) };
        wager.lay(&means, u64::from(kept), self.expected);
    }

    /// The means with `kept` in the place of the team's own finds.
    fn means_with(&self, kept: u32) -> Thetas {
        let own = self.served.iter().position(|found| *found == self.found);
        let served = self.served.iter().enumerate();
        Too::Little.bets().means(served.map(|(at, found)| if Some(at) == own { kept } else { *found }))
    }
}
