//! What two runs may answer otherwise for: commitments and proofs of fixed length, each named here. All else is compared.

use sekong_log::{CHECKPOINT_FILE, Entry, TileKind, TilePath, decode_bundle};
use serde_json::Value;

use crate::site::Answer;

/// How a commitment is spelled; only text of exactly this form is covered, and what covers it says its length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// So many lowercase hexadecimal digits.
    Hex(usize),
    /// So many characters of base64.
    Base64(usize),
    /// A cosigned head: its root and signatures are covered, its origin, size and signers are not.
    Head,
    /// A relayed code: three times three digits.
    Code,
}

use Form::{Base64, Code, Head, Hex};

/// Where a difference is lawful, and why it tells nothing. A row that no difference needed fails the test.
pub(crate) const COMMITMENTS: &[(&str, Form, &str)] = &[
    ("entry.prev", Hex(64), "hash of the device's entry before"),
    ("entry.sig", Base64(88), "signature over all of the entry"),
    ("custodian.key", Hex(64), "public key of a custodian: the runs differ in these"),
    ("custodian.root", Hex(64), "root over its secret values"),
    ("custodian.signature", Hex(128), "its signature over the root"),
    ("public_dice.head", Head, "a head over the commitments"),
    ("absences.head", Head, "a head"),
    ("release.head", Head, "a head"),
    ("release.values", Hex(64), "hash of the values, each of 256 secret bits"),
    ("deal.deal", Hex(64), "hash of the deal and a secret salt"),
    ("orders.orders[]", Hex(64), "commitment to an order under a secret salt"),
    ("orders.body", Hex(64), "hash of the orders with their salts"),
    ("orders.boxes", Hex(64), "root over the sealed boxes"),
    ("close.head", Head, "a head"),
    ("receipt.leaf_hash", Hex(64), "hash of the entry"),
    ("receipt.proof[]", Hex(64), "hashes of the tree"),
    ("receipt.head", Head, "a head"),
    ("show_orders.boxes[].sealed", Hex(2_144), "a box, sealed to the team's device or blank"),
    ("show_orders.boxes[].proof[]", Hex(64), "hashes of the tree of boxes"),
    ("relay_order.code", Code, "a code of the team's secret table"),
];

/// An answer with its commitments covered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) text: String,
    /// Row and text of each thing that was covered.
    under: Vec<(usize, String)>,
}

impl Covered {
    /// The rows of [`COMMITMENTS`] in which two answers differ.
    pub(crate) fn rows<'a>(&'a self, other: &'a Covered) -> impl Iterator<Item = usize> + 'a {
        self.under.iter().zip(&other.under).filter(|(one, two)| one != two).map(|((row, _), _)| *row)
    }

    fn cover(&mut self, place: &str, value: &mut Value) {
        let row = COMMITMENTS.iter().position(|(known, ..)| *known == place);
        let (Some(row), Some(text)) = (row, value.as_str()) else { return };
        let text = text.to_owned();
        *value = covering(COMMITMENTS[row].1, &text)
            .unwrap_or_else(|| panic!("{place} has another form than {:?}: {text}", COMMITMENTS[row].1))
            .into();
        self.under.push((row, text));
    }

    /// Covers what [`COMMITMENTS`] names in a value and everything under it.
    fn cover_all(&mut self, place: &str, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, field) in fields {
                    self.cover_all(&format!("{place}.{name}"), field);
                }
            }
            Value::Array(values) => {
                values.iter_mut().for_each(|value| self.cover_all(&format!("{place}[]"), value));
            }
            Value::String(_) => self.cover(place, value),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// What an entry says is covered by its kind.
    fn cover_said(&mut self, said: &mut Value) {
        let kind = said["kind"].as_str().unwrap().to_owned();
        self.cover_all(&kind, &mut said["body"]);
    }

    fn cover_leaf(&mut self, leaf: &[u8]) -> Value {
        Entry::parse(leaf).unwrap();
        let mut entry: Value = serde_json::from_slice(leaf).unwrap();
        self.cover_said(&mut entry);
        let fields = entry.as_object_mut().unwrap();
        for (name, field) in fields.iter_mut().filter(|(name, _)| *name != "body") {
            self.cover_all(&format!("entry.{name}"), field);
        }
        entry
    }

    fn new() -> Covered {
        Covered { text: String::new(), under: Vec::new() }
    }
}

