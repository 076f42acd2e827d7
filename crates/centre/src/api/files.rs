//! The log and the bodies at static paths, as C2SP `tlog-tiles` lays them out. All comes from what is committed.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use sekong_log::{CHECKPOINT_FILE, Hash, TileKind, TilePath, encode_bundle};
use sekong_store::StoredBody;

use super::extract::InPath;
use super::problem::Problem;
use super::session::{Role, Session};
use super::views::ProblemView;
use crate::keys::cosignatures_line;
use crate::service::Service;

const FOREVER: &str = "public, max-age=31536000, immutable";
const FRESH: &str = "no-cache";

/// What lies under `/log/`.
#[utoipa::path(get, path = "/log/", operation_id = "list_log", tag = "log", responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn index() -> &'static str {
    "checkpoint\ntile/LEVEL/INDEX[.p/WIDTH]\ntile/entries/INDEX[.p/WIDTH]\n\
     The layout is C2SP tlog-tiles. The log's key: /keys/log.vkey, its cosigners': /keys/cosigners.vkey; how many must sign: /keys/cosignatures;\n\
     an auditor takes them from the campaign's papers, not from here.\n"
}

/// The checkpoint, a tile or an entry bundle.
pub(crate) async fn log(
    State(service): State<Service>,
    InPath(path): InPath<String>,
) -> Result<Response, Problem> {
    if path == CHECKPOINT_FILE {
        return Ok(answer("text/plain; charset=utf-8", FRESH, service.head().await.into_bytes()));
    }
    let nothing = || Problem::not_found(format!("there is no tile {path:?} in this log")).hint("see /log/");
    let tile: TilePath = path.parse().map_err(|_| nothing())?;
    let bytes = tile_bytes(&service, &tile).await?.ok_or_else(nothing)?;
    Ok(answer("application/octet-stream", FOREVER, bytes))
}

async fn tile_bytes(service: &Service, tile: &TilePath) -> Result<Option<Vec<u8>>, Problem> {
    match tile.kind() {
        TileKind::Hashes { .. } => Ok(service.desk().await.hash_tile(tile)),
        TileKind::Entries if tile.is_within(service.log_size().await) => {
            let leaves = service.shelf().leaves(tile.start(), tile.width()).await?;
            let leaves: Vec<Vec<u8>> = leaves.into_iter().map(|stored| stored.leaf).collect();
            encode_bundle(&leaves).map(Some).map_err(Problem::internal)
        }
        TileKind::Entries => Ok(None),
    }
}

/// The keys that heads carry.
#[utoipa::path(get, path = "/keys/{name}", operation_id = "show_key", tag = "log", params(
    ("name" = String, Path, description = "log.vkey, cosigners.vkey, or cosignatures: how many of these must have signed a head"),
), responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn keys(
    State(service): State<Service>,
    InPath(name): InPath<String>,
) -> Result<Response, Problem> {
    let desk = service.desk().await;
    let text = match name.as_str() {
        "log.vkey" => format!("{}\n", desk.keys().log),
        "cosigners.vkey" => desk.keys().cosigners.iter().flatten().map(|key| format!("{key}\n")).collect(),
        "cosignatures" => cosignatures_line(desk.state().campaign().rules()),
        _ => return Err(Problem::not_found(format!("there is no key {name:?}"))),
    };
    Ok(answer("text/plain; charset=utf-8", FRESH, text.into_bytes()))
}

/// A body that an entry names by its SHA-256, once its release rule allows.
#[utoipa::path(get, path = "/bodies/{hash}", operation_id = "show_body", tag = "log", params(
    ("hash" = String, Path, description = "SHA-256, 64 lowercase hexadecimal digits"),
), responses(
    (status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
    (status = 400, body = ProblemView, content_type = "application/problem+json"),
    (status = 403, body = ProblemView, content_type = "application/problem+json"),
    (status = 404, body = ProblemView, content_type = "application/problem+json"),
))]
pub(crate) async fn body(
    State(service): State<Service>,
    session: Result<Session, Problem>,
    InPath(hash): InPath<String>,
) -> Result<Response, Problem> {
    let hash: Hash = hash.parse().map_err(|_| {
        Problem::unreadable("hash", format!("{hash:?} is no SHA-256")).hint("64 lowercase hexadecimal digits")
    })?;
    let body = service.shelf().body(hash).await?;
    let body = body.ok_or_else(|| Problem::not_found(format!("no entry names a body {hash}")))?;
    check_released(&body, session.as_ref().ok(), service.now())?;
    // What an auditor may read today, a cache must not hand to the public.
    let caching = if body.public_from_s.is_none() { FOREVER } else { "private, no-store" };
    Ok(answer("application/octet-stream", caching, body.bytes))
}

fn check_released(body: &StoredBody, session: Option<&Session>, now: jiff::Timestamp) -> Result<(), Problem> {
    let audits = session.is_some_and(|session| matches!(session.role, Role::Auditor | Role::Inspectorate));
    let from_s = if audits { body.auditors_from_s } else { body.public_from_s };
    let Some(from_s) = from_s.filter(|from_s| now.as_second() < *from_s) else { return Ok(()) };
    let from = jiff::Timestamp::from_second(from_s).unwrap_or(jiff::Timestamp::MAX);
    let who = if audits { "auditors" } else { "the public" };
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "sealed",
        "Not released yet",
        format!("open to {who} from {from} on"),
    ))
}

fn answer(media_type: &'static str, caching: &'static str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, caching),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, bytes).into_response()
}
