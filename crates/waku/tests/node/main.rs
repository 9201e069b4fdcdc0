//! Nodes on loopback, over real sockets. Ports are chosen by the system.

#![allow(clippy::unwrap_used)]

mod abuse;
mod common;
mod direct;
mod discovery;
mod filter;
mod mplex;
mod network;
mod peers;
mod raw;
mod reach;
mod relay;
mod rendezvous;
mod store;
mod sync;
mod wire;
