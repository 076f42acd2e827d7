//! Signed notes and verifier keys: C2SP `signed-note`, sections Format, Signatures, Verifier keys.
//!
//! Two of its signature types are known: Ed25519 (`0x01`) and the timestamped Ed25519 cosignature (`0x04`,
//! whose message is in [`crate::cosign`]). Reading is stricter than the specification asks: base64 is canonical
//! and a line's name is a valid key name. A note that parses is not yet verified; nothing here trusts a key.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Signer as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Longest note, in bytes.
pub const NOTE_MAX_BYTES: usize = 1 << 20;
/// Most signature lines in a note; the specification asks for at least 16.
pub const NOTE_MAX_SIGNATURES: usize = 100;
/// Bytes in an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;

const SIGNATURE_LINE_START: &str = "\u{2014} ";
const KEY_ID_BYTES: usize = 4;

/// Standard base64 with padding, in its one canonical spelling; `None` otherwise.
pub(crate) fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Standard base64 with padding, RFC 4648 section 4.
pub(crate) fn base64_text(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// What a key signs: the signature type identifier byte of `signed-note`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// `0x01`: Ed25519 over the note text.
    Ed25519,
    /// `0x04`: timestamped Ed25519 cosignature, C2SP `tlog-cosignature`.
    CosignatureV1,
}

impl KeyKind {
    /// The identifier byte.
    pub fn byte(self) -> u8 {
        match self {
            KeyKind::Ed25519 => 1,
            KeyKind::CosignatureV1 => 4,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        [KeyKind::Ed25519, KeyKind::CosignatureV1].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// Why a text is not a verifier key, or a key cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The line is not `name+id+base64`.
    #[error("a verifier key is NAME+ID+BASE64, not {text:?}")]
    Shape {
        /// The text as given.
        text: String,
    },
    /// The name is empty, or holds a space, a plus or a control character.
    #[error("a key name has no spaces, plus signs or control characters and is not empty: {name:?}")]
    Name {
        /// The name as given.
        name: String,
    },
    /// The signature type is not one of [`KeyKind`].
    #[error("key {name}: signature type 0x{byte:02x} is not supported (0x01 and 0x04 are)")]
    Kind {
        /// The key's name.
        name: String,
        /// The identifier byte.
        byte: u8,
    },
    /// The 32 bytes are not a point of the curve, or one of small order.
    #[error("key {name}: the bytes are not a sound Ed25519 public key")]
    Point {
        /// The key's name.
        name: String,
    },
    /// The key id is not the hash of name, type and key.
    #[error("key {name}: the id is {given}, the name and key give {computed:08x}")]
    Id {
        /// The key's name.
        name: String,
        /// The id in the text.
        given: String,
        /// The id computed from name, type and key.
        computed: u32,
    },
    /// A key of the other kind is needed.
    #[error("key {name} is of type 0x{:02x}, one of type 0x{:02x} is needed", found.byte(), needed.byte())]
    WrongKind {
        /// The key's name.
        name: String,
        /// The kind it has.
        found: KeyKind,
        /// The kind that is needed.
        needed: KeyKind,
    },
}

fn check_key_name(name: &str) -> Result<(), KeyError> {
    let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
    if name.is_empty() || name.contains(bad) {
        return Err(KeyError::Name { name: name.to_owned() });
    }
    Ok(())
}

/// A named public key that can verify notes; as text a vkey line `name+id+base64(type ‖ key)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VerifierKey {
    name: String,
    kind: KeyKind,
    key: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    fn new(name: &str, kind: KeyKind, public: &[u8; 32]) -> Result<Self, KeyError> {
        check_key_name(name)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(public).ok().filter(|key| !key.is_weak());
        let key = key.ok_or_else(|| KeyError::Point { name: name.to_owned() })?;
        Ok(Self { name: name.to_owned(), kind, key })
    }

    /// The key's name, for a log also the origin of its checkpoints.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the key signs.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The 32 bytes of the public key.
    pub fn public_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// SHA-256(name ‖ newline ‖ type ‖ key), first four bytes, big-endian.
    pub fn id(&self) -> u32 {
        let hash = Sha256::new_with_prefix(&self.name)
            .chain_update([b'\n', self.kind.byte()])
            .chain_update(self.key.as_bytes())
            .finalize();
        u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]])
    }

    /// Whether a signature line claims to be by this key (same name and id).
    pub fn claims(&self, line: &SignatureLine) -> bool {
        line.name == self.name && line.key_id == self.id()
    }

    /// Fails unless the key is of the kind needed.
    pub(crate) fn check_kind(&self, needed: KeyKind) -> Result<(), KeyError> {
        if self.kind == needed {
            return Ok(());
        }
        Err(KeyError::WrongKind { name: self.name.clone(), found: self.kind, needed })
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature).is_ok_and(|sig| self.key.verify_strict(message, &sig).is_ok())
    }
}