/// What stands in the place of a text of this form.
fn covering(form: Form, text: &str) -> Option<String> {
    let hex = |digit: u8| digit.is_ascii_digit() || (b'a'..=b'f').contains(&digit);
    let holds = match form {
        Hex(length) => text.len() == length && text.bytes().all(hex),
        Base64(length) => is_base64(text, length),
        Code => {
            let groups: Vec<&str> = text.split(' ').collect();
            groups.len() == 3
                && groups
                    .iter()
                    .all(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()))
        }
        Head => return Some(covered_head(text)),
    };
    holds.then(|| format!("<{form:?}>"))
}

fn is_base64(text: &str, length: usize) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    text.len() == length && text.bytes().all(letter)
}

/// A checkpoint without its root and its signatures' bytes.
fn covered_head(note: &str) -> String {
    let line = |(number, line): (usize, &str)| match line.rsplit_once(' ') {
        Some((signer, signature)) if signer.starts_with('—') => {
            assert!(is_base64(signature, signature.len()), "{line}");
            format!("{signer} <base64 {}>", signature.len())
        }
        _ if number == 2 => {
            assert!(is_base64(line, 44), "{line}");
            "<root>".to_owned()
        }
        _ => line.to_owned(),
    };
    note.split('\n').enumerate().map(line).collect::<Vec<_>>().join("\n")
}

/// An event of the stream, from its lines.
pub(crate) fn event(lines: &str) -> Covered {
    let mut covered = Covered::new();
    for line in lines.split_inclusive('\n') {
        let Some(data) = line.strip_prefix("data: ") else {
            covered.text.push_str(line);
            continue;
        };
        let mut said: Value = serde_json::from_str(data).unwrap();
        covered.cover_said(&mut said);
        covered.text.push_str(&format!("data of {} bytes: {said}\n", data.len()));
    }
    covered
}

/// A file under `/log/`.
pub(crate) fn log_file(name: &str, bytes: &[u8]) -> Covered {
    let mut covered = Covered::new();
    if name == CHECKPOINT_FILE {
        covered.text = covered_head(std::str::from_utf8(bytes).unwrap());
        return covered;
    }
    let tile: TilePath = name.parse().unwrap();
    covered.text = match tile.kind() {
        TileKind::Hashes { .. } => format!("{} hashes and {} bytes", bytes.len() / 32, bytes.len() % 32),
        TileKind::Entries => {
            let leaves = decode_bundle(bytes).unwrap();
            let texts =
                leaves.iter().map(|leaf| format!("{} bytes: {}\n", leaf.len(), covered.cover_leaf(leaf)));
            texts.collect()
        }
    };
    covered
}

/// The body of an answer to an operation. `hide` takes away what its reader has a right to by now.
pub(crate) fn answer(operation: &str, answer: &Answer, hide: &dyn Fn(&mut Value)) -> Covered {
    let mut covered = Covered::new();
    let media_type = answer.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or("");
    if !media_type.contains("json") || answer.body.is_empty() {
        covered.text = format!("{:?}", String::from_utf8_lossy(&answer.body));
        return covered;
    }
    let mut value: Value = serde_json::from_slice(&answer.body).unwrap();
    hide(&mut value);
    let receipt = matches!(operation, "take_entry" | "show_receipt") && value.get("leaf_hash").is_some();
    if receipt {
        let leaf = value["entry"].as_str().unwrap().to_owned();
        value["entry"] = covered.cover_leaf(leaf.as_bytes());
    }
    let entry = value.as_object_mut().filter(|_| receipt).and_then(|fields| fields.remove("entry"));
    covered.cover_all(if receipt { "receipt" } else { operation }, &mut value);
    covered.text = format!("{value} {}", entry.unwrap_or_default());
    covered
}
