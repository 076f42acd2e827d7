//! Cosignatures and the witness that gives them: C2SP `tlog-cosignature`, Ed25519 signed message, and the checks
//! of `add-checkpoint` in C2SP `tlog-witness`.
//!
//! A cosigner says: at this time, this is the largest head of the log that I have seen, and it extends all that I
//! have seen. It does not read entries, speak HTTP, keep its state or read a clock: its owner persists
//! [`Cosigner::state`] before handing out a line.

use jiff::Timestamp;

use crate::checkpoint::{HeadError, open_signed};
use crate::entry::is_sane;
use crate::merkle::{Hash, ProofError, verify_consistency};
use crate::note::{
    KeyError, KeyKind, SIGNATURE_BYTES, SignatureCheck, SignatureLine, SigningKey, VerifierKey,
};

const TIME_BYTES: usize = 8;

/// Why a cosignature does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignatureError {
    /// The bytes are not a time and an Ed25519 signature.
    #[error("the cosignature by {key} is not 8 bytes of time and {SIGNATURE_BYTES} of signature")]
    Length {
        /// Name of the key.
        key: String,
    },
    /// The time is beyond the calendar.
    #[error("the cosignature by {key} carries a time beyond the calendar: {seconds} s")]
    Time {
        /// Name of the key.
        key: String,
        /// Seconds since 1970.
        seconds: u64,
    },
    /// The signature does not hold.
    #[error("the cosignature by {key} does not hold")]
    BadSignature {
        /// Name of the key.
        key: String,
    },
}

fn message(text: &str, seconds: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {seconds}\n{text}").into_bytes()
}

/// Checks a line that claims to be by `key` on the checkpoint `text` (with its final newline); gives the time the
/// cosigner signed at.
///
/// # Errors
/// [`CosignatureError`].
pub fn verify_cosignature(
    key: &VerifierKey,
    text: &str,
    line: &SignatureLine,
) -> Result<Timestamp, CosignatureError> {
    verify_cosignature_by(key, text, line, &mut VerifierKey::verifies)
}

/// The same by one who may take a signature's claim down, to check it with others.
pub(crate) fn verify_cosignature_by(
    key: &VerifierKey,
    text: &str,
    line: &SignatureLine,
    check: &mut SignatureCheck<'_>,
) -> Result<Timestamp, CosignatureError> {
    let name = || key.name().to_owned();
    let (time, signature) = line
        .signature()
        .split_first_chunk::<TIME_BYTES>()
        .filter(|(_, signature)| signature.len() == SIGNATURE_BYTES)
        .ok_or_else(|| CosignatureError::Length { key: name() })?;
    let seconds = u64::from_be_bytes(*time);
    let time = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let time = time.filter(|time| is_sane(*time));
    let time = time.ok_or_else(|| CosignatureError::Time { key: name(), seconds })?;
    if !check(key, &message(text, seconds), signature) {
        return Err(CosignatureError::BadSignature { key: name() });
    }
    Ok(time)
}

/// Why a cosigner does not sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CosignRefusal {
    /// The note is not a head signed by the log.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The proof would lead from a size beyond the head's.
    #[error("the proof is from {given} entries, the head has {size}")]
    OldBeyond {
        /// The old size given.
        given: u64,
        /// Size of the head.
        size: u64,
    },
    /// The log asks from another size than the one last cosigned.
    #[error("the log says it was last cosigned at size {given}, it was at {seen}")]
    OldSize {
        /// The old size given.
        given: u64,
        /// The size last cosigned.
        seen: u64,
    },
    /// A head of the same size with another root was cosigned: the log has two histories.
    #[error("another head of {size} entries was cosigned before")]
    OtherRoot {
        /// Size of both heads.
        size: u64,
    },
    /// The head does not extend the one last cosigned: the log has been rewritten, or the proof is wrong.
    #[error("the head does not extend the one of size {seen} cosigned before: {error}")]
    Fork {
        /// The size last cosigned.
        seen: u64,
        /// What the proof lacks.
        error: ProofError,
    },
    /// The clock stands before the last cosignature or before 1970.
    #[error(
        "the clock says {given}, the last cosignature was given at {last}: this key signs nothing before that"
    )]
    TimeBackwards {
        /// The time given.
        given: Timestamp,
        /// Time of the last cosignature, or the beginning of 1970.
        last: Timestamp,
    },
}

