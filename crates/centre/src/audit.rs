//! The audit of a campaign's record: the log by itself, then everything its entries say, recomputed.
//!
//! It trusts the keys it is given and nothing else, and it goes on after a fault, so that all are named at once.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sekong_log::{AuditedLog, Entry, Hash, Head, Known, LogFault, LogSource, Tree, audit_log_ahead};

use crate::ahead::{Ahead, Scout};
use crate::fault::Fault;
use crate::plan_book::SolvingAhead;
use crate::schedule::decided_until;
use crate::state::{Admitted, Bodies, Body, CLOCK_TOLERANCE, KeyRing, State, statement};

/// What an auditor was given.
pub struct Evidence<'a> {
    /// The log's files.
    pub files: &'a dyn LogSource,
    /// The keys that heads must carry.
    pub keys: &'a KeyRing,
    /// Where bodies are looked for.
    pub bodies: &'a dyn Bodies,
    /// The newest head that the centre's own store knows, a signed note: what is published must continue it.
    pub store_head: Option<&'a str>,
    /// The auditor's time: a body that everyone may read by now must be there.
    pub now: Timestamp,
    /// An older head, a signed note, of which the log must be a continuation.
    pub since: Option<&'a str>,
    /// What this auditor has verified before, to the last body: signatures under it are not checked twice.
    pub known: Option<Known>,
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
    /// Entries that stand on something a fault leaves open: only what needs none of it was checked.
    pub unjudged: u64,
    /// Entries whose signatures were taken from what was known: none, unless the log continues that.
    pub signatures_known: u64,
    /// The campaign as the log tells it, if entry 0 opens one.
    pub state: Option<State>,
}

/// How far an audit is.
pub struct Progress<'a> {
    /// Entries done.
    pub done: u64,
    /// Entries in the log.
    pub of: u64,
    whole: u64,
    continues: bool,
    tree: &'a Tree,
}

impl Progress<'_> {
    /// The entries from the first on of which everything was there to be checked, and held; `None` if this is not the log
    /// that was known before.
    pub fn known(&self) -> Option<Known> {
        let root = self.tree.root_at(self.whole).filter(|_| self.continues)?;
        Some(Known { size: self.whole, root })
    }
}

/// Is told after every entry how far the audit is.
pub type Watch<'a> = dyn FnMut(&Progress<'_>) + Send + 'a;

/// Checks everything.
pub fn audit(evidence: &Evidence<'_>, watch: &mut Watch<'_>) -> Verdict {
    let mut reader = Reader {
        evidence,
        faults: Vec::new(),
        sealed: 0,
        unjudged: 0,
        whole: 0,
        continues: true,
        signatures_known: 0,
        state: None,
        solving: None,
    };
    let known = evidence.known.map_or(0, |known| known.size);
    let mut scout = Scout::new(evidence.keys, evidence.bodies, known);
    let mut look = |entries: &[(u64, &Entry)]| Arc::new(scout.look(entries));
    let mut visit = |index: u64, entry: Entry, tree: &Tree, ahead: &Arc<Ahead>| {
        reader.read(index, &entry, tree, ahead);
        let (whole, continues) = (reader.whole, reader.continues);
        watch(&Progress { done: index + 1, of: tree.size(), whole, continues, tree });
    };
    let keys = evidence.keys.head_keys();
    let log = match audit_log_ahead(evidence.files, keys, evidence.known, &mut look, &mut visit) {
        Ok(log) => log,
        Err(faults) => return Verdict::of_broken_log(&faults),
    };
    let mut verdict = Verdict {
        sealed: reader.sealed,
        unjudged: reader.unjudged,
        signatures_known: reader.signatures_known,
        state: reader.state,
        ..Verdict::of_broken_log(&[])
    };
    verdict.check_known(evidence, &log);
    verdict.check_continues(evidence, &log, evidence.since, "head.continues");
    verdict.check_newest(evidence, &log);
    verdict.faults.extend(reader.faults);
    verdict.check_cosigned(evidence, &log);
    verdict.check_complete(evidence, &log);
    verdict.log = Some(log);
    verdict
}

