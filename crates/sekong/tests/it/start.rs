//! What a centre does not go on with: a clock behind its log, other keys, an older or another store than was published.
//! What is refused changes nothing; what was torn is brought to its end.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sekong_log::{TileKind, TilePath};
use sekong_torture::{Binary, Server};
use serde_json::Value;

use crate::data::{Data, arg, checkpoint, copy, files, head_size};
use crate::run::{Run, command, sekong};
use crate::serve::continue_in_silence;
use crate::week::shared_day;

/// The second day, 06:40 in the campaign's time: a little later than the other tests go on to.
const LATER: &str = "2017-01-01T23:40:00Z";

/// The night after it.
const EVEN_LATER: &str = "2017-01-02T03:40:00Z";

/// A clock that stands there.
const LATER_STANDING: &str = "2017-01-01T23:40:00Z,0";

fn refused(data: &Data) -> Run {
    let run = sekong([
        "serve",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--demo-clock",
        "2017-02-01T00:00:00Z,0",
        "--data",
        arg(&data.path),
    ]);
    run.exits(1).prints_nothing().says(&["help:", "nothing was changed"])
}

/// Serves until all is done that is due by a time.
fn served(data: &Path, time: &str) -> Server {
    let binary = Binary(PathBuf::from(env!("CARGO_BIN_EXE_sekong")));
    let server = Server::start(&binary, data, time, 0).unwrap();
    server.caught_up(time.parse().unwrap()).unwrap();
    server
}

/// The same, and ends.
fn serve_to(data: &Path, time: &str) {
    assert!(served(data, time).terminate().unwrap().success());
}

/// The same, and is killed: its write-ahead log stays.
fn serve_to_and_kill(data: &Path, time: &str) {
    drop(served(data, time));
}

impl Data {
    fn keys(&self, name: &str) -> PathBuf {
        self.path.join("keys").join(name)
    }

    fn db(&self) -> PathBuf {
        self.path.join("sekong.db")
    }

    /// A day that went on for a night, and whose store was then set back to the day's.
    fn set_back() -> Data {
        let data = Data::day();
        continue_in_silence(&data.path);
        let wal = fs::metadata(data.path.join("sekong.db-wal"));
        assert!(wal.is_err() || wal.unwrap().len() == 0, "after a good end the one file is the whole store");
        fs::copy(shared_day().join("sekong.db"), data.db()).unwrap();
        data
    }

    /// Everything that is published, and what waits for it.
    fn published(&self) -> Vec<String> {
        let all = files(&self.path).into_iter();
        all.filter(|name| ["log/", "bodies/", "sealed/"].iter().any(|folder| name.starts_with(folder)))
            .collect()
    }
}

#[test]
fn a_machine_whose_clock_is_behind_the_log_is_refused() {
    let data = Data::founded();
    let binary = Binary(PathBuf::from(env!("CARGO_BIN_EXE_sekong")));
    let server = Server::start(&binary, &data.path, "2090-01-01T00:00:00Z", 0).unwrap();
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).max_redirects(0).build().into();
    let signed_in = agent.get(format!("{}/demo/sign-in/team", server.base())).query("team", "ST-A-01");
    let signed_in = signed_in.call().unwrap();
    let cookie = signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let device = r#"{"device":"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}"#;
    let enrolled = agent.post(format!("{}/api/devices", server.base())).header("cookie", cookie).send(device);
    assert_eq!(enrolled.unwrap().status(), 201);
    assert!(server.terminate().unwrap().success());
    let run = sekong(["serve", "--json", "--listen", "127.0.0.1:0", "--data", arg(&data.path)]);
    run.exits(1).prints_nothing().says(&[
        "the clock says 2",
        "newest entry is of 2090-01-01",
        "backwards",
        "help:",
    ]);
}

