//! A border's campaign, planned, and lived from its first draw to its last.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use sekong_centre::{Answers, Centre, CustodianLink, Founding, InProcess, Job, Secrets, State, jobs};
use sekong_log::Hash;
use sekong_model::{Campaign, Day, Moment, Unit, UnitId};
use sekong_plan::{Chain, Game, Node, SolveOptions, solve};
use sekong_simulate::{Seed, absences};

use super::law::Sent;
use super::{Border, Bordered};
use crate::simulation::{Memory, at_once, folder};

/// What was looked at: how many orders, and of how many duties the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Looked {
    /// Sendings of a team to a post.
    pub sent: u64,
    /// Drives from one post to another.
    pub drives: u64,
    /// Duties of a team after another one.
    pub duties: u64,
}

impl Bordered {
    /// Plans the border's first and last day and follows every step that some draw could take.
    ///
    /// # Errors
    /// The step that breaks a rule.
    pub fn check_plans(&self) -> Result<Looked, String> {
        let mut looked = Looked::default();
        for day in [self.campaign.first_day(), self.campaign.last_day()] {
            for province in self.campaign.provinces() {
                let game = Game::of(&self.campaign, &province.id, day).map_err(|error| error.to_string())?;
                let plan = solve(&game, &SolveOptions::default()).map_err(|error| error.to_string())?;
                let units = self.campaign.units_of(&province.id, day);
                for (unit, chain) in units.iter().zip(plan.chains()) {
                    self.check_chain(&game, unit, chain, day, &mut looked)?;
                }
            }
        }
        Ok(looked)
    }

    /// Any team of the pool may be dealt to the unit, and any step with a chance above 0 be drawn.
    fn check_chain(
        &self,
        game: &Game,
        unit: &Unit,
        chain: &Chain,
        day: Day,
        looked: &mut Looked,
    ) -> Result<(), String> {
        let post = |node: Node| game.posts()[usize::from(node.post)].as_str();
        for arc in chain.arcs().iter().filter(|arc| arc.flow > 0) {
            let Some(to) = arc.to else { continue };
            for team in self.campaign.teams_of(&unit.pool) {
                let hour = u32::from(unit.start.get()) + u32::from(to.position);
                let (team, day) = (team.id.to_string(), self.number(day));
                self.check_sent(&Sent { team, post: post(to).to_owned(), day, hour })?;
                looked.sent += 1;
            }
            if let Some(from) = arc.from {
                let hours = u32::from(to.position - from.position);
                self.check_drive(post(from), post(to), self.number(day), hours)?;
                looked.drives += u64::from(from.post != to.post);
            }
        }
        Ok(())
    }

    fn check_sent(&self, sent: &Sent) -> Result<(), String> {
        match self.border.broken_by(sent) {
            None => Ok(()),
            Some(rule) => Err(format!("{rule}: {sent:?}")),
        }
    }

    fn check_drive(&self, from: &str, to: &str, day: u32, hours: u32) -> Result<(), String> {
        let can = self.border.can_go(from, to, day, hours);
        if can { Ok(()) } else { Err(format!("travel: {from} to {to} in {hours} hours of day {day}")) }
    }

    /// Days since the campaign began.
    fn number(&self, day: Day) -> u32 {
        u32::try_from(day.days_since(self.campaign.first_day())).unwrap_or_default()
    }

    /// Founds the campaign, lives all its days and looks at every order and every duty.
    ///
    /// # Errors
    /// The order or duty that breaks a rule, or what kept the centre from going on.
    pub fn live(&self, seed: u64) -> Result<Looked, String> {
        let folder = folder();
        let (mut centre, links) = self.found(Seed(seed), folder.path());
        let campaign = &self.campaign;
        let days = campaign.days().count() as u32;
        for (at, job) in jobs(campaign, days) {
            let mut answers = Answers::default();
            if let Job::Draw(moment) = job {
                let asks = at_once(centre.asks(moment, &answers, at));
                at_once(answers.gather(&links, &asks.map_err(|error| format!("{job}: {error}"))?, at));
            }
            let away = |province: &_, period| absences(Seed(seed), campaign, province, period);
            at_once(centre.run(job, at, &away, &answers)).map_err(|error| format!("{job}: {error}"))?;
        }
        let mut looked = Looked::default();
        self.check_orders(centre.state(), &mut looked)?;
        self.check_duties(centre.state(), &mut looked)?;
        Ok(looked)
    }

