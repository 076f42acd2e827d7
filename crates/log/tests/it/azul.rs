//! The same answers as `tlog_tiles` and `signed_note`, by other authors: roots, proofs, tiles, checkpoints, notes.

use sekong_log::{
    Checkpoint, Hash, KeyKind, NoteError, SignedNote, SigningKey, TileKind, VerifierKey, tile_bytes, tiles_of,
};
use signed_note::{Note, StandardSigner, StandardVerifier, VerifierList};
use tlog_tiles::{
    HashReader, Tile, check_record, check_tree, prove_record, prove_tree, stored_hashes, tree_hash,
};

use crate::lot::{Claim, Grown, Lot};

const TREES: u32 = 10_000;
const CLAIMS: u32 = 20_000;
const NOTES: u32 = 2_000;

/// Every hash that `tlog_tiles` makes of a tree, in its order.
struct Stored(Vec<tlog_tiles::Hash>);

impl HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        let hash = |&index: &u64| self.0.get(index as usize).copied();
        indexes.iter().map(hash).collect::<Option<_>>().ok_or(tlog_tiles::Error::IndexesNotInTree)
    }
}

impl Stored {
    fn of(leaves: &[Vec<u8>]) -> Stored {
        let mut stored = Stored(Vec::new());
        for (index, leaf) in (0..).zip(leaves) {
            let hashes = stored_hashes(index, leaf, &stored).unwrap();
            stored.0.extend(hashes);
        }
        stored
    }
}

fn theirs(hashes: &[Hash]) -> Vec<tlog_tiles::Hash> {
    hashes.iter().map(|hash| tlog_tiles::Hash(hash.0)).collect()
}

/// A tile of hashes as C2SP names it: theirs, without the height.
fn named(tile: &Tile) -> String {
    tile.path().replacen("tile/8/", "tile/", 1)
}

#[test]
fn trees_have_the_same_roots_proofs_and_tiles() {
    let mut lot = Lot::new(1);
    for case in 0..TREES {
        let grown = Grown::draw(&mut lot);
        let (size, stored) = (grown.size(), Stored::of(&grown.leaves));
        assert_eq!(tree_hash(size, &stored).unwrap().0, grown.tree.root().0, "root of case {case}");
        let proof = prove_record(size, grown.index, &stored).unwrap();
        assert_eq!(proof, theirs(&grown.inclusion().proof), "inclusion of case {case}");
        let proof = prove_tree(size, grown.old, &stored).unwrap();
        assert_eq!(proof, theirs(&grown.consistency().proof), "consistency of case {case}");
        let tiles = tiles_of(size);
        let tiles: Vec<_> = tiles.iter().filter(|tile| tile.kind() != TileKind::Entries).collect();
        let others = Tile::new_tiles(8, 0, size);
        assert_eq!(tiles.len(), others.len(), "case {case}");
        for (ours, other) in tiles.iter().zip(&others) {
            assert_eq!(ours.to_string(), named(other), "case {case}");
            assert_eq!(tile_bytes(&grown.tree, ours).unwrap(), other.read_data(&stored).unwrap(), "{ours}");
        }
    }
}

fn they_hold(claim: &Claim) -> bool {
    let [root, node] = [claim.root, claim.node].map(|hash| tlog_tiles::Hash(hash.0));
    let proof = theirs(&claim.proof);
    let check = if claim.consistency { check_tree } else { check_record };
    check(&proof, claim.size, root, claim.at, node).is_ok()
}

#[test]
fn claims_true_and_bent_get_the_same_verdict() {
    let (mut lot, mut held) = (Lot::new(2), 0);
    for _ in 0..CLAIMS / 4 {
        let grown = Grown::draw(&mut lot);
        for claim in [grown.inclusion(), grown.consistency()] {
            let bent = claim.clone().bent(&mut lot);
            assert!(claim.holds() && they_hold(&claim), "{claim:?}");
            assert_eq!(bent.holds(), they_hold(&bent), "{bent:?}");
            held += u32::from(bent.holds());
        }
    }
    assert!(held < CLAIMS / 20, "{held} bent claims still hold: they are bent too little");
}

