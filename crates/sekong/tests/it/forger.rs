//! An administrator with all files and keys of the centre, and as many cosigners as he has bought.

use std::fs;

use jiff::Timestamp;
use sekong_log::{
    Checkpoint, Cosigner, DeviceKey, Entry, EntryDraft, KeyKind, SigningKey, TileKind, Tree, decode_bundle,
    empty_root, encode_bundle, leaf_hash, tile_bytes, tiles_of,
};
use serde_json::Value;

use crate::data::{Data, copy, head_size};
use crate::week::shared_day;

/// The log of the shared day, for whoever holds its keys to bend.
pub(crate) struct Forger {
    pub(crate) data: Data,
    pub(crate) entries: Vec<Vec<u8>>,
    /// How many of the three cosigners sign whatever he likes.
    pub(crate) bought: usize,
    /// When these say that they signed.
    pub(crate) cosigned: Timestamp,
}

impl Forger {
    pub(crate) fn new() -> Forger {
        let data = Data::absent();
        for folder in ["log", "keys", "bodies", "sealed"] {
            copy(&shared_day().join(folder), &data.path.join(folder));
        }
        let mut entries = Vec::new();
        for tile in tiles_of(head_size(&data.checkpoint())).iter().filter(|t| t.kind() == TileKind::Entries) {
            let bundle = fs::read(data.path.join("log").join(tile.to_string())).unwrap();
            entries.extend(decode_bundle(&bundle).unwrap().into_iter().map(<[u8]>::to_vec));
        }
        Forger { data, entries, bought: 3, cosigned: "2017-01-03T00:00:00Z".parse().unwrap() }
    }

    /// The first entry that holds the text.
    pub(crate) fn entry_with(&self, text: &str) -> usize {
        self.entries.iter().position(|entry| String::from_utf8_lossy(entry).contains(text)).unwrap()
    }

    pub(crate) fn replace(&mut self, entry: usize, from: &str, to: &str) {
        let text = String::from_utf8(self.entries[entry].clone()).unwrap();
        assert!(text.contains(from), "no {from} in {text}");
        self.entries[entry] = text.replacen(from, to, 1).into_bytes();
    }

    fn entry(&self, place: usize) -> Entry {
        Entry::parse(&self.entries[place]).unwrap()
    }

    fn secret(&self, name: &str) -> Value {
        let secrets = fs::read(self.data.path.join("keys/secrets.json")).unwrap();
        let mut secrets: Value = serde_json::from_slice(&secrets).unwrap();
        secrets[name].take()
    }

    /// The last entry of a kind.
    pub(crate) fn last_of(&self, kind: &str) -> usize {
        (0..self.entries.len()).rev().find(|place| self.entry(*place).kind() == kind).unwrap()
    }

    /// Has the centre say something else, or at another time, in one of its entries, and signs all after it anew.
    pub(crate) fn resay(&mut self, place: usize, change: impl FnOnce(&mut Value, &mut Timestamp)) {
        let key = DeviceKey::from_seed(&bytes(&self.secret("device")));
        let mut change = Some(change);
        let mut prev = self.entry(place).prev();
        for place in place..self.entries.len() {
            let entry = self.entry(place);
            if entry.device() != key.id() {
                continue;
            }
            let (mut body, mut time) = (entry.body().clone(), entry.time());
            if let Some(change) = change.take() {
                change(&mut body, &mut time);
            }
            let (campaign, seq) = (entry.campaign().clone(), entry.seq());
            let draft = EntryDraft { campaign, seq, prev, time, kind: entry.kind().to_owned(), body };
            let signed = Entry::sign(&draft, &key).unwrap();
            prev = signed.hash();
            self.entries[place] = signed.bytes().to_vec();
        }
    }

