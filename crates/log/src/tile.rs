//! Tiles and entry bundles: C2SP `tlog-tiles`, sections Merkle Tree, Partial Tiles, Log entries.
//!
//! Names and bytes only: it neither writes files nor prunes, and a log here always begins at entry 0.

use std::fmt;
use std::str::FromStr;

use crate::merkle::{HASH_BYTES, Tree};

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u64 = 256;
/// Longest entry in bytes: its length must fit the two bytes before it.
pub const ENTRY_MAX_BYTES: usize = u16::MAX as usize;

const TILE_HEIGHT: u8 = 8;
const TILE_MAX_LEVEL: u8 = 63;
const LENGTH_BYTES: usize = 2;

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// The entries themselves, each after its length.
    Entries,
    /// Roots of complete subtrees of 256^`level` entries.
    Hashes {
        /// 0 to 63.
        level: u8,
    },
}

impl TileKind {
    fn level(self) -> u8 {
        match self {
            TileKind::Entries => 0,
            TileKind::Hashes { level } => level,
        }
    }

    /// How many hashes or entries of this kind a log of `size` entries has over all its tiles.
    pub fn count(self, size: u64) -> u64 {
        size.checked_shr(u32::from(self.level()) * u32::from(TILE_HEIGHT)).unwrap_or(0)
    }
}

/// Name of a tile, as text `tile/0/x001/x234/067`, or `tile/entries/000.p/5` for the first five entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TilePath {
    kind: TileKind,
    index: u64,
    width: u64,
}

/// The text is not the path of a tile, spelled as C2SP `tlog-tiles` spells it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the path of a tile: {text:?}")]
pub struct TilePathError {
    /// The text as given.
    pub text: String,
}

impl TilePath {
    /// A tile by kind, index among its kind, and width 1 to 256; `None` beyond what a path can name.
    pub fn new(kind: TileKind, index: u64, width: u64) -> Option<Self> {
        let path = Self { kind, index, width };
        let named = (1..=TILE_WIDTH).contains(&width) && kind.level() <= TILE_MAX_LEVEL;
        (named && index < u64::MAX / TILE_WIDTH).then_some(path)
    }

    /// What it holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Position among the tiles of its kind.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// Hashes or entries in it, 1 to 256.
    pub fn width(&self) -> u64 {
        self.width
    }

    /// Whether it holds all 256, so that it never changes again.
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Position of its first hash or entry among those of its kind.
    pub fn start(&self) -> u64 {
        self.index * TILE_WIDTH
    }

    /// Position after its last hash or entry among those of its kind.
    pub fn end(&self) -> u64 {
        self.start() + self.width
    }

    /// Whether a log of `size` entries has all that the tile is to hold.
    pub fn is_within(&self, size: u64) -> bool {
        self.end() <= self.kind.count(size)
    }
}

