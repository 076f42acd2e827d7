//! Do loads stay away once a team is there? What is met in the hour of its arrival against the hours of its staying.
//!
//! Nobody can know before it arrives; whoever has a look-out knows afterwards. Both kinds of hours have their own expected visits by the
//! plan, so each gives an estimate of the same flow, and their ratio is 1 if nobody avoids anything.

use std::collections::{BTreeMap, BTreeSet};

use sekong_model::Day;

use super::scatter::{self, Outset, Regime};
use super::{Domain, Quantity, Record};
use crate::exact::Interval;
use crate::special::t_quantile;

/// What is met by those who stay, for what is met by those who arrive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Avoidance {
    /// The flow of the slots in which both could be, by the hours of arrival alone.
    pub arriving: f64,
    /// The same by the hours of staying alone.
    pub staying: f64,
    /// Their ratio.
    pub ratio: f64,
    /// 95 % for the ratio, by how the days scatter (Taylor; Woodruff 1971), on the logarithm.
    pub ratio95: Interval,
    /// The flow of all slots in which somebody could arrive, by the hours of arrival alone.
    pub arrivals_only: f64,
    /// 95 % for it, by how the days scatter.
    pub arrivals_only95: Interval,
    /// Slots in which both could be, the only ones that are compared.
    pub slots: usize,
}

/// A kind of hours: each day's flow by them, and how many of its visits say something.
#[derive(Default)]
struct Arm {
    days: BTreeMap<Day, f64>,
    visits: usize,
    served: usize,
}

impl Arm {
    fn add(&mut self, day: Day, value: Option<f64>, expected: f64) {
        self.visits += 1;
        self.served += usize::from(value.is_some());
        *self.days.entry(day).or_default() += value.unwrap_or(0.0) / expected;
    }

    /// Its days, the lost visits made up for by those that were served: more are late who have to drive.
    fn filled(&self, days: &BTreeSet<Day>) -> Vec<f64> {
        let share = self.served as f64 / self.visits.max(1) as f64;
        let day = |day: &Day| self.days.get(day).copied().unwrap_or(0.0) / share.max(f64::MIN_POSITIVE);
        days.iter().map(day).collect()
    }
}

impl Record {
    /// How much is avoided in a domain; `None` if nothing was met in one of the two kinds of hours, or the days are too few.
    pub fn avoidance(&self, domain: &Domain, quantity: Quantity) -> Option<Avoidance> {
        let within = self.within(domain);
        let (mut arriving, mut staying, mut only) = (Arm::default(), Arm::default(), Arm::default());
        let (mut days, mut slots) = (BTreeSet::new(), 0);
        for cell in self.cells.iter().filter(|cell| within.holds(cell)) {
            let day = self.days[cell.day].day;
            days.insert(day);
            let (arrivals, stays) = (cell.arrivals_expected, cell.visits_expected - cell.arrivals_expected);
            let both = arrivals > 0.0 && stays > 0.0;
            slots += usize::from(both);
            for seen in &cell.visits {
                let value = seen.values[quantity as usize];
                if seen.arrived && arrivals > 0.0 {
                    only.add(day, value, arrivals);
                }
                match (both, seen.arrived) {
                    (true, true) => arriving.add(day, value, arrivals),
                    (true, false) => staying.add(day, value, stays),
                    (false, _) => {}
                }
            }
        }
        compared(&arriving.filled(&days), &staying.filled(&days), only.filled(&days), slots)
    }
}

fn compared(arriving: &[f64], staying: &[f64], only: Regime, slots: usize) -> Option<Avoidance> {
    let (met, stayed): (f64, f64) = (arriving.iter().sum(), staying.iter().sum());
    if met <= 0.0 || stayed <= 0.0 {
        return None;
    }
    let ratio = stayed / met;
    let errors: Regime =
        arriving.iter().zip(staying).map(|(arrived, stays)| (stays - ratio * arrived) / stayed).collect();
    let known = scatter::of_sum(&[errors], 1, Outset::Alike)?;
    let times = libm::exp(t_quantile(0.975, known.df) * known.variance.sqrt());
    let arrivals_only = only.iter().sum();
    Some(Avoidance {
        arriving: met,
        staying: stayed,
        ratio,
        ratio95: Interval { low: ratio / times, high: ratio * times },
        arrivals_only,
        arrivals_only95: scatter::interval(arrivals_only, &scatter::of_sum(&[only], 1, Outset::Alike)?, true),
        slots,
    })
}
