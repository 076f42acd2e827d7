//! No order and no deal may break a rule of the campaign, whatever the dice are said to have given. The plan and the deals
//! are made so that none can; this looks at what came of them once more, team by team.

use jiff::{SignedDuration, Timestamp};
use sekong_draw::ShiftGroup;
use sekong_model::{Day, Hour, Moment, Order, PostId, ProvinceId, ShiftId, TeamId};

use super::State;
use crate::bodies::{DealBody, OrderOpening};
use crate::fault::Fault;

/// The first day of a campaign week, counted from 0.
const FIRST_DAY_OF_WEEK: u8 = 0;

impl State {
    /// Every team that a deal names may hold each post of its unit, and has had its rest.
    pub(super) fn check_dealt(
        &self,
        province: &ProvinceId,
        moment: Moment,
        deal: &DealBody,
    ) -> Result<(), Fault> {
        match moment {
            Moment::Week { week } => self.check_week(province, week, deal),
            Moment::Hour { day, hour } => self.check_shift(province, day, hour, deal),
        }
    }

    fn check_week(&self, province: &ProvinceId, week: u32, deal: &DealBody) -> Result<(), Fault> {
        let first_day = self.campaign.week_days(week).first().copied().unwrap_or(self.campaign.last_day());
        for pool in self.campaign.pools_of(province) {
            let rule = self.rest_rule(province, pool, week);
            let shares = self.campaign.shares_of(&pool.id);
            let groups = deal.shifts.get(&pool.id).into_iter().flatten();
            for (place, (teams, share)) in groups.zip(shares).enumerate() {
                let group = ShiftGroup { teams: teams.clone(), units: share.units as usize };
                let tired = group.on_duty(FIRST_DAY_OF_WEEK).find(|team| !rule.allows(team, place));
                if let Some(team) = tired {
                    return Err(self.no_rest(team, first_day, &share.shift));
                }
            }
        }
        Ok(())
    }

    fn check_shift(&self, province: &ProvinceId, day: Day, hour: Hour, deal: &DealBody) -> Result<(), Fault> {
        let Some(plan) = self.plan(province, day) else { return Ok(()) };
        for unit in &plan.units {
            let Some(team) = deal.units.get(&unit.id) else { continue };
            for post in &unit.reach {
                self.check_lawful(team, post, day, hour)?;
            }
            self.check_rest(province, team, day, &unit.shift)?;
        }
        Ok(())
    }

    /// Every team may hold the post that its order sends it to, and has had its rest.
    pub(super) fn check_ordered(&self, province: &ProvinceId, orders: &[OrderOpening]) -> Result<(), Fault> {
        for opening in orders {
            let told = match &opening.order {
                Order::Drive { post } => Some((post, opening.hour)),
                Order::Stay | Order::StandDown => None,
            };
            let next = opening.next.as_ref().map(|(post, hour)| (post, *hour));
            for (post, hour) in next.into_iter().chain(told) {
                self.check_lawful(&opening.team, post, opening.day, hour)?;
            }
            let units = self.plan(province, opening.day).into_iter().flat_map(|plan| &plan.units);
            if let Some(unit) = units.into_iter().find(|unit| unit.id == opening.unit) {
                self.check_rest(province, &opening.team, opening.day, &unit.shift)?;
            }
        }
        Ok(())
    }

    fn check_lawful(&self, team: &TeamId, post: &PostId, day: Day, hour: Hour) -> Result<(), Fault> {
        match self.campaign.breach(team, post, day, hour) {
            None => Ok(()),
            Some(breach) => Err(Fault::Breach { team: team.clone(), post: post.clone(), day, hour, breach }),
        }
    }

    /// The team's other duties of the day, the one before and the one after lie far enough from this one.
    fn check_rest(
        &self,
        province: &ProvinceId,
        team: &TeamId,
        day: Day,
        shift: &ShiftId,
    ) -> Result<(), Fault> {
        let rest = SignedDuration::from_hours(i64::from(self.campaign.rules().rest_hours));
        let (begins, ends) = self.duty(day, shift);
        let days = [-1, 0, 1].into_iter().filter_map(|days| day.plus_days(days));
        for (other_day, plan) in days.filter_map(|of| Some((of, self.plan(province, of)?))) {
            let Some(dealt) = self.dealt.get(&other_day) else { continue };
            let own = plan.units.iter().filter(|unit| dealt.get(&unit.id) == Some(team));
            for other in own.filter(|unit| (other_day, &unit.shift) != (day, shift)) {
                let (other_begins, other_ends) = self.duty(other_day, &other.shift);
                if begins < other_ends + rest && other_begins < ends + rest {
                    return Err(self.no_rest(team, day, shift));
                }
            }
        }
        Ok(())
    }

    /// When a shift of a day begins and ends.
    fn duty(&self, day: Day, shift: &ShiftId) -> (Timestamp, Timestamp) {
        let shift = self.campaign.shift(shift);
        let (start, hours) = shift.map_or((Hour::MIDNIGHT, 0), |shift| (shift.start, shift.length_hours));
        let begins = self.campaign.instant(day, start);
        (begins, begins + SignedDuration::from_hours(i64::from(hours)))
    }

    fn no_rest(&self, team: &TeamId, day: Day, shift: &ShiftId) -> Fault {
        let rest_hours = self.campaign.rules().rest_hours;
        Fault::NoRest { team: team.clone(), day, shift: shift.clone(), rest_hours }
    }
}
