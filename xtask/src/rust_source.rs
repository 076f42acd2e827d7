//! Rust sources as the rules see them: comments, literals and tests blanked, lines kept.
//!
//! This is no parser. It knows where comments, literals, braces and functions end, which is all the rules ask.

/// One Rust file.
#[derive(Debug, Clone)]
pub struct Source {
    /// From the root of the workspace, with `/`.
    pub path: String,
    /// As it stands in the file.
    pub text: String,
    /// The text with comments and literals blanked.
    pub code: String,
    /// The code without what is compiled for tests alone.
    pub product: String,
}

/// A function with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// Lines from `fn` to the closing brace, both counted.
    pub lines: usize,
}

impl Source {
    /// Blanks what the rules must not see.
    pub fn new(path: &str, text: &str) -> Source {
        let code = blanked(text);
        let in_tests = path.split('/').any(|folder| folder == "tests" || folder == "benches");
        let product = if in_tests { String::new() } else { without_test_items(&code) };
        Source { path: path.to_owned(), text: text.to_owned(), code, product }
    }

    /// The folder under `crates/` that holds the file.
    pub fn crate_name(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Paths, without `.rs`, of the modules that this file declares for tests alone (`#[cfg(test)] mod name;`).
    fn test_modules(&self) -> Vec<String> {
        let stem = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let folder = ["lib", "main", "mod"].iter().find_map(|root| stem.strip_suffix(&format!("/{root}")));
        let declared = self.code.split(CFG_TEST).skip(1).filter_map(|after| {
            let name = after.trim_start().trim_start_matches("pub ").strip_prefix("mod ")?;
            name.split_once(';').map(|(name, _)| name.trim())
        });
        declared
            .filter(|name| name.chars().all(is_word))
            .map(|name| format!("{}/{name}", folder.unwrap_or(stem)))
            .collect()
    }
}

/// Empties the product code of the files that a parent declares as test modules.
pub fn mark_test_modules(mut sources: Vec<Source>) -> Vec<Source> {
    let modules: Vec<String> = sources.iter().flat_map(Source::test_modules).collect();
    for source in &mut sources {
        let is_test = |module: &String| {
            source
                .path
                .strip_prefix(module.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        };
        if modules.iter().any(is_test) {
            source.product.clear();
        }
    }
    sources
}

/// Every function with a body, in order of its `fn`.
pub fn functions(code: &str) -> Vec<Function> {
    words(code, "fn").filter_map(|at| function_at(code, at)).collect()
}

/// Where `needle` stands in the code as a whole word or path.
pub fn words<'a>(code: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    code.match_indices(needle).map(|(at, _)| at).filter(move |&at| {
        let before = code[..at].chars().next_back();
        let after = code[at + needle.len()..].chars().next();
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Every path that the `use` items name, groups written out, each with the place of its item.
pub fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in words(code, "use") {
        let tree = code[at + "use".len()..].split(';').next().unwrap_or_default();
        let tree: String = tree.chars().filter(|c| !c.is_whitespace()).collect();
        found.extend(written_out("", &tree).into_iter().map(|path| (at, path)));
    }
    found
}

/// The line of a place in the code, from 1.
pub fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

const CFG_TEST: &str = "#[cfg(test)]";

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn function_at(code: &str, at: usize) -> Option<Function> {
    let rest = code[at + "fn".len()..].trim_start();
    let name: String = rest.chars().take_while(|&c| is_word(c)).collect();
    let end = item_end(code, at)?;
    let has_body = code[..end].ends_with('}');
    let lines = line_of(code, end) - line_of(code, at) + 1;
    (has_body && !name.is_empty()).then(|| Function { name, line: line_of(code, at), lines })
}

/// The place after the `;` or the body that ends the item at `start`.
fn item_end(code: &str, start: usize) -> Option<usize> {
    let mut brackets = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(start) {
        match byte {
            b'(' | b'[' => brackets += 1,
            b')' | b']' => brackets = brackets.saturating_sub(1),
            b';' if brackets == 0 => return Some(at + 1),
            b'{' if brackets == 0 => return block_end(code, at),
            _ => {}
        }
    }
    None
}

/// The place after the brace that closes the one at `open`.
fn block_end(code: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return Some(at + 1),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn without_test_items(code: &str) -> String {
    let mut product = String::new();
    let mut rest = code;
    while let Some(at) = rest.find(CFG_TEST) {
        let end = item_end(rest, at + CFG_TEST.len()).unwrap_or(rest.len());
        product.push_str(&rest[..at]);
        blank_into(&mut product, &rest[at..end]);
        rest = &rest[end..];
    }
    product.push_str(rest);
    product
}

fn written_out(prefix: &str, tree: &str) -> Vec<String> {
    let Some((head, group)) = tree.split_once('{') else {
        return vec![format!("{prefix}{tree}")];
    };
    let group = group.strip_suffix('}').unwrap_or(group);
    let prefix = format!("{prefix}{head}");
    members(group).into_iter().flat_map(|member| written_out(&prefix, member)).collect()
}

/// Splits at the commas outside inner groups.
fn members(group: &str) -> Vec<&str> {
    let mut depth = 0usize;
    let outside = |c: char| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    group.split(outside).filter(|member| !member.is_empty()).collect()
}

/// The text with every comment and literal turned into spaces.
fn blanked(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = hidden_len(rest, code.chars().next_back());
        if hidden == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            blank_into(&mut code, &rest[..hidden]);
            rest = &rest[hidden..];
        }
    }
    code
}

