//! The API as its users meet it: over HTTP, with everything they can get wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use jiff::SignedDuration;
use sekong_centre::api::views::{
    BoardView, ClockView, DiskView, EventView, InspectionDetail, InspectionState, KindView, LoggedView,
    OrdersView, ProblemView, ReceiptView, SessionView,
};
use sekong_log::{DeviceKey, Entry, EntryDraft, InspectionReported, NO_PREVIOUS, Statement};
use sekong_model::{Counts, Finds, Hour, Moment, TeamId, UnitId};
use sekong_simulate::Device;
use serde_json::{Value, json};

use crate::founded::{device, device_key};
use crate::orders::opened;
use crate::site::{CONNECTIONS_MAX, RESERVE_BYTES, Site};

pub(crate) fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// The true report on a due inspection of midnight.
pub(crate) fn report(site: &Site, number: usize) -> (TeamId, InspectionReported) {
    let (unit, due): &(UnitId, sekong_centre::Due) = &site.dues[number];
    let said = InspectionReported {
        province: due.province.clone(),
        unit: unit.clone(),
        post: due.post.clone(),
        day: site.day(),
        hour: Hour::MIDNIGHT,
        order: due.order.unwrap(),
        started: site.campaign.instant(site.day(), Hour::MIDNIGHT) + minutes(4),
        counts: Counts::new(9, 5, 1).unwrap(),
        finds: Finds::default(),
        seen: None,
        persons: Vec::new(),
    };
    (due.team.clone(), said)
}

pub(crate) fn signed(site: &Site, device: &mut Device, said: &InspectionReported) -> Entry {
    device.write(&Statement::Inspection(said.clone()), site.now()).unwrap()
}

/// Half past midnight, when reports are written.
pub(crate) fn reporting() -> Site {
    let site = Site::at_midnight();
    site.step_to(site.now() + minutes(30)).unwrap();
    site
}

pub(crate) fn send(site: &Site, entry: &Entry) -> crate::site::Answer {
    site.post("/api/entries", entry.bytes())
}

#[test]
fn the_openapi_document_is_the_one_in_the_repository() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let made = sekong_centre::api::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("SEKONG_UPDATE").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(
        kept == made,
        "crates/centre/openapi.json is old: run this test with SEKONG_UPDATE=1 and read the difference"
    );
    assert!(made.contains("\"openapi\": \"3.1.0\""));
    let ids: Vec<&str> = made.lines().filter(|line| line.contains("\"operationId\"")).collect();
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!((ids.len(), unique.len()), (36, 36), "every operation has a name of its own");
}

