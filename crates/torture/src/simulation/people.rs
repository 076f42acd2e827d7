//! Those around the centre: officers who throw dice, whoever announces the daily die, custodians who plan outages, and
//! some who try what they may not.

use jiff::SignedDuration;
use sekong_centre::{CentreError, Job};
use sekong_draw::{Custodian, Refusal, ReleaseRequest, Throw, ThrownDice, period_of};
use sekong_log::{Hash, OutagePlanned, Period};
use sekong_model::{Moment, ProvinceId};

use super::party::Party;
use super::world::officer_key;
use super::{Happening, Simulation, Step, at_once, plot};

/// When those who found the centre down try again.
const LATER: SignedDuration = SignedDuration::from_mins(7);

/// Two seats of different bodies.
const TWO_BODIES: [&[&str]; 3] = [
    &["centre-police", "centre-customs"],
    &["centre-court", "centre-police"],
    &["centre-customs", "centre-court"],
];

/// Seats that may not throw together, or alone.
const TOO_FEW: [&[&str]; 3] =
    [&["centre-police"], &["centre-court", "centre-court"], &["centre-police", "stranger"]];

fn leaves(silences: &[(ProvinceId, Hash)]) -> Vec<Hash> {
    silences.iter().map(|(_, leaf)| *leaf).collect()
}

