//! What an auditor was given by the custodians themselves: the commitments that the log must hold, and what they released.

use std::path::PathBuf;

use sekong_centre::{AuditFault, Shown, State};
use sekong_log::CustodianCommitted;
use sekong_model::CustodianId;

use crate::failure::Failure;
use crate::files::read_at_most;
use crate::lines::{self, CustodianFile};

/// Largest file of releases: those of a campaign of a year in many provinces.
const SHOWN_MAX_BYTES: usize = 1 << 30;

/// The commitments that were carried past the centre.
#[derive(Default)]
pub(crate) struct Pins(Vec<CustodianFile>);

impl Pins {
    pub(crate) fn read(paths: &[PathBuf]) -> Result<Pins, Failure> {
        let mut files: Vec<CustodianFile> = Vec::new();
        for path in paths {
            let file: CustodianFile = lines::read(path, "sekong custodian commit")?;
            if let Some(twice) = files.iter().find(|known| known.id() == file.id()) {
                return Err(Failure::usage(format!("--custodian: {} is given twice", twice.id()))
                    .hint("one file for each custodian"));
            }
            files.push(file);
        }
        Ok(Pins(files))
    }

    pub(crate) fn holds(&self, custodian: &CustodianId) -> bool {
        self.0.iter().any(|file| file.id() == custodian)
    }

    /// What of the log is not what the custodians gave.
    pub(crate) fn check(&self, state: &State) -> Vec<AuditFault> {
        self.0.iter().filter_map(|file| check(file, state)).collect()
    }
}

fn check(pin: &CustodianFile, state: &State) -> Option<AuditFault> {
    let id = pin.id();
    let logged = state.commitments().find(|(_, logged)| logged.custodian == *id);
    let fault = |entry: Option<u64>, detail: String| {
        Some(AuditFault { entry, file: None, rule: "custodian.pinned".to_owned(), detail })
    };
    if pin.campaign != *state.campaign().id() {
        return fault(None, format!("{id} committed to campaign {}, not to this one", pin.campaign));
    }
    let Some((index, logged)) = logged else {
        return fault(None, format!("the log has no commitment of {id}"));
    };
    let what = |of: &CustodianCommitted| format!("key {} and root {}", of.key, of.root);
    let same = |one: &CustodianCommitted| (one.key, one.root, one.values);
    if same(logged) == same(&pin.commitment) {
        return None;
    }
    fault(Some(index), format!("{id} committed to {}, the log has {}", what(&pin.commitment), what(logged)))
}

/// What custodians show, each with the file's name.
pub(crate) fn read_shown(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Shown)>, Failure> {
    let read = |path: &PathBuf| {
        let shown = serde_json::from_slice(&read_at_most(path, SHOWN_MAX_BYTES)?).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", path.display()))
                .hint("--released takes the file that `sekong custodian export` wrote, unchanged")
        });
        Ok((path.clone(), shown?))
    };
    paths.iter().map(read).collect()
}
