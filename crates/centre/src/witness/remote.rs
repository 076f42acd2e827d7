//! A cosigner on a machine of its own, asked by `add-checkpoint` of C2SP `tlog-witness` over HTTP. What it says is signed,
//! and heads are public, so the line needs no secrecy: who holds it can be silent in the cosigner's name and no more.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, Uri, header};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use sekong_log::{AddCheckpoint, SignatureLine, VerifierKey};
use tokio::net::TcpStream;

use super::{Cosigning, SIZE_TYPE, Submission, Witness, WitnessError};

/// Longest wait for an answer, from the first packet on; a second ask after a conflict is within it.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

/// Most bytes of an answer.
const ANSWER_MAX_BYTES: usize = 16 * 1024;

/// How long a cosigner is left alone that has failed once; twice as long each time that it fails again.
const REST_FIRST: SignedDuration = SignedDuration::from_secs(5);

/// How long it is left alone at most.
const REST_MAX: SignedDuration = SignedDuration::from_secs(300);

/// Characters of an answer that are shown.
const SHOWN_CHARS: usize = 200;

/// Where a witness listens: the submission prefix of C2SP `tlog-witness`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessUrl {
    /// As it stands in a request, with the port if one is named.
    authority: String,
    host: String,
    port: u16,
    /// Empty, or begins with a slash and ends with none.
    prefix: String,
}

/// Why a text is not where a witness listens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a witness listens at http://HOST:PORT, perhaps with a path, not at {text:?}")]
pub struct WitnessUrlError {
    /// As given.
    pub text: String,
}

impl FromStr for WitnessUrl {
    type Err = WitnessUrlError;
    fn from_str(text: &str) -> Result<WitnessUrl, WitnessUrlError> {
        let read = || {
            let uri: Uri = text.parse().ok()?;
            let authority = uri.authority()?;
            let plain = uri.scheme_str() == Some("http") && uri.query().is_none();
            if !plain || authority.as_str().contains('@') || text.contains('#') {
                return None;
            }
            let host = uri.host()?.trim_matches(['[', ']']).to_owned();
            let prefix = uri.path().trim_end_matches('/').to_owned();
            let port = uri.port_u16().unwrap_or(80);
            (!host.is_empty()).then(|| WitnessUrl { authority: authority.to_string(), host, port, prefix })
        };
        read().ok_or_else(|| WitnessUrlError { text: text.to_owned() })
    }
}

impl fmt::Display for WitnessUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.prefix)
    }
}

/// A cosigner on a machine of its own: whose lines it gives, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessAt {
    /// The public half of its key.
    pub key: VerifierKey,
    /// Where it is asked.
    pub url: WitnessUrl,
}

/// How long it is left alone.
#[derive(Debug, Clone, Copy)]
struct Rest {
    until: Timestamp,
    length: SignedDuration,
}

/// The way to it.
pub(crate) struct RemoteWitness {
    at: WitnessAt,
    /// Entries under the head that it cosigned last, as far as is known here.
    seen: u64,
    rest: Option<Rest>,
    /// A connection that held the last time.
    line: Option<SendRequest<Body>>,
}

/// What it said.
struct Said {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl RemoteWitness {
    pub(crate) fn new(at: WitnessAt, seen: u64) -> RemoteWitness {
        RemoteWitness { at, seen, rest: None, line: None }
    }

    /// Asks from the size that it is thought to have seen, and once more from the one that it says.
    async fn ask(&mut self, head: Submission<'_>) -> Result<SignatureLine, WitnessError> {
        let old = self.seen.min(head.size);
        let mut said = self.submit(old, head).await?;
        if let Some(seen) = said.conflict() {
            if head.size < seen {
                return Err(WitnessError::SeenMore { seen, held: head.size });
            }
            if seen == old {
                return Err(WitnessError::OtherHistory { seen });
            }
            self.seen = seen;
            said = self.submit(seen, head).await?;
        }
        let old = self.seen.min(head.size);
        match (said.status, said.conflict()) {
            (StatusCode::OK, _) => {
                let line = said.line_of(&self.at.key)?;
                self.seen = head.size;
                Ok(line)
            }
            (StatusCode::UNPROCESSABLE_ENTITY, _) if 0 < old => Err(WitnessError::OtherHistory { seen: old }),
            (_, Some(seen)) if seen == old => Err(WitnessError::OtherHistory { seen }),
            (_, Some(seen)) => Err(no_cosignature(format!("it has cosigned {old} entries, and then {seen}"))),
            (status, None) => Err(no_cosignature(format!("{status}: {}", said.shown()))),
        }
    }

    async fn submit(&mut self, old: u64, head: Submission<'_>) -> Result<Said, WitnessError> {
        let proof = head.proof_from(old).unwrap_or_default();
        let request = AddCheckpoint::new(old, proof, head.note)
            .map_err(|error| no_cosignature(format!("the head cannot be asked for: {error}")))?;
        self.send(request.to_string()).await
    }

