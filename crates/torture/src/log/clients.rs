//! The teams' devices as the centre's clients: they send what is signed, in order, and remember every answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use sekong_centre::api::views::ReceiptView;
use sekong_log::{Entry, Hash, Head, Tree, VerifierKey, leaf_hash, verify_inclusion};
use sekong_model::TeamId;
use sekong_store::StoredLeaf;

use super::Backlog;
use crate::Trouble;
use crate::site::{Sent, Site};

/// What was promised to the clients: it must hold for ever.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal {
    /// Leaf hashes of acknowledged entries, by index.
    acknowledged: BTreeMap<u64, Hash>,
    /// Roots of the heads that were given out, by size.
    heads: BTreeMap<u64, Hash>,
    /// How many of its entries each team has an acknowledgement for.
    done: BTreeMap<TeamId, usize>,
}

impl Journal {
    /// Entries acknowledged.
    pub(super) fn len(&self) -> usize {
        self.acknowledged.len()
    }

    /// The largest head that was given out.
    pub(super) fn newest_size(&self) -> u64 {
        self.heads.last_key_value().map_or(0, |(size, _)| *size)
    }

    /// Takes a receipt into account, which must prove what it says.
    fn note(
        &mut self,
        team: &TeamId,
        entry: &Entry,
        receipt: &ReceiptView,
        log: &VerifierKey,
    ) -> Result<(), Trouble> {
        let (index, leaf) = (receipt.index, entry.leaf_hash());
        if receipt.entry.as_bytes() != entry.bytes() {
            return Err(broken(format!("the receipt of entry {index} is for other bytes than {team} sent")));
        }
        self.note_head(&receipt.head, log)?;
        let head = Head::open_unchecked_cosignatures(&receipt.head, log).map_err(broken)?.checkpoint;
        verify_inclusion(&leaf, index, head.size, &receipt.proof, &head.root).map_err(broken)?;
        match self.acknowledged.insert(index, leaf) {
            Some(other) if other != leaf => Err(broken(format!("two entries have receipts for {index}"))),
            _ => {
                *self.done.entry(team.clone()).or_default() += 1;
                Ok(())
            }
        }
    }

    /// Remembers a head; two of one size must be the same.
    pub(super) fn note_head(&mut self, note: &str, log: &VerifierKey) -> Result<u64, Trouble> {
        let head = Head::open_unchecked_cosignatures(note, log).map_err(broken)?.checkpoint;
        match self.heads.insert(head.size, head.root) {
            Some(other) if other != head.root => {
                Err(broken(format!("two heads of {} entries were given out: a fork", head.size)))
            }
            _ => Ok(head.size),
        }
    }

    /// Holds the stored leaves against all that was promised.
    pub(super) fn check(&self, leaves: &[StoredLeaf]) -> Result<Tree, Trouble> {
        let (mut tree, mut places) = (Tree::new(), BTreeSet::new());
        for stored in leaves {
            if stored.index != tree.size() {
                return Err(broken(format!("entry {} is missing", tree.size())));
            }
            tree.push(leaf_hash(&stored.leaf));
            let entry = Entry::parse(&stored.leaf)?;
            if !places.insert((entry.device(), entry.seq())) {
                return Err(broken(format!("entry {} is there twice: {}", entry.seq(), entry.device())));
            }
        }
        let lost = self.acknowledged.iter().find(|(index, leaf)| tree.leaf(**index) != Some(**leaf));
        if let Some((index, _)) = lost {
            return Err(broken(format!(
                "entry {index} was acknowledged and is lost; the log has {}",
                tree.size()
            )));
        }
        match self.heads.iter().find(|(size, root)| tree.root_at(**size) != Some(**root)) {
            Some((size, _)) => Err(broken(format!("the head of {size} entries is not continued: a fork"))),
            None => Ok(tree),
        }
    }
}

/// The teams' devices.
pub(super) struct Clients<'a> {
    backlog: &'a Backlog,
    journal: Mutex<Journal>,
}

/// What a burst of entries came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Burst {
    /// Entries that were to be sent.
    pub(super) wanted: usize,
    /// Of these, acknowledged.
    pub(super) acknowledged: usize,
    /// Clients that were told that the centre cannot write now.
    pub(super) failed: usize,
}

