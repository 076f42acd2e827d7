//! The Merkle tree of RFC 6962, section 2.1, with the verifiers of RFC 9162, sections 2.1.3.2 and 2.1.4.2.
//!
//! It holds hashes only: neither entries nor signatures, and nothing is stored. A tree keeps every complete
//! subtree hash, so that roots, proofs and tiles of any size up to the present one are look-ups.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::hex_text::{is_text_in_json, lower_hex_bytes, write_hex};

/// Bytes in a hash.
pub const HASH_BYTES: usize = 32;

const LEAF_PREFIX: u8 = 0;
const NODE_PREFIX: u8 = 1;

/// A SHA-256 value: 32 bytes, written as 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; HASH_BYTES]);

/// The text is not 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a hash is 64 lowercase hexadecimal digits, not {text:?}")]
pub struct HashTextError {
    /// The text as given.
    pub text: String,
}

impl Hash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; HASH_BYTES] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl FromStr for Hash {
    type Err = HashTextError;
    fn from_str(text: &str) -> Result<Self, HashTextError> {
        lower_hex_bytes(text).map(Hash).ok_or_else(|| HashTextError { text: text.to_owned() })
    }
}

is_text_in_json!(Hash);

/// Hash of a leaf: SHA-256(0x00 ‖ entry), RFC 6962 section 2.1.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash(Sha256::new_with_prefix([LEAF_PREFIX]).chain_update(entry).finalize().into())
}

/// Hash of an inner node: SHA-256(0x01 ‖ left ‖ right), RFC 6962 section 2.1.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash(Sha256::new_with_prefix([NODE_PREFIX]).chain_update(left.0).chain_update(right.0).finalize().into())
}

/// Root of the tree without leaves: SHA-256 of nothing, RFC 6962 section 2.1.
pub fn empty_root() -> Hash {
    Hash(Sha256::digest([]).into())
}

/// Why a proof cannot be made, or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf lies beyond the tree.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexBeyondSize {
        /// Position of the leaf.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The tree has not grown to the size asked for.
    #[error("a size of {size} was asked for, the tree has {tree} leaves")]
    SizeBeyondTree {
        /// The size asked for.
        size: u64,
        /// Leaves the tree has.
        tree: u64,
    },
    /// The older size is the larger one.
    #[error("the older size {old_size} is larger than the newer size {new_size}")]
    OldBeyondNew {
        /// Leaves of the older tree.
        old_size: u64,
        /// Leaves of the newer tree.
        new_size: u64,
    },
    /// The proof has too few or too many hashes for its sizes.
    #[error("a proof of {len} hashes does not fit its sizes")]
    WrongLength {
        /// Hashes in the proof.
        len: usize,
    },
    /// The proof leads to another root than the one claimed.
    #[error("the proof leads to root {computed}, not to {claimed}")]
    WrongRoot {
        /// The root it was to lead to.
        claimed: Hash,
        /// The root it leads to.
        computed: Hash,
    },
}

