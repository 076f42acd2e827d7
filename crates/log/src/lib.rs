//! The transparency log: Merkle tree, signed notes, checkpoints, cosignatures, tiles, and the entries in them.
//!
//! It follows RFC 6962 section 2.1 (with the verifiers of RFC 9162 section 2.1), RFC 8785, and the C2SP
//! specifications `signed-note`, `tlog-checkpoint`, `tlog-cosignature` (Ed25519), `tlog-tiles` and the checks of
//! `tlog-witness`. Text and bytes come in, values or typed errors go out.
//!
//! It does not store, publish or fetch anything, makes no key, salt or time of its own, speaks no HTTP, prunes
//! nothing, and does not decide what an entry may say. A head it opens is one the log signed, not the newest.

pub mod audit;
mod batch;
mod box_key;
mod canonical;
pub mod checkpoint;
pub mod commitment;
pub mod cosign;
pub mod entry;
mod hex_text;
pub mod merkle;
pub mod note;
pub mod person;
pub mod remark;
pub mod statement;
pub mod tile;
pub mod witness;

pub use audit::{
    AuditedLog, CHECKPOINT_FILE, Fetched, HeadKeys, Known, LogFault, LogFiles, LogRule, LogSource, Look,
    Visit, VisitAfter, audit_hashes, audit_log, audit_log_ahead,
};
pub use box_key::BoxKey;
pub use canonical::{canonical_bytes, is_canonical};
pub use checkpoint::{Checkpoint, CheckpointError, Cosignature, Head, HeadError, frozen_at};
pub use commitment::{SALT_BYTES, body_hash, commitment};
pub use cosign::{CosignRefusal, CosignatureError, Cosigner, verify_cosignature};
pub use entry::{
    DeviceId, DeviceIdError, DeviceKey, DevicePoints, Entry, EntryDraft, EntryError, NO_PREVIOUS, Signed,
};
pub use merkle::{
    HASH_BYTES, Hash, HashTextError, ProofError, Tree, empty_root, leaf_hash, node_hash, verify_consistency,
    verify_inclusion,
};
pub use note::{
    KeyError, KeyKind, NOTE_MAX_BYTES, NOTE_MAX_SIGNATURES, NoteError, SIGNATURE_BYTES, SignatureLine,
    SignedNote, SigningKey, VerifierKey,
};
pub use person::{
    PERSON_TAG, PERSONS_MAX, Part, PersonCommitted, PersonError, PersonRecord, SaltedPerson, SizeClass,
};
pub use remark::{REMARK_MAX_CHARS, Remark, RemarkError};
pub use statement::*;
pub use tile::{
    ENTRY_MAX_BYTES, TILE_WIDTH, TileError, TileKind, TilePath, TilePathError, bundle_entries, decode_bundle,
    encode_bundle, tile_bytes, tiles_for, tiles_of,
};
pub use witness::{
    AddCheckpoint, AddRefusal, Granted, PROOF_MAX_LINES, REQUEST_MAX_BYTES, RequestError, Seen, WitnessedLogs,
};
