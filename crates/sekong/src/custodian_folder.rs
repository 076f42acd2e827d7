//! A custodian's folder: its secret, the campaign it serves, what it was told of the centre, its vault.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sekong_centre::{LineKey, canonical_files, terms};
use sekong_draw::{LocalCustodian, Pledge, ValueList};
use sekong_log::{Hash, body_hash};
use sekong_model::{Campaign, CustodianId, SourceBundle};
use serde::{Deserialize, Serialize};

use crate::data_folder::{lock, new_folder, parse_secret, write_new};
use crate::failure::Failure;
use crate::files::{parse_campaign, read_at_most, read_text};
use crate::lines::{self, CentreFile};

const SECRET: &str = "secret.json";
const CAMPAIGN: &str = "campaign.json";
const CENTRE: &str = "centre.json";

/// Largest campaign with its geography.
const CAMPAIGN_MAX_BYTES: usize = 64 << 20;

const RESTORE: &str =
    "restore the file from the copy made when the custodian was set up: nobody else has its values";

/// The secrets as they lie on disk: 32 bytes each, in hex.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFile {
    custodian: CustodianId,
    values: String,
    line: String,
}

/// `DIR` of the custodian's commands.
pub(crate) struct CustodianFolder {
    root: PathBuf,
    pub(crate) id: CustodianId,
    values: [u8; 32],
    pub(crate) line: LineKey,
    pub(crate) campaign: Campaign,
    pub(crate) bundle: Hash,
}

impl CustodianFolder {
    /// Makes the folder, with secrets that were never anywhere else.
    pub(crate) fn create(
        root: &Path,
        id: &CustodianId,
        files: &SourceBundle,
        [values, line]: [[u8; 32]; 2],
    ) -> Result<(), Failure> {
        new_folder(root)?;
        let secret =
            SecretFile { custodian: id.clone(), values: hex::encode(values), line: hex::encode(line) };
        write_new(&root.join(SECRET), lines::text(&secret)?.as_bytes(), 0o600)?;
        write_new(&root.join(CAMPAIGN), &canonical_files(files), 0o644)
    }

    /// A folder that is there.
    pub(crate) fn open(root: &Path) -> Result<CustodianFolder, Failure> {
        let no_folder = || {
            Failure::usage(format!("{} is no custodian's folder", root.display()))
                .hint("name the folder that `sekong custodian init` made")
        };
        if !root.join(SECRET).is_file() {
            return Err(no_folder());
        }
        let secret: SecretFile = serde_json::from_str(&read_text(&root.join(SECRET))?)
            .map_err(|error| Failure::failed(format!("{SECRET} cannot be read: {error}")).hint(RESTORE))?;
        let bytes = read_at_most(&root.join(CAMPAIGN), CAMPAIGN_MAX_BYTES)?;
        let files: SourceBundle = serde_json::from_slice(&bytes)
            .map_err(|error| Failure::failed(format!("{CAMPAIGN} cannot be read: {error}")).hint(RESTORE))?;
        let parsed = |field: &str, text: &str| parse_secret(SECRET, field, text, RESTORE);
        Ok(CustodianFolder {
            root: root.to_owned(),
            id: secret.custodian,
            values: parsed("values", &secret.values)?,
            line: LineKey::from_seed(parsed("line", &secret.line)?),
            campaign: parse_campaign(root, &files)?,
            bundle: body_hash(&bytes),
        })
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.root.join("vault.db")
    }

    /// Keeps every other process from answering with this secret, for as long as the value lives.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        lock(&self.root, "one process answers with a custodian's secret; stop the other one first")
    }

    /// What the custodian can say before it knows the centre.
    pub(crate) fn pledge(&self, values: ValueList) -> Pledge {
        Pledge::new(self.id.clone(), self.values, values)
    }

    /// The custodian, who holds everybody to what this centre's file says.
    pub(crate) fn custodian(&self, centre: &CentreFile) -> Result<LocalCustodian, Failure> {
        Ok(LocalCustodian::new(self.id.clone(), self.values, terms(&self.campaign, &centre.keys()?)))
    }

    /// Takes the centre's file when it sees the first one, and no other ever after.
    pub(crate) fn take_centre(&self, given: &Path) -> Result<CentreFile, Failure> {
        let centre: CentreFile = lines::read(given, "sekong init")?;
        if (&centre.campaign, centre.bundle) != (self.campaign.id(), self.bundle) {
            return Err(Failure::failed(format!(
                "{} is of another campaign, or of other files of it, than this custodian committed to",
                given.display()
            ))
            .hint("found the campaign with the very files that `sekong custodian init` was given"));
        }
        match self.centre()? {
            None => write_new(&self.root.join(CENTRE), lines::text(&centre)?.as_bytes(), 0o644)?,
            Some(known) if known == centre => {}
            Some(_) => {
                return Err(Failure::failed(format!(
                    "{} is not the centre that this custodian serves",
                    given.display()
                ))
                .hint("one secret serves one log; for another make another custodian"));
            }
        }
        Ok(centre)
    }

    /// The centre that it serves, once it knows.
    pub(crate) fn centre(&self) -> Result<Option<CentreFile>, Failure> {
        let path = self.root.join(CENTRE);
        if !fs::exists(&path).map_err(Failure::failed)? {
            return Ok(None);
        }
        lines::read(&path, "sekong custodian serve").map(Some)
    }
}