#[test]
fn another_log_key_is_refused() {
    let (data, other) = (Data::founded(), Data::founded());
    fs::copy(other.keys("log.vkey"), data.keys("log.vkey")).unwrap();
    refused(&data).says(&["keys/log.vkey says", "restore keys/"]);
    for name in ["log.vkey", "cosigners.vkey", "secrets.json"] {
        fs::copy(other.keys(name), data.keys(name)).unwrap();
    }
    let before = data.published();
    refused(&data).says(&["is not the one that signed the stored heads", "restore keys/"]);
    assert_eq!(data.published(), before);
}

#[test]
fn another_device_of_the_centre_is_refused() {
    let data = Data::founded();
    let mut secrets: Value = serde_json::from_slice(&fs::read(data.keys("secrets.json")).unwrap()).unwrap();
    secrets["device"] = "11".repeat(32).into();
    fs::write(data.keys("secrets.json"), secrets.to_string()).unwrap();
    refused(&data).says(&["the log is of the centre's device", "restore keys/"]);
}

#[test]
fn an_older_store_is_refused_and_brought_up_to_the_published_head_without_a_fork() {
    let data = Data::set_back();
    let (published, before) = (data.checkpoint(), data.published());
    refused(&data).says(&["is an older copy", "sekong restore --data"]);
    assert_eq!((data.checkpoint(), data.published()), (published.clone(), before), "nothing was cleared");

    let from = data.path.join("log");
    let restored =
        sekong(["restore", "--json", "--data", arg(&data.path), "--from", arg(&from)]).exits(0).json();
    assert_eq!(restored["before"], head_size(&checkpoint(shared_day())));
    assert_eq!(restored["size"], head_size(&published));
    sekong(["restore", "--data", arg(&data.path), "--from", arg(&from)]).exits(0);
    serve_to(&data.path, LATER);
    let head = data.beside("published", &published);
    sekong(["verify", arg(&data.path), "--since", arg(&head)]).exits(0);
    sekong(["scrub", "--data", arg(&data.path)]).exits(0);
}

/// As after a crash between the tiles and the head over them.
#[test]
fn a_log_with_more_than_its_head_covers_is_restored_as_far_as_that() {
    let data = Data::set_back();
    let own = checkpoint(shared_day());
    data.set_checkpoint(&own);
    refused(&data).says(&["of this log that are not among them", "sekong restore"]);
    let from = data.path.join("log");
    let restore = || sekong(["restore", "--json", "--data", arg(&data.path), "--from", arg(&from)]);
    let mut told = restore().exits(1).prints_nothing();
    let beyond = |name: &String| {
        let tile = name.strip_prefix("log/").and_then(|name| name.parse::<TilePath>().ok());
        tile.is_some_and(|tile| !tile.is_within(head_size(&own)))
    };
    let names: Vec<String> = files(&data.path).into_iter().filter(beyond).collect();
    told = told.says(&[&format!("{} files", names.len()), "keep these files where they are safe"]);
    for name in names {
        told = told.says(&[name.trim_start_matches("log/")]);
        fs::remove_file(data.path.join(name)).unwrap();
    }
    restore().exits(0);
    serve_to(&data.path, LATER);
}

