//! The shipped campaign, drawn thousands of times: rosters are legal, sentinels hold every hour, counts are as the
//! plan's probabilities say.

use std::collections::BTreeMap;
use std::path::Path;

use sekong_draw::{DrawKey, Duty, ProvinceDay, Roster, UnitPath, draw_day};
use sekong_model::{
    Campaign, CustodianId, Day, Hour, Moment, PostId, ProvinceId, SourceBundle, Unit, UnitKind,
    referenced_files,
};
use sekong_plan::{Chain, Game, Node, Plan, SolveOptions, solve};
use sekong_simulate::{Chance, Seed};

/// One province of the shipped campaign on its first day, with its plan.
struct Drawing {
    campaign: Campaign,
    province: ProvinceId,
    day: Day,
    units: Vec<Unit>,
    plan: Plan,
    travel_hours: BTreeMap<(PostId, PostId), u8>,
}

impl Drawing {
    fn of(slug: &str) -> Drawing {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../campaigns/northeast-2017");
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let mut files = SourceBundle::new(read("campaign.toml"));
        for name in referenced_files(&read("campaign.toml")).unwrap() {
            let text = read(&name);
            files.files.insert(name, text);
        }
        let campaign = Campaign::parse(&files).unwrap();
        let (province, day): (ProvinceId, Day) = (slug.parse().unwrap(), campaign.first_day());
        let plan = solve(&Game::of(&campaign, &province, day).unwrap(), &SolveOptions::default()).unwrap();
        let units = campaign.units_of(&province, day);
        let travel = campaign.travel_hours(&province, day).into_iter();
        let both_ways =
            |(a, b, hours): (PostId, PostId, u8)| [((a.clone(), b.clone()), hours), ((b, a), hours)];
        let travel_hours = travel.flat_map(both_ways).collect();
        Drawing { campaign, province, day, units, plan, travel_hours }
    }

    fn duties(&self) -> Vec<(&Chain, Duty)> {
        let duty =
            |unit: &Unit| Duty::in_shift(self.campaign.entry_hour(unit), unit.start, unit.length_hours);
        let duties = self.units.iter().map(|unit| duty(unit).unwrap());
        self.plan.chains().iter().zip(duties).collect()
    }

    /// One day drawn with real keys, from custodian values that differ from draw to draw.
    fn draw(&self, number: u32) -> Roster {
        let custodian: CustodianId = "court".parse().unwrap();
        let key = |hour: Hour| {
            let value = Seed(u64::from(number)).bytes("custodian value", &hour.to_string());
            (Moment::Hour { day: self.day, hour }, DrawKey::new(&[7; 32], &[(custodian.clone(), value)]))
        };
        let of = ProvinceDay { campaign: self.campaign.id(), province: &self.province, day: self.day };
        draw_day(&of, &self.duties(), &Hour::all().map(key).collect()).unwrap()
    }

    fn post(&self, node: Node) -> &PostId {
        &self.plan.game().posts()[usize::from(node.post)]
    }

    /// Legality from the campaign's own words; the chains are not asked.
    fn assert_legal(&self, unit: &Unit, path: &[Node]) {
        let (first, last) = (path.first().expect("a unit enters"), path.last().expect("a unit enters"));
        assert!(
            first.position == 0 && unit.enter.contains(self.post(*first)),
            "{} enters elsewhere",
            unit.id
        );
        assert!(unit.leave.contains(self.post(*last)), "{} ends elsewhere", unit.id);
        for node in path {
            assert!(unit.reach.contains(self.post(*node)) && node.position < unit.length_hours);
        }
        for step in path.windows(2) {
            let (from, to) = (step[0], step[1]);
            let hours = self.travel_hours.get(&(self.post(from).clone(), self.post(to).clone())).copied();
            let waits = to.position - from.position;
            let legal = match unit.kind {
                UnitKind::Plain if from.post == to.post => waits == 1,
                UnitKind::Plain => hours.is_some_and(|hours| waits == 1 + hours),
                UnitKind::Sentinel => {
                    waits == unit.every_hours
                        && (from.post == to.post || hours.is_some_and(|hours| hours < waits))
                }
            };
            assert!(legal, "{} cannot go from {from:?} to {to:?}", unit.id);
        }
    }

