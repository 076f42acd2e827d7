//! Logs that others keep, anchored in this one: who may, when, and what an auditor and the board see of it.

use sekong_centre::api::views::{ClockView, LoggedView, ProblemView};
use sekong_centre::{AnchorShown, Anchors};
use sekong_log::{
    AnchorOpening, AuditedLog, Checkpoint, DeviceKey, Hash, Head, HeadAnchored, KeyKind, SigningKey, Tree,
    leaf_hash,
};
use sekong_model::{CAMPAIGN_FILE, Day, Hour};
use tokio::runtime::Runtime;

use crate::amend::clean_audit;
use crate::founded::{Founded, files};
use crate::site::{Answer, Site};

const ORIGIN: &str = "inspectorate.example/conduct";

fn keeper() -> DeviceKey {
    DeviceKey::from_seed(&[5; 32])
}

fn log_key() -> SigningKey {
    SigningKey::from_seed(ORIGIN, KeyKind::Ed25519, &[6; 32]).unwrap()
}

/// A log of the keeper's with so many entries; another `salt` makes other entries.
fn tree(size: u64, salt: u64) -> Tree {
    let mut tree = Tree::new();
    (0..size).for_each(|entry| tree.push(leaf_hash(&[entry.to_be_bytes(), salt.to_be_bytes()].concat())));
    tree
}

fn note(tree: &Tree) -> String {
    let (origin, size, root) = (ORIGIN.to_owned(), tree.size(), tree.root());
    Checkpoint { origin, size, root }.sign(&log_key()).unwrap().to_string()
}

/// The keeper's log as an auditor has read it.
fn audited(tree: Tree) -> AuditedLog {
    let head = Head::open_unchecked_cosignatures(&note(&tree), log_key().verifier()).unwrap();
    AuditedLog { head, tree }
}

/// The shipped campaign with one anchor, served an hour before its first job; the log it anchors has no entry yet.
fn anchoring() -> Site {
    let mut files = files();
    let key = keeper().id();
    let anchor = format!("\n[[anchor]]\nid = \"conduct\"\ntitle = \"Conduct cases\"\nkey = \"{key}\"\n");
    files.files.get_mut(CAMPAIGN_FILE).unwrap().push_str(&anchor);
    let runtime = Runtime::new().unwrap();
    let founded = runtime.block_on(Founded::of(files));
    Site::serve(runtime, founded, false, None, std::sync::Arc::new(|_, _| Vec::new()))
}

/// The hour by the centre's clock.
fn hour_of(site: &Site) -> (Day, Hour) {
    let told: ClockView = site.get("/api/clock").json();
    (told.day, told.hour)
}

fn opening((day, hour): (Day, Hour), tree: &Tree, salt: u8) -> AnchorOpening {
    AnchorOpening { day, hour, salt: Hash([salt; 32]), note: note(tree) }
}

fn signed(site: &Site, opening: &AnchorOpening) -> HeadAnchored {
    HeadAnchored::sign(site.campaign.id(), "conduct".parse().unwrap(), opening, &keeper())
}

fn post(site: &Site, said: &HeadAnchored) -> Answer {
    site.post("/api/anchors", &serde_json::to_vec(said).unwrap())
}

fn shown(site: &Site, openings: &[AnchorOpening]) -> AnchorShown {
    AnchorShown {
        campaign: site.campaign.id().clone(),
        anchor: "conduct".parse().unwrap(),
        log: log_key().verifier().clone(),
        openings: openings.to_vec(),
    }
}

#[test]
fn a_log_is_anchored_once_an_hour_and_forward_by_its_keeper_alone() {
    let site = anchoring();
    let (now, tree) = (hour_of(&site), tree(3, 0));
    let good = signed(&site, &opening(now, &tree, 1));
    let refused = |said: &HeadAnchored, wanted: (u16, &str, &str)| {
        let answer = post(&site, said);
        let field = answer.json::<ProblemView>().field.unwrap_or_default();
        assert_eq!((answer.status, answer.problem().as_str(), field.as_str()), wanted, "{said:?}");
    };
    refused(&HeadAnchored { anchor: "other".parse().unwrap(), ..good.clone() }, (404, "not-found", "anchor"));
    let stranger = DeviceKey::from_seed(&[9; 32]);
    let conduct = "conduct".parse().unwrap();
    let forged = HeadAnchored::sign(site.campaign.id(), conduct, &opening(now, &tree, 1), &stranger);
    refused(&forged, (403, "not-signed", "signature"));
    refused(&HeadAnchored { commitment: Hash([9; 32]), ..good.clone() }, (403, "not-signed", "signature"));
    let tomorrow = (now.0.plus_days(1).unwrap(), now.1);
    refused(&signed(&site, &opening(tomorrow, &tree, 1)), (422, "other-hour", "hour"));
    let long_ago = (now.0.plus_days(-2).unwrap(), now.1);
    refused(&signed(&site, &opening(long_ago, &tree, 1)), (422, "other-hour", "hour"));
    assert_eq!(site.post("/api/anchors", b"{\"anchor\":3}").problem(), "unreadable");

    let first: LoggedView = post(&site, &good).json();
    let again = post(&site, &good);
    assert_eq!(
        (again.status, again.json::<LoggedView>().index),
        (201, first.index),
        "sent again it is found"
    );
    refused(&signed(&site, &opening(now, &tree, 2)), (409, "anchored-before", "hour"));
    let yesterday = (now.0.plus_days(-1).unwrap(), Hour::try_from(23).unwrap());
    refused(&signed(&site, &opening(yesterday, &tree, 2)), (409, "anchored-before", "hour"));
    site.end();
}

