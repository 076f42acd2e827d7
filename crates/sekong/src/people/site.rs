//! The centre as a team's device reaches it.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use sekong_centre::api::views::{LoggedView, OrdersView, ProblemView, ReceiptView, RelayView, TableView};
use sekong_log::Period;
use sekong_model::TeamId;
use serde::de::DeserializeOwned;
use serde_json::json;

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
        let request = self.agent.get(format!("{}/demo/sign-in/team", self.base));
        self.cookie(team.as_str(), request.query("team", team.as_str()))
    }

    fn cookie(
        &self,
        who: &str,
        request: ureq::RequestBuilder<ureq::typestate::WithoutBody>,
    ) -> Result<String, Failure> {
        let response = request.call().map_err(Failure::failed)?;
        let cookie = response.headers().get("set-cookie").and_then(|cookie| cookie.to_str().ok());
        let pair = cookie.and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
        pair.ok_or_else(|| {
            Failure::failed(format!("the sign-in of {who} was answered {}", response.status()))
        })
    }

    /// Signs the duty officer in.
    pub(crate) fn sign_in_officer(&self) -> Result<String, Failure> {
        self.cookie("duty-officer", self.agent.get(format!("{}/demo/sign-in/duty-officer", self.base)))
    }

    /// A team's orders, with the boxes of so many hours back.
    pub(crate) fn orders(&self, cookie: &str, back_hours: u8) -> Result<Answer<OrdersView>, Failure> {
        let request = self.agent.get(format!("{}/api/orders", self.base)).header("cookie", cookie);
        read(request.query("back", back_hours.to_string()).call().map_err(Failure::failed)?)
    }

    /// The box with the key of a team's table.
    pub(crate) fn table(&self, cookie: &str) -> Result<Answer<TableView>, Failure> {
        let request = self.agent.get(format!("{}/api/table", self.base)).header("cookie", cookie);
        read(request.call().map_err(Failure::failed)?)
    }

    /// Asks for the code of a team's newest order, to be read out; `None` if it has no order.
    pub(crate) fn relay(&self, officer: &str, team: &TeamId) -> Result<Answer<RelayView>, Failure> {
        let request = self.agent.post(format!("{}/api/relays", self.base)).header("cookie", officer);
        let wanted = json!({ "team": team, "channel": "voice" }).to_string();
        read(request.send(wanted).map_err(Failure::failed)?)
    }

    /// Announces the daily die of a day or week.
    pub(crate) fn announce_die(
        &self,
        officer: &str,
        period: Period,
        number: &str,
    ) -> Result<Answer<LoggedView>, Failure> {
        let request = self.agent.post(format!("{}/api/daily-dice", self.base)).header("cookie", officer);
        let said = json!({ "period": period, "number": number }).to_string();
        read(request.send(said).map_err(Failure::failed)?)
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
