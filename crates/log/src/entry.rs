//! Entries: the leaves of the log, each signed by the device that made it.
//!
//! A leaf is the RFC 8785 canonical form of
//! `{"v":1,"campaign","device","seq","prev","time","kind","body","sig"}`, where `sig` is the base64 of the device's
//! Ed25519 signature over `"sekong/entry/v1\n"` and the canonical form without `sig`. Only those exact bytes are
//! accepted. What a kind means, who may say it and when it was true is not decided here: `time` is what the device
//! claims.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{PoisonError, RwLock};

use ed25519_dalek::{Signature, Signer as _, VerifyingKey};
use jiff::Timestamp;
use rayon::prelude::*;
use sekong_model::CampaignId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::batch::{Claim, all_hold};
use crate::canonical::{INTEGER_MAX, canonical_bytes, is_canonical};
use crate::commitment::body_hash;
use crate::hex_text::{is_text_in_json, lower_hex_bytes, write_hex};
use crate::merkle::{HASH_BYTES, Hash, leaf_hash};
use crate::note::{SIGNATURE_BYTES, base64_bytes, base64_text};
use crate::tile::ENTRY_MAX_BYTES;

const VERSION: u8 = 1;
const SIGNED_PREFIX: &[u8] = b"sekong/entry/v1\n";
const KIND_MAX_BYTES: usize = 64;

/// `prev` of a device's first entry: 64 zeros.
pub const NO_PREVIOUS: Hash = Hash([0; HASH_BYTES]);

/// A device: its Ed25519 public key, as text 64 lowercase hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId([u8; 32]);

/// The text is not a device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a device is its public key in 64 lowercase hexadecimal digits, not {text:?}")]
pub struct DeviceIdError {
    /// The text as given.
    pub text: String,
}

impl DeviceId {
    /// The 32 bytes of the public key.
    pub fn public_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether somebody can hold this key: a point of the curve in its one encoding (RFC 8032, section 5.1.3), and not
    /// of small order.
    pub fn can_sign(&self) -> bool {
        let key = VerifyingKey::from_bytes(&self.0);
        key.is_ok_and(|key| !key.is_weak() && key.to_edwards().compress().as_bytes() == &self.0)
    }

    /// Whether the signature over the message is by this device (RFC 8032 without malleability).
    pub fn verifies(&self, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
        self.point().is_some_and(|key| is_signed(&key, message, signature))
    }

    /// The same with the signature in hexadecimal: capitals are refused, so that it has one spelling.
    pub fn verifies_hex(&self, message: &[u8], signature_hex: &str) -> bool {
        lower_hex_bytes(signature_hex).is_some_and(|signature| self.verifies(message, &signature))
    }

    fn point(&self) -> Option<VerifyingKey> {
        VerifyingKey::from_bytes(&self.0).ok()
    }
}

impl From<[u8; 32]> for DeviceId {
    fn from(public_bytes: [u8; 32]) -> DeviceId {
        DeviceId(public_bytes)
    }
}

/// What a device is said to have signed.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The device.
    pub device: DeviceId,
    /// The message.
    pub message: Vec<u8>,
    /// The signature, as [`DeviceId::verifies_hex`] takes it.
    pub signature_hex: String,
}

