//! The inspectorate's folder: the key that signs plants, and what opens them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sekong_log::{DeviceKey, Plant};
use sekong_model::{CampaignId, Day, Hour, PostId};
use serde::{Deserialize, Serialize};

use crate::data_folder::{lock, parse_secret, write_new};
use crate::failure::Failure;
use crate::files::read_text;
use crate::lines;

const SECRET: &str = "secret.json";
const PLANTS: &str = "plants";
const NEXT: &str = "next.json";

const RESTORE: &str = "put back the newest copy of the folder: what opens the plants is nowhere else";

/// For which campaign, and with which key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFile {
    campaign: CampaignId,
    /// 32 bytes in hex.
    key: String,
}

/// A plant, and where it is committed to.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeptPlant {
    pub(crate) plant: Plant,
    /// Index of the entry, once the centre has told it.
    pub(crate) of: Option<u64>,
}

/// `DIR` of the commands about plants.
pub(crate) struct PlantFolder {
    root: PathBuf,
    pub(crate) campaign: CampaignId,
    pub(crate) key: DeviceKey,
}

impl PlantFolder {
    /// Makes what lies in the folder, which is new and empty.
    pub(crate) fn create(root: &Path, campaign: &CampaignId, key: [u8; 32]) -> Result<(), Failure> {
        let secret = SecretFile { campaign: campaign.clone(), key: hex::encode(key) };
        fs::create_dir(root.join(PLANTS)).map_err(Failure::failed)?;
        write_new(&root.join(SECRET), lines::text(&secret)?.as_bytes(), 0o600)
    }

    /// A folder that is there.
    pub(crate) fn open(root: &Path) -> Result<PlantFolder, Failure> {
        if !root.join(SECRET).is_file() {
            return Err(Failure::usage(format!("{} is no folder of plants", root.display()))
                .hint("name the folder that `sekong plant init` made"));
        }
        let secret: SecretFile = serde_json::from_str(&read_text(&root.join(SECRET))?)
            .map_err(|error| Failure::failed(format!("{SECRET} cannot be read: {error}")).hint(RESTORE))?;
        let key = DeviceKey::from_seed(&parse_secret(SECRET, "key", &secret.key, RESTORE)?);
        Ok(PlantFolder { root: root.to_owned(), campaign: secret.campaign, key })
    }

    /// Keeps every other process from planting with this folder, for as long as the value lives.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        lock(&self.root, "one process plants; wait until the other one is done")
    }

    fn path(&self, post: &PostId, day: Day, hour: Hour) -> PathBuf {
        self.root.join(PLANTS).join(format!("{day}T{hour}-{post}.json"))
    }

    /// What is planted at a post in an hour, if it is kept here.
    pub(crate) fn kept(&self, post: &PostId, day: Day, hour: Hour) -> Result<Option<KeptPlant>, Failure> {
        let path = self.path(post, day, hour);
        if !path.is_file() {
            return Ok(None);
        }
        let kept = serde_json::from_str(&read_text(&path)?);
        kept.map(Some).map_err(|error| {
            Failure::failed(format!("{} cannot be read: {error}", path.display())).hint(RESTORE)
        })
    }

    /// Keeps what opens a plant, whole and durably: without it the commitment stays closed for ever.
    pub(crate) fn keep(&self, kept: &KeptPlant) -> Result<(), Failure> {
        let Plant { post, day, hour, .. } = &kept.plant;
        let (next, path) = (self.root.join(NEXT), self.path(post, *day, *hour));
        let cannot = |error| Failure::failed(format!("cannot write {}: {error}", path.display()));
        // What a crash left half written was never sent.
        fs::exists(&next)
            .and_then(|left| if left { fs::remove_file(&next) } else { Ok(()) })
            .map_err(cannot)?;
        write_new(&next, lines::text(kept)?.as_bytes(), 0o600)?;
        fs::rename(&next, &path).map_err(cannot)?;
        File::open(self.root.join(PLANTS)).and_then(|folder| folder.sync_all()).map_err(cannot)
    }
}
