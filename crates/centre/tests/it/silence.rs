//! Custodians that are out, silent or odd: what is drawn without them, who is named, and what nobody can bend.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use sekong_centre::{AskError, Asked, CentreError, CustodianLink, Fault, Job, Refusal};
use sekong_draw::{Custodian, LocalCustodian, Release, ReleaseRequest, Throw, ThrownDice};
use sekong_log::{
    DeviceKey, Hash, OfficerEnrolled, OutagePlanned, Period, Released, SilenceNoted, SilenceReason,
    SilentCustodian, Statement, body_hash,
};
use sekong_model::{CustodianId, Hour, Moment, OfficerId, ProvinceId, SourceBundle};

use crate::forgeries::{Forger, everything};
use crate::founded::{Founded, device, files, officer_key, secrets};

type Bend = fn(Release) -> Result<Release, AskError>;

/// A custodian whose answers are bent on the way.
struct Odd(Arc<dyn CustodianLink>, Bend);

impl CustodianLink for Odd {
    fn id(&self) -> &CustodianId {
        self.0.id()
    }

    fn ask<'a>(&'a self, request: &'a ReleaseRequest, now: Timestamp) -> Asked<'a> {
        Box::pin(async move { self.0.ask(request, now).await.and_then(self.1) })
    }
}

fn mute(_: Release) -> Result<Release, AskError> {
    Err(AskError::NoAnswer("the line is dead".to_owned()))
}

fn honest(release: Release) -> Result<Release, AskError> {
    Ok(release)
}

impl Founded {
    fn bend(&mut self, custodian: &str, bend: Bend) {
        let link = self.links.iter_mut().find(|link| link.id().as_str() == custodian).unwrap();
        *link = Arc::new(Odd(link.clone(), bend));
    }

    fn one(&self) -> Moment {
        Moment::Hour { day: self.day(), hour: Hour::try_from(1).unwrap() }
    }

    /// The draw of one o'clock, so many minutes after its release time.
    async fn draw_one(&mut self, minutes: i64) -> Result<(), CentreError> {
        let at = self.campaign.release_at(self.one()) + SignedDuration::from_mins(minutes);
        self.now = at;
        self.try_to_run(Job::Draw(self.one()), at).await
    }

    /// One o'clock is tried until somebody is silent.
    async fn silence_noted(&mut self) {
        waits_for(self.draw_one(0).await, "the values of");
        waits_for(self.draw_one(3).await, "dice thrown by two officers in the stead of");
    }

    /// Hands in dice, as durably as the centre acknowledges them.
    async fn take(&mut self, throw: Throw) -> Result<(), CentreError> {
        self.centre.throw(&throw, self.now).await?;
        self.centre.commit(self.now).await
    }

    fn silent(&self) -> Vec<(String, SilenceReason)> {
        let province = &self.campaign.provinces()[0].id;
        let noted = self.centre.state().silence(province, self.one()).unwrap();
        noted.silent.iter().map(|silent| (silent.custodian.to_string(), silent.reason)).collect()
    }

    /// Dice for every silence of one o'clock, thrown by these officers.
    fn throw(&self, officers: &[&str]) -> Throw {
        self.throw_for(self.noted(), officers)
    }

    /// The silences of one o'clock, one a province.
    fn noted(&self) -> Vec<Hash> {
        let noted = self.centre.state().silences().filter(|(_, moment, _)| *moment == self.one());
        noted.map(|(_, _, noted)| noted.leaf).collect()
    }

    fn throw_for(&self, silences: Vec<Hash>, officers: &[&str]) -> Throw {
        let unsigned = Throw {
            moment: self.one(),
            silences,
            dice: ThrownDice::try_from("3651245163".repeat(5)).unwrap(),
            throwers: Vec::new(),
        };
        let campaign = self.campaign.id();
        officers.iter().fold(unsigned, |throw, officer| {
            throw.signed_by(officer.parse().unwrap(), &officer_key(officer), campaign)
        })
    }

    fn is_drawn(&self) -> bool {
        let state = self.centre.state();
        self.campaign.provinces().iter().all(|province| state.drawn(&province.id, self.one()).is_some())
    }
}

