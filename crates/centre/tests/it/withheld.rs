//! A centre that holds its heads back, so that a team's reports look late.

use jiff::SignedDuration;
use sekong_centre::{Job, OldHeads, Outcome};
use sekong_model::{Hour, Moment};

use crate::founded::{Founded, device};

/// One team reports at half past midnight, and the hour is closed when it must be. Until the closing the centre commits when its
/// schedule says, or not at all.
async fn closed(held_back: bool) -> (OldHeads, Outcome) {
    let mut founded = Founded::at_midnight().await;
    let (unit, due) = founded.dues().remove(0);
    let entry = founded.written(&mut device(&founded.campaign, &due.team), &founded.report(&unit, &due));
    let (day, midnight) = (founded.day(), founded.now);
    let deadline = founded.centre.state().report_deadline(day, Hour::MIDNIGHT);
    let one = Hour::try_from(1).unwrap();
    let after = deadline + SignedDuration::from_mins(1);
    if held_back {
        // The report, and the hour's draw, are written when it is too late, whatever times the centre tells the team.
        founded.now = after;
        founded.centre.submit(entry.bytes(), after).unwrap();
        founded.run(Job::Draw(Moment::Hour { day, hour: one }), after).await;
    } else {
        let reported = midnight + SignedDuration::from_mins(31);
        founded.run_until(reported).await;
        founded.centre.submit(entry.bytes(), reported).unwrap();
        founded.centre.commit(reported).await.unwrap();
        founded.run_until(deadline - SignedDuration::from_mins(1)).await;
    }
    founded.run(Job::Close(day, Hour::MIDNIGHT), after).await;
    let state = founded.centre.state();
    let due = state.due(day, Hour::MIDNIGHT, &unit).unwrap();
    (OldHeads::of(state), state.outcome(day, Hour::MIDNIGHT, due))
}

#[tokio::test]
async fn heads_that_are_held_back_to_smear_a_team_are_the_centres_lateness() {
    let (heads, outcome) = closed(false).await;
    assert_eq!((heads.closed, heads.old, outcome), (1, 0, Outcome::Done));
    let (heads, outcome) = closed(true).await;
    assert_eq!((heads.closed, heads.old, heads.late_arrived), (1, 1, 1));
    assert_eq!(outcome, Outcome::LateArrived, "it is not counted as missed");
    assert!(heads.longest > SignedDuration::from_mins(40), "{heads:?}");
}
