//! `sekong estimate replay`: are the estimates right, and as sure as they say? And `sekong estimate power`: what the test of teams sees.

use rayon::prelude::*;
use sekong_centre::SolvedPlan;
use sekong_estimate::teams::HELD_BACK;
use sekong_model::{Campaign, Day, ProvinceId};
use sekong_plan::Game;
use sekong_simulate::Seed;
use sekong_simulate::replay::{
    Ground, Pattern, Performance, Plans, Stage, TeamPower, Traffic, Withholding, team_trial,
};
use serde_json::{Value, json};

use crate::cli::{EstimatePowerArgs, EstimateReplayArgs};
use crate::failure::Failure;
use crate::files::read_campaign;
use crate::output::print_line;

pub(crate) fn replay(args: &EstimateReplayArgs) -> Result<(), Failure> {
    let (_, campaign) = read_campaign(&args.campaign)?;
    check_days(&campaign, args.days)?;
    let plans = plans(&campaign, args.days)?;
    let seed = Seed(args.seed);
    let stage = Stage::new(&campaign, &plans, args.days, seed).map_err(Failure::failed)?;
    let mut all = Vec::new();
    for pattern in Pattern::ALL {
        let traffic = Traffic::new(&campaign, args.days, pattern, args.load_share, seed);
        let done = stage.flows(&traffic, args.replays).map_err(Failure::failed)?;
        if !args.json {
            print_line(format_args!("{}: {} days, {} replays", pattern.name(), args.days, args.replays))?;
            done.iter().try_for_each(|of| print_line(in_words(of)))?;
        }
        all.push((pattern, done));
    }
    if args.json { print_line(as_json(&all)) } else { Ok(()) }
}

/// An interval compares days, and of those of the campaign alone.
fn check_days(campaign: &Campaign, days: usize) -> Result<(), Failure> {
    let all = campaign.days().count();
    if (2..=all).contains(&days) {
        return Ok(());
    }
    let failure =
        Failure::usage(format!("--days {days}: the campaign has {all} days, and two at least are compared"));
    Err(failure.hint(format!("name 2 to {all}")))
}

fn in_words(of: &Performance) -> String {
    format!(
        "  {:<14} {:<7} {:<16} truth {:>8.0}, bias {:>8.2} ({:>5.1} of its standard errors), deviation {:>7.1}, said {:>7.1}, \
         {:>6.1} finds, 95 % hold it {:.1} % (visits as independent: {:.1} %)",
        of.province.as_ref().map_or("all", |province| province.as_str()),
        of.quantity.name(),
        of.method.name(),
        of.truth,
        of.bias,
        of.bias / of.bias_se,
        of.deviation,
        of.se_mean,
        of.found_mean,
        100.0 * of.coverage,
        100.0 * of.coverage_naive,
    )
}

fn as_json(all: &[(Pattern, Vec<Performance>)]) -> Value {
    let one = |of: &Performance| {
        json!({
            "province": of.province, "quantity": of.quantity.name(), "method": of.method.name(),
            "truth": of.truth, "bias": of.bias, "bias_se": of.bias_se, "deviation": of.deviation,
            "se_mean": of.se_mean, "found_mean": of.found_mean, "coverage": of.coverage,
            "coverage_naive": of.coverage_naive,
        })
    };
    let pattern = |(pattern, of): &(Pattern, Vec<Performance>)| {
        (pattern.name().to_owned(), Value::from(of.iter().map(one).collect::<Vec<_>>()))
    };
    all.iter().map(pattern).collect::<serde_json::Map<_, _>>().into()
}

pub(crate) fn power(args: &EstimatePowerArgs) -> Result<(), Failure> {
    let (_, campaign) = read_campaign(&args.campaign)?;
    let powers = powers_of(&campaign, args)?;
    if args.json {
        return print_line(Value::from(powers.iter().map(Power::as_json).collect::<Vec<_>>()));
    }
    powers.iter().try_for_each(|power| print_line(power.in_words()))
}

