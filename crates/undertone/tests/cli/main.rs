//! The binary from outside: real processes on loopback.

mod commands;
mod common;
mod talk;
