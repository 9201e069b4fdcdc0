//! Public chats: everybody who knows the name reads and writes there.

use protocol::id::{ChatId, ChatKind};
use protocol::layers::application::Signed;
use store::ChatRow;

use super::commands::clear;
use super::place::{Place, Room};
use super::{Error, rules};
use crate::command::CommandError;
use crate::inbound::{Reason, Rule};
use crate::receive::{Audience, Halt, Origin};
use crate::topics;
use crate::turn::Turn;

/// Enters the public chat of a name, and listens there from now on.
pub(crate) fn join(turn: &mut Turn<'_, '_>, name: &str) -> Result<ChatId, CommandError> {
    let name = rules::public_name(name).ok_or(Error::PublicName)?;
    let id = ChatId::new(name).map_err(|_| Error::PublicName)?;
    let known = turn.tx.chats().load(&id)?;
    if known.as_ref().is_some_and(|chat| chat.active) {
        return Ok(id);
    }
    let chat = known.unwrap_or_else(|| ChatRow::new(id.clone(), turn.now));
    turn.tx.chats().save(&ChatRow {
        active: true,
        // From here the past is counted that is asked for.
        created_at: turn.now,
        ..chat
    })?;
    topics::listen_to_public_chat(turn, &id)?;
    Ok(id)
}

/// Leaves a public chat: nothing is heard there any more, and what was heard is erased.
pub(crate) fn leave(turn: &mut Turn<'_, '_>, chat: ChatRow) -> Result<(), CommandError> {
    topics::leave_public_chat(turn, &chat.id)?;
    clear(turn, &chat.id)?;
    if let Some(chat) = turn.tx.chats().load(&chat.id)? {
        turn.tx.chats().save(&ChatRow { active: false, ..chat })?;
    }
    Ok(())
}

/// The public chat that a received content names, if we are in it and its author may speak there.
pub(crate) fn heard(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    chat: &ChatId,
) -> Result<Place, Halt> {
    let is_public = origin.audience == Audience::Everybody && chat.kind() == ChatKind::Public;
    if !is_public || signed.author != origin.sender.key {
        return Err(Rule::NotAllowed.into());
    }
    match turn.tx.chats().load(chat)? {
        Some(chat) if chat.active => Ok(Place {
            chat,
            room: Room::Public,
        }),
        _ => Err(Halt::Drop(Reason::NotForUs)),
    }
}
