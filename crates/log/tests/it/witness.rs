//! A witness of several logs: what it grants, what it says to everything else, and the bytes of both.

use jiff::Timestamp;
use sekong_log::{
    AddCheckpoint, AddRefusal, Checkpoint, CosignRefusal, Hash, KeyKind, RequestError, SigningKey, Tree,
    WitnessedLogs, leaf_hash, verify_cosignature,
};

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn log(name: &str) -> SigningKey {
    SigningKey::from_seed(name, KeyKind::Ed25519, &[1; 32]).unwrap()
}

fn tree(size: u64, salt: u8) -> Tree {
    let mut tree = Tree::new();
    (0..size).for_each(|index| tree.push(leaf_hash(&[index as u8, salt])));
    tree
}

fn note_of(origin: &str, tree: &Tree, size: u64) -> String {
    let root = tree.root_at(size).unwrap();
    Checkpoint { origin: origin.to_owned(), size, root }.sign(&log(origin)).unwrap().to_string()
}

fn asked(origin: &str, tree: &Tree, old: u64, size: u64) -> AddCheckpoint {
    AddCheckpoint::new(old, tree.consistency_proof(old, size).unwrap(), &note_of(origin, tree, size)).unwrap()
}

fn witness() -> WitnessedLogs {
    let key = SigningKey::from_seed("witness.example/w1", KeyKind::CosignatureV1, &[2; 32]).unwrap();
    let mut witness = WitnessedLogs::new(key).unwrap();
    for origin in ["example.com/one", "example.com/two"] {
        witness.follow(log(origin).verifier().clone()).unwrap();
    }
    witness
}

fn add(witness: &mut WitnessedLogs, request: &AddCheckpoint, at: i64) -> Result<String, AddRefusal> {
    let granted = witness.check(request, time(at))?;
    witness.remember(&granted);
    Ok(granted.into_line().to_string())
}

#[test]
fn each_log_has_its_own_size_and_one_clock_runs_for_all() {
    let (mut witness, tree) = (witness(), tree(9, 0));
    add(&mut witness, &asked("example.com/one", &tree, 0, 5), 1_000).unwrap();
    add(&mut witness, &asked("example.com/two", &tree, 0, 7), 1_001).unwrap();
    let backwards = add(&mut witness, &asked("example.com/one", &tree, 5, 9), 1_000);
    assert!(
        matches!(backwards, Err(AddRefusal::Cosign(CosignRefusal::TimeBackwards { .. }))),
        "{backwards:?}"
    );
    let granted = witness.check(&asked("example.com/one", &tree, 5, 9), time(1_001)).unwrap();
    let seen = granted.seen();
    assert_eq!((seen.log.name(), seen.size, seen.root), ("example.com/one", 9, tree.root()));
    // What is not remembered was never granted.
    assert!(witness.check(&asked("example.com/one", &tree, 5, 8), time(1_001)).is_ok());
}

#[test]
fn an_unknown_origin_and_a_foreign_signature_are_told_apart() {
    let (mut witness, tree) = (witness(), tree(9, 0));
    let unknown = add(&mut witness, &asked("example.com/three", &tree, 0, 5), 1_000);
    assert_eq!(unknown, Err(AddRefusal::UnknownOrigin { origin: "example.com/three".to_owned() }));
    let checkpoint = Checkpoint { origin: "example.com/one".into(), size: 5, root: tree.root_at(5).unwrap() };
    let other = SigningKey::from_seed("example.com/one", KeyKind::Ed25519, &[9; 32]).unwrap();
    let foreign = AddCheckpoint::new(0, vec![], &checkpoint.sign(&other).unwrap().to_string()).unwrap();
    let refused = add(&mut witness, &foreign, 1_000);
    assert!(matches!(refused, Err(AddRefusal::Cosign(CosignRefusal::Head(_)))), "{refused:?}");
}

/// "It MUST ignore signatures from unknown keys", even if one stands there twice.
#[test]
fn lines_by_unknown_keys_are_no_matter() {
    let (mut witness, tree) = (witness(), tree(9, 0));
    let note = note_of("example.com/one", &tree, 5);
    let other = SigningKey::from_seed("somebody.example", KeyKind::Ed25519, &[9; 32]).unwrap();
    let line = other.sign("something else\n").unwrap();
    let request = AddCheckpoint::new(0, vec![], &format!("{note}{line}\n{line}\n")).unwrap();
    assert!(add(&mut witness, &request, 1_000).is_ok());
}

