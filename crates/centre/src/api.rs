//! The API: what is asked over HTTP, and what is answered. Handlers parse, ask the service, and show.

mod anchors;
mod board;
mod campaign;
mod clock;
mod dice;
mod disk;
mod doubles;
mod entries;
mod estimates;
mod events;
mod extract;
mod files;
mod map;
mod orders;
mod pages;
mod persons;
mod plants;
pub(crate) mod problem;
mod relays;
mod session;
pub mod views;

use axum::Router;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::service::Service;
pub(crate) use map::CampaignMap;
use problem::Problem;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sekong",
        description = "The operations centre of an inspection campaign. Errors are RFC 9457 problems.",
    ),
    tags(
        (name = "centre", description = "The campaign and its clock; open to all"),
        (name = "sign-in", description = "Who asks"),
        (name = "board", description = "Plan and fact, for the centre"),
        (name = "field", description = "Orders and reports, for teams"),
        (name = "log", description = "The transparency log and what it names; open to all"),
    ),
)]
struct Document;

fn documented() -> OpenApiRouter<Service> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(clock::show))
        .routes(routes!(campaign::show))
        .routes(routes!(disk::show))
        .routes(routes!(map::show))
        .routes(routes!(session::show, session::end))
        .routes(routes!(session::sign_in))
        .routes(routes!(board::show))
        .routes(routes!(board::inspection_detail))
        .routes(routes!(estimates::show))
        .routes(routes!(estimates::teams))
        .routes(routes!(estimates::picture))
        .routes(routes!(orders::show))
        .routes(routes!(entries::take))
        .routes(routes!(entries::enrol))
        .routes(routes!(entries::show))
        .routes(routes!(persons::take))
        .routes(routes!(persons::look))
        .routes(routes!(persons::erase))
        .routes(routes!(relays::relay))
        .routes(routes!(relays::table))
        .routes(routes!(relays::replace))
        .routes(routes!(relays::overdue))
        .routes(routes!(anchors::anchor))
        .routes(routes!(plants::commit))
        .routes(routes!(plants::reveal))
        .routes(routes!(doubles::log))
        .routes(routes!(dice::list))
        .routes(routes!(dice::throw))
        .routes(routes!(dice::outage))
        .routes(routes!(dice::seat_key))
        .routes(routes!(dice::announce))
        .routes(routes!(events::stream))
        .routes(routes!(files::index))
        .routes(routes!(files::keys))
        .routes(routes!(files::body))
}

/// The OpenAPI 3.1 document, made from the handlers.
pub fn openapi() -> utoipa::openapi::OpenApi {
    documented().into_openapi()
}

/// The whole site.
pub(crate) fn router(service: Service) -> Router {
    let (api, document) = documented().split_for_parts();
    let document = document.to_json().unwrap_or_default();
    let openapi = move || async move { ([(header::CONTENT_TYPE, "application/json")], document) };
    api.route("/openapi.json", get(openapi))
        .route("/log/{*path}", get(files::log))
        .route("/", get(pages::board))
        .route("/field", get(pages::field))
        .route("/receipt", get(pages::receipt))
        .route("/assets/{*path}", get(pages::asset))
        .fallback(nothing)
        .method_not_allowed_fallback(other_method)
        .layer(middleware::map_response(kept_nowhere))
        .with_state(service)
}

/// What does not say how long it may be kept is somebody's own, or old at once.
async fn kept_nowhere(mut response: Response) -> Response {
    response.headers_mut().entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

async fn nothing(uri: Uri) -> Problem {
    Problem::not_found(format!("there is no route {}", uri.path())).hint("the routes are in /openapi.json")
}

async fn other_method(uri: Uri) -> impl IntoResponse {
    let detail = format!("{} does not take this method", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method", "Another method is wanted", detail)
        .hint("the methods are in /openapi.json")
}
