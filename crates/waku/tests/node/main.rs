//! Nodes on loopback, over real sockets. Ports are chosen by the system.

#![allow(clippy::unwrap_used)]

mod common;
mod direct;
mod discovery;
mod filter;
mod mplex;
mod peers;
mod raw;
mod reach;
mod relay;
mod store;
mod wire;
