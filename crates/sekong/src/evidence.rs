//! What `sekong verify` looks at: a data folder, or a centre behind an address.

mod folder;
mod site;
mod under_head;

use std::sync::{Mutex, PoisonError};

pub(crate) use folder::{EMPTY_FOLDER, FolderBodies, Listing, store_head};
pub(crate) use site::{Site, SiteBodies};
pub(crate) use under_head::UnderHead;

use crate::failure::Failure;

/// The first file that is there and could not be read: then no verdict is a verdict on the folder.
#[derive(Default)]
struct Unread(Mutex<Option<Failure>>);

impl Unread {
    fn note(&self, failure: Failure) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
    }

    fn all_read(self) -> Result<(), Failure> {
        let first = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        first.map_or(Ok(()), Err)
    }
}

/// Largest file of a log or bodies folder, in bytes (64 MiB).
const FILE_MAX_BYTES: usize = 64 << 20;
