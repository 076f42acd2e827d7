//! What an auditor finds out about the next entries while those before are judged: signatures, which need keys and bodies alone.
//!
//! Nothing is judged here. Where something does not hold, or is not there, nothing is said of it, and whoever judges looks himself.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use sekong_draw::Release;
use sekong_log::{DeviceId, DevicePoints, Entry, Head, Signed, Statement};
use sekong_model::CustodianId;

use crate::bodies::ValuesBody;
use crate::state::{Bodies, Body, KeyRing, statement};

/// Kinds of entries that are looked into.
const CUSTODIAN: &str = "custodian";
const RELEASE: &str = "release";

/// What was found about some entries.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    /// By index of a release: whose releases are in it, and the keys under which they are signed.
    releases: BTreeMap<u64, Vec<(CustodianId, DeviceId)>>,
    /// Heads that entries quote, opened with the auditor's keys.
    heads: BTreeMap<String, Head>,
}

impl Ahead {
    /// A quoted head.
    pub(crate) fn head(&self, note: &str) -> Option<&Head> {
        self.heads.get(note)
    }

    /// Whether these custodians have signed what the entry names, each with the key that is said.
    pub(crate) fn is_signed(&self, index: u64, by: &[(CustodianId, DeviceId)]) -> bool {
        self.releases.get(&index).is_some_and(|signed| signed == by)
    }
}

/// Goes ahead of the one who judges.
pub(crate) struct Scout<'a> {
    keys: &'a KeyRing,
    bodies: &'a dyn Bodies,
    /// Signatures under entries before this one are known.
    known: u64,
    custodians: BTreeMap<CustodianId, DeviceId>,
    points: DevicePoints,
}

impl<'a> Scout<'a> {
    pub(crate) fn new(keys: &'a KeyRing, bodies: &'a dyn Bodies, known: u64) -> Scout<'a> {
        Scout { keys, bodies, known, custodians: BTreeMap::new(), points: DevicePoints::default() }
    }

    /// Looks at the next entries, in their order.
    pub(crate) fn look(&mut self, entries: &[(u64, &Entry)]) -> Ahead {
        for (_, entry) in entries.iter().filter(|(_, entry)| entry.kind() == CUSTODIAN) {
            if let Ok(Statement::Custodian(said)) = statement(entry) {
                self.custodians.entry(said.custodian).or_insert(said.key);
            }
        }
        Ahead { releases: self.releases(entries), heads: self.heads(entries) }
    }

    fn heads(&self, entries: &[(u64, &Entry)]) -> BTreeMap<String, Head> {
        let quoted = |(_, entry): &(u64, &Entry)| Some(entry.body().get("head")?.as_str()?.to_owned());
        let quoted: BTreeSet<String> = entries.iter().filter_map(quoted).collect();
        quoted
            .into_par_iter()
            .filter_map(|note| self.keys.open(&note).ok().map(|head| (note, head)))
            .collect()
    }

    fn releases(&self, entries: &[(u64, &Entry)]) -> BTreeMap<u64, Vec<(CustodianId, DeviceId)>> {
        let new = entries.iter().filter(|(index, entry)| self.known <= *index && entry.kind() == RELEASE);
        let new: Vec<_> = new.copied().collect();
        let read: Vec<_> =
            new.into_par_iter().filter_map(|(index, entry)| Some((index, self.signed(entry)?))).collect();
        let signed = |part: &[(u64, Vec<(CustodianId, Signed)>)]| {
            let signed: Vec<Signed> =
                part.iter().flat_map(|(_, of)| of.iter().map(|(_, one)| one.clone())).collect();
            self.points.all_signed(&signed)
        };
        if !signed(&read) {
            return BTreeMap::new();
        }
        let keys = |of: Vec<(CustodianId, Signed)>| {
            of.into_iter().map(|(custodian, signed)| (custodian, signed.device)).collect()
        };
        read.into_iter().map(|(index, of)| (index, keys(of))).collect()
    }

    /// What a release's body says that custodians have signed.
    fn signed(&self, entry: &Entry) -> Option<Vec<(CustodianId, Signed)>> {
        let Ok(Statement::Release(said)) = statement(entry) else { return None };
        let Body::Here(bytes) = self.bodies.get(&said.values) else { return None };
        let values: ValuesBody = serde_json::from_slice(&bytes).ok()?;
        let signed = |release: Release| {
            let device = *self.custodians.get(&release.custodian)?;
            let message = release.message(entry.campaign());
            Some((release.custodian, Signed { device, message, signature_hex: release.signature }))
        };
        values.releases.into_iter().map(signed).collect()
    }
}
