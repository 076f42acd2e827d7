//! The lines between the centre and its custodians: what is asked may not arrive, what is answered may come late, twice or
//! be an old answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::{SignedDuration, Timestamp};
use sekong_centre::{AskError, Asked, CustodianLink};
use sekong_draw::ReleaseRequest;
use sekong_log::OutagePlanned;
use sekong_model::{CustodianId, Moment, ProvinceId};
use sekong_simulate::{Chance, Seed};

use super::party::{Heard, Party, Truth};

/// Share of answers that are replaced by an older one on a line that loses much.
const REPLAYED: f64 = 0.1;

/// A custodian with its line.
pub(crate) struct Line {
    pub(crate) party: Party,
    /// When nobody is there, planned or not.
    pub(crate) away: Vec<(Timestamp, Timestamp)>,
    /// Share of asks that do not go as they should.
    pub(crate) loss: f64,
    chance: Chance,
    late: BTreeMap<(ProvinceId, Moment), (Timestamp, Heard)>,
    /// Answers to the same request that differed.
    pub(crate) differed: u64,
}

/// What the present centre was told last, by province, moment and custodian.
pub(crate) type Told = BTreeMap<(ProvinceId, Moment, CustodianId), Truth>;

#[derive(Default)]
pub(crate) struct Net {
    pub(crate) lines: Vec<Line>,
    pub(crate) told: Told,
    /// Who was asked, for which province.
    pub(crate) asked: BTreeSet<(ProvinceId, CustodianId)>,
}

/// The net as several hold it.
#[derive(Clone, Default)]
pub(crate) struct Shared(Arc<Mutex<Net>>);

/// The centre's end of a line.
struct End {
    id: CustodianId,
    place: usize,
    net: Shared,
}

impl Shared {
    pub(crate) fn net(&self) -> MutexGuard<'_, Net> {
        self.0.lock().expect("nobody panics while answering")
    }

    pub(crate) fn links(&self) -> Vec<Arc<dyn CustodianLink>> {
        let ids: Vec<_> = self.net().lines.iter().map(|line| line.party.id.clone()).collect();
        let end = |(place, id)| Arc::new(End { id, place, net: self.clone() }) as Arc<dyn CustodianLink>;
        ids.into_iter().enumerate().map(end).collect()
    }
}

impl CustodianLink for End {
    fn id(&self) -> &CustodianId {
        &self.id
    }

    fn ask<'a>(&'a self, request: &'a ReleaseRequest, now: Timestamp) -> Asked<'a> {
        let mut net = self.net.net();
        let (answer, truth) = net.lines[self.place].ask(request, now);
        net.asked.insert((request.province.clone(), self.id.clone()));
        let told = net.told.entry((request.province.clone(), request.moment, self.id.clone()));
        let told = told.or_insert(Truth::Nothing);
        // What it said last stands until it says something else.
        if truth != Truth::Nothing {
            *told = truth;
        }
        Box::pin(std::future::ready(answer))
    }
}

impl Line {
    pub(crate) fn new(party: Party, seed: Seed) -> Line {
        let chance = seed.stream("line", party.id.as_str());
        Line { party, away: Vec::new(), loss: 0.0, chance, late: BTreeMap::new(), differed: 0 }
    }

    /// The centre is gone, and with it what was on its way.
    pub(crate) fn hang_up(&mut self) {
        self.late.clear();
    }

    pub(crate) fn plan_outage(&mut self, said: &OutagePlanned) {
        self.away.push((said.from, said.until));
    }

    pub(crate) fn is_away(&self, now: Timestamp) -> bool {
        self.away.iter().any(|(from, until)| *from <= now && now < *until)
    }

    fn ask(&mut self, request: &ReleaseRequest, now: Timestamp) -> Heard {
        let key = (request.province.clone(), request.moment);
        if let Some((arrives, heard)) = self.late.remove(&key) {
            if arrives <= now {
                return heard;
            }
            self.late.insert(key, (arrives, heard));
            return nothing("still on its way");
        }
        if self.is_away(now) {
            return nothing("nobody there");
        }
        if !self.chance.happens(self.loss) {
            return self.party.answer(request, now, &mut self.chance);
        }
        self.mishap(request, now)
    }

    fn mishap(&mut self, request: &ReleaseRequest, now: Timestamp) -> Heard {
        if self.chance.happens(REPLAYED)
            && let Some(older) = self.party.older(request)
        {
            return (Ok(older), Truth::Odd(sekong_log::SilenceReason::OtherMoment));
        }
        match self.chance.between(0, 3) {
            0 => nothing("the request was lost"),
            1 => {
                let _ = self.party.answer(request, now, &mut self.chance);
                nothing("the answer was lost")
            }
            2 => {
                let heard = self.party.answer(request, now, &mut self.chance);
                let delay = SignedDuration::from_secs(i64::from(self.chance.between(10, 240)));
                self.late.insert((request.province.clone(), request.moment), (now + delay, heard));
                nothing("the answer is late")
            }
            _ => self.twice(request, now),
        }
    }

    /// The request arrives twice; the honest answer is the same.
    fn twice(&mut self, request: &ReleaseRequest, now: Timestamp) -> Heard {
        let first = self.party.honest_answer(request, now);
        let second = self.party.honest_answer(request, now + SignedDuration::from_secs(3));
        let refused_first = matches!(first.1, Truth::Refused);
        self.differed += u64::from(!refused_first && first != second);
        first
    }
}

fn nothing(why: &str) -> Heard {
    (Err(AskError::NoAnswer(why.to_owned())), Truth::Nothing)
}
