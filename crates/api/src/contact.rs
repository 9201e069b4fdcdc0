//! People: contacts and contact requests.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Presence, ProfileLink, Trust, Verification};

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
    /// What they say of themselves.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bio: String,
    /// Their colour, 0 to 17.
    #[serde(default)]
    pub colour: u32,
    /// The links they show.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<ProfileLink>,
    /// Their picture: the path of the small one; `large` in place of `thumbnail` gives the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Whether they are there, if they tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presence: Option<Presence>,
    /// What we think of them.
    #[serde(default)]
    pub trust: Trust,
    /// When we made sure who they are (Unix milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<u64>,
    /// The newest question of ours to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by_us: Option<Verification>,
    /// The newest question of theirs to us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_by_them: Option<Verification>,
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
