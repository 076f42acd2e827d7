//! Do loads stay away once a team is there? What is met in the hour of its arrival against the hours of its staying.
//!
//! Nobody can know before it arrives; whoever has a look-out knows afterwards. Both kinds of hours have their own expected visits by the
//! plan, so each gives an estimate of the same flow, and their ratio is 1 if nobody avoids anything.

use std::collections::BTreeMap;

use sekong_model::Day;

use super::scatter::{self, Regime};
use super::{Domain, Quantity, Record};
use crate::exact::Interval;
use crate::special::t_quantile;

/// What is met by those who stay, for what is met by those who arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Avoidance {
    /// The flow by the hours of arrival alone.
    pub arriving: f64,
    /// The flow by the hours of staying alone.
    pub staying: f64,
    /// Their ratio.
    pub ratio: f64,
    /// 95 % for the ratio, by how the days scatter (Taylor; Woodruff 1971), on the logarithm.
    pub ratio95: Interval,
    /// Slots in which both could be, the only ones that are compared.
    pub slots: usize,
}

impl Record {
    /// How much is avoided in a domain; `None` if nothing was met in one of the two kinds of hours, or the days are too few.
    pub fn avoidance(&self, domain: &Domain, quantity: Quantity) -> Option<Avoidance> {
        let within = self.within(domain);
        let (mut days, mut slots) = (BTreeMap::<Day, [f64; 2]>::new(), 0);
        for cell in self.cells.iter().filter(|cell| within[cell.place]) {
            let staying = cell.visits_expected - cell.arrivals_expected;
            let of_day = days.entry(self.days[cell.day].day).or_default();
            if cell.arrivals_expected <= 0.0 || staying <= 0.0 {
                continue;
            }
            slots += 1;
            for seen in &cell.visits {
                // A visit that was lost tells of neither.
                let Some(value) = seen.values[quantity as usize] else { continue };
                if seen.arrived {
                    of_day[0] += value / cell.arrivals_expected;
                } else {
                    of_day[1] += value / staying;
                }
            }
        }
        let [arriving, staying] =
            days.values().fold([0.0, 0.0], |[one, other], day| [one + day[0], other + day[1]]);
        if arriving <= 0.0 || staying <= 0.0 {
            return None;
        }
        let ratio = staying / arriving;
        let errors: Regime = days.values().map(|day| (day[1] - ratio * day[0]) / staying).collect();
        let known = scatter::of_sum(&[errors], 1)?;
        let times = libm::exp(t_quantile(0.975, known.df) * known.variance.sqrt());
        let ratio95 = Interval { low: ratio / times, high: ratio * times };
        Some(Avoidance { arriving, staying, ratio, ratio95, slots })
    }
}
