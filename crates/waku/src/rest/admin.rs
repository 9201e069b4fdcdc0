//! Peers and log, for operators: off unless asked for, because there is no authentication.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use libp2p::PeerId;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use waku_proto::peers::{Origin, Source};
use waku_proto::{PubsubTopic, Shard, filter, lightpush, peer_exchange, rendezvous, store, sync};

use super::health::status;
use super::{App, OK, Refusal, body};
use crate::relay;
use crate::status::{Connectedness, KnownPeer};

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(peers, connect))
        .routes(routes!(peer))
        .routes(routes!(service_peers))
        .routes(routes!(connected_peers))
        .routes(routes!(connected_peers_on))
        .routes(routes!(relay_peers))
        .routes(routes!(relay_peers_on))
        .routes(routes!(mesh_peers))
        .routes(routes!(mesh_peers_on))
        .routes(routes!(stats))
        .routes(routes!(filter_subscriptions))
        .routes(routes!(log_level))
}

/// A peer at one of its addresses.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Peer {
    multiaddr: String,
    protocols: Vec<String>,
    shards: Vec<u16>,
    connected: &'static str,
    agent: String,
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
}

/// The peers of a shard.
#[derive(Debug, Serialize, ToSchema)]
struct PeersOfShard {
    shard: u16,
    peers: Vec<Peer>,
}

impl Peer {
    fn of(peer: &KnownPeer) -> Self {
        let address = peer.addresses.first().cloned().unwrap_or_else(libp2p::Multiaddr::empty);
        Self {
            multiaddr: address.with(libp2p::multiaddr::Protocol::P2p(peer.peer_id)).to_string(),
            protocols: peer.protocols.clone(),
            shards: peer.shards.clone(),
            connected: connectedness(peer.connectedness),
            agent: peer.agent.clone(),
            origin: origin(peer.origin),
            score: None,
        }
    }

    fn with_score(peer: &KnownPeer) -> Self {
        Self {
            score: Some(peer.score.unwrap_or(0.0)),
            ..Self::of(peer)
        }
    }
}

/// All peers in the book
#[utoipa::path(get, path = "/admin/v1/peers", tag = "admin", responses((status = 200, body = Vec<Peer>)))]
async fn peers(State(app): State<App>) -> Json<Vec<Peer>> {
    Json(app.node().peers().await.iter().map(Peer::of).collect())
}

/// Connect to peers, one after the other
#[utoipa::path(post, path = "/admin/v1/peers", tag = "admin", request_body = Vec<String>,
    responses((status = 200, body = String), (status = 400, body = String)))]
async fn connect(State(app): State<App>, headers: HeaderMap, bytes: Bytes) -> Result<&'static str, Refusal> {
    let addresses: Vec<String> = body(&headers, &bytes)?;
    for (index, address) in addresses.iter().enumerate() {
        let failed = |why: String| Refusal::bad_request(format!("Failed to connect to peer at index: {index} - {why}"));
        let address = address
            .parse()
            .map_err(|_| failed(format!("Couldn't parse address: {address}")))?;
        app.node()
            .connect(address)
            .await
            .map_err(|error| failed(error.to_string()))?;
    }
    Ok(OK)
}

/// One peer
#[utoipa::path(get, path = "/admin/v1/peer/{peerId}", tag = "admin", params(("peerId" = String, Path)),
    responses((status = 200, body = Peer), (status = 400, body = String), (status = 404, body = String)))]
async fn peer(State(app): State<App>, Path(id): Path<String>) -> Result<Json<Peer>, Refusal> {
    let id: PeerId = id
        .parse()
        .map_err(|_| Refusal::bad_request(format!("Invalid argument: {id} is not a peer id")))?;
    let peers = app.node().peers().await;
    let found = peers.iter().find(|peer| peer.peer_id == id);
    let none = || Refusal::new(StatusCode::NOT_FOUND, format!("Peer with ID {id} not found"));
    found.map(|peer| Json(Peer::of(peer))).ok_or_else(none)
}

/// Peers that offer something
#[utoipa::path(get, path = "/admin/v1/peers/service", tag = "admin", responses((status = 200, body = Vec<Peer>)))]
async fn service_peers(State(app): State<App>) -> Json<Vec<Peer>> {
    let mut peers: Vec<Peer> = app.node().peers().await.iter().map(Peer::of).collect();
    for peer in &mut peers {
        peer.protocols.retain(|protocol| SERVICES.contains(&protocol.as_str()));
    }
    peers.retain(|peer| !peer.protocols.is_empty());
    Json(peers)
}

