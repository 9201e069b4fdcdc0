//! Bytes that other implementations made, one test per kind of file.

#![allow(clippy::unwrap_used)]

mod accounts;
mod group;
mod load;
mod payload;
mod primitives;
mod ratchet;
mod wire;
