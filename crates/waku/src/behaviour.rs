//! What the swarm is made of.

use std::time::Duration;

use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::{NetworkBehaviour, StreamProtocol};
use libp2p::{autonat, dcutr, identify, ping, relay as circuit, upnp};
use tokio::sync::mpsc;
use waku_proto::{filter, lightpush, metadata, peer_exchange, store, sync};

use crate::addresses::is_loopback;
use crate::config::{Mode, NodeConfig};
use crate::streams::{self, Inbound};
use crate::{connections, relay, rendezvous};

/// The order matters: what one of the last says to its handlers and hears from them is wrapped and unwrapped least often, so
/// the busiest come last.
#[derive(NetworkBehaviour)]
pub(crate) struct Behaviour {
    /// First, so that a connection too many costs nothing else.
    pub(crate) connections: connections::Behaviour,
    /// Asks the router to let peers in.
    pub(crate) router: Toggle<upnp::tokio::Behaviour>,
    /// Finds out whether we can be reached.
    pub(crate) reach: Toggle<autonat::v1::Behaviour>,
    /// Turns carried calls into direct connections.
    pub(crate) punch: Toggle<dcutr::Behaviour>,
    /// Calls, and is called, through those who carry.
    pub(crate) circuits: Toggle<circuit::client::Behaviour>,
    /// Carries connections between peers that cannot reach each other.
    pub(crate) hop: Toggle<circuit::Behaviour>,
    pub(crate) ping: ping::Behaviour,
    pub(crate) identify: identify::Behaviour,
    pub(crate) streams: streams::Behaviour,
    pub(crate) relay: Toggle<relay::Gossip>,
}

impl Behaviour {
    /// The behaviour of a node, and the streams that peers will open.
    pub(crate) fn new(
        config: &NodeConfig,
        topics: &relay::Topics,
        circuits: Option<circuit::client::Behaviour>,
    ) -> Result<(Self, mpsc::Receiver<Inbound>), &'static str> {
        let identify = identify::Config::new("ipfs/0.1.0".to_owned(), config.keypair.public())
            .with_agent_version(config.agent.clone())
            .with_hide_listen_addrs(config.announce_only)
            .with_interval(Duration::from_secs(30 * 60));
        let (streams, opened) = streams::Behaviour::new(protocols(config));
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
            punch: circuits.is_some().then(|| dcutr::Behaviour::new(own)).into(),
            circuits: circuits.into(),
            reach: reach
                .asks_peers
                .then(|| autonat::v1::Behaviour::new(own, reachability(config)))
                .into(),
            router: reach.asks_router.then(upnp::tokio::Behaviour::default).into(),
            connections: connections::Behaviour::new(config.max_connections),
            identify: identify::Behaviour::new(identify),
            ping: ping::Behaviour::new(ping::Config::new().with_interval(PING_EVERY)),
            streams,
            relay: relay.into(),
        };
        Ok((behaviour, opened))
    }
}

/// As nwaku asks: three peers, every half minute. On loopback, where no address is global and there is nobody
/// to be spared, every second, and the same peer again.
fn reachability(config: &NodeConfig) -> autonat::v1::Config {
    let on_loopback = config.listen.iter().any(is_loopback);
    let (boot_delay, retry_interval, throttle) = if on_loopback { (1, 1, 1) } else { (15, 30, 90) };
    autonat::v1::Config {
        boot_delay: Duration::from_secs(boot_delay),
        retry_interval: Duration::from_secs(retry_interval),
        throttle_server_period: Duration::from_secs(throttle),
        refresh_interval: Duration::from_secs(300),
        only_global_ips: !on_loopback,
        ..autonat::v1::Config::default()
    }
}

/// The services that this node offers, which is also what identify lists.
fn protocols(config: &NodeConfig) -> Vec<StreamProtocol> {
    let mut protocols = vec![StreamProtocol::new(metadata::PROTOCOL)];
    match config.mode {
        Mode::Light => protocols.push(StreamProtocol::new(filter::PUSH_PROTOCOL)),
        Mode::Relay => {
            if config.archive.is_some() {
                protocols.push(StreamProtocol::new(store::PROTOCOL));
                if config.store_sync.is_some() {
                    protocols.push(StreamProtocol::new(sync::PROTOCOL));
                    protocols.push(StreamProtocol::new(sync::transfer::PROTOCOL));
                }
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
            if config.services.rendezvous {
                protocols.extend(rendezvous::SERVED.map(|(protocol, _)| StreamProtocol::new(protocol)));
            }
        }
    }
    protocols
}

/// Often enough to notice a dead peer within a minute, seldom enough to leave an idle machine alone.
const PING_EVERY: Duration = Duration::from_secs(30);