    /// Has the centre say one more thing just before an entry, and signs all after it anew.
    pub(crate) fn say(&mut self, place: usize, kind: &str, body: &Value) {
        let key = DeviceKey::from_seed(&bytes(&self.secret("device")));
        let by_centre = |entry: &Entry| entry.device() == key.id();
        let before = (0..place).rev().map(|place| self.entry(place)).find(by_centre).unwrap();
        let (mut seq, mut prev) = (before.seq(), before.hash());
        let mut sign = |kind: &str, body: &Value, time| {
            seq += 1;
            let (campaign, kind, body) = (before.campaign().clone(), kind.to_owned(), body.clone());
            let signed = Entry::sign(&EntryDraft { campaign, seq, prev, time, kind, body }, &key).unwrap();
            prev = signed.hash();
            signed.bytes().to_vec()
        };
        let next = place.min(self.entries.len() - 1);
        let mut entries = self.entries[..place].to_vec();
        entries.push(sign(kind, body, before.time().max(self.entry(next).time())));
        for place in place..self.entries.len() {
            let entry = self.entry(place);
            let resigned = by_centre(&entry).then(|| sign(entry.kind(), entry.body(), entry.time()));
            entries.push(resigned.unwrap_or_else(|| entry.bytes().to_vec()));
        }
        self.entries = entries;
    }

    /// What an entry says.
    pub(crate) fn body(&self, place: usize) -> Value {
        self.entry(place).body().clone()
    }

    /// The entry of a kind whose body is as asked.
    pub(crate) fn entry_where(&self, kind: &str, is_asked: impl Fn(&Value) -> bool) -> usize {
        let is = |place: &usize| self.entry(*place).kind() == kind && is_asked(self.entry(*place).body());
        (0..self.entries.len()).find(is).unwrap()
    }

    /// Ends the log before its last report, as if that had never come.
    pub(crate) fn leave_out_the_last_report(&mut self) {
        let last = self.last_of("inspection");
        self.entries.truncate(last);
    }

    pub(crate) fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        self.entries.iter().for_each(|entry| tree.push(leaf_hash(entry)));
        tree
    }

    /// Publishes the entries as if nothing had happened: new tiles, a new root, signed and cosigned with the true keys.
    pub(crate) fn publish(&self) {
        let (tree, log) = (self.tree(), self.data.path.join("log"));
        fs::remove_dir_all(log.join("tile")).unwrap();
        for tile in tiles_of(tree.size()) {
            let bytes = match tile.kind() {
                TileKind::Entries => encode_bundle(&self.entries[tile.start() as usize..tile.end() as usize]),
                TileKind::Hashes { .. } => Ok(tile_bytes(&tree, &tile).unwrap()),
            };
            let path = log.join(tile.to_string());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes.unwrap()).unwrap();
        }
        self.data.set_checkpoint(&self.head(&tree));
    }

    pub(crate) fn head(&self, tree: &Tree) -> String {
        let origin = self.data.checkpoint().lines().next().unwrap().to_owned();
        let key =
            |kind, name: &str, secret: &Value| SigningKey::from_seed(name, kind, &bytes(secret)).unwrap();
        let log = key(KeyKind::Ed25519, &origin, &self.secret("log"));
        let head = Checkpoint { origin: origin.clone(), size: tree.size(), root: tree.root() };
        let mut note = head.sign(&log).unwrap();
        let signed = note.to_string();
        for (number, secret) in (1..).zip(self.secret("cosigners").as_array().unwrap()).take(self.bought) {
            let cosigner = key(KeyKind::CosignatureV1, &format!("{origin}/cosigner-{number}"), secret);
            let mut cosigner = Cosigner::new(cosigner, log.verifier().clone(), (0, empty_root())).unwrap();
            note.push(cosigner.cosign(0, &signed, &[], self.cosigned).unwrap());
        }
        note.to_string()
    }

    pub(crate) fn change(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.data.path.join("log").join(file);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    }

    /// The bundle that holds an entry.
    pub(crate) fn bundle(&self, entry: usize) -> String {
        let tiles = tiles_of(self.entries.len() as u64);
        let mut bundles = tiles.iter().filter(|tile| tile.kind() == TileKind::Entries);
        bundles.find(|tile| (entry as u64) < tile.end()).unwrap().to_string()
    }
}

fn bytes(secret: &Value) -> [u8; 32] {
    hex::decode(secret.as_str().unwrap()).unwrap().try_into().unwrap()
}
