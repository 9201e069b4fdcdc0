//! What a message carries to be looked at: cards of people and communities, stickers, and who said it elsewhere. All of it
//! is what the author of the message claims; nothing was fetched.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Link;

/// A person, community or channel that a message hands on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Card {
    /// Where it leads, and what is said about it. Only the key is certain.
    pub to: Link,
    /// Whether the message invites to the community, with the community's own, signed description.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invitation: bool,
    /// Where a picture is, below the API's address; made anew by the daemon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_path: Option<String>,
}

/// Who said something in another network, from which it was brought.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Brought {
    /// The network.
    pub network: String,
    /// What its author is called there.
    pub author: String,
}

/// A sticker. Its picture is in no message and is not fetched.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sticker {
    /// The number of its pack.
    pub pack: i32,
    /// The hash that names it in the pack.
    pub hash: String,
}
