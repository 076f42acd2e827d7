//! A data folder as evidence: regular files are read, everything else is named and never followed.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;
use sekong_centre::{AuditFault, Bodies, Body};
use sekong_log::{CHECKPOINT_FILE, Hash, LogRule, LogSource, TilePath, body_hash};
use sekong_store::{Store, StoredHead};

use super::{FILE_MAX_BYTES, Unread};
use crate::data_folder::{DataFolder, store_failed};
use crate::failure::Failure;
use crate::files::{read_at_most, read_regular};

/// What is said of a folder without anything in it.
pub(crate) const EMPTY_FOLDER: &str = "an empty folder";

/// The files under a folder, and what lies there that is no file of a log.
pub(crate) struct Listing {
    root: PathBuf,
    /// Length in bytes of each regular file, by its name relative to the folder.
    files: BTreeMap<String, u64>,
    foreign: Vec<(String, &'static str)>,
    unread: Unread,
}

impl Listing {
    /// Lists a folder; one that is not there is empty.
    pub(crate) fn of(root: &Path) -> Result<Listing, Failure> {
        let (files, foreign, unread) = (BTreeMap::new(), Vec::new(), Unread::default());
        let mut listing = Listing { root: root.to_owned(), files, foreign, unread };
        let mut folders: Vec<PathBuf> = root.is_dir().then(|| root.to_owned()).into_iter().collect();
        while let Some(folder) = folders.pop() {
            folders.extend(listing.add(&folder)?);
        }
        Ok(listing)
    }

    /// Takes what lies in a folder, and gives the folders in it.
    fn add(&mut self, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
        let cannot = |error| Failure::failed(format!("cannot list {}: {error}", folder.display()));
        let is_gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound && folder != self.root;
        let entries = match fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>) {
            Err(error) if is_gone(&error) => return Ok(Vec::new()),
            Err(error) if error.kind() == io::ErrorKind::InvalidFilename => {
                self.foreign.push((self.name_of(folder), "a folder deeper than the system can read"));
                return Ok(Vec::new());
            }
            entries => entries.map_err(cannot)?,
        };
        if entries.is_empty() && folder != self.root {
            self.foreign.push((self.name_of(folder), EMPTY_FOLDER));
        }
        let mut folders = Vec::new();
        for entry in entries {
            let about = match entry.metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                about => about.map_err(cannot)?,
            };
            let (path, name) = (entry.path(), self.name_of(&entry.path()));
            if entry.file_name().to_str().is_none() {
                self.unread
                    .note(Failure::failed(format!("cannot read {}: its name is no text", path.display())));
                continue;
            }
            if about.is_dir() {
                folders.push(path);
            } else if !about.is_file() {
                self.foreign.push((name, "a link, pipe or device, which is not followed"));
            } else if about.len() > FILE_MAX_BYTES as u64 {
                self.foreign.push((name, "larger than any file of a log"));
            } else {
                self.files.insert(name, about.len());
            }
        }
        Ok(folders)
    }

    fn name_of(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().into_owned()
    }

    /// Faults for what is no file; `folder` stands before its name.
    pub(crate) fn foreign(&self, folder: &str, rule: &str) -> impl Iterator<Item = AuditFault> {
        self.foreign.iter().map(move |(name, what)| fault(folder, name, rule, (*what).to_owned()))
    }

    /// Tiles and bundles of more entries than a log has.
    pub(crate) fn beyond(&self, size: u64) -> Vec<&str> {
        let is_beyond = |name: &&str| name.parse::<TilePath>().is_ok_and(|tile| !tile.is_within(size));
        self.files.keys().map(String::as_str).filter(is_beyond).collect()
    }

    /// Faults for what no centre is writing, in a log whose store has a head of so many entries: that is written first.
    pub(crate) fn not_of(&self, size: u64) -> Vec<AuditFault> {
        let beyond = self.beyond(size).into_iter().map(|name| (name, LogRule::BeyondHead { size }));
        let is_unknown = |name: &&str| *name != CHECKPOINT_FILE && name.parse::<TilePath>().is_err();
        let unknown = self.files.keys().map(String::as_str).filter(is_unknown);
        let both = beyond.chain(unknown.map(|name| (name, LogRule::Unknown)));
        both.map(|(name, rule)| fault("", name, &format!("log.{}", rule.name()), rule.to_string())).collect()
    }

    /// Faults for files whose name is not the SHA-256 of their bytes; `folder` stands before the name, `seen` are those
    /// looked at already.
    pub(crate) fn misnamed(&self, folder: &str, seen: &BTreeSet<Hash>) -> Vec<AuditFault> {
        let is_seen = |name: &str| name.parse().is_ok_and(|hash| seen.contains(&hash));
        let unseen: Vec<_> = self.files.keys().filter(|name| !is_seen(name)).collect();
        let detail = "the file's name is not the SHA-256 of its bytes";
        let misnamed = unseen
            .into_par_iter()
            .filter(|name| self.read(name).is_some_and(|bytes| body_hash(&bytes).to_string() != **name));
        misnamed.map(|name| fault(folder, name, "body.name", detail.to_owned())).collect()
    }

    /// The failure of the first file that is there and could not be read.
    pub(crate) fn all_read(self) -> Result<(), Failure> {
        self.unread.all_read()
    }
}

