//! A record that was tampered with: each time `verify` exits 3 and names the file or the entry, and the rule.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use sekong_log::{Hash, Statement, TilePath};
use serde_json::Value;

use crate::data::{Data, arg, files, head_size, quoted_heads, statements};
use crate::run::{command, sekong};

impl Data {
    /// Verifies and expects a fault of this rule at this file or entry.
    #[track_caller]
    fn breaks(&self, rule: &str, at: impl Into<Value>) {
        let run = sekong(["verify", arg(&self.path), "--json"]).exits(3).says(&["not hold", "help:"]);
        let verdict = run.json();
        assert_eq!(verdict["verified"], false);
        let (at, faults) = (at.into(), verdict["faults"].as_array().unwrap());
        let named = |fault: &&Value| fault["rule"] == rule && (fault["file"] == at || fault["entry"] == at);
        assert!(faults.iter().any(|fault| named(&fault)), "no {rule} at {at} in {faults:#?}");
    }

    fn change(&self, file: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let path = self.path.join(file);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(path, bytes).unwrap();
    }

    fn flip(&self, file: &str, at: impl FnOnce(usize) -> usize) {
        self.change(file, |bytes| {
            let at = at(bytes.len());
            bytes[at] ^= 1;
        });
    }
}

#[test]
fn words_name_rule_and_place_and_how_many_more_there_are() {
    let data = Data::founded();
    fs::write(data.path.join("log/notes.txt"), "foreign").unwrap();
    let words = sekong(["verify", arg(&data.path)]).exits(3).says(&["notes.txt", "(log.unknown)"]).stdout;
    assert!(
        words.starts_with("notes.txt breaks log.unknown: no file of this name belongs to a log\n"),
        "{words}"
    );
    assert!(
        words.contains("(--key)") && words.contains("(--since)"),
        "a verdict says what it rests on: {words}"
    );
    (0..30).for_each(|n| fs::write(data.path.join(format!("log/{n}")), "foreign").unwrap());
    let words = sekong(["verify", arg(&data.path)]).exits(3).says(&["31 things do not hold"]).stdout;
    assert!(words.contains("\nand 11 more; --json lists all\n"), "{words}");
}

fn middle(length: usize) -> usize {
    length / 2
}

/// The first statement of a kind, with its entry.
fn first<T>(data: &Path, pick: impl Fn(Statement) -> Option<T>) -> (u64, T) {
    let picked = (0..).zip(statements(data)).find_map(|(entry, statement)| Some((entry, pick(statement)?)));
    picked.unwrap()
}

/// The first release's entry and the hash of its body.
fn release(data: &Path) -> (u64, Hash) {
    first(data, |statement| match statement {
        Statement::Release(release) => Some(release.values),
        _ => None,
    })
}

#[test]
fn a_flipped_byte_in_a_full_bundle_or_tile_is_found() {
    let data = Data::day();
    data.flip("log/tile/entries/000", middle);
    data.breaks("log.other-entry", "tile/entries/000");
    let data = Data::day();
    data.flip("log/tile/0/000", middle);
    data.breaks("log.tile-hash", 128);
    let data = Data::day();
    data.flip("log/tile/1/000.p/1", middle);
    data.breaks("log.tile-hash", "tile/1/000.p/1");
}

#[test]
fn a_flipped_byte_in_a_partial_bundle_or_tile_is_found() {
    let data = Data::founded();
    data.flip("log/tile/entries/000.p/7", middle);
    data.breaks("log.other-entry", "tile/entries/000.p/7");
    let data = Data::founded();
    data.flip("log/tile/0/000.p/7", |_| 5 * 32);
    data.breaks("log.tile-hash", 5);
}

#[test]
fn a_flipped_byte_anywhere_in_the_checkpoint_is_found() {
    let data = Data::founded();
    let good = data.checkpoint();
    for at in (0..good.len()).step_by(7) {
        data.flip("log/checkpoint", |_| at);
        let run = sekong(["verify", arg(&data.path), "--json"]).exits(3);
        assert_eq!(run.json()["faults"][0]["file"], "checkpoint", "byte {at}");
        data.set_checkpoint(&good);
    }
    sekong(["verify", arg(&data.path)]).exits(0);
}

