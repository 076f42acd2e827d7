//! Cosigners as the log reaches them: in this process, or behind anything else that takes a head and gives a line.

use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use sekong_log::{CosignRefusal, Cosigner, Hash, SignatureLine, VerifierKey};

/// Why a cosigner gave no cosignature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WitnessError {
    /// It could not be reached, or said nothing that can be read.
    #[error("no answer: {0}")]
    NoAnswer(String),
    /// It will not sign this head.
    #[error("refused: {0}")]
    Refused(#[from] CosignRefusal),
}

/// What an ask for a cosignature comes to, in time.
pub type Cosigning<'a> = Pin<Box<dyn Future<Output = Result<SignatureLine, WitnessError>> + Send + 'a>>;

/// The way to a cosigner: `add-checkpoint` of C2SP `tlog-witness`, whatever carries it.
pub trait Witness: Send + Sync + 'static {
    /// The public half of its key, by whose name it is known.
    fn key(&self) -> &VerifierKey;

    /// Size of the head that it cosigned last, as far as is known here: proofs lead from there.
    fn seen(&self) -> u64;

    /// Has it cosign a head that extends what it has seen; `now` is the centre's time. It bounds its own wait.
    fn cosign<'a>(&'a mut self, head: &'a str, proof: &'a [Hash], now: Timestamp) -> Cosigning<'a>;
}

/// A cosigner in the centre's own process, on the centre's clock.
impl Witness for Cosigner {
    fn key(&self) -> &VerifierKey {
        self.verifier()
    }

    fn seen(&self) -> u64 {
        self.state().0
    }

    fn cosign<'a>(&'a mut self, head: &'a str, proof: &'a [Hash], now: Timestamp) -> Cosigning<'a> {
        let line = Cosigner::cosign(self, self.seen(), head, proof, now);
        Box::pin(std::future::ready(line.map_err(WitnessError::from)))
    }
}

/// A cosigner whose line is not under the newest head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Name of its key.
    pub name: String,
    /// Why.
    pub why: String,
}
