//! A custodian's vault: what is kept stays.

use sekong_store::{Kept, SqliteStore, StoreError, Vault};

fn kept(name: &str, bytes: &[u8]) -> Kept {
    Kept { name: name.to_owned(), bytes: bytes.to_vec() }
}

#[tokio::test]
async fn what_is_kept_stays_over_a_restart_and_against_other_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.db");
    let mut vault = Vault::create(&path).await.unwrap();
    vault.keep(&[kept("a/2", b"two"), kept("a/1", b"one"), kept("a%", b"odd")]).await.unwrap();
    vault.keep(&[kept("a/1", b"one")]).await.unwrap();
    vault.close().await.unwrap();
    let mut vault = Vault::open(&path).await.unwrap();
    let refused = vault.keep(&[kept("b", b"new"), kept("a/1", b"other")]).await;
    assert!(matches!(refused, Err(StoreError::OtherKept { name }) if name == "a/1"));
    assert_eq!(vault.get("b").await.unwrap(), None, "all or none");
    assert_eq!(vault.get("a/1").await.unwrap().as_deref(), Some(&b"one"[..]));
    let both = [kept("a/1", b"one"), kept("a/2", b"two")];
    assert_eq!(vault.page("a/", "", 9).await.unwrap(), both);
    assert_eq!(vault.page("a/", "", 1).await.unwrap(), both[..1]);
    assert_eq!(vault.page("a/", "a/1", 9).await.unwrap(), both[1..]);
    let mut reader = Vault::open_read_only(&path).await.unwrap();
    assert_eq!(reader.page("", "", 9).await.unwrap().len(), 3);
    assert!(reader.keep(&[kept("c", b"")]).await.is_err());
}

#[tokio::test]
async fn a_vault_is_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    SqliteStore::create(&path).await.unwrap();
    assert!(matches!(Vault::open(&path).await, Err(StoreError::OtherLayout { found: 2, wanted: 101 })));
}
