//! Why something cannot be done in a chat.

use crate::command::Fault;

/// The person asked for something that cannot be done in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not the name of a public chat.
    #[error("the name of a public chat has 1 to 100 small letters, digits and minus signs")]
    PublicName,
    /// What others wrote is not ours to change.
    #[error("only its author can change a message")]
    NotYours,
    /// Neither text nor picture.
    #[error("this kind of message cannot be changed; delete it and write anew")]
    NotEditable,
    /// There is nothing left of it.
    #[error("this message was deleted")]
    Deleted,
    /// A line that a device made for itself.
    #[error("this is a line about the chat and no message; it can only be deleted for you")]
    NotSaid,
    /// What others wrote is deleted for everyone by them, or by an admin of a group.
    #[error(
        "only its author, or an admin of the group, can delete a message for everyone; you can delete it for yourself"
    )]
    MayNotDelete,
    /// More or less than one emoji.
    #[error("a reaction is one emoji")]
    NotAnEmoji,
    /// There are as many kinds as clients show.
    #[error("this message has twenty different reactions already; choose one of them")]
    TooManyReactions,
    /// Three are.
    #[error("three messages are pinned in this chat already; unpin one of them first")]
    TooManyPins,
    /// Public chats have no pins.
    #[error("nothing can be pinned in a public chat")]
    NotPinnable,
    /// Longer than is kept.
    #[error("this is too long to be kept unsent; shorten it, or send it as a file")]
    DraftTooLong,
}

impl Error {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            Error::PublicName => "bad_public_name",
            Error::NotYours => "not_yours",
            Error::NotEditable => "not_editable",
            Error::Deleted => "deleted",
            Error::NotSaid => "not_a_message",
            Error::MayNotDelete => "may_not_delete",
            Error::NotAnEmoji => "not_an_emoji",
            Error::TooManyReactions => "too_many_reactions",
            Error::TooManyPins => "too_many_pins",
            Error::NotPinnable => "not_pinnable",
            Error::DraftTooLong => "draft_too_long",
        }
    }

    /// What kind of mistake it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::PublicName | Error::NotAnEmoji | Error::DraftTooLong => Fault::Invalid,
            Error::NotYours
            | Error::NotEditable
            | Error::Deleted
            | Error::NotSaid
            | Error::MayNotDelete
            | Error::TooManyReactions
            | Error::TooManyPins
            | Error::NotPinnable => Fault::Conflict,
        }
    }
}