/// The rule that a folder's log is as new as its store.
const NEWEST: &str = "head.newest";

/// Follows what the entries say.
struct Reader<'a> {
    evidence: &'a Evidence<'a>,
    faults: Vec<AuditFault>,
    sealed: u64,
    unjudged: u64,
    /// Entries before the first that is sealed or at fault.
    whole: u64,
    /// Whether the log continues what was known of it.
    continues: bool,
    signatures_known: u64,
    state: Option<State>,
    solving: Option<SolvingAhead>,
}

impl Verdict {
    fn of_broken_log(faults: &[LogFault]) -> Verdict {
        Verdict {
            faults: faults.iter().map(of_log).collect(),
            log: None,
            sealed: 0,
            unjudged: 0,
            signatures_known: 0,
            state: None,
        }
    }

    /// Whether everything that could be checked holds.
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    /// The log must continue what this auditor has seen of it.
    fn check_known(&mut self, evidence: &Evidence<'_>, log: &AuditedLog) {
        let broken = evidence.known.and_then(|known| check_continuation(log, known).err());
        self.faults.extend(broken.map(|detail| of_head("head.continues", detail)));
    }

    /// The folder must have what its own store has.
    fn check_newest(&mut self, evidence: &Evidence<'_>, log: &AuditedLog) {
        let before = self.faults.len();
        self.check_continues(evidence, log, evidence.store_head, NEWEST);
        let size = |note: &str| evidence.keys.open(note).ok().map(|head| head.checkpoint.size);
        if evidence.store_head.and_then(size).is_some_and(|stored| log.tree.size() < stored) {
            let behind = "; the folder was set back, or lags behind its store: then the centre publishes the rest when it can, and at \
                          its next start";
            self.faults[before..].iter_mut().for_each(|fault| fault.detail.push_str(behind));
        }
    }

    /// The log must continue an earlier head: hold as many entries, and the same ones up to there.
    fn check_continues(&mut self, evidence: &Evidence<'_>, log: &AuditedLog, head: Option<&str>, rule: &str) {
        let Some(note) = head else { return };
        let detail = match evidence.keys.open(note) {
            Err(error) => Some(format!("the earlier head does not open: {error}")),
            Ok(Head { checkpoint, .. }) => {
                check_continuation(log, Known { size: checkpoint.size, root: checkpoint.root }).err()
            }
        };
        self.faults.extend(detail.map(|detail| of_head(rule, detail)));
    }

    /// The head was cosigned when it says, and every job that was due by then has left its trace. Without a cosignature
    /// that was checked, the centre's own newest entry tells how far the schedule must be done.
    fn check_complete(&mut self, evidence: &Evidence<'_>, log: &AuditedLog) {
        let Some(state) = &self.state else { return };
        let cosigned = log.head.cosignatures.iter().map(|cosignature| cosignature.time).max();
        let mut faults = state.overdue(cosigned.unwrap_or_else(|| state.centre_time()));
        if let Some(time) = cosigned {
            let latest = evidence.now + CLOCK_TOLERANCE;
            faults.extend(state.check_cosigned_at(log.tree.size(), time, latest).err());
            faults.extend(state.check_claims(time).err());
        }
        self.faults.extend(faults.iter().map(|fault| of_head(fault.rule(), fault.to_string())));
    }

    fn check_cosigned(&mut self, evidence: &Evidence<'_>, log: &AuditedLog) {
        let (Some(state), Some(_)) = (&self.state, &evidence.keys.cosigners) else { return };
        let (found, wanted) = (log.head.cosignatures.len(), state.campaign().rules().cosignatures as usize);
        if found < wanted {
            self.faults.push(too_few_cosignatures(found, wanted));
        }
    }

