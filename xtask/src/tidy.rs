//! Rules that the sources keep and the compiler does not: what a pure crate may name, how long a function may be,
//! what every crate must say of itself, what must not lie about.

use std::collections::BTreeSet;
use std::fmt;

use crate::arch::PURE;
use crate::rust_source::{Source, functions, imports, line_of, words};

/// Lines that a function may have, from `fn` to its closing brace.
pub const LONGEST_FUNCTION_LINES: usize = 70;

/// What a pure crate must not name outside its tests, and what to do instead.
pub const NOT_IN_PURE: [(&str, &str); 16] = [
    ("std::fs", "take text or bytes"),
    ("std::net", "leave networks to the centre"),
    ("std::env", "take settings as arguments"),
    ("std::process", "leave processes to the binary"),
    ("std::io::stdin", "take text or bytes"),
    ("std::io::stdout", "give values back"),
    ("std::io::stderr", "give values back"),
    ("SystemTime", "take the time as an argument"),
    ("Instant", "take the time as an argument"),
    ("println!", "give values back"),
    ("print!", "give values back"),
    ("eprintln!", "give values back"),
    ("eprint!", "give values back"),
    ("thread_local!", "keep no state outside values"),
    ("HashMap", "use BTreeMap: its order is the same in every run"),
    ("HashSet", "use BTreeSet: its order is the same in every run"),
];

/// What no source may hold, tests included.
const UNFINISHED: [(&str, &str); 4] = [
    ("todo!", "write it, or leave it out"),
    ("unimplemented!", "write it, or leave it out"),
    ("dbg!", "take it out"),
    ("#[ignore", "mend the test or remove it: a test that never runs holds nothing"),
];

/// Words in comments that stand for work not done; joined here so that this file keeps its own rule.
const PROMISES: [[&str; 2]; 3] = [["TO", "DO"], ["FIX", "ME"], ["Place", "holder while"]];

/// First folders of paths that exist on one machine only; joined to paths here so that this file keeps its own rule.
const MACHINE_FOLDERS: [&str; 4] = ["work", "root", "home", "tmp/target"];

/// A place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, from the root of the workspace.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

fn finding(path: &str, line: usize, message: String) -> Finding {
    Finding { path: path.to_owned(), line, message }
}

/// Functions of the product that do not fit on a screen.
pub fn long_functions(source: &Source) -> Vec<Finding> {
    let long =
        functions(&source.product).into_iter().filter(|function| function.lines > LONGEST_FUNCTION_LINES);
    long.map(|function| {
        let message = format!(
            "fn {} has {} lines, {LONGEST_FUNCTION_LINES} are allowed: give its steps names",
            function.name, function.lines
        );
        finding(&source.path, function.line, message)
    })
    .collect()
}

/// Code that is not done, promises in comments, and tests that never run.
pub fn unfinished(source: &Source) -> Vec<Finding> {
    let mut found = Vec::new();
    for (needle, mend) in UNFINISHED {
        let lines = words_or_marks(&source.code, needle).map(|at| line_of(&source.code, at));
        found.extend(lines.map(|line| finding(&source.path, line, format!("`{needle}`: {mend}"))));
    }
    for promise in PROMISES.map(|halves| halves.concat()) {
        let lines = words(&source.text, &promise).map(|at| line_of(&source.text, at));
        let message = format!("`{promise}`: do it, or take the words out");
        found.extend(lines.map(|line| finding(&source.path, line, message.clone())));
    }
    found
}

/// What a pure crate names of the outside world, of the clock, or of an order that changes from run to run.
pub fn impure(source: &Source) -> Vec<Finding> {
    if !source.crate_name().is_some_and(|name| PURE.contains(&name)) {
        return Vec::new();
    }
    let mut found = BTreeSet::new();
    for (needle, mend) in NOT_IN_PURE {
        let places = words_or_marks(&source.product, needle).chain(imported(&source.product, needle));
        for at in places {
            let message = format!("`{needle}` in a pure crate: {mend}");
            found.insert(finding(&source.path, line_of(&source.product, at), message));
        }
    }
    found.into_iter().collect()
}