impl fmt::Display for TilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => f.write_str("tile/entries/")?,
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
        }
        let groups = (0..7).map(|power| self.index / 1000u64.pow(power)).take_while(|&left| left > 0);
        for power in (1..groups.count().max(1) as u32).rev() {
            write!(f, "x{:03}/", self.index / 1000u64.pow(power) % 1000)?;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

impl FromStr for TilePath {
    type Err = TilePathError;
    fn from_str(text: &str) -> Result<Self, TilePathError> {
        // Reading is lenient and the spelling decides: signs, zeros and missing groups change it.
        let path = read_path(text).filter(|path| path.to_string() == text);
        path.ok_or_else(|| TilePathError { text: text.to_owned() })
    }
}

fn read_path(text: &str) -> Option<TilePath> {
    let (kind, rest) = text.strip_prefix("tile/")?.split_once('/')?;
    let kind = match kind {
        "entries" => TileKind::Entries,
        level => TileKind::Hashes { level: level.parse().ok()? },
    };
    let (index, width) = match rest.split_once(".p/") {
        Some((index, width)) => (index, width.parse().ok()?),
        None => (rest, TILE_WIDTH),
    };
    let index = index.split('/').try_fold(0u64, |sum, group| {
        let digits = group.trim_start_matches('x').parse::<u16>().ok()?;
        sum.checked_mul(1000)?.checked_add(u64::from(digits))
    })?;
    TilePath::new(kind, index, width)
}

/// The tiles and bundles of a log of `size` entries: full ones everywhere, a partial one at the right end of a level
/// that has an unfinished tile.
pub fn tiles_of(size: u64) -> Vec<TilePath> {
    tiles_for(0, size)
}

/// The tiles and bundles to write when a log grows from `old_size` to `new_size` entries: those of [`tiles_of`] the
/// new size that the old one did not have. None when it does not grow.
pub fn tiles_for(old_size: u64, new_size: u64) -> Vec<TilePath> {
    let levels = (0..TILE_HEIGHT).map(|level| TileKind::Hashes { level });
    std::iter::once(TileKind::Entries)
        .chain(levels)
        .flat_map(|kind| grown_tiles(kind, kind.count(old_size), kind.count(new_size)))
        .collect()
}

fn grown_tiles(kind: TileKind, old_count: u64, new_count: u64) -> impl Iterator<Item = TilePath> {
    let indices =
        if old_count < new_count { old_count / TILE_WIDTH..new_count.div_ceil(TILE_WIDTH) } else { 0..0 };
    indices.map(move |index| {
        let width = (new_count - index * TILE_WIDTH).min(TILE_WIDTH);
        TilePath { kind, index, width }
    })
}

/// Bytes of a tile of hashes: 32 each, in order; `None` for a bundle or beyond the tree.
pub fn tile_bytes(tree: &Tree, path: &TilePath) -> Option<Vec<u8>> {
    let TileKind::Hashes { level } = path.kind else { return None };
    let node_level = level.checked_mul(TILE_HEIGHT)?;
    let mut bytes = Vec::with_capacity(path.width as usize * HASH_BYTES);
    for index in path.start()..path.end() {
        bytes.extend(tree.subtree_hash(node_level, index)?.0);
    }
    Some(bytes)
}

/// Why entries are not a bundle, or bytes not entries.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// An entry is longer than [`ENTRY_MAX_BYTES`].
    #[error("an entry has at most {ENTRY_MAX_BYTES} bytes, number {position} of the bundle has {len_bytes}")]
    EntryTooLong {
        /// Position in the bundle.
        position: usize,
        /// Length in bytes.
        len_bytes: usize,
    },
    /// The bytes end within an entry or its length.
    #[error("the bundle ends within its entry number {position}")]
    Truncated {
        /// Position in the bundle.
        position: usize,
    },
    /// There are fewer or more entries than the path says.
    #[error("the bundle holds {found} entries, its path says {expected}")]
    Count {
        /// Entries by the path.
        expected: u64,
        /// Entries found.
        found: u64,
    },
}

/// Bytes of an entry bundle: each entry after its length, two bytes, big-endian.
///
/// # Errors
/// [`TileError::EntryTooLong`].
pub fn encode_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TileError> {
    let mut bytes = Vec::new();
    for (position, entry) in entries.iter().enumerate() {
        let entry = entry.as_ref();
        let len_bytes = entry.len();
        let length = u16::try_from(len_bytes).map_err(|_| TileError::EntryTooLong { position, len_bytes })?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(entry);
    }
    Ok(bytes)
}

/// The entries of a bundle.
///
/// # Errors
/// [`TileError::Truncated`].
pub fn decode_bundle(bytes: &[u8]) -> Result<Vec<&[u8]>, TileError> {
    bundle_entries(bytes).collect()
}

/// The entries of a bundle, one after the other: what stands before a torn end is read, too. After an error nothing follows.
pub fn bundle_entries(bytes: &[u8]) -> impl Iterator<Item = Result<&[u8], TileError>> {
    let (mut rest, mut position) = (bytes, 0);
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (entry, after) = first_entry(rest)
            .map_or((Err(TileError::Truncated { position }), &[][..]), |(entry, after)| (Ok(entry), after));
        (rest, position) = (after, position + 1);
        Some(entry)
    })
}

