//! The daemon from outside: real HTTP and WebSockets to one in this process, loopback only.

mod common;
mod door;
mod events;
mod openapi;
mod profiles;
mod start;
