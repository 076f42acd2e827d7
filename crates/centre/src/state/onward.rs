//! How an auditor goes on after a fault that he has named, so that it hides no other and brings none of its own.
//!
//! What stands in for a wrong plan is the right one, for a wrong list what it says; either yields to one that is logged afterwards. Of
//! what a wrong release decided nobody knows anything: draws that go on from it are left open until the next day's begin anew, and
//! what teams say on that day is held against nobody. All else of them is judged: signatures, commitments, order and time.

use sekong_log::{AbsencesFrozen, Entry, PlanLogged, Statement};
use sekong_model::{Day, Moment, ProvinceId};

use super::{Admitted, State, statement};
use crate::diary::Trace;
use crate::fault::Fault;
use crate::plan_book;
use crate::schedule::Job;

impl State {
    /// Steps over the entry at `index`, which was refused.
    pub(crate) fn go_on_after(&mut self, fault: &Fault, index: u64, entry: &Entry) {
        self.step_over(index, entry);
        // Where the first counts, a second changes nothing; and nobody but the centre decides anything.
        if matches!(fault, Fault::LoggedBefore { .. }) || entry.device() != self.centre {
            return;
        }
        match statement(entry) {
            // What cannot stand in stays away, and what follows says that it is missing.
            Ok(Statement::Plan(said)) => drop(self.put_plan_right(index, entry, said)),
            Ok(Statement::Absences(said)) => drop(self.take_list_as_said(index, entry, &said)),
            Ok(Statement::Release(said)) => {
                self.leave_open(&said.province, said.moment, Trace::Release);
                self.draws.entry((said.province, said.moment)).or_insert(None);
            }
            Ok(Statement::Deal(said)) => self.leave_open(&said.province, said.moment, Trace::Deal),
            Ok(Statement::Orders(said)) => {
                let moment = Moment::Hour { day: said.day, hour: said.hour };
                self.leave_open(&said.province, moment, Trace::Orders);
            }
            _ => {}
        }
    }

    /// The schedule has its trace, and no team is accused of what another broke.
    fn leave_open(&mut self, province: &ProvinceId, moment: Moment, trace: Trace) {
        self.diary.note(Job::Draw(moment), province, trace);
        let days = match moment {
            Moment::Week { week } => self.campaign.week_days(week),
            Moment::Hour { day, .. } => vec![day],
        };
        self.unjudged.extend(days.into_iter().map(|day| (province.clone(), day)));
    }

    /// A release stands, and what it decides is not known.
    pub(super) fn leave_undrawn(&mut self, province: &ProvinceId, moment: Moment, entry: &Entry) -> Admitted {
        self.note_release(province, moment, entry.time());
        self.draws.insert((province.clone(), moment), None);
        if let Moment::Hour { day, .. } = moment {
            self.unjudged.insert((province.clone(), day));
        }
        self.unread(province)
    }

    /// Why something cannot be judged.
    pub(super) fn unread(&self, province: &ProvinceId) -> Admitted {
        if self.sealed.contains(province) { Admitted::Sealed } else { Admitted::Unjudged }
    }

    /// Whether what teams say of this day cannot be held against what was decided.
    pub(super) fn is_unread(&self, province: &ProvinceId, day: Day) -> bool {
        self.sealed.contains(province) || self.unjudged.contains(&(province.clone(), day))
    }

    /// Why something that stands on the whole log cannot be judged.
    pub(super) fn unread_in_all(&self) -> Admitted {
        if self.sealed.is_empty() { Admitted::Unjudged } else { Admitted::Sealed }
    }

    fn put_plan_right(&mut self, index: u64, entry: &Entry, said: PlanLogged) -> Result<(), Fault> {
        self.check_plan_wanted(&said)?;
        if !self.is_next_to_plan(said.day) {
            return Ok(());
        }
        let solved = plan_book::plan(&self.campaign, &said.province, said.day)?;
        self.keep_plan(index, entry, said, &solved)?;
        self.stand_ins.insert(index);
        Ok(())
    }

    /// A plan of a later day is none that anything was drawn from, and the schedule has not come to it.
    fn is_next_to_plan(&self, day: Day) -> bool {
        match self.plans.keys().map(|(_, day)| *day).max() {
            Some(last) => Some(day) <= last.plus_days(1),
            None => day == self.campaign.first_day(),
        }
    }

    /// Under no head but that of its own entry, and without the lines that nothing can be made of.
    fn take_list_as_said(&mut self, index: u64, entry: &Entry, said: &AbsencesFrozen) -> Result<(), Fault> {
        self.check_list_wanted(said)?;
        let away = said.absent.iter().filter_map(|absence| self.away(said, absence).ok()).collect();
        self.keep_list(index, entry, said, (index, away));
        self.stand_ins.insert(index);
        Ok(())
    }
}
