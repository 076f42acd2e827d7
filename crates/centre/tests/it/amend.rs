//! What is said about earlier entries, over HTTP: corrections, records of persons and their erasure, devices with two faces.
//! An auditor of the published log sees all of it, and the totals of every figure stay.

use std::path::Path;

use sekong_centre::api::views::{InspectionDetail, LoggedView, PersonView, ProblemView, ReceiptView};
use sekong_centre::{
    Amended, Bodies, Damage, Evidence, Folder, Scrub, Tally, Verdict, Watch, audit, restore,
};
use sekong_draw::{erasure_message, sign_for_seat};
use sekong_log::{
    CorrectionReason, DeviceKey, Entry, ErasureGround, Fetched, Hash, InspectionCorrected,
    InspectionReported, LogFiles, Part, PersonCommitted, PersonErased, PersonRecord, SaltedPerson, SeenHead,
    Statement, body_hash, tiles_of,
};
use sekong_model::{Campaign, Counts, Drug, Find, Finds, Hour, TeamId, Transport};
use sekong_simulate::Device;
use sekong_store::{Commit, SqliteStore, Store};
use serde_json::json;

use crate::api::{minutes, report, reporting, send, signed};
use crate::forgeries::FolderBodies;
use crate::founded::{Founded, device, officer_key};
use crate::site::{Answer, Site};

const NAME: &str = "somebody whom no other file names";

/// Two seats of different bodies, and one of the first one's body.
const SEATS: [&str; 2] = ["centre-police", "centre-court"];

fn person(name: &str, salt: u8) -> SaltedPerson {
    let record = PersonRecord { part: Part::Driver, name: name.parse().unwrap(), note: None };
    SaltedPerson::new(&record, [salt; 32])
}

fn with_persons(entry: &Entry, persons: &[&SaltedPerson]) -> Vec<u8> {
    let given = persons
        .iter()
        .map(|person| json!({ "salt": Hash(*person.salt()), "record": person.record().unwrap() }));
    let text = String::from_utf8(entry.bytes().to_vec()).unwrap();
    json!({ "entry": text, "persons": given.collect::<Vec<_>>() }).to_string().into_bytes()
}

/// A report on a due inspection that commits to one person.
fn committing(site: &Site, number: usize, person: &SaltedPerson) -> (TeamId, InspectionReported) {
    let (team, said) = report(site, number);
    (team, InspectionReported { persons: vec![person.committed()], ..said })
}

/// Has the first team report, with a person's record.
fn reported_with(site: &Site, person: &SaltedPerson) -> ReceiptView {
    let (team, said) = committing(site, 0, person);
    let entry = signed(site, &mut device(&site.campaign, &team), &said);
    site.post("/api/entries/with-persons", &with_persons(&entry, &[person])).json()
}

/// An erasure that these seats sign.
fn erasure(site: &Site, entry: u64, commitment: Hash, seats: &[&str]) -> PersonErased {
    signed_erasure(&site.campaign, entry, commitment, seats)
}

fn signed_erasure(campaign: &Campaign, entry: u64, commitment: Hash, seats: &[&str]) -> PersonErased {
    let ground = ErasureGround::CaseEnded;
    let mut said = PersonErased { entry, commitment, ground, signers: Vec::new() };
    let message = erasure_message(campaign.id(), &said);
    let signed = |seat: &&str| sign_for_seat(seat.parse().unwrap(), &officer_key(seat), &message);
    said.signers = seats.iter().map(signed).collect();
    said
}

fn erase(site: &Site, said: &PersonErased) -> Answer {
    site.post("/api/erasures", &serde_json::to_vec(said).unwrap())
}

