//! The store is the one truth: what is published is made anew from it, and work goes on where it stood.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use sekong_centre::{Answers, Centre, CentreError, Job, LedgerError, Secrets};
use sekong_model::{Campaign, Hour, Moment};
use sekong_store::SqliteStore;

use crate::founded::{Founded, custodians, files, links, secrets};

fn read_all(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(root, &path, files);
        } else {
            files.insert(
                path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
                fs::read(path).unwrap(),
            );
        }
    }
}

/// Published files but for leftover partial tiles, which a new publication does not need.
fn published(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    read_all(root, &root.join("log"), &mut files);
    read_all(root, &root.join("bodies"), &mut files);
    read_all(root, &root.join("sealed"), &mut files);
    files
}

#[tokio::test]
async fn a_restart_publishes_the_same_log_and_goes_on() {
    let founded = Founded::at_midnight().await;
    let (campaign, folder, day) =
        (founded.campaign, founded.folder, founded.centre.state().campaign().first_day());
    let size = founded.centre.log_size();
    let before = published(folder.path());
    founded.centre.close().await.unwrap();

    fs::write(folder.path().join("log/checkpoint"), b"torn").unwrap();
    fs::write(folder.path().join("log/foreign"), b"foreign").unwrap();
    fs::remove_dir_all(folder.path().join("bodies")).unwrap();

    let store = SqliteStore::open(&folder.path().join("sekong.db")).await.unwrap();
    let mut centre = Centre::open(store, folder.path(), &campaign, &secrets(&campaign)).await.unwrap();
    let after = published(folder.path());
    assert_eq!(centre.log_size(), size);
    for (name, bytes) in &after {
        assert_eq!(before.get(name), Some(bytes), "{name}");
    }
    assert_eq!(before.get("log/checkpoint"), after.get("log/checkpoint"));

    let moment = Moment::Hour { day, hour: Hour::try_from(1).unwrap() };
    let job = Job::Draw(moment);
    let now = campaign.instant(day, Hour::try_from(1).unwrap());
    let links = links(custodians(&campaign, &centre.state().freezes()));
    let mut answers = Answers::default();
    let asks = centre.asks(moment, &answers, now).await.unwrap();
    answers.gather(&links, &asks, now).await;
    centre.run(job, now, &|_, _| Vec::new(), &answers).await.unwrap();
    assert!(centre.log_size() > size);
}

#[tokio::test]
async fn a_store_of_other_keys_is_refused() {
    let founded = Founded::new().await;
    let (campaign, folder) = (founded.campaign, founded.folder);
    founded.centre.close().await.unwrap();
    let mut other = secrets(&campaign);
    other.log = [1; 32];
    let refused = |campaign: Campaign, secrets: Secrets| {
        let folder = folder.path();
        async move {
            let store = SqliteStore::open(&folder.join("sekong.db")).await.unwrap();
            Centre::open(store, folder, &campaign, &secrets).await.err().unwrap()
        }
    };
    let before = published(folder.path());
    let error = refused(campaign.clone(), other).await;
    assert!(matches!(error, CentreError::Ledger(LedgerError::OtherKey { .. })), "{error}");

    let mut files = files();
    let renamed =
        files.text("campaign.toml").unwrap().replace("id = \"northeast-2017\"", "id = \"elsewhere\"");
    files.files.insert("campaign.toml".to_owned(), renamed);
    let elsewhere = Campaign::parse(&files).unwrap();
    let error = refused(elsewhere.clone(), secrets(&elsewhere)).await;
    assert!(matches!(error, CentreError::Ledger(LedgerError::OtherOrigin { .. })), "{error}");

    let mut other = secrets(&campaign);
    other.device = [1; 32];
    let error = refused(campaign.clone(), other).await;
    assert!(matches!(error, CentreError::OtherDevice { .. }), "{error}");
    assert_eq!(published(folder.path()), before, "what is refused changes nothing");
}
