//! The scrub: everything that lies on disk, read again and held against what it should be. Leaves must hash to every head
//! that was ever signed, bodies to their names, and the published folder is compared byte for byte with what follows from
//! the store.
//!
//! It reads beside a running centre: what is committed while it reads is left for the next one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use sekong_log::{
    CHECKPOINT_FILE, Entry, Hash, Head, SaltedPerson, TileKind, TilePath, Tree, body_hash, encode_bundle,
    leaf_hash, tile_bytes, tiles_of,
};
use sekong_model::CampaignId;
use sekong_store::{Store, StoreError, StoredBody, StoredHead};

use crate::beyond::Held;
use crate::folder::{Folder, FolderError};
use crate::named::Named;
use crate::state::KeyRing;

/// Leaves or heads that are read at a time.
const BATCH: u64 = 1_024;

/// After each batch others come first.
const PAUSE: Duration = Duration::from_millis(2);

/// A running centre publishes what it committed within this time; what differs longer is wrong.
const PUBLISHING: Duration = Duration::from_secs(2);

/// Something on disk that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Damage {
    /// A leaf that is not there.
    #[error("store, entry {index}: it is missing")]
    Gap {
        /// Its index.
        index: u64,
    },
    /// A leaf that is no entry any more.
    #[error("store, entry {index}: {why}")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The leaves do not hash to a head.
    #[error("store, entries {from} to {to}: with them the log does not hash to the head of {size} entries")]
    Leaves {
        /// The first that may be wrong.
        from: u64,
        /// The last that may be.
        to: u64,
        /// Size of the first head that does not fit.
        size: u64,
    },
    /// A leaf that no head covers: every commit has one over all that it writes.
    #[error("store, entry {index}: no head is over it")]
    Beyond {
        /// Its index.
        index: u64,
    },
    /// A head that these keys did not sign, or that says another size.
    #[error("store, head of {size} entries: {why}")]
    Head {
        /// Its size.
        size: u64,
        /// What is wrong with it.
        why: String,
    },
    /// A body whose bytes have another SHA-256 than its name.
    #[error("store, body {hash}: its bytes have another SHA-256")]
    Body {
        /// Its name.
        hash: Hash,
    },
    /// A body that an entry names and that is not there.
    #[error("store, body {hash}: entry {entry} names it, and it is missing")]
    BodyMissing {
        /// The first entry that names it.
        entry: u64,
        /// Its SHA-256.
        hash: Hash,
    },
    /// A record of a person that an entry commits to, that no entry erased, and that is not there.
    #[error(
        "store, record of a person: entry {entry} commits to {commitment}, no entry erased it, and it is missing"
    )]
    PersonMissing {
        /// The entry that commits to it.
        entry: u64,
        /// The commitment.
        commitment: Hash,
    },
    /// A record of a person that is not the one committed to.
    #[error("store, record of a person: salt and bytes do not give the commitment {commitment}")]
    Person {
        /// The commitment.
        commitment: Hash,
    },
    /// A published file.
    #[error("{}: {what}", path.to_string_lossy().escape_debug())]
    File {
        /// Relative to the data folder.
        path: PathBuf,
        /// What is wrong with it.
        what: Wrong,
    },
}

/// What may be wrong with a published file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Wrong {
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// Its bytes are others than follow from the store.
    #[error("it is not what follows from the store")]
    Differs,
    /// It cannot be read, or its folder not listed.
    #[error("it cannot be read")]
    Unreadable,
    /// Nothing in the store makes such a file, or not yet.
    #[error("nothing in the store makes it")]
    Foreign,
    /// The published head is over more entries than the store holds.
    #[error("it is over more entries than the store, which is an older copy")]
    Newer,
    /// It holds signed entries of this log that are not among the stored ones.
    #[error(
        "it holds entries that the store lacks: the store is an older copy, or somebody put the file there"
    )]
    Lacked,
}

impl Damage {
    /// Whether the store itself is damaged: nothing on this machine can mend that.
    #[must_use]
    pub fn is_in_store(&self) -> bool {
        !matches!(self, Damage::File { .. })
    }

    /// Whether more was published than the store holds.
    #[must_use]
    pub fn shows_an_older_store(&self) -> bool {
        matches!(self, Damage::File { what: Wrong::Newer | Wrong::Lacked, .. })
    }

    /// Whether it is the published head, which the writer replaces.
    #[must_use]
    pub fn is_of_the_head(&self) -> bool {
        matches!(self, Damage::File { path, .. } if path == &Path::new("log").join(CHECKPOINT_FILE))
    }

