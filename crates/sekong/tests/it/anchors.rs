//! `sekong anchor` with a scratch log as the second log: any log of C2SP `tlog-tiles`, whose entries nobody looks at.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use sekong_log::{Checkpoint, KeyKind, SigningKey, TileKind, Tree, leaf_hash, tile_bytes, tiles_of};
use serde_json::Value;

use crate::data::{Data, arg, copy, files, shipped};
use crate::run::{Run, command, sekong};
use crate::stepped::Stepped;

const ORIGIN: &str = "inspectorate.example/conduct";

fn log_key(seed: u8) -> SigningKey {
    SigningKey::from_seed(ORIGIN, KeyKind::Ed25519, &[seed; 32]).unwrap()
}

/// The key of a cosigner that has signed nothing, as a line.
fn absent_cosigner() -> String {
    let key = SigningKey::from_seed("sekong/absent", KeyKind::CosignatureV1, &[5; 32]).unwrap();
    format!("{}\n", key.verifier())
}

/// A campaign that anchors a scratch log, its centre, and the keeper's folder.
struct Anchoring {
    kept: tempfile::TempDir,
    centre: Option<Stepped>,
    now: Timestamp,
}

impl Anchoring {
    /// Founded and served, its clock some hours ahead of the machine's, so that it can be stepped.
    fn new() -> Anchoring {
        let kept = tempfile::tempdir().unwrap();
        let mut anchoring = Anchoring { kept, centre: None, now: Timestamp::UNIX_EPOCH };
        let made = anchoring.init("northeast-2017").exits(0);
        let campaign = anchoring.at("campaign");
        copy(&shipped(), &campaign);
        let toml = campaign.join("campaign.toml");
        fs::write(&toml, fs::read_to_string(&toml).unwrap() + "\n" + &made.stdout).unwrap();
        sekong(["init", arg(&campaign), "--data", arg(&anchoring.at("data"))]).exits(0);
        let founded = sekong(["verify", arg(&anchoring.at("data")), "--json"]).exits(0).json();
        let founded: Timestamp = founded["cosignatures"][0]["time"].as_str().unwrap().parse().unwrap();
        anchoring.now = founded + SignedDuration::from_hours(1);
        anchoring.serve();
        anchoring.publish(3, 0);
        anchoring
    }

    fn at(&self, name: &str) -> PathBuf {
        self.kept.path().join(name)
    }

    fn init(&self, campaign: &str) -> Run {
        let key = log_key(6).verifier().to_string();
        let folder = self.at("anchor");
        let args = ["anchor", "init", "--campaign", campaign, "--id", "conduct", "--title", "Conduct cases"];
        sekong(args.iter().chain(&["--log", &key, "--data", arg(&folder)]))
    }

    fn serve(&mut self) {
        let (clock, data) = (format!("{},0", self.now), self.at("data"));
        let args = [
            "serve",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--demo-clock",
            &clock,
            "--steps",
            "--data",
            arg(&data),
        ];
        self.centre = Some(Stepped::run(command(args)));
    }

    fn step(&mut self, hours: i64) {
        self.now += SignedDuration::from_hours(hours);
        self.centre.as_mut().unwrap().step(self.now);
    }

    fn address(&self) -> String {
        self.centre.as_ref().unwrap().address.clone()
    }

    /// Writes the scratch log as of so many entries, signed with its key; another salt makes other entries.
    fn publish(&self, size: u64, salt: u64) {
        self.publish_by(&log_key(6), size, salt);
    }

    fn publish_by(&self, key: &SigningKey, size: u64, salt: u64) {
        let folder = self.at("scratch");
        let _ = fs::remove_dir_all(&folder);
        let mut tree = Tree::new();
        (0..size).for_each(|entry| tree.push(leaf_hash(&[entry.to_be_bytes(), salt.to_be_bytes()].concat())));
        for path in tiles_of(size).iter().filter(|path| path.kind() == TileKind::Hashes { level: 0 }) {
            let file = folder.join(path.to_string());
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, tile_bytes(&tree, path).unwrap()).unwrap();
        }
        let head = Checkpoint { origin: ORIGIN.to_owned(), size, root: tree.root() };
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("checkpoint"), head.sign(key).unwrap().to_string()).unwrap();
    }

    fn post(&self) -> Run {
        let (data, log, centre) = (self.at("anchor"), self.at("scratch"), self.address());
        sekong([
            "anchor",
            "post",
            "--demo-clock",
            "--data",
            arg(&data),
            "--log",
            arg(&log),
            "--centre",
            &centre,
        ])
    }

    fn export(&self) -> PathBuf {
        let (data, out) = (self.at("anchor"), self.at("shown.json"));
        let _ = fs::remove_file(&out);
        sekong(["anchor", "export", "--data", arg(&data), "--out", arg(&out)]).exits(0);
        out
    }

    /// What an auditor with the campaign's folder finds.
    fn check(&self, shown: &Path) -> Run {
        let (data, log) = (self.at("data"), self.at("scratch"));
        let now = self.now.to_string();
        sekong([
            "anchor",
            "check",
            arg(&data),
            "--shown",
            arg(shown),
            "--log",
            arg(&log),
            "--now",
            &now,
            "--json",
        ])
    }
}