#[test]
fn whatever_is_wrong_with_a_throw_is_told_in_its_own_words() {
    let site = reporting();
    let throw = |moment: &str| {
        let (digits, leaf) = ("1".repeat(50), "00".repeat(32));
        let body = format!(r#"{{"moment":{moment},"silences":["{leaf}"],"dice":"{digits}","throwers":[]}}"#);
        let answer = site.post("/api/throws", body.as_bytes());
        (answer.status, answer.problem(), answer.json::<ProblemView>())
    };
    let (status, name, told) = throw(r#"{"day":"2017-01-01"}"#);
    assert_eq!((status, name.as_str()), (400, "unreadable"));
    assert!(told.detail.contains(r#"a moment is {"week": 3} or"#), "{told:?}");
    let (status, name, told) = throw(r#"{"day":"2017-01-01","hour":5}"#);
    assert_eq!((status, name.as_str(), told.field.as_deref()), (409, "no-silence", Some("silences")));
    assert!(told.hint.unwrap().contains("GET /api/silences"));
    site.end();
}

#[test]
fn a_report_is_logged_once_however_often_it_is_sent() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let mut own = device(&site.campaign, &team);
    let entry = signed(&site, &mut own, &said);
    let first = send(&site, &entry);
    assert_eq!(first.status, 201, "{first:?}");
    let receipt: ReceiptView = first.json();
    assert_eq!(receipt.entry.as_bytes(), entry.bytes());
    site.check_receipt(&receipt);

    let again = send(&site, &entry);
    assert_eq!(again.status, 200);
    let again: ReceiptView = again.json();
    assert_eq!(again.index, receipt.index);
    site.check_receipt(&again);
    site.check_receipt(&site.get(&format!("/api/receipts/{}", receipt.index)).json());

    let mut forked = device(&site.campaign, &team);
    let other = InspectionReported { counts: Counts::new(1, 0, 0).unwrap(), ..said.clone() };
    let fork = send(&site, &signed(&site, &mut forked, &other));
    assert_eq!((fork.status, fork.problem().as_str()), (409, "equivocation"));
    let twice = send(&site, &signed(&site, &mut own, &said));
    assert_eq!((twice.status, twice.problem().as_str()), (409, "already-reported"));
    site.end();
}

#[test]
fn whatever_is_wrong_with_a_report_is_named_and_the_true_one_is_taken_after_it() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let (other_team, _) = report(&site, 1);
    assert_ne!(team, other_team);
    let refused = |change: &dyn Fn(&mut InspectionReported), wanted: (u16, &str)| {
        let mut lie = said.clone();
        change(&mut lie);
        let answer = send(&site, &signed(&site, &mut device(&site.campaign, &team), &lie));
        assert_eq!((answer.status, answer.problem().as_str()), wanted, "{answer:?}");
    };
    refused(&|said| said.hour = Hour::try_from(5).unwrap(), (422, "outside-hour"));
    let five = Hour::try_from(5).unwrap();
    let future = site.campaign.instant(site.day(), five) + minutes(1);
    refused(&|said| (said.hour, said.started) = (five, future), (422, "written-before"));
    refused(&|said| said.day = said.day.plus_days(-1).unwrap(), (422, "unknown-name"));
    refused(&|said| said.order = sekong_log::Hash([9; 32]), (422, "other-order"));
    let elsewhere =
        site.campaign.posts_of(&said.province).into_iter().find(|post| post.id != said.post).unwrap();
    refused(&|said| said.post = elsewhere.id.clone(), (422, "not-due"));
    refused(&|said| said.unit = site.dues[1].0.clone(), (403, "other-team"));
    let spelled = Statement::Inspection(said.clone()).to_parts().1.to_string();
    let spelled = spelled.replace(":00Z\"", ":00Z[_a=he-was-there]\"");
    let draft = EntryDraft {
        campaign: site.campaign.id().clone(),
        seq: 0,
        prev: NO_PREVIOUS,
        time: site.now(),
        kind: "inspection".to_owned(),
        body: serde_json::from_str(&spelled).unwrap(),
    };
    let answer = send(&site, &Entry::sign(&draft, &device_key(&team)).unwrap());
    assert_eq!((answer.status, answer.problem().as_str()), (422, "unreadable-statement"));
    assert!(answer.json::<ProblemView>().detail.contains("body.started"), "{answer:?}");

    let by = |mut device: Device| send(&site, &signed(&site, &mut device, &said));
    let foreign = by(device(&site.campaign, &other_team));
    assert_eq!((foreign.status, foreign.problem().as_str()), (403, "other-team"));
    let unknown = by(device(&site.campaign, &"nobody".parse().unwrap()));
    assert_eq!((unknown.status, unknown.problem().as_str()), (403, "unknown-device"));

    let mut own = device(&site.campaign, &team);
    let first = signed(&site, &mut own, &said);
    let second = send(&site, &signed(&site, &mut own, &said));
    assert_eq!((second.status, second.problem().as_str()), (409, "sequence"));
    assert!(String::from_utf8_lossy(&second.body).contains("sequence 0"), "{second:?}");
    let mut ahead = device(&site.campaign, &team);
    let ahead = ahead.write(&Statement::Inspection(said.clone()), site.now() + minutes(9)).unwrap();
    assert_eq!(send(&site, &ahead).problem(), "clock-ahead");
    assert_eq!(send(&site, &first).status, 201);
    site.end();
}

#[test]
fn what_is_no_entry_is_refused_and_the_server_stays_up() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let entry = signed(&site, &mut device(&site.campaign, &team), &said);
    let text = String::from_utf8(entry.bytes().to_vec()).unwrap();
    let posted = |body: &[u8]| {
        let answer = site.post("/api/entries", body);
        (answer.status, answer.problem())
    };
    let flipped = text.replace("\"passed\":9", "\"passed\":8");
    assert_eq!(posted(flipped.as_bytes()), (400, "bad-signature".to_owned()));
    for noise in
        ["", "{}", "[]", "null", "{\"v\":1", "\u{0}", &text[1..], &format!(" {text}"), &format!("[{text}]")]
    {
        assert_eq!(posted(noise.as_bytes()), (400, "not-an-entry".to_owned()), "{noise}");
    }
    assert_eq!(posted(&[0xff, 0xfe]), (400, "not-an-entry".to_owned()));
    assert_eq!(posted("[".repeat(60_000).as_bytes()), (400, "not-an-entry".to_owned()));
    assert_eq!(posted(&vec![b' '; 70_000]), (413, "too-large".to_owned()));
    let large = raw(
        &site,
        &format!("POST /api/entries HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n", 5 << 20),
        true,
    );
    assert_eq!(posted(&vec![b' '; 5 << 20]), (413, "too-large".to_owned()));
    assert!(large.starts_with("HTTP/1.1 413") && large.contains("too-large"), "{large}");
    assert_eq!(site.get("/nowhere").problem(), "not-found");
    assert_eq!(site.get("/log/tile/0/999").problem(), "not-found");
    assert_eq!(site.get("/log/../keys/secrets.json").status, 404);
    assert_eq!(site.get("/log/%2e%2e/keys/secrets.json").status, 404);
    assert_eq!(site.delete("/api/clock").problem(), "method");
    assert_eq!(site.get("/api/receipts/99999").problem(), "not-found");
    assert_eq!(site.get("/api/receipts/x").problem(), "unreadable");
    for path in ["/events?from=1&from=2", "/demo/sign-in/team?team=a&team=b", "/api/receipts/%ff", "/log/%ff"]
    {
        assert_eq!(site.get(path).problem(), "unreadable", "{path}");
    }
    assert_eq!(site.get("/bodies/zz").problem(), "unreadable");
    assert!(raw(&site, "NOISE\r\n\r\n", false).starts_with("HTTP/1.1 400"));
    assert_eq!(send(&site, &entry).status, 201);
    site.end();
}

/// Sends text as it is, fills up the body if asked, and reads the answer to its end.
fn raw(site: &Site, text: &str, fill: bool) -> String {
    let mut stream = TcpStream::connect(site.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    if fill {
        // The server may answer and hang up before all of it is sent.
        let _ = stream.write_all(&vec![b'x'; 5 << 20]);
    }
    let mut answer = vec![0; 64 << 10];
    let length = stream.read(&mut answer).unwrap_or(0);
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[test]
fn a_body_that_drips_is_given_up_and_a_broken_one_leaves_nothing() {
    let site = reporting();
    let answer = raw(&site, "POST /api/entries HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{", false);
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("urn:sekong:problem:slow"), "{answer}");
    let mut broken = TcpStream::connect(site.address).unwrap();
    broken.write_all(b"POST /api/entries HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{").unwrap();
    drop(broken);
    let (team, said) = report(&site, 0);
    assert_eq!(send(&site, &signed(&site, &mut device(&site.campaign, &team), &said)).status, 201);
    site.end();
}

#[test]
fn events_go_on_where_a_reader_stopped() {
    let site = reporting();
    let mut events = Events::open(&site, "/events?from=0", None);
    let first = events.next();
    assert_eq!((first.index, first.kind), (0, KindView::Campaign));
    assert_eq!(events.next().index, 1);
    let mut resumed = Events::open(&site, "/events", Some(1));
    assert_eq!(resumed.next().index, 2);

    let mut live = Events::open(&site, "/events", None);
    let (team, said) = report(&site, 0);
    let receipt: ReceiptView = send(&site, &signed(&site, &mut device(&site.campaign, &team), &said)).json();
    let event = live.next();
    assert_eq!((event.index, event.kind), (receipt.index, KindView::Inspection));
    assert_eq!(event.body["counts"]["found"], 1);

    let stale = site.get("/events?from=99999");
    assert_eq!((stale.status, stale.problem().as_str()), (409, "beyond-the-log"));
    assert_eq!(site.get("/events?from=x").problem(), "unreadable");
    site.end();
}

struct Events(BufReader<TcpStream>);

impl Events {
    fn open(site: &Site, path: &str, last: Option<u64>) -> Events {
        let mut stream = TcpStream::connect(site.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let last = last.map_or(String::new(), |last| format!("last-event-id: {last}\r\n"));
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n{last}\r\n").unwrap();
        let mut events = Events(BufReader::new(stream));
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            events.0.read_line(&mut line).unwrap();
        }
        events
    }

    fn next(&mut self) -> EventView {
        let mut id = None;
        loop {
            let mut line = String::new();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the stream ended");
            if let Some(found) = line.trim().strip_prefix("id: ") {
                id = Some(found.parse::<u64>().unwrap());
            }
            if let Some(data) = line.strip_prefix("data: ") {
                let event: EventView = serde_json::from_str(data).unwrap();
                assert!(id.is_none() || id == Some(event.index));
                return event;
            }
        }
    }
}

/// A unit's name holds slashes.
fn inspection_path(site: &Site, unit: &UnitId) -> String {
    format!("/api/inspections/{}/0/{}", site.day(), unit.as_str().replace('/', "%2F"))
}

/// Everything the log says.
pub(crate) fn site_log(site: &Site) -> Vec<Statement> {
    let size = site.keys.open(&String::from_utf8(site.get("/log/checkpoint").body).unwrap()).unwrap();
    let bundles = sekong_log::tiles_of(size.checkpoint.size).into_iter();
    let bundles = bundles.filter(|tile| tile.kind() == sekong_log::TileKind::Entries);
    let leaves = bundles.flat_map(|tile| {
        sekong_log::decode_bundle(&site.get(&format!("/log/{tile}")).body)
            .unwrap()
            .into_iter()
            .map(<[u8]>::to_vec)
            .collect::<Vec<_>>()
    });
    let entries = leaves.map(|leaf| Entry::parse(&leaf).unwrap());
    entries.map(|entry| Statement::from_parts(entry.kind(), entry.body()).unwrap()).collect()
}

/// Bodies of what was drawn for the first hour, with which a shift begins.
fn decided_at_midnight(site: &Site) -> Vec<sekong_log::Hash> {
    let midnight = Moment::Hour { day: site.day(), hour: Hour::MIDNIGHT };
    let bodies = site_log(site).into_iter().filter_map(|said| match said {
        Statement::Release(said) => (said.moment == midnight).then_some(said.values),
        Statement::Deal(said) => (said.moment == midnight).then_some(said.deal),
        Statement::Orders(said) => {
            (said.day == site.day() && said.hour == Hour::MIDNIGHT).then_some(said.body)
        }
        _ => None,
    });
    bodies.collect()
}

#[test]
fn each_role_sees_what_it_may_and_not_before() {
    let site = Site::at_midnight();
    assert_eq!(site.get("/api/session").status, 204);
    assert_eq!(site.get("/api/board").problem(), "signed-out");
    assert_eq!(site.get_as("sekong_session=7465616d2e.00", "/api/board").problem(), "signed-out");
    let stale_beside_good = format!("sekong_session=x; {}", site.sign_in("analyst"));
    let board = site.get_as(&stale_beside_good, "/api/board");
    assert_eq!((board.status, board.header("cache-control")), (200, "no-store"));
    assert_eq!(site.get("/demo/sign-in/minister").problem(), "not-found");
    assert_eq!(site.get("/demo/sign-in/team?team=nobody").problem(), "not-found");
    let (officer, analyst, team) =
        (site.sign_in("duty-officer"), site.sign_in("analyst"), site.sign_in("team"));
    assert_eq!(site.get("/demo/sign-in/team").header("location"), "/field");
    assert_eq!(site.get("/demo/sign-in/auditor").header("location"), "/");
    assert_eq!(site.get_as(&officer, "/api/session").json::<SessionView>().role, "duty-officer");
    assert_eq!(site.get_as(&team, "/api/board").problem(), "other-role");
    assert_eq!(site.get_as(&officer, "/api/orders").problem(), "other-role");
    assert_eq!(site.get_as(&officer, "/api/board?day=2016-12-31").problem(), "not-found");
    assert_eq!(site.get_as(&officer, "/api/board?day=x").problem(), "unreadable");

    let drawn = |cookie: &str, hour: usize| {
        let board: BoardView = site.get_as(cookie, "/api/board").json();
        assert_eq!(board.day, site.day());
        board.posts.iter().map(|line| line.hours[hour].inspections.len()).sum::<usize>()
    };
    assert_eq!(drawn(&officer, 0), site.dues.len());
    assert_eq!(drawn(&officer, 1), 0, "what the draw placed ahead is not shown");
    assert_eq!(drawn(&analyst, 0), 0, "auditors and analysts wait");
    site.step_to(site.now() + minutes(59)).unwrap();
    assert_eq!(drawn(&officer, 1), 0);
    site.step_to(site.now() + minutes(1)).unwrap();
    assert!(drawn(&officer, 1) > 0, "the hour has begun");
    let (unit, _) = &site.dues[0];
    let path = inspection_path(&site, unit);
    assert_eq!(site.get_as(&officer, &path).status, 200);
    assert_eq!(site.get_as(&analyst, &path).problem(), "not-found");
    let drawn = decided_at_midnight(&site);
    assert!(drawn.len() >= 6);
    let auditor = site.sign_in("auditor");
    let readable = || {
        drawn.iter().filter(|hash| site.get_as(&auditor, &format!("/bodies/{hash}")).status == 200).count()
    };
    for _ in 0..30 {
        site.step_to(site.now() + minutes(60)).unwrap();
    }
    assert_eq!(
        (site.get_as(&analyst, &path).status, readable()),
        (404, 0),
        "the shift ended at eight, a day is not over"
    );
    site.step_to(site.now() + minutes(60)).unwrap();
    assert_eq!((site.get_as(&analyst, &path).status, readable()), (200, drawn.len()));
    let shifts = site_log(&site).into_iter().filter_map(|said| match said {
        Statement::Deal(said) => matches!(said.moment, Moment::Week { .. }).then_some(said.deal),
        _ => None,
    });
    for deal in shifts {
        let answer = site.get_as(&auditor, &format!("/bodies/{deal}"));
        assert_eq!(answer.problem(), "sealed", "the week is not over: its shifts are ahead");
    }
    site.end();
}

#[test]
fn estimates_are_of_days_that_auditors_may_read_and_the_tests_of_teams_are_the_inspectorates() {
    let site = Site::at_midnight();
    let (officer, inspectorate) = (site.sign_in("duty-officer"), site.sign_in("inspectorate"));
    let team = site.sign_in("team");
    assert_eq!(site.get("/api/estimates").problem(), "signed-out");
    assert_eq!(site.get_as(&team, "/api/estimates").problem(), "other-role");
    assert_eq!(site.get_as(&officer, "/api/estimates/teams").problem(), "other-role");
    assert_eq!(site.get_as(&officer, "/api/estimates?from=x").problem(), "unreadable");
    let unknown = site.get_as(&officer, "/api/estimates?form=2017-01-01");
    assert_eq!((unknown.status, unknown.problem()), (400, "unreadable".to_owned()));
    assert!(
        String::from_utf8_lossy(&unknown.body).contains("unknown field `form`"),
        "the whole campaign is not what was asked"
    );
    assert_eq!(site.get_as(&officer, "/api/estimates?to=2016-12-31").problem(), "not-found");
    assert_eq!(site.get_as(&officer, "/api/estimates?from=2017-01-03&to=2017-01-02").problem(), "unreadable");
    let top = |posts: &str| site.get_as(&officer, &format!("/api/estimates?top={posts}"));
    assert_eq!(
        [top("KH-LA-01"), top("/")].map(|answer| answer.problem()),
        ["unreadable"; 2],
        "nothing is ranked yet"
    );
    let estimates = || site.get_as(&officer, "/api/estimates").json::<Value>();
    assert_eq!(
        (estimates()["province_days"].as_u64(), estimates()["days"].as_array().unwrap().len()),
        (Some(0), 0)
    );
    // The last shift of the first day is over at midnight, a day after that auditors may read it.
    for _ in 0..47 {
        site.step_to(site.now() + minutes(60)).unwrap();
    }
    assert_eq!(estimates()["province_days"], 0, "what was drawn yesterday tells where teams were");
    for _ in 0..3 {
        site.step_to(site.now() + minutes(60)).unwrap();
    }
    let found = estimates();
    assert_eq!(found["province_days"], 3, "{found}");
    let flows = found["flows"].as_array().unwrap();
    let all = &flows[0];
    assert_eq!((&all["quantity"], &all["method"]), (&json!("passed"), &json!("difference")));
    // Nobody reported: every visit is lost, and one day is no scatter.
    assert_eq!((&all["visits"], &all["interval_by"]), (&all["visits_lost"], &json!("none")));
    assert!(all["visits"].as_u64().unwrap() > 100, "{all}");
    assert_eq!((&all["est"], &all["lost"]["high"]), (&json!(0.0), &json!(0.0)));
    let teams: Value = site.get_as(&inspectorate, "/api/estimates/teams").json();
    // Nothing was found, which tells no team from another: each e-value stands where it began.
    let tested = teams["finds"].as_array().unwrap();
    let stands = |of: &Value| of["e_values"] == json!([{ "week": 0, "e": 1.0 }]) && of["flag_week"].is_null();
    assert!(!tested.is_empty() && tested.iter().all(stands), "{teams}");
    assert_eq!(teams["design"], found["design"]);
    let picture = |cookie: &str, name: &str| site.get_as(cookie, &format!("/api/estimates/pictures/{name}"));
    for name in ["flow.svg", "ranking.svg"] {
        let drawn = picture(&officer, name);
        assert_eq!((drawn.status, drawn.header("content-type")), (200, "image/svg+xml"));
        let text = String::from_utf8(drawn.body).unwrap();
        let design = &found["design"].as_str().unwrap()[..16];
        assert!(text.contains(&format!("method: difference; design: {design}")), "{text}");
        assert!(!text.contains("NaN") && text.ends_with("</svg>\n"), "{text}");
    }
    assert_eq!(picture(&inspectorate, "teams.svg").status, 200);
    assert_eq!(picture(&officer, "teams.svg").problem(), "other-role");
    assert_eq!(picture(&officer, "none.svg").problem(), "not-found");
    site.end();
}

#[test]
fn a_team_gets_its_own_order_and_the_board_shows_its_report() {
    let site = reporting();
    let officer = site.sign_in("duty-officer");
    let (team, said) = report(&site, 0);
    let own = site.sign_in(&format!("team?team={team}"));
    let orders: OrdersView = site.get_as(&own, "/api/orders").json();
    assert_eq!(orders.team, team);
    assert_eq!(orders.duties, [], "what runs is in the boxes alone");
    assert_eq!(orders.standing, None, "what is sealed to the device is shown to nobody");
    let of_midnight = orders.boxes.iter().find(|sealed| sealed.hour == Hour::MIDNIGHT).unwrap();
    let message = opened(&site, &team, of_midnight);
    let opening = message.opening.unwrap();
    assert_eq!(opening.commitment(), said.order);
    let logged: ReceiptView = site.get(&format!("/api/receipts/{}", of_midnight.index)).json();
    assert!(logged.entry.contains(&said.order.to_string()), "the device can check its order against the log");

    let receipt: ReceiptView = send(&site, &signed(&site, &mut device(&site.campaign, &team), &said)).json();
    let reported: OrdersView = site.get_as(&own, "/api/orders").json();
    let duty = reported.duties.iter().find(|duty| duty.hour == Hour::MIDNIGHT).unwrap();
    assert_eq!((&duty.unit, &duty.post, duty.order), (&said.unit, &said.post, said.order));
    assert_eq!(duty.state, InspectionState::Done);
    let detail: InspectionDetail = site.get_as(&officer, &inspection_path(&site, &said.unit)).json();
    assert_eq!(detail.inspection.state, InspectionState::Done);
    assert_eq!(detail.inspection.report.unwrap().index, receipt.index);
    assert_eq!(detail.evidence.rung, "R2");
    assert!(detail.evidence.not_before.unwrap() < detail.evidence.not_after.unwrap());
    assert!(detail.probability.unwrap() > 0.0);
    site.end();
}

#[test]
fn a_new_device_retires_the_old_one_and_speaks_only_for_what_begins_after_it() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let own = site.sign_in(&format!("team?team={team}"));
    let key = DeviceKey::from_seed(&[5; 32]);
    let body = format!("{{\"device\":\"{}\"}}", key.id());
    assert_eq!(site.post("/api/devices", body.as_bytes()).problem(), "signed-out");
    assert_eq!(site.post_as(&own, "/api/devices", b"{\"device\":\"x\"}").problem(), "unreadable");
    for weak in ["00".repeat(32), format!("01{}", "00".repeat(31)), "ff".repeat(32)] {
        let body = format!("{{\"device\":\"{weak}\"}}");
        assert_eq!(site.post_as(&own, "/api/devices", body.as_bytes()).problem(), "weak-key");
    }
    let mut old = device(&site.campaign, &team);
    let waiting = signed(&site, &mut old, &said);
    let enrolled = site.post_as(&own, "/api/devices", body.as_bytes());
    assert_eq!(enrolled.status, 201, "{enrolled:?}");
    assert!(enrolled.json::<LoggedView>().index > 0);
    assert_eq!(site.post_as(&own, "/api/devices", body.as_bytes()).status, 409);

    let mut new = Device::new(site.campaign.id().clone(), [5; 32]);
    let backdated = signed(&site, &mut new, &said);
    assert_eq!(send(&site, &backdated).problem(), "begun-before");
    let mut new = Device::new(site.campaign.id().clone(), [5; 32]);
    site.step_to(site.now() + minutes(5)).unwrap();
    let begun_now = InspectionReported { started: site.now(), ..said };
    let by_new = signed(&site, &mut new, &begun_now);
    let by_old = signed(&site, &mut device(&site.campaign, &team), &begun_now);
    assert_eq!(send(&site, &by_old).problem(), "retired-device");
    assert_eq!(send(&site, &waiting).status, 201, "what began before is the old device's to report");
    assert_eq!(send(&site, &by_new).problem(), "already-reported");
    let orders: OrdersView = site.get_as(&own, "/api/orders").json();
    let device = orders.device.unwrap();
    assert_eq!((device.id, device.next_sequence), (key.id(), 0));
    site.end();
}

#[test]
fn readers_of_the_stream_leave_places_for_those_who_report() {
    let site = reporting();
    let mut readers: Vec<_> =
        (0..CONNECTIONS_MAX / 2).map(|_| Events::open(&site, "/events?from=0", None)).collect();
    assert!(readers.iter_mut().all(|reader| reader.next().index == 0));
    let one_more = site.get("/events");
    assert_eq!((one_more.status, one_more.problem().as_str()), (503, "too-many-streams"));
    let (team, said) = report(&site, 0);
    assert_eq!(send(&site, &signed(&site, &mut device(&site.campaign, &team), &said)).status, 201);
    readers.clear();
    let mut again = (0..100).map(|_| std::thread::sleep(Duration::from_millis(50)));
    assert!(again.any(|()| TcpStream::connect(site.address).is_ok() && streams(&site)), "places come free");
    site.end();
}

#[test]
fn those_who_say_nothing_take_no_place_from_those_who_ask() {
    let site = reporting();
    let idle: Vec<TcpStream> = (0..5 * CONNECTIONS_MAX)
        .map(|_| {
            let mut stream = TcpStream::connect(site.address).unwrap();
            stream.write_all(b"GET /api/clock HTTP/1.1\r\nhost: ").unwrap();
            stream
        })
        .collect();
    for _ in 0..5 {
        let asked = std::time::Duration::from_secs(5);
        let agent = ureq::Agent::config_builder().timeout_global(Some(asked)).build().new_agent();
        assert_eq!(agent.get(site.url("/api/clock")).call().unwrap().status(), 200);
    }
    drop(idle);
    site.end();
}

/// Whether a stream of events is answered.
fn streams(site: &Site) -> bool {
    raw(site, "GET /events HTTP/1.1\r\nhost: x\r\n\r\n", false).starts_with("HTTP/1.1 200")
}

#[test]
fn a_folder_that_cannot_be_written_costs_no_report_and_is_caught_up_with() {
    let site = reporting();
    let bundles = site.folder.path().join("log/tile/entries");
    let aside = site.folder.path().join("aside");
    std::fs::rename(&bundles, &aside).unwrap();
    std::fs::write(&bundles, "in the way").unwrap();
    let (team, said) = report(&site, 0);
    let first = signed(&site, &mut device(&site.campaign, &team), &said);
    assert_eq!(send(&site, &first).status, 201);
    let told = |is: fn(&str) -> bool| {
        (0..600).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            is(site.service.unpublished().borrow().as_deref().unwrap_or_default())
        })
    };
    assert!(told(|why| why.contains("tile/entries")));
    std::fs::remove_file(&bundles).unwrap();
    std::fs::rename(&aside, &bundles).unwrap();
    // Who sends again and again what is logged puts nothing off.
    let caught_up = (0..150).any(|_| {
        assert_eq!(send(&site, &first).status, 200);
        std::thread::sleep(Duration::from_millis(100));
        site.service.unpublished().borrow().is_none()
    });
    assert!(caught_up);
    assert_published_log_is_served(&site);
    site.end();
}

