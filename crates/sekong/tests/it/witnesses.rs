//! `sekong witness` as anybody reaches it: each status of C2SP `tlog-witness` over HTTP, forks that race, kills in the middle,
//! and folders that are not as they were.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use sekong_log::{
    AddCheckpoint, Checkpoint, Hash, KeyKind, SignedNote, SigningKey, Tree, VerifierKey, leaf_hash,
    verify_cosignature,
};
use serde_json::Value;

use crate::data::arg;
use crate::run::{Run, command, sekong};
use crate::stepped::Stepped;

const NAME: &str = "witness.example/w1";
const ORIGIN: &str = "example.com/log";
const URL: &str = "http://127.0.0.1:7444";

fn log_of(origin: &str) -> SigningKey {
    SigningKey::from_seed(origin, KeyKind::Ed25519, &[1; 32]).unwrap()
}

fn grow(tree: &mut Tree, count: u64, salt: u64) {
    (0..count).for_each(|_| {
        let leaf = [tree.size().to_be_bytes(), salt.to_be_bytes()].concat();
        tree.push(leaf_hash(&leaf));
    });
}

fn tree(size: u64, salt: u64) -> Tree {
    let mut tree = Tree::new();
    grow(&mut tree, size, salt);
    tree
}

fn note_by(key: &SigningKey, origin: &str, size: u64, root: Hash) -> String {
    Checkpoint { origin: origin.to_owned(), size, root }.sign(key).unwrap().to_string()
}

fn note(tree: &Tree, size: u64) -> String {
    note_by(&log_of(ORIGIN), ORIGIN, size, tree.root_at(size).unwrap())
}

