//! What an administrator with the centre's key may try to log, and the rule that stops it; an auditor uses the same.

use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use sekong_centre::{Admitted, Bodies, Body, Fault, Folder, State};
use sekong_log::{
    Checkpoint, Cosigner, Dealt, DeviceKey, Entry, EntryDraft, Hash, HourClosed, KeyKind, OrdersSealed,
    PlanLogged, Released, SigningKey, Statement, Tree, body_hash, empty_root,
};

use sekong_model::{Hour, Moment};

use crate::founded::{Founded, secrets};

/// The committed log as its entries, with the centre's key to add to it.
pub(crate) struct Forger {
    pub(crate) founded: Founded,
    entries: Vec<Entry>,
    key: DeviceKey,
}

/// What the store's owner can read, open bodies and sealed ones, and one that is forged.
pub(crate) struct FolderBodies(Folder, Vec<u8>);

impl FolderBodies {
    pub(crate) fn of(data: &Path, forged: Vec<u8>) -> FolderBodies {
        FolderBodies(Folder::new(data), forged)
    }
}

impl Bodies for FolderBodies {
    fn get(&self, hash: &Hash) -> Body {
        if body_hash(&self.1) == *hash {
            return Body::Here(self.1.clone());
        }
        let read = |folder: std::path::PathBuf| fs::read(folder.join(hash.to_string()));
        read(self.0.bodies()).or_else(|_| read(self.0.sealed())).map_or(Body::Missing, Body::Here)
    }
}

impl Forger {
    /// Shortly before one o'clock.
    pub(crate) async fn new() -> Forger {
        let mut founded = Founded::at_midnight().await;
        let shortly_before_one = founded.instant(Hour::MIDNIGHT) + SignedDuration::from_mins(55);
        founded.run_until(shortly_before_one).await;
        Forger::of(founded)
    }

    pub(crate) fn of(founded: Founded) -> Forger {
        let key = DeviceKey::from_seed(&secrets(&founded.campaign).device);
        let mut files = sekong_log::LogFiles::new();
        let log = founded.folder.path().join("log");
        let size = founded.centre.log_size();
        for path in sekong_log::tiles_of(size) {
            files.insert(path.to_string(), fs::read(log.join(path.to_string())).unwrap());
        }
        files.insert("checkpoint".to_owned(), fs::read(log.join("checkpoint")).unwrap());
        let (source, keys) = (sekong_log::Fetched(&files), founded.centre.keys().head_keys());
        let mut entries = Vec::new();
        sekong_log::audit_log(&source, keys, None, &mut |_, entry, _| entries.push(entry)).unwrap();
        Forger { founded, entries, key }
    }

    /// Admits the true entries as long as `keep` says so, then an entry with `forged`; gives the first fault.
    pub(crate) fn fault_of(
        &self,
        keep: impl Fn(&Statement) -> bool,
        forged: Statement,
        time: Timestamp,
    ) -> Fault {
        self.fault_with(keep, forged, time, Vec::new())
    }

    /// The same with a forged body.
    pub(crate) fn fault_with(
        &self,
        keep: impl Fn(&Statement) -> bool,
        forged: Statement,
        time: Timestamp,
        body: Vec<u8>,
    ) -> Fault {
        self.admit_with(&mut self.state(keep), 0, forged, time, body).unwrap_err()
    }

    /// Admits one more entry of the centre, after so many forged ones.
    pub(crate) fn admit(
        &self,
        state: &mut State,
        forged_before: u64,
        forged: Statement,
        time: Timestamp,
    ) -> Result<Admitted, Fault> {
        self.admit_with(state, forged_before, forged, time, Vec::new())
    }

    fn admit_with(
        &self,
        state: &mut State,
        forged_before: u64,
        forged: Statement,
        time: Timestamp,
        body: Vec<u8>,
    ) -> Result<Admitted, Fault> {
        let (bodies, tree) = (self.bodies(body), self.tree());
        let entry = self.forge(state, forged, time);
        state.admit(tree.size() + forged_before, &entry, &tree, &bodies)
    }

