//! `sekong estimate`: what passed, by the plans that drew the inspections; what an analyst's sample says about its whole; and which team
//! finds less than the lot explains.

mod campaign;
mod edge;
mod replay;
mod sample_file;
mod teams_file;

pub(crate) use campaign::campaign;
pub(crate) use replay::{power, replay};
use sekong_centre::PowerView;
use sekong_estimate::Seed;
use sekong_estimate::design::{Certainty, Design, DesignError, Estimate, Known};
use sekong_estimate::detection::{of_double_inspections, of_second_team};
use sekong_estimate::teams::{
    ALPHA, HELD_BACK, THETAS, TeamFinding, Telling, Too, flag_at, power as power_of_finds, test_days,
    test_teams,
};
use serde_json::{Map, Value, json};

use crate::cli::{EstimateDesignArgs, EstimateTeamsArgs, EstimateTwiceArgs, Ratio};
use crate::failure::Failure;
use crate::output::print_line;

pub(crate) fn design(args: &EstimateDesignArgs) -> Result<(), Failure> {
    let place = args.file.display();
    let wrong = |error: DesignError| {
        let failure = Failure::failed(format!("{place}: {error}"));
        match error.hint() {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    };
    let design = Design::new(sample_file::read(&args.file)?).map_err(wrong)?;
    let found = Found::of(&design, &args.ratio).map_err(wrong)?;
    found
        .check_any_known()
        .map_err(|error| Failure::failed(format!("{place}: {error}")).hint(NO_VARIANCE_HINT))?;
    if args.json { print_line(found.as_json()) } else { found.print() }
}

const NO_VARIANCE_HINT: &str =
    "joint probabilities, guessed or given, may give no variance: take brewer, or yates_grundy with joint";

/// A sample of which no estimate has a variance.
#[derive(Debug, thiserror::Error)]
#[error("the estimated variance of the {what} is {variance}, below zero, and so is every other")]
struct NoneKnown {
    what: String,
    variance: f64,
}

/// Estimates by column.
type ByColumn = Vec<(String, Estimate)>;

/// Everything that is asked of a sample.
struct Found {
    totals: ByColumn,
    means: ByColumn,
    ratios: ByColumn,
    /// Totals and means by domain.
    domains: Vec<(String, ByColumn, ByColumn)>,
}

impl Found {
    fn of(design: &Design, ratios: &[Ratio]) -> Result<Found, DesignError> {
        let of_columns =
            |of: &dyn Fn(&str) -> Result<Estimate, DesignError>| -> Result<ByColumn, DesignError> {
                design.columns().map(|name| Ok((name.to_owned(), of(name)?))).collect()
            };
        let ratio =
            |of: &Ratio| Ok((format!("{}/{}", of.over, of.under), design.ratio(&of.over, &of.under)?));
        let domain = |name: &str| {
            let (mut totals, mut means) = (ByColumn::new(), ByColumn::new());
            for column in design.columns() {
                let (total, mean) = design.in_domain(column, name)?;
                totals.push((column.to_owned(), total));
                means.push((column.to_owned(), mean));
            }
            Ok((name.to_owned(), totals, means))
        };
        Ok(Found {
            totals: of_columns(&|column| design.total(column))?,
            means: of_columns(&|column| design.mean(column))?,
            ratios: ratios.iter().map(ratio).collect::<Result<_, _>>()?,
            domains: design.domains().into_iter().map(domain).collect::<Result<_, _>>()?,
        })
    }

    /// Every estimate with what it is of.
    fn all(&self) -> Vec<(String, &Estimate)> {
        let mut columns = vec![("total".to_owned(), &self.totals), ("mean".to_owned(), &self.means)];
        columns.push(("ratio".to_owned(), &self.ratios));
        for (name, totals, means) in &self.domains {
            columns.extend([(format!("total in {name}"), totals), (format!("mean in {name}"), means)]);
        }
        let mut all = Vec::new();
        for (what, of) in columns {
            all.extend(of.iter().map(|(name, estimate)| (format!("{what} of {name}"), estimate)));
        }
        all
    }

    /// Where one has a variance, those without are marked.
    fn check_any_known(&self) -> Result<(), NoneKnown> {
        let mut none = None;
        for (what, of) in self.all() {
            match of.certainty {
                Certainty::Known(_) => return Ok(()),
                Certainty::Negative { variance } => _ = none.get_or_insert(NoneKnown { what, variance }),
            }
        }
        none.map_or(Ok(()), Err)
    }

    fn as_json(&self) -> Value {
        let domains = self.domains.iter().map(|(name, totals, means)| {
            (name.clone(), json!({ "totals": columns_json(totals), "means": columns_json(means) }))
        });
        json!({
            "totals": columns_json(&self.totals),
            "means": columns_json(&self.means),
            "ratios": columns_json(&self.ratios),
            "domains": domains.collect::<Map<_, _>>(),
        })
    }

    fn print(&self) -> Result<(), Failure> {
        self.all().iter().try_for_each(|(what, of)| print_line(format_args!("{what}: {}", in_words(of))))
    }
}

fn columns_json(columns: &ByColumn) -> Value {
    columns
        .iter()
        .map(|(name, estimate)| (name.clone(), estimate_json(estimate)))
        .collect::<Map<_, _>>()
        .into()
}

/// An end that lies at infinity is null: with less than one degree of freedom Student's t says nothing. Zeros alone have the standard error
/// that R's survey gives them, marked as none; where the variance is estimated below zero there is none, and the variance stands beside.
fn estimate_json(of: &Estimate) -> Value {
    let known = of.known();
    let mut fields = json!({
        "est": of.est,
        "se": known.map(|known| known.se),
        "df": of.df,
        "t95": known.map(|known| [known.t95.low, known.t95.high]),
        "z95": known.map(|known| [known.z95.low, known.z95.high]),
    });
    if of.all_zero {
        fields["all_zero"] = json!(true);
    }
    if let Certainty::Negative { variance } = of.certainty {
        fields["negative_variance"] = json!(variance);
    }
    fields
}

fn in_words(of: &Estimate) -> String {
    if of.all_zero {
        return "0 (every value is 0, which tells no standard error: bound it by a model)".to_owned();
    }
    match of.certainty {
        Certainty::Known(Known { se, t95, .. }) => format!(
            "{} (standard error {se}, 95 % from {} to {} by t with {} degrees of freedom)",
            of.est, t95.low, t95.high, of.df
        ),
        Certainty::Negative { variance } => {
            format!("{} (no standard error: its variance is estimated at {variance}, below zero)", of.est)
        }
    }
}

pub(crate) fn twice(args: &EstimateTwiceArgs) -> Result<(), Failure> {
    let wrong = |error| {
        Failure::usage(error)
            .hint("count vehicles with a find: by the first team, by the second, by both of them")
    };
    let found = of_double_inspections(args.first, args.second, args.both).map_err(wrong)?;
    let detection = of_second_team(args.second, args.both).map_err(wrong)?;
    let (low, high) = (found.interval95.low, found.interval95.high);
    let (least, most) = (detection.interval95.low, detection.interval95.high);
    if args.json {
        return print_line(json!({
            "method": "chapman", "loads_at_least": found.loads, "se": found.se, "interval95": [low, high],
            "detection_at_most": detection.est, "detection95": [least, most],
        }));
    }
    let by =
        if found.se.is_some() { "Chapman and Chao" } else { "Chapman, and exact by the hypergeometric law" };
    print_line(format_args!(
        "{:.1} loads were there at least (95 % {low:.1} to {high:.1}, {by}); of what the second team found, the first had found {:.0} % \
         (95 % {:.0} to {:.0}, Clopper and Pearson), and of all at most so much",
        found.loads,
        100.0 * detection.est,
        100.0 * least,
        100.0 * most
    ))
}

pub(crate) fn teams(args: &EstimateTeamsArgs) -> Result<(), Failure> {
    let record = teams_file::read(&args.file)?;
    let wrong = |error| Failure::failed(format!("{}: {error}", args.file.display())).hint(teams_file::HINT);
    let found = if args.by_days { test_days(&record, Too::Little) } else { test_teams(&record) };
    let found = found.map_err(wrong)?;
    let power = power_of_finds(&record, HELD_BACK, 0, Seed(0)).map_err(wrong)?;
    let power: Vec<PowerView> = power.into_iter().map(PowerView::from).collect();
    if args.json {
        return print_line(teams_json(&found, &power));
    }
    let at = flag_at(found.len());
    print_line(format_args!("{} teams; the flag stands at {at:.0}, for an enquiry", found.len()))?;
    found.iter().try_for_each(|of| print_line(team_in_words(of)))?;
    power.iter().try_for_each(|of| print_line(power_in_words(of)))
}

/// Without this no flag, and no lack of one, says anything.
fn power_in_words(of: &PowerView) -> String {
    format!(
        "{}: of {} teams, to each of which the lot gave {:.1} finds, one that held {:.0} % of them back would be flagged by now with chance \
         {:.2}, day by day",
        of.pool,
        of.teams,
        of.expected,
        100.0 * of.held_back,
        of.chance
    )
}

fn teams_json(found: &[TeamFinding], power: &[PowerView]) -> Value {
    let team = |of: &TeamFinding| {
        let e_values = of.e_values.iter().map(|(week, e)| json!({ "week": week, "e": e }));
        let finding = json!({
            "expected": of.expected,
            "found": of.found,
            "e_values": e_values.collect::<Vec<_>>(),
            "flag_week": of.flag_week,
            "ebh_week": of.ebh_week,
            "strongest": of.strongest.iter().map(telling_json).collect::<Vec<_>>(),
        });
        (of.team.clone(), finding)
    };
    json!({
        "teams": found.iter().map(team).collect::<Map<_, _>>(),
        "flag_at": flag_at(found.len()),
        "alpha": ALPHA,
        "thetas": THETAS,
        "power": power,
    })
}

fn telling_json(of: &Telling) -> Value {
    json!({
        "week": of.week, "day": of.day, "shift": of.shift, "unit": of.unit,
        "expected": of.expected, "counted": of.counted,
    })
}

fn team_in_words(of: &TeamFinding) -> String {
    let last = of.e_values.last().map_or(1.0, |(_, e)| *e);
    let flag = match (of.flag_week, of.ebh_week) {
        (Some(week), _) => format!("; FLAGGED in week {week}"),
        (None, Some(week)) => format!("; named by e-BH after week {week}"),
        (None, None) => String::new(),
    };
    format!(
        "{}: found {}, the lot gave it {:.1} on average, e-value {last:.3}{flag}",
        of.team, of.found, of.expected
    )
}
