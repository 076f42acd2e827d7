//! Checkpoints and heads: C2SP `tlog-checkpoint`, with the cosignatures of C2SP `tlog-cosignature`.
//!
//! Stricter than the specifications, because a head is also evidence of what nobody added to it: extension lines
//! are refused, the origin is the log's key name, a key signs once, and a line by an unknown key, which other
//! readers ignore, is an error. It does not know which head is the newest; that is for whoever keeps heads.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::cosign::{CosignatureError, verify_cosignature_by};
use crate::merkle::Hash;
use crate::note::{
    KeyError, KeyKind, NoteError, SignatureCheck, SignatureLine, SignedNote, SigningKey, VerifierKey,
    base64_bytes, base64_text,
};

/// Size and root of a log; as text three lines: origin, size in decimal, root in base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Name of the log, the same as its key's.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the Merkle tree of that size.
    pub root: Hash,
}

/// The text is not a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not exactly three lines, each ended by a newline, the first not empty.
    #[error("a checkpoint is three lines: origin, size, root")]
    Lines,
    /// The second line is not a decimal number without leading zeros.
    #[error("a tree size is a decimal number without leading zeros, not {text:?}")]
    Size {
        /// The line as given.
        text: String,
    },
    /// The third line is not 32 bytes in canonical base64.
    #[error("a root is 32 bytes in base64, not {text:?}")]
    Root {
        /// The line as given.
        text: String,
    },
}

impl Checkpoint {
    /// The checkpoint as a note signed by the log.
    ///
    /// # Errors
    /// As [`SignedNote::sign`].
    pub fn sign(&self, log: &SigningKey) -> Result<SignedNote, NoteError> {
        SignedNote::sign(&self.to_string(), log)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, base64_text(&self.root.0))
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root, ""] = lines[..] else { return Err(CheckpointError::Lines) };
        if origin.is_empty() || origin.contains(char::is_control) {
            return Err(CheckpointError::Lines);
        }
        Ok(Self { origin: origin.to_owned(), size: decimal(size)?, root: root_hash(root)? })
    }
}

fn decimal(text: &str) -> Result<u64, CheckpointError> {
    let number = text.parse::<u64>().ok().filter(|number| number.to_string() == text);
    number.ok_or_else(|| CheckpointError::Size { text: text.to_owned() })
}

fn root_hash(text: &str) -> Result<Hash, CheckpointError> {
    let bytes = base64_bytes(text).and_then(|bytes| bytes.try_into().ok());
    bytes.map(Hash).ok_or_else(|| CheckpointError::Root { text: text.to_owned() })
}

/// A verified statement of a cosigner about a head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosignature {
    /// Name of the cosigner's key.
    pub name: String,
    /// When it was given, by the cosigner's clock, in whole seconds.
    pub time: Timestamp,
}

/// When the last was given of as many cosignatures as are `needed`; `None` while there are fewer.
pub fn frozen_at(cosignatures: &[Cosignature], needed: usize) -> Option<Timestamp> {
    let mut times: Vec<Timestamp> = cosignatures.iter().map(|one| one.time).collect();
    times.sort_unstable();
    times.get(needed.saturating_sub(1)).copied()
}

/// A checkpoint whose log signature holds, with the cosignatures on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What the log signed.
    pub checkpoint: Checkpoint,
    /// Cosignatures that hold, in the order of their lines; at most one of each cosigner.
    pub cosignatures: Vec<Cosignature>,
    /// Signature lines nobody was given a key for; empty if opened by [`Head::open`].
    pub unchecked: Vec<String>,
    /// The whole signed note.
    pub note: String,
}

/// Why a note is not a head of the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Not a signed note, or the log's signature is missing or does not hold.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not a checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The key given for the log or for a cosigner is of another kind.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The origin is not the log's name.
    #[error("the checkpoint is of {found}, not of {expected}")]
    Origin {
        /// Name of the log's key.
        expected: String,
        /// Origin in the checkpoint.
        found: String,
    },
    /// Two cosigners are one: their cosignatures would be counted as two.
    #[error("{first} and {second} are the same key, or have the same name")]
    OneCosigner {
        /// Name of the one.
        first: String,
        /// Name of the other.
        second: String,
    },
    /// A line is by a key that is neither the log's nor a cosigner's.
    #[error("a signature by a key nobody knows: {line}")]
    UnknownKey {
        /// The signature line.
        line: String,
    },
    /// Two lines are by the same key.
    #[error("{name} signed twice")]
    Twice {
        /// Name of the key.
        name: String,
    },
    /// A cosignature does not hold.
    #[error(transparent)]
    Cosignature(#[from] CosignatureError),
}

impl Head {
    /// When it was cosigned, by the last of its cosigners; `None` if no cosignature was checked.
    pub fn cosigned(&self) -> Option<Timestamp> {
        self.cosignatures.iter().map(|cosignature| cosignature.time).max()
    }

    /// When it had been cosigned by as many as are `needed`; `None` while it has fewer.
    pub fn frozen(&self, needed: usize) -> Option<Timestamp> {
        frozen_at(&self.cosignatures, needed)
    }