fn look(site: &Site, role: &str, commitment: &Hash) -> Answer {
    let path = format!("/api/persons/{commitment}/looks");
    site.post_as(&site.sign_in(role), &path, br#"{"case":"2017/0042","purpose":"court"}"#)
}

fn files(log: &Path, size: u64) -> LogFiles {
    let names = tiles_of(size).into_iter().map(|tile| tile.to_string()).chain(["checkpoint".to_owned()]);
    names.map(|name| (name.clone(), std::fs::read(log.join(&name)).unwrap())).collect()
}

/// What an auditor finds of the published log.
pub(crate) fn audited(site: &Site, bodies: &dyn Bodies) -> Verdict {
    watched(site, bodies, &mut |_| ())
}

/// The same, for somebody who wants to know how far it is.
pub(crate) fn watched(site: &Site, bodies: &dyn Bodies, watch: &mut Watch<'_>) -> Verdict {
    let receipt: ReceiptView = site.get("/api/receipts/0").json();
    let size = receipt.head.lines().nth(1).unwrap().parse().unwrap();
    let files = files(&site.published(), size);
    let evidence = Evidence {
        files: &Fetched(&files),
        keys: &site.keys,
        bodies,
        store_head: None,
        now: site.now(),
        since: None,
        known: None,
    };
    audit(&evidence, watch)
}

pub(crate) fn clean_audit(site: &Site) -> Verdict {
    let verdict = audited(site, &FolderBodies::of(site.folder.path(), Vec::new()));
    assert!(verdict.holds(), "{:?}", verdict.faults);
    verdict
}

/// Whether any file of the campaign's folder holds the name.
fn is_somewhere(folder: &Path) -> bool {
    let holds = |bytes: Vec<u8>| bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes());
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() { is_somewhere(&path) } else { holds(std::fs::read(path).unwrap()) }
    })
}

#[test]
fn an_erased_person_is_gone_from_every_file_and_no_total_changes() {
    let site = reporting();
    let person = person(NAME, 7);
    let (team, said) = committing(&site, 0, &person);
    let entry = signed(&site, &mut device(&site.campaign, &team), &said);
    let sent = with_persons(&entry, &[&person]);
    let receipt: ReceiptView = site.post("/api/entries/with-persons", &sent).json();
    assert!(is_somewhere(site.folder.path()), "it is kept");
    assert!(!is_somewhere(&site.published()), "and not in the log");
    let commitment = person.committed().commitment;
    let seen: PersonView = look(&site, "analyst", &commitment).json();
    assert_eq!((seen.entry, &seen.record), (receipt.index, &person.record().unwrap()));
    let before = Tally::of(clean_audit(&site).state.as_ref().unwrap(), 1);

    let said = erasure(&site, receipt.index, commitment, &SEATS);
    let erased: LoggedView = erase(&site, &said).json();
    assert!(erased.index > receipt.index);
    assert!(!is_somewhere(site.folder.path()), "it is in none of the files");
    let gone = look(&site, "inspectorate", &commitment);
    assert_eq!((gone.status, gone.problem().as_str()), (410, "erased"));
    let again = erase(&site, &said);
    assert_eq!((again.status, again.problem().as_str()), (410, "erased"));
    // Sent again, the entry is found, and its record is not taken anew.
    assert_eq!(site.post("/api/entries/with-persons", &sent).status, 200);
    assert!(!is_somewhere(site.folder.path()));

    let verdict = clean_audit(&site);
    let state = verdict.state.as_ref().unwrap();
    assert_eq!(Tally::of(state, 1), before);
    let amended = Amended::of(state);
    assert_eq!((amended.persons, amended.persons_erased, amended.looks), (1, 1, 1));
    site.check_receipt(&site.get(&format!("/api/receipts/{}", receipt.index)).json());
    site.end();
}

#[test]
fn nobody_erases_alone_for_another_entry_or_twice_for_one_body() {
    let site = reporting();
    let person = person(NAME, 7);
    let receipt = reported_with(&site, &person);
    let commitment = person.committed().commitment;
    let refused = |said: &PersonErased| {
        let answer = erase(&site, said);
        (answer.status, answer.problem())
    };
    let not_signed = (422, "not-signed".to_owned());
    for seats in [&[][..], &SEATS[..1], &["centre-police", "centre-police"]] {
        assert_eq!(refused(&erasure(&site, receipt.index, commitment, seats)), not_signed, "{seats:?}");
    }
    let mut other_ground = erasure(&site, receipt.index, commitment, &SEATS);
    other_ground.ground = ErasureGround::CourtOrder;
    assert_eq!(refused(&other_ground), not_signed);
    let mut forged = erasure(&site, receipt.index, commitment, &SEATS);
    let message = erasure_message(site.campaign.id(), &forged);
    forged.signers[1] = sign_for_seat(SEATS[1].parse().unwrap(), &DeviceKey::from_seed(&[1; 32]), &message);
    assert_eq!(refused(&forged), not_signed);
    assert_eq!(refused(&erasure(&site, 0, commitment, &SEATS)), (422, "other-entry".to_owned()));
    assert_eq!(refused(&erasure(&site, receipt.index, Hash([9; 32]), &SEATS)), (404, "not-found".to_owned()));
    assert_eq!(site.post("/api/erasures", b"{}").problem(), "unreadable");
    assert_eq!(look(&site, "analyst", &commitment).status, 201, "it is still there");
    site.end();
}

