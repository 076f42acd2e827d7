//! Plans and absences, in the order that leaves nobody a choice: plan, cosigned head, absences, cosigned head, draw.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sekong_draw::{Duty, Freeze, UnitWalk, with_daily_die};
use sekong_log::{Absence, AbsencesFrozen, DailyDie, Entry, Hash, Head, Period, PlanLogged, Tree};
use sekong_model::{Campaign, Day, ProvinceId, Unit};

use super::{
    Admitted, Bodies, CLOCK_TOLERANCE, Cosigned, DayPlan, DeclaredAway, DieThrown, FrozenList, State, body,
};
use crate::diary::Trace;
use crate::fault::Fault;
use crate::plan_book::{self, SolvedPlan};
use crate::schedule::Job;

/// The entries that a moment is drawn over.
pub(crate) struct FrozenUnder {
    /// What the basis is called.
    pub(crate) what: &'static str,
    /// Index of the plan, or of the campaign for a week.
    pub(crate) basis: u64,
    /// Index of the absence list.
    pub(crate) absences: u64,
    /// Index of the daily die, in a campaign with one.
    pub(crate) die: Option<u64>,
    /// Their leaf hashes.
    pub(crate) freeze: Freeze,
}

impl FrozenUnder {
    /// Each with what it is called.
    pub(super) fn named(&self) -> Vec<(&'static str, u64)> {
        let mut named = vec![(self.what, self.basis), ("the absence list", self.absences)];
        named.extend(self.die.map(|index| ("the daily die", index)));
        named
    }

    /// Index of the last of them: a head that covers it covers all.
    pub(crate) fn last(&self) -> u64 {
        self.absences.max(self.basis).max(self.die.unwrap_or_default())
    }
}

impl State {
    pub(super) fn admit_plan(
        &mut self,
        index: u64,
        entry: &Entry,
        said: PlanLogged,
        bodies: &dyn Bodies,
    ) -> Result<Admitted, Fault> {
        self.check_plan_wanted(&said)?;
        self.check_nothing_skipped(Job::Plan(said.day))?;
        let solved = plan_book::plan(&self.campaign, &said.province, said.day)?;
        check_plan(&said, &solved)?;
        body(bodies, &said.plan)?.ok_or(Fault::BodyMissing { hash: said.plan })?;
        self.keep_plan(index, entry, said, &solved)?;
        Ok(Admitted::Whole)
    }

    pub(super) fn check_plan_wanted(&self, said: &PlanLogged) -> Result<(), Fault> {
        let (province, day) = (&said.province, said.day);
        self.check_province(province)?;
        self.check_day(day)?;
        if self.plan(province, day).is_some_and(|plan| !self.stand_ins.contains(&plan.index)) {
            return Err(Fault::LoggedBefore { what: format!("the plan of {province} for {day}") });
        }
        if self.dice.is_none() {
            return Err(Fault::Missing { what: "the public dice".to_owned() });
        }
        Ok(())
    }

    pub(super) fn keep_plan(
        &mut self,
        index: u64,
        entry: &Entry,
        said: PlanLogged,
        solved: &SolvedPlan,
    ) -> Result<(), Fault> {
        let PlanLogged { province, day, .. } = said;
        let plan = day_plan(&self.campaign, &province, day, index, entry.leaf_hash(), solved)?;
        self.diary.note(Job::Plan(day), &province, Trace::Plan);
        self.plans.insert((province, day), plan);
        Ok(())
    }

    pub(super) fn admit_absences(
        &mut self,
        index: u64,
        entry: &Entry,
        said: &AbsencesFrozen,
        tree: &Tree,
    ) -> Result<Admitted, Fault> {
        let basis = self.check_list_wanted(said)?;
        self.check_nothing_skipped(Job::Freeze(said.period))?;
        let quoted_size = self.check_frozen(&said.head, tree, entry.time() + CLOCK_TOLERANCE, &[basis])?;
        let absent = self.absent(said)?;
        self.keep_list(index, entry, said, (quoted_size, absent));
        Ok(Admitted::Whole)
    }

