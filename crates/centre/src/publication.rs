//! The writing of the published folder: a copy for readers, derived from what is durable, which nobody's answer waits for.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sekong_log::{Hash, TileError, TilePath};
use sekong_store::StoredBody;

use crate::folder::{Folder, FolderError};

/// Tiles and bundles with their bytes.
pub(crate) type Tiles = Vec<(TilePath, Vec<u8>)>;

/// What is durable and not yet in the published folder.
#[derive(Default)]
pub(crate) struct Unpublished {
    /// Entries whose tiles are there.
    pub(crate) from: u64,
    /// Bodies that are not there.
    pub(crate) bodies: Vec<StoredBody>,
    /// Bodies in the folder that wait for their time, by Unix seconds.
    pub(crate) sealed: BTreeSet<(i64, Hash)>,
    /// Whether something came since the last publication was begun.
    pub(crate) due: bool,
    /// Why the folder lags behind the log, if it does.
    pub(crate) why: Option<String>,
}

/// All that brings the published folder up to a head: whoever writes it needs nothing of the log.
pub struct Publication {
    pub(crate) folder: Folder,
    pub(crate) tiles: Tiles,
    pub(crate) bodies: Vec<StoredBody>,
    /// Bodies whose time has come.
    pub(crate) unseal: Vec<(i64, Hash)>,
    pub(crate) note: String,
    pub(crate) now: Timestamp,
    pub(crate) size: u64,
}

/// What came of writing a publication.
pub struct Published {
    publication: Publication,
    /// Bodies that wait for their time, or what failed.
    waiting: Result<Vec<(i64, Hash)>, FolderError>,
    /// What failed of the bodies whose time has come; the others are there, and the head.
    unsealed: Result<(), FolderError>,
}

impl Publication {
    /// Writes tiles, then bodies, then the head over them; one at a time for a folder. A body of an older entry that cannot be
    /// opened now holds nothing up.
    pub fn write(mut self) -> Published {
        let waiting = self.written();
        let unsealed = self.unsealed();
        Published { publication: self, waiting, unsealed }
    }

    fn written(&self) -> Result<Vec<(i64, Hash)>, FolderError> {
        for (path, bytes) in &self.tiles {
            self.folder.write_tile(path, bytes)?;
        }
        let mut waiting = Vec::new();
        for body in &self.bodies {
            waiting.extend(write_body(&self.folder, body, self.now)?);
        }
        self.folder.write_checkpoint(&self.note)?;
        Ok(waiting)
    }

    /// Opens what it can, and keeps that alone; gives the first error.
    fn unsealed(&mut self) -> Result<(), FolderError> {
        let mut first = Ok(());
        self.unseal.retain(|(_, hash)| {
            let opened = self.folder.unseal(hash);
            let is_open = opened.is_ok();
            first = std::mem::replace(&mut first, Ok(())).and(opened);
            is_open
        });
        first
    }
}

impl Unpublished {
    /// What failed is due again.
    pub(crate) fn try_again(&mut self) {
        self.due |= self.why.is_some();
    }

    /// What is due is begun with these tiles.
    pub(crate) fn begin(
        &mut self,
        folder: &Folder,
        (tiles, size): (Result<Tiles, TileError>, u64),
        note: &str,
        now: Timestamp,
    ) -> Option<Publication> {
        self.due = false;
        let tiles = tiles.map_err(|error| self.why = Some(error.to_string())).ok()?;
        let come = self.sealed.iter().take_while(|(from_s, _)| *from_s <= now.as_second());
        Some(Publication {
            folder: folder.clone(),
            tiles,
            unseal: come.copied().collect(),
            bodies: std::mem::take(&mut self.bodies),
            note: note.to_owned(),
            now,
            size,
        })
    }

