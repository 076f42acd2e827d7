//! A campaign's data folder: keys, store, published log and bodies.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sekong_centre::{KeyRing, Secrets, WitnessAt, cosignatures_line};
use sekong_log::DeviceId;
use sekong_model::{Campaign, CustodianId};
use sekong_store::{SqliteStore, StoreError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files::read_text;
use crate::lines::{self, CentreFile, CustodianFile, WitnessFile};
use crate::output::complain;

mod leftovers;

/// The file with the secrets, relative to the folder.
const SECRETS: &str = "keys/secrets.json";

pub(crate) const RESTORE_SECRETS: &str = "restore the file from the copy made when the campaign was founded: \
     its log and its draws cannot be continued with other keys";

/// A store that failed, and what to do if its file is broken or held.
pub(crate) fn store_failed(error: impl std::error::Error + 'static) -> Failure {
    let otherwise = sekong_store::is_damage(&error).then_some(RESTORE_STORE);
    let failure = Failure::failed(&error);
    match held_hint(&error).or(otherwise) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What helps where a database is only read by somebody else.
pub(crate) fn held_hint(error: &(dyn std::error::Error + 'static)) -> Option<&'static str> {
    error.downcast_ref().filter(|error| matches!(error, StoreError::Held)).map(|_| END_READERS)
}

const END_READERS: &str = "end what reads the database (a copy, a scrub, a shell of SQLite) and start again: after a crash all that was \
     acknowledged is moved into the one file before anything new is written";

const RESTORE_STORE: &str = "the file sekong.db is broken: keep it aside, put a sound copy of the data folder's sekong.db in its place \
     (without -wal and -shm beside it), then `sekong restore` with what was published since";

/// `DIR` of every command that takes one.
pub(crate) struct DataFolder {
    root: PathBuf,
}

/// The secrets as they lie on disk: 32 bytes each, in hex.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretsFile {
    log: String,
    cosigners: Vec<String>,
    device: String,
    salt: String,
    custodians: Vec<(String, String)>,
}

impl DataFolder {
    /// Makes an empty data folder; refuses one that holds anything.
    pub(crate) fn create(root: &Path) -> Result<DataFolder, Failure> {
        new_folder(root)?;
        fs::create_dir(root.join("keys")).map_err(|error| {
            Failure::failed(format!("cannot make {}: {error}", root.join("keys").display()))
        })?;
        Ok(DataFolder { root: root.to_owned() })
    }

    /// A data folder that is there.
    pub(crate) fn open(root: &Path) -> Result<DataFolder, Failure> {
        if !root.is_dir() {
            return Err(Failure::usage(format!("{} is not a folder", root.display()))
                .hint("name the folder that `sekong init` or `sekong demo --data` made, or an address that begins with http"));
        }
        Ok(DataFolder { root: root.to_owned() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.root.join("sekong.db")
    }

    /// Whether the keys of a campaign are there and its database is not.
    pub(crate) fn has_lost_its_store(&self) -> bool {
        let about = fs::symlink_metadata(self.store());
        let is_gone = about.is_err_and(|error| error.kind() == ErrorKind::NotFound);
        is_gone && self.root.join(SECRETS).is_file()
    }

    /// Refuses a folder without a store.
    pub(crate) fn holds_a_store(&self) -> Result<(), Failure> {
        if self.store().is_file() {
            return Ok(());
        }
        if self.has_lost_its_store() {
            let (data, log) = (self.root.display(), self.log());
            return Err(Failure::failed(format!("{} is missing: the campaign's database is lost", self.store().display()))
                .hint(format!(
                    "found nothing anew: put back the newest copy of sekong.db, if there is one, without -wal and -shm beside it; \
                     then, with or without: \
                     sekong restore --data {data} --from {}",
                    log.display()
                )));
        }
        if fs::symlink_metadata(self.store()).is_ok() {
            return Err(Failure::failed(format!("{} is no file, or leads to none", self.store().display()))
                .hint("put the database there, or mount the disk where it lies"));
        }
        Err(Failure::usage(format!("{} holds no campaign", self.root.display()))
            .hint("found one first: sekong init CAMPAIGN --data DIR"))
    }

    /// An empty store, which becomes the folder's with [`DataFolder::put_new_store`].
    pub(crate) async fn new_store(&self) -> Result<SqliteStore, Failure> {
        self.drop_new_store()?;
        SqliteStore::create(&self.next_store()).await.map_err(store_failed)
    }

    /// Removes a new store that is not to be put in the place of the lost one.
    pub(crate) fn drop_new_store(&self) -> Result<(), Failure> {
        for ending in ["", "-wal", "-shm"] {
            let path = beside(&self.next_store(), ending);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Failure::failed(format!("cannot remove {}: {error}", path.display())));
                }
                _ => (),
            }
        }
        Ok(())
    }

    /// Puts the new store, which is closed, in the place of the one that is lost.
    pub(crate) fn put_new_store(&self) -> Result<(), Failure> {
        let flushed = File::open(self.next_store()).and_then(|file| file.sync_all());
        let put = flushed.and_then(|()| self.put_leftovers_aside());
        let put = put.and_then(|()| fs::rename(self.next_store(), self.store()));
        put.and_then(|()| File::open(&self.root)?.sync_all()).map_err(|error| {
            Failure::failed(format!("cannot put the new store in its place: {error}"))
                .hint("make room or give the rights, and try again; what lay beside the lost one is kept as .lost-N")
        })
    }

    fn next_store(&self) -> PathBuf {
        self.root.join("sekong.db.next")
    }

    /// The store, to be written to.
    pub(crate) async fn open_store(&self) -> Result<SqliteStore, Failure> {
        SqliteStore::open(&self.store()).await.map_err(store_failed)
    }

    /// The store, to be read alone.
    pub(crate) async fn read_store(&self) -> Result<SqliteStore, Failure> {
        SqliteStore::open_read_only(&self.store()).await.map_err(store_failed)
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    pub(crate) fn bodies(&self) -> PathBuf {
        self.root.join("bodies")
    }

    /// A link in the place of a published folder gives way to a folder: whoever serves what it leads to has an old log from then on.
    pub(crate) fn tell_of_links(&self) {
        for path in [self.log(), self.bodies()].iter().filter(|path| path.is_symlink()) {
            complain(format_args!(
                "warning: {} is a link, which a folder takes the place of; what it leads to is not written any more: mount the other disk \
                 there instead",
                path.display()
            ));
        }
    }

    /// Bodies that wait for their time; a published copy has none.
    pub(crate) fn sealed(&self) -> PathBuf {
        self.root.join("sealed")
    }

    /// Writes the secrets, readable by their owner alone, and the public keys.
    pub(crate) fn write_keys(
        &self,
        secrets: &Secrets,
        keys: &KeyRing,
        campaign: &Campaign,
    ) -> Result<(), Failure> {
        let custodians = secrets.custodians.iter().map(|(id, secret)| (id.to_string(), hex::encode(secret)));
        let file = SecretsFile {
            log: hex::encode(secrets.log),
            cosigners: secrets.cosigners.iter().map(hex::encode).collect(),
            device: hex::encode(secrets.device),
            salt: hex::encode(secrets.salt),
            custodians: custodians.collect(),
        };
        let text = serde_json::to_string_pretty(&file).map_err(Failure::failed)?;
        self.write("secrets.json", &text, 0o600)?;
        self.write("log.vkey", &format!("{}\n", keys.log), 0o644)?;
        let cosigners = keys.cosigners.iter().flatten().map(|key| format!("{key}\n"));
        self.write("cosigners.vkey", &cosigners.collect::<String>(), 0o644)?;
        self.write("cosignatures", &cosignatures_line(campaign.rules()), 0o644)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> Result<(), Failure> {
        write_new(&self.root.join("keys").join(name), text.as_bytes(), mode)
    }

    /// Writes what the custodians are told, by which keys those on machines of their own are known, and the witnesses.
    pub(crate) fn write_lines(
        &self,
        centre: &CentreFile,
        custodians: &[CustodianFile],
        witnesses: &[WitnessAt],
    ) -> Result<(), Failure> {
        self.write("centre.json", &lines::text(centre)?, 0o644)?;
        if !witnesses.is_empty() {
            let files: Vec<_> = witnesses.iter().map(WitnessFile::from).collect();
            self.write("witnesses.json", &lines::text(&files)?, 0o644)?;
        }
        if custodians.is_empty() {
            return Ok(());
        }
        let known: BTreeMap<&CustodianId, DeviceId> =
            custodians.iter().map(|file| (file.id(), file.line)).collect();
        self.write("custodians.json", &lines::text(&known)?, 0o644)
    }

    /// The line keys of custodians on machines of their own; `None` if they live in the centre's process.
    pub(crate) fn custodians(&self) -> Result<Option<BTreeMap<CustodianId, DeviceId>>, Failure> {
        self.line_file("custodians.json")
    }

    /// The cosigners on machines of their own.
    fn witnesses(&self) -> Result<Vec<WitnessAt>, Failure> {
        let files: Vec<WitnessFile> = self.line_file("witnesses.json")?.unwrap_or_default();
        files.into_iter().map(WitnessFile::witness).collect()
    }

    /// A file that `sekong init` wrote if there was something to write.
    fn line_file<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Failure> {
        let path = self.root.join("keys").join(name);
        if !fs::exists(&path).map_err(Failure::failed)? {
            return Ok(None);
        }
        lines::read(&path, "sekong init").map(Some)
    }

    /// The secrets that this folder keeps, and the cosigners whose secrets are elsewhere.
    pub(crate) fn secrets(&self) -> Result<Secrets, Failure> {
        let text = read_text(&self.root.join(SECRETS))?;
        let file: SecretsFile = serde_json::from_str(&text).map_err(|error| {
            Failure::failed(format!("{SECRETS} cannot be read: {error}")).hint(RESTORE_SECRETS)
        })?;
        Ok(Secrets { witnesses: self.witnesses()?, ..file.parse()? })
    }

    /// Keeps every other process from writing this folder, for as long as the value lives.
    pub(crate) fn lock(&self) -> Result<File, Failure> {
        lock(&self.root, "one centre writes a folder; stop the other one first")
    }

    /// Whether a centre runs on this folder.
    pub(crate) fn is_served(&self) -> bool {
        let path = self.root.join("lock");
        // A pipe in its place would be waited for.
        let is_file = fs::symlink_metadata(&path).is_ok_and(|about| about.is_file());
        is_file
            && File::open(&path)
                .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// The public keys that this folder keeps.
    pub(crate) fn keys(&self) -> Result<KeyRing, Failure> {
        let log = read_text(&self.root.join("keys/log.vkey"))?;
        let cosigners = read_text(&self.root.join("keys/cosigners.vkey"))?;
        let [log] = parse_keys("keys/log.vkey", &log)?.try_into().map_err(|keys: Vec<_>| {
            Failure::failed(format!("keys/log.vkey holds {} keys, not one", keys.len()))
        })?;
        Ok(KeyRing { log, cosigners: Some(parse_keys("keys/cosigners.vkey", &cosigners)?) })
    }
}

impl SecretsFile {
    fn parse(&self) -> Result<Secrets, Failure> {
        let custodian = |(id, text): &(String, String)| {
            let field = format!("custodians of {id}");
            let known =
                id.parse().map_err(|error| Failure::failed(format!("{SECRETS}, {field}: {error}")))?;
            Ok((known, secret(&field, text)?))
        };
        let cosigner = |text: &String| secret("cosigners", text);
        Ok(Secrets {
            log: secret("log", &self.log)?,
            cosigners: self.cosigners.iter().map(cosigner).collect::<Result<_, Failure>>()?,
            witnesses: Vec::new(),
            device: secret("device", &self.device)?,
            salt: secret("salt", &self.salt)?,
            custodians: self.custodians.iter().map(custodian).collect::<Result<_, Failure>>()?,
        })
    }
}

fn secret(field: &str, text: &str) -> Result<[u8; 32], Failure> {
    parse_secret(SECRETS, field, text, RESTORE_SECRETS)
}

/// A secret's 32 bytes. The message names the field and never shows what stands in it.
pub(crate) fn parse_secret(file: &str, field: &str, text: &str, hint: &str) -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| Failure::failed(format!("{file}, {field}: not 32 bytes in hexadecimal")).hint(hint))?;
    Ok(bytes)
}

/// Makes a folder for secrets: new or empty, and nobody else on this machine may look in.
pub(crate) fn new_folder(root: &Path) -> Result<(), Failure> {
    let cannot = |error| Failure::failed(format!("cannot make the folder {}: {error}", root.display()));
    if root.exists() {
        let mut listing = fs::read_dir(root).map_err(|error| {
            Failure::usage(format!("{} is not a folder that can be read: {error}", root.display()))
        })?;
        if listing.next().is_some() {
            return Err(Failure::usage(format!("{} is not empty", root.display()))
                .hint("name a new or empty folder with --data; nothing was changed"));
        }
    }
    fs::create_dir_all(root).map_err(cannot)?;
    fs::set_permissions(root, fs::Permissions::from_mode(0o700)).map_err(cannot)
}

/// Makes what lies in a new folder; a failure leaves the folder as empty as it was, so that the next try can have it.
pub(crate) fn whole<T>(root: &Path, make: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let made = make();
    if made.is_err() {
        let left =
            fs::read_dir(root).and_then(|mut entries| entries.try_for_each(|entry| remove(&entry?.path())));
        if let Err(error) = left {
            complain(format_args!(
                "{} is half made: remove it before the next try ({error})",
                root.display()
            ));
        }
    }
    made
}

fn remove(path: &Path) -> std::io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        // The database's own files go when it is closed.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Writes a file that must not be there yet, and has it on the disk.
pub(crate) fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| {
        let failure = Failure::failed(format!("cannot write {}: {error}", path.display()));
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => {
                failure.hint("nothing was changed: name a file that is not there yet")
            }
            _ => failure.hint("check the path and its permissions"),
        }
    };
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(path).map_err(cannot)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(cannot)
}

/// A file's path with something added to its name.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Keeps every other process from using a folder, for as long as the value lives.
pub(crate) fn lock(root: &Path, hint: &str) -> Result<File, Failure> {
    let path = root.join("lock");
    let cannot = |error| Failure::failed(format!("cannot open {}: {error}", path.display()));
    if fs::metadata(&path).is_ok_and(|about| !about.is_file()) {
        return Err(cannot(io::Error::other("it is no regular file")).hint("remove it"));
    }
    let file = File::options().create(true).append(true).open(&path).map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Failure::failed(format!("another sekong serves {}", root.display())).hint(hint))
        }
        Err(TryLockError::Error(error)) => Err(cannot(error)),
    }
}

/// One verifier key a line.
pub(crate) fn parse_keys(file: &str, text: &str) -> Result<Vec<sekong_log::VerifierKey>, Failure> {
    let key = |(number, line): (usize, &str)| {
        line.parse().map_err(|error| {
            Failure::failed(format!("{file}, line {}: {error}", number + 1))
                .hint("a verifier key is one line: name+hash+key, as in keys/log.vkey")
        })
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_only_read_is_neither_broken_nor_given_up() {
        assert!(held_hint(&StoreError::Held).is_some_and(|hint| hint.contains("end what reads")));
        assert!(held_hint(&StoreError::Emptied).is_none());
    }
}
