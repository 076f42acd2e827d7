//! Path and query of a request; what cannot be read in them is a problem like any other.

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The named parts of the path.
pub(crate) struct InPath<T>(pub(crate) T);

/// The query.
pub(crate) struct InQuery<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<InPath<T>, Problem> {
        let read = Path::from_request_parts(parts, state).await;
        let unreadable = |why: axum::extract::rejection::PathRejection| {
            Problem::unreadable("path", why.body_text()).hint("percent-encode UTF-8")
        };
        read.map(|Path(path)| InPath(path)).map_err(unreadable)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for InQuery<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<InQuery<T>, Problem> {
        let read = Query::from_request_parts(parts, state).await;
        let unreadable = |why: axum::extract::rejection::QueryRejection| {
            Problem::unreadable("query", why.body_text()).hint("give each parameter once, percent-encoded")
        };
        read.map(|Query(query)| InQuery(query)).map_err(unreadable)
    }
}
