//! A team's device: it signs entries in sequence, each naming the one before.

use jiff::Timestamp;
use sekong_log::{DeviceId, DeviceKey, Entry, EntryDraft, EntryError, Hash, NO_PREVIOUS, Statement};
use sekong_model::CampaignId;

/// A device with its place in its own chain of entries.
#[derive(Clone)]
pub struct Device {
    key: DeviceKey,
    campaign: CampaignId,
    sequence: u64,
    previous: Hash,
}

impl Device {
    /// A new device; its key is `seed`.
    pub fn new(campaign: CampaignId, seed: [u8; 32]) -> Device {
        Device { key: DeviceKey::from_seed(&seed), campaign, sequence: 0, previous: NO_PREVIOUS }
    }

    /// Its public key.
    pub fn id(&self) -> DeviceId {
        self.key.id()
    }

    /// Signs what the device says at `time`.
    pub fn write(&mut self, statement: &Statement, time: Timestamp) -> Result<Entry, EntryError> {
        let (kind, body) = statement.to_parts();
        let draft = EntryDraft {
            campaign: self.campaign.clone(),
            seq: self.sequence,
            prev: self.previous,
            time,
            kind,
            body,
        };
        let entry = Entry::sign(&draft, &self.key)?;
        self.sequence += 1;
        self.previous = entry.hash();
        Ok(entry)
    }
}
