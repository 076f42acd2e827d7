//! What happens around the centre, in order of time: teams hear their orders, inspect, write and send.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sekong_centre::api::views::{ProblemView, ReceiptView};
use sekong_centre::{Clock, Job, KeyRing, Receipt, Service, jobs};
use sekong_log::{Entry, InspectionReported, Period, leaf_hash};
use sekong_model::{Campaign, Day, Hour, Moment, TeamId};
use sekong_simulate::{Deed, Duty, Habits, Seed, act, has_data};
use tokio::runtime::Runtime;

use super::crew::{Crew, Ordered, report, table_of};
use super::site::Site;
use crate::clocks::DemoClock;
use crate::failure::Failure;
use crate::output::complain;

/// When the last day is over, everybody comes back into reach so much later.
const HOMECOMING: SignedDuration = SignedDuration::from_mins(1);

/// Hours back for which a team asks for boxes: longer than anybody is out of reach.
const BACK_HOURS: u8 = 24;

/// What the people live in.
pub(crate) struct Setting {
    pub(crate) campaign: Arc<Campaign>,
    pub(crate) seed: Seed,
    pub(crate) habits: Habits,
    pub(crate) clock: Arc<DemoClock>,
    pub(crate) service: Service,
    pub(crate) keys: KeyRing,
}

/// Something that a team does.
enum Happening {
    Write(Box<InspectionReported>, TeamId, Timestamp),
    Send(TeamId),
}

/// Everybody, and what they are about to do.
pub(crate) struct World {
    setting: Setting,
    runtime: Runtime,
    site: Site,
    officer: String,
    crews: BTreeMap<TeamId, Crew>,
    schedule: BTreeMap<Timestamp, Vec<Job>>,
    happenings: BTreeMap<Timestamp, Vec<Happening>>,
    receipts: u64,
}

impl World {
    /// Every team of the campaign, signed in at the centre that listens at `address`.
    pub(crate) fn at(address: SocketAddr, setting: Setting) -> Result<World, Failure> {
        let (site, campaign) = (Site::new(address), &setting.campaign);
        let crew = |team: &TeamId| {
            let cookie = site.sign_in(team)?;
            let given = site.table(&cookie)?.map_err(|problem| unexpected(team, &problem))?;
            let table = (given.serial, table_of(setting.seed, campaign, team, &given)?);
            Ok((team.clone(), Crew::new(setting.seed, campaign.id(), team, cookie, table)))
        };
        let officer = site.sign_in_officer()?;
        let crews = campaign.teams().iter().map(|team| crew(&team.id)).collect::<Result<_, Failure>>()?;
        let mut schedule: BTreeMap<Timestamp, Vec<Job>> = BTreeMap::new();
        for (time, job) in jobs(campaign, u32::MAX) {
            schedule.entry(time).or_default().push(job);
        }
        // Its own, so that nobody is cut off in the middle when the centre's ends.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(Failure::failed)?;
        Ok(World {
            setting,
            runtime,
            site,
            officer,
            crews,
            schedule,
            happenings: BTreeMap::new(),
            receipts: 0,
        })
    }

    /// Receipts that devices were given and checked.
    pub(crate) fn receipts(&self) -> u64 {
        self.receipts
    }

