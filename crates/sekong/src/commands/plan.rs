//! `sekong plan`: the plan of one province and day.

use std::fs;
use std::path::Path;

use sekong_plan::{Explanation, Game, Outcome, Plan, SolveOptions, explain, solve};
use serde_json::json;

use super::{cannot_write, ensure_writable};
use crate::cli::PlanArgs;
use crate::explained::{amount, bound, in_words};
use crate::failure::Failure;
use crate::files::read_campaign;
use crate::output::print_line;

pub(crate) fn run(args: &PlanArgs) -> Result<(), Failure> {
    ensure_writable(&args.out)?;
    let (_, campaign) = read_campaign(&args.campaign)?;
    if campaign.province(&args.province).is_none() {
        let known: Vec<_> = campaign.provinces().iter().map(|province| province.id.as_str()).collect();
        return Err(Failure::usage(format!("the campaign has no province {}", args.province))
            .hint(format!("--province takes one of {}", known.join(", "))));
    }
    if !campaign.holds(args.day) {
        return Err(Failure::usage(format!("{} is not a day of the campaign", args.day)).hint(format!(
            "--day takes {} to {}",
            campaign.first_day(),
            campaign.last_day()
        )));
    }
    let game = Game::of(&campaign, &args.province, args.day).map_err(Failure::failed)?;
    let options = SolveOptions::default();
    let plan = solve(&game, &options).map_err(Failure::failed)?;
    let what = format!("plan of {} on {}", args.province, args.day);
    let outcome = Outcome { plan, stopped: false };
    write(&outcome.plan, &args.out)?;
    let explained =
        args.explain.then(|| explain(&outcome.plan, &options)).transpose().map_err(Failure::failed)?;
    let told = Told { outcome: &outcome, gap_asked: options.gap, explained: explained.as_ref() };
    told.tell(&args.out, &what, args.json)
}

/// Writes a plan.
pub(super) fn write(plan: &Plan, out: &Path) -> Result<(), Failure> {
    fs::write(out, plan.to_json()).map_err(|error| cannot_write(out, &error))
}

/// What is told of a search.
pub(super) struct Told<'a> {
    pub(super) outcome: &'a Outcome,
    pub(super) gap_asked: f64,
    pub(super) explained: Option<&'a Explanation>,
}

impl Told<'_> {
    /// Says what a plan is worth, at length if it was explained.
    pub(super) fn tell(&self, out: &Path, what: &str, as_json: bool) -> Result<(), Failure> {
        let Outcome { plan, stopped } = self.outcome;
        let value = plan.value().overall;
        if as_json {
            let mut line = json!({
                "out": out, "upper": value.upper, "lower": value.lower, "gap": value.gap,
                "gap_asked": self.gap_asked, "reached": self.is_reached(),
                "unreachable": plan.unreachable().len(), "stopped": stopped,
            });
            if let Some(explained) = self.explained {
                line["explain"] = json!(explained);
            }
            return print_line(line);
        }
        print_line(format_args!("{what} written to {}", out.display()))?;
        print_line(format_args!(
            "the smuggler gains {} at most (smaller is better), no plan can hold him below {}, gap {:.2} %",
            amount(value.upper, 4),
            amount(bound(plan.game(), value.lower), 4),
            100.0 * gap(plan)
        ))?;
        if let Some(more) = self.what_is_left() {
            print_line(more)?;
        }
        self.explained.map_or(Ok(()), |explained| print_line(in_words(plan, explained)))
    }

    fn is_reached(&self) -> bool {
        gap(&self.outcome.plan) <= self.gap_asked
    }

    /// Why the gap is not what was asked for.
    fn what_is_left(&self) -> Option<String> {
        let asked = format!("a gap of {} % was asked for", 100.0 * self.gap_asked);
        match (self.outcome.stopped, self.is_reached()) {
            (true, true) => Some("stopped at the time limit: this is the best plan met by then".to_owned()),
            (true, false) => {
                Some(format!("stopped at the time limit: this is the best plan met by then, and {asked}"))
            }
            (false, false) => Some(format!(
                "{asked}: what is left is the price of units that move apart, or wants more search"
            )),
            (false, true) => None,
        }
    }
}

/// The certificate's gap, as far as it says something: nobody can be held below what capture costs him, and where nothing is
/// worth anything the grains of weight by which the mix states each province's own bound would show as a gap of all.
fn gap(plan: &Plan) -> f64 {
    let (game, value) = (plan.game(), plan.value().overall);
    let largest = |of: &dyn Fn(usize) -> f64| (0..game.slot_count()).map(of).fold(0.0, f64::max);
    let (worth, capture) = (largest(&|slot| game.value(slot)), largest(&|slot| game.capture(slot)));
    let lower = bound(game, value.lower);
    let left = value.upper - lower;
    if worth <= 0.0 && left <= GRAINS_SHARE * capture {
        0.0
    } else if lower > value.lower {
        left / lower.abs().max(0.01 * worth)
    } else {
        value.gap
    }
}

/// Of the largest cost of capture, so much may show in a bound for other provinces' grains of the mix.
const GRAINS_SHARE: f64 = 1e-6;
