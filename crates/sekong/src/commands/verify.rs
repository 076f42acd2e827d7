//! `sekong verify`: a data folder or a centre's address, checked from the bytes up.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use sekong_centre::{Bodies, Body, Evidence, KeyRing, Verdict, audit};
use sekong_log::{CHECKPOINT_FILE, Hash, LogFiles, body_hash, tiles_of};
use sekong_store::{SqliteStore, Store};
use serde_json::{Value, json};

use crate::cli::VerifyArgs;
use crate::data_folder::{DataFolder, parse_keys};
use crate::failure::Failure;
use crate::files::{read_at_most, read_text};

/// Largest file of a log or bodies folder, in bytes (64 MiB).
const FILE_MAX_BYTES: usize = 64 << 20;

/// Faults printed in words; JSON holds all.
const FAULTS_PRINTED: usize = 20;

pub(crate) fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let since = args.since.as_deref().map(read_text).transpose()?;
    let mut quiet = |_, _| ();
    let verdict = if args.source.starts_with("http://") || args.source.starts_with("https://") {
        verify_address(&args.source, args.key.as_deref(), since.as_deref(), &mut quiet)?
    } else {
        verify_folder(Path::new(&args.source), args.key.as_deref(), since.as_deref(), &mut quiet)?
    };
    if args.json {
        println!("{}", as_json(&verdict));
    } else {
        print_words(&verdict);
    }
    outcome(&verdict)
}

/// The failure of a verdict that does not hold.
pub(crate) fn outcome(verdict: &Verdict) -> Result<(), Failure> {
    let Some(first) = verdict.faults.first() else { return Ok(()) };
    let count = verdict.faults.len();
    let place =
        first.entry.map_or_else(|| first.file.clone().unwrap_or_default(), |entry| format!("entry {entry}"));
    Err(Failure::not_verified(format!(
        "{count} things do not hold; first, {place}: {} ({})",
        first.detail, first.rule
    ))
    .hint("keep this copy as evidence and compare it with another copy or an older head"))
}

