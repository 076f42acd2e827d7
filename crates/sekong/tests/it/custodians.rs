//! `sekong custodian`, and what others make of its files: what they say, what they refuse, what a loss leaves.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::data::{Data, arg, copy, files, shipped};
use crate::run::{Run, command, sekong};

const IDS: [&str; 5] = ["court", "ombudsman", "customs", "inspectorate", "university"];
const DIGITS: &str = "35142612455136421563241526354123665142351624351624";

/// What is done to a file.
type Change = fn(&mut Value);

/// Custodians' folders beside each other, and what they commit to.
struct Ceremony {
    kept: tempfile::TempDir,
}

impl Ceremony {
    fn of(ids: &[&str]) -> Ceremony {
        let ceremony = Ceremony { kept: tempfile::tempdir().unwrap() };
        for id in ids {
            let folder = ceremony.at(id);
            sekong(["custodian", "init", arg(&shipped()), "--id", id, "--data", arg(&folder)]).exits(0);
            ceremony.commit(id);
        }
        ceremony
    }

    fn at(&self, name: &str) -> PathBuf {
        self.kept.path().join(name)
    }

    fn commit(&self, id: &str) {
        let file = self.at(&format!("{id}.json"));
        sekong(["custodian", "commit", "--data", arg(&self.at(id)), "--out", arg(&file)]).exits(0);
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
        let path = self.at(name);
        let mut value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        change(&mut value);
        fs::write(&path, value.to_string()).unwrap();
        path
    }

    /// Founds a campaign in `data` with these custodians' files.
    fn found(&self, data: &str, ids: &[&str], more: &[&str]) -> Run {
        let data = self.at(data);
        let mut args =
            vec!["init".to_owned(), arg(&shipped()).to_owned(), "--data".into(), arg(&data).into()];
        for id in ids {
            args.extend(["--custodian".to_owned(), arg(&self.at(&format!("{id}.json"))).to_owned()]);
        }
        sekong(args.into_iter().chain(more.iter().map(|more| (*more).to_owned())))
    }

    fn serve(&self, id: &str, centre: &Path, more: &[&str]) -> Run {
        sekong(serving(&self.at(id), centre).into_iter().chain(more.iter().map(|more| (*more).to_owned())))
    }
}

fn serving(folder: &Path, centre: &Path) -> Vec<String> {
    let args =
        ["custodian", "serve", "--listen", "127.0.0.1:0", "--data", arg(folder), "--centre", arg(centre)];
    args.map(str::to_owned).to_vec()
}

/// Serves until it says where it listens, then ends it.
fn serves(folder: &Path, centre: &Path, more: &[&str]) -> (String, String) {
    let mut command = command(serving(folder, centre).iter().map(String::as_str).chain(more.iter().copied()));
    let mut child: Child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    let told = child.wait_with_output().unwrap();
    (line, String::from_utf8(told.stderr).unwrap())
}

