//! What a person chooses about the notifications of one chat.

use protocol::id::ChatId;

use super::rules::Exception;
use crate::command::CommandError;
use crate::turn::Turn;

/// One wish about notifications.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Chooses for one chat otherwise than for all; what is `None` is as for all.
    ForChat {
        /// The chat.
        chat: ChatId,
        /// What is chosen.
        exception: Exception,
    },
}

/// Carries it out.
pub(crate) fn carry_out(turn: &mut Turn<'_, '_>, command: &Command) -> Result<(), CommandError> {
    match command {
        Command::ForChat { chat, exception } => {
            turn.tx.chats().load(chat)?.ok_or(CommandError::ChatNotFound)?;
            turn.tx.chat_notifications().save(chat, exception)?;
            Ok(())
        }
    }
}