/// Whether some file under a folder holds these bytes.
fn holds(folder: &Path, bytes: &str) -> bool {
    files(folder).iter().any(|name| {
        // What a running centre has moved or replaced meanwhile stands under another name.
        let read = fs::read(folder.join(name)).unwrap_or_default();
        read.windows(bytes.len()).any(|window| window == bytes.as_bytes())
    })
}

#[test]
fn an_anchored_log_shows_nothing_until_it_is_opened_and_cannot_be_rewritten_then() {
    let mut anchoring = Anchoring::new();
    anchoring.post().exits(0);
    let head = fs::read_to_string(anchoring.at("scratch/checkpoint")).unwrap();
    anchoring.post().exits(0);
    anchoring.step(1);
    anchoring.publish(300, 0);
    anchoring.post().exits(0);
    let root = head.lines().nth(2).unwrap();
    assert!(holds(&anchoring.at("anchor"), root), "the keeper has it");
    assert!(!holds(&anchoring.at("data"), root), "the campaign's log does not show it");

    anchoring.publish(700, 0);
    let shown = anchoring.export();
    let found: Value = anchoring.check(&shown).exits(0).json();
    assert_eq!((&found["anchored"], &found["held"], &found["size"]), (&2.into(), &2.into(), &300.into()));
    let words = sekong(["verify", arg(&anchoring.at("data")), "--now", &anchoring.now.to_string()]).exits(0);
    assert!(words.stdout.contains("conduct was anchored for 2 hours"), "{}", words.stdout);

    anchoring.publish(700, 1);
    anchoring.check(&shown).exits(3).says(&["2 anchors do not hold", "anchor.continues", "rewritten"]);
    anchoring.publish(200, 0);
    anchoring.check(&shown).exits(3).says(&["1 anchors do not hold", "first 300 entries"]);
    anchoring.publish(700, 0);
    let mut file: Value = serde_json::from_str(&fs::read_to_string(&shown).unwrap()).unwrap();
    file["openings"].as_array_mut().unwrap().remove(0);
    fs::write(&shown, file.to_string()).unwrap();
    anchoring.check(&shown).exits(3).says(&["anchor.opened", "not shown"]);
    let tile = anchoring.at("scratch/tile/0/000");
    let mut bytes = fs::read(&tile).unwrap();
    bytes[0] ^= 1;
    fs::write(&tile, bytes).unwrap();
    anchoring.check(&shown).exits(3).says(&["checkpoint", "root"]);
}

#[test]
fn what_cannot_be_anchored_is_refused_before_anything_is_sent() {
    let anchoring = Anchoring::new();
    anchoring.init("northeast-2017").exits(2).says(&["is not empty"]);
    anchoring.publish_by(&log_key(7), 3, 0);
    anchoring.post().exits(1).says(&["checkpoint", "help:", ORIGIN]);
    fs::remove_file(anchoring.at("scratch/checkpoint")).unwrap();
    anchoring.post().exits(1).says(&["checkpoint"]);
    anchoring.publish(3, 0);
    let secret = anchoring.at("anchor/secret.json");
    let own = fs::read_to_string(&secret).unwrap();
    fs::write(&secret, own.replace("northeast-2017", "northwest-2018")).unwrap();
    anchoring.post().exits(2).says(&["is the centre of northeast-2017", "northwest-2018"]);
    fs::write(&secret, own.replace("\"key\": \"", "\"key\": \"z")).unwrap();
    anchoring.post().exits(1).says(&["secret.json, key"]);
    fs::write(&secret, own).unwrap();
    assert_eq!(fs::read_dir(anchoring.at("anchor/openings")).unwrap().count(), 0, "nothing was begun");
    let (data, log) = (anchoring.at("anchor"), anchoring.at("scratch"));
    let nowhere = sekong([
        "anchor",
        "post",
        "--data",
        arg(&data),
        "--log",
        arg(&log),
        "--centre",
        "http://127.0.0.1:1",
    ]);
    nowhere.exits(1).says(&["help:"]);
    let absent = Data::absent();
    sekong(["anchor", "export", "--data", arg(&absent.path), "--out", "x"])
        .exits(2)
        .says(&["sekong anchor init"]);
    anchoring.post().exits(0);
}

