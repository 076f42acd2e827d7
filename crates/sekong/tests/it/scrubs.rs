//! `sekong scrub` and the nightly scrub: a changed byte is found wherever it lies, and a published file is written anew.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use sekong_torture::Server;

use crate::data::{Data, arg, files};
use crate::run::{Run, command, sekong};

/// The second day, 03:20 in the campaign's time: at its speed there is time to change something before 03:30.
const BEFORE_THE_SCRUB: &str = "2017-01-01T20:20:00Z";

fn scrub(data: &Data) -> Run {
    sekong(["scrub", "--json", "--data", arg(&data.path)])
}

/// Changes one byte of a file, so far after some bytes that are in it, wherever they are: a database may hold old copies.
fn flip(file: &Path, after: &[u8], by: usize) {
    let bytes = fs::read(file).unwrap();
    let places = bytes.windows(after.len()).enumerate().filter(|(_, window)| *window == after);
    let places: Vec<usize> = places.map(|(at, _)| at + by).collect();
    assert!(!places.is_empty(), "it is there");
    let file = fs::File::options().write(true).open(file).unwrap();
    for at in places {
        file.write_all_at(&[bytes[at] ^ 1], at as u64).unwrap();
    }
}

fn first(data: &Data, folder: &str) -> PathBuf {
    data.path.join(files(&data.path).into_iter().find(|name| name.starts_with(folder)).unwrap())
}

#[track_caller]
fn finds(data: &Data, in_store: bool, words: &[&str]) {
    let run = scrub(data).exits(3).says(&["not as they should be", "help:"]);
    let damages = run.json()["damages"].as_array().unwrap().clone();
    let named = |damage: &&serde_json::Value| {
        let detail = damage["detail"].as_str().unwrap();
        damage["in_store"] == in_store && words.iter().all(|word| detail.contains(word))
    };
    assert!(damages.iter().any(|damage| named(&damage)), "no {words:?} in {damages:#?}");
}

#[test]
fn a_sound_folder_is_clean_and_says_how_much_was_read() {
    let data = Data::day();
    let told = scrub(&data).exits(0).json();
    assert_eq!(told["clean"], true);
    for figure in ["entries", "heads", "bodies", "files"] {
        assert!(told[figure].as_u64().unwrap() > 20, "{told}");
    }
    let words = sekong(["scrub", "--data", arg(&data.path)]).exits(0).stdout;
    assert!(words.starts_with("read "), "{words}");
}

#[test]
fn a_changed_byte_in_the_store_is_named() {
    let data = Data::day();
    flip(&data.path.join("sekong.db"), br#""kind":"inspection""#, 10);
    finds(&data, true, &["store, entry "]);

    let data = Data::day();
    let body = fs::read(first(&data, "bodies/")).unwrap();
    flip(&data.path.join("sekong.db"), &body[..64.min(body.len())], 40);
    finds(&data, true, &["store, body ", "SHA-256"]);

    let data = Data::day();
    flip(&data.path.join("sekong.db"), "\n— sekong/".as_bytes(), 60);
    finds(&data, true, &["store, head of "]);
}

#[test]
fn a_changed_missing_or_foreign_published_file_is_named() {
    for folder in ["log/tile/0/000", "log/tile/entries/", "bodies/", "sealed/"] {
        let data = Data::day();
        let file = first(&data, folder);
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).unwrap();
        finds(&data, false, &[folder, "not what follows from the store"]);
        fs::remove_file(&file).unwrap();
        finds(&data, false, &[folder, "missing"]);
    }
    let data = Data::day();
    let body = first(&data, "bodies/");
    let twice = data.path.join("sealed").join(body.file_name().unwrap());
    fs::copy(&body, &twice).unwrap();
    finds(&data, false, &["sealed/", "nothing in the store makes it"]);
    fs::remove_file(&twice).unwrap();
    let junk = data.path.join("log/tile/entries/900");
    fs::copy(data.path.join("log/tile/entries/000"), &junk).unwrap();
    finds(&data, false, &["log/tile/entries/900", "nothing in the store makes it"]);
    fs::remove_file(&junk).unwrap();
    fs::write(data.path.join("log/note"), "foreign").unwrap();
    finds(&data, false, &["log/note", "nothing in the store makes it"]);
    fs::remove_file(data.path.join("log/note")).unwrap();
    flip(&data.path.join("log/checkpoint"), b"\n\n", 30);
    finds(&data, false, &["log/checkpoint"]);
}

