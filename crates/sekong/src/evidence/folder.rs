//! A data folder as evidence: regular files are read, everything else is named and never followed.

use std::fs;
use std::path::{Path, PathBuf};

use sekong_centre::{AuditFault, Bodies, Body};
use sekong_log::{Hash, LogFiles, body_hash};
use sekong_store::{SqliteStore, Store};

use super::FILE_MAX_BYTES;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::files::read_at_most;

/// The files under a folder, and what lies there that is no file of a log.
#[derive(Default)]
pub(crate) struct Listing {
    /// Regular files by name relative to the folder.
    pub(crate) files: LogFiles,
    foreign: Vec<(String, &'static str)>,
}

impl Listing {
    /// Lists a folder; one that is not there is empty.
    pub(crate) fn of(root: &Path) -> Result<Listing, Failure> {
        let mut listing = Listing::default();
        if root.is_dir() {
            listing.add(root, root)?;
        }
        Ok(listing)
    }

    fn add(&mut self, root: &Path, folder: &Path) -> Result<(), Failure> {
        let cannot = |error| Failure::failed(format!("cannot list {}: {error}", folder.display()));
        let entries = fs::read_dir(folder).map_err(cannot)?.collect::<Result<Vec<_>, _>>().map_err(cannot)?;
        if entries.is_empty() && folder != root {
            self.foreign.push((name_of(root, folder), "an empty folder"));
        }
        for entry in entries {
            let about = entry.metadata().map_err(cannot)?;
            let (path, name) = (entry.path(), name_of(root, &entry.path()));
            if about.is_dir() {
                self.add(root, &path)?;
            } else if !about.is_file() {
                self.foreign.push((name, "a link, pipe or device, which is not followed"));
            } else if about.len() > FILE_MAX_BYTES as u64 {
                self.foreign.push((name, "larger than any file of a log"));
            } else {
                self.files.insert(name, read_at_most(&path, FILE_MAX_BYTES)?);
            }
        }
        Ok(())
    }

    /// Faults for what is no file; `folder` stands before its name.
    pub(crate) fn foreign(&self, folder: &str, rule: &str) -> impl Iterator<Item = AuditFault> {
        self.foreign.iter().map(move |(name, what)| fault(folder, name, rule, (*what).to_owned()))
    }

    /// Faults for files whose name is not the SHA-256 of their bytes.
    pub(crate) fn misnamed(&self) -> impl Iterator<Item = AuditFault> {
        let misnamed = self.files.iter().filter(|(name, bytes)| body_hash(bytes).to_string() != **name);
        let detail = "the file's name is not the SHA-256 of its bytes";
        misnamed.map(move |(name, _)| fault("bodies/", name, "body.name", detail.to_owned()))
    }
}

fn name_of(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

fn fault(folder: &str, name: &str, rule: &str, detail: String) -> AuditFault {
    AuditFault { entry: None, file: Some(format!("{folder}{name}")), rule: rule.to_owned(), detail }
}

/// Bodies in a folder, by the hex of their SHA-256.
pub(crate) struct FolderBodies {
    folder: PathBuf,
}

impl FolderBodies {
    pub(crate) fn new(folder: PathBuf) -> FolderBodies {
        FolderBodies { folder }
    }
}

impl Bodies for FolderBodies {
    fn get(&self, hash: &Hash) -> Body {
        let path = self.folder.join(hash.to_string());
        if !fs::symlink_metadata(&path).is_ok_and(|about| about.is_file()) {
            return Body::Missing;
        }
        match read_at_most(&path, FILE_MAX_BYTES) {
            Ok(bytes) if body_hash(&bytes) == *hash => Body::Here(bytes),
            Ok(_) => Body::Altered,
            Err(_) => Body::Missing,
        }
    }
}

/// The newest head in the folder's store; `None` where there is no store, as in a published copy.
pub(crate) async fn store_head(folder: &DataFolder) -> Result<Option<String>, Failure> {
    let Ok(about) = std::fs::symlink_metadata(folder.store()) else { return Ok(None) };
    if !about.is_file() {
        return Err(Failure::not_verified(format!("{} is not a regular file", folder.store().display()))
            .hint("a data folder holds its store there, a published copy nothing"));
    }
    let mut store = SqliteStore::open_read_only(&folder.store()).await.map_err(Failure::failed)?;
    let newest = store.newest_head().await.map_err(Failure::failed)?;
    store.close().await.map_err(Failure::failed)?;
    Ok(newest.map(|head| head.note))
}
