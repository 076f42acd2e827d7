//! The folder of an anchored log's keeper: the key that signs anchors, and what opens them.

use std::fs::File;
use std::path::Path;

use sekong_log::{AnchorOpening, DeviceKey, VerifierKey};
use sekong_model::{AnchorId, CampaignId, Day, Hour};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::keeper::Keeper;
use crate::signer_folder::{Kind, SignerFolder};

const ANCHORS: Kind = Kind {
    keeper: Keeper {
        what: "an anchor's folder",
        made_by: "sekong anchor init",
        restore: "put back the newest copy of the folder: what opens the anchors is nowhere else",
    },
    kept: "openings",
    alone: "one process anchors a log; wait until the other one is done",
};

/// What is anchored where, and with which key.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFile {
    campaign: CampaignId,
    anchor: AnchorId,
    log: VerifierKey,
    /// 32 bytes in hex.
    key: String,
}

/// `DIR` of the anchor's commands.
pub(crate) struct AnchorFolder {
    folder: SignerFolder,
    pub(crate) campaign: CampaignId,
    pub(crate) anchor: AnchorId,
    /// Verifier key of the log that is anchored.
    pub(crate) log: VerifierKey,
    pub(crate) key: DeviceKey,
}

impl AnchorFolder {
    /// Makes what lies in the folder, which is new and empty.
    pub(crate) fn create(
        root: &Path,
        (campaign, anchor): (&CampaignId, &AnchorId),
        log: VerifierKey,
        key: [u8; 32],
    ) -> Result<(), Failure> {
        let (campaign, anchor) = (campaign.clone(), anchor.clone());
        let secret = SecretFile { campaign, anchor, log, key: hex::encode(key) };
        SignerFolder::create(root, &ANCHORS, &secret)
    }

    /// A folder that is there.
    pub(crate) fn open(root: &Path) -> Result<AnchorFolder, Failure> {
        let (folder, SecretFile { campaign, anchor, log, key }) = SignerFolder::open(root, &ANCHORS)?;
        let key = folder.key(&key)?;
        Ok(AnchorFolder { folder, campaign, anchor, log, key })
    }

    /// Keeps every other process from anchoring with this folder, for as long as the value lives.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        self.folder.lock()
    }

    /// What opens the anchor of an hour, if one was made.
    pub(crate) fn opening(&self, day: Day, hour: Hour) -> Result<Option<AnchorOpening>, Failure> {
        self.folder.kept(&name(day, hour))
    }

    /// Keeps what opens an anchor: without it the anchor proves nothing.
    pub(crate) fn keep(&self, opening: &AnchorOpening) -> Result<(), Failure> {
        self.folder.keep(&name(opening.day, opening.hour), opening)
    }

    /// What opens every anchor, in order.
    pub(crate) fn openings(&self) -> Result<Vec<AnchorOpening>, Failure> {
        let mut openings: Vec<AnchorOpening> = self.folder.all()?;
        openings.sort_by_key(|opening| (opening.day, opening.hour));
        Ok(openings)
    }
}

fn name(day: Day, hour: Hour) -> String {
    format!("{day}T{hour}.json")
}
