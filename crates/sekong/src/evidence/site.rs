//! A centre's address as evidence: every answer is bounded in size and time, for the centre may be hostile.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sekong_centre::{Bodies, Body, KeyRing};
use sekong_log::{
    CHECKPOINT_FILE, ENTRY_MAX_BYTES, HASH_BYTES, Hash, LogFiles, NOTE_MAX_BYTES, TileKind, TilePath,
    body_hash, tiles_of,
};

use super::FILE_MAX_BYTES;
use crate::failure::Failure;

/// Largest log fetched, in entries: eight times what the design calls large, small enough to list its tiles.
const ENTRIES_MAX: u64 = 8_000_000;

/// Largest log held in memory (1 GiB): a campaign's has a tenth of that.
const LOG_MAX_BYTES: usize = 1 << 30;

/// Bytes before an entry in a bundle, which tell its length.
const LENGTH_BYTES: usize = 2;

/// Longest wait for a connection, and for one whole answer.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// A centre's address.
pub(crate) struct Site {
    base: String,
    agent: ureq::Agent,
}

enum Fetched {
    Here(Vec<u8>),
    Status(u16),
}

impl Site {
    pub(crate) fn new(address: &str) -> Site {
        let limits = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_LIMIT))
            .timeout_global(Some(ANSWER_LIMIT))
            .build();
        Site { base: address.trim_end_matches('/').to_owned(), agent: limits.into() }
    }

    /// The checkpoint and the tiles that belong to it.
    pub(crate) fn log_files(&self, keys: &KeyRing) -> Result<LogFiles, Failure> {
        let note = self.required(CHECKPOINT_FILE, NOTE_MAX_BYTES)?;
        let mut files = LogFiles::from([(CHECKPOINT_FILE.to_owned(), note.clone())]);
        // A head that does not open is named by the audit; without its size nothing more can be fetched.
        let Ok(head) = keys.open(&String::from_utf8_lossy(&note)) else { return Ok(files) };
        let size = head.checkpoint.size;
        if size > ENTRIES_MAX {
            return Err(Failure::not_verified(format!(
                "the head claims {size} entries, more than {ENTRIES_MAX}"
            ))
            .hint("no campaign is that large; the address answers with nonsense, or is not the centre's"));
        }
        let mut left = LOG_MAX_BYTES;
        for tile in tiles_of(size) {
            let bytes = self.required(&tile.to_string(), most_bytes(&tile).min(left))?;
            left -= bytes.len();
            if left == 0 {
                return Err(Failure::failed(format!("the log has more than {} MiB", LOG_MAX_BYTES >> 20))
                    .hint("fetch log/, bodies/ and the keys into a folder, and verify that: it is read piece by piece"));
            }
            files.insert(tile.to_string(), bytes);
        }
        Ok(files)
    }

    /// A file, of which no more than `limit` bytes are read: a longer one is none of a log, and is named by the audit.
    fn required(&self, name: &str, limit: usize) -> Result<Vec<u8>, Failure> {
        let address = format!("{}/log/{name}", self.base);
        match self.fetch(&address, limit) {
            Ok(Fetched::Here(bytes)) => Ok(bytes),
            Ok(Fetched::Status(status)) => Err(Failure::not_verified(format!("{address} answers {status}"))
                .hint("the address is the centre's base: its log lies at /log/")),
            Err(error) => Err(Failure::failed(format!("cannot fetch {address}: {error}"))),
        }
    }

    fn fetch(&self, address: &str, limit: usize) -> Result<Fetched, ureq::Error> {
        match self.agent.get(address).call() {
            Ok(response) => {
                let mut bytes = Vec::new();
                let mut reader = response.into_body().into_reader().take(limit as u64);
                reader.read_to_end(&mut bytes)?;
                Ok(Fetched::Here(bytes))
            }
            Err(ureq::Error::StatusCode(status)) => Ok(Fetched::Status(status)),
            Err(error) => Err(error),
        }
    }
}

/// One byte more than a tile of this name can have.
fn most_bytes(tile: &TilePath) -> usize {
    let each = match tile.kind() {
        TileKind::Hashes { .. } => HASH_BYTES,
        TileKind::Entries => LENGTH_BYTES + ENTRY_MAX_BYTES,
    };
    each * tile.width() as usize + 1
}

/// Bodies behind an address, each fetched once.
pub(crate) struct SiteBodies<'a> {
    site: &'a Site,
    fetched: Mutex<BTreeMap<Hash, Body>>,
}

impl SiteBodies<'_> {
    pub(crate) fn new(site: &Site) -> SiteBodies<'_> {
        SiteBodies { site, fetched: Mutex::default() }
    }
}

impl Bodies for SiteBodies<'_> {
    fn get(&self, hash: &Hash) -> Body {
        let fetch = || match self.site.fetch(&format!("{}/bodies/{hash}", self.site.base), FILE_MAX_BYTES) {
            Ok(Fetched::Here(bytes)) if body_hash(&bytes) == *hash => Body::Here(bytes),
            Ok(Fetched::Here(_)) => Body::Altered,
            // Forbidden: the release rule does not let this reader have it yet.
            Ok(Fetched::Status(403)) => Body::Sealed,
            Ok(Fetched::Status(_)) | Err(_) => Body::Missing,
        };
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.entry(*hash).or_insert_with(fetch).clone()
    }
}
