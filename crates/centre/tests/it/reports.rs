//! Reports: the true one is taken whatever was refused before, and nothing refused leaves a trace.

use jiff::SignedDuration;
use sekong_centre::{Fault, Refusal};
use sekong_log::{Entry, Hash, InspectionReported};
use sekong_model::{Drug, Find, Finds, Hour, TeamId, Transport};

use crate::founded::{Founded, device};

/// Sends a changed copy of the true report of the first due inspection, then the true one.
async fn refused(change: impl FnOnce(&mut InspectionReported, &Founded)) -> Refusal {
    let mut founded = Founded::at_midnight().await;
    let now = founded.instant(Hour::MIDNIGHT) + SignedDuration::from_mins(40);
    let (unit, due) = founded.dues().remove(0);
    let truth = founded.report(&unit, &due);
    let mut changed = truth.clone();
    change(&mut changed, &founded);
    let size = founded.centre.log_size();
    let lie = founded.written(&mut device(&founded.campaign, &due.team), &changed);
    let refusal = founded.centre.submit(lie.bytes(), now).unwrap_err();
    assert_eq!(founded.centre.log_size(), size, "a refused report leaves no trace");
    let entry = founded.written(&mut device(&founded.campaign, &due.team), &truth);
    let index = founded.centre.submit(entry.bytes(), now).unwrap();
    founded.centre.commit(now).await.unwrap();
    founded.centre.receipt(index).unwrap().check(&entry.leaf_hash(), founded.centre.keys()).unwrap();
    refusal
}

fn fault(refusal: &Refusal) -> &Fault {
    match refusal {
        Refusal::Fault(fault) => fault,
        _ => panic!("{refusal}"),
    }
}

#[tokio::test]
async fn a_report_on_a_slot_that_nobody_was_sent_to_is_refused() {
    let refusal = refused(|report, _| report.hour = Hour::try_from(5).unwrap()).await;
    assert!(matches!(fault(&refusal), Fault::OutsideHour { .. }));
    let refusal = refused(|report, founded| {
        let other =
            founded.campaign.posts_of(&report.province).into_iter().find(|post| post.id != report.post);
        report.post = other.unwrap().id.clone();
    })
    .await;
    assert!(matches!(fault(&refusal), Fault::NotDue { .. }));
}

#[tokio::test]
async fn a_report_that_quotes_another_order_is_refused() {
    let refusal = refused(|report, _| report.order = Hash([9; 32])).await;
    assert!(matches!(fault(&refusal), Fault::OtherOrder { .. }));
}

#[tokio::test]
async fn more_finds_told_apart_than_were_counted_are_refused() {
    let refusal = refused(|report, _| report.finds = finds(report.counts.found() + 1)).await;
    assert!(matches!(fault(&refusal), Fault::MoreFinds { told: 2, found: 1 }));
}

fn finds(vehicles: u32) -> Finds {
    Finds::new(vec![Find { transport: Transport::Boat, drug: Drug::Amphetamines, vehicles }]).unwrap()
}

#[tokio::test]
async fn a_beginning_outside_the_hour_is_refused() {
    let refusal = refused(|report, _| report.started += SignedDuration::from_hours(1)).await;
    assert!(matches!(fault(&refusal), Fault::OutsideHour { .. }));
}

#[tokio::test]
async fn nobody_reports_for_another_team_twice_out_of_order_or_early() {
    let mut founded = Founded::at_midnight().await;
    let now = founded.instant(Hour::MIDNIGHT) + SignedDuration::from_mins(40);
    let dues = founded.dues();
    let (unit, due) = dues[0].clone();
    let truth = founded.report(&unit, &due);

    let other_team = dues.iter().map(|(_, due)| &due.team).find(|team| **team != due.team).unwrap();
    let entry = founded.written(&mut device(&founded.campaign, other_team), &truth);
    let refusal = founded.centre.submit(entry.bytes(), now).unwrap_err();
    assert!(matches!(fault(&refusal), Fault::OtherTeam { .. }), "{refusal}");

    let nobody: TeamId = "nobody".parse().unwrap();
    let entry = founded.written(&mut device(&founded.campaign, &nobody), &truth);
    let refusal = founded.centre.submit(entry.bytes(), now).unwrap_err();
    assert!(matches!(fault(&refusal), Fault::UnknownDevice { .. }), "{refusal}");

    let mut own = device(&founded.campaign, &due.team);
    let first = founded.written(&mut own, &truth);
    let second = founded.written(&mut own, &truth);
    let refusal = founded.centre.submit(second.bytes(), now).unwrap_err();
    assert!(matches!(fault(&refusal), Fault::Sequence { wanted: 0, found: 1 }), "{refusal}");
    let early = founded.instant(Hour::MIDNIGHT);
    assert!(matches!(founded.centre.submit(first.bytes(), early), Err(Refusal::Future { .. })));

    founded.centre.submit(first.bytes(), now).unwrap();
    let refusal = founded.centre.submit(second.bytes(), now).unwrap_err();
    assert!(matches!(fault(&refusal), Fault::LoggedBefore { .. }), "{refusal}");
    let refusal = founded.centre.submit(first.bytes(), now).unwrap_err();
    assert!(matches!(fault(&refusal), Fault::Sequence { wanted: 1, found: 0 }), "{refusal}");
}

#[tokio::test]
async fn damaged_bytes_are_refused_without_a_trace() {
    let mut founded = Founded::at_midnight().await;
    let now = founded.instant(Hour::MIDNIGHT) + SignedDuration::from_mins(40);
    let (unit, due) = founded.dues().remove(0);
    let entry: Entry =
        founded.written(&mut device(&founded.campaign, &due.team), &founded.report(&unit, &due));
    let size = founded.centre.log_size();
    for place in (0..entry.bytes().len()).step_by(7) {
        let mut bytes = entry.bytes().to_vec();
        bytes[place] ^= 1;
        assert!(founded.centre.submit(&bytes, now).is_err(), "byte {place}");
    }
    for noise in [&b""[..], b"{}", b"null", &[0xff; 200], &vec![b'['; 100_000], &vec![b' '; 5 << 20]] {
        assert!(matches!(founded.centre.submit(noise, now), Err(Refusal::Entry(_))));
    }
    assert_eq!(founded.centre.log_size(), size);
    founded.centre.submit(entry.bytes(), now).unwrap();
}

#[tokio::test]
async fn a_team_that_was_declared_away_takes_part_in_the_deal_and_reports_nothing() {
    let mut founded = Founded::at_midnight_without(|_| true).await;
    let now = founded.instant(Hour::MIDNIGHT) + SignedDuration::from_mins(40);
    let (unit, due) = founded.dues().remove(0);
    assert!(due.away, "a ghost is dealt like anybody");
    let entry = founded.written(&mut device(&founded.campaign, &due.team), &founded.report(&unit, &due));
    let refusal = founded.centre.submit(entry.bytes(), now).unwrap_err();
    assert!(matches!(fault(&refusal), Fault::Away { .. }), "{refusal}");
}