/// Says whether a key signed a message: [`VerifierKey::verifies`], or another way to the same answer.
pub(crate) type SignatureCheck<'a> = dyn FnMut(&VerifierKey, &[u8], &[u8]) -> bool + 'a;

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut material = vec![self.kind.byte()];
        material.extend(self.key.as_bytes());
        write!(f, "{}+{:08x}+{}", self.name, self.id(), base64_text(&material))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let shape = || KeyError::Shape { text: text.to_owned() };
        let (name, rest) = text.split_once('+').ok_or_else(shape)?;
        let (id, material) = rest.split_once('+').ok_or_else(shape)?;
        check_key_name(name)?;
        let material = base64_bytes(material).ok_or_else(shape)?;
        let (&byte, public) = material.split_first().ok_or_else(shape)?;
        let kind = KeyKind::from_byte(byte).ok_or(KeyError::Kind { name: name.to_owned(), byte })?;
        let key = Self::new(name, kind, public.try_into().map_err(|_| shape())?)?;
        if id != format!("{:08x}", key.id()) {
            return Err(KeyError::Id { name: key.name.clone(), given: id.to_owned(), computed: key.id() });
        }
        Ok(key)
    }
}

impl TryFrom<String> for VerifierKey {
    type Error = KeyError;
    fn try_from(text: String) -> Result<Self, KeyError> {
        text.parse()
    }
}

impl From<VerifierKey> for String {
    fn from(key: VerifierKey) -> String {
        key.to_string()
    }
}

/// A named private key of one kind.
#[derive(Clone)]
pub struct SigningKey {
    verifier: VerifierKey,
    secret: ed25519_dalek::SigningKey,
}

impl SigningKey {
    /// The key of a name, a kind and an RFC 8032 seed of 32 bytes.
    ///
    /// # Errors
    /// [`KeyError::Name`].
    pub fn from_seed(name: &str, kind: KeyKind, seed: &[u8; 32]) -> Result<Self, KeyError> {
        let secret = ed25519_dalek::SigningKey::from_bytes(seed);
        let verifier = VerifierKey::new(name, kind, secret.verifying_key().as_bytes())?;
        Ok(Self { verifier, secret })
    }

    /// The public half.
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Signs a note's text (ending in a newline) with a key of kind [`KeyKind::Ed25519`].
    ///
    /// # Errors
    /// [`NoteError::Key`] for a key of another kind, [`NoteError::Text`] for a text no note can have.
    pub fn sign(&self, text: &str) -> Result<SignatureLine, NoteError> {
        self.verifier.check_kind(KeyKind::Ed25519)?;
        check_text(text)?;
        Ok(self.line(self.sign_bytes(text.as_bytes()).to_vec()))
    }

    pub(crate) fn sign_bytes(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.secret.sign(message).to_bytes()
    }

    pub(crate) fn line(&self, signature: Vec<u8>) -> SignatureLine {
        SignatureLine { name: self.verifier.name.clone(), key_id: self.verifier.id(), signature }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.verifier)
    }
}

/// Why a text is not a signed note, or a note does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The note is longer than [`NOTE_MAX_BYTES`].
    #[error("a note has at most {NOTE_MAX_BYTES} bytes, this one has {len_bytes}")]
    TooLong {
        /// Length in bytes.
        len_bytes: usize,
    },
    /// The text does not end in a newline, or holds another control character.
    #[error("a note's text ends in a newline and holds no other control characters")]
    Text,
    /// No empty line separates text and signatures, or there are none.
    #[error("a note is a text, an empty line and at least one signature line, each ended by a newline")]
    Shape,
    /// More than [`NOTE_MAX_SIGNATURES`] signature lines.
    #[error("a note has at most {NOTE_MAX_SIGNATURES} signatures, this one has {count}")]
    TooManySignatures {
        /// Lines found.
        count: usize,
    },
    /// A line after the empty line is not a canonical signature line.
    #[error("not a signature line: {line:?}")]
    Line {
        /// The line as given.
        line: String,
    },
    /// A key has a bad name or is of another kind.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No line is by this key.
    #[error("no signature by {key}")]
    Unsigned {
        /// Name of the key.
        key: String,
    },
    /// A line by this key does not hold.
    #[error("the signature by {key} does not hold")]
    BadSignature {
        /// Name of the key.
        key: String,
    },
}

