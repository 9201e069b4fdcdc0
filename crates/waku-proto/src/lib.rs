//! What Waku v2 bytes mean, and what a client should do next.
//!
//! Pure: no sockets, no clock, no randomness of its own. Time comes in as an argument, peers are
//! whatever ordered value the caller uses to name them.
//!
//! | Module | Specification |
//! | --- | --- |
//! | [`message`] | 14/WAKU2-MESSAGE, deterministic message hash |
//! | [`topic`], [`shard`] | 23/WAKU2-TOPICS, relay sharding (static and auto) |
//! | [`store`] | 13/WAKU2-STORE version 3, and catching up from it |
//! | [`sync`] | WAKU2-SYNC: range-based reconciliation and transfer between store nodes |
//! | [`gossip`] | 11/WAKU2-RELAY: the mesh's parameters |
//! | [`filter`] | 12/WAKU2-FILTER version 2, both roles |
//! | [`lightpush`] | 19/WAKU2-LIGHTPUSH versions 2 and 3 |
//! | [`metadata`] | 66/WAKU2-METADATA |
//! | [`enr`] | 31/WAKU2-ENR: capabilities, addresses and shards in a node record |
//! | [`peer_exchange`] | 34/WAKU2-PEER-EXCHANGE |
//! | [`rendezvous`] | libp2p's rendezvous, under its own id and the deployed one |
//! | [`rln`] | 17/WAKU2-RLN-RELAY: proofs on the wire, and who exceeds the rate |
//! | [`peers`] | which peers to dial, trust with a request, or leave alone |
//! | [`codec`] | the length prefix in front of every message on a stream |

pub mod codec;
pub mod enr;
pub mod envelope;
pub mod filter;
pub mod gossip;
pub mod interests;
pub mod lightpush;
pub mod message;
pub mod metadata;
pub mod peer_exchange;
pub mod peers;
pub mod rendezvous;
pub mod rln;
pub mod shard;
pub mod store;
pub mod sync;
pub mod topic;
pub mod wire;

pub use envelope::Envelope;
pub use interests::Interests;
pub use message::{MessageHash, WakuMessage};
pub use shard::{AutoshardError, Shard, autoshard};
pub use topic::{ContentTopic, PubsubTopic};
