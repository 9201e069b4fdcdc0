//! The protobuf messages of the Status protocol, generated from the `.proto` files in `proto`.
//!
//! These types are what was received: nothing in them is checked. Maps are written in key order, which is not the order
//! of other clients, and unknown fields are lost, so bytes that are signed or named by a hash are kept as they came and
//! never encoded again.
#![allow(missing_docs)] // generated: the specification's names are the documentation
#![allow(clippy::all)]

#[rustfmt::skip]
pub mod application;
#[rustfmt::skip]
pub mod backup;
#[rustfmt::skip]
pub mod chat;
#[rustfmt::skip]
pub mod commands;
#[rustfmt::skip]
pub mod common;
#[rustfmt::skip]
pub mod community;
#[rustfmt::skip]
pub mod contact;
#[rustfmt::skip]
pub mod datasync;
#[rustfmt::skip]
pub mod encryption;
#[rustfmt::skip]
pub mod files;
#[rustfmt::skip]
pub mod group;
#[rustfmt::skip]
pub mod identity;
#[rustfmt::skip]
pub mod presence;
#[rustfmt::skip]
pub mod push;
#[rustfmt::skip]
pub mod sds;
#[rustfmt::skip]
pub mod segment;
#[rustfmt::skip]
pub mod sync;
#[rustfmt::skip]
pub mod verification;
