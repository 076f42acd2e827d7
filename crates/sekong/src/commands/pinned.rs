//! A centre's word that something is in the log, and the same held against keys that did not come from it.

use std::num::NonZeroUsize;

use sekong_centre::api::views::ReceiptView;
use sekong_centre::{KeyRing, Receipt};
use sekong_log::{Entry, Statement};
use sekong_model::CampaignId;
use serde::{Deserialize, Serialize};

use super::line::Line;
use crate::cli::CentreArgs;
use crate::failure::Failure;
use crate::given_keys::GivenKeys;

/// The centre of a campaign, and what its word is held against.
pub(super) struct Centre<'a> {
    pub(super) line: Line<'a>,
    pinned: Option<Pinned>,
}

#[derive(Deserialize)]
struct ToldCampaign {
    id: CampaignId,
}

impl<'a> Centre<'a> {
    /// The centre at an address, which must be of the campaign that a folder is for.
    pub(super) fn of(at: &'a CentreArgs, campaign: &CampaignId) -> Result<Centre<'a>, Failure> {
        let pinned = at.key.as_deref().map(|key| Pinned::read(key, at.cosignatures)).transpose()?;
        let line = Line::to(&at.centre);
        let ToldCampaign { id } = line.get("/api/campaign")?;
        if id == *campaign {
            return Ok(Centre { line, pinned });
        }
        Err(Failure::usage(format!(
            "--centre: {} is the centre of {id}, this folder is for {campaign}",
            at.centre
        ))
        .hint("name the address of the other campaign's centre"))
    }

    /// Has a statement logged; gives the index of its entry, and by whose word it is there.
    pub(super) fn log(
        &self,
        path: &str,
        body: &impl Serialize,
        said: &Statement,
        what: (&str, &str),
    ) -> Result<(u64, &'static str), Failure> {
        let index = self.line.log(path, &serde_json::to_string(body).map_err(Failure::failed)?)?;
        let Some(pinned) = &self.pinned else { return Ok((index, "by the centre's word")) };
        pinned.prove(&self.line, index, said, what).map(|()| (index, "proven to be"))
    }
}

/// What heads are held against.
pub(super) struct Pinned {
    keys: KeyRing,
    /// Cosigners that must have signed a head.
    needed: usize,
}

/// Why an entry is not proven to be in the log.
pub(super) enum Unproven {
    /// What the centre shows does not hold.
    Wrong(String),
    /// It holds, and its head has too few cosignatures so far.
    TooFew(String),
}

impl Pinned {
    /// The log's key and the cosigners': without cosignatures a centre could show each reader another log. As many of them must sign
    /// as are said, or all whose keys are given. A line in the file lowers nothing: the centre itself shows one beside its keys.
    pub(super) fn read(given: &str, cosignatures: Option<NonZeroUsize>) -> Result<Pinned, Failure> {
        let keys = GivenKeys::read(given)?;
        let count = keys.cosigners();
        if count == 0 {
            return Err(Failure::usage("--key: a file with the log's key and the cosigners' below it is wanted")
                .hint("the campaign's founders gave out keys/log.vkey, keys/cosigners.vkey and keys/cosignatures: one file with them all, one key a line"));
        }
        let needed = cosignatures.map_or(count, NonZeroUsize::get);
        if count < needed {
            return Err(Failure::usage(format!("--cosignatures: {needed} must sign, the keys of {count} were given"))
                .hint("give what the campaign says as rules.cosignatures, and the keys of as many cosigners or more"));
        }
        Ok(Pinned { keys: keys.ring, needed })
    }

    /// Looks up an entry, and checks that a head which enough cosigners signed covers it.
    pub(super) fn entry(&self, line: &Line<'_>, index: u64) -> Result<Result<Entry, Unproven>, Failure> {
        let shown: ReceiptView = line.get(&format!("/api/receipts/{index}"))?;
        Ok(self.proven(shown, index))
    }

    /// Proves that the entry that a centre told says just this.
    pub(super) fn prove(
        &self,
        line: &Line<'_>,
        index: u64,
        said: &Statement,
        (what, hint): (&str, &str),
    ) -> Result<(), Failure> {
        let of = |why: String| format!("the centre said that {what} is entry {index}: {why}");
        let wrong = |why: String| Failure::not_verified(of(why)).hint(hint);
        let entry = self.entry(line, index)?.map_err(|error| match error {
            Unproven::Wrong(why) => wrong(why),
            Unproven::TooFew(why) => Failure::not_verified(of(why)).hint(FEWER_ARE_ENOUGH),
        })?;
        match Statement::from_parts(entry.kind(), entry.body()) {
            Ok(logged) if logged == *said => Ok(()),
            _ => Err(wrong("that entry says something else".to_owned())),
        }
    }

    fn proven(&self, shown: ReceiptView, index: u64) -> Result<Entry, Unproven> {
        let wrong = |why: &dyn std::fmt::Display| Unproven::Wrong(why.to_string());
        if shown.index != index {
            return Err(wrong(&format_args!("the receipt is of entry {}", shown.index)));
        }
        let entry = Entry::parse(shown.entry.as_bytes()).map_err(|error| wrong(&error))?;
        let receipt = Receipt { index, proof: shown.proof, head: shown.head };
        receipt.check(&entry.leaf_hash(), &self.keys).map_err(|error| wrong(&error))?;
        let found = self.keys.open(&receipt.head).map_err(|error| wrong(&error))?.cosignatures.len();
        if found < self.needed {
            return Err(Unproven::TooFew(format!(
                "{found} of the {} cosigners that must have signed its head did",
                self.needed
            )));
        }
        Ok(entry)
    }
}

/// What helps where too few have signed.
pub(super) const FEWER_ARE_ENOUGH: &str =
    "if the campaign says that fewer are enough, give them as --cosignatures, else wait for the others";