/// An append-only Merkle tree in memory: `levels[l][i]` is the root of leaves `i·2^l .. (i+1)·2^l`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the hash of a leaf (see [`leaf_hash`]); about two hashes of work.
    pub fn push(&mut self, leaf: Hash) {
        let mut node = leaf;
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(node);
            if !row.len().is_multiple_of(2) {
                return;
            }
            node = node_hash(&row[row.len() - 2], &row[row.len() - 1]);
        }
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Root over all leaves.
    pub fn root(&self) -> Hash {
        self.range_root(0, self.size())
    }

    /// Root over the first `size` leaves; `None` beyond the tree.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        (size <= self.size()).then(|| self.range_root(0, size))
    }

    /// Hash of the leaf at `index`; `None` beyond the tree.
    pub fn leaf(&self, index: u64) -> Option<Hash> {
        self.subtree_hash(0, index)
    }

    /// Root of the complete subtree over leaves `index·2^level .. (index+1)·2^level`; `None` unless all are there.
    pub fn subtree_hash(&self, level: u8, index: u64) -> Option<Hash> {
        self.levels.get(usize::from(level))?.get(usize::try_from(index).ok()?).copied()
    }

    /// Forgets the leaves from `size` on, to take back a batch that was not committed.
    pub fn truncate(&mut self, size: u64) {
        for (level, row) in self.levels.iter_mut().enumerate() {
            row.truncate(usize::try_from(size).unwrap_or(usize::MAX) >> level);
        }
        self.levels.retain(|row| !row.is_empty());
    }

    /// Proof that leaf `index` is in the tree of the first `size` leaves, nearest hash first: PATH of
    /// RFC 6962 section 2.1.1.
    ///
    /// # Errors
    /// [`ProofError::SizeBeyondTree`], [`ProofError::IndexBeyondSize`].
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, ProofError> {
        self.check_size(size)?;
        if index >= size {
            return Err(ProofError::IndexBeyondSize { index, size });
        }
        let (mut start, mut end, mut proof) = (0, size, Vec::new());
        while end - start > 1 {
            let middle = start + left_size(end - start);
            if index < middle {
                proof.push(self.range_root(middle, end));
                end = middle;
            } else {
                proof.push(self.range_root(start, middle));
                start = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// Proof that the first `old_size` leaves are a prefix of the first `new_size`: PROOF of RFC 6962
    /// section 2.1.2; without hashes when the older tree is empty or the sizes are equal.
    ///
    /// # Errors
    /// [`ProofError::SizeBeyondTree`], [`ProofError::OldBeyondNew`].
    pub fn consistency_proof(&self, old_size: u64, new_size: u64) -> Result<Vec<Hash>, ProofError> {
        self.check_size(new_size)?;
        if old_size > new_size {
            return Err(ProofError::OldBeyondNew { old_size, new_size });
        }
        let (mut start, mut end, mut proof) = (0, new_size, Vec::new());
        while old_size != 0 && old_size != end {
            let middle = start + left_size(end - start);
            if old_size <= middle {
                proof.push(self.range_root(middle, end));
                end = middle;
            } else {
                proof.push(self.range_root(start, middle));
                start = middle;
            }
        }
        // A subtree that starts at leaf 0 is the older tree itself, whose root the verifier already has.
        if start != 0 {
            proof.push(self.range_root(start, end));
        }
        proof.reverse();
        Ok(proof)
    }

    fn check_size(&self, size: u64) -> Result<(), ProofError> {
        if size > self.size() {
            return Err(ProofError::SizeBeyondTree { size, tree: self.size() });
        }
        Ok(())
    }

    /// Root of leaves `start..end`, where `start` is aligned to the largest complete subtree that fits.
    fn range_root(&self, start: u64, end: u64) -> Hash {
        let mut peaks = Vec::new();
        let mut next = start;
        while next < end {
            let level = (end - next).ilog2();
            peaks.push(self.levels[level as usize][(next >> level) as usize]);
            next += 1 << level;
        }
        peaks.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).unwrap_or_else(empty_root)
    }
}

/// Largest power of two below `count` leaves (two or more).
fn left_size(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// Checks that `leaf` is at `index` in the tree of `size` leaves with `root`: RFC 9162 section 2.1.3.2.
///
/// # Errors
/// [`ProofError::IndexBeyondSize`], [`ProofError::WrongLength`], [`ProofError::WrongRoot`].
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::IndexBeyondSize { index, size });
    }
    let mut climb = Climb { node: index, last: size - 1 };
    let mut computed = *leaf;
    for sibling in proof {
        let side = climb.step().ok_or(ProofError::WrongLength { len: proof.len() })?;
        computed = side.join(&computed, sibling);
    }
    climb.finish(proof.len())?;
    same_root(root, computed)
}

/// Checks that the tree of `old_size` leaves with `old_root` is a prefix of the tree of `new_size` leaves
/// with `new_root`: RFC 9162 section 2.1.4.2, and an empty proof from the empty tree.
///
/// # Errors
/// [`ProofError::OldBeyondNew`], [`ProofError::WrongLength`], [`ProofError::WrongRoot`].
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::OldBeyondNew { old_size, new_size });
    }
    if old_size == 0 || old_size == new_size {
        return verify_trivial(old_size, old_root, new_size, new_root, proof);
    }
    let too_short = ProofError::WrongLength { len: proof.len() };
    let (first, rest) = if old_size.is_power_of_two() {
        (old_root, proof)
    } else {
        proof.split_first().ok_or(too_short.clone())?
    };
    let mut climb = Climb { node: old_size - 1, last: new_size - 1 };
    climb.shift(climb.node.trailing_ones());
    let (mut old, mut new) = (*first, *first);
    for sibling in rest {
        let side = climb.step().ok_or(too_short.clone())?;
        if matches!(side, Side::Left) {
            old = side.join(&old, sibling);
        }
        new = side.join(&new, sibling);
    }
    climb.finish(proof.len())?;
    same_root(old_root, old)?;
    same_root(new_root, new)
}