/// Keys, log and bodies are there, and a campaign founded anew would be another log.
#[test]
fn a_lost_database_is_made_from_what_was_published() {
    let data = Data::day();
    serve_to_and_kill(&data.path, LATER);
    let (published, from) = (data.checkpoint(), data.path.join("log"));
    let left = fs::read(data.path.join("sekong.db-wal")).unwrap();
    assert!(!left.is_empty(), "what a killed centre leaves");
    fs::remove_file(data.db()).unwrap();
    let lost = ["the campaign's database is lost", "sekong restore --data"];
    sekong(["scrub", "--data", arg(&data.path)]).exits(1).says(&lost);
    sekong(["serve", "--listen", "127.0.0.1:0", "--data", arg(&data.path)]).exits(1).says(&lost);
    let restore = || sekong(["restore", "--json", "--data", arg(&data.path), "--from", arg(&from)]);
    let bundle = from.join("tile/entries/000");
    let (sound, mut bent) = (fs::read(&bundle).unwrap(), fs::read(&bundle).unwrap());
    bent[900] ^= 1;
    fs::write(&bundle, bent).unwrap();
    restore().exits(3).says(&["the published log does not hold"]);
    assert!(
        !data.db().exists() && !data.path.join("sekong.db.next").exists(),
        "what does not hold is no store"
    );
    fs::remove_file(&bundle).unwrap();
    fs::create_dir(&bundle).unwrap();
    restore().exits(1).says(&["cannot read", "tile/entries/000"]);
    fs::remove_dir(&bundle).unwrap();
    std::os::unix::fs::symlink(data.path.join("unmounted/sekong.db"), data.db()).unwrap();
    restore().exits(1).says(&["leads to none", "mount the disk"]);
    fs::remove_file(data.db()).unwrap();
    fs::write(&bundle, sound).unwrap();
    let restored = restore().exits(0).json();
    assert_eq!((&restored["before"], &restored["size"]), (&0.into(), &head_size(&published).into()));
    assert_eq!(
        fs::read(data.path.join("sekong.db-wal.lost-0")).unwrap(),
        left,
        "it may hold the last entries"
    );
    assert!(!files(&data.path).iter().any(|file| file.contains("-shm.lost")), "an index is worth nothing");
    sekong(["scrub", "--data", arg(&data.path)]).exits(0);
    serve_to(&data.path, LATER);
    let head = data.beside("published", &published);
    sekong(["verify", arg(&data.path), "--since", arg(&head)]).exits(0);
}

/// SQLite would take the write-ahead log of the database that was lost for that of the copy in its place.
#[test]
fn a_copy_is_brought_up_without_what_the_lost_database_left_beside_it() {
    let data = Data::set_back();
    let older = fs::read(data.db()).unwrap();
    let from = data.path.join("log");
    sekong(["restore", "--data", arg(&data.path), "--from", arg(&from)]).exits(0);
    serve_to(&data.path, LATER);
    serve_to_and_kill(&data.path, EVEN_LATER);
    let (published, left) = (data.checkpoint(), fs::read(data.path.join("sekong.db-wal")).unwrap());
    assert!(!left.is_empty(), "what a killed centre leaves");
    fs::write(data.db(), &older).unwrap();
    let wal = data.path.join("sekong.db-wal");
    refused_store(&data).says(&["the write-ahead log of another database", "sekong restore --data"]);
    assert_eq!(fs::read(&wal).unwrap(), left, "nothing was changed");
    let restored = sekong(["restore", "--json", "--data", arg(&data.path), "--from", arg(&from)]);
    let told = restored.exits(0).says(&["sekong.db-wal.lost-0 is what a lost database left", "delete it"]);
    assert_eq!(told.json()["size"], head_size(&published));
    assert_eq!(fs::read(data.path.join("sekong.db-wal.lost-0")).unwrap(), left);
    sekong(["scrub", "--data", arg(&data.path)]).exits(0).says(&["sekong.db-wal.lost-0"]);

    let restore = || sekong(["restore", "--data", arg(&data.path), "--from", arg(&from)]);
    fs::write(&wal, &left).unwrap();
    fs::write(data.db(), &older[..older.len() / 2]).unwrap();
    restore().exits(1).says(&["is not sound, with", "without -wal and -shm"]);
    for nothing in ["", "x"] {
        fs::write(data.db(), nothing).unwrap();
        restore().exits(1).says(&["without -wal and -shm"]);
    }
    sekong(["scrub", "--data", arg(&data.path)]).exits(1).says(&["empty file", "without -wal and -shm"]);
    assert_eq!(fs::read(&wal).unwrap(), left, "nothing was changed");

    let disk = data.path.join("disk");
    fs::create_dir(&disk).unwrap();
    fs::rename(&wal, disk.join("sekong.db-wal")).unwrap();
    fs::write(disk.join("sekong.db"), &older).unwrap();
    fs::remove_file(data.db()).unwrap();
    std::os::unix::fs::symlink(disk.join("sekong.db"), data.db()).unwrap();
    restore().exits(0).says(&["disk/sekong.db-wal.lost-0 is what a lost database left"]);
    assert_eq!(fs::read(disk.join("sekong.db-wal.lost-0")).unwrap(), left);
}

