//! Addresses that answer without end, slowly, or from elsewhere: whoever asks cuts them off and says so.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use crate::data::{Data, arg};
use crate::outsider::judged;
use crate::run::{Run, sekong};

/// More than any file of a small log has, and than what the system holds on its way.
pub(crate) const FAR_TOO_MUCH_BYTES: u64 = 64 << 20;

/// How an address answers everything.
#[derive(Clone, Copy)]
pub(crate) enum Rude {
    Endless,
    Drips,
    Elsewhere,
}

/// A listener that is rude for as long as the test runs.
pub(crate) struct RudeSite {
    address: SocketAddr,
    sent: Arc<AtomicU64>,
}

impl RudeSite {
    pub(crate) fn that(is: Rude) -> RudeSite {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, sent) = (listener.local_addr().unwrap(), Arc::new(AtomicU64::new(0)));
        let count = sent.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let count = count.clone();
                thread::spawn(move || is.answer(stream, &count));
            }
        });
        RudeSite { address, sent }
    }

    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes that were taken from it.
    pub(crate) fn sent_bytes(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

impl Rude {
    fn answer(self, mut stream: TcpStream, sent: &AtomicU64) -> std::io::Result<()> {
        let lines = BufReader::new(stream.try_clone()?).lines().map_while(Result::ok);
        lines.take_while(|line| !line.is_empty()).for_each(drop);
        if let Rude::Elsewhere = self {
            return stream.write_all(
                b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/within\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            );
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
        let chunk = [b'x'; 65_536];
        let (part, pause) = match self {
            Rude::Drips => (&chunk[..1], Duration::from_millis(50)),
            Rude::Endless | Rude::Elsewhere => (&chunk[..], Duration::ZERO),
        };
        // Nobody waits for what has no end for longer than this test may.
        while sent.load(Ordering::SeqCst) < 16 * FAR_TOO_MUCH_BYTES {
            stream.write_all(part)?;
            sent.fetch_add(part.len() as u64, Ordering::SeqCst);
            thread::sleep(pause);
        }
        Ok(())
    }
}

fn verify(site: &RudeSite, data: &Data) -> Run {
    sekong(["verify", &site.base(), "--json", "--key", arg(&data.key_file())])
}

#[test]
fn verify_cuts_off_an_address_that_does_not_end() {
    let (data, site) = (Data::founded(), RudeSite::that(Rude::Endless));
    verify(&site, &data).exits(3).prints_nothing().says(&["/log/checkpoint", "cut off there", "help:"]);
    assert!(site.sent_bytes() < FAR_TOO_MUCH_BYTES, "{}", site.sent_bytes());
}

#[test]
fn verify_goes_nowhere_else() {
    let (data, site) = (Data::founded(), RudeSite::that(Rude::Elsewhere));
    let said = ["leads elsewhere", "http://127.0.0.1:1/within", "give the address that it leads to"];
    verify(&site, &data).exits(1).prints_nothing().says(&said);
}

#[test]
fn the_check_of_an_anchor_cuts_off_the_campaigns_address_too() {
    let (data, site) = (Data::founded(), RudeSite::that(Rude::Endless));
    let (folder, shown) = (data.beside("anchor", ""), data.beside("shown.json", ""));
    fs::remove_file(&folder).unwrap();
    fs::remove_file(&shown).unwrap();
    let key = fs::read_to_string(data.path.join("keys/log.vkey")).unwrap();
    let init = ["anchor", "init", "--campaign", "northeast-2017", "--id", "own", "--title", "Its own"];
    sekong(init.iter().chain(&["--log", key.trim(), "--data", arg(&folder)])).exits(0);
    sekong(["anchor", "export", "--data", arg(&folder), "--out", arg(&shown)]).exits(0);
    let (base, keys, log) = (site.base(), data.key_file(), data.path.join("log"));
    let check = ["anchor", "check", &base, "--key", arg(&keys), "--shown", arg(&shown), "--log", arg(&log)];
    sekong(check).exits(3).prints_nothing().says(&["/log/checkpoint", "cut off there"]);
    assert!(site.sent_bytes() < FAR_TOO_MUCH_BYTES, "{}", site.sent_bytes());
}

#[test]
fn an_officers_machine_takes_no_answer_without_end_and_none_from_elsewhere() {
    let data = Data::founded();
    let seats = ["centre-police", "centre-court"].map(|seat| {
        let file = data.beside(seat, "");
        fs::remove_file(&file).unwrap();
        sekong(["dice", "key", "--out", arg(&file)]).exits(0);
        format!("{seat}={}", arg(&file))
    });
    let (key, digits) = (data.key_file(), "3651245163".repeat(5));
    let throw = |site: &RudeSite| {
        let (base, [one, other]) = (site.base(), &seats);
        let officers = ["--officer", one, "--officer", other];
        sekong(["dice", "throw", &base, "--key", arg(&key), "--digits", &digits].iter().chain(&officers))
    };
    let endless = RudeSite::that(Rude::Endless);
    throw(&endless).exits(1).says(&["/api/", "limit"]);
    assert!(endless.sent_bytes() < FAR_TOO_MUCH_BYTES, "{}", endless.sent_bytes());
    throw(&RudeSite::that(Rude::Elsewhere)).exits(1).says(&["leads elsewhere", "help:"]);
}

#[test]
fn the_outside_verifier_cuts_off_what_does_not_end_is_slow_or_lies_elsewhere() {
    let data = Data::founded();
    let key = data.key_file();
    let endless = RudeSite::that(Rude::Endless);
    let (code, verdict, said) = judged(&["-key", arg(&key), &endless.base()]);
    assert_eq!((code, &verdict["faults"][0]["file"]), (3, &"checkpoint".into()), "{said}");
    assert!(said.contains("longer than 1000000 bytes"), "{said}");
    assert!(endless.sent_bytes() < FAR_TOO_MUCH_BYTES, "{}", endless.sent_bytes());
    let slow = RudeSite::that(Rude::Drips);
    let (code, _, said) = judged(&["-patience", "500ms", "-key", arg(&key), &slow.base()]);
    assert!(code == 1 && said.contains("Client.Timeout"), "{code}: {said}");
    let elsewhere = RudeSite::that(Rude::Elsewhere);
    let (code, _, said) = judged(&["-key", arg(&key), &elsewhere.base()]);
    assert!(
        code == 1 && said.contains("leads elsewhere, to \"http://127.0.0.1:1/within\""),
        "{code}: {said}"
    );
}

/// Each file has the length that its name says at most, and is a file.
#[test]
fn the_outside_verifier_reads_no_huge_file_no_pipe_and_no_log_beyond_its_memory() {
    let huge = Data::founded();
    let tile = huge.path.join("log/tile/0/000.p/7");
    let file = fs::File::options().write(true).open(&tile).unwrap();
    file.set_len(1 << 40).unwrap();
    let (code, verdict, said) = judged(&[arg(&huge.path)]);
    assert_eq!((code, &verdict["faults"][0]["file"]), (3, &"tile/0/000.p/7".into()), "{said}");
    assert!(said.contains("longer than 224 bytes"), "{said}");
    fs::remove_file(&tile).unwrap();
    mknodat(CWD, &tile, FileType::Fifo, Mode::RUSR, 0).unwrap();
    let (code, _, said) = judged(&[arg(&huge.path)]);
    assert!(code == 1 && said.contains("is a link, pipe or device"), "{code}: {said}");
    let (code, _, said) = judged(&["-most-mib", "0", arg(&Data::founded().path)]);
    assert!(code == 1 && said.contains("the log is larger than -most-mib allows"), "{code}: {said}");
}

#[test]
fn the_outside_verifier_waits_for_no_key_from_a_pipe() {
    for name in ["log.vkey", "cosigners.vkey", "cosignatures"] {
        let data = Data::founded();
        let file = data.path.join("keys").join(name);
        fs::remove_file(&file).unwrap();
        mknodat(CWD, &file, FileType::Fifo, Mode::RUSR, 0).unwrap();
        for args in [vec![arg(&data.path)], vec!["-key", arg(&file), arg(&data.path)]] {
            let (code, _, said) = judged(&args);
            assert!(code == 2 && said.contains(&format!("keys/{name} is a link, pipe or device")), "{said}");
        }
    }
}
