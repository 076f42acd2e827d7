//! What devices and the centre say of how orders were told: by whom, and when that can be.

use jiff::{SignedDuration, Timestamp};
use sekong_centre::{Fault, Job, Late, Refusal};
use sekong_log::{BoxOpened, Channel, Enrolled, OrderRelayed, Period, Statement};
use sekong_model::{Hour, Moment};

use crate::forgeries::{Forger, everything};
use crate::founded::{Founded, device};

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

#[tokio::test]
async fn a_box_is_opened_by_its_teams_device_once_it_is_there_and_before_others_may_read_it() {
    let mut founded = Founded::at_midnight().await;
    let (_, due) = founded.dues()[0].clone();
    let (team, midnight) = (due.team.clone(), founded.now);
    let said =
        Statement::Opened(BoxOpened { province: due.province, day: founded.day(), hour: Hour::MIDNIGHT });
    let given = founded.campaign.release_at(founded.moment());
    let opened = |founded: &mut Founded, time: Timestamp| {
        let mut phone = device(&founded.campaign, &team);
        let entry = phone.write(&said, time).unwrap();
        founded.centre.submit(entry.bytes(), time.max(midnight))
    };
    let fault = |refusal: Result<u64, Refusal>| match refusal.unwrap_err() {
        Refusal::Fault(fault) => fault,
        other => panic!("{other}"),
    };
    for early in [minutes(3), SignedDuration::from_hours(100)] {
        let early = fault(opened(&mut founded, given - early));
        assert!(matches!(early, Fault::OpenedBefore { .. }), "{early}");
    }
    let late = fault(opened(&mut founded, given + SignedDuration::from_hours(100)));
    assert!(matches!(late, Fault::ToldLate { .. }), "{late}");
    let other = sekong_log::DeviceKey::from_seed(&[77; 32]).id();
    let enrolled = Enrolled { team: team.clone(), device: other, box_key: None };
    founded.centre.enrol(enrolled, midnight + minutes(10)).unwrap();
    let devices = founded.centre.state().team_devices().into_iter().filter(|of| *of.team == team);
    let devices: Vec<_> = devices.map(|of| (of.device, of.retired)).collect();
    let phone = device(&founded.campaign, &team).id();
    assert_eq!(devices, [(phone, Some(midnight + minutes(10))), (other, None)], "an auditor is told of both");
    let retired = fault(opened(&mut founded, midnight + minutes(40)));
    assert!(matches!(retired, Fault::Retired { .. }), "{retired}");
    // What it opened while it was the team's it may say afterwards.
    opened(&mut founded, midnight + minutes(5)).unwrap();
}

#[tokio::test]
async fn an_order_is_relayed_until_its_hour_is_closed() {
    let founded = Founded::at_midnight().await;
    let (_, due) = founded.dues()[0].clone();
    let (day, midnight) = (founded.day(), founded.now);
    let relayed = || {
        Statement::Relayed(OrderRelayed {
            province: due.province.clone(),
            day,
            hour: Hour::MIDNIGHT,
            team: due.team.clone(),
            channel: Channel::Voice,
            table: 0,
        })
    };
    let forger = Forger::of(founded);
    for late in [minutes(61), SignedDuration::from_hours(216)] {
        let fault = forger.fault_of(everything, relayed(), midnight + late);
        assert!(matches!(fault, Fault::ToldLate { .. }), "{fault}");
    }
    forger.admit(&mut forger.state(everything), 0, relayed(), midnight + minutes(60)).unwrap();
}

#[tokio::test]
async fn nothing_is_relayed_to_a_team_that_has_no_order() {
    let founded = Founded::at_midnight().await;
    let (_, due) = founded.dues()[0].clone();
    let (day, now, moment) = (founded.day(), founded.now, founded.moment());
    let drawn = founded.centre.state().drawn(&due.province, moment).unwrap();
    let on_duty: Vec<_> = drawn.orders.iter().map(|order| order.team.clone()).collect();
    let pools = founded.campaign.pools_of(&due.province);
    let mut teams = pools.iter().flat_map(|pool| founded.campaign.teams_of(&pool.id));
    let idle = teams.find(|team| !on_duty.contains(&team.id)).unwrap().id.clone();
    let said = OrderRelayed {
        province: due.province,
        day,
        hour: Hour::MIDNIGHT,
        team: idle,
        channel: Channel::Sms,
        table: 0,
    };
    let forger = Forger::of(founded);
    let fault = forger.fault_of(everything, Statement::Relayed(said), now);
    assert_eq!(fault.rule(), "relayed.order", "{fault}");
}

/// The draw is made in its time, and the teams are told of it when the hour is nearly over.
#[tokio::test]
async fn orders_that_are_held_back_after_the_draw_are_late_though_its_values_are_not() {
    let founded = Founded::at_midnight().await;
    let told = founded.now + minutes(50);
    let after = told.duration_since(founded.campaign.release_at(founded.moment()));
    let forger = Forger::of(founded);
    let of_one = |said: &Statement| match said {
        Statement::Orders(said) if said.province.as_str() == "stung-treng" => Some(said.clone()),
        _ => None,
    };
    let orders = forger.said(|said| of_one(&said));
    let mut state = forger.state(|said| of_one(said).is_none());
    assert_eq!(Late::of(&state), Late::default());
    forger.admit(&mut state, 0, Statement::Orders(orders), told).unwrap();
    let late = Late::of(&state);
    assert_eq!((late.province_hours, late.unexplained, late.longest), (1, 1, after));
}

/// Every team is on the week's list for the first day alone.
#[tokio::test]
async fn an_absence_ends_with_its_last_day() {
    let mut founded = Founded::at_midnight_without(|_| true).await;
    let first = founded.day();
    let second = first.plus_days(1).unwrap();
    let next = Moment::Hour { day: second, hour: Hour::MIDNIGHT };
    let until = founded.campaign.release_at(next);
    for (time, job) in sekong_centre::jobs(&founded.campaign, 2) {
        if job == (Job::Freeze(Period::Day { day: second })) {
            founded.away_from_now(|_| false);
        }
        if founded.now < time && time <= until || job == Job::Plan(second) {
            founded.run(job, time.max(founded.now)).await;
        }
    }
    let away = |day| {
        let dues = founded.centre.state().dues().filter(move |(of, ..)| *of == day);
        dues.map(|(.., due)| due.away).collect::<Vec<_>>()
    };
    assert!(!away(first).is_empty() && away(first).iter().all(|away| *away), "all are away on the first day");
    assert!(!away(second).is_empty() && !away(second).contains(&true), "and back on the second");
}
