//! What the node is and how it is: information, version, health.
//!
//! `/health` answers 200 in every state, as in nwaku; a probe has to read the body. `/health/ready` is ours: 503 unless
//! the node relays with a peer, for probes that look only at the status.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{App, Refusal};
use crate::archive::Archive;
use crate::events::Connectivity;
use crate::relay;
use crate::status::NodeStatus;

/// Whether the node works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeHealth {
    /// It starts.
    Initializing,
    /// It works.
    Ready,
    /// It stops.
    ShuttingDown,
}

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(info))
        .routes(routes!(old_info))
        .routes(routes!(version))
        .routes(routes!(old_version))
        .routes(routes!(health))
        .routes(routes!(ready))
}

/// Addresses and record of the node.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Info {
    /// Where it can be dialled, with its peer id.
    listen_addresses: Vec<String>,
    /// Its record.
    enr_uri: String,
}

/// Addresses and record of the node
#[utoipa::path(get, path = "/info", tag = "node", responses((status = 200, body = Info)))]
async fn info(State(app): State<App>) -> Result<Json<Info>, Refusal> {
    let status = status(&app).await?;
    Ok(Json(Info {
        listen_addresses: status.addresses.iter().map(ToString::to_string).collect(),
        enr_uri: status.record,
    }))
}

/// The old path of `/info`
#[utoipa::path(get, path = "/debug/v1/info", tag = "node", responses((status = 200, body = Info)))]
async fn old_info(app: State<App>) -> Result<Json<Info>, Refusal> {
    info(app).await
}

/// What program this is
#[utoipa::path(get, path = "/version", tag = "node", responses((status = 200, body = String)))]
async fn version(State(app): State<App>) -> String {
    app.config().version.clone()
}

/// The old path of `/version`
#[utoipa::path(get, path = "/debug/v1/version", tag = "node", responses((status = 200, body = String)))]
async fn old_version(app: State<App>) -> String {
    version(app).await
}

/// How the node and each of its protocols are; 200 in every state, read the body
#[utoipa::path(get, path = "/health", tag = "node", responses((status = 200, body = Value)))]
async fn health(State(app): State<App>) -> Response {
    let node = *app.sources().health.borrow();
    let words = match node {
        NodeHealth::Initializing => "INITIALIZING",
        NodeHealth::Ready => "READY",
        NodeHealth::ShuttingDown => "SHUTTING_DOWN",
    };
    let (connection, protocols) = match app.node().status().await {
        Some(status) if node == NodeHealth::Ready => (connection(&status), protocols(&app, &status)),
        _ => ("Disconnected", Vec::new()),
    };
    Json(json!({ "nodeHealth": words, "connectionStatus": connection, "protocolsHealth": protocols })).into_response()
}

/// Whether messages can be passed on; for probes that look only at the status
#[utoipa::path(get, path = "/health/ready", tag = "node", responses((status = 200), (status = 503)))]
async fn ready(State(app): State<App>) -> Result<&'static str, Refusal> {
    let no = |why: &str| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, why);
    if *app.sources().health.borrow() != NodeHealth::Ready {
        return Err(no("the node is starting or stopping"));
    }
    match status(&app).await?.connectivity {
        Connectivity::Disconnected => Err(no(NO_PEERS)),
        Connectivity::Partial | Connectivity::Connected => Ok(super::OK),
    }
}

pub(super) async fn status(app: &App) -> Result<NodeStatus, Refusal> {
    let stopped = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the node has stopped");
    app.node().status().await.ok_or_else(stopped)
}

fn connection(status: &NodeStatus) -> &'static str {
    match status.connectivity {
        Connectivity::Disconnected => "Disconnected",
        Connectivity::Partial => "PartiallyConnected",
        Connectivity::Connected => "Connected",
    }
}

/// One object per protocol, with the protocol as its key.
fn protocols(app: &App, status: &NodeStatus) -> Vec<Value> {
    let relays = status
        .peers
        .iter()
        .any(|peer| peer.protocols.iter().any(|protocol| protocol == relay::PROTOCOL));
    let follows_relay = |name: &str, trouble: &str| {
        if relays {
            json!({ name: "READY" })
        } else {
            json!({ name: "NOT_READY", "desc": trouble })
        }
    };
    let not_mounted = |name: &str| json!({ name: "NOT_MOUNTED" });
    let services = status.services;
    let store = match app.sources().archive.as_ref().map(Archive::trouble) {
        None => not_mounted("Store"),
        Some(None) => json!({ "Store": "READY" }),
        Some(Some(trouble)) => json!({ "Store": "NOT_READY", "desc": trouble.to_string() }),
    };
    let pushes = "Node has no relay peers to fullfill push requests";
    let mounted = |is_mounted: bool, name: &str, trouble: &str| {
        if is_mounted {
            follows_relay(name, trouble)
        } else {
            not_mounted(name)
        }
    };
    vec![
        follows_relay("Relay", NO_PEERS),
        match &status.rln {
            None => not_mounted("Rln Relay"),
            Some(rln) if rln.trouble.is_empty() => json!({ "Rln Relay": "READY" }),
            Some(rln) => json!({ "Rln Relay": "NOT_READY", "desc": rln.trouble }),
        },
        store,
        mounted(
            services.filter,
            "Filter",
            "Relay is not ready, filter will not be able to sort out messages",
        ),
        mounted(services.lightpush, "Lightpush", pushes),
        mounted(services.lightpush, "Legacy Lightpush", pushes),
        if services.peer_exchange {
            json!({ "Peer Exchange": "READY" })
        } else {
            not_mounted("Peer Exchange")
        },
        if services.rendezvous {
            json!({ "Rendezvous": "READY" })
        } else {
            not_mounted("Rendezvous")
        },
    ]
}

const NO_PEERS: &str = "No connected peers";