    /// Whether it is something in the folder that cannot be read.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Damage::File { what: Wrong::Unreadable, .. })
    }

    fn lies_in(&self, folder: &Damage) -> bool {
        match (self, folder) {
            (Damage::File { path, .. }, Damage::File { path: folder, .. }) => path.starts_with(folder),
            _ => false,
        }
    }

    /// Whether the store tells what the file should be: somebody else's is left to whoever put it there.
    #[must_use]
    pub fn can_be_mended(&self) -> bool {
        matches!(self, Damage::File { what: Wrong::Missing | Wrong::Differs | Wrong::Unreadable, .. })
    }
}

/// What a scrub read, and what it found.
#[derive(Debug, Clone)]
pub struct Scrubbed {
    /// Leaves hashed.
    pub entries: u64,
    /// Heads held against them.
    pub heads: u64,
    /// Bodies hashed.
    pub bodies: u64,
    /// Published files compared.
    pub files: u64,
    /// What is wrong, the store's first.
    pub damages: Vec<Damage>,
    tree: Tree,
}

/// Why a scrub could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ScrubError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder cannot be read, or not mended.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// A store and the folder that follows from it.
pub struct Scrub<'a, S> {
    /// The store, for reading.
    pub store: &'a mut S,
    /// The published folder.
    pub folder: &'a Folder,
    /// The keys of its heads.
    pub keys: &'a KeyRing,
}

