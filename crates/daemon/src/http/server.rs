//! The accept loop: a bounded number of connections, none of which may be slow with its headers.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

/// Serves the routes until `stop` becomes true, then gives running requests a moment to finish.
pub(crate) async fn serve(listener: TcpListener, routes: Router, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place.expect("the semaphore is never closed"),
            () = stopped(&mut stop) => break,
        };
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of file descriptors, or the peer left already.
                    tracing::warn!(%error, "a local connection could not be accepted");
                    sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            },
            () = stopped(&mut stop) => break,
        };
        let (routes, stop) = (routes.clone(), stop.clone());
        tokio::spawn(async move {
            connection(stream, routes, stop).await;
            drop(place);
        });
    }
    drop(listener);
    let all = u32::try_from(MAX_CONNECTIONS).expect("a small constant");
    let _ = timeout(FINISH_WITHIN, places.acquire_many(all)).await;
}

async fn connection(stream: TcpStream, routes: Router, mut stop: watch::Receiver<bool>) {
    // Small answers must not wait for more.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(boxed(routes)))
        .with_upgrades();
    let mut connection = std::pin::pin!(connection);
    // A client that leaves in the middle is not our trouble.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = stopped(&mut stop) => connection.as_mut().graceful_shutdown(),
    }
    let _ = connection.await;
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that whoever could say so is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

type Boxed =
    tower::util::BoxCloneSyncService<hyper::Request<hyper::body::Incoming>, axum::response::Response, Infallible>;

fn boxed(routes: Router) -> Boxed {
    Boxed::new(tower::service_fn(
        move |request: hyper::Request<hyper::body::Incoming>| {
            tower::ServiceExt::oneshot(routes.clone(), request.map(Body::new))
        },
    ))
}

/// More than a browser, a few scripts and their event streams need.
const MAX_CONNECTIONS: usize = 128;
/// The smallest that hyper takes, and enough for our headers.
const MAX_HEADERS: usize = 16 << 10;
const HEADERS_WITHIN: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long running requests may take at the end.
const FINISH_WITHIN: Duration = Duration::from_secs(2);
