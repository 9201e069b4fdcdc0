//! How a browser gets in: a code that works once, then a cookie and a secret that the page alone holds.
//!
//! The page proves who it is with every request, and the daemon proves who it is before the page says anything secret: a
//! program that took the daemon's port while it was away learns nothing that opens the door later. `docs/adr` tells why.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Secret;

/// Asks for a code for a browser.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenBrowser {
    /// The origin of a development server on this computer that shows the page instead of the daemon, such as
    /// `http://127.0.0.1:5173`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// The chat to show first; the list of chats, when nothing is named or no such chat is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
}

/// A browser may come in now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invitation {
    /// A page that only the owner of the data directory can read. Opened in a browser, it hands over the code.
    pub file: String,
    /// Where the app is, or the chat in it; a page there takes the code by hand.
    pub address: String,
    /// Works once, and for a minute.
    pub code: Secret,
    /// When it stops working (Unix milliseconds).
    pub expires_at: u64,
}

/// A page asks the daemon to prove itself.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hello {
    /// 32 random bytes in hexadecimal digits.
    pub nonce: String,
}

/// The daemon's proof, and what a page needs for its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// Names this run of the daemon. The page's secret is `HMAC-SHA256(key, "undertone page" LF run LF host)` in
    /// hexadecimal digits, where `host` is the `Host` that the browser sends.
    pub run: String,
    /// `HMAC-SHA256(key, "undertone daemon" LF nonce LF run LF host)` in hexadecimal digits.
    pub proof: String,
}

/// The key of a browser's session, for a page that was loaded again and knows only its secret of this run.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PageKey {
    /// 32 bytes in hexadecimal digits. To be kept in memory only.
    pub key: Secret,
}

/// The header that carries a page's secret.
pub const PAGE_HEADER: &str = "undertone-page";
/// The subprotocol with which a page's WebSocket carries it.
pub const PAGE_PROTOCOL: &str = "undertone.page.";