/// A crate whose root does not begin by saying what it is.
pub fn undocumented_root(source: &Source) -> Option<Finding> {
    let is_root = ["/src/lib.rs", "/src/main.rs"].iter().any(|root| source.path.ends_with(root));
    let says = source.text.strip_prefix("//! ").is_some_and(|doc| !doc.trim_start().is_empty());
    let message = "begin with a `//!` line that says what the crate is".to_owned();
    (is_root && !says).then(|| finding(&source.path, 1, message))
}

/// Crates without a row in the table of ARCHITECTURE.md, and rows without a crate.
pub fn architecture_rows(document: &str, crates: &[String]) -> Vec<Finding> {
    let path = "ARCHITECTURE.md";
    // The table of places also begins its rows with a name in code; a place has a `/`.
    let name = |line: &str| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name.to_owned());
    let row = |line: &str| name(line).filter(|name| !name.contains('/'));
    let rows: Vec<(usize, String)> =
        document.lines().enumerate().filter_map(|(at, line)| Some((at + 1, row(line)?))).collect();
    let missing = crates.iter().filter(|name| !rows.iter().any(|(_, row)| row == *name));
    let missing = missing.map(|name| {
        finding(path, 1, format!("no row for crates/{name}: say what it is and what it never does"))
    });
    let gone = rows.iter().filter(|(_, row)| row != "xtask" && !crates.contains(row));
    let gone = gone.map(|(line, row)| finding(path, *line, format!("a row for `{row}`, which is no crate")));
    missing.chain(gone).collect()
}

/// Snapshots that no test makes any more, or that nobody has reviewed.
///
/// `snapshots` are paths and texts of `*.snap` and `*.snap.new` files. The header of a snapshot names its source; the last
/// part of its own name is the test's or the one given to the macro, with `-2` and so on after the first.
pub fn stray_snapshots(snapshots: &[(String, String)], sources: &[Source]) -> Vec<Finding> {
    snapshots.iter().filter_map(|(path, text)| Some(finding(path, 1, stray(path, text, sources)?))).collect()
}

fn stray(path: &str, text: &str, sources: &[Source]) -> Option<String> {
    let Some(stem) = path.strip_suffix(".snap") else {
        return Some("an unreviewed snapshot: accept it or remove it".to_owned());
    };
    let named = text.lines().find_map(|line| line.strip_prefix("source: ")).unwrap_or("(none)");
    let Some(source) = sources.iter().find(|source| source.path == named.trim_matches('"')) else {
        return Some(format!("its source {named} is gone: remove the snapshot"));
    };
    let name = stem.rsplit('/').next().and_then(|file| file.rsplit("__").next()).unwrap_or(stem);
    let name = name
        .rsplit_once('-')
        .filter(|(_, count)| count.parse::<u32>().is_ok())
        .map_or(name, |(name, _)| name);
    let used = source.text.contains(name);
    (!used).then(|| format!("{} has no `{name}`: remove the snapshot", source.path))
}

/// Files in a crate's `tests` folder that no source of the crate names, by file or by folder.
pub fn stray_test_data(files: &[String], sources: &[Source]) -> Vec<Finding> {
    let is_data = |path: &&String| {
        path.starts_with("crates/")
            && path.contains("/tests/")
            && !path.ends_with(".rs")
            && !path.contains(".snap")
    };
    let stray = files.iter().filter(is_data).filter(|path| !is_named(path, sources));
    stray.map(|path| finding(path, 1, "no source of its crate names it: remove it".to_owned())).collect()
}

