//! Plays network and people in tests: whole messengers in virtual time, seeded, on a network that loses, repeats,
//! reorders and falls apart.
//!
//! [`Sim`] runs a life step by step; [`life::Plan`] makes one up from a seed, and [`oracle::Oracle`] knows, without asking
//! anybody, who must hold which messages in the end. No socket is opened, no clock read, and nothing sleeps.

pub use sim::{Sim, Who};

pub mod attachments;
pub mod dice;
pub mod gaps;
pub mod groups;
pub mod life;
pub mod marks;
pub mod network;
pub mod oracle;
pub mod people;
pub mod public;
pub mod sim;
pub mod store_node;
mod stranger;
