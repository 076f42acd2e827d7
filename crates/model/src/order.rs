//! What one team is told for one hour.

use serde::{Deserialize, Serialize};

use crate::PostId;

/// An order to one team.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Order {
    /// Inspect where you are.
    Stay,
    /// Leave for a post; inspect nothing on the way.
    Drive {
        /// Where to.
        post: PostId,
    },
    /// The path of the unit is over: duty ends here.
    StandDown,
}
