//! What the swarm is made of.

use std::time::Duration;

use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{NetworkBehaviour, StreamProtocol};
use libp2p::{autonat, connection_limits, identify, ping, relay as circuit, upnp};
use tokio::sync::mpsc;
use waku_proto::{filter, lightpush, metadata, peer_exchange, store};

use crate::config::{Mode, NodeConfig};
use crate::inbound::{self, Inbound};
use crate::relay;

#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    /// First, so that a connection too many costs nothing else.
    pub(crate) limits: connection_limits::Behaviour,
    pub(crate) identify: identify::Behaviour,
    pub(crate) ping: ping::Behaviour,
    pub(crate) inbound: inbound::Behaviour,
    pub(crate) outbound: libp2p_stream::Behaviour,
    pub(crate) relay: Toggle<relay::Gossip>,
    /// Carries connections between peers that cannot reach each other.
    pub(crate) hop: Toggle<circuit::Behaviour>,
    /// Finds out whether we can be reached.
    pub(crate) reach: Toggle<autonat::v1::Behaviour>,
    /// Asks the router to let peers in.
    pub(crate) router: Toggle<upnp::tokio::Behaviour>,
}

impl Behaviour {
    /// The behaviour of a node, and the streams that peers will open.
    pub(crate) fn new(
        config: &NodeConfig,
        topics: &relay::Topics,
    ) -> Result<(Self, mpsc::Receiver<Inbound>), &'static str> {
        let limits = connection_limits(config.max_connections);
        let identify = identify::Config::new("ipfs/0.1.0".to_owned(), config.keypair.public())
            .with_agent_version(config.agent.clone())
            .with_interval(Duration::from_secs(30 * 60));
        let (inbound, streams) = inbound::Behaviour::new(protocols(config));
        let relay = match config.mode {
            Mode::Relay => Some(relay::gossip(config, topics)?),
            Mode::Light => None,
        };
        let own = config.keypair.public().to_peer_id();
        let reach = config.way_in;
        let behaviour = Self {
            hop: reach
                .carries_circuits
                .then(|| circuit::Behaviour::new(own, circuit::Config::default()))
                .into(),
            reach: reach
                .asks_peers
                .then(|| autonat::v1::Behaviour::new(own, reachability(config)))
                .into(),
            router: reach.asks_router.then(upnp::tokio::Behaviour::default).into(),
            limits: connection_limits::Behaviour::new(limits),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_EVERY)),
            inbound,
            outbound: libp2p_stream::Behaviour::new(),
            relay: relay.into(),
        };
        Ok((behaviour, streams))
    }
}

/// As nwaku asks: three peers, every half minute. On loopback no address is global.
fn reachability(config: &NodeConfig) -> autonat::v1::Config {
    let is_loopback = |address: &libp2p::Multiaddr| {
        address
            .iter()
            .any(|part| matches!(part, libp2p::multiaddr::Protocol::Ip4(ip) if ip.is_loopback()))
    };
    autonat::v1::Config {
        retry_interval: Duration::from_secs(30),
        refresh_interval: Duration::from_secs(300),
        boot_delay: Duration::from_secs(if config.listen.iter().any(is_loopback) { 1 } else { 15 }),
        only_global_ips: !config.listen.iter().any(is_loopback),
        ..autonat::v1::Config::default()
    }
}

/// So many connections, and what follows from it.
pub(crate) fn connection_limits(most: u32) -> connection_limits::ConnectionLimits {
    connection_limits::ConnectionLimits::default()
        .with_max_established(Some(most))
        .with_max_established_per_peer(Some(MAX_PER_PEER))
        .with_max_pending_incoming(Some(MAX_PENDING))
        .with_max_pending_outgoing(Some(MAX_PENDING))
}

/// The services that this node offers, which is also what identify lists.
fn protocols(config: &NodeConfig) -> Vec<StreamProtocol> {
    let mut protocols = vec![StreamProtocol::new(metadata::PROTOCOL)];
    match config.mode {
        Mode::Light => protocols.push(StreamProtocol::new(filter::PUSH_PROTOCOL)),
        Mode::Relay => {
            if config.archive.is_some() {
                protocols.push(StreamProtocol::new(store::PROTOCOL));
            }
            if config.services.filter {
                protocols.push(StreamProtocol::new(filter::SUBSCRIBE_PROTOCOL));
            }
            if config.services.lightpush {
                protocols.push(StreamProtocol::new(lightpush::PROTOCOL_V3));
                protocols.push(StreamProtocol::new(lightpush::PROTOCOL_V2));
            }
            if config.services.peer_exchange {
                protocols.push(StreamProtocol::new(peer_exchange::PROTOCOL));
            }
        }
    }
    protocols
}

/// Two peers that dial each other at the same time have two for a moment.
const MAX_PER_PEER: u32 = 2;
/// Connections that are being made at the same time, in each direction.
const MAX_PENDING: u32 = 64;
/// Often enough to notice a dead peer within a minute, seldom enough to leave an idle machine alone.
const PING_EVERY: Duration = Duration::from_secs(30);