/// One witness of one log: what it has seen, and the key it signs with.
#[derive(Debug, Clone)]
pub struct Cosigner {
    key: SigningKey,
    log: VerifierKey,
    size: u64,
    root: Hash,
    last: Timestamp,
}

impl Cosigner {
    /// A cosigner that last saw the log at `state` (size and root; `(0, empty_root())` before the first head).
    ///
    /// # Errors
    /// [`KeyError::WrongKind`] unless `key` is of kind [`KeyKind::CosignatureV1`] and `log` of [`KeyKind::Ed25519`].
    pub fn new(key: SigningKey, log: VerifierKey, state: (u64, Hash)) -> Result<Self, KeyError> {
        key.verifier().check_kind(KeyKind::CosignatureV1)?;
        log.check_kind(KeyKind::Ed25519)?;
        let (size, root) = state;
        Ok(Self { key, log, size, root, last: Timestamp::UNIX_EPOCH })
    }

    /// The same cosigner, which gave its last cosignature at `time`.
    pub fn last_signed(mut self, time: Timestamp) -> Self {
        self.last = self.last.max(time);
        self
    }

    /// Size and root of the head last cosigned; its owner persists them before a line is published.
    pub fn state(&self) -> (u64, Hash) {
        (self.size, self.root)
    }

    /// When it last signed, the beginning of 1970 if never.
    pub fn last_time(&self) -> Timestamp {
        self.last
    }

    /// The log that it follows.
    pub fn log(&self) -> &VerifierKey {
        &self.log
    }

    /// The public half of its key.
    pub fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// Cosigns a head that extends the one last cosigned, and remembers it. `old_size` is the size the log believes
    /// was last cosigned, `proof` the consistency proof from there. Other signatures on the note are ignored.
    ///
    /// # Errors
    /// [`CosignRefusal`]; the state is then as before.
    pub fn cosign(
        &mut self,
        old_size: u64,
        note: &str,
        proof: &[Hash],
        time: Timestamp,
    ) -> Result<SignatureLine, CosignRefusal> {
        let checkpoint = open_signed(note, &self.log, &mut VerifierKey::verifies)?.1;
        let (size, root) = (checkpoint.size, checkpoint.root);
        self.check_growth(old_size, size, &root, proof)?;
        let seconds = self.check_time(time)?;
        (self.size, self.root, self.last) = (size, root, time);
        let mut signature = seconds.to_be_bytes().to_vec();
        signature.extend(self.key.sign_bytes(&message(&checkpoint.to_string(), seconds)));
        Ok(self.key.line(signature))
    }

    fn check_growth(
        &self,
        old_size: u64,
        size: u64,
        root: &Hash,
        proof: &[Hash],
    ) -> Result<(), CosignRefusal> {
        if size < old_size {
            return Err(CosignRefusal::OldBeyond { given: old_size, size });
        }
        if old_size != self.size {
            return Err(CosignRefusal::OldSize { given: old_size, seen: self.size });
        }
        if size == self.size && *root != self.root {
            return Err(CosignRefusal::OtherRoot { size });
        }
        verify_consistency(self.size, &self.root, size, root, proof)
            .map_err(|error| CosignRefusal::Fork { seen: self.size, error })
    }

