//! Cases by lot, from a named seed: trees, claims about proofs, and texts bent in one place.

use sekong_log::{Hash, Tree, leaf_hash, verify_consistency, verify_inclusion};

/// SplitMix64: spreads cases, the same on every machine; nothing here is secret.
pub(crate) struct Lot(u64);

impl Lot {
    pub(crate) fn new(seed: u64) -> Lot {
        Lot(seed)
    }

    pub(crate) fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.draw() % limit
    }

    pub(crate) fn bytes(&mut self, count: u64) -> Vec<u8> {
        (0..count).map(|_| self.draw() as u8).collect()
    }

    pub(crate) fn seed(&mut self) -> [u8; 32] {
        std::array::from_fn(|_| self.draw() as u8)
    }

    /// The bytes with one run of them cut out, put in twice, or replaced by noise or by what the formats are made of.
    pub(crate) fn bent(&mut self, bytes: &[u8]) -> Vec<u8> {
        const PIECES: [&str; 14] =
            ["\n", " ", "+", "=", "/", "x", "0", "9", "—", "é", "\u{7f}", "\"", "{", ".p/"];
        let at = self.below(bytes.len() as u64 + 1) as usize;
        let end = (at + self.below(4) as usize).min(bytes.len());
        let noise = match self.below(4) {
            0 => self.bytes(2),
            1 => bytes[at..end].repeat(2),
            2 => PIECES[self.below(PIECES.len() as u64) as usize].as_bytes().to_vec(),
            _ => Vec::new(),
        };
        [&bytes[..at], &noise, &bytes[end..]].concat()
    }

    /// The same of a text, once it comes out as one.
    pub(crate) fn bent_text(&mut self, text: &str) -> String {
        loop {
            if let Ok(text) = String::from_utf8(self.bent(text.as_bytes())) {
                return text;
            }
        }
    }
}

/// A tree of leaves by lot with a leaf and an older size in it.
pub(crate) struct Grown {
    pub(crate) leaves: Vec<Vec<u8>>,
    pub(crate) tree: Tree,
    /// A leaf of it.
    pub(crate) index: u64,
    /// At least one.
    pub(crate) old: u64,
}

impl Grown {
    /// Mostly small, at times of several tiles and two levels.
    pub(crate) fn draw(lot: &mut Lot) -> Grown {
        let bits = if lot.below(200) == 0 { 12 } else { lot.below(10) };
        let size = 1 + lot.below(1 << bits);
        let mut tree = Tree::new();
        let leaves: Vec<Vec<u8>> = (0..size)
            .map(|_| {
                let len = lot.below(12);
                lot.bytes(len)
            })
            .collect();
        leaves.iter().for_each(|leaf| tree.push(leaf_hash(leaf)));
        Grown { leaves, tree, index: lot.below(size), old: 1 + lot.below(size) }
    }

    pub(crate) fn size(&self) -> u64 {
        self.tree.size()
    }

    pub(crate) fn inclusion(&self) -> Claim {
        let (at, size) = (self.index, self.size());
        let proof = self.tree.inclusion_proof(at, size).unwrap();
        Claim {
            consistency: false,
            at,
            node: self.tree.leaf(at).unwrap(),
            size,
            root: self.tree.root(),
            proof,
        }
    }

    pub(crate) fn consistency(&self) -> Claim {
        let (at, size) = (self.old, self.size());
        let (node, proof) = (self.tree.root_at(at).unwrap(), self.tree.consistency_proof(at, size).unwrap());
        Claim { consistency: true, at, node, size, root: self.tree.root(), proof }
    }
}

/// What a proof is said to prove.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) consistency: bool,
    /// Index of the leaf, or size of the older tree.
    pub(crate) at: u64,
    /// Hash of the leaf, or root of the older tree.
    pub(crate) node: Hash,
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) proof: Vec<Hash>,
}

impl Claim {
    /// What this crate says of it.
    pub(crate) fn holds(&self) -> bool {
        let Claim { at, node, size, root, proof, .. } = self;
        let verdict = if self.consistency {
            verify_consistency(*at, node, *size, root, proof)
        } else {
            verify_inclusion(node, *at, *size, proof, root)
        };
        verdict.is_ok()
    }

    /// The claim with one thing about it changed, which may leave it true: a proof fits more sizes than its own. Older trees stay at one leaf or more: from an
    /// empty one other implementations prove nothing.
    pub(crate) fn bent(mut self, lot: &mut Lot) -> Claim {
        let step = |number: u64, lot: &mut Lot| match lot.below(4) {
            0 => number + 1,
            1 => number.saturating_sub(1),
            2 => number * 2,
            _ => lot.below(2 * number + 2),
        };
        let place = lot.below(self.proof.len() as u64 + 1) as usize;
        match lot.below(8) {
            0 => self.at = step(self.at, lot).max(u64::from(self.consistency)),
            1 => self.size = step(self.size, lot).max(1),
            2 => self.root = flipped(self.root, lot),
            3 => self.node = flipped(self.node, lot),
            4 => self.proof.insert(place, self.node),
            5 if place > 0 => self.proof.truncate(place - 1),
            6 if place > 1 => self.proof.swap(place - 1, place - 2),
            _ if place > 0 => self.proof[place - 1] = flipped(self.proof[place - 1], lot),
            _ => self.proof.push(self.root),
        }
        self
    }
}

fn flipped(mut hash: Hash, lot: &mut Lot) -> Hash {
    hash.0[lot.below(32) as usize] ^= 1 << lot.below(8);
    hash
}
