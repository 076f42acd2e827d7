//! What an auditor finds out about the next entries while those before are judged: signatures, which need keys and bodies
//! alone, and what the bodies hold.
//!
//! Nothing is judged here. Where something does not hold, or is not there, nothing is said of it, and whoever judges looks himself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use sekong_draw::Release;
use sekong_log::{DeviceId, DevicePoints, Entry, Hash, Head, Signed, Statement};
use sekong_model::CustodianId;

use crate::bodies::{self, DealBody, OpenedOrders, ValuesBody};
use crate::fault::Fault;
use crate::state::{Bodies, Body, KeyRing, body, statement};

/// Larger bodies, and more releases than any campaign has custodians, are left to the one who judges: he looks at what is due alone.
const BODY_MAX_BYTES: usize = 1 << 18;
const RELEASES_MAX: usize = 64;

/// Entries whose bodies are read at once.
const AT_ONCE: usize = 512;

/// What bodies that are handed on may measure together; the rest are read again when they are due.
const HANDED_ON_MAX_BYTES: usize = 32 << 20;

/// Kinds of entries that are looked into.
const CUSTODIAN: &str = "custodian";
const WITH_BODY: [&str; 3] = ["release", "deal", "orders"];

/// A body that was there and is canonical.
#[derive(Debug, Clone)]
pub(crate) enum ReadBody {
    Values(Arc<ValuesBody>),
    Deal(Arc<DealBody>),
    Orders(Arc<OpenedOrders>),
}

/// A kind of body that may have been read ahead.
pub(crate) trait Kind: Sized {
    /// What its bytes are if they are not of this kind.
    const WRONG: &str;
    /// The body in its canonical bytes.
    fn read(bytes: &[u8]) -> Option<Self>;
    /// The body that was read, if it is of this kind.
    fn of(read: &ReadBody) -> Option<&Arc<Self>>;
}

impl Kind for ValuesBody {
    const WRONG: &str = "not the canonical form of releases";
    fn read(bytes: &[u8]) -> Option<ValuesBody> {
        bodies::read(bytes)
    }
    fn of(read: &ReadBody) -> Option<&Arc<ValuesBody>> {
        if let ReadBody::Values(values) = read { Some(values) } else { None }
    }
}

impl Kind for DealBody {
    const WRONG: &str = "not the canonical form of a deal";
    fn read(bytes: &[u8]) -> Option<DealBody> {
        bodies::read(bytes)
    }
    fn of(read: &ReadBody) -> Option<&Arc<DealBody>> {
        if let ReadBody::Deal(deal) = read { Some(deal) } else { None }
    }
}

impl Kind for OpenedOrders {
    const WRONG: &str = "not the canonical form of orders";
    fn read(bytes: &[u8]) -> Option<OpenedOrders> {
        bodies::read(bytes).map(OpenedOrders::new)
    }
    fn of(read: &ReadBody) -> Option<&Arc<OpenedOrders>> {
        if let ReadBody::Orders(orders) = read { Some(orders) } else { None }
    }
}

/// What was found about some entries.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    /// By index of a release: whose releases are in it, and the keys under which they are signed.
    releases: BTreeMap<u64, Vec<(CustodianId, DeviceId)>>,
    /// Heads that entries quote, opened with the auditor's keys.
    heads: BTreeMap<String, Head>,
    /// Bodies that entries name.
    bodies: BTreeMap<Hash, ReadBody>,
}

