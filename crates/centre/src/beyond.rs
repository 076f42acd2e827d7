//! What lies in the published log and the store does not make: entries that the store lacks, which show that it is an older
//! copy, or somebody else's files, which show nothing.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sekong_log::{Entry, Hash, TILE_WIDTH, TileKind, TilePath, Tree, bundle_entries, leaf_hash};
use sekong_model::CampaignId;

use crate::folder::{Folder, FolderError, failed};

/// What a bundle has at most, in bytes: what is longer is none, and is not read to its end.
const BUNDLE_MAX_BYTES: u64 = TILE_WIDTH * (2 + sekong_log::ENTRY_MAX_BYTES as u64);

/// A published file with entries of this log that the store does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lacking {
    /// The file, relative to the data folder.
    pub(crate) file: String,
    /// How many of its entries the store lacks.
    pub(crate) entries: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Beyond {
    /// The last file with entries that the store lacks.
    pub(crate) lacking: Option<Lacking>,
    /// Files that nothing in the store makes, relative to the data folder.
    pub(crate) foreign: Vec<PathBuf>,
}

/// Looks at every file of the published log that a store with this tree does not make.
pub(crate) fn look(
    folder: &Folder,
    tree: &Tree,
    campaign: Option<&CampaignId>,
) -> Result<Beyond, FolderError> {
    let (held, mut beyond) = (Held::new(tree), Beyond::default());
    for name in Folder::names(&folder.log())? {
        let tile = name.to_str().and_then(|name| name.parse::<TilePath>().ok());
        if name == Path::new(sekong_log::CHECKPOINT_FILE)
            || tile.is_some_and(|tile| tile.is_within(tree.size()))
        {
            continue;
        }
        match held.lacking(&folder.log().join(&name), tile.as_ref(), campaign)? {
            0 => beyond.foreign.push(Path::new("log").join(name)),
            entries => beyond.lacking = Some(Lacking { file: format!("log/{}", name.display()), entries }),
        }
    }
    Ok(beyond)
}

/// The leaves that a store holds, found by their hashes; made when first asked.
pub(crate) struct Held<'a> {
    tree: &'a Tree,
    leaves: OnceLock<BTreeSet<Hash>>,
}

impl<'a> Held<'a> {
    pub(crate) fn new(tree: &'a Tree) -> Held<'a> {
        Held { tree, leaves: OnceLock::new() }
    }

    /// How many entries of this log a published file has that are not held; none but in a bundle.
    pub(crate) fn lacking(
        &self,
        path: &Path,
        tile: Option<&TilePath>,
        campaign: Option<&CampaignId>,
    ) -> Result<u64, FolderError> {
        if tile.is_none_or(|tile| tile.kind() != TileKind::Entries) {
            return Ok(0);
        }
        let all = || (0..self.tree.size()).filter_map(|index| self.tree.leaf(index)).collect();
        Ok(lacking(&read_bundle(path)?, self.leaves.get_or_init(all), campaign))
    }
}

/// Signed entries of this campaign that are not held, as far as the bytes can be read: the end of a file may be torn.
fn lacking(bytes: &[u8], held: &BTreeSet<Hash>, campaign: Option<&CampaignId>) -> u64 {
    let whole = bundle_entries(bytes).map_while(Result::ok);
    let of_this_log = whole.filter(|leaf| {
        let entry = Entry::parse(leaf);
        entry.is_ok_and(|entry| campaign.is_none_or(|campaign| campaign == entry.campaign()))
    });
    of_this_log.filter(|leaf| !held.contains(&leaf_hash(leaf))).count() as u64
}

/// A regular file, as far as a bundle goes; a link, pipe or device is nobody's bundle, and is not waited for.
fn read_bundle(path: &Path) -> Result<Vec<u8>, FolderError> {
    let about = fs::symlink_metadata(path).map_err(failed("read", path))?;
    let mut bytes = Vec::new();
    if about.is_file() {
        let file = fs::File::open(path).map_err(failed("read", path))?;
        file.take(BUNDLE_MAX_BYTES).read_to_end(&mut bytes).map_err(failed("read", path))?;
    }
    Ok(bytes)
}
