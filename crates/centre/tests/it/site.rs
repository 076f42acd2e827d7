//! A founded campaign behind real HTTP on loopback, on a clock that the test sets.

use std::future::Future;
use std::io::Read;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use sekong_centre::api::views::{ClockView, ProblemView, ReceiptView};
use sekong_centre::{
    Away, Clock, KeyRing, Page, Pages, Reserve, Service, ServiceOptions, SmsGateway, Space, Stopped,
};
use sekong_model::{Campaign, Day, UnitId};
use sekong_store::SqliteStore;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::founded::Founded;

/// Places for connections at a test's site; half of them for streams.
pub(crate) const CONNECTIONS_MAX: usize = 64;

/// Room that must be left at a test's site.
pub(crate) const RESERVE_BYTES: u64 = 64 << 20;

/// A disk with as much room as the test says.
pub(crate) struct SetSpace(AtomicU64);

impl Space for SetSpace {
    fn free_bytes(&self) -> std::io::Result<u64> {
        Ok(self.0.load(Ordering::SeqCst))
    }
}

/// A clock that stands where the test set it.
pub(crate) struct SetClock(pub(crate) watch::Sender<Timestamp>);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn speed(&self) -> f64 {
        0.0
    }

    fn wait_until(&self, time: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let mut now = self.0.subscribe();
            now.wait_for(|now| time <= *now).await.unwrap();
        })
    }
}

/// Pages as small as can be.
struct OnePage;

impl Pages for OnePage {
    fn page(&self, path: &str) -> Option<Page> {
        let found = path == "board/index.html";
        found.then(|| Page { bytes: b"<!doctype html><p>board".as_slice().into(), media_type: "text/html" })
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: ureq::http::HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The problem's name; every error must be a whole problem.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{self:?}");
        let problem: ProblemView = self.json();
        assert_eq!(problem.status, self.status);
        assert!(!problem.detail.is_empty() && !problem.title.is_empty(), "{problem:?}");
        problem.kind.strip_prefix("urn:sekong:problem:").unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }
}

pub(crate) struct Site {
    runtime: Runtime,
    pub(crate) service: Service,
    pub(crate) address: SocketAddr,
    pub(crate) campaign: Campaign,
    pub(crate) dues: Vec<(UnitId, sekong_centre::Due)>,
    pub(crate) keys: KeyRing,
    pub(crate) folder: tempfile::TempDir,
    clock: Arc<SetClock>,
    space: Arc<SetSpace>,
    agent: ureq::Agent,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<Result<(), Stopped>>>,
}

impl Site {
    /// The shipped campaign at the first minute of its first hour.
    pub(crate) fn at_midnight() -> Site {
        Site::at_midnight_with(true, None)
    }

    pub(crate) fn at_midnight_with(demo: bool, sms: Option<SmsGateway>) -> Site {
        Site::prepared(demo, sms, |_| ())
    }

    /// The same with something changed before it runs.
    pub(crate) fn prepared(demo: bool, sms: Option<SmsGateway>, prepare: impl FnOnce(&mut Founded)) -> Site {
        let runtime = Runtime::new().unwrap();
        let mut founded = runtime.block_on(Founded::at_midnight());
        prepare(&mut founded);
        Site::serve(runtime, founded, demo, sms, Arc::new(|_, _| Vec::new()))
    }

