//! The web pages, and what stands in their place when they were not built.

use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::extract::InPath;
use super::problem::Problem;
use crate::service::Service;

/// Pages load nothing from elsewhere and run no script that is not a file of this program.
const POLICY: &str = "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; \
     style-src 'self' 'unsafe-inline'; connect-src 'self'; font-src 'self'; object-src 'none'; \
     base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sekong</title>\
     <p>The pages were not built into this program. Run <code>make build</code> with Node 20 or newer.</p>\
     <p>Everything else works: <a href=\"/openapi.json\">the API</a>, <a href=\"/log/\">the log</a>.</p></html>";

const LANGUAGES: [&str; 3] = ["en", "km", "lo"];

pub(crate) async fn board(State(service): State<Service>, RawQuery(query): RawQuery) -> Response {
    page(&service, "board/index.html", query.as_deref())
}

pub(crate) async fn field(State(service): State<Service>, RawQuery(query): RawQuery) -> Response {
    page(&service, "field/index.html", query.as_deref())
}

pub(crate) async fn receipt(State(service): State<Service>, RawQuery(query): RawQuery) -> Response {
    page(&service, "receipt/index.html", query.as_deref())
}

fn page(service: &Service, path: &str, query: Option<&str>) -> Response {
    let mut response = match service.options().pages.page(path) {
        Some(page) => page.bytes.into_response(),
        None => NOT_BUILT.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Some(cookie) = language(query).and_then(|language| language_cookie(language).parse().ok()) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The language that `?lang=` asks for, if it is one of ours.
fn language(query: Option<&str>) -> Option<&'static str> {
    let asked = query?.split('&').find_map(|pair| pair.strip_prefix("lang="))?;
    LANGUAGES.into_iter().find(|language| *language == asked)
}

/// Scripts read it, so it is not kept from them; it says nothing about a person.
fn language_cookie(language: &str) -> String {
    format!("sekong_lang={language}; Path=/; SameSite=Lax; Max-Age=31536000")
}

pub(crate) async fn asset(
    State(service): State<Service>,
    InPath(path): InPath<String>,
) -> Result<Response, Problem> {
    let page = service.options().pages.page(&format!("assets/{path}"));
    let page = page.ok_or_else(|| Problem::not_found(format!("there is no file /assets/{path}")))?;
    let headers = [
        (header::CONTENT_TYPE, page.media_type),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((StatusCode::OK, headers, page.bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_one_of_three_and_nothing_else_enters_the_cookie() {
        assert_eq!(language(Some("lang=km")), Some("km"));
        assert_eq!(language(Some("a=b&lang=lo")), Some("lo"));
        assert_eq!(language(Some("lang=fr")), None);
        assert_eq!(language(Some("lang=en;x")), None);
        assert_eq!(language(None), None);
    }
}
