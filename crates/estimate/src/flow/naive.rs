//! The wrong analysis, for comparison: every visited slot as if it were a draw by itself.

use super::{Domain, Method, Quantity, Record};
use crate::exact::Interval;
use crate::special::normal_quantile;

impl Record {
    /// 95 % for the flow in a domain if its visited slots were drawn independently; too short, for a unit's hours hang together. `None`
    /// with fewer than two.
    pub fn naive_interval(&self, domain: &Domain, quantity: Quantity) -> Option<Interval> {
        let within = self.within(domain);
        let weighted = |cell| self.weighted(cell, quantity, Method::HorvitzThompson);
        let values: Vec<f64> = self.visited_in(&within).map(weighted).collect();
        let (count, sum) = (values.len() as f64, values.iter().sum::<f64>());
        if values.len() < 2 {
            return None;
        }
        let squares: f64 = values.iter().map(|value| (value - sum / count) * (value - sum / count)).sum();
        let reach = normal_quantile(0.975) * (squares * count / (count - 1.0)).sqrt();
        Some(Interval { low: sum - reach, high: sum + reach })
    }
}
