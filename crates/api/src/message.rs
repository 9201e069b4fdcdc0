//! Messages, their delivery states, and pages of them.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{Attachment, Brought, Card, LinkPreview, Named, Reach, Sticker, TextBlock, Written};

/// A message in a chat.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message's id (`0x…`), the same on every device of everyone.
    pub id: String,
    /// The chat it stands in.
    pub chat: String,
    /// What it is.
    pub kind: MessageKind,
    /// Its author's chat key (`zQ3…`), proved by a signature.
    pub author: String,
    /// What to call the author.
    pub author_name: String,
    /// Whether we wrote it.
    pub own: bool,
    /// The text, as its author wrote it.
    pub text: String,
    /// The text to begin an edit with, if it is ours and names people; absent: `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Written>,
    /// What the text looks like; absent: as it reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<TextBlock>,
    /// Whether the text is one to three emoji and nothing else, to be shown large.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emoji_only: bool,
    /// Whether it is for us in particular: it names us or everybody, or answers us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mentions_me: bool,
    /// When the author says it was written (Unix milliseconds).
    pub sent_at: u64,
    /// Position in the chat: messages are ordered by this, then by id.
    pub clock: u64,
    /// How far an own message got; absent on messages of others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// How far an own message in a group got; absent on all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// The message this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Quote>,
    /// Whether we have marked it read.
    pub read: bool,
    /// Whether it came more than a minute after it was sent, into the middle of the chat.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
    /// Previews of links in the text. What they say is the author's claim; making them asked the page from the author's
    /// address, showing them asks nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkPreview>,
    /// When its author last gave it another text (Unix milliseconds); absent if never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<u64>,
    /// Whether it was deleted for everyone: there is nothing left of it but its place.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Who deleted it (`zQ3…`), if not its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<String>,
    /// Whether it is pinned to its chat.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
    /// What to call whoever pinned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned_by_name: Option<String>,
    /// The emoji on it, the one that came first first; at most twenty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reactions: Vec<Reaction>,
    /// What the author did, if this is a line about the chat; `text` says it in English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub happening: Option<Happening>,
    /// People, communities and channels that it hands on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cards: Vec<Card>,
    /// Who said it in another network; the author is then who brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brought: Option<Brought>,
    /// The sticker that it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticker: Option<Sticker>,
    /// A picture, a sound or a file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// One emoji on a message.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reaction {
    /// The emoji.
    pub emoji: String,
    /// How many people chose it.
    pub count: u64,
    /// Whether we are among them.
    pub own: bool,
    /// What to call some of them, the first first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// What a line about the chat tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// The author pinned the message in `replyTo`.
    Pinned,
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    /// Written text.
    Text,
    /// A picture.
    Image,
    /// A sound.
    Audio,
    /// A file.
    File,
    /// A sticker; `text` stands in for its picture.
    Sticker,
    /// Brought over from another network.
    Bridge,
    /// An invitation to a community.
    Community,
    /// The note of a contact request.
    ContactRequest,
    /// A line about the chat itself, such as an accepted request.
    System,
    /// Something this version cannot show; `text` holds what can be said about it.
    Other,
}

/// How far an own message got. A state is shown only on evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Kept safely on this device; the network does not have it yet.
    Queued,
    /// The network took it.
    Sent,
    /// A device of the other person acknowledged it.
    Delivered,
    /// Given up after repeated attempts; it can be sent again.
    Failed,
}

/// The message that a reply answers, as much as is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// The message's id.
    pub id: String,
    /// Its author's chat key, if we have the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// What to call the author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// Its text without marks, on one line, if we have the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether it was deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
}

/// Sends a text.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendText {
    /// 1 to 4096 characters.
    pub text: String,
    /// Who is meant by the names behind the sign `@` in it. A key behind the sign needs no name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Named>,
    /// The id of the message that this answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// Previews that were made of links in the text, by their ids; at most five.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previews: Vec<String>,
}

/// Gives a message of ours another text.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EditText {
    /// 1 to 4096 characters.
    pub text: String,
    /// Who is meant by the names behind the sign `@` in it. A key behind the sign needs no name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mentions: Vec<Named>,
}

/// For whom a message is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DeleteQuery {
    /// For everybody in the chat, or on our own devices only.
    pub r#for: DeleteFor,
}

/// For whom a message is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DeleteFor {
    /// For everybody in the chat: its author may, and an admin of a group.
    Everyone,
    /// On our own devices only.
    Me,
}

/// A message was taken over. It is on disk; the events say how far it gets.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// The message's id.
    pub message_id: String,
}

/// A request was carried out and has nothing more to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {}

/// A part of a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Give this as `before` to get the next part; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Which part of a list to give.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// The `next` of the part before; absent for the first part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// At most so many items, 1 to 200. Default 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Which part of a chat's messages to give: the newest, or those at one of three places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MessagesQuery {
    /// The `next` of another part: what is older than it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The `newer` of another part: what is newer than it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// The id of a message: it, with as much older as newer than it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub around: Option<String>,
    /// At most so many items, 1 to 200. Default 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Which messages to look for. At least one thing has to be said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words; every one has to occur, the last one may be a beginning from three characters on.
    #[serde(default)]
    pub text: String,
    /// Only in this chat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// Only by this person: a chat key, or a link to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// Only sent at this moment or later (Unix milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// Only sent before this moment (Unix milliseconds).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Only of these kinds of message, with commas between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<String>,
    /// The `next` of the part before; absent for the first part. A part may have fewer items than asked for and yet a
    /// `next`: then there is more to look through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// At most so many results, 1 to 200. Default 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