/// A newer copy beside an older log may go together with it: what it has more would be rolled back.
#[test]
fn a_newer_copy_is_not_rolled_back_by_an_older_write_ahead_log() {
    let data = Data::day();
    serve_to_and_kill(&data.path, LATER);
    let (wal, from) = (data.path.join("sekong.db-wal"), data.path.join("log"));
    let older = fs::read(&wal).unwrap();
    serve_to(&data.path, EVEN_LATER);
    let (newer, published) = (fs::read(data.db()).unwrap(), data.checkpoint());
    fs::write(&wal, &older).unwrap();
    refused_store(&data).says(&["the write-ahead log of another database"]);
    let restored = sekong(["restore", "--json", "--data", arg(&data.path), "--from", arg(&from)]);
    assert_eq!(restored.exits(0).json()["size"], head_size(&published));
    assert_eq!(fs::read(data.db()).unwrap(), newer);
    assert_eq!(fs::read(data.path.join("sekong.db-wal.lost-0")).unwrap(), older);
}

/// What keeps a write-ahead log from being read says nothing of whose it is: it stays.
#[test]
fn a_write_ahead_log_that_cannot_be_read_is_not_put_aside() {
    let data = Data::day();
    serve_to_and_kill(&data.path, LATER);
    let (wal, shm) = (data.path.join("sekong.db-wal"), data.path.join("sekong.db-shm"));
    let left = fs::read(&wal).unwrap();
    drop(fs::remove_file(&shm));
    std::os::unix::fs::symlink(data.path.join("nowhere/shm"), &shm).unwrap();
    let from = data.path.join("log");
    sekong(["restore", "--data", arg(&data.path), "--from", arg(&from)]).exits(1);
    assert_eq!(fs::read(&wal).unwrap(), left);
    fs::remove_file(&shm).unwrap();
    sekong(["restore", "--data", arg(&data.path), "--from", arg(&from)]).exits(0);
    assert!(!data.path.join("sekong.db-wal.lost-0").exists(), "it is this database's own");
}

/// A head is all that says how many entries there are: without one tiles are no way on, and are kept.
#[test]
fn tiles_without_a_head_are_not_restored_from_and_the_way_out_is_told() {
    let data = Data::set_back();
    let restore = || sekong(["restore", "--data", arg(&data.path), "--from", arg(&data.path)]);
    for lost in [None, Some("")] {
        match lost {
            None => fs::remove_file(data.path.join("log/checkpoint")).unwrap(),
            Some(text) => data.set_checkpoint(text),
        }
        restore().exits(1).says(&["has tiles, and no head that can be read", "remove no tile"]);
    }
}

/// What is no file in the place of the head shows nothing, keeps nobody waiting, and gives way.
#[test]
fn a_head_that_is_no_file_gives_way() {
    let data = Data::day();
    let path = data.path.join("log/checkpoint");
    let kinds: [fn(&Path); 3] = [
        |path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success()),
        |path| fs::create_dir(path).unwrap(),
        |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
    ];
    for make in kinds {
        fs::remove_file(&path).unwrap();
        make(&path);
        sekong(["scrub", "--data", arg(&data.path)]).exits(3).says(&["log/checkpoint"]);
        serve_to(&data.path, LATER);
        assert!(fs::symlink_metadata(&path).unwrap().is_file());
    }
}

