//! EmojiReaction: an emoji on a message, or taken off.
//!
//! Old clients know six of them by number. Both forms are written, and the text is believed first.

use crate::Timestamp;
use crate::content::{MessageType, Rule, message_type, rule};
use crate::id::{ChatId, MessageId};
use crate::wire::chat as wire;
use crate::wire::chat::emoji_reaction::Type;

/// An emoji on a message. Author, message and emoji identify it; the newest clock decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmojiReaction {
    /// Lamport clock of the chat.
    pub clock: u64,
    /// The chat.
    pub chat_id: Option<ChatId>,
    /// The message, which need not be known.
    pub message_id: Option<MessageId>,
    /// The kind of chat.
    pub message_type: MessageType,
    /// The emoji; empty if an old client sent a number without meaning.
    pub emoji: String,
    /// Whether it is taken off.
    pub retracted: bool,
}

impl EmojiReaction {
    /// Checks everything that does not depend on chat and author; the clock is held against the *local* time `now`.
    pub fn validate(&self, now: Timestamp) -> Result<(), Rule> {
        rule::clock(self.clock, now)?;
        if self.message_id.is_none() {
            return Err(Rule::NoTarget);
        }
        if self.chat_id.is_none() {
            return Err(Rule::NoChat);
        }
        if self.emoji.is_empty() || self.emoji.len() > MAX_EMOJI_BYTES {
            return Err(Rule::Reaction);
        }
        if self.message_type == MessageType::UnknownMessageType {
            Err(Rule::MessageType)
        } else {
            Ok(())
        }
    }
}

impl From<wire::EmojiReaction> for EmojiReaction {
    fn from(wire: wire::EmojiReaction) -> EmojiReaction {
        let by_number = || {
            let known = NUMBERED.iter().find(|(number, _)| *number as i32 == wire.r#type);
            known.map(|(_, emoji)| (*emoji).to_owned()).unwrap_or_default()
        };
        EmojiReaction {
            clock: wire.clock,
            chat_id: ChatId::new(wire.chat_id).ok(),
            message_id: wire.message_id.parse().ok(),
            message_type: message_type(wire.message_type),
            emoji: if wire.emoji.is_empty() { by_number() } else { wire.emoji },
            retracted: wire.retracted,
        }
    }
}

impl From<&EmojiReaction> for wire::EmojiReaction {
    fn from(reaction: &EmojiReaction) -> wire::EmojiReaction {
        let number = NUMBERED
            .iter()
            .find(|(_, emoji)| *emoji == reaction.emoji)
            .map(|(number, _)| *number);
        wire::EmojiReaction {
            clock: reaction.clock,
            chat_id: reaction.chat_id.as_ref().map(|id| id.to_string()).unwrap_or_default(),
            message_id: reaction.message_id.map(|id| id.to_string()).unwrap_or_default(),
            message_type: reaction.message_type as i32,
            r#type: number.unwrap_or(Type::UnknownEmojiReactionType) as i32,
            retracted: reaction.retracted,
            emoji: reaction.emoji.clone(),
            ..wire::EmojiReaction::default()
        }
    }
}

/// The emoji that have a number.
const NUMBERED: [(Type, &str); 6] = [
    (Type::Love, "❤\u{fe0f}"),
    (Type::ThumbsUp, "👍"),
    (Type::ThumbsDown, "👎"),
    (Type::Laugh, "😂"),
    (Type::Sad, "😢"),
    (Type::Angry, "😠"),
];
/// The longest emoji are families of joined people, below this.
const MAX_EMOJI_BYTES: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(number: i32, emoji: &str) -> EmojiReaction {
        wire::EmojiReaction {
            r#type: number,
            emoji: emoji.into(),
            ..wire::EmojiReaction::default()
        }
        .into()
    }

    #[test]
    fn the_text_is_believed_before_the_number() {
        assert_eq!(read(2, "").emoji, "👍");
        assert_eq!(read(2, "🦊").emoji, "🦊");
        assert_eq!(read(7, "").emoji, "");
        assert_eq!(read(0, "").emoji, "");
    }

    #[test]
    fn both_forms_are_written() {
        for (number, emoji) in NUMBERED {
            let wire = wire::EmojiReaction::from(&read(number as i32, ""));
            assert_eq!((wire.r#type, &wire.emoji[..]), (number as i32, emoji));
        }
        assert_eq!(wire::EmojiReaction::from(&read(0, "🦊")).r#type, 0);
    }
}
