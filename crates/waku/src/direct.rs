//! A node for one errand: streams of opaque protocols with peers that were named to it, and nothing of Waku.
//!
//! It has an identity of its own, made when it starts and forgotten when it is dropped, so that nothing joins it with the
//! node beside it. It speaks no gossip and no metadata; peers that were not named are refused when they connect, and every
//! connection ends with the handle. What goes over a stream is its user's business.
//!
//! Where neither side can be reached, relays bring the two together (circuit relay version 2) and they make a direct
//! connection out of that (DCUtR), for which identify tells them their addresses as others see them. A carried connection
//! is no connection yet: streams wait for a direct one, which ends the carried one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use futures::StreamExt as _;
use libp2p::allow_block_list::{self, AllowedPeers};
use libp2p::identity::Keypair;
use libp2p::multiaddr::Protocol;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{ConnectionId, NetworkBehaviour, Stream, StreamProtocol, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm, connection_limits, dcutr, identify, relay as circuit};
use libp2p_stream::{AlreadyRegistered, Control, IncomingStreams};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval, sleep_until, timeout};

use crate::addresses::without_loopback;
use crate::node::StartError;
use crate::transport::{self, Meters};

/// A node for one errand. It ends when it is dropped.
pub struct DirectNode {
    peer_id: PeerId,
    addresses: Vec<Multiaddr>,
    control: Control,
    named: mpsc::Sender<(PeerId, Vec<Multiaddr>)>,
    connected: watch::Receiver<BTreeSet<PeerId>>,
}

/// The other side's fault, or the connection's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectError {
    /// No connection came about in time, in either direction.
    #[error("the other device cannot be reached")]
    Unreachable,
    /// The other side does not speak the protocol, or the connection broke.
    #[error("the connection to the other device broke")]
    Broken,
}

#[derive(NetworkBehaviour)]
struct Behaviour {
    allowed: allow_block_list::Behaviour<AllowedPeers>,
    limits: connection_limits::Behaviour,
    streams: libp2p_stream::Behaviour,
    circuits: Toggle<circuit::client::Behaviour>,
    punch: Toggle<dcutr::Behaviour>,
    identify: Toggle<identify::Behaviour>,
}

impl DirectNode {
    /// Starts a node on the current tokio runtime, listening when this returns. The relays, whose addresses end in their
    /// names, are asked to carry calls; without any, carried calls cannot be made either.
    pub async fn start(listen: Multiaddr, relays: &[Multiaddr]) -> Result<DirectNode, StartError> {
        let keypair = Keypair::generate_ed25519();
        let peer_id = keypair.public().to_peer_id();
        let (to_relays, circuits) = match relays {
            [] => (None, None),
            _ => Some(circuit::client::new(peer_id)).unzip(),
        };
        let transport = transport::build(&keypair, &Meters::default(), None, to_relays)
            .map_err(|_| StartError::Unusable("the network is not usable"))?;
        let limits = connection_limits::ConnectionLimits::default()
            .with_max_established(Some(MAX_CONNECTIONS))
            .with_max_pending_incoming(Some(MAX_CONNECTIONS));
        let behaviour = Behaviour {
            allowed: allow_block_list::Behaviour::default(),
            limits: connection_limits::Behaviour::new(limits),
            streams: libp2p_stream::Behaviour::new(),
            punch: circuits.is_some().then(|| dcutr::Behaviour::new(peer_id)).into(),
            identify: circuits.is_some().then(|| identified(&keypair)).into(),
            circuits: circuits.into(),
        };
        let control = behaviour.streams.new_control();
        let config = libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(IDLE);
        let mut swarm = Swarm::new(transport, behaviour, peer_id, config);
        let mut addresses = listen_on(&mut swarm, listen).await?;
        addresses.extend(listen_at(&mut swarm, relays).await);
        let (named, commands) = mpsc::channel(NAMED);
        let (connected, connected_out) = watch::channel(BTreeSet::new());
        tokio::spawn(run(swarm, commands, connected));
        Ok(DirectNode {
            peer_id,
            addresses,
            control,
            named,
            connected: connected_out,
        })
    }

    /// The node's name.
    pub fn peer_id(&self) -> PeerId {
        self.peer_id
    }

    /// Where it listens, without its name; addresses at relays end in `/p2p-circuit`.
    pub fn addresses(&self) -> &[Multiaddr] {
        &self.addresses
    }

