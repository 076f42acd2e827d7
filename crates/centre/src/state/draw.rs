//! Releases and what they decide: deals, dice, orders. The log's word is compared with the dice, never taken for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use sekong_draw::{
    DrawKey, DutyHour, Freeze, LAST_DAY_OF_WEEK, Move, Place, ProvinceDay, Purpose, Release, ReleaseError,
    ReleaseFor, RestRule, Subject, UnitWalk, ValueList, WeekDeal, deal_shift, deal_week, period_of,
    shifts_too_close, verify_release, verify_signed_release,
};
use sekong_log::{CustodianCommitted, Dealt, Entry, Hash, OrdersSealed, Released, Tree, body_hash};
use sekong_model::{
    CustodianId, DAYS_PER_WEEK, Day, HOURS_PER_DAY, Hour, Moment, Order, Pool, PostId, ProvinceId, Shift,
    TeamId, Unit, UnitId,
};
use sekong_plan::{Node, Plan};

use super::{Admitted, Bodies, CLOCK_TOLERANCE, Drawn, DrawnOrder, Due, NotedSilence, State};
use crate::bodies::{DealBody, OpenedOrders, OrderOpening, ValuesBody, canonical};
use crate::diary::Trace;
use crate::fault::Fault;
use crate::schedule::Job;

