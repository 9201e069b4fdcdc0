//! Reactions and pins for the API.

use api::{Happening, Page, Reaction};
use messenger::{ChatId, MessageId};
use store::{MessageRow, StoreError};

use super::{Reading, SYSTEM_PINNED};

impl Reading<'_> {
    /// What stands on a message.
    pub(super) fn reactions(&self, message: &MessageId) -> Result<Vec<Reaction>, StoreError> {
        let kinds = self.view.reactions().tally(message, &self.own.key, KINDS)?;
        let mut reactions = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let authors = self.view.reactions().authors(message, &kind.emoji, NAMES)?;
            let names = authors.iter().map(|author| self.name_of(author));
            reactions.push(Reaction {
                names: names.collect::<Result<_, _>>()?,
                emoji: kind.emoji,
                count: kind.count,
                own: kind.own,
            });
        }
        Ok(reactions)
    }

    /// What is pinned in a chat, the newest first; none if there is no such chat.
    pub(crate) fn pinned(&self, chat: &ChatId) -> Result<Option<Page<api::Message>>, StoreError> {
        if self.view.chats().load(chat)?.is_none() {
            return Ok(None);
        }
        let mut items = Vec::new();
        for pin in self.view.pins().of_chat(chat)?.into_iter().take(PINS) {
            items.extend(self.message(&pin.message)?);
        }
        Ok(Some(Page { items, next: None }))
    }

    /// A line about the chat, in English.
    pub(super) fn told(&self, line: &MessageRow) -> Result<String, StoreError> {
        Ok(format!("{} pinned a message", self.name_of(&line.author)?))
    }
}

/// What a line about the chat tells.
pub(super) fn happening(kind: u32) -> Option<Happening> {
    (kind == SYSTEM_PINNED).then_some(Happening::Pinned)
}

/// Kinds of emoji that are shown on one message; nobody of ours puts more there.
const KINDS: u32 = messenger::chats::MOST_KINDS as u32;

/// People who are named for one of them.
const NAMES: u32 = 10;

/// Pins that are listed. Ours are three; others may have made more.
const PINS: usize = 100;
