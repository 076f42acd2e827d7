//! The jobs of the schedule: plan, freeze, draw, close. Each writes entries; none decides what the rules, the solver or
//! the dice decide.

use jiff::Timestamp;
use sekong_draw::{Custodian, LocalCustodian, Release, ReleaseRequest, period_of};
use sekong_log::{
    Absence, AbsencesFrozen, Dealt, HourClosed, OrdersSealed, Period, PlanLogged, Released, Statement,
    body_hash,
};
use sekong_model::{Campaign, Day, Hour, Moment, ProvinceId};
use sekong_store::Store;

use super::{Centre, CentreError, Readers, at};
use crate::bodies::{OrderOpening, OrdersBody, ValuesBody, canonical};
use crate::schedule::decided_until;

impl<S: Store> Centre<S> {
    pub(super) fn plan(&mut self, day: Day, now: Timestamp) -> Result<(), CentreError> {
        let campaign = self.state.campaign().clone();
        for province in campaign.provinces() {
            let index = self.log_size();
            let solved = self.state.plan_book().plan(&campaign, &province.id, day);
            let solved = solved.map_err(|fault| at(index, fault))?;
            let said =
                PlanLogged { province: province.id.clone(), day, game: solved.game, plan: solved.hash };
            let kept = self.keep(&campaign, solved.bytes.to_vec(), Readers::EveryoneNow);
            self.write_with(Statement::Plan(said), now, &kept)?;
        }
        Ok(())
    }

    pub(super) fn freeze(
        &mut self,
        period: Period,
        now: Timestamp,
        away: &(dyn Fn(&ProvinceId, Period) -> Vec<Absence> + Sync),
    ) -> Result<(), CentreError> {
        let campaign = self.state.campaign().clone();
        let head = self.cosigned_head()?;
        for province in campaign.provinces() {
            let absent = away(&province.id, period);
            let said = AbsencesFrozen { province: province.id.clone(), period, absent, head: head.clone() };
            self.write(Statement::Absences(said), now)?;
        }
        Ok(())
    }

    pub(super) async fn draw(&mut self, moment: Moment, now: Timestamp) -> Result<(), CentreError> {
        let campaign = self.state.campaign().clone();
        let head = self.cosigned_head()?;
        for province in campaign.provinces() {
            self.release(&campaign, &province.id, moment, &head, now).await?;
            self.write_deal(&campaign, &province.id, moment, now)?;
            self.write_orders(&campaign, &province.id, moment, now)?;
        }
        Ok(())
    }

    async fn release(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        moment: Moment,
        head: &str,
        now: Timestamp,
    ) -> Result<(), CentreError> {
        let (basis, absences) = self.frozen_under(province, moment)?;
        let frozen = |what| move |entry: Option<_>| entry.ok_or(CentreError::NotYet { what });
        let request = ReleaseRequest {
            campaign: campaign.id().clone(),
            province: province.clone(),
            moment,
            basis: self.ledger.frozen(basis).await.map_err(CentreError::from).and_then(frozen("the plan"))?,
            absences: self
                .ledger
                .frozen(absences)
                .await
                .map_err(CentreError::from)
                .and_then(frozen("the absences"))?,
            head: head.to_owned(),
        };
        let releases = self.custodians.iter_mut().map(|custodian| ask(custodian, &request, now));
        let body = ValuesBody { releases: releases.collect::<Result<_, _>>()? };
        let bytes = canonical(&body);
        let said = Released {
            province: province.clone(),
            moment,
            basis,
            absences,
            head: head.to_owned(),
            values: body_hash(&bytes),
        };
        let kept = self.keep(campaign, bytes, Readers::After(decided_until(campaign, moment)));
        self.write_with(Statement::Release(said), now, &kept)
    }

    /// Entries of the plan (for a week, of the campaign) and of the absence list.
    fn frozen_under(&self, province: &ProvinceId, moment: Moment) -> Result<(u64, u64), CentreError> {
        let period = period_of(moment);
        let (_, basis) = self.state.basis(province, period).map_err(|fault| at(self.log_size(), fault))?;
        let absences = self.state.absences(province, period);
        Ok((basis, absences.ok_or(CentreError::NotYet { what: "the absences" })?))
    }

    fn write_deal(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        moment: Moment,
        now: Timestamp,
    ) -> Result<(), CentreError> {
        let Some(drawn) = self.state.drawn(province, moment) else { return Ok(()) };
        if drawn.shifts.is_empty() && drawn.units.is_empty() {
            return Ok(());
        }
        let bytes = canonical(&drawn.deal_body(self.salts.salt("deal", province, moment, "")));
        let said = Dealt { province: province.clone(), moment, deal: body_hash(&bytes) };
        let kept = self.keep(campaign, bytes, Readers::After(decided_until(campaign, moment)));
        self.write_with(Statement::Deal(said), now, &kept)
    }

    fn write_orders(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        moment: Moment,
        now: Timestamp,
    ) -> Result<(), CentreError> {
        let (Moment::Hour { day, hour }, Some(drawn)) = (moment, self.state.drawn(province, moment)) else {
            return Ok(());
        };
        let salt = |unit: &str| self.salts.salt("order", province, moment, unit);
        let orders = drawn.orders.iter().map(|order| order.opening(day, hour, salt(order.unit.as_str())));
        let opened = OrdersBody { orders: orders.collect() };
        let bytes = canonical(&opened);
        let said = OrdersSealed {
            province: province.clone(),
            day,
            hour,
            orders: opened.orders.iter().map(OrderOpening::commitment).collect(),
            body: body_hash(&bytes),
        };
        let kept = self.keep(campaign, bytes, Readers::After(decided_until(campaign, moment)));
        self.write_with(Statement::Orders(said), now, &kept)
    }

    pub(super) fn close_hour(&mut self, day: Day, hour: Hour, now: Timestamp) -> Result<(), CentreError> {
        let head = self.ledger.note_by(self.state.report_deadline(day, hour)).map(str::to_owned);
        let head = head.ok_or(CentreError::NotYet { what: "a first head" })?;
        let size = self.keys.open(&head).map_err(|error| at(self.log_size(), error.into()))?.checkpoint.size;
        let (due, reported) = self.state.close_figures(day, hour, size);
        self.write(Statement::Close(HourClosed { day, hour, head, due, reported }), now)
    }
}

fn ask(
    custodian: &mut LocalCustodian,
    request: &ReleaseRequest,
    now: Timestamp,
) -> Result<Release, CentreError> {
    custodian.release(request, now).map_err(|refusal| CentreError::Refused {
        custodian: custodian.id().clone(),
        province: request.province.clone(),
        moment: request.moment,
        refusal,
    })
}
