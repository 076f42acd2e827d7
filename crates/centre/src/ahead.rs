//! What an auditor finds out about the next entries while those before are judged: signatures, which need keys and bodies
//! alone, and what the bodies hold.
//!
//! Nothing is judged here. Where something does not hold, or is not there, nothing is said of it, and whoever judges looks himself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;
use sekong_draw::Release;
use sekong_log::{DeviceId, DevicePoints, Entry, Hash, Head, Signed, Statement};
use sekong_model::{CustodianId, Day};

use crate::bodies::{self, DealBody, OpenedOrders, ValuesBody};
use crate::fault::Fault;
use crate::state::{Bodies, Body, KeyRing, body, statement};

/// Larger bodies, and more releases than any campaign has custodians, are left to the one who judges: he looks at what is due alone.
const BODY_MAX_BYTES: usize = 1 << 15;
const RELEASES_MAX: usize = 64;

/// Entries whose bodies are read at once. A body takes a dozen times its bytes when it is read: nobody has been asked yet whether the
/// entry is one of the campaign, so these two bound what a log may cost that was made to exhaust memory.
const AT_ONCE: usize = 256;

/// What bodies of a look may measure together; the rest are left to the one who judges.
const READ_MAX_BYTES: usize = 12 << 20;

/// Releases whose signatures are checked together at least.
const SIGNED_MIN: usize = 64;

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
    /// What entries say, by index.
    statements: BTreeMap<u64, Statement>,
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

    /// What the entry at `index` says, read ahead or now.
    pub(crate) fn statement(&self, index: u64, entry: &Entry) -> Result<Statement, Fault> {
        self.statements.get(&index).cloned().map_or_else(|| statement(entry), Ok)
    }

    /// The day of which the entry at `index` holds a plan.
    pub(crate) fn planned(&self, index: u64) -> Option<Day> {
        if let Some(Statement::Plan(said)) = self.statements.get(&index) { Some(said.day) } else { None }
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
        let read = |(index, entry): &(u64, &Entry)| Some((*index, statement(entry).ok()?));
        let statements: BTreeMap<u64, Statement> =
            entries.par_iter().filter_map(read).collect::<Vec<_>>().into_iter().collect();
        for said in statements.values() {
            if let Statement::Custodian(said) = said {
                self.custodians.entry(said.custodian.clone()).or_insert(said.key);
            }
        }
        let mut ahead = Ahead { heads: self.heads(entries), ..Ahead::default() };
        let mut named = named(entries, &statements);
        named.retain(|named| self.looked.insert(named.body));
        let (mut signed, mut read_bytes) = (Vec::new(), 0);
        for named in named.chunks(AT_ONCE) {
            let read = |named| self.read(named).map(|found| (self.signed(&found), found));
            for (of, found) in named.par_iter().filter_map(read).collect::<Vec<_>>() {
                signed.extend(of);
                read_bytes += found.size_bytes;
                ahead.bodies.insert(found.named.body, found.read);
            }
            if READ_MAX_BYTES < read_bytes {
                break;
            }
        }
        ahead.releases = self.releases(&signed);
        ahead.statements = statements;
        ahead
    }

    fn heads(&self, entries: &[(u64, &Entry)]) -> BTreeMap<String, Head> {
        let quoted = |(_, entry): &(u64, &Entry)| Some(entry.body().get("head")?.as_str()?.to_owned());
        let quoted: BTreeSet<String> = entries.iter().filter_map(quoted).collect();
        let heads = self.keys.head_keys().open_together(&quoted, &self.points);
        heads.into_iter().map(|head| (head.note.clone(), head)).collect()
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

    /// Those in which all is signed that custodians are said to have. They are checked many together, and where something is not
    /// signed, nothing is said of those beside it either.
    fn releases(&self, said: &[SaidSigned]) -> BTreeMap<u64, Vec<(CustodianId, DeviceId)>> {
        let together = said.len().div_ceil(rayon::current_num_threads()).max(SIGNED_MIN);
        let are_signed = |part: &&[SaidSigned]| {
            let signed = part.iter().flat_map(|said| said.by.iter().map(|(_, signed)| signed));
            self.points.all_signed(&signed.collect::<Vec<_>>())
        };
        let signed = said.par_chunks(together).filter(are_signed).flatten();
        let by = |(custodian, signed): &(CustodianId, Signed)| (custodian.clone(), signed.device);
        let each = signed.map(|said| (said.index, said.by.iter().map(by).collect()));
        each.collect::<Vec<_>>().into_iter().collect()
    }

    /// What a new release's body says that custodians have signed; nothing if it cannot be told.
    fn signed(&self, found: &Found<'_>) -> Option<SaidSigned> {
        let ReadBody::Values(values) = &found.read else { return None };
        let index = found.named.index;
        if index < self.known || RELEASES_MAX < values.releases.len() {
            return None;
        }
        let signed = |release: &Release| {
            let device = *self.custodians.get(&release.custodian)?;
            let message = release.message(found.named.entry.campaign());
            let signature_hex = release.signature.clone();
            Some((release.custodian.clone(), Signed { device, message, signature_hex }))
        };
        let by = values.releases.iter().map(signed).collect::<Option<_>>()?;
        Some(SaidSigned { index, by })
    }
}

/// What a release's body says who has signed what.
struct SaidSigned {
    index: u64,
    by: Vec<(CustodianId, Signed)>,
}

/// An entry with the body that it names.
struct Named<'e> {
    index: u64,
    entry: &'e Entry,
    statement: &'e Statement,
    body: Hash,
}

/// A body that was read.
struct Found<'e> {
    named: &'e Named<'e>,
    read: ReadBody,
    size_bytes: usize,
}

/// The entries whose bodies are looked into.
fn named<'e>(entries: &[(u64, &'e Entry)], statements: &'e BTreeMap<u64, Statement>) -> Vec<Named<'e>> {
    let of = |(index, entry): &(u64, &'e Entry)| {
        let statement = statements.get(index)?;
        if !matches!(statement, Statement::Release(_) | Statement::Deal(_) | Statement::Orders(_)) {
            return None;
        }
        let (body, _) = statement.named_body()?;
        Some(Named { index: *index, entry, statement, body })
    };
    entries.iter().filter_map(of).collect()
}