    /// Lives to the end of the `days`-th day, a minute after which everybody has sent what waited.
    pub(crate) fn live_days(&mut self, days: u32, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Failure> {
        let campaign = self.setting.campaign.clone();
        let last: Option<Day> = campaign.days().nth(days.saturating_sub(1) as usize);
        let last = last.unwrap_or(campaign.last_day());
        let midnight = campaign.instant(last, Hour::MIDNIGHT) + SignedDuration::from_hours(24);
        self.live_until(midnight, progress)?;
        self.come_home(midnight + HOMECOMING)
    }

    /// Lives on for as long as the campaign does, on a clock that runs.
    pub(crate) fn live_on(&mut self) -> Result<(), Failure> {
        self.live_until(Timestamp::MAX, &mut |_, _| ())
    }

    fn live_until(&mut self, end: Timestamp, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Failure> {
        let of = self.schedule.range(..=end).count() as u64;
        let mut done = 0;
        while let Some(next) = self.next_instant().filter(|next| *next <= end) {
            self.reach(next)?;
            if let Some(jobs) = self.schedule.remove(&next) {
                for job in &jobs {
                    match job {
                        Job::Draw(Moment::Hour { day, hour }) => self.hear_orders(*day, *hour)?,
                        Job::Freeze(period) => self.announce_die(*period)?,
                        _ => {}
                    }
                }
                done += 1;
                progress(done, of);
            }
            for happening in self.happenings.remove(&next).unwrap_or_default() {
                self.happen(happening, next)?;
            }
        }
        Ok(())
    }

    /// Whoever draws the public number announces it once the lists of its period are frozen; here the seed draws.
    fn announce_die(&self, period: Period) -> Result<(), Failure> {
        let Some(rule) = &self.setting.campaign.rules().daily_die else { return Ok(()) };
        let subject = match period {
            Period::Week { week } => format!("week {week}"),
            Period::Day { day } => day.to_string(),
        };
        let mut chance = self.setting.seed.stream("daily die", &subject);
        let number: String = (0..rule.digits).map(|_| chance.between(0, 9).to_string()).collect();
        let announced = self.site.announce_die(&self.officer, period, &number)?;
        announced.map(drop).map_err(|problem| Failure::failed(problem.detail))
    }

    fn next_instant(&self) -> Option<Timestamp> {
        let (job, happening) = (self.schedule.first_key_value(), self.happenings.first_key_value());
        let times = [job.map(|(time, _)| *time), happening.map(|(time, _)| *time)];
        times.into_iter().flatten().min()
    }

    /// Sets the clock there, or waits if it runs; ends when the centre has done what was due.
    fn reach(&self, time: Timestamp) -> Result<(), Failure> {
        let setting = &self.setting;
        if setting.clock.runs() {
            self.runtime.block_on(setting.clock.wait_until(time));
        } else {
            setting.clock.step_to(time);
        }
        self.runtime.block_on(setting.service.caught_up(time)).map_err(Failure::failed)
    }

    /// Everybody has a network: what was not opened is opened, what was not written is written, and all is sent.
    fn come_home(&mut self, time: Timestamp) -> Result<(), Failure> {
        self.reach(time)?;
        let teams: Vec<TeamId> = self.crews.keys().cloned().collect();
        teams.iter().try_for_each(|team| self.hear_order(team))?;
        while let Some(due) = self.happenings.first_entry().filter(|due| *due.key() <= time) {
            let happenings = due.remove();
            happenings.into_iter().try_for_each(|happening| self.happen(happening, time))?;
        }
        teams.iter().try_for_each(|team| self.send(team, Timestamp::MAX))
    }

    /// Every team that can asks what it is to do; the duty officer reads it out to the others.
    fn hear_orders(&mut self, day: Day, hour: Hour) -> Result<(), Failure> {
        let begins = self.setting.campaign.instant(day, hour);
        let (seed, habits) = (self.setting.seed, self.setting.habits);
        let teams: Vec<TeamId> = self.crews.keys().cloned().collect();
        for team in &teams {
            if has_data(seed, habits, team, begins) {
                self.hear_order(team)?;
            } else if habits.voice {
                self.hear_voice(team)?;
            }
        }
        Ok(())
    }

    /// The duty officer reads a team its order out, if it has one.
    fn hear_voice(&mut self, team: &TeamId) -> Result<(), Failure> {
        let Some(crew) = self.crews.get_mut(team) else { return Ok(()) };
        let relayed = match self.site.relay(&self.officer, team)? {
            Ok(relayed) => relayed,
            // Not on duty, or told already.
            Err(problem) if problem.status == 409 => return Ok(()),
            Err(problem) => return Err(unexpected(team, &problem)),
        };
        if relayed.table != crew.serial {
            let given = self.site.table(&crew.cookie)?.map_err(|problem| unexpected(team, &problem))?;
            let Ok(table) = table_of(self.setting.seed, &self.setting.campaign, team, &given) else {
                self.leave_to_a_person(team);
                return Ok(());
            };
            crew.replace_table(given.serial, table);
        }
        crew.hear(&relayed, self.setting.clock.now())
    }

    fn hear_order(&mut self, team: &TeamId) -> Result<(), Failure> {
        let Some(crew) = self.crews.get_mut(team) else { return Ok(()) };
        let orders =
            self.site.orders(&crew.cookie, BACK_HOURS)?.map_err(|problem| unexpected(team, &problem))?;
        if !crew.is_current(&orders) {
            self.leave_to_a_person(team);
            return Ok(());
        }
        let duties = crew.open(&self.setting.campaign, &orders)?;
        self.send(team, orders.now)?;
        duties.iter().for_each(|duty| self.plan_deed(team, duty));
        Ok(())
    }

    /// Somebody enrolled another device for the team: it is a person's now.
    fn leave_to_a_person(&mut self, team: &TeamId) {
        self.crews.remove(team);
        complain(format_args!("{team} has another device now and is not simulated any more"));
    }

    fn plan_deed(&mut self, team: &TeamId, duty: &Ordered) {
        let deed = self.deed(team, duty);
        let Some((deed, report)) = deed.and_then(|deed| report(duty, &deed).map(|report| (deed, report)))
        else {
            return;
        };
        let writing = Happening::Write(Box::new(report), team.clone(), deed.sent);
        // Who learns late which order its deed was done under writes the report then.
        let written = deed.written.max(self.setting.clock.now());
        self.happenings.entry(written).or_default().push(writing);
    }

    fn deed(&self, team: &TeamId, duty: &Ordered) -> Option<Deed> {
        let known =
            Duty { team: team.clone(), post: duty.post.clone(), hour: duty.hour, begins: duty.begins };
        let rules = self.setting.campaign.rules();
        act(self.setting.seed, self.setting.habits, &known, rules.late_minutes, rules.missed_minutes)
    }

    fn happen(&mut self, happening: Happening, now: Timestamp) -> Result<(), Failure> {
        match happening {
            Happening::Write(report, team, sent) => {
                let Some(crew) = self.crews.get_mut(&team) else { return Ok(()) };
                crew.write(*report, now, sent).map_err(Failure::failed)?;
                if sent <= now {
                    return self.send(&team, now);
                }
                self.happenings.entry(sent).or_default().push(Happening::Send(team));
                Ok(())
            }
            Happening::Send(team) => self.send(&team, now),
        }
    }

    fn send(&mut self, team: &TeamId, now: Timestamp) -> Result<(), Failure> {
        while let Some(entry) = self.crews.get_mut(team).and_then(|crew| crew.next_to_send(now)) {
            match self.site.send(entry.bytes())? {
                Ok(receipt) => self.check_receipt(&entry, receipt)?,
                Err(problem) if problem.kind.ends_with(":retired-device") => self.leave_to_a_person(team),
                Err(problem) => return Err(unexpected(team, &problem)),
            }
        }
        Ok(())
    }

    fn check_receipt(&mut self, entry: &Entry, given: ReceiptView) -> Result<(), Failure> {
        let receipt = Receipt { index: given.index, proof: given.proof, head: given.head };
        receipt.check(&leaf_hash(entry.bytes()), &self.setting.keys).map_err(Failure::not_verified)?;
        self.receipts += 1;
        Ok(())
    }
}

fn unexpected(team: &TeamId, problem: &ProblemView) -> Failure {
    Failure::failed(format!("{team} was refused: {}: {}", problem.title, problem.detail))
}
