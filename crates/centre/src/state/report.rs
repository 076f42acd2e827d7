//! Reports of inspections, and what became of every inspection that the draw placed.

use jiff::{SignedDuration, Timestamp};
use sekong_log::{Entry, Hash, HourClosed, InspectionReported, Tree};
use sekong_model::{Counts, Day, Finds, Hour, PostId, ProvinceId, TeamId, UnitId};

use super::{Admitted, CLOCK_TOLERANCE, Correction, State};
use crate::fault::{CloseFault, Fault, Taken};
use crate::schedule::Job;

/// An inspection that the draw placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Where, at large.
    pub province: ProvinceId,
    /// The post.
    pub post: PostId,
    /// The team dealt to the unit.
    pub team: TeamId,
    /// Whether the team was away, and took part in the deal as a ghost.
    pub away: bool,
    /// Commitment of the order that sends the team, once sealed.
    pub order: Option<Hash>,
    /// Index of the entry that sealed it.
    pub order_index: Option<u64>,
    /// The team's report, once there is one.
    pub report: Option<Report>,
}

/// A team's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Index of its entry.
    pub index: u64,
    /// When the team says it began.
    pub started: Timestamp,
    /// What it counted.
    pub counts: Counts,
    /// The finds by transport and drug, as far as it told them apart.
    pub finds: Finds,
    /// Entries under the newest head that it quotes: it was not written before that.
    pub seen: Option<u64>,
    /// What the team corrected afterwards, in order.
    pub corrections: Vec<Correction>,
}

impl Report {
    fn of(index: u64, said: &InspectionReported) -> Report {
        let seen = said.seen.map(|seen| seen.size);
        Report {
            index,
            started: said.started,
            counts: said.counts,
            finds: said.finds.clone(),
            seen,
            corrections: Vec::new(),
        }
    }

    /// Refuses what cannot be among what it counted beside what another kind of word has of it, by what that has: nothing, where there
    /// is no room without it, either, and it is not to blame.
    pub(super) fn check_room(&self, own: Taken, beside: Taken) -> Result<(), Taken> {
        match (self.has_room_for(own.with(beside)), self.has_room_for(own)) {
            (true, _) => Ok(()),
            (false, true) => Err(beside),
            (false, false) => Err(Taken::default()),
        }
    }

    /// Whether so many of the inspected, so many of them with a find, may be among what it counted; the others are among those without one.
    fn has_room_for(&self, Taken { inspected, found }: Taken) -> bool {
        let (all, finds) = (self.counts.inspected(), self.counts.found());
        let clean = inspected.checked_sub(found);
        found <= finds && clean.is_some_and(|clean| clean <= all - finds)
    }
}

/// No more finds are told apart than were counted; fewer may be.
pub(super) fn check_finds(finds: &Finds, counts: Counts) -> Result<(), Fault> {
    let (told, found) = (finds.vehicles(), counts.found());
    if told <= u64::from(found) { Ok(()) } else { Err(Fault::MoreFinds { told, found }) }
}

/// What became of an inspection; each is exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Begun in time, reported in time.
    Done,
    /// Begun too late, by the team's own word.
    Late,
    /// Begun in time by the team's word, but first cosigned after the time for reports.
    LateArrived,
    /// Not reported.
    Missed,
}

impl State {
    pub(super) fn admit_inspection(
        &mut self,
        index: u64,
        entry: &Entry,
        said: InspectionReported,
        tree: &Tree,
    ) -> Result<Admitted, Fault> {
        self.check_day(said.day)?;
        let begins = self.campaign.instant(said.day, said.hour);
        if said.started < begins || begins + SignedDuration::from_hours(1) <= said.started {
            return Err(Fault::OutsideHour { begins, claimed: said.started });
        }
        if entry.time() < said.started {
            return Err(Fault::WrittenBefore { started: said.started, written: entry.time() });
        }
        check_finds(&said.finds, said.counts)?;
        self.check_was_the_teams(entry, &said)?;
        self.check_seen(entry, said.seen, tree)?;
        self.check_persons(&said.persons)?;
        if self.is_unread(&said.province, said.day) {
            self.keep_persons(index, &said.persons);
            return Ok(self.unread(&said.province));
        }
        self.check_was_dealt(entry, &said)?;
        let sealed = self.due(said.day, said.hour, &said.unit).and_then(|due| due.order_index);
        let ordered = sealed.map(|index| self.centre_time_under(index + 1));
        let due = self.due_of(&said)?;
        let wanted = due.order.ok_or_else(|| Fault::Missing { what: "the order of this slot".to_owned() })?;
        if wanted != said.order {
            return Err(Fault::OtherOrder { wanted, found: said.order });
        }
        if let Some(ordered) = ordered.filter(|ordered| said.started + CLOCK_TOLERANCE < *ordered) {
            return Err(Fault::BegunBeforeOrder { ordered, started: said.started });
        }
        if due.report.is_some() {
            return Err(Fault::LoggedBefore { what: "a report on this slot".to_owned() });
        }
        due.report = Some(Report::of(index, &said));
        self.keep_persons(index, &said.persons);
        self.words.insert(index, (said.day, said.hour, said.unit));
        Ok(Admitted::Whole)
    }

