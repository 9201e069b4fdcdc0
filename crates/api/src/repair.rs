//! What a conversation is missing.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Message;

/// A part of a chat's messages, with the gaps that stand among them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// The messages, the latest first.
    pub items: Vec<Message>,
    /// Give this as `before` to get the next part; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Give this as `after` to get the part that is newer; absent if there is none, and where older ones were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newer: Option<String>,
    /// Messages that are known to exist and are not here, the latest place first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// Messages that are known to exist and are not here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// The message that tells of them; the gap stands right before its place. It may be one that is not shown, such as
    /// an edit.
    pub before: String,
    /// The place of that message, comparable with that of the others.
    pub clock: u64,
    /// How many are missing.
    pub count: u64,
    /// Since when this is known (Unix milliseconds).
    pub since: u64,
    /// What is being done.
    pub state: GapState,
    /// How often others were asked.
    pub asked: u32,
}

/// What is being done about missing messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GapState {
    /// Their author, others who may have them, and store nodes are being asked.
    Searching,
    /// Their author no longer has them.
    Gone,
    /// Nobody answered for about a week.
    GivenUp,
}
