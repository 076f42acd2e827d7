//! The workspace as the rules read it: its root, its files, what cargo knows of it.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

use crate::rust_source::Source;
use crate::tasks::Failure;

/// Folders of the root that hold what was made or downloaded, never sources (the root's `.gitignore`).
const MADE: [&str; 3] = [".git", "data", "target"];

/// The same, wherever they are.
const MADE_ANYWHERE: [&str; 3] = ["__pycache__", "dist", "node_modules"];

/// The folder of the workspace's `Cargo.toml`.
pub fn root() -> PathBuf {
    // Cargo sets the variable for `cargo run` and `cargo test`; a checkout that moved keeps its old compile-time value.
    let xtask = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    xtask.join("..").components().collect::<PathBuf>().canonicalize().unwrap_or(xtask)
}

/// What cargo resolves for the workspace, on every platform and with default features.
pub fn metadata() -> Result<Metadata, Failure> {
    Ok(MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec()?)
}

/// The text of a file; bytes that are not UTF-8 are replaced.
pub fn read(path: &str) -> Result<String, Failure> {
    let bytes =
        fs::read(root().join(path)).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Every file that is not made by a build, as paths from the root with `/`, in order.
pub fn files() -> Result<Vec<String>, Failure> {
    let root = root();
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let unreadable = |source| Failure::Read { path: relative(&root, &folder), source };
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let name = relative(&root, &path);
            let last = name.rsplit('/').next().unwrap_or(&name);
            if MADE.contains(&name.as_str()) || MADE_ANYWHERE.contains(&last) {
                continue;
            }
            if path.is_dir() { folders.push(path) } else { found.push(name) }
        }
    }
    found.sort();
    Ok(found)
}

/// Every Rust file of the workspace, parsed as far as the rules need it.
pub fn sources() -> Result<Vec<Source>, Failure> {
    let paths = files()?.into_iter().filter(|path| path.ends_with(".rs"));
    let read: Result<Vec<Source>, Failure> =
        paths.map(|path| Ok(Source::new(&path, &self::read(&path)?))).collect();
    Ok(crate::rust_source::mark_test_modules(read?))
}

/// The folder names under `crates/`.
pub fn crates() -> Result<Vec<String>, Failure> {
    let manifest = |path: String| {
        path.strip_prefix("crates/").and_then(|rest| rest.strip_suffix("/Cargo.toml")).map(str::to_owned)
    };
    Ok(files()?.into_iter().filter_map(manifest).collect())
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
