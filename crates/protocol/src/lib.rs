//! Wraps and unwraps Status messages, and knows the rules of groups and communities.
//!
//! Pure: no clock, no files, no randomness of its own. Bytes from the network become more trusted types layer by layer,
//! or a named reason why not; nothing received can make a function panic, loop or grow without bound.
//!
//! | Module | What it says |
//! | --- | --- |
//! | [`id`], [`clock`] | how messages, installations, chats and communities are named, and when things happen |
//! | [`address`] | on which topics, and under which key, each kind of conversation travels |
//! | [`layers`] | one pair of functions per layer, from an envelope to a signed body and back |
//! | [`files`] | files of any kind between our own clients |
//! | [`backup`] | the container of a backup file |
//! | [`sound`] | which sounds deployed clients play |
//! | [`content`] | what a signed body says, and the rules of its values |
//! | [`extensions`] | what our own clients add, in a field that deployed ones skip |
//! | [`group`] | what a history of signed events makes of a private group |
//! | [`link`] | how people, communities and channels are handed on as links |
//! | [`mention`], [`markup`] | who is called in a text, and what it looks like |
//! | [`wire`] | the generated protobuf messages below all of that |
//!
//! The rules by which a description makes a community with its roles, channels and permissions (`community/`) get their
//! module here; until then its messages parse and their signatures verify, and nothing follows from them.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod address;
pub mod backup;
pub mod clock;
pub mod content;
pub mod extensions;
pub mod files;
pub mod group;
pub mod id;
pub mod layers;
pub mod link;
pub mod markup;
pub mod mention;
pub mod sound;
pub mod wire;

pub use clock::Timestamp;