impl<'a> Clients<'a> {
    pub(super) fn new(backlog: &'a Backlog) -> Clients<'a> {
        Clients::with(backlog, Journal::default())
    }

    /// The same devices, with what they were promised by some moment.
    pub(super) fn with(backlog: &'a Backlog, journal: Journal) -> Clients<'a> {
        Clients { backlog, journal: Mutex::new(journal) }
    }

    /// What they were promised so far.
    pub(super) fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that they were promised.
    pub(super) fn into_journal(self) -> Journal {
        self.journal.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// The teams with the most entries left, at most `count`, if each has at least `each`.
    pub(super) fn ready(&self, count: usize, each: usize) -> Option<Vec<TeamId>> {
        let journal = self.journal();
        let left = |team: &TeamId, entries: &[Entry]| {
            entries.len() - journal.done.get(team).copied().unwrap_or_default()
        };
        let mut teams: Vec<(usize, &TeamId)> =
            self.backlog.entries.iter().map(|(team, entries)| (left(team, entries), team)).collect();
        teams.sort_by(|one, other| other.cmp(one));
        teams.truncate(count);
        let ready = teams.last().is_some_and(|(left, _)| each <= *left);
        ready.then(|| teams.into_iter().map(|(_, team)| team.clone()).collect())
    }

    /// Each of the teams sends `each` entries, as long as it is answered; `meanwhile` is told of every acknowledgement.
    pub(super) fn send<T>(
        &self,
        site: &Site,
        teams: &[TeamId],
        each: usize,
        meanwhile: impl FnOnce(&Receiver<()>) -> Result<T, Trouble>,
    ) -> Result<(Burst, T), Trouble> {
        let (tell, told) = mpsc::channel();
        thread::scope(|scope| {
            let sending: Vec<_> = teams
                .iter()
                .map(|team| {
                    let (site, tell) = (site.clone(), tell.clone());
                    scope.spawn(move || self.send_of(&site, team, each, &tell))
                })
                .collect();
            drop(tell);
            let done = meanwhile(&told);
            let mut burst = Burst { wanted: teams.len() * each, ..Burst::default() };
            for thread in sending {
                let one = thread.join().map_err(|_| Trouble::program("a client panicked"))??;
                burst.acknowledged += one.acknowledged;
                burst.failed += one.failed;
            }
            Ok((burst, done?))
        })
    }

    /// Sends the next entry of a device that has one left; an acknowledgement is not remembered.
    pub(super) fn try_next(&self, site: &Site) -> Result<Sent, Trouble> {
        let team = self.ready(1, 1).and_then(|mut teams| teams.pop());
        let team = team.ok_or_else(|| Trouble::program("no entry is left"))?;
        let done = self.journal().done.get(&team).copied().unwrap_or_default();
        let entry = self.backlog.entries.get(&team).and_then(|entries| entries.get(done));
        entry.map(|entry| site.send(entry.bytes())).ok_or_else(|| Trouble::program("no entry is left"))
    }

    fn send_of(
        &self,
        site: &Site,
        team: &TeamId,
        each: usize,
        tell: &mpsc::Sender<()>,
    ) -> Result<Burst, Trouble> {
        let entries = self.backlog.entries.get(team).map_or(&[][..], Vec::as_slice);
        let first = self.journal().done.get(team).copied().unwrap_or_default();
        let mut burst = Burst::default();
        for entry in entries.iter().skip(first).take(each) {
            match site.send(entry.bytes()) {
                Sent::Acknowledged(receipt) => {
                    self.journal().note(team, entry, &receipt, &self.backlog.log)?;
                    burst.acknowledged += 1;
                    // Nobody may listen any more, once enough is acknowledged.
                    let _ = tell.send(());
                }
                Sent::Unanswered => break,
                Sent::Failed(_) => {
                    burst.failed += 1;
                    break;
                }
                Sent::Refused(why) => return Err(broken(format!("a true entry was refused: {why}"))),
            }
        }
        Ok(burst)
    }
}

pub(super) fn broken(what: impl ToString) -> Trouble {
    Trouble::Broken { what: what.to_string() }
}
