//! Non-interference of the sealed draw. Two runs of one campaign differ in their custodians' secrets, and so in every value,
//! die and deal; all else is the same: keys, salts, clock, and what is asked when. Until the campaign lets a reader know, both
//! answer him alike, in status, headers, size and text, but for the commitments that `covered::COMMITMENTS` names.
//!
//! No team reports here: with its report a team tells where it was, and [THREATS](../../../../THREATS.md) says so. The centre
//! keeps no metrics and writes no log of its own; what it would come to write belongs into the comparison. How long an answer
//! takes is not compared.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sekong_centre::api::views::{BoxView, OrdersView, RelayView};
use sekong_centre::{BoxMessage, Job, jobs};
use sekong_draw::{BoxContent, BoxFor};
use sekong_log::{
    BoxOpened, CHECKPOINT_FILE, Entry, EntryDraft, Hash, InspectionReported, NO_PREVIOUS, Period, Statement,
    tiles_of,
};
use sekong_model::{Campaign, Counts, Day, Finds, Hour, Moment, ProvinceId, SourceBundle, TeamId, UnitId};
use sekong_simulate::Seed;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::covered::{self, COMMITMENTS, Covered};
use crate::founded::{Founded, absence, box_secret, device_key, files};
use crate::site::{Answer, Site};

/// Hours that auditors, and days that the public waits: short ones, so that a test lives to see both.
const AUDITORS_AFTER_HOURS: i64 = 2;
const PUBLIC_AFTER_DAYS: i64 = 1;

/// Teams declared away on the first day: ghosts of the deal, whom nobody tells where they would have been.
const AWAY: [&str; 5] = ["ST-A-02", "ST-A-05", "ST-A-09", "ST-A-11", "ST-A-14"];

/// Teams that ask everything, two of them away; the others ask for their orders.
const CURIOUS: [&str; 4] = ["ST-A-02", "ST-A-09", "ST-A-01", "PV-A-01"];

/// Every role there is; the demo's sign-in lists them when it is asked for another one.
const ROLES: [&str; 6] = ["team", "duty-officer", "commander", "analyst", "inspectorate", "auditor"];

/// What is asked besides the operations of `openapi.json`.
const FILES: [&str; 2] = ["log_files", "pages"];

/// Headers that are not compared: the machine's clock, which is none of the campaign's.
const OTHER_CLOCK: &str = "date";

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

fn hour(number: u8) -> Hour {
    Hour::try_from(number).unwrap()
}

/// Somebody who asks.
#[derive(Clone)]
struct Caller {
    role: &'static str,
    team: Option<TeamId>,
    cookie: String,
}

impl Caller {
    /// Whether everything is asked in its name.
    fn is_curious(&self) -> bool {
        self.team.as_ref().is_none_or(|team| CURIOUS.contains(&team.as_str()))
    }

    fn runs_the_hour(&self) -> bool {
        matches!(self.role, "duty-officer" | "commander")
    }

    fn sees_board(&self) -> bool {
        !matches!(self.role, "nobody" | "team")
    }
}

/// Method, path and body of one request.
type Asked = (&'static str, String, Vec<u8>);

/// One request, as both runs get it; only a body's name may differ, for it is a hash.
struct Ask {
    operation: String,
    caller: usize,
    method: &'static str,
    paths: [String; 2],
    body: Vec<u8>,
    right: Right,
}

/// What the campaign lets a reader know by now.
enum Right {
    Nothing,
    Parts(Box<dyn Fn(&mut Value) + Send + Sync>),
    Everything,
}

/// A stream of events, read as it comes.
struct Stream {
    reader: BufReader<TcpStream>,
    head: String,
}

impl Stream {
    fn open(site: &Site, cookie: &str) -> Stream {
        let mut stream = TcpStream::connect(site.address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
        write!(stream, "GET /events?from=0 HTTP/1.1\r\nhost: x\r\ncookie: {cookie}\r\n\r\n").unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let mut line = String::new();
            assert_ne!(reader.read_line(&mut line).unwrap(), 0);
            if !line.starts_with(OTHER_CLOCK) {
                head.push_str(&line);
            }
        }
        Stream { reader, head }
    }

    /// The next event's chunk; signs of life come by the machine's clock and are passed over.
    fn next(&mut self) -> String {
        loop {
            let mut size = String::new();
            assert_ne!(self.reader.read_line(&mut size).unwrap(), 0, "the stream ended");
            let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16).unwrap() + 2];
            self.reader.read_exact(&mut chunk).unwrap();
            let chunk = String::from_utf8(chunk).unwrap();
            if !chunk.starts_with(':') {
                return chunk;
            }
        }
    }
}

/// The body an entry names, and what of the draw decided it; `None` for bodies that everyone reads at once.
fn named_body(event: &Value) -> Option<(String, Option<Moment>)> {
    let body = &event["body"];
    let moment = || serde_json::from_value(body["moment"].clone()).unwrap();
    let (field, moment) = match event["kind"].as_str().unwrap() {
        "campaign" => ("bundle", None),
        "plan" => ("plan", None),
        "release" => ("values", Some(moment())),
        "deal" => ("deal", Some(moment())),
        "orders" => {
            let of = |field: &str| body[field].clone();
            let (day, hour) = (of("day"), of("hour"));
            let (day, hour) = (serde_json::from_value(day).unwrap(), serde_json::from_value(hour).unwrap());
            ("body", Some(Moment::Hour { day, hour }))
        }
        _ => return None,
    };
    Some((body[field].as_str().unwrap().to_owned(), moment))
}

