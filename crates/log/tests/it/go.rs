//! The same answers as the Go team's `sumdb/tlog` and `sumdb/note`, asked by the case through `reference/go-verify`.

use std::io::Write;
use std::process::Stdio;

use base64::Engine;
use sekong_log::{
    Checkpoint, Cosigner, DeviceKey, Entry, EntryDraft, EntryError, HASH_BYTES, Hash, Head, KeyKind,
    NO_PREVIOUS, SignedNote, SigningKey, TileKind, TilePath, body_hash, empty_root, tile_bytes, tiles_of,
};
use serde_json::{Map, Value, json};

use crate::go_program::go_verify;
use crate::lot::{Claim, Grown, Lot};

const TREES: u32 = 10_000;
const CLAIMS: u32 = 20_000;
const TEXTS: u32 = 5_000;

/// Asks all cases in one run; gives the answers in their order.
fn asked(cases: &[Value]) -> Vec<Value> {
    let lines: String = cases.iter().map(|case| format!("{case}\n")).collect();
    let mut go = go_verify().arg("-cases").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = go.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = go.wait_with_output().unwrap();
    assert!(output.status.success(), "it says why above");
    writer.join().unwrap().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

/// Asserts that every answer holds these fields.
fn answers_are(cases: Vec<(Value, Value)>) {
    let (cases, wanted): (Vec<Value>, Vec<Value>) = cases.into_iter().unzip();
    for ((case, answer), wanted) in cases.iter().zip(asked(&cases)).zip(wanted) {
        for (field, value) in wanted.as_object().unwrap() {
            let found = answer.get(field).unwrap_or(&Value::Null);
            assert_eq!(found, value, "{field} of {case}");
        }
    }
}

/// A list as their answer has it: nothing where it is empty.
fn listed(hashes: &[Hash]) -> Value {
    if hashes.is_empty() { Value::Null } else { json!(hashes) }
}

#[test]
fn trees_have_the_same_roots_proofs_and_tiles() {
    let mut lot = Lot::new(11);
    let cases = (0..TREES).map(|_| {
        let grown = Grown::draw(&mut lot);
        let leaves: Vec<String> = grown.leaves.iter().map(hex::encode).collect();
        let tiles = tiles_of(grown.size()).into_iter().filter(|tile| tile.kind() != TileKind::Entries);
        let tiles =
            tiles.map(|tile| json!([tile.to_string(), body_hash(&tile_bytes(&grown.tree, &tile).unwrap())]));
        let wanted = json!({
            "root": grown.tree.root(),
            "inclusion": listed(&grown.inclusion().proof),
            "consistency": listed(&grown.consistency().proof),
            "tiles": tiles.collect::<Value>(),
        });
        (json!({"kind": "tree", "leaves": leaves, "index": grown.index, "old": grown.old}), wanted)
    });
    answers_are(cases.collect());
}

#[test]
fn the_tree_without_leaves_has_the_same_root() {
    answers_are(vec![(json!({"kind": "tree"}), json!({"root": empty_root(), "tiles": null}))]);
}

fn question(claim: &Claim) -> Value {
    let Claim { at, node, size, root, proof, .. } = claim;
    if claim.consistency {
        json!({"kind": "consistency", "old": at, "old_root": node, "size": size, "root": root, "proof": proof})
    } else {
        json!({"kind": "inclusion", "index": at, "leaf": node, "size": size, "root": root, "proof": proof})
    }
}

#[test]
fn claims_true_and_bent_get_the_same_verdict() {
    let mut lot = Lot::new(12);
    let mut cases = Vec::new();
    for _ in 0..CLAIMS / 4 {
        let grown = Grown::draw(&mut lot);
        for claim in [grown.inclusion(), grown.consistency()] {
            let bent = claim.clone().bent(&mut lot);
            cases.extend([claim, bent].map(|claim| (question(&claim), json!({"holds": claim.holds()}))));
        }
    }
    let held = cases.iter().filter(|(_, wanted)| wanted["holds"] == true).count() as u32;
    assert!((CLAIMS / 2..CLAIMS / 2 + CLAIMS / 20).contains(&held), "{held} of {CLAIMS} hold");
    answers_are(cases);
}

fn key(lot: &mut Lot, kind: KeyKind) -> (SigningKey, [u8; HASH_BYTES]) {
    let (name, seed) = (format!("example.com/log-{}", lot.below(1000)), lot.seed());
    (SigningKey::from_seed(&name, kind, &seed).unwrap(), seed)
}

#[test]
fn notes_are_signed_byte_for_byte_the_same() {
    let mut lot = Lot::new(13);
    let cases = (0..TEXTS / 5).map(|_| {
        let (key, seed) = key(&mut lot, KeyKind::Ed25519);
        let text = format!("{:x}\n\nស្ទឹង — {:x}\n", lot.draw(), lot.draw());
        let note = SignedNote::sign(&text, &key).unwrap().to_string();
        let asked =
            json!({"kind": "sign", "text": text, "name": key.verifier().name(), "seed": hex::encode(seed)});
        (asked, json!({"text": note, "signers": [key.verifier().to_string()]}))
    });
    answers_are(cases.collect());
}

/// A cosigned head, with its two keys.
fn cosigned(lot: &mut Lot) -> (String, SigningKey, SigningKey) {
    let (log, cosigner) = (key(lot, KeyKind::Ed25519).0, key(lot, KeyKind::CosignatureV1).0);
    let checkpoint =
        Checkpoint { origin: log.verifier().name().into(), size: lot.below(1 << 40), root: Hash(lot.seed()) };
    let mut note = checkpoint.sign(&log).unwrap();
    let mut witness = Cosigner::new(cosigner.clone(), log.verifier().clone(), (0, empty_root())).unwrap();
    let time = jiff::Timestamp::from_second(lot.below(1 << 33) as i64).unwrap();
    note.push(witness.cosign(0, &note.to_string(), &[], time).unwrap());
    (note.to_string(), log, cosigner)
}

#[test]
fn cosigned_heads_open_and_bent_ones_open_only_where_theirs_is_the_laxer_reader() {
    let mut lot = Lot::new(14);
    let (mut cases, mut ours) = (Vec::new(), Vec::new());
    for case in 0..TEXTS {
        let (note, log, cosigner) = cosigned(&mut lot);
        let note = if case % 10 == 0 { note } else { lot.bent_text(&note) };
        let keys = [log.verifier().to_string(), cosigner.verifier().to_string()];
        cases.push(json!({"kind": "note", "text": note, "keys": keys}));
        let head = Head::open(&note, log.verifier(), &[cosigner.verifier().clone()]);
        ours.push((note, head.is_ok_and(|head| head.cosignatures.len() == 1)));
    }
    let mut laxer = 0;
    for ((note, ours), answer) in ours.iter().zip(asked(&cases)) {
        assert!(answer["holds"] == true || !ours, "opens here and not there: {note:?}");
        if answer["holds"] == true && !ours {
            laxer += 1;
            // Same text and same signers: only the spelling of signature lines may differ, or a line be added.
            let checkpoint = answer["text"].as_str().unwrap().parse::<Checkpoint>();
            assert!(checkpoint.is_ok_and(|checkpoint| note.starts_with(&checkpoint.to_string())), "{note:?}");
        }
    }
    assert!(laxer < TEXTS / 20, "{laxer} heads open there alone");
}

#[test]
fn tile_names_read_the_same() {
    let mut lot = Lot::new(15);
    let cases = (0..TEXTS).map(|case| {
        let kind = if lot.below(2) == 0 {
            TileKind::Entries
        } else {
            TileKind::Hashes { level: lot.below(64) as u8 }
        };
        let index = lot.draw() >> (9 + lot.below(55));
        let text = TilePath::new(kind, index, 1 + lot.below(256)).unwrap().to_string();
        let text = if case % 4 == 0 { text } else { lot.bent_text(&text) };
        let wanted = match text.parse::<TilePath>() {
            Ok(path) => {
                let level = match path.kind() {
                    TileKind::Entries => -1,
                    TileKind::Hashes { level } => i64::from(level),
                };
                json!({"holds": true, "place": [level, path.index(), path.width()]})
            }
            Err(_) => json!({"holds": false}),
        };
        (json!({"kind": "path", "text": text}), wanted)
    });
    answers_are(cases.collect());
}

/// A body with everything that JSON has, doubles of all sizes foremost.
fn body(lot: &mut Lot, depth: u32) -> Value {
    match lot.below(if depth == 0 { 5 } else { 7 }) {
        0 => json!(f64::from_bits(lot.draw())),
        1 => json!(lot.below(1 << 20) as f64 / 1024.0),
        2 => json!(lot.draw() as i64 >> (11 + lot.below(52))),
        3 => [Value::Null, json!(true), json!(false)][lot.below(3) as usize].clone(),
        4 => json!(lot.bytes(6).iter().map(|&byte| char::from(byte)).chain(['😀', 'ស']).collect::<String>()),
        5 => (0..lot.below(4)).map(|_| body(lot, depth - 1)).collect(),
        _ => {
            let fields = (0..lot.below(5)).map(|_| {
                let name = char::from_u32(lot.below(0x11_0000) as u32).unwrap_or('\u{ffff}');
                (name.to_string(), body(lot, depth - 1))
            });
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

#[test]
fn entries_are_entries_to_both_and_bent_ones_to_neither() {
    let mut lot = Lot::new(16);
    let (mut cases, mut held) = (Vec::new(), 0);
    for case in 0..TEXTS {
        let draft = EntryDraft {
            campaign: "northeast-2017".parse().unwrap(),
            seq: 0,
            prev: NO_PREVIOUS,
            time: jiff::Timestamp::from_second(lot.below(1 << 33) as i64).unwrap(),
            kind: "inspection".into(),
            body: body(&mut lot, 3),
        };
        let signed = Entry::sign(&draft, &DeviceKey::from_seed(&lot.seed()));
        // Of doubles that are written as integers beyond 2^53 nothing is signed here.
        let Ok(entry) = signed else { continue };
        let bytes = if case % 2 == 0 { entry.bytes().to_vec() } else { lot.bent(entry.bytes()) };
        let read = Entry::parse(&bytes);
        if !matches!(read, Err(EntryError::Integer { .. })) {
            cases.push((
                json!({"kind": "entry", "bytes": hex::encode(&bytes)}),
                json!({"holds": read.is_ok()}),
            ));
            held += u32::from(read.is_ok());
        }
    }
    assert!((TEXTS * 2 / 5..TEXTS * 3 / 5).contains(&held), "{held} of {} hold", cases.len());
    answers_are(cases);
}

/// An entry's text with another device, time and signature, in its canonical form.
fn respelt(entry: &Entry, device: &str, time: &str, sign: impl FnOnce(&[u8]) -> [u8; 64]) -> Vec<u8> {
    let mut fields: Map<String, Value> = serde_json::from_slice(entry.bytes()).unwrap();
    fields.remove("sig");
    fields.insert("device".into(), json!(device));
    fields.insert("time".into(), json!(time));
    let unsigned = serde_json_canonicalizer::to_vec(&fields).unwrap();
    let sig = sign(&[b"sekong/entry/v1\n", &unsigned[..]].concat());
    fields.insert("sig".into(), json!(base64::engine::general_purpose::STANDARD.encode(sig)));
    serde_json_canonicalizer::to_vec(&fields).unwrap()
}

#[test]
fn keys_that_nobody_holds_and_times_beyond_the_calendar_are_refused_by_both() {
    let key = DeviceKey::from_seed(&[3; 32]);
    let draft = EntryDraft {
        campaign: "northeast-2017".parse().unwrap(),
        seq: 0,
        prev: NO_PREVIOUS,
        time: jiff::Timestamp::UNIX_EPOCH,
        kind: "inspection".into(),
        body: json!({}),
    };
    let entry = Entry::sign(&draft, &key).unwrap();
    let own = key.id().to_string();
    let at = |time: &str| respelt(&entry, &own, time, |message| key.sign(message));
    // The neutral point as key and as R, with s = 0: without a look at the points this holds for every message.
    let neutral = |y: &str, device: &str| {
        let signature: [u8; 64] = hex::decode([y, &"00".repeat(32)].concat()).unwrap().try_into().unwrap();
        respelt(&entry, device, "2017-01-01T00:00:00Z", |_| signature)
    };
    let one = ["01", &"00".repeat(31)].concat();
    let one_and_p = ["ee", &"ff".repeat(30), "7f"].concat();
    let cases = [
        (at("2017-01-01T00:00:00Z"), true),
        (at("8999-12-31T23:59:59Z"), true),
        (at("9000-01-01T00:00:00Z"), false),
        (neutral(&one, &one), false),
        (neutral(&one, &one_and_p), false),
        (neutral(&one_and_p, &one), false),
        (neutral(&one, &own), false),
    ];
    let asked = cases.map(|(bytes, holds)| {
        assert_eq!(Entry::parse(&bytes).is_ok(), holds, "{}", String::from_utf8_lossy(&bytes));
        (json!({"kind": "entry", "bytes": hex::encode(&bytes)}), json!({"holds": holds}))
    });
    answers_are(asked.into());
}
