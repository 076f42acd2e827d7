//! Orders on their way: boxes for everyone, codes for who has no network, and who has not been heard of.

use std::io::{BufRead, BufReader, Read, Write};

use sekong_centre::api::views::{
    BoxView, EnrolledView, LoggedView, OrdersView, OverdueListView, ReceiptView, RelayView, TableView,
};
use sekong_centre::{BoxMessage, SmsGateway};
use sekong_draw::{
    BoxContent, BoxFor, BoxSecret, Instruction, OpenError, SealedBox, Table, TableId, TableKey, TableSerial,
};
use sekong_log::{BoxOpened, Channel, DeviceKey, OrderRelayed, Statement, TableReason, TableReplaced};
use sekong_model::{Hour, Moment, TeamId};

use crate::api::{minutes, report, reporting, send, site_log};
use crate::forgeries::Forger;
use crate::founded::{Founded, box_secret, device};
use crate::site::Site;

/// What a team's box tells it, once its proof holds under the root that was logged.
pub(crate) fn opened(site: &Site, team: &TeamId, view: &BoxView) -> BoxMessage {
    let sealed: SealedBox = view.sealed.parse().unwrap();
    let content = BoxContent::Orders(Moment::Hour { day: view.day, hour: view.hour });
    let own = BoxFor { campaign: site.campaign.id(), province: &view.province, content, team };
    let orders = site_log(site).into_iter().find_map(|said| match said {
        Statement::Orders(said)
            if (said.day, said.hour) == (view.day, view.hour) && said.province == view.province =>
        {
            Some(said)
        }
        _ => None,
    });
    let pools = site.campaign.pools_of(&view.province);
    let teams =
        site.campaign.teams().iter().filter(|team| pools.iter().any(|pool| pool.id == team.pool)).count();
    let leaf = sekong_log::leaf_hash(sealed.as_bytes());
    sekong_log::verify_inclusion(&leaf, view.place, teams as u64, &view.proof, &orders.unwrap().boxes)
        .unwrap();
    serde_json::from_slice(&own.open(&box_secret(team), &sealed).unwrap()).unwrap()
}

#[test]
fn every_team_gets_a_box_of_one_size_and_opens_its_own_alone() {
    let site = reporting();
    let (team, _) = report(&site, 0);
    let province = site
        .campaign
        .pool(&site.campaign.teams().iter().find(|known| known.id == team).unwrap().pool)
        .unwrap()
        .province
        .clone();
    let pools = site.campaign.pools_of(&province);
    let mut sizes = std::collections::BTreeSet::new();
    let mut on_duty = 0;
    for neighbour in
        site.campaign.teams().iter().filter(|known| pools.iter().any(|pool| pool.id == known.pool))
    {
        let own = site.sign_in(&format!("team?team={}", neighbour.id));
        let answer = site.get_as(&own, "/api/orders");
        let orders: OrdersView = answer.json();
        assert!(
            orders.duties.iter().all(|duty| duty.report.is_some() || duty.deadline <= orders.now),
            "nothing that lies ahead or runs is shown in clear"
        );
        let of_midnight = orders.boxes.iter().find(|sealed| sealed.hour == Hour::MIDNIGHT).unwrap();
        sizes.insert(of_midnight.sealed.len());
        on_duty += usize::from(opened(&site, &neighbour.id, of_midnight).opening.is_some());
        if neighbour.id != team {
            let content = BoxContent::Orders(Moment::Hour { day: site.day(), hour: Hour::MIDNIGHT });
            let theirs =
                BoxFor { campaign: site.campaign.id(), province: &province, content, team: &neighbour.id };
            assert_eq!(theirs.open(&box_secret(&team), &of_midnight.sealed.parse().unwrap()), Err(OpenError));
        }
    }
    assert_eq!(sizes.len(), 1, "drawn, at rest or away: {sizes:?}");
    assert!(0 < on_duty && on_duty < site.campaign.teams().len());
    site.end();
}