impl<S: Store> Scrub<'_, S> {
    /// Reads everything.
    ///
    /// # Errors
    /// [`ScrubError`] if something cannot be read at all: then nothing is known of it.
    pub async fn run(&mut self) -> Result<Scrubbed, ScrubError> {
        let newest = self.store.newest_head().await?;
        let size = newest.as_ref().map_or(0, |head| head.size);
        let (mut damages, mut named) = (Vec::new(), Named::default());
        let tree = self.tree(size, &mut named, &mut damages).await?;
        let heads = self.heads(&tree, &mut damages).await?;
        damages.extend(self.beyond_heads(size).await?);
        let bodies = self.bodies(&named, &mut damages).await?;
        self.persons(named, size, &mut damages).await?;
        let (mut files, mut wrong) = self.files(newest.as_ref(), &tree).await?;
        if !wrong.is_empty() {
            tokio::time::sleep(PUBLISHING).await;
            let (again, still) = self.files(newest.as_ref(), &tree).await?;
            files = again;
            wrong.retain(|damage| still.contains(damage));
        }
        damages.extend(wrong);
        Ok(Scrubbed { entries: tree.size(), heads, bodies, files, damages, tree })
    }

    async fn tree(
        &mut self,
        size: u64,
        named: &mut Named,
        damages: &mut Vec<Damage>,
    ) -> Result<Tree, ScrubError> {
        let mut tree = Tree::new();
        while tree.size() < size {
            let batch = self.store.leaves(tree.size(), BATCH.min(size - tree.size())).await?;
            let before = tree.size();
            for stored in batch {
                if stored.index != tree.size() {
                    break;
                }
                tree.push(leaf_hash(&stored.leaf));
                named.note_leaf(stored.index, &stored.leaf);
            }
            if tree.size() < size && tree.size() < before + BATCH.min(size - before) {
                damages.push(Damage::Gap { index: tree.size() });
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(tree)
    }

    /// Holds the tree against every head; the first that does not fit tells between which entries to look.
    async fn heads(&mut self, tree: &Tree, damages: &mut Vec<Damage>) -> Result<u64, ScrubError> {
        let (mut count, mut last, mut fitting, mut broken) = (0, 0, 0, None);
        loop {
            let batch = self.store.heads(last, BATCH).await?;
            for head in batch.iter().filter(|head| head.size <= tree.size()) {
                count += 1;
                match self.keys.open(&head.note) {
                    Err(error) => damages.push(Damage::Head { size: head.size, why: error.to_string() }),
                    Ok(opened) => match root_of(&opened, head) {
                        Err(why) => damages.push(Damage::Head { size: head.size, why }),
                        Ok(root) if tree.root_at(head.size) == Some(root) => fitting = head.size,
                        Ok(_) => broken = broken.or(Some((fitting, head.size))),
                    },
                }
            }
            match batch.last() {
                Some(head) if head.size < tree.size() => last = head.size,
                _ => break,
            }
            tokio::time::sleep(PAUSE).await;
        }
        if let Some((from, size)) = broken {
            damages.extend(self.broken_leaves(from, size).await?);
        }
        Ok(count)
    }

    /// The first leaf that no head covers; one that was written meanwhile has a head since.
    async fn beyond_heads(&mut self, size: u64) -> Result<Option<Damage>, ScrubError> {
        let since = self.store.leaves(size, u64::MAX >> 1).await?;
        let covered = self.store.newest_head().await?.map_or(0, |head| head.size);
        let beyond = since.iter().map(|stored| stored.index).find(|index| covered <= *index);
        Ok(beyond.map(|index| Damage::Beyond { index }))
    }

    /// Names the entries whose signatures do not hold; if all do, the range.
    async fn broken_leaves(&mut self, from: u64, size: u64) -> Result<Vec<Damage>, ScrubError> {
        let leaves = self.store.leaves(from, size - from).await?;
        let wrong = leaves.iter().filter_map(|stored| {
            let why = Entry::parse(&stored.leaf).err()?.to_string();
            Some(Damage::Entry { index: stored.index, why })
        });
        let wrong: Vec<Damage> = wrong.collect();
        let range = Damage::Leaves { from, to: size - 1, size };
        Ok(if wrong.is_empty() { vec![range] } else { wrong })
    }

    async fn bodies(&mut self, named: &Named, damages: &mut Vec<Damage>) -> Result<u64, ScrubError> {
        let hashes = self.store.body_hashes().await?;
        let there: BTreeSet<Hash> = hashes.iter().copied().map(Hash).collect();
        let missing = named.bodies.iter().filter(|(hash, _)| !there.contains(hash));
        damages.extend(missing.map(|(hash, entry)| Damage::BodyMissing { entry: *entry, hash: *hash }));
        for hash in &hashes {
            let body = self.store.body(*hash).await?;
            if body.is_some_and(|body| body_hash(&body.bytes).0 != *hash) {
                damages.push(Damage::Body { hash: Hash(*hash) });
            }
            tokio::task::yield_now().await;
        }
        Ok(hashes.len() as u64)
    }

    async fn persons(
        &mut self,
        mut named: Named,
        size: u64,
        damages: &mut Vec<Damage>,
    ) -> Result<(), ScrubError> {
        let there: BTreeSet<Hash> = self.store.person_commitments().await?.into_iter().map(Hash).collect();
        // What was erased while this scrub read is in entries that came since.
        for stored in self.store.leaves(size, u64::MAX >> 1).await? {
            named.note_leaf(stored.index, &stored.leaf);
        }
        let missing = named
            .persons
            .into_iter()
            .filter(|(commitment, entry)| *entry < size && !there.contains(commitment));
        damages.extend(missing.map(|(commitment, entry)| Damage::PersonMissing { entry, commitment }));
        for commitment in self.store.person_commitments().await? {
            // One that is erased meanwhile is not there any more.
            let Some(stored) = self.store.person(commitment).await? else { continue };
            let person = SaltedPerson::parse(stored.salt, stored.record);
            if !person.is_ok_and(|person| person.committed().commitment.0 == commitment) {
                damages.push(Damage::Person { commitment: Hash(commitment) });
            }
        }
        Ok(())
    }

    /// Compares the published files; gives how many there are.
    async fn files(
        &mut self,
        newest: Option<&StoredHead>,
        tree: &Tree,
    ) -> Result<(u64, Vec<Damage>), ScrubError> {
        let mut damages = Vec::new();
        let names = self.names("log", &mut damages);
        let (held, campaign) = (Held::new(tree), self.campaign().await?);
        for name in names.iter().filter(|name| *name != Path::new(CHECKPOINT_FILE)) {
            let tile = name.to_str().and_then(|name| name.parse::<TilePath>().ok());
            damages.extend(match tile {
                Some(tile) if tile.is_within(tree.size()) => self.tile(&tile, tree).await?,
                tile => self.beyond(name, tile, &held, campaign.as_ref()).await?,
            });
            tokio::task::yield_now().await;
        }
        for path in tiles_of(tree.size()) {
            // A full tile ends the life of its partial ones, and a head that was followed at once may never have been published.
            let wider = (path.width()..=sekong_log::TILE_WIDTH)
                .filter_map(|width| TilePath::new(path.kind(), path.index(), width));
            let there = wider.into_iter().any(|path| names.contains(Path::new(&path.to_string())));
            if !there {
                damages.push(file(format!("log/{path}"), Wrong::Missing));
            }
        }
        damages.extend(self.checkpoint(tree).await?);
        let bodies = self.body_files(newest, &mut damages).await?;
        damages.sort();
        damages.dedup();
        Ok((names.len() as u64 + bodies, damages))
    }

    /// The campaign whose log it is, as its first entry says.
    async fn campaign(&mut self) -> Result<Option<CampaignId>, ScrubError> {
        let first = self.store.leaves(0, 1).await?.pop();
        Ok(first.and_then(|stored| Entry::parse(&stored.leaf).ok()).map(|entry| entry.campaign().clone()))
    }

    /// The files of one folder; one that cannot be listed is a damage, and hides nothing of the store or of other folders.
    fn names(&self, folder: &'static str, damages: &mut Vec<Damage>) -> BTreeSet<PathBuf> {
        let (names, unlisted) = Folder::listed(&self.folder.path(folder));
        let paths = unlisted.into_iter().map(|error| self.folder.relative(&error.path));
        damages.extend(paths.map(|path| file(path, Wrong::Unreadable)));
        names
    }

    /// What lies at a path against what should; `None` if it is the same.
    fn compared(&self, path: &str, wanted: Option<&[u8]>) -> Option<Wrong> {
        match Folder::read(&self.folder.path(path)) {
            Err(_) => Some(Wrong::Unreadable),
            Ok(None) => Some(Wrong::Missing),
            Ok(Some(found)) => (Some(found.as_slice()) != wanted).then_some(Wrong::Differs),
        }
    }

    /// A file that the leaves which were read do not make.
    async fn beyond(
        &mut self,
        name: &Path,
        tile: Option<TilePath>,
        held: &Held<'_>,
        campaign: Option<&CampaignId>,
    ) -> Result<Option<Damage>, ScrubError> {
        let newest = self.store.newest_head().await?;
        if tile.is_some_and(|tile| newest.is_some_and(|head| tile.is_within(head.size))) {
            return Ok(None);
        }
        let what = match held.lacking(&self.folder.log().join(name), tile.as_ref(), campaign) {
            Err(_) => Wrong::Unreadable,
            Ok(0) => Wrong::Foreign,
            Ok(_) => Wrong::Lacked,
        };
        Ok(Some(file(Path::new("log").join(name), what)))
    }

    async fn tile(&mut self, tile: &TilePath, tree: &Tree) -> Result<Option<Damage>, ScrubError> {
        let (wanted, path) = (self.tile_bytes(tile, tree).await?, format!("log/{tile}"));
        // One that is gone meanwhile was a partial tile, or is missed below.
        let wrong = self.compared(&path, wanted.as_deref()).filter(|wrong| *wrong != Wrong::Missing);
        Ok(wrong.map(|wrong| file(path, wrong)))
    }

    async fn tile_bytes(&mut self, tile: &TilePath, tree: &Tree) -> Result<Option<Vec<u8>>, ScrubError> {
        if let TileKind::Hashes { .. } = tile.kind() {
            return Ok(tile_bytes(tree, tile));
        }
        let leaves = self.store.leaves(tile.start(), tile.end() - tile.start()).await?;
        let leaves: Vec<Vec<u8>> = leaves.into_iter().map(|stored| stored.leaf).collect();
        Ok(encode_bundle(&leaves).ok())
    }

    /// The published head is the newest stored one; one that was cosigned late may have more lines than the store's.
    async fn checkpoint(&mut self, tree: &Tree) -> Result<Option<Damage>, ScrubError> {
        let wrong = |what| Some(file(format!("log/{CHECKPOINT_FILE}"), what));
        let note = match self.folder.checkpoint() {
            Err(_) => return Ok(wrong(Wrong::Unreadable)),
            Ok(None) => return Ok(if tree.size() == 0 { None } else { wrong(Wrong::Missing) }),
            Ok(Some(note)) => note,
        };
        let Ok(head) = self.keys.open(&note) else { return Ok(wrong(Wrong::Differs)) };
        let size = head.checkpoint.size;
        let stored = self.store.heads(size.saturating_sub(1), 1).await?.pop();
        let text = |note: &str| note.split("\n\n").next().map(str::to_owned);
        let same = stored.is_some_and(|stored| stored.size == size && text(&stored.note) == text(&note));
        if self.store.newest_head().await?.is_none_or(|newest| newest.size < size) {
            return Ok(wrong(Wrong::Newer));
        }
        Ok(if same && tree.size() <= size { None } else { wrong(Wrong::Differs) })
    }

    /// Every body lies where it belongs, and nothing else does.
    async fn body_files(
        &mut self,
        newest: Option<&StoredHead>,
        damages: &mut Vec<Damage>,
    ) -> Result<u64, ScrubError> {
        let (open, sealed) = (self.names("bodies", damages), self.names("sealed", damages));
        // Of what lies in a folder that cannot be listed no more is to be said.
        let unlisted = ["bodies", "sealed"].map(|folder| file(folder, Wrong::Unreadable));
        let unlisted: Vec<Damage> = unlisted.into_iter().filter(|folder| damages.contains(folder)).collect();
        let is_said = |damage: &Damage| unlisted.iter().any(|folder| damage.lies_in(folder));
        let later = self.store.newest_head().await?;
        let (from, until) = (self.time_of(newest), self.time_of(later.as_ref()));
        let mut known = BTreeSet::new();
        for hash in self.store.body_hashes().await? {
            let Some(body) = self.store.body(hash).await? else { continue };
            known.insert(PathBuf::from(Hash(hash).to_string()));
            damages.extend(self.body_file(&body, from, until).filter(|damage| !is_said(damage)));
            tokio::task::yield_now().await;
        }
        for (folder, names) in [("bodies", &open), ("sealed", &sealed)] {
            let foreign = names.difference(&known).map(|name| Path::new(folder).join(name));
            damages.extend(foreign.map(|path| file(path, Wrong::Foreign)));
        }
        Ok((open.len() + sealed.len()) as u64)
    }

    fn body_file(&self, body: &StoredBody, from: Timestamp, until: Timestamp) -> Option<Damage> {
        let path = |folder: &str| format!("{folder}/{}", Hash(body.hash));
        let [open, sealed] =
            ["bodies", "sealed"].map(|folder| self.compared(&path(folder), Some(&body.bytes)));
        let lies = |wrong: Option<Wrong>| wrong != Some(Wrong::Missing);
        let wrong = match (open, sealed) {
            (None | Some(Wrong::Differs), _) if waits(body, until) => ("bodies", Wrong::Foreign),
            // A start that broke off may have left it in both places.
            (None, sealed) if lies(sealed) && !waits(body, from) => ("sealed", Wrong::Foreign),
            (None, _) => return None,
            (Some(wrong), _) if lies(open) => ("bodies", wrong),
            (_, None) if waits(body, from) => return None,
            (_, Some(wrong)) if waits(body, from) => ("sealed", wrong),
            _ => ("bodies", Wrong::Missing),
        };
        Some(file(path(wrong.0), wrong.1))
    }

    /// When a head was cosigned last: what is public by then is published with it.
    fn time_of(&self, head: Option<&StoredHead>) -> Timestamp {
        let opened = head.and_then(|head| self.keys.open(&head.note).ok());
        opened.and_then(|head| head.cosigned()).unwrap_or(Timestamp::MIN)
    }

    /// Writes wrong files anew, and gives how many. The checkpoint is left to the writer, who replaces it at each commit.
    ///
    /// # Errors
    /// [`ScrubError`] if a file cannot be written.
    pub async fn mend(&mut self, scrubbed: &Scrubbed) -> Result<usize, ScrubError> {
        if scrubbed.damages.iter().any(Damage::is_in_store) {
            return Ok(0);
        }
        let mut written = 0;
        for damage in scrubbed.damages.iter().filter(|damage| damage.can_be_mended()) {
            let Damage::File { path, .. } = damage else { continue };
            let Some((folder, name)) = path.to_str().and_then(|path| path.split_once('/')) else { continue };
            match (folder, name.parse::<TilePath>(), name.parse::<Hash>()) {
                ("log", Ok(tile), _) => {
                    let bytes = self.tile_bytes(&tile, &scrubbed.tree).await?.unwrap_or_default();
                    self.folder.write_tile(&tile, &bytes)?;
                }
                ("bodies" | "sealed", _, Ok(hash)) => {
                    let Some(body) = self.store.body(hash.0).await? else { continue };
                    match folder {
                        "bodies" => self.folder.write_body(&hash, &body.bytes)?,
                        _ => self.folder.write_sealed(&hash, &body.bytes)?,
                    }
                }
                _ => continue,
            }
            written += 1;
        }
        Ok(written)
    }
}

/// The root that a stored head says, if it is of the size under which it is stored.
fn root_of(opened: &Head, stored: &StoredHead) -> Result<Hash, String> {
    let said = opened.checkpoint.size;
    if said == stored.size { Ok(opened.checkpoint.root) } else { Err(format!("it says {said}")) }
}

fn waits(body: &StoredBody, time: Timestamp) -> bool {
    body.public_from_s.is_some_and(|from_s| time.as_second() < from_s)
}

fn file(path: impl Into<PathBuf>, what: Wrong) -> Damage {
    Damage::File { path: path.into(), what }
}