    /// Opens a head with every key that may have signed it.
    ///
    /// # Errors
    /// [`HeadError`]: the log's signature or a cosignature does not hold, the origin is not the log's name, a
    /// line is by a key that was not given, or a key signed twice.
    pub fn open(note: &str, log: &VerifierKey, cosigners: &[VerifierKey]) -> Result<Head, HeadError> {
        Head::open_by(note, log, cosigners, &mut VerifierKey::verifies)
    }

    /// The same by one who may take signatures' claims down, to check them with others.
    pub(crate) fn open_by(
        note: &str,
        log: &VerifierKey,
        cosigners: &[VerifierKey],
        check: &mut SignatureCheck<'_>,
    ) -> Result<Head, HeadError> {
        cosigners.iter().try_for_each(|key| key.check_kind(KeyKind::CosignatureV1))?;
        check_distinct(cosigners)?;
        let (signed, checkpoint) = open_log(note, log, check)?;
        let cosignatures = other_lines(&signed, log)
            .map(|line| cosignature(&signed, line, cosigners, check))
            .collect::<Result<_, _>>()?;
        Ok(Head { checkpoint, cosignatures, unchecked: Vec::new(), note: note.to_owned() })
    }

    /// Opens a head with the log's key alone: every other line is listed as unchecked.
    ///
    /// # Errors
    /// [`HeadError`], as [`Head::open`] but for the cosignatures.
    pub fn open_unchecked_cosignatures(note: &str, log: &VerifierKey) -> Result<Head, HeadError> {
        let (signed, checkpoint) = open_log(note, log, &mut VerifierKey::verifies)?;
        let unchecked = other_lines(&signed, log).map(SignatureLine::to_string).collect();
        Ok(Head { checkpoint, cosignatures: Vec::new(), unchecked, note: note.to_owned() })
    }
}

fn open_log(
    note: &str,
    log: &VerifierKey,
    check: &mut SignatureCheck<'_>,
) -> Result<(SignedNote, Checkpoint), HeadError> {
    let (signed, checkpoint) = open_signed(note, log, check)?;
    check_once(&signed)?;
    Ok((signed, checkpoint))
}

/// Opens what the log signed, whatever other lines are on it.
pub(crate) fn open_signed(
    note: &str,
    log: &VerifierKey,
    check: &mut SignatureCheck<'_>,
) -> Result<(SignedNote, Checkpoint), HeadError> {
    log.check_kind(KeyKind::Ed25519)?;
    let signed: SignedNote = note.parse()?;
    signed.verify_by(log, check)?;
    let checkpoint: Checkpoint = signed.text().parse()?;
    if checkpoint.origin != log.name() {
        return Err(HeadError::Origin { expected: log.name().to_owned(), found: checkpoint.origin });
    }
    Ok((signed, checkpoint))
}

fn check_once(signed: &SignedNote) -> Result<(), HeadError> {
    let lines = signed.signatures();
    let same = |a: &SignatureLine, b: &SignatureLine| a.name() == b.name() && a.key_id() == b.key_id();
    let twice = (1..lines.len()).find(|&i| lines[..i].iter().any(|line| same(line, &lines[i])));
    twice.map_or(Ok(()), |i| Err(HeadError::Twice { name: lines[i].name().to_owned() }))
}

fn check_distinct(cosigners: &[VerifierKey]) -> Result<(), HeadError> {
    let same =
        |a: &VerifierKey, b: &VerifierKey| a.name() == b.name() || a.public_bytes() == b.public_bytes();
    let pairs = cosigners.iter().enumerate().flat_map(|(i, b)| cosigners[..i].iter().map(move |a| (a, b)));
    let one = pairs.into_iter().find(|(a, b)| same(a, b));
    one.map_or(Ok(()), |(a, b)| {
        Err(HeadError::OneCosigner { first: a.name().to_owned(), second: b.name().to_owned() })
    })
}

fn other_lines<'a>(signed: &'a SignedNote, log: &'a VerifierKey) -> impl Iterator<Item = &'a SignatureLine> {
    signed.signatures().iter().filter(|line| !log.claims(line))
}