impl LogSource for Listing {
    fn names(&self) -> Option<Vec<String>> {
        Some(self.files.keys().cloned().collect())
    }

    fn read(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        self.files.get(name)?;
        let path = self.root.join(name);
        match read_at_most(&path, FILE_MAX_BYTES) {
            Ok(bytes) => Some(bytes.into()),
            Err(failure) => {
                // What is gone meanwhile is where a running centre put it, or missed there.
                if path.exists() {
                    self.unread.note(failure);
                }
                None
            }
        }
    }

    fn size_bytes(&self) -> u64 {
        self.files.values().sum()
    }
}

fn fault(folder: &str, name: &str, rule: &str, detail: String) -> AuditFault {
    AuditFault { entry: None, file: Some(format!("{folder}{name}")), rule: rule.to_owned(), detail }
}

/// Bodies in a data folder, by the hex of their SHA-256: open ones, and sealed ones where it is the centre's own.
pub(crate) struct FolderBodies {
    folders: [PathBuf; 2],
    /// What a published copy lacks may be sealed; the audit says until when.
    absent: Body,
    /// In each folder, what was read and has the SHA-256 of its name.
    seen: [Mutex<BTreeSet<Hash>>; 2],
}

impl FolderBodies {
    pub(crate) fn new(folder: &DataFolder) -> FolderBodies {
        let folders = [folder.bodies(), folder.sealed()];
        let own = [folder.sealed(), folder.store()].iter().any(|path| path.exists());
        let absent = if own { Body::Missing } else { Body::Sealed };
        FolderBodies { folders, absent, seen: Default::default() }
    }

    /// The bodies that were looked at and have the SHA-256 of their name: the open ones, and those of the centre's own folder.
    pub(crate) fn seen(self) -> [BTreeSet<Hash>; 2] {
        self.seen.map(|seen| seen.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Bodies for FolderBodies {
    fn get(&self, hash: &Hash) -> Body {
        // A running centre may move it from the second folder into the first between two looks.
        let looks = self.folders.iter().zip(&self.seen).cycle().take(3);
        let mut absent = self.absent.clone();
        for (folder, seen) in looks {
            let path = folder.join(hash.to_string());
            if !fs::symlink_metadata(&path).is_ok_and(|about| about.is_file()) {
                continue;
            }
            match read_regular(&path, FILE_MAX_BYTES) {
                Ok(bytes) if body_hash(&bytes) == *hash => {
                    seen.lock().unwrap_or_else(PoisonError::into_inner).insert(*hash);
                    return Body::Here(bytes);
                }
                Ok(_) => return Body::Altered,
                Err(_) => absent = Body::Missing,
            }
        }
        absent
    }
}

/// The newest head in the folder's store; `None` where there is no store, as in a published copy.
pub(crate) async fn store_head(folder: &DataFolder) -> Result<Option<StoredHead>, Failure> {
    let Ok(about) = std::fs::symlink_metadata(folder.store()) else { return Ok(None) };
    if !about.is_file() {
        return Err(Failure::not_verified(format!("{} is not a regular file", folder.store().display()))
            .hint("a data folder holds its store there, a published copy nothing"));
    }
    let mut store = folder.read_store().await?;
    let newest = store.newest_head().await.map_err(store_failed)?;
    store.close().await.map_err(store_failed)?;
    Ok(newest)
}