#[test]
fn a_record_is_taken_with_its_entry_or_not_at_all() {
    let site = reporting();
    let (own, other) = (person(NAME, 7), person(NAME, 8));
    let (team, said) = committing(&site, 0, &own);
    let entry = signed(&site, &mut device(&site.campaign, &team), &said);
    let posted = |persons: &[&SaltedPerson]| {
        let answer = site.post("/api/entries/with-persons", &with_persons(&entry, persons));
        let field = answer.json::<ProblemView>().field;
        (answer.status, answer.problem(), field)
    };
    let wanted = |field: &str| (422, "other-persons".to_owned(), Some(field.to_owned()));
    assert_eq!(posted(&[]), wanted("persons"));
    assert_eq!(posted(&[&own, &other]), wanted("persons"));
    assert_eq!(posted(&[&other]), wanted("persons[0]"));
    let bare = send(&site, &entry);
    assert_eq!((bare.status, bare.problem().as_str()), (422, "other-persons"));
    let user = String::from_utf8(with_persons(&entry, &[&own])).unwrap().replace("\"driver\"", "\"user\"");
    let user = site.post("/api/entries/with-persons", user.as_bytes());
    assert_eq!((user.status, user.problem().as_str()), (400, "unreadable"), "users are no part");
    assert!(!is_somewhere(site.folder.path()), "nothing was kept");
    assert_eq!(site.post("/api/entries/with-persons", &with_persons(&entry, &[&own])).status, 201);

    // A salt is used once: the same commitment in another entry would link the two.
    let (second, said) = report(&site, 1);
    let twice = InspectionReported { persons: vec![own.committed()], ..said.clone() };
    let twice = signed(&site, &mut device(&site.campaign, &second), &twice);
    let twice = site.post("/api/entries/with-persons", &with_persons(&twice, &[&own]));
    assert_eq!((twice.status, twice.problem().as_str()), (409, "already-reported"));
    let crowd: Vec<PersonCommitted> = (10..19).map(|salt| person("a", salt).committed()).collect();
    let crowd = InspectionReported { persons: crowd, ..said };
    let people: Vec<SaltedPerson> = (10..19).map(|salt| person("a", salt)).collect();
    let entry = signed(&site, &mut device(&site.campaign, &second), &crowd);
    let people = with_persons(&entry, &people.iter().collect::<Vec<_>>());
    assert_eq!(site.post("/api/entries/with-persons", &people).problem(), "too-many-persons");
    site.end();
}

#[test]
fn a_look_needs_a_role_a_case_and_a_purpose_and_leaves_an_entry() {
    let site = reporting();
    let person = person(NAME, 7);
    reported_with(&site, &person);
    let commitment = person.committed().commitment;
    for role in ["team", "duty-officer", "commander", "auditor"] {
        let answer = look(&site, role, &commitment);
        assert_eq!((answer.status, answer.problem().as_str()), (403, "other-role"), "{role}");
    }
    let path = format!("/api/persons/{commitment}/looks");
    assert_eq!(site.post(&path, b"{}").problem(), "signed-out");
    let analyst = site.sign_in("analyst");
    for body in [
        "{}",
        r#"{"case":"2017/0042"}"#,
        r#"{"case":"Sok","purpose":"court"}"#,
        r#"{"case":"2017/0042","purpose":"because"}"#,
    ] {
        assert_eq!(site.post_as(&analyst, &path, body.as_bytes()).problem(), "unreadable", "{body}");
    }
    assert_eq!(look(&site, "analyst", &Hash([9; 32])).problem(), "not-found");
    let size = Amended::of(clean_audit(&site).state.as_ref().unwrap()).looks;
    let seen: PersonView = look(&site, "analyst", &commitment).json();
    let entry: ReceiptView = site.get(&format!("/api/receipts/{}", seen.index)).json();
    for told in [&commitment.to_string(), "2017/0042", "court", "analyst"] {
        assert!(entry.entry.contains(told), "{entry:?}");
    }
    assert_eq!(Amended::of(clean_audit(&site).state.as_ref().unwrap()).looks, size + 1);
    site.end();
}

