//! People: contacts and contact requests.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person we know of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// Their chat key in the short form (`zQ3…`).
    pub key: String,
    /// What to call them: our nickname for them, else their display name, else a shortened key.
    pub name: String,
    /// Our own name for them, unknown to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The name they gave themselves; anybody may claim any name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// How we stand.
    pub state: ContactState,
    /// The note of the contact request that is open in either direction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How we and a person stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContactState {
    /// Known (seen in a chat, or removed), neither asked nor asking.
    Stranger,
    /// We asked, they have not answered.
    Asked,
    /// They asked, we have not answered.
    Asking,
    /// Both agreed: we can write to each other.
    Mutual,
    /// They asked, we declined. They are not told.
    Declined,
    /// Nothing of theirs is shown or kept.
    Blocked,
}

/// Asks a person to become a contact.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContactRequest {
    /// Their chat key: `zQ3…` or `0x04…`.
    pub key: String,
    /// What they read with the request, 1 to 280 characters.
    pub note: String,
}

/// Names a person for ourselves.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Nickname {
    /// At most 24 characters; empty takes the nickname away.
    pub nickname: String,
}
