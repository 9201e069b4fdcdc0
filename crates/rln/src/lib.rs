//! Rate limiting nullifiers (17/WAKU2-RLN-RELAY, second version of RLN): makes and verifies the proofs by which relays of
//! some Waku networks know that a sender keeps its rate, without knowing the sender.
//!
//! ```text
//! circuit.rs   the proofs themselves, by zerokit        identity.rs  who a member is
//! group.rs     a fixed list of members                  chain/       members that a contract knows, by JSON-RPC
//! keystore.rs  the file that holds a membership         spent.rs     the numbers it has used, on disk
//! service.rs   all of it together, for a node
//! ```
//!
//! What the bytes mean and what is remembered of them is in `waku_proto::rln`, without any of this cryptography; what a node
//! does with a verdict is in `waku`, which does not know this crate. Nobody is
//! registered here and nobody is punished: a contract does the one with somebody's money, and the deployed network does
//! without the other.

pub mod chain;
mod circuit;
mod field;
mod group;
mod identity;
mod keystore;
pub mod service;
mod spent;

pub use circuit::{Circuit, Member, MerklePath, ProveError, Unrecoverable, recover};
pub use group::{Group, GroupError};
pub use identity::Identity;
pub use keystore::{Credential, Keystore, KeystoreError, Membership, Pick};
pub use spent::{Spent, SpentError};
