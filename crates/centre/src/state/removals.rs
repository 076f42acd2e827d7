//! Who was declared away from which unit: the record on which declarers are tested.

use sekong_log::Period;
use sekong_model::{Day, DeclarerId, PoolId, ProvinceId, ShiftId, TeamId, UnitId};

use super::{DayPlan, State};

/// A shift of one pool as it was dealt, the absent among its teams.
#[derive(Debug, Clone, PartialEq)]
pub struct DealtShift {
    /// The province.
    pub province: ProvinceId,
    /// The day on which it begins.
    pub day: Day,
    /// The shift.
    pub shift: ShiftId,
    /// The pool.
    pub pool: PoolId,
    /// Every team with what its unit was worth: expected detections, `Σ q_u · x_uj · (a_j + g_j)` over its slots.
    pub dealt: Vec<(TeamId, f64)>,
    /// Who was declared away, by whom.
    pub absent: Vec<(TeamId, DeclarerId)>,
}

impl State {
    /// Every shift that was dealt so far and can be read, by province, day, shift and pool.
    pub fn dealt_shifts(&self) -> Vec<DealtShift> {
        let mut shifts = Vec::new();
        for ((province, day), plan) in &self.plans {
            for shift in self.campaign.shifts() {
                for pool in self.campaign.pools_of(province) {
                    let dealt = self.dealt_to(plan, *day, &shift.id, &pool.id);
                    if dealt.is_empty() {
                        continue;
                    }
                    let absent = self.declared_of(province, *day, &dealt);
                    let (province, shift, pool) = (province.clone(), shift.id.clone(), pool.id.clone());
                    shifts.push(DealtShift { province, day: *day, shift, pool, dealt, absent });
                }
            }
        }
        shifts
    }

    fn dealt_to(&self, plan: &DayPlan, day: Day, shift: &ShiftId, pool: &PoolId) -> Vec<(TeamId, f64)> {
        let units = plan.units.iter().enumerate();
        let own = units.filter(|(_, unit)| unit.shift == *shift && unit.pool == *pool);
        own.filter_map(|(place, unit)| {
            let team = self.dealt.get(&day)?.get(&unit.id)?;
            Some((team.clone(), worth(plan, place, &unit.id)))
        })
        .collect()
    }

    fn declared_of(
        &self,
        province: &ProvinceId,
        day: Day,
        dealt: &[(TeamId, f64)],
    ) -> Vec<(TeamId, DeclarerId)> {
        let week = self.campaign.week_of(day);
        let lists = [Period::Week { week }, Period::Day { day }];
        let declared = lists.into_iter().filter_map(|period| self.absences.get(&(province.clone(), period)));
        let mut absent: Vec<(TeamId, DeclarerId)> = declared
            .flat_map(|list| list.away_on(day))
            .map(|absence| (absence.team.clone(), absence.by.clone()))
            .filter(|(team, _)| dealt.iter().any(|(known, _)| known == team))
            .collect();
        // Declared for the week and the day by one office is one absence.
        absent.sort();
        absent.dedup();
        absent
    }
}

/// What the plan expects a unit to detect. Units of one pool and shift that the plan treats alike come to the same sum, for it
/// is taken in the same order.
fn worth(plan: &DayPlan, place: usize, unit: &UnitId) -> f64 {
    let (game, detect) = (plan.plan.game(), plan.plan.game().units()[place].detect);
    debug_assert_eq!(&game.units()[place].id, unit);
    let slots = 0..game.slot_count();
    let of_slot = |slot: usize| {
        let (post, hour) = game.slot_place(slot);
        detect * plan.plan.unit_inclusion(place, post, hour) * (game.value(slot) + game.capture(slot))
    };
    slots.map(of_slot).sum()
}