    /// Root of the audited log.
    pub fn root(&self) -> Option<Hash> {
        self.log.as_ref().map(|log| log.tree.root())
    }
}

impl Reader<'_> {
    /// Reads the next entry. Without one that opens the campaign there is nothing to hold the others against.
    fn read(&mut self, index: u64, entry: &Entry, tree: &Tree, ahead: &Arc<Ahead>) {
        if index > 0 && self.state.is_none() {
            return;
        }
        self.state.iter_mut().for_each(|state| state.see(ahead));
        let checked = self.check(index, entry, tree);
        if let (Ok(()), Some(solving), Some(day)) = (&checked, &self.solving, ahead.planned(index)) {
            solving.has_come_to(day);
        }
        if let Err(fault) = checked {
            self.faults.push(of_entry(index, &fault));
        } else if self.faults.is_empty() && self.sealed == 0 {
            self.whole = index + 1;
        }
    }

    fn check(&mut self, index: u64, entry: &Entry, tree: &Tree) -> Result<(), Fault> {
        let bodies = self.evidence.bodies;
        let Some(state) = &mut self.state else {
            let mut state = State::open(entry, self.evidence.keys.clone(), bodies)?;
            if let Some(known) = self.evidence.known {
                self.continues = tree.root_at(known.size) == Some(known.root);
                self.signatures_known = if self.continues { known.size } else { 0 };
                state.know_signatures(self.signatures_known);
            }
            self.solving = Some(SolvingAhead::new(state.campaign().clone()));
            self.state = Some(state);
            return Ok(());
        };
        let mut admitted = state.admit(index, entry, tree, bodies);
        while let Err(Fault::Skipped { job, .. }) = admitted {
            self.faults.extend(admitted.err().map(|fault| of_entry(index, &fault)));
            state.forgive(job);
            admitted = state.admit(index, entry, tree, bodies);
        }
        match admitted {
            Ok(Admitted::Whole) => Ok(()),
            Ok(Admitted::Sealed) => {
                self.sealed += 1;
                check_still_sealed(state, self.evidence, entry)
            }
            Ok(Admitted::Unjudged) => {
                self.unjudged += 1;
                Ok(())
            }
            Err(fault) => {
                state.go_on_after(&fault, index, entry);
                Err(fault)
            }
        }
    }
}

pub(crate) fn check_continuation(log: &AuditedLog, earlier: Known) -> Result<(), String> {
    let (size, now) = (earlier.size, log.tree.size());
    match log.tree.root_at(size) {
        Some(root) if root == earlier.root => Ok(()),
        Some(_) => {
            Err(format!("the first {size} entries are not those of the earlier head: two histories exist"))
        }
        None => Err(format!("the head covers {now} entries, an earlier one {size}")),
    }
}

/// A body may be kept from the public for so long and no longer. One that is there and was not judged, for what it stands on does not
/// hold, is kept from nobody.
fn check_still_sealed(state: &State, evidence: &Evidence<'_>, entry: &Entry) -> Result<(), Fault> {
    let Some((hash, Some(moment))) = statement(entry)?.named_body() else { return Ok(()) };
    let days = i64::from(state.campaign().rules().public_after_days);
    let due = decided_until(state.campaign(), moment) + SignedDuration::from_hours(24 * days);
    let is_kept = || evidence.bodies.get(&hash) == Body::Sealed;
    if due < evidence.now && is_kept() {
        Err(Fault::BodyOverdue { hash: hash.to_string(), due })
    } else {
        Ok(())
    }
}

/// A head that fewer cosigners signed than must.
pub fn too_few_cosignatures(found: usize, wanted: usize) -> AuditFault {
    let fault = Fault::TooFewCosignatures { found, wanted };
    of_head(fault.rule(), fault.to_string())
}

pub(crate) fn of_head(rule: &str, detail: String) -> AuditFault {
    let file = Some(sekong_log::CHECKPOINT_FILE.to_owned());
    AuditFault { entry: None, file, rule: rule.to_owned(), detail }
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
