//! Store sync (WAKU2-SYNC as deployed): how store nodes find out what one of them lacks, and hand it over.
//!
//! [`ranges`] says what the messages of a reconciliation are, [`items`] what a node answers, [`transfer`] how
//! a message travels afterwards. Where deployed nodes differ from the specification, they are followed. Who
//! is asked, how often, and what is taken in is not decided here.

pub mod items;
pub mod ranges;
pub mod transfer;

pub use items::{Answer, Items};
pub use ranges::{Content, Payload, Range};

use crate::MessageHash;

/// Where a message stands: its timestamp (Unix nanoseconds, never negative here) and its hash.
pub type Place = (i64, MessageHash);

/// libp2p protocol id of the reconciliation.
pub const PROTOCOL: &str = "/vac/waku/reconciliation/1.0.0";
