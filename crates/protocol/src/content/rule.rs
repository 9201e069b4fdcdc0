//! The rules that received content can break.
//!
//! They are those of the deployed clients, because a message that one client shows and another hides is worse than a
//! rule that could be better.

use crate::Timestamp;
use crate::clock;
use crate::content::MessageType;
use crate::content::name::NameError;

/// A rule that the author of a message broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Rule {
    /// The clock is 0 or more than two minutes ahead.
    #[error("the clock of the message is implausible")]
    Clock,
    /// The author's wall time is 0.
    #[error("the message has no time")]
    NoTime,
    /// A text is needed and there is none but blanks.
    #[error("the message has no text")]
    NoText,
    /// The text has more than 4,096 characters.
    #[error("the text of the message is too long")]
    TextTooLong,
    /// The chat is not named, or in a way that cannot be.
    #[error("the message names no chat")]
    NoChat,
    /// The message that is meant is not named, or in a way that cannot be.
    #[error("the message names no message that it is about")]
    NoTarget,
    /// The kind of chat is unknown, or one that no message from the network may have.
    #[error("the message is for an unknown kind of chat")]
    MessageType,
    /// The kind of content is unknown, or one that clients only make for themselves.
    #[error("the message has a kind of content that must not be sent")]
    ContentType,
    /// The content that the message promises is missing or incomplete.
    #[error("the content of the message is incomplete")]
    Incomplete,
    /// The author's name breaks the rules of names.
    #[error("the name in the message breaks the rules of names")]
    Name(#[from] NameError),
    /// The description of a person has more than 240 characters.
    #[error("the description is too long")]
    BioTooLong,
    /// The reaction is none, or no emoji.
    #[error("the reaction is not an emoji")]
    Reaction,
    /// The presence is unknown.
    #[error("the presence is unknown")]
    Presence,
    /// The text beside the presence has more than 128 characters.
    #[error("the text of the presence is too long")]
    PresenceTooLong,
    /// The challenge or the answer has no or more than 280 bytes.
    #[error("the challenge or answer has the wrong length")]
    Challenge,
}

/// Clock neither 0 nor far ahead of `reference`.
pub(super) fn clock(clock: u64, reference: Timestamp) -> Result<(), Rule> {
    if clock::plausible(clock, reference) {
        Ok(())
    } else {
        Err(Rule::Clock)
    }
}

/// Not blank and not too long.
pub(super) fn text(text: &str) -> Result<(), Rule> {
    if text.trim().is_empty() {
        return Err(Rule::NoText);
    }
    if text.chars().nth(MAX_TEXT_CHARACTERS).is_some() {
        Err(Rule::TextTooLong)
    } else {
        Ok(())
    }
}

/// A kind of chat that messages from the network may have.
pub(super) fn message_type(message_type: MessageType) -> Result<(), Rule> {
    match message_type {
        MessageType::UnknownMessageType | MessageType::SystemMessagePrivateGroup => Err(Rule::MessageType),
        _ => Ok(()),
    }
}

/// The longest text, in Unicode code points.
pub const MAX_TEXT_CHARACTERS: usize = 4_096;
