//! Public chats: everybody who knows the name reads and writes there.

use crypto::PublicKey;
use protocol::Timestamp;
use protocol::content::ChatMessage;
use protocol::id::{ChatId, ChatKind};
use protocol::layers::application::Signed;
use store::{ChatRow, DraftRow, StoreError};

use super::commands::clear;
use super::place::{Place, Room};
use super::{Error, rules};
use crate::command::CommandError;
use crate::contacts::{self, Standing};
use crate::inbound::{Reason, Rule};
use crate::receive::{Audience, Halt, Origin};
use crate::topics;
use crate::turn::{Turn, row_key};

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
        turn.tx.chats().save(&ChatRow {
            active: false,
            draft: DraftRow::default(),
            ..chat
        })?;
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

/// Whether there is room for what somebody says in a public chat. Everybody may speak there, so nobody may speak so much
/// that others are not found any more, or so far ahead of time that what others say next looks old.
pub(crate) fn may_say(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    chat: &ChatId,
    message: &ChatMessage,
) -> Result<(), Halt> {
    if rules::is_ahead(message.clock, turn.now) {
        return Err(protocol::content::Rule::Clock.into());
    }
    if origin.sender.standing == Standing::Own {
        return Ok(());
    }
    let span = rules::span_of(origin.sent_at);
    let author = row_key(&origin.sender.key);
    let messages = turn.tx.messages();
    let said = messages.count_sent(chat, Some(&author), span.clone(), rules::MOST_OF_ONE)?;
    let known = origin.sender.is_accepted();
    let by_all = match known {
        true => 0,
        false => messages.count_sent(chat, None, span, rules::MOST_OF_ALL)?,
    };
    match rules::is_flood(said, by_all) {
        true => Err(Reason::OverQuota.into()),
        false => Ok(()),
    }
}

/// Remembers what somebody who is no contact calls themselves; nobody has checked it.
pub(crate) fn hear_name(turn: &mut Turn<'_, '_>, author: &PublicKey, name: &str) -> Result<(), StoreError> {
    let name = name.trim();
    if name.is_empty() || *author == turn.me.public || contacts::is_added(turn, author)? {
        return Ok(());
    }
    let author = row_key(author);
    let known = turn.tx.people().heard_name(&author)?;
    let is_fresh = |(known, at): (String, Timestamp)| known == name && turn.now.since(at) < NAME_IS_FRESH_MS;
    if !known.is_some_and(is_fresh) {
        turn.tx.people().hear_name(&author, name, turn.now, MOST_NAMES)?;
    }
    Ok(())
}

/// A name that was heard this recently is not written again.
const NAME_IS_FRESH_MS: u64 = 24 * 60 * 60 * 1_000;

/// Names kept of people who are no contacts: more people than that are in no chat that anybody reads.
const MOST_NAMES: u32 = 10_000;
