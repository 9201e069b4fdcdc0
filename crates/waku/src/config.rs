//! What a node is told at its start.

use std::path::PathBuf;
use std::time::Duration;

use libp2p::Multiaddr;
use libp2p::identity::{Keypair, secp256k1};
pub use waku_proto::filter::Limits as FilterLimits;
use waku_proto::{PubsubTopic, Shard};

use crate::archive::Archive;
use crate::certificate::Certificate;
use crate::discovery::DiscoveryConfig;
use crate::places::RelayShare;
use crate::protected::ProtectedShard;
use crate::rates::RateLimits;
use crate::rln::Rln;

/// Settings of a node. [`NodeConfig::default`] is a relaying node of the Status network without
/// listeners, peers and services.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// The node's identity.
    pub keypair: Keypair,
    /// Where to accept TCP and WebSocket connections, for example `/ip4/127.0.0.1/tcp/0` and
    /// `/ip4/127.0.0.1/tcp/0/ws`; `/wss` in place of `/ws` needs a certificate.
    pub listen: Vec<Multiaddr>,
    /// What secure WebSocket listeners show.
    pub certificate: Option<Certificate>,
    /// Addresses at which others reach this node and that it cannot know itself: a name, or the outside
    /// of a router. Without a peer id.
    pub announce: Vec<Multiaddr>,
    /// Tell nobody of any other address.
    pub announce_only: bool,
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
    /// Compare the archive with those of other nodes, and hand over what one of them lacks.
    pub store_sync: Option<StoreSync>,
    /// Longest Waku message, in bytes.
    pub max_message_size: usize,
    /// Connections at the same time.
    pub max_connections: u32,
    /// How they are shared out between peers that relay and those that are served.
    pub relay_share: RelayShare,
    /// Peers in the book; `None` is five for each connection.
    pub peer_capacity: Option<usize>,
    /// Connections from one IP address; 0 = any number. Loopback is exempt.
    pub max_connections_per_ip: u32,
    /// Bytes of messages that gossip may remember, for peers that ask for what they missed in the last six seconds; one
    /// peer may bring three quarters of them. What exceeds it is delivered and passed on all the same.
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
    /// Who makes and judges the proofs of networks that limit rates by them; without, there are none.
    pub rln: Option<Rln>,
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
            certificate: None,
            announce: Vec::new(),
            announce_only: false,
            static_nodes: Vec::new(),
            cluster: STATUS_CLUSTER,
            shards: STATUS_SHARDS.to_vec(),
            mode: Mode::Relay,
            services: Services::default(),
            archive: None,
            store_sync: None,
            max_message_size: 1024 * 1024,
            max_connections: 150,
            relay_share: RelayShare::default(),
            peer_capacity: None,
            max_connections_per_ip: 5,
            gossip_memory: 64 * 1024 * 1024,
            hear_everything: false,
            way_in: WayIn::default(),
            rate_limits: RateLimits::default(),
            filter_limits: FilterLimits::default(),
            protected_shards: Vec::new(),
            rln: None,
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
    /// Calls through those who carry circuits.
    pub circuits: Circuits,
}

/// Whether calls go through a relay that carries them (circuit relay version 2), to become direct connections where the
/// routers in between allow it (DCUtR).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Circuits {
    /// Not at all.
    #[default]
    Unused,
    /// We call others through theirs, and keep one for ourselves while peers say that they cannot reach us.
    WhenUnreachable,
    /// The same, and we always keep one.
    Always,
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
    /// Keeps the records of others for others to find.
    pub rendezvous: bool,
}

/// How archives are compared with those of other nodes. The defaults are the deployed ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreSync {
    /// Between two conversations that we begin. The first begins as soon as there is a peer.
    pub interval: Duration,
    /// How far back.
    pub range: Duration,
    /// What is younger than this is not compared: gossip is still carrying it.
    pub jitter: Duration,
}

impl Default for StoreSync {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(300),
            range: Duration::from_secs(3_600),
            jitter: Duration::from_secs(20),
        }
    }
}

/// Cluster of the Status network.
pub const STATUS_CLUSTER: u16 = 16;
/// Shards that deployed Status clients use.
pub const STATUS_SHARDS: [u16; 2] = [32, 64];
