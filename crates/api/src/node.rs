//! The daemon and the network node of an unlocked profile.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{Mode, Profile};

/// The daemon as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DaemonStatus {
    /// The program's version.
    pub version: String,
    /// When it started (Unix milliseconds).
    pub started_at: u64,
    /// The profiles of its data directory.
    pub profiles: Vec<Profile>,
}

/// The network node of an unlocked profile.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeStatus {
    /// Relay or light.
    pub mode: Mode,
    /// Whether messages can travel now.
    pub connectivity: Connectivity,
    /// Our libp2p peer id.
    pub peer_id: String,
    /// Addresses at which other nodes can reach us (multiaddresses that end in our peer id).
    pub addresses: Vec<String>,
    /// The network's cluster.
    pub cluster: u16,
    /// The shards we take part in.
    pub shards: Vec<u16>,
    /// Nodes we are connected to.
    pub peers: Vec<Peer>,
    /// Neighbours by whom gossip comes and goes, topic by topic.
    pub mesh: Vec<MeshTopic>,
    /// Bytes received since start.
    pub bytes_in: u64,
    /// Bytes sent since start.
    pub bytes_out: u64,
    /// What these bytes were for. Together they are all of them.
    pub traffic: Vec<Traffic>,
    /// What we keep for others, in relay mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<Sharing>,
    /// How far our clock seems to be ahead of the others' (milliseconds, negative when behind); absent until enough was
    /// heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead: Option<i64>,
    /// Topics whose history is not complete yet.
    pub history_gaps: u64,
    /// The store nodes that we ask for what we missed, two at most, by their peer ids.
    pub asked: Vec<String>,
    /// Messages waiting to be handed to the network.
    pub outbox: u64,
    /// Addresses of nodes that the person added; we connect to them at every unlocking.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<String>,
}

/// A node to connect to, now and at every unlocking.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AddNode {
    /// Its multiaddress, which ends in `/p2p/` and its peer id.
    pub address: String,
}

/// A node that the person added.
#[derive(Clone, Debug, Deserialize, Serialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AddedNode {
    /// Its address, as it was added.
    pub address: String,
}

/// Whether messages can travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Connectivity {
    /// No usable node is connected: messages wait on this device.
    Offline,
    /// Messages can travel, but it hangs on few nodes.
    Limited,
    /// Messages can travel, and the loss of a node would not be felt.
    Online,
}

/// A node we are connected to.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// Its libp2p peer id.
    pub peer_id: String,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The Waku protocols it serves, such as `relay` and `store`.
    pub protocols: Vec<String>,
    /// What its program calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// How it is connected.
    pub transport: Transport,
    /// Whether we called it; otherwise it called us.
    pub outbound: bool,
    /// Since when it is connected (Unix milliseconds).
    pub since: u64,
    /// How long it takes to answer (milliseconds), once that was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<f64>,
    /// Whether it is one of the neighbours by whom gossip comes and goes.
    pub in_mesh: bool,
}

/// How a node is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// TCP.
    Tcp,
    /// WebSocket.
    Websocket,
    /// WebSocket over TLS.
    SecureWebsocket,
    /// QUIC.
    Quic,
    /// By way of another node.
    Relayed,
    /// Something else.
    Other,
}

/// The gossip of one topic.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeshTopic {
    /// The pubsub topic.
    pub topic: String,
    /// The neighbours, by their peer ids.
    pub peers: Vec<String>,
}

/// Bytes for one purpose since start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// What for.
    pub purpose: Purpose,
    /// Received.
    pub bytes_in: u64,
    /// Sent.
    pub bytes_out: u64,
}

/// What bytes are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// Messages to us and from us, passed on by neighbours.
    Own,
    /// Messages of others that we pass on, and the small change of the connections.
    Others,
    /// Missed messages: asking for ours, and handing out those of others.
    Store,
    /// Messages pushed to light clients, or to us as one.
    Filter,
    /// Messages published for light clients, or for us as one.
    LightPush,
    /// Getting to know nodes: metadata, peer exchange, rendezvous.
    Nodes,
}

/// What the node keeps for other people while it relays.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sharing {
    /// Messages of others kept now.
    pub messages: u64,
    /// Bytes used on disk now.
    pub bytes: u64,
}