#[test]
fn outside_of_a_demo_nobody_signs_in_without_a_key() {
    let demo = Site::at_midnight();
    let officer = demo.sign_in("duty-officer");
    demo.end();
    let site = Site::at_midnight_with(false, None);
    assert_eq!(site.get_as(&officer, "/api/board").problem(), "signed-out", "the same secrets, but no demo");
    assert_eq!(site.get("/demo/sign-in/commander").problem(), "not-found");
    assert_eq!(site.get("/").status, 200);
    assert!(!site.get("/api/clock").json::<ClockView>().demo);
    site.end();
}

#[test]
fn pages_and_log_are_open_to_all_and_bodies_wait_for_their_time() {
    let site = Site::at_midnight();
    let page = site.get("/?lang=km");
    assert_eq!(page.status, 200);
    assert!(page.header("set-cookie").starts_with("sekong_lang=km;"));
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    for page in ["/field", "/receipt"] {
        let body = site.get(page).body;
        assert!(String::from_utf8_lossy(&body).contains("make build"), "{page} is not built");
    }
    assert_eq!(site.get("/assets/none.js").problem(), "not-found");
    assert_eq!(site.get("/openapi.json").status, 200);
    assert_eq!(site.get("/log/").status, 200);
    assert_published_log_is_served(&site);
    let map = site.get("/api/map");
    let known = site.get_with(("if-none-match", map.header("etag")), "/api/map");
    assert_eq!((known.status, known.body.len()), (304, 0));
    let map: Value = map.json();
    let features = map["features"].as_array().unwrap();
    assert_eq!(features.iter().filter(|feature| feature["properties"]["layer"] == "posts").count(), 20);
    assert!(features.iter().any(|feature| feature["properties"]["layer"] == "roads"));
    assert!(map["attribution"].to_string().contains("ODbL"), "{}", map["attribution"]);
    let bodies = |folder: &str| {
        let names = std::fs::read_dir(site.folder.path().join(folder)).unwrap();
        let names = names.map(|body| body.unwrap().file_name().into_string().unwrap());
        names.map(|name| site.get(&format!("/bodies/{name}"))).collect::<Vec<_>>()
    };
    assert!(bodies("bodies").iter().all(|answer| answer.status == 200));
    let sealed = bodies("sealed");
    assert!(
        sealed.len() >= 6 && sealed.iter().all(|answer| answer.problem() == "sealed"),
        "values and orders wait"
    );
    site.end();
}

