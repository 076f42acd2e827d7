//! What double inspections tell of detection.

use sekong_estimate::detection::{Detection, Twice, of_double_inspections, of_second_team};
use serde::Serialize;
use utoipa::ToSchema;

use super::EndsView;
use crate::met::DoublesMet;

/// Double inspections of every day that is over up to the last one asked about, all together, and what they tell: those before the first
/// are in it, for detection learns from all.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DoubleView {
    /// Double inspections.
    pub inspections: u64,
    /// Left out: logged more than a week after their hour, or of a visit that was late or reported late.
    pub late: u64,
    /// Vehicles that were searched again.
    pub vehicles: u32,
    /// Of these, with a find by the visit's team.
    pub first: u32,
    /// Of these, with a find by the second team.
    pub second: u32,
    /// Of these, with a find by both: where there is none, nothing is told of what neither found.
    pub both: u32,
    /// Loads that there were in these vehicles. A lower bound: what is well hidden from one team is well hidden from the other, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loads: Option<f64>,
    /// 95 % for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loads95: Option<EndsView>,
    /// Part of what the second teams found that the visits' teams had found. An upper bound of what is found, for the same reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<f64>,
    /// 95 % for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection95: Option<EndsView>,
}

impl DoubleView {
    pub(super) fn of(met: &DoublesMet) -> DoubleView {
        let DoublesMet { inspections, late, vehicles, first, second, both } = *met;
        let (told, detection) = (told(met), detection(met));
        DoubleView {
            inspections,
            late,
            vehicles,
            first,
            second,
            both,
            loads: told.map(|told| told.loads),
            loads95: told.map(|told| told.interval95.into()),
            detection: detection.map(|known| known.est),
            detection95: detection.map(|known| known.interval95.into()),
        }
    }
}

fn told(met: &DoublesMet) -> Option<Twice> {
    of_double_inspections(met.first, met.second, met.both).ok()
}

/// Detection by them; nothing where no load was found by both.
pub(super) fn detection(met: &DoublesMet) -> Option<Detection> {
    of_second_team(met.second, met.both).ok()
}
