//! PinMessage: a message pinned to a chat, or unpinned. The newest clock decides.

use crate::Timestamp;
use crate::content::{MessageType, Rule, message_type, rule};
use crate::id::{ChatId, MessageId};
use crate::wire::chat as wire;

/// A message pinned or unpinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinMessage {
    /// Lamport clock of the chat.
    pub clock: u64,
    /// The message.
    pub message_id: Option<MessageId>,
    /// The chat.
    pub chat_id: Option<ChatId>,
    /// Whether it is pinned from now on.
    pub pinned: bool,
    /// The kind of chat.
    pub message_type: MessageType,
}

impl PinMessage {
    /// Checks everything that does not depend on chat and author; `sent_at` is the time of the envelope.
    pub fn validate(&self, sent_at: Timestamp) -> Result<(), Rule> {
        rule::clock(self.clock, sent_at)?;
        if self.message_id.is_none() {
            return Err(Rule::NoTarget);
        }
        if self.chat_id.is_none() {
            return Err(Rule::NoChat);
        }
        rule::message_type(self.message_type)
    }
}

impl From<wire::PinMessage> for PinMessage {
    fn from(wire: wire::PinMessage) -> PinMessage {
        PinMessage {
            clock: wire.clock,
            message_id: wire.message_id.parse().ok(),
            chat_id: ChatId::new(wire.chat_id).ok(),
            pinned: wire.pinned,
            message_type: message_type(wire.message_type),
        }
    }
}

impl From<&PinMessage> for wire::PinMessage {
    fn from(pin: &PinMessage) -> wire::PinMessage {
        wire::PinMessage {
            clock: pin.clock,
            message_id: pin.message_id.map(|id| id.to_string()).unwrap_or_default(),
            chat_id: pin.chat_id.as_ref().map(|id| id.to_string()).unwrap_or_default(),
            pinned: pin.pinned,
            message_type: pin.message_type as i32,
        }
    }
}