fn is_signed(key: &VerifyingKey, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> bool {
    key.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
}

/// The points of devices met before: finding one costs as much as a signature, and devices sign thousands.
#[derive(Default)]
pub struct DevicePoints(RwLock<BTreeMap<DeviceId, Option<DevicePoint>>>);

/// A device's point, and whether it is in the subgroup of prime order, as that of everyone who made his key honestly.
#[derive(Clone, Copy)]
struct DevicePoint {
    key: VerifyingKey,
    in_subgroup: bool,
}

/// Devices remembered at most: a log made to exhaust memory has more.
const POINTS_MAX: usize = 4_096;

impl DevicePoints {
    /// Whether [`DeviceId::verifies_hex`] says yes to every one of them; together they cost a fraction of that.
    pub fn all_signed(&self, signed: &[&Signed]) -> bool {
        let claim = |signed: &&Signed| -> Result<Option<Claim>, ()> {
            let signature = lower_hex_bytes(&signed.signature_hex).ok_or(())?;
            self.verify(signed.device, &signed.message, &signature).map_err(drop)
        };
        let claims: Result<Vec<_>, ()> = signed.par_iter().map(claim).collect();
        claims.is_ok_and(|claims| all_hold(&claims.iter().flatten().collect::<Vec<_>>()))
    }

    /// Checks a signature as [`DeviceId::verifies`], or gives a claim that is to be checked with others.
    pub(crate) fn verify(
        &self,
        device: DeviceId,
        message: &[u8],
        signature: &[u8; SIGNATURE_BYTES],
    ) -> Result<Option<Claim>, EntryError> {
        let point = self.of(device);
        let claim = point.filter(|point| point.in_subgroup);
        if let Some(claim) = claim.and_then(|point| Claim::new(&point.key, message, signature)) {
            return Ok(Some(claim));
        }
        let holds = point.is_some_and(|point| is_signed(&point.key, message, signature));
        if holds { Ok(None) } else { Err(EntryError::BadSignature { device }) }
    }

    fn of(&self, device: DeviceId) -> Option<DevicePoint> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&device) {
            return *known;
        }
        let in_subgroup = |key: &VerifyingKey| !key.is_weak() && key.to_edwards().is_torsion_free();
        let point = device.point().map(|key| DevicePoint { key, in_subgroup: in_subgroup(&key) });
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() < POINTS_MAX {
            known.insert(device, point);
        }
        point
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceId({self})")
    }
}

impl FromStr for DeviceId {
    type Err = DeviceIdError;
    fn from_str(text: &str) -> Result<Self, DeviceIdError> {
        lower_hex_bytes(text).map(DeviceId).ok_or_else(|| DeviceIdError { text: text.to_owned() })
    }
}

is_text_in_json!(DeviceId);

/// A device's private key.
#[derive(Clone)]
pub struct DeviceKey(ed25519_dalek::SigningKey);

impl DeviceKey {
    /// The key of an RFC 8032 seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// The public half.
    pub fn id(&self) -> DeviceId {
        DeviceId(self.0.verifying_key().to_bytes())
    }

    /// Signs a message; the caller separates its domains.
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_BYTES] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceKey({})", self.id())
    }
}

/// What a device is about to say; it becomes an [`Entry`] when signed.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryDraft {
    /// The campaign it belongs to.
    pub campaign: CampaignId,
    /// The device's sequence number, from 0.
    pub seq: u64,
    /// [`Entry::hash`] of the device's previous entry, [`NO_PREVIOUS`] for the first.
    pub prev: Hash,
    /// When the device says it is; written in whole seconds.
    pub time: Timestamp,
    /// What kind of thing is said: 1 to 64 visible ASCII characters.
    pub kind: String,
    /// What is said.
    pub body: Value,
}

/// Why bytes are not an entry, or a draft cannot become one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// The entry is longer than [`ENTRY_MAX_BYTES`].
    #[error("an entry has at most {ENTRY_MAX_BYTES} bytes, this one has {len_bytes}")]
    TooLong {
        /// Length in bytes.
        len_bytes: usize,
    },
    /// Not JSON, or not with exactly the fields of an entry.
    #[error("not an entry: {reason}")]
    Json {
        /// What the JSON reader says.
        reason: String,
    },
    /// JSON, but not in the canonical form of RFC 8785.
    #[error("the entry is not in the canonical form of RFC 8785")]
    NotCanonical,
    /// Another version of the envelope.
    #[error("an entry of version {found}, only version {VERSION} is known")]
    Version {
        /// The version found.
        found: u8,
    },
    /// The sequence number, or an integer of the body, is beyond 2^53 − 1 and has no exact canonical form.
    #[error("an integer beyond 2^53 - 1: {number}")]
    Integer {
        /// The number.
        number: String,
    },
    /// `prev` is zero exactly when `seq` is 0.
    #[error("entry {seq} of a device cannot have prev {prev}: the first has zeros, the others have not")]
    Previous {
        /// The sequence number.
        seq: u64,
        /// The hash found.
        prev: Hash,
    },
    /// The time is not RFC 3339 in UTC with whole seconds, like `2017-01-01T00:00:00Z`, or beyond the year 8999.
    #[error("a time is written like 2017-01-01T00:00:00Z and lies before the year 9000, not {text:?}")]
    Time {
        /// The text as given.
        text: String,
    },
    /// The kind is not 1 to 64 visible ASCII characters.
    #[error("a kind has 1 to {KIND_MAX_BYTES} visible ASCII characters: {kind:?}")]
    Kind {
        /// The kind as given.
        kind: String,
    },
    /// `sig` is not 64 bytes in canonical base64.
    #[error("a signature is {SIGNATURE_BYTES} bytes in base64")]
    SignatureText,
    /// The device did not sign this.
    #[error("the signature of device {device} does not hold")]
    BadSignature {
        /// The device.
        device: DeviceId,
    },
}

