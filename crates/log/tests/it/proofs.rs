//! Inclusion and consistency proofs of every size up to 1,025: four tiles, and one entry above.

use std::collections::BTreeSet;

use proptest::prelude::*;
use sekong_log::{Hash, Tree, empty_root, leaf_hash, node_hash, verify_consistency, verify_inclusion};

const MAX_SIZE: u64 = 1_025;

fn tree() -> Tree {
    let mut tree = Tree::new();
    (0..MAX_SIZE).for_each(|index| tree.push(leaf_hash(&index.to_be_bytes())));
    tree
}

/// The root by the recursion of RFC 6962 section 2.1, from the leaves alone.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&root_by_definition(left), &root_by_definition(right))
        }
    }
}

/// Every proof that differs from a proof by one hash changed, left out, added, or two neighbours swapped.
fn mutations(proof: &[Hash]) -> Vec<Vec<Hash>> {
    let mut mutated = vec![[proof, &[empty_root()]].concat(), [&[empty_root()], proof].concat()];
    for at in 0..proof.len() {
        let mut changed = proof.to_vec();
        changed[at].0[at % 32] ^= 1 << (at % 8);
        mutated.push(changed);
        mutated.push([&proof[..at], &proof[at + 1..]].concat());
        if at > 0 {
            let mut swapped = proof.to_vec();
            swapped.swap(at - 1, at);
            mutated.push(swapped);
        }
    }
    mutated
}

/// Indices below `size` at which proofs differ most: both ends, around each power of two, and some between.
fn spread(size: u64) -> BTreeSet<u64> {
    let powers = (0..=size.ilog2()).map(|power| 1 << power);
    let edges = powers.flat_map(|power| [power - 1, power, size.saturating_sub(power)]);
    let between = (0..size).step_by(size as usize / 5 + 1);
    edges.chain(between).filter(|&index| index < size).collect()
}

#[test]
fn the_root_of_every_size_is_the_one_of_the_definition() {
    let tree = tree();
    let leaves: Vec<Hash> = (0..MAX_SIZE).map(|index| tree.leaf(index).unwrap()).collect();
    for size in 0..=MAX_SIZE {
        assert_eq!(tree.root_at(size), Some(root_by_definition(&leaves[..size as usize])), "{size}");
    }
}

#[test]
fn every_inclusion_proof_verifies() {
    let tree = tree();
    for size in 1..=MAX_SIZE {
        let root = tree.root_at(size).unwrap();
        for index in 0..size {
            let proof = tree.inclusion_proof(index, size).unwrap();
            verify_inclusion(&tree.leaf(index).unwrap(), index, size, &proof, &root).unwrap();
        }
    }
}

#[test]
fn every_consistency_proof_verifies() {
    let tree = tree();
    for new in 0..=MAX_SIZE {
        let new_root = tree.root_at(new).unwrap();
        for old in 0..=new {
            let proof = tree.consistency_proof(old, new).unwrap();
            verify_consistency(old, &tree.root_at(old).unwrap(), new, &new_root, &proof).unwrap();
        }
    }
}

#[test]
fn every_mutated_inclusion_proof_fails() {
    let tree = tree();
    for size in 1..=MAX_SIZE {
        let root = tree.root_at(size).unwrap();
        for index in spread(size) {
            let (leaf, proof) = (tree.leaf(index).unwrap(), tree.inclusion_proof(index, size).unwrap());
            for mutated in mutations(&proof) {
                assert!(verify_inclusion(&leaf, index, size, &mutated, &root).is_err(), "{index} of {size}");
            }
            let other = (index + 1) % size;
            assert!(size == 1 || verify_inclusion(&leaf, other, size, &proof, &root).is_err());
            assert!(verify_inclusion(&leaf, index, size, &proof, &empty_root()).is_err());
            assert!(verify_inclusion(&leaf, size, size, &proof, &root).is_err());
        }
    }
}

#[test]
fn every_mutated_consistency_proof_fails() {
    let tree = tree();
    for new in 1..=MAX_SIZE {
        let new_root = tree.root_at(new).unwrap();
        for old in spread(new).into_iter().map(|before| before + 1) {
            let (old_root, proof) = (tree.root_at(old).unwrap(), tree.consistency_proof(old, new).unwrap());
            for mutated in mutations(&proof) {
                let verdict = verify_consistency(old, &old_root, new, &new_root, &mutated);
                assert!(verdict.is_err(), "{old} to {new}");
            }
            assert!(verify_consistency(old, &empty_root(), new, &new_root, &proof).is_err());
            assert!(verify_consistency(old, &old_root, new, &empty_root(), &proof).is_err());
            assert!(verify_consistency(new + 1, &old_root, new, &new_root, &proof).is_err());
        }
    }
}

#[test]
fn proofs_beyond_the_tree_are_refused() {
    let tree = tree();
    assert!(tree.inclusion_proof(0, MAX_SIZE + 1).is_err());
    assert!(tree.inclusion_proof(5, 5).is_err());
    assert!(tree.consistency_proof(5, MAX_SIZE + 1).is_err());
    assert!(tree.consistency_proof(6, 5).is_err());
}

proptest! {
    #[test]
    fn verifiers_never_panic_and_never_hold_on_noise(
        index: u64, size: u64, other: u64, noise in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let proof: Vec<Hash> = noise.into_iter().map(Hash).collect();
        let root = leaf_hash(b"root");
        prop_assert!(verify_inclusion(&leaf_hash(b"leaf"), index, size, &proof, &root).is_err());
        if (index != 0 || !proof.is_empty()) && index != size {
            prop_assert!(verify_consistency(index, &leaf_hash(b"old"), size, &root, &proof).is_err());
        }
        let _ = verify_consistency(other, &root, size, &root, &proof);
    }
}