#[test]
fn a_truncated_tile_is_found() {
    let data = Data::day();
    data.change("log/tile/0/000", |bytes| bytes.truncate(bytes.len() - 1));
    data.breaks("log.tile-length", "tile/0/000");
    let data = Data::day();
    data.change("log/tile/entries/000", |bytes| bytes.truncate(bytes.len() / 2));
    data.breaks("log.bundle", "tile/entries/000");
    let data = Data::founded();
    data.change("log/tile/entries/000.p/7", Vec::clear);
    data.breaks("log.bundle", "tile/entries/000.p/7");
}

#[test]
fn a_missing_file_of_the_log_is_found() {
    for file in ["checkpoint", "tile/0/000.p/7", "tile/entries/000.p/7"] {
        let data = Data::founded();
        fs::remove_file(data.path.join("log").join(file)).unwrap();
        data.breaks("log.missing", file);
    }
}

#[test]
fn an_older_head_in_place_of_the_newest_is_found() {
    let data = Data::day();
    let (heads, size) = (quoted_heads(&data.path), head_size(&data.checkpoint()));
    data.set_checkpoint(&heads[heads.len() / 2]);
    let partial = format!("tile/0/{:03}.p", size / 256);
    let newest = files(&data.path.join("log").join(&partial)).iter().map(|n| n.parse::<u64>().unwrap()).max();
    data.breaks("log.beyond-head", format!("{partial}/{}", newest.unwrap()));
}

#[test]
fn a_log_set_back_as_a_whole_is_older_than_its_store() {
    let data = Data::day();
    let older = quoted_heads(&data.path).pop().unwrap();
    let size = head_size(&older);
    assert!(256 < size && size < head_size(&data.checkpoint()));
    data.set_checkpoint(&older);
    for name in files(&data.path.join("log")) {
        if name.parse::<TilePath>().is_ok_and(|tile| !tile.is_within(size)) {
            fs::remove_file(data.path.join("log").join(name)).unwrap();
        }
    }
    data.breaks("head.newest", "checkpoint");
    for name in files(&data.path).iter().filter(|name| name.starts_with("sekong.db")) {
        fs::remove_file(data.path.join(name)).unwrap();
    }
    let verdict = sekong(["verify", arg(&data.path), "--json"]).json();
    assert!(!verdict.to_string().contains("head.newest"), "without a store nobody knows a newer head");
}

#[test]
fn a_foreign_file_in_the_log_is_named() {
    for file in ["notes.txt", "tile/0/000.p/07", "tile/entries/x000/000", "tile/64/000", "checkpoint.next"] {
        let data = Data::founded();
        let path = data.path.join("log").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "foreign").unwrap();
        data.breaks("log.unknown", file);
    }
}

#[test]
fn a_link_or_a_socket_in_the_log_is_foreign_and_is_not_followed() {
    let data = Data::founded();
    symlink(&data.path, data.path.join("log/back")).unwrap();
    data.breaks("log.unknown", "back");
    let data = Data::founded();
    let _socket = UnixListener::bind(data.path.join("log/socket")).unwrap();
    data.breaks("log.unknown", "socket");
    let data = Data::founded();
    let tile = data.path.join("log/tile/0/000.p/7");
    let away = data.beside("away", fs::read(&tile).unwrap());
    fs::remove_file(&tile).unwrap();
    symlink(away, &tile).unwrap();
    data.breaks("log.unknown", "tile/0/000.p/7");
}

/// Somebody's copy may hold any name, and any depth: neither writes on the terminal of whoever verifies it, nor ends in no verdict.
#[test]
fn a_name_that_would_write_on_the_terminal_and_a_path_that_is_too_long_are_faults_as_others() {
    let data = Data::founded();
    let evil = "a\u{1b}[2J\neverything holds: heads";
    fs::write(data.path.join("log").join(evil), "foreign").unwrap();
    let run = sekong(["verify", arg(&data.path)]).exits(3);
    for said in [&run.stdout, &run.stderr] {
        assert!(!said.contains('\u{1b}') && !said.contains("\neverything holds"), "{said:?}");
    }
    assert!(run.stdout.contains(r"a\u{1b}[2J\neverything holds"), "{}", run.stdout);
    let data = Data::founded();
    let deep = with_a_path_too_long(&data);
    data.breaks("log.unknown", deep);
}

