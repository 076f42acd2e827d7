//! Connections: how many, how long each may take to say what it wants, and how they end.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use sekong_log::DeviceId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt;

use super::lobby::{Lobby, Ticket};
use crate::custody::tls::{LineKey, peer_of};

/// Longest time for a request's head.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// Longest time for running requests once the server stops.
const STOP_LIMIT: Duration = Duration::from_secs(5);

/// How long to wait after the system refused a connection, e.g. for want of file descriptors.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// Longest time until a peer has proved who it is.
const PROOF_LIMIT: Duration = Duration::from_secs(2);

/// A door that only known peers come through. Who has not proved to be one waits in a lobby of its own, so that strangers
/// take no place from those who have.
#[derive(Clone)]
pub(crate) struct Door {
    acceptor: TlsAcceptor,
    peers: Arc<[DeviceId]>,
    lobby: Lobby,
}

/// Who came through a [`Door`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Peer(pub(crate) DeviceId);

impl Door {
    /// Only `peers` come in; they know this side by `key`.
    pub(crate) fn new(key: &LineKey, peers: &[DeviceId]) -> Door {
        let acceptor = TlsAcceptor::from(key.listening(peers));
        Door { acceptor, peers: peers.into(), lobby: Lobby::default() }
    }

    /// `None` for a stranger, or who takes too long, or had to go for a newcomer.
    async fn enter(&self, stream: TcpStream, mut ticket: Ticket) -> Option<(TlsStream<TcpStream>, Peer)> {
        let proved = tokio::select! {
            proved = tokio::time::timeout(PROOF_LIMIT, self.acceptor.accept(stream)) => proved,
            () = ticket.taken_back() => return None,
        };
        let stream = proved.ok()?.ok()?;
        let peer = peer_of(stream.get_ref().1.peer_certificates(), &self.peers)?;
        Some((stream, Peer(peer)))
    }
}

/// Answers everybody on `listener` until `stop` ends, then lets running requests end. Who has asked for nothing yet waits in a
/// lobby, so that those who say nothing take no place from those who do.
pub(crate) async fn listen(
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    stop: impl Future<Output = ()>,
) {
    let (places, graceful) = (Arc::new(Semaphore::new(connections_max)), GracefulShutdown::new());
    let (lobby, mut stop) = (Lobby::default(), pin!(stop));
    while let Some((stream, from)) = accept(&listener, stop.as_mut()).await {
        let mut ticket = lobby.enter(from);
        let (router, watcher, places) = (router.clone(), graceful.watcher(), places.clone());
        tokio::spawn(async move {
            let asked = Arc::new(Notify::new());
            let mut served = pin!(watcher.watch(connection(stream, router, asked.clone())));
            tokio::select! {
                _ = &mut served => return,
                () = ticket.taken_back() => return,
                () = asked.notified() => drop(ticket),
            }
            if let Ok(place) = places.try_acquire_owned() {
                drop(served.await);
                drop(place);
            }
        });
    }
    end(listener, graceful).await;
}

/// Answers those on `listener` who come through `door`, each on so many connections at a time, until `stop` ends.
pub(crate) async fn listen_behind(
    door: Door,
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    stop: impl Future<Output = ()>,
) {
    let own_places = |peer: &DeviceId| (Peer(*peer), Arc::new(Semaphore::new(connections_max)));
    let places: Arc<BTreeMap<Peer, Arc<Semaphore>>> = Arc::new(door.peers.iter().map(own_places).collect());
    let (mut stop, graceful) = (pin!(stop), GracefulShutdown::new());
    while let Some((stream, from)) = accept(&listener, stop.as_mut()).await {
        let ticket = door.lobby.enter(from);
        let (door, router, watcher, places) =
            (door.clone(), router.clone(), graceful.watcher(), places.clone());
        tokio::spawn(async move {
            let Some((stream, peer)) = door.enter(stream, ticket).await else { return };
            let Some(Ok(place)) = places.get(&peer).map(|places| places.clone().try_acquire_owned()) else {
                return;
            };
            let served = connection(stream, router.layer(Extension(peer)), Arc::default());
            drop(watcher.watch(served).await);
            drop(place);
        });
    }
    end(listener, graceful).await;
}

/// Answers everybody on `listener` until `stop` ends. There is always a place for a newcomer: when all are taken, whoever holds
/// most of them loses the oldest.
pub(crate) async fn listen_in_turn(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let (lobby, graceful) = (Lobby::default(), GracefulShutdown::new());
    let mut stop = pin!(stop);
    while let Some((stream, from)) = accept(&listener, stop.as_mut()).await {
        let mut place = lobby.enter(from);
        let (router, watcher) = (router.clone(), graceful.watcher());
        tokio::spawn(async move {
            tokio::select! {
                answered = watcher.watch(connection(stream, router, Arc::default())) => drop(answered),
                () = place.taken_back() => {}
            }
        });
    }
    end(listener, graceful).await;
}

/// The next connection; `None` once `stop` ends. A peer that breaks off or speaks neither TLS nor HTTP concerns nobody else.
async fn accept(
    listener: &TcpListener,
    mut stop: Pin<&mut impl Future<Output = ()>>,
) -> Option<(TcpStream, IpAddr)> {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => return None,
        };
        if let Ok((stream, address)) = accepted {
            // Answers are small and whole; waiting to fill a packet would only delay them.
            let _ = stream.set_nodelay(true);
            return Some((stream, address.ip()));
        }
        tokio::time::sleep(REFUSED_PAUSE).await;
    }
}

async fn end(listener: TcpListener, graceful: GracefulShutdown) {
    drop(listener);
    let _ = tokio::time::timeout(STOP_LIMIT, graceful.shutdown()).await;
}

/// Serves a connection; `asked` hears when the head of a request was read.
fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    asked: Arc<Notify>,
) -> impl GracefulConnection<Error = hyper::Error> + Send {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        asked.notify_one();
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
