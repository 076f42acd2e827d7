//! The audit of a campaign's record: the log by itself, then everything its entries say, recomputed.
//!
//! It trusts the keys it is given and nothing else, and it goes on after a fault, so that all are named at once.

use sekong_log::{AuditedLog, Entry, Hash, LogFault, LogFiles, audit_fetched, audit_folder};

use crate::fault::Fault;
use crate::state::{Admitted, Bodies, KeyRing, State};

/// What an auditor was given.
pub struct Evidence<'a> {
    /// The log's files.
    pub files: &'a LogFiles,
    /// Whether `files` are all there are, so that a foreign one is a fault.
    pub listed: bool,
    /// The keys that heads must carry.
    pub keys: &'a KeyRing,
    /// Where bodies are looked for.
    pub bodies: &'a dyn Bodies,
    /// Size of the newest head that the centre's own store knows; an older one must not be published.
    pub store_size: Option<u64>,
    /// An older head, a signed note, of which the log must be a continuation.
    pub since: Option<&'a str>,
}

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFault {
    /// The entry at fault.
    pub entry: Option<u64>,
    /// The file at fault.
    pub file: Option<String>,
    /// Short name of the rule.
    pub rule: String,
    /// What is wrong, in words.
    pub detail: String,
}

/// What the audit found.
pub struct Verdict {
    /// Everything that does not hold; empty means that all of it does.
    pub faults: Vec<AuditFault>,
    /// The log, if it holds by itself.
    pub log: Option<AuditedLog>,
    /// Entries whose bodies are still sealed: only what needs none was checked.
    pub sealed: u64,
    /// The campaign as the log tells it, if entry 0 opens one.
    pub state: Option<State>,
}

/// Checks everything; `progress` is told how many entries are done, of how many.
pub fn audit(evidence: &Evidence<'_>, progress: &mut dyn FnMut(u64, u64)) -> Verdict {
    let keys = evidence.keys.head_keys();
    let audited = if evidence.listed {
        audit_folder(evidence.files, keys)
    } else {
        audit_fetched(evidence.files, keys)
    };
    let mut verdict = Verdict { faults: Vec::new(), log: None, sealed: 0, state: None };
    match audited {
        Ok(log) => {
            verdict.check_since(evidence, &log);
            verdict.check_store(evidence, &log);
            verdict.check_entries(evidence, &log, progress);
            verdict.check_cosigned(evidence, &log);
            verdict.log = Some(log);
        }
        Err(faults) => verdict.faults.extend(faults.iter().map(of_log)),
    }
    verdict
}

impl Verdict {
    /// Whether everything that could be checked holds.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    fn check_since(&mut self, evidence: &Evidence<'_>, log: &AuditedLog) {
        let Some(note) = evidence.since else { return };
        let fault = |detail: String| AuditFault {
            entry: None,
            file: None,
            rule: "head.continues".to_owned(),
            detail,
        };
        match evidence.keys.open(note) {
            Err(error) => self.faults.push(fault(format!("the older head does not open: {error}"))),
            Ok(older) => {
                let (size, root) = (older.checkpoint.size, older.checkpoint.root);
                if log.tree.root_at(size) != Some(root) {
                    let now = log.tree.size();
                    let detail = format!(
                        "the log of {now} entries does not continue the older head of {size}: two histories exist"
                    );
                    self.faults.push(fault(detail));
                }
            }
        }
    }

    fn check_store(&mut self, evidence: &Evidence<'_>, log: &AuditedLog) {
        let Some(stored) = evidence.store_size else { return };
        let published = log.tree.size();
        if published < stored {
            self.faults.push(AuditFault {
                entry: None,
                file: Some(sekong_log::CHECKPOINT_FILE.to_owned()),
                rule: "head.newest".to_owned(),
                detail: format!("the head covers {published} entries, the store's newest covers {stored}"),
            });
        }
    }

    fn check_cosigned(&mut self, evidence: &Evidence<'_>, log: &AuditedLog) {
        let (Some(state), Some(_)) = (&self.state, &evidence.keys.cosigners) else { return };
        let (found, wanted) = (log.head.cosignatures.len(), state.campaign().rules().cosignatures as usize);
        if found < wanted {
            let fault = Fault::TooFewCosignatures { found, wanted };
            let file = Some(sekong_log::CHECKPOINT_FILE.to_owned());
            let (rule, detail) = (fault.rule().to_owned(), fault.to_string());
            self.faults.push(AuditFault { entry: None, file, rule, detail });
        }
    }

    fn check_entries(
        &mut self,
        evidence: &Evidence<'_>,
        log: &AuditedLog,
        progress: &mut dyn FnMut(u64, u64),
    ) {
        let total = log.tree.size();
        for (index, entry) in (0..).zip(&log.entries) {
            if let Err(fault) = self.check_entry(evidence, log, index, entry) {
                self.faults.push(of_entry(index, &fault));
            }
            if self.state.is_none() {
                return;
            }
            progress(index + 1, total);
        }
    }

    fn check_entry(
        &mut self,
        evidence: &Evidence<'_>,
        log: &AuditedLog,
        index: u64,
        entry: &Entry,
    ) -> Result<(), Fault> {
        let Some(state) = &mut self.state else {
            self.state = Some(State::open(entry, evidence.keys.clone(), evidence.bodies)?);
            return Ok(());
        };
        match state.admit(index, entry, &log.tree, evidence.bodies) {
            Ok(Admitted::Whole) => Ok(()),
            Ok(Admitted::Sealed) => {
                self.sealed += 1;
                Ok(())
            }
            Err(fault) => {
                state.skip(entry);
                Err(fault)
            }
        }
    }

    /// Root of the audited log.
    pub fn root(&self) -> Option<Hash> {
        self.log.as_ref().map(|log| log.tree.root())
    }
}

fn of_log(fault: &LogFault) -> AuditFault {
    AuditFault {
        entry: fault.entry,
        file: Some(fault.file.clone()),
        rule: format!("log.{}", fault.rule.name()),
        detail: fault.rule.to_string(),
    }
}

fn of_entry(index: u64, fault: &Fault) -> AuditFault {
    AuditFault { entry: Some(index), file: None, rule: fault.rule().to_owned(), detail: fault.to_string() }
}
