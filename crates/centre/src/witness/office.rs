//! A witness at work: `add-checkpoint` of C2SP `tlog-witness` over HTTP, on a machine, a key and a clock of its own.
//!
//! One request is decided at a time, and what is granted is on disk before its line leaves.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::SignedDuration;
use sekong_log::{
    AddCheckpoint, AddRefusal, CosignRefusal, REQUEST_MAX_BYTES, Seen, SignatureLine, WitnessedLogs,
};
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::SIZE_TYPE;
use crate::clock::Clock;
use crate::service::body::read_whole;
use crate::service::listen::listen_in_turn;

/// Longest time for a request's body.
const BODY_LIMIT: Duration = Duration::from_secs(5);

/// How long a line is given again on the head that it is on.
const GIVEN_AGAIN: SignedDuration = SignedDuration::from_secs(30);

/// Where a witness keeps what it has seen.
pub trait WitnessMemory: Send + 'static {
    /// Has what was seen of a log on disk when it returns, whatever happens to the machine then.
    ///
    /// # Errors
    /// The system's error; what lies on disk is then what was there before, or this.
    fn keep(&mut self, seen: &Seen) -> std::io::Result<()>;
}

/// A witness could not keep what it saw, and has ended: after an error of the disk only a new start knows what is there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what was seen cannot be kept, so nothing is signed any more: {reason}")]
pub struct MemoryLost {
    /// The system's error.
    pub reason: String,
}

struct Desk {
    logs: WitnessedLogs,
    memory: Box<dyn WitnessMemory>,
    /// The last line on each log's head, by its origin.
    given: BTreeMap<String, (Seen, SignatureLine)>,
}

impl Desk {
    /// The line that was given on this head a moment ago. Heads are public: whoever sends one again and again must not have each written to
    /// the disk while others wait.
    fn given_on(&self, asked: &Seen) -> Option<SignatureLine> {
        let (seen, line) = self.given.get(asked.log.name())?;
        let is_same = (seen.size, seen.root) == (asked.size, asked.root);
        (is_same && asked.time.duration_since(seen.time) < GIVEN_AGAIN).then(|| line.clone())
    }
}

/// A witness that others reach.
#[derive(Clone)]
pub struct WitnessOffice {
    desk: Arc<Mutex<Desk>>,
    clock: Arc<dyn Clock>,
    lost: watch::Sender<Option<MemoryLost>>,
}

/// Why a request gets no line.
enum No {
    Refused(AddRefusal),
    Lost(MemoryLost),
}

impl WitnessOffice {
    /// A witness that has seen what `logs` say, and keeps what it sees from now on in `memory`.
    pub fn new(logs: WitnessedLogs, memory: impl WitnessMemory, clock: Arc<dyn Clock>) -> WitnessOffice {
        let desk = Desk { logs, memory: Box::new(memory), given: BTreeMap::new() };
        let desk = Arc::new(Mutex::new(desk));
        WitnessOffice { desk, clock, lost: watch::channel(None).0 }
    }

    /// Answers on `listener` until `stop` ends.
    ///
    /// # Errors
    /// [`MemoryLost`]; it has ended then, too.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), MemoryLost> {
        let mut lost = self.lost.subscribe();
        let router = Router::new().route("/add-checkpoint", post(add_checkpoint)).with_state(self);
        let stopped = async {
            tokio::select! {
                () = stop => {}
                _ = lost.wait_for(Option::is_some) => {}
            }
        };
        listen_in_turn(listener, router, stopped).await;
        lost.borrow().clone().map_or(Ok(()), Err)
    }

    /// Checks and keeps in one: no two requests are granted over the same old head.
    fn add(&self, request: &AddCheckpoint) -> Result<SignatureLine, No> {
        // Whatever panicked, what is remembered was kept before.
        let mut desk = self.desk.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lost) = &*self.lost.borrow() {
            return Err(No::Lost(lost.clone()));
        }
        let granted = desk.logs.check(request, self.clock.now()).map_err(No::Refused)?;
        let seen = granted.seen();
        if let Some(line) = desk.given_on(&seen) {
            return Ok(line);
        }
        if let Err(error) = desk.memory.keep(&seen) {
            let lost = MemoryLost { reason: error.to_string() };
            self.lost.send_replace(Some(lost.clone()));
            return Err(No::Lost(lost));
        }
        desk.logs.remember(&granted);
        let line = granted.into_line();
        desk.given.insert(seen.log.name().to_owned(), (seen, line.clone()));
        Ok(line)
    }
}