#[test]
fn whoever_opens_its_box_is_heard_of_and_the_others_on_duty_are_overdue() {
    let site = reporting();
    let officer = site.sign_in("duty-officer");
    let overdue = || site.get_as(&officer, "/api/overdue").json::<OverdueListView>().overdue;
    let (team, said) = report(&site, 0);
    assert!(overdue().iter().all(|overdue| overdue.hour != Hour::MIDNIGHT || overdue.by <= site.now()));
    let opened = BoxOpened { province: said.province.clone(), day: said.day, hour: said.hour };
    let mut phone = device(&site.campaign, &team);
    let entry = phone.write(&Statement::Opened(opened), site.now()).unwrap();
    assert_eq!(send(&site, &entry).status, 201);
    site.step_to(site.now() + minutes(60)).unwrap();
    let late = overdue();
    assert!(late.iter().all(|overdue| (&overdue.team, overdue.hour) != (&team, Hour::MIDNIGHT)));
    assert!(late.iter().any(|overdue| overdue.hour == Hour::MIDNIGHT), "{late:?}");
    let stranger = site.sign_in(&format!("team?team={team}"));
    assert_eq!(site.get_as(&stranger, "/api/overdue").problem(), "other-role");
    site.end();
}

/// The table that the centre gives to a team's device.
fn table_of(site: &Site, team: &TeamId, secret: &BoxSecret, given: &TableView) -> Table {
    let pool = &site.campaign.teams().iter().find(|known| known.id == *team).unwrap().pool;
    let province = &site.campaign.pool(pool).unwrap().province;
    let content = BoxContent::Table(TableSerial(given.serial));
    let sealed_to = BoxFor { campaign: site.campaign.id(), province, content, team };
    let key = sealed_to.open(secret, &given.sealed.as_deref().unwrap().parse().unwrap()).unwrap();
    Table::new(&TableKey::from_bytes(key.try_into().unwrap()))
}

fn read(table: &Table, relayed: &RelayView) -> Option<Instruction> {
    table.instruction(relayed.day, relayed.hour, relayed.code.parse().unwrap())
}

#[test]
fn an_order_is_relayed_as_a_code_that_the_teams_table_reads_and_that_nobody_else_does() {
    let site = reporting();
    let officer = site.sign_in("duty-officer");
    let (team, said) = report(&site, 0);
    let body = format!("{{\"team\":\"{team}\",\"channel\":\"voice\"}}");
    assert_eq!(site.post("/api/relays", body.as_bytes()).problem(), "signed-out");
    let relayed: RelayView = site.post_as(&officer, "/api/relays", body.as_bytes()).json();
    assert_eq!(relayed.not_sent, None);
    assert!(relayed.code.chars().filter(char::is_ascii_digit).count() <= 12);
    let again: RelayView = site.post_as(&officer, "/api/relays", body.as_bytes()).json();
    assert_eq!(
        (again.index, &again.code),
        (relayed.index, &relayed.code),
        "the same code, and no second entry"
    );
    let by_sms = body.replace("voice", "sms");
    assert_eq!(site.post_as(&officer, "/api/relays", by_sms.as_bytes()).problem(), "no-sms");
    let entry: ReceiptView = site.get(&format!("/api/receipts/{}", relayed.index)).json();
    assert!(entry.entry.contains("\"relayed\"") && !entry.entry.contains(&relayed.code.replace(' ', "")));
    let own = site.sign_in(&format!("team?team={team}"));
    let given: TableView = site.get_as(&own, "/api/table").json();
    assert_eq!((given.serial, relayed.table), (0, 0));
    let table = table_of(&site, &team, &box_secret(&team), &given);
    match read(&table, &relayed).expect("it is this team's code") {
        Instruction::Go(number) => assert!(site.campaign.posts().len() > number.index()),
        Instruction::Stay | Instruction::StandDown => {}
    }
    let nobody = TableId {
        campaign: site.campaign.id().clone(),
        team: said.unit.as_str().replace('/', "-").parse().unwrap(),
        serial: TableSerial(0),
    };
    assert_eq!(read(&Table::new(&nobody.key(&[1; 32])), &relayed), None);
    site.end();
}

