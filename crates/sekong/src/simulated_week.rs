//! The simulated week: the centre's own jobs and reports, and simulated people around it, on one injected clock.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use sekong_centre::{Centre, DrawnOrder, Founding, Job, Secrets, Tally, jobs};
use sekong_log::{Entry, Hash, InspectionReported, Statement};
use sekong_model::{Campaign, Counts, Day, Hour, Moment, ProvinceId, SourceBundle, TeamId};
use sekong_simulate::{Deed, Device, Duty, Habits, Seed, absences, act};
use sekong_store::SqliteStore;

use crate::data_folder::DataFolder;
use crate::failure::Failure;

/// How long before its first job a simulated campaign is founded.
const FOUNDED_BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// What to simulate.
pub struct WeekPlan<'a> {
    /// The campaign's files.
    pub files: &'a SourceBundle,
    /// The campaign they make.
    pub campaign: &'a Campaign,
    /// Days from its first one.
    pub days: u32,
    /// Seed of people, keys and dice.
    pub seed: Seed,
}

/// What a simulated week came to.
pub struct Week {
    /// What was drawn and what became of it.
    pub tally: Tally,
    /// Entries in the log.
    pub log_size: u64,
    /// The newest head.
    pub head: String,
    /// Group commits.
    pub commits: u64,
    /// Receipts given and checked by the devices.
    pub receipts: u64,
}

/// A team as it is simulated: its device, and reports that wait for a network.
struct Crew {
    device: Device,
    outbox: VecDeque<(Timestamp, Entry)>,
}

/// Something that happens outside the centre.
enum Happening {
    /// A team writes a report.
    Write(Box<InspectionReported>, TeamId, Timestamp),
    /// A team may have a network.
    Send(TeamId),
}

/// The simulated world around a centre.
struct World<'a> {
    plan: &'a WeekPlan<'a>,
    centre: Centre<SqliteStore>,
    crews: BTreeMap<TeamId, Crew>,
    happenings: BTreeMap<Timestamp, Vec<Happening>>,
    receipts: u64,
}