/// What lies in the folder is derived: nothing there hides what is wrong in the store, or keeps the scrub waiting.
#[test]
fn what_is_no_file_in_the_folder_is_named_and_hides_nothing_of_the_store() {
    let data = Data::day();
    let (body, tile) = (first(&data, "bodies/"), data.path.join("log/tile/0/000"));
    fs::remove_file(&body).unwrap();
    fs::create_dir(&body).unwrap();
    fs::remove_file(&tile).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&tile).status().unwrap().success());
    finds(&data, false, &["bodies/", "not what follows from the store"]);
    finds(&data, false, &["log/tile/0/000", "not what follows from the store"]);
    fs::rename(data.path.join("sealed"), data.path.join("sealed.aside")).unwrap();
    fs::write(data.path.join("sealed"), "in the way").unwrap();
    finds(&data, false, &["sealed", "cannot be read"]);
    flip(&data.path.join("sekong.db"), br#""kind":"inspection""#, 10);
    finds(&data, true, &["store, entry "]);
}

/// A served folder whose complaints are kept in a file.
fn served(data: &Data, complaints: &Path) -> Server {
    let mut serve = command(["serve", "--json", "--listen", "127.0.0.1:0", "--data", arg(&data.path)]);
    serve.args(["--demo-clock", &format!("{BEFORE_THE_SCRUB},40")]);
    let file = fs::File::create(complaints).unwrap();
    serve.stderr(Stdio::from(file));
    Server::run_heard(serve).unwrap()
}

/// Waits until a file says something.
fn until(complaints: &Path, wanted: &str) {
    let said = || fs::read_to_string(complaints).unwrap();
    for _ in 0..900 {
        if said().contains(wanted) {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("never {wanted:?}: {:?}", said());
}

#[test]
fn the_nightly_scrub_writes_a_wrong_file_anew_and_tells_of_it() {
    let data = Data::day();
    let complaints = data.beside("complaints", "");
    let server = served(&data, &complaints);
    let tile = first(&data, "log/tile/entries/000");
    let right = fs::read(&tile).unwrap();
    flip(&tile, br#""kind":"enrol""#, 9);
    let body = first(&data, "bodies/");
    fs::remove_file(&body).unwrap();
    until(&complaints, "2 things wrong, written anew");
    assert!(fs::read(&tile).unwrap() == right && body.exists());
    assert!(server.terminate().unwrap().success());
    scrub(&data).exits(0);
}

#[test]
fn a_damaged_store_stops_new_writes_and_reads_go_on() {
    let data = Data::day();
    let complaints = data.beside("complaints", "");
    let server = served(&data, &complaints);
    // Far from its beginning, where no later commit writes its page again.
    let body = fs::read(first(&data, "bodies/")).unwrap();
    let middle = body.len() / 2;
    flip(&data.path.join("sekong.db"), &body[middle..middle + 64], 40);
    until(&complaints, "things wrong; first store, body");
    until(&complaints, "reports are refused and jobs wait");
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    assert_eq!(agent.get(format!("{}/api/receipts/3", server.base())).call().unwrap().status(), 200);
    assert!(server.terminate().unwrap().success());
}

#[test]
fn a_store_that_is_no_database_is_named_with_the_way_out() {
    let data = Data::founded();
    fs::write(data.path.join("sekong.db"), [7; 4096]).unwrap();
    let folder = arg(&data.path);
    for args in [&["serve", "--data", folder][..], &["scrub", "--data", folder], &["verify", folder]] {
        sekong(args).exits(1).says(&["the file sekong.db is broken", "sekong restore"]);
    }
}

#[test]
fn a_centre_without_room_refuses_writes_says_so_and_reads_on() {
    let data = Data::day();
    let complaints = data.beside("complaints", "");
    let mut serve = command(["serve", "--json", "--listen", "127.0.0.1:0", "--data", arg(&data.path)]);
    serve.args(["--demo-clock", &format!("{BEFORE_THE_SCRUB},0"), "--reserve-mib", "4294967295"]);
    serve.stderr(Stdio::from(fs::File::create(&complaints).unwrap()));
    let before = data.checkpoint();
    let server = Server::run_heard(serve).unwrap();
    until(&complaints, "MiB must stay so: nothing is written");
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let clock = agent
        .get(format!("{}/api/clock", server.base()))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert!(clock.contains("MiB must stay so"), "the job that waits says why: {clock}");
    assert!(server.terminate().unwrap().success());
    assert_eq!(data.checkpoint(), before, "nothing was written");
}