    /// One device speaks for a team at any time: for what began while it was the team's, however late it says it. Around
    /// the change both may, for their clocks may differ a little from the centre's.
    fn check_was_the_teams(&self, entry: &Entry, said: &InspectionReported) -> Result<(), Fault> {
        let device = entry.device();
        let chained = self.devices.get(&device).ok_or(Fault::UnknownDevice { device })?;
        if said.started + CLOCK_TOLERANCE < chained.enrolled {
            return Err(Fault::BegunBefore { started: said.started, enrolled: chained.enrolled });
        }
        match chained.retired {
            Some(retired) if retired + CLOCK_TOLERANCE <= said.started => {
                Err(Fault::Retired { device, retired })
            }
            _ => Ok(()),
        }
    }

    /// Only the team that serves a unit may ask where it is: a refusal tells nobody else whether a guess was right, and a
    /// team that is away nothing of where it would have been.
    fn check_was_dealt(&self, entry: &Entry, said: &InspectionReported) -> Result<(), Fault> {
        let (device, day) = (entry.device(), said.day);
        let team = self.devices.get(&device).and_then(|chained| chained.team.clone());
        let team = team.ok_or(Fault::NotItsToSay { device })?;
        if self.campaign.provinces().iter().any(|province| self.is_away(&province.id, day, &team)) {
            return Err(Fault::Away { team, day });
        }
        if self.dealt.get(&day).and_then(|dealt| dealt.get(&said.unit)) != Some(&team) {
            return Err(Fault::OtherTeam { team, unit: said.unit.clone(), day });
        }
        Ok(())
    }

    fn due_of(&mut self, said: &InspectionReported) -> Result<&mut Due, Fault> {
        let of_hour = self.dues.get_mut(&(said.day, said.hour));
        let due = of_hour.and_then(|units| units.get_mut(&said.unit));
        let at_post = due.filter(|due| due.post == said.post && due.province == said.province);
        at_post.ok_or_else(|| Fault::NotDue {
            unit: said.unit.clone(),
            post: said.post.clone(),
            day: said.day,
            hour: said.hour,
        })
    }

    pub(super) fn admit_close(
        &mut self,
        entry: &Entry,
        said: HourClosed,
        tree: &Tree,
    ) -> Result<Admitted, Fault> {
        self.check_day(said.day)?;
        if self.closes.contains_key(&(said.day, said.hour)) {
            return Err(Fault::LoggedBefore {
                what: format!("the closing of {} {}:00", said.day, said.hour),
            });
        }
        let due = self.report_deadline(said.day, said.hour);
        if entry.time() < due {
            return Err(CloseFault::Early { due, claimed: entry.time() }.into());
        }
        self.check_nothing_skipped(Job::Close(said.day, said.hour))?;
        // A cosigner whose clock is ahead, or who came later, makes no head late that enough had cosigned by then.
        let needed = self.campaign.rules().cosignatures as usize;
        match self.opened(&said.head)?.frozen(needed) {
            Some(cosigned) if due < cosigned => {
                return Err(Fault::HeadTooLate { cosigned, latest: due });
            }
            _ => {}
        }
        let size = self.check_frozen(&said.head, tree, entry.time() + CLOCK_TOLERANCE, &[])?;
        self.check_newest(size, due)?;
        let reported = self.reported_under(said.day, said.hour, size);
        let readable = self.sealed.is_empty() && !self.unjudged.iter().any(|(_, day)| *day == said.day);
        if readable && reported != said.reported {
            return Err(CloseFault::Figures { reported }.into());
        }
        self.closes.insert((said.day, said.hour), size);
        self.diary.finish(Job::Close(said.day, said.hour));
        Ok(if readable { Admitted::Whole } else { self.unread_in_all() })
    }

    /// No head that was quoted before, and cosigned by the deadline, may be newer than the one that closes.
    fn check_newest(&self, quoted: u64, deadline: Timestamp) -> Result<(), Fault> {
        let newest =
            self.heads.iter().rev().find(|(_, cosigned)| **cosigned <= deadline).map(|(size, _)| *size);
        match newest {
            Some(newest) if newest > quoted => Err(CloseFault::OldHead { newest, quoted }.into()),
            _ => Ok(()),
        }
    }

    /// When the time for reports on an hour ends.
    pub fn report_deadline(&self, day: Day, hour: Hour) -> Timestamp {
        let missed_minutes = i64::from(self.campaign.rules().missed_minutes);
        self.campaign.instant(day, hour) + SignedDuration::from_mins(missed_minutes)
    }

    /// Inspections of an hour that were reported under a head of `size` entries.
    pub fn reported_under(&self, day: Day, hour: Hour, size: u64) -> u32 {
        let reports = self.dues_of(day, hour).filter_map(|(_, due)| due.report.as_ref());
        reports.map(|report| u32::from(report.index < size)).sum()
    }

    /// The inspections of one hour, by unit.
    pub fn dues_of(&self, day: Day, hour: Hour) -> impl Iterator<Item = (&UnitId, &Due)> {
        self.dues.get(&(day, hour)).into_iter().flatten()
    }

    /// What became of an inspection, as far as the log knows now; a late beginning counts before a late arrival.
    pub fn outcome(&self, day: Day, hour: Hour, due: &Due) -> Outcome {
        let Some(report) = &due.report else { return Outcome::Missed };
        let late_minutes = i64::from(self.campaign.rules().late_minutes);
        if report.started > self.campaign.instant(day, hour) + SignedDuration::from_mins(late_minutes) {
            return Outcome::Late;
        }
        match self.closes.get(&(day, hour)) {
            Some(size) if report.index >= *size => Outcome::LateArrived,
            _ => Outcome::Done,
        }
    }
}