impl Simulation<'_> {
    /// Officers come for a silence once they hear of it; a centre may go down over it first.
    pub(super) fn call_officers(&mut self, moment: Moment, just_noted: bool) {
        if just_noted && self.chance.happens(self.plot.falls) {
            let minutes = [0, 0, 3, 45][self.chance.between(0, 3) as usize];
            self.file(self.now, Happening::Down(SignedDuration::from_mins(minutes)));
        }
        if self.called.insert(moment) {
            let minutes = if self.chance.happens(0.9) { (1, 12) } else { (20, 150) };
            let delay = SignedDuration::from_mins(i64::from(self.chance.between(minutes.0, minutes.1)));
            self.file(self.now + delay, Happening::Officers(moment));
        }
    }

    /// The noted silences of a moment that are not drawn.
    fn open_silences(&mut self, moment: Moment) -> Vec<(ProvinceId, Hash)> {
        let state = self.centre().state();
        let of_moment = state
            .silences()
            .filter(|(province, of, _)| *of == moment && !state.is_released(province, moment));
        of_moment.map(|(province, _, noted)| (province.clone(), noted.leaf)).collect()
    }

    pub(super) fn officers_come(&mut self, moment: Moment) -> Step {
        if self.plot.deserted < self.now {
            return Ok(());
        }
        if self.centre.is_none() {
            self.file(self.now + LATER, Happening::Officers(moment));
            return Ok(());
        }
        let open = self.open_silences(moment);
        if open.is_empty() {
            self.called.remove(&moment);
            return Ok(());
        }
        self.throw_wrongly(moment, &leaves(&open))?;
        let throws = if self.plot.throws_by_province {
            open.into_iter().map(|silence| vec![silence]).collect()
        } else {
            vec![open]
        };
        for silences in throws {
            self.throw_rightly(moment, &silences)?;
            if self.centre.is_none() {
                break;
            }
        }
        self.file(self.now + LATER, Happening::Officers(moment));
        self.file(self.now, Happening::Try(self.life));
        Ok(())
    }

    fn dice(&mut self) -> ThrownDice {
        let digits: String = (0..50).map(|_| self.chance.between(1, 6).to_string()).collect();
        ThrownDice::try_from(digits).expect("fifty dice are a throw")
    }

    fn thrown(&mut self, moment: Moment, silences: &[Hash], officers: &[&str]) -> Throw {
        let dice = self.dice();
        let unsigned = Throw { moment, silences: silences.to_vec(), dice, throwers: Vec::new() };
        let campaign = self.world.campaign.id();
        officers.iter().fold(unsigned, |throw, officer| {
            let seat = officer.parse().expect("a seat has a name");
            throw.signed_by(seat, &officer_key(officer), campaign)
        })
    }

    /// The centre may fall before the dice are durable: nobody was told that they are taken, and they are thrown again. It
    /// may fall right after: then they stand.
    fn throw_rightly(&mut self, moment: Moment, silences: &[(ProvinceId, Hash)]) -> Step {
        let (officers, now) = (TWO_BODIES[self.chance.between(0, 2) as usize], self.now);
        let throw = self.thrown(moment, &leaves(silences), officers);
        let taken = at_once(self.centre().throw(&throw, now));
        taken.map_err(|error| self.broken(2, format!("honest dice for {moment} are refused: {error}")))?;
        let falls = [0, 1].map(|_| self.chance.happens(self.plot.falls));
        let seconds = SignedDuration::from_secs(i64::from(self.chance.between(0, 1_200)));
        if falls[0] {
            self.go_down(seconds);
            return Ok(());
        }
        at_once(self.centre().commit(now)).map_err(|error| self.broken(6, error.to_string()))?;
        for (province, _) in silences {
            self.check_drawn_with(province, moment, &throw.dice)?;
        }
        if falls[1] {
            self.go_down(seconds);
        }
        Ok(())
    }

    fn check_drawn_with(&mut self, province: &ProvinceId, moment: Moment, dice: &ThrownDice) -> Step {
        let drawn = self.centre().state().drawn(province, moment).map(|drawn| drawn.key.to_bytes());
        let key = drawn.ok_or_else(|| {
            self.broken(2, format!("dice for {province}, {moment} are acknowledged, and it is not drawn"))
        })?;
        self.model.used.insert((province.clone(), moment), dice.clone());
        self.model.keys.insert((province.clone(), moment), key);
        self.ended.drawn += 1;
        Ok(())
    }

    /// What does not count is refused and changes nothing.
    fn throw_wrongly(&mut self, moment: Moment, open: &[Hash]) -> Step {
        let officers = TWO_BODIES[0];
        let (throw, rule) = match self.chance.between(0, 9) {
            0 => {
                let few = TOO_FEW[self.chance.between(0, 2) as usize];
                (self.thrown(moment, open, few), "throw.holds")
            }
            1 => {
                let dice = self.dice();
                (Throw { dice, ..self.thrown(moment, open, officers) }, "throw.holds")
            }
            2 => (self.thrown(moment, &[Hash([5; 32])], officers), "throw.silence"),
            3 => {
                let Some(old) = self.old_silence(moment) else { return Ok(()) };
                (self.thrown(old.0, &[old.1], officers), "throw.silence")
            }
            4 => {
                let other = Moment::Week { week: 0 };
                let wrong = Throw { moment: other, ..self.thrown(moment, open, officers) };
                if other == moment {
                    return Ok(());
                }
                (wrong, "throw.silence")
            }
            _ => return Ok(()),
        };
        let now = self.now;
        let refused = at_once(self.centre().throw(&throw, now));
        let rule_held = matches!(&refused, Err(CentreError::Fault { fault, .. }) if fault.rule() == rule);
        self.holds(5, rule_held, || format!("a throw for {moment} that breaks {rule} came to {refused:?}"))
    }

    /// A silence that was drawn before.
    fn old_silence(&mut self, not: Moment) -> Option<(Moment, Hash)> {
        let state = self.centre().state();
        let mut drawn = state
            .silences()
            .filter(|(province, moment, _)| *moment != not && state.is_released(province, *moment));
        drawn.next().map(|(_, moment, noted)| (moment, noted.leaf))
    }

    pub(super) fn announce(&mut self, period: Period) -> Step {
        if self.plot.deserted < self.now {
            return Ok(());
        }
        if self.centre.is_none() {
            self.file(self.now + LATER, Happening::Announce(period));
            return Ok(());
        }
        let (digits, now) = (plot::die_digits(self.seed, period), self.now);
        let told = at_once(self.centre().announce_die(period, digits.clone(), now));
        if let Err(error) = told {
            return Err(self.broken(2, format!("the daily die of {period:?} is refused: {error}")));
        }
        if self.chance.happens(self.plot.falls) {
            // It fell before the die was durable: who announced it looks, and announces the same again.
            self.go_down(SignedDuration::from_mins(2));
            self.file(self.now + LATER, Happening::Announce(period));
            return Ok(());
        }
        let again = at_once(self.centre().announce_die(period, "777777".to_owned(), now));
        let refused =
            matches!(&again, Err(CentreError::Fault { fault, .. }) if fault.rule() == "order.first-counts");
        self.holds(1, refused, || format!("a second daily die of {period:?} came to {again:?}"))?;
        at_once(self.centre().commit(now)).map_err(|error| self.broken(6, error.to_string()))?;
        self.model.dice.insert(period, digits);
        self.file(self.now, Happening::Try(self.life));
        Ok(())
    }

    pub(super) fn tell_outage(&mut self, index: usize) -> Step {
        let planned = self.plot.outages[index].clone();
        if self.centre.is_none() {
            self.file(self.now + LATER, Happening::Outage(index));
            return Ok(());
        }
        let said = {
            let line = &mut self.net.net().lines[planned.custodian];
            let said = line.party.custodian().outage(planned.from, planned.until);
            line.plan_outage(&said);
            said
        };
        let now = self.now;
        let longer = OutagePlanned { until: said.until + SignedDuration::from_hours(1), ..said.clone() };
        let refused = self.centre().plan_outage(longer, now).is_err();
        self.holds(3, refused, || "an outage is taken that its custodian did not sign".to_owned())?;
        let bears = self.model.bears(&self.world.campaign, &said, now);
        let taken = self.centre().plan_outage(said.clone(), now);
        self.holds(3, taken.is_ok() == bears, || format!("{said:?} counts: {bears}, came to {taken:?}"))?;
        if bears {
            at_once(self.centre().commit(now)).map_err(|error| self.broken(6, error.to_string()))?;
            self.model.outages.push(said);
        }
        Ok(())
    }

    /// Asks everybody for a value before its time, and for one over a second absence list.
    pub(super) fn attack(&mut self) -> Step {
        if self.centre.is_none() {
            return Ok(());
        }
        let jobs: Vec<_> = self.centre().state().open_jobs().collect();
        let moments =
            jobs.iter().filter_map(|(_, job)| if let Job::Draw(moment) = job { Some(*moment) } else { None });
        let frozen = moments.filter(|moment| self.model.frozen.contains_key(&period_of(*moment)));
        let soon: Vec<Moment> = frozen.take(4).collect();
        let Some(moment) = soon.get(self.chance.between(0, 3) as usize).copied() else { return Ok(()) };
        let requests = at_once(self.centre().requests(moment));
        let requests = requests.map_err(|error| self.broken(4, error.to_string()))?;
        let (net, now) = (self.net.clone(), self.now);
        for request in &requests {
            for line in &mut net.net().lines {
                self.ask_too_soon(&mut line.party, request)?;
                let second = self.two_faced.other_list(request, now - SignedDuration::from_hours(2));
                if line.party.has_answered(request) {
                    let refusal = line.party.honest_release(&second, now + SignedDuration::from_hours(48));
                    let refused = matches!(refusal, Err(Refusal::SecondFreeze { .. }));
                    self.holds(4, refused, || {
                        format!("over a second list {} said {refusal:?}", line.party.id)
                    })?;
                    self.ended.refused += 1;
                }
            }
        }
        Ok(())
    }

    fn ask_too_soon(&mut self, party: &mut Party, request: &ReleaseRequest) -> Step {
        let due = self.model.due(&self.world.campaign, request.moment);
        let clock = self.now + party.ahead(self.now);
        if due.is_none_or(|due| due <= self.now) || party.kept(request).is_some() {
            return Ok(());
        }
        let said = party.honest_release(request, self.now);
        let early = due.is_some_and(|due| clock < due);
        self.ended.refused += u64::from(said.is_err());
        self.holds(4, said.is_err() == early, || {
            format!(
                "asked at {clock} by its clock for {}, due {due:?}, {} said {said:?}",
                request.moment, party.id
            )
        })
    }
}
