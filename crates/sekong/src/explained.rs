//! A plan in words that a commander reads.

use std::fmt::Write;

use sekong_plan::{AbsentPool, Baselines, BindingSlot, Explanation, Game, HeatRow, Plan, Regret, Staffing};

/// Rows of the table of chances, at most: those where the smuggler gains most.
const ROWS_MAX: usize = 30;
/// Slots that are named one by one.
const SLOTS_MAX: usize = 12;

/// The whole explanation, in paragraphs.
pub(crate) fn in_words(plan: &Plan, of: &Explanation) -> String {
    let parts = [
        Some(worth(plan, of)),
        Some(pressed(plan, of)),
        Some(table(of)),
        Some(rules(of)),
        Some(knowing(of)),
        absent(of),
        of.baselines.as_ref().map(|ways| other_ways(of.upper, ways)),
        of.regret.as_ref().map(|regret| values(plan.game(), regret)),
        Some(teams(plan.game(), &of.staffing)),
        of.stopped.then(|| {
            "The time limit came before all of this was computed: what is not said is not known.".into()
        }),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    format!("\n{}", parts.join("\n\n"))
}

/// A figure to so many digits; zero has no sign.
pub(crate) fn amount(figure: f64, digits: usize) -> String {
    let text = format!("{figure:.digits$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|byte| b"0.".contains(&byte)) => zero.to_owned(),
        _ => text,
    }
}

/// What no plan can hold him below, as it is told: additive bounds know nothing of the fact that nobody loses more than
/// what capture costs.
pub(crate) fn bound(game: &Game, lower: f64) -> f64 {
    let captures = (0..game.slot_count()).map(|slot| game.capture(slot));
    lower.max(-captures.fold(0.0, f64::max))
}

fn money(figure: f64) -> String {
    amount(figure, 2)
}

fn worth(plan: &Plan, of: &Explanation) -> String {
    let game = plan.game();
    let dearest = (0..game.slot_count()).map(|slot| game.value(slot)).fold(0.0, f64::max);
    format!(
        "What it does\n  {} units at {} posts. Figures are what a smuggler gains: smaller is better.\n  \
         One who knows the plan but not the dice can expect {} at best. No plan whatever can hold him below {}.\n  \
         Without inspections he could expect {}.",
        game.units().len(),
        game.posts().len(),
        money(of.upper),
        money(bound(game, of.lower)),
        money(dearest)
    )
}

fn pressed(plan: &Plan, of: &Explanation) -> String {
    let bought = match plan.game().bribed() {
        0 => String::new(),
        1 => ", with the strongest team there taken as bought".to_owned(),
        count => format!(", with the {count} strongest teams there taken as bought"),
    };
    let mut text = format!(
        "Where it presses\n  He gains as much in any of {} post-hours. \
         A chance of detection counts that an inspection may miss him{bought}.",
        of.binding.len()
    );
    for slot in of.binding.iter().take(SLOTS_MAX) {
        let _ = write!(text, "\n  {}", slot_line(plan, slot));
    }
    if of.binding.len() > SLOTS_MAX {
        let _ = write!(text, "\n  and {} more", of.binding.len() - SLOTS_MAX);
    }
    text
}

fn slot_line(plan: &Plan, slot: &BindingSlot) -> String {
    let post = plan.game().post_index(&slot.post);
    let is_unreachable = post.is_some_and(|post| plan.unreachable().contains(&(post, slot.hour)));
    let units = match slot.units.len() {
        0 if is_unreachable => "no unit can be there".to_owned(),
        0 => "no unit goes there".to_owned(),
        1 => format!("only {} goes there", slot.units[0]),
        count => format!("{count} units go there, most often {}", slot.units[0]),
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
    let price = |price: Option<f64>| price.map_or("an unknown amount".to_owned(), money);
    format!(
        "What the rules cost, as far as better plans were found without them\n  \
         the floor under every post-hour costs {}\n  \
         that teams may be bought costs {}: with nobody bought this plan holds him to {}\n  \
         that sentinels stand at every turn costs {}",
        price(of.prices.floor),
        price(of.prices.bribes),
        money(of.knowing.unbribed),
        price(of.prices.sentinels)
    )
}

fn knowing(of: &Explanation) -> String {
    let mut text = format!(
        "What knowing more is worth to him\n  \
         a bought team that phones whenever it stands alone: {}\n  \
         one look at a post, then the best choice for that unit's next turn: {}, after the most telling sight {}",
        money(of.knowing.informed),
        money(of.knowing.sighting),
        money(of.knowing.sighting_worst),
    );
    if let Some(left) = of.predictability {
        let _ = write!(
            text,
            "\n  a draw of the day has {} bits, {} an inspection; after one look {} % of a unit's later inspections are \
             foretold with more than 90 %",
            amount(left.entropy_bits, 0),
            amount(left.entropy_bits_per_inspection, 1),
            amount(100.0 * left.foretold_share, 1)
        );
    }
    text
}

fn absent(of: &Explanation) -> Option<String> {
    let line = |pool: &AbsentPool| {
        let uppers: Vec<String> = pool.upper.iter().map(|upper| money(*upper)).collect();
        format!("\n  {}: {}", pool.pool, uppers.join(", "))
    };
    let lines: String = of.absent.iter().map(line).collect();
    (!lines.is_empty()).then(|| format!("With 0, 1, … teams of a pool absent he can expect{lines}"))
}

fn other_ways(upper: f64, ways: &Baselines) -> String {
    let lines = [
        ("this plan", upper),
        ("the best plan for coordinated units, moved apart", ways.additive_apart),
        ("in proportion to what posts are worth", ways.risk_proportional),
        ("every way alike", ways.uniform),
        ("the same walk every day", ways.fixed_rota),
    ];
    let lines: Vec<String> =
        lines.iter().map(|(name, upper)| format!("\n  {:>10}  {name}", money(*upper))).collect();
    format!("What he could expect under other ways to plan{}", lines.concat())
}

fn values(game: &Game, regret: &Regret) -> String {
    if regret.at_most <= 0.0 {
        return "If values are off by up to a factor of two\n  no plan made for the true values would do better".to_owned();
    }
    let others = if game.slot_count() > 1 { " and every other post-hour half" } else { "" };
    format!(
        "If values are off by up to a factor of two, each by itself\n  \
         he gains at most {} more than under the best plan for the true values: if {} at {:02}:00 is worth twice as much\n  \
         as was assumed{others}, he gains {} there instead of {}",
        money(regret.at_most),
        regret.post,
        regret.hour,
        money(regret.payoff),
        money(bound(game, regret.best))
    )
}

/// The curve from the fewest units to the most: what each line has beyond the one above.
fn teams(game: &Game, staffing: &[Staffing]) -> String {
    let own = staffing.iter().position(|step| step.pool.is_none()).unwrap_or(0);
    let line = |(at, step): (usize, &Staffing)| {
        // Below the plan's own number a step names the crew that was taken away to come there from the next one.
        let added = if at > own { Some(step) } else { at.checked_sub(1).map(|fewer| &staffing[fewer]) };
        let added = added.and_then(|step| step.pool.as_ref());
        let added =
            added.map(|pool| format!("  additionally a crew of {pool} in every shift")).unwrap_or_default();
        let mark = if at == own { "  = this plan" } else { "" };
        let lower = money(bound(game, step.lower));
        format!("\n  {:>4} units {:>10}, no plan below {lower}{added}{mark}", step.units, money(step.upper))
    };
    format!("What a crew buys{}", staffing.iter().enumerate().map(line).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_has_no_sign_and_other_figures_keep_theirs() {
        for (figure, text) in
            [(-0.0, "0.00"), (-0.004, "0.00"), (-0.006, "-0.01"), (-10.0, "-10.00"), (1.5, "1.50")]
        {
            assert_eq!(money(figure), text);
        }
    }
}
