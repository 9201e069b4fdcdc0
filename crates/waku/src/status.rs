//! What an operator or an application sees of a node.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use libp2p::relay::HOP_PROTOCOL_NAME;
use libp2p::{Multiaddr, PeerId};
use waku_proto::PubsubTopic;
use waku_proto::peers::Origin as PeerOrigin;

use crate::archive::ArchiveExtent;
use crate::config::Services;
use crate::events::Connectivity;
use crate::rln::RlnStatus;

/// The state of a node at one moment.
#[derive(Clone, Debug)]
pub struct NodeStatus {
    /// The node's name on the network.
    pub peer_id: PeerId,
    /// Where it can be dialled, each with its peer id at the end.
    pub addresses: Vec<Multiaddr>,
    /// Its record (31/WAKU2-ENR) as text; empty if its key is of another kind than secp256k1.
    pub record: String,
    /// How well it is connected.
    pub connectivity: Connectivity,
    /// Whether peers say that they can reach us; `None` while they have not been asked.
    pub reachable: Option<bool>,
    /// Connected peers.
    pub peers: Vec<PeerStatus>,
    /// Topics that are relayed, or asked for in light mode.
    pub topics: Vec<PubsubTopic>,
    /// Bytes since the start.
    pub traffic: Traffic,
    /// Messages since the start.
    pub messages: Messages,
    /// What the node does for others.
    pub services: Services,
    /// Requests to the services since the start.
    pub requests: Demand,
    /// How it goes with rate limiting proofs, if the network has them.
    pub rln: Option<RlnStatus>,
    /// Clients of our filter service.
    pub filter_clients: usize,
    /// How much is stored, if there is an archive and it can be read.
    pub archive: Option<ArchiveExtent>,
}

impl NodeStatus {
    /// Peers that carry calls, at the plain addresses (IP and TCP) where this node reached them, with their names.
    pub fn relays(&self) -> Vec<Multiaddr> {
        let carries = |peer: &&PeerStatus| {
            peer.protocols
                .iter()
                .any(|offered| HOP_PROTOCOL_NAME == offered.as_str())
        };
        let is_plain = |address: &Multiaddr| {
            let kinds: Vec<&str> = address.protocol_stack().collect();
            matches!(kinds[..], ["ip4" | "ip6", "tcp"] | ["ip4" | "ip6", "tcp", "p2p"])
        };
        let reached = self.peers.iter().filter(carries).filter(|peer| peer.is_outbound);
        let addresses = reached.filter_map(|peer| peer.address.clone().filter(is_plain)?.with_p2p(peer.peer_id).ok());
        addresses.collect()
    }
}

/// One connected peer.
#[derive(Clone, Debug)]
pub struct PeerStatus {
    /// Its name.
    pub peer_id: PeerId,
    /// The address at the other end of the connection.
    pub address: Option<Multiaddr>,
    /// Whether we dialled it.
    pub is_outbound: bool,
    /// What its program calls itself; empty if it has not said so.
    pub agent: String,
    /// Since when it is connected.
    pub connected_for: Duration,
    /// How long a ping takes, once one was answered.
    pub latency: Option<Duration>,
    /// Protocols that it listed.
    pub protocols: Vec<String>,
    /// Shards that it listed.
    pub shards: Vec<u16>,
    /// Topics in whose mesh it is.
    pub mesh: Vec<PubsubTopic>,
    /// Its gossip score; negative is bad.
    pub score: Option<f64>,
}

/// A peer in the node's book, connected or not.
#[derive(Clone, Debug)]
pub struct KnownPeer {
    /// Its name.
    pub peer_id: PeerId,
    /// Where it can be dialled, or the other end of the connection if nothing better is known.
    pub addresses: Vec<Multiaddr>,
    /// Protocols that it listed.
    pub protocols: Vec<String>,
    /// Shards that it, or its record, listed.
    pub shards: Vec<u16>,
    /// What it calls itself.
    pub agent: String,
    /// How we came to know it.
    pub origin: PeerOrigin,
    /// Whether it is there.
    pub connectedness: Connectedness,
    /// Whether we dialled it.
    pub is_outbound: bool,
    /// Topics of ours that it is subscribed to.
    pub topics: Vec<PubsubTopic>,
    /// Topics in whose mesh it is.
    pub mesh: Vec<PubsubTopic>,
    /// Its gossip score; negative is bad.
    pub score: Option<f64>,
}

/// Whether a peer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Connectedness {
    /// Not yet, or not any more.
    NotConnected,
    /// The last dial failed.
    CannotConnect,
    /// It was connected before and will be again.
    CanConnect,
    /// Yes.
    Connected,
}

/// Messages since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Good ones that came in.
    pub received: u64,
    /// Ones that were turned away by the rules.
    pub rejected: u64,
    /// Ones that were not passed on, because their proofs could not be judged in time.
    pub not_passed_on: u64,
    /// Good ones that were passed on and not kept for peers that might ask for them, because gossip's memory was full.
    pub not_kept: u64,
    /// Ones that this node published, for itself or for light clients.
    pub published: u64,
    /// Ones that the archive could not take in time.
    pub not_archived: u64,
    /// Ones that store sync handed to other store nodes.
    pub handed_over: u64,
    /// Ones that store sync took from other store nodes, known ones included.
    pub taken_over: u64,
}

