//! What is logged before the first day: commitments, public dice, devices.

use sekong_draw::verify_commitment;
use sekong_log::{CustodianCommitted, Enrolled, Entry, PublicDice, Tree};

use super::{Admitted, CLOCK_TOLERANCE, Chained, Committed, State};
use crate::fault::Fault;

impl State {
    pub(super) fn admit_custodian(
        &mut self,
        index: u64,
        said: CustodianCommitted,
    ) -> Result<Admitted, Fault> {
        if !self.campaign.custodians().contains(&said.custodian) {
            return Err(Fault::Unknown { what: format!("custodian {}", said.custodian) });
        }
        if self.dice.is_some() {
            return Err(Fault::LoggedBefore {
                what: "the public dice, which end the commitments,".to_owned(),
            });
        }
        if self.commitments.contains_key(&said.custodian) {
            return Err(Fault::LoggedBefore { what: format!("the commitment of {}", said.custodian) });
        }
        verify_commitment(&said, &self.values)?;
        // One secret under two names would be one custodian who counts twice.
        let twin = |one: &Committed| one.said.root == said.root || one.said.key == said.key;
        if let Some(twin) = self.commitments.values().find(|one| twin(one)) {
            let (one, other) = (twin.said.custodian.clone(), said.custodian);
            return Err(Fault::OneSecret { one, other });
        }
        self.commitments.insert(said.custodian.clone(), Committed { index, said });
        Ok(Admitted::Whole)
    }

    /// The public dice are thrown when nobody can change a commitment any more.
    pub(super) fn admit_dice(
        &mut self,
        entry: &Entry,
        said: &PublicDice,
        tree: &Tree,
    ) -> Result<Admitted, Fault> {
        if self.dice.is_some() {
            return Err(Fault::LoggedBefore { what: "a throw of the public dice".to_owned() });
        }
        let mut committed = Vec::new();
        for custodian in self.campaign.custodians() {
            let missing = || Fault::Missing { what: format!("the commitment of {custodian}") };
            let commitment = self.commitments.get(custodian).ok_or_else(missing)?;
            committed.push(("a custodian's commitment", commitment.index));
        }
        self.check_frozen(&said.head, tree, entry.time() + CLOCK_TOLERANCE, &committed)?;
        self.dice = Some(said.dice);
        self.dice_method = Some(said.method.clone());
        Ok(Admitted::Whole)
    }

    /// A new device of a team retires the one before; it speaks only for what begins from now on, so that nobody can fill
    /// a missed slot with a device made afterwards.
    pub(super) fn admit_enrol(
        &mut self,
        index: u64,
        entry: &Entry,
        said: Enrolled,
    ) -> Result<Admitted, Fault> {
        if !self.campaign.teams().iter().any(|team| team.id == said.team) {
            return Err(Fault::Unknown { what: format!("team {}", said.team) });
        }
        if !said.device.can_sign() {
            return Err(Fault::WeakKey { device: said.device });
        }
        if self.devices.contains_key(&said.device) {
            return Err(Fault::LoggedBefore { what: format!("device {}", said.device) });
        }
        let mut takes_a_place = false;
        for before in self.devices.values_mut().filter(|chained| chained.team.as_ref() == Some(&said.team)) {
            before.retired = before.retired.or(Some(entry.time()));
            takes_a_place = true;
        }
        // Whoever holds the device before holds its table, too.
        if takes_a_place {
            let serial = self.table_of(&said.team).0.saturating_add(1);
            self.tables.insert(said.team.clone(), serial);
        }
        let chained =
            Chained { box_key: said.box_key, ..Chained::first(Some(said.team), entry.time(), index) };
        self.devices.insert(said.device, chained);
        Ok(Admitted::Whole)
    }
}
