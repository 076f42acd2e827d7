//! `make torture PART=…`: tests that break the running system on purpose and take too long for every run.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::tasks::{Failure, cargo, run};
use crate::workspace;

/// The parts, in the order in which `all` runs them.
pub const PARTS: [&str; 4] = ["log", "centre", "estimate", "field"];

/// Longest time for one part, in minutes.
const PART_LIMIT_MINUTES: &str = "70m";

/// What a part came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    passed: u32,
    failed: u32,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Runs a part, or all; the last line is `N passed, N failed`.
///
/// # Errors
/// If anything failed, or nothing passed.
pub fn torture(part: &str) -> Result<(), Failure> {
    let parts: Vec<&str> = PARTS.into_iter().filter(|known| part == "all" || part == *known).collect();
    if parts.is_empty() {
        return Err(Failure::NoSuchPart { part: part.to_owned(), parts: &PARTS });
    }
    run(cargo(&["build", "--release", "--package", "sekong", "--package", "sekong-torture"]))?;
    let mut total = Tally::default();
    for part in parts {
        let tally = run_part(part)?;
        println!("{part}: {tally}");
        total = Tally { passed: total.passed + tally.passed, failed: total.failed + tally.failed };
    }
    println!("{total}");
    if total.failed == 0 && total.passed > 0 { Ok(()) } else { Err(Failure::Tortured) }
}

/// A part says its tally in its last line; what it says before is shown as it comes.
fn run_part(part: &str) -> Result<Tally, Failure> {
    let folder = workspace::metadata()?.target_directory.join("release");
    let mut command = Command::new("timeout");
    command.args(["--kill-after=30", PART_LIMIT_MINUTES]);
    command.arg(folder.join("sekong-torture")).arg(part).arg(folder.join("sekong"));
    let started = command.stdout(Stdio::piped()).spawn();
    let mut started = started.map_err(|source| Failure::Start { command: format!("{command:?}"), source })?;
    let lines = BufReader::new(started.stdout.take().expect("it is piped")).lines().map_while(Result::ok);
    let mut tally = None;
    for line in lines {
        tally = read_tally(&line);
        if tally.is_none() {
            println!("{line}");
        }
    }
    let _ = started.wait();
    // A part that says nothing at its end was stopped, which is a failure of its own.
    Ok(tally.unwrap_or(Tally { passed: 0, failed: 1 }))
}

/// Reads `N passed, N failed`.
fn read_tally(line: &str) -> Option<Tally> {
    let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
    Some(Tally { passed: passed.parse().ok()?, failed: failed.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_read_and_noise_is_not() {
        assert_eq!(read_tally("20 passed, 1 failed"), Some(Tally { passed: 20, failed: 1 }));
        for noise in ["", "passed, failed", "x passed, 1 failed", "1 passed, 1 failed."] {
            assert_eq!(read_tally(noise), None, "{noise}");
        }
    }
}
