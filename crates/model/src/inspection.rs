//! What a team reports of one slot: counts, parsed so that none can exceed the one it is a part of.

use serde::{Deserialize, Serialize};

/// Vehicles, boats and people on foot of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawCounts", into = "RawCounts")]
pub struct Counts {
    passed: u32,
    inspected: u32,
    found: u32,
}

/// Why three numbers are not the counts of one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CountsError {
    /// More were inspected than passed.
    #[error("{inspected} inspected of {passed} that passed")]
    MoreInspectedThanPassed {
        /// How many were inspected.
        inspected: u32,
        /// How many passed.
        passed: u32,
    },
    /// More than pass any post in an hour.
    #[error("{passed} passed in one hour; more than {} is a slip of the hand", Counts::MAX)]
    TooMany {
        /// How many passed.
        passed: u32,
    },
    /// Finds in more of them than were inspected.
    #[error("{found} finds in {inspected} that were inspected")]
    MoreFoundThanInspected {
        /// In how many something was found.
        found: u32,
        /// How many were inspected.
        inspected: u32,
    },
}

impl Counts {
    /// The largest count of one slot.
    pub const MAX: u32 = 9_999;

    /// Counts of one slot, `found ≤ inspected ≤ passed`.
    ///
    /// # Errors
    /// When a part is larger than its whole, or the whole larger than [`Counts::MAX`].
    pub fn new(passed: u32, inspected: u32, found: u32) -> Result<Self, CountsError> {
        if passed > Self::MAX {
            return Err(CountsError::TooMany { passed });
        }
        if inspected > passed {
            return Err(CountsError::MoreInspectedThanPassed { inspected, passed });
        }
        if found > inspected {
            return Err(CountsError::MoreFoundThanInspected { found, inspected });
        }
        Ok(Self { passed, inspected, found })
    }

    /// How many passed the post in the hour.
    pub fn passed(self) -> u32 {
        self.passed
    }

    /// How many of those were inspected.
    pub fn inspected(self) -> u32 {
        self.inspected
    }

    /// In how many of the inspected something was found.
    pub fn found(self) -> u32 {
        self.found
    }
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCounts {
    passed: u32,
    inspected: u32,
    found: u32,
}

impl TryFrom<RawCounts> for Counts {
    type Error = CountsError;
    fn try_from(raw: RawCounts) -> Result<Self, CountsError> {
        Self::new(raw.passed, raw.inspected, raw.found)
    }
}

impl From<Counts> for RawCounts {
    fn from(counts: Counts) -> Self {
        Self { passed: counts.passed, inspected: counts.inspected, found: counts.found }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_never_exceed_their_whole() {
        assert!(Counts::new(5, 3, 1).is_ok());
        assert!(Counts::new(Counts::MAX, Counts::MAX, Counts::MAX).is_ok());
        assert_eq!(Counts::new(10_000, 3, 1), Err(CountsError::TooMany { passed: 10_000 }));
        assert_eq!(
            Counts::new(2, 3, 1),
            Err(CountsError::MoreInspectedThanPassed { inspected: 3, passed: 2 })
        );
        assert_eq!(Counts::new(5, 3, 4), Err(CountsError::MoreFoundThanInspected { found: 4, inspected: 3 }));
    }

    #[test]
    fn counts_are_checked_when_read() {
        let text = r#"{"passed":1,"inspected":2,"found":0}"#;
        assert!(serde_json::from_str::<Counts>(text).is_err());
    }
}