#[test]
fn a_crash_between_the_opening_and_the_answer_loses_neither() {
    let mut anchoring = Anchoring::new();
    anchoring.post().exits(0);
    let kept = || fs::read_dir(anchoring.at("anchor/openings")).unwrap().count();
    assert_eq!(kept(), 1);
    // As a crash while an opening was written leaves it; it was never sent.
    fs::write(anchoring.at("anchor/next.json"), "{\"day\":").unwrap();
    let before = files(&anchoring.at("anchor/openings"));
    anchoring.publish(5, 0);
    anchoring.post().exits(0);
    assert_eq!(files(&anchoring.at("anchor/openings")), before, "the same hour is anchored once");
    anchoring.step(1);
    anchoring.post().exits(0);
    let shown = anchoring.export();
    assert_eq!(anchoring.check(&shown).exits(0).json()["held"], 2);
    // A centre that falls and comes back finds the anchor that it has.
    anchoring.centre = None;
    anchoring.serve();
    anchoring.post().exits(0);
    assert_eq!(anchoring.check(&shown).exits(0).json()["anchored"], 2);
}

#[test]
fn an_anchor_is_proven_at_once_and_what_is_missing_or_stands_still_is_told() {
    let mut anchoring = Anchoring::new();
    let (data, log, centre) = (anchoring.at("anchor"), anchoring.at("scratch"), anchoring.address());
    let keys = |name: &str| fs::read_to_string(anchoring.at("data").join("keys").join(name)).unwrap();
    let file = anchoring.at("campaign.vkey");
    fs::write(&file, keys("log.vkey") + &keys("cosigners.vkey") + &keys("cosignatures")).unwrap();
    let args = [
        "anchor",
        "post",
        "--data",
        arg(&data),
        "--log",
        arg(&log),
        "--centre",
        &centre,
        "--key",
        arg(&file),
    ];
    sekong(args).exits(1).says(&["nothing was signed", "--demo-clock"]);
    let proven = sekong(args.iter().chain(&["--demo-clock"])).exits(0);
    assert!(proven.stdout.contains("proven to be entry"), "{}", proven.stdout);
    // Nor does a head that fewer signed than must.
    let signed = keys("cosigners.vkey").lines().count();
    fs::write(&file, keys("log.vkey") + &keys("cosigners.vkey") + &absent_cosigner()).unwrap();
    let more = |more: &[&str]| sekong(args.iter().chain(&["--demo-clock"]).chain(more));
    more(&[]).exits(3).says(&[&format!("{signed} of the {} cosigners", signed + 1), "--cosignatures"]);
    more(&["--cosignatures", &signed.to_string()]).exits(0);
    let all = keys("log.vkey") + &keys("cosigners.vkey") + &absent_cosigner();
    fs::write(&file, format!("{all}cosignatures {signed}\n")).unwrap();
    more(&[]).exits(3).says(&["--cosignatures"]);
    let now = anchoring.now.to_string();
    let of = anchoring.at("data");
    let verify = || sekong(["verify", arg(&of), "--key", arg(&file), "--now", &now, "--json"]);
    assert_eq!(verify().exits(0).json()["faults"], serde_json::json!([]));
    fs::write(&file, format!("{all}cosignatures {}\n", signed + 1)).unwrap();
    assert_eq!(verify().exits(3).json()["faults"][0]["rule"], "head.cosigned");
    // Keys of another campaign prove nothing.
    let other = Data::founded();
    let stranger = sekong(args[..9].iter().chain(&[arg(&other.key_file()), "--demo-clock"]));
    stranger.exits(3).says(&["the centre said that the anchor is entry"]);

    anchoring.step(5);
    anchoring.post().exits(0);
    anchoring.publish(20, 0);
    let never_sent = anchoring.at("anchor/openings/2017-01-01T03.json");
    let salt = "07".repeat(32);
    fs::write(
        never_sent,
        format!("{{\"day\":\"2017-01-01\",\"hour\":3,\"salt\":\"{salt}\",\"note\":\"x\"}}"),
    )
    .unwrap();
    let found = anchoring.check(&anchoring.export()).exits(0).json();
    let told = ["held", "size", "under_no_anchor", "longest_gap_hours", "standing_hours"]
        .map(|name| found[name].as_u64().unwrap());
    assert_eq!(told, [2, 3, 17, 5, 5]);
    assert_eq!(found["not_logged"], serde_json::json!([{ "day": "2017-01-01", "hour": 3 }]));
}
