//! When the log may not be written: the room is short where it lies, or its store does not hold what it should. Reads go
//! on, and what is refused was not acknowledged.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// Between two looks at the room: no second writes as much as is kept in reserve.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

const MIB: u64 = 1 << 20;

/// Where the log lies, as whoever starts a service measures it.
pub trait Space: Send + Sync + 'static {
    /// Bytes that this process may still write there.
    ///
    /// # Errors
    /// If the system does not tell.
    fn free_bytes(&self) -> io::Result<u64>;
}

/// The room that must be left.
#[derive(Clone)]
pub struct Reserve {
    /// Nothing is written while less is free.
    pub bytes: u64,
    /// How it is measured.
    pub space: Arc<dyn Space>,
}

/// Why nothing is written now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// What is left is kept, so that the database and the folder can always be brought to an end.
    #[error("{free_mib} MiB are free where the log lies, {reserve_mib} MiB must stay so: nothing is written")]
    NoSpace {
        /// Free, in MiB.
        free_mib: u64,
        /// Kept in reserve, in MiB.
        reserve_mib: u64,
    },
    /// The system does not say how much room there is.
    #[error("it cannot be told how much room is left where the log lies, so nothing is written: {why}")]
    NoFigure {
        /// What it says instead.
        why: String,
    },
    /// A scrub found the store damaged.
    #[error("the store does not hold what the log's head says, so nothing is written: {what}")]
    Damaged {
        /// What differs.
        what: String,
    },
}

/// Looks at the reasons before each commit.
pub(crate) struct Gate {
    reserve: Reserve,
    damaged: watch::Receiver<Option<String>>,
    looked: Option<(Instant, Option<Closed>)>,
}

impl Gate {
    pub(crate) fn new(reserve: Reserve, damaged: watch::Receiver<Option<String>>) -> Gate {
        Gate { reserve, damaged, looked: None }
    }

    /// Why the log may not be written, if it may not.
    pub(crate) fn closed(&mut self) -> Option<Closed> {
        if let Some(what) = self.damaged.borrow().clone() {
            return Some(Closed::Damaged { what });
        }
        let now = Instant::now();
        match &self.looked {
            Some((looked, told)) if now < *looked + BETWEEN_LOOKS => told.clone(),
            _ => {
                let told = self.reserve.look();
                self.looked = Some((now, told.clone()));
                told
            }
        }
    }
}

impl Reserve {
    fn look(&self) -> Option<Closed> {
        match self.space.free_bytes() {
            Ok(free) if self.bytes <= free => None,
            Ok(free) => Some(Closed::NoSpace { free_mib: free / MIB, reserve_mib: self.bytes.div_ceil(MIB) }),
            Err(error) => Some(Closed::NoFigure { why: error.to_string() }),
        }
    }
}
