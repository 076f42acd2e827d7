//! What custodians can show for themselves, held against the log; and draws that come late.

use std::fs;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sekong_centre::{AskError, Asked, Compared, CustodianLink, Dispute, Job, Late, Shown, ShownError};
use sekong_draw::{Custodian, LocalCustodian, Release, ReleaseRequest};
use sekong_log::{AuditedLog, Fetched, LogFiles, SilenceReason, Statement, tiles_of};
use sekong_model::{CustodianId, Hour, Moment};

use crate::forgeries::{FolderBodies, Forger};
use crate::founded::{Founded, secrets};

/// A custodian whose answers the centre throws away.
struct Unheard(Arc<dyn CustodianLink>);

impl CustodianLink for Unheard {
    fn id(&self) -> &CustodianId {
        self.0.id()
    }

    fn ask<'a>(&'a self, request: &'a ReleaseRequest, now: Timestamp) -> Asked<'a> {
        Box::pin(async move {
            self.0.ask(request, now).await?;
            Err(AskError::NoAnswer("says the centre".to_owned()))
        })
    }
}

impl Founded {
    pub(crate) fn one_o_clock(&self) -> Moment {
        Moment::Hour { day: self.day(), hour: Hour::try_from(1).unwrap() }
    }

    fn log(&self) -> AuditedLog {
        let log = self.folder.path().join("log");
        let mut files = LogFiles::new();
        let tiles = tiles_of(self.centre.log_size()).into_iter().map(|path| path.to_string());
        for name in tiles.chain(["checkpoint".to_owned()]) {
            let bytes = fs::read(log.join(&name)).unwrap();
            files.insert(name, bytes);
        }
        let keys = self.centre.keys().head_keys();
        sekong_log::audit_log(&Fetched(&files), keys, None, &mut |_, _, _| ()).unwrap()
    }

    pub(crate) fn compare(&self, shown: &Shown) -> Result<Compared, ShownError> {
        let bodies = FolderBodies::of(self.folder.path(), Vec::new());
        shown.compare(self.centre.state(), &self.log(), self.centre.keys(), &bodies)
    }

    fn shows(&self, releases: Vec<Release>) -> Shown {
        let (campaign, custodian) = (self.campaign.id().clone(), releases[0].custodian.clone());
        Shown { campaign, custodian, releases, second_freezes: Vec::new() }
    }
}

#[tokio::test]
async fn an_hour_noted_as_silent_in_spite_of_a_release_is_named() {
    let mut founded = Founded::at_midnight().await;
    let (one, minutes) = (founded.one_o_clock(), SignedDuration::from_mins);
    let due = founded.campaign.release_at(one);
    let request = founded.centre.requests(one).await.unwrap().remove(0);
    let customs = founded.links.iter().position(|link| link.id().as_str() == "customs").unwrap();
    let link = founded.links[customs].clone();
    let release = link.ask(&request, due + minutes(1)).await.unwrap();
    founded.links[customs] = Arc::new(Unheard(link.clone()));
    for late in [0, 3] {
        founded.try_to_run(Job::Draw(one), due + minutes(late)).await.unwrap_err();
    }
    let found = founded.compare(&founded.shows(vec![release.clone()])).unwrap();
    let [dispute @ Dispute::Silent { reason: SilenceReason::NoAnswer, noted, .. }] = &found.disputes[..]
    else {
        panic!("{found:?}")
    };
    assert_eq!((dispute.of().signed, *noted), (due + minutes(1), due + minutes(3)));
    assert!(dispute.to_string().starts_with("customs, "), "{dispute}");
    assert!(found.faults.is_empty(), "word against word: {found:?}");
    // What was signed after the silence was noted disputes nothing.
    let afterwards = link.ask(&request, due + minutes(9)).await.unwrap();
    assert_eq!(founded.compare(&founded.shows(vec![afterwards])).unwrap(), Compared::default());
    // A time that the custodian did not sign proves nothing, nor does another's release.
    let earlier = Release { time: due, ..release.clone() };
    let forged = founded.compare(&founded.shows(vec![earlier])).unwrap_err();
    assert!(matches!(forged, ShownError::Release { .. }), "{forged}");
    let other = Shown { custodian: "court".parse().unwrap(), ..founded.shows(vec![release]) };
    assert!(matches!(founded.compare(&other), Err(ShownError::Release { .. })));
}

#[tokio::test]
async fn a_release_that_differs_from_the_logged_one_shows_and_the_logged_one_does_not() {
    let mut founded = Founded::at_midnight().await;
    let one = founded.one_o_clock();
    let due = founded.campaign.release_at(one);
    let request = founded.centre.requests(one).await.unwrap().remove(0);
    founded.try_to_run(Job::Draw(one), due).await.unwrap();
    founded.centre.commit(due).await.unwrap();
    let logged = founded.links[0].ask(&request, due).await.unwrap();
    assert_eq!(founded.compare(&founded.shows(vec![logged])).unwrap(), Compared::default());
    let later = due + SignedDuration::from_secs(30);
    let another = founded.links[0].ask(&request, later).await.unwrap();
    let found = founded.compare(&founded.shows(vec![another])).unwrap();
    let [Dispute::Differs { of, logged }] = &found.disputes[..] else { panic!("{found:?}") };
    assert_eq!((of.signed, *logged), (later, due));
}

#[tokio::test]
async fn draws_that_are_withheld_after_the_values_were_seen_are_counted() {
    let mut founded = Founded::at_midnight().await;
    assert_eq!(Late::of(founded.centre.state()), Late::default(), "what is drawn in time is not late");
    let one = founded.one_o_clock();
    let by = SignedDuration::from_mins(45);
    let late = founded.campaign.release_at(one) + by;
    founded.try_to_run(Job::Draw(one), late).await.unwrap();
    let counted = Late { province_hours: 3, province_weeks: 0, unexplained: 3, longest: by };
    assert_eq!(Late::of(founded.centre.state()), counted);
}

#[tokio::test]
async fn two_custodians_of_one_secret_are_refused() {
    let forger = Forger::new().await;
    let founded = &forger.founded;
    let (_, secret) = secrets(&founded.campaign).custodians.swap_remove(0);
    let terms = sekong_centre::terms(&founded.campaign, founded.centre.keys());
    let ids = founded.campaign.custodians();
    let twin = LocalCustodian::new(ids[1].clone(), secret, terms).commitment();
    let before = |said: &Statement| !matches!(said, Statement::Custodian(said) if said.custodian == ids[1]);
    let fault = forger.fault_of(before, Statement::Custodian(twin), founded.now);
    assert_eq!(fault.rule(), "custodian.own-secret", "{fault}");
}