fn corrected(of: u64, found: u32) -> InspectionCorrected {
    let counts = Counts::new(9, 5, found).unwrap();
    let finds = Finds::default();
    InspectionCorrected { of, reason: CorrectionReason::Mistyped, counts, finds, persons: Vec::new() }
}

fn correct(site: &Site, device: &mut Device, said: InspectionCorrected) -> Answer {
    send(site, &device.write(&Statement::Correction(said), site.now()).unwrap())
}

#[test]
fn a_correction_stands_beside_the_report_and_no_total_changes() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let mut own = device(&site.campaign, &team);
    let first: ReceiptView = send(&site, &signed(&site, &mut own, &said)).json();
    let before = Tally::of(clean_audit(&site).state.as_ref().unwrap(), 1);
    let (other, _) = report(&site, 1);
    let foreign = correct(&site, &mut device(&site.campaign, &other), corrected(first.index, 2));
    assert_eq!((foreign.status, foreign.problem().as_str()), (403, "other-team"));
    let mut elsewhere = own.clone();
    assert_eq!(correct(&site, &mut elsewhere, corrected(0, 2)).problem(), "no-report");
    let second: ReceiptView = correct(&site, &mut own, corrected(first.index, 2)).json();
    let mut stale = own.clone();
    assert_eq!(correct(&site, &mut stale, corrected(first.index, 3)).problem(), "corrected-before");
    site.step_to(site.now() + minutes(70)).unwrap();
    let third: ReceiptView = correct(&site, &mut own, corrected(second.index, 3)).json();

    let (day, unit) = (site.day(), site.dues[0].0.as_str().replace('/', "%2F"));
    let path = format!("/api/inspections/{day}/0/{unit}");
    let detail: InspectionDetail = site.get_as(&site.sign_in("duty-officer"), &path).json();
    let shown = detail.inspection.report.unwrap();
    assert_eq!((shown.index, shown.found), (first.index, 1), "the first word stays");
    let words: Vec<_> = shown.corrections.iter().map(|one| (one.index, one.found)).collect();
    assert_eq!(words, [(second.index, 2), (third.index, 3)]);
    let verdict = clean_audit(&site);
    let state = verdict.state.as_ref().unwrap();
    let amended = Amended::of(state);
    assert_eq!((amended.corrections, amended.corrections_late), (2, 1));
    assert_eq!(Tally::of(state, 1).inspections(), before.inspections());
    site.end();
}

#[test]
fn two_entries_of_one_number_are_shown_to_everybody_once() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let first = signed(&site, &mut device(&site.campaign, &team), &said);
    let logged: ReceiptView = send(&site, &first).json();
    let fork = |found| {
        let other = InspectionReported { counts: Counts::new(9, 5, found).unwrap(), ..said.clone() };
        signed(&site, &mut device(&site.campaign, &team), &other)
    };
    let answer = send(&site, &fork(0));
    assert_eq!((answer.status, answer.problem().as_str()), (409, "equivocation"));
    let bodies = FolderBodies::of(site.folder.path(), Vec::new());
    let verdict = clean_audit(&site);
    let faces = Amended::of(verdict.state.as_ref().unwrap()).two_faces;
    assert_eq!(faces.len(), 1);
    let (device_id, seq, shown) = faces[0];
    assert_eq!((device_id, seq, shown.logged), (first.device(), 0, logged.index));
    assert_eq!(shown.other, body_hash(fork(0).bytes()));
    let published = site.get(&format!("/bodies/{}", shown.other));
    assert_eq!(published.body, fork(0).bytes(), "anyone checks both signatures");
    // A third face adds nothing, and is answered alike.
    assert_eq!(send(&site, &fork(3)).problem(), "equivocation");
    assert_eq!(send(&site, &first).status, 200, "the logged one is still found");
    assert_eq!(Amended::of(clean_audit(&site).state.as_ref().unwrap()).two_faces.len(), 1);
    assert!(audited(&site, &bodies).holds());
    site.end();
}

