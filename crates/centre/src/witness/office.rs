//! A witness at work: `add-checkpoint` of C2SP `tlog-witness` over HTTP, on a machine, a key and a clock of its own.
//!
//! One request is decided at a time, and what is granted is on disk before its line leaves.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
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
        let desk = Arc::new(Mutex::new(Desk { logs, memory: Box::new(memory) }));
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
        if let Err(error) = desk.memory.keep(&granted.seen()) {
            let lost = MemoryLost { reason: error.to_string() };
            self.lost.send_replace(Some(lost.clone()));
            return Err(No::Lost(lost));
        }
        desk.logs.remember(&granted);
        Ok(granted.into_line())
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
