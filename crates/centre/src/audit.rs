//! The audit of a campaign's record: the log by itself, then everything its entries say, recomputed.
//!
//! It trusts the keys it is given and nothing else, and it goes on after a fault, so that all are named at once.

use jiff::{SignedDuration, Timestamp};
use sekong_log::{AuditedLog, Entry, Hash, LogFault, LogFiles, Statement, audit_fetched, audit_folder};
use sekong_model::Moment;

use crate::fault::Fault;
use crate::plan_book::SolvedPlan;
use crate::schedule::decided_until;
use crate::state::{Admitted, Bodies, CLOCK_TOLERANCE, KeyRing, State, statement};

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
    /// The newest head that the centre's own store knows, a signed note: what is published must continue it.
    pub store_head: Option<&'a str>,
    /// The auditor's time: a body that everyone may read by now must be there.
    pub now: Timestamp,
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
    audit_with(evidence, &[], progress)
}

/// The same by one who has solved some of the games already, and need not do so again.
pub fn audit_with(
    evidence: &Evidence<'_>,
    solved: &[SolvedPlan],
    progress: &mut dyn FnMut(u64, u64),
) -> Verdict {
    let keys = evidence.keys.head_keys();
    let audited = if evidence.listed {
        audit_folder(evidence.files, keys)
    } else {
        audit_fetched(evidence.files, keys)
    };
    let mut verdict = Verdict { faults: Vec::new(), log: None, sealed: 0, state: None };
    match audited {
        Ok(log) => {
            verdict.check_continues(evidence, &log, evidence.since, "head.continues");
            verdict.check_continues(evidence, &log, evidence.store_head, "head.newest");
            verdict.check_entries(evidence, &log, solved, progress);
            verdict.check_cosigned(evidence, &log);
            verdict.check_complete(evidence, &log);
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

    /// The log must continue an earlier head: hold as many entries, and the same ones up to there.
    fn check_continues(&mut self, evidence: &Evidence<'_>, log: &AuditedLog, head: Option<&str>, rule: &str) {
        let Some(note) = head else { return };
        let detail = match evidence.keys.open(note) {
            Err(error) => format!("the earlier head does not open: {error}"),
            Ok(earlier) => {
                let (size, now) = (earlier.checkpoint.size, log.tree.size());
                match log.tree.root_at(size) {
                    Some(root) if root == earlier.checkpoint.root => return,
                    Some(_) => format!(
                        "the first {size} entries are not those of the earlier head: two histories exist"
                    ),
                    None => format!("the head covers {now} entries, an earlier one {size}"),
                }
            }
        };
        self.faults.push(of_head(rule, detail));
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
            let fault = Fault::TooFewCosignatures { found, wanted };
            self.faults.push(of_head(fault.rule(), fault.to_string()));
        }
    }

    fn check_entries(
        &mut self,
        evidence: &Evidence<'_>,
        log: &AuditedLog,
        solved: &[SolvedPlan],
        progress: &mut dyn FnMut(u64, u64),
    ) {
        let total = log.tree.size();
        for (index, entry) in (0..).zip(&log.entries) {
            if let Err(fault) = self.check_entry(evidence, log, index, entry) {
                self.faults.push(of_entry(index, &fault));
            }
            let Some(state) = &mut self.state else { return };
            if index == 0 {
                state.keep_solved(solved);
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
        let mut admitted = state.admit(index, entry, &log.tree, evidence.bodies);
        while let Err(Fault::Skipped { job, .. }) = admitted {
            self.faults.extend(admitted.err().map(|fault| of_entry(index, &fault)));
            state.forgive(job);
            admitted = state.admit(index, entry, &log.tree, evidence.bodies);
        }
        match admitted {
            Ok(Admitted::Whole) => Ok(()),
            Ok(Admitted::Sealed) => {
                self.sealed += 1;
                check_still_sealed(state, evidence.now, entry)
            }
            Err(fault) => {
                state.skip(index, entry);
                state.distrust(entry);
                Err(fault)
            }
        }
    }

    /// Root of the audited log.
    pub fn root(&self) -> Option<Hash> {
        self.log.as_ref().map(|log| log.tree.root())
    }
}

/// A body may be kept from the public for so long and no longer.
fn check_still_sealed(state: &State, now: Timestamp, entry: &Entry) -> Result<(), Fault> {
    let (moment, hash) = match statement(entry)? {
        Statement::Release(said) => (said.moment, said.values),
        Statement::Silence(said) => (said.moment, said.received),
        Statement::Deal(said) => (said.moment, said.deal),
        Statement::Orders(said) => (Moment::Hour { day: said.day, hour: said.hour }, said.body),
        _ => return Ok(()),
    };
    let days = i64::from(state.campaign().rules().public_after_days);
    let due = decided_until(state.campaign(), moment) + SignedDuration::from_hours(24 * days);
    if due < now { Err(Fault::BodyOverdue { hash: hash.to_string(), due }) } else { Ok(()) }
}

fn of_head(rule: &str, detail: String) -> AuditFault {
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
