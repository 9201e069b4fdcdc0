//! Pictures, sounds and files of messages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What a message carries besides its text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attachment {
    /// Names it: the id of the message that carries it.
    pub id: String,
    /// What it is.
    pub kind: AttachmentKind,
    /// A file's name, made harmless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its media type; a file's is what the author claims.
    pub mime: String,
    /// Its length in bytes.
    pub size: u64,
    /// A picture's width in pixels, as the author says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// A picture's height in pixels, as the author says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// A sound's length in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Pictures with the same album belong together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub album: Option<String>,
    /// How many pictures the album has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub album_size: Option<u32>,
    /// Where its bytes are, below the API's address; absent until it is here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How far it is.
    pub state: AttachmentState,
    /// How much of it is done, in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// How many parts it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Whether it goes directly from one device to the other: files above 5 MB, if the settings allow it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub direct: bool,
    /// Why it does not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<FileTrouble>,
}

/// Why a file does not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileTrouble {
    /// There is no room for it on this device.
    DiskFull,
    /// What came is not what was announced.
    Wrong,
    /// The other device could not be reached for days.
    Unreachable,
    /// Its author does not have it any more.
    Gone,
}

/// What an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttachmentKind {
    /// A picture. What is shown is made anew by the daemon.
    Image,
    /// A sound: AAC or AMR.
    Audio,
    /// A file of any kind, between our own clients.
    File,
}

/// How far an attachment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AttachmentState {
    /// Announced; nobody asked for it here.
    Offered,
    /// On its way.
    Moving,
    /// All of it is here.
    Complete,
    /// Given up by a person.
    Cancelled,
    /// It cannot come, or is not what was announced.
    Failed,
}

/// What is uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UploadQuery {
    /// What it is to become.
    pub kind: AttachmentKind,
    /// A file's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Something uploaded, made ready to be sent. It waits for some minutes, in memory only.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// Names it in the request that sends it.
    pub id: String,
    /// What it became.
    pub kind: AttachmentKind,
    /// Its length in bytes, as it will be sent.
    pub size: u64,
    /// A picture's width in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// A picture's height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// A sound's length in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// Sends what was uploaded: up to six pictures, or one sound, or one file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendAttachments {
    /// The ids of the uploads.
    pub uploads: Vec<String>,
    /// What stands below pictures.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Who is meant by the names behind the sign `@` in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<crate::Named>,
    /// The id of the message that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
}

/// What a chat takes on this device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChatStorage {
    /// Texts, pictures and sounds.
    pub messages: u64,
    /// Files.
    pub files: u64,
}

/// A chat that takes room on this device, in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StoredChat {
    /// The chat's id; it need not be in the list of chats.
    pub chat: String,
    /// What to call it.
    pub name: String,
    /// Texts, pictures and sounds.
    pub messages: u64,
    /// Files.
    pub files: u64,
}
