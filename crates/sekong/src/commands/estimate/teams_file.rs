//! A record of dealt shifts as JSON lines.

use std::collections::BTreeMap;
use std::path::Path;

use sekong_estimate::teams::ShiftDay;
use serde::Deserialize;

use super::edge::{Label, Pairs, Whole, parse, without_mark};
use crate::failure::Failure;
use crate::files::read_at_most;

/// A record's file is no longer.
const RECORD_MAX_BYTES: usize = 1 << 30;

/// Where what a line should be is told.
pub(super) const HINT: &str = "sekong estimate teams --help shows what a line holds";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    week: Whole,
    day: Label,
    pool: Label,
    shift: Label,
    units: Pairs<Whole>,
    dealt: Pairs<String>,
    #[serde(default)]
    away: Vec<String>,
    /// The equipment class; those of a pool have one, and the test asks no more of it.
    class: Option<Label>,
}

/// Reads a record with a find in it; whether its deals hold together is not looked at.
pub(super) fn read(path: &Path) -> Result<Vec<ShiftDay>, Failure> {
    let bytes = read_at_most(path, RECORD_MAX_BYTES)?;
    let lines = (1..).zip(without_mark(&bytes).split(|byte| *byte == b'\n'));
    let full = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    let (mut record, mut classes) = (Vec::new(), BTreeMap::new());
    for (number, line) in full {
        let place = format!("{}, line {number}", path.display());
        let mut line: Line = parse(&place, line, HINT)?;
        if line.units.0.is_empty() {
            return Err(Failure::failed(format!("{place}: units is empty")).hint(HINT));
        }
        let class = line.class.take().map(String::from);
        let shift = ShiftDay::from(line);
        check_class(&place, &shift.pool, class, &mut classes)?;
        record.push(shift);
    }
    if record.is_empty() {
        return Err(Failure::failed(format!("{}: no shift is in it", path.display())).hint(HINT));
    }
    if !has_find(&record) {
        let place = path.display();
        let failure =
            Failure::failed(format!("{place}: units has no find in any shift: nothing tells teams apart"));
        return Err(failure.hint(
            "come back after the first find; until there is one, planted simulants alone tell teams apart",
        ));
    }
    Ok(record)
}

/// Teams of unlike equipment find unlike much, whatever the lot gives them.
fn check_class(
    place: &str,
    pool: &str,
    class: Option<String>,
    classes: &mut BTreeMap<String, Option<String>>,
) -> Result<(), Failure> {
    let before = classes.entry(pool.to_owned()).or_insert_with(|| class.clone());
    if *before == class {
        return Ok(());
    }
    let word = |class: &Option<String>| class.clone().unwrap_or_else(|| "none".to_owned());
    let failure = Failure::failed(format!(
        "{place}: class is {}, that of the lines of {pool} before {}",
        word(&class),
        word(before)
    ));
    Err(failure.hint("the teams of a pool are of one class: make a pool of each, or leave class out"))
}

/// Without one every team has the e-value 1, which would read as if each had been tested.
fn has_find(record: &[ShiftDay]) -> bool {
    record.iter().flat_map(|shift| &shift.units).any(|(_, finds)| *finds > 0)
}

impl From<Line> for ShiftDay {
    fn from(line: Line) -> ShiftDay {
        ShiftDay {
            week: line.week.0,
            day: line.day.into(),
            pool: line.pool.into(),
            shift: line.shift.into(),
            units: line.units.0.into_iter().map(|(unit, finds)| (unit, finds.0)).collect(),
            dealt: line.dealt.0,
            away: line.away,
        }
    }
}
