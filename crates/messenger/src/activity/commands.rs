//! What a person does in the activity centre.

use crypto::PublicKey;
use protocol::id::ChatId;
use store::{ActivityId, ActivityKind, ActivityRow, Answer};

use crate::command::{CommandError, Fault};
use crate::turn::Turn;
use crate::{contacts, groups};

/// One wish about the activity centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Marks everything as read.
    MarkAllRead,
    /// Marks one entry as read.
    MarkRead(ActivityId),
    /// Marks one entry as unread.
    MarkUnread(ActivityId),
    /// Says yes to what an entry asks.
    Accept(ActivityId),
    /// Says no to what an entry asks.
    Dismiss(ActivityId),
    /// Takes an entry out of the list. What it was about stays as it is.
    Remove(ActivityId),
}

/// The person asked for something that cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No entry has this id.
    #[error("there is no such entry")]
    NotFound,
    /// The entry tells something and asks nothing, or was answered before.
    #[error("this entry does not wait for an answer")]
    NothingAsked,
    /// It is answered elsewhere, because an answer needs more than yes or no.
    #[error("this is not answered with yes or no; open it")]
    AnswerElsewhere,
}

impl Error {
    /// A word for programs. Stable across versions.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NotFound => "entry_not_found",
            Error::NothingAsked => "nothing_asked",
            Error::AnswerElsewhere => "answer_elsewhere",
        }
    }

    /// What kind of mistake it is.
    pub fn fault(&self) -> Fault {
        match self {
            Error::NotFound => Fault::NotFound,
            Error::NothingAsked | Error::AnswerElsewhere => Fault::Conflict,
        }
    }
}

/// Carries out one of them.
pub(crate) fn carry_out(turn: &mut Turn<'_, '_>, command: Command) -> Result<(), CommandError> {
    match command {
        Command::MarkAllRead => {
            turn.tx.activity().mark_all_read()?;
            Ok(())
        }
        Command::MarkRead(id) => mark(turn, id, true),
        Command::MarkUnread(id) => mark(turn, id, false),
        Command::Accept(id) => answer(turn, id, Answer::Accepted),
        Command::Dismiss(id) => answer(turn, id, Answer::Dismissed),
        Command::Remove(id) => match turn.tx.activity().remove(id)? {
            true => Ok(()),
            false => Err(Error::NotFound.into()),
        },
    }
}

fn mark(turn: &mut Turn<'_, '_>, id: ActivityId, read: bool) -> Result<(), CommandError> {
    match turn.tx.activity().set_read(id, read)? {
        true => Ok(()),
        false => Err(Error::NotFound.into()),
    }
}

/// Answers what an entry asks, by the feature that it belongs to; that one settles the entry.
fn answer(turn: &mut Turn<'_, '_>, id: ActivityId, answer: Answer) -> Result<(), CommandError> {
    let entry = turn.tx.activity().load(id)?.ok_or(Error::NotFound)?;
    if entry.answer != Answer::Pending {
        return Err(Error::NothingAsked.into());
    }
    let yes = answer == Answer::Accepted;
    match entry.kind {
        ActivityKind::ContactRequest if yes => contacts::commands::accept(turn, &person(&entry)?),
        ActivityKind::ContactRequest => contacts::commands::decline(turn, &person(&entry)?),
        ActivityKind::GroupInvitation if yes => groups::commands::accept(turn, chat(&entry)?),
        ActivityKind::GroupInvitation => groups::commands::decline(turn, chat(&entry)?),
        ActivityKind::GroupJoinRequest => groups::requests::answer(turn, chat(&entry)?, &person(&entry)?, yes),
        _ => Err(Error::AnswerElsewhere.into()),
    }
}

fn chat(entry: &ActivityRow) -> Result<&ChatId, CommandError> {
    entry.chat.as_ref().ok_or(CommandError::ChatNotFound)
}

fn person(entry: &ActivityRow) -> Result<PublicKey, CommandError> {
    let key = entry
        .person
        .as_ref()
        .map(|key| PublicKey::from_compressed(key.as_bytes()));
    key.and_then(Result::ok).ok_or(CommandError::ContactNotFound)
}