/// Whether a source of the same crate holds the file's name, or that of a folder below `tests`.
fn is_named(path: &str, sources: &[Source]) -> bool {
    let krate = path.strip_prefix("crates/").and_then(|rest| rest.split('/').next());
    let below = path.split_once("/tests/").map_or(path, |(_, below)| below);
    let names = below.split('/').filter(|name| *name != "it");
    let names: Vec<&str> = names.collect();
    let mut own = sources.iter().filter(|source| source.crate_name() == krate);
    own.any(|source| names.iter().any(|name| source.text.contains(name)))
}

/// Paths that exist on one machine only.
pub fn machine_paths(path: &str, text: &str) -> Vec<Finding> {
    let starts_path = |before: &str| {
        !before.chars().next_back().is_some_and(|c| c.is_alphanumeric() || "._-~}/".contains(c))
    };
    let mut found = Vec::new();
    for folder in MACHINE_FOLDERS {
        let needle = format!("/{folder}");
        for (at, _) in text.match_indices(&needle) {
            let ends =
                text[at + needle.len()..].chars().next().is_none_or(|c| c == '/' || !c.is_alphanumeric());
            if ends && starts_path(&text[..at]) {
                let message =
                    format!("`{needle}` is a folder of one machine: name it from the root of the workspace");
                found.push(finding(path, line_of(text, at), message));
            }
        }
    }
    found
}

/// Where a word, a path or a mark such as `#[ignore` stands.
fn words_or_marks<'a>(code: &'a str, needle: &'a str) -> Box<dyn Iterator<Item = usize> + 'a> {
    if needle.starts_with('#') {
        return Box::new(code.match_indices(needle).map(|(at, _)| at));
    }
    let Some(name) = needle.strip_suffix('!') else {
        return Box::new(words(code, needle));
    };
    Box::new(words(code, name).filter(move |at| code[at + name.len()..].starts_with('!')))
}