/// The two runs, and what was seen of them.
struct Twins {
    sites: [Site; 2],
    campaign: Campaign,
    callers: Vec<Caller>,
    streams: Vec<[Stream; 2]>,
    /// Events read so far, by run.
    events: [Vec<Value>; 2],
    /// Orders that boxes held, by run; every team opens its own.
    told: [BTreeMap<(TeamId, Day, Hour), Option<UnitId>>; 2],
    /// Each device's next sequence number and previous hash.
    places: BTreeMap<TeamId, (u64, Hash)>,
    /// Comparisons, by role and operation.
    compared: BTreeMap<(&'static str, String), u64>,
    /// Rows of [`COMMITMENTS`] that a difference needed.
    rows: BTreeSet<usize>,
    /// Where the runs differed for a reader who may know by then.
    known: BTreeSet<(&'static str, String)>,
}

fn patient_files() -> SourceBundle {
    let mut files = files();
    let text = files.files.get_mut("campaign.toml").unwrap();
    for (rule, value) in
        [("auditors_after_hours = 24", AUDITORS_AFTER_HOURS), ("public_after_days = 14", PUBLIC_AFTER_DAYS)]
    {
        let name = rule.split(" = ").next().unwrap();
        assert!(text.contains(rule), "{rule}");
        *text = text.replacen(rule, &format!("{name} = {value}"), 1);
    }
    files
}

fn run(seed: Seed) -> Site {
    let runtime = Runtime::new().unwrap();
    let founded = runtime.block_on(Founded::seeded(patient_files(), seed));
    let first = founded.campaign.first_day();
    let provinces: BTreeMap<TeamId, ProvinceId> =
        AWAY.iter().map(|team| (team.parse().unwrap(), province_of(&founded.campaign, team))).collect();
    let away = move |province: &ProvinceId, period: Period| {
        let of_day =
            provinces.iter().filter(|(_, of)| period == Period::Day { day: first } && *of == province);
        of_day.map(|(team, _)| absence(team, first)).collect()
    };
    Site::serve(runtime, founded, true, None, Arc::new(away))
}

fn province_of(campaign: &Campaign, team: &str) -> ProvinceId {
    let team = campaign.teams().iter().find(|known| known.id.as_str() == team).unwrap();
    campaign.pool(&team.pool).unwrap().province.clone()
}

/// When all is over that a moment decides, by the text of the rules.
fn decided_until(campaign: &Campaign, moment: Moment) -> Timestamp {
    match moment {
        Moment::Week { week } => {
            let last = *campaign.week_days(week).last().unwrap();
            campaign.instant(last, hour(23)) + minutes(60)
        }
        Moment::Hour { day, hour } => {
            let shift = campaign.shifts().iter().find(|shift| shift.start == hour);
            let hours = shift.map_or(1, |shift| i64::from(shift.length_hours));
            campaign.instant(day, hour) + SignedDuration::from_hours(hours)
        }
    }
}

impl Twins {
    fn new() -> Twins {
        let (one, other) = std::thread::scope(|scope| {
            let other = scope.spawn(|| run(Seed(4)));
            (run(Seed(3)), other.join().unwrap())
        });
        let sites = [one, other];
        let teams = sites[0].campaign.teams().iter().map(|team| ("team", Some(team.id.to_string())));
        let others = ROLES.iter().skip(1).map(|role| (*role, None));
        let mut callers = vec![Caller { role: "nobody", team: None, cookie: String::new() }];
        callers.extend(teams.chain(others).map(|(role, team)| {
            let path = team.iter().fold(role.to_owned(), |role, team| format!("{role}?team={team}"));
            let [cookie, same] = [0, 1].map(|run: usize| sites[run].sign_in(&path));
            assert_eq!(cookie, same);
            Caller { role, team: team.map(|team| team.parse().unwrap()), cookie }
        }));
        let curious = callers.iter().filter(|caller| caller.is_curious());
        let streams =
            curious.map(|caller| [0, 1].map(|run: usize| Stream::open(&sites[run], &caller.cookie)));
        let streams: Vec<_> = streams.collect();
        for [one, other] in &streams {
            assert_eq!(one.head, other.head);
        }
        Twins {
            campaign: sites[0].campaign.clone(),
            sites,
            callers,
            streams,
            events: [Vec::new(), Vec::new()],
            told: [BTreeMap::new(), BTreeMap::new()],
            places: BTreeMap::new(),
            compared: BTreeMap::new(),
            rows: BTreeSet::new(),
            known: BTreeSet::new(),
        }
    }

    fn now(&self) -> Timestamp {
        self.sites[0].now()
    }

    /// A time of the first day.
    fn at(&self, number: u8, minute: i64) -> Timestamp {
        self.campaign.instant(self.campaign.first_day(), hour(number)) + minutes(minute)
    }

    /// Sets both clocks, then compares all that anybody can see.
    fn sweep(&mut self, time: Timestamp) {
        std::thread::scope(|scope| {
            for site in &self.sites {
                scope.spawn(|| site.step_to(time).unwrap());
            }
        });
        self.compare_streams();
        self.open_boxes();
        self.compare_folders();
        let asks = self.asks();
        let answers: [Vec<Answer>; 2] = std::thread::scope(|scope| {
            let [one, other] = [0, 1].map(|run| {
                let (twins, asks) = (&*self, &asks);
                scope.spawn(move || asks.iter().map(|ask| twins.answer(run, ask)).collect())
            });
            [one.join().unwrap(), other.join().unwrap()]
        });
        let [one, other] = answers;
        for (ask, (one, other)) in asks.iter().zip(one.iter().zip(&other)) {
            self.compare(ask, [one, other]);
        }
    }

    fn answer(&self, run: usize, ask: &Ask) -> Answer {
        let cookie = &self.callers[ask.caller].cookie;
        self.sites[run].ask_as(cookie, ask.method, &ask.paths[run], &ask.body)
    }

    fn compare(&mut self, ask: &Ask, answers: [&Answer; 2]) {
        let caller = &self.callers[ask.caller];
        let key = (caller.role, ask.operation.clone());
        let place = format!("{} as {}{:?} at {}", ask.paths[0], caller.role, caller.team, self.now());
        let hide: &dyn Fn(&mut Value) = match &ask.right {
            Right::Nothing => &|_| (),
            Right::Parts(hide) => hide,
            Right::Everything => {
                if answers[0].body != answers[1].body {
                    self.known.insert(key);
                }
                return;
            }
        };
        let headers = answers.map(|answer| headers(answer, matches!(ask.right, Right::Parts(_))));
        assert_eq!(answers[0].status, answers[1].status, "{place}: {answers:?}");
        assert_eq!(headers[0], headers[1], "{place}: {answers:?}");
        *self.compared.entry(key.clone()).or_default() += 1;
        if answers[0].body == answers[1].body {
            return;
        }
        let seen = answers.map(|answer| match ask.paths[0].strip_prefix("/log/") {
            Some(name) if answer.status == 200 && !name.is_empty() => covered::log_file(name, &answer.body),
            _ => covered::answer(&ask.operation, answer, hide),
        });
        self.same(&place, &seen);
        if matches!(ask.right, Right::Parts(_)) {
            self.known.insert(key);
        }
    }

    fn same(&mut self, place: &str, [one, other]: &[Covered; 2]) {
        assert_eq!(one.text, other.text, "{place}");
        self.rows.extend(one.rows(other));
    }

    /// Entries come at the same moments, in the same order and number, for every reader alike.
    fn compare_streams(&mut self) {
        let heads = [0, 1].map(|run: usize| self.sites[run].get("/log/checkpoint").body);
        let sizes = heads.map(|head| size_of(&head));
        assert_eq!(sizes[0], sizes[1], "at {}", self.now());
        for _ in self.events[0].len()..sizes[0] {
            let mut chunks: Vec<[String; 2]> =
                self.streams.iter_mut().map(|pair| pair.each_mut().map(Stream::next)).collect();
            let first = chunks.swap_remove(0);
            assert!(chunks.iter().all(|chunk| *chunk == first), "one stream for all");
            let place = format!("event {} at {}", self.events[0].len(), self.now());
            self.same(&place, &first.each_ref().map(|chunk| covered::event(chunk)));
            for (run, chunk) in first.iter().enumerate() {
                let data = chunk.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
                self.events[run].push(serde_json::from_str(data).unwrap());
            }
        }
        for role in self.callers.iter().filter(|caller| caller.is_curious()).map(|caller| caller.role) {
            *self.compared.entry((role, "stream_events".to_owned())).or_default() += 1;
        }
    }

    /// What lies in the published folder is what the public may read.
    fn compare_folders(&mut self) {
        let [mut one, mut other] = [0, 1].map(|run: usize| listed(self.sites[run].folder.path(), "log"));
        // A publication takes what came meanwhile together: which older heads have partial tiles is a matter of speed.
        let needed = sekong_log::tiles_of(size_of(&one["checkpoint"]) as u64);
        let needed: BTreeSet<String> = needed.iter().map(ToString::to_string).collect();
        let passed_over = |name: &str| name.contains(".p/") && !needed.contains(name);
        one.retain(|name, _| !passed_over(name) || other.contains_key(name));
        other.retain(|name, _| !passed_over(name) || one.contains_key(name));
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for ((name, one), other) in one.iter().zip(other.values()) {
            assert_eq!(one.len(), other.len(), "log/{name}");
            self.same(
                &format!("the file log/{name}"),
                &[one, other].map(|bytes| covered::log_file(name, bytes)),
            );
        }
        let mut open = [0, 1].map(|run: usize| listed(self.sites[run].folder.path(), "bodies"));
        for (run, bodies) in open.iter_mut().enumerate() {
            let named = self.events[run].iter().filter_map(named_body);
            let may = |moment: Option<Moment>| moment.is_some_and(|moment| self.is_public(moment));
            let public: Vec<String> =
                named.filter(|(_, moment)| may(*moment)).map(|(hash, _)| hash).collect();
            // They lie there from the first commit after their time on.
            if public.iter().any(|hash| bodies.remove(hash).is_some()) {
                self.known.insert(("nobody", "the folder".to_owned()));
            }
            public.iter().for_each(|hash| drop(bodies.remove(hash)));
        }
        assert_eq!(
            open[0].keys().collect::<Vec<_>>(),
            open[1].keys().collect::<Vec<_>>(),
            "bodies in the published folder at {}",
            self.now()
        );
        assert!(open[0] == open[1]);
    }

    fn is_public(&self, moment: Moment) -> bool {
        self.body_right("nobody", moment) <= self.now()
    }

    /// When a role may read what a moment's draw was made of and what it decided.
    fn body_right(&self, role: &str, moment: Moment) -> Timestamp {
        let over = decided_until(&self.campaign, moment);
        match role {
            "auditor" | "inspectorate" => over + SignedDuration::from_hours(AUDITORS_AFTER_HOURS),
            _ => over + SignedDuration::from_hours(24 * PUBLIC_AFTER_DAYS),
        }
    }

    /// When a role may see on the board where the draw sent whom.
    fn board_right(&self, role: &str, day: Day, hour: Hour) -> Timestamp {
        match role {
            "duty-officer" | "commander" => self.campaign.instant(day, hour),
            _ => {
                let over = decided_until(&self.campaign, Moment::Hour { day, hour });
                over + SignedDuration::from_hours(AUDITORS_AFTER_HOURS)
            }
        }
    }

    /// Each team opens its boxes, so that the test knows what is its own.
    fn open_boxes(&mut self) {
        let teams =
            self.callers.iter().filter_map(|caller| Some((caller.team.clone()?, caller.cookie.clone())));
        for (team, cookie) in teams.collect::<Vec<_>>() {
            for run in [0, 1] {
                let orders: OrdersView = self.sites[run].get_as(&cookie, "/api/orders").json();
                for view in orders.boxes {
                    let unit = || opened(&self.campaign, &team, &view).opening.map(|opening| opening.unit);
                    self.told[run].entry((team.clone(), view.day, view.hour)).or_insert_with(unit);
                }
            }
        }
    }

    /// Units that a team was told to serve in either run.
    fn own_units(&self, team: &TeamId) -> BTreeSet<&UnitId> {
        let told = self.told.iter().flatten().filter(|((of, ..), _)| of == team);
        told.filter_map(|(_, unit)| unit.as_ref()).collect()
    }

    fn asks(&self) -> Vec<Ask> {
        let names = operations();
        let asks = |(place, caller): (usize, &Caller)| -> Vec<Ask> {
            let curious = caller.is_curious();
            let names = names.iter().filter(|name| curious || *name == "show_orders");
            names.flat_map(|name| self.asks_of(name, place)).collect()
        };
        self.callers.iter().enumerate().flat_map(asks).collect()
    }

    /// What one caller asks one operation.
    fn asks_of(&self, operation: &str, caller: usize) -> Vec<Ask> {
        let get = |paths: &[&str]| paths.iter().map(|path| ("GET", (*path).to_owned(), Vec::new())).collect();
        let asked: Vec<Asked> = match operation {
            "show_body" => return self.body_asks(caller),
            "show_board" => return self.board_asks(caller),
            "show_inspection" => return self.inspection_asks(caller),
            "show_orders" => return vec![self.orders_ask(caller)],
            "list_overdue" => return vec![self.overdue_ask(caller)],
            "log_files" => self.log_paths().map(|path| ("GET", path, Vec::new())).collect(),
            "pages" => get(&["/", "/field?lang=lo", "/assets/none.js", "/openapi.json", "/nothing"]),
            "show_clock" => get(&["/api/clock"]),
            "show_disk" => return vec![self.disk_ask(caller)],
            "show_campaign" => get(&["/api/campaign"]),
            "show_map" => get(&["/api/map"]),
            "show_estimates" => {
                let one = "/api/estimates?from=2017-01-01&to=2017-01-01";
                return self.estimates_asks(operation, caller, &["/api/estimates", one]);
            }
            "draw_estimates" => {
                let pictures = ["/api/estimates/pictures/flow.svg", "/api/estimates/pictures/teams.svg"];
                return self.estimates_asks(operation, caller, &pictures);
            }
            "test_teams" => return self.estimates_asks(operation, caller, &["/api/estimates/teams"]),
            "show_session" => get(&["/api/session"]),
            "show_table" => get(&["/api/table"]),
            "list_silences" => get(&["/api/silences"]),
            "list_log" => get(&["/log/"]),
            "show_key" => get(&["/keys/log.vkey", "/keys/cosigners.vkey", "/keys/none"]),
            "show_receipt" => self.receipt_paths().map(|path| ("GET", path, Vec::new())).collect(),
            "stream_events" => get(&["/events?from=x", "/events?from=99999999"]),
            "sign_in" => get(&["/demo/sign-in/analyst", "/demo/sign-in/minister", "/demo/sign-in/team"]),
            "end_session" => vec![("DELETE", "/api/session".to_owned(), Vec::new())],
            word => self.words_of(word, caller),
        };
        let ask = |(method, path, body): Asked| Ask {
            operation: operation.to_owned(),
            caller,
            method,
            paths: [path.clone(), path],
            body,
            right: Right::Nothing,
        };
        asked.into_iter().map(ask).collect()
    }

    /// What one caller posts to one operation.
    fn words_of(&self, operation: &str, caller: usize) -> Vec<Asked> {
        let day = self.campaign.first_day();
        let post = |path: &str, bodies: Vec<Vec<u8>>| -> Vec<Asked> {
            bodies.into_iter().map(|body| ("POST", path.to_owned(), body)).collect()
        };
        let texts = |texts: &[String]| texts.iter().map(|text| text.clone().into_bytes()).collect();
        match operation {
            "take_entry" => post("/api/entries", self.entries_to_refuse(caller)),
            "take_entry_with_persons" => {
                let entries = self.entries_to_refuse(caller);
                post("/api/entries/with-persons", entries.iter().map(|entry| with_nobody(entry)).collect())
            }
            "look_at_person" => {
                let path = format!("/api/persons/{}/looks", "0".repeat(64));
                post(&path, texts(&[r#"{"case":"2017/0042","purpose":"court"}"#.to_owned()]))
            }
            "erase_person" => post("/api/erasures", texts(&["{}".to_owned(), erasure()])),
            "anchor_log" => post("/api/anchors", texts(&["{}".to_owned(), anchor(day)])),
            "commit_plant" => post("/api/plants", texts(&["{}".to_owned(), plant()])),
            "reveal_plant" => post("/api/plants/reveals", texts(&["{}".to_owned(), revealed(day)])),
            "log_double" => post("/api/doubles", texts(&["{}".to_owned(), double(day)])),
            "enrol_device" => post("/api/devices", texts(&["{}".to_owned(), self.known_device()])),
            "relay_order" => post("/api/relays", texts(&[relay("nobody", "voice"), relay("ST-A-01", "sms")])),
            "replace_table" => {
                post("/api/tables", texts(&["{\"team\":\"nobody\",\"reason\":\"lost\"}".to_owned()]))
            }
            "take_throw" => post("/api/throws", texts(&[throw(day)])),
            "plan_outage" => post("/api/outages", texts(&[outage(&self.campaign)])),
            "change_seat_key" => post("/api/seat-keys", texts(&[seat_key()])),
            "announce_daily_die" => post("/api/daily-dice", texts(&[die(day)])),
            other => panic!("{other} is new: say here what it is asked, and when its reader may know what"),
        }
    }

    /// When a scrub ends is the machine's own pace, and none of the campaign's.
    fn disk_ask(&self, caller: usize) -> Ask {
        let pace = |disk: &mut Value| disk["scrubbed"] = Value::Null;
        let right =
            if self.callers[caller].runs_the_hour() { Right::Parts(Box::new(pace)) } else { Right::Nothing };
        self.get("show_disk", caller, "/api/disk".to_owned(), right)
    }

    fn get(&self, operation: &str, caller: usize, path: String, right: Right) -> Ask {
        let paths = [path.clone(), path];
        Ask { operation: operation.to_owned(), caller, method: "GET", paths, body: Vec::new(), right }
    }

    /// Bodies of one province's first hours and of the newest entries; the newest also by HEAD, which could tell a size.
    fn body_asks(&self, caller: usize) -> Vec<Ask> {
        let size = self.events[0].len();
        let both = self.events[0].iter().zip(&self.events[1]).enumerate();
        let wanted = both.filter(|(index, (event, _))| size < index + 6 || self.is_early(event));
        let asks = wanted.flat_map(|(index, (one, other))| {
            let named = named_body(one).zip(named_body(other));
            let methods = if size < index + 3 { &["GET", "HEAD"][..] } else { &["GET"] };
            named.into_iter().flat_map(move |((one, moment), (other, _))| {
                methods.iter().map(move |method| self.body_ask(caller, method, [&one, &other], moment))
            })
        });
        let none = [format!("/bodies/{}", "0".repeat(64)), "/bodies/x".to_owned()];
        asks.chain(none.map(|path| self.get("show_body", caller, path, Right::Nothing))).collect()
    }

    fn body_ask(
        &self,
        caller: usize,
        method: &'static str,
        hashes: [&String; 2],
        moment: Option<Moment>,
    ) -> Ask {
        let may =
            moment.is_some_and(|moment| self.body_right(self.callers[caller].role, moment) <= self.now());
        Ask {
            operation: "show_body".to_owned(),
            caller,
            method,
            paths: hashes.map(|hash| format!("/bodies/{hash}")),
            body: Vec::new(),
            right: if may { Right::Everything } else { Right::Nothing },
        }
    }

    fn is_early(&self, event: &Value) -> bool {
        let of_province = event["body"]["province"] == self.campaign.provinces()[0].id.as_str();
        of_province
            && match named_body(event) {
                Some((_, Some(Moment::Hour { day, hour }))) => {
                    day == self.campaign.first_day() && hour.get() < 2
                }
                Some((_, Some(Moment::Week { .. }))) => true,
                Some((_, None)) | None => false,
            }
    }

    /// Estimates tell of a day once auditors may read all of it.
    fn estimates_asks(&self, operation: &str, caller: usize, paths: &[&str]) -> Vec<Ask> {
        let (day, hour) = (self.campaign.first_day(), Hour::all().last().unwrap());
        let readable = self.board_right("auditor", day, hour) <= self.now();
        let open = readable && self.callers[caller].sees_board();
        let right = || if open { Right::Everything } else { Right::Nothing };
        paths.iter().map(|path| self.get(operation, caller, (*path).to_owned(), right())).collect()
    }

    fn board_asks(&self, caller: usize) -> Vec<Ask> {
        let first = self.campaign.first_day();
        let (today, _) = self.campaign.day_hour_of(self.now());
        let shown = today.clamp(first, self.campaign.last_day());
        let days = [
            (None, shown),
            (Some(first), first),
            (Some(first.plus_days(1).unwrap()), first.plus_days(1).unwrap()),
        ];
        let asks = days.map(|(asked, day)| {
            let path = asked.map_or("/api/board".to_owned(), |day| format!("/api/board?day={day}"));
            self.get("show_board", caller, path, self.board_parts(caller, day))
        });
        asks.into_iter().collect()
    }

    /// The slots of a day that this caller may see by now are hidden from the comparison.
    fn board_parts(&self, caller: usize, day: Day) -> Right {
        let caller = &self.callers[caller];
        let open =
            |hour: &Hour| caller.sees_board() && self.board_right(caller.role, day, *hour) <= self.now();
        let open: Vec<usize> = Hour::all().filter(open).map(|hour| usize::from(hour.get())).collect();
        if open.is_empty() {
            return Right::Nothing;
        }
        Right::Parts(Box::new(move |board| {
            for line in board["posts"].as_array_mut().into_iter().flatten() {
                open.iter().for_each(|hour| line["hours"][*hour]["inspections"] = Value::Null);
            }
        }))
    }

    fn inspection_asks(&self, caller: usize) -> Vec<Ask> {
        let (day, now) = self.campaign.day_hour_of(self.now());
        let next = self.campaign.day_hour_of(self.now() + minutes(60));
        let hours = [(day, now), next, (self.campaign.first_day(), hour(1))];
        let asks = hours.iter().flat_map(|(day, hour)| {
            let role = self.callers[caller].role;
            let units =
                self.units(*hour).into_iter().take(if self.callers[caller].sees_board() { 99 } else { 1 });
            units.map(move |(_, unit)| {
                let path = format!("/api/inspections/{day}/{hour}/{}", unit.as_str().replace('/', "%2F"));
                let may =
                    self.callers[caller].sees_board() && self.board_right(role, *day, *hour) <= self.now();
                let right = if may { Right::Everything } else { Right::Nothing };
                self.get("show_inspection", caller, path, right)
            })
        });
        asks.collect()
    }

    /// The units that serve an hour.
    fn units(&self, hour: Hour) -> Vec<(ProvinceId, UnitId)> {
        let of_hour = |unit: &sekong_model::Unit| serves(self.campaign.shift(&unit.shift).unwrap(), hour);
        let of = |province: &ProvinceId| self.campaign.units_of(province, self.campaign.first_day());
        let units = self.campaign.provinces().iter().flat_map(|province| of(&province.id));
        units.filter(of_hour).map(|unit| (unit.province, unit.id)).collect()
    }

    /// A team sees its own duties; one that was told of none, its absence included, sees none.
    fn orders_ask(&self, caller: usize) -> Ask {
        let team = self.callers[caller].team.as_ref();
        let serves = team.is_some_and(|team| !self.own_units(team).is_empty());
        let own = |orders: &mut Value| orders["duties"] = Value::Null;
        let right = if serves { Right::Parts(Box::new(own)) } else { Right::Nothing };
        self.get("show_orders", caller, "/api/orders?back=24".to_owned(), right)
    }

    /// Who was not heard of is told to the duty officer, when all were to be heard of.
    fn overdue_ask(&self, caller: usize) -> Ask {
        let from = self.at(0, i64::from(self.campaign.rules().check_in_minutes));
        let may = self.callers[caller].runs_the_hour() && from <= self.now();
        let right = if may { Right::Everything } else { Right::Nothing };
        self.get("list_overdue", caller, "/api/overdue".to_owned(), right)
    }

    fn log_paths(&self) -> impl Iterator<Item = String> {
        let tiles = tiles_of(self.events[0].len() as u64).into_iter().map(|tile| tile.to_string());
        let more = [CHECKPOINT_FILE, "tile/0/999", "tile/entries/999", "x"].map(str::to_owned);
        tiles.chain(more).map(|name| format!("/log/{name}"))
    }

    /// The newest entries' receipts, and two that are none.
    fn receipt_paths(&self) -> impl Iterator<Item = String> {
        let size = self.events[0].len();
        (size.saturating_sub(4)..=size)
            .map(|index| index.to_string())
            .chain(["x".to_owned()])
            .map(|index| format!("/api/receipts/{index}"))
    }

    fn known_device(&self) -> String {
        format!("{{\"device\":\"{}\"}}", device_key(&"ST-A-01".parse().unwrap()).id())
    }

    /// Entries that are no report of the caller's own, signed by its team's device or a stranger's: what they are refused for
    /// tells nothing of the draw, however many are tried.
    fn entries_to_refuse(&self, caller: usize) -> Vec<Vec<u8>> {
        let nobody: TeamId = "nobody".parse().unwrap();
        let team = self.callers[caller].team.as_ref().unwrap_or(&nobody);
        let (day, now) = self.campaign.day_hour_of(self.now() + minutes(1));
        let begins = self.campaign.instant(day, now);
        let mut entries = vec![b"{}".to_vec()];
        let since = self.now().duration_since(begins);
        if !(minutes(-1)..=minutes(10)).contains(&since)
            || ![0, 1, 8].contains(&now.get())
            || !self.campaign.holds(day)
        {
            return entries;
        }
        let own = self.own_units(team);
        for (province, unit) in self.units(now).into_iter().filter(|(_, unit)| !own.contains(unit)) {
            for post in self.campaign.posts_of(&province) {
                let said = InspectionReported {
                    province: province.clone(),
                    unit: unit.clone(),
                    post: post.id.clone(),
                    day,
                    hour: now,
                    order: Hash([7; 32]),
                    started: begins,
                    counts: Counts::new(1, 1, 0).unwrap(),
                    finds: Finds::default(),
                    seen: None,
                    persons: Vec::new(),
                };
                let time = begins.max(self.now());
                entries.push(self.signed(team, &Statement::Inspection(said), time).bytes().to_vec());
            }
        }
        entries
    }

    fn signed(&self, team: &TeamId, said: &Statement, time: Timestamp) -> Entry {
        let (kind, body) = said.to_parts();
        let (seq, prev) = self.places.get(team).copied().unwrap_or((0, NO_PREVIOUS));
        let campaign = self.campaign.id().clone();
        Entry::sign(&EntryDraft { campaign, seq, prev, time, kind, body }, &device_key(team)).unwrap()
    }

    fn both(&mut self, operation: &str, caller: usize, path: &str, body: Vec<u8>) -> [Answer; 2] {
        let paths = [path.to_owned(), path.to_owned()];
        let ask = Ask {
            operation: operation.to_owned(),
            caller,
            method: "POST",
            paths,
            body,
            right: Right::Nothing,
        };
        let answers = [0, 1].map(|run| self.answer(run, &ask));
        self.compare(&ask, answers.each_ref());
        answers
    }

    /// Each team says that it opened its box of an hour, on duty or not.
    fn say_opened(&mut self, at: Hour) {
        for caller in 0..self.callers.len() {
            let Some(team) = self.callers[caller].team.clone() else { continue };
            let province = province_of(&self.campaign, team.as_str());
            let said = Statement::Opened(BoxOpened { province, day: self.campaign.first_day(), hour: at });
            let entry = self.signed(&team, &said, self.now());
            let answers = self.both("take_entry", caller, "/api/entries", entry.bytes().to_vec());
            assert_eq!(answers[0].status, 201, "{answers:?}");
            self.places.insert(team, (entry.seq() + 1, entry.hash()));
        }
    }

    /// The duty officer relays the order of a team that is on duty in both runs: its code is all that differs.
    fn relay_one(&mut self) {
        let officer = self.callers.iter().position(|caller| caller.role == "duty-officer").unwrap();
        let team = self.on_duty_in_both(hour(1)).expect("some team is on duty in both runs");
        let answers = self.both("relay_order", officer, "/api/relays", relay(team.as_str(), "voice").into());
        assert_eq!(answers[0].status, 201, "{answers:?}");
        let codes: Vec<String> = answers.iter().map(|answer| answer.json::<RelayView>().code).collect();
        assert_ne!(codes[0].len(), 0);
    }

    fn on_duty_in_both(&self, at: Hour) -> Option<TeamId> {
        let key = |team: &TeamId| (team.clone(), self.campaign.first_day(), at);
        let serves = |team: &TeamId| {
            self.told.iter().all(|told| told.get(&key(team)).is_some_and(|unit| unit.is_some()))
        };
        self.campaign.teams().iter().map(|team| team.id.clone()).find(|team| serves(team))
    }

    /// Every moment at which something is due or becomes known, a second before it and at it.
    fn moments(&self) -> BTreeSet<Timestamp> {
        let first = self.campaign.first_day();
        let due = jobs(&self.campaign, 2).into_iter().filter(|(due, job)| {
            *due <= self.at(2, 30)
                || matches!(job, Job::Draw(Moment::Hour { hour, .. }) if hour.get() % 8 == 0)
        });
        let mut edges: BTreeSet<Timestamp> = due.map(|(due, _)| due).collect();
        for number in [0, 1] {
            let moment = Moment::Hour { day: first, hour: hour(number) };
            edges.extend([
                self.body_right("auditor", moment),
                self.body_right("nobody", moment),
                self.at(number, 0),
            ]);
        }
        let last = self.body_right("nobody", Moment::Hour { day: first, hour: hour(0) });
        let mut all: BTreeSet<Timestamp> =
            edges.into_iter().flat_map(|edge| [edge - SignedDuration::from_secs(1), edge]).collect();
        all.extend((-2..=24).map(|step| self.at(0, 5 * step)));
        all.extend((2..34).map(|hours| self.at(0, 60 * hours)));
        all.into_iter().filter(|moment| self.now() < *moment && *moment <= last).collect()
    }
}

/// Headers as they came but for the machine's clock, and for the length where the reader has a right to parts.
fn headers(answer: &Answer, parts: bool) -> Vec<(String, String)> {
    let all =
        answer.headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    all.filter(|(name, _)| name != OTHER_CLOCK && !(parts && name == "content-length")).collect()
}

fn serves(shift: &sekong_model::Shift, hour: Hour) -> bool {
    let since = (24 + hour.get() - shift.start.get()) % 24;
    since < shift.length_hours
}

fn size_of(head: &[u8]) -> usize {
    std::str::from_utf8(head).unwrap().lines().nth(1).unwrap().parse().unwrap()
}

/// Files under a folder, by their name relative to it.
fn listed(root: &Path, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let top = root.join(folder);
    let (mut folders, mut found): (Vec<PathBuf>, _) = (vec![top.clone()], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&top).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

fn opened(campaign: &Campaign, team: &TeamId, view: &BoxView) -> BoxMessage {
    let content = BoxContent::Orders(Moment::Hour { day: view.day, hour: view.hour });
    let own = BoxFor { campaign: campaign.id(), province: &view.province, content, team };
    serde_json::from_slice(&own.open(&box_secret(team), &view.sealed.parse().unwrap()).unwrap()).unwrap()
}

fn relay(team: &str, channel: &str) -> String {
    format!("{{\"team\":\"{team}\",\"channel\":\"{channel}\"}}")
}

fn throw(day: Day) -> String {
    let (silence, dice) = ("0".repeat(64), "3651245163".repeat(5));
    format!(
        "{{\"moment\":{{\"day\":\"{day}\",\"hour\":1}},\"silences\":[\"{silence}\"],\"dice\":\"{dice}\",\"throwers\":[]}}"
    )
}

fn outage(campaign: &Campaign) -> String {
    let custodian = &campaign.custodians()[0];
    let (from, until) = ("2017-01-01T00:00:00Z", "2017-01-01T03:00:00Z");
    let signature = "0".repeat(128);
    format!(
        "{{\"custodian\":\"{custodian}\",\"from\":\"{from}\",\"until\":\"{until}\",\"signature\":\"{signature}\"}}"
    )
}

fn seat_key() -> String {
    let key = "197f6b23e16c8532c6abc838facd5ea789be0c76b2920334039bfa8b3d368d61";
    format!("{{\"officer\":\"centre-police\",\"key\":\"{key}\"}}")
}

fn with_nobody(entry: &[u8]) -> Vec<u8> {
    let entry = String::from_utf8_lossy(entry);
    serde_json::json!({ "entry": entry, "persons": [] }).to_string().into_bytes()
}

fn anchor(day: Day) -> String {
    let (anchor, commitment) = ("conduct", "0".repeat(64));
    json!({ "anchor": anchor, "day": day, "hour": 0, "commitment": commitment, "signature": "00" })
        .to_string()
}

fn plant() -> String {
    json!({ "commitment": "0".repeat(64), "signature": "00" }).to_string()
}

fn revealed(day: Day) -> String {
    let (province, post, salt) = ("stung-treng", "KH-LA-01", "0".repeat(64));
    let plant =
        json!({ "province": province, "post": post, "day": day, "hour": 0, "planted": 1, "salt": salt });
    json!({ "of": 1, "plant": plant, "visits": [], "signature": "00" }).to_string()
}

fn double(day: Day) -> String {
    let (province, unit) = ("stung-treng", "stung-treng/00-08/plain-1");
    json!({
        "province": province, "day": day, "hour": 0, "unit": unit, "vehicles": 2, "first": 1, "second": 1, "both": 1,
        "signature": "00",
    })
    .to_string()
}

fn erasure() -> String {
    let commitment = "0".repeat(64);
    format!("{{\"entry\":1,\"commitment\":\"{commitment}\",\"ground\":\"case_ended\",\"signers\":[]}}")
}

fn die(day: Day) -> String {
    format!("{{\"period\":{{\"day\":\"{day}\"}},\"number\":\"\"}}")
}

/// The operations of `openapi.json`, and what is asked besides.
fn operations() -> Vec<String> {
    let document: Value = serde_json::from_str(&sekong_centre::api::openapi().to_json().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let names = operations.map(|operation| operation["operationId"].as_str().unwrap().to_owned());
    names.chain(FILES.map(str::to_owned)).collect()
}

#[test]
fn two_runs_that_differ_in_the_custodians_values_alone_look_alike_until_the_draw_is_released() {
    let mut twins = Twins::new();
    let other_role = twins.sites[0].get("/demo/sign-in/minister");
    assert!(
        String::from_utf8_lossy(&other_role.body).contains(&ROLES.join(", ")),
        "a new role: {other_role:?}"
    );
    let (opens, relays) = (twins.at(0, 5), twins.at(1, 25));
    for moment in twins.moments() {
        twins.sweep(moment);
        if moment == opens {
            twins.say_opened(hour(0));
        }
        if moment == relays {
            twins.relay_one();
        }
    }
    for operation in operations() {
        for role in ROLES.into_iter().chain(["nobody"]) {
            let compared = twins.compared.get(&(role, operation.clone()));
            assert!(compared.is_some(), "{operation} was not compared for {role}");
        }
    }
    let unused = (0..COMMITMENTS.len()).filter(|row| !twins.rows.contains(row));
    let unused: Vec<_> = unused.map(|row| COMMITMENTS[row]).collect();
    assert!(unused.is_empty(), "nothing differed in {unused:?}: strike it out");
    // What is released differs: had the runs drawn alike, all of the above would have shown nothing.
    for (role, operation) in [
        ("nobody", "show_body"),
        ("nobody", "the folder"),
        ("auditor", "show_body"),
        ("inspectorate", "show_body"),
        ("analyst", "show_board"),
        ("auditor", "show_inspection"),
        ("duty-officer", "show_board"),
        ("commander", "show_inspection"),
        ("duty-officer", "list_overdue"),
        ("team", "show_orders"),
    ] {
        assert!(twins.known.contains(&(role, operation.to_owned())), "{role} learnt nothing by {operation}");
    }
    twins.sites.into_iter().for_each(Site::end);
}