#[test]
fn a_second_face_that_says_nothing_readable_is_refused_and_not_published() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let first = signed(&site, &mut device(&site.campaign, &team), &said);
    assert_eq!(send(&site, &first).status, 201);
    let mut body = Statement::Inspection(said).to_parts().1;
    body["note"] = NAME.into();
    let draft = sekong_log::EntryDraft {
        campaign: site.campaign.id().clone(),
        seq: 0,
        prev: sekong_log::NO_PREVIOUS,
        time: site.now(),
        kind: "inspection".to_owned(),
        body,
    };
    let noise = Entry::sign(&draft, &crate::founded::device_key(&team)).unwrap();
    let answer = send(&site, &noise);
    assert_eq!((answer.status, answer.problem().as_str()), (422, "unreadable-statement"));
    assert!(!is_somewhere(site.folder.path()));
    site.end();
}

#[test]
fn a_head_that_a_report_quotes_raises_the_time_before_which_it_was_not_written() {
    let site = reporting();
    site.step_to(site.now() + minutes(25)).unwrap();
    let (team, said) = report(&site, 0);
    let checkpoint = site.get("/log/checkpoint");
    let text = String::from_utf8(checkpoint.body).unwrap();
    let head: sekong_log::Checkpoint =
        text.split("\n\n").next().map(|head| format!("{head}\n")).unwrap().parse().unwrap();
    let seen = SeenHead { size: head.size, root: head.root };
    let quoting = |seen| InspectionReported { seen: Some(seen), ..said.clone() };
    let refused = |seen, wanted: &str| {
        let lie = signed(&site, &mut device(&site.campaign, &team), &quoting(seen));
        assert_eq!(send(&site, &lie).problem(), wanted);
    };
    refused(SeenHead { root: Hash([9; 32]), ..seen }, "other-head");
    refused(SeenHead { size: seen.size + 1, ..seen }, "other-head");
    let mut own = device(&site.campaign, &team);
    let early = own.clone().write(&Statement::Inspection(quoting(seen)), said.started).unwrap();
    assert_eq!(send(&site, &early).problem(), "before-seen", "an hour was drawn since then");
    let receipt: ReceiptView = send(&site, &signed(&site, &mut own, &quoting(seen))).json();
    assert!(receipt.entry.contains(&seen.root.to_string()));
    clean_audit(&site);
    site.end();
}

/// The campaign with its first report, which commits to a person.
async fn founded_with(person: &SaltedPerson) -> (Founded, Entry, u64) {
    let mut founded = Founded::at_midnight().await;
    founded.now = founded.instant(Hour::MIDNIGHT) + minutes(40);
    let (unit, due) = founded.dues().remove(0);
    let said = InspectionReported { persons: vec![person.committed()], ..founded.report(&unit, &due) };
    let entry = founded.written(&mut device(&founded.campaign, &due.team), &said);
    let index = founded.centre.take(&entry, std::slice::from_ref(person), founded.now).unwrap();
    founded.centre.commit(founded.now).await.unwrap();
    (founded.reopen().await, entry, index)
}

