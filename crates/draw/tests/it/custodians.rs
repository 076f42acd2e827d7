//! What a custodian gives out, what it refuses, and what a release proves.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sekong_draw::{
    CommitmentError, Custodian, CustodianTerms, Freeze, FreezeError, FreezeKeys, FrozenEntry, FrozenPart,
    LocalCustodian, Refusal, Release, ReleaseError, ReleaseFor, ReleaseRequest, is_own_outage,
    verify_commitment, verify_release,
};
use sekong_log::{
    AbsencesFrozen, CampaignOpened, Checkpoint, Cosigner, DailyDie, DeviceKey, Entry, EntryDraft, Hash,
    KeyKind, NO_PREVIOUS, OutagePlanned, Period, PlanLogged, SigningKey, Statement, Tree, empty_root,
    leaf_hash,
};
use sekong_model::{CampaignId, Day, Hour, Moment, ProvinceId};

const CAMPAIGN: &str = "river-2017";
const NOON: March = March(9, 12);

/// When every head here is cosigned.
const COSIGNED: &str = "2017-03-01T00:00:00Z";

/// Day of March 2017 and hour.
#[derive(Clone, Copy)]
struct March(i8, u8);

impl From<March> for Moment {
    fn from(March(day, hour): March) -> Moment {
        Moment::Hour { day: on(day), hour: Hour::try_from(hour).unwrap() }
    }
}

fn on(day: i8) -> Day {
    jiff::civil::date(2017, 3, day).try_into().unwrap()
}

fn upper() -> ProvinceId {
    "upper-bend".parse().unwrap()
}

fn lower() -> ProvinceId {
    "lower-bend".parse().unwrap()
}

/// A log with its keys and two cosigners, of which both are needed.
struct TestLog {
    leaves: Vec<Vec<u8>>,
    tree: Tree,
    key: SigningKey,
    cosigners: Vec<Cosigner>,
}

impl TestLog {
    fn new() -> TestLog {
        let key = SigningKey::from_seed("log.example", KeyKind::Ed25519, &[1; 32]).unwrap();
        let cosigner = |seed: u8| {
            let name = format!("cosigner-{seed}.example");
            let signing = SigningKey::from_seed(&name, KeyKind::CosignatureV1, &[seed; 32]).unwrap();
            Cosigner::new(signing, key.verifier().clone(), (0, empty_root())).unwrap()
        };
        let cosigners = vec![cosigner(2), cosigner(3)];
        let mut log = TestLog { leaves: Vec::new(), tree: Tree::new(), key, cosigners };
        let campaign = CAMPAIGN.parse().unwrap();
        log.add(&Statement::Campaign(CampaignOpened { campaign, bundle: Hash([1; 32]) }));
        log
    }

    fn add_leaf(&mut self, leaf: Vec<u8>) -> u64 {
        self.tree.push(leaf_hash(&leaf));
        self.leaves.push(leaf);
        self.tree.size() - 1
    }

    fn add(&mut self, statement: &Statement) -> u64 {
        self.add_of(CAMPAIGN, statement)
    }

    fn add_of(&mut self, campaign: &str, statement: &Statement) -> u64 {
        let (kind, body) = statement.to_parts();
        let draft = EntryDraft {
            campaign: campaign.parse().unwrap(),
            seq: 0,
            prev: NO_PREVIOUS,
            time: Timestamp::UNIX_EPOCH,
            kind,
            body,
        };
        let entry = Entry::sign(&draft, &DeviceKey::from_seed(&[7; 32])).unwrap();
        self.add_leaf(entry.bytes().to_vec())
    }

    fn plan(&mut self, province: ProvinceId, day: Day, mark: u8) -> u64 {
        let (game, plan) = (Hash([mark; 32]), Hash([mark; 32]));
        self.add(&Statement::Plan(PlanLogged { province, day, game, plan }))
    }

    fn absences(&mut self, province: ProvinceId, period: Period, head: String) -> u64 {
        self.add(&Statement::Absences(AbsencesFrozen { province, period, absent: Vec::new(), head }))
    }

