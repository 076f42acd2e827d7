//! Cosigners as the log reaches them: in this process, or behind anything else that takes a head and gives a line.

mod office;
mod remote;

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use sekong_log::{CosignRefusal, Cosigner, Hash, SignatureLine, Tree, VerifierKey};

pub use office::{MemoryLost, WitnessMemory, WitnessOffice};
pub(crate) use remote::RemoteWitness;
pub use remote::{WitnessAt, WitnessUrl, WitnessUrlError};

/// The media type of a conflict's answer: the size that a witness has seen.
const SIZE_TYPE: &str = "text/x.tlog.size";

/// Why a cosigner gave no cosignature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// It could not be reached, or said nothing that can be read.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// It will not sign this head.
    #[error("refused: {0}")]
    Refused(#[from] CosignRefusal),
    /// It answered something else than a line of its own on this head, in time.
    #[error("its answer is no cosignature: {0}")]
    NoCosignature(String),
    /// It knows more of this log than the store holds.
    #[error(
        "it has cosigned {seen} entries of this log, the store holds {held}: an older copy of the store was put back, or \
         another centre writes this log"
    )]
    SeenMore {
        /// Entries under the head that it cosigned last.
        seen: u64,
        /// Entries under the head that it was asked to cosign.
        held: u64,
    },
    /// It knows another log of the same key.
    #[error("it has cosigned another history of this log: its first {seen} entries were others")]
    OtherHistory {
        /// Entries under the head that it cosigned last.
        seen: u64,
    },
}

impl WitnessError {
    pub(crate) fn kind(&self) -> MissingKind {
        match self {
            WitnessError::NoAnswer(_) => MissingKind::NoAnswer,
            WitnessError::Refused(_) => MissingKind::Refused,
            WitnessError::NoCosignature(_) => MissingKind::NoCosignature,
            WitnessError::SeenMore { .. } | WitnessError::OtherHistory { .. } => MissingKind::Fork,
        }
    }

    /// Whether writing on would fork the log.
    pub(crate) fn tells_a_fork(&self) -> bool {
        self.kind() == MissingKind::Fork
    }
}

/// A head that is to be cosigned, with all that proves what it extends.
#[derive(Clone, Copy)]
pub struct Submission<'a> {
    /// The signed note.
    pub note: &'a str,
    /// Entries under it.
    pub size: u64,
    /// The tree, of as many entries or more.
    pub tree: &'a Tree,
}

impl Submission<'_> {
    /// The consistency proof from the head of `old` entries; `None` if that is beyond this one.
    pub fn proof_from(&self, old: u64) -> Option<Vec<Hash>> {
        self.tree.consistency_proof(old, self.size).ok()
    }
}

/// What an ask for a cosignature comes to, in time.
pub type Cosigning<'a> = Pin<Box<dyn Future<Output = Result<SignatureLine, WitnessError>> + Send + 'a>>;

/// The way to a cosigner: `add-checkpoint` of C2SP `tlog-witness`, whatever carries it. Who is not in this
/// process sees durable heads alone.
pub trait Witness: Send + Sync + 'static {
    /// The public half of its key, by whose name it is known.
    fn key(&self) -> &VerifierKey;

    /// Has it cosign a head that extends what it has seen; `now` is the centre's time. It bounds its own wait.
    fn cosign<'a>(&'a mut self, head: Submission<'a>, now: Timestamp) -> Cosigning<'a>;

    /// Whether it lives and dies with the centre: then it may sign what is about to be stored, and a crash takes no line away.
    fn is_here(&self) -> bool {
        false
    }

    /// Until when it is left alone, because it did not answer; `None` if it is asked for every head.
    fn rests_until(&self) -> Option<Timestamp> {
        None
    }
}

/// A cosigner in the centre's own process, on the centre's clock.
impl Witness for Cosigner {
    fn key(&self) -> &VerifierKey {
        self.verifier()
    }

    fn is_here(&self) -> bool {
        true
    }

    fn cosign<'a>(&'a mut self, head: Submission<'a>, now: Timestamp) -> Cosigning<'a> {
        let (seen, held) = (self.state().0, head.size);
        let line = head.proof_from(seen).ok_or(WitnessError::SeenMore { seen, held });
        let line = line.and_then(|proof| Ok(Cosigner::cosign(self, seen, head.note, &proof, now)?));
        Box::pin(std::future::ready(line))
    }
}

/// Why a cosigner's line is missing, at large.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingKind {
    /// It had given none when the centre ended.
    Before,
    /// It could not be reached.
    NoAnswer,
    /// It refused.
    Refused,
    /// What it answered counts for nothing.
    NoCosignature,
    /// It knows another history of this log than the centre's.
    Fork,
}

/// A cosigner whose line is not under the newest head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Name of its key.
    pub name: String,
    /// Why.
    pub why: String,
    /// What kind of trouble that is; the words of one kind may differ each time.
    pub kind: MissingKind,
    /// Since when it has given none, by the centre's clock; `None` if that was before the centre was opened.
    pub since: Option<Timestamp>,
}
