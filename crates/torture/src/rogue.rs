//! A custodian that breaks its word, as a program of its own: its secret, its key and its line are the true ones, and
//! until its time comes it is as honest as any.

use std::fs;
use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use sekong_centre::{Asked, Clock, CustodianLink, KeyRing, LineKey, Window, terms};
use sekong_draw::ReleaseRequest;
use sekong_log::{DeviceId, Hash};
use sekong_model::{Campaign, CustodianId, SourceBundle};
use sekong_simulate::{Chance, Seed};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::Trouble;
use crate::simulation::party::{Party, Vice};

/// What a rogue is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// The custodian's folder, as `sekong custodian init` made it.
    pub folder: PathBuf,
    /// The centre's file.
    pub centre: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// What it does that it should not.
    pub vice: Vice,
    /// From when on.
    pub from: Timestamp,
    /// The time at which its clock starts.
    pub now: Timestamp,
}

#[derive(Deserialize)]
struct SecretFile {
    custodian: CustodianId,
    values: Hash,
    line: Hash,
}

#[derive(Deserialize)]
struct CentreFile {
    log: String,
    cosigners: Vec<String>,
    line: DeviceId,
}

/// A clock that shows what it is set to.
struct Wall(Mutex<Timestamp>);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("nobody panics while setting it")
    }

    fn speed(&self) -> f64 {
        0.0
    }

    fn wait_until(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::pending())
    }
}

struct Rogue {
    id: CustodianId,
    from: Timestamp,
    party: Mutex<(Party, Chance)>,
}

impl CustodianLink for Rogue {
    fn id(&self) -> &CustodianId {
        &self.id
    }

    fn ask<'a>(&'a self, request: &'a ReleaseRequest, now: Timestamp) -> Asked<'a> {
        let mut guard = self.party.lock().expect("nobody panics while answering");
        let (party, chance) = &mut *guard;
        let (answer, _) = match self.from <= now {
            true => party.answer(request, now, chance),
            false => party.honest_answer(request, now),
        };
        Box::pin(std::future::ready(answer))
    }
}

impl Role {
    /// Plays it until standard input ends: the first line out says where it listens; each time that is read becomes its
    /// clock's, and is said back.
    ///
    /// # Errors
    /// [`Trouble`] for files that cannot be read, or an address that is taken.
    pub fn play(&self) -> Result<(), Trouble> {
        let clock = Arc::new(Wall(Mutex::new(self.now)));
        let window = self.window(clock.clone())?;
        let runtime = tokio::runtime::Runtime::new().map_err(Trouble::system("start a runtime"))?;
        let listener = runtime.block_on(TcpListener::bind(self.listen));
        let listener = listener.map_err(Trouble::system("listen"))?;
        let address = listener.local_addr().map_err(Trouble::system("listen"))?;
        runtime.spawn(window.serve(listener, std::future::pending()));
        say(&serde_json::json!({ "listening": format!("http://{address}") }))?;
        for line in io::stdin().lines().map_while(Result::ok) {
            let time: Timestamp = line.trim().parse().map_err(Trouble::program)?;
            *clock.0.lock().expect("nobody panics while setting it") = time;
            say(&time)?;
        }
        Ok(())
    }

    fn window(&self, clock: Arc<dyn Clock>) -> Result<Window, Trouble> {
        let secret: SecretFile = read(&self.folder.join("secret.json"))?;
        let files: SourceBundle = read(&self.folder.join("campaign.json"))?;
        let campaign = Campaign::parse(&files).map_err(Trouble::program)?;
        let centre: CentreFile = read(&self.centre)?;
        let cosigners = centre.cosigners.iter().map(|key| key.parse().map_err(Trouble::program));
        let keys = KeyRing {
            log: centre.log.parse().map_err(Trouble::program)?,
            cosigners: Some(cosigners.collect::<Result<_, _>>()?),
        };
        let id = secret.custodian;
        let mut party = Party::new(&campaign, &terms(&campaign, &keys), &(id.clone(), secret.values.0));
        party.vice = Some((self.vice, 1.0));
        let chance = Seed(0).stream("rogue", id.as_str());
        let rogue = Rogue { id, from: self.from, party: Mutex::new((party, chance)) };
        let key = LineKey::from_seed(secret.line.0);
        Ok(Window { key, centre: centre.line, clock, custodian: Arc::new(rogue) })
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Trouble> {
    let told = |why: &dyn std::fmt::Display| Trouble::program(format!("{}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| told(&error))?;
    serde_json::from_str(&text).map_err(|error| told(&error))
}

fn say(what: &dyn std::fmt::Display) -> Result<(), Trouble> {
    let mut out = io::stdout().lock();
    writeln!(out, "{what}").and_then(|()| out.flush()).map_err(Trouble::system("speak"))
}
