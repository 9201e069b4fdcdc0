//! Chats: which message belongs where, and what we say in them.

pub(crate) mod abilities;
pub mod commands;
pub(crate) mod delete;
mod draft;
pub(crate) mod edit;
mod error;
pub(crate) mod inbound;
pub(crate) mod pin;
pub(crate) mod place;
pub(crate) mod post;
pub(crate) mod public;
pub(crate) mod react;
pub mod rules;
mod target;

use crypto::PublicKey;
use protocol::id::{ChatId, MessageId};
use store::{ChatRow, MessageRow, StoreError};

use crate::repair;
use crate::turn::{Arrival, Turn};

pub use abilities::{Abilities, abilities};
pub use commands::Command;
pub use delete::For;
pub use draft::Draft;
pub use error::Error;
pub use pin::MOST_PINS;
pub(crate) use place::{Place, Room};
pub(crate) use post::{Saying, post, say};
pub use react::{MOST_KINDS, Mark};

/// The chat with a person; made now, outside the list of chats, if there is none.
pub(crate) fn one_to_one(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<ChatRow, StoreError> {
    let id = ChatId::one_to_one(person);
    if let Some(chat) = turn.tx.chats().load(&id)? {
        return Ok(chat);
    }
    let chat = ChatRow {
        active: false,
        ..ChatRow::new(id, turn.now)
    };
    turn.tx.chats().save(&chat)?;
    Ok(chat)
}

/// Puts the chat with a person into the list of chats.
pub(crate) fn activate(turn: &mut Turn<'_, '_>, person: &PublicKey) -> Result<(), StoreError> {
    let chat = one_to_one(turn, person)?;
    if !chat.active {
        turn.tx.chats().save(&ChatRow { active: true, ..chat })?;
    }
    Ok(())
}

/// Erases the messages of the chat with a person, takes it out of the list, and lets nothing of before `clock` back in.
pub(crate) fn purge(turn: &mut Turn<'_, '_>, person: &PublicKey, clock: u64) -> Result<(), StoreError> {
    let chat = one_to_one(turn, person)?;
    let clock = chat.clock.max(clock);
    turn.tx.messages().remove_up_to(&chat.id, u64::MAX)?;
    repair::begin_anew(turn, &chat.id)?;
    turn.tx.chats().save(&ChatRow {
        active: false,
        clock,
        deleted_at_clock: clock,
        draft: store::DraftRow::default(),
        ..chat
    })
}

/// Tells that a message stands in a chat from now on: what was said about it before it came is tried again.
pub(crate) fn arrived(turn: &mut Turn<'_, '_>, message: MessageId) {
    turn.arrived.push(Arrival::Message(message));
}

/// A message of which only the names are known, seen and without marks.
pub(crate) fn blank(id: MessageId, chat: ChatId, author: store::PublicKeyBytes) -> MessageRow {
    MessageRow {
        id,
        chat,
        author,
        clock: 0,
        sent_at: protocol::Timestamp(0),
        kind: 0,
        text: String::new(),
        payload: None,
        response_to: None,
        delivery: None,
        request: None,
        edited_clock: 0,
        deletion: store::Deletion::None,
        deleted_by: None,
        seen: true,
        mention: false,
    }
}
