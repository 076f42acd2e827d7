//! The published folder: tiles, checkpoint and bodies as files, derived from the store and never trusted. Bodies whose time
//! has not come lie apart from it, in `sealed/`.
//!
//! Nothing here is flushed to disk: after a crash all of it is made anew from the store. Until that is done the old head stays, with
//! what it covers: it shows who starts on an older copy of the store, whenever a start breaks off.

use std::collections::BTreeSet;
use std::fs::{self, FileType};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sekong_log::{CHECKPOINT_FILE, Hash, TilePath};

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

/// Largest published file, in bytes (64 MiB): what is longer is not read to its end.
const FILE_MAX_BYTES: u64 = 64 << 20;

/// Folders for what is put aside, each made where the name is taken in the one before.
const ASIDE_MAX: u32 = 100;

/// Files that this process has put in their places: no two are written under one name.
static PUT: AtomicU64 = AtomicU64::new(0);

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

    /// Where files lie until they are whole.
    fn next(&self) -> PathBuf {
        self.data.join("next")
    }

    /// Makes the folders where there are none; what is in them stays. A link gives way: what it leads to is somebody else's.
    pub fn make(&self) -> Result<(), FolderError> {
        for path in [self.log(), self.bodies(), self.sealed()] {
            if path.is_symlink() {
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
            fs::create_dir_all(&path).map_err(failed("create", &path))?;
        }
        // What a crash left half written.
        let next = self.next();
        match fs::symlink_metadata(&next) {
            Ok(about) if about.is_dir() => fs::remove_dir_all(&next).map_err(failed("remove", &next)),
            Ok(_) => fs::remove_file(&next).map_err(failed("remove", &next)),
            Err(_) => Ok(()),
        }
    }

    /// Removes everything but the checkpoint, these tiles, and these bodies: open ones and those that wait. Bodies that are neither are
    /// put aside, and given by their paths: they may be those of a newer store, and lie nowhere else.
    pub(crate) fn keep_only(
        &self,
        tiles: &[TilePath],
        open: &BTreeSet<Hash>,
        sealed: &BTreeSet<Hash>,
    ) -> Result<Vec<PathBuf>, FolderError> {
        let tiles = tiles.iter().map(|tile| self.log().join(tile.to_string()));
        let mut kept: BTreeSet<PathBuf> = tiles.chain([self.log().join(CHECKPOINT_FILE)]).collect();
        let mut foreign = Vec::new();
        for (folder, own) in [("bodies", open), ("sealed", sealed)] {
            kept.extend(own.iter().map(|hash| self.data.join(folder).join(hash.to_string())));
            let is_known = |name: &Path| {
                let hash = name.to_str().and_then(|name| name.parse::<Hash>().ok());
                hash.is_some_and(|hash| open.contains(&hash) || sealed.contains(&hash))
            };
            let names = Folder::names(&self.data.join(folder))?;
            let unknown = names.into_iter().filter(|name| !is_known(name));
            foreign.extend(unknown.map(|name| Path::new(folder).join(name)));
        }
        let foreign = self.set_aside(foreign)?;
        for folder in [self.log(), self.bodies(), self.sealed()] {
            sweep(&folder, &kept)?;
        }
        Ok(foreign)
    }

    /// Where a path lies that is relative to the data folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.data.join(relative)
    }

    /// A path of this folder, relative to the data folder.
    pub(crate) fn relative(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.data).unwrap_or(path).to_owned()
    }

    /// Writes one tile or entry bundle; a full one ends the life of its partial ones.
    pub fn write_tile(&self, tile: &TilePath, bytes: &[u8]) -> Result<(), FolderError> {
        let path = self.log().join(tile.to_string());
        self.put(&path, bytes)?;
        if tile.is_full() {
            remove_partials(&path)?;
        }
        Ok(())
    }

    /// Replaces the checkpoint in one step, so that a reader sees the old or the new one whole.
    pub fn write_checkpoint(&self, note: &str) -> Result<(), FolderError> {
        self.put(&self.log().join(CHECKPOINT_FILE), note.as_bytes())
    }

    /// The checkpoint as it lies there; `None` if there is none, or no text.
    pub fn checkpoint(&self) -> Result<Option<String>, FolderError> {
        let bytes = Folder::read(&self.log().join(CHECKPOINT_FILE))?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Puts published files aside, each under its name in the data folder, and gives those that were there: what is derived is written
    /// anew without them. What was put aside before stays; what was seen through a link is gone with the link.
    pub(crate) fn set_aside(&self, names: Vec<PathBuf>) -> Result<Vec<PathBuf>, FolderError> {
        let is_there = |name: &PathBuf| fs::symlink_metadata(self.data.join(name)).is_ok();
        let there: Vec<PathBuf> = names.into_iter().filter(is_there).collect();
        there.iter().try_for_each(|name| self.put_aside(name))?;
        Ok(there)
    }

    /// Puts folders among the bodies aside, where none belongs, and gives their paths; an empty one holds nothing, and goes.
    pub(crate) fn set_folders_aside(&self) -> Result<Vec<PathBuf>, FolderError> {
        let entries = [list(&self.bodies())?, list(&self.sealed())?].into_iter().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let full = folders.map(|entry| entry.path()).filter(|path| fs::remove_dir(path).is_err());
        let full = full.map(|path| self.relative(&path)).collect();
        self.set_aside(full)
    }

    fn put_aside(&self, name: &Path) -> Result<(), FolderError> {
        let from = self.data.join(name);
        let places = (0..ASIDE_MAX).map(|number| match number {
            0 => self.data.join("foreign").join(name),
            _ => self.data.join(format!("foreign.{number}")).join(name),
        });
        // A folder may lie where a file is to be put, or a file where a folder is needed.
        let is_free = |to: &PathBuf| {
            fs::symlink_metadata(to).is_err()
                && to.parent().is_some_and(|parent| fs::create_dir_all(parent).is_ok())
        };
        let full =
            || io::Error::new(io::ErrorKind::AlreadyExists, "empty the folder `foreign` and those like it");
        let to = places.into_iter().find(is_free).ok_or_else(full).map_err(failed("put aside", &from))?;
        fs::rename(&from, &to).map_err(failed("put aside", &from))
    }

    /// The files below a folder, by their paths relative to it.
    pub(crate) fn names(root: &Path) -> Result<BTreeSet<PathBuf>, FolderError> {
        let (names, unlisted) = Folder::listed(root);
        unlisted.into_iter().next().map_or(Ok(names), Err)
    }

    /// The same, as far as the folders below can be listed, and why one could not.
    pub(crate) fn listed(root: &Path) -> (BTreeSet<PathBuf>, Vec<FolderError>) {
        let (mut folders, mut names, mut unlisted) = (vec![root.to_owned()], BTreeSet::new(), Vec::new());
        while let Some(folder) = folders.pop() {
            match list(&folder) {
                // One that is removed meanwhile holds nothing.
                Err(error) if error.source.kind() == io::ErrorKind::NotFound => (),
                Err(error) => unlisted.push(error),
                Ok(entries) => {
                    for entry in entries {
                        let path = entry.path();
                        // A link is a file of its own, whatever it leads to.
                        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                            folders.push(path);
                        } else if let Ok(name) = path.strip_prefix(root) {
                            names.insert(name.to_owned());
                        }
                    }
                }
            }
        }
        (names, unlisted)
    }

    /// A file's bytes; `None` if there is no such file. What is no regular file, as a link, a pipe or a folder, reads as an empty one: it
    /// is not what was written, and is neither followed nor waited for.
    pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, FolderError> {
        let about = match fs::symlink_metadata(path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            about => about.map_err(failed("read", path))?,
        };
        if !about.is_file() {
            return Ok(Some(Vec::new()));
        }
        match read_file(path) {
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some).map_err(failed("read", path)),
        }
    }

    /// Writes one body under its SHA-256.
    pub fn write_body(&self, hash: &Hash, bytes: &[u8]) -> Result<(), FolderError> {
        self.put(&self.bodies().join(hash.to_string()), bytes)
    }

    /// Writes one body that waits for its time.
    pub fn write_sealed(&self, hash: &Hash, bytes: &[u8]) -> Result<(), FolderError> {
        self.put(&self.sealed().join(hash.to_string()), bytes)
    }

    /// Puts a file in its place whole. What lies there already has readers, and is not written again; what is no file, as a link that
    /// leads elsewhere, gives way.
    fn put(&self, path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        let kind = fs::symlink_metadata(path).map(|about| about.file_type());
        if kind.as_ref().is_ok_and(FileType::is_file) && fs::read(path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        if kind.is_ok_and(|kind| kind.is_dir()) {
            self.put_aside(&self.relative(path))?;
        }
        // The nightly scrub may mend the very file that is being published.
        let next = self.next().join(PUT.fetch_add(1, Ordering::Relaxed).to_string());
        let put = write(&next, bytes).and_then(|()| move_to(&next, path));
        if put.is_err() {
            // It is written again with the next publication, and takes no room until then.
            drop(fs::remove_file(&next));
        }
        put
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

fn list(folder: &Path) -> Result<Vec<fs::DirEntry>, FolderError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect);
    entries.map_err(failed("list", folder))
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(FILE_MAX_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed("create", parent))?;
    }
    fs::write(path, bytes).map_err(failed("write", path))
}