    /// The present head with the cosignatures of the first `cosigners`.
    fn head(&mut self, cosigners: usize) -> String {
        let (size, root) = (self.tree.size(), self.tree.root());
        let checkpoint = Checkpoint { origin: "log.example".to_owned(), size, root };
        let mut note = checkpoint.sign(&self.key).unwrap();
        let plain = note.to_string();
        for cosigner in self.cosigners.iter_mut().take(cosigners) {
            let (seen, _) = cosigner.state();
            let proof = self.tree.consistency_proof(seen, size).unwrap();
            note.push(cosigner.cosign(seen, &plain, &proof, COSIGNED.parse().unwrap()).unwrap());
        }
        note.to_string()
    }

    fn frozen(&self, index: u64) -> FrozenEntry {
        let proof = self.tree.inclusion_proof(index, self.tree.size()).unwrap();
        FrozenEntry { index, leaf: self.leaves[index as usize].clone(), proof }
    }

    fn request(&mut self, moment: impl Into<Moment>, basis: u64, absences: u64) -> ReleaseRequest {
        ReleaseRequest {
            campaign: CAMPAIGN.parse().unwrap(),
            province: upper(),
            moment: moment.into(),
            basis: self.frozen(basis),
            absences: self.frozen(absences),
            die: None,
            head: self.head(2),
        }
    }

    /// A daily die of 9 March, announced under this head.
    fn die(&mut self, number: &str, head: String) -> u64 {
        let period = Period::Day { day: on(9) };
        self.add(&Statement::DailyDie(DailyDie { period, number: number.to_owned(), head }))
    }

    /// Plan and absences of 9 March, frozen as they should be.
    fn frozen_day(&mut self) -> (u64, u64) {
        let plan = self.plan(upper(), on(9), 1);
        let head = self.head(2);
        (plan, self.absences(upper(), Period::Day { day: on(9) }, head))
    }

    fn terms(&self) -> CustodianTerms {
        let hours = (9..11).flat_map(|day| (0..24).map(move |hour| Moment::from(March(day, hour))));
        let weeks = (0..2).map(|week| Moment::Week { week });
        let cosigners = self.cosigners.iter().map(|cosigner| cosigner.verifier().clone()).collect();
        CustodianTerms {
            campaign: CAMPAIGN.parse().unwrap(),
            provinces: vec![upper(), lower()],
            schedule: hours.chain(weeks).map(|moment| (moment, due())).collect(),
            daily_die: false,
            keys: FreezeKeys { log: self.key.verifier().clone(), cosigners, cosignatures_needed: 2 },
        }
    }

    fn court(&self) -> LocalCustodian {
        LocalCustodian::new("court".parse().unwrap(), [5; 32], self.terms())
    }
}

fn due() -> Timestamp {
    "2017-03-09T04:50:00Z".parse().unwrap()
}

fn not_frozen(log: &TestLog, request: &ReleaseRequest) -> FreezeError {
    let mut court = log.court();
    let refusal = court.release(request, due()).unwrap_err();
    assert!(court.freezes().is_empty(), "a refusal is remembered as a freeze");
    match refusal {
        Refusal::NotFrozen(error) => error,
        other => panic!("refused for another reason: {other}"),
    }
}

fn assert_other_matter(log: &TestLog, request: &ReleaseRequest, of: FrozenPart) {
    let error = not_frozen(log, request);
    assert!(matches!(&error, FreezeError::OtherMatter { part, .. } if *part == of), "{error}");
}

fn expected(request: &ReleaseRequest) -> ReleaseFor<'_> {
    let freeze = request.freeze();
    ReleaseFor { province: &request.province, moment: request.moment, freeze, due: due(), latest: due() }
}

