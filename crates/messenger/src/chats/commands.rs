//! What a person does in chats.

use protocol::content::chat_message::Body;
use protocol::id::{ChatId, MessageId};
use protocol::wire::files::FileAnnouncement;
use store::{ChatRow, Delivery};

use super::rules;
use super::{Saying, say};
use crate::activity;
use crate::command::CommandError;
use crate::contacts::{load, next_clock, relation};
use crate::datasync;
use crate::turn::Turn;

/// Says a text.
pub(crate) fn send_text(
    turn: &mut Turn<'_, '_>,
    chat: &ChatId,
    text: &str,
    reply_to: Option<MessageId>,
) -> Result<MessageId, CommandError> {
    rules::text(text)?;
    post(turn, chat, text, Body::Text, None, reply_to)
}

/// Says anything in a chat of ours, if we may.
pub(crate) fn post(
    turn: &mut Turn<'_, '_>,
    chat: &ChatId,
    text: &str,
    body: Body,
    file: Option<FileAnnouncement>,
    response_to: Option<MessageId>,
) -> Result<MessageId, CommandError> {
    let Some(person) = chat.peer() else {
        let known = turn.tx.chats().load(chat)?.is_some();
        return Err(if known {
            CommandError::UnsupportedChat
        } else {
            CommandError::ChatNotFound
        });
    };
    let row = turn.tx.chats().load(chat)?.ok_or(CommandError::ChatNotFound)?;
    let relation = relation(&load(turn, &person)?);
    rules::may_write(&relation)?;
    let clock = next_clock(row.clock, &relation, turn.now);
    let saying = Saying {
        clock,
        text,
        body,
        response_to,
        file,
    };
    Ok(say(turn, &person, &relation, saying)?)
}

/// Sends a failed message again, with the same id.
pub(crate) fn resend(turn: &mut Turn<'_, '_>, id: &MessageId) -> Result<(), CommandError> {
    let message = turn.tx.messages().load(id)?.ok_or(CommandError::MessageNotFound)?;
    if message.delivery != Some(Delivery::Failed) {
        return Err(CommandError::NotFailed);
    }
    turn.tx.messages().set_delivery(id, Delivery::Queued)?;
    match datasync::again(turn, id)? {
        true => Ok(()),
        false => Err(CommandError::Unsendable),
    }
}

/// Marks everything in a chat as read.
pub(crate) fn mark_read(turn: &mut Turn<'_, '_>, chat: &ChatId) -> Result<(), CommandError> {
    let row = turn.tx.chats().load(chat)?.ok_or(CommandError::ChatNotFound)?;
    let read_at_clock = row.clock.max(row.read_at_clock);
    if turn.tx.messages().mark_seen(chat, read_at_clock)? > 0 {
        turn.tx.chats().save(&ChatRow { read_at_clock, ..row })?;
    }
    activity::chat_was_read(turn, chat)?;
    Ok(())
}

/// For how long a chat makes no noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mute {
    /// It does.
    Off,
    /// For so many milliseconds from now.
    For(u64),
    /// Until it is switched on again.
    Forever,
}

/// Makes a chat silent, or ends that.
pub(crate) fn mute(turn: &mut Turn<'_, '_>, chat: &ChatId, how: Mute) -> Result<(), CommandError> {
    let row = turn.tx.chats().load(chat)?.ok_or(CommandError::ChatNotFound)?;
    let muted_until = rules::muted_until(how, turn.now);
    turn.tx.chats().save(&ChatRow { muted_until, ..row })?;
    Ok(())
}