    /// What the list stands on, and its entry.
    pub(super) fn check_list_wanted(&self, said: &AbsencesFrozen) -> Result<(&'static str, u64), Fault> {
        self.check_province(&said.province)?;
        self.check_period(said.period)?;
        let list = self.absences.get(&(said.province.clone(), said.period));
        if list.is_some_and(|list| !self.stand_ins.contains(&list.index)) {
            return Err(Fault::LoggedBefore { what: format!("the absence list of {}", said.province) });
        }
        self.basis(&said.province, said.period)
    }

    pub(super) fn keep_list(
        &mut self,
        index: u64,
        entry: &Entry,
        said: &AbsencesFrozen,
        (quoted_size, absent): (u64, Vec<DeclaredAway>),
    ) {
        self.diary.note(Job::Freeze(said.period), &said.province, Trace::Absences);
        let (leaf, written) = (entry.leaf_hash(), entry.time());
        let list = FrozenList { index, leaf, written, quoted_size, absent };
        self.absences.insert((said.province.clone(), said.period), list);
    }

    /// The daily die is thrown when nobody can change plan or absences any more.
    pub(super) fn admit_daily_die(
        &mut self,
        index: u64,
        entry: &Entry,
        said: DailyDie,
        tree: &Tree,
    ) -> Result<Admitted, Fault> {
        let rule = self.campaign.rules().daily_die.as_ref();
        let rule = rule.ok_or(Fault::Unknown { what: "daily die: rules.daily_die is false".to_owned() })?;
        let digits = rule.digits;
        self.check_period(said.period)?;
        if self.daily_dice.contains_key(&said.period) {
            return Err(Fault::LoggedBefore { what: "a daily die of this period".to_owned() });
        }
        // One spelling: `7` and `007` would be two dice.
        let is_number = said.number.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number || said.number.len() != digits as usize {
            return Err(Fault::NotANumber { number: said.number, digits });
        }
        let lists = [("an absence list", self.last_list(said.period)?)];
        self.check_frozen(&said.head, tree, entry.time() + CLOCK_TOLERANCE, &lists)?;
        let leaf = entry.leaf_hash();
        self.daily_dice.insert(said.period, DieThrown { index, leaf, number: said.number });
        Ok(Admitted::Whole)
    }

    /// What enters every seed of a period: the public dice, and its daily die if the campaign has one.
    pub(super) fn dice_of(&self, period: Period) -> Result<[u8; 32], Fault> {
        let dice = self.dice.ok_or(Fault::Missing { what: "the public dice".to_owned() })?;
        let daily = self.die_of(period)?;
        Ok(daily.map_or(dice.0, |die| with_daily_die(dice.as_bytes(), &die.number)))
    }

    /// The daily dice in the log, by their entries: the period that each is of, and its number.
    pub fn daily_dice(&self) -> impl Iterator<Item = (u64, Period, &str)> {
        self.daily_dice.iter().map(|(period, die)| (die.index, *period, die.number.as_str()))
    }

    /// The daily die of a period; `None` in a campaign without one.
    fn die_of(&self, period: Period) -> Result<Option<&DieThrown>, Fault> {
        if self.campaign.rules().daily_die.is_none() {
            return Ok(None);
        }
        let die = self.daily_dice.get(&period);
        die.map(Some).ok_or(Fault::Missing { what: "the daily die".to_owned() })
    }

    /// Whether all dice are thrown that enter the seeds of a period.
    pub(crate) fn is_die_thrown(&self, period: Period) -> bool {
        self.die_of(period).is_ok()
    }

