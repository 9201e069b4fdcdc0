//! A chat as files that anybody can read: a ZIP archive with pages, JSON, and what the messages carry.

/// The header of an answer that is made while it is sent: so many bytes will come, roughly.
pub const ESTIMATE: &str = "undertone-estimate";
