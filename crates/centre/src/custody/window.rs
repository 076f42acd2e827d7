//! Where a custodian is asked on its own machine: TLS by raw public keys, and values for the centre alone.

use std::future::Future;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Extension, Json, Router};
use sekong_draw::Release;
use sekong_log::DeviceId;
use tokio::net::TcpListener;

use super::tls::LineKey;
use super::wire::{MESSAGE_MAX_BYTES, RELEASE, RequestJson};
use super::{AskError, CustodianLink};
use crate::api::problem::Problem;
use crate::clock::Clock;
use crate::service::listen::{Door, Peer, listen_behind};

/// Connections of one peer at one time: the centre asks for all its provinces at once.
const CONNECTIONS_MAX: usize = 64;

/// A custodian as it is reached from outside.
#[derive(Clone)]
pub struct Window {
    /// The key by which others know it.
    pub key: LineKey,
    /// Who may ask for values.
    pub centre: DeviceId,
    /// Its own clock.
    pub clock: Arc<dyn Clock>,
    /// Who answers.
    pub custodian: Arc<dyn CustodianLink>,
}

impl Window {
    /// Answers the centre on `listener` until `stop` ends.
    pub async fn serve(self, listener: TcpListener, stop: impl Future<Output = ()>) {
        self.serve_with(listener, &[], Router::new(), stop).await;
    }

    /// The same, and lets `others` in as well, who get no values but see what `shown` shows.
    pub(super) async fn serve_with(
        self,
        listener: TcpListener,
        others: &[DeviceId],
        shown: Router,
        stop: impl Future<Output = ()>,
    ) {
        let peers: Vec<DeviceId> = [self.centre].into_iter().chain(others.iter().copied()).collect();
        let door = Door::new(&self.key, &peers);
        let router = Router::new()
            .route(RELEASE, post(release))
            .layer(DefaultBodyLimit::max(MESSAGE_MAX_BYTES))
            .with_state(self)
            .merge(shown);
        listen_behind(door, listener, router, CONNECTIONS_MAX, stop).await;
    }
}

async fn release(
    State(window): State<Window>,
    Extension(Peer(peer)): Extension<Peer>,
    body: Bytes,
) -> Result<Json<Release>, Problem> {
    if peer != window.centre {
        let detail = "values are given to the centre alone";
        return Err(Problem::new(StatusCode::FORBIDDEN, "other-role", "Not for this peer", detail));
    }
    let request: RequestJson =
        serde_json::from_slice(&body).map_err(|error| Problem::unreadable("body", error))?;
    let request = request.try_into().map_err(|error| Problem::unreadable("leaf", error))?;
    window.custodian.ask(&request, window.clock.now()).await.map(Json).map_err(refused)
}

fn refused(error: AskError) -> Problem {
    match error {
        AskError::Refused(why) => {
            Problem::new(StatusCode::CONFLICT, "custodian-refused", "The custodian keeps its value", why)
        }
        AskError::NoAnswer(why) => Problem::internal(why),
    }
}