/// A copy from before an erasure comes back and is brought up to what was published since: what was erased is not in it when
/// the centre serves, and a second face of a device is.
#[tokio::test]
async fn what_an_older_copy_brings_back_is_erased_again() {
    let person = person(NAME, 7);
    let (mut founded, entry, index) = founded_with(&person).await;
    let now = founded.now;
    let (data, copy) = (founded.folder.path().join("sekong.db"), tempfile::NamedTempFile::new().unwrap());
    std::fs::copy(&data, copy.path()).unwrap();
    let erasure = signed_erasure(&founded.campaign, index, person.committed().commitment, &SEATS);
    founded.centre.erase(erasure, now).unwrap();
    let (unit, due) = founded.dues().remove(0);
    let face = founded.written(&mut device(&founded.campaign, &due.team), &founded.report(&unit, &due));
    assert_ne!(face, entry);
    let shown = founded.centre.show_two_faces(&face, index, now).unwrap();
    founded.centre.commit(now).await.unwrap();
    let founded = founded.reopen().await;
    assert!(!is_somewhere(founded.folder.path()));

    let (size, keys) = (founded.centre.log_size(), founded.centre.keys().clone());
    let published = files(&founded.folder.path().join("log"), size);
    let bodies = FolderBodies::of(founded.folder.path(), Vec::new());
    let files = &Fetched(&published);
    let evidence =
        Evidence { files, keys: &keys, bodies: &bodies, store_head: None, now, since: None, known: None };
    let mut older = SqliteStore::open(copy.path()).await.unwrap();
    let restored = restore(&mut older, &founded.campaign, &evidence).await.unwrap();
    assert_eq!((restored.size, restored.bodies), (size, 1));
    older.close().await.unwrap();
    let founded = founded.restored_from(copy.path()).await;
    assert!(!is_somewhere(founded.folder.path()));
    assert_eq!(founded.centre.state().two_faces().map(|(.., shown)| shown.index).next(), Some(shown));
}

#[tokio::test]
async fn a_scrub_finds_a_record_that_is_not_the_one_committed_to() {
    let person = person(NAME, 7);
    let (founded, ..) = founded_with(&person).await;
    let (path, keys) = (founded.folder.path().join("sekong.db"), founded.centre.keys().clone());
    founded.centre.close().await.unwrap();
    let scrubbed = async || {
        let mut store = SqliteStore::open(&path).await.unwrap();
        let folder = Folder::new(founded.folder.path());
        let scrub = Scrub { store: &mut store, folder: &folder, keys: &keys }.run().await.unwrap();
        store.close().await.unwrap();
        scrub.damages
    };
    assert_eq!(scrubbed().await, []);
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(NAME.len()).position(|window| window == NAME.as_bytes()).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let commitment = person.committed().commitment;
    assert_eq!(scrubbed().await, [Damage::Person { commitment }]);
}

#[test]
fn finds_are_told_apart_in_a_report_and_otherwise_in_its_correction() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let mut own = device(&site.campaign, &team);
    let one = |drug| Finds::new(vec![Find { transport: Transport::Truck, drug, vehicles: 1 }]).unwrap();
    let told = InspectionReported { finds: one(Drug::Precursors), ..said.clone() };
    let of = send(&site, &signed(&site, &mut own, &told)).json::<ReceiptView>().index;
    let too_many = InspectionCorrected { finds: one(Drug::Cocaine), ..corrected(of, 0) };
    let problem: ProblemView = correct(&site, &mut own.clone(), too_many).json();
    assert_eq!((problem.status, problem.field.as_deref()), (422, Some("body.finds")), "{problem:?}");
    let rechecked = InspectionCorrected { finds: one(Drug::Cocaine), ..corrected(of, 1) };
    correct(&site, &mut own, rechecked).json::<ReceiptView>();
    let unit = said.unit.to_string().replace('/', "%2F");
    let path = format!("/api/inspections/{}/0/{unit}", said.day);
    let shown: InspectionDetail = site.get_as(&site.sign_in("duty-officer"), &path).json();
    let report = shown.inspection.report.unwrap();
    let drugs = [&report.finds, &report.corrections[0].finds].map(|finds| finds[0].drug);
    assert_eq!(drugs, [Drug::Precursors, Drug::Cocaine], "the first word stays");
    clean_audit(&site);
}

