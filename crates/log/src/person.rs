//! What concerns a person: kept beside the log, committed to in it, and erasable without a change of any total.
//!
//! A record is padded to one of a few sizes, so that its length tells nothing, and committed with a salt of its own:
//! [`commitment`] with the tag [`PERSON_TAG`] over the padded bytes. Whoever lacks salt and bytes learns nothing of them.
//! Users of drugs are no part that a record could give somebody: they are counted, never recorded.

use serde::{Deserialize, Serialize};

use crate::canonical::canonical_bytes;
use crate::commitment::{SALT_BYTES, commitment};
use crate::merkle::Hash;
use crate::remark::Remark;

/// Tag of a commitment to a person's record.
pub const PERSON_TAG: &str = "sekong/person/v1";

/// Records of persons that one entry may commit to.
pub const PERSONS_MAX: usize = 8;

/// Ends the record in its padding (ISO/IEC 7816-4: one byte 0x80, then zeros).
const PAD_MARK: u8 = 0x80;

/// The size that a record is padded to, in bytes: one of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum SizeClass {
    /// 1 KiB.
    Small,
    /// 4 KiB.
    Large,
}

impl SizeClass {
    /// Every class, the smallest first.
    pub const ALL: [SizeClass; 2] = [SizeClass::Small, SizeClass::Large];

    /// Bytes of a padded record.
    pub fn bytes(self) -> usize {
        match self {
            SizeClass::Small => 1 << 10,
            SizeClass::Large => 1 << 12,
        }
    }

    fn of_padded(len_bytes: usize) -> Option<SizeClass> {
        Self::ALL.into_iter().find(|class| class.bytes() == len_bytes)
    }
}

impl TryFrom<u32> for SizeClass {
    type Error = &'static str;
    fn try_from(bytes: u32) -> Result<SizeClass, &'static str> {
        SizeClass::of_padded(bytes as usize).ok_or("a class is 1024 or 4096 bytes")
    }
}

impl From<SizeClass> for u32 {
    fn from(class: SizeClass) -> u32 {
        class.bytes() as u32
    }
}

/// An entry's commitment to the record of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonCommitted {
    /// Bytes of the padded record.
    pub class: SizeClass,
    /// The commitment.
    pub commitment: Hash,
}

/// What somebody's part was: a closed list, without those who only use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Carried what was found.
    Carrier,
    /// Drove the vehicle or steered the boat.
    Driver,
    /// Owns the vehicle, the boat or the goods.
    Owner,
    /// Holds an office.
    Official,
    /// Saw what happened.
    Witness,
}

/// The record of one person, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRecord {
    /// The person's part.
    pub part: Part,
    /// The name as given.
    pub name: Remark,
    /// What else a court would need to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Remark>,
}

/// Why bytes are no record of a person, or not the one committed to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// Not padded to a class, or to another than the smallest that holds it.
    #[error(
        "a record is padded by 0x80 and zeros to the smaller of 1024 and 4096 bytes that holds it; this one has {len_bytes}"
    )]
    Padding {
        /// Length in bytes.
        len_bytes: usize,
    },
    /// Not JSON of a record in its canonical form.
    #[error("not a record of a person: {reason}")]
    Record {
        /// What the reader says.
        reason: String,
    },
    /// The entry commits to something else.
    #[error("salt and record give the commitment {found}, the entry has {wanted}")]
    OtherCommitment {
        /// In the entry.
        wanted: Hash,
        /// Of salt and record.
        found: Hash,
    },
    /// The entry names another class.
    #[error("the record is padded to {found} bytes, the entry says {wanted}")]
    OtherClass {
        /// In the entry.
        wanted: usize,
        /// Of the record.
        found: usize,
    },
}

/// A record as it is kept: salt and padded bytes, which are erased together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaltedPerson {
    salt: [u8; SALT_BYTES],
    padded: Vec<u8>,
    class: SizeClass,
}

impl SaltedPerson {
    /// Pads a record; the salt must be fresh for every entry and version.
    pub fn new(record: &PersonRecord, salt: [u8; SALT_BYTES]) -> SaltedPerson {
        let mut padded = canonical(record);
        let class = SizeClass::ALL.into_iter().find(|class| padded.len() < class.bytes());
        let class = class.expect("two remarks of 200 characters of 4 bytes fit 4 KiB");
        padded.push(PAD_MARK);
        padded.resize(class.bytes(), 0);
        SaltedPerson { salt, padded, class }
    }

    /// Reads what was kept or sent.
    ///
    /// # Errors
    /// [`PersonError::Padding`] and [`PersonError::Record`].
    pub fn parse(salt: [u8; SALT_BYTES], padded: Vec<u8>) -> Result<SaltedPerson, PersonError> {
        let len_bytes = padded.len();
        let class = SizeClass::of_padded(len_bytes).ok_or(PersonError::Padding { len_bytes })?;
        let salted = SaltedPerson { salt, padded, class };
        let again = SaltedPerson::new(&salted.record()?, salt);
        if again != salted {
            return Err(PersonError::Padding { len_bytes });
        }
        Ok(salted)
    }

