//! The conformance story: generic over the store, run on each database.

use std::path::Path;

use sekong_store::{Commit, SqliteStore, Store, StoreError, StoredBody, StoredHead};

fn body(byte: u8) -> StoredBody {
    StoredBody { hash: [byte; 32], bytes: vec![byte; 3], auditors_from_s: Some(7), public_from_s: None }
}

fn commit(first_index: u64, leaves: &[&[u8]], bodies: Vec<StoredBody>) -> Commit {
    let size = first_index + leaves.len() as u64;
    Commit {
        first_index,
        leaves: leaves.iter().map(|leaf| leaf.to_vec()).collect(),
        bodies,
        head: StoredHead { size, note: format!("head {size}") },
    }
}

async fn an_empty_store_is_empty(store: &mut impl Store) {
    assert_eq!(store.leaves(0, 10).await.unwrap(), vec![]);
    assert_eq!(store.newest_head().await.unwrap(), None);
    assert_eq!(store.body_hashes().await.unwrap(), Vec::<[u8; 32]>::new());
}

async fn commits_are_kept_in_order(store: &mut impl Store) {
    store.commit(&commit(0, &[b"a", b"b"], vec![body(1)])).await.unwrap();
    store.commit(&commit(2, &[b"c"], vec![body(1), body(2)])).await.unwrap();
    let leaves = store.leaves(1, 10).await.unwrap();
    assert_eq!(
        leaves.iter().map(|leaf| (leaf.index, &leaf.leaf[..])).collect::<Vec<_>>(),
        [(1, &b"b"[..]), (2, b"c")]
    );
    assert_eq!(store.leaves(0, 1).await.unwrap().len(), 1);
    assert_eq!(store.newest_head().await.unwrap(), Some(StoredHead { size: 3, note: "head 3".into() }));
    let sizes: Vec<u64> = store.newest_heads(9).await.unwrap().iter().map(|head| head.size).collect();
    assert_eq!(sizes, [3, 2]);
    assert_eq!(store.newest_heads(1).await.unwrap().len(), 1);
    let beyond = |heads: Vec<StoredHead>| heads.iter().map(|head| head.size).collect::<Vec<_>>();
    assert_eq!(beyond(store.heads(0, 9).await.unwrap()), [2, 3]);
    assert_eq!(beyond(store.heads(0, 1).await.unwrap()), [2]);
    assert_eq!(beyond(store.heads(2, 9).await.unwrap()), [3]);
    assert_eq!(store.body([2; 32]).await.unwrap(), Some(body(2)));
    assert_eq!(store.body([3; 32]).await.unwrap(), None);
    assert_eq!(store.body_hashes().await.unwrap(), [[1; 32], [2; 32]]);
}

async fn a_refused_commit_changes_nothing(store: &mut impl Store) {
    let behind = store.commit(&commit(1, &[b"x"], vec![body(9)])).await;
    assert!(matches!(behind, Err(StoreError::NotNext { stored: 3, given: 1 })));
    let ahead = store.commit(&commit(7, &[b"x"], vec![body(9)])).await;
    assert!(matches!(ahead, Err(StoreError::NotNext { stored: 3, given: 7 })));
    let mut elsewhere = commit(3, &[b"x"], vec![body(9)]);
    elsewhere.head.size = 9;
    assert!(matches!(store.commit(&elsewhere).await, Err(StoreError::HeadElsewhere { head: 9, end: 4 })));
    assert_eq!(store.leaves(3, 10).await.unwrap(), vec![]);
    assert_eq!(store.body([9; 32]).await.unwrap(), None);
}

async fn live_through(path: &Path) {
    let mut store = SqliteStore::create(path).await.unwrap();
    an_empty_store_is_empty(&mut store).await;
    commits_are_kept_in_order(&mut store).await;
    a_refused_commit_changes_nothing(&mut store).await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn sqlite_lives_through_the_story() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sekong.db");
    live_through(&path).await;
    let mut again = SqliteStore::open(&path).await.unwrap();
    assert_eq!(again.newest_head().await.unwrap().unwrap().size, 3);
    again.commit(&commit(3, &[b"d"], vec![])).await.unwrap();
    let mut auditor = SqliteStore::open_read_only(&path).await.unwrap();
    assert_eq!(auditor.leaves(3, 10).await.unwrap().len(), 1);
    assert!(auditor.commit(&commit(4, &[b"e"], vec![])).await.is_err());
}

#[tokio::test]
async fn a_foreign_database_is_refused_by_its_layout() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sekong.db");
    std::fs::write(&path, b"").unwrap();
    let opened = SqliteStore::open(&path).await;
    assert!(matches!(opened, Err(StoreError::OtherLayout { found: 0, wanted: 1 })));
}

#[tokio::test]
async fn noise_in_place_of_the_database_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sekong.db");
    std::fs::write(&path, vec![0x5a; 100_000]).unwrap();
    assert!(matches!(SqliteStore::open(&path).await, Err(StoreError::Database { .. })));
}

#[test]
fn every_table_is_strict() {
    let sql = include_str!("../../src/sqlite.sql");
    assert_eq!(sql.matches("CREATE TABLE").count(), sql.matches("STRICT").count());
}