/// Whatever lies among the published files is somebody's: it is put aside under its own name, and a link is not gone through.
#[test]
fn names_that_are_no_text_and_folders_that_are_links_keep_nothing_from_starting_and_lose_nothing() {
    let data = Data::day();
    let body = files(&data.path).into_iter().find(|name| name.starts_with("bodies/")).unwrap();
    let name = OsStr::from_bytes(b"x\xff");
    fs::write(data.path.join("log").join(name), "theirs").unwrap();
    fs::write(data.path.join("bodies").join(name), "theirs").unwrap();
    fs::remove_file(data.path.join(&body)).unwrap();
    fs::create_dir(data.path.join(&body)).unwrap();
    fs::write(data.path.join(&body).join("theirs"), "theirs").unwrap();
    serve_to(&data.path, LATER);
    assert_eq!(fs::read(data.path.join("foreign").join(&body).join("theirs")).unwrap(), b"theirs");
    for folder in ["log", "bodies"] {
        let aside = data.path.join("foreign").join(folder).join(name);
        assert_eq!(fs::read(aside).unwrap(), b"theirs", "{folder}");
    }
    for folder in ["log", "sealed"] {
        let outside = data.path.join(format!("outside-{folder}"));
        fs::create_dir_all(outside.join("sub")).unwrap();
        fs::write(outside.join("sub/thesis"), "mine").unwrap();
        fs::remove_dir_all(data.path.join(folder)).unwrap();
        std::os::unix::fs::symlink(&outside, data.path.join(folder)).unwrap();
        serve_to(&data.path, LATER);
        assert_eq!(fs::read(outside.join("sub/thesis")).unwrap(), b"mine");
        assert!(!data.path.join(folder).is_symlink());
    }
}

/// A start that cannot write leaves what shows that the store is an older copy.
#[test]
fn a_start_that_breaks_off_forgets_nothing_that_was_published() {
    let data = Data::day();
    continue_in_silence(&data.path);
    let (bodies, aside) = (data.path.join("bodies"), data.path.join("bodies.aside"));
    fs::rename(&bodies, &aside).unwrap();
    fs::write(&bodies, "in the way").unwrap();
    let before = data.published();
    let serve =
        ["serve", "--listen", "127.0.0.1:0", "--demo-clock", LATER_STANDING, "--data", arg(&data.path)];
    sekong(serve).exits(1).says(&["bodies"]);
    assert_eq!(data.published(), before);
    fs::remove_file(&bodies).unwrap();
    fs::rename(&aside, &bodies).unwrap();
    fs::copy(shared_day().join("sekong.db"), data.db()).unwrap();
    refused(&data).says(&["is an older copy"]);
    let scrubbed = sekong(["scrub", "--data", arg(&data.path)]).exits(3);
    scrubbed.says(&["the store is an older copy", "remove nothing", "sekong restore"]);
}

/// A name for a pipe would be waited for, and an empty file is no database.
#[test]
fn a_pipe_for_a_lock_keeps_nobody_waiting_and_an_empty_database_is_called_broken() {
    let data = Data::day();
    let lock = data.path.join("lock");
    fs::remove_file(&lock).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&lock).status().unwrap();
    assert!(made.success());
    sekong(["verify", arg(&data.path)]).exits(0);
    refused_store(&data).says(&["lock", "no regular file"]);
    fs::remove_file(&lock).unwrap();
    fs::write(data.db(), "").unwrap();
    refused_store(&data).says(&["put a sound copy"]);
}

fn refused_store(data: &Data) -> Run {
    sekong(["serve", "--listen", "127.0.0.1:0", "--data", arg(&data.path)]).exits(1)
}