/// How a custodian's release is checked.
type VerifyRelease =
    fn(&Release, &CustodianCommitted, &ValueList, &ReleaseFor<'_>) -> Result<(), ReleaseError>;

impl State {
    pub(super) fn admit_release(
        &mut self,
        index: u64,
        entry: &Entry,
        said: Released,
        tree: &Tree,
        bodies: &dyn Bodies,
    ) -> Result<Admitted, Fault> {
        let (province, moment) = (said.province.clone(), said.moment);
        self.check_province(&province)?;
        let (freeze, size) = self.check_release_order(&said, entry.time(), tree)?;
        self.check_release_time(&province, moment, entry)?;
        let Some(values) = self.ahead.body::<ValuesBody>(bodies, &said.values)? else {
            self.sealed.insert(province.clone());
            return Ok(self.leave_undrawn(&province, moment, entry));
        };
        let known = index < self.signatures_known || self.are_signed(index, &values.releases);
        let verify = if known { verify_signed_release } else { verify_release };
        let due = ReleaseFor {
            province: &province,
            moment,
            freeze,
            due: self.release_due(&province, moment, self.quoted),
            latest: entry.time() + CLOCK_TOLERANCE,
        };
        let shares = self.shares(&values, &due, size, verify)?;
        if !self.is_followed(&province, moment) {
            values.throw.iter().for_each(|throw| self.note_throw(throw));
            return Ok(self.leave_undrawn(&province, moment, entry));
        }
        let key = DrawKey::new(&self.dice_of(period_of(moment))?, &shares);
        let new = |key| Drawn::new(freeze, said.values, key);
        let drawn = match moment {
            Moment::Week { week } => self.draw_week(&province, week, new(key))?,
            Moment::Hour { day, hour } => self.draw_hour(&province, day, hour, new(key))?,
        };
        self.note_release(&province, moment, entry.time());
        self.draws.insert((province, moment), Some(drawn));
        values.throw.iter().for_each(|throw| self.note_throw(throw));
        Ok(Admitted::Whole)
    }

    /// Whether all is known that a draw goes on from: of a week who worked in the week before, of an hour the week's deal, and where the
    /// day's draws have led its units.
    fn is_followed(&self, province: &ProvinceId, moment: Moment) -> bool {
        let is_unknown = |moment| matches!(self.draws.get(&(province.clone(), moment)), Some(None));
        match moment {
            Moment::Week { week } => {
                !week.checked_sub(1).is_some_and(|week| is_unknown(Moment::Week { week }))
            }
            Moment::Hour { day, hour } => {
                let before = Hour::all().take_while(|before| *before < hour);
                !is_unknown(Moment::Week { week: self.campaign.week_of(day) })
                    && !before.into_iter().any(|hour| is_unknown(Moment::Hour { day, hour }))
            }
        }
    }

    /// Whether the signatures of these releases were checked with the keys that their custodians committed to.
    fn are_signed(&self, index: u64, releases: &[Release]) -> bool {
        let by = |release: &Release| {
            Some((release.custodian.clone(), self.commitments.get(&release.custodian)?.said.key))
        };
        releases.iter().map(by).collect::<Option<Vec<_>>>().is_some_and(|by| self.ahead.is_signed(index, &by))
    }

    /// The schedule has its trace.
    pub(super) fn note_release(&mut self, province: &ProvinceId, moment: Moment, time: Timestamp) {
        self.diary.note(Job::Draw(moment), province, Trace::Release);
        self.note_late(province, moment, time);
    }

    /// That values, or what they decided, came late shows, whatever the reason.
    fn note_late(&mut self, province: &ProvinceId, moment: Moment, time: Timestamp) {
        let late = time.duration_since(self.campaign.release_at(moment));
        if CLOCK_TOLERANCE < late {
            let before = self.late.entry((province.clone(), moment)).or_default();
            *before = late.max(*before);
        }
    }

    /// Checks that plan and absences were frozen before; returns the leaf hashes that releases must name, and the size of
    /// the head that is quoted.
    fn check_release_order(
        &mut self,
        said: &Released,
        time: Timestamp,
        tree: &Tree,
    ) -> Result<(Freeze, u64), Fault> {
        let period = period_of(said.moment);
        self.check_period(period)?;
        if self.draws.contains_key(&(said.province.clone(), said.moment)) {
            return Err(Fault::LoggedBefore { what: format!("the release for {}", said.moment) });
        }
        let under = self.frozen_under(&said.province, period)?;
        let (wanted, found) = ((under.basis, under.absences), (said.basis, said.absences));
        if wanted != found {
            return Err(Fault::OtherBasis { wanted, found });
        }
        self.check_nothing_skipped(Job::Draw(said.moment))?;
        let silence = self.silence(&said.province, said.moment).map(|noted| noted.index);
        if said.silence != silence {
            return Err(Fault::OtherSilence { wanted: silence, found: said.silence });
        }
        let mut used = under.named();
        used.extend(silence.map(|index| ("the silence", index)));
        let size = self.check_frozen(&said.head, tree, time + CLOCK_TOLERANCE, &used)?;
        Ok((under.freeze, size))
    }

    fn check_release_time(&self, province: &ProvinceId, moment: Moment, entry: &Entry) -> Result<(), Fault> {
        let due = self.release_due(province, moment, self.quoted);
        if entry.time() < due {
            return Err(Fault::Early { moment, due, claimed: entry.time() });
        }
        Ok(())
    }

    /// What each custodian of a moment adds to its key: its value, or the throw if it was silent.
    fn shares(
        &self,
        values: &ValuesBody,
        due: &ReleaseFor<'_>,
        size: u64,
        verify: VerifyRelease,
    ) -> Result<Vec<(CustodianId, [u8; 32])>, Fault> {
        let noted = self.silence(due.province, due.moment);
        let thrown = match (noted, &values.throw) {
            (None, None) => None,
            (Some(noted), Some(throw)) => {
                check_received(values, noted)?;
                Some(self.check_throw(due.province, noted, due.moment, throw, size)?)
            }
            (None, Some(_)) | (Some(_), None) => return Err(Fault::CustodiansDiffer),
        };
        let is_silent = |custodian: &CustodianId| {
            noted.is_some_and(|noted| noted.silent.iter().any(|silent| silent.custodian == *custodian))
        };
        let mut releases = values.releases.iter();
        let mut given: Vec<(CustodianId, Given<'_>)> = Vec::new();
        for custodian in self.custodians_of(due.province, due.moment) {
            let share = match thrown.filter(|_| is_silent(&custodian)) {
                Some(thrown) => Given::Thrown(thrown),
                None => Given::Released(releases.next()),
            };
            given.push((custodian, share));
        }
        if releases.next().is_some() {
            return Err(Fault::CustodiansDiffer);
        }
        let share = |(custodian, given): (CustodianId, Given<'_>)| match given {
            Given::Thrown(thrown) => Ok((custodian, thrown)),
            Given::Released(release) => {
                self.released(release, &custodian, due, verify).map(|value| (custodian, value))
            }
        };
        // Signatures are most of an audit; of several faults the first is told.
        let shares: Vec<Result<_, Fault>> = given.into_par_iter().map(share).collect();
        shares.into_iter().collect()
    }

    fn released(
        &self,
        release: Option<&Release>,
        custodian: &CustodianId,
        due: &ReleaseFor<'_>,
        verify: VerifyRelease,
    ) -> Result<[u8; 32], Fault> {
        let commitment = self.commitments.get(custodian).ok_or(Fault::CustodiansDiffer)?;
        let release = release.ok_or(Fault::CustodiansDiffer)?;
        verify(release, &commitment.said, &self.values, due)
            .map_err(|source| Fault::Release { custodian: custodian.clone(), source })?;
        Ok(release.value.0)
    }

    fn draw_week(&self, province: &ProvinceId, week: u32, mut drawn: Drawn) -> Result<Drawn, Fault> {
        for pool in self.campaign.pools_of(province) {
            let deal = self.deal_pool(province, pool, week, &drawn.key)?;
            drawn.shifts.insert(pool.id.clone(), deal);
        }
        Ok(drawn)
    }

    fn deal_pool(
        &self,
        province: &ProvinceId,
        pool: &Pool,
        week: u32,
        key: &DrawKey,
    ) -> Result<WeekDeal, Fault> {
        let teams: Vec<TeamId> =
            self.campaign.teams_of(&pool.id).iter().map(|team| team.id.clone()).collect();
        let shares = self.campaign.shares_of(&pool.id).iter();
        let units: Vec<usize> = shares.map(|share| share.units as usize).collect();
        let mut stream = key.stream(&Subject {
            campaign: self.campaign.id(),
            province,
            moment: Moment::Week { week },
            unit: pool.id.as_str(),
            purpose: Purpose::DealWeek,
        });
        deal_week(&teams, &units, &self.rest_rule(province, pool, week), &mut stream)
            .map_err(|source| Fault::Deal { pool: pool.id.clone(), source })
    }

    /// Who worked on the last day of the week before, and which shifts lie too close to that.
    pub(super) fn rest_rule(&self, province: &ProvinceId, pool: &Pool, week: u32) -> RestRule {
        let before = week.checked_sub(1).and_then(|week| self.drawn(province, Moment::Week { week }));
        let worked =
            before.and_then(|drawn| drawn.shifts.get(&pool.id)).map(|deal| deal.working(LAST_DAY_OF_WEEK));
        RestRule { worked: worked.unwrap_or_default(), too_close: shifts_too_close(&self.campaign, pool) }
    }

    fn draw_hour(
        &mut self,
        province: &ProvinceId,
        day: Day,
        hour: Hour,
        mut drawn: Drawn,
    ) -> Result<Drawn, Fault> {
        let missing = || Fault::Missing { what: format!("the plan of {province} for {day}") };
        let mut day_plan = self.plans.get(&(province.clone(), day)).ok_or_else(missing)?.clone();
        if let Some(shift) = self.campaign.shifts().iter().find(|shift| shift.start == hour).cloned() {
            drawn.units = self.deal_units(province, day, &shift, &day_plan.units, &drawn.key)?;
        }
        let of = ProvinceDay { campaign: self.campaign.id(), province, day };
        let duty_hour = DutyHour(u32::from(hour.get()));
        let plan = day_plan.plan.clone();
        let mut dues = Vec::new();
        for ((unit, walk), chain) in day_plan.units.iter().zip(&mut day_plan.walks).zip(plan.chains()) {
            let duty = walk.duty();
            if duty_hour < duty.entry_hour() || duty.end_hour() <= duty_hour {
                continue;
            }
            let step = walk.throw(chain, duty_hour, &of, &drawn.key)?;
            let before = || self.dealt.get(&day).and_then(|dealt| dealt.get(&unit.id));
            let team = drawn.units.get(&unit.id).or_else(before).cloned();
            let team =
                team.ok_or_else(|| Fault::Missing { what: format!("the deal of unit {}", unit.id) })?;
            let order = order_of(&plan, unit, walk, duty_hour, step, team);
            dues.extend(step.and_then(turn).map(|node| (hour_of(walk, node), order.clone())));
            drawn.orders.push(order);
        }
        let units = drawn.units.iter().map(|(unit, team)| (unit.clone(), team.clone()));
        self.dealt.entry(day).or_default().extend(units);
        self.plans.insert((province.clone(), day), day_plan);
        for (due_hour, order) in dues {
            self.place_due(province, day, due_hour, order);
        }
        Ok(drawn)
    }

    fn deal_units(
        &self,
        province: &ProvinceId,
        day: Day,
        shift: &Shift,
        units: &[Unit],
        key: &DrawKey,
    ) -> Result<BTreeMap<UnitId, TeamId>, Fault> {
        let week = self.campaign.week_of(day);
        let week_drawn = self.drawn(province, Moment::Week { week });
        let weeks_deal =
            week_drawn.ok_or_else(|| Fault::Missing { what: format!("the deal of week {week}") })?;
        let mut dealt = BTreeMap::new();
        for (pool, deal) in &weeks_deal.shifts {
            // A pool's groups are those of the shifts that it serves.
            let place = self.campaign.shares_of(pool).iter().position(|share| share.shift == shift.id);
            let Some(group) = place.and_then(|place| deal.groups.get(place)) else { continue };
            let of_pool = units.iter().filter(|unit| unit.pool == *pool && unit.shift == shift.id);
            let of_pool: Vec<UnitId> = of_pool.map(|unit| unit.id.clone()).collect();
            let mut stream = key.stream(&Subject {
                campaign: self.campaign.id(),
                province,
                moment: Moment::Hour { day, hour: shift.start },
                unit: pool.as_str(),
                purpose: Purpose::DealShift,
            });
            let on_duty: Vec<TeamId> = group.on_duty(self.day_of_week(day)).cloned().collect();
            let shift_deal = deal_shift(&on_duty, &of_pool, &mut stream)
                .map_err(|source| Fault::Deal { pool: pool.clone(), source })?;
            dealt.extend(shift_deal.units);
        }
        Ok(dealt)
    }

    /// Days since the campaign's week began, 0 to 6.
    fn day_of_week(&self, day: Day) -> u8 {
        let days = i64::from(day.days_since(self.campaign.first_day())).rem_euclid(i64::from(DAYS_PER_WEEK));
        u8::try_from(days).expect("a remainder of 7 is below 7")
    }

    fn place_due(&mut self, province: &ProvinceId, day: Day, hour: Hour, order: DrawnOrder) {
        let Some((post, _)) = order.next else { return };
        let away = self.is_away(province, day, &order.team);
        let due = Due {
            province: province.clone(),
            post,
            team: order.team,
            away,
            order: None,
            order_index: None,
            report: None,
        };
        self.dues.entry((day, hour)).or_default().insert(order.unit, due);
    }

    /// What a moment decided, before its deal or orders are logged for the first time; `None` while it is sealed.
    fn decided(&self, province: &ProvinceId, moment: Moment, trace: Trace) -> Result<Option<&Drawn>, Fault> {
        let drawn = self.draws.get(&(province.clone(), moment));
        let drawn = drawn.ok_or_else(|| Fault::Missing { what: format!("the release for {moment}") })?;
        if self.decided_logged.contains(&(province.clone(), moment, trace)) {
            return Err(Fault::LoggedBefore { what: format!("what the draw of {moment} decided") });
        }
        Ok(drawn.as_ref())
    }

    /// Notes that a moment's deal or orders are logged.
    fn note_decided(&mut self, province: &ProvinceId, moment: Moment, trace: Trace, time: Timestamp) {
        self.note_late(province, moment, time);
        self.decided_logged.insert((province.clone(), moment, trace));
        self.diary.note(Job::Draw(moment), province, trace);
    }

    pub(super) fn admit_deal(
        &mut self,
        entry: &Entry,
        said: Dealt,
        bodies: &dyn Bodies,
    ) -> Result<Admitted, Fault> {
        let admitted = self.check_deal(&said, bodies)?;
        self.note_decided(&said.province, said.moment, Trace::Deal, entry.time());
        Ok(admitted)
    }

    fn check_deal(&self, said: &Dealt, bodies: &dyn Bodies) -> Result<Admitted, Fault> {
        let Some(drawn) = self.decided(&said.province, said.moment, Trace::Deal)? else {
            return Ok(self.unread(&said.province));
        };
        let logged = self.ahead.body::<DealBody>(bodies, &said.deal)?;
        let Some(logged) = logged else { return Ok(Admitted::Sealed) };
        let is_drawn = *logged == drawn.deal_body(logged.salt);
        self.check_dealt(&said.province, said.moment, &logged)?;
        if !is_drawn {
            let (province, moment) = (said.province.clone(), said.moment);
            return Err(Fault::NotDrawn { what: "deal", province, moment });
        }
        Ok(Admitted::Whole)
    }

    pub(super) fn admit_orders(
        &mut self,
        index: u64,
        entry: &Entry,
        said: OrdersSealed,
        bodies: &dyn Bodies,
    ) -> Result<Admitted, Fault> {
        let moment = Moment::Hour { day: said.day, hour: said.hour };
        let opened = self.check_orders(&said, moment, bodies)?;
        self.note_decided(&said.province, moment, Trace::Orders, entry.time());
        let Some(opened) = opened else {
            if self.drawn(&said.province, moment).is_some() {
                self.sealed.insert(said.province.clone());
            }
            return Ok(self.unread(&said.province));
        };
        self.bind_orders(index, &opened);
        self.orders_at.insert((said.province, moment), index);
        Ok(Admitted::Whole)
    }

    /// The orders; `None` while they are sealed, or if it is not known what was decided.
    fn check_orders(
        &self,
        said: &OrdersSealed,
        moment: Moment,
        bodies: &dyn Bodies,
    ) -> Result<Option<Arc<OpenedOrders>>, Fault> {
        let Some(drawn) = self.decided(&said.province, moment, Trace::Orders)? else { return Ok(None) };
        let opened = self.ahead.body::<OpenedOrders>(bodies, &said.body)?;
        let Some(opened) = opened else { return Ok(None) };
        let are_drawn = drawn.are_orders(&opened, said.day, said.hour) && opened.commitments == said.orders;
        self.check_ordered(&said.province, &opened.orders)?;
        if !are_drawn {
            return Err(Fault::NotDrawn { what: "orders", province: said.province.clone(), moment });
        }
        if said.check_in_by != self.check_in_by(said.day, said.hour) {
            let province = said.province.clone();
            return Err(Fault::NotDrawn { what: "time of checking in", province, moment });
        }
        Ok(Some(opened))
    }

    /// A report must quote the order that sent its team, so each thrown order is bound to the inspection it causes.
    fn bind_orders(&mut self, index: u64, opened: &OpenedOrders) {
        for (opening, commitment) in opened.orders.iter().zip(&opened.commitments) {
            let Some((_, hour)) = &opening.next else { continue };
            let of_hour = self.dues.get_mut(&(opening.day, *hour));
            let due = of_hour.and_then(|units| units.get_mut(&opening.unit));
            if opening.thrown
                && let Some(due) = due
            {
                due.order = Some(*commitment);
                due.order_index = Some(index);
            }
        }
    }
}

/// What stands for a custodian in a draw.
enum Given<'a> {
    Thrown([u8; 32]),
    Released(Option<&'a Release>),
}

/// The throw joins what had been received when the silence was noted, nothing else.
fn check_received(values: &ValuesBody, noted: &NotedSilence) -> Result<(), Fault> {
    let received = ValuesBody { releases: values.releases.clone(), throw: None };
    if body_hash(&canonical(&received)) == noted.received {
        return Ok(());
    }
    Err(Fault::BodyWrong { hash: noted.received, what: "other releases than the draw is made of" })
}

impl Drawn {
    fn new(freeze: Freeze, values: Hash, key: DrawKey) -> Drawn {
        let (shifts, units, orders) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Drawn { freeze, values, key, shifts, units, orders }
    }

    fn are_orders(&self, opened: &OpenedOrders, day: Day, hour: Hour) -> bool {
        let same = |(opening, order): (&OrderOpening, &DrawnOrder)| {
            *opening == order.opening(day, hour, opening.salt)
        };
        opened.orders.len() == self.orders.len() && opened.orders.iter().zip(&self.orders).all(same)
    }

    /// The body that tells this moment's deal.
    pub fn deal_body(&self, salt: Hash) -> DealBody {
        let teams = |deal: &WeekDeal| deal.groups.iter().map(|group| group.teams.clone()).collect();
        let shifts = self.shifts.iter().map(|(pool, deal)| (pool.clone(), teams(deal))).collect();
        DealBody { salt, shifts, units: self.units.clone() }
    }
}

impl DrawnOrder {
    /// The order with the salt under which it is committed.
    pub fn opening(&self, day: Day, hour: Hour, salt: Hash) -> OrderOpening {
        OrderOpening {
            salt,
            unit: self.unit.clone(),
            team: self.team.clone(),
            day,
            hour,
            order: self.order.clone(),
            next: self.next.clone(),
            thrown: self.thrown,
        }
    }
}

/// The node at which a move places the unit.
fn turn(step: Move) -> Option<Node> {
    match step {
        Move::Enter(node) | Move::Stay(node) | Move::Drive { to: node, .. } => Some(node),
        Move::Leave => None,
    }
}

fn hour_of(walk: &UnitWalk, node: Node) -> Hour {
    let hour = walk.duty().hour_of(node).0 % u32::from(HOURS_PER_DAY);
    u8::try_from(hour).ok().and_then(|hour| Hour::try_from(hour).ok()).expect("a remainder of 24 is an hour")
}

/// What the unit's team is told for this hour: what the die said, or what still stands.
fn order_of(
    plan: &Plan,
    unit: &Unit,
    walk: &UnitWalk,
    hour: DutyHour,
    step: Option<Move>,
    team: TeamId,
) -> DrawnOrder {
    let post = |node: Node| -> PostId { plan.game().posts()[usize::from(node.post)].clone() };
    let standing = || match walk.place(hour) {
        Place::Between { from, to } if from.post != to.post => (false, Some(to)),
        Place::Between { to, .. } | Place::At(to) => (true, Some(to)),
        Place::Waiting => (false, walk.path().first().copied()),
        Place::Left | Place::Undrawn => (false, None),
    };
    let (stays, next) = match step {
        Some(Move::Stay(node)) => (true, Some(node)),
        Some(step) => (false, turn(step)),
        None => standing(),
    };
    let order = match next {
        None => Order::StandDown,
        Some(_) if stays => Order::Stay,
        Some(node) => Order::Drive { post: post(node) },
    };
    let next = next.map(|node| (post(node), hour_of(walk, node)));
    DrawnOrder { unit: unit.id.clone(), team, order, next, thrown: step.is_some() }
}