/// Bytes on the wire inside the encrypted connections since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Everything.
    pub total: Bytes,
    /// Gossip of messages that this node wanted or published, without what gossip adds.
    pub own: Bytes,
    /// Answers and questions of store.
    pub store: Bytes,
    /// Requests and pushes of filter.
    pub filter: Bytes,
    /// Light pushes.
    pub lightpush: Bytes,
    /// Metadata.
    pub metadata: Bytes,
    /// Peer exchange and rendezvous. (Discv5 and the DNS have connections of their own.)
    pub discovery: Bytes,
}

impl Traffic {
    /// What is not one of the services: gossip, and the small change of identify, ping and
    /// negotiation.
    pub fn relay(&self) -> Bytes {
        let services = [self.store, self.filter, self.lightpush, self.metadata, self.discovery];
        let sum = |part: fn(Bytes) -> u64| services.iter().map(|bytes| part(*bytes)).sum::<u64>();
        Bytes {
            received: self.total.received.saturating_sub(sum(|bytes| bytes.received)),
            sent: self.total.sent.saturating_sub(sum(|bytes| bytes.sent)),
        }
    }

    /// Gossip for others: what is left of [`relay`](Self::relay) without our own.
    pub fn relay_for_others(&self) -> Bytes {
        let relay = self.relay();
        Bytes {
            received: relay.received.saturating_sub(self.own.received),
            sent: relay.sent.saturating_sub(self.own.sent),
        }
    }
}

/// A service of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceKind {
    /// 13/WAKU2-STORE.
    Store,
    /// 12/WAKU2-FILTER.
    Filter,
    /// 19/WAKU2-LIGHTPUSH, both versions.
    Lightpush,
    /// 34/WAKU2-PEER-EXCHANGE.
    PeerExchange,
}

/// Requests to the services since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand([RequestCount; 4]);

impl Demand {
    /// Those to one service.
    pub fn of(&self, service: ServiceKind) -> RequestCount {
        self.0[service as usize]
    }
}

/// Requests to a service since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestCount {
    /// Answered.
    pub served: u64,
    /// Refused because they came too often.
    pub rejected: u64,
}

impl Traffic {
    /// Bytes of one service.
    pub fn of(&self, service: ServiceKind) -> Bytes {
        match service {
            ServiceKind::Store => self.store,
            ServiceKind::Filter => self.filter,
            ServiceKind::Lightpush => self.lightpush,
            ServiceKind::PeerExchange => self.discovery,
        }
    }
}

/// Bytes in both directions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    /// From peers.
    pub received: u64,
    /// To peers.
    pub sent: u64,
}

/// Running counts of the services; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    bytes: [Counter; 5],
    requests: [Asked; 4],
    synced: Counter,
}

#[derive(Debug, Default)]
struct Asked {
    served: AtomicU64,
    rejected: AtomicU64,
}

#[derive(Debug, Default)]
struct Counter {
    received: AtomicU64,
    sent: AtomicU64,
}

/// What a stream is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Store,
    Filter,
    Lightpush,
    Metadata,
    Discovery,
}

impl Tally {
    pub(crate) fn received(&self, purpose: Purpose, bytes: usize) {
        self.0.bytes[purpose as usize]
            .received
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self, purpose: Purpose, bytes: usize) {
        self.0.bytes[purpose as usize]
            .sent
            .fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn asked(&self, service: ServiceKind, is_admitted: bool) {
        let asked = &self.0.requests[service as usize];
        let count = if is_admitted { &asked.served } else { &asked.rejected };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Store sync handed a message over.
    pub(crate) fn handed_over(&self) {
        self.0.synced.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// Store sync took a message.
    pub(crate) fn taken_over(&self) {
        self.0.synced.received.fetch_add(1, Ordering::Relaxed);
    }

    /// Messages that store sync handed over, and took.
    pub(crate) fn synced(&self) -> (u64, u64) {
        let counter = &self.0.synced;
        (
            counter.sent.load(Ordering::Relaxed),
            counter.received.load(Ordering::Relaxed),
        )
    }

    pub(crate) fn demand(&self) -> Demand {
        Demand(std::array::from_fn(|service| RequestCount {
            served: self.0.requests[service].served.load(Ordering::Relaxed),
            rejected: self.0.requests[service].rejected.load(Ordering::Relaxed),
        }))
    }

    pub(crate) fn traffic(&self, (received, sent): (u64, u64), own: Bytes) -> Traffic {
        Traffic {
            total: Bytes { received, sent },
            own,
            store: self.of(Purpose::Store),
            filter: self.of(Purpose::Filter),
            lightpush: self.of(Purpose::Lightpush),
            metadata: self.of(Purpose::Metadata),
            discovery: self.of(Purpose::Discovery),
        }
    }

    fn of(&self, purpose: Purpose) -> Bytes {
        let counter = &self.0.bytes[purpose as usize];
        Bytes {
            received: counter.received.load(Ordering::Relaxed),
            sent: counter.sent.load(Ordering::Relaxed),
        }
    }
}
