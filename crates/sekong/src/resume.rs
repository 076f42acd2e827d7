//! How far an auditor has verified a log, kept in a file of his own, so that nothing is verified twice.

use std::fs;
use std::path::{Path, PathBuf};

use sekong_centre::Progress;
use sekong_log::{Hash, Known};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files::read_text;

/// Entries between two writings of the file.
const ENTRIES_BETWEEN: u64 = 10_000;

/// The file.
pub(crate) struct Resume {
    path: PathBuf,
    known: Option<Known>,
    failure: Option<Failure>,
}

/// What the file says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    size: u64,
    root: Hash,
}

impl Resume {
    /// Opens the file; one that is not there says that nothing is verified.
    pub(crate) fn open(path: &Path) -> Result<Resume, Failure> {
        let known = if path.exists() { Some(read(path)?) } else { None };
        Ok(Resume { path: path.to_owned(), known, failure: None })
    }

    /// What was verified before.
    pub(crate) fn known(&self) -> Option<Known> {
        self.known
    }

    /// Notes how far the audit is, from time to time.
    pub(crate) fn note(&mut self, progress: &Progress<'_>) {
        let last = progress.done == progress.of;
        if self.failure.is_some() || !(last || progress.done.is_multiple_of(ENTRIES_BETWEEN)) {
            return;
        }
        let before = self.known.map_or(0, |known| known.size);
        let further = progress.known().filter(|reached| before < reached.size);
        if let Some(reached) = further {
            self.failure = self.write(reached).err();
        }
    }

    /// Ends the audit.
    pub(crate) fn close(self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }

    fn write(&self, known: Known) -> Result<(), Failure> {
        let kept = Kept { size: known.size, root: known.root };
        let text = serde_json::to_vec(&kept).expect("two plain fields have a JSON form");
        let beside = self.path.with_extension("new");
        let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, &self.path));
        written.map_err(|error| self.cannot(&error))
    }

    fn cannot(&self, error: &std::io::Error) -> Failure {
        Failure::failed(format!("cannot write {}: {error}", self.path.display()))
            .hint("--resume names a file in a folder that can be written")
    }
}

fn read(path: &Path) -> Result<Known, Failure> {
    let kept: Kept = serde_json::from_str(&read_text(path)?).map_err(|error| {
        Failure::failed(format!("{} does not say how far a log was verified: {error}", path.display()))
            .hint("name the file of an earlier --resume, or one that is not there yet")
    })?;
    Ok(Known { size: kept.size, root: kept.root })
}
