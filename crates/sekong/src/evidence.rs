//! What `sekong verify` looks at: a data folder, or a centre behind an address.

mod folder;
mod site;
mod under_head;

pub(crate) use folder::{FolderBodies, Listing, store_head};
pub(crate) use site::{Site, SiteBodies};
pub(crate) use under_head::UnderHead;

/// Largest file of a log or bodies folder, in bytes (64 MiB).
const FILE_MAX_BYTES: usize = 64 << 20;