fn assert_published_log_is_served(site: &Site) {
    let log = site.published();
    assert_eq!(site.get("/log/checkpoint").body, std::fs::read(log.join("checkpoint")).unwrap());
    let size = site.keys.open(&String::from_utf8(site.get("/log/checkpoint").body).unwrap()).unwrap();
    for tile in sekong_log::tiles_of(size.checkpoint.size) {
        let served = site.get(&format!("/log/{tile}"));
        assert_eq!(served.body, std::fs::read(log.join(tile.to_string())).unwrap(), "{tile}");
    }
}

/// A list that is frozen late stands for its hour before it is drawn over: nothing is lost, and nothing is drawn early.
#[test]
fn a_centre_that_was_out_for_days_catches_up_and_takes_reports_meanwhile() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let entry = signed(&site, &mut device(&site.campaign, &team), &said);
    let back = site.now() + minutes(2 * 24 * 60);
    site.set(back);
    let waiting = site.until(|clock| clock.schedule.waiting.clone());
    assert!(waiting.contains("the values of"), "{waiting}");
    assert_eq!(send(&site, &entry).status, 201);
    let mut hours = 0;
    while site.get("/api/clock").json::<ClockView>().schedule.waiting.is_some() {
        hours += 1;
        assert!(hours <= 4, "still waiting: {:?}", site.get("/api/clock").json::<ClockView>().schedule);
        let next = site.get("/api/clock").json::<ClockView>().schedule.next;
        site.set(site.now() + minutes(60));
        site.until(|clock| (clock.schedule.next != next).then_some(()));
        site.until(|clock| {
            let schedule = &clock.schedule;
            let caught_up = schedule.next.as_ref().is_none_or(|next| next.due > site.now());
            (caught_up || schedule.waiting.is_some()).then_some(())
        });
    }
    let clock: ClockView = site.get("/api/clock").json();
    assert!(clock.schedule.stopped.is_none() && clock.schedule.next.unwrap().due > back);
    site.end();
}