    pub(crate) fn bodies(&self, forged: Vec<u8>) -> FolderBodies {
        FolderBodies::of(self.founded.folder.path(), forged)
    }

    fn tree(&self) -> Tree {
        let mut tree = Tree::new();
        self.entries.iter().for_each(|entry| tree.push(entry.leaf_hash()));
        tree
    }

    /// What an auditor holds for true after the entries of which `keep` says so.
    pub(crate) fn state(&self, keep: impl Fn(&Statement) -> bool) -> State {
        let bodies = self.bodies(Vec::new());
        let (keys, tree) = (self.founded.centre.keys().clone(), self.tree());
        let mut state = State::open(&self.entries[0], keys, &bodies).unwrap();
        for (index, entry) in (1..).zip(&self.entries[1..]) {
            let said = Statement::from_parts(entry.kind(), entry.body()).unwrap();
            if !keep(&said) {
                break;
            }
            state.admit(index, entry, &tree, &bodies).unwrap();
        }
        state
    }

    /// The centre's next entry after what a state knows.
    pub(crate) fn forge(&self, state: &State, said: Statement, time: Timestamp) -> Entry {
        let (seq, prev) = state.device_place(&self.key.id()).unwrap();
        let (kind, body) = said.to_parts();
        let campaign = self.founded.campaign.id().clone();
        Entry::sign(&EntryDraft { campaign, seq, prev, time, kind, body }, &self.key).unwrap()
    }

    /// A head over the first `size` entries, cosigned at `time`: true cosigners that were asked then.
    fn head(&self, size: u64, time: Timestamp) -> String {
        let secrets = secrets(&self.founded.campaign);
        let name = format!("sekong/{}", self.founded.campaign.id());
        let key = |name: &str, kind, seed| SigningKey::from_seed(name, kind, seed).unwrap();
        let log = key(&name, KeyKind::Ed25519, &secrets.log);
        let root = self.tree().root_at(size).unwrap();
        let mut note = Checkpoint { origin: name.clone(), size, root }.sign(&log).unwrap();
        let signed = note.to_string();
        for (number, seed) in (1..).zip(&secrets.cosigners) {
            let cosigner = key(&format!("{name}/cosigner-{number}"), KeyKind::CosignatureV1, seed);
            let mut cosigner = Cosigner::new(cosigner, log.verifier().clone(), (0, empty_root())).unwrap();
            note.push(cosigner.cosign(0, &signed, &[], time).unwrap());
        }
        note.to_string()
    }

    /// Puts a body where auditors look for it.
    pub(crate) fn publish(&self, body: &impl serde::Serialize) -> Hash {
        let bytes = serde_json_canonicalizer::to_vec(body).unwrap();
        let hash = body_hash(&bytes);
        fs::write(self.founded.folder.path().join("bodies").join(hash.to_string()), bytes).unwrap();
        hash
    }

