//! `sekong demo`: a simulated week from founding to verification.

use std::io::IsTerminal;
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use sekong_model::{Campaign, SourceBundle};
use sekong_simulate::Seed;
use serde_json::json;

use super::verify;
use crate::cli::DemoArgs;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::files::{parse_campaign, read_campaign, shipped_campaign};
use crate::output::{print, print_line};
use crate::simulated_week::{Week, WeekPlan, simulate};

pub(crate) fn run(args: &DemoArgs) -> Result<(), Failure> {
    let (files, campaign) = campaign(args)?;
    let days = campaign.days().count();
    if args.days as usize > days {
        return Err(Failure::usage(format!("the campaign has {days} days, not {}", args.days))
            .hint(format!("--days takes 1 to {days}")));
    }
    let temporary = tempfile::tempdir().map_err(Failure::failed)?;
    let folder = DataFolder::create(args.data.as_deref().unwrap_or(temporary.path()))?;
    let plan = WeekPlan { files: &files, campaign: &campaign, days: args.days, seed: Seed(args.seed) };
    let week = super::block_on(simulate(&plan, &folder, &mut bar("simulating")))?;
    let week = week.map_err(|failure| {
        failure.hint(format!(
            "{} holds an unfinished week: remove it before the next try",
            folder.root().display()
        ))
    })?;
    let verdict = verify::verify_folder(folder.root(), None, None, &mut bar("verifying"))?;
    print_week(args, &week, verdict.holds())?;
    if !args.no_serve {
        eprintln!(
            "this version runs the week and ends; serving it is still to come (--no-serve says so on purpose)"
        );
    }
    verify::outcome(&verdict).map_err(Failure::told)
}

fn campaign(args: &DemoArgs) -> Result<(SourceBundle, Campaign), Failure> {
    if let Some(path) = &args.campaign {
        return read_campaign(path);
    }
    let files = shipped_campaign();
    let campaign = parse_campaign(Path::new("campaigns/northeast-2017"), &files)?;
    Ok((files, campaign))
}

/// Progress on stderr, only where somebody looks at it.
fn bar(doing: &'static str) -> impl FnMut(u64, u64) {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(0) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(doing);
    eprintln!("{doing} …");
    move |done, of| {
        bar.set_length(of);
        bar.set_position(done);
        if done == of {
            bar.finish_and_clear();
        }
    }
}

fn print_week(args: &DemoArgs, week: &Week, verified: bool) -> Result<(), Failure> {
    let tally = &week.tally;
    if args.json {
        let line = json!({
            "days": args.days,
            "province_hours": tally.province_hours,
            "post_hours": tally.post_hours,
            "province_hours_covered": tally.province_hours_covered,
            "orders": tally.orders,
            "orders_driving": tally.orders_driving,
            "inspections": tally.inspections(),
            "late": tally.late,
            "missed": tally.missed,
            "late_arrived": tally.late_arrived,
            "log_size": week.log_size,
            "head": week.head,
            "commits": week.commits,
            "verified": verified,
        });
        return print_line(line);
    }
    print_line(format_args!(
        "{} days: {} of {} province-hours held",
        args.days, tally.province_hours_covered, tally.province_hours
    ))?;
    print_line(format_args!("{} orders, {} of them to drive", tally.orders, tally.orders_driving))?;
    print_line(format_args!(
        "{} inspections ({} in time, {} late, {} arrived late), {} missed",
        tally.inspections(),
        tally.done,
        tally.late,
        tally.late_arrived,
        tally.missed
    ))?;
    print_line(format_args!(
        "{} entries in {} commits, {} receipts checked",
        week.log_size, week.commits, week.receipts
    ))?;
    print(&week.head)?;
    print_line(if verified { "verified: every draw, order and report recomputed" } else { "NOT verified" })
}