#[test]
fn with_too_little_room_reports_are_refused_reads_go_on_and_writes_too_once_there_is_room() {
    let site = reporting();
    let (team, said) = report(&site, 0);
    let mut own = device(&site.campaign, &team);
    let first = signed(&site, &mut own, &said);
    assert_eq!(send(&site, &first).status, 201);
    let (other_team, other) = report(&site, 1);
    let next = signed(&site, &mut device(&site.campaign, &other_team), &other);
    let size = head_size(&site);

    site.leave_free(RESERVE_BYTES - 1);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    let refused = send(&site, &next);
    let told: ProblemView = refused.json();
    assert_eq!((refused.status, refused.problem().as_str()), (507, "no-space"));
    assert!(
        told.detail.contains("63 MiB are free") && told.detail.contains("64 MiB must stay so"),
        "{told:?}"
    );
    assert!(told.hint.unwrap().contains("keep the entry"));
    assert_eq!(site.post("/api/devices", b"{}").status, 401, "who may not ask hears that first");
    assert_eq!(send(&site, &first).status, 200, "what is logged still has its receipt");
    assert_eq!(site.get("/api/receipts/0").status, 200);
    assert_eq!(head_size(&site), size);
    assert!(site.service.closed().borrow().is_some(), "that shows");
    site.set(site.now() + minutes(25));
    let waiting = site.until(|clock| clock.schedule.waiting.clone());
    assert!(waiting.contains("must stay so"), "{waiting}");

    site.leave_free(RESERVE_BYTES);
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    assert_eq!(send(&site, &next).status, 201);
    assert!(site.service.closed().borrow().is_none());
    site.step_to(site.now() + minutes(1)).unwrap();
    site.end();
}

