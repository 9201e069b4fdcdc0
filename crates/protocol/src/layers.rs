//! The layers of a Status message, from the outside in, each a pair of pure functions.
//!
//! | Layer | Reads | Writes |
//! | --- | --- | --- |
//! | [`transport`] | a Waku message into authenticated bytes | bytes into an envelope |
//! | [`segmentation`] | several of those into one | one into several, when it is large |
//! | [`encryption`] | a protocol message into plaintext | plaintext for installations, groups or everybody |
//! | [`sds`] | a reliability wrapper of community messages into its content | (not written) |
//! | [`datasync`] | a payload into acknowledgements and messages | the same back |
//! | [`application`] | a signed wrapper into author, kind and body | a body into a signed wrapper |
//!
//! A layer that is not there is the rule, not the exception: public messages have no data sync, community descriptions
//! no encryption, and most messages no segments. Every layer therefore says "this is not mine" apart from "this is
//! broken", and the caller goes on with the bytes it has.

pub mod application;
pub mod datasync;
pub mod encryption;
pub mod sds;
pub mod segmentation;
pub mod transport;