    /// The entries that a moment is drawn over, once they are all logged.
    pub(crate) fn frozen_under(&self, province: &ProvinceId, period: Period) -> Result<FrozenUnder, Fault> {
        let (what, basis) = self.basis(province, period)?;
        let list = self.absences.get(&(province.clone(), period));
        let list = list.ok_or_else(|| Fault::absences(province, period))?;
        let die = self.die_of(period)?;
        let leaf = match period {
            Period::Week { .. } => self.opened_leaf,
            Period::Day { day } => self.plan(province, day).map_or(self.opened_leaf, |plan| plan.leaf),
        };
        let freeze = Freeze { basis: leaf, absences: list.leaf, die: die.map(|die| die.leaf) };
        let (absences, die) = (list.index, die.map(|die| die.index));
        Ok(FrozenUnder { what, basis, absences, die, freeze })
    }

    /// When a head that covers an absence list was cosigned, as far as the log tells and with the head that is `shown`
    /// besides; the first one counts.
    pub(super) fn covered_at(&self, list: &FrozenList, shown: Option<Cosigned>) -> Timestamp {
        if self.keys.cosigners.is_none() {
            return list.written;
        }
        let known = self.heads.range(list.index + 1..).map(|(_, at)| *at);
        let shown = shown.filter(|head| list.index < head.size).map(|head| head.at);
        known.chain(shown).min().unwrap_or(Timestamp::MAX)
    }

    /// Index of the last absence list of a period, once every province has one.
    pub(crate) fn last_list(&self, period: Period) -> Result<u64, Fault> {
        let mut last = 0;
        for province in self.campaign.provinces() {
            let list = self.absences.get(&(province.id.clone(), period));
            last = last.max(list.ok_or_else(|| Fault::absences(&province.id, period))?.index);
        }
        Ok(last)
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

    fn absent(&self, said: &AbsencesFrozen) -> Result<Vec<DeclaredAway>, Fault> {
        let mut seen = BTreeSet::new();
        let away = |absence: &Absence| {
            let away = self.away(said, absence)?;
            if seen.insert(away.team.clone()) {
                Ok(away)
            } else {
                Err(Fault::AbsentTwice { team: absence.team.clone() })
            }
        };
        said.absent.iter().map(away).collect()
    }

    /// A line of a list.
    pub(super) fn away(&self, said: &AbsencesFrozen, absence: &Absence) -> Result<DeclaredAway, Fault> {
        if !self.teams_of(&said.province).any(|team| *team == absence.team) {
            return Err(Fault::Unknown { what: format!("team {} in {}", absence.team, said.province) });
        }
        if !self.campaign.declarers().contains(&absence.declared_by) {
            return Err(Fault::Unknown { what: format!("declarer {}", absence.declared_by) });
        }
        if absence.second_source.as_str() == absence.declared_by.as_str() {
            let (team, by) = (absence.team.clone(), absence.declared_by.clone());
            return Err(Fault::SameSource { team, by });
        }
        if absence.until < self.first_day_of(said.period) {
            return Err(Fault::AbsenceOver { team: absence.team.clone(), until: absence.until });
        }
        Ok(DeclaredAway { team: absence.team.clone(), by: absence.declared_by.clone(), until: absence.until })
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
        let cosigned = head.cosigned();
        cosigned.map_or(Ok(()), |cosigned| self.check_cosigned_at(size, cosigned, latest))?;
        if tree.root_at(size) != Some(head.checkpoint.root) {
            return Err(Fault::HeadOfAnotherTree { size });
        }
        match used.iter().find(|(_, index)| *index >= size) {
            Some((what, index)) => Err(Fault::NotFrozen { what, index: *index, size }),
            None => {
                self.quoted = cosigned.map(|at| Cosigned { size, at });
                Ok(size)
            }
        }
    }

    /// The same head is quoted by every province of an hour: its signatures are checked once.
    pub(super) fn opened(&mut self, note: &str) -> Result<Head, Fault> {
        if let Some((newest, head)) = &self.newest_head
            && newest == note
        {
            return Ok(head.clone());
        }
        let head = match self.ahead.head(note) {
            Some(head) => head.clone(),
            None => self.keys.open(note)?,
        };
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
