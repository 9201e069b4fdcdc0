//! What a person does in chats.

use protocol::id::{ChatId, ChatKind, MessageId};
use store::{ChatRow, Delivery, DraftRow};

use super::{Draft, For, Mark, Saying, delete, draft, edit, pin, post, public, react, rules};
use crate::command::{CommandError, Reply};
use crate::turn::Turn;
use crate::{activity, datasync, groups, repair};

/// Something about chats and what was said in them.
#[derive(Clone, Debug)]
pub enum Command {
    /// Enters the public chat of a name.
    JoinPublic {
        /// The name; a sign `#` before it and capitals are forgiven.
        name: String,
    },
    /// Takes a chat out of the list and erases what was said in it; a public chat is not heard any more. A group that we are
    /// in is left instead, and what was said there stays.
    Leave {
        /// The chat.
        chat: ChatId,
    },
    /// Erases what was said in a chat, on this device only.
    Clear {
        /// The chat.
        chat: ChatId,
    },
    /// Gives a message of ours another text of 1 to 4096 characters.
    Edit {
        /// The message.
        message: MessageId,
        /// The new text.
        text: String,
    },
    /// Deletes a message, with the whole album if it is a picture of one.
    Delete {
        /// The message.
        message: MessageId,
        /// For whom.
        whom: For,
    },
    /// Puts an emoji on a message, or takes it off.
    React {
        /// The message.
        message: MessageId,
        /// One emoji.
        emoji: String,
        /// On or off.
        mark: Mark,
    },
    /// Pins a message to its chat, or unpins it.
    Pin {
        /// The message.
        message: MessageId,
        /// On or off.
        mark: Mark,
    },
    /// Keeps a text that was begun, until it is sent or given up.
    KeepDraft {
        /// The chat.
        chat: ChatId,
        /// What was begun; an empty one takes it away.
        draft: Draft,
    },
}

/// Carries out a command of this feature.
pub(crate) fn carry_out(turn: &mut Turn<'_, '_>, command: Command) -> Result<Reply, CommandError> {
    match command {
        Command::JoinPublic { name } => public::join(turn, &name).map(Reply::Chat),
        Command::Leave { chat } => leave(turn, &chat).map(|()| Reply::Done),
        Command::Clear { chat } => clear(turn, &chat).map(|()| Reply::Done),
        Command::Edit { message, text } => edit::edit(turn, &message, &text).map(|()| Reply::Message(message)),
        Command::Delete { message, whom } => delete::delete(turn, &message, whom).map(|()| Reply::Message(message)),
        Command::React { message, emoji, mark } => {
            react::react(turn, &message, &emoji, mark).map(|()| Reply::Message(message))
        }
        Command::Pin { message, mark } => pin::pin(turn, &message, mark).map(|()| Reply::Message(message)),
        Command::KeepDraft { chat, draft } => draft::keep(turn, &chat, draft).map(|()| Reply::Done),
    }
}

/// Takes a chat out of the list, with what was said in it.
fn leave(turn: &mut Turn<'_, '_>, id: &ChatId) -> Result<(), CommandError> {
    let chat = turn.tx.chats().load(id)?.ok_or(CommandError::ChatNotFound)?;
    match id.kind() {
        ChatKind::OneToOne => put_away(turn, id),
        ChatKind::Public => public::leave(turn, chat),
        // The first time we leave it, and what was said stays.
        ChatKind::Group if groups::is_over(turn, id)? => put_away(turn, id),
        ChatKind::Group => groups::commands::leave(turn, id),
        ChatKind::Channel { .. } => Err(CommandError::UnsupportedChat),
    }
}

fn put_away(turn: &mut Turn<'_, '_>, id: &ChatId) -> Result<(), CommandError> {
    clear(turn, id)?;
    let cleared = turn.tx.chats().load(id)?.ok_or(CommandError::ChatNotFound)?;
    turn.tx.chats().save(&ChatRow {
        active: false,
        draft: DraftRow::default(),
        ..cleared
    })?;
    Ok(())
}

/// Erases what was said in a chat, and lets nothing of it back in.
pub(crate) fn clear(turn: &mut Turn<'_, '_>, id: &ChatId) -> Result<(), CommandError> {
    let chat = turn.tx.chats().load(id)?.ok_or(CommandError::ChatNotFound)?;
    turn.tx.messages().remove_up_to(id, chat.clock)?;
    repair::begin_anew(turn, id)?;
    turn.tx.chats().save(&ChatRow {
        deleted_at_clock: chat.clock,
        read_at_clock: chat.clock.max(chat.read_at_clock),
        ..chat
    })?;
    activity::chat_was_read(turn, id)?;
    Ok(())
}

/// Says a text.
pub(crate) fn send_text(
    turn: &mut Turn<'_, '_>,
    chat: &ChatId,
    text: &str,
    reply_to: Option<MessageId>,
) -> Result<MessageId, CommandError> {
    let saying = Saying {
        response_to: reply_to,
        ..Saying::text(text)
    };
    post(turn, chat, saying)
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