#[test]
fn a_lost_table_is_replaced_and_its_codes_count_for_nothing() {
    let site = reporting();
    let officer = site.sign_in("duty-officer");
    let (team, _) = report(&site, 0);
    let own = site.sign_in(&format!("team?team={team}"));
    let wanted = format!("{{\"team\":\"{team}\",\"channel\":\"voice\"}}");
    let relay = || site.post_as(&officer, "/api/relays", wanted.as_bytes()).json::<RelayView>();
    let before = relay();
    let lost = format!("{{\"team\":\"{team}\",\"reason\":\"lost\"}}");
    assert_eq!(site.post("/api/tables", lost.as_bytes()).problem(), "signed-out");
    assert_eq!(site.post_as(&own, "/api/tables", lost.as_bytes()).problem(), "other-role");
    let idle = lost.replace("lost", "i had to");
    assert_eq!(
        site.post_as(&officer, "/api/tables", idle.as_bytes()).status,
        400,
        "a closed list of reasons"
    );
    let nobody = lost.replace(team.as_str(), "nobody");
    assert_eq!(site.post_as(&officer, "/api/tables", nobody.as_bytes()).status, 422);
    let LoggedView { index } = site.post_as(&officer, "/api/tables", lost.as_bytes()).json();
    let entry: ReceiptView = site.get(&format!("/api/receipts/{index}")).json();
    let logged: serde_json::Value = serde_json::from_str(&entry.entry).unwrap();
    let said = serde_json::json!({ "team": team, "serial": 1, "reason": "lost" });
    assert_eq!((&logged["kind"], &logged["body"]), (&"table".into(), &said));
    let given: TableView = site.get_as(&own, "/api/table").json();
    assert_eq!((given.serial, site.get_as(&own, "/api/orders").json::<OrdersView>().table), (1, 1));
    let table = table_of(&site, &team, &box_secret(&team), &given);
    assert_eq!(read(&table, &before), None, "a code of the lost table");
    // The same order can be read out again, by the new table.
    let after = relay();
    assert_eq!((after.table, after.day, after.hour), (1, before.day, before.hour));
    assert!(read(&table, &after).is_some());
    site.end();
}

#[test]
fn another_device_brings_another_table_also_when_the_answer_is_lost() {
    let site = reporting();
    let (team, _) = report(&site, 0);
    let own = site.sign_in(&format!("team?team={team}"));
    let old: TableView = site.get_as(&own, "/api/table").json();
    let old_table = table_of(&site, &team, &box_secret(&team), &old);
    let secret = BoxSecret::from_seed(&[6; 32]);
    let device = DeviceKey::from_seed(&[6; 32]).id();
    let new = format!("{{\"device\":\"{device}\",\"box_key\":\"{}\"}}", secret.id());
    let enrolled: EnrolledView = site.post_as(&own, "/api/devices", new.as_bytes()).json();
    let again: TableView = site.get_as(&own, "/api/table").json();
    assert_eq!((enrolled.table.serial, &enrolled.table), (1, &again));
    let table = table_of(&site, &team, &secret, &again);
    // What was sealed to the device before is sealed anew, for the new one alone; its order is one that the log holds.
    let orders: OrdersView = site.get_as(&own, "/api/orders").json();
    let of_midnight = orders.boxes.iter().find(|sealed| sealed.hour == Hour::MIDNIGHT).unwrap();
    assert!(of_midnight.renewed && of_midnight.proof.is_empty() && !of_midnight.opened);
    let content = BoxContent::Orders(Moment::Hour { day: site.day(), hour: Hour::MIDNIGHT });
    let own_box =
        BoxFor { campaign: site.campaign.id(), province: &of_midnight.province, content, team: &team };
    let sealed: SealedBox = of_midnight.sealed.parse().unwrap();
    assert_eq!(own_box.open(&box_secret(&team), &sealed), Err(OpenError));
    let told: BoxMessage = serde_json::from_slice(&own_box.open(&secret, &sealed).unwrap()).unwrap();
    let commitment = told.opening.unwrap().commitment();
    let logged: ReceiptView = site.get(&format!("/api/receipts/{}", of_midnight.index)).json();
    assert!(logged.entry.contains(&commitment.to_string()));
    let officer = site.sign_in("duty-officer");
    let wanted = format!("{{\"team\":\"{team}\",\"channel\":\"voice\"}}");
    let relayed: RelayView = site.post_as(&officer, "/api/relays", wanted.as_bytes()).json();
    assert!(read(&table, &relayed).is_some());
    assert_eq!(read(&old_table, &relayed), None, "whoever has the device before learns nothing");
    site.end();
}

