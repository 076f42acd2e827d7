//! Names of things, each its own type, so that a post cannot be passed where a team is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest identifier, in bytes.
pub const ID_MAX_BYTES: usize = 128;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The text has no characters.
    #[error("an identifier cannot be empty")]
    Empty,
    /// The text is longer than [`ID_MAX_BYTES`].
    #[error("an identifier has at most {ID_MAX_BYTES} bytes, this one has {len_bytes}")]
    TooLong {
        /// Length of the text in bytes.
        len_bytes: usize,
    },
    /// The text holds a control character, or begins or ends with white space.
    #[error("an identifier holds no control characters and no white space at its ends: {text:?}")]
    BadCharacter {
        /// The text as given.
        text: String,
    },
}

fn check_id(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_MAX_BYTES {
        return Err(IdError::TooLong { len_bytes: text.len() });
    }
    if text.trim() != text || text.chars().any(char::is_control) {
        return Err(IdError::BadCharacter { text: text.to_owned() });
    }
    Ok(())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                check_id(&text)?;
                Ok(Self(text))
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A campaign, e.g. `northeast-2017`.
    CampaignId,
    /// A province's slug, e.g. `stung-treng`.
    ProvinceId,
    /// A place that can be inspected, e.g. `KH-LA-01`.
    PostId,
    /// Named officers of one agency who work together.
    TeamId,
    /// An anonymous place in the plan: one published Markov chain.
    UnitId,
    /// The units, and the teams of one base and equipment class that are dealt to them by lot.
    PoolId,
    /// An equipment class, which fixes the chance of detection.
    ClassId,
    /// A shift's name, e.g. `00-08`.
    ShiftId,
    /// A body that holds a share of the randomness.
    CustodianId,
    /// A seat at the centre whose holder throws dice for a custodian that is silent.
    OfficerId,
    /// A body that fills seats at the centre, e.g. `police`.
    BodyId,
    /// An office that may declare teams away.
    DeclarerId,
    /// A log that somebody else keeps, whose heads are anchored in the campaign's, e.g. `conduct`.
    AnchorId,
}
