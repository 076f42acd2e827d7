//! Checks of one field: names, texts, numbers, ranges.

use std::collections::BTreeSet;

use crate::faults::{Faults, Kind, Problem};
use crate::raw::RawEstimate;
use crate::{Estimate, IdError};

/// Longest plain name, in bytes: unit names are built of three.
const NAME_MAX_BYTES: usize = 40;

/// Longest title or source, in characters.
const TEXT_MAX_CHARS: usize = 500;

/// Largest minutes, values and counts that make sense anywhere.
pub(super) const NUMBER_MAX: f64 = 1e9;

/// A name as an identifier of its type.
pub(super) fn id<T: TryFrom<String, Error = IdError>>(
    text: &str,
    field: String,
    faults: &mut Faults,
) -> Option<T> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let parsed = T::try_from(text.to_owned()).map_err(Problem::Id);
    let parsed = match parsed {
        Ok(_) if text.len() > NAME_MAX_BYTES || !text.chars().all(plain) => {
            Err(Problem::IdNotPlain { text: text.chars().take(NAME_MAX_BYTES).collect() })
        }
        other => other,
    };
    parsed.map_err(|problem| faults.report(field, problem)).ok()
}

/// 32 bytes in hexadecimal, in their one spelling.
pub(super) fn key(text: &str, field: String, faults: &mut Faults) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).filter(|_| !byte.is_ascii_uppercase());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(16 * digit(*high)? + digit(*low)?).ok(),
        _ => None,
    });
    let key = pairs.collect::<Option<Vec<u8>>>().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    if key.is_none() {
        faults.report(field, Problem::Key { text: text.chars().take(NAME_MAX_BYTES).collect() });
    }
    key
}

/// Names of a kind; reports those that are there twice.
pub(super) fn unique<'a>(
    kind: Kind,
    ids: impl Iterator<Item = (&'a str, String)>,
    faults: &mut Faults,
) -> BTreeSet<&'a str> {
    let mut known = BTreeSet::new();
    for (id, field) in ids {
        if !known.insert(id) {
            faults.report(field, Problem::Duplicate { kind, id: id.to_owned() });
        }
    }
    known
}

/// Whether a name is one of those that are known; reports it if not, with the most similar.
pub(super) fn known(
    kind: Kind,
    id: &str,
    names: &BTreeSet<&str>,
    field: String,
    faults: &mut Faults,
) -> bool {
    let is_known = names.contains(id);
    if !is_known {
        let near = names.iter().map(|name| (distance(id, name), *name)).filter(|(d, _)| *d <= 3).min();
        let near = near.map(|(_, name)| name.to_owned());
        faults.report(field, Problem::Unknown { kind, id: id.chars().take(80).collect(), near });
    }
    is_known
}

/// Edits between two short names (Levenshtein); names of very different length count as far apart.
fn distance(a: &str, b: &str) -> usize {
    if a.len().abs_diff(b.len()) > 3 || a.len() > NAME_MAX_BYTES {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((y, above), pair) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or(0);
            next.push((above + 1).min(left + 1).min(pair + usize::from(x != *y)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}

/// A title or a source.
pub(super) fn text(text: &str, field: String, faults: &mut Faults) {
    let length = text.trim().chars().take(TEXT_MAX_CHARS + 1).count();
    if length == 0 || length > TEXT_MAX_CHARS || text.chars().any(char::is_control) {
        faults.report(field, Problem::Text);
    }
}

/// A finite number within limits.
pub(super) fn number(
    value: f64,
    low: f64,
    high: f64,
    unit: &'static str,
    field: String,
    faults: &mut Faults,
) -> bool {
    let sane = (low..=high).contains(&value);
    if !sane {
        faults.report(field, Problem::OutOfRange { value, low, high, unit });
    }
    sane
}

/// A figure, not negative, within its range.
pub(super) fn amount(raw: RawEstimate, field: &str, faults: &mut Faults) -> Option<Estimate> {
    let parts = [(raw.best, "best"), (raw.low, "low"), (raw.high, "high")];
    let mut sane = true;
    for (value, part) in parts {
        sane &= number(value, 0.0, NUMBER_MAX, "units of value", format!("{field}.{part}"), faults);
    }
    sane.then(|| ordered(raw, field, faults)).flatten()
}

/// A chance in (0, 1] within its range.
pub(super) fn chance(raw: RawEstimate, field: &str, faults: &mut Faults) -> Option<Estimate> {
    let parts = [(raw.best, "best"), (raw.low, "low"), (raw.high, "high")];
    let mut sane = true;
    for (value, part) in parts {
        if !(value > 0.0 && value <= 1.0) {
            faults.report(format!("{field}.{part}"), Problem::NotAChance { value });
            sane = false;
        }
    }
    sane.then(|| ordered(raw, field, faults)).flatten()
}

fn ordered(raw: RawEstimate, field: &str, faults: &mut Faults) -> Option<Estimate> {
    let RawEstimate { best, low, high } = raw;
    if low <= best && best <= high {
        return Some(Estimate { best, low, high });
    }
    faults.report(field, Problem::RangeWithoutBest { low, best, high });
    None
}

/// Reports a list with fewer entries than are needed.
pub(super) fn at_least(kind: Kind, count: usize, least: usize, field: &str, faults: &mut Faults) {
    if count < least {
        faults.report(field, Problem::TooFew { kind, count, least });
    }
}
