//! What lies beside the log by what its entries say: bodies, and records of persons.

use std::collections::BTreeMap;

use sekong_log::{Entry, Hash, Statement};

use crate::state::statement;

/// What entries name, as far as they were read.
#[derive(Default)]
pub(crate) struct Named {
    /// The first entry that names each body.
    pub(crate) bodies: BTreeMap<Hash, u64>,
    /// The entry that commits to each record of a person, without those that are erased.
    pub(crate) persons: BTreeMap<Hash, u64>,
}

impl Named {
    /// Reads what an entry names; one that says nothing readable names nothing.
    pub(crate) fn note(&mut self, index: u64, entry: &Entry) {
        let Ok(said) = statement(entry) else { return };
        if let Some((hash, _)) = said.named_body() {
            self.bodies.entry(hash).or_insert(index);
        }
        self.persons.extend(said.persons().iter().map(|person| (person.commitment, index)));
        if let Statement::Erasure(erased) = &said {
            self.persons.remove(&erased.commitment);
        }
    }

    /// The same from a leaf's bytes; those of no entry are found by their hash.
    pub(crate) fn note_leaf(&mut self, index: u64, leaf: &[u8]) {
        if let Ok(entry) = Entry::parse(leaf) {
            self.note(index, &entry);
        }
    }
}
