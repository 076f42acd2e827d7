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
use crate::clocks::instant;
use crate::failure::Failure;

/// Largest log fetched, in entries: eight times what the design calls large, small enough to list its tiles.
const ENTRIES_MAX: u64 = 8_000_000;

/// Largest log held in memory (1 GiB): a campaign's has a tenth of that.
const LOG_MAX_BYTES: usize = 1 << 30;

/// Bytes before an entry in a bundle, which tell its length.
const LENGTH_BYTES: usize = 2;

/// Characters that are shown of where an address leads.
const SHOWN_CHARS: usize = 200;

/// Longest waits.
#[derive(Clone, Copy)]
struct Limits {
    connect: Duration,
    /// For one whole answer.
    answer: Duration,
    /// For all answers together: thousands that each come just in time are too slow, too.
    all: Duration,
}

const LIMITS: Limits = Limits {
    connect: Duration::from_secs(10),
    answer: Duration::from_secs(60),
    all: Duration::from_secs(2 * 3600),
};

/// A centre's address.
pub(crate) struct Site {
    base: String,
    agent: ureq::Agent,
    limits: Limits,
    /// How long its answers were waited for.
    waited: Mutex<Duration>,
}

enum Fetched {
    Here(Vec<u8>),
    Status(u16),
}

/// Why nothing was fetched that could be judged.
#[derive(Debug, thiserror::Error)]
enum NotFetched {
    #[error(transparent)]
    Line(#[from] ureq::Error),
    #[error("it is longer than {most_bytes} bytes, and was cut off there: no such file of a log is")]
    TooLong { most_bytes: usize },
    #[error("it leads elsewhere, to {to:?}, which is not followed")]
    Elsewhere { to: String },
    #[error("all answers together took longer than {limit:?}")]
    TooSlow { limit: Duration },
}

impl NotFetched {
    fn failure(self, address: &str) -> Failure {
        let said = format!("cannot fetch {address}: {self}");
        match self {
            NotFetched::TooLong { .. } => {
                Failure::not_verified(said).hint("the address answers with nonsense, or is not the centre's")
            }
            NotFetched::Elsewhere { .. } => {
                Failure::failed(said).hint("if it is the centre's own, give the address that it leads to")
            }
            NotFetched::TooSlow { .. } => Failure::failed(said)
                .hint("fetch log/, bodies/ and the keys into a folder by other means, and verify that"),
            NotFetched::Line(_) => Failure::failed(said),
        }
    }
}

impl Site {
    pub(crate) fn new(address: &str) -> Site {
        Site::within(address, LIMITS)
    }

    fn within(address: &str, limits: Limits) -> Site {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(limits.connect))
            .timeout_global(Some(limits.answer))
            .max_redirects(0)
            .build();
        let (base, agent) = (address.trim_end_matches('/').to_owned(), config.into());
        Site { base, agent, limits, waited: Mutex::default() }
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
        let mut all_bytes = 0;
        for tile in tiles_of(size) {
            let bytes = self.required(&tile.to_string(), most_bytes(&tile))?;
            all_bytes += bytes.len();
            if LOG_MAX_BYTES < all_bytes {
                return Err(Failure::failed(format!("the log has more than {} MiB", LOG_MAX_BYTES >> 20))
                    .hint("fetch log/, bodies/ and the keys into a folder, and verify that: it is read piece by piece"));
            }
            files.insert(tile.to_string(), bytes);
        }
        Ok(files)
    }

    /// A file that must be there, of so many bytes at most.
    fn required(&self, name: &str, most_bytes: usize) -> Result<Vec<u8>, Failure> {
        let address = format!("{}/log/{name}", self.base);
        match self.fetch(&address, most_bytes) {
            Ok(Fetched::Here(bytes)) => Ok(bytes),
            Ok(Fetched::Status(status)) => Err(Failure::not_verified(format!("{address} answers {status}"))
                .hint("the address is the centre's base: its log lies at /log/")),
            Err(error) => Err(error.failure(&address)),
        }
    }

    fn fetch(&self, address: &str, most_bytes: usize) -> Result<Fetched, NotFetched> {
        let limit = self.limits.all;
        let waited = || self.waited.lock().unwrap_or_else(PoisonError::into_inner);
        let left = limit.checked_sub(*waited()).filter(|left| !left.is_zero());
        let left = left.ok_or(NotFetched::TooSlow { limit })?;
        let since = instant();
        let fetched = self.fetch_within(address, most_bytes, left.min(self.limits.answer));
        *waited() += since.elapsed();
        fetched
    }

    fn fetch_within(&self, address: &str, most_bytes: usize, limit: Duration) -> Result<Fetched, NotFetched> {
        let request = self.agent.get(address).config().timeout_global(Some(limit)).build();
        let response = match request.call() {
            Err(ureq::Error::StatusCode(status)) => return Ok(Fetched::Status(status)),
            response => response?,
        };
        if response.status().is_redirection() {
            let to = response.headers().get("location").map(|to| String::from_utf8_lossy(to.as_bytes()));
            let to = to.unwrap_or_default().chars().take(SHOWN_CHARS).collect();
            return Err(NotFetched::Elsewhere { to });
        }
        let mut bytes = Vec::new();
        // A byte more shows that it does not end where it should.
        let mut reader = response.into_body().into_reader().take(most_bytes as u64 + 1);
        reader.read_to_end(&mut bytes).map_err(ureq::Error::from)?;
        if most_bytes < bytes.len() {
            Err(NotFetched::TooLong { most_bytes })
        } else {
            Ok(Fetched::Here(bytes))
        }
    }
}

