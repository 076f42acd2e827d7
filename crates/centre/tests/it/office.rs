//! Custodians on machines of their own: an office each, asked over TLS by the centre alone.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sekong_centre::{
    AskError, Clock, CustodianLink, Job, LineKey, Office, OfficeOptions, Remote, Shown, ShownError, terms,
};
use sekong_draw::{LocalCustodian, ReleaseRequest};
use sekong_model::{CustodianId, Hour, Moment};
use sekong_store::Vault;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;

use crate::founded::{Founded, secrets};

/// A clock that shows what it is set to.
struct Wall(Mutex<Timestamp>);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    fn speed(&self) -> f64 {
        0.0
    }

    fn wait_until(&self, _: Timestamp) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

fn line(name: &str) -> LineKey {
    LineKey::from_seed(sekong_simulate::Seed(3).bytes("line", name))
}

struct Running {
    address: SocketAddr,
    clock: Arc<Wall>,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<()>,
}

impl Running {
    /// The office of a custodian on what its folder holds.
    async fn start(founded: &Founded, id: &CustodianId, folder: &Path) -> Running {
        let path = folder.join(format!("{id}.db"));
        let vault =
            if path.exists() { Vault::open(&path).await } else { Vault::create(&path).await }.unwrap();
        let known = secrets(&founded.campaign).custodians;
        let (_, secret) = known.iter().find(|(known, _)| known == id).unwrap();
        let terms = terms(&founded.campaign, founded.centre.keys());
        let custodian = LocalCustodian::new(id.clone(), *secret, terms);
        let clock = Arc::new(Wall(Mutex::new(founded.now)));
        let options = OfficeOptions {
            clock: clock.clone(),
            key: line(id.as_str()),
            centre: line("centre").id(),
            auditors: vec![line("auditor").id()],
        };
        let office = Office::open(custodian, vault, founded.campaign.clone(), options).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let ended = tokio::spawn(office.serve(listener, async { drop(stopped.await) }));
        Running { address, clock, stop, ended }
    }

    fn line(&self, id: &CustodianId, key: &str) -> Remote {
        Remote::new(id.clone(), self.address, &line(key), line(id.as_str()).id())
    }

