//! What a node is told at its start.

use std::path::PathBuf;

use libp2p::Multiaddr;
use libp2p::identity::{Keypair, secp256k1};
pub use waku_proto::filter::Limits as FilterLimits;
use waku_proto::{PubsubTopic, Shard};

use crate::archive::Archive;
use crate::discovery::DiscoveryConfig;
use crate::protected::ProtectedShard;
use crate::rates::RateLimits;

/// Settings of a node. [`NodeConfig::default`] is a relaying node of the Status network without
/// listeners, peers and services.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The node's identity.
    pub keypair: Keypair,
    /// Where to accept TCP and WebSocket connections, for example `/ip4/127.0.0.1/tcp/0` and
    /// `/ip4/127.0.0.1/tcp/0/ws`.
    pub listen: Vec<Multiaddr>,
    /// Addresses at which others reach this node and that it cannot know itself: a name, or the outside
    /// of a router. Without a peer id.
    pub announce: Vec<Multiaddr>,
    /// Peers to stay connected to. Each address ends in `/p2p/<peer id>`.
    pub static_nodes: Vec<Multiaddr>,
    /// The network.
    pub cluster: u16,
    /// The shards that are relayed, or asked for in light mode.
    pub shards: Vec<u16>,
    /// Relaying or light.
    pub mode: Mode,
    /// What is served to others; only a relaying node can serve.
    pub services: Services,
    /// Messages that were relayed go here, and store queries are answered from it.
    pub archive: Option<Archive>,
    /// Longest Waku message, in bytes.
    pub max_message_size: usize,
    /// Connections at the same time.
    pub max_connections: u32,
    /// Connections from one IP address; 0 = any number. Loopback is exempt.
    pub max_connections_per_ip: u32,
    /// Bytes of messages that gossip may remember, which is about six seconds of traffic; one peer may
    /// bring three quarters of them. What exceeds it is delivered here but not passed on. The default
    /// is above what a link of 1 Gbit/s brings; a small machine should have less.
    pub gossip_memory: usize,
    /// Tell the application of every message on every topic that is relayed, not only of what it is interested in.
    pub hear_everything: bool,
    /// How peers that cannot reach us or each other are helped.
    pub way_in: WayIn,
    /// How often the services may be asked.
    pub rate_limits: RateLimits,
    /// How much the filter service takes on.
    pub filter_limits: FilterLimits,
    /// Shards on which every message is signed.
    pub protected_shards: Vec<ProtectedShard>,
    /// How other nodes are found; by default not at all.
    pub discovery: DiscoveryConfig,
    /// Where the addresses of good peers are kept, so that a restart finds the network by itself.
    pub peer_file: Option<PathBuf>,
    /// Number of shards for requests that leave the choice to the node (autosharding); `None` on a
    /// network of static shards, as Status is.
    pub autoshards: Option<u16>,
    /// What the node calls itself in identify.
    pub agent: String,
}

impl Default for NodeConfig {
    fn default() -> Self {
        Self {
            keypair: Keypair::generate_secp256k1(),
            listen: Vec::new(),
            announce: Vec::new(),
            static_nodes: Vec::new(),
            cluster: STATUS_CLUSTER,
            shards: STATUS_SHARDS.to_vec(),
            mode: Mode::Relay,
            services: Services::default(),
            archive: None,
            max_message_size: 1024 * 1024,
            max_connections: 150,
            max_connections_per_ip: 5,
            gossip_memory: 1024 * 1024 * 1024,
            hear_everything: false,
            way_in: WayIn::default(),
            rate_limits: RateLimits::default(),
            filter_limits: FilterLimits::default(),
            protected_shards: Vec::new(),
            discovery: DiscoveryConfig::default(),
            peer_file: None,
            autoshards: None,
            agent: concat!("undertone/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

impl NodeConfig {
    /// The pubsub topics of the configured shards.
    pub fn pubsub_topics(&self) -> impl Iterator<Item = PubsubTopic> {
        self.shards.iter().map(|index| Shard::new(self.cluster, *index).topic())
    }
}

/// The identity with this secp256k1 secret key (32 bytes, big-endian); `None` if it is not one.
pub fn identity(secret: &[u8; 32]) -> Option<Keypair> {
    // The callee wipes the copy.
    let secret = secp256k1::SecretKey::try_from_bytes(*secret).ok()?;
    Some(secp256k1::Keypair::from(secret).into())
}

/// How a node takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Gossips with everybody.
    Relay,
    /// Has chosen messages pushed to it (filter) and asks others to publish (light push).
    Light,
}

/// How peers get in past routers; by default in no special way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WayIn {
    /// Carry connections between peers that cannot reach each other (circuit relay version 2).
    pub carries_circuits: bool,
    /// Ask peers whether they can reach us, and answer them (AutoNAT).
    pub asks_peers: bool,
    /// Ask the router for a way in (UPnP).
    pub asks_router: bool,
}

/// What a relaying node does for others. Store is served whenever there is an archive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// Pushes messages to subscribers.
    pub filter: bool,
    /// Publishes for others.
    pub lightpush: bool,
    /// Tells others of nodes that discv5 came across.
    pub peer_exchange: bool,
}

/// Cluster of the Status network.
pub const STATUS_CLUSTER: u16 = 16;
/// Shards that deployed Status clients use.
pub const STATUS_SHARDS: [u16; 2] = [32, 64];