#[test]
fn a_frozen_hour_is_released_in_time_and_the_release_verifies() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let request = log.request(NOON, plan, absences);
    let mut court = log.court();
    let release = court.release(&request, due()).unwrap();
    let list = log.terms().value_list();
    assert_eq!(verify_commitment(&court.commitment(), &list), Ok(()));
    assert_eq!(verify_release(&release, &court.commitment(), &list, &expected(&request)), Ok(()));
    assert_eq!(court.release(&request, due()), Ok(release), "asked again, it answers alike");
}

#[test]
fn a_week_is_released_over_the_campaign_and_the_absences_of_the_week() {
    let mut log = TestLog::new();
    let head = log.head(2);
    let absences = log.absences(upper(), Period::Week { week: 1 }, head);
    let request = log.request(Moment::Week { week: 1 }, 0, absences);
    let mut court = log.court();
    let release = court.release(&request, due()).unwrap();
    let list = log.terms().value_list();
    assert_eq!(verify_release(&release, &court.commitment(), &list, &expected(&request)), Ok(()));
    let other_week = ReleaseRequest { moment: Moment::Week { week: 0 }, ..request };
    assert_other_matter(&log, &other_week, FrozenPart::Absences);
}

#[test]
fn nothing_is_released_before_its_time() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let request = log.request(NOON, plan, absences);
    let now = due() - jiff::SignedDuration::from_secs(1);
    let refusal = log.court().release(&request, now).unwrap_err();
    let early = Refusal::TooEarly { province: upper(), moment: NOON.into(), due: due(), now };
    assert_eq!(refusal, early);
}

#[test]
fn another_campaign_province_or_moment_has_no_value() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let request = log.request(NOON, plan, absences);
    let found: CampaignId = "other".parse().unwrap();
    let other = ReleaseRequest { campaign: found.clone(), ..request.clone() };
    let refusal = Refusal::OtherCampaign { expected: CAMPAIGN.parse().unwrap(), found };
    assert_eq!(log.court().release(&other, due()), Err(refusal));
    let nowhere = ReleaseRequest { province: "nowhere".parse().unwrap(), ..request.clone() };
    assert!(matches!(log.court().release(&nowhere, due()), Err(Refusal::NotListed { .. })));
    let never = ReleaseRequest { moment: March(20, 0).into(), ..request };
    assert!(matches!(log.court().release(&never, due()), Err(Refusal::NotListed { .. })));
}

#[test]
fn a_head_needs_the_logs_signature_and_enough_cosignatures() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let mut request = log.request(NOON, plan, absences);
    let cosigned = std::mem::replace(&mut request.head, log.head(1));
    assert_eq!(not_frozen(&log, &request), FreezeError::TooFewCosignatures { needed: 2, found: 1 });
    request.head = cosigned.replacen("log.example", "log.examplf", 1);
    assert!(matches!(not_frozen(&log, &request), FreezeError::Head(_)));
}

#[test]
fn entries_must_stand_under_the_head() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let request = log.request(NOON, plan, absences);
    let refused = |mend: &dyn Fn(&mut ReleaseRequest), of: FrozenPart| {
        let mut request = request.clone();
        mend(&mut request);
        let error = not_frozen(&log, &request);
        assert!(matches!(&error, FreezeError::NotUnderHead { part, .. } if *part == of), "{error}");
    };
    refused(&|request| request.basis.index = 0, FrozenPart::Basis);
    refused(&|request| request.basis.leaf[9] ^= 1, FrozenPart::Basis);
    refused(&|request| request.absences.proof.clear(), FrozenPart::Absences);
    refused(&|request| request.absences.index = u64::MAX, FrozenPart::Absences);
}

#[test]
fn leaves_must_be_entries_of_the_campaign() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let noise = log.add_leaf(b"noise".to_vec());
    let statement = PlanLogged { province: upper(), day: on(9), game: Hash([1; 32]), plan: Hash([1; 32]) };
    let foreign = log.add_of("other", &Statement::Plan(statement));
    let request = log.request(NOON, noise, absences);
    assert!(matches!(not_frozen(&log, &request), FreezeError::Entry { part: FrozenPart::Basis, .. }));
    let request = log.request(NOON, plan, noise);
    assert!(matches!(not_frozen(&log, &request), FreezeError::Entry { part: FrozenPart::Absences, .. }));
    let request = log.request(NOON, foreign, absences);
    assert!(matches!(not_frozen(&log, &request), FreezeError::OtherCampaign { part: FrozenPart::Basis, .. }));
}

