//! The centre as a team's device reaches it.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use sekong_centre::api::views::{OrdersView, ProblemView, ReceiptView};
use sekong_model::TeamId;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// Longest wait for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Largest answer, in bytes.
const ANSWER_MAX_BYTES: u64 = 4 << 20;

/// A centre's address.
pub(crate) struct Site {
    base: String,
    agent: ureq::Agent,
}

/// An answer: what was asked for, or why not.
type Answer<T> = Result<T, Box<ProblemView>>;

impl Site {
    pub(crate) fn new(address: SocketAddr) -> Site {
        let limits = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER_LIMIT))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Site { base: format!("http://{address}"), agent: limits.into() }
    }

    /// Signs a team in; gives the cookie that its device keeps.
    pub(crate) fn sign_in(&self, team: &TeamId) -> Result<String, Failure> {
        let request = self.agent.get(format!("{}/demo/sign-in/team", self.base)).query("team", team.as_str());
        let response = request.call().map_err(Failure::failed)?;
        let cookie = response.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        let pair = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        pair.ok_or_else(|| {
            Failure::failed(format!("the sign-in of {team} was answered {}", response.status()))
        })
    }

    /// A team's orders.
    pub(crate) fn orders(&self, cookie: &str) -> Result<Answer<OrdersView>, Failure> {
        let request = self.agent.get(format!("{}/api/orders", self.base)).header("cookie", cookie);
        read(request.call().map_err(Failure::failed)?)
    }

    /// Sends a signed entry.
    pub(crate) fn send(&self, entry: &[u8]) -> Result<Answer<ReceiptView>, Failure> {
        let request = self.agent.post(format!("{}/api/entries", self.base));
        let request = request.header("content-type", "application/json");
        read(request.send(entry).map_err(Failure::failed)?)
    }
}

fn read<T: DeserializeOwned>(response: ureq::http::Response<ureq::Body>) -> Result<Answer<T>, Failure> {
    let good = response.status().is_success();
    let mut bytes = Vec::new();
    let mut reader = response.into_body().into_reader().take(ANSWER_MAX_BYTES);
    reader.read_to_end(&mut bytes).map_err(Failure::failed)?;
    if good {
        return Ok(Ok(serde_json::from_slice(&bytes).map_err(Failure::failed)?));
    }
    Ok(Err(Box::new(serde_json::from_slice(&bytes).map_err(Failure::failed)?)))
}
