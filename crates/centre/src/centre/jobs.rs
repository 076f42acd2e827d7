//! The jobs of the schedule: plan, freeze, draw, close. Each writes entries; none decides what the rules, the solver or
//! the dice decide.

use jiff::Timestamp;
use sekong_draw::{FrozenEntry, Release, ReleaseRequest, Throw, period_of};
use sekong_log::{
    Absence, AbsencesFrozen, Dealt, HourClosed, OrdersSealed, Period, PlanLogged, Released, SilenceNoted,
    SilentCustodian, Statement, body_hash,
};
use sekong_model::{Campaign, Day, Hour, Moment, ProvinceId};
use sekong_store::Store;

use super::{Centre, CentreError, Readers, at};
use crate::bodies::{self, OrderOpening, OrdersBody, ValuesBody, canonical};
use crate::boxes::Boxes;
use crate::custody::{Answers, Ask, lacked};
use crate::fault::Fault;
use crate::ledger::FrozenHead;
use crate::plan_book;
use crate::schedule::decided_until;
use crate::state::{Cosigned, FrozenUnder};

impl<S: Store> Centre<S> {
    pub(super) fn plan(&mut self, day: Day, now: Timestamp) -> Result<(), CentreError> {
        let campaign = self.state.campaign().clone();
        for province in campaign.provinces() {
            let index = self.log_size();
            let solved = plan_book::plan(&campaign, &province.id, day).map_err(|fault| at(index, fault))?;
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

    /// Draws every province whose values are there; the others wait.
    pub(super) async fn draw(
        &mut self,
        moment: Moment,
        answers: &Answers,
        now: Timestamp,
    ) -> Result<(), CentreError> {
        let campaign = self.state.campaign().clone();
        let mut done = Ok(());
        for province in campaign.provinces() {
            if self.state.is_released(&province.id, moment) {
                continue;
            }
            match self.values(&campaign, &province.id, moment, answers, now).await {
                Ok(values) => {
                    let head = self.shown(&province.id, moment).await?.note;
                    self.draw_with(&campaign, &province.id, moment, &values, &head, now)?;
                }
                Err(waiting @ CentreError::Waiting { .. }) => done = Err(waiting),
                Err(error) => return Err(error),
            }
        }
        done
    }

    /// Draws what waited for these dice, which two officers threw for noted silences; in the next commit. What they decide
    /// is logged with them, so dice that were acknowledged are never lost, and nobody else's come in their place.
    ///
    /// # Errors
    /// [`CentreError::Fault`] with the rule that they break; nothing is then drawn.
    pub async fn throw(&mut self, throw: &Throw, now: Timestamp) -> Result<(), CentreError> {
        self.resume(now).await?;
        let campaign = self.state.campaign().clone();
        let open = self.state.open_silences_of(throw).map_err(|fault| at(self.log_size(), fault))?;
        let (_, head) = self.head_of(throw.moment)?;
        let mut values = Vec::new();
        for (province, noted) in open {
            let received = self.ledger.body(&noted.received).await?;
            let received: Option<ValuesBody> = received.and_then(|bytes| bodies::read(&bytes));
            let missing = || at(noted.index, Fault::BodyMissing { hash: noted.received });
            values.push((province, received.ok_or_else(missing)?));
        }
        for (province, received) in values {
            let values = ValuesBody { throw: Some(throw.clone()), ..received };
            self.draw_with(&campaign, &province, throw.moment, &values, &head, now)?;
        }
        Ok(())
    }

    /// The head that a moment is drawn under: over all that its draws stand on. It need not be the newest one: what was
    /// frozen stays so while cosigners cannot be reached.
    fn head_of(&self, moment: Moment) -> Result<(u64, String), CentreError> {
        self.head_over(self.state.newest_under(moment))
    }

    fn draw_with(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        moment: Moment,
        values: &ValuesBody,
        head: &str,
        now: Timestamp,
    ) -> Result<(), CentreError> {
        self.release(campaign, province, moment, values, head, now)?;
        self.write_deal(campaign, province, moment, now)?;
        self.write_orders(campaign, province, moment, now)
    }

    /// What the draw of a province is made of; notes a silence when its time has come.
    async fn values(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        moment: Moment,
        answers: &Answers,
        now: Timestamp,
    ) -> Result<ValuesBody, CentreError> {
        let waiting = |what: String| CentreError::Waiting { province: province.clone(), moment, what };
        if !self.state.is_die_thrown(period_of(moment)) {
            return Err(waiting("the daily die".to_owned()));
        }
        let dice = |names: String| waiting(format!("dice thrown by two officers in the stead of {names}"));
        if let Some(noted) = self.state.silence(province, moment) {
            return Err(dice(names(&noted.silent)));
        }
        let shown = self.shown(province, moment).await?;
        let (releases, silent) = self.judged(province, moment, answers, &shown, now);
        let received = ValuesBody { releases, throw: None };
        if silent.is_empty() {
            return Ok(received);
        }
        let names = names(&silent);
        let asked = answers.asked_from();
        let silent_from =
            asked.and_then(|asked| self.state.silent_from(province, moment, cosigned(&shown), asked));
        if silent_from.is_none_or(|from| now < from) {
            return Err(waiting(format!("the values of {names}")));
        }
        self.note_silence(campaign, province, moment, silent, (shown.note, &received), now)?;
        Err(dice(names))
    }

    /// The releases that hold, and the custodians of the moment that gave none.
    fn judged(
        &self,
        province: &ProvinceId,
        moment: Moment,
        answers: &Answers,
        shown: &FrozenHead,
        now: Timestamp,
    ) -> (Vec<Release>, Vec<SilentCustodian>) {
        let (mut releases, mut silent) = (Vec::new(), Vec::new());
        let shown = cosigned(shown);
        for custodian in self.state.custodians_of(province, moment) {
            let release = answers.of(province, &custodian).and_then(|release| {
                let held = self.state.check_release(province, moment, &custodian, release, shown, now);
                held.map(|()| release).map_err(|error| lacked(&error))
            });
            match release {
                Ok(release) => releases.push(release.clone()),
                Err(reason) => silent.push(SilentCustodian { custodian, reason }),
            }
        }
        (releases, silent)
    }

    fn note_silence(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        moment: Moment,
        silent: Vec<SilentCustodian>,
        (head, received): (String, &ValuesBody),
        now: Timestamp,
    ) -> Result<(), CentreError> {
        let bytes = canonical(received);
        let (province, received) = (province.clone(), body_hash(&bytes));
        let said = SilenceNoted { province, moment, silent, head, received };
        let kept = self.keep(campaign, bytes, Readers::After(decided_until(campaign, moment)));
        self.write_with(Statement::Silence(said), now, &kept).map(drop)
    }

    /// What the custodians are asked for a moment: one request for each province that still needs their values.
    pub async fn requests(&mut self, moment: Moment) -> Result<Vec<ReleaseRequest>, CentreError> {
        let campaign = self.state.campaign().clone();
        let mut requests = Vec::new();
        // Nobody is asked before the die is thrown: whoever knows the values could choose it.
        if !self.state.is_die_thrown(period_of(moment)) {
            return Ok(requests);
        }
        for province in campaign.provinces() {
            let settled = self.state.is_released(&province.id, moment)
                || self.state.silence(&province.id, moment).is_some();
            if !settled {
                requests.push(self.request(&campaign, &province.id, moment).await?);
            }
        }
        Ok(requests)
    }

    /// The same, with those whose answers do not hold so far: they are asked again until they are silent, for what was
    /// garbled on the line is not their doing.
    pub async fn asks(
        &mut self,
        moment: Moment,
        answers: &Answers,
        now: Timestamp,
    ) -> Result<Vec<Ask>, CentreError> {
        self.resume(now).await?;
        let mut asks = Vec::new();
        for request in self.requests(moment).await? {
            let shown = self.shown(&request.province, moment).await?;
            let (_, silent) = self.judged(&request.province, moment, answers, &shown, now);
            asks.push(Ask { of: silent.into_iter().map(|silent| silent.custodian).collect(), request });
        }
        Ok(asks)
    }

    async fn request(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        moment: Moment,
    ) -> Result<ReleaseRequest, CentreError> {
        let (under, head) = (self.frozen_under(province, moment)?, self.shown(province, moment).await?);
        let basis = self.frozen(under.basis, head.size).await?;
        let absences = self.frozen(under.absences, head.size).await?;
        let die = match under.die {
            Some(index) => Some(self.frozen(index, head.size).await?),
            None => None,
        };
        let (campaign, province) = (campaign.id().clone(), province.clone());
        Ok(ReleaseRequest { campaign, province, moment, basis, absences, die, head: head.note })
    }

    async fn frozen(&mut self, index: u64, size: u64) -> Result<FrozenEntry, CentreError> {
        let frozen = self.ledger.frozen(index, size).await?;
        frozen.ok_or_else(|| self.too_few_cosigned())
    }

    /// The head that custodians are shown for a moment: the first one over all that it is drawn over.
    async fn shown(&mut self, province: &ProvinceId, moment: Moment) -> Result<FrozenHead, CentreError> {
        let last = self.frozen_under(province, moment)?.last();
        self.first_head_over(last).await
    }

    fn release(
        &mut self,
        campaign: &Campaign,
        province: &ProvinceId,
        moment: Moment,
        values: &ValuesBody,
        head: &str,
        now: Timestamp,
    ) -> Result<(), CentreError> {
        let under = self.frozen_under(province, moment)?;
        let bytes = canonical(values);
        let said = Released {
            province: province.clone(),
            moment,
            basis: under.basis,
            absences: under.absences,
            head: head.to_owned(),
            values: body_hash(&bytes),
            silence: self.state.silence(province, moment).map(|noted| noted.index),
        };
        let kept = self.keep(campaign, bytes, Readers::After(decided_until(campaign, moment)));
        self.write_with(Statement::Release(said), now, &kept).map(drop)
    }

    /// The entries that a moment is drawn over.
    fn frozen_under(&self, province: &ProvinceId, moment: Moment) -> Result<FrozenUnder, CentreError> {
        let under = self.state.frozen_under(province, period_of(moment));
        under.map_err(|fault| at(self.log_size(), fault))
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
        self.write_with(Statement::Deal(said), now, &kept).map(drop)
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
        let boxes = Boxes::of(&self.state, &self.salts, province, moment, self.log_size());
        let said = OrdersSealed {
            province: province.clone(),
            day,
            hour,
            orders: opened.orders.iter().map(OrderOpening::commitment).collect(),
            body: body_hash(&bytes),
            boxes: boxes.root(),
            check_in_by: self.state.check_in_by(day, hour),
        };
        self.boxes.keep(province, moment, boxes);
        let kept = self.keep(campaign, bytes, Readers::After(decided_until(campaign, moment)));
        self.write_with(Statement::Orders(said), now, &kept).map(drop)
    }

    pub(super) async fn close_hour(
        &mut self,
        day: Day,
        hour: Hour,
        now: Timestamp,
    ) -> Result<(), CentreError> {
        let head = self.ledger.newest_by(self.state.report_deadline(day, hour)).await?;
        let FrozenHead { size, note: head, .. } = head.ok_or_else(|| self.too_few_cosigned())?;
        let reported = self.state.reported_under(day, hour, size);
        self.write(Statement::Close(HourClosed { day, hour, head, reported }), now).map(drop)
    }
}

fn cosigned(head: &FrozenHead) -> Option<Cosigned> {
    Some(Cosigned { size: head.size, at: head.cosigned })
}

/// Whom to call, and why.
fn names(silent: &[SilentCustodian]) -> String {
    let named = silent.iter().map(|silent| format!("{} ({})", silent.custodian, silent.reason));
    named.collect::<Vec<_>>().join(", ")
}
