//! 20,000 drawn days: every roster legal, every hour held by its sentinel, every inclusion as published.
//!
//! Counts along a path depend on each other, so the sum of their squared z-scores has no textbook law: it is
//! compared with what an independent sampler (ChaCha20, its own walk over the arcs) gives on the same chains.

use std::collections::BTreeMap;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use sekong_draw::{DrawKey, Duty, DutyHour, ProvinceDay, Roster, draw_day};
use sekong_model::{CampaignId, CustodianId, Day, Hour, Moment, ProvinceId};
use sekong_plan::{Arc, Chain, Node, SCALE};

const POSTS: u16 = 3;
/// Hours between the posts 0, 1 and 2.
const TRAVEL_HOURS: [[u8; 3]; 3] = [[0, 0, 2], [0, 0, 1], [2, 1, 0]];
const DRAWS: u32 = 20_000;

struct TestUnit {
    chain: Chain,
    duty: Duty,
    every: u8,
}

impl TestUnit {
    fn length(&self) -> u8 {
        (self.duty.end_hour().0 - self.duty.start_hour().0) as u8
    }

    fn legal(&self, from: Node, to: Option<Node>) -> bool {
        let travel = |to: Node| TRAVEL_HOURS[usize::from(from.post)][usize::from(to.post)];
        match to {
            None => from.position + self.every >= self.length() || (self.every == 1 && from.post == 0),
            Some(to) if to.position >= self.length() => false,
            Some(to) if self.every > 1 => {
                to.position == from.position + self.every && travel(to) < self.every
            }
            Some(to) => to.position == from.position + 1 + travel(to),
        }
    }
}

/// A chain that may take every legal step, with lopsided flows.
fn unit(name: &str, entry: u32, start: u32, length: u8, every: u8) -> TestUnit {
    let duty = Duty::new(DutyHour(entry), DutyHour(start), length).unwrap();
    let empty = Chain::new(name.parse().unwrap(), Vec::new());
    let mut unit = TestUnit { chain: empty, duty, every };
    let entries = [SCALE / 2, SCALE / 4, SCALE / 4];
    let mut inflow: BTreeMap<(u8, u16), u32> =
        (0..).zip(entries).map(|(post, flow)| ((0, post), flow)).collect();
    let mut arcs: Vec<Arc> = (0..)
        .zip(entries)
        .map(|(post, flow)| Arc { from: None, to: Some(Node { post, position: 0 }), flow })
        .collect();
    while let Some(((position, post), flow)) = inflow.pop_first() {
        let from = Node { post, position };
        for (to, flow) in shares(&targets(&unit, from), flow) {
            arcs.push(Arc { from: Some(from), to, flow });
            if let Some(to) = to {
                *inflow.entry((to.position, to.post)).or_default() += flow;
            }
        }
    }
    unit.chain = Chain::new(name.parse().unwrap(), arcs);
    unit
}

fn targets(unit: &TestUnit, from: Node) -> Vec<Option<Node>> {
    let later = (from.position + 1..unit.length())
        .flat_map(|position| (0..POSTS).map(move |post| Node { post, position }));
    later.map(Some).chain([None]).filter(|to| unit.legal(from, *to)).collect()
}

/// The flow in parts proportional to 1, 2, 3 …; the last takes what is left.
fn shares(targets: &[Option<Node>], flow: u32) -> Vec<(Option<Node>, u32)> {
    let whole: u32 = (1..=targets.len() as u32).sum();
    let mut left = flow;
    let mut shares: Vec<(Option<Node>, u32)> = (1..)
        .zip(targets)
        .map(|(weight, to)| (*to, (u64::from(flow) * weight / u64::from(whole)) as u32))
        .collect();
    shares.iter_mut().rev().skip(1).for_each(|(_, share)| left -= *share);
    if let Some(last) = shares.last_mut() {
        last.1 = left;
    }
    shares
}

fn units() -> Vec<TestUnit> {
    [0, 8, 16]
        .into_iter()
        .flat_map(|hour| {
            [
                unit(&format!("{hour:02}/even"), hour, hour, 8, 2),
                unit(&format!("{hour:02}/odd"), hour, hour + 1, 7, 2),
                unit(&format!("{hour:02}/plain"), hour, hour, 8, 1),
            ]
        })
        .collect()
}

fn keys(day: Day, number: u32) -> BTreeMap<Moment, DrawKey> {
    let custodians = ["court", "customs", "ombudsman"];
    let values = |hour: Hour| {
        let value = |place: u8| {
            let mut value = [place; 32];
            value[..4].copy_from_slice(&number.to_be_bytes());
            value[4] = hour.get();
            value
        };
        custodians
            .into_iter()
            .zip(0..)
            .map(|(id, place)| (id.parse::<CustodianId>().unwrap(), value(place)))
            .collect()
    };
    let key = |hour: Hour| DrawKey::new(&[9; 32], &values(hour) as &Vec<_>);
    Hour::all().map(|hour| (Moment::Hour { day, hour }, key(hour))).collect()
}

fn rosters(units: &[TestUnit]) -> Vec<Roster> {
    let (campaign, province): (CampaignId, ProvinceId) = ("c".parse().unwrap(), "p".parse().unwrap());
    let first: Day = "2017-01-01".parse().unwrap();
    let pairs: Vec<(&Chain, Duty)> = units.iter().map(|unit| (&unit.chain, unit.duty)).collect();
    let draw = |number: u32| {
        let day = first.plus_days(number as i32).unwrap();
        let of = ProvinceDay { campaign: &campaign, province: &province, day };
        draw_day(&of, &pairs, &keys(day, number)).unwrap()
    };
    (0..DRAWS).map(draw).collect()
}

