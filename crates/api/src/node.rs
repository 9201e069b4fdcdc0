//! The daemon and the network node of an unlocked profile.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// Bytes received since start.
    pub bytes_in: u64,
    /// Bytes sent since start.
    pub bytes_out: u64,
    /// What we keep for others, in relay mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<Sharing>,
    /// How far our clock seems to be ahead of the others' (milliseconds, negative when behind); absent until enough was
    /// heard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_ahead: Option<i64>,
    /// Topics whose history is not complete yet.
    pub history_gaps: u64,
    /// Messages waiting to be handed to the network.
    pub outbox: u64,
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    /// Its libp2p peer id.
    pub peer_id: String,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The Waku protocols it serves, such as `relay` and `store`.
    pub protocols: Vec<String>,
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