    /// A founded campaign, served from where it stands.
    pub(crate) fn serve(
        runtime: Runtime,
        founded: Founded,
        demo: bool,
        sms: Option<SmsGateway>,
        away: Arc<Away>,
    ) -> Site {
        let dues = founded.dues();
        let Founded { folder, campaign, centre, now, links, .. } = founded;
        let keys = centre.keys().clone();
        let clock = Arc::new(SetClock(watch::channel(now).0));
        let space = Arc::new(SetSpace(AtomicU64::new(RESERVE_BYTES)));
        let options = ServiceOptions {
            sms,
            clock: clock.clone(),
            demo,
            away,
            pages: Arc::new(OnePage),
            custodians: links,
            reserve: Reserve { bytes: RESERVE_BYTES, space: space.clone() },
            connections_max: CONNECTIONS_MAX,
        };
        let (service, listener) = runtime.block_on(async {
            let reader = SqliteStore::open_read_only(&folder.path().join("sekong.db")).await.unwrap();
            let scrubber = SqliteStore::open_read_only(&folder.path().join("sekong.db")).await.unwrap();
            let service = Service::start(centre, reader, scrubber, options).await.unwrap();
            (service, tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap())
        });
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let serving = runtime.spawn(service.clone().serve(listener, async { drop(stopped.await) }));
        let agent = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).build().into();
        let (stop, serving) = (Some(stop), Some(serving));
        Site { runtime, service, address, campaign, dues, keys, folder, clock, space, agent, stop, serving }
    }

    pub(crate) fn day(&self) -> Day {
        self.campaign.first_day()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Has so much room left from now on, in the eyes of the next look at it.
    pub(crate) fn leave_free(&self, bytes: u64) {
        self.space.0.store(bytes, Ordering::SeqCst);
    }

    /// Sets the clock and waits for nothing.
    pub(crate) fn set(&self, time: Timestamp) {
        self.clock.0.send_replace(time);
    }

    /// Asks for the clock's view until `seen` sees what it looks for, for half a minute.
    pub(crate) fn until<T>(&self, seen: impl Fn(&ClockView) -> Option<T>) -> T {
        for _ in 0..600 {
            if let Some(found) = seen(&self.get("/api/clock").json()) {
                return found;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("not within half a minute: {:?}", self.get("/api/clock").json::<ClockView>());
    }

    /// The published log, once it is up to the newest head: it is written after the answer.
    pub(crate) fn published(&self) -> std::path::PathBuf {
        let log = self.folder.path().join("log");
        for _ in 0..600 {
            if self.get("/log/checkpoint").body == std::fs::read(log.join("checkpoint")).unwrap_or_default() {
                return log;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        panic!("not published within half a minute: {:?}", *self.service.unpublished().borrow());
    }

    /// Sets the clock and waits until the schedule is done up to it.
    pub(crate) fn step_to(&self, time: Timestamp) -> Result<(), Stopped> {
        self.clock.0.send_replace(time);
        self.runtime.block_on(self.service.caught_up(time))
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.get_as("", path)
    }

    /// Asks under a cookie.
    pub(crate) fn get_as(&self, cookie: &str, path: &str) -> Answer {
        self.get_with(("cookie", cookie), path)
    }

    pub(crate) fn get_with(&self, (name, value): (&str, &str), path: &str) -> Answer {
        answer(self.agent.get(self.url(path)).header(name, value).call().unwrap())
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        answer(self.agent.delete(self.url(path)).call().unwrap())
    }

    pub(crate) fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.post_as("", path, body)
    }

    /// Sends under a cookie, over a connection of its own: one whose body is refused unread is closed.
    pub(crate) fn post_as(&self, cookie: &str, path: &str, body: &[u8]) -> Answer {
        let request = self.agent.post(self.url(path)).header("cookie", cookie).header("connection", "close");
        answer(request.header("content-type", "application/json").send(body).unwrap())
    }

    /// Asks by any method. What has a body goes over a connection of its own, as in [`Site::post_as`].
    pub(crate) fn ask_as(&self, cookie: &str, method: &str, path: &str, body: &[u8]) -> Answer {
        let request = ureq::http::Request::builder().method(method).uri(self.url(path));
        let request = request.header("cookie", cookie).header("content-type", "application/json");
        let request = if body.is_empty() { request } else { request.header("connection", "close") };
        let came = self.agent.run(request.body(body).unwrap());
        answer(came.unwrap_or_else(|error| panic!("{method} {path}: {error}")))
    }

    /// Signs in and gives the cookie.
    pub(crate) fn sign_in(&self, role: &str) -> String {
        let answer = self.get(&format!("/demo/sign-in/{role}"));
        assert_eq!(answer.status, 303, "{answer:?}");
        answer.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// Stops the server; everything must end well.
    pub(crate) fn end(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.runtime.block_on(self.serving.take().unwrap()).unwrap().unwrap();
    }

    pub(crate) fn check_receipt(&self, receipt: &ReceiptView) {
        let checked = sekong_centre::Receipt {
            index: receipt.index,
            proof: receipt.proof.clone(),
            head: receipt.head.clone(),
        };
        let leaf = sekong_log::leaf_hash(receipt.entry.as_bytes());
        assert_eq!(leaf, receipt.leaf_hash);
        checked.check(&leaf, &self.keys).unwrap();
    }
}

fn answer(response: ureq::http::Response<ureq::Body>) -> Answer {
    let (parts, body) = response.into_parts();
    let mut bytes = Vec::new();
    body.into_reader().read_to_end(&mut bytes).unwrap();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body: bytes }
}
