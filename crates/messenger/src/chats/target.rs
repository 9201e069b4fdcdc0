//! What is said about a message that stands in a chat already: where it is heard, and which message it is about. Edits,
//! deletions, reactions and pins all begin here.

use protocol::content::MessageType;
use protocol::id::{ChatId, MessageId};
use protocol::layers::application::Signed;
use store::{Deletion, MessageRow};

use super::place::{self, Place, Room};
use super::{Error, rules};
use crate::command::CommandError;
use crate::groups;
use crate::inbound::{Missing, Rule};
use crate::receive::{Halt, Origin};
use crate::turn::Turn;

/// What somebody says about a message.
pub(crate) struct About<'a> {
    /// Lamport clock of what they say.
    pub clock: u64,
    /// The kind of chat.
    pub message_type: MessageType,
    /// The chat, as they name it.
    pub chat: Option<&'a ChatId>,
    /// The message.
    pub message: Option<&'a MessageId>,
}

/// The chat and the message that a received content is about, if its author may speak there. Without the message it waits
/// for that.
pub(crate) fn heard(
    turn: &mut Turn<'_, '_>,
    origin: &Origin<'_>,
    signed: &Signed,
    about: &About<'_>,
) -> Result<(Place, MessageRow), Halt> {
    let place = place::heard(turn, origin, signed, about.message_type, about.chat)?;
    if matches!(place.room, Room::Group) {
        groups::may_say(turn, origin, signed, &place.chat.id, about.clock)?;
    }
    let id = about.message.ok_or(Rule::NotAllowed)?;
    match turn.tx.messages().load(id)? {
        Some(row) if row.chat == place.chat.id && rules::is_said(row.kind) => Ok((place, row)),
        Some(_) => Err(Rule::NotAllowed.into()),
        // It was said about something that was cleared away together with it.
        None if rules::was_cleared(about.clock, place.chat.deleted_at_clock) => Err(Rule::Outdated.into()),
        None => Err(Halt::Wait(Missing::Target, id.as_bytes().to_vec())),
    }
}

/// A message of a chat of ours, if it is there to be spoken about and we may speak there.
pub(crate) fn to_speak(turn: &mut Turn<'_, '_>, id: &MessageId) -> Result<(Place, MessageRow), CommandError> {
    let row = turn.tx.messages().load(id)?.ok_or(CommandError::MessageNotFound)?;
    if row.deletion != Deletion::None {
        return Err(Error::Deleted.into());
    }
    if !rules::is_said(row.kind) {
        return Err(Error::NotSaid.into());
    }
    let place = place::to_speak(turn, &row.chat)?;
    Ok((place, row))
}