    /// Lets a peer in, dials it at these addresses again and again, and waits until it is connected, whoever dialled.
    pub async fn connect(&self, peer: PeerId, addresses: Vec<Multiaddr>, within: Duration) -> Result<(), DirectError> {
        let mut connected = self.connected.clone();
        let named = self.named.send((peer, addresses)).await;
        named.map_err(|_| DirectError::Broken)?;
        let there = connected.wait_for(|peers| peers.contains(&peer));
        match timeout(within, there).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(DirectError::Broken),
            Err(_) => Err(DirectError::Unreachable),
        }
    }

    /// Opens a stream to a connected peer.
    pub async fn open_stream(&self, peer: PeerId, protocol: &'static str) -> Result<Stream, DirectError> {
        let mut control = self.control.clone();
        let opening = control.open_stream(peer, StreamProtocol::new(protocol));
        match timeout(OPEN, opening).await {
            Ok(Ok(stream)) => Ok(stream),
            _ => Err(DirectError::Broken),
        }
    }

    /// The streams that named peers open for a protocol. A protocol can be asked for once.
    pub fn accept_streams(&self, protocol: &'static str) -> Result<IncomingStreams, AlreadyRegistered> {
        self.control.clone().accept(StreamProtocol::new(protocol))
    }
}

impl std::fmt::Debug for DirectNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DirectNode(..)")
    }
}

/// Opens the listener and waits until its addresses are known.
async fn listen_on(swarm: &mut Swarm<Behaviour>, listen: Multiaddr) -> Result<Vec<Multiaddr>, StartError> {
    let unusable = |reason: String| StartError::Listen {
        address: listen.clone(),
        reason,
    };
    swarm
        .listen_on(listen.clone())
        .map_err(|error| unusable(error.to_string()))?;
    let mut addresses = Vec::new();
    let mut deadline = Instant::now() + FIRST_ADDRESS;
    loop {
        tokio::select! {
            event = swarm.select_next_some() => match event {
                SwarmEvent::NewListenAddr { address, .. } => {
                    // Those of further interfaces come at once behind it.
                    deadline = Instant::now() + MORE_ADDRESSES;
                    addresses.push(address);
                }
                SwarmEvent::ListenerError { error, .. } => return Err(unusable(error.to_string())),
                _ => {}
            },
            () = sleep_until(deadline) => break,
        }
    }
    let mut addresses = without_loopback(addresses);
    addresses.truncate(MAX_ADDRESSES - MAX_RELAYS);
    match addresses.is_empty() {
        true => Err(unusable("no address".into())),
        false => Ok(addresses),
    }
}

/// Asks relays to carry calls, and waits a moment for their answers. Without one, calls come directly or not at all.
async fn listen_at(swarm: &mut Swarm<Behaviour>, relays: &[Multiaddr]) -> Vec<Multiaddr> {
    let mut asked = HashSet::new();
    for relay in relays.iter().take(MAX_RELAYS) {
        let Some(Protocol::P2p(peer)) = relay.iter().last() else {
            continue;
        };
        swarm.behaviour_mut().allowed.allow_peer(peer);
        asked.extend(swarm.listen_on(relay.clone().with(Protocol::P2pCircuit)));
    }
    let mut addresses = Vec::new();
    let answers = async {
        while !asked.is_empty() {
            match swarm.select_next_some().await {
                SwarmEvent::NewListenAddr {
                    listener_id,
                    mut address,
                } if asked.remove(&listener_id) => {
                    address.pop();
                    addresses.push(address);
                }
                SwarmEvent::ListenerClosed { listener_id, .. } => {
                    asked.remove(&listener_id);
                }
                _ => {}
            }
        }
    };
    // Too late is not at all.
    let _ = timeout(RELAYS_ANSWER, answers).await;
    addresses
}

/// Nothing about us but a name made for this errand.
fn identified(keypair: &Keypair) -> identify::Behaviour {
    let config = identify::Config::new("ipfs/0.1.0".to_owned(), keypair.public());
    identify::Behaviour::new(config.with_agent_version(String::new()))
}

