//! The one shape of every refusal.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What every answer other than success carries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// Stable, for programs: see [`code`]. Codes of refused commands (such as `message_too_long`) come from the messenger
    /// and are passed on as they are.
    pub code: String,
    /// One sentence for a person, saying what to do.
    pub message: String,
}

impl ErrorBody {
    /// A refusal with its code and sentence.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
        }
    }
}

/// The codes that the daemon itself gives.
pub mod code {
    /// No token, or not the right one.
    pub const UNAUTHORIZED: &str = "unauthorized";
    /// The browser was not let in, or not any more: `undertone open` lets it in.
    pub const NO_SESSION: &str = "no_session";
    /// The request came from a page or host that the daemon does not serve.
    pub const FOREIGN_ORIGIN: &str = "foreign_origin";
    /// The path, the query or the body cannot be understood.
    pub const BAD_REQUEST: &str = "bad_request";
    /// The body is larger than the daemon takes.
    pub const TOO_LARGE: &str = "too_large";
    /// No such path, profile, chat, contact or message.
    pub const NOT_FOUND: &str = "not_found";
    /// The path exists, with another method.
    pub const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
    /// The password does not open the profile.
    pub const WRONG_PASSWORD: &str = "wrong_password";
    /// The profile has to be unlocked first.
    pub const LOCKED: &str = "locked";
    /// Somebody else is using the profile or the data directory.
    pub const BUSY: &str = "busy";
    /// The profile's files are damaged.
    pub const DAMAGED: &str = "damaged";
    /// The disk is full.
    pub const DISK_FULL: &str = "disk_full";
    /// The daemon did not answer in time, or is stopping.
    pub const UNAVAILABLE: &str = "unavailable";
    /// The daemon's own mistake.
    pub const INTERNAL: &str = "internal";
}
