//! `sekong plan`: the plan of one province and day.

use std::fs;
use std::path::Path;

use sekong_plan::{Explanation, Game, Outcome, Plan, SolveOptions, explain, solve};
use serde_json::json;

use crate::cli::PlanArgs;
use crate::explained::in_words;
use crate::failure::Failure;
use crate::files::read_campaign;
use crate::output::print_line;

pub(crate) fn run(args: &PlanArgs) -> Result<(), Failure> {
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
    tell(&outcome, explained.as_ref(), &args.out, &what, args.json)
}

/// Writes a plan.
pub(super) fn write(plan: &Plan, out: &Path) -> Result<(), Failure> {
    fs::write(out, plan.to_json())
        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", out.display())))
}

/// Says what a plan is worth, at length if it was explained.
pub(super) fn tell(
    outcome: &Outcome,
    explained: Option<&Explanation>,
    out: &Path,
    what: &str,
    as_json: bool,
) -> Result<(), Failure> {
    let Outcome { plan, stopped } = outcome;
    let value = plan.value().overall;
    if as_json {
        let mut line = json!({
            "out": out, "upper": value.upper, "lower": value.lower, "gap": value.gap,
            "unreachable": plan.unreachable().len(), "stopped": stopped,
        });
        if let Some(explained) = explained {
            line["explain"] = json!(explained);
        }
        return print_line(line);
    }
    print_line(format_args!("{what} written to {}", out.display()))?;
    print_line(format_args!(
        "worst case for us {:.4}, no plan can be below {:.4}, gap {:.2} %",
        value.upper,
        without_sign_of_zero(value.lower),
        100.0 * value.gap
    ))?;
    if *stopped {
        print_line("stopped at the time limit: this is the best plan met by then")?;
    }
    explained.map_or(Ok(()), |explained| print_line(in_words(plan, explained)))
}

/// What four digits show as zero is printed without a sign.
fn without_sign_of_zero(figure: f64) -> f64 {
    if figure.abs() < 5e-5 { 0.0 } else { figure }
}