    /// Seconds since 1970, not before the last cosignature.
    fn check_time(&self, time: Timestamp) -> Result<u64, CosignRefusal> {
        let backwards = CosignRefusal::TimeBackwards { given: time, last: self.last };
        if time.as_second() < self.last.as_second() {
            return Err(backwards);
        }
        u64::try_from(time.as_second()).map_err(|_| backwards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Checkpoint;
    use crate::merkle::{Tree, empty_root, leaf_hash};

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn log_key() -> SigningKey {
        SigningKey::from_seed("example.com/log", KeyKind::Ed25519, &[1; 32]).unwrap()
    }

    fn tree(size: u64, salt: u8) -> Tree {
        let mut tree = Tree::new();
        (0..size).for_each(|index| tree.push(leaf_hash(&[index as u8, salt])));
        tree
    }

    fn note_of(tree: &Tree, size: u64) -> String {
        let root = tree.root_at(size).unwrap();
        Checkpoint { origin: "example.com/log".into(), size, root }.sign(&log_key()).unwrap().to_string()
    }

    fn cosigner() -> Cosigner {
        let key = SigningKey::from_seed("witness.example", KeyKind::CosignatureV1, &[2; 32]).unwrap();
        Cosigner::new(key, log_key().verifier().clone(), (0, empty_root())).unwrap()
    }

    /// A cosigner that has seen the first five entries of `tree(9, 0)`.
    fn at_five() -> (Cosigner, Tree) {
        let (mut cosigner, tree) = (cosigner(), tree(9, 0));
        cosigner.cosign(0, &note_of(&tree, 5), &[], time(1000)).unwrap();
        (cosigner, tree)
    }

    #[test]
    fn it_follows_a_log_that_only_grows() {
        let (mut cosigner, tree) = at_five();
        let note = note_of(&tree, 9);
        let line = cosigner.cosign(5, &note, &tree.consistency_proof(5, 9).unwrap(), time(1001)).unwrap();
        assert_eq!(cosigner.state(), (9, tree.root()));
        let text = &note[..note.rfind("\n\n").unwrap() + 1];
        assert_eq!(verify_cosignature(cosigner.verifier(), text, &line), Ok(time(1001)));
        assert!(verify_cosignature(cosigner.verifier(), "other\n", &line).is_err());
        assert!(cosigner.cosign(9, &note, &[], time(1001)).is_ok());
    }

    #[test]
    fn it_refuses_a_smaller_head() {
        let (mut cosigner, tree) = at_five();
        let refused = cosigner.cosign(5, &note_of(&tree, 4), &[], time(1001));
        assert_eq!(refused, Err(CosignRefusal::OldBeyond { given: 5, size: 4 }));
        let refused =
            cosigner.cosign(3, &note_of(&tree, 4), &tree.consistency_proof(3, 4).unwrap(), time(1001));
        assert_eq!(refused, Err(CosignRefusal::OldSize { given: 3, seen: 5 }));
    }

    #[test]
    fn it_refuses_a_wrong_old_size() {
        let (mut cosigner, tree) = at_five();
        let refused =
            cosigner.cosign(4, &note_of(&tree, 9), &tree.consistency_proof(4, 9).unwrap(), time(1001));
        assert_eq!(refused, Err(CosignRefusal::OldSize { given: 4, seen: 5 }));
    }

    #[test]
    fn it_refuses_a_fork_of_either_size() {
        let (mut cosigner, _) = at_five();
        let fork = tree(9, 1);
        let refused = cosigner.cosign(5, &note_of(&fork, 5), &[], time(1001));
        assert_eq!(refused, Err(CosignRefusal::OtherRoot { size: 5 }));
        let proof = fork.consistency_proof(5, 9).unwrap();
        let refused = cosigner.cosign(5, &note_of(&fork, 9), &proof, time(1001));
        assert!(matches!(refused, Err(CosignRefusal::Fork { seen: 5, .. })), "{refused:?}");
        assert_eq!(cosigner.state().0, 5);
    }

    #[test]
    fn it_refuses_a_head_the_log_did_not_sign() {
        let (mut cosigner, tree) = at_five();
        let other = SigningKey::from_seed("example.com/log", KeyKind::Ed25519, &[9; 32]).unwrap();
        let checkpoint =
            Checkpoint { origin: "example.com/log".into(), size: 5, root: tree.root_at(5).unwrap() };
        let note = checkpoint.sign(&other).unwrap().to_string();
        assert!(matches!(cosigner.cosign(5, &note, &[], time(1001)), Err(CosignRefusal::Head(_))));
    }

    #[test]
    fn it_refuses_a_clock_that_runs_backwards() {
        let (mut cosigner, tree) = at_five();
        let note = note_of(&tree, 5);
        let refused = cosigner.cosign(5, &note, &[], time(999));
        assert_eq!(refused, Err(CosignRefusal::TimeBackwards { given: time(999), last: time(1000) }));
        let mut restarted = cosigner.clone().last_signed(time(5000));
        assert!(restarted.cosign(5, &note, &[], time(4999)).is_err());
    }
}
