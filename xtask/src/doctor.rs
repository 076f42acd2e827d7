//! What the build and the tests need on a machine: found, installed, or named with the line that installs it.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::tasks::{Failure, cargo, run};

/// The oldest compiler the workspace accepts.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

const STRACE: Failure = Failure::Missing {
    tool: "strace",
    why: "the durability tests count a group commit's fsync calls with it, and have calls fail",
    mend: "sudo apt-get update && sudo apt-get install --yes strace",
};

const GO: Failure = Failure::Missing {
    tool: "Go with golang.org/x/mod",
    why: "the log is also proven with the Go team's own code, by reference/go-verify",
    mend: "sudo apt-get update && sudo apt-get install --yes golang-go golang-golang-x-mod-dev",
};

const PYTHON: Failure = Failure::Missing {
    tool: "python3",
    why: "golden vectors are made again by the scripts in reference/",
    mend: "sudo apt-get update && sudo apt-get install --yes python3",
};

/// Where Debian puts the sources of golang.org/x/mod; the tests build with them.
const GO_MOD_SOURCES: &str = "/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog";

/// The browser that the pages are tried in.
pub const CHROMIUM: &str = "/usr/bin/chromium";

/// The oldest Node that builds the pages.
const NODE_VERSION: &str = "20.19";

const BROWSER: Failure = Failure::Missing {
    tool: "chromium",
    why: "the pages are tried in a real browser",
    mend: "sudo apt-get update && sudo apt-get install --yes chromium",
};

const NODE: Failure = Failure::Missing {
    tool: "Node 20.19 or newer, with npm",
    why: "the web pages are built and tried with it",
    mend: "curl -fsSL https://deb.nodesource.com/setup_20.x | sudo bash - && sudo apt-get install --yes nodejs",
};

const COMPONENTS: Failure = Failure::Missing {
    tool: "rustfmt or clippy",
    why: "`make test` checks the format and the lints first",
    mend: "rustup component add rustfmt clippy",
};

/// What `make build` and `make demo` need: a recent compiler.
pub fn for_build() -> Result<(), Failure> {
    let answer = said_by("rustc", &["--version"]).unwrap_or_default();
    let found = answer.split_whitespace().nth(1).unwrap_or("(no answer)");
    if recent_enough(found, RUST_VERSION) {
        return Ok(());
    }
    Err(Failure::OldCompiler { found: found.to_owned(), needed: RUST_VERSION })
}

/// What `make test` needs on top: rustfmt, clippy, Node, strace, Python, Go, Chromium. Installs what is missing where it may.
pub fn for_tests() -> Result<(), Failure> {
    for_build()?;
    obtain(has_components, &[&["rustup", "component", "add", "rustfmt", "clippy"]], COMPONENTS)?;
    node()?;
    from_debian(has_strace, &["strace"], STRACE)?;
    from_debian(has_python, &["python3"], PYTHON)?;
    from_debian(has_go, &["golang-go", "golang-golang-x-mod-dev"], GO)?;
    from_debian(has_chromium, &["chromium"], BROWSER)
}

/// What the pages need: Node and npm.
pub fn node() -> Result<(), Failure> {
    let version = said_by("node", &["--version"]).unwrap_or_default();
    let there = recent_enough(version.trim().trim_start_matches('v'), NODE_VERSION);
    if there && said_by("npm", &["--version"]).is_some() { Ok(()) } else { Err(NODE) }
}

fn from_debian(present: fn() -> bool, packages: &[&str], missing: Failure) -> Result<(), Failure> {
    let install = [&["apt-get", "install", "--yes", "--no-install-recommends"], packages].concat();
    let steps: &[&[&str]] = if is_root() { &[&["apt-get", "update"], &install] } else { &[] };
    obtain(present, steps, missing)
}

fn has_chromium() -> bool {
    said_by(CHROMIUM, &["--version"]).is_some()
}

/// Checks, else takes the steps that install it and checks again.
fn obtain(present: fn() -> bool, steps: &[&[&str]], missing: Failure) -> Result<(), Failure> {
    if present() {
        return Ok(());
    }
    // A step that fails has said why on stderr; the second look decides.
    let taken = steps.iter().all(|words| run(command(words)).is_ok());
    if taken && present() { Ok(()) } else { Err(missing) }
}

fn command(words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn has_components() -> bool {
    ["fmt", "clippy"].into_iter().all(|tool| {
        let mut command = cargo(&[tool, "--version"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        run(command).is_ok()
    })
}

fn has_strace() -> bool {
    said_by("strace", &["--version"]).is_some()
}

fn has_python() -> bool {
    said_by("python3", &["--version"]).is_some()
}

fn has_go() -> bool {
    said_by("go", &["version"]).is_some() && Path::new(GO_MOD_SOURCES).is_dir()
}

fn is_root() -> bool {
    said_by("id", &["-u"]).is_some_and(|uid| uid.trim() == "0")
}

/// What a program printed on stdout, if it ran and succeeded.
fn said_by(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Compares the leading numbers, so that `1.95.0-nightly` is as recent as `1.95`.
fn recent_enough(found: &str, needed: &str) -> bool {
    let numbers = |version: &str| -> Vec<u32> {
        let digits =
            |part: &str| part.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok());
        version.split('.').map_while(digits).collect()
    };
    !numbers(found).is_empty() && numbers(found) >= numbers(needed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number_and_not_by_letter() {
        assert!(recent_enough("1.95.0", "1.95"));
        assert!(recent_enough("1.100.0", "1.95"));
        assert!(recent_enough("1.95.0-nightly", "1.95"));
        assert!(!recent_enough("1.94.1", "1.95"));
        assert!(!recent_enough("(no answer)", "1.95"));
    }

    #[test]
    fn what_cannot_be_obtained_is_named_with_the_line_that_installs_it() {
        let failure = obtain(|| false, &[&["true"]], STRACE).expect_err("never present");
        assert!(failure.to_string().contains("sudo apt-get update && sudo apt-get install --yes strace"));
        assert!(obtain(|| false, &[&["false"]], COMPONENTS).is_err());
        assert!(
            obtain(|| true, &[&["false"]], COMPONENTS).is_ok(),
            "nothing is installed over what is there"
        );
    }
}
