//! What centre and custodians tell each other before a campaign begins: public files, carried by hand.

use std::collections::BTreeSet;
use std::path::Path;

use sekong_centre::{KeyRing, WitnessAt};
use sekong_log::{CustodianCommitted, DeviceId, Hash, KeyKind, VerifierKey};
use sekong_model::{Campaign, CampaignId, CustodianId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data_folder::parse_keys;
use crate::failure::Failure;
use crate::files::read_text;

/// What a custodian tells the centre.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustodianFile {
    pub(crate) campaign: CampaignId,
    /// SHA-256 of the canonical form of the campaign's files.
    pub(crate) bundle: Hash,
    pub(crate) commitment: CustodianCommitted,
    /// The key by which it answers.
    pub(crate) line: DeviceId,
}

impl CustodianFile {
    pub(crate) fn id(&self) -> &CustodianId {
        &self.commitment.custodian
    }
}

/// What a witness tells the centre.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WitnessFile {
    /// Its verifier key.
    pub(crate) key: VerifierKey,
    /// Where it is asked.
    pub(crate) url: String,
}

impl From<&WitnessAt> for WitnessFile {
    fn from(witness: &WitnessAt) -> WitnessFile {
        WitnessFile { key: witness.key.clone(), url: witness.url.to_string() }
    }
}

impl WitnessFile {
    /// Where it can be reached, if it is a cosigner's key.
    pub(crate) fn witness(self) -> Result<WitnessAt, Failure> {
        let wrong = |what: String| {
            Failure::usage(what)
                .hint("name the file that `sekong witness init` wrote as witness.json, unchanged")
        };
        if self.key.kind() != KeyKind::CosignatureV1 {
            return Err(wrong(format!("key: {} is no cosigner's key", self.key)));
        }
        let url = self.url.parse().map_err(|error| wrong(format!("url: {error}")))?;
        Ok(WitnessAt { key: self.key, url })
    }
}

/// What the centre tells its custodians.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CentreFile {
    pub(crate) campaign: CampaignId,
    /// SHA-256 of the canonical form of the campaign's files.
    pub(crate) bundle: Hash,
    /// The log's verifier key.
    pub(crate) log: String,
    /// The cosigners' verifier keys.
    pub(crate) cosigners: Vec<String>,
    /// The key by which it asks.
    pub(crate) line: DeviceId,
}

impl CentreFile {
    /// The keys that heads must carry.
    pub(crate) fn keys(&self) -> Result<KeyRing, Failure> {
        let [log] = parse_keys("log", &self.log)?
            .try_into()
            .map_err(|keys: Vec<_>| Failure::failed(format!("log holds {} keys, not one", keys.len())))?;
        Ok(KeyRing { log, cosigners: Some(parse_keys("cosigners", &self.cosigners.join("\n"))?) })
    }
}

impl CentreFile {
    /// Whether a custodian of the campaign can serve by it: whoever takes a wrong one serves nobody.
    pub(crate) fn check(&self, campaign: &Campaign) -> Result<(), Failure> {
        let wrong = |what: String| {
            Err(Failure::usage(what)
                .hint("name the file that `sekong init` wrote as keys/centre.json, unchanged"))
        };
        let keys = self.keys()?;
        let cosigners = keys.cosigners.unwrap_or_default();
        if keys.log.kind() != KeyKind::Ed25519 {
            return wrong("log is no key that signs heads".to_owned());
        }
        if let Some(odd) = cosigners.iter().find(|key| key.kind() != KeyKind::CosignatureV1) {
            return wrong(format!("cosigners: {odd} is no cosigner's key"));
        }
        let names: BTreeSet<&str> = cosigners.iter().map(VerifierKey::name).collect();
        let needed = campaign.rules().cosignatures as usize;
        if names.len() < needed || names.len() < cosigners.len() {
            return wrong(format!("cosigners: {} different ones, the campaign needs {needed}", names.len()));
        }
        if !self.line.can_sign() {
            return wrong("line is no key that anybody can hold".to_owned());
        }
        Ok(())
    }
}

/// Reads one of these files; `from` says which command wrote it.
pub(crate) fn read<T: DeserializeOwned>(path: &Path, from: &str) -> Result<T, Failure> {
    serde_json::from_str(&read_text(path)?).map_err(|error| {
        Failure::failed(format!("{} cannot be read: {error}", path.display()))
            .hint(format!("name the file that `{from}` wrote, unchanged"))
    })
}

/// As it is written.
pub(crate) fn text(file: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(file).map(|text| text + "\n").map_err(Failure::failed)
}