fn move_to(from: &Path, path: &Path) -> Result<(), FolderError> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(failed("create", parent))?;
    }
    fs::rename(from, path).map_err(failed("write", path))
}

/// Removes all files below a folder but those that are kept, and the folders that are empty then; says whether this one is.
fn sweep(folder: &Path, kept: &BTreeSet<PathBuf>) -> Result<bool, FolderError> {
    let mut empty = true;
    for entry in fs::read_dir(folder).map_err(failed("list", folder))? {
        let entry = entry.map_err(failed("list", folder))?;
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            let emptied = sweep(&path, kept)?;
            if emptied {
                fs::remove_dir(&path).map_err(failed("remove", &path))?;
            }
            empty &= emptied;
        } else if kept.contains(&path) {
            empty = false;
        } else {
            fs::remove_file(&path).map_err(failed("remove", &path))?;
        }
    }
    Ok(empty)
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

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = Folder::names(folder).unwrap().into_iter();
        names.map(|name| name.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn what_is_made_anew_stays_readable_and_the_rest_goes() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::new(data.path());
        folder.make().unwrap();
        let tile = |width| TilePath::new(sekong_log::TileKind::Entries, 0, width).unwrap();
        folder.write_tile(&tile(3), b"three").unwrap();
        folder.write_tile(&tile(5), b"five").unwrap();
        folder.write_body(&Hash([1; 32]), b"open").unwrap();
        folder.write_body(&Hash([2; 32]), b"old").unwrap();
        folder.write_sealed(&Hash([3; 32]), b"waits").unwrap();
        folder.write_checkpoint("a head").unwrap();
        fs::create_dir_all(folder.log().join("empty/deep")).unwrap();
        fs::write(folder.bodies().join(OsStr::from_bytes(b"a\xff")), "no text").unwrap();
        fs::create_dir_all(data.path().join("next")).unwrap();
        fs::write(data.path().join("next/half"), "ha").unwrap();

        folder.make().unwrap();
        assert_eq!(folder.checkpoint().unwrap().as_deref(), Some("a head"));
        assert!(!data.path().join("next").exists(), "what was half written is gone");
        let own = |byte| BTreeSet::from([Hash([byte; 32])]);
        let foreign = folder.keep_only(&[tile(5)], &own(1), &own(3)).unwrap();
        let old = format!("bodies/{}", Hash([2; 32]));
        assert_eq!(foreign.len(), 2);
        assert!(foreign.contains(&PathBuf::from(&old)));
        let no_text = data.path().join("foreign/bodies").join(OsStr::from_bytes(b"a\xff"));
        assert_eq!(fs::read(no_text).unwrap(), b"no text");
        assert_eq!(
            fs::read(data.path().join("foreign").join(&old)).unwrap(),
            b"old",
            "it may lie nowhere else"
        );
        folder.write_body(&Hash([2; 32]), b"again").unwrap();
        folder.keep_only(&[tile(5)], &own(1), &own(3)).unwrap();
        assert_eq!(
            fs::read(data.path().join("foreign").join(&old)).unwrap(),
            b"old",
            "nor is it written over"
        );
        assert_eq!(names(&folder.log()), ["checkpoint", "tile/entries/000.p/5"]);
        assert!(!folder.log().join("empty").exists());
        assert_eq!(names(&folder.bodies()), [Hash([1; 32]).to_string()]);
        assert_eq!(names(&folder.sealed()), [Hash([3; 32]).to_string()]);
    }

    #[test]
    fn a_folder_that_is_a_link_gives_way_and_what_it_leads_to_stays() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::new(&data.path().join("campaign"));
        let outside = data.path().join("outside");
        fs::create_dir_all(outside.join("sub")).unwrap();
        fs::create_dir_all(data.path().join("campaign")).unwrap();
        fs::write(outside.join("thesis"), "mine").unwrap();
        symlink(&outside, folder.bodies()).unwrap();
        fs::write(data.path().join("campaign/next"), "a file").unwrap();
        folder.make().unwrap();
        folder.write_body(&Hash([1; 32]), b"open").unwrap();
        folder.keep_only(&[], &BTreeSet::from([Hash([1; 32])]), &BTreeSet::new()).unwrap();
        assert_eq!(names(&folder.bodies()), [Hash([1; 32]).to_string()]);
        assert!(outside.join("thesis").exists() && outside.join("sub").exists());
    }

    #[test]
    fn a_link_or_a_folder_in_the_place_of_a_file_gives_way() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::new(data.path());
        folder.make().unwrap();
        let elsewhere = data.path().join("elsewhere");
        fs::write(&elsewhere, "same").unwrap();
        symlink(&elsewhere, folder.bodies().join(Hash([1; 32]).to_string())).unwrap();
        fs::create_dir_all(folder.bodies().join(Hash([2; 32]).to_string()).join("deep")).unwrap();
        for byte in [1, 2] {
            folder.write_body(&Hash([byte; 32]), b"same").unwrap();
            let about = fs::symlink_metadata(folder.bodies().join(Hash([byte; 32]).to_string())).unwrap();
            assert!(about.is_file(), "{byte}");
        }
        let aside = data.path().join("foreign/bodies").join(Hash([2; 32]).to_string());
        assert!(aside.join("deep").is_dir(), "what a folder holds may lie nowhere else");
        assert_eq!(fs::read(&elsewhere).unwrap(), b"same");
        folder.write_body(&Hash([1; 32]), b"other").unwrap();
        fs::write(data.path().join("log/tile"), "in the way").unwrap();
        let tile = TilePath::new(sekong_log::TileKind::Entries, 0, 3).unwrap();
        folder.write_tile(&tile, b"three").unwrap_err();
        assert_eq!(names(&data.path().join("next")).len(), 0, "what could not be put takes no room");
        assert_eq!(fs::read(&elsewhere).unwrap(), b"same", "what a link led to is not written");
    }

    #[test]
    fn what_is_no_regular_file_reads_as_an_empty_one_and_is_not_waited_for() {
        let data = tempfile::tempdir().unwrap();
        let at = |name: &str| data.path().join(name);
        fs::write(at("file"), "bytes").unwrap();
        symlink(at("file"), at("link")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
        assert_eq!(Folder::read(&at("file")).unwrap().as_deref(), Some(&b"bytes"[..]));
        for name in ["link", "folder", "pipe"] {
            assert_eq!(Folder::read(&at(name)).unwrap().as_deref(), Some(&b""[..]), "{name}");
        }
        assert_eq!(Folder::read(&at("nothing")).unwrap(), None);
    }
}