/// While a centre holds a folder, more than its head covers may lie there, but nothing that its store does not have.
#[test]
fn a_held_folder_is_not_excused_for_what_its_store_does_not_have() {
    let data = Data::set_back();
    data.set_checkpoint(&checkpoint(shared_day()));
    fs::write(data.path.join("log/evil.txt"), "notes").unwrap();
    fs::create_dir(data.path.join("log/tile/entries/009.p")).unwrap();
    let lock = fs::File::open(data.path.join("lock")).unwrap();
    lock.lock().unwrap();
    let verdict = sekong(["verify", "--json", arg(&data.path)]).exits(3).json();
    assert_eq!(verdict["served"], true);
    let rules: Vec<&str> =
        verdict["faults"].as_array().unwrap().iter().map(|fault| fault["rule"].as_str().unwrap()).collect();
    assert!(rules.contains(&"log.unknown") && rules.contains(&"log.beyond-head"), "{rules:?}");
    assert!(!verdict.to_string().contains("an empty folder"), "a centre makes one, and then its first file");
    fs::remove_file(data.db()).unwrap();
    let verdict = sekong(["verify", "--json", arg(&data.path)]).exits(3).json();
    assert_eq!(verdict["served"], false, "what no centre can serve is no centre's: {verdict}");
}

/// A running centre writes the folder after the store, and a reader may come between.
#[test]
fn a_folder_whose_centre_runs_is_verified_up_to_a_head_that_it_has() {
    let data = Data::day();
    continue_in_silence(&data.path);
    let whole = data.checkpoint();
    data.set_checkpoint(&checkpoint(shared_day()));
    sekong(["verify", arg(&data.path)]).exits(3);
    let lock = fs::File::open(data.path.join("lock")).unwrap();
    lock.lock().unwrap();
    let path = data.path.join("log/checkpoint");
    let later = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(700));
        fs::write(path, whole).unwrap();
    });
    sekong(["verify", arg(&data.path)]).exits(0);
    later.join().unwrap();
    drop(lock);
    sekong(["verify", arg(&data.path)]).exits(0);
}

#[test]
fn a_mirror_restores_what_it_has_and_what_it_lacks_is_named() {
    let (data, mirror) = (Data::set_back(), Data::absent());
    copy(&data.path.join("log"), &mirror.path.join("log"));
    copy(&data.path.join("bodies"), &mirror.path.join("bodies"));
    for folder in ["log", "bodies"] {
        fs::remove_dir_all(data.path.join(folder)).unwrap();
    }
    let sealed = data.beside("kept", "");
    fs::remove_file(&sealed).unwrap();
    fs::rename(data.path.join("sealed"), &sealed).unwrap();
    let restore = || sekong(["restore", "--data", arg(&data.path), "--from", arg(&mirror.path.join("log"))]);
    let db = fs::read(data.db()).unwrap();
    restore().exits(1).says(&[
        "bodies that entries name are neither",
        "(entry ",
        "sealed/",
        "the store is as it was",
    ]);
    assert_eq!(fs::read(data.db()).unwrap(), db);
    fs::rename(&sealed, data.path.join("sealed")).unwrap();
    restore().exits(0);
    serve_to(&data.path, LATER);
    sekong(["verify", arg(&data.path)]).exits(0);
}

#[test]
fn a_store_with_another_history_than_was_published_is_neither_served_nor_restored() {
    let (data, other) = (Data::day(), Data::day());
    continue_in_silence(&data.path);
    serve_to(&other.path, LATER);
    fs::copy(data.path.join("log/checkpoint"), other.path.join("log/checkpoint")).unwrap();
    let before = other.published();
    refused(&other).says(&["two histories", "evidence"]);
    assert_eq!(other.published(), before);
    let from = data.path.join("log");
    let restore = sekong(["restore", "--data", arg(&other.path), "--from", arg(&from)]);
    restore.exits(3).says(&["two histories", "the store is as it was"]);
}

