//! What an operator asks of a running node: topics to join and leave, peers to call, and who is there.

use std::collections::BTreeSet;

use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId};
use tokio::sync::oneshot;
use waku_proto::peers::{Link, Origin as PeerOrigin, Peer};
use waku_proto::{PubsubTopic, Shard};

use super::{Task, split};
use crate::filter::Clients;
use crate::places::RelayShare;
use crate::rates::RateLimits;
use crate::relay;
use crate::status::{Connectedness, KnownPeer};

/// An operator's wish.
pub(crate) enum Control {
    /// Relay these topics too.
    Join(Vec<PubsubTopic>),
    /// Relay these topics no longer.
    Leave(Vec<PubsubTopic>),
    /// Connect to this address; answered when it is clear whether that went well.
    Connect(Multiaddr, oneshot::Sender<Result<PeerId, ConnectError>>),
    /// Hang up, and call no more.
    Forget(PeerId),
    /// Who subscribed to what by filter; dropped unanswered if that is not served.
    FilterSubscriptions(oneshot::Sender<Clients>),
    /// Other limits from now on.
    Limit(LiveLimits),
    /// Everybody in the book.
    Peers(oneshot::Sender<Vec<KnownPeer>>),
}

/// Limits that can be changed while the node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveLimits {
    /// How often the services may be asked.
    pub rates: RateLimits,
    /// Connections at the same time; peers that came and for whom there is no place any more go.
    pub max_connections: u32,
    /// How they are shared out.
    pub relay_share: RelayShare,
    /// Connections from one IP address; 0 = any number.
    pub max_connections_per_ip: u32,
}

/// The peer cannot be reached, or the address is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// An address ends in `/p2p/` and a peer id.
    #[error("the address has to end in /p2p/ and the peer's id")]
    NoPeerId,
    /// Nobody answered, or it was somebody else.
    #[error("the peer cannot be reached")]
    Unreachable,
}

impl Task {
    pub(super) fn control(&mut self, control: Control) {
        match control {
            Control::Join(topics) => {
                self.joined.extend(topics);
                self.join_topics();
            }
            Control::Leave(topics) => {
                let left: BTreeSet<PubsubTopic> = topics.into_iter().collect();
                self.joined.retain(|topic| !left.contains(topic));
                let cluster = self.config.cluster;
                self.config
                    .shards
                    .retain(|index| !left.contains(&Shard::new(cluster, *index).topic()));
                self.join_topics();
            }
            Control::Connect(address, reply) => self.connect(&address, reply),
            Control::Forget(peer) => {
                self.book.forget(&peer);
                let _ = self.swarm.disconnect_peer_id(peer);
            }
            Control::FilterSubscriptions(reply) => {
                if let Some(filter) = self.filter.clone() {
                    tokio::spawn(async move { filter.list(reply).await });
                }
            }
            Control::Limit(limits) => {
                self.doors.set(limits.rates);
                self.config.max_connections = limits.max_connections;
                self.config.relay_share = limits.relay_share;
                self.config.max_connections_per_ip = limits.max_connections_per_ip;
                self.swarm.behaviour_mut().connections.allow(limits.max_connections);
            }
            Control::Peers(reply) => {
                let peers = self.book.peers().map(|(peer, known)| self.known_peer(*peer, known));
                let _ = reply.send(peers.collect());
            }
        }
    }

    fn connect(&mut self, address: &Multiaddr, reply: oneshot::Sender<Result<PeerId, ConnectError>>) {
        let Some((peer, address)) = split(address) else {
            let _ = reply.send(Err(ConnectError::NoPeerId));
            return;
        };
        self.book.add(peer, address.clone(), PeerOrigin::Static);
        if self.swarm.is_connected(&peer) {
            let _ = reply.send(Ok(peer));
            return;
        }
        let dial = DialOpts::peer_id(peer)
            .condition(PeerCondition::Disconnected)
            .addresses(vec![address])
            .build();
        match self.swarm.dial(dial) {
            Ok(()) => self.calls.entry(peer).or_default().push(reply),
            Err(_) => {
                let _ = reply.send(Err(ConnectError::Unreachable));
            }
        }
    }

    /// Tells those who asked for a call how it went.
    pub(super) fn called(&mut self, peer: PeerId, result: Result<(), ConnectError>) {
        for reply in self.calls.remove(&peer).into_iter().flatten() {
            let _ = reply.send(result.map(|()| peer));
        }
    }

    fn known_peer(&self, peer_id: PeerId, known: &Peer<Multiaddr>) -> KnownPeer {
        let gossip = self.swarm.behaviour().relay.as_ref();
        let here = self.topics.list();
        let listens = |topic: &PubsubTopic| {
            let hash = relay::ident(topic).hash();
            gossip.is_some_and(|gossip| {
                let mut peers = gossip.all_peers();
                peers.any(|(peer, topics)| *peer == peer_id && topics.contains(&&hash))
            })
        };
        let in_mesh = |topic: &PubsubTopic| {
            let hash = relay::ident(topic).hash();
            gossip.is_some_and(|gossip| gossip.mesh_peers(&hash).any(|peer| *peer == peer_id))
        };
        let link = self.links.get(&peer_id).and_then(|links| links.values().next());
        let mut addresses = known.addresses().to_vec();
        if let Some(link) = link
            && addresses.is_empty()
        {
            addresses.push(link.get_remote_address().clone());
        }
        KnownPeer {
            peer_id,
            addresses,
            protocols: known.protocols().map(str::to_owned).collect(),
            shards: known.shards().to_vec(),
            agent: known.agent().to_owned(),
            origin: known.origin(),
            connectedness: match known.link() {
                Link::Connected(_) => Connectedness::Connected,
                _ if known.failures() > 0 => Connectedness::CannotConnect,
                _ if known.is_proven() => Connectedness::CanConnect,
                _ => Connectedness::NotConnected,
            },
            is_outbound: link.is_some_and(libp2p::core::ConnectedPoint::is_dialer),
            topics: here.iter().filter(|topic| listens(topic)).cloned().collect(),
            mesh: here.iter().filter(|topic| in_mesh(topic)).cloned().collect(),
            score: gossip.and_then(|gossip| relay::score(gossip, &peer_id)),
        }
    }
}
