//! The published log as an outsider judges it, with the Go team's own `sumdb/note` and `sumdb/tlog`: the true log holds,
//! and whatever is done to it, with the log's own keys too, is refused by place.

use std::fs;

use sekong_log::{KeyKind, SigningKey, encode_bundle, tiles_of};
use serde_json::Value;

use crate::data::{Data, arg, files, head_size};
use crate::forger::Forger;
use crate::go_program::go_verify;
use crate::run::sekong;
use crate::site::Site;
use crate::tampering::with_a_path_too_long;
use crate::week::shared_day;

/// Runs the outside verifier; gives its exit code, its verdict and what it said.
pub(crate) fn judged(args: &[&str]) -> (i32, Value, String) {
    let output = go_verify().args(args).env("NO_PROXY", "*").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let verdict = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().expect("it was not killed"), verdict, said)
}

impl Forger {
    /// Asserts that it is refused, first of all at this place and for this.
    #[track_caller]
    fn refused(&self, file: &str, entry: Option<usize>, fault: &str) {
        let (code, verdict, said) = judged(&[arg(&self.data.path)]);
        assert_eq!(code, 3, "{verdict}\n{said}");
        let first = &verdict["faults"][0];
        assert_eq!((&verdict["verified"], &first["file"]), (&false.into(), &file.into()), "{said}");
        assert_eq!(first["entry"].as_u64(), entry.map(|entry| entry as u64), "{said}");
        assert!(first["fault"].as_str().unwrap().contains(fault), "{said}");
        assert!(said.starts_with(file), "a fault is told in words, too: {said}");
    }
}

#[test]
fn the_go_teams_code_proves_the_log_and_every_entry() {
    let (code, verdict, said) = judged(&[arg(shared_day())]);
    assert_eq!((code, said.as_str()), (0, ""), "{verdict}");
    let forger = Forger::new();
    let (size, heads) = (forger.entries.len() as u64, verdict["quoted_heads"].as_u64().unwrap());
    assert_eq!((&verdict["verified"], &verdict["size"]), (&true.into(), &size.into()));
    assert_eq!(verdict["inclusion_proofs"], size);
    assert_eq!(verdict["cosigned"][0]["name"], "sekong/northeast-2017/cosigner-1");
    let tiles = tiles_of(size);
    assert_eq!(verdict["tiles"].as_u64().unwrap() + verdict["bundles"].as_u64().unwrap(), tiles.len() as u64);
    assert!(heads >= crate::data::quoted_heads(shared_day()).len() as u64, "{verdict}");
    assert!(verdict["devices"].as_u64().unwrap() > 1, "{verdict}");
}

#[test]
fn the_go_teams_code_proves_the_log_behind_an_address() {
    let forger = Forger::new();
    let keys = forger.data.key_file();
    let site = Site::of(&forger.data.path, [].into());
    let (code, there, said) = judged(&["-key", arg(&keys), &site.base()]);
    assert_eq!(code, 0, "{there}\n{said}");
    assert_eq!(there, judged(&[arg(shared_day())]).1);
    assert_eq!(judged(&[&site.base()]).0, 2, "keys that come from the address prove nothing");
    forger.change("tile/0/001", |tile| tile[40] ^= 1);
    let (code, verdict, _) = judged(&["-key", arg(&keys), &site.base()]);
    assert_eq!((code, &verdict["faults"][0]["file"]), (3, &"tile/0/001".into()), "{verdict}");
}

#[test]
fn a_log_that_was_published_anew_unchanged_holds() {
    let forger = Forger::new();
    forger.publish();
    let (code, verdict, said) = judged(&[arg(&forger.data.path)]);
    assert_eq!(code, 0, "what the other tests forge is all that is wrong with them: {verdict}\n{said}");
}

#[test]
fn a_flipped_leaf_is_named() {
    let forger = Forger::new();
    let at = forger.entries[..300].iter().skip(256).map(|entry| entry.len() + 2).sum::<usize>() + 30;
    forger.change("tile/entries/001", |bundle| bundle[at] ^= 1);
    forger.refused("tile/entries/001", Some(300), "not the one under the head");
}

#[test]
fn swapped_entries_are_named_in_the_bundle_and_under_a_new_root() {
    let mut forger = Forger::new();
    // Two neighbours of one device: the second names the first as the one before it.
    let device =
        |entry: &[u8]| String::from_utf8_lossy(entry).split("\"device\":").nth(1).unwrap()[..66].to_owned();
    let first = (0..).find(|&at| device(&forger.entries[at]) == device(&forger.entries[at + 1])).unwrap();
    forger.entries.swap(first, first + 1);
    let bundle = encode_bundle(&forger.entries[..256]).unwrap();
    forger.change("tile/entries/000", |bytes| *bytes = bundle);
    forger.refused("tile/entries/000", Some(first), "not the one under the head");
    forger.publish();
    forger.refused("tile/entries/000", Some(first), "gave number");
}