#[test]
fn a_published_log_that_was_changed_restores_nothing() {
    let data = Data::set_back();
    let tiles = sekong_log::tiles_of(head_size(&data.checkpoint()));
    let bundle = tiles.into_iter().rfind(|tile| tile.kind() == sekong_log::TileKind::Entries).unwrap();
    let name = format!("log/{bundle}");
    let mut bytes = fs::read(data.path.join(&name)).unwrap();
    let last = bytes.len() - 9;
    bytes[last] ^= 1;
    fs::write(data.path.join(&name), bytes).unwrap();
    let from = data.path.join("log");
    let restore = sekong(["restore", "--data", arg(&data.path), "--from", arg(&from)]);
    restore.exits(3).says(&["the published log does not hold", "the store is as it was"]);
    sekong(["restore", "--data", arg(&data.path), "--from", arg(&data.path.join("keys"))])
        .exits(2)
        .says(&["--from"]);
}

#[test]
fn a_torn_publication_is_brought_to_its_end() {
    let data = Data::day();
    continue_in_silence(&data.path);
    let (whole, bodies) = (data.checkpoint(), files(&data.path.join("bodies")));
    data.set_checkpoint(&checkpoint(shared_day()));
    let tile = files(&data.path).into_iter().rfind(|name| name.starts_with("log/tile/0/")).unwrap();
    fs::write(data.path.join(&tile), "half").unwrap();
    fs::create_dir_all(data.path.join("next")).unwrap();
    fs::write(data.path.join("next/0"), "half").unwrap();
    sekong(["verify", arg(&data.path)]).exits(3);
    continue_in_silence(&data.path);
    assert_eq!((data.checkpoint(), files(&data.path.join("bodies"))), (whole, bodies));
    sekong(["verify", arg(&data.path)]).exits(0);
}

#[test]
fn a_head_that_few_have_cosigned_yet_is_restored_with_a_warning() {
    let data = Data::set_back();
    let whole = data.checkpoint();
    let few: Vec<&str> = whole.lines().collect();
    data.set_checkpoint(&(few[..few.len() - 2].join("\n") + "\n"));
    let from = data.path.join("log");
    let run = sekong(["restore", "--json", "--data", arg(&data.path), "--from", arg(&from)]).exits(0);
    let told = run.json();
    assert_eq!(
        (&told["size"], &told["warnings"][0]["rule"]),
        (&head_size(&whole).into(), &"head.cosigned".into())
    );
    serve_to(&data.path, LATER);
    let head = data.beside("published", &whole);
    sekong(["verify", arg(&data.path), "--since", arg(&head)]).exits(0);
}

#[test]
fn an_older_store_is_refused_by_the_published_tiles_where_the_head_is_lost() {
    let data = Data::set_back();
    data.set_checkpoint("");
    refused(&data).says(&["is an older copy"]);
    let scrubbed = sekong(["scrub", "--data", arg(&data.path)]).exits(3);
    let scrubbed = scrubbed.says(&["the store is an older copy", "remove nothing", "sekong restore"]);
    assert!(scrubbed.stdout.contains("it holds entries that the store lacks"), "{}", scrubbed.stdout);
}