/// Puts a folder into the log that no call reaches by its whole path.
pub(crate) fn with_a_path_too_long(data: &Data) -> String {
    let name = "d".repeat(250);
    let deep = vec![name.as_str(); 15].join("/");
    fs::create_dir_all(data.path.join("log").join(&deep)).unwrap();
    let folder = fs::File::open(data.path.join("log").join(&deep)).unwrap();
    let deeper = format!("{name}/{name}");
    for path in [&name, &deeper] {
        rustix::fs::mkdirat(&folder, path.as_str(), rustix::fs::Mode::RWXU).unwrap();
    }
    format!("{deep}/{deeper}")
}

/// On a terminal the lines have colours, and still nothing that somebody else wrote moves the cursor.
#[test]
fn what_went_wrong_is_told_in_colours_and_names_in_it_are_spelled_out() {
    let coloured = |args: &[&str]| {
        let mut command = command(args);
        let output = command.env_remove("NO_COLOR").env("FORCE_COLOR", "1").output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let said = coloured(&["verify", "/no\u{1b}[2Jwhere"]);
    assert!(said.contains("\u{1b}[") && said.contains(r"/no\u001b[2Jwhere"), "{said:?}");
    assert!(!said.contains("\u{1b}[2J") && !said.contains(r"\u001b[3"), "{said:?}");
    let said = coloured(&["verify", "a", "b\u{1b}[2J"]);
    assert!(said.contains(r"b\u001b[2J") && !said.contains("\u{1b}[2J"), "{said:?}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("campaign.toml");
    fs::write(&file, "# \u{1b}[2J\nid = \u{1b}\n").unwrap();
    let said = coloured(&["campaign", "check", arg(&file)]);
    assert!(said.contains(r"\u001b") && said.contains("\u{1b}[") && !said.contains("\u{1b}[2J"), "{said:?}");
}

/// A carriage return before the line's end is no sign that somebody hid there, and what is missing at the end of a file has a place.
#[test]
fn the_place_of_a_mistake_is_shown_in_any_text() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("campaign.toml");
    for text in ["id = \"abc\r\nx = 1\r\n", "x =", "x = \"abc", "x = \"\"\"abc\n"] {
        fs::write(&file, text).unwrap();
        let said = sekong(["campaign", "check", arg(&file)]).exits(1).stderr;
        assert!(said.contains("── here") && !said.contains("u000d"), "{text:?}: {said}");
    }
}

#[test]
fn a_stale_partial_tile_may_stay_if_it_is_a_beginning_of_the_tree() {
    let data = Data::founded();
    let tile = fs::read(data.path.join("log/tile/0/000.p/7")).unwrap();
    let stale = data.path.join("log/tile/0/000.p/3");
    fs::write(&stale, &tile[..3 * 32]).unwrap();
    sekong(["verify", arg(&data.path)]).exits(0);
    fs::write(&stale, &tile[32..4 * 32]).unwrap();
    data.breaks("log.tile-hash", "tile/0/000.p/3");
}

#[test]
fn two_of_three_cosignatures_freeze_a_head_and_one_does_not_however_often_it_is_there() {
    let data = Data::founded();
    let note = data.checkpoint();
    let mut lines: Vec<&str> = note.lines().collect();
    let mut without = || {
        let taken = lines.pop().unwrap().to_owned();
        (lines.join("\n") + "\n", taken)
    };
    let (two, _) = without();
    data.set_checkpoint(&two);
    sekong(["verify", arg(&data.path)]).exits(0);
    let (one, _) = without();
    data.set_checkpoint(&one);
    data.breaks("head.cosigned", "checkpoint");
    let twice = one.lines().last().unwrap();
    data.set_checkpoint(&format!("{one}{twice}\n"));
    data.breaks("log.head", "checkpoint");
}

#[test]
fn a_head_without_the_logs_signature_does_not_open() {
    let data = Data::founded();
    let note = data.checkpoint();
    let lines: Vec<&str> = note.lines().enumerate().filter(|(n, _)| *n != 4).map(|(_, line)| line).collect();
    data.set_checkpoint(&format!("{}\n", lines.join("\n")));
    data.breaks("log.head", "checkpoint");
}

#[test]
fn a_signature_line_by_an_unknown_key_is_found() {
    let (data, other) = (Data::founded(), Data::founded());
    let line = other.checkpoint().lines().nth(5).unwrap().to_owned();
    data.set_checkpoint(&format!("{}{line}\n", data.checkpoint()));
    data.breaks("log.head", "checkpoint");
}

#[test]
fn base64_that_is_not_canonical_is_found() {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    // The root, the log's signature, the cosignature: before `=` the last letter has bits that say nothing.
    for line in [2, 4, 5] {
        let data = Data::founded();
        let mut lines: Vec<String> = data.checkpoint().lines().map(str::to_owned).collect();
        let text = lines[line].trim_end_matches('=').to_owned();
        let padding = lines[line].len() - text.len();
        let last = ALPHABET.find(text.chars().last().unwrap()).unwrap();
        assert!(padding > 0 && last.is_multiple_of(4));
        lines[line] =
            format!("{}{}{}", &text[..text.len() - 1], &ALPHABET[last + 1..=last + 1], "=".repeat(padding));
        data.set_checkpoint(&format!("{}\n", lines.join("\n")));
        data.breaks("log.head", "checkpoint");
    }
}

#[test]
fn a_foreign_file_among_the_bodies_is_named() {
    let data = Data::founded();
    fs::write(data.path.join("bodies/notes.txt"), "foreign").unwrap();
    data.breaks("body.name", "bodies/notes.txt");
}

#[test]
fn an_altered_body_is_named_and_so_is_the_entry_that_needs_it() {
    let data = Data::day();
    let (entry, body) = release(&data.path);
    data.flip(&format!("sealed/{body}"), middle);
    data.breaks("body.name", format!("sealed/{body}"));
    data.breaks("body.content", entry);
    let verdict = sekong(["verify", arg(&data.path), "--json"]).exits(3).json();
    let of_rule = |rule: &str| {
        verdict["faults"].as_array().unwrap().iter().filter(|fault| fault["rule"] == rule).count()
    };
    assert_eq!(
        of_rule("body.overdue"),
        0,
        "the bodies after it are there, though nobody judges them: {verdict}"
    );
    assert_eq!(verdict["sealed"], 0, "{verdict}");
    assert!(0 < verdict["unjudged"].as_u64().unwrap(), "{verdict}");
}

/// The right plan stands in for it, so that nothing that stands on it is called wrong, or left unjudged.
#[test]
fn an_altered_plan_is_named_where_it_is_logged_and_nothing_else_is() {
    let data = Data::day();
    let (entry, body) = first(&data.path, |statement| match statement {
        Statement::Plan(said) => Some(said.plan),
        _ => None,
    });
    let before = sekong(["verify", arg(&data.path), "--json"]).exits(0).json();
    data.flip(&format!("bodies/{body}"), middle);
    data.breaks("body.name", format!("bodies/{body}"));
    data.breaks("body.content", entry);
    let verdict = sekong(["verify", arg(&data.path), "--json"]).exits(3).json();
    // The province has the same plan on each of the days that were planned.
    let says = |said: &Statement| matches!(said, Statement::Plan(said) if said.plan == body);
    let plans = statements(&data.path).iter().filter(|said| says(said)).count();
    assert_eq!(verdict["faults"].as_array().unwrap().len(), 1 + plans, "{verdict}");
    assert_eq!(verdict["sealed"], before["sealed"], "{verdict}");
}

/// A name that is no text cannot be read, which leaves no verdict that all holds, and hides nothing that does not.
#[test]
fn what_cannot_be_read_hides_no_fault() {
    let data = Data::founded();
    fs::write(data.path.join("bodies").join(OsStr::from_bytes(b"a\xff")), "foreign").unwrap();
    sekong(["verify", arg(&data.path)]).exits(1).says(&["cannot read"]);
    fs::write(data.path.join("bodies/notes.txt"), "foreign").unwrap();
    let verdict = sekong(["verify", arg(&data.path), "--json"]).exits(3).json();
    let rules: Vec<&Value> =
        verdict["faults"].as_array().unwrap().iter().map(|fault| &fault["rule"]).collect();
    assert_eq!(rules, ["body.name", "file.read"], "{verdict}");
}

#[test]
fn a_missing_body_is_named_by_the_entry_that_needs_it() {
    let data = Data::day();
    let (entry, body) = release(&data.path);
    fs::remove_file(data.path.join(format!("sealed/{body}"))).unwrap();
    data.breaks("body.present", entry);
}

#[test]
fn without_the_campaigns_files_nothing_can_be_verified() {
    let data = Data::founded();
    let body = files(&data.path.join("bodies")).pop().unwrap();
    fs::remove_file(data.path.join("bodies").join(body)).unwrap();
    data.breaks("body.present", 0);
}