#[test]
fn pinned_custodians_tell_a_centre_that_founded_itself_with_its_own() {
    let (true_ones, own) = (Ceremony::of(&IDS), Ceremony::of(&IDS));
    own.found("data", &IDS, &[]).exits(0);
    let data = own.at("data");
    let words = sekong(["verify", arg(&data)]).exits(0).stdout;
    assert!(words.contains("custodians were taken from the log itself"), "{words}");
    assert!(words.contains("custodian court: key ") && words.contains("taken from the log\n"), "{words}");
    let pins = |ceremony: &Ceremony, ids: &[&str]| {
        let files = ids.iter().map(|id| arg(&ceremony.at(&format!("{id}.json"))).to_owned());
        files.flat_map(|file| ["--custodian".to_owned(), file]).collect::<Vec<_>>()
    };
    let verify = |pins: Vec<String>, more: &[&str]| {
        let verify = ["verify", arg(&data)].into_iter().chain(more.iter().copied()).map(str::to_owned);
        sekong(verify.chain(pins))
    };
    let caught = verify(pins(&true_ones, &IDS), &["--json"]).exits(3).says(&["custodian.pinned", "court"]);
    let caught = caught.json();
    let faults = caught["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 5, "{caught}");
    for id in IDS {
        assert!(faults.iter().any(|fault| fault["detail"].as_str().unwrap().starts_with(id)), "{caught}");
    }
    let words = verify(pins(&own, &IDS), &[]).exits(0).stdout;
    assert!(words.contains("as was given") && !words.contains("taken from the log"), "{words}");
    let some = verify(pins(&own, &["court", "customs"]), &["--json"]).exits(0).json();
    let pinned = some["custodians"].as_array().unwrap().iter().filter(|one| one["pinned"] == true);
    assert_eq!(pinned.count(), 2, "{some}");
    assert_eq!(some["custodians"][0]["key"].as_str().unwrap().len(), 64, "{some}");
    verify(pins(&own, &["court", "court"]), &[]).exits(2).says(&["court is given twice"]);
}

#[test]
fn a_campaign_is_founded_with_each_custodian_once_or_not_at_all() {
    let ceremony = Ceremony::of(&IDS);
    let gone = || assert!(!ceremony.at("data").exists());
    ceremony.found("data", &IDS[1..], &[]).exits(2).says(&["the file of court is missing"]);
    gone();
    let twice: Vec<&str> = IDS.into_iter().chain(["customs"]).collect();
    ceremony.found("data", &twice, &[]).exits(2).says(&["customs is given twice"]);
    gone();
    fs::copy(ceremony.at("court.json"), ceremony.at("nobody.json")).unwrap();
    ceremony.edit("nobody.json", |file| file["commitment"]["custodian"] = "nobody".into());
    let more: Vec<&str> = IDS.into_iter().chain(["nobody"]).collect();
    ceremony.found("data", &more, &[]).exits(2).says(&["the campaign has no custodian nobody"]);
    gone();
    // One secret under two names.
    ceremony.edit("court/secret.json", |secret| secret["custodian"] = "ombudsman".into());
    fs::remove_file(ceremony.at("ombudsman.json")).unwrap();
    fs::rename(ceremony.at("ombudsman"), ceremony.at("its-own")).unwrap();
    copy(&ceremony.at("court"), &ceremony.at("ombudsman"));
    ceremony.commit("ombudsman");
    ceremony.found("data", &IDS, &[]).exits(2).says(&["court and ombudsman have one secret"]);
    gone();
    fs::remove_dir_all(ceremony.at("ombudsman")).unwrap();
    fs::rename(ceremony.at("its-own"), ceremony.at("ombudsman")).unwrap();
    fs::remove_file(ceremony.at("ombudsman.json")).unwrap();
    ceremony.commit("ombudsman");
    // What fails when the folder is there already leaves it empty for the next try.
    let nobody = format!("nobody={}", "1".repeat(64));
    ceremony.found("data", &IDS, &["--officer", &nobody]).exits(1);
    assert!(files(&ceremony.at("data")).is_empty(), "{:?}", files(&ceremony.at("data")));
    ceremony.found("data", &IDS, &[]).exits(0);
    let data = ceremony.at("data");
    let dice =
        |method| sekong(["dice", "public", "--data", arg(&data), "--digits", DIGITS, "--method", method]);
    dice("").exits(2).says(&["--method"]);
    dice("on film").exits(0);
    let serve = |custodians: &[&str]| {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--data", arg(&data)];
        custodians.iter().for_each(|custodian| args.extend(["--custodian", custodian]));
        sekong(args)
    };
    serve(&["nobody=127.0.0.1:9"]).exits(2).says(&["the campaign has no custodian nobody", "court"]);
    serve(&["court=127.0.0.1:9", "court=127.0.0.1:8"]).exits(2).says(&["court is given twice"]);
    serve(&["court=127.0.0.1:9"]).exits(2).says(&["where does ombudsman listen?"]);
}

#[test]
fn dice_that_were_seen_in_public_are_held_against_the_log() {
    let ceremony = Ceremony::of(&IDS);
    ceremony.found("data", &IDS, &[]).exits(0);
    let data = ceremony.at("data");
    let verify = |digits: &str| sekong(["verify", arg(&data), "--json", "--public-dice", digits]);
    verify(DIGITS).exits(3).says(&["dice.pinned", "the log has no public dice"]);
    sekong(["dice", "public", "--data", arg(&data), "--digits", DIGITS, "--method", "on film"]).exits(0);
    let held = verify(DIGITS).exits(0).json();
    assert_eq!(held["rests_on"]["public_dice_given"], true, "{held}");
    let other = DIGITS.replacen('3', "4", 1);
    let caught = verify(&other).exits(3).json();
    assert_eq!(caught["faults"].as_array().unwrap().len(), 1, "{caught}");
    assert_eq!(caught["faults"][0]["rule"], "dice.pinned", "{caught}");
}

#[test]
fn a_centres_file_that_nobody_can_serve_by_binds_nobody() {
    let ceremony = Ceremony::of(&IDS);
    ceremony.found("data", &IDS, &[]).exits(0);
    ceremony.found("other", &IDS, &[]).exits(0);
    let good = ceremony.at("data/keys/centre.json");
    let bad = |change: Change| {
        fs::copy(&good, ceremony.at("bad.json")).unwrap();
        ceremony.edit("bad.json", change)
    };
    let attacks: [(Change, &str); 6] = [
        (|file| file["log"] = "garbage".into(), "log"),
        (|file| file["log"] = file["cosigners"][0].clone(), "log is no key that signs heads"),
        (|file| file["cosigners"] = Value::Array(Vec::new()), "the campaign needs "),
        (|file| file["cosigners"] = vec!["garbage"].into(), "cosigners"),
        (|file| file["line"] = "0".repeat(64).into(), "line"),
        (|file| file["campaign"] = "another".into(), "another campaign"),
    ];
    for (change, said) in attacks {
        let run = ceremony.serve("court", &bad(change), &[]);
        assert!((1..=2).contains(&run.code), "{}", run.stderr);
        run.says(&[said, "help:"]);
        assert!(!ceremony.at("court/centre.json").exists(), "{said}");
    }
    let (told, _) = serves(&ceremony.at("court"), &good, &[]);
    assert!(told.starts_with("listening on 127.0.0.1:") && !told.contains("http"), "{told}");
    let other = ceremony.at("other/keys/centre.json");
    ceremony.serve("court", &other, &[]).exits(1).says(&[
        "is not the centre",
        "court/centre.json",
        "remove it",
    ]);
    fs::remove_file(ceremony.at("court/centre.json")).unwrap();
    serves(&ceremony.at("court"), &other, &[]);
}

#[test]
fn a_secret_is_not_served_without_its_own_vault() {
    let ceremony = Ceremony::of(&IDS);
    ceremony.found("data", &IDS, &[]).exits(0);
    let centre = ceremony.at("data/keys/centre.json");
    let vault = ceremony.at("court/vault.db");
    // Another custodian's vault; a file of something else; none.
    fs::rename(&vault, ceremony.at("kept.db")).unwrap();
    let refused = |said: &str| {
        ceremony.serve("court", &centre, &[]).exits(1).says(&[said, "court/vault.db", "put back"]);
        sekong(["custodian", "status", "--data", arg(&ceremony.at("court"))])
            .exits(1)
            .says(&[said, "court/vault.db"]);
    };
    fs::copy(ceremony.at("customs/vault.db"), &vault).unwrap();
    refused("is not the vault of this secret");
    fs::write(&vault, "noise").unwrap();
    refused("cannot be used");
    fs::copy(ceremony.at("data/sekong.db"), &vault).unwrap();
    refused("cannot be used");
    for name in ["court/vault.db", "court/vault.db-wal", "court/vault.db-shm"] {
        let _ = fs::remove_file(ceremony.at(name));
    }
    refused("is missing");
    // The old secret in a new folder: its vault is another.
    sekong(["custodian", "init", arg(&shipped()), "--id", "court", "--data", arg(&ceremony.at("new"))])
        .exits(0);
    fs::copy(ceremony.at("court/secret.json"), ceremony.at("new/secret.json")).unwrap();
    ceremony.serve("new", &centre, &[]).exits(1).says(&["is not the vault of this secret"]);
    // Whoever has lost it for good says so, once.
    let (told, warned) = serves(&ceremony.at("court"), &centre, &["--vault-lost"]);
    assert!(told.starts_with("listening on ") && warned.contains("has forgotten what it froze"), "{warned}");
    ceremony.serve("court", &centre, &["--vault-lost"]).exits(2).says(&["is not lost"]);
    serves(&ceremony.at("court"), &centre, &[]);
}

#[test]
fn an_outage_of_nothing_is_not_signed() {
    let ceremony = Ceremony::of(&["court"]);
    let outage = |from: &str, until: &str| {
        let court = ceremony.at("court");
        sekong(["custodian", "outage", "--data", arg(&court), "--from", from, "--until", until])
    };
    for (from, until) in [
        ("2017-02-01T02:00:00Z", "2017-02-01T02:00:00Z"),
        ("2017-02-01T02:00:00.5Z", "2017-02-01T02:00:00.9Z"),
        ("2017-02-01T03:00:00Z", "2017-02-01T02:00:00Z"),
        ("2037-02-01T02:00:00Z", "2037-02-01T03:00:00Z"),
    ] {
        outage(from, until).exits(2).prints_nothing().says(&["no value is due", "the campaign ends at"]);
    }
    outage("2017-02-01T02:00:00Z", "2017-02-01T03:00:00Z").exits(0);
}

#[test]
fn what_a_custodian_exports_is_held_against_the_log() {
    let ceremony = Ceremony::of(&IDS);
    ceremony.found("data", &IDS, &[]).exits(0);
    let (data, file) = (ceremony.at("data"), ceremony.at("released.json"));
    sekong(["custodian", "export", "--data", arg(&ceremony.at("court")), "--out", arg(&file)]).exits(0);
    let verify = || sekong(["verify", arg(&data), "--released", arg(&file), "--json"]);
    let verdict = verify().exits(0).json();
    assert_eq!(verdict["disputes"], Value::Array(Vec::new()), "{verdict}");
    assert_eq!(verdict["rests_on"]["released"][0]["releases"], 0, "nothing was shown: {verdict}");
    ceremony.edit("released.json", |shown| shown["campaign"] = "another".into());
    verify().exits(2).says(&["released.json", "proves nothing", "another"]);
    fs::write(&file, "noise").unwrap();
    verify().exits(2).says(&["released.json", "sekong custodian export"]);
}

#[test]
fn a_command_whose_errors_nobody_hears_ends_with_its_own_code() {
    let data = Data::absent();
    let args = ["verify", arg(&data.path)];
    let mut child = command(args).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
}