#[test]
fn entries_must_be_of_the_right_kind_province_and_day() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let other_day = log.plan(upper(), on(10), 1);
    let other_province = log.plan(lower(), on(9), 1);
    let head = log.head(2);
    let week_away = log.absences(upper(), Period::Week { week: 0 }, head.clone());
    let lower_away = log.absences(lower(), Period::Day { day: on(9) }, head);
    for basis in [0, absences, other_day, other_province] {
        let request = log.request(NOON, basis, absences);
        assert_other_matter(&log, &request, FrozenPart::Basis);
    }
    for away in [plan, week_away, lower_away] {
        let request = log.request(NOON, plan, away);
        assert_other_matter(&log, &request, FrozenPart::Absences);
    }
    let request = log.request(Moment::Week { week: 0 }, plan, week_away);
    assert_other_matter(&log, &request, FrozenPart::Basis);
}

#[test]
fn absences_frozen_before_the_plan_do_not_count() {
    let mut log = TestLog::new();
    let head = log.head(2);
    let absences = log.absences(upper(), Period::Day { day: on(9) }, head);
    let plan = log.plan(upper(), on(9), 1);
    let request = log.request(NOON, plan, absences);
    let too_soon = FreezeError::AbsencesTooSoon { basis: 2, absences: 1, size: 1 };
    assert_eq!(not_frozen(&log, &request), too_soon);
}

#[test]
fn absences_that_quote_a_head_without_cosignatures_do_not_count() {
    let mut log = TestLog::new();
    let plan = log.plan(upper(), on(9), 1);
    let head = log.head(0);
    let absences = log.absences(upper(), Period::Day { day: on(9) }, head);
    let request = log.request(NOON, plan, absences);
    assert_eq!(not_frozen(&log, &request), FreezeError::TooFewCosignatures { needed: 2, found: 0 });
}

#[test]
fn a_second_freeze_is_refused_for_every_hour_of_the_day_even_after_a_restart() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let mut court = log.court();
    court.release(&log.request(NOON, plan, absences), due()).unwrap();
    let second_plan = log.plan(upper(), on(9), 2);
    let head = log.head(2);
    let second_absences = log.absences(upper(), Period::Day { day: on(9) }, head);
    let mut court = log.court().with_freezes(court.freezes().clone());
    for (plan, absences) in [(second_plan, second_absences), (plan, second_absences)] {
        let request = log.request(March(9, 13), plan, absences);
        assert!(matches!(court.release(&request, due()), Err(Refusal::SecondFreeze { .. })));
    }
    let request = log.request(March(9, 13), plan, absences);
    assert!(court.release(&request, due()).is_ok(), "the first freeze holds, under a later head too");
}

#[test]
fn a_list_stands_for_an_hour_before_values_are_released_over_it() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let request = log.request(NOON, plan, absences);
    let mut terms = log.terms();
    // Due long before, as the list claims to have been written: only the cosigner's word counts.
    terms.schedule.values_mut().for_each(|due| *due = Timestamp::MIN);
    let mut court = LocalCustodian::new("court".parse().unwrap(), [5; 32], terms);
    let cosigned: Timestamp = COSIGNED.parse().unwrap();
    let standing = cosigned + jiff::SignedDuration::from_hours(1);
    let now = standing - jiff::SignedDuration::from_secs(1);
    let early = Refusal::TooEarly { province: upper(), moment: NOON.into(), due: standing, now };
    assert_eq!(court.release(&request, now), Err(early));
    assert!(court.freezes().is_empty() && court.release(&request, standing).is_ok());
}

