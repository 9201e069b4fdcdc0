//! The binary from outside: real processes on loopback.

#![allow(clippy::unwrap_used)]

mod attachments;
mod commands;
mod common;
mod direct;
mod disk;
mod groups;
mod marks;
mod node;
mod packaging;
mod people;
mod public;
mod rates;
mod talk;
