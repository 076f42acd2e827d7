//! What an auditor finds out about the next entries while those before are judged: signatures, which need keys and bodies alone.
//!
//! Nothing is judged here. Where something does not hold, or is not there, nothing is said of it, and whoever judges looks himself.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use sekong_draw::Release;
use sekong_log::{DeviceId, DevicePoints, Entry, Hash, Head, Signed, Statement};
use sekong_model::CustodianId;

use crate::bodies::ValuesBody;
use crate::state::{Bodies, Body, KeyRing, statement};

/// Larger bodies, and more releases than any campaign has custodians, are left to the one who judges: he looks at what is due alone.
const BODY_MAX_BYTES: usize = 1 << 18;
const RELEASES_MAX: usize = 64;

/// Entries whose releases are held at once.
const AT_ONCE: usize = 512;

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
    /// Bodies looked at before: an entry that names one again is none that will be accepted.
    looked: BTreeSet<Hash>,
    points: DevicePoints,
}

impl<'a> Scout<'a> {
    pub(crate) fn new(keys: &'a KeyRing, bodies: &'a dyn Bodies, known: u64) -> Scout<'a> {
        let (custodians, looked, points) = (BTreeMap::new(), BTreeSet::new(), DevicePoints::default());
        Scout { keys, bodies, known, custodians, looked, points }
    }

    /// Looks at the next entries, in their order.
    pub(crate) fn look(&mut self, entries: &[(u64, &Entry)]) -> Ahead {
        for (_, entry) in entries.iter().filter(|(_, entry)| entry.kind() == CUSTODIAN) {
            if let Ok(Statement::Custodian(said)) = statement(entry) {
                self.custodians.entry(said.custodian).or_insert(said.key);
            }
        }
        let named = self.named(entries);
        let releases = named.chunks(AT_ONCE).flat_map(|named| self.releases(named)).collect();
        Ahead { releases, heads: self.heads(entries) }
    }

    fn heads(&self, entries: &[(u64, &Entry)]) -> BTreeMap<String, Head> {
        let quoted = |(_, entry): &(u64, &Entry)| Some(entry.body().get("head")?.as_str()?.to_owned());
        let quoted: BTreeSet<String> = entries.iter().filter_map(quoted).collect();
        quoted
            .into_par_iter()
            .filter_map(|note| self.keys.open(&note).ok().map(|head| (note, head)))
            .collect()
    }

    /// The entries of releases whose signatures are not known, with the bodies that they are the first to name.
    fn named<'e>(&mut self, entries: &[(u64, &'e Entry)]) -> Vec<(u64, &'e Entry, Hash)> {
        let new = entries.iter().filter(|(index, entry)| self.known <= *index && entry.kind() == RELEASE);
        let body = |(index, entry): &(u64, &'e Entry)| match statement(entry) {
            Ok(Statement::Release(said)) => Some((*index, *entry, said.values)),
            _ => None,
        };
        let named: Vec<_> = new.collect::<Vec<_>>().into_par_iter().filter_map(body).collect();
        named.into_iter().filter(|(.., values)| self.looked.insert(*values)).collect()
    }

    /// Those of them in which all is signed; none if something in one is not.
    fn releases(&self, named: &[(u64, &Entry, Hash)]) -> Vec<(u64, Vec<(CustodianId, DeviceId)>)> {
        let read = |(index, entry, values): &(u64, &Entry, Hash)| {
            let signed = self.signed(entry, values)?;
            let by = signed.iter().map(|(custodian, signed)| (custodian.clone(), signed.device)).collect();
            Some(((*index, by), signed))
        };
        let (found, signed): (Vec<_>, Vec<_>) = named.par_iter().filter_map(read).unzip();
        let signed: Vec<Signed> = signed.into_iter().flatten().map(|(_, signed)| signed).collect();
        if self.points.all_signed(&signed) { found } else { Vec::new() }
    }

    /// What a release's body says that custodians have signed.
    fn signed(&self, entry: &Entry, values: &Hash) -> Option<Vec<(CustodianId, Signed)>> {
        let Body::Here(bytes) = self.bodies.get(values) else { return None };
        if BODY_MAX_BYTES < bytes.len() {
            return None;
        }
        let values: ValuesBody = serde_json::from_slice(&bytes).ok()?;
        if RELEASES_MAX < values.releases.len() {
            return None;
        }
        let signed = |release: Release| {
            let device = *self.custodians.get(&release.custodian)?;
            let message = release.message(entry.campaign());
            Some((release.custodian, Signed { device, message, signature_hex: release.signature }))
        };
        values.releases.into_iter().map(signed).collect()
    }
}
