//! What is logged before the first day: commitments, public dice, devices.

use sekong_draw::verify_commitment;
use sekong_log::{CustodianCommitted, Enrolled, PublicDice};

use super::{Admitted, Chained, State};
use crate::fault::Fault;

impl State {
    pub(super) fn admit_custodian(&mut self, said: CustodianCommitted) -> Result<Admitted, Fault> {
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
        self.commitments.insert(said.custodian.clone(), said);
        Ok(Admitted::Whole)
    }

    pub(super) fn admit_dice(&mut self, said: PublicDice) -> Result<Admitted, Fault> {
        if self.dice.is_some() {
            return Err(Fault::LoggedBefore { what: "a throw of the public dice".to_owned() });
        }
        for custodian in self.campaign.custodians() {
            if !self.commitments.contains_key(custodian) {
                return Err(Fault::Missing { what: format!("the commitment of {custodian}") });
            }
        }
        self.dice = Some(said.dice);
        Ok(Admitted::Whole)
    }

    pub(super) fn admit_enrol(&mut self, said: Enrolled) -> Result<Admitted, Fault> {
        if !self.campaign.teams().iter().any(|team| team.id == said.team) {
            return Err(Fault::Unknown { what: format!("team {}", said.team) });
        }
        if self.devices.contains_key(&said.device) {
            return Err(Fault::LoggedBefore { what: format!("device {}", said.device) });
        }
        if self.devices.values().any(|chained| chained.team.as_ref() == Some(&said.team)) {
            return Err(Fault::LoggedBefore { what: format!("a device of team {}", said.team) });
        }
        self.devices.insert(said.device, Chained::first(Some(said.team)));
        Ok(Admitted::Whole)
    }
}
