//! The conformance story: generic over the store, run on each database.

use std::path::Path;

use sekong_store::{Commit, SqliteStore, Store, StoreError, StoredBody, StoredHead, StoredPerson};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

fn body(byte: u8) -> StoredBody {
    StoredBody { hash: [byte; 32], bytes: vec![byte; 3], auditors_from_s: Some(7), public_from_s: None }
}

fn commit(first_index: u64, leaves: &[&[u8]], bodies: Vec<StoredBody>) -> Commit {
    let size = first_index + leaves.len() as u64;
    let head = StoredHead { size, note: format!("head {size}") };
    let leaves = leaves.iter().map(|leaf| leaf.to_vec()).collect();
    Commit { leaves, bodies, ..Commit::under(first_index, head) }
}

fn cosigned(size: u64) -> StoredHead {
    StoredHead { size, note: format!("head {size}, cosigned") }
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

async fn heads_gain_cosignatures_with_a_later_commit_or_alone(store: &mut impl Store) {
    let next = Commit { cosigned: vec![cosigned(2), cosigned(3)], ..commit(3, &[b"d"], vec![]) };
    store.commit(&next).await.unwrap();
    let bare = StoredHead { size: 4, note: "head 4".into() };
    assert_eq!(store.newest_heads(9).await.unwrap(), [bare, cosigned(3), cosigned(2)]);
    let alone = Commit { head: cosigned(4), ..commit(4, &[], vec![]) };
    store.commit(&alone).await.unwrap();
    assert_eq!(store.newest_heads(9).await.unwrap(), [cosigned(4), cosigned(3), cosigned(2)]);
    let unknown = Commit { cosigned: vec![cosigned(1)], ..commit(4, &[b"e"], vec![]) };
    assert!(matches!(store.commit(&unknown).await, Err(StoreError::NoHead { size: 1 })));
    assert_eq!(store.leaves(4, 9).await.unwrap(), vec![], "all or nothing");
    assert_eq!(store.newest_heads(1).await.unwrap(), [cosigned(4)]);
}

fn person(byte: u8) -> StoredPerson {
    StoredPerson { commitment: [byte; 32], salt: [byte; 32], record: vec![byte; 4_096] }
}

async fn a_person_is_kept_until_erased(store: &mut impl Store) {
    let first = Commit { persons: vec![person(1), person(2), person(3)], ..commit(4, &[b"p"], vec![]) };
    store.commit(&first).await.unwrap();
    assert_eq!(store.person([2; 32]).await.unwrap(), Some(person(2)));
    assert_eq!(store.person_commitments().await.unwrap(), [[1; 32], [2; 32], [3; 32]]);
    let twice = Commit { persons: vec![person(1)], ..commit(5, &[b"q"], vec![]) };
    assert!(store.commit(&twice).await.is_err(), "a salt is used once");
    let second = Commit { erased: vec![[2; 32]], ..commit(5, &[b"e"], vec![]) };
    store.commit(&second).await.unwrap();
    assert_eq!(store.person([2; 32]).await.unwrap(), None);
    store.erase(&[[3; 32], [9; 32]]).await.unwrap();
    assert_eq!(store.person_commitments().await.unwrap(), [[1; 32]]);
    assert!(store.cut_traces().await.unwrap());
    // One that was lost is kept anew, and one that is there stays as it is.
    let other = StoredPerson { record: vec![9; 4_096], ..person(1) };
    store.keep_persons(&[other, person(3)]).await.unwrap();
    assert_eq!(store.person([1; 32]).await.unwrap(), Some(person(1)));
    assert_eq!(store.person([3; 32]).await.unwrap(), Some(person(3)));
}

async fn a_wide_commit_is_kept_in_order(store: &mut impl Store) {
    let leaves: Vec<String> = (6..206).map(|index| format!("leaf {index}")).collect();
    let bytes: Vec<&[u8]> = leaves.iter().map(String::as_bytes).collect();
    store.commit(&commit(6, &bytes, vec![])).await.unwrap();
    let kept = store.leaves(6, 1_000).await.unwrap();
    assert!(kept.iter().map(|leaf| (leaf.index, &leaf.leaf[..])).eq((6..).zip(bytes)));
}

async fn live_through(path: &Path) {
    let mut store = SqliteStore::create(path).await.unwrap();
    an_empty_store_is_empty(&mut store).await;
    commits_are_kept_in_order(&mut store).await;
    a_refused_commit_changes_nothing(&mut store).await;
    heads_gain_cosignatures_with_a_later_commit_or_alone(&mut store).await;
    a_person_is_kept_until_erased(&mut store).await;
    a_wide_commit_is_kept_in_order(&mut store).await;
    store.close().await.unwrap();
}

#[tokio::test]
async fn sqlite_lives_through_the_story() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sekong.db");
    live_through(&path).await;
    let mut again = SqliteStore::open(&path).await.unwrap();
    assert_eq!(again.newest_head().await.unwrap().unwrap().size, 206);
    again.commit(&commit(206, &[b"d"], vec![])).await.unwrap();
    let mut auditor = SqliteStore::open_read_only(&path).await.unwrap();
    assert_eq!(auditor.leaves(206, 10).await.unwrap().len(), 1);
    assert!(auditor.commit(&commit(207, &[b"e"], vec![])).await.is_err());
}

/// Every byte of every file of the database.
fn bytes_of(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    files.flatten().collect()
}

#[tokio::test]
async fn no_file_of_the_database_holds_what_was_erased() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sekong.db");
    let mut store = SqliteStore::create(&path).await.unwrap();
    let name = b"a name that nobody else has";
    let record = name.repeat(100);
    let persons = vec![StoredPerson { record, ..person(7) }];
    store.commit(&Commit { persons, ..commit(0, &[b"a"], vec![]) }).await.unwrap();
    let holds = |bytes: Vec<u8>| bytes.windows(name.len()).any(|window| window == name);
    assert!(holds(bytes_of(dir.path())));
    store.commit(&Commit { erased: vec![[7; 32]], ..commit(1, &[b"b"], vec![]) }).await.unwrap();
    assert!(holds(bytes_of(dir.path())), "the write-ahead log still has it");
    assert!(store.cut_traces().await.unwrap());
    assert!(!holds(bytes_of(dir.path())));
}

/// After a crash what was acknowledged goes into the file before anything new is written, or nothing is.
#[tokio::test]
async fn a_reader_that_holds_the_write_ahead_log_back_is_no_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sekong.db");
    let mut crashed = SqliteStore::create(&path).await.unwrap();
    crashed.commit(&commit(0, &[b"a"], vec![])).await.unwrap();
    let options = SqliteConnectOptions::new().filename(&path).read_only(true);
    let mut reader = SqliteConnection::connect_with(&options).await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    sqlx::query("SELECT * FROM leaves").fetch_all(&mut *reading).await.unwrap();
    crashed.commit(&commit(1, &[b"b"], vec![])).await.unwrap();
    assert!(matches!(SqliteStore::open(&path).await, Err(StoreError::Held)));
    reading.rollback().await.unwrap();
    let mut started = SqliteStore::open(&path).await.unwrap();
    assert_eq!(started.leaves(0, 9).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_foreign_database_is_refused_by_its_layout() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sekong.db");
    std::fs::write(&path, b"").unwrap();
    let opened = SqliteStore::open(&path).await;
    assert!(matches!(opened, Err(StoreError::OtherLayout { found: 0, wanted: 2 })));
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
