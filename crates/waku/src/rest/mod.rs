//! nwaku's REST API, so that scripts and probes made for nwaku work here: its paths, JSON, statuses and words.
//!
//! Plain HTTP without authentication, as there: it listens on loopback unless an operator says otherwise, and whatever
//! changes the node's peers or log is off unless asked for ([`RestConfig::admin`]). Where nwaku's behaviour would hide a
//! failure ours differs; the list is in `docs/protocol/rest.md`. The document at `/openapi.json` is made of the same
//! declarations as the routes.

mod admin;
mod cache;
mod cors;
mod health;
mod lightpush;
mod relay;
mod shapes;
mod store;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use waku_proto::{Envelope, MessageHash, PubsubTopic};

use crate::archive::Archive;
use crate::node::Node;
use cache::Cache;

pub use health::NodeHealth;

/// How the REST API is offered.
#[derive(Clone, Debug)]
pub struct RestConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Whether peers and log can be looked at and changed.
    pub admin: bool,
    /// Messages that wait for scripts, for all topics together.
    pub relay_cache: usize,
    /// Origins of web pages that may ask, with `*` and `?`; none = no word about origins is said.
    pub allow_origins: Vec<String>,
    /// What `/version` says.
    pub version: String,
}

/// What the API serves from.
pub struct RestSources {
    /// The node.
    pub node: Node,
    /// Its archive, if it has one.
    pub archive: Option<Archive>,
    /// The network.
    pub cluster: u16,
    /// Number of shards for requests that leave the choice to the node.
    pub autoshards: Option<u16>,
    /// Topics that are relayed from the start.
    pub topics: Vec<PubsubTopic>,
    /// Changes what is written to the log; `None` if that cannot be changed.
    pub set_log_level: Option<SetLogLevel>,
    /// Says whether the node works; see [`NodeHealth`].
    pub health: watch::Receiver<NodeHealth>,
}

/// Changes what is written to the log; the argument is one of `error`, `warn`, `info`, `debug`, `trace`.
pub type SetLogLevel = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A running API.
#[derive(Debug)]
pub struct Rest {
    app: App,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Rest {
    /// Listens, and answers until [`Self::shutdown`].
    pub async fn start(config: &RestConfig, sources: RestSources) -> Result<Self, RestError> {
        let taken = |_| RestError::Listen(config.listen);
        let listener = TcpListener::bind(config.listen).await.map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let cache = Cache::new(config.relay_cache, sources.topics.iter().cloned());
        let app = App(Arc::new(Inner {
            sources,
            cache: Mutex::new(cache),
            config: config.clone(),
        }));
        let routes = routes(app.clone());
        let (stop, mut stopped) = watch::channel(false);
        let task = tokio::spawn(async move {
            let stopping = async move {
                let _ = stopped.wait_for(|is_stopped| *is_stopped).await;
            };
            let served = axum::serve(listener, routes).with_graceful_shutdown(stopping).await;
            if let Err(error) = served {
                tracing::warn!(%error, "the REST interface ended");
            }
        });
        Ok(Self {
            app,
            address,
            stop,
            task,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Shows it a message that the node told of, so that scripts can fetch it.
    pub fn offer(&self, envelope: Envelope, hash: MessageHash) {
        self.app.cache().add(envelope, hash);
    }

    /// Ends it; answers that are under way have a second.
    pub async fn shutdown(self) {
        let _ = self.stop.send(true);
        let _ = tokio::time::timeout(GOODBYE, self.task).await;
    }
}

/// The machine's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestError {
    /// The port is taken, or the address is not ours.
    #[error("the REST interface cannot listen on {0}; choose another with --rest-address and --rest-port")]
    Listen(SocketAddr),
}

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

struct Inner {
    sources: RestSources,
    cache: Mutex<Cache>,
    config: RestConfig,
}

impl App {
    fn node(&self) -> &Node {
        &self.0.sources.node
    }

    fn sources(&self) -> &RestSources {
        &self.0.sources
    }

    fn config(&self) -> &RestConfig {
        &self.0.config
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.0.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("App").field(&self.0.config).finish()
    }
}

/// The document that describes the API, OpenAPI 3.1.
pub fn document() -> utoipa::openapi::OpenApi {
    api(Admin::On).split_for_parts().1
}

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Undertone service node",
    description = "nwaku's REST API as Undertone's service node serves it: plain HTTP, on loopback unless an operator says otherwise, without authentication."
))]
struct Description;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Admin {
    On,
    Off,
}

fn api(admin: Admin) -> OpenApiRouter<App> {
    let mut routes = OpenApiRouter::with_openapi(Description::openapi())
        .merge(health::routes())
        .merge(relay::routes())
        .merge(store::routes())
        .merge(lightpush::routes());
    if admin == Admin::On {
        routes = routes.merge(admin::routes());
    }
    routes
}

fn routes(app: App) -> Router {
    let admin = if app.config().admin { Admin::On } else { Admin::Off };
    let (routes, _) = api(admin).split_for_parts();
    let document = Json(document());
    routes
        .route("/openapi.json", get(move || async move { document.clone() }))
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(from_fn_with_state(app.clone(), cors::check))
        .with_state(app)
}

/// As nwaku answers: a part that is off is named, anything else is a bad request.
async fn unknown(request: Request) -> Refusal {
    let path = request.uri().path();
    let first = path.split('/').nth(1).unwrap_or_default();
    let absent = BTreeSet::from(["admin", "filter"]);
    if absent.contains(first) {
        let option = if first == "admin" {
            "--rest-admin"
        } else {
            "--filternode"
        };
        return Refusal::new(
            StatusCode::NOT_FOUND,
            format!("/{first} endpoints are not available. Please check your configuration: {option}"),
        );
    }
    Refusal::bad_request("Bad request initiated. Invalid path or method used.")
}

/// Why something was not done, as text.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    text: String,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            status,
            text: text.into(),
        }
    }

    pub(crate) fn bad_request(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, self.text).into_response()
    }
}

/// Done, nothing to tell.
pub(crate) const OK: &str = "OK";

/// Reads a body of JSON, which may also be called text.
fn body<T: DeserializeOwned>(headers: &HeaderMap, bytes: &Bytes) -> Result<T, Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
    if !matches!(kind, Some("application/json" | "text/plain")) {
        return Err(Refusal::bad_request(
            "Wrong Content-Type, expected application/json or text/plain",
        ));
    }
    // The parser says where, and repeats nothing of the value.
    serde_json::from_slice(bytes)
        .map_err(|error| Refusal::bad_request(format!("Invalid content body, could not decode. {error}")))
}

/// As nwaku's.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// For answers under way when the node stops.
const GOODBYE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