    fn assert_held(&self, roster: &Roster) {
        let mut held = [0; 24];
        for (unit, drawn) in
            self.units.iter().zip(&roster.units).filter(|(unit, _)| unit.kind == UnitKind::Sentinel)
        {
            drawn.path.iter().for_each(|node| held[usize::from(unit.start.get() + node.position)] += 1);
        }
        assert_eq!(held, [1; 24], "each hour is held by exactly one half of its sentinel pair");
    }

    /// Counts of one batch of real draws, each of them checked to be legal and to hold every hour.
    fn legal_batch(&self, batch: u32) -> Vec<u32> {
        let mut counts = vec![0; self.plan.game().slot_count()];
        for number in batch * BATCH_DRAWS..(batch + 1) * BATCH_DRAWS {
            let roster = self.draw(number);
            for (unit, drawn) in self.units.iter().zip(&roster.units) {
                self.assert_legal(unit, &drawn.path);
            }
            self.assert_held(&roster);
            self.count(&roster.units, &mut counts);
        }
        counts
    }

    /// How often each slot was inspected by at least one unit.
    fn count(&self, roster: &[UnitPath], counts: &mut [u32]) {
        let mut seen = vec![false; counts.len()];
        for (unit, drawn) in self.units.iter().zip(roster) {
            for node in &drawn.path {
                seen[self.plan.game().slot(node.post, unit.start.get() + node.position)] = true;
            }
        }
        counts.iter_mut().zip(seen).for_each(|(count, seen)| *count += u32::from(seen));
    }

    /// z-scores of the counts of `draws` draws in every slot that is neither certain nor out of reach.
    fn z_scores(&self, counts: &[u32], draws: u32) -> Vec<f64> {
        let score = |(slot, count): (usize, &u32)| {
            let (post, hour) = self.plan.game().slot_place(slot);
            let inclusion = self.plan.inclusion(post, hour);
            let (mean, spread) =
                (f64::from(draws) * inclusion, (f64::from(draws) * inclusion * (1.0 - inclusion)).sqrt());
            (spread > 0.0).then(|| (f64::from(*count) - mean) / spread)
        };
        counts.iter().enumerate().filter_map(score).collect()
    }

    /// Sum of squares and largest |z| of one replay by an independent sampler of the chains.
    fn replay(&self, number: u64, draws: u32, stuck_share: f64) -> (f64, f64) {
        let mut chance = Seed(number).stream("replay", self.province.as_str());
        let mut counts = vec![0; self.plan.game().slot_count()];
        let stuck: Vec<UnitPath> =
            self.plan.chains().iter().map(|chain| sample(chain, &mut chance)).collect();
        for _ in 0..draws {
            let mut roster: Vec<UnitPath> =
                self.plan.chains().iter().map(|chain| sample(chain, &mut chance)).collect();
            if chance.happens(stuck_share) {
                roster[0] = stuck[0].clone();
            }
            self.count(&roster, &mut counts);
        }
        spread_of(&self.z_scores(&counts, draws))
    }
}

fn spread_of(scores: &[f64]) -> (f64, f64) {
    let squares = scores.iter().map(|z| z * z).sum();
    (squares, scores.iter().fold(0.0, |largest, z| z.abs().max(largest)))
}

