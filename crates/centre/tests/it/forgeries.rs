//! What an administrator with the centre's key may try to log, and the rule that stops it; an auditor uses the same.

use std::fs;

use jiff::Timestamp;
use sekong_centre::{Bodies, Body, Fault, State};
use sekong_log::{
    Dealt, DeviceKey, Entry, EntryDraft, Hash, OrdersSealed, PlanLogged, Released, Statement, Tree, body_hash,
};

use crate::founded::{Founded, secrets};

/// The log up to midnight as its entries, with the centre's key to add to it.
struct Forger {
    founded: Founded,
    entries: Vec<Entry>,
    key: DeviceKey,
}

struct FolderBodies(std::path::PathBuf);

impl Bodies for FolderBodies {
    fn get(&self, hash: &Hash) -> Body {
        fs::read(self.0.join(hash.to_string())).map_or(Body::Missing, Body::Here)
    }
}

impl Forger {
    async fn new() -> Forger {
        let founded = Founded::at_midnight().await;
        let key = DeviceKey::from_seed(&secrets(&founded.campaign).device);
        let mut files = sekong_log::LogFiles::new();
        let log = founded.folder.path().join("log");
        let size = founded.centre.log_size();
        for path in sekong_log::tiles_of(size) {
            files.insert(path.to_string(), fs::read(log.join(path.to_string())).unwrap());
        }
        files.insert("checkpoint".to_owned(), fs::read(log.join("checkpoint")).unwrap());
        let audited = sekong_log::audit_fetched(&files, founded.centre.keys().head_keys()).unwrap();
        Forger { founded, entries: audited.entries, key }
    }

    /// Admits the true entries of which `keep` says so, then an entry with `forged`; gives the first fault.
    fn fault_of(&self, keep: impl Fn(&Statement) -> bool, forged: Statement, time: Timestamp) -> Fault {
        let bodies = FolderBodies(self.founded.folder.path().join("bodies"));
        let keys = self.founded.centre.keys().clone();
        let mut tree = Tree::new();
        self.entries.iter().for_each(|entry| tree.push(entry.leaf_hash()));
        let mut state = State::open(&self.entries[0], keys, &bodies).unwrap();
        for (index, entry) in (1..).zip(&self.entries[1..]) {
            let said = Statement::from_parts(entry.kind(), entry.body()).unwrap();
            if !keep(&said) {
                break;
            }
            state.admit(index, entry, &tree, &bodies).unwrap();
        }
        let (seq, prev) = state.device_place(&self.key.id()).unwrap();
        let (kind, body) = forged.to_parts();
        let campaign = self.founded.campaign.id().clone();
        let entry = Entry::sign(&EntryDraft { campaign, seq, prev, time, kind, body }, &self.key).unwrap();
        state.admit(tree.size(), &entry, &tree, &bodies).unwrap_err()
    }

    fn said<T>(&self, pick: impl Fn(Statement) -> Option<T>) -> T {
        let mut said =
            self.entries.iter().map(|entry| Statement::from_parts(entry.kind(), entry.body()).unwrap());
        said.find_map(pick).unwrap()
    }

    fn plan(&self) -> PlanLogged {
        self.said(|said| if let Statement::Plan(said) = said { Some(said) } else { None })
    }

    fn hour_release(&self) -> Released {
        let moment = self.founded.moment();
        self.said(|said| match said {
            Statement::Release(said) if said.moment == moment => Some(said),
            _ => None,
        })
    }

    fn orders(&self) -> OrdersSealed {
        self.said(|said| if let Statement::Orders(said) = said { Some(said) } else { None })
    }
}

fn everything(_: &Statement) -> bool {
    true
}

#[tokio::test]
async fn a_second_plan_or_release_does_not_count() {
    let forger = Forger::new().await;
    let now = forger.founded.now;
    let fault = forger.fault_of(everything, Statement::Plan(forger.plan()), now);
    assert_eq!(fault.rule(), "order.first-counts", "{fault}");
    let fault = forger.fault_of(everything, Statement::Release(forger.hour_release()), now);
    assert_eq!(fault.rule(), "order.first-counts", "{fault}");
}

#[tokio::test]
async fn a_plan_that_does_not_follow_from_the_inputs_is_named() {
    let forger = Forger::new().await;
    let before_plans = |said: &Statement| !matches!(said, Statement::Plan(_));
    let bent = PlanLogged { plan: Hash([1; 32]), ..forger.plan() };
    let fault = forger.fault_of(before_plans, Statement::Plan(bent), forger.founded.now);
    assert_eq!(fault.rule(), "plan.recomputed", "{fault}");
}

#[tokio::test]
async fn a_release_before_its_time_or_over_other_entries_is_named() {
    let forger = Forger::new().await;
    let release = forger.hour_release();
    let moment = release.moment;
    let before = move |said: &Statement| !matches!(said, Statement::Release(said) if said.moment == moment);
    let early = forger.founded.campaign.release_at(moment) - jiff::SignedDuration::from_secs(1);
    let fault = forger.fault_of(before, Statement::Release(release.clone()), early);
    assert_eq!(fault.rule(), "release.time", "{fault}");
    let other = Released { absences: release.absences - 1, ..release.clone() };
    let fault = forger.fault_of(before, Statement::Release(other), forger.founded.now);
    assert_eq!(fault.rule(), "campaign.names", "{fault}");
    let swapped = Released { values: body_hash(b"other values"), ..release };
    let fault = forger.fault_of(before, Statement::Release(swapped), forger.founded.now);
    assert_eq!(fault.rule(), "body.present", "{fault}");
}

#[tokio::test]
async fn orders_and_deals_that_the_dice_did_not_give_are_named() {
    let forger = Forger::new().await;
    let (orders, now) = (forger.orders(), forger.founded.now);
    let mut swapped = orders.clone();
    swapped.orders.swap(0, 1);
    let before = |said: &Statement| !matches!(said, Statement::Orders(_));
    let fault = forger.fault_of(before, Statement::Orders(swapped), now);
    assert_eq!(fault.rule(), "draw.recomputed", "{fault}");
    let deal =
        Dealt { province: orders.province.clone(), moment: forger.founded.moment(), deal: orders.body };
    let before = |said: &Statement| !matches!(said, Statement::Deal(said) if matches!(said.moment, sekong_model::Moment::Hour { .. }));
    let fault = forger.fault_of(before, Statement::Deal(deal), now);
    assert_eq!(fault.rule(), "body.content", "{fault}");
}
