//! Plans and absences, in the order that leaves nobody a choice: plan, cosigned head, absences, cosigned head, draw.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sekong_draw::{Duty, UnitWalk, with_daily_die};
use sekong_log::{AbsencesFrozen, DailyDie, Entry, Hash, Head, Period, PlanLogged, Tree};
use sekong_model::{Campaign, Day, ProvinceId, Unit};

use super::{Admitted, Bodies, CLOCK_TOLERANCE, DayPlan, FrozenList, State, body};
use crate::diary::Trace;
use crate::fault::Fault;
use crate::plan_book::SolvedPlan;
use crate::schedule::Job;

/// Most digits of a daily die.
const DIGITS_MAX: usize = 40;

impl State {
    pub(super) fn admit_plan(
        &mut self,
        index: u64,
        entry: &Entry,
        said: PlanLogged,
        bodies: &dyn Bodies,
    ) -> Result<Admitted, Fault> {
        let (province, day) = (said.province.clone(), said.day);
        self.check_province(&province)?;
        self.check_day(day)?;
        if self.plans.contains_key(&(province.clone(), day)) {
            return Err(Fault::LoggedBefore { what: format!("the plan of {province} for {day}") });
        }
        if self.dice.is_none() {
            return Err(Fault::Missing { what: "the public dice".to_owned() });
        }
        self.check_nothing_skipped(Job::Plan(day))?;
        let solved = self.plan_book.plan(&self.campaign, &province, day)?;
        check_plan(&said, &solved)?;
        body(bodies, &said.plan)?.ok_or(Fault::BodyMissing { hash: said.plan })?;
        let plan = day_plan(&self.campaign, &province, day, index, entry.leaf_hash(), &solved)?;
        self.diary.note(Job::Plan(day), &province, Trace::Plan);
        self.plans.insert((province, day), plan);
        Ok(Admitted::Whole)
    }

    pub(super) fn admit_absences(
        &mut self,
        index: u64,
        entry: &Entry,
        said: &AbsencesFrozen,
        tree: &Tree,
    ) -> Result<Admitted, Fault> {
        self.check_province(&said.province)?;
        self.check_period(said.period)?;
        let key = (said.province.clone(), said.period);
        if self.absences.contains_key(&key) {
            return Err(Fault::LoggedBefore { what: format!("the absence list of {}", said.province) });
        }
        let (what, basis) = self.basis(&said.province, said.period)?;
        self.check_nothing_skipped(Job::Freeze(said.period))?;
        let quoted_size =
            self.check_frozen(&said.head, tree, entry.time() + CLOCK_TOLERANCE, &[(what, basis)])?;
        let teams = self.absent_teams(said)?;
        let declared =
            said.absent.iter().map(|absence| (absence.team.clone(), absence.declared_by.clone())).collect();
        self.diary.note(Job::Freeze(said.period), &said.province, Trace::Absences);
        let (leaf, written) = (entry.leaf_hash(), entry.time());
        self.absences.insert(key, FrozenList { index, leaf, written, quoted_size, teams, declared });
        Ok(Admitted::Whole)
    }

    /// The daily die is thrown when nobody can change plan or absences any more.
    pub(super) fn admit_daily_die(
        &mut self,
        index: u64,
        entry: &Entry,
        said: DailyDie,
        tree: &Tree,
    ) -> Result<Admitted, Fault> {
        if !self.campaign.rules().daily_die {
            return Err(Fault::Unknown { what: "daily die: rules.daily_die is false".to_owned() });
        }
        self.check_period(said.period)?;
        if self.daily_dice.contains_key(&said.period) {
            return Err(Fault::LoggedBefore { what: "a daily die of this period".to_owned() });
        }
        let digits = said.number.bytes().all(|digit| digit.is_ascii_digit());
        if !digits || said.number.is_empty() || DIGITS_MAX < said.number.len() {
            return Err(Fault::NotANumber { number: said.number, digits_max: DIGITS_MAX });
        }
        let mut lists = Vec::new();
        for province in self.campaign.provinces() {
            let list = self.absences.get(&(province.id.clone(), said.period));
            let list = list.ok_or_else(|| Fault::absences(&province.id, said.period))?;
            lists.push(("an absence list", list.index));
        }
        self.check_frozen(&said.head, tree, entry.time() + CLOCK_TOLERANCE, &lists)?;
        self.daily_dice.insert(said.period, (index, said.number));
        Ok(Admitted::Whole)
    }

    /// What enters every seed of a period: the public dice, and its daily die if the campaign has one.
    pub(super) fn dice_of(&self, period: Period) -> Result<[u8; 32], Fault> {
        let dice = self.dice.ok_or(Fault::Missing { what: "the public dice".to_owned() })?;
        if !self.campaign.rules().daily_die {
            return Ok(dice.0);
        }
        let daily = self.daily_dice.get(&period);
        let (_, number) = daily.ok_or(Fault::Missing { what: "the daily die".to_owned() })?;
        Ok(with_daily_die(dice.as_bytes(), number))
    }

    /// Whether all dice are thrown that enter the seeds of a period.
    pub(crate) fn is_die_thrown(&self, period: Period) -> bool {
        !self.campaign.rules().daily_die || self.daily_dice.contains_key(&period)
    }

    /// Index of a period's daily die, if it has one.
    pub(super) fn daily_die(&self, period: Period) -> Option<u64> {
        self.daily_dice.get(&period).map(|(index, _)| *index)
    }

