//! Receipts: what a device gets back, with which it can prove that its entry is in the log.

use sekong_log::{Hash, HeadError, ProofError, verify_inclusion};

use crate::state::KeyRing;

/// The place of an entry under a cosigned head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Index of the entry.
    pub index: u64,
    /// RFC 6962 inclusion proof under `head`.
    pub proof: Vec<Hash>,
    /// The cosigned head.
    pub head: String,
}

/// Why a receipt proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// The head does not open with the keys given.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The proof does not lead from the entry to the head.
    #[error(transparent)]
    Proof(#[from] ProofError),
}

impl Receipt {
    /// Checks that the entry with this leaf hash is under the head.
    pub fn check(&self, leaf: &Hash, keys: &KeyRing) -> Result<(), ReceiptError> {
        let head = keys.open(&self.head)?.checkpoint;
        Ok(verify_inclusion(leaf, self.index, head.size, &self.proof, &head.root)?)
    }
}