fn head_size(site: &Site) -> String {
    String::from_utf8(site.get("/log/checkpoint").body).unwrap().lines().nth(1).unwrap().to_owned()
}

/// Whoever runs the hour sees what the night found; a team, an analyst or a stranger does not.
#[test]
fn what_the_nightly_scrub_found_is_told_to_those_who_run_the_hour_until_a_night_finds_nothing() {
    let site = Site::at_midnight();
    let (officer, commander) = (site.sign_in("duty-officer"), site.sign_in("commander"));
    let disk = || site.get_as(&officer, "/api/disk").json::<DiskView>();
    assert_eq!(disk(), DiskView { scrubbed: None, found: None, closed: None, unpublished: None });
    assert_eq!(site.get("/api/disk").status, 401);
    for role in ["analyst", "inspectorate", "auditor"] {
        assert_eq!(site.get_as(&site.sign_in(role), "/api/disk").problem(), "other-role", "{role}");
    }
    let foreign = site.folder.path().join("log/tile/entries/999");
    std::fs::write(&foreign, "somebody else's").unwrap();
    let night =
        |nights: i64| site.campaign.instant(site.day(), Hour::MIDNIGHT) + minutes(210 + 1_440 * nights);
    let told = scrubbed(&site, night(0), disk);
    let found = told.found.unwrap();
    assert!(found.contains("1 things wrong; first log/tile/entries/999"), "{found}");
    assert_eq!(site.get_as(&commander, "/api/disk").json::<DiskView>().found, Some(found));
    std::fs::remove_file(&foreign).unwrap();
    assert_eq!(scrubbed(&site, night(1), disk).found, None);
    site.end();
}

/// Sets the clock to a night and waits for its scrub.
fn scrubbed(site: &Site, night: jiff::Timestamp, disk: impl Fn() -> DiskView) -> DiskView {
    site.set(night);
    for _ in 0..600 {
        let told = disk();
        if told.scrubbed.is_some_and(|ended| night <= ended) {
            return told;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no scrub within half a minute: {:?}", disk());
}
