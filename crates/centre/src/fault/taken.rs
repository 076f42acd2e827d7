//! What simulants and double inspections have of a report, which is not there twice.

/// What one word of the inspectorate has of a report's counts: the next has the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Of the vehicles inspected.
    pub inspected: u32,
    /// Of the finds.
    pub found: u32,
}

impl Taken {
    /// This and the other together.
    pub(crate) fn with(self, other: Taken) -> Taken {
        let Taken { inspected, found } = other;
        Taken { inspected: self.inspected.saturating_add(inspected), found: self.found.saturating_add(found) }
    }

    /// Nothing, if it is nothing.
    pub(super) fn told(self, by: &str) -> String {
        let Taken { inspected, found } = self;
        if inspected == 0 {
            String::new()
        } else {
            format!(", of which {by} are {found} finds in {inspected}")
        }
    }
}
