//! Nodes on loopback, over real sockets. Ports are chosen by the system.

#![allow(clippy::unwrap_used)]

mod common;
mod relay;