/// Control characters below U+0020 other than newline are barred from the text by `signed-note`.
fn check_text(text: &str) -> Result<(), NoteError> {
    let bad = |c: char| c < ' ' && c != '\n';
    if text.ends_with('\n') && !text.contains(bad) { Ok(()) } else { Err(NoteError::Text) }
}

/// One signature of a note: as text `— name base64(id ‖ signature)`, without the newline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    name: String,
    key_id: u32,
    signature: Vec<u8>,
}

impl SignatureLine {
    /// Name of the key it claims to be by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key it claims to be by.
    pub fn key_id(&self) -> u32 {
        self.key_id
    }

    /// The bytes after the key id.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.key_id.to_be_bytes().to_vec();
        bytes.extend(&self.signature);
        write!(f, "{SIGNATURE_LINE_START}{} {}", self.name, base64_text(&bytes))
    }
}

impl FromStr for SignatureLine {
    type Err = NoteError;
    fn from_str(line: &str) -> Result<Self, NoteError> {
        let bad = || NoteError::Line { line: line.to_owned() };
        let rest = line.strip_prefix(SIGNATURE_LINE_START).ok_or_else(bad)?;
        let (name, base64) = rest.split_once(' ').ok_or_else(bad)?;
        check_key_name(name).map_err(|_| bad())?;
        let bytes = base64_bytes(base64).ok_or_else(bad)?;
        let (id, signature) = bytes.split_first_chunk::<KEY_ID_BYTES>().ok_or_else(bad)?;
        if signature.is_empty() {
            return Err(bad());
        }
        Ok(Self { name: name.to_owned(), key_id: u32::from_be_bytes(*id), signature: signature.to_vec() })
    }
}

/// A text and the signatures on it, not yet verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl SignedNote {
    /// The note of a text with one signature, by a key of kind [`KeyKind::Ed25519`].
    ///
    /// # Errors
    /// As [`SigningKey::sign`].
    pub fn sign(text: &str, key: &SigningKey) -> Result<Self, NoteError> {
        Ok(Self { text: text.to_owned(), signatures: vec![key.sign(text)?] })
    }

    /// Adds a signature below the others, such as a cosigner's.
    pub fn push(&mut self, line: SignatureLine) {
        self.signatures.push(line);
    }

    /// The signed text, with its final newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures in the order of their lines.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Checks that the note is signed by a key of kind [`KeyKind::Ed25519`], and that every line which claims
    /// to be by it holds (RFC 8032 without malleability: `verify_strict`).
    ///
    /// # Errors
    /// [`NoteError::Key`], [`NoteError::Unsigned`], [`NoteError::BadSignature`].
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NoteError> {
        self.verify_by(key, &mut VerifierKey::verifies)
    }

    /// The same by one who may take a signature's claim down, to check it with others.
    pub(crate) fn verify_by(
        &self,
        key: &VerifierKey,
        check: &mut SignatureCheck<'_>,
    ) -> Result<(), NoteError> {
        key.check_kind(KeyKind::Ed25519)?;
        let mut lines = self.signatures.iter().filter(|line| key.claims(line)).peekable();
        if lines.peek().is_none() {
            return Err(NoteError::Unsigned { key: key.name.clone() });
        }
        if lines.all(|line| check(key, self.text.as_bytes(), &line.signature)) {
            return Ok(());
        }
        Err(NoteError::BadSignature { key: key.name.clone() })
    }
}

