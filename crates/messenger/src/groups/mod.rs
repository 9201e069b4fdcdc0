//! Private groups: what a chat needs to know of them.
//!
//! Nothing of groups is here yet. These functions are the only places at which `chats` asks about them.

use protocol::content::Content;
use protocol::id::ChatId;
use protocol::layers::application::Signed;
use store::ChatRow;

use crate::command::CommandError;
use crate::inbound::Reason;
use crate::receive::{Halt, Origin};
use crate::turn::Turn;

/// Whether we may say something in a group, and why not.
pub(crate) fn may_post(_turn: &mut Turn<'_, '_>, _chat: &ChatRow) -> Result<(), CommandError> {
    Err(CommandError::UnsupportedChat)
}

/// Sends a content to the members of a group. A [`Content::ChatMessage`] goes inside a membership update with the
/// group's events; everything else goes as it is.
pub(crate) fn post(_turn: &mut Turn<'_, '_>, _chat: &ChatRow, _content: &Content) -> Result<Signed, CommandError> {
    Err(CommandError::UnsupportedChat)
}

/// The group that a received content names, if its author may speak there.
pub(crate) fn heard(
    _turn: &mut Turn<'_, '_>,
    _origin: &Origin<'_>,
    signed: &Signed,
    _chat: &ChatId,
) -> Result<ChatRow, Halt> {
    Err(Halt::Drop(Reason::Unsupported(signed.kind)))
}
