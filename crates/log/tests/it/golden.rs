//! Entry bytes that other implementations must make, too: the field page is held to the same file.

use sekong_log::{DeviceKey, Entry, EntryDraft, NO_PREVIOUS};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Golden {
    seed: String,
    device: String,
    entries: Vec<GoldenEntry>,
}

#[derive(Deserialize)]
struct GoldenEntry {
    time: String,
    kind: String,
    body: Value,
    bytes: String,
}

#[test]
fn a_device_signs_the_golden_entries_byte_for_byte() {
    let golden: Golden = serde_json::from_str(include_str!("golden/entries.json")).unwrap();
    let seed: [u8; 32] = hex::decode(&golden.seed).unwrap().try_into().unwrap();
    let key = DeviceKey::from_seed(&seed);
    assert_eq!(key.id().to_string(), golden.device);
    let mut prev = NO_PREVIOUS;
    for (seq, wanted) in (0..).zip(&golden.entries) {
        let draft = EntryDraft {
            campaign: "northeast-2017".parse().unwrap(),
            seq,
            prev,
            time: wanted.time.parse().unwrap(),
            kind: wanted.kind.clone(),
            body: wanted.body.clone(),
        };
        let entry = Entry::sign(&draft, &key).unwrap();
        assert_eq!(String::from_utf8_lossy(entry.bytes()), wanted.bytes, "entry {seq}");
        assert!(Entry::parse(wanted.bytes.as_bytes()).is_ok());
        prev = entry.hash();
    }
    assert_eq!(golden.entries.len(), 3);
}