/// Whoever has the values in hand could try numbers until one suits.
#[test]
fn with_a_daily_die_values_are_released_over_the_first_one_and_no_other() {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let frozen = log.head(2);
    let [first, second] = ["045177", "045178"].map(|number| log.die(number, frozen.clone()));
    let without = log.request(NOON, plan, absences);
    let with = |die: u64| ReleaseRequest { die: Some(log.frozen(die)), ..without.clone() };
    let terms = CustodianTerms { daily_die: true, ..log.terms() };
    let list = terms.value_list();
    let mut court = LocalCustodian::new("court".parse().unwrap(), [5; 32], terms);
    let missing = court.release(&without, due()).unwrap_err();
    assert!(matches!(missing, Refusal::NotFrozen(FreezeError::Die { wanted: true })), "{missing}");
    let release = court.release(&with(first), due()).unwrap();
    assert_eq!(verify_release(&release, &court.commitment(), &list, &expected(&with(first))), Ok(()));
    for other in [with(second), without.clone()] {
        let refused = verify_release(&release, &court.commitment(), &list, &expected(&other)).unwrap_err();
        assert!(matches!(refused, ReleaseError::OtherFreeze { .. }), "{refused}");
    }
    let refused = court.release(&with(second), due()).unwrap_err();
    assert!(matches!(refused, Refusal::SecondFreeze { .. }), "{refused}");
    let unasked = not_frozen(&log, &with(first));
    assert!(matches!(unasked, FreezeError::Die { wanted: false }), "{unasked}");
}

#[test]
fn a_daily_die_is_its_periods_and_comes_after_the_frozen_absences() {
    let mut log = TestLog::new();
    let before = log.head(2);
    let (plan, absences) = log.frozen_day();
    let frozen = log.head(2);
    let too_soon = log.die("045177", before);
    let week = Statement::DailyDie(DailyDie {
        period: Period::Week { week: 1 },
        number: "045177".to_owned(),
        head: frozen,
    });
    let of_week = log.add(&week);
    let request = log.request(NOON, plan, absences);
    let terms = CustodianTerms { daily_die: true, ..log.terms() };
    let mut court = LocalCustodian::new("court".parse().unwrap(), [5; 32], terms);
    let mut refusal = |die: u64| {
        let refused = court.release(&ReleaseRequest { die: Some(log.frozen(die)), ..request.clone() }, due());
        match refused.unwrap_err() {
            Refusal::NotFrozen(error) => error,
            other => panic!("refused for another reason: {other}"),
        }
    };
    assert!(matches!(refusal(too_soon), FreezeError::DieTooSoon { .. }));
    assert!(matches!(refusal(of_week), FreezeError::OtherMatter { part: FrozenPart::Die, .. }));
}

#[test]
fn a_release_counts_from_its_due_time_until_now() {
    let (release, court, terms, request) = noon_release();
    let (commitment, list, right) = (court.commitment(), terms.value_list(), expected(&request));
    let second = jiff::SignedDuration::from_secs(1);
    for wrong in [
        ReleaseFor { due: due() + second, latest: due() + second, ..right },
        ReleaseFor { due: due() - second, latest: due() - second, ..right },
    ] {
        let refused = verify_release(&release, &commitment, &list, &wrong).unwrap_err();
        assert!(matches!(refused, ReleaseError::Time { .. }), "{refused}");
    }
    let moved = Release { time: due() + second, ..release };
    let later = ReleaseFor { latest: due() + second, ..right };
    let refused = verify_release(&moved, &commitment, &list, &later).unwrap_err();
    assert!(matches!(refused, ReleaseError::Signature { .. }), "{refused}");
}

#[test]
fn an_outage_is_planned_by_the_custodian_itself() {
    let (_, court, terms, _) = noon_release();
    let campaign = CAMPAIGN.parse().unwrap();
    let said = court.outage(due(), due() + jiff::SignedDuration::from_hours(9));
    assert!(is_own_outage(&said, &court.commitment(), &campaign));
    let longer = OutagePlanned { until: said.until + jiff::SignedDuration::from_secs(1), ..said.clone() };
    assert!(!is_own_outage(&longer, &court.commitment(), &campaign));
    let customs = LocalCustodian::new("customs".parse().unwrap(), [6; 32], terms).commitment();
    assert!(!is_own_outage(&said, &customs, &campaign));
}

