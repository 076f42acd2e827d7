//! Breaks the running system on purpose: it starts the real program, reaches it over loopback, kills it, and looks at
//! what is left. It knows of the centre what HTTP, the published folder and the demo's seed tell.
//!
//! `rogue` plays a custodian that breaks its word.
//! `simulation` and `borders` start nothing: they live campaigns through inside one process, on a clock and by chances of a seed.

mod borders;
mod log;
mod rogue;
mod server;
mod simulation;
mod site;

use std::io;
use std::path::PathBuf;

pub use borders::{Border, Bordered, Looked, Sent, border_of};
pub use log::{
    Backlog, Case, Cut, Cutting, Fill, Filled, Inflict, Inflicted, Inflicting, Killed, Killing, Moment,
    Promise, cut_under, fill,
};
pub use rogue::Role;
pub use server::Server;
pub use simulation::party::Vice;
pub use simulation::{Broken, Ended, World, live, world_of};

/// What went wrong, or did not hold.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A file or process of the test itself.
    #[error("cannot {doing}: {source}")]
    System {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The program ended or said something other than was expected.
    #[error("{what}")]
    Program {
        /// What it did.
        what: String,
    },
    /// The centre could not be reached.
    #[error("cannot reach the centre: {0}")]
    Unreached(Box<ureq::Error>),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] sekong_store::StoreError),
    /// An entry could not be signed or read.
    #[error(transparent)]
    Entry(#[from] sekong_log::EntryError),
    /// What must hold does not.
    #[error("DOES NOT HOLD: {what}")]
    Broken {
        /// What does not hold.
        what: String,
    },
}

impl Trouble {
    fn system(doing: &'static str) -> impl FnOnce(io::Error) -> Trouble {
        move |source| Trouble::System { doing, source }
    }

    fn program(what: impl ToString) -> Trouble {
        Trouble::Program { what: what.to_string() }
    }
}

/// The program under test.
#[derive(Debug, Clone)]
pub struct Binary(pub PathBuf);
