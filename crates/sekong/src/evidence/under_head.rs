//! A published log as its head covers it, while its centre may be writing: what comes beyond the head is not looked at.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use sekong_log::{
    CHECKPOINT_FILE, Checkpoint, LogSource, SignedNote, TILE_WIDTH, TileKind, TilePath, decode_bundle,
    encode_bundle,
};

use super::{FILE_MAX_BYTES, Listing, Unread};
use crate::failure::Failure;
use crate::files::read_at_most;

/// Looks at a file that is being written, or at a head that is not published yet.
const LOOKS_MAX: u32 = 100;

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Bytes of a hash.
const HASH_BYTES: usize = 32;

/// The files that the head covers; a partial one that gave way to a wider one is cut out of that.
pub(crate) struct UnderHead {
    root: PathBuf,
    checkpoint: Vec<u8>,
    /// Of all files that lay there, or more.
    size_bytes: u64,
    unread: Unread,
}

impl UnderHead {
    /// The log as it lies there.
    pub(crate) fn of(root: &Path) -> Result<UnderHead, Failure> {
        let checkpoint = read_at_most(&root.join(CHECKPOINT_FILE), FILE_MAX_BYTES)?;
        let size_bytes = Listing::of(root)?.size_bytes();
        Ok(UnderHead { root: root.to_owned(), checkpoint, size_bytes, unread: Unread::default() })
    }

    /// The same once its head covers so many entries, or never will.
    pub(crate) fn up_to(root: &Path, wanted: u64) -> Result<UnderHead, Failure> {
        for _ in 0..LOOKS_MAX {
            let published = UnderHead::of(root)?;
            if wanted <= size_of(&String::from_utf8_lossy(&published.checkpoint)) {
                return Ok(published);
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        UnderHead::of(root)
    }

    /// Whether the checkpoint is a note about a tree, whoever signed it.
    pub(crate) fn has_a_head(&self) -> bool {
        head_of(&String::from_utf8_lossy(&self.checkpoint)).is_some()
    }

    /// The failure of the first file that is there and could not be read.
    pub(crate) fn all_read(self) -> Result<(), Failure> {
        self.unread.all_read()
    }

    /// A file's bytes; `None` if there is no such file, or it cannot be read.
    fn file(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.root.join(name);
        match read_at_most(&path, FILE_MAX_BYTES) {
            Ok(bytes) => Some(bytes),
            Err(failure) => {
                if fs::exists(&path).unwrap_or(true) {
                    self.unread.note(failure);
                }
                None
            }
        }
    }

    /// The beginning of a wider tile; it may be being written just now.
    fn cut(&self, of: &TilePath) -> Option<Vec<u8>> {
        for _ in 0..LOOKS_MAX {
            let beginning = beginning(of, &self.file(&self.wider(of)?)?);
            if beginning.is_some() {
                return beginning;
            }
            thread::sleep(BETWEEN_LOOKS);
        }
        None
    }

    /// The name of a tile that holds the same and more.
    fn wider(&self, than: &TilePath) -> Option<String> {
        let wider = (than.width() + 1..=TILE_WIDTH)
            .filter_map(|width| TilePath::new(than.kind(), than.index(), width));
        wider.map(|tile| tile.to_string()).find(|name| self.root.join(name).is_file())
    }
}

/// The first hashes or entries of a wider tile's bytes, as many as the partial one has; `None` if there are fewer.
fn beginning(of: &TilePath, full: &[u8]) -> Option<Vec<u8>> {
    let width = usize::try_from(of.width()).ok()?;
    match of.kind() {
        TileKind::Hashes { .. } => full.get(..width * HASH_BYTES).map(<[u8]>::to_vec),
        TileKind::Entries => encode_bundle(decode_bundle(full).ok()?.get(..width)?).ok(),
    }
}

/// Entries under a head, whoever signed it; 0 of what is no head.
fn size_of(note: &str) -> u64 {
    head_of(note).map_or(0, |head| head.size)
}

fn head_of(note: &str) -> Option<Checkpoint> {
    note.parse::<SignedNote>().ok()?.text().parse().ok()
}

impl LogSource for UnderHead {
    fn names(&self) -> Option<Vec<String>> {
        None
    }

    fn read(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        if name == CHECKPOINT_FILE {
            return Some(self.checkpoint.as_slice().into());
        }
        let tile: TilePath = name.parse().ok()?;
        if tile.is_full() {
            return self.file(name).map(Cow::from);
        }
        self.file(name).or_else(|| self.cut(&tile)).map(Cow::from)
    }

    fn size_bytes(&self) -> u64 {
        self.size_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_tile_that_gave_way_is_cut_out_of_the_wider_one() {
        let log = tempfile::tempdir().unwrap();
        let entries: Vec<Vec<u8>> = (0..TILE_WIDTH).map(|at| vec![at as u8; 3]).collect();
        let write = |name: &str, bytes: &[u8]| {
            let path = log.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        write("checkpoint", b"an origin\n7\n");
        write("tile/0/000", &[5; 32 * 256]);
        write("tile/entries/000", &encode_bundle(&entries).unwrap());
        let under_head = UnderHead::of(log.path()).unwrap();
        write("checkpoint", b"an origin\n9\n");
        assert_eq!(
            under_head.read("checkpoint").unwrap(),
            &b"an origin\n7\n"[..],
            "the head that was begun with"
        );
        assert_eq!(under_head.read("tile/0/000.p/7").unwrap(), &[5; 32 * 7][..]);
        assert_eq!(under_head.read("tile/entries/000.p/7").unwrap(), encode_bundle(&entries[..7]).unwrap());
        assert_eq!((under_head.read("tile/0/001.p/7"), under_head.read("keys")), (None, None));
        write("tile/0/001.p/9", &[6; 32 * 9]);
        assert_eq!(under_head.read("tile/0/001.p/7").unwrap(), &[6; 32 * 7][..]);
        assert!(under_head.all_read().is_ok(), "what is not there is no file that cannot be read");
    }
}