fn request(tree: &Tree, old: u64, size: u64) -> String {
    let proof = tree.consistency_proof(old, size).unwrap_or_default();
    AddCheckpoint::new(old, proof, &note(tree, size)).unwrap().to_string()
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
struct Said {
    status: u16,
    media_type: String,
    body: String,
}

impl Said {
    /// The size in a conflict.
    fn size(&self) -> u64 {
        assert_eq!((self.status, self.media_type.as_str()), (409, "text/x.tlog.size"), "{self:?}");
        self.body.strip_suffix('\n').unwrap().parse().unwrap()
    }
}

/// A witness's folder, and how to run it.
struct Witness {
    kept: tempfile::TempDir,
}

impl Witness {
    fn new() -> Witness {
        let witness = Witness { kept: tempfile::tempdir().unwrap() };
        let made =
            sekong(["witness", "init", "--name", NAME, "--url", URL, "--data", arg(&witness.folder())]);
        made.exits(0);
        witness
    }

    fn folder(&self) -> PathBuf {
        self.kept.path().join("witness")
    }

    fn args(&self, more: &[&str]) -> Vec<String> {
        let folder = self.folder();
        let args = ["witness", "serve", "--json", "--listen", "127.0.0.1:0", "--data", arg(&folder)];
        args.iter().chain(more).map(|arg| (*arg).to_owned()).collect()
    }

    fn serve(&self) -> Stepped {
        Stepped::run(command(self.args(&["--log", &log_of(ORIGIN).verifier().to_string()])))
    }

    fn refuses(&self, more: &[&str]) -> Run {
        sekong(self.args(more))
    }

    fn status(&self) -> Value {
        sekong(["witness", "status", "--json", "--data", arg(&self.folder())]).exits(0).json()
    }

    /// Entries under the head that it cosigned last.
    fn size(&self) -> u64 {
        self.status()["logs"][0]["size"].as_u64().unwrap_or(0)
    }

    fn key(&self) -> VerifierKey {
        self.status()["key"].as_str().unwrap().parse().unwrap()
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().new_agent()
}

fn try_post(agent: &ureq::Agent, base: &str, body: &[u8]) -> Result<Said, ureq::Error> {
    let mut answer = agent.post(format!("{base}/add-checkpoint")).send(body)?;
    let media_type = answer.headers().get("content-type").map(|given| given.to_str().unwrap().to_owned());
    let (status, media_type) = (answer.status().as_u16(), media_type.unwrap_or_default());
    Ok(Said { status, media_type, body: answer.body_mut().read_to_string()? })
}

fn post(base: &str, body: impl AsRef<[u8]>) -> Said {
    try_post(&agent(), base, body.as_ref()).unwrap()
}

/// The statuses in the order of the specification.
#[test]
fn every_status_is_the_specifications() {
    let witness = Witness::new();
    let running = witness.serve();
    let (base, tree) = (running.address.as_str(), tree(9, 0));
    let post = |body: &str| post(base, body);

    let granted = post(&request(&tree, 0, 5));
    assert_eq!(granted.status, 200, "{granted:?}");
    assert!(granted.body.starts_with("— witness.example/w1 ") && granted.body.ends_with('\n'), "{granted:?}");
    let signed: SignedNote = note(&tree, 5).parse().unwrap();
    let line = granted.body.trim_end().parse().unwrap();
    assert!(verify_cosignature(&witness.key(), signed.text(), &line).is_ok());
    assert_eq!(post(&request(&tree, 5, 5)).status, 200, "the same head again");

    for (malformed, why) in [
        ("", "a request is"),
        ("old 5", "a request is"),
        (&request(&tree, 5, 9).replacen("old 5", "old 05", 1), "without leading zeros"),
        (&request(&tree, 5, 9).replacen("old 5\n", "old 5\nAAAA\n", 1), "line 1 of the proof"),
        (
            &request(&tree, 5, 9).replacen("example.com/log\n9\n", "example.com/log\n9\n\n", 1),
            "the checkpoint",
        ),
        (request(&tree, 5, 9).trim_end(), "the checkpoint"),
        (&AddCheckpoint::new(9, vec![], &note(&tree, 7)).unwrap().to_string(), "the proof is from 9 entries"),
    ] {
        let said = post(malformed);
        assert_eq!(said.status, 400, "{malformed}: {said:?}");
        assert!(said.body.contains(why), "{malformed}: {said:?}");
    }
    assert_eq!(self::post(base, b"old 5\n\n\xff\n").status, 400);
    let other = note_by(&log_of("example.com/other"), "example.com/other", 5, tree.root_at(5).unwrap());
    assert_eq!(post(&AddCheckpoint::new(0, vec![], &other).unwrap().to_string()).status, 404);
    let key = SigningKey::from_seed(ORIGIN, KeyKind::Ed25519, &[9; 32]).unwrap();
    let foreign = note_by(&key, ORIGIN, 9, tree.root());
    assert_eq!(post(&AddCheckpoint::new(5, vec![], &foreign).unwrap().to_string()).status, 403);
    assert_eq!(post(&request(&tree, 0, 9)).size(), 5);
    assert_eq!(post(&request(&tree, 7, 9)).size(), 5);
    assert_eq!(post(&request(&tree, 3, 4)).size(), 5, "a smaller head is no head to go on from");
    let fork = self::tree(9, 1);
    assert_eq!(post(&request(&fork, 5, 5)).size(), 5, "another root at the same size");
    assert_eq!(post(&request(&fork, 5, 9)).status, 422);
    let bare = AddCheckpoint::new(5, vec![], &note(&tree, 9)).unwrap().to_string();
    assert_eq!(post(&bare).status, 422);
    assert_eq!(post(&request(&tree, 5, 9)).status, 200, "no refusal changed anything");

    let long = "old 5\n".to_owned() + &"x".repeat(sekong_log::REQUEST_MAX_BYTES);
    assert_eq!(post(&long).status, 413);
    assert_eq!(post(&"x".repeat(5 << 20)).status, 413, "who is still sending hears it, too");
    assert_eq!(agent().get(format!("{base}/add-checkpoint")).call().unwrap().status(), 405);
    assert_eq!(agent().get(base).call().unwrap().status(), 404);
    drop(running);
    assert_eq!(witness.size(), 9);
    let words = sekong(["witness", "status", "--data", arg(&witness.folder())]).exits(0).stdout;
    assert!(words.contains("example.com/log: 9 entries under"), "{words}");
}

/// Of many heads that all extend the same one, at once, exactly one is signed; the others are told so.
#[test]
fn of_forks_that_race_one_is_signed() {
    const CLIENTS: u64 = 24;
    let witness = Witness::new();
    let running = witness.serve();
    let mut agreed = Tree::new();
    for round in 0..6 {
        let (old, start) = (agreed.size(), Barrier::new(CLIENTS as usize));
        let race = |client: u64| {
            let mut fork = agreed.clone();
            grow(&mut fork, 1 + client % 5, 1_000 * round + client);
            let (agent, body) = (agent(), request(&fork, old, fork.size()));
            start.wait();
            (try_post(&agent, &running.address, body.as_bytes()).unwrap(), fork)
        };
        let outcomes: Vec<(Said, Tree)> = thread::scope(|scope| {
            let race = &race;
            let running: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || race(client))).collect();
            running.into_iter().map(|client| client.join().unwrap()).collect()
        });
        let (signed, refused): (Vec<_>, Vec<_>) =
            outcomes.into_iter().partition(|(said, _)| said.status == 200);
        let [(_, winner)] = &signed[..] else { panic!("{} views were signed", signed.len()) };
        assert!(
            refused.iter().all(|(said, _)| said.size() == winner.size()),
            "{refused:?}",
            refused = refused.len()
        );
        agreed = winner.clone();
    }
    assert_eq!(witness.size(), agreed.size());
}