impl From<serde_json::Error> for EntryError {
    fn from(error: serde_json::Error) -> Self {
        EntryError::Json { reason: error.to_string() }
    }
}

/// The fields of an entry as they stand in JSON, in canonical order; without `sig` it is what the device signs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    body: Value,
    campaign: CampaignId,
    device: DeviceId,
    kind: String,
    prev: Hash,
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    sig: Option<String>,
    time: String,
    v: u8,
}

impl Envelope {
    fn draft(draft: &EntryDraft, device: DeviceId) -> Self {
        Envelope {
            v: VERSION,
            campaign: draft.campaign.clone(),
            device,
            seq: draft.seq,
            prev: draft.prev,
            time: time_text(draft.time),
            kind: draft.kind.clone(),
            body: draft.body.clone(),
            sig: None,
        }
    }

    fn canonical(&self) -> Result<Vec<u8>, EntryError> {
        Ok(canonical_bytes(self)?)
    }

    fn signed_bytes(&self) -> Result<Vec<u8>, EntryError> {
        Ok([SIGNED_PREFIX, &self.canonical()?].concat())
    }

    /// What is signed: the canonical bytes without `sig`, which stands before `time` and `v` at their end.
    fn signed_part(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let tail = format!(r#","time":"{}","v":{}}}"#, self.time, self.v);
        let signed = format!(r#","sig":"{}"{tail}"#, self.sig.as_deref()?);
        let start = bytes.strip_suffix(signed.as_bytes())?;
        Some([SIGNED_PREFIX, start, tail.as_bytes()].concat())
    }

    fn check(&self) -> Result<(), EntryError> {
        if self.v != VERSION {
            return Err(EntryError::Version { found: self.v });
        }
        if self.seq > INTEGER_MAX {
            return Err(EntryError::Integer { number: self.seq.to_string() });
        }
        if (self.seq == 0) != (self.prev == NO_PREVIOUS) {
            return Err(EntryError::Previous { seq: self.seq, prev: self.prev });
        }
        let visible = self.kind.bytes().all(|byte| byte.is_ascii_graphic());
        if !visible || !(1..=KIND_MAX_BYTES).contains(&self.kind.len()) {
            return Err(EntryError::Kind { kind: self.kind.clone() });
        }
        check_integers(&self.body)
    }

    fn time(&self) -> Result<Timestamp, EntryError> {
        let time = self.time.parse::<Timestamp>().ok().filter(|&time| time_text(time) == self.time);
        let time = time.filter(|time| is_sane(*time));
        time.ok_or_else(|| EntryError::Time { text: self.time.clone() })
    }

    fn signature(&self) -> Result<[u8; SIGNATURE_BYTES], EntryError> {
        let bytes = self.sig.as_deref().and_then(base64_bytes);
        bytes.and_then(|bytes| bytes.try_into().ok()).ok_or(EntryError::SignatureText)
    }
}

/// First second of the year 9000: no time in a log is later, so that whoever adds to one stays within the calendar.
const YEAR_9000_S: i64 = 221_845_392_000;

/// Whether a time may stand in a log.
pub(crate) fn is_sane(time: Timestamp) -> bool {
    time.as_second().unsigned_abs() < YEAR_9000_S.unsigned_abs()
}

/// RFC 3339 in UTC, the fraction of the second left off.
fn time_text(time: Timestamp) -> String {
    format!("{time:.0}")
}

/// RFC 8785 writes numbers as doubles, so that larger integers would silently become others.
fn check_integers(body: &Value) -> Result<(), EntryError> {
    match body {
        Value::Number(number) => {
            let size = number.as_u64().or(number.as_i64().map(i64::unsigned_abs));
            if size.is_some_and(|size| size > INTEGER_MAX) {
                return Err(EntryError::Integer { number: number.to_string() });
            }
            Ok(())
        }
        Value::Array(values) => values.iter().try_for_each(check_integers),
        Value::Object(fields) => fields.values().try_for_each(check_integers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// A leaf of the log: canonical bytes whose signature holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    bytes: Vec<u8>,
    campaign: CampaignId,
    device: DeviceId,
    seq: u64,
    prev: Hash,
    time: Timestamp,
    kind: String,
    body: Value,
}

impl Entry {
    /// Signs a draft.
    ///
    /// # Errors
    /// [`EntryError::TooLong`] and the other refusals of [`Entry::parse`] that a draft can meet.
    pub fn sign(draft: &EntryDraft, key: &DeviceKey) -> Result<Entry, EntryError> {
        let mut envelope = Envelope::draft(draft, key.id());
        envelope.check()?;
        envelope.sig = Some(base64_text(&key.sign(&envelope.signed_bytes()?)));
        let bytes = envelope.canonical()?;
        // Reading it back refuses what no reader would accept, such as a body nested too deeply.
        Ok(read(&bytes)?.into_entry(bytes)?.0)
    }

    /// Reads the bytes of a leaf.
    ///
    /// # Errors
    /// [`EntryError`]: too long, not JSON, unknown or missing fields, not canonical, or not signed by its device.
    pub fn parse(bytes: &[u8]) -> Result<Entry, EntryError> {
        let (entry, signature, message) = read(bytes)?.into_entry(bytes.to_vec())?;
        let holds = entry.device.verifies(&message, &signature);
        if holds { Ok(entry) } else { Err(EntryError::BadSignature { device: entry.device }) }
    }

    /// The same by one who reads many: the entry is one only once the claim that comes with it holds, too.
    pub(crate) fn parse_with(
        bytes: &[u8],
        points: &DevicePoints,
    ) -> Result<(Entry, Option<Claim>), EntryError> {
        let (entry, signature, message) = read(bytes)?.into_entry(bytes.to_vec())?;
        let claim = points.verify(entry.device, &message, &signature)?;
        Ok((entry, claim))
    }

    /// Reads the bytes of a leaf whose signature the caller has checked before.
    pub(crate) fn parse_known(bytes: &[u8]) -> Result<Entry, EntryError> {
        Ok(read(bytes)?.into_entry(bytes.to_vec())?.0)
    }

    /// The canonical bytes: the leaf.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Hash of the leaf in the tree, RFC 6962.
    pub fn leaf_hash(&self) -> Hash {
        leaf_hash(&self.bytes)
    }

    /// SHA-256 of the bytes: `prev` of the device's next entry.
    pub fn hash(&self) -> Hash {
        body_hash(&self.bytes)
    }

    /// The campaign it belongs to.
    pub fn campaign(&self) -> &CampaignId {
        &self.campaign
    }

    /// The device that signed it.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The device's sequence number.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Hash of the device's previous entry.
    pub fn prev(&self) -> Hash {
        self.prev
    }

    /// When the device said it was.
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// What kind of thing is said.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What is said.
    pub fn body(&self) -> &Value {
        &self.body
    }

    /// The canonical bytes of the body.
    pub fn body_bytes(&self) -> Vec<u8> {
        canonical_bytes(&self.body).expect("the body was part of canonical bytes, so it has a canonical form")
    }
}

fn read(bytes: &[u8]) -> Result<Envelope, EntryError> {
    if bytes.len() > ENTRY_MAX_BYTES {
        return Err(EntryError::TooLong { len_bytes: bytes.len() });
    }
    let envelope: Envelope = serde_json::from_slice(bytes)?;
    envelope.check()?;
    if !is_canonical(&envelope, bytes) {
        return Err(EntryError::NotCanonical);
    }
    Ok(envelope)
}

impl Envelope {
    /// The entry of these canonical bytes, its signature, and what that signs.
    fn into_entry(self, bytes: Vec<u8>) -> Result<(Entry, [u8; SIGNATURE_BYTES], Vec<u8>), EntryError> {
        let (time, signature) = (self.time()?, self.signature()?);
        let message = self.signed_part(&bytes).ok_or(EntryError::NotCanonical)?;
        let Envelope { campaign, device, seq, prev, kind, body, .. } = self;
        Ok((Entry { bytes, campaign, device, seq, prev, time, kind, body }, signature, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn no_time_lies_where_adding_to_it_leaves_the_calendar() {
        let key = DeviceKey::from_seed(&[1; 32]);
        for (time, sane) in
            [("8999-12-31T23:59:59Z", true), ("9000-01-01T00:00:00Z", false), ("9999-12-30T22:00:00Z", false)]
        {
            let draft = EntryDraft { time: time.parse().unwrap(), ..draft(json!({})) };
            let signed = Entry::sign(&draft, &key);
            assert_eq!(signed.is_ok(), sane, "{time}");
            assert!(sane || matches!(signed, Err(EntryError::Time { .. })));
        }
    }

    fn draft(body: Value) -> EntryDraft {
        EntryDraft {
            campaign: "northeast-2017".parse().unwrap(),
            seq: 0,
            prev: NO_PREVIOUS,
            time: "2017-01-01T00:00:00.75Z".parse().unwrap(),
            kind: "note".into(),
            body,
        }
    }

    fn key() -> DeviceKey {
        DeviceKey::from_seed(&[42; 32])
    }

    fn signed(body: Value) -> Entry {
        Entry::sign(&draft(body), &key()).unwrap()
    }

    fn text(entry: &Entry) -> String {
        String::from_utf8(entry.bytes().to_vec()).unwrap()
    }

    /// The entry with its text changed and its signature made anew, so that only the change can be at fault.
    fn resigned(from: &str, to: &str) -> Vec<u8> {
        let changed = text(&signed(json!({"n": 1.5}))).replace(from, to);
        let start = changed.find(",\"sig\"").unwrap();
        let end = start + 8 + changed[start + 8..].find('"').unwrap() + 1;
        let unsigned = format!("{}{}", &changed[..start], &changed[end..]);
        let sig = key().sign(&[SIGNED_PREFIX, unsigned.as_bytes()].concat());
        format!("{},\"sig\":\"{}\"{}", &changed[..start], base64_text(&sig), &changed[end..]).into_bytes()
    }

    #[test]
    fn an_entry_has_exactly_these_bytes() {
        let entry = signed(json!({"z": [1, 2.50, 1e21], "a": "é\u{1}", "n": null}));
        assert_eq!(text(&entry), GOLDEN);
        assert_eq!(Entry::parse(GOLDEN.as_bytes()), Ok(entry));
    }

    const GOLDEN: &str = concat!(
        r#"{"body":{"a":"é\u0001","n":null,"z":[1,2.5,1e+21]},"campaign":"northeast-2017","#,
        r#""device":"197f6b23e16c8532c6abc838facd5ea789be0c76b2920334039bfa8b3d368d61","kind":"note","#,
        r#""prev":"0000000000000000000000000000000000000000000000000000000000000000","seq":0,"#,
        r#""sig":"BkmkcAqXiVItC/WJdC4glDoHy+xRtGix/qczfkSXw0M6UEYmDo+Z27ahvDgfcsS4RH07oHr8JdFl4CRqp+bCAw==","#,
        r#""time":"2017-01-01T00:00:00Z","v":1}"#,
    );

    #[test]
    fn an_entry_reads_back_as_it_was_signed() {
        let entry = signed(json!({"slot": "KH-LA-01", "found": 0}));
        let read = Entry::parse(entry.bytes()).unwrap();
        assert_eq!(read, entry);
        assert_eq!((read.kind(), read.seq(), read.prev()), ("note", 0, NO_PREVIOUS));
        assert_eq!(read.time().to_string(), "2017-01-01T00:00:00Z");
        assert_eq!(read.body_bytes(), br#"{"found":0,"slot":"KH-LA-01"}"#);
        assert_eq!(read.leaf_hash(), leaf_hash(read.bytes()));
        assert_eq!(read.device(), key().id());
    }

    #[test]
    fn an_unchanged_entry_signed_anew_is_the_same() {
        assert!(Entry::parse(&resigned("1.5", "1.5")).is_ok());
    }

    #[test]
    fn other_spellings_of_the_same_entry_are_refused() {
        let spellings = [
            ("1.5", "1.50"),
            ("1.5", "15e-1"),
            ("{\"n\"", "{ \"n\""),
            ("{\"n\"", "{\"n\":2,\"n\""),
            ("\"note\"", "\"n\\u006fte\""),
            ("\"v\":1}", "\"v\":1}\n"),
        ];
        for (from, to) in spellings {
            assert_eq!(Entry::parse(&resigned(from, to)), Err(EntryError::NotCanonical), "{to}");
        }
    }

    #[test]
    fn fields_that_do_not_belong_are_refused() {
        let device = key().id().to_string();
        let changes = [
            ("{\"body\"", "{\"again\":1,\"body\"".to_owned()),
            ("{\"body\"", "{\"body\":1,\"body\"".to_owned()),
            ("\"seq\":0,", String::new()),
            ("\"seq\":0", "\"seq\":-1".to_owned()),
            ("\"seq\":0", "\"seq\":9007199254740992".to_owned()),
            ("\"seq\":0", "\"seq\":1".to_owned()),
            ("\"v\":1", "\"v\":2".to_owned()),
            ("00:00Z", "00:00.0Z".to_owned()),
            ("00:00Z", "00:00+00:00".to_owned()),
            ("T00:00", " 00:00".to_owned()),
            ("\"note\"", "\"no te\"".to_owned()),
            ("\"note\"", "\"\"".to_owned()),
            ("1.5", "9007199254740993".to_owned()),
            ("1.5", "-9007199254740992".to_owned()),
            ("1.5", "1e999".to_owned()),
            (device.as_str(), device.to_uppercase()),
            (device.as_str(), DeviceKey::from_seed(&[1; 32]).id().to_string()),
        ];
        for (from, to) in &changes {
            assert!(Entry::parse(&resigned(from, to)).is_err(), "{from} to {to}");
        }
    }

    #[test]
    fn a_body_too_large_too_deep_or_too_precise_cannot_be_signed() {
        let long = Entry::sign(&draft(json!("x".repeat(ENTRY_MAX_BYTES))), &key());
        assert!(matches!(long, Err(EntryError::TooLong { .. })));
        let deep = (0..200).fold(json!(1), |body, _| json!([body]));
        assert!(matches!(Entry::sign(&draft(deep), &key()), Err(EntryError::Json { .. })));
        let large = Entry::sign(&draft(json!([u64::MAX])), &key());
        assert_eq!(large, Err(EntryError::Integer { number: u64::MAX.to_string() }));
    }

    #[test]
    fn the_first_entry_alone_has_no_previous() {
        let second = EntryDraft { seq: 1, ..draft(Value::Null) };
        assert!(matches!(Entry::sign(&second, &key()), Err(EntryError::Previous { .. })));
        let prev = signed(Value::Null).hash();
        assert!(Entry::sign(&EntryDraft { seq: 1, prev, ..draft(Value::Null) }, &key()).is_ok());
        assert!(Entry::sign(&EntryDraft { prev, ..draft(Value::Null) }, &key()).is_err());
    }

    #[test]
    fn every_flipped_byte_of_an_entry_is_noticed() {
        let entry = signed(json!({"n": 1.5}));
        for at in 0..entry.bytes().len() {
            let mut bytes = entry.bytes().to_vec();
            bytes[at] ^= 1;
            assert!(Entry::parse(&bytes).is_err(), "byte {at}");
        }
    }
}