impl Ahead {
    /// The body with this SHA-256, read ahead or now; `None` while it is sealed.
    pub(crate) fn body<K: Kind>(&self, bodies: &dyn Bodies, hash: &Hash) -> Result<Option<Arc<K>>, Fault> {
        if let Some(read) = self.bodies.get(hash).and_then(K::of) {
            return Ok(Some(read.clone()));
        }
        let Some(bytes) = body(bodies, hash)? else { return Ok(None) };
        let read = K::read(&bytes).ok_or(Fault::BodyWrong { hash: *hash, what: K::WRONG })?;
        Ok(Some(Arc::new(read)))
    }

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
        let mut ahead = Ahead { heads: self.heads(entries), ..Ahead::default() };
        let mut handed_on_bytes = 0;
        let mut named = named(entries);
        named.retain(|named| self.looked.insert(named.body));
        for entries in named.chunks(AT_ONCE) {
            let read: Vec<Found<'_>> = entries.par_iter().filter_map(|named| self.read(named)).collect();
            ahead.releases.extend(self.releases(&read));
            for found in read {
                handed_on_bytes += found.size_bytes;
                if handed_on_bytes <= HANDED_ON_MAX_BYTES {
                    ahead.bodies.insert(found.named.body, found.read);
                }
            }
        }
        ahead
    }

    fn heads(&self, entries: &[(u64, &Entry)]) -> BTreeMap<String, Head> {
        let quoted = |(_, entry): &(u64, &Entry)| Some(entry.body().get("head")?.as_str()?.to_owned());
        let quoted: BTreeSet<String> = entries.iter().filter_map(quoted).collect();
        quoted
            .into_par_iter()
            .filter_map(|note| self.keys.open(&note).ok().map(|head| (note, head)))
            .collect()
    }

    /// The body that an entry names, if it can be read by now.
    fn read<'e>(&self, named: &'e Named<'e>) -> Option<Found<'e>> {
        let Body::Here(bytes) = self.bodies.get(&named.body) else { return None };
        if BODY_MAX_BYTES < bytes.len() {
            return None;
        }
        let read = match named.statement {
            Statement::Release(_) => ReadBody::Values(Arc::new(Kind::read(&bytes)?)),
            Statement::Deal(_) => ReadBody::Deal(Arc::new(Kind::read(&bytes)?)),
            Statement::Orders(_) => ReadBody::Orders(Arc::new(Kind::read(&bytes)?)),
            _ => return None,
        };
        Some(Found { named, read, size_bytes: bytes.len() })
    }

    /// Those of them in which all is signed that custodians are said to have; none if something in one is not.
    fn releases(&self, found: &[Found<'_>]) -> Vec<(u64, Vec<(CustodianId, DeviceId)>)> {
        let new: Vec<_> = found.iter().filter(|found| self.known <= found.named.index).collect();
        let signed = |found: &&Found<'_>| {
            let signed = self.signed(found)?;
            let by = signed.iter().map(|(custodian, signed)| (custodian.clone(), signed.device)).collect();
            Some(((found.named.index, by), signed))
        };
        let (found, signed): (Vec<_>, Vec<_>) = new.par_iter().filter_map(signed).unzip();
        let signed: Vec<Signed> = signed.into_iter().flatten().map(|(_, signed)| signed).collect();
        if self.points.all_signed(&signed) { found } else { Vec::new() }
    }

    /// What a release's body says that custodians have signed.
    fn signed(&self, found: &Found<'_>) -> Option<Vec<(CustodianId, Signed)>> {
        let ReadBody::Values(values) = &found.read else { return None };
        if RELEASES_MAX < values.releases.len() {
            return None;
        }
        let signed = |release: &Release| {
            let device = *self.custodians.get(&release.custodian)?;
            let message = release.message(found.named.entry.campaign());
            let signature_hex = release.signature.clone();
            Some((release.custodian.clone(), Signed { device, message, signature_hex }))
        };
        values.releases.iter().map(signed).collect()
    }
}

/// An entry with the body that it names.
struct Named<'e> {
    index: u64,
    entry: &'e Entry,
    statement: Statement,
    body: Hash,
}

/// A body that was read.
struct Found<'e> {
    named: &'e Named<'e>,
    read: ReadBody,
    size_bytes: usize,
}

/// The entries whose bodies are looked into.
fn named<'e>(entries: &[(u64, &'e Entry)]) -> Vec<Named<'e>> {
    let of = |(index, entry): &&(u64, &'e Entry)| {
        let statement = statement(entry).ok()?;
        let (body, _) = statement.named_body()?;
        Some(Named { index: *index, entry, statement, body })
    };
    let with_body: Vec<_> = entries.iter().filter(|(_, entry)| WITH_BODY.contains(&entry.kind())).collect();
    with_body.into_par_iter().filter_map(|entry| of(&entry)).collect()
}