/// Submits ever longer heads of a tree until nobody answers; gives the sizes that were signed.
fn hammer(base: &str, tree: &Tree) -> Vec<u64> {
    let (agent, mut old, mut signed) = (agent(), 0, Vec::new());
    for _ in 0..100_000 {
        let size = (old + 1).min(tree.size());
        let Ok(said) = try_post(&agent, base, request(tree, old, size).as_bytes()) else { break };
        match said.status {
            200 => {
                signed.push(size);
                old = size;
            }
            409 => old = said.size(),
            422 => old = 0,
            _ => panic!("{said:?}"),
        }
    }
    signed
}

#[test]
fn killed_in_the_middle_it_goes_back_over_nothing_that_it_signed() {
    let witness = Witness::new();
    let forks = [tree(3_000, 0), tree(3_000, 1)];
    let mut signed = [Vec::new(), Vec::new()];
    let mut seen = 0;
    for round in 0..8_u64 {
        let running = witness.serve();
        let base = running.address.clone();
        thread::scope(|scope| {
            let clients: Vec<_> = (0..4_usize)
                .map(|client| {
                    (
                        client % 2,
                        scope.spawn({
                            let (base, forks) = (&base, &forks);
                            move || hammer(base, &forks[client % 2])
                        }),
                    )
                })
                .collect();
            thread::sleep(Duration::from_millis(120 + 37 * round));
            // Stepped kills with SIGKILL.
            drop(running);
            clients.into_iter().for_each(|(fork, client)| signed[fork].extend(client.join().unwrap()));
        });
        let (before, most) = (seen, signed.iter().flatten().max().copied().unwrap_or(0));
        seen = witness.size();
        assert!(
            most <= seen && before <= seen,
            "it remembers {seen}, signed {most} and remembered {before} before"
        );
    }
    let [one, other] = signed.map(|sizes| sizes.len());
    assert!(
        20 < one.max(other) && one.min(other) == 0,
        "one history alone was signed: {one} and {other} heads"
    );
}

#[test]
fn a_folder_that_is_not_as_it_was_signs_nothing() {
    let witness = Witness::new();
    let log = log_of(ORIGIN).verifier().to_string();
    let running = witness.serve();
    assert_eq!(post(&running.address, request(&tree(5, 0), 0, 5)).status, 200);
    witness.refuses(&["--log", &log]).exits(1).says(&["another sekong serves", "one process signs"]);
    drop(running);

    let other = SigningKey::from_seed(ORIGIN, KeyKind::Ed25519, &[9; 32]).unwrap().verifier().to_string();
    witness.refuses(&["--log", &other]).exits(1).says(&["followed with another key", "keeps its key"]);
    witness.refuses(&["--log", &log, "--log", &log]).exits(2).says(&["is given twice"]);
    let cosigner = witness.key().to_string();
    witness.refuses(&["--log", &cosigner]).exits(2).says(&["is of type 0x04", "log.vkey"]);
    witness.refuses(&[]).exits(2);

    let seen = witness.folder().join("seen.json");
    let kept = fs::read_to_string(&seen).unwrap();
    fs::write(&seen, kept.replace(&cosigner, &key_of_another())).unwrap();
    witness.refuses(&["--log", &log]).exits(1).says(&["the memory of another witness", "make a new witness"]);
    fs::write(&seen, &kept[..kept.len() / 2]).unwrap();
    witness.refuses(&["--log", &log]).exits(1).says(&["seen.json cannot be read"]);
    fs::remove_file(&seen).unwrap();
    witness.refuses(&["--log", &log]).exits(1).says(&["seen.json is missing", "newest copy"]);
    fs::write(&seen, kept).unwrap();
    assert_eq!(witness.size(), 5);
    sekong(["witness", "status", "--data", arg(witness.kept.path())])
        .exits(2)
        .says(&["is not a witness's folder"]);
}