/// Runs the days and ends with every report sent; `progress` is told each job's number, of how many.
///
/// # Errors
/// Whatever keeps the centre from going on; a correct one has none.
pub async fn simulate(
    plan: &WeekPlan<'_>,
    folder: &DataFolder,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Week, Failure> {
    let schedule = jobs(plan.campaign, plan.days);
    let mut world = World::found(plan, folder, schedule.first().map(|(time, _)| *time)).await?;
    for (number, (time, job)) in (1..).zip(&schedule) {
        world.live_until(*time).await?;
        world.run(*job, *time).await?;
        progress(number, schedule.len() as u64);
    }
    world.live_until(Timestamp::MAX).await?;
    world.end().await
}

impl<'a> World<'a> {
    async fn found(
        plan: &'a WeekPlan<'a>,
        folder: &DataFolder,
        first_job: Option<Timestamp>,
    ) -> Result<World<'a>, Failure> {
        let campaign = plan.campaign;
        let first_job = first_job.unwrap_or(campaign.instant(campaign.first_day(), Hour::MIDNIGHT));
        let crews: BTreeMap<TeamId, Crew> =
            campaign.teams().iter().map(|team| crew(plan, &team.id)).collect();
        let devices: Vec<_> = crews.iter().map(|(team, crew)| (team.clone(), crew.device.id())).collect();
        let secrets = secrets(plan);
        let keys = secrets.key_ring(campaign.id()).map_err(Failure::failed)?;
        folder.write_keys(&secrets, &keys)?;
        let founding = Founding {
            files: plan.files,
            campaign,
            secrets: &secrets,
            dice: (Hash(plan.seed.bytes("public dice", "")), "simulated from the demo's seed".to_owned()),
            devices: &devices,
        };
        let store = SqliteStore::create(&folder.store()).await.map_err(Failure::failed)?;
        let founded = Centre::found(store, folder.root(), &founding, first_job - FOUNDED_BEFORE).await;
        let centre = founded.map_err(Failure::failed)?;
        Ok(World { plan, centre, crews, happenings: BTreeMap::new(), receipts: 0 })
    }

    /// Lets everything happen that happens up to `time`: what reaches the centre at one instant is one commit.
    async fn live_until(&mut self, time: Timestamp) -> Result<(), Failure> {
        while let Some(next) = self.happenings.first_entry().filter(|next| *next.key() <= time) {
            let (now, happenings) = next.remove_entry();
            let mut accepted = Vec::new();
            for happening in happenings {
                match happening {
                    Happening::Write(report, team, sent) => self.write(&report, &team, now, sent)?,
                    Happening::Send(team) => self.send(&team, now, &mut accepted)?,
                }
            }
            self.centre.commit(now).await.map_err(Failure::failed)?;
            self.check_receipts(&accepted)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        report: &InspectionReported,
        team: &TeamId,
        now: Timestamp,
        sent: Timestamp,
    ) -> Result<(), Failure> {
        let Some(crew) = self.crews.get_mut(team) else { return Ok(()) };
        let entry =
            crew.device.write(&Statement::Inspection(report.clone()), now).map_err(Failure::failed)?;
        crew.outbox.push_back((sent, entry));
        self.happenings.entry(sent).or_default().push(Happening::Send(team.clone()));
        Ok(())
    }

    /// A device sends its entries in sequence, so one that cannot go yet holds back those behind it.
    fn send(
        &mut self,
        team: &TeamId,
        now: Timestamp,
        accepted: &mut Vec<(u64, Hash)>,
    ) -> Result<(), Failure> {
        let Some(crew) = self.crews.get_mut(team) else { return Ok(()) };
        while let Some((_, entry)) = crew.outbox.pop_front_if(|(sent, _)| *sent <= now) {
            let index = self.centre.submit(entry.bytes(), now);
            let index = index
                .map_err(|refusal| Failure::failed(format!("a report of {team} was refused: {refusal}")))?;
            accepted.push((index, entry.leaf_hash()));
        }
        Ok(())
    }

    fn check_receipts(&mut self, accepted: &[(u64, Hash)]) -> Result<(), Failure> {
        for (index, leaf) in accepted {
            let receipt = self.centre.receipt(*index).map_err(Failure::failed)?;
            receipt.check(leaf, self.centre.keys()).map_err(Failure::not_verified)?;
            self.receipts += 1;
        }
        Ok(())
    }

    async fn run(&mut self, job: Job, now: Timestamp) -> Result<(), Failure> {
        let (seed, campaign) = (self.plan.seed, self.plan.campaign);
        let away = |province: &ProvinceId, period| absences(seed, campaign, province, period);
        self.centre.run(job, now, &away).await.map_err(Failure::failed)?;
        if let Job::Draw(Moment::Hour { day, hour }) = job {
            for province in self.plan.campaign.provinces() {
                self.hand_out(&province.id, day, hour);
            }
        }
        Ok(())
    }

    /// Teams that are there act on the orders just drawn.
    fn hand_out(&mut self, province: &ProvinceId, day: Day, hour: Hour) {
        let state = self.centre.state();
        let Some(drawn) = state.drawn(province, Moment::Hour { day, hour }) else { return };
        let mut planned = Vec::new();
        for order in drawn.orders.iter().filter(|order| order.thrown) {
            let Some((_, due_hour)) = &order.next else { continue };
            let Some(due) = state.due(day, *due_hour, &order.unit).filter(|due| !due.away) else { continue };
            let Some(deed) = self.deed(order, day, *due_hour) else { continue };
            let Some(report) = report(province, order, due.order, day, *due_hour, &deed) else { continue };
            planned.push((deed.written, Happening::Write(Box::new(report), order.team.clone(), deed.sent)));
        }
        for (time, happening) in planned {
            self.happenings.entry(time).or_default().push(happening);
        }
    }

    fn deed(&self, order: &DrawnOrder, day: Day, hour: Hour) -> Option<Deed> {
        let (post, _) = order.next.clone()?;
        let begins = self.plan.campaign.instant(day, hour);
        let duty = Duty { team: order.team.clone(), post, hour, begins };
        let rules = self.plan.campaign.rules();
        act(self.plan.seed, Habits::default(), &duty, rules.late_minutes, rules.missed_minutes)
    }

    async fn end(self) -> Result<Week, Failure> {
        let week = Week {
            tally: Tally::of(self.centre.state(), self.plan.days),
            log_size: self.centre.log_size(),
            head: self.centre.head().unwrap_or_default().to_owned(),
            commits: self.centre.commits(),
            receipts: self.receipts,
        };
        self.centre.close().await.map_err(Failure::failed)?;
        Ok(week)
    }
}

fn crew(plan: &WeekPlan<'_>, team: &TeamId) -> (TeamId, Crew) {
    let device = Device::new(plan.campaign.id().clone(), plan.seed.bytes("device", team.as_str()));
    (team.clone(), Crew { device, outbox: VecDeque::new() })
}

fn secrets(plan: &WeekPlan<'_>) -> Secrets {
    let secret = |purpose: &str, subject: &str| plan.seed.bytes(purpose, subject);
    let custodians = plan.campaign.custodians().iter();
    Secrets {
        log: secret("log key", ""),
        cosigner: secret("cosigner key", ""),
        device: secret("centre key", ""),
        salt: secret("salt key", ""),
        custodians: custodians.map(|id| (id.clone(), secret("custodian", id.as_str()))).collect(),
    }
}

fn report(
    province: &ProvinceId,
    order: &DrawnOrder,
    commitment: Option<Hash>,
    day: Day,
    hour: Hour,
    deed: &Deed,
) -> Option<InspectionReported> {
    let (post, _) = order.next.clone()?;
    Some(InspectionReported {
        province: province.clone(),
        unit: order.unit.clone(),
        post,
        day,
        hour,
        order: commitment?,
        started: deed.started,
        counts: Counts::new(deed.passage.passed, deed.passage.inspected, deed.passage.found).ok()?,
    })
}
