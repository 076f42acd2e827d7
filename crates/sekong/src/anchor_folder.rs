//! The folder of an anchored log's keeper: the key that signs anchors, and what opens them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sekong_log::{AnchorOpening, DeviceKey, VerifierKey};
use sekong_model::{AnchorId, CampaignId, Day, Hour};
use serde::{Deserialize, Serialize};

use crate::data_folder::{lock, parse_secret, write_new};
use crate::failure::Failure;
use crate::files::read_text;
use crate::lines;

const SECRET: &str = "secret.json";
const OPENINGS: &str = "openings";
const NEXT: &str = "next.json";

const RESTORE: &str = "put back the newest copy of the folder: what opens the anchors is nowhere else";

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
    root: PathBuf,
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
        fs::create_dir(root.join(OPENINGS)).map_err(Failure::failed)?;
        write_new(&root.join(SECRET), lines::text(&secret)?.as_bytes(), 0o600)
    }

    /// A folder that is there.
    pub(crate) fn open(root: &Path) -> Result<AnchorFolder, Failure> {
        if !root.join(SECRET).is_file() {
            return Err(Failure::usage(format!("{} is no anchor's folder", root.display()))
                .hint("name the folder that `sekong anchor init` made"));
        }
        let secret: SecretFile = serde_json::from_str(&read_text(&root.join(SECRET))?)
            .map_err(|error| Failure::failed(format!("{SECRET} cannot be read: {error}")).hint(RESTORE))?;
        let key = DeviceKey::from_seed(&parse_secret(SECRET, "key", &secret.key, RESTORE)?);
        let SecretFile { campaign, anchor, log, .. } = secret;
        Ok(AnchorFolder { root: root.to_owned(), campaign, anchor, log, key })
    }

    /// Keeps every other process from anchoring with this folder, for as long as the value lives.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        lock(&self.root, "one process anchors a log; wait until the other one is done")
    }

    fn path(&self, day: Day, hour: Hour) -> PathBuf {
        self.root.join(OPENINGS).join(format!("{day}T{hour}.json"))
    }

    /// What opens the anchor of an hour, if one was made.
    pub(crate) fn opening(&self, day: Day, hour: Hour) -> Result<Option<AnchorOpening>, Failure> {
        let path = self.path(day, hour);
        if path.is_file() { read(&path).map(Some) } else { Ok(None) }
    }

    /// Keeps what opens an anchor, whole and durably: without it the anchor proves nothing.
    pub(crate) fn keep(&self, opening: &AnchorOpening) -> Result<(), Failure> {
        let (next, path) = (self.root.join(NEXT), self.path(opening.day, opening.hour));
        let cannot = |error| Failure::failed(format!("cannot write {}: {error}", path.display()));
        // What a crash left half written was never sent.
        fs::exists(&next)
            .and_then(|left| if left { fs::remove_file(&next) } else { Ok(()) })
            .map_err(cannot)?;
        write_new(&next, lines::text(opening)?.as_bytes(), 0o600)?;
        fs::rename(&next, &path).map_err(cannot)?;
        File::open(self.root.join(OPENINGS)).and_then(|folder| folder.sync_all()).map_err(cannot)
    }

    /// What opens every anchor, in order.
    pub(crate) fn openings(&self) -> Result<Vec<AnchorOpening>, Failure> {
        let folder = self.root.join(OPENINGS);
        let cannot =
            |error| Failure::failed(format!("cannot list {}: {error}", folder.display())).hint(RESTORE);
        let listed = fs::read_dir(&folder).map_err(cannot)?.collect::<Result<Vec<_>, _>>().map_err(cannot)?;
        let mut openings = listed.iter().map(|file| read(&file.path())).collect::<Result<Vec<_>, _>>()?;
        openings.sort_by_key(|opening: &AnchorOpening| (opening.day, opening.hour));
        Ok(openings)
    }
}

fn read(path: &Path) -> Result<AnchorOpening, Failure> {
    serde_json::from_str(&read_text(path)?)
        .map_err(|error| Failure::failed(format!("{} cannot be read: {error}", path.display())).hint(RESTORE))
}