async fn run(
    mut swarm: Swarm<Behaviour>,
    mut named: mpsc::Receiver<(PeerId, Vec<Multiaddr>)>,
    connected: watch::Sender<BTreeSet<PeerId>>,
) {
    let mut wanted: Vec<(PeerId, Vec<Multiaddr>)> = Vec::new();
    let mut links: BTreeMap<PeerId, Links> = BTreeMap::new();
    let mut again = interval(DIAL_EVERY);
    loop {
        tokio::select! {
            event = swarm.select_next_some() => match event {
                SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                    let to_peer = links.entry(peer_id).or_default();
                    let kind = if endpoint.is_relayed() { &mut to_peer.carried } else { &mut to_peer.direct };
                    kind.insert(connection_id);
                    if !to_peer.direct.is_empty() {
                        hang_up(&mut swarm, &to_peer.carried);
                    }
                    to_peer.tell(peer_id, &connected);
                }
                SwarmEvent::ConnectionClosed { peer_id, connection_id, num_established, .. } => {
                    let to_peer = links.entry(peer_id).or_default();
                    to_peer.carried.remove(&connection_id);
                    to_peer.direct.remove(&connection_id);
                    to_peer.tell(peer_id, &connected);
                    if num_established == 0 {
                        links.remove(&peer_id);
                    }
                }
                SwarmEvent::Behaviour(BehaviourEvent::Punch(dcutr::Event { remote_peer_id, result: Err(_) })) => {
                    // All ways are tried again.
                    if let Some(to_peer) = links.get(&remote_peer_id) {
                        hang_up(&mut swarm, &to_peer.carried);
                    }
                }
                _ => {}
            },
            command = named.recv() => match command {
                None => return,
                Some((peer, addresses)) => {
                    let allowed = &mut swarm.behaviour_mut().allowed;
                    allowed.allow_peer(peer);
                    addresses.iter().filter_map(relay_of).for_each(|relay| { allowed.allow_peer(relay); });
                    dial(&mut swarm, peer, &addresses);
                    wanted.push((peer, addresses));
                }
            },
            _ = again.tick() => {
                for (peer, addresses) in &wanted {
                    dial(&mut swarm, *peer, addresses);
                }
            }
        }
    }
}

fn hang_up(swarm: &mut Swarm<Behaviour>, connections: &BTreeSet<ConnectionId>) {
    for connection in connections {
        swarm.close_connection(*connection);
    }
}

/// The connections to one peer.
#[derive(Default)]
struct Links {
    direct: BTreeSet<ConnectionId>,
    carried: BTreeSet<ConnectionId>,
}

impl Links {
    /// A stream takes any connection that there is, so the carried ones have to be gone before one is opened.
    fn tell(&self, peer: PeerId, connected: &watch::Sender<BTreeSet<PeerId>>) {
        let is_ready = !self.direct.is_empty() && self.carried.is_empty();
        connected.send_if_modified(|peers| match is_ready {
            true => peers.insert(peer),
            false => peers.remove(&peer),
        });
    }
}

/// Who carries calls to an address.
fn relay_of(address: &Multiaddr) -> Option<PeerId> {
    address.iter().find_map(|part| match part {
        Protocol::P2p(relay) => Some(relay),
        _ => None,
    })
}

/// Without effect while there is a connection, or one is being made.
fn dial(swarm: &mut Swarm<Behaviour>, peer: PeerId, addresses: &[Multiaddr]) {
    if addresses.is_empty() {
        return;
    }
    let dial = DialOpts::peer_id(peer)
        .condition(PeerCondition::DisconnectedAndNotDialing)
        .addresses(addresses.to_vec());
    // What fails is tried again.
    let _ = swarm.dial(dial.build());
}

/// One peer at a time, both may have dialled, in both ways; and the relays of both.
const MAX_CONNECTIONS: u32 = 4 + 2 * MAX_RELAYS as u32;
/// Relays that carry calls.
const MAX_RELAYS: usize = 2;
/// Peers named and not yet dialled.
const NAMED: usize = 4;
/// Addresses that are told.
const MAX_ADDRESSES: usize = 8;
/// A connection without a stream.
const IDLE: Duration = Duration::from_secs(60);
const OPEN: Duration = Duration::from_secs(10);
const DIAL_EVERY: Duration = Duration::from_secs(3);
/// Until a listener says where it is.
const FIRST_ADDRESS: Duration = Duration::from_secs(5);
/// Until a relay says that it carries calls.
const RELAYS_ANSWER: Duration = Duration::from_secs(5);
const MORE_ADDRESSES: Duration = Duration::from_millis(200);