/// Connected peers
#[utoipa::path(get, path = "/admin/v1/peers/connected", tag = "admin", responses((status = 200, body = Vec<Peer>)))]
async fn connected_peers(State(app): State<App>) -> Json<Vec<Peer>> {
    Json(connected(&app).await.iter().map(Peer::of).collect())
}

/// Connected peers of a shard
#[utoipa::path(get, path = "/admin/v1/peers/connected/on/{shardId}", tag = "admin", params(("shardId" = u16, Path)),
    responses((status = 200, body = Vec<Peer>), (status = 400, body = String)))]
async fn connected_peers_on(State(app): State<App>, Path(shard): Path<u16>) -> Json<Vec<Peer>> {
    let peers = connected(&app).await;
    let there = peers.iter().filter(|peer| peer.shards.contains(&shard));
    Json(there.map(Peer::of).collect())
}

/// Gossiping peers by shard
#[utoipa::path(get, path = "/admin/v1/peers/relay", tag = "admin", responses((status = 200, body = Vec<PeersOfShard>)))]
async fn relay_peers(State(app): State<App>) -> Result<Json<Vec<PeersOfShard>>, Refusal> {
    by_shard(&app, |peer| &peer.topics).await.map(Json)
}

/// Gossiping peers of a shard
#[utoipa::path(get, path = "/admin/v1/peers/relay/on/{shardId}", tag = "admin", params(("shardId" = u16, Path)),
    responses((status = 200, body = PeersOfShard), (status = 400, body = String)))]
async fn relay_peers_on(State(app): State<App>, Path(shard): Path<u16>) -> Json<PeersOfShard> {
    Json(of_shard(&app, shard, |peer| &peer.topics).await)
}

/// Mesh peers by shard
#[utoipa::path(get, path = "/admin/v1/peers/mesh", tag = "admin", responses((status = 200, body = Vec<PeersOfShard>)))]
async fn mesh_peers(State(app): State<App>) -> Result<Json<Vec<PeersOfShard>>, Refusal> {
    by_shard(&app, |peer| &peer.mesh).await.map(Json)
}

/// Mesh peers of a shard
#[utoipa::path(get, path = "/admin/v1/peers/mesh/on/{shardId}", tag = "admin", params(("shardId" = u16, Path)),
    responses((status = 200, body = PeersOfShard), (status = 400, body = String)))]
async fn mesh_peers_on(State(app): State<App>, Path(shard): Path<u16>) -> Json<PeersOfShard> {
    Json(of_shard(&app, shard, |peer| &peer.mesh).await)
}

/// How many peers there are, by what they are
#[utoipa::path(get, path = "/admin/v1/peers/stats", tag = "admin", responses((status = 200, body = Value)))]
async fn stats(State(app): State<App>) -> Result<Json<Value>, Refusal> {
    let peers = app.node().peers().await;
    let topics = status(&app).await?.topics;
    let mut states = Map::new();
    for state in STATES {
        let count = peers.iter().filter(|peer| peer.connectedness == state).count();
        states.insert(connectedness(state).into(), count.into());
    }
    let per_shard = |total: &str, topics_of: fn(&KnownPeer) -> &Vec<PubsubTopic>| {
        let mut counts = Map::new();
        for (topic, shard) in topics.iter().filter_map(|topic| Some((topic, Shard::of(topic)?))) {
            let count = peers.iter().filter(|peer| topics_of(peer).contains(topic)).count();
            counts.insert(shard.index.to_string(), count.into());
        }
        let all = peers.iter().filter(|peer| !topics_of(peer).is_empty()).count();
        counts.insert(total.into(), all.into());
        counts
    };
    let mut protocols: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for protocol in peers.iter().flat_map(|peer| &peer.protocols) {
        *protocols.entry(protocol).or_default() += 1;
    }
    Ok(Json(json!({
        "Sum": { "Total peers": peers.len() },
        "By Connectedness": states,
        "Relay peers": per_shard("Total relay peers", |peer| &peer.topics),
        "Mesh peers": per_shard("Total mesh peers", |peer| &peer.mesh),
        "By Protocols": protocols,
    })))
}

