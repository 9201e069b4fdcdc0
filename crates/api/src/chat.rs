//! Chats.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Message, Named};

/// A conversation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Chat {
    /// Names the chat in paths.
    pub id: String,
    /// What kind of conversation it is.
    pub kind: ChatKind,
    /// What to call it: the person's name for a one-to-one chat.
    pub name: String,
    /// The other person's chat key (`zQ3…`), in a one-to-one chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// The colour of a group, `#` and six hexadecimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// Where the picture of a group is; another picture has another path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// How many members a group has, ourselves included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_count: Option<u64>,
    /// Whether we left the group, or were put out; what was said before stays readable.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left: bool,
    /// Messages of others that were not marked read.
    pub unread: u64,
    /// How many of those are meant for us in particular.
    #[serde(default)]
    pub mentions: u64,
    /// How many messages are pinned in it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pinned_count: u64,
    /// Until when it makes no noise (Unix milliseconds); absent or past: it does. 9007199254740991, the last whole number
    /// that every program reads exactly, stands for "until it is switched on again".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted_until: Option<u64>,
    /// What can be done in it as things stand.
    pub can: ChatAbilities,
    /// A text that was begun and not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Draft>,
    /// When something last happened in it (Unix milliseconds); lists are sorted by this, latest first.
    pub active_at: u64,
    /// The latest message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message: Option<Message>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What can be done in a chat. Whatever is not said cannot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ChatAbilities {
    /// Saying something.
    pub write: bool,
    /// Sending pictures.
    pub pictures: bool,
    /// Sending sounds.
    pub sounds: bool,
    /// Sending files of any kind, up to 5 MB.
    pub files: bool,
    /// Sending larger files.
    pub large_files: bool,
    /// Pinning messages.
    pub pin: bool,
}

/// A text that was begun and not sent. It stays on this device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Draft {
    /// The text as its author reads it, at most 16384 characters.
    #[serde(default)]
    pub text: String,
    /// Who is meant by the names in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Named>,
    /// The id of the message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// The id of the message of ours whose text it replaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<String>,
}

/// Enters a public chat.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JoinPublic {
    /// Its name: 1 to 100 small letters, digits and minus signs. Capitals and a sign `#` before it are forgiven.
    pub name: String,
}

/// What kind of conversation a chat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChatKind {
    /// Between two people, end-to-end encrypted.
    OneToOne,
    /// Anyone who knows the name can read it.
    Public,
    /// A private group, end-to-end encrypted.
    Group,
    /// A channel of a community.
    Community,
}