    fn set(&self, time: Timestamp) {
        *self.clock.0.lock().unwrap() = time;
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

/// The campaign at midnight with every custodian in an office of its own.
struct Network {
    founded: Founded,
    folder: TempDir,
    offices: Vec<(CustodianId, Running)>,
}

impl Network {
    async fn new() -> Network {
        let (founded, folder) = (Founded::at_midnight().await, tempfile::tempdir().unwrap());
        let mut offices = Vec::new();
        for id in founded.campaign.custodians() {
            offices.push((id.clone(), Running::start(&founded, id, folder.path()).await));
        }
        let mut network = Network { founded, folder, offices };
        network.connect();
        network
    }

    fn connect(&mut self) {
        let link = |(id, office): &(CustodianId, Running)| {
            Arc::new(office.line(id, "centre")) as Arc<dyn CustodianLink>
        };
        self.founded.links = self.offices.iter().map(link).collect();
    }

    fn set_clocks(&self, time: Timestamp) {
        self.offices.iter().for_each(|(_, office)| office.set(time));
    }

    fn moment(&self, hour: u8) -> Moment {
        Moment::Hour { day: self.founded.day(), hour: Hour::try_from(hour).unwrap() }
    }

    async fn draw(&mut self, hour: u8) -> Result<(), sekong_centre::CentreError> {
        let moment = self.moment(hour);
        let due = self.founded.campaign.release_at(moment);
        self.founded.run_until(due - SignedDuration::from_secs(1)).await;
        self.set_clocks(due);
        self.founded.now = due;
        self.founded.try_to_run(Job::Draw(moment), due).await
    }

    async fn request(&mut self, hour: u8) -> ReleaseRequest {
        let moment = self.moment(hour);
        self.founded.centre.requests(moment).await.unwrap().remove(0)
    }
}

#[tokio::test]
async fn five_offices_release_over_tls_what_the_centre_draws_with() {
    let mut network = Network::new().await;
    network.draw(1).await.unwrap();
    network.draw(2).await.unwrap();
    let (moment, state) = (network.moment(2), network.founded.centre.state());
    assert!(network.founded.campaign.provinces().iter().all(|p| state.drawn(&p.id, moment).is_some()));
    assert!(state.silences().next().is_none());
}

#[tokio::test]
async fn an_office_answers_nobody_but_its_peers_and_gives_values_to_the_centre_alone() {
    let mut network = Network::new().await;
    let due = network.founded.campaign.release_at(network.moment(1));
    network.set_clocks(due);
    let request = network.request(1).await;
    let (id, office) = &network.offices[0];
    let stranger = office.line(id, "stranger").ask(&request, due).await.unwrap_err();
    assert!(matches!(stranger, AskError::NoAnswer(_)), "{stranger}");
    let auditor = office.line(id, "auditor").ask(&request, due).await.unwrap_err();
    assert!(auditor.to_string().contains("values are given to the centre alone"), "{auditor}");
    // A machine in the office's place does not hold its key.
    let (other, _) = &network.offices[1];
    let impostor = Remote::new(other.clone(), office.address, &line("centre"), line(other.as_str()).id());
    assert!(matches!(impostor.ask(&request, due).await, Err(AskError::NoAnswer(_))));
    // Neither plain HTTP nor noise gets an answer, and the office stays up.
    for noise in [&b"POST /release HTTP/1.1\r\nhost: x\r\n\r\n"[..], &[0x16, 3, 1, 255, 255], &[0; 64]] {
        let mut stream = TcpStream::connect(office.address).await.unwrap();
        stream.write_all(noise).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    let release = office.line(id, "centre").ask(&request, due).await.unwrap();
    assert_eq!(release.custodian, *id);
}

/// Idle connections from one address, as many as the office lets live, for as long as the test does.
fn crowd(office: SocketAddr, from: &str) -> tokio::task::JoinHandle<()> {
    let from = format!("{from}:0").parse().unwrap();
    tokio::spawn(async move {
        let mut idle = Vec::new();
        loop {
            for _ in 0..100 {
                let socket = TcpSocket::new_v4().unwrap();
                socket.bind(from).unwrap();
                idle.extend(socket.connect(office).await.ok());
            }
            idle.drain(..idle.len().saturating_sub(500));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    })
}

#[tokio::test]
async fn strangers_who_hold_every_connection_they_get_do_not_silence_a_custodian() {
    let mut network = Network::new().await;
    let due = network.founded.campaign.release_at(network.moment(1));
    network.set_clocks(due);
    let request = network.request(1).await;
    let (id, office) = &network.offices[0];
    let crowds = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(|from| crowd(office.address, from));
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..5 {
        let line = office.line(id, "centre");
        let asked = tokio::time::timeout(Duration::from_secs(2), line.ask(&request, due));
        let release = asked.await.unwrap().unwrap();
        assert_eq!(release.custodian, *id);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    crowds.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn an_office_keeps_to_its_own_clock_and_its_first_freeze_over_a_restart() {
    let mut network = Network::new().await;
    let due = network.founded.campaign.release_at(network.moment(1));
    let request = network.request(1).await;
    let (id, office) = network.offices.remove(0);
    office.set(due - SignedDuration::from_secs(1));
    let early = office.line(&id, "centre").ask(&request, due).await.unwrap_err();
    assert!(matches!(&early, AskError::Refused(why) if why.contains("is due at")), "{early}");
    office.set(due);
    let first = office.line(&id, "centre").ask(&request, due).await.unwrap();
    office.set(due + SignedDuration::from_secs(30));
    let again = office.line(&id, "centre").ask(&request, due).await.unwrap();
    assert_eq!(first, again, "a repeated request gets the very same release");
    office.stop().await;

    // A restarted office has not forgotten, not even if the centre comes with another list of the same day.
    let office = Running::start(&network.founded, &id, network.folder.path()).await;
    office.set(due);
    assert_eq!(office.line(&id, "centre").ask(&request, due).await.unwrap(), first);
    let mut other = Founded::at_midnight_without(|team| team.as_str().ends_with("01")).await;
    let second = other.centre.requests(network.moment(1)).await.unwrap().remove(0);
    assert_ne!(second.absences.leaf, request.absences.leaf);
    let refused = office.line(&id, "centre").ask(&second, due).await.unwrap_err();
    assert!(
        matches!(&refused, AskError::Refused(why) if why.contains("over other entries before")),
        "{refused}"
    );
    office.stop().await;
    shows_both_heads(&network, &id).await;
}

/// A centre that comes with a second list of one day has signed a head that its log does not continue: the custodian that
/// refused kept it.
async fn shows_both_heads(network: &Network, id: &CustodianId) {
    let (founded, moment) = (&network.founded, network.moment(1));
    let mut vault = Vault::open_read_only(&network.folder.path().join(format!("{id}.db"))).await.unwrap();
    let days = i64::from(founded.campaign.rules().public_after_days);
    let public = founded.campaign.instant(founded.day(), Hour::try_from(2).unwrap())
        + SignedDuration::from_hours(24 * days);
    for (now, releases) in [(public - SignedDuration::from_secs(1), 0), (public, 1)] {
        let shown = Shown::of(&mut vault, &founded.campaign, id.clone(), now).await.unwrap();
        assert_eq!(shown.releases.len(), releases, "values that are not public yet stay in the vault");
        let found = founded.compare(&shown).unwrap();
        let [fault] = &found.faults[..] else { panic!("the first head is continued: {found:?}") };
        assert_eq!(fault.rule, "head.two-faced");
        assert!(fault.detail.starts_with(id.as_str()), "{}", fault.detail);
        assert_eq!(found.disputes.len(), releases, "the log has no draw of {moment}");
    }
    let mut shown = Shown::of(&mut vault, &founded.campaign, id.clone(), public).await.unwrap();
    shown.second_freezes[0].second.head = shown.second_freezes[0].second.head.replace('\n', " ");
    assert!(matches!(founded.compare(&shown), Err(ShownError::Head { .. })));
}