fn cosignature(
    signed: &SignedNote,
    line: &SignatureLine,
    cosigners: &[VerifierKey],
    check: &mut SignatureCheck<'_>,
) -> Result<Cosignature, HeadError> {
    let key = cosigners.iter().find(|key| key.claims(line));
    let key = key.ok_or_else(|| HeadError::UnknownKey { line: line.to_string() })?;
    let time = verify_cosignature_by(key, signed.text(), line, check)?;
    Ok(Cosignature { name: key.name().to_owned(), time })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cosign::Cosigner;
    use crate::merkle::empty_root;

    fn log_key() -> SigningKey {
        SigningKey::from_seed("example.com/log", KeyKind::Ed25519, &[1; 32]).unwrap()
    }

    fn cosigner_key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&format!("witness.example/{seed}"), KeyKind::CosignatureV1, &[seed; 32])
            .unwrap()
    }

    fn signed() -> SignedNote {
        let origin = "example.com/log".to_owned();
        Checkpoint { origin, size: 0, root: empty_root() }.sign(&log_key()).unwrap()
    }

    fn cosigned(seeds: &[u8]) -> SignedNote {
        let mut note = signed();
        for &seed in seeds {
            let mut cosigner =
                Cosigner::new(cosigner_key(seed), log_key().verifier().clone(), (0, empty_root())).unwrap();
            let line =
                cosigner.cosign(0, &signed().to_string(), &[], "2017-01-01T00:00:00Z".parse().unwrap());
            note.push(line.unwrap());
        }
        note
    }

    #[test]
    fn a_checkpoint_has_one_spelling() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let checkpoint: Checkpoint = text.parse().unwrap();
        assert_eq!(checkpoint.size, 20_852_163);
        assert_eq!(checkpoint.to_string(), text);
        for bad in [
            text.replace("2085", "02085"),
            text.replace("2085", "+2085"),
            text.replace("20852163", ""),
            text.replace("20852163", "20852163000000000000"),
            text.replace("q2I=", "q2J="),
            text.replace("q2I=", "q2I"),
            text.replace("example.com/behind-the-sofa", ""),
            format!("{text}extension\n"),
            format!("{text}\n"),
            text.trim_end().to_owned(),
        ] {
            assert!(bad.parse::<Checkpoint>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_head_opens_with_all_its_keys() {
        let keys = [cosigner_key(2).verifier().clone(), cosigner_key(3).verifier().clone()];
        let head = Head::open(&cosigned(&[2, 3]).to_string(), log_key().verifier(), &keys).unwrap();
        assert_eq!(head.cosignatures.len(), 2);
        assert_eq!(head.cosignatures[1].name, "witness.example/3");
        assert_eq!(head.cosignatures[1].time.to_string(), "2017-01-01T00:00:00Z");
        assert!(head.unchecked.is_empty());
    }

    #[test]
    fn a_head_with_a_line_by_an_unknown_key_is_refused() {
        let keys = [cosigner_key(2).verifier().clone()];
        let opened = Head::open(&cosigned(&[2, 3]).to_string(), log_key().verifier(), &keys);
        assert!(matches!(opened, Err(HeadError::UnknownKey { .. })), "{opened:?}");
    }

    #[test]
    fn without_cosigner_keys_their_lines_are_listed_as_unchecked() {
        let note = cosigned(&[2, 3]).to_string();
        let head = Head::open_unchecked_cosignatures(&note, log_key().verifier()).unwrap();
        assert!(head.cosignatures.is_empty());
        assert_eq!(head.unchecked, note.lines().skip(5).collect::<Vec<_>>());
    }

    #[test]
    fn a_head_of_another_origin_is_refused() {
        let other = Checkpoint { origin: "example.com/other".into(), size: 0, root: empty_root() };
        let note = other.sign(&log_key()).unwrap().to_string();
        let opened = Head::open(&note, log_key().verifier(), &[]);
        assert!(matches!(opened, Err(HeadError::Origin { .. })), "{opened:?}");
    }

    #[test]
    fn a_key_that_signs_twice_and_a_key_of_the_wrong_kind_are_refused() {
        let keys = [cosigner_key(2).verifier().clone()];
        let opened = Head::open(&cosigned(&[2, 2]).to_string(), log_key().verifier(), &keys);
        assert_eq!(opened, Err(HeadError::Twice { name: "witness.example/2".into() }));
        let opened = Head::open(&signed().to_string(), log_key().verifier(), &[log_key().verifier().clone()]);
        assert!(matches!(opened, Err(HeadError::Key(KeyError::WrongKind { .. }))));
        assert!(matches!(Head::open(&signed().to_string(), &keys[0], &[]), Err(HeadError::Key(_))));
    }

    #[test]
    fn one_cosigner_under_two_names_is_not_two() {
        let two_names = |name: &str| {
            SigningKey::from_seed(name, KeyKind::CosignatureV1, &[2; 32]).unwrap().verifier().clone()
        };
        let keys = [two_names("witness.example/2"), two_names("witness.example/other")];
        let opened = Head::open(&cosigned(&[2]).to_string(), log_key().verifier(), &keys);
        assert!(matches!(opened, Err(HeadError::OneCosigner { .. })), "{opened:?}");
        let keys = [cosigner_key(2).verifier().clone(), cosigner_key(2).verifier().clone()];
        let opened = Head::open(&cosigned(&[2]).to_string(), log_key().verifier(), &keys);
        assert!(matches!(opened, Err(HeadError::OneCosigner { .. })), "{opened:?}");
    }

    #[test]
    fn every_flipped_byte_of_a_head_is_noticed() {
        let keys = [cosigner_key(2).verifier().clone()];
        let note = cosigned(&[2]).to_string().into_bytes();
        for at in 0..note.len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut bytes = note.clone();
                bytes[at] ^= bit;
                let opened = String::from_utf8(bytes).map(|n| Head::open(&n, log_key().verifier(), &keys));
                assert!(!matches!(opened, Ok(Ok(_))), "byte {at}");
            }
        }
    }
}
