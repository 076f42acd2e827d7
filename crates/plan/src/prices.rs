//! The figures beside the certificate, all in units of its value.

use crate::absence::Absences;
use crate::chain::Chain;
use crate::game::Game;
use crate::plan_json::PricesJson;
use crate::reveal::Reveal;
use crate::visits::Visits;

/// What the floor costs the plan, and what the smuggler can expect if things are not as the plan assumes.
#[derive(Debug, Clone, PartialEq)]
pub struct Prices {
    /// `upper` of this plan less `upper` of the best plan found without a floor; `None` if that is not known.
    pub floor: Option<f64>,
    /// This plan's `upper` if no team is bought.
    pub unbribed: f64,
    /// If he learns something on the day.
    pub reveal: Reveal,
    /// If teams are absent.
    pub absences: Absences,
}

impl Prices {
    pub(crate) fn of(
        game: &Game,
        chains: &[Chain],
        visits: &Visits,
        upper: f64,
        floor: Option<f64>,
    ) -> Prices {
        let unbribed = |slot| game.payoff(slot, visits.detection_without(game, slot, 0));
        Prices {
            floor,
            unbribed: (0..game.slot_count()).map(unbribed).fold(f64::NEG_INFINITY, f64::max),
            reveal: Reveal::of(game, chains, visits, upper),
            absences: Absences::of(game, visits),
        }
    }
}

impl From<&Prices> for PricesJson {
    fn from(prices: &Prices) -> PricesJson {
        let pools = prices.absences.pools.iter().map(|(pool, uppers)| (pool.to_string(), uppers.clone()));
        PricesJson {
            absent: prices.absences.all.map(|_| pools.collect()),
            absent_all: prices.absences.all,
            floor: prices.floor,
            informed: Some(prices.reveal.informed),
            sighting: Some(prices.reveal.sighting),
            sighting_worst: Some(prices.reveal.sighting_worst),
            unbribed: Some(prices.unbribed),
        }
    }
}