    pub(crate) fn said<T>(&self, pick: impl Fn(Statement) -> Option<T>) -> T {
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

    /// The true closing of the first hour, but for its head.
    fn close(&self, head: impl FnOnce(String) -> String) -> HourClosed {
        let (day, hour) = (self.founded.day(), Hour::MIDNIGHT);
        HourClosed { day, hour, head: head(self.founded.centre.head().unwrap().to_owned()), reported: 0 }
    }

    fn orders(&self) -> OrdersSealed {
        self.said(|said| if let Statement::Orders(said) = said { Some(said) } else { None })
    }
}

pub(crate) fn everything(_: &Statement) -> bool {
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
    let time = forger.founded.campaign.plan_frozen_at(forger.founded.day());
    let fault = forger.fault_of(before_plans, Statement::Plan(bent), time);
    assert_eq!(fault.rule(), "plan.recomputed", "{fault}");
}

#[tokio::test]
async fn a_release_before_its_time_or_over_other_entries_is_named() {
    let forger = Forger::new().await;
    let release = forger.hour_release();
    let moment = release.moment;
    let before = move |said: &Statement| !matches!(said, Statement::Release(said) if said.moment == moment);
    let early = forger.founded.campaign.release_at(moment) - SignedDuration::from_secs(1);
    let fault = forger.fault_of(before, Statement::Release(release.clone()), early);
    assert_eq!(fault.rule(), "release.time", "{fault}");
    let other = Released { absences: release.absences - 1, ..release.clone() };
    let fault = forger.fault_of(before, Statement::Release(other), forger.founded.now);
    assert_eq!(fault.rule(), "release.basis", "{fault}");
    let swapped = Released { values: body_hash(b"other values"), ..release };
    let fault = forger.fault_of(before, Statement::Release(swapped), forger.founded.now);
    assert_eq!(fault.rule(), "body.present", "{fault}");
}

/// The list's own entry says three hours ago; whoever wrote it may have done so when the values were due.
#[tokio::test]
async fn a_list_stands_an_hour_from_its_first_cosignature_whatever_time_it_claims() {
    let forger = Forger::new().await;
    let release = forger.hour_release();
    let moment = release.moment;
    let before = move |said: &Statement| !matches!(said, Statement::Release(said) if said.moment == moment);
    let due = forger.founded.campaign.release_at(moment);
    let standing = |minutes: i64| {
        let cosigned = due - SignedDuration::from_mins(minutes);
        let head = forger.head(release.absences + 1, cosigned);
        let said = Statement::Release(Released { head, ..release.clone() });
        forger.admit(&mut forger.state(before), 0, said, due)
    };
    for minutes in [0, 59] {
        let fault = standing(minutes).unwrap_err();
        assert_eq!(fault.rule(), "release.time", "{fault}");
    }
    standing(60).unwrap();
}

#[tokio::test]
async fn after_a_refused_deal_or_order_the_true_one_is_taken() {
    let forger = Forger::new().await;
    let (orders, now) = (forger.orders(), forger.founded.now);
    let mut state = forger.state(|said| !matches!(said, Statement::Orders(_)));
    let mut swapped = orders.clone();
    swapped.orders.swap(0, 1);
    let late =
        OrdersSealed { check_in_by: orders.check_in_by + SignedDuration::from_mins(5), ..orders.clone() };
    for wrong in [swapped, late] {
        let fault = forger.admit(&mut state, 0, Statement::Orders(wrong), now).unwrap_err();
        assert_eq!(fault.rule(), "draw.recomputed", "{fault}");
    }
    forger.admit(&mut state, 0, Statement::Orders(orders), now).unwrap();

    let is_deal = |said: &Statement| matches!(said, Statement::Deal(said) if matches!(said.moment, Moment::Hour { .. }));
    let deal = forger.said(|said| match said {
        Statement::Deal(deal) if matches!(deal.moment, Moment::Hour { .. }) => Some(deal),
        _ => None,
    });
    let mut state = forger.state(|said| !is_deal(said));
    let wrong = Dealt { deal: forger.orders().body, ..deal.clone() };
    let fault = forger.admit(&mut state, 0, Statement::Deal(wrong), now).unwrap_err();
    assert_eq!(fault.rule(), "body.content", "{fault}");
    forger.admit(&mut state, 0, Statement::Deal(deal), now).unwrap();
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
    let before = |said: &Statement| !matches!(said, Statement::Deal(said) if matches!(said.moment, Moment::Hour { .. }));
    let fault = forger.fault_of(before, Statement::Deal(deal), now);
    assert_eq!(fault.rule(), "body.content", "{fault}");
}

#[tokio::test]
async fn nothing_of_the_schedule_can_be_left_out() {
    let forger = Forger::new().await;
    let close = forger.close(|head| head);
    let deadline = forger.founded.centre.state().report_deadline(forger.founded.day(), Hour::MIDNIGHT);
    for missing in [Left::Deal, Left::Orders] {
        let before = |said: &Statement| !missing.is(said);
        let fault = forger.fault_of(before, Statement::Close(close.clone()), deadline);
        assert_eq!(fault.rule(), "schedule.skipped", "{fault}");
    }
}

enum Left {
    Deal,
    Orders,
}

impl Left {
    fn is(&self, said: &Statement) -> bool {
        match (self, said) {
            (Left::Deal, Statement::Deal(said)) => matches!(said.moment, Moment::Hour { .. }),
            (Left::Orders, Statement::Orders(_)) => true,
            _ => false,
        }
    }
}

#[tokio::test]
async fn a_closing_quotes_the_newest_head_before_its_deadline() {
    let forger = Forger::new().await;
    let deadline = forger.founded.centre.state().report_deadline(forger.founded.day(), Hour::MIDNIGHT);
    let oldest =
        forger.said(|said| if let Statement::Absences(said) = said { Some(said.head) } else { None });
    let close = forger.close(|_| oldest);
    let fault = forger.fault_of(everything, Statement::Close(close.clone()), deadline);
    assert_eq!(fault.rule(), "close.head", "{fault}");
    let early = deadline - SignedDuration::from_secs(1);
    let fault = forger.fault_of(everything, Statement::Close(close), early);
    assert_eq!(fault.rule(), "close.time", "{fault}");
}

#[tokio::test]
async fn the_centres_clock_runs_forward() {
    let forger = Forger::new().await;
    let head = forger.founded.centre.head().unwrap().to_owned();
    let dice = sekong_log::PublicDice { dice: Hash([1; 32]), method: "again".parse().unwrap(), head };
    let fault = forger.fault_of(everything, Statement::PublicDice(dice), Timestamp::UNIX_EPOCH);
    assert_eq!(fault.rule(), "time.order", "{fault}");
}

#[tokio::test]
async fn a_device_is_enrolled_once_and_an_absence_says_who_and_until_when() {
    let forger = Forger::new().await;
    let team = forger.founded.campaign.teams()[0].id.clone();
    let device = crate::founded::device(&forger.founded.campaign, &team).id();
    let enrolled = sekong_log::Enrolled { team: team.clone(), device, box_key: None };
    let fault = forger.fault_of(everything, Statement::Enrol(enrolled), forger.founded.now);
    assert_eq!(fault.rule(), "order.first-counts", "{fault}");

    let list = forger.said(|said| match said {
        Statement::Absences(said) if said.province.as_str() == "stung-treng" => Some(said),
        _ => None,
    });
    let away = sekong_log::Absence {
        team,
        reason: sekong_log::AbsenceReason::Illness,
        declared_by: "duty-office-police".parse().unwrap(),
        until: forger.founded.day().plus_days(-9).unwrap(),
        second_source: "garrison roll".parse().unwrap(),
    };
    let stranger = sekong_log::Absence { declared_by: "somebody".parse().unwrap(), ..away.clone() };
    let alone = sekong_log::Absence {
        until: forger.founded.day(),
        second_source: "duty-office-police".parse().unwrap(),
        ..away.clone()
    };
    let released = forger.founded.campaign.release_at(Moment::Week { week: 0 });
    let in_time = released - SignedDuration::from_hours(1);
    let before_lists = |said: &Statement| !matches!(said, Statement::Absences(_));
    for (absence, rule) in
        [(away, "absences.until"), (stranger, "campaign.names"), (alone, "absences.source")]
    {
        let list = sekong_log::AbsencesFrozen { absent: vec![absence], ..list.clone() };
        let fault = forger.fault_of(before_lists, Statement::Absences(list), in_time);
        assert_eq!(fault.rule(), rule, "{fault}");
    }
}
