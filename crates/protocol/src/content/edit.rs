//! EditMessage and DeleteMessage: changing and removing what was written.
//!
//! Both may arrive before the message they are about. Only an author may edit; who may delete what others wrote depends
//! on the chat and is not decided here.

use crypto::PublicKey;

use crate::Timestamp;
use crate::content::chat_message::{UnfurledLink, UnfurledStatusLink, status_links};
use crate::content::{MessageType, Rule, message_type, rule};
use crate::id::{ChatId, MessageId, parse_public_key_text, public_key_text};
use crate::wire::chat as wire;

/// A new text for a message.
#[derive(Clone, PartialEq)]
pub struct EditMessage {
    /// Lamport clock of the chat.
    pub clock: u64,
    /// The new text.
    pub text: String,
    /// The chat.
    pub chat_id: Option<ChatId>,
    /// The message that is changed.
    pub message_id: Option<MessageId>,
    /// The kind of chat.
    pub message_type: MessageType,
    /// The content type the message has from now on; 0 leaves it as it is.
    pub content_type: i32,
    /// Replace the previews of web pages, also when empty.
    pub links: Vec<UnfurledLink>,
    /// Replace the previews of people, communities and channels, also when empty.
    pub status_links: Vec<UnfurledStatusLink>,
}

/// A message removed for everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeleteMessage {
    /// Lamport clock of the chat.
    pub clock: u64,
    /// The chat.
    pub chat_id: Option<ChatId>,
    /// The message that is removed.
    pub message_id: Option<MessageId>,
    /// The kind of chat.
    pub message_type: MessageType,
    /// Who removed it, where that is not its author.
    pub deleted_by: Option<PublicKey>,
}

impl EditMessage {
    /// Checks everything that does not depend on the message that is changed; `sent_at` is the time of the envelope.
    pub fn validate(&self, sent_at: Timestamp) -> Result<(), Rule> {
        rule::clock(self.clock, sent_at)?;
        if self.chat_id.is_none() {
            return Err(Rule::NoChat);
        }
        if self.message_id.is_none() {
            return Err(Rule::NoTarget);
        }
        rule::message_type(self.message_type)?;
        rule::text(&self.text)
    }
}

impl DeleteMessage {
    /// Checks everything that does not depend on the message that is removed. The clock is not looked at.
    pub fn validate(&self) -> Result<(), Rule> {
        if self.chat_id.is_none() {
            return Err(Rule::NoChat);
        }
        if self.message_id.is_none() {
            return Err(Rule::NoTarget);
        }
        rule::message_type(self.message_type)
    }
}

impl std::fmt::Debug for EditMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EditMessage({:?}, clock {})", self.message_id, self.clock)
    }
}

impl From<wire::EditMessage> for EditMessage {
    fn from(wire: wire::EditMessage) -> EditMessage {
        EditMessage {
            clock: wire.clock,
            text: wire.text,
            chat_id: ChatId::new(wire.chat_id).ok(),
            message_id: wire.message_id.parse().ok(),
            message_type: message_type(wire.message_type),
            content_type: wire.content_type,
            links: wire.unfurled_links,
            status_links: wire.unfurled_status_links.unwrap_or_default().unfurled_status_links,
        }
    }
}

impl From<&EditMessage> for wire::EditMessage {
    fn from(edit: &EditMessage) -> wire::EditMessage {
        wire::EditMessage {
            clock: edit.clock,
            text: edit.text.clone(),
            chat_id: edit.chat_id.as_ref().map(|id| id.to_string()).unwrap_or_default(),
            message_id: edit.message_id.map(|id| id.to_string()).unwrap_or_default(),
            message_type: edit.message_type as i32,
            content_type: edit.content_type,
            unfurled_links: edit.links.clone(),
            unfurled_status_links: status_links(&edit.status_links),
            ..wire::EditMessage::default()
        }
    }
}

impl From<wire::DeleteMessage> for DeleteMessage {
    fn from(wire: wire::DeleteMessage) -> DeleteMessage {
        DeleteMessage {
            clock: wire.clock,
            chat_id: ChatId::new(wire.chat_id).ok(),
            message_id: wire.message_id.parse().ok(),
            message_type: message_type(wire.message_type),
            deleted_by: parse_public_key_text(&wire.deleted_by).ok(),
        }
    }
}

impl From<&DeleteMessage> for wire::DeleteMessage {
    fn from(delete: &DeleteMessage) -> wire::DeleteMessage {
        wire::DeleteMessage {
            clock: delete.clock,
            chat_id: delete.chat_id.as_ref().map(|id| id.to_string()).unwrap_or_default(),
            message_id: delete.message_id.map(|id| id.to_string()).unwrap_or_default(),
            message_type: delete.message_type as i32,
            deleted_by: delete.deleted_by.as_ref().map(public_key_text).unwrap_or_default(),
            ..wire::DeleteMessage::default()
        }
    }
}
