//! A custodian's folder: its secret, the campaign it serves, what it was told of the centre, its vault.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sekong_centre::{LineKey, canonical_files, terms};
use sekong_draw::{LocalCustodian, Pledge, ValueList};
use sekong_log::{Hash, body_hash};
use sekong_model::{Campaign, CustodianId, SourceBundle};
use sekong_store::{Kept, Vault};
use serde::{Deserialize, Serialize};

use crate::data_folder::{held_hint, lock, write_new};
use crate::failure::Failure;
use crate::files::{parse_campaign, read_at_most};
use crate::keeper::{Keeper, write_secret};
use crate::lines::{self, CentreFile};

const CAMPAIGN: &str = "campaign.json";
const CENTRE: &str = "centre.json";

/// Largest campaign with its geography.
const CAMPAIGN_MAX_BYTES: usize = 64 << 20;

/// Under which name a vault keeps whose it is.
const VAULT_ID: &str = "vault";

const RESTORE_VAULT: &str = "put back the newest copy of the folder, whole: vault.db knows what the secret must not say again; \
     if there is no copy: sekong custodian serve --vault-lost";

const CUSTODIAN: Keeper = Keeper {
    what: "a custodian's folder",
    made_by: "sekong custodian init",
    restore: "restore the file from the copy made when the custodian was set up: nobody else has its values",
};

/// The secrets as they lie on disk: 32 bytes each, in hex.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFile {
    custodian: CustodianId,
    values: String,
    line: String,
    /// Which vault belongs to it.
    vault: String,
}

/// `DIR` of the custodian's commands.
pub(crate) struct CustodianFolder {
    root: PathBuf,
    pub(crate) id: CustodianId,
    values: [u8; 32],
    vault: [u8; 32],
    pub(crate) line: LineKey,
    pub(crate) campaign: Campaign,
    pub(crate) bundle: Hash,
}

impl CustodianFolder {
    /// Makes the folder, which is new and empty, with secrets that were never anywhere else.
    pub(crate) fn create(
        root: &Path,
        id: &CustodianId,
        files: &SourceBundle,
        [values, line, vault]: [[u8; 32]; 3],
    ) -> Result<(), Failure> {
        let secret = SecretFile {
            custodian: id.clone(),
            values: hex::encode(values),
            line: hex::encode(line),
            vault: hex::encode(vault),
        };
        write_secret(root, &secret)?;
        write_new(&root.join(CAMPAIGN), &canonical_files(files), 0o644)
    }

    /// A folder that is there.
    pub(crate) fn open(root: &Path) -> Result<CustodianFolder, Failure> {
        let secret: SecretFile = CUSTODIAN.secret(root)?;
        let bytes = read_at_most(&root.join(CAMPAIGN), CAMPAIGN_MAX_BYTES)?;
        let files: SourceBundle = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::failed(format!("{CAMPAIGN} cannot be read: {error}")).hint(CUSTODIAN.restore)
        })?;
        Ok(CustodianFolder {
            root: root.to_owned(),
            id: secret.custodian,
            values: CUSTODIAN.seed("values", &secret.values)?,
            vault: CUSTODIAN.seed("vault", &secret.vault)?,
            line: LineKey::from_seed(CUSTODIAN.seed("line", &secret.line)?),
            campaign: parse_campaign(root, &files)?,
            bundle: body_hash(&bytes),
        })
    }

    fn vault_path(&self) -> PathBuf {
        self.root.join("vault.db")
    }

    /// Makes the vault that belongs to the secret; one that is there is left alone.
    pub(crate) async fn create_vault(&self) -> Result<Vault, Failure> {
        let path = self.vault_path();
        if path.symlink_metadata().is_ok() {
            return Err(Failure::usage(format!("{} is not lost", path.display()))
                .hint("leave out --vault-lost, or move the file away and keep it"));
        }
        let mut vault = Vault::create(&path).await.map_err(|error| self.vault_failure(error))?;
        let id = Kept { name: VAULT_ID.to_owned(), bytes: self.vault.to_vec() };
        vault.keep(&[id]).await.map_err(|error| self.vault_failure(error))?;
        Ok(vault)
    }

    /// Opens the vault that belongs to the secret, as its one writer or for reading beside it.
    pub(crate) async fn open_vault(&self, writes: bool) -> Result<Vault, Failure> {
        let path = self.vault_path();
        if !path.is_file() {
            return Err(Failure::failed(format!(
                "{} is missing, and with it what {} froze and released",
                path.display(),
                self.id
            ))
            .hint(RESTORE_VAULT));
        }
        let opened = if writes { Vault::open(&path).await } else { Vault::open_read_only(&path).await };
        let mut vault = opened.map_err(|error| self.vault_failure(error))?;
        match vault.get(VAULT_ID).await.map_err(|error| self.vault_failure(error))? {
            Some(id) if id == self.vault => Ok(vault),
            _ => Err(Failure::failed(format!("{} is not the vault of this secret", path.display()))
                .hint(RESTORE_VAULT)),
        }
    }

    /// Something is wrong with the vault's file, or somebody reads it: then it is to be neither restored nor given up.
    pub(crate) fn vault_failure(&self, error: impl std::error::Error + 'static) -> Failure {
        let hint = held_hint(&error).unwrap_or(RESTORE_VAULT);
        Failure::failed(format!("{} cannot be used: {error}", self.vault_path().display())).hint(hint)
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

    /// Takes the centre's file when it sees the first one it can serve by, and no other once a value was released.
    pub(crate) fn take_centre(&self, given: &Path, has_released: bool) -> Result<CentreFile, Failure> {
        let centre: CentreFile = lines::read(given, "sekong init")?;
        centre.check(&self.campaign)?;
        if (&centre.campaign, centre.bundle) != (self.campaign.id(), self.bundle) {
            return Err(Failure::failed(format!(
                "{} is of another campaign, or of other files of it, than this custodian committed to",
                given.display()
            ))
            .hint("found the campaign with the very files that `sekong custodian init` was given"));
        }
        match self.centre()? {
            None if has_released => Err(Failure::failed(format!(
                "{} is missing, and this custodian has released values to the centre that it names",
                self.root.join(CENTRE).display()
            ))
            .hint("put it back from a copy of the folder")),
            None => {
                write_new(&self.root.join(CENTRE), lines::text(&centre)?.as_bytes(), 0o644)?;
                Ok(centre)
            }
            Some(known) if known == centre => Ok(centre),
            Some(_) => Err(self.other_centre(given, has_released)),
        }
    }

    fn other_centre(&self, given: &Path, has_released: bool) -> Failure {
        let bound = self.root.join(CENTRE);
        let failure =
            Failure::failed(format!("{} is not the centre that this custodian serves", given.display()));
        if has_released {
            return failure.hint("one secret serves one log; for another make another custodian");
        }
        failure.hint(format!(
            "nothing was released yet: if {} is the wrong one, remove it and serve again",
            bound.display()
        ))
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
