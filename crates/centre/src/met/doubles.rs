//! Double inspections of visits, for detection.

use std::collections::BTreeSet;

use sekong_log::InspectedTwice;
use sekong_model::{Day, ProvinceId};

use crate::state::{DoubleInLog, DoubleStanding, State};

/// What double inspections of the days that can be estimated from found, all together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DoublesMet {
    /// Double inspections that count.
    pub inspections: u64,
    /// Those that were said too late, or of visits that were: their vehicles are not counted.
    pub late: u64,
    /// Vehicles that were searched again.
    pub vehicles: u32,
    /// Of these, with a find by the visit's team.
    pub first: u32,
    /// Of these, with a find by the second team.
    pub second: u32,
    /// Of these, with a find by both.
    pub both: u32,
}

impl DoublesMet {
    /// On these province-days; `None` in a campaign where nobody inspects twice.
    pub(super) fn on(state: &State, days: &BTreeSet<(&ProvinceId, Day)>) -> Option<DoublesMet> {
        state.campaign().rules().plants.as_ref()?;
        let of_days =
            state.doubles().filter(|double| days.contains(&(&double.said.province, double.said.day)));
        Some(of_days.fold(DoublesMet::default(), DoublesMet::with))
    }

    fn with(self, double: &DoubleInLog) -> DoublesMet {
        match double.standing {
            DoubleStanding::InTime => {}
            DoubleStanding::Late => return DoublesMet { late: self.late + 1, ..self },
            // No day of it is among those that can be estimated from.
            DoubleStanding::Unread => return self,
        }
        let InspectedTwice { vehicles, first, second, both, .. } = double.said;
        DoublesMet {
            inspections: self.inspections + 1,
            late: self.late,
            vehicles: self.vehicles.saturating_add(vehicles),
            first: self.first.saturating_add(first),
            second: self.second.saturating_add(second),
            both: self.both.saturating_add(both),
        }
    }
}