async fn add_checkpoint(State(office): State<WitnessOffice>, body: Body) -> Response {
    let request = match read(body).await {
        Ok(request) => request,
        Err((status, why)) => return words(status, &why),
    };
    // The disk is waited for beside the tasks that answer others. Who goes away meanwhile is told the size when he asks again.
    let added = tokio::task::spawn_blocking(move || office.add(&request)).await;
    match added {
        Ok(Ok(line)) => words(StatusCode::OK, &line.to_string()),
        Ok(Err(No::Refused(refusal))) => refused(&refusal),
        Ok(Err(No::Lost(lost))) => words(StatusCode::INTERNAL_SERVER_ERROR, &lost.to_string()),
        Err(error) => words(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn read(body: Body) -> Result<AddCheckpoint, (StatusCode, String)> {
    let late = |_| (StatusCode::REQUEST_TIMEOUT, format!("the body did not come in {BODY_LIMIT:?}"));
    let broken = |error| (StatusCode::BAD_REQUEST, format!("the body broke off: {error}"));
    let long = || (StatusCode::PAYLOAD_TOO_LARGE, format!("a request has at most {REQUEST_MAX_BYTES} bytes"));
    let bytes = tokio::time::timeout(BODY_LIMIT, read_whole(body, REQUEST_MAX_BYTES)).await;
    let bytes = bytes.map_err(late)?.map_err(broken)?.ok_or_else(long)?;
    let text = std::str::from_utf8(&bytes);
    let text = text.map_err(|error| (StatusCode::BAD_REQUEST, format!("the body is not UTF-8: {error}")))?;
    text.parse().map_err(|error: sekong_log::RequestError| (StatusCode::BAD_REQUEST, error.to_string()))
}

/// The status that the specification gives each refusal.
fn refused(refusal: &AddRefusal) -> Response {
    let status = match refusal {
        AddRefusal::UnknownOrigin { .. } => StatusCode::NOT_FOUND,
        AddRefusal::Cosign(CosignRefusal::Head(_)) => StatusCode::FORBIDDEN,
        AddRefusal::Cosign(CosignRefusal::OldBeyond { .. }) => StatusCode::BAD_REQUEST,
        AddRefusal::Cosign(CosignRefusal::OldSize { seen: size, .. } | CosignRefusal::OtherRoot { size }) => {
            return conflict(*size);
        }
        AddRefusal::Cosign(CosignRefusal::Fork { .. }) => StatusCode::UNPROCESSABLE_ENTITY,
        AddRefusal::Cosign(CosignRefusal::TimeBackwards { .. }) => StatusCode::SERVICE_UNAVAILABLE,
    };
    words(status, &refusal.to_string())
}

fn conflict(size: u64) -> Response {
    (StatusCode::CONFLICT, [(header::CONTENT_TYPE, SIZE_TYPE)], format!("{size}\n")).into_response()
}

fn words(status: StatusCode, text: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], format!("{text}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use jiff::Timestamp;
    use sekong_log::{Checkpoint, KeyKind, SigningKey, Tree, leaf_hash};

    use super::*;

    #[derive(Clone, Default)]
    struct Second(Arc<Mutex<i64>>);

    impl Clock for Second {
        fn now(&self) -> Timestamp {
            Timestamp::from_second(*self.0.lock().unwrap()).unwrap()
        }
        fn speed(&self) -> f64 {
            1.0
        }
        fn wait_until(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
            Box::pin(std::future::pending())
        }
    }

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u64>>>);

    impl WitnessMemory for Kept {
        fn keep(&mut self, seen: &Seen) -> std::io::Result<()> {
            self.0.lock().unwrap().push(seen.size);
            Ok(())
        }
    }

    fn key(kind: KeyKind) -> SigningKey {
        SigningKey::from_seed("example.com/one", kind, &[1; 32]).unwrap()
    }

    /// A request over so many entries, grown from `old`.
    fn request(old: u64, size: u64) -> AddCheckpoint {
        let mut tree = Tree::new();
        (0..size).for_each(|index| tree.push(leaf_hash(&index.to_be_bytes())));
        let head = Checkpoint { origin: "example.com/one".to_owned(), size, root: tree.root() };
        let proof = tree.consistency_proof(old, size).unwrap();
        AddCheckpoint::new(old, proof, &head.sign(&key(KeyKind::Ed25519)).unwrap().to_string()).unwrap()
    }

    #[test]
    fn a_head_that_is_sent_again_and_again_is_written_once_in_a_while() {
        let (clock, kept) = (Second::default(), Kept::default());
        let mut logs = WitnessedLogs::new(key(KeyKind::CosignatureV1)).unwrap();
        logs.follow(key(KeyKind::Ed25519).verifier().clone()).unwrap();
        let office = WitnessOffice::new(logs, kept.clone(), Arc::new(clock.clone()));
        let ask = |second: i64, old, size| {
            *clock.0.lock().unwrap() = second;
            office.add(&request(old, size)).ok()
        };
        let first = ask(100, 0, 3).unwrap();
        assert!((0..50).all(|_| ask(129, 3, 3).as_ref() == Some(&first)));
        assert_eq!(*kept.0.lock().unwrap(), [3], "whoever sends what is public has nothing written");
        assert_ne!(ask(131, 3, 3), Some(first), "after a while it signs at the time that it is");
        assert!(ask(99, 3, 3).is_none(), "its clock ran backwards");
        assert!(ask(132, 3, 5).is_some() && ask(133, 5, 5).is_some());
        assert_eq!(*kept.0.lock().unwrap(), [3, 3, 5]);
    }
}
