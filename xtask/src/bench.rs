//! `make bench`: the project's own figures beside a named peer's in the same run. Never a test: machines differ.

use std::path::Path;
use std::process::Command;

use crate::tasks::{Failure, cargo, run};
use crate::workspace;

/// What the peers are installed with, in a folder of the build.
const PEERS: [&str; 3] = ["cryptography==48.0.0", "highspy==1.16.0", "numpy==2.4.6"];

/// The parts, in the order in which `all` runs them.
pub const PARTS: [&str; 4] = ["estimate", "log", "plan", "audit"];

/// Measures a part, or all; `sizes` are posts of the plan's games, or days of the records that are audited.
///
/// # Errors
/// If there is no such part, or something cannot be built or run.
pub fn bench(part: &str, sizes: &[String]) -> Result<(), Failure> {
    let parts: Vec<&str> = PARTS.into_iter().filter(|known| part == "all" || part == *known).collect();
    if parts.is_empty() {
        return Err(Failure::NoSuchPart { part: part.to_owned(), parts: &PARTS });
    }
    if parts.contains(&"estimate") {
        run(cargo(&["bench", "--quiet", "--package", "sekong-estimate", "--bench", "survey"]))?;
        run(cargo(&["bench", "--quiet", "--package", "sekong-centre", "--bench", "estimates"]))?;
    }
    if parts.contains(&"log") {
        run(cargo(&["bench", "--quiet", "--package", "sekong-centre", "--bench", "ingest"]))?;
        run(cargo(&["bench", "--quiet", "--package", "sekong-log", "--bench", "audit"]))?;
    }
    // Sizes are of one part; beside others each has its own.
    let sizes = if parts.len() == 1 { sizes } else { &[] };
    if parts.contains(&"plan") {
        beside_peers("bench_plan.py", &[], sizes)?;
    }
    if parts.contains(&"audit") {
        let records = workspace::metadata()?.target_directory.join("bench-audit");
        beside_peers("bench_audit.py", &[records.as_str()], sizes)?;
    }
    Ok(())
}

/// Builds the release binary, installs the peers where they are missing, and has a script of `reference/` measure both.
fn beside_peers(script: &str, arguments: &[&str], sizes: &[String]) -> Result<(), Failure> {
    run(cargo(&["build", "--release", "--package", "sekong"]))?;
    let target = workspace::metadata()?.target_directory;
    let python = peers(target.join("bench-python").as_std_path())?;
    let mut command = Command::new(python);
    command.arg(format!("reference/{script}")).arg(target.join("release/sekong")).args(arguments).args(sizes);
    run(command)
}

/// A Python with the peers in it.
fn peers(folder: &Path) -> Result<std::path::PathBuf, Failure> {
    let python = folder.join("bin/python");
    if !python.exists() {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(folder);
        run(venv)?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(PEERS);
    run(pip)?;
    Ok(python)
}