fn blank_into(code: &mut String, text: &str) {
    code.extend(text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
}

/// Bytes of the comment or literal that starts here, 0 if none does.
fn hidden_len(rest: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(is_word);
    match rest.as_bytes() {
        [b'/', b'/', ..] => rest.find('\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => block_comment_len(rest),
        [b'"', ..] => 1 + quoted_len(&rest[1..], '"'),
        [b'\'', ..] => char_len(rest),
        [b'r' | b'b' | b'c', ..] if !in_word => raw_string_len(rest),
        _ => 0,
    }
}

fn block_comment_len(rest: &str) -> usize {
    let mut depth = 0usize;
    let mut at = 0;
    while at < rest.len() {
        let step = match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        at += step;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// Bytes up to and with the closing quote; a backslash hides the next character.
fn quoted_len(rest: &str, quote: char) -> usize {
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return at + 1;
        }
        if c == '\\' {
            chars.next();
        }
    }
    rest.len()
}

/// A character literal, or 0 for a lifetime or label.
fn char_len(rest: &str) -> usize {
    let inner = &rest[1..];
    let mut chars = inner.chars();
    match (chars.next(), chars.next()) {
        (Some('\\'), _) => 1 + quoted_len(inner, '\''),
        (Some(c), Some('\'')) => 1 + c.len_utf8() + 1,
        _ => 0,
    }
}

fn raw_string_len(rest: &str) -> usize {
    let Some(after) = ["br", "cr", "r"].iter().find_map(|prefix| rest.strip_prefix(prefix)) else {
        return 0;
    };
    let hashes = after.len() - after.trim_start_matches('#').len();
    let Some(body) = after[hashes..].strip_prefix('"') else {
        return 0;
    };
    let close = format!("\"{}", "#".repeat(hashes));
    let opened = rest.len() - body.len();
    body.find(&close).map_or(rest.len(), |at| opened + at + close.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_literals_are_blanked_and_lines_kept() {
        let text = "a // x\n/* y /* z */ w */ b \"q\\\" {\" c r#\"d \" e\"# '{' '\\'' 'life b\"f\" rest";
        let code = blanked(text);
        assert_eq!(code.split_whitespace().collect::<Vec<_>>(), ["a", "b", "c", "'life", "b", "rest"]);
        assert_eq!(code.len(), text.len());
        assert_eq!(code.matches('\n').count(), 1);
    }

    #[test]
    fn functions_are_measured_from_fn_to_the_closing_brace() {
        let code = "trait T { fn declared(&self) -> [u8; 2]; }\nfn a<'x>(f: fn(u8) -> u8)\n{\n  if x { y }\n}\nfn b() {}";
        let measured: Vec<_> = functions(code).into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(measured, [("a".to_owned(), 2, 4), ("b".to_owned(), 6, 1)]);
    }

    #[test]
    fn test_items_are_not_product() {
        let source =
            Source::new("crates/x/src/lib.rs", "fn a() {}\n#[cfg(test)]\nmod tests { fn b() {} }\nfn c() {}");
        let names: Vec<_> = functions(&source.product).into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["a", "c"]);
        assert_eq!(functions(&source.product)[1].line, 4);
        assert!(Source::new("crates/x/tests/it/main.rs", "fn b() {}").product.is_empty());
    }

    #[test]
    fn files_declared_as_test_modules_are_not_product() {
        let parent = Source::new("crates/x/src/lib.rs", "mod real;\n#[cfg(test)]\nmod brute;");
        let inner = Source::new("crates/x/src/real.rs", "#[cfg(test)] mod laws;");
        let files = ["crates/x/src/brute.rs", "crates/x/src/brute/deep.rs", "crates/x/src/real/laws.rs"];
        let files = files.map(|path| Source::new(path, "fn f() {}"));
        let marked = mark_test_modules([vec![parent, inner], files.to_vec()].concat());
        assert!(marked[0].product.contains("mod real;"));
        assert!(marked[2..].iter().all(|source| source.product.is_empty()));
    }

    #[test]
    fn grouped_imports_are_written_out() {
        let code = "use std::{collections::{BTreeMap, HashMap}, fs};\nuse a::b as c;";
        let paths: Vec<_> = imports(code).into_iter().map(|(_, path)| path).collect();
        assert_eq!(paths, ["std::collections::BTreeMap", "std::collections::HashMap", "std::fs", "a::basc"]);
    }
}
