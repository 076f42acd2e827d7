//! Connections: how many, how long each may take to say what it wants, and how they end.

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown, Watcher};
use sekong_log::DeviceId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use crate::custody::tls::{LineKey, peer_of};

/// Longest time for a request's head.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// Longest time for running requests once the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// How long to wait after the system refused a connection, e.g. for want of file descriptors.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// A door that only known peers come through.
#[derive(Clone)]
pub(crate) struct Door {
    acceptor: TlsAcceptor,
    peers: Arc<[DeviceId]>,
}

/// Who came through a [`Door`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) DeviceId);

impl Door {
    /// Only `peers` come in; they know this side by `key`.
    pub(crate) fn new(key: &LineKey, peers: &[DeviceId]) -> Door {
        Door { acceptor: TlsAcceptor::from(key.listening(peers)), peers: peers.into() }
    }

    /// `None` for a stranger, or who takes too long.
    async fn enter(&self, stream: TcpStream) -> Option<(TlsStream<TcpStream>, Peer)> {
        let stream = tokio::time::timeout(HEAD_LIMIT, self.acceptor.accept(stream)).await.ok()?.ok()?;
        let peer = peer_of(stream.get_ref().1.peer_certificates(), &self.peers)?;
        Some((stream, Peer(peer)))
    }
}

/// Answers on `listener` until `stop` ends, then lets running requests end.
pub(crate) async fn listen(
    listener: TcpListener,
    door: Option<Door>,
    router: Router,
    connections_max: usize,
    stop: impl Future<Output = ()>,
) {
    let (places, graceful) = (Arc::new(Semaphore::new(connections_max)), GracefulShutdown::new());
    let mut stop = pin!(stop);
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(REFUSED_PAUSE).await;
            continue;
        };
        let (door, router, watcher) = (door.clone(), router.clone(), graceful.watcher());
        tokio::spawn(async move {
            attend(stream, door, router, watcher).await;
            drop(place);
        });
    }
    drop(listener);
    let _ = tokio::time::timeout(STOP_LIMIT, graceful.shutdown()).await;
}

/// A peer that breaks off or speaks neither TLS nor HTTP concerns nobody else.
async fn attend(stream: TcpStream, door: Option<Door>, router: Router, watcher: Watcher) {
    // Answers are small and whole; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let ended = match door {
        None => watcher.watch(connection(stream, router)).await,
        Some(door) => match door.enter(stream).await {
            Some((stream, peer)) => watcher.watch(connection(stream, router.layer(Extension(peer)))).await,
            None => Ok(()),
        },
    };
    drop(ended);
}

fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
) -> impl GracefulConnection<Error = hyper::Error> + Send {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(answer(router, request).await) }
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT)
        .serve_connection(TokioIo::new(stream), service)
}

async fn answer(router: Router, request: Request<Incoming>) -> axum::response::Response {
    match router.oneshot(request.map(Body::new)).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