#[test]
fn a_changed_tile_is_named_full_partial_or_above() {
    let last = format!("tile/0/{:03}.p", head_size(&crate::data::checkpoint(shared_day())) / 256);
    let stale = files(&shared_day().join("log").join(&last)).pop().map(|width| format!("{last}/{width}"));
    for (file, at, entry) in [("tile/0/002", 64, Some(514)), ("tile/1/000.p/3", 64, None)] {
        let forger = Forger::new();
        forger.change(file, |tile| tile[at] ^= 0x80);
        forger.refused(file, entry, "hash");
    }
    let (forger, stale) = (Forger::new(), stale.unwrap());
    forger.change(&stale, |tile| tile[0] ^= 1);
    forger.refused(&stale, Some(forger.entries.len() / 256 * 256), "hash");
}

#[test]
fn missing_cut_and_foreign_files_are_named() {
    let forger = Forger::new();
    fs::remove_file(forger.data.path.join("log/tile/0/001")).unwrap();
    forger.refused("tile/0/001", None, "missing");
    let forger = Forger::new();
    forger.change("tile/entries/002", |bundle| bundle.truncate(bundle.len() - 1));
    forger.refused("tile/entries/002", None, "ends within");
    let forger = Forger::new();
    fs::write(forger.data.path.join("log/tile/0/00x"), "foreign").unwrap();
    forger.refused("tile/0/00x", None, "no file of this name");
    let forger = Forger::new();
    fs::write(forger.data.path.join("log/tile/0/900"), [0; 256 * 32]).unwrap();
    forger.refused("tile/0/900", None, "beyond the head");
}

#[test]
fn a_head_with_another_root_signed_by_the_logs_own_key_is_refused() {
    let mut forger = Forger::new();
    let note = |forger: &Forger| forger.head(&forger.tree());
    let size = forger.entries.len();
    forger.entries[size - 1].push(b' ');
    forger.data.set_checkpoint(&note(&forger));
    forger.refused("checkpoint", None, "the entries lead to");
    // A head that is honestly signed but longer than what is published.
    forger.entries.push(b"{}".to_vec());
    forger.data.set_checkpoint(&note(&forger));
    forger.refused(&forger.bundle(size), None, "missing");
}