fn noon_release() -> (Release, LocalCustodian, CustodianTerms, ReleaseRequest) {
    let mut log = TestLog::new();
    let (plan, absences) = log.frozen_day();
    let request = log.request(NOON, plan, absences);
    let mut court = log.court();
    (court.release(&request, due()).unwrap(), court, log.terms(), request)
}

#[test]
fn a_release_with_any_character_changed_does_not_verify() {
    let (release, court, terms, request) = noon_release();
    let (commitment, list) = (court.commitment(), terms.value_list());
    let text = serde_json::to_vec(&release).unwrap();
    let mut parsed = 0;
    for place in 0..text.len() {
        let mut changed = text.clone();
        changed[place] ^= 1;
        let Ok(changed) = serde_json::from_slice::<Release>(&changed) else { continue };
        parsed += 1;
        let verdict = verify_release(&changed, &commitment, &list, &expected(&request));
        assert!(verdict.is_err(), "byte {place} of {}", String::from_utf8_lossy(&text));
    }
    assert!(parsed > 500, "only {parsed} changed releases could be read");
}

#[test]
fn a_release_counts_for_its_custodian_moment_and_freeze_alone() {
    let (release, court, terms, request) = noon_release();
    let (commitment, list, right) = (court.commitment(), terms.value_list(), expected(&request));
    let refused =
        |expected: &ReleaseFor<'_>| verify_release(&release, &commitment, &list, expected).unwrap_err();
    let later = ReleaseFor { moment: March(9, 13).into(), ..right };
    assert!(matches!(refused(&later), ReleaseError::OtherMoment { .. }));
    let freeze = Freeze { basis: right.freeze.absences, absences: right.freeze.basis, die: None };
    assert!(matches!(refused(&ReleaseFor { freeze, ..right }), ReleaseError::OtherFreeze { .. }));
    let customs = LocalCustodian::new("customs".parse().unwrap(), [6; 32], terms.clone()).commitment();
    let other = verify_release(&release, &customs, &list, &right).unwrap_err();
    assert!(matches!(other, ReleaseError::OtherCustodian { .. }));
    // Same name, other secret: neither value nor key fit.
    let twin = LocalCustodian::new("court".parse().unwrap(), [6; 32], terms).commitment();
    let other = verify_release(&release, &twin, &list, &right).unwrap_err();
    assert!(matches!(other, ReleaseError::NotCommitted { .. }));
    let forged = Release { signature: "0".repeat(128), ..release.clone() };
    let forged = verify_release(&forged, &commitment, &list, &right).unwrap_err();
    assert!(matches!(forged, ReleaseError::Signature { .. }));
    let moved = Release { index: release.index + 1, ..release.clone() };
    let moved = verify_release(&moved, &commitment, &list, &right).unwrap_err();
    assert!(matches!(moved, ReleaseError::Index { .. }));
}

#[test]
fn a_commitment_covers_the_whole_campaign_and_is_signed() {
    let (_, court, mut terms, _) = noon_release();
    let mut commitment = court.commitment();
    let custodian = commitment.custodian.clone();
    let list = terms.value_list();
    commitment.root = Hash([0; 32]);
    let unsigned = CommitmentError::Signature { custodian: custodian.clone() };
    assert_eq!(verify_commitment(&commitment, &list), Err(unsigned));
    terms.schedule = BTreeMap::new();
    let count = CommitmentError::Count { custodian, needed: 0, found: 100 };
    assert_eq!(verify_commitment(&court.commitment(), &terms.value_list()), Err(count));
}

#[test]
fn a_custodian_never_prints_its_secret() {
    let court = TestLog::new().court();
    assert_eq!(format!("{court:?}"), "LocalCustodian(court, 100 values, ..)");
}
