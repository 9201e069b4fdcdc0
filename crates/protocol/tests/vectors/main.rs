//! Bytes that other implementations made, one test per kind of file.

#![allow(clippy::unwrap_used)]

mod application;
mod community;
mod datasync;
mod device;
mod encryption;
mod groups;
mod json;
mod links;
mod load;
mod segmentation;
mod sessions;
mod summary;
mod topics;
