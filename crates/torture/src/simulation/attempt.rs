//! The centre's schedule, one try after the other, as its scheduler runs it; each try comes to what it ought to.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use sekong_centre::{Answers, CentreError, Job};
use sekong_draw::period_of;
use sekong_log::SilentCustodian;
use sekong_model::{CustodianId, Moment, ProvinceId};
use sekong_simulate::absences;

use super::model::{Expected, Tried};
use super::{Happening, Simulation, Step, at_once, plot};

/// When a draw is late: an auditor's grace.
const LATE: SignedDuration = SignedDuration::from_mins(30);

impl Simulation<'_> {
    pub(super) fn try_next(&mut self) -> Step {
        let next = self.centre().state().open_jobs().next();
        let Some((due, job)) = next else { return Ok(()) };
        if self.now < due {
            self.file(due, Happening::Try(self.life));
            return Ok(());
        }
        if self.job != Some(job) {
            (self.job, self.answers, self.asked_from) = (Some(job), Answers::default(), None);
            self.net.net().told.clear();
        }
        if let Job::Draw(moment) = job {
            self.gather(moment)?;
        }
        let expected = self.expected(job);
        let outcome = self.run(job);
        match &outcome {
            Ok(()) => self.done(job, due),
            Err(CentreError::Waiting { what, .. }) => self.waits = Some(what.clone()),
            Err(error) => return Err(self.broken(2, format!("{job}: {error}"))),
        }
        if let Job::Draw(moment) = job {
            self.check_try(moment, &expected, outcome.err())?;
        }
        let again = if self.waits.is_some() { self.now + self.plot.try_again } else { self.now };
        self.file(again, Happening::Try(self.life));
        Ok(())
    }

    /// Whoever has not answered as it should is asked, at every try, and nobody else.
    fn gather(&mut self, moment: Moment) -> Step {
        let (now, answers) = (self.now, self.answers.clone());
        let asks = at_once(self.centre().asks(moment, &answers, now));
        let asks = asks.map_err(|error| self.broken(2, format!("asks of {moment}: {error}")))?;
        let wanted: BTreeSet<(ProvinceId, CustodianId)> = {
            let net = self.net.net();
            // Before the daily die is thrown nobody is asked: whoever has the values could choose it.
            let open = self.open_provinces(moment).filter(|province| {
                self.has_die(moment) && !self.model.silences.contains_key(&(province.clone(), moment))
            });
            let missing = |province: ProvinceId| {
                let missing = self.model.missing(&self.world.campaign, &province, moment, &net.told, now);
                missing.into_iter().map(move |silent| (province.clone(), silent.custodian))
            };
            open.flat_map(missing).collect()
        };
        self.net.net().asked.clear();
        at_once(self.answers.gather(&self.links, &asks, now));
        if !asks.is_empty() {
            self.asked_from.get_or_insert(now);
        }
        let asked = std::mem::take(&mut self.net.net().asked);
        self.holds(3, asked == wanted, || {
            format!("for {moment} {wanted:?} are missing, asked were {asked:?}")
        })
    }

    fn open_provinces(&self, moment: Moment) -> impl Iterator<Item = ProvinceId> {
        let all = self.world.campaign.provinces().iter().map(|province| province.id.clone());
        all.filter(move |province| !self.model.keys.contains_key(&(province.clone(), moment)))
    }

    fn run(&mut self, job: Job) -> Result<(), CentreError> {
        let (seed, now, answers) = (self.seed, self.now, self.answers.clone());
        let campaign = &self.world.campaign;
        let away = move |province: &ProvinceId, period| absences(seed, campaign, province, period);
        at_once(self.centre().run(job, now, &away, &answers))
    }

    /// What the try of a draw must come to, for each province that is not drawn.
    fn expected(&self, job: Job) -> Vec<(ProvinceId, Expected)> {
        let Job::Draw(moment) = job else { return Vec::new() };
        let (net, asked) = (self.net.net(), self.asked_from.unwrap_or(self.now));
        let tried = Tried { moment, told: &net.told, asked, now: self.now };
        let expected = |province: ProvinceId| {
            let expected = self.model.expected(&self.world.campaign, &province, &tried);
            (province, expected)
        };
        self.open_provinces(moment).map(expected).collect()
    }

    fn done(&mut self, job: Job, due: jiff::Timestamp) {
        self.waits = None;
        match job {
            Job::Freeze(period) => {
                self.model.freeze(period, self.now);
                if self.world.campaign.rules().daily_die.is_some() {
                    self.file(self.now + plot::die_delay(self.seed, period), Happening::Announce(period));
                }
            }
            Job::Draw(_) if due + LATE < self.now => self.ended.late += 1,
            _ => {}
        }
    }

    fn check_try(
        &mut self,
        moment: Moment,
        expected: &[(ProvinceId, Expected)],
        outcome: Option<CentreError>,
    ) -> Step {
        let waits = expected.iter().rev().find(|(_, expected)| *expected != Expected::Drawn);
        self.holds(2, waits.is_some() == outcome.is_some(), || {
            format!("{moment} ought to come to {expected:?}, and came to {outcome:?}")
        })?;
        if let (Some((province, expected)), Some(error)) = (waits, outcome) {
            self.check_reason(province, expected, &error)?;
        }
        for (province, expected) in expected {
            self.check_province(province, moment, expected)?;
        }
        Ok(())
    }

    /// Whoever reads why a draw waits must be able to tell whom to call.
    fn check_reason(&self, province: &ProvinceId, expected: &Expected, error: &CentreError) -> Step {
        let text = error.to_string();
        let (names, what): (&[SilentCustodian], _) = match expected {
            Expected::Values(missing) => (missing, "the values of"),
            Expected::Silence(silent) | Expected::Dice(silent) => (silent, "dice thrown by two officers"),
            Expected::Die => (&[], "the daily die"),
            Expected::Drawn => (&[], "nothing"),
        };
        let told = text.contains(what)
            && text.contains(province.as_str())
            && names.iter().all(|silent| text.contains(silent.custodian.as_str()));
        self.holds(2, told, || format!("it waits for {expected:?} and says {text:?}"))
    }

    fn check_province(&mut self, province: &ProvinceId, moment: Moment, expected: &Expected) -> Step {
        let key = (province.clone(), moment);
        let state = self.centre().state();
        let drawn = state.drawn(province, moment).map(|drawn| drawn.key.to_bytes());
        let noted = state.silence(province, moment).map(|noted| noted.silent.clone());
        let should_be_drawn = *expected == Expected::Drawn;
        self.holds(2, drawn.is_some() == should_be_drawn, || {
            format!("{province}, {moment} ought to come to {expected:?}, drawn: {}", drawn.is_some())
        })?;
        if let Expected::Silence(silent) = expected {
            self.model.silences.insert(key.clone(), silent.clone());
            self.ended.silences += 1;
            for one in silent {
                *self.ended.silent.entry(one.reason).or_default() += 1;
            }
        }
        let known = self.model.silences.get(&key);
        self.holds(3, noted.as_ref() == known, || {
            format!("{province}, {moment}: silent were {known:?}, the log notes {noted:?}")
        })?;
        if let Some(drawn) = drawn {
            self.model.keys.insert(key, drawn);
            self.ended.drawn += 1;
        } else if known.is_some() {
            self.call_officers(moment, matches!(expected, Expected::Silence(_)));
        }
        Ok(())
    }

    /// Whether the period of a moment has its daily die, or needs none.
    pub(super) fn has_die(&self, moment: Moment) -> bool {
        self.world.campaign.rules().daily_die.is_none() || self.model.dice.contains_key(&period_of(moment))
    }
}
