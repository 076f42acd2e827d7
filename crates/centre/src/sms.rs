//! SMS by an HTTP gateway on the centre's own network: a modem, or a provider's relay.
//!
//! It is sent `{"to": team, "text": code}`; which number a team has is known to the gateway alone, and whether anything
//! arrived only the team can say.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use sekong_model::TeamId;
use serde_json::json;
use tokio::net::TcpStream;

/// Longest wait for the gateway.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// Port of an address that names none.
const PORT: u16 = 80;

/// Where SMS are handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsGateway {
    host: String,
    port: u16,
    path: String,
}

/// An address that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a gateway is an address like http://127.0.0.1:9000/send, not {text:?}")]
pub struct SmsGatewayError {
    /// As given.
    pub text: String,
}

/// Why an SMS was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the SMS gateway did not take it: {0}")]
pub struct NotSent(pub String);

impl std::str::FromStr for SmsGateway {
    type Err = SmsGatewayError;
    fn from_str(text: &str) -> Result<SmsGateway, SmsGatewayError> {
        let wrong = || SmsGatewayError { text: text.to_owned() };
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let host = uri.host().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(wrong)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        Ok(SmsGateway { host: host.to_owned(), port: uri.port_u16().unwrap_or(PORT), path: path.to_owned() })
    }
}

impl SmsGateway {
    /// Hands one SMS in.
    pub(crate) async fn send(&self, team: &TeamId, text: &str) -> Result<(), NotSent> {
        tokio::time::timeout(ANSWER_LIMIT, self.post(team, text)).await.map_err(not_sent)?
    }

    async fn post(&self, team: &TeamId, text: &str) -> Result<(), NotSent> {
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(not_sent)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(not_sent)?;
        // It ends with the answer: its task is not waited for.
        tokio::spawn(connection);
        let request = Request::post(&self.path)
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(json!({ "to": team, "text": text }).to_string()))
            .map_err(not_sent)?;
        let status = sender.send_request(request).await.map_err(not_sent)?.status();
        if status.is_success() { Ok(()) } else { Err(NotSent(status.to_string())) }
    }
}

fn not_sent(error: impl ToString) -> NotSent {
    NotSent(error.to_string())
}
