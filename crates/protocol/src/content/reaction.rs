//! EmojiReaction: an emoji on a message, or taken off.
//!
//! Old clients know six of them by number. Both forms are written, and the text is believed first.

use unicode_properties::UnicodeEmoji as _;

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
        if !is_emoji(&self.emoji) {
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
            emoji: match wire.emoji.is_empty() {
                true => by_number(),
                false => canonical(&wire.emoji),
            },
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

/// Whether a text is one emoji and nothing else: one picture, with what modifies it or is joined to it, or a flag, or a
/// digit on a key. Nothing that turns the direction of a line, has no width or could be read as words gets through.
pub fn is_emoji(text: &str) -> bool {
    let mut pictures = 0;
    let mut letters_of_flags = 0;
    let mut joined = false;
    for c in text.chars() {
        if !c.is_emoji_char_or_emoji_component() {
            return false;
        }
        match c {
            JOINER => joined = true,
            FLAG_FIRST..=FLAG_LAST => letters_of_flags += 1,
            _ if is_modifier(c) => {}
            _ if joined => joined = false,
            _ => pictures += 1,
        }
    }
    let is_key = text.ends_with(KEY);
    let is_picture = pictures == 1 && letters_of_flags == 0 && (is_key || !text.starts_with(|c: char| c.is_ascii()));
    let starts_well = !text.starts_with(|c: char| c == JOINER || is_modifier(c));
    let fits = text.len() <= MAX_EMOJI_BYTES && starts_well && !joined;
    fits && (is_picture || (pictures == 0 && letters_of_flags == 2))
}

/// An emoji in the one form in which it is compared: hearts are sent with and without the mark that makes them red.
pub fn canonical(emoji: &str) -> String {
    let bare = |text: &str| text.trim_end_matches(AS_PICTURE).to_owned();
    let numbered = NUMBERED.iter().find(|(_, known)| bare(known) == bare(emoji));
    numbered.map_or(emoji, |(_, known)| known).to_owned()
}

fn is_modifier(c: char) -> bool {
    matches!(c, '\u{fe0e}' | AS_PICTURE | KEY | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

const JOINER: char = '\u{200d}';
const AS_PICTURE: char = '\u{fe0f}';
const KEY: char = '\u{20e3}';
const FLAG_FIRST: char = '\u{1f1e6}';
const FLAG_LAST: char = '\u{1f1ff}';

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
    fn one_emoji_is_one_picture_a_flag_or_a_key() {
        for emoji in [
            "👍",
            "👍🏽",
            "❤\u{fe0f}",
            "❤",
            "👨‍👩‍👧‍👦",
            "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
            "🇩🇪",
            "#\u{fe0f}\u{20e3}",
            "7\u{20e3}",
            "🅰\u{fe0f}",
            "™\u{fe0f}",
            "🏳\u{fe0f}‍🌈",
            "㊗\u{fe0f}",
            "ℹ\u{fe0f}",
        ] {
            assert!(is_emoji(emoji), "{emoji}");
        }
        for other in [
            "",
            "7",
            "#",
            "a",
            "A\u{fe0f}",
            "👍👍",
            "👍 ",
            " ",
            "<b>",
            "🇩",
            "🇩🇪🇫🇷",
            "\u{200d}",
            "👍\u{200d}",
            "\u{fe0f}",
            "\u{202e}👍",
            "👍\u{202e}",
            "👍\u{200b}",
            "👍\n",
            "\u{0}",
            "1f44d",
            "🏽",
            "👍a",
            "77\u{20e3}",
        ] {
            assert!(!is_emoji(other), "{other:?}");
        }
        assert!(is_emoji(&format!("👍{}", "\u{fe0f}".repeat(20))));
        assert!(!is_emoji(&format!("👍{}", "\u{fe0f}".repeat(21))));
    }

    #[test]
    fn hearts_are_one_emoji() {
        assert_eq!(read(0, "❤").emoji, read(1, "").emoji);
        assert_eq!(canonical("🦊"), "🦊");
        assert_eq!(canonical("❤\u{fe0f}\u{200d}🔥"), "❤\u{fe0f}\u{200d}🔥");
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
