//! A store in memory: it outlives the centre that was given a clone of it, as a disk does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use sekong_store::{Commit, Store, StoreError, StoredBody, StoredHead, StoredLeaf, StoredPerson};

#[derive(Clone, Default)]
pub(crate) struct Memory(Arc<Mutex<Disk>>);

#[derive(Default)]
struct Disk {
    leaves: Vec<Vec<u8>>,
    heads: Vec<StoredHead>,
    bodies: BTreeMap<[u8; 32], StoredBody>,
    persons: BTreeMap<[u8; 32], StoredPerson>,
}

impl Memory {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().expect("nobody panics while writing")
    }
}

impl Disk {
    fn keep(&mut self, persons: &[StoredPerson]) {
        self.persons.extend(persons.iter().map(|person| (person.commitment, person.clone())));
    }
}

impl Store for Memory {
    async fn commit(&mut self, commit: &Commit) -> Result<(), StoreError> {
        let mut disk = self.disk();
        let (stored, given) = (disk.leaves.len() as u64, commit.first_index);
        if stored != given {
            return Err(StoreError::NotNext { stored, given });
        }
        let again = commit.leaves.is_empty().then_some(&commit.head);
        for head in commit.cosigned.iter().chain(again) {
            let known = disk.heads.iter_mut().rev().find(|known| known.size == head.size);
            known.ok_or(StoreError::NoHead { size: head.size })?.clone_from(head);
        }
        if again.is_none() {
            disk.leaves.extend(commit.leaves.iter().cloned());
            disk.heads.push(commit.head.clone());
        }
        for body in &commit.bodies {
            disk.bodies.entry(body.hash).or_insert_with(|| body.clone());
        }
        disk.keep(&commit.persons);
        disk.persons.retain(|commitment, _| !commit.erased.contains(commitment));
        Ok(())
    }

    async fn leaves(&mut self, from: u64, limit: u64) -> Result<Vec<StoredLeaf>, StoreError> {
        let disk = self.disk();
        let stored = (0..).zip(&disk.leaves).skip(from as usize).take(limit as usize);
        Ok(stored.map(|(index, leaf)| StoredLeaf { index, leaf: leaf.clone() }).collect())
    }

    async fn newest_head(&mut self) -> Result<Option<StoredHead>, StoreError> {
        Ok(self.disk().heads.last().cloned())
    }

    async fn newest_heads(&mut self, limit: u64) -> Result<Vec<StoredHead>, StoreError> {
        Ok(self.disk().heads.iter().rev().take(limit as usize).cloned().collect())
    }

    async fn heads(&mut self, beyond: u64, limit: u64) -> Result<Vec<StoredHead>, StoreError> {
        let disk = self.disk();
        let heads = disk.heads.iter().filter(|head| beyond < head.size).take(limit as usize);
        Ok(heads.cloned().collect())
    }

    async fn body(&mut self, hash: [u8; 32]) -> Result<Option<StoredBody>, StoreError> {
        Ok(self.disk().bodies.get(&hash).cloned())
    }

    async fn body_hashes(&mut self) -> Result<Vec<[u8; 32]>, StoreError> {
        Ok(self.disk().bodies.keys().copied().collect())
    }

    async fn person(&mut self, commitment: [u8; 32]) -> Result<Option<StoredPerson>, StoreError> {
        Ok(self.disk().persons.get(&commitment).cloned())
    }

    async fn person_commitments(&mut self) -> Result<Vec<[u8; 32]>, StoreError> {
        Ok(self.disk().persons.keys().copied().collect())
    }

    async fn keep_persons(&mut self, persons: &[StoredPerson]) -> Result<(), StoreError> {
        self.disk().keep(persons);
        Ok(())
    }

    async fn erase(&mut self, commitments: &[[u8; 32]]) -> Result<(), StoreError> {
        self.disk().persons.retain(|commitment, _| !commitments.contains(commitment));
        Ok(())
    }

    /// What is dropped from memory leaves no trace on a disk.
    async fn cut_traces(&mut self) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn close(self) -> Result<(), StoreError> {
        Ok(())
    }
}
