//! The secrets of a campaign that is run from one machine, and the public keys that follow from them.

use sekong_log::{DeviceKey, KeyError, KeyKind, SigningKey, VerifierKey};
use sekong_model::{CampaignId, CustodianId};

use crate::bodies::SaltKey;
use crate::custody::LineKey;
use crate::state::KeyRing;

/// 32 secret bytes each, made by whoever founds the campaign.
#[derive(Clone)]
pub struct Secrets {
    /// Signs the log's heads.
    pub log: [u8; 32],
    /// Signs the in-process cosigner's cosignatures.
    pub cosigner: [u8; 32],
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

    pub(crate) fn cosigner_key(&self, campaign: &CampaignId) -> Result<SigningKey, KeyError> {
        let name = format!("{}/cosigner-1", origin(campaign));
        SigningKey::from_seed(&name, KeyKind::CosignatureV1, &self.cosigner)
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
        let cosigner = self.cosigner_key(campaign)?.verifier().clone();
        Ok(KeyRing { log, cosigners: Some(vec![cosigner]) })
    }
}

/// The log's name: the origin line of its heads.
fn origin(campaign: &CampaignId) -> String {
    format!("sekong/{campaign}")
}