#[tokio::test]
async fn a_codebook_is_printed_from_the_table_that_counts_and_a_forged_serial_is_named() {
    let mut founded = Founded::at_midnight().await;
    let (team, day, now) = (founded.campaign.teams()[0].id.clone(), founded.day(), founded.now);
    let printed = |founded: &Founded| founded.centre.codebook(&team, day).unwrap().page();
    let before = printed(&founded);
    founded.centre.replace_table(&team, TableReason::Stolen, now).unwrap();
    founded.centre.commit(now).await.unwrap();
    let after = printed(&founded);
    assert!(before.contains("Table     0\n") && after.contains("Table     1\n"), "{after}");
    let codes =
        |page: &str| page.lines().filter(|line| line.contains(":00 ")).map(str::to_owned).collect::<Vec<_>>();
    assert!(codes(&before).iter().zip(codes(&after)).all(|(old, new)| *old != new));
    let orders = founded.centre.state().drawn(&"stung-treng".parse().unwrap(), founded.moment()).unwrap();
    let ordered = orders.orders[0].team.clone();
    let forger = Forger::of(founded);
    let everything = |_: &Statement| true;
    for serial in [0, 1, 3] {
        let again = TableReplaced { team: team.clone(), serial, reason: TableReason::Seen };
        let fault = forger.fault_with(everything, Statement::Table(again), now, Vec::new());
        assert_eq!(fault.rule(), "table.serial", "{fault}");
    }
    let (province, hour, channel) = ("stung-treng".parse().unwrap(), Hour::MIDNIGHT, Channel::Voice);
    let relayed = OrderRelayed { province, day, hour, team: ordered, channel, table: 7 };
    let fault = forger.fault_with(everything, Statement::Relayed(relayed), now, Vec::new());
    assert_eq!(fault.rule(), "table.serial", "{fault}");
}

/// A gateway on this machine that answers once with `status`; what it was sent.
fn gateway(status: &'static str) -> (SmsGateway, std::thread::JoinHandle<String>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/send?modem=1", listener.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let from = head.len();
            reader.read_line(&mut head).unwrap();
            if let Some(value) = head[from..].to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
        head + &String::from_utf8(body).unwrap()
    });
    (address.parse().unwrap(), answering)
}

#[test]
fn a_code_goes_out_by_sms_and_an_officer_hears_when_the_gateway_does_not_take_it() {
    for (status, taken) in [("202 Accepted", true), ("503 Service Unavailable", false)] {
        let (sms, answering) = gateway(status);
        let site = Site::at_midnight_with(true, Some(sms));
        site.step_to(site.now() + minutes(30)).unwrap();
        let officer = site.sign_in("duty-officer");
        let (team, _) = report(&site, 0);
        let body = format!("{{\"team\":\"{team}\",\"channel\":\"sms\"}}");
        let relayed: RelayView = site.post_as(&officer, "/api/relays", body.as_bytes()).json();
        assert_eq!(relayed.not_sent.is_none(), taken, "{relayed:?}");
        let sent = answering.join().unwrap();
        assert!(sent.starts_with("POST /send?modem=1 HTTP/1.1\r\n"), "{sent}");
        let message: serde_json::Value =
            serde_json::from_str(sent.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert_eq!(message, serde_json::json!({ "to": team, "text": relayed.code }));
        site.end();
    }
    for wrong in ["", "127.0.0.1:9000", "https://127.0.0.1/", "ftp://x/", "http://"] {
        assert!(wrong.parse::<SmsGateway>().is_err(), "{wrong:?}");
    }
}
