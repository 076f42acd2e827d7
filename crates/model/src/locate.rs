//! From a field's path to its bytes in a TOML text, and back.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Bytes of the field `post[3].min_crew`; where it is missing, of the nearest table around it.
pub(crate) fn span_of(text: &str, field: &str) -> Option<Range<usize>> {
    let table = DeTable::parse(text).ok()?;
    let mut span = None;
    let mut here: Option<&Spanned<DeValue<'_>>> = None;
    for step in field.split(['.', '[']) {
        let next = match (step.strip_suffix(']'), here) {
            (Some(index), Some(value)) => value.get_ref().get(index.parse::<usize>().ok()?),
            (None, Some(value)) => value.get_ref().get(step),
            (_, None) => table.get_ref().get(step),
        };
        let Some(value) = next else { break };
        span = Some(value.span());
        here = Some(value);
    }
    span
}

/// Path of the smallest field that holds the byte at `offset`; empty when the text is not TOML.
pub(crate) fn field_at(text: &str, offset: usize) -> String {
    let Ok(table) = DeTable::parse(text) else { return String::new() };
    in_table(table.get_ref(), "", offset).unwrap_or_default()
}

fn in_table(table: &DeTable<'_>, path: &str, offset: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{}", key.get_ref());
        let inner = in_value(value, &path, offset);
        inner.or_else(|| key.span().contains(&offset).then_some(path))
    })
}

fn in_value(value: &Spanned<DeValue<'_>>, path: &str, offset: usize) -> Option<String> {
    let inner = match value.get_ref() {
        DeValue::Table(table) => in_table(table, path, offset),
        DeValue::Array(items) => {
            let mut places = items.iter().enumerate();
            places.find_map(|(i, item)| in_value(item, &format!("{path}[{i}]"), offset))
        }
        _ => None,
    };
    inner.or_else(|| value.span().contains(&offset).then(|| path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[a]\nx = 1\n[[b]]\ny = 2\n[[b]]\ny = 30\nz = [{ w = 4 }]\n";

    #[test]
    fn a_path_leads_to_its_value() {
        assert_eq!(&TEXT[span_of(TEXT, "b[1].y").unwrap()], "30");
        assert_eq!(&TEXT[span_of(TEXT, "b[1].z[0].w").unwrap()], "4");
        assert_eq!(&TEXT[span_of(TEXT, "b[1].missing").unwrap()], "[[b]]");
        assert_eq!(span_of(TEXT, "nothing"), None);
    }

    #[test]
    fn a_byte_leads_to_its_path() {
        assert_eq!(field_at(TEXT, TEXT.find("30").unwrap()), "b[1].y");
        assert_eq!(field_at(TEXT, TEXT.find('4').unwrap()), "b[1].z[0].w");
        assert_eq!(field_at(TEXT, TEXT.find('x').unwrap()), "a.x");
    }
}