fn sample(chain: &Chain, chance: &mut Chance) -> UnitPath {
    let (mut path, mut at) = (Vec::new(), None);
    loop {
        let steps = chain.steps(at);
        let total: u32 = steps.iter().map(|step| step.flow).sum();
        let Some(mut left) = total.checked_sub(1).map(|most| chance.between(0, most)) else { break };
        let step = steps.iter().find(|step| {
            let taken = left < step.flow;
            left = left.saturating_sub(step.flow);
            taken
        });
        at = step.and_then(|step| step.to);
        match at {
            Some(node) => path.push(node),
            None => break,
        }
    }
    UnitPath { unit: chain.unit().clone(), path }
}

/// Draws in a batch of real dice, and in a replay.
const BATCH_DRAWS: u32 = 1_000;
const REPLAYS: u64 = 200;

/// Standard score of the rank sum of `real` among `replayed` (Mann and Whitney 1947): how far one lies above the other.
fn rank_score(real: &[f64], replayed: &[f64]) -> f64 {
    let above = real.iter().map(|one| replayed.iter().filter(|other| *one > **other).count()).sum::<usize>();
    let (n, m) = (real.len() as f64, replayed.len() as f64);
    (above as f64 - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt()
}

/// Counts of consecutive slots of a path are dependent, so the squares of their z-scores do not follow a chi-square law;
/// what they do follow is found by replaying the chains with another sampler.
fn assert_drawn_as_planned(slug: &str, batches: u32) {
    let drawing = Drawing::of(slug);
    let mut total = vec![0; drawing.plan.game().slot_count()];
    let mut real = Vec::new();
    for batch in 0..batches {
        let counts = drawing.legal_batch(batch);
        real.push(spread_of(&drawing.z_scores(&counts, BATCH_DRAWS)).0);
        total.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
    }
    let replays: Vec<_> = (0..REPLAYS).map(|number| drawing.replay(number, BATCH_DRAWS, 0.0)).collect();
    let squares: Vec<f64> = replays.iter().map(|(squares, _)| *squares).collect();
    let score = rank_score(&real, &squares);
    assert!(score.abs() < 3.0, "batches rank {score:.2} standard deviations off the replays: {real:.0?}");

    let most = |pick: fn(&(f64, f64)) -> f64| replays.iter().map(pick).fold(0.0, f64::max);
    let (most_squares, most_z) = (1.25 * most(|replay| replay.0), 1.25 * most(|replay| replay.1));
    let (squares, largest) = spread_of(&drawing.z_scores(&total, batches * BATCH_DRAWS));
    assert!(squares <= most_squares, "Σz² = {squares:.1} over all draws, at most {most_squares:.1}");
    assert!(largest <= most_z, "max |z| = {largest:.2} over all draws, at most {most_z:.2}");
    let (bent, _) = drawing.replay(REPLAYS, 20 * BATCH_DRAWS, 0.1);
    assert!(bent > most_squares, "one day in ten bent must show in 20,000: Σz² = {bent:.1}");
}

#[test]
fn twenty_thousand_days_of_stung_treng_are_drawn_as_planned() {
    assert_drawn_as_planned("stung-treng", 20);
}

#[test]
fn four_thousand_days_of_preah_vihear_are_drawn_as_planned() {
    assert_drawn_as_planned("preah-vihear", 4);
}

#[test]
fn four_thousand_days_of_ratanakiri_are_drawn_as_planned() {
    assert_drawn_as_planned("ratanakiri", 4);
}

#[test]
fn there_is_a_lottery_in_every_slot_that_can_be_reached() {
    for slug in ["stung-treng", "preah-vihear", "ratanakiri"] {
        let drawing = Drawing::of(slug);
        let unreachable = drawing.plan.unreachable();
        for slot in 0..drawing.plan.game().slot_count() {
            let (post, hour) = drawing.plan.game().slot_place(slot);
            if !unreachable.contains(&(post, hour)) {
                let inclusion = drawing.plan.inclusion(post, hour);
                assert!((0.05..0.99).contains(&inclusion), "{slug}: {post} at {hour}:00 has {inclusion}");
            }
        }
    }
}