#[test]
fn every_tile_has_the_same_name_and_reads_back() {
    let mut lot = Lot::new(3);
    for _ in 0..TREES {
        let (level, index) = (lot.below(64) as u8, lot.draw() >> (8 + lot.below(56)));
        let width = 1 + lot.below(256);
        for kind in [TileKind::Entries, TileKind::Hashes { level }] {
            let Some(ours) = sekong_log::TilePath::new(kind, index, width) else { continue };
            let is_data = kind == TileKind::Entries;
            let other = Tile::new(8, if is_data { 0 } else { level }, index, width as u32, is_data);
            assert_eq!(ours.to_string(), named(&other).replacen("tile/data/", "tile/entries/", 1));
            assert_eq!(Tile::from_path(&other.path()).unwrap(), other);
        }
    }
}

/// A key by lot, with the same key as they take it.
fn key(lot: &mut Lot) -> (SigningKey, StandardSigner) {
    let (name, seed) = (format!("example.com/log-{}", lot.below(1000)), lot.seed());
    let key = SigningKey::from_seed(&name, KeyKind::Ed25519, &seed).unwrap();
    let secret = base64_text(&[&[1], &seed[..]].concat());
    let signer = StandardSigner::new(&format!("PRIVATE+KEY+{name}+{:08x}+{secret}", key.verifier().id()));
    (key, signer.unwrap())
}

fn base64_text(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn text(lot: &mut Lot) -> String {
    let lines = 1 + lot.below(4);
    (0..lines).map(|_| format!("{:x} ស្ទឹង —\n", lot.draw() >> lot.below(64))).collect()
}

fn they_verify(note: &str, key: &VerifierKey) -> bool {
    let known = VerifierList::new(vec![Box::new(StandardVerifier::new(&key.to_string()).unwrap())]);
    Note::from_bytes(note.as_bytes()).is_ok_and(|note| note.verify(&known).is_ok())
}

#[test]
fn notes_are_signed_byte_for_byte_the_same() {
    let mut lot = Lot::new(4);
    for _ in 0..NOTES {
        let ((key, signer), text) = (key(&mut lot), text(&mut lot));
        let ours = SignedNote::sign(&text, &key).unwrap().to_string();
        let mut other = Note::new(text.as_bytes(), &[]).unwrap();
        other.add_sigs(&[&signer]).unwrap();
        assert_eq!(ours.as_bytes(), other.to_bytes());
        assert!(they_verify(&ours, key.verifier()));
    }
}

#[test]
fn bent_notes_that_hold_here_hold_there_and_the_other_way_round_but_for_what_is_stricter_here() {
    let mut lot = Lot::new(5);
    for _ in 0..5 * NOTES {
        let ((key, _), text) = (key(&mut lot), text(&mut lot));
        let note = lot.bent_text(&SignedNote::sign(&text, &key).unwrap().to_string());
        let ours = note.parse::<SignedNote>().and_then(|note| note.verify(key.verifier()));
        let other = they_verify(&note, key.verifier());
        // Names with control characters above U+0020 are no names here.
        let stricter = matches!(&ours, Err(NoteError::Line { line }) if line.contains('\u{7f}'));
        assert!(ours.is_ok() == other || stricter, "{ours:?} here, {other} there: {note:?}");
    }
}

#[test]
fn bent_checkpoints_read_the_same_but_for_extensions() {
    let mut lot = Lot::new(6);
    let mut read = 0;
    for _ in 0..5 * NOTES {
        let checkpoint = Checkpoint {
            origin: "example.com/log".into(),
            size: lot.draw() >> lot.below(64),
            root: Hash(lot.seed()),
        };
        let text = lot.bent_text(&checkpoint.to_string());
        let other = tlog_tiles::Checkpoint::from_bytes(text.as_bytes());
        match (text.parse::<Checkpoint>(), other) {
            (Ok(ours), Ok(other)) => {
                assert_eq!(ours.origin, other.origin());
                assert_eq!((ours.size, ours.root.0), (other.size(), other.hash().0));
                read += 1;
            }
            (Err(error), Ok(other)) => {
                let stricter = !other.extension().is_empty() || other.origin().contains(char::is_control);
                assert!(stricter, "{error} here: {text:?}");
            }
            (ours, other) => {
                assert!(ours.is_err() && other.is_err(), "{ours:?} here, {other:?} there: {text:?}")
            }
        }
    }
    assert!(read > NOTES / 4, "only {read} bent checkpoints could be read");
}
