//! A witness's folder: its secret, what it tells others, what it has seen.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sekong_centre::{WitnessAt, WitnessMemory, WitnessUrl};
use sekong_log::{Hash, KeyKind, Seen, SigningKey, VerifierKey, WitnessedLogs};
use serde::{Deserialize, Serialize};

use crate::data_folder::{lock, write_new};
use crate::failure::Failure;
use crate::keeper::{Keeper, SECRET, write_secret};
use crate::lines::{self, WitnessFile};

const PUBLIC: &str = "witness.json";
const SEEN: &str = "seen.json";

const WITNESS: Keeper = Keeper {
    what: "a witness's folder",
    made_by: "sekong witness init",
    restore: "put back the newest copy of the folder, whole; a witness whose memory is older than its last cosignature \
              may sign a second history: if there is no such copy, make a new witness with a key of its own",
};

/// The secret as it lies on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretFile {
    name: String,
    /// 32 bytes in hex.
    key: String,
}

/// What was seen, as it lies on disk.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenFile {
    /// Whose memory this is.
    witness: VerifierKey,
    logs: Vec<SeenJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeenJson {
    log: VerifierKey,
    size: u64,
    root: Hash,
    time: Timestamp,
}

impl From<&Seen> for SeenJson {
    fn from(seen: &Seen) -> SeenJson {
        SeenJson { log: seen.log.clone(), size: seen.size, root: seen.root, time: seen.time }
    }
}

impl From<SeenJson> for Seen {
    fn from(json: SeenJson) -> Seen {
        Seen { log: json.log, size: json.size, root: json.root, time: json.time }
    }
}

/// `DIR` of the witness's commands.
pub(crate) struct WitnessFolder {
    root: PathBuf,
    key: SigningKey,
    pub(crate) public: WitnessFile,
    seen: BTreeMap<String, Seen>,
}

impl WitnessFolder {
    /// Makes the folder, which is new and empty, with a secret that was never anywhere else.
    pub(crate) fn create(root: &Path, name: &str, url: WitnessUrl, seed: [u8; 32]) -> Result<(), Failure> {
        let key = SigningKey::from_seed(name, KeyKind::CosignatureV1, &seed).map_err(|error| {
            Failure::usage(format!("--name: {error}"))
                .hint("a name is like court.example/witness, without spaces and without +")
        })?;
        let secret = SecretFile { name: name.to_owned(), key: hex::encode(seed) };
        write_secret(root, &secret)?;
        let public = WitnessFile::from(&WitnessAt { key: key.verifier().clone(), url });
        write_new(&root.join(PUBLIC), lines::text(&public)?.as_bytes(), 0o644)?;
        let seen = SeenFile { witness: key.verifier().clone(), logs: Vec::new() };
        write_new(&root.join(SEEN), lines::text(&seen)?.as_bytes(), 0o600)
    }

    /// A folder that is there.
    pub(crate) fn open(root: &Path) -> Result<WitnessFolder, Failure> {
        let secret: SecretFile = WITNESS.secret(root)?;
        let seed = WITNESS.seed("key", &secret.key)?;
        let key = SigningKey::from_seed(&secret.name, KeyKind::CosignatureV1, &seed)
            .map_err(|error| Failure::failed(format!("{SECRET}, name: {error}")).hint(WITNESS.restore))?;
        let path = root.join(SEEN);
        if !path.is_file() {
            return Err(Failure::failed(format!(
                "{} is missing: what was cosigned is forgotten",
                path.display()
            ))
            .hint(WITNESS.restore));
        }
        let seen: SeenFile = WITNESS.read(&path)?;
        if seen.witness != *key.verifier() {
            return Err(Failure::failed(format!(
                "{SEEN} is the memory of another witness, {}",
                seen.witness
            ))
            .hint(WITNESS.restore));
        }
        let seen = seen.logs.into_iter().map(|log| (log.log.name().to_owned(), log.into())).collect();
        Ok(WitnessFolder { root: root.to_owned(), key, public: WITNESS.read(&root.join(PUBLIC))?, seen })
    }

    /// A folder that is there, and keeps every other process from signing with its key for as long as the file lives. What another one
    /// has seen until it ended is read after that, or this one would sign a second history.
    pub(crate) fn open_to_sign(root: &Path) -> Result<(WitnessFolder, File), Failure> {
        // What is no witness's folder is told, and no lock is left in it.
        WitnessFolder::open(root)?;
        let lock = lock(root, "one process signs with a witness's key; stop the other one first")?;
        Ok((WitnessFolder::open(root)?, lock))
    }

    /// What it has seen, by the logs' origins.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &Seen> {
        self.seen.values()
    }

    /// The public half of its key.
    pub(crate) fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }

    /// The logs that it is told to follow, each from what it has seen of it.
    pub(crate) fn follow(&self, logs: &[VerifierKey]) -> Result<WitnessedLogs, Failure> {
        let mut followed = WitnessedLogs::new(self.key.clone()).map_err(Failure::failed)?;
        for (place, log) in logs.iter().enumerate() {
            let name = log.name();
            if logs[..place].iter().any(|before| before.name() == name) {
                return Err(Failure::usage(format!("--log: {name} is given twice")).hint("a log has one key"));
            }
            let taken = match self.seen.get(name) {
                Some(seen) if seen.log != *log => {
                    return Err(Failure::failed(format!(
                        "--log: {name} was followed with another key, {}",
                        seen.log
                    ))
                    .hint("a log keeps its key; ask its operator and its auditors why this one is another"));
                }
                Some(seen) => followed.follow_from(seen.clone()),
                None => followed.follow(log.clone()),
            };
            taken.map_err(|error| {
                Failure::usage(format!("--log: {error}")).hint("name the log's own key, log.vkey")
            })?;
        }
        Ok(followed)
    }

    /// What keeps what is seen from now on.
    pub(crate) fn into_memory(self) -> Memory {
        Memory { witness: self.key.verifier().clone(), root: self.root, seen: self.seen }
    }
}

/// The file of what was seen, replaced whole each time: a reader, and a restart, sees the old or the new one.
pub(crate) struct Memory {
    root: PathBuf,
    witness: VerifierKey,
    seen: BTreeMap<String, Seen>,
}

impl WitnessMemory for Memory {
    fn keep(&mut self, seen: &Seen) -> std::io::Result<()> {
        self.seen.insert(seen.log.name().to_owned(), seen.clone());
        let logs = self.seen.values().map(SeenJson::from).collect();
        let file = SeenFile { witness: self.witness.clone(), logs };
        let text = serde_json::to_string_pretty(&file)? + "\n";
        let next = self.root.join("seen.json.next");
        let mut written =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&next)?;
        written.write_all(text.as_bytes())?;
        written.sync_all()?;
        fs::rename(&next, self.root.join(SEEN))?;
        // The new name is only there for good once the folder is on the disk.
        File::open(&self.root)?.sync_all()
    }
}
