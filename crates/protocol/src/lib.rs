//! Wraps and unwraps Status messages, and knows the rules of groups and communities.

pub mod clock;
pub mod id;

pub use clock::Timestamp;