fn waits_for(outcome: Result<(), CentreError>, what: &str) {
    match outcome {
        Err(CentreError::Waiting { what: waited, .. }) => assert!(waited.contains(what), "{waited}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_silence_is_noted_after_its_minutes_and_ended_by_dice_of_two_bodies() {
    let mut founded = Founded::at_midnight().await;
    founded.bend("customs", mute);
    waits_for(founded.draw_one(0).await, "the values of customs");
    waits_for(founded.draw_one(2).await, "the values of customs");
    waits_for(founded.draw_one(3).await, "dice thrown by two officers in the stead of customs");
    assert_eq!(founded.silent(), [("customs".to_owned(), SilenceReason::NoAnswer)]);
    waits_for(founded.draw_one(4).await, "dice");
    for officers in
        [&["centre-police"][..], &["centre-police", "centre-police"], &["centre-police", "nobody"]]
    {
        let error = founded.take(founded.throw(officers)).await.unwrap_err();
        assert_eq!(rule(&error), "throw.holds", "{error}");
    }
    // Too late: what was received is fixed, and a value that arrives now does not count.
    founded.bend("customs", honest);
    waits_for(founded.draw_one(4).await, "dice");
    founded.take(founded.throw(&["centre-police", "centre-court"])).await.unwrap();
    founded.draw_one(5).await.unwrap();
    assert!(founded.is_drawn());
    let again = founded.take(founded.throw(&["centre-police", "centre-court"])).await.unwrap_err();
    assert_eq!(rule(&again), "throw.silence", "{again}");
}

#[tokio::test]
async fn dice_for_one_province_do_not_shut_out_dice_for_another() {
    let mut founded = Founded::at_midnight().await;
    founded.bend("customs", mute);
    founded.silence_noted().await;
    let noted = founded.noted();
    assert_eq!(noted.len(), founded.campaign.provinces().len());
    for silence in noted {
        let throw = founded.throw_for(vec![silence], &["centre-police", "centre-court"]);
        founded.take(throw).await.unwrap();
    }
    founded.draw_one(4).await.unwrap();
    assert!(founded.is_drawn());
}

#[tokio::test]
async fn whoever_answers_in_time_makes_no_silence() {
    let mut founded = Founded::at_midnight().await;
    founded.bend("customs", mute);
    waits_for(founded.draw_one(1).await, "customs");
    let freezes = founded.centre.state().freezes();
    founded.links = crate::founded::links(crate::founded::custodians(&founded.campaign, &freezes));
    founded.draw_one(2).await.unwrap();
    assert!(founded.is_drawn() && founded.centre.state().silences().next().is_none());
}

/// A custodian whose first answers are bent, and who is honest then; it counts what it is asked.
struct Script(Arc<dyn CustodianLink>, Mutex<VecDeque<Bend>>, AtomicUsize);

impl CustodianLink for Script {
    fn id(&self) -> &CustodianId {
        self.0.id()
    }

    fn ask<'a>(&'a self, request: &'a ReleaseRequest, now: Timestamp) -> Asked<'a> {
        self.2.fetch_add(1, Ordering::Relaxed);
        let bend = self.1.lock().unwrap().pop_front().unwrap_or(honest);
        Box::pin(async move { self.0.ask(request, now).await.and_then(bend) })
    }
}

fn garbled(release: Release) -> Result<Release, AskError> {
    Ok(Release { value: release.basis, ..release })
}

impl Founded {
    /// Has a custodian answer by a script that holds for every province.
    fn script(&mut self, custodian: &str, answers: &[Bend]) -> Arc<Script> {
        let provinces = self.campaign.provinces().len();
        let answers = answers.iter().flat_map(|bend| std::iter::repeat_n(*bend, provinces)).collect();
        let link = self.links.iter_mut().find(|link| link.id().as_str() == custodian).unwrap();
        let script = Arc::new(Script(link.clone(), Mutex::new(answers), AtomicUsize::new(0)));
        *link = script.clone();
        script
    }
}

#[tokio::test]
async fn one_garbled_answer_is_asked_for_again_and_makes_no_silence() {
    let mut founded = Founded::at_midnight().await;
    let asked = [founded.script("customs", &[garbled, garbled]), founded.script("court", &[])];
    waits_for(founded.draw_one(0).await, "customs (another value than committed)");
    waits_for(founded.draw_one(1).await, "customs (another value than committed)");
    founded.draw_one(2).await.unwrap();
    assert!(founded.is_drawn() && founded.centre.state().silences().next().is_none());
    let provinces = founded.campaign.provinces().len();
    let asked = asked.map(|script| script.2.load(Ordering::Relaxed));
    assert_eq!(asked, [3 * provinces, provinces], "whoever has answered is not asked again");
}

#[tokio::test]
async fn whoever_said_something_odd_and_nothing_since_is_silent_for_what_it_said() {
    let mut founded = Founded::at_midnight().await;
    founded.script("customs", &[garbled, mute, mute]);
    founded
        .script("court", &[mute, garbled, |release| Ok(Release { signature: "00".repeat(64), ..release })]);
    waits_for(founded.draw_one(0).await, "court (no answer), customs (another value than committed)");
    waits_for(founded.draw_one(1).await, "court (another value than committed), customs (another value");
    waits_for(founded.draw_one(3).await, "in the stead of court (not signed by it), customs (another value");
    use SilenceReason::{NotSigned, OtherValue};
    assert_eq!(founded.silent(), [("court".to_owned(), NotSigned), ("customs".to_owned(), OtherValue)]);
}

#[tokio::test]
async fn after_hours_of_being_down_the_minutes_of_a_silence_count_from_the_first_ask() {
    let mut founded = Founded::at_midnight().await;
    founded.bend("customs", mute);
    waits_for(founded.draw_one(0).await, "the values of customs");
    let mut founded = founded.reopen().await;
    for minutes in [180, 181, 182] {
        waits_for(founded.draw_one(minutes).await, "the values of customs");
    }
    waits_for(founded.draw_one(183).await, "in the stead of customs");
}

#[tokio::test]
async fn dice_that_were_acknowledged_survive_a_fall_and_before_one_still_reads_whom_they_are_for() {
    let mut founded = Founded::at_midnight().await;
    founded.bend("customs", mute);
    founded.silence_noted().await;
    let throw = founded.throw(&["centre-police", "centre-court"]);
    // Not acknowledged yet: the fall takes them, and the officers see that the silence waits.
    founded.centre.throw(&throw, founded.now).await.unwrap();
    let mut founded = founded.reopen().await;
    waits_for(founded.draw_one(5).await, "dice thrown by two officers in the stead of customs (no answer)");
    founded.take(throw).await.unwrap();
    let mut founded = founded.reopen().await;
    assert!(founded.is_drawn());
    founded.draw_one(6).await.unwrap();
}

impl Founded {
    /// The silence of one o'clock in the first province with these custodians silent, and what the others had released.
    fn silence_of(&self, shown: &Shown, is_silent: impl Fn(usize) -> bool) -> (Statement, Values) {
        let (silent, received): (Vec<_>, Vec<_>) =
            shown.releases.iter().enumerate().partition(|(place, _)| is_silent(*place));
        let silent = silent.into_iter().map(|(_, release)| SilentCustodian {
            custodian: release.custodian.clone(),
            reason: SilenceReason::NoAnswer,
        });
        let received = received.into_iter().map(|(_, release)| release.clone()).collect();
        let values = Values { releases: received, throw: None };
        let bytes = serde_json_canonicalizer::to_vec(&values).unwrap();
        let province = self.campaign.provinces()[0].id.clone();
        let said = SilenceNoted {
            province,
            moment: self.one(),
            silent: silent.collect(),
            head: shown.head.clone(),
            received: body_hash(&bytes),
        };
        (Statement::Silence(said), values)
    }

    /// The release that ends a silence of one o'clock with a throw.
    fn release_with(&self, forger: &Forger, province: &ProvinceId, values: &Values) -> Statement {
        let state = self.centre.state();
        Statement::Release(Released {
            province: province.clone(),
            moment: self.one(),
            basis: state.plan(province, self.day()).unwrap().index,
            absences: state.absences(province, Period::Day { day: self.day() }).unwrap(),
            head: self.centre.head().unwrap().to_owned(),
            values: forger.publish(values),
            silence: Some(state.silence(province, self.one()).unwrap().index),
        })
    }

    /// What every custodian releases for one o'clock in the province at this place.
    async fn all_released(&mut self, place: usize) -> Shown {
        let at = self.campaign.release_at(self.one());
        let request = self.centre.requests(self.one()).await.unwrap().remove(place);
        let mut releases = Vec::new();
        for link in &self.links {
            releases.push(link.ask(&request, at).await.unwrap());
        }
        Shown { head: request.head, releases }
    }
}

/// The head that custodians were shown, and what they released.
struct Shown {
    head: String,
    releases: Vec<Release>,
}

impl Shown {
    fn is_of(&self, place: usize, custodian: &str) -> bool {
        self.releases[place].custodian.as_str() == custodian
    }
}

/// The releases and the throw of a draw, as their body spells them.
#[derive(serde::Serialize)]
struct Values {
    releases: Vec<Release>,
    #[serde(skip_serializing_if = "Option::is_none")]
    throw: Option<Throw>,
}

/// A centre that has every value in hand shows two honest officers a silence for each set of custodians, gets one throw
/// over all of them, and logs the silence whose draw it likes.
#[tokio::test]
async fn dice_signed_for_silences_that_might_be_logged_count_for_none_of_them() {
    let mut founded = Founded::at_midnight().await;
    let due = founded.campaign.release_at(founded.one());
    let shown = founded.all_released(0).await;
    founded.bend("customs", mute);
    waits_for(founded.draw_one(0).await, "the values of customs");
    let late = due + SignedDuration::from_mins(3);
    let forger = Forger::of(founded);
    let state = forger.state(everything);
    let candidates = (1u32..32).map(|mask| {
        let (said, _) = forger.founded.silence_of(&shown, |place| mask >> place & 1 == 1);
        forger.forge(&state, said, late).leaf_hash()
    });
    let candidates: Vec<Hash> = candidates.collect();
    let mut founded = forger.founded;
    let throw = founded.throw_for(candidates.clone(), &["centre-police", "centre-court"]);
    waits_for(founded.draw_one(3).await, "dice thrown by two officers in the stead of customs");
    let province = founded.campaign.provinces()[0].id.clone();
    let noted = founded.centre.state().silence(&province, founded.one()).unwrap().clone();
    assert!(candidates.contains(&noted.leaf), "the silence that is logged is one of those signed for");
    let refused = founded.take(throw.clone()).await.unwrap_err();
    assert_eq!(rule(&refused), "throw.holds", "{refused}");

    // The auditor of a centre that logs the draw nevertheless says the same.
    let (_, mut values) = founded.silence_of(&shown, |place| shown.is_of(place, "customs"));
    values.throw = Some(throw);
    let forger = Forger::of(founded);
    let release = forger.founded.release_with(&forger, &province, &values);
    let fault = forger.fault_of(everything, release, late);
    assert!(fault.to_string().contains("which was not noted before it"), "{fault}");
    values.throw = Some(forger.founded.throw_for(vec![noted.leaf], &["centre-police", "centre-court"]));
    let release = forger.founded.release_with(&forger, &province, &values);
    forger.admit(&mut forger.state(everything), 0, release, late).unwrap();
}

#[tokio::test]
async fn the_first_dice_logged_for_a_silence_are_its_dice() {
    let mut founded = Founded::at_midnight().await;
    let released = [founded.all_released(0).await, founded.all_released(1).await];
    founded.bend("customs", mute);
    founded.silence_noted().await;
    let [first, second] = [0, 1].map(|place| founded.campaign.provinces()[place].id.clone());
    let noted_in =
        |province: &ProvinceId| founded.centre.state().silence(province, founded.one()).unwrap().leaf;
    let both = vec![noted_in(&first), noted_in(&second)];
    let [mut values, mut values_of_second] = released.map(|shown| Values {
        releases: shown
            .releases
            .into_iter()
            .filter(|release| release.custodian.as_str() != "customs")
            .collect(),
        throw: None,
    });
    values.throw = Some(founded.throw_for(both, &["centre-police", "centre-court"]));
    let late = founded.now;
    let forger = Forger::of(founded);
    let mut state = forger.state(everything);
    let release = forger.founded.release_with(&forger, &first, &values);
    forger.admit(&mut state, 0, release, late).unwrap();
    // The second province was thrown for as well; other dice for it, however well signed, come too late.
    let other = Throw { dice: ThrownDice::try_from("1".repeat(50)).unwrap(), ..forger.founded.throw(&[]) };
    let other = ["centre-customs", "centre-court"].iter().fold(other, |throw, officer| {
        throw.signed_by(officer.parse().unwrap(), &officer_key(officer), forger.founded.campaign.id())
    });
    values_of_second.throw = Some(other);
    let release = forger.founded.release_with(&forger, &second, &values_of_second);
    let fault = forger.admit(&mut state, 1, release, late).unwrap_err();
    assert_eq!(fault.rule(), "throw.first", "{fault}");
}

/// A centre that gives two seats keys of its own could say that every custodian is silent, and throw what it likes.
#[tokio::test]
async fn after_the_public_dice_a_seat_gets_no_key_that_nobody_vouches_for() {
    let mut founded = Founded::at_midnight().await;
    let (now, campaign) = (founded.now, founded.campaign.id().clone());
    let mine = DeviceKey::from_seed(&[41; 32]);
    let police: OfficerId = "centre-police".parse().unwrap();
    let before = officer_key("centre-police").id();
    let message = sekong_draw::seat_key_message(&campaign, &police, &mine.id(), Some(&before));
    let by = |vouchers: &[(&str, &DeviceKey)]| OfficerEnrolled {
        officer: police.clone(),
        key: mine.id(),
        vouchers: vouchers
            .iter()
            .map(|(seat, key)| sekong_draw::sign_for_seat(seat.parse().unwrap(), key, &message))
            .collect(),
    };
    let (court, customs) = (officer_key("centre-court"), officer_key("centre-customs"));
    for vouchers in [
        &[][..],
        &[("centre-police", &mine)],
        &[("centre-court", &court)],
        &[("centre-court", &court), ("centre-court", &court)],
        &[("centre-court", &court), ("centre-customs", &mine)],
    ] {
        let error = founded.centre.enrol_officer(by(vouchers), now).unwrap_err();
        assert_eq!(rule(&error), "officer.vouched", "{error}");
    }
    let vouched = by(&[("centre-court", &court), ("centre-customs", &customs)]);
    let index = founded.centre.enrol_officer(vouched, now).unwrap();
    founded.centre.commit(now).await.unwrap();
    let state = founded.centre.state();
    let (_, keys) = state.seat_keys().find(|(seat, _)| **seat == police).unwrap();
    let known: Vec<_> = keys.iter().map(|key| (key.key, key.vouched_by.len())).collect();
    assert_eq!((known, keys[1].index), (vec![(before, 0), (mine.id(), 2)], index));
    // It counts for what is frozen from now on: the day's dice are thrown with the keys of its freeze.
    founded.bend("customs", mute);
    founded.silence_noted().await;
    let unsigned = founded.throw(&["centre-court"]);
    let error = founded.take(unsigned.signed_by(police, &mine, &campaign)).await.unwrap_err();
    assert_eq!(rule(&error), "throw.holds", "{error}");
    founded.take(founded.throw(&["centre-police", "centre-court"])).await.unwrap();
}

#[tokio::test]
async fn each_kind_of_odd_answer_has_its_reason() {
    let mut founded = Founded::at_midnight().await;
    founded.bend("court", |release| {
        Ok(Release { time: release.time - SignedDuration::from_hours(24), ..release })
    });
    founded.bend("ombudsman", |release| Ok(Release { moment: Moment::Week { week: 0 }, ..release }));
    founded.bend("customs", |release| Ok(Release { basis: release.absences, ..release }));
    founded.bend("inspectorate", |release| Ok(Release { value: release.basis, ..release }));
    founded.bend("university", |release| Ok(Release { signature: "00".repeat(64), ..release }));
    founded.silence_noted().await;
    let reasons: Vec<SilenceReason> = founded.silent().into_iter().map(|(_, reason)| reason).collect();
    use SilenceReason::{NotSigned, OtherEntries, OtherMoment, OtherTime, OtherValue};
    assert_eq!(reasons, [OtherTime, OtherMoment, OtherEntries, OtherValue, NotSigned]);
    founded.take(founded.throw(&["centre-customs", "centre-court"])).await.unwrap();
    founded.draw_one(4).await.unwrap();
    assert!(founded.is_drawn(), "with every custodian silent the dice alone decide, and the log says so");
}

fn outage(founded: &Founded, custodian: &str, from: Timestamp, hours: i64) -> OutagePlanned {
    let secrets = secrets(&founded.campaign);
    let (id, secret) = secrets.custodians.iter().find(|(id, _)| id.as_str() == custodian).unwrap();
    let terms = sekong_centre::terms(&founded.campaign, founded.centre.keys());
    LocalCustodian::new(id.clone(), *secret, terms).outage(from, from + SignedDuration::from_hours(hours))
}

fn rule(error: &CentreError) -> &'static str {
    match error {
        CentreError::Fault { fault, .. } => fault.rule(),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_planned_outage_is_drawn_around_and_never_leaves_fewer_than_three() {
    let mut founded = Founded::new().await;
    let (from, now) = (founded.campaign.release_at(founded.one()), founded.now);
    for custodian in ["customs", "court"] {
        let said = outage(&founded, custodian, from, 3);
        let longer = OutagePlanned { until: said.until + SignedDuration::from_hours(1), ..said.clone() };
        let error = founded.centre.plan_outage(longer, now).unwrap_err();
        assert_eq!(rule(&error), "outage.signed", "{error}");
        founded.centre.plan_outage(said, now).unwrap();
    }
    let error = founded.centre.plan_outage(outage(&founded, "university", from, 1), now).unwrap_err();
    assert_eq!(rule(&error), "outage.remain", "{error}");
    founded.centre.commit(now).await.unwrap();
    founded.run_until(from - SignedDuration::from_secs(1)).await;
    founded.bend("customs", mute);
    founded.bend("court", mute);
    founded.draw_one(0).await.unwrap();
    assert!(founded.is_drawn() && founded.centre.state().silences().next().is_none());
}

#[tokio::test]
async fn an_outage_planned_after_the_freeze_is_refused() {
    let mut founded = Founded::at_midnight().await;
    let (from, now) = (founded.campaign.release_at(founded.one()), founded.now);
    let said = outage(&founded, "customs", from, 3);
    let error = founded.centre.plan_outage(said, now).unwrap_err();
    assert_eq!(rule(&error), "outage.frozen", "{error}");
    founded.bend("customs", mute);
    waits_for(founded.draw_one(0).await, "the values of customs");
}

#[tokio::test]
async fn an_outage_that_stands_in_the_public_log_cannot_be_posted_again() {
    let mut founded = Founded::new().await;
    let (from, now) = (founded.campaign.release_at(founded.one()), founded.now);
    let said = outage(&founded, "customs", from, 3);
    founded.centre.plan_outage(said.clone(), now).unwrap();
    founded.centre.commit(now).await.unwrap();
    let hours = SignedDuration::from_hours;
    let refused = [
        (said.clone(), "outage.once"),
        (outage(&founded, "customs", from + hours(2), 3), "outage.once"),
        (outage(&founded, "customs", from - hours(2), 3), "outage.once"),
        (outage(&founded, "customs", from - hours(2), 9), "outage.once"),
        (outage(&founded, "court", from, 0), "outage.moments"),
        (outage(&founded, "court", from, -1), "outage.moments"),
        (outage(&founded, "court", founded.campaign.ends_at() + hours(1), 3), "outage.moments"),
        (outage(&founded, "court", now - hours(1), 24), "outage.ahead"),
    ];
    let size = founded.centre.log_size();
    for (said, wanted) in refused {
        let error = founded.centre.plan_outage(said, now).unwrap_err();
        assert_eq!(rule(&error), wanted, "{error}");
    }
    assert_eq!(founded.centre.log_size(), size);
    // Next to each other is not over each other, and what one custodian planned shuts out no other.
    founded.centre.plan_outage(outage(&founded, "customs", from + hours(3), 1), now).unwrap();
    founded.centre.plan_outage(outage(&founded, "court", from, 3), now).unwrap();
}

#[tokio::test]
async fn a_custodian_plans_so_many_outages_and_no_more() {
    let mut founded = Founded::new().await;
    let (from, now) = (founded.campaign.release_at(founded.one()), founded.now);
    for number in 0..104 {
        let said = outage(&founded, "customs", from + SignedDuration::from_hours(2 * number), 2);
        founded.centre.plan_outage(said, now).unwrap();
    }
    let one_more = outage(&founded, "customs", from + SignedDuration::from_hours(2 * 104), 2);
    let error = founded.centre.plan_outage(one_more, now).unwrap_err();
    assert_eq!(rule(&error), "outage.count", "{error}");
}

#[tokio::test]
async fn a_report_of_an_inspection_that_began_before_its_order_is_refused() {
    let mut founded = Founded::at_midnight().await;
    let one = founded.one();
    founded.draw_one(45).await.unwrap();
    let Moment::Hour { day, hour } = one else { panic!("one is an hour") };
    let thrown_now = |due: &sekong_centre::Due| {
        due.order_index.is_some_and(|index| index + 9 >= founded.centre.log_size())
    };
    let dues = founded.centre.state().dues_of(day, hour);
    let (unit, due) = dues
        .filter(|(_, due)| thrown_now(due))
        .map(|(unit, due)| (unit.clone(), due.clone()))
        .next()
        .unwrap();
    let begins = founded.campaign.instant(day, hour);
    let mut report = founded.report(&unit, &due);
    (report.hour, report.started) = (hour, begins + SignedDuration::from_mins(5));
    let mut team = device(&founded.campaign, &due.team);
    let late = begins + SignedDuration::from_mins(50);
    let early = team.write(&sekong_log::Statement::Inspection(report.clone()), late).unwrap();
    let refusal = founded.centre.submit(early.bytes(), late).unwrap_err();
    assert!(matches!(&refusal, Refusal::Fault(Fault::BegunBeforeOrder { .. })), "{refusal}");
    report.started = begins + SignedDuration::from_mins(40);
    let mut team = device(&founded.campaign, &due.team);
    let entry = team.write(&sekong_log::Statement::Inspection(report), late).unwrap();
    founded.centre.submit(entry.bytes(), late).unwrap();
}

fn with_daily_die(files: &mut SourceBundle) {
    let text = files.files.get_mut("campaign.toml").unwrap();
    let rule = "daily_die = true\ndaily_die_digits = 6\ndaily_die_source = \"national lottery, first prize\"";
    *text = text.replacen("daily_die = false", rule, 1);
}

/// A centre that has a week's values in hand could try numbers until the deal suits it.
#[tokio::test]
async fn no_value_is_given_before_the_daily_die_and_none_counts_over_another() {
    let mut files = files();
    with_daily_die(&mut files);
    let mut founded = Founded::of(files).await;
    let (week, period) = (Moment::Week { week: 0 }, Period::Week { week: 0 });
    let schedule = sekong_centre::jobs(&founded.campaign, 1);
    for (time, job) in schedule.into_iter().take_while(|(_, job)| *job != Job::Draw(week)) {
        founded.run(job, time).await;
    }
    let due = founded.campaign.release_at(week);
    assert!(founded.centre.requests(week).await.unwrap().is_empty(), "nobody is asked before the die");
    founded.centre.announce_die(period, "045177".to_owned(), due).await.unwrap();
    founded.centre.commit(due).await.unwrap();
    let request = founded.centre.requests(week).await.unwrap().remove(0);
    let mut releases = Vec::new();
    for link in &founded.links {
        let refused = link.ask(&ReleaseRequest { die: None, ..request.clone() }, due).await.unwrap_err();
        assert!(refused.to_string().contains("the daily die of the period is not there"), "{refused}");
        releases.push(link.ask(&request, due).await.unwrap());
    }
    let forger = Forger::of(founded);
    let state = forger.founded.centre.state();
    let release = |releases: Vec<Release>| {
        let province = request.province.clone();
        Statement::Release(Released {
            absences: state.absences(&province, period).unwrap(),
            province,
            moment: week,
            basis: 0,
            head: request.head.clone(),
            values: forger.publish(&Values { releases, throw: None }),
            silence: None,
        })
    };
    for other in [None, Some(Hash([5; 32]))] {
        let mut others = releases.clone();
        others[2].die = other;
        let fault = forger.fault_of(everything, release(others), due);
        assert_eq!(fault.rule(), "release.holds", "{fault}");
        assert!(fault.to_string().contains("over other entries than the draw"), "{fault}");
    }
    forger.admit(&mut forger.state(everything), 0, release(releases), due).unwrap();
}

#[tokio::test]
async fn a_list_that_is_frozen_late_stands_an_hour_before_anything_is_drawn_over_it() {
    let mut founded = Founded::new().await;
    let (day, midnight) = (founded.day(), founded.moment());
    let due = founded.campaign.release_at(midnight);
    let late = due - SignedDuration::from_mins(10);
    let freeze = Job::Freeze(Period::Day { day });
    for (time, job) in sekong_centre::jobs(&founded.campaign, 1) {
        if time < due && job != freeze {
            founded.run(job, time).await;
        }
    }
    founded.run(freeze, late).await;
    for minutes in [0, 3, 49] {
        let at = due + SignedDuration::from_mins(minutes);
        waits_for(founded.try_to_run(Job::Draw(midnight), at).await, "the values of court (it refused)");
    }
    founded.run(Job::Draw(midnight), due + SignedDuration::from_mins(50)).await;
}

#[tokio::test]
async fn a_daily_die_is_thrown_after_the_freeze_and_enters_every_seed() {
    let mut files = files();
    with_daily_die(&mut files);
    let mut founded = Founded::of(files).await;
    let day = Period::Day { day: founded.day() };
    let week = Period::Week { week: 0 };
    let (mut keys, mut at) = (Vec::new(), founded.now);
    for (time, job) in sekong_centre::jobs(&founded.campaign, 1) {
        let Job::Draw(moment) = job else {
            founded.run(job, time).await;
            continue;
        };
        if moment > founded.one() && moment != (Moment::Week { week: 0 }) {
            break;
        }
        let period = sekong_draw::period_of(moment);
        if at < time && !keys.contains(&period) {
            waits_for(founded.try_to_run(job, time).await, "the daily die");
            // One spelling: `45177` is not `045177`.
            for wrong in ["", "12345a", "45177", "0045177", &"1".repeat(41)] {
                let told = founded.centre.announce_die(period, wrong.to_owned(), time);
                assert_eq!(rule(&told.await.unwrap_err()), "daily-die.number");
            }
            founded.centre.announce_die(period, "045177".to_owned(), time).await.unwrap();
            founded.centre.commit(time).await.unwrap();
            let twice = founded.centre.announce_die(period, "111111".to_owned(), time);
            assert_eq!(rule(&twice.await.unwrap_err()), "order.first-counts");
            keys.push(period);
        }
        founded.run(job, time).await;
        at = time;
    }
    assert_eq!(keys, [week, day]);
    assert!(founded.is_drawn());
    let mut plain = Founded::at_midnight().await;
    plain.draw_one(0).await.unwrap();
    let key = |founded: &Founded| {
        let province = &founded.campaign.provinces()[0].id;
        founded.centre.state().drawn(province, founded.one()).unwrap().key.to_bytes()
    };
    assert_ne!(key(&founded), key(&plain));
}