fn key_of_another() -> String {
    SigningKey::from_seed(NAME, KeyKind::CosignatureV1, &[5; 32]).unwrap().verifier().to_string()
}

#[test]
fn its_clock_may_not_run_backwards() {
    let witness = Witness::new();
    let log = log_of(ORIGIN).verifier().to_string();
    let at =
        |clock: &str| Stepped::run(command(witness.args(&["--log", &log, "--demo-clock", clock, "--steps"])));
    let mut running = at("2017-01-08T00:00:00Z,0");
    let tree = tree(9, 0);
    assert_eq!(post(&running.address, request(&tree, 0, 5)).status, 200);
    drop(running);
    running = at("2017-01-07T23:59:59Z,0");
    let said = post(&running.address, request(&tree, 5, 9));
    assert_eq!(said.status, 503);
    assert!(
        said.body
            .contains("the clock says 2017-01-07T23:59:59Z, the last cosignature was given at 2017-01-08"),
        "{said:?}"
    );
    running.step("2017-01-08T00:00:00Z".parse().unwrap());
    assert_eq!(post(&running.address, request(&tree, 5, 9)).status, 200);
    drop(running);
    witness.refuses(&["--log", &log, "--demo-clock", "2017-01-08T07:00,1"]).exits(2);
}

#[test]
fn what_it_is_made_of_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("w");
    let init = |name: &str, url: &str| {
        sekong(["witness", "init", "--name", name, "--url", url, "--data", arg(&data)])
    };
    init("two words", URL).exits(2).says(&["--name", "without spaces"]);
    init("w", "https://w.example").exits(2).says(&["http://HOST:PORT"]);
    let said = init("w", URL).exits(0).stdout;
    assert!(said.starts_with("w+") && said.contains("witness.json"), "{said}");
    init("w", URL).exits(2).says(&["is not empty"]);
    let public: Value =
        serde_json::from_str(&fs::read_to_string(data.join("witness.json")).unwrap()).unwrap();
    assert_eq!(public["url"], URL);
    assert_private(&data.join("secret.json"));
}

fn assert_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
}

/// A campaign takes as many witnesses as it has cosigners, each with a name and a key of its own.
#[test]
fn a_campaign_is_founded_with_witnesses_that_are_different() {
    let (witness, folder) = (Witness::new(), tempfile::tempdir().unwrap());
    let (file, data) = (witness.folder().join("witness.json"), folder.path().join("data"));
    let campaign = crate::data::shipped();
    let init = |files: &[&Path]| {
        let mut args = vec!["init", arg(&campaign), "--data", arg(&data)];
        files.iter().for_each(|file| args.extend(["--witness", arg(file)]));
        sekong(args)
    };
    init(&[&file, &file]).exits(2).says(&["witness.example/w1 has the name or the key of another cosigner"]);
    init(&[file.as_path(); 4]).exits(2).says(&["4 files, the campaign has 3 cosigners"]);
    let bent = folder.path().join("bent.json");
    let log = log_of(ORIGIN).verifier().to_string();
    fs::write(&bent, format!("{{\"key\":\"{log}\",\"url\":\"{URL}\"}}")).unwrap();
    init(&[&bent]).exits(2).says(&["is no cosigner's key", "sekong witness init"]);
    fs::write(&bent, "{}").unwrap();
    init(&[&bent]).exits(1).says(&["bent.json cannot be read", "sekong witness init"]);
    assert!(!data.exists() || fs::read_dir(&data).unwrap().next().is_none());
    init(&[&file]).exits(0);
    let keys = fs::read_to_string(data.join("keys/cosigners.vkey")).unwrap();
    assert_eq!((keys.lines().count(), keys.lines().last()), (3, Some(witness.key().to_string().as_str())));
    let serve =
        ["serve", "--data", arg(&data), "--listen", "127.0.0.1:0", "--witness", "w2=http://127.0.0.1:9"];
    sekong(serve).exits(2).says(&["no witness w2", "witness.example/w1"]);
}
