//! A plan in words that a commander reads.

use std::fmt::Write;

use sekong_plan::{BindingSlot, Explanation, HeatRow, Plan, Staffing};

/// Rows of the table of chances, at most: those where the smuggler gains most.
const ROWS_MAX: usize = 30;
/// Slots that are named one by one.
const SLOTS_MAX: usize = 12;

/// The whole explanation, in paragraphs.
pub(crate) fn in_words(plan: &Plan, of: &Explanation) -> String {
    let parts = [
        bound(plan, of),
        pressed(of),
        table(of),
        rules(of),
        knowing(of),
        absent(of),
        other_ways(of),
        values(of),
        teams(of),
    ];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    format!("\n{}", parts.join("\n\n"))
}

fn bound(plan: &Plan, of: &Explanation) -> String {
    format!(
        "What it does\n  {} units at {} posts. A smuggler who knows the plan but not the dice can expect {:.2} at best.\n  \
         No plan whatever can hold him below {:.2}. Without inspections he could expect {:.2}.",
        plan.game().units().len(),
        plan.game().posts().len(),
        of.upper,
        of.lower,
        of.baselines.nothing
    )
}

fn pressed(of: &Explanation) -> String {
    let mut text = format!("Where it presses\n  He gains as much in any of {} post-hours:", of.binding.len());
    for slot in of.binding.iter().take(SLOTS_MAX) {
        let _ = write!(text, "\n  {}", slot_line(slot));
    }
    if of.binding.len() > SLOTS_MAX {
        let _ = write!(text, "\n  and {} more", of.binding.len() - SLOTS_MAX);
    }
    text
}

fn slot_line(slot: &BindingSlot) -> String {
    let units = match slot.units.len() {
        0 => "no unit can be there".to_owned(),
        1 => format!("only {} can be there", slot.units[0]),
        count => format!("{count} units can be there, most often {}", slot.units[0]),
    };
    format!(
        "{} at {:02}:00: detected with chance {:.0} %; {units}",
        slot.post,
        slot.hour,
        100.0 * slot.detection
    )
}

/// Chances in per cent, a column an hour; a dash where nobody comes.
fn table(of: &Explanation) -> String {
    let mut rows: Vec<&HeatRow> = of.heat.iter().collect();
    let worst = |row: &HeatRow| row.payoff.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    rows.sort_by(|one, other| worst(other).total_cmp(&worst(one)));
    let left_out = rows.len().saturating_sub(ROWS_MAX);
    rows.truncate(ROWS_MAX);
    let name = |row: &HeatRow| row.post.as_str().chars().count();
    let wide = rows.iter().map(|row| name(row)).max().unwrap_or(0).max("hour".len());
    let hours = rows.first().map_or(0, |row| row.inclusion.len());
    let mut text = format!("How often each post is inspected, in per cent by hour\n  {:wide$}", "hour");
    text.extend((0..hours).map(|hour| format!(" {hour:>3}")));
    for row in rows {
        let _ = write!(text, "\n  {:wide$}", row.post.as_str());
        text.extend(
            row.inclusion.iter().map(|chance| {
                if *chance > 0.0 { format!(" {:>3.0}", 100.0 * chance) } else { "   -".into() }
            }),
        );
    }
    if left_out > 0 {
        let _ = write!(text, "\n  and {left_out} posts where he gains less");
    }
    text
}

fn rules(of: &Explanation) -> String {
    let amount =
        |price: Option<f64>| price.map_or("an unknown amount".to_owned(), |price| format!("{price:.2}"));
    format!(
        "What the rules cost, as far as better plans were found without them\n  \
         the floor under every post-hour costs {}\n  \
         that teams may be bought costs {:.2}: with nobody bought this plan holds him to {:.2}\n  \
         that sentinels stand at every turn costs {}",
        amount(of.prices.floor),
        of.prices.bribes,
        of.knowing.unbribed,
        amount(of.prices.sentinels)
    )
}

fn knowing(of: &Explanation) -> String {
    let left = of.predictability;
    format!(
        "What knowing more is worth to him\n  \
         a bought team that phones whenever it stands alone: {:.2}\n  \
         one look at a post, then the best choice for that unit's next turn: {:.2}, after the most telling sight {:.2}\n  \
         a draw of the day has {:.0} bits, {:.1} an inspection; after one look {:.1} % of a unit's later inspections are \
         foretold with more than 90 %",
        of.knowing.informed,
        of.knowing.sighting,
        of.knowing.sighting_worst,
        left.entropy_bits,
        left.entropy_bits_per_inspection,
        100.0 * left.foretold_share
    )
}

fn absent(of: &Explanation) -> String {
    let mut text = String::new();
    for pool in &of.absent {
        let uppers: Vec<String> = pool.upper.iter().map(|upper| format!("{upper:.2}")).collect();
        let _ = write!(text, "\n  {}: {}", pool.pool, uppers.join(", "));
    }
    if text.is_empty() { text } else { format!("With 0, 1, … teams of a pool absent he can expect{text}") }
}

fn other_ways(of: &Explanation) -> String {
    let ways = &of.baselines;
    let lines = [
        ("this plan", of.upper),
        ("the best plan for coordinated units, moved apart", ways.additive_apart),
        ("in proportion to what posts are worth", ways.risk_proportional),
        ("every way alike", ways.uniform),
        ("the same walk every day", ways.fixed_rota),
    ];
    let lines: Vec<String> = lines.iter().map(|(name, upper)| format!("\n  {upper:>10.2}  {name}")).collect();
    format!("What he could expect under other ways to plan{}", lines.concat())
}

fn values(of: &Explanation) -> String {
    let regret = &of.regret;
    if regret.at_most <= 0.0 {
        return "If values are off by up to a factor of two\n  no plan made for the true values would do better".to_owned();
    }
    format!(
        "If values are off by up to a factor of two, each by itself\n  \
         he gains at most {:.2} more than under the best plan for the true values: at {}, {:02}:00, {:.2} instead of {:.2}",
        regret.at_most, regret.post, regret.hour, regret.payoff, regret.best
    )
}

fn teams(of: &Explanation) -> String {
    let own = of.staffing.iter().position(|step| step.pool.is_none()).unwrap_or(0);
    let line = |(at, step): (usize, &Staffing)| {
        let change = match &step.pool {
            None => "this plan".to_owned(),
            Some(pool) if at < own => format!("a crew of {pool} fewer in every shift"),
            Some(pool) => format!("a crew of {pool} more in every shift"),
        };
        format!("\n  {:>4} units {:>10.2}, no plan below {:.2}  {change}", step.units, step.upper, step.lower)
    };
    format!("What a crew buys{}", of.staffing.iter().enumerate().map(line).collect::<String>())
}