/// Where a `use` item names the path or something below it, however it is grouped.
fn imported(code: &str, needle: &str) -> impl Iterator<Item = usize> {
    let below = format!("{needle}::");
    let named = move |path: &String| path.starts_with(&below);
    let exact = needle.to_owned();
    imports(code).into_iter().filter(move |(_, path)| *path == exact || named(path)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pure(text: &str) -> Vec<String> {
        messages(impure(&Source::new("crates/plan/src/x.rs", text)))
    }

    fn messages(findings: Vec<Finding>) -> Vec<String> {
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_function_one_line_too_long_is_found() {
        let body = "    step();\n";
        let fits = format!("fn f() {{\n{}}}\n", body.repeat(LONGEST_FUNCTION_LINES - 2));
        let long = format!("\nfn g() {{\n{}}}\n", body.repeat(LONGEST_FUNCTION_LINES - 1));
        let source = Source::new("crates/plan/src/x.rs", &(fits + &long));
        let found = messages(long_functions(&source));
        assert_eq!(
            found,
            ["crates/plan/src/x.rs:72: fn g has 71 lines, 70 are allowed: give its steps names"]
        );
    }

    #[test]
    fn unfinished_code_is_found_in_tests_too() {
        let text = "fn f() { todo!() }\n#[cfg(test)]\nmod t {\n #[test]\n #[ignore = \"slow\"]\n fn g() { dbg!(1); unimplemented!() }\n}";
        let found = messages(unfinished(&Source::new("x.rs", text)));
        let places: Vec<&str> = found.iter().map(|found| found.split(": ").next().unwrap_or("")).collect();
        assert_eq!(places, ["x.rs:1", "x.rs:6", "x.rs:6", "x.rs:5"]);
        let promise = format!("fn f() {{}} // {}: later", PROMISES[0].concat());
        assert_eq!(unfinished(&Source::new("x.rs", &promise)).len(), 1);
        assert!(unfinished(&Source::new("x.rs", "// todo! \nfn f() { \"dbg!\" }")).is_empty());
    }

    #[test]
    fn each_forbidden_name_is_found_in_a_pure_crate() {
        for (needle, mend) in NOT_IN_PURE {
            let code = match needle.strip_suffix('!') {
                Some(name) => format!("fn f() {{ {name}!(); }}"),
                None => format!("fn f() {{ {needle}::x(); }}"),
            };
            let expected = format!("crates/plan/src/x.rs:1: `{needle}` in a pure crate: {mend}");
            assert_eq!(pure(&code), [expected]);
        }
    }

    #[test]
    fn a_forbidden_name_is_found_inside_a_group_and_not_in_tests_or_other_crates() {
        let text = "use std::{fmt, fs};\n#[cfg(test)]\nmod tests { use std::env; }";
        assert_eq!(pure(text), ["crates/plan/src/x.rs:1: `std::fs` in a pure crate: take text or bytes"]);
        assert!(impure(&Source::new("crates/sekong/src/x.rs", text)).is_empty());
        assert!(pure("/// println! and HashMap\nfn f(instant: InstantOfTheDraw) {}").is_empty());
    }

    #[test]
    fn a_crate_root_without_a_first_doc_line_is_found() {
        let root = |text| undocumented_root(&Source::new("crates/plan/src/lib.rs", text)).is_some();
        assert!(root("mod a;\n//! late"));
        assert!(root("//! \n"));
        assert!(!root("//! What it is.\nmod a;"));
        assert!(undocumented_root(&Source::new("crates/plan/src/chain.rs", "mod a;")).is_none());
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_are_found() {
        let crates = ["plan".to_owned(), "draw".to_owned()];
        let found = messages(architecture_rows(
            "# A\n| `plan` | x |\n| `trace` | y |\n| `xtask` | z |\n| `a/` | b |",
            &crates,
        ));
        assert_eq!(
            found,
            [
                "ARCHITECTURE.md:1: no row for crates/draw: say what it is and what it never does",
                "ARCHITECTURE.md:3: a row for `trace`, which is no crate",
            ]
        );
    }

    #[test]
    fn snapshots_without_a_test_are_found() {
        let source =
            Source::new("crates/model/tests/it/load.rs", "fn names_the_line() { assert_snapshot!(x) }");
        let snap = |name: &str, source: &str| {
            let header = format!("---\nsource: {source}\nexpression: x\n---\ny\n");
            (format!("crates/model/tests/it/snapshots/{name}"), header)
        };
        let there = "crates/model/tests/it/load.rs";
        let kept =
            [snap("it__load__names_the_line.snap", there), snap("it__load__names_the_line-2.snap", there)];
        assert!(stray_snapshots(&kept, std::slice::from_ref(&source)).is_empty());
        let strays = [
            snap("it__load__old_name.snap", there),
            snap("it__load__names_the_line.snap", "crates/model/tests/it/gone.rs"),
            snap("it__load__names_the_line.snap.new", there),
        ];
        assert_eq!(stray_snapshots(&strays, &[source]).len(), strays.len());
    }

    #[test]
    fn test_data_that_no_source_names_is_found() {
        let source = Source::new("crates/log/tests/it/vectors.rs", "include_str!(\"golden/tree.json\")");
        let files =
            ["golden/tree.json", "forgotten/x.json"].map(|name| format!("crates/log/tests/it/{name}"));
        let found = messages(stray_test_data(&files, &[source]));
        assert_eq!(
            found,
            ["crates/log/tests/it/forgotten/x.json:1: no source of its crate names it: remove it"]
        );
    }

    #[test]
    fn paths_of_one_machine_are_found_and_addresses_are_not() {
        for folder in MACHINE_FOLDERS {
            let text =
                format!("a\nsee `/{folder}/x`, {folder}/x, https://example.org/{folder}/x, ../{folder}/x");
            let found = messages(machine_paths("README.md", &text));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with("README.md:2: "), "{found:?}");
        }
        assert!(machine_paths("x", "/workshop /rooted /homes").is_empty());
    }
}