/// Verifies a data folder; `key` as the command line takes it.
pub(crate) fn verify_folder(
    root: &Path,
    key: Option<&str>,
    since: Option<&str>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verdict, Failure> {
    let folder = DataFolder::open(root)?;
    let keys = key.map_or_else(|| folder.keys(), given_keys)?;
    let mut files = LogFiles::new();
    list_files(&folder.log(), &folder.log(), &mut files)?;
    let store_size = super::block_on(store_size(&folder))??;
    let bodies = FolderBodies { folder: folder.bodies() };
    let evidence = Evidence { files: &files, listed: true, keys: &keys, bodies: &bodies, store_size, since };
    let mut verdict = audit(&evidence, progress);
    verdict.faults.extend(foreign_bodies(&folder.bodies())?);
    Ok(verdict)
}

fn verify_address(
    address: &str,
    key: Option<&str>,
    since: Option<&str>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Verdict, Failure> {
    let key = key.ok_or_else(|| {
        Failure::usage("an address is verified with a key that did not come from it")
            .hint("give --key VKEY, or --key FILE with the log's key and its cosigners' keys below")
    })?;
    let keys = given_keys(key)?;
    let site = Site { base: address.trim_end_matches('/').to_owned() };
    let files = site.log_files(&keys)?;
    let bodies = SiteBodies { site: &site, fetched: RefCell::default() };
    let evidence =
        Evidence { files: &files, listed: false, keys: &keys, bodies: &bodies, store_size: None, since };
    Ok(audit(&evidence, progress))
}

/// A verifier key, or a file with the log's key first and cosigners' keys below.
fn given_keys(given: &str) -> Result<KeyRing, Failure> {
    if let Ok(log) = given.parse() {
        return Ok(KeyRing { log, cosigners: None });
    }
    let text = read_text(Path::new(given))?;
    let mut keys = parse_keys(given, &text)?.into_iter();
    let log = keys.next().ok_or_else(|| Failure::failed(format!("{given} holds no key")))?;
    let cosigners: Vec<_> = keys.collect();
    Ok(KeyRing { log, cosigners: (!cosigners.is_empty()).then_some(cosigners) })
}

fn list_files(root: &Path, folder: &Path, files: &mut LogFiles) -> Result<(), Failure> {
    let cannot = |error| Failure::failed(format!("cannot list {}: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.is_dir() {
            list_files(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.insert(name, read_at_most(&path, FILE_MAX_BYTES)?);
        }
    }
    Ok(())
}

/// Size of the newest head in the folder's store; `None` where there is no store, as in a published copy.
async fn store_size(folder: &DataFolder) -> Result<Option<u64>, Failure> {
    if !folder.store().exists() {
        return Ok(None);
    }
    let mut store = SqliteStore::open_read_only(&folder.store()).await.map_err(Failure::failed)?;
    let newest = store.newest_head().await.map_err(Failure::failed)?;
    store.close().await.map_err(Failure::failed)?;
    Ok(newest.map(|head| head.size))
}

/// Bodies in a folder, by the hex of their SHA-256.
struct FolderBodies {
    folder: PathBuf,
}

impl Bodies for FolderBodies {
    fn get(&self, hash: &Hash) -> Body {
        match fs::read(self.folder.join(hash.to_string())) {
            Ok(bytes) if body_hash(&bytes) == *hash => Body::Here(bytes),
            Ok(_) => Body::Altered,
            Err(_) => Body::Missing,
        }
    }
}

/// Files in the bodies folder that are not what their name says.
fn foreign_bodies(folder: &Path) -> Result<Vec<sekong_centre::AuditFault>, Failure> {
    let mut files = LogFiles::new();
    if folder.is_dir() {
        list_files(folder, folder, &mut files)?;
    }
    let foreign = files.into_iter().filter(|(name, bytes)| body_hash(bytes).to_string() != *name);
    let fault = |(name, _)| sekong_centre::AuditFault {
        entry: None,
        file: Some(format!("bodies/{name}")),
        rule: "body.name".to_owned(),
        detail: "the file's name is not the SHA-256 of its bytes".to_owned(),
    };
    Ok(foreign.map(fault).collect())
}

/// A centre's address.
struct Site {
    base: String,
}

impl Site {
    fn log_files(&self, keys: &KeyRing) -> Result<LogFiles, Failure> {
        let note = self.required(CHECKPOINT_FILE)?;
        let mut files = LogFiles::from([(CHECKPOINT_FILE.to_owned(), note.clone())]);
        let text = String::from_utf8_lossy(&note);
        // A head that does not open is named by the audit; without its size nothing more can be fetched.
        let Ok(head) = keys.open(&text) else { return Ok(files) };
        for tile in tiles_of(head.checkpoint.size) {
            files.insert(tile.to_string(), self.required(&tile.to_string())?);
        }
        Ok(files)
    }

    fn required(&self, name: &str) -> Result<Vec<u8>, Failure> {
        let address = format!("{}/log/{name}", self.base);
        match self.fetch(&address) {
            Ok(Fetched::Here(bytes)) => Ok(bytes),
            Ok(Fetched::Status(status)) => Err(Failure::not_verified(format!("{address} answers {status}"))
                .hint("the address is the centre's base: its log lies at /log/")),
            Err(error) => Err(Failure::failed(format!("cannot fetch {address}: {error}"))),
        }
    }

    fn fetch(&self, address: &str) -> Result<Fetched, ureq::Error> {
        match ureq::get(address).call() {
            Ok(response) => {
                let mut bytes = Vec::new();
                let reader = response.into_body().into_reader().take(FILE_MAX_BYTES as u64);
                { reader }.read_to_end(&mut bytes)?;
                Ok(Fetched::Here(bytes))
            }
            Err(ureq::Error::StatusCode(status)) => Ok(Fetched::Status(status)),
            Err(error) => Err(error),
        }
    }
}

enum Fetched {
    Here(Vec<u8>),
    Status(u16),
}

/// Bodies behind an address, each fetched once.
struct SiteBodies<'a> {
    site: &'a Site,
    fetched: RefCell<BTreeMap<Hash, Body>>,
}

impl Bodies for SiteBodies<'_> {
    fn get(&self, hash: &Hash) -> Body {
        let fetch = || match self.site.fetch(&format!("{}/bodies/{hash}", self.site.base)) {
            Ok(Fetched::Here(bytes)) if body_hash(&bytes) == *hash => Body::Here(bytes),
            Ok(Fetched::Here(_)) => Body::Altered,
            // Forbidden: the release rule does not let this reader have it yet.
            Ok(Fetched::Status(403)) => Body::Sealed,
            Ok(Fetched::Status(_)) | Err(_) => Body::Missing,
        };
        self.fetched.borrow_mut().entry(*hash).or_insert_with(fetch).clone()
    }
}

fn as_json(verdict: &Verdict) -> Value {
    let head = verdict.log.as_ref().map(|log| &log.head);
    let cosignatures = head.into_iter().flat_map(|head| &head.cosignatures);
    let faults = verdict.faults.iter().map(|fault| {
        json!({ "entry": fault.entry, "file": fault.file, "rule": fault.rule, "detail": fault.detail })
    });
    json!({
        "verified": verdict.holds(),
        "size": head.map(|head| head.checkpoint.size),
        "root": verdict.root(),
        "cosignatures": cosignatures
            .map(|one| json!({ "name": one.name, "time": one.time }))
            .collect::<Vec<_>>(),
        "unchecked": head.map_or(&[][..], |head| &head.unchecked),
        "sealed": verdict.sealed,
        "faults": faults.collect::<Vec<_>>(),
    })
}

fn print_words(verdict: &Verdict) {
    if let Some(log) = &verdict.log {
        println!("{} entries under root {}", log.tree.size(), log.tree.root());
        for cosignature in &log.head.cosignatures {
            println!("cosigned by {} at {}", cosignature.name, cosignature.time);
        }
        for line in &log.head.unchecked {
            println!("unchecked: {line}");
        }
    }
    if verdict.sealed > 0 {
        println!(
            "{} entries wait for bodies that are still sealed; what needs none of them was checked",
            verdict.sealed
        );
    }
    for fault in verdict.faults.iter().take(FAULTS_PRINTED) {
        let place = fault.entry.map_or_else(String::new, |entry| format!("entry {entry} "));
        println!("{place}{} breaks {}: {}", fault.file.as_deref().unwrap_or(""), fault.rule, fault.detail);
    }
    if verdict.holds() {
        println!("everything holds: heads, entries, plans, releases, deals, dice, orders and reports");
    }
}
