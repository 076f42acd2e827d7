//! What of the schedule has been logged, so that nothing is left out: jobs are done in the order of the schedule, and
//! each in every province.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use sekong_log::Period;
use sekong_model::{Campaign, Day, Moment, ProvinceId};

use crate::schedule::{Job, jobs};

/// How long after a job was due an auditor calls it overdue.
const GRACE: SignedDuration = SignedDuration::from_mins(30);

/// What a job leaves in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trace {
    /// A plan.
    Plan,
    /// An absence list.
    Absences,
    /// A release.
    Release,
    /// A deal.
    Deal,
    /// Orders.
    Orders,
}

/// The jobs that are not done yet, and what they still have to leave.
pub struct Diary {
    due: BTreeMap<Job, Timestamp>,
    open: BTreeMap<(Timestamp, Job), BTreeSet<(ProvinceId, Trace)>>,
    first_days: BTreeMap<u32, Day>,
    last_planned: Option<Day>,
}

impl Diary {
    /// Nothing done yet.
    pub fn new(campaign: &Campaign) -> Diary {
        let schedule = jobs(campaign, u32::MAX);
        let first_day = |week| campaign.week_days(week).first().copied();
        Diary {
            due: schedule.iter().map(|(time, job)| (*job, *time)).collect(),
            open: schedule.into_iter().map(|key| (key, traces(campaign, key.1))).collect(),
            first_days: campaign.weeks().filter_map(|week| Some((week, first_day(week)?))).collect(),
            last_planned: None,
        }
    }

    /// The first job that comes before `job` in the schedule and is not done; `None` if `job` may be done now.
    pub fn skipped(&self, job: Job) -> Option<(Timestamp, Job)> {
        let key = (*self.due.get(&job)?, job);
        // Nearly always it is the next one.
        if self.open.keys().next().is_none_or(|first| *first >= key) {
            return None;
        }
        self.unfinished().next().filter(|open| *open < key)
    }

    /// The jobs that should be done by `time` and are not, half an hour of grace given.
    pub fn overdue(&self, time: Timestamp) -> Vec<(Timestamp, Job)> {
        self.unfinished().take_while(|(due, _)| *due <= time - GRACE).collect()
    }

    /// The jobs that are not done, in order.
    pub fn open(&self) -> impl Iterator<Item = (Timestamp, Job)> + '_ {
        self.open.keys().copied()
    }

    /// Open jobs of the days up to the last one planned: a campaign may end early, but not for one province alone.
    fn unfinished(&self) -> impl Iterator<Item = (Timestamp, Job)> {
        self.open.keys().copied().filter(|(_, job)| Some(self.day_of(*job)) <= self.last_planned.map(Some))
    }

    fn day_of(&self, job: Job) -> Option<Day> {
        match job {
            Job::Plan(day)
            | Job::Freeze(Period::Day { day })
            | Job::Draw(Moment::Hour { day, .. })
            | Job::Close(day, _) => Some(day),
            Job::Freeze(Period::Week { week }) | Job::Draw(Moment::Week { week }) => {
                self.first_days.get(&week).copied()
            }
        }
    }

    /// Notes what a job left in a province.
    pub fn note(&mut self, job: Job, province: &ProvinceId, trace: Trace) {
        if let Job::Plan(day) = job {
            self.last_planned = self.last_planned.max(Some(day));
        }
        let Some(due) = self.due.get(&job) else { return };
        if let Some(left) = self.open.get_mut(&(*due, job)) {
            left.remove(&(province.clone(), trace));
            if left.is_empty() {
                self.finish(job);
            }
        }
    }

    /// Notes that a job is done, or that an auditor has named it and goes on.
    pub fn finish(&mut self, job: Job) {
        if let Some(due) = self.due.get(&job) {
            self.open.remove(&(*due, job));
        }
    }
}

/// What a job leaves, by province; a closing is one entry for all of them.
fn traces(campaign: &Campaign, job: Job) -> BTreeSet<(ProvinceId, Trace)> {
    let traces: &[Trace] = match job {
        Job::Plan(_) => &[Trace::Plan],
        Job::Freeze(_) => &[Trace::Absences],
        Job::Draw(Moment::Week { .. }) => &[Trace::Release, Trace::Deal],
        Job::Draw(Moment::Hour { hour, .. }) if campaign.shifts().iter().any(|shift| shift.start == hour) => {
            &[Trace::Release, Trace::Deal, Trace::Orders]
        }
        Job::Draw(Moment::Hour { .. }) => &[Trace::Release, Trace::Orders],
        Job::Close(..) => &[],
    };
    let provinces = campaign.provinces().iter();
    provinces.flat_map(|province| traces.iter().map(|trace| (province.id.clone(), *trace))).collect()
}
