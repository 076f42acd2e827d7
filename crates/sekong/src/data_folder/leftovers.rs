//! What a lost database left beside its place: a write-ahead log that another one would take for its own.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use sekong_store::SqliteStore;

use super::{DataFolder, RESTORE_STORE, beside, store_failed};
use crate::failure::Failure;
use crate::output::complain;

/// What the names of files have that a lost database left, before their number.
const LOST: &str = ".lost-";

impl DataFolder {
    /// Where the database lies, if it is there: SQLite keeps its files beside it, not beside a link to it.
    fn store_file(&self) -> PathBuf {
        fs::canonicalize(self.store()).unwrap_or_else(|_| self.store())
    }

    /// Puts aside what the lost database left beside it: a new one would take it for its own, and it may hold the last entries. Of a file
    /// without a byte there is nothing to keep, nor of an index, which SQLite makes again from what it is of.
    pub(super) fn put_leftovers_aside(&self) -> io::Result<()> {
        for ending in ["-wal", "-shm"] {
            let left = beside(&self.store_file(), ending);
            let is_worthless =
                |about: fs::Metadata| about.is_file() && (ending == "-shm" || about.len() == 0);
            if fs::symlink_metadata(&left).is_ok_and(is_worthless) {
                fs::remove_file(&left)?;
                continue;
            }
            let free = (0_u32..).map(|number| beside(&left, &format!("{LOST}{number}")));
            let Some(aside) = free.into_iter().find(|path| fs::symlink_metadata(path).is_err()) else {
                continue;
            };
            match fs::rename(&left, aside) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => (),
            }
        }
        Ok(())
    }

    /// Whether the write-ahead log beside the database is that of another one, as a copy finds it where a database was lost or broken:
    /// SQLite would take it for the copy's own.
    ///
    /// # Errors
    /// [`Failure`] where the database is not sound either way, or cannot be looked at.
    async fn has_the_log_of_another(&self) -> Result<bool, Failure> {
        let (store, wal) = (self.store_file(), beside(&self.store_file(), "-wal"));
        if fs::metadata(&wal).map_or(0, |about| about.len()) == 0 {
            return Ok(false);
        }
        let entries =
            async |with_wal| SqliteStore::sound_entries(&store, with_wal).await.map_err(store_failed);
        match (entries(true).await?, entries(false).await?) {
            // Its own log takes nothing away.
            (Some(with), Some(alone)) => return Ok(with < alone),
            (Some(_), None) => return Ok(false),
            (None, Some(_)) => return Ok(true),
            (None, None) => (),
        }
        let (store, wal) = (store.display(), wal.display());
        Err(Failure::failed(format!("{store} is not sound, with {wal} and without it")).hint(RESTORE_STORE))
    }

    /// Puts the write-ahead log of another database aside.
    ///
    /// # Errors
    /// [`Failure`] where nobody can say whose it is; nothing was changed.
    pub(crate) async fn settle_leftovers(&self) -> Result<(), Failure> {
        if !self.has_the_log_of_another().await? {
            return Ok(());
        }
        self.put_leftovers_aside()
            .map_err(|error| Failure::failed(format!("cannot put the write-ahead log aside: {error}")))
    }

    /// Refuses a database beside which the write-ahead log of another one lies.
    ///
    /// # Errors
    /// [`Failure`]; nothing was changed.
    pub(crate) async fn check_leftovers(&self) -> Result<(), Failure> {
        if !self.has_the_log_of_another().await? {
            return Ok(());
        }
        let (data, log) = (self.root.display(), self.log());
        Err(Failure::failed(format!(
            "{} is a copy, and the write-ahead log of another database lies beside it",
            self.store().display()
        ))
        .hint(format!(
            "put that log aside and bring the copy up: sekong restore --data {data} --from {}",
            log.display()
        )))
    }

    /// What lost databases left is nobody's to forget: it may be of use, and it may hold what has been erased since.
    pub(crate) fn tell_of_leftovers(&self) {
        let places =
            [self.root.clone(), self.store_file().parent().map_or_else(PathBuf::new, Path::to_owned)];
        let names = places.iter().flat_map(fs::read_dir).flatten().flatten();
        let paths = names.map(|entry| fs::canonicalize(entry.path()).unwrap_or_else(|_| entry.path()));
        let is_left = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            name.contains("-wal") && name.contains(LOST)
        };
        let left: BTreeSet<PathBuf> = paths.filter(is_left).collect();
        for path in left {
            complain(format_args!(
                "warning: {} is what a lost database left. It may hold its last entries, and records of persons, those that are erased \
                 among them: look for what is missing in it, and then delete it",
                path.to_string_lossy().escape_debug()
            ));
        }
    }
}