    /// The entry that is drawn over: the day's plan; for a week the campaign itself.
    pub(crate) fn basis(&self, province: &ProvinceId, period: Period) -> Result<(&'static str, u64), Fault> {
        match period {
            Period::Week { .. } => Ok(("the campaign", 0)),
            Period::Day { day } => self
                .plan(province, day)
                .map(|plan| ("the plan", plan.index))
                .ok_or_else(|| Fault::Missing { what: format!("the plan of {province} for {day}") }),
        }
    }

    fn absent_teams(&self, said: &AbsencesFrozen) -> Result<Vec<sekong_model::TeamId>, Fault> {
        let pools = self.campaign.pools_of(&said.province);
        let teams = pools.iter().flat_map(|pool| self.campaign.teams_of(&pool.id));
        let known: BTreeSet<_> = teams.map(|team| team.id.clone()).collect();
        let mut seen = BTreeSet::new();
        for absence in &said.absent {
            if !known.contains(&absence.team) {
                return Err(Fault::Unknown { what: format!("team {} in {}", absence.team, said.province) });
            }
            if !self.campaign.declarers().contains(&absence.declared_by) {
                return Err(Fault::Unknown { what: format!("declarer {}", absence.declared_by) });
            }
            if absence.until < self.first_day_of(said.period) {
                return Err(Fault::AbsenceOver { team: absence.team.clone(), until: absence.until });
            }
            if !seen.insert(absence.team.clone()) {
                return Err(Fault::AbsentTwice { team: absence.team.clone() });
            }
        }
        Ok(seen.into_iter().collect())
    }

    fn first_day_of(&self, period: Period) -> Day {
        match period {
            Period::Day { day } => day,
            Period::Week { week } => {
                self.campaign.week_days(week).first().copied().unwrap_or(self.campaign.last_day())
            }
        }
    }

    /// Opens a quoted head and checks that it is a prefix of this log, was cosigned by `latest`, and covers each of
    /// `used`; gives its size.
    pub(super) fn check_frozen(
        &mut self,
        note: &str,
        tree: &Tree,
        latest: Timestamp,
        used: &[(&'static str, u64)],
    ) -> Result<u64, Fault> {
        let head = self.opened(note)?;
        let size = head.checkpoint.size;
        if let Some(cosigned) = head.cosignatures.iter().map(|cosignature| cosignature.time).max() {
            self.check_cosigned_at(size, cosigned, latest)?;
            self.heads.insert(size, cosigned);
        }
        if tree.root_at(size) != Some(head.checkpoint.root) {
            return Err(Fault::HeadOfAnotherTree { size });
        }
        match used.iter().find(|(_, index)| *index >= size) {
            Some((what, index)) => Err(Fault::NotFrozen { what, index: *index, size }),
            None => Ok(size),
        }
    }

    /// The same head is quoted by every province of an hour: its signatures are checked once.
    fn opened(&mut self, note: &str) -> Result<Head, Fault> {
        if let Some((newest, head)) = &self.newest_head
            && newest == note
        {
            return Ok(head.clone());
        }
        let head = self.keys.open(note)?;
        let wanted = self.campaign.rules().cosignatures as usize;
        if self.keys.cosigners.is_some() && head.cosignatures.len() < wanted {
            return Err(Fault::TooFewCosignatures { found: head.cosignatures.len(), wanted });
        }
        self.newest_head = Some((note.to_owned(), head.clone()));
        Ok(head)
    }

    pub(super) fn check_province(&self, province: &ProvinceId) -> Result<(), Fault> {
        if self.campaign.province(province).is_some() {
            Ok(())
        } else {
            Err(Fault::Unknown { what: format!("province {province}") })
        }
    }

    pub(super) fn check_day(&self, day: Day) -> Result<(), Fault> {
        if self.campaign.holds(day) { Ok(()) } else { Err(Fault::Unknown { what: format!("day {day}") }) }
    }

    pub(super) fn check_period(&self, period: Period) -> Result<(), Fault> {
        match period {
            Period::Day { day } => self.check_day(day),
            Period::Week { week } if self.campaign.weeks().contains(&week) => Ok(()),
            Period::Week { week } => Err(Fault::Unknown { what: format!("week {week}") }),
        }
    }
}

fn check_plan(said: &PlanLogged, solved: &SolvedPlan) -> Result<(), Fault> {
    let other = |what, logged, recomputed| Fault::OtherPlan {
        what,
        province: said.province.clone(),
        day: said.day,
        logged,
        recomputed,
    };
    if said.game != solved.game {
        return Err(other("game", said.game, solved.game));
    }
    if said.plan != solved.hash {
        return Err(other("plan", said.plan, solved.hash));
    }
    Ok(())
}

fn day_plan(
    campaign: &Campaign,
    province: &ProvinceId,
    day: Day,
    index: u64,
    leaf: Hash,
    solved: &SolvedPlan,
) -> Result<DayPlan, Fault> {
    let units = campaign.units_of(province, day);
    let walks = units.iter().map(|unit| walk(campaign, unit)).collect::<Result<_, _>>()?;
    Ok(DayPlan { index, leaf, plan: solved.plan.clone(), units, walks })
}

fn walk(campaign: &Campaign, unit: &Unit) -> Result<UnitWalk, Fault> {
    let duty = Duty::in_shift(campaign.entry_hour(unit), unit.start, unit.length_hours)
        .map_err(|error| Fault::Unknown { what: format!("duty of unit {}: {error}", unit.id) })?;
    Ok(UnitWalk::new(duty))
}
