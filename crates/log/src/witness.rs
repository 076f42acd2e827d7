//! C2SP `tlog-witness`: the request `add-checkpoint`, and a witness of several logs that decides on it.
//!
//! It does not speak HTTP, keep its state or read a clock. A grant counts for nothing until its owner has made
//! [`Granted::seen`] durable and called [`WitnessedLogs::remember`]; only then may the line leave. Stricter than the
//! specification: a checkpoint has no extension lines, and a log's origin is the name of its one key.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::cosign::{CosignRefusal, Cosigner};
use crate::merkle::{HASH_BYTES, Hash, empty_root};
use crate::note::{
    KeyError, KeyKind, NOTE_MAX_BYTES, NoteError, SignatureLine, SignedNote, SigningKey, VerifierKey,
    base64_bytes, base64_text,
};

/// Lines of a consistency proof at most.
pub const PROOF_MAX_LINES: usize = 63;

/// Bytes of a base64 line of 32 bytes, with its newline.
const PROOF_LINE_BYTES: usize = 45;

/// Bytes of a request at most: the old size, 63 hashes, an empty line, a note.
pub const REQUEST_MAX_BYTES: usize =
    "old 18446744073709551615\n\n".len() + PROOF_MAX_LINES * PROOF_LINE_BYTES + NOTE_MAX_BYTES;

/// Why bytes are no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No empty line ends the proof.
    #[error("a request is a line `old N`, the lines of a proof, an empty line and a checkpoint")]
    Shape,
    /// The first line is not an old size.
    #[error("the first line is `old` and a decimal number without leading zeros, not {text:?}")]
    Old {
        /// The line as given.
        text: String,
    },
    /// The proof is longer than that of any tree.
    #[error("a proof has at most {PROOF_MAX_LINES} lines, this one has {count}")]
    TooLong {
        /// Lines found.
        count: usize,
    },
    /// A line of the proof is not a hash.
    #[error("line {line} of the proof is not {HASH_BYTES} bytes in base64")]
    Proof {
        /// Its number, from 1.
        line: usize,
    },
    /// What follows is not a signed note.
    #[error("the checkpoint: {0}")]
    Note(#[from] NoteError),
    /// The note's text is not a checkpoint.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
}

/// The request `add-checkpoint`; as text the body that is posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<Hash>,
    note: String,
    origin: String,
}

impl AddCheckpoint {
    /// The request to cosign `note`, a checkpoint that `proof` shows to extend the one of `old_size` entries.
    ///
    /// # Errors
    /// [`RequestError`].
    pub fn new(old_size: u64, proof: Vec<Hash>, note: &str) -> Result<Self, RequestError> {
        if PROOF_MAX_LINES < proof.len() {
            return Err(RequestError::TooLong { count: proof.len() });
        }
        let signed: SignedNote = note.parse()?;
        let origin = signed.text().parse::<Checkpoint>()?.origin;
        Ok(Self { old_size, proof, note: note.to_owned(), origin })
    }

    /// The log that the checkpoint says it is of.
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", base64_text(&hash.0)))?;
        write!(f, "\n{}", self.note)
    }
}

impl FromStr for AddCheckpoint {
    type Err = RequestError;
    fn from_str(text: &str) -> Result<Self, RequestError> {
        let (before, note) = text.split_once("\n\n").ok_or(RequestError::Shape)?;
        let (old, proof) = before.split_once('\n').map_or((before, None), |(old, proof)| (old, Some(proof)));
        let old_size = old_size(old).ok_or_else(|| RequestError::Old { text: old.to_owned() })?;
        let lines = proof.map_or(0, |proof| proof.split('\n').count());
        if PROOF_MAX_LINES < lines {
            return Err(RequestError::TooLong { count: lines });
        }
        let hash = |(line, text)| hash_of(text).ok_or(RequestError::Proof { line });
        let proof = proof.into_iter().flat_map(|proof| (1..).zip(proof.split('\n')));
        Self::new(old_size, proof.map(hash).collect::<Result<_, _>>()?, note)
    }
}

