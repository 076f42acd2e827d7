//! The tasks of `cargo xtask`, and how they call other programs.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus};

use crate::{arch, doctor, packages, web, workspace};

/// Why a task stopped.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// A program could not be started.
    #[error("cannot start `{command}`: {source}")]
    Start {
        /// The command line.
        command: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A program ran and failed; it has said why on stderr.
    #[error("`{command}` failed ({status})")]
    Failed {
        /// The command line.
        command: String,
        /// Its exit status.
        status: ExitStatus,
    },
    /// Something the task needs is not on this machine.
    #[error("{tool} is missing: {why}.\nRun this line, then try again:\n\n    {mend}\n")]
    Missing {
        /// What is missing.
        tool: &'static str,
        /// What needs it.
        why: &'static str,
        /// The exact line that installs it.
        mend: &'static str,
    },
    /// The Rust compiler is older than the workspace asks for.
    #[error("rustc {found} is too old, {needed} or newer is needed.\nRun: rustup update stable")]
    OldCompiler {
        /// Its version as it prints it.
        found: String,
        /// The workspace's `rust-version`.
        needed: &'static str,
    },
    /// A part of the torture, or of the benchmarks, that is not known.
    #[error("there is no part {part:?}: PART is one of {}, all", parts.join(", "))]
    NoSuchPart {
        /// As given.
        part: String,
        /// Those that are known.
        parts: &'static [&'static str],
    },
    /// Something failed under torture, or nothing was tried.
    #[error("not everything passed; the lines above say what")]
    Tortured,
    /// `cargo metadata` gave no answer.
    #[error(transparent)]
    Metadata(#[from] cargo_metadata::Error),
    /// `Cargo.lock` could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Relative to the root of the workspace.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Rules of the workspace are broken, one line each.
    #[error("{} rule(s) broken:\n{}", .0.len(), .0.join("\n"))]
    Broken(Vec<String>),
}

/// Builds the web pages and the release binary that holds them.
pub fn build() -> Result<(), Failure> {
    doctor::for_build()?;
    web::build()?;
    run(cargo(&["build", "--release", "--package", "sekong"]))
}

/// Checks the format and the lints, the pages by themselves and in a browser, then runs every test of the workspace;
/// what cargo test says comes last.
pub fn test() -> Result<(), Failure> {
    doctor::for_tests()?;
    run(cargo(&["fmt", "--all", "--", "--check"]))?;
    web::check()?;
    run(cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    run(cargo(&["test", "--workspace", "--no-run"]))?;
    web::browse(workspace::metadata()?.target_directory.join("debug/sekong").as_std_path())?;
    run(cargo(&["test", "--workspace"]))
}

/// Builds the release binary and becomes `sekong demo ARGS`: its output and its exit code are the task's.
pub fn demo(args: &[String]) -> Result<(), Failure> {
    build()?;
    let binary = workspace::metadata()?.target_directory.join("release/sekong");
    let args = args.strip_prefix(&["--".to_owned()]).unwrap_or(args);
    let mut command = Command::new(binary);
    command.arg("demo").args(args);
    let source = command.exec();
    Err(Failure::Start { command: line(&command), source })
}

/// Prints the arrows between the crates, or every rule of [`arch`] and [`packages`] that is broken.
pub fn arch() -> Result<(), Failure> {
    let metadata = workspace::metadata()?;
    let locked = packages::locked(&workspace::read("Cargo.lock")?);
    let mut broken: Vec<String> = arch::violations(&metadata).iter().map(ToString::to_string).collect();
    broken.extend(packages::duplicate_findings(&metadata, packages::TWICE).iter().map(ToString::to_string));
    broken.extend(packages::over_budget(locked).map(|finding| finding.to_string()));
    if !broken.is_empty() {
        return Err(Failure::Broken(broken));
    }
    for (from, to) in arch::arrows(&metadata) {
        let to = if to.is_empty() { "nothing of ours".to_owned() } else { to.join(", ") };
        println!("{from} → {to}");
    }
    println!("{locked} packages locked, {} allowed", packages::LOCKED_BUDGET);
    Ok(())
}

/// The cargo that runs this task, at the root of the workspace.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(args).current_dir(workspace::root());
    command
}

/// Runs a program to its end with this program's stdout and stderr.
pub(crate) fn run(mut command: Command) -> Result<(), Failure> {
    let outcome = command.status();
    match outcome {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Failed { command: line(&command), status }),
        Err(source) => Err(Failure::Start { command: line(&command), source }),
    }
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