    fn found(
        &self,
        seed: Seed,
        folder: &std::path::Path,
    ) -> (Centre<Memory>, Vec<std::sync::Arc<dyn CustodianLink>>) {
        let (campaign, files) = (&self.campaign, self.border.files());
        let secrets = secrets(seed, campaign);
        let keys = secrets.key_ring(campaign.id()).expect("the campaign's name is a key's");
        let custodians = InProcess::all(campaign, &secrets, &keys, &BTreeMap::new());
        let mut custodians = custodians.expect("each has its secret");
        let commitments: Vec<_> = custodians.iter_mut().map(InProcess::commitment).collect();
        let founding = Founding {
            files: &files,
            campaign,
            secrets: &secrets,
            commitments: &commitments,
            dice: Some((
                Hash(seed.bytes("public dice", "")),
                "simulated".parse().expect("a word is a remark"),
            )),
            officers: &[],
            devices: &[],
        };
        let now = jobs(campaign, 1)[0].0 - SignedDuration::from_hours(1);
        let centre = at_once(Centre::found(Memory::default(), folder, &founding, now));
        let links = custodians.into_iter().map(|one| std::sync::Arc::new(one) as _).collect();
        (centre.expect("a campaign is founded"), links)
    }

    fn check_orders(&self, state: &State, looked: &mut Looked) -> Result<(), String> {
        let mut stood: BTreeMap<(Day, &UnitId), (String, u32)> = BTreeMap::new();
        for (_, moment, drawn) in state.draws() {
            let Moment::Hour { day, .. } = moment else { continue };
            for order in &drawn.orders {
                let Some((post, hour)) = &order.next else { continue };
                let (team, post, hour) = (order.team.to_string(), post.to_string(), u32::from(hour.get()));
                self.check_sent(&Sent { team, post: post.clone(), day: self.number(day), hour })?;
                looked.sent += 1;
                let before = stood.insert((day, &order.unit), (post.clone(), hour));
                if let Some((from, left)) = before.filter(|(_, left)| *left < hour) {
                    self.check_drive(&from, &post, self.number(day), hour - left)?;
                    looked.drives += u64::from(from != post);
                }
            }
        }
        Ok(())
    }

    /// Between two duties of a team lie as many hours as the border asks for.
    fn check_duties(&self, state: &State, looked: &mut Looked) -> Result<(), String> {
        let shifts: Vec<_> = self.border.starts().into_iter().zip(&self.border.shifts).collect();
        let mut duties: BTreeMap<String, Vec<(u32, u32)>> = BTreeMap::new();
        for (_, moment, drawn) in state.draws() {
            let Moment::Hour { day, hour } = moment else { continue };
            let length = shifts.iter().find(|(start, _)| *start == u32::from(hour.get()));
            let Some((start, hours)) = length else { continue };
            let begins = 24 * self.number(day) + start;
            for team in drawn.units.values() {
                duties.entry(team.to_string()).or_default().push((begins, begins + **hours));
            }
        }
        for (team, mut own) in duties {
            own.sort_unstable();
            for pair in own.windows(2) {
                let ([(_, ends), (begins, _)], rest) = ([pair[0], pair[1]], self.border.rest_hours());
                if begins < ends + rest {
                    return Err(format!("rest: {team} ends at hour {ends} and begins at {begins}"));
                }
                looked.duties += 1;
            }
        }
        Ok(())
    }
}

fn secrets(seed: Seed, campaign: &Campaign) -> Secrets {
    let secret = |name: &str| seed.bytes("secret", name);
    Secrets {
        log: secret("log"),
        cosigners: [1, 2, 3].map(|number| secret(&format!("cosigner {number}"))).to_vec(),
        witnesses: Vec::new(),
        device: secret("centre"),
        salt: secret("salt"),
        custodians: campaign.custodians().iter().map(|id| (id.clone(), secret(id.as_str()))).collect(),
    }
}

impl Border {
    /// How many of its rules have something to forbid: none is held by a border that forbids nothing.
    pub fn forbids(&self) -> BTreeMap<&'static str, u64> {
        let mut forbidden = BTreeMap::new();
        let teams = self.pools.iter().flat_map(|pool| &pool.teams);
        for team in teams {
            for post in &self.posts {
                for (day, hour) in [(0, 0), (0, 12), (self.days - 1, 0), (self.days - 1, 12)] {
                    let sent = Sent { team: team.id.clone(), post: post.id.clone(), day, hour };
                    self.broken_by(&sent)
                        .into_iter()
                        .for_each(|rule| *forbidden.entry(rule).or_default() += 1);
                }
            }
        }
        forbidden
    }
}
