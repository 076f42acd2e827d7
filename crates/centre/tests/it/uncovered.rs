//! A store with an entry that no head covers, as somebody with the file may leave it: the scrub names it, and not what is written meanwhile.

use sekong_centre::{Damage, Folder, Scrub};
use sekong_store::{SqliteStore, Store, StoreError, StoredBody, StoredHead, StoredLeaf, StoredPerson};

use crate::founded::Founded;

type Read<T> = Result<T, StoreError>;

/// A store whose newest heads are not shown the first time that they are asked for; ever after, or never, they are.
struct Behind {
    store: SqliteStore,
    hidden: usize,
    always: bool,
    looks: usize,
}

impl Store for Behind {
    async fn newest_head(&mut self) -> Read<Option<StoredHead>> {
        self.looks += 1;
        let hidden = if self.always || self.looks == 1 { self.hidden } else { 0 };
        Ok(self.store.newest_heads(hidden as u64 + 1).await?.into_iter().nth(hidden))
    }
    async fn newest_heads(&mut self, limit: u64) -> Read<Vec<StoredHead>> {
        self.store.newest_heads(limit).await
    }
    async fn heads(&mut self, beyond: u64, limit: u64) -> Read<Vec<StoredHead>> {
        self.store.heads(beyond, limit).await
    }
    async fn commit(&mut self, commit: &sekong_store::Commit) -> Read<()> {
        self.store.commit(commit).await
    }
    async fn leaves(&mut self, from: u64, limit: u64) -> Read<Vec<StoredLeaf>> {
        self.store.leaves(from, limit).await
    }
    async fn body(&mut self, hash: [u8; 32]) -> Read<Option<StoredBody>> {
        self.store.body(hash).await
    }
    async fn person(&mut self, commitment: [u8; 32]) -> Read<Option<StoredPerson>> {
        self.store.person(commitment).await
    }
    async fn person_commitments(&mut self) -> Read<Vec<[u8; 32]>> {
        self.store.person_commitments().await
    }
    async fn keep_persons(&mut self, persons: &[StoredPerson]) -> Read<()> {
        self.store.keep_persons(persons).await
    }
    async fn erase(&mut self, commitments: &[[u8; 32]]) -> Read<()> {
        self.store.erase(commitments).await
    }
    async fn cut_traces(&mut self) -> Read<bool> {
        self.store.cut_traces().await
    }
    async fn body_hashes(&mut self) -> Read<Vec<[u8; 32]>> {
        self.store.body_hashes().await
    }
    async fn close(self) -> Read<()> {
        self.store.close().await
    }
}

#[tokio::test]
async fn an_entry_that_no_head_covers_is_named_and_one_that_is_written_meanwhile_is_not() {
    let founded = Founded::at_midnight().await;
    let (folder, keys) = (Folder::new(founded.folder.path()), founded.centre.keys().clone());
    let (path, size) = (founded.folder.path().join("sekong.db"), founded.centre.log_size());
    founded.centre.close().await.unwrap();
    for (hidden, always, named) in [(0, true, false), (1, false, false), (1, true, true)] {
        let store = SqliteStore::open_read_only(&path).await.unwrap();
        let mut behind = Behind { store, hidden, always, looks: 0 };
        let scrubbed = Scrub { store: &mut behind, folder: &folder, keys: &keys }.run().await.unwrap();
        let beyond = |damage: &&Damage| matches!(damage, Damage::Beyond { index } if *index < size);
        let found = scrubbed.damages.iter().find(beyond);
        assert_eq!(found.is_some(), named, "{hidden} {always}: {:?}", scrubbed.damages);
        assert!(found.is_none_or(Damage::is_in_store));
    }
}
