//! The number of a case. It stands in a log that nobody can erase, so it holds a year and digits and no word.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A case by year and number, e.g. `2017/0042`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseNumber {
    year: u16,
    number: u32,
}

/// The text is no case number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a case is written with its year and four to eight digits, like 2017/0042, not {text:?}")]
pub struct CaseNumberError {
    /// The text as given.
    pub text: String,
}

impl FromStr for CaseNumber {
    type Err = CaseNumberError;
    fn from_str(text: &str) -> Result<Self, CaseNumberError> {
        let parts = text.split_once('/');
        let read = parts.filter(|(year, number)| year.len() == 4 && number.len() <= 8);
        let case = read.and_then(|(year, number)| {
            Some(CaseNumber { year: year.parse().ok()?, number: number.parse().ok()? })
        });
        // One spelling for one case: no sign, no further zeros.
        case.filter(|case| case.to_string() == text).ok_or_else(|| CaseNumberError { text: text.to_owned() })
    }
}

impl TryFrom<String> for CaseNumber {
    type Error = CaseNumberError;
    fn try_from(text: String) -> Result<Self, CaseNumberError> {
        text.parse()
    }
}

impl From<CaseNumber> for String {
    fn from(case: CaseNumber) -> String {
        case.to_string()
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}/{:04}", self.year, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_one_spelling_and_no_words() {
        for text in ["2017/0042", "2017/12345678", "0001/0000"] {
            assert_eq!(text.parse::<CaseNumber>().unwrap().to_string(), text);
        }
        for text in [
            "2017/42",
            "2017/00042",
            "17/0042",
            "2017-0042",
            "2017/+042",
            "2017/Sok",
            "2017/123456789",
            "",
            "/",
        ] {
            assert!(text.parse::<CaseNumber>().is_err(), "{text}");
        }
    }
}
