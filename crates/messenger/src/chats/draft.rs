//! A text that was begun and not sent, one for each chat. It stays on this device and in no backup.

use protocol::id::{ChatId, MessageId};
use protocol::mention;
use store::{Deletion, DraftRow};

use super::Error;
use crate::command::CommandError;
use crate::turn::{Turn, row_key};

/// A text that was begun.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Draft {
    /// The text, with people by their keys; it may be longer than what can be sent.
    pub text: String,
    /// The message it answers.
    pub response_to: Option<MessageId>,
    /// The message of ours whose text it replaces.
    pub edits: Option<MessageId>,
}

impl std::fmt::Debug for Draft {
    /// Not the text.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Draft").finish_non_exhaustive()
    }
}

/// Keeps what was begun in a chat, in place of what was kept before; an empty one is none.
pub(crate) fn keep(turn: &mut Turn<'_, '_>, chat: &ChatId, draft: Draft) -> Result<(), CommandError> {
    let row = turn.tx.chats().load(chat)?.ok_or(CommandError::ChatNotFound)?;
    let draft = DraftRow {
        text: mention::as_sent(&draft.text),
        response_to: draft.response_to,
        edits: draft.edits,
    };
    if draft.text.chars().nth(MOST_CHARACTERS).is_some() {
        return Err(Error::DraftTooLong.into());
    }
    if let Some(id) = &draft.edits {
        let edited = turn.tx.messages().load(id)?.filter(|edited| edited.chat == *chat);
        let edited = edited.ok_or(CommandError::MessageNotFound)?;
        if edited.author != row_key(&turn.me.public) {
            return Err(Error::NotYours.into());
        }
        if edited.deletion != Deletion::None {
            return Err(Error::Deleted.into());
        }
    }
    if row.draft != draft {
        turn.tx.chats().set_draft(chat, &draft)?;
    }
    Ok(())
}

/// Four times what can be sent: what was pasted to be cut down is not lost.
const MOST_CHARACTERS: usize = 16_384;