/// Consistency from the empty tree, or of a tree with itself: no hashes, and the roots speak for themselves.
fn verify_trivial(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if !proof.is_empty() {
        return Err(ProofError::WrongLength { len: proof.len() });
    }
    if old_size == 0 {
        same_root(old_root, empty_root())?;
    }
    if old_size == new_size { same_root(new_root, *old_root) } else { Ok(()) }
}

fn same_root(claimed: &Hash, computed: Hash) -> Result<(), ProofError> {
    if *claimed == computed { Ok(()) } else { Err(ProofError::WrongRoot { claimed: *claimed, computed }) }
}

/// The side of its parent on which a proof's next hash stands.
enum Side {
    Left,
    Right,
}

impl Side {
    fn join(&self, node: &Hash, sibling: &Hash) -> Hash {
        match self {
            Side::Left => node_hash(sibling, node),
            Side::Right => node_hash(node, sibling),
        }
    }
}

/// The way up from a node to the root: `node` and `last` are fn and sn of RFC 9162 section 2.1.3.2.
struct Climb {
    node: u64,
    last: u64,
}

impl Climb {
    /// One level up, to the side of the sibling met there; `None` at the root, where there is none.
    fn step(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let left = self.node % 2 == 1 || self.node == self.last;
        if left {
            // A last node without sibling is lifted unhashed to the level where it is a right child.
            self.shift(self.node.trailing_zeros().min(u64::BITS - 1));
        }
        self.shift(1);
        Some(if left { Side::Left } else { Side::Right })
    }

    fn shift(&mut self, levels: u32) {
        self.node = self.node.checked_shr(levels).unwrap_or(0);
        self.last = self.last.checked_shr(levels).unwrap_or(0);
    }

    fn finish(&self, len: usize) -> Result<(), ProofError> {
        if self.last == 0 { Ok(()) } else { Err(ProofError::WrongLength { len }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors() -> Vec<Vec<u8>> {
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
            .iter()
            .map(|text| hex::decode(text).unwrap())
            .collect()
    }

    fn standard_tree() -> Tree {
        let mut tree = Tree::new();
        vectors().iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
        tree
    }

    fn numbered(size: u64) -> Tree {
        let mut tree = Tree::new();
        (0..size).for_each(|index| tree.push(leaf_hash(&index.to_be_bytes())));
        tree
    }

    fn hash(text: &str) -> Hash {
        text.parse().unwrap()
    }

    #[test]
    fn the_standard_roots_of_the_first_eight_sizes() {
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let tree = standard_tree();
        for (size, root) in roots.iter().enumerate() {
            assert_eq!(tree.root_at(size as u64), Some(hash(root)), "size {size}");
        }
        assert_eq!(tree.root_at(9), None);
        assert_eq!(Tree::new().root(), empty_root());
    }

    #[test]
    fn every_proof_of_small_trees_verifies_and_no_root_or_index_but_its_own() {
        let tree = numbered(40);
        for size in 1..=40 {
            let root = tree.root_at(size).unwrap();
            for index in 0..size {
                let proof = tree.inclusion_proof(index, size).unwrap();
                let leaf = tree.leaf(index).unwrap();
                assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
                assert!(verify_inclusion(&empty_root(), index, size, &proof, &root).is_err());
            }
            for old in 0..=size {
                let proof = tree.consistency_proof(old, size).unwrap();
                let old_root = tree.root_at(old).unwrap();
                assert_eq!(verify_consistency(old, &old_root, size, &root, &proof), Ok(()), "{old} {size}");
            }
        }
    }

    #[test]
    fn truncating_gives_the_tree_as_it_was() {
        let mut tree = numbered(77);
        for size in (0..=77).rev() {
            tree.truncate(size);
            assert_eq!(tree, numbered(size));
        }
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let text = empty_root().to_string();
        assert_eq!(text.parse(), Ok(empty_root()));
        assert!(text.to_uppercase().parse::<Hash>().is_err());
        assert!(text[1..].parse::<Hash>().is_err());
        assert_eq!(serde_json::to_string(&empty_root()).unwrap(), format!("\"{text}\""));
    }
}
