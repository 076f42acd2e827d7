//! The centre's API, as an officer's machine reaches it.

use std::time::Duration;

use sekong_centre::api::views::LoggedView;
use serde::Deserialize;

use crate::failure::Failure;

/// Longest wait for an answer of the centre.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// Largest answer, in bytes (4 MiB): receipts and views of one campaign have a hundredth of that.
const ANSWER_MAX_BYTES: u64 = 4 << 20;

/// A line to the centre.
pub(crate) struct Line<'a> {
    base: &'a str,
    agent: ureq::Agent,
}

impl Line<'_> {
    pub(crate) fn to(base: &str) -> Line<'_> {
        // What is sent is for this centre alone, and nobody else's answer is its answer.
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER_LIMIT))
            .http_status_as_error(false)
            .max_redirects(0);
        Line { base: base.trim_end_matches('/'), agent: config.build().into() }
    }

    pub(crate) fn get<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T, Failure> {
        let answer = self.agent.get(format!("{}{path}", self.base)).call();
        let text = self.text(path, answer)?;
        serde_json::from_str(&text)
            .map_err(|error| self.failed(path, &error).hint("is that the address of a centre?"))
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> Result<String, Failure> {
        let request = self.agent.post(format!("{}{path}", self.base)).content_type("application/json");
        self.text(path, request.send(body))
    }

    /// Posts something that the centre logs; gives the index of its entry.
    pub(crate) fn log(&self, path: &str, body: &str) -> Result<u64, Failure> {
        let told: LoggedView = serde_json::from_str(&self.post(path, body)?)
            .map_err(|error| self.failed(path, &error).hint("is that the address of a centre?"))?;
        Ok(told.index)
    }

    fn text(
        &self,
        path: &str,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<String, Failure> {
        let mut answer = answer.map_err(|error| {
            self.failed(path, &error).hint("name the address at which the centre listens, with http://")
        })?;
        let status = answer.status();
        if status.is_redirection() {
            return Err(self
                .failed(path, &format_args!("{status}: it leads elsewhere, which is not followed"))
                .hint("if it is the centre's own, give the address that it leads to"));
        }
        let text = answer.body_mut().with_config().limit(ANSWER_MAX_BYTES).read_to_string();
        let text = text.map_err(|error| self.failed(path, &error))?;
        if status.is_success() {
            return Ok(text);
        }
        let problem: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        // What another machine says is shown as text and nothing else: no control of the terminal.
        let plain = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
        let said = |field: &str| problem[field].as_str().map(plain);
        let failure = self.failed(path, &said("detail").unwrap_or_else(|| status.to_string()));
        Err(said("hint")
            .map_or_else(|| Failure::failed(&failure), |hint| Failure::failed(&failure).hint(hint)))
    }

    fn failed(&self, path: &str, why: &dyn std::fmt::Display) -> Failure {
        Failure::failed(format!("{}{path}: {why}", self.base))
    }
}