/// What the test does in one pool.
struct Power {
    pool: String,
    find_share: f64,
    honest: TeamPower,
    withholding: TeamPower,
}

fn powers_of(campaign: &Campaign, args: &EstimatePowerArgs) -> Result<Vec<Power>, Failure> {
    let seed = Seed(args.seed);
    let days = campaign.days().count();
    let weeks = u32::try_from(days / 7).unwrap_or(u32::MAX);
    let plans = plans(campaign, days)?;
    let mut powers = Vec::new();
    for find_share in [0.02, 0.3] {
        let traffic = Traffic::new(campaign, days, Pattern::Stationary, find_share, seed);
        for pool in campaign.provinces().iter().flat_map(|province| campaign.pools_of(&province.id)) {
            let ground = Ground::Campaign { campaign, plans: &plans, traffic: &traffic, pool };
            powers.push(Power::of(pool.id.to_string(), &ground, find_share, weeks, args.trials, seed)?);
        }
        for teams in [20, 4, 2] {
            let ground =
                Ground::Alike { campaign, teams, visits_per_week: VISITS_PER_TEAM * teams, find_share };
            let name = format!("any pool of {teams}");
            powers.push(Power::of(name, &ground, find_share, weeks, args.trials, seed)?);
        }
    }
    Ok(powers)
}

/// Visits of a team in a week, eight in each of its shifts.
const VISITS_PER_TEAM: usize = 56;

impl Power {
    fn of(
        pool: String,
        ground: &Ground<'_>,
        find_share: f64,
        weeks: u32,
        trials: u32,
        seed: Seed,
    ) -> Result<Power, Failure> {
        let trial = |held| team_trial(ground, weeks, held, trials, seed).map_err(Failure::failed);
        let withholding = Withholding { share: HELD_BACK };
        Ok(Power { pool, find_share, honest: trial(None)?, withholding: trial(Some(withholding))? })
    }

    fn in_words(&self) -> String {
        let median = match self.withholding.own_week_median {
            Some(week) => format!("half of the time by week {week}"),
            None => "less than half of the time".to_owned(),
        };
        format!(
            "{}: {} teams, finds {:.0} %: all honest, any flagged in {} weeks {:.1} % (with the week's deal as a lot of its own: {:.1} %; \
             hour by hour: {:.1} %); \
             one holds back {:.0} %: flagged {:.0} %, {median}",
            self.pool,
            self.honest.teams,
            100.0 * self.find_share,
            self.honest.weeks,
            100.0 * self.honest.any,
            100.0 * self.honest.any_by_weeks,
            100.0 * self.honest.any_by_hour,
            100.0 * HELD_BACK,
            100.0 * self.withholding.own,
        )
    }

    fn as_json(&self) -> Value {
        json!({
            "pool": self.pool, "teams": self.honest.teams, "weeks": self.honest.weeks, "find_share": self.find_share,
            "any_flagged": self.honest.any, "any_flagged_by_weeks": self.honest.any_by_weeks, "any_flagged_by_hour": self.honest.any_by_hour,
            "withheld_share": HELD_BACK, "flagged": self.withholding.own,
            "week_median": self.withholding.own_week_median,
        })
    }
}

/// The plans of a campaign's first days; those with the same game are solved once.
fn plans(campaign: &Campaign, days: usize) -> Result<Plans, Failure> {
    let province_days: Vec<(ProvinceId, Day)> = campaign
        .days()
        .take(days)
        .flat_map(|day| campaign.provinces().iter().map(move |province| (province.id.clone(), day)))
        .collect();
    let solve = |(province, day): (ProvinceId, Day)| {
        let game = Game::of(campaign, &province, day).map_err(Failure::failed)?;
        let solved = SolvedPlan::of(&game).map_err(Failure::failed)?;
        Ok(((province, day), solved.plan()))
    };
    province_days.into_par_iter().map(solve).collect()
}