#[test]
fn a_report_is_corrected_so_many_times_and_no_more() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let mut own = device(&site.campaign, &team);
    let mut of = send(&site, &signed(&site, &mut own, &said)).json::<ReceiptView>().index;
    let mut correct = |of: u64, found: u32| {
        let counts = Counts::new(9, 5, found).unwrap();
        let said =
            InspectionCorrected { reason: CorrectionReason::Miscounted, counts, ..corrected(of, found) };
        send(&site, &own.write(&Statement::Correction(said), site.now()).unwrap())
    };
    for number in 0..32 {
        of = correct(of, number % 3).json::<ReceiptView>().index;
    }
    let refused = correct(of, 1);
    assert_eq!((refused.status, refused.problem().as_str()), (409, "corrected-too-often"));
    assert_eq!(Amended::of(clean_audit(&site).state.as_ref().unwrap()).corrections, 32);
    site.end();
}

/// A store with the same log, and without a body and every record of a person.
async fn without(site: &Site, body: Hash) -> SqliteStore {
    let mut from = SqliteStore::open_read_only(&site.folder.path().join("sekong.db")).await.unwrap();
    let head = from.newest_head().await.unwrap().unwrap();
    let leaves = from.leaves(0, head.size).await.unwrap().into_iter().map(|stored| stored.leaf).collect();
    let mut bodies = Vec::new();
    for hash in from.body_hashes().await.unwrap().into_iter().filter(|hash| *hash != body.0) {
        bodies.push(from.body(hash).await.unwrap().unwrap());
    }
    let mut to = SqliteStore::create(&site.folder.path().join("other.db")).await.unwrap();
    to.commit(&Commit { leaves, bodies, ..Commit::under(0, head) }).await.unwrap();
    to
}

#[test]
fn what_is_taken_out_of_the_store_without_an_entry_is_named_and_is_no_erasure() {
    let site = reporting();
    let (lost, erased) = (person(NAME, 7), person("another", 8));
    let sent = [(0, &lost), (1, &erased)].map(|(number, person)| {
        let (team, said) = committing(&site, number, person);
        let entry = signed(&site, &mut device(&site.campaign, &team), &said);
        with_persons(&entry, &[person])
    });
    let [receipt, second]: [ReceiptView; 2] =
        sent.each_ref().map(|sent| site.post("/api/entries/with-persons", sent).json());
    let gone = erased.committed().commitment;
    assert_eq!(erase(&site, &erasure(&site, second.index, gone, &SEATS)).status, 201);
    let commitment = lost.committed().commitment;
    let head: ReceiptView = site.get("/api/receipts/0").json();
    let bundle: serde_json::Value = serde_json::from_str(&head.entry).unwrap();
    let bundle: Hash = bundle["body"]["bundle"].as_str().unwrap().parse().unwrap();
    let looks = Amended::of(clean_audit(&site).state.as_ref().unwrap()).looks;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut store = SqliteStore::open(&site.folder.path().join("sekong.db")).await.unwrap();
        store.erase(&[commitment.0]).await.unwrap();
    });
    let answer = look(&site, "analyst", &commitment);
    assert_eq!((answer.status, answer.problem().as_str()), (500, "record-lost"));
    assert_eq!(
        Amended::of(clean_audit(&site).state.as_ref().unwrap()).looks,
        looks,
        "nobody looked at anything"
    );
    let damages = runtime.block_on(async {
        let mut store = without(&site, bundle).await;
        let folder = Folder::new(site.folder.path());
        Scrub { store: &mut store, folder: &folder, keys: &site.keys }.run().await.unwrap().damages
    });
    let in_store: Vec<_> = damages.into_iter().filter(Damage::is_in_store).collect();
    let wanted = [
        Damage::BodyMissing { entry: 0, hash: bundle },
        Damage::PersonMissing { entry: receipt.index, commitment },
    ];
    assert_eq!(in_store, wanted);
    // The device still has what it sent: sent again, what was lost is kept anew, and what was erased is not.
    assert_eq!(site.post("/api/entries/with-persons", &sent[0]).status, 200);
    let seen: PersonView = look(&site, "analyst", &commitment).json();
    assert_eq!((seen.entry, &seen.record), (receipt.index, &lost.record().unwrap()));
    assert_eq!(site.post("/api/entries/with-persons", &sent[1]).status, 200);
    assert_eq!(look(&site, "analyst", &gone).problem(), "erased");
    site.end();
}
