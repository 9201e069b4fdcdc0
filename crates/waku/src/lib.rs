//! Moves envelopes and, as a service node, keeps and serves them.

pub mod archive;

pub use archive::{Archive, ArchiveConfig, ArchiveError, Retention};
