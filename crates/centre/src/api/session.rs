//! Who is signed in: a cookie that the centre signed. In a demo anybody may take any role.

use std::fmt;
use std::str::FromStr;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use sekong_log::Hash;
use sekong_model::TeamId;
use serde::Deserialize;
use sha2::Sha256;

use super::extract::{InPath, InQuery};
use super::problem::Problem;
use super::views::{ProblemView, SessionView};
use crate::service::Service;

const COOKIE: &str = "sekong_session";

/// What a person may see and do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    /// Sees its own orders, reports its own inspections.
    Team,
    /// Sees what the draw placed once its hour begins.
    DutyOfficer,
    /// As the duty officer.
    Commander,
    /// Sees what the draw placed when auditors do.
    Analyst,
    /// As the analyst.
    Inspectorate,
    /// As the analyst.
    Auditor,
}

const ROLES: [(Role, &str); 6] = [
    (Role::Team, "team"),
    (Role::DutyOfficer, "duty-officer"),
    (Role::Commander, "commander"),
    (Role::Analyst, "analyst"),
    (Role::Inspectorate, "inspectorate"),
    (Role::Auditor, "auditor"),
];

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = ROLES.iter().find(|(role, _)| role == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for Role {
    type Err = Problem;
    fn from_str(text: &str) -> Result<Role, Problem> {
        let role = ROLES.iter().find(|(_, name)| *name == text).map(|(role, _)| *role);
        role.ok_or_else(|| {
            let names: Vec<&str> = ROLES.iter().map(|(_, name)| *name).collect();
            Problem::not_found(format!("there is no role {text:?}"))
                .hint(format!("one of {}", names.join(", ")))
        })
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) role: Role,
    pub(crate) team: Option<TeamId>,
}

impl Session {
    /// The team of a team's session.
    pub(crate) fn team(&self) -> Result<&TeamId, Problem> {
        match (&self.role, &self.team) {
            (Role::Team, Some(team)) => Ok(team),
            _ => Err(Problem::other_role("orders are shown to the team they are for")),
        }
    }

    /// Whether this role may look at the board.
    pub(crate) fn check_sees_board(&self) -> Result<(), Problem> {
        match self.role {
            Role::Team => Err(Problem::other_role("a team sees its own orders, not the board")),
            Role::DutyOfficer | Role::Commander | Role::Analyst | Role::Inspectorate | Role::Auditor => {
                Ok(())
            }
        }
    }

    /// Whether this role answers for the hour at the centre.
    pub(crate) fn check_runs_the_hour(&self) -> Result<(), Problem> {
        match self.role {
            Role::DutyOfficer | Role::Commander => Ok(()),
            Role::Team | Role::Analyst | Role::Inspectorate | Role::Auditor => {
                Err(Problem::other_role("this is for the duty officer or the commander"))
            }
        }
    }

    /// Text and its code, e.g. `team.ST-A-01.0f3c…`; a team's name may hold dots.
    fn seal(&self, key: &Hash) -> String {
        let text = format!("{}.{}", self.role, self.team.as_ref().map_or("", TeamId::as_str));
        format!("{}.{}", hex::encode(&text), hex::encode(code(key, &text).finalize().into_bytes()))
    }

    fn open(sealed: &str, key: &Hash) -> Option<Session> {
        let (text, given) = sealed.split_once('.')?;
        let text = String::from_utf8(hex::decode(text).ok()?).ok()?;
        code(key, &text).verify_slice(&hex::decode(given).ok()?).ok()?;
        let (role, team) = text.split_once('.')?;
        let team = if team.is_empty() { None } else { Some(team.parse().ok()?) };
        Some(Session { role: role.parse().ok()?, team })
    }
}

fn code(key: &Hash, text: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac
}

/// The values of a cookie: there may be a stale one beside the good one.
fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(found, _)| *found == name).map(|(_, value)| value)
}

impl FromRequestParts<Service> for Session {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Session, Problem> {
        // A demo's sign-in asks for no proof, so it counts in a demo alone.
        let open = |text| Session::open(text, service.session_key()).filter(|_| service.options().demo);
        let session = cookies(&parts.headers, COOKIE).find_map(open);
        session.ok_or_else(|| {
            Problem::new(
                StatusCode::UNAUTHORIZED,
                "signed-out",
                "Nobody is signed in",
                "this needs a sign-in",
            )
            .hint("in a demo: GET /demo/sign-in/duty-officer")
        })
    }
}

