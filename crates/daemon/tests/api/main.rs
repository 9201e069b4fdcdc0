//! The daemon from outside: real HTTP and WebSockets to one in this process, loopback only.

#![allow(clippy::unwrap_used)]

mod backups;
mod browser;
mod chats;
mod common;
mod discovery;
mod door;
mod events;
mod export;
mod links;
mod openapi;
mod people;
mod previews;
mod profiles;
mod start;
mod typescript;