/// How often each unit was at each node.
type Counts = BTreeMap<(usize, Node), u32>;

fn count<'a>(days: impl Iterator<Item = Vec<&'a [Node]>>) -> Counts {
    let mut counts = Counts::new();
    for day in days {
        for (unit, path) in day.into_iter().enumerate() {
            path.iter().for_each(|node| *counts.entry((unit, *node)).or_default() += 1);
        }
    }
    counts
}

/// Sum of squared z-scores over all nodes with a probability between 1 and 99 %, and the largest |z|.
fn discrepancy(units: &[TestUnit], counts: &Counts, draws: u32) -> (f64, f64) {
    let mut inflow: BTreeMap<(usize, Node), u32> = BTreeMap::new();
    for (index, unit) in units.iter().enumerate() {
        for arc in unit.chain.arcs() {
            if let Some(node) = arc.to {
                *inflow.entry((index, node)).or_default() += arc.flow;
            }
        }
    }
    let z = |(slot, flow): (&(usize, Node), &u32)| {
        let (p, n) = (f64::from(*flow) / f64::from(SCALE), f64::from(draws));
        let seen = f64::from(counts.get(slot).copied().unwrap_or(0));
        (0.01..0.99).contains(&p).then(|| (seen - n * p) / (n * p * (1.0 - p)).sqrt())
    };
    let scores: Vec<f64> = inflow.iter().filter_map(z).collect();
    assert!(scores.len() > 100);
    (scores.iter().map(|z| z * z).sum(), scores.iter().fold(0.0, |most, z| most.max(z.abs())))
}

/// A day by the independent sampler; `favour` is added, in parts of a thousand, to the flow of each node's
/// first arc.
fn replay(units: &[TestUnit], rng: &mut ChaCha20Rng, favour: u64) -> Vec<Vec<Node>> {
    let mut walk = |unit: &TestUnit| {
        let (mut path, mut at) = (Vec::new(), None);
        loop {
            let steps: Vec<&Arc> = unit.chain.arcs().iter().filter(|arc| arc.from == at).collect();
            let weigh = |(place, arc): (usize, &&Arc)| {
                u64::from(arc.flow) * if place == 0 { 1000 + favour } else { 1000 }
            };
            let weights: Vec<u64> = steps.iter().enumerate().map(weigh).collect();
            let total: u64 = weights.iter().sum();
            let mut number = ((u128::from(rng.next_u64()) * u128::from(total)) >> 64) as u64;
            let mut chosen = 0;
            while number >= weights[chosen] {
                number -= weights[chosen];
                chosen += 1;
            }
            at = steps[chosen].to;
            match at {
                Some(node) => path.push(node),
                None => return path,
            }
        }
    };
    units.iter().map(&mut walk).collect()
}

fn replayed(units: &[TestUnit], seed: u64, draws: u32, favour: u64) -> (f64, f64) {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    let days: Vec<Vec<Vec<Node>>> = (0..draws).map(|_| replay(units, &mut rng, favour)).collect();
    let counts = count(days.iter().map(|day| day.iter().map(Vec::as_slice).collect()));
    discrepancy(units, &counts, draws)
}

fn assert_legal(units: &[TestUnit], roster: &Roster) {
    for (unit, drawn) in units.iter().zip(&roster.units) {
        assert_eq!(drawn.path[0].position, 0);
        for (place, node) in drawn.path.iter().enumerate() {
            let next = drawn.path.get(place + 1).copied();
            assert!(unit.legal(*node, next), "{}: {node:?} to {next:?}", drawn.unit);
        }
    }
}

fn assert_held(units: &[TestUnit], roster: &Roster) {
    let sentinels = units.iter().zip(&roster.units).filter(|(unit, _)| unit.every == 2);
    let held = sentinels.flat_map(|(unit, drawn)| drawn.path.iter().map(|node| unit.duty.hour_of(*node).0));
    let mut held: Vec<u32> = held.collect();
    held.sort_unstable();
    assert_eq!(held, (0..24).collect::<Vec<_>>());
}

#[test]
fn twenty_thousand_days_are_legal_held_and_as_likely_as_published() {
    let units = units();
    let rosters = rosters(&units);
    for roster in &rosters {
        assert_legal(&units, roster);
        assert_held(&units, roster);
    }
    let days = rosters.iter().map(|roster| roster.units.iter().map(|unit| unit.path.as_slice()).collect());
    let (sum, largest) = discrepancy(&units, &count(days), DRAWS);
    let fair: Vec<(f64, f64)> = (0..150).map(|seed| replayed(&units, seed, 2_000, 0)).collect();
    let sums = || fair.iter().map(|(sum, _)| *sum);
    let (least, most) = (sums().fold(f64::MAX, f64::min), sums().fold(0.0, f64::max));
    assert!((least..=most).contains(&sum), "sum of z² {sum}, fair ones {least} to {most}");
    let widest = fair.iter().map(|(_, largest)| *largest).fold(0.0, f64::max);
    assert!(largest <= widest, "largest |z| {largest}, fair ones up to {widest}");
    // The yardstick is fine enough: a die that favours one face by 5 % is far outside.
    let (biased, _) = replayed(&units, 1, DRAWS, 50);
    assert!(biased > 2.0 * most, "sum of z² {biased} of a biased die, fair ones {least} to {most}");
}