    /// The record.
    ///
    /// # Errors
    /// [`PersonError`], for bytes that hold none.
    pub fn record(&self) -> Result<PersonRecord, PersonError> {
        let end = self.padded.iter().rposition(|byte| *byte != 0);
        let end = end.filter(|end| self.padded[*end] == PAD_MARK);
        let end = end.ok_or(PersonError::Padding { len_bytes: self.padded.len() })?;
        let unreadable = |error: serde_json::Error| PersonError::Record { reason: error.to_string() };
        let record: PersonRecord = serde_json::from_slice(&self.padded[..end]).map_err(unreadable)?;
        if canonical(&record) == self.padded[..end] {
            return Ok(record);
        }
        Err(PersonError::Record { reason: "it is not in the canonical form of RFC 8785".to_owned() })
    }

    /// What an entry says of it.
    pub fn committed(&self) -> PersonCommitted {
        let commitment = commitment(PERSON_TAG, &self.salt, &self.padded);
        PersonCommitted { class: self.class, commitment }
    }

    /// Holds it against what an entry says.
    ///
    /// # Errors
    /// [`PersonError::OtherClass`] and [`PersonError::OtherCommitment`].
    pub fn check(&self, said: &PersonCommitted) -> Result<(), PersonError> {
        let own = self.committed();
        if own.class != said.class {
            return Err(PersonError::OtherClass { wanted: said.class.bytes(), found: own.class.bytes() });
        }
        if own.commitment != said.commitment {
            return Err(PersonError::OtherCommitment { wanted: said.commitment, found: own.commitment });
        }
        Ok(())
    }

    /// The salt.
    pub fn salt(&self) -> &[u8; SALT_BYTES] {
        &self.salt
    }

    /// The padded bytes.
    pub fn padded(&self) -> &[u8] {
        &self.padded
    }
}

fn canonical(record: &PersonRecord) -> Vec<u8> {
    canonical_bytes(record).expect("a map with text keys and text values has a canonical form")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(name: &str, note: Option<&str>) -> PersonRecord {
        let remark = |text: &str| text.parse().unwrap();
        PersonRecord { part: Part::Driver, name: remark(name), note: note.map(remark) }
    }

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_went_in_and_its_length_does_not_show(
            name in "[a-zA-Zក-ហ][a-zA-Zក-ហ ]{0,60}[a-zA-Zក-ហ]",
            salt: [u8; SALT_BYTES],
        ) {
            let salted = SaltedPerson::new(&record(&name, None), salt);
            prop_assert_eq!(salted.padded().len(), SizeClass::Small.bytes());
            let again = SaltedPerson::parse(salt, salted.padded().to_vec()).unwrap();
            prop_assert_eq!(again.record().unwrap(), record(&name, None));
            prop_assert_eq!(again.check(&salted.committed()), Ok(()));
            let mut other = salt;
            other[0] ^= 1;
            let resalted = SaltedPerson::new(&record(&name, None), other);
            prop_assert!(resalted.check(&salted.committed()).is_err());
        }

        #[test]
        fn a_changed_byte_is_another_record_or_none(at in 0_usize..1024, flip in 1_u8..) {
            let salted = SaltedPerson::new(&record("A", Some("b")), [7; SALT_BYTES]);
            let mut bytes = salted.padded().to_vec();
            bytes[at] ^= flip;
            let changed = SaltedPerson::parse([7; SALT_BYTES], bytes);
            prop_assert!(changed.is_err() || changed.unwrap().check(&salted.committed()).is_err());
        }
    }

    #[test]
    fn other_paddings_and_parts_are_refused() {
        let salted = SaltedPerson::new(&record("A", None), [7; SALT_BYTES]);
        let longest = record(&"𝄞".repeat(200), Some(&"\"".repeat(200)));
        assert_eq!(SaltedPerson::new(&longest, [7; SALT_BYTES]).committed().class, SizeClass::Large);
        let mut larger = salted.padded().to_vec();
        larger.resize(SizeClass::Large.bytes(), 0);
        for bytes in
            [vec![], vec![0; 1_024], vec![PAD_MARK; 1_024], larger, salted.padded()[..1_023].to_vec()]
        {
            assert!(SaltedPerson::parse([7; SALT_BYTES], bytes).is_err());
        }
        for part in ["user", "addict", "patient", "Driver"] {
            let text = format!(r#"{{"name":"A","part":"{part}"}}"#);
            assert!(serde_json::from_str::<PersonRecord>(&text).is_err(), "{part}");
        }
        assert!(serde_json::from_str::<SizeClass>("1023").is_err());
        assert_eq!(serde_json::to_string(&SizeClass::Large).unwrap(), "4096");
    }
}