fn first_entry(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, after) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
    after.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::leaf_hash;

    fn path(text: &str) -> TilePath {
        text.parse().unwrap()
    }

    fn names(paths: &[TilePath]) -> Vec<String> {
        paths.iter().map(TilePath::to_string).collect()
    }

    #[test]
    fn paths_are_spelled_as_the_specification_spells_them() {
        let golden = [
            ("tile/0/x001/x234/067", TileKind::Hashes { level: 0 }, 1_234_067, 256),
            ("tile/0/x001/x234/067.p/8", TileKind::Hashes { level: 0 }, 1_234_067, 8),
            ("tile/entries/000.p/1", TileKind::Entries, 0, 1),
            ("tile/entries/x001/000", TileKind::Entries, 1000, 256),
            ("tile/63/999.p/255", TileKind::Hashes { level: 63 }, 999, 255),
        ];
        for (text, kind, index, width) in golden {
            let expected = TilePath::new(kind, index, width).unwrap();
            assert_eq!((expected.to_string().as_str(), path(text)), (text, expected));
        }
    }

    #[test]
    fn other_spellings_are_refused() {
        let bad = [
            "tile/00/000",
            "tile/64/000",
            "tile/-1/000",
            "tile/+1/000",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/x000/067",
            "tile/0/001/067",
            "tile/0/x001/x067",
            "tile/0/xx01/067",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/08",
            "tile/0/000.p/",
            "tile/0/000.p",
            "tile/0/",
            "tile//000",
            "/tile/0/000",
            "tile/0/000/",
            "tile/entry/000",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        ];
        for text in bad {
            assert!(text.parse::<TilePath>().is_err(), "{text}");
        }
    }

    #[test]
    fn seventy_thousand_entries_have_the_tiles_of_the_specification() {
        let tiles = tiles_of(70_000);
        let of = |level| tiles.iter().filter(move |tile| tile.kind() == TileKind::Hashes { level });
        assert_eq!((of(0).count(), of(1).count(), of(2).count(), of(3).count()), (274, 2, 1, 0));
        assert_eq!(names(&[*of(0).next_back().unwrap()]), ["tile/0/273.p/112"]);
        assert_eq!(names(&of(1).copied().collect::<Vec<_>>()), ["tile/1/000", "tile/1/001.p/17"]);
        assert_eq!(names(&of(2).copied().collect::<Vec<_>>()), ["tile/2/000.p/1"]);
    }

    #[test]
    fn two_hundred_and_fifty_six_entries_make_a_full_tile_and_one_above_of_width_one() {
        assert_eq!(names(&tiles_of(256)), ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(names(&tiles_for(255, 256)), ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(names(&tiles_for(256, 257)), ["tile/entries/001.p/1", "tile/0/001.p/1"]);
        assert!(tiles_of(0).is_empty() && tiles_for(9, 9).is_empty() && tiles_for(9, 3).is_empty());
    }

    #[test]
    fn the_largest_sizes_do_not_overflow() {
        let last = tiles_for(u64::MAX - 1, u64::MAX);
        assert_eq!(last.len(), 2);
        assert!(last.iter().all(|tile| tile.end() == u64::MAX && tile.is_within(u64::MAX)));
        assert!(TilePath::new(TileKind::Hashes { level: 63 }, 0, 1).is_some_and(|t| !t.is_within(u64::MAX)));
    }

    #[test]
    fn a_tile_is_its_hashes_in_order() {
        let mut tree = Tree::new();
        (0..600u32).for_each(|index| tree.push(leaf_hash(&index.to_be_bytes())));
        let bytes = tile_bytes(&tree, &path("tile/0/002.p/88")).unwrap();
        assert_eq!(bytes.len(), 88 * 32);
        assert_eq!(bytes[..32], tree.leaf(512).unwrap().0);
        let above = tile_bytes(&tree, &path("tile/1/000.p/2")).unwrap();
        assert_eq!(above[32..], tree.subtree_hash(8, 1).unwrap().0);
        assert_eq!(tile_bytes(&tree, &path("tile/0/002.p/89")), None);
        assert_eq!(tile_bytes(&tree, &path("tile/entries/000")), None);
        assert_eq!(tile_bytes(&tree, &path("tile/40/000")), None);
    }

    #[test]
    fn a_bundle_holds_entries_after_their_lengths() {
        let bytes = encode_bundle(&[&b"ab"[..], b"", b"c"]).unwrap();
        assert_eq!(bytes, b"\x00\x02ab\x00\x00\x00\x01c");
        assert_eq!(decode_bundle(&bytes).unwrap(), [&b"ab"[..], b"", b"c"]);
        assert_eq!(decode_bundle(&bytes[..8]), Err(TileError::Truncated { position: 2 }));
        assert_eq!(decode_bundle(&bytes[..3]), Err(TileError::Truncated { position: 0 }));
        let torn: Vec<_> = bundle_entries(&bytes[..8]).collect();
        assert_eq!(torn, [Ok(&b"ab"[..]), Ok(b""), Err(TileError::Truncated { position: 2 })]);
        assert!(encode_bundle(&[vec![0; ENTRY_MAX_BYTES]]).is_ok());
        let long = encode_bundle(&[vec![0; ENTRY_MAX_BYTES + 1]]);
        assert_eq!(long, Err(TileError::EntryTooLong { position: 0, len_bytes: 65_536 }));
    }
}
