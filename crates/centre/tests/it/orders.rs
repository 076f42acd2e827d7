//! Orders on their way: boxes for everyone, codes for who has no network, and who has not been heard of.

use std::io::{BufRead, BufReader, Read, Write};

use sekong_centre::api::views::{BoxView, EnrolledView, OrdersView, OverdueListView, ReceiptView, RelayView};
use sekong_centre::{BoxMessage, SmsGateway};
use sekong_draw::{
    BoxContent, BoxFor, BoxSecret, Instruction, OpenError, RelayCode, SealedBox, Table, TableId, TableKey,
    TableSerial,
};
use sekong_log::{BoxOpened, DeviceKey, Statement};
use sekong_model::{Hour, Moment, TeamId};

use crate::api::{minutes, report, reporting, send, site_log};
use crate::founded::{box_secret, device};
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
            orders.duties.iter().all(|duty| duty.begins <= orders.now),
            "nothing ahead is shown in clear"
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
    assert_eq!(site.post_as(&officer, "/api/relays", body.as_bytes()).status, 409, "once a way");
    let by_sms = body.replace("voice", "sms");
    assert_eq!(site.post_as(&officer, "/api/relays", by_sms.as_bytes()).problem(), "no-sms");
    let entry: ReceiptView = site.get(&format!("/api/receipts/{}", relayed.index)).json();
    assert!(entry.entry.contains("\"relayed\"") && !entry.entry.contains(&relayed.code.replace(' ', "")));
    // The device was given its table, sealed; a device enrolled now gets the same one.
    let own = site.sign_in(&format!("team?team={team}"));
    let secret = BoxSecret::from_seed(&[6; 32]);
    let device = DeviceKey::from_seed(&[6; 32]).id();
    let new = format!("{{\"device\":\"{device}\",\"box_key\":\"{}\"}}", secret.id());
    let enrolled: EnrolledView = site.post_as(&own, "/api/devices", new.as_bytes()).json();
    let content = BoxContent::Table(TableSerial(0));
    let sealed_to = BoxFor { campaign: site.campaign.id(), province: &said.province, content, team: &team };
    let key = sealed_to.open(&secret, &enrolled.table.unwrap().parse().unwrap()).unwrap();
    let table = Table::new(&TableKey::from_bytes(key.try_into().unwrap()));
    let code: RelayCode = relayed.code.parse().unwrap();
    let instruction = table.instruction(relayed.day, relayed.hour, code).expect("it is this team's code");
    let posts = site.campaign.posts().iter().map(|post| &post.id);
    match instruction {
        Instruction::Go(number) => assert!(posts.clone().nth(number.index()).is_some()),
        Instruction::Stay | Instruction::StandDown => {}
    }
    let nobody = TableId {
        campaign: site.campaign.id().clone(),
        team: said.unit.as_str().replace('/', "-").parse().unwrap(),
        serial: TableSerial(0),
    };
    assert_eq!(Table::new(&nobody.key(&[1; 32])).instruction(relayed.day, relayed.hour, code), None);
    site.end();
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