    /// A connection that was kept may have ended meanwhile: then a new one is made.
    async fn send(&mut self, body: String) -> Result<Said, WitnessError> {
        if let Some(mut line) = self.line.take()
            && let Ok(said) = self.exchange(&mut line, body.clone()).await
        {
            self.line = Some(line);
            return Ok(said);
        }
        let mut line = self.connect().await?;
        let said = self.exchange(&mut line, body).await?;
        self.line = Some(line);
        Ok(said)
    }

    async fn connect(&self) -> Result<SendRequest<Body>, WitnessError> {
        let url = &self.at.url;
        let stream = TcpStream::connect((url.host.as_str(), url.port)).await;
        let stream = stream.map_err(|error| no_answer(format!("nobody listens at {url}: {error}")))?;
        // A request is small and whole.
        let _ = stream.set_nodelay(true);
        let made = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await;
        let (line, connection) = made.map_err(no_answer)?;
        // It ends when the line is dropped: its task is not waited for.
        tokio::spawn(connection);
        Ok(line)
    }

    async fn exchange(&self, line: &mut SendRequest<Body>, body: String) -> Result<Said, WitnessError> {
        let url = &self.at.url;
        let request = Request::post(format!("{}/add-checkpoint", url.prefix))
            .header(header::HOST, &url.authority)
            .header(header::CONTENT_TYPE, "text/plain; charset=utf-8")
            .body(Body::from(body))
            .map_err(no_answer)?;
        let answer = line.send_request(request).await.map_err(no_answer)?;
        let (parts, body) = answer.into_parts();
        let body = to_bytes(Body::new(body), ANSWER_MAX_BYTES).await;
        let body = body.map_err(|error| no_answer(format!("its answer cannot be read: {error}")))?;
        Ok(Said { status: parts.status, headers: parts.headers, body })
    }

    fn rest(&mut self, now: Timestamp) {
        let length = self.rest.map_or(REST_FIRST, |rest| (rest.length * 2).min(REST_MAX));
        let until = now.checked_add(length).unwrap_or(Timestamp::MAX);
        self.rest = Some(Rest { until, length });
    }
}

impl Said {
    /// The size that it has seen, if that is what it says.
    fn conflict(&self) -> Option<u64> {
        let of_type = self.headers.get(header::CONTENT_TYPE).is_some_and(|given| given == SIZE_TYPE);
        let size = std::str::from_utf8(&self.body).ok()?.strip_suffix('\n')?;
        let size = size.parse::<u64>().ok().filter(|number| number.to_string() == size);
        size.filter(|_| of_type && self.status == StatusCode::CONFLICT)
    }

    /// Its line by a key; lines by other keys concern nobody here.
    fn line_of(&self, key: &VerifierKey) -> Result<SignatureLine, WitnessError> {
        let shown = || no_cosignature(format!("no line by its key is in {:?}", self.shown()));
        let text = std::str::from_utf8(&self.body).map_err(|_| shown())?;
        let mut lines = text.lines().filter_map(|line| line.parse().ok());
        lines.find(|line| key.claims(line)).ok_or_else(shown)
    }

    /// On one line, whatever was sent.
    fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        text.trim().chars().take(SHOWN_CHARS).collect::<String>().replace(char::is_control, " ")
    }
}

impl Witness for RemoteWitness {
    fn key(&self) -> &VerifierKey {
        &self.at.key
    }

    fn cosign<'a>(&'a mut self, head: Submission<'a>, now: Timestamp) -> Cosigning<'a> {
        Box::pin(async move {
            let answer = tokio::time::timeout(ANSWER_LIMIT, self.ask(head)).await;
            let late = |_| Err(no_answer(format!("{} does not answer in {ANSWER_LIMIT:?}", self.at.url)));
            let answer = answer.unwrap_or_else(late);
            match answer {
                Ok(_) => self.rest = None,
                Err(_) => self.rest(now),
            }
            answer
        })
    }

    fn rests_until(&self) -> Option<Timestamp> {
        self.rest.map(|rest| rest.until)
    }
}

fn no_answer(error: impl ToString) -> WitnessError {
    WitnessError::NoAnswer(error.to_string())
}

fn no_cosignature(why: String) -> WitnessError {
    WitnessError::NoCosignature(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_one_spelling_and_nothing_that_would_be_lost() {
        let url: WitnessUrl = "http://192.0.2.9:7444/".parse().unwrap();
        assert_eq!((url.to_string().as_str(), url.port), ("http://192.0.2.9:7444", 7444));
        let url: WitnessUrl = "http://[2001:db8::1]/w/one/".parse().unwrap();
        assert_eq!((url.host.as_str(), url.port, url.prefix.as_str()), ("2001:db8::1", 80, "/w/one"));
        assert_eq!(url.to_string().parse(), Ok(url));
        for wrong in [
            "",
            "192.0.2.9:7444",
            "https://w.example",
            "http://",
            "http://a@w",
            "http://w/?q",
            "http://w/#f",
            "/w",
        ] {
            assert!(wrong.parse::<WitnessUrl>().is_err(), "{wrong}");
        }
    }
}
