//! The secrets of a campaign that is run from one machine, and the public keys that follow from them.

use sekong_log::{DeviceKey, KeyError, KeyKind, SigningKey, VerifierKey};
use sekong_model::{CampaignId, CustodianId, Rules};

use crate::bodies::SaltKey;
use crate::custody::LineKey;
use crate::state::KeyRing;
use crate::witness::WitnessAt;

/// Begins the line that says how many cosigners must have signed a head.
pub const COSIGNATURES_WORD: &str = "cosignatures";

/// How many cosigners must have signed a head, as it stands among the keys that outsiders check with.
pub fn cosignatures_line(rules: &Rules) -> String {
    format!("{COSIGNATURES_WORD} {}\n", rules.cosignatures)
}

/// 32 secret bytes each, made by whoever founds the campaign.
#[derive(Clone)]
pub struct Secrets {
    /// Signs the log's heads.
    pub log: [u8; 32],
    /// Sign the cosignatures of the cosigners in the centre's process, in their order.
    pub cosigners: Vec<[u8; 32]>,
    /// The cosigners on machines of their own, whose secrets are there.
    pub witnesses: Vec<WitnessAt>,
    /// Signs the centre's entries.
    pub device: [u8; 32],
    /// Makes the salts of deals and orders.
    pub salt: [u8; 32],
    /// One for each custodian that lives in the centre's process, in campaign order; none if they have machines of their own.
    pub custodians: Vec<(CustodianId, [u8; 32])>,
}

impl Secrets {
    pub(crate) fn log_key(&self, campaign: &CampaignId) -> Result<SigningKey, KeyError> {
        SigningKey::from_seed(&origin(campaign), KeyKind::Ed25519, &self.log)
    }

    pub(crate) fn cosigner_keys(&self, campaign: &CampaignId) -> Result<Vec<SigningKey>, KeyError> {
        let key = |(number, seed): (usize, &[u8; 32])| {
            let name = format!("{}/cosigner-{number}", origin(campaign));
            SigningKey::from_seed(&name, KeyKind::CosignatureV1, seed)
        };
        (1..).zip(&self.cosigners).map(key).collect()
    }

    pub(crate) fn device_key(&self) -> DeviceKey {
        DeviceKey::from_seed(&self.device)
    }

    /// The key by which custodians on machines of their own know the centre.
    pub fn line_key(&self) -> LineKey {
        LineKey::from_seed(self.salt_key().key("line").0)
    }

    pub(crate) fn salt_key(&self) -> SaltKey {
        SaltKey::new(self.salt)
    }

    /// The public keys that heads must carry.
    pub fn key_ring(&self, campaign: &CampaignId) -> Result<KeyRing, KeyError> {
        let log: VerifierKey = self.log_key(campaign)?.verifier().clone();
        let cosigners = self.cosigner_keys(campaign)?;
        let here = cosigners.iter().map(|cosigner| cosigner.verifier());
        let apart = self.witnesses.iter().map(|witness| &witness.key);
        Ok(KeyRing { log, cosigners: Some(here.chain(apart).cloned().collect()) })
    }
}

/// The log's name: the origin line of its heads.
fn origin(campaign: &CampaignId) -> String {
    format!("sekong/{campaign}")
}
