//! The help: one snapshot of all of it, with examples that are commands.

use clap::{CommandFactory, Parser};
use sekong::cli::Cli;

use crate::run::sekong;

/// The words that lead to every command, the bare program first.
fn paths() -> Vec<Vec<String>> {
    fn walk(command: &clap::Command, path: Vec<String>, paths: &mut Vec<Vec<String>>) {
        for inner in command.get_subcommands() {
            walk(inner, [path.clone(), vec![inner.get_name().to_owned()]].concat(), paths);
        }
        paths.insert(0, path);
    }
    let mut paths = Vec::new();
    walk(&Cli::command(), Vec::new(), &mut paths);
    paths.sort();
    paths
}

fn help(path: &[String]) -> String {
    sekong(path.iter().map(String::as_str).chain(["--help"])).exits(0).stdout
}

/// The lines below `Example:` or `Examples:`.
fn examples(help: &str) -> Vec<&str> {
    help.lines().skip_while(|line| !line.starts_with("Example")).skip(1).map(str::trim).collect()
}

#[test]
fn the_help_of_every_command_is_as_recorded() {
    let all: Vec<String> = paths()
        .iter()
        .map(|path| {
            format!("$ sekong {}\n{}", [path.join(" "), "--help".into()].join(" ").trim_start(), help(path))
        })
        .collect();
    insta::assert_snapshot!("help", all.join("\n"));
}

#[test]
fn every_example_in_the_help_is_a_command_of_its_page() {
    for path in paths() {
        let help = help(&path);
        let examples = examples(&help);
        assert!(!examples.is_empty(), "no example in the help of sekong {}", path.join(" "));
        for example in examples {
            assert!(
                example.starts_with(["sekong".to_owned(), path.join(" ")].join(" ").trim_end()),
                "{example}"
            );
            Cli::try_parse_from(example.split_whitespace())
                .unwrap_or_else(|error| panic!("{example}: {error}"));
        }
    }
}

#[test]
fn a_command_that_does_not_exist_is_a_usage_error() {
    sekong(["inspect"]).exits(2).prints_nothing().says(&["inspect"]);
    sekong(["campaign"]).exits(2).prints_nothing();
    sekong([""; 0]).exits(2).prints_nothing();
}
