//! `sekong verify URL`: the same record behind HTTP, served by a thread of the test on loopback.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use sekong_log::{Hash, Statement};
use serde_json::Value;

use crate::data::{Data, arg, statements};
use crate::run::{Run, sekong};
use crate::week::shared_day;

/// Longest wait for a request or its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// A static server of a data folder; it ends with its value.
pub(crate) struct Site {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// Serves a folder, but none of the `sealed` bodies.
    pub(crate) fn of(data: &Path, sealed: BTreeSet<Hash>) -> Site {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, ended) = (listener.local_addr().unwrap(), Arc::new(AtomicBool::new(false)));
        let (root, end) = (data.to_owned(), ended.clone());
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                answer(stream.unwrap(), &root, &sealed);
            }
        });
        Site { address, ended, thread: Some(thread) }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    fn verify(&self, more: &[&str]) -> Run {
        sekong(["verify", &self.base(), "--json"].iter().chain(more))
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // One more caller, so that the thread looks up.
        let _ = TcpStream::connect(self.address);
        self.thread.take().map(JoinHandle::join);
    }
}

fn answer(mut stream: TcpStream, root: &Path, sealed: &BTreeSet<Hash>) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let path = request.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match std::fs::read(file(root, path)) {
        _ if sealed.iter().any(|hash| path == format!("/bodies/{hash}")) => ("403 Forbidden", Vec::new()),
        Ok(bytes) => ("200 OK", bytes),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// The file of a path; only `log/` and `bodies/` are published, here as if every body's time had come.
fn file(root: &Path, path: &str) -> PathBuf {
    let name = path.trim_start_matches('/');
    let published = name.starts_with("log/") || name.starts_with("bodies/");
    if !published || name.contains("..") {
        return root.join("nowhere");
    }
    let sealed = root.join(name.replacen("bodies/", "sealed/", 1));
    if sealed.exists() { sealed } else { root.join(name) }
}

fn nothing() -> BTreeSet<Hash> {
    BTreeSet::new()
}

/// The bodies of values, deals and orders: what a centre keeps sealed for a while.
fn values_deals_and_orders(data: &Path) -> BTreeSet<Hash> {
    let sealed = statements(data).into_iter().filter_map(|statement| match statement {
        Statement::Release(release) => Some(release.values),
        Statement::Deal(dealt) => Some(dealt.deal),
        Statement::Orders(orders) => Some(orders.body),
        _ => None,
    });
    sealed.collect()
}

#[test]
fn an_address_holds_as_its_folder_does() {
    let data = Data::day();
    let keys = data.key_file();
    let site = Site::of(&data.path, nothing());
    let there = site.verify(&["--key", arg(&keys)]).exits(0).json();
    let here = sekong(["verify", arg(shared_day()), "--json"]).exits(0).json();
    let rests_on = |mut verdict: Value| {
        let rests_on = verdict["rests_on"].take();
        (verdict, rests_on["key_given"].as_bool())
    };
    let ((there, with_key), (here, of_its_own)) = (rests_on(there), rests_on(here));
    assert_eq!((there, with_key, of_its_own), (here, Some(true), Some(false)));
}

#[test]
fn an_address_with_a_stroke_at_its_end_is_the_same_address() {
    let data = Data::founded();
    let site = Site::of(&data.path, nothing());
    sekong(["verify", &format!("{}/", site.base()), "--key", arg(&data.key_file())]).exits(0);
}

#[test]
fn an_address_needs_a_key_that_did_not_come_from_it() {
    let data = Data::founded();
    let site = Site::of(&data.path, nothing());
    site.verify(&[]).exits(2).prints_nothing().says(&["key", "--key", "help:"]);
}

#[test]
fn a_tile_tampered_with_behind_an_address_is_named() {
    for (file, rule) in [("tile/0/000.p/7", "log.tile-hash"), ("tile/entries/000.p/7", "log.other-entry")] {
        let data = Data::founded();
        let path = data.path.join("log").join(file);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(path, bytes).unwrap();
        let site = Site::of(&data.path, nothing());
        let verdict = site.verify(&["--key", arg(&data.key_file())]).exits(3).json();
        assert_eq!(
            (&verdict["faults"][0]["file"], &verdict["faults"][0]["rule"]),
            (&file.into(), &rule.into())
        );
    }
}

#[test]
fn bodies_that_stay_sealed_after_their_time_are_overdue() {
    let data = Data::day();
    let keys = data.key_file();
    let site = Site::of(&data.path, values_deals_and_orders(&data.path));
    let verdict = site.verify(&["--key", arg(&keys)]).exits(3).json();
    assert_eq!(verdict["faults"][0]["rule"], "body.overdue");
    assert!(verdict["sealed"].as_u64().unwrap() > 0, "{verdict}");
}

#[test]
fn a_body_that_is_gone_behind_an_address_is_named() {
    let data = Data::founded();
    let key = data.key_file();
    let site = Site::of(&data.path, nothing());
    std::fs::remove_dir_all(data.path.join("bodies")).unwrap();
    let verdict = site.verify(&["--key", arg(&key)]).exits(3).json();
    assert_eq!(verdict["faults"][0]["rule"], "body.present");
    assert_eq!(verdict["faults"][0]["entry"], 0);
}

#[test]
fn an_address_where_no_log_is_fails_and_is_named() {
    let data = Data::founded();
    let key = data.key_file();
    let site = Site::of(&data.path, nothing());
    std::fs::remove_file(data.path.join("log/checkpoint")).unwrap();
    site.verify(&["--key", arg(&key)])
        .exits(3)
        .prints_nothing()
        .says(&["/log/checkpoint answers 404", "help:"]);
    let base = site.base();
    drop(site);
    sekong(["verify", &base, "--key", arg(&key)]).exits(1).prints_nothing().says(&["cannot fetch", &base]);
}