    /// What was written is there; what failed is written with the next publication, which is due once it is asked for again.
    pub(crate) fn note(&mut self, Published { publication, waiting, unsealed }: Published) {
        self.sealed.retain(|body| !publication.unseal.contains(body));
        match waiting {
            Ok(waiting) => {
                self.sealed.extend(waiting);
                self.from = publication.size;
                self.why = unsealed.err().map(|error| error.to_string());
            }
            Err(error) => {
                self.bodies.splice(0..0, publication.bodies);
                self.why = Some(error.to_string());
            }
        }
    }
}

/// Writes a body where it belongs at a time; one that waits is given with its time.
pub(crate) fn write_body(
    folder: &Folder,
    body: &StoredBody,
    now: Timestamp,
) -> Result<Option<(i64, Hash)>, FolderError> {
    let hash = Hash(body.hash);
    let waits = body.public_from_s.filter(|from_s| now.as_second() < *from_s);
    match waits {
        Some(_) => folder.write_sealed(&hash, &body.bytes)?,
        None => folder.write_body(&hash, &body.bytes)?,
    }
    Ok(waits.map(|from_s| (from_s, hash)))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn body(byte: u8, public_from_s: Option<i64>) -> StoredBody {
        StoredBody { hash: [byte; 32], bytes: vec![byte], auditors_from_s: None, public_from_s }
    }

    fn published(unpublished: &mut Unpublished, folder: &Folder, second: i64) {
        let due = unpublished.begin(folder, (Ok(Vec::new()), 7), "a head", at(second));
        unpublished.note(due.unwrap().write());
    }

    #[test]
    fn what_could_not_be_written_is_written_with_the_next_and_waits_for_its_time() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::new(data.path());
        folder.make().unwrap();
        fs::remove_dir(folder.bodies()).unwrap();
        fs::write(folder.bodies(), "in the way").unwrap();
        let mut unpublished = Unpublished { due: true, ..Unpublished::default() };
        unpublished.bodies.extend([body(1, Some(50)), body(2, None)]);
        published(&mut unpublished, &folder, 10);
        assert!(unpublished.why.take().unwrap().contains("bodies"));
        assert_eq!((unpublished.from, unpublished.due, unpublished.bodies.len()), (0, false, 2));
        assert_eq!(folder.checkpoint().unwrap(), None, "no head stands over what is not there");

        fs::remove_file(folder.bodies()).unwrap();
        unpublished.bodies.push(body(3, None));
        published(&mut unpublished, &folder, 20);
        assert_eq!((unpublished.why.as_deref(), unpublished.from), (None, 7));
        let names = |folder: &std::path::Path| Folder::names(folder).unwrap().len();
        assert_eq!((names(&folder.bodies()), names(&folder.sealed())), (2, 1));
        published(&mut unpublished, &folder, 50);
        assert_eq!((names(&folder.bodies()), names(&folder.sealed()), unpublished.sealed.len()), (3, 0, 0));
    }

    #[test]
    fn a_sealed_body_that_is_gone_is_named_and_holds_up_neither_head_nor_others() {
        let data = tempfile::tempdir().unwrap();
        let folder = Folder::new(data.path());
        folder.make().unwrap();
        let mut unpublished = Unpublished::default();
        unpublished.bodies.extend([body(1, Some(50)), body(2, Some(50))]);
        published(&mut unpublished, &folder, 10);
        fs::remove_file(folder.sealed().join(Hash([1; 32]).to_string())).unwrap();
        fs::remove_file(data.path().join("log/checkpoint")).unwrap();
        published(&mut unpublished, &folder, 60);
        assert!(unpublished.why.as_deref().is_some_and(|why| why.contains(&Hash([1; 32]).to_string())));
        assert_eq!(folder.checkpoint().unwrap().as_deref(), Some("a head"));
        assert_eq!((Folder::names(&folder.bodies()).unwrap().len(), unpublished.sealed.len()), (1, 1));
        folder.write_body(&Hash([1; 32]), &[1]).unwrap();
        unpublished.try_again();
        assert!(unpublished.due, "it is tried again");
        published(&mut unpublished, &folder, 70);
        assert_eq!((unpublished.why.as_deref(), unpublished.sealed.len()), (None, 0));
    }
}