fn old_size(line: &str) -> Option<u64> {
    let text = line.strip_prefix("old ")?;
    text.parse::<u64>().ok().filter(|size| size.to_string() == text)
}

fn hash_of(text: &str) -> Option<Hash> {
    base64_bytes(text)?.try_into().ok().map(Hash)
}

/// What a witness has seen of one log: the head that it cosigned last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The log's key.
    pub log: VerifierKey,
    /// Entries under the head.
    pub size: u64,
    /// Its root.
    pub root: Hash,
    /// When it was cosigned, by the witness's clock.
    pub time: Timestamp,
}

/// Why a witness does not cosign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddRefusal {
    /// It follows no log of this origin.
    #[error("no log {origin} is followed here")]
    UnknownOrigin {
        /// The origin in the checkpoint.
        origin: String,
    },
    /// The checkpoint is not one that it may cosign.
    #[error(transparent)]
    Cosign(#[from] CosignRefusal),
}

/// A checkpoint that may be cosigned, once the witness remembers it.
#[derive(Debug, Clone)]
pub struct Granted {
    cosigner: Cosigner,
    line: SignatureLine,
}

impl Granted {
    /// What must be durable before the line is given.
    pub fn seen(&self) -> Seen {
        let (size, root) = self.cosigner.state();
        Seen { log: self.cosigner.log().clone(), size, root, time: self.cosigner.last_time() }
    }

    /// The cosignature.
    pub fn into_line(self) -> SignatureLine {
        self.line
    }
}

/// A witness with one key, and the logs that it follows.
#[derive(Debug, Clone)]
pub struct WitnessedLogs {
    key: SigningKey,
    logs: BTreeMap<String, Cosigner>,
}

impl WitnessedLogs {
    /// A witness that follows no log yet.
    ///
    /// # Errors
    /// [`KeyError::WrongKind`] unless `key` is of kind [`KeyKind::CosignatureV1`].
    pub fn new(key: SigningKey) -> Result<Self, KeyError> {
        key.verifier().check_kind(KeyKind::CosignatureV1)?;
        Ok(Self { key, logs: BTreeMap::new() })
    }

    /// Follows a log of which nothing has been seen, in the place of one of the same origin.
    ///
    /// # Errors
    /// [`KeyError::WrongKind`] unless it is of kind [`KeyKind::Ed25519`].
    pub fn follow(&mut self, log: VerifierKey) -> Result<(), KeyError> {
        self.follow_from(Seen { log, size: 0, root: empty_root(), time: Timestamp::UNIX_EPOCH })
    }

    /// Follows a log from what has been seen of it, in the place of one of the same origin.
    ///
    /// # Errors
    /// As [`WitnessedLogs::follow`].
    pub fn follow_from(&mut self, seen: Seen) -> Result<(), KeyError> {
        let origin = seen.log.name().to_owned();
        let cosigner = Cosigner::new(self.key.clone(), seen.log, (seen.size, seen.root))?;
        self.logs.insert(origin, cosigner.last_signed(seen.time));
        Ok(())
    }

    /// What the witness says to a request at `time`, which may not be before its last cosignature of any log. Nothing is
    /// remembered yet.
    ///
    /// # Errors
    /// [`AddRefusal`].
    pub fn check(&self, request: &AddCheckpoint, time: Timestamp) -> Result<Granted, AddRefusal> {
        let origin = request.origin();
        let cosigner = self.logs.get(origin);
        let cosigner =
            cosigner.ok_or_else(|| AddRefusal::UnknownOrigin { origin: origin.to_owned() })?.clone();
        let last = self.logs.values().map(Cosigner::last_time).max();
        let mut cosigner = last.into_iter().fold(cosigner, Cosigner::last_signed);
        let line = cosigner.cosign(request.old_size, &request.note, &request.proof, time)?;
        Ok(Granted { cosigner, line })
    }

    /// Goes on from what was granted.
    pub fn remember(&mut self, granted: &Granted) {
        self.logs.insert(granted.cosigner.log().name().to_owned(), granted.cosigner.clone());
    }
}