/// Who is signed in, if anybody is.
#[utoipa::path(get, path = "/api/session", operation_id = "show_session", tag = "sign-in", responses(
    (status = 200, body = SessionView),
    (status = 204, description = "nobody is signed in"),
))]
pub(crate) async fn show(session: Result<Session, Problem>) -> Response {
    match session {
        Ok(Session { role, team }) => Json(SessionView { role: role.to_string(), team }).into_response(),
        Err(_) => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Signs out.
#[utoipa::path(delete, path = "/api/session", operation_id = "end_session", tag = "sign-in", responses((status = 204)))]
pub(crate) async fn end() -> Response {
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, format!("{COOKIE}=; {ATTRIBUTES}; Max-Age=0"))])
        .into_response()
}

/// A phone that was switched off in the forest is still the team's a week later.
const KEPT_SECONDS: u32 = 7 * 24 * 3_600;

const ATTRIBUTES: &str = "Path=/; HttpOnly; SameSite=Lax";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignIn {
    team: Option<String>,
}

/// Signs in under any role; in a demo only. Answers 303 to `/field` for a team, else to `/`.
#[utoipa::path(get, path = "/demo/sign-in/{role}", operation_id = "sign_in", tag = "sign-in", params(
    ("role" = String, Path, description = "team, duty-officer, commander, analyst, inspectorate or auditor"),
    ("team" = Option<String>, Query, description = "the team, for the role team; the first one by default"),
), responses(
    (status = 303, description = "signed in; the cookie is set"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn sign_in(
    State(service): State<Service>,
    InPath(role): InPath<String>,
    InQuery(asked): InQuery<SignIn>,
) -> Result<Response, Problem> {
    if !service.options().demo {
        return Err(Problem::not_found("signing in without a key is for demos")
            .hint("start the centre with --demo-clock, or `sekong demo`"));
    }
    let role: Role = role.parse()?;
    let team = match role {
        Role::Team => Some(known_team(&service, asked.team.as_deref()).await?),
        _ => None,
    };
    let page = if role == Role::Team { "/field" } else { "/" };
    let sealed = Session { role, team }.seal(service.session_key());
    let headers = [
        (header::LOCATION, page.to_owned()),
        (header::SET_COOKIE, format!("{COOKIE}={sealed}; {ATTRIBUTES}; Max-Age={KEPT_SECONDS}")),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

async fn known_team(service: &Service, asked: Option<&str>) -> Result<TeamId, Problem> {
    let desk = service.desk().await;
    let teams = desk.state().campaign().teams();
    let team = teams.iter().find(|team| asked.is_none_or(|asked| asked == team.id.as_str()));
    team.map(|team| team.id.clone()).ok_or_else(|| {
        Problem::not_found(format!("the campaign has no team {:?}", asked.unwrap_or_default()))
            .field("team")
            .hint("see teams in GET /api/campaign")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Hash = Hash([7; 32]);

    #[test]
    fn a_session_opens_with_its_key_alone() {
        let session = Session { role: Role::Team, team: Some("ST.A-01".parse().unwrap()) };
        let sealed = session.seal(&KEY);
        assert_eq!(Session::open(&sealed, &KEY), Some(session));
        assert_eq!(Session::open(&sealed, &Hash([8; 32])), None);
    }

    #[test]
    fn nobody_changes_a_role_or_a_team() {
        let sealed = Session { role: Role::Team, team: Some("ST-A-01".parse().unwrap()) }.seal(&KEY);
        let (_, code) = sealed.split_once('.').unwrap();
        for text in ["duty-officer.", "team.ST-A-02", "team."] {
            assert_eq!(Session::open(&format!("{}.{code}", hex::encode(text)), &KEY), None);
        }
        for noise in ["", ".", "zz.zz", &sealed[1..], &sealed[..sealed.len() - 2]] {
            assert_eq!(Session::open(noise, &KEY), None, "{noise}");
        }
    }

    #[test]
    fn every_role_is_read_as_it_is_written() {
        for (role, name) in ROLES {
            assert_eq!(role.to_string(), name);
            assert_eq!(name.parse::<Role>().unwrap(), role);
        }
    }
}