/// What somebody put among the tiles shows nothing of the store: it is named, put aside, and keeps no centre from starting.
#[test]
fn files_that_are_not_the_logs_are_named_and_put_aside_and_the_centre_starts() {
    let data = Data::day();
    let log = data.path.join("log");
    let own = fs::read(log.join("tile/entries/000")).unwrap();
    fs::create_dir_all(log.join("tile/entries/x001")).unwrap();
    let foreign: [(&str, &[u8]); 4] = [
        ("tile/entries/999", b"somebody's notes"),
        ("tile/entries/x001/000", &own),
        ("tile/0/900", &[0; 8192]),
        ("robots.txt", b"User-agent: *"),
    ];
    for (name, bytes) in foreign {
        fs::write(log.join(name), bytes).unwrap();
    }
    let (before, complaints) = (data.checkpoint(), data.beside("complaints", ""));
    let mut serve = command(["serve", "--json", "--listen", "127.0.0.1:0", "--data", arg(&data.path)]);
    serve.args(["--demo-clock", LATER_STANDING]);
    serve.stderr(fs::File::create(&complaints).unwrap());
    let server = Server::run_heard(serve).unwrap();
    server.caught_up(LATER.parse().unwrap()).unwrap();
    assert!(server.terminate().unwrap().success());
    let told = fs::read_to_string(complaints).unwrap();
    for (name, bytes) in foreign {
        assert!(told.contains(&format!("nothing in the store makes log/{name}")), "{name}: {told}");
        assert!(!log.join(name).exists());
        assert_eq!(fs::read(data.path.join("foreign/log").join(name)).unwrap(), bytes);
    }
    assert!(head_size(&before) < head_size(&data.checkpoint()));
    sekong(["verify", arg(&data.path)]).exits(0);
    sekong(["scrub", "--data", arg(&data.path)]).exits(0);
}

/// Entries of the campaign that the store lacks may be its own, newer ones: that is told with the file and both ways out.
#[test]
fn a_file_with_entries_that_the_store_lacks_refuses_it_by_name_until_it_is_moved_away() {
    let (data, other) = (Data::day(), Data::founded());
    let file = data.path.join("log/tile/entries/900");
    // Another founding of the same campaign: its entries are signed, and not in this log.
    fs::copy(other.path.join("log/tile/entries/000.p/7"), &file).unwrap();
    let before = data.published();
    let said = [
        "log/tile/entries/900 holds 7 of this log",
        "is an older copy",
        "sekong restore --data",
        "move it out",
    ];
    refused(&data).says(&said);
    assert_eq!(data.published(), before, "nothing was moved");
    fs::remove_file(&file).unwrap();
    serve_to(&data.path, LATER);
}

/// A tile that a crash tore still shows that the store is older.
#[test]
fn an_older_store_is_refused_by_what_is_left_of_a_torn_tile() {
    let data = Data::set_back();
    data.set_checkpoint("");
    let held = head_size(&checkpoint(shared_day()));
    let beyond = |name: &String| {
        let tile = name.strip_prefix("log/").and_then(|name| name.parse::<TilePath>().ok());
        tile.is_some_and(|tile| tile.kind() == TileKind::Entries && held < tile.end())
    };
    let names: Vec<String> = files(&data.path).into_iter().filter(beyond).collect();
    let (last, others) = names.split_last().unwrap();
    others.iter().for_each(|name| fs::remove_file(data.path.join(name)).unwrap());
    let bytes = fs::read(data.path.join(last)).unwrap();
    fs::write(data.path.join(last), &bytes[..bytes.len() - 9]).unwrap();
    refused(&data).says(&[last, "is an older copy"]);
}

#[test]
fn another_salt_or_secret_of_a_custodian_is_refused() {
    let data = Data::day();
    let good: Value = serde_json::from_slice(&fs::read(data.keys("secrets.json")).unwrap()).unwrap();
    let mut secrets = good.clone();
    secrets["salt"] = "11".repeat(32).into();
    fs::write(data.keys("secrets.json"), secrets.to_string()).unwrap();
    let serve = || {
        sekong([
            "serve",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--demo-clock",
            LATER_STANDING,
            "--data",
            arg(&data.path),
        ])
    };
    serve().exits(1).prints_nothing().says(&["sealed with another salt", "restore keys/"]);
    let mut secrets = good.clone();
    secrets["custodians"][1][1] = "11".repeat(32).into();
    fs::write(data.keys("secrets.json"), secrets.to_string()).unwrap();
    let name = good["custodians"][1][0].as_str().unwrap();
    serve().exits(1).prints_nothing().says(&[
        name,
        "is not the one that it committed with",
        "restore the file",
    ]);
    fs::write(data.keys("secrets.json"), good.to_string()).unwrap();
    serve_to(&data.path, LATER);
}
