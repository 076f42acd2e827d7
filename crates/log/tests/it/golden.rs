//! Bytes that others have published: entries of the reference (the field page is held to the same file), proofs of the
//! tree that Certificate Transparency tests with, and the worked examples of C2SP, Go's `note` and RFC 8785.

use sekong_log::{
    Checkpoint, DeviceKey, Entry, EntryDraft, Hash, KeyKind, NO_PREVIOUS, SignedNote, Tree, VerifierKey,
    leaf_hash, verify_consistency, verify_inclusion,
};
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

/// The eight leaves that tests of RFC 6962 logs share.
fn standard_tree() -> Tree {
    let leaves =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let mut tree = Tree::new();
    leaves.iter().for_each(|leaf| tree.push(leaf_hash(&hex::decode(leaf).unwrap())));
    tree
}

fn hashes(texts: &[&str]) -> Vec<Hash> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

const LEAF_0: &str = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const LEAF_1: &str = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7";
const LEAF_4: &str = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
const LEAVES_0_1: &str = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
const LEAVES_2_3: &str = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
const LEAVES_4_5: &str = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a";
const LEAVES_6_7: &str = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
const LEAVES_0_3: &str = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7";
const LEAVES_4_7: &str = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4";

#[test]
fn the_inclusion_proofs_of_the_standard_tree() {
    let tree = standard_tree();
    let golden: [(u64, u64, &[&str]); 5] = [
        (0, 1, &[]),
        (0, 8, &[LEAF_1, LEAVES_2_3, LEAVES_4_7]),
        (5, 8, &[LEAF_4, LEAVES_6_7, LEAVES_0_3]),
        (2, 3, &[LEAVES_0_1]),
        (1, 5, &[LEAF_0, LEAVES_2_3, LEAF_4]),
    ];
    for (index, size, proof) in golden {
        let (proof, root) = (hashes(proof), tree.root_at(size).unwrap());
        assert_eq!(tree.inclusion_proof(index, size).unwrap(), proof, "{index} of {size}");
        verify_inclusion(&tree.leaf(index).unwrap(), index, size, &proof, &root).unwrap();
    }
}

#[test]
fn the_consistency_proofs_of_the_standard_tree() {
    let tree = standard_tree();
    let golden: [(u64, u64, &[&str]); 4] = [
        (1, 1, &[]),
        (1, 8, &[LEAF_1, LEAVES_2_3, LEAVES_4_7]),
        (6, 8, &[LEAVES_4_5, LEAVES_6_7, LEAVES_0_3]),
        (2, 5, &[LEAVES_2_3, LEAF_4]),
    ];
    for (old, new, proof) in golden {
        let (proof, roots) = (hashes(proof), [old, new].map(|size| tree.root_at(size).unwrap()));
        assert_eq!(tree.consistency_proof(old, new).unwrap(), proof, "{old} to {new}");
        verify_consistency(old, &roots[0], new, &roots[1], &proof).unwrap();
    }
}

/// C2SP `tlog-cosignature`, the example at its beginning; its keys are not published.
const COSIGNED: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

#[test]
fn the_cosigned_checkpoint_of_c2sp_is_read_and_written() {
    let note: SignedNote = COSIGNED.parse().unwrap();
    assert_eq!(note.to_string(), COSIGNED);
    let checkpoint: Checkpoint = note.text().parse().unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    let [log, witness] = note.signatures() else { panic!("two lines") };
    assert_eq!((log.key_id(), log.signature().len()), (0x033d_e0ae, 64));
    assert_eq!((witness.name(), witness.key_id()), ("witness.example.com/w1", 0x8d66_cf3f));
    let (time, signature) = witness.signature().split_first_chunk::<8>().unwrap();
    assert_eq!((u64::from_be_bytes(*time), signature.len()), (1_679_315_147, 64));
}

#[test]
fn the_verifier_key_of_c2sp_has_its_id() {
    let line = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    let key: VerifierKey = line.parse().unwrap();
    assert_eq!((key.kind(), key.to_string().as_str()), (KeyKind::Ed25519, line));
}

#[test]
fn the_note_of_go_with_two_signers_holds_for_both() {
    let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
        — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n\
        — EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
    let note: SignedNote = note.parse().unwrap();
    for key in [
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop",
    ] {
        assert_eq!(note.verify(&key.parse().unwrap()), Ok(()));
    }
}

/// RFC 8785, appendix B: the bits of a double and how it is written. Integers beyond 2^53 - 1 that fit 64 bits are left
/// out, for no entry holds one.
const NUMBERS: [(u64, &str); 22] = [
    (0x0000_0000_0000_0000, "0"),
    (0x8000_0000_0000_0000, "0"),
    (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"),
    (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
    (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
    (0x44b5_2d02_c7e1_4af6, "1e+23"),
    (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
    (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
    (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
    (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
    (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
    (0x41b3_de43_5555_5553, "333333333.3333332"),
    (0x41b3_de43_5555_5554, "333333333.33333325"),
    (0x41b3_de43_5555_5555, "333333333.3333333"),
    (0x41b3_de43_5555_5556, "333333333.3333334"),
    (0x41b3_de43_5555_5557, "333333333.33333343"),
    (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
    (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
];

#[test]
fn the_numbers_of_rfc_8785_are_written_as_it_writes_them() {
    for (bits, text) in NUMBERS {
        let draft = EntryDraft {
            campaign: "northeast-2017".parse().unwrap(),
            seq: 0,
            prev: NO_PREVIOUS,
            time: "2017-01-01T00:00:00Z".parse().unwrap(),
            kind: "number".into(),
            body: serde_json::json!([f64::from_bits(bits)]),
        };
        let entry = Entry::sign(&draft, &DeviceKey::from_seed(&[1; 32])).unwrap();
        assert_eq!(entry.body_bytes(), format!("[{text}]").into_bytes(), "{bits:016x}");
    }
}
