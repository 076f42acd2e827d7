//! The web pages: what npm does with them, and when it need not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use crate::tasks::{Failure, run};
use crate::{doctor, workspace};

/// What is made, and therefore no reason to make anything anew.
const MADE: [&str; 2] = ["node_modules", "dist"];

/// Builds the pages for the binary. Without Node it says what will be missing and goes on.
pub fn build() -> Result<(), Failure> {
    if let Err(missing) = doctor::node() {
        eprintln!("The web pages are left out of this build; everything else works. {missing}");
        return Ok(());
    }
    install()?;
    if is_built() { Ok(()) } else { npm(&["run", "build"]) }
}

/// Checks the types, runs the unit tests, builds the pages.
pub fn check() -> Result<(), Failure> {
    doctor::node()?;
    install()?;
    npm(&["run", "check"])?;
    npm(&["test"])?;
    if is_built() { Ok(()) } else { npm(&["run", "build"]) }
}

/// Drives the pages of `binary` in a real browser.
pub fn browse(binary: &Path) -> Result<(), Failure> {
    let mut command = npm_command(&["run", "test:browser"]);
    command.env("SEKONG_BINARY", binary).env("SEKONG_CHROMIUM", doctor::CHROMIUM);
    run(command)
}

/// Installs what the lock file names, unless that was done since it last changed.
fn install() -> Result<(), Failure> {
    let web = folder();
    // npm writes this file last.
    let installed = changed(&web.join("node_modules/.package-lock.json"));
    if installed.is_some() && changed(&web.join("package-lock.json")) <= installed {
        return Ok(());
    }
    npm(&["ci"])
}

fn is_built() -> bool {
    let built = changed(&folder().join("dist/board/index.html"));
    let api = changed(&workspace::root().join("crates/centre/openapi.json"));
    built.is_some() && newest(&folder()).max(api) <= built
}

fn npm(args: &[&str]) -> Result<(), Failure> {
    run(npm_command(args))
}

/// What npm prints goes to stderr, so that a task's own output stays alone on stdout.
fn npm_command(args: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(["--silent"]).args(args).current_dir(folder()).stdout(std::io::stderr());
    command
}

fn folder() -> PathBuf {
    workspace::root().join("web")
}

fn changed(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|about| about.modified()).ok()
}

/// When a source of the pages last changed.
fn newest(folder: &Path) -> Option<SystemTime> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter(|entry| is_source(&entry.file_name().to_string_lossy()))
        .filter_map(|entry| {
            let path = entry.path();
            if path.is_dir() { newest(&path) } else { changed(&path) }
        })
        .max()
}

fn is_source(name: &str) -> bool {
    !MADE.contains(&name) && !name.ends_with(".gen.ts")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_no_source() {
        assert!(is_source("App.svelte") && is_source("package-lock.json"));
        assert!(!is_source("dist") && !is_source("node_modules") && !is_source("api-types.gen.ts"));
    }

    #[test]
    fn the_newest_source_is_found_however_deep() {
        let folder = std::env::temp_dir().join(format!("sekong-web-{}", std::process::id()));
        fs::create_dir_all(folder.join("board/deep")).expect("made");
        fs::create_dir_all(folder.join("dist")).expect("made");
        fs::write(folder.join("a.ts"), "").expect("written");
        let before = newest(&folder).expect("there is a source");
        let later = before + std::time::Duration::from_secs(60);
        for name in ["board/deep/b.ts", "dist/c.js"] {
            let file = fs::File::create(folder.join(name)).expect("written");
            file.set_modified(later + std::time::Duration::from_secs(u64::from(name.starts_with("dist"))))
                .expect("set");
        }
        assert_eq!(newest(&folder), Some(later), "what lies in dist does not count");
        fs::remove_dir_all(&folder).expect("removed");
    }
}
