//! A custodian on a machine of its own, as the centre asks it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use sekong_draw::{Release, ReleaseRequest};
use sekong_log::DeviceId;
use sekong_model::CustodianId;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::office::ReleasedPage;
use super::tls::LineKey;
use super::wire::{MESSAGE_MAX_BYTES, RELEASE, RELEASED, RequestJson};
use super::{AskError, Asked, CustodianLink};

/// Longest wait for an answer, from the first packet on.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Most bytes of a page of releases: 500 of about a kilobyte.
const PAGE_MAX_BYTES: usize = 4 << 20;

/// The line to a custodian. Each ask is a connection of its own: there are a few an hour.
pub struct Remote {
    id: CustodianId,
    address: SocketAddr,
    line: Arc<ClientConfig>,
}

impl Remote {
    /// A line to the custodian that listens at `address` and is known by `peer`.
    pub fn new(id: CustodianId, address: SocketAddr, key: &LineKey, peer: DeviceId) -> Remote {
        Remote { id, address, line: key.connecting_to(peer) }
    }

    async fn release(&self, request: &ReleaseRequest) -> Result<Release, AskError> {
        let message = serde_json::to_vec(&RequestJson::from(request)).map_err(no_answer)?;
        let asking = Request::post(RELEASE)
            .header(header::HOST, self.id.as_str())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(message));
        let answer = self.send(asking.map_err(no_answer)?).await?;
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), MESSAGE_MAX_BYTES).await.map_err(no_answer)?;
        match status {
            StatusCode::OK => serde_json::from_slice(&bytes).map_err(no_answer),
            StatusCode::CONFLICT => Err(AskError::Refused(detail(&bytes))),
            status => Err(AskError::NoAnswer(format!("{status}: {}", detail(&bytes)))),
        }
    }

    /// The handshake ended: mostly another custodian listens there, or this one serves another centre.
    fn unproved(&self, error: &std::io::Error) -> AskError {
        no_answer(format!(
            "the line to {} does not hold, each side by the other's key: {error}",
            self.address
        ))
    }

    /// Everything that the custodian shows to the auditor whose key this line has: its releases once auditors may see them.
    ///
    /// # Errors
    /// [`AskError`] if it does not answer, or goes round in circles.
    pub async fn released(&self) -> Result<Vec<Release>, AskError> {
        let (mut releases, mut after) = (Vec::new(), String::new());
        loop {
            let page = tokio::time::timeout(ANSWER_LIMIT, self.page(&after)).await;
            let page = page
                .map_err(|_| no_answer(format!("{} does not answer in {ANSWER_LIMIT:?}", self.address)))??;
            releases.extend(page.releases);
            match page.next {
                None => return Ok(releases),
                Some(next) if after < next => after = next,
                Some(next) => return Err(no_answer(format!("it goes on after {next:?}, which was before"))),
            }
        }
    }

    async fn page(&self, after: &str) -> Result<ReleasedPage, AskError> {
        let uri = format!("{RELEASED}?after={}", percent_encoded(after));
        let request = Request::get(uri).header(header::HOST, self.id.as_str()).body(Body::empty());
        let answer = self.send(request.map_err(no_answer)?).await?;
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), PAGE_MAX_BYTES).await.map_err(no_answer)?;
        if status != StatusCode::OK {
            return Err(no_answer(format!("{status}: {}", detail(&bytes))));
        }
        serde_json::from_slice(&bytes).map_err(no_answer)
    }

    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, AskError> {
        let stream = TcpStream::connect(self.address);
        let stream = stream
            .await
            .map_err(|error| no_answer(format!("nobody listens at {}: {error}", self.address)))?;
        let name = ServerName::IpAddress(self.address.ip().into());
        let stream = TlsConnector::from(self.line.clone()).connect(name, stream);
        let stream = stream.await.map_err(|error| self.unproved(&error))?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(no_answer)?;
        // It ends with the answer: its task is not waited for.
        tokio::spawn(connection);
        let answer = sender.send_request(request).await.map_err(no_answer)?;
        Ok(answer.map(Body::new))
    }
}

impl CustodianLink for Remote {
    fn id(&self) -> &CustodianId {
        &self.id
    }

    fn ask<'a>(&'a self, request: &'a ReleaseRequest, _: Timestamp) -> Asked<'a> {
        Box::pin(async move {
            let answer = tokio::time::timeout(ANSWER_LIMIT, self.release(request)).await;
            answer.map_err(|_| no_answer(format!("{} does not answer in {ANSWER_LIMIT:?}", self.address)))?
        })
    }
}

/// As a query holds it (RFC 3986, section 2.1).
fn percent_encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(byte).collect()
}

fn no_answer(error: impl ToString) -> AskError {
    AskError::NoAnswer(error.to_string())
}

/// What a problem document says, or the beginning of what came in its place.
fn detail(bytes: &[u8]) -> String {
    let problem: Option<serde_json::Value> = serde_json::from_slice(bytes).ok();
    let detail = problem.as_ref().and_then(|problem| problem["detail"].as_str());
    detail.map_or_else(|| String::from_utf8_lossy(bytes).chars().take(200).collect(), str::to_owned)
}
