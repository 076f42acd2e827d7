//! The folder of somebody who signs what a centre logs and opens it later: a key, and what opens each thing that was signed.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sekong_log::DeviceKey;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::data_folder::{lock, write_new};
use crate::failure::Failure;
use crate::keeper::{Keeper, write_secret};
use crate::lines;

const NEXT: &str = "next.json";

/// What such a folder holds, and what is said where it does not.
pub(crate) struct Kind {
    pub(crate) keeper: Keeper,
    /// The folder in it, of the files that open something.
    pub(crate) kept: &'static str,
    /// Why two processes may not use it at once, and what to do.
    pub(crate) alone: &'static str,
}

/// The folder.
pub(crate) struct SignerFolder {
    root: PathBuf,
    kind: &'static Kind,
}

impl SignerFolder {
    /// Makes what lies in the folder, which is new and empty.
    pub(crate) fn create(root: &Path, kind: &Kind, secret: &impl Serialize) -> Result<(), Failure> {
        fs::create_dir(root.join(kind.kept)).map_err(Failure::failed)?;
        write_secret(root, secret)
    }

    /// A folder that is there, and its secret.
    pub(crate) fn open<T: DeserializeOwned>(
        root: &Path,
        kind: &'static Kind,
    ) -> Result<(SignerFolder, T), Failure> {
        let secret = kind.keeper.secret(root)?;
        Ok((SignerFolder { root: root.to_owned(), kind }, secret))
    }

    /// The key that its secret tells in hexadecimal.
    pub(crate) fn key(&self, hex: &str) -> Result<DeviceKey, Failure> {
        self.kind.keeper.seed("key", hex).map(|seed| DeviceKey::from_seed(&seed))
    }

    /// Keeps every other process from signing with this folder, for as long as the value lives.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        lock(&self.root, self.kind.alone)
    }

    /// What was kept under a name.
    pub(crate) fn kept<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let path = self.folder().join(name);
        if path.is_file() { self.kind.keeper.read(&path).map(Some) } else { Ok(None) }
    }

    /// All that was kept, in no order.
    pub(crate) fn all<T: DeserializeOwned>(&self) -> Result<Vec<T>, Failure> {
        let folder = self.folder();
        let cannot = |error| {
            Failure::failed(format!("cannot list {}: {error}", folder.display()))
                .hint(self.kind.keeper.restore)
        };
        let listed = fs::read_dir(&folder).map_err(cannot)?.collect::<Result<Vec<_>, _>>().map_err(cannot)?;
        listed.iter().map(|file| self.kind.keeper.read(&file.path())).collect()
    }

    /// Keeps something under a name, whole and durably, in the stead of what was kept there.
    pub(crate) fn keep(&self, name: &str, value: &impl Serialize) -> Result<(), Failure> {
        let (next, path) = (self.root.join(NEXT), self.folder().join(name));
        let cannot = |error| Failure::failed(format!("cannot write {}: {error}", path.display()));
        // What a crash left half written was never sent.
        fs::exists(&next)
            .and_then(|left| if left { fs::remove_file(&next) } else { Ok(()) })
            .map_err(cannot)?;
        write_new(&next, lines::text(value)?.as_bytes(), 0o600)?;
        fs::rename(&next, &path).map_err(cannot)?;
        File::open(self.folder()).and_then(|folder| folder.sync_all()).map_err(cannot)
    }

    fn folder(&self) -> PathBuf {
        self.root.join(self.kind.kept)
    }
}
