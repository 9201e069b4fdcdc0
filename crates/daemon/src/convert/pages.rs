//! Parts of a chat's messages, for the API.

use api::MessagePage;
use messenger::{ChatId, MessageId};
use store::{Cursor, MessageRow, StoreError};

use super::Reading;

/// Which part of a chat's messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    /// The newest.
    Newest,
    /// What is older than a place.
    Before(Cursor),
    /// What is newer than a place.
    After(Cursor),
    /// A message, with as much older as newer than it.
    Around(MessageId),
}

/// Why there is no such part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPart {
    /// There is no such chat.
    Chat,
    /// The message is not in it.
    Message,
}

/// Messages, the newest first, and whether there are more at either end.
struct Rows {
    rows: Vec<MessageRow>,
    has_older: bool,
    has_newer: bool,
}

impl Reading<'_> {
    /// A part of a chat's messages with the gaps among them.
    pub(crate) fn page(
        &self,
        chat: &ChatId,
        part: Part,
        limit: u32,
    ) -> Result<Result<MessagePage, NoPart>, StoreError> {
        if self.view.chats().load(chat)?.is_none() {
            return Ok(Err(NoPart::Chat));
        }
        let Some(found) = self.rows(chat, part, limit)? else {
            return Ok(Err(NoPart::Message));
        };
        let cursor = |row: &MessageRow| format!("{}.{}", row.clock, row.id);
        let items = found.rows.iter().map(|row| self.message_from(row));
        Ok(Ok(MessagePage {
            items: items.collect::<Result<_, _>>()?,
            next: found.rows.last().filter(|_| found.has_older).map(cursor),
            newer: found.rows.first().filter(|_| found.has_newer).map(cursor),
            gaps: self.gaps_among(chat, part, &found)?,
        }))
    }

    fn rows(&self, chat: &ChatId, part: Part, limit: u32) -> Result<Option<Rows>, StoreError> {
        let messages = self.view.messages();
        let is_full = |rows: &[MessageRow], limit: u32| rows.len() == limit as usize;
        let older = |before: Option<&Cursor>| {
            let rows = messages.page(chat, before, limit)?;
            let has_older = is_full(&rows, limit);
            Ok::<_, StoreError>(Some(Rows {
                rows,
                has_older,
                has_newer: false,
            }))
        };
        match part {
            Part::Newest => older(None),
            Part::Before(place) => older(Some(&place)),
            Part::After(place) => {
                let mut rows = messages.newer_page(chat, &place, limit)?;
                let has_newer = is_full(&rows, limit);
                rows.reverse();
                Ok(Some(Rows {
                    rows,
                    has_older: false,
                    has_newer,
                }))
            }
            Part::Around(id) => {
                let here = messages.load(&id)?.filter(|row| row.chat == *chat);
                let Some(here) = here.filter(|row| row.deletion != store::Deletion::ForMe) else {
                    return Ok(None);
                };
                let half = limit.div_ceil(2);
                let mut rows = messages.newer_page(chat, &here.cursor(), half)?;
                let has_newer = is_full(&rows, half);
                rows.reverse();
                let before = messages.page(chat, Some(&here.cursor()), half)?;
                let has_older = is_full(&before, half);
                rows.push(here);
                rows.extend(before);
                Ok(Some(Rows {
                    rows,
                    has_older,
                    has_newer,
                }))
            }
        }
    }

    /// The gaps that stand among messages, the latest first. The first message of a part brings the gap before it; what has
    /// the clock of the part beside it was on that one.
    fn gaps_among(&self, chat: &ChatId, part: Part, found: &Rows) -> Result<Vec<api::Gap>, StoreError> {
        let clock = |row: Option<&MessageRow>| row.map(|row| row.clock);
        let from = match part {
            Part::After(place) => place.clock.saturating_add(1),
            _ if found.has_older => clock(found.rows.last()).unwrap_or(0),
            _ => 0,
        };
        let to = match part {
            Part::Before(place) => place.clock.checked_sub(1),
            _ if found.has_newer => clock(found.rows.first()),
            _ => Some(u64::MAX),
        };
        let mut gaps = self.gaps(chat)?;
        gaps.retain(|gap| from <= gap.clock && to.is_some_and(|to| gap.clock <= to));
        gaps.reverse();
        Ok(gaps)
    }
}
