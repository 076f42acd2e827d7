//! What people say in their own words in an entry: little, on one line. A log that nobody can erase has no room for more.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Most characters of a remark.
pub const REMARK_MAX_CHARS: usize = 200;

/// One line of 1 to 200 characters that shows as it is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Remark(String);

/// Why a text is no remark.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemarkError {
    /// No characters, or none but white space.
    #[error("say it in 1 to {REMARK_MAX_CHARS} characters: nothing is said")]
    Empty,
    /// A speech.
    #[error("say it in 1 to {REMARK_MAX_CHARS} characters, not in {found_chars}")]
    TooLong {
        /// Characters given.
        found_chars: usize,
    },
    /// A control character, a line break, or one that turns the direction of writing.
    #[error("say it on one line, without control characters: there is {found:?} in it")]
    Control {
        /// The first of them.
        found: char,
    },
    /// White space at an end.
    #[error("say it without white space before and after it")]
    Untrimmed,
}

/// Whether a character changes how others around it show; the joiners that Khmer needs do not.
fn is_unshown(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl Remark {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Remark {
    type Error = RemarkError;
    fn try_from(text: String) -> Result<Remark, RemarkError> {
        let found_chars = text.chars().count();
        if text.trim().is_empty() {
            return Err(RemarkError::Empty);
        }
        if REMARK_MAX_CHARS < found_chars {
            return Err(RemarkError::TooLong { found_chars });
        }
        if let Some(found) = text.chars().find(|c| is_unshown(*c)) {
            return Err(RemarkError::Control { found });
        }
        if text.trim() != text { Err(RemarkError::Untrimmed) } else { Ok(Remark(text)) }
    }
}

impl FromStr for Remark {
    type Err = RemarkError;
    fn from_str(text: &str) -> Result<Remark, RemarkError> {
        Remark::try_from(text.to_owned())
    }
}

impl From<Remark> for String {
    fn from(remark: Remark) -> String {
        remark.0
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remark_is_one_short_line_in_any_script() {
        for good in ["garrison roll", "x", "ឆ្នោត\u{200b}ជាតិ", &"ក".repeat(REMARK_MAX_CHARS)]
        {
            assert_eq!(good.parse::<Remark>().unwrap().as_str(), good);
        }
        let refused = |text: &str| text.parse::<Remark>().unwrap_err();
        assert_eq!(refused(""), RemarkError::Empty);
        assert_eq!(refused(" \u{a0}"), RemarkError::Empty);
        let found_chars = REMARK_MAX_CHARS + 1;
        assert_eq!(refused(&"x".repeat(found_chars)), RemarkError::TooLong { found_chars });
        for found in ['\n', '\0', '\u{1b}', '\u{85}', '\u{2028}', '\u{202e}', '\u{2067}'] {
            assert_eq!(refused(&format!("a{found}b")), RemarkError::Control { found });
        }
        for untrimmed in [" a", "a ", "\u{3000}a"] {
            assert_eq!(refused(untrimmed), RemarkError::Untrimmed);
        }
    }
}
