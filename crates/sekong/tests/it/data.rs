//! Data folders to read, copy and spoil, and what their logs hold.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use sekong_log::{Entry, Statement, TileKind, decode_bundle, tiles_of};
use tempfile::TempDir;

use crate::run::{Run, sekong};
use crate::week;

/// The shipped campaign's folder.
pub(crate) fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../campaigns/northeast-2017")
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Two simulated days with the shared day's seed, and what their demo printed.
pub(crate) static TWO_DAYS: LazyLock<(Data, Run)> = LazyLock::new(|| {
    let data = Data::absent();
    let run =
        sekong(["demo", "--no-serve", "--json", "--days", "2", "--seed", "1", "--data", arg(&data.path)]);
    (data, run.exits(0))
});

/// A folder of one's own, removed in the end.
pub(crate) struct Data {
    _kept: TempDir,
    pub(crate) path: PathBuf,
}

impl Data {
    /// A newly founded campaign: seven entries, one partial tile.
    pub(crate) fn founded() -> Data {
        let data = Data::absent();
        sekong(["init", arg(&shipped()), "--data", arg(&data.path)]).exits(0);
        data
    }

    /// A copy of the shared day: a full tile, partial ones, all kinds of bodies.
    pub(crate) fn day() -> Data {
        let data = Data::absent();
        copy(week::shared_day(), &data.path);
        data
    }

    /// A path where nothing is yet.
    pub(crate) fn absent() -> Data {
        let kept = tempfile::tempdir().unwrap();
        let path = kept.path().join("data");
        Data { _kept: kept, path }
    }

    pub(crate) fn checkpoint(&self) -> String {
        checkpoint(&self.path)
    }

    pub(crate) fn set_checkpoint(&self, note: &str) {
        fs::write(self.path.join("log/checkpoint"), note).unwrap();
    }

    /// A file of keys as `--key FILE` takes it: the log's, then the cosigners', then how many of these must sign.
    pub(crate) fn key_file(&self) -> PathBuf {
        let read = |name: &str| fs::read_to_string(self.path.join("keys").join(name)).unwrap();
        let file = self._kept.path().join("all.vkey");
        fs::write(&file, read("log.vkey") + &read("cosigners.vkey") + &read("cosignatures")).unwrap();
        file
    }

    /// A file beside the data folder.
    pub(crate) fn beside(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self._kept.path().join(name);
        fs::write(&file, text).unwrap();
        file
    }
}

pub(crate) fn checkpoint(data: &Path) -> String {
    fs::read_to_string(data.join("log/checkpoint")).unwrap()
}

/// Copies a folder with all that is in it.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file under a folder, by its name relative to it.
pub(crate) fn files(root: &Path) -> Vec<String> {
    let (mut folders, mut names) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                names.push(entry.path().strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    names.sort();
    names
}

/// Entries under a signed head.
pub(crate) fn head_size(note: &str) -> u64 {
    note.lines().nth(1).unwrap().parse().unwrap()
}

/// Every entry of a log, in order.
pub(crate) fn entries(data: &Path) -> Vec<Entry> {
    let tiles = tiles_of(head_size(&checkpoint(data)));
    let bundles = tiles.iter().filter(|tile| tile.kind() == TileKind::Entries);
    let entries = bundles.flat_map(|tile| {
        let bytes = fs::read(data.join("log").join(tile.to_string())).unwrap();
        let entries = decode_bundle(&bytes).unwrap().into_iter().map(|entry| Entry::parse(entry).unwrap());
        entries.collect::<Vec<_>>()
    });
    entries.collect()
}

/// What an entry says.
pub(crate) fn statement(entry: &Entry) -> Statement {
    Statement::from_parts(entry.kind(), entry.body()).unwrap()
}

/// Everything a log says, in order.
pub(crate) fn statements(data: &Path) -> Vec<Statement> {
    entries(data).iter().map(statement).collect()
}

/// The older heads, whole signed notes, that closings quote; the oldest first.
pub(crate) fn quoted_heads(data: &Path) -> Vec<String> {
    let heads = statements(data).into_iter().filter_map(|statement| match statement {
        Statement::Close(close) => Some(close.head),
        _ => None,
    });
    heads.collect()
}
