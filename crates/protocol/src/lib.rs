//! Wraps and unwraps Status messages, and knows the rules of groups and communities.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod address;
pub mod clock;
pub mod content;
pub mod id;
pub mod layers;
pub mod wire;

pub use clock::Timestamp;