#[test]
fn an_anchor_that_stays_away_is_an_alarm_and_the_auditor_counts_hours_and_gaps() {
    let site = anchoring();
    let told = || site.get("/api/clock").json::<ClockView>().anchors;
    assert_eq!((told()[0].last, told()[0].overdue), (None, false), "it was founded just now");
    let start = site.now();
    let post_now = |size: u64, salt: u8| {
        let answer = post(&site, &signed(&site, &opening(hour_of(&site), &tree(size, 0), salt)));
        assert_eq!(answer.status, 201, "{answer:?}");
    };
    post_now(3, 1);
    site.set(start + jiff::SignedDuration::from_mins(30));
    assert!(!told()[0].overdue);
    site.set(start + jiff::SignedDuration::from_hours(3));
    assert!(told()[0].overdue, "nothing for three hours");
    post_now(3, 2);
    assert!(!told()[0].overdue, "an anchor of the same head is one");
    let verdict = clean_audit(&site);
    let anchors = Anchors::of(verdict.state.as_ref().unwrap());
    let last = Some(hour_of(&site));
    let conduct = "conduct".parse().unwrap();
    assert_eq!(anchors, [Anchors { anchor: conduct, hours: 2, last, longest_gap_hours: 3 }]);
    site.end();
}

#[test]
fn an_anchored_log_that_was_rewritten_cut_or_left_out_is_named_by_the_entry() {
    let site = anchoring();
    let mut kept = Vec::new();
    for (hours, size) in [(0, 3), (1, 5), (2, 5)] {
        site.set(site.now() + jiff::SignedDuration::from_hours(hours.min(1)));
        let opening = opening(hour_of(&site), &tree(size, 0), u8::try_from(hours).unwrap());
        assert_eq!(post(&site, &signed(&site, &opening)).status, 201);
        kept.push(opening);
    }
    let verdict = clean_audit(&site);
    let state = verdict.state.as_ref().unwrap();
    let compare = |shown: &AnchorShown, log: Tree| shown.compare(state, &audited(log)).unwrap();
    let rules = |shown: &AnchorShown, log: Tree| {
        let faults = compare(shown, log).faults;
        faults.into_iter().map(|fault| (fault.entry.is_some(), fault.rule)).collect::<Vec<_>>()
    };
    let named = |rule: &str, count: usize| vec![(true, rule.to_owned()); count];
    let whole = shown(&site, &kept);
    let good = compare(&whole, tree(8, 0));
    assert_eq!(
        (good.anchored, good.held, good.size, good.faults),
        (3, 3, 5, Vec::new()),
        "it has grown since"
    );
    assert_eq!(rules(&whole, tree(8, 1)), named("anchor.continues", 3), "rewritten and signed again");
    assert_eq!(rules(&whole, tree(4, 0)), named("anchor.continues", 2), "cut");
    assert_eq!(rules(&shown(&site, &kept[1..]), tree(8, 0)), named("anchor.opened", 1), "one is not shown");
    let mut other = kept.clone();
    other[1].note = note(&tree(4, 0));
    assert_eq!(
        rules(&shown(&site, &other), tree(8, 0)),
        named("anchor.opened", 1),
        "another head than committed"
    );
    let mut stranger = whole.clone();
    stranger.log = SigningKey::from_seed(ORIGIN, KeyKind::Ed25519, &[7; 32]).unwrap().verifier().clone();
    assert_eq!(rules(&stranger, tree(8, 0)), named("anchor.head", 3), "of another log");
    let elsewhere = AnchorShown { campaign: "other".parse().unwrap(), ..whole.clone() };
    assert!(elsewhere.compare(state, &audited(tree(8, 0))).is_err());
    let unknown = AnchorShown { anchor: "other".parse().unwrap(), ..whole };
    assert!(unknown.compare(state, &audited(tree(8, 0))).is_err());
    site.end();
}

#[test]
fn a_keeper_that_shows_an_older_head_than_before_is_named() {
    let site = anchoring();
    let mut kept = Vec::new();
    for (salt, size) in [(1, 5), (2, 3)] {
        site.set(site.now() + jiff::SignedDuration::from_hours(1));
        let opening = opening(hour_of(&site), &tree(size, 0), salt);
        assert_eq!(post(&site, &signed(&site, &opening)).status, 201, "the centre cannot see it");
        kept.push(opening);
    }
    let verdict = clean_audit(&site);
    let compared =
        shown(&site, &kept).compare(verdict.state.as_ref().unwrap(), &audited(tree(8, 0))).unwrap();
    let rules: Vec<_> = compared.faults.iter().map(|fault| fault.rule.as_str()).collect();
    assert_eq!(rules, ["anchor.shrinks"]);
    site.end();
}
