//! The centre as a client reaches it.

use std::io::Read;
use std::time::Duration;

use sekong_centre::api::views::{CampaignView, ClockView, OrdersView, ReceiptView};
use sekong_model::TeamId;
use serde::de::DeserializeOwned;

use crate::Trouble;

/// Longest wait for an answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// A centre's address.
#[derive(Clone)]
pub(crate) struct Site {
    base: String,
    agent: ureq::Agent,
}

/// What became of a report that was sent.
pub(crate) enum Sent {
    /// It is in the log.
    Acknowledged(Box<ReceiptView>),
    /// The centre said no.
    Refused(String),
    /// The centre said that it cannot now.
    Failed(String),
    /// Nobody answered, or not to the end.
    Unanswered,
}

impl Site {
    pub(crate) fn new(base: &str) -> Site {
        let limits = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER_LIMIT))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .build();
        Site { base: base.to_owned(), agent: limits.into() }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn clock(&self) -> Result<ClockView, Trouble> {
        self.get("/api/clock", "")
    }

    pub(crate) fn campaign(&self) -> Result<CampaignView, Trouble> {
        self.get("/api/campaign", "")
    }

    /// A team's orders, under its own sign-in.
    pub(crate) fn orders(&self, team: &TeamId) -> Result<OrdersView, Trouble> {
        let request = self.agent.get(format!("{}/demo/sign-in/team", self.base)).query("team", team.as_str());
        let response = request.call().map_err(|error| Trouble::Unreached(Box::new(error)))?;
        let cookie = response.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_default().to_owned();
        self.get("/api/orders", &cookie)
    }

    /// The receipt of an entry.
    pub(crate) fn receipt(&self, index: u64) -> Result<ReceiptView, Trouble> {
        self.get(&format!("/api/receipts/{index}"), "")
    }

    /// The newest head, a signed note.
    pub(crate) fn checkpoint(&self) -> Result<String, Trouble> {
        let response = self.agent.get(format!("{}/log/checkpoint", self.base)).call();
        let response = response.map_err(|error| Trouble::Unreached(Box::new(error)))?;
        let bytes = read(response).map_err(Trouble::system("read an answer"))?;
        String::from_utf8(bytes).map_err(Trouble::program)
    }

    pub(crate) fn send(&self, entry: &[u8]) -> Sent {
        let request = self.agent.post(format!("{}/api/entries", self.base));
        let Ok(response) = request.header("content-type", "application/json").send(entry) else {
            return Sent::Unanswered;
        };
        let (good, failed) = (response.status().is_success(), response.status().is_server_error());
        match read(response) {
            Ok(bytes) if good => match serde_json::from_slice(&bytes) {
                Ok(receipt) => Sent::Acknowledged(Box::new(receipt)),
                Err(_) => Sent::Unanswered,
            },
            Ok(bytes) if failed => Sent::Failed(String::from_utf8_lossy(&bytes).into_owned()),
            Ok(bytes) => Sent::Refused(String::from_utf8_lossy(&bytes).into_owned()),
            Err(_) => Sent::Unanswered,
        }
    }

    fn get<T: DeserializeOwned>(&self, path: &str, cookie: &str) -> Result<T, Trouble> {
        let request = self.agent.get(format!("{}{path}", self.base)).header("cookie", cookie);
        let response = request.call().map_err(|error| Trouble::Unreached(Box::new(error)))?;
        let bytes = read(response).map_err(Trouble::system("read an answer"))?;
        serde_json::from_slice(&bytes).map_err(|error| {
            Trouble::program(format!("{path}: {error}: {}", String::from_utf8_lossy(&bytes)))
        })
    }
}

fn read(response: ureq::http::Response<ureq::Body>) -> Result<Vec<u8>, std::io::Error> {
    let mut bytes = Vec::new();
    response.into_body().into_reader().read_to_end(&mut bytes)?;
    Ok(bytes)
}
