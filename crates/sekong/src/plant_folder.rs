//! The inspectorate's folder: the key that signs plants, and what opens them.

use std::fs::File;
use std::path::Path;

use sekong_log::{DeviceKey, Plant};
use sekong_model::{CampaignId, Day, Hour, PostId};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::keeper::Keeper;
use crate::signer_folder::{Kind, SignerFolder};

const PLANTS: Kind = Kind {
    keeper: Keeper {
        what: "a folder of plants",
        made_by: "sekong plant init",
        restore: "put back the newest copy of the folder: what opens the plants is nowhere else",
    },
    kept: "plants",
    alone: "one process plants; wait until the other one is done",
};

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
    folder: SignerFolder,
    pub(crate) campaign: CampaignId,
    pub(crate) key: DeviceKey,
}

impl PlantFolder {
    /// Makes what lies in the folder, which is new and empty.
    pub(crate) fn create(root: &Path, campaign: &CampaignId, key: [u8; 32]) -> Result<(), Failure> {
        let secret = SecretFile { campaign: campaign.clone(), key: hex::encode(key) };
        SignerFolder::create(root, &PLANTS, &secret)
    }

    /// A folder that is there.
    pub(crate) fn open(root: &Path) -> Result<PlantFolder, Failure> {
        let (folder, SecretFile { campaign, key }) = SignerFolder::open(root, &PLANTS)?;
        let key = folder.key(&key)?;
        Ok(PlantFolder { folder, campaign, key })
    }

    /// Keeps every other process from planting with this folder, for as long as the value lives.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        self.folder.lock()
    }

    /// What is planted at a post in an hour, if it is kept here.
    pub(crate) fn kept(&self, post: &PostId, day: Day, hour: Hour) -> Result<Option<KeptPlant>, Failure> {
        self.folder.kept(&name(post, day, hour))
    }

    /// Keeps what opens a plant: without it the commitment stays closed for ever.
    pub(crate) fn keep(&self, kept: &KeptPlant) -> Result<(), Failure> {
        let Plant { post, day, hour, .. } = &kept.plant;
        self.folder.keep(&name(post, *day, *hour), kept)
    }
}

fn name(post: &PostId, day: Day, hour: Hour) -> String {
    format!("{day}T{hour}-{post}.json")
}