#[test]
fn a_head_without_cosignature_or_signature_or_by_another_key_is_refused() {
    let forger = Forger::new();
    let note = forger.data.checkpoint();
    let lines: Vec<&str> = note.lines().collect();
    let kept = |without: usize| {
        let lines = lines.iter().enumerate().filter(|(at, _)| *at != without).map(|(_, line)| *line);
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    forger.data.set_checkpoint(&kept(lines.len() - 1));
    assert_eq!(judged(&[arg(&forger.data.path)]).0, 0, "two of three are what the campaign asks for");
    assert_eq!(judged(&["-cosigned", "3", arg(&forger.data.path)]).0, 3);
    let one: String = lines[..lines.len() - 2].iter().map(|line| format!("{line}\n")).collect();
    forger.data.set_checkpoint(&one);
    forger.refused("checkpoint", None, "1 of 3 cosigners signed, 2 must");
    forger.data.set_checkpoint(&kept(lines.len() - 4));
    forger.refused("checkpoint", None, "no signature by the log");
    let other = Data::founded();
    forger.data.set_checkpoint(&other.checkpoint());
    forger.refused("checkpoint", None, "note has no verifiable signatures");
    forger.data.set_checkpoint(&note.replacen(lines[1], "800", 1));
    forger.refused("checkpoint", None, "invalid signature");
}

/// Without the line of `keys/cosignatures` every cosigner must sign whose key is given.
#[test]
fn a_log_that_lacks_a_witness_holds_by_what_its_keys_say() {
    let data = Data::founded();
    let (keys, note) = (data.key_file(), data.checkpoint());
    let last = note.trim_end().rfind('\n').unwrap();
    data.set_checkpoint(&note[..=last]);
    let (code, _, said) = judged(&["-key", arg(&keys), arg(&data.path)]);
    assert_eq!(code, 0, "{said}");
    sekong(["verify", arg(&data.path), "--key", arg(&keys)]).exits(0);
    let lines = fs::read_to_string(&keys).unwrap();
    let bare = data.beside("bare.vkey", &lines[..lines.find("cosignatures ").unwrap()]);
    let (code, _, said) = judged(&["-key", arg(&bare), arg(&data.path)]);
    assert!(
        code == 3 && said.contains("2 of 3 cosigners signed, 3 must: without a line \"cosignatures N\""),
        "{said}"
    );
    let (_, _, said) = judged(&["-cosigned", "3", "-key", arg(&bare), arg(&data.path)]);
    assert!(said.ends_with("2 of 3 cosigners signed, 3 must\n"), "{said}");
}

#[test]
fn a_cosigner_that_is_given_twice_is_not_two() {
    let data = Data::founded();
    let keys = fs::read_to_string(data.key_file()).unwrap();
    let [log, first] = [0, 1].map(|at| keys.lines().nth(at).unwrap());
    let key = |name: &str, seed: u8| {
        SigningKey::from_seed(name, KeyKind::CosignatureV1, &[seed; 32]).unwrap().verifier().to_string()
    };
    for [one, other] in
        [[first.to_owned(), first.to_owned()], [key("one", 1), key("two", 1)], [key("one", 1), key("one", 2)]]
    {
        let file = data.beside("twice.vkey", format!("{log}\n{one}\n{other}\ncosignatures 1\n"));
        let (code, _, said) = judged(&["-key", arg(&file), arg(&data.path)]);
        assert!(code == 2 && said.contains("are the same key, or have the same name"), "{code}: {said}");
        let run = sekong(["verify", arg(&data.path), "--key", arg(&file)]);
        run.exits(3).says(&["are the same key, or have the same name"]);
    }
}

/// Names of files and words of entries come from whoever made the copy.
#[test]
fn no_name_in_a_copy_moves_the_readers_terminal() {
    let (data, name) = (Data::founded(), "tile/a\u{1b}[31m\u{9b}\u{7f}\u{202e}\nverified");
    fs::write(data.path.join("log").join(name), "").unwrap();
    let output = go_verify().arg(&data.path).output().unwrap();
    let [told, said] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    let seen =
        "tile/a\\u001b[31m\\u009b\\u007f\\u202e\\u000averified: no file of this name belongs to a log\n";
    assert_eq!(said, seen);
    assert!(!told.trim_end().contains(|c: char| c.is_control() || c == '\u{202e}'), "{told:?}");
    let verdict: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(verdict["faults"][0]["file"], name, "programs read the name itself");
}

/// Whoever copied it in must not silence the judge.
#[test]
fn a_path_that_is_too_long_is_a_fault_as_another() {
    let data = Data::founded();
    let deep = with_a_path_too_long(&data);
    let (code, verdict, _) = judged(&[arg(&data.path)]);
    assert_eq!((code, &verdict["faults"][0]["file"]), (3, &Value::from(deep)), "{verdict}");
}

#[test]
fn a_device_signature_forged_under_a_new_root_signed_by_the_log_is_named() {
    let mut forger = Forger::new();
    let report = forger.entry_with("\"kind\":\"inspection\"");
    forger.replace(report, "\"found\":", "\"found\":1");
    forger.publish();
    forger.refused(&forger.bundle(report), Some(report), "the signature of device");
}

#[test]
fn an_entry_left_out_or_said_twice_under_a_new_root_is_named() {
    let mut forger = Forger::new();
    let report = forger.entry_with("\"kind\":\"inspection\"");
    let again = forger.entries[report].clone();
    forger.entries.push(again);
    forger.publish();
    forger.refused(&forger.bundle(forger.entries.len() - 1), Some(forger.entries.len() - 1), "gave number");
    let mut forger = Forger::new();
    let plan = forger.entry_with("\"kind\":\"plan\"");
    forger.entries.remove(plan);
    forger.publish();
    let (code, verdict, _) = judged(&[arg(&forger.data.path)]);
    assert_eq!(code, 3);
    let faults = verdict["faults"].to_string();
    assert!(faults.contains("gave number") && faults.contains("the log does not extend it"), "{faults}");
}

#[test]
fn an_entry_in_another_spelling_is_named() {
    let mut forger = Forger::new();
    let last = forger.entries.len() - 1;
    forger.replace(last, "\"v\":1}", "\"v\":1.0}");
    forger.publish();
    forger.refused(&forger.bundle(last), Some(last), "RFC 8785");
}

#[test]
fn a_place_where_no_log_is_and_wrong_arguments_are_told_apart() {
    let data = Data::founded();
    assert_eq!(judged(&[]).0, 2);
    assert_eq!(judged(&[arg(&data.path.join("nowhere"))]).0, 2, "no keys");
    let key = data.key_file();
    assert_eq!(judged(&["-key", arg(&key), arg(&data.path.join("nowhere"))]).0, 3, "no checkpoint");
    let site = Site::of(&data.path, [].into());
    let gone = site.base();
    drop(site);
    assert_eq!(judged(&["-key", arg(&key), &gone]).0, 1);
}