impl fmt::Display for SignedNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl FromStr for SignedNote {
    type Err = NoteError;
    fn from_str(note: &str) -> Result<Self, NoteError> {
        if note.len() > NOTE_MAX_BYTES {
            return Err(NoteError::TooLong { len_bytes: note.len() });
        }
        // The text may hold empty lines: the last one separates.
        let split = note.rfind("\n\n").ok_or(NoteError::Shape)?;
        let (text, lines) = (&note[..=split], &note[split + 2..]);
        check_text(text)?;
        let lines = lines.strip_suffix('\n').ok_or(NoteError::Shape)?;
        let count = lines.split('\n').count();
        if count > NOTE_MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures { count });
        }
        let signatures = lines.split('\n').map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
        then you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const QUASIMODO: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n\
        — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

    #[test]
    fn the_note_of_the_go_documentation_verifies() {
        let key: VerifierKey = PETER.parse().unwrap();
        assert_eq!(key.to_string(), PETER);
        assert_eq!((key.name(), key.id(), key.kind()), ("PeterNeumann", 0xc74f20a3, KeyKind::Ed25519));
        let note: SignedNote = NOTE.parse().unwrap();
        assert_eq!(note.verify(&key), Ok(()));
        assert_eq!(note.to_string(), NOTE);
    }

    #[test]
    fn a_text_with_empty_lines_splits_at_the_last() {
        let note: SignedNote = QUASIMODO.parse().unwrap();
        assert!(note.text().ends_with("sole:\n\ned è subito sera.\n"));
        assert_eq!(note.to_string(), QUASIMODO);
    }

    #[test]
    fn a_changed_text_or_another_key_is_refused() {
        let key: VerifierKey = PETER.parse().unwrap();
        let changed: SignedNote = NOTE.replace("answer", "Answer").parse().unwrap();
        assert_eq!(changed.verify(&key), Err(NoteError::BadSignature { key: "PeterNeumann".into() }));
        let other = SigningKey::from_seed("PeterNeumann", KeyKind::Ed25519, &[7; 32]).unwrap();
        let note: SignedNote = NOTE.parse().unwrap();
        assert_eq!(note.verify(other.verifier()), Err(NoteError::Unsigned { key: "PeterNeumann".into() }));
    }

    #[test]
    fn keys_that_are_not_exactly_a_vkey_line_are_refused() {
        let bad = [
            "",
            "PeterNeumann",
            "PeterNeumann+c74f20a3",
            "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
            "PeterNeumann+c74f20a3+AhpcKQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        ];
        for text in bad {
            assert!(text.parse::<VerifierKey>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_key_of_small_order_is_refused() {
        let mut point = [0; 32];
        point[0] = 1;
        let refused = VerifierKey::new("weak", KeyKind::Ed25519, &point);
        assert_eq!(refused, Err(KeyError::Point { name: "weak".into() }));
    }

    #[test]
    fn signature_lines_have_one_spelling() {
        let line = NOTE.lines().last().unwrap();
        assert_eq!(line.parse::<SignatureLine>().unwrap().to_string(), line);
        for bad in [
            line.replace('—', "-"),
            line.replace("— ", "—  "),
            line.replace("nAM=", "nAN="),
            line.replace('=', ""),
            format!("{line} "),
            "— PeterNeumann x08gow==".into(),
        ] {
            assert!(bad.parse::<SignatureLine>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn notes_of_another_shape_are_refused() {
        let line = NOTE.lines().last().unwrap();
        let many = format!("text\n\n{}", format!("{line}\n").repeat(NOTE_MAX_SIGNATURES + 1));
        assert_eq!(many.parse::<SignedNote>(), Err(NoteError::TooManySignatures { count: 101 }));
        let long = format!("{}\n\n{line}\n", "x".repeat(NOTE_MAX_BYTES));
        assert!(matches!(long.parse::<SignedNote>(), Err(NoteError::TooLong { .. })));
        for bad in ["", "\n", "\n\n", "text\n", "text\n\n"] {
            assert!(bad.parse::<SignedNote>().is_err(), "{bad:?}");
        }
        assert!(NOTE.trim_end().parse::<SignedNote>().is_err());
        assert!(NOTE.replace("then", "\tthen").parse::<SignedNote>().is_err());
    }

    #[test]
    fn a_cosigner_key_does_not_sign_plain_notes() {
        let key = SigningKey::from_seed("w", KeyKind::CosignatureV1, &[1; 32]).unwrap();
        assert!(matches!(SignedNote::sign("text\n", &key), Err(NoteError::Key(KeyError::WrongKind { .. }))));
    }
}