/// What a tile of this name can have.
fn most_bytes(tile: &TilePath) -> usize {
    let each = match tile.kind() {
        TileKind::Hashes { .. } => HASH_BYTES,
        TileKind::Entries => LENGTH_BYTES + ENTRY_MAX_BYTES,
    };
    each * tile.width() as usize
}

/// Bodies behind an address, each fetched once.
pub(crate) struct SiteBodies<'a> {
    site: &'a Site,
    fetched: Mutex<BTreeMap<Hash, Body>>,
    /// The first that could not be fetched, as little as it may be missing there.
    unfetched: Mutex<Option<Failure>>,
}

impl SiteBodies<'_> {
    pub(crate) fn new(site: &Site) -> SiteBodies<'_> {
        SiteBodies { site, fetched: Mutex::default(), unfetched: Mutex::default() }
    }

    /// The failure of the first body that could not be fetched: then no verdict is a verdict on the address.
    pub(crate) fn all_fetched(self) -> Result<(), Failure> {
        let unfetched = self.unfetched.into_inner().unwrap_or_else(PoisonError::into_inner);
        unfetched.map_or(Ok(()), Err)
    }

    fn fetch(&self, hash: &Hash) -> Body {
        let address = format!("{}/bodies/{hash}", self.site.base);
        match self.site.fetch(&address, FILE_MAX_BYTES) {
            Ok(Fetched::Here(bytes)) if body_hash(&bytes) == *hash => Body::Here(bytes),
            Ok(Fetched::Here(_)) => Body::Altered,
            // Forbidden: the release rule does not let this reader have it yet.
            Ok(Fetched::Status(403)) => Body::Sealed,
            Ok(Fetched::Status(_)) => Body::Missing,
            Err(error) => {
                let mut unfetched = self.unfetched.lock().unwrap_or_else(PoisonError::into_inner);
                unfetched.get_or_insert_with(|| error.failure(&address));
                Body::Missing
            }
        }
    }
}

impl Bodies for SiteBodies<'_> {
    fn get(&self, hash: &Hash) -> Body {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.entry(*hash).or_insert_with(|| self.fetch(hash)).clone()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    use super::*;

    const SHORT: Limits = Limits {
        connect: Duration::from_secs(2),
        answer: Duration::from_millis(400),
        all: Duration::from_secs(1),
    };

    /// An address that answers each request by `answer`, until whoever asks has gone.
    fn answering(answer: fn(&mut TcpStream) -> std::io::Result<()>) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || {
                    let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                    lines.take_while(|line| !line.is_empty()).for_each(drop);
                    let mut stream = stream;
                    let _ = answer(&mut stream);
                });
            }
        });
        Site::within(&address, SHORT)
    }

    /// What is said of a file, and how long that takes.
    fn said(site: &Site, most_bytes: usize) -> (String, Duration) {
        let since = instant();
        let failure = site.required("checkpoint", most_bytes).unwrap_err();
        (failure.to_string(), since.elapsed())
    }

    const BEGINNING: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";

    #[test]
    fn bytes_without_end_are_cut_off_where_the_file_must_end() {
        let site = answering(|stream| {
            stream.write_all(BEGINNING)?;
            loop {
                stream.write_all(&[b'x'; 4096])?;
            }
        });
        let (said, _) = said(&site, 70_000);
        assert!(said.contains("/log/checkpoint: it is longer than 70000 bytes, and was cut off"), "{said}");
    }

    #[test]
    fn an_answer_that_drips_is_cut_off_and_so_are_many_that_come_just_in_time() {
        let site = answering(|stream| {
            stream.write_all(BEGINNING)?;
            loop {
                stream.write_all(b"x")?;
                thread::sleep(Duration::from_millis(20));
            }
        });
        let (dripped, took) = said(&site, 70_000);
        assert!(dripped.contains("timeout"), "{dripped}");
        assert!(took < SHORT.answer * 3, "{took:?}");
        let in_time = answering(|stream| {
            thread::sleep(SHORT.answer / 2);
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: close\r\n\r\nx")
        });
        let cut = (0..20).find_map(|_| in_time.required("checkpoint", 9).err()).unwrap().to_string();
        assert!(cut.contains("took longer than 1s") || cut.contains("timeout"), "{cut}");
    }

    #[test]
    fn headers_without_end_and_silence_are_cut_off() {
        let endless = answering(|stream| {
            stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
            loop {
                stream.write_all(b"x: y\r\n")?;
            }
        });
        let silent = answering(|_| {
            thread::sleep(Duration::from_secs(5));
            Ok(())
        });
        for site in [endless, silent] {
            let (said, took) = said(&site, 9);
            assert!(said.starts_with("cannot fetch http://127.0.0.1"), "{said}");
            assert!(took < SHORT.answer * 3, "{took:?}: {said}");
        }
    }

    #[test]
    fn where_an_address_leads_is_told_and_not_followed() {
        let site = answering(|stream| {
            stream.write_all(
                b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/within\r\ncontent-length: 0\r\n\r\n",
            )
        });
        let (said, _) = said(&site, 9);
        assert!(said.contains("leads elsewhere, to \"http://127.0.0.1:1/within\""), "{said}");
    }

    #[test]
    fn a_body_that_cannot_be_fetched_is_not_called_missing_alone() {
        let site = answering(|stream| {
            stream.write_all(b"HTTP/1.1 307 Moved\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n")
        });
        let bodies = SiteBodies::new(&site);
        bodies.get(&body_hash(b"x"));
        let failure = bodies.all_fetched().unwrap_err().to_string();
        assert!(failure.contains("/bodies/") && failure.contains("leads elsewhere"), "{failure}");
    }
}
