//! The published folder: tiles, checkpoint and bodies as files, derived from the store and never trusted. Bodies whose time
//! has not come lie apart from it, in `sealed/`.
//!
//! Nothing here is flushed to disk: after a crash all of it is written anew from the store.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sekong_log::{Hash, TilePath};

/// A file operation that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {source}", path.display())]
pub struct FolderError {
    /// What was attempted.
    pub doing: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// The system's error.
    pub source: io::Error,
}

pub(crate) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError { doing, path, source }
}

/// `log/`, `bodies/` and `sealed/` under a campaign's data folder.
#[derive(Debug, Clone)]
pub struct Folder {
    data: PathBuf,
}

impl Folder {
    /// The folder of `data`; nothing is created yet.
    pub fn new(data: &Path) -> Folder {
        Folder { data: data.to_owned() }
    }

    /// Where the log is published.
    pub fn log(&self) -> PathBuf {
        self.data.join("log")
    }

    /// Where bodies lie that everyone may read.
    pub fn bodies(&self) -> PathBuf {
        self.data.join("bodies")
    }

    /// Where bodies wait until everyone may read them: no part of what is published.
    pub fn sealed(&self) -> PathBuf {
        self.data.join("sealed")
    }

    /// Removes what was derived before and makes the empty folders.
    pub fn clear(&self) -> Result<(), FolderError> {
        for path in [self.log(), self.bodies(), self.sealed()] {
            if path.exists() {
                fs::remove_dir_all(&path).map_err(failed("remove", &path))?;
            }
            fs::create_dir_all(&path).map_err(failed("create", &path))?;
        }
        Ok(())
    }

    /// Writes one tile or entry bundle; a full one ends the life of its partial ones.
    pub fn write_tile(&self, tile: &TilePath, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.log().join(tile.to_string());
        // A full one has readers whom its partial ones do not serve any more: it is not cut to be written again.
        let is_there = tile.is_full() && fs::read(&path).is_ok_and(|there| there == bytes);
        if !is_there {
            write(&path, bytes)?;
        }
        if tile.is_full() {
            remove_partials(&path)?;
        }
        Ok(())
    }

    /// Replaces the checkpoint in one step, so that a reader sees the old or the new one whole.
    pub fn write_checkpoint(&self, note: &str) -> Result<(), FolderError> {
        let path = self.log().join("checkpoint");
        let next = self.data.join("checkpoint.next");
        write(&next, note.as_bytes())?;
        fs::rename(&next, &path).map_err(failed("replace", &path))
    }

    /// The checkpoint as it lies there; `None` if there is none, or no text.
    pub fn checkpoint(&self) -> Result<Option<String>, FolderError> {
        let bytes = Folder::read(&self.log().join("checkpoint"))?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Puts files of the published log aside, each under its name: what is derived is written anew without them.
    pub(crate) fn set_aside(&self, names: &[String]) -> Result<(), FolderError> {
        for name in names {
            let (from, to) = (self.log().join(name), self.data.join("foreign").join(name));
            if let Some(parent) = to.parent() {
                fs::create_dir_all(parent).map_err(failed("create", parent))?;
            }
            fs::rename(&from, &to).map_err(failed("put aside", &from))?;
        }
        Ok(())
    }

    /// The files below a folder, by their names relative to it.
    pub(crate) fn names(root: &Path) -> Result<BTreeSet<String>, FolderError> {
        let (mut folders, mut names) = (vec![root.to_owned()], BTreeSet::new());
        while let Some(folder) = folders.pop() {
            let entries = match fs::read_dir(&folder) {
                // One that is removed meanwhile holds nothing.
                Err(source) if source.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(failed("list", &folder))?,
            };
            for entry in entries {
                let entry = entry.map_err(failed("list", &folder))?;
                let path = entry.path();
                // A link is a file of its own, whatever it leads to.
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(path);
                } else if let Ok(name) = path.strip_prefix(root) {
                    names.insert(name.to_string_lossy().into_owned());
                }
            }
        }
        Ok(names)
    }

    /// A file's bytes; `None` if there is no such file.
    pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
        match fs::read(path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(failed("read", path)),
        }
    }

    /// Writes one body under its SHA-256.
    pub fn write_body(&self, hash: &Hash, bytes: &[u8]) -> Result<(), FolderError> {
        write(&self.bodies().join(hash.to_string()), bytes)
    }

    /// Writes one body that waits for its time.
    pub fn write_sealed(&self, hash: &Hash, bytes: &[u8]) -> Result<(), FolderError> {
        write(&self.sealed().join(hash.to_string()), bytes)
    }

    /// Puts a body that waited among those that everyone may read; one that two entries name may be there already.
    pub fn unseal(&self, hash: &Hash) -> Result<(), FolderError> {
        let (from, to) = (self.sealed().join(hash.to_string()), self.bodies().join(hash.to_string()));
        match fs::rename(&from, &to) {
            Err(source) if source.kind() == io::ErrorKind::NotFound && to.exists() => Ok(()),
            renamed => renamed.map_err(failed("publish", &from)),
        }
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed("create", parent))?;
    }
    fs::write(path, bytes).map_err(failed("write", path))
}

fn remove_partials(full: &Path) -> Result<(), FolderError> {
    let mut name = full.as_os_str().to_owned();
    name.push(".p");
    let partials = PathBuf::from(name);
    match fs::remove_dir_all(&partials) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(FolderError { doing: "remove", path: partials, source })
        }
        _ => Ok(()),
    }
}
