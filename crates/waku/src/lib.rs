//! A Waku v2 node: moves envelopes and, as a service node, keeps and serves them.
//!
//! [`Node::start`] gives a handle and a queue of [`NodeEvent`]s. The node knows nothing of what the
//! messages say. In [`Mode::Relay`] it gossips, stores and serves; in
//! [`Mode::Light`] it has messages pushed by filter and published by light push.
//!
//! ```text
//! node.rs      the handle                 task.rs       owns the swarm and every piece of state
//! transport.rs TCP, WebSocket, Noise      connections.rs how many of them there may be
//! relay.rs     gossip and its limits      streams.rs request.rs  peers' streams to our services, ours to theirs
//! store.rs sync.rs filter.rs lightpush.rs metadata.rs   one service each, client and server
//! events.rs    the bounded queue to the application     archive/  what a store node keeps
//! limits.rs    what one peer may take     status.rs     what an operator sees
//! direct.rs    a node for one errand, with none of the rest
//! ```
//!
//! Discovery (`discovery/`: DNS lists, discv5; `peer_exchange.rs`; `rendezvous.rs`) only adds peers to the book of
//! `task.rs`. Operators have `rest/` and `metrics.rs`, which only ask the handle. Rate limiting proofs are made and
//! judged by whoever holds the other end of `rln.rs`.

mod addresses;
mod any_port;
pub mod archive;
mod behaviour;
mod certificate;
mod config;
mod connections;
pub mod direct;
mod discovery;
mod events;
mod filter;
mod framing;
mod lightpush;
mod limits;
mod metadata;
mod meter;
mod metrics;
mod node;
mod peer_exchange;
mod places;
mod protected;
mod rates;
mod relay;
mod rendezvous;
mod request;
mod rest;
mod rln;
mod serve;
mod status;
mod store;
mod streams;
mod sync;
mod task;
mod transport;

pub use certificate::{Certificate, CertificateError};
pub use config::{
    Circuits, FilterLimits, Mode, NodeConfig, STATUS_CLUSTER, STATUS_SHARDS, Services, StoreSync, WayIn, identity,
};
pub use discovery::{
    DiscoveryConfig, Discv5Config, NodeRecord, RecordContents, RecordError, SignedTree, TreeError, TreeLink, WalkError,
};
pub use events::{Connectivity, Events, NodeEvent, Origin};
pub use libp2p::identity::Keypair;
pub use libp2p::multiaddr::Protocol;
pub use libp2p::{Multiaddr, PeerId};
pub use metrics::{Metrics, MetricsError};
pub use node::{HistoryError, Node, PublishError, Receipt, StartError};
pub use places::{Places, RelayShare, RelayShareError};
pub use protected::{ProtectedShard, ProtectedShardError};
pub use rates::{RateLimit, RateLimitError, RateLimits};
pub use rest::{NodeHealth, Rest, RestConfig, RestError, RestSources, SetLogLevel, document as rest_document};
pub use rln::{Rln, RlnDesk, RlnJob, RlnRefusal, RlnStatus, RlnVerdict};
pub use status::{
    Bytes, Connectedness, Demand, KnownPeer, Messages, NodeStatus, PeerStatus, RequestCount, ServiceKind, Traffic,
};
pub use task::control::{ConnectError, LiveLimits};
pub use waku_proto::peers::{Origin as PeerOrigin, Source};
// What the face above speaks of.
pub use waku_proto::store::Query;
pub use waku_proto::{ContentTopic, Envelope, Interests, MessageHash, PubsubTopic, WakuMessage, autoshard};
