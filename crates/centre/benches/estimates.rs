//! The numbers of every page over the shipped campaign: `cargo bench -p sekong-centre --bench estimates [DAYS …]`.
//!
//! Plans and dice are the campaign's, traffic is made up (`sekong_simulate::replay`), every find is told apart, and of each kind there are some,
//! which is the most work: each kind has its own predictions. The deals only look like lots. Figures are CPU seconds, of the fastest of three
//! runs; reading and verifying the log is not among them (`make bench PART=audit`).

#![allow(clippy::unwrap_used, reason = "a benchmark fails as tests do")]

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use sekong_centre::{EstimatesAsked, EstimatesView, Met, SolvedPlan, TeamsView};
use sekong_estimate::flow::{ProvinceDay, Visit};
use sekong_estimate::teams::ShiftDay;
use sekong_model::{Campaign, Counts, Day, Drug, Find, Finds, ProvinceId, TeamId, Transport, Unit};
use sekong_plan::Game;
use sekong_simulate::Seed;
use sekong_simulate::replay::{Pattern, Plans, Stage, Traffic};

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/it/founded.rs"]
mod founded;

/// That of the command that estimates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: Seed = Seed(2017);

/// Part of what passes that is loaded.
const LOAD_SHARE: f64 = 0.02;

/// What the numbers of half a year may take.
const WANTED_S: f64 = 2.0;

fn main() {
    let args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let mut sizes: Vec<usize> = args.map(|days| days.parse().expect("DAYS is a number")).collect();
    if sizes.is_empty() {
        sizes = vec![30, 90, 181];
    }
    let campaign = Campaign::parse(&founded::files()).unwrap();
    let all = sizes.iter().copied().max().unwrap_or(0);
    let plans = plans(&campaign, all);
    println!("days  visits  finds  estimates CPU s  teams CPU s  both (wanted: {WANTED_S:.1} s at 181 days)");
    sizes.into_iter().for_each(|days| measure(&campaign, &plans, days));
}

/// Days with the same game are solved once.
fn plans(campaign: &Campaign, days: usize) -> Plans {
    let of_day = |day: Day| campaign.provinces().iter().map(move |province| (province.id.clone(), day));
    let province_days: Vec<(ProvinceId, Day)> = campaign.days().take(days).flat_map(of_day).collect();
    let solved = |(province, day): (ProvinceId, Day)| {
        let plan = SolvedPlan::of(&Game::of(campaign, &province, day).unwrap()).unwrap().plan();
        ((province, day), plan)
    };
    province_days.into_par_iter().map(solved).collect()
}

fn measure(campaign: &Campaign, plans: &Plans, days: usize) {
    let stage = Stage::new(campaign, plans, days, SEED).unwrap();
    let traffic = Traffic::new(campaign, days, Pattern::DayCycle, LOAD_SHARE, SEED);
    let mut drawn = stage.drawn(&traffic, 0).unwrap();
    tell_apart(&mut drawn);
    let met = met(campaign, drawn);
    let visits = || met.days.iter().flat_map(|day| &day.slots).flat_map(|slot| &slot.visits);
    let found: u32 = visits().filter_map(|visit| visit.counts).map(Counts::found).sum();
    let (from, to) = (campaign.first_day(), campaign.last_day());
    let asked = EstimatesAsked { province: None, from, to, detection: None, top: &BTreeSet::new() };
    let estimates = fastest(|| assert!(!EstimatesView::of(&met, &asked).unwrap().flows.is_empty()));
    let teams = fastest(|| assert!(!TeamsView::of(&met).unwrap().finds.is_empty()));
    let (count, both) = (visits().count(), estimates + teams);
    println!("{days:<4} {count:>7} {found:>6} {estimates:>16.2} {teams:>12.2} {both:>5.2}");
}

/// Each visit's finds as of one kind, in turn.
fn tell_apart(days: &mut [ProvinceDay]) {
    let kinds = Transport::ALL.into_iter().flat_map(|transport| Drug::ALL.map(|drug| (transport, drug)));
    let mut kinds = kinds.cycle();
    let slots = days.iter_mut().flat_map(|day| &mut day.slots);
    for visit in slots.flat_map(|slot| &mut slot.visits) {
        let vehicles = found(visit);
        if vehicles > 0 {
            let (transport, drug) = kinds.next().unwrap();
            visit.finds = Finds::new(vec![Find { transport, drug, vehicles }]).unwrap();
        }
    }
}

fn found(visit: &Visit) -> u32 {
    visit.counts.map_or(0, Counts::found)
}

fn met(campaign: &Campaign, days: Vec<ProvinceDay>) -> Met {
    let shifts =
        |count: &dyn Fn(&Visit) -> u32| days.iter().flat_map(|day| shifts(campaign, day, count)).collect();
    let nothing = Met::nothing(campaign);
    // As many visits are missed as have a find.
    Met { shifts: shifts(&found), missed: shifts(&|visit| u32::from(found(visit) > 0)), days, ..nothing }
}

/// A province's shifts on a day, dealt in turn within the pool's teams of the kind of shift.
fn shifts(campaign: &Campaign, day: &ProvinceDay, count: &dyn Fn(&Visit) -> u32) -> Vec<ShiftDay> {
    let mut found: BTreeMap<&str, u32> = BTreeMap::new();
    for visit in day.slots.iter().flat_map(|slot| &slot.visits) {
        *found.entry(visit.unit.as_str()).or_default() += count(visit);
    }
    let units = campaign.units_of(&day.province, day.day);
    let number = day.day.days_since(campaign.first_day()) as usize;
    let mut all = Vec::new();
    for pool in campaign.pools_of(&day.province) {
        let teams: Vec<&TeamId> = campaign.teams_of(&pool.id).iter().map(|team| &team.id).collect();
        let mut taken = 0;
        for share in campaign.shares_of(&pool.id) {
            let own = units.iter().filter(|unit| unit.pool == pool.id && unit.shift == share.shift);
            let own: Vec<&Unit> = own.collect();
            let team =
                |at: usize| teams[(taken + (at + number) % own.len() + number / 7) % teams.len()].to_string();
            all.push(ShiftDay {
                week: campaign.week_of(day.day),
                day: day.day.to_string(),
                pool: pool.id.to_string(),
                shift: share.shift.to_string(),
                units: own
                    .iter()
                    .map(|unit| (unit.id.to_string(), found.get(unit.id.as_str()).copied().unwrap_or(0)))
                    .collect(),
                dealt: own.iter().enumerate().map(|(at, unit)| (team(at), unit.id.to_string())).collect(),
                away: Vec::new(),
            });
            taken += own.len();
        }
    }
    all
}

/// CPU seconds of the fastest of three runs.
fn fastest(work: impl Fn()) -> f64 {
    let run = |_| {
        let before = cpu_s();
        work();
        cpu_s() - before
    };
    (0..3).map(run).fold(f64::INFINITY, f64::min)
}

/// CPU seconds of this process: user and system, in ticks of 10 ms.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let mut fields = stat.rsplit(") ").next().unwrap().split(' ').skip(11);
    let mut ticks = || fields.next().unwrap().parse::<f64>().unwrap();
    (ticks() + ticks()) / 100.0
}