/// Who subscribed to what
#[utoipa::path(get, path = "/admin/v1/filter/subscriptions", tag = "admin",
    responses((status = 200, body = Value), (status = 400, body = String)))]
async fn filter_subscriptions(State(app): State<App>) -> Result<Json<Value>, Refusal> {
    let off = || Refusal::bad_request("Error: Filter Protocol is not mounted to the node");
    let clients = app.node().filter_subscriptions().await.ok_or_else(off)?;
    let shown = clients.iter().map(|(peer, criteria)| {
        let criteria = criteria
            .iter()
            .map(|(pubsub, content)| json!({ "pubsubTopic": pubsub.as_str(), "contentTopic": content.as_str() }));
        json!({ "peerId": peer.to_string(), "filterCriteria": criteria.collect::<Vec<_>>() })
    });
    Ok(Json(shown.collect()))
}

/// Change what is written to the log
#[utoipa::path(post, path = "/admin/v1/log-level/{level}", tag = "admin", params(("level" = String, Path)),
    responses((status = 200, body = String), (status = 400, body = String), (status = 503, body = String)))]
async fn log_level(State(app): State<App>, Path(level): Path<String>) -> Result<&'static str, Refusal> {
    let level = match level.to_ascii_uppercase().as_str() {
        "TRACE" => "trace",
        "DEBUG" => "debug",
        "INFO" => "info",
        "NOTICE" | "WARN" => "warn",
        "ERROR" | "FATAL" => "error",
        _ => return Err(Refusal::bad_request("Invalid log-level parameter value specified")),
    };
    let fixed = || {
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the log level cannot be changed while running",
        )
    };
    let set = app.sources().set_log_level.as_ref().ok_or_else(fixed)?;
    if set(level) { Ok(OK) } else { Err(fixed()) }
}

async fn connected(app: &App) -> Vec<KnownPeer> {
    let mut peers = app.node().peers().await;
    peers.retain(|peer| peer.connectedness == Connectedness::Connected);
    peers
}

async fn by_shard(app: &App, topics: fn(&KnownPeer) -> &Vec<PubsubTopic>) -> Result<Vec<PeersOfShard>, Refusal> {
    let mut shards = Vec::new();
    for shard in status(app).await?.topics.iter().filter_map(Shard::of) {
        if shard.cluster == app.sources().cluster {
            shards.push(of_shard(app, shard.index, topics).await);
        }
    }
    Ok(shards)
}

async fn of_shard(app: &App, shard: u16, topics: fn(&KnownPeer) -> &Vec<PubsubTopic>) -> PeersOfShard {
    let topic = Shard::new(app.sources().cluster, shard).topic();
    let peers = app.node().peers().await;
    let there = peers.iter().filter(|peer| topics(peer).contains(&topic));
    PeersOfShard {
        shard,
        peers: there.map(Peer::with_score).collect(),
    }
}

fn connectedness(state: Connectedness) -> &'static str {
    match state {
        Connectedness::NotConnected => "NotConnected",
        Connectedness::CannotConnect => "CannotConnect",
        Connectedness::CanConnect => "CanConnect",
        Connectedness::Connected => "Connected",
    }
}

/// In nwaku's words, which has none for a rendezvous point.
fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Inbound | Origin::Discovered(Source::Rendezvous) => "UnknownOrigin",
        Origin::Discovered(Source::Discv5) => "Discv5",
        Origin::Discovered(Source::Dns) => "Dns",
        Origin::Discovered(Source::PeerExchange) => "PeerExchange",
        Origin::Discovered(Source::Saved) => "Cache",
        Origin::Static | Origin::Discovered(Source::BuiltIn) => "Static",
    }
}

const STATES: [Connectedness; 4] = [
    Connectedness::Connected,
    Connectedness::NotConnected,
    Connectedness::CannotConnect,
    Connectedness::CanConnect,
];
const SERVICES: [&str; 10] = [
    relay::PROTOCOL,
    filter::SUBSCRIBE_PROTOCOL,
    store::PROTOCOL,
    lightpush::PROTOCOL_V2,
    lightpush::PROTOCOL_V3,
    peer_exchange::PROTOCOL,
    sync::PROTOCOL,
    sync::transfer::PROTOCOL,
    rendezvous::PROTOCOL,
    rendezvous::PROTOCOL_MIX,
];
