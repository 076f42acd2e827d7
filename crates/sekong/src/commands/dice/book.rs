//! What an officer has signed, beside his key: one throw for a silence, ever, so that no centre can ask for two and choose.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sekong_draw::{Throw, ThrownDice};
use sekong_log::Hash;
use sekong_model::{CampaignId, Moment, ProvinceId};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// A throw as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Signed {
    pub(super) campaign: CampaignId,
    pub(super) moment: Moment,
    pub(super) dice: ThrownDice,
    /// Leaf hash of the silence in each province.
    pub(super) silences: BTreeMap<ProvinceId, Hash>,
}

impl Signed {
    /// The throw, before anybody signs it.
    pub(super) fn unsigned(&self) -> Throw {
        let silences = self.silences.values().copied().collect();
        Throw { moment: self.moment, silences, dice: self.dice.clone(), throwers: Vec::new() }
    }

    /// Whether both are for one moment of a province.
    fn meets(&self, other: &Signed) -> bool {
        let shares = self.silences.keys().any(|province| other.silences.contains_key(province));
        self.campaign == other.campaign && self.moment == other.moment && shares
    }
}

/// The book of one officer, locked while it is open.
pub(super) struct Book {
    path: PathBuf,
    file: File,
    signed: Vec<Signed>,
}

impl Book {
    /// The book beside a key; a new officer's is empty.
    pub(super) fn beside(key: &Path) -> Result<Book, Failure> {
        let mut path = key.as_os_str().to_owned();
        path.push(".thrown");
        let path = PathBuf::from(path);
        let cannot = |error| Failure::failed(format!("cannot open {}: {error}", path.display()));
        let mut options = fs::OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = file.map_err(cannot)?;
        file.try_lock().map_err(|error| {
            Failure::failed(format!("{} is in use: {error}", path.display())).hint("one throw at a time")
        })?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(cannot)?;
        // A line that was cut off while it was written was never signed: signing comes after.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(cannot)?;
        let signed = text[..whole].lines().enumerate().map(|(at, line)| read(&path, at, line));
        let signed = signed.collect::<Result<_, _>>()?;
        Ok(Book { path, file, signed })
    }

    /// What was signed for a province of a moment before.
    pub(super) fn before(&self, throw: &Signed) -> Option<&Signed> {
        self.signed.iter().find(|signed| signed.meets(throw))
    }

    /// Whether this officer may sign it: nothing else for one of its silences, and no dice that were seen before.
    pub(super) fn check(&self, throw: &Signed) -> Result<(), Failure> {
        let path = self.path.display();
        if let Some(other) = self.signed.iter().find(|signed| signed.meets(throw) && *signed != throw) {
            return Err(Failure::failed(format!(
                "{path}: another throw was signed for {}: {}",
                other.moment,
                String::from(other.dice.clone())
            ))
            .hint("there is one throw for a silence: give those digits, and it is sent again"));
        }
        let used = self.signed.iter().find(|signed| signed.dice == throw.dice && *signed != throw);
        used.map_or(Ok(()), |used| {
            Err(Failure::failed(format!("{path}: these dice were thrown for {} already", used.moment))
                .hint("whoever has seen them could choose what to use them for: throw the dice anew"))
        })
    }

    /// Has it on the disk, before it is signed.
    pub(super) fn keep(&mut self, throw: &Signed) -> Result<(), Failure> {
        if self.signed.contains(throw) {
            return Ok(());
        }
        let line = serde_json::to_string(throw).map_err(Failure::failed)? + "\n";
        let written = self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_all());
        let path = self.path.display();
        written.map_err(|error| Failure::failed(format!("cannot write {path}: {error}")))?;
        self.signed.push(throw.clone());
        Ok(())
    }
}

fn read(path: &Path, at: usize, line: &str) -> Result<Signed, Failure> {
    serde_json::from_str(line).map_err(|error| {
        Failure::failed(format!("{}, line {}: {error}", path.display(), at + 1))
            .hint("restore the file: it is what keeps this officer from signing two throws for one silence")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(moment: u32, dice: &str, silences: &[(&str, u8)]) -> Signed {
        let of = |(province, leaf): &(&str, u8)| (province.parse().unwrap(), Hash([*leaf; 32]));
        Signed {
            campaign: "c".parse().unwrap(),
            moment: Moment::Week { week: moment },
            dice: ThrownDice::try_from(dice.repeat(50)).unwrap(),
            silences: silences.iter().map(of).collect(),
        }
    }

    #[test]
    fn one_throw_a_silence_is_kept_over_a_restart_and_a_cut_line() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("police.key");
        let first = signed(1, "1", &[("a", 1), ("b", 2)]);
        {
            let mut book = Book::beside(&key).unwrap();
            book.check(&first).unwrap();
            book.keep(&first).unwrap();
            assert!(Book::beside(&key).is_err(), "it is locked");
        }
        let path = folder.path().join("police.key.thrown");
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], br#"{"campaign":"c","mom"#].concat()).unwrap();
        let mut book = Book::beside(&key).unwrap();
        assert_eq!(book.before(&signed(1, "2", &[("b", 9)])), Some(&first));
        book.check(&first).unwrap();
        for refused in [
            signed(1, "2", &[("a", 1), ("b", 2)]),
            signed(1, "2", &[("b", 2)]),
            signed(1, "1", &[("b", 9)]),
            signed(1, "1", &[("c", 3)]),
            signed(2, "1", &[("a", 1)]),
        ] {
            assert!(book.check(&refused).is_err(), "{refused:?}");
        }
        let second = signed(2, "2", &[("a", 1)]);
        book.check(&second).unwrap();
        book.keep(&second).unwrap();
        drop(book);
        assert_eq!(Book::beside(&key).unwrap().signed, [first, second]);
    }

    #[test]
    fn a_book_that_cannot_be_read_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("k.thrown"), "{}\n").unwrap();
        assert!(Book::beside(&folder.path().join("k")).is_err());
    }
}
