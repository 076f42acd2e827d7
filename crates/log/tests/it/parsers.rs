//! Readers under noise: they refuse or read, they never panic, and what they read they write back the same.

use proptest::prelude::*;
use sekong_log::{
    AddCheckpoint, Checkpoint, DeviceId, DeviceKey, Entry, EntryDraft, Hash, Head, KeyKind, NO_PREVIOUS,
    PROOF_MAX_LINES, REQUEST_MAX_BYTES, SignatureLine, SignedNote, SigningKey, TileKind, TilePath,
    VerifierKey, decode_bundle, empty_root, encode_bundle, tiles_for, tiles_of,
};
use serde_json::{Value, json};

fn log_key() -> SigningKey {
    SigningKey::from_seed("example.com/log", KeyKind::Ed25519, &[1; 32]).unwrap()
}

fn note() -> String {
    let checkpoint = Checkpoint { origin: "example.com/log".into(), size: 12, root: empty_root() };
    checkpoint.sign(&log_key()).unwrap().to_string()
}

fn entry(body: Value) -> Option<Entry> {
    let draft = EntryDraft {
        campaign: "northeast-2017".parse().unwrap(),
        seq: 0,
        prev: NO_PREVIOUS,
        time: "2017-01-01T00:00:00Z".parse().unwrap(),
        kind: "inspection".into(),
        body,
    };
    Entry::sign(&draft, &DeviceKey::from_seed(&[3; 32])).ok()
}

fn read_everything(text: &str) {
    let written = [
        text.parse::<SignedNote>().map(|read| read.to_string()).ok(),
        text.parse::<SignatureLine>().map(|read| read.to_string()).ok(),
        text.parse::<VerifierKey>().map(|read| read.to_string()).ok(),
        text.parse::<Checkpoint>().map(|read| read.to_string()).ok(),
        text.parse::<TilePath>().map(|read| read.to_string()).ok(),
        text.parse::<Hash>().map(|read| read.to_string()).ok(),
        text.parse::<DeviceId>().map(|read| read.to_string()).ok(),
        text.parse::<AddCheckpoint>().map(|read| read.to_string()).ok(),
    ];
    for again in written.into_iter().flatten() {
        assert_eq!(again, text);
    }
}

fn mutated(bytes: &[u8], at: usize, cut: usize, insert: &[u8]) -> Vec<u8> {
    let at = at % (bytes.len() + 1);
    let end = (at + cut).min(bytes.len());
    [&bytes[..at], insert, &bytes[end..]].concat()
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number % (1 << 53))),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map(".{0,6}", inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn text_readers_write_back_what_they_read(text in "\\PC{0,60}") {
        read_everything(&text);
    }

    #[test]
    fn text_readers_write_back_what_they_read_of_mutated_good_text(
        which in 0usize..5, at: usize, cut in 0usize..4, insert in "[\\n +=/x0-9a-f—é]{0,3}",
    ) {
        let good = [
            note(),
            log_key().verifier().to_string(),
            "tile/3/x001/x234/067.p/8".to_owned(),
            format!("example.com/log\n12\n{}\n", "A".repeat(43) + "="),
            AddCheckpoint::new(3, vec![empty_root(); 2], &note()).unwrap().to_string(),
        ];
        let bytes = mutated(good[which].as_bytes(), at, cut, insert.as_bytes());
        if let Ok(text) = String::from_utf8(bytes) {
            read_everything(&text);
            let opened = Head::open(&text, log_key().verifier(), &[]);
            prop_assert!(opened.is_err() || text == note());
        }
    }

    #[test]
    fn every_request_that_can_be_asked_reads_back_the_same(
        old: u64, hashes in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let hashes: Vec<Hash> = hashes.into_iter().map(Hash).collect();
        let asked = AddCheckpoint::new(old, hashes.clone(), &note());
        prop_assert_eq!(asked.is_ok(), hashes.len() <= PROOF_MAX_LINES);
        if let Ok(asked) = asked {
            let text = asked.to_string();
            prop_assert!(text.len() <= REQUEST_MAX_BYTES);
            prop_assert_eq!(text.parse(), Ok(asked));
        }
    }

    #[test]
    fn an_entry_survives_no_mutation(at: usize, cut in 0usize..4, insert in proptest::collection::vec(any::<u8>(), 0..4)) {
        let entry = entry(json!({"n": [1, 2.5, "x"]})).unwrap();
        let bytes = mutated(entry.bytes(), at, cut, &insert);
        prop_assert!(Entry::parse(&bytes).is_err() || bytes == entry.bytes());
    }

    #[test]
    fn every_entry_that_can_be_signed_reads_back_the_same(body in any_json()) {
        if let Some(signed) = entry(body) {
            prop_assert_eq!(Entry::parse(signed.bytes()), Ok(signed));
        }
    }

    #[test]
    fn bundles_that_decode_encode_to_the_same_bytes(bytes in proptest::collection::vec(0u8..4, 0..200)) {
        if let Ok(entries) = decode_bundle(&bytes) {
            prop_assert_eq!(encode_bundle(&entries), Ok(bytes));
        }
    }

    #[test]
    fn every_tile_path_reads_back(level in 0u8..64, index in 0..u64::MAX / 256, width in 1u64..=256) {
        for kind in [TileKind::Entries, TileKind::Hashes { level }] {
            let path = TilePath::new(kind, index, width).unwrap();
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }
    }

    #[test]
    fn growing_step_by_step_writes_every_tile_of_the_final_size(a in 0u64..200_000, b in 0u64..200_000) {
        let (old, new) = (a.min(b), a.max(b));
        let grown: Vec<TilePath> = tiles_for(old, new);
        let before = tiles_of(old);
        for tile in tiles_of(new) {
            prop_assert!(grown.contains(&tile) || before.contains(&tile), "{}", tile);
        }
        prop_assert!(grown.iter().all(|tile| tile.is_within(new) && !tile.is_within(old)));
    }
}