#[test]
fn a_proof_from_nothing_is_empty_and_one_of_the_same_head_too() {
    let (mut witness, tree) = (witness(), tree(9, 0));
    let note = note_of("example.com/one", &tree, 5);
    let long = AddCheckpoint::new(0, vec![Hash([0; 32])], &note).unwrap();
    let refused = add(&mut witness, &long, 1_000);
    assert!(matches!(refused, Err(AddRefusal::Cosign(CosignRefusal::Fork { seen: 0, .. }))), "{refused:?}");
    add(&mut witness, &asked("example.com/one", &tree, 0, 5), 1_000).unwrap();
    let long = AddCheckpoint::new(5, vec![Hash([0; 32])], &note).unwrap();
    let refused = add(&mut witness, &long, 1_000);
    assert!(matches!(refused, Err(AddRefusal::Cosign(CosignRefusal::Fork { seen: 5, .. }))), "{refused:?}");
    assert!(add(&mut witness, &asked("example.com/one", &tree, 5, 5), 1_000).is_ok(), "the same once more");
}

#[test]
fn a_request_has_one_spelling() {
    let (tree, hash) = (tree(9, 0), "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=");
    let note = note_of("example.com/one", &tree, 5);
    let read = |before: &str| format!("{before}\n\n{note}").parse::<AddCheckpoint>();
    assert!(read("old 0").is_ok() && read(&format!("old 3\n{hash}")).is_ok());
    for old in [
        "",
        "old",
        "old ",
        "old 03",
        "old +3",
        "old -3",
        "old  3",
        "old 3 ",
        "Old 3",
        "old 18446744073709551616",
        "3",
    ] {
        assert!(matches!(read(old), Err(RequestError::Old { .. })), "{old:?}");
    }
    for proof in
        [&hash[1..], "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpka0", &format!("{hash}\r"), &format!(" {hash}")]
    {
        let read = read(&format!("old 3\n{hash}\n{proof}"));
        assert_eq!(read, Err(RequestError::Proof { line: 2 }), "{proof:?}");
    }
    let lines = |count| format!("old 3{}", format!("\n{hash}").repeat(count));
    assert!(read(&lines(63)).is_ok());
    assert_eq!(read(&lines(64)), Err(RequestError::TooLong { count: 64 }));
    assert_eq!("old 3\n".parse::<AddCheckpoint>(), Err(RequestError::Shape));
    let cut = format!("old 3\n\n{}", note.trim_end());
    assert!(matches!(cut.parse::<AddCheckpoint>(), Err(RequestError::Note(_))));
    let extended = note.replacen("\n\n", "\nextension\n\n", 1);
    assert!(matches!(
        format!("old 3\n\n{extended}").parse::<AddCheckpoint>(),
        Err(RequestError::Checkpoint(_))
    ));
}

/// The bytes of a request and of its answer, once and for all.
#[test]
fn the_golden_request_gets_the_golden_answer() {
    let (mut witness, tree) = (witness(), tree(9, 0));
    add(&mut witness, &asked("example.com/one", &tree, 0, 5), 1_679_315_146).unwrap();
    let request = asked("example.com/one", &tree, 5, 9);
    assert_eq!(request.to_string(), include_str!("golden/add-checkpoint.txt"));
    let line = add(&mut witness, &request, 1_679_315_147).unwrap();
    assert_eq!(format!("{line}\n"), include_str!("golden/cosignature.txt"));
    let key = SigningKey::from_seed("witness.example/w1", KeyKind::CosignatureV1, &[2; 32]).unwrap();
    let text = Checkpoint { origin: "example.com/one".into(), size: 9, root: tree.root() }.to_string();
    assert_eq!(verify_cosignature(key.verifier(), &text, &line.parse().unwrap()), Ok(time(1_679_315_147)));
}

/// The example in the specification, whose checkpoint is another's.
#[test]
fn the_example_of_the_specification_reads_and_writes_back() {
    let example = "old 20852014\n\
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
        5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
        \n\
        example.com/behind-the-sofa\n\
        20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
        \n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
    let read: AddCheckpoint = example.parse().unwrap();
    assert_eq!((read.origin(), read.to_string().as_str()), ("example.com/behind-the-sofa", example));
}
