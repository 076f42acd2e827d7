//! `sekong declarers`: does who is declared absent depend on what his unit was worth?

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use sekong_centre::State;
use sekong_estimate::Seed;
use sekong_estimate::declarers::{
    DealtShift, Declarer, Finding, Method, Power, ShiftKey, Steering, Terms, power, standing_test,
};
use sekong_model::Day;
use serde_json::{Value, json};

use super::verify::{Question, outcome, verify_folder};
use crate::cli::DeclarersArgs;
use crate::clocks::now;
use crate::failure::Failure;
use crate::output::print_line;
use crate::progress::shown;

/// Campaigns simulated for the statement of power.
const CAMPAIGNS: NonZeroU32 = NonZeroU32::new(400).expect("above 0");

/// Steering for which power is said: in so many of its shifts an office removes the best unit's team.
const STEERED_SHARES: [f64; 3] = [0.05, 0.2, 1.0];

/// Permutations and simulations are drawn from a seed that everybody knows, so that everybody finds the same.
const SEED: Seed = Seed(2017);

pub(crate) fn run(args: &DeclarersArgs) -> Result<(), Failure> {
    let question = Question::at(args.now.unwrap_or_else(now));
    let verdict = verify_folder(&args.data, &question, &mut shown("verifying"))?.verdict;
    outcome(&verdict)?;
    let state = verdict.state.ok_or_else(|| Failure::failed("the log opens no campaign"))?;
    let terms = Terms::new(offices(&state), SEED);
    let record = record(&state)?;
    let findings = standing_test(&record, &terms).map_err(Failure::failed)?;
    let powers = powers(&state, &terms, &record)?;
    if args.json {
        return print_line(as_json(&record, &findings, &powers, terms.flag_at()));
    }
    print_line(format_args!(
        "{} shifts; an office is flagged at {:.0}, for an enquiry",
        record.len(),
        terms.flag_at()
    ))?;
    findings.iter().try_for_each(|finding| print_line(in_words(finding)))?;
    powers.iter().try_for_each(|(share, power)| {
        print_line(format_args!(
            "power: an office that removes the best unit's team in {:.0} % of shifts is flagged in {:.0} % of campaigns",
            100.0 * share,
            100.0 * power.share
        ))
    })
}

fn offices(state: &State) -> BTreeSet<Declarer> {
    let named = state.campaign().declarers().iter();
    named.filter_map(|office| office.as_str().parse().ok()).collect()
}

fn record(state: &State) -> Result<Vec<DealtShift>, Failure> {
    let shift = |dealt: sekong_centre::DealtShift| {
        let key = ShiftKey { day: dealt.day, shift: dealt.shift, pool: dealt.pool };
        let absent =
            dealt.absent.into_iter().filter_map(|(team, office)| Some((team, office.as_str().parse().ok()?)));
        DealtShift::new(key, dealt.dealt, absent.collect()).map_err(Failure::failed)
    };
    state.dealt_shifts().into_iter().map(shift).collect()
}

/// What the test would see in the whole campaign: of an office that declares on its share of the shifts that have more than
/// one team, in pools of the size that is usual among them.
fn powers(state: &State, terms: &Terms, record: &[DealtShift]) -> Result<Vec<(f64, Power)>, Failure> {
    let offices = terms.declarers.len();
    let days = u32::try_from(state.campaign().days().count()).unwrap_or(u32::MAX);
    let recorded: BTreeSet<Day> = record.iter().map(|shift| shift.key().day).collect();
    let mut sizes: Vec<usize> = record.iter().map(DealtShift::teams).filter(|teams| *teams > 1).collect();
    sizes.sort_unstable();
    let shifts = u32::try_from(sizes.len() / (recorded.len() * offices).max(1)).unwrap_or(u32::MAX);
    let Some(&teams) = sizes.get(sizes.len() / 2).filter(|_| shifts > 0) else { return Ok(Vec::new()) };
    let declared: usize = record.iter().map(DealtShift::absences).sum();
    // Of each office alone: they share the absences that there are.
    let honest = declared as f64 / sizes.iter().sum::<usize>() as f64 / offices as f64;
    let power = |share: f64| {
        let steering = Steering {
            days,
            shifts_per_day: shifts,
            teams,
            honest_chance: honest,
            steered_chance: share,
            declarers: NonZeroU32::try_from(u32::try_from(offices).unwrap_or(u32::MAX))
                .unwrap_or(NonZeroU32::MIN),
            alpha: terms.alpha,
        };
        Ok((share, power(&steering, CAMPAIGNS, SEED).map_err(Failure::failed)?))
    };
    STEERED_SHARES.into_iter().map(power).collect()
}

fn as_json(record: &[DealtShift], findings: &[Finding], powers: &[(f64, Power)], flag_at: f64) -> Value {
    let finding = |finding: &Finding| {
        let samples = match finding.p.method {
            Method::Exact => Value::Null,
            Method::MonteCarlo { samples } => samples.get().into(),
        };
        json!({
            "declarer": finding.declarer.as_str(),
            "absences": finding.absences,
            "shifts": finding.shifts,
            "worth_removed": finding.worths.map(|worths| worths.removed),
            "worth_all": finding.worths.map(|worths| worths.all),
            "p_low": finding.p.low, "p_high": finding.p.high, "p_two": finding.p.two, "samples": samples,
            "e_value": finding.e_value,
            "e_value_highest": finding.e_value_highest,
            "flagged": finding.flagged.as_ref().map(ToString::to_string),
        })
    };
    let power = |(share, power): &(f64, Power)| {
        json!({
            "steered": share, "flagged": power.share, "low": power.share_low, "high": power.share_high,
            "half_after_shifts": power.half_after_shifts,
        })
    };
    json!({
        "shifts": record.len(), "flag_at": flag_at,
        "declarers": findings.iter().map(finding).collect::<Vec<_>>(),
        "power": powers.iter().map(power).collect::<Vec<_>>(),
    })
}

fn in_words(finding: &Finding) -> String {
    let name = finding.declarer.as_str();
    let Some(worths) = finding.worths else { return format!("{name}: declared nobody away") };
    let flag = match &finding.flagged {
        Some(shift) => format!("FLAGGED after {shift}: ask why"),
        None => "no flag".to_owned(),
    };
    format!(
        "{name}: {} absences on {} shifts; their units were worth {:.1}, the lot gives {:.1}; e-value {:.2} (highest {:.2}), p {:.3}; {flag}",
        finding.absences,
        finding.shifts,
        worths.removed,
        worths.all,
        finding.e_value,
        finding.e_value_highest,
        finding.p.two,
    )
}
